"""A log on disk and policies for the tests of commands that judge it anew."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.review.recordings import START, decision

from forgewall.decide.policy import Policy
from forgewall.record.log import EventLog
from forgewall.review.recorded import Recorded

NOW = START + timedelta(hours=3)


def write(directory: Path, law: Policy, asked: Iterable[Recorded], **options: Any) -> Path:
    """The log in `directory`, with what the proxy says of `asked` under `law`."""
    log = EventLog(directory, clock=lambda: START, **options)
    for one in asked:
        log.write(decision(law, one))
    return directory


def file(directory: Path, name: str, text: str) -> Path:
    """A policy file."""
    path = directory / name
    path.write_text(f"version: 1\n{text}\n")
    return path


def run(add_parser: Callable[[Any], None], command: str, *words: object, clock: datetime = NOW) -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    args = parser.parse_args([command, *map(str, words)])
    args.clock = lambda: clock
    code: int = args.run(args)
    return code
