"""GitHub's published REST operations, all of them: reads are reads, writes are writes, and names come out right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.identify.knowing import Known, ask_knowing

from forgewall.identify.address import covers
from forgewall.identify.directory import IdKind
from forgewall.model import Effect, Operation, Target

_FOLDER = Path(__file__).parents[2] / "corpus" / "identify"
_OWNERS = ("owner", "org", "username", "template_owner")
_REPOSITORIES = ("repo", "template_repo")
_NUMBERS = {"team_id": "7", "user_id": "8", "account_id": "8", "organization_id": "9"}
_NAMES = {
    **dict.fromkeys(_OWNERS, "acme"),
    **dict.fromkeys(_REPOSITORIES, "api"),
    **_NUMBERS,
    "security_product": "secret_scanning",
}
KNOWN = Known(
    {
        (IdKind.TEAM, "7"): "github.com/acme",
        (IdKind.OWNER, "8"): "github.com/ana",
        (IdKind.OWNER, "9"): "github.com/acme",
    }
)
# The body names whose it becomes, or what is written to.
IN_THE_BODY = {Operation.FORK, Operation.CREATE_REPO}


def operations(name: str) -> list[tuple[str, str]]:
    lines = (_FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    return [(line.split()[0], line.split()[1]) for line in lines if not line.startswith("#")]


WRITES, READS = operations("documented-github"), operations("documented-github-reads")


def asked(method: str, path: str, beginning: str = "https://api.github.com") -> Target:
    filled = re.sub(r"\{(\w+)\}", lambda found: _NAMES.get(found[1], "x1"), path)
    return ask_knowing(KNOWN, method, beginning + filled)


def wanted(path: str) -> tuple[str | None, str | None]:
    """Owner and repository that the path itself names, first as GitHub writes them."""
    repository = re.match(r"/(?:agents/)?(?:repos|user/starred|user/subscriptions)/\{\w+\}/\{\w+\}", path)
    if repository or re.search(r"/repos/\{owner\}/\{repo\}$", path):
        return "acme", "api"
    if re.match(r"/(orgs|organizations|scim/v2/organizations|user/memberships/orgs)/\{org\}", path):
        return "acme", None
    if re.match(r"/(users/\{username\}|teams/\{team_id\})(/|$)", path):
        return "acme", None
    return None, None


def test_no_write_is_taken_for_a_read_and_no_read_for_a_write() -> None:
    allowed = {("POST", "/markdown"), ("POST", "/markdown/raw")}
    as_reads = {row for row in WRITES if asked(*row).effect is Effect.READ}
    assert {row for row in as_reads - allowed if not row[1].endswith("/attestations/bulk-list")} == set()
    assert [row for row in READS if asked(*row).effect is not Effect.READ] == []


def test_owner_and_repository_are_right_where_the_path_names_them() -> None:
    named, wrong = 0, []
    for method, path in (*WRITES, *READS):
        owner, repository = wanted(path)
        target = asked(method, path)
        if owner is None or target.operation in IN_THE_BODY:
            continue
        named += 1
        if (target.owner, target.repository) != (owner, repository):
            wrong.append((method, path, target.address))
    print(f"GitHub: {len(WRITES)} writes, {len(READS)} reads, {named} name an owner, {len(wrong)} wrong")
    assert wrong == []
    assert named > 1050


def test_no_repository_is_claimed_where_none_can_be_known() -> None:
    claimed = []
    for method, path in (*WRITES, *READS):
        if wanted(path) != (None, None) or re.search(
            r"\{(owner|org|username|enterprise|user_id|account_id|organization_id)\}", path
        ):
            continue
        target = asked(method, path)
        if target.owner is not None or target.repository is not None:
            claimed.append((method, path, target.address))
    assert claimed == []


@pytest.mark.parametrize("beginning", ["https://ghe.example/api/v3", "https://api.acme.ghe.com"])
def test_the_same_holds_on_other_instances(beginning: str) -> None:
    for method, path in WRITES:
        here, there = asked(method, path), asked(method, path, beginning)
        if not path.startswith(("/teams/{team_id}", "/user/{user_id}")):  # whose numbers nobody knows there
            assert (there.operation, there.owner, there.repository) == (here.operation, here.owner, here.repository)


def test_a_repository_by_its_number_is_the_repository_by_its_name() -> None:
    known = Known({(IdKind.REPOSITORY, "42"): "github.com/acme/api"})
    rows = [row for row in WRITES if row[1].startswith("/repos/{owner}/{repo}")]
    for method, path in rows:
        by_number = path.replace("/repos/{owner}/{repo}", "/repositories/42")
        filled = re.sub(r"\{(\w+)\}", "x1", by_number)
        target = ask_knowing(known, method, f"https://api.github.com{filled}")
        assert target == asked(method, path), path
        stranger = ask_knowing(Known({}), method, f"https://api.github.com{filled}")
        assert (stranger.operation, stranger.address) == (Operation.UNIDENTIFIED, None)
    assert len(rows) > 250


# Ways to write `/repos/OWNER/NAME`, most of them no path that a server of GitHub's would take for it.
SPELLINGS = (
    "/repos/{o}/{r}", "/repos/{O}/{R}", "/Repos/{o}/{r}", "//repos/{o}/{r}", "/repos//{o}/{r}", "/repos/{o}//{r}",
    "/./repos/{o}/{r}", "/repos/./{o}/{r}", "/repos/acme/../{o}/{r}", "/repos/acme/%2e%2e/{o}/{r}",
    "/repos/acme/..%2f{o}/{r}", "/repos/acme%2f..%2f{o}/{r}", "/repos/acme/api/../../{o}/{r}", "/repos/{o}%2f{r}",
    "/repos/{o}/{r}.git", "/repos/{o}/{r}%2egit", "/repos/{o}/{r}.", "/repos/{o}./{r}", "/repos/{o};acme/{r}",
    "/repos/acme;{o}/{r}", "/repos/{o}\\..\\acme/{r}", "/repos/acme%5c..%5c{o}/{r}", "/repos/%61cme%2f../{o}/{r}",
    "/repos/acme%00{o}/{r}", "/repos/acme%0a{o}/{r}", "/repos/acme%20/{r}", "/repos/acme-{o}/{r}",
    "/repos/acme.{o}/{r}",
    "/repos/acm\u0435/{r}", "/repos/%ff{o}/{r}", "/repos/acme%252f{o}/{r}", "/repos/{o}/{r}%23", "/repos/@{o}/{r}",
)  # fmt: skip
ROWS = [row for row in WRITES if row[1].startswith("/repos/{owner}/{repo}")]


def spelt(spelling: str, owner: str, name: str, rest: str) -> str:
    start = spelling.format(o=owner, r=name, O=owner.upper(), R=name.title())
    return start + re.sub(r"\{(\w+)\}", "x1", rest)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_an_address_passes_for_an_approved_one(spelling: str) -> None:
    for method, path in ROWS:
        rest = path.removeprefix("/repos/{owner}/{repo}")
        stranger = ask_knowing(KNOWN, method, "https://api.github.com" + spelt(spelling, "mallory", "loot", rest))
        assert not (stranger.identified and covers("github.com/acme", stranger.key or "")), (method, path)
        approved = ask_knowing(KNOWN, method, "https://api.github.com" + spelt(spelling, "acme", "api", rest))
        if approved.identified and approved.operation not in IN_THE_BODY:
            strange = re.search(r"acme[-.;]acme|acme\.$|acme\./", approved.key or "") or "acm\u0435" in spelling
            assert strange or covers("github.com/acme", approved.key or ""), (method, path, approved.key)
