"""What people see: real git-lfs and curl against our replies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.enforce.conftest import Client, need
from tests.enforce.origin import serving
from tests.enforce.samples import CONTACT, EVENT, refusal
from tests.enforce.test_git_output import Late

from forgewall.enforce.reply import Reply, refuse
from forgewall.model import Operation, Request


@pytest.mark.parametrize(("code", "limit"), [("unapproved", None), ("too-large", 1 << 20), ("log-unwritable", None)])
def test_git_lfs_prints_the_whole_message(client: Client, work: Path, code: str, limit: int | None) -> None:
    need("git-lfs")
    for command in (("lfs", "install"), ("lfs", "track", "*.bin")):
        assert client("git", *command, cwd=work).returncode == 0
    (work / "a.bin").write_bytes(b"x" * 1000)
    assert client("git", "add", ".", cwd=work).returncode == 0
    assert client("git", "commit", "-q", "-m", "lfs", cwd=work).returncode == 0
    late = Late()

    def answer(request: Request, body: bytes) -> Reply:
        if "/info/lfs/" not in request.path:
            return late(request, body)
        return refuse(refusal(code=code, limit=limit, operation=Operation.LFS_UPLOAD), request, None)

    with serving(answer) as origin:
        done = client("git", "push", origin.url + "/mallory/loot.git", "main", cwd=work)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "batch response: " in output
    assert "this LFS upload to github.com/mallory/loot" in output
    assert "not an approved repository" in output
    assert CONTACT in output
    assert EVENT in output
    assert not any("git-receive-pack" in line for line in origin.seen if line.startswith("POST"))


def test_curl_prints_text_for_a_put_and_json_for_an_api(client: Client, tmp_path: Path) -> None:
    need("curl")
    file = tmp_path / "secret.txt"
    file.write_text("x" * 5000)
    with serving(lambda request, _: refuse(refusal(), request, None)) as origin:
        put = client("curl", "-sS", "-i", "-T", str(file), origin.url + "/x/y")
        api = client("curl", "-sS", "-d", "{}", origin.url + "/api/v3/repos/mallory/loot/issues")
        head = client("curl", "-sS", "-I", origin.url + "/x/y")
    assert "HTTP/1.1 403 " in put.stdout
    assert f"x-forgewall-event: {EVENT}" in put.stdout
    assert put.stdout.endswith(f"What to do: ask {CONTACT} to approve it, quoting event {EVENT}.\n")
    assert EVENT in json.loads(api.stdout)["message"]
    assert head.returncode == 0
    assert EVENT in head.stdout
