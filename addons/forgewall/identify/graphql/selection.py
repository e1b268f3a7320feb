"""The mutations that a request carries out, in order: fields of mutation operations, wherever fragments hide them.

Aliases change nothing, and neither do `@include` and `@skip`: what may be carried out counts. What is *not* here: what
a mutation does (`mutations`, `deed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graphql.language import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from forgewall.identify.graphql.document import Parsed
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.graphql.values import ABSENT, Variables, plain

MAX_CALLS = 500
"""Mutations in one request that are looked at."""
MAX_STEPS = 20_000
"""Selections that are looked at on the way; it bounds what fragments within fragments can take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One mutation that is carried out. `input` is its only argument, which the forges call so; ABSENT without one."""

    name: str
    input: object


def calls(documents: Iterable[Parsed]) -> tuple[Call, ...]:
    """The mutations of all documents. Raises Unclear where they aren't certain, and for a subscription."""
    found: list[Call] = []
    walk = _Walk()
    for document in documents:
        for operation in document.chosen:
            if operation.operation is OperationType.QUERY:
                continue
            if operation.operation is not OperationType.MUTATION:
                raise Unclear("a subscription is not understood")
            for field in walk.fields(document, operation):
                if len(found) == MAX_CALLS:
                    raise Unclear(f"there are more than {MAX_CALLS} mutations in one request")
                found.append(_call(field, Variables(operation, document.variables)))
    return tuple(found)


class _Walk:
    def __init__(self) -> None:
        self._left = MAX_STEPS

    def fields(self, document: Parsed, operation: OperationDefinitionNode) -> Iterator[FieldNode]:
        """The fields of `operation` itself, not what is selected of their answers."""
        left: list[tuple[SelectionSetNode, frozenset[str]]] = [(operation.selection_set, frozenset())]
        while left:
            selected, within = left.pop()
            for one in selected.selections:
                self._left -= 1
                if self._left < 0:
                    raise Unclear("the document's fragments are too many to follow")
                match one:
                    case FieldNode():
                        if one.name.value != "__typename":
                            yield one
                    case InlineFragmentNode():
                        left.append((one.selection_set, within))
                    case FragmentSpreadNode():
                        name = one.name.value
                        fragment = document.fragments.get(name)
                        if fragment is None or name in within:
                            raise Unclear("the document uses a fragment that isn't there, or within itself")
                        left.append((fragment.selection_set, within | {name}))
                    case _:
                        raise Unclear("the document holds something unknown")


def _call(field: FieldNode, variables: Variables) -> Call:
    name = field.name.value
    given = field.arguments or ()
    if not given:
        return Call(name=name, input=ABSENT)
    if len(given) != 1 or given[0].name.value != "input":
        raise Unclear(f"{name[:60]} has other arguments than `input`")
    return Call(name=name, input=plain(given[0].value, variables))
