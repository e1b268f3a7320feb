"""What a request's event and refusal say of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.proxy.arriving import arrival, policy

from forgewall.decide.protocol import protocol_block
from forgewall.identify.engine import identify
from forgewall.inspect.commands import CommandReader, Commands
from forgewall.inspect.lfs import Batch, LfsObject
from forgewall.model import Mode, Operation, Verdict
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.case import Case, policy_ref

POLICY = policy()
VERDICT = replace(protocol_block("unapproved", "github.com/mallory/loot isn't approved"), max_upload=10)
PUSH = arrival("POST", "https://github.com/mallory/loot.git/git-receive-pack", body=True)


def case(asked: Arrival) -> Case:
    forge = POLICY.registry.lookup(asked.request.host)
    return Case(POLICY, asked, forge, identify(asked.request, POLICY.registry))


def test_the_event_holds_the_facts_of_the_request() -> None:
    asked = arrival(
        "POST",
        "https://api.github.com/repos/mallory/loot/issues?q=1",
        ("user-agent", "git/2.47"),
        ("content-type", " application/json ; charset=utf-8"),
        ("authorization", "Bearer hunter2"),
        length=12,
        http_version="2",
        server_name="api.github.com",
    )
    event = case(asked).decision(VERDICT)
    assert (event.request_id, event.subject, event.verdict) == (asked.id, asked.subject, VERDICT)
    assert event.policy == policy_ref(POLICY)
    assert event.target is not None
    assert event.target.operation is Operation.ISSUE
    exchange = event.exchange
    assert (exchange.scheme, exchange.host, exchange.port) == ("https", "api.github.com", 443)
    assert (exchange.method, exchange.path) == ("POST", "/repos/mallory/loot/issues?q=1")
    assert (exchange.http_version, exchange.server_name) == ("2", "api.github.com")
    assert (exchange.user_agent, exchange.mime_type, exchange.content_length) == ("git/2.47", "application/json", 12)
    assert exchange.role == "api"
    assert "hunter2" not in repr(event)


def test_a_request_to_another_host_has_no_role_and_no_target() -> None:
    event = case(arrival("GET", "http://www.example.org/")).decision(VERDICT)
    assert (event.exchange.role, event.target) == ("", None)
    assert (event.exchange.user_agent, event.exchange.mime_type) == (None, None)


def test_the_reply_names_address_reason_contact_and_event() -> None:
    reply = case(arrival("PUT", "https://api.github.com/repos/mallory/loot/contents/a", length=1)).reply(VERDICT, "E-1")
    assert dict(reply.headers)["x-forgewall-event"] == "E-1"
    for words in (b"github.com/mallory/loot", b"isn't approved", b"security@acme.example", b"E-1"):
        assert words in reply.body


def test_a_reply_without_an_event_has_no_header_for_it() -> None:
    assert "x-forgewall-event" not in dict(case(PUSH).reply(VERDICT, None).headers)


def test_a_request_nobody_understands_has_no_operation_in_its_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("forgewall.proxy.case.refuse", lambda refusal, *_: seen.append(refusal))
    for asked in (arrival("PUT", "https://github.com/a/b/whatever", length=1), PUSH):
        case(asked).reply(VERDICT, None)
    Case(POLICY, PUSH).reply(VERDICT, None)
    assert [refusal.operation for refusal in seen] == [None, Operation.PUSH, None]
    assert [refusal.limit for refusal in seen] == [10] * 3


LINE = b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/main\0report-status side-band-64k"
COMMANDS = CommandReader().feed(b"%04x%s0000" % (len(LINE) + 4, LINE))


def test_a_push_whose_commands_are_known_tells_its_refs() -> None:
    assert isinstance(COMMANDS, Commands)
    known = replace(case(PUSH), commands=COMMANDS)
    assert b"ng refs/heads/main" in known.reply(VERDICT, None).body
    assert [(ref.name, ref.action.value) for ref in known.decision(VERDICT).refs] == [("refs/heads/main", "create")]


def test_a_batch_tells_its_objects_and_its_ref() -> None:
    batch = Batch(
        operation="upload",
        transfers=("basic",),
        ref="refs/heads/main",
        objects=tuple(LfsObject(oid=f"{number:064x}", size=number) for number in range(60)),
        total=1770,
    )
    decision = replace(case(PUSH), batch=batch).decision(VERDICT)
    assert [ref.name for ref in decision.refs] == ["refs/heads/main"]
    assert decision.lfs is not None
    assert (decision.lfs.object_count, decision.lfs.object_bytes, len(decision.lfs.objects)) == (60, 1770, 50)


@pytest.mark.parametrize(
    ("asked", "is_push"),
    [
        (PUSH, True),
        (arrival("POST", "https://github.com/a/b.git/git-receive-pack?x=y", body=True), True),
        (arrival("POST", PUSH_URL := "https://github.com/a/b.git/git-receive-pack", length=4), True),
        (arrival("POST", PUSH_URL, ("content-encoding", "identity"), length=4), True),
        (arrival("POST", PUSH_URL, ("content-encoding", "gzip"), length=4), True),
        (arrival("POST", PUSH_URL, length=0), False),
        (arrival("PUT", PUSH_URL, length=4), False),
        (arrival("POST", "https://github.com/a/b.git/git-upload-pack", length=4), False),
        (arrival("POST", "https://github.com/a/b/x?/git-receive-pack", length=4), False),
        (arrival("POST", "https://github.com/a/b.git/git%2Dreceive-pack", length=4), True),
        (arrival("POST", "https://github.com/a/b.git/Git-Receive-Pack/", length=4), True),
        (arrival("POST", "https://github.com/a/b.git/git-receive-pack;x", length=4), True),
        (arrival("POST", "https://github.com/a/b.git/git-upload-pack?x", length=4), True),
    ],
)
def test_what_begins_with_a_push_s_commands(asked: Arrival, is_push: bool) -> None:
    assert case(asked).is_push is is_push


@pytest.mark.parametrize("end", ["objects/batch", "objects/b%61tch", "objects/batch/", "objects/batch;x"])
def test_what_lists_objects_in_any_spelling(end: str) -> None:
    assert case(arrival("POST", f"https://gitlab.com/a/b.git/info/lfs/{end}", length=4)).is_lfs_batch


def test_without_a_target_there_is_no_push() -> None:
    assert not Case(POLICY, PUSH).is_push


def test_how_events_name_a_policy() -> None:
    ref = policy_ref(policy("mode: observe\n"))
    assert (ref.file, ref.mode, len(ref.digest)) == ("p.yaml", Mode.OBSERVE, 64)


def test_verdicts_are_told_as_they_are() -> None:
    verdict: Verdict = replace(VERDICT, reason="x" * 1000)
    assert case(PUSH).decision(verdict).verdict is verdict


@pytest.mark.parametrize(
    ("url", "origin", "readable"),
    [
        ("https://github-production-user-asset-6210df.s3.amazonaws.com/", "https://github.com", True),
        ("https://api.github.com/repos/mallory/loot/issues", "https://gist.github.com", True),
        ("https://gitlab.com/mallory/loot/uploads", "https://gitlab.com", True),
        ("https://api.github.com/repos/mallory/loot/issues", "https://mallory.github.io", False),
        ("https://api.github.com/repos/mallory/loot/issues", "https://raw.githubusercontent.com", False),
        ("https://api.github.com/repos/mallory/loot/issues", "https://gitlab.com", False),
        ("https://api.github.com/repos/mallory/loot/issues", "https://evil.example", False),
        ("https://api.github.com/repos/mallory/loot/issues", "http://github.com", False),
        ("https://api.github.com/repos/mallory/loot/issues", "null", False),
        ("https://x.s3.amazonaws.com/", "https://github.com", False),
    ],
)
def test_a_page_of_the_forge_may_read_its_refusal(url: str, origin: str, readable: bool) -> None:
    reply = case(arrival("POST", url, ("origin", origin), body=True)).reply(VERDICT, "E-1")
    assert (dict(reply.headers).get("access-control-allow-origin") == origin) is readable
