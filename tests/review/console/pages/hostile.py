"""A log in which every text is an attack: what its writer redacts is written here as it is, so that pages stand alone.

Each event has one attack in all its fields at once. What the index needs to take it for an event stays as it is.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tests.record import samples
from tests.review.console.pages import world

from forgewall.record.ecs import document
from forgewall.record.event import Deed, Edit, PolicyEdit, Review

ATTACKS = (
    "<script>alert('script')</script>",
    '"><img src=x onerror=alert("attribute")>',
    "' autofocus onfocus='alert(1)",
    "</title></textarea></style></svg><svg onload=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "javascript:alert(document.cookie)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/x",
    "https://evil.example/<b>x</b>",
    "{{ 7 * 7 }}{% include 'base.html' %}${7*7}",
    "<!--<script>--><meta http-equiv=refresh content=0;url=//evil.example><base href=//evil.example>",
    "\x1b[31mred\x1b[0m\x07\x08\x00\x9b2J",
    "\u202egnp.exe\u202c \u2066ab\u2069 \u200f\u061c",
    "line\r\nbreak\u2028and\u2029more\ttabs",
    "`code` <code> ``",
    "&lt;b&gt; &amp;amp; &#x3c;script&#x3e;",
    '{"hx-get": "/x"} hx-trigger=load hx-on::load=alert(1)',
    "hx-vals='js:alert(1)'",
    "../../../etc/passwd?next=//evil.example#\\evil",
    "a" * 5000,
    "\u0301" * 300 + "\ufdfd" * 200,
)
KEPT = frozenset(
    {"@timestamp", "id", "dataset", "kind", "module", "action", "would_action", "outcome", "request_id", "decision_id"}
    | {"forge", "operation", "effect", "visibility", "role", "result", "seen"}
)
"""Fields without which a line is no event, or which join events."""
POLICY = """\
version: 1
approved:
  - repo: github.com/acme-corp
    owner: "<img src=x onerror=alert(1)>"
    reason: "{{ 7 * 7 }} javascript:alert(1) '\\"><script>alert(1)</script>"
  - {repo: github.com/old, expires: 2026-11-01, who: ["<script>@x"]}
break_glass: {until: 2026-11-24T15:00:00Z, by: "<b>ben</b>", reason: "</p><script>alert(1)</script>"}
"""


@cache
def events() -> list[dict[str, Any]]:
    """The documents, each attack in every kind of event."""
    found = []
    number = 0
    for attack in ATTACKS:
        for kind in _kinds():
            number += 1
            time = world.NOW - timedelta(minutes=5 * len(ATTACKS) * 6, seconds=-60 * number)
            event = replace(kind, id=world.identifier(time, number), time=time)
            found.append(_attacked(document(event), attack))
    return found


def _kinds() -> list[Any]:
    upload = samples.upload(
        samples.Result.CUT,
        evidence=samples.EVIDENCE,
        objections=(samples.OBJECTION,),
        verdict=samples.TOO_LARGE,
        signals=("encrypted", "secret:aws-access-token"),
    )
    edit = PolicyEdit(edit=Edit.APPROVED, actor="a", actor_source="token", file="f", old_digest="1", new_digest="2")
    return [
        samples.decision(refs=(samples.MAIN, samples.TAG)),
        upload,
        samples.ssh_refusal(),
        samples.policy_change(samples.Change.REJECTED, problems=3),
        samples.fault(),
        replace(edit, address="x", entry="y", reason="z"),
        Review(deed=Deed.CONFIRMED, actor="a", actor_source="token", note="n", case="C-0123456789", address="x"),
    ]


def _attacked(value: Any, attack: str, name: str = "") -> Any:
    """`value` with `attack` behind each text that isn't kept."""
    if isinstance(value, dict):
        return {key: _attacked(inner, attack, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_attacked(inner, attack, name) for inner in value]
    return value + attack if isinstance(value, str) and name not in KEPT else value


def write(directory: Path) -> None:
    """The log, with one line of more than a megabyte, and lines that are no event."""
    directory.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(event) for event in events()]
    large = json.loads(lines[0])
    large["event"]["id"] = world.identifier(world.NOW, 99_999)
    large["@timestamp"] = f"{world.NOW:%Y-%m-%dT%H:%M:%S}.000Z"
    large["event"]["reason"] = large["forgewall"]["address"] = "<b>" + "A" * 1_000_000
    unpaired = json.dumps(_attacked(json.loads(lines[0]), "\ud83d unpaired"))
    lines += [json.dumps(large), unpaired, "{no json", "[]", '{"event": 5}']
    (directory / f"forgewall-{world.NOW:%Y-%m-%d}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
