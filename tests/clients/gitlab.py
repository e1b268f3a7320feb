"""A stand-in for GitLab: what its REST API answers to python-gitlab and to Terraform's provider.

The answers have the shapes of the real ones, cut down to what clients look at. Projects are named by number or by path.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from demo.answer import Answer, document
from demo.exchange import Behaviour
from demo.forge import Forge
from demo.wire import Head
from tests.clients.world import READS, TIME, Asked, Routes, number

HOST = "gitlab.com"
WEB = f"https://{HOST}"
SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
GROUPS = ("acme", "acme/platform", "mallory-inc")
PROJECTS = ("acme/api", "acme/platform/web", "acme/tools", "mallory/loot", "mallory/old")


class GitLab:
    """`writes` are what was carried out, `reads` what was only looked at. `public` are the projects that anybody can
    see; `moved` are paths that lead elsewhere now, and `bodies` what writes held.
    """

    def __init__(self) -> None:
        self.writes: list[str] = []
        self.reads: list[str] = []
        self.bodies: list[bytes] = []
        self.public: set[str] = {"mallory/loot"}
        self.moved: dict[str, str] = {}
        self._routes = _routes(self)

    @contextlib.contextmanager
    def behind(self, forge: Forge) -> Iterator[None]:
        """While this context is open, the local forge answers so under GitLab's name."""
        with forge.behave(HOST, Behaviour(answer=self.answer)):
            yield

    def answer(self, head: Head, body: bytes) -> Answer | None:
        """What the API answers; None for everything else."""
        if not head.path.startswith("/api/v4/"):
            return None
        (self.reads if head.method in READS else self.writes).append(f"{head.method} {head.path}")
        if head.method not in READS:
            self.bodies.append(body)
        return self._routes.answer(head, body) or document(404, {"message": "404 Not Found"})

    def project(self, path: str) -> dict[str, Any]:
        """A project."""
        group, _, name = path.rpartition("/")
        return {
            "id": number("project", path),
            "description": None,
            "name": name,
            "name_with_namespace": path.replace("/", " / "),
            "path": name,
            "path_with_namespace": path,
            "created_at": TIME,
            "default_branch": "main",
            "http_url_to_repo": f"{WEB}/{path}.git",
            "web_url": f"{WEB}/{path}",
            "namespace": {
                "id": number("namespace", group),
                "name": group.rpartition("/")[2],
                "path": group.rpartition("/")[2],
                "kind": "group" if group in GROUPS else "user",
                "full_path": group,
                "parent_id": None,
                "web_url": f"{WEB}/{group}",
            },
            "visibility": "public" if path in self.public else "private",
            "merge_method": "merge",
            "archived": False,
            "empty_repo": False,
            "_links": {"self": f"{WEB}/api/v4/projects/{number('project', path)}"},
        }

    def group(self, path: str) -> dict[str, Any]:
        """A group."""
        return {
            "id": number("namespace", path),
            "name": path,
            "path": path.rpartition("/")[2],
            "full_path": path,
            "full_name": path,
            "kind": "group",
            "visibility": "private",
            "web_url": f"{WEB}/groups/{path}",
        }

    def found(self, asked: Asked) -> str | None:
        """The path of the project that a request names by number or by path."""
        named = unquote(asked.names[0])
        if named.isdigit():
            return next((path for path in PROJECTS if str(number("project", path)) == named), None)
        return named

    def below(self, path: str, count: int, **more: object) -> dict[str, Any]:
        """An issue or a merge request."""
        return {
            "id": number("issue", f"{path}#{count}"),
            "iid": count,
            "project_id": number("project", path),
            "title": "title",
            "state": "opened",
            "created_at": TIME,
            "author": {"id": number("user", "ana"), "username": "ana", "name": "Ana Demo"},
            **more,
        }


