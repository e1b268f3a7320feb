"""Names in a policy that can be taken for others of the same policy, or for plain words. Part of `lint`.

| what | is told if |
|---|---|
| two approved addresses of one forge | they differ only in characters that look alike: `acme-c0rp`, `acme-corp` |
| a host of `forges:` | it looks like another forge's, or its `xn--` form stands for letters that look like ASCII ones |
| users and groups | a word mixes scripts, or looks like another that is named |

Addresses hold ASCII letters only, which `identify.address` sees to; a forbidden address may look like an approved one,
and is forbidden for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from forgewall.decide.complaints import quote
from forgewall.decide.policy import Approval, Policy
from forgewall.decide.remark import Code, Remark
from forgewall.decide.script import disguised, latin, letters, mixed, skeleton

_ASK = "make sure that it is the one you mean"
_PARTS = re.compile(r"[^\W_]+")


def lookalike_addresses(policy: Policy) -> Iterator[Remark]:
    """Approved addresses that look like one that stands before them."""
    seen: dict[str, tuple[str, Approval]] = {}
    told: set[tuple[str, str]] = set()
    for key, entries in policy.approved.items():
        entry = entries[0]
        names = key.split("/")
        shapes = skeleton(entry.address if entry.address.lower() == key else key).split("/")
        shapes[0] = names[0]
        for depth in range(2, len(names) + 1):
            name = "/".join(names[:depth])
            alike, other = seen.setdefault("/".join(shapes[:depth]), (name, entry))
            if alike == name:
                continue
            if (name, alike) not in told:
                told.add((name, alike))
                note = f"{quote(name)} looks like {quote(alike)} in line {other.line}"
                yield Remark(code=Code.LOOK_ALIKE, line=entry.line, message=note, hint=_ASK)
            break


def lookalike_hosts(policy: Policy, lines: Mapping[str, int]) -> Iterator[Remark]:
    """Hosts of `forges:` that are not what they look like; `lines` tells where each stands."""
    known: dict[str, str] = {}
    for host in sorted(policy.registry.forges - lines.keys()):
        known.setdefault(skeleton(host), host)
    for host, line in lines.items():
        labels = [*map(_shown, host.split("."))]
        shown = ".".join(labels)
        if any(map(disguised, labels)):
            note = f"{quote(host)} is shown as {quote(shown)}, with {letters(shown)}"
            yield Remark(code=Code.LOOK_ALIKE, line=line, message=note, hint=_ASK)
        alike = known.setdefault(skeleton(latin(shown)), host)
        if alike != host:
            note = f"{quote(host)} looks like {quote(alike)}"
            yield Remark(code=Code.LOOK_ALIKE, line=line, message=note, hint=_ASK)


def _shown(label: str) -> str:
    """A label of a host name as browsers may show it (RFC 3492); itself if it is no Punycode."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def lookalike_people(policy: Policy) -> Iterator[Remark]:
    """Users and groups whose names aren't what they look like."""
    named: dict[str, int] = {}
    for group in policy.groups.values():
        for word in (group.name, *group.audience.terms):
            named.setdefault(word, group.line)
    for entries in policy.approved.values():
        for entry in entries:
            for word in entry.terms.who.terms if entry.terms.who is not None else ():
                named.setdefault(word, entry.line)
    strange = [word for word in named if not word.isascii()]
    if not strange:
        return
    plain = {word.lower(): word for word in named if word.isascii()}
    for word in strange:
        if (alike := plain.get(latin(word))) is not None:
            note = f"{quote(word)} looks like {quote(alike)} in line {named[alike]}, but holds {letters(word)}"
        elif any(mixed(part) for part in _PARTS.findall(word)):
            note = f"{quote(word)} mixes letters of scripts that nobody writes together: {letters(word)}"
        else:
            continue
        yield Remark(code=Code.LOOK_ALIKE, line=named[word], message=note, hint="type the name anew")
