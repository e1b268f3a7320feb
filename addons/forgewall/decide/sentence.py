"""`git push https://github.com/acme/api`, `PUT https://… 3MiB` -> the request that would be made.

The policy's own tests and `explain` take the same sentences. A sentence says the first request that tells what the
command does; a body nobody gave is unread, so where the body decides, the stricter reading is judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgewall.decide.complaints import quote
from forgewall.decide.fields import size_of
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Request

FORMS = "git push|clone|fetch|pull|ls-remote URL [SIZE], git lfs push|pull URL [SIZE], or METHOD URL [SIZE]"
_METHOD = re.compile(r"[A-Z][A-Z-]{1,30}\Z", re.ASCII)
_BODILESS = {"GET", "HEAD", "OPTIONS"}
_READS = {"clone", "fetch", "pull", "ls-remote"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A parsed sentence: the request, and its body's size in bytes if one was given."""

    text: str
    request: Request
    size: int | None


def parse_sentence(text: str) -> Sentence:
    """The request that `text` describes. Raises ValueError with a sentence that says what is wrong."""
    words = text.split()
    if len(words) >= 2 and words[0].lower() == "git":
        return _git(text, [word for word in words[1:] if word == "-" or not word.startswith("-")])
    if len(words) not in {2, 3} or not _METHOD.match(words[0].upper()):
        raise ValueError(f"{quote(text)} is not understood: write {FORMS}")
    size = size_of(words[2]) if len(words) == 3 else None
    method = words[0].upper()
    empty = size == 0 or (size is None and method in _BODILESS)
    request = _request(method, words[1], "", size, b"" if empty else None)
    return Sentence(text=text, request=request, size=size)


def _git(text: str, words: list[str]) -> Sentence:
    lfs = words[:1] == ["lfs"]
    verb, *rest = (words[1:] if lfs else words) or [""]
    if verb not in ({"push", "fetch", "pull"} if lfs else {"push", *_READS}) or len(rest) not in {1, 2}:
        raise ValueError(f"{quote(text)} is not understood: write {FORMS}")
    if "?" in rest[0] or "#" in rest[0]:
        raise ValueError(f"{quote(rest[0])} holds a query or a fragment, and a repository's URL has none")
    size = size_of(rest[1]) if len(rest) == 2 else None
    url = rest[0].rstrip("/")
    write = verb == "push"
    if lfs:
        body = b'{"operation":"%s","objects":[]}' % (b"upload" if write else b"download")
        request = _request("POST", url, "/info/lfs/objects/batch", len(body), body)
        return Sentence(text=text, request=request, size=size)
    service = "git-receive-pack" if write else "git-upload-pack"
    if size is None:
        request = _request("GET", url, f"/info/refs?service={service}", None, b"")
    else:
        request = _request("POST", url, f"/{service}", size, None)
    return Sentence(text=text, request=request, size=size)


def _request(method: str, url: str, tail: str, size: int | None, body: bytes | None) -> Request:
    headers = [("content-length", str(size))] if size is not None else []
    state = BodyState.UNREAD if body is None else BodyState.COMPLETE
    try:
        return request_for(method, url + tail, headers=headers, body=body or b"", body_state=state)
    except ValueError:
        wrong = f"{quote(url)} is not a URL such as https://github.com/acme/api{_ssh_hint(url)}"
        raise ValueError(wrong) from None


def _ssh_hint(url: str) -> str:
    bare = _SSH.match(url)
    return f": write https://{bare[1]}/{bare[2]}" if bare else ""


_SSH = re.compile(r"(?:ssh://)?(?:[\w.-]+@)?([\w-]+(?:\.[\w-]+)+)[:/](?:[0-9]+/)?/?([\w~./-]+)", re.ASCII)
