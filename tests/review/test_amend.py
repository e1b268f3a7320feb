"""Edits of a policy's text: what is written looks as people write it, what is removed leaves no trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from forgewall.decide.load import load
from forgewall.decide.policy import Policy
from forgewall.errors import ForgewallError, PolicyError
from forgewall.model import GROUPS, PLAIN_APPROVAL, Operation, Visibility
from forgewall.review.amend import AmendError, Copy, approve, break_glass, end_break_glass, revoke
from forgewall.review.wish import Wish

FILE = "forgewall.yaml"
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
PLAIN = Wish(address="github.com/acme/x")
LOOT = Wish(
    address="github.com/mallory/loot",
    allow=frozenset({Operation.PUSH, Operation.LFS_UPLOAD}),
    who=("ana@acme.example",),
    expires=datetime(2026, 11, 24, 18, 30, tzinfo=UTC),
)
SHIPPED = """\
version: 1
mode: enforce                     # observe: block nothing

approved:                         # an address covers everything below it
  - github.com/acme-corp          # an organisation
  - gitlab.com/acme-corp          # a group
    # with its subgroups
# - repo: github.com/numpy/numpy
#   who: [oss]

forbidden:                        # for everybody
  - github.com/acme-corp/public-site
"""


def loaded(text: str) -> Policy:
    return load(text, FILE, NOW).policy


def refused(text: str, *wishes: Wish, copies: tuple[Copy, ...] = ()) -> str:
    with pytest.raises(AmendError) as caught:
        approve(text, FILE, wishes, copies)
    assert caught.value.exit_code == 1
    assert isinstance(caught.value, ForgewallError)
    return str(caught.value)


def put(text: str, after: str, lines: str) -> str:
    """`text` with `lines` below the line `after`."""
    assert after in text
    return text.replace(after, after + lines)


def test_an_entry_comes_behind_the_last_one_and_before_examples() -> None:
    amended = approve(SHIPPED, FILE, [PLAIN, LOOT])
    lines = [
        "- github.com/acme/x",
        "- repo: github.com/mallory/loot",
        "  allow: [push, lfs-upload]",
        "  who: [ana@acme.example]",
        "  expires: 2026-11-24T18:30:00Z",
    ]
    assert len(f"  - {{{', '.join(line[2:] for line in lines[1:])}}}") > 110
    written = "".join(f"  {line}\n" for line in lines)
    assert amended.text == put(SHIPPED, "    # with its subgroups\n", written)
    assert amended.entry == "\n".join(lines)
    assert (amended.first_line, amended.last_line) == (8, 12)
    assert amended.text.splitlines()[7] == "  - github.com/acme/x"


def test_what_fits_stands_on_one_line() -> None:
    wish = Wish(address="github.com/mallory/loot", allow=frozenset({Operation.PUSH}), reason="OSS-1: why")
    amended = approve("version: 1\napproved:\n- github.com/a\n", FILE, [wish])
    line = '- {repo: github.com/mallory/loot, allow: [push], reason: "OSS-1: why"}'
    assert amended.text == f"version: 1\napproved:\n- github.com/a\n{line}\n"
    assert amended.entry == line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("approved:\n", "approved:\n  - github.com/acme/x\n"),
        ("approved:", "approved:\n  - github.com/acme/x"),
        ("approved: # none\nmode: observe", "approved: # none\n  - github.com/acme/x\nmode: observe"),
        ("approved: []\n", "approved:\n  - github.com/acme/x\n"),
        ("approved:  [ ]  # none\n", "approved:  # none\n  - github.com/acme/x\n"),
        ("approved: ~\n", "approved:\n  - github.com/acme/x\n"),
        ("approved: null # none\n", "approved: # none\n  - github.com/acme/x\n"),
        ("approved:\n  ~\n", "approved:\n  [github.com/acme/x]\n"),
        ("approved: [ # none\n  ]\n", "approved: [github.com/acme/x # none\n  ]\n"),
        ("forbidden:\n- github.com/b\napproved:", "forbidden:\n- github.com/b\napproved:\n- github.com/acme/x"),
        ("mode: observe\n\nlimits: {}\n", "mode: observe\napproved:\n  - github.com/acme/x\n\nlimits: {}\n"),
        ("approved: [github.com/a]\n", "approved: [github.com/a, github.com/acme/x]\n"),
        ("approved: [github.com/a, ]\n", "approved: [github.com/a, github.com/acme/x, ]\n"),
        ("approved: [github.com/a]# c\n", "approved: [github.com/a, github.com/acme/x]# c\n"),
        ("approved: [\n  github.com/a # c\n]\n", "approved: [\n  github.com/a, # c\n  github.com/acme/x\n]\n"),
        ("approved: [\n  github.com/a, # c\n]\n", "approved: [\n  github.com/a, # c\n  github.com/acme/x,\n]\n"),
        ("approved: [\n  github.com/a\n  ,\n]\n", "approved: [\n  github.com/a\n  ,\n  github.com/acme/x,\n]\n"),
        ("approved:\n- github.com/a\n...\n", "approved:\n- github.com/a\n- github.com/acme/x\n...\n"),
        ("approved:\n- github.com/a\r\n", "approved:\n- github.com/a\r\n- github.com/acme/x\n"),
        ("approved:\n  - repo: github.com/a\n    who:\n      - b # c\n", None),
        ("approved:\n  -\n    repo: github.com/a\n", None),
        ("approved:\n  - repo: github.com/a\n    reason: |+\n      a\n\n", None),
    ],
)
def test_each_kind_of_list_takes_an_entry(before: str, after: str | None) -> None:
    """`after` None: below all, in the usual place."""
    text = f"version: 1\n{before}"
    wanted = f"version: 1\n{after}" if after else text + "  - github.com/acme/x\n"
    assert approve(text, FILE, [PLAIN]).text == wanted


def test_a_policy_in_json_stays_json() -> None:
    text = '{"version": 1, "approved": [{"repo": "github.com/acme/x", "id": 7, "mode": "observe"}]}\n'
    amended = approve(text, FILE, [LOOT], [Copy(line=1, address="github.com/acme/y")])
    assert '"github.com/acme/y", "mode": "observe"}\n' not in amended.text
    import json

    first, second, third = json.loads(amended.text)["approved"]
    assert first == {"repo": "github.com/acme/x", "id": 7, "mode": "observe"}
    assert second["expires"] == "2026-11-24T18:30:00Z"
    assert third == {"repo": "github.com/acme/y", "mode": "observe"}
    added = json.loads(approve('{"version": 1}', FILE, [PLAIN]).text)
    assert added == {"version": 1, "approved": ["github.com/acme/x"]}


def test_everything_that_can_be_wished_is_written_and_read_as_meant() -> None:
    wish = Wish(
        address="gitlab.com/acme/platform/api",
        allow=GROUPS["text"] | {Operation.PUSH, Operation.FORK},
        who=("oss", "10.4.0.0/16", "2001:db8::/32", "12345", "off"),
        visibility=frozenset({Visibility.INTERNAL, Visibility.PRIVATE}),
        max_upload=10_000_000,
        refs=("main", "release/*", "refs/tags/v?"),
        confirmed=datetime(2026, 11, 25, tzinfo=UTC),
        expires=datetime(2026, 12, 24, 19, 30, 5, 999, tzinfo=timezone(timedelta(hours=1))),
        owner="platform-team",
        reason="no",
    )
    amended = approve("version: 1\ngroups: {oss: [bo]}\napproved:\n", FILE, [wish])
    assert amended.entry.split("\n") == [
        "- repo: gitlab.com/acme/platform/api",
        "  allow: [text, push, fork]",
        '  who: [oss, 10.4.0.0/16, 2001:db8::/32, "12345", "off"]',
        "  visibility: [private, internal]",
        "  max_upload: 10MB",
        '  refs: [main, release/*, "refs/tags/v?"]',
        "  confirmed: 2026-11-24",
        "  expires: 2026-12-24T18:30:05Z",
        "  owner: platform-team",
        '  reason: "no"',
    ]
    ((entry,),) = loaded(amended.text).approved.values()
    assert entry.terms.allow == wish.allow
    assert entry.terms.who is not None
    assert entry.terms.who.terms == wish.who
    assert entry.terms.visibility == wish.visibility
    assert entry.terms.max_upload == wish.max_upload
    assert entry.terms.scrutiny.refs == wish.refs
    assert entry.terms.confirmed == wish.confirmed
    assert entry.terms.expires == datetime(2026, 12, 24, 18, 30, 5, tzinfo=UTC)


def test_few_segments_are_an_address_and_many_a_repo() -> None:
    wishes = [Wish(address=address, reason="x") for address in ("github.com", "github.com/acme", "github.com/acme/a")]
    entries = approve("version: 1\n", FILE, wishes).entry.split("\n")
    assert [entry.split(":")[0] for entry in entries] == ["- {address", "- {address", "- {repo"]


def test_a_long_list_is_broken_into_lines() -> None:
    who = tuple(f"somebody{number}@acme.example" for number in range(9))
    amended = approve("version: 1\n", FILE, [Wish(address="github.com/a/b", who=who)])
    assert amended.entry.split("\n")[1:4] == ["  who:", f"    - {who[0]}", f"    - {who[1]}"]


def test_the_plain_set_of_operations_may_be_named() -> None:
    wish = Wish(address="github.com/a/b", allow=PLAIN_APPROVAL)
    assert (
        approve("version: 1\n", FILE, [wish]).entry
        == "- {repo: github.com/a/b, allow: [code, text, fetch, other-write]}"
    )


def test_no_operation_is_no_approval() -> None:
    assert "admits nothing" in refused(SHIPPED, Wish(address="github.com/a/b", allow=frozenset()))
    assert "nothing to approve" in refused(SHIPPED)


SOURCE = """\
version: 1
approved:
  - github.com/acme   # plain
  - repo: gitlab.com/acme/api
    id: 1234
    allow: [push, issue]   # not in the copy
    content: {secrets: block, paths: {"*.kdbx": block, 'a, b': log}}
    deletes: block
    expires: 2099-01-31
    reason: |
      some words,
      more words
  - {address: github.com/b, who: [ana]}
