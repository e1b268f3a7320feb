from __future__ import annotations

import fcntl
import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from mitmproxy import certs

from forgewall.errors import StartError
from forgewall.proxy import certificates
from forgewall.proxy.certificates import CA, ensure_ca, load_ca

PEM = serialization.Encoding.PEM


@pytest.fixture(autouse=True)
def usual_umask() -> Any:
    before = os.umask(0o022)
    yield
    os.umask(before)


def own_ca(
    directory: Path,
    *,
    key: Any = None,
    ca: bool | None = True,
    critical: bool = True,
    usage: bool | None = True,
    days: tuple[int, int] = (-1, 400),
    issuer: CA | None = None,
) -> tuple[Path, Path]:
    """A company's CA as an administrator would place it, with whatever is to be wrong with it."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme issuing CA")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=critical)
    if usage is not None:
        others = dict.fromkeys(
            ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"], False
        )
        bits = x509.KeyUsage(digital_signature=True, key_cert_sign=usage, crl_sign=usage, decipher_only=False, **others)
        builder = builder.add_extension(bits, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    made = builder.sign(issuer.key if issuer else key, algorithm)
    directory.mkdir(exist_ok=True)
    certificate, key_file = directory / "forgewall-ca.pem", directory / "forgewall-ca.key"
    chain = issuer.certificate_pem if issuer else b""
    certificate.write_bytes(made.public_bytes(PEM) + chain)
    write_key(key_file, key)
    return certificate, key_file


def write_key(path: Path, key: Any, encryption: Any = None) -> None:
    encryption = encryption or serialization.NoEncryption()
    path.touch(0o600)
    path.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, encryption))


def test_the_first_start_makes_a_strict_ca_and_two_files(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "certs"
    ca = ensure_ca(directory)
    assert sorted(os.listdir(directory)) == ["forgewall-ca.key", "forgewall-ca.pem"]
    assert stat.S_IMODE(ca.key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ca.certificate_path.stat().st_mode) == 0o644
    assert b"PRIVATE" not in ca.certificate_path.read_bytes()
    certificate = x509.load_pem_x509_certificate(ca.certificate_path.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.crl_sign) == (True, True, True)
    assert not usage.value.digital_signature
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert isinstance(public.curve, ec.SECP256R1)
    assert ca.warnings == ()
    assert "PRIVATE" not in repr(ca)
    assert str(ca.key) not in repr(ca)


def test_it_is_never_overwritten(tmp_path: Path) -> None:
    first = ensure_ca(tmp_path)
    before = [path.read_bytes() for path in (first.certificate_path, first.key_path)]
    assert ensure_ca(tmp_path).fingerprint == first.fingerprint
    assert [path.read_bytes() for path in (first.certificate_path, first.key_path)] == before


def test_a_umask_of_nothing_does_not_open_the_key(tmp_path: Path) -> None:
    os.umask(0)
    assert stat.S_IMODE(ensure_ca(tmp_path).key_path.stat().st_mode) == 0o600


def test_an_existing_ca_needs_no_write_access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_ca(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the directory was touched")

    monkeypatch.setattr(certificates, "_complete", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    ensure_ca(tmp_path)


def test_many_first_starts_at_once_agree_on_one_ca(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; sys.stdin.readline();"
        "from forgewall.proxy.certificates import ensure_ca; print(ensure_ca(Path(sys.argv[1])).fingerprint)"
    )
    root = Path(certificates.__file__).parents[2]
    command = [sys.executable, "-c", code, str(tmp_path / "certs")]
    starts = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(root)}
        )
        for _ in range(4)
    ]
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("go\n")
        start.stdin.flush()
    prints = {start.communicate(timeout=60)[0] for start in starts}
    assert len(prints) == 1
    assert prints != {""}
    assert sorted(os.listdir(tmp_path / "certs")) == ["forgewall-ca.key", "forgewall-ca.pem"]


def test_a_second_first_start_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    making, waiting, made = threading.Event(), threading.Event(), []
    make, flock = certificates._make, fcntl.flock

    def slow_make() -> Any:
        made.append(1)
        making.set()
        assert waiting.wait(30)
        return make()

    def watched_flock(handle: int, how: int) -> None:
        if making.is_set():
            waiting.set()
        flock(handle, how)

    monkeypatch.setattr(certificates, "_make", slow_make)
    monkeypatch.setattr(fcntl, "flock", watched_flock)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ensure_ca, tmp_path)
        assert making.wait(30)
        second = pool.submit(ensure_ca, tmp_path)
        assert first.result(30).fingerprint == second.result(30).fingerprint
    assert made == [1]


@pytest.mark.parametrize("missing", ["forgewall-ca.key", "forgewall-ca.pem"])
def test_half_a_ca_is_refused_and_left_alone(tmp_path: Path, missing: str) -> None:
    ensure_ca(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(StartError, match="incomplete") as caught:
        ensure_ca(tmp_path)
    assert missing in str(caught.value)
    assert not (tmp_path / missing).exists()


def test_a_failure_while_writing_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StartError, match="No space left"):
        ensure_ca(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    ca = ensure_ca(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["forgewall-ca.key", "forgewall-ca.pem"]
    assert ensure_ca(tmp_path).fingerprint == ca.fingerprint


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "certs").touch()
    with pytest.raises(StartError, match="--certs"):
        ensure_ca(tmp_path / "certs")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_open_is_refused_with_the_command(tmp_path: Path, mode: int) -> None:
    ca = ensure_ca(tmp_path)
    ca.key_path.chmod(mode)
    with pytest.raises(StartError, match=f"Run: chmod 600 {ca.key_path}"):
        ensure_ca(tmp_path)


def test_the_companys_own_ca_with_its_chain(tmp_path: Path) -> None:
    root = load_ca(*own_ca(tmp_path / "root", key=rsa.generate_private_key(65537, 2048)))
    own = own_ca(tmp_path / "issuing", issuer=root)
    for ca in (load_ca(*own), ensure_ca(tmp_path / "issuing")):
        assert ca.certificate.subject.rfc4514_string() == "CN=Acme issuing CA"
        assert len(ca.chain) == 2
        assert ca.chain[1] == root.certificate
        assert ca.certificate_pem.count(b"BEGIN CERTIFICATE") == 2
        assert b"PRIVATE" not in ca.certificate_pem
        assert len(x509.load_pem_x509_certificates(ca.certificate_pem)) == 2
    assert not (tmp_path / "unused").exists()


@pytest.mark.parametrize(
    ("flaw", "sentence"),
    [
        ({"days": (-10, -1)}, "expired on"),
        ({"days": (1, 10)}, "not valid before"),
        ({"ca": False}, "is not a CA"),
        ({"ca": None}, "is not a CA"),
        ({"usage": False}, "may not sign"),
        ({"key": ed25519.Ed25519PrivateKey.generate()}, "RSA of 2048 bits"),
        ({"key": rsa.generate_private_key(65537, 1024)}, "RSA of 2048 bits"),
    ],
)
def test_a_ca_that_cannot_serve_is_refused(tmp_path: Path, flaw: dict[str, Any], sentence: str) -> None:
    own_ca(tmp_path, **flaw)
    with pytest.raises(StartError, match=sentence):
        ensure_ca(tmp_path)


@pytest.mark.parametrize(
    ("flaw", "sentence"),
    [({"critical": False}, "not critical"), ({"usage": None}, "no keyUsage"), ({"days": (-1, 5)}, "expires on")],
)
def test_a_ca_that_will_bite_is_used_with_a_warning(tmp_path: Path, flaw: dict[str, Any], sentence: str) -> None:
    own_ca(tmp_path, **flaw)
    (warning,) = ensure_ca(tmp_path).warnings
    assert sentence in warning


def test_files_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    certificate, key = own_ca(tmp_path)
    good = key.read_bytes()
    write_key(key, ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(StartError, match="not the key of the first certificate"):
        ensure_ca(tmp_path)
    write_key(key, ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"secret"))
    with pytest.raises(StartError, match="passphrase"):
        ensure_ca(tmp_path)
    key.write_bytes(b"rubbish")
    with pytest.raises(StartError, match="no private key in PEM"):
        ensure_ca(tmp_path)
    key.write_bytes(bytes(2 << 20))
    with pytest.raises(StartError, match="larger than"):
        ensure_ca(tmp_path)
    key.write_bytes(good)
    certificate.write_bytes(certificate.read_bytes() + good)
    with pytest.raises(StartError, match="holds a private key") as caught:
        ensure_ca(tmp_path)
    assert good.splitlines()[1].decode() not in str(caught.value)
    certificate.write_bytes(b"rubbish")
    with pytest.raises(StartError, match="no certificate in PEM"):
        ensure_ca(tmp_path)
    certificate.unlink()
    certificate.mkdir()
    with pytest.raises(StartError, match="cannot read the CA certificate"):
        ensure_ca(tmp_path)


def leaf(ca: CA) -> certs.CertStoreEntry:
    """A leaf as mitmproxy issues it from this CA, without a store on disk."""
    store = certs.CertStore(
        ca.key,  # type: ignore[arg-type]
        certs.Cert(ca.certificate),
        None,
        certs.dummy_crl(ca.key, ca.certificate),  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
    )
    return store.get_cert("github.com", [x509.DNSName("github.com")])


def test_a_strict_python_client_accepts_a_leaf_of_it(tmp_path: Path) -> None:
    ca = ensure_ca(tmp_path / "certs")
    chain = tmp_path / "leaf.pem"
    chain.write_bytes(leaf(ca).cert.to_pem() + ca.key_path.read_bytes() + ca.certificate_pem)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(chain)
    client = ssl.create_default_context(cafile=str(ca.certificate_path))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs, server.wrap_socket(theirs, server_side=True) as tls:
            tls.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    with ours, client.wrap_socket(ours, server_hostname="github.com") as tls:
        assert tls.recv(5) == b"hello"
    thread.join()


@pytest.mark.skipif(
    shutil.which("openssl") is None and os.environ.get("CI") != "true", reason="openssl is not installed"
)
def test_openssl_accepts_a_leaf_of_it_and_no_second_ca_below_it(tmp_path: Path) -> None:
    ca = ensure_ca(tmp_path / "certs")
    file = tmp_path / "leaf.pem"
    file.write_bytes(leaf(ca).cert.to_pem())

    def verify(*files: str) -> subprocess.CompletedProcess[str]:
        command = ["openssl", "verify", "-x509_strict", "-CAfile", str(ca.certificate_path), *files]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = verify("-purpose", "sslserver", "-verify_hostname", "github.com", str(file))
    assert done.returncode == 0, done.stderr
    # Path length 0: what a second CA below it issued isn't believed.
    second = load_ca(*own_ca(tmp_path / "second", issuer=ca))
    file.write_bytes(leaf(second).cert.to_pem())
    done = verify("-untrusted", str(second.certificate_path), str(file))
    assert done.returncode != 0
    assert "path length constraint exceeded" in done.stderr
