"""GitHub's web pages: what the forms and scripts of its pages post, and whose repository a form's fields name.

The routes are data (`data/github-web.routes`); they are not documented, but what browsers are seen to send. What is
*not* here: the REST API (`github_api`), GraphQL, and object stores (`announced_form`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from forgewall.identify import form_data
from forgewall.identify.body import unread
from forgewall.identify.directory import IdKind
from forgewall.identify.forges.github_bodies import NOWHERE
from forgewall.identify.forges.github_call import NUMBER, Call, known_as, known_repository, plain, seen_by, unknown
from forgewall.identify.form import form_values
from forgewall.identify.form_data import form_fields, form_pairs
from forgewall.identify.paths import is_name
from forgewall.identify.query import last_name, parameters
from forgewall.identify.targets import UNNAMED, named, other, plain_read, unidentified
from forgewall.model import Effect, Operation, Target

_NAME, _SEEN = "repository[name]", "repository[visibility]"
_OWNERS = frozenset({"owner", "organization", "org"})
_TEMPLATES = ("template_repository_id", "repository[template_repository_id]", "repository[template]")
# What an upload's announcement is seen to hold. Another field may say that the file belongs elsewhere.
_POLICY = frozenset(
    {
        "name",
        "size",
        "content_type",
        "original_name",
        "authenticity_token",
        "repository_id",
        "upload_manifest_id",
        "directory",
        "directory_binary",
        "upload_container_type",
        "upload_container_id",
    }
)
_CONTAINERS = frozenset({"blob", "issue", "pull_request", "pullrequest", "discussion", "release", "wiki", "repository"})
_CONFIRMING = frozenset({"authenticity_token", "_method", "utf8"})
# Words in the paths below a pull request that write to its branch, which may lie in a stranger's fork. Bringing the
# branch up to date carries nothing there that whoever owns the fork can't read already.
_TO_THE_BRANCH = ("branch", "conflict", "suggest", "codespace", "revert")
# Words in the paths below an issue that take it, or a new branch for it, to another repository.
_AWAY = ("transfer", "branch")
_UP_TO_DATE = frozenset({"update_branch", "page_data/update_branch"})


def _create(call: Call) -> Target:
    fields = form_values(call.request, call.path, "owner", _NAME, _SEEN, *_TEMPLATES)
    if fields is None or not is_name(fields.get("owner", "")) or not is_name(fields.get(_NAME, "")):
        return call.nameless("the form doesn't tell certainly whose the new repository is")
    if any(last_name(name) in _OWNERS and value != fields["owner"] for name, value in form_pairs(call.request) or ()):
        return call.nameless("the form names more than one owner for the new repository")
    also = []
    for number in (fields[name] for name in _TEMPLATES if name in fields):
        found = known_repository(call, number)
        if found is None:
            return call.nameless(unknown(call.forge_host, f"template {number}", "/repos/OWNER/NAME"))
        also.append(other(call.forge_host, *found, "source"))
    target = named(
        call.forge_host,
        fields["owner"],
        fields[_NAME],
        call.match.operation,
        call.evidence,
        also=tuple(also),
    )
    return seen_by(target, {"visibility": fields[_SEEN]} if _SEEN in fields else {})


def _rename(call: Call) -> Target:
    fields = form_values(call.request, call.path, "new_name")
    if fields is None or not is_name(fields.get("new_name", "")):
        return call.doubtful("the form doesn't tell certainly what the repository is called from now on")
    return call.target(also=(other(call.forge_host, call.owner, fields["new_name"], "destination"),))


def _visibility(call: Call) -> Target:
    fields = form_values(call.request, call.path, "visibility")
    return seen_by(replace(call.target(), wants_body=unread(call.request)), dict(fields or {}))


def _policy(call: Call) -> Target:
    """An upload is announced, or a list of them is begun: the form's `repository_id` says where."""
    fields = form_fields(call.request)
    if fields is None:
        return call.nameless("the form doesn't tell certainly which repository the upload is for")
    strange = sorted(name for name in fields if name not in _POLICY)
    queried = [name for name, _ in parameters(call.path.query)]
    container = fields.get("upload_container_type", "")
    if strange or queried or (container and str(container).lower() not in _CONTAINERS):
        return call.nameless("the form may be about more than one repository's upload")
    number = fields.get("repository_id", "")
    if str(container).lower() == "repository" and fields.get("upload_container_id", number) != number:
        return call.nameless("the form names two repositories for one upload")
    found = known_repository(call, number) if isinstance(number, str) else None
    if found is None:
        what = f"repository {number}" if number else "upload without a repository"
        hint = unknown(call.forge_host, what, "/repos/OWNER/NAME")
        return call.nameless(f"{hint}, and so does the repository's page")
    return named(call.forge_host, *found, call.match.operation, call.evidence)


