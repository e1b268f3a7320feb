"""ZIP archives of real tools, as they pass by in chunks of all sizes."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.reading import cuts, kind, read

from forgewall.inspect import ziparchive


def archive(*names: str, size: int = 300, comment: bytes = b"") -> bytes:
    """A plain archive of members with these names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, name.encode() * size, zipfile.ZIP_DEFLATED)
        file.comment = comment
    return out.getvalue()


def locked(data: bytes, which: int = -1) -> bytes:
    """The same with one member's encryption flag set, in its local header."""
    places = [at for at in range(len(data)) if data.startswith(b"PK\x03\x04", at)]
    at = places[which] + 6
    return data[:at] + bytes([data[at] | 1]) + data[at + 1 :]


def unseekable(*names: str) -> bytes:
    """An archive with data descriptors, as one gets from a pipe."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.out = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.out += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as file:  # type: ignore[arg-type]
        for name in names:
            file.writestr(name, b"x" * 5000, zipfile.ZIP_DEFLATED)
    return bytes(pipe.out)


@pytest.mark.parametrize("chunk", [1, 7, 65536])
def test_an_archive_is_encrypted_if_any_member_is(chunk: int) -> None:
    data = archive(*(f"{number}.txt" for number in range(40)))
    assert kind(data, chunk=chunk) == "archives"
    for which in (0, 20, 39):
        assert kind(locked(data, which), chunk=chunk) == "archives!"


def test_data_descriptors_hide_nothing() -> None:
    data = unseekable("a", "b", "c")
    assert data[6] & 8, "no data descriptor"
    assert kind(data) == "archives"
    assert kind(locked(data)) == "archives!"


@pytest.mark.skipif(not shutil.which("zip"), reason="zip is not installed")
def test_zip_with_a_password(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("plans\n" * 1000)
    for option, expected in (([], "archives"), (["-P", "x"], "archives!")):
        piped = subprocess.run(["zip", "-q", *option, "-", "a.txt"], cwd=tmp_path, capture_output=True, check=True)
        assert kind(piped.stdout) == expected
        subprocess.run(["zip", "-q", *option, f"{len(option)}.zip", "a.txt"], cwd=tmp_path, check=True)
        assert kind((tmp_path / f"{len(option)}.zip").read_bytes()) == expected


@pytest.mark.skipif(not shutil.which("7z"), reason="7z is not installed")
def test_aes_of_7z(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("plans\n")
    command = ["7z", "a", "-tzip", "-px", "-mem=AES256", "-bd", "a.zip", "a.txt"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert kind((tmp_path / "a.zip").read_bytes()) == "archives!"


@pytest.mark.parametrize(
    "names, expected",
    [
        (("[Content_Types].xml", "_rels/.rels", "word/document.xml"), "office"),
        (("docProps/app.xml", "xl/workbook.xml", "[Content_Types].xml"), "office"),
        (("ppt/media/one.mp4", "ppt/media/two.mp4", "[Content_Types].xml"), "office"),
        (("Index/Document.iwa", "Metadata/Properties.plist"), "office"),
        (("[Content_Types].xml", "lib/net8.0/Tool.dll"), "archives"),
        (("word/list.txt", "notes.txt"), "archives"),
        (("META-INF/MANIFEST.MF", "org/Main.class"), "archives"),
    ],
)
def test_office_documents_are_told_by_their_members(names: tuple[str, ...], expected: str) -> None:
    assert kind(archive(*names, size=4)) == expected
    assert kind(archive(*names, size=20_000), chunk=1000) == expected


def opendocument(manifest: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("content.xml", b"x" * 20_000)
        file.writestr("META-INF/manifest.xml", manifest, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def test_opendocument_says_in_its_manifest_that_it_is_encrypted() -> None:
    assert kind(opendocument(b"<manifest:manifest/>")) == "office"
    assert kind(opendocument(b"<manifest:encryption-data manifest:checksum='x'/>")) == "office!"
    assert kind(opendocument(b"\x00" * 10_000_000)) == "office"


def test_an_archive_behind_something_else() -> None:
    picture, program = b"\x89PNG\r\n\x1a\n" + bytes(9000), b"\x7fELF" + bytes(9000)
    for data, mark in ((archive("a", comment=b"so long"), ""), (locked(archive("a")), "!")):
        assert kind(picture + data) == f"archives{mark}"
        assert kind(b"#!/bin/sh\n" + data) == f"archives{mark}"
        assert kind(b"words\n" * 5000 + data) == f"archives{mark}"
        assert kind(program + data) == f"executables{mark}"
    assert kind(picture + archive("a") + b"more") == "media"


def test_a_text_about_archives_is_a_text() -> None:
    assert kind(b"the end record begins with PK\x05\x06 and the header with PK\x03\x04") == "other"
    assert kind(b"ZIP files begin with PK") == "text"
    assert not ziparchive.ends_here(b"PK\x05\x06")
    assert not ziparchive.ends_here(b"")


@given(st.lists(st.integers(0, 1 << 20), max_size=40), st.booleans())
def test_any_cut_gives_the_same_facts(places: list[int], encrypted: bool) -> None:
    data = archive("[Content_Types].xml", "word/document.xml", "a/b", size=900)
    data = locked(data) if encrypted else data
    assert read(cuts(data, places)) == read([data])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_in_an_archive_are_survived(before: bytes, after: bytes) -> None:
    kind(b"PK\x03\x04" + before + b"PK\x03\x04" + b"META-INF/manifest.xml" + after + b"PK\x05\x06" + before)
    kind(b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument" + before + after, chunk=3)
