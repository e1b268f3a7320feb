"""Edits of the policy that people agree to: approve, revoke, break the glass. The same for command line and console.

`read` the policy, find what helps (`remedy_of`, or `remedy_address`), `propose…` it: a Preview, or a sentence why not;
nothing is written by then. `apply` writes what was previewed, and says so in the event log: what can't be logged isn't
done.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forgewall.decide.load import Loaded, load
from forgewall.decide.policy import Policy
from forgewall.errors import ForgewallError, UsageError
from forgewall.model import Subject
from forgewall.policyfile import PolicyFile
from forgewall.record.event import Edit, PolicyEdit
from forgewall.record.log import EventLog, EventLogError
from forgewall.record.pseudonym import Pseudonyms
from forgewall.review import amend, approval_revoke, remedy_warning
from forgewall.review.approval_diff import diff
from forgewall.review.approval_proof import new_complaints, proven, replayed
from forgewall.review.case import State, Triage
from forgewall.review.person import Person, Role
from forgewall.review.preview import Preview
from forgewall.review.remedy import Remedy, passes, remedy, verdict_on
from forgewall.review.remedy_choice import Choice
from forgewall.review.remedy_facts import Matter
from forgewall.review.saving import SaveError, save
from forgewall.review.stand_ins import StandIns, is_stand_in
from forgewall.review.store import Store, StoreError

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(minutes=240)
"""How long the glass may be broken at once."""

_SEVERAL = ", "
"""Stands between the addresses of one edit; no address holds a comma."""

type Progress = Callable[[int], None]


class ObstacleError(ForgewallError):
    """No entry would help; the text says why, a sentence a line."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The policy file as it was read: its text without a byte order mark, and what that means."""

    path: Path
    text: str
    loaded: Loaded

    @property
    def policy(self) -> Policy:
        return self.loaded.policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What previews need besides the policy: the log's `store` (None: there is none), the key of its stand-ins, and
    who is told how many decisions were judged anew.
    """

    store: Store | None = None
    names: Pseudonyms | None = None
    progress: Progress | None = None


NO_LOG = Proof()


def read(path: Path, now: datetime) -> Current:
    """The policy at `path`. Raises PolicyError if it can't be used as it is: an edit begins with a good one."""
    texts: list[str] = []

    def kept(text: str, file: str) -> Loaded:
        texts.append(text)
        return load(text, file, now)

    loaded = PolicyFile(path, parse=kept).load_with_warnings()
    return Current(path=path, text=texts[-1], loaded=loaded)


def remedy_of(
    current: Current, matter: Matter, now: datetime, *, choice: Choice | None = None, names: Pseudonyms | None = None
) -> Remedy:
    """What would let `matter` pass. `names` is the key of the log's stand-ins (`stand_ins.read_key`), if it is known.

    Raises UsageError for a `choice` that makes no sense.
    """
    subject = matter.recorded.subject
    if is_stand_in(subject.user) and names is not None and subject.user is not None:
        found = StandIns(names, (current.policy,)).name(subject.user)
        if found is not None:
            subject = Subject(client=subject.client, port=subject.port, user=found, source=subject.source)
    return remedy(matter.recorded, current.policy, now, choice=choice, facts=matter.facts, subject=subject)


def propose(current: Current, found: Remedy, now: datetime, proof: Proof = NO_LOG) -> Preview:
    """What writing `found` would do. Raises ObstacleError where nothing helps, AmendError for what can't be written,
    and UnfitError if the policy wouldn't be good any more.
    """
    if found.obstacles or not found.wishes:
        raise ObstacleError("\n".join(found.obstacles) or "there is nothing to approve")
    if found.digest not in {"", current.policy.digest}:  # its lines may be others by now
        raise ObstacleError(f"{current.path} was changed meanwhile; look again")
    expires = found.wishes[0].expires
    if expires is not None and expires <= now:
        raise UsageError("the approval would have ended before it begins; give a later time")
    edited = amend.approve(current.text, str(current.path), found.wishes, found.copies)
    preview, new = _previewed(
        *(current, edited, Edit.APPROVED, now, proof),
        address=_SEVERAL.join(dict.fromkeys(wish.address for wish in found.wishes)),
        warnings=found.warnings,
    )
    recorded = found.recorded
    if recorded is None or recorded.target is None or found.subject is None:
        return replace(preview, expires=expires, hints=found.hints)
    verdict = verdict_on(recorded.target, recorded, found.subject, found.size, new, now)
    helps = passes(verdict)
    return replace(
        preview,
        expires=expires,
        hints=found.hints,
        event_id=recorded.event_id,
        case_id=found.case_id,
        settles=helps,
        refused="" if helps else verdict.reason,
        operation=recorded.target.operation.value,
    )


def propose_revoke(
    current: Current, address: str, now: datetime, proof: Proof = NO_LOG, *, line: int | None = None
) -> Preview:
    """What it would do to take away the approval of exactly `address`: all its entries, or that in `line` alone.

    Several addresses have commas between, as in the event of an approval that wrote several. Raises AmendError where
    there is none, and UnfitError.
    """
    addresses = tuple(dict.fromkeys(part.strip() for part in address.split(",")))
    edited = amend.revoke(current.text, str(current.path), addresses[0], line, others=addresses[1:])
    warnings = tuple(approval_revoke.warnings(current.policy, addresses, line, now))
    named = _SEVERAL.join(addresses)
    return _previewed(current, edited, Edit.REVOKED, now, proof, address=named, warnings=warnings)[0]