def _confirm(call: Call) -> Target:
    """A begun upload has arrived in the store. The number is known from the answer that announced it."""
    kind, number = call.path.segments[1:3]
    fields = form_fields(call.request) if call.request.body or unread(call.request) else {}
    if fields is None or not _CONFIRMING.issuperset(fields) or form_data.FILE in fields.values():
        return unidentified(
            call.forge_host, "more than a confirmation of an upload may be sent", wants_body=unread(call.request)
        )
    text = f"{kind}/{number}"
    found = known_as(call.forge_host, call.directory, IdKind.UPLOAD, text) if NUMBER.fullmatch(number) else None
    if found is None or found.repository is None:
        return call.nameless("nobody has announced this upload; attach the file again")
    return named(call.forge_host, found.owner, found.repository, call.match.operation, call.evidence)


def _new_pull(call: Call) -> Target:
    """A pull request goes to the repository of the page, unless its base (`OWNER:BRANCH`) lies in another one."""
    pairs = form_pairs(call.request) if call.request.body or unread(call.request) else ()
    if pairs is None:
        return call.doubtful("the form doesn't tell certainly where the pull request goes")
    for name, value in (*pairs, *parameters(call.path.query)):
        owner, colon, _ = str(value).partition(":")  # a branch's name has no colon
        if colon and last_name(name).startswith("base") and owner.lower() != (call.owner or "").lower():
            return call.doubtful("the pull request goes to another repository than the page's")
    return plain(call)


def _issue(call: Call) -> Target:
    rest = call.match.captures.get("**", "").lower()
    if any(word in rest for word in _AWAY):
        return replace(call.doubtful(f"{call.evidence} may lead to {UNNAMED}"), wants_body=False)
    return plain(call)


def _pull(call: Call) -> Target:
    rest = call.match.captures.get("**", "").lower()
    if rest in _UP_TO_DATE or not any(word in rest for word in _TO_THE_BRANCH):
        return plain(call)
    target = call.target(also=(NOWHERE,))
    return replace(target, evidence=f"it may write to the pull request's branch, in {UNNAMED}; push to it instead")


def _preview(call: Call) -> Target:
    """Text is shown as it will look. Nothing is kept; the query may say in which repository's context."""
    numbers = [value for name, value in parameters(call.path.query) if name == "repository"]
    found = known_repository(call, numbers[0]) if len(numbers) == 1 else None
    owner, repository = found or (None, None)
    return plain_read(call.forge_host, call.evidence, owner=owner, repository=repository)


def _gist_page(call: Call) -> Target:
    """A gist's page below its owner's name. GitHub goes by its number alone, so GitHub must have said whose it is."""
    number = call.path.segments[1].lower() if len(call.path.segments) > 1 else ""
    found = known_as(call.forge_host, call.directory, IdKind.GIST, number)
    if found is not None and (found.owner or "").lower() != (call.owner or "").lower():
        return unidentified(call.forge_host, "the gist is not one of the owner that the path names")
    if call.path.segments[2:] == ("fork",):
        evidence = f"{call.evidence} makes a gist of the caller's own, whose name the request doesn't tell"
        return named(call.forge_host, None, None, Operation.SNIPPET, evidence)
    if found is None and call.match.operation.effect is Effect.WRITE:
        evidence = unknown(call.forge_host, f"gist {number}", f"/gists/{number[:80]}")
        return named(call.forge_host, None, None, call.match.operation, evidence)
    return plain(call)


PAGES: Mapping[str, Callable[[Call], Target]] = {
    "page-create": _create,
    "page-rename": _rename,
    "page-visibility": _visibility,
    "policy": _policy,
    "confirm": _confirm,
    "new-pull": _new_pull,
    "issue-page": _issue,
    "pull": _pull,
    "preview": _preview,
    "gist-page": _gist_page,
}
"""The reader of each role."""
