"""What readers ask of the index, one question at a time; what they find by filters is `test_conditions`'s."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.record import samples
from tests.review.store.sample_log import NOW, at, line, minutes, opened, write

from forgewall.model import Subject
from forgewall.record.ecs import document
from forgewall.review.filters import Filters, matches
from forgewall.review.store import read_line


def test_an_event_is_found_by_its_id_or_its_beginning(tmp_path: Path) -> None:
    first, second = minutes(samples.decision(), samples.decision())
    first, second = replace(first, id="01ABCDEFGH" + "0" * 15 + "1"), replace(second, id="01ABCDEFGH" + "0" * 15 + "2")
    write(tmp_path, first, second)
    with opened(tmp_path) as store:
        for name in (first.id, first.id.lower()):
            row = store.row(name)
            assert row is not None
            assert row.id == first.id
        assert store.row(first.id[:25]) is None  # two begin so
        assert store.row("01ABCDEFG%") is None
        assert store.row("") is None
        assert store.row("é" * 30) is None
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", first)
    with opened(tmp_path / "other") as store:
        assert store.row(first.id[:8].lower()) is not None
        assert store.row(first.id[:7]) is None


def test_the_whole_event_as_the_log_has_it(tmp_path: Path) -> None:
    event = at(samples.upload(evidence=samples.EVIDENCE), NOW)
    write(tmp_path, event)
    with opened(tmp_path) as store:
        assert store.document(event.id) == document(event)


def test_all_events_of_one_request(tmp_path: Path) -> None:
    allowed = samples.decision(verdict=samples.ALLOW, request_id="r-7")
    events = minutes(allowed, samples.decision(), samples.upload(decision=allowed), samples.fault(request_id="r-7"))
    write(tmp_path, *events)
    with opened(tmp_path) as store:
        assert [row.id for row in store.of_request("r-7")] == [events[n].id for n in (0, 2, 3)]
        assert store.of_request("") == []
        assert store.of_request("nothing") == []


def test_pages_go_on_where_the_last_one_ended_even_when_that_event_is_gone(tmp_path: Path) -> None:
    old = at(samples.decision(), NOW)
    later = [at(samples.decision(), NOW) for _ in range(4)]
    write(tmp_path, *later)
    with opened(tmp_path) as store:
        (middle,) = store.events(Filters(), limit=1, before=later[2].id)
        assert middle.id == later[1].id
        assert store.events(Filters(), limit=9, before="nonsense") == []
        assert store.events(Filters(), limit=9, after="nonsense") == []
        assert store.events(Filters(), limit=0) == []
        assert store.events(Filters(), limit=-1) == []
        assert store.cases(Filters(), limit=-1) == []
    assert old.id < later[0].id


def test_names_of_users_with_anything_in_them(tmp_path: Path) -> None:
    names = ["O'Brien; --", 'a"b', "%", "_", "ünal", "a\\b", "a,b", "<b>", "ⓐdmin"]
    write(tmp_path, *minutes(*[samples.decision(subject=Subject(client="10.0.0.1", user=name)) for name in names]))
    with opened(tmp_path) as store:
        for name in names:
            (row,) = store.events(Filters(user=(name.upper(),)), limit=5)
            assert row.user == name


def test_several_threads_take_turns(tmp_path: Path) -> None:
    write(tmp_path, *minutes(*[samples.decision() for _ in range(20)]))
    with opened(tmp_path) as store:
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.extend(len(store.events(Filters(), limit=50)) for _ in range(20)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for _ in range(10):
            store.refresh()
        for thread in threads:
            thread.join()
        assert found == [20] * 80


def test_a_line_that_is_followed_is_judged_like_the_index_does(tmp_path: Path) -> None:
    event = at(samples.upload(evidence=samples.EVIDENCE), NOW)
    entry = read_line(line(event))
    assert entry is not None
    write(tmp_path, event)
    with opened(tmp_path) as store:
        assert store.events(Filters(), limit=1) == [replace(entry.row, case_id=entry.case_id)]
        for text in ("backup all.zip", "ana@acme", "fix export", "zebra"):
            filters = Filters(text=text)
            assert bool(store.events(filters, limit=1)) == matches(filters, entry.row, words=entry.words)


def test_an_address_ends_with_a_segment(tmp_path: Path) -> None:
    names = ("acme", "acmeinc", "acme-evil", "acme.x", "acme~")
    targets = [
        replace(samples.TARGET, address=f"github.com/{name}/api", key=f"github.com/{name}/api") for name in names
    ]
    write(tmp_path, *minutes(*[samples.decision(target=target) for target in targets]))
    with opened(tmp_path) as store:
        for name in names:
            (row,) = store.events(Filters(address=(f"GitHub.com/{name.upper()}",)), limit=9)
            assert row.address == f"github.com/{name}/api"
        assert store.count(Filters(address=("github.com",))) == 5


def test_a_word_is_found_in_what_was_said_and_in_who_asked(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("forgewall.review.store.finding._NEWEST", 1)
    events = minutes(
        samples.decision(target=replace(samples.TARGET, address="github.com/bob/x", key="github.com/bob/x")),
        samples.decision(subject=Subject(client="10.0.0.1", user="Bob")),
        samples.decision(),
        samples.decision(),
    )
    write(tmp_path, *events)
    with opened(tmp_path) as store:
        assert [row.id for row in store.events(Filters(text="bob"), limit=9)] == [events[1].id, events[0].id]
        assert [row.id for row in store.events(Filters(text="10.0.0.1 mallory"), limit=9)] == [events[1].id]
