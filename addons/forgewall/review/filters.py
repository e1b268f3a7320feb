"""Which events or cases are asked for: one value for the command line's options and for a page's address alike.

What finds them in the index is `store.conditions`; what tells it of a single row is `matches`, and both agree.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forgewall.errors import UsageError
from forgewall.model import Kind, Operation
from forgewall.record.redact import printable
from forgewall.review import words as search
from forgewall.review.case import State
from forgewall.review.network import span, within
from forgewall.review.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """All that are given must fit; several values of one field are alternatives. Times are aware, `until` is excluded.

    `address` covers what is below it, by whole segments, in any case (`github.com/acme`). `user`, `client` (an address
    or a network), `forge` (a kind or a host), `operation`, `verdict` (an outcome of `row.Row`), `code`, `rule`,
    `signal` (`secret` also means `secret:aws-access-token`), `dataset`, `state` and `case_id` are exact words, users
    and rules in any case. `alerts`: only what the policy objected to. `text` are words that must occur in the event,
    in any order.
    """

    since: datetime | None = None
    until: datetime | None = None
    user: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    forge: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    verdict: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    signal: tuple[str, ...] = ()
    dataset: tuple[str, ...] = ()
    state: tuple[State, ...] = ()
    case_id: tuple[str, ...] = ()
    alerts: bool = False
    text: str = ""


NAMES = (
    *("since", "until", "user", "client", "forge", "address", "operation", "verdict", "code", "rule", "signal"),
    *("dataset", "state", "case", "alerts", "text"),
)
"""The names of filters, as options (`--since`) and in addresses (`?since=`)."""

DATASETS = ("decision", "upload", "policy", "fault", "review")
VERDICTS = (
    *("blocked", "would-block", "logged", "allowed", "complete", "cut", "would-cut", "aborted", "refused"),
    *("loaded", "rejected", "approved", "revoked", "break-glass", "break-glass-over", "break-glass-ended"),
    *("internal-error", "notice", "open", "false-positive", "confirmed", "muted"),
    *("sign-in", "sign-out", "sign-in-failed", "forbidden", "token"),
)
"""All outcomes of events, decisions' and uploads' first."""

_YES = frozenset({"1", "yes", "true", "on"})
_NO = frozenset({"0", "no", "false", "off"})
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"([0-9]{1,9})\s*([smhdw])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PART = re.compile(r"(?:\\[\\,]|[^,])+")
_ESCAPED = re.compile(r"\\([\\,])")
_TO_ESCAPE = re.compile(r"\\(?=[\\,]|\Z)|,")


def parse_filters(words: Iterable[tuple[str, str]], now: datetime) -> Filters:
    """The filters that `words` (name and value, names may repeat, commas separate alternatives) spell.

    Times are spans before `now` (aware) such as `90m`, `24h`, `7d`, or `2026-11-24`, or RFC 3339. Empty values don't
    count. A comma that belongs to a value is written `\\,`. Raises UsageError with a sentence that names the word, and
    the nearest right one.
    """
    times: dict[str, datetime] = {}
    several: dict[str, list[str]] = {}
    texts: list[str] = []
    alerts = False
    for name, spelled in words:
        value = spelled.strip()
        if name not in NAMES:
            raise UsageError(_unknown(name, "filter", NAMES))
        if not value:
            continue
        if name in {"since", "until"}:
            times[name] = _time(value, now)
        elif name == "text":
            texts.append(value)
        elif name == "alerts":
            alerts = _truth(value)
        else:
            read = _READERS.get(name, _as_is)
            several.setdefault(name, []).extend(read(part) for part in _parts(value))
    alike = {name: tuple(dict.fromkeys(values)) for name, values in several.items()}
    states = tuple(State(value) for value in alike.pop("state", ()))
    cases = alike.pop("case", ())
    return Filters(
        since=times.get("since"),
        until=times.get("until"),
        state=states,
        case_id=cases,
        alerts=alerts,
        text=" ".join(texts),
        user=alike.get("user", ()),
        client=alike.get("client", ()),
        forge=alike.get("forge", ()),
        address=alike.get("address", ()),
        operation=alike.get("operation", ()),
        verdict=alike.get("verdict", ()),
        code=alike.get("code", ()),
        rule=alike.get("rule", ()),
        signal=alike.get("signal", ()),
        dataset=alike.get("dataset", ()),
    )


def as_words(filters: Filters) -> list[tuple[str, str]]:
    """What `parse_filters` reads as `filters` again."""
    found: list[tuple[str, str]] = []
    for name in NAMES:
        match getattr(filters, "case_id" if name == "case" else name):
            case datetime() as time:
                found.append((name, time.astimezone(UTC).isoformat().replace("+00:00", "Z")))
            case tuple() as values if values:
                found.append((name, ",".join(_TO_ESCAPE.sub(lambda one: "\\" + one[0], value) for value in values)))
            case True:
                found.append((name, "yes"))
            case str() as text if text:
                found.append((name, text))
    return found


def matches(filters: Filters, row: Row, *, words: str = "", state: State | None = None) -> bool:
    """Whether `row` fits. `words` is its text as the index has it (`store.Entry.words`); without it, `filters.text` is
    looked for in what the row tells. `state` is that of its case, open if None.
    """
    return (
        (filters.since is None or row.time >= filters.since)
        and (filters.until is None or row.time < filters.until)
        and (not filters.alerts or row.alert)
        and _among(row.user.casefold(), [user.casefold() for user in filters.user])
        and (not filters.client or any(_is_client(row.client, one) for one in filters.client))
        and (not filters.forge or row.forge in filters.forge or row.host in filters.forge)
        and (not filters.address or any(_below(row, one) for one in filters.address))
        and _among(row.operation, filters.operation)
        and _among(row.outcome, filters.verdict)
        and _among(row.code, filters.code)
        and _among(row.rule.casefold(), [rule.casefold() for rule in filters.rule])
        and (not filters.signal or any(_signals(row, one) for one in filters.signal))
        and _among(row.dataset, filters.dataset)
        and _among(row.case_id, filters.case_id)
        and (not filters.state or (bool(row.case_id) and (state or State.OPEN) in filters.state))
        and (not filters.text or search.found(search.asked(filters.text), words or _told(row)))
    )


def folded_address(address: str) -> str:
    """`address` as filters compare it."""
    return address.lower().rstrip("/")


def _among(value: str, wanted: Iterable[str]) -> bool:
    wanted = tuple(wanted)
    return not wanted or value in wanted


def _is_client(client: str, wanted: str) -> bool:
    borders = span(wanted)
    return within(client, borders) if borders is not None else client == wanted


def _below(row: Row, wanted: str) -> bool:
    place, above = folded_address(row.key or row.address or row.host), folded_address(wanted)
    return place == above or place.startswith(above + "/")


def _signals(row: Row, wanted: str) -> bool:
    return any(signal == wanted or signal.startswith(wanted + ":") for signal in row.signals)


def _told(row: Row) -> str:
    return search.folded(" ".join((row.message, row.address or row.host, row.code, row.rule, *row.signals)))


def _parts(value: str) -> list[str]:
    parts = [_ESCAPED.sub(r"\1", part.strip()) for part in _PART.findall(value)]
    return [part for part in parts if part]


def _as_is(word: str) -> str:
    return word


def _time(word: str, now: datetime) -> datetime:
    try:
        if span_before := _SPAN.fullmatch(word):
            return now - timedelta(**{_UNITS[span_before[2]]: int(span_before[1])})
        if _DAY.fullmatch(word):
            return datetime.fromisoformat(word).replace(tzinfo=UTC)
        time = datetime.fromisoformat(word)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{_quoted(word)} is no time; write a span before now such as `90m`, `24h` or `7d`, a day such as"
            " `2026-11-24`, or a time such as `2026-11-24T09:00:00Z`"
        ) from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _truth(word: str) -> bool:
    if word.lower() in _YES | _NO:
        return word.lower() in _YES
    raise UsageError(f"{_quoted(word)} is neither `yes` nor `no`")


def _one_of(noun: str, known: Iterable[str]) -> Callable[[str], str]:
    """A reader of words that must be among `known`, in any case."""
    right = tuple(known)

    def read(word: str) -> str:
        if word.lower() not in right:
            raise UsageError(_unknown(word, noun, right))
        return word.lower()

    return read


def _unknown(word: str, noun: str, known: Iterable[str]) -> str:
    right = tuple(known)
    near = difflib.get_close_matches(word.lower(), right, 1, 0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"it is one of {', '.join(right)}"
    return f"{_quoted(word)} is no {noun}; {hint}"


def _quoted(word: str) -> str:
    """`word` in a sentence: it may come from a stranger's link."""
    return f"`{printable(word, 80)}`"


