"""Sentences of tests and `explain`, and the requests they stand for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.sentence import parse_sentence
from forgewall.model import BodyState


@pytest.mark.parametrize(
    "text, method, url, size, state",
    [
        (
            "git push https://github.com/a/b",
            "GET",
            "https://github.com:443/a/b/info/refs?service=git-receive-pack",
            None,
            "complete",
        ),
        (
            "git push --force https://github.com/a/b.git/",
            "GET",
            "https://github.com:443/a/b.git/info/refs?service=git-receive-pack",
            None,
            "complete",
        ),
        (
            "git push https://github.com/a/b 3MiB",
            "POST",
            "https://github.com:443/a/b/git-receive-pack",
            3 * 2**20,
            "unread",
        ),
        (
            "git clone https://github.com/a/b",
            "GET",
            "https://github.com:443/a/b/info/refs?service=git-upload-pack",
            None,
            "complete",
        ),
        (
            "git fetch https://github.com/a/b",
            "GET",
            "https://github.com:443/a/b/info/refs?service=git-upload-pack",
            None,
            "complete",
        ),
        (
            "git lfs push https://github.com/a/b",
            "POST",
            "https://github.com:443/a/b/info/lfs/objects/batch",
            None,
            "complete",
        ),
        ("PUT https://x.example/p?q=1 3MiB", "PUT", "https://x.example:443/p?q=1", 3 * 2**20, "unread"),
        ("post http://u:p@x.example:8080/p", "POST", "http://x.example:8080/p", None, "unread"),
        ("GET https://x.example", "GET", "https://x.example:443/", None, "complete"),
        ("DELETE https://x.example/p 0", "DELETE", "https://x.example:443/p", 0, "complete"),
    ],
)
def test_what_a_sentence_means(text: str, method: str, url: str, size: int | None, state: str) -> None:
    sentence = parse_sentence(text)
    request = sentence.request
    assert (request.method, f"{request.scheme}://{request.host}:{request.port}{request.path}") == (method, url)
    assert (sentence.size, request.body_state) == (size, BodyState(state))
    if size is not None:
        assert request.header("content-length") == str(size)


def test_lfs_says_its_direction() -> None:
    assert parse_sentence("git lfs push https://github.com/a/b").request.body == b'{"operation":"upload","objects":[]}'
    assert b"download" in parse_sentence("git lfs pull https://github.com/a/b").request.body


@pytest.mark.parametrize(
    ("words", "refs", "forced"),
    [
        ("", [], []),
        ("main", ["update refs/heads/main"], []),
        ("main dev 3MiB", ["update refs/heads/main", "update refs/heads/dev"], []),
        ("HEAD:main", ["update refs/heads/main"], []),
        ("x:refs/tags/v1", ["update refs/tags/v1"], []),
        (":old", ["delete refs/heads/old"], []),
        ("--delete old older", ["delete refs/heads/old", "delete refs/heads/older"], []),
        ("-d old", ["delete refs/heads/old"], []),
        ("+main dev", ["update refs/heads/main", "update refs/heads/dev"], ["refs/heads/main"]),
        ("+a:main", ["update refs/heads/main"], ["refs/heads/main"]),
        ("--force main", ["update refs/heads/main"], ["refs/heads/main"]),
        ("refs/heads/2024", ["update refs/heads/2024"], []),
        ("--force", [], []),
    ],
)
def test_a_push_names_its_refs_as_git_does(words: str, refs: list[str], forced: list[str]) -> None:
    sentence = parse_sentence(f"git push https://github.com/a/b {words}")
    assert [f"{update.action} {update.name}" for update in sentence.refs] == refs
    assert list(sentence.forced) == forced
    assert sentence.size == (3 * 2**20 if "3MiB" in words else None)


def test_an_lfs_push_names_its_ref_in_the_batch() -> None:
    sentence = parse_sentence("git lfs push https://github.com/a/b main")
    assert [update.name for update in sentence.refs] == ["refs/heads/main"]
    assert json.loads(sentence.request.body)["ref"] == {"name": "refs/heads/main"}


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "is not understood: write git push URL"),
        ("git", "is not understood"),
        ("git -v", "is not understood"),
        ("git commit https://github.com/a/b", "is not understood"),
        ("push https://github.com/a/b and more", "is not understood"),
        ("git push git@github.com:a/b.git", "write https://github.com/a/b.git"),
        ("git push ssh://git@github.com/a/b", "write https://github.com/a/b"),
        ("git push github.com/a/b", "write https://github.com/a/b"),
        ("git push https://github.com/a/b?x=1", "holds a query"),
        ("git push https://github.com/a/b 60M", "write 60MiB or 60MB"),
        ("git push https://github.com/a/b 60MiB main", "`60MiB` stands where a ref is wanted"),
        ("git push https://github.com/a/b a..b", "`a..b` is no name of a branch or ref"),
        ("git push https://github.com/a/b main:", "`` is no name of a branch or ref"),
        ("git push https://github.com/a/b release/*", "`release/*` is no name"),
        ("git clone https://github.com/a/b main", "`main` is not a size"),
        ("git fetch https://github.com/a/b main 3MiB", "is not understood"),
        ("git lfs push https://github.com/a/b main dev", "is not understood"),
        ("PUT ftp://x.example/", "is not a URL"),
        ("PUT https:///x", "is not a URL"),
        ("PUT https://x.example:99999/", "is not a URL"),
        ("PUT https://x.example/ 3M", "write 3MiB or 3MB"),
    ],
)
def test_what_is_not_understood_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="`") as caught:
        parse_sentence(text)
    assert said in str(caught.value)


@given(
    st.lists(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(["git", "push", "lfs", "-v", "-d", "PUT", "https://", "[::1]", "9MiB", "+a:b", ":"]),
        ),
        max_size=5,
    ).map(" ".join)
)
def test_any_text_is_a_sentence_or_a_value_error(text: str) -> None:
    try:
        parse_sentence(text)
    except ValueError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said
