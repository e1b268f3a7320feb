"""Disk images that say what they are at their end or behind their first 32 KiB."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.inspect.reading import kind


@pytest.mark.parametrize("chunk", [1000, 1 << 20])
def test_images_by_their_last_sector(chunk: int) -> None:
    data = bytes(range(1, 256)) * 200
    assert kind(data + b"koly\x00\x00\x00\x04" + bytes(504), chunk=chunk) == "disk_images"
    assert kind(data + b"conectix" + bytes(504), chunk=chunk) == "disk_images"
    assert kind(data + b"conectix" + bytes(503), chunk=chunk) == "other"


@pytest.mark.parametrize("chunk", [1, 4097, 1 << 20])
def test_an_iso_image_by_its_volume_descriptor(chunk: int) -> None:
    image = bytes(0x8001) + b"CD001\x01" + bytes(2000)
    assert kind(image, chunk=chunk) == "disk_images"
    assert kind(b"\0" + image, chunk=chunk) == "other"


@pytest.mark.skipif(not shutil.which("genisoimage"), reason="genisoimage is not installed")
def test_an_image_of_genisoimage(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    subprocess.run(["genisoimage", "-quiet", "-o", tmp_path / "out.iso", tmp_path / "in"], check=True)
    assert kind((tmp_path / "out.iso").read_bytes()) == "disk_images"
