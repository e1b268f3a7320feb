"""Policy files as people write them: what is right, and what is said of what is wrong."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.complaints import MAX_PROBLEMS
from forgewall.decide.document import MAX_BYTES, decode
from forgewall.decide.load import load, parse
from forgewall.decide.policy import OtherHosts, Reads
from forgewall.errors import PolicyError
from forgewall.model import GROUPS, PLAIN_APPROVAL, Action, Mode, Operation, Visibility

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))


def problems(text: str) -> list[str]:
    """What `parse` says of `text`, each as LINE:COLUMN message (hint)."""
    with pytest.raises(PolicyError) as caught:
        parse(text, "p.yaml")
    return [str(problem).removeprefix("p.yaml:").replace(": ", " ", 1) for problem in caught.value.problems]


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_each_way_to_be_wrong_is_told_with_its_place(path: Path) -> None:
    text = path.read_text("utf-8")
    expected = [line.removeprefix("#! ") for line in text.splitlines() if line.startswith("#! ")]
    expected = [line.replace("FILE:built-in", "built-in").replace("FILE:", "p.yaml:") for line in expected]
    found = problems(text)
    assert expected
    for line in expected:
        assert any(problem.startswith(line) for problem in found), (line, found)
    assert len(found) >= len(expected)
    places = [tuple(map(int, problem.split(" ", 1)[0].split(":"))) for problem in found]
    assert places == sorted(places)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_nothing_else_is_complained_about(path: Path) -> None:
    text = path.read_text("utf-8")
    wrong_places = {line.split(" ")[1] for line in text.splitlines() if line.startswith("#! ")}
    if path.stem != "anchor-bomb":  # its unknown keys are told besides
        assert {problem.split(" ", 1)[0] for problem in problems(text)} == wrong_places


def test_a_full_policy_is_compiled() -> None:
    text = """
version: 1
mode: observe
contact: security@acme.example
forges:
  - {host: Git.Acme.Example, kind: gitlab, port: 8443, path: /gitlab/, hosts: [registry.acme.example],
     shared_address: true}
approved:
  - github.com/Acme-Corp
  - repo: github.com/numpy/numpy
    allow: [text, push]
    who: [oss, bob]
    max_upload: 10MB
    over: log
    mode: observe
    visibility: [private, internal]
    confirmed: 2026-11-25T10:00:00+01:00
    expires: 2027-01-31
    owner: platform-team
    reason: OSS-1234
forbidden:
  - github.com/acme-corp/public-site
  - {repo: github.com/acme-corp/old, reason: gone}
defaults: {reads: approved-only, writes: log, unidentified: allow, personal: block, auth: block, telemetry: block,
  assistants: log, other_hosts: block, max_upload: 1KiB, over: log, ip_literals: [198.51.100.7, 2001:db8::/32]}
