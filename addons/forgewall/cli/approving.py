"""An approval proposed, agreed to and written: `approve` once its options are read."""

from __future__ import annotations

import argparse
import shlex

from forgewall.cli import edit_options, place, proposal, span, terminal, when
from forgewall.cli.parsing import hint
from forgewall.decide.complaints import quote
from forgewall.decide.entries import ALLOW_WORDS
from forgewall.errors import UsageError
from forgewall.model import Operation
from forgewall.review import approval, remedy_address, remedy_facts
from forgewall.review.approval import Current
from forgewall.review.preview import Preview
from forgewall.review.remedy import Remedy
from forgewall.review.remedy_choice import Choice
from forgewall.review.remedy_facts import Matter
from forgewall.review.stand_ins import read_key
from forgewall.review.store import Store


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    edit_options.check(args)
    now = args.clock()
    choice = Choice(
        who=_words(args.who),
        operations=_operations(args.operations),
        expires=span.ending(args.span, now) if args.span else None,
        owner=args.owner,
        reason=args.reason,
        confirm=args.confirm,
    )
    current = approval.read(args.policy, now)
    with place.store(args) as store:
        found, head = _remedy(args, current, store, choice)
        if found.settled:
            proposal.say(f"Nothing to do: {found.obstacles[0]}.")
            return 0
        try:
            with proposal.proof(args, store) as proof:
                preview = approval.propose(current, found, now, proof)
        except approval.ObstacleError as error:
            raise proposal.refused(error) from None
        return proposal.carry_out(
            args,
            preview,
            store,
            reason=args.reason,
            question=lambda: proposal.agreed("Approve?"),
            done=_done,
            head=head,
        )


def _remedy(args: argparse.Namespace, current: Current, store: Store, choice: Choice) -> tuple[Remedy, str]:
    """What to write, and what was refused, in a line."""
    now = args.clock()
    if remedy_address.is_address(args.what):
        return remedy_address.remedy_for([args.what], current.policy, now, choice, store), ""
    matter = remedy_facts.matter_of(store, args.what)
    found = approval.remedy_of(current, matter, now, choice=choice, names=read_key(args.events))
    return found, _refused(matter, args)


def _refused(matter: Matter, args: argparse.Namespace) -> str:
    row = matter.row
    seen = f"{when.to_the_minute(row.time)} UTC ({when.relative(row.time, args.clock())})"
    count = f", {matter.case.count:,} times so far" if matter.case is not None and matter.case.count > 1 else ""
    return f"{seen}{count}: {row.message}"


def _done(preview: Preview) -> str:
    until = f" It ends at {when.to_the_minute(preview.expires)} UTC." if preview.expires is not None else ""
    place_ = f"{terminal.safe(str(preview.file))}:{preview.lines}"
    words = shlex.join(preview.address.split(", "))
    back = f"`forgewall revoke {terminal.safe(words)}` takes it back."
    return f"Approved in {place_}. {proposal.TAKEN_OVER}{until} {back}"


def _words(given: list[str] | None) -> tuple[str, ...]:
    return tuple(word for text in given or () for part in text.split(",") if (word := part.strip()))


def _operations(given: list[str] | None) -> frozenset[Operation] | None:
    words = _words(given)
    if given is not None and not words:
        raise UsageError("--operations takes words such as push or code")
    unknown = next((word for word in words if word not in ALLOW_WORDS), None)
    if unknown is not None:
        raise UsageError(f"--operations: {quote(unknown)} can't be approved{hint(unknown, ALLOW_WORDS)}")
    return frozenset().union(*(ALLOW_WORDS[word] for word in words)) if words else None
