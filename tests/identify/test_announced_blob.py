"""A signed blob may be written in all the steps that clients take, and no other blob."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.announced import Place
from forgewall.identify.announced_blob import blob_place_of, is_blob_host, parse_blob_place
from forgewall.identify.url import request_for

HOST = "https://productionresultssa5.blob.core.windows.net"
URL = f"{HOST}/actions-results/aa/artifact.zip?sig=a%2Fb%3D&se=2026-11-24T15%3A00%3A00Z&sp=cw&sv=2025-01-05"
ASKED = request_for("POST", "https://results-receiver.actions.githubusercontent.com/twirp/x/Y")


def announced(url: str = URL) -> Place:
    found = parse_blob_place(url, ASKED)
    assert isinstance(found, Place)
    return found


@pytest.mark.parametrize(
    "target",
    [
        URL,
        f"{URL}&comp=block&blockid=AAAA",
        f"{URL}&comp=blocklist",
        f"{URL}&comp=appendblock&seal=true",
        f"{HOST}/actions-results/aa/artifact.zip?comp=block&sv=2025-01-05&sp=cw&se=2026-11-24T15:00:00Z&sig=a/b=&blockid=x",
        f"{HOST}/actions-results/aa/artifact%2Ezip?{URL.partition('?')[2]}",
    ],
)
def test_each_step_of_an_upload(target: str) -> None:
    assert blob_place_of(request_for("PUT", target)) == announced()


@pytest.mark.parametrize(
    "target",
    [
        URL.replace("artifact", "other"),
        URL.replace("sig=a", "sig=b"),
        f"{URL}&sp=racwd",
        f"{URL}&comp=metadata",
        f"{URL}&comp=block&comp=acl",
        f"{URL}&restype=container",
        f"{URL}&Comp=acl",
        URL.replace("sa5.", "sa6."),
        f"{HOST}:8443{URL.removeprefix(HOST)}",
        URL.partition("?")[0],
    ],
)
def test_nothing_else(target: str) -> None:
    assert blob_place_of(request_for("PUT", target)) != announced()


def test_only_a_put_to_a_storage_account() -> None:
    assert blob_place_of(request_for("POST", URL)) is None
    assert blob_place_of(request_for("PUT", "https://blob.core.windows.net.evil.example/a?sig=1")) is None
    assert not is_blob_host("windows.net")


@pytest.mark.parametrize(
    "url",
    [
        f"{HOST}/a/b",
        f"{HOST}/a/b?se=1",
        f"{HOST}/a/b?sig=1&sig=2",
        f"{HOST}/a/b?sig=1&comp=block",
        "http://productionresultssa5.blob.core.windows.net/a?sig=1",
        f"{HOST}/a/../b?sig=1",
    ],
)
def test_what_isnt_signed_alike_for_all_is_not_announced(url: str) -> None:
    assert isinstance(parse_blob_place(url, ASKED), str)


@given(st.text(max_size=80))
def test_any_target_is_another_one(text: str) -> None:
    request = request_for("PUT", f"{HOST}/x")
    assert blob_place_of(request) != announced()
    found = parse_blob_place(f"{HOST}/{text}", ASKED)
    assert isinstance(found, str) or found != announced()
