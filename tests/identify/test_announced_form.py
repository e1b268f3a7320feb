"""A form for a store is the announced one only with the announced key, before the file, and nothing behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.test_form import MULTI, multi, part

from forgewall.identify.announced import place_of
from forgewall.identify.announced_form import KEY, digest_of, form_place, form_place_of, may_be_form
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Request

STORE = "https://github-production-user-asset-6210df.s3.amazonaws.com"
GOOD = (part("key", "42/7"), part("policy", "p"), part("file", "bytes", "a.png"))


def sent(body: bytes, url: str = STORE, state: BodyState = BodyState.COMPLETE) -> Request:
    return request_for("POST", url, headers=[MULTI], body=body, body_state=state)


ANNOUNCED = form_place(place_of(sent(b"", f"{STORE}/")), KEY, digest_of("42/7"))


@pytest.mark.parametrize("state", [BodyState.COMPLETE, BodyState.SKIMMED])
def test_the_announced_form(state: BodyState) -> None:
    assert form_place_of(sent(multi(*GOOD), state=state)) == ANNOUNCED


@pytest.mark.parametrize(
    "parts",
    [
        (part("key", "42/8"), GOOD[1], GOOD[2]),
        (GOOD[1], GOOD[2]),
        (GOOD[0],),
        (GOOD[2], GOOD[0]),
        (*GOOD, part("after", "x")),
        (GOOD[0], part("Key", "1/1"), GOOD[2]),
        (part("Key", "42/7"), GOOD[2]),
        (GOOD[0], part("key", "1/1"), GOOD[2]),
        (part("key", "42/7", "name"), GOOD[2]),
        (GOOD[0], part("other", "bytes", "b.png"), GOOD[2]),
        (part("key", "${filename}"), GOOD[2]),
    ],
)
def test_no_other_form(parts: tuple[bytes, ...]) -> None:
    assert form_place_of(sent(multi(*parts))) != ANNOUNCED


def test_no_other_place_and_no_unread_form() -> None:
    assert form_place_of(sent(multi(*GOOD), f"{STORE}/other")) != ANNOUNCED
    assert form_place_of(sent(multi(*GOOD), "https://x.s3.amazonaws.com")) != ANNOUNCED
    assert form_place_of(replace(sent(b""), body_state=BodyState.UNREAD)) is None
    assert form_place_of(replace(sent(multi(*GOOD)), method="PUT")) is None
    assert place_of(sent(multi(*GOOD))) != ANNOUNCED


def test_which_requests_must_be_read() -> None:
    assert may_be_form(sent(b""))
    assert not may_be_form(replace(sent(b""), method="PUT"))
    assert not may_be_form(replace(sent(b""), headers=()))


@given(st.binary(max_size=400))
def test_any_bytes_are_no_announced_form(body: bytes) -> None:
    assert form_place_of(sent(body)) != ANNOUNCED
