"""What the policy says of each thing found in an upload, as soon as it is found: `judge_fact`.

| fact | judged by |
|---|---|
| `Malformed` | nothing: always a block, in observe mode too, as two readers could understand the body differently |
| `RefUpdate`, `ForcedUpdate` | `refs`, `deletes`, `force` |
| `File` | `encrypted`, the kind it is by its first bytes, and `paths`: the strictest of the three |
| `NamedFile` | `paths` |
| `Secret` | `secrets` |
| `PushOption` | `allow`: Gitea's `repo.private` changes who can read the repository, which is `visibility` |
| | GitLab's `merge_request.target_project` leads to another project, so it is a block |
| `Unread` | a block where any rule of `content:` blocks, as nobody can tell what is in it; else a log. Where only names
  are missing, `paths` alone are asked |

An upload has many files, so a fact that no rule speaks of costs little. Which facts there are is `inspect`'s business;
with `inspect: off` there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from forgewall.decide.globs import PathGlobs
from forgewall.decide.objection import Objection, observed, shown
from forgewall.decide.protocol import BUILT_IN
from forgewall.decide.refs import judge_force, judge_refs
from forgewall.evidence import (
    Commit,
    Fact,
    File,
    FileKind,
    ForcedUpdate,
    Malformed,
    Missing,
    NamedFile,
    PushOption,
    RefUpdate,
    Secret,
    Unread,
)
from forgewall.model import Action, ContentRules, Scrutiny

_PUBLISHING = frozenset({"repo.private"})
"""Push options by which a forge (Gitea, Forgejo) changes a repository's visibility."""
_ELSEWHERE = frozenset({"merge_request.target_project"})
"""Push options by which a forge (GitLab) offers what is pushed to another project, which may be anybody's."""
_NOUNS = {
    FileKind.ARCHIVE: ("an", "archive"),
    FileKind.OFFICE: ("an", "office document"),
    FileKind.PDF: ("a", "PDF document"),
    FileKind.DATABASE: ("a", "database"),
    FileKind.MAIL_STORE: ("a", "mail store"),
    FileKind.DISK_IMAGE: ("a", "disk image"),
    FileKind.EXECUTABLE: ("an", "executable"),
    FileKind.KEY: ("a", "key"),
    FileKind.MEDIA: ("a", "media file"),
}


def judge_fact(scrutiny: Scrutiny, fact: Fact) -> Objection | None:
    """What is said against `fact` in an upload that was admitted to be examined by `scrutiny`; None: nothing."""
    match fact:
        case File():
            said = _file(scrutiny, fact)
        case NamedFile():
            said = _path(scrutiny.content, fact.path) if scrutiny.content.paths else None
        case Commit():
            said = None
        case Secret():
            said = _secret(scrutiny, fact)
        case RefUpdate():
            said = judge_refs(scrutiny, (fact,))
        case ForcedUpdate():
            said = judge_force(scrutiny, fact)
        case PushOption():
            said = _push_option(scrutiny, fact)
        case Unread():
            said = _unread(scrutiny, fact)
        case Malformed():
            return _malformed(fact)
    return observed(said, scrutiny)


def _malformed(fact: Malformed) -> Objection:
    return Objection(
        action=Action.BLOCK,
        code="malformed",
        reason=fact.reason,
        rule="protocol/malformed",
        reference=BUILT_IN,
        signal="malformed",
    )


def _push_option(scrutiny: Scrutiny, fact: PushOption) -> Objection | None:
    name = fact.text.partition("=")[0].strip().lower()
    if name in _ELSEWHERE:
        wrong = "opens a merge request in another project, which can't be judged here"
    elif name in _PUBLISHING and not scrutiny.visibility:
        wrong = "sets who can read the repository, and `visibility` isn't approved"
    else:
        return None
    return Objection(
        action=Action.BLOCK,
        code="unapproved",
        reason=f"the push option {shown(fact.text)} {wrong}",
        rule=scrutiny.rule,
        reference=scrutiny.reference,
        signal="push-option",
    )


