"""A real Chromium behind the proxy, driven over a pipe by the Chrome DevTools Protocol.

    with Browser(run, tmp_path) as browser:
        page = browser.open("https://github.com/acme/api")
        assert page.run("(await fetch('/x', {method: 'POST'})).status") == 403

It trusts the proxy's certificates and nothing else. What it wants of its own accord leads nowhere.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from demo.proxy import Proxy

_QUIET = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-client-side-phishing-detection",
    "--no-pings",
    "--metrics-recording-only",
    "--remote-debugging-pipe",
)
# A program that becomes another one, whose descriptors 3 and 4 are the two that are named first.
_ON_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for number, end in enumerate(ends, 3):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """A running browser; `close` ends it. `events` are all that the protocol told, oldest first."""

    def __init__(self, run: Proxy, directory: Path, seconds: float = 30) -> None:
        """Start it, with `run` as its proxy and its profile below `directory`; it may take `seconds` to answer."""
        self.events: list[dict[str, Any]] = []
        self._seconds = seconds
        self._count = 0
        self._buffer = b""
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        program = shutil.which("chromium")
        assert program is not None
        command = [
            program,
            *_QUIET,
            f"--proxy-server={run.url}",
            f"--user-data-dir={directory / 'profile'}",
            f"--ignore-certificate-errors-spki-list={_pin(run)}",
            "about:blank",
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ON_3_AND_4, str(theirs_in), str(theirs_out), *command],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(directory), "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        os.set_blocking(self._in, False)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and all its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def open(self, url: str) -> Page:
        """A new tab that shows `url`."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.go(url)
        return page

    def call(self, method: str, parameters: dict[str, Any] | None = None, session: str | None = None) -> dict[str, Any]:
        """What the browser answers to a call; AssertionError if it is an error, or comes too late."""
        self._count += 1
        said = {"id": self._count, "method": method, "params": parameters or {}}
        os.write(self._out, json.dumps(said | ({"sessionId": session} if session else {})).encode() + b"\0")
        return self._until(lambda told: told.get("id") == self._count, method)["result"]  # type: ignore[no-any-return]

    def wait(self, method: str, session: str, since: int) -> dict[str, Any]:
        """The first event `method` of `session` behind the first `since` events."""

        def fits(told: dict[str, Any]) -> bool:
            return told.get("method") == method and told.get("sessionId") == session

        known = next((told for told in self.events[since:] if fits(told)), None)
        return (known or self._until(fits, method))["params"]  # type: ignore[no-any-return]

    def _until(self, fits: Any, what: str) -> dict[str, Any]:
        end = time.monotonic() + self._seconds
        while True:
            told = self._next(end, what)
            if "method" in told:
                self.events.append(told)
            assert "error" not in told, told
            if fits(told):
                return told

    def _next(self, end: float, what: str) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            assert time.monotonic() < end, f"the browser did not come to {what}"
            assert self._process.poll() is None, "the browser has ended"
            with contextlib.suppress(BlockingIOError):
                data = os.read(self._in, 1 << 20)
                assert data, "the browser has hung up"
                self._buffer += data
                continue
            time.sleep(0.01)
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def call(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """As `Browser.call`, of this tab."""
        return self._browser.call(method, parameters, self._session)

    def go(self, url: str) -> None:
        """Show `url`, and wait until it is loaded."""
        since = len(self._browser.events)
        self.call("Page.navigate", {"url": url})
        self._browser.wait("Page.loadEventFired", self._session, since)

    def leave(self, script: str) -> None:
        """Run `script`, which leads to another page, and wait until that is loaded."""
        since = len(self._browser.events)
        self.call("Runtime.evaluate", {"expression": script, "userGesture": True})
        self._browser.wait("Page.loadEventFired", self._session, since)

    def run(self, script: str) -> Any:
        """The value of an expression that may `await`; AssertionError with what it threw."""
        wrapped = f"(async () => ({script}))()"
        asked = {"expression": wrapped, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        told = self.call("Runtime.evaluate", asked)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    @property
    def text(self) -> str:
        """What a person reads on it."""
        return str(self.run("document.body.innerText"))

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self.run("location.href"))

    @property
    def console(self) -> str:
        """What its console shows."""
        entries = [told["params"] for told in self._browser.events if told.get("sessionId") == self._session]
        return "\n".join(entry["entry"]["text"] for entry in entries if "entry" in entry)


def _pin(run: Proxy) -> str:
    """SHA-256 of the key that the proxy's certificates have, once they are found to be the CA's."""
    context = ssl.create_default_context(cafile=str(run.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", run.port, context=context, timeout=30)
    connection.set_tunnel("github.com", 443)
    with contextlib.closing(connection):
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        encoded = connection.sock.getpeercert(binary_form=True)
    assert encoded is not None
    key = x509.load_der_x509_certificate(encoded).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return base64.b64encode(digest).decode()
