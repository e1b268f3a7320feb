"""How to make each client trust the CA and use the proxy: what `forgewall trust` and the landing page show.

Text only; nothing here runs a command. Not here: which CA it is (`proxy.certificates`).
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

FORGES = ("github.com", "gitlab.com", "bitbucket.org")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """One client's steps: `commands` are lines to type (or to put in a file that `note` names)."""

    title: str
    note: str
    commands: tuple[str, ...]


def steps(certificate: str, proxy: str) -> tuple[Steps, ...]:
    """The steps for every client, operating systems first: most clients then need no more than the proxy.

    `certificate` is the CA certificate's path as the reader would type it; `proxy` is the proxy's URL.
    """
    return (*_systems(certificate), *_clients(certificate, proxy))


def proxy_parts(proxy: str) -> tuple[str, int]:
    """Host and port of a proxy URL; raises ValueError with a sentence for what is no such URL."""
    try:
        url = urlsplit(proxy)
        port = url.port
    except ValueError:
        raise ValueError(f"`{proxy}` is no proxy URL; write http://HOST:PORT") from None
    if url.scheme not in {"http", "https"} or not url.hostname or any(char.isspace() for char in proxy):
        raise ValueError(f"`{proxy}` is no proxy URL; write http://HOST:PORT")
    return url.hostname, port or (443 if url.scheme == "https" else 80)


def _systems(certificate: str) -> tuple[Steps, ...]:
    file = shlex.quote(certificate)
    windows = '"' + certificate.replace('"', "") + '"'
    return (
        Steps(
            title="Debian, Ubuntu",
            note="curl, git, Go and most others read this store; the name must end in .crt.",
            commands=(
                f"sudo cp {file} /usr/local/share/ca-certificates/forgewall-ca.crt",
                "sudo update-ca-certificates",
            ),
        ),
        Steps(
            title="RHEL, Fedora, Rocky",
            note="curl, git, Go, Java of the distribution and most others read this store.",
            commands=(f"sudo cp {file} /etc/pki/ca-trust/source/anchors/forgewall-ca.pem", "sudo update-ca-trust"),
        ),
        Steps(
            title="macOS",
            note="Safari, Chrome, Go, curl and git of the system read the keychain.",
            commands=(f"sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}",),
        ),
        Steps(
            title="Windows",
            note="As administrator, or by group policy: Trusted Root Certification Authorities. "
            "git then needs its Windows backend "
            "(and, if it reports a revocation error, http.schannelCheckRevoke false).",
            commands=(f"certutil -addstore -f Root {windows}", "git config --global http.sslBackend schannel"),
        ),
        Steps(
            title="Firefox",
            note="It reads the system's store once this is true in about:config "
            "(policy: Certificates, ImportEnterpriseRoots).",
            commands=("security.enterprise_roots.enabled = true",),
        ),
    )


def _clients(certificate: str, proxy: str) -> tuple[Steps, ...]:
    host, port = proxy_parts(proxy)
    file, url = shlex.quote(certificate), shlex.quote(proxy)
    bundle = '"$HOME/forgewall-bundle.pem"'
    return (
        Steps(
            title="The proxy, for most clients",
            note="curl, git, Python, Go, Docker's client and others read these.",
            commands=(
                f"export http_proxy={url} https_proxy={url} HTTP_PROXY={url} HTTPS_PROXY={url}",
                "export no_proxy=localhost,127.0.0.1,::1 NO_PROXY=localhost,127.0.0.1,::1",
            ),
        ),
        Steps(
            title="git",
            note="Per forge, because sslCAInfo replaces the usual roots and Forgewall only answers for forges. "
            "Repeat the second line for each forge of your own.",
            commands=(
                f"git config --global http.proxy {url}",
                *(f"git config --global http.https://{forge}/.sslCAInfo {file}" for forge in FORGES),
            ),
        ),
        Steps(
            title="A bundle for clients that replace their roots",
            note="The usual roots and this CA in one file; on RHEL the first file is /etc/pki/tls/certs/ca-bundle.crt.",
            commands=(f"cat /etc/ssl/certs/ca-certificates.crt {file} > {bundle}",),
        ),
        Steps(
            title="curl",
            note="For one call, or for all of a shell; curl of Windows and macOS reads the system's store.",
            commands=(f"curl --proxy {url} --cacert {file} https://github.com/", f"export CURL_CA_BUNDLE={bundle}"),
        ),
        Steps(
            title="Node, npm",
            note="NODE_EXTRA_CA_CERTS adds to the usual roots. Node 24 and later use the proxy by NODE_USE_ENV_PROXY.",
            commands=(
                f"export NODE_EXTRA_CA_CERTS={file} NODE_USE_ENV_PROXY=1",
                f"npm config set proxy {url}",
                f"npm config set https-proxy {url}",
            ),
        ),
        Steps(
            title="Python",
            note="ssl and httpx read the first, requests the second, pip the third; all three replace the usual roots.",
            commands=(
                f"export SSL_CERT_FILE={bundle}",
                f"export REQUESTS_CA_BUNDLE={bundle}",
                f"export PIP_CERT={bundle}",
            ),
        ),
        Steps(
            title="Java",
            note="Once per JDK; changeit is its usual password. Maven and Gradle have proxy settings of their own.",
            commands=(
                f"keytool -importcert -noprompt -cacerts -storepass changeit -alias forgewall -file {file}",
                "export JAVA_TOOL_OPTIONS="
                + shlex.quote(
                    f"-Dhttp.proxyHost={host} -Dhttp.proxyPort={port} -Dhttps.proxyHost={host} -Dhttps.proxyPort={port}"
                ),
            ),
        ),
        Steps(
            title="Docker",
            note="On the daemon's machine; its proxy stands in /etc/docker/daemon.json. Each container needs the CA "
            "and the proxy again, at run time: don't bake either into images.",
            commands=(
                f"sudo install -D -m 644 {file} /etc/docker/certs.d/ghcr.io/forgewall-ca.crt",
                f"sudo install -D -m 644 {file} /etc/docker/certs.d/registry.gitlab.com/forgewall-ca.crt",
                "daemon.json: " + json.dumps({"proxies": {"http-proxy": proxy, "https-proxy": proxy}}),
                f"docker run -e https_proxy={url} -e NODE_EXTRA_CA_CERTS=/ca.pem -v {file}:/ca.pem:ro IMAGE",
            ),
        ),
        Steps(
            title="Go",
            note="Go reads the system's store and https_proxy; where you can't change the store, on Linux:",
            commands=(f"export SSL_CERT_FILE={bundle}",),
        ),
    )
