"""A proxy whose own code can be made to fail, and the uploads that come through each part of it.

`ARM` is run in the proxy's process before it starts: it wraps every place that is listed. Which of them fails, and how,
stands in a file, so one proxy does for all places, and its start-up self-test runs without faults.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.batch import GITHUB
from demo.exchange import Behaviour
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

ANSWER = ("-w", "\n%{http_code}")
SECRET = "secret payload bytes"
"""The text of every injected exception: nobody may ever see it."""

ARM = """
import functools, importlib, os
def _arm(place):
    module, _, path = place.partition(":")
    owner = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    real = getattr(owner, name)
    def fault(*args, **kwargs):
        try:
            with open(os.environ["FAULT"]) as file:
                failing, _, kind = file.read().partition(" ")
        except OSError:
            failing = kind = ""
        if failing == place:
            module, _, name = kind.partition(":")
            text = "it can't be kept" if name == "SpoolFull" else "secret payload bytes"  # the client is shown that one
            raise getattr(importlib.import_module(module), name)(text)
        return real(*args, **kwargs)
    setattr(owner, name, fault)
import forgewall.proxy.launcher
for _place in os.environ["PLACES"].split():
    _arm(_place)
"""

RUNTIME = "builtins:RuntimeError"
FULL = "forgewall.inspect.inspector:SpoolFull"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a client was told: whether it takes its write for done, and what it showed."""

    done: bool
    output: str


type Client = Callable[[Run, Forge, str], Answered]
"""Writes to a repository of the owner it is given."""


def put(run: Run, _forge: Forge, owner: str) -> Answered:
    """A file as it stands, to a route that takes JSON."""
    url = f"https://api.github.com/repos/{owner}/api/contents/a.bin"
    return _curl(run, "-X", "PUT", "--data-binary", "@-", url, body=b"x" * 300_000)


def asset(run: Run, _forge: Forge, owner: str) -> Answered:
    """A file as it stands, to a route that takes files."""
    url = f"https://uploads.github.com/repos/{owner}/api/releases/1/assets?name=a.bin"
    kind = ("-H", "Content-Type: application/octet-stream")
    return _curl(run, "-X", "POST", *kind, "--data-binary", "@-", url, body=b"x" * 300_000)


def document(run: Run, _forge: Forge, owner: str) -> Answered:
    """A file as base64 in JSON."""
    content = base64.b64encode(os.urandom(300_000)).decode()
    body = json.dumps({"message": "a file", "content": content}).encode()
    url = f"https://api.github.com/repos/{owner}/api/contents/a.bin"
    return _curl(run, "-X", "PUT", "-H", "Content-Type: application/json", "--data-binary", "@-", url, body=body)


def form(run: Run, _forge: Forge, owner: str) -> Answered:
    """A file in a multipart form."""
    url = f"https://gitlab.com/api/v4/projects/{_gitlab(owner)}%2Fapi/uploads"
    return _curl(run, "-F", "file=@-;filename=a.bin", url, body=b"x" * 300_000)


def spooled(run: Run, _forge: Forge, owner: str) -> Answered:
    """A merge request, whose body may name another project anywhere, too long to be held in memory."""
    body = {"source_branch": "a", "target_branch": "main", "title": "t", "description": "x" * 600_000}
    url = f"https://gitlab.com/api/v4/projects/{_gitlab(owner)}%2Fapi/merge_requests"
    kind = ("-H", "Content-Type: application/json")
    return _curl(run, "-X", "POST", *kind, "--data-binary", "@-", url, body=json.dumps(body).encode())


def lfs(run: Run, forge: Forge, owner: str) -> Answered:
    """One object of git-lfs: the batch, and the PUT to where its answer says."""
    content = os.urandom(300_000)
    one = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
    batch = json.dumps({"operation": "upload", "transfers": ["basic"], "objects": [one]}).encode()
    kind = ("-H", "Content-Type: application/vnd.git-lfs+json", "-H", "Accept: application/vnd.git-lfs+json")
    url = f"https://github.com/{owner}/api.git/info/lfs/objects/batch"
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        told = _curl(run, *kind, "--data-binary", "@-", url, body=batch)
    if not told.done:
        return told
    (entry,) = json.loads(told.output.rsplit("\n", 1)[0])["objects"]
    href = entry["actions"]["upload"]["href"]
    kind = ("-H", "Content-Type: application/octet-stream")
    return _curl(run, "-X", "PUT", *kind, "--data-binary", "@-", href, body=content)


def push(run: Run, forge: Forge, owner: str) -> Answered:
    """A real push of an object that is larger than what is handled in one piece, in chunks after a probe."""
    name = os.urandom(4).hex()  # each a repository of its own: a push before may not be over at the forge
    forge.make_repository(f"github.com/{owner}/{name}")
    work = run.work_tree(name, size=(1 << 20) + 4096)
    result = run.client("git", "push", f"https://github.com/{owner}/{name}.git", "main", cwd=work, seconds=20)
    return Answered(done=result.ok, output=result.output)


def _curl(run: Run, *arguments: str, body: bytes) -> Answered:
    result = run.curl(*ANSWER, *arguments, stdin=body, seconds=3)
    return Answered(done=result.stdout.endswith(("200", "201")), output=result.output)


def _gitlab(owner: str) -> str:
    return "acme%2Fplatform" if owner == "acme" else owner
