"""Requests with what they are about, written by hand: one JSON line each in tests/corpus/identify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.identify.asking import ask

_FOLDER = Path(__file__).parents[1] / "corpus" / "identify"


def rows(name: str) -> list[Any]:
    """The rows of `name.jsonl` as parameters, each called by its line, method and URL."""
    lines = (_FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [
        pytest.param(row := json.loads(line), id=f"{number} {row['method']} {row['url']}")
        for number, line in enumerate(lines, 1)
    ]


def found(row: dict[str, Any]) -> dict[str, Any]:
    """What identify says of a row, in the words that the row expects."""
    body = row.get("body", "").encode()
    said = row.get("headers", {"content-type": "application/json"} if body else {})
    headers = tuple(said.items())
    target = ask(row["method"], row["url"], body, *headers)
    said: dict[str, Any] = {
        "forge": target.kind.value,
        "host": target.host,
        "owner": target.owner,
        "repository": target.repository,
        "operation": target.operation.value,
        "effect": target.effect.value,
    }
    if target.also:
        said["also"] = [{"owner": one.owner, "repository": one.repository, "role": one.role} for one in target.also]
    return said
