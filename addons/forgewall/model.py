"""The frozen values that cross stages: Request -> Target -> Verdict. No behaviour beyond what their fields imply.

What is *not* here: events (`record.event`), replies (`enforce.reply`), the policy (`decide.policy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from forgewall.evidence import FileKind


class Kind(StrEnum):
    """The software a forge runs, which decides how its requests are read."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    AZURE_DEVOPS = "azure-devops"
    GITEA = "gitea"
    HUGGINGFACE = "huggingface"
    CODECOMMIT = "codecommit"
    GIT_ONLY = "git-only"


class Effect(StrEnum):
    """What a request does to the world, whatever its HTTP method."""

    READ = "read"
    WRITE = "write"
    PERSONAL = "personal"
    AUTH = "auth"
    TELEMETRY = "telemetry"
    ASSISTANTS = "assistants"


class Operation(StrEnum):
    """What a request does, by effect and never by HTTP method. The value is the word policies and events use."""

    FETCH = "fetch"
    PUSH = "push"
    LFS_UPLOAD = "lfs-upload"
    CONTENTS = "contents"
    RELEASE = "release"
    PACKAGE = "package"
    ATTACHMENT = "attachment"
    SNIPPET = "snippet"
    WIKI = "wiki"
    CI = "ci"
    PULL_REQUEST = "pull-request"
    ISSUE = "issue"
    COMMENT = "comment"
    DISCUSSION = "discussion"
    CREATE_REPO = "create-repo"
    FORK = "fork"
    IMPORT = "import"
    TRANSFER = "transfer"
    VISIBILITY = "visibility"
    MIRROR = "mirror"
    DELETE_REPO = "delete-repo"
    WEBHOOK = "webhook"
    DEPLOY_KEY = "deploy-key"
    COLLABORATOR = "collaborator"
    TOKEN = "token"  # noqa: S105 - the operation's name, not a secret
    SECRET = "secret"  # noqa: S105 - the operation's name, not a secret
    RUNNER = "runner"
    OTHER_WRITE = "other-write"
    STAR = "star"
    NOTIFICATION = "notification"
    TODO = "todo"
    AUTH = "auth"
    TELEMETRY = "telemetry"
    ASSISTANT = "assistant"  # what an editor tells the forge's AI service, such as Copilot's completions
    UNIDENTIFIED = "unidentified"

    @property
    def effect(self) -> Effect:
        """The effect of this operation; what nobody listed counts as a write."""
        return _EFFECTS.get(self, Effect.WRITE)


_EFFECTS: Mapping[Operation, Effect] = MappingProxyType(
    {
        Operation.FETCH: Effect.READ,
        Operation.STAR: Effect.PERSONAL,
        Operation.NOTIFICATION: Effect.PERSONAL,
        Operation.TODO: Effect.PERSONAL,
        Operation.AUTH: Effect.AUTH,
        Operation.TELEMETRY: Effect.TELEMETRY,
        Operation.ASSISTANT: Effect.ASSISTANTS,
    }
)

GROUPS: Mapping[str, frozenset[Operation]] = MappingProxyType(
    {
        "code": frozenset(
            {
                Operation.PUSH,
                Operation.LFS_UPLOAD,
                Operation.CONTENTS,
                Operation.RELEASE,
                Operation.PACKAGE,
                Operation.ATTACHMENT,
                Operation.SNIPPET,
                Operation.WIKI,
                Operation.CI,
            }
        ),
        "text": frozenset({Operation.PULL_REQUEST, Operation.ISSUE, Operation.COMMENT, Operation.DISCUSSION}),
        "repository": frozenset(
            {
                Operation.CREATE_REPO,
                Operation.FORK,
                Operation.IMPORT,
                Operation.TRANSFER,
                Operation.VISIBILITY,
                Operation.MIRROR,
                Operation.DELETE_REPO,
            }
        ),
        "access": frozenset(
            {
                Operation.WEBHOOK,
                Operation.DEPLOY_KEY,
                Operation.COLLABORATOR,
                Operation.TOKEN,
                Operation.SECRET,
                Operation.RUNNER,
            }
        ),
    }
)
"""Names for sets of operations that may stand in `allow:`."""

MAKES: frozenset[Operation] = frozenset({Operation.CREATE_REPO, Operation.FORK, Operation.IMPORT, Operation.VISIBILITY})
"""Operations whose request says itself who can see the repository afterwards."""

PLAIN_APPROVAL: frozenset[Operation] = GROUPS["code"] | GROUPS["text"] | {Operation.FETCH, Operation.OTHER_WRITE}
"""What an approval without `allow:` admits. Operations that hand data or rights to others must be named."""


class BodyState(StrEnum):
    """How much of a request's body `Request.body` holds."""

    UNREAD = "unread"  # nothing was read; `body` is empty
    COMPLETE = "complete"  # `body` is all of it, after transfer coding, before content coding
    SKIMMED = "skimmed"  # `body` is a shorter document that means the same or less (`inspect.skim`)
    TOO_LONG = "too-long"  # more than may be held; `body` is empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request as it stands on the wire, before anything is believed about it.

    `host` and `port` are where it really goes (never the Host header). `path` is the raw request target in origin
    form, query included. Header names are lower case, in wire order, repeated when repeated.
    """

    method: str
    scheme: str
    host: str
    port: int
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    body_state: BodyState = BodyState.UNREAD

    def header(self, name: str) -> str | None:
        """The value of header `name` (lower case); several values are joined with a comma, RFC 9110 section 5.3."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


