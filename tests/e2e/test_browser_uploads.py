"""A real browser on stand-ins of the forges' pages: approved work arrives, everything else is refused in words that
a person or the page's script can read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from demo.forge import Forge
from tests.e2e.attachments import STORES
from tests.e2e.browser import Browser, Page
from tests.e2e.pages import GitHubPages, GitLabPages
from tests.e2e.test_websocket import EchoServer

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("chromium")

POLICY = """\
version: 1
contact: security@acme.example
approved: [github.com/acme, {repo: github.com/acme/web, max_upload: 1MiB}, gitlab.com/acme/platform]
defaults: {other_hosts: block}
"""
API = "https://github.com/acme/api"
LOOT = "https://github.com/mallory/loot"


@pytest.fixture(scope="module")
def _browsing(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[tuple[Run, Browser]]:
    from tests.e2e.conftest import StartProxy

    start = StartProxy(tmp_path_factory.mktemp("browsing"), _forge)
    socket = EchoServer(_forge.tls_context("alive.github.com"))
    leads = [f"alive.github.com:443:127.0.0.1:{socket.port}"]
    run = start(POLICY, hosts=tuple(STORES.values()), connect_to=leads)
    with Browser(run, tmp_path_factory.mktemp("browser")) as browser:
        yield run, browser
    start.close()
    socket.close()


@pytest.fixture
def run(_browsing: tuple[Run, Browser], forge: Forge, tmp_path: Any) -> Run:
    """One proxy for all tests here; what it has learned stays."""
    _browsing[0].begin(tmp_path / "home")
    return _browsing[0]


@pytest.fixture
def browser(_browsing: tuple[Run, Browser], run: Run) -> Browser:
    return _browsing[1]


@pytest.fixture
def github(forge: Forge) -> Iterator[GitHubPages]:
    stand_in = GitHubPages()
    with stand_in.behind(forge):
        yield stand_in


@pytest.fixture
def gitlab(forge: Forge) -> Iterator[GitLabPages]:
    stand_in = GitLabPages()
    with stand_in.behind(forge):
        yield stand_in


def submit(page: Page, form: str) -> None:
    """Press a form's button, and see the page that comes."""
    page.leave(f"document.getElementById({form!r}).requestSubmit()")


def readable(answer: dict[str, Any], *words: str) -> bool:
    """Whether a script got our refusal, with these words and the event's id."""
    assert answer["status"] == 403, answer
    for word in ("security@acme.example", answer["event"], *words):
        assert word in answer["text"], answer
    return True


@pytest.mark.parametrize("form", ["create", "save", "comment", "commit"])
def test_forms_of_an_approved_repository_arrive_and_a_stranger_s_show_our_page(
    browser: Browser, forge: Forge, github: GitHubPages, form: str
) -> None:
    page = browser.open(API)
    submit(page, form)
    assert page.url == API  # where the stand-in leads after it has taken the form
    assert len(github.posted) == 1
    page.go(f"{LOOT}/issues/1")
    submit(page, form)
    assert "Refused by Forgewall" in str(page.run("document.title"))
    assert "github.com/mallory/loot is not an approved repository" in page.text
    assert "security@acme.example" in page.text
    assert len(github.posted) == 1


def test_signing_in_starring_and_previewing_work_everywhere(browser: Browser, github: GitHubPages) -> None:
    page = browser.open(LOOT)
    submit(page, "sign-in")
    page.go(LOOT)
    submit(page, "star")
    assert page.url == LOOT
    assert page.run("(await post('/preview?repository=666', {text: '# Title'})).status") == 200
    assert github.posted == ["/session", "/mallory/loot/star", "/preview"]


@pytest.mark.parametrize("size", [3000, 600_000], ids=["small", "long"])
def test_a_file_is_attached_to_an_approved_issue(browser: Browser, run: Run, github: GitHubPages, size: int) -> None:
    """The page itself has told the number of its repository: nobody has asked the API."""
    page = browser.open(f"{API}/issues/1")
    told = page.run(f"await attach(42, 'x'.repeat({size}))")
    assert (told["step"], told["status"]) == ("confirmation", 200), told
    key = told["policy"]["form"]["key"]
    assert github.stored == {key: b"x" * size}
    assert github.confirmed == [told["policy"]["asset_upload_url"].removeprefix("/upload/")]
    uploads = [event for event in run.events("upload") if event["url"]["domain"] == STORES["assets"]]
    assert [event["forgewall"]["address"] for event in uploads] == ["github.com/acme/api"]


def test_files_are_dragged_into_an_approved_repository(browser: Browser, github: GitHubPages) -> None:
    page = browser.open(f"{API}/upload/main")
    manifest = page.run("await post('/upload/manifests', {authenticity_token: 't', repository_id: 42})")
    assert manifest["status"] == 201, manifest
    told = page.run("await attach(42, 'dragged', 'upload-manifest-files', {upload_manifest_id: 9})")
    assert (told["step"], told["status"]) == ("confirmation", 200), told
    submit(page, "commit")
    assert list(github.stored.values()) == [b"dragged"]
    assert [repository for repository, _ in github.commits] == ["acme/api"]


