"""Heads that two readers could understand differently; more of them are in the tests of the enforcer."""

from __future__ import annotations

from typing import Any

import pytest
from tests.proxy.arriving import arrival, policy

from forgewall.proxy.arrival import Arrival
from forgewall.proxy.syntax import protocol_problem, syntax_problem

REGISTRY = policy().registry
STORE = "https://objects.example.org/bucket/1"
FORGE = "https://github.com/acme/api"


def code(asked: Arrival, *, forge: bool = True) -> str | None:
    """What is wrong with a request, None if nothing."""
    found = syntax_problem(asked) or protocol_problem(asked, REGISTRY.lookup(asked.request.host) if forge else None)
    return found.code if found is not None else None


@pytest.mark.parametrize("url", [FORGE, STORE, "http://github.com/", "https://git.acme.example:8443/"])
def test_an_ordinary_request_has_no_problem(url: str) -> None:
    assert code(arrival("PUT", url, length=1)) is None


def test_a_forge_s_ports_are_known_and_a_shared_store_may_have_any() -> None:
    assert code(arrival("GET", "https://github.com:8443/")) == "port"
    assert code(arrival("GET", "https://objects.example.org:9000/")) is None
    assert code(arrival("GET", "http://objects.example.org:9000/")) is None


@pytest.mark.parametrize("url", [FORGE, STORE])
@pytest.mark.parametrize(
    ("changes", "headers", "found"),
    [
        ({}, [("transfer-encoding", "Chunked")], None),
        ({}, [("transfer-encoding", "gzip, chunked")], "framing"),
        ({}, [("transfer-encoding", "identity")], "framing"),
        ({}, [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], "framing"),
        ({"authorities": ("evil.example",)}, [], "host-mismatch"),
        ({"authorities": ()}, [], "host-mismatch"),
        ({}, [("host", "evil.example")], "host-mismatch"),
        ({"http_version": "1.2"}, [], "framing"),
        ({}, [("x", "a\nb")], "framing"),
    ],
)
def test_what_holds_for_a_forge_holds_for_an_announced_store(
    url: str, changes: dict[str, Any], headers: list[tuple[str, str]], found: str | None
) -> None:
    assert code(arrival("PUT", url, *headers, **changes)) == found
