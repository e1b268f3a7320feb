"""The published REST operations of Gitea and of Forgejo, and the web routes that their routers register."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial

from tests.identify.knowing import Known, ask_knowing
from tests.identify.published.case import READS, Description, Operation, documented, filled

from forgewall.identify.directory import IdKind
from forgewall.model import Target

API = "https://codeberg.org/api/v1"
PAGES = "https://codeberg.org"
FORM = ("content-type", "application/x-www-form-urlencoded")
JSON = ("content-type", "application/json")
NAMES = {
    **dict.fromkeys(("owner", "org", "template_owner", "username"), "acme"),
    **dict.fromkeys(("repo", "template_repo"), "api"),
    "filepath": "src/a.py",
}
KNOWN = Known(
    {
        (IdKind.TEAM, "7"): "codeberg.org/acme",
        (IdKind.USER, "7"): "codeberg.org/ana",
        (IdKind.REPOSITORY, "7"): "codeberg.org/acme/api",
    }
)
_BY_NUMBER = re.compile(r"/(teams|repositories)/\{id\}|/activitypub/(repository|user)-id/")
REPOSITORY, COPY = "codeberg.org/acme/api", "codeberg.org/umbrella/copy"
# What the body has to say so that all places are certain, and what it says.
BODIES: Mapping[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "POST /repos/{owner}/{repo}/forks": ({"organization": "umbrella", "name": "copy"}, (COPY, REPOSITORY)),
    "POST /repos/{template_owner}/{template_repo}/generate": (
        {"owner": "umbrella", "name": "copy"},
        (COPY, REPOSITORY),
    ),
    "POST /repos/migrate": (
        {"repo_owner": "acme", "repo_name": "api", "clone_addr": "https://example.org/x.git"},
        (REPOSITORY,),
    ),
    "POST /repos/{owner}/{repo}/transfer": ({"new_owner": "umbrella"}, (REPOSITORY, "codeberg.org/umbrella/api")),
    "POST /orgs/{org}/rename": ({"new_name": "umbrella"}, ("codeberg.org/acme", "codeberg.org/umbrella")),
    "POST /orgs": ({"username": "acme"}, ("codeberg.org/acme",)),
    "POST /admin/users/{username}/orgs": ({"username": "umbrella"}, ("codeberg.org/umbrella",)),
    "POST /admin/users/{username}/repos": ({"name": "api"}, (REPOSITORY,)),
    "POST /orgs/{org}/repos": ({"name": "api"}, (REPOSITORY,)),
    "POST /org/{org}/repos": ({"name": "api"}, (REPOSITORY,)),
    "POST /user/repos": ({"name": "api"}, ("",)),
}
FORMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "POST /repo/create": ("uid=7&repo_name=api", ("codeberg.org/ana/api",)),
    "POST /repo/migrate": (
        "uid=7&repo_name=api&clone_addr=https://codeberg.org/umbrella/copy",
        ("codeberg.org/ana/api", COPY),
    ),
    "POST /repo/fork/{repoid}": ("uid=7&repo_name=copy", ("codeberg.org/ana/copy", REPOSITORY)),
    "POST /{owner}/{repo}/fork": ("uid=7&repo_name=copy", ("codeberg.org/ana/copy", REPOSITORY)),
    "POST /{owner}/{repo}/settings": (
        "action=transfer&new_owner_name=umbrella",
        (REPOSITORY, "codeberg.org/umbrella/api"),
    ),
    "POST /org/create": ("org_name=umbrella", ("codeberg.org/umbrella",)),
    "POST /org/{owner}/settings/rename": ("new_org_name=umbrella", ("codeberg.org/acme", "codeberg.org/umbrella")),
}


def ask(operation: Operation, known: Known = KNOWN) -> Target:
    body = json.dumps(BODIES[operation.title][0]).encode() if operation.title in BODIES else b""
    url = API + filled(operation.template, NAMES, "7")
    return ask_knowing(known, operation.method, url, body, *((JSON,) if body else ()))


def ask_strangers(operation: Operation) -> Target | None:
    by_number = _BY_NUMBER.match(operation.template) and "{repo}" not in operation.template
    return ask(operation, Known({})) if by_number else None


def places(operation: Operation) -> tuple[str, ...]:
    path = operation.template
    if operation.title in BODIES:
        return BODIES[operation.title][1]
    if re.search(r"\{(template_)?repo\}", path) or path == "/repositories/{id}":
        return (REPOSITORY,)
    if path.startswith("/activitypub/") and operation.method not in READS:
        return (REPOSITORY,) if "/repository-id/" in path else ("codeberg.org/ana",) if "/user-id/" in path else ()
    if re.match(r"/(teams/\{id\}|users/\{username\}|orgs?/\{(owner|org)\}|packages/\{owner\})", path):
        return ("codeberg.org/acme",)
    return ("codeberg.org/acme",) if re.search(r"\{(owner|org)\}", path) else ()


def ask_page(operation: Operation) -> Target:
    form = FORMS.get(operation.title, ("", ()))[0].encode()
    path = filled(operation.template, NAMES, "7").replace("*", "main/7")
    return ask_knowing(KNOWN, operation.method, PAGES + path, form, *((FORM,) if form else ()))


def places_of_page(operation: Operation) -> tuple[str, ...]:
    if operation.title in FORMS:
        return FORMS[operation.title][1]
    if "{repo}" in operation.template:
        return ("", REPOSITORY) if operation.template.endswith("/_fork/*") else (REPOSITORY,)
    return ("codeberg.org/acme",) if "{owner}" in operation.template else ()


_PREVIEW = {"shows a text as a page, for the asker alone": "/(markdown(/raw)?|markup)$"}
_OWN = {"the asker's own account, which the request doesn't name": " /user/"}
GITEA = Description(
    name="Gitea",
    source="Swagger description of 1.27",
    operations=partial(documented, "gitea"),
    places=places,
    ask=ask,
    ask_strangers=ask_strangers,
    asking={**_PREVIEW, "a list of files that is too long for a URL": "/file-contents$"},
    on_purpose=_OWN,
)
FORGEJO = Description(
    name="Forgejo",
    source="Swagger descriptions of 12, and of 15 as a generated client calls it",
    operations=partial(documented, "forgejo"),
    places=places,
    ask=ask,
    ask_strangers=ask_strangers,
    asking=_PREVIEW,
    on_purpose={**_OWN, "federation: the instance's own letter box": " /activitypub/actor/"},
)
WEB = Description(
    name="Gitea and Forgejo, web routes",
    source="the routers of Gitea 1.27 and Forgejo 12; git and LFS are left out",
    operations=partial(documented, "gitea-web"),
    places=places_of_page,
    ask=ask_page,
    asking={
        "shows a text as a page, for the asker alone": r"/markup$|/_preview/",
        "what a page asks for while it is open": r"/actions/runs/\{run\}(/(attempts|jobs)/\{\w+\})?$|/lastcommit/",
        "makes an archive to download": "/archive/",
        "drafts notes from what is there": "/generate-notes$",
    },
    on_purpose={
        "the asker's own account, which the request doesn't name": r" /user/settings",
        "writes to a fork of the asker's own": r"/_fork/",
        "the number of an issue in the form, which doesn't tell its repository": "/dependency/",
        "an invitation by its token": " /org/invite/",
    },
)
