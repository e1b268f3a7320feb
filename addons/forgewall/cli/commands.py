"""The names of all commands, in the groups in which help shows them. Each is a module of this package, imported when it
is named: to import all of them takes longer than to run one.
"""

from __future__ import annotations

import argparse
import importlib

from forgewall import __version__
from forgewall.cli.parsing import Parser, hint

GROUPS: dict[str, dict[str, str]] = {
    "Serve": {
        "run": "serve as the forward proxy",
        "console": "serve the web console",
    },
    "Read": {
        "events": "list what was allowed and blocked",
        "cases": "list what waits for somebody's judgement",
        "show": "tell everything about one event or case",
        "stats": "count blocks and uploads over time",
    },
    "Decide": {
        "approve": "let pass what was blocked, or an address",
        "revoke": "take an approval back",
        "mute": "hide a case for some time",
        "triage": "say what a case is",
        "break-glass": "block nothing for some minutes",
    },
    "Policy": {
        "check": "check a policy file",
        "test": "run a policy's own tests",
        "explain": "say what a policy makes of a request, and why",
        "diff": "compare two policies by what they decide",
        "replay": "judge recorded requests by another policy",
        "suggest": "write an allowlist from what was recorded",
        "identify": "say what a request means",
    },
    "Set up": {
        "trust": "make clients trust the proxy's certificates",
        "completion": "print a script that completes commands in a shell",
    },
}
NAMES = tuple(name for group in GROUPS.values() for name in group)


def parser(words: list[str], *, completing: bool = False) -> Parser:
    """The parser for a command line of `words`. It knows the options of the command that is named, and no others."""
    made = Parser(
        prog="forgewall",
        usage="forgewall [--version] COMMAND …",
        description="A forward web proxy that keeps company data out of code repositories nobody approved.",
        epilog=_overview(),
    )
    made.add_argument("--version", action="version", version=f"forgewall {__version__}")
    subparsers = made.add_subparsers(
        dest="command", required=True, prog="forgewall", metavar="COMMAND", help=argparse.SUPPRESS
    )
    named = next((word for word in words if not word.startswith("-")), "")
    if named in NAMES:
        importlib.import_module(f"forgewall.cli.{named.replace('-', '_')}").add_parser(subparsers)
    elif completing:
        for group in GROUPS.values():
            for name, text in group.items():
                subparsers.add_parser(name, help=text)
    elif not words:
        made.error("name a command, such as `forgewall cases`")
    elif named:
        made.error(f"`{named}` is no command{hint(named, NAMES)}")
    return made


def _overview() -> str:
    lines: list[str] = []
    for group, commands in GROUPS.items():
        lines += [f"{group}:", *(f"  {name:<12} {text}" for name, text in commands.items()), ""]
    return "\n".join([*lines, "`forgewall COMMAND --help` tells a command's options, with examples.", "", *_CODES])


_CODES = (
    "Exit codes:",
    "  0  done",
    "  1  the policy is wrong",
    "  2  the command line is wrong",
    "  3  something else is in the way",
)
