"""The enforcer asks identify and decide about each request and turns the verdict into a ruling, an event and a reply.

Theory. Everything that may let bytes out comes through `judge`, `Held.settle` and `Transit`; each of them turns any
exception into a refusal. A decision is recorded before its ruling is returned, so a client never gets an answer, and a
forge never gets a byte, that the log lacks. The policy is one attribute, replaced whole; what is under way keeps the
one it started with.

Not here: mitmproxy, sockets, and what an operation is. Connections before any request are `proxy.tunnels`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from forgewall.decide.engine import decide
from forgewall.decide.policy import Policy
from forgewall.decide.protocol import internal_error, log_unwritable, protocol_block
from forgewall.decide.tunnel import other_host
from forgewall.enforce.gate import Cut, Gate
from forgewall.enforce.reply import Failure, Reply, unavailable
from forgewall.identify.engine import identify
from forgewall.identify.opening import bare_host, split_authority
from forgewall.identify.registry import ForgeHost
from forgewall.identify.sockets import is_notification_socket
from forgewall.inspect.commands import CommandReader
from forgewall.model import Action, BodyState, Effect, Mode, Target, Verdict
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.case import Case
from forgewall.proxy.journal import Journal
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.transit import Transit
from forgewall.record.event import UPSTREAM, Decision, Result, Stage, Upload
from forgewall.sizes import size

HOLD_BYTES = 256 * 1024
"""How much of a body may be held before the verdict."""

MAX_HEAD_BYTES = 64 * 1024
"""Request line plus headers beyond this are refused with 431 (RFC 6585 section 5)."""


class Enforcer:
    """Rules on requests by the policy in force; `policy` may be replaced at any time between two calls."""

    def __init__(self, policy: Policy, journal: Journal) -> None:
        self.policy = policy
        self.journal = journal

    # -- judging -----------------------------------------------------------------------------------------------------

    def judge(self, arrival: Arrival) -> Ruling:
        """The ruling on a request's head; never raises. `Held` where the body has to be seen first."""
        try:
            return self._judge(arrival)
        except Exception as error:
            return Refused(self.internal_error(arrival, "judging a request", error))

    def _judge(self, arrival: Arrival) -> Ruling:
        request = arrival.request
        forge = self.policy.registry.lookup(request.host)
        case = Case(self.policy, arrival, forge)
        if arrival.head_bytes > MAX_HEAD_BYTES:
            reason = f"the request's headers take {arrival.head_bytes} bytes, more than the {MAX_HEAD_BYTES} allowed"
            return self._refuse(case, protocol_block("header-size", reason))
        problem = syntax_problem(arrival) or (_protocol_problem(arrival, forge) if forge is not None else None)
        if problem is not None:
            return self._refuse(case, problem)
        if forge is None:
            return self._judge_other(case)
        if request.header("upgrade") is not None:
            ruling = self._judge_upgrade(case, forge)
            if ruling is not None:
                return ruling
        case = replace(case, target=_identify(case))
        if case.target is not None and case.target.wants_body and arrival.has_body:
            if arrival.content_length is not None and arrival.content_length > HOLD_BYTES:
                return self._judge_body(case, b"", BodyState.TOO_LONG)
            return Held(
                limit=HOLD_BYTES,
                enough=lambda _chunk: False,
                settle=lambda body, whole: self._settle(case, body, whole),
            )
        return self._rule(case)

    def _settle(self, case: Case, body: bytes, whole: bool) -> Refused | Admitted:
        try:
            state = BodyState.COMPLETE if whole and len(body) <= HOLD_BYTES else BodyState.TOO_LONG
            ruling = self._judge_body(case, body if state is BodyState.COMPLETE else b"", state)
        except Exception as error:
            return Refused(self.internal_error(case.arrival, "judging a request's body", error))
        return ruling.settle(body, whole) if isinstance(ruling, Held) else ruling

    def _judge_body(self, case: Case, body: bytes, state: BodyState) -> Ruling:
        request = replace(case.arrival.request, body=body, body_state=state)
        seen = replace(case, arrival=replace(case.arrival, request=request))
        return self._rule(replace(seen, target=_identify(seen)))

    def _rule(self, case: Case) -> Ruling:
        assert case.target is not None
        arrival = case.arrival
        verdict = decide(case.policy, case.target, arrival.subject, arrival.content_length, datetime.now(UTC))
        counted = arrival.has_body and verdict.max_upload is not None and verdict.over is Action.BLOCK
        if counted and verdict.action is not Action.BLOCK:
            problem = Gate.refusal_for(arrival.request.header("content-encoding"))
            if problem is not None:
                verdict = protocol_block("encoding", problem)
        return self._refuse(case, verdict) if verdict.action is Action.BLOCK else self._admit(case, verdict)

    def _judge_other(self, case: Case) -> Ruling:
        """A plain-HTTP request to a host that is no forge: streamed on unread, unless its Host names a forge."""
        request = case.arrival.request
        lookup = case.policy.registry.lookup
        named = next((found for a in case.arrival.authorities if (found := lookup(bare_host(a))) is not None), None)
        if named is not None:
            reason = f"the request goes to {request.host}, but its Host header names a code forge"
            return self._refuse(replace(case, forge=named), protocol_block("host-mismatch", reason))
        verdict = other_host(case.policy, request.host)
        if verdict.action is Action.BLOCK:
            return self._refuse(case, verdict)
        if verdict.would_action is not None:
            self.journal.write(case.decision(verdict))
        return Admitted(None, websocket=request.header("upgrade") is not None)

    def _judge_upgrade(self, case: Case, forge: ForgeHost) -> Ruling | None:
        """Only the listed notification sockets may switch protocols, and only to a WebSocket (RFC 6455).

        In observe mode any WebSocket may, and None means: judge it as if nothing had asked for a switch.
        """
        request = case.arrival.request
        websocket = (request.header("upgrade") or "").lower() == "websocket" and request.method == "GET"
        if websocket and is_notification_socket(forge, request.path) and not case.arrival.has_body:
            return Admitted(None, websocket=True)
        reason = f"{request.host} is a code forge, and what follows an Upgrade there can't be checked"
        verdict = protocol_block("upgrade", reason)
        if case.policy.mode is not Mode.OBSERVE:
            return self._refuse(case, verdict)
        self.journal.write(case.decision(replace(verdict, action=Action.LOG, would_action=Action.BLOCK)))
        return Admitted(None, websocket=True) if websocket else None

    # -- admitting ---------------------------------------------------------------------------------------------------

    def _admit(self, case: Case, verdict: Verdict) -> Refused | Admitted:
        arrival, policy = case.arrival, case.policy
        write = case.target is not None and case.target.effect is Effect.WRITE
        noted = write or verdict.action is Action.LOG or verdict.would_action is not None or policy.events.reads
        decision = case.decision(verdict) if noted else None
        if decision and not self.journal.write(decision) and write and policy.events.on_error is Action.BLOCK:
            return Refused(case.reply(log_unwritable(), None))
        return Admitted(
            Transit(
                gate=Gate(
                    limit=verdict.max_upload,
                    over=verdict.over,
                    content_encoding=arrival.request.header("content-encoding") if arrival.has_body else None,
                ),
                decision=decision if arrival.has_body else None,
                content_length=arrival.content_length,
                keep_head=case.is_push_body,
                on_cut=lambda transit, cut: self._cut(case, transit, cut, decision or case.decision(verdict), noted),
                on_error=lambda error: self.internal_error(arrival, "examining an upload", error),
                record=lambda upload, exceeded: self._uploaded(upload, verdict, exceeded),
            )
        )

    def _cut(self, case: Case, transit: Transit, cut: Cut, decision: Decision, noted: bool) -> Reply:
        verdict = replace(
            decision.verdict, action=Action.BLOCK, would_action=None, code=cut.code, reason=cut.reason, trace=()
        )
        if not noted:
            self.journal.write(decision)
        transit.decision = decision
        upload = replace(transit.upload(Result.CUT), verdict=verdict)
        reply = case.reply(verdict, upload.id, transit.head)
        written = self.journal.write(replace(upload, response_status=reply.status))
        return reply if written else case.reply(verdict, None, transit.head)

    def _uploaded(self, upload: Upload, verdict: Verdict, exceeded: bool) -> None:
        if exceeded:
            reason = f"the body is larger than the limit of {size(verdict.max_upload or 0)}, or can't be counted"
            upload = replace(upload, verdict=replace(verdict, action=Action.LOG, code="too-large", reason=reason))
        self.journal.write(upload)

    # -- refusing ----------------------------------------------------------------------------------------------------

    def _refuse(self, case: Case, verdict: Verdict) -> Refused | Held:
        """Record the block and make its reply; a refused push gives its commands first: git is told of each ref."""
        decision = case.decision(verdict)
        event_id: str | None = decision.id
        reply = case.reply(verdict, event_id)
        if not self.journal.write(replace(decision, response_status=reply.status)):
            event_id = None
            if case.policy.events.on_error is Action.BLOCK:
                verdict = log_unwritable()
            reply = case.reply(verdict, None)
        if not case.is_push_body:
            return Refused(reply)
        reader = CommandReader()
        return Held(
            limit=HOLD_BYTES,
            enough=lambda chunk: reader.feed(chunk) is not None,
            settle=lambda body, _whole: Refused(case.reply(verdict, event_id, body)),
        )

    def refuse(
        self, arrival: Arrival, verdict: Verdict, forge: ForgeHost | None = None, stage: Stage = Stage.REQUEST
    ) -> Reply:
        """Record a protocol verdict about a connection or an unread request, and make its reply."""
        case = Case(self.policy, arrival, forge)
        decision = case.decision(verdict)
        reply = case.reply(verdict, decision.id)
        status = reply.status if verdict.action is Action.BLOCK else None
        if self.journal.write(replace(decision, stage=stage, response_status=status)):
            return reply
        return case.reply(log_unwritable() if case.policy.events.on_error is Action.BLOCK else verdict, None)

    def internal_error(self, arrival: Arrival, where: str, error: BaseException) -> Reply:
        """The reply where our own code failed; the fault is recorded by its class, never by its text."""
        case = Case(self.policy, arrival)
        return case.reply(internal_error(), self.journal.fault(where, error, case))

    def unavailable(self, arrival: Arrival, failure: Failure, detail: str) -> Reply:
        """The reply where the forge can't be reached; it is recorded as a notice."""
        case = Case(self.policy, arrival, self.policy.registry.lookup(arrival.request.host))
        try:
            target = identify(arrival.request, self.policy.registry)
        except Exception:
            target = None
        cause = f"{_CAUSES[failure]} ({detail})" if detail else _CAUSES[failure]
        event_id = self.journal.notice(UPSTREAM, cause, case)
        return unavailable(failure, detail, arrival.request, target, contact=case.policy.contact, event_id=event_id)


