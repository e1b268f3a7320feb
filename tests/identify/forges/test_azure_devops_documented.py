"""Every published operation of Azure DevOps, on every host that serves it: its effect, and whose repository it is.

What an operation does is taken from what the description calls it, not from the route table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.identify.forges.azure import API, OSS, PAYMENTS, ask, known

from forgewall.identify.directory import EMPTY, Directory
from forgewall.identify.routes import load_routes
from forgewall.model import Effect, Operation, Target

_FILE = Path(__file__).parents[2] / "corpus" / "identify" / "documented-azure-devops.txt"

_READS = re.compile(r"(Get|List|Query|Fetch|Lookup|Read|Has|Preview|Create-Subscriptions-Query)(-|$)")
# Routes that only read by their name, but share their path with a write, hand out an address to upload to, or make the
# forge send a request of the client's choice to others.
_SHARED = re.compile(r"/distributedtask/securefiles$|/serviceendpoint/(endpoints|endpointproxy)$")
# The effect doesn't stay in the project that the path names, or the body says where it goes.
_WHOLE = re.compile(r"/tfvc/changesets$|CloneOperation$|CloneTestCaseOperation$|/serviceendpoint/endpoint")
_TEAM = "Web%20Team"

NAMES = {
    "organization": "acme",
    **dict.fromkeys(("project", "projectId", "scopeIdentifier"), "payments"),
    **dict.fromkeys(("repository", "repositoryId", "repositoryNameOrId"), "api"),
    "team": _TEAM,
}
GUIDS = NAMES | {
    **dict.fromkeys(("project", "projectId", "scopeIdentifier"), PAYMENTS),
    **dict.fromkeys(("repository", "repositoryId", "repositoryNameOrId"), API.upper()),
}
BODIES = (
    ("/git/repositories", {"name": "api"}),
    ("/projects", {"name": "payments", "visibility": "private"}),
    ("/forkSyncRequests", {"source": {"collectionId": OSS, "repositoryId": OSS}}),
    ("/wit/workitems/${type}", [{"op": "add", "path": "/fields/System.Title", "value": "t"}]),
    ("/wit/workitems/{id}", [{"op": "add", "path": "/fields/System.Title", "value": "t"}]),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One operation on one host."""

    method: str
    host: str
    path: str
    name: str

    @property
    def reads(self) -> bool:
        if self.method in ("GET", "HEAD"):
            return True
        return self.method == "POST" and bool(_READS.match(self.name)) and not _SHARED.search(self.path)

    @property
    def address(self) -> str | None:
        """The address that the path and the body name, below the forge."""
        if "{organization}" not in self.path:
            return None
        creates = self.method == "POST" and self.path.endswith("_apis/git/repositories")
        if re.search(r"\{repository(Id|NameOrId)?\}", self.path) or creates:
            return "acme/payments/api"
        whole = not self.reads and _WHOLE.search(self.path)
        inside = re.search(r"\{(project|projectId|scopeIdentifier)\}", self.path) and not whole
        creates = self.method == "POST" and self.path.endswith("_apis/projects")
        return "acme/payments" if inside or creates else "acme"

    def url(self, names: dict[str, str], old: bool) -> str:
        path = re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "x1"), self.path).replace("$x1", "$Task")
        if self.host == "server":
            return "https://tfs.example/tfs" + path
        if old and path.startswith("/acme") and self.host not in ("advsec", "auditservice"):
            host = "acme.visualstudio.com" if self.host == "dev" else f"acme.{self.host}.visualstudio.com"
            return f"https://{host}{path.removeprefix('/acme')}"
        return f"https://{'dev' if self.host == 'dev' else f'{self.host}.dev'}.azure.com{path}".replace(
            "app.vssps.dev.azure", "app.vssps.visualstudio"
        )

    def asked(self, names: dict[str, str], directory: Directory, old: bool = False) -> Target:
        body = next((body for end, body in BODIES if self.path.lower().endswith(end.lower())), None)
        return ask(self.method, self.url(names, old), None if self.reads else body, directory=directory)


def rows() -> Iterator[Row]:
    for line in _FILE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            method, hosts, path, name = line.split()
            for host in hosts.split(","):
                yield Row(method, host, path, name)


def forge(row: Row) -> str:
    return "tfs.example" if row.host == "server" else "dev.azure.com"


