"""The index follows the log, whatever becomes of its files and of whoever takes it in."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.record import samples
from tests.review.store.sample_log import NOW, at, line, minutes, opened, write

from forgewall.record.log import EventLog
from forgewall.review.case import State, Triage
from forgewall.review.filters import Filters
from forgewall.review.store import INDEX, Store, StoreError

TODAY = "forgewall-2026-11-24.jsonl"
ROOT = Path(__file__).resolve().parents[3]


def some(count: int) -> list[Any]:
    return minutes(*[samples.decision(request_id=f"r-{number}") for number in range(count)])


def ids(store: Store) -> list[str]:
    return [row.id for row in store.events(Filters(), limit=100_000)][::-1]


def told(store: Store) -> Any:
    """All that the index counts."""
    statistics = [store.statistics(NOW - timedelta(days=days), NOW + timedelta(days=days)) for days in (5, 90)]
    cases = [(case.id, case.count, case.bytes, case.first_seen) for case in store.cases(Filters(), limit=1000)]
    return ids(store), statistics, store.usage(), cases, store.count(Filters(text="mallory"))


def same_as_new(store: Store, directory: Path, tmp_path_factory: Any) -> None:
    """It counts what an index made at once counts."""
    with opened(directory, file=tmp_path_factory.mktemp("new") / INDEX) as new:
        assert told(store) == told(new)


def test_only_what_is_new_is_taken_in(tmp_path: Path) -> None:
    events = some(5)
    write(tmp_path, *events[:3])
    with Store(tmp_path) as store:
        assert store.count(Filters()) == 0
        assert store.refresh().events == 3
        assert store.refresh().events == 0
        write(tmp_path, *events[3:])
        assert store.refresh().events == 2
        assert ids(store) == [event.id for event in events]


def test_progress_is_told_in_bytes(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("forgewall.review.store.refreshing._CHUNK", 10_000)
    monkeypatch.setattr("forgewall.review.store.refreshing._WORK", 0)
    write(tmp_path, *some(20))
    size = (tmp_path / TODAY).stat().st_size
    seen: list[tuple[int, int]] = []
    with Store(tmp_path) as store:
        store.refresh(lambda done, of: seen.append((done, of)))
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


def test_a_file_that_is_moved_aside_is_the_same(tmp_path: Path) -> None:
    """Rotation renames it while it is read, and while somebody still writes to it."""
    events = some(9)
    log = EventLog(tmp_path, max_bytes=9000, clock=lambda: NOW)
    with Store(tmp_path) as store:
        for event in events:
            log.write(event)
            store.refresh()
        assert len(list(tmp_path.glob("*.jsonl"))) > 2
        assert ids(store) == [event.id for event in events]
        late = at(samples.decision(), NOW)
        with (tmp_path / "forgewall-2026-11-24.0001.jsonl").open("ab") as file:
            file.write(line(late))
        assert store.refresh().events == 1
        document = store.document(late.id)
        assert document is not None
        assert document["event"]["id"] == late.id


def test_what_keep_removes_leaves_the_index_too(tmp_path: Path, tmp_path_factory: Any) -> None:
    old = [at(samples.decision(), NOW - timedelta(days=3, minutes=n)) for n in range(3)]
    gone = at(
        samples.upload(evidence=samples.EVIDENCE, decision=samples.decision(verdict=samples.WOULD)),
        NOW - timedelta(days=3),
    )
    kept = some(2)
    write(tmp_path, *old, gone, clock=NOW - timedelta(days=3))
    write(tmp_path, *kept)
    with opened(tmp_path) as store:
        case = store.cases(Filters(), limit=1)[0]
        assert case.count == 5
        assert store.count(Filters(text="backup zip")) == 1
        EventLog(tmp_path, clock=lambda: NOW).configure(keep=timedelta(days=1), pseudonymise_users=False)
        assert store.refresh().events == 0
        assert ids(store) == [event.id for event in kept]
        assert store.case(case.id).count == 2  # type: ignore[union-attr]
        assert store.row(gone.id) is None
        assert store.document(gone.id) is None
        assert store.count(Filters(text="backup")) == 0
        same_as_new(store, tmp_path, tmp_path_factory)
        for file in tmp_path.glob("*.jsonl"):
            file.unlink()
        store.refresh()
        assert told(store)[0] == []
        assert store.cases(Filters(), limit=10) == []
        assert store.usage() == {}
    content = (tmp_path / INDEX).read_bytes()
    assert b"mallory" not in content
    assert b"backup" not in content


def test_a_file_that_shrank_or_changed_is_taken_in_anew(tmp_path: Path, tmp_path_factory: Any) -> None:
    events = some(6)
    file = tmp_path / TODAY
    lines = [line(event) for event in events]
    file.write_bytes(b"".join(lines[:5]))
    with opened(tmp_path) as store:
        file.write_bytes(b"".join(lines[:3]))
        store.refresh()
        assert ids(store) == [event.id for event in events[:3]]
        file.write_bytes(b"".join([*lines[:2], lines[4], lines[5]]))
        store.refresh()
        assert ids(store) == [events[n].id for n in (0, 1, 4, 5)]
        file.write_bytes(b"".join(lines[3:]))
        store.refresh()
        assert ids(store) == [event.id for event in events[3:]]
        same_as_new(store, tmp_path, tmp_path_factory)
        file.write_bytes(b"")
        store.refresh()
        assert ids(store) == []


def test_a_torn_line_is_taken_in_when_it_is_whole(tmp_path: Path) -> None:
    one, two = some(2)
    file = tmp_path / TODAY
    file.write_bytes(line(one) + line(two)[:-30])
    with opened(tmp_path) as store:
        assert ids(store) == [one.id]
        assert store.refresh().skipped == 0
        file.write_bytes(line(one) + line(two))
        assert store.refresh().events == 1


def test_what_is_no_event_is_counted_and_passed_over(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("forgewall.review.store.logs._LONGEST", 70_000)
    one, two, three = some(3)
    huge = b'{"message":"' + b"x" * 2**20 + b'"}\n'
    lines = [
        b"\n",
        line(one)[:100] + b"\n",
        line(one),
        b"garbage \xff\n",
        huge,
        line(one),
        b"\r\n",
        line(two),
        b"[" * 9000,
    ]
    (tmp_path / TODAY).write_bytes(b"".join(lines) + b"\n" + line(three))
    with opened(tmp_path) as store:
        assert ids(store) == [one.id, two.id, three.id]
        assert store.refresh().skipped == 5  # torn, garbage, overlong, the second of the same id, deep
        assert store.skipped() == 5


def test_a_line_of_a_megabyte_is_bounded(tmp_path: Path) -> None:
    (one,) = some(1)
    huge = line(one).replace(b'"message":"', b'"message":"' + b"x" * 2**20)
    (tmp_path / TODAY).write_bytes(huge)
    with opened(tmp_path) as store:
        (row,) = store.events(Filters(), limit=10)
        assert len(row.message) <= 2048
        assert (tmp_path / INDEX).stat().st_size < 2**20
        document = store.document(one.id)
        assert document is not None
        assert len(document["message"]) > 2**20


def test_an_event_that_two_files_have_stays_until_both_are_gone(tmp_path: Path, tmp_path_factory: Any) -> None:
    one, two, three = some(3)
    first, second = tmp_path / "forgewall-2026-11-23.jsonl", tmp_path / TODAY
    first.write_bytes(line(one) + line(two))
    second.write_bytes(line(three) + line(two))
    with opened(tmp_path) as store:
        assert ids(store) == [one.id, two.id, three.id]
        assert store.refresh().skipped == 1
        first.unlink()
        store.refresh()
        assert ids(store) == [two.id, three.id]
        assert store.document(two.id) is not None
        same_as_new(store, tmp_path, tmp_path_factory)


def test_a_copy_of_a_file_tells_nothing_twice(tmp_path: Path) -> None:
    events = some(3)
    data = b"".join(map(line, events))
    (tmp_path / "forgewall-2026-11-23.jsonl").write_bytes(data)
    (tmp_path / TODAY).write_bytes(data)
    with opened(tmp_path) as store:
        assert len(ids(store)) == 3
        (tmp_path / "forgewall-2026-11-23.jsonl").unlink()
        store.refresh()
        assert len(ids(store)) == 3
        assert store.document(events[0].id) is not None


def test_a_document_that_is_not_there_any_more(tmp_path: Path) -> None:
    one, two = some(2)
    file = tmp_path / TODAY
    write(tmp_path, one, two)
    with opened(tmp_path) as store:
        assert store.document(one.id)["event"]["id"] == one.id  # type: ignore[index]
        file.rename(tmp_path / "forgewall-2026-11-24.0001.jsonl")
        assert store.document(two.id)["event"]["id"] == two.id  # type: ignore[index]
        (tmp_path / "forgewall-2026-11-24.0001.jsonl").write_bytes(b" " * 10 + line(one) + line(two))
        assert store.document(two.id) is None
        for file in tmp_path.glob("*.jsonl"):
            file.write_bytes(line(one) * 2)
        assert len(line(one)) == len(line(two))
        assert store.document(two.id) is None
        assert store.document("nothing") is None


def test_other_programs_ids_are_taken_as_they_are(tmp_path: Path) -> None:
    events = [at(samples.decision(id=f"event_{n}-x"), NOW) for n in range(3)]
    (tmp_path / TODAY).write_bytes(
        b"".join(line(event).replace(event.id.encode(), f"event_{n}-x".encode()) for n, event in enumerate(events))
    )
    with opened(tmp_path) as store:
        assert ids(store) == ["event_0-x", "event_1-x", "event_2-x"]
        assert store.row("event_1-x") is not None


def run(directory: Path, code: str, *more: str) -> subprocess.Popen[bytes]:
    """Another process that has `directory` and `Store`."""
    start = f"""
        import os, signal, sys
        from pathlib import Path
        import forgewall.review.store.refreshing as refreshing
        import forgewall.review.store.intake as intake
        from forgewall.review.store import Store
        directory = Path({str(directory)!r})
        refreshing._CHUNK, refreshing._WORK, refreshing._GAP = 8000, 0, 0.001
    """
    text = textwrap.dedent(start) + textwrap.dedent(code)
    paths = os.pathsep.join((str(ROOT / "addons"), str(ROOT)))
    return subprocess.Popen([sys.executable, "-c", text, *more], env={**os.environ, "PYTHONPATH": paths})


KILLED_BETWEEN = """
    count = 0
    def progress(done, of):
        global count
        count += 1
        if count == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    Store(directory).refresh(progress)
