"""The bodies that are uploaded: bytes that don't compress, and pushes of real repositories, recorded once from git.

A push is recorded so that measuring it costs no packing: the origin writes down what `git push` sent, byte for byte,
and curl sends the same again. Not here: sending.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from bench.origin import HOST, RECORD, REF, Origin

BLOCK = 1 << 20
WORDS = 4000
LINES = 200_000
FILE_LINES = (50, 450)
PUSH_PATH = "/acme/api.git/git-receive-pack"

_SHAPES = (
    "    {0} = {1}.{2}({3}, {4})",
    "    if {0}.{1} is not None and {2} > {3}:",
    "        return {0}({1}, {2}={3})",
    "    for {0} in {1}.{2}({3}):",
    "def {0}({1}: {2}, {3}: {4}) -> {2}:",
    "from {0}.{1} import {2}, {3}",
    "        raise {0}Error(f'{1} {{{2}}} has no {3}: {4}')",
    "    # {0} {1} {2} {3} {4}",
    '    """{0} of the {1}, {2} {3} and {4}."""',
    "",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A repository and what git sends to push its branch `main`: `body` is a file of the request's body."""

    repository: Path
    body: Path
    content: int  # bytes of all files, inflated


def noise(file: Path, length: int) -> Path:
    """Write `length` bytes that don't compress to `file`."""
    with file.open("wb") as out:
        while length:
            out.write(os.urandom(min(length, BLOCK)))
            length -= min(length, BLOCK)
    return file


def blob_push(directory: Path, origin: Origin, file: Path) -> Push:
    """A push of one commit with one file, the content of `file`."""
    length = file.stat().st_size

    def stream() -> Iterator[bytes]:
        yield _commit("One large file") + b"M 100644 inline model.bin\ndata %d\n" % length
        with file.open("rb") as content:
            while data := content.read(BLOCK):
                yield data
        yield b"\n"

    repository = _repository(directory / "blob", stream(), compression=0)  # for noise the same as any other level
    return Push(repository=repository, body=_record(origin, repository, directory / "blob.push"), content=length)


def text_push(directory: Path, origin: Origin, length: int) -> Push:
    """A push of one commit with about `length` bytes of text that looks like source, in files of about 10 KiB."""
    written = 0

    def stream() -> Iterator[bytes]:
        nonlocal written
        chosen = random.Random(1)
        lines = _lines(chosen, min(LINES, length // 40))
        yield _commit("Much source")
        while written < length:
            text = b"".join(chosen.choices(lines, k=chosen.randint(*FILE_LINES)))
            path = b"src/%02x/module_%d.py" % (chosen.randrange(256), written)
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(text), text)
            written += len(text)

    repository = _repository(directory / "text", stream(), compression=6)
    return Push(repository=repository, body=_record(origin, repository, directory / "text.push"), content=written)


def _lines(chosen: random.Random, count: int) -> list[bytes]:
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(chosen.choices(letters, k=chosen.randint(2, 11))) for _ in range(WORDS)]
    chances = list(
        accumulate(1 / rank for rank in range(1, WORDS + 1))
    )  # Zipf's law, so that it compresses as source does
    return [
        (chosen.choice(_SHAPES).format(*chosen.choices(words, cum_weights=chances, k=5)) + "\n").encode()
        for _ in range(count)
    ]


def _commit(message: str) -> bytes:
    ana = "Ana Demo <ana@acme.example> 1767225600 +0000"
    return f"commit {REF}\nauthor {ana}\ncommitter {ana}\ndata {len(message)}\n{message}\n".encode()


def environment(directory: Path) -> dict[str, str]:
    """An environment in which git reads no configuration of this machine."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


def _repository(directory: Path, stream: Iterator[bytes], compression: int) -> Path:
    """A bare repository made from a git-fast-import(1) stream: one pack, no deltas."""
    env = environment(directory.parent)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(directory)], check=True, env=env)
    settings = ["-c", f"core.compression={compression}", "-c", "fastimport.unpackLimit=0"]
    command = ["git", "-C", str(directory), *settings, "fast-import", "--quiet", "--depth=0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=env) as importing:
        assert importing.stdin is not None
        for data in stream:
            importing.stdin.write(data)
        importing.stdin.close()
    if importing.returncode:
        raise RuntimeError(f"git fast-import ended with {importing.returncode}")
    return directory


def _record(origin: Origin, repository: Path, file: Path) -> Path:
    """Push to the origin, without a proxy, and keep the body that git sent."""
    push(
        repository, f"https://{HOST}:{origin.port}/acme/api.git", origin.ca_file, "-c", f"http.extraHeader={RECORD}: 1"
    )
    return origin.recorded.rename(file)


def push(repository: Path, url: str, ca_file: Path, *options: str, proxy: str = "") -> None:
    """A real `git push` of `main`; RuntimeError with what it printed if it fails. `proxy` is a URL, empty for none."""
    settings = ["-c", f"http.sslCAInfo={ca_file}", "-c", f"http.proxy={proxy}", *options]
    done = subprocess.run(
        ["git", "-C", str(repository), *settings, "push", "--quiet", url, f"{REF}:{REF}"],
        check=False,
        env=environment(repository.parent),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"git push ended with {done.returncode}:\n{done.stderr}")


def head(repository: Path) -> str:
    """The object id of `main`."""
    command = ["git", "-C", str(repository), "rev-parse", REF]
    done = subprocess.run(command, check=True, env=environment(repository.parent), capture_output=True, text=True)
    return done.stdout.strip()
