from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.enforce.samples import CONTACT, EVENT, refusal, request, target

from forgewall.enforce.reply import Failure, Reply, refuse, unavailable
from forgewall.model import Kind, Operation, Request

REQUESTS = {
    "advertisement": request("/a/b.git/info/refs?service=git-receive-pack"),
    "push": request("/a/b.git/git-receive-pack", "POST"),
    "fetch": request("/a/b.git/git-upload-pack", "POST"),
    "archive": request("/a/b.git/git-upload-archive", "POST"),
    "lfs": request("/a/b.git/info/lfs/objects/batch", "POST"),
    "github": request("/repos/a/b/issues", "POST", host="api.github.com"),
    "gitlab": request("/api/v4/projects", "POST", host="gitlab.com"),
    "bitbucket": request("/2.0/repositories/a/b", "PUT", host="api.bitbucket.org"),
    "bitbucket-server": request("/rest/api/1.0/x", "PUT", host="bitbucket.org"),
    "graphql": request("/graphql", "POST", host="api.github.com"),
    "registry": request("/v2/a/b/blobs/uploads/", "POST", host="ghcr.io"),
    "html": request("/a/b", "POST", accept="text/html"),
    "text": request("/a/b", "PUT"),
    "connect": request("github.com:443", "CONNECT"),
}
EVERY = pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS.keys())


def plain(reply: Reply) -> str:
    """The body's text with JSON's escapes undone, so that any language can be searched."""
    text = reply.body.decode()
    return json.dumps(json.loads(text), ensure_ascii=False) if text.startswith("{") else text


def header(reply: Reply, name: str) -> str | None:
    return next((value for key, value in reply.headers if key == name), None)


@EVERY
def test_every_language_carries_reason_contact_and_event(asked: Request) -> None:
    reply = refuse(refusal(), asked, None)
    for part in ("github.com/mallory/loot is not an approved repository", CONTACT, EVENT):
        assert part in plain(reply)
    assert header(reply, "x-forgewall-event") == EVENT
    assert header(reply, "cache-control") == "no-store"
    assert header(reply, "x-content-type-options") == "nosniff"
    assert header(reply, "content-length") == str(len(reply.body))
    assert header(reply, "location") is None
    assert reply.status in {200, 403}
    assert (reply.status == 200) == ("git-" in asked.path)  # git hides what comes with any other status


@EVERY
def test_without_a_logged_event_no_event_is_claimed(asked: Request) -> None:
    reply = refuse(refusal(event_id=None, code="log-unwritable"), asked, None)
    assert header(reply, "x-forgewall-event") is None
    assert "quoting" not in plain(reply)
    assert "(event" not in plain(reply)
    assert "can't record" in plain(reply).replace("&#x27;", "'")
    assert "can't judge" not in plain(reply).replace("&#x27;", "'")


def test_our_own_failure_says_that_nothing_can_be_judged() -> None:
    assert "can't judge requests now" in plain(refuse(refusal(code="internal-error"), REQUESTS["text"], None))


def test_the_documented_interface_is_advised_only_for_what_is_not_understood() -> None:
    def advice(reason: str) -> str:
        return plain(refuse(refusal(code="unidentified", reason=reason), REQUESTS["text"], None))

    assert "documented interface" in advice("this kind of PUT request is not understood")
    assert "documented interface" not in advice("a gist goes by its number alone, and nobody has said yet whose it is")


@pytest.mark.parametrize(
    ("code", "reason", "advice"),
    [
        (
            "visibility",
            "whether github.com/acme/api is private isn't known yet, and github.com/acme is approved for private "
            "repositories only; `git ls-remote https://github.com/acme/api` or a look at it through the API tells it",
            f"do that through this proxy and try again; if it stays, ask {CONTACT}, quoting event {EVENT}.",
        ),
        (
            "visibility",
            "github.com/acme/api is public, and github.com/acme is approved for private repositories only",
            f"send it to a repository that the approval covers, or ask {CONTACT}, quoting event {EVENT}.",
        ),
        (
            "unidentified",
            "nobody has said yet whose project 1234 is; GET https://gitlab.com/api/v4/projects/a%2Fb tells it",
            f"do that through this proxy and try again; if it stays, ask {CONTACT}, quoting event {EVENT}.",
        ),
        (
            "unidentified",
            "the query has more than the 8192 characters that a read may need",
            f"send a shorter query, or ask {CONTACT}, quoting event {EVENT}.",
        ),
        (
            "moved",
            "github.com/acme/api has moved to github.com/m/loot, the forge said, and github.com/m/loot is unknown",
            f"use the new address if that one is approved, or ask {CONTACT} to look at the move, quoting event "
            f"{EVENT}.",
        ),
        ("assistants", "`assistants: block` refuses `assistant`", f"ask {CONTACT}, quoting event {EVENT}."),
    ],
)
def test_what_to_do_fits_the_reason(code: str, reason: str, advice: str) -> None:
    text = plain(refuse(refusal(code=code, reason=reason), REQUESTS["text"], None))
    assert reason[1:] in text
    assert advice in text


