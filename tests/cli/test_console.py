"""`forgewall console` as a process: its greeting, its end, and what stands in its way."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.review.console.served import POLICY, Browser

START = [sys.executable, "-c", "import sys; from forgewall.cli import main; sys.exit(main())", "console"]


@contextmanager
def started(directory: Path, *words: str, pass_fds: tuple[int, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    (directory / "forgewall.yaml").write_text(POLICY)
    process = subprocess.Popen(
        [*START, "--events", directory / "events", "--policy", directory / "forgewall.yaml", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=pass_fds,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def greeted(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The port and the first token that a console prints."""
    assert process.stdout is not None
    port = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    process.stdout.readline()
    token = process.stdout.readline().strip()
    assert port, "no address"
    return int(port[1]), token


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "--listen", "127.0.0.1:0") as process:
        port, token = greeted(process)
        browser = Browser(port=port)
        assert browser.sign_in(token).status == 303
        assert browser.get("/help").status == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert err == ""
        assert out == "", "the token was printed once"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_it_ends_with_whoever_holds_its_pipe(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with started(tmp_path, "--listen", "127.0.0.1:0", "--parent-pipe", str(reading), pass_fds=(reading,)) as process:
        os.close(reading)
        greeted(process)
        assert process.poll() is None
        os.close(writing)
        assert process.wait(timeout=20) == 0


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with started(tmp_path, "--listen", f"127.0.0.1:{port}") as process:
            out, err = process.communicate(timeout=20)
    assert process.returncode == 3
    assert err == (
        f"forgewall: the console can't listen on 127.0.0.1:{port}: the port is taken. Choose another --listen.\n"
    )
    assert out == ""
    assert not (tmp_path / "events" / "console-tokens.json").exists(), "no token that nobody saw"


def test_a_broken_policy_is_shown_and_stops_nothing(tmp_path: Path) -> None:
    with started(tmp_path, "--listen", "127.0.0.1:0") as process:
        (tmp_path / "forgewall.yaml").write_text("version: 9\n")
        port, token = greeted(process)
        browser = Browser(port=port)
        browser.sign_in(token)
        assert "mistakes" in browser.get("/help").text
