"""What may become of a CONNECT, and of the first bytes inside it. Pure functions over names; no I/O, no policy entries.

| destination | port | becomes |
|---|---|---|
| forge | its TLS port (443, or the port in `forges:`) | DECRYPT: TLS only, and the SNI must be the forge's name |
| forge | 80 | PLAIN: HTTP/1 only |
| forge's SSH host, or forge on 22 | any | refused, `ssh` |
| forge | any other | refused, `port` |
| public IP address | any | PEEK: the SNI decides; none is refused, unless listed in `ip_literals` |
| any other host | any | TUNNEL, untouched; refused with `other_hosts: block` |

A name in the first bytes that contradicts the CONNECT is refused as `host-mismatch`, whatever the mode: nobody could
say afterwards who was talked to. So is a name that stands for many (Encrypted Client Hello), and a connection under
another name that arrives at a forge's own address (`identify.ranges`). The other refusals turn into a raw tunnel and a
would-block in observe mode, and while the glass is broken.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from forgewall.decide.policy import OtherHosts
from forgewall.decide.protocol import protocol_block
from forgewall.identify.opening import Opening, Protocol
from forgewall.identify.registry import ForgeHost, Role
from forgewall.model import Action, Verdict

if TYPE_CHECKING:
    from forgewall.decide.policy import Policy


CONCEALING = frozenset({"cloudflare-ech.com"})
"""Names that stand in the open part of an Encrypted Client Hello (RFC 9849) for any host of a provider."""


class Passage(StrEnum):
    """How the bytes of a tunnel are treated."""

    DECRYPT = "decrypt"
    PLAIN = "plain"
    PEEK = "peek"
    TUNNEL = "tunnel"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of a tunnel. `verdict` stands where it is refused, or would be but for observe mode."""

    passage: Passage
    verdict: Verdict | None = None
    forge: ForgeHost | None = None


def plan_connect(policy: Policy, host: str, port: int, now: datetime) -> Plan:
    """What becomes of `CONNECT host:port` at `now` (aware). `host` is lower case without trailing dot and brackets."""
    forge = policy.registry.lookup(host)
    if forge is None:
        return _plan_other(policy, host, now)
    if forge.role is Role.SSH or port == 22:
        return _refusal(
            policy, now, "ssh", f"{host}:{port} speaks SSH, and what goes through SSH can't be checked", forge
        )
    if port == forge.tls_port:
        return Plan(passage=Passage.DECRYPT, forge=forge)
    if port == 80:
        return Plan(passage=Passage.PLAIN, forge=forge)
    reason = f"{host} is a code forge, and only its ports {forge.tls_port} (HTTPS) and 80 (HTTP) are open, not {port}"
    return _refusal(policy, now, "port", reason, forge)


def _plan_other(policy: Policy, host: str, now: datetime) -> Plan:
    verdict = other_host(policy, host, now)
    if verdict.action is Action.BLOCK:
        return Plan(passage=Passage.REFUSE, verdict=verdict)
    if verdict.would_action is not None:
        return Plan(passage=Passage.TUNNEL, verdict=verdict)
    if is_public_ip(host) and not _listed(policy, host):
        return Plan(passage=Passage.PEEK)
    return Plan(passage=Passage.TUNNEL)


def other_host(policy: Policy, host: str, now: datetime) -> Verdict:
    """What becomes of a request to a host that is no forge, at `now` (aware)."""
    rule, reference = "defaults/other_hosts", policy.default_reference("other_hosts")
    blocked = policy.defaults.other_hosts is OtherHosts.BLOCK
    would = blocked and policy.observing(now)
    done = "refuses connections to it" if blocked else "lets connections to it pass unread"
    return Verdict(
        action=Action.LOG if would else Action.BLOCK if blocked else Action.ALLOW,
        code="other-host",
        rule=rule,
        reference=reference,
        reason=f"{host} is no code forge, and `other_hosts: {policy.defaults.other_hosts}` {done}",
        would_action=Action.BLOCK if would else None,
    )


def plan_opening(policy: Policy, host: str, plan: Plan, opening: Opening, now: datetime) -> Plan:
    """What becomes of a planned tunnel to `host` now that its first bytes are known, at `now` (aware)."""
    if plan.passage is Passage.DECRYPT:
        return _forge_tls(policy, host, plan, opening, now)
    if plan.passage is Passage.PLAIN:
        return _forge_plain(policy, host, plan, opening, now)
    if opening.problem is not None:
        return _mismatch(f"{opening.problem}, so nobody can tell where this connection to {host} leads")
    if opening.name in CONCEALING:
        return _mismatch(f"the connection to {host} hides which host it is meant for (Encrypted Client Hello)")
    named = policy.registry.lookup(opening.name) if opening.name else None
    if plan.passage is Passage.PEEK:
        return _ip_literal(policy, host, opening, named, now)
    if named is not None and opening.name != host:  # its own name is there where observe mode relays a forge
        return _mismatch(f"the connection was opened to {host}, but inside it asks for {opening.name}", named)
    return plan


