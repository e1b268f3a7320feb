"""Rolling limits: as written, as compiled, and as told to those beyond them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.limits import over_limit, window_of, written
from forgewall.decide.load import parse
from forgewall.model import Action, Limit

MIB = 2**20


def test_limits_are_compiled_in_the_order_of_their_keys() -> None:
    policy = parse(
        """\
version: 1
limits:
  unapproved: 10MiB/1h
  per_client: [500MiB/1h, 1000 uploads/1d]
  per_user: 1GB/31d
  per_repository: 5 uploads/1m
  per_owner: 512 KiB / 2w
  over: log
""",
        "p.yaml",
    )
    found = [(limit.per, limit.seconds, limit.size, limit.uploads, limit.reference) for limit in policy.limits]
    assert found == [
        ("client", 3600, 500 * MIB, None, "p.yaml:4"),
        ("client", 86400, None, 1000, "p.yaml:4"),
        ("user", 31 * 86400, 10**9, None, "p.yaml:5"),
        ("owner", 14 * 86400, 512 * 1024, None, "p.yaml:7"),
        ("repository", 60, None, 5, "p.yaml:6"),
        ("unapproved", 3600, 10 * MIB, None, "p.yaml:3"),
    ]
    assert {limit.over for limit in policy.limits} == {Action.LOG}


def test_there_are_no_limits_unless_they_are_written_and_they_block() -> None:
    assert parse("version: 1\n", "p.yaml").limits == ()
    assert parse("version: 1\nlimits:\n", "p.yaml").limits == ()
    [limit] = parse("version: 1\nlimits: {per_client: 1MiB/1h}\n", "p.yaml").limits
    assert limit.over is Action.BLOCK


@pytest.mark.parametrize(
    "text",
    [
        "20MiB/1h",
        "1000 uploads/1d",
        "1536MiB/2w",
        "1GB/1h",
        "4097B/1h",
        "1B/1m",
        "1 uploads/90m",
        "10MiB/31d",
        "1MB/61m",
    ],
)
def test_a_limit_is_written_as_in_the_file(text: str) -> None:
    (size, uploads), seconds = window_of(text)
    limit = Limit(per="client", seconds=seconds, size=size, uploads=uploads)
    assert written(limit) == text


@given(st.integers(1, 2**50), st.integers(1, 31 * 1440).map(lambda minutes: minutes * 60), st.booleans())
def test_what_is_written_reads_the_same(number: int, seconds: int, by_size: bool) -> None:
    count = (number, None) if by_size else (None, number % 10**8 + 1)
    text = written(Limit(per="client", seconds=seconds, size=count[0], uploads=count[1]))
    assert window_of(text) == (count, seconds)


@given(st.text(max_size=20))
def test_any_text_is_a_window_or_a_value_error(text: str) -> None:
    try:
        window_of(text)
    except ValueError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said


CASES = [
    (
        Limit(per="client", seconds=3600, size=20 * MIB),
        "10.0.0.7",
        (20 * MIB, 20),
        "limits/per_client",
        "10.0.0.7 has sent 20 MiB in the last hour, and `limits: per_client: 20MiB/1h` allows no more",
    ),
    (
        Limit(per="user", seconds=86400, size=MIB),
        "ana",
        (MIB // 2, 1),
        "limits/per_user",
        "ana has sent 512 KiB in the last day, and with this upload it would be more than "
        "`limits: per_user: 1MiB/1d` allows",
    ),
    (
        Limit(per="repository", seconds=5400, uploads=1),
        "github.com/acme/api",
        (10, 1),
        "limits/per_repository",
        "github.com/acme/api was sent 1 upload in the last 90 minutes, and "
        "`limits: per_repository: 1 uploads/90m` allows no more",
    ),
    (
        Limit(per="owner", seconds=14 * 86400, uploads=2000),
        "github.com/acme",
        (10, 2001),
        "limits/per_owner",
        "github.com/acme was sent 2,001 uploads in the last 2 weeks, and "
        "`limits: per_owner: 2000 uploads/2w` allows no more",
    ),
    (
        Limit(per="unapproved", seconds=3600, size=MIB),
        "10.0.0.7",
        (0, 0),
        "limits/unapproved",
        "10.0.0.7 has sent nothing to addresses that aren't approved in the last hour, and this upload alone would be "
        "more than `limits: unapproved: 1MiB/1h` allows",
    ),
]


@pytest.mark.parametrize(("limit", "who", "used", "rule", "reason"), CASES)
def test_who_is_beyond_a_limit_is_told(limit: Limit, who: str, used: tuple[int, int], rule: str, reason: str) -> None:
    verdict = over_limit(limit, who, *used)
    assert (verdict.action, verdict.code, verdict.rule, verdict.reason) == (Action.BLOCK, "volume", rule, reason)


def test_log_and_observe_let_pass() -> None:
    logged = over_limit(Limit(per="client", seconds=3600, size=1, over=Action.LOG, reference="p.yaml:3"), "x", 1, 1)
    assert (logged.action, logged.would_action, logged.reference) == (Action.LOG, None, "p.yaml:3")
    observed = over_limit(Limit(per="client", seconds=3600, size=1), "x", 1, 1, observing=True)
    assert (observed.action, observed.would_action) == (Action.LOG, Action.BLOCK)
