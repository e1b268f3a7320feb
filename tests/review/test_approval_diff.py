from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from forgewall.review.approval_diff import diff

lines = st.lists(st.sampled_from(["a", "b", "", "- x", "# c"]), max_size=12).map(
    lambda found: "".join(f"{line}\n" for line in found)
)


def applied(old: str, patch: tuple[str, ...]) -> list[str]:
    """The new lines by a unified diff, as patch(1) makes them."""
    before, after, at = old.split("\n")[:-1], list[str](), 0
    for line in patch[2:]:
        if line.startswith("@@"):
            start, _, count = line.split()[1][1:].partition(",")
            first = int(start) - (1 if count != "0" else 0)
            after += before[at:first]
            at = first
        elif line.startswith("+"):
            after.append(line[1:])
        else:
            assert before[at] == line[1:]
            after += [] if line.startswith("-") else [before[at]]
            at += 1
    return after + before[at:]


@given(lines, lines)
def test_a_diff_leads_from_one_text_to_the_other(old: str, new: str) -> None:
    found = diff(old, new, "p.yaml")
    assert applied(old, found) == new.split("\n")[:-1]
    assert bool(found) == (old != new)


def test_it_is_as_difflib_has_it_for_one_change() -> None:
    old = "".join(f"line {number}\n" for number in range(50))
    new = old.replace("line 20\n", "line 20\nmore\n")
    expected = difflib.unified_diff(old.splitlines(), new.splitlines(), "p", "p", n=3, lineterm="")
    assert list(diff(old, new, "p")) == list(expected)


def test_a_long_policy_costs_little() -> None:
    old = "".join(f"  - github.com/a/{number}\n" for number in range(100_000))
    assert len(diff(old, old + "  - github.com/b\n", "p")) == 7