def propose_break_glass(current: Current, by: str, reason: str, minutes: int, now: datetime) -> Preview:
    """What it would do to block nothing for `minutes`. Raises UsageError, AmendError and UnfitError."""
    if not SHORTEST <= timedelta(minutes=minutes) <= LONGEST:
        raise UsageError("the glass is broken for 1 to 240 minutes; who needs longer does it again")
    if not reason.strip():
        raise UsageError("say why: others will want to know, now and later")
    until = now.astimezone(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    edited = amend.break_glass(current.text, str(current.path), until=until, by=by, reason=reason)
    warnings = ["nothing is blocked until then: every push of everybody to anywhere passes, and is only logged"]
    broken = current.policy.break_glass
    if broken is not None and now < broken.until:
        warnings.append(f"{broken.by} has broken it already, until {broken.until:%Y-%m-%d %H:%M} UTC: {broken.reason}")
    preview, _ = _previewed(current, edited, Edit.BREAK_GLASS, now, NO_LOG, warnings=tuple(warnings))
    return replace(preview, expires=until)


def propose_end_break_glass(current: Current, now: datetime) -> Preview:
    """What it would do to end a break-glass at once. Raises AmendError where there is none."""
    edited = amend.end_break_glass(current.text, str(current.path))
    return _previewed(current, edited, Edit.BREAK_GLASS_ENDED, now, NO_LOG)[0]


def apply(
    preview: Preview,
    person: Person,
    directory: Path,
    reason: str,
    clock: Callable[[], datetime],
    *,
    store: Store | None = None,
    client: str = "",
) -> PolicyEdit:
    """Write what was previewed over the very text that it was made from, and tell the log in `directory` who and why.

    `client` is the address that `person` came from over the network. A case that was approved counts as approved in
    `store` until the approval ends. Raises EventLogError (then the
    policy is as it was), SaveError if the file can't be written or was changed since, StoreError if only the case's
    state couldn't be kept, and ForgewallError for who may not.
    """
    if person.role is not Role.REVIEWER:
        raise ForgewallError("only a reviewer may change the policy")
    log = EventLog(directory, clock=clock)
    try:
        log.check()
        now = clock()
        before = read(preview.file, now).text
        save(preview.file, expected_digest=preview.old_digest, text=preview.text)
        event = _event(preview, person, reason, now, client)
        try:
            log.write(event)
        except EventLogError:
            with suppress(SaveError):
                save(preview.file, expected_digest=preview.new_digest, text=before)
            raise
    finally:
        log.close()
    if store is not None and preview.case_id is not None:
        said = Triage(
            case_id=preview.case_id,
            state=State.APPROVED,
            by=person.name,
            at=now,
            until=preview.expires,
            note=reason,
        )
        try:
            store.triage(said)
        except StoreError as error:
            raise StoreError(f"the policy was changed, but the case isn't marked as approved: {error}") from error
    return event


def _previewed(
    current: Current,
    edited: amend.Amended,
    edit: Edit,
    now: datetime,
    proof: Proof,
    *,
    address: str = "",
    warnings: tuple[str, ...] = (),
) -> tuple[Preview, Policy]:
    """The preview of one edit, whose text is proven good, and the policy that it spells."""
    file = str(current.path)
    new = proven(edited.text, file, now)
    written = range(edited.first_line, edited.last_line + 1) if edit is Edit.APPROVED else ()
    glass = edit in {Edit.BREAK_GLASS, Edit.BREAK_GLASS_ENDED}
    preview = Preview(
        file=current.path,
        old_digest=current.policy.digest,
        new_digest=new.policy.digest,
        text=edited.text,
        entry=edited.entry,
        address=address,
        diff=diff(current.text, edited.text, current.path.name),
        warnings=warnings if glass else (*warnings, *remedy_warning.of_policy(current.policy, now)),
        lint=() if glass else new_complaints(current.loaded, new, now, written),
        tests=len(new.tests) - len(new.stale),
        replayed=replayed(proof.store, current.policy, new.policy, now, names=proof.names, progress=proof.progress),
        edit=edit,
        lines=_lines(edited),
    )
    return preview, new.policy


def _lines(edited: amend.Amended) -> str:
    first, last = edited.first_line, edited.last_line
    return str(first) if first == last else f"{first}-{last}"


def _event(preview: Preview, person: Person, reason: str, now: datetime, client: str) -> PolicyEdit:
    return PolicyEdit(
        edit=preview.edit,
        actor=person.name,
        actor_source=person.source,
        file=str(preview.file),
        old_digest=preview.old_digest,
        new_digest=preview.new_digest,
        address=preview.address,
        entry=preview.entry,
        lines=preview.lines,
        reason=reason,
        until=preview.expires,
        approved_event=preview.event_id,
        case=preview.case_id,
        role=person.role.value,
        client=client,
        time=now,
    )
