"""The events of the log as frozen values: a decision, an upload's end, a policy change, a fault, what reviewers did.

Whoever makes one fills in facts as they are, unredacted; `record.ecs` turns them into what may be stored. Nothing here
holds headers, cookies or body bytes, so that these can't reach the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from forgewall.errors import Problem
from forgewall.evidence import Evidence, RefUpdate
from forgewall.model import Action, Mode, Subject, Target, Verdict
from forgewall.record.ulid import new_id

MAX_PROBLEMS = 20
"""How many policy problems one event may hold; `PolicyChange.problem_count` tells how many there were."""

MAX_REFS = 50
MAX_LFS_OBJECTS = 50
MAX_OBJECTIONS = 20
MAX_SIGNALS = 40
"""How many of each one event may hold; what is beyond is counted, not listed."""

UPSTREAM = "upstream"
"""`Fault.where` if a host couldn't be reached; `Fault.message` is then the cause alone: `name not resolved`."""


def utc_now() -> datetime:
    """The present time, aware, in UTC."""
    return datetime.now(UTC)


class Stage(StrEnum):
    """What was decided about: one HTTP request, or a connection before any request could be seen."""

    REQUEST = "request"
    CONNECTION = "connection"


class Result(StrEnum):
    """How the body of an admitted request ended."""

    COMPLETE = "complete"  # every byte went on to the forge
    CUT = "cut"  # we stopped it: a limit, or a fault on our side
    ABORTED = "aborted"  # the client or the forge broke the connection off
    REFUSED = "refused"  # the forge answered with an error status


class Change(StrEnum):
    """What came of reading the policy file, or of time passing."""

    LOADED = "loaded"
    REJECTED = "rejected"
    BREAK_GLASS_OVER = "break-glass-over"


class Edit(StrEnum):
    """What somebody did to the policy file by Forgewall's own tools."""

    APPROVED = "approved"
    REVOKED = "revoked"
    BREAK_GLASS = "break-glass"
    BREAK_GLASS_ENDED = "break-glass-ended"


class Deed(StrEnum):
    """What somebody did in review besides editing the policy."""

    OPEN = "case-open"
    APPROVED = "case-approved"
    FALSE_POSITIVE = "case-false-positive"
    CONFIRMED = "case-confirmed"
    MUTED = "case-muted"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    SIGN_IN_FAILED = "sign-in-failed"
    FORBIDDEN = "forbidden"  # a viewer tried what only a reviewer may
    TOKEN = "token"  # noqa: S105 - a token for the console was made; the deed's name, no secret


