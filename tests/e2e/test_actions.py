"""Results of GitHub Actions through the proxy: a job tells whose run it is, a call where its blob goes, and then bytes.

Requests are those of actions/runner and @actions/artifact; blobs are Azure's (Put Block, Put Block List, Append Block).
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from demo.answer import Answer, document
from demo.exchange import Behaviour
from demo.forge import Forge
from demo.wire import Head
from tests.e2e.sending import JSON, OTHER_CLIENT, Got, refused, send

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("curl")

POLICY = """\
version: 1
contact: security@acme.example
approved: [github.com/acme]
"""
RUNS = "run-actions-1-azure-eastus.actions.githubusercontent.com"
RESULTS = "results-receiver.actions.githubusercontent.com"
BLOBS = "productionresultssa0.blob.core.windows.net"
FOREIGN = "mallory.blob.core.windows.net"
ARTIFACTS = f"https://{RESULTS}/twirp/github.actions.results.api.v1.ArtifactService"
LOGS = f"https://{RESULTS}/twirp/results.services.receiver.Receiver"
CACHES = f"https://{RESULTS}/twirp/github.actions.results.api.v1.CacheService"
SIGNED = "rscd=attachment%3B+filename%3D%22x.zip%22&se=2026-11-24T11%3A49%3A14Z&sig=5ecret%2F%2B%3D&sp=cw&sr=b"


class Actions:
    """A stand-in for the services of Actions. `blobs` are what arrived at Azure, by path, in order."""

    def __init__(self) -> None:
        self.blobs: list[tuple[str, bytes]] = []
        self._names = itertools.count(1)

    def runs(self, head: Head, body: bytes) -> Answer | None:
        """The message of a job: the run is in the token that `jobMessageId` begins with, for the tests' ease."""
        if not head.path.endswith("/acquirejob"):
            return None
        run, repository = json.loads(body)["jobMessageId"].split(" ")
        context = {"t": 2, "d": [{"k": "repository", "v": repository}, {"k": "run_id", "v": "1"}]}
        message = {
            "messageType": "RunnerJobRequest",
            "plan": {"scopeIdentifier": str(uuid.uuid4()), "planType": "Build", "version": 9, "planId": run},
            "jobId": str(uuid.uuid4()),
            "variables": {"system.github.token": {"value": "ghs_5ecret", "isSecret": True}},
            "contextData": {"github": context},
        }
        return document(200, message, media_type="application/json; charset=utf-8")

    def results(self, head: Head, body: bytes) -> Answer | None:
        """Signed URLs of blobs."""
        name = {"CreateArtifact": "signed_upload_url", "GetJobLogsSignedBlobURL": "logs_url"}.get(
            head.path.rpartition("/")[2], "signed_upload_url"
        )
        url = f"https://{BLOBS}/actions-results/{uuid.uuid4()}/a{next(self._names)}.zip?{SIGNED}"
        return document(200, {"ok": True, name: url})

    def keep(self, head: Head, body: bytes) -> Answer | None:
        """Azure takes whatever comes."""
        self.blobs.append((head.target, body))
        return Answer(status=201, content=b"")


