"""An entry of `approved:` as a value to be written: from a wish, or as the copy of another for a narrower address.

`understood` proves that `decide` reads the entry as it was wished. Laying it out as text is `amend_words`'s business.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forgewall.decide import document, settings
from forgewall.decide.audience import Group
from forgewall.decide.complaints import Complaints, quote
from forgewall.decide.entries import MAX_ADDRESS, Context, approvals
from forgewall.decide.fields import MAX_TEXT, Fields, moment_of
from forgewall.decide.policy import Approval
from forgewall.decide.scrutiny import SCRUTINY_KEYS
from forgewall.errors import PolicyError
from forgewall.identify.registry import Registry
from forgewall.model import GROUPS, PLAIN_APPROVAL, Operation, Visibility
from forgewall.record.redact import INVISIBLE
from forgewall.review.amend_error import AmendError
from forgewall.review.amend_words import Item, Row, Table, Word, block
from forgewall.review.wish import Wish

_EXAMINED = ("over", *SCRUTINY_KEYS, "content")
"""Keys on how uploads are examined."""
_UNITS = (
    *(("TiB", 1024**4), ("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)),
    *(("TB", 1000**4), ("GB", 1000**3), ("MB", 1000**2), ("KB", 1000)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """The policy as `decide` reads it, as far as entries refer to it: `items` are the entries, in file order."""

    file: str
    registry: Registry
    groups: dict[str, Group]
    items: tuple[document.Node, ...]

    def address(self, place: int) -> str:
        """The address of an entry as it is spelled, '' if it names none."""
        node = address_node(self.items[place])
        return "" if node is None else node.text


def existing(text: str, file: str) -> Existing:
    """What stands in the policy `text`. Raises PolicyError where it can't be read, and AmendError for another root."""
    complaints = Complaints(file)
    root = document.compose(text, complaints)
    complaints.raise_if_any()
    if not isinstance(root, document.Mapping):
        raise AmendError(file, 1, "the policy is empty or no mapping", "begin it with `version: 1`")
    sections = {key: node for key, (_, node) in root.pairs.items()}
    registry = settings.registry(sections.get("forges"), complaints)
    groups = settings.groups(sections.get("groups"), complaints)
    items = Fields(complaints).listing(sections["approved"], "`approved`") if "approved" in sections else []
    complaints.raise_if_any()
    return Existing(file=file, registry=registry, groups=groups, items=tuple(items))


def address_node(item: document.Node) -> document.Scalar | None:
    """Where an entry names its address; its line is the entry's in events and reports."""
    if isinstance(item, document.Mapping):
        for key in ("repo", "address"):
            if key in item.pairs:
                node = item.pairs[key][1]
                return node if isinstance(node, document.Scalar) else None
        return None
    return item if isinstance(item, document.Scalar) else None


def wished(wish: Wish, file: str, like: Item | None = None) -> Item:
    """The entry for `wish`, which examines uploads as `like` does. Raises AmendError for what can't be written, with
    the name of the field.
    """
    checked = _Checked(file)
    address = Word(checked.word("address", wish.address, MAX_ADDRESS))
    pairs: list[tuple[str, Item]] = []
    if wish.allow is not None:
        pairs.append(("allow", _row(allow_words(wish.allow, file))))
    if wish.who:
        pairs.append(("who", _row([checked.word("who", one) for one in wish.who])))
    if wish.visibility:
        pairs.append(("visibility", _row([word.value for word in reversed(Visibility) if word in wish.visibility])))
    if wish.max_upload is not None:
        pairs.append(("max_upload", Word(size_word(wish.max_upload), plain=True)))
    if wish.refs:
        pairs.append(("refs", _row([checked.word("refs", one) for one in wish.refs])))
    if isinstance(like, Table):
        pairs += [(key.text, value) for key, value in like.pairs if key.text in _EXAMINED]
    if wish.confirmed is not None:
        pairs.append(("confirmed", Word(moment_word(wish.confirmed), plain=True)))
    if wish.expires is not None:
        pairs.append(("expires", Word(moment_word(wish.expires), plain=True)))
    for key, text in (("owner", wish.owner), ("reason", wish.reason)):
        if text:
            pairs.append((key, Word(checked.text(key, text))))
    if not pairs:
        return address
    key = "repo" if wish.address.count("/") > 1 else "address"
    return Table(((Word(key), address), *((Word(name), value) for name, value in pairs)))


def copied(item: Item, address: str, file: str, line: int) -> Item:
    """The entry `item` of `line` with another address, and without the ids, which are those of its own address."""
    to = Word(_Checked(file).word("address", address, MAX_ADDRESS))
    if isinstance(item, Word):
        return to
    if isinstance(item, Table):
        names = [key.text for key, _ in item.pairs]
        named = next((name for name in ("repo", "address") if name in names), None)
        if named is not None:
            pairs = ((key, to if key.text == named else _flat(key, value)) for key, value in item.pairs)
            return Table(tuple((key, value) for key, value in pairs if key.text != "id"))
    raise AmendError(file, line, "the entry here names no address, so it can't be copied", "complete it first")


