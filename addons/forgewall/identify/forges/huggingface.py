"""Hugging Face: whose model, dataset, space, bucket or kernel a request is about.

Routes are data (`data/huggingface-*.routes`). What is *not* here: what bodies add to them (`huggingface_bodies`), git
and LFS, and the uploads that a token opens (`learn.huggingface`).
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.forges.huggingface_bodies import BY_ROLE, may_write
from forgewall.identify.forges.huggingface_call import Call
from forgewall.identify.forges.huggingface_place import BARE, TYPES, Place, is_account, place
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, found, pair
from forgewall.identify.routes import Match
from forgewall.identify.tables import listed
from forgewall.identify.targets import named, plain_read, unidentified
from forgewall.model import Effect, Kind, Operation, Request, Target

_PREFIXES = frozenset(TYPES.values()) - {""}
_OWNED = frozenset({"jobs", "scheduled-jobs", "collections", "organizations", "users", "endpoint", "provider"})
_ACCOUNT_PAGES = frozenset({"collections", "posts", "blog", "organizations"})
# What follows the name of a repository in the path of a page.
_VIEWS = frozenset(
    {
        "tree",
        "blob",
        "raw",
        "resolve",
        "blame",
        "commit",
        "commits",
        "edit",
        "discussions",
        "settings",
        "upload",
        "viewer",
    }
)
_CAS = "xet storage takes uploads only with a token that this client was given through this proxy; upload again"


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind huggingface."""
    target = _read_as_it_stands(request, forge_host, path)
    if target.effect is Effect.READ and request.method in plain.READS and _opens_write(path):
        return unidentified(forge_host, f"this {request.method} may open a write")
    return target


def _opens_write(path: Path) -> bool:
    """Whether a server that ignores case, or decodes slashes before it routes, may see a request for a write token."""
    words = path.lenient
    if words[:1] != ("api",):
        return False
    return "xet-write-token" in words or ("jwt" in words and may_write(path))


