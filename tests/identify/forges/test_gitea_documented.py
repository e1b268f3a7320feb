"""Every operation that Gitea and Forgejo publish, as a request: none that writes passes for a read, and whose it is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.identify.asking import ask, told

from forgewall.identify.address import covers
from forgewall.model import BodyState, Effect, Operation, Target

FOLDER = Path(__file__).parents[2] / "corpus" / "identify"
API = "https://codeberg.org/api/v1"
JSON = ("content-type", "application/json")
NAMES = {
    **dict.fromkeys(("owner", "org", "template_owner"), "acme"),
    **dict.fromkeys(("repo", "template_repo"), "api"),
    "filepath": "src/a.py",
}
READS_BY_POST = re.compile(r"^/(markdown|markdown/raw|markup)$|/file-contents$")
# The number of an account, a repository or a team is all there is.
BY_NUMBER = re.compile(r"^/(teams/\{id\}|activitypub/(user|repository)-id/)")
# What is written to stands in the body; the repository of the path is only copied.
ELSEWHERE: Mapping[str, tuple[dict[str, object], str, str]] = {
    "POST /repos/{owner}/{repo}/forks": ({"organization": "umbrella", "name": "copy"}, "umbrella/copy", "parent"),
    "POST /repos/{template_owner}/{template_repo}/generate": (
        {"owner": "umbrella", "name": "copy"},
        "umbrella/copy",
        "source",
    ),
}
BODIES: Mapping[str, dict[str, object]] = {
    "POST /repos/migrate": {"repo_owner": "acme", "repo_name": "api", "clone_addr": "https://example.org/x.git"},
    "POST /repos/{owner}/{repo}/transfer": {"new_owner": "umbrella"},
    "POST /orgs/{org}/rename": {"new_name": "umbrella"},
    "POST /orgs": {"username": "acme"},
    "POST /admin/users/{username}/orgs": {"username": "acme"},
}
CREATING = re.compile(r"^/(orgs?/\{org\}|admin/users/\{username\}|user)/repos$")


def documented(forge: str) -> Iterator[tuple[str, str]]:
    for line in (FOLDER / f"documented-{forge}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            method, path = line.split()
            yield method, path


def asked(method: str, path: str) -> Target:
    filled = re.sub(r"\{([\w-]+)\}", lambda found: NAMES.get(found[1], "7"), path)
    row = f"{method} {path}"
    known = BODIES.get(row) or (
        ELSEWHERE[row][0] if row in ELSEWHERE else {"name": "api"} if CREATING.match(path) else {}
    )
    body = json.dumps(known).encode() if method != "GET" else b""
    return ask(method, API + filled, body, *((JSON,) if body else ()))


def expected(method: str, path: str) -> str | None:
    """The address that a request's own words tell; None where they tell none."""
    row = f"{method} {path}"
    if row in ELSEWHERE:
        return f"codeberg.org/{ELSEWHERE[row][1]}"
    if row == "POST /repos/migrate" or (CREATING.match(path) and "{org}" in path and method == "POST"):
        return "codeberg.org/acme/api"
    if BY_NUMBER.match(path):
        return None
    if path.startswith("/users/{username}"):
        return "codeberg.org/7"
    if re.search(r"\{(repo|template_repo)\}", path):
        return "codeberg.org/acme/api"
    if re.search(r"\{(owner|org)\}", path) or row in BODIES:
        return "codeberg.org/acme"
    if row == "POST /admin/users/{username}/repos":
        return "codeberg.org/7/api"
    return None


