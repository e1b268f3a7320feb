"""Real clients (git, curl) in a clean environment: no proxies, CAs or settings of the person who runs them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a client did. `output` is what a person would have seen: stdout, then stderr."""

    command: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether the client reported success."""
        return self.returncode == 0

    @property
    def output(self) -> str:
        """Both streams as one text."""
        return self.stdout + self.stderr

    def check(self) -> Result:
        """This result, if the client succeeded; RuntimeError with what it printed otherwise."""
        if not self.ok:
            raise RuntimeError(str(self))
        return self

    def __str__(self) -> str:
        return f"$ {' '.join(self.command)}\n{self.output}[exit {self.returncode}]"


def environment(home: Path, proxy: str | None = None, ca_file: Path | None = None) -> dict[str, str]:
    """A clean environment; with `proxy` (a URL) and `ca_file` (PEM) every client uses the one and trusts the other."""
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_AUTHOR_NAME": "Ana Demo",
        "GIT_AUTHOR_EMAIL": "ana@acme.example",
        "GIT_COMMITTER_NAME": "Ana Demo",
        "GIT_COMMITTER_EMAIL": "ana@acme.example",
        "CURL_HOME": str(home),
    }
    if proxy is not None:
        variables |= {"http_proxy": proxy, "https_proxy": proxy, "HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
    if ca_file is not None:
        names = ("GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        variables |= dict.fromkeys(names, str(ca_file))
    return variables


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: bytes | None = None,
    seconds: float = 60,
) -> Result:
    """Run `command` to its end; subprocess.TimeoutExpired after `seconds`."""
    done = subprocess.run(
        list(command),
        env=dict(env),
        cwd=cwd,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    return Result(
        command=tuple(command),
        returncode=done.returncode,
        stdout=done.stdout.decode("utf-8", "replace"),
        stderr=done.stderr.decode("utf-8", "replace"),
    )
