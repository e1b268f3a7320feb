"""What a person is told when a request doesn't go through: what was refused, why, and what to do now.

Not here: which language the client reads, and how it looks on the wire.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from forgewall.enforce.link import request_link
from forgewall.enforce.refusal import Failure, Message, Refusal
from forgewall.identify.registry import Registry
from forgewall.model import Kind, Operation, Request
from forgewall.sizes import size

ADDRESS_CHARS = 300
SENTENCE_CHARS = 600
NOBODY = "the administrator of this proxy"

_STATUS: Mapping[str, int] = MappingProxyType(
    {
        "too-large": 413,
        "encoding": 415,
        "header-size": 431,
        "framing": 400,
        "method-body": 400,
        "malformed": 400,
        "volume": 429,
        "spool": 503,
        "busy": 503,
        "not-tls": 400,
        "not-http": 400,
        "internal-error": 503,
        "log-unwritable": 503,
        "self-test": 503,
    }
)
_FAILURE_STATUS: Mapping[Failure, int] = MappingProxyType(
    {
        Failure.DNS: 502,
        Failure.CONNECT: 502,
        Failure.TIMEOUT: 504,
        Failure.CERTIFICATE: 502,
        Failure.PROTOCOL: 502,
    }
)
_OWN_FAULT = frozenset({"internal-error", "log-unwritable", "self-test"})

_DEEDS: Mapping[Operation, tuple[str, str]] = MappingProxyType(
    {
        Operation.FETCH: ("this read", "from"),
        Operation.PUSH: ("this push", "to"),
        Operation.LFS_UPLOAD: ("this LFS upload", "to"),
        Operation.CONTENTS: ("this file change", "in"),
        Operation.RELEASE: ("this release upload", "to"),
        Operation.PACKAGE: ("this package upload", "to"),
        Operation.ATTACHMENT: ("this attachment", "to"),
        Operation.SNIPPET: ("this snippet", "at"),
        Operation.WIKI: ("this wiki change", "in"),
        Operation.PULL_REQUEST: ("this pull request", "to"),
        Operation.ISSUE: ("this issue", "in"),
        Operation.COMMENT: ("this comment", "in"),
        Operation.DISCUSSION: ("this discussion", "in"),
        Operation.CREATE_REPO: ("this new repository", "at"),
        Operation.FORK: ("this fork", "to"),
        Operation.IMPORT: ("this import", "to"),
        Operation.TRANSFER: ("this transfer", "of"),
        Operation.VISIBILITY: ("this change of visibility", "of"),
        Operation.MIRROR: ("this mirror", "of"),
        Operation.DELETE_REPO: ("this deletion", "of"),
        Operation.WEBHOOK: ("this webhook", "of"),
        Operation.DEPLOY_KEY: ("this key", "of"),
        Operation.COLLABORATOR: ("this change of rights", "at"),
        Operation.TOKEN: ("this access token", "of"),
        Operation.SECRET: ("this secret", "of"),
        Operation.RUNNER: ("this runner", "of"),
        Operation.CI: ("this work for the pipelines", "of"),
        Operation.OTHER_WRITE: ("this change", "to"),
        Operation.STAR: ("this star", "at"),
        Operation.NOTIFICATION: ("this change of notifications", "at"),
        Operation.TODO: ("this change of to-dos", "at"),
        Operation.AUTH: ("this sign-in", "to"),
        Operation.TELEMETRY: ("this telemetry", "to"),
        Operation.ASSISTANT: ("this request for an AI assistant", "to"),
        Operation.UNIDENTIFIED: ("this request", "to"),
    }
)
"""What the client wanted to do, and the preposition before the address."""

_TODO: Mapping[str, str] = MappingProxyType(
    {
        "unapproved": "ask {whom} to approve it{quoting}",
        "visibility": "send it to a repository that the approval covers, or ask {whom}{quoting}",
        "moved": "use the new address if that one is approved, or ask {whom} to look at the move{quoting}",
        "forbidden": "don't retry, this address is closed on purpose; questions: {whom}{quoting}",
        "unidentified": "ask {whom}{quoting}",
        "host-mismatch": "connect to the host under its own name; if you did, tell {whom}{quoting}",
        "other-host": "ask {whom} to open this host{quoting}",
        "upgrade": "use plain HTTPS requests instead of an upgraded connection, or ask {whom}{quoting}",
        "not-tls": "use https, this port takes TLS only; questions: {whom}{quoting}",
        "not-http": "use http on port 80 and https on port 443; questions: {whom}{quoting}",
        "encoding": "send the body without Content-Encoding or with gzip alone, or ask {whom}{quoting}",
        "header-size": "send smaller headers (large cookies are the usual cause), or ask {whom}{quoting}",
        "method-body": "send this request without a body, or ask {whom}{quoting}",
        "framing": "send one well-formed Content-Length or Transfer-Encoding: chunked, or ask {whom}{quoting}",
        "malformed": "update your client, or ask {whom}{quoting}",
        "ref": "leave that branch or tag as it is, push to one that is allowed, or ask {whom} to allow this{quoting}",
        "content": "take it out of each commit or file you send (a later commit that removes it is not enough), "
        "or ask {whom}{quoting}",
        "unread": "send it unpacked or in smaller parts, or ask {whom}{quoting}",
        "volume": "wait until earlier uploads no longer count, or ask {whom} for a higher limit{quoting}",
        "lfs": "use a current git-lfs with its usual transfer, and fewer objects at a time, or ask {whom}{quoting}",
        "spool": "send smaller parts, or try again in a few minutes; if it stays, tell {whom}{quoting}",
        "busy": "push again when some of them are done; if it stays, tell {whom}{quoting}",
        "internal-error": "try again in a few minutes; if it stays, tell {whom}{quoting}",
        "log-unwritable": "try again in a few minutes; if it stays, tell {whom}{quoting}",
        "self-test": "try again in a few minutes; if it stays, tell {whom}{quoting}",
    }
)
_TODO_UNCLEAR = "use git or the forge's documented interface if you can, or ask {whom}{quoting}"
"""Where the request itself wasn't understood; another client may write it so that it is."""
_TODO_UNHEARD = "do that through this proxy and try again; if it stays, ask {whom}{quoting}"
"""Where a look at the forge tells what isn't known yet."""
_TODO_QUERY = "send a shorter query, or ask {whom}{quoting}"
_TODO_DAMAGED = "run git lfs push again; if it stays, look for damage with git lfs fsck, or ask {whom}{quoting}"
"""Where an LFS object isn't what its batch said."""
_NOW: Mapping[str, str] = MappingProxyType({"log-unwritable": "can't record requests now"})
_SHORT: Mapping[str, str] = MappingProxyType(
    {
        "unapproved": "not approved by Forgewall",
        "visibility": "not approved by Forgewall",
        "moved": "not approved by Forgewall",
        "forbidden": "forbidden by Forgewall",
        "too-large": "too large for Forgewall",
        "ref": "ref not allowed by Forgewall",
        "content": "content refused by Forgewall",
        "volume": "upload limit of Forgewall reached",
        "internal-error": "Forgewall can't judge now",
        "log-unwritable": "Forgewall can't record now",
    }
)


