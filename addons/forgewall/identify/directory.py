"""What a forge has said itself about its ids and repositories: whom an id names, who can see a repository, where one
went.

`identify` asks, by the `Directory` protocol; an id that nobody knows stays unidentified. What is *not* here: learning
from answers and remembering (`forgewall.learn`), and the ids that a policy names (`decide.policy`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from forgewall.model import Move, Visibility


class IdKind(StrEnum):
    """A space of ids: within one forge and one kind, an id names one thing."""

    REPOSITORY = "repository"  # GitHub's, GitLab's and Gitea's numbers of repositories (projects)
    OWNER = "owner"  # numbers of GitHub's users and organisations, of GitLab's groups and namespaces
    USER = "user"  # GitLab's and Gitea's numbers of users
    TEAM = "team"
    NODE = "node"  # GraphQL node ids, as they stand; GitLab's `gid://gitlab/Project/1` as they stand too
    GUID = "guid"  # Azure DevOps and Bitbucket, lower case without braces
    GIST = "gist"  # a gist's or a snippet's, which doesn't tell the owner
    RUN = "run"  # the backend id of a CI run
    UPLOAD = "upload"  # one upload that was begun, as the path that confirms it names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Id:
    """One id. `forge` is the host that addresses of the forge are written with; `text` in canonical spelling."""

    forge: str
    kind: IdKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What an id names: an owner, a repository, or something below one. Fields as in `model.Target`.

    `address` is always given, since some forges don't write it as host, owner and repository.
    """

    address: str
    owner: str | None
    repository: str | None = None


class Directory(Protocol):
    """Answers from what is known at the moment. None always means: not known."""

    def find(self, wanted: Id) -> Named | None:
        """What `wanted` names."""
        ...

    def visibility(self, key: str) -> Visibility | None:
        """Who can see the repository with the folded address `key`."""
        ...

    def moved(self, key: str) -> Move | None:
        """Where the repository with the folded address `key` went, if the forge has ever said that it isn't there."""
        ...


class _Empty:
    """Knows nothing."""

    def find(self, wanted: Id) -> Named | None:
        return None

    def visibility(self, key: str) -> Visibility | None:
        return None

    def moved(self, key: str) -> Move | None:
        return None


EMPTY: Directory = _Empty()
"""The directory where nothing was ever learned."""
