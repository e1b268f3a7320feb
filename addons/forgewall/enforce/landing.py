"""What the proxy's own address answers to a browser or curl: whom to ask, the CA certificate, how to trust it.

Nothing else: no status, no policy, no log. Everything else is a 404.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from forgewall.enforce.answer import Reply, answer
from forgewall.enforce.page import page
from forgewall.enforce.steps import Steps, steps
from forgewall.model import Request

CERTIFICATE_PATH = "/forgewall-ca.pem"


def landing(request: Request, *, contact: str, certificate_pem: bytes, fingerprint: str, proxy: str) -> Reply:
    """The answer to a request in origin form at the proxy's own address.

    `certificate_pem` holds certificates only; `fingerprint` is the CA's SHA-256 in hex pairs; `proxy` is the URL that
    clients use for the proxy, from the configuration and never from the request.
    """
    reply = _answer(request, contact=contact, certificate_pem=certificate_pem, fingerprint=fingerprint, proxy=proxy)
    return replace(reply, body=b"") if request.method == "HEAD" else reply


def _answer(request: Request, *, contact: str, certificate_pem: bytes, fingerprint: str, proxy: str) -> Reply:
    reads = request.method in {"GET", "HEAD"}
    if reads and request.path == CERTIFICATE_PATH:
        save = (("content-disposition", 'attachment; filename="forgewall-ca.pem"'),)
        return answer(200, "application/x-pem-file", certificate_pem, extra=save)
    if not reads or request.path != "/":
        return answer(404, "text/plain; charset=utf-8", b"This is a proxy. It has a page at / and nothing else.\n")
    link = proxy.rstrip("/") + CERTIFICATE_PATH
    todo = steps("forgewall-ca.pem", proxy)
    if "text/html" in (request.header("accept") or "").lower():
        return page(200, "Forgewall", _html(contact, fingerprint, link, todo), sandbox=False)
    return answer(200, "text/plain; charset=utf-8", _text(contact, fingerprint, link, todo).encode())


def _intro(contact: str) -> tuple[str, str]:
    return (
        "This is Forgewall, your company's proxy. It lets code and files go only to approved repositories.",
        f"Questions, and repositories to approve: {contact or 'the administrator of this proxy'}",
    )


_CHECK = (
    "Whoever holds this CA's key can read your traffic to code forges: "
    "compare the fingerprint with the one your administrator gave you."
)


def _text(contact: str, fingerprint: str, link: str, todo: tuple[Steps, ...]) -> str:
    lines = [
        *_intro(contact),
        "",
        "The certificate that clients must trust:",
        f"  curl --noproxy '*' -o forgewall-ca.pem {link}",
        f"  SHA-256 {fingerprint}",
        _CHECK,
        "",
    ]
    for step in todo:
        lines += [step.title, f"  {step.note}", *(f"    {command}" for command in step.commands), ""]
    return "\n".join(lines)


def _html(contact: str, fingerprint: str, link: str, todo: tuple[Steps, ...]) -> str:
    first, second = _intro(contact)
    parts = [
        f"<h1>Forgewall</h1><p>{escape(first)}</p><p>{escape(second)}</p><h2>The certificate to trust</h2>",
        f'<p><a href="{escape(CERTIFICATE_PATH)}" download>forgewall-ca.pem</a> ({escape(link)})</p>',
        f"<p>SHA-256</p><pre>{escape(fingerprint)}</pre><p>{escape(_CHECK)}</p>",
    ]
    for step in todo:
        commands = escape("\n".join(step.commands))
        parts.append(f"<h2>{escape(step.title)}</h2><p>{escape(step.note)}</p><pre>{commands}</pre>")
    return "".join(parts)
