"""Letters that look like others: of which script a word is, and what it can be taken for.

After UTS 39 (https://www.unicode.org/reports/tr39/), sections 4 (skeletons) and 5 (mixed scripts), with the letters
that matter in names instead of the whole table. Which words of a policy are compared is `lookalike`'s business.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LOOKS = {
    # Cyrillic
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d": "aeopcyxijsdqw",
    "\u04bb\u04cf\u0432\u043a\u043c\u043d\u0442\u0433\u044c\u043f\u0438\u0475\u04af": "hlbkmhtrbnuvy",
    # Greek
    "\u03b1\u03b2\u03b3\u03b5\u03b6\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5": "abyeznikvoptu",
    "\u03c7\u03c9\u03f2\u03f3": "xwcj",
    # Armenian
    "\u0570\u0578\u057d\u0581\u0585\u0584": "hnugop",
    # Latin, from far blocks
    "\u0251\u0261\u0131\u0269\u029f\u1d04\u1d0f\u1d20\u1d21\u1d22": "agiilcovwz",
}
"""Letters that look like ASCII letters in most fonts, and those letters."""
_LIKE_LATIN = str.maketrans("".join(_LOOKS), "".join(_LOOKS.values()))
_FAMILIES = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
"""Scripts that are written together (UTS 39, section 5.2, Highly Restrictive)."""
_PLAIN = str.maketrans("01", "ol")


@lru_cache(maxsize=4096)
def scripts(word: str) -> frozenset[str]:
    """The scripts of the letters of `word`, by the names of Unicode: `LATIN`, `CYRILLIC`, `CJK`, …"""
    return frozenset(unicodedata.name(char, "UNKNOWN").split()[0].removesuffix("-") for char in word if char.isalpha())


def mixed(word: str) -> bool:
    """Whether `word` holds letters of scripts that nobody writes together."""
    found = scripts(word)
    return len(found) > 1 and not any(found <= family for family in _FAMILIES)


@lru_cache(maxsize=4096)
def latin(word: str) -> str:
    """What `word` is taken for: its letters as the ASCII letters they look like, where they do, in lower case."""
    return unicodedata.normalize("NFKC", word.casefold()).translate(_LIKE_LATIN)


def disguised(word: str) -> bool:
    """Whether somebody who sees `word` may read another one, in ASCII letters or mixed with them."""
    return not word.isascii() and (mixed(word) or latin(word).isascii())


def skeleton(word: str) -> str:
    """What ASCII names that look alike have in common: `0` is `o`, `1` and a capital `I` are `l`, `rn` is `m`."""
    return word.replace("I", "l").lower().translate(_PLAIN).replace("rn", "m").replace("vv", "w")


def letters(word: str) -> str:
    """The characters of `word` that no ASCII word has, as people can look them up: `а` (Cyrillic small letter a)."""
    strange = dict.fromkeys(char for char in word if not char.isascii())
    told = [f"`{char}` ({unicodedata.name(char, f'U+{ord(char):04X}').lower()})" for char in list(strange)[:3]]
    return ", ".join(told)
