"""What GitHub's answers tell about uploads to object stores: the form for an attached file, and a run's signed URLs.

Three kinds of answers. To `POST /upload/policies/…` (what pages do when a file is attached): the URL and the fields of
an S3 form, and where the upload is confirmed. To `acquirejob` (actions/runner): whose run a job is part of. To twirp
calls of the results service of Actions: URLs of Azure blobs for artifacts, caches, logs and summaries. Releases and LFS
name their repository otherwise. What is *not* here: reading the requests that follow (`identify.announced_form`,
`announced_blob`, `forges.github_actions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from forgewall.identify.announced import Announcement, Place, Use, parse_place
from forgewall.identify.announced_blob import is_blob_host, parse_blob_place
from forgewall.identify.announced_form import KEY, digest_of, form_place
from forgewall.identify.directory import Id, IdKind, Named
from forgewall.identify.forges.github_actions import GUID
from forgewall.identify.paths import is_name
from forgewall.identify.registry import ForgeHost, Role
from forgewall.inspect.lfs_json import read_object
from forgewall.learn.lesson import MAX_ANSWER, Fact, Headers, IdFact, Lesson
from forgewall.model import Operation, Request, Target

FORM_SECONDS = 3_600
"""How long a form may be sent; GitHub signs it for 30 minutes, and clocks may differ."""

BLOB_SECONDS = 21_600
"""How long a blob may be written; a job's log is appended to as long as the job runs."""

_POLICIES = re.compile(r"/upload/policies/[a-z-]+/?")
_CONFIRMS = re.compile(r"/upload/([a-z-]+)/([1-9][0-9]{0,18})")
_ACQUIRE = re.compile(r"/(?:[0-9]+/)?acquirejob/?")
_TWIRP = re.compile(r"/twirp/[A-Za-z0-9_.]+/[A-Za-z]+")
_SIGNED = ("signed_upload_url", "signeduploadurl", "logs_url", "summary_url", "diag_logs_url")


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to `request`, which was understood as `target` and admitted; None if it has none."""
    path = request.path.partition("?")[0]
    if request.method != "POST":
        return None
    if forge_host.role is Role.WEB and _POLICIES.fullmatch(path) and target.identified and target.repository:
        return _Policy(request, target, forge_host)
    if forge_host.role is not Role.ACTIONS:
        return None
    if _ACQUIRE.fullmatch(path):
        return _Job(forge_host)
    if _TWIRP.fullmatch(path) and target.operation is Operation.CI and target.identified and target.repository:
        return _Results(request, target)
    return None


class _Json:
    """A lesson of a successful answer in JSON."""

    def reads(self, status: int, headers: Headers) -> bool:
        """See `Lesson`."""
        kinds = [value.partition(";")[0].strip().lower() for name, value in headers if name == "content-type"]
        return status in (200, 201) and kinds == ["application/json"]

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """See `Lesson`."""
        found = read_object(body, MAX_ANSWER) if self.reads(status, headers) else None
        return () if found is None else tuple(self._facts(found))

    def _facts(self, found: Mapping[str, object]) -> Iterator[Fact]:
        raise NotImplementedError


@dataclass(frozen=True)
class _Policy(_Json):
    """A file may be sent to a store, and is confirmed afterwards."""

    request: Request
    target: Target
    forge_host: ForgeHost

    def _facts(self, found: Mapping[str, object]) -> Iterator[Fact]:
        url, form, confirm = found.get("upload_url"), found.get("form"), found.get("asset_upload_url")
        key = form.get(KEY) if isinstance(form, dict) else None
        if isinstance(url, str) and isinstance(key, str) and key:
            place = parse_place(_absolute(url, self.request), self.request)
            if not isinstance(place, str):
                yield _announcement(
                    form_place(place, KEY, digest_of(key)),
                    self.target,
                    methods=frozenset({"POST"}),
                    use=Use.UPLOAD,
                    seconds=FORM_SECONDS,
                    transfer="form",
                )
        confirmed = _CONFIRMS.fullmatch(confirm) if isinstance(confirm, str) else None
        if confirmed is not None and self.target.address is not None:
            yield IdFact(
                id=Id(forge=self.forge_host.forge, kind=IdKind.UPLOAD, text=f"{confirmed[1]}/{confirmed[2]}"),
                named=Named(address=self.target.address, owner=self.target.owner, repository=self.target.repository),
            )


@dataclass(frozen=True)
class _Job(_Json):
    """The message of a job (Pipelines.AgentJobRequestMessage): the plan is the run, `github` its context."""

    forge_host: ForgeHost

    def _facts(self, found: Mapping[str, object]) -> Iterator[Fact]:
        plan = _mapping(_folded(found, "plan"))
        run = _folded(plan, "planid")
        contexts = _mapping(_folded(found, "contextdata"))
        repository = _context(contexts.get("github"), "repository")
        owner, slash, name = repository.partition("/")
        if not isinstance(run, str) or not GUID.fullmatch(run.lower()) or not slash:
            return
        if is_name(owner) and is_name(name):
            yield IdFact(
                id=Id(forge=self.forge_host.forge, kind=IdKind.RUN, text=run.lower()),
                named=Named(address=f"{self.forge_host.forge}/{owner}/{name}", owner=owner, repository=name),
            )


@dataclass(frozen=True)
class _Results(_Json):
    """Signed URLs of blobs, for one run."""

    request: Request
    target: Target

    def _facts(self, found: Mapping[str, object]) -> Iterator[Fact]:
        urls = [value for name, value in found.items() if name.casefold() in _SIGNED]
        if len(urls) != 1 or not isinstance(urls[0], str):
            return
        place = parse_blob_place(urls[0], self.request)
        if isinstance(place, str) or not is_blob_host(place.host):
            return
        yield _announcement(
            place, self.target, methods=frozenset({"PUT"}), use=Use.PART, seconds=BLOB_SECONDS, transfer="blob"
        )


def _announcement(
    place: Place,
    asker: Target,
    *,
    methods: frozenset[str],
    use: Use,
    seconds: int,
    transfer: str,
) -> Announcement:
    return Announcement(
        place=place,
        methods=methods,
        use=use,
        oid="",
        size=0,
        most=None,
        whole=False,
        transfer=transfer,
        asker=asker,
        seconds=seconds,
        operation=asker.operation,
    )


def _absolute(url: str, asked: Request) -> str:
    """An upload to the same origin is announced by its path alone."""
    if not url.startswith("/") or url.startswith("//"):
        return url
    return f"{asked.scheme}://{asked.host}:{asked.port}{url}"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _folded(found: Mapping[str, object], name: str) -> object:
    """The value of a key that .NET reads without regard to case; `read_object` refused equal ones."""
    return next((value for key, value in found.items() if key.casefold() == name), None)


def _context(data: object, key: str) -> str:
    """The text under `key` of a dictionary as the runner's PipelineContextData writes it; empty if there is none.

    `{"t": 2, "d": [{"k": KEY, "v": VALUE}, …]}`, where a text is written as it is.
    """
    pairs = _mapping(data).get("d")
    values = [
        pair.get("v")
        for pair in (pairs if isinstance(pairs, list) else [])
        if isinstance(pair, dict) and isinstance(pair.get("k"), str) and pair["k"].casefold() == key
    ]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else ""
