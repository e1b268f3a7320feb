"""The order in which a request is understood: host, method, path; then LFS, git, GraphQL, and the forge's own tables.

Whatever none of them is sure of is a plain read if the method can't write and the path has one reading, else
`unidentified`.
"""

from __future__ import annotations

from dataclasses import replace

from forgewall.identify import git, graphql, lfs, paths, plain
from forgewall.identify.announced import Announcement, announced_target, doubted_target
from forgewall.identify.announced_blob import is_blob_host
from forgewall.identify.announced_form import may_be_form
from forgewall.identify.announced_places import covers
from forgewall.identify.body import unread
from forgewall.identify.directory import EMPTY, Directory
from forgewall.identify.kinds import FORGES
from forgewall.identify.paths import Path
from forgewall.identify.query import base_name, parameters
from forgewall.identify.registry import ForgeHost, Registry, Role
from forgewall.identify.targets import fold, plain_read, unidentified
from forgewall.model import MAKES, Also, Effect, Kind, Operation, Request, Target

MAX_QUERY = 8 * 1024
"""Characters of a query string, and of a path, that a read may have; more could carry data out."""

UNANNOUNCED = "no answer of the forge announced this address of its store to this client; begin the upload again"
"""Evidence for an upload to a forge's object store that nothing explains."""

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
_REWRITES = frozenset({"x-original-url", "x-rewrite-url"})
_UPLOADS = frozenset({"PUT", "PATCH"})  # a POST to a store is a form of the forge's own pages
_STORES = frozenset({Role.STORE, Role.LFS})
# Hosts where paths name nothing that an address could hold, whatever the kind.
_BARE_ROLES = frozenset({Role.STORE, Role.SOCKET, Role.PAGES, Role.TELEMETRY, Role.LFS})


def identify(
    request: Request, registry: Registry, announced: Announcement | None = None, directory: Directory = EMPTY
) -> Target | None:
    """What `request` is about; None if its host is no forge. Never raises, whatever the bytes.

    With an unread body the target is the stricter reading, and `wants_body` tells if the body may decide otherwise.
    `announced` is what an LFS batch answer told this client about the URL. It decides on hosts that are no forge, and
    about requests to the forge that announced it which it alone explains; never about another forge's hosts.
    `directory` knows whom ids name, and more that the forges have said about repositories.
    """
    forge_host = registry.lookup(request.host)
    if announced is not None and not covers(announced, request):
        announced = None
    if forge_host is None:
        return None if announced is None else _stored(request, announced)
    target = _understood(request, forge_host, announced, directory)
    if target.effect is Effect.READ:
        for what, text in zip(("path", "query"), request.path.partition("?")[::2], strict=True):
            if len(text) > MAX_QUERY:
                doubt = f"the {what} has more than the {MAX_QUERY} characters that a read may need"
                target = unidentified(forge_host, doubt)
    return directed(target, forge_host, directory)


def directed(target: Target, forge_host: ForgeHost, directory: Directory) -> Target:
    """`target` with what the forge has said about its repositories: who can see them, and whether they have moved.

    What a request makes or publishes can be seen by whom the request says, whatever was there before.
    """
    if directory is EMPTY:
        return target
    also = tuple(_directed_also(one, target, forge_host, directory) for one in target.also)
    if target.key is None:
        return replace(target, also=also)
    visibility = target.visibility
    if visibility is None and target.operation not in MAKES:
        visibility = directory.visibility(target.key)
    return replace(target, visibility=visibility, moved=directory.moved(target.key), also=also)


def _directed_also(also: Also, target: Target, forge_host: ForgeHost, directory: Directory) -> Also:
    if also.address is None:
        return also
    key, visibility = fold(forge_host.kind, also.address), also.visibility
    if visibility is None and (also.operation or target.operation) not in MAKES:
        visibility = directory.visibility(key)
    return replace(also, visibility=visibility, moved=directory.moved(key))


