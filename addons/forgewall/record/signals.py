"""The suspicious facts of an upload as single words, which searches and analytics count on: `secret:aws-access-token`.

Not here: judging them. A signal says what is there, not whether it is forbidden.
"""

from __future__ import annotations

from collections.abc import Iterable

from forgewall.evidence import Evidence, FileKind, RefAction
from forgewall.record.event import Objection

_QUIET = frozenset({FileKind.MEDIA, FileKind.TEXT, FileKind.OTHER})


def signals(evidence: Evidence, objections: Iterable[Objection] = ()) -> tuple[str, ...]:
    """Each once: `encrypted`, a kind of file, `secret:RULE`, `force`, `delete`, `push-option`, `unread`.

    What rules of the policy objected to adds the words of `objections`, such as `path` and `ref`.
    """
    found = [
        *(["encrypted"] if evidence.encrypted else []),
        *(kind.value for kind, _ in evidence.kinds if kind not in _QUIET),
        *(f"secret:{secret.rule}" for secret in evidence.secrets),
        *(["force"] if evidence.forced else []),
        *(["delete"] if any(ref.action is RefAction.DELETE for ref in evidence.refs) else []),
        *(["push-option"] if evidence.push_options else []),
        *(["unread"] if evidence.unread else []),
        *(said.signal for said in objections if said.signal not in {"", "secret"}),
    ]
    return tuple(dict.fromkeys(found))
