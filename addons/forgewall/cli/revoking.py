"""An approval taken back: `revoke` once its options are read."""

from __future__ import annotations

import argparse

from forgewall.cli import edit_options, place, proposal, terminal
from forgewall.errors import UsageError
from forgewall.record.event import Edit
from forgewall.review import approval, remedy_address, remedy_facts
from forgewall.review.approval import Current
from forgewall.review.preview import Preview
from forgewall.review.remedy import verdict_on
from forgewall.review.store import Store

_APPROVED = "approved/"


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    edit_options.check(args)
    now = args.clock()
    current = approval.read(args.policy, now)
    with place.store(args) as store:
        address = _named(args.what, args, current, store)
        with proposal.proof(args, store) as proof:
            preview = approval.propose_revoke(current, address, now, proof, line=args.line)
        return proposal.carry_out(
            args,
            preview,
            store,
            reason=args.reason,
            question=lambda: proposal.agreed("Revoke?"),
            done=_done,
        )


def _named(words: list[str], args: argparse.Namespace, current: Current, store: Store) -> str:
    """The address that is meant, or several with commas between."""
    if len(words) == 1 and not remedy_address.is_address(words[0]):
        return _approved_for(words[0], args, current, store)
    return ", ".join(remedy_address.address_of(word, current.policy) for word in words)


def _approved_for(what: str, args: argparse.Namespace, current: Current, store: Store) -> str:
    """The address whose approval an event or a case is about; several with commas between."""
    row = store.row(what)
    if row is not None and row.dataset == "policy":
        if row.outcome == Edit.APPROVED.value and row.address:
            return row.address
        raise UsageError(f"the event {row.id} is about no approval: {terminal.safe(row.message)}")
    matter = remedy_facts.matter_of(store, what)
    if matter.recorded.target is not None:
        now, one = args.clock(), matter.recorded
        verdict = verdict_on(matter.recorded.target, one, one.subject, one.size, current.policy, now)
        if verdict.rule.startswith(_APPROVED):
            return verdict.rule.removeprefix(_APPROVED)
        raise UsageError(f"no approval lets this pass: {terminal.safe(verdict.reason)}; name the address instead")
    raise UsageError("this event is about no repository; name the address instead")


def _done(preview: Preview) -> str:
    return f"Revoked: {terminal.safe(preview.address)}. {proposal.TAKEN_OVER}"
