"""What a request tells of its upload before the body: the file's path, branches, and how the body is to be read.

Forges put paths into the URL (`PUT /repos/o/r/contents/PATH`), into the query (`?name=`), or only into the body. This
is evidence, not identity: `identify` says whose repository it is. Not here: the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from forgewall.evidence import RefAction, RefUpdate
from forgewall.identify.paths import parse
from forgewall.identify.query import base_name, parameters
from forgewall.model import Kind, Operation, Request, Target

HEADS, TAGS = "refs/heads/", "refs/tags/"
DEFAULT_BRANCH = RefUpdate(name="HEAD", action=RefAction.UPDATE)
"""What a commit changes that names no branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What is known before the body is read.

    `raw`: the body is the file, whatever its Content-Type says. `base64`: file contents in it are base64. `paths`: a
    form's fields are named after files. `refs` are those that the URL names; `branches` and `tags` are the names of the
    members that name one, to which `action` happens. `default`: if none of them does, the default branch changes.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """`pattern`: `*` is any one segment, a last `**` the rest, which is what `gives` says: `path`, `ref` or nothing."""

    pattern: str
    gives: str = ""
    prefix: str = HEADS
    raw: bool = False
    base64: bool = False
    paths: bool = False
    members: frozenset[str] | None = None
    tags: frozenset[str] = frozenset()
    action: RefAction = RefAction.UPDATE
    default: bool = False


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
            _Route(pattern="repos/*/*/contents/**", gives="path", base64=True, default=True),
            _Route(pattern="repos/*/*/git/refs", members=_REF, action=_CREATE),
            _Route(pattern="repos/*/*/git/refs/**", gives="ref", prefix="refs/"),
            _Route(pattern="repos/*/*/merges", members=_BASE),
            _Route(pattern="repos/*/*/releases/*/assets", raw=True),
            _Route(pattern="graphql", base64=True),
        ),
        Kind.GITLAB: (
            _Route(pattern="projects/*/repository/files/**", gives="path"),
            _Route(pattern="projects/*/repository/branches", action=_CREATE),
            _Route(pattern="projects/*/repository/branches/**", gives="ref"),
            _Route(pattern="projects/*/repository/tags", members=_NONE, tags=frozenset({"tag_name"}), action=_CREATE),
            _Route(pattern="projects/*/repository/tags/**", gives="ref", prefix=TAGS),
            _Route(pattern="projects/*/packages/generic/*/*/**", gives="path", raw=True),
        ),
        Kind.BITBUCKET: (
            _Route(pattern="repositories/*/*/src", paths=True, default=True),
            _Route(pattern="repositories/*/*/refs/branches", members=_NAME, action=_CREATE),
            _Route(pattern="repositories/*/*/refs/branches/**", gives="ref"),
            _Route(pattern="repositories/*/*/refs/tags", members=_NONE, tags=_NAME, action=_CREATE),
            _Route(pattern="repositories/*/*/refs/tags/**", gives="ref", prefix=TAGS),
            _Route(pattern="projects/*/repos/*/browse/**", gives="path", default=True),
            _Route(pattern="projects/*/repos/*/branches", members=_NAME, action=_CREATE),
            _Route(pattern="projects/*/repos/*/tags", members=_NONE, tags=_NAME, action=_CREATE),
        ),
        Kind.GITEA: (
            _Route(pattern="repos/*/*/contents/**", gives="path", base64=True, default=True),
            _Route(pattern="repos/*/*/contents", base64=True, default=True),
            _Route(pattern="repos/*/*/branches", action=_CREATE, members=frozenset({"new_branch_name"})),
            _Route(pattern="repos/*/*/branches/**", gives="ref"),
            _Route(pattern="repos/*/*/tags", members=_NONE, tags=frozenset({"tag_name"}), action=_CREATE),
            _Route(pattern="packages/*/generic/*/*/**", gives="path", raw=True),
        ),
        Kind.HUGGINGFACE: (
            _Route(pattern="api/*/*/*/commit/**", gives="ref"),
            _Route(pattern="api/*/*/commit/**", gives="ref"),
            _Route(pattern="api/*/*/*/upload/*/**", gives="path", raw=True),
        ),
    }
)
_NAMES = ("name", "filename", "file_name", "file_path", "path")
_BODY_IS_FILE = frozenset({Operation.PACKAGE, Operation.RELEASE, Operation.ATTACHMENT})


def heading_of(request: Request, target: Target) -> Heading:
    """What `request` tells about its upload by method, path and query."""
    path = parse(request.path)
    query = parameters(path.query)
    found, rest = _match(target.kind, path.segments)
    contents = target.operation in (Operation.CONTENTS, Operation.UNIDENTIFIED)
    members = _BRANCHES.get(target.kind, _ANY_BRANCHES) if found.members is None else found.members
    members = members if contents else frozenset()
    tags = found.tags if contents else frozenset()
    refs = [RefUpdate(name=full_name(value, HEADS), action=found.action) for name, value in query if name in members]
    refs += [RefUpdate(name=full_name(value, TAGS), action=found.action) for name, value in query if name in tags]
    if found.gives == "ref" and contents and rest:
        action = RefAction.DELETE if request.method == "DELETE" else RefAction.UPDATE
        refs.append(RefUpdate(name=full_name(rest, found.prefix), action=action))
    named = next((value for key in _NAMES for name, value in query if base_name(name) == key and value), None)
    file = rest if found.gives == "path" and rest else named
    raw = found.raw and request.method in ("POST", "PUT", "PATCH")
    if file is None and request.method == "PUT" and target.operation in _BODY_IS_FILE and path.segments:
        file = path.segments[-1]
    return Heading(
        path=file,
        raw=raw,
        base64=found.base64,
        paths=found.paths,
        refs=tuple(dict.fromkeys(refs)),
        branches=members,
        tags=tags,
        action=found.action,
        default=found.default and contents,
    )


def full_name(name: str, prefix: str) -> str:
    """`name` as a full ref: with `prefix` (`refs/heads/`), unless it is one already."""
    return name if name.startswith("refs/") else prefix + name


def _match(kind: Kind, segments: tuple[str, ...]) -> tuple[_Route, str]:
    """The first row that fits at the end of `segments`, and what its `**` holds, joined."""
    for row in _ROUTES.get(kind, ()):
        pattern = row.pattern.split("/")
        open_end = pattern[-1] == "**"
        fixed = pattern[:-1] if open_end else pattern
        for start in range(len(segments) - len(fixed) + 1):
            if all(want in ("*", have) for want, have in zip(fixed, segments[start:], strict=False)):
                rest = segments[start + len(fixed) :]
                if bool(rest) == open_end:
                    return row, "/".join(rest)
    return _Route(pattern=""), ""
