"""The command line: `forgewall COMMAND`. One module per command; what goes wrong becomes a sentence and an exit code.

Exit codes: 0 done, 1 the policy is wrong, 2 the command line is wrong, 3 something else is in the way (the proxy can't
start, a file can't be read or written).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

from forgewall.cli import commands
from forgewall.cli.terminal import safe
from forgewall.errors import ForgewallError, PolicyError

COMMANDS = commands.NAMES


def main(argv: Sequence[str] | None = None, *, clock: Callable[[], datetime] | None = None) -> int:
    """Run one command; returns its exit code. Never shows a traceback for what a person can mend.

    `clock` tells the time (aware) to commands that ask `args.clock`; the system's if None.
    """
    if "_ARGCOMPLETE" in os.environ:
        from forgewall.cli import completing  # noqa: PLC0415 - only a shell's question needs it

        completing.answer()
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = commands.parser(arguments).parse_args(arguments)
    if clock is not None:
        args.clock = clock
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except PolicyError as error:
        print(_harmless(error), file=sys.stderr)  # file:line:column comes first, where editors look for it
        return error.exit_code
    except ForgewallError as error:
        print(f"forgewall: {_harmless(error)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return 0
    return code


def _harmless(error: Exception) -> str:
    """What `error` says, of which a part may be an event's."""
    return "\n".join(safe(line, 4096) for line in str(error).splitlines())
