"""What other end-to-end tests stand on: repositories of any size and git-lfs, made for a test and pushed for real."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from demo.batch import MINIO
from demo.exchange import Behaviour
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.e2e.conftest import Run


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_repository_of_many_files_is_pushed_whole(gateway: Run, forge: Forge, object_format: str) -> None:
    address = "github.com/acme/many"
    forge.make_repository(address, object_format=object_format)
    contents = {f"src/{number % 7}/ä {number}.txt": b"%d\n" % number for number in range(300)}
    repository = gateway.repository(contents.items(), object_format=object_format)
    files = gateway.files(repository)
    assert {path: size for path, (_, size) in files.items()} == {path: len(data) for path, data in contents.items()}
    assert {len(oid) for oid, _ in files.values()} == {40 if object_format == "sha1" else 64}
    pushed = gateway.git("push", f"https://{address}", "main", cwd=repository)
    assert pushed.ok, str(pushed)
    assert len(forge.git(address, "ls-tree", "-r", "main").splitlines()) == 300


@pytest.mark.needs("git-lfs")
def test_objects_go_to_a_store_and_come_back(gateway: Run, forge: Forge) -> None:
    address = "git.acme.example/acme/images"
    forge.make_repository(address)
    contents = {"disks/one.iso": os.urandom(200_000), "two.bin": os.urandom(10)}
    tree = gateway.lfs_tree(contents)
    with forge.behave("git.acme.example", Behaviour(lfs=MINIO)):
        pushed = gateway.git("push", f"https://{address}", "main", cwd=tree)
        assert pushed.ok, str(pushed)
        copy = gateway.lfs_clone(f"https://{address}")
    assert {path: (copy / path).read_bytes() for path in contents} == contents
    assert len(forge.requests(host=MINIO.store, method="PUT")) == 2
