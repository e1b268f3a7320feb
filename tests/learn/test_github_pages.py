"""A repository's page says its number to a browser; nothing is taken from a page about another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.learn.asking import lesson_of, said, taught

from forgewall.identify.url import request_for
from forgewall.learn.answers import opening_of
from forgewall.learn.github_pages import OPENING
from forgewall.learn.lesson import Fact

HTML = (("content-type", "text/html; charset=utf-8"),)
ACCEPT = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
URL = "https://github.com/Acme/api/issues/1"
SAID = {
    "user_id": "7",
    "user_login": "acme",
    "repository_id": "42",
    "repository_nwo": "acme/api",
    "repository_public": "false",
    "repository_is_fork": "false",
    "repository_network_root_id": "42",
}


def meta(said: dict[str, str]) -> str:
    return "".join(f'<meta name="octolytics-dimension-{name}" content="{value}" />' for name, value in said.items())


def page(said: dict[str, str], more: str = "") -> bytes:
    head = f'<title>a &lt; b</title><meta name="description" content="&lt;meta&gt; > api">{meta(said)}{more}'
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>{meta({'repository_id': '666'})}".encode()


def got(body: bytes, url: str = URL, headers: tuple[tuple[str, str], ...] = HTML, status: int = 200) -> set[str]:
    return said(asked(body, url, headers, status))


def asked(body: bytes, url: str, headers: tuple[tuple[str, str], ...] = HTML, status: int = 200) -> tuple[Fact, ...]:
    return taught(request_for("GET", url, headers=[ACCEPT]), body, status=status, headers=headers)


def test_a_page_says_the_numbers_of_its_repository_and_owner() -> None:
    facts = {"repository 42 = github.com/acme/api", "owner 7 = github.com/acme"}
    assert got(page(SAID)) == facts
    assert got(page({**SAID, "repository_public": "true"})) == {*facts, "github.com/acme/api is public"}
    swapped = page(SAID).replace(b'name="octolytics-dimension-repository_id" content="42"',
                                 b'content="42" name="octolytics-dimension-repository_id"')  # fmt: skip
    assert got(swapped) == facts
    assert got(page(SAID), "https://ghe.acme.example/acme/api") == {
        "repository 42 = ghe.acme.example/acme/api",
        "owner 7 = ghe.acme.example/acme",
    }


@pytest.mark.parametrize(
    "body",
    [
        page({**SAID, "repository_nwo": "mallory/loot"}),
        page({**SAID, "repository_nwo": "acme/api2"}),
        page({**SAID, "repository_nwo": ""}),
        page({name: value for name, value in SAID.items() if name != "repository_nwo"}),
        page(SAID, meta({"repository_id": "666"})),
        page(SAID, meta({"repository_nwo": "acme/api"})),
        page({}),
        page(SAID).replace(b"</head>", b""),
        page(SAID).replace(b"octolytics-dimension-", b""),
        b"",
    ],
)
def test_another_page_teaches_nothing(body: bytes) -> None:
    assert got(body) == set()


def test_only_what_is_a_number_is_one_and_an_owner_is_the_repository_s() -> None:
    assert got(page({**SAID, "repository_id": "042"})) == {"owner 7 = github.com/acme"}
    assert got(page({**SAID, "user_login": "mallory"})) == {"repository 42 = github.com/acme/api"}


def test_only_pages_that_a_browser_asked_for_are_read() -> None:
    assert got(page(SAID), headers=(("content-type", "text/plain"),)) == set()
    assert got(page(SAID), status=404) == set()
    assert got(page(SAID), "https://api.github.com/repos/acme/api") == set()
    assert got(page(SAID), "https://github.com/acme") == set()
    assert taught(request_for("GET", URL), page(SAID), headers=HTML) == ()
    assert taught(request_for("POST", URL, headers=[ACCEPT]), page(SAID), headers=HTML) == ()


def test_the_beginning_is_enough() -> None:
    lesson = lesson_of(request_for("GET", URL, headers=[ACCEPT]))
    assert lesson is not None
    opening = opening_of(lesson)
    assert opening is not None
    assert opening.opening == OPENING
    assert opening.end in page(SAID)
    other = lesson_of(request_for("GET", "https://api.github.com/repos/acme/api"))
    assert other is not None
    assert opening_of(other) is None


@given(
    st.lists(
        st.sampled_from(['<meta name="octolytics-dimension-', 'repository_id"', ' content="', "42", '">', "<", "\n"])
    )
)
def test_any_head_is_read_to_its_end(pieces: list[str]) -> None:
    assert all(fact.startswith(("repository 42 =", "owner 7 =")) for fact in got(page(SAID, "".join(pieces))))
