"""The facts of an API body: which of its texts are files and where they go, which refs it changes, what is secret.

Theory. A file's content, its path and its encoding are members of one object, in any order, so a content waits until
its object ends. At most `MAX_WAITING` wait; beyond, the oldest is settled by what is known then. A path may stand
beside the content, in a neighbour object (Azure: `item.path` beside `newContent.content`), as the name of the object
(gists: `files: {NAME: {content}}`), or in the URL. All other texts go to one search for secrets, with their names.
Forms are read the same way: a form's fields are members of one object.

Where a name stands twice, servers take the first or the last: of contents both are files, of paths the second is a
`NamedFile`, of branches both are changed. Names count in any case, since some servers fold it. A branch is said for
certain only by the right name at the top of the document: else the default branch may change as well. A path without a
content is a `NamedFile`, unless it is deleted: the forge has the file's content already.

Not here: JSON, forms and multipart themselves; they call this.
"""

from __future__ import annotations

import re
from collections import deque

from forgewall.evidence import Fact, ForcedUpdate, NamedFile, RefUpdate
from forgewall.inspect.heading import DEFAULT_BRANCH, FALSE, HEADS, SOME_BRANCHES, TAGS, Heading, full_name
from forgewall.inspect.member import BASE64, LONG, Member
from forgewall.inspect.plain_text import PlainText
from forgewall.inspect.secrets import Scanner
from forgewall.model import GROUPS, Operation

MAX_WAITING = 16
MAX_SHORT = 4096  # bytes of a path, a ref or an encoding
_MAX_REFS = 256  # told apart; beyond, one may be told twice
_DEEPEST_REF = 4  # variables.input.branch.branchName

CONTENTS = frozenset(
    {"content", "contents", "content_base64", "contentbase64", "file_content", "filecontent", "newcontent"}
)
# The nearer to the front, the more it is believed.
PATHS = {name: rank for rank, name in enumerate(("path", "file_path", "filepath", "filename", "file_name", "name"))}
ENCODINGS = frozenset({"encoding", "content_encoding", "contenttype"})  # the last is how Azure calls it
_TEXT = frozenset({"text", "utf-8", "utf8", "plain", "rawtext"})
_NAMING = frozenset({"files", "_attachments"})  # objects whose members are named after files
FATES = frozenset({"action", "sha"})
# Mutations by which refs go away, or may lose history.
_LOSES = re.compile(rb"\b(?:deleteRef|updateRefs?|branchDelete|tagDelete|projectBlobsRemove|projectTextReplace)\b")
_BESIDE = frozenset({"item", "newcontent"})  # objects that tell of one file together with their neighbours


class _Scope:
    """An open array or object: its name, and what is known of the file in it."""

    __slots__ = ("array", "encoding", "goes", "key", "path", "rank", "told")

    def __init__(self, key: str, array: bool) -> None:
        self.key = key
        self.array = array
        self.path: str | None = None
        self.rank = len(PATHS)
        self.encoding: str | None = None
        self.goes: bool | None = None  # whether the file is deleted
        self.told = False  # whether a file was told with this path


