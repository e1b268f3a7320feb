"""Where connections may lead: tunnels, names, ports, protocols, certificates, and the proxy's own address."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import sys
from typing import TYPE_CHECKING

import h2.connection
import h2.events
import pytest
from demo.authority import Flaw
from demo.exchange import Behaviour
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy


def converse(run: Run, *sent: bytes, seconds: float = 15) -> bytes:
    """Send `sent` over one connection to the proxy, each after an answer to the one before; all that came back."""
    received = b""
    with socket.create_connection(("127.0.0.1", run.port), timeout=seconds) as connection:
        for part in sent[:-1]:
            connection.sendall(part)
            received += connection.recv(65536)
        connection.sendall(sent[-1])
        try:
            while data := connection.recv(65536):
                received += data
        except ConnectionResetError:
            pass
    return received


def connect(host: str, port: int) -> bytes:
    return f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()


def client_hello(name: str | None) -> bytes:
    """The first bytes of a TLS handshake with this SNI."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def blocks(run: Run) -> list[str]:
    """The codes of what was blocked."""
    return [event["forgewall"]["code"] for event in run.events() if event["forgewall"].get("action") == "block"]


@pytest.mark.parametrize(
    ("host", "port", "code"),
    [
        ("github.com", 22, "ssh"),
        ("ssh.github.com", 443, "ssh"),
        ("altssh.gitlab.com", 443, "ssh"),
        ("altssh.bitbucket.org", 443, "ssh"),
        ("SSH.GitHub.com.", 443, "ssh"),
        ("github.com", 9418, "port"),
        ("gitlab.com", 8443, "port"),
    ],
)
def test_a_connect_that_cannot_be_checked_is_refused_with_advice(
    gateway: Run, forge: Forge, host: str, port: int, code: str
) -> None:
    answer = converse(gateway, connect(host, port))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b".insteadOf git" in answer
    assert b"x-forgewall-event: " in answer.lower()
    assert blocks(gateway) == [code]
    assert forge.connections() == []


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "ssh"),
        (b"GET / HTTP/1.1\r\nHost: github.com\r\n\r\n", "not-tls"),
        (b"\x00\x01\x02 anything", "not-tls"),
        (client_hello("gitlab.com"), "host-mismatch"),
        (client_hello("www.example.com"), "host-mismatch"),
        (client_hello(None), "host-mismatch"),
    ],
    ids=["ssh", "http", "bytes", "another forge", "another host", "no name"],
)
def test_a_forge_tunnel_takes_tls_for_its_own_name_only(gateway: Run, forge: Forge, first: bytes, code: str) -> None:
    answer = converse(gateway, connect("github.com", 443), first)
    assert answer.startswith(b"HTTP/1.1 200 ")
    said = answer.partition(b"\r\n\r\n")[2]
    assert (b"url.https://github.com/.insteadOf git@github.com:" in said) if code == "ssh" else said == b""
    assert blocks(gateway) == [code]
    assert forge.connections() == []


@pytest.mark.needs("ssh")
def test_a_real_ssh_client_reads_how_to_switch_to_https(gateway: Run, forge: Forge) -> None:
    relay = (
        "import socket,sys,threading,os\n"
        f"s=socket.create_connection(('127.0.0.1',{gateway.port}))\n"
        "s.sendall(b'CONNECT github.com:443 HTTP/1.1\\r\\nHost: github.com:443\\r\\n\\r\\n')\n"
        "assert b' 200 ' in s.recv(4096)\n"
        "threading.Thread(target=lambda:[s.sendall(d) for d in iter(lambda:os.read(0,4096),b'')],daemon=True).start()\n"
        "[os.write(1,d) for d in iter(lambda:s.recv(4096),b'')]\n"
    )
    script = gateway.home / "relay.py"
    script.write_text(relay)
    proxied = f"ProxyCommand={sys.executable} {script}"
    result = gateway.client("ssh", "-F", "none", "-o", proxied, "-o", "BatchMode=yes", "git@github.com")
    assert not result.ok
    assert "git config --global url.https://github.com/.insteadOf git@github.com:" in result.output, str(result)


