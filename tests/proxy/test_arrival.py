"""Whom a socket's peer name stands for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.proxy.arriving import arrival

from forgewall.model import Subject
from forgewall.proxy.arrival import subject_of


@pytest.mark.parametrize(
    ("peer", "subject"),
    [
        (("192.0.2.1", 51544), Subject(client="192.0.2.1", port=51544)),
        (("2001:DB8:0::1", 51544, 0, 0), Subject(client="2001:db8::1", port=51544)),
        (("::ffff:192.0.2.1", 51544, 0, 0), Subject(client="192.0.2.1", port=51544)),
        (("fe80::1%eth0", 51544, 0, 2), Subject(client="fe80::1", port=51544)),
        (None, Subject(client="0.0.0.0")),
        ((), Subject(client="0.0.0.0")),
    ],
)
def test_the_subject_behind_a_peer_name(peer: tuple[Any, ...] | None, subject: Subject) -> None:
    assert subject_of(peer) == subject
    assert subject.user is None


def test_every_request_has_an_id_of_its_own() -> None:
    assert len({arrival("GET", "https://github.com/").id for _ in range(50)}) == 50
