"""The published REST operations of Azure DevOps, on every host that serves them: by name, by GUID, and at old hosts.

What an operation does is taken from what the description calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tests.identify.forges.azure import API, OSS, PAYMENTS, ask, known
from tests.identify.published.case import Description, Operation, filled, lines

from forgewall.identify.directory import EMPTY, Directory
from forgewall.model import Target

_PROJECTS = ("project", "projectId", "scopeIdentifier")
_REPOSITORIES = ("repository", "repositoryId", "repositoryNameOrId")
NAMES: Mapping[str, str] = {
    "organization": "acme",
    **dict.fromkeys(_PROJECTS, "payments"),
    **dict.fromkeys(_REPOSITORIES, "api"),
    "team": "Web%20Team",
}
GUIDS: Mapping[str, str] = {
    **NAMES,
    **dict.fromkeys(_PROJECTS, PAYMENTS),
    **dict.fromkeys(_REPOSITORIES, API.upper()),
}
BODIES: tuple[tuple[str, object], ...] = (
    ("/git/repositories", {"name": "api"}),
    ("/projects", {"name": "payments", "visibility": "private"}),
    ("/forkSyncRequests", {"source": {"collectionId": OSS, "repositoryId": OSS}}),
    ("/wit/workitems/${type}", [{"op": "add", "path": "/fields/System.Title", "value": "t"}]),
    ("/wit/workitems/{id}", [{"op": "add", "path": "/fields/System.Title", "value": "t"}]),
)
# The effect doesn't stay in the project that the path names, or the body says where it goes.
_WHOLE = re.compile(r"/tfvc/changesets$|CloneOperation$|CloneTestCaseOperation$|/serviceendpoint/endpoint")


def operations() -> Iterator[Operation]:
    """Each operation once for each host."""
    for method, hosts, template, name in lines("documented-azure-devops"):
        for host in hosts.split(","):
            yield Operation(method, template, (host, name))


def forge_of(operation: Operation) -> str:
    """The host of the addresses: a self-hosted server is a forge of its own."""
    return "tfs.example" if operation.more[0] == "server" else "dev.azure.com"


def url_of(operation: Operation, names: Mapping[str, str], old: bool = False) -> str:
    """Where it is asked; `old`: by `ORG.visualstudio.com`, where that host has such a name."""
    host, path = operation.more[0], filled(operation.template, names).replace("$x1", "$Task")
    if host == "server":
        return "https://tfs.example/tfs" + path
    if old and path.startswith("/acme") and host not in ("advsec", "auditservice"):
        name = "acme.visualstudio.com" if host == "dev" else f"acme.{host}.visualstudio.com"
        return f"https://{name}{path.removeprefix('/acme')}"
    if host == "app.vssps":
        return f"https://app.vssps.visualstudio.com{path}"
    return f"https://{'dev' if host == 'dev' else f'{host}.dev'}.azure.com{path}"


def asked(
    operation: Operation, names: Mapping[str, str] = NAMES, directory: Directory | None = None, old: bool = False
) -> Target:
    """The target; one operation names its source by GUID whatever the path holds, so GUIDs are known unless said."""
    end = operation.template.lower()
    body = next((body for suffix, body in BODIES if end.endswith(suffix.lower())), None)
    if not DESCRIPTION.writes(operation):
        body = None
    found = known(forge_of(operation)) if directory is None else directory
    return ask(operation.method, url_of(operation, names, old), body, directory=found)


def ask_strangers(operation: Operation) -> Target | None:
    """The same by GUIDs that nobody knows."""
    if not re.search(r"\{(repository|project|scopeIdentifier)", operation.template):
        return None
    return asked(operation, GUIDS, EMPTY)


def places(operation: Operation) -> tuple[str, ...]:
    path, forge = operation.template, forge_of(operation)
    if "{organization}" not in path:
        return ()
    makes = operation.method == "POST" and path.endswith(("_apis/git/repositories", "_apis/projects"))
    if path.endswith("/forkSyncRequests") and operation.method == "POST":
        return f"{forge}/acme/payments/api", f"{forge}/acme/public/oss"
    if re.search(r"\{repository(Id|NameOrId)?\}", path) or (makes and path.endswith("repositories")):
        return (f"{forge}/acme/payments/api",)
    whole = DESCRIPTION.writes(operation) and _WHOLE.search(path)
    if makes or (re.search(r"\{(project|projectId|scopeIdentifier)\}", path) and not whole):
        return (f"{forge}/acme/payments",)
    return (f"{forge}/acme",)


DESCRIPTION = Description(
    name="Azure DevOps",
    source="vsts-rest-api-specs (2026-05-12): Services 7.2 and Server 7.1, each operation on each host that serves it",
    operations=operations,
    places=places,
    ask=asked,
    ask_strangers=ask_strangers,
    asking={
        "a query, by the description's own name for it": r"^POST (?!\S+/(securefiles|endpoints|endpointproxy) )\S+ \S+"
        r" (Get|List|Query|Fetch|Lookup|Read|Has|Create-Subscriptions-Query)(-|$)",
        "shows what a pipeline would run, without running it": r"^POST \S+/preview ",
    },
    on_purpose={"no organisation is named, and no project": r" /_apis/delegatedauth/"},
)
