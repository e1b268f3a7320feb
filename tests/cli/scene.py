"""A policy file, and a log of what it decided, as a proxy would have written them, for commands to read."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.record import samples

import forgewall
from forgewall.cli import main
from forgewall.decide.cases import judge
from forgewall.decide.load import load
from forgewall.decide.policy import Policy
from forgewall.decide.sentence import parse_sentence
from forgewall.model import Subject, Visibility
from forgewall.record.event import Decision, PolicyRef, Upload
from forgewall.record.log import EventLog

SOURCES = Path(forgewall.__file__).parents[1]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
POLICY = """version: 1
contact: security@acme.example
approved:
  - github.com/acme-corp
  - repo: github.com/numpy/numpy
    allow: [issue]
defaults: {writes: block}  # by default
"""
ANA = Subject(client="10.1.2.3", port=51544, user="ana@acme.example", source="proxy-auth")


@dataclass
class Scene:
    """`directory` holds `events/` and `policy.yaml`."""

    directory: Path
    text: str = POLICY
    made: int = field(default=0)

    def __post_init__(self) -> None:
        self.events = self.directory / "events"
        self.file = self.directory / "policy.yaml"
        self.file.write_text(self.text)
        self.log = EventLog(self.events)

    @property
    def policy(self) -> Policy:
        return load(self.text, str(self.file)).policy

    def decision(
        self,
        sentence: str = "git push https://github.com/mallory/loot",
        *,
        subject: Subject = ANA,
        ago: timedelta = timedelta(hours=1),
        visibility: Visibility | None = None,
        **changes: Any,
    ) -> Decision:
        """What the policy says of `sentence`, written to the log."""
        policy = self.policy
        parsed = parse_sentence(sentence)
        target, verdict = judge(policy, parsed, subject, NOW - ago, visibility)
        self.made += 1
        exchange = replace(
            samples.EXCHANGE,
            host=parsed.request.host,
            method=parsed.request.method,
            path=parsed.request.path,
            content_length=parsed.size,
        )
        event = samples.decision(
            **{
                "request_id": f"r-{self.made}",
                "subject": subject,
                "target": target,
                "verdict": verdict,
                "exchange": exchange,
                "policy": PolicyRef(digest=policy.digest, file=policy.file, mode=policy.mode),
                "time": NOW - ago,
                **changes,
            }
        )
        self.log.write(event)
        return event

    def upload(self, decision: Decision, **changes: Any) -> Upload:
        """How the body of `decision` ended."""
        event = samples.upload(**{"decision": decision, "time": decision.time + timedelta(seconds=2), **changes})
        self.log.write(event)
        return event

    def run(self, command: str, *words: str, clock: Callable[[], datetime] = lambda: NOW) -> int:
        """The command on this log and, if it takes one, this policy."""
        places = ["--events", str(self.events)]
        places += ["--policy", str(self.file)] if command == "show" else []
        return main([command, *places, *words], clock=clock)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """A process of its own, with this log and policy in its environment."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(SOURCES),
            "FORGEWALL_EVENTS": str(self.events),
            "FORGEWALL_POLICY": str(self.file),
            **options.pop("env", {}),
        }
        return subprocess.Popen([sys.executable, "-c", MAIN, *words], env=environment, **options)

    def on_terminal(self, *words: str, columns: int = 120, env: dict[str, str] | None = None) -> str:
        """What the command prints on a terminal so wide, standard output and error together."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        plain = {"TERM": "xterm-256color", "NO_COLOR": "", "FORCE_COLOR": "", "COLUMNS": "", "PYTHONUTF8": "1"}
        with self.start(*words, stdin=follower, stdout=follower, stderr=follower, env=plain | (env or {})):
            os.close(follower)
            got = b""
            with suppress(OSError):  # how Linux tells that nobody writes any more
                while more := os.read(leader, 65536):
                    got += more
        os.close(leader)
        return got.decode().replace("\r\n", "\n")


MAIN = "import sys; from forgewall.cli import main; sys.exit(main())"