def _secret(scrutiny: Scrutiny, fact: Secret) -> Objection | None:
    rules = scrutiny.content
    if rules.secrets is Action.ALLOW:
        return None
    line = f", line {fact.line}" if fact.line is not None else ""
    named = fact.path is not None or fact.oid is not None
    where = f" in {shown(fact.path) if fact.path is not None else _unnamed(fact.oid)}{line}" if named else ""
    reason = f"the upload holds a secret ({shown(fact.rule)}){where}: {shown(fact.mask)}"
    return _objection(rules, rules.secrets, "secrets", reason, "secret")


def _file(scrutiny: Scrutiny, fact: File) -> Objection | None:
    rules = scrutiny.content
    worst = None
    if fact.encrypted and rules.encrypted is not Action.ALLOW:
        worst = _objection(rules, rules.encrypted, "encrypted", _told(_described(fact), rules.encrypted), "encrypted")
    for kind, action in rules.kinds:
        if kind is fact.kind and action is not Action.ALLOW:
            worst = _stricter(worst, _objection(rules, action, kind.value, _told(_described(fact), action), kind.value))
    return _stricter(worst, _path(rules, fact.path)) if fact.path is not None and rules.paths else worst


def _path(rules: ContentRules, path: str) -> Objection | None:
    place = _globs(rules.paths).first(path)
    if place is None:
        return None
    glob, action = rules.paths[place]
    if action is Action.ALLOW:
        return None
    return _objection(rules, action, glob, _told(f"{shown(path)} matches `{glob}`", action), "path")


def _unread(scrutiny: Scrutiny, fact: Unread) -> Objection:
    rules = scrutiny.content
    concerned = _stated(rules) if fact.missing is Missing.CONTENTS else rules.paths
    # What isn't known of history counts as rewritten where it may be: that is a fact of its own.
    asked = fact.missing is not Missing.HISTORY
    blocking = next((word for word, action in concerned if asked and action is Action.BLOCK), None)
    if blocking is None:
        return Objection(
            action=Action.LOG,
            code="unread",
            reason=fact.reason,
            rule=scrutiny.rule,
            reference=scrutiny.reference,
            signal="unread",
        )
    reason = f"{fact.reason}, so nobody can tell whether it holds what `{blocking}: block` refuses"
    rule, reference = _place(rules, blocking)
    return Objection(action=Action.BLOCK, code="unread", reason=reason, rule=rule, reference=reference, signal="unread")


def _stated(rules: ContentRules) -> Iterator[tuple[str, Action]]:
    """Every rule by its word."""
    yield "secrets", rules.secrets
    yield "encrypted", rules.encrypted
    yield from ((kind.value, action) for kind, action in rules.kinds)
    yield from rules.paths


def _stricter(first: Objection | None, second: Objection | None) -> Objection | None:
    if first is None or second is None:
        return first or second
    return second if second.action is Action.BLOCK and first.action is Action.LOG else first


def _told(what: str, action: Action) -> str:
    """`what` of a file, and what follows where that is a reason to refuse it."""
    return f"{what}, and the policy doesn't let it be uploaded" if action is Action.BLOCK else what


def _described(file: File) -> str:
    name = shown(file.path) if file.path is not None else _unnamed(file.oid)
    article, noun = _NOUNS.get(file.kind, ("", ""))
    if file.encrypted:
        return f"{name} is an encrypted {noun}" if noun else f"{name} is encrypted"
    return f"{name} is {article} {noun}"


def _unnamed(oid: str | None) -> str:
    """A file whose path the upload doesn't tell; its object id as git and git-lfs abbreviate it."""
    return "a file in the upload" if oid is None else f"the object {oid[:10]}"


def _objection(rules: ContentRules, action: Action, word: str, reason: str, signal: str) -> Objection:
    rule, reference = _place(rules, word)
    return Objection(action=action, code="content", reason=reason, rule=rule, reference=reference, signal=signal)


def _place(rules: ContentRules, word: str) -> tuple[str, str]:
    """The rule and the reference of a word of `content:`, or of a glob."""
    return next(
        ((rule, reference) for stated, rule, reference in rules.places if stated == word),
        (f"content/{word}", BUILT_IN),
    )


@lru_cache(maxsize=256)
def _globs(paths: tuple[tuple[str, Action], ...]) -> PathGlobs:
    return PathGlobs.of(tuple(glob for glob, _ in paths))
