"""Pushes: judged by their refs before anything is released, told of each ref, and no failure lets one through."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.proxy.arriving import Ledger, arrival, policy, reader_of
from tests.proxy.test_enforcer import NEW, OLD, fail, header, push, refused, settled

from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.enforce.reply import Reply
from forgewall.model import Action, Depth
from forgewall.proxy import enforcer as room
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.push_head import WIRE_BYTES, PushHead
from forgewall.proxy.readers import Advertisement
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.shares import Shares
from forgewall.proxy.transit import CutOff
from forgewall.record.event import Decision

URL = "https://github.com/acme/api.git/git-receive-pack"
STRANGER = "https://github.com/mallory/loot.git/git-receive-pack"
REFS = "https://github.com/acme/api.git/info/refs?service=git-receive-pack"
BY = "version: 1\napproved: [{repo: github.com/acme, refs: [main, 'release/*'], deletes: block}]\n"
OBSERVED = "mode: observe\n"
POLICIES = {"": policy(), BY: parse(BY, "p.yaml"), OBSERVED: policy(OBSERVED)}


class Stage:
    """An enforcer by a policy."""

    def __init__(self, by: str | Policy = "") -> None:
        self.ledger = Ledger()
        chosen = by if isinstance(by, Policy) else parse(by, "p.yaml") if by.startswith("version") else policy(by)
        self.enforcer = Enforcer(chosen, self.ledger.journal)

    def ask(self, body: bytes, *headers: tuple[str, str], url: str = URL, whole: bool = False) -> Ruling:
        """The ruling on a push that begins like this."""
        ruling = self.enforcer.judge(arrival("POST", url, *headers, body=True))
        return settled(ruling, body, whole=whole) if isinstance(ruling, Held) else ruling

    @property
    def told(self) -> Decision:
        (told,) = self.ledger.decisions
        return told


def commands(*lines: tuple[str, str, str], capabilities: str = "report-status side-band-64k") -> bytes:
    """A command list of (old, new, ref)."""
    out = b""
    for number, (old, new, ref) in enumerate(lines):
        line = f"{old} {new} {ref}".encode() + (b"" if number else f"\0 {capabilities}".encode())
        out += b"%04x%s" % (len(line) + 4, line)
    return out + b"0000PACK"


# -- judged by its refs ------------------------------------------------------------------------------------------------


def test_nothing_is_decided_before_the_commands_are_known() -> None:
    stage = Stage()
    ruling = stage.enforcer.judge(arrival("POST", URL, body=True))
    assert isinstance(ruling, Held)
    assert (ruling.limit, ruling.spool) == (WIRE_BYTES, None)
    assert stage.ledger.events == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([(OLD, NEW, "refs/heads/main")], "approved"),
        ([(OLD, NEW, "refs/heads/release/1")], "approved"),
        ([(OLD, NEW, "refs/heads/other")], "ref"),
        ([(OLD, NEW, "refs/heads/main"), (OLD, NEW, "refs/heads/other")], "ref"),
        ([(OLD, NEW, "refs/tags/main")], "ref"),
        ([(NEW, OLD, "refs/heads/main")], "ref"),
    ],
)
def test_a_push_is_judged_by_every_ref(lines: list[tuple[str, str, str]], code: str) -> None:
    stage = Stage(BY)
    ruling = stage.ask(commands(*lines))
    assert stage.ledger.codes == [code]
    assert [ref.name for ref in stage.told.refs] == [ref for _, _, ref in lines]
    if code == "approved":
        assert isinstance(ruling, Admitted)
        return
    reply = refused(ruling)
    assert header(reply, "x-forgewall-event") == stage.told.id
    for _, _, ref in lines:
        assert f"ng {ref} ".encode() in reply.body


@pytest.mark.parametrize("more", [b"garbage", b"0004", b"001fshallow " + b"1" * 19])
def test_a_push_that_goes_wrong_behind_its_first_ref_is_told_of_that_ref(more: bytes) -> None:
    stage = Stage()
    body = commands((OLD, NEW, "refs/heads/main")).removesuffix(b"0000PACK") + more
    reply = refused(stage.ask(body, whole=True))
    assert stage.ledger.codes == ["malformed"]
    assert b"ng refs/heads/main" in reply.body
    assert [ref.name for ref in stage.told.refs] == ["refs/heads/main"]


def test_observe_mode_says_what_it_would_have_done_to_a_ref() -> None:
    stage = Stage(f"{BY}mode: observe\n")
    assert isinstance(stage.ask(commands((OLD, NEW, "refs/heads/other"))), Admitted)
    assert (stage.told.verdict.code, stage.told.verdict.would_action) == ("ref", Action.BLOCK)


def test_the_probe_before_a_large_push_passes_and_is_no_upload() -> None:
    stage = Stage("limits: {per_client: 1 uploads/1h}\n")
    for _ in range(3):
        ruling = stage.enforcer.judge(arrival("POST", URL, length=4))
        admitted = settled(ruling, b"0000")
        assert isinstance(admitted, Admitted)
        assert admitted.transit is not None
        assert admitted.transit.feed(b"0000") == b""
        assert admitted.transit.finish() == b"0000"
        admitted.transit.answered(200)
    assert isinstance(stage.ask(push()), Admitted)


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_a_compressed_push_is_judged_like_any(coding: str | None) -> None:
    stage = Stage(BY)
    body = commands((OLD, NEW, "refs/heads/other"))
    wire, headers = (gzip.compress(body), [("content-encoding", "gzip")]) if coding else (body, [])
    assert b"ng refs/heads/other" in refused(stage.ask(wire, *headers)).body


@given(st.binary(max_size=120), st.booleans(), st.sampled_from(["", BY, OBSERVED]), st.sampled_from([URL, STRANGER]))
@settings(max_examples=150, deadline=None)
def test_any_body_is_ruled_on_and_told_of_once(data: bytes, whole: bool, by: str, url: str) -> None:
    stage = Stage(POLICIES[by])
    ruling = stage.ask(data, url=url, whole=whole)
    assert isinstance(ruling, Admitted | Refused)
    assert len(stage.ledger.decisions) == 1
    assert stage.ledger.faults == []
    if isinstance(ruling, Admitted) and url == URL:
        assert data.startswith((b"0000", b"00"))
    assert isinstance(ruling, Refused) is (stage.told.verdict.action is Action.BLOCK)


# -- refused by its head -----------------------------------------------------------------------------------------------


def test_a_refusal_is_told_of_before_the_client_is_asked_for_its_commands() -> None:
    stage = Stage()
    ruling = stage.enforcer.judge(arrival("POST", STRANGER, body=True))
    assert stage.ledger.codes == ["unapproved"]
    assert isinstance(ruling, Held)
    reply = refused(settled(ruling, push(), whole=False))
    assert b"ng refs/heads/main" in reply.body
    assert (len(stage.ledger.events), header(reply, "x-forgewall-event")) == (1, stage.told.id)


@pytest.mark.parametrize("place", ["enough", "so_far"])
def test_a_failure_while_a_refusal_looks_for_its_refs_refuses(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """The stream turns it into a refusal."""
    monkeypatch.setattr(PushHead, place, property(fail) if place == "so_far" else fail)
    ruling = Stage().enforcer.judge(arrival("POST", STRANGER, body=True))
    assert isinstance(ruling, Held)
    with pytest.raises(RuntimeError):
        settled(ruling, push())


AT_THE_COMMANDS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the answer": lambda patch: patch.setattr(PushHead, "answer", property(fail)),
    "decide": lambda patch: patch.setattr(room, "decide", fail),
    "the refs": lambda patch: patch.setattr(room.Case, "refs", property(fail)),
    "the heading": lambda patch: patch.setattr("forgewall.proxy.examiner.heading_of", fail),
    "the inspector": lambda patch: patch.setattr("forgewall.proxy.examiner.PushInspector", fail),
    "the spool": lambda patch: patch.setattr("forgewall.proxy.spool.SpoolSpace.open", fail),
    "the meter": lambda patch: patch.setattr(room.Examiner, "meter", fail),
    "the reply": lambda patch: patch.setattr(room.Case, "decision", fail),
}


@pytest.mark.parametrize("name", AT_THE_COMMANDS)
@pytest.mark.parametrize("more", ["", "mode: observe\n", "events: {on_error: allow}\n"])
def test_a_failure_at_the_commands_admits_nothing(monkeypatch: pytest.MonkeyPatch, name: str, more: str) -> None:
    stage = Stage(more)
    ruling = stage.enforcer.judge(arrival("POST", URL, body=True))
    assert isinstance(ruling, Held)
    AT_THE_COMMANDS[name](monkeypatch)
    reply = refused(settled(ruling, push(), whole=False))
    assert [fault.exception for fault in stage.ledger.faults] == ["RuntimeError"]
    assert b"classified" not in reply.body


# -- what the forge says before it -------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", Depth)
def test_no_thin_is_asked_for_where_contents_are_read(depth: Depth) -> None:
    stage = Stage(f"version: 1\napproved: [{{repo: github.com/acme, inspect: {depth.value}}}]\n")
    ruling = stage.enforcer.judge(arrival("GET", REFS))
    assert isinstance(ruling, Admitted)
    assert isinstance(reader_of(ruling), Advertisement) is (depth is Depth.FULL)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/api.git/info/refs?service=git-upload-pack",
        "https://github.com/acme/api",
        "https://api.github.com/repos/acme/api",
    ],
)
def test_no_other_answer_is_read(url: str) -> None:
    ruling = Stage().enforcer.judge(arrival("GET", url))
    assert isinstance(ruling, Admitted)
    assert reader_of(ruling) is None


def test_observe_mode_asks_strangers_for_whole_packs_too() -> None:
    ruling = Stage("mode: observe\n").enforcer.judge(arrival("GET", REFS.replace("acme", "mallory")))
    assert isinstance(ruling, Admitted)
    assert isinstance(reader_of(ruling), Advertisement)


def test_an_answer_that_can_t_be_prepared_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgewall.proxy.readers.NoThin", fail)
    stage = Stage()
    reply: Any = refused(stage.enforcer.judge(arrival("GET", REFS)))
    assert isinstance(reply, Reply)
    assert [fault.exception for fault in stage.ledger.faults] == ["RuntimeError"]


def test_a_client_with_too_many_pushes_under_way_waits() -> None:
    stage = Stage()
    stage.enforcer.examiner.pushes = Shares(2)
    body = commands((OLD, NEW, "refs/heads/main"))
    first = stage.ask(body)
    assert isinstance(first, Admitted)
    second = refused(stage.ask(body))
    assert b"are under way already" in second.body
    assert stage.ledger.decisions[-1].verdict.rule == "protocol/busy"
    assert first.transit is not None
    first.transit.close()
    assert isinstance(stage.ask(body), Admitted)


def test_a_fault_in_the_middle_of_a_push_is_told_for_each_ref(monkeypatch: pytest.MonkeyPatch) -> None:
    ruling = Stage().ask(push())
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    monkeypatch.setattr("forgewall.enforce.gate.Gate.feed", fail)
    monkeypatch.setattr("forgewall.enforce.gate.Gate.turns", fail)
    cut = ruling.transit.feed(push())
    assert isinstance(cut, CutOff)
    assert cut.reply.status == 200
    assert b"ng refs/heads/main" in cut.reply.body
