"""git over HTTP for the local forge: hands requests to `git http-backend` (CGI) and streams both ways.

It decides nothing about access. Packs of any size pass through without being held.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from demo.wire import READ, Aborted, Head, Malformed, Stream

_SERVICE = re.compile(r"(?P<repo>/.+?)(?P<rest>/(?:info/refs|git-upload-pack|git-receive-pack|HEAD|objects/.+))")


def find_repository(root: Path, host: str, path: str) -> tuple[Path, str] | None:
    """The bare repository below `root` that `path` on `host` names, and the rest of the path; None if there is none.

    As on the real forges `.git` may be left out and case does not matter.
    """
    match = _SERVICE.fullmatch(path)
    if match is None:
        return None
    try:
        repository = repository_path(root, host, match["repo"])
    except ValueError:
        return None
    return (repository, match["rest"]) if repository.is_dir() else None


def repository_path(root: Path, host: str, path: str) -> Path:
    """Where the bare repository of `host` and `path` lies, if it exists; ValueError for a path with dot segments."""
    segments = path.strip("/").lower().removesuffix(".git").split("/")
    if any(segment in ("", ".", "..") for segment in segments) or "/" in host or host.startswith("."):
        raise ValueError(f"not a repository path: {path}")
    return root.joinpath(host, *segments[:-1], segments[-1] + ".git")


def git_environment(home: Path) -> dict[str, str]:
    """An environment in which git reads no configuration of this machine."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


def serve(
    stream: Stream, head: Head, body: Iterator[bytes], repository: Path, rest: str, *, early_head: bool = False
) -> int:
    """Answer a smart or dumb HTTP request from `repository`; returns the status, raises Aborted if the peer leaves.

    The backend writes its response head before it has read the body. It is held until the body has been read, as a
    buffering front end does, unless `early_head`.
    """
    process = subprocess.Popen(
        ["git", "http-backend"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_cgi(head, repository, rest),
        start_new_session=True,
    )
    feeder = _Feeder(process, body)
    feeder.start()
    try:
        if not early_head:
            feeder.join()
        status = _pass_on(process, stream, head)
        feeder.join()
    except Aborted:
        _kill(process)
        feeder.join()
        raise
    finally:
        _kill(process)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    if feeder.error is not None:
        raise feeder.error
    return status


class _Feeder(threading.Thread):
    """Reads the request's body and gives it to the backend; kills the backend if the body breaks off."""

    def __init__(self, process: subprocess.Popen[bytes], body: Iterator[bytes]) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._body = body
        self.error: Aborted | Malformed | None = None

    def run(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            for part in self._body:
                with contextlib.suppress(OSError):  # the backend may stop reading; the body must be read all the same
                    pipe.write(part)
        except (Aborted, Malformed) as error:
            self.error = error
            _kill(self._process)
        with contextlib.suppress(OSError):
            pipe.close()


def _pass_on(process: subprocess.Popen[bytes], stream: Stream, head: Head) -> int:
    out = process.stdout
    assert isinstance(out, io.BufferedReader)
    status, headers = "200 OK", []
    while line := out.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "status":
            status = value.strip()
        else:
            headers.append(f"{name}: {value.strip()}")
    if not headers:
        raise Aborted  # the backend was killed, or could not start
    chunked = not any(header.lower().startswith("content-length:") for header in headers)
    if chunked:
        headers.append("Transfer-Encoding: chunked")
    stream.send("\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1"))
    if head.method == "HEAD":
        return int(status.split()[0])
    while data := out.read1(READ):
        stream.send(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
    if chunked:
        stream.send(b"0\r\n\r\n")
    return int(status.split()[0])


def _cgi(head: Head, repository: Path, rest: str) -> dict[str, str]:
    environment = git_environment(repository) | {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "GIT_PROJECT_ROOT": str(repository.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repository.name}{rest}",
        "REQUEST_METHOD": head.method,
        "QUERY_STRING": head.query,
        "CONTENT_TYPE": head.header("content-type") or "",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": "demo",
    }
    for variable, name in (
        ("CONTENT_LENGTH", "content-length"),
        ("HTTP_CONTENT_ENCODING", "content-encoding"),
        ("GIT_PROTOCOL", "git-protocol"),
    ):
        value = head.header(name)
        if value is not None:
            environment[variable] = value
    return environment


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
