"""Which answers teach something: the one place where requests meet their lessons."""

from __future__ import annotations

from datetime import datetime

from forgewall.identify.registry import ForgeHost
from forgewall.learn.lesson import Lesson
from forgewall.model import Request, Target


def lesson_for(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to `request`, which was understood as `target` and admitted; None if it has none."""
    return None
