"""Two policies compared by what they decide: over the tests of both files, over recorded decisions, and entry by entry.

Lines of text aren't compared: a policy may look quite different and decide the same, and a single letter may open it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from forgewall.decide.cases import Case, judge
from forgewall.decide.load import Loaded
from forgewall.decide.policy import Policy
from forgewall.model import Action, Subject, Visibility
from forgewall.record.pseudonym import Pseudonyms
from forgewall.review.diff_entries import EntryChange, entry_changes
from forgewall.review.preview import Outcome, Replayed
from forgewall.review.recorded import Recorded
from forgewall.review.replay import replay
from forgewall.review.replay_changes import outcome, same


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedTest:
    """A test of either file whose request comes out otherwise. `reference` is its file:line, in the new file if it
    stands in both. `expect` is what the new file's test wants, None where only the old file has it.
    """

    sentence: str
    subject: Subject
    visibility: Visibility | None
    reference: str
    expect: Action | None
    before: Outcome
    after: Outcome

    @property
    def fails(self) -> bool:
        """Whether the new file has this test, and refuses it for it."""
        return self.expect is not None and self.after.action is not self.expect


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What two policies say differently. `tested` counts the tests of both files. `replayed` is None without a log."""

    tested: int
    tests: tuple[TurnedTest, ...]
    replayed: Replayed | None
    entries: tuple[EntryChange, ...]

    @property
    def decides_otherwise(self) -> bool:
        """Whether any decision changes that was looked at."""
        return bool(self.tests) or (self.replayed is not None and self.replayed.changed > 0)


def diff(
    old: Loaded,
    new: Loaded,
    recorded: Iterable[Recorded] | None,
    now: datetime,
    *,
    at: datetime | None = None,
    names: Pseudonyms | None = None,
    progress: Callable[[int], None] | None = None,
) -> Difference:
    """How `new` differs from `old`. The tests are run as at `now` (aware), as if no glass were broken.

    `recorded` are decisions of the log, None where there is none; `at`, `names` and `progress` are as for `replay`.
    """
    asked = _asked(old, new)
    replayed = None
    if recorded is not None:
        replayed = replay(recorded, new.policy, old=old.policy, at=at, names=names, progress=progress)
    return Difference(
        tested=len(asked),
        tests=tuple(_turned(old.policy, new.policy, asked, now)),
        replayed=replayed,
        entries=entry_changes(old.policy, new.policy),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A test, where it stands, and what the new file's wants; None where only the old one has it."""

    case: Case
    reference: str
    expect: Action | None


def _asked(old: Loaded, new: Loaded) -> list[_Asked]:
    """The tests of both files, each question once."""
    found = {}
    for loaded in (old, new):
        for case in loaded.tests:
            question = (" ".join(case.sentence.text.split()), case.subject, case.visibility)
            expect = case.expect if loaded is new else None
            found[question] = _Asked(case=case, reference=loaded.policy.reference(case.line), expect=expect)
    return list(found.values())


def _turned(old: Policy, new: Policy, asked: Iterable[_Asked], now: datetime) -> Iterator[TurnedTest]:
    old, new = replace(old, break_glass=None), replace(new, break_glass=None)
    for one in asked:
        case = one.case
        before, after = (
            outcome(judge(policy, case.sentence, case.subject, now, case.visibility)[1]) for policy in (old, new)
        )
        if not same(before, after):
            yield TurnedTest(
                sentence=case.sentence.text,
                subject=case.subject,
                visibility=case.visibility,
                reference=one.reference,
                expect=one.expect,
                before=before,
                after=after,
            )