groups: {oss: [ana@acme.example, 10.4.0.0/16]}
events: {on_error: allow, reads: true, keep: 90d}
privacy: {pseudonymise_users: true}
"""
    policy = parse(text, "p.yaml")
    assert (policy.mode, policy.contact, policy.file) == (Mode.OBSERVE, "security@acme.example", "p.yaml")
    assert policy.digest == hashlib.sha256(text.encode()).hexdigest()
    assert (policy.approvals, policy.depth, set(policy.approved)) == (
        2,
        3,
        {"github.com/acme-corp", "github.com/numpy/numpy"},
    )
    [plain] = policy.approved["github.com/acme-corp"]
    assert (plain.rule, plain.line, plain.terms.allow) == ("approved/github.com/Acme-Corp", 9, PLAIN_APPROVAL)
    [entry] = policy.approved["github.com/numpy/numpy"]
    terms = entry.terms
    assert terms.allow == GROUPS["text"] | {Operation.PUSH}
    assert terms.who is not None
    assert terms.who.terms == ("oss", "bob")
    assert (terms.max_upload, terms.over, terms.mode) == (10_000_000, Action.LOG, Mode.OBSERVE)
    assert terms.expires == datetime(2027, 2, 1, tzinfo=UTC)
    assert terms.visibility == {Visibility.PRIVATE, Visibility.INTERNAL}
    assert terms.confirmed == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert (terms.owner, terms.reason) == ("platform-team", "OSS-1234")
    assert {key: entry.line for key, entry in policy.forbidden.items()} == {
        "github.com/acme-corp/public-site": 22,
        "github.com/acme-corp/old": 23,
    }
    defaults = policy.defaults
    assert (defaults.reads, defaults.writes, defaults.unidentified) == (Reads.APPROVED_ONLY, Action.LOG, Action.ALLOW)
    assert {defaults.personal, defaults.auth, defaults.telemetry} == {Action.BLOCK}
    assert defaults.assistants is Action.LOG
    assert (defaults.other_hosts, defaults.max_upload, defaults.over) == (OtherHosts.BLOCK, 1024, Action.LOG)
    assert [str(network) for network in policy.ip_literals] == ["198.51.100.7/32", "2001:db8::/32"]
    assert policy.default_reference("writes") == "p.yaml:24"
    assert (policy.events.on_error, policy.events.reads, policy.events.keep) == (Action.ALLOW, True, timedelta(days=90))
    assert policy.privacy.pseudonymise_users
    forge = policy.registry.lookup("registry.acme.example")
    assert forge is not None
    assert forge.forge == "git.acme.example"
    assert forge.instance is not None
    assert forge.instance.shared_address


def test_the_least_policy_blocks_writes_and_allows_reads() -> None:
    policy = parse("version: 1\n", "p.yaml")
    assert (policy.mode, policy.approvals, policy.contact, policy.depth) == (Mode.ENFORCE, 0, "", 1)
    assert (policy.defaults.reads, policy.defaults.writes) == (Reads.ALLOW, Action.BLOCK)
    assert policy.defaults.max_upload == 50 * 2**20
    assert policy.default_reference("writes") == "built-in"


@pytest.mark.parametrize("value", ["", " ~", " null", " # nothing yet", " []"])
def test_a_section_may_be_left_empty(value: str) -> None:
    policy = parse(f"version: 1\napproved:{value}\nforbidden:{value}\ntests:{value}\nforges:{value}\n", "p.yaml")
    assert policy.approvals == 0


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "~\n", "---\n", "\ufeff"])
def test_an_empty_policy_is_an_error(text: str) -> None:
    assert problems(text) == ["1:1 the policy is empty (it begins with `version: 1`)"]


def test_a_byte_order_mark_and_foreign_line_ends_are_read() -> None:
    text = decode(b"\xef\xbb\xbfversion: 1\r\napproved:\r\n  - github.com/acme\r\n", "p.yaml")
    assert parse(text, "p.yaml").approved["github.com/acme"][0].line == 3
    assert parse("\ufeffversion: 1\nmode: observe\n", "p.yaml").mode is Mode.OBSERVE


def test_what_is_no_utf8_is_told_with_its_place() -> None:
    with pytest.raises(PolicyError, match=r"p\.yaml:2:13: byte 0xe9 is not UTF-8 \(save the file as UTF-8\)"):
        decode("version: 1\ncontact: Andr\xe9\n".encode("latin-1").replace(b"Andr", b"abc"), "p.yaml")
    with pytest.raises(PolicyError, match="byte 0xff is not UTF-8"):
        decode("version: 1\n".encode("utf-16"), "p.yaml")


def test_a_huge_file_is_refused_unread() -> None:
    with pytest.raises(PolicyError, match="larger than 32 MiB"):
        decode(b"x" * (MAX_BYTES + 1), "p.yaml")


@pytest.mark.parametrize(
    "garbage",
    ["x" * 10_000_000, "- x\n" * 2_500_000, "a: " * 2_000_000, "[" * 10_000_000, "{" * 1_000_000, "\x00" * 10_000_000],
    ids=["word", "list", "colons", "brackets", "braces", "zeros"],
)
def test_megabytes_of_garbage_are_refused_with_few_words(garbage: str) -> None:
    found = problems(garbage)
    assert len(found) <= MAX_PROBLEMS + 1
    assert all(len(line) < 1000 for line in found)


def test_a_file_full_of_mistakes_is_told_up_to_a_bound() -> None:
    found = problems("version: 1\napproved:\n" + "".join(f"  - evil{n}.example/x\n" for n in range(5000)))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1].endswith(f"only the first {MAX_PROBLEMS} problems are shown")


def test_long_or_unprintable_addresses_are_quoted_briefly() -> None:
    [long, strange] = problems(f'version: 1\napproved:\n  - github.com/{"a" * 5000}\n  - "github.com/a\\nb"\n')
    assert long.endswith("…` is no address such as github.com/acme")
    assert len(long) < 120
    assert strange == "4:5 `github.com/a\\u{000a}b` is no address such as github.com/acme"


def test_a_hundred_thousand_approvals_are_read_and_found() -> None:
    text = "version: 1\napproved:\n" + "".join(f"  - github.com/org{n}/repo{n}\n" for n in range(100_000))
    policy = parse(text, "p.yaml")
    assert policy.approvals == 100_000
    assert next(policy.covering("github.com/org77777/repo77777/x"))[0].line == 77_780


def test_entries_with_one_address_are_alternatives_in_their_order() -> None:
    entries = "".join(f"  - {{repo: github.com/Acme/x, who: user{n}}}\n" for n in range(5))
    policy = parse(f"version: 1\napproved:\n  - github.com/acme\n{entries}  - github.com/acme\n", "p.yaml")
    assert policy.approvals == 7
    assert [entry.line for entry in policy.approved["github.com/acme/x"]] == [4, 5, 6, 7, 8]
    assert [entry.line for entry in policy.approved["github.com/acme"]] == [3, 9]


def test_a_list_that_is_repeated_is_read_as_the_first_time() -> None:
    policy = parse(
        """
