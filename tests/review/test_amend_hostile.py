"""Names, reasons and users that would like to be YAML: each stays one word of one entry, or nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forgewall.decide.load import load
from forgewall.decide.policy import Policy
from forgewall.errors import PolicyError
from forgewall.review.amend import Amended, AmendError, approve, break_glass, revoke
from forgewall.review.wish import Wish

FILE = "p.yaml"
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
TEXTS = (
    "version: 1\napproved:\n  - github.com/acme\nforbidden:\n  - github.com/acme/secret\n",
    "version: 1\napproved: [github.com/acme]\nforbidden: [github.com/acme/secret]\n",
    "version: 1\napproved: [\n  github.com/acme # c\n]\nforbidden: [github.com/acme/secret]\n",
    "version: 1\nforbidden: [github.com/acme/secret]\napproved: []",
    '{"version": 1, "approved": ["github.com/acme"], "forbidden": ["github.com/acme/secret"]}',
    "{version: 1, forbidden: [github.com/acme/secret]}\n",
)
EVIL = (
    "x}, {repo: github.com/evil",
    "x]\nforbidden: []\nx: [",
    "x\n  - github.com/evil",
    "x\r- github.com/evil",
    "x\u0085- github.com/evil",
    "x\u2028- github.com/evil",
    "x\u2029  - github.com/evil",
    "x # gone",
    "# gone",
    "x\t# gone",
    '"',
    "'",
    '\\"}, {repo: github.com/evil, reason: "',
    "' }, {repo: github.com/evil, reason: '",
    "\\",
    "\\n- github.com/evil",
    "- github.com/evil",
    "? a",
    "a: b",
    "a:",
    ": a",
    "&a b",
    "*a",
    "!!python/object:os.system x",
    "!a",
    "|",
    ">-",
    "%YAML 1.1",
    "@a",
    "`a`",
    "{}",
    "[]",
    ",",
    "---",
    "...",
    "<<",
    "=",
    "~",
    "null",
    "off",
    "yes",
    "true",
    "1",
    "0x10",
    "1e3",
    "1_000",
    ".inf",
    "2026-01-01",
    "10:30",
    "a\x00b",
    "a\x1b[31mb",
    "a\u202eb",
    "a\u200bb",
    "\ufeffa",
    "a\ufeff",
    "\ud800",
    "\U000e0041",
    "☃ é 日本",
    " a ",
    "a  b",
    "a\xa0b",
    "",
    " ",
    "x" * 1000,
    "x" * 1001,
    "x: " * 333,
    "x" * 100_000,
)


def loaded(text: str) -> Policy:
    return load(text, FILE, NOW).policy


def attempt(text: str, wish: Wish) -> Amended | None:
    """What approving gives if it gives anything; it must then be exactly one entry, as wished."""
    try:
        amended = approve(text, FILE, [wish])
    except AmendError as error:
        said = str(error)
        assert said.isprintable()
        assert len(said) < 2500
        return None
    before, after = loaded(text), loaded(amended.text)
    assert after.approvals == before.approvals + 1
    assert after.forbidden.keys() == before.forbidden.keys()
    new = [entry for each in after.approved.values() for entry in each if entry.address == wish.address][-1]
    assert (new.terms.who.terms if new.terms.who else ()) == wish.who
    assert (new.terms.scrutiny.refs or ()) == wish.refs
    assert new.terms.reason == " ".join(wish.reason.split())
    assert new.terms.owner == " ".join(wish.owner.split())
    assert "github.com/evil" not in after.approved
    return amended


@pytest.mark.parametrize("text", TEXTS, ids=["block", "row", "tall", "empty", "json", "flow"])
def test_no_text_breaks_out(text: str) -> None:
    written = 0
    for evil in EVIL:
        for wish in (
            Wish(address="github.com/x/y", reason=evil),
            Wish(address="github.com/x/y", owner=evil, reason="why"),
            Wish(address="github.com/x/y", who=(evil,)),
            Wish(address="github.com/x/y", refs=(evil, "main")),
            Wish(address=evil),
            Wish(address=f"github.com/{evil}"),
            Wish(address=f"github.com/x/{evil}", reason="why"),
        ):
            amended = attempt(text, wish)
            if amended is not None:
                written += 1
                revoke(amended.text, FILE, wish.address)
    assert written > 100


def test_what_a_policy_may_not_hold_is_refused_with_its_name() -> None:
    for char, what in (("\n", "a line break"), ("\u2028", "a line break"), ("\x1b", "U+001B"), ("\u202e", "U+202E")):
        for wish in (
            Wish(address="github.com/x/y", reason=f"a{char}b"),
            Wish(address="github.com/x/y", who=(f"a{char}b",)),
            Wish(address=f"github.com/x/a{char}b"),
        ):
            with pytest.raises(AmendError, match=rf"holds .*{what.replace('+', '.')}"):
                approve(TEXTS[0], FILE, [wish])


def test_a_no_break_space_in_a_pasted_reason_is_a_space() -> None:
    amended = approve(TEXTS[0], FILE, [Wish(address="github.com/x/y", reason="for\xa0the\u3000team ")])
    assert amended.entry == "- {repo: github.com/x/y, reason: for the team}"


def test_words_stay_words_for_every_reader_of_yaml() -> None:
    import yaml

    for evil in (
        "off",
        "null",
        "~",
        "1",
        "1e3",
        "0o17",
        "2026-01-01",
        "10:30",
        "y",
        "=",
        "<<",
        "-",
        "true",
        "1_0",
        ".5",
    ):
        amended = approve(TEXTS[0], FILE, [Wish(address="github.com/x/y", reason=evil)])
        assert yaml.safe_load(amended.text)["approved"][-1]["reason"] == evil
        assert f'reason: "{evil}"' in amended.entry


def test_quotes_stand_only_where_they_are_needed() -> None:
    for calm in (
        "OSS-1234",
        "it's fine",
        'say "x"',
        "a#b",
        "a:b",
        "for é and 日本",
        "50% of it",
        "see https://x.example/a?b",
    ):
        lines = approve(TEXTS[0], FILE, [Wish(address="github.com/x/y", reason=f"{calm}{' x' * 40}")]).entry.split("\n")
        assert lines[-1].startswith(f"  reason: {calm} x")


ANY = st.text(max_size=30) | st.text(alphabet="a:#-,[]{}\"'\\ \n&*!|>%@`?~", max_size=12)


@settings(max_examples=150)
@given(text=st.sampled_from(TEXTS), address=ANY, who=ANY, ref=ANY, reason=ANY, owner=ANY, data=st.data())
@example(text=TEXTS[0], address="a", who="a", ref="a", reason="a: b", owner="#", data=None)
def test_nothing_at_all_breaks_out(
    text: str, address: str, who: str, ref: str, reason: str, owner: str, data: st.DataObject | None
) -> None:
    plain = Wish(address="github.com/x/y")
    for wish in (
        Wish(address=f"github.com/x/{address}"),
        Wish(address=plain.address, who=(who, "bo")),
        Wish(address=plain.address, refs=("main", ref)),
        Wish(address=plain.address, reason=reason),
        Wish(address=plain.address, owner=owner, reason="why"),
    ):
        attempt(text, wish)
    try:
        amended = break_glass(text, FILE, until=NOW, by=owner, reason=reason)
    except AmendError:
        return
    glass = loaded(amended.text).break_glass
    assert glass is not None
    assert (glass.until, glass.by, glass.reason) == (NOW, " ".join(owner.split()), " ".join(reason.split()))


@settings(max_examples=300)
@given(text=st.text(alphabet="ab:#-,[]{}\"'\\ \n&*!|>%@?~", max_size=40) | st.text(max_size=40), tail=st.booleans())
def test_whatever_the_file_holds_only_our_errors_come(text: str, tail: bool) -> None:
    policy = f"version: 1\napproved:\n{text}" if tail else f"{text}\napproved: [github.com/a]\n"
    edits: tuple[Callable[[], Amended], ...] = (
        lambda: approve(policy, FILE, [Wish(address="github.com/x/y")]),
        lambda: revoke(policy, FILE, "github.com/a"),
        lambda: break_glass(policy, FILE, until=NOW, by="ana", reason="down"),
    )
    for edit in edits:
        try:
            amended = edit()
        except (AmendError, PolicyError):
            continue
        assert amended.first_line <= amended.last_line
        assert amended.entry
