"""The rules that tell secrets: the operator's file or our own, salted anew, and a sentence for what can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgewall.errors import StartError
from forgewall.inspect.secrets import Scanner
from forgewall.proxy.secret_rules import read_rules

RULES = """\
[[rules]]
id = "acme-key"
description = "a key of ours"
regex = '''acme-[0-9a-f]{16}'''
keywords = ["acme-"]
"""
TEXT = b"key: acme-0123456789abcdef\n"


def found(scanner: Scanner) -> list[tuple[str, str]]:
    """The rules and fingerprints of what stands in TEXT."""
    stream = scanner.stream(None)
    return [(secret.rule, secret.fingerprint) for secret in (*stream.feed(TEXT), *stream.finish())]


def test_the_operator_s_rules_take_the_place_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES, encoding="utf-8")
    ((rule, fingerprint),) = found(read_rules(file))
    assert rule == "acme-key"
    ((_, other),) = found(read_rules(file))
    assert fingerprint != other  # a log of one process doesn't help to guess what another one met
    assert len(fingerprint) == 16


def test_without_a_file_there_are_ours() -> None:
    scanner = read_rules(None)
    assert len(scanner.matchers) > 100
    assert scanner.salt != read_rules(None).salt
    assert len(scanner.salt) == 16


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, r"^cannot read --secret-rules .*rules\.toml: No such file or directory\.$"),
        (b"[[rules]\n", r"^--secret-rules .*rules\.toml can't be used: .* Its format is that of gitleaks\.$"),
        (b"", r"can't be used"),
        (b"\xff\xfe", r"can't be used"),
        (b"[[rules]]\nid = 'x'\nregex = '('\n", r"can't be used: .*x"),
    ],
)
def test_what_can_t_be_used_is_told_in_a_sentence(tmp_path: Path, text: bytes | None, words: str) -> None:
    file = tmp_path / "rules.toml"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(StartError, match=words):
        read_rules(file)
