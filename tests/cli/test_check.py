"""`forgewall check`: one line on a good policy, every problem of a bad one."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from forgewall.cli import check
from forgewall.errors import PolicyError


def run(path: Path) -> int:
    parser = argparse.ArgumentParser()
    check.add_parser(parser.add_subparsers())
    args = parser.parse_args(["check", str(path)])
    code: int = args.run(args)
    return code


def test_a_good_policy_is_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "version: 1\nmode: observe\napproved: [github.com/a, github.com/b]\nforbidden: [github.com/c]\n"
        "tests: [{do: git push https://github.com/a/x, expect: allow}]\n"
    )
    assert run(path) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{path}: good, mode observe, 2 approvals, 1 forbidden, 1 test passed, digest ")
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


def test_warnings_go_to_stderr_and_change_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "version: 1\napproved: [{repo: github.com/a, expires: 2020-01-01}]\n"
        "tests: [{do: git push https://github.com/a/x, expect: allow}]\n"
    )
    assert run(path) == 0
    out, err = capsys.readouterr()
    assert "1 approval, 0 forbidden, 0 tests passed" in out
    assert err.splitlines() == [
        f"{path}:2: warning: the approval of github.com/a expired at the end of 2020-01-01 (renew or remove the entry)",
        f"{path}:3: warning: the test `git push https://github.com/a/x` fails because an approval has expired "
        "(renew the approval, or change the test)",
    ]


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