class Document:
    """Told of members (it is `JsonEvents`), it gathers facts, which `take` hands over."""

    def __init__(self, heading: Heading, operation: Operation, scanner: Scanner | None) -> None:
        self.plain = PlainText(scanner)
        self._heading = heading
        self._scanner = scanner
        self._contents: frozenset[str] = frozenset() if operation in GROUPS["text"] else CONTENTS
        self._scopes: list[_Scope] = []
        self._key = ""
        self._own_path: str | None = None
        self._held: list[bytes] = []  # a text that is short so far
        self._held_size = 0
        self._member: Member | None = None
        self._waiting: deque[tuple[_Scope, Member]] = deque()
        self._facts: list[Fact] = list(heading.refs)
        self._refs = set(heading.refs)
        self._base: RefUpdate | None = None  # the branch that changes unless a new one is made of it
        self._branched = False
        self._said = not heading.default
        self._placed = heading.path is None  # whether a file was told where the URL says it is
        self._forced = heading.forced
        self._queried = False
        self._loses = False  # what a member `query` says

    # -- events ------------------------------------------------------------------------------------------------------

    def open(self, array: bool) -> None:
        """An array or an object begins."""
        self._scopes.append(_Scope(self._key, array))
        self._key = ""

    def close(self) -> None:
        """The innermost ends: its files are settled, or left to the object around it that knows more."""
        scope = self._scopes.pop()
        outer = self._scopes[-1] if self._scopes else None
        self._key = ""
        if outer is not None and not outer.array and scope.key.lower() in _BESIDE:
            if outer.path is None:
                outer.path = scope.path
            outer.encoding = outer.encoding or scope.encoding
            outer.told = outer.told or scope.told
            self._waiting = deque((outer if held is scope else held, member) for held, member in self._waiting)
            return
        while self._waiting and self._waiting[-1][0] is scope:
            self._settle(*self._waiting.pop(), outer)
        if scope.path is not None and self._contents and not scope.told and not scope.goes:
            self._facts.append(NamedFile(path=scope.path))

    def key(self, name: str) -> None:
        """A member begins."""
        self._key = name

    def file(self, path: str) -> None:
        """A member begins that is a file, and this is its path."""
        self._key, self._own_path = "content", path

    def text(self, piece: bytes, more: bool) -> None:
        """The next piece of a text, see `JsonEvents`."""
        member = self._member
        if member is None:
            if not (more or self._held) and len(piece) <= LONG and self._key.lower() not in self._contents:
                self._short(piece)
                return
            member = self._begun(piece, more)
            if member is None:
                return
        else:
            self._facts += member.feed(piece)
        if not more:
            self._ended(member)

    def scalar(self, token: bytes) -> None:
        """A number or a word."""
        key = self._key.lower()
        if key == "sha" and token == b"null" and self._scopes and self._scopes[-1].goes is None:
            self._scopes[-1].goes = True
        self._force(key, token)
        if token != b"null" and len(self._scopes) <= _DEEPEST_REF:
            self._ref(token)

    # -- results -----------------------------------------------------------------------------------------------------

    def take(self) -> list[Fact]:
        """The facts since the last time."""
        found = self._facts + self.plain.take()
        self._facts = []
        return found

    def finish(self) -> list[Fact]:
        """The body has ended: the rest of the facts."""
        if self._base is not None and not self._branched:
            self._change(self._base)
        if self._heading.graphql and (self._loses or not self._queried):
            self._forced = True
            self._change(SOME_BRANCHES)
        if not self._said:
            self._change(DEFAULT_BRANCH)
        if self._heading.path is not None and not self._placed:
            self._facts.append(NamedFile(path=self._heading.path))
        if self._forced:
            self._facts += [ForcedUpdate(name=name) for name in sorted({ref.name for ref in self._refs})]
        return self.take() + self.plain.finish()

    def abandon(self) -> None:
        """The body can't be read on: no file that is under way is one. What follows is for `plain`.

        It may say anything of branches.
        """
        if self._heading.branches or self._heading.tags:
            self._said, self._forced = False, True
        members = [member for _, member in self._waiting]
        for member in [*members, self._member] if self._member is not None else members:
            self._facts += member.abandon()
        self.plain.feed(b"".join(self._held))
        self._member, self._scopes, self._held, self._held_size = None, [], [], 0
        self._waiting.clear()

    # -- texts -------------------------------------------------------------------------------------------------------

    def _short(self, value: bytes) -> None:
        """A whole text that is no file."""
        key = self._key.lower()
        if key in PATHS and self._scopes:
            self._name(self._scopes[-1], PATHS[key], value.decode("utf-8", "replace"))
        elif key in ENCODINGS and self._scopes:
            scope, told = self._scopes[-1], value.decode("utf-8", "replace").lower()
            if told in BASE64 or (told in _TEXT and scope.encoding is None):
                scope.encoding = told
        elif key in FATES and self._scopes:
            scope = self._scopes[-1]
            scope.goes = value == b"delete" and scope.goes is not False
        self._force(key, value)
        if key == "query":
            self._queried, self._loses = True, self._loses or _LOSES.search(value) is not None
        if len(self._scopes) <= _DEEPEST_REF:
            self._ref(value)
        self.plain.add(self._key or (self._scopes[-1].key if self._scopes else ""), value)

    def _name(self, scope: _Scope, rank: int, path: str) -> None:
        if rank < scope.rank:
            scope.path, scope.rank = path, rank
        elif rank == scope.rank and path != scope.path:
            self._facts.append(NamedFile(path=path))

    def _ref(self, value: bytes) -> None:
        heading, key = self._heading, self._key.lower()
        for members, prefix in ((heading.branches, HEADS), (heading.tags, TAGS)):
            if value and any(key == member.lower() for member in members):
                name = full_name(value.decode("utf-8", "replace"), prefix)
                ref = RefUpdate(name=name, action=heading.action)
                self._said = self._said or (self._key in members and len(self._scopes) <= 1)
                if self._key == "branch" and "new_branch" in members:
                    self._base = ref
                else:
                    self._branched = self._branched or self._key == "new_branch"
                    self._change(ref)
        # Azure's refUpdates, whose keys may be in any case.
        if key == "name" and heading.branches and value.startswith(b"refs/"):
            self._said = self._said or (heading.updates and self._is_update())
            self._change(RefUpdate(name=value.decode("utf-8", "replace"), action=heading.action))
        elif key == "name" and heading.updates and self._is_update():
            self._change(DEFAULT_BRANCH)

    def _is_update(self) -> bool:
        """Whether the innermost object is one of `refUpdates`, or of an array that is the whole body."""
        outer = [scope.key.lower() if scope.array else None for scope in self._scopes[:-1]]
        return outer in ([None, "refupdates"], [""])

    def _force(self, key: str, value: bytes) -> None:
        if key == "force" and len(self._scopes) <= 1 and value.decode("utf-8", "replace").strip().lower() not in FALSE:
            self._forced = True

    def _change(self, ref: RefUpdate) -> None:
        if ref in self._refs:
            return
        if len(self._refs) < _MAX_REFS:
            self._refs.add(ref)
        self._facts.append(ref)

    # -- files -------------------------------------------------------------------------------------------------------

    def _begun(self, piece: bytes, more: bool) -> Member | None:
        """What reads a text from now on; None while it is short, or if it ended short."""
        key = self._key.lower()
        named = key in self._contents
        if not named:
            self._held.append(piece)
            self._held_size += len(piece)
            if self._held_size <= (MAX_SHORT if self._wanted(key) else LONG):
                if not more:
                    whole, self._held, self._held_size = b"".join(self._held), [], 0
                    self._short(whole)
                return None
            self._loses = self._loses or key == "query"
            piece, self._held, self._held_size = b"".join(self._held), [], 0
        encoding = self._scopes[-1].encoding if self._scopes else None
        certain = named and (self._heading.base64 or encoding in BASE64)
        member = Member(
            named=named, certain=certain, scanner=self._scanner, plain=self.plain, likely=self._likely_path()
        )
        member.path, self._own_path = self._own_path, None
        self._member = member
        self._facts += member.feed(piece)
        return member

    def _likely_path(self) -> str | None:
        """The path of the file that begins, as far as it is known before its object ends."""
        said = self._own_path or (self._scopes[-1].path if self._scopes else None)
        return said or (self._heading.path if len(self._scopes) < 2 else None)

    def _wanted(self, key: str) -> bool:
        heading = self._heading
        if heading.graphql and key == "query":
            return True
        return key in PATHS or key in ENCODINGS or self._key in heading.branches or self._key in heading.tags

    def _ended(self, member: Member) -> None:
        self._member = None
        self._facts += member.end()
        self.plain.feed(b"\n")
        if not member.may_be_file:
            return
        if not self._scopes:
            self._facts += member.settle(self._heading.path, None)
            return
        self._waiting.append((self._scopes[-1], member))
        if len(self._waiting) > MAX_WAITING:
            scope, oldest = self._waiting.popleft()
            at = self._scopes.index(scope)
            self._settle(scope, oldest, self._scopes[at - 1] if at else None)

    def _settle(self, scope: _Scope, member: Member, outer: _Scope | None) -> None:
        path = scope.path
        if path is None and outer is not None and outer.key in _NAMING:
            path = scope.key
        if path is None and outer is None:
            path = self._heading.path
        scope.told = scope.told or path is not None
        self._placed = self._placed or path == self._heading.path
        self._facts += member.settle(path, scope.encoding)
