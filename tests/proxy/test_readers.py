"""The answers that are read: `no-thin` before a push, and where LFS objects go, remembered before anyone knows."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.announcing import OID, SIZE, STORE, a_batch, asked, upload

from forgewall.decide.protocol import protocol_block
from forgewall.enforce.reply import Reply
from forgewall.identify.announced import Announcement
from forgewall.inspect.lfs_answer import MAX_ANSWER
from forgewall.model import Verdict
from forgewall.proxy import readers
from forgewall.proxy.answer_hold import Release
from forgewall.proxy.readers import Advertisement, BatchAnswer

ADVERTISED = ("content-type", "application/x-git-receive-pack-advertisement")
PKT = b"001f# service=git-receive-pack\n0000"
NO = Reply(status=422, headers=(), body=b"no")


def advertisement() -> bytes:
    line = b"1" * 40 + b" refs/heads/main\0 report-status atomic\n"
    return PKT + b"%04x%s" % (len(line) + 4, line) + b"0000"


def read(reader: Any, chunks: list[bytes]) -> tuple[bytes, int] | Reply:
    """All that comes of an answer in these chunks, and by how much it grew."""
    out: list[bytes] | None = None
    grown = 0
    for chunk in chunks:
        if out is not None:
            out.append(chunk)
            continue
        outcome = reader.feed(chunk)
        if isinstance(outcome, Reply):
            return outcome
        if outcome is not None:
            out, grown = [outcome.data], outcome.grown
    if out is None:
        outcome = reader.finish()
        if isinstance(outcome, Reply):
            return outcome
        out, grown = [outcome.data], outcome.grown
    return b"".join(out), grown


def split(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [chunk for chunk in (*chunks, data) if chunk]


SIZES = st.lists(st.integers(1, 60), max_size=12)

# -- before a push -----------------------------------------------------------------------------------------------------


@given(SIZES)
def test_an_advertisement_is_given_its_word_whatever_the_chunks(sizes: list[int]) -> None:
    reader = Advertisement()
    assert reader.begin(200, (ADVERTISED,)) is True
    found = read(reader, split(advertisement(), sizes))
    assert not isinstance(found, Reply)
    body, grown = found
    assert b"\0no-thin  report-status atomic" in body
    assert len(body) == len(advertisement()) + grown == len(advertisement()) + len("no-thin ")


@given(st.binary(max_size=200), SIZES)
def test_what_is_no_advertisement_goes_on_as_it_came(data: bytes, sizes: list[int]) -> None:
    assert read(Advertisement(), split(data, sizes)) == (data, 0)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (401, (ADVERTISED,)),
        (200, ()),
        (200, (("content-type", "text/html"),)),
        (200, (ADVERTISED, ("content-encoding", "gzip"))),
    ],
)
def test_an_answer_that_can_t_be_changed_passes(status: int, headers: tuple[tuple[str, str], ...]) -> None:
    assert Advertisement().begin(status, headers) is False


# -- an LFS batch ------------------------------------------------------------------------------------------------------


class Desk:
    """What remembers and refuses. `full`: why nothing can be remembered; `observing`: nothing is refused."""

    def __init__(self, full: str | None = None, *, observing: bool = False) -> None:
        self.full = full
        self.observing = observing
        self.remembered: list[Announcement] = []
        self.problems: list[str] = []

    def remember(self, announcements: tuple[Announcement, ...]) -> Verdict | None:
        if self.full is None:
            self.remembered += announcements
            return None
        return protocol_block("lfs", self.full)

    def refuse(self, verdict: Verdict) -> Reply | None:
        self.problems.append(verdict.reason)
        return None if self.observing else NO

    def reader(self, *headers: tuple[str, str], status: int = 200) -> BatchAnswer:
        request, target = asked()
        reader = BatchAnswer(a_batch(), request, target, self.remember, self.refuse)
        assert reader.begin(status, headers) is (200 <= status < 300)
        return reader


ANSWER = json.dumps(upload(STORE, expires_in=600)).encode()


@given(SIZES, st.booleans())
def test_what_is_announced_is_remembered_before_anything_goes_on(sizes: list[int], coded: bool) -> None:
    desk = Desk()
    wire = gzip.compress(ANSWER) if coded else ANSWER
    reader = desk.reader(*([("content-encoding", "gzip")] if coded else []))
    for chunk in split(wire, sizes):
        assert reader.feed(chunk) is None
        assert desk.remembered == []
    assert reader.finish() == Release(wire)
    (announced,) = desk.remembered
    assert (announced.oid, announced.size, announced.seconds, desk.problems) == (OID, SIZE, 600, [])


@pytest.mark.parametrize("observing", [True, False])
@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        ([], b"", "not a JSON object"),
        ([], b"<html>", "not a JSON object"),
        ([], ANSWER[:-1], "not a JSON object"),
        ([], json.dumps(upload("http://127.0.0.1/x")).encode(), "can't be followed"),
        ([("content-encoding", "br")], ANSWER, "Content-Encoding"),
        ([("content-encoding", "gzip")], ANSWER, "Content-Encoding"),
        ([("content-encoding", "gzip")], gzip.compress(ANSWER)[:-2], "Content-Encoding"),
        ([("content-encoding", "gzip")], gzip.compress(b" " * (MAX_ANSWER + 1)), "Content-Encoding"),
    ],
)
def test_an_answer_that_can_t_be_followed_is_refused_once(
    headers: list[tuple[str, str]], body: bytes, words: str, observing: bool
) -> None:
    desk = Desk(observing=observing)
    reader = desk.reader(*headers)
    assert read(reader, split(body, [10, 20])) == ((body, 0) if observing else NO)
    (problem,) = desk.problems
    assert words in problem
    assert desk.remembered == []


@pytest.mark.parametrize("observing", [True, False])
def test_an_answer_without_end_is_refused_and_nothing_more_is_kept(observing: bool) -> None:
    desk = Desk(observing=observing)
    reader = desk.reader()
    assert reader.feed(b"x" * MAX_ANSWER) is None
    assert reader.feed(b"y") == (Release(b"x" * MAX_ANSWER + b"y") if observing else NO)
    assert len(desk.problems) == 1
    assert "too long" in desk.problems[0]


@pytest.mark.parametrize("observing", [True, False])
def test_an_answer_that_can_t_be_remembered_is_refused(observing: bool) -> None:
    desk = Desk("this client was told too much", observing=observing)
    assert read(desk.reader(), [ANSWER]) == ((ANSWER, 0) if observing else NO)
    assert desk.problems == ["this client was told too much"]


@pytest.mark.parametrize(("status", "reads"), [(200, True), (201, True), (299, True), (199, False), (300, False)])
def test_which_answers_clients_follow(status: int, reads: bool) -> None:
    request, target = asked()
    desk = Desk()
    assert BatchAnswer(a_batch(), request, target, desk.remember, desk.refuse).begin(status, ()) is reads


@pytest.mark.parametrize("place", ["read_answer", "inflate"])
def test_a_failure_is_left_to_whoever_asks(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise RuntimeError("classified payload")

    broken: Callable[..., Any] = fail
    if place == "inflate":
        monkeypatch.setattr(readers.inflate, "whole", broken)
    else:
        monkeypatch.setattr(readers, place, broken)
    desk = Desk()
    reader = desk.reader()
    reader.feed(ANSWER)
    with pytest.raises(RuntimeError):
        reader.finish()
    assert desk.remembered == []
