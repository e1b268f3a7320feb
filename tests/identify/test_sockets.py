"""Which sockets only bring notifications: a closed list, whatever the path looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY

from forgewall.identify.sockets import is_notification_socket


def listed(host: str, path: str) -> bool:
    forge = REGISTRY.lookup(host)
    assert forge is not None
    return is_notification_socket(forge, path)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("alive.github.com", "/"),
        ("alive.github.com", "/_sockets/u/1/ws?session=x"),
        ("gitlab.com", "/-/cable"),
        ("gitlab.com", "/-/cable?x=y"),
        ("gl.example", "/gitlab/-/cable"),
    ],
)
def test_listed_sockets(host: str, path: str) -> None:
    assert listed(host, path)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("github.com", "/"),
        ("github.com", "/-/cable"),
        ("api.github.com", "/-/cable"),
        ("gitlab.com", "/"),
        ("gitlab.com", "/-/cable/"),
        ("gitlab.com", "/-/cable/x"),
        ("gitlab.com", "/acme/-/cable"),
        ("gitlab.com", "/-/CABLE"),
        ("gitlab.com", "/-/c%61ble"),
        ("gitlab.com", "//-/cable"),
        ("gitlab.com", "/x/../-/cable"),
        ("gitlab.com", "/-/cable;x"),
        ("gitlab.com", "/-/terminal"),
        ("registry.gitlab.com", "/-/cable"),
        ("gl.example", "/-/cable"),
        ("gl.example", "/gitlab-/cable"),
        ("registry.gl.example", "/-/cable"),
        ("bb.example", "/bitbucket/-/cable"),
        ("tea.example", "/-/cable"),
        ("tea.example", "/user/events"),
        ("bitbucket.org", "/-/cable"),
    ],
)
def test_everything_else_is_not_listed(host: str, path: str) -> None:
    assert not listed(host, path)


@given(st.sampled_from(["github.com", "api.github.com", "bitbucket.org", "tea.example"]), st.text())
def test_most_forges_have_no_socket_whatever_the_path(host: str, path: str) -> None:
    assert not listed(host, path)


@given(st.text().filter(lambda path: path.partition("?")[0] != "/-/cable"))
def test_gitlab_has_one_socket(path: str) -> None:
    assert not listed("gitlab.com", path)
