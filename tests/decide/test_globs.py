"""Globs against a matcher that is plainly right, and the work that hostile names may cause."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.globs import PathGlobs, full_ref, path_glob, path_matches, ref_glob, ref_matches, ref_name


def plainly(glob: list[str], name: list[str]) -> bool:
    """Segment by segment, trying everything."""
    if not glob:
        return not name
    if glob[0] == "**":
        if len(glob) == 1:
            return len(name) > 0
        return plainly(glob[1:], name) or (len(name) > 0 and plainly(glob, name[1:]))
    return bool(name) and letters(glob[0], name[0]) and plainly(glob[1:], name[1:])


def letters(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return letters(glob[1:], name) or (bool(name) and letters(glob, name[1:]))
    return bool(name) and glob[0] in {"?", name[0]} and letters(glob[1:], name[1:])


segments = st.one_of(st.just("**"), st.text(alphabet="ab*?", min_size=1, max_size=5).filter(lambda s: "**" not in s))
globs = st.lists(segments, min_size=1, max_size=5)
names = st.lists(st.text(alphabet="ab", max_size=4), min_size=1, max_size=5).filter(
    lambda parts: "" not in {parts[0], parts[-1]}
)


@given(globs, names)
def test_globs_match_what_they_say(glob: list[str], name: list[str]) -> None:
    wanted = plainly(glob, name)
    refs = ref_matches(("refs/x/" + "/".join(glob),), "refs/x/" + "/".join(name))
    assert refs == wanted
    if len(glob) > 1:  # an empty segment is none to a forge
        assert path_matches("/".join(glob), "/".join(name)) == plainly(glob, [part for part in name if part])
    elif glob != ["**"]:
        assert path_matches(glob[0], "/".join(name)) == letters(glob[0], name[-1])


@given(st.lists(globs.map("/".join), min_size=1, max_size=6), names.map("/".join))
def test_the_first_of_several_decides(several: list[str], name: str) -> None:
    wanted = next((place for place, glob in enumerate(several) if path_matches(glob, name)), None)
    assert PathGlobs.of(tuple(several)).first(name) == wanted


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.kdbx", "keys.kdbx", True),
        ("*.kdbx", "a/b/Keys.KDBX", True),
        ("*.kdbx", "keys.kdbx.txt", False),
        ("*.kdbx", "x.kdbx/readme", False),
        ("*.KDBX", "keys.kdbx", True),
        (".env", "a/.env", True),
        (".env", "a/b.env", False),
        ("secrets/**", "secrets/a/b", True),
        ("secrets/**", "SECRETS/a", True),
        ("secrets/**", "secrets", False),
        ("secrets/**", "a/secrets/b", False),
        ("**/secrets/**", "a/secrets/b", True),
        ("**/secrets/**", "secrets/b", True),
        ("docs/*.pdf", "docs/a/b.pdf", False),
        ("docs/**/*.pdf", "docs/a/b.pdf", True),
        ("docs/**/*.pdf", "docs/b.pdf", True),
        ("a/b", "/a/b", True),
        ("*", "any/thing", True),
        ("**", "any/thing", True),
        ("*.k", "new\nline.k", True),
    ],
)
def test_paths(glob: str, path: str, matches: bool) -> None:
    assert path_matches(glob, path) is matches


@pytest.mark.parametrize(
    ("glob", "ref", "matches"),
    [
        ("main", "refs/heads/main", True),
        ("main", "main", True),
        ("main", "refs/heads/Main", False),
        ("main", "refs/tags/main", False),
        ("main", "refs/heads/main2", False),
        ("main", "refs/heads/x/main", False),
        ("main", "refs/heads/main\n", False),
        ("release/*", "refs/heads/release/1", True),
        ("release/*", "refs/heads/release/1/2", False),
        ("release/*", "refs/heads/release", False),
        ("release/**", "refs/heads/release/1/2", True),
        ("refs/tags/v*", "refs/tags/v1", True),
        ("refs/tags/v*", "refs/heads/v1", False),
        ("**", "refs/heads/a/b", True),
        ("**", "refs/tags/a", False),
        ("refs/**", "refs/for/main", True),
    ],
)
def test_refs(glob: str, ref: str, matches: bool) -> None:
    assert ref_matches((ref_glob(glob),), ref) is matches


def test_no_glob_at_all_matches_no_ref() -> None:
    assert not ref_matches((), "refs/heads/main")


def test_a_word_is_a_branch() -> None:
    assert full_ref("main") == "refs/heads/main"
    assert full_ref("refs/tags/v1") == "refs/tags/v1"
    with pytest.raises(ValueError, match="no name of a branch"):
        ref_name("release/*")


@given(st.text(max_size=30))
def test_any_text_is_a_glob_or_a_value_error(text: str) -> None:
    for read in (path_glob, ref_glob, ref_name):
        said = ""
        try:
            read(text)
        except ValueError as error:
            said = str(error)
        else:
            assert path_matches(text, text) in {True, False}
        assert said.isprintable()


def test_a_piece_of_a_glob_is_never_tried_again() -> None:
    """Every wildcard but the last of its segment, and every `**` but the last, stands in an atomic group."""
    compiled = PathGlobs.of(("a*b*c*d", "x/**/a*b*c/**/y*z/**/q")).paths
    assert compiled is not None
    free = re.sub(r"\(\?>[^()]*(?:\([^()]*\)[^()]*)*\)", "", compiled.pattern)
    assert free.count("[^/]*") <= 2  # the last `**` and nothing else


def test_hostile_names_are_matched_soon() -> None:
    """Would take ages if pieces were tried again."""
    assert not path_matches("*a*a*a*a*a*a*a*a*b", "a" * 4000)
    assert not path_matches("**/a*/**/a*/**/a*/**/a*/x", "a/" * 2000)
    assert not ref_matches(("**/a/**/a/**/a/**/b",), "refs/heads/" + "a/" * 2000)


@pytest.mark.parametrize("path", ["vault//a", "./vault/a", "x/../vault/a", "vault/a/.", "/vault/./b/../a", "vault/a/"])
def test_a_path_is_matched_as_a_forge_resolves_it(path: str) -> None:
    assert path_matches("vault/**", path)
    assert path_matches("a", path)
    assert not path_matches("vault/**", f"../{path.replace('vault', 'vaults')}")
