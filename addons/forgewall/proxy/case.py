"""One request under judgement, with the policy it is judged by, and what its event and its refusal say of it.

A case keeps its policy: what is under way is not touched by a reload. Not here: judging (`enforcer`).
"""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.decide.policy import Policy
from forgewall.enforce.origin import page_host, readable_by_page
from forgewall.enforce.reply import Refusal, Reply, refuse
from forgewall.evidence import RefAction, RefUpdate
from forgewall.identify.announced import Announcement
from forgewall.identify.directory import EMPTY, Directory
from forgewall.identify.paths import parse
from forgewall.identify.registry import ForgeHost, Role
from forgewall.inspect.commands import Commands
from forgewall.inspect.heading import DEFAULT_BRANCH, heading_of
from forgewall.inspect.lfs import Batch
from forgewall.model import Effect, Operation, Target, Verdict
from forgewall.proxy.arrival import Arrival
from forgewall.record.event import MAX_LFS_OBJECTS, Decision, Exchange, LfsBatch, LfsObject, PolicyRef
from forgewall.record.event import Announcement as Announced
from forgewall.record.signals import LARGE_HEAD, LONG_QUERY

_PAGES = frozenset({Role.WEB, Role.GIST})


@dataclass(frozen=True, slots=True)
class Case:
    """A request, the policy it is judged by, the forge it goes to (None for other hosts), and its target once known.

    `announced` is what an earlier answer told this client about the URL, `directory` knows whom ids name; `commands`
    are those of a push and `batch` the objects of an LFS batch, once they were read.
    """

    policy: Policy
    arrival: Arrival
    forge: ForgeHost | None = None
    target: Target | None = None
    announced: Announcement | None = None
    directory: Directory = EMPTY
    commands: Commands | None = None
    batch: Batch | None = None

    def decision(self, verdict: Verdict) -> Decision:
        """The event that tells of `verdict`."""
        return Decision(
            request_id=self.arrival.id,
            subject=self.arrival.subject,
            exchange=self.exchange,
            verdict=verdict,
            policy=policy_ref(self.policy),
            target=self.target,
            refs=self.refs,
            lfs=_batch(self.batch) if self.batch is not None else None,
            announced=_announced(self.announced) if self.announced is not None else None,
        )

    @property
    def place(self) -> tuple[str, ...]:
        """What the judgement of a content depends on, besides that content."""
        key = self.target.key if self.target is not None else None
        return (self.arrival.subject.client, self.arrival.subject.user or "", self.policy.digest, key or "")

    @property
    def refs(self) -> tuple[RefUpdate, ...]:
        """What the request changes, as far as that is known before its body goes on."""
        if self.commands is not None:
            return self.commands.updates
        if self.batch is not None and self.batch.ref is not None:
            return (RefUpdate(name=self.batch.ref, action=RefAction.UPDATE),)
        if self.target is not None and self.target.effect is Effect.WRITE and not self.is_push_advertisement:
            if self.target.operation is Operation.PUSH and not self.is_push:
                return (DEFAULT_BRANCH,)  # by WebDAV: nobody knows which
            heading = heading_of(self.arrival.request, self.target)
            unsaid = heading.default and not self.arrival.has_body
            return heading.refs or ((DEFAULT_BRANCH,) if unsaid else ())
        return ()

    def reply(self, verdict: Verdict, event_id: str | None) -> Reply:
        """The refusal in the client's language."""
        target = self.target
        refusal = Refusal(
            code=verdict.code,
            reason=verdict.reason,
            contact=self.policy.contact,
            request_url=self.policy.request_url,
            event_id=event_id,
            rule=verdict.rule,
            address=target.address if target else None,
            operation=target.operation if target and target.operation is not Operation.UNIDENTIFIED else None,
            kind=target.kind if target else None,
            limit=verdict.max_upload,
        )
        reply = refuse(refusal, self.arrival.request, target, self.commands or b"")
        return readable_by_page(reply, self.arrival.request) if self._asked_by_the_forges_page else reply

    @property
    def _asked_by_the_forges_page(self) -> bool:
        """Whether a script asks, on a page of the forge itself and not on one that its users make."""
        host = page_host(self.arrival.request)
        page = self.policy.registry.lookup(host) if host is not None else None
        if page is None or page.role not in _PAGES:
            return False
        return page.kind is (self.forge.kind if self.forge else self.target.kind if self.target else None)

    @property
    def is_laden(self) -> bool:
        """Whether the head says more than a read needs."""
        query = self.arrival.request.path.partition("?")[2]
        return len(query) > LONG_QUERY or self.arrival.head_bytes > LARGE_HEAD

    @property
    def exchange(self) -> Exchange:
        """The facts of the request that its event may tell."""
        request = self.arrival.request
        mime_type = request.header("content-type")
        return Exchange(
            scheme=request.scheme,
            host=request.host,
            port=request.port,
            method=request.method,
            path=request.path,
            http_version=self.arrival.http_version,
            user_agent=request.header("user-agent"),
            content_length=self.arrival.content_length,
            mime_type=mime_type.partition(";")[0].strip() if mime_type else None,
            server_name=self.arrival.server_name,
            head_bytes=self.arrival.head_bytes,
            role=self.forge.role.value if self.forge else "store" if self.announced else "",
        )

    @property
    def is_push(self) -> bool:
        """Whether the body begins with the command list of a git push, as any server could take it for one."""
        if self.target is None or self.arrival.request.method != "POST" or not self.arrival.has_body:
            return False
        return self.target.operation is Operation.PUSH or self._ends_with("git-receive-pack")

    @property
    def is_push_advertisement(self) -> bool:
        """Whether the forge is asked what it says before a push."""
        request = self.arrival.request
        return (
            self.target is not None
            and self.target.operation is Operation.PUSH
            and request.method == "GET"
            and request.path.partition("?")[0].endswith("/info/refs")
        )

    @property
    def is_lfs_batch(self) -> bool:
        """Whether the body lists LFS objects to upload."""
        uploads = self.target is not None and self.target.operation is Operation.LFS_UPLOAD
        return uploads and self.arrival.request.method == "POST" and self._ends_with("objects", "batch")

    def _ends_with(self, *names: str) -> bool:
        """Whether a server could read the path so: some decode `%2D`, fold case, cut `;…` or a slash at the end."""
        return parse(self.arrival.request.path).lenient[-len(names) :] == names


def policy_ref(policy: Policy) -> PolicyRef:
    """The policy as events name it."""
    broken = policy.break_glass
    if broken is None:
        return PolicyRef(digest=policy.digest, file=policy.file, mode=policy.mode)
    return PolicyRef(
        digest=policy.digest,
        file=policy.file,
        mode=policy.mode,
        break_glass_until=broken.until,
        break_glass_by=broken.by,
        break_glass_reason=broken.reason,
    )


def _batch(batch: Batch) -> LfsBatch:
    return LfsBatch(
        objects=tuple(LfsObject(oid=one.oid, size=one.size) for one in batch.objects[:MAX_LFS_OBJECTS]),
        object_count=len(batch.objects),
        object_bytes=batch.total,
    )


def _announced(announcement: Announcement) -> Announced:
    return Announced(
        oid=announcement.oid or None,
        size=announcement.size if announcement.oid else None,
        transfer=announcement.transfer,
        request_id=announcement.request_id or None,
    )
