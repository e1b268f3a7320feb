"""What an operator reads of a crash: one line, the class and the place, and not a byte of payload."""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.proxy import crashlog
from forgewall.proxy.crashlog import MAX_MESSAGE, OperatorFormatter, places

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} (\w+) (.*)")


def line(
    message: str,
    *args: object,
    name: str = "mitmproxy.proxy.server",
    level: int = logging.ERROR,
    error: tuple[type[BaseException], BaseException, TracebackType | None] | None = None,
) -> str:
    """The words behind time and level."""
    record = logging.LogRecord(name, level, "server.py", 1, message, args, error)
    match = LINE.fullmatch(OperatorFormatter().format(record))
    assert match is not None
    return match[2]


def raised(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    try:
        raise error
    except BaseException:
        kind, caught, trace = sys.exc_info()
        assert kind is not None
        assert caught is not None
        return kind, caught, trace


PAYLOAD = "s3cret-payl0ad"


@given(st.binary(max_size=300))
def test_no_quoted_byte_of_another_library_s_message_is_shown(payload: bytes) -> None:
    marked = PAYLOAD.encode() + payload
    for message in (
        f"Unexpected data: {marked!r}",
        f"({marked!r})",
        f"buffer={bytearray(marked)!r}",
        f"{marked!r} came",
    ):
        assert PAYLOAD not in line(message)


@pytest.mark.parametrize("before", ["", "data: ", "(", "="])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_no_quoted_text_of_another_library_s_message_is_shown(before: str, quote: str) -> None:
    assert PAYLOAD not in line(f"an error {before}{quote}{PAYLOAD}{quote}")


@given(st.text(max_size=300))
def test_no_text_of_an_exception_is_shown(text: str) -> None:
    shown = line("mitmproxy has crashed!", error=raised(ValueError(PAYLOAD + text)))
    assert PAYLOAD not in shown
    assert re.fullmatch(
        r"mitmproxy\.proxy\.server: mitmproxy has crashed! \[ValueError at test_crashlog\.py:\d+\]", shown
    )


def test_an_exception_in_the_message_s_arguments_is_cut_like_the_message() -> None:
    assert PAYLOAD not in line("the task failed: %r", ValueError(PAYLOAD.encode()))


@pytest.mark.parametrize(
    "text", ["a" * 40 + PAYLOAD, f"<html><b>{PAYLOAD}", f"key 0123456789abcdef0123456789ABCDEF {PAYLOAD}"]
)
def test_digests_and_pages_are_not_shown(text: str) -> None:
    assert PAYLOAD not in line(f"something: {text}")


@given(st.text(max_size=2000))
def test_a_message_is_one_short_line(text: str) -> None:
    shown = line("%s", text)
    assert len(shown) <= len("mitmproxy.proxy.server: ") + MAX_MESSAGE
    assert len(shown.splitlines()) <= 1


def test_what_forgewall_says_stands_as_it_is() -> None:
    said = "policy loaded: 'p.yaml', 3 approvals, " + "f" * 64
    assert line("policy loaded: %r, %d approvals, %s", "p.yaml", 3, "f" * 64, name="forgewall.proxy") == said


def test_what_forgewall_says_is_one_line_too() -> None:
    assert line("one\ntwo\r\n  three", name="forgewall.proxy") == "one two three"


def test_an_error_of_forgewall_shows_no_text_of_the_exception_either() -> None:
    assert PAYLOAD not in line("a task failed", name="forgewall.proxy.launcher", error=raised(ValueError(PAYLOAD)))


def test_the_level_is_told() -> None:
    record = logging.LogRecord("forgewall", logging.WARNING, "x.py", 1, "x", (), None)
    assert " warning x" in OperatorFormatter().format(record)


def test_the_innermost_places_come_first() -> None:
    def deep(times: int) -> None:
        if times:
            deep(times - 1)
        raise LookupError

    with pytest.raises(LookupError) as caught:
        deep(9)
    found = places(caught.value.__traceback__, most=3).split(" < ")
    assert len(found) == 3
    assert all(re.fullmatch(r"test_crashlog\.py:\d+", place) for place in found)
    assert found[0] != found[1] == found[2]


def test_an_error_from_nowhere() -> None:
    assert places(None) == "unknown place"
    assert line("x", error=(ValueError, ValueError(PAYLOAD), None)).endswith("[ValueError at unknown place]")


@pytest.fixture
def root() -> logging.Logger:
    """The root logger, and Forgewall's, as they were afterwards."""
    chosen = logging.getLogger()
    handlers, level, ours = chosen.handlers[:], chosen.level, logging.getLogger("forgewall").level
    yield chosen
    chosen.handlers[:] = handlers
    chosen.setLevel(level)
    logging.getLogger("forgewall").setLevel(ours)


def test_installed_it_is_the_only_way_to_standard_error(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    root.addHandler(logging.StreamHandler())
    crashlog.install()
    logging.getLogger("mitmproxy.x").info("not shown")
    logging.getLogger("mitmproxy.x").error("crashed: %r", PAYLOAD.encode())
    logging.getLogger("forgewall.x").info("shown")
    lines = capsys.readouterr().err.splitlines()
    assert [text.split(" ", 1)[1] for text in lines] == ["error mitmproxy.x: crashed: …", "info shown"]


def test_a_message_that_holds_the_text_of_its_exception_is_shown_without_it() -> None:
    said = line(f"connection handler has crashed: {PAYLOAD}", error=raised(RuntimeError(PAYLOAD)))
    assert PAYLOAD not in said
    assert "connection handler has crashed" in said
    assert "RuntimeError" in said
    assert "as it was" in line("as it was", error=raised(RuntimeError()))