def test_a_host_that_cannot_be_reached_is_told_before_the_tunnel(proxy: StartProxy, forge: Forge) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        run = proxy(connect_to=[f"www.example:443:127.0.0.1:{closed.getsockname()[1]}"])
        answer = converse(run, connect("www.example", 443))
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"network, not the policy" in answer
    (fault,) = run.events("fault")
    assert fault["event"]["id"].encode() in answer


def test_a_tunnel_to_another_host_must_not_ask_for_a_forge(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(hosts=["cdn.example"])
    answer = converse(run, connect("cdn.example", 443), client_hello("github.com"))
    assert answer.partition(b"\r\n\r\n")[2] == b""
    assert blocks(run) == ["host-mismatch"]
    assert all(connection.received == 0 for connection in forge.connections())


@pytest.mark.needs("curl")
def test_other_hosts_are_tunnelled_untouched(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(hosts=["www.example"])
    result = run.curl("--cacert", str(forge.ca_file), "-d", "x=1", "https://www.example/form")
    assert result.ok, str(result)
    assert [seen.host for seen in forge.requests()] == ["www.example"]
    untrusted = run.curl("https://www.example/")  # our CA, which this connection must not be signed by
    assert untrusted.returncode == 60, str(untrusted)
    assert run.events() == []


@pytest.mark.needs("curl")
def test_other_hosts_can_be_blocked(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(policy="version: 1\ndefaults: {other_hosts: block}\n", hosts=["www.example"])
    assert "403" in run.curl("https://www.example/").output
    assert run.curl("-w", "%{http_code}", "-o", "/dev/null", "http://www.example/").stdout == "403"
    assert blocks(run) == ["other-host", "other-host"]
    assert forge.connections() == []


@pytest.mark.needs("curl")
@pytest.mark.parametrize("header", ["Host: gitlab.com", "Host: github.com:8443", "Host: acme.example", "Host;"])
def test_the_host_header_must_agree(gateway: Run, forge: Forge, header: str) -> None:
    result = gateway.curl("--http1.1", "-H", header, "-w", "%{http_code}", "-o", "/dev/null", "https://github.com/acme")
    assert result.stdout == "403", str(result)
    assert blocks(gateway) == ["host-mismatch"]
    assert forge.settle()
    assert forge.requests() == []


@pytest.mark.needs("curl")
def test_plain_http_to_another_host_must_not_name_a_forge(proxy: StartProxy, forge: Forge) -> None:
    run = proxy(hosts=["cdn.example"])
    result = run.curl(
        "-H", "Host: github.com", "-d", "x", "-w", "%{http_code}", "-o", "/dev/null", "http://cdn.example/"
    )
    assert result.stdout == "403"
    assert blocks(run) == ["host-mismatch"]
    assert forge.requests() == []


@pytest.mark.needs("curl")
def test_upgrades_on_a_forge_are_refused(gateway: Run, forge: Forge) -> None:
    for upgrade in ("websocket", "h2c"):
        headers = ("-H", f"Upgrade: {upgrade}", "-H", "Connection: Upgrade")
        result = gateway.curl("--http1.1", *headers, "-w", "%{http_code}", "-o", "/dev/null", "https://github.com/acme")
        assert result.stdout == "403"
    assert blocks(gateway) == ["upgrade", "upgrade"]
    assert forge.requests() == []


@pytest.mark.needs("curl", "git")
@pytest.mark.parametrize("flaw", [Flaw.WRONG_NAME, Flaw.UNTRUSTED])
def test_a_forge_with_a_bad_certificate_gets_no_byte(gateway: Run, forge: Forge, flaw: Flaw) -> None:
    run = gateway
    with forge.behave("github.com", Behaviour(flaw=flaw)):
        result = run.git("ls-remote", "https://github.com/acme/api")
    assert not result.ok
    assert "certificate" in result.output, str(result)
    assert "github.com" in result.output
    assert forge.requests() == []


@pytest.mark.needs("curl")
def test_an_unreachable_forge_is_told_in_the_clients_language(proxy: StartProxy) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        run = proxy(connect_to=[f"api.github.com:443:127.0.0.1:{port}"])
        result = run.curl("-w", "\n%{http_code}", "https://api.github.com/repos/acme/api")
    assert result.stdout.endswith("502"), str(result)
    assert '"message"' in result.stdout
    assert "network, not the policy" in result.stdout
    (fault,) = run.events("fault")
    assert fault["event"]["id"] in result.stdout


def test_the_proxys_own_address_has_one_page(gateway: Run) -> None:
    answers = {}
    for path in ("/", "/forgewall-ca.pem", "/events", "/../etc/passwd"):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        connection.request("GET", path)
        response = connection.getresponse()
        answers[path] = (response.status, response.read())
        connection.close()
    assert answers["/"][0] == 200
    assert b"security@acme.example" in answers["/"][1]
    assert answers["/forgewall-ca.pem"][1] == gateway.ca_file.read_bytes()
    assert [answers[path][0] for path in ("/events", "/../etc/passwd")] == [404, 404]


def test_the_page_is_there_through_the_proxy_too(gateway: Run) -> None:
    for host in (f"127.0.0.1:{gateway.port}", f"localhost:{gateway.port}"):
        request = f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        answer = converse(gateway, request.encode())
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"security@acme.example" in answer


def test_origin_form_never_leads_anywhere_else(gateway: Run, forge: Forge) -> None:
    answer = converse(
        gateway, b"PUT /acme/api.git/x HTTP/1.1\r\nHost: github.com\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert forge.connections() == []


def test_an_oversized_head_gets_431(gateway: Run, forge: Forge) -> None:
    request = b"GET http://github.com/acme HTTP/1.1\r\nHost: github.com\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n"
    answer = converse(gateway, request)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert forge.connections() == []


def test_an_oversized_head_over_http2_gets_431(gateway: Run, forge: Forge) -> None:
    """curl won't send one, so this speaks HTTP/2 by itself."""
    context = ssl.create_default_context(cafile=str(gateway.ca_file))
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=15) as connection:
        connection.sendall(connect("github.com", 443))
        assert b" 200 " in connection.recv(65536)
        with context.wrap_socket(connection, server_hostname="github.com") as tls:
            client = h2.connection.H2Connection()
            client.initiate_connection()
            names = {":method": "GET", ":scheme": "https", ":authority": "github.com", ":path": "/acme"}
            client.send_headers(
                1, [*names.items(), *((f"x-{index}", "a" * 4000) for index in range(20))], end_stream=True
            )
            tls.sendall(client.data_to_send())
            status = ""
            while not status and (data := tls.recv(65536)):
                for event in client.receive_data(data):
                    if isinstance(event, h2.events.ResponseReceived):
                        status = dict(event.headers)[b":status"].decode()
    assert status == "431"
    assert blocks(gateway) == ["header-size"]
    assert forge.requests() == []


def test_trailers_are_dropped_not_a_crash(gateway: Run, forge: Forge) -> None:
    request = (
        b"PUT http://git.acme.example/acme/x.git/info/lfs/objects/a HTTP/1.1\r\nHost: git.acme.example\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\nX-Trailer: secret\r\n\r\n"
    )
    answer = converse(gateway, request)
    assert answer.startswith(b"HTTP/1.1 "), answer
    assert forge.settle()
    assert [(seen.outcome, seen.body) for seen in forge.requests()] == [("complete", 5)]
    assert "crashed" not in gateway.stderr


def test_a_raw_address_must_name_its_server(proxy: StartProxy, forge: Forge) -> None:
    run = proxy()
    answer = converse(run, connect("140.82.112.3", 443), client_hello(None))
    assert answer.partition(b"\r\n\r\n")[2] == b""
    assert blocks(run) == ["host-mismatch"]


@pytest.mark.needs("curl")
def test_a_raw_address_whose_sni_is_a_forge_is_that_forge(proxy: StartProxy, forge: Forge) -> None:
    run = proxy()
    tunnel = ("--connect-to", "github.com:443:140.82.112.3:443")
    result = run.curl(
        *tunnel, "-X", "PUT", "-d", "x", "-w", "%{http_code}", "-o", "/dev/null", "https://github.com/m/l.git/x"
    )
    assert result.stdout == "403", str(result)
    assert forge.requests() == []
    assert run.curl(*tunnel, "-o", "/dev/null", "-w", "%{http_code}", "https://github.com/acme").stdout == "200"


def test_a_forge_on_another_port_is_refused_in_plain_http_too(gateway: Run, forge: Forge) -> None:
    answer = converse(
        gateway, b"GET http://github.com:22/acme HTTP/1.1\r\nHost: github.com:22\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert blocks(gateway) == ["port"]
    assert forge.connections() == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (b"Host: github.com\r\nHost: github.com\r\n", "host-mismatch"),
        (b"Host: github.com\r\nTransfer-Encoding: gzip, chunked\r\n", "framing"),
    ],
)
def test_a_head_that_can_be_read_in_two_ways_is_refused(gateway: Run, forge: Forge, fields: bytes, code: str) -> None:
    head = b"PUT http://github.com/acme/api.git/x HTTP/1.1\r\n" + fields + b"Connection: close\r\n\r\n0\r\n\r\n"
    assert converse(gateway, head).startswith(b"HTTP/1.1 40")
    assert blocks(gateway) == [code]
    assert forge.requests() == []


@pytest.mark.parametrize(
    "line",
    [
        b"GET http://github.com/acme HTTP/1.1\r\nContent-Length: 0",
        b"POST http://github.com/acme/api.git/info/lfs/locks/verify HTTP/1.1\r\nContent-Length: 2",
        b"POST http://github.com/acme/api.git/info/lfs/objects/batch HTTP/1.1\r\nContent-Length: 37",
    ],
    ids=["no body", "body", "held body"],
)
def test_what_is_meant_for_the_proxy_goes_no_further(gateway: Run, forge: Forge, line: bytes) -> None:
    head = line + b"\r\nHost: github.com\r\nProxy-Authorization: Basic c2VjcmV0\r\n"
    body = b"" if line.startswith(b"GET") else b"{}" if b"verify" in line else b'{"operation":"download","objects":[]}'
    answer = converse(gateway, head + b"Proxy-Connection: close\r\nConnection: close\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 200 ")
    (seen,) = forge.requests()
    assert seen.header("proxy-authorization") is None


def test_pipelined_requests_are_answered_in_order(gateway: Run, forge: Forge) -> None:
    """Also behind a refused one: what follows it is a request of its own."""

    def request(method: str, address: str, body: bytes = b"") -> bytes:
        head = f"{method} http://api.github.com/repos/{address}/contents/x HTTP/1.1\r\nHost: api.github.com\r\n"
        return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body

    get, put = request("GET", "mallory/loot"), request("PUT", "acme/api", b"x" * 200_000)
    refused = request("PUT", "mallory/loot", b"yyy")
    last = get.replace(b"Content-Length: 0\r\n", b"Connection: close\r\n")
    answer = converse(gateway, get * 5 + put + refused + request("PUT", "acme/api") + put + last)
    statuses = re.findall(rb"HTTP/1\.1 (\d)\d\d ", answer)
    assert statuses == [b"2"] * 6 + [b"4"] + [b"2"] * 3
    assert forge.settle()
    assert [seen.body for seen in forge.requests(method="PUT")] == [200_000, 0, 200_000]
    assert "crashed" not in gateway.stderr
