"""An event's fields in groups: none lost, nothing fatal."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples

from forgewall.record.ecs import document
from forgewall.review.console.pages.facts import MAX_FACTS, at, groups, objects, text, texts, whole

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | samples.anything,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value] if isinstance(value, str) and value else []


def test_every_field_of_every_event_is_shown_once() -> None:
    for event in samples.ALL:
        made = document(event)
        facts = [fact for group in groups(made) for fact in group.facts]
        assert len({fact.path for fact in facts}) == len(facts)
        shown = "\0".join(fact.value for fact in facts)
        elsewhere = (
            made["forgewall"].pop("evidence", None),
            made["forgewall"].pop("objections", None),
            made.pop("message"),
        )
        made["forgewall"].pop("key", None)
        missing = [leaf for leaf in leaves(made) if leaf not in shown]
        assert missing == [], elsewhere


def test_people_come_first_and_the_rest_last() -> None:
    titles = [group.title for group in groups(document(samples.upload(evidence=samples.EVIDENCE)))]
    assert titles[:4] == ["Who", "What", "Where", "Why"]
    assert titles[-1] == "Everything else"


def test_bytes_are_numbers() -> None:
    facts = {fact.path: fact for group in groups(document(samples.decision())) for fact in group.facts}
    assert facts["http.request.body.bytes"].bytes == 48_000_000
    assert facts["source.port"].bytes is None


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=6))
def test_any_document_can_be_shown(made: dict[str, Any]) -> None:
    assert sum(len(group.facts) for group in groups(made)) <= MAX_FACTS


def test_a_document_without_end_is_cut() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = {"a": [deep, deep]} if isinstance(deep, str) else {"a": [deep]}
    assert groups({"deep": deep, **{str(n): n for n in range(5000)}})


def test_look_ups_take_anything() -> None:
    made = {"a": {"b": "x", "n": 5, "t": True, "l": ["y", 1], "o": [{"c": 1}, "z"]}, "s": "text"}
    assert (at(made, "a.b"), at(made, "s.b"), at(made, "q.b")) == ("x", None, None)
    assert (text(made, "a.b"), text(made, "a.n")) == ("x", "")
    assert (whole(made, "a.n"), whole(made, "a.t"), whole(made, "a.b")) == (5, 0, 0)
    assert texts(made, "a.l") == ("y",)
    assert objects(made, "a.o") == ({"c": 1},)
    assert texts(made, "s") == objects(made, "s") == ()
