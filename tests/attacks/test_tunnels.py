"""CONNECT in every spelling, and first bytes that try to be something else: nothing unchecked reaches a forge."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.attacks.raw import Raw, pieces

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

LOOT = b"POST /mallory/loot HTTP/1.1\r\nHost: github.com\r\nContent-Length: 6\r\n\r\nsecret"

NEVER = {
    "SSH's port": "github.com:22",
    "the git protocol": "github.com:9418",
    "another TLS port": "github.com:8443",
    "upper case, SSH's port": "GITHUB.COM:22",
    "a trailing dot, SSH's port": "github.com.:22",
    "GitHub's SSH over 443": "ssh.github.com:443",
    "GitLab's SSH over 443": "altssh.gitlab.com:443",
    "Bitbucket's SSH over 443": "altssh.bitbucket.org:443",
    "userinfo": "acme@github.com:443",
    "two ports": "github.com:80:443",
    "two trailing dots": "github.com..:443",
    "no port": "github.com",
    "an empty port": "github.com:",
    "a port too large": "github.com:65979",
    "a negative port": "github.com:-443",
    "no host": ":443",
    "a percent escape": "%67ithub.com:443",
    "a NUL escape": "github.com%00.example.org:443",
    "a path": "github.com:443/acme",
}


@pytest.mark.parametrize("spelling", NEVER)
def test_no_tunnel_is_opened(gateway: Run, forge: Forge, spelling: str) -> None:
    """CONNECT is refused before anything goes upstream."""
    with Raw(gateway.port) as raw:
        assert raw.connect(NEVER[spelling]) in (400, 403)
    forge.settle()
    assert forge.connections() == []


@pytest.mark.parametrize("spelling", ["GitHub.COM:443", "github.com.:443", "github.com:0443", "[github.com]:443"])
def test_other_spellings_of_a_forge_are_that_forge(gateway: Run, forge: Forge, spelling: str) -> None:
    """Case, a trailing dot, zeros and brackets do not lead around the decision."""
    with Raw(gateway.port) as raw:
        assert raw.connect(spelling) == 200
        raw.tls("github.com", gateway.ca_file)
        raw.send(LOOT)
        assert raw.answer().status == 403
    forge.settle()
    assert forge.connections() == []


ADDRESSES = [
    "140.82.121.3",
    "140.82.121.3.",
    "0x8c527903",
    "2354215171",
    "0214.82.121.3",
    "140.5404931",
    "[::ffff:140.82.121.3]",
    "[::ffff:8c52:7903]",
    "[64:ff9b::8c52:7903]",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_forge_by_its_address_is_that_forge(gateway: Run, forge: Forge, address: str) -> None:
    """A bare address in any spelling is decrypted if its SNI is a forge, and refused if it names nobody."""
    with Raw(gateway.port) as raw:
        assert raw.connect(f"{address}:443") == 200
        raw.tls("github.com", gateway.ca_file)
        raw.send(LOOT)
        assert raw.answer().status == 403
    with Raw(gateway.port) as raw:
        assert raw.connect(f"{address}:443") == 200
        raw.send(hello(None))
        assert raw.rest() == b""
    forge.settle()
    assert forge.connections() == []


def hello(name: str | None) -> bytes:
    """A real ClientHello for `name`."""
    out, incoming = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = context.wrap_bio(incoming, out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return out.read()


def names(*values: str) -> bytes:
    """A server_name extension with these entries, RFC 6066 section 3."""
    entries = b"".join(b"\0" + len(value).to_bytes(2) + value.encode() for value in values)
    body = len(entries).to_bytes(2) + entries
    return b"\0\0" + len(body).to_bytes(2) + body


def crafted(*extensions: bytes) -> bytes:
    """A ClientHello with just these extensions."""
    joined = b"".join(extensions)
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\x01" + b"\1\0" + len(joined).to_bytes(2) + joined
    shake = b"\1" + len(body).to_bytes(3) + body
    return b"\x16\3\1" + len(shake).to_bytes(2) + shake


GREASE_ECH = b"\xfe\x0d" + (40).to_bytes(2) + bytes(40)
OPENINGS = {
    "another name": hello("gist.github.com"),
    "no name": hello(None),
    "an extension twice": crafted(names("github.com"), names("gist.github.com")),
    "two names in one extension": crafted(names("github.com", "gist.github.com")),
    "an empty name": crafted(names("")),
    "a name with a NUL": crafted(names("github.com\0.example.org")),
    "an address as name": crafted(names("140.82.121.3")),
    "ECH with another outer name": crafted(names("cloudflare-ech.com"), GREASE_ECH),
    "an endless ClientHello": b"\x16\3\1\x40\0\1\xff\xff\xff" + bytes(70_000),
    "an SSLv2 hello": b"\x80\x2e\1\0\2\0\x15\0\0\0\x10" + bytes(37),
    "plain HTTP": LOOT,
    "HTTP/2 in plain": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "SSH": b"SSH-2.0-OpenSSH_9.9\r\n",
    "the git protocol": b"0032git-receive-pack /mallory/loot\0host=github.com\0",
    "noise": bytes(range(256)),
}


@pytest.mark.parametrize("opening", OPENINGS)
def test_first_bytes_that_are_not_tls_for_this_forge_close_the_tunnel(gateway: Run, forge: Forge, opening: str) -> None:
    """CONNECT github.com:443, and then something else inside: closed, with an event, and nothing upstream."""
    with Raw(gateway.port) as raw:
        assert raw.connect("github.com:443") == 200
        raw.send(OPENINGS[opening])
        said = raw.rest()
        assert said.startswith(b"SSH-2.0-Forgewall\r\n") if opening == "SSH" else said == b""
    forge.settle()
    assert forge.connections() == []
    assert gateway.events("decision")


@pytest.mark.parametrize("opening", [hello("github.com"), b"SSH-2.0-x\r\n", LOOT.replace(b"github", b"gitlab")])
def test_port_80_of_a_forge_takes_its_own_plain_requests_only(gateway: Run, forge: Forge, opening: bytes) -> None:
    """TLS, SSH or another forge's Host inside CONNECT github.com:80."""
    with Raw(gateway.port) as raw:
        assert raw.connect("github.com:80") == 200
        raw.send(opening)
        raw.answer()
    forge.settle()
    assert [seen.path for seen in forge.requests()] == []


