"""A small judge of ECS documents over the vendored field data: it lists what is wrong with one."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

DATA = json.loads((Path(__file__).parents[1] / "schemas" / "ecs-9.4.0-slim.json").read_text())
FIELDS: dict[str, dict[str, Any]] = DATA["fields"]
OWN = "forgewall"
TEXT = {"keyword", "constant_keyword", "wildcard", "match_only_text", "text"}


def problems(document: dict[str, Any]) -> list[str]:
    """One sentence for each violation of ECS in `document`; empty if it's valid."""
    found = [f"{name} is missing" for name in ("@timestamp", "ecs") if name not in document]
    for path, value in _leaves(document, ""):
        found.extend(_field(path, value))
    event = document.get("event", {})
    expected = FIELDS["event.category"]["expected_types"]
    for one in event.get("type", []):
        if not any(one in expected.get(category, ()) for category in event.get("category", ())):
            found.append(f"event.type {one} isn't expected for {event.get('category')}")
    return found


def _leaves(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if path == OWN:
            if not isinstance(inner, dict):
                yield path, inner
        elif isinstance(inner, dict):
            yield from _leaves(inner, f"{path}.")
        else:
            yield path, inner


def _field(path: str, value: Any) -> list[str]:
    field = FIELDS.get(path)
    if field is None:
        return [f"{path} is no ECS field"]
    if isinstance(value, list) != bool(field.get("array")):
        return [f"{path} must {'' if field.get('array') else 'not '}be an array"]
    values = value if isinstance(value, list) else [value]
    found = [f"{path} can't be {one!r}" for one in values if not _fits(field["type"], one)]
    allowed = field.get("allowed")
    return found + [f"{path} doesn't allow {one!r}" for one in values if allowed and one not in allowed]


def _fits(kind: str, value: Any) -> bool:
    if kind in TEXT:
        return isinstance(value, str)
    if kind == "long":
        return type(value) is int and -(2**63) <= value < 2**63
    if kind in {"float", "scaled_float"}:
        return type(value) in {int, float}
    if kind == "boolean":
        return isinstance(value, bool)
    try:
        if kind == "ip":
            return "%" not in value and bool(ipaddress.ip_address(value))
        if kind == "date":
            return datetime.fromisoformat(value).tzinfo is not None
    except (ValueError, TypeError):
        return False
    return kind in {"object", "flattened"} and isinstance(value, dict)
