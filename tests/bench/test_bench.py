"""`python -m bench` runs through and prints its tables, in its small size. How fast anything was is not looked at."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from bench.__main__ import main
from bench.client import Unexpected, requests_answered
from bench.origin import Origin
from bench.proxies import READ_PATH, straight

from bench import breadth, policies, table, traffic
from forgewall.decide.load import parse
from forgewall.identify import tables
from forgewall.identify.engine import identify
from forgewall.identify.registry import Registry


def row(printed: str, label: str) -> list[str]:
    """The cells behind `label`."""
    line = next(line for line in printed.splitlines() if line.startswith(label))
    return re.split(r"\s{2,}", line.removeprefix(label).strip())


def test_the_engine_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--small", "engine"]) == 0
    printed = capsys.readouterr().out
    unit, few, many, ratio = row(printed, "identify + decide")
    assert unit == "us/request"
    assert float(few) > 0
    assert float(many) > 0
    assert re.fullmatch(r"\d+\.\d\dx", ratio)
    assert row(printed, "write an event")[0] == "events/s"
    unit, few, many, ratio = row(printed, "identify  ")
    assert unit == "us/request"
    assert float(few) > 0
    assert float(many) > 0
    assert re.fullmatch(r"\d+\.\d\dx", ratio)


def test_few_forges_and_rows_are_enough_for_the_requests() -> None:
    asked = breadth.requests()
    all_ = [identify(request, Registry.build()) for request in asked]
    with breadth.few_rows():
        few = [identify(request, breadth.few_hosts()) for request in asked]
        assert tables.table("github-api").match("POST", ("user", "repos")) is None
    assert few == all_
    assert few[-2:] == [None, None]
    assert breadth.few_hosts().lookup("codeberg.org") is None
    assert tables.table("github-api").match("POST", ("user", "repos")) is not None


@pytest.mark.e2e
def test_both_proxies_are_measured_in_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--small", "traffic"]) == 0
    printed = capsys.readouterr().out
    labels = [
        "small GET",
        "small POST",
        "new TLS connection",
        "upload of 1 MiB, Content-Length",
        "upload of 1 MiB, chunk",
    ]
    labels += ["upload of 1 MiB, HTTP/2"] if traffic.curl_speaks_http2() else []
    for label in labels:
        assert re.fullmatch(r"\d+\.\d\dx", row(printed, label)[-1]), printed


def test_an_unknown_part_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["trafic"])
    assert ended.value.code == 2
    assert "engine, review, traffic" in capsys.readouterr().err


def test_an_answer_that_is_not_the_origins_ends_the_measurement(tmp_path: Path) -> None:
    with Origin(tmp_path / "origin") as origin:
        route = straight(origin)
        assert requests_answered(route, 1, 0.01, "POST", READ_PATH, b"{}") >= 0
        refused = replace(route, proxy_port=9)
        with pytest.raises((OSError, Unexpected)):
            requests_answered(refused, 2, 0.01, "GET", READ_PATH, b"")


def test_the_policies_and_requests_of_the_benchmark_are_real() -> None:
    policy = parse(policies.text(25), "policy.yaml")
    assert policy.approvals == 25
    targets = [identify(request, policy.registry) for request in policies.requests(25, 200)]
    assert all(target is not None and target.identified for target in targets)


def test_numbers_keep_three_digits() -> None:
    assert [table.number(value) for value in (12_345.6, 100.2, 85.24, 1.234, 0.7312, 0)] == [
        "12,346",
        "100",
        "85.2",
        "1.23",
        "0.731",
        "0",
    ]
    assert table.ratio([2, 9, 4], [1, 3, 2]) == "2.00x"
    assert table.ratio([], []) == "-"
