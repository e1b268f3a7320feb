"""The command line's addresses: what they mean, and a sentence for anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.errors import UsageError
from forgewall.proxy.settings import led_to, parse_connect_to, parse_listen


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:8080", ("::1", 8080)),
        ("::1:8080", ("::1", 8080)),
        (":8080", ("", 8080)),
    ],
)
def test_where_to_listen(text: str, address: tuple[str, int]) -> None:
    assert parse_listen(text) == address


@pytest.mark.parametrize(
    "text", ["", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1", "h:65536", "h:8 "]
)
def test_what_is_no_place_to_listen(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_listen(text)
    assert "--listen" in str(caught.value)
    assert repr(text) in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("github.com:443:127.0.0.1:8443", (("github.com", 443), ("127.0.0.1", 8443))),
        ("GitHub.COM.:443:Origin.example:8443", (("github.com", 443), ("Origin.example", 8443))),
        ("github.com:443:[::1]:8443", (("github.com", 443), ("::1", 8443))),
        ("[2001:db8::1]:443:[::1]:8443", (("2001:db8::1", 443), ("::1", 8443))),
    ],
)
def test_where_connections_are_led(text: str, pair: tuple[tuple[str, int], tuple[str, int]]) -> None:
    assert parse_connect_to([text]) == dict([pair])


def test_the_first_of_two_rows_for_one_host_wins() -> None:
    assert parse_connect_to(["a:443:b:1", "A.:443:c:2", "a:80:d:3"]) == {("a", 443): ("b", 1), ("a", 80): ("d", 3)}


@pytest.mark.parametrize(
    ("row", "host", "port", "leads"),
    [
        (":443:b:1", "any.example", 443, ("b", 1)),
        (":443:b:1", "any.example", 80, None),
        ("a::b:1", "A.", 8443, ("b", 1)),
        ("a:443::1", "a", 443, ("a", 1)),
        ("a:443:b:", "a", 443, ("b", 443)),
        ("::127.0.0.1:8443", "any.example", 22, ("127.0.0.1", 8443)),
    ],
)
def test_what_is_left_empty_is_any_or_the_same(row: str, host: str, port: int, leads: tuple[str, int] | None) -> None:
    assert led_to(parse_connect_to([row]), host, port) == leads


def test_the_row_that_says_most_counts() -> None:
    rows = parse_connect_to(["::any:1", "a::host:2", ":443:port:3", "a:443:both:4"])
    assert [led_to(rows, *where) for where in (("a", 443), ("a", 80), ("b", 443), ("b", 80))] == [
        ("both", 4),
        ("host", 2),
        ("port", 3),
        ("any", 1),
    ]


def test_no_rows() -> None:
    assert parse_connect_to([]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "github.com",
        "github.com:443",
        "github.com:443:127.0.0.1",
        "a:443:b:1:c",
        "a:x:b:1",
        "a:443:b:x",
        "::1:443:b:1",
        "a:443:[::1:1",
    ],
)
def test_what_leads_nowhere(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_connect_to(["a:1:b:2", text])
    assert "--connect-to" in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["a:443:b:65536", "a:65536:b:1"])
def test_a_port_that_does_not_exist_leads_nowhere(text: str) -> None:
    with pytest.raises(UsageError):
        parse_connect_to([text])


HOST = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,20}[A-Za-z0-9]", fullmatch=True) | st.ip_addresses(v=6).map(
    lambda address: f"[{address}]"
)
PORT = st.integers(0, 65535)


@given(HOST, PORT, HOST, PORT)
def test_every_row_is_read_as_it_is_written(host: str, port: int, address: str, address_port: int) -> None:
    found = parse_connect_to([f"{host}:{port}:{address}:{address_port}"])
    assert found == {(host.strip("[]").lower(), port): (address.strip("[]"), address_port)}


@given(st.text(max_size=40))
def test_any_other_text_is_a_usage_error(text: str) -> None:
    for parse in (parse_listen, lambda value: parse_connect_to([value])):
        with contextlib.suppress(UsageError):
            parse(text)


@pytest.mark.parametrize("text", [f"h:{'9' * 5000}", f"a:443:b:{'9' * 5000}"])
def test_endless_digits_are_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_listen(text) if text.startswith("h") else parse_connect_to([text])
