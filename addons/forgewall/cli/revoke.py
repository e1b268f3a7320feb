"""`forgewall revoke`: take an approval back."""

from __future__ import annotations

import argparse

from forgewall.cli import place, proposal, terminal
from forgewall.cli.parsing import examples
from forgewall.errors import UsageError
from forgewall.record.event import Edit
from forgewall.review import approval, remedy_address, remedy_facts
from forgewall.review.approval import Current
from forgewall.review.preview import Preview
from forgewall.review.remedy import verdict_on
from forgewall.review.store import Store

_APPROVED = "approved/"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "revoke",
        description="Take the approval of exactly this address out of the policy. Given an event or a case, the one "
        "that lets its request pass; given the event of an approval, that approval. What of the last 30 days would "
        "then be blocked is shown before.",
        epilog=examples(
            ("forgewall revoke github.com/numpy/numpy", "all entries for this address"),
            ("forgewall revoke github.com/numpy/numpy --line 31", "that in line 31 alone"),
            ("forgewall revoke C-4XK2M9QW7T --reason 'done'", "what was approved for a case"),
        ),
    )
    parser.add_argument(
        "what", metavar="ADDRESS|ID", nargs="+", help="github.com/acme/x, also several; or an event, or a case (C-…)"
    )
    parser.add_argument("--line", type=int, metavar="N", help="only the entry in this line of the policy")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; stands in the log")
    proposal.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    proposal.checked(args)
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
