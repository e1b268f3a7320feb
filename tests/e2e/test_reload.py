"""A changed policy is in force within two seconds, however it was changed, and what is under way is treated right."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.exchange import Behaviour
from demo.forge import Forge

from demo import clients

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("curl")

STRICT = "version: 1\napproved: [github.com/acme]\n"
MORE = "version: 1\napproved: [github.com/acme, github.com/partner]\n"
PARTNER = "https://api.github.com/repos/partner/shared/contents/a"


def put(run: Run, url: str = PARTNER) -> str:
    return run.curl("-X", "PUT", "-d", "x", "-w", "%{http_code}", "-o", "/dev/null", url).stdout


def loads(run: Run) -> int:
    return sum(event["event"]["action"] == "policy-loaded" for event in run.events("policy"))


def renamed_over(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text)
    new.rename(file)


def edited_in_place(file: Path, text: str) -> None:
    with file.open("r+") as opened:
        opened.write(text)
        opened.truncate()


def recreated(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)


@pytest.mark.parametrize("change", [renamed_over, edited_in_place, recreated])
def test_every_kind_of_change_counts(proxy: StartProxy, change: object) -> None:
    run = proxy(policy=STRICT)
    assert put(run) == "403"
    before = loads(run)
    change(run.policy_file, MORE)  # type: ignore[operator]
    run.wait_for(lambda: loads(run) > before, seconds=5)
    assert put(run) in {"200", "201"}
    assert "policy loaded" in run.stderr


def test_sighup_reads_the_policy_again(proxy: StartProxy) -> None:
    run = proxy(policy=STRICT)
    before = loads(run)
    os.kill(run.process.pid, signal.SIGHUP)
    run.wait_for(lambda: loads(run) > before, seconds=5)


def test_a_running_upload_keeps_its_verdict(proxy: StartProxy, forge: Forge, tmp_path: Path) -> None:
    run = proxy(policy=MORE)
    file = tmp_path / "file"
    file.write_bytes(b"x" * (512 << 10))
    with forge.behave("api.github.com", Behaviour(bytes_per_second=256 << 10)):
        outcome: list[str] = []
        upload = threading.Thread(
            target=lambda: outcome.append(
                run.curl(
                    "-T",
                    str(file),
                    "-H",
                    "transfer-encoding: chunked",
                    "-w",
                    "%{http_code}",
                    "-o",
                    "/dev/null",
                    PARTNER,
                ).stdout
            )
        )
        upload.start()
        run.wait_for(lambda: bool(forge.requests(path="partner")))
        before = loads(run)
        run.policy_file.write_text(STRICT)
        run.wait_for(lambda: loads(run) > before)
        assert put(run) == "403"
        upload.join()
    assert outcome[0] in {"200", "201"}


def test_a_tunnel_to_a_host_that_became_a_forge_is_closed(proxy: StartProxy, forge: Forge) -> None:
    host = "git.partner.example"
    run = proxy(policy=STRICT, hosts=[host])
    context = ssl.create_default_context(cafile=str(forge.ca_file))
    with socket.create_connection(("127.0.0.1", run.port), timeout=15) as connection:
        connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        assert b" 200 " in connection.recv(65536)
        with context.wrap_socket(connection, server_hostname=host) as tls:
            tls.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert tls.recv(65536).startswith(b"HTTP/1.1 200")
            run.policy_file.write_text(STRICT + f"forges: [{{host: {host}, kind: gitlab}}]\n")
            try:
                while tls.recv(65536):
                    pass
            except (ssl.SSLError, ConnectionResetError):
                pass  # closed without a goodbye: all that counts is that it is closed
    assert put(run, f"https://{host}/mallory/loot.git/x") == "403"


def test_sigterm_ends_it_cleanly_with_clients_connected(proxy: StartProxy) -> None:
    run = proxy(policy=STRICT)
    with socket.create_connection(("127.0.0.1", run.port)):
        assert run.close() == 0
    assert "Traceback" not in run.stderr


def test_a_slow_head_is_answered_and_closed(proxy: StartProxy) -> None:
    run = proxy(policy=STRICT, before="import forgewall.proxy.http1 as h; h.HEAD_SECONDS = 0.3\n")
    with socket.create_connection(("127.0.0.1", run.port), timeout=15) as connection:
        connection.sendall(b"GET http://github.com/ HTTP/1.1\r\nHost:")
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")
        assert connection.recv(65536) == b""


def test_a_killed_proxy_has_written_what_it_answered(proxy: StartProxy) -> None:
    run = proxy(policy=STRICT)
    assert put(run) == "403"
    run.process.kill()
    run.process.wait()
    assert [event["forgewall"]["action"] for event in run.events("decision")] == ["block"]
    listed = subprocess.run(
        run.program("events", "--events", str(run.events_directory)),
        env=clients.environment(run.home) | run.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "github.com/partner/shared" in listed.stdout
