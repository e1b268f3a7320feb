import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.routes import RouteTable, load_routes, parse_routes
from forgewall.model import Operation

TEXT = """
# rows
GET          /user/repos                               fetch
POST         /user/repos                               create-repo
POST         /repos/{owner}/{repo}/issues              issue
POST         /repos/{owner}/{repo}/merges              contents
PUT|DELETE   /repos/{owner}/{repo}/contents/{**}       contents   # a tail
GET          /repos/{owner}/{repo}/contents/{**}       fetch
POST         /repos/{owner}/{repo}/issues/{id}/lock    issue
PATCH        /repos/{owner}/{repo}/issues/comments/{id} comment   source
POST         /projects/{project}/fork                  fork
"""
TABLE = RouteTable(parse_routes(TEXT, "rows"))


def found(method: str, path: str) -> str | None:
    match = TABLE.match(method, tuple(path.strip("/").split("/")))
    return match.operation.value if match else None


@pytest.mark.parametrize(
    "method, path, operation",
    [
        ("POST", "/user/repos", "create-repo"),
        ("HEAD", "/user/repos", "fetch"),
        ("DELETE", "/user/repos", None),
        ("POST", "/repos/acme/api/issues", "issue"),
        ("POST", "/repos/acme/api/issues/1/lock", "issue"),
        ("PATCH", "/repos/acme/api/issues/comments/7", "comment"),
        ("POST", "/repos/acme/api/issues/comments/lock", None),
        ("PUT", "/repos/acme/api/contents/a/b/c.txt", "contents"),
        ("PUT", "/repos/acme/api/contents", "contents"),
        ("POST", "/repos/acme/api/contents/a", None),
        ("POST", "/repos/ac me/api/issues", None),
        ("POST", "/repos/../api/issues", None),
        ("POST", "/REPOS/acme/api/issues", None),
        ("POST", "/repos/acme/api/issues/1", None),
        ("POST", "/repos/acme", None),
    ],
)
def test_rows_are_found(method: str, path: str, operation: str | None) -> None:
    assert found(method, path) == operation


def test_captures_and_role() -> None:
    match = TABLE.match("PATCH", ("repos", "acme", "api", "issues", "comments", "7"))
    assert match is not None
    assert dict(match.captures) == {"owner": "acme", "repo": "api", "id": "7"}
    assert match.route.role == "source"
    match = TABLE.match("PUT", ("repos", "acme", "api", "contents", "a", "b"))
    assert match is not None
    assert match.captures["**"] == "a/b"


def test_a_literal_branch_that_ends_nowhere_falls_back_to_the_placeholder() -> None:
    table = RouteTable(parse_routes("POST /a/b/c push\nPOST /a/{id}/d issue", "rows"))
    match = table.match("POST", ("a", "b", "d"))
    assert match is not None
    assert match.operation is Operation.ISSUE


def test_a_path_listed_for_other_methods_does_not_fall_back_to_a_wider_row() -> None:
    table = RouteTable(parse_routes("GET /a/b fetch\nPOST /a/{id} issue\nPOST /a/{**} push", "rows"))
    assert table.match("POST", ("a", "b")) is None
    assert table.match("POST", ("a", "x")) is not None


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("POST /a issue\nPOST /a push", "two rows for POST /a"),
        ("POST /{owner}/x issue\nPUT|POST /{repo}/x push", "two rows for POST /{repo}/x"),
        ("POST /a", "rows:1: a row is METHOD"),
        ("POST a issue", "rows:1: the path must begin with a slash"),
        ("BREW /a issue", "rows:1: unknown method in BREW"),
        ("POST /a nonsense", "rows:1: 'nonsense' is not a valid Operation"),
        ("\nPOST /{**}/a issue", "rows:2: {\\*\\*} may only stand last"),
        ("POST /a{x} issue", "rows:1: `a{x}` is neither"),
    ],
)
def test_bad_rows(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        RouteTable(parse_routes(text, "rows"))


DATA = Path(__file__).parents[2] / "addons" / "forgewall" / "identify" / "data"


@pytest.mark.parametrize("name", sorted(file.stem for file in DATA.glob("*.routes")))
def test_the_tables_that_are_shipped_load(name: str) -> None:
    RouteTable(load_routes(name))


@given(st.text(max_size=10), st.lists(st.text(max_size=10), max_size=12))
def test_any_segments_can_be_matched(method: str, segments: list[str]) -> None:
    TABLE.match(method, tuple(segments))


@given(st.text(max_size=80))
def test_any_text_is_a_table_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        RouteTable(parse_routes(text, "rows"))
