"""A stand-in for GitHub: what its REST and GraphQL interfaces answer to `gh`, PyGithub and octokit.

The answers have the shapes of the real ones, cut down to what clients look at. Every repository that is asked for
exists, and so does every issue and pull request; what is written is noted in `writes` and otherwise forgotten.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from demo.answer import Answer, document
from demo.exchange import Behaviour
from demo.forge import Forge
from demo.wire import Head
from tests.clients.github_graphql import execute
from tests.clients.world import READS, TIME, Asked, Routes, node, number

API = "https://api.github.com"
WEB = "https://github.com"
ORGANISATIONS = ("acme", "acme-labs", "acme-closed")
SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
VIEWER = "ana"


class GitHub:
    """`writes` are what was carried out, `reads` what was only looked at: method and path, or the name of a GraphQL
    field. `public` are the repositories that anybody can see, `hidden` the paths of those that git asks to sign in
    for, and `renamed` leads from old names to new ones.
    """

    def __init__(self) -> None:
        self.writes: list[str] = []
        self.reads: list[str] = []
        self.public: set[str] = {"mallory/loot"}
        self.renamed: dict[str, str] = {}
        self.hidden: frozenset[str] = frozenset()
        self.assets: list[bytes] = []
        self._routes = _routes(self)

    @contextlib.contextmanager
    def behind(self, forge: Forge) -> Iterator[None]:
        """While this context is open, the local forge answers so under GitHub's names."""
        with (
            forge.behave("api.github.com", Behaviour(answer=self.answer)),
            forge.behave("uploads.github.com", Behaviour(answer=self.answer)),
            forge.behave("github.com", Behaviour(answer=self.page, hidden=self.hidden)),
        ):
            yield

    def answer(self, head: Head, body: bytes) -> Answer:
        """What the API answers."""
        if head.path == "/graphql":
            return document(200, execute(self, body))
        (self.reads if head.method in READS else self.writes).append(f"{head.method} {head.path}")
        found = self._routes.answer(head, body)
        if found is None:
            found = document(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"})
        scopes = ("X-OAuth-Scopes", "gist, read:org, repo, workflow")
        return Answer(
            status=found.status,
            content=found.content,
            media_type="application/json; charset=utf-8",
            headers=(*found.headers, scopes),
        )

    def page(self, head: Head, body: bytes) -> Answer | None:
        """What the web host answers besides git: redirects of repositories that were renamed."""
        for old, new in self.renamed.items():
            if head.path.startswith((f"/{old}/", f"/{old}.git/")):
                rest = head.target.removeprefix(f"/{old}").removeprefix(".git")
                return Answer(status=301, content=b"", headers=(("Location", f"{WEB}/{new}.git{rest}"),))
        return None

    def owner(self, login: str) -> dict[str, Any]:
        """A user or an organisation."""
        company = login in ORGANISATIONS
        return {
            "login": login,
            "id": number("owner", login),
            "node_id": node("O" if company else "U", login),
            "avatar_url": f"https://avatars.githubusercontent.com/u/{number('owner', login)}?v=4",
            "url": f"{API}/users/{login}",
            "html_url": f"{WEB}/{login}",
            "type": "Organization" if company else "User",
            "site_admin": False,
        }

    def repository(self, owner: str, name: str) -> dict[str, Any]:
        """A repository."""
        full = self.renamed.get(f"{owner}/{name}", f"{owner}/{name}")
        owner, _, name = full.partition("/")
        url, public = f"{API}/repos/{full}", full in self.public
        return {
            "id": number("repository", full),
            "node_id": node("R", full),
            "name": name,
            "full_name": full,
            "private": not public,
            "visibility": "public" if public else "private",
            "owner": self.owner(owner),
            "html_url": f"{WEB}/{full}",
            "clone_url": f"{WEB}/{full}.git",
            "description": None,
            "fork": False,
            "url": url,
            "issues_url": f"{url}/issues{{/number}}",
            "pulls_url": f"{url}/pulls{{/number}}",
            "contents_url": f"{url}/contents/{{+path}}",
            "default_branch": "main",
            "archived": False,
            "has_issues": True,
            "permissions": {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True},
            "created_at": TIME,
            "updated_at": TIME,
            "pushed_at": TIME,
        }

    def issue(self, owner: str, name: str, count: int) -> dict[str, Any]:
        """An issue."""
        url = f"{API}/repos/{owner}/{name}/issues/{count}"
        return {
            "id": number("issue", f"{owner}/{name}#{count}"),
            "node_id": node("I", f"{owner}/{name}#{count}"),
            "number": count,
            "title": f"Issue {count}",
            "state": "open",
            "body": "",
            "user": self.owner(VIEWER),
            "labels": [],
            "assignees": [],
            "comments": 0,
            "locked": False,
            "url": url,
            "repository_url": f"{API}/repos/{owner}/{name}",
            "comments_url": f"{url}/comments",
            "html_url": f"{WEB}/{owner}/{name}/issues/{count}",
            "created_at": TIME,
            "updated_at": TIME,
        }

    def pull(self, owner: str, name: str, count: int) -> dict[str, Any]:
        """A pull request between two branches of one repository."""
        repository = self.repository(owner, name)
        branch = {"sha": SHA, "user": self.owner(owner), "repo": repository}
        return {
            **self.issue(owner, name, count),
            "id": number("pull", f"{owner}/{name}#{count}"),
            "node_id": node("PR", f"{owner}/{name}#{count}"),
            "url": f"{API}/repos/{owner}/{name}/pulls/{count}",
            "issue_url": f"{API}/repos/{owner}/{name}/issues/{count}",
            "html_url": f"{WEB}/{owner}/{name}/pull/{count}",
            "head": {"label": f"{owner}:topic", "ref": "topic", **branch},
            "base": {"label": f"{owner}:main", "ref": "main", **branch},
            "merged": False,
            "draft": False,
        }

    def comment(self, owner: str, name: str, count: int) -> dict[str, Any]:
        """A comment on an issue."""
        where = f"{owner}/{name}#{count}"
        return {
            "id": number("comment", where),
            "node_id": node("IC", where),
            "url": f"{API}/repos/{owner}/{name}/issues/comments/{number('comment', where)}",
            "html_url": f"{WEB}/{owner}/{name}/issues/{count}#issuecomment-{number('comment', where)}",
            "issue_url": f"{API}/repos/{owner}/{name}/issues/{count}",
            "body": "",
            "user": self.owner(VIEWER),
            "created_at": TIME,
            "updated_at": TIME,
        }

    def release(self, owner: str, name: str) -> dict[str, Any]:
        """The release v1."""
        count = number("release", f"{owner}/{name}")
        url = f"{API}/repos/{owner}/{name}/releases/{count}"
        return {
            "id": count,
            "node_id": node("RE", f"{owner}/{name}"),
            "url": url,
            "assets_url": f"{url}/assets",
            "upload_url": f"https://uploads.github.com/repos/{owner}/{name}/releases/{count}/assets{{?name,label}}",
            "html_url": f"{WEB}/{owner}/{name}/releases/tag/v1",
            "tag_name": "v1",
            "target_commitish": "main",
            "name": "v1",
            "draft": False,
            "prerelease": False,
            "body": "",
            "author": self.owner(VIEWER),
            "assets": [],
            "created_at": TIME,
            "published_at": TIME,
        }

    def keep(self, asked: Asked) -> Answer | object:
        """Take a release's asset."""
        self.assets.append(asked.body)
        owner, name, _ = asked.names
        count = number("asset", f"{owner}/{name}/{asked.query('name')}")
        return {
            "id": count,
            "node_id": node("RA", f"{owner}/{name}/{asked.query('name')}"),
            "url": f"{API}/repos/{owner}/{name}/releases/assets/{count}",
            "browser_download_url": f"{WEB}/{owner}/{name}/releases/download/v1/{asked.query('name')}",
            "name": asked.query("name"),
            "label": "",
            "state": "uploaded",
            "content_type": asked.head.header("content-type"),
            "size": len(asked.body),
            "download_count": 0,
            "uploader": self.owner(VIEWER),
            "created_at": TIME,
            "updated_at": TIME,
        }

    def contents(self, asked: Asked) -> Answer | object:
        """Write a file."""
        owner, name, path = asked.names
        content = base64.b64decode(asked.fields["content"])
        sha = hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()
        url = f"{API}/repos/{owner}/{name}/contents/{path}?ref=main"
        file = {"name": path.rpartition("/")[2], "path": path, "sha": sha, "size": len(content), "type": "file"}
        return {
            "content": {**file, "url": url, "html_url": f"{WEB}/{owner}/{name}/blob/main/{path}"},
            "commit": self.commit(owner, name, asked.fields["message"]),
        }

    def commit(self, owner: str, name: str, message: str) -> dict[str, Any]:
        """A commit as git has it."""
        person = {"name": "Ana Demo", "email": "ana@acme.example", "date": TIME}
        return {
            "sha": SHA,
            "node_id": node("C", f"{owner}/{name}"),
            "url": f"{API}/repos/{owner}/{name}/git/commits/{SHA}",
            "html_url": f"{WEB}/{owner}/{name}/commit/{SHA}",
            "message": message,
            "author": person,
            "committer": person,
            "tree": {"sha": SHA, "url": f"{API}/repos/{owner}/{name}/git/trees/{SHA}"},
            "parents": [],
        }

    def ref(self, owner: str, name: str, ref: str) -> dict[str, Any]:
        """A branch, as git has it."""
        return {
            "ref": ref,
            "node_id": node("REF", f"{owner}/{name}:{ref}"),
            "url": f"{API}/repos/{owner}/{name}/git/{ref}",
            "object": {"type": "commit", "sha": SHA, "url": f"{API}/repos/{owner}/{name}/git/commits/{SHA}"},
        }

    def gist(self, asked: Asked) -> Answer | object:
        """A new gist."""
        count = hashlib.md5(asked.body, usedforsecurity=False).hexdigest()
        return {
            "id": count,
            "node_id": node("G", count),
            "url": f"{API}/gists/{count}",
            "html_url": f"https://gist.github.com/{VIEWER}/{count}",
            "files": {},
            "public": False,
            "owner": self.owner(VIEWER),
            "created_at": TIME,
            "updated_at": TIME,
        }

    def by_number(self, wanted: str) -> str | None:
        """The name of the repository with a number."""
        known = (*(f"{owner}/api" for owner in (*ORGANISATIONS, VIEWER)), "acme/web", *sorted(self.public))
        return next((name for name in known if str(number("repository", name)) == wanted), None)

    def pages(self, asked: Asked, full: str) -> Answer | object:
        """A list of issues in three pages; the further ones are named by the repository's number."""
        owner, _, name = full.partition("/")
        page = int(asked.query("page", "1"))
        answer = document(200, [self.issue(owner, name, page)])
        if page == 3:
            return answer
        url = f"{API}/repositories/{number('repository', full)}/issues"
        links = f'<{url}?per_page=1&page={page + 1}>; rel="next", <{url}?per_page=1&page=3>; rel="last"'
        return Answer(status=200, content=answer.content, media_type=answer.media_type, headers=(("Link", links),))


def _routes(github: GitHub) -> Routes:
    routes = Routes()
    repo = "/repos/{}/{}"

    def one(asked: Asked) -> Answer | object:
        full = "/".join(asked.names)
        if asked.head.path.startswith("/repos/") and full in github.renamed:
            url = f"{API}/repositories/{number('repository', github.renamed[full])}"
            told = document(301, {"message": "Moved Permanently", "url": url})
            return Answer(status=301, content=told.content, headers=(("Location", url),))
        return github.repository(*asked.names)

    def numbered(asked: Asked) -> Answer | object:
        full = github.by_number(asked.names[0])
        target = f"/repos/{full}" + "".join(f"/{rest}" for rest in asked.names[1:])
        found = routes.answer(replace(asked.head, target=f"{target}?{asked.head.query}"), asked.body) if full else None
        return found or document(404, {"message": "Not Found"})

    def counted(make: Any) -> Any:
        return lambda asked: make(asked.names[0], asked.names[1], int(asked.names[2]))

    routes.add("GET", "/", lambda _: {"current_user_url": f"{API}/user"})
    routes.add("GET", "/user", lambda _: github.owner(VIEWER))
    routes.add("GET", "/users/{}", lambda asked: github.owner(asked.names[0]))
    routes.add("GET", "/orgs/{}", lambda asked: github.owner(asked.names[0]))
    routes.add("GET", "/user/orgs", lambda _: [])
    routes.add("GET", "/notifications", lambda _: [])
    routes.add("GET", "/users/{}/received_events", lambda _: [])
    routes.add("GET", "/search/{}", lambda _: {"total_count": 0, "incomplete_results": False, "items": []})
    routes.add("GET PATCH DELETE", repo, one)
    routes.add("GET PATCH", "/repositories/{}", numbered)
    routes.add("GET POST PUT PATCH DELETE", "/repositories/{}/{+}", numbered)
    routes.add("POST", "/user/repos", lambda asked: github.repository(VIEWER, asked.fields["name"]))
    routes.add("POST", "/orgs/{}/repos", lambda asked: github.repository(asked.names[0], asked.fields["name"]))
    routes.add(
        "POST",
        f"{repo}/forks",
        lambda asked: github.repository(asked.fields.get("organization") or VIEWER, asked.names[1]),
    )
    routes.add("GET", f"{repo}/issues", lambda asked: github.pages(asked, "/".join(asked.names)))
    routes.add("POST", f"{repo}/issues", lambda asked: github.issue(*asked.names, 7))
    routes.add("GET PATCH", f"{repo}/issues/{{}}", counted(github.issue))
    routes.add("POST", f"{repo}/issues/{{}}/comments", counted(github.comment))
    routes.add("GET", f"{repo}/pulls", lambda asked: [github.pull(*asked.names, 3)])
    routes.add("POST", f"{repo}/pulls", lambda asked: github.pull(*asked.names, 3))
    routes.add("GET PATCH", f"{repo}/pulls/{{}}", counted(github.pull))
    routes.add("PUT", f"{repo}/pulls/{{}}/merge", lambda _: {"sha": SHA, "merged": True, "message": "merged"})
    routes.add("GET", f"{repo}/releases/tags/{{}}", lambda _: document(404, {"message": "Not Found"}))
    routes.add("POST", f"{repo}/releases", lambda asked: github.release(*asked.names))
    routes.add("GET PATCH", f"{repo}/releases/{{}}", lambda asked: github.release(*asked.names[:2]))
    routes.add("POST", f"{repo}/releases/{{}}/assets", github.keep)
    routes.add("PUT", f"{repo}/contents/{{+}}", github.contents)
    for what in ("blobs", "trees"):
        url = f"{API}/repos/acme/api/git/{what}/{SHA}"
        routes.add("POST", f"{repo}/git/{what}", lambda _, url=url: {"sha": SHA, "url": url, "tree": []})
    routes.add("GET", f"{repo}/git/trees/{{}}", lambda _: {"sha": SHA, "url": f"{API}/trees/{SHA}", "tree": []})
    routes.add("POST", f"{repo}/git/commits", lambda asked: github.commit(*asked.names, asked.fields["message"]))
    routes.add("POST", f"{repo}/git/refs", lambda asked: github.ref(*asked.names, asked.fields["ref"]))
    routes.add("GET", f"{repo}/git/ref/{{+}}", lambda asked: github.ref(*asked.names[:2], f"refs/{asked.names[2]}"))
    routes.add("PATCH", f"{repo}/git/refs/{{+}}", lambda asked: github.ref(*asked.names[:2], f"refs/{asked.names[2]}"))
    routes.add("POST", "/gists", github.gist)
    key = base64.b64encode(bytes(range(32))).decode()
    routes.add("GET", f"{repo}/actions/secrets/public-key", lambda _: {"key_id": "568250167242549743", "key": key})
    routes.add("PUT", f"{repo}/actions/secrets/{{}}", lambda _: Answer(status=201, content=b"{}"))
    flow = {"id": 161335, "node_id": "W_1", "name": "CI", "path": ".github/workflows/ci.yml", "state": "active"}
    routes.add("GET", f"{repo}/actions/workflows/{{}}", lambda _: flow)
    routes.add("POST", f"{repo}/actions/workflows/{{}}/dispatches", lambda _: Answer(status=204, content=b""))
    return routes
