"""`forgewall run`: serve as the forward proxy. The flags are stable; what they mean stands in the README."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path

from forgewall.cli.console_child import ConsoleChild
from forgewall.errors import UsageError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "run",
        help="serve as the forward proxy",
        description="Serve as the forward proxy until SIGTERM or Ctrl-C; SIGHUP reads the policy again.",
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        type=Path,
        default=Path("policy/forgewall.yaml"),
        help="the policy, read again when it changes (default: %(default)s)",
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:8080",
        help="where clients connect; 0.0.0.0:8080 serves other machines, too (default: %(default)s)",
    )
    parser.add_argument(
        "--events", metavar="DIR", type=Path, default=Path("events"), help="the event log (default: %(default)s)"
    )
    parser.add_argument(
        "--certs",
        metavar="DIR",
        type=Path,
        default=Path("certs"),
        help="where the CA is, or is made (default: %(default)s)",
    )
    parser.add_argument(
        "--upstream-ca", metavar="FILE", type=Path, help="certificates to trust upstream besides the system's roots"
    )
    parser.add_argument(
        "--connect-to",
        metavar="HOST:PORT:ADDR:PORT",
        action="append",
        default=[],
        help="lead connections to HOST:PORT to ADDR:PORT; names and certificates stay those of HOST; repeatable",
    )
    parser.add_argument(
        "--spool",
        metavar="DIR",
        type=Path,
        help="where long bodies are kept until they are judged (default: the system's temporary directory)",
    )
    parser.add_argument(
        "--secret-rules",
        metavar="FILE",
        type=Path,
        help="rules that tell secrets, in gitleaks' format (default: those that come with Forgewall)",
    )
    parser.add_argument(
        "--forge-ranges",
        metavar="FILE",
        type=Path,
        help="networks that are forges' own, such as newer ones than those that come with Forgewall",
    )
    parser.add_argument(
        "--memory",
        metavar="FILE",
        type=Path,
        help="where is kept what forges have said about ids, over restarts (default: in the --events directory)",
    )
    parser.add_argument(
        "--console",
        metavar="HOST:PORT",
        help="also serve the web console there, as a process of its own with the same --policy and --events",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serves. Returns 0 after a signal; raises PolicyError, UsageError or StartError."""
    from forgewall.proxy import crashlog, launcher, settings  # noqa: PLC0415 - mitmproxy takes a second to import

    chosen = settings.Settings(
        policy=args.policy,
        listen=settings.parse_listen(args.listen),
        events=args.events,
        certs=args.certs,
        upstream_ca=args.upstream_ca,
        connect_to=settings.parse_connect_to(args.connect_to),
        spool=args.spool,
        secret_rules=args.secret_rules,
        forge_ranges=args.forge_ranges,
        memory=args.memory,
    )
    child = _console(args, settings.parse_listen)
    crashlog.install()
    try:
        asyncio.run(launcher.Launcher(chosen, ready=child.start if child is not None else None).run())
    finally:
        if child is not None:
            child.stop()
    return 0


def _console(args: argparse.Namespace, parse: Callable[[str], tuple[str, int]]) -> ConsoleChild | None:
    """The console's process, not yet started. Raises UsageError for an address where it can't be served safely."""
    if args.console is None:
        return None
    host, _ = parse(args.console)
    if host not in ("localhost", "::1") and not host.startswith("127."):
        raise UsageError(
            f"--console {args.console} serves other machines, which needs https in front of it: run `forgewall "
            "console` on its own, which takes --trusted-proxy, or use an address such as 127.0.0.1:8088"
        )
    return ConsoleChild(["--listen", args.console, "--policy", str(args.policy), "--events", str(args.events)])
