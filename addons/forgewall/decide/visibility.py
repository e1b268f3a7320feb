"""Whether an entry's `visibility:` is met, and what is said where it isn't.

Exactly the words that are listed count: `private` doesn't mean `internal`. What nobody has said is none of them. Not
here: learning who can see a repository (`forgewall.learn`).
"""

from __future__ import annotations

from collections.abc import Collection

from forgewall.decide.complaints import one_of
from forgewall.decide.parts import Part
from forgewall.identify.registry import ForgeHost
from forgewall.model import MAKES, Kind, Visibility

_WITHOUT_API = frozenset({Kind.CODECOMMIT, Kind.GIT_ONLY})  # whose API tells nothing that is learned


def meets(wanted: Collection[Visibility] | None, visibility: Visibility | None) -> bool:
    """Whether a repository that can be seen by `visibility` (None: nobody knows) is one of those wanted."""
    return wanted is None or visibility in wanted


def unmet(part: Part, entry: str, wanted: Collection[Visibility], forge: ForgeHost | None) -> str:
    """Why `part` is refused by the entry for the address `entry`; `forge` is its host, where that is known."""
    listed = one_of(word.value for word in Visibility if word in wanted)
    only = f"{entry} is approved for {listed} repositories only"
    if part.visibility is not None:
        verb = "would be" if part.operation in MAKES else "is"
        return f"{part.address} {verb} {part.visibility}, and {only}"
    if part.operation in MAKES:
        return f"the request doesn't say that {part.address} will be {listed}, and {only}"
    if part.repository is None:
        return f"`{part.operation}` at {part.address} concerns no repository that could be {listed}, and {only}"
    return f"whether {part.address} is {listed} isn't known yet, and {only}; {_taught_by(part, forge)}"


def tells_nothing(key: str) -> bool:
    """Whether nothing at the folded address `key` has a visibility that is ever told: gists and snippets."""
    host, *names = key.split("/")
    return host.startswith("gist.") or names[-1:] == ["snippets"]


def _taught_by(part: Part, forge: ForgeHost | None) -> str:
    if forge is None or part.address is None:
        return "a look at it through the API tells it"
    git = f"`git ls-remote {_git_url(part.address, forge)}`"
    return f"{git} tells it" if forge.kind in _WITHOUT_API else f"{git} or a look at it through the API tells it"


def _git_url(address: str, forge: ForgeHost) -> str:
    """The URL that git takes for the repository at `address`."""
    names = address.split("/")[1:]
    if forge.kind is Kind.AZURE_DEVOPS:
        names = [name.replace(" ", "%20") for name in (*names[:-1], "_git", *names[-1:])]
    if forge.kind is Kind.BITBUCKET and forge.instance is not None:
        names = ["scm", *names]
    return f"{forge.base}/{'/'.join(names)}"
