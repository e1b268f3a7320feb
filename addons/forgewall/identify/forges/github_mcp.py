"""GitHub's remote MCP server (`api.githubcopilot.com/mcp/…`): which tool a JSON-RPC call names, and whose repository.

Model Context Protocol over Streamable HTTP: each POST holds one JSON-RPC 2.0 message, or a batch in older versions. The
server is written in Go, whose decoder doesn't tell upper from lower case in the messages' own keys, and keeps to it in
the tools' arguments. What is *not* here: the tools (`data/github-mcp.routes`), other services of Copilot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from forgewall.identify import plain
from forgewall.identify.body import json_objects, unread
from forgewall.identify.directory import Directory, IdKind
from forgewall.identify.fields import given, plain_name, text
from forgewall.identify.forges.github_call import known_as, seen_by, unknown
from forgewall.identify.paths import is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.tables import table
from forgewall.identify.targets import named, other, plain_read, unidentified
from forgewall.model import Also, Effect, Operation, Request, Target

_KEYS = frozenset({"jsonrpc", "id", "method", "params"})
_CALL_KEYS = frozenset({"name", "arguments", "_meta", "task"})
# What a client asks without doing anything; all notifications besides.
_READS = frozenset(
    {
        "initialize",
        "ping",
        "tools/list",
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/read",
        "resources/templates/list",
        "resources/subscribe",
        "resources/unsubscribe",
        "completion/complete",
        "logging/setLevel",
        "server/discover",
    }
)
_NOTES = "notifications/"
_ORDER = {Effect.WRITE: 0, Effect.READ: 2}  # what decides stands first


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tool:
    """One call of a listed tool."""

    forge_host: ForgeHost
    directory: Directory
    name: str
    operation: Operation
    arguments: Mapping[str, object]

    @property
    def evidence(self) -> str:
        """What is called."""
        return f"MCP: {self.name}"

    def at(self, owner: str | None, repository: str | None, *also: Also, address: str | None = None) -> Target:
        """The target of the tool at this place."""
        return named(self.forge_host, owner, repository, self.operation, self.evidence, also=also, address=address)

    def doubtful(self, evidence: str) -> Target:
        """The target of a call whose repository isn't certain."""
        return unidentified(self.forge_host, f"{self.evidence}: {evidence}")


def identify_mcp(request: Request, forge_host: ForgeHost, directory: Directory) -> Target:
    """The target of a request to the MCP endpoint."""
    if request.method in plain.READS:
        return plain_read(forge_host, "MCP: the server's messages")
    if request.method == "DELETE":
        return named(forge_host, None, None, Operation.AUTH, "MCP: the session ends", address=forge_host.forge)
    if request.method != "POST":
        return unidentified(forge_host, f"MCP: {request.method} is not understood")
    if unread(request):
        return unidentified(forge_host, "MCP: the message was not read yet", wants_body=True)
    messages = json_objects(request)
    if messages is None:
        return unidentified(forge_host, "MCP: the body is not JSON-RPC that all readers understand alike")
    return _together([_message(message, forge_host, directory) for message in messages])


def _message(message: Mapping[str, object], forge_host: ForgeHost, directory: Directory) -> Target:
    method = message.get("method")
    if not _KEYS.issuperset(message) or not isinstance(method, str):
        empty = message.get("result") == {} and set(message) == {"jsonrpc", "id", "result"}
        if empty:  # the answer to a ping of the server
            return plain_read(forge_host, "MCP: an empty answer")
        return unidentified(forge_host, "MCP: the message is neither a known request nor an empty answer")
    if method in _READS or method.startswith(_NOTES):
        return plain_read(forge_host, f"MCP: {method[:60]}")
    params = message.get("params")
    if method != "tools/call" or not isinstance(params, dict) or not _plain(params, _CALL_KEYS):
        return unidentified(forge_host, f"MCP: {method[:60]} is not understood")
    name, arguments = params.get("name"), params.get("arguments")
    arguments = {} if arguments is None else arguments
    if not isinstance(name, str) or not isinstance(arguments, dict) or not _plain(arguments, None):
        return unidentified(forge_host, "MCP: the call can be read in two ways")
    match = table("github-mcp").match("POST", (name,))
    if match is None:
        return unidentified(forge_host, f"MCP: the tool {name[:60]!r} is not known")
    tool = _Tool(forge_host=forge_host, directory=directory, name=name, operation=match.operation, arguments=arguments)
    return _BY_ROLE[match.route.role or ""](tool)


