"""GitLab's published REST operations: by path, by a number that is known, and by one that isn't."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from tests.identify.forges.labelled import asked
from tests.identify.knowing import Known, at
from tests.identify.published.case import READS, Description, Operation, documented, filled

from forgewall.identify.directory import IdKind
from forgewall.model import Target

API = "https://gitlab.com/api/v4"
KNOWN = at(
    "gitlab.com",
    {
        (IdKind.REPOSITORY, "1"): "acme/team/api",
        (IdKind.REPOSITORY, "2"): "umbrella/web",
        (IdKind.OWNER, "1"): "acme/team/",
        (IdKind.OWNER, "2"): "umbrella/",
        (IdKind.USER, "2"): "ana/",
        (IdKind.RUN, "job/2"): "umbrella/web",
    },
)
NOBODY = Known({})
BY_PATH = {"project": "acme%2Fteam%2Fapi", "x": "2"}
PROJECT = "gitlab.com/acme/team/api"
OTHER = "gitlab.com/umbrella/web"
GROUP = "gitlab.com/umbrella"
# What the body has to say so that all places are certain, and what it says.
BODIES: Mapping[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "POST /projects": ({"path": "api", "namespace_id": 1}, (PROJECT,)),
    "POST /projects/user/{x}": ({"path": "api"}, ("gitlab.com/ana/api",)),
    "POST /projects/{project}/fork": ({"namespace_path": "umbrella"}, ("gitlab.com/umbrella/api", PROJECT)),
    "PUT /projects/{project}/transfer": ({"namespace": 2}, (PROJECT, "gitlab.com/umbrella/api")),
    "POST /projects/{project}/share": ({"group_id": 2, "group_access": 30}, (PROJECT, GROUP)),
    "POST /projects/{project}/issues/{x}/move": ({"to_project_id": 2}, (PROJECT, OTHER)),
    "POST /projects/{project}/issues/{x}/clone": ({"to_project_id": 2}, (PROJECT, OTHER)),
    "POST /projects/{project}/job_token_scope/allowlist": ({"target_project_id": 2}, (PROJECT, OTHER)),
    "POST /projects/{project}/job_token_scope/groups_allowlist": ({"target_group_id": 2}, (PROJECT, GROUP)),
    "POST /projects/{project}/merge_requests": ({"target_project_id": 2}, (OTHER, PROJECT)),
    "POST /projects/{project}/repository/commits": ({"start_project": 2}, (PROJECT, OTHER)),
    "POST /projects/import": ({"path": "api", "namespace": 1}, (PROJECT,)),
    "POST /projects/remote-import": ({"path": "api", "namespace": 1}, (PROJECT,)),
    "POST /projects/remote-import-s3": ({"path": "api", "namespace": 1}, (PROJECT,)),
    "POST /projects/import-relation": ({"path": "acme/team/api"}, (PROJECT,)),
    "POST /import/github": ({"target_namespace": "acme/team", "new_name": "api"}, (PROJECT,)),
    "POST /import/bitbucket": ({"target_namespace": "acme/team", "new_name": "api"}, (PROJECT,)),
    "POST /import/bitbucket_server": ({"new_namespace": "acme/team", "new_name": "api"}, (PROJECT,)),
    "POST /groups": ({"path": "umbrella"}, (GROUP,)),
    "POST /groups/import": ({"path": "umbrella", "parent_id": 1}, ("gitlab.com/acme/team/umbrella",)),
    "POST /groups/{project}/share": ({"group_id": 2, "group_access": 30}, (PROJECT, GROUP)),
    "POST /groups/{project}/transfer": ({"group_id": 2}, (PROJECT, "gitlab.com/umbrella/api")),
    "POST /groups/{project}/projects/{x}": ({}, (OTHER, f"{PROJECT}/web")),
    "POST /projects/{project}/fork/{x}": ({}, (PROJECT, OTHER)),
    "POST /projects/{project}/import_project_members/{x}": ({}, (PROJECT, OTHER)),
    "POST /bulk_imports": (
        {"entities": [{"destination_namespace": "umbrella", "destination_slug": "web"}]},
        (OTHER,),
    ),
}


def ask(operation: Operation, known: Known = KNOWN, names: Mapping[str, str] = BY_PATH) -> Target:
    url = API + filled(operation.template, names)
    body = BODIES[operation.title][0] if operation.title in BODIES else b""
    return asked(known, operation.method, url, body)


def ask_strangers(operation: Operation) -> Target:
    """The same with numbers that nobody knows, and without a body."""
    return asked(NOBODY, operation.method, API + filled(operation.template, {"project": "5", "x": "5"}))


def places(operation: Operation) -> tuple[str, ...]:
    path = operation.template
    if operation.title in BODIES:
        return BODIES[operation.title][1]
    if re.match(r"/(projects|groups)/\{project\}", path):
        return (PROJECT,)
    if re.match(r"/(groups|namespaces)/\{x\}", path):
        return (GROUP,)
    if re.match(r"/(projects|jobs|feature_flags/unleash)/\{x\}", path) and operation.method not in READS:
        return (OTHER,)
    if re.match(r"/users/\{x\}(?!/(un)?follow$)", path):
        return ("gitlab.com/ana",)
    return ()


GITLAB = Description(
    name="GitLab REST",
    source="doc/api/openapi (July 2026), and the calls of gitbeaker and go-gitlab",
    operations=partial(documented, "gitlab"),
    places=places,
    ask=ask,
    ask_strangers=ask_strangers,
    asking={
        "shows a text as a page, for the asker alone": " /markdown$",
        "checks a text": "/ci/lint$",
        "asks what is known of packages": "/security/(advisories/bulk|audits/quick)$",
        "a query": " /glql$|/product_analytics/request/(load|dry-run)$",
    },
    on_purpose={
        "the asker's own account, which the request doesn't name": r" /(user(/|$)|import/github/gists$)",
        "a token or a runner by its number or by itself": r" /(personal_access_tokens|runners)(/|$)",
        "a package by its name alone": r" /packages/(conan|npm)/",
        "an import or an export by its number": r" /(import/github/cancel|bulk_imports/|offline_exports)",
        "a number that no answer tells": r" /suggestions/",
        "Workhorse's own question before an upload, which no client asks": r"/authorize$",
        "what other services and instances tell GitLab": r" /(geo|slack|integrations|container_registry_event)/",
    },
)
