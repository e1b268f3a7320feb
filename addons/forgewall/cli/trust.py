"""`forgewall trust`: print how to make each client trust the CA and use the proxy. It changes nothing."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from forgewall.enforce.steps import proxy_parts, steps
from forgewall.errors import UsageError
from forgewall.proxy.certificates import CERTIFICATE_NAME, describe

_NOTE = textwrap.TextWrapper(width=100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "trust",
        help="print how to make clients trust the CA and use the proxy",
        description="Print, for each client and operating system, how to trust Forgewall's CA and how to use the "
        "proxy. Nothing is changed.",
    )
    parser.add_argument("--certs", metavar="DIR", default="certs", help="where the CA is (default: certs)")
    parser.add_argument(
        "--proxy",
        metavar="URL",
        default="http://127.0.0.1:8080",
        help="the proxy as clients reach it (default: http://127.0.0.1:8080)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the steps; raises UsageError for a bad URL, StartError for a certificate file that is none."""
    try:
        proxy_parts(args.proxy)
    except ValueError as error:
        raise UsageError(f"--proxy: {error}") from None
    certificate = Path(args.certs).absolute() / CERTIFICATE_NAME
    print(f"CA certificate: {certificate}")
    if certificate.exists():
        print(describe(certificate))
    else:
        print("It isn't there yet: `forgewall run` makes it at its first start.")
    print("These are the steps; this command changes nothing.")
    for step in steps(str(certificate), args.proxy):
        print(f"\n{step.title}")
        print(_NOTE.fill(step.note))
        for command in step.commands:
            print(f"    {command}")
    return 0
