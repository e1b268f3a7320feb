"""Who sends a request: from where, whether encrypted, in which session. Headers of proxies that aren't trusted go."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from starlette.types import Scope

from forgewall.errors import ForgewallError
from forgewall.review.console import cookies
from forgewall.review.console.hosts import name_of
from forgewall.review.console.parts import Parts
from forgewall.review.console.proxies import FORWARDED, HeaderError, TrustedProxies, is_loopback
from forgewall.review.console.sessions import Session
from forgewall.review.person import Person

_NUMBER = re.compile(r"[0-9a-f]{64}")


class Refused(ForgewallError):
    """A request that isn't served, whoever sends it."""

    def __init__(self, status: int, heading: str, sentence: str) -> None:
        self.status = status
        self.heading = heading
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """`client` is an address. `session` is None if nobody is signed in; `new_session`: its cookie isn't set yet.

    `form_number` is what the sign-in form is bound to, `new_form_number`: its cookie isn't set yet.
    """

    client: str
    secure: bool
    session: Session | None
    new_session: bool
    form_number: str
    new_form_number: bool


def recognise(scope: Scope, parts: Parts) -> Caller:
    """Who sends the request of `scope`. Raises Refused; takes away headers that may not be believed."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    _check_host(headers, parts.hosts)
    peer = scope["client"][0] if scope.get("client") else ""
    proxies = parts.settings.proxies
    trusted = proxies is not None and proxies.trusts(peer)
    if not trusted:
        unwanted = proxies.own_headers() if proxies is not None else FORWARDED
        headers = scope["headers"] = [header for header in headers if header[0] not in unwanted]
    client, secure, person = peer, False, None
    if proxies is not None and trusted:
        client, secure, person = proxies.client(peer, headers), proxies.secure(headers), _named(proxies, headers)
    if not secure and not parts.settings.insecure_http and not is_loopback(client):
        raise Refused(
            403,
            "The connection isn't encrypted",
            "Use the console's https address. Its operator: the proxy in front must be trusted with --trusted-proxy, "
            "and say `X-Forwarded-Proto: https`.",
        )
    port = parts.settings.listen[1]
    number = cookies.read_cookie(headers, cookies.cookie_name(cookies.SESSION, secure=secure, port=port))
    session, is_new = _session(parts, number, person)
    form_number = cookies.read_cookie(headers, cookies.cookie_name(cookies.FORM, secure=secure, port=port))
    known = _NUMBER.fullmatch(form_number) is not None
    return Caller(
        client=client,
        secure=secure,
        session=session,
        new_session=is_new,
        form_number=form_number if known else secrets.token_hex(32),
        new_form_number=not known,
    )


def _check_host(headers: list[tuple[bytes, bytes]], allowed: frozenset[str]) -> None:
    values = [value.decode("latin-1") for key, value in headers if key == b"host"]
    name = name_of(values[0]) if len(values) == 1 else None
    if name is None or name not in allowed:
        raise Refused(
            421,
            "Not the console's name",
            "The console doesn't answer to this name. Its operator can add it with --host NAME.",
        )


def _named(proxies: TrustedProxies, headers: list[tuple[bytes, bytes]]) -> Person | None:
    try:
        return proxies.person(headers)
    except HeaderError as error:
        raise Refused(400, "The proxy can't be relied upon", str(error)) from None


def _session(parts: Parts, number: str, person: Person | None) -> tuple[Session | None, bool]:
    """The session of a request, and whether it is new. Whom a trusted proxy names is who it is."""
    session = parts.sessions.find(number) if _NUMBER.fullmatch(number) else None
    if person is not None:
        if session is not None and session.person == person:
            return session, False
        return parts.sessions.start(person), True
    if session is None or not session.token_hash or not parts.settings.with_tokens:
        return None, False
    token = parts.tokens.still(session.token_hash)
    if token is None or token.role is not session.person.role:
        parts.sessions.end(session.id)
        return None, False
    return session, False
