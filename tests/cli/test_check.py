"""`forgewall check`: one line on a good policy, every problem of a bad one."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forgewall.cli import check
from forgewall.errors import PolicyError

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def run(path: Path, *options: str) -> int:
    parser = argparse.ArgumentParser()
    check.add_parser(parser.add_subparsers())
    args = parser.parse_args(["check", str(path), *options])
    args.clock = lambda: NOW
    code: int = args.run(args)
    return code


def test_a_good_policy_is_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "version: 1\nmode: observe\napproved: [github.com/a, github.com/b]\nforbidden: [github.com/c]\ntests:\n"
        "  - {do: git push https://github.com/a/x, expect: allow}\n"
        "  - {do: git push https://github.com/b/x, expect: allow}\n"
        "  - {do: git push https://github.com/c/x, expect: log}\n"
    )
    assert run(path) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{path}: good, mode observe, 2 approvals, 1 forbidden, 3 tests passed, digest ")
    assert out.count("\n") == 1
    assert err == ""


def test_limits_are_counted_where_there_are_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("version: 1\nlimits: {per_client: [1MiB/1h, 5 uploads/1m]}\n")
    assert run(path) == 0
    assert "0 forbidden, 2 limits, 0 tests passed" in capsys.readouterr().out


def test_addresses_with_ids_are_counted_where_there_are_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("version: 1\napproved: [{repo: gitlab.com/a/b, id: [1, 2]}, {repo: gitlab.com/A/b, id: 1}]\n")
    assert run(path) == 0
    assert "2 approvals, 0 forbidden, ids of 1 address, 0 tests passed" in capsys.readouterr().out


EXPIRED = (
    "version: 1\napproved:\n  - {repo: github.com/a, expires: 2020-01-01}\n  - github.com/b\n"
    "tests: [{do: git push https://github.com/a/x, expect: allow}]\n"
)


def test_warnings_go_to_stderr_by_their_kind_and_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(EXPIRED)
    assert run(path) == 0
    out, err = capsys.readouterr()
    assert "2 approvals, 0 forbidden, 0 tests passed" in out
    assert err.splitlines() == [
        "Expired (1):",
        f"{path}:3: warning: the approval of github.com/a expired at the end of 2020-01-01 "
        "(renew or remove the entry) [expired]",
        "",
        "Tests that fail because an approval has expired (1):",
        f"{path}:5: warning: the test `git push https://github.com/a/x` fails because an approval has expired "
        "(renew the approval, or change the test) [stale-test]",
        "",
        "Entries without a test (1):",
        f"{path}:4: warning: no test is decided by `approved/github.com/b` (add one to `tests`) [untested]",
    ]


def test_warnings_can_count_as_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(EXPIRED)
    assert run(path, "--warnings-as-errors") == 1
    assert capsys.readouterr().err.endswith("\n3 warnings, taken for errors\n")
    assert run(path, "--warnings-as-errors", "--json") == 1
    path.write_text("version: 1\n")
    assert run(path, "--warnings-as-errors") == 0


def test_many_warnings_of_a_kind_are_cut_for_people_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("version: 1\napproved:\n" + "  - github.com/a\n" * 30)
    assert run(path) == 0
    err = capsys.readouterr().err
    assert "Written twice (29):" in err
    assert "… and 9 more, which --json lists" in err
    assert err.count(": warning: ") == 21
    assert run(path, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 30


def test_programs_get_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(EXPIRED + "break_glass: {until: '2026-07-01T13:00:00Z', by: ana, reason: INC-7}\n")
    assert run(path, "--json") == 0
    out, err = capsys.readouterr()
    found: dict[str, Any] = json.loads(out)
    assert err == ""
    assert (found["good"], found["mode"], found["observing"], found["approvals"]) == (True, "enforce", True, 2)
    assert found["tests"] == {"passed": 0, "stale": 1}
    assert found["break_glass"] == {"until": "2026-07-01T13:00:00+00:00", "by": "ana", "reason": "INC-7"}
    assert len(found["digest"]) == 64
    assert [(problem["code"], problem["line"]) for problem in found["problems"]] == [
        *(("expired", 3), ("untested", 4), ("stale-test", 5), ("break-glass", 6)),
    ]
    assert found["problems"][0] == {
        "severity": "warning",
        "code": "expired",
        "file": str(path),
        "line": 3,
        "column": 1,
        "message": "the approval of github.com/a expired at the end of 2020-01-01",
        "hint": "renew or remove the entry",
    }


def test_programs_get_all_errors_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("mode: on\naproved: []\n")
    assert run(path, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["good"] is False
    assert [problem["severity"] for problem in found["problems"]] == ["error"] * 3


def test_a_broken_glass_stands_in_the_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("version: 1\nbreak_glass: {until: '2026-07-01T13:00:00Z', by: ana, reason: INC-7}\n")
    assert run(path) == 0
    out, err = capsys.readouterr()
    assert "mode enforce, GLASS BROKEN until 2026-07-01T13:00:00Z, 0 approvals" in out
    assert "nothing is blocked for another 1 hour" in err


def test_a_bad_policy_raises_all_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("mode: on\naproved: []\n")
    with pytest.raises(PolicyError) as caught:
        run(path)
    assert len(caught.value.problems) == 3
    assert caught.value.exit_code == 1
    assert all(line.startswith(f"{path}:") for line in str(caught.value).splitlines())


def test_a_missing_file_is_a_policy_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="there is no such policy file"):
        run(tmp_path / "none.yaml")