def _plain(found: Mapping[str, object], keys: frozenset[str] | None) -> bool:
    """Whether no two keys are one to a reader that ignores case, and each is one of `keys` as it stands."""
    return len({key.casefold() for key in found}) == len(found) and (keys is None or keys.issuperset(found))


def _together(targets: list[Target]) -> Target:
    """One target for all messages of a batch: the first that isn't read, the others beside it."""
    writes = [target for target in targets if target.effect is Effect.WRITE]
    doubtful = [target for target in writes if not target.identified]
    if doubtful or len(targets) == 1:
        return (doubtful or targets)[0]
    order = sorted(targets, key=lambda target: _ORDER.get(target.effect, 1))
    first = order[0]
    return replace(first, also=(*first.also, *(one for target in order[1:] for one in _beside(target, first))))


def _beside(target: Target, first: Target) -> Iterator[Also]:
    if target.address is not None and (target.key, target.operation) != (first.key, first.operation):
        read = target.effect is Effect.READ
        yield Also(
            address=target.address,
            owner=target.owner,
            repository=target.repository,
            role="source" if read else "second",
            operation=None if read else target.operation,
            visibility=target.visibility,
        )
    for one in target.also:
        yield one if one.role in ("source", "parent") else replace(one, operation=one.operation or target.operation)


def _repository(tool: _Tool) -> tuple[str, str] | None:
    owner, repository = plain_name(tool.arguments, "owner"), plain_name(tool.arguments, "repo")
    certain = owner is not None and repository is not None and not repository.lower().endswith(".git")
    return (owner, repository) if certain and owner and repository else None


def _in_repository(tool: _Tool) -> Target:
    found = _repository(tool)
    if found is not None:
        return tool.at(*found)
    if tool.operation.effect is Effect.READ:
        owner = plain_name(tool.arguments, "owner")
        return tool.at(owner, None)
    return tool.doubtful("`owner` and `repo` name no certain repository")


def _of_owner(tool: _Tool) -> Target:
    owner = plain_name(tool.arguments, "owner")
    return tool.doubtful("`owner` names nobody certainly") if owner is None else tool.at(owner, None)


def _of_organisation(tool: _Tool) -> Target:
    owner = plain_name(tool.arguments, "org")
    return tool.doubtful("`org` names nobody certainly") if owner is None else tool.at(owner, None)


def _of_nothing(tool: _Tool) -> Target:
    address = None if tool.operation.effect is Effect.READ else tool.forge_host.forge
    return tool.at(None, None, address=address)


def _of_account(tool: _Tool) -> Target:
    gists = replace(tool, forge_host=tool.forge_host.gists) if tool.operation is Operation.SNIPPET else tool
    return gists.at(None, None)


def _gist(tool: _Tool) -> Target:
    number = text(tool.arguments, "gist_id") or ""
    found = known_as(tool.forge_host, tool.directory, IdKind.GIST, number.lower())
    if found is None:
        return tool.doubtful(unknown(tool.forge_host, f"gist {number}", f"/gists/{number[:80]}"))
    return replace(tool, forge_host=tool.forge_host.gists).at(found.owner, None)


