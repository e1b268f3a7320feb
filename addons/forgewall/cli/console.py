"""`forgewall console`: serve the web console, and make, list and revoke the tokens that people sign in with."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from forgewall.errors import UsageError
from forgewall.review.person import Role

_BEHIND_THE_PROXY = 5
"""How much the console gives way (nice) to the proxy that started it."""
_EXAMPLES = """\
examples:
  forgewall console
      on http://127.0.0.1:8088/, with a token that the first start prints
  forgewall console --new-token ben --role viewer
      a token for somebody who may look but not approve; --role reviewer may approve
  forgewall console --listen 0.0.0.0:8088 --host console.acme.example \\
      --trusted-proxy 10.0.0.5 --trusted-header X-Forwarded-User --reviewers ana,ben
      behind a proxy that speaks https and signs people in
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "console",
        help="serve the web console: cases, evidence, approvals",
        description="Serve the web console until SIGTERM or Ctrl-C. It reads the event log, and edits the policy when "
        "a reviewer approves; the proxy needn't run, and isn't slowed by it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:8088",
        help="where browsers connect, port 0 for any that is free (default: %(default)s)",
    )
    parser.add_argument(
        "--events", metavar="DIR", type=Path, default=Path("events"), help="the event log (default: %(default)s)"
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        type=Path,
        default=Path("policy/forgewall.yaml"),
        help="the policy that approvals are written to (default: %(default)s)",
    )
    parser.add_argument(
        "--index", metavar="FILE", type=Path, help="the index of the log (default: in the --events directory)"
    )
    parser.add_argument("--title", default="Forgewall", help="the console's name on its pages (default: %(default)s)")
    _add_people(parser)
    _add_tokens(parser)
    parser.add_argument("--parent-pipe", type=int, help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def _add_people(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("who is served")
    group.add_argument(
        "--host",
        metavar="NAME",
        action="append",
        default=[],
        help="a name that browsers know the console by, besides localhost; repeatable",
    )
    group.add_argument(
        "--trusted-proxy",
        metavar="NETWORK",
        action="append",
        default=[],
        help="a reverse proxy in front, as an address or network: it is believed what it says of clients; repeatable",
    )
    group.add_argument(
        "--trusted-header",
        metavar="NAME",
        default="",
        help="the header in which that proxy names who is signed in there, such as X-Forwarded-User; "
        "tokens are off then",
    )
    group.add_argument("--role-header", metavar="NAME", default="", help="the header in which it says `reviewer`")
    group.add_argument(
        "--reviewers",
        metavar="NAME,…",
        type=lambda text: [name.strip() for name in text.split(",") if name.strip()],
        default=[],
        help="who of them may approve; all others look only",
    )
    group.add_argument("--tokens", action="store_true", help="take tokens besides --trusted-header")
    group.add_argument(
        "--insecure-http",
        action="store_true",
        help="serve other machines without encryption; whoever listens on the way can then do what reviewers can",
    )


def _add_tokens(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("tokens (nothing is served)")
    group.add_argument("--new-token", metavar="NAME", help="make a token for somebody and print it")
    group.add_argument("--role", choices=[role.value for role in Role], help="what its holder may do (default: viewer)")
    group.add_argument("--list-tokens", action="store_true", help="list the tokens, without what is secret")
    group.add_argument("--revoke-token", metavar="NAME", help="take a token away, and end what is signed in with it")


def run(args: argparse.Namespace) -> int:
    """Serves, or works on the tokens. Raises UsageError, StartError, or another ForgewallError."""
    from forgewall.cli import console_settings, console_tokens  # noqa: PLC0415 - these take a while to import
    from forgewall.review.console import server  # noqa: PLC0415

    if args.role and not args.new_token:
        raise UsageError("--role belongs to --new-token NAME")
    settings = console_settings.settings(args)
    if args.new_token or args.list_tokens or args.revoke_token:
        return console_tokens.work(args, settings)
    server.check(settings)
    server.log_plainly()
    console_settings.make_directory(settings)
    if args.parent_pipe is not None:
        os.nice(_BEHIND_THE_PROXY)
    with server.listen(settings.listen) as listener:
        settings = console_settings.bound(settings, listener.getsockname()[1])
        server.serve(settings, listener, lambda: console_tokens.greet(settings), args.parent_pipe)
    return 0
