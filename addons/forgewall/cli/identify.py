"""`forgewall identify`: says what requests are about, one JSON line in, one JSON line out. It decides nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from forgewall.cli.identify_knowledge import supposed
from forgewall.errors import UsageError
from forgewall.identify.directory import EMPTY, Directory
from forgewall.identify.engine import identify
from forgewall.identify.registry import Registry
from forgewall.identify.url import request_for
from forgewall.model import Also, Request, Target

MAX_LINE = 4 * 1024 * 1024
"""Bytes of one input line; a longer one is answered with an error."""

_TOO_LONG = "…"  # no JSON, and shorter than what it stands for


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "identify",
        help="say which repository and operation requests are about",
        description=(
            'Reads JSON lines {"id", "method", "url", "headers", "body"} on standard input and writes for each a line '
            '{"id", "forge", "host", "owner", "repository", "operation", "effect", "also", "evidence"}. If the host is '
            'no forge, these are null. A line that can\'t be read gives {"id", "error"}. A line may also suppose what '
            'the forge has said before: "ids", "visibility", "moved" (docs/identify.md).'
        ),
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="take self-hosted forges and ids from this policy")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer line by line until the input ends. Raises PolicyError or UsageError for a policy that can't be used."""
    registry, directory = _policy(args.policy)
    for line in answers(_lines(), registry, directory):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


def answers(lines: Iterable[str], registry: Registry, directory: Directory = EMPTY) -> Iterator[str]:
    """One JSON line for each input line that isn't blank. `directory` is what is known besides what a line supposes."""
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(line, registry, directory))


def _lines() -> Iterator[str]:
    # Bytes that aren't UTF-8 spoil their own line only, and a line without end is not kept.
    while octets := sys.stdin.buffer.readline(MAX_LINE):
        whole = octets.endswith(b"\n") or len(octets) < MAX_LINE
        yield octets.decode("utf-8", "replace") if whole else _TOO_LONG
        while octets and not octets.endswith(b"\n"):
            octets = sys.stdin.buffer.readline(MAX_LINE)


def _policy(policy: Path | None) -> tuple[Registry, Directory]:
    if policy is None:
        return Registry.build(), EMPTY
    from forgewall.decide.load import parse  # noqa: PLC0415 - only this option needs the policy

    try:
        text = policy.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"the policy {policy} can't be read: {reason}") from None
    compiled = parse(text, str(policy))
    return compiled.registry, compiled.directory(EMPTY)


def _answer(line: str, registry: Registry, directory: Directory) -> dict[str, object]:
    identity: object = None
    try:
        if line is _TOO_LONG:
            raise ValueError(f"the line is longer than {MAX_LINE} bytes")
        row = json.loads(line, parse_constant=_no_constant)
        if not isinstance(row, dict):
            raise ValueError("the line is not a JSON object")
        identity = row.get("id")
        if not isinstance(identity, str | int | float | None):
            identity = None
            raise ValueError("`id` must be a string or a number")
        request, known = _request(row), supposed(row, registry, directory)
        return {"id": identity, **_described(identify(request, registry, directory=known))}
    except (ValueError, RecursionError) as error:
        # A ValueError of ours is a sentence; the JSON decoder's own says what and where.
        text = "the line is nested too deeply" if isinstance(error, RecursionError) else str(error)
        if isinstance(error, json.JSONDecodeError):
            text = f"the line is not JSON: {error}"
        return {"id": identity, "error": text}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"the line is not JSON: {name}")


def _request(row: Mapping[str, object]) -> Request:
    method, url = row.get("method"), row.get("url")
    if not isinstance(method, str) or not method:
        raise ValueError("`method` must be a string")
    if not isinstance(url, str):
        raise ValueError("`url` must be a string")
    headers = list(_headers(row.get("headers")))
    body = row.get("body")
    if body is None:
        text = ""
    elif isinstance(body, str):
        text = body
    else:
        text = json.dumps(body)
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("content-type", "application/json"))
    return request_for(method, url, headers=headers, body=text.encode("utf-8", "surrogatepass"))


def _headers(found: object) -> Iterator[tuple[str, str]]:
    if found is None:
        return
    if not isinstance(found, dict):
        raise ValueError("`headers` must be an object")
    for name, value in found.items():
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str | int):
                raise ValueError(f"the header `{name}` must be a string")
            yield name, str(one)


def _described(target: Target | None) -> dict[str, object]:
    if target is None:
        nothing = ("forge", "host", "owner", "repository", "operation", "effect")
        return {**dict.fromkeys(nothing), "also": [], "evidence": "the host is no forge"}
    return {
        "forge": target.kind.value,
        "host": target.host,
        "owner": target.owner,
        "repository": target.repository,
        "operation": target.operation.value,
        "effect": target.effect.value,
        "also": [_second(one) for one in target.also],
        "evidence": target.evidence,
        **({"visibility": target.visibility.value} if target.visibility else {}),
        **({"moved": target.moved.address} if target.moved else {}),
    }


def _second(also: Also) -> dict[str, object]:
    return {
        "owner": also.owner,
        "repository": also.repository,
        "role": also.role,
        **({"operation": also.operation.value} if also.operation else {}),
        **({"visibility": also.visibility.value} if also.visibility else {}),
        **({"moved": also.moved.address} if also.moved else {}),
    }
