"""What a request tells of its upload before the body: the file's path, branches, and how the body is to be read.

Forges put paths into the URL (`PUT /repos/o/r/contents/PATH`), into the query (`?name=`), or only into the body. This
is evidence, not identity: `identify` says whose repository it is. Not here: the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from forgewall.evidence import RefAction, RefUpdate
from forgewall.identify.paths import parse
from forgewall.identify.query import base_name, last_name, parameters
from forgewall.model import GROUPS, Effect, Kind, Operation, Request, Target

HEADS, TAGS = "refs/heads/", "refs/tags/"
DEFAULT_BRANCH = RefUpdate(name="HEAD", action=RefAction.UPDATE)
"""What a commit changes that names no branch, or none for certain."""
SOME_BRANCHES = RefUpdate(name="HEAD", action=RefAction.DELETE)
"""What goes away where the request doesn't name all that does."""
FALSE = frozenset({"", "false", "null", "0", "no", "off", "f", "n"})
"""What `force` may say without asking for anything, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What is known before the body is read.

    `path` is None where a file is deleted. `raw`: the body is the file, whatever its Content-Type says. `base64`: file
    contents in it are base64. `paths`: a form's fields are named after files. `refs` are those that the URL names;
    `branches` and `tags` are the names of the members that name one, to which `action` happens. `default`: if none of
    them does, the default branch changes, or one that nobody but the forge knows. `forced`: the URL says that history
    may be lost. `updates`: refs are named by objects of `refUpdates`, or of an array that is the whole body. `graphql`:
    what the members `query` say decides whether refs go away or lose history, which none of them names for certain.
    """

    path: str | None = None
    raw: bool = False
    base64: bool = False
    paths: bool = False
    refs: tuple[RefUpdate, ...] = ()
    branches: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    action: RefAction = RefAction.UPDATE
    default: bool = False
    forced: bool = False
    updates: bool = False
    graphql: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """`pattern`: `*` is any one segment, a last `**` the rest, which is what `gives` says: `path`, `ref` or nothing.

    It may stand behind other segments, unless it begins with a slash; the row that fits first in the path counts.
    `loses`: branches go that the request doesn't name. `still`: no ref changes.
    """

    pattern: str
    gives: str = ""
    prefix: str = HEADS
    raw: bool = False
    base64: bool = False
    paths: bool = False
    members: frozenset[str] | None = None
    tags: frozenset[str] = frozenset()
    action: RefAction = RefAction.UPDATE
    loses: bool = False
    still: bool = False
    updates: bool = False
    graphql: bool = False


