"""LFS batches: read, limited and refused; what their answers announce is judged as the repository's that asked."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.proxy.arriving import Ledger, arrival, policy, reader_of
from tests.proxy.test_enforcer import fail, header, refused, settled

from forgewall.decide.load import parse
from forgewall.enforce.reply import Reply
from forgewall.inspect.lfs_object import LfsObjectInspector
from forgewall.model import Action, Operation, Subject
from forgewall.proxy import enforcer as room
from forgewall.proxy import lfs_batch, readers, uploads
from forgewall.proxy.answer_hold import Release
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.examiner import Examiner
from forgewall.proxy.readers import BatchAnswer
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.transit import CutOff
from forgewall.record.event import Result

LFS = ("content-type", "application/vnd.git-lfs+json")
CONTENT = b"an object"
STORE = "https://objects.example.org/bucket/1?sig=hunter2"


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def batch(*sizes: int, operation: str = "upload", ref: str | None = "refs/heads/main", **more: Any) -> bytes:
    objects = [{"oid": f"{number:064x}", "size": size} for number, size in enumerate(sizes)]
    objects = objects or [{"oid": oid_of(CONTENT), "size": len(CONTENT)}]
    found = {"operation": operation, "transfers": ["basic"], "objects": objects, "hash_algo": "sha256", **more}
    return json.dumps({**found, **({"ref": {"name": ref}} if ref else {})}).encode()


def answer(href: str = STORE) -> bytes:
    actions = {"upload": {"href": href, "expires_in": 600}}
    return json.dumps({"objects": [{"oid": oid_of(CONTENT), "size": len(CONTENT), "actions": actions}]}).encode()


def wanted(sizes: dict[int, int]) -> bytes:
    """An answer that asks for the objects of a `batch` by their number, with their sizes."""
    objects = [
        {"oid": f"{number:064x}", "size": size, "actions": {"upload": {"href": f"{STORE}&n={number}"}}}
        for number, size in sizes.items()
    ]
    return json.dumps({"objects": objects}).encode()


class Stage:
    """An enforcer by a policy, and one client's LFS upload."""

    def __init__(self, more: str = "", by: str = "") -> None:
        self.ledger = Ledger()
        self.now = 0.0
        self.examiner = Examiner(clock=lambda: self.now)
        self.enforcer = Enforcer(parse(by, "p.yaml") if by else policy(more), self.ledger.journal, self.examiner)

    def ask(self, body: bytes, *headers: tuple[str, str], repository: str = "acme/api") -> Ruling:
        """The ruling on a batch of this body."""
        url = f"https://github.com/{repository}.git/info/lfs/objects/batch"
        asked = arrival("POST", url, LFS, *headers, length=len(body), body=True)
        return settled(self.enforcer.judge(asked), body)

    def reader(self, body: bytes | None = None) -> BatchAnswer:
        """What reads the answer to a batch that is admitted."""
        ruling = self.ask(body or batch())
        assert isinstance(ruling, Admitted), ruling
        reader = reader_of(ruling)
        assert isinstance(reader, BatchAnswer)
        assert reader.begin(200, ())
        return reader

    def announce(self, href: str = STORE) -> None:
        """Have the forge announce `href` to the client."""
        reader = self.reader()
        assert reader.feed(answer(href)) is None
        assert reader.finish() == Release(answer(href))

    def put(self, url: str = STORE, content: bytes = CONTENT, *, method: str = "PUT", **how: Any) -> Ruling:
        """The ruling on an upload to a store."""
        return self.enforcer.judge(arrival(method, url, length=len(content), **how))


# -- the batch ---------------------------------------------------------------------------------------------------------


def test_a_batch_is_admitted_told_of_with_its_objects_and_its_answer_is_read() -> None:
    stage = Stage()
    ruling = stage.ask(batch(3, 5))
    assert isinstance(ruling, Admitted)
    assert isinstance(reader_of(ruling), BatchAnswer)
    (told,) = stage.ledger.decisions
    assert told.lfs is not None
    assert (told.lfs.object_count, told.lfs.object_bytes) == (2, 8)
    assert [ref.name for ref in told.refs] == ["refs/heads/main"]
    assert told.target is not None
    assert told.target.operation is Operation.LFS_UPLOAD


def test_a_download_s_answer_is_not_read() -> None:
    ruling = Stage().ask(batch(operation="download"))
    assert isinstance(ruling, Admitted)
    assert reader_of(ruling) is None


def test_a_compressed_batch_is_read_too() -> None:
    stage = Stage()
    ruling = stage.ask(gzip.compress(batch(3)), ("content-encoding", "gzip"))
    assert isinstance(ruling, Admitted)
    assert stage.ledger.decisions[0].lfs is not None


