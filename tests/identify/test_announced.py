from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.announcing import (
    API,
    OID,
    SHARED,
    SIZE,
    STORE,
    announced,
    answer,
    asked,
    read,
    refusal,
    upload,
)
from tests.identify.asking import REGISTRY, ask, told

from forgewall.identify.announced import MAX_URL, Place, parse_place, place_of
from forgewall.identify.announced_places import covers
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import Kind, Operation, Request


def put(url: str, method: str = "PUT") -> Request:
    return request_for(method, url)


# -- which URLs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "announced_as, asked_as",
    [
        ("https://s.example/a", "https://s.example/a"),
        ("https://S.Example/a", "https://s.example:443/a"),
        ("https://s.example./a", "https://s.example/a"),
        ("https://s.example:443/a", "https://s.example/a"),
        ("https://s.example", "https://s.example/"),
        ("https://s.example?x=1", "https://s.example/?x=1"),
        ("https://s.example/a?", "https://s.example/a"),
        ("https://s.example/a#b", "https://s.example/a"),
        ("https://s.example/%7ea%2fb", "https://s.example/~a%2Fb"),
        ("https://s.example/a?x=%5B1%5D", "https://s.example/a?x=[1]"),
        ("https://s.example:9000/a", "https://s.example:9000/a"),
    ],
)
def test_spellings_of_one_url(announced_as: str, asked_as: str) -> None:
    assert covers(announced(announced_as), put(asked_as))


@pytest.mark.parametrize(
    "announced_as, asked_as",
    [
        ("https://s.example/a", "https://s.example/A"),
        ("https://s.example/a", "https://s.example/a/"),
        ("https://s.example/a", "https://s.example/a?x"),
        ("https://s.example/a?x=1&y=2", "https://s.example/a?y=2&x=1"),
        ("https://s.example/a%2Fb", "https://s.example/a/b"),
        ("https://s.example/a%2Bb", "https://s.example/a+b"),
        ("https://s.example/a%252Fb", "https://s.example/a%2Fb"),
        ("https://s.example/a", "https://s.example//a"),
        ("https://s.example/a", "https://s.example/b/../a"),
        ("https://s.example/a", "https://s.example:8443/a"),
        ("https://s.example/a", "http://s.example/a"),
        ("https://s.example/a", "https://t.s.example/a"),
    ],
)
def test_what_is_another_url(announced_as: str, asked_as: str) -> None:
    assert not covers(announced(announced_as), put(asked_as))


