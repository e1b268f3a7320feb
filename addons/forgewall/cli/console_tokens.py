"""The console's tokens at the command line, and what its start prints: its address, and once the first token."""

from __future__ import annotations

import argparse
import getpass
import os
import re
import socket

from forgewall.record.event import Deed, Review
from forgewall.record.log import EventLog
from forgewall.review.console.settings import Settings
from forgewall.review.console.tokens import Tokens
from forgewall.review.person import Role


def work(args: argparse.Namespace, settings: Settings) -> int:
    """Do what one of the options on tokens says. Returns 0; raises UsageError or another ForgewallError."""
    tokens = Tokens(settings.token_file)
    if args.revoke_token:
        gone = tokens.revoke(args.revoke_token)
        _tell(settings, f"revoked the token of {gone.name}", gone.role)
        print(f"The token of {gone.name} is revoked; who was signed in with it is signed out.")
    if args.new_token:
        role = Role(args.role or Role.VIEWER)
        text = tokens.add(args.new_token, role, settings.clock())
        _tell(settings, f"made a token for {args.new_token}", role)
        print(f"Token for {args.new_token} ({role}), shown only now:\n  {text}")
    if args.list_tokens:
        _list(tokens)
    return 0


def greet(settings: Settings) -> None:
    """Say where the console is; at the first start also the token, which nobody can see again."""
    lines = [f"forgewall console on {url(settings)}"]
    if settings.with_tokens:
        tokens = Tokens(settings.token_file)
        if not tokens.exists():
            name = login()
            text = tokens.add(name, Role.REVIEWER, settings.clock())
            _tell(settings, f"made the first token, for {name}", Role.REVIEWER)
            lines += [f"  sign in as {name} (reviewer) with this token, which is shown only now:", f"  {text}"]
        elif not tokens.all():
            lines.append("  nobody has a token: make one with `forgewall console --new-token NAME --role reviewer`")
    print("\n".join(lines), flush=True)


def url(settings: Settings) -> str:
    """The console's address as a browser on this machine, or on another one, would write it."""
    host, port = settings.listen
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = min(settings.hosts, default=socket.gethostname())
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def login() -> str:
    """The name of this process's account, as a token can be called."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's account needn't have one
        name = f"uid-{os.getuid()}"
    return re.sub(r"[^A-Za-z0-9._@+-]", "-", name)[:64].lstrip("._@+-") or "admin"


def _list(tokens: Tokens) -> None:
    found = tokens.all()
    if not found:
        print("There is no token.")
    for token in found:
        print(f"{token.name:<24} {token.role.value:<9} made {token.created:%Y-%m-%d %H:%M} UTC")


def _tell(settings: Settings, note: str, role: Role) -> None:
    log = EventLog(settings.events, clock=settings.clock)
    try:
        log.write(
            Review(
                deed=Deed.TOKEN,
                actor=login(),
                actor_source="login",
                role=role.value,
                note=note,
                time=settings.clock(),
            )
        )
    finally:
        log.close()
