import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify import paths


@pytest.mark.parametrize(
    "target, segments, query, slashed",
    [
        ("/", (), None, True),
        ("/acme/api", ("acme", "api"), None, False),
        ("/acme/api/", ("acme", "api"), None, True),
        ("/acme/api?", ("acme", "api"), "", False),
        ("/acme/api?a=/../&b=%2e", ("acme", "api"), "a=/../&b=%2e", False),
        ("/%61cme/api%2Egit", ("acme", "api.git"), None, False),
        ("/projects/acme%2Fweb%2Fapi/x", ("projects", "acme/web/api", "x"), None, False),
        ("/acme/api/raw/main/a%20b%C3%A9;c", ("acme", "api", "raw", "main", "a bé;c"), None, False),
        ("/acme/api/compare/a...b", ("acme", "api", "compare", "a...b"), None, False),
        ("/acme/api/contents/100%25", ("acme", "api", "contents", "100%"), None, False),
    ],
)
def test_plain_paths(target: str, segments: tuple[str, ...], query: str | None, slashed: bool) -> None:
    path = paths.parse(target)
    assert (path.segments, path.query, path.slashed, path.odd) == (segments, query, slashed, "")


@pytest.mark.parametrize(
    "target, reason",
    [
        ("", "the path does not begin with a slash"),
        ("*", "the path does not begin with a slash"),
        ("http://github.com/acme", "the path does not begin with a slash"),
        ("//acme/api", "the path holds an empty or a dot segment"),
        ("/acme//api", "the path holds an empty or a dot segment"),
        ("/acme/api//", "the path holds an empty or a dot segment"),
        ("/acme/./api", "the path holds an empty or a dot segment"),
        ("/acme/../mallory", "the path holds an empty or a dot segment"),
        ("/acme/%2e%2E/mallory", "the path holds an empty or a dot segment"),
        ("/acme/.%2e/mallory", "the path holds an empty or a dot segment"),
        ("/acme/..;x/mallory", "the path holds an empty or a dot segment"),
        ("/acme/..%2fmallory", "the path holds an empty or a dot segment"),
        ("/acme/%2fmallory", "the path holds an empty or a dot segment"),
        ("/acme/%20../x", "the path holds an empty or a dot segment"),
        ("/acme/api%252e", "the path is percent-encoded twice"),
        ("/acme/%zz", "the path holds a broken percent-encoding"),
        ("/acme/api%", "the path holds a broken percent-encoding"),
        ("/acme\\api", "the path holds a backslash"),
        ("/acme%5capi", "the path holds a backslash"),
        ("/acme/api%00", "the path holds a control character"),
        ("/acme/a%0d%0ab", "the path holds a control character"),
        ("/acme/a b", "the path holds characters that must be encoded"),
        ("/acme/é", "the path holds characters that must be encoded"),
        ("/acme#x", "the path holds characters that must be encoded"),
        ("/acme/%c0%ae%c0%ae/x", "the path is not UTF-8"),
        ("/a" * 201, "the path has more than 200 segments"),
        ("/a" + "%2Fa" * 200, "the path has more than 200 segments"),
        ("/acme/\ud800", "the path holds characters that must be encoded"),
    ],
)
def test_paths_with_two_readings_are_odd(target: str, reason: str) -> None:
    assert paths.parse(target).odd == reason


@pytest.mark.parametrize("name", ["acme", "a.b", ".github", "~ana", "A_b-1", "a.git"])
def test_names(name: str) -> None:
    assert paths.is_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "...", "a b", "a/b", "é", "a%41", "a;b", "a\n", "{x}", "a:b"])
def test_no_names(name: str) -> None:
    assert not paths.is_name(name)


def test_lenient_segments() -> None:
    path = paths.parse("/a/INFO%2Frefs;x=1?y")
    assert path.lenient == ("a", "info", "refs")


def test_the_prefix_of_an_instance_is_dropped() -> None:
    inside = paths.below(paths.parse("/gitlab/acme/api?x"), "/gitlab")
    assert inside is not None
    assert (inside.segments, inside.query) == (("acme", "api"), "x")
    assert paths.below(paths.parse("/gitlab-evil/acme"), "/gitlab") is None
    assert paths.below(paths.parse("/git"), "/gitlab") is None


def test_the_widest_reading_decodes_again_and_again() -> None:
    assert paths.widest("/A%25252Fb\\c//D") == "/a/b/c/d"


@given(st.text(max_size=200))
def test_any_text_is_parsed(text: str) -> None:
    path = paths.parse(text)
    assert isinstance(path.lenient, tuple)
    paths.widest(text)


@given(st.lists(st.from_regex(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,8}", fullmatch=True), min_size=1, max_size=6))
def test_plain_segments_come_back_as_they_are(names: list[str]) -> None:
    path = paths.parse("/" + "/".join(names))
    assert path.segments == tuple(names)
    assert path.odd == ""


@given(
    st.lists(st.sampled_from(["acme", "..", ".", "", "%2e%2e", "%2e", "a%2fb", "x;y", "..;", "%25", "%5c"]), max_size=8)
)
def test_a_path_that_is_not_odd_has_no_dots_to_resolve(parts: list[str]) -> None:
    path = paths.parse("/" + "/".join(parts))
    if not path.odd:
        assert not {"..", ".", ""} & set(path.pieces)
