"""Filters as people spell them, on the command line and in a page's address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.errors import UsageError
from forgewall.model import Kind, Operation
from forgewall.review.case import State
from forgewall.review.filters import DATASETS, NAMES, VERDICTS, Filters, as_words, matches, parse_filters
from forgewall.review.row import Row

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
ROW = Row(
    id="01M87E5GPZ1AEKKSXTH33DC157", time=NOW, dataset="decision", outcome="blocked", alert=True,
    user="Ana@acme.example", client="10.1.2.3", forge="github", host="github.com", address="github.com/Acme/Api",
    key="github.com/acme/api", owner="Acme", repository="Api", visibility="", operation="push", effect="write",
    code="unapproved", rule="defaults/Writes", reference="p.yaml:3", reason="it isn't approved",
    message="Blocked git push by Ana@acme.example (10.1.2.3) to github.com/Acme/Api", bytes=5,
    signals=("secret:aws-access-token",), digest="5f", request_id="r", case_id="C-0123456789",
)  # fmt: skip


def parsed(*words: tuple[str, str]) -> Filters:
    return parse_filters(words, NOW)


@pytest.mark.parametrize(
    ("word", "time"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("24h", NOW - timedelta(hours=24)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("30s", NOW - timedelta(seconds=30)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T09:00:00Z", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("2026-11-24T09:00:00+02:00", datetime(2026, 11, 24, 7, tzinfo=UTC)),
        ("2026-11-24T09:00", datetime(2026, 11, 24, 9, tzinfo=UTC)),
    ],
)
def test_times(word: str, time: datetime) -> None:
    assert parsed(("since", word)).since == time
    assert parsed(("until", f" {word} ")).until == time


def test_names_repeat_and_commas_separate() -> None:
    filters = parsed(("user", "ana, bob"), ("user", "eve"), ("user", "ana"), ("text", "git"), ("text", "push"))
    assert filters.user == ("ana", "bob", "eve")
    assert filters.text == "git push"
    assert parsed(("user", r"Lima\, Ana,ACME\bob,a\\b\\")).user == ("Lima, Ana", "ACME\\bob", "a\\b\\")


@pytest.mark.parametrize(
    ("spelled", "values"),
    [
        (r"\\,0", ("\\", "0")),
        (r"a\,b,c", ("a,b", "c")),
        (r"a\b", ("a\\b",)),
        (r"a\\\,b", ("a\\,b",)),
        (r"a\\,b", ("a\\", "b")),
        ("\\", ("\\",)),
        (",,a,", ("a",)),
    ],
)
def test_backslashes_before_commas(spelled: str, values: tuple[str, ...]) -> None:
    assert parsed(("user", spelled)).user == values


def test_nothing_that_is_asked_is_everything() -> None:
    assert parsed(*[(name, "") for name in NAMES], ("user", " , ,")) == Filters()


def test_words_are_taken_as_people_write_them() -> None:
    filters = parsed(
        ("address", "https://GitHub.com/Acme/api.git, ssh://git@gitlab.com/x/"),
        ("client", "10.1.2.3,10.1.0.0/16,2001:DB8:0::5"),
        ("operation", "Push"),
        ("verdict", "BLOCKED,would-block"),
        ("dataset", "upload"),
        ("state", "false-positive"),
        ("case", "0123456789,c-abcdefghjk"),
        ("forge", "GitHub,git.acme.example"),
        ("alerts", "yes"),
    )
    assert filters.address == ("GitHub.com/Acme/api", "gitlab.com/x")
    assert filters.client == ("10.1.2.3", "10.1.0.0/16", "2001:db8::5")
    assert filters.operation == ("push",)
    assert filters.verdict == ("blocked", "would-block")
    assert filters.state == (State.FALSE_POSITIVE,)
    assert filters.case_id == ("C-0123456789", "C-ABCDEFGHJK")
    assert filters.forge == ("github", "git.acme.example")
    assert filters.alerts
    assert not parsed(("alerts", "no")).alerts


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("usr", "x", "`usr` is no filter; did you mean `user`?"),
        ("operation", "psh", "`psh` is no operation; did you mean `push`?"),
        ("verdict", "block", "`block` is no verdict; did you mean `blocked`?"),
        ("dataset", "decisions", "did you mean `decision`?"),
        ("state", "mute", "`mute` is no state; did you mean `muted`?"),
        ("state", "zzz", "it is one of open, approved, false-positive, confirmed, muted"),
        ("forge", "githb", "`githb` is no forge; did you mean `github`?"),
        ("client", "10.1.2", "`10.1.2` is no address and no network; write for instance `10.1.2.3`"),
        ("since", "yesterday", "`yesterday` is no time; write a span before now such as `90m`"),
        ("since", "999999999w", "is no time"),
        ("until", "2026-13-45", "is no time"),
        ("alerts", "maybe", "`maybe` is neither `yes` nor `no`"),
    ],
)
def test_a_word_that_is_wrong_is_named_with_the_nearest_right_one(name: str, value: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parsed((name, value))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_strangers_put_into_an_address_is_told_without_harm() -> None:
    with pytest.raises(UsageError) as raised:
        parsed(("operation", "\x1b[31m\u202e<script>" + "x" * 5000))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 1000


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]) | st.sampled_from(",\\ "), min_size=1, max_size=12)
spelled = words.map(str.strip).filter(bool)
several = st.lists(spelled, max_size=3, unique=True).map(tuple)
hosts = st.sampled_from(["github", "git.acme.example", "10.0.0.1", "localhost"])
times = st.none() | st.datetimes(
    datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))])
)


def chosen(*values: object) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.sampled_from(values), max_size=3, unique=True).map(tuple)


@given(
    st.builds(
        Filters,
        since=times,
        until=times,
        user=several,
        client=chosen("10.1.2.3", "10.0.0.0/8", "2001:db8::5"),
        forge=st.lists(hosts, unique=True).map(tuple),
        address=several.map(lambda found: tuple(one for one in found if one == _bare(one))),
        operation=chosen(*[operation.value for operation in Operation]),
        verdict=chosen(*VERDICTS),
        code=several,
        rule=several,
        signal=several,
        dataset=chosen(*DATASETS),
        state=chosen(*State),
        case_id=chosen("C-0123456789", "C-ABCDEFGHJK"),
        alerts=st.booleans(),
        text=spelled | st.just(""),
    )
)
def test_what_is_spelled_is_read_again(filters: Filters) -> None:
    spelling = as_words(filters)
    assert parse_filters(spelling, NOW) == filters
    assert {name for name, _ in spelling} <= set(NAMES)


def _bare(address: str) -> str:
    return parse_filters([("address", address.replace("\\", "\\\\").replace(",", "\\,"))], NOW).address[0]


@given(st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=5), st.text(max_size=20)), max_size=5))
def test_anything_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    try:
        filters = parse_filters(pairs, NOW)
    except UsageError:
        return
    assert parse_filters(as_words(filters), NOW) == filters


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        (Filters(), True),
        (Filters(since=NOW), True),
        (Filters(until=NOW), False),
        (Filters(user=("ANA@ACME.example",)), True),
        (Filters(user=("ana",)), False),
        (Filters(address=("GITHUB.com/acme",)), True),
        (Filters(address=("github.com/acm",)), False),
        (Filters(address=("github.com/acme/api/x",)), False),
        (Filters(signal=("secret",)), True),
        (Filters(signal=("secret:aws",)), False),
        (Filters(rule=("DEFAULTS/writes",)), True),
        (Filters(forge=("github.com",)), True),
        (Filters(forge=("gitlab", "github")), True),
        (Filters(user=("ana@acme.example",), operation=("issue",)), False),
        (Filters(state=(State.OPEN,)), True),
        (Filters(state=(State.MUTED,)), False),
        (Filters(text="push acme/api"), True),
        (Filters(text="zebra"), False),
        (Filters(client=("10.0.0.0/8",), case_id=("C-0123456789",)), True),
    ],
)
def test_whether_a_row_fits(filters: Filters, fits: bool) -> None:
    assert matches(filters, ROW) is fits


def test_all_kinds_are_forges() -> None:
    assert parsed(("forge", ",".join(Kind))).forge == tuple(Kind)
