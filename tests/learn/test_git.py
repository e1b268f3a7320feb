"""What the heads of answers teach: redirects that are moves and others, and who may fetch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.learn.asking import JSON, NOW, REGISTRY, lesson_of, said

from forgewall.identify.directory import Id, IdKind
from forgewall.identify.url import request_for
from forgewall.learn.answers import repository_named
from forgewall.learn.lesson import Fact, IdFact, ReferralFact, SightFact
from forgewall.learn.memory import WAITING_LIFE, Memory

GIT = (("host", "x"), ("user-agent", "git/2.50.0"), ("accept", "*/*"), ("accept-encoding", "gzip"))
ADVERTISEMENT = (("content-type", "application/x-git-upload-pack-advertisement"),)


def redirected(
    url: str, location: str | None, *, status: int = 301, method: str = "GET", more: tuple[tuple[str, str], ...] = ()
) -> tuple[Fact, ...]:
    lesson = lesson_of(request_for(method, url, headers=GIT))
    if lesson is None:
        return ()
    headers = (*more, *((("location", location),) if location is not None else ()))
    assert not lesson.reads(status, headers)
    return lesson.facts(status, headers, b"")


REFS = "info/refs?service=git-upload-pack"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("url", "location", "found"),
    [
        *(
            (f"https://github.com/acme/api{end}", f"{start}/mallory/loot{end}", "github.com/mallory/loot")
            for start in ("https://github.com", "https://www.github.com", "")
            for end in ("", f".git/{REFS}", f"/{REFS}", ".git/git-upload-pack")
        ),
        (f"https://github.com/acme/api/{REFS}", f"/mallory/loot.git/{REFS}", "github.com/mallory/loot"),
        (f"https://github.com/acme/api.wiki.git/{REFS}", f"/acme/new.wiki.git/{REFS}", None),
        (
            f"https://gitlab.com/acme/p/api.git/{REFS}",
            f"https://gitlab.com/acme/q/api.git/{REFS}",
            "gitlab.com/acme/q/api",
        ),
        (f"https://git.acme.example/gitlab/a/b.git/{REFS}", f"/gitlab/c/d.git/{REFS}", "git.acme.example/c/d"),
        (f"https://tea.acme.example/acme/api.git/{REFS}", f"/acme/new.git/{REFS}", "tea.acme.example/acme/new"),
        ("https://codeberg.org/api/v1/repos/acme/api/issues", "/api/v1/repos/m/loot/issues", "codeberg.org/m/loot"),
        (f"https://bitbucket.org/acme/api.git/{REFS}", f"/acme/new.git/{REFS}", "bitbucket.org/acme/new"),
        (f"https://huggingface.co/acme/model/{REFS}", f"/other/model/{REFS}", "huggingface.co/other/model"),
    ],
)
def test_moves(status: int, url: str, location: str, found: str | None) -> None:
    told = {one.partition(" went to ")[2] for one in said(redirected(url, location, status=status))}
    page = url.endswith("/acme/api")  # gateways lead to their own pages by 302 and 303
    assert told == ({found} if found and not (page and status in (302, 303)) else set())


@pytest.mark.parametrize(
    "url",
    [
        "https://git.acme.example/gitlab/acme/api",
        "https://tea.acme.example/acme/api",
        "https://ghe.acme.example/acme/api",
        "https://tea.acme.example/api/v1/repos/acme/api",
        "https://git.acme.example/gitlab/api/v4/projects/acme%2Fapi",
    ],
)
@pytest.mark.parametrize("path", ["/vpn/index.html", "/oauth2/sign_in", "/mellon/login", "/maintenance/index.html"])
@pytest.mark.parametrize("status", [302, 303])
def test_a_gateways_page_is_no_repository(url: str, path: str, status: int) -> None:
    prefix = "/gitlab" if "/gitlab" in url else ""
    for location in (path, f"{prefix}{path}"):
        assert redirected(url, location, status=status) == ()


def test_an_api_answers_a_rename_with_any_redirect() -> None:
    for status in (301, 302, 303, 307, 308):
        found = redirected("https://tea.acme.example/api/v1/repos/acme/api", "/api/v1/repos/m/loot", status=status)
        assert said(found) == {"tea.acme.example/acme/api went to tea.acme.example/m/loot"}
        found = redirected(
            "https://api.bitbucket.org/2.0/repositories/acme/api", "/2.0/repositories/m/loot", status=status
        )
        assert said(found) == {"bitbucket.org/acme/api went to bitbucket.org/m/loot"}


def test_a_move_says_where_from() -> None:
    found = said(redirected(f"https://github.com/Acme/Api.git/{REFS}", f"/Mallory/Loot.git/{REFS}"))
    assert found == {"github.com/acme/api went to github.com/Mallory/Loot"}


def test_a_query_may_stay_or_go() -> None:
    for location in ("https://github.com/mallory/loot?tab=readme", "https://github.com/mallory/loot"):
        assert said(redirected("https://github.com/acme/api?tab=readme", location)) == {
            "github.com/acme/api went to github.com/mallory/loot"
        }


def test_a_push_is_redirected_too() -> None:
    url = "https://github.com/acme/api.git/info/refs?service=git-receive-pack"
    new = "https://github.com/mallory/loot.git/info/refs?service=git-receive-pack"
    assert said(redirected(url, new)) == {"github.com/acme/api went to github.com/mallory/loot"}
    url, new = (text.replace("info/refs?service=", "") for text in (url, new))
    assert said(redirected(url, new, method="POST")) == {"github.com/acme/api went to github.com/mallory/loot"}


@pytest.mark.parametrize(
    ("url", "location"),
    [
        # The same repository.
        ("https://github.com/acme/api", "https://github.com/Acme/API"),
        ("https://github.com/acme/api.git", "https://github.com/acme/api"),
        ("http://github.com/acme/api", "https://github.com/acme/api"),
        ("https://www.github.com/acme/api", "https://github.com/acme/api"),
        ("https://github.com/acme/api/", "https://github.com/acme/api"),
        ("https://github.com/acme/api/archive/x.zip", "https://codeload.github.com/acme/api/zip/x"),
        ("https://github.com/acme/api/raw/main/x", "https://raw.githubusercontent.com/acme/api/main/x"),
        # Signing in, and elsewhere.
        ("https://github.com/acme/api", "https://github.com/login?return_to=%2Fmallory%2Floot"),
        ("https://github.com/acme/api", "https://github.com/sessions/two-factor"),
        ("https://ghe.acme.example/acme/api", "https://ghe.acme.example/saml/initiate?return_to=%2Facme%2Fapi"),
        ("https://git.acme.example/gitlab/a/b", "https://git.acme.example/gitlab/terms/x?redirect=%2Fa%2Fb"),
        ("https://github.com/acme/api?x=1", "https://github.com/mallory/loot?x=2"),
        ("https://github.com/orgs/acme/sso", "https://idp.example/mallory/loot"),
        (f"https://gitlab.com/acme/api.git/{REFS}", "https://gitlab.com/users/sign_in"),
        ("https://github.com/acme/api", "https://gitlab.com/mallory/loot"),
        ("https://github.com/acme/api", "https://evil.example/mallory/loot"),
        ("https://github.com/acme/api", "https://gist.github.com/mallory/loot"),
        ("https://github.com/acme/api", "https://github.com/mallory"),
        ("https://github.com/acme/api", "https://github.com/"),
        # What is moved from repository to repository, and what people redirect to.
        ("https://github.com/acme/api/issues/1", "https://github.com/acme/web/issues/1"),
        ("https://github.com/acme/api/discussions/1", "https://github.com/acme/web/discussions/1"),
        ("https://api.github.com/repos/acme/api/issues/1", "https://api.github.com/repos/acme/web/issues/1"),
        ("https://api.github.com/repos/acme/api/issues/1/comments", "/repos/acme/web/issues/1/comments"),
        ("https://api.github.com/repos/acme/api/issues/1", "https://api.github.com/repositories/5/issues/1"),
        ("https://github.com/acme/api/wiki", "https://github.com/mallory/loot/wiki"),
        ("https://github.com/api/v3/releases/x", "https://github.com/mallory/loot/releases/x"),
        ("https://gitlab.com/acme/api/-/issues/1", "https://gitlab.com/acme/web/-/issues/1"),
        ("https://gitlab.com/a/b/-/releases/v1/downloads/x", "https://gitlab.com/c/d/-/releases/v1/downloads/x"),
        *(
            (
                "https://gitlab.com/api/v4/projects/a%2Fb/releases/v1/downloads/x",
                f"/api/v4/projects/{other}/releases/v1/downloads/x",
            )
            for other in ("c%2Fd", "666")
        ),
        # Something else of another repository.
        ("https://codeberg.org/api/v1/repos/acme/api/issues", "/api/v1/repos/mallory"),
        ("https://codeberg.org/api/v1/repos/acme/api/issues", "/api/v1/repos/mallory/loot/pulls"),
        (f"https://github.com/acme/api.git/{REFS}", "https://github.com/mallory/loot"),
        (f"https://github.com/acme/api.git/{REFS}", "https://github.com/mallory/loot.git/git-upload-pack"),
        # Nothing that could be read in one way.
        ("https://github.com/acme/api", ""),
        ("https://github.com/acme/api", "https://github.com/mallory/../x/y"),
        ("https://github.com/acme/api", "https://github.com/mallory%2Floot"),
        ("https://github.com/acme/api", "https://github.com\\@evil.example/a/b"),
        ("https://github.com/acme/api", "https://[/a/b"),
        ("https://github.com/acme/api", "javascript:alert(1)"),
        ("https://github.com/acme/api", "https://github.com/" + "a" * 3000 + "/b"),
        ("https://github.com/acme/api", None),
        # Who asks for nothing in particular.
        ("https://github.com/acme", "https://github.com/mallory/loot"),
        ("https://github.com/", "https://github.com/mallory/loot"),
    ],
)
def test_no_moves(url: str, location: str | None) -> None:
    assert redirected(url, location) == ()


def test_two_locations_and_other_statuses_are_no_moves() -> None:
    url, new = "https://github.com/acme/api", "https://github.com/mallory/loot"
    assert redirected(url, new, more=(("location", new),)) == ()
    for status in (200, 201, 300, 304, 305, 306, 404):
        assert redirected(url, new, status=status) == ()


def referred(path: str, number: str) -> tuple[Fact, ...]:
    return (ReferralFact(key=path, id=Id(forge="github.com", kind=IdKind.REPOSITORY, text=number)),)


@pytest.mark.parametrize("rest", ["", "/pulls", "/branches/main", "/issues"])
def test_githubs_api_refers_to_a_number(rest: str) -> None:
    url, new = f"https://api.github.com/repos/acme/api{rest}", f"https://api.github.com/repositories/5{rest}"
    assert redirected(url, new) == referred("github.com/acme/api", "5")
    assert redirected(url, new.removeprefix("https://api.github.com"), status=307) == referred(
        "github.com/acme/api", "5"
    )


@pytest.mark.parametrize(
    "location",
    [
        "/repositories/5/pulls",
        "/repositories/05",
        "/repositories/x",
        "/x/repositories/5",
        "https://github.com/repositories/5",
    ],
)
def test_other_referrals(location: str) -> None:
    assert redirected("https://api.github.com/repos/acme/api", location) == ()


def test_referrals_on_enterprise_server() -> None:
    api = "https://ghe.acme.example/api/v3"
    found = redirected(f"{api}/repos/acme/api", f"{api}/repositories/5")
    assert [fact.id.text for fact in found if isinstance(fact, ReferralFact)] == ["5"]
    assert redirected(f"{api}/repos/acme/api", "https://ghe.acme.example/repositories/5") == ()


@pytest.mark.parametrize("rest", ["", "/issues", "/repository/branches/main"])
def test_gitlabs_api_refers_to_a_number(rest: str) -> None:
    for api in ("https://gitlab.com/api/v4", "https://git.acme.example/gitlab/api/v4"):
        found = redirected(f"{api}/projects/acme%2Fapi{rest}", f"{api}/projects/5{rest}")
        assert [fact.id.text for fact in found if isinstance(fact, ReferralFact)] == ["5"]
    api = "https://gitlab.com/api/v4"
    for location in (f"{api}/projects/5{rest}/x", f"{api}/groups/5{rest}", f"https://gitlab.com/projects/5{rest}"):
        assert redirected(f"{api}/projects/acme%2Fapi{rest}", location) == ()


def tells(number: str, path: str) -> IdFact:
    forge_host = REGISTRY.lookup("github.com")
    assert forge_host is not None
    named = repository_named(forge_host, path)
    assert named is not None
    return IdFact(id=Id(forge="github.com", kind=IdKind.REPOSITORY, text=number), named=named)


REFERRAL = referred("github.com/acme/api", "5")


def test_a_referral_to_a_known_number_is_a_move() -> None:
    memory = Memory(lambda: NOW)
    memory.learn([tells("5", "mallory/loot")], NOW)
    assert said(memory.learn(REFERRAL, NOW)) == {"github.com/acme/api went to github.com/mallory/loot"}
    assert memory.moved("github.com/acme/api") is not None


def test_a_number_known_by_the_name_that_is_referred_on_is_forgotten() -> None:
    memory = Memory(lambda: NOW)
    memory.learn([tells("5", "Acme/API"), tells("6", "acme/web")], NOW)
    memory.learn(REFERRAL, NOW)
    assert memory.find(Id(forge="github.com", kind=IdKind.REPOSITORY, text="5")) is None
    assert memory.find(Id(forge="github.com", kind=IdKind.REPOSITORY, text="6")) is not None


@pytest.mark.parametrize("before", [None, "acme/api"])
def test_a_referral_waits_for_its_number(before: str | None) -> None:
    memory = Memory(lambda: NOW)
    if before is not None:
        memory.learn([tells("5", before)], NOW)
    assert memory.learn(REFERRAL, NOW) == ()
    memory.learn([tells("5", "mallory/loot")], NOW)
    moved = memory.moved("github.com/acme/api")
    assert moved is not None
    assert moved.address == "github.com/mallory/loot"


def test_a_referral_to_itself_is_no_move_and_none_waits_for_long() -> None:
    memory = Memory(lambda: NOW)
    memory.learn(REFERRAL, NOW)
    memory.learn([tells("5", "Acme/API")], NOW)
    assert memory.moved("github.com/acme/api") is None
    memory.learn([tells("5", "mallory/loot")], NOW + WAITING_LIFE + timedelta(seconds=1))
    assert memory.moved("github.com/acme/api") is None


def sighted(
    url: str = f"https://github.com/acme/api.git/{REFS}",
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = GIT,
    answer: tuple[tuple[str, str], ...] = ADVERTISEMENT,
) -> set[str]:
    lesson = lesson_of(request_for("GET", url, headers=headers))
    if lesson is None:
        return set()
    return {
        ("shown" if fact.shown else "hidden") if isinstance(fact, SightFact) else next(iter(said([fact])))
        for fact in lesson.facts(status, answer, b"")
    }


PUBLIC = {"github.com/acme/api is public"}


def test_what_strangers_may_fetch_is_public() -> None:
    assert sighted() == PUBLIC
    assert sighted("https://github.com/Acme/Api/" + REFS) == PUBLIC
    assert sighted(headers=(*GIT, ("git-protocol", "version=2"), ("pragma", "no-cache"))) == PUBLIC
    assert sighted("https://gitlab.com/a/b/c.git/" + REFS) == {"gitlab.com/a/b/c is public"}


@pytest.mark.parametrize(
    "more", [("authorization", "Basic x"), ("cookie", "a=b"), ("Authorization".lower(), "Bearer x")]
)
def test_what_is_shown_to_who_signed_in(more: tuple[str, str]) -> None:
    assert sighted(headers=(*GIT, more)) == {"shown"}
    assert sighted(headers=(*GIT, more), status=401) == set()


@pytest.mark.parametrize(
    "headers",
    [
        (*GIT, ("private-token", "x")),
        (*GIT, ("job-token", "x")),
        (*GIT, ("x-forwarded-for", "10.0.0.1")),
        (*GIT, ("git-protocol", "version=9")),
        (*GIT, ("accept", "*/*")),
        (("user-agent", "curl/8"),),
        (),
    ],
)
def test_who_says_something_unusual_is_no_stranger(headers: tuple[tuple[str, str], ...]) -> None:
    assert sighted(headers=headers) == set()
    assert sighted(headers=headers, status=401, answer=()) == set()


def test_a_stranger_who_is_asked_to_sign_in_is_not_shown_it() -> None:
    assert sighted(status=401, answer=()) == {"hidden"}


@pytest.mark.parametrize("status", [403, 404, 429, 500, 302])
def test_other_refusals_say_nothing(status: int) -> None:
    assert sighted(status=status, answer=()) == set()


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/api.git/info/refs?service=git-receive-pack",
        "https://github.com/acme/api.git/info/refs",
        f"https://github.com/acme/api.git/{REFS}&x=y",
        f"https://github.com/acme/api.wiki.git/{REFS}",
        f"https://gist.github.com/ana/abc123.git/{REFS}",
        f"https://gitlab.com/a/b/snippets/1.git/{REFS}",
        "https://github.com/acme/api",
    ],
)
def test_nothing_else_shows_a_repository(url: str) -> None:
    assert sighted(url) == set()
    assert sighted(url, status=401, answer=()) == set()


@pytest.mark.parametrize("answer", [(), (("content-type", "text/html"),), (*ADVERTISEMENT, *ADVERTISEMENT), JSON])
def test_a_page_shows_no_repository(answer: tuple[tuple[str, str], ...]) -> None:
    assert sighted(answer=answer) == set()


_PATHS = st.sampled_from(
    ["/acme/api", "/acme/api.git", "/repos/acme/api", "/a/b/-/c", "//", "/%2e%2e/x", "/repositories/5"]
)


@given(_PATHS, st.text(max_size=40) | _PATHS, st.integers(100, 599))
def test_no_location_ever_raises(path: str, location: str, status: int) -> None:
    for host in ("github.com", "api.github.com", "gitlab.com", "huggingface.co", "dev.azure.com"):
        lesson = lesson_of(request_for("GET", f"https://{host}{path}", headers=GIT))
        if lesson is not None:
            lesson.facts(status, (("location", location),), b"")
