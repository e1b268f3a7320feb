"""The policy's own tests: sentences with the verdict they must get. `judge` is what they share with `explain`.

Running them is `trial`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from forgewall.decide.complaints import Complaints, quote
from forgewall.decide.content import judge_fact
from forgewall.decide.document import Node
from forgewall.decide.engine import decide
from forgewall.decide.fields import Fields
from forgewall.decide.objection import objected
from forgewall.decide.policy import Policy
from forgewall.decide.sentence import Sentence, parse_sentence
from forgewall.decide.tunnel import other_host, plan_connect
from forgewall.evidence import ForcedUpdate
from forgewall.identify.directory import EMPTY, Directory, Id, Named
from forgewall.identify.engine import identify
from forgewall.model import Action, Move, Subject, Target, Verdict, Visibility

TEST_KEYS = ("do", "expect", "user", "client", "visibility", "because")
NOBODY = "127.0.0.1"
"""The client address of a test or an explanation that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One entry of `tests:`. `because` is the rule id that must decide, '' for any.

    `visibility` is taken for that of every repository, None for unknown.
    """

    sentence: Sentence
    expect: Action
    subject: Subject
    because: str
    line: int
    column: int
    visibility: Visibility | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Supposed:
    """A directory where every repository can be seen by as many."""

    seen_by: Visibility

    def find(self, wanted: Id) -> Named | None:
        return None

    def visibility(self, key: str) -> Visibility | None:
        return self.seen_by

    def moved(self, key: str) -> Move | None:
        return None


def judge(
    policy: Policy, sentence: Sentence, subject: Subject, now: datetime, visibility: Visibility | None = None
) -> tuple[Target | None, Verdict]:
    """What the request of `sentence` is about (None: its host is no forge), and the verdict on it.

    Of ids only those are known that the policy names; every repository counts as one with that `visibility`.
    """
    request = sentence.request
    supposed: Directory = EMPTY if visibility is None else _Supposed(seen_by=visibility)
    target = identify(request, policy.registry, directory=policy.directory(supposed))
    if target is None:
        return None, other_host(policy, request.host, now)
    refused = plan_connect(policy, request.host.removesuffix("."), request.port, now).verdict
    if refused is not None:
        return target, refused
    verdict = decide(policy, target, subject, sentence.size, now, refs=sentence.refs)
    for name in sentence.forced if verdict.action is not Action.BLOCK else ():
        objection = judge_fact(verdict.scrutiny, ForcedUpdate(name=name))
        verdict = verdict if objection is None else objected(verdict, objection)
    return target, verdict


def cases(node: Node | None, complaints: Complaints) -> list[Case]:
    """The section `tests:`."""
    fields = Fields(complaints)
    read = [] if node is None else [_case(item, fields) for item in fields.listing(node, "`tests`")]
    return [case for case in read if case is not None]


def _case(item: Node, fields: Fields) -> Case | None:
    pairs = fields.mapping(item, "an entry of `tests`", TEST_KEYS)
    sentence, client = None, NOBODY
    if missing := next((key for key in ("do", "expect") if key not in pairs), None):
        fields.complaints.add(item, f"a test has no `{missing}`", "write do: git push https://… and expect: allow")
    if "do" in pairs and (text := fields.text(pairs["do"][1], "`do`")) is not None:
        try:
            sentence = parse_sentence(text)
        except ValueError as error:
            fields.complaints.add(pairs["do"][1], str(error))
    expect = fields.word(pairs["expect"][1], "`expect`", tuple(Action)) if "expect" in pairs else None
    user = fields.text(pairs["user"][1], "`user`") if "user" in pairs else None
    if "client" in pairs and (text := fields.text(pairs["client"][1], "`client`")) is not None:
        try:
            client = str(ip_address(text))
        except ValueError:
            fields.complaints.add(pairs["client"][1], f"{quote(text)} is not an IP address")
    seen_by = None
    if "visibility" in pairs:
        seen_by = fields.word(pairs["visibility"][1], "`visibility`", tuple(Visibility))
    because = fields.text(pairs["because"][1], "`because`") if "because" in pairs else ""
    if sentence is None or expect is None:
        return None
    place = pairs["do"][1]
    return Case(
        sentence=sentence,
        expect=expect,
        subject=Subject(client=client, user=user),
        because=because or "",
        line=place.line,
        column=place.column,
        visibility=seen_by,
    )
