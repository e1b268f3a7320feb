"""What is learned outlives restarts and kills, and no file, whatever it holds, breaks the proxy or is broken by it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.learn.test_memory import START, goes, named, names, number, seen_by

from forgewall.identify.announced import Announcement
from forgewall.learn import store
from forgewall.learn.lesson import Fact, IdFact, SightFact
from forgewall.learn.memory import Memory
from forgewall.learn.store import Store
from forgewall.model import Visibility

FACTS: tuple[Fact, ...] = (
    names("1", "acme/api"),
    names("2", "acme"),
    seen_by("acme/api", Visibility.PRIVATE),
    goes("acme/old", "mallory/loot"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "learned.sqlite"


@pytest.fixture
def said() -> list[str]:
    return []


def kept(path: Path) -> set[tuple[Fact, datetime]]:
    opened = Store.open(path)
    assert opened.usable
    found = opened.load()
    opened.close()
    assert len(set(found)) == len(found)
    return set(found)


def test_what_was_saved_is_loaded(path: Path) -> None:
    first = Store.open(path)
    assert first.load() == ()
    first.save(FACTS, START)
    first.close()
    assert kept(path) == {(fact, START) for fact in FACTS}


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    opened = Store.open(path)
    opened.save(FACTS, START)
    opened.close()
    reopened = Store.open(path)
    assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o600}
    reopened.close()


def test_the_last_word_is_kept(path: Path) -> None:
    opened = Store.open(path)
    later = START + timedelta(days=1)
    opened.save(FACTS, START)
    opened.save((names("1", "acme/new"), seen_by("acme/api", Visibility.PUBLIC), goes("acme/old", "acme/x")), later)
    opened.close()
    memory = Memory(lambda: later)
    reopened = Store.open(path)
    memory.restore(reopened.load())
    reopened.close()
    assert memory.find(number("1")) == named("acme/new")
    assert memory.find(number("2")) == named("acme")
    assert memory.visibility("github.com/acme/api") is Visibility.PUBLIC
    assert (moved := memory.moved("github.com/acme/old")) is not None
    assert moved.address == "github.com/acme/x"


def test_facts_that_last_no_longer_than_a_conversation_are_not_kept(path: Path) -> None:
    opened = Store.open(path)
    opened.save((SightFact(key="github.com/acme/api", shown=True),), START)
    opened.close()
    assert kept(path) == set()


def test_no_table_has_room_for_an_announcement(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as database:
        columns = {
            row[1]
            for table in ("ids", "visibilities", "moves")
            for row in database.execute("SELECT * FROM pragma_table_info(?)", (table,))
        }
    assert columns.isdisjoint({"place", "url", "token", *Announcement.__slots__})


KILLED = """
import os, signal, sys, time
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from tests.learn.test_store import FACTS, START, Store
store = Store.open(Path(sys.argv[1]))
store.save(FACTS, START)
store.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_nothing_that_was_written(path: Path) -> None:
    root = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(root), str(root / "addons")], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert kept(path) == {(fact, START) for fact in FACTS}


def test_what_lies_in_memory_alone_may_be_lost_but_the_file_stays_whole(path: Path) -> None:
    """A torn write-ahead log is cut where it is torn."""
    opened = Store.open(path)
    opened.save(FACTS[:1], START)
    opened.flush()
    log = path.with_name(f"{path.name}-wal")
    whole = log.read_bytes()
    copy = path.with_name("copy.sqlite")
    copy.write_bytes(path.read_bytes())
    torn = copy.with_name(f"{copy.name}-wal")
    torn.write_bytes(whole[:-100])
    for file in (copy, torn):
        file.chmod(0o600)
    opened.close()
    assert kept(copy) <= {(FACTS[0], START)}


def broken(path: Path, said: list[str]) -> None:
    """Nothing is kept, that is said once, nothing raises, and the file is as before."""
    before = path.read_bytes() if path.is_file() and os.access(path, os.R_OK) else None
    opened = Store.open(path, said.append)
    assert not opened.usable
    assert opened.load() == ()
    opened.save(FACTS, START)
    opened.flush()
    opened.close()
    assert len(said) == 1
    assert str(path) in said[0]
    assert before is None or path.read_bytes() == before


def test_a_missing_folder(path: Path, said: list[str]) -> None:
    broken(path / "below", said)


def test_a_folder_in_its_place(path: Path, said: list[str]) -> None:
    path.mkdir()
    broken(path, said)


def test_a_pipe_in_its_place(path: Path, said: list[str]) -> None:
    os.mkfifo(path, 0o600)
    broken(path, said)


def test_a_link_in_its_place(path: Path, said: list[str]) -> None:
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_bytes(b"")
    path.symlink_to(elsewhere)
    broken(path, said)
    assert elsewhere.read_bytes() == b""


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o602])
def test_a_file_that_others_have_a_hand_in(path: Path, said: list[str], mode: int) -> None:
    Store.open(path).close()
    path.chmod(mode)
    broken(path, said)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_a_file_beside_it_that_others_have_a_hand_in(path: Path, said: list[str], suffix: str) -> None:
    Store.open(path).close()
    beside = path.with_name(path.name + suffix)
    beside.touch()
    beside.chmod(0o644)
    broken(path, said)
    beside.unlink()
    beside.symlink_to(path.with_name("elsewhere"))
    broken(path, [])


