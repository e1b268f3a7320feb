"""The parts of an ECS document that tell who talked to whom and which request went over the wire.

`url` is redacted here, because only here path and query are still apart; all other strings are left to `record.ecs`.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from forgewall.model import Subject
from forgewall.record import domain, redact
from forgewall.record.event import Exchange

type Document = dict[str, Any]

_LONG = 2**63 - 1
_PRODUCT = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,63})/([0-9][0-9A-Za-z.+-]{0,63})")


def parties(subject: Subject, exchange: Exchange | None) -> Document:
    """`source`, `user`, `destination` and `related`."""
    client = ip_of(subject.client)
    body: Document = {
        "source": {"address": subject.client, "ip": client, "port": _port(subject.port)},
        "user": {"name": subject.user} if subject.user else None,
    }
    ips, hosts = [client] if client else [], []
    if exchange is not None:
        server = ip_of(exchange.host)
        body["destination"] = {"address": exchange.host, "port": _port(exchange.port)}
        if server:
            body["destination"]["ip"] = server
            ips.append(server)
        else:
            body["destination"]["domain"] = exchange.host
            hosts.append(exchange.host)
    body["related"] = {"ip": ips, "hosts": hosts, "user": [subject.user] if subject.user else []}
    return body


def wire(exchange: Exchange, request_id: str | None) -> Document:
    """`http`, `url`, `user_agent` and `tls`."""
    registered, suffix = domain.split(exchange.host)
    url: Document = {
        "scheme": exchange.scheme,
        "domain": exchange.host,
        "registered_domain": registered,
        "top_level_domain": suffix,
        "port": _port(exchange.port),
    }
    if exchange.path is not None:
        path, query = redact.request_target(exchange.path)
        usual = {"https": 443, "http": 80}.get(exchange.scheme) == exchange.port
        host = f"[{exchange.host}]" if ":" in exchange.host else exchange.host
        authority = host if usual else f"{host}:{exchange.port}"
        tail = f"?{query}" if query is not None else ""
        url |= {"path": path, "query": query, "full": f"{exchange.scheme}://{authority}{path}{tail}"}
    agent = exchange.user_agent
    product = _PRODUCT.match(agent) if agent else None
    return {
        "http": {
            "version": exchange.http_version,
            "request": {"id": request_id, "method": exchange.method, "mime_type": exchange.mime_type},
        },
        "url": url,
        "user_agent": {
            "original": agent,
            "name": product[1] if product else None,
            "version": product[2] if product else None,
        },
        "tls": {"client": {"server_name": exchange.server_name}},
    }


def long(number: int | None) -> int | None:
    """`number` if it fits the type `long`, which is what a hostile Content-Length needn't do."""
    return number if number is not None and 0 <= number <= _LONG else None


def stamp(time: datetime) -> str | None:
    """RFC 3339 in UTC with milliseconds; None for a time that UTC's calendar has no place for."""
    try:
        return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        return None


def _port(number: int) -> int | None:
    return number if 0 < number < 65536 else None


@lru_cache(maxsize=4096)
def ip_of(value: str) -> str | None:
    """`value` as an address without zone, since the type `ip` has none; None if it's no address."""
    try:
        return str(ipaddress.ip_address(value.partition("%")[0]))
    except ValueError:
        return None