def test_a_stranger_s_file_is_refused_at_its_first_step(browser: Browser, forge: Forge, github: GitHubPages) -> None:
    page = browser.open(f"{LOOT}/issues/1")
    told = page.run("await attach(666, 'loot')")
    assert told["step"] == "policy"
    assert told["type"].startswith("application/json")
    assert readable(told, "github.com/mallory/loot is not an approved repository")
    told = page.run("await attach(4711, 'loot')")
    assert readable(told, "obody has said yet whose repository 4711 is")
    assert github.posted == []


@pytest.mark.parametrize("size", [2, 60], ids=["held", "refused by its length"])
def test_a_file_over_the_limit_is_told_to_the_script(browser: Browser, github: GitHubPages, size: int) -> None:
    page = browser.open("https://github.com/acme/web/issues/1")
    told = page.run(f"await attach(43, 'x'.repeat({size} << 20))")
    assert (told["step"], told["status"]) == ("store", 413), told
    assert "Send at most" in told["text"] or "send at most" in told["text"]
    assert github.stored == {}


def test_a_script_reads_what_the_store_s_refusal_says(browser: Browser, forge: Forge, github: GitHubPages) -> None:
    """The store is another origin: a browser shows its refusals to scripts only where the answer allows it."""
    page = browser.open(f"{API}/issues/1")
    policy = f"{{upload_url: 'https://{STORES['assets']}', header: {{}}}}"
    told = page.run(f"await tell(await store({policy}, {{key: '666/1'}}, new File(['loot'], 'a.png')))")
    assert readable(told, "begin the upload again")
    assert github.stored == {}
    with pytest.raises(AssertionError, match="Failed to fetch"):  # a page of another site learns nothing
        browser.open("https://gitlab.com/x").run(
            f"await fetch('https://{STORES['assets']}', {{method: 'POST', body: 'x'}})"
        )


def test_beacons_are_telemetry_and_no_way_out(browser: Browser, run: Run, forge: Forge, github: GitHubPages) -> None:
    page = browser.open(LOOT)
    for url in ("/_private/browser/stats", "https://api.github.com/_private/browser/stats"):
        assert page.run(f"navigator.sendBeacon({url!r}, JSON.stringify({{stats: []}}))") is True
    assert page.run("navigator.sendBeacon('/mallory/loot/issues', 'loot')") is True
    page.run("(await post('/mallory/loot/issues', {a: 'b'})).status")
    assert forge.wait(lambda: len(forge.requests(path="/_private/browser/stats", method="POST")) == 2)  # sent when idle
    assert forge.settle()
    assert {seen.path for seen in forge.requests() if seen.body} == {"/_private/browser/stats"}


def test_gitlab_s_forms_uploads_and_notes(browser: Browser, forge: Forge, gitlab: GitLabPages) -> None:
    page = browser.open("https://gitlab.com/acme/platform/api/-/new/main")
    for form in ("create", "upload", "issue"):
        submit(page, form)
        page.go("https://gitlab.com/acme/platform/api/-/issues/1")
    upload = "await post('/{}/uploads', {{file: new File(['x'], 'a.png')}}, {{'Accept': 'application/json'}})"
    assert page.run(upload.format("acme/platform/api"))["status"] == 200
    assert (
        page.run("(await post('/acme/platform/api/notes?target_id=1&target_type=issue', {'note[note]': 'x'})).status")
        == 200
    )
    assert (
        page.run("(await post('/acme/platform/api/-/preview_markdown?target_type=Issue', {text: 'x'})).status") == 200
    )
    arrived = list(gitlab.posted)
    assert len(arrived) == 6
    assert readable(page.run(upload.format("mallory/api")), "gitlab.com/mallory/api")
    page.go("https://gitlab.com/mallory/api/-/issues/1")
    for form in ("create", "upload", "issue"):
        submit(page, form)
        assert "Refused by Forgewall" in str(page.run("document.title"))
        assert "gitlab.com/mallory/api is not an approved repository" in page.text
        page.go("https://gitlab.com/mallory/api/-/issues/1")
    submit(page, "sign-in")
    assert gitlab.posted == [*arrived, "/users/sign_in"]


def test_notifications_come_by_their_socket_and_nothing_else_does(
    browser: Browser, forge: Forge, github: GitHubPages
) -> None:
    talk = """await new Promise(done => {
        const socket = new WebSocket("%s");
        socket.onopen = () => socket.send("5");
        socket.onmessage = message => done(message.data);
        socket.onerror = () => done("refused");
    })"""
    page = browser.open(API)
    assert page.run(talk % "wss://alive.github.com/_sockets/u/1/ws?session=x") == "xxxxx"
    forge.clear()
    assert page.run(talk % "wss://github.com/acme/api/socket") == "refused"
    assert forge.settle()
    assert [seen for seen in forge.requests() if "upgrade" in dict(seen.headers)] == []
