"""The sections of the policy that aren't lists of addresses: `defaults`, `events`, `privacy`, `forges`, `groups`,
`request_url`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_network

from forgewall.decide.audience import Group, audience, network_of
from forgewall.decide.complaints import Complaints, nearest, quote
from forgewall.decide.document import Node, Scalar
from forgewall.decide.fields import Fields
from forgewall.decide.policy import Defaults, EventSettings, Network, OtherHosts, Privacy, Reads
from forgewall.decide.request_url import wrong_with
from forgewall.decide.scrutiny import SCRUTINY_KEYS, default_scrutiny
from forgewall.identify.registry import Instance, Registry
from forgewall.model import Action, Kind

DEFAULT_KEYS = (
    "reads",
    "writes",
    "unidentified",
    "personal",
    "auth",
    "telemetry",
    "assistants",
    "other_hosts",
    "ip_literals",
    "max_upload",
    "over",
    *SCRUTINY_KEYS,
)
EVENT_KEYS = ("on_error", "reads", "keep")
PRIVACY_KEYS = ("pseudonymise_users",)
FORGE_KEYS = ("host", "kind", "port", "path", "hosts", "shared_address")

ALLOW_OR_BLOCK = (Action.ALLOW, Action.BLOCK)
BLOCK_OR_LOG = (Action.BLOCK, Action.LOG)

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z", re.I | re.A)
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\Z", re.ASCII)


def defaults(node: Node | None, complaints: Complaints) -> Defaults:
    """The section `defaults:`; what it leaves out keeps its built-in value."""
    if node is None:
        return Defaults(lines={})
    fields = Fields(complaints)
    pairs = fields.mapping(node, "`defaults`", DEFAULT_KEYS)

    def word[Choice: StrEnum](key: str, choices: tuple[Choice, ...], otherwise: Choice) -> Choice:
        found = fields.word(pairs[key][1], f"`{key}`", choices) if key in pairs else None
        return otherwise if found is None else found

    size = fields.size(pairs["max_upload"][1], "`max_upload`") if "max_upload" in pairs else None
    plain = Defaults(lines={})
    return Defaults(
        reads=word("reads", tuple(Reads), plain.reads),
        writes=word("writes", tuple(Action), plain.writes),
        unidentified=word("unidentified", tuple(Action), plain.unidentified),
        personal=word("personal", ALLOW_OR_BLOCK, plain.personal),
        auth=word("auth", ALLOW_OR_BLOCK, plain.auth),
        telemetry=word("telemetry", ALLOW_OR_BLOCK, plain.telemetry),
        assistants=word("assistants", tuple(Action), plain.assistants),
        other_hosts=word("other_hosts", tuple(OtherHosts), plain.other_hosts),
        ip_literals=_literals(pairs["ip_literals"][1], fields) if "ip_literals" in pairs else plain.ip_literals,
        max_upload=plain.max_upload if size is None else size,
        over=word("over", BLOCK_OR_LOG, plain.over),
        scrutiny=default_scrutiny(pairs, fields),
        lines={key: pair[0].line for key, pair in pairs.items()},
    )


def _literals(node: Node, fields: Fields) -> tuple[Network, ...]:
    networks = []
    for scalar in fields.words(node, "`ip_literals`"):
        try:
            if network_of(scalar.text) is None:
                raise ValueError("it is neither an IP address nor a network such as 10.4.0.0/16")
            networks.append(ip_network(scalar.text))
        except ValueError as error:
            fields.complaints.add(scalar, f"{quote(scalar.text)} can't stand in `ip_literals`: {error}")
    return tuple(networks)


def events(node: Node | None, complaints: Complaints) -> EventSettings:
    """The section `events:`."""
    if node is None:
        return EventSettings()
    fields = Fields(complaints)
    pairs = fields.mapping(node, "`events`", EVENT_KEYS)
    on_error = fields.word(pairs["on_error"][1], "`on_error`", ALLOW_OR_BLOCK) if "on_error" in pairs else None
    reads = fields.truth(pairs["reads"][1], "`reads`") if "reads" in pairs else None
    keep = fields.duration(pairs["keep"][1], "`keep`") if "keep" in pairs else None
    if keep is not None and keep.total_seconds() < 3600:
        fields.complaints.add(pairs["keep"][1], "`keep` is shorter than an hour", "write a duration such as 90d")
    return EventSettings(on_error=on_error or Action.BLOCK, reads=bool(reads), keep=keep)


def privacy(node: Node | None, complaints: Complaints) -> Privacy:
    """The section `privacy:`."""
    if node is None:
        return Privacy()
    fields = Fields(complaints)
    pairs = fields.mapping(node, "`privacy`", PRIVACY_KEYS)
    key = "pseudonymise_users"
    return Privacy(pseudonymise_users=bool(fields.truth(pairs[key][1], f"`{key}`") if key in pairs else None))


def request_url(node: Node | None, complaints: Complaints) -> str:
    """Where people ask for an approval, as a template; '' where it isn't said."""
    if node is None:
        return ""
    text = Fields(complaints).text(node, "`request_url`")
    if text is None:
        return ""
    wrong, hint = wrong_with(text)
    if wrong:
        complaints.add(node, wrong, hint)
    return "" if wrong else text


