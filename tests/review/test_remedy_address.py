from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.review import recordings
from tests.review.desk import NOW, Desk

from forgewall.errors import UsageError
from forgewall.identify.address import parse_address
from forgewall.model import Action, Operation, Visibility
from forgewall.review.remedy import Choice
from forgewall.review.remedy_address import address_of, is_address, remedy_for

LAW = recordings.policy("forges: [{host: git.acme.example, kind: gitlab, port: 8443, path: /gitlab}]")
SECRET = "ghp_0123456789abcdefghij"


@pytest.mark.parametrize(
    ("pasted", "address"),
    [
        ("github.com/acme/x", "github.com/acme/x"),
        (" github.com/Acme/x ", "github.com/Acme/x"),
        ("https://github.com/acme/x", "github.com/acme/x"),
        ("https://github.com/acme/x/", "github.com/acme/x"),
        ("https://github.com/acme/x.git", "github.com/acme/x"),
        ("github.com/acme/x.git", "github.com/acme/x"),
        (f"https://ana:{SECRET}@github.com/acme/x.git", "github.com/acme/x"),
        (f"{SECRET}@github.com/acme/x", "github.com/acme/x"),
        ("https://github.com:443/acme/x?tab=readme#top", "github.com/acme/x"),
        ("git@github.com:acme/x.git", "github.com/acme/x"),
        ("ssh://git@github.com:22/acme/x.git", "github.com/acme/x"),
        ("git+ssh://git@gitlab.com/acme/team/x.git", "gitlab.com/acme/team/x"),
        ("https://github.com/acme/x/tree/main/src", "github.com/acme/x"),
        ("https://github.com/acme/x/issues/12", "github.com/acme/x"),
        ("https://gitlab.com/acme/team/x/-/merge_requests", "gitlab.com/acme/team/x"),
        ("https://dev.azure.com/acme/payments/_git/api", "dev.azure.com/acme/payments/api"),
        ("https://api.github.com/repos/acme/x", "github.com/acme/x"),
        ("https://huggingface.co/datasets/acme/x", "huggingface.co/datasets/acme/x"),
        ("https://github.com/acme", "github.com/acme"),
        ("github.com", "github.com"),
        ("https://gist.github.com/acme", "gist.github.com/acme"),
        ("git.acme.example/team/x", "git.acme.example/team/x"),
    ],
)
def test_what_people_paste_is_understood(pasted: str, address: str) -> None:
    assert address_of(pasted, LAW) == address


@pytest.mark.parametrize(
    "pasted",
    [
        "example.com/acme/x",
        "github.com/acme/*",
        "github.com/аcme/x",
        "https://",
        "",
        f"https://ana:{SECRET}@example.com/x",
        f"https://ana:{SECRET}@",
        f"{SECRET}@example.com:x/y",
        f"{SECRET}@example.com/x",
        "github.com/a/b/c/d/e/../../..",
        "github.com/acme/x\x1b[31m",
        "github.com/acme/x\nforbidden: []",
    ],
)
def test_what_is_no_address_is_refused_without_telling_secrets(pasted: str) -> None:
    with pytest.raises(UsageError) as found:
        address_of(pasted, LAW)
    assert SECRET not in str(found.value)
    assert str(found.value).isprintable()


@given(st.text(max_size=60) | st.text("ghcom/.:@?#%-_ \n", max_size=40).map("https://github.com/".__add__))
def test_whatever_is_pasted_is_an_address_or_a_sentence(text: str) -> None:
    try:
        address = address_of(text, LAW)
    except UsageError:
        return
    parse_address(address, LAW.registry)


