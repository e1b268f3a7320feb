"""What a file's first bytes say of its kind: signatures, each as its format's specification has it.

A signature that is short or weak (two bytes, a text's first word) is taken together with what must follow it, so that
random bytes and plain prose match nothing. Not here: what stands further on in a file, see `magic`.
"""

from __future__ import annotations

import re
from codecs import utf_8_decode
from dataclasses import dataclass

from forgewall.evidence import FileKind

HEAD = 4096
"""Bytes at a file's beginning that are enough here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What a file is: its kind, and whether its contents can't be read without a key."""

    kind: FileKind
    encrypted: bool = False


ARCHIVE = Nature(kind=FileKind.ARCHIVE)
OFFICE = Nature(kind=FileKind.OFFICE)
PDF = Nature(kind=FileKind.PDF)
DATABASE = Nature(kind=FileKind.DATABASE)
MAIL_STORE = Nature(kind=FileKind.MAIL_STORE)
DISK_IMAGE = Nature(kind=FileKind.DISK_IMAGE)
EXECUTABLE = Nature(kind=FileKind.EXECUTABLE)
KEY = Nature(kind=FileKind.KEY)
LOCKED_KEY = Nature(kind=FileKind.KEY, encrypted=True)
MEDIA = Nature(kind=FileKind.MEDIA)
TEXT = Nature(kind=FileKind.TEXT)
OTHER = Nature(kind=FileKind.OTHER)
LOCKED = Nature(kind=FileKind.OTHER, encrypted=True)
LOCKED_DISK = Nature(kind=FileKind.DISK_IMAGE, encrypted=True)

