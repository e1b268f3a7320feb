"""7z archives: three made by 7-Zip 16.02, and more by the tool itself where it is installed."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.reading import cuts, kind, read

PLAIN = base64.b64decode(
    "N3q8ryccAASZL7/MHQAAAAAAAABSAAAAAAAAAGNZaCMBABhoZWxsbyB3b3JsZCBzZWNyZXQgcGxhbnMKAAEEBgABCR0ABwsBAAEhIQEADBkACAoB"
    "YAO8bAAABQEZDAAAAAAAAAAAAAAAABENAGEALgB0AHgAdAAAABQKAQBYmYAfCnzdARUGAQAggKSBAAA="
)
PASSWORD = base64.b64decode(  # 7z a -px
    "N3q8ryccAAT4aJB1IAAAAAAAAABiAAAAAAAAANGg9zfIK3mmnmptINWBlcwkT1rK1hBLLlGdSLPOResIMIAo3gEEBgABCSAABwsBAAIkBvEHARJT"
    "D+/HW3Ci4773YwghFWKtkA4hIQEAAQAMHRkACAoBYAO8bAAABQEZAQARDQBhAC4AdAB4AHQAAAAUCgEAWJmAHwp83QEVBgEAIICkgQAA"
)
HIDDEN_NAMES = base64.b64decode(  # 7z a -px -mhe=on
    "N3q8ryccAAR5CVh9kAAAAAAAAAAuAAAAAAAAAAq1aAx6DdVx7whBJOekGVa5q9+3UzoUcNYiBam+eKOIjLzlGCbT5e/ugeAxrOUi0JjSqHnET5vY"
    "kHFM90x2aQFJbXULDsI9Z2eNkafgNCBNA8zWHjtBlkaBjCCInrcikvQY80rNaAAlDtZ/qMeNSUP0IRVBh3AkWoQR/+cwiWbRYPaBakkApV7Pb/za"
    "8ffcKm/mlC4XBiABCXAABwsBAAEkBvEHARJTDxHyHrQszIg5tggMwFAekcoMYgoBxHRufwAA"
)


@pytest.mark.parametrize("chunk", [1, 50, 65536])
@pytest.mark.parametrize("data, expected", [(PLAIN, "archives"), (PASSWORD, "archives!"), (HIDDEN_NAMES, "archives!")])
def test_an_archive_tells_whether_it_needs_a_password(data: bytes, expected: str, chunk: int) -> None:
    assert kind(data, chunk=chunk) == expected


@pytest.mark.skipif(not shutil.which("7z"), reason="7z is not installed")
@pytest.mark.parametrize("count", [1, 500])
@pytest.mark.parametrize("options", [[], ["-mx=0"], ["-mhc=off"], ["-m0=LZMA2"], ["-m0=BZip2"], ["-ms=off"]])
def test_archives_of_7z(tmp_path: Path, options: list[str], count: int) -> None:
    """With many members the header is packed, and has to be unpacked to tell."""
    for number in range(count):
        (tmp_path / f"{number}.txt").write_text(f"plans {number}\n" * 20)
    for name, password, expected in (("plain.7z", [], "archives"), ("locked.7z", ["-px"], "archives!")):
        command = ["7z", "a", "-bd", *options, *password, name, "-i!*.txt"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        assert kind((tmp_path / name).read_bytes(), chunk=1000) == expected


def test_a_broken_archive_is_still_an_archive() -> None:
    for end in range(6, len(PASSWORD)):
        assert kind(PASSWORD[:end]).startswith("archives")


@given(st.lists(st.integers(0, 300), max_size=20), st.sampled_from([PLAIN, PASSWORD, HIDDEN_NAMES]))
def test_any_cut_gives_the_same_facts(places: list[int], data: bytes) -> None:
    assert read(cuts(data, places)) == read([data])


@given(st.binary(min_size=1, max_size=120), st.sampled_from([0x01, 0x17]), st.binary(max_size=60))
def test_any_header_is_survived(header: bytes, first: int, packed: bytes) -> None:
    start = b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(4) + len(packed).to_bytes(8, "little")
    size = (1 + len(header)).to_bytes(8, "little")
    assert kind(start + size + bytes(4) + packed + bytes([first]) + header).startswith("archives")


@given(st.data())
def test_a_damaged_header_is_survived(data: st.DataObject) -> None:
    at = data.draw(st.integers(6, len(PASSWORD) - 1))
    damaged = PASSWORD[:at] + data.draw(st.binary(min_size=1, max_size=4)) + PASSWORD[at + 1 :]
    assert kind(damaged).startswith("archives")


def test_a_header_that_claims_a_huge_dictionary_gets_a_small_one() -> None:
    """The decoder would set aside what the header asks for: here 4 GiB."""
    encoded = (
        b"\x17\x06\x00\x01\x09\x20\x00\x07\x0b\x01\x00\x01\x23\x03\x01\x01\x05\x5d\xff\xff\xff\xff\x0c\x40\x00\x00"
    )
    start = b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(4) + (32).to_bytes(8, "little") + len(encoded).to_bytes(8, "little")
    assert kind(start + bytes(4) + bytes(32) + encoded) == "archives"
