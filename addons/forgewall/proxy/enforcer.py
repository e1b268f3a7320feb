"""The enforcer asks identify and decide about each request and turns the verdict into a ruling, an event and a reply.

Theory. Everything that may let bytes out comes through `judge`, `Held.settle` and `Transit`; each of them turns any
exception into a refusal. A decision is recorded before its ruling is returned, so a client never gets an answer, and a
forge never gets a byte, that the log lacks. The policy is one attribute, replaced whole; what is under way keeps the
one it started with.

Not here: mitmproxy, sockets, and what an operation is. Connections before any request are `proxy.tunnels`, what happens
to an admitted body is `proxy.uploads`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from forgewall.decide.engine import decide
from forgewall.decide.policy import Policy
from forgewall.decide.protocol import internal_error, log_unwritable, protocol_block
from forgewall.decide.tunnel import other_host
from forgewall.enforce.gate import Gate
from forgewall.enforce.inflate import readable
from forgewall.enforce.reply import Failure, Reply, unavailable
from forgewall.identify.engine import identify
from forgewall.identify.opening import bare_host
from forgewall.identify.registry import ForgeHost
from forgewall.identify.sockets import is_notification_socket
from forgewall.inspect.commands import Commands, Malformed
from forgewall.learn.engine import lesson_for
from forgewall.learn.lesson import Fact
from forgewall.model import Action, BodyState, Effect, Request, Target, Verdict
from forgewall.proxy.answer_hold import AnswerReader
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.case import Case
from forgewall.proxy.examiner import Examiner, beyond
from forgewall.proxy.held_body import HeldBody
from forgewall.proxy.journal import Journal
from forgewall.proxy.lessons import ROOM_BYTES, Room, TaughtAnswer
from forgewall.proxy.lfs_batch import LfsBatches
from forgewall.proxy.push_head import WIRE_BYTES, PushHead
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.shares import Shares
from forgewall.proxy.syntax import protocol_problem, syntax_problem
from forgewall.proxy.uploads import Uploads
from forgewall.record.event import UPSTREAM, Stage
from forgewall.sizes import size

HOLD_BYTES = 256 * 1024
"""How much of a body may be held in memory before the verdict."""

LONG_TARGET = 1024
"""A write without a body whose path and query are longer than this many bytes is an upload: they carry data."""

MAX_HEAD_BYTES = 64 * 1024
"""Request line plus headers beyond this are refused with 431 (RFC 6585 section 5)."""

type Settle = Callable[[bytes, bool], Refused | Admitted]
"""What a held body comes to; see `Held`."""


class Enforcer:
    """Rules on requests by the policy in force; `policy` may be replaced at any time between two calls."""

    def __init__(self, policy: Policy, journal: Journal, examiner: Examiner | None = None) -> None:
        self.policy = policy
        self.journal = journal
        self.examiner = examiner or Examiner()
        self._uploads = Uploads(journal, self.examiner)
        self._batches = LfsBatches(self.examiner)
        self._answers = Shares(ROOM_BYTES)

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
        announced = self.examiner.announcements.find(arrival.subject.client, request)
        case = Case(
            self.policy, arrival, forge, announced=announced, directory=self.policy.directory(self.examiner.memory)
        )
        if arrival.head_bytes > MAX_HEAD_BYTES:
            reason = f"the request's headers take {arrival.head_bytes} bytes, more than the {MAX_HEAD_BYTES} allowed"
            return self._refuse(case, protocol_block("header-size", reason))
        problem = syntax_problem(arrival)
        if problem is None and (forge is not None or announced is not None):
            problem = protocol_problem(arrival, forge)
        if problem is not None:
            return self._refuse(case, problem)
        if forge is None and announced is None:
            return self._judge_other(case)
        if request.header("upgrade") is not None and forge is not None:
            ruling = self._judge_upgrade(case, forge)
            if ruling is not None:
                return ruling
        return self._judge_target(replace(case, target=_identify(case)))

    def _judge_target(self, case: Case) -> Ruling:
        if case.is_push:
            return self._judge_push(case)
        if case.target is not None and case.target.wants_body and case.arrival.has_body:
            return self._judge_body(case)
        return self._rule(case)

    def _judge_push(self, case: Case) -> Ruling:
        """A push is judged by its command list, unless its head alone forbids it; git is told of each ref."""
        verdict = self._verdict(case)
        if verdict.action is Action.BLOCK:
            return self._refuse(case, verdict)
        if not readable(case.arrival.request.header("content-encoding")):
            return self._rule(case)  # which refuses it, or lets it pass unread where all is only observed
        head = PushHead(case.arrival.request.header("content-encoding"))

        def settle(_body: bytes, _whole: bool) -> Ruling:
            answer = head.answer
            if isinstance(answer, Malformed):
                read = replace(case, commands=head.so_far)
                return Refused(self._record(read, protocol_block("malformed", answer.reason)))
            return self._rule(replace(case, commands=answer))

        return Held(limit=WIRE_BYTES, enough=head.enough, settle=self._guarded(case, settle))

    def _seen(self, case: Case, request: Request) -> Case:
        """The case now that `request`'s body is known; its head stays as it came, for the body goes on as it came."""
        announced = case.announced or self.examiner.announcements.find(case.arrival.subject.client, request)
        case = replace(case, announced=announced)
        target = _identify(replace(case, arrival=replace(case.arrival, request=request)))
        known = replace(request, headers=case.arrival.request.headers)
        return replace(case, arrival=replace(case.arrival, request=known), target=target)

    def _judge_body(self, case: Case) -> Ruling:
        """The body tells more than the head: a small one is held in memory, a long one on disk if all depends on it."""
        body = HeldBody(case.arrival.request)
        strict = self._verdict(case)
        limit, spool = HOLD_BYTES, None
        if body.can_be_skimmed and strict.action is Action.BLOCK:
            limit = max(limit, case.policy.largest_upload)
            spool = self.examiner.space.open(limit + HOLD_BYTES, case.arrival.subject.client)
        length = case.arrival.content_length
        if length is not None and length > limit:
            return self._too_long(case, limit)

        def settle(held: bytes, whole: bool) -> Ruling:
            if body.size > limit:
                return self._too_long(case, limit)
            return self._rule(self._seen(case, body.request(held, whole=whole)))

        return Held(limit=limit, enough=body.enough, settle=self._guarded(case, settle), spool=spool, turns=body.turns)

    def _too_long(self, case: Case, limit: int) -> Ruling:
        """The ruling on a body of more than `limit` bytes, none of which is looked at."""
        seen = self._seen(case, replace(case.arrival.request, body_state=BodyState.TOO_LONG))
        verdict = self._verdict(seen)
        if verdict.action is not Action.BLOCK or verdict.code != "unidentified":
            return self._rule(seen)
        reason = f"the body tells what this request is about, and beyond {size(limit)} it isn't looked through"
        return self._refuse(seen, replace(verdict, code="too-large", reason=reason, max_upload=limit, trace=()))

    def _guarded(self, case: Case, settle: Callable[[bytes, bool], Ruling]) -> Settle:
        """`settle`, where a failure refuses, and so does what would have to be held again."""

        def guarded(body: bytes, whole: bool) -> Refused | Admitted:
            try:
                ruling = settle(body, whole)
                return ruling.settle(body, whole) if isinstance(ruling, Held) else ruling
            except Exception as error:
                return Refused(self.internal_error(case.arrival, "judging a request's body", error))

        return guarded

    def _judge_other(self, case: Case) -> Ruling:
        """A request to a host that is no forge: streamed on unread, unless its Host names a forge."""
        request = case.arrival.request
        lookup = case.policy.registry.lookup
        named = next((found for a in case.arrival.authorities if (found := lookup(bare_host(a))) is not None), None)
        if named is not None:
            reason = f"the request goes to {request.host}, but its Host header names a code forge"
            return self._refuse(replace(case, forge=named), protocol_block("host-mismatch", reason))
        verdict = other_host(case.policy, request.host, datetime.now(UTC))
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
        if not case.policy.observing(datetime.now(UTC)):
            return self._refuse(case, verdict)
        self.journal.write(case.decision(replace(verdict, action=Action.LOG, would_action=Action.BLOCK)))
        return Admitted(None, websocket=True) if websocket else None

    # -- the verdict -------------------------------------------------------------------------------------------------

    def _verdict(self, case: Case) -> Verdict:
        """What the policy says of the request as far as it is known."""
        assert case.target is not None
        arrival = case.arrival
        return decide(case.policy, case.target, arrival.subject, arrival.content_length, datetime.now(UTC), case.refs)

    def _rule(self, case: Case) -> Refused | Admitted | Held:
        answer: AnswerReader | None = None
        verdict = self._verdict(case)
        if verdict.action is not Action.BLOCK and case.is_lfs_batch:
            case, verdict = self._with_batch(case, verdict)
        if verdict.action is not Action.BLOCK:
            verdict = self._coded(case, verdict)
        if verdict.action is not Action.BLOCK and not case.arrival.has_body:
            verdict = self.examiner.without_body(case, verdict)
        if verdict.action is Action.BLOCK:
            return self._refuse(case, verdict)
        meter = self.examiner.meter(case, verdict)
        # What a push or a batch leads to is still to come, and its size isn't known yet.
        unknown = case.is_push_advertisement or case.batch is not None
        exceeded = meter.announce(None if unknown else case.arrival.content_length)
        if exceeded is None and not case.arrival.has_body and len(case.arrival.request.path) > LONG_TARGET:
            exceeded = meter.spend(len(case.arrival.request.path))
        if exceeded is not None:
            return self._refuse(case, replace(beyond(exceeded), scrutiny=verdict.scrutiny))
        if not self.examiner.has_room(case, verdict):
            reason = "as many pushes as Forgewall reads for one client at a time are under way already"
            return self._refuse(case, protocol_block("busy", reason))
        if case.batch is not None:
            refuse = functools.partial(self._refused_answer, case, verdict)
            answer = self._batches.answer(case, case.batch, verdict, self.examiner.meter(case, verdict), refuse)

        def failed(error: Exception) -> Reply:
            return self.internal_error(case.arrival, "examining an upload", error, case.commands)

        return self._taught(case, self._uploads.admit(case, verdict, meter, failed, answer))

    def _taught(self, case: Case, ruling: Refused | Admitted) -> Refused | Admitted:
        """`ruling`, with a reader for what the forge's answer teaches; only a verified answer teaches anything."""
        request = case.arrival.request
        if isinstance(ruling, Refused) or case.forge is None or case.target is None or request.scheme != "https":
            return ruling
        lesson = lesson_for(request, case.target, case.forge, datetime.now(UTC))
        if lesson is None:
            return ruling

        def learn(facts: tuple[Fact, ...]) -> None:
            self.examiner.learn(facts, case.arrival)

        def failed(error: Exception) -> None:
            self.journal.fault("learning from an answer", error, case)

        room = Room(self._answers, case.arrival.subject.client)
        return replace(ruling, answer=TaughtAnswer(lesson, learn, failed, room, ruling.answer))

    def _coded(self, case: Case, verdict: Verdict) -> Verdict:
        """The verdict on a body in a coding that can't be undone, where it has to be."""
        write = case.target is not None and case.target.effect is Effect.WRITE
        counted = verdict.max_upload is not None and verdict.over is Action.BLOCK
        if not case.arrival.has_body or not (write or counted):
            return verdict
        problem = Gate.refusal_for(case.arrival.request.header("content-encoding"))
        return verdict if problem is None else _unless_observed(verdict, protocol_block("encoding", problem))

    def _with_batch(self, case: Case, verdict: Verdict) -> tuple[Case, Verdict]:
        """The case with the LFS objects it lists, and the verdict on them."""
        read = self._batches.read(case)
        if isinstance(read, str):
            return case, _unless_observed(verdict, protocol_block("lfs", read))
        assert read.batch is not None
        if read.batch.ref is not None:
            verdict = self._verdict(read)
        return read, self._batches.judge(read, read.batch, verdict)

    def _refused_answer(self, case: Case, verdict: Verdict, block: Verdict) -> Reply | None:
        """The reply that takes the place of an answer to what `verdict` admitted; None where that is only logged."""
        block = _unless_observed(verdict, block) if block.code == "lfs" else block
        if block.action is not Action.BLOCK:
            self.journal.write(case.decision(block))
            return None
        return self._record(case, block)

    # -- refusing ----------------------------------------------------------------------------------------------------

    def _refuse(self, case: Case, verdict: Verdict) -> Refused | Held:
        """Record the block and make its reply; a refused push gives its commands first: git is told of each ref."""
        if not case.is_push or case.commands is not None or verdict.code == "encoding":
            return Refused(self._record(case, verdict))
        verdict, event_id, _ = self._recorded(case, verdict)
        head = PushHead(case.arrival.request.header("content-encoding"))
        return Held(
            limit=WIRE_BYTES,
            enough=head.enough,
            settle=lambda _body, _whole: Refused(replace(case, commands=head.so_far).reply(verdict, event_id)),
        )

    def _record(self, case: Case, verdict: Verdict) -> Reply:
        """The reply that `verdict` blocks with, after its event was written."""
        return self._recorded(case, verdict)[2]

    def _recorded(self, case: Case, verdict: Verdict) -> tuple[Verdict, str | None, Reply]:
        """The verdict, its event's id, and the reply; another verdict and no id where the log can't be written."""
        decision = case.decision(verdict)
        reply = case.reply(verdict, decision.id)
        if self.journal.write(replace(decision, response_status=reply.status)):
            return verdict, decision.id, reply
        if case.policy.events.on_error is Action.BLOCK:
            verdict = log_unwritable()
        return verdict, None, case.reply(verdict, None)

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

    def internal_error(
        self, arrival: Arrival, where: str, error: BaseException, commands: Commands | None = None
    ) -> Reply:
        """The reply where our own code failed; the fault is recorded by its class, never by its text.

        `commands` are those of a push, as far as they are known: git is told of each ref.
        """
        case = Case(self.policy, arrival, commands=commands)
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
    target = identify(case.arrival.request, case.policy.registry, case.announced, case.directory)
    if target is None:
        raise LookupError("a forge host without a target")
    return target


def _unless_observed(verdict: Verdict, block: Verdict) -> Verdict:
    """`block` instead of `verdict`, as a log where observe mode holds."""
    if not verdict.scrutiny.observing:
        return block
    return replace(
        block, action=Action.LOG, would_action=Action.BLOCK, max_upload=verdict.max_upload, scrutiny=verdict.scrutiny
    )
