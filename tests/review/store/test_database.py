"""The index's file: who may read it, and what becomes of one that is damaged, of another version, or not ours."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.record import samples
from tests.review.store.sample_log import NOW, minutes, opened, write

from forgewall.review.case import State, Triage
from forgewall.review.filters import Filters
from forgewall.review.store import INDEX, Store, StoreError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with an index, in which something was said of a case."""
    write(tmp_path, *minutes(*[samples.decision() for _ in range(30)]))
    with opened(tmp_path) as store:
        (case,) = store.cases(Filters(), limit=5)
        until = NOW + timedelta(days=1)
        store.triage(Triage(case_id=case.id, state=State.CONFIRMED, by="bob", at=NOW, note="no"))
        store.triage(Triage(case_id=case.id, state=State.MUTED, by="eve", at=NOW, until=until, note="on purpose"))
    return tmp_path


def whole(store: Store) -> None:
    """All events are there, and all that was said."""
    store.refresh()
    assert store.count(Filters()) == 30
    (case,) = store.cases(Filters(), limit=5)
    assert case.state is State.MUTED
    assert [(one.by, one.note, one.state) for one in store.history(case.id)] == [
        ("bob", "no", State.CONFIRMED),
        ("eve", "on purpose", State.MUTED),
    ]
    assert case.triage == store.history(case.id)[-1]


def test_nobody_else_may_read_it(log: Path) -> None:
    for file in log.glob(f"*{INDEX}*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with opened(log):
        for file in log.glob(f"*{INDEX}*"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_can_be_kept_elsewhere(log: Path, tmp_path_factory: Any) -> None:
    file = tmp_path_factory.mktemp("else?where #1") / "my %20.sqlite"
    with opened(log, file=file) as store:
        assert store.count(Filters()) == 30
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_was_said_survives_a_rebuild(log: Path) -> None:
    with Store(log, clock=lambda: NOW) as store:
        assert store.rebuild().events == 30
        whole(store)


def changed(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA user_version = 999",
        "PRAGMA application_id = 5",
        "DROP TABLE epoch",
        "DROP TABLE event",
        "ALTER TABLE event RENAME COLUMN ruling TO other",
    ],
)
def test_another_version_is_made_anew(log: Path, statement: str) -> None:
    changed(log / INDEX, statement)
    with Store(log, clock=lambda: NOW) as store:
        whole(store)


def test_damage_where_it_begins_is_mended(log: Path) -> None:
    file = log / INDEX
    data = bytearray(file.read_bytes())
    data[:200] = bytes(200)
    file.write_bytes(data)
    with Store(log, clock=lambda: NOW) as store:
        store.refresh()
        assert store.count(Filters()) == 30


def root_of(file: Path, name: str) -> tuple[int, int]:
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    return page, size


@pytest.mark.parametrize("table", ["event", "asker", "event_cas", "cas", "doc"])
def test_damage_that_a_question_meets_is_mended(log: Path, table: str) -> None:
    file = log / INDEX
    page, size = root_of(file, table)
    with file.open("r+b") as opened_file:
        opened_file.seek((page - 1) * size)
        opened_file.write(b"\xee" * size)
    with Store(log, clock=lambda: NOW) as store:
        assert len(store.events(Filters(user=("ana@acme.example",), text="mallory"), limit=50)) == 30
        whole(store)


def test_a_file_that_is_no_database_is_replaced(log: Path) -> None:
    (log / INDEX).write_text("no database, " * 1000)
    with Store(log, clock=lambda: NOW) as store:
        store.refresh()
        assert store.count(Filters()) == 30


def test_an_index_that_another_process_made_anew_is_found(log: Path) -> None:
    with opened(log) as one, opened(log) as other:
        changed(log / INDEX, "PRAGMA user_version = 999")
        with opened(log) as third:
            whole(third)
        whole(one)
        case = one.cases(Filters(), limit=1)[0]
        other.triage(Triage(case_id=case.id, state=State.APPROVED, by="ana", at=NOW))
        assert len(one.history(case.id)) == 3


def test_an_index_that_was_removed_is_made_anew(log: Path) -> None:
    with opened(log) as store:
        for file in log.glob(f"{INDEX}*"):
            file.unlink()
        store.refresh()
        assert store.count(Filters()) == 30


def test_without_a_log_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no event log in .* name its directory with --events"):
        Store(tmp_path / "missing")


def test_where_no_file_can_be_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / INDEX).mkdir()
    with pytest.raises(StoreError, match="--index FILE"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="--index FILE"):
        Store(tmp_path, file=tmp_path / "missing" / "index")


def as_nobody(directory: Path, code: str) -> str:
    """What another account that may only read `directory` prints."""
    start = f"""
import os, sys
sys.path[:0] = [{str(ROOT / "addons")!r}, {str(ROOT)!r}]
from datetime import timedelta
from pathlib import Path
from forgewall.review.store import Store, StoreError
from forgewall.review.filters import Filters
from forgewall.review.case import State, Triage
from forgewall.record.event import utc_now
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
directory = Path({str(directory)!r})
"""
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def readable(log: Path) -> Iterator[Path]:
    """The log, for others to read; not below pytest's own directory, which only its owner may enter."""
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o755)
        copy = Path(above) / "events"
        shutil.copytree(log, copy)
        for path in copy.iterdir():
            path.chmod(0o444)
        copy.chmod(0o555)
        yield copy
        copy.chmod(0o755)


def test_an_index_that_may_only_be_read_answers(readable: Path) -> None:
    code = """
with Store(directory) as store:
    print(store.refresh().events, store.count(Filters()), len(list(store.recorded(Filters()))))
    try:
        store.triage(Triage(case_id="C-1", state=State.OPEN, by="x", at=utc_now()))
    except StoreError as error:
        print("--index FILE" in str(error))
"""
    assert as_nobody(readable, code).split() == ["0", "30", "30", "True"]


def test_one_that_is_being_written_may_be_read_as_well(readable: Path) -> None:
    readable.chmod(0o755)
    (readable / INDEX).chmod(0o644)
    with opened(readable):
        for file in readable.glob(f"{INDEX}*"):
            file.chmod(0o644)
        assert as_nobody(readable, "print(Store(directory).count(Filters()))") == "30"


def test_where_none_can_be_made_another_place_is_named(readable: Path) -> None:
    readable.chmod(0o755)
    for file in readable.glob(f"*{INDEX}*"):
        file.unlink()
    readable.chmod(0o555)
    code = """
try:
    Store(directory)
except StoreError as error:
    print(error)
"""
    told = as_nobody(readable, code)
    assert "can't make the index" in told
    assert "--index FILE" in told