def test_a_log_that_somebody_else_wrote_tells_nothing(path: Path, said: list[str]) -> None:
    Store.open(path).close()
    forged, log = path.with_name("forged.sqlite"), path.with_name("forged.sqlite-wal")
    writer = Store.open(forged)
    writer.save(FACTS, START)
    writer.flush()
    path.with_name(f"{path.name}-wal").write_bytes(log.read_bytes())
    writer.close()
    path.with_name(f"{path.name}-wal").chmod(0o644)
    broken(path, said)


@pytest.mark.parametrize("pragma", ["application_id", "user_version"])
def test_another_programs_and_another_versions_file(path: Path, said: list[str], pragma: str) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA {pragma} = 77")
    broken(path, said)


def test_a_database_of_somebody_else(path: Path, said: list[str]) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE ids (a)")
    path.chmod(0o600)
    broken(path, said)


def test_a_file_that_can_only_be_read(path: Path, said: list[str]) -> None:
    Store.open(path).close()
    path.chmod(0o400)
    if os.access(path, os.W_OK):
        pytest.skip("nothing is read-only for root")
    broken(path, said)


@given(st.binary(min_size=1, max_size=400))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_its_place(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    broken(path, [])


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_damaged_file_never_raises_and_tells_no_other_fact_types(path: Path, data: st.DataObject) -> None:
    if not path.exists():
        opened = Store.open(path)
        opened.save(FACTS, START)
        opened.close()
        path.with_name("sound").write_bytes(path.read_bytes())
    damaged = bytearray(path.with_name("sound").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)
    opened = Store.open(path)
    found = opened.load()
    opened.save(FACTS, START)
    opened.close()
    Memory(lambda: START).restore(found)


def test_a_file_that_breaks_while_it_is_written_to_is_told_once(path: Path, said: list[str]) -> None:
    opened = Store.open(path, said.append)
    opened.save(FACTS, START)
    opened.flush()
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE ids")
    for _ in range(3):
        opened.save(FACTS, START)
        opened.flush()
    opened.close()
    assert len(said) == 1
    assert str(path) in said[0]


def test_a_table_that_is_gone_at_the_start(path: Path, said: list[str]) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE ids")
    opened = Store.open(path, said.append)
    assert opened.load() == ()
    assert len(said) == 1
    assert not opened.usable


def test_a_text_that_no_database_takes_breaks_nothing(path: Path, said: list[str]) -> None:
    opened = Store.open(path, said.append)
    opened.save((names("\ud800", "acme/api"),), START)
    opened.flush()
    opened.save(FACTS, START)
    opened.close()
    assert len(said) == 1
    assert kept(path) == {(fact, START) for fact in FACTS}


def test_a_disk_that_stands_still_is_not_waited_for(
    path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_WAITING", 3)
    monkeypatch.setattr(store, "_BUSY_SECONDS", 30)
    opened = Store.open(path, said.append)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for count in range(1000):
            opened.save((names(str(count), f"acme/{count}"),), START)
        assert len(said) == 1
        assert "takes too long" in said[0]
        other.execute("ROLLBACK")
    opened.close()
    found = len(kept(path))
    assert 3 <= found < 1000


def test_the_file_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_TIDY_AFTER", 10)
    monkeypatch.setattr(store, "_DELETE_OLDEST", tuple((text, 5) for text, _ in store._DELETE_OLDEST))
    opened = Store.open(path)
    opened.save([names("old", "acme/old"), seen_by("acme/old", Visibility.PUBLIC)], START - timedelta(days=31))
    for count in range(99):
        at = START + timedelta(seconds=count)
        path_ = f"acme/{count}"
        opened.save([names(str(count), path_), seen_by(path_, Visibility.PUBLIC), goes(path_, "acme/x", at)], at)
    opened.close()
    found = kept(path)
    assert len(found) < 60
    assert {fact for fact, _ in found if isinstance(fact, IdFact)} >= {
        names(str(count), f"acme/{count}") for count in range(95, 99)
    }


def test_what_has_ended_is_deleted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_TIDY_AFTER", 3)
    opened = Store.open(path)
    opened.save([names("1", "acme/old"), seen_by("acme/old", Visibility.PUBLIC)], START - timedelta(days=31))
    opened.flush()
    opened.save([names("2", "acme/api")], START)
    opened.close()
    assert kept(path) == {(names("2", "acme/api"), START)}


def test_a_closed_store_takes_nothing(path: Path) -> None:
    opened = Store.open(path)
    opened.close()
    opened.close()
    opened.save(FACTS, START)
    assert opened.load() == ()
    assert kept(path) == set()


def test_two_proxies_may_share_a_file(path: Path) -> None:
    first, second = Store.open(path), Store.open(path)
    for count in range(50):
        first.save((names(f"a{count}", f"a/{count}"),), START)
        second.save((names(f"b{count}", f"b/{count}"),), START)
    first.close()
    second.close()
    assert len(kept(path)) == 100


def test_a_text_that_is_none(path: Path, said: list[str]) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO visibilities VALUES (CAST(x'ff' AS TEXT), 'public', 1.0)")
    opened = Store.open(path, said.append)
    assert opened.load() == ()
    assert len(said) == 1
    assert not opened.usable


def test_times_far_away_are_left_out(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as database, database:
        for count, seen in enumerate((1e300, -1e300, float("inf"))):
            database.execute("INSERT INTO visibilities VALUES (?, 'public', ?)", (f"github.com/a/{count}", seen))
        database.execute("INSERT INTO visibilities VALUES ('github.com/a/b', 'seen-by-cats', 1.0)")
        database.execute("INSERT INTO ids VALUES ('github.com', 'phone', '1', 'a', 'a', NULL, 1.0)")
    assert kept(path) == set()
