"""`forgewall run --console`: proxy and console together, as two processes that end together."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.review.console.served import POLICY, Browser

START = [sys.executable, "-c", "import sys; from forgewall.cli import main; sys.exit(main())", "run"]


def test_the_console_comes_with_the_proxy_and_goes_with_it(tmp_path: Path) -> None:
    """Standard output ends only when both processes have: the kill leaves nobody behind."""
    (tmp_path / "forgewall.yaml").write_text(POLICY)
    process = subprocess.Popen(
        [
            *START,
            *("--policy", tmp_path / "forgewall.yaml", "--events", tmp_path / "events", "--certs", tmp_path / "certs"),
            *("--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("forgewall ready on 127.0.0.1:")
        found = re.search(r"forgewall console on http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert found
        process.stdout.readline()
        token = process.stdout.readline().strip()
        browser = Browser(port=int(found[1]))
        assert browser.sign_in(token).status == 303
        assert "Policy" in browser.get("/policy").text
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
        assert rest == ""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(found[1])))
    finally:
        process.kill()
        process.wait()


def test_a_console_that_cant_start_doesnt_take_the_proxy_along(tmp_path: Path) -> None:
    (tmp_path / "forgewall.yaml").write_text(POLICY)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = subprocess.Popen(
            [
                *START,
                *("--policy", tmp_path / "forgewall.yaml", "--events", tmp_path / "events"),
                *("--certs", tmp_path / "certs", "--listen", "127.0.0.1:0"),
                *("--console", f"127.0.0.1:{taken.getsockname()[1]}"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            port = re.match(r"forgewall ready on 127\.0\.0\.1:(\d+)", process.stdout.readline())
            assert port
            told = ""
            while "goes on without it" not in told:
                line = process.stderr.readline()
                assert line, told
                told += line
            assert "the port is taken" in told
            socket.create_connection(("127.0.0.1", int(port[1]))).close()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
            assert process.returncode == 0
        finally:
            process.kill()
            process.wait()
