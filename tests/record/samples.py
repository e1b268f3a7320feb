"""Events as the proxy makes them, for tests to vary, and hypothesis strategies for events with anything in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from forgewall.errors import Problem
from forgewall.evidence import (
    Commit,
    Evidence,
    Fact,
    File,
    FileKind,
    ForcedUpdate,
    Malformed,
    NamedFile,
    PushOption,
    RefAction,
    RefUpdate,
    Secret,
    Unread,
)
from forgewall.inspect.collector import Collector
from forgewall.model import Action, Also, Kind, Mode, Move, Operation, Subject, Target, Verdict, Visibility
from forgewall.record.event import (
    Announcement,
    Change,
    Decision,
    Deed,
    Edit,
    Event,
    Exchange,
    Fault,
    LfsBatch,
    LfsObject,
    Objection,
    PolicyChange,
    PolicyEdit,
    PolicyRef,
    Result,
    Review,
    Severity,
    Stage,
    Upload,
)

SUBJECT = Subject(client="10.1.2.3", port=51544, user="ana@acme.example", source="proxy-auth")
POLICY = PolicyRef(digest="5f" * 32, file="policy/forgewall.yaml", mode=Mode.ENFORCE)
WHEN = datetime(2026, 11, 24, 19, 30, tzinfo=UTC)
BROKEN = replace(POLICY, break_glass_until=WHEN, break_glass_by="bob", break_glass_reason="INC-42")
EXCHANGE = Exchange(
    scheme="https",
    host="github.com",
    port=443,
    method="POST",
    path="/mallory/loot.git/git-receive-pack",
    http_version="2",
    user_agent="git/2.47.1",
    content_length=48_000_000,
    mime_type="application/x-git-receive-pack-request",
    server_name="github.com",
    role="web",
)
TARGET = Target(
    kind=Kind.GITHUB,
    host="github.com",
    address="github.com/mallory/loot",
    key="github.com/mallory/loot",
    owner="mallory",
    repository="loot",
    operation=Operation.PUSH,
    effect=Operation.PUSH.effect,
    evidence="git-receive-pack",
)
MOVE = Move(address="github.com/mallory/Prey", key="github.com/mallory/prey", seen=datetime(2026, 11, 24, tzinfo=UTC))
SECOND = Also(
    address="github.com/ana/notes",
    owner="ana",
    repository="notes",
    role="second",
    operation=Operation.ISSUE,
    visibility=Visibility.PRIVATE,
    moved=MOVE,
)
BLOCK = Verdict(
    action=Action.BLOCK,
    code="unapproved",
    rule="defaults/writes",
    reference="policy/forgewall.yaml:14",
    reason="github.com/mallory/loot isn't approved",
    max_upload=50 * 2**20,
)
ALLOW = replace(
    BLOCK, action=Action.ALLOW, code="approved", rule="approved/github.com/acme-corp", reason="acme-corp is approved"
)
WOULD = replace(BLOCK, action=Action.LOG, would_action=Action.BLOCK)
LOG = replace(BLOCK, action=Action.LOG)
TOO_LARGE = replace(BLOCK, code="too-large", rule="defaults/max_upload", reason="more than 50 MiB")


def decision(**changes: Any) -> Decision:
    """A blocked push, with `changes`."""
    plain = {"request_id": "r-1", "subject": SUBJECT, "exchange": EXCHANGE, "verdict": BLOCK, "policy": POLICY}
    return Decision(**{**plain, "target": TARGET, "response_status": 200, **changes})


def aimed(operation: Operation, **changes: Any) -> Decision:
    """A decision about `operation`."""
    return decision(target=replace(TARGET, operation=operation, effect=operation.effect), **changes)


def ssh_refusal() -> Decision:
    """A refused CONNECT to port 22: no request was seen, and no SNI."""
    return decision(
        stage=Stage.CONNECTION,
        target=None,
        exchange=Exchange(scheme="tcp", host="ssh.github.com", port=22),
        verdict=replace(BLOCK, code="ssh", rule="protocol/ssh", reference="built-in", reason="SSH can't be read"),
        response_status=403,
    )


def upload(result: Result = Result.COMPLETE, **changes: Any) -> Upload:
    """The end of an admitted push, with `changes`."""
    plain = {"wire_bytes": 1000, "body_bytes": 4000, "seconds": 0.25, "sha256": "ab" * 32, "response_status": 200}
    return Upload(**{**plain, "decision": decision(verdict=ALLOW), "result": result, **changes})


MAIN = RefUpdate(name="refs/heads/main", action=RefAction.UPDATE, old="1f" * 20, new="2e" * 20)
TAG = RefUpdate(name="refs/tags/v1.0", action=RefAction.CREATE, new="3d" * 20)
OLD = RefUpdate(name="refs/heads/old", action=RefAction.DELETE, old="4c" * 20)
COMMIT = Commit(
    id="2e" * 20,
    author="Ana Lima",
    author_email="ana@acme.example",
    committer="Ben Ode",
    committer_email="ben@acme.example",
    time=datetime(2026, 11, 24, 9, 0, tzinfo=timezone(timedelta(hours=2))),
    subject="Ana Lima's fix for the export, reviewed by ben@acme.example",
)
ZIP = File(
    path="backup/all.zip", size=5_000_000, sha256="5b" * 32, kind=FileKind.ARCHIVE, encrypted=True, oid="6a" * 20
)
README = File(path="README.md", size=1200, sha256="79" * 32, kind=FileKind.TEXT, oid="88" * 20)
KEY_FOUND = Secret(
    rule="aws-access-token", mask="AKIA…(20)", fingerprint="97" * 8, path="deploy/env", oid="a6" * 20, line=3
)
EVIDENCE = Evidence(
    refs=(MAIN, TAG, OLD),
    ref_count=3,
    forced=("refs/heads/main",),
    push_options=("ci.skip", "merge_request.create"),
    commit_count=3,
    first_commit=replace(COMMIT, id="b5" * 20, subject="Start"),
    last_commit=COMMIT,
    files=(ZIP, README),
    file_count=12,
    file_bytes=5_012_000,
    kinds=((FileKind.ARCHIVE, 1),),
    encrypted=1,
    secrets=(KEY_FOUND,),
    secret_count=1,
    unread=("deploy/big.zip holds more than 2 GiB",),
)
HUGE = replace(EVIDENCE, files=tuple(replace(ZIP, path=f"{n}{'🗄' * 1000}") for n in range(50)), file_count=50_000)
OBJECTION = Objection(
    rule="content/secrets",
    reference="policy/forgewall.yaml:31",
    action=Action.LOG,
    reason="the upload holds a secret (aws-access-token) in deploy/env, line 3: AKIA…(20)",
    signal="secret",
    would_block=True,
)
BATCH = LfsBatch(objects=(LfsObject(oid="c4" * 32, size=9_000_000),), object_bytes=9_000_000, transfer="basic")
ANNOUNCED = Announcement(oid="c4" * 32, size=9_000_000, transfer="basic", request_id="01KB")


def policy_change(change: Change = Change.LOADED, problems: int = 0) -> PolicyChange:
    """What came of reading a policy."""
    found = tuple(Problem(file="p.yaml", line=n + 1, column=1, message=f"`x{n}` is unknown") for n in range(problems))
    return PolicyChange(
        change=change, policy=POLICY, old_digest="aa" * 32, new_digest="bb" * 32, approvals=12, problems=found
    )


def policy_edit(**changes: Any) -> PolicyEdit:
    """Somebody approved what `decision` refused."""
    plain = {
        "edit": Edit.APPROVED,
        "actor": "bob",
        "actor_source": "login",
        "file": "policy/forgewall.yaml",
        "old_digest": "aa" * 32,
        "new_digest": "bb" * 32,
        "address": "github.com/mallory/loot",
        "entry": "- {repo: github.com/mallory/loot, allow: [push]}",
        "lines": "12",
        "reason": "INC-42",
        "until": WHEN,
        "approved_event": "01KB5Q7W5T0000000000000002",
        "case": "C-7QK2M9FD3A",
    }
    return PolicyEdit(**{**plain, **changes})


def review(**changes: Any) -> Review:
    """Somebody muted a case in the console."""
    plain = {
        "deed": Deed.MUTED,
        "actor": "bob",
        "actor_source": "token",
        "role": "reviewer",
        "client": "10.1.9.9",
        "case": "C-7QK2M9FD3A",
        "address": "github.com/mallory/loot",
        "operation": "push",
        "note": "known test",
        "until": WHEN,
    }
    return Review(**{**plain, **changes})


def fault(**changes: Any) -> Fault:
    """An exception in a hook."""
    plain = {"where": "request headers hook", "message": "the request was refused", "exception": "ValueError"}
    return Fault(**{**plain, "request_id": "r-1", "subject": SUBJECT, "exchange": EXCHANGE, **changes})


ALL: list[Event] = [
    decision(),
    decision(verdict=ALLOW),
    decision(verdict=WOULD),
    decision(verdict=LOG),
    decision(target=replace(TARGET, address=None, key=None, owner=None, repository=None)),
    decision(target=replace(TARGET, also=(Also(address=None, owner="a", repository="b", role="source"),))),
    decision(target=replace(TARGET, visibility=Visibility.PUBLIC, moved=MOVE, also=(SECOND,) * 25)),
    decision(subject=Subject(client="fe80::1%eth0")),
    decision(exchange=replace(EXCHANGE, host="140.82.121.4", http_version="1.1", content_length=2**70)),
    ssh_refusal(),
    *[aimed(operation) for operation in Operation],
    *[upload(result) for result in Result],
    upload(Result.CUT, verdict=TOO_LARGE, response_status=413),
    upload(evidence=Evidence()),
    upload(
        evidence=EVIDENCE, objections=(OBJECTION,), would_cut=True, signals=("encrypted", "secret:aws-access-token")
    ),
    upload(evidence=Evidence(files=(ZIP,), file_count=1, file_bytes=ZIP.size, kinds=((FileKind.ARCHIVE, 1),))),
    upload(evidence=Evidence(kinds=tuple((kind, 1) for kind in FileKind if kind.value not in {"text", "other"}))),
    upload(evidence=HUGE),
    decision(verdict=ALLOW, refs=(MAIN, TAG)),
    aimed(Operation.LFS_UPLOAD, verdict=ALLOW, lfs=BATCH),
    upload(decision=aimed(Operation.LFS_UPLOAD, announced=ANNOUNCED)),
    *[policy_change(change) for change in Change],
    *[policy_edit(edit=edit) for edit in Edit],
    policy_edit(address="", entry="", lines="", until=None, approved_event=None, case=None),
    *[review(deed=deed) for deed in Deed],
    review(actor="", actor_source="", role="", case=None, address="", operation="", note="", until=None),
    decision(policy=BROKEN, verdict=WOULD, time=WHEN - timedelta(minutes=5)),
    policy_change(Change.REJECTED, problems=25),
    replace(policy_change(Change.REJECTED), policy=None, old_digest=None, new_digest=None),
    fault(),
    fault(severity=Severity.NOTICE, exception=None, request_id=None, subject=None, exchange=None),
]

anything = st.text(alphabet=st.characters(), max_size=80)  # every code point, unpaired surrogates too
maybe = st.none() | anything
number = st.integers(min_value=-(2**70), max_value=2**70)


moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))]))


def facts(words: st.SearchStrategy[str] = anything) -> st.SearchStrategy[Fact]:
    """Facts of every kind with any of `words` in every field that holds text."""
    optional = st.none() | words
    size = st.integers(0, 2**70)
    return st.one_of(
        st.builds(RefUpdate, name=words, action=st.sampled_from(RefAction), old=optional, new=optional),
        st.builds(ForcedUpdate, name=words),
        st.builds(PushOption, text=words),
        st.builds(
            Commit,
            id=words,
            author=words,
            author_email=words,
            committer=words,
            committer_email=words,
            time=moments,
            subject=words,
        ),
        st.builds(
            File,
            path=optional,
            size=size,
            sha256=optional,
            kind=st.sampled_from(FileKind),
            encrypted=st.booleans(),
            oid=optional,
        ),
        st.builds(NamedFile, path=words),
        st.builds(
            Secret,
            rule=words,
            mask=words,
            fingerprint=words,
            path=optional,
            oid=optional,
            line=st.none() | size,
        ),
        st.builds(Unread, reason=words),
        st.builds(Malformed, reason=words),
    )


def summed(found: list[Fact]) -> Evidence:
    """`found` as the collector sums it."""
    collector = Collector()
    for fact in found:
        collector.add(fact)
    return collector.evidence()


def evidence(words: st.SearchStrategy[str] = anything) -> st.SearchStrategy[Evidence]:
    """Evidence of any facts."""
    return st.lists(facts(words), max_size=12).map(summed)


def decisions(words: st.SearchStrategy[str] = anything) -> st.SearchStrategy[Decision]:
    """Decisions with any of `words` in every field that holds text."""
    optional = st.none() | words
    exchange = st.builds(
        Exchange,
        scheme=words,
        host=words,
        port=number,
        method=optional,
        path=optional,
        http_version=optional,
        user_agent=optional,
        content_length=st.none() | number,
        mime_type=optional,
        server_name=optional,
        role=words,
        head_bytes=st.none() | number,
    )
    moved = st.none() | st.builds(Move, address=words, key=words, seen=moments)
    visibility = st.none() | st.sampled_from(Visibility)
    also = st.builds(
        Also,
        address=optional,
        owner=optional,
        repository=optional,
        role=words,
        operation=st.none() | st.sampled_from(Operation),
        visibility=visibility,
        moved=moved,
    )
    target = st.builds(
        Target,
        kind=st.sampled_from(Kind),
        host=words,
        address=optional,
        key=optional,
        owner=optional,
        repository=optional,
        operation=st.sampled_from(Operation),
        effect=st.sampled_from(Operation).map(lambda operation: operation.effect),
        evidence=words,
        also=st.lists(also, max_size=2).map(tuple),
        visibility=visibility,
        moved=moved,
    )
    verdict = st.builds(
        Verdict,
        action=st.sampled_from(Action),
        code=words,
        rule=words,
        reference=words,
        reason=words,
        would_action=st.none() | st.just(Action.BLOCK),
        max_upload=st.none() | number,
    )
    return st.builds(
        Decision,
        request_id=words,
        subject=st.builds(Subject, client=words, port=number, user=optional, source=words),
        exchange=exchange,
        verdict=verdict,
        policy=policies(words),
        target=st.none() | target,
        stage=st.sampled_from(Stage),
        response_status=st.none() | st.integers(100, 599),
        refs=st.lists(
            st.builds(RefUpdate, name=words, action=st.sampled_from(RefAction), old=optional, new=optional), max_size=3
        ).map(tuple),
        lfs=st.none()
        | st.builds(
            LfsBatch,
            objects=st.lists(st.builds(LfsObject, oid=words, size=number), max_size=2).map(tuple),
            object_bytes=number,
            transfer=optional,
        ),
        announced=st.none() | st.builds(Announcement, oid=words, size=number, transfer=optional, request_id=optional),
    )


def policies(words: st.SearchStrategy[str]) -> st.SearchStrategy[PolicyRef]:
    """The policy in force, with or without break-glass."""
    return st.builds(
        PolicyRef,
        digest=words,
        file=words,
        mode=st.sampled_from(Mode),
        break_glass_until=st.none() | moments,
        break_glass_by=words,
        break_glass_reason=words,
    )


def events(words: st.SearchStrategy[str] = anything) -> st.SearchStrategy[Event]:
    """Events of every kind with any of `words` in every field that holds text."""
    return st.one_of(
        decisions(words),
        st.builds(
            Upload,
            decision=decisions(words),
            result=st.sampled_from(Result),
            wire_bytes=number,
            seconds=st.floats(),
            body_bytes=st.none() | number,
            sha256=st.none() | words,
            verdict=st.none() | st.just(TOO_LARGE),
            response_status=st.none() | st.integers(100, 599),
            evidence=st.none() | evidence(words),
            objections=st.lists(
                st.builds(
                    Objection,
                    rule=words,
                    reference=words,
                    action=st.sampled_from(Action),
                    reason=words,
                    signal=words,
                    would_block=st.booleans(),
                ),
                max_size=2,
            ).map(tuple),
            would_cut=st.booleans(),
            signals=st.lists(words, max_size=2).map(tuple),
        ),
        st.builds(
            PolicyChange,
            change=st.sampled_from(Change),
            policy=st.none() | policies(words),
            old_digest=st.none() | words,
            new_digest=st.none() | words,
            approvals=number,
            problems=st.lists(
                st.builds(Problem, file=words, line=number, column=number, message=words, hint=words), max_size=3
            ).map(tuple),
        ),
        st.builds(
            PolicyEdit,
            edit=st.sampled_from(Edit),
            actor=words,
            actor_source=words,
            file=words,
            old_digest=words,
            new_digest=words,
            address=words,
            entry=words,
            lines=words,
            reason=words,
            until=st.none() | moments,
            approved_event=st.none() | words,
            case=st.none() | words,
        ),
        st.builds(
            Review,
            deed=st.sampled_from(Deed),
            actor=words,
            actor_source=words,
            role=words,
            client=words,
            case=st.none() | words,
            address=words,
            operation=words,
            note=words,
            until=st.none() | moments,
        ),
        st.builds(
            Fault,
            where=words,
            message=words,
            severity=st.sampled_from(Severity),
            exception=st.none() | words,
            request_id=st.none() | words,
            subject=st.none() | st.builds(Subject, client=words, port=number, user=st.none() | words),
            exchange=st.none() | st.just(EXCHANGE),
        ),
    )
