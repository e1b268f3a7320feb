"""What may be the name of a ref that is pushed: git-check-ref-format(1), below `refs/`.

Not here: which refs a policy lets change.
"""

from __future__ import annotations

import re

LONGEST = 4096
"""Most bytes of a name; a file system's limit, which each forge meets first."""

_FORBIDDEN = re.compile(
    rb"[\x00-\x20\x7f~^:?*\[\\]"  # controls, space, and what revisions and patterns are written with
    rb"|//|\.\.|@\{"
    rb"|/\.|\.lock(?:/|\Z)"  # no component begins with a dot or ends with .lock
    rb"|[/.]\Z"
)


def is_ref_name(name: bytes) -> bool:
    """Whether a push may name this ref. A name of one component below `refs/` is one too: it may be deleted."""
    return name.startswith(b"refs/") and 5 < len(name) <= LONGEST and _FORBIDDEN.search(name) is None
