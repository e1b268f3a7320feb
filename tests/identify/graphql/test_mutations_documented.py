"""Every mutation that the forges publish is listed, and each id in its input is a repository that the target names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.identify.graphql.knowing import GITHUB, GITLAB, Knowing, sent

from forgewall.identify.graphql.inputs import names_a_place
from forgewall.identify.graphql.mutations import Mutation, table
from forgewall.model import Effect, Operation

_FOLDER = Path(__file__).parents[2] / "corpus" / "identify"
_URLS = {"github": GITHUB, "gitlab": GITLAB}
_HOSTS = {"github": "github.com", "gitlab": "gitlab.com"}
PUBLISHED = {"github": 247, "gitlab": 341}

# Nothing that a policy could name: texts and money of the asker's own, models, and projects that nobody names.
ON_PURPOSE = {
    "github": {
        "cancelSponsorship",
        "changeUserStatus",
        "createSponsorsListing",
        "createSponsorsTier",
        "createSponsorship",
        "createSponsorships",
        "createUserList",
        "deleteUserList",
        "publishSponsorsTier",
        "retireSponsorsTier",
        "updatePatreonSponsorability",
        "updateSponsorshipPreferences",
        "updateUserList",
    },
    "gitlab": {
        "aiAction",
        "ciAiGenerateConfig",
        "echoCreate",
        "savedReplyCreate",
        "savedReplyDestroy",
        "savedReplyUpdate",
        "scanExecutionPolicyCommit",
        "securityFindingCreateMergeRequest",
        "securityFindingDismiss",
        "securityFindingRevertToDetected",
        "workItemAddClosingMergeRequest",
    },
}

type Fields = dict[str, str]


def published(forge: str) -> Iterator[tuple[str, Fields]]:
    for line in (_FOLDER / f"mutations-{forge}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, *fields = line.split()
            yield name, dict(field.split(":") for field in fields)


def is_id(kind: str) -> bool:
    return kind.strip("[]!").endswith("ID") and "GitObjectID" not in kind


def resolves(row: Mutation, field: str) -> bool:
    return any(".".join(one.place) == field for one in row.locators) or field in (".".join(p) for p in row.new or ())


class World:
    """Answers with a repository of its own for each field, and writes values that name it."""

    def __init__(self, forge: str, fields: Fields) -> None:
        self.host = _HOSTS[forge]
        self.fields = fields
        self.known: dict[str, str] = {}
        self.named: dict[str, str] = {}

    def value(self, row: Mutation, field: str, kind: str, number: int) -> object:
        naming = next((one.naming.value for one in row.locators if ".".join(one.place) == field), "")
        flat = re.sub(r"\W", "-", field)
        owner, both = f"{self.host}/o-{flat}", f"{self.host}/o-{flat}/r-{flat}"
        if row.new and row.new[0] == (field,):
            self.known[f"N{number}"] = owner
            self.named[field] = f"{owner}/new"
            return f"N{number}"
        if row.new and row.new[1] == (field,):
            return "new"
        match naming:
            case "node" if self.host == "gitlab.com":
                gid = f"gid://gitlab/Thing/{number}"
                self.known[gid] = self.named[field] = both
                return gid
            case "node":
                self.known[f"N{number}"] = self.named[field] = both
                return f"N{number}"
            case "number":
                self.known[f"repository:{number}"] = self.named[field] = both
                return number
            case "name" | "path":
                self.named[field] = both
                return both.removeprefix(f"{self.host}/")
            case "group" | "space" | "login":
                self.named[field] = owner
                return owner.removeprefix(f"{self.host}/")
            case "url":
                self.named[field] = both
                return f"https://{both}/issues/1"
        return plain(kind)

    def input(self, row: Mutation) -> dict[str, object]:
        found: dict[str, object] = {}
        for number, (field, kind) in enumerate(self.fields.items(), 1):
            *above, last = field.split(".")
            inner = found
            for name in above:
                step = inner.setdefault(name, {})
                assert isinstance(step, dict)
                inner = step
            value = self.value(row, field, kind, number)
            inner[last] = [value] if kind.startswith("[") else value
        return found


def plain(kind: str) -> object:
    match kind.strip("[]!"):
        case "Int" | "Float":
            return 1
        case "Boolean":
            return False
        case _:
            return "x"


def asked(forge: str, name: str, fields: Fields) -> tuple[World, set[str], Operation, Effect]:
    row = table(forge).rows[name]
    world = World(forge, fields)
    document = f"mutation($input: X!) {{ {name}(input: $input) {{ clientMutationId }} }}"
    variables = {"input": world.input(row)}
    target = sent(document, variables, url=_URLS[forge], known=Knowing(world.known))
    places = {target.address or "", *(one.address or "" for one in target.also)}
    return world, places, target.operation, target.effect


@pytest.mark.parametrize("forge", PUBLISHED)
def test_each_published_mutation_is_listed(forge: str) -> None:
    rows = table(forge).rows
    names = [name for name, _ in published(forge)]
    assert len(names) == PUBLISHED[forge]
    assert [name for name in names if name not in rows] == []


@pytest.mark.parametrize("forge", PUBLISHED)
def test_no_mutation_is_a_read_but_these(forge: str) -> None:
    reads = {name for name, row in table(forge).rows.items() if row.operation.effect is Effect.READ}
    assert reads == (
        {
            "buildForecast",
            "ciLint",
            "exportRequirements",
            "groupMembersExport",
            "jiraImportUsers",
            "workItemExport",
            "workItemsCsvExport",
        }
        if forge == "gitlab"
        else set()
    )


@pytest.mark.parametrize("forge", PUBLISHED)
def test_each_names_all_repositories_of_its_input(forge: str, capsys: pytest.CaptureFixture[str]) -> None:
    right = personal = 0
    wrong, unidentified = [], set()
    for name, fields in published(forge):
        row = table(forge).rows[name]
        world, places, operation, effect = asked(forge, name, fields)
        if operation is Operation.UNIDENTIFIED:
            unidentified.add(name)
        elif effect is not Effect.WRITE:
            personal += 1
        elif row.otherwise and not world.named:
            assert places in ({_HOSTS[forge]}, {f"{_HOSTS[forge]}/-/snippets"})
            right += 1
        elif set(world.named.values()) == places and world.named:
            right += 1
        else:
            wrong.append((name, places, world.named))
    with capsys.disabled():
        total = PUBLISHED[forge]
        print(
            f"\n{forge}: {total} mutations, {right} with the right repositories, {personal} personal or reads,"
            f" {len(unidentified)} unidentified on purpose, {len(wrong)} wrong"
        )
    assert wrong == []
    assert unidentified == ON_PURPOSE[forge]


@pytest.mark.parametrize("forge", PUBLISHED)
def test_nothing_is_certain_where_the_ids_are_not_known(forge: str) -> None:
    certain = []
    for name, fields in published(forge):
        row = table(forge).rows[name]
        world = World(forge, fields)
        document = f"mutation {{ {name}(input: $i) {{ a }} }}".replace("mutation", "mutation($i: X!)")
        target = sent(document, {"i": world.input(row)}, url=_URLS[forge], known=Knowing({}))
        if world.known and target.effect is Effect.WRITE and target.identified:
            certain.append(name)
    assert certain == []


@pytest.mark.parametrize("forge", PUBLISHED)
def test_each_field_that_may_lead_elsewhere_was_thought_of(forge: str) -> None:
    """An id, and what is called like a place, is a locator, or somebody has said that it leads nowhere."""
    beside = table(forge).beside
    forgotten = []
    for name, fields in published(forge):
        row = table(forge).rows[name]
        if row.operation.effect is not Effect.WRITE or row.operation is Operation.UNIDENTIFIED:
            continue
        known = {".".join(place) for place in row.known}
        for field, kind in fields.items():
            last = field.rpartition(".")[2]
            if (is_id(kind) or names_a_place(last)) and field not in known and last not in beside:
                forgotten.append((name, field))
    # Numbers within the project or the schedule, and people who must approve.
    expected = {"iid", "iids", "oncallScheduleIid", "reviewers"}
    assert {field.rpartition(".")[2] for _, field in forgotten} <= expected


@pytest.mark.parametrize("forge", PUBLISHED)
def test_what_leads_nowhere_never_names_a_repository(forge: str) -> None:
    suspicious = re.compile(r"repository|project|namespace|owner|fullpath|namewithowner", re.IGNORECASE)
    told = {field for field in table(forge).beside if suspicious.search(field)}
    assert (
        told
        == {
            "github": {"repositoryRoleDatabaseId", "repositoryPropertyName", "enterpriseOwner"},
            "gitlab": {"pipelineConfigurationFullPath"},
        }[forge]
    )


@pytest.mark.parametrize("forge", PUBLISHED)
def test_a_required_name_of_a_repository_is_never_left_out(forge: str) -> None:
    """What the schema requires and calls a repository or a project is where the mutation writes, or it is personal."""
    left_out = []
    for name, fields in published(forge):
        row = table(forge).rows[name]
        if row.operation.effect is not Effect.WRITE or row.operation is Operation.UNIDENTIFIED:
            continue
        for field in ("repositoryId", "projectPath", "fullPath", "groupPath", "namespacePath", "projectId"):
            if fields.get(field, "").endswith("!") and not resolves(row, field):
                left_out.append((name, field))
    assert left_out == []
