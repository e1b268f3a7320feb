"""What Gitea's and Forgejo's own CI runners ask of their server, and the artifacts that a running job uploads.

A run's number tells whose it is, once the forge has said so. What is *not* here: the REST API and the web pages of
Actions.
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.body import json_object, unread
from forgewall.identify.directory import Directory, Id, IdKind
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import named, plain_read, unidentified
from forgewall.model import Operation, Request, Target

_ARTIFACTS = ("_apis", "pipelines", "workflows")
_SERVICE = ("twirp", "github.actions.results.api.v1.ArtifactService")
_READING = frozenset({"ListArtifacts", "GetSignedArtifactURL"})
_RUN = ("workflow_run_backend_id", "workflowRunBackendId")


def identify_actions(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target | None:
    """The target of a request below `/api/actions`, `/api/actions_pipeline` or `/twirp`; None if it is none of them."""
    segments = path.segments
    if segments[:2] == ("api", "actions_pipeline") and segments[2:5] == _ARTIFACTS and len(segments) > 5:
        return _of_run(request, forge_host, segments[5], directory)
    if segments[:2] == _SERVICE and len(segments) == 3 and request.method == "POST":
        return _service(request, forge_host, segments[2], directory)
    if segments[:2] == ("api", "actions") and len(segments) == 4 and request.method == "POST":
        return named(forge_host, None, None, Operation.RUNNER, f"a runner asks {segments[2]} for {segments[3]}")
    return None


def _service(request: Request, forge_host: ForgeHost, call: str, directory: Directory) -> Target:
    if unread(request):
        return unidentified(forge_host, "the number of the run stands in the body", wants_body=True)
    body = json_object(request) or {}
    said = [body[name] for name in _RUN if name in body]
    if len(said) != 1 or not isinstance(said[0], str):
        return unidentified(forge_host, "the body doesn't tell certainly which run the artifact is of")
    if call in _READING:
        return plain_read(forge_host, f"{call} only reads")
    return _of_run(request, forge_host, said[0], directory)


def _of_run(request: Request, forge_host: ForgeHost, run: str, directory: Directory) -> Target:
    evidence = f"{request.method} of an artifact of run {run[:20]}"
    known = directory.find(Id(forge=forge_host.forge, kind=IdKind.RUN, text=run))
    if request.method in plain.READS:
        return plain_read(forge_host, evidence)
    if known is None:
        runs = f"{forge_host.base}/api/v1/repos/OWNER/NAME/actions/runs"
        return unidentified(forge_host, f"nobody has said yet whose run {run[:20]} is; GET {runs} tells it")
    return named(forge_host, known.owner, known.repository, Operation.CI, evidence)
