"""`id:` on an entry: what each text means on which forge, and what is said where it means nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.cases import judge
from forgewall.decide.ids import ids_of, named
from forgewall.decide.load import parse
from forgewall.decide.sentence import parse_sentence
from forgewall.errors import PolicyError
from forgewall.identify.address import parse_address
from forgewall.identify.directory import EMPTY, Id, IdKind, Named
from forgewall.identify.registry import Instance, Registry
from forgewall.model import Action, Kind, Move, Subject, Visibility

NOW = datetime(2026, 12, 1, tzinfo=UTC)
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
REGISTRY = Registry.build(
    [Instance(kind=Kind.BITBUCKET, host="git.acme.example"), Instance(kind=Kind.GITEA, host="tea.acme.example")]
)
DC = {"git.acme.example"}


def meant(text: str, address: str, *, repository: bool = True) -> set[tuple[str, str]]:
    known = parse_address(address, REGISTRY)
    ids = ids_of(text, known, repository=repository, own_server=known.host in DC)
    assert {one.forge for one in ids} == {known.host}
    return {(one.kind.value, one.text) for one in ids}


@pytest.mark.parametrize(
    ("address", "text", "kinds"),
    [
        ("github.com/acme/api", "1234", {("repository", "1234")}),
        ("github.com/acme", "1234", {("owner", "1234")}),
        ("github.com/acme/api", "R_kgDOAbCdEf", {("node", "R_kgDOAbCdEf")}),
        ("github.com/acme/api", "MDEwOlJlcG9zaXRvcnkx==", {("node", "MDEwOlJlcG9zaXRvcnkx==")}),
        ("acme.ghe.com/acme", "O_kgDO", {("node", "O_kgDO")}),
        ("gist.github.com/acme", "aa5a315d61ae9438b18d", {("gist", "aa5a315d61ae9438b18d")}),
        ("gist.github.com/acme", "1234", {("gist", "1234")}),
        ("gitlab.com/acme", "12", {("owner", "12"), ("node", "gid://gitlab/Group/12")}),
        ("gitlab.com/acme/a/api", "12", {("repository", "12"), ("node", "gid://gitlab/Project/12")}),
        ("gitlab.com/acme/a", "gid://gitlab/Group/12", {("owner", "12"), ("node", "gid://gitlab/Group/12")}),
        ("gitlab.com/a/b", "gid://gitlab/Project/12", {("repository", "12"), ("node", "gid://gitlab/Project/12")}),
        ("gitlab.com/ana", "gid://gitlab/User/7", {("user", "7"), ("node", "gid://gitlab/User/7")}),
        ("gitlab.com/a/b", "gid://gitlab/Wiki/7", {("node", "gid://gitlab/Wiki/7")}),
        ("codeberg.org/acme/api", "9", {("repository", "9")}),
        ("tea.acme.example/acme", "9", {("owner", "9"), ("user", "9")}),
        ("dev.azure.com/acme", GUID, {("guid", GUID)}),
        ("dev.azure.com/acme/pay", GUID.upper(), {("guid", GUID)}),
        ("bitbucket.org/acme/api", f"{{{GUID}}}", {("guid", GUID)}),
        ("git.acme.example/ACME/api", "77", {("repository", "77")}),
    ],
)
def test_what_a_text_means(address: str, text: str, kinds: set[tuple[str, str]]) -> None:
    assert meant(text, address) == kinds


@pytest.mark.parametrize(
    ("address", "text", "wrong"),
    [
        ("github.com", "1", "stands on a whole forge: ids name an owner or a repository"),
        ("github.com/acme", "a b", "is no id: write a number, or the text that the API gives"),
        ("github.com/acme", "x" * 201, "is no id: write a number, or the text that the API gives"),
        ("gist.github.com/acme", "G_kwDO", "is not a gist's: write the hex name that its URL ends with"),
        ("gitlab.com/acme/a", "R_kgDO", "is no id of this forge: write a number, or as gid://gitlab/Project/1234"),
        ("gitlab.com/acme/a", "012", "is no id of this forge: write a number, or as gid://gitlab/Project/1234"),
        ("gitlab.com/acme", "gid://gitlab/Project/1", "can't be this address: a project has more names"),
        ("gitlab.com/acme/a", "gid://gitlab/User/1", "can't be this address: a user has one name"),
        ("codeberg.org/acme/a", "0", "is no id of this forge: write a number, as 1234"),
        ("dev.azure.com/a/b", "12", f"is no GUID: write one, as {GUID}"),
        ("bitbucket.org/a/b", "12", f"is no GUID: write one, as {GUID}"),
        ("git.acme.example/ACME", "12", "is no number of a repository: write one, as 1234"),
        ("git.acme.example/ACME/api", GUID, "is no number of a repository: write one, as 1234"),
        ("huggingface.co/acme/bert", "621ffdc036468d709f174338", "never counts: requests to this forge hold no ids"),
        ("git.sr.ht/~ana/x", "12", "never counts: requests to this forge hold no ids"),
    ],
)
def test_what_means_nothing_is_told(address: str, text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)) as caught:
        meant(text, address)
    assert str(caught.value) == wrong


def test_a_number_may_be_a_group_or_a_project() -> None:
    with pytest.raises(ValueError, match="may be a project's or a group's: write gid://gitlab/Group/5 or"):
        meant("5", "gitlab.com/acme/platform", repository=False)


@pytest.mark.parametrize(
    ("address", "group", "owner", "repository"),
    [
        ("github.com/acme", False, "acme", None),
        ("github.com/acme/api", False, "acme", "api"),
        ("gitlab.com/acme/a/b", False, "acme/a", "b"),
        ("gitlab.com/acme/a/b", True, "acme/a/b", None),
        ("dev.azure.com/acme/pay", False, "acme/pay", None),
        ("dev.azure.com/acme/my%20pay/x", False, "acme/my pay", "x"),
        ("huggingface.co/datasets/acme/d", False, "acme", "d"),
        ("huggingface.co/datasets/acme", False, "acme", None),
        ("huggingface.co/acme/m", False, "acme", "m"),
        ("git-codecommit.eu-west-1.amazonaws.com/v1/repos/Api", False, None, "Api"),
    ],
)
def test_what_an_id_names(address: str, group: bool, owner: str | None, repository: str | None) -> None:
    written = address.replace("%20", " ")
    assert named(parse_address(address, REGISTRY), group=group) == Named(
        address=written, owner=owner, repository=repository
    )


@dataclass
class Learned:
    """A directory as forges might have taught it."""

    ids: dict[Id, Named] = field(default_factory=dict)

    def find(self, wanted: Id) -> Named | None:
        return self.ids.get(wanted)

    def visibility(self, key: str) -> Visibility | None:
        return Visibility.PRIVATE if key == "a/b" else None

    def moved(self, key: str) -> Move | None:
        return Move(address="x", key="x", seen=NOW) if key == "a/b" else None


POLICY = """\
version: 1
approved:
  - {repo: gitlab.com/acme/platform/api, id: 1234, who: [ana]}
  - {repo: gitlab.com/Acme/platform/api, id: [1234, "gid://gitlab/Project/99"], allow: [issue]}
  - {address: gitlab.com/acme/platform, id: gid://gitlab/Group/1234}
  - {repo: github.com/acme/api, id: [7, R_kgDO7]}
"""


def number(text: str, kind: IdKind = IdKind.REPOSITORY, forge: str = "gitlab.com") -> Id:
    return Id(forge=forge, kind=kind, text=text)


def test_the_policy_s_own_ids_come_first() -> None:
    stranger = Named(address="gitlab.com/m/loot", owner="m", repository="loot")
    learned = Learned({number("1234"): stranger, number("5"): stranger})
    directory = parse(POLICY, "p.yaml").directory(learned)
    assert directory.find(number("1234")) == Named(
        address="gitlab.com/Acme/platform/api", owner="Acme/platform", repository="api"
    )
    assert directory.find(number("5")) == stranger
    assert directory.find(number("6")) is None
    assert directory.find(number("1234", IdKind.OWNER)) == Named(
        address="gitlab.com/acme/platform", owner="acme/platform", repository=None
    )
    assert directory.find(number("1234", forge="github.com")) is None
    assert (directory.visibility("a/b"), directory.visibility("c")) == (Visibility.PRIVATE, None)
    assert directory.moved("a/b") is not None
    assert directory.moved("c") is None


def test_a_policy_without_ids_adds_nothing() -> None:
    learned = Learned()
    assert parse("version: 1\n", "p.yaml").directory(learned) is learned
    assert parse("version: 1\n", "p.yaml").directory(EMPTY) is EMPTY


def test_requests_that_name_an_id_are_understood() -> None:
    policy = parse(POLICY, "p.yaml")
    for number_, action in ((1234, Action.ALLOW), (1235, Action.BLOCK)):
        sentence = parse_sentence(f"POST https://gitlab.com/api/v4/projects/{number_}/issues 10")
        target, verdict = judge(policy, sentence, Subject(client="127.0.0.1"), NOW)
        assert verdict.action is action
        assert target is not None
        assert (target.address == "gitlab.com/Acme/platform/api") is (action is Action.ALLOW)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        (
            "  - {repo: gitlab.com/a/b, id: 7}\n  - {repo: gitlab.com/a/c, id: [8, 7]}\n",
            "p.yaml:4:36: `id` `7` is that of gitlab.com/a/b already, in line 3 (an id names one thing: remove one)",
        ),
        (
            "  - {repo: gitlab.com/a/b, id: 7}\n  - {repo: gitlab.com/a/c, id: gid://gitlab/Project/7}\n",
            "p.yaml:4:32: `id` `gid://gitlab/Project/7` is that of gitlab.com/a/b already, in line 3 "
            "(an id names one thing: remove one)",
        ),
        (
            "  - {repo: dev.azure.com/a/b, id: 7}\n",
            f"p.yaml:3:35: `id` `7` is no GUID (write one, as {GUID})",
        ),
        (
            "  - {repo: github.com/a/b, id: []}\n",
            "p.yaml:3:32: `id` is empty (remove it, or write the number that the forge's API gives)",
        ),
        (
            "  - {repo: github.com/a/b, id: {a: b}}\n",
            "p.yaml:3:32: `id` is a mapping, but a list is wanted (begin each item with `- `)",
        ),
        (
            "  - {repo: github.com/a/b, visibility: secret}\n",
            "p.yaml:3:40: `visibility` is `secret`, but it must be public, internal or private",
        ),
        (
            "  - {repo: github.com/a/b, visibility: []}\n",
            "p.yaml:3:40: `visibility` is empty (remove it, or write private, internal or public)",
        ),
        (
            "  - {repo: github.com/a/b, confirmed: yesterday}\n",
            "p.yaml:3:39: `confirmed`: `yesterday` is not a date such as 2027-01-31 or a time such as "
            "2027-01-31T18:00:00Z",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(entries: str, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(f"version: 1\napproved:\n{entries}", "p.yaml")
    assert str(caught.value) == problem


@given(
    st.text(max_size=40) | st.integers(-5, 10**20).map(str),
    st.sampled_from(["github.com/a/b", "gitlab.com/a/b/c", "gist.github.com/a", "bitbucket.org/a", "codeberg.org/a/b"]),
    st.booleans(),
)
def test_any_text_is_an_id_or_told_in_a_sentence(text: str, address: str, repository: bool) -> None:
    try:
        ids = ids_of(text, parse_address(address, REGISTRY), repository=repository)
    except ValueError:
        return
    assert ids
    assert all(one.text and one.text.isascii() and " " not in one.text for one in ids)
