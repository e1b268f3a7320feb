"""Recorded decisions for tests of review: made plainly, read from an event's document, or drawn by hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.evidence import RefAction, RefUpdate
from forgewall.identify.targets import fold
from forgewall.model import Action, Also, Effect, Kind, Mode, Move, Operation, Subject, Target, Visibility
from forgewall.record.ecs import document
from forgewall.record.event import Decision, Exchange, PolicyRef
from forgewall.review.recorded import Recorded

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
KINDS = {"github.com": Kind.GITHUB, "gitlab.com": Kind.GITLAB, "gist.github.com": Kind.GITHUB}
_SERIAL = iter(range(10**9))


def policy(text: str) -> Policy:
    """The policy that `text` spells below its version."""
    return parse(f"version: 1\n{text}", "p.yaml", START)


def target(address: str | None, operation: Operation = Operation.PUSH, **changes: Any) -> Target:
    """A target at `address`; on github.com where it is None."""
    host = (address or "github.com/").partition("/")[0]
    kind = changes.pop("kind", None) or KINDS[host]
    names = (address or "").split("/")[1:]
    plain = {
        "kind": kind,
        "host": host,
        "address": address,
        "key": None if address is None else fold(kind, address),
        "owner": "/".join(names[:-1] or names) or None,
        "repository": names[-1] if len(names) > 1 else None,
        "operation": operation,
        "effect": operation.effect,
        "evidence": "git-receive-pack",
    }
    return Target(**{**plain, **changes})


def recorded(address: str | None = "github.com/mallory/loot", **changes: Any) -> Recorded:
    """A blocked push of ana's to `address`, with `changes`; `operation`, `user` and `client` are taken, too."""
    operation = changes.pop("operation", Operation.PUSH)
    subject = Subject(client=changes.pop("client", "10.1.2.3"), user=changes.pop("user", "ana"))
    plain = {
        "event_id": f"01KB{next(_SERIAL):022d}",
        "time": START,
        "subject": subject,
        "target": target(address, operation) if address else None,
        "size": None,
        "action": Action.BLOCK,
        "would_action": None,
        "code": "unapproved",
        "rule": "defaults/writes",
        "reason": f"{address} is not an approved repository",
        "digest": "5f" * 32,
    }
    return Recorded(**{**plain, **changes})


def would(address: str, **changes: Any) -> Recorded:
    """As `recorded`, in observe mode."""
    return recorded(address, **{"action": Action.LOG, "would_action": Action.BLOCK, **changes})


def decision(law: Policy, asked: Recorded) -> Decision:
    """The event of the proxy under `law`, where `asked` is what was asked for."""
    assert asked.target is not None
    verdict = decide(law, asked.target, asked.subject, asked.size, asked.time, asked.refs)
    return Decision(
        request_id="r-1",
        subject=asked.subject,
        exchange=Exchange(
            scheme="https", host=asked.target.host, port=443, method="POST", path="/x", content_length=asked.size
        ),
        verdict=verdict,
        policy=PolicyRef(digest=law.digest, file=law.file, mode=law.mode),
        target=asked.target,
        refs=asked.refs,
        id=asked.event_id,
        time=asked.time,
    )


def read(event: Decision) -> Recorded:
    """What the log has of `event`, read from its document by hand: an oracle for what reads logs in earnest."""
    found = document(event)
    own, sent = found["forgewall"], found["http"]["request"].get("body", {}).get("bytes")
    listed = own.get("evidence", {}).get("refs", [])
    return Recorded(
        event_id=found["event"]["id"],
        time=datetime.fromisoformat(found["@timestamp"]),
        subject=Subject(
            client=found["source"]["address"],
            user=found.get("user", {}).get("name"),
            source=own["subject_source"],
        ),
        target=Target(
            kind=Kind(own["forge"]),
            host=own["host"],
            address=own.get("address"),
            key=own.get("key"),
            owner=own.get("owner"),
            repository=own.get("repository"),
            operation=Operation(own["operation"]),
            effect=Effect(own["effect"]),
            evidence=own["identified_by"],
            also=tuple(_also(one) for one in own.get("also", [])),
            visibility=Visibility(own["visibility"]) if "visibility" in own else None,
            moved=_moved(own),
        ),
        size=sent,
        refs=tuple(
            RefUpdate(name=one["name"], action=RefAction(one["action"]), old=one.get("old_id"), new=one.get("new_id"))
            for one in listed
        ),
        action=Action(own["action"]),
        would_action=Action(own["would_action"]) if "would_action" in own else None,
        code=own["code"],
        rule=found["rule"]["id"],
        reason=found["event"]["reason"],
        digest=own["policy"]["digest"],
        more_refs=own.get("evidence", {}).get("ref_count", 0) > len(listed),
        more_places="also_count" in own or "forgewall.also" in own.get("trimmed", []),
    )


def _also(one: dict[str, Any]) -> Also:
    return Also(
        address=one.get("address"),
        owner=one.get("owner"),
        repository=one.get("repository"),
        role=one["role"],
        operation=Operation(one["operation"]) if "operation" in one else None,
        visibility=Visibility(one["visibility"]) if "visibility" in one else None,
        moved=_moved(one),
    )


def _moved(one: dict[str, Any]) -> Move | None:
    if "moved" not in one:
        return None
    said = one["moved"]
    return Move(address=said["address"], key=said["key"], seen=datetime.fromisoformat(said["seen"]))


