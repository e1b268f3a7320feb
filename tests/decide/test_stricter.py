"""A body that two entries have a say in: whatever either of them refuses is refused."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.content import judge_fact
from forgewall.decide.stricter import RANK, joined
from forgewall.evidence import Fact, File, FileKind, ForcedUpdate, RefAction, RefUpdate, Secret
from forgewall.model import Action, ContentRules, Depth, Scrutiny

actions = st.sampled_from(Action)
refs = st.none() | st.lists(st.sampled_from(["main", "dev", "v/*", "**"]), min_size=1, max_size=3, unique=True).map(
    tuple
)
paths = st.dictionaries(st.sampled_from(["*.kdbx", "secrets/**", "a/*.zip", "*"]), actions, max_size=4)


@st.composite
def scrutinies(draw: st.DrawFn) -> Scrutiny:
    kinds = draw(st.dictionaries(st.sampled_from([FileKind.ARCHIVE, FileKind.KEY]), actions))
    content = ContentRules(
        secrets=draw(actions),
        encrypted=draw(actions),
        kinds=tuple(kinds.items()),
        paths=tuple(draw(paths).items()),
    )
    return Scrutiny(
        depth=draw(st.sampled_from(Depth)),
        content=content,
        refs=draw(refs),
        deletes=draw(actions),
        force=draw(actions),
        visibility=draw(st.booleans()),
        observing=draw(st.booleans()),
        rule=draw(st.sampled_from(["approved/a", "approved/b"])),
        reference="p.yaml:3",
    )


facts = st.one_of(
    st.builds(
        RefUpdate,
        name=st.sampled_from(["refs/heads/main", "refs/heads/dev", "refs/heads/v/1"]),
        action=st.sampled_from(RefAction),
    ),
    st.builds(ForcedUpdate, name=st.just("refs/heads/main")),
    st.builds(
        File,
        path=st.sampled_from(["a/x.zip", "secrets/y.kdbx", "z"]),
        size=st.just(1),
        kind=st.sampled_from([FileKind.ARCHIVE, FileKind.KEY, FileKind.TEXT]),
        encrypted=st.booleans(),
    ),
    st.builds(Secret, rule=st.just("r"), mask=st.just("m"), fingerprint=st.just("f")),
)


def rank(scrutiny: Scrutiny, fact: Fact) -> int:
    objection = judge_fact(scrutiny, fact)
    return 0 if objection is None else RANK[objection.action]


@given(scrutinies(), scrutinies(), facts)
def test_what_either_refuses_is_refused(first: Scrutiny, second: Scrutiny, fact: Fact) -> None:
    both = joined(first, second)
    assert rank(both, fact) >= max(rank(first, fact), rank(second, fact))
    assert not both.visibility or (first.visibility and second.visibility)


@given(scrutinies())
def test_one_that_examines_nothing_changes_nothing(scrutiny: Scrutiny) -> None:
    nothing = Scrutiny(depth=Depth.OFF)
    assert joined(scrutiny, nothing) == joined(nothing, scrutiny) == joined(scrutiny, scrutiny) == scrutiny


def test_the_place_of_a_word_is_that_of_the_stricter() -> None:
    first = ContentRules(
        secrets=Action.LOG, encrypted=Action.BLOCK, places=(("secrets", "a", "1"), ("encrypted", "a", "1"))
    )
    second = ContentRules(secrets=Action.BLOCK, places=(("secrets", "b", "2"), ("encrypted", "b", "2")))
    one = Scrutiny(content=first, deletes=Action.LOG, rule="a", places=(("deletes", "a", "1"),))
    two = Scrutiny(content=second, deletes=Action.BLOCK, rule="b", places=(("deletes", "b", "2"),))
    both = joined(one, two)
    assert both.content.places == (("secrets", "b", "2"), ("encrypted", "a", "1"))
    assert (both.deletes, both.places) == (Action.BLOCK, (("deletes", "b", "2"),))
    assert joined(one, replace(two, content=first)).content is first
