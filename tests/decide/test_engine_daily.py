"""What people's tools send all day, for approved work and to read, under the policy that is shipped.

Each row of tests/corpus/daily.jsonl is one request of one tool: what it does, and whether it passes when `acme` is
approved on every forge and all else is as shipped. What is refused says why that is right. The rows are written by hand
after the sources and documents of the tools, and after what browsers are seen to send.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forgewall.cli.identify_knowledge import supposed
from forgewall.decide.engine import decide
from forgewall.decide.load import load
from forgewall.decide.policy import Policy
from forgewall.decide.protocol import protocol_block
from forgewall.enforce.refusal import Refusal
from forgewall.enforce.reply import refuse
from forgewall.enforce.wording import say
from forgewall.identify.directory import EMPTY
from forgewall.identify.engine import identify
from forgewall.identify.sockets import is_notification_socket
from forgewall.identify.url import request_for
from forgewall.model import Action, BodyState, Effect, Operation, Request, Subject, Target, Verdict

type Row = Mapping[str, Any]

_ROOT = Path(__file__).parents[2]
FORGES = ("github.com", "gitlab.com", "bitbucket.org", "dev.azure.com", "codeberg.org", "huggingface.co")
ROWS: list[Row] = [json.loads(line) for line in (_ROOT / "tests/corpus/daily.jsonl").read_text("utf-8").splitlines()]
NOW = datetime(2026, 11, 2, tzinfo=UTC)
ANA = Subject(client="10.4.0.9", user="ana@acme.example")


def _policy() -> Policy:
    """The shipped policy, with `acme` approved on each forge instead of what it approves and forbids."""
    text = (_ROOT / "policy/forgewall.yaml").read_text("utf-8")
    head, rest = text.split("\napproved:", 1)
    defaults = rest[rest.index("\ndefaults:") : rest.index("\ntests:")]
    approved = "".join(f"\n  - {host}/acme" for host in FORGES)
    return load(f"{head}\napproved:{approved}\n{defaults}\n", "forgewall.yaml").policy


POLICY = _policy()


def named(row: Row) -> str:
    return f"{row['tool']}: {row['does']} {row['url'][:60]}"


def octets(row: Row) -> bytes:
    body = row.get("body")
    return b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()


def asked(row: Row, state: BodyState) -> Request:
    """The request with as much of its body as `state` says."""
    body = octets(row)
    headers = dict(row.get("headers", {}))
    if body:
        headers.setdefault("content-length", str(row.get("size", len(body))))
    shown = body if state is BodyState.COMPLETE else b""
    return request_for(row["method"], row["url"], headers=list(headers.items()), body=shown, body_state=state)


def judged(row: Row) -> tuple[Request, Target | None, Verdict | None]:
    """The verdict as the proxy comes to it: by the head first, and by the body where that tells more."""
    request = asked(row, BodyState.UNREAD if octets(row) else BodyState.COMPLETE)
    forge_host = POLICY.registry.lookup(request.host)
    if forge_host is None:
        return request, None, None
    if request.header("upgrade") is not None:
        if is_notification_socket(forge_host, request.path):
            return request, None, None
        reason = f"{request.host} is a code forge, and what follows an Upgrade there can't be checked"
        return request, None, protocol_block("upgrade", reason)
    directory = POLICY.directory(supposed(row, POLICY.registry, EMPTY))
    target = identify(request, POLICY.registry, directory=directory)
    if target is not None and target.wants_body:
        request = asked(row, BodyState.COMPLETE)
        target = identify(request, POLICY.registry, directory=directory)
    assert target is not None
    size = row.get("size", len(octets(row)))
    return request, target, decide(POLICY, target, ANA, size, NOW)


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_daily_work(row: Row) -> None:
    request, target, verdict = judged(row)
    refused = verdict is not None and verdict.action is Action.BLOCK
    said = "passes" if verdict is None else f"{verdict.code}: {verdict.reason}"
    assert refused == (row["expect"] == "refuse"), said
    if verdict is not None and refused:
        assert row["why"]
        speaks(request, target, verdict)


def speaks(request: Request, target: Target | None, verdict: Verdict) -> None:
    """What the person reads tells what was refused, why, and what to do."""
    operation = target.operation if target is not None else None
    refusal = Refusal(
        code=verdict.code,
        reason=verdict.reason,
        contact=POLICY.contact,
        event_id="01JD",
        rule=verdict.rule,
        address=target.address if target is not None else None,
        operation=None if operation is Operation.UNIDENTIFIED else operation,
        kind=target.kind if target is not None else None,
        limit=verdict.max_upload,
    )
    message = say(refusal, request)
    place = (target.address if target is not None else None) or request.host
    assert place in message.what
    assert "(" not in message.what, "an operation without words of its own"
    assert len(message.why) > 20
    assert POLICY.contact in message.todo
    assert "01JD" in message.todo
    reply = refuse(refusal, request, target)
    if request.method != "HEAD":
        assert b"01JD" in reply.body


@pytest.mark.parametrize("row", [row for row in ROWS if row["expect"] == "allow"], ids=named)
def test_the_same_to_a_stranger_is_refused(row: Row) -> None:
    """What passes as a write for acme is refused for mallory: nothing of the corpus passes because of a hole."""
    _, target, _ = judged(row)
    if target is None or target.effect is not Effect.WRITE:
        return
    twin = json.loads(json.dumps(row).replace("acme", "mallory"))
    _, _, verdict = judged(twin)
    assert verdict is not None
    assert verdict.action is Action.BLOCK


def test_what_the_corpus_holds(capsys: pytest.CaptureFixture[str]) -> None:
    tools = Counter(row["tool"] for row in ROWS)
    refused = Counter(row["tool"] for row in ROWS if row["expect"] == "refuse")
    with capsys.disabled():
        print()
        for tool, count in sorted(tools.items()):
            print(f"{tool:<26}{count:>4} requests{refused[tool]:>4} refused by design")
        print(f"{'all':<26}{tools.total():>4} requests{refused.total():>4} refused by design")
    assert tools.total() >= 300
    assert len(tools) >= 40
    assert {row["expect"] for row in ROWS} == {"allow", "refuse"}
    assert all("why" in row for row in ROWS if row["expect"] == "refuse")
