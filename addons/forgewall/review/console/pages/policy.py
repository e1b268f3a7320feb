"""The policy as it stands: each entry with what it admits, for whom, until when, and whether anybody needs it.

The file is read anew only when it changed; its linter's warnings are kept for as long.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgewall.decide import lint
from forgewall.decide.load import Loaded
from forgewall.decide.policy import Approval, Policy, Prohibition, Terms
from forgewall.decide.wording import operations
from forgewall.errors import PolicyError, Problem
from forgewall.model import PLAIN_APPROVAL, Mode
from forgewall.policyfile import PolicyFile
from forgewall.review.console.access import requires
from forgewall.review.console.pages.asked import link
from forgewall.review.console.policy_view import PolicyView
from forgewall.review.console.rendering import render
from forgewall.review.figures import Usage
from forgewall.review.filters import Filters, as_words
from forgewall.review.person import Role
from forgewall.review.store import Store
from forgewall.sizes import size

SOON = timedelta(days=7)
"""What ends within this is said to end soon."""
PAGE = 500
"""Entries on one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One approval for people. `usage` None: no event names it. `ends` is `expired`, `soon`, `later` or ''."""

    approval: Approval
    operations: str
    who: tuple[str, ...]
    limits: tuple[str, ...]
    usage: Usage | None
    ends: str
    warnings: tuple[Problem, ...]
    used_link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """One entry of `forbidden:`."""

    prohibition: Prohibition
    usage: Usage | None
    used_link: str
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """One word of `defaults:`; `line` is None where it isn't stated."""

    name: str
    value: str
    line: int | None
    usage: Usage | None
    used_link: str


@requires(Role.VIEWER)
def policy_page(request: Request) -> Response:
    """`/policy`; `text` in the query finds entries."""
    store: Store = request.state.store
    view: PolicyView = request.state.policy
    now = request.state.settings.clock()
    wanted = request.query_params.get("text", "")[:200].strip()
    values: dict[str, Any] = {"wanted": wanted, "entries": (), "bans": (), "defaults": (), "loose": (), "hidden": 0}
    if view.policy is not None:
        usage = {name.casefold(): one for name, one in store.usage().items()}
        warnings = _lint.warnings(view, now)
        found = [
            one for one in _entries(view.policy, usage, warnings, now) if _is_wanted(one.approval, wanted.casefold())
        ]
        values |= {
            "entries": found[:PAGE],
            "hidden": max(len(found) - PAGE, 0),
            "bans": _bans(view.policy, usage, warnings),
            "defaults": _defaults(view.policy, usage),
            "loose": _loose(view.policy, warnings),
            "unused": sum(one.usage is None for one in found),
            "plain": operations(PLAIN_APPROVAL),
        }
    return render(request, "policy.html", **values)


class _Lint:
    """The warnings on the policy that was looked at last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: Loaded | None = None

    def warnings(self, view: PolicyView, now: datetime) -> list[Problem]:
        """What the linter says of the policy in force at `now`; nothing if its file has changed since."""
        policy = view.policy
        if policy is None:
            return []
        with self._lock:
            if self._loaded is None or (self._loaded.policy.file, self._loaded.policy.digest) != _key(policy):
                self._loaded = _read(view.file)
            loaded = self._loaded
        if loaded is None or _key(loaded.policy) != _key(policy):
            loaded = Loaded(policy=policy, stale=())
        return lint.warnings(loaded, now)


_lint = _Lint()


def _key(policy: Policy) -> tuple[str, str]:
    return policy.file, policy.digest


def _read(file: Path) -> Loaded | None:
    try:
        return PolicyFile(file).load_with_warnings()
    except PolicyError:
        return None


def _entries(policy: Policy, usage: dict[str, Usage], warnings: list[Problem], now: datetime) -> list[Entry]:
    approvals = sorted((one for same in policy.approved.values() for one in same), key=lambda one: one.line)
    by_line = _by_line(warnings)
    return [
        Entry(
            approval=one,
            operations="" if one.terms.allow == PLAIN_APPROVAL else operations(one.terms.allow),
            who=one.terms.who.terms if one.terms.who is not None else (),
            limits=tuple(_limits(one.terms)),
            usage=usage.get(one.rule.casefold()),
            ends=_ends(one.terms, now),
            warnings=by_line.get(one.line, ()),
            used_link=_used(one.rule),
        )
        for one in approvals
    ]


def _limits(terms: Terms) -> Iterable[str]:
    """What else an entry asks for, in the words of the file."""
    if terms.visibility is not None:
        yield f"only {' or '.join(sorted(terms.visibility))} repositories"
    if terms.max_upload is not None:
        yield f"at most {size(terms.max_upload)} a request"
    if terms.scrutiny.refs is not None:
        yield f"refs {', '.join(terms.scrutiny.refs)}"
    if terms.mode is Mode.OBSERVE:
        yield "observe mode: nothing is blocked here"


def _ends(terms: Terms, now: datetime) -> str:
    if terms.expires is None:
        return ""
    if not terms.unexpired(now):
        return "expired"
    return "soon" if terms.expires - now <= SOON else "later"


def _bans(policy: Policy, usage: dict[str, Usage], warnings: list[Problem]) -> list[Ban]:
    by_line = _by_line(warnings)
    return [
        Ban(
            prohibition=one,
            usage=usage.get(one.rule.casefold()),
            used_link=_used(one.rule),
            warnings=by_line.get(one.line, ()),
        )
        for one in sorted(policy.forbidden.values(), key=lambda one: one.line)
    ]


def _defaults(policy: Policy, usage: dict[str, Usage]) -> list[Default]:
    defaults = policy.defaults
    words = {
        "reads": defaults.reads.value,
        "writes": defaults.writes.value,
        "unidentified": defaults.unidentified.value,
        "personal": defaults.personal.value,
        "auth": defaults.auth.value,
        "telemetry": defaults.telemetry.value,
        "assistants": defaults.assistants.value,
        "other_hosts": defaults.other_hosts.value,
        "max_upload": size(defaults.max_upload),
    }
    return [
        Default(
            name=name,
            value=value,
            line=defaults.lines.get(name),
            usage=usage.get(f"defaults/{name}"),
            used_link=_used(f"defaults/{name}"),
        )
        for name, value in words.items()
    ]


def _loose(policy: Policy, warnings: list[Problem]) -> list[Problem]:
    """Warnings that stand at no entry."""
    taken = {one.line for same in policy.approved.values() for one in same}
    taken |= {one.line for one in policy.forbidden.values()}
    return [warning for warning in warnings if warning.line not in taken]


def _by_line(warnings: list[Problem]) -> dict[int, tuple[Problem, ...]]:
    found: dict[int, tuple[Problem, ...]] = {}
    for warning in warnings:
        found[warning.line] = (*found.get(warning.line, ()), warning)
    return found


def _used(rule: str) -> str:
    return link("/events", as_words(Filters(rule=(rule,))))


def _is_wanted(approval: Approval, words: str) -> bool:
    told = " ".join((approval.address, approval.terms.owner, approval.terms.reason)).casefold()
    return all(word in told for word in words.split())


routes = [Route("/policy", policy_page)]