def _client(word: str) -> str:
    if span(word) is None:
        raise UsageError(
            f"{_quoted(word)} is no address and no network; write for instance `10.1.2.3` or `10.1.0.0/16`"
        )
    return word if "/" in word else str(ipaddress.ip_address(word))


def _forge(word: str) -> str:
    word = word.lower()
    near = difflib.get_close_matches(word, [kind.value for kind in Kind], 1, 0.75)
    if near and near[0] != word and not re.search(r"[.:0-9]", word):
        raise UsageError(_unknown(word, "forge", [kind.value for kind in Kind]))
    return word


def _address(word: str) -> str:
    """An address as people paste it, without what only browsers and git need."""
    bare = re.sub(r"\A[a-z+]{2,9}://(?:[^/@]*@)?", "", word, flags=re.IGNORECASE).rstrip("/")
    return bare.removesuffix(".git") or word


def _case(word: str) -> str:
    bare = word.upper()
    return bare if bare.startswith("C-") else f"C-{bare}"


_READERS: dict[str, Callable[[str], str]] = {
    "client": _client,
    "forge": _forge,
    "address": _address,
    "operation": _one_of("operation", [operation.value for operation in Operation]),
    "verdict": _one_of("verdict", VERDICTS),
    "dataset": _one_of("dataset", DATASETS),
    "state": _one_of("state", [state.value for state in State]),
    "case": _case,
}
