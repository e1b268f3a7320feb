"""A `forgewall run` process for the demo and the end-to-end tests: started, waited for by its ready line, and ended.

It talks to the proxy as an operator does: command line, standard output, event files. It imports nothing of it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

_START = "import sys; from forgewall.cli import main; sys.exit(main())"  # what the console script does
_ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")


class NotReadyError(Exception):
    """The proxy ended, or said nothing, before its ready line; the message holds what it printed."""


class Proxy:
    """A running proxy. Everything it writes lies below `directory`; `close` ends it and waits.

    `policy` is the policy file's text, `connect_to` the values of --connect-to, `upstream_ca` a PEM file, `options`
    further command-line words, `before` Python code that runs first in its process.
    NotReadyError if no line beginning `forgewall ready` comes within `seconds`.
    """

    def __init__(
        self,
        directory: Path,
        policy: str,
        *,
        connect_to: Sequence[str] = (),
        upstream_ca: Path | None = None,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        before: str = "",
        seconds: float = 30,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.policy_file = directory / "policy.yaml"
        self.events_directory = directory / "events"
        self.certificates = directory / "certs"
        self.ca_file = self.certificates / "forgewall-ca.pem"
        self.policy_file.write_text(policy, encoding="utf-8")
        self.stdout_lines: list[str] = []
        self._stderr_file = directory / "stderr.txt"
        self._ready = threading.Event()
        self.environment = _environment(directory) | dict(env or {})
        self.command = self.program("run", before=before)
        self.command += ["--policy", str(self.policy_file), "--listen", "127.0.0.1:0"]
        self.command += ["--events", str(self.events_directory), "--certs", str(self.certificates)]
        if upstream_ca is not None:
            self.command += ["--upstream-ca", str(upstream_ca)]
        for value in connect_to:
            self.command += ["--connect-to", value]
        with self._stderr_file.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*self.command, *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=self.environment,
                cwd=directory,
                start_new_session=True,  # Ctrl-C is ours; the proxy gets SIGTERM from `close`
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = self._wait_ready(seconds)
        except BaseException:
            self.close()
            raise
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def program(*arguments: str, before: str = "") -> list[str]:
        """The command line of `forgewall` with `arguments`; needs `environment`. Python code may come `before`."""
        return [sys.executable, "-c", before + _START, *arguments]

    def wait_for(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Return as soon as `condition` holds; AssertionError with what the proxy wrote if it doesn't in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"the proxy did not come to it in {seconds:.0f} s. It wrote:\n{self.stderr}")
            time.sleep(0.02)

    @property
    def stderr(self) -> str:
        """All the proxy wrote to standard error so far."""
        return self._stderr_file.read_text(encoding="utf-8", errors="replace")

    @property
    def ready_line(self) -> str:
        """The line that said the proxy serves; empty if there was none."""
        return next((line for line in self.stdout_lines if line.startswith("forgewall ready")), "")

    def events(self) -> list[dict[str, Any]]:
        """The events written so far, oldest first."""
        files = sorted(self.events_directory.glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def memory(self) -> int:
        """The proxy's resident memory in bytes (Linux only)."""
        return self._status("VmRSS")

    def peak_memory(self) -> int:
        """The highest resident memory so far, or since `reset_peak`, in bytes (Linux only)."""
        return self._status("VmHWM")

    def reset_peak(self) -> None:
        """Count the peak from now on (proc(5), clear_refs)."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")

    def _status(self, name: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:"))) * 1024

    def close(self) -> int:
        """End the proxy as an operator does (SIGTERM), by force after 10 s; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        code = self.process.wait()
        self._reader.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.stdout_lines.append(line.rstrip("\n"))
            if line.startswith("forgewall ready"):
                self._ready.set()
        self._ready.set()  # the end of the output also ends the waiting

    def _wait_ready(self, seconds: float) -> int:
        in_time = self._ready.wait(seconds)
        match = _ADDRESS.search(self.ready_line)
        if match is None:
            code = self.close()
            why = f"ended with exit code {code}" if in_time else f"was silent for {seconds:.0f} s"
            printed = "\n".join([*self.stdout_lines, self.stderr])
            raise NotReadyError(f"the proxy {why} before it was ready. It printed:\n{printed}")
        return int(match[1])


def _environment(home: Path) -> dict[str, str]:
    sources = Path(__file__).resolve().parent.parent / "addons"
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(sources),
        "PYTHONUNBUFFERED": "",
    }
