"""What would let a refused request pass: entries for exactly its address and operation, or why none helps.

Nothing is written here and no file is read: a remedy is a proposal of values. `approval` makes text of it and proves
that the request then passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from forgewall.decide.engine import decide
from forgewall.decide.globs import ref_matches
from forgewall.decide.parts import Part, main_part, second_part
from forgewall.decide.policy import Policy
from forgewall.decide.trial import unbroken
from forgewall.errors import UsageError
from forgewall.model import Action, Effect, Subject, Target, Verdict
from forgewall.review import remedy_obstacle, remedy_warning
from forgewall.review.amend import Copy
from forgewall.review.recorded import Recorded
from forgewall.review.remedy_admission import Admission, Asker, Obstacle, admission, admits, longest
from forgewall.review.remedy_audience import audience_of
from forgewall.review.remedy_choice import NOTHING, Choice, Facts
from forgewall.review.wish import Wish

__all__ = ["Choice", "Facts", "Remedy", "passes", "remedy", "verdict_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """`wishes` are to be written, with `copies` of what they would overrule. `warnings`, `obstacles` and `hints` (what
    may be wanted besides) are sentences; with an obstacle there are no wishes. `settled`: the present policy lets it
    pass already, one of the obstacles says by which rule.

    `recorded` is what it was made for, None for an address alone; `subject` who asked, by the name that a policy knows;
    `size` its body in bytes. They prove that it helps. `digest` is the policy's whose lines `copies` name.
    """

    wishes: tuple[Wish, ...] = ()
    copies: tuple[Copy, ...] = ()
    warnings: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    settled: bool = False
    recorded: Recorded | None = None
    subject: Subject | None = None
    size: int | None = None
    case_id: str | None = None
    digest: str = ""


def remedy(
    recorded: Recorded,
    policy: Policy,
    now: datetime,
    *,
    choice: Choice | None = None,
    facts: Facts = NOTHING,
    subject: Subject | None = None,
) -> Remedy:
    """What would let `recorded` pass under `policy` at `now` (aware).

    `subject` is who asked where the log has only a stand-in for him. Raises UsageError for a `choice` of people that
    can't be written.
    """
    choice = choice or Choice()
    subject = subject or recorded.subject
    if facts.code == "ref" and facts.refs:
        recorded = replace(recorded, refs=facts.refs)
    size = max((known for known in (recorded.size, facts.size) if known is not None), default=None)
    about = Remedy(recorded=recorded, subject=subject, size=size, case_id=facts.case_id, digest=policy.digest)
    refused = facts.code or recorded.code
    told = remedy_obstacle.of_event(refused, facts.rule or recorded.rule, facts.cause or recorded.reason, policy)
    told = told or _nothing_known(recorded, policy)
    if told:
        return replace(about, obstacles=(told,))
    assert recorded.target is not None
    whole = verdict_on(recorded.target, recorded, subject, size, policy, now)
    if passes(whole):
        return _settled(about, whole, facts)
    try:
        who, warning = audience_of(choice, recorded.subject, policy)
    except UsageError as error:
        if choice.who:
            raise
        return replace(about, obstacles=(str(error),))
    asker = Asker(policy=unbroken(policy), subject=subject, who=who, choice=choice, now=now)
    return _for_parts(about, recorded, asker, facts, [warning] if warning else [])


def verdict_on(  # noqa: PLR0917 - as `decide`
    target: Target, recorded: Recorded, subject: Subject, size: int | None, policy: Policy, now: datetime
) -> Verdict:
    """What `policy` says of `target` at `now`, as if no glass were broken."""
    return decide(unbroken(policy), target, subject, size, now, recorded.refs)


def passes(verdict: Verdict) -> bool:
    """Whether a request with this verdict passes by an entry or a default, and isn't only let through and logged."""
    if verdict.action is Action.LOG and verdict.would_action is None:
        return verdict.code not in {"unapproved", "visibility", "moved", "too-large"}
    return verdict.action is not Action.BLOCK and verdict.would_action is None


def _nothing_known(recorded: Recorded, policy: Policy) -> str:
    target = recorded.target
    if target is None:
        return f"{recorded.reason}; no request for a repository was read, so no entry could be for one"
    if recorded.more_places:
        return "the log doesn't hold all repositories of this request; approve them one by one, by their addresses"
    forge = policy.registry.lookup(target.host)
    if forge is None or forge.kind is not target.kind:
        return f"the policy doesn't know {target.host} as a forge of the kind {target.kind} any more; see `forges`"
    return ""


def _settled(about: Remedy, verdict: Verdict, facts: Facts) -> Remedy:
    if facts.code and facts.code != "too-large":
        told = facts.cause or "the upload was refused"
        return replace(about, obstacles=(f"{told}; no new entry helps against this, see {verdict.reference}",))
    said = f"the present policy lets this pass: {verdict.reason} ({verdict.reference})"
    return replace(about, obstacles=(said,), settled=True)


