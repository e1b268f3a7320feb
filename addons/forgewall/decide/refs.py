"""Which refs an upload may change: `refs`, `deletes` and `force` of the entry that admits it.

The commands of a push are judged before anything of it is released; the ref of an LFS batch or of an API commit is
judged when it is found in the body, and a forced update when the pack shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from forgewall.decide.globs import full_ref, ref_matches
from forgewall.decide.objection import Objection, shown
from forgewall.evidence import ForcedUpdate, RefAction, RefUpdate
from forgewall.model import Action, Scrutiny

_SHOWN_GLOBS = 10


def judge_refs(scrutiny: Scrutiny, refs: Sequence[RefUpdate]) -> Objection | None:
    """What is said against `refs`: those that may not be changed, else the deletions that are blocked or logged.

    Observe mode is not looked at.
    """
    allowed = scrutiny.refs
    if allowed is not None:
        outside = [update for update in refs if not ref_matches(allowed, update.name)]
        if outside:
            reason = f"{_several(outside)} can't be pushed{_to(scrutiny, 'to')}: `refs:` allows {_listed(allowed)}"
            return _objection(scrutiny, Action.BLOCK, "ref", reason)
    if scrutiny.deletes is Action.ALLOW:
        return None
    deleted = [update for update in refs if update.action is RefAction.DELETE]
    if not deleted:
        return None
    where = f"{_several(deleted)}{_to(scrutiny, 'of')}"
    if scrutiny.deletes is Action.BLOCK:
        return _objection(scrutiny, Action.BLOCK, "delete", f"{where} can't be deleted: `deletes: block`")
    return _objection(scrutiny, Action.LOG, "delete", f"{where} would be deleted")


def judge_force(scrutiny: Scrutiny, forced: ForcedUpdate) -> Objection | None:
    """What is said against an update that the pack shows to be no fast-forward. Observe mode is not looked at."""
    if scrutiny.force is Action.ALLOW:
        return None
    reason = f"{shown(full_ref(forced.name))}{_to(scrutiny, 'of')} would be rewritten (forced)"
    if scrutiny.force is Action.BLOCK:
        reason += ", and `force: block` refuses that"
    return _objection(scrutiny, scrutiny.force, "force", reason)


def _objection(scrutiny: Scrutiny, action: Action, signal: str, reason: str) -> Objection:
    key = {"delete": "deletes"}.get(signal, signal)
    rule, reference = next(
        ((rule, reference) for word, rule, reference in scrutiny.places if word == key),
        (scrutiny.rule, scrutiny.reference),
    )
    return Objection(action=action, code="ref", reason=reason, rule=rule, reference=reference, signal=signal)


def _several(updates: Sequence[RefUpdate]) -> str:
    if updates[0].name == "HEAD":
        return "the default branch, as the request names none for certain,"
    more = len(updates) - 1
    return shown(full_ref(updates[0].name)) + (f" and {more:,} more" if more else "")


def _to(scrutiny: Scrutiny, word: str) -> str:
    address = scrutiny.rule.removeprefix("approved/")
    return f" {word} {address}" if address != scrutiny.rule else ""


def _listed(globs: tuple[str, ...]) -> str:
    return ", ".join(globs[:_SHOWN_GLOBS]) + (", …" if len(globs) > _SHOWN_GLOBS else "") or "none"