_CAUSES: Mapping[Failure, str] = MappingProxyType(
    {
        Failure.DNS: "the name was not resolved",
        Failure.CONNECT: "no connection could be made",
        Failure.TIMEOUT: "no answer in time",
        Failure.CERTIFICATE: "the certificate can't be trusted",
        Failure.PROTOCOL: "the answer could not be read",
    }
)


def _identify(case: Case) -> Target:
    target = identify(case.arrival.request, case.policy.registry)
    if target is None:
        raise LookupError("a forge host without a target")
    return target


def syntax_problem(arrival: Arrival) -> Verdict | None:
    """A head that two readers could understand differently, whoever it is for (RFC 9112 sections 2.3, 3.2 and 5.5)."""
    request = arrival.request
    if arrival.http_version not in {"1.0", "1.1", "2"}:
        return protocol_block("framing", "the request is of no HTTP version that can be passed on")
    if any(_BREAKS.search(name) or _BREAKS.search(value) for name, value in request.headers):
        return protocol_block("framing", "a header field holds a line break or NUL")
    starts_well = request.path.startswith("/") or (request.method == "OPTIONS" and request.path == "*")
    if not starts_well or _NO_TARGET.search(request.path):
        return protocol_block("framing", "the request target is not a path")
    return None


_BREAKS = re.compile(r"[\r\n\x00]")
_NO_TARGET = re.compile(r"[\x00-\x20\x7f]")


