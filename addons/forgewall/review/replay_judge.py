"""Judges recorded decisions by one or two policies, alike ones only once. What comes of it is counted in `replay`.

Only what the engine itself had decided is judged again: what limits, contents, a broken message or our own failure
led to can't be told from the log. Whatever isn't certain is named instead of judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forgewall.decide.engine import decide
from forgewall.decide.policy import Policy
from forgewall.decide.tunnel import other_host
from forgewall.model import Action, Effect, Operation, Subject, Target, Verdict
from forgewall.review.recorded import Recorded
from forgewall.review.replay_sight import Place, Sight, is_exact
from forgewall.review.stand_ins import StandIns, is_stand_in

NO_TARGET = "no request for a repository was read"
LIMITS = "a limit on volume had decided"
CONTENT = "what was in the upload had decided"
PROTOCOL = "the message or the connection couldn't be trusted"
UNSIZED = "the log doesn't hold the size that had decided"
UNTOLD_REFS = "the log doesn't hold all refs"
UNTOLD_PLACES = "the log doesn't hold all repositories"
UNTOLD_USER = "the log holds the user's name shortened"
STAND_IN = "the log holds a stand-in for the user, and an approval names users"

_CODES = frozenset(
    {
        "approved",
        "forbidden",
        "unidentified",
        "read",
        "unapproved",
        "visibility",
        "moved",
        "ref",
        "default",
        "too-large",
    }
) | {effect.value for effect in Effect}
"""What the engine itself decides (`decide.engine`)."""
_MOST = 200_000
"""Verdicts that are kept; beyond it all are forgotten, as a log may name any number of addresses."""


class Judge:
    """Judges by `policies`, at `at` (aware), or each decision at its own time where that is None."""

    def __init__(
        self, policies: Sequence[Policy], *, at: datetime | None = None, names: StandIns | None = None
    ) -> None:
        self._policies = tuple(policies)
        self._sight = Sight(self._policies)
        self._at = at
        self._names = names or StandIns(None, self._policies)
        self._places: dict[Target, Place] = {}
        self._known: dict[int, Place] = {}
        self._kept = 0

    def judge(self, one: Recorded) -> tuple[Verdict, ...] | str:
        """The verdict of each policy on `one`, or why there is none. Numbers and names in reasons may be another's."""
        target = one.target
        if target is None:
            return NO_TARGET
        if (cause := _undecidable(one)) is not None:
            return cause
        place = self._known.get(id(target))  # the very target seen before: its hash needn't be worked out
        if place is None:
            place = self._place(target)
        if place.problem:
            return place.problem
        subject, changed, people = one.subject, None, None
        if place.scrutinies and one.refs:
            if one.more_refs or not all(is_exact(update.name) for update in one.refs):
                return UNTOLD_REFS
            changed = place.changes(one.refs)
        if place.audiences:
            found = self._subject(subject, place)
            if isinstance(found, str):
                return found
            subject, people = found, place.who(found)
        now = self._at or one.time
        key = (people, changed, place.span(now), place.bucket(one.size))
        verdicts: tuple[Verdict, ...] | None = place.verdicts.get(key)
        if verdicts is None:
            verdicts = self._judged(one, target, subject)
            self._keep(place, key, verdicts)
        return verdicts

    def exactly(self, one: Recorded) -> tuple[Verdict, ...]:
        """As `judge` of one that can be judged, with its own numbers and names in the reasons."""
        assert one.target is not None
        subject = self._subject(one.subject, self._place(one.target))
        assert isinstance(subject, Subject)
        return self._judged(one, one.target, subject)

    def _judged(self, one: Recorded, target: Target, subject: Subject) -> tuple[Verdict, ...]:
        now = self._at or one.time
        return tuple(
            decide(policy, target, subject, one.size, now, one.refs)
            if policy.registry.lookup(target.host) is not None
            else other_host(policy, target.host, now)  # what a policy doesn't list as a forge is none to it
            for policy in self._policies
        )

    def _place(self, target: Target) -> Place:
        place = self._places.get(target)
        if place is None:
            place = self._places[target] = self._sight.place(target)
            self._known[id(target)] = place  # `_places` keeps the target, so that no other gets its id
            self._kept += 1
        return place

    def _keep(self, place: Place, key: object, verdicts: tuple[Verdict, ...]) -> None:
        if self._kept >= _MOST:
            self._places.clear()
            self._known.clear()
            self._kept = 0
        place.verdicts[key] = verdicts
        self._kept += 1

    def _subject(self, subject: Subject, place: Place) -> Subject | str:
        """Who asks, by the name the policies know; or why that can't be told."""
        user = subject.user
        if user is None or not place.named:
            return subject
        stand_in = is_stand_in(user)
        if not stand_in and is_exact(user):
            return subject
        if all(who.admits(Subject(client=subject.client)) for who in place.named):
            return subject  # by the address alone
        if not stand_in:
            return UNTOLD_USER
        name = self._names.name(user) if self._names.known else None
        if name is None:
            return STAND_IN
        return subject if name == user else Subject(client=subject.client, port=subject.port, user=name)


def _undecidable(one: Recorded) -> str | None:
    """Why `one` can't be decided anew, whatever the policy."""
    if one.code not in _CODES:
        return cause_of(one.rule)
    if one.more_places:
        return UNTOLD_PLACES
    if one.code == "too-large" and (one.size is None or _sized_elsewhere(one)):
        return UNSIZED
    if one.code == "ref" and not one.refs and one.action is not Action.ALLOW:
        return UNTOLD_REFS
    return None


def _sized_elsewhere(one: Recorded) -> bool:
    """Whether another size than the announced one was over the limit: of an LFS object, or of what can be held."""
    lfs = one.target is not None and one.target.operation is Operation.LFS_UPLOAD
    return lfs or one.rule == "defaults/unidentified"


def cause_of(rule: str) -> str:
    """What had decided where `rule` did, and not the engine."""
    category = rule.partition("/")[0]
    return LIMITS if category == "limits" else PROTOCOL if category == "protocol" else CONTENT
