"""For whom an approval is written: the words of `who:`, from whoever asked or from what a person chose. Of an event
it is the user, where none can be named the client, and everybody only where there is neither.

A user's name comes from the log: one that a policy would read as a group, a network or a wildcard is never written.
"""

from __future__ import annotations

from forgewall.decide.audience import audience
from forgewall.decide.complaints import Complaints, quote
from forgewall.decide.document import Scalar
from forgewall.decide.policy import Policy
from forgewall.decide.settings import check_term
from forgewall.errors import UsageError
from forgewall.model import Subject
from forgewall.review.remedy_choice import CLIENT, EVERYONE, USER, Choice
from forgewall.review.replay_sight import is_exact
from forgewall.review.stand_ins import is_stand_in

_OTHERS = "choose with --who: everyone, client, or names and groups"


def audience_of(choice: Choice, subject: Subject | None, policy: Policy) -> tuple[tuple[str, ...], str]:
    """The words of `who:` (none for everybody), and a warning or ''. Raises UsageError for what can't be written."""
    chosen = choice.who
    if chosen in {(EVERYONE,), ()} and (chosen or subject is None):
        return (), ""
    if chosen == (CLIENT,):
        return (_client(subject, policy),), ""
    if chosen in {(USER,), ()}:
        return _user(subject, policy, asked=bool(chosen))
    if mixed := {EVERYONE, USER, CLIENT} & set(chosen) - set(policy.groups):
        raise UsageError(f"--who: {quote(sorted(mixed)[0])} stands alone, without further names")
    for word in chosen:
        _check(word, policy)
    return tuple(dict.fromkeys(chosen)), _unknown_words(chosen, policy)


def _client(subject: Subject | None, policy: Policy) -> str:
    if subject is None or not subject.client:
        raise UsageError(f"no client is known here; {_OTHERS}")
    client = subject.client.partition("%")[0]
    if not audience((client,), {}).networks or client in policy.groups:
        raise UsageError(f"the client {quote(subject.client)} is no address that a policy can name; {_OTHERS}")
    return client


def _user(subject: Subject | None, policy: Policy, *, asked: bool) -> tuple[tuple[str, ...], str]:
    user = subject.user if subject is not None else None
    why = _unwritable(user, policy)
    if user and not why:
        return (user,), ""
    if asked:
        raise UsageError(f"{why}; {_OTHERS}")
    try:
        client = _client(subject, policy)
    except UsageError:
        return (), f"{why}, nor a client that a policy can name, so it is approved for everybody; --who narrows it"
    return (client,), f"{why}, so it is approved for {client} alone; --who everyone makes it for all"


def _unwritable(user: str | None, policy: Policy) -> str:
    """Why an entry can't be for the user of this name; '' if it can."""
    if not user:
        return "no user is known"
    if is_stand_in(user) or not is_exact(user):
        return "the log doesn't hold the user's name"
    found = audience((user,), policy.groups) if _is_word(user) else None
    if found is None or found.users != {user} or found.networks or user in policy.groups:
        return f"the user's name {quote(user)} would mean something else in a policy"
    return ""


def _check(word: str, policy: Policy) -> None:
    complaints = Complaints(policy.file)
    if not word or not check_term(Scalar(None, word, True), complaints, policy.groups):
        message = complaints.problems[0].message if complaints.problems else "an empty name"
        raise UsageError(f"--who: {message}")


def _is_word(user: str) -> bool:
    return check_term(Scalar(None, user, True), Complaints(""))


def _unknown_words(chosen: tuple[str, ...], policy: Policy) -> str:
    """A warning on a word without `@` that is no group: most likely a group was meant."""
    strange = [word for word in chosen if word not in policy.groups and "@" not in word and _is_name(word)]
    if not strange or not policy.groups:
        return ""
    return f"{quote(strange[0])} is no group of the policy, so it counts as a user's name"


def _is_name(word: str) -> bool:
    return bool(audience((word,), {}).users)
