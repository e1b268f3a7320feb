"""What the command line of `forgewall console` says, checked and typed."""

from __future__ import annotations

import argparse
import dataclasses
import ipaddress
import re
from collections.abc import Sequence

from forgewall.errors import UsageError
from forgewall.review.console.proxies import FORWARDED, Network, TrustedProxies
from forgewall.review.console.settings import Settings

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,63}")
_NOT_FOR_NAMES = FORWARDED | {b"authorization", b"cookie", b"host", b"origin", b"content-type", b"content-length"}
_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:]{2,45}\]?")


def settings(args: argparse.Namespace) -> Settings:
    """The settings; raises UsageError for what contradicts itself or can't be safe."""
    proxies = _proxies(args)
    by_header = proxies is not None and bool(proxies.user_header)
    for name in args.host:
        if not _NAME.fullmatch(name):
            raise UsageError(f"--host {name!r} is no host name; give it without scheme and port: console.acme.example")
    return Settings(
        events=args.events,
        policy=args.policy,
        index=args.index,
        title=args.title,
        listen=listen_address(args.listen),
        hosts=frozenset(args.host),
        proxies=proxies,
        with_tokens=args.tokens or not by_header,
        insecure_http=args.insecure_http,
    )


def bound(chosen: Settings, port: int) -> Settings:
    """The settings with the port that it really became."""
    return dataclasses.replace(chosen, listen=(chosen.listen[0], port))


def make_directory(chosen: Settings) -> None:
    """Make the log's directory where the proxy hasn't yet; raises UsageError if that looks like a mistake."""
    try:
        chosen.events.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"there is no event log in `{chosen.events}`: {error.strerror}; name it with --events"
        ) from None


def listen_address(text: str, option: str = "--listen") -> tuple[str, int]:
    """`HOST:PORT` as host and port; raises UsageError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65535):
        raise UsageError(f"{option} {text!r} is not HOST:PORT, such as 127.0.0.1:8088 or [::1]:8088")
    return host.strip("[]"), int(port)


def _proxies(args: argparse.Namespace) -> TrustedProxies | None:
    header, role_header, reviewers = args.trusted_header, args.role_header, args.reviewers
    if not args.trusted_proxy:
        if header or role_header or reviewers:
            raise UsageError(
                "--trusted-header, --role-header and --reviewers need --trusted-proxy NETWORK: a header counts only "
                "if it comes from there, else anybody could send it"
            )
        return None
    if not header and (role_header or reviewers):
        raise UsageError("--role-header and --reviewers need --trusted-header NAME, in which the proxy names people")
    for option, name in (("--trusted-header", header), ("--role-header", role_header)):
        if name and (not _HEADER.fullmatch(name) or name.lower().encode("ascii") in _NOT_FOR_NAMES):
            raise UsageError(f"{option} {name!r} can't name people; use a header of its own, such as X-Forwarded-User")
    if header and header.lower() == role_header.lower():
        raise UsageError("--trusted-header and --role-header must be two headers")
    return TrustedProxies(
        networks=_networks(args.trusted_proxy),
        user_header=header,
        role_header=role_header,
        reviewers=frozenset(reviewers),
    )


def _networks(texts: Sequence[str]) -> tuple[Network, ...]:
    found = []
    for text in texts:
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            raise UsageError(
                f"--trusted-proxy {text!r} is no address or network, such as 10.0.0.5 or 10.0.0.0/28"
            ) from None
        if network.prefixlen == 0:
            raise UsageError(f"--trusted-proxy {text} would believe everybody; name the proxy's own address")
        found.append(network)
    return tuple(found)
