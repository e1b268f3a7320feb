"""GitHub's pages: forms, uploads that are announced and confirmed, and what must not be blocked."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import told
from tests.identify.knowing import Known, ask_knowing
from tests.identify.test_form import FORM, MULTI, multi, part

from forgewall.identify.directory import IdKind
from forgewall.model import BodyState, Effect, Operation, Target, Visibility

WEB = "https://github.com"
KNOWN = Known(
    {
        (IdKind.REPOSITORY, "42"): "github.com/acme/api",
        (IdKind.UPLOAD, "assets/7"): "github.com/acme/api",
        (IdKind.UPLOAD, "upload-manifest-files/8"): "github.com/acme/api",
    }
)
POLICY = {"name": "a.png", "size": "9", "content_type": "image/png", "authenticity_token": "t", "repository_id": "42"}


def form(fields: dict[str, str], path: str, method: str = "POST", state: BodyState = BodyState.COMPLETE) -> Target:
    return ask_knowing(KNOWN, method, WEB + path, urlencode(fields).encode(), FORM, state=state)


def multipart(fields: dict[str, str], path: str, method: str = "POST") -> Target:
    body = multi(*(part(name, value) for name, value in fields.items()))
    return ask_knowing(KNOWN, method, WEB + path, body, MULTI)


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("assets", "attachment"),
        ("repository-files", "attachment"),
        ("upload-manifest-files", "contents"),
        ("releases", "release"),
        ("repository-images", "other-write"),
    ],
)
def test_an_upload_is_announced_for_the_forms_repository(kind: str, operation: str) -> None:
    for target in (form(POLICY, f"/upload/policies/{kind}"), multipart(POLICY, f"/upload/policies/{kind}")):
        assert told(target) == (operation, "github.com/acme/api")


@pytest.mark.parametrize(
    "change",
    [
        {"repository_id": "1"},
        {"repository_id": ""},
        {"repository_id": "42 "},
        {"organization_id": "5"},
        {"upload_container_type": "gist"},
        {"repository_id[]": "43"},
        {"Repository_id": "43"},
    ],
)
def test_an_upload_that_may_be_for_another_repository(change: dict[str, str]) -> None:
    target = multipart({**POLICY, **change}, "/upload/policies/assets")
    assert (target.operation, target.address) == (Operation.ATTACHMENT, None)


def test_an_upload_without_a_readable_form() -> None:
    assert form(POLICY, "/upload/policies/assets?repository_id=43").address is None
    unread = form({}, "/upload/policies/assets", state=BodyState.UNREAD)
    assert unread.wants_body
    assert unread.address is None
    assert told(form(POLICY, "/upload/policies/avatars")) == ("unidentified", None)
    assert "GET https://api.github.com/repos/OWNER/NAME" in form({"repository_id": "1"}, "/upload/manifests").evidence


def test_a_list_of_dragged_files() -> None:
    fields = {"authenticity_token": "t", "repository_id": "42", "directory_binary": ""}
    assert told(multipart(fields, "/upload/manifests")) == ("contents", "github.com/acme/api")
    assert told(form({"message": "m", "manifest_id": "1"}, "/acme/api/upload")) == ("contents", "github.com/acme/api")


@pytest.mark.parametrize(
    ("method", "path", "fields", "told_so"),
    [
        ("PUT", "/upload/assets/7", {"authenticity_token": "t"}, ("attachment", "github.com/acme/api")),
        ("POST", "/upload/assets/7", {"_method": "put"}, ("attachment", "github.com/acme/api")),
        ("PUT", "/upload/upload-manifest-files/8", {}, ("contents", "github.com/acme/api")),
        ("PUT", "/upload/assets/8", {"authenticity_token": "t"}, ("attachment", None)),
        ("PUT", "/upload/assets/7", {"authenticity_token": "t", "body": "x"}, ("unidentified", None)),
        ("POST", "/upload/assets/7", {"_method": "delete"}, ("unidentified", None)),
        ("PUT", "/upload/avatars/7", {}, ("unidentified", None)),
    ],
)
def test_an_upload_is_confirmed(
    method: str, path: str, fields: dict[str, str], told_so: tuple[str, str | None]
) -> None:
    assert told(form(fields, path, method)) == told_so


def test_a_confirmation_is_no_file() -> None:
    body = multi(part("authenticity_token", "t", "file.zip"))
    assert told(ask_knowing(KNOWN, "PUT", f"{WEB}/upload/assets/7", body, MULTI)) == ("unidentified", None)


@pytest.mark.parametrize(
    ("fields", "operation", "address", "visibility"),
    [
        ({"owner": "acme", "repository[name]": "new", "repository[visibility]": "private"}, "create-repo",
         "github.com/acme/new", Visibility.PRIVATE),
        ({"owner": "acme", "repository[name]": "new"}, "create-repo", "github.com/acme/new", None),
        ({"repository[name]": "new"}, "create-repo", None, None),
        ({"owner": "acme", "Repository[Name]": "x", "repository[name]": "new"}, "create-repo", None, None),
        ({"owner": "acme", "repository[name]": "new", "template_repository_id": "1"}, "create-repo", None, None),
    ],
)  # fmt: skip
def test_a_new_repository(
    fields: dict[str, str], operation: str, address: str | None, visibility: Visibility | None
) -> None:
    target = form(fields, "/repositories")
    assert (*told(target), target.visibility) == (operation, address, visibility)


def test_a_new_repository_of_a_template_and_a_renamed_one() -> None:
    made = form({"owner": "acme", "repository[name]": "n", "template_repository_id": "42"}, "/repositories")
    assert [(one.address, one.role) for one in made.also] == [("github.com/acme/api", "source")]
    renamed = form({"_method": "put", "new_name": "other"}, "/acme/api/settings/rename")
    assert [(one.address, one.role) for one in renamed.also] == [("github.com/acme/other", "destination")]
    assert told(form({"new_name": "a/b"}, "/acme/api/settings/rename")) == ("unidentified", "github.com/acme/api")
    shown = form({"visibility": "public"}, "/acme/api/settings/set_visibility")
    assert (shown.operation, shown.visibility) == (Operation.VISIBILITY, Visibility.PUBLIC)


@pytest.mark.parametrize(
    ("path", "certain"),
    [
        ("/acme/api/pull/1/page_data/merge", True),
        ("/acme/api/pull/1/page_data/submit_review", True),
        ("/acme/api/pull/1/review_comment/create", True),
        ("/acme/api/pull/1/update_branch", True),
        ("/acme/api/pull/1/page_data/update_branch", True),
        ("/acme/api/pull/1/page_data/update_branch/x", False),
        ("/acme/api/pull/1/conflicts", False),
        ("/acme/api/pull/1/suggested-changes", False),
    ],
)
def test_pages_that_write_to_a_pull_requests_own_branch(path: str, certain: bool) -> None:
    target = ask_knowing(KNOWN, "POST", WEB + path, b"{}", ("content-type", "application/json"))
    assert told(target) == ("pull-request", "github.com/acme/api")
    assert [one.address for one in target.also] == ([] if certain else [None])


@pytest.mark.parametrize(
    ("path", "effect"),
    [
        ("/session", Effect.AUTH),
        ("/sessions/two-factor", Effect.AUTH),
        ("/sessions/sudo", Effect.AUTH),
        ("/login/oauth/access_token", Effect.AUTH),
        ("/login/device/code", Effect.AUTH),
        ("/login/device", Effect.AUTH),
        ("/orgs/acme/saml/consume", Effect.AUTH),
        ("/orgs/acme/sso", Effect.AUTH),
        ("/github-copilot/chat/token", Effect.AUTH),
        ("/settings/two_factor_authentication/verify", Effect.AUTH),
        ("/acme/api/star", Effect.PERSONAL),
        ("/numpy/numpy/unstar", Effect.PERSONAL),
        ("/notifications/beta/mark", Effect.PERSONAL),
        ("/notifications/thread_subscribe", Effect.PERSONAL),
        ("/numpy/numpy/subscription", Effect.PERSONAL),
        ("/_private/browser/stats", Effect.TELEMETRY),
        ("/preview?repository=42", Effect.READ),
        ("/preview?markdown_unsupported=false&repository=1&subject_type=Issue", Effect.READ),
        ("/numpy/numpy/preview/main/README.md", Effect.READ),
    ],
)
def test_what_browsers_do_besides_is_named(path: str, effect: Effect) -> None:
    target = form({"authenticity_token": "t", "text": "x"}, path)
    assert target.effect is effect
    # Only reads may do without an address.
    assert effect is Effect.READ or target.identified


@pytest.mark.parametrize("path", ["/acme/api/star", "/_private/browser/stats", "/preview", "/session"])
def test_no_method_hides_behind_what_is_allowed(path: str) -> None:
    target = form({"_method": "delete"}, path)
    assert (target.operation, target.effect) == (Operation.UNIDENTIFIED, Effect.WRITE)


@pytest.mark.parametrize("path", ["/acme/api", "/acme/api/brand-new", "/settings/x/issues", "/upload/x", "/acme"])
def test_what_isnt_listed_is_unidentified(path: str) -> None:
    assert form({}, path).operation is Operation.UNIDENTIFIED


@given(st.dictionaries(st.sampled_from([*POLICY, "owner", "_method", "new_name"]), st.text(max_size=5)), st.booleans())
def test_only_a_known_number_names_the_repository(fields: dict[str, str], as_json: bool) -> None:
    header = ("content-type", "application/json") if as_json else FORM
    body = json.dumps(fields).encode() if as_json else urlencode(fields).encode()
    for path in ("/upload/policies/assets", "/upload/manifests", "/repositories", "/acme/api/settings/rename"):
        target = ask_knowing(KNOWN, "POST", WEB + path, body, header)
        if path.startswith("/upload") and target.address is not None:
            assert not as_json
            assert fields["repository_id"] == "42"


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({"base": "mallory:main", "head": "acme:x"}, ""),
        ({"pull_request[base]": "mallory:main"}, ""),
        ({"base_branch": "Mallory:main"}, ""),
        ({"title": "t"}, "?base=mallory%3Amain&head=x"),
        ({"base": "main"}, "?Base=mallory:main"),
    ],
)
def test_a_pull_request_to_another_repository_than_the_pages(fields: dict[str, str], query: str) -> None:
    assert told(form(fields, f"/acme/api/pull/create{query}")) == ("unidentified", "github.com/acme/api")
    if not query:
        assert told(multipart(fields, "/acme/api/pull/create")) == ("unidentified", "github.com/acme/api")


def test_a_pull_request_from_another_repository_is_one_to_the_pages() -> None:
    for base in ("main", "acme:main", "Acme:main", "feature/x"):
        fields = {"base": base, "head": "mallory:x", "pull_request[body]": "a: b", "reviewer_user_ids[]": "1"}
        assert told(form(fields, "/acme/api/pull/create")) == ("pull-request", "github.com/acme/api")
        assert told(multipart(fields, f"/acme/api/pull/create?base={base}")) == ("pull-request", "github.com/acme/api")
    unread = form({}, "/acme/api/pull/create", state=BodyState.UNREAD)
    assert (told(unread), unread.wants_body) == (("unidentified", "github.com/acme/api"), True)


@pytest.mark.parametrize("kind", ["issues", "discussions"])
@pytest.mark.parametrize(
    "rest", ["5/transfer", "transfer", "5/Transfer", "5/x/transfer", "bulk_transfer", "5/linked-branches", "5/branch"]
)
def test_pages_of_an_issue_that_lead_elsewhere(kind: str, rest: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        target = form({"repository_id": "42"}, f"/acme/api/{kind}/{rest}", method)
        assert told(target) == ("unidentified", "github.com/acme/api")
    assert told(form({"x": "y"}, f"/acme/api/{kind}/5"))[0] == kind.removesuffix("s")


def test_a_new_repository_with_two_owners() -> None:
    fields = {"owner": "acme", "repository[name]": "new"}
    for other in ("repository[owner]", "repository[organization]", "org"):
        assert told(form({**fields, other: "mallory"}, "/repositories")) == ("create-repo", None)
        assert told(form({**fields, other: "acme"}, "/repositories")) == ("create-repo", "github.com/acme/new")


def test_an_upload_for_two_repositories() -> None:
    policy = {**POLICY, "upload_container_type": "repository"}
    assert told(form({**policy, "upload_container_id": "42"}, "/upload/policies/assets"))[1] == "github.com/acme/api"
    assert told(form({**policy, "upload_container_id": "43"}, "/upload/policies/assets")) == ("attachment", None)
