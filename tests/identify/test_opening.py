"""The first bytes of a tunnel: what a real TLS library sends, what nobody sends, and any bytes at all."""

from __future__ import annotations

import random
import ssl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forgewall.identify.opening import (
    MAX_OPENING,
    MAX_RECORDS,
    Opening,
    Protocol,
    bare_host,
    read_opening,
    split_authority,
)

PROBLEM_TOO_LONG = "the TLS ClientHello is too long"


def said(data: bytes) -> Opening:
    """What complete first bytes say."""
    opening = read_opening(data)
    assert opening is not None
    return opening


# -- a real ClientHello ------------------------------------------------------------------------------------------------


def real_hello(
    name: str | None = "github.com",
    *,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    protocols: tuple[str, ...] = ("h2", "http/1.1"),
) -> bytes:
    """The records that Python's TLS library sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.maximum_version = newest
    context.set_alpn_protocols(list(protocols))
    out = ssl.MemoryBIO()
    connection = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return out.read()


HELLO = real_hello()


def records(handshake: bytes, cuts: list[int], version: bytes = b"\x03\x01") -> bytes:
    """`handshake` in TLS records that end at these offsets."""
    ends = [*sorted({cut for cut in cuts if 0 < cut < len(handshake)}), len(handshake)]
    starts = [0, *ends]
    parts = [handshake[start:end] for start, end in zip(starts, ends, strict=False)]
    return b"".join(b"\x16" + version + len(part).to_bytes(2) + part for part in parts)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    "name", ["github.com", "git.acme.example", "xn--bcher-kva.example", "a" * 63 + ".example", "a.b"]
)
def test_a_real_client_hello_names_its_host(name: str, newest: ssl.TLSVersion) -> None:
    assert read_opening(real_hello(name, newest=newest)) == Opening(protocol=Protocol.TLS, name=name)


def test_a_real_client_hello_without_a_name() -> None:
    assert read_opening(real_hello(None)) == Opening(protocol=Protocol.TLS)


def test_a_real_client_hello_of_many_records() -> None:
    hello = real_hello("github.com", protocols=tuple(f"{number}{'x' * 240}" for number in range(180)))
    assert len(hello) > 2**14
    assert read_opening(hello) == Opening(protocol=Protocol.TLS, name="github.com")


@pytest.mark.parametrize("hello", [HELLO, real_hello(newest=ssl.TLSVersion.TLSv1_2), real_hello(None)])
def test_every_prefix_needs_more(hello: bytes) -> None:
    assert {read_opening(hello[:end]) for end in range(len(hello))} == {None}
    assert read_opening(hello) is not None


@given(st.lists(st.integers(1, len(HELLO) - 6), max_size=12), st.integers(0, 300))
def test_any_fragmentation_names_the_same_host(cuts: list[int], left: int) -> None:
    wire = records(HELLO[5:], cuts)
    assert read_opening(wire) == Opening(protocol=Protocol.TLS, name="github.com")
    assert read_opening(wire[: max(0, len(wire) - left - 1)]) is None


@pytest.mark.parametrize(("count", "named"), [(MAX_RECORDS, True), (MAX_RECORDS + 1, False)])
def test_the_records_are_counted(count: int, named: bool) -> None:
    opening = said(records(HELLO[5:], list(range(4, 4 + count - 1))))
    assert (opening.name is not None, opening.problem is not None) == (named, not named)


def test_what_follows_the_client_hello_does_not_matter() -> None:
    assert said(HELLO + b"\x16\x03\x01\x00\x00rubbish").name == "github.com"


# -- a ClientHello built by hand ---------------------------------------------------------------------------------------


def vector(width: int, data: bytes) -> bytes:
    return len(data).to_bytes(width) + data


def entry(name: bytes, kind: int = 0) -> bytes:
    return bytes([kind]) + vector(2, name)


def extension(body: bytes, kind: int = 0) -> bytes:
    return kind.to_bytes(2) + vector(2, body)


def server_name(*names: bytes) -> bytes:
    return extension(vector(2, b"".join(entry(name) for name in names)))


def hello(extensions: bytes | None, tail: bytes = b"", kind: int = 1) -> bytes:
    """A ClientHello in one record; `extensions` None: there is no block of them."""
    body = b"\x03\x03" + bytes(32) + vector(1, b"") + vector(2, b"\x13\x01") + vector(1, b"\x00")
    if extensions is not None:
        body += vector(2, extensions)
    return records(bytes([kind]) + vector(3, body + tail), [])


OTHER_EXTENSION = extension(b"\x00\x01\x02", kind=43)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b"github.com", "github.com"),
        (b"GitHub.COM", "github.com"),
        (b"github.com.", "github.com"),
        (b"a_b.example", "a_b.example"),
        (b"140.82.121.4", "140.82.121.4"),
        (b"localhost", "localhost"),
        (b".".join([b"a" * 63] * 3 + [b"b" * 61]), ".".join(["a" * 63] * 3 + ["b" * 61])),
    ],
)
def test_names_are_folded(sent: bytes, name: str) -> None:
    assert said(hello(OTHER_EXTENSION + server_name(sent) + OTHER_EXTENSION)) == Opening(
        protocol=Protocol.TLS, name=name
    )


@pytest.mark.parametrize("extensions", [None, b"", OTHER_EXTENSION, OTHER_EXTENSION * 3])
def test_no_server_name(extensions: bytes | None) -> None:
    assert said(hello(extensions)) == Opening(protocol=Protocol.TLS)


@pytest.mark.parametrize(
    "name",
    [
        b"",
        b".",
        b"github.com..",
        b".github.com",
        b"git hub.com",
        b"github.com\x00.evil.example",
        b"github\xe9.com",
        "gîthub.com".encode(),
        b"github.com/x",
        b"github.com:443",
        b"-github.com",
        b"github-.com",
        b"a" * 64 + b".com",
        b"a." * 127 + b"com",
        b"github.com\r\n",
        b"*.github.com",
        b"user@github.com",
        b"[::1]",
    ],
)
def test_a_name_that_is_no_host_name_is_a_problem(name: bytes) -> None:
    opening = said(hello(server_name(name)))
    assert (opening.protocol, opening.name) == (Protocol.TLS, None)
    assert opening.problem


@pytest.mark.parametrize(
    "extensions",
    {
        "two extensions": server_name(b"github.com") + server_name(b"github.com"),
        "two extensions, others between": server_name(b"a.example") + OTHER_EXTENSION + server_name(b"github.com"),
        "two names": server_name(b"www.example.org", b"github.com"),
        "an unknown kind": extension(vector(2, entry(b"github.com", kind=1))),
        "an unknown kind beside a name": extension(vector(2, entry(b"github.com") + entry(b"x", kind=1))),
        "an empty list": extension(vector(2, b"")),
        "an empty body": extension(b""),
        "bytes behind the list": extension(vector(2, entry(b"github.com")) + b"x"),
        "a list longer than its extension": extension(b"\x00\xff" + entry(b"github.com")),
        "a name longer than its list": extension(vector(2, b"\x00\x00\xffgithub.com")),
        "an extension longer than the block": b"\x00\x00\x00\xff",
        "half an extension": b"\x00",
    }.items(),
    ids=lambda pair: pair[0],
)
def test_server_names_that_two_readers_could_take_differently(extensions: tuple[str, bytes]) -> None:
    opening = said(hello(extensions[1]))
    assert (opening.protocol, opening.name) == (Protocol.TLS, None)
    assert opening.problem


@pytest.mark.parametrize(
    "data",
    {
        "bytes behind the extensions": hello(server_name(b"github.com"), tail=b"x"),
        "another handshake message": hello(server_name(b"github.com"), kind=2),
        "an empty ClientHello": records(b"\x01\x00\x00\x00", []),
        "a ClientHello cut short": records(b"\x01" + vector(3, b"\x03\x03" + bytes(10)), []),
        "SSL 2": b"\x16\x02\x00" + HELLO[3:],
        "an empty record": b"\x16\x03\x01\x00\x00" + HELLO,
        "an empty record between": records(HELLO[5:], [40])[:45] + b"\x16\x03\x01\x00\x00",
        "a record too long": b"\x16\x03\x01\x40\x01" + bytes(2**14 + 1),
        "an alert between": records(HELLO[5:], [40])[:45] + b"\x15\x03\x01\x00\x02\x01\x00",
    }.items(),
    ids=lambda pair: pair[0],
)
def test_what_is_no_client_hello(data: tuple[str, bytes]) -> None:
    opening = said(data[1])
    assert (opening.protocol, opening.name) == (Protocol.TLS, None)
    assert opening.problem


def test_a_client_hello_without_end_is_a_problem_at_the_bound() -> None:
    wire = records(b"\x01\xff\xff\xff" + bytes(2 * MAX_OPENING), list(range(0, 2 * MAX_OPENING, 2**14)))
    assert read_opening(wire[: MAX_OPENING - 1]) is None
    assert said(wire[:MAX_OPENING]) == Opening(protocol=Protocol.TLS, problem=PROBLEM_TOO_LONG)


# -- HTTP/1 ------------------------------------------------------------------------------------------------------------

REQUEST = b"GET / HTTP/1.1\r\nAccept: */*\r\nHost: GitHub.com:80\r\n\r\n"


def test_a_request_names_its_host() -> None:
    assert read_opening(REQUEST + b"body") == Opening(protocol=Protocol.HTTP1, name="github.com")


def test_every_prefix_of_a_request_needs_more() -> None:
    assert {read_opening(REQUEST[:end]) for end in range(len(REQUEST))} == {None}


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b"host: github.com", "github.com"),
        (b"HOST:github.com", "github.com"),
        (b"Host : github.com ", "github.com"),
        (b"Host: github.com.", "github.com"),
        (b"Host: [2001:db8::1]:80", "2001:db8::1"),
        (b"Host:", ""),
        (b"Accept: */*", None),
    ],
)
def test_how_a_host_may_be_spelled(field: bytes, name: str | None) -> None:
    assert said(b"POST /x HTTP/1.1\r\n" + field + b"\r\n\r\n").name == name


@pytest.mark.parametrize("method", [b"PROPFIND", b"M-SEARCH", b"get", b"git-upload-pack"])
def test_any_method_is_http(method: bytes) -> None:
    assert said(method + REQUEST[3:]).protocol is Protocol.HTTP1


def test_two_hosts_are_a_problem() -> None:
    opening = said(b"GET / HTTP/1.1\r\nHost: a.example\r\nhost: github.com\r\n\r\n")
    assert (opening.name, bool(opening.problem)) == (None, True)


def test_bare_line_feeds_are_a_problem() -> None:
    opening = said(b"GET / HTTP/1.1\nHost: github.com\n\n")
    assert (opening.protocol, opening.name, bool(opening.problem)) == (Protocol.HTTP1, None, True)


def test_bare_line_feeds_before_a_proper_end_are_a_problem() -> None:
    assert said(b"GET / HTTP/1.1\nHost: github.com\n\nx\r\n\r\n").problem


def test_a_head_without_end_is_a_problem_at_the_bound() -> None:
    data = b"GET / HTTP/1.1\r\nx: " + b"x" * MAX_OPENING
    assert read_opening(data[: MAX_OPENING - 1]) is None
    assert said(data[:MAX_OPENING]).problem


# -- the rest ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-"])
def test_ssh(data: bytes) -> None:
    assert read_opening(data) == Opening(protocol=Protocol.SSH)


@pytest.mark.parametrize("data", [b"S", b"SS", b"SSH"])
def test_the_beginning_of_ssh_needs_more(data: bytes) -> None:
    assert read_opening(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"003bgit-receive-pack /mallory/loot\x00host=github.com\x00",
        b"\x00",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x80\x2e\x01\x03\x01",  # SSL 2 framing
        b"A" * 25 + b" / HTTP/1.1\r\n",
        b" GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_anything_else(data: bytes) -> None:
    assert read_opening(data) == Opening(protocol=Protocol.OTHER)


BEGINNINGS = st.sampled_from(
    [b"", b"\x16", b"\x16\x03\x01\x00\x40\x01", b"SSH-", b"GET / HTTP/1.1\r\n", b"Host: ", HELLO[:60], HELLO[5:]]
)


@given(st.lists(BEGINNINGS | st.binary(max_size=80), max_size=4).map(b"".join))
@example(b"")
def test_any_bytes_say_something_or_need_more(data: bytes) -> None:
    opening = read_opening(data)
    if opening is None:
        assert len(data) < MAX_OPENING
        return
    assert opening.name is None or opening.problem is None
    if opening.name:
        assert opening.name == opening.name.lower()
    if opening.protocol in (Protocol.SSH, Protocol.OTHER):
        assert opening.name is None


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_damaged_client_hello_never_raises(seed: int, times: int) -> None:
    chance = random.Random(seed)
    data = bytearray(HELLO)
    for _ in range(times):
        data[chance.randrange(len(data))] = chance.randrange(256)
    opening = read_opening(bytes(data))
    assert opening is None or opening.name is None or opening.problem is None


@given(st.binary(max_size=60))
def test_only_what_is_no_name_may_follow_an_answer(tail: bytes) -> None:
    """More bytes never change what complete first bytes have said."""
    for data in (HELLO, REQUEST, b"SSH-2.0"):
        assert read_opening(data + tail) == read_opening(data)


# -- authorities -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authority", "host", "port"),
    [
        ("github.com", "github.com", ""),
        ("GitHub.com:443", "github.com", "443"),
        ("github.com.", "github.com", ""),
        ("github.com.:443", "github.com", "443"),
        ("github.com:", "github.com", ""),
        ("[2001:DB8::1]:443", "2001:db8::1", "443"),
        ("[::1]", "::1", ""),
        ("github.com:x", "github.com:x", ""),
        ("github.com:٤٤٣", "github.com:٤٤٣", ""),
        ("github.com:443:443", "github.com:443:443", ""),
        ("user@github.com", "user@github.com", ""),
        ("github.com..", "github.com.", ""),
        ("", "", ""),
    ],
)
def test_host_and_port_of_an_authority(authority: str, host: str, port: str) -> None:
    assert split_authority(authority) == (host, port)
    assert bare_host(authority) == host


@pytest.mark.parametrize("authority", ["[github.com]", "[github.com]443", "[github.com"])
def test_brackets_hold_addresses_only(authority: str) -> None:
    assert bare_host(authority) != "github.com"


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


@given(st.lists(LABEL, min_size=1, max_size=4).map(".".join), st.integers(0, 65535), st.booleans(), st.booleans())
def test_every_spelling_of_an_authority_is_the_same_host(host: str, port: int, dot: bool, upper: bool) -> None:
    spelled = f"{host.upper() if upper else host}{'.' if dot else ''}"
    assert split_authority(f"{spelled}:{port}") == (host, str(port))
    assert split_authority(spelled) == (host, "")


@given(st.text(max_size=40))
def test_any_text_has_a_host_and_digits_or_nothing_for_a_port(text: str) -> None:
    host, port = split_authority(text)
    assert host == host.lower()
    assert not port or text.lower().endswith(port)
