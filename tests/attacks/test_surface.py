"""Bypass attempts, one JSON line each in surface.jsonl, all through one real proxy to one origin for all their names.

A row states its `idea`. It is a request (`method`, `url`, `headers`, `body`) or the `raw` bytes of one, after what an
attacker would send `before`; each of those tells whether it passes by having an `answer`, which the origin then gives.
None of the attempt may reach the origin: no head and no part of a body. A `twin` says how the row has to be changed to
be approved work; that must arrive, so that the attempt isn't refused for another reason than it is meant to show.

`{t}` is the attempt's own token, `{9x}` are nine letters. Other fields: `connect` and `sni` (what is opened, and asked
for in TLS; null for none), `http` "2" with `pseudo` instead of its pseudo-headers, `length` (announced, and nothing
sent), `from` (the client's address), `base64` (a body of bytes), `ips` (the host is at an address that is said to be a
forge's), `cut` (the body alone condemns it, so that its head may have gone before; not a byte of the body has).
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from demo.answer import Answer as Reply
from demo.exchange import Behaviour
from demo.forge import HOSTS, Forge
from demo.journal import Seen
from demo.wire import Head
from tests.attacks.raw import Answer
from tests.attacks.shots import MARK, Client, Shot, filled
from tests.e2e.conftest import StartProxy

HERE = Path(__file__).parent
ELSEWHERE = "127.0.0.2"
"""The address of a forge, as far as this proxy was told."""

POLICY = """\
version: 1
contact: security@acme.example
forges:
  - {host: git.acme.example, kind: gitlab}
  - {host: ghe.acme.example, kind: github, path: /ghe}
  - {host: bb.acme.example, kind: bitbucket}
  - {host: tea.acme.example, kind: gitea}
approved:
  - github.com/acme
  - gist.github.com/acme
  - acme.ghe.com/acme
  - ghe.acme.example/acme
  - gitlab.com/acme/platform
  - git.acme.example/acme
  - bitbucket.org/acme
  - bb.acme.example/ACME
  - dev.azure.com/acme
  - codeberg.org/acme
  - tea.acme.example/acme
  - huggingface.co/acme
  - git-codecommit.eu-west-1.amazonaws.com/v1/repos/api
  - git.code.sf.net/p/acme
  - git.sr.ht/~acme
  - chromium.googlesource.com/acme
  - repo: github.com/acme-web
    allow: [code, text, create-repo, fork]
  - repo: gitlab.com/acme-web
    allow: [code, text, create-repo, fork, import]
  - repo: bitbucket.org/acme-web
    allow: [code, text, create-repo, fork, visibility]
  - repo: bb.acme.example/WEB
    allow: [code, text, create-repo, fork, transfer]
"""


def rows(file: str) -> list[dict[str, Any]]:
    """The rows of a corpus beside this file."""
    return [json.loads(line) for line in (HERE / file).read_text("utf-8").splitlines()]


ROWS = rows("surface.jsonl")


class Origin:
    """What the local forge answers under all names, and what it saw of each token."""

    def __init__(self, forge: Forge) -> None:
        self.forge = forge
        self.answers: dict[str, Any] = {}
        self.bodies: list[bytes] = []

    def answer(self, head: Head, body: bytes) -> Reply | None:
        """The answer that the row planned for this token."""
        self.bodies.append(body)
        planned = self.answers.get(head.header(MARK) or "")
        if not planned:
            return None
        content = planned.get("body", planned.get("json", {}))
        content = content if isinstance(content, str) else json.dumps(content)
        kind = planned.get("type", "application/json; charset=utf-8")
        headers = tuple(planned.get("headers", {}).items())
        return Reply(status=planned.get("status", 200), content=content.encode(), media_type=kind, headers=headers)

    def arrived(self) -> tuple[Counter[str], list[Seen]]:
        """How often each token was seen in heads and bodies, and requests that hold none."""
        tokens: Counter[str] = Counter()
        strays = []
        for seen in self.forge.requests():
            found = set(_TOKEN.findall(f"{seen.method} {seen.path} {seen.headers} {seen.note}"))
            tokens.update(found)
            strays += [] if found and (seen.outcome == "complete" or not seen.body) else [seen]
        for body in self.bodies:
            tokens.update(_TOKEN.findall(body.decode("latin-1")))
        return tokens, strays


_TOKEN = re.compile(r"q\d{4}(?:a|t|b\d+)")


class Log:
    """The proxy's events, each read once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: Counter[Path] = Counter()

    def grown(self) -> bool:
        """Whether there is one that wasn't read."""
        return any(file.stat().st_size > self._read[file] for file in self._directory.glob("*.jsonl"))

    def read(self) -> list[dict[str, Any]]:
        """The events since the last time."""
        found = []
        for file in sorted(self._directory.glob("*.jsonl")):
            with file.open("rb") as lines:
                lines.seek(self._read[file])
                data = lines.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read[file] += len(whole)
            found += [json.loads(line) for line in whole.splitlines()]
        return found