def _routes(gitlab: GitLab) -> Routes:
    routes = Routes()
    project = "/api/v4/projects/{}"

    def known(make: Any) -> Any:
        def handle(asked: Asked) -> Answer | object:
            path = gitlab.found(asked)
            return document(404, {"message": "404 Project Not Found"}) if path is None else make(asked, path)

        return handle

    def look(asked: Asked, path: str) -> Answer | object:
        if path in gitlab.moved:
            url = f"{WEB}/api/v4/projects/{number('project', gitlab.moved[path])}"
            told = document(301, {"message": "This resource has been moved permanently", "location": url})
            return Answer(status=301, content=told.content, headers=(("Location", url),))
        return gitlab.project(path)

    def merge_request(_: Asked, path: str) -> Answer | object:
        numbered = {"source_project_id": number("project", path), "target_project_id": number("project", path)}
        full = {"short": "!3", "relative": "!3", "full": f"{path}!3"}
        page = f"{WEB}/{path}/-/merge_requests/3"
        return gitlab.below(path, 3, **numbered, references=full, web_url=page, source_branch="topic")

    def issue(_: Asked, path: str) -> Answer | object:
        full = {"short": "#7", "relative": "#7", "full": f"{path}#7"}
        return gitlab.below(path, 7, references=full, web_url=f"{WEB}/{path}/-/issues/7")

    def file(asked: Asked, _: str) -> Answer | object:
        return {"file_path": unquote(asked.names[1]), "branch": "main"}

    def commit(asked: Asked, path: str) -> Answer | object:
        return {"id": SHA, "short_id": SHA[:8], "title": "add", "message": "add", "web_url": f"{WEB}/{path}/-/commit/1"}

    def upload(asked: Asked, path: str) -> Answer | object:
        url = f"/uploads/{SHA[:32]}/notes.txt"
        return {"id": 5, "alt": "notes.txt", "url": url, "full_path": f"/-/project/1{url}", "markdown": f"[n]({url})"}

    def release(asked: Asked, path: str) -> Answer | object:
        return {"tag_name": "v1", "name": "v1", "description": "notes", "created_at": TIME, "assets": {"count": 0}}

    def note(asked: Asked, path: str) -> Answer | object:
        return {"id": 301, "body": "text", "noteable_iid": 7, "project_id": number("project", path)}

    def fork(asked: Asked, path: str) -> Answer | object:
        return gitlab.project(f"{asked.fields.get('namespace_path', 'ana')}/{path.rpartition('/')[2]}")

    def listed(asked: Asked) -> Answer | object:
        page = int(asked.query("page", "1"))
        answer = document(200, [gitlab.project(PROJECTS[page - 1])])
        url = f"{WEB}/api/v4/projects?membership=true&page={page + 1}&per_page=1"
        links = (("Link", f'<{url}>; rel="next"'), ("X-Next-Page", str(page + 1))) if page < 3 else ()
        return Answer(status=200, content=answer.content, media_type=answer.media_type, headers=links)

    def variable(asked: Asked, path: str) -> Answer | object:
        return {"key": "TOKEN", "value": "x", "variable_type": "env_var", "protected": False, "masked": False}

    routes.add("GET", "/api/v4/user", lambda _: {"id": number("user", "ana"), "username": "ana", "name": "Ana Demo"})
    routes.add("GET", "/api/v4/projects", listed)
    routes.add("POST", "/api/v4/projects", lambda asked: gitlab.project(f"acme/{asked.fields['name']}"))
    routes.add("GET", "/api/v4/groups/{}", lambda asked: gitlab.group(unquote(asked.names[0])))
    routes.add("GET PUT", project, known(look))
    routes.add("POST PUT", f"{project}/repository/files/{{}}", known(file))
    routes.add("POST", f"{project}/repository/commits", known(commit))
    routes.add("POST", f"{project}/uploads", known(upload))
    routes.add("POST", f"{project}/releases", known(release))
    routes.add("POST", f"{project}/issues", known(issue))
    routes.add("GET PUT", f"{project}/issues/{{}}", known(issue))
    routes.add("POST", f"{project}/issues/{{}}/notes", known(note))
    routes.add("POST", f"{project}/merge_requests", known(merge_request))
    routes.add("GET PUT", f"{project}/merge_requests/{{}}", known(merge_request))
    routes.add("PUT", f"{project}/merge_requests/{{}}/merge", known(merge_request))
    routes.add("POST", f"{project}/fork", known(fork))
    routes.add("POST", f"{project}/variables", known(variable))
    return routes
