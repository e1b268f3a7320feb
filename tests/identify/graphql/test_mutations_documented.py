"""Every mutation that the forges publish is listed, and no field of its input that may name a place was forgotten."""

from __future__ import annotations

import re

import pytest
from tests.identify.published.graphql import HOSTS, asked, published

from forgewall.identify.graphql.inputs import names_a_place
from forgewall.identify.graphql.mutations import Mutation, table
from forgewall.model import Effect, Operation

PUBLISHED = {"github": 247, "gitlab": 341}


def is_id(kind: str) -> bool:
    return kind.strip("[]!").endswith("ID") and "GitObjectID" not in kind


def resolves(row: Mutation, field: str) -> bool:
    return any(".".join(one.place) == field for one in row.locators) or field in (".".join(p) for p in row.new or ())


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
def test_what_names_nothing_is_the_instances_or_the_askers_own(forge: str) -> None:
    for name, fields in published(forge):
        world, target = asked(forge, name, fields)
        if table(forge).rows[name].otherwise and not world.named and target.effect is Effect.WRITE:
            assert target.address in (HOSTS[forge], f"{HOSTS[forge]}/-/snippets"), name


@pytest.mark.parametrize("forge", PUBLISHED)
def test_nothing_is_certain_where_the_ids_are_not_known(forge: str) -> None:
    certain = []
    for name, fields in published(forge):
        world, target = asked(forge, name, fields, knowing=False)
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
