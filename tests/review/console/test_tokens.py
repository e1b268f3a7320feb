"""The file of tokens: only hashes in it, for its owner alone, changed whole and seen at once."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.errors import UsageError
from forgewall.review.console.tokens import TokenFileError, Tokens, token_hash
from forgewall.review.person import Role

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "deep" / "console-tokens.json")


def test_a_token_is_found_again_and_nowhere_written(tokens: Tokens) -> None:
    assert not tokens.exists()
    text = tokens.add("ana", Role.REVIEWER, NOW)
    assert re.fullmatch(r"fgw_[A-Za-z0-9_-]{43}", text)
    found = tokens.find(text)
    assert found is not None
    assert (found.name, found.role, found.created) == ("ana", Role.REVIEWER, NOW)
    assert text[4:] not in tokens.file.read_text()
    assert [path.name for path in tokens.file.parent.iterdir()] == ["console-tokens.json"]
    assert stat.S_IMODE(tokens.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(tokens.file.parent.stat().st_mode) == 0o700


def test_no_other_text_is_it(tokens: Tokens) -> None:
    text = tokens.add("ana", Role.REVIEWER, NOW)
    for wrong in ("", text[:-1], text + " ", text.upper(), token_hash(text), "é", "\ud800"):
        assert tokens.find(wrong) is None


def test_what_another_process_does_is_seen(tokens: Tokens) -> None:
    text = tokens.add("ana", Role.REVIEWER, NOW)
    found = tokens.find(text)
    assert found is not None
    other = Tokens(tokens.file)
    second = other.add("ben", Role.VIEWER, NOW)
    assert tokens.find(second) is not None
    assert other.revoke("ana").name == "ana"
    assert tokens.find(text) is None
    assert tokens.still(found.hash) is None
    tokens.file.unlink()
    assert tokens.find(second) is None


@pytest.mark.parametrize("name", ["", "-x", "a b", "a\nb", "../x", "é", "a" * 65, "<b>"])
def test_odd_names_are_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(UsageError, match="can't be a token's name"):
        tokens.add(name, Role.VIEWER, NOW)
    assert not tokens.exists()


def test_a_name_is_there_once(tokens: Tokens) -> None:
    text = tokens.add("ana", Role.VIEWER, NOW)
    with pytest.raises(UsageError, match="revoke it first"):
        tokens.add("ana", Role.REVIEWER, NOW)
    assert tokens.find(text) is not None
    with pytest.raises(UsageError, match="there are: ana"):
        tokens.revoke("ben")


def test_a_file_that_others_can_read_is_not_believed(tokens: Tokens) -> None:
    text = tokens.add("ana", Role.REVIEWER, NOW)
    tokens.file.chmod(0o640)
    with pytest.raises(TokenFileError, match="chmod 600"):
        Tokens(tokens.file).find(text)


def _spoil(change: Callable[[dict[str, str]], object]) -> Callable[[Path], None]:
    def spoil(file: Path) -> None:
        document = json.loads(file.read_text())
        change(document["tokens"][0])
        file.write_text(json.dumps(document))

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_text(""),
        lambda file: file.write_text("[]"),
        lambda file: file.write_text('{"tokens": 1}'),
        lambda file: file.write_text('{"tokens": ["x"]}'),
        lambda file: file.write_bytes(b"\xff\xfe"),
        lambda file: file.write_text("[" * 100_000),
        _spoil(lambda entry: entry.update(role="admin")),
        _spoil(lambda entry: entry.update(hash="")),
        _spoil(lambda entry: entry.update(name="<b>")),
        _spoil(lambda entry: entry.update(created="2026-11-24")),
        _spoil(lambda entry: entry.pop("role")),
    ],
)
def test_a_spoilt_file_lets_nobody_in_and_is_not_overwritten(tokens: Tokens, spoil: Callable[[Path], None]) -> None:
    text = tokens.add("ana", Role.REVIEWER, NOW)
    spoil(tokens.file)
    before = tokens.file.read_bytes()
    with pytest.raises(TokenFileError, match="isn't as the console wrote it"):
        tokens.find(text)
    with pytest.raises(TokenFileError):
        tokens.add("ben", Role.VIEWER, NOW)
    assert tokens.file.read_bytes() == before


def test_it_says_why_it_cant_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TokenFileError, match="can't be written: "):
        Tokens(tmp_path / "file" / "console-tokens.json").add("ana", Role.VIEWER, NOW)


@given(st.text())
def test_any_text_can_be_tried(text: str) -> None:
    assert Tokens(Path("/nonexistent/console-tokens.json")).find(text) is None