@pytest.mark.parametrize(("forge", "least"), [("gitea", 482), ("forgejo", 493)])
def test_every_published_operation(forge: str, least: int, capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for method, path in documented(forge):
        target = asked(method, path)
        reads = method == "GET" or READS_BY_POST.search(path) is not None
        counts["operations"] += 1
        counts["reads" if reads else "writes"] += 1
        if (target.effect is Effect.READ) is not reads:
            wrong.append(f"{method} {path}: {target.effect.value}")
        said = expected(method, path)
        if said is None:
            if target.owner is not None or target.repository not in (None, "api"):
                wrong.append(f"{method} {path}: claims {target.address}")
        else:
            counts["named"] += 1
            if target.address != said:
                wrong.append(f"{method} {path}: {target.address} instead of {said}")
        if target.operation is Operation.UNIDENTIFIED and not BY_NUMBER.match(path):
            wrong.append(f"{method} {path}: {target.evidence}")
    with capsys.disabled():
        print(f"\n{forge}: {dict(counts)}, wrong: {len(wrong)}")
    assert wrong == []
    assert counts["operations"] == least


@pytest.mark.parametrize("forge", ["gitea", "forgejo"])
def test_an_unread_body_is_the_stricter_reading(forge: str) -> None:
    for method, path in documented(forge):
        if method == "GET":
            continue
        filled = re.sub(r"\{([\w-]+)\}", lambda found: NAMES.get(found[1], "7"), path)
        unread = ask(method, API + filled, state=BodyState.UNREAD)
        if not unread.wants_body:
            assert told(unread) == told(asked(method, path)), (method, path)
        elif unread.identified:
            assert asked(method, path).identified, (method, path)


# How a stranger may write an owner, and whom a server would take: the stranger, the approved owner, or nobody.
RESPELLED = {
    "ACME": "acme",
    "%61cme": "acme",
    "acm%65": "acme",
    "acme-evil": None,
    "acme.evil": None,
    "acme_": None,
    "xacme": None,
    "acme%2e": None,
    "acme.": None,
    "acme%20": None,
    "%20acme": None,
    "acme%00": None,
    "acme%0a": None,
    "acme%09": None,
    "acme;x": None,
    "acme%3bx": None,
    "acme%3fx": None,
    "acme%23x": None,
    "acme%252fapi": None,
    "acme%2fapi": None,
    "acme/../mallory": None,
    "acme/%2e%2e/mallory": None,
    "acme%2f..%2fmallory": None,
    "acme/./../mallory": None,
    "mallory/../acme": None,
    "./acme": None,
    "/acme": None,
    "acme//": None,
    "acme%5c..%5cmallory": None,
    "acme\\..\\mallory": None,
    "%D0%B0cme": None,
    "acme%EF%BC%8Fx": None,
    "acme%c0%af": None,
    "acme%": None,
}


def test_no_respelling_of_an_owner_passes_for_another() -> None:
    asked_ = 0
    rows = [row for row in documented("gitea") if row[0] != "GET" and "/{owner}/{repo}" in row[1]]
    for method, path in rows:
        for spelling, meant in RESPELLED.items():
            filled = path.replace("{owner}", spelling).replace("{repo}", "api")
            target = ask(method, API + re.sub(r"\{[\w-]+\}", "7", filled))
            asked_ += 1
            allowed = target.identified and covers("codeberg.org/acme", target.key or "")
            assert not allowed or meant == "acme", (method, spelling, path, target)
    assert asked_ > 4000


def test_every_web_route(capsys: pytest.CaptureFixture[str]) -> None:
    """Routes of pages: all are listed, and name the repository, or the owner, that stands in the path."""
    elsewhere = re.compile(
        r"/(fork|_fork/\*)$|^/repo/|/dependency/|/settings$|^/org/create$|^/org/\{owner\}/settings/rename"
    )
    wrong, rows = [], list(documented("gitea-web"))
    for method, path in rows:
        target = ask(method, "https://codeberg.org" + re.sub(r"\{(\w+)\}|\*", _filled, path))
        if elsewhere.search(path):
            continue
        said = "codeberg.org/acme/api" if "{repo}" in path else "codeberg.org/acme" if "{owner}" in path else None
        if target.operation is Operation.UNIDENTIFIED or (said is not None and target.address != said):
            wrong.append((method, path, told(target)))
    with capsys.disabled():
        print(f"\ngitea, forgejo: {len(rows)} web routes, wrong: {len(wrong)}")
    assert wrong == []
    assert len(rows) > 350


def _filled(found: re.Match[str]) -> str:
    return NAMES.get(found[1] or "", "main/7" if found[0] == "*" else "7")
