"""Takes out of a string what must never be stored: credentials, and characters that could fool a reader or a terminal.

`text` is for any string, `request_target` for a URL's path and query, where a value's name and place say more. This is
a net with known holes, not a proof: a password that looks like a word in a path segment can't be told from a word.
Headers, cookies and bodies need no redaction, because events don't hold them.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

REDACTED = "REDACTED"
LIMIT = 1024
PATH_LIMIT = 2048
_READ_AT_MOST = 8192
_SHORTEST_TOKEN = 20
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Python calls printable and nobody sees (https://www.unicode.org/reports/tr44/, Default_Ignorable_Code_Point)."""

_TOKEN = re.compile(
    r"""
      gh[a-z]_[A-Za-z0-9_.-]{16,}                         # GitHub: personal, OAuth, server, refresh
    | github_pat_[A-Za-z0-9_]{9,}
    | gl[a-z]{1,8}-[A-Za-z0-9_.-]{14,}                    # GitLab: personal, deploy, runner, job, feed
    | AT(?:ATT|BB|CTT|OA)[A-Za-z0-9_=-]{16,}              # Atlassian
    | (?:xox[a-z]|xapp)-[A-Za-z0-9-]{14,}                 # Slack
    | (?:AKIA|ASIA)[A-Z0-9]{16,}                          # AWS access key ids
    | eyJ[A-Za-z0-9_=-]{10,}(?:\.[A-Za-z0-9_=-]*){0,4}    # JSON web tokens
    | (?:hf|npm|oy2|pat|dop_v1|dckr_pat)_[A-Za-z0-9_-]{16,}
    | pypi-[A-Za-z0-9_-]{16,}
    | (?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{32,}
    | AIza[A-Za-z0-9_-]{20,}
    | ya29\.[A-Za-z0-9_.-]{16,}
    """,
    re.VERBOSE,
)
_LONG_RUN = re.compile(r"[A-Za-z0-9_.=-]{20}")
_USERINFO = re.compile(r"(?<=://)[^/\s?#]*@")
_CHALLENGE = re.compile(r"\b(bearer|basic|negotiate|digest)[\s+]+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)

_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|passphrase|credential|signature|session|cookie|jwt|assertion|saml|bearer"
    r"|api-?key|access-?key|key$|auth(?!or(?!i[sz]))"
    r"|^(?:sig|code|ticket|otp|pin|mfa|sid|hmac|policy)$|(?:device|user|verif\w*|challenge)-?code|code-?verif"
    r"|^x-(?:amz|goog|ms|oss|cos|obs)-"
)
_SPACES = re.compile(r"(\s+)")
_CI_VARIABLE = re.compile(r"ci\.variable=[^=]*=(?=.)", re.IGNORECASE | re.DOTALL)
_ASSIGNMENT = re.compile(r"([A-Za-z0-9_.\[\]-]{1,64})=([^&;\s]+)")
_HEX_RUN = re.compile(r"[0-9a-fA-F]{32,}")
_RANDOM_RUN = re.compile(r"[A-Za-z0-9+/=_~-]{33,}")
_WORDY = re.compile(r"(?:[A-Za-z]{1,32}|[0-9]{1,32})(?:[-_=+/~]+(?:[A-Za-z]{1,32}|[0-9]{1,32}|(?=$)))*")
_GIT_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BEFORE_GIT_OBJECT = frozenset(
    {"commit", "commits", "tree", "trees", "blob", "blobs", "raw", "src", "compare", "statuses", "archive", "tags"}
    | {"objects", "revision", "zipball", "tarball"}
)


def is_plain(value: str) -> bool:
    """Whether `value` is so short and simple that `text` leaves it alone; for callers in a hurry."""
    return len(value) < _SHORTEST_TOKEN and value.isascii() and value.isprintable() and "@" not in value


def text(value: str, limit: int = LIMIT) -> str:
    """`value` without known token shapes and URL userinfo, safe to print, at most `limit` characters."""
    value = _bounded_input(value)
    if len(value) >= _SHORTEST_TOKEN:
        if _LONG_RUN.search(value):
            value = _TOKEN.sub(REDACTED, value)
        if " " in value or "+" in value:
            value = _CHALLENGE.sub(rf"\1 {REDACTED}", value)
    if "://" in value:
        value = _USERINFO.sub("", value)
    return printable(value, limit)


