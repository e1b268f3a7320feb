"""What the form of an approval says: for how long, for whom, what for, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from forgewall.decide.policy import Policy
from forgewall.errors import UsageError
from forgewall.model import GROUPS, Operation
from forgewall.review.console.actions.triage import note_of
from forgewall.review.console.forms import Form
from forgewall.review.console.rendering import environment
from forgewall.review.remedy_choice import CLIENT, EVERYONE, USER, Choice
from forgewall.review.remedy_facts import Matter

SPANS = MappingProxyType(
    {
        "1h": ("1 hour", timedelta(hours=1)),
        "1d": ("1 day", timedelta(days=1)),
        "7d": ("7 days", timedelta(days=7)),
        "30d": ("30 days", timedelta(days=30)),
        "good": ("for good", None),
    }
)
"""How long an approval may hold."""
USUAL = "usual"
"""The word for what an approval covers that names no operations."""
NAMED = "named"

_FIELDS = MappingProxyType({"--who": "“For whom”", "--operations": "“What for”"})


def in_form(sentence: str) -> str:
    """A sentence about a remedy with the names of the form's fields in place of the command line's options."""
    for option, field in _FIELDS.items():
        sentence = sentence.replace(option, field)
    return sentence


environment.filters["in_form"] = in_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose: its `value` in the form, its `label`, and more `about` it."""

    value: str
    label: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the form offers. `moved`: the repository is somewhere else now, and that can be confirmed instead."""

    spans: tuple[Option, ...]
    people: tuple[Option, ...]
    operations: tuple[Option, ...]
    moved: bool


def options(matter: Matter | None) -> Options:
    """What can be chosen about `matter`, None for an address alone. The first of each is the narrowest."""
    spans = tuple(Option(value=word, label=label) for word, (label, _) in SPANS.items())
    return Options(
        spans=spans,
        people=_people(matter),
        operations=_operations(matter),
        moved=bool(matter and matter.recorded.target and matter.recorded.target.moved is not None),
    )


def wanted(form: Form, matter: Matter | None, policy: Policy, now: datetime) -> Choice:
    """What was chosen. Raises UsageError with a sentence for what can't be."""
    word = form.get("for")
    if word not in SPANS:
        raise UsageError("Choose how long it shall hold.")
    span = SPANS[word][1]
    reason = note_of(form.get("reason"))
    if not reason:
        raise UsageError("Say why: the reason stands in the policy and in the log.")
    return Choice(
        who=_who(form, policy),
        operations=_chosen(form.all("operation"), matter),
        expires=now.replace(microsecond=0) + span if span is not None else None,
        owner=note_of(form.get("owner")),
        reason=reason,
        confirm=form.get("confirm") == "yes",
    )


def _people(matter: Matter | None) -> tuple[Option, ...]:
    everyone = Option(value=EVERYONE, label="everybody", about="whoever uses the proxy")
    named = Option(value=NAMED, label="these", about="groups, users, addresses or networks, with commas between")
    if matter is None:
        return everyone, named
    subject = matter.recorded.subject
    found = [Option(value=CLIENT, label=subject.client, about="the address that asked")] if subject.client else []
    if subject.user:
        found.insert(0, Option(value=USER, label=subject.user, about="the user who asked"))
    return *found, everyone, named


def _operations(matter: Matter | None) -> tuple[Option, ...]:
    usual = Option(
        value=USUAL, label="the usual", about="code, text and other writes: what an entry without words covers"
    )
    if matter is None:
        return (usual,)
    refused = _refused(matter)
    others = [word for word in matter.facts.operations if word != refused and word in set(Operation)]
    found = [Option(value=refused, label=refused, about="what was refused")] if refused else []
    return *found, *(Option(value=word, label=word, about="was refused there, too") for word in others), usual


def _refused(matter: Matter) -> str:
    target = matter.recorded.target
    return target.operation.value if target is not None else ""


def _who(form: Form, policy: Policy) -> tuple[str, ...]:
    word = form.get("who")
    if word in (USER, CLIENT, EVERYONE):
        return (word,)
    if word != NAMED:
        raise UsageError("Choose for whom it shall hold.")
    names = tuple(name for part in form.get("names").split(",") if (name := part.strip()))
    if not names:
        raise UsageError("Name the groups, users, addresses or networks for whom it shall hold.")
    odd = {USER, CLIENT, EVERYONE} & set(names) - set(policy.groups)
    if odd:
        raise UsageError(f"`{min(odd)}` is no name; choose it above.")
    return names


def _chosen(words: tuple[str, ...], matter: Matter | None) -> frozenset[Operation] | None:
    """The operations; None where only what was refused is wanted, or for an address what is usual."""
    if not words:
        raise UsageError("Choose what for.")
    known = {operation.value: operation for operation in Operation}
    if any(word not in known and word != USUAL for word in words):
        raise UsageError("That is no operation. Choose among those that are offered.")
    refused = _refused(matter) if matter is not None else USUAL
    if set(words) == {refused}:
        return None
    usual = GROUPS["code"] | GROUPS["text"] | {Operation.OTHER_WRITE} if USUAL in words else frozenset()
    return usual | {known[word] for word in words if word != USUAL}
