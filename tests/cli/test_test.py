"""`forgewall test`: every test with what decided it, why one fails, and which entries none is decided by."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forgewall.cli import COMMANDS, main
from forgewall.cli import test as command
from forgewall.errors import PolicyError, UsageError

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
POLICY = """version: 1
approved:
  - github.com/acme
  - {repo: github.com/old, expires: 2026-06-30}
  - {repo: github.com/numpy/numpy, allow: [issue], who: [ana]}
forbidden: [github.com/acme/site]
tests:
"""
GOOD = "  - {do: git push https://github.com/acme/api, expect: allow}\n"
WRONG = "  - {do: git push https://github.com/acme/site, expect: allow}\n"
ELSEWHERE = "  - {do: git push https://github.com/acme/api, expect: allow, because: approved/github.com/acm}\n"
STALE = "  - {do: git push https://github.com/old/x, expect: allow}\n"


def run(tmp_path: Path, text: str, *options: str) -> int:
    path = tmp_path / "p.yaml"
    path.write_text(text, "utf-8")
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["test", str(path), *options])
    args.clock = lambda: NOW
    code: int = args.run(args)
    return code


def told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *options: str) -> tuple[int, list[str]]:
    """The exit code and the lines of the output, with the file's folder left out."""
    code = run(tmp_path, text, *options)
    return code, capsys.readouterr().out.replace(f"{tmp_path}/", "").splitlines()


def test_each_test_is_shown_with_what_decided_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "  - {do: POST https://api.github.com/repos/numpy/numpy/issues 1KiB, user: ana, expect: allow}\n"
    forbidden = "  - {do: git push https://github.com/acme/site, client: 10.0.0.1, visibility: public, expect: block}\n"
    code, lines = told(tmp_path, capsys, POLICY + GOOD + asked + forbidden)
    assert code == 0
    rows = [" ".join(line.split()) for line in lines]
    assert rows[:4] == [
        "RESULT LINE TEST VERDICT DECIDED BY WHERE",
        "passed 8 git push https://github.com/acme/api allow approved/github.com/acme p.yaml:3",
        "passed 9 POST https://api.github.com/repos/numpy/numpy/issues 1KiB (user ana) allow "
        "approved/github.com/numpy/numpy p.yaml:5",
        "passed 10 git push https://github.com/acme/site (client 10.0.0.1, public) block "
        "forbidden/github.com/acme/site p.yaml:6",
    ]
    assert rows[4] == ""
    assert rows[5].startswith("p.yaml: 3 passed, digest ")
    assert len(rows) == 6


def test_it_works_on_a_policy_whose_tests_fail_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = told(tmp_path, capsys, POLICY + GOOD + WRONG + ELSEWHERE)
    assert code == 1
    assert [line.split()[0] for line in lines[1:4]] == ["passed", "FAILED", "FAILED"]
    assert lines[5] == (
        "p.yaml:9:10: `git push https://github.com/acme/site` expects allow, but got block by "
        "`forbidden/github.com/acme/site` (p.yaml:6): github.com/acme/site is forbidden"
    )
    assert lines[7] == (
        "p.yaml:10:10: `git push https://github.com/acme/api` expects allow because of `approved/github.com/acm`, but "
        "got allow by `approved/github.com/acme` (p.yaml:3): github.com/acme is approved "
        "(did you mean `approved/github.com/acme`?)"
    )
    assert "p.yaml: 1 passed, 2 failed, digest " in "\n".join(lines)


def test_a_stale_test_refuses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = told(tmp_path, capsys, POLICY + GOOD + STALE)
    assert code == 0
    assert "it passed before an approval expired: renew that, or change the test" in lines[4]
    assert "p.yaml: 1 passed, 1 stale, digest " in "\n".join(lines)
    code, lines = told(tmp_path, capsys, POLICY + GOOD + STALE, "--at", "2026-06-30")
    assert "p.yaml: 2 passed, digest " in "\n".join(lines)
    code, lines = told(tmp_path, capsys, POLICY + GOOD + STALE, "--at", "2026-07-01T00:00:00Z")
    assert "p.yaml: 1 passed, 1 stale, digest " in "\n".join(lines)


