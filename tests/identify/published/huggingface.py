"""Every operation that the Hub publishes, and every one that its own client calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tests.identify.asking import ask as asked
from tests.identify.published.case import READS, Description, Operation, documented, filled

from forgewall.model import BodyState, Target

HOST = "https://huggingface.co"
JSON = ("content-type", "application/json")
NDJSON = ("content-type", "application/x-ndjson")
NAMES = {
    **dict.fromkeys(("namespace", "name", "username"), "acme"),
    "repo": "thing",
    "path": "a/b.txt",
    "rev": "refs%2Fpr%2F1",
    "paperId": "2401.00001",
}
TYPES = ("models", "datasets", "spaces")
THING = "huggingface.co/acme/thing"
WATCHED = [{"type": "model", "name": "acme/thing"}]
# What the body has to say so that all places are certain, and what it says; none where the path says it too.
BODIES: dict[str, tuple[object, tuple[str, ...]]] = {
    "POST /api/repos/create": ({"name": "thing", "organization": "acme"}, (THING,)),
    "DELETE /api/repos/delete": ({"name": "thing", "organization": "acme", "type": "model"}, (THING,)),
    "POST /api/repos/move": (
        {"fromRepo": "acme/thing", "toRepo": "acme/other", "type": "model"},
        (THING, "huggingface.co/acme/other"),
    ),
    "POST /api/collections": ({"title": "all", "namespace": "acme"}, ("huggingface.co/acme",)),
    "POST /api/settings/webhooks": ({"watched": WATCHED, "domains": ["repo"]}, (THING,)),
    "POST /api/{repoType}/{namespace}/{repo}/duplicate": ({"repository": "umbrella/copy"}, ()),
    "POST /api/{repoType}/{namespace}/{repo}/lfs-files/duplicate": (
        {"target": {"type": "model", "name": "umbrella/copy"}},
        (),
    ),
    "POST /api/jobs/{namespace}": ({"dockerImage": "python", "command": ["x"], "flavor": "cpu-basic"}, ()),
    "POST /api/scheduled-jobs/{namespace}": (
        {"jobSpec": {"command": ["x"], "flavor": "cpu-basic"}, "schedule": "@daily"},
        (),
    ),
    "PUT /api/spaces/{namespace}/{repo}/volumes": (
        {"volumes": [{"type": "model", "source": "acme/thing", "mountPath": "/models"}]},
        ("huggingface.co/spaces/acme/thing", THING),
    ),
}


def operations() -> Iterator[Operation]:
    """Each operation once for each type of repository; `more` holds its line as it is published."""
    for one in documented("huggingface"):
        for kind in TYPES if "{repoType}" in one.template else ("",):
            yield Operation(one.method, one.template.replace("{repoType}", kind), (one.title,))


def ask(operation: Operation, state: BodyState = BodyState.COMPLETE) -> Target:
    url = HOST + filled(operation.template, NAMES)
    if operation.method in READS or state is not BodyState.COMPLETE:
        return asked(operation.method, url, state=state)
    if "buckets" in operation.template and operation.template.endswith("/batch"):
        return asked(operation.method, url, b'{"type":"addFile","path":"a","xetHash":"0"}\n', NDJSON)
    body = BODIES.get(operation.more[0], ({"title": "x"}, ()))[0]
    return asked(operation.method, url, json.dumps(body).encode(), JSON)


def places(operation: Operation) -> tuple[str, ...]:
    published = operation.more[0]
    if published in BODIES and BODIES[published][1]:
        return BODIES[published][1]
    found = re.match(
        r"(?:/api(?:/resolve-cache)?)?/(models|datasets|spaces|buckets|kernels)?/?\{namespace\}/\{repo\}",
        operation.template,
    )
    if found is None:
        owned = re.match(
            r"/api/(users|organizations|buckets|inference-endpoints|jobs|scheduled-jobs|collections)/\{(namespace|name|username)\}"
            r"|/api/resource-groups/\{name\}|/(organizations/)?\{(namespace|name)\}(/|$)",
            operation.template,
        )
        text = re.match(r"/api/(posts|blog)/\{(username|namespace)\}/\{\w+\}/?", operation.template)
        return (f"huggingface.co/{text[1]}/acme/x1",) if text else ("huggingface.co/acme",) if owned else ()
    prefix = "" if found[1] in (None, "models") else f"{found[1]}/"
    here = f"huggingface.co/{prefix}acme/thing"
    if published.endswith("}/duplicate"):
        return f"huggingface.co/{prefix}umbrella/copy", here
    return ("huggingface.co/umbrella/copy", here) if published.endswith("/lfs-files/duplicate") else (here,)


DESCRIPTION = Description(
    name="Hugging Face",
    source="huggingface.co/.well-known/openapi.json (autumn 2026), and the calls of its client",
    operations=operations,
    places=places,
    ask=ask,
    asking={
        "asks about files": r"^POST \S+/paths-info(/\{rev\})? ",
        "a search": r"^POST \S+/quicksearch ",
        "checks a text": r"^POST \S+/validate-yaml ",
        "checks the asker's own rights": r"^\S+ \S+/auth-check/\{perms\} ",
    },
    on_purpose={
        "a hook by its number": r" /api/settings/webhooks/",
        "the asker's own account, which the request doesn't name": r" /api/(settings/papers|agentic)/",
        "a file for no repository in particular": r" /uploads ",
    },
    opening={"hands out a token to upload with": r"/xet-write-token(/\{rev\})? "},
)
