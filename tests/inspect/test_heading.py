"""What method, path and query tell of an upload."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inspect.bodies import asked

from forgewall.evidence import RefAction
from forgewall.inspect.heading import Heading, full_name, heading_of, read_as
from forgewall.model import Also, Operation, Target


def heading(method: str, url: str) -> Heading:
    return heading_of(*asked(method, url))


@pytest.mark.parametrize(
    "method, url, path, raw",
    [
        ("PUT", "https://api.github.com/repos/acme/api/contents/dir/a.txt", "dir/a.txt", False),
        ("PUT", "https://ghe.example/api/v3/repos/acme/api/contents/a.txt", "a.txt", False),
        ("PUT", "https://api.github.com/repos/acme/contents/contents/contents", "contents", False),
        ("POST", "https://uploads.github.com/repos/a/b/releases/1/assets?label=x&name=a%20b.zip", "a b.zip", True),
        (
            "POST",
            "https://gl.example:8443/gitlab/api/v4/projects/a%2Fb/repository/files/dir%2Fa.txt",
            "dir/a.txt",
            False,
        ),
        ("PUT", "https://gitlab.com/api/v4/projects/a%2Fb/packages/generic/p/1/dir/x.zip", "dir/x.zip", True),
        ("PUT", "https://bb.example/bitbucket/rest/api/latest/projects/A/repos/b/browse/dir/a.txt", "dir/a.txt", False),
        ("PUT", "https://tea.example/api/packages/a/generic/p/1/x.zip", "x.zip", True),
        ("POST", "https://api.github.com/repos/acme/api/issues", None, False),
    ],
)
def test_paths(method: str, url: str, path: str | None, raw: bool) -> None:
    found = heading(method, url)
    assert (found.path, found.raw) == (path, raw)


@pytest.mark.parametrize(
    "method, url, name, action",
    [
        ("PATCH", "https://api.github.com/repos/a/b/git/refs/heads/x/y", "refs/heads/x/y", RefAction.UPDATE),
        ("DELETE", "https://api.github.com/repos/a/b/git/refs/tags/v1", "refs/tags/v1", RefAction.DELETE),
        (
            "DELETE",
            "https://gitlab.com/api/v4/projects/a%2Fb/repository/branches/x%2Fy",
            "refs/heads/x/y",
            RefAction.DELETE,
        ),
        ("DELETE", "https://gitlab.com/api/v4/projects/a%2Fb/repository/tags/v1", "refs/tags/v1", RefAction.DELETE),
        ("DELETE", "https://api.bitbucket.org/2.0/repositories/a/b/refs/branches/x", "refs/heads/x", RefAction.DELETE),
        (
            "PUT",
            "https://gitlab.com/api/v4/projects/a%2Fb/repository/files/f?branch=x",
            "refs/heads/x",
            RefAction.UPDATE,
        ),
    ],
)
def test_refs(method: str, url: str, name: str, action: RefAction) -> None:
    assert [(ref.name, ref.action) for ref in heading(method, url).refs] == [(name, action)]


def test_full_names() -> None:
    assert full_name("x", "refs/heads/") == "refs/heads/x"
    assert full_name("refs/tags/x", "refs/heads/") == "refs/tags/x"


@settings(deadline=None)
@given(
    st.sampled_from(
        ["api.github.com", "gitlab.com", "api.bitbucket.org", "tea.example", "huggingface.co", "dev.azure.com"]
    ),
    st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    st.lists(
        st.sampled_from(["repos", "projects", "contents", "api", "commit", "**", "*", "a%2Fb", "%ff", "..", ""])
        | st.text("ab/%?&=", max_size=5),
        max_size=9,
    ),
)
def test_any_path(host: str, method: str, segments: list[str]) -> None:
    heading(method, f"https://{host}/{'/'.join(segments)}")


def test_a_body_that_does_several_things_is_read_as_the_strictest() -> None:
    request, target = asked("POST", "https://api.github.com/graphql")
    place = {"address": "github.com/acme/api", "owner": "acme", "repository": "api"}

    def does(first: Operation, *others: Operation | None) -> Target:
        also = tuple(Also(**place, role="second", operation=other) for other in others)
        return replace(target, operation=first, effect=first.effect, also=also)

    comment, issue, contents = Operation.COMMENT, Operation.ISSUE, Operation.CONTENTS
    for found in (does(comment, issue, contents), does(contents, comment), does(Operation.CREATE_REPO, contents)):
        assert read_as(found) is contents
        assert (heading_of(request, found).default, heading_of(request, found).graphql) == (True, True)
    assert read_as(does(comment, issue)) is comment
    assert read_as(does(comment, None)) is comment
    assert read_as(does(comment, Operation.STAR)) is comment
    assert read_as(does(comment, Operation.SNIPPET)) is Operation.SNIPPET