@pytest.mark.parametrize("opening", [hello("github.com"), LOOT, LOOT.replace(b"\r\n", b"\n")])
def test_a_forge_named_inside_a_tunnel_to_another_host_closes_it(gateway: Run, forge: Forge, opening: bytes) -> None:
    """Domain fronting: CONNECT to a harmless host, and a forge's name in the first bytes."""
    with Raw(gateway.port) as raw:
        assert raw.connect("www.example.org:443") == 200
        raw.send(opening)
        assert raw.rest() == b""
    forge.settle()
    assert not [connection for connection in forge.connections() if connection.sni or connection.received]
    assert forge.requests() == []


@pytest.mark.parametrize("record", [1, 7])
@pytest.mark.parametrize("target", ["github.com", "www.example.org"])
def test_a_name_in_shreds_is_put_together(gateway: Run, forge: Forge, record: int, target: str) -> None:
    """A ClientHello in TLS records of one byte, each in a TCP segment of its own, hides no name."""
    shake = hello("gist.github.com")[5:]
    records = b"".join(b"\x16\3\1" + len(part).to_bytes(2) + part for part in pieces(shake, record))
    with Raw(gateway.port) as raw:
        raw.socket.setsockopt(6, 1, 1)  # TCP_NODELAY
        assert raw.connect(f"{target}:443") == 200
        for part in pieces(records, 5 + record):
            raw.send(part)
        assert raw.rest() == b""
    forge.settle()
    assert not [connection for connection in forge.connections() if connection.sni or connection.received]


def test_bytes_sent_along_with_a_connect_are_the_tunnels(gateway: Run, forge: Forge) -> None:
    """CONNECT with a request right behind it: it is what stands inside the tunnel, and refused as such."""
    with Raw(gateway.port) as raw:
        raw.send(b"CONNECT github.com:443 HTTP/1.1\r\nHost: github.com:443\r\nContent-Length: 90\r\n\r\n" + LOOT)
        raw.rest()
    forge.settle()
    assert forge.connections() == []


def test_a_tunnel_waiting_for_its_first_bytes_is_judged_by_the_policy_in_force(proxy: StartProxy, forge: Forge) -> None:
    """The policy changes between CONNECT and ClientHello: what is a forge by now is not relayed."""
    run = proxy(hosts=["git.new.example"], connect_to=[f"140.82.121.3:443:127.0.0.1:{forge.tls_port}"])
    with Raw(run.port) as raw:
        assert raw.connect("140.82.121.3:443") == 200
        text = run.policy_file.read_text().replace(
            "kind: gitlab}\n", "kind: gitlab}\n  - {host: git.new.example, kind: gitlab}\n"
        )
        run.policy_file.write_text(text)
        run.wait_for(lambda: len(run.events("policy")) == 1)
        raw.send(hello("git.new.example"))
        raw.read()
    forge.settle()
    assert forge.connections() == []