def _for_parts(about: Remedy, recorded: Recorded, asker: Asker, facts: Facts, warnings: list[str]) -> Remedy:
    """The remedy for all repositories of a request, each of which must pass."""
    target = recorded.target
    assert target is not None
    main = main_part(target, recorded.refs)
    parts = [main, *(second_part(also, main, asker.policy.registry) for also in target.also)]
    found: list[Admission] = []
    obstacles: list[str] = []
    user = recorded.subject.user
    for part in (one for whole in parts for one in _places(whole, asker)):
        size = about.size if part.effect is not Effect.READ or part is main else None
        verdict = _alone(part, target, size, asker)
        if passes(verdict):
            continue
        warnings += remedy_warning.of_part(part, user, asker.policy, facts)
        warnings += remedy_warning.of_move(part, parts, confirm=asker.choice.confirm)
        try:
            found.append(_admitted(part, size, verdict, asker))
            warnings += remedy_warning.of_owner(part, asker.policy)
        except Obstacle as obstacle:
            obstacles.append(str(obstacle))
    if obstacles or not found:
        return replace(about, obstacles=_once(obstacles) or ("no entry for any of its repositories helps",))
    wishes = _merged(one.wish for one in found)
    warnings += [said for one in found for said in one.warnings]
    warnings += [said for wish in wishes for said in remedy_warning.of_wish(wish, asker.policy)]
    warnings += remedy_warning.of_facts(facts, asker.now)
    return replace(
        about,
        wishes=wishes,
        copies=tuple(copy for copies in dict.fromkeys(one.copies for one in found) for copy in copies),
        warnings=_once(warnings),
        hints=_hints(wishes, facts, main),
    )


def _places(part: Part, asker: Asker) -> tuple[Part, ...]:
    """The part itself, or of one that moved the two places that must both admit it."""
    move = part.moved
    if move is None or part.key is None or part.effect is not Effect.WRITE or asker.choice.confirm:
        return (part,)
    entries = longest(asker.policy, part.key, asker.now)
    if any(entry.terms.confirms(move) and admits(entry, part, asker.subject) for entry in entries):
        return (part,)
    if asker.policy.prohibition(move.key) is not None:
        return (part,)
    here = replace(part, moved=None)
    return here, replace(here, address=move.address, key=move.key, repository=move.address.rpartition("/")[2])


def _alone(part: Part, target: Target, size: int | None, asker: Asker) -> Verdict:
    """What the policy says of one part as if nothing else were in the request."""
    alone = Target(
        kind=target.kind,
        host=(part.address or target.host).partition("/")[0],
        address=part.address,
        key=part.key,
        owner=None,
        repository=part.repository,
        operation=part.operation,
        effect=part.effect,
        evidence=part.evidence,
        visibility=part.visibility,
        moved=part.moved,
    )
    return decide(asker.policy, alone, asker.subject, size, asker.now, part.refs)


def _admitted(part: Part, size: int | None, verdict: Verdict, asker: Asker) -> Admission:
    if told := remedy_obstacle.of_verdict(verdict, asker.policy):
        raise Obstacle(told)
    if verdict.code == "too-large" and part.effect is not Effect.WRITE:
        raise Obstacle(f"{verdict.reason}; what is no upload has fixed limits")
    one = admission(part, size, asker)
    if verdict.code == "ref" and not _refuses_refs(part, asker):
        raise Obstacle(f"{verdict.reason}; change that at {verdict.reference}")
    return one


def _refuses_refs(part: Part, asker: Asker) -> bool:
    """Whether the refs by themselves are refused, whatever is done to them."""
    entries = longest(asker.policy, part.key or "", asker.now)
    listed = [entry.terms.scrutiny.refs for entry in entries if entry.terms.admits(asker.subject)]
    return not any(globs is None or all(ref_matches(globs, ref.name) for ref in part.refs) for globs in listed)


def _merged(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """`wishes`, with those that differ only in their operations as one."""
    merged: dict[Wish, Wish] = {}
    for wish in wishes:
        known = merged.get(bare := replace(wish, allow=None))
        allow = wish.allow if known is None else (known.allow or frozenset()) | (wish.allow or frozenset())
        merged[bare] = replace(wish, allow=allow)
    return tuple(merged.values())


def _hints(wishes: tuple[Wish, ...], facts: Facts, main: Part) -> tuple[str, ...]:
    allowed = {operation.value for wish in wishes for operation in wish.allow or ()}
    others = [word for word in facts.operations if word not in allowed and word != main.operation.value]
    if not others:
        return ()
    return (f"also refused there: {', '.join(dict.fromkeys(others))}; --operations approves them, too",)


def _once(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences))