BY = "version: 1\napproved: [{repo: github.com/acme, max_upload: 1KiB, refs: [main]}]\n"
REFUSED: dict[str, tuple[str, str, bytes, str]] = {
    "a stranger's": ("", "mallory/loot", batch(3), "unapproved"),
    "no batch": ("", "acme/api", b'{"operation":"upload"}', "lfs"),
    "a transfer nobody can follow": ("", "acme/api", batch(3, transfers=["custom"]), "lfs"),
    "another hash": ("", "acme/api", batch(3, hash_algo="sha512"), "lfs"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_at_the_batch_is_told_in_its_language(name: str) -> None:
    more, repository, body, code = REFUSED[name]
    stage = Stage(more)
    reply = refused(stage.ask(body, repository=repository))
    assert stage.ledger.codes == [code]
    told = stage.ledger.decisions[0]
    assert (told.verdict.action, told.response_status) == (Action.BLOCK, reply.status)
    assert header(reply, "x-forgewall-event") == told.id
    assert header(reply, "content-type") == "application/vnd.git-lfs+json"
    assert json.loads(reply.body)["message"]


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "a stranger's"])
def test_observe_mode_refuses_no_batch_and_says_what_it_would_have(name: str) -> None:
    more, repository, body, code = REFUSED[name]
    stage = Stage("mode: observe\n" + more)
    assert isinstance(stage.ask(body, repository=repository), Admitted)
    verdict = stage.ledger.decisions[0].verdict
    assert (verdict.action, verdict.would_action, verdict.code) == (Action.LOG, Action.BLOCK, code)


@pytest.mark.parametrize(("size", "passes"), [(1024, True), (1025, False)])
@pytest.mark.parametrize("over", ["block", "log"])
@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_no_object_may_be_larger_than_a_request(size: int, passes: bool, over: str, mode: str) -> None:
    stage = Stage(by=f"mode: {mode}\n" + BY.replace("1KiB", f"1KiB, over: {over}"))
    reader = stage.reader(batch(1024, size, 1024))
    reader.feed(wanted({0: 1024, 1: size}))
    outcome = reader.finish()
    if passes or over == "log" or mode == "observe":
        assert isinstance(outcome, Release)  # where it is only logged, that is told when it comes
        assert stage.ledger.codes == ["approved"]
        return
    assert isinstance(outcome, Reply)
    assert (outcome.status, stage.ledger.codes) == (413, ["approved", "too-large"])
    assert b"0000000000" in outcome.body
    assert stage.ledger.decisions[-1].lfs is not None


def test_an_object_that_the_forge_has_already_may_be_of_any_size() -> None:
    stage = Stage(by=BY + "limits: {per_client: 1MiB/1h}\n")
    reader = stage.reader(batch(2**30, 1000))
    reader.feed(wanted({1: 1000}))
    assert isinstance(reader.finish(), Release)
    assert stage.ledger.codes == ["approved"]


@pytest.mark.parametrize(("sizes", "passes"), [((2**19, 2**19), True), ((2**19, 2**19 + 1), False)])
def test_what_the_forge_wants_has_to_fit_into_the_windows(sizes: tuple[int, int], passes: bool) -> None:
    stage = Stage("limits: {per_client: 1MiB/1h}\n")
    reader = stage.reader(batch(*sizes))
    reader.feed(wanted(dict(enumerate(sizes))))
    outcome = reader.finish()
    assert isinstance(outcome, Release if passes else Reply)
    assert stage.ledger.codes == ["approved"] if passes else ["approved", "volume"]
    assert stage.examiner.announcements.names("192.0.2.1", "objects.example.org") is passes


def test_a_batch_is_refused_where_a_window_is_full() -> None:
    stage = Stage("limits: {per_client: 1MiB/1h}\n")
    first = stage.enforcer.judge(
        arrival("POST", "https://uploads.github.com/repos/acme/api/releases/1/assets?name=a", length=2**20)
    )
    assert isinstance(first, Admitted)
    assert first.transit is not None
    first.transit.feed(b"x" * 2**20)
    first.transit.finish()
    assert header(refused(stage.ask(batch(1))), "content-type") == "application/vnd.git-lfs+json"
    assert stage.ledger.codes[-1] == "volume"


@pytest.mark.parametrize(("ref", "passes"), [("refs/heads/main", True), ("refs/heads/other", False), (None, True)])
def test_the_ref_of_a_batch_is_judged(ref: str | None, passes: bool) -> None:
    stage = Stage(by=BY)
    assert isinstance(stage.ask(batch(3, ref=ref)), Admitted) is passes
    assert stage.ledger.codes == (["approved"] if passes else ["ref"])


