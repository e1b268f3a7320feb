"""How fast recorded decisions are judged again, reading them from the index included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bench import table
from bench.review_log import END, addresses
from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.review.filters import Filters
from forgewall.review.replay import replay
from forgewall.review.store import Store

_LEFT_OUT = 20
"""Every so many approvals are missing in the new policy."""


def replays(store: Store, say: Callable[[str], None]) -> Iterator[Sequence[str]]:
    """Rows of the table: decisions a second, compared with what was said then and with what another policy says.

    Raises AssertionError where the policies don't differ on the log as they should.
    """
    approved = addresses()
    old = _policy(approved)
    new = _policy([address for number, address in enumerate(approved) if number % _LEFT_OUT])
    for name, against in (("replay", None), ("replay of two policies", old)):
        found = replay(store.recorded(Filters()), new, old=against)
        assert 0 < found.changed < found.judged
        rate = (found.judged + found.unjudged) / found.seconds
        say(f"{name}: {rate:,.0f} decisions/s")
        yield [name, "decisions/s", table.number(rate)]


def _policy(approved: Sequence[str]) -> Policy:
    listed = "".join(f"  - {address}\n" for address in approved)
    return parse(
        f"version: 1\nforges: [{{host: git.acme.example, kind: gitlab}}]\napproved:\n{listed}", "policy.yaml", END
    )
