"""What is remembered of the forges' words: the newest wins, all of it ends or is bounded, and nothing is made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.learn.lesson import Fact, IdFact, MoveFact, SightFact, VisibilityFact
from forgewall.learn.memory import ID_LIFE, VISIBILITY_LIFE, WAITING_LIFE, Memory
from forgewall.model import Move, Visibility

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOST = "github.com"
MINUTE = timedelta(minutes=1)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def passes(self, time: timedelta) -> datetime:
        self.now += time
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> Memory:
    return Memory(clock)


def number(text: str, kind: IdKind = IdKind.REPOSITORY) -> Id:
    return Id(forge=HOST, kind=kind, text=text)


def named(path: str) -> Named:
    owner, _, repository = path.partition("/")
    return Named(address=f"{HOST}/{path}", owner=owner, repository=repository or None)


def names(text: str, path: str, kind: IdKind = IdKind.REPOSITORY) -> IdFact:
    return IdFact(id=number(text, kind), named=named(path))


def seen_by(path: str, visibility: Visibility) -> VisibilityFact:
    return VisibilityFact(key=f"{HOST}/{path}", visibility=visibility)


def goes(old: str, new: str, seen: datetime = START) -> MoveFact:
    move = Move(address=f"{HOST}/{new}", key=f"{HOST}/{new}".lower(), seen=seen)
    return MoveFact(key=f"{HOST}/{old}", move=move)


def test_an_id_names_what_was_said_until_it_ends(memory: Memory, clock: Clock) -> None:
    memory.learn([names("1", "acme/api")], START)
    clock.passes(ID_LIFE)
    assert memory.find(number("1")) == named("acme/api")
    clock.passes(MINUTE)
    assert memory.find(number("1")) is None
    assert len(memory) == 0


def test_an_id_is_of_one_forge_and_one_kind(memory: Memory) -> None:
    memory.learn([names("1", "acme/api")], START)
    assert memory.find(number("1", IdKind.OWNER)) is None
    assert memory.find(Id(forge="gitlab.com", kind=IdKind.REPOSITORY, text="1")) is None


def test_an_id_that_is_said_again_lives_on(memory: Memory, clock: Clock) -> None:
    memory.learn([names("1", "acme/api")], START)
    memory.learn([names("1", "acme/api")], clock.passes(ID_LIFE))
    clock.passes(ID_LIFE)
    assert memory.find(number("1")) == named("acme/api")


@pytest.mark.parametrize("asked", [False, True])
def test_a_renamed_repository_has_its_new_name(memory: Memory, asked: bool) -> None:
    memory.learn([names("1", "acme/api")], START)
    if asked:
        memory.find(number("1"))
    memory.learn([names("1", "mallory/loot")], START + MINUTE)
    assert memory.find(number("1")) == named("mallory/loot")


@pytest.mark.parametrize("kind", [IdKind.REPOSITORY, IdKind.OWNER])
def test_an_address_with_a_new_number_makes_the_old_number_unknown(memory: Memory, kind: IdKind) -> None:
    memory.learn([names("1", "acme/api", kind)], START)
    memory.find(number("1", kind))
    memory.learn([names("2", "Acme/API", kind)], START + MINUTE)
    assert memory.find(number("1", kind)) is None
    assert memory.find(number("2", kind)) == named("Acme/API")


def test_many_nodes_lie_in_one_repository(memory: Memory) -> None:
    memory.learn([names("I_1", "acme/api", IdKind.NODE), names("PR_2", "acme/api", IdKind.NODE)], START)
    assert memory.find(number("I_1", IdKind.NODE)) == memory.find(number("PR_2", IdKind.NODE)) == named("acme/api")


@pytest.mark.parametrize(
    ("before", "after"), [(Visibility.PRIVATE, Visibility.PUBLIC), (Visibility.PUBLIC, Visibility.PRIVATE)]
)
def test_the_last_word_on_visibility_counts(memory: Memory, before: Visibility, after: Visibility) -> None:
    memory.learn([seen_by("acme/api", before)], START)
    memory.learn([seen_by("acme/api", after)], START + MINUTE)
    assert memory.visibility("github.com/acme/api") is after


def test_public_counts_where_one_answer_says_both(memory: Memory) -> None:
    both = [seen_by("acme/api", Visibility.PRIVATE), seen_by("acme/api", Visibility.PUBLIC)]
    for facts in (both, both[::-1]):
        memory.learn(facts, START)
        assert memory.visibility("github.com/acme/api") is Visibility.PUBLIC


def test_visibility_ends_after_a_day(memory: Memory, clock: Clock) -> None:
    memory.learn([seen_by("acme/api", Visibility.PRIVATE)], START)
    clock.passes(VISIBILITY_LIFE + MINUTE)
    assert memory.visibility("github.com/acme/api") is None


def test_a_move_outlives_what_is_seen_at_the_old_address(memory: Memory, clock: Clock) -> None:
    """A name that was given up can be registered by anybody."""
    memory.learn([goes("acme/api", "mallory/loot")], START)
    later = clock.passes(timedelta(days=400))
    memory.learn([names("9", "acme/api"), seen_by("acme/api", Visibility.PUBLIC)], later)
    moved = memory.moved("github.com/acme/api")
    assert moved is not None
    assert moved.key == "github.com/mallory/loot"


def test_a_move_that_is_told_again_keeps_its_first_time_and_another_is_news(memory: Memory) -> None:
    later = START + timedelta(days=1)
    memory.learn([goes("acme/api", "acme/api2")], START)
    assert memory.learn([goes("acme/api", "acme/api2", later)], later) == ()
    assert memory.moved("github.com/acme/api") == goes("acme/api", "acme/api2").move
    assert memory.learn([goes("acme/api", "mallory/x", later)], later) != ()
    assert memory.moved("github.com/acme/api") == goes("acme/api", "mallory/x", later).move


def test_nothing_moves_to_where_it_is(memory: Memory) -> None:
    memory.learn([goes("acme/api", "Acme/API")], START)
    assert memory.moved("github.com/acme/api") is None


def sight(shown: bool) -> SightFact:
    return SightFact(key="github.com/acme/api", shown=shown)


def test_what_is_shown_only_after_signing_in_is_private(memory: Memory) -> None:
    memory.learn([sight(False)], START)
    assert memory.visibility("github.com/acme/api") is None
    assert memory.learn([sight(True)], START + MINUTE) == (seen_by("acme/api", Visibility.PRIVATE),)
    assert memory.visibility("github.com/acme/api") is Visibility.PRIVATE


@pytest.mark.parametrize("said", [Visibility.PUBLIC, Visibility.INTERNAL])
def test_a_guess_does_not_change_a_word(memory: Memory, said: Visibility) -> None:
    memory.learn([seen_by("acme/api", said)], START)
    memory.learn([sight(False)], START)
    memory.learn([sight(True)], START + MINUTE)
    assert memory.visibility("github.com/acme/api") is said


def test_a_word_in_between_makes_the_guess_void(memory: Memory, clock: Clock) -> None:
    memory.learn([sight(False)], START)
    memory.learn([seen_by("acme/api", Visibility.PUBLIC)], START)
    later = clock.passes(VISIBILITY_LIFE + MINUTE)
    memory.learn([sight(True)], later)
    assert memory.visibility("github.com/acme/api") is None


@pytest.mark.parametrize("facts", [[True], [True, False]])
def test_signing_in_alone_says_nothing(memory: Memory, facts: list[bool]) -> None:
    memory.learn([sight(shown) for shown in facts], START)
    assert memory.visibility("github.com/acme/api") is None


def test_a_refusal_is_soon_forgotten(memory: Memory) -> None:
    memory.learn([sight(False)], START)
    memory.learn([sight(True)], START + WAITING_LIFE + MINUTE)
    assert memory.visibility("github.com/acme/api") is None


def test_what_is_known_is_no_news_for_a_while(memory: Memory, clock: Clock) -> None:
    facts = (names("1", "acme/api"), seen_by("acme/api", Visibility.PUBLIC))
    assert memory.learn(facts, START) == facts
    assert memory.learn(facts, clock.passes(MINUTE)) == ()
    assert memory.learn(facts, clock.passes(timedelta(hours=2))) == facts[1:]
    assert memory.learn(facts, clock.passes(timedelta(hours=23))) == facts


def test_a_flood_of_listings_forgets_nothing_that_is_used(clock: Clock) -> None:
    memory = Memory(clock, ids=100, visibilities=100, moves=100)
    memory.learn([names("1", "acme/api")], START)
    assert memory.find(number("1")) is not None
    for count in range(1000):
        memory.learn(
            [names(f"9{count}", f"m/{count}"), seen_by(f"m/{count}", Visibility.PUBLIC), goes(f"m/{count}", "m/x")],
            START,
        )
    assert memory.find(number("1")) == named("acme/api")
    assert len(memory) <= 300


def test_what_is_asked_for_is_bounded_too(clock: Clock) -> None:
    memory = Memory(clock, ids=10)
    for count in range(100):
        memory.learn([names(str(count), f"m/{count}")], START)
        assert memory.find(number(str(count))) == named(f"m/{count}")
    assert len(memory) <= 10
    assert memory.find(number("99")) == named("m/99")


def test_what_is_too_long_is_not_kept(memory: Memory) -> None:
    far = "a" * 600
    memory.learn(
        [names("1", far), names(far, "a/b"), names("", "a/b"), seen_by(far, Visibility.PUBLIC), goes(far, "a/b")], START
    )
    memory.learn([goes("a/b", far), SightFact(key=far, shown=False), SightFact(key=far, shown=True)], START)
    assert len(memory) == 0


def test_times_must_be_aware(memory: Memory) -> None:
    with pytest.raises(ValueError, match="time zone"):
        memory.learn([], datetime(2026, 1, 1))


def test_what_was_stored_is_known_again_if_it_has_not_ended(clock: Clock) -> None:
    memory = Memory(clock)
    day = timedelta(days=1)
    memory.restore(
        [
            (names("1", "acme/new"), START - day),
            (names("1", "acme/old"), START - 2 * day),
            (names("2", "acme/gone"), START - 31 * day),
            (names("3", "acme/future"), START + day),
            (seen_by("acme/api", Visibility.PRIVATE), START - 2 * day),
            (seen_by("acme/web", Visibility.PRIVATE), START - MINUTE),
            (goes("acme/a", "acme/b"), START - 900 * day),
        ]
    )
    assert memory.find(number("1")) == named("acme/new")
    assert memory.find(number("2")) is memory.find(number("3")) is None
    assert memory.visibility("github.com/acme/api") is None
    assert memory.visibility("github.com/acme/web") is Visibility.PRIVATE
    assert memory.moved("github.com/acme/a") is not None
    clock.passes(29 * day + MINUTE)
    assert memory.find(number("1")) is None


_PATHS = st.sampled_from(["a/x", "a/y", "b/x", "b/y"])
_NUMBERS = st.sampled_from(["1", "2", "3"])
_FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(names, _NUMBERS, _PATHS),
    st.builds(seen_by, _PATHS, st.sampled_from(Visibility)),
    st.builds(goes, _PATHS, _PATHS),
)


@given(st.lists(st.lists(_FACTS, max_size=3), max_size=20))
def test_only_the_last_word_on_an_id_is_ever_told(lessons: list[list[Fact]]) -> None:
    memory = Memory(lambda: START)
    last: dict[str, Named] = {}
    for facts in lessons:
        memory.learn(facts, START)
        for fact in facts:
            if isinstance(fact, IdFact):
                last = {text: one for text, one in last.items() if one != fact.named}
                last[fact.id.text] = fact.named
    for text in ("1", "2", "3"):
        assert memory.find(number(text)) == last.get(text)
