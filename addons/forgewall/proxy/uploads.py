"""Admitting a request: the event before its first byte goes on, its transit, and the event when its body is over.

Not here: the verdict that admits it (`enforcer`), and how the body is read (`examiner`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from forgewall.decide.objection import objected
from forgewall.decide.protocol import internal_error, log_unwritable
from forgewall.enforce.gate import Cut, Gate
from forgewall.enforce.reply import Reply
from forgewall.enforce.volume import Exceeded, Meter
from forgewall.inspect.hashes import Hash
from forgewall.model import Action, Depth, Effect, Verdict
from forgewall.proxy.answer_hold import AnswerReader
from forgewall.proxy.case import Case
from forgewall.proxy.examiner import Examined, Examiner, beyond
from forgewall.proxy.hashing import BackgroundHash
from forgewall.proxy.journal import Journal
from forgewall.proxy.readers import Advertisement
from forgewall.proxy.ruling import Admitted, Refused
from forgewall.proxy.transit import Transit
from forgewall.record.event import Decision, Result, Upload
from forgewall.sizes import size

_FOR_GOOD = frozenset({"content", "unread"})
"""What the same bytes will be refused for again."""

type Failed = Callable[[Exception], Reply]


class Uploads:
    """Admits what was judged. One per enforcer."""

    def __init__(self, journal: Journal, examiner: Examiner) -> None:
        self._journal = journal
        self._examiner = examiner

    def admit(
        self, case: Case, verdict: Verdict, meter: Meter, failed: Failed, answer: AnswerReader | None
    ) -> Refused | Admitted:
        """Record the decision and make the transit; refused where it has to be recorded and can't be.

        `failed` makes the reply where an exception ends the transit; `answer` reads what comes back.
        """
        arrival, policy = case.arrival, case.policy
        write = case.target is not None and case.target.effect is Effect.WRITE
        noted = write or verdict.action is Action.LOG or verdict.would_action is not None or policy.events.reads
        noted = noted or case.is_laden
        decision = case.decision(verdict) if noted else None
        if decision and not self._journal.write(decision) and write and policy.events.on_error is Action.BLOCK:
            return Refused(case.reply(log_unwritable(), None))
        if case.is_push_advertisement and verdict.scrutiny.depth is Depth.FULL:
            answer = Advertisement()
        coding = arrival.request.header("content-encoding") if arrival.has_body else None
        wire = BackgroundHash("sha256")
        examined = self._examiner.examined(case, verdict, wire) if Gate.refusal_for(coding) is None else None
        return Admitted(
            Transit(
                gate=_gate(verdict, examined, coding, wire),
                decision=decision if arrival.has_body else None,
                content_length=arrival.content_length,
                on_cut=lambda transit, cut: self._cut(case, transit, cut, decision or case.decision(verdict), noted),
                on_error=failed,
                record=lambda transit, upload: self._over(transit, upload, verdict, meter),
                examination=examined.examination if examined is not None else None,
                meter=meter,
                on_close=examined.close if examined is not None else None,
            ),
            answer=answer,
        )

    def _cut(self, case: Case, transit: Transit, cut: Cut | Exceeded, decision: Decision, noted: bool) -> Reply:
        verdict = _verdict_of(transit, cut, decision.verdict)
        objection = transit.examination.blocked if transit.examination is not None else None
        if objection is not None and objection.code in _FOR_GOOD and case.announced is not None and case.announced.oid:
            self._examiner.refused_objects.remember(case.place, case.announced.oid, objection)
        if not noted:
            self._journal.write(decision)
        transit.decision = decision
        upload = replace(transit.upload(Result.CUT), verdict=verdict)
        reply = case.reply(verdict, upload.id)
        written = self._journal.write(replace(upload, response_status=reply.status))
        return reply if written else case.reply(verdict, None)

    def _over(self, transit: Transit, upload: Upload, verdict: Verdict, meter: Meter) -> None:
        """The body went through, or broke off, or we failed: what was only logged of it stands in its event."""
        after = verdict
        if transit.gate.exceeded:
            reason = f"the body is larger than the limit of {size(verdict.max_upload or 0)}, or can't be counted"
            after = replace(verdict, action=Action.LOG, code="too-large", reason=reason, trace=())
        for exceeded in meter.logged:
            logged = beyond(exceeded, observing=verdict.scrutiny.observing)
            after = after if after.code == "volume" else logged
        for objection in transit.examination.objections if transit.examination is not None else ():
            after = objected(after, objection)
        if upload.result is Result.CUT:
            after = internal_error()  # any other cut is told by `_cut`
        self._journal.write(upload if after is verdict else replace(upload, verdict=after))


def _gate(verdict: Verdict, examined: Examined | None, coding: str | None, wire: Hash) -> Gate:
    observing = verdict.scrutiny.observing
    return Gate(
        limit=verdict.max_upload,
        over=verdict.over,
        content_encoding=coding,
        sink=examined.examination.turns if examined is not None else None,
        undecodable=Action.LOG if observing else None,
        digest=wire,
    )


def _verdict_of(transit: Transit, cut: Cut | Exceeded, verdict: Verdict) -> Verdict:
    """The verdict that a cut amounts to."""
    if isinstance(cut, Exceeded):
        return replace(beyond(cut), max_upload=verdict.max_upload, scrutiny=verdict.scrutiny)
    objection = transit.examination.blocked if transit.examination is not None else None
    if objection is not None:
        return objected(replace(verdict, action=Action.ALLOW, would_action=None), objection)
    return replace(verdict, action=Action.BLOCK, would_action=None, code=cut.code, reason=cut.reason, trace=())