class Severity(StrEnum):
    """Whether a fault needs somebody's attention."""

    NOTICE = "notice"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRef:
    """The policy in force: SHA-256 of its text in hex, the file it came from, and its mode.

    `break_glass_until` is when the break-glass ends that it declares, `break_glass_by` and `_reason` who wanted it and
    why; until then nothing is blocked.
    """

    digest: str
    file: str
    mode: Mode
    break_glass_until: datetime | None = None
    break_glass_by: str = ""
    break_glass_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The facts of a request that an event may tell, or of a connection where `method` and `path` are None.

    `host` and `port` are where it really goes. `path` is the raw request target in origin form, query included.
    `http_version` is as ECS spells it: `1.1` or `2`. `content_length` is in bytes as announced, None if it wasn't.
    `mime_type` is the Content-Type without parameters, `server_name` the SNI. `role` is the `identify` role of the
    host (`web`, `api`, `store`, `lfs`, …), empty where unknown. `head_bytes` is the size of request line and headers.
    """

    scheme: str
    host: str
    port: int
    method: str | None = None
    path: str | None = None
    http_version: str | None = None
    user_agent: str | None = None
    content_length: int | None = None
    mime_type: str | None = None
    server_name: str | None = None
    role: str = ""
    head_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LfsObject:
    """One object of a git-lfs batch: its id, which is the hash of its content in hex, and its size in bytes."""

    oid: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LfsBatch:
    """What a git-lfs batch request asks to upload: the first objects, how many there are, and their bytes in all."""

    objects: tuple[LfsObject, ...] = ()
    object_count: int = 0
    object_bytes: int = 0
    transfer: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "object_count", max(self.object_count, len(self.objects)))
        object.__setattr__(self, "objects", self.objects[:MAX_LFS_OBJECTS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The earlier answer of a forge that this upload was announced by, such as that to a git-lfs batch.

    `oid` and `size` (bytes) are what was announced, None where the answer didn't tell. `request_id` is that of the
    request that was answered so, as in its own events.
    """

    oid: str | None
    size: int | None
    transfer: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What a rule on refs or contents said of an upload.

    `action` is LOG or BLOCK; `would_block`: it is LOG only because of observe mode. `signal` is a word for what it is
    about (`secret`, `path`, `ref`). `reason` is a sentence without a full stop that quotes no content.
    """

    rule: str
    reference: str
    action: Action
    reason: str
    signal: str = ""
    would_block: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about a request or connection, written before the client gets its answer.

    `request_id` is the same for all events of one request. `response_status` is the HTTP status we answer ourselves
    with, None where the forge answers or nothing is sent. `target` is None where no request could be read. `refs` are
    those of a push as far as they were known by then, `ref_count` tells how many there were. `lfs` is what a git-lfs
    batch asks to upload, `announced` what an upload to an object store was announced as.
    """

    request_id: str
    subject: Subject
    exchange: Exchange
    verdict: Verdict
    policy: PolicyRef
    target: Target | None = None
    stage: Stage = Stage.REQUEST
    response_status: int | None = None
    refs: tuple[RefUpdate, ...] = ()
    ref_count: int = 0
    lfs: LfsBatch | None = None
    announced: Announcement | None = None
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ref_count", max(self.ref_count, len(self.refs)))
        object.__setattr__(self, "refs", self.refs[:MAX_REFS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """How the body of an admitted request ended; it repeats the facts of its decision, so that each line stands alone.

    `wire_bytes` counts the body without framing, `body_bytes` the same after Content-Encoding (None if not decoded).
    `sha256` (hex) is of the bytes on the wire, None if not all went by. `seconds` is how long it took. `verdict` is
    what ended it where that isn't the decision's own verdict (such as `too-large`); `response_status` is the answer.
    `evidence` is what was found in the body, None if it wasn't read. `objections` are what rules on contents said of
    it, the gravest first, `objection_count` how many there were. `would_cut`: a rule would have cut it but for
    observe mode. `signals` are the suspicious facts, one word each (`record.signals`).
    """

    decision: Decision
    result: Result
    wire_bytes: int
    seconds: float
    body_bytes: int | None = None
    sha256: str | None = None
    verdict: Verdict | None = None
    response_status: int | None = None
    evidence: Evidence | None = None
    objections: tuple[Objection, ...] = ()
    objection_count: int = 0
    would_cut: bool = False
    signals: tuple[str, ...] = ()
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        object.__setattr__(self, "objection_count", max(self.objection_count, len(self.objections)))
        gravest_first = sorted(
            self.objections, key=lambda said: (said.action is not Action.BLOCK, not said.would_block)
        )
        object.__setattr__(self, "objections", tuple(gravest_first[:MAX_OBJECTIONS]))
        object.__setattr__(self, "signals", self.signals[:MAX_SIGNALS])


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """What came of reading the policy file. `policy` is what is in force afterwards, the last good one on `rejected`.

    `old_digest` was in force before (None at start), `new_digest` is of the text that was read (None if unreadable).
    """

    change: Change
    policy: PolicyRef | None
    old_digest: str | None
    new_digest: str | None
    approvals: int
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=utc_now)

    def __post_init__(self) -> None:
        object.__setattr__(self, "problem_count", max(self.problem_count, len(self.problems)))
        object.__setattr__(self, "problems", self.problems[:MAX_PROBLEMS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something went wrong inside, or an operator should know of something. Never built from payload bytes.

    `where` names the place in our own words (`request headers hook`), `message` says what was done about it,
    `exception` is the class name of the exception if there was one; its text may quote a client and stays out.
    """

    where: str
    message: str
    severity: Severity = Severity.ERROR
    exception: str | None = None
    request_id: str | None = None
    subject: Subject | None = None
    exchange: Exchange | None = None
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=utc_now)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEdit:
    """Somebody changed the policy file by Forgewall's own tools; that the proxy took it over is a `PolicyChange`.

    `actor` is a name, `actor_source` how it is known (`login`, `token`, `header`), `client` the address he came from
    if it was over the network. `entry` is the text that was written or removed, `lines` where (such as `12` or
    `12-15`). `address` is what it is about, several with commas between, '' for break-glass. `until` is when it
    expires. `approved_event` and `case` are what it was made from.
    """

    edit: Edit
    actor: str
    actor_source: str
    file: str
    old_digest: str
    new_digest: str
    address: str = ""
    entry: str = ""
    lines: str = ""
    reason: str = ""
    until: datetime | None = None
    approved_event: str | None = None
    case: str | None = None
    role: str = ""
    client: str = ""
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=utc_now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Somebody judged a case, signed in to the console, or was turned away there.

    `actor` is '' where nobody is known, `client` the address he came from if it was over the network. `case`, `address`
    and `operation` tell what was judged, `note` what was said of it, `until` how long a mute holds.
    """

    deed: Deed
    actor: str
    actor_source: str
    role: str = ""
    client: str = ""
    case: str | None = None
    address: str = ""
    operation: str = ""
    note: str = ""
    until: datetime | None = None
    id: str = field(default_factory=new_id)
    time: datetime = field(default_factory=utc_now)


type Event = Decision | Upload | PolicyChange | Fault | PolicyEdit | Review
