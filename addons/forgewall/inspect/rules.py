"""The rules by which credentials are told, as values, and how they are read from TOML in gitleaks' format.

The format is that of gitleaks 8: https://github.com/gitleaks/gitleaks#configuration. What only makes sense for gitleaks
(commits, reports, components of composite rules) is skipped, and an unknown key is no error, so that a file written
for a newer gitleaks still serves. A pattern that can't be used is one: a rule that silently finds nothing is worse
than none. Not here: searching, see `secrets`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

type Table = Mapping[str, object]

TARGETS = ("secret", "match", "line")
"""What an allowlist's `regexes` are compared with; the first is what counts where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowlist:
    """What a rule's match is no secret by: any of these, or with `every` all kinds of criteria that are given.

    `paths` and `regexes` are patterns that are searched for, `stopwords` are words in lower case. `target` is one of
    TARGETS. `rules` names the rules a global list is for; empty for all.
    """

    every: bool = False
    paths: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    target: str = TARGETS[0]
    stopwords: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of credential.

    `group` is the capture group that holds the secret, 0 for the first that took part, or the whole match if there is
    none. A secret's Shannon entropy (bits a character) must be above `entropy`. `keywords` are in lower case, one of
    them must stand near. `path` is a pattern for the file's path, None for any.
    """

    id: str
    regex: str
    group: int = 0
    entropy: float = 0.0
    keywords: tuple[str, ...] = ()
    path: str | None = None
    allowlists: tuple[Allowlist, ...] = ()


def parse(text: str) -> tuple[Rule, ...]:
    """The rules in `text`, each with the global allowlists that are for it.

    Rules without `regex` (by path alone) and with `skipReport` are left out. Raises ValueError with a sentence for
    text that isn't TOML, for a value of the wrong type, a rule named twice, and a file without any rule.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the secret rules are not TOML: {error}") from None
    if table.get("extend"):
        raise ValueError("the secret rules extend others by `extend`; put all rules into one file")
    everywhere = tuple(_allowlists(table, "the file"))
    rules: dict[str, Rule] = {}
    for entry in _tables(table, "rules", "the file"):
        rule = _rule(entry, everywhere)
        if rule is not None:
            if rule.id in rules:
                raise ValueError(f"secret rule `{rule.id}` stands twice in the file")
            rules[rule.id] = rule
    if not rules:
        raise ValueError("the secret rules hold no rule with a `regex`")
    return tuple(rules.values())


def _rule(entry: Table, everywhere: tuple[Allowlist, ...]) -> Rule | None:
    name = _text(entry, "id", "a rule")
    if not name:
        raise ValueError("a secret rule has no `id`")
    where = f"rule `{name}`"
    regex = _text(entry, "regex", where)
    if not regex or entry.get("skipReport") is True:
        return None
    own = tuple(_allowlists(entry, where))
    return Rule(
        id=name,
        regex=regex,
        group=_group(entry, where),
        entropy=_entropy(entry, where),
        keywords=tuple(word.lower() for word in _texts(entry, "keywords", where)),
        path=_text(entry, "path", where) or None,
        allowlists=own + tuple(one for one in everywhere if not one.rules or name in one.rules),
    )


def _allowlists(table: Table, where: str) -> Iterator[Allowlist]:
    """Both spellings: `[allowlist]`, which is older, and `[[allowlists]]`."""
    older = table.get("allowlist")
    entries = [] if older is None else _tables({"allowlist": [older]}, "allowlist", where)
    for entry in [*entries, *_tables(table, "allowlists", where)]:
        target = _text(entry, "regexTarget", where) or TARGETS[0]
        condition = _text(entry, "condition", where).upper()
        if target not in TARGETS:
            raise ValueError(f"secret rules, {where}: `regexTarget` is `{target}`; it is one of {', '.join(TARGETS)}")
        if condition not in {"", "OR", "||", "AND", "&&"}:
            raise ValueError(f"secret rules, {where}: `condition` is `{condition}`; it is OR or AND")
        every = condition in {"AND", "&&"}
        if every and entry.get("commits"):
            continue  # a file in an upload belongs to no commit that anyone has listed
        yield Allowlist(
            every=every,
            paths=_texts(entry, "paths", where),
            regexes=_texts(entry, "regexes", where),
            target=target,
            stopwords=tuple(word.lower() for word in _texts(entry, "stopwords", where)),
            rules=_texts(entry, "targetRules", where),
        )


def _tables(table: Table, key: str, where: str) -> list[Table]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError(f"secret rules, {where}: `{key}` must be a list of tables")
    return cast(list[Table], value)


def _text(table: Table, key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"secret rules, {where}: `{key}` must be a text")
    return value


def _texts(table: Table, key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"secret rules, {where}: `{key}` must be a list of texts")
    return tuple(cast(list[str], value))


def _group(table: Table, where: str) -> int:
    value = table.get("secretGroup", 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"secret rules, {where}: `secretGroup` must be a whole number")
    return value


def _entropy(table: Table, where: str) -> float:
    value = table.get("entropy", 0.0)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"secret rules, {where}: `entropy` must be a number")
    return float(value)
