"""Which WebSockets of a forge only bring notifications: the few that may be opened, with small client frames.

Not here: what runs through them. Everything else that would switch protocols on a forge host is refused.
"""

from __future__ import annotations

from forgewall.identify.registry import ForgeHost, Role
from forgewall.model import Kind

GITLAB_CABLE = "/-/cable"
"""GitLab's Action Cable mount, the same on gitlab.com and on every self-managed instance."""


def is_notification_socket(forge: ForgeHost, path: str) -> bool:
    """Whether `path` (raw, in origin form) on `forge` is a listed notification socket."""
    plain = path.partition("?")[0]
    if forge.role is Role.SOCKET:
        return True
    return forge.kind is Kind.GITLAB and forge.role is Role.WEB and plain == forge.prefix + GITLAB_CABLE
