from __future__ import annotations

from forgewall.decide.objection import Objection
from forgewall.enforce.refused_objects import MAX_OBJECTS, SECONDS, RefusedObjects
from forgewall.model import Action

HERE, THERE = ("10.0.0.1", "policy", "github.com/acme/api"), ("10.0.0.2", "policy", "github.com/acme/api")


def objection(reason: str) -> Objection:
    return Objection(action=Action.BLOCK, code="content", reason=reason, rule="r", reference="f:1", signal="archives")


def test_an_object_is_known_where_it_was_refused_and_for_a_while() -> None:
    now = 0.0
    known = RefusedObjects(lambda: now)
    known.remember(HERE, "a", objection("it is an archive"))
    known.remember(HERE, "b", objection("it is a key"))
    assert known.find(HERE, ["x", "b", "a"]) == objection("it is a key")
    assert known.find(HERE, ["x"]) is None
    assert known.find(THERE, ["a", "b"]) is None
    now = SECONDS - 1
    assert known.find(HERE, ["a"]) is not None
    now = SECONDS + 1
    assert known.find(HERE, ["a"]) is None


def test_it_is_bounded() -> None:
    known = RefusedObjects(lambda: 0.0)
    for number in range(MAX_OBJECTS + 1):
        known.remember(HERE, str(number), objection("x"))
    assert known.find(HERE, ["0"]) is None
    assert known.find(HERE, [str(MAX_OBJECTS)]) is not None
