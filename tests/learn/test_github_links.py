"""Links from page to page: what number they teach, and that nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.learn.asking import JSON, said, taught

from forgewall.identify.url import request_for

API = "https://api.github.com"
ISSUES = "/repos/acme/api/issues"
NEXT = f'<{API}/repositories/1/issues?page=2>; rel="next"'
LAST = f'<{API}/repositories/1/issues?page=9>; rel="last"'


def linked(links: str, path: str = ISSUES, method: str = "GET", status: int = 200) -> set[str]:
    return said(taught(request_for(method, API + path), [], status=status, headers=(*JSON, ("link", links))))


@pytest.mark.parametrize("links", [NEXT, f"{NEXT}, {LAST}"])
def test_links_name_the_repository_by_its_number(links: str) -> None:
    assert linked(links) == {"repository 1 = github.com/acme/api"}
    assert linked(links, f"{ISSUES}?per_page=1&page=1") == {"repository 1 = github.com/acme/api"}


def test_of_an_enterprise_server_too() -> None:
    base = "https://ghe.acme.example/api/v3"
    links = (("link", f'<{base}/repositories/1/issues?page=2>; rel="next"'),)
    facts = taught(request_for("GET", f"{base}/repos/acme/api/issues"), [], headers=(*JSON, *links))
    assert said(facts) == {"repository 1 = ghe.acme.example/acme/api"}
    plain = taught(request_for("GET", "https://ghe.acme.example/repos/acme/api"), [], headers=links)
    assert said(plain) == set()


@pytest.mark.parametrize(
    "links",
    [
        "",
        "<>",
        f"<{API}/repositories/1/pulls?page=2>",
        f"<{API}/repositories/1>",
        f"<{API}/repositories/1/issues/comments?page=2>",
        f"<{API}/repositories/01/issues>",
        f"<{API}/repositories/acme/issues>",
        f"<{API}/user/1/issues>",
        "<https://github.com/repositories/1/issues>",
        "<https://api.github.com.evil.example/repositories/1/issues>",
        f"{NEXT}, <{API}/repositories/2/issues?page=9>",
        f"{NEXT}, <https://evil.example/>",
        f"{NEXT}{' ' * 9000}",
    ],
)
def test_other_links_teach_nothing(links: str) -> None:
    assert linked(links) == set()


def test_only_an_answer_to_a_list_by_name_teaches() -> None:
    assert linked(NEXT, status=304) == set()
    assert linked(NEXT, method="POST") == set()
    assert linked(NEXT, "/repositories/1/issues") == set()
    assert linked(NEXT, "/repos/acme%2Fapi/issues/issues") == set()
    assert linked(f"<{API}/repositories/1>", "/repos/acme/api") == set()
    both = (*JSON, ("link", NEXT), ("link", NEXT))
    assert said(taught(request_for("GET", API + ISSUES), [], headers=both)) == set()


@given(st.text(alphabet='<>/?=&;,.:1aA% "', max_size=60))
def test_any_header_is_read(text: str) -> None:
    assert linked(text + NEXT) <= {"repository 1 = github.com/acme/api"}
    assert linked(f"{NEXT}, {text}") <= {"repository 1 = github.com/acme/api"}
