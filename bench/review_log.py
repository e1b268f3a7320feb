"""A log as a company of three hundred writes it in ninety days, made fast: the events come from the recorder itself,
only who, where, what, when and how much is exchanged in their lines.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forgewall.evidence import Commit, Evidence, File, FileKind, RefAction, RefUpdate, Secret
from forgewall.model import Action, Kind, Mode, Operation, Subject, Target, Verdict
from forgewall.record.ecs import document
from forgewall.record.event import Decision, Event, Exchange, Objection, PolicyRef, Result, Upload
from forgewall.record.log import MAX_BYTES

USERS = 300
CLIENTS = 5000
OWNERS = 120
REPOSITORIES = 25  # of each owner
STRANGERS = 2000
DAYS = 90
END = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""When a log ends, if nobody says otherwise."""

FORGES = (
    (Kind.GITHUB, "github.com", 60),
    (Kind.GITLAB, "gitlab.com", 18),
    (Kind.GITLAB, "git.acme.example", 12),
    (Kind.BITBUCKET, "bitbucket.org", 6),
    (Kind.HUGGINGFACE, "huggingface.co", 4),
)
"""Which forges there are, and how often each is used."""

_ID, _REQUEST, _FORMER = "0A1B2C3D4E5F6G7H8J9K0M1N2P", "0Q1R2S3T4V5W6X7Y8Z9A0B1C2D", "0E1F2G3H4J5K6M7N8P9Q0R1S2T"
_OWNER, _REPOSITORY, _USER, _CLIENT = "theowner", "therepository", "someone@acme.example", "10.254.253.252"
_BRANCH, _FILE, _SUBJECT = "thebranch", "thefile", "The subject of it"
_SIZE, _PORT, _TIME = 7654321, 54321, datetime(2001, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
_STAMP = "2001-02-03T04:05:06.789Z"
_SLOTS = {
    _ID: "id", _REQUEST: "request", _FORMER: "former", _OWNER: "owner", _REPOSITORY: "repository", _USER: "user",
    _BRANCH: "branch", _FILE: "file", _SUBJECT: "subject", _CLIENT: "client", str(_SIZE): "size",
    str(_PORT): "port", _STAMP: "time",
}  # fmt: skip
_FOUND = re.compile("|".join(map(re.escape, _SLOTS)))
_POLICY = PolicyRef(digest="5f" * 32, file="policy/forgewall.yaml", mode=Mode.ENFORCE)
_PAIRS = tuple(a + b for a in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" for b in "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_BRANCHES = ("main", "develop", "release", *(f"feature-{number}" for number in range(200)))
_VERBS = ("Fix", "Add", "Remove", "Rename", "Translate", "Simplify", "Document", "Test")
_NOUNS = tuple(
    f"{first}{second}"
    for first in ("ex", "im", "re", "trans")
    for second in ("port", "form", "action", "view", "lease", "act", "fer", "plan", "pose", "late", "cord", "tract")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deed:
    """Lines of one request or of several that belong together; `weight` says how often it happens of a thousand."""

    lines: tuple[str, ...]
    weight: float
    stranger: bool


def write_log(directory: Path, count: int, *, end: datetime = END, days: int = DAYS, seed: int = 1) -> int:
    """Writes `count` events of the `days` before `end` (aware) into `directory`, in files as `record.log` names them;
    the same ones for the same `seed`. Returns the bytes written.
    """
    chosen = random.Random(seed)
    written, size, day, number = 0, 0, "", 0
    file = None
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        for line, stamp in _lines(chosen, count, end, timedelta(days=days)):
            if stamp[:10] != day or size > MAX_BYTES:
                if file is not None:
                    file.close()
                number = number + 1 if stamp[:10] == day else 0
                day, size = stamp[:10], 0
                mark = f".{number:04d}" if number else ""
                file = (directory / f"forgewall-{day}{mark}.jsonl").open("wb")
            data = line.encode()
            assert file is not None
            size += file.write(data)
            written += len(data)
    finally:
        if file is not None:
            file.close()
    return written


def addresses(count: int = OWNERS * REPOSITORIES * len(FORGES)) -> list[str]:
    """Approved addresses of such a log, the most used ones first."""
    numbers = itertools.product(range(REPOSITORIES), range(OWNERS), (host for _, host, _ in FORGES))
    return [f"{host}/team-{owner}/service-{number}" for number, owner, host in itertools.islice(numbers, count)]


def _lines(chosen: random.Random, count: int, end: datetime, span: timedelta) -> Iterator[tuple[str, str]]:
    deeds = _deeds()
    weights = [deed.weight for deed in deeds]
    clients = [f"10.{chosen.randrange(4, 20)}.{number >> 8}.{number & 255}" for number in range(CLIENTS)]
    start, at, made = end - span, 0.0, 0
    while made < count:
        for deed in chosen.choices(deeds, weights, k=1000):
            user = min(int(chosen.expovariate(4) * USERS), USERS - 1)
            owner = chosen.randrange(OWNERS)
            repository = min(int(chosen.expovariate(5) * REPOSITORIES), REPOSITORIES - 1)
            facts = {
                "user": f"user-{user}@acme.example",
                "client": clients[(user * 17 + chosen.randrange(20)) % CLIENTS],
                "owner": f"stranger-{chosen.randrange(STRANGERS)}" if deed.stranger else f"team-{owner}",
                "repository": "loot" if deed.stranger else f"service-{repository}",
                "size": chosen.randrange(200, 40_000_000) if chosen.random() < 0.2 else chosen.randrange(200, 9000),
                "port": chosen.randrange(1024, 65536),
                "former": "",
                "branch": chosen.choice(_BRANCHES),
                "file": f"{chosen.choice(_NOUNS)}_{chosen.choice(_NOUNS)}",
                "subject": f"{chosen.choice(_VERBS)} the {chosen.choice(_NOUNS)} of the {chosen.choice(_NOUNS)}",
            }
            request = None
            for line in deed.lines:
                at += chosen.random() * 2
                time = start + min(at / count, 1) * span if made else start
                stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                identifier = _identifier(chosen, int(time.timestamp() * 1000))
                request = request if "%(former)s" in line else _identifier(chosen, int(time.timestamp() * 1000))
                yield line % {**facts, "id": identifier, "request": request, "time": stamp}, stamp
                facts["former"] = identifier
                made += 1
                if made == count:
                    return


def _identifier(chosen: random.Random, milliseconds: int) -> str:
    """An event's id as `record.ulid` makes it, of another time."""
    value = milliseconds << 80 | chosen.getrandbits(80)
    return "".join([_PAIRS[value >> shift & 0x3FF] for shift in range(120, -10, -10)])


def _deeds() -> list[_Deed]:
    return [replace(deed, weight=deed.weight * share) for kind, host, share in FORGES for deed in _deeds_at(kind, host)]


def _deeds_at(kind: Kind, host: str) -> Iterator[_Deed]:
    approved = _verdict(Action.ALLOW, "approved", f"approved/{host}/{_OWNER}", f"{_OWNER} is approved", 120)
    said = f"{host}/{_OWNER}/{_REPOSITORY} isn't approved"
    refused = _verdict(Action.BLOCK, "unapproved", "defaults/writes", said, 14)
    forbidden = _verdict(Action.BLOCK, "forbidden", f"forbidden/{host}/{_OWNER}", "no upload may go there", 90)
    secret = _verdict(Action.BLOCK, "content", "content/secrets", "the upload holds a secret (aws-access-token)", 31)
    push = _target(kind, host, Operation.PUSH)
    opened = _decision(push, approved, "GET", "/info/refs?service=git-receive-pack", None)
    packed = _decision(push, approved, "POST", "/git-receive-pack", _SIZE, refs=(_REF,))
    yield _deed(310, opened, packed, _end(packed, evidence=_evidence()))
    cut = _end(packed, Result.CUT, secret, _evidence(secret=True), ("secret:aws-access-token",))
    yield _deed(5, opened, packed, cut)
    yield _deed(45, _decision(push, refused, "GET", "/info/refs?service=git-receive-pack", None), stranger=True)
    for operation, weight in ((Operation.ISSUE, 70), (Operation.COMMENT, 90), (Operation.CONTENTS, 30)):
        written = _decision(_target(kind, host, operation), approved, "POST", f"/{operation}s", _SIZE)
        yield _deed(weight, written, _end(written))
    for operation, weight in ((Operation.CREATE_REPO, 4), (Operation.RELEASE, 6), (Operation.ISSUE, 25)):
        tried = _decision(_target(kind, host, operation), refused, "POST", f"/{operation}", _SIZE)
        yield _deed(weight, tried, stranger=True)
    yield _deed(6, _decision(_target(kind, host, Operation.FORK), forbidden, "POST", "/forks", _SIZE))


def _deed(weight: float, *events: Event, stranger: bool = False) -> _Deed:
    return _Deed(lines=tuple(_line(event) for event in events), weight=weight, stranger=stranger)


def _line(event: Event) -> str:
    text = json.dumps(document(event), ensure_ascii=False, separators=(",", ":")).replace("%", "%%") + "\n"
    return _FOUND.sub(lambda match: f"%({_SLOTS[match[0]]})s", text)


def _verdict(action: Action, code: str, rule: str, reason: str, line: int) -> Verdict:
    return Verdict(action=action, code=code, rule=rule, reference=f"policy/forgewall.yaml:{line}", reason=reason)


def _target(kind: Kind, host: str, operation: Operation) -> Target:
    address = f"{host}/{_OWNER}/{_REPOSITORY}"
    return Target(
        kind=kind,
        host=host,
        address=address,
        key=address,
        owner=_OWNER,
        repository=_REPOSITORY,
        operation=operation,
        effect=operation.effect,
        evidence=f"{kind.value}: a listed route",
    )


_REF = RefUpdate(name=f"refs/heads/{_BRANCH}", action=RefAction.UPDATE, old="1f" * 20, new="2e" * 20)


def _decision(
    target: Target, verdict: Verdict, method: str, tail: str, size: int | None, *, refs: tuple[RefUpdate, ...] = ()
) -> Decision:
    return Decision(
        id=_ID,
        time=_TIME,
        request_id=_REQUEST,
        subject=Subject(client=_CLIENT, port=_PORT, user=_USER, source="proxy-auth"),
        exchange=Exchange(
            scheme="https",
            host=target.host,
            port=443,
            method=method,
            path=f"/{_OWNER}/{_REPOSITORY}.git{tail}",
            http_version="2",
            user_agent="git/2.47.1",
            content_length=size,
            mime_type="application/x-git-receive-pack-request",
            server_name=target.host,
            role="web",
        ),
        verdict=verdict,
        policy=_POLICY,
        target=target,
        response_status=403 if verdict.action is Action.BLOCK else None,
        refs=refs,
    )


def _end(
    decision: Decision,
    result: Result = Result.COMPLETE,
    verdict: Verdict | None = None,
    evidence: Evidence | None = None,
    signals: tuple[str, ...] = (),
) -> Upload:
    said = (
        (Objection(rule=verdict.rule, reference=verdict.reference, action=Action.BLOCK, reason=verdict.reason),)
        if verdict is not None
        else ()
    )
    return Upload(
        id=_ID,
        time=_TIME,
        decision=replace(decision, id=_FORMER),
        result=result,
        wire_bytes=_SIZE,
        seconds=0.25,
        sha256="ab" * 32,
        response_status=200,
        verdict=verdict,
        evidence=evidence,
        objections=said,
        signals=signals,
    )


def _evidence(*, secret: bool = False) -> Evidence:
    commit = Commit(
        id="2e" * 20,
        author="Some One",
        author_email=_USER,
        committer="Some One",
        committer_email=_USER,
        time=_TIME,
        subject=_SUBJECT,
    )
    files = tuple(
        File(path=f"src/{name}.py", size=1200, sha256="79" * 32, kind=FileKind.TEXT, oid="88" * 20)
        for name in ("export", _FILE, f"test_{_FILE}")
    )
    found = Secret(rule="aws-access-token", mask="AKIA…(20)", fingerprint="97" * 8, path="deploy/env", line=3)
    return Evidence(
        refs=(_REF,),
        ref_count=1,
        commit_count=2,
        first_commit=commit,
        last_commit=commit,
        files=files,
        file_count=3,
        file_bytes=3600,
        secrets=(found,) if secret else (),
        secret_count=int(secret),
    )
