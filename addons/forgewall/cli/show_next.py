"""The end of what `forgewall show` prints: what the present policy would say of the request, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forgewall.cli.dossier import Dossier
from forgewall.cli.sheet import Fact
from forgewall.model import Step
from forgewall.review.case import State
from forgewall.review.judged import Answer
from forgewall.review.wish import Wish
from forgewall.sizes import size

_ANSWERS = {
    Answer.REFUSED: ("would be blocked", "red"),
    Answer.WOULD_REFUSE: ("would pass, but only as long as nothing is enforced", "yellow"),
    Answer.LOGGED: ("would pass and be logged", "yellow"),
    Answer.PASSES: ("would pass", "green"),
}
"""In words, and their style."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The options by which another command finds the same log, and the same log and policy (`place.again`)."""

    log: str
    both: str


def today(found: Dossier) -> Iterator[Fact]:
    """What the present policy says, and by which rules; whether it is still the policy that decided."""
    present = found.present
    if present is None:
        return
    if present.problem:
        yield Fact(label="policy", text=f"can't be used: {present.problem}", style="red")
        return
    same = "the same as then" if present.digest == found.row.digest else f"it has changed since {found.row.digest[:12]}"
    yield Fact(label="policy", text=f"{present.file}, {present.digest[:12]}, {same}")
    judged = present.judged
    if judged is None or judged.verdict is None or judged.answer is Answer.UNKNOWN:
        yield Fact(label="verdict", text=f"can't be judged anew: {present.unjudged}", style="yellow")
        return
    said, style = _ANSWERS[judged.answer]
    yield Fact(label="verdict", text=f"{said}: {judged.verdict.reason}", style=style)
    for number, step in enumerate(judged.verdict.trace):
        yield Fact(label="because" if number == 0 else "", text=_step(step))


def advice(found: Dossier, places: Places) -> Iterator[Fact]:
    """What to type next, or why approving can't help."""
    name = found.case.id if found.case is not None else found.row.id
    remedy = found.remedy
    if remedy is None:
        if found.no_remedy:
            yield Fact(label="approve", text=f"can't help: {found.no_remedy}")
        return
    if remedy.obstacles:
        told = "nothing is needed" if remedy.settled else "approving can't help"
        for number, obstacle in enumerate(remedy.obstacles):
            yield Fact(label="" if number else "approve", text=f"{'' if number else f'{told}: '}{obstacle}")
    else:
        yield Fact(label="approve", text=f"forgewall approve {name}{places.both}", style="bold")
        for wish in remedy.wishes:
            yield Fact(text=f"lets pass {_wish(wish)}")
        yield Fact(text="with --for 7d for seven days only; it shows what would change, and asks")
    for warning in remedy.warnings:
        yield Fact(label="warning", text=warning, style="yellow")
    for hint in remedy.hints:
        yield Fact(label="hint", text=hint)
    if found.case is not None and found.case.state is State.OPEN:
        yield Fact(label="or", text=f"forgewall mute {name} --for 30d{places.log}")
        yield Fact(text=f"forgewall triage {name} confirmed{places.log}")


def _step(step: Step) -> str:
    return f"{step.reference}  {step.rule}  {'yes' if step.matched else 'no'}: {step.note}"


def _wish(wish: Wish) -> str:
    """The entry that would be written, in words."""
    operations = ", ".join(sorted(one.value for one in wish.allow)) if wish.allow is not None else "plain use"
    people = ", ".join(wish.who) or "everybody"
    limit = f", up to {size(wish.max_upload)}" if wish.max_upload is not None else ""
    return f"{operations} to {wish.address} for {people}{limit}"
