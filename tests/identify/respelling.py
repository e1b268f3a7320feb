"""Ways to write one name of an address, most of which no server takes for that name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# `{n}` is the name, `{N}` in upper case, `{e}` and `{E}` with every letter encoded, `{ee}` encoded twice, `{f}` in
# fullwidth letters, `{first}` its first letter encoded, `{rest}` the others, `{a}` another name, of an approved owner
# or repository; `x` is nobody.
ALIKE = ("{N}", "{e}", "{E}", "{first}{rest}")
"""What a server may take for the same name, and most do."""
DOUBTFUL = (
    "/{n}", "{n}/", "./{n}", "{n}/.", "x/../{n}", "x/%2e%2e/{n}", "x/%2E./{n}", "x%2f..%2f{n}", "x/..%2f{n}",
    "x\\..\\{n}", "x%5c..%5c{n}", "{n}%2f", "{n}%2f..", "%2f{n}", "{ee}", "{n};x", "{n}%3bx", ";x/../{n}", "{n}\\",
    "{n}%5c", "{n}%00", "%00{n}", "{n}%20", "%20{n}", "{n}+", "{n}%09", "{n}%0d%0a", "{n}%3f", "{n}%23", "{n}.",
    "{n}%2e", "{n}..", "{n}%ff", "{n}%c0%af", "{n}%", "{n}%zz", "{f}", "{n}%e2%88%95", "{n}%e2%80%8b", "{n}%cc%81",
    "{n}%c2%a0", "{n}.git.git", "{n},x", "{n}-evil", "x{n}", "{n}_", "@{n}", "~{n}",
)  # fmt: skip
"""What is another name, or none at all, to at least some servers."""
MIXED = (
    "{a}/../{n}", "{a}/%2e%2e/{n}", "{a}/..;/{n}", "{a}%2f..%2f{n}", "{a}%2f%2e%2e%2f{n}", "{a}/..%2f{n}", "{a}%2f{n}",
    "{n}%2f{a}", "{a}%252f{n}", "{a}%252f..%252f{n}", "{a}\\..\\{n}", "{a}%5c..%5c{n}", "{a};{n}", "{a};/../{n}",
    "{a}%00{n}", "{n}%00{a}", "{a}%0a{n}", "{a}%20{n}", "{a}%3f{n}", "{a}%23{n}", "{a}.{n}", "{a}-{n}",
    "{n}.{a}", "{a}:{n}", "{a}@{n}", "{a}%40{n}", "{a},{n}", "{a}%c0%af{n}", "./{a}/.././{n}",
)  # fmt: skip
"""What has an approved name in it, and leads to another one or nowhere."""
LOOKS_LIKE = (
    "{a}-evil", "x{a}", "{a}x", "{a}.", "{a}%2e", "{a}%00", "{a}%20", "{a}%09", "{a};x", "{a}%3bx", "{a}%ff", "{a}%",
    "{a}%0d%0a", "{c}", "{i}", "{af}", "{a}%e2%80%8b", "{a}%cc%81", "{a}_", "{a}%2f", "{a}%5c", "{a}~", "{a}%c0%80",
)  # fmt: skip
"""What looks like the approved name and is none: `{c}` has a Cyrillic letter, `{i}` a mark over one, `{af}` is wide."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and an approved one that it isn't."""

    text: str
    approved: str

    def spelt(self, form: str) -> str:
        """The name in one of the forms above."""
        text, approved = self.text, self.approved
        return form.format(
            n=text,
            N=text.upper(),
            e=_encoded(text, str.lower),
            E=_encoded(text, str.upper),
            ee=_encoded(text, str.lower).replace("%", "%25"),
            f=_wide(text),
            rest=text[1:],
            a=approved,
            af=_wide(approved),
            c=approved.replace("a", "%d0%b0", 1),
            i=approved.replace("a", "%c3%a1", 1),
            first=f"%{ord(text[0]):02x}",
        )


def _encoded(text: str, case: Callable[[str], str]) -> str:
    return "".join(f"%{case(f'{ord(char):02x}')}" for char in text)


def _wide(text: str) -> str:
    octets = "".join(chr(ord(char) + 0xFEE0) for char in text).encode()
    return "".join(f"%{octet:02x}" for octet in octets)