def _read_as_it_stands(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    if forge_host.role is Role.API:
        return _listed(request, forge_host, path, "huggingface-endpoints")
    if forge_host.role is Role.UPLOADS:
        return _storage(request, forge_host, path)
    if forge_host.role is not Role.WEB:
        return plain.identify(request, forge_host, path)
    match path.segments:
        case ("api", kind, _, *_) if kind in TYPES:
            return _repository_call(request, forge_host, path)
        case ("api", "resolve-cache", kind, owner, name, *_) if kind in TYPES and request.method in plain.READS:
            return _read(request, forge_host, place(TYPES[kind], (owner, name)))
        case ("api", *_):
            return _listed(request, forge_host, path.from_segment(1), "huggingface-api", "/api")
        case _:
            return _web(request, forge_host, path)


def _repository_call(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    kind = path.segments[1]
    prefix = TYPES[kind]
    calls: list[Call] = []
    for count in (2, 1) if prefix in BARE else (2,):
        names = path.segments[2 : 2 + count]
        where = place(prefix, names) if len(names) == count else None
        rest = path.from_segment(2 + count)
        found_row = listed("huggingface-repo", request.method, rest)
        # Only buckets are created by their path.
        wrong = found_row is not None and found_row.route.role == "bucket" and prefix != "buckets"
        if where is not None and found_row is not None and not wrong:
            evidence = f"/api/{kind}/{{owner}}/{{name}}" if count == 2 else f"/api/{kind}/{{name}}"
            calls.append(
                Call(
                    request=request,
                    forge_host=forge_host,
                    path=rest,
                    match=found_row,
                    prefix=evidence,
                    place=where,
                )
            )
    if len(calls) == 2:
        if any(call.operation is not Operation.FETCH for call in calls):
            return unidentified(forge_host, "the path may name a repository with an owner, or one without")
        # An owner's repository may be called `tree`; asked for alone it is rather what a bare name's word says.
        calls = calls[1:] if not calls[0].match.route.pattern else calls[:1]
    if not calls:
        lists = prefix == "buckets" and len(path.segments) == 3
        return _unlisted(request, forge_host, path.segments[2] if lists else None)
    return _answer(calls[0])


def _listed(request: Request, forge_host: ForgeHost, path: Path, table: str, prefix: str = "") -> Target:
    """The target of a path that names an account, or nothing but itself."""
    found_row = listed(table, request.method, path)
    if found_row is None:
        names = path.segments[1:] if table == "huggingface-endpoints" else path.segments
        owned = len(names) > 1 and names[0] in _OWNED
        return _unlisted(request, forge_host, names[1] if owned else None)
    owner = found_row.captures.get("owner")
    if owner is not None and not is_account(owner):
        return _unlisted(request, forge_host)
    call = Call(request=request, forge_host=forge_host, path=path, match=found_row, prefix=prefix, owner=owner)
    return _answer(call)


def _web(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    segments = path.segments
    prefix = segments[0] if segments and segments[0] in _PREFIXES else ""
    below = path.from_segment(1) if prefix else path
    if request.method in plain.READS:
        return _read(request, forge_host, _seen(prefix, below.segments), _account(segments))
    found_row = listed("huggingface-web", request.method, below)
    if found_row is None:
        return _unlisted(request, forge_host)
    where = None
    if "repo" in found_row.captures:
        where = place(prefix, below.segments[:2])
        if where is None:
            return _unlisted(request, forge_host)
    elif prefix:
        return _unlisted(request, forge_host)
    call = Call(request=request, forge_host=forge_host, path=below, match=found_row, place=where)
    return _answer(call)


def _seen(prefix: str, names: tuple[str, ...]) -> Place | None:
    """The repository whose page is looked at."""
    if prefix in BARE and len(names) > 2 and names[1] in _VIEWS and names[2] not in _VIEWS:
        return place(prefix, names[:1])
    if len(names) < 2:
        return place(prefix, names) if prefix == "datasets" else None
    return place(prefix, names[:2])


def _account(segments: tuple[str, ...]) -> str | None:
    """The account whose page is looked at."""
    match segments:
        case (page, owner, *_) if page in _ACCOUNT_PAGES and is_account(owner):
            return owner
        case (owner,) if is_account(owner):
            return owner
        case _:
            return None


def _answer(call: Call) -> Target:
    handler = BY_ROLE.get(call.match.route.role or "")
    effect = call.operation.effect
    if call.place is not None:
        if call.place.owner is None and effect is Effect.WRITE:
            return call.doubtful(f"`{call.place.name}` doesn't say whose it is; write OWNER/{call.place.name}")
        return handler(call) if handler else call.on(call.place, call.operation)
    if handler is not None:
        return handler(call)
    if call.match.route.role == "page":
        page = f"{call.forge_host.forge}/{_page(call.match)}"
        return named(call.forge_host, call.owner, None, call.operation, call.evidence, address=page)
    if call.owner is not None:
        return call.of_owner(call.owner, call.operation)
    address = None if effect is Effect.READ else call.forge_host.forge
    return named(call.forge_host, None, None, call.operation, call.evidence, address=address)


def _page(found_row: Match) -> str:
    """The path of the page that a row is about: its first word and the names right after it."""
    names = [found_row.segments[0]]
    for part, segment in zip(found_row.route.pattern[1:], found_row.segments[1:], strict=True):
        if not part.startswith("{"):
            break
        names.append(segment)
    return "/".join(names)


def _storage(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The storage behind the Hub (xet): what it is told, only the token says."""
    if request.method == "POST" and path.segments == ("v1", "telemetry"):
        evidence = "how long an upload took"
        return named(forge_host, None, None, Operation.TELEMETRY, evidence, address=forge_host.forge)
    if request.method not in plain.READS:
        return unidentified(forge_host, _CAS)
    return plain.identify(request, forge_host, path)


def _unlisted(request: Request, forge_host: ForgeHost, owner: str | None = None) -> Target:
    if request.method in plain.READS:
        return _read(request, forge_host, None, owner)
    if request.method == "POST" and request.path.partition("?")[0] == "/uploads":
        return unidentified(forge_host, "an attachment is uploaded for no repository in particular")
    return unidentified(forge_host, f"this kind of {request.method} request is not understood")


def _read(request: Request, forge_host: ForgeHost, where: Place | None, owner: str | None = None) -> Target:
    evidence = f"{request.method} without a body"
    if where is None:
        return plain_read(forge_host, evidence, owner=owner if owner and is_account(owner) else None)
    return plain_read(forge_host, evidence, owner=where.owner, repository=where.name, address=where.address(forge_host))


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`owner/name` of a model, `datasets/owner/name`, `spaces/owner/name`."""
    prefix = names[0] if names[0] in _PREFIXES and len(names) == 3 else ""
    plain_names = pair(forge_host, names[1:] if prefix else names)
    if plain_names is None or plain_names.owner is None or plain_names.name is None:
        return None
    where = place(prefix, (plain_names.owner, plain_names.name))
    return None if where is None else found(forge_host, where.owner, where.name, where.address(forge_host))


FORGE = Forge(kind=Kind.HUGGINGFACE, read=read, repository_of=repository_of)
