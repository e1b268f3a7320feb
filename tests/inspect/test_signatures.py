"""What the first bytes of files say, made by the tools that make such files wherever there is one."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.reading import kind

from forgewall.inspect.signatures import HEAD, by_head, is_text

RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"correct horse")


@pytest.mark.parametrize(
    "head, expected",
    [
        (b"", "other"),
        (b"plain words\n", "text"),
        ("Grüße, 世界\n".encode(), "text"),
        ("Viele Grüße aus Köln".encode("latin-1"), "text"),
        ("Grüße".encode("utf-16"), "text"),
        (b"#!/bin/sh\necho\n", "text"),
        (b"\x1b[1mbold\x1b[0m\n", "text"),
        (b"From here on it is plain prose.\n", "text"),
        (b"MZ is where this sentence begins, and it goes on for more than sixty-four characters.", "text"),
        (b"# -lh means long and human\n", "text"),
        (b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB me@here\n", "text"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "text"),
        (b"Usage: put -----BEGIN PRIVATE KEY----- first.\n", "text"),
        (b"\x00\x01\x02\x03", "other"),
        (b"Rar!\x1a\x07\x00" + bytes(20), "archives"),
        (b"070701" + b"0" * 104, "archives"),
        (b"!<arch>\ndebian-binary   ", "archives"),
        (b"\xed\xab\xee\xdb\x03\x00", "archives"),
        (b"MSCF\x00\x00\x00\x00\x2c", "archives"),
        (b"\x28\xb5\x2f\xfd\x04", "archives"),
        (b"\x04\x22\x4d\x18\x64", "archives"),
        (b"{\\rtf1\\ansi}", "office"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\n\n%PDF-1.4\n", "pdf"),
        (b"\x00\x01\x00\x00Standard ACE DB\x00", "databases"),
        (b"PGDMP\x01\x0e\x00", "databases"),
        (b"--\n-- PostgreSQL database dump\n--\n", "databases"),
        (b"--\n-- PostgreSQL database cluster dump\n--\n", "databases"),
        (b"-- MySQL dump 10.13  Distrib 8.0.36\n", "databases"),
        (b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump", "databases"),
        (b"REDIS0011\xfa", "databases"),
        (b"!BDN\x2d\xf4\x1f\xd1", "mail_stores"),
        (b"From ana@acme.example Thu Jan  1 00:00:00 2026\nSubject: x\n", "mail_stores"),
        (b"KDMV\x01\x00\x00\x00\x03", "disk_images"),
        (b"# Disk DescriptorFile\nversion=1\n", "disk_images"),
        (b"vhdxfile" + "qemu".encode("utf-16-le"), "disk_images"),
        (b"QFI\xfb\x00\x00\x00\x03", "disk_images"),
        (b"\xeb\x3c\x90NTFS    \x00\x02", "disk_images"),
        (b"\xeb\x58\x90-FVE-FS-\x00\x02", "disk_images!"),
        (b"LUKS\xba\xbe\x00\x02", "disk_images!"),
        (bytes(64) + b"\x7f\x10\xda\xbe", "disk_images"),
        (b"MZ" + bytes(58) + b"\x80\x00\x00\x00" + bytes(64) + b"PE\x00\x00", "executables"),
        (b"\x7fELF\x02\x01\x01", "executables"),
        (b"\xcf\xfa\xed\xfe\x07\x00\x00\x01", "executables"),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x02", "executables"),
        (b"\x00asm\x01\x00\x00\x00", "executables"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\n", "keys"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\nComment: x\n", "keys!"),
        (b"# created: 2026-01-01\n# public key: age1x\nAGE-SECRET-KEY-1QQ\n", "keys"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n", "keys"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "keys!"),
        (b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "keys!"),
        (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\x01\x00\x04\x00", "keys!"),
        (b"age-encryption.org/v1\n-> X25519 x\n", "other!"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQ\n", "other!"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162\n", "other!"),
        (b"\x89PNG\r\n\x1a\n\x00", "media"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "media"),
        (b"GIF89a\x01\x00", "media"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "media"),
        (b"\x00\x00\x00\x20ftypisom\x00", "media"),
        (b"ID3\x04\x00\x00\x00\x00", "media"),
        (b"\xff\xfb\x90\x64\x00\x00", "media"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, expected: str) -> None:
    assert kind(head) == expected
    assert kind(head, chunk=1) == expected


def test_archives_of_the_standard_library() -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    for data in (gzip.compress(b"x"), bz2.compress(b"x"), bz2.compress(b""), lzma.compress(b"x"), tar.getvalue()):
        assert kind(data) == "archives"


def test_a_database_of_sqlite_and_its_dump(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("create table t (x)")
    assert kind((tmp_path / "db").read_bytes()) == "databases"
    if shutil.which("sqlite3"):
        dump = subprocess.run(["sqlite3", tmp_path / "db", ".dump"], capture_output=True, check=True).stdout
        assert kind(dump) == "databases"


def test_the_running_python_is_a_program() -> None:
    with open(sys.executable, "rb") as program:
        assert kind(program.read(100_000)) == "executables"


@pytest.mark.parametrize("make", [lambda: RSA, lambda: ec.generate_private_key(ec.SECP256R1())])
def test_private_keys_in_all_their_forms(make: Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]) -> None:
    key = make()
    der, pem = serialization.Encoding.DER, serialization.Encoding.PEM
    pkcs8, traditional = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
    openssh = serialization.PrivateFormat.OpenSSH
    for encoding, form in ((der, pkcs8), (der, traditional), (pem, pkcs8), (pem, traditional), (pem, openssh)):
        assert kind(key.private_bytes(encoding, form, PLAIN)) == "keys", (encoding, form)
    for encoding, form in ((der, pkcs8), (pem, pkcs8), (pem, traditional), (pem, openssh)):
        if form is openssh:
            pytest.importorskip("bcrypt")
        assert kind(key.private_bytes(encoding, form, LOCKED)) == "keys!", (encoding, form)
    public = key.public_key().public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert kind(public) == "other"


def test_an_ed25519_key_and_pkcs12() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, PLAIN)
    assert kind(der) == "keys"
    assert kind(pkcs12.serialize_key_and_certificates(b"x", RSA, None, None, LOCKED)) == "keys!"


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_files_of_openssl(tmp_path: Path) -> None:
    for armour, expected in (([], "other!"), (["-base64"], "other!")):
        command = ["openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-pass", "pass:x", *armour]
        assert kind(subprocess.run(command, input=b"plans", capture_output=True, check=True).stdout) == expected


@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed")
def test_files_of_gpg(tmp_path: Path) -> None:
    base = ["gpg", "--homedir", str(tmp_path), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]

    def gpg(*arguments: str, data: bytes = b"plans") -> bytes:
        return subprocess.run([*base, *arguments], input=data, capture_output=True, check=True).stdout

    try:
        gpg("--quick-generate-key", "ana@acme.example", "future-default")
        assert kind(gpg("--encrypt", "--trust-model", "always", "-r", "ana@acme.example")) == "other!"
        assert kind(gpg("--encrypt", "--trust-model", "always", "--armor", "-r", "ana@acme.example")) == "other!"
        assert kind(gpg("--export-secret-keys")) == "keys"
        assert kind(gpg("--export-secret-keys", "--armor")) == "keys"
        assert kind(gpg("--export")) != "keys"
        locked = [*base[:-1], "sesame", "--symmetric"]
        assert kind(subprocess.run(locked, input=b"plans", capture_output=True, check=True).stdout) == "other!"
    finally:
        subprocess.run(["gpgconf", "--homedir", str(tmp_path), "--kill", "all"], check=False)


@pytest.mark.skipif(not shutil.which("qemu-img"), reason="qemu-img is not installed")
@pytest.mark.parametrize("form", ["qcow2", "vmdk", "vdi", "vhdx", "vpc"])
def test_images_of_qemu(tmp_path: Path, form: str) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-f", form, tmp_path / "image", "1M"], check=True)
    assert kind((tmp_path / "image").read_bytes()) == "disk_images"


@pytest.mark.skipif(not shutil.which("mke2fs"), reason="mke2fs is not installed")
def test_a_file_system_image(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(1 << 20))
    subprocess.run(["mke2fs", "-q", image], check=True)
    assert kind(image.read_bytes()) == "disk_images"


def test_a_disk_with_partitions() -> None:
    entry = b"\x80\x01\x01\x00\x83\xfe\xff\xff" + (2048).to_bytes(4, "little") + (9999).to_bytes(4, "little")
    disk = bytes(446) + entry + bytes(48) + b"\x55\xaa"
    assert kind(disk + bytes(4096)) == "disk_images"
    assert kind(bytes(510) + b"\x55\xaa" + bytes(4096)) == "other"


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"])), st.integers(0, 4))
def test_text_is_text_wherever_its_last_character_is_cut(text: str, cut: int) -> None:
    data = text.encode()
    assert is_text(data[: max(0, len(data) - cut)])


@given(st.binary(max_size=HEAD))
def test_any_bytes_have_a_nature_or_none(head: bytes) -> None:
    by_head(head)
