"""A forge behind a name of somebody's choice: the address that a connection arrives at tells it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.e2e.test_connections import blocks, client_hello, connect, converse

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

MIRROR = "mirror.example.org"
TOOLS = "tools.example.org"


@pytest.fixture
def guarded(proxy: StartProxy, tmp_path: Path) -> Run:
    """A proxy to which all that is local belongs to github.com, which serves the tools from there, too."""
    table = tmp_path / "forges.ranges"
    table.write_text(f"github.com 127.0.0.1/32\ngithub.com but {TOOLS}\n", encoding="utf-8")
    return proxy(hosts=(MIRROR, TOOLS), options=("--forge-ranges", str(table)))


def test_a_push_by_another_name_is_refused_before_a_byte_goes_on(guarded: Run, forge: Forge) -> None:
    forge.make_repository(f"{MIRROR}/mallory/loot")
    result = guarded.git("push", f"https://{MIRROR}/mallory/loot", "main", cwd=guarded.work_tree())
    assert not result.ok
    assert "403" in result.output
    assert blocks(guarded) == ["host-mismatch"]
    assert f"{MIRROR} leads to an address of github.com" in str(guarded.events("decision"))
    assert forge.requests() == []


def test_the_answer_says_which_name_to_use(guarded: Run) -> None:
    answer = converse(guarded, connect(MIRROR, 443))
    assert f"{MIRROR} leads to an address of github.com; use the name github.com instead".encode() in answer


def test_plain_http_by_another_name_is_refused(guarded: Run, forge: Forge) -> None:
    result = guarded.curl("-d", "@-", f"http://{MIRROR}/anything", stdin=b"secret words")
    assert "leads to an address of github.com" in result.output
    assert blocks(guarded) == ["host-mismatch"]
    assert forge.requests() == []


def test_the_forge_itself_and_what_else_its_owner_serves_pass(guarded: Run, forge: Forge) -> None:
    forge.make_repository("github.com/acme/api")
    result = guarded.git("push", "https://github.com/acme/api", "main", cwd=guarded.work_tree())
    assert result.ok, result.output
    assert guarded.curl("--insecure", f"https://{TOOLS}/").ok  # untouched, so with a certificate of the local forge
    assert blocks(guarded) == []


def test_a_name_that_conceals_the_host_is_refused(guarded: Run, forge: Forge) -> None:
    answer = converse(guarded, connect(TOOLS, 443), client_hello("cloudflare-ech.com"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n")
    assert blocks(guarded) == ["host-mismatch"]
    assert "Encrypted Client Hello" in str(guarded.events("decision"))
    assert forge.requests() == []
