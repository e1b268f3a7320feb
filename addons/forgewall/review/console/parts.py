"""What one console is made of, built once from its settings."""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.record.log import EventLog
from forgewall.review.console.audit import Audit
from forgewall.review.console.csrf import Csrf
from forgewall.review.console.hosts import allowed_names
from forgewall.review.console.policy_view import PolicyWatch
from forgewall.review.console.previews import Previews
from forgewall.review.console.sessions import Sessions
from forgewall.review.console.settings import Settings
from forgewall.review.console.stores import Refresher, Stores
from forgewall.review.console.throttle import Throttle
from forgewall.review.console.tokens import Tokens
from forgewall.review.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All of it; `log` is the event log that audits and edits are written to."""

    settings: Settings
    hosts: frozenset[str]
    tokens: Tokens
    sessions: Sessions
    csrf: Csrf
    throttle: Throttle
    log: EventLog
    audit: Audit
    policy: PolicyWatch
    previews: Previews
    stores: Stores
    refresher: Refresher


def assemble(settings: Settings) -> Parts:
    """The parts; nothing is opened or started yet."""
    log = EventLog(settings.events, clock=settings.clock)
    stores = Stores(lambda: Store(settings.events, file=settings.index, clock=settings.clock))
    return Parts(
        settings=settings,
        hosts=allowed_names(settings.listen[0], settings.hosts),
        tokens=Tokens(settings.token_file),
        sessions=Sessions(settings.clock),
        csrf=Csrf(),
        throttle=Throttle(settings.clock),
        log=log,
        audit=Audit(log, settings.clock),
        policy=PolicyWatch(settings.policy),
        previews=Previews(settings.clock),
        stores=stores,
        refresher=Refresher(stores),
    )
