"""GraphQL endpoints: a document that holds nothing but queries is a read, all else is unidentified.

What is *not* here: which repositories a query or a mutation is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from graphql import GraphQLError, parse
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode, OperationType

from forgewall.identify.body import json_objects, unread
from forgewall.identify.directory import Directory
from forgewall.identify.kinds import FORGES
from forgewall.identify.paths import Path, widest
from forgewall.identify.query import parameters, values
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import plain_read, unidentified
from forgewall.model import Request, Target

MAX_TOKENS = 10_000
"""Tokens of all documents in one request; more aren't read. It bounds the time that a document can take."""

# Parameters in the URL of a POST that name a query or format its answer; any other may carry a document.
_LABELS = frozenset({"q", "operation", "operationName", "remove_deprecated"})
# Parsers end comments and texts in different places (graphql-ruby's comments don't end at a bare CR, GitLab mends line
# breaks between quotes). Where this may matter, a document that holds the word anywhere may be a mutation to one.
_MUTATION = re.compile(r"(?<![A-Za-z_])mutation(?![A-Za-z0-9_])")
_DISPUTED = re.compile(r'\r|\\|"""')
_KEYS = frozenset({"query", "variables", "operationName", "extensions"})


def identify(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target | None:
    """The target of a GraphQL request; None if the path is no GraphQL endpoint."""
    if path.odd or (forge_host.role, path.segments) not in FORGES[forge_host.kind].graphql:
        return None
    if request.method in ("GET", "HEAD"):
        return _get(forge_host, path)
    if request.method != "POST":
        return None
    if any(name not in _LABELS for name, _ in parameters(path.query)):
        return unidentified(forge_host, "GraphQL: a document may stand in the URL of a POST")
    if unread(request):
        return unidentified(forge_host, "GraphQL: the document was not read yet", wants_body=True)
    rows = json_objects(request)
    if rows is None:
        return unidentified(forge_host, "GraphQL: the body is not one plain JSON document of queries")
    documents = []
    for row in rows:
        document = row.get("query")
        # A stored query is chosen by a hash in `extensions` or another key, whatever `query` says.
        if not isinstance(document, str) or not _KEYS.issuperset(row) or row.get("extensions"):
            return unidentified(forge_host, "GraphQL: the document stands elsewhere than in `query`")
        documents.append(document)
    return _judged(forge_host, documents)


def _get(forge_host: ForgeHost, path: Path) -> Target:
    names = {name for name, _ in parameters(path.query)}
    documents = values(path.query, "query")
    if documents:
        if "query" not in names:
            return unidentified(forge_host, "GraphQL: the document stands in an oddly named parameter")
        return _judged(forge_host, documents)
    if "mutation" in widest(path.query or ""):
        return unidentified(forge_host, "GraphQL: the URL speaks of a mutation")
    return plain_read(forge_host, "GraphQL: GET without a document")


def _judged(forge_host: ForgeHost, documents: Iterable[str]) -> Target:
    if only_queries(documents):
        return plain_read(forge_host, "GraphQL: the document holds queries only")
    return unidentified(forge_host, "GraphQL: the document is not understood as queries only")


def only_queries(documents: Iterable[str]) -> bool:
    """Whether every document parses (GraphQL October 2021, section 2) and defines only queries and fragments."""
    left = MAX_TOKENS
    for document in documents:
        left -= 1
        if left <= 0 or _may_mutate(document):
            return False
        try:
            tree = parse(document, no_location=True, max_tokens=left)
        except (GraphQLError, RecursionError):
            return False
        left -= tree.token_count
        queries = 0
        for definition in tree.definitions:
            if isinstance(definition, OperationDefinitionNode) and definition.operation is OperationType.QUERY:
                queries += 1
            elif not isinstance(definition, FragmentDefinitionNode):
                return False
        if not queries:
            return False
    return True


def _may_mutate(document: str) -> bool:
    disputed = _DISPUTED.search(document) is not None or ("#" in document and '"' in document)
    return disputed and _MUTATION.search(document) is not None