def _protocol_problem(arrival: Arrival, forge: ForgeHost) -> Verdict | None:
    """What makes a request to a forge one that can't be trusted to be what it says; None if nothing does."""
    request = arrival.request
    if (request.scheme, request.port) not in {("https", forge.tls_port), ("http", 80)}:
        open_ports = f"{forge.tls_port} (HTTPS) and 80 (HTTP)"
        reason = f"{request.host} is a code forge, and only its ports {open_ports} are open, not {request.port}"
        return protocol_block("port", reason)
    coding = request.header("transfer-encoding")
    if coding is not None and coding.lower() != "chunked":
        return protocol_block("framing", "the body has a transfer coding that can't be counted")
    disagreement = _host_disagreement(arrival)
    return protocol_block("host-mismatch", disagreement) if disagreement is not None else None


def _host_disagreement(arrival: Arrival) -> str | None:
    """Why the names in a request to a forge don't agree, or None (RFC 9110 section 7.2, RFC 9113 section 8.3.1)."""
    request = arrival.request
    if not arrival.authorities:
        return f"the request to {request.host} names no Host"
    if sum(name == "host" for name, _ in request.headers) > 1:
        return f"the request to {request.host} names more than one Host"
    default = 443 if request.scheme == "https" else 80
    for authority in arrival.authorities:
        host, port = split_authority(authority)
        if host != request.host or (port or str(default)) != str(request.port):
            return f"the request goes to {request.host}:{request.port}, but its Host is {authority[:100]!r}"
    return None
