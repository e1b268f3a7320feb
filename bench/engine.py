"""What no network is part of: judging a request, reading a policy, writing an event."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench import breadth, policies, table
from bench.plan import Plan
from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.identify.engine import identify
from forgewall.model import Action, Request, Subject
from forgewall.record.event import Decision, Exchange, PolicyRef
from forgewall.record.log import EventLog
from forgewall.record.ulid import new_id

SUBJECT = Subject(client="10.4.7.12", port=50123)


def measure(directory: Path, plan: Plan, say: Callable[[str], None]) -> str:
    """All of it, as two tables."""
    few, many = f"{plan.few:,} approvals", f"{plan.many:,} approvals"
    say(f"reading a policy of {many}")
    small = parse(policies.text(plan.few), "policy.yaml")
    large, loads = _loads(plan)
    rows = [["read the policy", "ms", "", table.middle(loads), ""]]
    say("identify and decide")
    gc.collect()
    gc.freeze()  # as `forgewall run` does before it serves
    try:
        short, long = _decisions(plan, small, large)
        say("identify with three forges and with all")
        narrow, wide = breadth.rounds(4 * plan.rounds, max(1, plan.decisions // 80))  # many short ones, for steadiness
    finally:
        gc.unfreeze()
    rows.insert(
        0, ["identify + decide", "us/request", table.middle(short), table.middle(long), table.ratio(long, short)]
    )
    say("writing events")
    rows.append(["write an event", "events/s", "", table.middle(_events(directory, plan, large)), ""])
    forges = ["identify", "us/request", table.middle(narrow), table.middle(wide), table.ratio(wide, narrow)]
    return "\n\n".join(
        (
            table.render("Without the network", ("", "unit", few, many, "ratio"), rows),
            table.render("By the number of forges", ("", "unit", "3 forges", "all forges", "ratio"), [forges]),
        )
    )


def _loads(plan: Plan) -> tuple[Policy, list[float]]:
    text = policies.text(plan.many)
    times = []
    for _ in range(plan.loads):
        start = time.perf_counter()
        policy = parse(text, "policy.yaml")
        times.append((time.perf_counter() - start) * 1e3)
    assert policy.approvals == plan.many
    return policy, times


def _decisions(plan: Plan, small: Policy, large: Policy) -> tuple[list[float], list[float]]:
    """Microseconds per request of each round, with the small and with the large policy."""
    cases = [(policy, policies.requests(policy.approvals, plan.decisions)) for policy in (small, large)]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(plan.rounds):
        for (policy, requests), runs in zip(cases, times, strict=True):
            runs.append(judge(policy, requests) / len(requests) * 1e6)
    return times


def judge(policy: Policy, requests: Sequence[Request]) -> float:
    """Seconds for a verdict on each request. Raises AssertionError where none is approved or none blocked."""
    actions = set()
    now = datetime.now(UTC)
    start = time.perf_counter()
    for request in requests:
        target = identify(request, policy.registry)
        assert target is not None
        actions.add(decide(policy, target, SUBJECT, 1024, now).action)
    seconds = time.perf_counter() - start
    assert {Action.ALLOW, Action.BLOCK} <= actions
    return seconds


def _events(directory: Path, plan: Plan, policy: Policy) -> list[float]:
    """Events written per second, in each round."""
    log = EventLog(directory / "events")
    log.check()  # as `forgewall run` does before it serves; it reads the list of public suffixes
    rates = []
    requests = policies.requests(policy.approvals, 50)
    try:
        for _ in range(plan.rounds):
            events = [_event(policy, requests[number % len(requests)]) for number in range(plan.events)]
            start = time.perf_counter()
            for event in events:
                log.write(event)
            rates.append(len(events) / (time.perf_counter() - start))
    finally:
        log.close()
    assert median(rates) > 0
    return rates


def _event(policy: Policy, request: Request) -> Decision:
    target = identify(request, policy.registry)
    assert target is not None
    return Decision(
        request_id=new_id(),
        subject=SUBJECT,
        exchange=Exchange(
            scheme=request.scheme,
            host=request.host,
            port=request.port,
            method=request.method,
            path=request.path,
            http_version="1.1",
            user_agent=request.header("user-agent"),
            content_length=1024,
            mime_type=request.header("content-type"),
            server_name=request.host,
            role="web",
        ),
        verdict=decide(policy, target, SUBJECT, 1024, datetime.now(UTC)),
        policy=PolicyRef(digest=policy.digest, file=policy.file, mode=policy.mode),
        target=target,
    )
