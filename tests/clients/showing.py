"""What tests of clients assert again and again: that a client worked, or was refused in words it shows."""

from __future__ import annotations

import re
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
