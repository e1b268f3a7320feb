"""squid with ssl-bump, where it is installed: what a forward proxy in C costs that decrypts and judges nothing."""

from __future__ import annotations

import getpass
import os
import shutil
import ssl
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives import serialization
from demo.authority import make_root

from bench.client import Connection, Route, Unexpected
from bench.origin import HOST, Origin
from bench.proxies import READ_PATH, START_SECONDS, end, free_port

_HELPERS = ("/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid", "/usr/local/squid/libexec")
_CONFIGURATION = """\
http_port 127.0.0.1:{port} ssl-bump cert={directory}/ca.pem generate-host-certificates=on
sslcrtd_program {helper} -s {directory}/certificates -M 4MB
sslcrtd_children 1
ssl_bump bump all
tls_outgoing_options cafile={directory}/forge-ca.pem
http_access allow all
cache deny all
cache_mem 8 MB
memory_cache_shared off
sslproxy_session_cache_size 0
access_log none
cache_log {directory}/cache.log
cache_store_log none
pid_filename {directory}/squid.pid
coredump_dir {directory}
cache_effective_user {user}
shutdown_lifetime 1 seconds
visible_hostname bench.example
via off
pinger_enable off
# Not a multiple of a TLS record (16 KiB), as the default is: squid 5 takes a buffer that is full between two records
# for the end of the connection, and breaks off about one upload in three.
client_request_buffer_max_size 500000 bytes
"""


def find() -> tuple[Path, Path] | None:
    """squid and its helper that makes certificates; None where there is no squid built with OpenSSL."""
    squid = shutil.which("squid", path="/usr/sbin:/usr/local/sbin:/usr/local/squid/sbin:/usr/bin")
    helper = next((path for name in _HELPERS if (path := Path(name) / "security_file_certgen").exists()), None)
    return (Path(squid), helper) if squid is not None and helper is not None else None


class Squid:
    """A running squid that decrypts everything. Started by root it runs as nobody, as it insists on another user."""

    def __init__(self, origin: Origin, programs: tuple[Path, Path]) -> None:
        squid, helper = programs
        self._room = tempfile.TemporaryDirectory(prefix="forgewall-bench-squid-")  # below a folder others may enter
        directory = Path(self._room.name)
        key, certificate = make_root("squid's CA")
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        self._ca_file = directory / "ca-cert.pem"
        self._ca_file.write_bytes(pem)
        traditional, plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        (directory / "ca.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, traditional, plain) + pem)
        subprocess.run([helper, "-c", "-s", directory / "certificates", "-M", "4MB"], check=True, capture_output=True)
        shutil.copy(origin.ca_file, directory / "forge-ca.pem")
        port = free_port()
        configuration = directory / "squid.conf"
        configuration.write_text(
            _CONFIGURATION.format(port=port, directory=directory, helper=helper, user=_user()),
            encoding="utf-8",
        )
        if os.geteuid() == 0:
            for path in (directory, *directory.rglob("*")):
                shutil.chown(path, _user())
        self._log = directory / "cache.log"
        self._process = subprocess.Popen(
            [squid, "-N", "-n", f"bench{port}", "-f", configuration],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory,
        )
        try:
            self.route = self._wait(origin, port)
        except BaseException:
            self.close()
            raise

    def _wait(self, origin: Origin, port: int) -> Route:
        end = time.monotonic() + START_SECONDS
        trust = ssl.create_default_context(cafile=str(self._ca_file))
        trust.verify_flags &= ~ssl.VERIFY_X509_STRICT  # squid's certificates lack an Authority Key Identifier
        route = Route(
            name="squid",
            host=HOST,
            port=origin.port,
            proxy_port=port,
            trust=trust,
            ca_file=self._ca_file,
            pid=self._process.pid,
        )
        while self._process.poll() is None and time.monotonic() < end:
            try:
                with Connection(route) as connection:
                    connection.exchange(connection.head("GET", READ_PATH), 0)
                return route
            except (OSError, Unexpected):
                time.sleep(0.1)
        log = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        raise RuntimeError(f"squid did not serve: exit code {self._process.poll()}\n{log[-2000:]}")

    def __enter__(self) -> Squid:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        end(self._process)
        self._room.cleanup()


def _user() -> str:
    return "nobody" if os.geteuid() == 0 else getpass.getuser()
