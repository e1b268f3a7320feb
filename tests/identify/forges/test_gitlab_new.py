"""New projects and groups: where they come to be, what they are copied from, and who shall see them."""

from __future__ import annotations

import pytest
from tests.identify.forges.labelled import FORM, LAB, MULTIPART, asked, gitlab, lab, multipart, said

from forgewall.model import BodyState, Visibility

API = "gitlab.com/acme/team/api"
PARENT = ("parent", API, None)


@pytest.mark.parametrize(
    ("path", "body", "operation", "address", "also"),
    [
        ("/projects", {"name": "Loot", "namespace_id": 8}, "create-repo", "gitlab.com/mallory/Loot", []),
        ("/projects", {"name": "My loot", "namespace_id": 8}, "create-repo", "gitlab.com/mallory", []),
        ("/projects", {"name": "x", "path": "y", "namespace_id": "7"}, "create-repo", "gitlab.com/acme/team/y", []),
        ("/projects", {"path": "y"}, "create-repo", None, []),
        ("/projects", {"path": "y", "namespace_id": 5}, "create-repo", None, []),
        ("/projects", {"path": "y", "namespace_id": 7, "import_url": "https://x.example/a.git"}, "import",
         "gitlab.com/acme/team/y", []),
        ("/projects", {"path": "y", "namespace_id": 7, "template_project_id": 2}, "create-repo",
         "gitlab.com/acme/team/y", [("source", "gitlab.com/mallory/loot", None)]),
        ("/projects", {"path": "y", "namespace_id": 7, "template_project_id": 5}, "create-repo", None, []),
        ("/projects", {"path": "y", "namespace_id": 7, "group_with_project_templates_id": 8}, "create-repo",
         "gitlab.com/acme/team/y", [("source", "gitlab.com/mallory", None)]),
        ("/projects/user/9", {"path": "y"}, "create-repo", "gitlab.com/ana/y", []),
        ("/projects/user/5", {"path": "y"}, "create-repo", None, []),
        ("/projects/1/fork", {"namespace_id": 8}, "fork", "gitlab.com/mallory/api", [PARENT]),
        ("/projects/1/fork", {"namespace_path": "acme/team", "path": "b"}, "fork", "gitlab.com/acme/team/b", [PARENT]),
        ("/projects/1/fork", {"namespace": "acme", "namespace_id": 7}, "fork", None, [PARENT]),
        ("/projects/1/fork", {"namespace_id": 5}, "fork", None, [PARENT]),
        ("/projects/1/fork", {}, "fork", None, [PARENT]),
        ("/groups", {"path": "new", "parent_id": 7}, "create-repo", "gitlab.com/acme/team/new", []),
        ("/groups", {"path": "new"}, "create-repo", "gitlab.com/new", []),
        ("/groups", {"name": "new"}, "create-repo", None, []),
        ("/groups", {"path": "new", "parent_id": 5}, "create-repo", None, []),
        ("/import/github", {"repo_id": 1, "target_namespace": "acme/team", "new_name": "n"}, "import",
         "gitlab.com/acme/team/n", []),
        ("/import/bitbucket_server", {"new_namespace": "mallory", "new_name": "n"}, "import",
         "gitlab.com/mallory/n", []),
        ("/projects/remote-import", {"url": "https://s3.example/x", "path": "p", "namespace": 8}, "import",
         "gitlab.com/mallory/p", []),
        ("/bulk_imports", {"entities": [{"destination_slug": "a", "destination_namespace": "acme"}]}, "import",
         "gitlab.com/acme/a", []),
        ("/bulk_imports", {"entities": [{"destination_slug": "a", "destination_namespace": "acme"},
                                        {"destination_name": "b", "destination_namespace": "mallory"}]}, "import",
         "gitlab.com/acme/a", [("destination", "gitlab.com/mallory/b", None)]),
        ("/bulk_imports", {"entities": [{"destination_slug": "a", "destination_namespace": ""}]}, "import",
         "gitlab.com/a", []),
        ("/bulk_imports", {"entities": [{"destination_slug": "a", "destination_namespace": "acme"}, {}]}, "import",
         None, []),
        ("/bulk_imports", {"entities": []}, "import", None, []),
    ],
)  # fmt: skip
def test_the_new_place_stands_in_the_parameters(
    path: str, body: object, operation: str, address: str | None, also: list[object]
) -> None:
    assert said(lab("POST", path, body)) == (operation, address, also)


@pytest.mark.parametrize(
    ("fields", "operation", "address"),
    [
        ({"path": "p", "namespace": "acme/team"}, "import", "gitlab.com/acme/team/p"),
        ({"path": "p", "namespace": "8"}, "import", "gitlab.com/mallory/p"),
        ({"path": "p", "namespace": "acme", "namespace_id": "8"}, "import", None),
        ({"path": "p"}, "import", None),
    ],
)
def test_an_archive_comes_as_a_multipart_form(fields: dict[str, str], operation: str, address: str | None) -> None:
    body = multipart(*fields.items(), file="file")
    for state in (BodyState.COMPLETE, BodyState.SKIMMED):
        target = lab("POST", "/projects/import", body, MULTIPART, state=state)
        assert (target.operation.value, target.address) == (operation, address)
    assert lab("POST", "/projects/import", b"", MULTIPART, state=BodyState.UNREAD).wants_body