"""
KILLED_WITHIN = """
    take, count = intake.Intake.take, 0
    def taken(*args):
        global count
        found = take(*args)
        count += 1
        if count == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    intake.Intake.take = taken
    Store(directory).refresh()
"""


@pytest.mark.parametrize("code", [KILLED_BETWEEN, KILLED_WITHIN], ids=["between", "within"])
def test_who_is_killed_leaves_nothing_half_done(code: str, tmp_path: Path, tmp_path_factory: Any) -> None:
    events = some(40)
    write(tmp_path, *events)
    assert run(tmp_path, code).wait() == -signal.SIGKILL
    with Store(tmp_path, clock=lambda: NOW) as store:
        assert 0 < store.count(Filters()) < 40
        store.refresh()
        assert ids(store) == [event.id for event in events]
        same_as_new(store, tmp_path, tmp_path_factory)


def test_several_processes_at_once(tmp_path: Path, tmp_path_factory: Any) -> None:
    events = some(120)
    write(tmp_path, *events[:60])
    others = [run(tmp_path, "for _ in range(30): Store(directory).refresh()") for _ in range(2)]
    with Store(tmp_path, clock=lambda: NOW) as store:
        for number, event in enumerate(events[60:]):
            write(tmp_path, event)
            store.refresh()
            if number % 20 == 0:
                store.triage(Triage(case_id="C-0000000000", state=State.CONFIRMED, by=str(number), at=NOW))
        assert [one.wait() for one in others] == [0, 0]
        assert ids(store) == [event.id for event in events]
        assert len(store.history("C-0000000000")) == 3
        assert store.skipped() == 0
        same_as_new(store, tmp_path, tmp_path_factory)


def test_a_full_disk_loses_nothing(tmp_path: Path, tmp_path_factory: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("forgewall.review.store.refreshing._CHUNK", 20_000)
    monkeypatch.setattr("forgewall.review.store.refreshing._WORK", 0)
    chosen = random.Random(1)
    events = minutes(
        *[samples.decision(request_id=f"{chosen.random()}" * 20, refs=(samples.MAIN,) * 9) for _ in range(60)]
    )
    write(tmp_path, *events)
    with Store(tmp_path, clock=lambda: NOW) as store:
        connection = store._database.connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 12}")
        with pytest.raises(StoreError, match="disk is full: free some space, or keep the index elsewhere"):
            store.refresh()
        assert store.count(Filters()) < 60
        connection.execute("PRAGMA max_page_count = 1000000")
        store.refresh()
        assert ids(store) == [event.id for event in events]
        same_as_new(store, tmp_path, tmp_path_factory)


def test_a_random_life_of_a_log(tmp_path: Path, tmp_path_factory: Any, monkeypatch: Any) -> None:
    """Written, rotated, torn, kept, taken in now and then: in the end the index is as one made at once."""
    monkeypatch.setattr("forgewall.review.store.refreshing._CHUNK", 9000)
    chosen = random.Random(7)
    kinds = [samples.decision, samples.upload, lambda: samples.decision(verdict=samples.WOULD), samples.policy_change]
    with Store(tmp_path, clock=lambda: NOW) as store:
        for step in range(120):
            day = NOW - timedelta(days=4) + timedelta(hours=step)
            log = EventLog(tmp_path, max_bytes=20_000, clock=lambda day=day: day)
            log.write(at(chosen.choice(kinds)(), day))
            log.close()
            files = sorted(tmp_path.glob("*.jsonl"))
            match chosen.randrange(12):
                case 0:
                    with files[-1].open("ab") as file:
                        file.write(b'{"torn')
                case 1 if len(files) > 3:
                    files[0].unlink()
                case 2:
                    data = files[-1].read_bytes()
                    files[-1].write_bytes(data[: chosen.randrange(len(data))])
                case 3 | 4 | 5:
                    store.refresh()
        store.refresh()
        same_as_new(store, tmp_path, tmp_path_factory)
