"""Stand-ins for pages of github.com and gitlab.com: their forms and scripts do what those of the real pages do.

Each page holds forms by the ids that tests know, and functions for what real scripts do with `fetch`: attach a file
(policy, store, confirmation), comment, preview. What arrives is in the forge's journal and in `posted`.
"""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator

from demo.answer import Answer, document
from demo.exchange import Behaviour
from demo.forge import Forge
from demo.wire import Head
from tests.e2e.attachments import REPOSITORIES, Attachments

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%(name)s</title>%(meta)s
<script>
async function tell(answer) {
  const text = await answer.text();
  return {status: answer.status, type: answer.headers.get("content-type"), text,
          event: answer.headers.get("x-forgewall-event")};
}
const JSON_WANTED = {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"};
async function attach(number, content, kind = "assets", more = {}) {
  const file = new File([content], "a.png", {type: "image/png"});
  const asked = new FormData();
  for (const [name, value] of Object.entries({name: file.name, size: file.size, content_type: file.type,
      authenticity_token: "t", repository_id: number, ...more})) asked.append(name, value);
  let answer = await fetch(`/upload/policies/${kind}`, {method: "POST", body: asked, headers: JSON_WANTED});
  if (!answer.ok) return {step: "policy", ...await tell(answer)};
  const policy = await answer.json();
  answer = await store(policy, policy.form, file);
  if (!answer.ok) return {step: "store", ...await tell(answer)};
  const confirmed = new FormData();
  confirmed.append("authenticity_token", policy.asset_upload_authenticity_token);
  answer = await fetch(policy.asset_upload_url, {method: "PUT", body: confirmed, headers: JSON_WANTED});
  return {step: "confirmation", policy, ...await tell(answer)};
}
function store(policy, fields, file) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);
  return fetch(policy.upload_url, {method: "POST", body: form, headers: policy.header});
}
async function post(path, fields, headers = JSON_WANTED, method = "POST") {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return tell(await fetch(path, {method, body, headers}));
}
</script></head><body><h1>%(name)s</h1>%(forms)s</body></html>
"""
_META = (
    '<meta name="octolytics-dimension-user_id" content="7" />'
    '<meta name="octolytics-dimension-user_login" content="{owner}" />'
    '<meta name="octolytics-dimension-repository_id" content="{number}" />'
    '<meta name="octolytics-dimension-repository_nwo" content="{name}" />'
    '<meta name="octolytics-dimension-repository_public" content="false" />'
)
_FORM = """<form id="{id}" method="post" action="{action}" enctype="{enctype}">
<input type="hidden" name="authenticity_token" value="t">{fields}<button>Go</button></form>
"""
_URL_ENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def _form(id_: str, action: str, *names: str, enctype: str = _URL_ENCODED) -> str:
    fields = "".join(f'<textarea name="{name}">{name} of it</textarea>' for name in names)
    return _FORM.format(id=id_, action=action, enctype=enctype, fields=fields)


class GitHubPages(Attachments):
    """Pages of github.com. `posted` are the paths of the forms and scripts whose requests arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[str] = []

    def web(self, head: Head, body: bytes) -> Answer | None:
        """See `Attachments`; and pages, compressed as the real ones are."""
        name = "/".join(head.path.split("/")[1:3])
        if head.method == "GET":
            content = self._page(name).encode()
            coded = "gzip" in (head.header("accept-encoding") or "")
            headers = (("Content-Encoding", "gzip"),) if coded else ()
            body = gzip.compress(content) if coded else content
            return Answer(status=200, content=body, media_type="text/html; charset=utf-8", headers=headers)
        self.posted.append(head.path)
        known = super().web(head, body)
        if known is not None:
            return known
        if "application/json" in (head.header("accept") or ""):
            return document(200, {"ok": True})
        return Answer(status=302, content=b"", headers=(("Location", f"/{name}"),))

    def _page(self, name: str) -> str:
        number = next((number for number, known in REPOSITORIES.items() if known == name), None)
        meta = _META.format(owner=name.partition("/")[0], number=number, name=name) if number else ""
        forms = (
            _form("create", f"/{name}/create/main", "filename", "value", "message", "commit-choice"),
            _form("save", f"/{name}/tree-save/main/a.txt", "filename", "value", "message"),
            _form("comment", f"/{name}/issue_comments", "issue", "comment[body]"),
            _form("commit", f"/{name}/upload/main", "manifest_id", "message"),
            _form("sign-in", "/session", "login", "password"),
            _form("star", f"/{name}/star", "context"),
        )
        return _PAGE % {"name": name, "meta": meta, "forms": "".join(forms)}


class GitLabPages:
    """Pages of gitlab.com. `posted` are the paths of the forms and scripts whose requests arrived."""

    def __init__(self) -> None:
        self.posted: list[str] = []

    @contextlib.contextmanager
    def behind(self, forge: Forge) -> Iterator[None]:
        """While this context is open, the local forge answers so as gitlab.com."""
        with forge.behave("gitlab.com", Behaviour(answer=self.web)):
            yield

    def web(self, head: Head, body: bytes) -> Answer | None:
        """What a request gets."""
        project = head.path.partition("/-/")[0].removesuffix("/uploads").removesuffix("/notes").strip("/")
        if head.method == "GET":
            forms = (
                _form("create", f"/{project}/-/create/main", "file_name", "content", "commit_message", "branch_name"),
                _form("upload", f"/{project}/-/create/main", "file", "branch_name", enctype=_MULTIPART),
                _form("issue", f"/{project}/-/issues", "issue[title]", "issue[description]"),
                _form("sign-in", "/users/sign_in", "user[login]", "user[password]"),
            )
            page = _PAGE % {"name": project, "meta": "", "forms": "".join(forms)}
            return Answer(status=200, content=page.encode(), media_type="text/html; charset=utf-8")
        self.posted.append(head.path)
        if "json" in (head.header("accept") or ""):
            return document(200, {"link": {"url": "/uploads/x/a.png", "markdown": "![a](/uploads/x/a.png)"}})
        return Answer(status=302, content=b"", headers=(("Location", f"/{project}"),))
