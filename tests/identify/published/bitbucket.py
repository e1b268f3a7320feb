"""The published REST operations of Bitbucket Cloud and of Bitbucket Data Center."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from tests.identify.forges.labelled import asked
from tests.identify.knowing import Known, at
from tests.identify.published.case import Description, Operation, documented, filled

from forgewall.identify.directory import IdKind
from forgewall.model import Target

CLOUD = "https://api.bitbucket.org/2.0"
CENTER = "https://bb.example/bitbucket/rest"
UUID = "0000000a-0000-4000-8000-00000000000a"
STRANGER = "0000000a-0000-4000-8000-00000000000b"
KNOWN = at("bitbucket.org", {(IdKind.GUID, UUID): "acme/api"})
NOBODY = Known({})
NAMES = {
    **dict.fromkeys(("workspace", "projectKey"), "acme"),
    **dict.fromkeys(("repo_slug", "repositorySlug"), "api"),
    "username": "acme",
    **dict.fromkeys(("projectId", "repoId"), "7"),
}
BY_STRANGER = NAMES | {"workspace": "%7B%7D", "repo_slug": f"%7B{STRANGER}%7D"}
API, COPY = "bitbucket.org/acme/api", "bitbucket.org/umbrella/copy"
# What the body has to say so that all places are certain, and what it says.
CLOUD_BODIES: Mapping[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "POST /repositories/{workspace}/{repo_slug}/forks": (
        {"workspace": {"slug": "umbrella"}, "name": "copy"},
        (COPY, API),
    ),
    "PUT /repositories/{workspace}/{repo_slug}": ({"name": "Copy"}, (API, "bitbucket.org/acme/copy")),
    "POST /repositories/{workspace}/{repo_slug}/pullrequests": (
        {"source": {"repository": {"full_name": "umbrella/copy"}}},
        (API, COPY),
    ),
}
CENTER_BODIES: Mapping[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "POST /api/latest/projects": ({"key": "acme"}, ("bb.example/acme",)),
    "POST /api/latest/projects/{projectKey}/repos": ({"name": "api"}, ("bb.example/acme/api",)),
    "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}": (
        {"project": {"key": "umbrella"}, "name": "copy"},
        ("bb.example/umbrella/copy", "bb.example/acme/api"),
    ),
    "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}": (
        {"project": {"key": "umbrella"}},
        ("bb.example/acme/api", "bb.example/umbrella/api"),
    ),
    "PUT /api/latest/projects/{projectKey}": ({"key": "umbrella"}, ("bb.example/acme", "bb.example/umbrella")),
}


def ask(operation: Operation) -> Target:
    body = CLOUD_BODIES[operation.title][0] if operation.title in CLOUD_BODIES else b""
    return asked(KNOWN, operation.method, CLOUD + filled(operation.template, NAMES), body)


def ask_center(operation: Operation) -> Target:
    body = CENTER_BODIES[operation.title][0] if operation.title in CENTER_BODIES else b""
    return asked(NOBODY, operation.method, CENTER + filled(operation.template, NAMES), body)


def ask_strangers(operation: Operation) -> Target | None:
    """The same by a UUID that nobody knows, and without a body."""
    if "{repo_slug}" not in operation.template:
        return None
    return asked(NOBODY, operation.method, CLOUD + filled(operation.template, BY_STRANGER))


def places(operation: Operation) -> tuple[str, ...]:
    path = operation.template
    if operation.title in CLOUD_BODIES:
        return CLOUD_BODIES[operation.title][1]
    if path.startswith("/snippets/{workspace}"):
        return ("bitbucket.org/snippets/acme",)
    if "{repo_slug}" in path:
        return (API,)
    # A person, whom older descriptions call a workspace, too, has a UUID; which workspace is theirs, nothing tells.
    if re.match(r"/(workspaces|repositories|teams)/\{(workspace|username)\}", path):
        return ("bitbucket.org/acme",)
    return ()


def places_in_center(operation: Operation) -> tuple[str, ...]:
    path = operation.template
    if operation.title in CENTER_BODIES:
        return CENTER_BODIES[operation.title][1]
    if "{repositorySlug}" in path:
        return ("bb.example/acme/api",)
    return ("bb.example/acme",) if "{projectKey}" in path else ()


BITBUCKET = Description(
    name="Bitbucket Cloud",
    source="Atlassian's OpenAPI description of 2.0",
    operations=partial(documented, "bitbucket"),
    places=places,
    ask=ask,
    ask_strangers=ask_strangers,
    asking={"a list of commits, its branches in the body": r"/commits(/\{revision\})?$"},
    on_purpose={
        "a person, whose workspace nothing tells": r" /users/",
        "the app that asks": r" /addon",
    },
)
BITBUCKET_DC = Description(
    name="Bitbucket Data Center",
    source="Atlassian's OpenAPI descriptions, up to 10.0",
    operations=partial(documented, "bitbucket-dc"),
    places=places_in_center,
    ask=ask_center,
    asking={
        "shows a text as a page, for the asker alone": "/markup/preview$",
        "shows what an export or a migration would take": "/migration/(exports|mesh)/preview$",
        "a query that is too long for a URL": "/commits/stats$",
    },
    on_purpose={
        "a person's own account": r" /((access-tokens|api)/latest/users|gpg|ssh)(/|$)| /mirroring/latest/account/",
        "writes a text into a pull request's own branch, wherever that is": r"/apply-suggestion$",
        "a commit, a comment or a key by its number": r" /(build-status|jira|keys)/",
    },
)
