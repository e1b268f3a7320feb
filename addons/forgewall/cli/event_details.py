"""What `forgewall events --evidence` prints below an event: further repositories, refs, commits, files, secrets, and
what rules said of them.

It reads documents of the log, which somebody else may have written: whatever stands there, it prints plain lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from forgewall.cli.terminal import safe
from forgewall.sizes import rounded

_MOST = 60
_WIDTH = 300
_HASH = 12


def details(event: dict[str, Any]) -> list[str]:
    """Indented printable lines, none if nothing was found in the upload or it wasn't read."""
    own = _object(event, "forgewall")
    found, lfs = _object(own, "evidence"), _object(own, "lfs")
    lines = [
        *_listed("also", own, "also", _also),
        *_listed("ref", found, "refs", _ref),
        *(f"forced     {_text(name)}" for name in _list(found, "forced")),
        *(f"option     {_text(option)}" for option in _list(found, "push_options")),
        *_commits(found),
        *_listed("file", found, "files", _file),
        *_listed("secret", found, "secrets", _secret),
        *_listed("object", lfs, "objects", _lfs_object),
        *(f"unread     {_text(reason)}" for reason in _list(found, "unread")),
        *_listed("rule", own, "objections", _objection),
    ]
    return [f"    {safe(line.rstrip(), _WIDTH)}" for line in lines]


def _listed(noun: str, holder: dict[str, Any], key: str, told: Callable[[dict[str, Any]], list[str]]) -> Iterator[str]:
    items = [item for item in _list(holder, key) if isinstance(item, dict)]
    for item in items:
        yield f"{noun:<9}  {'  '.join(part for part in told(item) if part)}"
    count = holder.get(f"{key.removesuffix('s')}_count")
    if isinstance(count, int) and count > len(items) > 0:
        yield f"{noun:<9}  and {count - len(items)} more"


def _commits(found: dict[str, Any]) -> Iterator[str]:
    count = _text(found.get("commit_count"))
    for which in ("first", "last"):
        commit = _object(found, f"{which}_commit")
        if not commit or (which == "last" and commit == found.get("first_commit")):
            continue
        author = _object(commit, "author")
        person = f"{_text(author.get('name'))} <{_text(author.get('email'))}>"
        parts = [_text(commit.get("id"))[:_HASH], _text(commit.get("time"))[:19], person, _text(commit.get("subject"))]
        yield f"commit     {which if count != '1' else 'only'}  {'  '.join(parts)}"


def _also(other: dict[str, Any]) -> list[str]:
    moved = _text(_object(other, "moved").get("address"))
    return [
        _text(other.get("role")),
        _text(other.get("operation")),
        _text(other.get("address")) or "(unknown)",
        _text(other.get("visibility")),
        f"moved to {moved}" if moved else "",
    ]


def _ref(ref: dict[str, Any]) -> list[str]:
    old, new = _text(ref.get("old_id"))[:_HASH], _text(ref.get("new_id"))[:_HASH]
    return [_text(ref.get("name")), _text(ref.get("action")), f"{old}..{new}" if old and new else old or new]


def _file(file: dict[str, Any]) -> list[str]:
    return [
        _text(file.get("path")) or "(no path)",
        _size(file.get("size")),
        _text(file.get("kind")),
        "encrypted" if file.get("encrypted") is True else "",
        f"sha256 {_text(file.get('sha256'))}" if file.get("sha256") else "",
    ]


def _secret(secret: dict[str, Any]) -> list[str]:
    line = _text(secret.get("line"))
    place = _text(secret.get("path")) + (f":{line}" if line else "")
    return [_text(secret.get("rule")), _text(secret.get("mask")), place]


def _lfs_object(one: dict[str, Any]) -> list[str]:
    return [_text(one.get("oid")), _size(one.get("size"))]


def _objection(said: dict[str, Any]) -> list[str]:
    action = "would-block" if said.get("would_block") is True else _text(said.get("action"))
    return [action, _text(said.get("rule")), _text(said.get("reference")), _text(said.get("reason"))]


def _object(holder: dict[str, Any], key: str) -> dict[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _list(holder: dict[str, Any], key: str) -> list[Any]:
    value = holder.get(key)
    return value[:_MOST] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _size(value: Any) -> str:
    return rounded(value) if isinstance(value, int) and 0 <= value < 2**63 else ""
