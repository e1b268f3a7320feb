"""Hand-written expectations for git-only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY, ask
from tests.identify.corpus import found, rows

from forgewall.identify.forges.git_only import paths
from forgewall.identify.registry import Role
from forgewall.model import BodyState, Effect, Kind, Operation


@pytest.mark.parametrize("row", rows("git-only"))
def test_corpus(row: dict[str, Any]) -> None:
    assert found(row) == row["expect"]


@pytest.mark.parametrize(
    "path",
    [
        "/a/b/../c",
        "/a//b",
        "/a/b.git/c",
        "/a/%2e%2e/b",
        "/a/b%2fc",
        "/a/b;x",
        "/a/b .git",
        "/a/@b",
        "/a/b.git.git",
        "/b",
    ],
)
def test_a_push_to_nobody_certain(path: str) -> None:
    assert not ask("POST", f"https://gitee.com{path}/git-receive-pack").identified


def test_only_gerrit_drops_the_word_for_signing_in() -> None:
    assert ask("POST", "https://gitee.com/a/build/git-receive-pack").address == "gitee.com/a/build"
    gerrit = ask("POST", "https://chromium.googlesource.com/a/a/build/git-receive-pack")
    assert gerrit.address == "chromium.googlesource.com/a/build"


def test_each_host_of_the_table_is_a_forge_understood_by_git() -> None:
    for host in paths():
        known = REGISTRY.lookup(host.replace("*", "x"))
        assert known is not None
        assert (known.kind, known.role) == (Kind.GIT_ONLY, Role.WEB)


def test_a_query_is_asked_for() -> None:
    target = ask("POST", "https://git.sr.ht/query", state=BodyState.UNREAD)
    assert (target.operation, target.wants_body) == (Operation.UNIDENTIFIED, True)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["git.code.sf.net", "git.sr.ht", "x.googlesource.com", "pagure.io", "gitee.com"]),
    st.lists(st.sampled_from(["a", "r", "p", "x.git", "~u", "%61", "..", "", "A", "+git"]), max_size=5),
)
def test_a_push_is_never_a_read_and_names_what_stands_in_the_path(host: str, names: list[str]) -> None:
    target = ask("POST", "/".join(["https://" + host, *names, "git-receive-pack"]))
    assert target.effect is Effect.WRITE
    if target.address is not None:
        assert target.address.startswith(host + "/")
        assert ".." not in names
        assert "" not in names
