"""What the arguments of a GraphQL field say, with variables put in (GraphQL October 2021, section 6.4.1).

Nothing is coerced to a type here, since no schema is known: texts, numbers and names of enums stay what they are, and
what isn't given is `ABSENT`. What is *not* here: what an argument means (`inputs`, `locators`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graphql.language import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from forgewall.identify.graphql.unclear import Unclear

MAX_DEPTH = 30
"""Lists and objects within each other that are read; no forge's inputs go deeper than six."""


class _Absent:
    """What a variable without a value is."""


ABSENT: Final = _Absent()


class Variables:
    """The variables of one operation: what the request sends for them, and what it declares for those it doesn't."""

    __slots__ = ("_defaults", "_sent")

    def __init__(self, operation: OperationDefinitionNode, sent: Mapping[str, object]) -> None:
        """Raises Unclear if a variable is declared twice."""
        self._sent = sent
        self._defaults: dict[str, ValueNode | None] = {}
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            if name in self._defaults:
                raise Unclear("the document declares a variable twice")
            self._defaults[name] = definition.default_value

    def value(self, name: str) -> object:
        """The value of a variable. Raises Unclear for one that isn't declared, and where servers may differ."""
        if name not in self._defaults:
            raise Unclear("the document uses a variable that it doesn't declare")
        default = self._defaults[name]
        sent = self._sent.get(name, ABSENT)
        if sent is None and default is not None:
            raise Unclear("a variable is null and has a default")
        if sent is not ABSENT:
            return sent
        return ABSENT if default is None else plain(default, self)


def plain(node: ValueNode, variables: Variables, depth: int = MAX_DEPTH) -> object:
    """The value of `node` as JSON would write it. Raises Unclear where it has none, or is nested too deep."""
    if depth == 0:
        raise Unclear("the arguments are nested too deep")
    match node:
        case VariableNode():
            return variables.value(node.name.value)
        case StringValueNode() | EnumValueNode():
            return node.value
        case BooleanValueNode():
            return node.value
        case IntValueNode():
            return _integer(node.value)
        case FloatValueNode():
            return float(node.value)
        case NullValueNode():
            return None
        case ListValueNode():
            return [plain(one, variables, depth - 1) for one in node.values]
        case ObjectValueNode():
            return _fields(node, variables, depth - 1)
        case _:
            raise Unclear("the arguments hold something unknown")


def _fields(node: ObjectValueNode, variables: Variables, depth: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in node.fields:
        name = field.name.value
        if name in found:
            raise Unclear(f"the field {name[:40]} stands twice")
        found[name] = plain(field.value, variables, depth)
    return found


def _integer(text: str) -> int:
    if len(text) > 30:
        raise Unclear("the arguments hold a number that no server can read")
    return int(text)
