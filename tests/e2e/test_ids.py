"""Ids, visibility and moves: what the forge has said in its own answers decides about the requests that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.answer import Answer, document
from demo.exchange import Behaviour
from demo.forge import Forge
from demo.wire import Head

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

API = "https://gitlab.com/api/v4/projects"
COMMIT = b'{"branch":"main","commit_message":"m","actions":[]}'
PROJECTS: Mapping[str, tuple[int, str]] = {
    "acme%2Fplatform%2Fapi": (1234, "acme/platform/api"),
    "mallory%2Floot": (666, "mallory/loot"),
}
POLICY = """\
version: 1
contact: security@acme.example
approved:
  - github.com/acme
  - repo: github.com/secret-acme/api
    visibility: private
  - gitlab.com/acme/platform
"""


def gitlab(head: Head, _body: bytes) -> Answer | None:
    """The project's own answer to a GET, and a created commit to a POST."""
    name = head.path.removeprefix("/api/v4/projects/")
    if head.method == "GET" and name in PROJECTS:
        number, path = PROJECTS[name]
        return document(200, {"id": number, "path_with_namespace": path, "visibility": "private"})
    return document(201, {"id": "c0ffee"}) if head.method == "POST" else None


@pytest.fixture
def run(proxy: StartProxy, forge: Forge) -> Iterator[Run]:
    with forge.behave("gitlab.com", Behaviour(answer=gitlab)):
        yield proxy(POLICY)


def commit(run: Run, number: int) -> str:
    """What the terminal shows of a commit through the API that names its project by `number`."""
    url = f"{API}/{number}/repository/commits"
    return run.curl("-H", "content-type: application/json", "-d", "@-", url, stdin=COMMIT).output


def test_a_number_is_unknown_until_the_forge_has_said_whose_it_is(run: Run, forge: Forge) -> None:
    refused = commit(run, 1234)
    assert "obody has said yet whose project 1234 is" in refused
    assert f"GET {API}/" in refused
    assert forge.requests(host="gitlab.com") == []
    run.curl(f"{API}/acme%2Fplatform%2Fapi")
    assert "c0ffee" in commit(run, 1234)
    (event,) = [event for event in run.events("decision") if event["forgewall"]["action"] == "allow"]
    assert event["forgewall"]["address"] == "gitlab.com/acme/platform/api"
    assert event["forgewall"]["visibility"] == "private"


def test_a_known_stranger_s_number_is_a_stranger_s(run: Run, forge: Forge) -> None:
    run.curl(f"{API}/mallory%2Floot")
    forge.clear()
    assert "gitlab.com/mallory/loot is not an approved repository" in commit(run, 666)
    assert forge.requests(host="gitlab.com") == []


def test_what_was_learned_outlives_a_restart(proxy: StartProxy, forge: Forge, tmp_path: Path) -> None:
    kept = ("--memory", str(tmp_path / "memory.sqlite"))
    with forge.behave("gitlab.com", Behaviour(answer=gitlab)):
        first = proxy(POLICY, options=kept)
        first.curl(f"{API}/acme%2Fplatform%2Fapi")
        first.close()
        assert "c0ffee" in commit(proxy(POLICY, options=kept), 1234)
    assert (tmp_path / "memory.sqlite").stat().st_mode & 0o777 == 0o600


def test_the_answer_arrives_as_it_was_given(run: Run) -> None:
    answer = run.curl("--compressed", f"{API}/acme%2Fplatform%2Fapi").stdout
    assert answer == '{"id": 1234, "path_with_namespace": "acme/platform/api", "visibility": "private"}\n'


def moved(name: str, to: str) -> Behaviour:
    """A host where the repository `name` is at another place for good."""

    def answer(head: Head, _body: bytes) -> Answer | None:
        if not head.target.startswith(name):
            return None
        return Answer(status=301, content=b"", headers=(("location", f"{to}{head.target.removeprefix(name)}"),))

    return Behaviour(answer=answer)


def test_a_repository_that_has_moved_to_a_stranger_is_refused_until_it_is_named_again(run: Run, forge: Forge) -> None:
    with forge.behave("github.com", moved("/acme/left-for-good", "/mallory/loot")):
        run.git("ls-remote", "https://github.com/acme/left-for-good")
    forge.make_repository("github.com/acme/left-for-good")
    result = run.git("push", "https://github.com/acme/left-for-good", "main", cwd=run.work_tree())
    assert not result.ok
    assert "github.com/mallory/loot" in result.output
    assert "moved" in result.output
    (event,) = [event for event in run.events("decision") if event["forgewall"]["action"] == "block"]
    assert event["forgewall"]["code"] == "moved"
    assert event["forgewall"]["moved"]["address"] == "github.com/mallory/loot"


def test_one_that_has_moved_within_what_is_approved_is_followed(run: Run, forge: Forge) -> None:
    with forge.behave("github.com", moved("/acme/renamed-within", "/acme/service")):
        run.git("ls-remote", "https://github.com/acme/renamed-within")
    forge.make_repository("github.com/acme/renamed-within")
    assert run.git("push", "https://github.com/acme/renamed-within", "main", cwd=run.work_tree()).ok
    moves = {event["forgewall"]["moved"]["address"] for event in run.events("decision")}
    assert moves == {"github.com/acme/service"}


def test_private_only_is_refused_while_nobody_knows_and_for_the_public(run: Run, forge: Forge) -> None:
    url = "https://github.com/secret-acme/api"
    forge.make_repository("github.com/secret-acme/api")
    work = run.work_tree()
    unknown = run.git("push", url, "main", cwd=work)
    assert not unknown.ok
    assert f"git ls-remote {url}" in unknown.output
    assert run.git("ls-remote", url).ok  # the local forge shows it to anybody
    public = run.git("push", url, "main", cwd=work)
    assert "is public" in public.output
    assert [push for push in forge.requests(host="github.com") if "receive-pack" in push.path] == []
