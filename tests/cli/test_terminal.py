from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples

from forgewall.cli import terminal


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Pipe(io.StringIO):
    encoding = "utf-8"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize(
    ("stream", "set_to", "tables", "colour"),
    [
        (Terminal(), {}, True, True),
        (Terminal(), {"NO_COLOR": "1"}, True, False),
        (Terminal(), {"NO_COLOR": ""}, True, True),
        (Terminal(), {"TERM": "dumb"}, False, False),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        (Pipe(), {}, False, False),
        (Pipe(), {"FORCE_COLOR": "1"}, False, True),
        (Pipe(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        (Pipe(), {"FORCE_COLOR": ""}, False, False),
    ],
)
def test_the_environment_decides_on_colour_and_layout(
    stream: io.StringIO, set_to: dict[str, str], tables: bool, colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    shown = terminal.look(stream)
    assert (shown.tables, shown.colour) == (tables, colour)


def test_symbols_depend_on_the_encoding() -> None:
    class Ascii(Terminal):
        encoding = "ascii"

    class Unknown(Terminal):
        encoding = "no-such-encoding"

    assert terminal.look(Terminal()).symbols
    assert not terminal.look(Ascii()).symbols
    assert not terminal.look(Unknown()).symbols


@pytest.mark.parametrize("colour", [True, False])
def test_the_console_reads_no_markup_in_what_it_prints(colour: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if colour:
        monkeypatch.setenv("FORCE_COLOR", "1")
    stream = Pipe()
    hostile = "[bold red]x[/] [link=https://evil.example]y[/link] :smile: https://a.example 12 'str'"
    terminal.console(stream).print(hostile)
    assert stream.getvalue() == f"{hostile}\n"


def test_a_pipe_has_no_width() -> None:
    stream = Pipe()
    terminal.console(stream).print("x " * 5000)
    assert stream.getvalue().count("\n") == 1


@given(samples.anything | st.text(), st.integers(1, 60))
def test_what_is_safe_is_one_printable_line_of_bounded_length(text: str, limit: int) -> None:
    safe = terminal.safe(text, limit)
    assert safe.isprintable()
    assert len(safe) <= limit
    assert terminal.safe(safe, limit) == safe


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("github.com/acme/api", "github.com/acme/api"),
        ("Zoë Müller", "Zoë Müller"),
        ("a\x1b[31mb", "a\ufffd[31mb"),
        (
            "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
            "\ufffd]8;;https://evil.example\ufffdclick\ufffd]8;;\ufffd",
        ),
        ("\x9b2J", "\ufffd2J"),
        ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
        ("a\u200bb\u200dc\ufeffd", "a\ufffdb\ufffdc\ufffdd"),
        ("acme\u3164corp\u115f\ufe0f\U000e0101", "acme\ufffdcorp\ufffd\ufffd\ufffd"),
        ("line\r\nbreak\u2028x", "line  break x"),
        ("z" + "\u0301" * 500 + "a", "z\u0301\u0301a"),
        ("\ud800", "\ufffd"),
        ("x" * (1 << 20), "x" * 1023 + "…"),
    ],
)
def test_what_could_steer_or_hide_is_shown(hostile: str, shown: str) -> None:
    assert terminal.safe(hostile) == shown


def test_what_an_encoding_lacks_is_a_question_mark() -> None:
    raw = io.BytesIO()
    stream: Any = io.TextIOWrapper(raw, encoding="ascii")
    terminal.never_fail_on(stream)
    stream.write("Zoë\n")
    stream.flush()
    assert raw.getvalue() == b"Zo?\n"
