"""Words about uploads that a policy may hold but that never count: they promise more than they do. Part of `lint`."""

from __future__ import annotations

from collections.abc import Iterator

from forgewall.decide.complaints import quote
from forgewall.decide.globs import path_matches
from forgewall.decide.policy import Approval, Policy
from forgewall.decide.visibility import tells_nothing
from forgewall.model import Action, ContentRules, Depth, Effect, Mode, Operation

_CHANGES_REFS = frozenset({Operation.PUSH, Operation.LFS_UPLOAD, Operation.CONTENTS})
_LOOK = "write inspect: full"


def futile(policy: Policy, entry: Approval) -> Iterator[tuple[str, str]]:
    """What of an entry never counts, each as a sentence and a hint."""
    scrutiny, general, allow = entry.terms.scrutiny, policy.defaults.scrutiny, entry.terms.allow
    address = quote(entry.address)
    writes = any(operation.effect is Effect.WRITE for operation in allow)
    if entry.terms.visibility is not None and not writes:
        yield f"`visibility` of {address} never counts: the entry admits no write", "see `allow`"
    elif entry.terms.visibility is not None and tells_nothing(entry.key):
        yield (
            f"`visibility` of {address} is never met: nobody tells who can see gists and snippets",
            "remove `visibility`, or the entry",
        )
    if scrutiny is general:
        return
    if not writes:
        yield f"how uploads to {address} are examined never counts: the entry admits no write", "see `allow`"
        return
    if scrutiny.refs is not None and not allow & _CHANGES_REFS:
        yield f"`refs` of {address} limits nothing: no operation that it allows changes a ref", "remove `refs`"
    forces = scrutiny.force is not Action.ALLOW and all(word != "force" for word, _, _ in scrutiny.places)
    if forces and Operation.PUSH not in allow:
        yield f"`force` of {address} limits nothing: the entry allows no push", "remove `force`"
    if scrutiny.depth is not Depth.FULL:
        yield from _unread(entry, forced=forces)
    for glob, earlier, _ in _shadowed(scrutiny.content, entry.rule):
        yield f"{quote(glob)} in `paths` never decides: {quote(earlier)} stands before it", "change their order"


def _unread(entry: Approval, *, forced: bool) -> Iterator[tuple[str, str]]:
    """What an entry that doesn't read contents would have to read."""
    scrutiny, address, depth = entry.terms.scrutiny, quote(entry.address), f"`inspect: {entry.terms.scrutiny.depth}`"
    stated = _stated(scrutiny.content, entry.rule)
    if stated and scrutiny.depth is Depth.OFF:
        yield f"`content` of {address} never counts: {depth} looks at nothing", _LOOK
    elif stated - {glob for glob, _ in scrutiny.content.paths}:
        yield f"`content` of {address} never counts but for `paths`: {depth} reads no contents", _LOOK
    if forced:
        yield f"`force: {scrutiny.force}` of {address} never counts: {depth} reads no commits", _LOOK


def futile_in_general(policy: Policy) -> Iterator[tuple[int, str, str]]:
    """What of the general sections never counts: the line, a sentence and a hint."""
    scrutiny = policy.defaults.scrutiny
    entries = [entry for alternatives in policy.approved.values() for entry in alternatives]
    if scrutiny.content.reference and all(
        each.depth is Depth.OFF for each in (scrutiny, *(entry.terms.scrutiny for entry in entries))
    ):
        yield _line(scrutiny.content.reference), "`content` never counts: `inspect: off` looks at nothing", _LOOK
    for glob, earlier, reference in _shadowed(scrutiny.content, "content/paths"):
        note = f"{quote(glob)} in `paths` never decides: {quote(earlier)} stands before it"
        yield _line(reference), note, "change their order"
    if (policy.mode, policy.defaults.writes, policy.defaults.unidentified) == (
        Mode.ENFORCE,
        Action.BLOCK,
        Action.BLOCK,
    ) and all(entry.terms.mode is Mode.ENFORCE for entry in entries):
        for limit in policy.limits:
            if limit.per == "unapproved":
                yield _line(limit.reference), "`unapproved` limits nothing: `defaults` block such writes", "remove it"


def _stated(rules: ContentRules, rule: str) -> set[str]:
    """The words and globs of `content:` that `rule` states itself and that don't merely allow."""
    actions = {"secrets": rules.secrets, "encrypted": rules.encrypted}
    actions |= {kind.value: action for kind, action in rules.kinds} | dict(rules.paths)
    return {word for word, stated_by, _ in rules.places if stated_by == rule and actions[word] is not Action.ALLOW}


def _shadowed(rules: ContentRules, rule: str) -> Iterator[tuple[str, str, str]]:
    """Globs stated by `rule` that an earlier one of its own covers whole: the glob, the earlier one, the place.

    A glob is covered by another that matches its text, as long as no `?` of that other stands for a `*` in it.
    """
    stated = {word: reference for word, stated_by, reference in rules.places if stated_by == rule}
    own = [glob for glob, _ in rules.paths if glob in stated]
    for number, glob in enumerate(own):
        broad = (other for other in own[:number] if "?" not in other and ("/" in glob or "/" not in other))
        earlier = next((other for other in broad if "**" not in glob and path_matches(other, glob)), None)
        if earlier is not None:
            yield glob, earlier, stated[glob]


def _line(reference: str) -> int:
    return int(reference.rpartition(":")[2])
