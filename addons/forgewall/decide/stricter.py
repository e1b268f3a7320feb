"""The stricter of two ways to examine a body, word by word: for a request that writes to two repositories at once.

Not here: which entries these come from (`engine`), and how a body is examined (`forgewall.inspect`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from forgewall.model import Action, ContentRules, Depth, Scrutiny

RANK: Mapping[Action, int] = {Action.ALLOW: 0, Action.LOG: 1, Action.BLOCK: 2}
"""How strict an action is."""
_DEPTHS = {Depth.OFF: 0, Depth.HEADERS: 1, Depth.FULL: 2}


def joined(first: Scrutiny, second: Scrutiny) -> Scrutiny:
    """How a body is examined that both have a say in; one without a rule has none.

    Of two lists of refs only what stands in both remains: a ref that one of them refuses must not pass.
    """
    if not second.rule or first == second:
        return first
    if not first.rule:
        return second
    refs = first.refs if second.refs is None else second.refs
    if first.refs is not None and second.refs is not None:
        refs = tuple(glob for glob in first.refs if glob in second.refs)
    return replace(
        first,
        depth=max(first.depth, second.depth, key=_DEPTHS.__getitem__),
        content=_content(first.content, second.content),
        refs=refs,
        deletes=_stricter(first.deletes, second.deletes),
        force=_stricter(first.force, second.force),
        visibility=first.visibility and second.visibility,
        observing=first.observing and second.observing,
        places=_places(first.places, second.places, _own_words(first), _own_words(second)),
    )


def _content(first: ContentRules, second: ContentRules) -> ContentRules:
    if first == second:
        return first
    mine, theirs = _words(first), _words(second)
    kinds = dict(first.kinds)
    for kind, action in second.kinds:
        kinds[kind] = _stricter(kinds.get(kind, Action.ALLOW), action)
    return replace(
        first,
        secrets=_stricter(first.secrets, second.secrets),
        encrypted=_stricter(first.encrypted, second.encrypted),
        kinds=tuple(kinds.items()),
        paths=_paths(first.paths, second.paths),
        places=_places(first.places, second.places, mine, theirs),
    )


def _paths(
    first: tuple[tuple[str, Action], ...], second: tuple[tuple[str, Action], ...]
) -> tuple[tuple[str, Action], ...]:
    """Globs of both. The first that matches decides, so one that lets pass can't stand before the other's."""
    if first == second:
        return first
    found: dict[str, Action] = {}
    for wanted in (Action.BLOCK, Action.LOG):
        for glob, action in (*first, *second):
            if action is wanted:
                found.setdefault(glob, action)
    return tuple(found.items())


def _places(
    first: tuple[tuple[str, str, str], ...],
    second: tuple[tuple[str, str, str], ...],
    mine: Mapping[str, Action],
    theirs: Mapping[str, Action],
) -> tuple[tuple[str, str, str], ...]:
    """Where each word stands whose action counts."""
    allow = Action.ALLOW
    places = {place[0]: place for place in first}
    for place in second:
        word = place[0]
        if word not in places or RANK[theirs.get(word, allow)] > RANK[mine.get(word, allow)]:
            places[word] = place
    return tuple(places.values())


def _words(rules: ContentRules) -> dict[str, Action]:
    kinds = {kind.value: action for kind, action in rules.kinds}
    return {"secrets": rules.secrets, "encrypted": rules.encrypted, **kinds, **dict(rules.paths)}


def _own_words(scrutiny: Scrutiny) -> dict[str, Action]:
    return {"deletes": scrutiny.deletes, "force": scrutiny.force}


def _stricter(first: Action, second: Action) -> Action:
    return first if RANK[first] >= RANK[second] else second
