"""A company's week in the event log, and a log in which every field is hostile, for tests of the console's pages."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forgewall.decide.engine import decide
from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.evidence import Commit, Evidence, File, FileKind, RefAction, RefUpdate, Secret
from forgewall.model import Action, Kind, Mode, Operation, Subject, Target, Verdict, Visibility
from forgewall.record.event import (
    Change,
    Decision,
    Deed,
    Edit,
    Event,
    Exchange,
    Objection,
    PolicyChange,
    PolicyEdit,
    PolicyRef,
    Result,
    Review,
    Upload,
)
from forgewall.record.log import EventLog

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
POLICY = """\
version: 1
contact: security@acme.example
approved:
  - github.com/acme-corp
  - repo: gitlab.com/acme-corp/platform
    owner: platform-team
    reason: all of platform lives here
  - repo: github.com/numpy/numpy
    allow: [push, pull-request, issue, comment]
    who: [oss]
    max_upload: 10MiB
    expires: 2026-11-28
    owner: science
    reason: OSS-1234
  - repo: huggingface.co/acme-corp
    visibility: [private]
    owner: ml
  - repo: github.com/contractor/handover
    expires: 2026-11-01
    reason: gone since
forbidden:
  - github.com/acme-corp/public-site
groups: {oss: [ana@acme.example, 10.4.0.0/16]}
tests:
  - {do: git push https://github.com/acme-corp/api, expect: allow}
  - {do: git push https://github.com/mallory/loot, expect: block}
"""

_PEOPLE = (("ana@acme.example", "10.1.2.3"), ("ben@acme.example", "10.1.2.9"), ("chloe@acme.example", "10.1.7.44"),
           ("dmitri@acme.example", "10.2.0.18"), ("ci-runner", "10.9.0.5"), (None, "10.4.0.77"))  # fmt: skip
_PLACES = (
    ("github.com/acme-corp/api", Visibility.PRIVATE, 40),
    ("gitlab.com/acme-corp/platform/web", Visibility.PRIVATE, 24),
    ("huggingface.co/acme-corp/models", Visibility.PRIVATE, 8),
    ("github.com/mallory/loot", Visibility.PUBLIC, 9),
    ("github.com/ana/dotfiles", Visibility.PUBLIC, 6),
    ("gitlab.com/chloe/side-project", Visibility.PUBLIC, 5),
    ("gist.github.com/ben", None, 4),
    ("github.com/acme-corp/public-site", Visibility.PUBLIC, 3),
    ("bitbucket.org/acme-old/billing", None, 3),
    ("github.com/numpy/numpy", Visibility.PUBLIC, 4),
)
_KINDS = {"github.com": Kind.GITHUB, "gist.github.com": Kind.GITHUB, "gitlab.com": Kind.GITLAB,
          "bitbucket.org": Kind.BITBUCKET, "huggingface.co": Kind.HUGGINGFACE}  # fmt: skip
_DEEDS = (Operation.PUSH, Operation.PUSH, Operation.PUSH, Operation.CONTENTS, Operation.PULL_REQUEST, Operation.RELEASE)


def week(seed: int = 5, count: int = 420) -> Iterator[Event]:
    """Events of the seven days before NOW, oldest first; the same for the same seed."""
    chosen = random.Random(seed)
    policy = parse(POLICY, "policy/forgewall.yaml", NOW)
    now = PolicyRef(digest=policy.digest, file=policy.file, mode=Mode.ENFORCE)
    start = NOW - timedelta(days=7)
    yield _named(
        PolicyChange(
            change=Change.LOADED, policy=now, old_digest=None, new_digest=policy.digest, approvals=5, time=start
        ),
        0,
    )
    times = sorted(start + timedelta(seconds=chosen.random() ** 0.8 * 7 * 86400) for _ in range(count))
    for number, time in enumerate(times):
        decision = _decision(chosen, policy, now, time, number)
        yield decision
        if decision.verdict.action is not Action.BLOCK and decision.target is not None:
            yield _upload(chosen, decision, number)
    yield _named(
        PolicyEdit(
            edit=Edit.APPROVED,
            actor="ben@acme.example",
            actor_source="token",
            file="policy/forgewall.yaml",
            old_digest="11" * 32,
            new_digest=policy.digest,
            address="github.com/numpy/numpy",
            entry="  - repo: github.com/numpy/numpy\n    who: [oss]\n    expires: 2026-11-28",
            lines="8-14",
            reason="OSS-1234",
            until=NOW + timedelta(days=4),
            time=NOW - timedelta(hours=3),
        ),
        1,
    )
    yield _named(
        Review(
            deed=Deed.FORBIDDEN,
            actor="vera",
            actor_source="token",
            role="viewer",
            client="10.1.9.9",
            note="a viewer tried what only a reviewer may",
            time=NOW - timedelta(hours=2),
        ),
        2,
    )


def _decision(chosen: random.Random, policy: Policy, now: PolicyRef, time: datetime, number: int) -> Decision:
    user, client = chosen.choice(_PEOPLE)
    address, seen, _ = chosen.choices(_PLACES, weights=[weight for *_, weight in _PLACES])[0]
    host, _, path = address.partition("/")
    operation = Operation.SNIPPET if host.startswith("gist") else chosen.choice(_DEEDS)
    target = Target(
        kind=_KINDS[host],
        host=host,
        address=address,
        key=address,
        owner=path.rpartition("/")[0] or path,
        repository=path.rpartition("/")[2] if "/" in path else None,
        operation=operation,
        effect=operation.effect,
        evidence="git-receive-pack" if operation is Operation.PUSH else f"POST /repos/{path}",
        visibility=seen,
    )
    subject = Subject(client=client, port=50000 + number % 9999, user=user, source="proxy-auth" if user else "none")
    size = int(chosen.lognormvariate(11, 2))
    verdict = decide(policy, target, subject, size, time)
    return _named(
        Decision(
            request_id=f"r-{number}",
            subject=subject,
            exchange=Exchange(
                scheme="https",
                host=host,
                port=443,
                method="POST",
                path=f"/{path}.git/git-receive-pack",
                http_version="2",
                user_agent="git/2.47.1",
                content_length=size,
                mime_type="application/x-git-receive-pack-request",
                server_name=host,
                role="web",
            ),
            verdict=verdict,
            policy=now,
            target=target,
            response_status=None if verdict.action is not Action.BLOCK else 200,
            time=time,
        ),
        10 + 2 * number,
    )


def _upload(chosen: random.Random, decision: Decision, number: int) -> Upload:
    secret = chosen.random() < 0.08
    size = decision.exchange.content_length or 0
    commit = Commit(
        id=f"{number:040x}",
        author="Ana Lima",
        author_email="ana@acme.example",
        committer="Ana Lima",
        committer_email="ana@acme.example",
        time=decision.time - timedelta(minutes=9),
        subject="Export: retry when the server is busy",
    )
    files = (
        File(path="deploy/site.zip", size=size // 2, sha256="5b" * 32, kind=FileKind.ARCHIVE, encrypted=secret),
        File(path="src/export.py", size=4120, sha256="79" * 32, kind=FileKind.TEXT),
    )
    evidence = Evidence(
        refs=(RefUpdate(name="refs/heads/main", action=RefAction.UPDATE, old="1f" * 20, new=commit.id),),
        ref_count=1,
        commit_count=3,
        first_commit=replace(commit, id="b5" * 20, subject="Start"),
        last_commit=commit,
        files=files,
        file_count=12,
        file_bytes=size,
        kinds=((FileKind.ARCHIVE, 1),),
        encrypted=int(secret),
        secrets=(Secret(rule="aws-access-token", mask="AKIA…(20)", fingerprint="97" * 8, path="deploy/env", line=3),)
        if secret
        else (),
        secret_count=int(secret),
        unread=("deploy/big.zip holds more than 2 GiB",) if secret else (),
    )
    said = Objection(
        rule="content/secrets",
        reference="policy/forgewall.yaml:31",
        action=Action.BLOCK,
        reason="the upload holds a secret (aws-access-token) in deploy/env, line 3: AKIA…(20)",
        signal="secret",
    )
    content = Verdict(action=Action.BLOCK, code="content", rule=said.rule, reference=said.reference, reason=said.reason)
    return _named(
        Upload(
            decision=decision,
            result=Result.CUT if secret else Result.COMPLETE,
            verdict=content if secret else None,
            wire_bytes=size,
            body_bytes=size,
            seconds=0.4,
            evidence=evidence,
            objections=(said,) if secret else (),
            signals=("archives", "secret:aws-access-token", "encrypted") if secret else ("archives",),
            response_status=413 if secret else 200,
            time=decision.time + timedelta(seconds=1),
        ),
        11 + 2 * number,
    )


def _named[E: (Decision, Upload, PolicyChange, PolicyEdit, Review)](event: E, number: int) -> E:
    """`event` with an id that fits its time."""
    return replace(event, id=identifier(event.time, number))


def identifier(time: datetime, number: int) -> str:
    """An event's id as one made at `time` has it."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    value = int(time.timestamp() * 1000) << 80 | number
    return "".join(digits[value >> shift & 31] for shift in range(125, -5, -5))


def write(directory: Path, events: Iterator[Event]) -> None:
    """Write `events` to a log in `directory`."""
    log = EventLog(directory, clock=lambda: NOW)
    try:
        for event in events:
            log.write(event)
    finally:
        log.close()
