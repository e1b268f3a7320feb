"""Every published operation of Azure DevOps by GUID and at old hosts, and in spellings that are the same to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest
from tests.identify.forges.azure import ask
from tests.identify.published.azure_devops import DESCRIPTION, GUIDS, NAMES, asked, url_of
from tests.identify.published.case import READS

from forgewall.identify.directory import EMPTY
from forgewall.identify.routes import load_routes
from forgewall.model import Effect, Operation

# The effect doesn't stay in the project that the path names.
_WHOLE = re.compile(r"/tfvc/changesets$|CloneOperation$|CloneTestCaseOperation$|/serviceendpoint/endpoint")


@pytest.mark.parametrize(
    "names, old",
    [(NAMES, True), (GUIDS, False), (GUIDS, True)],
    ids=["names at ORG.visualstudio.com", "GUIDs", "GUIDs at ORG.visualstudio.com"],
)
def test_whoever_is_named_otherwise_is_the_same(names: Mapping[str, str], old: bool) -> None:
    for case in DESCRIPTION.cases:
        target = asked(case.operation, names, old=old)
        told = (target.operation, target.address, target.also)
        assert told == (case.target.operation, case.target.address, case.target.also), case.operation.title


def test_no_repository_is_claimed_for_a_guid_that_nobody_knows() -> None:
    for case in DESCRIPTION.cases:
        one = case.operation
        target = asked(one, GUIDS, EMPTY)
        if re.search(r"\{(repository|project|scopeIdentifier)", one.template) and case.writes:
            # A row may concern the whole organisation, which is named; and star is nobody's.
            named = _WHOLE.search(one.template) or ("{organization}" in one.template and target.owner == "acme")
            assert target.operation is Operation.UNIDENTIFIED or named or target.effect is Effect.PERSONAL, one.title
        assert target.repository is None
        assert target.owner in (None, "acme") or one.template.endswith("_apis/projects")


SPELLINGS: list[Callable[[str], str]] = [
    str.upper,
    str.title,
    lambda path: path + "/",
    lambda path: path + "?api-version=7.2",
]


@pytest.mark.parametrize("spell", SPELLINGS)
def test_case_and_what_follows_change_nothing(spell: Callable[[str], str]) -> None:
    for case in DESCRIPTION.cases:
        url = url_of(case.operation, NAMES)
        before, mark, after = url.partition("/_apis/")
        if mark and "api" not in after.split("/") and case.operation.method not in READS:
            first, second = ask(case.operation.method, url), ask(case.operation.method, before + mark + spell(after))
            assert (first.operation, first.key) == (second.operation, second.key)


def test_what_passes_as_a_read_is_a_short_list() -> None:
    listed = [row for row in load_routes("azure-devops-api") if row.operation is Operation.FETCH]
    reads = [case.operation.template for case in DESCRIPTION.cases if not case.writes]
    published = {re.sub(r"\{\w+\}", "{}", path.partition("_apis")[2]).lower() for path in reads}
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