class Visibility(StrEnum):
    """Who can see a repository."""

    PUBLIC = "public"
    INTERNAL = "internal"  # everybody who is signed in, or the whole enterprise
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A forge's word that a repository is at another address now. `key` is the folded new address, `seen` is aware."""

    address: str
    key: str
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Also:
    """A second repository in the same request, with the part it plays.

    `role` is `source` or `parent` (it is only read), `destination` (written to by the same operation, or by
    `operation` if that is given) or `second` (something else is done there: `operation` tells).
    """

    address: str | None
    owner: str | None
    repository: str | None
    role: str
    operation: Operation | None = None
    visibility: Visibility | None = None
    moved: Move | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a request is about: which forge, whose repository, which operation, and by what evidence.

    `address` is what the policy is asked about: `host/segments` as one would paste it from a browser, spelled as the
    client spelled it; None where it isn't certain. `key` is the same folded as the forge folds case. `owner` is the
    full owner or group path, `repository` the last segment; None where unknown or where there is none.
    `wants_body`: the body may decide; without it this target is the stricter reading. `visibility` is that of the
    repository written to as far as the forge has said it, or what a request wants a new one to have. `moved` tells
    where the forge said the repository went.
    """

    kind: Kind
    host: str
    address: str | None
    key: str | None
    owner: str | None
    repository: str | None
    operation: Operation
    effect: Effect
    evidence: str
    also: tuple[Also, ...] = ()
    wants_body: bool = False
    visibility: Visibility | None = None
    moved: Move | None = None

    @property
    def identified(self) -> bool:
        """Whether both the effect and the address are certain."""
        return self.operation is not Operation.UNIDENTIFIED and self.address is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who asks. `user` is None while nobody vouches for a name; `client` is an IP address in canonical spelling."""

    client: str
    port: int = 0
    user: str | None = None
    source: str = "none"


class Action(StrEnum):
    """What happens to the request."""

    ALLOW = "allow"
    LOG = "log"
    BLOCK = "block"


class Mode(StrEnum):
    """Whether blocks are carried out or only logged."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule that was looked at on the way to a verdict: which, where it stands, and why it did or didn't decide."""

    rule: str
    reference: str
    matched: bool
    note: str


class Depth(StrEnum):
    """How much of an admitted upload is read."""

    FULL = "full"  # everything: packs, files, archives, secrets
    HEADERS = "headers"  # a push's commands, names and announced sizes; no contents
    OFF = "off"  # counted and hashed


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRules:
    """What a policy says of evidence; what stands nowhere is allowed, but secrets are logged. `reference` is where the
    section stands.

    `paths` are globs in the order of the file, the first that matches decides: without a slash for a file's name,
    with one for its whole path (`**` for any number of segments). `places` tells for each word that the file states
    (a key of the section, or a glob) the rule and the reference; the others are built in.
    """

    secrets: Action = Action.LOG
    encrypted: Action = Action.ALLOW
    kinds: tuple[tuple[FileKind, Action], ...] = ()
    paths: tuple[tuple[str, Action], ...] = ()
    rule: str = "content"
    reference: str = ""
    places: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrutiny:
    """How an admitted upload is examined, and what is looked for. Stands in the verdict that admits it.

    `refs` are globs for the refs it may change, None for all; `deletes` and `force` say what becomes of a ref's
    deletion and of an update that is shown not to be a fast-forward. `visibility`: a push option may change who can
    read the repository. `observing`: what would be cut is only logged. `rule` and `reference` name the entry these come
    from; `places` tells for `deletes` and `force` the rule and the reference where they come from `defaults:` instead.
    """

    depth: Depth = Depth.FULL
    content: ContentRules = ContentRules()
    refs: tuple[str, ...] | None = None
    deletes: Action = Action.ALLOW
    force: Action = Action.ALLOW
    visibility: bool = False
    observing: bool = False
    rule: str = ""
    reference: str = ""
    places: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One rolling window of `limits:`. `per` is `client`, `user`, `owner`, `repository` or `unapproved`.

    At most `size` bytes and `uploads` uploads, None for no such bound, in any `seconds`. `over` says what happens
    beyond it.
    """

    per: str
    seconds: int
    size: int | None = None
    uploads: int | None = None
    over: Action = Action.BLOCK
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policy says of a target.

    `code` is one stable word (see `decide/engine.py` and `decide/protocol.py`). `would_action` is BLOCK where observe
    mode turned a block into LOG, else None. `rule` is list and address (`approved/github.com/acme-corp`), `reference`
    file:line. `reason` is one sentence without a full stop. `max_upload` is in bytes, None for no limit; `over` says
    what happens beyond it.
    """

    action: Action
    code: str
    rule: str
    reference: str
    reason: str
    would_action: Action | None = None
    max_upload: int | None = None
    over: Action = Action.BLOCK
    scrutiny: Scrutiny = Scrutiny()
    trace: tuple[Step, ...] = ()
