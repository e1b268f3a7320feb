"""Rule files in gitleaks' format: what is understood, what is passed over, and what is refused with a sentence."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.rules import parse
from forgewall.inspect.secrets import Scanner

RULE = """
title = "ours"
minVersion = "v8.25.0"
[[rules]]
id = "acme-token"
description = "Acme"
regex = '''\\bacme_([a-z0-9]{8})\\b'''
keywords = ["ACME_"]
"""


def found(rules: str, data: str, path: str | None = None) -> list[tuple[str, str]]:
    stream = Scanner.load(rules).stream(path)
    return [(secret.rule, secret.mask) for secret in stream.feed(data.encode()) + stream.finish()]


def test_a_rule_of_ones_own_finds_by_its_group() -> None:
    assert found(RULE, "x acme_1a2b3c4d y") == [("acme-token", "1a…(8)")]
    assert found(RULE, "x acme_1a2b3c4de y") == []


def test_the_group_may_be_named_and_else_the_first_that_took_part_counts() -> None:
    two = RULE.replace("([a-z0-9]{8})", "(?:([0-9]{8})|([a-z]{12}))")
    assert found(two, "acme_12345678 acme_abcdefghijkl") == [("acme-token", "12…(8)"), ("acme-token", "abcd…(12)")]
    assert found(two + "secretGroup = 2\n", "acme_abcdefghijkl") == [("acme-token", "abcd…(12)")]
    assert found(RULE.replace("([a-z0-9]{8})", "[a-z0-9]{8}"), "acme_1a2b3c4d") == [("acme-token", "acme…(13)")]


def test_entropy_must_be_exceeded() -> None:
    assert found(RULE + "entropy = 2.0\n", "acme_aaaabbbb acme_abcd1234") == [("acme-token", "ab…(8)")]
    assert found(RULE + "entropy = 3.0\n", "acme_abcd1234") == []


def test_a_keyword_must_stand_somewhere_near() -> None:
    other = RULE.replace('"ACME_"', '"Zebra"')
    assert found(other, "acme_1a2b3c4d") == []
    assert found(other, "acme_1a2b3c4d of the zEBRA") == [("acme-token", "1a…(8)")]


def test_a_rule_for_paths_holds_where_the_path_is_unknown_too() -> None:
    only = RULE + "path = '''\\.env$'''\n"
    assert found(only, "acme_1a2b3c4d", "a/.env") != []
    assert found(only, "acme_1a2b3c4d", None) != []
    assert found(only, "acme_1a2b3c4d", "a/env.md") == []


@pytest.mark.parametrize(
    "allowlist",
    [
        "regexes = ['''^1a''']",
        "stopwords = ['A2B3']",
        "paths = ['''^docs/''']",
        "regexTarget = 'match'\nregexes = ['''^acme_1''']",
        "regexTarget = 'line'\nregexes = ['''for show$''']",
        "condition = 'AND'\nregexes = ['''^1a''']\npaths = ['''^docs/''']",
        "condition = 'OR'\nregexes = ['''^9''']\npaths = ['''^docs/''']",
        "commits = ['abc']\nregexes = ['''^1a''']",
    ],
)
@pytest.mark.parametrize("table", ["[[rules.allowlists]]", "[rules.allowlist]", "[[allowlists]]", "[allowlist]"])
def test_what_an_allowlist_names_is_no_secret(table: str, allowlist: str) -> None:
    data = "one\nacme_1a2b3c4d for show\nacme_other"
    whole = f"{RULE}\n{table}\n{allowlist}\n"
    assert found(whole, data, "docs/a.txt") == []
    assert found(RULE, data, "docs/a.txt") != []


@pytest.mark.parametrize(
    "allowlist",
    [
        "",
        "commits = ['abc']",
        "regexes = ['''^acme''']",
        "stopwords = ['acme']",
        "regexTarget = 'line'\nregexes = ['''^one''']",
        "condition = 'AND'\nregexes = ['''^1a''']\npaths = ['''^src/''']",
        "condition = 'AND'\nregexes = ['''^1a''']\ncommits = ['abc']",
        "targetRules = ['another']\nregexes = ['''^1a''']",
    ],
)
def test_what_an_allowlist_does_not_name_stays_a_secret(allowlist: str) -> None:
    assert found(f"{RULE}\n[[allowlists]]\n{allowlist}\n", "one\nacme_1a2b3c4d\n", "docs/a.txt") != []


def test_an_allowlist_by_path_needs_a_path() -> None:
    assert found(f"{RULE}\n[[allowlists]]\npaths = ['''.*''']\n", "acme_1a2b3c4d", None) != []


def test_a_global_allowlist_may_be_for_some_rules() -> None:
    whole = f"{RULE}\n[[allowlists]]\ntargetRules = ['acme-token']\nregexes = ['''^1a''']\n"
    assert found(whole, "acme_1a2b3c4d") == []


def test_unknown_keys_and_rules_without_a_pattern_are_passed_over() -> None:
    text = RULE + "tags = ['x']\nwhat = {is = 'this'}\n[[rules.required]]\nid = 'z'\n[[rules]]\nid = 'p'\npath = 'x'\n"
    text += "[[rules]]\nid = 'component'\nregex = 'abc'\nskipReport = true\n[unheard]\nof = 1\n"
    assert [rule.id for rule in parse(text)] == ["acme-token"]


@pytest.mark.parametrize(
    "text, says",
    [
        ("[[rules", "not TOML"),
        ("", "no rule"),
        ("rules = 3", "`rules` must be a list of tables"),
        ("[[rules]]\nregex = 'x'", "has no `id`"),
        ("[[rules]]\nid = 'a'\nregex = 3", "rule `a`: `regex` must be a text"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\nentropy = 'high'", "rule `a`: `entropy` must be a number"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\nsecretGroup = 1", "rule `a` has no capture group 1"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\nsecretGroup = -1", "rule `a`: `secretGroup` must be"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\nkeywords = 'x'", "rule `a`: `keywords` must be a list"),
        ("[[rules]]\nid = 'a'\nregex = '(x'", "rule `a` has a pattern that can't be used: missing )"),
        ("[[rules]]\nid = 'a'\nregex = 'x(?=y)'", "rule `a` has a pattern"),
        ("[[rules]]\nid = 'a'\nregex = 'x*'", "rule `a` has a pattern"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\n[[rules]]\nid = 'b'\nregex = 'y*'", "rule `b` has a pattern"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\n[[rules.allowlists]]\npaths = ['[']", "rule `a` has a pattern"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\n[[rules]]\nid = 'a'\nregex = 'y'", "rule `a` stands twice"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\n[[allowlists]]\nregexTarget = 'all'", "`regexTarget` is `all`"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\n[[allowlists]]\ncondition = 'XOR'", "`condition` is `XOR`"),
        ("[[rules]]\nid = 'a'\nregex = 'x'\n[extend]\nuseDefault = true", "put all rules into one file"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="secret rule") as caught:
        Scanner.load(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_rules_or_a_sentence(text: str) -> None:
    for whole in (text, RULE + text, RULE + "[[rules.allowlists]]\n" + text):
        with suppress(ValueError):
            assert parse(whole)
