from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.oids import OidIndex


@given(st.lists(st.binary(min_size=2, max_size=2), max_size=200), st.integers(0, 150))
def test_it_numbers_like_a_dict_up_to_its_limit(oids: list[bytes], limit: int) -> None:
    index, truth = OidIndex(2, limit), dict[bytes, int]()
    for oid in oids:
        if oid not in truth and len(truth) < limit:
            truth[oid] = len(truth)
        assert index.number(oid) == index.find(oid) == truth.get(oid, -1)
    assert index.count == len(truth)
    assert all(index.oid(number) == oid for oid, number in truth.items())


def test_it_grows() -> None:
    index = OidIndex(20, 50_000)
    oids = [hashlib.sha1(b"%d" % number).digest() for number in range(20_000)]
    assert [index.number(oid) for oid in oids] == list(range(20_000))
    assert [index.find(oid) for oid in oids] == list(range(20_000))
    assert index.find(b"x" * 20) == -1
