"""The answer to a Git LFS batch that uploads: each URL that it tells the client to send something to.

Four kinds of transfer are understood, since their uploads are plain requests to announced URLs: `basic` and `tus` of
git-lfs (docs/api/basic-transfers.md, tus.io 1.0), `multipart` of Hugging Face (a header `chunk_size`, and one header
per part with its URL), and `multipart-basic` of giftless (actions `parts`, `commit`, `abort`). An action that none of
them uses is not remembered: no client follows it, and a request to it stays what it is without an answer.
What is *not* here: remembering (`identify.announced_memory`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from forgewall.identify.announced import Announcement, Use, parse_place
from forgewall.inspect.lfs import SEEN_TRANSFERS, Batch, is_oid, listing
from forgewall.inspect.lfs_json import read_object, whole
from forgewall.model import Request, Target

MAX_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer that are read."""

MAX_URLS = 20_000
MIN_SECONDS, MAX_SECONDS, USUAL_SECONDS = 300, 86_400, 3_600
"""How long an announcement holds: at least, for clocks may differ; at most; and where the answer doesn't say."""

_INT32 = 2**31
_ANSWER_KEYS = frozenset({"transfer", "objects", "hash_algo"})
_OBJECT_KEYS = frozenset({"oid", "size", "authenticated", "actions", "_links", "error"})
_ACTIONS = frozenset({"upload", "verify", "download", "parts", "commit", "abort"})
_ACTION_KEYS = frozenset({"href", "header", "expires_in", "expires_at", "method", "pos", "size"})
_PUT, _POST = frozenset({"PUT"}), frozenset({"POST"})
_TUS = frozenset({"HEAD", "PATCH"})
_METHODS = frozenset({"PUT", "POST", "PATCH", "DELETE"})


class _Refused(Exception):
    """The answer can't be followed; the text is a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What all of an answer's announcements have in common."""

    asked: Request
    asker: Target
    transfer: str
    now: datetime


@dataclass(frozen=True, slots=True)
class _Object:
    """What all announcements for one object have in common."""

    oid: str
    size: int
    context: _Context