def _create(tool: _Tool) -> Target:
    name = plain_name(tool.arguments, "name")
    owner = plain_name(tool.arguments, "organization")
    target = tool.at(owner, name) if name else tool.doubtful("`name` is no certain name")
    return seen_by(target, {"private": tool.arguments.get("private")})


def _fork(tool: _Tool) -> Target:
    found = _repository(tool)
    if found is None:
        return tool.doubtful("`owner` and `repo` name no certain repository")
    parent = other(tool.forge_host, *found, "parent")
    return tool.at(plain_name(tool.arguments, "organization"), found[1], parent)


def _head(tool: _Tool) -> Target:
    found = _repository(tool)
    if found is None:
        return tool.doubtful("`owner` and `repo` name no certain repository")
    head, colon, _ = (text(tool.arguments, "head") or "").partition(":")
    if not colon or head.lower() == found[0].lower():
        return tool.at(*found)
    if not is_name(head):
        return tool.doubtful("`head` doesn't tell certainly where the changes come from")
    return tool.at(*found, other(tool.forge_host, head, found[1], "source"))


def _linked(tool: _Tool) -> Target:
    found = _repository(tool)
    if found is None:
        return tool.doubtful("`owner` and `repo` name no certain repository")
    if not given(tool.arguments, "related_owner") and not given(tool.arguments, "related_repo"):
        return tool.at(*found)
    owner = plain_name(tool.arguments, "related_owner") or found[0]
    repository = plain_name(tool.arguments, "related_repo") or found[1]
    for name in ("related_owner", "related_repo"):
        if given(tool.arguments, name) and plain_name(tool.arguments, name) is None:
            return tool.doubtful(f"`{name}` is no certain name")
    return tool.at(*found, replace(other(tool.forge_host, owner, repository, "second"), operation=tool.operation))


def _project(tool: _Tool) -> Target:
    owner = plain_name(tool.arguments, "owner")
    if owner is None:
        return tool.doubtful("`owner` names nobody certainly")
    items = tool.arguments.get("items")
    places = [tool.arguments, *(items if isinstance(items, list) else [])]
    also: list[Also] = []
    for place in places:
        if not isinstance(place, dict) or not _plain(place, None):
            return tool.doubtful("an item can be read in two ways")
        if not given(place, "item_owner") and not given(place, "item_repo"):
            continue
        item_owner, item_repo = plain_name(place, "item_owner"), plain_name(place, "item_repo")
        if item_owner is None or item_repo is None:
            return tool.doubtful("an item's repository isn't certain")
        also.append(other(tool.forge_host, item_owner, item_repo, "source"))
    return tool.at(owner, None, *dict.fromkeys(also))


def _thread(tool: _Tool) -> Target:
    ids = [name for name in ("threadID", "threadId", "commentNodeID") if given(tool.arguments, name)]
    if not ids:
        return _in_repository(tool)
    places: set[tuple[str, str]] = set()
    for name in ids:
        found = known_as(tool.forge_host, tool.directory, IdKind.NODE, text(tool.arguments, name) or "")
        if found is None or found.owner is None or found.repository is None:
            return tool.doubtful("nobody has said yet which repository the id of the thread or comment belongs to")
        places.add((found.owner.lower(), found.repository.lower()))
    said = _repository(tool)
    if given(tool.arguments, "owner") or given(tool.arguments, "repo"):
        places.add((said[0].lower(), said[1].lower()) if said else ("", ""))
    if len(places) != 1 or ("", "") in places:
        return tool.doubtful("the ids and names belong to different repositories")
    return tool.at(*said) if said else tool.at(*places.pop())


_BY_ROLE: Mapping[str, Callable[[_Tool], Target]] = {
    "": _in_repository,
    "owner": _of_owner,
    "org": _of_organisation,
    "nothing": _of_nothing,
    "account": _of_account,
    "gist": _gist,
    "create": _create,
    "fork": _fork,
    "head": _head,
    "linked": _linked,
    "project": _project,
    "thread": _thread,
}
