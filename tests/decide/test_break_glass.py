"""Breaking the glass: what is written, for how long it may last, and what passes meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forgewall.decide.cases import judge
from forgewall.decide.load import load, parse
from forgewall.decide.policy import BreakGlass, Policy
from forgewall.decide.sentence import parse_sentence
from forgewall.decide.tunnel import Passage, other_host, plan_connect, plan_opening
from forgewall.errors import PolicyError
from forgewall.identify.opening import Opening, Protocol
from forgewall.model import Action, Subject, Verdict

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
NOBODY = Subject(client="127.0.0.1")
TEXT = """version: 1
approved: [github.com/acme, {repo: github.com/few, who: [ana], max_upload: 1KiB}]
forbidden: [github.com/acme/site]
defaults: {reads: approved-only, other_hosts: block, telemetry: block}
"""
BROKEN = "break_glass: {until: '2026-11-25T14:00:00+01:00', by: ana, reason: INC-7 release}\n"


def policy(more: str = BROKEN) -> Policy:
    return parse(TEXT + more, "p.yaml", NOW)


def verdict(sentence: str, now: datetime = NOW, more: str = BROKEN) -> Verdict:
    return judge(policy(more), parse_sentence(sentence), NOBODY, now)[1]


def test_the_section_is_compiled() -> None:
    assert policy().break_glass == BreakGlass(until=END, by="ana", reason="INC-7 release", line=5)
    assert policy("break_glass:\n").break_glass is None
    assert policy("").break_glass is None


@pytest.mark.parametrize(
    "sentence",
    [
        "git push https://github.com/mallory/loot",
        "git push https://github.com/acme/site",
        "git push https://github.com/few/x",
        "git clone https://github.com/mallory/loot",
        "PUT https://api.github.com/repos/acme/api/contents/a 60MiB",
        "POST https://collector.github.com/github/collect 10B",
        "POST https://github.com/what/nobody/knows 10B",
        "git push https://github.com:8443/acme/api",
        "GET https://www.example.org/",
    ],
)
def test_until_it_ends_a_block_is_a_log(sentence: str) -> None:
    before = verdict(sentence, more="")
    assert before.action is Action.BLOCK
    during = verdict(sentence)
    assert (during.action, during.would_action) == (Action.LOG, Action.BLOCK)
    assert (during.rule, during.code, during.reason) == (before.rule, before.code, before.reason)
    assert verdict(sentence, END - timedelta(microseconds=1)).action is Action.LOG
    after = verdict(sentence, END)
    assert (after.action, after.would_action) == (Action.BLOCK, None)


def test_uploads_are_examined_and_not_cut() -> None:
    during = verdict("git push https://github.com/acme/api")
    assert during.scrutiny.observing
    assert during.over is Action.LOG
    after = verdict("git push https://github.com/acme/api", END)
    assert not after.scrutiny.observing
    assert after.over is Action.BLOCK


def test_what_is_approved_stays_plainly_approved() -> None:
    during = verdict("git push https://github.com/acme/api")
    assert (during.action, during.would_action, during.rule) == (Action.ALLOW, None, "approved/github.com/acme")


def test_tunnels_pass_but_for_contradicting_names() -> None:
    glass = policy()
    assert plan_connect(glass, "github.com", 22, NOW).passage is Passage.TUNNEL
    assert plan_connect(glass, "github.com", 22, END).passage is Passage.REFUSE
    assert other_host(glass, "www.example.org", NOW).action is Action.LOG
    assert other_host(glass, "www.example.org", END).action is Action.BLOCK
    plan = plan_connect(glass, "github.com", 443, NOW)
    ssh, tls = Opening(protocol=Protocol.SSH), Opening(protocol=Protocol.TLS, name="gitlab.com")
    assert plan_opening(glass, "github.com", plan, ssh, NOW).passage is Passage.TUNNEL
    assert plan_opening(glass, "github.com", plan, ssh, END).passage is Passage.REFUSE
    assert plan_opening(glass, "github.com", plan, tls, NOW).passage is Passage.REFUSE


def test_the_policys_own_tests_run_as_if_no_glass_were_broken() -> None:
    tests = "tests: [{do: git push https://github.com/mallory/loot, expect: block}]\n"
    assert policy(BROKEN + tests).tests == 1
    with pytest.raises(PolicyError, match="expects log, but got block"):
        policy(BROKEN + tests.replace("block}", "log}"))


def test_it_ends_within_a_day() -> None:
    glass = BROKEN.replace("2026-11-25T14:00:00+01:00", "2026-11-26T12:00:00Z")
    assert policy(glass).break_glass is not None
    late = glass.replace("12:00:00Z", "12:00:01Z")
    with pytest.raises(PolicyError) as caught:
        policy(late)
    assert str(caught.value) == (
        "p.yaml:5:22: a break-glass ends within 24 hours (now that is 2026-11-26T12:00:00Z at the latest)"
    )
    assert parse(TEXT + late, "p.yaml", NOW + timedelta(seconds=1)).break_glass is not None


def test_one_that_is_over_refuses_nothing() -> None:
    assert not load(TEXT + BROKEN, "p.yaml", NOW + timedelta(days=400)).policy.observing(NOW + timedelta(days=400))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{until: '2026-11-25T13:00:00Z', by: ana}", "5:14: `break_glass` has no `reason`"),
        ("{until: '2026-11-25T13:00:00Z', by: '', reason: x}", "5:50: `by` of `break_glass` is empty"),
        ("{until: '2026-11-25T13:00:00Z', by: ana, reason: ' '}", "5:63: `reason` of `break_glass` is empty"),
        ("{until: '2026-11-25T13:00:00Z', by: ~, reason: x}", "5:50: `by` of `break_glass` is empty"),
        ("{until: 2026-11-25, by: ana, reason: x}", "5:22: `until` is a day, but an RFC 3339 time"),
        ("{until: soon, by: ana, reason: x}", "5:22: `until`: `soon` is not a date"),
        ("{until: '2026-11-25T13:00:00', by: ana, reason: x}", "5:22: `until`: `2026-11-25T13:00:00` is not a date"),
        ("{until: [], by: ana, reason: x}", "5:22: `until` is a list"),
        ("{until: '2026-11-25T13:00:00Z', by: [ana], reason: x}", "5:50: `by` is a list"),
        ("{end: '2026-11-25T13:00:00Z', by: ana, why: x}", "did you mean `until`?"),
        ("true", "5:14: `break_glass` is a word, but a mapping is wanted"),
        ("[]", "5:14: `break_glass` is a list, but a mapping is wanted"),
    ],
)
def test_what_is_missing_or_wrong_is_told(section: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        policy(f"break_glass: {section}\n")
    assert said in str(caught.value)
