"""GraphQL endpoints: the target of a request to one.

What is *not* here: how documents are found and parsed (`request`, `document`), what mutations do (`deed`, `outcome`).
"""

from __future__ import annotations

from collections.abc import Iterable

from forgewall.identify.body import unread
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.graphql.deed import Reader
from forgewall.identify.graphql.document import Parsed, parse_documents, reads_only
from forgewall.identify.graphql.mutations import table
from forgewall.identify.graphql.outcome import together
from forgewall.identify.graphql.request import asked, posts_plainly
from forgewall.identify.graphql.selection import calls
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.paths import Path, widest
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import plain_read, unidentified
from forgewall.model import Request, Target


def identify(request: Request, forge_host: ForgeHost, path: Path, directory: Directory, forge: Forge) -> Target | None:
    """The target of a GraphQL request; None if the path is no GraphQL endpoint. Never raises, whatever the bytes.

    `forge` is the host's kind.
    """
    if path.odd or (forge_host.role, path.segments) not in forge.graphql:
        return None
    if request.method not in ("GET", "HEAD", "POST"):
        return None
    if request.method == "POST" and posts_plainly(path) and unread(request):
        return unidentified(forge_host, "GraphQL: the document was not read yet", wants_body=True)
    try:
        documents = asked(request, path)
        if not documents:
            return _without_document(forge_host, path)
        parsed = parse_documents(documents)
        if reads_only(parsed):
            return plain_read(forge_host, "GraphQL: the document holds queries only")
        return _written(parsed, forge_host, directory, forge.mutations)
    except Unclear as doubt:
        return unidentified(forge_host, f"GraphQL: {doubt}")


def _without_document(forge_host: ForgeHost, path: Path) -> Target:
    if "mutation" in widest(path.query or ""):
        return unidentified(forge_host, "GraphQL: the URL speaks of a mutation")
    return plain_read(forge_host, "GraphQL: GET without a document")


def _written(parsed: Iterable[Parsed], forge_host: ForgeHost, directory: Directory, mutations: str | None) -> Target:
    if mutations is None:
        raise Unclear("the mutations of this forge are not understood")
    reader = Reader(table(mutations), forge_host, directory)
    found = [reader.deed(call) for call in calls(parsed)]
    if not found:
        raise Unclear("the document carries out nothing that is understood")
    return together(found, forge_host)
