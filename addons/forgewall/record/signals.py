"""The suspicious facts of a request and of an upload as single words, which searches and analytics count on:
`secret:aws-access-token`.

Not here: judging them. A signal says what is there, not whether it is forbidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from forgewall.evidence import Evidence, FileKind, RefAction
from forgewall.model import Effect, Move, Target, Visibility
from forgewall.record.event import Decision, Exchange, Objection

LONG_QUERY = 4 * 1024
"""Characters of a read's query beyond which it may well carry data out."""
LARGE_HEAD = 16 * 1024
"""Bytes of a read's head beyond which it may; browsers with many cookies stay below."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_COPIED_FROM = frozenset({"source", "parent"})
_QUIET = frozenset({FileKind.MEDIA, FileKind.TEXT, FileKind.OTHER})


def signals(evidence: Evidence, objections: Iterable[Objection] = ()) -> tuple[str, ...]:
    """Each once: `encrypted`, a kind of file, `secret:RULE`, `force`, `delete`, `push-option`, `unread`.

    What rules of the policy objected to adds the words of `objections`, such as `path` and `ref`.
    """
    found = [
        *(["encrypted"] if evidence.encrypted else []),
        *(kind.value for kind, _ in evidence.kinds if kind not in _QUIET),
        *(f"secret:{secret.rule}" for secret in evidence.secrets),
        *(["force"] if evidence.forced else []),
        *(["delete"] if any(ref.action is RefAction.DELETE for ref in evidence.refs) else []),
        *(["push-option"] if evidence.push_options else []),
        *(["unread"] if evidence.unread else []),
        *(said.signal for said in objections if said.signal not in {"", "secret"}),
    ]
    return tuple(dict.fromkeys(found))


def noticed(event: Decision) -> tuple[str, ...]:
    """What the request itself shows, each once: `long-query`, `large-head`, `public-repository`, `moved`.

    The first two on reads, where the forge needs no such length; the others on writes.
    """
    found = _carried(event.exchange, event.target)
    if event.target is not None:
        places = [(event.target.effect, event.target.visibility, event.target.moved), *_seconds(event.target)]
        written = [place for place in places if place[0] is Effect.WRITE]
        if any(visibility is Visibility.PUBLIC for _, visibility, _ in written):
            found.append("public-repository")
        if any(move is not None for _, _, move in written):
            found.append("moved")
    return tuple(found)


def _carried(exchange: Exchange, target: Target | None) -> list[str]:
    """How much a read says besides its path."""
    if exchange.method not in _READS and (target is None or target.effect is not Effect.READ):
        return []
    query = (exchange.path or "").partition("?")[2]
    found = ["long-query"] if len(query) > LONG_QUERY else []
    return [*found, "large-head"] if (exchange.head_bytes or 0) > LARGE_HEAD else found


def _seconds(target: Target) -> Iterator[tuple[Effect, Visibility | None, Move | None]]:
    """The effect on each further repository, who can see it, and where it went."""
    for also in target.also:
        if also.operation is not None:
            effect = also.operation.effect
        else:
            effect = Effect.READ if also.role in _COPIED_FROM else Effect.WRITE
        yield effect, also.visibility, also.moved
