"""Container registries: image names and token scopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify import paths
from forgewall.identify.oci import image_of, mounted_from, scope_of


@pytest.mark.parametrize(
    ("path", "name", "part"),
    [
        ("/v2/acme/img/manifests/latest", ("acme", "img"), "manifests"),
        ("/v2/acme/img/blobs/uploads/", ("acme", "img"), "blobs"),
        ("/v2/acme/img/blobs/uploads/1-2", ("acme", "img"), "blobs"),
        ("/v2/acme/img/blobs/sha256:ab", ("acme", "img"), "blobs"),
        ("/v2/acme/manifests/manifests/1", ("acme", "manifests"), "manifests"),
        ("/v2/acme/a/b/tags/list", ("acme", "a", "b"), "tags"),
    ],
)
def test_image(path: str, name: tuple[str, ...], part: str) -> None:
    image = image_of(paths.parse(path))
    assert image is not None
    assert (image.name, image.part) == (name, part)


@pytest.mark.parametrize(
    "path",
    ["/v2/", "/v2/manifests/1", "/v1/acme/img/manifests/1", "/v2/acme%2Fimg/manifests/1", "/v2/acme/../x/tags/list"],
)
def test_no_image(path: str) -> None:
    assert image_of(paths.parse(path)) is None


@pytest.mark.parametrize(
    ("query", "pushes", "image"),
    [
        (None, False, None),
        ("service=x&account=pusher", False, None),
        ("scope=repository:acme/img:pull", False, None),
        ("scope=repository:acme/img:pull,push", True, ("acme", "img")),
        ("scope=repository%3Aacme%2Fimg%3Apush", True, ("acme", "img")),
        ("scope=repository:acme/img:p%75sh", True, ("acme", "img")),
        ("scope=repository:acme/img:PUSH", True, ("acme", "img")),
        ("scope=repository:acme/img:*", True, ("acme", "img")),
        ("scope=repository:acme/img:delete", True, ("acme", "img")),
        ("scope=repository:mallory;x/img:push", True, None),
        ("scope=repository:acme/img:pull;x=1", False, None),
        ("scope=repository:a/b:pull+repository:c/d:push", True, ("c", "d")),
        ("scope=repository:a/b:push&scope=repository:c/d:push", True, None),
        ("scope=repository:a/b:push&scope=repository:a/b:pull,push", True, ("a", "b")),
        ("scope=registry:catalog:*", True, None),
        ("scope=repository:acme/../x:push", True, None),
        ("scope=repository:a/b:%2570ush", True, None),
        ("SCOPE=repository:a/b:push", True, None),
        ("scope[]=repository:a/b:push", True, None),
        ("sc%256fpe=repository:a/b:push", True, None),
    ],
)
def test_scope(query: str | None, pushes: bool, image: tuple[str, ...] | None) -> None:
    scope = scope_of(query)
    assert (scope.pushes, scope.image) == (pushes, image)


def test_mount() -> None:
    assert mounted_from(paths.parse("/x?mount=sha256:a&from=acme/img")) == ("acme", "img")
    assert mounted_from(paths.parse("/x?from=a/b&from=c/d")) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_read(path: str, query: str) -> None:
    image_of(paths.parse("/v2/" + path))
    scope_of(query)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_push_scope_is_never_missed(before: str, after: str) -> None:
    clean = before.replace("&", "").replace("#", "")
    assert scope_of(f"x={clean}&scope=repository:acme/img:push&y={after}").pushes
