"""git-lfs against the local forge: objects end where the forge's style says, and locks are held for real."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from demo.batch import GITHUB, GOOGLE, HUGGING_FACE, MINIO, LfsStyle
from demo.exchange import Behaviour
from demo.forge import Forge
from tests.demo.conftest import Client

from demo import lfs_agent

pytestmark = pytest.mark.e2e


def oid(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def push(client: Client, forge: Forge, host: str, style: LfsStyle, *contents: bytes) -> Path:
    """Push git-lfs objects to a new repository of `host` and fetch them again; the work tree."""
    forge.make_repository(f"{host}/acme/images")
    tree = client.lfs_tree(*contents)
    for name, value in (("path", sys.executable), ("args", lfs_agent.__file__)):
        client.run("git", "config", f"lfs.customtransfer.multipart.{name}", value, cwd=tree).check()
    with forge.behave(host, Behaviour(lfs=style)):
        url = f"https://{host}/acme/images.git"
        client.run("git", "push", url, "main", cwd=tree).check()
        copy = client.home / "copy"
        filters = ("-c", "filter.lfs.smudge=git-lfs smudge -- %f", "-c", "filter.lfs.process=git-lfs filter-process")
        client.run("git", *filters, "clone", "-q", url, str(copy)).check()
    for number, content in enumerate(contents):
        assert (copy / f"{number}.iso").read_bytes() == content
        assert forge.store.file(oid(content)).read_bytes() == content
    return tree


@pytest.mark.parametrize(
    "host, style",
    [("github.com", GITHUB), ("git.acme.example", GOOGLE), ("git.acme.example", MINIO), ("gitlab.com", LfsStyle())],
    ids=["github", "google", "minio", "itself"],
)
def test_objects_are_put_where_the_style_says_and_verified(
    client: Client, lfs_forge: Forge, host: str, style: LfsStyle
) -> None:
    contents = [os.urandom(300_000), os.urandom(10)]
    push(client, lfs_forge, host, style, *contents)
    puts = lfs_forge.requests(host=style.store or host, method="PUT")
    assert sorted(seen.sha256 for seen in puts) == sorted(map(oid, contents))
    assert {seen.status for seen in puts} == {200}
    if style.content_type is not None:
        assert {seen.header("content-type") for seen in puts} == {style.content_type}
    told = lfs_forge.requests(host=style.verify or host, path="/verify", method="POST")
    told = [seen for seen in told if "locks" not in seen.path]
    assert len(told) == (len(puts) if style.verify is not None else 0)
    assert {seen.status for seen in told} <= {200}


def test_parts_are_put_as_hugging_face_announces_them(client: Client, lfs_forge: Forge) -> None:
    content = os.urandom(250_000)
    push(client, lfs_forge, "huggingface.co", replace(HUGGING_FACE, part_bytes=100_000), content)
    parts = lfs_forge.requests(host=HUGGING_FACE.store, method="PUT")
    assert [seen.body for seen in parts] == [100_000, 100_000, 50_000]
    (completed,) = lfs_forge.requests(host="huggingface.co", path="/api/complete_multipart")
    assert completed.status == 200


def batch(client: Client, host: str, contents: list[bytes], **more: object) -> dict[str, Any]:
    """The forge's answer to an upload batch."""
    objects = [{"oid": oid(content), "size": len(content)} for content in contents]
    request = json.dumps({"operation": "upload", "objects": objects, **more})
    url = f"https://{host}/acme/images/info/lfs/objects/batch"
    answer = json.loads(client.run("curl", "-sS", "-d", request, url).check().stdout)
    assert isinstance(answer, dict)
    return answer


def test_a_style_may_name_any_transfer_and_answer_errors(client: Client, lfs_forge: Forge) -> None:
    good, bad = os.urandom(10), os.urandom(10)
    style = LfsStyle(transfer="tus", errors={oid(bad): (422, "too strange")})
    with lfs_forge.behave("github.com", Behaviour(lfs=style)):
        answer = batch(client, "github.com", [good, bad])
        assert batch(client, "github.com", [good], hash_algo="sha512") == {"message": "unsupported hash algorithm"}
    assert answer["transfer"] == "tus"
    first, second = answer["objects"]
    assert "upload" in first["actions"]
    assert second["error"] == {"code": 422, "message": "too strange"}
    assert "actions" not in second


@pytest.mark.parametrize("content", [b"", b"[]", b'{"operation": 1}', b'{"objects": [1], "operation": "upload"}'])
def test_what_is_no_batch_is_answered_422(client: Client, lfs_forge: Forge, content: bytes) -> None:
    (client.home / "body").write_bytes(content)
    url = "https://github.com/acme/images/info/lfs/objects/batch"
    answer = client.run("curl", "-sS", "-w", "%{http_code}", "--data-binary", "@body", url)
    assert answer.stdout.endswith("422")


def test_locks_are_held_by_their_owner(client: Client, lfs_forge: Forge) -> None:
    lfs_forge.make_repository("github.com/acme/locked")
    tree = client.lfs_tree(b"x")
    client.run("git", "push", "https://ana:x@github.com/acme/locked.git", "main", cwd=tree).check()
    for name in ("ana", "ben"):
        client.run("git", "remote", "add", name, f"https://{name}:x@github.com/acme/locked.git", cwd=tree).check()

    def lfs(remote: str, *command: str) -> str:
        url = f"https://{remote}:x@github.com/acme/locked.git/info/lfs"
        result = client.run("git", "-c", f"lfs.url={url}", "lfs", *command, cwd=tree)
        return f"{result.returncode} {result.output}"

    assert lfs("ana", "lock", "0.iso").startswith("0 Locked 0.iso")
    assert "already locked" in lfs("ben", "lock", "0.iso")
    assert "ana" in lfs("ben", "locks")
    (tree / "0.iso").write_bytes(b"y")
    client.run("git", "commit", "-qam", "changed", cwd=tree).check()
    refused = client.run("git", "push", "ben", "main", cwd=tree)
    assert not refused.ok
    assert "0.iso - ana" in refused.output, str(refused)
    assert "belongs to ana" in lfs("ben", "unlock", "--id=1")
    assert lfs("ana", "unlock", "0.iso").startswith("0 Unlocked 0.iso")
    client.run("git", "push", "ben", "main", cwd=tree).check()
