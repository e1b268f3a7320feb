"""Artifacts go to the repository of their run, as far as the forge has said whose it is."""

from __future__ import annotations

import json

import pytest
from tests.identify.asking import ask, told
from tests.identify.knowing import Known, ask_knowing, at

from forgewall.identify.directory import IdKind
from forgewall.model import BodyState, Operation, Target

HOST = "https://codeberg.org"
SERVICE = f"{HOST}/twirp/github.actions.results.api.v1.ArtifactService"
UPLOAD = f"{HOST}/api/actions_pipeline/_apis/pipelines/workflows/42/artifacts/0f/upload?itemPath=a"
JSON = ("content-type", "application/json")
SAID = at("codeberg.org", {(IdKind.RUN, "42"): "acme/api"})


def service(call: str, body: object, *, said: Known = SAID) -> Target:
    return ask_knowing(said, "POST", f"{SERVICE}/{call}", json.dumps(body).encode(), JSON)


def test_an_artifact_of_a_known_run() -> None:
    assert told(ask_knowing(SAID, "PUT", UPLOAD)) == ("ci", "codeberg.org/acme/api")
    assert told(service("CreateArtifact", {"workflow_run_backend_id": "42", "name": "x"})) == (
        "ci",
        "codeberg.org/acme/api",
    )
    assert told(service("FinalizeArtifact", {"workflowRunBackendId": "42"})) == ("ci", "codeberg.org/acme/api")


def test_a_run_that_nobody_knows() -> None:
    target = ask("PUT", UPLOAD)
    assert not target.identified
    assert target.evidence == (
        "nobody has said yet whose run 42 is; GET https://codeberg.org/api/v1/repos/OWNER/NAME/actions/runs tells it"
    )
    assert not service("CreateArtifact", {"workflow_run_backend_id": "43"}).identified


@pytest.mark.parametrize("body", [{}, {"workflow_run_backend_id": 42}, [], {"workflow_run_backend_id": "42 "}])
def test_a_run_that_is_not_certain(body: object) -> None:
    assert not service("CreateArtifact", body).identified


def test_two_numbers_are_none() -> None:
    body = {"workflow_run_backend_id": "42", "workflowRunBackendId": "43"}
    assert not service("CreateArtifact", body).identified


def test_reading_artifacts() -> None:
    assert service("ListArtifacts", {"workflow_run_backend_id": "9"}).operation is Operation.FETCH
    assert (
        ask("GET", f"{HOST}/api/actions_pipeline/_apis/pipelines/workflows/42/artifacts").operation is Operation.FETCH
    )


def test_the_body_is_asked_for() -> None:
    target = ask("POST", f"{SERVICE}/CreateArtifact", state=BodyState.UNREAD)
    assert (target.operation, target.wants_body) == (Operation.UNIDENTIFIED, True)


def test_a_runner_belongs_to_nobody_known() -> None:
    for call in ("Register", "FetchTask", "UpdateLog", "UpdateTask"):
        target = ask("POST", f"{HOST}/api/actions/runner.v1.RunnerService/{call}")
        assert (target.operation, target.identified) == (Operation.RUNNER, False)