_CREATE = RefAction.CREATE
_REF, _NAME, _BASE = frozenset({"ref"}), frozenset({"name"}), frozenset({"base"})
_NONE: frozenset[str] = frozenset()
# `ref` at GitLab and `start_branch` say where a branch starts from; they change nothing there.
_BRANCHES: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.GITHUB: frozenset({"branch", "branchName"}),
        Kind.GITLAB: frozenset({"branch", "branch_name", "branchName"}),
        Kind.BITBUCKET: frozenset({"branch"}),
        Kind.GITEA: frozenset({"branch", "new_branch", "new_branch_name"}),
    }
)
_ANY_BRANCHES = frozenset({"branch", "branchName", "ref"})
_ROUTES: Mapping[Kind, tuple[_Route, ...]] = MappingProxyType(
    {
        Kind.GITHUB: (
            _Route(pattern="repos/*/*/contents/**", gives="path", base64=True),
            _Route(pattern="repos/*/*/git/refs", members=_REF, action=_CREATE),
            _Route(pattern="repos/*/*/git/refs/**", gives="ref", prefix="refs/"),
            _Route(pattern="repos/*/*/git/*", still=True),
            _Route(pattern="repos/*/*/merges", members=_BASE),
            _Route(pattern="repos/*/*/branches/*/rename", members=frozenset({"new_name"}), action=_CREATE, loses=True),
            _Route(pattern="repos/*/*/code-scanning/alerts/*/autofix/commits", members=frozenset({"target_ref"})),
            _Route(pattern="repos/*/*/releases/*/assets", raw=True),
            _Route(pattern="graphql", base64=True, graphql=True),
            _Route(pattern="_graphql", base64=True, graphql=True),
            _Route(pattern="/*/*/branches/**", gives="ref", action=RefAction.DELETE),  # which a form's `_method` says
        ),
        Kind.GITLAB: (
            _Route(pattern="projects/*/repository/files/**", gives="path"),
            _Route(pattern="projects/*/repository/branches", action=_CREATE),
            _Route(pattern="projects/*/repository/branches/**", gives="ref"),
            _Route(pattern="projects/*/repository/tags", members=_NONE, tags=frozenset({"tag_name"}), action=_CREATE),
            _Route(pattern="projects/*/repository/tags/**", gives="ref", prefix=TAGS),
            _Route(pattern="projects/*/repository/merged_branches", loses=True),
            _Route(pattern="-/branches/**", gives="ref"),
            _Route(pattern="-/tags/**", gives="ref", prefix=TAGS),
            _Route(pattern="api/graphql", graphql=True),
            _Route(pattern="-/**"),  # so that no row is found in the path of a file
            _Route(pattern="projects/*/packages/generic/*/*/**", gives="path", raw=True),
        ),
        Kind.BITBUCKET: (
            _Route(pattern="repositories/*/*/src", paths=True),
            _Route(pattern="repositories/*/*/refs/branches", members=_NAME, action=_CREATE),
            _Route(pattern="repositories/*/*/refs/branches/**", gives="ref"),
            _Route(pattern="repositories/*/*/refs/tags", members=_NONE, tags=_NAME, action=_CREATE),
            _Route(pattern="repositories/*/*/refs/tags/**", gives="ref", prefix=TAGS),
            _Route(pattern="projects/*/repos/*/browse/**", gives="path"),
            _Route(pattern="projects/*/repos/*/branches/default", still=True),
            _Route(pattern="projects/*/repos/*/default-branch", still=True),
            _Route(pattern="projects/*/repos/*/branches", members=_NAME, action=_CREATE),
            _Route(pattern="projects/*/repos/*/tags", members=_NONE, tags=_NAME, action=_CREATE),
            _Route(pattern="projects/*/repos/*/tags/**", gives="ref", prefix=TAGS),
        ),
        Kind.GITEA: (
            _Route(pattern="repos/*/*/contents/**", gives="path", base64=True),
            _Route(pattern="repos/*/*/contents", base64=True),
            _Route(pattern="repos/*/*/branches", action=_CREATE, members=frozenset({"new_branch_name"})),
            _Route(pattern="repos/*/*/branches/**", gives="ref"),
            _Route(pattern="repos/*/*/tags", members=_NONE, tags=frozenset({"tag_name"}), action=_CREATE),
            _Route(pattern="packages/*/generic/*/*/**", gives="path", raw=True),
        ),
        Kind.AZURE_DEVOPS: (
            _Route(pattern="git/repositories/*/pushes", updates=True),
            _Route(pattern="git/repositories/*/refs", updates=True),
            _Route(pattern="git/repositories/*/annotatedtags", members=_NONE, tags=_NAME, action=_CREATE),
            _Route(pattern="git/repositories/*/cherryPicks", members=frozenset({"generatedRefName"}), action=_CREATE),
            _Route(pattern="git/repositories/*/reverts", members=frozenset({"generatedRefName"}), action=_CREATE),
            _Route(pattern="git/repositories/*/merges", still=True),
        ),
        Kind.HUGGINGFACE: (
            _Route(pattern="api/*/*/*/commit/**", gives="ref"),
            _Route(pattern="api/*/*/commit/**", gives="ref"),
            _Route(pattern="api/*/*/*/upload/*/**", gives="path", raw=True),
        ),
    }
)
_NAMES = ("name", "filename", "file_name", "file_path", "path")
_MERGES = frozenset({Kind.GITLAB, Kind.BITBUCKET})
"""Forges that take a commit's parameters from the query, too."""
BODY_IS_FILE = frozenset({Operation.PACKAGE, Operation.RELEASE, Operation.ATTACHMENT})
"""Operations whose body may be one file."""


