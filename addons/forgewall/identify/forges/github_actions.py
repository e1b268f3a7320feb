"""GitHub Actions: what runners and actions send to `*.actions.githubusercontent.com`, and to whose run it belongs.

None of these requests names a repository. A runner gets its jobs by `acquirejob`; that answer names the repository of
the run beside the ids that all later requests carry (`learn.github_stores`). A job's token is not verified here, so it
counts only together with such an answer: the token names the run, the answer its repository. Paths and fields are those
in the sources of actions/runner and actions/toolkit. What is *not* here: the blobs that results are uploaded to
(`announced_blob`), and the listed operations (`data/github-actions.routes`).
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping

from forgewall.identify import plain
from forgewall.identify.body import json_object, unread
from forgewall.identify.directory import Directory, IdKind
from forgewall.identify.forges.github_call import Call, known_as
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.tables import listed
from forgewall.identify.targets import named, unidentified
from forgewall.model import Effect, Operation, Request, Target

MAX_TOKEN = 16 * 1024
"""Characters of a job's token that are read."""

UNKNOWN_RUN = "nobody has said yet whose run this is; the runner must get its jobs through this proxy"
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Go's and .NET's readers of JSON tell neither case nor, for protobuf, these spellings apart.
_RUN_KEYS = frozenset({"workflow_run_backend_id", "workflowrunbackendid", "planid", "plan_id"})
_SCOPE = "Actions.Results:"


def identify_actions(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to one of the hosts of Actions."""
    if request.method in plain.READS:
        return plain.identify(request, forge_host, path)
    match = listed("github-actions", request.method, path)
    if match is None and path.segments[-4:-1] == ("_apis", "oauth2", "token") and request.method == "POST":
        return named(forge_host, None, None, Operation.AUTH, "a runner's token", address=forge_host.forge)
    if match is None:
        return unidentified(forge_host, f"{request.method} on {forge_host.host} is not understood")
    call = Call(
        request=request,
        forge_host=forge_host,
        path=path,
        match=match,
        owner=None,
        repository=None,
        directory=directory,
    )
    return _BY_ROLE[match.route.role or ""](call)


def _of_run(call: Call) -> Target:
    """The body names the run, and the token must not name another one."""
    if unread(call.request):
        return unidentified(call.forge_host, "the run's id stands in the body", wants_body=True)
    body = json_object(call.request)
    runs = [] if body is None else [value for key, value in body.items() if key.casefold() in _RUN_KEYS]
    claimed = run_in_token(call.request)
    run = runs[0] if len(runs) == 1 else None
    if not isinstance(run, str) or (claimed is not None and claimed != run.lower()):
        return unidentified(call.forge_host, "the body doesn't tell certainly which run it is about")
    return _known(call, run.lower())


def _of_token(call: Call) -> Target:
    run = run_in_token(call.request)
    if run is None:
        return unidentified(call.forge_host, "the job's token doesn't tell which run it is for")
    return _known(call, run)


def _of_path(call: Call) -> Target:
    return _known(call, call.match.captures["plan"].lower())


def _known(call: Call, run: str) -> Target:
    found = known_as(call.forge_host, call.directory, IdKind.RUN, run) if GUID.fullmatch(run) else None
    if found is None or found.repository is None:
        return call.nameless(UNKNOWN_RUN)
    return named(call.forge_host, found.owner, found.repository, call.match.operation, call.evidence)


def _of_nobody(call: Call) -> Target:
    operation = call.match.operation
    address = None if operation.effect in (Effect.READ, Effect.WRITE) else call.forge_host.forge
    return named(call.forge_host, None, None, operation, call.evidence, address=address)


def run_in_token(request: Request) -> str | None:
    """The run that the job's token (RFC 7519) claims to be for, unverified; None if it doesn't claim exactly one."""
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != 3 or len(token) > MAX_TOKEN:
        return None
    try:
        claims: object = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        return None
    scopes = claims.get("scp") if isinstance(claims, dict) else None
    if not isinstance(scopes, str):
        return None
    runs = {word.split(":")[1].lower() for word in scopes.split() if word.startswith(_SCOPE)}
    return runs.pop() if len(runs) == 1 else None


_BY_ROLE: Mapping[str, Callable[[Call], Target]] = {
    "": _of_nobody,
    "run": _of_run,
    "token": _of_token,
    "plan": _of_path,
}
