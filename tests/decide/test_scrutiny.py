"""What a policy says of how uploads are examined, as compiled."""

from __future__ import annotations

from forgewall.decide.load import parse
from forgewall.decide.scrutiny import CONTENT_KEYS, KIND_KEYS
from forgewall.evidence import FileKind
from forgewall.model import Action, ContentRules, Depth, Scrutiny


def test_the_built_in_values() -> None:
    policy = parse("version: 1\napproved: [github.com/acme]\n", "p.yaml")
    [entry] = policy.approved["github.com/acme"]
    assert policy.defaults.scrutiny == entry.terms.scrutiny == Scrutiny()
    assert Scrutiny().depth is Depth.FULL
    assert (ContentRules().secrets, ContentRules().encrypted) == (Action.LOG, Action.ALLOW)


def test_every_kind_but_the_harmless_has_a_word() -> None:
    assert {*KIND_KEYS} == {*FileKind} - {FileKind.MEDIA, FileKind.TEXT, FileKind.OTHER}
    assert ("secrets", "encrypted", *KIND_KEYS, "paths") == CONTENT_KEYS


def test_an_entry_says_it_over_the_defaults() -> None:
    policy = parse(
        """\
version: 1
approved:
  - {repo: github.com/a, refs: main}
  - {repo: github.com/b, refs: [main, "release/*"], inspect: off, deletes: allow, force: block}
  - {repo: github.com/c, allow: [push]}
  - github.com/d
defaults: {inspect: headers, deletes: block, force: log}
content: {pdf: log}
""",
        "p.yaml",
    )
    general = policy.defaults.scrutiny
    assert (general.depth, general.deletes, general.force) == (Depth.HEADERS, Action.BLOCK, Action.LOG)
    assert general.places == (
        ("inspect", "defaults/inspect", "p.yaml:7"),
        ("deletes", "defaults/deletes", "p.yaml:7"),
        ("force", "defaults/force", "p.yaml:7"),
    )
    assert general.content.kinds == ((FileKind.PDF, Action.LOG),)
    a, b, c, d = (policy.approved[f"github.com/{name}"][0].terms.scrutiny for name in "abcd")
    assert (a.refs, a.depth, a.deletes) == (("main",), Depth.HEADERS, Action.BLOCK)
    assert (b.refs, b.depth, b.deletes, b.force) == (("main", "release/*"), Depth.OFF, Action.ALLOW, Action.BLOCK)
    assert b.places == ()
    assert c is general
    assert d is general


def test_plain_entries_share_their_terms() -> None:
    policy = parse("version: 1\napproved: [github.com/a, github.com/b]\ncontent: {secrets: block}\n", "p.yaml")
    a, b = (policy.approved[f"github.com/{name}"][0].terms for name in "ab")
    assert a is b
    assert a.scrutiny.content.secrets is Action.BLOCK


def test_an_empty_section_says_nothing() -> None:
    policy = parse("version: 1\ncontent:\napproved: [{repo: github.com/a, content: {paths: }}]\n", "p.yaml")
    for content in (policy.defaults.scrutiny.content, policy.approved["github.com/a"][0].terms.scrutiny.content):
        assert (content.secrets, content.kinds, content.paths, content.places) == (Action.LOG, (), (), ())


def test_too_many_globs_are_told() -> None:
    import pytest

    from forgewall.errors import PolicyError

    globs = ", ".join(f"x{number}: log" for number in range(201))
    refs = ", ".join(f"x{number}" for number in range(201))
    with pytest.raises(PolicyError) as caught:
        parse(f"version: 1\ncontent: {{paths: {{{globs}}}}}\napproved: [{{repo: github.com/a, refs: [{refs}]}}]\n", "p")
    assert [problem.message for problem in caught.value.problems] == [
        "`paths` holds more than 200 globs",
        "`refs` holds more than 200 globs",
    ]
