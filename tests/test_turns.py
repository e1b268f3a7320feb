"""Work in turns comes to the same as work at once."""

from __future__ import annotations

import pytest

from forgewall.turns import Turns, at_once


def counting(turns: int, done: list[int]) -> Turns[str]:
    for number in range(turns):
        done.append(number)
        yield
    return "all"


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_at_once_takes_every_turn(turns: int) -> None:
    done: list[int] = []
    assert at_once(counting(turns, done)) == "all"
    assert done == list(range(turns))


def test_what_a_turn_raises_comes_through() -> None:
    def failing() -> Turns[None]:
        yield
        raise LookupError

    with pytest.raises(LookupError):
        at_once(failing())
