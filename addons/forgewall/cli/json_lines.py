"""JSON for programs that a terminal can be shown, too."""

from __future__ import annotations

import json
from typing import Any


def dumped(value: Any) -> str:
    """`value` as one line of JSON; with escapes for all but ASCII where it holds something that isn't printable."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isprintable() else json.dumps(value, separators=(",", ":"))
