"""How long the console's pages take over a long log: a whole answer over a real socket, as a browser waits for it."""

from __future__ import annotations

import http.client
import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench import table
from bench.plan import Plan
from bench.review_log import END
from forgewall.review.console import server
from forgewall.review.console.settings import Settings
from forgewall.review.console.tokens import Tokens
from forgewall.review.person import Role

PAGES = (
    ("overview of 24 hours", "/"),
    ("overview of 7 days", "/?span=7d"),
    ("overview of 30 days", "/?span=30d"),
    ("open cases", "/cases?state=open"),
    ("cases of pushes to a forge, 7 days", "/cases?address=github.com&operation=push&since=7d"),
    ("cases of a user", "/cases?user=user-250@acme.example"),
    ("cases with a word", "/cases?text=stranger-77"),
    ("events, alerts alone", "/events?alerts=yes&operation=push"),
    ("live tail", "/live"),
)
"""Pages and what they are called in the table."""
_POLICY = "version: 1\napproved: [github.com/acme-corp]\n"


def pages(directory: Path, plan: Plan) -> Iterator[Sequence[str]]:
    """Rows of the table: milliseconds of each page over the log in `directory`, whose index is built."""
    with _console(directory) as (port, token):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = _signed_in(connection, port, token)
        for name, path in PAGES:
            times = []
            for _ in range(plan.review_rounds):
                start = time.perf_counter()
                answer = _get(connection, path, headers)
                times.append((time.perf_counter() - start) * 1e3)
                assert answer.startswith("<!doctype html>"), path
            yield [f"page: {name}", "ms", table.middle(times)]
        connection.close()


@contextmanager
def _console(directory: Path) -> Iterator[tuple[int, str]]:
    """A console over the log in `directory`, its port and a token for it."""
    policy = directory.parent / "forgewall.yaml"
    policy.write_text(_POLICY, encoding="utf-8")
    with server.listen(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        settings = Settings(events=directory, policy=policy, listen=("127.0.0.1", port), clock=lambda: END)
        token = Tokens(settings.token_file).add("bench", Role.VIEWER, END)
        ready = threading.Event()
        reading, writing = os.pipe()
        thread = threading.Thread(target=server.serve, args=(settings, listener, ready.set, reading))
        thread.start()
        try:
            assert ready.wait(60)
            yield port, token
        finally:
            os.close(writing)
            thread.join()
            os.close(reading)


def _signed_in(connection: http.client.HTTPConnection, port: int, token: str) -> dict[str, str]:
    """The headers with which requests are let in."""
    headers = {"Host": f"127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}
    connection.request("GET", "/sign-in", headers=headers)
    answer = connection.getresponse()
    found = re.search(r'name="csrf" value="([^"]*)"', answer.read().decode())
    assert found is not None
    cookie = _cookie(answer)
    body = urlencode({"csrf": found[1], "token": token, "next": "/help"})
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request("POST", "/sign-in", body, {**headers, **kind})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 303
    return {**headers, "Cookie": _cookie(answer)}


def _cookie(answer: http.client.HTTPResponse) -> str:
    """The first cookie that is set."""
    return (answer.getheader("Set-Cookie") or "").partition(";")[0]


def _get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> str:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status == 200, (path, answer.status)
    return text