def test_a_batch_that_is_too_long_to_be_read_is_refused() -> None:
    stage = Stage()
    body = json.dumps({"operation": "upload", "objects": [], "x": " " * 300_000}).encode()
    ruling = stage.enforcer.judge(
        arrival("POST", "https://github.com/acme/api.git/info/lfs/objects/batch", LFS, length=len(body), body=True)
    )
    reply = refused(ruling if isinstance(ruling, Refused) else settled(ruling, body, whole=False))
    assert stage.ledger.codes == ["lfs"]
    assert "fewer objects" in reply.body.decode()


# -- its answer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"<html>", answer("http://objects.example.org/x"), b""])
def test_an_answer_that_can_t_be_followed_is_refused_and_told_of(body: bytes) -> None:
    stage = Stage()
    reader = stage.reader()
    reader.feed(body)
    reply = reader.finish()
    assert isinstance(reply, Reply)
    allowed, refusal = stage.ledger.decisions
    assert (allowed.verdict.action, refusal.verdict.action, refusal.verdict.code) == (Action.ALLOW, Action.BLOCK, "lfs")
    assert refusal.request_id == allowed.request_id
    assert header(reply, "x-forgewall-event") == refusal.id
    assert header(reply, "content-type") == "application/vnd.git-lfs+json"
    assert not stage.examiner.announcements.names("192.0.2.1", "objects.example.org")


def test_observe_mode_lets_the_answer_pass_and_tells_of_it() -> None:
    stage = Stage("mode: observe\n")
    reader = stage.reader()
    reader.feed(b"<html>")
    assert reader.finish() == Release(b"<html>")
    assert [told.verdict.would_action for told in stage.ledger.decisions] == [None, Action.BLOCK]


def test_a_client_that_was_told_too_much_is_refused() -> None:
    stage = Stage()
    stage.examiner.announcements._most_hosts = 0
    reader = stage.reader()
    reader.feed(answer())
    assert isinstance(reader.finish(), Reply)


# -- what it announced -------------------------------------------------------------------------------------------------


def test_an_announced_upload_is_the_repository_s_that_asked() -> None:
    stage = Stage()
    stage.announce()
    asked = stage.ledger.decisions[0]
    ruling = stage.put()
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    assert ruling.transit.examination is not None
    assert isinstance(ruling.transit.examination._inspector, LfsObjectInspector)
    told = stage.ledger.decisions[-1]
    assert told.target is not None
    assert (told.target.address, told.target.operation) == ("github.com/acme/api", Operation.LFS_UPLOAD)
    assert told.announced is not None
    assert (told.announced.oid, told.announced.request_id) == (oid_of(CONTENT), asked.request_id)
    assert (told.exchange.host, told.exchange.role) == ("objects.example.org", "store")
    assert told.verdict.rule == "approved/github.com/acme"
    assert "hunter2" not in repr(stage.examiner.announcements.hosts("192.0.2.1"))
    assert ruling.transit.feed(CONTENT) == b""
    assert ruling.transit.finish() == CONTENT
    ruling.transit.answered(200)
    assert stage.ledger.uploads[-1].result is Result.COMPLETE


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"?", CONTENT[:-1], CONTENT + b"!"])
def test_another_object_than_the_announced_is_cut(content: bytes) -> None:
    stage = Stage()
    stage.announce()
    ruling = stage.put(content=content)
    assert isinstance(ruling, Admitted)
    assert ruling.transit is not None
    released = ruling.transit.feed(content)
    if not isinstance(released, CutOff):
        assert released == b""
        released = ruling.transit.finish()
    assert isinstance(released, CutOff)
    upload = stage.ledger.uploads[-1]
    assert upload.verdict is not None
    assert (upload.result, upload.verdict.code) == (Result.CUT, "malformed")


@pytest.mark.parametrize(
    "how",
    [
        {"url": STORE.replace("/1?", "/2?")},
        {"url": STORE + "&x=y"},
        {"method": "POST"},
        {"subject": Subject(client="192.0.2.2")},
    ],
)
def test_nothing_else_at_a_shared_store_is_judged(how: dict[str, Any]) -> None:
    stage = Stage()
    stage.announce()
    before = len(stage.ledger.events)
    assert stage.put(**how) == Admitted(None)
    assert len(stage.ledger.events) == before


def test_nothing_is_judged_by_an_announcement_that_has_expired() -> None:
    stage = Stage()
    stage.announce()
    stage.now = 601.0
    assert stage.put() == Admitted(None)


