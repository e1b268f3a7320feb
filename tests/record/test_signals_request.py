"""What the request itself shows, before anything is known of its body."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.record import samples

from forgewall.model import Also, Operation, Target, Visibility
from forgewall.record.ecs import document
from forgewall.record.event import Exchange
from forgewall.record.signals import LARGE_HEAD, LONG_QUERY, noticed

READ = replace(samples.TARGET, operation=Operation.FETCH, effect=Operation.FETCH.effect)
UNCLEAR = replace(samples.TARGET, operation=Operation.UNIDENTIFIED, effect=Operation.UNIDENTIFIED.effect)
GET = replace(samples.EXCHANGE, method="GET", path="/search?q=x", head_bytes=900)


def asking(query: int, head: int = 900) -> Exchange:
    return replace(GET, path="/search?" + "q" * query, head_bytes=head)


def second(role: str, visibility: Visibility | None, operation: Operation | None = None) -> Also:
    return replace(samples.SECOND, role=role, visibility=visibility, operation=operation, moved=None)


PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE
PUSH = samples.TARGET


@pytest.mark.parametrize(
    ("exchange", "target", "found"),
    [
        (GET, READ, ()),
        (asking(LONG_QUERY), READ, ()),
        (asking(LONG_QUERY + 1), READ, ("long-query",)),
        (asking(LONG_QUERY + 1, LARGE_HEAD + 1), READ, ("long-query", "large-head")),
        (asking(LONG_QUERY * 3), UNCLEAR, ("long-query",)),  # too long to be taken for a read
        (asking(0, LARGE_HEAD), READ, ()),
        (asking(0, LARGE_HEAD + 1), None, ("large-head",)),
        (replace(GET, head_bytes=None, path=None), READ, ()),
        (replace(asking(LONG_QUERY * 2, LARGE_HEAD * 2), method="POST"), PUSH, ()),
        (replace(asking(LONG_QUERY * 2), method="POST"), READ, ("long-query",)),
        (GET, replace(READ, visibility=PUBLIC, moved=samples.MOVE), ()),
        (samples.EXCHANGE, replace(PUSH, visibility=PRIVATE), ()),
        (samples.EXCHANGE, replace(PUSH, visibility=PUBLIC), ("public-repository",)),
        (samples.EXCHANGE, replace(PUSH, moved=samples.MOVE), ("moved",)),
        (samples.EXCHANGE, replace(PUSH, also=(second("source", PUBLIC),)), ()),
        (samples.EXCHANGE, replace(PUSH, also=(second("destination", PUBLIC),)), ("public-repository",)),
        (samples.EXCHANGE, replace(PUSH, also=(second("second", PUBLIC, Operation.STAR),)), ()),
        (samples.EXCHANGE, replace(PUSH, also=(second("second", PUBLIC, Operation.ISSUE),)), ("public-repository",)),
        (samples.EXCHANGE, replace(PUSH, also=(replace(samples.SECOND, visibility=None),)), ("moved",)),
    ],
)
def test_each_fact_is_one_word(exchange: Exchange, target: Target | None, found: tuple[str, ...]) -> None:
    assert noticed(samples.decision(exchange=exchange, target=target)) == found


def test_they_stand_in_the_decision_and_in_the_end_of_its_upload() -> None:
    decision = samples.decision(target=replace(PUSH, visibility=PUBLIC))
    assert document(decision)["forgewall"]["signals"] == ["public-repository"]
    upload = samples.upload(decision=decision, signals=("encrypted", "public-repository"))
    assert document(upload)["forgewall"]["signals"] == ["public-repository", "encrypted"]
