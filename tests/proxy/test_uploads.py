"""What is told of an admitted upload: the decision before its first byte, and how it ended, once and truly."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from tests.proxy.arriving import Ledger, arrival, policy
from tests.proxy.test_enforcer import header, push, refused, settled

from forgewall.inspect.secrets import Scanner
from forgewall.model import Action
from forgewall.proxy import uploads as room
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.examiner import BASES_BYTES, Examiner
from forgewall.proxy.holding import MEMORY_BYTES as HOLD_BYTES
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.spool import SpoolSpace
from forgewall.proxy.transit import CutOff, Transit
from forgewall.record.event import Decision, Result, Upload

FILE = arrival("POST", "https://uploads.github.com/repos/acme/api/releases/1/assets?name=a.bin", body=True)
PUSH = arrival("POST", "https://github.com/acme/api.git/git-receive-pack", body=True)
RULES = Scanner.load("[[rules]]\nid = 'acme-key'\nregex = 'acme-[0-9]{9}'\nkeywords = ['acme-']\n")
SECRET = b"key: acme-123456789\n"


class Stage:
    """An enforcer by a policy, with few secret rules."""

    def __init__(self, more: str = "", **how: Any) -> None:
        self.ledger = Ledger(**how)
        self.space = SpoolSpace(total=BASES_BYTES)
        self.now = 0.0
        self.examiner = Examiner(scanner=RULES, space=self.space, clock=lambda: self.now)
        self.enforcer = Enforcer(policy(more), self.ledger.journal, self.examiner)

    def admitted(self, asked: Arrival = FILE, body: bytes = b"") -> Transit:
        """The transit of a request that is admitted."""
        ruling: Ruling = self.enforcer.judge(asked)
        if isinstance(ruling, Held):
            ruling = settled(ruling, body, whole=False)
        assert isinstance(ruling, Admitted), ruling
        assert ruling.transit is not None
        return ruling.transit

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.ledger.events]

    @property
    def upload(self) -> Upload:
        (upload,) = self.ledger.uploads
        return upload


def send(transit: Transit, body: bytes) -> CutOff | None:
    """Send all of it; how it was cut."""
    released = transit.feed(body)
    if not isinstance(released, CutOff):
        released = transit.finish()
    return released if isinstance(released, CutOff) else None


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "abc")
    return file.getvalue()


# -- the order of things -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [FILE, PUSH])
def test_a_decision_stands_before_the_first_byte_and_an_event_at_the_end(asked: Arrival) -> None:
    stage = Stage()
    transit = stage.admitted(asked, push())
    assert stage.kinds == ["Decision"]
    decision = stage.ledger.decisions[0]
    transit.feed(push()[:10])
    assert stage.kinds == ["Decision"]
    transit.close()
    assert stage.kinds == ["Decision", "Upload"]
    assert stage.upload.decision == decision
    assert (decision.request_id, decision.response_status) == (asked.id, None)
    assert stage.space.free == BASES_BYTES


def test_a_body_that_isn_t_there_has_no_event_of_its_own() -> None:
    stage = Stage()
    transit = stage.admitted(arrival("DELETE", "https://api.github.com/repos/acme/api/contents/a", length=0))
    transit.finish()
    transit.answered(200)
    transit.close()
    assert stage.kinds == ["Decision"]


def test_a_read_with_a_body_has_no_events_unless_reads_are_told_of() -> None:
    fetch = arrival("POST", "https://github.com/mallory/loot.git/git-upload-pack", length=4)
    for more, kinds in (("", []), ("events: {reads: true}\n", ["Decision", "Upload"])):
        stage = Stage(more)
        transit = stage.admitted(fetch)
        assert send(transit, b"0000") is None
        transit.answered(200)
        assert stage.kinds == kinds


@pytest.mark.parametrize("more", ["", "events: {on_error: allow}\n"])
@pytest.mark.parametrize("asked", [FILE, PUSH])
def test_a_decision_that_can_t_be_written_admits_nothing_unless_it_may(more: str, asked: Arrival) -> None:
    stage = Stage(more, broken=True)
    ruling: Ruling = stage.enforcer.judge(asked)
    if isinstance(ruling, Held):
        ruling = settled(ruling, push(), whole=False)
    assert isinstance(ruling, Admitted) is bool(more)
    if isinstance(ruling, Refused):
        assert header(ruling.reply, "x-forgewall-event") is None
        assert (b"ng refs/heads/main" in ruling.reply.body) is (asked is PUSH)


# -- how it ended ------------------------------------------------------------------------------------------------------


def test_what_was_found_is_told_and_the_decision_stays() -> None:
    stage = Stage()
    assert send(stage.admitted(), SECRET) is None
    assert stage.kinds == ["Decision"]
    stage = Stage()
    transit = stage.admitted()
    send(transit, SECRET)
    transit.answered(201)
    upload = stage.upload
    assert upload.evidence is not None
    assert [(secret.rule, secret.path) for secret in upload.evidence.secrets] == [("acme-key", "a.bin")]
    assert [(said.rule, said.action, said.would_block) for said in upload.objections] == [
        ("content/secrets", Action.LOG, False)
    ]
    assert upload.signals == ("secret:acme-key",)
    assert upload.verdict is not None
    assert (upload.verdict.action, upload.verdict.rule) == (Action.LOG, "content/secrets")
    assert stage.ledger.decisions[0].verdict.action is Action.ALLOW
    assert "123456789" not in repr(stage.ledger.events)


def test_what_is_blocked_is_cut_and_told_with_the_rule() -> None:
    stage = Stage("content: {secrets: block}\n")
    cut = send(stage.admitted(), SECRET)
    assert cut is not None
    upload = stage.upload
    assert (upload.result, upload.response_status, cut.reply.status) == (Result.CUT, 403, 403)
    assert header(cut.reply, "x-forgewall-event") == upload.id
    assert upload.verdict is not None
    assert (upload.verdict.action, upload.verdict.code) == (Action.BLOCK, "content")
    assert (upload.verdict.rule, upload.verdict.reference) == ("content/secrets", "p.yaml:11")
    assert b"acme-key" in cut.reply.body
    assert b"123456789" not in cut.reply.body


def test_observe_mode_cuts_nothing_and_says_what_it_would_have() -> None:
    stage = Stage("mode: observe\ncontent: {secrets: block}\n")
    transit = stage.admitted()
    assert send(transit, SECRET) is None
    transit.answered(201)
    upload = stage.upload
    assert (upload.result, upload.would_cut) == (Result.COMPLETE, True)
    assert upload.verdict is not None
    assert (upload.verdict.action, upload.verdict.would_action) == (Action.LOG, Action.BLOCK)


def test_the_gravest_of_what_was_logged_is_the_verdict() -> None:
    more = "mode: observe\ncontent: {secrets: log, archives: block}\n"
    stage = Stage(more)
    transit = stage.admitted()
    assert send(transit, zipped() + SECRET) is None
    transit.close()
    assert stage.upload.verdict is not None
    assert stage.upload.verdict.rule == "content/archives"
    assert stage.upload.verdict.would_action is Action.BLOCK


def test_a_full_window_cuts_and_is_told_of_without_a_trace_in_the_window() -> None:
    stage = Stage("limits: {per_client: 30B/1h}\n")
    first = stage.admitted()
    assert send(first, b"x" * 20) is None
    first.answered(201)
    cut = send(stage.admitted(), b"y" * 11)
    assert cut is not None
    upload = stage.ledger.uploads[-1]
    assert upload.verdict is not None
    assert (upload.result, upload.verdict.code, upload.verdict.action) == (Result.CUT, "volume", Action.BLOCK)
    assert upload.verdict.reference == "p.yaml:11"
    assert (cut.reply.status, upload.response_status) == (429, 429)
    third = stage.admitted()
    assert send(third, b"z" * 10) is None
    stage.now = 3700.0
    assert send(stage.admitted(), b"z" * 30) is None


def test_a_full_window_turns_away_what_announces_itself() -> None:
    stage = Stage("limits: {per_client: 30B/1h}\n")
    reply = refused(stage.enforcer.judge(arrival("PUT", "https://api.github.com/repos/acme/api/contents/a", length=31)))
    assert (reply.status, stage.ledger.codes) == (429, ["volume"])


def test_a_full_window_turns_away_a_push_and_tells_each_ref() -> None:
    stage = Stage("limits: {per_client: 30B/1h}\n")
    asked = arrival("POST", "https://github.com/acme/api.git/git-receive-pack", length=1000)
    reply = refused(settled(stage.enforcer.judge(asked), push(), whole=False))
    assert b"ng refs/heads/main" in reply.body
    assert stage.ledger.codes == ["volume"]
    probe = arrival("POST", "https://github.com/acme/api.git/git-receive-pack", length=4)
    assert isinstance(settled(stage.enforcer.judge(probe), b"0000"), Admitted)


@pytest.mark.parametrize("limit", ["10B/1h", "1 uploads/1h"])
def test_a_full_window_turns_a_push_away_before_it_is_made(limit: str) -> None:
    stage = Stage(f"limits: {{per_client: {limit}}}\n")
    assert send(stage.admitted(), b"x" * 10) is None
    reply = refused(stage.enforcer.judge(ASKED["advertisement"]))
    assert (reply.status, stage.ledger.codes[-1]) == (200, "volume")
    assert b"ERR " in reply.body


def test_the_refs_for_a_push_are_no_upload() -> None:
    stage = Stage("limits: {per_client: [10B/1h, 1 uploads/1h]}\n")
    for _ in range(3):
        transit = stage.admitted(arrival("GET", "https://github.com/acme/api.git/info/refs?service=git-receive-pack"))
        transit.finish()
        transit.close()


@pytest.mark.parametrize(
    "more", ["limits: {per_client: 5B/1h, over: log}\n", "mode: observe\nlimits: {per_client: 5B/1h}\n"]
)
def test_a_full_window_that_is_only_logged_is_told_of(more: str) -> None:
    stage = Stage(more)
    transit = stage.admitted()
    assert send(transit, b"x" * 10) is None
    transit.answered(201)
    assert stage.upload.verdict is not None
    assert (stage.upload.verdict.action, stage.upload.verdict.code) == (Action.LOG, "volume")
    assert (stage.upload.verdict.would_action is None) is ("over: log" in more)


def test_the_more_telling_of_two_things_is_told() -> None:
    stage = Stage("limits: {per_client: 5B/1h, over: log}\nmode: observe\ncontent: {secrets: block}\n")
    transit = stage.admitted()
    send(transit, SECRET)
    transit.close()
    assert stage.upload.verdict is not None
    assert stage.upload.verdict.code == "content"


def test_nothing_remarkable_is_told_with_the_decision_s_own_verdict() -> None:
    stage = Stage()
    transit = stage.admitted()
    send(transit, b"abc")
    transit.answered(201)
    assert (stage.upload.verdict, stage.upload.objections, stage.upload.signals) == (None, (), ())


def test_a_failure_of_our_own_is_told_as_one() -> None:
    stage = Stage()
    transit = stage.admitted()
    cut = transit.fail(RuntimeError("classified payload"))
    assert (cut.reply.status, stage.kinds) == (503, ["Decision", "Fault", "Upload"])
    upload = stage.upload
    assert upload.verdict is not None
    assert (upload.result, upload.verdict.code, upload.verdict.action) == (Result.CUT, "internal-error", Action.BLOCK)
    assert header(cut.reply, "x-forgewall-event") == stage.ledger.faults[0].id
    assert "classified" not in repr(stage.ledger.events) + repr(cut)


@pytest.mark.parametrize("code", ["br", "gzip, gzip"])
def test_observe_mode_lets_pass_what_can_t_be_read_and_says_so(code: str) -> None:
    stage = Stage("mode: observe\ncontent: {secrets: block}\n")
    asked = arrival("PUT", "https://api.github.com/repos/acme/api/contents/a", ("content-encoding", code), body=True)
    transit = stage.admitted(asked)
    assert transit.examination is None
    assert send(transit, SECRET) is None
    transit.close()
    assert stage.ledger.codes == ["encoding"]
    verdict = stage.ledger.decisions[0].verdict
    assert (verdict.action, verdict.would_action) == (Action.LOG, Action.BLOCK)
    assert stage.upload.verdict is not None
    assert (stage.upload.verdict.code, stage.upload.body_bytes, stage.upload.evidence) == ("too-large", None, None)


# -- pushes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["cut", "aborted", "failed", "refused by the forge"])
def test_a_push_gives_its_disk_back_in_every_ending(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    stage = Stage()
    transit = stage.admitted(PUSH, push())
    spool = transit._on_close.__self__.spool  # type: ignore[union-attr]
    spool.append(b"base")
    assert stage.space.free == BASES_BYTES - 4
    if end == "cut":
        assert send(transit, push()) is not None  # its pack is none
        assert stage.upload.verdict is not None
        assert stage.upload.verdict.code == "malformed"
    elif end == "failed":
        monkeypatch.setattr(room.Gate, "turns", fail)
        assert send(transit, push()) is not None
    else:
        transit.answered(500)
        transit.close()
    assert stage.space.free == BASES_BYTES
    assert len(stage.ledger.uploads) == 1
    transit.close()
    assert len(stage.ledger.uploads) == 1


def test_a_push_that_is_cut_late_is_told_of_each_ref() -> None:
    stage = Stage()
    cut = send(stage.admitted(PUSH, push()), push())
    assert cut is not None
    assert b"ng refs/heads/main" in cut.reply.body
    assert [ref.name for ref in stage.upload.decision.refs] == ["refs/heads/main"]


# -- held bodies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coding", "padding"), [(None, 10), (None, 300_000), ("gzip", 10), ("gzip", 300_000), ("deflate", 300_000)]
)
def test_a_body_that_was_held_is_examined_in_the_coding_it_came_in(coding: str | None, padding: int) -> None:
    """However long it is: identify is shown a skim, but what goes on is the body itself."""
    stage = Stage("content: {secrets: block}\n")
    body = json.dumps({"description": random.Random(1).randbytes(padding).hex(), "homepage": SECRET.decode()}).encode()
    wire = {"gzip": gzip.compress, "deflate": zlib.compress}.get(coding or "", bytes)(body)
    assert (len(wire) > HOLD_BYTES) is (padding > HOLD_BYTES)
    headers = [("content-type", "application/json"), *([("content-encoding", coding)] if coding else [])]
    ruling = stage.enforcer.judge(arrival("PATCH", "https://api.github.com/repos/acme/api", *headers, body=True))
    assert isinstance(ruling, Held)
    assert ruling.spool is not None
    admitted = settled(ruling, wire)
    assert isinstance(admitted, Admitted)
    assert admitted.transit is not None
    assert send(admitted.transit, wire) is not None
    upload = stage.upload
    assert upload.verdict is not None
    assert (upload.verdict.code, upload.verdict.rule) == ("content", "content/secrets")
    assert (upload.wire_bytes, upload.body_bytes) == (len(wire), len(body))


@pytest.mark.parametrize("padding", [10, 300_000])
def test_a_body_that_was_held_is_limited_by_what_it_unpacks_to(padding: int) -> None:
    stage = Stage("defaults: {max_upload: 500KiB}\n")
    body = json.dumps({"description": random.Random(1).randbytes(padding).hex() + "x" * 400_000}).encode()
    wire = gzip.compress(body)
    asked = arrival(
        "PATCH",
        "https://api.github.com/repos/acme/api",
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        body=True,
    )
    admitted = settled(stage.enforcer.judge(asked), wire)
    assert isinstance(admitted, Admitted)
    assert admitted.transit is not None
    cut = send(admitted.transit, wire)
    assert (cut is not None) is (len(body) > 500 * 1024)


# -- failures ----------------------------------------------------------------------------------------------------------


def fail(*_: object, **__: object) -> Any:
    raise RuntimeError("classified payload")


COLLABORATORS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the decision": lambda patch: patch.setattr(room.Case, "decision", fail),
    "the reader": lambda patch: patch.setattr(room, "Advertisement", fail),
    "the examination": lambda patch: patch.setattr("forgewall.proxy.examiner.Examination", fail),
    "the inspector": lambda patch: patch.setattr("forgewall.proxy.examiner.inspector_for", fail),
    "the push's inspector": lambda patch: patch.setattr("forgewall.proxy.examiner.PushInspector", fail),
    "the spool": lambda patch: patch.setattr(SpoolSpace, "open", fail),
    "the rules": lambda patch: patch.setattr(Examiner, "scanner", property(fail)),
    "the accounts": lambda patch: patch.setattr("forgewall.proxy.examiner.accounts", fail),
    "the announcement": lambda patch: patch.setattr("forgewall.proxy.examiner.Meter.announce", fail),
    "the gate": lambda patch: patch.setattr(room.Gate, "__init__", fail),
    "the transit": lambda patch: patch.setattr(room, "Transit", fail),
}
TOUCHES = {
    "the reader": "advertisement",
    "the inspector": "file",
    "the push's inspector": "push",
    "the spool": "push",
}
ASKED = {
    "file": FILE,
    "push": PUSH,
    "advertisement": arrival("GET", "https://github.com/acme/api.git/info/refs?service=git-receive-pack"),
}


@pytest.mark.parametrize("name", COLLABORATORS)
@pytest.mark.parametrize("more", ["", "mode: observe\n", "events: {on_error: allow}\n"])
def test_a_failing_collaborator_admits_nothing(monkeypatch: pytest.MonkeyPatch, name: str, more: str) -> None:
    for kind, asked in ASKED.items():
        if TOUCHES.get(name, kind) != kind or (kind == "advertisement" and name in ("the rules", "the examination")):
            continue
        stage = Stage(more)
        with monkeypatch.context() as patch:
            COLLABORATORS[name](patch)
            ruling: Ruling = stage.enforcer.judge(asked)
            if isinstance(ruling, Held):
                ruling = settled(ruling, push(), whole=False)
        reply = refused(ruling)
        assert b"classified" not in reply.body
        assert [fault.exception for fault in stage.ledger.faults] == ["RuntimeError"]
        assert stage.ledger.uploads == []


@pytest.mark.parametrize("place", ["_verdict_of", "upload", "reply"])
def test_a_cut_that_can_t_be_told_of_is_still_a_cut(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    stage = Stage("content: {secrets: block}\n")
    transit = stage.admitted()
    if place == "_verdict_of":
        monkeypatch.setattr(room, place, fail)
    elif place == "upload":
        monkeypatch.setattr(Transit, place, fail)
    else:
        calls, stock = [fail], room.Case.reply

        def reply(*args: Any) -> Any:
            return (calls.pop() if calls else stock)(*args)

        monkeypatch.setattr(room.Case, "reply", reply)
    cut = send(transit, SECRET)
    assert cut is not None
    assert cut.reply.status == 503
    assert isinstance(transit.finish(), CutOff)
    assert "Fault" in stage.kinds
    assert "classified" not in repr(stage.ledger.events) + repr(cut)
    assert len(stage.ledger.uploads) == (0 if place == "upload" else 1)


@pytest.mark.parametrize("error", [{"broken": True}, {"error": RuntimeError("classified payload")}])
def test_a_cut_whose_event_can_t_be_written_is_still_a_cut(error: dict[str, Any]) -> None:
    stage = Stage("content: {secrets: block}\n")
    transit = stage.admitted()
    for name, value in error.items():
        setattr(stage.ledger, name, value)
    cut = send(transit, SECRET)
    assert cut is not None
    assert header(cut.reply, "x-forgewall-event") is None
    assert b"classified" not in cut.reply.body


def test_events_of_one_request_hang_together() -> None:
    stage = Stage()
    transits = [stage.admitted() for _ in range(3)]
    for transit in transits:
        send(transit, b"abc")
        transit.close()
    decisions: list[Decision] = stage.ledger.decisions
    assert [upload.decision.id for upload in stage.ledger.uploads] == [decision.id for decision in decisions]