class Listener:
    """Somebody at the address of a forge, who only notes what comes."""

    def __init__(self) -> None:
        self.received = bytearray()
        self._listener = socket.create_server((ELSEWHERE, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while data := connection.recv(65536):
                self.received += data

    def close(self) -> None:
        """Take nobody in any more."""
        self._listener.close()


@dataclass(slots=True)
class Outcome:
    """What became of one row. `event` tells that the refusal stands in the log."""

    answer: Answer
    event: bool
    code: str = ""
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Battle:
    """All rows, sent once."""

    outcomes: list[Outcome]
    arrived: Counter[str]
    strays: list[Seen]
    elsewhere: bytes


def _hosts() -> set[str]:
    """All names that the rows open, but those at the address of a forge."""
    found = set(HOSTS)
    for row in ROWS:
        for one in (row, *row.get("before", ()), {**row, **row.get("twin", {})}):
            connect = (one.get("connect") or "").rpartition(":")[0]
            found.update(name for name in (urlsplit(one["url"]).hostname, connect) if name and not row.get("ips"))
    return {name.lower().removesuffix(".") for name in found}


@pytest.fixture(scope="module")
def battle(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Battle]:
    directory = tmp_path_factory.mktemp("surface")
    here = _hosts()
    origin, listener, start = Origin(_forge), Listener(), StartProxy(directory, _forge)
    table = directory / "forges.ranges"
    table.write_text(f"github.com {ELSEWHERE}/32 140.82.112.0/20 2606:50c0::/32\n", encoding="utf-8")
    led = [f"::{ELSEWHERE}:{listener.port}"]  # whatever isn't one of the origin's names
    with contextlib.ExitStack() as stack:
        stack.callback(start.close)
        stack.callback(listener.close)
        for host in here:
            stack.enter_context(_forge.behave(host, Behaviour(answer=origin.answer)))
        run = start(POLICY, hosts=sorted(here), connect_to=led, options=("--forge-ranges", str(table)))
        client, log = Client(run), Log(run.events_directory)
        _forge.settle()
        _forge.clear()
        outcomes = [_fought(number, row, client, origin, log) for number, row in enumerate(ROWS)]
        assert _forge.settle()
        arrived, strays = origin.arrived()
        yield Battle(outcomes, arrived, strays, bytes(listener.received))


def _fought(number: int, row: dict[str, Any], client: Client, origin: Origin, log: Log) -> Outcome:
    """Send one row with what stands before it, and its twin."""
    token = f"q{number:04}"
    plain = {key: value for key, value in row.items() if key not in ("before", "twin")}
    for index, one in enumerate(row.get("before", ())):
        origin.answers[f"{token}b{index}"] = one.get("answer")
        client.send(Shot(token=f"{token}b{index}", row=filled(one, f"{token}b{index}")))
    log.read()
    answer = client.send(Shot(token=f"{token}a", row=filled(plain, f"{token}a")))
    if answer.status == 0:
        with contextlib.suppress(AssertionError):
            client.run.wait_for(log.grown, 1)
    blocks = [event for event in log.read() if event["forgewall"].get("action") == "block"]
    if "twin" in row:
        client.send(Shot(token=f"{token}t", row=filled({**plain, **row["twin"]}, f"{token}t")))
    return Outcome(answer, bool(blocks), blocks[0]["forgewall"].get("code", "") if blocks else "")


NUMBERS = [pytest.param(number, id=f"{row['class']}: {row['idea']}") for number, row in enumerate(ROWS)]


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing_of_it_arrives(battle: Battle, number: int) -> None:
    """Not one byte of the attempt is at the origin, and the refusal stands in the log."""
    row, outcome = ROWS[number], battle.outcomes[number]
    token = f"q{number:04}"
    assert battle.arrived[f"{token}a"] == bool(row.get("cut")), f"{row['idea']}: it arrived"
    unread = outcome.answer.status in (0, 400) and not row.get("ips")  # a parser of HTTP gave up
    assert outcome.event or unread, f"{row['idea']}: nothing in the log says that it was refused ({outcome.answer})"
    for index, one in enumerate(row.get("before", ())):
        there = bool(battle.arrived[f"{token}b{index}"])
        assert there == ("answer" in one), f"{row['idea']}: request {index} before it"
    if "twin" in row:
        assert battle.arrived[f"{token}t"], f"{row['idea']}: approved work of this shape is refused, too"


def test_nothing_else_arrives(battle: Battle) -> None:
    """No request without a token, whole or broken, and nothing at all where a forge hides behind another name."""
    assert battle.strays == []
    assert battle.elsewhere == b""


def test_there_are_enough_of_each_class() -> None:
    """At least 200 attempts, and no class has the same idea twice."""
    ideas = Counter((row["class"], row["idea"]) for row in ROWS)
    assert len(ROWS) >= 200
    assert [idea for idea, times in ideas.items() if times > 1] == []
    assert min(Counter(row["class"] for row in ROWS).values()) >= 3