def test_entries_without_a_test_are_listed_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = told(tmp_path, capsys, POLICY + GOOD)
    assert lines[3:6] == [
        "Entries that no test is decided by (2):",
        "p.yaml:5: approved/github.com/numpy/numpy",
        "p.yaml:6: forbidden/github.com/acme/site",
    ]
    _, lines = told(tmp_path, capsys, POLICY + GOOD, "--at", "2026-06-01")
    assert "p.yaml:4: approved/github.com/old" in lines


def test_many_entries_without_a_test_are_cut_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "version: 1\napproved:\n" + "".join(f"  - github.com/org-{number}\n" for number in range(103))
    _, lines = told(tmp_path, capsys, text)
    assert lines[1] == "Entries that no test is decided by (103):"
    assert lines[102] == "… and 3 more, which --json lists"
    run(tmp_path, text, "--json")
    assert len(json.loads(capsys.readouterr().out)["untested"]) == 103


def test_a_policy_without_tests_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "version: 1\n") == 0
    out, err = capsys.readouterr()
    assert "p.yaml: 0 passed, digest " in out
    assert err == "forgewall test: the policy has no `tests`; write what must pass, and what must not\n"


def test_programs_get_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, POLICY + GOOD + WRONG + STALE, "--json") == 1
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert {key: found[key] for key in ("passed", "stale", "failed", "at")} == {
        **{"passed": 1, "stale": 1, "failed": 1},
        "at": "2026-07-01T12:00:00+00:00",
    }
    assert len(found["digest"]) == 64
    assert [test["outcome"] for test in found["tests"]] == ["passed", "failed", "stale"]
    failed = found["tests"][1]
    assert (failed["line"], failed["action"], failed["rule"]) == (9, "block", "forbidden/github.com/acme/site")
    assert (failed["address"], failed["operation"], failed["expect"]) == ("github.com/acme/site", "push", "allow")
    assert failed["reference"].endswith("p.yaml:6")
    assert failed["message"].startswith("expects allow, but got block by ")
    assert found["tests"][0]["message"] is None
    assert [entry["line"] for entry in found["untested"]] == [5]


def test_what_cannot_be_read_is_told_as_ever(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PolicyError, match=r"p\.yaml:1:1: the policy has no `version`"):
        run(tmp_path, "mode: enforce\n")
    assert run(tmp_path, "mode: enforce\n", "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["severity"], problem["line"], problem["code"]) == ("error", 1, "")
    with pytest.raises(UsageError, match="--at: `soon` is not a date"):
        run(tmp_path, POLICY, "--at", "soon")


def test_a_broken_glass_breaks_no_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    glass = "break_glass: {until: '2026-07-02T12:00:00Z', by: ana, reason: INC-7}\n"
    block = "  - {do: git push https://github.com/x/y, expect: block}\n"
    code, lines = told(tmp_path, capsys, glass + POLICY + block)
    assert (code, lines[1].split()[0]) == (0, "passed")
    code, _ = told(tmp_path, capsys, glass + POLICY + block, "--at", "2026-06-01")
    assert code == 0


def test_what_stands_in_a_test_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = '  - {do: "PUT https://github.com/acme/\\e]0;x\\a", expect: block, user: "a\\u0085b"}\n'
    try:
        run(tmp_path, POLICY + hostile)
    except PolicyError as error:
        print(error)
    assert not {"\x1b", "\x07", "\x85"} & set(capsys.readouterr().out)


def test_it_is_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "test" in COMMANDS
    (tmp_path / "p.yaml").write_text(POLICY + WRONG, "utf-8")
    assert main(["test", str(tmp_path / "p.yaml")]) == 1
    assert "1 failed" in capsys.readouterr().out