def until(item: Item, expires: datetime | None, reason: str, file: str) -> Item:
    """The entry `item` so that it ends at `expires` (aware) at the latest; with `reason` if it has none."""
    if expires is None and not reason:
        return item
    pairs = {key.text: (key, value) for key, value in item.pairs} if isinstance(item, Table) else {}
    if isinstance(item, Word):
        pairs["repo"] = Word("repo"), item
    if expires is not None and not _ends_by(pairs, expires):
        pairs["expires"] = Word("expires"), Word(moment_word(expires), plain=True)
    if reason and "reason" not in pairs:
        pairs["reason"] = Word("reason"), Word(_Checked(file).text("reason", reason))
    return Table(tuple(pairs.values()))


def _ends_by(pairs: Mapping[str, tuple[Word, Item]], expires: datetime) -> bool:
    """Whether an entry says itself that it ends no later than `expires`, or something that `understood` refuses."""
    if "expires" not in pairs:
        return False
    value = pairs["expires"][1]
    try:
        return not isinstance(value, Word) or moment_of(value.text) <= expires
    except ValueError:
        return True


def _flat(key: Word, value: Item) -> Item:
    """A text for people on one line, as `decide` reads it, however many lines it was written on."""
    if isinstance(value, Word) and not value.plain and key.text in {"owner", "reason"}:
        return Word(" ".join(value.text.split()))
    return value


def understood(item: Item, policy: Existing) -> Approval:
    """The entry as `decide` reads it in this policy. Raises AmendError with what is wrong in it."""
    complaints = Complaints(policy.file)
    try:
        root = document.compose("\n".join(("approved:", *block(item, 0), "")), complaints)
        complaints.raise_if_any()
        assert isinstance(root, document.Mapping)
        context = Context(registry=policy.registry, groups=policy.groups, fields=Fields(complaints))
        found = approvals(root.pairs["approved"][1], context)
        complaints.raise_if_any()
    except PolicyError as error:
        first = error.problems[0]
        raise AmendError(policy.file, None, f"the new entry would be refused: {first.message}", first.hint) from None
    ((approval,),) = found.values()
    return approval


def as_wished(approval: Approval, wish: Wish) -> bool:
    """Whether `approval` says what was wished and nothing else."""
    terms = approval.terms
    return (
        approval.address == wish.address
        and terms.allow == (PLAIN_APPROVAL if wish.allow is None else wish.allow)
        and (terms.who.terms if terms.who is not None else ()) == tuple(wish.who)
        and (terms.visibility or frozenset()) == wish.visibility
        and terms.max_upload == wish.max_upload
        and (terms.scrutiny.refs or ()) == tuple(wish.refs)
        and terms.confirmed == _whole(wish.confirmed)
        and terms.expires == _whole(wish.expires)
        and (terms.owner, terms.reason) == (_one_line(wish.owner), _one_line(wish.reason))
    )


def allow_words(operations: Collection[Operation], file: str) -> list[str]:
    """The shortest words for exactly these operations: groups that are complete, then single ones."""
    if not operations:
        raise AmendError(file, None, "an entry that allows no operation admits nothing", "name one, such as push")
    groups = [name for name, members in GROUPS.items() if members.issubset(operations)]
    covered = frozenset[Operation]().union(*(GROUPS[name] for name in groups))
    return groups + [one.value for one in Operation if one in operations and one not in covered]


def size_word(size: int) -> str:
    """`size` bytes in the unit that makes them shortest: `50MiB`, `10MB`, `4097`."""
    words = [f"{size // factor}{unit}" for unit, factor in _UNITS if size and size % factor == 0]
    return min((*words, str(size)), key=len)


def moment_word(moment: datetime) -> str:
    """`moment` (aware) as a policy spells it, in whole seconds of UTC; midnight is the end of the day before."""
    moment = moment.astimezone(UTC).replace(microsecond=0)
    if moment.time() == datetime.min.time() and moment.year > 1:
        return (moment - timedelta(days=1)).date().isoformat()
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


def _whole(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(microsecond=0)


def _row(words: Sequence[str]) -> Row:
    return Row(tuple(map(Word, words)))


def _one_line(text: str) -> str:
    """`text` with its spaces as a policy's reader has them: no-break spaces come with what is pasted."""
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    return " ".join(part for part in spaced.split(" ") if part)


class _Checked:
    """What people or requests said, refused where it can't stand in a policy."""

    def __init__(self, file: str) -> None:
        self.file = file

    def word(self, name: str, text: str, limit: int = MAX_TEXT) -> str:
        return self._check(name, text, limit, str)

    def text(self, name: str, text: str) -> str:
        return self._check(name, text, MAX_TEXT, _one_line)

    def _check(self, name: str, text: str, limit: int, read: Callable[[str], str]) -> str:
        line = read(text)
        odd = next((char for char in line if not char.isprintable() or INVISIBLE.match(char)), None)
        if odd is not None:
            what = "a line break" if odd in "\n\r\x85\u2028\u2029" else f"the invisible character U+{ord(odd):04X}"
            raise AmendError(self.file, None, f"`{name}` {quote(line)} holds {what}", "write it on one line without it")
        if not line:
            raise AmendError(self.file, None, f"`{name}` is empty", "leave it out, or say something")
        if len(line) > limit:
            raise AmendError(self.file, None, f"`{name}` is longer than {limit} characters", "shorten it")
        return line


def checked_text(name: str, text: str, file: str) -> str:
    """A free text for the policy on one line. Raises AmendError where it is empty, too long or not printable."""
    return _Checked(file).text(name, text)