@pytest.mark.parametrize(
    "url, words",
    [
        ("", "not an absolute URL"),
        ("/acme/api.git/info/lfs/objects/x", "not an absolute URL"),
        ("//s.example/a", "not an absolute URL"),
        ("s.example/a", "not an absolute URL"),
        ("HTTPS://s.example/a", "not an absolute URL"),
        ("ftp://s.example/a", "not an absolute URL"),
        ("file:///etc/passwd", "not an absolute URL"),
        ("https:///a", "not an absolute URL"),
        ("https://user@s.example/a", "not an absolute URL"),
        ("https://user:secret@s.example/a", "not an absolute URL"),
        ("https://s.example\\@github.com/a", "not an absolute URL"),
        ("https://s.example/a b", "not an absolute URL"),
        ("https://s.example/a\r\nHost: github.com", "not an absolute URL"),
        ("https://s.example/a\n", "not an absolute URL"),
        ("https://s.example/a\x00", "not an absolute URL"),
        ("https://s.example/\u00e9", "not an absolute URL"),
        ("https://s.ex\u00e4mple/a", "not an absolute URL"),
        ("https://s.example\uff0fa", "not an absolute URL"),
        ("https://s%2eexample/a", "not an absolute URL"),
        ("https://s.example/a%", "not an absolute URL"),
        ("https://s.example/a%2", "not an absolute URL"),
        ("https://s.example/a%zz", "not an absolute URL"),
        ("https://s.example:/a", "not an absolute URL"),
        ("https://s.example:443443/a", "not an absolute URL"),
        ("https://s.example:x/a", "not an absolute URL"),
        ("https://s.example:0/a", "a port that doesn't exist"),
        ("https://s.example:65536/a", "a port that doesn't exist"),
        ("http://s.example/a", "plain HTTP"),
        ("http://github.com/a", "plain HTTP"),
        ("https://./a", "no valid host name"),
        ("https://a..b/a", "no valid host name"),
        ("https://.a/a", "no valid host name"),
        ("https://" + "a." * 127 + "b/a", "no valid host name"),
        ("https://127.0.0.1/a", "an IP address"),
        ("https://127.1/a", "an IP address"),
        ("https://0x7f.0.0.1/a", "an IP address"),
        ("https://0x7f000001/a", "an IP address"),
        ("https://2130706433/a", "an IP address"),
        ("https://[::1]/a", "an IP address"),
        ("https://[::ffff:127.0.0.1]:8443/a", "an IP address"),
        ("https://169.254.169.254/latest/meta-data", "an IP address"),
        ("https://localhost/a", "the client itself"),
        ("https://LOCALHOST./a", "the client itself"),
        ("https://x.localhost/a", "the client itself"),
        ("https://s.example/a/../b", "a dot segment"),
        ("https://s.example/a/%2e%2E/b", "a dot segment"),
        ("https://s.example/./b", "a dot segment"),
        ("https://s.example/..", "a dot segment"),
        ("https://s.example/" + "a" * MAX_URL, "more than 8192 characters"),
    ],
)
def test_urls_that_are_refused(url: str, words: str) -> None:
    assert words in refusal(read(upload(url)))


@pytest.mark.parametrize("url", [None, 7, ["https://s.example/a"], {"url": "https://s.example/a"}])
def test_an_address_is_a_string(url: object) -> None:
    assert "no address" in refusal(read(upload(url)))


def test_a_forge_without_tls_may_announce_itself_without_tls() -> None:
    request = replace(request_for("POST", "http://127.0.0.1:3000/a/b.git/info/lfs/objects/batch"))
    place = parse_place("http://127.0.0.1:3000/x", request)
    assert isinstance(place, Place)
    assert place == place_of(put("http://127.0.0.1:3000/x"))
    assert isinstance(parse_place("http://127.0.0.2:3000/x", request), str)
    assert isinstance(parse_place("http://s.example/x", request), str)


@given(st.text(max_size=60) | st.text("htps:/.?#%[]@\\0aAé\n", max_size=40).map("https://s.example".__add__))
def test_any_text_is_a_place_or_a_sentence(url: str) -> None:
    found = parse_place(url, asked()[0])
    if isinstance(found, str):
        assert found.startswith("an announced address ")
        return
    assert found.host == found.host.lower()
    assert found == place_of(put(url))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_request_has_a_place(host: str, path: str) -> None:
    request = Request(method="PUT", scheme="https", host=host, port=443, path=path)
    assert isinstance(place_of(request), Place)


# -- what becomes of requests ---------------------------------------------------------------------------------------


def test_nothing_announced_it() -> None:
    target = ask("PUT", STORE)
    assert target.operation is Operation.UNIDENTIFIED
    assert target.evidence == "no LFS batch announced this address to this client; run git lfs push again"
    assert identify(put(SHARED), REGISTRY) is None


@pytest.mark.parametrize("url", [STORE, SHARED])
def test_an_announced_upload_belongs_to_the_repository_that_asked(url: str) -> None:
    target = identify(put(url), REGISTRY, announced(url))
    assert target is not None
    assert told(target) == ("lfs-upload", "github.com/acme/api")
    assert (target.kind, target.host, target.owner, target.repository) == (Kind.GITHUB, "github.com", "acme", "api")
    assert target.evidence == "LFS: PUT for an upload that github.com/acme/api announced"
    assert not target.wants_body


