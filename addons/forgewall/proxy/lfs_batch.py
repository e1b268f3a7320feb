"""git-lfs batches at the proxy: what one asks for is judged before it goes on, its answer before the client gets it.

How large the objects are counts only for those that the forge wants to have: a batch also lists what is there already,
and git-lfs may not be kept from pushing because of that. Not here: what the bytes mean (`inspect.lfs`,
`inspect.lfs_answer`), and the requests that send the objects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from forgewall.decide.objection import objected
from forgewall.decide.protocol import protocol_block
from forgewall.enforce.inflate import whole
from forgewall.enforce.reply import Reply
from forgewall.enforce.volume import Meter
from forgewall.identify.announced import Announcement
from forgewall.inspect.lfs import MAX_BATCH, Batch, read_batch
from forgewall.model import Action, BodyState, Verdict
from forgewall.proxy.case import Case
from forgewall.proxy.examiner import Examiner, beyond
from forgewall.proxy.readers import BatchAnswer
from forgewall.sizes import size


class LfsBatches:
    """Judges batches. One per enforcer."""

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner

    def read(self, case: Case) -> Case | str:
        """The case with the objects that its request lists, or a sentence why they can't be told."""
        request = case.arrival.request
        if request.body_state is not BodyState.COMPLETE:
            return "the LFS batch is too long to be read; upload fewer objects at a time"
        body = whole(request.body, request.header("content-encoding"), MAX_BATCH)
        batch = read_batch(body) if body is not None else "the LFS batch can't be read"
        return batch if isinstance(batch, str) else replace(case, batch=batch)

    def judge(self, case: Case, batch: Batch, verdict: Verdict) -> Verdict:
        """`verdict`, unless an object of the batch was refused for its content a while ago."""
        known = self._examiner.refused_objects.find(case.place, (one.oid for one in batch.objects))
        if known is None or verdict.action is Action.BLOCK:
            return verdict
        return objected(replace(verdict, action=Action.ALLOW, would_action=None), known)

    def answer(
        self, case: Case, batch: Batch, verdict: Verdict, meter: Meter, refuse: Callable[[Verdict], Reply | None]
    ) -> BatchAnswer:
        """The reader of the forge's answer; `refuse` makes the reply for a verdict, None where the answer goes on."""
        assert case.target is not None

        def accept(announcements: tuple[Announcement, ...]) -> Verdict | None:
            return self._accept(case, verdict, meter, announcements)

        return BatchAnswer(batch, case.arrival.request, case.target, accept, refuse)

    def _accept(
        self, case: Case, verdict: Verdict, meter: Meter, announcements: tuple[Announcement, ...]
    ) -> Verdict | None:
        """Remember what is announced; the verdict that keeps the client from learning it, None if nothing does."""
        wanted = {one.oid: one.size for one in announcements if one.carries_content}
        limit = verdict.max_upload if verdict.over is Action.BLOCK else None
        large = next((oid for oid, length in wanted.items() if limit is not None and length > limit), None)
        if large is not None:
            reason = f"the object {large[:10]} has {size(wanted[large])}, more than the limit of {size(limit or 0)}"
            return replace(verdict, action=Action.BLOCK, would_action=None, code="too-large", reason=reason, trace=())
        exceeded = meter.announce(sum(wanted.values()))
        if exceeded is not None:
            return replace(beyond(exceeded), scrutiny=verdict.scrutiny)
        known = [replace(one, request_id=case.arrival.id) for one in announcements]
        problem = self._examiner.announcements.remember(case.arrival.subject.client, known)
        return protocol_block("lfs", problem) if problem is not None else None
