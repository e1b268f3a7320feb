from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.ancestry import Ancestry


def name(number: int) -> bytes:
    return number.to_bytes(20)


@given(st.lists(st.sets(st.integers(0, 20), max_size=3), max_size=20), st.integers(0, 25), st.integers(0, 25))
def test_it_walks_to_all_that_can_be_reached(parents: list[set[int]], old: int, new: int) -> None:
    """Commit n has only parents below n; those from 0 to 4 are outside of the pack."""
    ancestry, graph = Ancestry(20), dict[int, set[int]]()
    for number, chosen in enumerate(parents, 5):
        graph[number] = {parent for parent in chosen if parent < number}
        ancestry.add(name(number), map(name, graph[number]))
    reached, waiting = {new}, [new]
    while waiting:
        for parent in graph.get(waiting.pop(), ()):
            if parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    assert ancestry.keeps(name(old), name(new)) == (old in reached if new in graph else None)
    assert ancestry.whole


def test_bounds() -> None:
    ancestry = Ancestry(20, commits=3)
    ancestry.add(name(1), (name(2), name(3)))
    assert ancestry.whole
    ancestry.add(name(2), (name(4),))
    assert not ancestry.whole
    ancestry = Ancestry(20, steps=10)
    for number in range(100):
        ancestry.add(name(number + 1), (name(number),))
    assert ancestry.keeps(name(98), name(100)) is True
    assert ancestry.keeps(name(0), name(100)) is None
    assert not ancestry.whole
