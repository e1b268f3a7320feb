"""A console on a real socket, and a browser's part played with http.client: cookies, forms, and the headers browsers
send of themselves.
"""

from __future__ import annotations

import html
import http.client
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from os import close, pipe
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from forgewall.record.log import EventLog
from forgewall.review.console import server
from forgewall.review.console.settings import Settings
from forgewall.review.console.tokens import Tokens
from forgewall.review.person import Role

POLICY = """\
version: 1
contact: security@acme.example
approved:
  - github.com/acme-corp   # the company
  - repo: github.com/numpy/numpy
    reason: OSS-1234
"""


NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
"""What a console's clock shows at first."""


class Clock:
    """A clock that only moves when told."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, span: timedelta) -> None:
        self.now += span


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self) -> str:
        return self.headers["location"] or ""

    def field(self, name: str) -> str:
        """The value of the first hidden field `name`."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name} in {self.text}"
        return html.unescape(found[1])


@dataclass(kw_only=True)
class Browser:
    """One browser profile, on `port`. `extra` goes with every request."""

    port: int
    host: str = ""
    client: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.send("GET", path, headers={"Sec-Fetch-Site": "same-origin", **(headers or {})})

    def post(self, path: str, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        body = urlencode(fields, doseq=True)
        own = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        return self.send("POST", path, body.encode(), {**own, **(headers or {})})

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """Headers that are None aren't sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(self.client, 0))
        given = {"Host": self.host or f"127.0.0.1:{self.port}", **self.extra, **(headers or {})}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, {name: value for name, value in given.items() if value is not None})
        response = connection.getresponse()
        answer = Answer(status=response.status, headers=response.headers, text=response.read().decode())
        connection.close()
        for cookie in response.headers.get_all("set-cookie") or []:
            name, _, rest = cookie.partition("=")
            value = rest.partition(";")[0]
            if value and "Max-Age=0" not in cookie:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def sign_in(self, token: str, following: str = "/help") -> Answer:
        form = self.get("/sign-in")
        return self.post("/sign-in", {"csrf": form.field("csrf"), "token": token, "next": following})

    def csrf(self) -> str:
        """The session's token, from a page that needs no events."""
        return self.get("/help").field("csrf")


@dataclass(frozen=True, kw_only=True)
class Console:
    settings: Settings
    port: int
    clock: Clock
    reviewer: str
    viewer: str

    def browser(self, **values: Any) -> Browser:
        return Browser(port=self.port, **values)

    def signed_in(self, token: str) -> Browser:
        browser = self.browser()
        assert browser.sign_in(token).status == 303
        return browser

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.settings.events.glob("*.jsonl")))


@contextmanager
def console(directory: Path, clock: Clock | None = None, policy: str = POLICY, **values: Any) -> Iterator[Console]:
    """A console over an event log in `directory`, with a token of each role, until the block ends."""
    clock = clock or Clock()
    events, file = directory / "events", directory / "forgewall.yaml"
    events.mkdir(exist_ok=True)
    if not file.exists():
        file.write_text(policy)
    with server.listen(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        settings = Settings(events=events, policy=file, listen=("127.0.0.1", port), clock=clock, **values)
        tokens = Tokens(settings.token_file)
        made = {} if tokens.exists() else {role: tokens.add(role.value, role, clock()) for role in Role}
        ready = threading.Event()
        reading, writing = pipe()
        thread = threading.Thread(target=server.serve, args=(settings, listener, ready.set, reading))
        thread.start()
        try:
            assert ready.wait(20)
            yield Console(
                settings=settings,
                port=port,
                clock=clock,
                reviewer=made.get(Role.REVIEWER, ""),
                viewer=made.get(Role.VIEWER, ""),
            )
        finally:
            close(writing)
            thread.join(20)
            close(reading)


def written(directory: Path, *events: Any) -> None:
    """Put `events` into the log of a console that will be, or is, in `directory`."""
    (directory / "events").mkdir(exist_ok=True)
    log = EventLog(directory / "events", clock=lambda: NOW)
    for event in events:
        log.write(event)
    log.close()
