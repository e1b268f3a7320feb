import argparse
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.cli import identify as command
from forgewall.errors import PolicyError, UsageError
from forgewall.identify.registry import Registry

REGISTRY = Registry.build()


def answer(line: str) -> dict[str, object]:
    (found,) = command.answers([line], REGISTRY)
    assert "\n" not in found
    row: dict[str, object] = json.loads(found)
    return row


def test_a_push() -> None:
    row = {"id": 7, "method": "GET", "url": "https://u:p@github.com/Acme/api.git/info/refs?service=git-receive-pack"}
    assert answer(json.dumps(row)) == {
        "id": 7,
        "forge": "github",
        "host": "github.com",
        "owner": "Acme",
        "repository": "api",
        "operation": "push",
        "effect": "write",
        "also": [],
        "evidence": "git push: info/refs asks for git-receive-pack",
    }


def test_a_host_that_is_no_forge() -> None:
    found = answer('{"id":"a","method":"GET","url":"https://example.com/"}')
    assert found["id"] == "a"
    assert {found[key] for key in ("forge", "host", "owner", "repository", "operation", "effect")} == {None}
    assert found["also"] == []
    assert found["evidence"] == "the host is no forge"


@pytest.mark.parametrize(
    "body, operation",
    [
        ({"operation": "download"}, "fetch"),
        ('{"operation": "download"}', "fetch"),
        ({"operation": "upload"}, "lfs-upload"),
        (None, "lfs-upload"),
        ("", "lfs-upload"),
        (3, "lfs-upload"),
    ],
)
def test_a_body_is_text_or_json(body: object, operation: str) -> None:
    row = {"method": "POST", "url": "https://github.com/acme/api/info/lfs/objects/batch", "body": body}
    assert answer(json.dumps(row))["operation"] == operation


def test_headers_may_have_any_case_and_several_values() -> None:
    row = {"id": 1, "method": "GET", "url": "https://github.com/acme", "headers": {"X-HTTP-Method": ["GET", "PUT"]}}
    assert answer(json.dumps(row))["operation"] == "unidentified"
    row["headers"] = {"Content-Length": 5}
    assert answer(json.dumps(row))["operation"] == "unidentified"


@pytest.mark.parametrize(
    "line, error",
    [
        ("nonsense", "the line is not JSON"),
        ("[]", "the line is not a JSON object"),
        ('{"id":[]}', "`id` must be a string or a number"),
        ('{"id":NaN}', "the line is not JSON: NaN"),
        ('{"id":4}', "`method` must be a string"),
        ('{"id":4,"method":"GET"}', "`url` must be a string"),
        ('{"id":4,"method":"GET","url":"github.com/acme"}', "is not an absolute http or https URL"),
        ('{"id":4,"method":"GET","url":"https://github.com","headers":[]}', "`headers` must be an object"),
        ('{"id":4,"method":"GET","url":"https://github.com","headers":{"a":{}}}', "the header `a` must be a string"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_a_broken_line_is_answered_with_an_error(line: str, error: str) -> None:
    found = answer(line)
    assert set(found) == {"id", "error"}
    assert error in str(found["error"])
    assert found["id"] == (4 if '"id":4' in line else None)


def run(monkeypatch: pytest.MonkeyPatch, octets: bytes, policy: Path | None = None) -> int:
    stdin = io.TextIOWrapper(io.BytesIO(octets))
    monkeypatch.setattr("sys.stdin", stdin)
    return command.run(argparse.Namespace(policy=policy))


def test_lines_are_answered_in_order(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    long = b'{"id":2,"x":"' + b"x" * command.MAX_LINE + b'"}'
    lines = [b'{"id":1,"method":"GET","url":"https://gitlab.com/"}', b"\xff\xfe", b"", long, b'{"id":3}']
    assert run(monkeypatch, b"\n".join(lines)) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == [1, None, None, 3]
    assert "longer than" in rows[2]["error"]


POLICY = "version: 1\nforges:\n  - {host: git.acme.example, kind: gitlab}\n"


def test_a_policy_names_self_hosted_forges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    line = b'{"id":1,"method":"POST","url":"https://git.acme.example/a/b/c.git/git-receive-pack"}\n'
    assert run(monkeypatch, line, policy) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["forge"], found["owner"], found["repository"]) == ("gitlab", "a/b", "c")


def test_a_policy_names_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\napproved:\n  - {repo: gitlab.com/acme/a/api, id: 1234}\n")
    line = b'{"id":1,"method":"POST","url":"https://gitlab.com/api/v4/projects/1234/issues"}\n'
    assert run(monkeypatch, line, policy) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["owner"], found["repository"], found["operation"]) == ("acme/a", "api", "issue")


def test_a_policy_that_can_t_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="can't be read: No such file"):
        run(monkeypatch, b"", tmp_path / "none.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 9\n")
    with pytest.raises(PolicyError):
        run(monkeypatch, b"", bad)


def test_the_command_is_registered() -> None:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["identify", "--policy", "p.yaml"])
    assert args.run is command.run
    assert args.policy == Path("p.yaml")


@given(st.text(max_size=60).map(lambda text: text.replace("\n", " ").replace("\r", " ") or "x"))
def test_any_line_is_answered(text: str) -> None:
    for found in command.answers([text], REGISTRY):
        assert isinstance(json.loads(found), dict)