"""


def test_a_copy_says_all_the_same_but_ids() -> None:
    copies = [
        Copy(line=3, address="github.com/acme/web"),
        Copy(line=4, address="gitlab.com/acme/api/sub"),
        Copy(line=13, address="github.com/b/c"),
    ]
    amended = approve(SOURCE, FILE, [], copies)
    assert amended.text.startswith(SOURCE)
    assert amended.entry.split("\n") == [
        "- github.com/acme/web",
        "- repo: gitlab.com/acme/api/sub",
        "  allow: [push, issue]",
        '  content: {secrets: block, paths: {"*.kdbx": block, "a, b": log}}',
        "  deletes: block",
        "  expires: 2099-01-31",
        "  reason: some words, more words",
        "- {address: github.com/b/c, who: [ana]}",
    ]
    after = loaded(amended.text)
    (source,), (copy,) = after.approved["gitlab.com/acme/api"], after.approved["gitlab.com/acme/api/sub"]
    assert (copy.terms.allow, copy.terms.expires) == (source.terms.allow, source.terms.expires)
    assert copy.terms.reason == source.terms.reason == "some words, more words"


def test_a_copy_ends_with_what_it_stands_beside() -> None:
    copies = [
        Copy(line=3, address="github.com/acme/web", expires=NOW, reason="beside: ana"),
        Copy(line=4, address="gitlab.com/acme/api/sub", expires=NOW, reason="unused"),
        Copy(line=4, address="gitlab.com/acme/api/late", expires=datetime(2100, 1, 1, tzinfo=UTC)),
    ]
    after = loaded(approve(SOURCE, FILE, [], copies).text)
    web, sub, late = (after.approved[copy.address][0].terms for copy in copies)
    assert (web.expires, web.reason, web.allow) == (NOW, "beside: ana", PLAIN_APPROVAL)
    assert (sub.expires, sub.reason) == (NOW, "some words, more words")
    assert late.expires == datetime(2099, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("own", ["never", "[x]", "", "{}"])
def test_a_copy_of_what_isn_t_right_is_refused(own: str) -> None:
    text = f"version: 1\napproved:\n- {{repo: github.com/a, expires: {own}}}\n"
    assert "would be refused: `expires`" in refused(text, copies=(Copy(line=3, address="github.com/a/b", expires=NOW),))
    broken = Copy(line=3, address="github.com/acme/b", reason="a\nb")
    assert "holds a line break" in refused(SOURCE, copies=(broken,))


def test_an_entry_like_another_examines_uploads_alike() -> None:
    wish = Wish(address="gitlab.com/acme/api/sub", who=("ana",), like=4)
    amended = approve(SOURCE, FILE, [wish])
    assert amended.entry.split("\n") == [
        "- repo: gitlab.com/acme/api/sub",
        "  who: [ana]",
        '  content: {secrets: block, paths: {"*.kdbx": block, "a, b": log}}',
        "  deletes: block",
    ]
    assert "no entry" in refused(SOURCE, Wish(address="gitlab.com/acme/api/sub", like=5))


def test_a_line_with_several_entries_is_copied_by_what_covers_the_address() -> None:
    text = "version: 1\napproved: [gitlab.com/a, {repo: gitlab.com/a/b, who: [x]}, {repo: gitlab.com/a/b, who: [y]}]\n"
    one = Copy(line=2, address="gitlab.com/a/other")
    assert approve(text, FILE, [], [one]).entry == "gitlab.com/a/other"
    two = Copy(line=2, address="gitlab.com/a/b/wiki")
    assert "which entry in this line" in refused(text, copies=(two,))
    assert approve(text, FILE, [], [two, two]).entry.split("\n") == [
        "{repo: gitlab.com/a/b/wiki, who: [x]}",
        "{repo: gitlab.com/a/b/wiki, who: [y]}",
    ]


def test_a_line_without_an_entry_is_not_copied() -> None:
    assert refused(SOURCE, copies=(Copy(line=6, address="github.com/b/c"),)).startswith(f"{FILE}:6: no entry")
    assert "no entry" in refused("version: 1\n", copies=(Copy(line=1, address="github.com/b/c"),))


def test_an_entry_goes_with_its_comment_and_nothing_else() -> None:
    amended = revoke(SHIPPED, FILE, "github.com/ACME-corp")
    assert amended.text == SHIPPED.replace("  - github.com/acme-corp          # an organisation\n", "")
    assert amended.entry == "- github.com/acme-corp          # an organisation"
    assert (amended.first_line, amended.last_line) == (5, 5)
    amended = revoke(SOURCE, FILE, "gitlab.com/acme/api")
    assert amended.text == "".join(SOURCE.splitlines(keepends=True)[:3] + SOURCE.splitlines(keepends=True)[12:])
    assert (amended.first_line, amended.last_line) == (4, 12)
    assert amended.entry.split("\n")[:2] == ["- repo: gitlab.com/acme/api", "  id: 1234"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("approved:\n  - github.com/a # c\n", "approved:\n"),
        ("mode: observe\napproved:\n- github.com/a", "mode: observe\napproved:"),
        (
            "approved:\n# above\n- github.com/a\n# below\nmode: observe\n",
            "approved:\n# above\n# below\nmode: observe\n",
        ),
        ("approved:\n-\n  # c\n  repo: github.com/a\n- github.com/b\n", "approved:\n- github.com/b\n"),
        ("approved: [github.com/a]\n", "approved: []\n"),
        ("approved: [github.com/a, github.com/b]\n", "approved: [github.com/b]\n"),
        ("approved: [github.com/b, github.com/a]\n", "approved: [github.com/b]\n"),
        ("approved: [github.com/b, github.com/a, ]\n", "approved: [github.com/b, ]\n"),
        ("approved: [github.com/a, github.com/b, {repo: github.com/A}]\n", "approved: [github.com/b]\n"),
        ("approved: [\n  github.com/b, # b\n  github.com/a # a\n]\n", "approved: [\n  github.com/b # b\n]\n"),
        ("approved: [\n  github.com/a, # a\n  github.com/b # b\n]\n", "approved: [\n  github.com/b # b\n]\n"),
        ("approved: [github.com/b, # b\n  github.com/a]\n", "approved: [github.com/b # b\n  ]\n"),
        ("approved: [\n  github.com/a\n]\n", "approved: [\n]\n"),
        ('"approved":\n    - "github.com/a"\n    - \'github.com/b\'\n', "\"approved\":\n    - 'github.com/b'\n"),
    ],
)
def test_each_kind_of_list_gives_an_entry_away(before: str, after: str) -> None:
    amended = revoke(f"version: 1\n{before}", FILE, "github.com/a")
    assert amended.text == f"version: 1\n{after}"
    assert "github.com/a" not in loaded(amended.text).approved


def test_one_of_several_alternatives_is_named_by_its_line() -> None:
    text = "version: 1\napproved:\n- {repo: github.com/a, who: [x]}\n- who: [y]\n  repo: github.com/a\n- github.com/b\n"
    assert loaded(text).approved["github.com/a"][1].line == 5
    assert revoke(text, FILE, "github.com/a", 5).text == text.replace("- who: [y]\n  repo: github.com/a\n", "")
    assert revoke(text, FILE, "github.com/a").text == "version: 1\napproved:\n- github.com/b\n"
    with pytest.raises(AmendError, match=r"forgewall.yaml:6: .* \(see line 3; see line 5\)"):
        revoke(text, FILE, "github.com/a", 6)
    with pytest.raises(AmendError, match="share the line"):
        revoke("version: 1\napproved: [github.com/a, github.com/a]\n", FILE, "github.com/a", 2)


def test_what_isnt_there_can_t_be_revoked() -> None:
    with pytest.raises(AmendError, match=r"`github.com/acme-corp/x` \(see line 5 approves github.com/acme-corp, which"):
        revoke(SHIPPED, FILE, "github.com/acme-corp/x")
    with pytest.raises(AmendError, match="is not a known forge"):
        revoke(SHIPPED, FILE, "nowhere.example/x")
    with pytest.raises(AmendError, match="no entry"):
        revoke("version: 1\n", FILE, "github.com/a")


def test_glass_is_broken_and_mended_in_one_line() -> None:
    until = datetime(2026, 11, 24, 20, tzinfo=timezone(timedelta(hours=1)))
    amended = break_glass(SHIPPED, FILE, until=until, by="ana@acme.example", reason="prod: down")
    line = 'break_glass: {until: 2026-11-24T19:00:00Z, by: ana@acme.example, reason: "prod: down"}'
    assert amended.text == put(SHIPPED, "# observe: block nothing\n", line + "\n")
    assert (amended.entry, amended.first_line, amended.last_line) == (line, 3, 3)
    again = break_glass(amended.text, FILE, until=until + timedelta(hours=1), by="bo", reason="still")
    assert again.text == put(
        SHIPPED, "# observe: block nothing\n", "break_glass: {until: 2026-11-24T20:00:00Z, by: bo, reason: still}\n"
    )
    ended = end_break_glass(again.text, FILE)
    assert ended.text == SHIPPED
    assert (ended.first_line, ended.last_line) == (3, 3)
    with pytest.raises(AmendError, match="nothing to end"):
        end_break_glass(SHIPPED, FILE)


@pytest.mark.parametrize(
    "old",
    [
        "break_glass: # c\n",
        "break_glass: ~ # c\n",
        "break_glass: {until: 2026-01-01T00:00:00Z,\n  by: x, reason: y} # c\n",
        "break_glass:\n  until: 2026-01-01T00:00:00Z\n  by: x\n  reason: y # c\n",
    ],
)
def test_broken_glass_of_any_layout_is_replaced(old: str) -> None:
    text = f"version: 1\n{old}mode: observe\n"
    amended = break_glass(text, FILE, until=NOW, by="ana", reason="down")
    line = "break_glass: {until: 2026-11-24T18:00:00Z, by: ana, reason: down}"
    assert amended.text == f"version: 1\n{line} # c\nmode: observe\n"
    assert end_break_glass(text, FILE).text == "version: 1\nmode: observe\n"


def test_glass_needs_who_and_why() -> None:
    for by, reason in (("", "down"), ("ana", " "), ("ana", "a\nb"), ("a\u202eb", "down"), ("ana", "x" * 1001)):
        with pytest.raises(AmendError):
            break_glass(SHIPPED, FILE, until=NOW, by=by, reason=reason)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "- a\n",
        "version: 1\nversion: 2\n",
        "approved: [&a github.com/a, *a]\n",
        "a: !!str b\n",
        "a: [\n",
        "version: 1\n---\nversion: 1\n",
        "approved: github.com/a\n",
        "approved: {a: b}\n",
        "a: \x07\n",
    ],
)
def test_a_policy_that_can_t_be_read_is_not_edited(text: str) -> None:
    with pytest.raises((AmendError, PolicyError)):
        approve(text, FILE, [PLAIN])
    with pytest.raises((AmendError, PolicyError)):
        revoke(text, FILE, "github.com/a")
    with pytest.raises((AmendError, PolicyError)):
        break_glass(text + "?", FILE, until=NOW, by="a", reason="b")


def test_odd_layouts_are_left_to_people() -> None:
    assert "laid out too unusually" in refused("version: 1\n? approved\n: - github.com/a\n", PLAIN)
    with pytest.raises(AmendError, match=r"forgewall.yaml:3: .*edit the file by hand"):
        revoke("version: 1\n? approved\n: - github.com/a\n", FILE, "github.com/a")


def test_a_comment_that_would_become_text_is_noticed() -> None:
    """Without the entry, the comment below it would be the last line of the text above."""
    text = "version: 1\napproved:\n- repo: github.com/a\n  reason: |\n    why\n- github.com/b\n    # about b\n"
    with pytest.raises(AmendError, match="would change more than it should"):
        revoke(text, FILE, "github.com/b")


def test_breaks_of_yaml_1_1_are_lines_too() -> None:
    text = "version: 1 # a\u2028approved: # b\u0085- github.com/a # c\rmode: observe"
    amended = approve(text, FILE, [PLAIN])
    assert [entry.line for each in loaded(amended.text).approved.values() for entry in each] == [3, 4]
    assert (amended.first_line, amended.last_line) == (4, 4)
    assert revoke(amended.text, FILE, PLAIN.address).text == text