@pytest.mark.parametrize("text", ["github.com/a", "github.com", "git@x:y"])
def test_what_can_only_be_an_address(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", ["C-4XK2M9QW7T", "01KB5Q7W2M0000000000000001", "c-4xk2"])
def test_what_can_only_be_an_id(text: str) -> None:
    assert not is_address(text)


def approve(desk: Desk, *addresses: str, choice: Choice | None = None) -> None:
    desk.apply(desk.propose(remedy_for(addresses, desk.policy, NOW, choice or Choice(), desk.store)))


def test_an_address_is_approved_for_everybody_with_a_warning(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    found = remedy_for(["https://github.com/acme/x.git"], desk.policy, NOW, Choice(), desk.store)
    assert any("everybody" in warning for warning in found.warnings)
    assert any("nobody has said yet who can see" in warning for warning in found.warnings)
    desk.apply(desk.propose(found))
    assert desk.text.endswith("- github.com/acme/x\n")
    assert desk.judge(recordings.recorded("github.com/acme/x")).action is Action.ALLOW


def test_of_an_address_the_log_is_asked(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.refuse(target=recordings.target("github.com/mallory/loot", visibility=Visibility.PUBLIC))
    warnings = remedy_for(["github.com/mallory/loot"], desk.policy, NOW, Choice(), desk.store).warnings
    assert "everybody can see github.com/mallory/loot" in warnings
    assert "this address was seen for the first time today" in warnings


def test_what_a_broader_entry_grants_stays(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved:\n  - {address: github.com/acme, allow: [code], visibility: private}")
    choice = Choice(operations=frozenset({Operation.ISSUE}), who=("ana",), expires=NOW + timedelta(days=1))
    approve(desk, "github.com/acme/x", choice=choice)
    push = recordings.recorded(
        "github.com/acme/x", target=recordings.target("github.com/acme/x", visibility=Visibility.PRIVATE)
    )
    assert desk.judge(push, user="ben").action is Action.ALLOW
    issue = recordings.recorded("github.com/acme/x", operation=Operation.ISSUE)
    assert desk.judge(issue).action is Action.ALLOW
    assert desk.judge(issue, user="ben").action is Action.BLOCK


def test_what_is_approved_already_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "approved: [github.com/acme]")
    found = remedy_for(["github.com/acme/x"], desk.policy, NOW, Choice())
    assert found.settled
    assert "policy.yaml:2" in found.obstacles[0]


def test_what_is_forbidden_stays_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "forbidden: [github.com/acme]")
    found = remedy_for(["github.com/acme/x"], desk.policy, NOW, Choice())
    assert not found.settled
    assert "by hand" in found.obstacles[0]


@pytest.mark.parametrize("address", ["github.com", "github.com/acme", "gitlab.com/acme"])
def test_broad_addresses_are_warned_of(address: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    found = remedy_for([address], desk.policy, NOW, Choice())
    assert any(word in warning for warning in found.warnings for word in ("whole forge", "is an owner"))


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("bitbucket.org/snippets", "snippets"),
        ("gitlab.com/-/snippets", "snippets"),
        ("gist.github.com", "gists"),
        ("huggingface.co/datasets", "datasets"),
    ],
)
def test_what_everybody_keeps_at_one_address_is_told(address: str, kept: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    said = "; ".join(remedy_for([address], desk.policy, NOW, Choice()).warnings)
    assert f"{address} are everybody's {kept}" in said
    assert "is an owner" not in said


@pytest.mark.parametrize("who", [("user",), ("client",), ("everyone", "ana"), ("a b",), ("*",), ("10.1.2.3.4",)])
def test_people_who_make_no_sense_are_refused(who: tuple[str, ...], tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(UsageError):
        remedy_for(["github.com/acme/x"], desk.policy, NOW, Choice(who=who))


def test_a_name_that_looks_like_a_group_is_warned_of(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "groups: {oss: [ana]}")
    found = remedy_for(["github.com/acme/x"], desk.policy, NOW, Choice(who=("os",)))
    assert any("no group" in warning for warning in found.warnings)


def test_operations_that_hand_rights_on_are_warned_of(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    choice = Choice(operations=frozenset({Operation.DEPLOY_KEY}))
    assert any("deploy-key" in said for said in remedy_for(["github.com/acme/x"], desk.policy, NOW, choice).warnings)
