"""Suggestions: company work is told from what a person should look at, and what is suggested holds on the same log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.review.recordings import START, entries, recorded, requests, target, would

from forgewall.decide.engine import decide
from forgewall.decide.load import load
from forgewall.identify.address import covers
from forgewall.model import PLAIN_APPROVAL, Action, Also, Operation, Visibility
from forgewall.review.amend import approve
from forgewall.review.recorded import Recorded
from forgewall.review.replay import replay
from forgewall.review.row import Row
from forgewall.review.suggest import Suggestion, suggest
from forgewall.review.suggest_choice import Choice, Chosen
from forgewall.review.suggest_seen import Spot, strict
from forgewall.review.thresholds import Thresholds

NOW = START + timedelta(days=14)
EMPTY = "version: 1\nmode: observe\n"
PUSH, ISSUE = Operation.PUSH, Operation.ISSUE


def used(
    address: str, people: Sequence[str] = ("ana", "ben"), days: int = 3, operation: Operation = PUSH, **changes: Any
) -> list[Recorded]:
    """Steady use of `address`: by each of `people` on each of so many days."""
    return [
        would(address, user=who, operation=operation, time=START + timedelta(days=day), **changes)
        for day in range(days)
        for who in people
    ]


def upload(address: str, *signals: str, size: int = 1000, user: str = "ana", day: int = 0) -> Row:
    """The end of an upload in the index."""
    texts = dict.fromkeys(
        ["client", "forge", "host", "owner", "repository", "visibility", "operation", "effect", "code", "rule"], ""
    )
    return Row(
        **texts,
        **dict.fromkeys(["reference", "reason", "message", "digest", "request_id", "case_id"], ""),
        id="01",
        time=START + timedelta(days=day),
        dataset="upload",
        outcome="complete",
        alert=False,
        user=user,
        address=address,
        key=address.lower(),
        bytes=size,
        signals=signals,
    )


def suggested(log: Sequence[Recorded], uploads: Iterable[Row] = (), text: str = EMPTY, **thresholds: Any) -> Suggestion:
    rows = list(uploads)
    return suggest(lambda: log, lambda: rows, text, "p.yaml", NOW, Thresholds(**thresholds))


def addresses(found: Suggestion) -> list[str]:
    return [entry.wish.address for entry in found.entries]


def reasons(found: Suggestion) -> dict[str, str]:
    return {doubt.address: doubt.reason for doubt in found.doubts}


def test_an_organisation_at_work_is_suggested_as_a_whole() -> None:
    log = [*used("github.com/Acme/api"), *used("github.com/acme/web"), would("github.com/acme/once", user="zoe")]
    found = suggested(log)
    (entry,) = found.entries
    assert (entry.wish.address, entry.wish.allow) == ("github.com/acme", None)
    assert (entry.use.count, len(entry.use.people), len(entry.use.days)) == (13, 3, 3)
    assert entry.places == ("github.com/Acme/api", "github.com/acme/once", "github.com/acme/web")
    assert entry.operations == ((PUSH, 13),)
    assert (found.objected, found.let_through, found.doubts) == (13, 13, ())


def test_one_repository_is_suggested_alone_and_its_owner_only_if_wanted() -> None:
    log = [*used("github.com/acme/api"), would("github.com/acme/once", user="zoe")]
    assert addresses(suggested(used("github.com/acme/api"))) == ["github.com/acme/api"]
    assert addresses(suggested(used("github.com/acme/api"), owners=True)) == ["github.com/acme"]
    assert addresses(suggested(log)) == ["github.com/acme"]


def test_subgroups_are_suggested_as_narrowly_as_they_are_used() -> None:
    log = [*used("gitlab.com/acme/platform/api"), *used("gitlab.com/acme/platform/web")]
    assert addresses(suggested(log)) == ["gitlab.com/acme/platform"]
    assert addresses(suggested([*log, *used("gitlab.com/acme/infra/k8s")])) == ["gitlab.com/acme"]
    assert addresses(suggested(log, owners=True)) == ["gitlab.com/acme"]


def test_what_is_used_too_little_is_left_to_a_person() -> None:
    log = [
        *used("github.com/solo/api", people=("ana",), days=9),
        *used("github.com/burst/api", days=1),
        would("github.com/once/api", user="zoe"),
    ]
    found = suggested(log)
    assert found.entries == ()
    assert reasons(found) == {
        "github.com/solo/api": "only 1 person did it",
        "github.com/burst/api": "it was done on 1 day only",
        "github.com/once/api": "only 1 person did it",
    }
    assert addresses(suggested(log, people=1, days=1)) == [
        "github.com/solo/api",
        "github.com/burst/api",
        "github.com/once/api",
    ]


@pytest.mark.parametrize(
    ("owner", "people"),
    [
        ("ana-lima", ("ana.lima@acme.example", "ben@acme.example")),
        ("limaana", ("ana.lima@acme.example", "ben@acme.example", "zoe@acme.example")),
        ("alima", ("ACME\\ana.lima", "ACME\\ben")),
        ("anna-lima-dev", ("ana.lima@acme.example", "ben@acme.example")),
        ("xx-lima", ("ana.lima@acme.example", "ben@acme.example")),
        ("ben", ("ana", "ben")),
    ],
)
def test_an_account_that_is_called_like_a_user_is_not_the_companys(owner: str, people: tuple[str, ...]) -> None:
    log = [*used(f"github.com/{owner}/api", people), *used(f"github.com/{owner}/web", people)]
    found = suggested(log, owners=True)
    assert found.entries == ()
    assert all("called" in reason for reason in reasons(found).values())


def test_a_company_is_not_taken_for_its_robot() -> None:
    people = ("acme-bot@acme.example", "ben@acme.example")
    assert addresses(suggested(used("github.com/acme/api", people))) == ["github.com/acme/api"]


def test_gists_and_snippets_are_left_to_a_person() -> None:
    found = suggested([*used("gist.github.com/acme", operation=Operation.SNIPPET), *used("gitlab.com/-/snippets")])
    assert found.entries == ()
    assert {reason.partition(" are")[0] for reason in reasons(found).values()} == {"gists and snippets"}


@pytest.mark.parametrize("signal", ["secret:aws-access-token", "encrypted", "keys", "mail_stores"])
def test_where_an_upload_held_secrets_nothing_is_suggested_and_no_owner_above(signal: str) -> None:
    log = [*used("github.com/acme/api"), *used("github.com/acme/web"), *used("github.com/acme/leak")]
    found = suggested(log, [upload("github.com/acme/leak", signal), upload("github.com/acme/api", "archives")])
    assert sorted(addresses(found)) == ["github.com/acme/api", "github.com/acme/web"]
    said = reasons(found)
    assert signal.replace(":", " ") in said["github.com/acme/leak"]
    assert said["github.com/acme"].endswith("but that would let through github.com/acme/leak, too")


def test_what_the_policy_cut_for_its_contents_counts_against_the_address() -> None:
    cut = recorded("github.com/acme/api", code="content", rule="content/secrets")
    found = suggested([*used("github.com/acme/api"), cut])
    assert found.entries == ()
    assert "for its contents" in reasons(found)["github.com/acme/api"]
    assert found.seen.unjudged == 1


def test_a_copy_of_much_is_not_daily_work() -> None:
    log = used("github.com/acme/api", days=5)
    found = suggested(log, [upload("github.com/acme/api", size=300 * 2**20, day=2)])
    assert found.entries == ()
    assert reasons(found)["github.com/acme/api"].startswith("one person sent 300 MiB on 2026-11-26")
    busy = [
        upload("github.com/acme/api", size=200 * 2**20, user=user, day=day)
        for user in ("ana", "ben")
        for day in range(5)
    ]
    assert addresses(suggested(log, busy)) == ["github.com/acme/api"]


def test_public_with_one_person_and_self_made_are_left_to_a_person() -> None:
    place = target("github.com/tools/x", visibility=Visibility.PUBLIC)
    public = [replace(one, target=place) for one in used("github.com/tools/x", people=("ana",), days=5)]
    made = used("github.com/tools/y", people=("ana",), days=5)
    made.append(would("github.com/tools/y", user="ana", operation=Operation.CREATE_REPO))
    found = suggested([*public, *made], people=1)
    assert found.entries == ()
    assert "everybody can see it" in reasons(found)["github.com/tools/x"]
    assert "made it" in reasons(found)["github.com/tools/y"]


def test_what_moved_is_left_to_a_person() -> None:
    from tests.record.samples import MOVE

    place = target("github.com/acme/api", moved=MOVE)
    found = suggested([replace(one, target=place) for one in used("github.com/acme/api")])
    assert "moved to github.com/mallory/Prey" in reasons(found)["github.com/acme/api"]


def test_what_is_approved_is_not_suggested_but_what_expired_is() -> None:
    log = used("github.com/acme/api")
    assert suggested(log, text="version: 1\napproved: [github.com/acme]\n").entries == ()
    assert suggested(log, text="version: 1\napproved: [github.com/acme]\n").seen.approved == 6
    ended = "version: 1\napproved: [{repo: github.com/acme, expires: 2026-11-30}]\n"
    assert addresses(suggested(log, text=ended)) == ["github.com/acme/api"]


def test_below_an_entry_that_does_not_admit_it_nothing_is_suggested() -> None:
    log = [*used("github.com/acme/api"), *used("github.com/acme/web"), *used("github.com/other/x")]
    text = "version: 1\napproved:\n  - {repo: github.com/acme/api, who: [zoe]}\nforbidden: [github.com/acme/web]\n"
    found = suggested(log, text=text)
    assert addresses(found) == ["github.com/other/x"]
    said = reasons(found)
    assert said["github.com/acme/api"].startswith("`approved/github.com/acme/api` (p.yaml:3) covers it")
    assert said["github.com/acme/web"] == "`forbidden/github.com/acme/web` (p.yaml:4) forbids it"


def test_what_the_policy_settles_for_itself_stands_in_no_owners_way() -> None:
    log = [*used("github.com/acme/a"), *used("github.com/acme/b"), *used("github.com/acme/api")]
    text = "version: 1\napproved:\n  - {repo: github.com/acme/api, who: [zoe]}\n"
    found = suggested(log, text=text)
    assert addresses(found) == ["github.com/acme"]
    assert found.let_through == 12


@pytest.mark.parametrize(
    ("operations", "allow"),
    [
        ([PUSH], None),
        ([ISSUE], ["text"]),
        ([Operation.OTHER_WRITE], None),
        ([PUSH, ISSUE, Operation.OTHER_WRITE], None),
        ([PUSH, Operation.CREATE_REPO], ["code", "create-repo"]),
        ([PUSH, ISSUE, Operation.FORK, Operation.OTHER_WRITE], ["code", "text", "fork", "other-write"]),
        ([Operation.CREATE_REPO], ["create-repo"]),
    ],
)
def test_operations_are_as_narrow_as_groups_allow(operations: list[Operation], allow: list[str] | None) -> None:
    from forgewall.review.amend_entry import allow_words

    log = [one for operation in operations for one in used("github.com/acme/api", operation=operation)]
    (entry,) = suggested(log).entries
    assert (allow_words(entry.wish.allow, "") if entry.wish.allow is not None else None) == allow


def test_what_hands_rights_over_is_never_suggested_and_what_is_rare_is_doubted() -> None:
    log = [
        *used("github.com/acme/api"),
        *used("github.com/acme/api", operation=Operation.WEBHOOK),
        would("github.com/acme/api", user="ana", operation=Operation.DELETE_REPO),
    ]
    found = suggested(log)
    assert found.entries[0].wish.allow is None
    assert found.let_through == 6
    assert {doubt.operations: doubt.reason for doubt in found.doubts} == {
        (Operation.WEBHOOK,): "it hands data or rights to others; name it in `allow:` if it is wanted",
        (Operation.DELETE_REPO,): "only 1 person did it",
    }


def test_reads_are_suggested_as_reads_where_reads_need_an_approval() -> None:
    text = "version: 1\nmode: observe\ndefaults: {reads: approved-only}\n"
    found = suggested(used("github.com/acme/api", operation=Operation.FETCH), text=text)
    assert found.entries[0].wish.allow == frozenset({Operation.FETCH})
    assert found.let_through == 6


def test_packages_of_an_owner_need_a_look_unless_the_owner_is_at_work() -> None:
    packages = used("github.com/acme", operation=Operation.PACKAGE)
    assert "the whole owner" in reasons(suggested(packages))["github.com/acme"]
    log = [*packages, *used("github.com/acme/api"), *used("github.com/acme/web")]
    assert addresses(suggested(log)) == ["github.com/acme"]
    assert suggested(log).let_through == 18


def test_what_no_address_settles_is_listed_apart() -> None:
    unclear = replace(would("github.com/x"), target=target(None, Operation.UNIDENTIFIED, evidence="POST /mystery"))
    sentence = "version: 1\nmode: observe\ndefaults: {auth: block}\n"
    found = suggested([unclear, would("github.com/acme", operation=Operation.AUTH)], text=sentence)
    assert found.entries == found.doubts == ()
    assert list(found.seen.unclear) == [("github.com", "the request is not understood: POST /mystery")]
    assert list(found.seen.settings) == ["defaults/auth"]


def test_a_request_for_two_repositories_passes_if_both_are_suggested() -> None:
    other = Also(address="github.com/else/b", owner="else", repository="b", role="destination", operation=PUSH)
    both = [replace(one, target=target("github.com/acme/a", PUSH, also=(other,))) for one in used("github.com/acme/a")]
    found = suggested(both)
    assert sorted(addresses(found)) == ["github.com/acme/a", "github.com/else/b"]
    assert found.let_through == 6


def test_an_entry_that_fails_a_test_of_the_policy_is_not_suggested() -> None:
    text = "version: 1\ntests:\n  - {do: git push https://github.com/acme/api, expect: block}\n"
    found = suggested([*used("github.com/acme/api"), *used("github.com/other/x")], text=text)
    assert addresses(found) == ["github.com/other/x"]
    assert "p.yaml:3 expects `block`" in reasons(found)["github.com/acme/api"]


def test_a_self_hosted_forge_is_known_by_the_policy() -> None:
    place = {"kind": target("gitlab.com/a/b").kind}
    log = [replace(one, target=target("git.acme.example/acme/api", **place)) for one in used("gitlab.com/acme/api")]
    text = "version: 1\nforges: [{host: git.acme.example, kind: gitlab}]\n"
    assert addresses(suggested(log, text=text)) == ["git.acme.example/acme/api"]
    assert suggested(log).entries == ()


def test_the_heaviest_entry_comes_first() -> None:
    log = [*used("github.com/rare/x"), *used("github.com/often/y", days=9)]
    assert addresses(suggested(log)) == ["github.com/often/y", "github.com/rare/x"]


def test_a_choice_that_does_not_hold_on_the_log_is_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(spots: Iterable[Spot], *_: object) -> Chosen:
        places = {spot.address: spot for spot in spots}
        kept = tuple(spot for address, spot in places.items() if address != "github.com/acme/web")
        broad = Choice(address="github.com/acme", key="github.com/acme", allow=None, spots=kept)
        taking = Choice(address="github.com/b/x", key="github.com/b/x", allow=frozenset({ISSUE}), spots=())
        return Chosen(choices=(broad, taking), doubts=())

    monkeypatch.setattr("forgewall.review.suggest.choose", careless)
    log = [*used("github.com/acme/api"), *used("github.com/acme/web"), *used("github.com/b/x")]
    found = suggested(log, text="version: 1\napproved: [github.com/b]\n")
    assert found.entries == ()
    assert reasons(found) == {
        "github.com/acme": "it would let through `push` at github.com/acme/web, too",
        "github.com/b/x": "it would take away what a broader entry approves",
    }


@given(
    st.lists(entries(), max_size=3),
    st.lists(requests, min_size=1, max_size=30),
    st.sampled_from([(1, 1), (2, 1), (1, 2)]),
    st.booleans(),
)
def test_joined_with_the_policy_it_lets_exactly_the_suggested_work_through(
    approved: list[str], asked: list[Recorded], least: tuple[int, int], owners: bool
) -> None:
    text = "version: 1\ngroups: {oss: [ana]}\nmode: observe\n"
    text += "approved:\n" + "".join(f"  - {entry}\n" for entry in approved) if approved else ""
    base = load(text, "p.yaml", START).policy
    log = []
    for one in asked:
        assert one.target is not None
        verdict = decide(base, one.target, one.subject, one.size, one.time, one.refs)
        said = {"action": verdict.action, "would_action": verdict.would_action, "code": verdict.code}
        log.append(replace(one, **said, rule=verdict.rule))
    found = suggested(log, text=text, people=least[0], days=least[1], owners=owners)
    wishes = [entry.wish for entry in found.entries]
    joined = load(approve(text, "p.yaml", wishes).text, "p.yaml", START).policy if wishes else base

    result = replay(log, strict(joined), old=strict(base), at=NOW)
    assert all("/" in wish.address for wish in wishes)
    assert {change.after.action for change in result.changes if change.before.action is Action.ALLOW} == set()
    passing = [change for change in result.changes if change.after.action is Action.ALLOW]
    assert sum(change.count for change in passing) == found.let_through
    places = {
        (place.lower(), operation)
        for entry in found.entries
        for place in entry.places
        for operation in (entry.wish.allow or PLAIN_APPROVAL)
    }
    doubted = {(doubt.address.lower(), operation) for doubt in found.doubts for operation in doubt.operations}
    for change in passing:
        if not any(one.target and one.target.address == change.address and one.target.also for one in log):
            assert (change.address.lower(), Operation(change.operation)) in places
            assert (change.address.lower(), Operation(change.operation)) not in doubted - places
    keys = [wish.address.lower() for wish in wishes]
    assert not any(one != other and covers(one, other) for one in keys for other in keys)