@pytest.mark.parametrize(("kind", "noun"), [(Kind.GITHUB, "this pull request"), (Kind.GITLAB, "this merge request")])
def test_things_have_the_names_that_the_forge_gives_them(kind: Kind, noun: str) -> None:
    text = plain(refuse(refusal(kind=kind, operation=Operation.PULL_REQUEST), REQUESTS["text"], None))
    assert f"refused {noun} to" in text


def test_bitbucket_shows_two_sentences_with_capitals() -> None:
    body = json.loads(refuse(refusal(), REQUESTS["bitbucket"], target(Kind.BITBUCKET, "bitbucket.org")).body)
    assert body["error"]["detail"].startswith("github.com/mallory/loot is not an approved repository. Ask security@")


@EVERY
@pytest.mark.parametrize("failure", list(Failure))
def test_a_failure_of_the_network_says_so_in_every_language(asked: Request, failure: Failure) -> None:
    reply = unavailable(failure, "[Errno -2] Name unknown", asked, None, contact=CONTACT, event_id=EVENT)
    text = plain(reply)
    assert "This is the network, not the policy." in text
    assert asked.host in text
    assert CONTACT in text
    assert header(reply, "x-forgewall-event") == EVENT
    assert reply.status in ({200} if "git-" in asked.path else {502, 504})


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("unapproved", 403),
        ("forbidden", 403),
        ("unidentified", 403),
        ("host-mismatch", 403),
        ("ssh", 403),
        ("other-host", 403),
        ("too-large", 413),
        ("encoding", 415),
        ("header-size", 431),
        ("framing", 400),
        ("method-body", 400),
        ("internal-error", 503),
        ("log-unwritable", 503),
        ("never-heard-of", 403),
    ],
)
def test_the_status_follows_from_the_code(code: str, status: int) -> None:
    assert refuse(refusal(code=code), REQUESTS["text"], None).status == status
    assert refuse(refusal(code=code, status=451), REQUESTS["text"], None).status == 451


def test_the_text_says_what_why_and_what_to_do() -> None:
    assert refuse(refusal(), REQUESTS["text"], target()).body.decode() == (
        "Forgewall refused this push to github.com/mallory/loot.\n"
        "Why: github.com/mallory/loot is not an approved repository.\n"
        f"What to do: ask security@acme.example to approve it, quoting event {EVENT}.\n"
    )


def test_a_limit_is_told_in_its_unit() -> None:
    body = refuse(refusal(code="too-large", limit=50 << 20), REQUESTS["text"], None).body.decode()
    assert "send at most 50 MiB in one request" in body


@pytest.mark.parametrize(
    ("host", "port", "advice"),
    [
        ("github.com", 22, "git config --global url.https://github.com/.insteadOf git@github.com:"),
        ("ssh.github.com", 443, "git config --global url.https://github.com/.insteadOf git@github.com:"),
        ("altssh.gitlab.com", 443, "git config --global url.https://gitlab.com/.insteadOf git@gitlab.com:"),
        ("altssh.bitbucket.org", 443, "git config --global url.https://bitbucket.org/.insteadOf git@bitbucket.org:"),
        ("github.com", 9418, "git config --global url.https://github.com/.insteadOf git://github.com/"),
        ("github.com", 2222, "use https://github.com/ on its usual port"),
        ("acme.ghe.com", 22, "use the repository's https:// address"),
        ("ssh.dev.azure.com", 22, "use the repository's https:// address"),
        ("git.acme.example", 22, "git remote set-url origin https://"),
        ("bb.acme.example", 7999, "git remote set-url origin https://"),
        ("git.acme.example", 2222, "use the repository's https:// address"),
    ],
)
def test_ssh_is_told_the_way_to_https_in_body_and_status_line(host: str, port: int, advice: str) -> None:
    asked = request(f"{host}:{port}", "CONNECT", host=host, port=port)
    reply = refuse(refusal(code="ssh", operation=None, address=None), asked, None)
    assert advice in reply.body.decode()
    assert advice in reply.phrase
    assert reply.phrase.isascii()
    assert reply.phrase.isprintable()


def test_only_a_tunnel_gets_words_in_its_status_line() -> None:
    assert all(refuse(refusal(), asked, None).phrase == "" for name, asked in REQUESTS.items() if name != "connect")


def test_head_gets_no_body() -> None:
    reply = refuse(refusal(), request("/a/b", "HEAD"), None)
    assert reply.body == b""
    assert header(reply, "content-length") is None
    assert header(reply, "x-forgewall-event") == EVENT