version: 1
groups: {oss: [bob]}
approved:
  - {repo: github.com/a/1, allow: [push], who: [oss, ana]}
  - {repo: github.com/a/2, allow: push, who: [oss, ana]}
  - {repo: github.com/a/3, allow: [push], who: [ana, oss]}
  - {repo: github.com/a/4, allow: ["push"], who: ["null"]}
""",
        "p.yaml",
    )
    terms = [entry.terms for [entry] in policy.approved.values()]
    assert [term.allow for term in terms] == [{Operation.PUSH}] * 4
    assert [term.who and term.who.terms for term in terms] == [
        ("oss", "ana"),
        ("oss", "ana"),
        ("ana", "oss"),
        ("null",),
    ]
    assert [term.who and set(term.who.users) for term in terms] == [{"ana", "bob"}] * 3 + [{"null"}]


def test_what_is_wrong_in_a_list_is_told_each_time() -> None:
    found = problems(
        """
version: 1
approved:
  - {repo: github.com/a/1, allow: [push, psh], who: ["null"]}
  - {repo: github.com/a/2, allow: [push, psh], who: [null]}
  - {repo: github.com/a/3, allow: [push, [push]], who: ["*"]}
  - {repo: github.com/a/4, allow: [push], who: ["*"]}
"""
    )
    assert [re.sub(" .*", "", problem) for problem in found] == ["4:42", "5:42", "5:54", "6:42", "6:57", "7:49"]


def test_a_repeated_key_is_told_even_if_its_value_breaks_off() -> None:
    assert problems("version: 1\nmode: enforce\nmode: [")[0].startswith("3:1 `mode` stands here a second time")


def test_a_test_that_only_expiry_breaks_is_a_warning() -> None:
    text = """
version: 1
approved: [{repo: github.com/acme, expires: 2026-06-30}]
tests: [{do: git push https://github.com/acme/x, expect: allow}]
"""
    assert load(text, "p.yaml", datetime(2026, 6, 30, 23, 59, tzinfo=UTC)).stale == ()
    [stale] = load(text, "p.yaml", datetime(2026, 7, 1, tzinfo=UTC)).stale
    assert stale.line == 4
    with pytest.raises(PolicyError, match="expects log"):
        parse(text.replace("expect: allow", "expect: log"), "p.yaml", datetime(2026, 7, 1, tzinfo=UTC))


yamlish = st.lists(
    st.sampled_from(
        [
            "version: 1",
            "approved:",
            "  - github.com/acme",
            "forbidden: [x]",
            "- ",
            "{",
            "}",
            "[",
            "]",
            ": ",
            "&a ",
            "*a",
            "!!set ",
            "? ",
            "'",
            '"',
            "|",
            ">",
            "\t",
            "\n",
            "  ",
            "#",
            "---",
            "...",
            "%YAML 1.1",
            "defaults: {max_upload: 9}",
            "tests: [{do: git push https://github.com/a/b, expect: block}]",
            "groups: {a: [b]}",
            "who: [a]",
            "repo: ",
            "\u2028",
            "\x85",
            "\ud800",
            "\ufeff",
        ]
    )
).map("".join)


def complaints_of(text: str) -> list[str]:
    try:
        parse(text, "p.yaml")
    except PolicyError as error:
        return [str(problem) for problem in error.problems] or ["nothing said"]
    return []


@given(st.one_of(st.text(), yamlish, yamlish.map(lambda tail: f"version: 1\n{tail}")))
def test_any_text_is_a_policy_or_a_policy_error(text: str) -> None:
    for problem in complaints_of(text):
        assert re.match(r"p\.yaml:[1-9][0-9]*:[1-9][0-9]*: [^\n]+\Z", problem)


@given(st.binary())
def test_any_bytes_are_text_or_a_policy_error(data: bytes) -> None:
    try:
        text = decode(data, "p.yaml")
    except PolicyError:
        return
    complaints_of(text)


def test_the_largest_upload_is_that_of_any_entry_or_the_default() -> None:
    head = "version: 1\ndefaults: {max_upload: 5MiB}\napproved:\n  - github.com/acme\n"
    small = "  - {repo: github.com/acme/small, max_upload: 1KiB}\n"
    large = "  - {repo: github.com/acme/large, max_upload: 1GiB}\n"
    assert parse(head, "p.yaml").largest_upload == 5 * 1024 * 1024
    assert parse(head + small, "p.yaml").largest_upload == 5 * 1024 * 1024
    assert parse(head + small + large, "p.yaml").largest_upload == 1024**3
