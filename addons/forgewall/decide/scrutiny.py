"""The parts of a policy that say how uploads are examined: `refs`, `deletes`, `force`, `inspect` and `content`.

They stand in `defaults:` and at the top for everybody, and in an entry of `approved:` for its address. An entry's
`content:` is laid over the general one, word by word; its globs come before the general ones. What the words mean for
what is found in a body is `decide.content`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from forgewall.decide.complaints import quote
from forgewall.decide.document import Listing, Node, Scalar
from forgewall.decide.fields import Fields
from forgewall.decide.globs import path_glob, ref_glob
from forgewall.evidence import FileKind
from forgewall.model import Action, ContentRules, Depth, Scrutiny

type Pairs = Mapping[str, tuple[Scalar, Node]]

SCRUTINY_KEYS = ("inspect", "deletes", "force")
"""What may stand both in `defaults:` and in an entry."""
ENTRY_KEYS = ("refs", *SCRUTINY_KEYS, "content")
KIND_KEYS = tuple(kind.value for kind in FileKind if kind not in {FileKind.MEDIA, FileKind.TEXT, FileKind.OTHER})
CONTENT_KEYS = ("secrets", "encrypted", *KIND_KEYS, "paths")
MAX_GLOBS = 200
"""Globs in one list: each is tried on every file of an upload."""


def entry_scrutiny(pairs: Pairs, general: Scrutiny, rule: str, fields: Fields) -> Scrutiny:
    """What the entry `pairs` says over `general`; `rule` is the entry's. `general` itself where it says nothing."""
    if not any(key in pairs for key in ENTRY_KEYS):
        return general
    scrutiny = _scrutiny(pairs, general, fields)
    refs = _refs(pairs["refs"][1], fields) if "refs" in pairs else None
    content = general.content
    if "content" in pairs:
        content = content_rules(*pairs["content"], fields, content, rule)
    places = tuple(place for place in general.places if place[0] not in pairs)
    return replace(scrutiny, refs=refs, content=content, places=places)


def default_scrutiny(pairs: Pairs, fields: Fields) -> Scrutiny:
    """What the section `defaults:` says, without `content`."""
    file = fields.complaints.file
    places = ((key, f"defaults/{key}", f"{file}:{pairs[key][0].line}") for key in SCRUTINY_KEYS if key in pairs)
    return replace(_scrutiny(pairs, Scrutiny(), fields), places=tuple(places))


def _scrutiny(pairs: Pairs, general: Scrutiny, fields: Fields) -> Scrutiny:
    """`general` with what `inspect`, `deletes` and `force` say."""
    depth = fields.word(pairs["inspect"][1], "`inspect`", tuple(Depth)) if "inspect" in pairs else None
    deletes, force = (
        fields.word(pairs[key][1], f"`{key}`", tuple(Action)) if key in pairs else None for key in ("deletes", "force")
    )
    return replace(
        general,
        depth=depth or general.depth,
        deletes=deletes or general.deletes,
        force=force or general.force,
    )


def _refs(node: Node, fields: Fields) -> tuple[str, ...]:
    globs = []
    for scalar in fields.words(node, "`refs`"):
        try:
            globs.append(ref_glob(scalar.text))
        except ValueError as error:
            fields.complaints.add(scalar, f"{quote(scalar.text)} {_parted(error)[0]}", _parted(error)[1])
    if (isinstance(node, Scalar) and node.empty) or (isinstance(node, Listing) and not node.items):
        fields.complaints.add(node, "`refs` is empty", "remove it to mean all refs, or name branches such as main")
    _bounded(node, globs, "`refs`", fields)
    return tuple(globs)


def content_rules(key: Scalar, node: Node, fields: Fields, general: ContentRules, rule: str) -> ContentRules:
    """The section `content:` laid over `general`. `rule` is the entry's it stands in, `content` for that at the top."""
    file = fields.complaints.file
    pairs = fields.mapping(node, "`content`", CONTENT_KEYS)
    said = {
        word: found
        for word, (_, value) in pairs.items()
        if word != "paths" and (found := fields.word(value, f"`{word}`", tuple(Action))) is not None
    }
    globs = _paths(pairs["paths"][1], fields) if "paths" in pairs else {}
    kinds = {kind.value: action for kind, action in general.kinds} | said
    paths = {glob: action for glob, (_, action) in globs.items()}
    paths |= {glob: action for glob, action in general.paths if glob not in paths}
    top = rule == "content"
    lines = {word: pairs[word][0].line for word in said} | {glob: line for glob, (line, _) in globs.items()}
    places = {word: (found_rule, reference) for word, found_rule, reference in general.places}
    for word, line in lines.items():
        section = f"content/{'paths' if word in globs else word}"
        places[word] = (section if top else rule, f"{file}:{line}")
    return ContentRules(
        secrets=said.get("secrets", general.secrets),
        encrypted=said.get("encrypted", general.encrypted),
        kinds=tuple((kind, kinds[kind.value]) for kind in FileKind if kind.value in kinds),
        paths=tuple(paths.items()),
        rule=rule,
        reference=f"{file}:{key.line}",
        places=tuple((word, *place) for word, place in places.items()),
    )


def _paths(node: Node, fields: Fields) -> dict[str, tuple[int, Action]]:
    """Each glob of `paths:` with its line and action, in the order of the file."""
    found = {}
    for text, (key, value) in fields.pairs(node, "`paths`", 'as in {"*.kdbx": block}').items():
        try:
            glob = path_glob(text)
        except ValueError as error:
            fields.complaints.add(key, f"{quote(text)} {_parted(error)[0]}", _parted(error)[1])
            continue
        action = fields.word(value, quote(text), tuple(Action))
        if action is not None:
            found[glob] = (key.line, action)
    _bounded(node, found, "`paths`", fields)
    return found


def _bounded(node: Node, globs: list[str] | dict[str, tuple[int, Action]], name: str, fields: Fields) -> None:
    if len(globs) > MAX_GLOBS:
        fields.complaints.add(node, f"{name} holds more than {MAX_GLOBS} globs", "write fewer and broader ones")


def _parted(error: ValueError) -> tuple[str, str]:
    """What is wrong, and the hint behind a colon."""
    message, _, hint = str(error).partition(": ")
    return message, hint