@pytest.fixture(scope="module")
def _actions(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    from tests.e2e.conftest import StartProxy

    start = StartProxy(tmp_path_factory.mktemp("actions"), _forge)
    yield start(POLICY, hosts=(RUNS, RESULTS, BLOBS, FOREIGN, BLOBS.replace("sa0", "sa1")))
    start.close()


@pytest.fixture
def run(_actions: Run, forge: Forge, tmp_path: Path) -> Run:
    """One proxy for all tests here; what it has learned stays."""
    _actions.begin(tmp_path / "home")
    return _actions


@pytest.fixture
def actions(forge: Forge) -> Iterator[Actions]:
    stand_in = Actions()
    with (
        forge.behave(RUNS, Behaviour(answer=stand_in.runs)),
        forge.behave(RESULTS, Behaviour(answer=stand_in.results)),
        forge.behave(BLOBS, Behaviour(answer=stand_in.keep)),
        forge.behave(FOREIGN, Behaviour(answer=stand_in.keep)),
    ):
        yield stand_in


def job(run: Run, repository: str) -> str:
    """A runner takes a job of a new run of `repository`; the run's id."""
    number = str(uuid.uuid4())
    body = json.dumps({"jobMessageId": f"{number} {repository}", "runnerOS": "Linux"}).encode()
    got = send(run, f"https://{RUNS}/108/acquirejob", *JSON, body=body)
    assert got.status == 200, got
    assert got.document["plan"]["planId"] == number
    return number


def token(*numbers: str) -> tuple[str, str]:
    """The Authorization of a job of these runs; nobody verifies its signature."""
    said = json.dumps({"scp": " ".join(f"Actions.Results:{number}:x" for number in numbers)}).encode()
    return "-H", f"Authorization: Bearer h.{base64.urlsafe_b64encode(said).decode().rstrip('=')}.s"


def call(run: Run, number: str, *words: str, url: str = f"{ARTIFACTS}/CreateArtifact", **more: Any) -> Got:
    said = {"workflow_run_backend_id": number, "workflow_job_run_backend_id": str(uuid.uuid4()), "name": "x"}
    return send(run, url, *JSON, *(words or token(number)), body=json.dumps({**said, **more}).encode())


def put(run: Run, url: str, body: bytes, *words: str) -> Got:
    return send(run, url, "-X", "PUT", "-H", "Content-Type: application/octet-stream", *words, body=body)


def with_block(url: str, block: str, order: str) -> str:
    """The URL of "Put Block", its parameters in the order of one client's library."""
    base, _, signed = url.partition("?")
    added = f"comp=block&blockid={quote(block, safe='')}"
    pairs = [*signed.split("&"), *added.split("&")]
    match order:
        case "behind":
            return f"{base}?{'&'.join(pairs)}"
        case "before":
            return f"{base}?{added}&{signed}"
        case "sorted":
            return f"{base}?{'&'.join(sorted(pairs))}"
        case _:
            return f"{base}?timeout=901&{'&'.join(reversed(pairs))}".replace("%3A", ":").replace("+", "%20")


@pytest.mark.parametrize("order", ["behind", "before", "sorted", "reversed, in another spelling"])
def test_an_artifact_of_an_approved_run_arrives_in_blocks(run: Run, forge: Forge, actions: Actions, order: str) -> None:
    url = call(run, job(run, "acme/api")).document["signed_upload_url"]
    parts = {base64.b64encode(name).decode(): os.urandom(300_000) for name in (b"block-0001", b"block?+/2")}
    for block, content in parts.items():
        assert put(run, with_block(url, block, order), content).status == 201
    listed = b"<?xml version='1.0'?><BlockList><Latest>YQ==</Latest></BlockList>"
    assert put(run, url + "&comp=blocklist", listed, "-H", "Content-Type: application/xml").status == 201
    assert [body for _, body in actions.blobs] == [*parts.values(), listed]
    told = [event for event in run.events("upload") if event["url"]["domain"] == BLOBS]
    assert {event["forgewall"]["address"] for event in told} == {"github.com/acme/api"}
    assert {event["forgewall"]["operation"] for event in told} == {"ci"}
    assert "5ecret" not in str(run.events())


def test_a_log_is_appended_to(run: Run, actions: Actions) -> None:
    number = job(run, "acme/api")
    url = call(run, number, url=f"{LOGS}/GetJobLogsSignedBlobURL").document["logs_url"]
    assert put(run, url, b"", "-H", "x-ms-blob-type: AppendBlob").status == 201
    assert put(run, f"{url}&comp=appendblock", b"line\n").status == 201
    assert put(run, f"{url}&comp=appendblock&seal=true", b"last\n").status == 201
    assert [body for _, body in actions.blobs] == [b"", b"line\n", b"last\n"]


def test_a_cache_goes_by_the_job_s_token(run: Run, actions: Actions) -> None:
    number = job(run, "acme/api")
    body = json.dumps({"key": "k", "version": "v"}).encode()
    got = send(run, f"{CACHES}/CreateCacheEntry", *JSON, *token(number), body=body)
    assert put(run, got.document["signed_upload_url"], b"cached", "-H", "x-ms-blob-type: BlockBlob").status == 201
    assert [body for _, body in actions.blobs] == [b"cached"]


def test_a_run_that_nobody_named_or_a_stranger_s_gets_no_blob(run: Run, forge: Forge, actions: Actions) -> None:
    unknown, ours, theirs = str(uuid.uuid4()), job(run, "acme/api"), job(run, "mallory/loot")
    assert refused(call(run, unknown), "obody has said yet whose run this is")
    assert refused(call(run, theirs), "github.com/mallory/loot is not an approved repository")
    assert refused(call(run, ours, *token(theirs)), "doesn't tell certainly which run")
    assert refused(call(run, ours, *token(ours), workflowRunBackendId=theirs), "doesn't tell certainly which run")
    assert refused(send(run, f"{CACHES}/CreateCacheEntry", *JSON, *token(ours, theirs), body=b'{"key": "k"}'))
    assert forge.settle()
    assert forge.requests(host=RESULTS) == []


OTHERS = {
    "another path": lambda url: url.replace("/actions-results/", "/loot/"),
    "another signature": lambda url: url.replace("sig=5ecret", "sig=mallory"),
    "two signatures": lambda url: url + "&sig=mallory",
    "another account of Actions": lambda url: url.replace("sa0", "sa1"),
    "another parameter": lambda url: url + "&restype=container",
    "another step": lambda url: url + "&comp=properties",
    "two steps": lambda url: url + "&comp=block&comp=properties&blockid=YQ%3D%3D",
    "a dot segment": lambda url: url.replace("/actions-results/", "/x/../loot/"),
    "an encoded slash": lambda url: url.replace("/actions-results/", "/actions-results%2Floot/"),
    "nothing signed": lambda url: url.partition("?")[0],
}


@pytest.mark.parametrize("how", OTHERS)
def test_another_blob_than_the_announced_one_is_refused(run: Run, forge: Forge, actions: Actions, how: str) -> None:
    url = call(run, job(run, "acme/api")).document["signed_upload_url"]
    assert refused(put(run, OTHERS[how](url), b"loot", "--path-as-is"))
    assert refused(put(run, url, b"loot", *OTHER_CLIENT))
    for method in ("POST", "PATCH", "DELETE"):
        assert send(run, url, "-X", method, body=b"loot").status == 403
    assert forge.settle()
    assert actions.blobs == []
    assert [seen for seen in forge.requests() if seen.host.endswith(".windows.net")] == []


def test_somebody_s_own_account_is_no_forge_and_stays_a_tunnel(run: Run, forge: Forge, actions: Actions) -> None:
    """Azure's hosts belong to all its customers; Forgewall looks into none that a forge hasn't announced."""
    call(run, job(run, "acme/api"))
    result = run.curl("-k", "-X", "PUT", "--data-binary", "mine", f"https://{FOREIGN}/a/b?sig=x", "-v")
    assert "Forgewall" not in result.output
    assert run.events("decision")[-1]["url"]["domain"] != FOREIGN