def registry(node: Node | None, complaints: Complaints, hosts: dict[str, int] | None = None) -> Registry:
    """The section `forges:`: the known forges together with the company's own ones.

    `hosts` is filled with the hosts it names, and the line of each.
    """
    built_in = Registry.build()
    if node is None:
        return built_in
    fields = Fields(complaints)
    instances: list[Instance] = []
    seen = {} if hosts is None else hosts
    for item in fields.listing(node, "`forges`"):
        pairs = fields.mapping(item, "an entry of `forges`", FORGE_KEYS)
        missing = [key for key in ("host", "kind") if key not in pairs]
        if missing:
            if not isinstance(item, Scalar) or not item.empty:
                complaints.add(item, f"an entry of `forges` has no `{missing[0]}`", "write host: and kind:")
            continue
        before = len(complaints.problems)
        instance = _instance(pairs, fields)
        if instance is None:
            continue
        nodes = [pairs["host"][1], *(fields.listing(pairs["hosts"][1], "`hosts`") if "hosts" in pairs else ())]
        for place, host in zip(nodes, (instance.host, *instance.hosts), strict=False):
            if host in seen:
                complaints.add(place, f"{quote(host)} is a forge already in line {seen[host]}", "remove one")
            elif (known := built_in.lookup(host)) is not None:
                hint = "remove it; `forges` is for the company's own"
                complaints.add(place, f"{quote(host)} is known already as a host of {known.forge}", hint)
            seen.setdefault(host, place.line)
        if len(complaints.problems) == before:
            instances.append(instance)
            try:
                Registry.build(instances)
            except ValueError as error:
                complaints.add(item, f"this forge can't be used: {error}")
                instances.pop()
    return Registry.build(instances)


def _instance(pairs: Mapping[str, tuple[Scalar, Node]], fields: Fields) -> Instance | None:
    host = _host(pairs["host"][1], "`host`", fields)
    kind = fields.word(pairs["kind"][1], "`kind`", tuple(Kind))
    port = fields.whole(pairs["port"][1], "`port`", 1, 65535) if "port" in pairs else None
    path = _path(pairs["path"][1], fields) if "path" in pairs else ""
    names = fields.words(pairs["hosts"][1], "`hosts`") if "hosts" in pairs else ()
    more = [_host(scalar, "`hosts`", fields) for scalar in names]
    shared = fields.truth(pairs["shared_address"][1], "`shared_address`") if "shared_address" in pairs else False
    if host is None or kind is None or None in more:
        return None
    return Instance(
        kind=kind,
        host=host,
        port=port,
        path=path,
        hosts=tuple(name for name in more if name),
        shared_address=bool(shared),
    )


def _host(node: Node, name: str, fields: Fields) -> str | None:
    text = fields.text(node, name)
    if text is None:
        return None
    if "://" in text:
        hint = f"write {text.partition('://')[2].partition('/')[0]}"
        fields.complaints.add(node, f"{name} is {quote(text)}, but only a host name is wanted", hint)
    elif "/" in text or ":" in text:
        hint = "a port goes to `port:`, a path to `path:`"
        fields.complaints.add(node, f"{name} is {quote(text)}, but only a host name is wanted", hint)
    elif len(text) > 253 or not _HOST.match(text) or "." not in text:
        hint = "write it as in git.acme.example; other scripts in their xn-- form, no wildcards"
        fields.complaints.add(node, f"{name} is {quote(text)}, which is not a full host name", hint)
    else:
        return text.lower()
    return None


def _path(node: Node, fields: Fields) -> str:
    text = fields.text(node, "`path`")
    if text is None:
        return ""
    stripped = text.rstrip("/")
    if stripped and not _PATH.match(stripped):
        fields.complaints.add(node, f"`path` is {quote(text)}, which is not a path such as /gitlab")
        return ""
    return stripped


def groups(node: Node | None, complaints: Complaints) -> dict[str, Group]:
    """The section `groups:`: names for users and networks. A group can't hold another group."""
    if node is None:
        return {}
    fields = Fields(complaints)
    pairs = fields.pairs(node, "`groups`", "as in `oss: [ana@acme.example, 10.4.0.0/16]`")
    found = {}
    for name, (key, members) in pairs.items():
        if _like_a_network(name) or not name.strip():
            complaints.add(key, f"{quote(name)} can't be the name of a group", "use a word such as `oss`")
            continue
        terms = []
        for scalar in fields.words(members, f"group {quote(name)}"):
            if scalar.text in pairs:
                complaints.add(
                    scalar, f"{quote(scalar.text)} is a group, and a group can't hold a group", "list its members"
                )
            elif check_term(scalar, complaints):
                terms.append(scalar.text)
        found[name] = Group(name=name, line=key.line, audience=audience(terms, {}))
    return found


def _like_a_network(term: str) -> bool:
    """Whether `term` is, or looks like, an IP address or network."""
    try:
        return network_of(term) is not None
    except ValueError:
        return True


def check_term(scalar: Scalar, complaints: Complaints, known: Mapping[str, Group] | None = None) -> bool:
    """Whether a word of `who:` or of a group can be used; complains if not."""
    text = scalar.text
    if not text.isprintable() or text != text.strip() or " " in text:
        complaints.add(scalar, f"{quote(text)} is no user, group, address or network", "list them one by one")
        return False
    if any(char in text for char in "*?"):
        complaints.add(scalar, f"{quote(text)} holds a wildcard, and there are none", "name a group or a network")
        return False
    try:
        network_of(text)
    except ValueError as error:
        complaints.add(scalar, f"{quote(text)} can't be used: {error}", nearest(text, known or ()))
        return False
    return True