def clean(text: str, limit: int) -> str:
    """`text` on one line without control, format or surrogate characters, at most `limit` characters.

    Client-chosen text ends on other people's terminals: escape sequences and bidirectional overrides must not.
    """
    kept = "".join(
        " " if char.isspace() else "" if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"} else char
        for char in text[: limit * 4]
    )
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def say(refusal: Refusal, request: Request) -> Message:
    """The words for a refusal by the policy, by a protocol rule, or because Forgewall itself can't decide safely."""
    subject = clean(refusal.address or request.host, ADDRESS_CHARS)
    own_fault = refusal.code in _OWN_FAULT
    deed = _deed(refusal, request)
    return Message(
        status=refusal.status or _STATUS.get(refusal.code, 403),
        code=clean(refusal.code, 40),
        subject=subject,
        what=f"Forgewall {_NOW.get(refusal.code, "can't judge requests now")}, so it stopped {deed} {subject}."
        if own_fault
        else f"Forgewall refused {deed} {subject}.",
        why=_sentence(refusal.reason),
        todo=_todo(refusal, request),
        short=clean(_SHORT.get(refusal.code, "refused by Forgewall") + _event(refusal.event_id), 120),
        contact=clean(refusal.contact, ADDRESS_CHARS),
        event_id=_identifier(refusal.event_id),
        rule=clean(refusal.rule, ADDRESS_CHARS),
        kind=refusal.kind,
        blocked=not own_fault,
        link=request_link(refusal),
    )


def say_unavailable(
    failure: Failure, detail: str, request: Request, *, contact: str, event_id: str | None, kind: Kind | None
) -> Message:
    """The words for a network failure between the proxy and the forge; they say that it isn't the policy."""
    host = clean(request.host, ADDRESS_CHARS)
    cause = {
        Failure.DNS: f"the name {host} could not be resolved",
        Failure.CONNECT: f"no connection to {host} could be made",
        Failure.TIMEOUT: f"{host} did not answer in time",
        Failure.CERTIFICATE: f"{host} presented a certificate that can't be trusted, so nothing was sent to it",
        Failure.PROTOCOL: f"{host} answered in a way that can't be read",
    }[failure]
    more = clean(detail, 200).rstrip(".")
    retry = "don't retry; " if failure is Failure.CERTIFICATE else "try again in a few minutes; if it stays, "
    whom = clean(contact, ADDRESS_CHARS) or NOBODY
    return Message(
        status=_FAILURE_STATUS[failure],
        code=f"upstream-{failure}",
        subject=host,
        what=f"Forgewall could not reach {host}. This is the network, not the policy.",
        why=_sentence(f"{cause} ({more})" if more else cause),
        todo=f"{retry}tell {whom}{_quoting(event_id)}.",
        short=clean(f"Forgewall could not reach {host}{_event(event_id)}", 120),
        contact=clean(contact, ADDRESS_CHARS),
        event_id=_identifier(event_id),
        rule="",
        kind=kind,
        blocked=False,
    )


