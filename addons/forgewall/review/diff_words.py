"""A policy in words: each entry and each setting as pairs of a word and what it says, whatever the file looks like.

Two policies that say the same in other orders, quotes and comments are equal here. Nothing is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from forgewall.decide import wording
from forgewall.decide.limits import limit_key, written
from forgewall.decide.policy import Policy, Terms
from forgewall.model import PLAIN_APPROVAL, Action, ContentRules, Depth, Mode, Scrutiny, Visibility
from forgewall.sizes import size

type Words = tuple[tuple[str, str], ...]


def of_terms(terms: Terms, general: Scrutiny) -> Words:
    """What an entry says besides its address; `general` is what holds where it says nothing of uploads."""
    return tuple((word, said) for word, said in _of_terms(terms, general) if said)


def settings(policy: Policy) -> Mapping[str, str]:
    """What a policy says besides its two lists of addresses, by `section/key`; what is absent has no key."""
    return {name: said for name, said in _settings(policy) if said}


def stamp(time: datetime) -> str:
    """A moment as policies write it; a midnight is the day before, its last."""
    time = time.astimezone(UTC)
    if (time.hour, time.minute, time.second, time.microsecond) == (0, 0, 0, 0) and time.year > 1:
        return (time - timedelta(days=1)).date().isoformat()
    return time.isoformat().replace("+00:00", "Z")


def _of_terms(terms: Terms, general: Scrutiny) -> Iterator[tuple[str, str]]:
    scrutiny = terms.scrutiny
    yield "allow", "" if terms.allow == PLAIN_APPROVAL else wording.operations(terms.allow)
    yield "who", ", ".join(terms.who.terms) if terms.who is not None else ""
    seen_by = terms.visibility or ()
    yield "visibility", ", ".join(word.value for word in Visibility if word in seen_by)
    yield "max_upload", size(terms.max_upload) if terms.max_upload is not None else ""
    yield "over", terms.over.value if terms.over is not None else ""
    yield "refs", ", ".join(scrutiny.refs) if scrutiny.refs is not None else ""
    yield "deletes", scrutiny.deletes.value if scrutiny.deletes is not general.deletes else ""
    yield "force", scrutiny.force.value if scrutiny.force is not general.force else ""
    yield "inspect", scrutiny.depth.value if scrutiny.depth is not general.depth else ""
    before = dict(_content(general.content))
    changed = [f"{word}: {said}" for word, said in _content(scrutiny.content) if before.get(word) != said]
    yield "content", ", ".join(changed)
    yield "mode", "" if terms.mode is Mode.ENFORCE else terms.mode.value
    yield "confirmed", stamp(terms.confirmed) if terms.confirmed is not None else ""
    yield "expires", stamp(terms.expires) if terms.expires is not None else ""
    yield "owner", terms.owner
    yield "reason", terms.reason


def _settings(policy: Policy) -> Iterator[tuple[str, str]]:
    defaults, plain = policy.defaults, Scrutiny()
    yield "mode", policy.mode.value
    yield "contact", policy.contact
    yield "request_url", policy.request_url
    if policy.break_glass is not None:
        broken = policy.break_glass
        yield "break_glass", f"until {stamp(broken.until)} by {broken.by}: {broken.reason}"
    for instance in policy.registry.instances:
        port = f", port {instance.port}" if instance.port is not None else ""
        more = ", ".join(part for part in (instance.path, *instance.hosts) if part)
        shared = ", shared address" if instance.shared_address else ""
        yield f"forges/{instance.host}", f"{instance.kind}{port}{more and f', {more}'}{shared}"
    for word in ("reads", "writes", "unidentified", "personal", "auth", "telemetry", "assistants", "other_hosts"):
        yield f"defaults/{word}", str(getattr(defaults, word))
    yield "defaults/ip_literals", ", ".join(sorted(map(str, defaults.ip_literals)))
    yield "defaults/max_upload", size(defaults.max_upload)
    yield "defaults/over", defaults.over.value
    scrutiny = defaults.scrutiny
    yield "defaults/inspect", scrutiny.depth.value if scrutiny.depth is not Depth.FULL else ""
    yield "defaults/deletes", scrutiny.deletes.value if scrutiny.deletes is not plain.deletes else ""
    yield "defaults/force", scrutiny.force.value if scrutiny.force is not plain.force else ""
    for word, said in _content(scrutiny.content):
        yield f"content/{word}", said
    limits: dict[str, list[str]] = {}
    for limit in policy.limits:
        limits.setdefault(limit_key(limit), []).append(f"{written(limit)}, beyond it {limit.over}")
    yield from ((f"limits/{key}", "; ".join(sorted(said))) for key, said in limits.items())
    for name, group in policy.groups.items():
        yield f"groups/{name}", ", ".join(sorted(group.audience.terms)) or "nobody"
    for one, named in policy.ids.items():
        yield f"id/{one.forge}/{one.kind}/{one.text}", named.address
    yield "events/on_error", policy.events.on_error.value
    yield "events/reads", "true" if policy.events.reads else ""
    yield "events/keep", _span(policy.events.keep) if policy.events.keep is not None else ""
    yield "privacy/pseudonymise_users", "true" if policy.privacy.pseudonymise_users else ""


def _span(span: timedelta) -> str:
    return f"{span.days}d" if not span.seconds else f"{span // timedelta(hours=1)}h"


def _content(rules: ContentRules) -> Iterator[tuple[str, str]]:
    yield "secrets", rules.secrets.value
    yield "encrypted", rules.encrypted.value
    yield from ((kind.value, action.value) for kind, action in rules.kinds if action is not Action.ALLOW)
    yield from ((f"paths {place} {glob}", action.value) for place, (glob, action) in enumerate(rules.paths, 1))
