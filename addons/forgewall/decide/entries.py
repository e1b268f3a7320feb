"""The lists of addresses in a policy, `approved:` and `forbidden:`, as typed entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from forgewall.decide.audience import Audience, Group, audience
from forgewall.decide.complaints import Complaints, nearest, quote
from forgewall.decide.document import Listing, Node, Scalar
from forgewall.decide.fields import Fields
from forgewall.decide.ids import ids_of, named
from forgewall.decide.policy import Approval, Prohibition, Terms
from forgewall.decide.script import latin, letters
from forgewall.decide.scrutiny import ENTRY_KEYS, entry_scrutiny
from forgewall.decide.settings import BLOCK_OR_LOG, check_term
from forgewall.identify.address import address_key, parse_address
from forgewall.identify.directory import Id, IdKind, Named
from forgewall.identify.registry import Registry
from forgewall.model import GROUPS, Effect, Mode, Operation, Visibility

type Pairs = Mapping[str, tuple[Scalar, Node]]

APPROVAL_KEYS = (
    *("repo", "address", "id", "allow", "who", "visibility", "max_upload", "over", *ENTRY_KEYS),
    *("mode", "confirmed", "expires", "owner", "reason"),
)
PROHIBITION_KEYS = ("repo", "address", "owner", "reason")

_GRANTABLE = {
    operation.value: frozenset({operation})
    for operation in Operation
    if operation.effect in {Effect.WRITE, Effect.READ} and operation is not Operation.UNIDENTIFIED
}
ALLOW_WORDS: Mapping[str, frozenset[Operation]] = {**GROUPS, **_GRANTABLE}
"""What may stand in `allow:`, and the operations it means."""
_PLAIN = Terms()
MAX_ADDRESS = 1000
"""Characters of an address; the deepest GitLab group path stays far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What entries refer to, and the lists in them that were read before: long policies repeat a few.

    `plain` are the terms of an entry that says nothing but its address. `ids` collects what entries say of ids, with
    the folded address and the line; `repeated` what stands in `forbidden` again, with the line of the first.
    """

    registry: Registry
    groups: Mapping[str, Group]
    fields: Fields
    plain: Terms = _PLAIN
    allowed: dict[tuple[str, ...], frozenset[Operation]] = field(default_factory=dict)
    audiences: dict[tuple[str, ...], Audience] = field(default_factory=dict)
    ids: dict[Id, tuple[Named, str, int]] = field(default_factory=dict)
    repeated: list[tuple[Prohibition, int]] = field(default_factory=list)

    @property
    def complaints(self) -> Complaints:
        return self.fields.complaints


def approvals(node: Node | None, context: Context) -> dict[str, tuple[Approval, ...]]:
    """The section `approved:`, by folded address; several entries with one address are alternatives."""
    found: dict[str, tuple[Approval, ...]] = {}
    several: dict[str, list[Approval]] = {}
    for item in _items(node, "`approved`", context):
        entry = _plain(item, context) if isinstance(item, Scalar) else _detailed(item, context)
        if entry is None:
            continue
        if entry.key in found:
            several.setdefault(entry.key, [*found[entry.key]]).append(entry)
        else:
            found[entry.key] = (entry,)
    return found | {key: tuple(alternatives) for key, alternatives in several.items()}


def prohibitions(node: Node | None, context: Context) -> dict[str, Prohibition]:
    """The section `forbidden:`, by folded address; of several entries with one address the first is kept."""
    found: dict[str, Prohibition] = {}
    fields = context.fields
    for item in _items(node, "`forbidden`", context):
        pairs: Pairs = {}
        place: Node | None = item
        if not isinstance(item, Scalar):
            pairs = fields.mapping(
                item, "an entry of `forbidden`, which holds for everybody and always", PROHIBITION_KEYS
            )
            place = _address_node(item, pairs, "forbidden", context)
        if place is not None and (known := _address(place, context)) is not None:
            address, key = known
            entry = Prohibition(
                address=address,
                key=key,
                line=place.line,
                owner=_text(pairs, "owner", fields),
                reason=_text(pairs, "reason", fields),
            )
            if (first := found.setdefault(key, entry)) is not entry:
                context.repeated.append((entry, first.line))
    return found


def _items(node: Node | None, name: str, context: Context) -> list[Node]:
    return [] if node is None else context.fields.listing(node, name)


def _plain(scalar: Scalar, context: Context) -> Approval | None:
    known = _address(scalar, context)
    if known is None:
        return None
    return Approval(address=known[0], key=known[1], line=scalar.line, terms=context.plain)


def _detailed(item: Node, context: Context) -> Approval | None:
    pairs = context.fields.mapping(item, "an entry of `approved`", APPROVAL_KEYS)
    place = _address_node(item, pairs, "approved", context)
    known = _address(place, context) if place is not None else None
    terms = _terms(pairs, known[0] if known is not None else "", context)
    if place is None or known is None:
        return None
    if "id" in pairs:
        _ids(pairs["id"][1], known, "repo" in pairs, context)
    return Approval(address=known[0], key=known[1], line=place.line, terms=terms)


def _ids(node: Node, known: tuple[str, str], repository: bool, context: Context) -> None:
    """Collects what `id:` says in the entry with the address and key `known`."""
    address = parse_address(known[0], context.registry)
    forge = context.registry.lookup(address.host)
    own_server = forge is not None and forge.instance is not None
    words = 0
    for scalar in context.fields.words(node, "`id`"):
        words += 1
        try:
            ids = ids_of(scalar.text, address, repository=repository, own_server=own_server)
        except ValueError as error:
            wrong, _, hint = str(error).partition(": ")
            context.complaints.add(scalar, f"`id` {quote(scalar.text)} {wrong}", hint)
            continue
        said = named(address, group=any(one.kind in _OF_OWNERS for one in ids)), known[1], scalar.line
        other = next((other for one in ids if (other := context.ids.get(one)) and other[1] != known[1]), None)
        if other is not None:
            message = f"`id` {quote(scalar.text)} is that of {other[0].address} already, in line {other[2]}"
            context.complaints.add(scalar, message, "an id names one thing: remove one")
            continue
        context.ids.update(dict.fromkeys(ids, said))
    if not words and _is_empty(node):
        context.complaints.add(node, "`id` is empty", "remove it, or write the number that the forge's API gives")


_OF_OWNERS = frozenset({IdKind.OWNER, IdKind.USER})


def _terms(pairs: Pairs, address: str, context: Context) -> Terms:
    fields = context.fields
    values = {key: node for key, (_, node) in pairs.items()}
    allow, who, size, over = values.get("allow"), values.get("who"), values.get("max_upload"), values.get("over")
    mode, expires, confirmed = values.get("mode"), values.get("expires"), values.get("confirmed")
    seen_by = _visibility(values["visibility"], context) if "visibility" in values else None
    allowed = _allow(allow, context) if allow else context.plain.allow
    scrutiny = entry_scrutiny(pairs, context.plain.scrutiny, f"approved/{address}", fields)
    if Operation.VISIBILITY in allowed and seen_by is None:  # a push option could undo what `visibility` asks for
        scrutiny = replace(scrutiny, visibility=True)
    return Terms(
        allow=allowed,
        who=_who(who, context) if who else None,
        visibility=seen_by,
        max_upload=fields.size(size, "`max_upload`") if size else None,
        over=fields.word(over, "`over`", BLOCK_OR_LOG) if over else None,
        mode=(fields.word(mode, "`mode`", tuple(Mode)) if mode else None) or Mode.ENFORCE,
        confirmed=fields.moment(confirmed, "`confirmed`") if confirmed else None,
        expires=fields.moment(expires, "`expires`") if expires else None,
        owner=_text(pairs, "owner", fields),
        reason=_text(pairs, "reason", fields),
        scrutiny=scrutiny,
    )


def _allow(node: Node, context: Context) -> frozenset[Operation]:
    return _once(node, context.allowed, _read_allow, context)


def _who(node: Node, context: Context) -> Audience:
    return _once(node, context.audiences, _read_who, context)


def _once[Value](
    node: Node,
    known: dict[tuple[str, ...], Value],
    read: Callable[[Node, Context], Value],
    context: Context,
) -> Value:
    """What `read` makes of a list of words. A list that brought no complaint is read only the first time."""
    items = [node] if isinstance(node, Scalar) else node.items if isinstance(node, Listing) else []
    words = tuple([item.text for item in items if isinstance(item, Scalar) and not item.empty])
    whole = len(words) == len(items) > 0
    if whole and (value := known.get(words)) is not None:
        return value
    before = len(context.complaints.problems)
    value = read(node, context)
    if whole and len(context.complaints.problems) == before:
        known[words] = value
    return value


def _read_allow(node: Node, context: Context) -> frozenset[Operation]:
    complaints = context.complaints
    operations: set[Operation] = set()
    words = 0
    for scalar in context.fields.words(node, "`allow`"):
        words += 1
        if granted := ALLOW_WORDS.get(scalar.text):
            operations |= granted
        elif scalar.text in _BY_DEFAULT:
            hint = f"remove it and see `defaults: {_BY_DEFAULT[scalar.text]}`"
            complaints.add(scalar, f"{quote(scalar.text)} can't be approved for one address", hint)
        else:
            hint = nearest(scalar.text, ALLOW_WORDS)
            complaints.add(scalar, f"{quote(scalar.text)} is no operation and no group of operations", hint)
    if not words and _is_empty(node):
        complaints.add(node, "`allow` is empty", "remove it, or name operations such as push")
    return frozenset(operations)


_BY_DEFAULT = {
    operation.value: operation.value if operation.effect is Effect.WRITE else operation.effect.value
    for operation in Operation
    if operation.value not in _GRANTABLE
}


def _read_who(node: Node, context: Context) -> Audience:
    complaints = context.complaints
    terms = []
    for scalar in context.fields.words(node, "`who`"):
        if scalar.text in context.groups or check_term(scalar, complaints, context.groups):
            terms.append(scalar.text)
    if not terms and _is_empty(node):
        # An empty list read as "everybody" would be the opposite of what it says.
        complaints.add(node, "`who` is empty", "remove it to mean everybody, or name users, groups or networks")
    return audience(terms, context.groups)


def _visibility(node: Node, context: Context) -> frozenset[Visibility] | None:
    fields = context.fields
    found = [fields.word(scalar, "`visibility`", tuple(Visibility)) for scalar in fields.words(node, "`visibility`")]
    if not found and _is_empty(node):
        fields.complaints.add(node, "`visibility` is empty", "remove it, or write private, internal or public")
    return frozenset(word for word in found if word is not None) if found else None


def _is_empty(node: Node) -> bool:
    return (isinstance(node, Scalar) and node.empty) or (isinstance(node, Listing) and not node.items)


def _address_node(item: Node, pairs: Pairs, section: str, context: Context) -> Node | None:
    if "repo" in pairs and "address" in pairs:
        context.complaints.add(
            pairs["address"][0], "an entry has both `repo` and `address`", "keep one, they mean the same"
        )
    if "repo" in pairs or "address" in pairs:
        return pairs["repo" if "repo" in pairs else "address"][1]
    if not isinstance(item, Listing):
        hint = "write repo: github.com/acme/api" if pairs else "as in github.com/acme"
        context.complaints.add(item, f"an entry of `{section}` names no repository", hint)
    return None


def _address(node: Node, context: Context) -> tuple[str, str] | None:
    if not isinstance(node, Scalar) or node.empty:
        context.complaints.add(node, "an address such as github.com/acme is wanted here")
        return None
    text = node.text
    if len(text) > MAX_ADDRESS or not text.isprintable():
        context.complaints.add(node, f"{quote(text)} is no address such as github.com/acme")
        return None
    try:
        return text, address_key(text, context.registry)
    except ValueError as error:
        context.complaints.add(node, str(error), _taken_for(text, context.registry))
        return None


def _taken_for(text: str, registry: Registry) -> str:
    """A hint at the address that one with letters of another script looks like."""
    if text.isascii() or not (plain := latin(text)).isascii():
        return ""
    try:
        address_key(plain, registry)
    except ValueError:
        return ""
    return f"it looks like {quote(plain)}, but holds {letters(text)}"


def _text(pairs: Pairs, key: str, fields: Fields) -> str:
    return (fields.text(pairs[key][1], f"`{key}`") or "") if key in pairs else ""
