"""Numbers of projects, groups, namespaces, users and jobs are asked of the directory; unknown ones are told about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY
from tests.identify.forges.labelled import asked, gitlab, lab, said
from tests.identify.knowing import at

from forgewall.identify.directory import EMPTY, IdKind
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import Effect, Operation

API = "gitlab.com/acme/team/api"


@pytest.mark.parametrize(
    ("method", "path", "operation", "address"),
    [
        ("POST", "/projects/1/repository/commits", "contents", API),
        ("PUT", "/projects/1/repository/files/a%2Fb", "contents", API),
        ("GET", "/projects/1/repository/files/a%2Fb/raw?ref=main", "fetch", API),
        ("POST", "/projects/3/issues", "issue", "gitlab.com/acme/team/web"),
        ("PUT", "/projects/2/packages/generic/p/1/f", "package", "gitlab.com/mallory/loot"),
        ("DELETE", "/projects/1", "delete-repo", API),
        ("POST", "/groups/7/variables", "secret", "gitlab.com/acme/team"),
        ("POST", "/groups/6/wikis", "wiki", "gitlab.com/acme"),
        ("GET", "/groups/8", "fetch", "gitlab.com/mallory"),
        ("PUT", "/namespaces/7", "other-write", "gitlab.com/acme/team"),
        ("POST", "/users/9/keys", "deploy-key", "gitlab.com/ana"),
        ("POST", "/feature_flags/unleash/1/client/metrics", "telemetry", API),
        ("POST", "/security/projects/1/vulnerability_exports", "ci", API),
        ("PATCH", "/jobs/11/trace", "ci", API),
        ("PUT", "/jobs/11", "ci", API),
        ("POST", "/jobs/11/artifacts", "ci", API),
        ("POST", "/projects/1/brand_new", "unidentified", API),
    ],
)
def test_a_known_number_is_its_place(method: str, path: str, operation: str, address: str) -> None:
    assert said(lab(method, path)) == (operation, address, [])


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("POST", "/projects/5/repository/commits", "whose project 5 is; GET https://gitlab.com/api/v4/projects/5"),
        ("POST", "/groups/1/variables", "which group 1 is; GET https://gitlab.com/api/v4/groups/1"),
        ("PUT", "/namespaces/5", "which namespace 5 is; GET https://gitlab.com/api/v4/namespaces/5"),
        ("POST", "/users/1/keys", "which user 1 is; GET https://gitlab.com/api/v4/users/1"),
        (
            "PATCH",
            "/jobs/1/trace",
            "whose job 1 is; a runner is told it by POST https://gitlab.com/api/v4/jobs/request",
        ),
    ],
)
def test_an_unknown_number_is_told_with_the_request_that_teaches_it(method: str, path: str, told: str) -> None:
    target = lab(method, path)
    assert (target.operation, target.address, target.owner) == (Operation.UNIDENTIFIED, None, None)
    assert target.evidence.startswith(f"nobody has said yet {told}")


def test_an_unknown_number_is_read_without_an_address() -> None:
    target = lab("GET", "/projects/5/repository/tree")
    assert (target.effect, target.address) == (Effect.READ, None)


@pytest.mark.parametrize(
    "text", ["-1", "01", "+1", "1.0", "1.json", "１", "1%0A", "%201", "1%2F", "0x1", "1e0", "9" * 30]
)
def test_only_the_number_as_gitlab_writes_it_is_known(text: str) -> None:
    assert lab("POST", f"/projects/{text}/issues").address is None
    assert lab("DELETE", f"/projects/{text}").address is None
    assert lab("POST", "/projects/acme%2Fx/merge_requests", {"target_project_id": text}).address != API


def test_an_instance_is_asked_under_its_own_name_and_told_with_its_own_url() -> None:
    url = "https://gl.example:8443/gitlab/api/v4/projects/%s/issues"
    assert said(asked(gitlab("gl.example"), "POST", url % 1)) == ("issue", "gl.example/acme/team/api", [])
    assert asked(gitlab(), "POST", url % 1).address is None
    evidence = asked(gitlab(), "POST", url % 5).evidence
    assert evidence.endswith("GET https://gl.example:8443/gitlab/api/v4/projects/5 tells it")


def test_a_number_names_only_what_it_numbers() -> None:
    wrong = at("gitlab.com", {(IdKind.REPOSITORY, "1"): "acme/", (IdKind.OWNER, "2"): "acme/api"})
    assert asked(wrong, "POST", "https://gitlab.com/api/v4/projects/1/issues").address is None
    assert asked(wrong, "POST", "https://gitlab.com/api/v4/groups/2/variables").address is None


@given(st.text(max_size=20), st.sampled_from(["projects", "groups", "namespaces", "users", "jobs"]))
def test_whatever_stands_for_a_number_claims_nothing_unsaid(text: str, collection: str) -> None:
    request = request_for("DELETE", f"https://gitlab.com/api/v4/{collection}/{text}".split("#", 1)[0])
    target = identify(request, REGISTRY, directory=EMPTY)
    assert target is not None
    assert target.effect is Effect.WRITE or not target.identified
