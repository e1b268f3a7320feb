"""The enforcer asks identify and decide about each request and turns the verdict into a ruling, an event and a reply.

Theory. Everything that may let bytes out comes through `judge`, `judge_held` and `Transit`; each of them turns any
exception into a refusal. A decision is recorded before its ruling is returned, so a client never gets an answer, and a
forge never gets a byte, that the log lacks. The policy is one attribute, replaced whole; what is under way keeps the
verdict it started with.

Not here: mitmproxy, sockets, and what an operation is. Connections before any request are `proxy.tunnels`.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

from forgewall.decide.engine import decide
from forgewall.decide.policy import Policy
from forgewall.decide.protocol import internal_error, log_unwritable, protocol_block
from forgewall.enforce.commands import CommandReader
from forgewall.enforce.gate import Cut, Gate
from forgewall.enforce.reply import Failure, Refusal, Reply, refuse, unavailable
from forgewall.enforce.wording import size
from forgewall.identify.engine import identify
from forgewall.identify.opening import bare_host, split_authority
from forgewall.identify.registry import ForgeHost
from forgewall.identify.sockets import is_notification_socket
from forgewall.model import Action, BodyState, Effect, Mode, Operation, Target, Verdict
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.journal import Journal
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.transit import Transit
from forgewall.record.event import Decision, Exchange, PolicyRef, Result, Stage, Upload
from forgewall.record.ulid import new_id

logger = logging.getLogger(__name__)

HOLD_BYTES = 256 * 1024
"""How much of a body may be held before the verdict."""

MAX_HEAD_BYTES = 64 * 1024
"""Request line plus headers beyond this are refused with 431 (RFC 6585 section 5)."""


class Enforcer:
    """Rules on requests by the policy in force; `policy` may be replaced at any time between two calls."""

    def __init__(self, policy: Policy, journal: Journal) -> None:
        self.policy = policy
        self.journal = journal

    # -- requests ----------------------------------------------------------------------------------------------------

    def judge(self, arrival: Arrival) -> Ruling:
        """The ruling on a request's head; never raises. `Held` where the body has to be seen first."""
        try:
            return self._judge(arrival)
        except Exception as error:
            return Refused(self.internal_error(arrival, "judging a request", error))

    def _judge(self, arrival: Arrival) -> Ruling:
        policy = self.policy
        request = arrival.request
        forge = policy.registry.lookup(request.host)
        if arrival.head_bytes > MAX_HEAD_BYTES:
            reason = f"the request's headers take {arrival.head_bytes} bytes, more than the {MAX_HEAD_BYTES} allowed"
            return self._refuse(policy, arrival, protocol_block("header-size", reason), None, forge)
        if forge is None:
            return self._judge_other(policy, arrival)
        disagreement = _host_disagreement(arrival)
        if disagreement is not None:
            return self._refuse(policy, arrival, protocol_block("host-mismatch", disagreement), None, forge)
        if request.header("upgrade") is not None:
            return self._judge_upgrade(policy, arrival, forge)
        target = self._identify(policy, arrival)
        if target.wants_body and arrival.has_body:
            if arrival.content_length is not None and arrival.content_length > HOLD_BYTES:
                return self._judge_body(policy, arrival, forge, b"", BodyState.TOO_LONG)
            return Held(
                limit=HOLD_BYTES,
                enough=lambda body: len(body) > HOLD_BYTES,
                settle=lambda body, whole: self._settle(policy, arrival, forge, body, whole),
            )
        return self._rule(policy, arrival, forge, target)

    def _settle(
        self, policy: Policy, arrival: Arrival, forge: ForgeHost, body: bytes, whole: bool
    ) -> Refused | Admitted:
        try:
            state = BodyState.COMPLETE if whole and len(body) <= HOLD_BYTES else BodyState.TOO_LONG
            ruling = self._judge_body(policy, arrival, forge, body if state is BodyState.COMPLETE else b"", state)
        except Exception as error:
            return Refused(self.internal_error(arrival, "judging a request's body", error))
        if isinstance(ruling, Held):  # a refused push that wanted its command list: it has the body already
            return ruling.settle(body, whole)
        return ruling

    def _judge_body(self, policy: Policy, arrival: Arrival, forge: ForgeHost, body: bytes, state: BodyState) -> Ruling:
        request = replace(arrival.request, body=body, body_state=state)
        target = self._identify(policy, replace(arrival, request=request))
        return self._rule(policy, arrival, forge, target)

    def _identify(self, policy: Policy, arrival: Arrival) -> Target:
        target = identify(arrival.request, policy.registry)
        if target is None:
            raise LookupError("a forge host without a target")
        return target

    def _rule(self, policy: Policy, arrival: Arrival, forge: ForgeHost, target: Target) -> Ruling:
        verdict = decide(policy, target, arrival.subject, arrival.content_length, datetime.now(UTC))
        encoding = arrival.request.header("content-encoding")
        if verdict.action is not Action.BLOCK and verdict.over is Action.BLOCK:
            problem = Gate.refusal_for(encoding)
            if problem is not None and verdict.max_upload is not None:
                verdict = protocol_block("encoding", problem)
        if verdict.action is Action.BLOCK:
            return self._refuse(policy, arrival, verdict, target, forge)
        return self._admit(policy, arrival, verdict, target, forge, encoding)

    def _admit(
        self,
        policy: Policy,
        arrival: Arrival,
        verdict: Verdict,
        target: Target,
        forge: ForgeHost,
        encoding: str | None,
    ) -> Refused | Admitted:
        decision = self._decision(policy, arrival, verdict, target, forge)
        write = target.effect is Effect.WRITE
        noted = write or verdict.action is Action.LOG or verdict.would_action is not None or policy.events.reads
        if noted and not self.journal.write(decision) and write and policy.events.on_error is Action.BLOCK:
            return Refused(self._refusal(policy, arrival, log_unwritable(), target, None))
        return Admitted(
            Transit(
                gate=Gate(limit=verdict.max_upload, over=verdict.over, content_encoding=encoding),
                decision=decision if noted and arrival.has_body else None,
                content_length=arrival.content_length,
                keep_head=_is_push_body(arrival, target),
                on_cut=lambda transit, cut: self._cut(policy, arrival, transit, cut, decision, noted),
                on_error=lambda error: self.internal_error(arrival, "examining an upload", error),
                record=lambda upload, exceeded: self._uploaded(upload, verdict, exceeded),
            )
        )

    def _judge_other(self, policy: Policy, arrival: Arrival) -> Ruling:
        """A plain-HTTP request to a host that is no forge: streamed on unread, unless its Host names a forge."""
        named = next((f for a in arrival.authorities if (f := policy.registry.lookup(bare_host(a))) is not None), None)
        if named is not None:
            reason = f"the request goes to {arrival.request.host}, but its Host header names a code forge"
            return self._refuse(policy, arrival, protocol_block("host-mismatch", reason), None, named)
        if policy.defaults.other_hosts == "block":
            verdict = other_host_block(policy, arrival.request.host)
            if verdict.action is Action.BLOCK:
                return self._refuse(policy, arrival, verdict, None, None)
            self.journal.write(self._decision(policy, arrival, verdict, None, None))
        return Admitted(None, websocket=arrival.request.header("upgrade") is not None)

    def _judge_upgrade(self, policy: Policy, arrival: Arrival, forge: ForgeHost) -> Ruling:
        """Only the listed notification sockets may switch protocols, and only to a WebSocket (RFC 6455)."""
        if (
            is_notification_socket(forge, arrival.request.path)
            and (arrival.request.header("upgrade") or "").lower() == "websocket"
        ):
            return Admitted(None, websocket=True)
        reason = f"{arrival.request.host} is a code forge, and what follows an Upgrade there can't be checked"
        verdict = protocol_block("upgrade", reason)
        if policy.mode is Mode.OBSERVE:
            verdict = replace(verdict, action=Action.LOG, would_action=Action.BLOCK)
            self.journal.write(self._decision(policy, arrival, verdict, None, forge))
            return Admitted(None, websocket=True)
        return self._refuse(policy, arrival, verdict, None, forge)

    # -- refusals ----------------------------------------------------------------------------------------------------

    def _refuse(
        self, policy: Policy, arrival: Arrival, verdict: Verdict, target: Target | None, forge: ForgeHost | None
    ) -> Refused | Held:
        """Record the block and make its reply; a refused push gives its command list first, so git hears of each ref."""
        event_id = new_id()
        first = self._refusal(policy, arrival, verdict, target, event_id)
        decision = replace(
            self._decision(policy, arrival, verdict, target, forge), id=event_id, response_status=first.status
        )
        if not self.journal.write(decision):
            if policy.events.on_error is Action.BLOCK:
                verdict = log_unwritable()
            event_id = ""
            first = self._refusal(policy, arrival, verdict, target, None)
        if not (arrival.has_body and _is_push_body(arrival, target)):
            return Refused(first)
        reader = CommandReader()
        seen = 0

        def enough(body: bytes) -> bool:
            nonlocal seen
            chunk, seen = body[seen:], len(body)
            return reader.feed(chunk) is not None

        def settle(body: bytes, _whole: bool) -> Refused:
            return Refused(self._refusal(policy, arrival, verdict, target, event_id or None, head=body))

        return Held(limit=HOLD_BYTES, enough=enough, settle=settle)

    def _refusal(
        self,
        policy: Policy,
        arrival: Arrival,
        verdict: Verdict,
        target: Target | None,
        event_id: str | None,
        head: bytes = b"",
    ) -> Reply:
        refusal = Refusal(
            code=verdict.code,
            reason=verdict.reason,
            contact=policy.contact,
            event_id=event_id,
            rule=verdict.rule,
            address=target.address if target else None,
            operation=target.operation if target and target.operation is not Operation.UNIDENTIFIED else None,
            kind=target.kind if target else None,
            limit=verdict.max_upload,
        )
        return refuse(refusal, arrival.request, target, head)

    def _cut(
        self, policy: Policy, arrival: Arrival, transit: Transit, cut: Cut, decision: Decision, noted: bool
    ) -> Reply:
        verdict = replace(
            decision.verdict, action=Action.BLOCK, would_action=None, code=cut.code, reason=cut.reason, trace=()
        )
        if not noted:
            self.journal.write(decision)
        transit.decision = decision
        upload = replace(transit.upload(Result.CUT), verdict=verdict)
        reply = self._refusal(policy, arrival, verdict, decision.target, upload.id, transit.head)
        written = self.journal.write(replace(upload, response_status=reply.status))
        return reply if written else self._refusal(policy, arrival, verdict, decision.target, None, transit.head)

    def _uploaded(self, upload: Upload, verdict: Verdict, exceeded: bool) -> None:
        if exceeded:
            reason = f"the body is larger than the limit of {size(verdict.max_upload or 0)}, or can't be counted"
            upload = replace(upload, verdict=replace(verdict, action=Action.LOG, code="too-large", reason=reason))
        self.journal.write(upload)

    def refuse(
        self, arrival: Arrival, verdict: Verdict, forge: ForgeHost | None = None, stage: Stage = Stage.REQUEST
    ) -> Reply:
        """Record a protocol verdict about a connection or an unread request, and make its reply."""
        policy = self.policy
        event_id = new_id()
        reply = self._refusal(policy, arrival, verdict, None, event_id)
        blocked = verdict.action is Action.BLOCK
        decision = replace(
            self._decision(policy, arrival, verdict, None, forge),
            id=event_id,
            stage=stage,
            response_status=reply.status if blocked else None,
        )
        if self.journal.write(decision):
            return reply
        return self._refusal(policy, arrival, log_unwritable(), None, None)

    def internal_error(self, arrival: Arrival, where: str, error: BaseException) -> Reply:
        """The reply where our own code failed; the fault is recorded by its class, never by its text."""
        verdict = internal_error()
        event_id = self.journal.fault(where, error, arrival.id, arrival.subject, exchange_of(arrival, None))
        return self._refusal(self.policy, arrival, verdict, None, event_id)

    def unavailable(self, arrival: Arrival, failure: Failure, detail: str) -> Reply:
        """The reply where the forge can't be reached or understood; it is recorded as a notice."""
        try:
            target = identify(arrival.request, self.policy.registry)
        except Exception:
            target = None
        event_id = self.journal.notice(
            "upstream", f"{failure.value}: {detail}", arrival.id, arrival.subject, exchange_of(arrival, None)
        )
        return unavailable(failure, detail, arrival.request, target, contact=self.policy.contact, event_id=event_id)

    def _decision(
        self, policy: Policy, arrival: Arrival, verdict: Verdict, target: Target | None, forge: ForgeHost | None
    ) -> Decision:
        return Decision(
            request_id=arrival.id,
            subject=arrival.subject,
            exchange=exchange_of(arrival, forge),
            verdict=verdict,
            policy=policy_ref(policy),
            target=target,
        )


