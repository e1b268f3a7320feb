"""`forgewall completion SHELL`: the script by which a shell completes `forgewall` commands, options and words."""

from __future__ import annotations

import argparse

from forgewall.cli.parsing import examples

SHELLS = ("bash", "zsh", "fish")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "completion",
        description="Print a script that completes commands, options, words of filters, and ids of open cases.",
        epilog=examples(
            ('eval "$(forgewall completion bash)"', "for this shell; in ~/.bashrc for all"),
            ('eval "$(forgewall completion zsh)"', "the same for zsh, after compinit"),
            ("forgewall completion fish | source", "for this shell; in config.fish for all"),
        ),
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the script; returns 0."""
    from argcomplete import shellcode  # type: ignore[attr-defined] # noqa: PLC0415

    print(shellcode(["forgewall"], shell=args.shell))
    return 0