def test_the_forges_error_shapes() -> None:
    def body(name: str) -> dict[str, object]:
        about = target(Kind.BITBUCKET, "git.acme.example") if name == "bitbucket-server" else None
        parsed = json.loads(refuse(refusal(), REQUESTS[name], about).body)
        assert isinstance(parsed, dict)
        assert parsed.pop("forgewall")["event"] == EVENT if name != "lfs" else True
        return parsed

    sentence = body("github")["message"]
    assert body("github") == {"message": sentence, "documentation_url": f"mailto:{CONTACT}", "status": "403"}
    assert body("gitlab") == {"message": sentence, "error": sentence}
    assert body("lfs") == {"message": sentence, "request_id": EVENT}
    cloud = body("bitbucket")
    assert cloud["type"] == "error"
    assert isinstance(cloud["error"], dict)
    assert cloud["error"]["message"] == sentence
    assert body("bitbucket-server") == {"errors": [{"context": None, "message": sentence, "exceptionName": None}]}
    graphql = body("graphql")
    assert graphql["data"] is None
    assert isinstance(graphql["errors"], list)
    assert graphql["errors"][0]["type"] == "FORBIDDEN"
    assert body("registry")["errors"] == [{"code": "DENIED", "message": sentence, "detail": None}]


@pytest.mark.parametrize(
    ("code", "method", "status"),
    [
        ("unapproved", "POST", 403),
        ("volume", "POST", 403),
        ("too-large", "POST", 413),
        ("content", "PUT", 403),
        ("volume", "PUT", 403),
        ("spool", "PUT", 503),
        ("internal-error", "PUT", 503),
    ],
)
def test_git_lfs_gets_no_status_that_it_would_wait_for(code: str, method: str, status: int) -> None:
    reply = refuse(refusal(code=code), request("/acme/api/info/lfs/objects/x", method), None)
    assert (reply.status, header(reply, "content-type")) == (status, "application/vnd.git-lfs+json")


def test_a_damaged_lfs_object_is_no_fault_of_the_client_program() -> None:
    damaged = refusal(code="malformed", operation=Operation.LFS_UPLOAD)
    assert b"git lfs fsck" in refuse(damaged, request("/bucket/o", "PUT"), None).body


def test_the_probe_gets_an_empty_result_and_nonsense_a_403() -> None:
    probe = refuse(refusal(), REQUESTS["push"], None, b"0000")
    assert (probe.status, probe.body) == (200, b"")
    assert header(probe, "content-type") == "application/x-git-receive-pack-result"
    nonsense = refuse(refusal(), REQUESTS["push"], None, b"what is this")
    assert nonsense.status == 403
    assert EVENT.encode() in nonsense.body


class _Scan(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@given(text=st.text(max_size=80))
def test_the_page_holds_no_markup_but_ours_and_loads_nothing(text: str) -> None:
    hostile = f"<script>alert(1)</script>\"'><img src=x onerror=y>{text}"
    reply = refuse(refusal(address=hostile, reason=hostile, contact=hostile, rule=hostile), REQUESTS["html"], None)
    scan = _Scan()
    scan.feed(reply.body.decode())
    assert scan.tags == {"html", "head", "meta", "title", "style", "body", "main", "h1", "dl", "dt", "dd"}
    assert scan.attributes == {"lang", "charset", "name", "content"}
    assert "<script>alert(1)</script>" in scan.text
    policy = header(reply, "content-security-policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


everything = st.text(st.characters(exclude_categories=()), max_size=200)


@given(
    name=st.sampled_from(list(REQUESTS)),
    address=st.none() | everything,
    reason=everything,
    contact=everything,
    code=st.sampled_from(["unapproved", "ssh", "too-large", "internal-error", "{whom}"]) | st.text(max_size=20),
    event=st.none() | everything,
    operation=st.none() | st.sampled_from(Operation),
    kind=st.none() | st.sampled_from(Kind),
    host=everything,
    head=st.binary(max_size=60),
)
def test_no_input_raises_or_brings_a_control_character(
    name: str,
    address: str | None,
    reason: str,
    contact: str,
    code: str,
    event: str | None,
    operation: Operation | None,
    kind: Kind | None,
    host: str,
    head: bytes,
) -> None:
    asked = REQUESTS[name]
    asked = request(asked.path, asked.method, host=host)
    refused = refusal(
        address=address, reason=reason, contact=contact, code=code, event_id=event, operation=operation, kind=kind
    )
    reply = refuse(refused, asked, target(), head)
    text = re.sub(r"[\n\x00-\x03]", "", plain(reply)) if "git-" in asked.path else plain(reply).replace("\n", "")
    assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"}]
    assert len(reply.body) < 20_000
    for key, value in (*reply.headers, ("", reply.phrase)):
        assert key.isascii()
        assert value.isascii()
        assert value.isprintable()
    unavailable(Failure.DNS, reason, asked, None, contact=contact, event_id=event)