def printable(value: str, limit: int) -> str:
    """`value` on one line, without control, bidirectional or unpaired characters; cut to `limit` with an ellipsis."""
    if not value.isprintable():
        value = "".join([c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in value[: limit + 1]])
    return value if len(value) <= limit else value[: limit - 1] + "…"


def request_target(raw: str, limit: int = PATH_LIMIT) -> tuple[str, str | None]:
    """Path and query (None if there is no `?`) of the request target `raw` (RFC 9112 section 3.2.1), redacted.

    Each is at most `limit` characters. A query value goes by its name or by its look, a path segment by its look; names
    and values are also looked at percent-decoded. Hashes stay in the path where git objects stand (`/commit/…`).
    """
    raw = _bounded_input(raw)
    if "://" in raw:
        raw = _USERINFO.sub("", raw)
    path, mark, query = raw.partition("?")
    segments = path.split("/")
    for index, segment in enumerate(segments):
        before = segments[index - 1] if index else ""
        if _GIT_OBJECT.fullmatch(segment) and before in _BEFORE_GIT_OBJECT:
            continue
        segments[index] = ";".join([_piece(part) for part in segment.split(";")])
    safe_path = text("/".join(segments), limit)
    if not mark:
        return safe_path, None
    pieces = re.split(r"([&;])", query)
    return safe_path, text("".join([part if part in "&;" else _piece(part) for part in pieces]), limit)


def words(value: str, limit: int = LIMIT) -> str:
    """`value`, a sentence of a person, each word of it treated as a parameter of a query: `key=…` goes, `fix` stays."""
    return text("".join([_piece(word) for word in _SPACES.split(_bounded_input(value))]), limit)


def push_option(option: str) -> str:
    """One `git push -o`, treated as a parameter of a query; GitLab's `ci.variable=NAME=value` keeps its name only."""
    option = _bounded_input(option)
    variable = _CI_VARIABLE.match(option)
    return text(variable[0] + REDACTED if variable else _piece(option))


def _piece(part: str) -> str:
    """One path segment, parameter or `name=value` pair of a query."""
    if len(part) < _SHORTEST_TOKEN and "=" not in part and "%" not in part and "@" not in part:
        return part
    name, mark, value = part.partition("=")
    if mark and value.strip("="):  # not the padding of base64
        if _is_secret_name(_decoded(name)) or _is_secret(_decoded(value)):
            value = REDACTED
        return (REDACTED if _is_secret(_decoded(name)) else name) + mark + value
    return REDACTED if _is_secret(_decoded(part)) else part


def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name.lower().replace("_", "-").strip("[] \t")) is not None


def _is_secret(value: str) -> bool:
    """Whether a decoded value is or holds a credential: a known shape, userinfo, `token=…` inside, or a random run."""
    if len(value) < _SHORTEST_TOKEN and "=" not in value and "@" not in value:
        return False
    if _TOKEN.search(value) or _CHALLENGE.search(value) or _USERINFO.search(value):
        return True
    if any(_is_secret_name(name) for name, _ in _ASSIGNMENT.findall(value)):
        return True
    return any(_is_random(run) for run in _RANDOM_RUN.findall(value)) or any(
        not run.isdecimal() for run in _HEX_RUN.findall(value)
    )


def _is_random(run: str) -> bool:
    """Whether a long run of base64 characters is more than words and numbers joined by separators."""
    if _WORDY.fullmatch(run):
        return False
    mixed = any(c.islower() for c in run) and any(c.isupper() for c in run) and any(c.isdigit() for c in run)
    return mixed or re.search(r"[A-Za-z0-9]{33,}", run) is not None


def _decoded(value: str) -> str:
    """`value` percent-decoded until it stays the same, three times at most: what an encoder may have wrapped."""
    for _ in range(3):
        if "%" not in value:
            break
        value = unquote(value, errors="replace")
    return value


def _bounded_input(value: str) -> str:
    """At most 8 Ki characters of `value`, not ending within a run that could be the head of a token."""
    if len(value) <= _READ_AT_MOST:
        return value
    return value[:_READ_AT_MOST].rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_.~%-")