def policy_ref(policy: Policy) -> PolicyRef:
    """The policy as events name it."""
    return PolicyRef(digest=policy.digest, file=policy.file, mode=policy.mode)


def other_host_block(policy: Policy, host: str) -> Verdict:
    """The verdict of `defaults.other_hosts: block` about a host that is no forge."""
    observe = policy.mode is Mode.OBSERVE
    return Verdict(
        action=Action.LOG if observe else Action.BLOCK,
        would_action=Action.BLOCK if observe else None,
        code="other-host",
        rule="defaults/other_hosts",
        reference=policy.file,
        reason=f"{host} is not a code forge, and the policy lets nothing else through (`other_hosts: block`)",
    )


def exchange_of(arrival: Arrival, forge: ForgeHost | None) -> Exchange:
    """The facts of a request that its event may tell."""
    request = arrival.request
    mime_type = request.header("content-type")
    return Exchange(
        scheme=request.scheme,
        host=request.host,
        port=request.port,
        method=request.method,
        path=request.path,
        http_version=arrival.http_version,
        user_agent=request.header("user-agent"),
        content_length=arrival.content_length,
        mime_type=mime_type.partition(";")[0].strip() if mime_type else None,
        server_name=arrival.server_name,
        role=forge.role.value if forge else "",
    )


def _host_disagreement(arrival: Arrival) -> str | None:
    """Why the names in a request to a forge don't agree, or None (RFC 9110 section 7.2, RFC 9113 section 8.3.1)."""
    request = arrival.request
    if not arrival.authorities:
        return f"the request to {request.host} names no Host"
    default = 443 if request.scheme == "https" else 80
    for authority in arrival.authorities:
        host, port = split_authority(authority)
        if host != request.host or (port or str(default)) != str(request.port):
            return f"the request goes to {request.host}:{request.port}, but its Host is {authority[:100]!r}"
    return None


def _is_push_body(arrival: Arrival, target: Target | None) -> bool:
    path = arrival.request.path.partition("?")[0]
    return (
        target is not None
        and arrival.request.method == "POST"
        and path.endswith("/git-receive-pack")
        and arrival.request.header("content-encoding") in (None, "identity")
    )
