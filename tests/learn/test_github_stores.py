"""What GitHub's answers announce: the form of an attached file, a job's run, the blobs of a run's results."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY
from tests.identify.forges.test_github_actions import ARTIFACTS, RUN, RUNS
from tests.identify.knowing import Known
from tests.identify.test_form import FORM, MULTI, multi, part

from forgewall.identify.announced import Announcement, Use
from forgewall.identify.announced_blob import blob_place_of
from forgewall.identify.announced_form import form_place_of
from forgewall.identify.directory import IdKind
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.learn.github_stores import lesson
from forgewall.learn.lesson import Fact, IdFact
from forgewall.model import Operation

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KNOWN = Known({(IdKind.REPOSITORY, "42"): "github.com/acme/api", (IdKind.RUN, RUN): "github.com/acme/api"})
HEADERS = (("content-type", "application/json; charset=utf-8"),)
STORE = "https://github-production-user-asset-6210df.s3.amazonaws.com"
BLOB = "https://productionresultssa5.blob.core.windows.net/actions-results/a/x.zip?sig=s&se=2026-11-24"
ANSWER = {
    "upload_url": STORE,
    "header": {},
    "asset": {"id": 7, "name": "a.png"},
    "form": {"key": "42/7-aa.png", "acl": "private", "policy": "p", "X-Amz-Signature": "s"},
    "same_origin": False,
    "asset_upload_url": "/upload/assets/7",
    "asset_upload_authenticity_token": "t",
}
JOB = {
    "messageType": "PipelineAgentJobRequest",
    "plan": {"planId": RUN, "version": 9},
    "jobId": "j",
    "contextData": {"github": {"t": 2, "d": [{"k": "repository", "v": "acme/api"}, {"k": "run_id", "v": "1"}]}},
}
JSON = ("content-type", "application/json")


def facts(url: str, body: bytes, header: tuple[str, str], answer: object, status: int = 201) -> tuple[Fact, ...]:
    request = request_for("POST", url, headers=[header], body=body)
    target = identify(request, REGISTRY, directory=KNOWN)
    forge_host = REGISTRY.lookup(request.host)
    assert target is not None
    assert forge_host is not None
    found = lesson(request, target, forge_host, NOW)
    if found is None:
        return ()
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return found.facts(status, HEADERS, content)


def policy(answer: object, body: bytes = b"repository_id=42&name=a.png", kind: str = "assets") -> tuple[Fact, ...]:
    return facts(f"https://github.com/upload/policies/{kind}", body, FORM, answer)


def results(answer: object, call: str = "CreateArtifact", run: str = RUN) -> tuple[Fact, ...]:
    body = json.dumps({"workflow_run_backend_id": run, "name": "x"}).encode()
    return facts(f"{ARTIFACTS}/{call}", body, JSON, answer, status=200)


def job(answer: object) -> tuple[Fact, ...]:
    return facts(f"{RUNS}/acquirejob", b'{"jobMessageId":"m"}', JSON, answer, status=200)


def test_an_attached_file_may_be_sent_and_confirmed() -> None:
    announced, begun = policy(ANSWER)
    assert isinstance(announced, Announcement)
    assert isinstance(begun, IdFact)
    form = multi(part("key", "42/7-aa.png"), part("policy", "p"), part("file", "bytes", "a.png"))
    assert announced.place == form_place_of(request_for("POST", f"{STORE}/", headers=[MULTI], body=form))
    assert announced.methods == {"POST"}
    assert (announced.operation, announced.asker.address) == (Operation.ATTACHMENT, "github.com/acme/api")
    assert (begun.id.forge, begun.id.kind, begun.id.text) == ("github.com", IdKind.UPLOAD, "assets/7")
    assert begun.named.address == "github.com/acme/api"
    assert "42/7" not in repr(announced)


def test_files_dragged_into_a_repository_are_contents() -> None:
    answer = {**ANSWER, "asset_upload_url": "/upload/upload-manifest-files/8"}
    announced, begun = policy(answer, kind="upload-manifest-files")
    assert isinstance(announced, Announcement)
    assert isinstance(begun, IdFact)
    assert announced.operation is Operation.CONTENTS
    assert begun.id.text == "upload-manifest-files/8"


def test_an_upload_to_the_same_origin() -> None:
    announced = policy({**ANSWER, "upload_url": "/upload/assets"})[0]
    assert isinstance(announced, Announcement)
    assert (announced.place.host, announced.place.port) == ("github.com", 443)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"not json",
        b'{"upload_url":"x","upload_url":"y"}',
        {},
        {"upload_url": STORE},
        {"upload_url": STORE, "form": {"Key": "x"}},
        {"upload_url": STORE, "form": {"key": ""}},
        {"upload_url": "http://s3.example", "form": {"key": "x"}},
        {"upload_url": "//s3.example", "form": {"key": "x"}},
        {"upload_url": STORE, "form": []},
        {"asset_upload_url": "https://evil.example/upload/assets/7"},
        {"asset_upload_url": "/acme/api/settings"},
        {"asset_upload_url": "/upload/assets/7?x=1"},
    ],
)
def test_what_isnt_such_an_answer_teaches_nothing(answer: object) -> None:
    assert policy(answer) == ()


def test_nothing_is_learned_for_an_unknown_repository_or_a_failure() -> None:
    assert policy(ANSWER, b"repository_id=1&name=a.png") == ()
    assert facts("https://github.com/upload/policies/assets", b"repository_id=42", FORM, ANSWER, status=422) == ()
    assert facts("https://github.com/acme/api/issues", b"a=1", FORM, ANSWER) == ()


def test_a_jobs_message_names_its_run() -> None:
    (fact,) = job(JOB)
    assert isinstance(fact, IdFact)
    assert (fact.id.kind, fact.id.text, fact.named.address) == (IdKind.RUN, RUN, "github.com/acme/api")
    assert job({**JOB, "plan": {"planId": "x"}}) == ()
    assert job({**JOB, "contextData": {}}) == ()
    twice = [{"k": "repository", "v": "acme/api"}, {"k": "Repository", "v": "mallory/loot"}]
    assert job({**JOB, "contextData": {"github": {"t": 2, "d": twice}}}) == ()
    assert job({**JOB, "contextData": {"github": {"t": 2, "d": [{"k": "repository", "v": "a/b/c"}]}}}) == ()


@pytest.mark.parametrize("name", ["signed_upload_url", "signedUploadUrl", "logs_url", "summary_url"])
def test_the_blob_of_a_runs_results(name: str) -> None:
    (fact,) = results({"ok": True, name: BLOB})
    assert isinstance(fact, Announcement)
    assert fact.place == blob_place_of(request_for("PUT", f"{BLOB}&comp=block&blockid=a"))
    assert (fact.methods, fact.use) == ({"PUT"}, Use.PART)
    assert (fact.operation, fact.asker.address) == (Operation.CI, "github.com/acme/api")
    assert "sig" not in repr(fact)


def test_no_other_url_of_results() -> None:
    assert results({"ok": True, "signed_upload_url": "https://evil.example/a?sig=1"}) == ()
    assert results({"ok": True, "signed_upload_url": BLOB, "logs_url": BLOB}) == ()
    assert results({"ok": True, "signed_url": BLOB}) == ()
    assert results({"ok": True, "signed_upload_url": BLOB}, run=RUN.replace("c", "d")) == ()
    assert results({"artifacts": [], "signed_upload_url": BLOB}, call="ListArtifacts") == ()


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.sampled_from([STORE, BLOB, RUN, "acme/api", "/upload/assets/1"])
)
_KEYS = st.sampled_from(
    [*ANSWER, *JOB, "planId", "github", "d", "k", "v", "key", "signed_upload_url", "logs_url", "repository"]
)


@given(st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=15))
def test_no_answer_is_too_strange(answer: object) -> None:
    for found in (*policy(answer), *job(answer), *results(answer)):
        assert isinstance(found, Announcement | IdFact)


@given(st.binary(max_size=200))
def test_any_bytes_teach_nothing(answer: bytes) -> None:
    assert (*policy(answer), *job(answer), *results(answer)) == ()
