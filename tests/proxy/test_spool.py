"""Bytes on disk: kept in order, under a cap of their own and one for all, gone without a trace."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.errors import StartError
from forgewall.inspect.inspector import SpoolFull
from forgewall.proxy import spool as room
from forgewall.proxy.spool import DiskSpool, SpoolSpace, checked

CHUNKS = st.lists(st.binary(max_size=40), max_size=20)


@given(CHUNKS, st.integers(0, 200), st.integers(0, 100))
def test_what_is_kept_can_be_read_from_anywhere(chunks: list[bytes], position: int, size: int) -> None:
    space = SpoolSpace(total=10_000)
    spool = space.open(10_000)
    whole = b""
    for chunk in chunks:
        assert spool.append(chunk) == len(whole)
        whole += chunk
    assert (spool.size, space.free) == (len(whole), 10_000 - len(whole))
    assert spool.read(position, size) == whole[position : position + size]
    spool.close()
    assert space.free == 10_000


@given(CHUNKS, st.integers(0, 100), st.integers(0, 100))
def test_neither_cap_is_exceeded(chunks: list[bytes], limit: int, total: int) -> None:
    space = SpoolSpace(total=total)
    one, other = space.open(limit), space.open(limit)
    kept = 0
    for chunk in chunks:
        spool = one if len(chunk) % 2 else other
        fits = spool.size + len(chunk) <= limit and kept + len(chunk) <= total
        before = spool.size
        if fits:
            spool.append(chunk)
            kept += len(chunk)
        else:
            with pytest.raises(SpoolFull):
                spool.append(chunk)
            assert spool.size == before
        assert space.free == total - kept >= 0
    for spool in (one, other, one):
        spool.close()
    assert space.free == total


def filled(space: SpoolSpace, client: str, step: int = 1) -> tuple[DiskSpool, int]:
    """A spool with as much as this client may keep."""
    spool = space.open(10**6, client)
    with contextlib.suppress(SpoolFull):
        while True:
            spool.append(bytes(step))
    return spool, spool.size


def test_no_client_holds_more_than_it_leaves_free() -> None:
    space = SpoolSpace(total=800)
    first, size = filled(space, "10.0.0.1")
    assert (size, space.free) == (400, 400)
    assert filled(space, "10.0.0.1")[1] == 0  # not by a second spool either
    assert [filled(space, f"10.0.0.{number}")[1] for number in (2, 3, 4)] == [200, 100, 50]
    first.close()
    assert filled(space, "10.0.0.5")[1] == 225
    assert filled(space, "10.0.0.1")[1] > 100


def test_a_small_disk_is_not_filled_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for free, total in ((1000, 500), (1 << 50, room.TOTAL_BYTES)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: shutil._ntuple_diskusage(free, 0, free))
        assert SpoolSpace.at(tmp_path).free == SpoolSpace.at(None).free == total


def test_nothing_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    space = SpoolSpace(tmp_path / "nowhere")
    spool = space.open(100)
    assert spool.read(0, 10) == b""
    spool.close()
    with pytest.raises(SpoolFull, match="no temporary file can be made"):
        space.open(100).append(b"x")


def test_the_file_has_no_name(tmp_path: Path) -> None:
    spool = SpoolSpace(tmp_path).open(100)
    spool.append(b"secret")
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_a_closed_spool_takes_nothing_and_holds_nothing() -> None:
    space = SpoolSpace(total=100)
    spool = space.open(100)
    spool.append(b"abc")
    spool.close()
    spool.close()
    assert (spool.size, spool.read(0, 3), space.free) == (0, b"", 100)
    with pytest.raises(SpoolFull):
        spool.append(b"x")


def disk(monkeypatch: pytest.MonkeyPatch, outcome: int | OSError) -> DiskSpool:
    """A spool of 100 bytes on a disk that writes so many bytes, or fails."""

    def pwrite(_file: int, _data: bytes, _position: int) -> int:
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    monkeypatch.setattr(room.os, "pwrite", pwrite)
    return SpoolSpace(total=100).open(100)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [(2, "the disk is full"), (0, "the disk is full"), (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space")],
)
def test_a_full_disk_takes_no_room(monkeypatch: pytest.MonkeyPatch, outcome: Any, words: str) -> None:
    spool = disk(monkeypatch, outcome)
    with pytest.raises(SpoolFull, match=words):
        spool.append(b"abc")
    assert (spool.size, spool._space.free) == (0, 100)
    spool.close()
    assert spool._space.free == 100


def test_the_operator_s_directory_is_tried_at_start(tmp_path: Path) -> None:
    assert checked(None) is None
    assert checked(tmp_path) == tmp_path
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StartError, match=r"^cannot write to --spool .*nowhere: No such file or directory\.$"):
        checked(tmp_path / "nowhere")
