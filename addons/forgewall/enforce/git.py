"""Refusals as git shows them: every line of ours on the user's terminal, and a status for each ref.

git hides the body of an HTTP error behind "The requested URL returned error: 403", so these answers have status 200
and say no inside the protocol: gitprotocol-pack(5), gitprotocol-http(5), gitprotocol-v2(5).
"""

from __future__ import annotations

from forgewall.enforce import rest
from forgewall.enforce.answer import Reply, answer
from forgewall.enforce.refusal import Message
from forgewall.inspect.commands import CommandReader, Commands, Malformed
from forgewall.inspect.pktline import BAND_64K, BAND_SMALL, FLUSH, band, pkt

TEXT_BYTES = 8000  # an ERR packet's text; a `Message` is far shorter
LINE_BYTES = 900  # one line on side-band 2, within the 1000 bytes of the small band


def advertisement(message: Message, service: str) -> Reply:
    """The answer to `GET info/refs?service=…`: git prints `fatal: remote error:` and the message; no object is sent.

    `service` is `git-upload-pack`, `git-receive-pack` or `git-upload-archive`. An ERR packet does for protocol v0 and
    v2 alike.
    """
    body = pkt(f"# service={service}\n".encode()) + FLUSH + pkt(_error(message))
    return answer(200, f"application/x-{service}-advertisement", body, event_id=message.event_id)


def fetch_result(message: Message, service: str) -> Reply:
    """The answer to `POST git-upload-pack` (and git-upload-archive): the same ERR packet."""
    return answer(200, f"application/x-{service}-result", pkt(_error(message)), event_id=message.event_id)


def push_result(message: Message, head: bytes | Commands) -> Reply:
    """The answer to `POST git-receive-pack`: our lines as `remote:`, and `ng` for each ref in the command list.

    `head` is the command list, or the beginning of the body after Content-Encoding. The lone flush-pkt that goes before
    a large push gets an empty result, or git would give up without showing anything; the push that follows is refused.
    What isn't a command list gets 403.
    """
    commands = head if isinstance(head, Commands) else _read(head)
    if isinstance(commands, Malformed):
        return rest.text(message)
    if commands.probe:
        return answer(200, "application/x-git-receive-pack-result", b"", event_id=message.event_id)
    body = _result(message, commands)
    if body is None:
        return rest.text(message)
    return answer(200, "application/x-git-receive-pack-result", body, event_id=message.event_id)


def _read(head: bytes) -> Commands | Malformed:
    reader = CommandReader()
    commands = reader.feed(head)
    if commands is not None:
        return commands
    if reader.started:
        return reader.so_far()
    # Nothing was read. Every forge offers side-band-64k and every git of the last 15 years takes it.
    return Commands(refs=(), capabilities=frozenset({"side-band-64k", "report-status"}), complete=False)


def _result(message: Message, commands: Commands) -> bytes | None:
    """The result in what the client negotiated; None if it negotiated no way to tell it anything."""
    known = commands.capabilities
    width = BAND_64K if "side-band-64k" in known else BAND_SMALL if "side-band" in known else 0
    reports = bool(known & {"report-status", "report-status-v2"})
    if not width:
        # The unpack line is then the only one that holds a sentence.
        return _status(message, commands, message.sentence) if reports else None
    lines = b"".join(band(2, _bounded(line.encode(), LINE_BYTES) + b"\n", width) for line in message.lines)
    if not reports:  # git takes silence about its refs for success; an error on side-band 3 it doesn't
        return lines + band(3, message.short.encode(), width) + FLUSH
    return lines + band(1, _status(message, commands, message.short), width) + FLUSH


def _status(message: Message, commands: Commands, unpack: str) -> bytes:
    short = message.short.encode()
    refs = b"".join(pkt(b"ng %b %b\n" % (ref, short)) for ref in commands.refs)
    return pkt(b"unpack %b\n" % _bounded(unpack.encode(), TEXT_BYTES)) + refs + FLUSH


def _error(message: Message) -> bytes:
    return _bounded(b"ERR " + "\n".join(message.lines).encode(), TEXT_BYTES)


def _bounded(data: bytes, limit: int) -> bytes:
    return data[:limit].decode(errors="ignore").encode()  # never half a character
