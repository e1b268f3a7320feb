"""GitHub's published REST operations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from tests.identify.knowing import Known, ask_knowing
from tests.identify.published.case import READS, Description, Operation, documented, filled

from forgewall.identify.directory import IdKind
from forgewall.model import Target

API = "https://api.github.com"
JSON = ("content-type", "application/json")
NAMES = {
    **dict.fromkeys(("owner", "org", "username", "template_owner", "enterprise"), "acme"),
    **dict.fromkeys(("repo", "template_repo"), "api"),
    "team_id": "7",
    **dict.fromkeys(("user_id", "account_id"), "8"),
    "organization_id": "9",
    "repository_id": "5",
    "gist_id": "6",
    "security_product": "secret_scanning",
}
KNOWN = Known(
    {
        (IdKind.TEAM, "7"): "github.com/acme",
        (IdKind.OWNER, "8"): "github.com/ana",
        (IdKind.OWNER, "9"): "github.com/acme",
        (IdKind.REPOSITORY, "5"): "github.com/acme/web",
        (IdKind.GIST, "6"): "gist.github.com/ana",
    }
)
_BY_NUMBER = re.compile(r"/(teams|users?|organizations|gists)/\{(team|user|account|organization|gist)_id\}")
COPY = "github.com/umbrella/copy"
# What the body has to say so that all places are certain, and what it says.
BODIES: Mapping[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "POST /orgs/{org}/repos": ({"name": "api"}, ("github.com/acme/api",)),
    "POST /repos/{owner}/{repo}/forks": (
        {"organization": "umbrella", "name": "copy"},
        (COPY, "github.com/acme/api"),
    ),
    "POST /repos/{template_owner}/{template_repo}/generate": (
        {"owner": "umbrella", "name": "copy"},
        (COPY, "github.com/acme/api"),
    ),
    "POST /repos/{owner}/{repo}/transfer": (
        {"new_owner": "umbrella"},
        ("github.com/acme/api", "github.com/umbrella/api"),
    ),
    "PATCH /repos/{owner}/{repo}": ({"name": "copy"}, ("github.com/acme/api", "github.com/acme/copy")),
}


def operations() -> Iterator[Operation]:
    yield from documented("github")
    yield from documented("github-reads")


def ask(operation: Operation, known: Known = KNOWN, beginning: str = API) -> Target:
    path = filled(operation.template, NAMES)
    if operation.title not in BODIES:
        return ask_knowing(known, operation.method, beginning + path)
    return ask_knowing(known, operation.method, beginning + path, json.dumps(BODIES[operation.title][0]).encode(), JSON)


def ask_strangers(operation: Operation) -> Target | None:
    """The same by a number that nobody knows: a repository's, or the account's that is all there is."""
    template = operation.template
    by_number = re.sub(r"^/repos/\{(template_)?owner\}/\{(template_)?repo\}", "/repositories/42", template)
    if by_number == template and ("{repo}" in template or not _BY_NUMBER.match(template)):
        return None
    return ask(Operation(operation.method, by_number), Known({}))


def places(operation: Operation) -> tuple[str, ...]:
    if operation.title in BODIES:
        return BODIES[operation.title][1]
    path = operation.template
    if path.endswith("/security-advisories/{ghsa_id}/forks"):  # which keeps its fork where the repository is
        return "github.com/acme", "github.com/acme/api"
    if re.search(r"\{(template_)?repo\}", path):
        return ("github.com/acme/api",)
    if "/repositories/{repository_id}" in path:
        return "" if path.startswith("/user/") else "github.com/acme", "github.com/acme/web"
    if re.match(r"(/scim/v2)?/enterprises/\{enterprise\}", path):
        return ("github.com/enterprises/acme",)
    if re.match(r"/(orgs|organizations|scim/v2/organizations|user/memberships/orgs)/\{(org|organization_id)\}", path):
        return ("github.com/acme",)
    if re.match(r"/(users/\{username\}|teams/\{team_id\})", path):
        return ("github.com/acme",)
    if re.match(r"/user/\{(user_id|account_id)\}", path):
        return ("github.com/ana",)
    if path.startswith("/gists/{gist_id}") and (operation.method in READS or not path.endswith(("/forks", "/star"))):
        return ("gist.github.com/ana",)
    return ()


GITHUB = Description(
    name="GitHub REST",
    source="rest-api-description: github.com, Enterprise Cloud, Enterprise Server 3.17–3.19 (@octokit/openapi 23.0.2)",
    operations=operations,
    places=places,
    ask=ask,
    ask_strangers=ask_strangers,
    asking={
        "shows a text as a page, for the asker alone": "/markdown(/raw)?$",
        "a query that is too long for a URL": "/attestations/bulk-list$",
    },
    on_purpose={
        "the asker's own account, which the request doesn't name": r" /(user(/|$)|gists$|gists/\{gist_id\}/forks$)",
        "the app or the token that asks": r" /(app(-manifests)?/|authorizations|credentials/)",
        "the path holds an account's number, or a name made of digits": r" /users/\{user_id\}/",
    },
)
