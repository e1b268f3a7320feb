"""Requests that try to pass for something else, one JSON line each in identify.jsonl, judged under one policy.

A row with the verdict `block` writes where no approval reaches; its `why` says how. One with `allow` is everyday work
that a defence against the others must not break.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import Action, BodyState, Subject, Target, Verdict

POLICY = parse(
    """\
version: 1
contact: security@acme.example
forges:
  - {host: git.acme.example, kind: gitlab}
  - {host: ghe.acme.example, kind: github, path: /ghe}
  - {host: bb.acme.example, kind: bitbucket}
approved:
  - github.com/acme
  - gitlab.com/acme/platform
  - bitbucket.org/acme
  - git.acme.example/acme
  - ghe.acme.example/acme
  - bb.acme.example/acme
""",
    "policy.yaml",
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows() -> list[Any]:
    lines = Path(__file__).with_name("identify.jsonl").read_text("utf-8").splitlines()
    return [
        pytest.param(row := json.loads(line), id=f"{number} {row['method']} {row['url']}")
        for number, line in enumerate(lines, 1)
    ]


def judged(row: dict[str, Any], state: BodyState) -> tuple[Target, Verdict]:
    """What the row's request is about and what the policy says of it; a whole body is known in its size."""
    body = row.get("body", "").encode("utf-8", "surrogatepass")
    request = request_for(
        row["method"],
        row["url"],
        headers=row.get("headers", {}).items(),
        body=body if state is BodyState.COMPLETE else b"",
        body_state=state,
    )
    target = identify(request, POLICY.registry)
    assert target is not None
    return target, decide(POLICY, target, Subject(client="192.0.2.1"), len(body), NOW)


@pytest.mark.parametrize("row", rows())
def test_it_is_seen_for_what_it_is(row: dict[str, Any]) -> None:
    target, verdict = judged(row, BodyState.COMPLETE)
    said = {
        "operation": target.operation.value,
        "effect": target.effect.value,
        "owner": target.owner,
        "repository": target.repository,
    }
    assert (said, verdict.action.value) == (row["expect"], row["verdict"]), f"{row['why']}; said: {target.evidence}"


@pytest.mark.parametrize("row", [row for row in rows() if row.values[0]["verdict"] == "block"])
@pytest.mark.parametrize("state", [BodyState.UNREAD, BodyState.TOO_LONG])
def test_without_its_body_it_does_not_pass_either(row: dict[str, Any], state: BodyState) -> None:
    if not row.get("body"):
        return
    target, verdict = judged(row, state)
    assert verdict.action is Action.BLOCK or (state is BodyState.UNREAD and target.wants_body)
