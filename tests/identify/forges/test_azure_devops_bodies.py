"""What bodies add to requests to Azure DevOps: new repositories, forks, pull requests, work items, data providers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.forges.azure import API, LOOT, OSS, PAYMENTS, PUBLIC, STRANGER, ask, known, told

from forgewall.identify.address import covers
from forgewall.identify.directory import EMPTY
from forgewall.model import BodyState, Effect, Operation, Target, Visibility

HOME = "https://dev.azure.com/acme"
REPOS = f"{HOME}/payments/_apis/git/repositories"
ADDRESS = "dev.azure.com/acme/payments/api"
PATCH = "application/json-patch+json"


def created(body: object, base: str = HOME, **more: Any) -> Target:
    return ask("POST", f"{base}/_apis/git/repositories?api-version=7.1", body, directory=known(), **more)


@pytest.mark.parametrize(
    "base, body",
    [
        (f"{HOME}/payments", {"name": "new"}),
        (f"{HOME}/{PAYMENTS}", {"name": "new"}),
        (HOME, {"name": "new", "project": {"id": PAYMENTS}}),
        (HOME, {"Name": "new", "Project": {"ID": PAYMENTS.upper()}}),
        (HOME, {"name": "new", "project": {"name": "payments"}}),
        (f"{HOME}/payments", {"name": "new", "project": {"id": PAYMENTS, "name": "Payments"}}),
    ],
)
def test_a_new_repository(base: str, body: object) -> None:
    target = created(body, base)
    assert (target.operation, target.key) == (Operation.CREATE_REPO, "dev.azure.com/acme/payments/new")
    assert target.visibility is Visibility.PRIVATE


def test_a_new_repository_of_a_public_project_is_public() -> None:
    assert created({"name": "new", "project": {"id": PUBLIC}}).visibility is Visibility.PUBLIC


@pytest.mark.parametrize(
    "base, body",
    [
        (HOME, {"name": "new"}),
        (HOME, {"name": "new", "project": {"id": STRANGER}}),
        (HOME, {"name": "new", "project": {"id": "payments"}}),
        (HOME, {"name": "new", "project": {"id": API}}),
        (HOME, {"name": "new", "project": "payments"}),
        (f"{HOME}/payments", {"name": "new", "project": "payments"}),
        (f"{HOME}/payments", {"name": "new", "project": {"id": PUBLIC}}),
        (f"{HOME}/payments", {"name": "new", "project": {"name": "public"}}),
        (f"{HOME}/payments", {"name": "new", "project": {"id": PAYMENTS, "name": "public"}}),
        (f"{HOME}/payments", {"name": "new", "project": {"id": PAYMENTS, "ID": PUBLIC}}),
        (f"{HOME}/payments", {"name": "new", "project": {"$ref": "1"}}),
        (f"{HOME}/payments", {"name": "ne/w"}),
        (f"{HOME}/payments", {"name": API}),
        (f"{HOME}/payments", {}),
        (f"{HOME}/payments", []),
        (f"{HOME}/payments", b'{"name": "new", "name": "other"}'),
        (f"{HOME}/payments", b'{"name": "new", "Name": "other"}'),
        ("https://dev.azure.com/mallory", {"name": "new", "project": {"id": PAYMENTS}}),
    ],
)
def test_a_new_repository_nobody_knows_where(base: str, body: object) -> None:
    assert created(body, base).operation is Operation.UNIDENTIFIED


def test_a_fork_names_its_parent() -> None:
    body: dict[str, Any] = {"name": "api-fork", "project": {"id": PUBLIC}, "parentRepository": {"id": API}}
    target = created(body)
    assert told(target) == ("fork", "dev.azure.com/acme/public/api-fork")
    assert [(one.address, one.role) for one in target.also] == [(ADDRESS, "parent")]
    assert target.visibility is Visibility.PUBLIC
    by_name = body | {"parentRepository": {"name": "api", "project": {"name": "payments"}}}
    assert created(by_name) == target


@pytest.mark.parametrize(
    "parent",
    [
        {"id": STRANGER},
        {"id": LOOT},
        {"id": PAYMENTS},
        {"id": "api"},
        {"name": "api"},
        {"name": "api", "project": {"id": STRANGER, "name": "payments"}},
        {"id": API, "collection": {"id": STRANGER}},
        "api",
    ],
)
def test_a_fork_of_nobody_knows_what(parent: object) -> None:
    assert created({"name": "x", "parentRepository": parent}, f"{HOME}/public").operation is Operation.UNIDENTIFIED


def test_an_unread_body_is_asked_for() -> None:
    unread = BodyState.UNREAD
    target = created(None, f"{HOME}/payments", state=unread)
    assert (target.operation, target.address, target.wants_body) == (Operation.CREATE_REPO, None, True)
    assert created(None, f"{HOME}/payments", state=BodyState.TOO_LONG).operation is Operation.UNIDENTIFIED
    for method, path in [
        ("POST", "git/repositories/api/pullrequests"),
        ("POST", "git/repositories/api/cherryPicks"),
        ("PATCH", "wit/workitems/1"),
        ("PATCH", "wit/$batch"),
        ("POST", "wiki/wikis"),
        ("POST", "contribution/hierarchyQuery"),
    ]:
        target = ask(method, f"{HOME}/payments/_apis/{path}", state=unread)
        assert (target.operation, target.wants_body) == (Operation.UNIDENTIFIED, True)
    target = ask("PATCH", f"{HOME}/_apis/projects/payments", state=unread)
    assert (target.operation, target.wants_body) == (Operation.VISIBILITY, True)


@pytest.mark.parametrize(
    "body, operation, visibility",
    [
        ({"visibility": "public"}, Operation.VISIBILITY, Visibility.PUBLIC),
        ({"Visibility": "Private"}, Operation.VISIBILITY, Visibility.PRIVATE),
        ({"visibility": "organization", "name": "x"}, Operation.VISIBILITY, Visibility.INTERNAL),
        ({"visibility": 2}, Operation.VISIBILITY, Visibility.PUBLIC),
        ({"visibility": "1"}, Operation.VISIBILITY, Visibility.INTERNAL),
        ({"description": "x"}, Operation.OTHER_WRITE, None),
        ({"visibility": True}, Operation.UNIDENTIFIED, None),
        ({"visibility": "hidden"}, Operation.UNIDENTIFIED, None),
        (b"{", Operation.UNIDENTIFIED, None),
    ],
)
def test_settings_of_a_project(body: object, operation: Operation, visibility: Visibility | None) -> None:
    for project in ("payments", PAYMENTS):
        target = ask("PATCH", f"{HOME}/_apis/projects/{project}", body, directory=known())
        assert (target.operation, target.address) == (operation, "dev.azure.com/acme/payments")
        assert target.visibility is (visibility or Visibility.PRIVATE)


def test_a_new_project() -> None:
    for seen, word in [(Visibility.PUBLIC, "public"), (None, None), (Visibility.PRIVATE, 0)]:
        target = ask("POST", f"{HOME}/_apis/projects", {"name": "new", "visibility": word})
        assert told(target) == ("create-repo", "dev.azure.com/acme/new")
        assert target.visibility is seen
    for body in ({"name": "a/b"}, {"name": PAYMENTS}, {"name": "new", "visibility": "hidden"}, []):
        assert ask("POST", f"{HOME}/_apis/projects", body).operation is Operation.UNIDENTIFIED


def pull(body: object) -> Target:
    return ask("POST", f"{REPOS}/api/pullrequests", body, directory=known())


def test_a_pull_request_from_a_fork_names_it() -> None:
    assert told(pull({"sourceRefName": "refs/heads/x"})) == ("pull-request", ADDRESS)
    target = pull({"forkSource": {"name": "refs/heads/x", "repository": {"id": OSS}}})
    assert told(target) == ("pull-request", ADDRESS)
    assert [(one.address, one.role) for one in target.also] == [("dev.azure.com/acme/public/oss", "source")]
    assert pull({"forkSource": {"repository": {"id": API}}}).also == ()
    assert told(pull({"repository": {"id": API}})) == ("pull-request", ADDRESS)


@pytest.mark.parametrize(
    "body",
    [
        {"forkSource": {"repository": {"id": STRANGER}}},
        {"forkSource": {"repository": {"id": LOOT}}},
        {"forkSource": {"name": "refs/heads/x"}},
        {"forksource": "x"},
        {"repository": {"id": OSS}},
        {"repository": {"name": "other"}},
        {"repository": "api"},
        [],
    ],
)
def test_a_pull_request_between_nobody_knows_which(body: object) -> None:
    assert pull(body).operation is Operation.UNIDENTIFIED


def test_a_fork_is_synchronised_with_its_source() -> None:
    url = f"{HOME}/public/_apis/git/repositories/{OSS}/forkSyncRequests"
    target = ask("POST", url, {"source": {"collectionId": STRANGER, "repositoryId": API}}, directory=known())
    assert told(target) == ("contents", "dev.azure.com/acme/public/oss")
    assert [(one.address, one.role) for one in target.also] == [(ADDRESS, "source")]
    for source in ({}, {"repositoryId": STRANGER}, {"repositoryId": "api"}, "x"):
        assert ask("POST", url, {"source": source}, directory=known()).operation is Operation.UNIDENTIFIED


def test_a_cherry_pick_stays_in_its_repository() -> None:
    url = f"{REPOS}/api/cherryPicks"
    for body in ({}, {"repository": {"id": API}}, {"repository": {"name": "api"}}):
        assert told(ask("POST", url, body, directory=known())) == ("contents", ADDRESS)
    for body in ({"repository": {"id": OSS}}, {"repository": {"id": STRANGER}}, {"repository": {"name": "x"}}):
        assert ask("POST", url, body, directory=known()).operation is Operation.UNIDENTIFIED


def changed(*changes: object, url: str = f"{HOME}/payments/_apis/wit/workitems/$Task", kind: str = PATCH) -> Target:
    return ask("POST" if "$" in url else "PATCH", url, list(changes), directory=known(), kind=kind)


def test_a_work_item() -> None:
    title = {"op": "add", "path": "/fields/System.Title", "value": "t"}
    assert told(changed(title)) == ("issue", "dev.azure.com/acme/payments")
    assert told(changed(title, kind="application/json-patch+json; charset=utf-8; api-version=7.1"))[0] == "issue"
    assert told(changed(title, url=f"{HOME}/_apis/wit/workitems/17")) == ("issue", "dev.azure.com/acme")
    assert told(changed(title, {"op": "add", "path": "/fields/System.TeamProject", "value": "payments"})) == (
        "issue",
        "dev.azure.com/acme/payments",
    )


@pytest.mark.parametrize(
    "path",
    ["/fields/System.TeamProject", "/Fields/system.teamproject", "/fields/Team Project", "/fields~1System.TeamProject",
     "/fields/-42"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["path", "Path"])
def test_a_work_item_that_moves_names_where_to(path: str, key: str) -> None:
    target = changed({"op": "add", key: path, "value": "public"}, url=f"{HOME}/payments/_apis/wit/workitems/17")
    assert [(one.address, one.role) for one in target.also] == [("dev.azure.com/acme/public", "destination")]
    by_id = changed({"op": "add", key: path, "value": PUBLIC})
    assert [one.address for one in by_id.also] == ["dev.azure.com/acme/public"]
    for value in (STRANGER, "", None, 7, "Übung", {"x": 1}):
        assert changed({"op": "add", key: path, "value": value}).operation is Operation.UNIDENTIFIED


@pytest.mark.parametrize(
    "change",
    [{"op": "add", "path": "/fields", "value": {"System.TeamProject": "public"}}, {"op": "add", "path": ""},
     {"op": "x"}, {"op": "add", "path": 1}, {"path": "/fields/x", "Path": "/fields/System.TeamProject"}, "x"],
)  # fmt: skip
def test_a_work_item_that_may_move_is_unidentified(change: object) -> None:
    assert changed(change).operation is Operation.UNIDENTIFIED
    assert changed({"op": "add", "path": "/fields/x"}, kind="text/html").operation is Operation.UNIDENTIFIED
    assert (
        changed({"op": "add"}, kind="application/json-patch+json; charset=utf-16").operation is Operation.UNIDENTIFIED
    )


def step(uri: str = "/_apis/wit/workitems/1?api-version=7.1", method: str = "PATCH", *changes: object) -> object:
    title = {"op": "add", "path": "/fields/System.Title", "value": "t"}
    return {"method": method, "uri": uri, "headers": {"Content-Type": PATCH}, "body": [title, *changes]}


def test_a_batch_of_work_items_concerns_the_organisation() -> None:
    for uri in ("/payments/_apis/wit/workItems/$Bug?api-version=7.1", "/_apis/wit/workitems/1"):
        target = ask("POST", f"{HOME}/_apis/wit/$batch", [step(uri), step()])
        assert told(target) == ("issue", "dev.azure.com/acme")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        [step(method="DELETE")],
        [step(), step("/_apis/git/repositories/1/pushes", "POST")],
        [step("/_apis/wit/workitems/1/../../../git/repositories")],
        [step("/_apis/wit/workitems/1%2Fx")],
        [step("https://evil.example/_apis/wit/workitems/1")],
        [step("/_apis/wit/attachments/1")],
        [{"method": "PATCH", "uri": "/_apis/wit/workitems/1", "body": "x"}],
        [step() for _ in range(201)],
        [
            step(
                "/_apis/wit/workitems/1",
                "PATCH",
                {"op": "add", "path": "/fields/System.TeamProject", "value": STRANGER},
            )
        ],
        ["x"],
    ],
)
def test_a_batch_of_other_things_is_unidentified(body: object) -> None:
    assert ask("PATCH", f"{HOME}/_apis/wit/$batch", body).operation is Operation.UNIDENTIFIED


def test_a_wiki_says_whose_it_is() -> None:
    def made(body: object, base: str = f"{HOME}/payments") -> Target:
        return ask("POST", f"{base}/_apis/wiki/wikis", body, directory=known())

    assert told(made({"name": "w", "projectId": PAYMENTS})) == ("wiki", "dev.azure.com/acme/payments")
    assert told(made({"name": "w", "projectId": PAYMENTS}, HOME)) == ("wiki", "dev.azure.com/acme/payments")
    code = made({"name": "w", "type": "codeWiki", "projectId": PAYMENTS, "repositoryId": API})
    assert [(one.address, one.role) for one in code.also] == [(ADDRESS, "source")]
    for body in ({"projectId": PUBLIC}, {"projectId": STRANGER}, {"projectId": "payments"}, {"repositoryId": STRANGER}):
        assert made({"name": "w", **body}).operation is Operation.UNIDENTIFIED
    assert made({"name": "w"}, HOME).operation is Operation.UNIDENTIFIED


def test_a_wiki_s_page_needs_a_project() -> None:
    page = f"_apis/wiki/wikis/{STRANGER}/pages?path=/x"
    assert told(ask("PUT", f"{HOME}/payments/{page}", {})) == ("wiki", "dev.azure.com/acme/payments")
    assert ask("PUT", f"{HOME}/{page}", {}).operation is Operation.UNIDENTIFIED


def test_a_subscription_may_send_mail_to_others() -> None:
    url = f"{HOME}/_apis/notification/subscriptions"
    own = {"description": "x", "channel": {"type": "User"}}
    # Its name and its filter are texts, which others may read where it is a team's.
    assert told(ask("POST", url, own)) == ("other-write", "dev.azure.com/acme")
    assert told(ask("PATCH", f"{url}/1", own)) == ("other-write", "dev.azure.com/acme")
    for channel in ({"type": "EmailHtml", "address": "x@evil.example"}, {"type": "User", "useCustomAddress": True}):
        assert told(ask("POST", url, own | {"channel": channel})) == ("webhook", "dev.azure.com/acme")
    assert told(ask("POST", url, b"{")) == ("webhook", "dev.azure.com/acme")


def test_a_view_of_a_feed_may_be_shown_to_others() -> None:
    url = "https://feeds.dev.azure.com/acme/payments/_apis/packaging/Feeds/main/views"
    assert told(ask("POST", url, {"name": "v", "visibility": "aadTenant"})) == (
        "visibility",
        "dev.azure.com/acme/payments",
    )
    assert told(ask("POST", url, {"name": "v"})) == ("package", "dev.azure.com/acme/payments")


def provided(body: object, path: str = "_apis/Contribution/HierarchyQuery", **more: Any) -> Target:
    return ask("POST", f"{HOME}/{path}", body, **more)


def test_data_providers_that_only_read() -> None:
    body: dict[str, Any] = {
        "contributionIds": ["ms.vss-build-web.ci-data-provider"],
        "dataProviderContext": {"properties": {"x": 1}},
    }
    assert told(provided(body)) == ("fetch", "dev.azure.com/acme")
    project = "_apis/Contribution/HierarchyQuery/project/payments?api-version=7.0-preview"
    assert told(provided(body, project)) == ("fetch", "dev.azure.com/acme/payments")
    both = {"contributionIds": ["ms.vss-releaseManagement-web.releases-list-data-provider", *body["contributionIds"]]}
    assert provided(both).effect is Effect.READ


@pytest.mark.parametrize(
    "names",
    [
        ["ms.vss-build-web.pipelines-org-settings-data-provider"],
        ["ms.vss-build-web.ci-data-provider", "ms.vss-token-web.personal-access-token-issue-session-token-provider"],
        ["mallory.extension.store-data-provider"],
        "ms.vss-build-web.ci-data-provider",
        [["ms.vss-build-web.ci-data-provider"]],
        [],
        None,
        [7],
    ],
)
def test_data_providers_that_may_write_are_unidentified(names: object) -> None:
    assert provided({"contributionIds": names}).operation is Operation.UNIDENTIFIED
    assert provided({"contributionIds": ["ms.vss-build-web.ci-data-provider"], "ContributionIds": names}).operation is (
        Operation.UNIDENTIFIED
    )


def test_a_data_provider_s_project_need_not_be_known() -> None:
    body = {"contributionIds": ["ms.vss-build-web.ci-data-provider"]}
    path = f"_apis/Contribution/HierarchyQuery/project/{STRANGER}"
    assert told(provided(body, path)) == ("fetch", "dev.azure.com/acme")
    assert told(provided(body, path.replace(STRANGER, PAYMENTS), directory=known())) == (
        "fetch",
        "dev.azure.com/acme/payments",
    )


_BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([API, PAYMENTS, STRANGER, "payments", "/fields", "x"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "name", "project", "parentRepository", "forkSource", "repository", "path", "value",
                         "uri", "method", "body", "contributionIds", "projectId", "repositoryId", "source"]),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip
_ROUTES = [
    "git/repositories", "git/repositories/api/pullrequests", "git/repositories/api/forkSyncRequests", "wit/$batch",
    "git/repositories/api/reverts", "projects", "projects/payments", "wit/workitems/1", "wiki/wikis",
    "contribution/hierarchyquery", "notification/subscriptions",
]  # fmt: skip


@given(route=st.sampled_from(_ROUTES), body=_BODIES, method=st.sampled_from(["POST", "PATCH"]))
def test_no_body_leads_out_of_the_organisation(route: str, body: object, method: str) -> None:
    target = ask(method, f"{HOME}/payments/_apis/{route}", body, directory=known())
    for address in (target.address, *(one.address for one in target.also)):
        assert address is None or covers("dev.azure.com/acme", address.lower())


def test_unread_and_read_agree_on_json_numbers() -> None:
    body = json.dumps({"name": "x", "project": {"id": 7}}).encode()
    assert ask("POST", f"{HOME}/_apis/git/repositories", body, directory=EMPTY).operation is Operation.UNIDENTIFIED
