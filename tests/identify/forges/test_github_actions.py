"""GitHub Actions: a run's repository is what the forge said in a job's message, never what a token claims alone."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import told
from tests.identify.knowing import Known, ask_knowing

from forgewall.identify.directory import IdKind
from forgewall.identify.forges.github_actions import run_in_token
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Effect, Target

RUN, OTHER, STRANGE = (f"ce7f54c7-61c7-4aae-887f-30da475f5f1{end}" for end in "abc")
KNOWN = Known({(IdKind.RUN, RUN): "github.com/acme/api", (IdKind.RUN, OTHER): "github.com/mallory/loot"})
RESULTS = "https://results-receiver.actions.githubusercontent.com/twirp"
ARTIFACTS = f"{RESULTS}/github.actions.results.api.v1.ArtifactService"
CACHES = f"{RESULTS}/github.actions.results.api.v1.CacheService"
RUNS = "https://run-actions-1-azure-eastus.actions.githubusercontent.com/108"
BROKER = "https://broker.actions.githubusercontent.com"
JSON = ("content-type", "application/json")


def token(run: str, claims: object = None) -> tuple[str, str]:
    said = {"scp": f"Actions.Example Actions.Results:{run}:x"} if claims is None else claims
    payload = urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return "authorization", f"Bearer h.{payload}.s"


def sent(url: str, body: object, *headers: tuple[str, str], state: BodyState = BodyState.COMPLETE) -> Target:
    return ask_knowing(KNOWN, "POST", url, json.dumps(body).encode(), JSON, *headers, state=state)


@pytest.mark.parametrize(
    ("url", "body", "headers", "operation", "address"),
    [
        (f"{ARTIFACTS}/CreateArtifact", {"workflow_run_backend_id": RUN}, (token(RUN),), "ci", "github.com/acme/api"),
        (f"{ARTIFACTS}/CreateArtifact", {"workflow_run_backend_id": RUN}, (), "ci", "github.com/acme/api"),
        (f"{ARTIFACTS}/CreateArtifact", {"workflowRunBackendId": RUN.upper()}, (), "ci", "github.com/acme/api"),
        (f"{ARTIFACTS}/CreateArtifact", {"workflow_run_backend_id": OTHER}, (), "ci", "github.com/mallory/loot"),
        (f"{ARTIFACTS}/CreateArtifact", {"workflow_run_backend_id": RUN}, (token(OTHER),), "unidentified", None),
        (f"{ARTIFACTS}/CreateArtifact", {"workflow_run_backend_id": STRANGE}, (token(STRANGE),), "ci", None),
        (f"{ARTIFACTS}/CreateArtifact", {"workflow_run_backend_id": RUN, "workflowRunBackendId": OTHER}, (),
         "unidentified", None),
        (f"{ARTIFACTS}/CreateArtifact", {"name": "x"}, (token(RUN),), "unidentified", None),
        (f"{ARTIFACTS}/CreateArtifact", [], (token(RUN),), "unidentified", None),
        (f"{ARTIFACTS}/ListArtifacts", {"workflow_run_backend_id": RUN}, (), "fetch", "github.com/acme/api"),
        (f"{ARTIFACTS}/ListArtifacts", {"workflow_run_backend_id": STRANGE}, (), "unidentified", None),
        (f"{ARTIFACTS}/NewCall", {"workflow_run_backend_id": RUN}, (), "unidentified", None),
        (f"{CACHES}/CreateCacheEntry", {"key": "k", "version": "v"}, (token(RUN),), "ci", "github.com/acme/api"),
        (f"{CACHES}/CreateCacheEntry", {"key": "k"}, (token(STRANGE),), "ci", None),
        (f"{CACHES}/CreateCacheEntry", {"key": "k"}, (), "unidentified", None),
        (f"{CACHES}/GetCacheEntryDownloadURL", {"key": "k"}, (token(RUN),), "fetch", "github.com/acme/api"),
        (f"{RUNS}/acquirejob", {"jobMessageId": "m"}, (), "auth", "github.com"),
        (f"{RUNS}/renewjob", {"planId": RUN, "jobId": "j"}, (), "ci", "github.com/acme/api"),
        (f"{RUNS}/completejob", {"planId": RUN, "outputs": {}}, (), "ci", "github.com/acme/api"),
        (f"{RUNS}/completejob", {"planId": STRANGE, "outputs": {}}, (), "ci", None),
        (f"{RUNS}/other", {"planId": RUN}, (), "unidentified", None),
        (f"{BROKER}/session", {"ownerName": "x"}, (), "auth", "github.com"),
        (f"{BROKER}/acknowledge?x=1", {}, (), "auth", "github.com"),
        ("https://vstoken.actions.githubusercontent.com/_apis/oauth2/token/4f", {}, (), "auth", "github.com"),
        (f"https://launch.actions.githubusercontent.com/actions/build/{RUN}/jobs/j/runnerresolve/actions", {}, (),
         "fetch", "github.com/acme/api"),
        (f"https://launch.actions.githubusercontent.com/actions/build/{STRANGE}/jobs/j/runnerresolve/actions", {}, (),
         "unidentified", None),
    ],
)  # fmt: skip
def test_whose_run_it_is(
    url: str, body: object, headers: tuple[tuple[str, str], ...], operation: str, address: str | None
) -> None:
    assert told(sent(url, body, *headers)) == (operation, address)


def test_reads_and_unread_bodies() -> None:
    assert ask_knowing(KNOWN, "GET", f"{BROKER}/message?sessionId=x").effect is Effect.READ
    assert told(ask_knowing(KNOWN, "DELETE", f"{BROKER}/session")) == ("auth", "github.com")
    unread = sent(f"{ARTIFACTS}/CreateArtifact", {}, state=BodyState.UNREAD)
    assert unread.wants_body
    assert not unread.identified


@pytest.mark.parametrize(
    ("claims", "run"),
    [
        ({"scp": f"Actions.Results:{RUN}:j"}, RUN),
        ({"scp": f"Actions.Results:{RUN.upper()}:j"}, RUN),
        ({"scp": f"Actions.Results:{RUN}:j Actions.Results:{OTHER}:j"}, None),
        ({"scp": "Actions.Other:x"}, None),
        ({"scp": ["Actions.Results:x:y"]}, None),
        ([], None),
    ],
)
def test_what_a_token_claims(claims: object, run: str | None) -> None:
    request = request_for("POST", f"{CACHES}/CreateCacheEntry", headers=[token("", claims)])
    assert run_in_token(request) == run


@given(st.text(max_size=60))
def test_any_token_is_read_or_not(text: str) -> None:
    for value in (text, f"Bearer {text}", f"Bearer a.{text}.c"):
        request = request_for("POST", f"{CACHES}/CreateCacheEntry", headers=[("authorization", value)])
        assert run_in_token(request) is None


_RUNS = st.sampled_from([RUN, OTHER, STRANGE])
_KEYS = st.sampled_from(["planId", "PlanId", "plan_id", "workflow_run_backend_id", "x"])


@given(st.dictionaries(_KEYS, _RUNS | st.integers() | st.none()), _RUNS)
def test_body_and_token_never_name_different_runs(body: dict[str, object], claimed: str) -> None:
    target = sent(f"{ARTIFACTS}/CreateArtifact", body, token(claimed))
    if target.identified:
        assert target.address == {RUN: "github.com/acme/api", OTHER: "github.com/mallory/loot"}[claimed]
        assert claimed in body.values()