@pytest.mark.parametrize(
    "names, knows, old",
    [(NAMES, False, False), (NAMES, False, True), (GUIDS, True, False), (GUIDS, True, True)],
    ids=["names", "names at ORG.visualstudio.com", "GUIDs", "GUIDs at ORG.visualstudio.com"],
)
def test_each_operation_has_its_effect_and_its_place(names: dict[str, str], knows: bool, old: bool) -> None:
    wrong: dict[str, list[str]] = {"write as read": [], "read as write": [], "other place": [], "unknown": []}
    total = reads = placed = 0
    for row in rows():
        # One operation reads its source's GUID from the body, whatever the path holds.
        knowing = knows or row.path.endswith("forkSyncRequests")
        target = row.asked(names, known(forge(row)) if knowing else EMPTY, old)
        shown = f"{row.method} {row.url(names, old)} {row.name}: {target.operation.value} {target.address}"
        total += 1
        reads += row.reads
        if row.reads != (target.effect is Effect.READ):
            wrong["read as write" if row.reads else "write as read"].append(shown)
        if target.operation is Operation.UNIDENTIFIED and row.address is not None:
            wrong["unknown"].append(shown)
        if target.effect not in (Effect.AUTH, Effect.TELEMETRY):
            placed += 1
            wanted = None if row.address is None else f"{forge(row)}/{row.address}"
            if target.address != wanted:
                wrong["other place"].append(shown + f" not {wanted}")
    fatal = len(wrong["write as read"])
    late, other = 100 * len(wrong["read as write"]) / reads, 100 * len(wrong["other place"]) / placed
    print(
        f"azure-devops: {total} operations, {total - reads} writes; writes taken for reads {fatal},"
        f" reads taken for writes {late:.2f} %, owner and repository right {100 - other:.2f} %"
    )
    assert total == 1975
    assert wrong == {"write as read": [], "read as write": [], "other place": [], "unknown": []}


def test_no_repository_is_claimed_for_a_guid_that_nobody_knows() -> None:
    for row in rows():
        target = row.asked(GUIDS, EMPTY)
        if re.search(r"\{(repository|project|scopeIdentifier)", row.path) and not row.reads:
            place = (target.owner, target.address)
            # A row may concern the whole organisation, which is named; and star is nobody's.
            named = _WHOLE.search(row.path) or ("organization" in row.path and place[0] == "acme")
            assert target.operation is Operation.UNIDENTIFIED or named or target.effect is Effect.PERSONAL, row
        assert target.repository is None
        assert target.owner in (None, "acme") or row.path.endswith("_apis/projects")


SPELLINGS: list[Callable[[str], str]] = [
    str.upper,
    str.title,
    lambda path: path + "/",
    lambda path: path + "?api-version=7.2",
]


@pytest.mark.parametrize("spell", SPELLINGS)
def test_case_and_what_follows_change_nothing(spell: Callable[[str], str]) -> None:
    for row in rows():
        url = row.url(NAMES, False)
        before, mark, after = url.partition("/_apis/")
        if mark and "api" not in after.split("/") and row.method not in ("GET", "HEAD"):
            first, second = ask(row.method, url), ask(row.method, before + mark + spell(after))
            assert (first.operation, first.key) == (second.operation, second.key)


def test_get_of_the_same_path_is_a_read() -> None:
    for row in rows():
        assert ask("GET", row.url(NAMES, False)).effect is Effect.READ


def test_what_passes_as_a_read_is_a_short_list() -> None:
    listed = [row for row in load_routes("azure-devops-api") if row.operation is Operation.FETCH]
    published = {re.sub(r"\{\w+\}", "{}", row.path.partition("_apis")[2]).lower() for row in rows() if row.reads}
    extra = sorted(
        "/".join(route.pattern)
        for route in listed
        if re.sub(r"\{[^}]*\}", "{}", "/" + "/".join(route.pattern)) not in published
    )
    assert len(listed) == len(extra) + 44
    assert extra == [
        "contribution/dataproviders/query",
        "contribution/dataproviders/query/project/{project}",
        "contribution/hierarchyquery",
        "contribution/hierarchyquery/project/{project}",
        "contribution/nodes/query",
        "dedup/urls",
        "featuremanagement/featurestatesquery",
        "identitypicker/identities",
        "public/gallery/extensionquery",
    ]