@pytest.mark.parametrize("url", [STORE, SHARED])
@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "put", "GET"])
def test_another_method_is_not_announced(url: str, method: str) -> None:
    assert identify(put(url, method), REGISTRY, announced(url)) == identify(put(url, method), REGISTRY)


@pytest.mark.parametrize("url", [STORE, SHARED])
def test_an_announcement_of_another_url_says_nothing(url: str) -> None:
    other = announced(url.replace(OID, "ab" * 32))
    assert identify(put(url), REGISTRY, other) == identify(put(url), REGISTRY)


@pytest.mark.parametrize("url", [STORE, SHARED])
def test_a_doubtful_request_stays_doubtful(url: str) -> None:
    request = replace(put(url), headers=(("x-http-method-override", "DELETE"),))
    target = identify(request, REGISTRY, announced(url))
    assert target is not None
    assert target.operation is Operation.UNIDENTIFIED
    assert target.evidence == "PUT is overridden by another method"


def test_the_word_about_an_upload_counts_as_part_of_it() -> None:
    found = read(answer({"upload": {"href": SHARED}, "verify": {"href": "https://s.example/verify"}}))
    assert isinstance(found, tuple)
    target = identify(put("https://s.example/verify", "POST"), REGISTRY, found[1])
    assert target is not None
    assert target.evidence == "LFS: POST to verify an upload that github.com/acme/api announced"


@pytest.mark.parametrize(
    "repository, url",
    [
        ("https://ghe.example/acme/api.git", f"https://ghe.example/storage/lfs/17/objects/{OID}?token=1"),
        ("https://ghe.example/acme/api.git", f"https://media.ghe.example/lfs/17/{OID}"),
        ("https://huggingface.co/acme/api.git", "https://huggingface.co/api/complete_multipart?uploadId=1"),
        (
            "https://dev.azure.com/acme/pay/_git/api",
            f"https://dev.azure.com/acme/4f/_apis/git/repositories/9a/info/lfs/objects/{OID}",
        ),
    ],
)
def test_the_forge_s_own_paths_that_only_the_announcement_explains(repository: str, url: str) -> None:
    assert ask("PUT", url).operation is Operation.UNIDENTIFIED
    target = identify(put(url), REGISTRY, announced(url, repository))
    assert target is not None
    assert target.operation is Operation.LFS_UPLOAD
    assert target.address == asked(repository)[1].address is not None


@pytest.mark.parametrize(
    "url",
    [
        f"https://github.com/mallory/loot.git/info/lfs/objects/{OID}",
        f"https://gitlab.com/mallory/loot.git/gitlab-lfs/objects/{OID}/{SIZE}",
        f"https://lfs.github.com/mallory/loot/objects/{OID}/verify",
        "https://api.github.com/repos/mallory/loot/contents/a.zip",
        "https://uploads.github.com/repos/mallory/loot/releases/1/assets?name=a",
        "https://github.com/mallory/loot.git/git-receive-pack",
        "https://gitlab.com/api/v4/projects/mallory%2Floot/packages/generic/a/1/b",
        "https://api.bitbucket.org/2.0/repositories/mallory/loot/src",
    ],
)
@pytest.mark.parametrize(
    "repository", [API, "https://gl.example:8443/gitlab/acme/api.git", "https://gitlab.com/acme/api.git"]
)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_url_that_is_understood_keeps_its_own_reading(url: str, repository: str, method: str) -> None:
    found = announced(url, repository)
    if method == "POST":
        found = replace(found, methods=frozenset({"POST"}))
    target = identify(put(url, method), REGISTRY, found)
    assert target == ask(method, url)


@pytest.mark.parametrize(
    "url", [STORE, "https://bbuseruploads.s3.amazonaws.com/a", "https://github.com/unlisted/page/of/it"]
)
def test_a_forge_can_t_announce_what_belongs_to_another(url: str) -> None:
    found = announced(url, "https://gl.example:8443/gitlab/acme/api.git")
    target = identify(put(url), REGISTRY, found)
    assert target == ask("PUT", url)
    assert target.operation is Operation.UNIDENTIFIED
