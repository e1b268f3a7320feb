"""`forgewall explain`: target, rules tried, verdict, each with its place."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from forgewall.cli import explain
from forgewall.errors import PolicyError, UsageError

POLICY = """\
version: 1
approved:
  - github.com/acme
  - {repo: github.com/acme/team, who: [ana, 10.4.0.0/16], expires: 2027-01-31}
defaults: {writes: block}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.yaml"
    path.write_text(POLICY)
    return path


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    explain.add_parser(parser.add_subparsers())
    args = parser.parse_args(["explain", *words])
    code: int = args.run(args)
    return code


def explained(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert run(*words, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_text_names_target_rules_and_verdict(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(path), "git push https://github.com/acme/team", "--at", "2026-07-01") == 0
    said = capsys.readouterr().out
    note = "the approval of github.com/acme/team is not for 127.0.0.1 (no user is known)"
    assert said == (
        "request    GET https://github.com/acme/team/info/refs?service=git-receive-pack\n"
        "target     github.com/acme/team on github.com (github)\n"
        "operation  push (write)\n"
        "evidence   git push: info/refs asks for git-receive-pack\n"
        "subject    no user from 127.0.0.1\n"
        f"rule       {path}:4  approved/github.com/acme/team  no: {note}\n"
        f"rule       {path}:5  defaults/writes  yes: `writes: block` applies\n"
        f"verdict    block (unapproved): {note}\n"
        f"decided by defaults/writes  {path}:5\n"
    )


def test_user_client_and_time_count(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    team = (str(path), "git push https://github.com/acme/team")
    for words, action in (
        (["--at", "2027-01-31"], "block"),
        (["--at", "2027-01-31", "--user", "ana"], "allow"),
        (["--at", "2027-01-31", "--client", "10.4.0.1"], "allow"),
        (["--at", "2027-02-01T00:00:00Z"], "allow"),
    ):
        assert explained(capsys, *team, *words)["verdict"]["action"] == action


def test_json_holds_everything(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, str(path), "git", "push", "https://github.com/acme/api", "60MiB", "--user", "ana")
    assert found["request"]["size"] == 60 * 2**20
    assert found["target"]["address"] == "github.com/acme/api"
    assert found["target"]["operation"] == "push"
    assert found["subject"] == {"user": "ana", "client": "127.0.0.1"}
    assert found["verdict"] == {
        "action": "block",
        "code": "too-large",
        "rule": "defaults/max_upload",
        "reference": "built-in",
        "reason": "60 MiB is over the limit of 50 MiB for github.com/acme",
        "would_action": None,
        "max_upload": 50 * 2**20,
        "over": "block",
    }
    assert [step["rule"] for step in found["trace"]] == ["approved/github.com/acme", "defaults/max_upload"]
    assert found["policy"]["mode"] == "enforce"


EXAMINED = """\
version: 1
approved:
  - {repo: github.com/acme, refs: [main, "release/*"], deletes: log, inspect: headers, content: {keys: block}}
  - {repo: github.com/watched, mode: observe, inspect: off}
content: {archives: log, paths: {"*.kdbx": block}}
defaults: {force: block}
limits: {per_client: 20MiB/1h, per_user: 9 uploads/1d, per_owner: 1GiB/1d, unapproved: 1MiB/1h}
"""


def test_an_upload_is_told_how_it_is_examined(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(EXAMINED)
    assert run(str(path), "git push https://github.com/acme/api main") == 0
    said = capsys.readouterr().out
    assert "\nchanges    refs/heads/main (update)\n" in f"\n{said}"
    assert said.endswith(
        "limit      50 MiB, beyond it block\n"
        "inspect    headers: refs, names in URLs, announced sizes; no contents\n"
        f"refs       main, release/*  {path}:3\n"
        f"deletes    log  {path}:3\n"
        f"force      block  {path}:6\n"
        "content    secrets: log  built-in\n"
        f"content    archives: log  {path}:5\n"
        f"content    keys: block  {path}:3\n"
        f"content    *.kdbx: block  {path}:5\n"
        f"limit      per_client 20MiB/1h, beyond it block  {path}:7\n"
        f"limit      per_owner 1GiB/1d, beyond it block  {path}:7\n"
    )
    assert run(str(path), "git push https://github.com/watched/api", "--user", "ana") == 0
    said = capsys.readouterr().out
    assert "inspect    off: a push's refs, nothing else\n" in said
    assert "content" not in said
    assert "observe    what would be cut is only logged\n" in said
    assert f"limit      per_user 9 uploads/1d, beyond it block  {path}:7\n" in said
    assert "unapproved" not in said
    assert run(str(path), "git push https://github.com/acme/api dev") == 0
    said = capsys.readouterr().out
    assert "verdict    block (ref): refs/heads/dev can't be pushed to github.com/acme: " in said
    assert "inspect" not in said
    assert run(str(path), "git push https://github.com/acme/api +main") == 0
    assert "verdict    block (ref): refs/heads/main of github.com/acme would be rewritten" in capsys.readouterr().out
    assert run(str(path), "git clone https://github.com/acme/api") == 0
    assert "inspect" not in capsys.readouterr().out


def test_json_holds_how_it_is_examined(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(EXAMINED + "mode: observe\n")
    found = explained(capsys, str(path), "git push https://github.com/stranger/x :old")
    assert found["request"]["refs"] == [{"name": "refs/heads/old", "action": "delete"}]
    assert found["scrutiny"] == {
        "inspect": "full",
        "refs": None,
        "deletes": "allow",
        "force": "block",
        "content": {"secrets": "log", "archives": "log", "*.kdbx": "block"},
        "observing": True,
        "rule": "defaults/writes",
        "reference": "built-in",
        "limits": [
            {"per": "client", "limit": "20MiB/1h", "over": "block", "reference": f"{path}:7"},
            {"per": "owner", "limit": "1GiB/1d", "over": "block", "reference": f"{path}:7"},
            {"per": "unapproved", "limit": "1MiB/1h", "over": "block", "reference": f"{path}:7"},
        ],
    }
    assert explained(capsys, str(path), "git clone https://github.com/stranger/x")["scrutiny"] is None


VISIBLE = "version: 1\napproved: [{repo: github.com/acme, visibility: private}]\n"


def test_who_can_see_the_repository_may_be_supposed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(VISIBLE)
    push = (str(path), "git push https://github.com/acme/api")
    assert run(*push) == 0
    said = capsys.readouterr().out
    assert "\nvisibility" not in said
    assert "verdict    block (visibility): whether github.com/acme/api is private isn't known yet, and " in said
    assert run(*push, "--visibility", "private") == 0
    said = capsys.readouterr().out
    assert "\nvisibility private\n" in said
    assert "verdict    allow (approved): " in said
    found = explained(capsys, *push, "--visibility", "public")
    assert found["target"]["visibility"] == "public"
    assert (found["verdict"]["action"], found["verdict"]["code"]) == ("block", "visibility")
    assert explained(capsys, *push)["target"]["visibility"] is None


def test_a_word_that_is_no_visibility_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(str(path), "git push https://github.com/acme/api", "--visibility", "secret")
    assert caught.value.code == 2
    assert "private" in capsys.readouterr().err


def test_ids_of_the_policy_are_known(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text("version: 1\napproved: [{repo: gitlab.com/acme/a/api, id: 1234}]\n")
    found = explained(capsys, str(path), "POST https://gitlab.com/api/v4/projects/1234/issues 10")
    assert (found["target"]["address"], found["verdict"]["action"]) == ("gitlab.com/acme/a/api", "allow")


def test_a_host_that_is_no_forge_is_told(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(path), "PUT https://files.example/x 3MiB") == 0
    said = capsys.readouterr().out
    assert "target     none: files.example is no code forge\n" in said
    assert "verdict    allow (other-host): " in said


def test_nothing_acts_on_the_terminal(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(path), "PUT https://github.com/a/\x1b[31mb") == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["git shove https://github.com/a/b"],
        ["git push git@github.com:a/b"],
        ["git push https://github.com/a/b", "--at", "soon"],
        ["git push https://github.com/a/b", "--client", "here"],
    ],
)
def test_what_is_not_understood_is_a_usage_error(path: Path, words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        run(str(path), *words)
    assert caught.value.exit_code == 2


def test_a_bad_policy_is_a_policy_error(path: Path) -> None:
    path.write_text("version: 3\n")
    with pytest.raises(PolicyError):
        run(str(path), "git push https://github.com/a/b")
