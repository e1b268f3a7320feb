"""What a write says of files in its query, as the fields of a form would: GitLab takes parameters from there, too.

Other parameters are left alone: some are what a client signs in with. Branches in a query are `heading`'s business.
"""

from __future__ import annotations

from dataclasses import replace

from forgewall.evidence import Fact, ForcedUpdate
from forgewall.identify.paths import parse
from forgewall.identify.query import last_name, parameters
from forgewall.inspect.document import CONTENTS, ENCODINGS, FATES, PATHS, Document
from forgewall.inspect.fields import Fields
from forgewall.inspect.heading import Heading
from forgewall.inspect.secrets import Scanner
from forgewall.model import Operation, Request

_READ = CONTENTS | (PATHS.keys() - {"name"}) | ENCODINGS | FATES


def told_by_query(request: Request, operation: Operation, heading: Heading, scanner: Scanner | None) -> list[Fact]:
    """The facts of the query of `request`; most have none. `scanner` None: no search for secrets."""
    found = [(name, value) for name, value in parameters(parse(request.path).query) if last_name(name) in _READ]
    if not found:
        return []
    document = Document(replace(heading, refs=(), default=False, forced=False), operation, scanner)
    fields = Fields(document, paths=False)
    for name, value in found:
        fields.begin(name)
        document.text(value.encode("utf-8", "replace"), False)
    fields.end()
    return document.finish()


def told_without_body(request: Request, operation: Operation, heading: Heading, scanner: Scanner | None) -> list[Fact]:
    """What a write without a body says, but for the refs that it names."""
    forced = [ForcedUpdate(name=ref.name) for ref in heading.refs] if heading.forced else []
    return [*told_by_query(request, operation, heading, scanner), *forced]
