"""All documented operations of GitLab and Bitbucket once more: by path, by an id that is known, and by one that isn't.

Besides, each in many spellings: an address that isn't approved is never taken for one that is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.identify.asking import ask
from tests.identify.forges.labelled import Known, asked
from tests.identify.test_documented import BY_ID, ELSEWHERE, documented

from forgewall.identify.address import covers
from forgewall.identify.directory import IdKind
from forgewall.model import Effect, Operation, Target

UUID = "0000000a-0000-4000-8000-00000000000a"
KNOWN = {
    "gitlab": Known(
        "gitlab.com",
        {(IdKind.REPOSITORY, "1"): "acme/team/api", (IdKind.OWNER, "1"): "acme/team/", (IdKind.USER, "1"): "ana/"},
    ),
    "bitbucket": Known("bitbucket.org", {(IdKind.GUID, UUID): "acme/api"}),
}


@dataclass(frozen=True)
class Naming:
    """How a template's repository is filled in: by its path, by a known id, by an unknown one."""

    base: str
    repository: str
    by_path: Callable[[str], str]
    by_id: Callable[[str], str]
    by_stranger: Callable[[str], str]


def _lab(text: str) -> Callable[[str], str]:
    return lambda path: path.replace("{project}", text, 1)


def _cloud(workspace: str, name: str) -> Callable[[str], str]:
    return lambda path: path.replace("{workspace}", workspace, 1).replace("{repo_slug}", name, 1)


NAMINGS = {
    "gitlab": Naming(
        "https://gitlab.com/api/v4", "gitlab.com/acme/team/api", _lab("acme%2Fteam%2Fapi"), _lab("1"), _lab("5")
    ),
    "bitbucket": Naming(
        "https://api.bitbucket.org/2.0",
        "bitbucket.org/acme/api",
        _cloud("acme", "api"),
        _cloud("%7B%7D", f"%7B{UUID}%7D"),
        _cloud("%7B%7D", f"%7B{UUID[:-1]}b%7D"),
    ),
}


def operations(forge: str) -> Iterator[tuple[str, str]]:
    """The operations whose path names a repository, and not a second one by its id."""
    wanted = r"^/projects/\{project\}" if forge == "gitlab" else r"^/repositories/\{workspace\}/\{repo_slug\}"
    for method, path in documented(forge):
        if re.search(wanted, path):
            yield method, path


def target_of(forge: str, method: str, path: str, naming: Callable[[str], str]) -> Target:
    filled = re.sub(r"\{\w+\}", "x1", naming(path))
    return asked(KNOWN[forge], method, NAMINGS[forge].base + filled)


@pytest.mark.parametrize("forge", NAMINGS)
def test_a_known_id_is_as_good_as_a_path(forge: str) -> None:
    naming = NAMINGS[forge]
    seen = Counter[str]()
    for method, path in operations(forge):
        named = target_of(forge, method, path, naming.by_path)
        by_id = target_of(forge, method, path, naming.by_id)
        assert (named.operation, named.address, named.also) == (by_id.operation, by_id.address, by_id.also), path
        seen[named.effect.value] += 1
        if named.operation not in ELSEWHERE:
            assert named.address == naming.repository, path
    assert sum(seen.values()) > (700 if forge == "gitlab" else 180)


@pytest.mark.parametrize("forge", NAMINGS)
def test_an_unknown_id_claims_nobody(forge: str) -> None:
    for method, path in operations(forge):
        target = target_of(forge, method, path, NAMINGS[forge].by_stranger)
        assert target.owner is None
        assert not target.identified or target.effect not in (Effect.WRITE, Effect.READ)
        if method == "GET":
            assert target.effect is Effect.READ


@pytest.mark.parametrize("forge", ["gitlab", "bitbucket", "bitbucket-dc"])
def test_no_write_passes_for_a_read_and_few_reads_for_writes(forge: str) -> None:
    base = {"bitbucket-dc": "https://bb.example/bitbucket/rest"}.get(forge) or NAMINGS[forge].base
    reads = {path for method, path in documented(forge) if method == "GET"}
    wrong = []
    for method, path in documented(forge):
        target = ask(method, base + re.sub(r"\{\w+\}", "x1", path))
        if (target.effect is Effect.READ) is not (method == "GET") and target.operation is not Operation.FETCH:
            wrong.append((method, path))
    assert wrong == []
    assert len(reads) > 130


def test_what_stays_unidentified_is_known() -> None:
    for forge in ("gitlab", "bitbucket"):
        for method, path in operations(forge):
            target = target_of(forge, method, path, NAMINGS[forge].by_path)
            assert (target.operation is Operation.UNIDENTIFIED) is bool(method != "GET" and BY_ID.search(path)), path


RESPELLINGS: list[Callable[[str], str]] = [
    str.upper,
    lambda text: text + "%00",
    lambda text: text + "%20",
    lambda text: "%20" + text,
    lambda text: text + ".git",
    lambda text: text + ".json",
    lambda text: text + "-evil",
    lambda text: text + "%2F",
    lambda text: text + "%2F..",
    lambda text: text + "%2F%2E%2E%2Floot",
    lambda text: text + "%5C..",
    lambda text: text + ";x",
    lambda text: text + "%3Bx",
    lambda text: text + "%23",
    lambda text: text + "%3F",
    lambda text: "%2E%2F" + text,
    lambda text: "%2F" + text,
    lambda text: text.replace("%2F", "%252F"),
    lambda text: text.replace("%2F", "%2F%2F"),
    lambda text: text.replace("%2F", "%2f"),
    lambda text: text.replace("%2F", "/"),
    lambda text: text.replace("%2F", "%5C"),
    lambda text: text.replace("%2F", "%2F.%2F"),
    lambda text: text.replace("%2F", "%E2%88%95"),
    lambda text: text.replace("l", "%6C"),
    lambda text: text.replace("l", "%256C"),
    lambda text: text.replace("o", "%D0%BE"),
    lambda text: text.replace("o", "%CE%BF"),
    lambda text: text.replace("o", "0"),
    lambda text: "acme%2F..%2F" + text,
    lambda text: "..%2F" + text,
    lambda text: text + "%0d%0a",
]
APPROVED = "gitlab.com/acme"


def test_an_unapproved_project_in_any_spelling_is_not_the_approved_one() -> None:
    for method, path in operations("gitlab"):
        if method == "GET":
            continue
        for respell in RESPELLINGS:
            target = target_of("gitlab", method, path, _lab(respell("mallory%2Floot")))
            assert target.key is None or not covers(APPROVED, target.key), (method, path, target.address)


def test_an_approved_project_in_any_spelling_is_itself_or_refused() -> None:
    for respell in RESPELLINGS:
        target = target_of("gitlab", "POST", "/projects/{project}/issues", _lab(respell("acme%2Fapi")))
        assert target.key is None or covers("gitlab.com", target.key)
        assert target.key is None or target.key in ("gitlab.com/acme/api", "gitlab.com/acme/api-evil",
                                                    "gitlab.com/acme/api.json")  # fmt: skip