def _forge_tls(policy: Policy, host: str, plan: Plan, opening: Opening, now: datetime) -> Plan:
    if opening.protocol is Protocol.SSH:
        return _refusal(policy, now, "ssh", f"SSH to {host} can't be checked", plan.forge)
    if opening.protocol is not Protocol.TLS:
        return _refusal(policy, now, "not-tls", f"this port of {host} takes TLS only", plan.forge)
    if opening.problem is not None:
        return _mismatch(f"{opening.problem}, so it can't be compared with {host}", plan.forge)
    if opening.name is None:
        return _mismatch(f"the TLS ClientHello names no server, so it can't be compared with {host}", plan.forge)
    if opening.name != host:
        return _mismatch(f"the connection was opened to {host}, but inside it asks for {opening.name}", plan.forge)
    return plan


def _forge_plain(policy: Policy, host: str, plan: Plan, opening: Opening, now: datetime) -> Plan:
    if opening.protocol is Protocol.HTTP1 and opening.problem is None:
        return plan  # each request's Host is compared by the HTTP layer
    if opening.protocol is Protocol.SSH:
        return _refusal(policy, now, "ssh", f"SSH to {host} can't be checked", plan.forge)
    return _refusal(policy, now, "not-http", f"port 80 of {host} takes HTTP/1 only", plan.forge)


def _ip_literal(policy: Policy, host: str, opening: Opening, named: ForgeHost | None, now: datetime) -> Plan:
    if opening.protocol is Protocol.TLS and opening.name is not None and not is_ip(opening.name):
        return Plan(passage=Passage.DECRYPT, forge=named) if named else Plan(passage=Passage.TUNNEL)
    if opening.protocol is Protocol.SSH:
        return _refusal(policy, now, "ssh", f"SSH to the bare address {host} can't be checked", None)
    if named is not None:
        return _mismatch(f"the connection was opened to {host}, but inside it asks for {opening.name}", named)
    return _mismatch(f"the connection goes to the bare address {host} and names no server; `ip_literals` may list it")


def misled(host: str, forge: str) -> Verdict:
    """The verdict on a connection to `host`, no forge's name, that arrived at an address of `forge`."""
    return protocol_block("host-mismatch", f"{host} leads to an address of {forge}; use the name {forge} instead")


def _refusal(policy: Policy, now: datetime, code: str, reason: str, forge: ForgeHost | None) -> Plan:
    return _observed(policy, now, protocol_block(code, reason), forge)


def _mismatch(reason: str, forge: ForgeHost | None = None) -> Plan:
    return Plan(passage=Passage.REFUSE, verdict=protocol_block("host-mismatch", reason), forge=forge)


def _observed(policy: Policy, now: datetime, verdict: Verdict, forge: ForgeHost | None) -> Plan:
    if not policy.observing(now):
        return Plan(passage=Passage.REFUSE, verdict=verdict, forge=forge)
    would = replace(verdict, action=Action.LOG, would_action=Action.BLOCK)
    return Plan(passage=Passage.TUNNEL, verdict=would, forge=forge)


def is_ip(host: str) -> bool:
    """Whether `host` is an IP address in any spelling that a resolver takes for one (`0x7f.1`, `2130706433`)."""
    return parse_ip(host) is not None


def is_public_ip(host: str) -> bool:
    """Whether `host` is an IP address that is reached over the internet."""
    address = parse_ip(host)
    return address is not None and address.is_global


def parse_ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `host` spells, with IPv4 in its historic forms (inet_aton) and IPv4-mapped IPv6 unwrapped."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _inet_aton(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+", re.ASCII)


def _inet_aton(host: str) -> ipaddress.IPv4Address | None:
    """Historic spellings: 1 to 4 parts, each decimal, octal (0…) or hexadecimal (0x…); the last fills the rest."""
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        numbers = [int(p, 16 if p[:2] in ("0x", "0X") else 8 if p[:1] == "0" and len(p) > 1 else 10) for p in parts]
    except ValueError:  # an 8 or 9 in an octal number, or more digits than int() takes
        return None
    *heads, last = numbers
    if any(not 0 <= n <= 255 for n in heads) or not 0 <= last < 256 ** (5 - len(parts)):
        return None
    value = last
    for index, number in enumerate(heads):
        value += number << (24 - 8 * index)
    return ipaddress.IPv4Address(value)


def _listed(policy: Policy, host: str) -> bool:
    address = parse_ip(host)
    return address is not None and any(address in network for network in policy.ip_literals)
