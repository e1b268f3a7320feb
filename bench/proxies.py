"""The two proxies that are compared, each in a process of its own: `forgewall run` and stock `mitmdump -q`."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from demo.proxy import Proxy

from bench import policies
from bench.client import Connection, Route, Unexpected
from bench.origin import HOST, Origin

FORGE = "gitlab.acme.example"
READ_PATH = "/api/v4/projects/acme%2Fapi"
WRITE_PATH = "/api/v4/projects/acme%2Fapi/issues"
UPLOAD_PATH = "/api/v4/projects/acme%2Fapi/packages/generic/data/1.0.0/data.bin"
ASSET_HOST = "uploads.github.com"
ASSET_PATH = "/repos/acme/api/releases/1/assets?name=a.bin"
GIT_HOST = "github.com"
START_SECONDS = 60.0
EMPTY_ADDON = "class Empty:\n    pass\n\n\naddons = [Empty()]\n"


def policy(approvals: int) -> str:
    """A policy with `approvals`, one of them for a group of the self-hosted GitLab that the origin stands for."""
    terms = f"  - {{repo: {FORGE}/acme, max_upload: 4GiB}}\n"
    return policies.text(approvals - 1, f"{terms}forges:\n  - {{host: {FORGE}, kind: gitlab}}\n")


def upload_policy(inspect: str) -> str:
    """A policy that approves `github.com/acme` without a limit worth naming and examines its uploads as told."""
    entry = f"{{repo: github.com/acme, max_upload: 64GiB, inspect: {inspect}}}"
    return f"version: 1\napproved:\n  - {entry}\n"


def straight(origin: Origin) -> Route:
    """No proxy: shows that client and origin are not what is measured."""
    return _route("direct", HOST, origin.port, None, origin.ca_file, None)


def through_forgewall(proxy: Proxy, name: str = "forgewall", host: str = FORGE) -> Route:
    """By a running `forgewall run`, to `host`; `name` is what the route is called."""
    return _route(name, host, 443, proxy.port, proxy.ca_file, proxy.process.pid)


def forgewall(directory: Path, origin: Origin, policy_text: str) -> Proxy:
    """Start `forgewall run` with a policy; the hosts that are measured lead to the origin."""
    return Proxy(
        directory,
        policy_text,
        connect_to=[f"{host}:443:127.0.0.1:{origin.port}" for host in (FORGE, ASSET_HOST, GIT_HOST)],
        upstream_ca=origin.ca_file,
        seconds=START_SECONDS,
    )


class Stock:
    """A running `mitmdump -q` with an empty addon and its own defaults; `options` are further words for --set."""

    def __init__(self, directory: Path, origin: Origin, *options: str) -> None:
        directory.mkdir(parents=True)
        addon = directory / "empty.py"
        addon.write_text(EMPTY_ADDON, encoding="utf-8")
        port = free_port()
        words = ["-q", "-s", str(addon), "--listen-host", "127.0.0.1", "--listen-port", str(port)]
        for option in (f"confdir={directory}", f"ssl_verify_upstream_trusted_ca={origin.ca_file}", *options):
            words += ["--set", option]
        start = "import sys; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"
        self._process = subprocess.Popen(
            [sys.executable, "-c", start, *words],
            stdin=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(directory), "LC_ALL": "C.UTF-8"},
            cwd=directory,
        )
        try:
            self.route = self._wait(origin, port, directory / "mitmproxy-ca-cert.pem")
        except BaseException:
            self.close()
            raise

    def _wait(self, origin: Origin, port: int, ca_file: Path) -> Route:
        """mitmdump says nothing with -q, so ask until it answers."""
        end = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < end:
            try:
                route = _route("stock", HOST, origin.port, port, ca_file, self._process.pid)
                with Connection(route) as connection:
                    connection.exchange(connection.head("GET", READ_PATH), 0)
                return route
            except (OSError, Unexpected):
                time.sleep(0.05)
        raise RuntimeError(f"mitmdump did not serve: exit code {self._process.poll()}")

    def __enter__(self) -> Stock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        end(self._process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End `process`, by force after 10 seconds."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _route(name: str, host: str, port: int, proxy_port: int | None, ca_file: Path, pid: int | None) -> Route:
    return Route(
        name=name,
        host=host,
        port=port,
        proxy_port=proxy_port,
        trust=ssl.create_default_context(cafile=str(ca_file)),
        ca_file=ca_file,
        pid=pid,
    )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
