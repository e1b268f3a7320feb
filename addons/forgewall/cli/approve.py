"""`forgewall approve`: let pass what was blocked, and nothing else; or approve an address."""

from __future__ import annotations

import argparse
import shlex

from forgewall.cli import place, proposal, span, terminal, when
from forgewall.cli.completing import open_cases
from forgewall.cli.parsing import examples, hint
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


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "approve",
        description="Let pass what an event or a case was blocked for: the narrowest entry is written into the policy, "
        "for exactly that address, operation and user. An address may be given instead, also as a URL or a git remote. "
        "Before anything is written, the difference is shown, what the linter and the policy's own tests say, and what "
        "of the last 30 days would come out otherwise. Who approved what and why stands in the event log.",
        epilog=examples(
            ("forgewall approve C-4XK2M9QW7T --for 7d", "a case, for a week"),
            ("forgewall approve 01KB5Q7W2M0000000000000001 --who oss", "an event's request, for a group"),
            ("forgewall approve github.com/numpy/numpy --operations push,issue", "an address, for everybody"),
            ("forgewall approve C-4XK2M9QW7T --dry-run", "only look"),
        ),
    )
    what = parser.add_argument("what", metavar="ID|ADDRESS", help="an event, a case (C-…), or github.com/acme/x")
    what.completer = open_cases  # type: ignore[attr-defined] # where argcomplete looks for it
    parser.add_argument("--for", dest="span", metavar="SPAN", help="until when: 30m, 12h, 7d, 2w (default: for good)")
    parser.add_argument(
        "--who",
        metavar="WHO",
        action="append",
        help="everyone, user (who asked), client (where from), or names, groups and networks, separated by commas "
        "(default: the user, the client where none is known; of an address everyone)",
    )
    operations = parser.add_argument(
        "--operations", metavar="WORDS", action="append", help="what to allow, by commas (default: what was refused)"
    )
    operations.completer = lambda **_: list(ALLOW_WORDS)  # type: ignore[attr-defined]
    parser.add_argument("--confirm", action="store_true", help="of a repository that moved: confirm the old address")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; stands in the entry and in the log")
    parser.add_argument("--owner", metavar="TEXT", default="", help="who looks after the entry")
    proposal.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    proposal.checked(args)
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
