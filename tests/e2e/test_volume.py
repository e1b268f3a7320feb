"""Rolling windows in the real proxy: many small uploads add up, nobody gets beyond a limit, and all are told why.

A client is told apart by its address: `--interface` gives curl another one of the loopback network.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from demo.batch import GITHUB
from demo.exchange import Behaviour
from demo.forge import Forge
from tests.e2e.clock import Clock

from demo import clients

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("curl", "git")

MIB = 1 << 20
HOUR = 3600
REPORT = ("-w", "\n%{http_code}", "-H", "content-type: application/octet-stream", "-X", "PUT")
CLIENT = """\
version: 1
contact: security@acme.example
approved:
  - github.com/acme
  - {repo: github.com/watched, mode: observe}
limits: {per_client: 20MiB/1h}
"""
PLACES = """\
version: 1
contact: security@acme.example
approved: [github.com/acme, github.com/other]
defaults: {writes: log}
limits: {per_owner: 4MiB/1h, per_repository: [2MiB/1h, 5 uploads/1h], unapproved: 1MiB/1h}
"""


def url_of(address: str = "acme/api", name: str = "a.bin") -> str:
    return f"https://api.github.com/repos/{address}/contents/{name}"


def client(number: int) -> tuple[str, ...]:
    return ("--interface", f"127.0.0.{number}")


def put(run: Run, size: int, *curl: str, address: str = "acme/api") -> tuple[str, str]:
    """The status and the answer that curl sees for an upload of `size` bytes."""
    result = run.curl(*REPORT, *curl, "--data-binary", "@-", url_of(address), stdin=os.urandom(size))
    answer, _, status = result.stdout.rpartition("\n")
    return status, answer + result.stderr


def stream(run: Run, size: int, *curl: str) -> tuple[str, str]:
    """The same for a body whose length nobody announces."""
    framing = () if "--http2" in curl else ("-H", "transfer-encoding: chunked")
    result = run.curl(*REPORT, *framing, *curl, "-T", "-", url_of(), stdin=os.urandom(size))
    answer, _, status = result.stdout.rpartition("\n")
    return status, answer + result.stderr


def codes(events: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["forgewall"]["action"], event["forgewall"]["code"]) for event in events]


def test_thirty_uploads_of_one_mib_under_twenty(proxy: StartProxy, forge: Forge, tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    run = proxy(CLIENT, before=clock.before, env=clock.env)
    answers = [put(run, MIB) for _ in range(30)]
    assert [status for status, _ in answers] == ["201"] * 20 + ["429"] * 10
    for _, answer in answers[20:]:
        message = json.loads(answer)["message"]
        assert "127.0.0.1 has sent 20 MiB in the last hour" in message
        assert "`limits: per_client: 20MiB/1h` allows no more" in message
        assert "Wait until earlier uploads no longer count, or ask security@acme.example" in message
    for http in ("--http1.1", "--http2"):
        status, answer = stream(run, 3 * MIB, http)
        assert (status, "allows no more" in answer) == ("429", True), answer
    assert forge.settle()
    assert [(seen.outcome, seen.body) for seen in forge.requests()] == [("complete", MIB)] * 20
    blocked = [event for event in run.events() if event["forgewall"]["action"] == "block"]
    assert codes(blocked) == [("block", "volume")] * 12
    assert {event["rule"]["id"] for event in blocked} == {"limits/per_client"}
    assert {event["rule"]["reference"].rpartition(":")[2] for event in blocked} == {"6"}

    work = run.work_tree(size=1000)
    forge.seed("github.com/acme/api", work)
    run.commit(work, "second")
    forge.clear()
    pushed = run.git("push", "https://github.com/acme/api", "main", cwd=work)
    assert not pushed.ok
    assert "has sent 20 MiB in the last hour" in pushed.output, str(pushed)
    assert "security@acme.example" in pushed.output
    assert forge.requests() == []
    for words in (("clone", "https://github.com/acme/api", "copy"), ("ls-remote", "https://github.com/acme/api")):
        assert run.git(*words).ok
    assert run.git("fetch", cwd=run.home / "copy").ok

    assert put(run, MIB, *client(2))[0] == "201"  # another client has a window of its own
    clock.move(HOUR - 120)
    assert put(run, 1)[0] == "429"
    clock.move(HOUR + 120)
    assert put(run, MIB)[0] == "201"
    assert run.git("push", "https://github.com/acme/api", "main", cwd=work).ok


def test_no_framing_and_no_hurry_gets_beyond_a_limit(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(CLIENT)
    # Announced lengths are refused at the head, others are cut at the limit.
    assert put(run, 21 * MIB, *client(2))[0] == "429"
    assert forge.settle()
    assert forge.requests() == []
    for number, http in enumerate(("--http1.1", "--http2"), 3):
        status, answer = stream(run, 21 * MIB, http, *client(number))
        assert (status, "127.0.0." in answer) == ("429", True), answer
    assert forge.settle()
    assert [seen.outcome for seen in forge.requests()] == ["aborted", "aborted"]
    assert all(19 * MIB < seen.body <= 20 * MIB for seen in forge.requests())
    assert codes(run.events("upload")) == [("block", "volume")] * 2
    assert [event["forgewall"]["upload"]["result"] for event in run.events("upload")] == ["cut"] * 2

    forge.clear()
    file = run.home / "file"
    file.write_bytes(os.urandom(2 * MIB))
    words = ["curl", "-sS", *REPORT, *client(5), "--max-time", "60", "--data-binary", f"@{file}", url_of()]
    environment = clients.environment(run.home, run.url, run.ca_file)
    many = [subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(14)]
    ended = sorted(one.communicate()[0].rpartition("\n")[2] for one in many)
    assert set(ended) == {"201", "429"} or set(ended) == {"429"}  # what is cut has used up what it sent
    assert forge.settle()
    assert sum(seen.body for seen in forge.requests()) <= 20 * MIB
    assert [seen.outcome for seen in forge.requests()].count("complete") == ended.count("201") <= 10

    # Where all is only observed, it goes on and is told.
    assert put(run, 21 * MIB, *client(6), address="watched/api")[0] == "201"
    event = run.events("upload")[-1]
    assert codes([event]) == [("log", "volume")]
    assert event["forgewall"]["would_action"] == "block"


def test_windows_of_owners_repositories_and_strangers(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(PLACES)

    def refused(status: str, answer: str, rule: str) -> bool:
        return status == "429" and json.loads(answer)["forgewall"]["rule"] == rule

    assert put(run, 2 * MIB, address="acme/one")[0] == "201"
    assert refused(*put(run, 10, *client(2), address="Acme/One"), "limits/per_repository")
    assert put(run, 2 * MIB - 10, *client(2), address="acme/two")[0] == "201"
    assert refused(*put(run, 11, *client(3), address="acme/three"), "limits/per_owner")
    assert put(run, 10, *client(3), address="acme/three")[0] == "201"
    assert put(run, 10, address="other/one")[0] == "201"
    for _ in range(4):
        assert put(run, 10, address="other/one")[0] == "201"
    status, answer = put(run, 10, address="other/one")
    assert refused(status, answer, "limits/per_repository")
    assert "github.com/other/one was sent 5 uploads in the last hour" in answer
    assert put(run, MIB, address="mallory/a")[0] == "201"
    status, answer = put(run, 10, address="mallory/b")
    assert refused(status, answer, "limits/unapproved")
    assert "to addresses that aren't approved" in answer
    assert put(run, MIB, *client(2), address="mallory/b")[0] == "201"
    assert forge.settle()
    assert {seen.outcome for seen in forge.requests()} == {"complete"}


@pytest.mark.needs("git-lfs")
def test_a_push_that_outgrows_a_window_is_cut_and_git_lfs_is_told(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(CLIENT.replace("20MiB", "2MiB"))
    forge.make_repository("github.com/acme/api")
    work = run.work_tree(size=3 * MIB)
    for http in ("HTTP/1.1", "HTTP/2"):
        cut = run.git("push", "https://github.com/acme/api", "main", cwd=work, http=http)
        assert not cut.ok
        assert "limits: per_client: 2MiB/1h" in cut.output, str(cut)
    assert forge.refs("github.com/acme/api") == {}
    tree = run.lfs_tree({"a.bin": os.urandom(MIB)})
    with forge.behave("github.com", Behaviour(lfs=GITHUB)):
        run.git("remote", "add", "there", "https://github.com/acme/api.git", cwd=tree)
        told = run.git("lfs", "push", "--all", "there", cwd=tree)
    assert not told.ok
    assert "batch response: Forgewall refused this LFS upload to github.com/acme/api" in told.output, str(told)
    assert "limits: per_client: 2MiB/1h" in told.output
    assert forge.requests(host=GITHUB.store) == []


def test_beyond_a_limit_that_is_only_logged(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(CLIENT.replace("20MiB/1h", "1MiB/1h, over: log"))
    for _ in range(2):
        assert put(run, MIB)[0] == "201"
    assert stream(run, 2 * MIB)[0] == "201"
    assert codes(run.events("upload")) == [("allow", "approved"), ("log", "volume"), ("log", "volume")]
