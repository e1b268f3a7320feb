"""Rulings on plain values with a real policy: what is let out and told, and that no failure ever lets anything out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.proxy.arriving import POLICY, Ledger, arrival, policy

from forgewall.decide.load import parse
from forgewall.enforce.reply import Failure, Reply
from forgewall.identify.opening import split_authority
from forgewall.model import Action, Operation
from forgewall.proxy import enforcer as room
from forgewall.proxy import syntax, uploads
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.enforcer import HOLD_BYTES, MAX_HEAD_BYTES, Enforcer
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.transit import CutOff
from forgewall.record.event import UPSTREAM, Result, Severity, Stage

API = "https://api.github.com/repos"
WEBSOCKET = (("upgrade", "websocket"), ("connection", "Upgrade"))
REPLY_EVENT = "x-forgewall-event"
OLD, NEW = "0" * 40, "1" * 40
LIMIT = 50 * 1024 * 1024
"""The default of `max_upload`."""


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def enforcer(ledger: Ledger) -> Enforcer:
    return Enforcer(policy(), ledger.journal)


def header(reply: Reply, name: str) -> str | None:
    return dict(reply.headers).get(name)


def refused(ruling: Ruling) -> Reply:
    assert isinstance(ruling, Refused), ruling
    return ruling.reply


def settled(ruling: Ruling, body: bytes, *, whole: bool = True) -> Ruling:
    """What becomes of a held request with this body."""
    assert isinstance(ruling, Held), ruling
    ruling.enough(body)
    return ruling.settle(body if len(body) <= HOLD_BYTES else b"", whole)


def opened(ruling: Ruling) -> Ruling:
    """The ruling on a push once its commands are known; any other is what it is."""
    return settled(ruling, push(), whole=False) if isinstance(ruling, Held) else ruling


def push(ref: str = "refs/heads/main", capabilities: str = "report-status side-band-64k") -> bytes:
    line = f"{OLD} {NEW} {ref}\0 {capabilities}".encode()
    return b"%04x%s0000PACK" % (len(line) + 4, line)


# -- what is let out ---------------------------------------------------------------------------------------------------

ADMITTED = {
    "a page": arrival("GET", "https://github.com/mallory/loot"),
    "a clone": arrival("GET", "https://github.com/mallory/loot.git/info/refs?service=git-upload-pack"),
    "a fetch": arrival("POST", "https://github.com/mallory/loot.git/git-upload-pack", length=200),
    "the refs for a push": arrival("GET", "https://github.com/acme/api.git/info/refs?service=git-receive-pack"),
    "a push": arrival("POST", "https://github.com/acme/api.git/git-receive-pack", body=True),
    "a file": arrival("PUT", f"{API}/acme/api/contents/a", length=100),
    "a subgroup": arrival("POST", "https://gitlab.com/acme/platform/x/y.git/git-receive-pack", length=10),
    "a self-hosted forge": arrival("POST", "https://git.acme.example:8443/acme/x.git/git-receive-pack", length=10),
    "plain HTTP": arrival("GET", "http://github.com/mallory/loot"),
    "exactly the limit": arrival("PUT", f"{API}/acme/small/contents/a", length=10),
    "over a limit that only logs": arrival("PUT", f"{API}/acme/logged/contents/a", length=11),
    "a star": arrival("PUT", "https://api.github.com/user/starred/x/y", length=0),
}


@pytest.mark.parametrize("name", ADMITTED)
def test_what_may_pass_is_admitted_with_a_transit(enforcer: Enforcer, name: str) -> None:
    ruling = opened(enforcer.judge(ADMITTED[name]))
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert not ruling.websocket


REFUSED = {
    "a file": (arrival("PUT", f"{API}/mallory/loot/contents/a", length=100), 403, "unapproved"),
    "the refs for a push": (
        arrival("GET", "https://github.com/mallory/loot.git/info/refs?service=git-receive-pack"),
        200,  # git shows an ERR line only behind a 200
        "unapproved",
    ),
    "the name of an approved owner with an ending": (
        arrival("PUT", f"{API}/acme-evil/api/contents/a", length=1),
        403,
        "unapproved",
    ),
    "a route nobody listed": (
        arrival("PUT", "https://github.com/acme/api/whatever", length=1),
        403,
        "unidentified",
    ),
    "a neighbour of an approved group": (
        arrival("GET", "https://gitlab.com/acme/other.git/info/refs?service=git-receive-pack"),
        200,
        "unapproved",
    ),
    "more than the limit": (arrival("PUT", f"{API}/acme/small/contents/a", length=11), 413, "too-large"),
    "a body that can't be counted": (
        arrival("PUT", f"{API}/acme/api/contents/a", ("content-encoding", "br"), length=1),
        415,
        "encoding",
    ),
    "a head too large": (
        arrival("GET", "https://github.com/acme/api", head_bytes=MAX_HEAD_BYTES + 1),
        431,
        "header-size",
    ),
    "a head too large to another host": (
        arrival("GET", "http://www.example.org/", head_bytes=MAX_HEAD_BYTES + 1),
        431,
        "header-size",
    ),
    "a read with a body": (arrival("GET", "https://github.com/acme/api", length=1), 403, "unidentified"),
    "a forge's port that isn't open": (arrival("GET", "http://github.com:8080/acme/api"), 403, "port"),
    "TLS on the port for HTTP": (arrival("GET", "https://github.com:80/acme/api"), 403, "port"),
    "HTTP on the port for TLS": (arrival("GET", "http://github.com:443/acme/api"), 403, "port"),
    "a transfer coding that can't be counted": (
        arrival("PUT", f"{API}/acme/api/contents/a", ("transfer-encoding", "gzip, chunked"), length=1),
        400,
        "framing",
    ),
    "two Hosts": (arrival("GET", "https://github.com/acme/api", ("host", "github.com")), 403, "host-mismatch"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_pass_is_refused_and_told_of(enforcer: Enforcer, ledger: Ledger, name: str) -> None:
    asked, status, code = REFUSED[name]
    reply = refused(enforcer.judge(asked))
    assert (reply.status, ledger.codes) == (status, [code])
    told = ledger.decisions[0]
    assert told.verdict.action is Action.BLOCK
    assert (told.response_status, told.request_id, told.stage) == (status, asked.id, Stage.REQUEST)
    assert header(reply, REPLY_EVENT) == told.id
    assert "location" not in dict(reply.headers)


def test_a_head_of_exactly_the_limit_is_judged(enforcer: Enforcer) -> None:
    asked = arrival("GET", "https://github.com/acme/api", head_bytes=MAX_HEAD_BYTES)
    assert isinstance(enforcer.judge(asked), Admitted)


def asked_for(path: str, method: str = "GET", host: str = "github.com", **changes: Any) -> Arrival:
    """A request whose target stands as it is."""
    plain = arrival(method, f"http://{host}/", **changes)
    return replace(plain, request=replace(plain.request, path=path))


@pytest.mark.parametrize("host", ["github.com", "www.example.org"])
@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("", "GET"),
        ("acme/api", "GET"),
        ("*", "GET"),
        ("http://github.com/", "GET"),
        ("/a b", "GET"),
        ("/a\t", "GET"),
        ("/a\r\nx: y", "GET"),
        ("/a\x00", "GET"),
        ("/a\x7f", "GET"),
    ],
)
def test_a_target_that_is_no_path_is_refused_for_any_host(
    enforcer: Enforcer, ledger: Ledger, host: str, path: str, method: str
) -> None:
    assert refused(enforcer.judge(asked_for(path, method, host))).status == 400
    assert ledger.codes == ["framing"]


def test_a_server_may_be_asked_for_its_options(enforcer: Enforcer) -> None:
    assert isinstance(enforcer.judge(asked_for("*", "OPTIONS", "www.example.org")), Admitted)


@pytest.mark.parametrize("host", ["github.com", "www.example.org"])
@pytest.mark.parametrize("version", ["0.9", "1.2", "2.0", "3", "3.0", "", "1.1 "])
def test_a_version_of_http_that_can_t_be_passed_on_is_refused(
    enforcer: Enforcer, ledger: Ledger, host: str, version: str
) -> None:
    refused(enforcer.judge(asked_for("/", host=host, http_version=version)))
    assert ledger.codes == ["framing"]


@pytest.mark.parametrize("field", [("x-a", "a\nb"), ("x-a", "a\r"), ("x-a", "\x00"), ("x\n", "a")])
def test_a_field_with_a_line_break_is_refused(enforcer: Enforcer, ledger: Ledger, field: tuple[str, str]) -> None:
    refused(enforcer.judge(arrival("GET", "http://www.example.org/", field)))
    assert ledger.codes == ["framing"]


def test_observe_mode_admits_and_tells_what_it_would_have_done(ledger: Ledger) -> None:
    enforcer = Enforcer(policy("mode: observe\n"), ledger.journal)
    assert isinstance(enforcer.judge(arrival("PUT", f"{API}/mallory/loot/contents/a", length=1)), Admitted)
    verdict = ledger.decisions[0].verdict
    assert (verdict.action, verdict.would_action, verdict.code) == (Action.LOG, Action.BLOCK, "unapproved")


@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_protocol_safety_holds_in_every_mode(ledger: Ledger, mode: str) -> None:
    enforcer = Enforcer(policy(f"mode: {mode}\n"), ledger.journal)
    for asked in (
        arrival("GET", "https://github.com/", head_bytes=MAX_HEAD_BYTES + 1),
        arrival("GET", "https://github.com/", authorities=("www.example.org",)),
        arrival("GET", "http://www.example.org/", authorities=("github.com",)),
    ):
        assert isinstance(enforcer.judge(asked), Refused)


# -- what is told ------------------------------------------------------------------------------------------------------


def test_reads_are_not_told_of_unless_asked(ledger: Ledger) -> None:
    read = arrival("GET", "https://github.com/mallory/loot")
    Enforcer(policy(), ledger.journal).judge(read)
    assert ledger.events == []
    Enforcer(policy("events: {reads: true}\n"), ledger.journal).judge(read)
    assert ledger.codes == ["read"]


@pytest.mark.parametrize("name", ["a push", "a file", "the refs for a push"])
def test_a_write_is_told_of_before_it_is_admitted(enforcer: Enforcer, ledger: Ledger, name: str) -> None:
    opened(enforcer.judge(ADMITTED[name]))
    assert ledger.codes == ["approved"]
    told = ledger.decisions[0]
    assert told.verdict.rule == "approved/github.com/acme"
    assert told.response_status is None
    assert told.target is not None


def test_a_body_that_went_on_is_told_of_when_it_is_over(enforcer: Enforcer, ledger: Ledger) -> None:
    ruling = enforcer.judge(ADMITTED["a file"])
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert ruling.transit.feed(b"x" * 100) == b""
    assert ruling.transit.finish() == b"x" * 100
    ruling.transit.answered(201)
    (upload,) = ledger.uploads
    assert upload.decision == ledger.decisions[0]
    assert (upload.result, upload.wire_bytes, upload.response_status) == (Result.COMPLETE, 100, 201)


def test_a_body_over_a_limit_that_only_logs_says_so(enforcer: Enforcer, ledger: Ledger) -> None:
    ruling = enforcer.judge(arrival("PUT", f"{API}/acme/logged/contents/a", body=True))
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert ruling.transit.feed(b"x" * 11) == b""  # held back until it is over
    assert ruling.transit.finish() == b"x" * 11
    ruling.transit.close()
    verdict = ledger.uploads[0].verdict
    assert verdict is not None
    assert (verdict.action, verdict.code) == (Action.LOG, "too-large")


def test_a_body_that_grows_over_its_limit_is_cut_and_told_of(enforcer: Enforcer, ledger: Ledger) -> None:
    ruling = enforcer.judge(arrival("PUT", f"{API}/acme/small/contents/a", body=True))
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert ruling.transit.feed(b"x" * 10) == b""
    cut = ruling.transit.feed(b"x")
    assert isinstance(cut, CutOff)
    (upload,) = ledger.uploads
    assert (upload.result, upload.response_status, cut.reply.status) == (Result.CUT, 413, 413)
    assert header(cut.reply, REPLY_EVENT) == upload.id
    assert upload.verdict is not None
    assert (upload.verdict.action, upload.verdict.code) == (Action.BLOCK, "too-large")
    assert upload.decision == ledger.decisions[0]
    ruling.transit.close()
    assert len(ledger.uploads) == 1


def test_a_cut_of_what_was_not_told_of_brings_its_decision_along(enforcer: Enforcer, ledger: Ledger) -> None:
    ruling = enforcer.judge(arrival("PUT", "https://api.github.com/user/starred/x/y", body=True))
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert ledger.events == []
    assert isinstance(ruling.transit.feed(b"x" * 20_000), CutOff)
    assert [type(event).__name__ for event in ledger.events] == ["Decision", "Upload"]
    assert ledger.uploads[0].decision == ledger.decisions[0]


def test_a_cut_in_a_log_that_broke_still_answers_without_an_event(enforcer: Enforcer, ledger: Ledger) -> None:
    ruling = enforcer.judge(arrival("PUT", f"{API}/acme/small/contents/a", body=True))
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    ledger.broken = True
    cut = ruling.transit.feed(b"x" * 11)
    assert isinstance(cut, CutOff)
    assert (cut.reply.status, header(cut.reply, REPLY_EVENT)) == (413, None)


# -- held bodies -------------------------------------------------------------------------------------------------------

BATCH = "https://github.com/mallory/loot.git/info/lfs/objects/batch"
GRAPHQL = "https://api.github.com/graphql"
PUSH = "https://github.com/mallory/loot.git/git-receive-pack"
APPROVED_PUSH = "https://github.com/acme/api.git/git-receive-pack"


def lfs(operation: str) -> bytes:
    return json.dumps({"operation": operation, "objects": [{"oid": "1" * 64, "size": 1}]}).encode()


def query(text: str) -> bytes:
    return json.dumps({"query": text}).encode()


@pytest.mark.parametrize(
    ("url", "body", "admitted"),
    [
        (BATCH, lfs("download"), True),
        (BATCH, lfs("upload"), False),
        (BATCH, lfs("upload").replace(b"upload", b"upl\\u006fad"), False),
        (BATCH, b"{", False),
        (BATCH, b"", False),
        (BATCH.replace("mallory/loot", "acme/api"), lfs("upload"), True),
        (GRAPHQL, query("{viewer{login}}"), True),
        (GRAPHQL, query("query A {viewer{login}} mutation B {x}"), False),
        (GRAPHQL, query("mutation {createRepository(input:{})}"), False),
        (GRAPHQL, query("{"), False),
        (GRAPHQL, b"\xff", False),
    ],
)
def test_a_body_that_decides_is_held_first(
    enforcer: Enforcer, ledger: Ledger, url: str, body: bytes, admitted: bool
) -> None:
    ruling = enforcer.judge(arrival("POST", url, ("content-type", "application/json"), length=len(body), body=True))
    assert ledger.events == []
    assert isinstance(settled(ruling, body), Admitted if admitted else Refused)
    if not admitted:
        assert [decision.verdict.action for decision in ledger.decisions] == [Action.BLOCK]


@pytest.mark.parametrize("url", [BATCH, GRAPHQL])
def test_a_body_that_was_not_seen_whole_is_read_the_stricter_way(enforcer: Enforcer, url: str) -> None:
    harmless = lfs("download") if url == BATCH else query("{viewer{login}}")
    asked = arrival("POST", url, ("content-type", "application/json"), body=True)
    assert isinstance(settled(enforcer.judge(asked), harmless, whole=True), Admitted)
    assert isinstance(settled(enforcer.judge(asked), harmless, whole=False), Refused)
    padded = harmless + b" " * (HOLD_BYTES + 1 - len(harmless))
    assert isinstance(settled(enforcer.judge(asked), padded, whole=True), Admitted)  # its skim is short enough
    names = json.dumps({f"{number:0500}": 1 for number in range(600)}).encode()
    assert isinstance(settled(enforcer.judge(asked), harmless[:-1] + b"," + names[1:], whole=True), Refused)
    assert isinstance(settled(enforcer.judge(asked), padded[:-1], whole=True), Admitted)


def test_a_body_announced_as_too_long_is_not_held(enforcer: Enforcer, ledger: Ledger) -> None:
    assert isinstance(enforcer.judge(arrival("POST", BATCH, length=HOLD_BYTES)), Held)
    assert isinstance(enforcer.judge(arrival("POST", BATCH, length=LIMIT + 1)), Refused)
    assert ledger.codes


def test_what_decides_is_held_up_to_its_bound(enforcer: Enforcer) -> None:
    ruling = enforcer.judge(arrival("POST", BATCH, body=True))
    assert isinstance(ruling, Held)
    assert (ruling.limit, ruling.spool is not None) == (LIMIT, True)
    approved = enforcer.judge(arrival("POST", BATCH.replace("mallory/loot", "acme/api"), body=True))
    assert isinstance(approved, Held)
    assert (approved.limit, approved.spool) == (HOLD_BYTES, None)  # it passes whatever the rest says


def test_a_refused_push_is_told_of_each_ref(enforcer: Enforcer, ledger: Ledger) -> None:
    ruling = enforcer.judge(arrival("POST", PUSH, body=True))
    assert ledger.codes == ["unapproved"]  # recorded before the client is asked for more
    assert isinstance(ruling, Held)
    body = push()
    assert not ruling.enough(body[:20])
    assert ruling.enough(body[20:])
    reply = refused(ruling.settle(body, False))
    assert reply.status == 200
    assert b"ng refs/heads/main" in reply.body
    assert header(reply, REPLY_EVENT) == ledger.decisions[0].id
    assert len(ledger.events) == 1


@pytest.mark.parametrize("body", [b"", b"garbage", b"0000", b"\xff" * 9000])
def test_a_refused_push_of_any_bytes_stays_refused(enforcer: Enforcer, body: bytes) -> None:
    ruling = enforcer.judge(arrival("POST", PUSH, body=True))
    assert isinstance(ruling, Held)
    assert ruling.enough(body) in (True, False)
    assert isinstance(ruling.settle(body, True), Refused)


def test_a_compressed_push_is_told_of_its_refs_too(enforcer: Enforcer) -> None:
    ruling = enforcer.judge(arrival("POST", PUSH, ("content-encoding", "gzip"), body=True))
    reply = refused(settled(ruling, gzip.compress(push())))
    assert b"ng refs/heads/main" in reply.body


@pytest.mark.parametrize("url", [APPROVED_PUSH, PUSH])
def test_a_push_in_a_coding_nobody_can_undo_is_refused(enforcer: Enforcer, ledger: Ledger, url: str) -> None:
    ruling = enforcer.judge(arrival("POST", url, ("content-encoding", "br"), body=True))
    reply = refused(ruling if isinstance(ruling, Refused) else settled(ruling, push()))
    assert header(reply, REPLY_EVENT) == ledger.decisions[0].id
    assert ledger.codes == ["encoding" if url == APPROVED_PUSH else "unapproved"]
    assert (b"Content-Encoding" in reply.body) is (url == APPROVED_PUSH)


def test_a_push_nobody_can_read_passes_where_all_is_only_observed(ledger: Ledger) -> None:
    enforcer = Enforcer(policy("mode: observe\n"), ledger.journal)
    ruling = enforcer.judge(arrival("POST", APPROVED_PUSH, ("content-encoding", "br"), body=True))
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert ruling.transit.feed(b"\xff" * 1000) + ruling.transit.finish() == b"\xff" * 1000  # type: ignore[operator]
    ruling.transit.answered(200)
    (told,) = ledger.decisions
    assert (told.verdict.action, told.verdict.would_action) == (Action.LOG, Action.BLOCK)
    assert told.verdict.code == "encoding"
    (upload,) = ledger.uploads
    assert (upload.wire_bytes, upload.body_bytes, upload.evidence) == (1000, None, None)


@pytest.mark.parametrize("body", [b"", b"garbage", b"0032" + b"x" * 40, push()[:-8], b"0000PACK"])
def test_an_approved_push_without_a_command_list_is_refused(enforcer: Enforcer, ledger: Ledger, body: bytes) -> None:
    assert isinstance(settled(enforcer.judge(arrival("POST", APPROVED_PUSH, body=True)), body), Refused)
    assert ledger.codes == ["malformed"]


def test_the_probe_before_a_large_push_passes(enforcer: Enforcer) -> None:
    ruling = settled(enforcer.judge(arrival("POST", APPROVED_PUSH, length=4)), b"0000")
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert ruling.transit.feed(b"0000") == b""
    assert ruling.transit.finish() == b"0000"


def test_what_is_held_keeps_the_policy_it_began_with(ledger: Ledger) -> None:
    enforcer = Enforcer(policy(), ledger.journal)
    ruling = enforcer.judge(arrival("POST", BATCH, body=True))
    enforcer.policy = parse("version: 1\napproved: [github.com/mallory]\n", "new.yaml")
    assert isinstance(settled(ruling, lfs("upload")), Refused)
    assert ledger.decisions[0].policy.file == "p.yaml"
    assert isinstance(settled(enforcer.judge(arrival("POST", BATCH, body=True)), lfs("upload")), Admitted)


def test_what_was_admitted_keeps_its_limit(ledger: Ledger) -> None:
    enforcer = Enforcer(policy(), ledger.journal)
    ruling = enforcer.judge(arrival("PUT", f"{API}/acme/api/contents/a", body=True))
    enforcer.policy = parse("version: 1\napproved: []\ndefaults: {max_upload: 1}\n", "new.yaml")
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert ruling.transit.feed(b"x" * 1000) == b""
    assert ruling.transit.finish() == b"x" * 1000


# -- switching protocols -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        arrival("GET", "https://alive.github.com/_sockets/u/1/ws", *WEBSOCKET),
        arrival("GET", "https://gitlab.com/-/cable", *WEBSOCKET),
        arrival("GET", "https://git.acme.example:8443/-/cable", ("upgrade", "WebSocket")),
    ],
)
def test_listed_sockets_may_be_opened(enforcer: Enforcer, asked: Arrival) -> None:
    assert enforcer.judge(asked) == Admitted(None, websocket=True)


NOT_LISTED = [
    arrival("GET", "https://github.com/acme/api", *WEBSOCKET),
    arrival("GET", "https://gitlab.com/-/terminal", *WEBSOCKET),
    arrival("GET", "https://alive.github.com/", ("upgrade", "h2c")),
    arrival("GET", "https://alive.github.com/", ("upgrade", "websocket, h2c")),
    arrival("GET", "https://alive.github.com/", ("upgrade", "websocket"), ("upgrade", "h2c")),
    arrival("GET", "https://alive.github.com/", ("upgrade", "")),
    arrival("POST", "https://alive.github.com/", *WEBSOCKET),
    arrival("GET", "https://alive.github.com/", *WEBSOCKET, length=1),
    arrival("PUT", f"{API}/acme/api/contents/a", ("upgrade", "h2c"), length=1),
]


@pytest.mark.parametrize("asked", NOT_LISTED)
def test_any_other_upgrade_on_a_forge_is_refused(enforcer: Enforcer, ledger: Ledger, asked: Arrival) -> None:
    refused(enforcer.judge(asked))
    assert ledger.codes == ["upgrade"]


def test_observe_mode_opens_any_socket_and_tells(ledger: Ledger) -> None:
    enforcer = Enforcer(policy("mode: observe\n"), ledger.journal)
    assert enforcer.judge(NOT_LISTED[0]) == Admitted(None, websocket=True)
    assert [(d.verdict.code, d.verdict.would_action) for d in ledger.decisions] == [("upgrade", Action.BLOCK)]


def test_observe_mode_judges_another_upgrade_as_if_it_was_not_asked_for(ledger: Ledger) -> None:
    enforcer = Enforcer(policy("mode: observe\n"), ledger.journal)
    ruling = enforcer.judge(arrival("PUT", f"{API}/mallory/loot/contents/a", ("upgrade", "h2c"), length=1))
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert not ruling.websocket
    assert ledger.codes == ["upgrade", "unapproved"]


# -- hosts that are no forge -------------------------------------------------------------------------------------------


def test_other_hosts_are_streamed_unread(enforcer: Enforcer, ledger: Ledger) -> None:
    assert enforcer.judge(arrival("POST", "http://www.example.org/x", length=2**40)) == Admitted(None)
    assert enforcer.judge(arrival("GET", "http://www.example.org/x", *WEBSOCKET)) == Admitted(None, websocket=True)
    assert enforcer.judge(arrival("GET", "http://www.example.org/", authorities=())) == Admitted(None)
    assert ledger.events == []


@pytest.mark.parametrize("name", ["github.com", "API.GitHub.com.", "github.com:443", "git.acme.example:8443"])
@pytest.mark.parametrize("others", [(), ("www.example.org",)])
def test_another_host_may_not_carry_a_forge_s_name(
    enforcer: Enforcer, ledger: Ledger, name: str, others: tuple[str, ...]
) -> None:
    refused(enforcer.judge(arrival("GET", "http://www.example.org/", authorities=(*others, name))))
    assert ledger.codes == ["host-mismatch"]


def test_other_hosts_can_be_closed(ledger: Ledger) -> None:
    asked = arrival("GET", "http://www.example.org/")
    closed = Enforcer(policy("defaults: {other_hosts: block}\n"), ledger.journal)
    refused(closed.judge(asked))
    observed = Enforcer(policy("mode: observe\ndefaults: {other_hosts: block}\n"), ledger.journal)
    assert observed.judge(asked) == Admitted(None)
    assert [d.verdict.action for d in ledger.decisions] == [Action.BLOCK, Action.LOG]
    assert set(ledger.codes) == {"other-host"}


# -- host agreement ----------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(["github.com", "api.github.com", "gitlab.com"]),
    st.lists(st.booleans(), min_size=14, max_size=14),
    st.booleans(),
    st.sampled_from(["", ":443", ":"]),
)
def test_a_host_agrees_in_any_case_with_a_dot_and_the_default_port(
    host: str, upper: list[bool], dot: bool, port: str
) -> None:
    ledger = Ledger()
    spelled = "".join(c.upper() if up else c for c, up in zip(host, upper, strict=False)) + host[14:]
    asked = arrival("GET", f"https://{host}/acme/api", authorities=(f"{spelled}{'.' if dot else ''}{port}",))
    Enforcer(SHARED, ledger.journal).judge(asked)
    assert "host-mismatch" not in ledger.codes


SHARED = policy()


@given(st.text(max_size=30), st.booleans())
def test_any_other_host_is_a_mismatch(authority: str, beside: bool) -> None:
    ledger = Ledger()
    names = ("github.com", authority) if beside else (authority,)
    ruling = Enforcer(SHARED, ledger.journal).judge(arrival("GET", "https://github.com/acme/api", authorities=names))
    agrees = split_authority(authority) in {("github.com", ""), ("github.com", "443")}
    assert isinstance(ruling, Admitted) is agrees
    assert ledger.codes in ([[]] if agrees else [["host-mismatch"], ["framing"]])


@pytest.mark.parametrize(
    ("url", "authorities", "agrees"),
    [
        ("https://github.com/", (), False),
        ("https://github.com/", ("",), False),
        ("https://github.com/", ("github.com:80",), False),
        ("https://github.com/", ("github.com:8443",), False),
        ("https://github.com/", ("api.github.com",), False),
        ("https://github.com/", ("github.com.evil.example",), False),
        ("https://github.com/", ("github.com", "github.com"), True),
        ("https://github.com/", ("github.com", "gitlab.com"), False),
        ("http://github.com/", ("github.com:80",), True),
        ("http://github.com/", ("github.com:443",), False),
        ("https://git.acme.example:8443/", ("git.acme.example:8443",), True),
        ("https://git.acme.example:8443/", ("git.acme.example",), False),
        ("https://git.acme.example:8443/", ("git.acme.example:08443",), False),
    ],
)
def test_host_and_port_have_to_agree(
    enforcer: Enforcer, ledger: Ledger, url: str, authorities: tuple[str, ...], agrees: bool
) -> None:
    ruling = enforcer.judge(arrival("GET", url, authorities=authorities))
    assert isinstance(ruling, Admitted) is agrees
    assert ledger.codes == ([] if agrees else ["host-mismatch"])


def test_a_coding_of_a_body_that_isn_t_there_does_not_matter(enforcer: Enforcer) -> None:
    asked = arrival("PUT", "https://api.github.com/user/starred/x/y", ("content-encoding", "br"), length=0)
    assert isinstance(enforcer.judge(asked), Admitted)


def test_a_mismatch_shows_a_bounded_part_of_the_host(enforcer: Enforcer, ledger: Ledger) -> None:
    enforcer.judge(arrival("GET", "https://github.com/", authorities=("x" * 60000,)))
    assert len(ledger.decisions[0].verdict.reason) < 300


# -- the event log can't be written ------------------------------------------------------------------------------------

ALLOWING = "events: {on_error: allow}\n"


@pytest.mark.parametrize("broken", [{"broken": True}, {"error": RuntimeError("classified")}])
@pytest.mark.parametrize(
    ("more", "asked", "status"),
    [
        ("", ADMITTED["a file"], 503),
        ("", ADMITTED["a push"], 200),
        ("", REFUSED["a file"][0], 503),
        ("", ADMITTED["a page"], None),
        ("events: {reads: true}\n", ADMITTED["a page"], None),
        (ALLOWING, ADMITTED["a file"], None),
        (ALLOWING, REFUSED["a file"][0], 403),
        ("mode: observe\n", REFUSED["a file"][0], 503),
    ],
)
def test_a_log_that_can_t_be_written(broken: dict[str, Any], more: str, asked: Arrival, status: int | None) -> None:
    ruling = Enforcer(policy(more), Ledger(**broken).journal).judge(asked)
    if status is None:
        assert isinstance(ruling, Admitted)
        return
    if isinstance(ruling, Held):
        ruling = ruling.settle(push(), False)
    reply = refused(ruling)
    assert (reply.status, header(reply, REPLY_EVENT)) == (status, None)
    assert b"classified" not in reply.body


def test_a_push_whose_refusal_can_t_be_recorded_is_told_why(ledger: Ledger) -> None:
    ledger.broken = True
    ruling = Enforcer(policy(), ledger.journal).judge(arrival("POST", PUSH, body=True))
    reply = refused(settled(ruling, push(), whole=False))
    assert b"event log" in reply.body
    assert header(reply, REPLY_EVENT) is None


def test_the_log_is_asked_anew_for_each_request(ledger: Ledger) -> None:
    enforcer = Enforcer(policy(), ledger.journal)
    ledger.broken = True
    assert isinstance(enforcer.judge(ADMITTED["a file"]), Refused)
    ledger.broken = False
    assert isinstance(enforcer.judge(ADMITTED["a file"]), Admitted)


# -- failures of our own code ------------------------------------------------------------------------------------------


def fail(*_: object, **__: object) -> Any:
    raise RuntimeError("classified payload")


COLLABORATORS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "identify": lambda patch: patch.setattr(room, "identify", fail),
    "no target": lambda patch: patch.setattr(room, "identify", lambda *_: None),
    "decide": lambda patch: patch.setattr(room, "decide", fail),
    "gate": lambda patch: patch.setattr(uploads.Gate, "__init__", fail),
    "the gate's question": lambda patch: patch.setattr(room.Gate, "refusal_for", staticmethod(fail)),
    "transit": lambda patch: patch.setattr(uploads, "Transit", fail),
    "examiner": lambda patch: patch.setattr(room.Examiner, "examined", fail),
    "meter": lambda patch: patch.setattr(room.Examiner, "meter", fail),
    "authority": lambda patch: patch.setattr(syntax, "split_authority", fail),
    "registry": lambda patch: patch.setattr(room.Enforcer, "_judge", fail),
    "decision": lambda patch: patch.setattr(room.Case, "decision", fail),
    "push body": lambda patch: patch.setattr(room.Case, "is_push", property(fail)),
}


@pytest.mark.parametrize("name", COLLABORATORS)
@pytest.mark.parametrize("more", ["", "mode: observe\n", ALLOWING])
def test_a_failing_collaborator_admits_nothing(
    monkeypatch: pytest.MonkeyPatch, ledger: Ledger, name: str, more: str
) -> None:
    enforcer = Enforcer(policy(more), ledger.journal)
    COLLABORATORS[name](monkeypatch)
    for asked in (ADMITTED["a file"], ADMITTED["a push"], REFUSED["a file"][0], arrival("POST", PUSH, body=True)):
        ruling = enforcer.judge(asked)
        if isinstance(ruling, Held):
            ruling = settled(ruling, push())
        reply = refused(ruling)
        assert b"classified" not in reply.body
    assert {fault.exception for fault in ledger.faults} <= {"RuntimeError", "LookupError"}
    assert "classified" not in repr(ledger.faults)


@pytest.mark.parametrize("name", [name for name in COLLABORATORS if name not in {"authority", "registry", "push body"}])
def test_a_collaborator_that_fails_on_the_body_admits_nothing(
    monkeypatch: pytest.MonkeyPatch, enforcer: Enforcer, name: str
) -> None:
    ruling = enforcer.judge(arrival("POST", BATCH.replace("mallory/loot", "acme/api"), body=True))
    COLLABORATORS[name](monkeypatch)
    assert isinstance(settled(ruling, lfs("upload")), Refused)


def test_an_upgrade_whose_list_can_t_be_asked_is_refused(
    monkeypatch: pytest.MonkeyPatch, enforcer: Enforcer, ledger: Ledger
) -> None:
    monkeypatch.setattr(room, "is_notification_socket", fail)
    refused(enforcer.judge(arrival("GET", "https://alive.github.com/", *WEBSOCKET)))
    assert [fault.exception for fault in ledger.faults] == ["RuntimeError"]


def test_an_internal_error_is_answered_and_recorded_by_its_class_alone(enforcer: Enforcer, ledger: Ledger) -> None:
    asked = ADMITTED["a file"]
    reply = enforcer.internal_error(asked, "testing", ValueError("classified payload"))
    (fault,) = ledger.faults
    assert (fault.where, fault.exception, fault.request_id) == ("testing", "ValueError", asked.id)
    assert fault.severity is Severity.ERROR
    assert (reply.status, header(reply, REPLY_EVENT)) == (503, fault.id)
    assert "classified" not in repr(fault) + repr(reply)


def test_an_internal_error_without_a_log_still_answers(enforcer: Enforcer, ledger: Ledger) -> None:
    ledger.error = RuntimeError("classified")
    reply = enforcer.internal_error(ADMITTED["a file"], "testing", ValueError("classified"))
    assert (reply.status, header(reply, REPLY_EVENT)) == (503, None)


def test_a_fault_while_a_body_streams_cuts_it(
    monkeypatch: pytest.MonkeyPatch, enforcer: Enforcer, ledger: Ledger
) -> None:
    ruling = enforcer.judge(ADMITTED["a file"])
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    monkeypatch.setattr(room.Gate, "turns", fail)
    assert isinstance(ruling.transit.feed(b"x"), CutOff)
    assert [fault.where for fault in ledger.faults] == ["examining an upload"]


@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"]) | st.text(max_size=12),
    st.text(max_size=60),
    st.lists(st.tuples(st.sampled_from(["upgrade", "content-type", "content-encoding"]), st.text(max_size=20))),
    st.booleans(),
    st.binary(max_size=80),
)
def test_no_request_makes_the_enforcer_raise(
    method: str, path: str, headers: list[tuple[str, str]], has_body: bool, body: bytes
) -> None:
    ledger = Ledger()
    template = arrival("GET", "https://github.com/", *headers, body=has_body)
    request = template.request.__class__(
        method=method, scheme="https", host="github.com", port=443, path=f"/{path}", headers=template.request.headers
    )
    asked = arrival("GET", "https://github.com/", request=request, body=has_body)
    ruling = Enforcer(SHARED, ledger.journal).judge(asked)
    if isinstance(ruling, Held):
        ruling.enough(body)
        ruling = ruling.settle(body, True)
    assert isinstance(ruling, Admitted | Refused)
    assert ledger.faults == []
    blocked = [d for d in ledger.decisions if d.verdict.action is Action.BLOCK]
    assert isinstance(ruling, Refused) is bool(blocked)


# -- other replies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", Failure)
def test_a_forge_that_can_t_be_reached_is_noted(enforcer: Enforcer, ledger: Ledger, failure: Failure) -> None:
    reply = enforcer.unavailable(ADMITTED["a page"], failure, "the certificate has expired")
    (notice,) = ledger.faults
    assert reply.status in (502, 503, 504)
    assert header(reply, REPLY_EVENT) == notice.id
    assert (notice.severity, notice.exception) == (Severity.NOTICE, None)
    assert notice.exchange is not None
    assert (notice.where, notice.exchange.host) == (UPSTREAM, "github.com")
    assert notice.message == f"{room._CAUSES[failure]} (the certificate has expired)"


def test_a_forge_that_can_t_be_reached_is_told_even_if_nothing_else_works(
    monkeypatch: pytest.MonkeyPatch, enforcer: Enforcer, ledger: Ledger
) -> None:
    monkeypatch.setattr(room, "identify", fail)
    ledger.broken = True
    reply = enforcer.unavailable(ADMITTED["a page"], Failure.DNS, "")
    assert header(reply, REPLY_EVENT) is None
    assert reply.body


def test_a_refused_connection_is_recorded_as_one(enforcer: Enforcer, ledger: Ledger) -> None:
    verdict = room.protocol_block("ssh", "SSH can't be checked")
    reply = enforcer.refuse(arrival("CONNECT", "https://github.com:22/"), verdict, stage=Stage.CONNECTION)
    (told,) = ledger.decisions
    assert (told.stage, told.response_status) == (Stage.CONNECTION, reply.status)
    assert header(reply, REPLY_EVENT) == told.id


def test_what_is_only_told_of_a_connection_has_no_status(enforcer: Enforcer, ledger: Ledger) -> None:
    verdict = room.replace(room.protocol_block("ssh", "SSH"), action=Action.LOG, would_action=Action.BLOCK)
    enforcer.refuse(arrival("CONNECT", "https://github.com:22/"), verdict, stage=Stage.CONNECTION)
    assert ledger.decisions[0].response_status is None


def test_a_refused_connection_that_can_t_be_recorded_carries_no_event(enforcer: Enforcer, ledger: Ledger) -> None:
    ledger.broken = True
    reply = enforcer.refuse(arrival("CONNECT", "https://github.com:22/"), room.protocol_block("ssh", "SSH"))
    assert header(reply, REPLY_EVENT) is None


def test_the_reply_names_what_was_refused(enforcer: Enforcer) -> None:
    reply = refused(enforcer.judge(REFUSED["a file"][0]))
    text = reply.body.decode()
    assert "github.com/mallory/loot" in text
    assert "security@acme.example" in text


def test_the_event_names_the_operation(enforcer: Enforcer, ledger: Ledger) -> None:
    enforcer.judge(REFUSED["a file"][0])
    target = ledger.decisions[0].target
    assert target is not None
    assert (target.operation, target.address) == (Operation.CONTENTS, "github.com/mallory/loot")
    assert ledger.decisions[0].policy.digest == parse(POLICY, "p.yaml").digest
