"""Packages belong to the owner in the path, images to the first name of theirs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identify.asking import ask, told

from forgewall.identify.forges.gitea_packages import TYPES
from forgewall.model import BodyState, Effect, Operation

HOST = "https://codeberg.org"
FORM = ("content-type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_each_type_belongs_to_its_owner(kind: str) -> None:
    assert told(ask("PUT", f"{HOST}/api/packages/acme/{kind}/a/b")) == ("package", "codeberg.org/acme")
    assert told(ask("GET", f"{HOST}/api/packages/acme/{kind}/a/b")) == ("fetch", "codeberg.org/acme")


@pytest.mark.parametrize(
    "path",
    ["acme", "acme/unheard/a", "acme%2fnpm/x", "a%20b/npm/x", "acme/../mallory/npm/x", "%2e%2e/npm/x", ""],
)
def test_a_package_of_nobody_certain(path: str) -> None:
    assert not ask("PUT", f"{HOST}/api/packages/{path}").identified


def test_a_client_signs_in() -> None:
    assert ask("POST", f"{HOST}/api/packages/acme/swift/login").operation is Operation.AUTH


def test_images() -> None:
    assert told(ask("PUT", f"{HOST}/v2/acme/a/b/manifests/x")) == ("package", "codeberg.org/acme")
    assert told(ask("GET", f"{HOST}/v2/")) == ("fetch", None)
    assert told(ask("GET", f"{HOST}/v2/_catalog")) == ("fetch", None)
    for path in ("/v2/acme/manifests/x", "/v2/acme/a", "/v2/acme%2fa/b/manifests/x", "/v2/-/x"):
        assert not ask("PUT", HOST + path).identified


def test_blobs_from_another_owner() -> None:
    own = ask("POST", f"{HOST}/v2/acme/a/blobs/uploads/?mount=sha256:0&from=ACME/b")
    assert (told(own), own.also) == (("package", "codeberg.org/acme"), ())
    other = ask("POST", f"{HOST}/v2/acme/a/blobs/uploads/?mount=sha256:0&from=mallory/b")
    assert [(one.address, one.role) for one in other.also] == [("codeberg.org/mallory", "source")]
    assert not ask("POST", f"{HOST}/v2/acme/a/blobs/uploads/?mount=sha256:0&from=a&from=b").identified


@pytest.mark.parametrize(
    ("query", "operation", "address"),
    [
        ("scope=repository:acme/x:pull", "auth", "codeberg.org"),
        ("", "auth", "codeberg.org"),
        ("scope=repository:acme/x:push", "package", "codeberg.org/acme"),
        ("scope=repository:acme/x:push&scope=repository:mallory/x:push", "package", None),
        ("scope=repository:acme/x:*", "package", "codeberg.org/acme"),
        ("SCOPE=repository:acme/x:push", "package", None),
    ],
)
def test_tokens_of_the_registry(query: str, operation: str, address: str | None) -> None:
    assert told(ask("GET", f"{HOST}/v2/token?{query}")) == (operation, address)
    assert told(ask("POST", f"{HOST}/v2/token", query.encode(), FORM)) == (operation, address)


def test_a_token_asked_for_by_post_needs_its_body() -> None:
    target = ask("POST", f"{HOST}/v2/token", state=BodyState.UNREAD)
    assert (target.operation, target.wants_body) == (Operation.UNIDENTIFIED, True)
    assert not ask("PUT", f"{HOST}/v2/token").identified


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="ascii", exclude_characters="?#"), max_size=20), st.sampled_from(["PUT", "POST"]))
def test_any_path_is_a_package_of_its_owner_or_of_nobody(text: str, method: str) -> None:
    target = ask(method, f"{HOST}/api/packages/{text.encode('ascii', 'replace').decode()}/npm/x")
    assert target.effect in (Effect.WRITE, Effect.AUTH)
    if target.owner is not None:
        assert target.owner == text.split("/", maxsplit=1)[0] or "%" in text
