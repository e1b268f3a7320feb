"""Which answers teach something: the one place where requests meet their lessons.

Only what the proxy has verified to come from the forge may be given to a lesson; it asks for one when a request is
admitted. What is *not* here: what an answer says; the modules of the kinds, `graphql` and `git` know that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from forgewall.identify.registry import ForgeHost
from forgewall.learn import (
    azure_devops,
    bitbucket,
    gitea,
    github,
    github_links,
    github_pages,
    github_stores,
    gitlab,
    graphql,
    huggingface,
)
from forgewall.learn.answers import Lessons
from forgewall.learn.git import head_lesson
from forgewall.learn.lesson import Lesson
from forgewall.model import Kind, Request, Target

type Teacher = Callable[[Request, Target, ForgeHost, datetime], Lesson | None]
"""The lesson of the answer to a request to a host of one kind; None if it has none. Never raises."""

TEACHERS: Mapping[Kind, tuple[Teacher, ...]] = MappingProxyType(
    {
        Kind.GITHUB: (github.lesson, github_links.lesson, github_pages.lesson, graphql.lesson, github_stores.lesson),
        Kind.GITLAB: (gitlab.lesson, graphql.lesson),
        Kind.BITBUCKET: (bitbucket.lesson,),
        Kind.AZURE_DEVOPS: (azure_devops.lesson,),
        Kind.GITEA: (gitea.lesson,),
        Kind.HUGGINGFACE: (huggingface.lesson,),
    }
)


def lesson_for(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to `request`, which was understood as `target` and admitted; None if it has none.

    `now` is aware. Never raises.
    """
    teachers = TEACHERS.get(forge_host.kind, ())
    found = [lesson for teach in teachers if (lesson := teach(request, target, forge_host, now)) is not None]
    head = head_lesson(request, target, forge_host, now)
    if head is not None:
        found.append(head)
    return found[0] if len(found) == 1 else Lessons(tuple(found)) if found else None
