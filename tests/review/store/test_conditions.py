"""What the index finds by filters is what `matches` says of each single row, whatever is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.review.store.sample_log import NOW, line, opened, recorded_events, write

from forgewall.review.case import State, Triage
from forgewall.review.filters import DATASETS, VERDICTS, Filters, matches
from forgewall.review.row import Row
from forgewall.review.store import read_line

WORDS = [
    *("mallory", "push", "git pu", "approved", "loot", "ana", "ANA@acme.example", "größe", "GRÖSSE", "secret", "10.1"),
    *(
        "github.com/Acme/api",
        "mallory loot",
        'x" OR "y',
        "NEAR(a b)",
        "words:push",
        "*",
        "-push",
        "^a",
        "",
        "...",
        "bob",
    ),
    *("NOT push", "a AND b", "backup/all.zip", "eve", "2001:db8::5", "v1.0 fix", "\ud800", "'; DROP TABLE event; --"),
]


def some(*values: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.just(()) | st.lists(st.sampled_from(values), max_size=2).map(tuple)


MOMENTS = st.none() | st.integers(-3600, 5 * 86400).map(lambda ago: NOW - timedelta(seconds=ago))
FILTERS = st.builds(
    Filters,
    since=MOMENTS,
    until=MOMENTS,
    user=some("ana@acme.example", "BOB", "nobody", "acme\\EVE, jr", "\ud800"),
    client=some("10.1.2.3", "10.1.0.0/16", "0.0.0.0/0", "::/0", "2001:db8::/32", "fe80::1", "::ffff:10.1.9.9", "what"),
    forge=some("github", "gitlab.com", "git.acme.example", "bitbucket"),
    address=some("github.com", "github.com/acme", "GitHub.com/ACME/", "gitlab.com/acme/größe", "github.com/acme-evil"),
    operation=some("push", "issue", "fetch"),
    verdict=some(*VERDICTS),
    code=some("unapproved", "forbidden", "approved", "too-large"),
    rule=some("defaults/writes", "FORBIDDEN/github.com/loot", "content/secrets"),
    signal=some("secret", "force", "secretive", "secret:aws-access-token"),
    dataset=some(*DATASETS),
    state=some(*State),
    case_id=some("C-0000000000"),
    alerts=st.booleans(),
    text=st.sampled_from(WORDS) | st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
)


def narrowed(filters: Filters, names: set[str]) -> Filters:
    """`filters` with few things asked, so that something is found."""
    plain = Filters()
    return replace(plain, **{name: getattr(filters, name) for name in names})


NAMES = st.sets(st.sampled_from(list(Filters.__dataclass_fields__)), max_size=3)


class Told:
    """A log, its index, and what `matches` says of each of its rows."""

    def __init__(self, directory: Path, events: list[Any]) -> None:
        write(directory, *events)
        self.store = opened(directory)
        self._words = {event.id: entry.words for event in events if (entry := read_line(line(event))) is not None}
        self.rows = self.store.events(Filters(), limit=1000)
        assert {row.id for row in self.rows} == {event.id for event in events}
        assert [row.time for row in self.rows] == sorted((row.time for row in self.rows), reverse=True)
        cases = self.store.cases(Filters(), limit=1000)
        for case, state in zip(cases, [State.MUTED, State.CONFIRMED, State.OPEN], strict=False):
            self.store.triage(Triage(case_id=case.id, state=state, by="bob", at=NOW))
        self.states = {case.id: case.state for case in self.store.cases(Filters(), limit=1000)}
        assert self.states.keys() == {row.case_id for row in self.rows if row.case_id}

    def fits(self, filters: Filters, row: Row) -> bool:
        return matches(filters, row, words=self._words[row.id], state=self.states.get(row.case_id))

    def check_events(self, filters: Filters) -> None:
        store, wanted = self.store, [row for row in self.rows if self.fits(filters, row)]
        assert store.events(filters, limit=1000) == wanted
        assert store.count(filters) == len(wanted)
        assert store.count(filters, most=2) == min(len(wanted), 2)
        if len(wanted) > 3:
            first, last = wanted[0].id, wanted[3].id
            assert store.events(filters, limit=2, before=first) == wanted[1:3]
            assert store.events(filters, limit=100, before=last, after=first) == []
            assert store.events(filters, limit=100, before=first, after=last) == wanted[1:3]
        decisions = [row.id for row in wanted if row.dataset == "decision"]
        assert [one.event_id for one in store.recorded(filters, newest_first=True)] == decisions

    def check_cases(self, filters: Filters) -> None:
        """Some event fits, whenever it was; the last one lies in the time that is asked for."""
        timeless = replace(filters, since=None, until=None)
        time = Filters(since=filters.since, until=filters.until)
        last = {row.case_id: row for row in reversed(self.rows)}
        wanted = [
            case
            for case, row in sorted(last.items(), key=lambda item: self.rows.index(item[1]))
            if case and matches(time, row) and any(self.fits(timeless, one) for one in self.rows if one.case_id == case)
        ]
        assert [case.id for case in self.store.cases(filters, limit=1000)] == wanted
        assert [case.id for case in self.store.cases(filters, limit=2, offset=1)] == wanted[1:3]
        assert self.store.count_cases(filters) == len(wanted)


@pytest.mark.parametrize("newest", [3, 20_000], ids=["led by an index", "newest first"])
@pytest.mark.parametrize("many", [2, 30_000], ids=["nothing is rare", "all is rare"])
def test_the_index_and_the_filters_agree(newest: int, many: int, monkeypatch: Any, tmp_path_factory: Any) -> None:
    monkeypatch.setattr("forgewall.review.store.finding._NEWEST", newest)
    monkeypatch.setattr("forgewall.review.store.finding._MANY", many)

    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        told = Told(tmp_path_factory.mktemp("log"), data.draw(recorded_events()))
        with told.store:
            for _ in range(8):
                filters = narrowed(data.draw(FILTERS), data.draw(NAMES))
                if told.states and filters.case_id and data.draw(st.booleans()):
                    filters = replace(filters, case_id=(min(told.states),))
                told.check_events(filters)
                told.check_cases(filters)

    check()
