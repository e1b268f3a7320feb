"""What tests of clients assert again and again: that a client worked, or was refused in words it shows."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from demo.clients import Result
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

CONTACT = "security@acme.example"
READ_ONLY_POSTS = ("/graphql", "/git-upload-pack")


def blocked(run: Run) -> list[dict[str, Any]]:
    """The facts of the requests that were refused, each with its event's `id` and the rule's reason."""
    return [
        event["forgewall"] | {"id": event["event"]["id"]}
        for event in run.events("decision")
        if event["forgewall"]["action"] == "block"
    ]


def assert_shown(run: Run, result: Result, *words: str) -> None:
    """The client failed and showed the words, the contact, and the id of an event that stands in the log."""
    assert not result.ok, str(result)
    assert_told(run, result, *words)


def assert_told(run: Run, result: Result, *words: str) -> None:
    """The client's output holds the words, the contact, and the id of an event that stands in the log."""
    output = " ".join(re.sub(r"\n(remote: )?", " ", result.output).split())
    for word in (*words, "Forgewall refused", CONTACT):
        assert word in output, f"{word!r} is missing:\n{result}"
    refused = blocked(run)
    assert refused, str(result)
    assert refused[-1]["id"] in output, f"{refused}\n{result}"


def writes(forge: Forge) -> list[str]:
    """Method and path of each request that could have written and of which the forge saw anything at all."""
    assert forge.settle()
    return [
        f"{seen.method} {seen.host}{seen.path}"
        for seen in forge.requests()
        if (seen.method not in ("GET", "HEAD") and not seen.path.endswith(READ_ONLY_POSTS))
        or "service=git-receive-pack" in seen.path
    ]


_SCRIPT = """\
import sys, traceback

def step(name, call):
    try:
        found = call()
    except Exception as error:
        print(f"{name}: failed: {type(error).__name__}: {error}")
        return None
    print(f"{name}: done")
    return found

"""


def python(run: Run, code: str) -> Result:
    """Run `code` as somebody's script: `step(name, call)` tells what became of a call, and goes on."""
    return run.client(sys.executable, "-c", _SCRIPT + code).check()


def steps(result: Result) -> dict[str, str]:
    """What a script said of its steps: `done`, or how it failed."""
    found = {}
    for line in re.split(r"\n(?=[\w/ ]+: (?:done|failed))", result.stdout.strip()):
        name, _, told = line.partition(": ")
        found[name] = told
    return found


def assert_all_done(result: Result) -> None:
    """Each step of a script was done."""
    assert steps(result), str(result)
    assert set(steps(result).values()) == {"done"}, str(result)


def assert_all_refused(run: Run, result: Result, words: Mapping[str, str], *, after: tuple[str, ...] = ()) -> None:
    """Each step failed with an exception that says what `words` has for it, whom to ask and which event to quote.

    The steps `after` which they come were done.
    """
    found = steps(result)
    assert [found.pop(name) for name in after] == ["done"] * len(after), str(result)
    assert found.keys() == words.keys(), str(result)
    for name, told in found.items():
        assert told.startswith("failed"), str(result)
        for word in (words[name], "Forgewall refused", CONTACT):
            assert word in told, f"{name}: {word!r} is missing:\n{result}"
        assert any(event["id"] in told for event in blocked(run)), str(result)