def test_what_is_announced_is_judged_by_the_policy_that_holds_when_it_comes() -> None:
    stage = Stage()
    stage.announce()
    stage.enforcer.policy = policy("forbidden: [github.com/acme/api]\n")
    assert refused(stage.put()).status == 403
    assert stage.ledger.codes[-1] == "forbidden"


def test_other_hosts_stay_closed_but_for_what_is_announced() -> None:
    stage = Stage("defaults: {other_hosts: block}\n")
    stage.announce()
    assert isinstance(stage.put(), Admitted)
    assert refused(stage.put(STORE + "&x=y")).status == 403
    assert stage.ledger.codes[-1] == "other-host"


@pytest.mark.parametrize("headers", [[("host", "evil.example")], [("transfer-encoding", "gzip, chunked")]])
def test_a_head_that_is_odd_is_refused_at_an_announced_store_too(headers: list[tuple[str, str]]) -> None:
    stage = Stage()
    stage.announce()
    asked = arrival("PUT", STORE, *headers, length=len(CONTENT))
    assert isinstance(stage.enforcer.judge(asked), Refused)


def test_a_put_that_nobody_announced_to_a_forge_s_own_store_is_unidentified() -> None:
    stage = Stage()
    url = "https://github-cloud.s3.amazonaws.com/alambic/media/1/ab/cd/x?sig=y"
    assert isinstance(stage.put(url), Refused)
    assert stage.ledger.codes == ["unidentified"]
    stage.announce(url)
    assert isinstance(stage.put(url), Admitted)


# -- failures ----------------------------------------------------------------------------------------------------------

AT_THE_BATCH: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "read_batch": lambda patch: patch.setattr(lfs_batch, "read_batch", fail),
    "whole": lambda patch: patch.setattr(lfs_batch, "whole", fail),
    "the answer's reader": lambda patch: patch.setattr(lfs_batch, "BatchAnswer", fail),
    "identify": lambda patch: patch.setattr(room, "identify", fail),
    "decide": lambda patch: patch.setattr(room, "decide", fail),
    "the meter": lambda patch: patch.setattr(room.Examiner, "meter", fail),
    "the refused": lambda patch: patch.setattr("forgewall.enforce.refused_objects.RefusedObjects.find", fail),
    "the transit": lambda patch: patch.setattr(uploads, "Transit", fail),
    "the event": lambda patch: patch.setattr("forgewall.proxy.case._batch", fail),
}


@pytest.mark.parametrize("name", AT_THE_BATCH)
@pytest.mark.parametrize("more", ["", "mode: observe\n", "events: {on_error: allow}\n"])
def test_a_failure_at_the_batch_admits_nothing(monkeypatch: pytest.MonkeyPatch, name: str, more: str) -> None:
    stage = Stage(more)
    url = "https://github.com/acme/api.git/info/lfs/objects/batch"
    ruling = stage.enforcer.judge(arrival("POST", url, LFS, body=True))
    assert isinstance(ruling, Held)
    AT_THE_BATCH[name](monkeypatch)
    reply = refused(settled(ruling, batch()))
    assert [fault.exception for fault in stage.ledger.faults] == ["RuntimeError"]
    assert b"classified" not in reply.body


@pytest.mark.parametrize("place", ["read_answer", "remember", "record"])
def test_a_failure_at_the_answer_is_raised_before_anything_of_it_is_released(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The stream turns it into a refusal."""
    stage = Stage()
    reader = stage.reader()
    if place == "read_answer":
        monkeypatch.setattr(readers, "read_answer", fail)
    elif place == "remember":
        monkeypatch.setattr("forgewall.identify.announced_memory.Announcements.remember", fail)
    else:
        monkeypatch.setattr(room.Case, "decision", fail)
    reader.feed(answer() if place != "record" else b"<html>")
    with pytest.raises(RuntimeError):
        reader.finish()


@pytest.mark.parametrize("place", ["find", "expected_by", "LfsObjectInspector"])
@pytest.mark.parametrize("more", ["", "mode: observe\n"])
def test_a_failure_at_an_announced_upload_admits_nothing(
    monkeypatch: pytest.MonkeyPatch, place: str, more: str
) -> None:
    stage = Stage(more)
    stage.announce()
    if place == "find":
        monkeypatch.setattr("forgewall.identify.announced_memory.Announcements.find", fail)
    else:
        monkeypatch.setattr(f"forgewall.proxy.examiner.{place}", fail)
    assert refused(stage.put()).status == 503
    assert [fault.exception for fault in stage.ledger.faults] == ["RuntimeError"]