def read_answer(
    body: bytes, batch: Batch, *, asked: Request, asker: Target, now: datetime
) -> tuple[Announcement, ...] | str:
    """What the 200 answer `body` (after Content-Encoding) announces, or a sentence why it must not reach the client.

    `asked` is the batch request, `asker` its target, `now` an aware time. An object without actions is there already;
    one with an error isn't sent. Raises ValueError for a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError("`now` has no time zone")
    try:
        return tuple(_read(body, batch, asked, asker, now))
    except _Refused as refused:
        return f"the forge's answer to the LFS batch can't be followed: {refused}"


def _read(body: bytes, batch: Batch, asked: Request, asker: Target, now: datetime) -> Iterator[Announcement]:
    found = read_object(body, MAX_ANSWER)
    if found is None:
        raise _Refused("it is not a JSON object that can be read in one way only")
    _check_keys(found, _ANSWER_KEYS)
    if found.get("hash_algo") not in (None, "", "sha256"):
        raise _Refused("it names objects by another hash than SHA-256")
    context = _Context(asked, asker, _transfer(found.get("transfer"), batch), now)
    objects = found.get("objects")
    if objects is None:
        return
    if not isinstance(objects, list):
        raise _Refused("its objects are no list")
    sizes = {one.oid: one.size for one in batch.objects}
    count = 0
    for item in objects:
        for announcement in _object(item, sizes, context):
            count += 1
            if count > MAX_URLS:
                raise _Refused(f"it announces more than {MAX_URLS} addresses")
            yield announcement


def _transfer(value: object, batch: Batch) -> str:
    if value in (None, "", "basic"):
        return "basic"
    if not isinstance(value, str) or value not in batch.transfers:
        raise _Refused("it chooses a transfer that the client didn't offer")
    if value == "xet":
        raise _Refused("it chooses the transfer `xet`, whose uploads name no repository; set HF_HUB_DISABLE_XET=1")
    if value not in SEEN_TRANSFERS:
        raise _Refused(f"it chooses the transfer {listing((value,))}, whose uploads name no repository")
    return value


def _object(item: object, sizes: Mapping[str, int], context: _Context) -> Iterator[Announcement]:
    entry = _mapping(item, _OBJECT_KEYS, "an object")
    oid = entry.get("oid")
    if not is_oid(oid) or str(oid) not in sizes:
        raise _Refused("it holds an object that wasn't asked for")
    if entry.get("error") is not None:
        return
    size = sizes[str(oid)]
    said = entry.get("size")
    if said is not None and whole(said) != size:
        raise _Refused("it gives an object another size than the one that was asked for")
    # git-lfs still looks into `_links` for what `actions` doesn't name.
    for key in ("actions", "_links"):
        if entry.get(key) is not None:
            actions = _mapping(entry[key], _ACTIONS, "an object's actions")
            yield from _actions(actions, _Object(str(oid), size, context))


def _actions(actions: Mapping[str, object], one: _Object) -> Iterator[Announcement]:
    if actions.get("upload") is not None:
        yield from _upload(_mapping(actions["upload"], _ACTION_KEYS, "an action"), one)
    if actions.get("verify") is not None:
        yield _one(actions["verify"], Use.VERIFY, _POST, one)
    if one.context.transfer != "multipart-basic":
        return
    for use in (Use.COMMIT, Use.ABORT):
        if actions.get(use.value) is not None:
            action = _mapping(actions[use.value], _ACTION_KEYS, "an action")
            yield _one(action, use, _methods(action, "POST"), one)
    parts = actions.get("parts")
    if parts is None:
        return
    if not isinstance(parts, list):
        raise _Refused("an object's parts are no list")
    for part in parts:
        action = _mapping(part, _ACTION_KEYS, "a part")
        at, length = whole(action.get("pos", 0)), whole(action.get("size", one.size))
        if at is None or length is None or at > one.size:
            raise _Refused("a part lies outside of its object")
        most = min(length, one.size - at)
        yield _one(action, Use.PART, _methods(action, "PUT"), one, most=most)


def _upload(action: Mapping[str, object], one: _Object) -> Iterator[Announcement]:
    header = action.get("header")
    headers = _mapping(header, frozenset({"chunk_size"}), "an action's header") if header is not None else {}
    if one.context.transfer == "tus":
        yield _one(action, Use.PART, _TUS, one)
    elif "chunk_size" not in headers:
        yield _one(action, Use.UPLOAD, _PUT, one)
    else:
        # Hugging Face's own client looks at `chunk_size` alone, whatever transfer was chosen.
        yield from _chunks(action, headers, one)


def _chunks(action: Mapping[str, object], headers: Mapping[str, object], one: _Object) -> Iterator[Announcement]:
    chunk = _number(headers["chunk_size"])
    if not chunk:
        raise _Refused("a chunk_size is no number of bytes")
    yield _one(action, Use.COMMIT, _POST, one)
    for name, url in headers.items():
        if name.isascii() and name.isdigit():
            part = {**action, "href": url}
            yield _one(part, Use.PART, _PUT, one, most=min(chunk, one.size))


def _one(
    action: object,
    use: Use,
    methods: frozenset[str],
    one: _Object,
    *,
    most: int | None = None,
) -> Announcement:
    found = _mapping(action, _ACTION_KEYS, "an action")
    href = found.get("href")
    if not isinstance(href, str):
        raise _Refused("an action has no address")
    place = parse_place(href, one.context.asked)
    if isinstance(place, str):
        raise _Refused(place)
    return Announcement(
        place=place,
        methods=methods,
        use=use,
        oid=one.oid,
        size=one.size,
        most=one.size if most is None else most,
        whole=use is Use.UPLOAD,
        transfer=one.context.transfer,
        asker=one.context.asker,
        seconds=_lifetime(found, one.context.now),
    )


def _lifetime(action: Mapping[str, object], now: datetime) -> int:
    """Seconds until the announcement ends, within bounds. An expired one is kept a while: the store decides."""
    seconds: float = USUAL_SECONDS
    at, within = action.get("expires_at"), action.get("expires_in")
    if isinstance(within, int) and not isinstance(within, bool) and within != 0:
        seconds = max(-_INT32, min(within, _INT32))
    elif isinstance(at, str) and len(at) <= 64:
        seconds = _until(at, now)
    return int(max(MIN_SECONDS, min(seconds, MAX_SECONDS)))


def _until(text: str, now: datetime) -> float:
    try:
        end = datetime.fromisoformat(text)
        if end.tzinfo is None or end.year == 1:  # Go's zero time: never
            return USUAL_SECONDS
        return (end.astimezone(UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return USUAL_SECONDS


def _methods(action: Mapping[str, object], usual: str) -> frozenset[str]:
    method = action.get("method", usual)
    if not isinstance(method, str) or method not in _METHODS:
        raise _Refused("an action has an unusual method")
    return frozenset({method})


def _number(value: object) -> int | None:
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None
    return whole(value)


def _mapping(value: object, keys: frozenset[str], what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _Refused(f"{what} is no JSON object")
    _check_keys(value, keys)
    return value


def _check_keys(found: Mapping[str, object], keys: frozenset[str]) -> None:
    if any(key not in keys and key.casefold() in keys for key in found):
        raise _Refused("it spells a key differently")
