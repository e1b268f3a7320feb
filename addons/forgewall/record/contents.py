"""The ECS form of what an upload holds: `forgewall.evidence`, `file`, `related` and tags.

All strings are still to be redacted; push options and subjects are by now, as only here they're known for such.

Not here: the sentence for people (`record.summary`) and how much of it fits into one event (`record.trim`).
"""

from __future__ import annotations

from pathlib import PurePosixPath

from forgewall.evidence import Commit, Evidence, File, RefUpdate, Secret
from forgewall.record import redact
from forgewall.record.event import Announcement, LfsBatch, Objection
from forgewall.record.summary import refs_words, summary
from forgewall.record.wire import Document, long, stamp


def own(evidence: Evidence) -> Document:
    """The object `forgewall.evidence`; lists that are empty are absent, counts stay."""
    return {
        **refs(evidence.refs, evidence.ref_count),
        "summary": summary(evidence) or None,
        "forced": list(evidence.forced) or None,
        "push_options": [redact.push_option(option) for option in evidence.push_options] or None,
        "commit_count": long(evidence.commit_count),
        "first_commit": _commit(evidence.first_commit),
        "last_commit": _commit(evidence.last_commit),
        "files": [_file(file) for file in evidence.files] or None,
        "file_count": long(evidence.file_count),
        "file_bytes": long(evidence.file_bytes),
        "kinds": {kind.value: long(count) for kind, count in evidence.kinds},
        "encrypted": long(evidence.encrypted),
        "secrets": [_secret(secret) for secret in evidence.secrets] or None,
        "secret_count": long(evidence.secret_count),
        "unread": list(evidence.unread) or None,
    }


def refs(updates: tuple[RefUpdate, ...], count: int) -> Document:
    """The refs as they stand in `forgewall.evidence`, of a decision too."""
    listed = [{"name": ref.name, "action": ref.action.value, "old_id": ref.old, "new_id": ref.new} for ref in updates]
    return {"summary": refs_words(updates, count) or None, "refs": listed or None, "ref_count": long(count)}


def objection(said: Objection) -> Document:
    """One of `forgewall.objections`."""
    return {
        "rule": said.rule,
        "reference": said.reference,
        "action": said.action.value,
        "would_block": said.would_block or None,
        "signal": said.signal or None,
        "reason": said.reason,
    }


def lfs(batch: LfsBatch | None, announced: Announcement | None) -> Document:
    """The object `forgewall.lfs`: what a batch asks for, and what an upload to a store was announced as."""
    body: Document = {}
    if batch is not None:
        body = {
            "objects": [{"oid": one.oid, "size": long(one.size)} for one in batch.objects] or None,
            "object_count": long(batch.object_count),
            "object_bytes": long(batch.object_bytes),
            "transfer": batch.transfer,
        }
    if announced is not None:
        body["announced"] = {
            "oid": announced.oid,
            "size": long(announced.size),
            "transfer": announced.transfer,
            "request_id": announced.request_id,
        }
    return body


def hashes(evidence: Evidence) -> list[str]:
    """SHA-256s of files, for `related.hash`."""
    return [file.sha256 for file in evidence.files if file.sha256]


def people(evidence: Evidence) -> list[str]:
    """The e-mail addresses of authors and committers, for `related.user`."""
    commits = [commit for commit in (evidence.first_commit, evidence.last_commit) if commit is not None]
    return [mail for commit in commits for mail in (commit.author_email, commit.committer_email) if mail]


def only_file(evidence: Evidence) -> Document | None:
    """The ECS object `file` if the upload is exactly one file."""
    if evidence.file_count != 1 or len(evidence.files) != 1:
        return None
    file = evidence.files[0]
    body: Document = {"size": long(file.size), "type": "file", "hash": {"sha256": file.sha256}}
    if file.path:
        path = PurePosixPath(file.path)
        above = str(path.parent)
        body |= {
            "path": file.path,
            "name": path.name,
            "extension": path.suffix[1:] or None,
            "directory": above if above != "." else None,
        }
    return body


def tags(evidence: Evidence) -> list[str]:
    """What of the upload is worth a filter of its own."""
    found = {
        "secrets": evidence.secret_count,
        "encrypted": evidence.encrypted,
        "forced": evidence.forced,
        "unread": evidence.unread,
    }
    return [tag for tag, present in found.items() if present]


def _commit(commit: Commit | None) -> Document | None:
    if commit is None:
        return None
    return {
        "id": commit.id,
        "time": stamp(commit.time),
        "subject": redact.words(commit.subject),
        "author": {"name": commit.author, "email": commit.author_email},
        "committer": {"name": commit.committer, "email": commit.committer_email},
    }


def _file(file: File) -> Document:
    return {
        "path": file.path,
        "size": long(file.size),
        "kind": file.kind.value,
        "encrypted": file.encrypted or None,
        "sha256": file.sha256,
        "oid": file.oid,
    }


def _secret(secret: Secret) -> Document:
    return {
        "rule": secret.rule,
        "mask": secret.mask,
        "fingerprint": secret.fingerprint,
        "path": secret.path,
        "line": long(secret.line),
        "oid": secret.oid,
    }