def _understood(
    request: Request, forge_host: ForgeHost, announced: Announcement | None, directory: Directory
) -> Target:
    if forge_host.role is Role.SSH:
        return unidentified(forge_host, f"{forge_host.host} speaks SSH, not HTTP")
    whole = paths.parse(request.path)
    doubt = _doubt(request, whole)
    if doubt:
        return unidentified(forge_host, doubt)
    forge = FORGES[forge_host.kind]
    path = paths.below(whole, forge_host.prefix)
    if path is None:
        return _outside(request, forge_host)
    if request.method == "OPTIONS":
        return plain_read(forge_host, "OPTIONS without a body")
    known = lfs.identify(request, forge_host, path, directory) or git.identify(request, forge_host, path, directory)
    if known is not None:
        return known
    if request.method not in plain.READS and request.method not in _WRITES:
        return unidentified(forge_host, f"the method {request.method[:20]!r} is not understood")
    if path.odd:
        return _odd(request, forge_host, path)
    known = graphql.identify(request, forge_host, path, directory, forge)
    if known is not None:
        return known
    if forge_host.role in _BARE_ROLES:
        target = plain.identify(request, forge_host, path)
    else:
        target = forge.read(request, forge_host, path, directory)
    if target.operation is not Operation.UNIDENTIFIED:
        return target
    if announced is not None and _explains(announced, forge_host, target):
        return announced_target(announced, request)
    if forge_host.role in _STORES and may_be_form(request) and unread(request):
        return replace(target, wants_body=True)  # the form names the object that was announced
    if forge_host.role in _STORES and request.method in _UPLOADS:
        return replace(target, evidence=UNANNOUNCED if is_blob_host(forge_host.host) else lfs.UNANNOUNCED)
    if forge_host.role is Role.STORE and may_be_form(request):
        return replace(target, evidence=UNANNOUNCED)
    return target


def _explains(announced: Announcement, forge_host: ForgeHost, target: Target) -> bool:
    """Whether an announcement may say what nothing else does.

    A forge speaks for its own hosts only. On those that aren't stores only where its paths aren't all known (Azure
    DevOps, Enterprise Server's `/storage/lfs`, …), and only of a path that names nobody.
    """
    if announced.asker.host != forge_host.forge:
        return False
    if forge_host.role in _STORES:
        return True
    complete = FORGES[forge_host.kind].complete and not (forge_host.kind is Kind.GITHUB and forge_host.instance)
    return not complete and target.owner is None and target.address is None


def _stored(request: Request, announced: Announcement) -> Target:
    """A request to a host that others use too, which an LFS batch announced."""
    doubt = _doubt(request, paths.parse(request.path))
    return doubted_target(announced, doubt) if doubt else announced_target(announced, request)


def _doubt(request: Request, path: Path) -> str:
    """Why method and path can't be believed; empty if they can."""
    method = request.method
    # CGI and Rack don't tell `-` from `_` in the name of a header.
    headers = [(name.replace("_", "-"), value) for name, value in request.headers]
    overrides = [value for name, value in headers if name in _OVERRIDES]
    overrides += [value for name, value in parameters(path.query) if base_name(name) == "_method"]
    if any(value.strip().upper() != method for value in overrides):
        return f"{method} is overridden by another method"
    if any(name in _REWRITES for name, _ in headers):
        return "a header names another path"
    if method in plain.READS and has_body(request):
        return f"{method} with a body"
    return ""


def has_body(request: Request) -> bool:
    """Whether the request signals a body (RFC 9112 section 6): a length that isn't 0, or any transfer coding."""
    if request.body or request.header("transfer-encoding") is not None:
        return True
    length = request.header("content-length")
    return length is not None and length.strip() != "0"


def _odd(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    if request.method not in plain.READS or plain.may_write(request.path):
        return unidentified(forge_host, path.odd)
    return plain_read(forge_host, f"{request.method} without a body")


def _outside(request: Request, forge_host: ForgeHost) -> Target:
    # A server may resolve dots before it routes, so an odd path may well lead into the forge.
    if request.method in plain.READS and not plain.may_write(request.path):
        return plain_read(forge_host, "outside the forge's URL prefix")
    return unidentified(forge_host, "outside the forge's URL prefix")