_LITERAL: tuple[tuple[bytes, Nature], ...] = (
    (b"PK\x03\x04", ARCHIVE),
    (b"PK\x05\x06", ARCHIVE),  # an empty one
    (b"PK\x07\x08PK", ARCHIVE),  # a split one
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07\x00", ARCHIVE),
    (b"Rar!\x1a\x07\x01\x00", ARCHIVE),
    (b"\x1f\x8b\x08", ARCHIVE),  # gzip, RFC 1952
    (b"\x1f\x9d", ARCHIVE),  # compress
    (b"\xfd7zXZ\x00", ARCHIVE),
    (b"\x28\xb5\x2f\xfd", ARCHIVE),  # Zstandard, RFC 8878
    (b"\x04\x22\x4d\x18", ARCHIVE),  # LZ4 frame
    (b"LZIP\x01", ARCHIVE),
    (b"\x89LZO\x00\r\n\x1a\n", ARCHIVE),
    (b"!<arch>\n", ARCHIVE),  # ar, Debian packages
    (b"\xed\xab\xee\xdb", ARCHIVE),  # RPM
    (b"MSCF\x00\x00\x00\x00", ARCHIVE),  # Cabinet
    (b"xar!\x00\x1c", ARCHIVE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OFFICE),  # Compound File Binary, [MS-CFB]
    (b"{\\rtf1", OFFICE),
    (b"SQLite format 3\x00", DATABASE),
    (b"\x00\x01\x00\x00Standard Jet DB", DATABASE),
    (b"\x00\x01\x00\x00Standard ACE DB", DATABASE),
    (b"PGDMP", DATABASE),  # pg_dump's own format
    (b"-- MySQL dump", DATABASE),
    (b"-- MariaDB dump", DATABASE),
    (b"/*M!999999\\- enable the sandbox mode */", DATABASE),
    (b"-- phpMyAdmin SQL Dump", DATABASE),
    (b"--\n-- PostgreSQL database ", DATABASE),
    (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;", DATABASE),  # sqlite3's .dump
    (b"TAPE\x00\x00", DATABASE),  # a backup of SQL Server, Microsoft Tape Format
    (b"\x01\x0f\x00\x00", DATABASE),  # SQL Server's primary data file
    (b"\x6d\xe2\x99\x81", DATABASE),  # mongodump --archive
    (b"REDIS00", DATABASE),
    (b"PAR1\x15", DATABASE),  # Parquet
    (b"!BDN", MAIL_STORE),  # PST and OST, [MS-PST]
    (b"\xcf\xad\x12\xfe", MAIL_STORE),  # Outlook Express
    (b"KDMV\x01\x00\x00\x00", DISK_IMAGE),
    (b"KDMV\x02\x00\x00\x00", DISK_IMAGE),
    (b"KDMV\x03\x00\x00\x00", DISK_IMAGE),
    (b"COWD\x01\x00\x00\x00", DISK_IMAGE),
    (b"# Disk DescriptorFile", DISK_IMAGE),
    (b"conectix", DISK_IMAGE),
    (b"vhdxfile", DISK_IMAGE),
    (b"QFI\xfb", DISK_IMAGE),
    (b"MSWIM\x00\x00\x00", DISK_IMAGE),
    (b"EVF\x09\x0d\x0a\xff\x00", DISK_IMAGE),  # EnCase
    (b"EVF2\x0d\x0a\x81\x00", DISK_IMAGE),
    (b"hsqs", DISK_IMAGE),  # SquashFS
    (b"XFSB\x00\x00", DISK_IMAGE),
    (b"LUKS\xba\xbe", LOCKED_DISK),
    (b"encrcdsa", LOCKED_DISK),  # an encrypted DMG
    (b"\x7fELF", EXECUTABLE),
    (b"\xfe\xed\xfa\xce", EXECUTABLE),  # Mach-O
    (b"\xfe\xed\xfa\xcf", EXECUTABLE),
    (b"\xce\xfa\xed\xfe", EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", EXECUTABLE),
    (b"\xca\xfe\xba\xbe", EXECUTABLE),  # Mach-O for several machines, and Java classes
    (b"\x00asm\x01\x00\x00\x00", EXECUTABLE),  # WebAssembly
    (b"dex\n03", EXECUTABLE),
    (b"\xfe\xed\xfe\xed\x00\x00\x00", LOCKED_KEY),  # Java key stores
    (b"\xce\xce\xce\xce\x00\x00\x00", LOCKED_KEY),
    (b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5", LOCKED_KEY),  # KeePass 1
    (b"\x03\xd9\xa2\x9a\x66\xfb\x4b\xb5", LOCKED_KEY),
    (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", LOCKED_KEY),  # KeePass 2
    (b"Salted__", LOCKED),  # openssl enc
    (b"U2FsdGVkX1", LOCKED),  # the same in base64
    (b"age-encryption.org/v1\n", LOCKED),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", LOCKED),
    (b"-----BEGIN PGP MESSAGE-----", LOCKED),  # may be signed only, which can't be told without decoding it
    (b"$ANSIBLE_VAULT;", LOCKED),
    (b"\x00GITCRYPT\x00", LOCKED),
    (b"\x89PNG\r\n\x1a\n", MEDIA),
    (b"\xff\xd8\xff", MEDIA),
    (b"GIF87a", MEDIA),
    (b"GIF89a", MEDIA),
    (b"II*\x00", MEDIA),
    (b"MM\x00*", MEDIA),
    (b"\x00\x00\x01\x00\x01\x00", MEDIA),  # an icon
    (b"8BPS\x00", MEDIA),
    (b"fLaC", MEDIA),
    (b"OggS\x00", MEDIA),
    (b"\x1a\x45\xdf\xa3", MEDIA),  # Matroska, WebM
    (b"MThd\x00\x00\x00\x06", MEDIA),
    (b"FLV\x01", MEDIA),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", MEDIA),  # ASF
    (b"\x00\x00\x01\xba", MEDIA),  # MPEG
)

_PUBLIC_KEY_ALGORITHMS = rb"[\x01-\x03\x10-\x13\x16\x19-\x1c]"  # RFC 9580 section 9.1
_DER = rb"(?:[\x00-\x7f]|\x81.|\x82..|\x83...|\x80)"  # a length, X.690 section 8.1.3
_PKCS = rb"\x2a\x86\x48\x86\xf7\x0d\x01"

_PATTERN: tuple[tuple[bytes, bytes, Nature], ...] = (
    # (the bytes it can begin with, the pattern, what it is)
    (b"0", rb"07070[127][0-9A-Fa-f]{20}", ARCHIVE),  # cpio, but for its binary form
    (b"I", rb"ID3[\x02-\x04]\x00", MEDIA),
    (b"\x00", rb"\x00\x00..ftyp", MEDIA),  # MP4, HEIC
    (b"B", rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", ARCHIVE),
    (b"\x60", rb"\x60\xea..[\x1c-\x28]", ARCHIVE),  # ARJ
    (b"M", rb"MZ.{60}\x00\x00", EXECUTABLE),
    (b"B", rb"BM.{4}\x00\x00\x00\x00.{4}[\x0c\x28\x40\x6c\x7c]\x00\x00\x00", MEDIA),
    (b"R", rb"RIFF.{4}(?:WEBP|WAVE|AVI )", MEDIA),
    (b"\xff", rb"\xff[\xf1\xf9\xfa\xfb\xf2\xf3][\x10-\xef]", MEDIA),  # MPEG audio
    (b"F", rb"From [^\s]{1,256} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ", MAIL_STORE),  # mbox, RFC 4155
    (b"P", rb"PuTTY-User-Key-File-[23]: [^\n]{1,64}\nEncryption: none", KEY),
    (b"P", rb"PuTTY-User-Key-File-[23]: ", LOCKED_KEY),
    (b"A#", rb"(?:#[^\n]{0,200}\r?\n){0,4}AGE-SECRET-KEY-1", KEY),
    # OpenPGP packets, RFC 9580 section 5: encrypted to a key or a passphrase, and a secret key
    (b"\x84\x85\xc1", rb"(?:\x84.|\x85..|\xc1(?:[\x00-\xbf]|[\xc0-\xdf].))\x03.{8}" + _PUBLIC_KEY_ALGORITHMS, LOCKED),
    (b"\x8c\xc3", rb"(?:\x8c.|\xc3.)(?:\x04[\x01-\x0d][\x00\x01\x03]|(?:\x05|\x06.)[\x01-\x0d][\x01-\x03])", LOCKED),
    (
        b"\x94\x95\xc5",
        rb"(?:\x94.|\x95..|\xc5(?:[\x00-\xbf]|[\xc0-\xdf].))[\x03-\x06].{4}" + _PUBLIC_KEY_ALGORITHMS,
        KEY,
    ),
    # DER: PKCS#12 (RFC 7292), encrypted and plain PKCS#8 (RFC 5958), RSA (RFC 8017), EC (RFC 5915), enveloped CMS
    (b"0", b"\x30" + _DER + b"\x02\x01\x03\x30" + _DER + b"\x06\x09" + _PKCS + b"\x07\x01", LOCKED_KEY),
    (b"0", b"\x30" + _DER + b"\x30" + _DER + b"\x06\x09" + _PKCS + rb"\x05\x0d", LOCKED_KEY),
    (
        b"0",
        b"\x30" + _DER + rb"\x02\x01[\x00\x01]\x30" + _DER + rb"\x06[\x03\x07\x09](?:" + _PKCS + rb"\x01\x01"
        rb"|\x2a\x86\x48\xce\x3d\x02\x01|\x2b\x65[\x6e-\x71])",
        KEY,
    ),
    (b"0", b"\x30" + _DER + b"\x02\x01\x00\x02" + _DER + rb"\x00", KEY),
    (b"0", b"\x30" + _DER + rb"\x02\x01\x01\x04[\x1c-\x42]", KEY),
    (b"0", b"\x30" + _DER + b"\x06\x09" + _PKCS + b"\x07\x03", LOCKED),
)

_FURTHER_ON: tuple[tuple[int, bytes, Nature], ...] = (
    (257, b"ustar", ARCHIVE),
    (2, b"-lh0-", ARCHIVE),  # LHA
    (2, b"-lh5-", ARCHIVE),
    (2, b"-lh6-", ARCHIVE),
    (2, b"-lh7-", ARCHIVE),
    (8, b"DUCK", DATABASE),
    (64, b"\x7f\x10\xda\xbe", DISK_IMAGE),  # VDI
    (3, b"-FVE-FS-", LOCKED_DISK),  # BitLocker
    (3, b"NTFS    ", DISK_IMAGE),
    (3, b"EXFAT   ", DISK_IMAGE),
    (82, b"FAT32   ", DISK_IMAGE),
    (54, b"FAT16   ", DISK_IMAGE),
    (54, b"FAT12   ", DISK_IMAGE),
    (512, b"EFI PART", DISK_IMAGE),
    (32, b"NXSB", DISK_IMAGE),  # APFS
)

_PDF = re.compile(rb"[\s\S]{0,1019}?%PDF-[12]\.")
_PEM = re.compile(rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_PEM_LOCKED = re.compile(
    rb"-----BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED|b3BlbnNzaC1rZXktdjEAAAAA(?!BG5vbmU)"
)
_CONTROL = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f\b\x1b"))
_HIGH = bytes(range(0x80, 0x100))
_PLAIN = bytes(set(range(0x80)) - set(_CONTROL))
_ARMOUR = (b"-----BEGIN ", b"Bag Attributes")  # the latter is how `openssl pkcs12` begins


def _index() -> dict[int, tuple[tuple[re.Pattern[bytes], Nature], ...]]:
    """All signatures at a file's very beginning, by its first byte; the longer ones first."""
    index: dict[int, list[tuple[re.Pattern[bytes], Nature]]] = {}
    for literal, nature in sorted(_LITERAL, key=lambda row: -len(row[0])):
        index.setdefault(literal[0], []).append((re.compile(re.escape(literal)), nature))
    for firsts, pattern, nature in _PATTERN:
        for first in firsts:
            index.setdefault(first, []).append((re.compile(pattern, re.DOTALL), nature))
    return {first: tuple(rows) for first, rows in index.items()}


_INDEX = _index()


def by_head(head: bytes) -> Nature | None:
    """What the first bytes of a file say, or None. `head` is the file's beginning, up to HEAD bytes of it."""
    if not head:
        return None
    for pattern, nature in _INDEX.get(head[0], ()):
        if pattern.match(head):
            return nature
    found = _armoured(head)
    if found is not None:
        return found
    return TEXT if is_text(head) else _further_on(head)


def is_text(head: bytes) -> bool:
    """Whether `head` reads as text: UTF-8 without control characters, UTF-16 by its mark, or mostly ASCII."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if head.isascii():
        return not head.translate(None, _PLAIN)
    if len(head.translate(None, _CONTROL)) != len(head):
        return False
    try:
        utf_8_decode(head, "strict", False)  # a character may be cut off at the end
    except UnicodeDecodeError:
        return len(head.translate(None, _HIGH)) >= 0.7 * len(head)
    return True


def _armoured(head: bytes) -> Nature | None:
    """PEM (RFC 7468), and PDF, which may begin behind some other bytes (ISO 32000-1, annex H, note 13)."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_ARMOUR) and _PEM.search(head):
        return LOCKED_KEY if _PEM_LOCKED.search(head) else KEY
    return PDF if b"%PDF-" in head[:1024] and _PDF.match(head) else None


def _further_on(head: bytes) -> Nature | None:
    for offset, literal, nature in _FURTHER_ON:
        if head.startswith(literal, offset):
            return nature
    return DISK_IMAGE if _is_disk(head) else None


def _is_disk(head: bytes) -> bool:
    """A partition table whose entries are well formed and not all empty, or the superblock of ext2, 3 or 4."""
    if head[510:512] == b"\x55\xaa":
        entries = [head[start : start + 16] for start in (446, 462, 478, 494)]
        return all(entry[0] in (0, 0x80) for entry in entries) and any(entry[4] for entry in entries)
    # s_magic, then s_log_block_size, s_rev_level and s_state where they must be small
    return head[1080:1082] == b"\x53\xef" and head[1048] <= 6 and head[1100:1104] in (b"\0\0\0\0", b"\1\0\0\0")