# -- anything ----------------------------------------------------------------------------------------------------------

ADDRESSES = (
    "github.com/acme",
    "github.com/acme/api",
    "github.com/Acme/web",
    "github.com/ana/notes",
    "gitlab.com/acme/platform/api",
    "gitlab.com/acme",
    "gist.github.com/ana",
)
USERS = ("ana", "ben", "Ana@acme.example")
CLIENTS = ("10.1.2.3", "10.4.0.9", "192.0.2.7", "2001:db8::1")
REFS = ("refs/heads/main", "refs/heads/dev", "refs/heads/release/1", "refs/tags/v1", "HEAD")
WHO = ("ana", "ben", "oss", "10.4.0.0/16", "2001:db8::/32")
MOMENTS = tuple(START + timedelta(days=days) for days in (-2, -1, 0, 1, 2))

moments = st.sampled_from(MOMENTS) | st.datetimes(
    START.replace(tzinfo=None) - timedelta(days=4), START.replace(tzinfo=None) + timedelta(days=4)
).map(lambda time: time.replace(tzinfo=UTC))
moves = st.builds(
    lambda address, seen: Move(address=address, key=address.lower(), seen=seen), st.sampled_from(ADDRESSES), moments
)
seen_by = st.none() | st.sampled_from(Visibility)


@st.composite
def entries(draw: st.DrawFn) -> str:
    """An entry of `approved:` in one line."""
    words = {
        "allow": st.lists(
            st.sampled_from(["code", "text", "repository", "access", "push", "issue", "other-write"]), min_size=1
        ).map(lambda found: f"[{', '.join(found)}]"),
        "who": st.lists(st.sampled_from(WHO), min_size=1, max_size=2).map(
            lambda found: "[" + ", ".join(f'"{one}"' for one in found) + "]"
        ),
        "visibility": st.sampled_from(["private", "[private, internal]", "public"]),
        "max_upload": st.sampled_from(["10B", "100B", "1KiB"]),
        "over": st.sampled_from(["block", "log"]),
        "refs": st.sampled_from(["[main]", '["release/*", main]', '["refs/**"]']),
        "deletes": st.sampled_from(["allow", "log", "block"]),
        "mode": st.just("observe"),
        "confirmed": st.sampled_from(MOMENTS).map(_stamp),
        "expires": st.sampled_from(MOMENTS).map(_stamp),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(words)), unique=True, max_size=4))
    said = "".join(f", {word}: {draw(words[word])}" for word in chosen)
    return f"{{repo: {draw(st.sampled_from(ADDRESSES))}{said}}}"


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy over a few addresses, with all that the engine looks at."""
    lines = ["groups: {oss: [ana, 192.0.2.7]}", f"mode: {draw(st.sampled_from(Mode))}"]
    approved = draw(st.lists(entries(), max_size=6))
    forbidden = draw(st.lists(st.sampled_from(ADDRESSES), max_size=1))
    lines += ["approved:", *(f"  - {entry}" for entry in approved)] if approved else []
    lines += [f"forbidden: {forbidden}"] if forbidden else []
    words = {
        "reads": ["allow", "approved-only", "log", "block"],
        "writes": ["block", "log", "allow"],
        "unidentified": ["block", "log", "allow"],
        "personal": ["allow", "block"],
        "auth": ["allow", "block"],
        "assistants": ["block", "log"],
        "max_upload": ["50B", "500B"],
        "over": ["block", "log"],
        "deletes": ["allow", "log", "block"],
    }
    defaults = draw(st.fixed_dictionaries({}, optional={key: st.sampled_from(said) for key, said in words.items()}))
    lines += [f"defaults: {{{', '.join(f'{key}: {word}' for key, word in defaults.items())}}}"] if defaults else []
    if draw(st.booleans()):
        until = START + timedelta(hours=draw(st.sampled_from([1, 24])))
        lines.append(f"break_glass: {{until: {_stamp(until)}, by: ben, reason: INC-1}}")
    return policy("\n".join(lines))


targets = st.builds(
    lambda address, operation, visibility, moved, also: target(
        address, operation, visibility=visibility, moved=moved, also=tuple(also)
    ),
    st.none() | st.sampled_from(ADDRESSES),
    st.sampled_from(Operation),
    seen_by,
    st.none() | moves,
    st.lists(
        st.builds(
            Also,
            address=st.none() | st.sampled_from(ADDRESSES),
            owner=st.none(),
            repository=st.none(),
            role=st.sampled_from(["source", "parent", "destination", "second"]),
            operation=st.none() | st.sampled_from(Operation),
            visibility=seen_by,
            moved=st.none() | moves,
        ),
        max_size=2,
    ),
)
requests = st.builds(
    lambda place, user, client, size, refs, time: recorded(
        "github.com/x", subject=Subject(client=client, user=user), size=size, refs=tuple(refs), time=time
    ).__replace__(target=place),
    targets,
    st.none() | st.sampled_from(USERS),
    st.sampled_from(CLIENTS),
    st.none() | st.sampled_from([0, 10, 11, 50, 51, 100, 101, 500, 501, 1024, 1025, 20 * 2**20]),
    st.lists(st.builds(RefUpdate, name=st.sampled_from(REFS), action=st.sampled_from(RefAction)), max_size=2),
    moments.map(lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)),
)
"""What may be asked for; its verdict is still to be asked for (`decision`, `read`)."""