def read_as(target: Target) -> Operation:
    """The operation by which a body is read that does several things: a comment beside a commit is part of a commit."""
    does = (target.operation, *(also.operation for also in target.also if also.operation is not None))
    if Operation.CONTENTS in does:
        return Operation.CONTENTS
    other = (one for one in does if one.effect is Effect.WRITE and one not in GROUPS["text"])
    return next(other, target.operation)


def heading_of(request: Request, target: Target) -> Heading:
    """What `request` tells about its upload by method, path and query."""
    path = parse(request.path)
    query = parameters(path.query)
    found, rest = _match(target.kind, path.segments)
    operation = read_as(target)
    contents = operation in (Operation.CONTENTS, Operation.UNIDENTIFIED)
    members = _BRANCHES.get(target.kind, _ANY_BRANCHES) if found.members is None else found.members
    members = members if contents and not found.still else frozenset()
    tags = found.tags if contents else frozenset()
    asked = [(base_name(name), value) for name, value in query]
    refs = [
        RefUpdate(name=full_name(value, prefix), action=found.action)
        for names, prefix in ((members, HEADS), (tags, TAGS))
        for name, value in asked
        if value and name in {member.lower() for member in names}
    ]
    said = found.still or found.loses or (bool(refs) and target.kind in _MERGES)
    deletes = request.method == "DELETE"
    if found.gives == "ref" and contents and rest:
        action = RefAction.DELETE if deletes or found.action is RefAction.DELETE else RefAction.UPDATE
        refs.append(RefUpdate(name=full_name(rest, found.prefix), action=action))
        said = True
    if found.loses and contents:
        refs.append(SOME_BRANCHES)
    named = next((value for key in _NAMES for name, value in asked if name == key and value), None)
    file = rest if found.gives == "path" and rest else named
    raw = found.raw and request.method in ("POST", "PUT", "PATCH")
    if file is None and request.method == "PUT" and operation in BODY_IS_FILE and path.segments:
        file = path.segments[-1]
    return Heading(
        path=None if deletes else file,
        raw=raw,
        base64=found.base64
        or any(last_name(name) == "encoding" and value.lower() == "base64" for name, value in query),
        paths=found.paths,
        refs=tuple(dict.fromkeys(refs)),
        branches=members,
        tags=tags,
        action=RefAction.DELETE if deletes and found.action is _CREATE else found.action,
        default=operation is Operation.CONTENTS and not said,
        forced=contents and any(name == "force" and value.lower() not in FALSE for name, value in asked),
        updates=contents and found.updates,
        graphql=contents and found.graphql,
    )


def full_name(name: str, prefix: str) -> str:
    """`name` as a full ref: with `prefix` (`refs/heads/`), unless it is one already."""
    return name if name.startswith("refs/") else prefix + name


@lru_cache(maxsize=64)
def _match(kind: Kind, segments: tuple[str, ...]) -> tuple[_Route, str]:
    """The first row that fits the nearest to the beginning of `segments`, and what its `**` holds, joined.

    The same request is asked about some times: for its verdict, its event and its inspector.
    """
    for start in range(len(segments)):
        for row in _ROUTES.get(kind, ()):
            if row.pattern.startswith("/") and start:
                continue
            pattern = row.pattern.removeprefix("/").split("/")
            open_end = pattern[-1] == "**"
            fixed = pattern[:-1] if open_end else pattern
            rest = segments[start + len(fixed) :]
            fits = all(want in ("*", have) for want, have in zip(fixed, segments[start:], strict=False))
            if fits and start + len(fixed) <= len(segments) and bool(rest) == open_end:
                return row, "/".join(rest)
    return _Route(pattern=""), ""
