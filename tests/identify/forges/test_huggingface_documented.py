"""Every operation that the Hub describes, and every one its client calls: what it does, and whose it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.identify.asking import ask

from forgewall.model import BodyState, Effect, Operation, Target

_FILE = Path(__file__).parents[2] / "corpus" / "identify" / "documented-huggingface.txt"
_HOST = "https://huggingface.co"
_NAMES = {
    **dict.fromkeys(("namespace", "name", "username"), "acme"),
    "repo": "thing",
    "path": "a/b.txt",
    "rev": "refs%2Fpr%2F1",
    "paperId": "2401.00001",
}
_TYPES = ("models", "datasets", "spaces")
_JSON = ("content-type", "application/json")

# What the body has to say so that the repository is certain.
BODIES = {
    "POST /api/repos/create": {"name": "thing", "organization": "acme"},
    "DELETE /api/repos/delete": {"name": "thing", "organization": "acme", "type": "model"},
    "POST /api/repos/move": {"fromRepo": "acme/thing", "toRepo": "acme/other", "type": "model"},
    "POST /api/collections": {"title": "all", "namespace": "acme"},
    "POST /api/settings/webhooks": {"watched": [{"type": "model", "name": "acme/thing"}], "domains": ["repo"]},
    "POST /api/{repoType}/{namespace}/{repo}/duplicate": {"repository": "acme/thing"},
    "POST /api/{repoType}/{namespace}/{repo}/lfs-files/duplicate": {"target": {"type": "model", "name": "acme/thing"}},
    "POST /api/jobs/{namespace}": {"dockerImage": "python", "command": ["x"], "flavor": "cpu-basic"},
    "POST /api/scheduled-jobs/{namespace}": {
        "jobSpec": {"command": ["x"], "flavor": "cpu-basic"},
        "schedule": "@daily",
    },
    "PUT /api/spaces/{namespace}/{repo}/volumes": {
        "volumes": [{"type": "model", "source": "acme/thing", "mountPath": "/models"}]
    },
}
# POSTs that only ask.
ASKING = re.compile(r"/(paths-info(/\{rev\})?|quicksearch|validate-yaml|auth-check/\{perms\})$")
# GETs that open a write.
OPENING = re.compile(r"/xet-write-token(/\{rev\})?$")
# A number, or the account of whoever asks, stands where a name is needed.
NOBODYS = {
    "POST /api/settings/papers/claim",
    "POST /api/settings/webhooks/{webhookId}",
    "DELETE /api/settings/webhooks/{webhookId}",
    "POST /api/settings/webhooks/{webhookId}/{action}",
    "POST /api/settings/webhooks/{webhookId}/replay/{logId}",
    "POST /api/agentic/provisioning/resources",
    "POST /uploads",
}


def documented() -> Iterator[tuple[str, str, str]]:
    """Method, path template, and the same template with the type of repository filled in."""
    for line in _FILE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        method, template = line.split()
        for kind in _TYPES if "{repoType}" in template else ("",):
            yield method, template, template.replace("{repoType}", kind)


ROWS = list(documented())


def asked(method: str, template: str, path: str, state: BodyState = BodyState.COMPLETE) -> Target:
    filled = re.sub(r"\{(\w+)\}", lambda found: _NAMES.get(found[1], "x1"), path)
    row = f"{method} {template}"
    if template.endswith("/batch") and "buckets" in template:
        body, media = b'{"type":"addFile","path":"a","xetHash":"0"}\n', ("content-type", "application/x-ndjson")
    else:
        body, media = json.dumps(BODIES.get(row, {"title": "x"})).encode(), _JSON
    if method in ("GET", "HEAD") or state is not BodyState.COMPLETE:
        return ask(method, _HOST + filled, state=state)
    return ask(method, _HOST + filled, body, media)


def expected(path: str) -> str | None:
    """The address of the repository that a path names."""
    found = re.match(
        r"(?:/api(?:/resolve-cache)?)?/(models|datasets|spaces|buckets|kernels)?/?\{namespace\}/\{repo\}", path
    )
    if found is None:
        return None
    prefix = "" if found[1] in (None, "models") else f"{found[1]}/"
    return f"huggingface.co/{prefix}acme/thing"


def reads(method: str, template: str) -> bool:
    return ASKING.search(template) is not None if method not in ("GET", "HEAD") else not OPENING.search(template)


def test_there_are_many() -> None:
    assert len(ROWS) == 353
    assert sum(1 for method, _, _ in ROWS if method not in ("GET", "HEAD")) == 186


@pytest.mark.parametrize("state", [BodyState.COMPLETE, BodyState.UNREAD, BodyState.TOO_LONG])
def test_no_write_is_taken_for_a_read_and_no_read_for_a_write(state: BodyState) -> None:
    wrong = [
        row
        for row in ROWS
        if (asked(*row, state).effect is Effect.READ) != reads(*row[:2]) and "telemetry" not in row[1]
    ]
    assert wrong == []


def test_each_is_listed() -> None:
    unknown = {f"{row[0]} {row[1]}" for row in ROWS if asked(*row).operation is Operation.UNIDENTIFIED}
    assert unknown == NOBODYS


def test_the_path_names_the_repository() -> None:
    wrong = [(row, found) for row in ROWS if (found := asked(*row).address) != expected(row[2]) and expected(row[2])]
    assert [row for row in wrong if not row[0][1].endswith(("/duplicate",))] == []
    assert sum(1 for row in ROWS if expected(row[2])) == 199


def test_no_repository_is_claimed_where_the_path_names_none() -> None:
    claimed = {f"{row[0]} {row[1]}" for row in ROWS if not expected(row[2]) and asked(*row).repository is not None}
    assert claimed == {row for row in BODIES if "repos/" in row or "webhooks" in row}


def test_what_the_body_names_is_not_certain_without_it() -> None:
    for row in ROWS:
        if f"{row[0]} {row[1]}" in BODIES:
            target = asked(*row, BodyState.UNREAD)
            assert (target.operation, target.wants_body) == (Operation.UNIDENTIFIED, True), row
            assert asked(*row, BodyState.TOO_LONG).operation is Operation.UNIDENTIFIED, row


def respelt(path: str, owner: str) -> Iterator[str]:
    """Thirty other ways to write the path of a request about `owner`."""
    first, rest = path.split(f"/{owner}/", 1)
    encoded = "".join(f"%{ord(char):02x}" for char in owner)
    for name in (
        owner.upper(),
        encoded,
        encoded.upper(),
        encoded.replace("%", "%25"),
        f"{owner}.",
        f"{owner}.git",
        f"{owner}-evil",
        f"{owner};x=1",
        f"{owner}%3Bx",
        f"{owner}%00",
        f"{owner}%20",
        f"{owner}%0d%0a",
        f"{owner}%2F",
        f"{owner}%2F..%2Fmallory",
        f"./{owner}",
        f"x/../{owner}",
        f"x/%2e%2e/{owner}",
        f"/{owner}",
        f"{owner}/",
        f"{owner}\\",
        f"{owner}%5C",
        owner.replace("a", "%D0%B0"),
        owner.replace("a", "%C3%A1"),
        f"{owner}%FF",
        f"{owner}%",
        f"~{owner}",
        f"{owner}%3Fx",
    ):
        yield f"{first}/{name}/{rest}"
    yield f"{path}/"
    yield f"/{path}"
    yield path.upper()


def test_no_respelling_gets_an_unapproved_repository_below_an_approval() -> None:
    tried = 0
    for method, template, path in ROWS:
        if not expected(path) or reads(method, template) or f"{method} {template}" in BODIES:
            continue
        for owner in ("acme", "mallory"):
            filled = re.sub(r"\{(\w+)\}", lambda found: _NAMES.get(found[1], "x1"), path.replace("{namespace}", owner))
            for other in respelt(filled, owner):
                target = ask(method, _HOST + other, b'{"title":"x"}' if method != "GET" else b"", _JSON)
                below = target.key is not None and re.match(r"huggingface\.co/(\w+/)?acme(/|$)", target.key)
                certain = target.identified and target.effect is Effect.WRITE
                assert not (owner == "mallory" and certain and below), other
                assert target.effect is not Effect.READ, other
                tried += 1
    assert tried > 6_000
