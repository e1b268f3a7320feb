"""`python -m bench`: run the measurements and print their tables; progress goes to standard error."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from bench import engine, large, review, traffic, uploads
from bench.plan import FULL, SMALL, Plan

type Measure = Callable[[Path, Plan, Callable[[str], None]], str]

PARTS: Mapping[str, Measure] = MappingProxyType(
    {
        "engine": engine.measure,
        "review": review.measure,
        "traffic": traffic.measure,
        "uploads": uploads.measure,
        "large": large.measure,
    }
)
ORDINARY = ("engine", "review", "traffic", "uploads")
"""What runs when no part is named."""


def main(words: list[str] | None = None) -> int:
    """Run the parts named in `words` (the command line's if None); returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure Forgewall beside stock mitmproxy on loopback.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all but large)")
    parser.add_argument("--small", action="store_true", help="only see that all runs; the numbers mean nothing")
    args = parser.parse_args(words)
    unknown = [part for part in args.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}: choose from {', '.join(PARTS)}")
    start = time.monotonic()

    def say(what: str) -> None:
        print(f"[{time.monotonic() - start:5.1f} s] {what}", file=sys.stderr, flush=True)

    plan = SMALL if args.small else FULL
    print(_machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="forgewall-bench-") as directory:
        for part in args.parts or ORDINARY:
            room = Path(directory) / part
            room.mkdir()
            result = PARTS[part](room, plan, say)
            print(f"\n{result}", flush=True)
    rounds = f"{plan.rounds} rounds ({plan.upload_rounds} of uploads, {plan.body_rounds} of large ones)"
    print(f"\nMedians of {rounds}; ratios within each round.")
    print(f"{time.monotonic() - start:.0f} seconds in all.")
    return 0


def _machine() -> str:
    facts = f"Python {platform.python_version()}, mitmproxy {version('mitmproxy')}, {os.cpu_count()} processors"
    try:
        load = os.getloadavg()[0]
    except OSError:
        return facts
    return f"{facts}, load {load:.1f} before the start"


if __name__ == "__main__":
    sys.exit(main())
