"""`git push https://github.com/acme/api`, `PUT https://… 3MiB` -> the request that would be made.

The policy's own tests and `explain` take the same sentences. A sentence says the first request that tells what the
command does; a body nobody gave is unread, so where the body decides, the stricter reading is judged.

A push may name the refs it changes as `git push` does: `main`, `HEAD:main`, `refs/tags/v1`, `:old` or `--delete old`
for a deletion, `+main` or `--force main` for an update that is no fast-forward. All are taken for known refs, though
the first request doesn't tell them. A word that begins with a digit is a size.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from forgewall.decide.complaints import quote
from forgewall.decide.fields import size_of
from forgewall.decide.globs import full_ref, ref_name
from forgewall.evidence import RefAction, RefUpdate
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Request

FORMS = (
    "git push URL [REF…] [SIZE], git clone|fetch|pull|ls-remote URL [SIZE], git lfs push URL [REF] [SIZE], "
    "git lfs pull URL [SIZE], or METHOD URL [SIZE]"
)
_METHOD = re.compile(r"[A-Z][A-Z-]{1,30}\Z", re.ASCII)
_BODILESS = {"GET", "HEAD", "OPTIONS"}
_READS = {"clone", "fetch", "pull", "ls-remote"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A parsed sentence: the request, its body's size in bytes if one was given, and the refs it changes.

    `forced` are the names of those that are no fast-forward.
    """

    text: str
    request: Request
    size: int | None
    refs: tuple[RefUpdate, ...] = ()
    forced: tuple[str, ...] = ()


def parse_sentence(text: str) -> Sentence:
    """The request that `text` describes. Raises ValueError with a sentence that says what is wrong."""
    words = text.split()
    if len(words) >= 2 and words[0].lower() == "git":
        return _git(text, words[1:])
    if len(words) not in {2, 3} or not _METHOD.match(words[0].upper()):
        raise ValueError(f"{quote(text)} is not understood: write {FORMS}")
    size = size_of(words[2]) if len(words) == 3 else None
    method = words[0].upper()
    empty = size == 0 or (size is None and method in _BODILESS)
    request = _request(method, words[1], "", size, b"" if empty else None)
    return Sentence(text=text, request=request, size=size)


def _git(text: str, said: list[str]) -> Sentence:
    options = {word for word in said if word.startswith("-") and word != "-"}
    words = [word for word in said if word not in options]
    lfs = words[:1] == ["lfs"]
    verb, *rest = (words[1:] if lfs else words) or [""]
    if verb not in ({"push", "fetch", "pull"} if lfs else {"push", *_READS}) or not rest:
        raise ValueError(f"{quote(text)} is not understood: write {FORMS}")
    if "?" in rest[0] or "#" in rest[0]:
        raise ValueError(f"{quote(rest[0])} holds a query or a fragment, and a repository's URL has none")
    write = verb == "push"
    size = size_of(rest.pop()) if len(rest) > 1 and (rest[-1][0].isdigit() or not write) else None
    url, *names = rest
    if names and (not write or (lfs and len(names) > 1)):
        raise ValueError(f"{quote(text)} is not understood: write {FORMS}")
    refs, forced = _refs(names, options)
    request = _lfs_request(url, refs, write=write) if lfs else _git_request(url, size, write=write)
    return Sentence(text=text, request=request, size=size, refs=refs, forced=forced)


def _refs(names: list[str], options: set[str]) -> tuple[tuple[RefUpdate, ...], tuple[str, ...]]:
    """The refs that refspecs name (git-push(1)), and those of them that are forced. Raises ValueError."""
    refs, forced = [], []
    for name in names:
        if name[0].isdigit():
            raise ValueError(f"{quote(name)} stands where a ref is wanted: a size goes last, a branch is refs/heads/…")
        source, colon, destination = name.removeprefix("+").rpartition(":")
        deleted = (colon and not source) or options & {"-d", "--delete"}
        ref = full_ref(ref_name(destination))
        refs.append(RefUpdate(name=ref, action=RefAction.DELETE if deleted else RefAction.UPDATE))
        if not deleted and (name.startswith("+") or options & {"-f", "--force", "--force-with-lease"}):
            forced.append(ref)
    return tuple(refs), tuple(forced)


def _lfs_request(url: str, refs: tuple[RefUpdate, ...], *, write: bool) -> Request:
    ref = f'"ref":{{"name":{json.dumps(refs[0].name)}}},' if refs else ""
    body = f'{{"operation":"{"upload" if write else "download"}",{ref}"objects":[]}}'.encode()
    return _request("POST", url.rstrip("/"), "/info/lfs/objects/batch", len(body), body)


def _git_request(url: str, size: int | None, *, write: bool) -> Request:
    service = "git-receive-pack" if write else "git-upload-pack"
    if size is None:
        return _request("GET", url.rstrip("/"), f"/info/refs?service={service}", None, b"")
    return _request("POST", url.rstrip("/"), f"/{service}", size, None)


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
