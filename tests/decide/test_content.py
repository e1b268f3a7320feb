"""What is said of each thing found in an upload."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgewall.decide.content import judge_fact
from forgewall.decide.load import parse
from forgewall.decide.objection import Objection
from forgewall.evidence import Commit, Fact, File, FileKind, Malformed, Missing, NamedFile, PushOption, Secret, Unread
from forgewall.model import Action, Scrutiny

POLICY = """\
version: 1
content:
  secrets: block
  encrypted: block
  archives: log
  office: log
  keys: block
  paths:
    "docs/sample.kdbx": allow
    "*.kdbx": block
    "secrets/**": log
approved:
  - github.com/acme
  - repo: github.com/acme/tools
    content:
      secrets: log
      archives: block
      pdf: log
      encrypted: allow
      paths: {"*.pem": block, "*.kdbx": log}
"""
REFUSED = ", and the policy doesn't let it be uploaded"
SECRET = Secret(rule="aws-access-token", mask="AKIA…(20)", fingerprint="0" * 16, path="config/prod.env", line=3)


def scrutiny(repository: str = "", policy: str = POLICY) -> Scrutiny:
    key = f"github.com/acme{repository and '/' + repository}"
    return parse(policy, "p.yaml").approved[key][0].terms.scrutiny


def judged(fact: Fact, of: Scrutiny | None = None) -> tuple[str, str, str, str, str] | None:
    """Action, signal, reason, rule and reference."""
    said = judge_fact(of or scrutiny(), fact)
    return None if said is None else (said.action.value, said.signal, said.reason, said.rule, said.reference)


def file(path: str | None = "a/file.bin", kind: FileKind = FileKind.OTHER, *, encrypted: bool = False) -> File:
    return File(path=path, size=1, kind=kind, encrypted=encrypted)


CASES: dict[str, tuple[Fact, tuple[str, str, str, str, str] | None]] = {
    "a secret": (
        SECRET,
        (
            "block",
            "secret",
            "the upload holds a secret (aws-access-token) in config/prod.env, line 3: AKIA…(20)",
            "content/secrets",
            "p.yaml:3",
        ),
    ),
    "a secret nobody knows where": (
        Secret(rule="r", mask="m", fingerprint=""),
        ("block", "secret", "the upload holds a secret (r): m", "content/secrets", "p.yaml:3"),
    ),
    "a secret in an object without a path": (
        Secret(rule="r", mask="m", fingerprint="", oid="0123456789abcdef", line=2),
        (
            "block",
            "secret",
            "the upload holds a secret (r) in the object 0123456789, line 2: m",
            "content/secrets",
            "p.yaml:3",
        ),
    ),
    "a plain file": (file(), None),
    "text": (file("readme.md", FileKind.TEXT), None),
    "a kind nobody speaks of": (file("x.pdf", FileKind.PDF), None),
    "an archive": (
        file("x.zip", FileKind.ARCHIVE),
        ("log", "archives", "x.zip is an archive", "content/archives", "p.yaml:5"),
    ),
    "an encrypted archive": (
        file("backup.zip", FileKind.ARCHIVE, encrypted=True),
        ("block", "encrypted", f"backup.zip is an encrypted archive{REFUSED}", "content/encrypted", "p.yaml:4"),
    ),
    "an encrypted file of no kind": (
        file("blob", encrypted=True),
        ("block", "encrypted", f"blob is encrypted{REFUSED}", "content/encrypted", "p.yaml:4"),
    ),
    "a file without a path": (
        file(None, FileKind.KEY),
        ("block", "keys", f"a file in the upload is a key{REFUSED}", "content/keys", "p.yaml:7"),
    ),
    "an object without a path": (
        File(path=None, size=1, kind=FileKind.KEY, oid="0123456789abcdef"),
        ("block", "keys", f"the object 0123456789 is a key{REFUSED}", "content/keys", "p.yaml:7"),
    ),
    "a path": (
        file("deploy/Keys.KDBX"),
        ("block", "path", f"deploy/Keys.KDBX matches `*.kdbx`{REFUSED}", "content/paths", "p.yaml:10"),
    ),
    "a name in a tree": (
        NamedFile(path="secrets/x/y"),
        ("log", "path", "secrets/x/y matches `secrets/**`", "content/paths", "p.yaml:11"),
    ),
    "the first glob decides": (file("docs/sample.kdbx"), None),
    "an allowed path lifts nothing else": (
        file("docs/sample.kdbx", FileKind.ARCHIVE),
        ("log", "archives", "docs/sample.kdbx is an archive", "content/archives", "p.yaml:5"),
    ),
    "the strictest of kind and path": (
        file("x.kdbx", FileKind.ARCHIVE),
        ("block", "path", f"x.kdbx matches `*.kdbx`{REFUSED}", "content/paths", "p.yaml:10"),
    ),
    "a commit": (
        Commit(
            id="0" * 40,
            author="a",
            author_email="a",
            committer="c",
            committer_email="c",
            time=datetime(2026, 1, 1, tzinfo=UTC),
            subject="s",
        ),
        None,
    ),
    "what is malformed": (
        Malformed(reason="the pack breaks off"),
        ("block", "malformed", "the pack breaks off", "protocol/malformed", "built-in"),
    ),
    "what was not read": (
        Unread(reason="the archive is nested too deep"),
        (
            "block",
            "unread",
            "the archive is nested too deep, so nobody can tell whether it holds what `secrets: block` refuses",
            "content/secrets",
            "p.yaml:3",
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_facts_are_judged_by_the_rules(case: str) -> None:
    fact, wanted = CASES[case]
    assert judged(fact) == wanted


def test_without_a_section_secrets_are_logged_and_the_rest_passes() -> None:
    plain = Scrutiny(rule="approved/github.com/acme", reference="p.yaml:3")
    said = judged(SECRET, plain)
    assert said is not None
    assert (said[0], said[3], said[4]) == ("log", "content/secrets", "built-in")
    for kind in FileKind:
        assert judged(file("x.kdbx", kind, encrypted=True), plain) is None
    assert judged(Unread(reason="too deep"), plain) == (
        "log",
        "unread",
        "too deep",
        "approved/github.com/acme",
        "p.yaml:3",
    )


def test_an_entry_is_laid_over_the_general_rules_word_by_word() -> None:
    tools = scrutiny("tools")
    rule = "approved/github.com/acme/tools"
    said = judged(SECRET, tools)
    assert said is not None
    assert (said[0], said[3], said[4]) == ("log", rule, "p.yaml:16")
    assert judged(file("x.zip", FileKind.ARCHIVE, encrypted=True), tools) == (
        "block",
        "archives",
        f"x.zip is an encrypted archive{REFUSED}",
        rule,
        "p.yaml:17",
    )
    assert judged(file("x.pdf", FileKind.PDF), tools) == ("log", "pdf", "x.pdf is a PDF document", rule, "p.yaml:18")
    inherited = judged(file("id", FileKind.KEY), tools)
    assert inherited is not None
    assert inherited[3:] == ("content/keys", "p.yaml:7")
    assert judged(file("a.pem"), tools) == ("block", "path", f"a.pem matches `*.pem`{REFUSED}", rule, "p.yaml:20")
    assert judged(file("a.kdbx"), tools) == ("log", "path", "a.kdbx matches `*.kdbx`", rule, "p.yaml:20")
    general = judged(file("secrets/a"), tools)
    assert general is not None
    assert general[3:] == ("content/paths", "p.yaml:11")
    assert [glob for glob, _ in tools.content.paths] == ["*.pem", "*.kdbx", "docs/sample.kdbx", "secrets/**"]


def test_an_entry_can_lift_a_general_rule() -> None:
    assert judged(file("blob", encrypted=True), scrutiny("tools")) is None


def observing(fact: Fact) -> Objection:
    base = scrutiny()
    said = judge_fact(Scrutiny(content=base.content, observing=True), fact)
    assert said is not None
    return said


def test_observe_turns_blocks_into_logs_but_not_what_is_malformed() -> None:
    said = observing(SECRET)
    assert (said.action, said.would_block) == (Action.LOG, True)
    assert observing(Unread(reason="r")).would_block
    logged = observing(file("x.zip", FileKind.ARCHIVE))
    assert (logged.action, logged.would_block) == (Action.LOG, False)
    assert observing(Malformed(reason="r")).action is Action.BLOCK


def test_a_block_by_path_alone_blocks_what_was_not_read() -> None:
    policy = 'version: 1\ncontent: {secrets: allow, paths: {"*.kdbx": block}}\napproved: [github.com/acme]\n'
    said = judged(Unread(reason="r"), scrutiny(policy=policy))
    assert said is not None
    assert (said[0], said[2], said[4]) == (
        "block",
        "r, so nobody can tell whether it holds what `*.kdbx: block` refuses",
        "p.yaml:2",
    )


def test_names_in_reasons_are_short_and_on_one_line() -> None:
    said = judged(file("x\n\x1b[31m/" + "y" * 5000 + ".kdbx"))
    assert said is not None
    assert len(said[2]) < 300
    assert said[2].endswith(f"y.kdbx matches `*.kdbx`{REFUSED}")
    said = judged(file("\x1b[31m\n.kdbx"))
    assert said is not None
    assert said[2].isprintable()


@pytest.mark.parametrize("option", ["repo.private=false", "Repo.Private = true", "repo.private"])
def test_push_options_that_change_visibility_need_its_approval(option: str) -> None:
    policy = "version: 1\napproved: [{repo: github.com/acme, allow: [push, visibility]}, github.com/acme/x]\n"
    said = judge_fact(scrutiny("x", policy), PushOption(text=option))
    assert said is not None
    assert (said.action, said.code, said.signal) == (Action.BLOCK, "unapproved", "push-option")
    assert judge_fact(scrutiny("", policy), PushOption(text=option)) is None
    assert judge_fact(scrutiny("x", policy), PushOption(text="ci.skip")) is None


@pytest.mark.parametrize("option", ["merge_request.target_project=mallory/loot", "Merge_Request.Target_Project = x"])
def test_a_push_option_that_leads_elsewhere_is_a_block(option: str) -> None:
    said = judge_fact(Scrutiny(), PushOption(text=option))
    assert said is not None
    assert (said.action, said.code) == (Action.BLOCK, "unapproved")
    assert judge_fact(Scrutiny(), PushOption(text="merge_request.target=main")) is None


@pytest.mark.parametrize(
    ("missing", "content", "blocks"),
    [
        (Missing.CONTENTS, "secrets: block", True),
        (Missing.CONTENTS, 'paths: {"*.kdbx": block}', True),
        (Missing.CONTENTS, "secrets: log", False),
        (Missing.PATHS, "secrets: block, encrypted: block, pdf: block", False),
        (Missing.PATHS, 'paths: {"*.kdbx": log}', False),
        (Missing.PATHS, 'secrets: log, paths: {"a": log, "*.kdbx": block}', True),
        (Missing.HISTORY, 'secrets: block, paths: {"*.kdbx": block}', False),
    ],
)
def test_what_was_not_examined_blocks_only_what_it_may_fall_under(missing: Missing, content: str, blocks: bool) -> None:
    policy = f"version: 1\ncontent: {{{content}}}\napproved: [github.com/acme]\n"
    said = judged(Unread(reason="r", missing=missing), scrutiny(policy=policy))
    assert said is not None
    assert said[0] == ("block" if blocks else "log")
