"""The suspicious facts of an upload as single words, which searches and analytics count on: `secret:aws-access-token`.

Not here: judging them. A signal says what is there, not whether it is forbidden.
"""

from __future__ import annotations

from collections.abc import Iterable

from forgewall.evidence import Evidence, FileKind

_QUIET = frozenset({FileKind.MEDIA, FileKind.TEXT, FileKind.OTHER})


def signals(evidence: Evidence, paths: Iterable[str] = ()) -> tuple[str, ...]:
    """Each once: `encrypted`, a kind of file, `secret:RULE`, `force`, `delete`, `push-option`, `unread`, `path:GLOB`.

    `paths` are the globs of the policy's `content.paths` that fitted a file.
    """
    found = [
        *(["encrypted"] if evidence.encrypted else []),
        *(kind.value for kind, _ in evidence.kinds if kind not in _QUIET),
        *(f"secret:{secret.rule}" for secret in evidence.secrets),
        *(["force"] if evidence.forced else []),
        *(["delete"] if any(ref.action.value == "delete" for ref in evidence.refs) else []),
        *(["push-option"] if evidence.push_options else []),
        *(f"path:{glob}" for glob in paths),
        *(["unread"] if evidence.unread else []),
    ]
    return tuple(dict.fromkeys(found))