def test_a_part_of_an_archive_names_the_project_that_is_there() -> None:
    body = multipart(("path", "acme/team/api"), ("relation", "issues"), file="file")
    assert said(lab("POST", "/projects/import-relation", body, MULTIPART)) == ("import", API, [])
    assert lab("POST", "/projects/import-relation", multipart(("path", "api")), MULTIPART).address is None


def test_query_and_form_are_read_as_json_is() -> None:
    wanted = ("fork", "gitlab.com/mallory/api", [PARENT])
    assert said(lab("POST", "/projects/1/fork?namespace_id=8")) == wanted
    assert said(lab("POST", "/projects/1/fork", b"namespace_id=8", FORM)) == wanted
    assert said(lab("POST", "/projects/1/fork", multipart(("namespace_id", "8")), MULTIPART)) == wanted
    assert lab("POST", "/projects/1/fork?namespace_id=7", b"namespace_id=8", FORM).address is None
    assert lab("POST", "/projects/1/fork?namespace_id=7&Namespace_id=8").address is None


@pytest.mark.parametrize(
    ("body", "visibility"),
    [
        ({"visibility": "public"}, Visibility.PUBLIC),
        ({"visibility": "internal"}, Visibility.INTERNAL),
        ({"visibility": "private"}, Visibility.PRIVATE),
        ({"visibility": "secret"}, None),
        ({}, None),
    ],
)
def test_who_shall_see_it_is_told_if_the_request_says_so(body: dict[str, str], visibility: Visibility | None) -> None:
    assert lab("POST", "/projects", {"path": "p", "namespace_id": 7} | body).visibility is visibility
    assert lab("POST", "/projects", {"path": "p"} | body).visibility is visibility
    assert lab("POST", "/projects/1/fork", {"namespace_id": 7} | body).visibility is visibility
    assert lab("POST", "/groups", {"path": "p"} | body).visibility is visibility
    assert lab("POST", "/projects/user/9", {"path": "p"} | body).visibility is visibility


@pytest.mark.parametrize("seen", [*Visibility, None])
def test_a_fork_that_says_nothing_is_private_if_its_parent_is(seen: Visibility | None) -> None:
    """GitLab gives it the parent's visibility, or what is less of that and the namespace's."""
    known = gitlab(seen={API: seen})
    found = asked(known, "POST", f"{LAB}/projects/1/fork", {"namespace_id": 7})
    assert found.visibility is (Visibility.PRIVATE if seen is Visibility.PRIVATE else None)
    for said_twice in ({"visibility": "secret"}, {"visibility_level": 20}, {"Visibility": "public"}):
        assert asked(known, "POST", f"{LAB}/projects/1/fork", {"namespace_id": 7} | said_twice).visibility is None
    page = asked(known, "POST", "https://gitlab.com/acme/team/api/-/forks", b"namespace_key=7", FORM)
    assert page.visibility is None


@pytest.mark.parametrize(
    ("path", "body", "operation", "address", "visibility"),
    [
        ("/projects", b"project[namespace_id]=8&project[path]=p&project[visibility_level]=20", "create-repo",
         "gitlab.com/mallory/p", Visibility.PUBLIC),
        ("/projects", b"project[namespace_id]=7&project[path]=p&project[topics]=a&project[topics]=b", "create-repo",
         "gitlab.com/acme/team/p", None),
        ("/projects", b"project[namespace_id]=7&project[namespace_id]=8&project[path]=p", "create-repo", None, None),
        ("/projects", b"project[Namespace_id]=8&project[namespace_id]=7&project[path]=p", "create-repo", None, None),
        ("/projects", b"project[namespace_id][]=7&project[path]=p", "create-repo", None, None),
        ("/groups", b"group[path]=g&group[parent_id]=7&group[visibility_level]=0", "create-repo",
         "gitlab.com/acme/team/g", Visibility.PRIVATE),
        ("/import/gitlab_group", b"path=g&parent_id=8", "import", "gitlab.com/mallory/g", None),
        ("/acme/team/api/-/forks", b"namespace_key=8", "fork", "gitlab.com/mallory/api", None),
        ("/acme/team/api/-/forks?namespace_key=5", b"", "fork", None, None),
        ("/import/github", b"repo_id=1&target_namespace=mallory&new_name=n", "import", "gitlab.com/mallory/n", None),
    ],
)  # fmt: skip
def test_in_a_browser(
    path: str, body: bytes, operation: str, address: str | None, visibility: Visibility | None
) -> None:
    target = lab("POST", f"https://gitlab.com{path}", body, FORM)
    assert (target.operation.value, target.address, target.visibility) == (operation, address, visibility)


def test_json_writes_nested_names_as_objects() -> None:
    target = lab("POST", "https://gitlab.com/projects", {"project": {"namespace_id": 8, "path": "p"}})
    assert target.address == "gitlab.com/mallory/p"
    twice = {"project": {"namespace_id": 7, "path": "p"}, "project[namespace_id]": 8}
    assert lab("POST", "https://gitlab.com/projects", twice).address is None
