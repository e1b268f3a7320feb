"""The command line: `forgewall COMMAND`. One module per command; what goes wrong becomes a sentence and an exit code.

Exit codes: 0 done, 1 the policy is wrong, 2 the command line is wrong, 3 the proxy can't start.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from forgewall import __version__
from forgewall.errors import ForgewallError, PolicyError

COMMANDS = ("run", "check", "explain", "identify", "events", "trust")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Never shows a traceback for what a person can mend."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser(arguments)
    args = parser.parse_args(arguments)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except PolicyError as error:
        print(error, file=sys.stderr)  # file:line:column comes first, where editors look for it
        return error.exit_code
    except ForgewallError as error:
        print(f"forgewall: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return 0
    return code


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the one command that is named, or of all for help: importing all takes longer than running one."""
    parser = argparse.ArgumentParser(
        prog="forgewall",
        description="A forward web proxy that keeps company data out of code repositories nobody approved.",
    )
    parser.add_argument("--version", action="version", version=f"forgewall {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    named = [word for word in arguments[:1] if word in COMMANDS]
    for command in named or COMMANDS:
        importlib.import_module(f"forgewall.cli.{command}").add_parser(subparsers)
    return parser