def _deed(refusal: Refusal, request: Request) -> str:
    if refusal.operation is None:
        return "this connection to" if request.method == "CONNECT" else "this request to"
    noun, place = _DEEDS.get(refusal.operation, (f"this request ({refusal.operation})", "to"))
    if refusal.kind is Kind.GITLAB and refusal.operation is Operation.PULL_REQUEST:
        noun = "this merge request"
    return f"{noun} {place if refusal.address else 'to' if place == 'to' else 'at'}"


def _todo(refusal: Refusal, request: Request) -> str:
    whom = clean(refusal.contact, ADDRESS_CHARS) or NOBODY
    quoting = _quoting(refusal.event_id)
    if refusal.code in {"ssh", "port"}:
        return f"{_https_instead(request)} (questions: {whom}{quoting})."
    if refusal.code == "too-large" and refusal.limit is not None:
        return f"send at most {size(refusal.limit)} in one request, or ask {whom} for a higher limit{quoting}."
    if _asks_for_a_look(refusal):
        return _TODO_UNHEARD.format(whom=whom, quoting=quoting) + "."
    if refusal.code == "unidentified" and refusal.reason.startswith("the query has more than"):
        return _TODO_QUERY.format(whom=whom, quoting=quoting) + "."
    if refusal.code == "unidentified" and "not understood" in refusal.reason:
        return _TODO_UNCLEAR.format(whom=whom, quoting=quoting) + "."
    if refusal.code == "malformed" and refusal.operation is Operation.LFS_UPLOAD:
        return _TODO_DAMAGED.format(whom=whom, quoting=quoting) + "."
    return _TODO.get(refusal.code, "ask {whom}{quoting}").format(whom=whom, quoting=quoting) + "."


def _asks_for_a_look(refusal: Refusal) -> bool:
    """Whether the reason names a request that tells what isn't known yet (`decide.visibility`, ids in `identify`)."""
    return refusal.code in {"visibility", "unidentified"} and refusal.reason.rstrip(".").endswith(" tells it")


def _https_instead(request: Request) -> str:
    host = forge_name(request.host)
    if not _plainly_mapped(host):
        # Only the forge's own page knows the port and the prefix that its HTTPS address has.
        return "use the repository's https:// address, as its page shows it (git remote set-url origin https://…)"
    if request.port == 9418:
        return f"use HTTPS: git config --global url.https://{host}/.insteadOf git://{host}/"
    if request.port == 22 or host != request.host.lower().rstrip("."):
        return f"use HTTPS: git config --global url.https://{host}/.insteadOf git@{host}:"
    return (
        f"use https://{host}/ on its usual port; for SSH: git config --global url.https://{host}/.insteadOf git@{host}:"
    )


def _plainly_mapped(host: str) -> bool:
    """Whether `git@HOST:path` and `https://HOST/path` are the same repository: on built-in forges with plain paths."""
    found = _built_in().lookup(host)
    return (
        found is not None
        and found.forge == host
        and not found.label
        and found.kind not in (Kind.AZURE_DEVOPS, Kind.CODECOMMIT)
    )


@cache
def _built_in() -> Registry:
    return Registry.build()


def forge_name(host: str) -> str:
    """The host that serves HTTPS for a forge's SSH-over-443 host: `ssh.github.com` -> `github.com`."""
    name = clean(host, 253).lower().rstrip(".")
    for prefix in ("altssh.", "ssh."):
        if name.startswith(prefix) and "." in name.removeprefix(prefix):
            return name.removeprefix(prefix)
    return name


def _sentence(text: str) -> str:
    line = clean(text, SENTENCE_CHARS).rstrip(".")
    return f"{_capital(line)}." if line else "No reason was given."


def _capital(text: str) -> str:
    # An address keeps its case: `github.com/…` must stay pasteable.
    first = text.split(" ", 1)[0]
    return text if "." in first or "/" in first else text[:1].upper() + text[1:]


def _identifier(event_id: str | None) -> str | None:
    """The id as it may stand in a header (RFC 9110 section 5.5): ours are plain letters and digits."""
    return "".join(char for char in event_id or "" if char.isascii() and (char.isalnum() or char in "-._"))[:64] or None


def _quoting(event_id: str | None) -> str:
    return f", quoting event {_identifier(event_id)}" if _identifier(event_id) else ""


def _event(event_id: str | None) -> str:
    return f" (event {_identifier(event_id)})" if _identifier(event_id) else ""
