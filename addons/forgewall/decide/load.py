"""Policy text -> `Policy`, or a PolicyError that lists everything wrong with it. Reading files is not done here.

The rules of the format are told in `policy/README.md` and, for editors, in `policy/schema.json`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from forgewall.decide import cases, entries, limits, scrutiny, settings, trial
from forgewall.decide.break_glass import BREAK_GLASS_KEYS, break_glass
from forgewall.decide.complaints import Complaints, quote
from forgewall.decide.document import Node, Scalar, compose
from forgewall.decide.fields import Fields
from forgewall.decide.policy import Approval, Defaults, Policy, Prohibition, Terms
from forgewall.model import ContentRules, Mode

VERSION = 1
TOP_KEYS = (
    "version",
    "mode",
    "contact",
    "request_url",
    "break_glass",
    "forges",
    "approved",
    "forbidden",
    "defaults",
    "content",
    "limits",
    "groups",
    "events",
    "privacy",
    "tests",
)
KEYS: Mapping[str, tuple[str, ...]] = {
    "": TOP_KEYS,
    "break_glass": BREAK_GLASS_KEYS,
    "forges": settings.FORGE_KEYS,
    "approved": entries.APPROVAL_KEYS,
    "forbidden": entries.PROHIBITION_KEYS,
    "defaults": settings.DEFAULT_KEYS,
    "content": scrutiny.CONTENT_KEYS,
    "limits": limits.LIMIT_KEYS,
    "events": settings.EVENT_KEYS,
    "privacy": settings.PRIVACY_KEYS,
    "tests": cases.TEST_KEYS,
}
"""Every key that is understood, by section; the published schema must name the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A policy, its own tests, and those of them that fail only because an approval has expired.

    What else only the linter asks for: `repeated` are entries of `forbidden` that were left out since the address is
    forbidden already, each with the line of the first; `hosts` are those that `forges` names, with their lines.
    """

    policy: Policy
    stale: tuple[cases.Case, ...]
    tests: tuple[cases.Case, ...] = ()
    repeated: tuple[tuple[Prohibition, int], ...] = ()
    hosts: Mapping[str, int] = field(default_factory=dict)


def parse(text: str, file: str, now: datetime | None = None) -> Policy:
    """The policy that `text` spells; `file` is how places in it are named.

    `now` (aware, the present if None) is the time at which the policy's own tests run, and from which a break-glass
    may last a day. Raises PolicyError with every
    problem found; nothing else, whatever the text.
    """
    return load(text, file, now).policy


def load(text: str, file: str, now: datetime | None = None) -> Loaded:
    """Like `parse`, and tells of tests that expired entries made fail."""
    now = now or datetime.now(UTC)
    loaded = compiled(text, file, now)
    complaints = Complaints(file)
    stale = trial.run(loaded.policy, loaded.tests, now, complaints)
    complaints.raise_if_any()
    return replace(loaded, stale=tuple(stale))


def compiled(text: str, file: str, now: datetime | None = None) -> Loaded:
    """Like `load`, without running the policy's own tests: for what runs them itself and shows how each comes out.

    Such a policy isn't proven good, and must not be put in force.
    """
    complaints = Complaints(file)
    root = compose(text, complaints)
    if root is None or (isinstance(root, Scalar) and root.empty):
        complaints.add((1, 1), "the policy is empty", "it begins with `version: 1`")
        complaints.raise_if_any()
    assert root is not None
    fields = Fields(complaints)
    pairs = fields.mapping(root, "the policy", TOP_KEYS)
    _version(root, pairs["version"][1] if "version" in pairs else None, complaints)
    loaded = _compile(text, pairs, fields, now or datetime.now(UTC))
    complaints.raise_if_any()
    return loaded


def _version(root: Node, node: Node | None, complaints: Complaints) -> None:
    if node is None:
        complaints.add(root, "the policy has no `version`", "write `version: 1` at the top")
    elif not (isinstance(node, Scalar) and node.plain and node.text == str(VERSION)):
        shown = quote(node.text) if isinstance(node, Scalar) else "no number"
        hint = "without quotes" if isinstance(node, Scalar) and node.text == str(VERSION) else "write `version: 1`"
        complaints.add(node, f"`version` is {shown}, but this Forgewall reads version {VERSION}", hint)


def _compile(text: str, root: scrutiny.Pairs, fields: Fields, now: datetime) -> Loaded:
    complaints = fields.complaints
    found = {key: pair[1] for key, pair in root.items()}
    mode = fields.word(found["mode"], "`mode`", tuple(Mode)) if "mode" in found else None
    contact = fields.text(found["contact"], "`contact`") if "contact" in found else None
    hosts: dict[str, int] = {}
    registry = settings.registry(found.get("forges"), complaints, hosts)
    groups = settings.groups(found.get("groups"), complaints)
    defaults = _defaults(root, fields)
    plain = Terms(scrutiny=defaults.scrutiny)
    context = entries.Context(registry=registry, groups=groups, fields=fields, plain=plain)
    approved = entries.approvals(found.get("approved"), context)
    forbidden = entries.prohibitions(found.get("forbidden"), context)
    tests = cases.cases(found.get("tests"), complaints)
    policy = Policy(
        file=complaints.file,
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        mode=mode or Mode.ENFORCE,
        contact=contact or "",
        registry=registry,
        defaults=defaults,
        groups=groups,
        events=settings.events(found.get("events"), complaints),
        privacy=settings.privacy(found.get("privacy"), complaints),
        approved=approved,
        forbidden=forbidden,
        approvals=sum(map(len, approved.values())),
        largest_upload=_largest(approved, defaults.max_upload),
        tests=len(tests),
        depth=_depth(approved, forbidden),
        limits=limits.limits(found.get("limits"), fields),
        ids={one: said[0] for one, said in context.ids.items()},
        request_url=settings.request_url(found.get("request_url"), complaints),
        break_glass=break_glass(found.get("break_glass"), complaints, now),
    )
    return Loaded(policy=policy, stale=(), tests=tuple(tests), repeated=tuple(context.repeated), hosts=hosts)


def _defaults(root: scrutiny.Pairs, fields: Fields) -> Defaults:
    """The section `defaults:`, joined with the general `content:`."""
    defaults = settings.defaults(root["defaults"][1] if "defaults" in root else None, fields.complaints)
    if "content" not in root:
        return defaults
    content = scrutiny.content_rules(*root["content"], fields, ContentRules(), "content")
    return replace(defaults, scrutiny=replace(defaults.scrutiny, content=content))


def _depth(approved: Mapping[str, tuple[Approval, ...]], forbidden: Mapping[str, Prohibition]) -> int:
    """Segments, the host included, of the longest address."""
    counts = (key.count("/") for addresses in (approved, forbidden) for key in addresses)
    return max(counts, default=0) + 1


def _largest(approved: Mapping[str, tuple[Approval, ...]], default: int) -> int:
    """The largest `max_upload`, in bytes."""
    own = (entry.terms.max_upload for alternatives in approved.values() for entry in alternatives)
    return max([default, *(size for size in own if size is not None)])
