"""Every write of every table, of git, LFS and registries, at addresses that are written in many ways.

Whatever the spelling: what isn't approved is refused, and what is approved is nobody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.identify.respelling import ALIKE, DOUBTFUL, LOOKS_LIKE, MIXED, Name
from tests.identify.templates import GROUPS, TABLES, WITHOUT_ADDRESS, Template, tables

from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.identify.engine import identify
from forgewall.model import Action, Subject, Target, Verdict

FORGES = (
    "github.com", "gitlab.com", "bitbucket.org", "bb.example", "dev.azure.com", "codeberg.org", "huggingface.co",
    "huggingface.co/datasets", "git.code.sf.net/p", "git.sr.ht/~", "gitee.com", "review.opendev.org",
)  # fmt: skip
OWNERS = ("gist.github.com", "github.com/enterprises", "bitbucket.org/snippets")  # where nobody has repositories
CODECOMMIT = "git-codecommit.us-east-1.amazonaws.com/v1/repos/api"
ALL = "[fetch, code, text, repository, access, other-write]"
NOW = datetime(2026, 10, 1, tzinfo=UTC)
BELOW = ("acme%2fmallory%2f", "acme%2fapi%2floot")
DECODED = re.compile("%2F|scope=", re.IGNORECASE)  # where an encoded slash is a slash
UNCERTAIN = {"bitbucket-web", "github-gist", "huggingface-web"}  # without a form, or a gist's number that was told
STRANGER, LOOT = Name("mallory", "acme"), Name("loot", "api")
SUBJECT = Subject(client="10.4.7.12")


def policy(below: str) -> Policy:
    """A policy that approves this owner or repository on every forge, for whatever one can do there."""
    forges = FORGES if "/" in below else (*FORGES, *OWNERS)
    places = [*(f"{forge}/{below}".replace("~/", "~") for forge in forges), CODECOMMIT]
    entries = "".join(f"  - {{repo: {place}, allow: {ALL}}}\n" for place in places)
    return parse(
        f"version: 1\nforges:\n  - {{host: bb.example, kind: bitbucket, path: /bitbucket}}\napproved:\n{entries}", "p"
    )


OWNER, REPOSITORY = policy("acme"), policy("acme/api")


def asked(rules: Policy, template: Template, owner: str, repository: str) -> tuple[Target, Verdict]:
    target = identify(template.request(owner, repository), rules.registry)
    assert target is not None
    return target, decide(rules, target, SUBJECT, len(template.body), NOW)


def turn(forms: tuple[str, ...], number: int, step: int) -> Iterator[str]:
    """Some of the forms: with each template others, so that all come up."""
    return (form for index, form in enumerate(forms) if (index + number) % step == 0)


def spellings(template: Template, number: int) -> Iterator[tuple[Policy, str, str]]:
    """Strangers in the owner's place where the owner is approved, and in the repository's where only that is."""
    if "{o}" in template.url:
        for form in (*turn((*ALIKE, *DOUBTFUL), number, 3), *turn((*MIXED, *LOOKS_LIKE), number, 4)):
            yield OWNER, STRANGER.spelt(form), "api"
    if "{r}" in template.url:
        for form in turn((*ALIKE, *DOUBTFUL, *MIXED, *LOOKS_LIKE), number, 18 if "{o}" in template.url else 3):
            yield REPOSITORY, "acme", LOOT.spelt(form)


@pytest.mark.parametrize(("name", "templates"), GROUPS, ids=[name for name, _ in GROUPS])
def test_a_stranger_is_refused_in_any_spelling(name: str, templates: tuple[Template, ...]) -> None:
    tried = 0
    for number, template in enumerate(templates):
        for rules, owner, repository in spellings(template, number):
            tried += 1
            if DECODED.search(template.url) and f"{owner}%2f{repository}".startswith(BELOW):
                continue  # truly a project below the approved group, or a package of the approved owner
            target, verdict = asked(rules, template, owner, repository)
            assert verdict.action is Action.BLOCK, (template.method, template.at(owner, repository), target)
    assert tried >= 30 * len(templates)


@pytest.mark.parametrize(("name", "templates"), GROUPS, ids=[name for name, _ in GROUPS])
def test_whoever_is_approved_is_allowed_or_refused_and_nobody_else(name: str, templates: tuple[Template, ...]) -> None:
    allowed = 0
    for number, template in enumerate(templates):
        plainly, verdict = asked(OWNER, template, "acme", "api")
        allowed += verdict.action is Action.ALLOW
        assert plainly.key is None or "acme" in plainly.key or "{o}" not in template.url
        for form in turn((*ALIKE, *DOUBTFUL), number, 12):
            for rules, owner, repository in (
                (OWNER, Name("acme", "umbrella").spelt(form), "api"),
                (REPOSITORY, "acme", Name("api", "copy").spelt(form)),
            ):
                if owner != "acme" and "{o}" not in template.url:
                    continue
                target, verdict = asked(rules, template, owner, repository)
                where = (template.method, template.at(owner, repository), target)
                same = form in ALIKE or template.at(owner, repository) == template.at("acme", "api") + "/"
                assert target.key in (None, plainly.key) or not same, where
                assert verdict.action is Action.BLOCK or (same and target.key == plainly.key), where
    assert allowed > len(templates) // 3 or name in UNCERTAIN


def test_every_table_is_here_or_holds_no_address() -> None:
    assert {name for name, _ in TABLES} | set(WITHOUT_ADDRESS) == tables()
    assert {name for name, _ in TABLES}.isdisjoint(WITHOUT_ADDRESS)
