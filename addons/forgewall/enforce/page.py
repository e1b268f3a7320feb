"""Pages for browsers: small, readable without style or script, and loading nothing from anywhere.

Everything that comes from a request or a policy is escaped here, and a strict Content-Security-Policy stands behind it.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from forgewall.enforce.answer import Reply, answer
from forgewall.enforce.refusal import Message

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.15rem;margin-top:2rem}"
    "dt{font-weight:600;margin-top:1rem}dd{margin:0;overflow-wrap:anywhere}"
    "pre{background:#f0f0f0;padding:.75rem;overflow-x:auto}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#16181b}pre{background:#25282c}a{color:#8ab4f8}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_SAFETY = (
    (
        "content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox",
    ),
    ("referrer-policy", "no-referrer"),
)


def refusal_page(message: Message) -> Reply:
    """The page that says what was refused, why, what to do, and which event to quote."""
    facts = [("Why", message.why), ("What to do", _capital(message.todo))]
    if message.contact:
        facts.append(("Contact", message.contact))
    if message.event_id:
        facts.append(("Event", message.event_id))
    if message.rule:
        facts.append(("Rule", message.rule))
    terms = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    if message.link:
        terms += f'<dt>Ask here</dt><dd><a href="{escape(message.link)}">{escape(message.link)}</a></dd>'
    title = "Refused by Forgewall" if message.blocked else "Forgewall could not pass this on"
    return page(message.status, title, f"<h1>{escape(message.what)}</h1><dl>{terms}</dl>", event_id=message.event_id)


def page(status: int, title: str, body: str, *, event_id: str | None = None, sandbox: bool = True) -> Reply:
    """An HTML document; `body` is markup whose texts are already escaped, `title` is plain text.

    `sandbox` False is for a page whose links must download something.
    """
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )
    safety = _SAFETY if sandbox else ((_SAFETY[0][0], _SAFETY[0][1].removesuffix("; sandbox")), *_SAFETY[1:])
    return answer(status, "text/html; charset=utf-8", document.encode(), event_id=event_id, extra=safety)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
