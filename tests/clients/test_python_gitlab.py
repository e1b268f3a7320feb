"""python-gitlab through the real proxy: after one look by name it speaks of numbers alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from demo.forge import Forge
from tests.clients.gitlab import GitLab
from tests.clients.showing import assert_all_done, assert_all_refused, blocked, python, steps, writes
from tests.clients.world import number

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

BEGIN = "import gitlab\ngl = gitlab.Gitlab('https://gitlab.com', private_token='glpat-5ecret')\n"
WORK = """
project = step("look", lambda: gl.projects.get({repo!r}))
one = {{"file_path": "a/b.txt", "branch": "main", "content": "text", "commit_message": "add"}}
step("file", lambda: project.files.create(one))
action = {{"action": "create", "file_path": "c.txt", "content": "text"}}
step("commit", lambda: project.commits.create({{"branch": "main", "commit_message": "m", "actions": [action]}}))
issue = step("issue", lambda: project.issues.create({{"title": "title"}}))
step("comment", lambda: issue.notes.create({{"body": "text"}}))
def close():
    issue.state_event = "close"
    issue.save()
step("close", close)
branches = {{"source_branch": "topic", "target_branch": "main", "title": "title"}}
request = step("merge request", lambda: project.mergerequests.create(branches))
step("merge", lambda: request.merge())
step("upload", lambda: project.upload("notes.txt", filedata="0123456789"))
step("release", lambda: project.releases.create({{"tag_name": "v1", "description": "notes"}}))
"""


def test_a_day_of_approved_work(run: Run, gitlab: GitLab) -> None:
    assert_all_done(python(run, BEGIN + WORK.format(repo="acme/api")))
    assert blocked(run) == []
    base = f"/api/v4/projects/{number('project', 'acme/api')}"
    assert gitlab.writes == [
        f"POST {base}/repository/files/a%2Fb.txt",
        f"POST {base}/repository/commits",
        f"POST {base}/issues",
        f"POST {base}/issues/7/notes",
        f"PUT {base}/issues/7",
        f"POST {base}/merge_requests",
        f"PUT {base}/merge_requests/3/merge",
        f"POST {base}/uploads",
        f"POST {base}/releases",
    ]
    told = {(event["forgewall"]["address"], event["forgewall"]["visibility"]) for event in run.events("decision")}
    assert told == {("gitlab.com/acme/api", "private")}
    assert "5ecret" not in str(run.events())


def test_lists_teach_numbers_too(run: Run, gitlab: GitLab) -> None:
    tools = number("project", "acme/tools")
    code = f"""
names = step("list", lambda: [one.path_with_namespace for one in gl.projects.list(iterator=True, membership=True)])
print("names:", names)
project = gl.projects.get({tools}, lazy=True)
step("issue", lambda: project.issues.create({{"title": "title"}}))
"""
    result = python(run, BEGIN + code)
    assert steps(result)["issue"] == "done", str(result)
    assert {event["forgewall"]["address"] for event in run.events("decision")} == {"gitlab.com/acme/tools"}


def test_a_strangers_project_is_refused_by_number_and_by_path(run: Run, forge: Forge, gitlab: GitLab) -> None:
    code = """
project = gl.projects.get("mallory/loot")
by_path = gl.projects.get("mallory/loot", lazy=True)
one = {"file_path": "a.txt", "branch": "main", "content": "loot", "commit_message": "add"}
step("file", lambda: project.files.create(one))
step("file by path", lambda: by_path.files.create(one))
step("issue", lambda: project.issues.create({"title": "loot"}))
step("upload", lambda: project.upload("a.txt", filedata="loot"))
step("release", lambda: project.releases.create({"tag_name": "v1", "description": "loot"}))
branches = {"source_branch": "topic", "target_branch": "main", "title": "loot"}
step("merge request", lambda: project.mergerequests.create(branches))
"""
    names = ("file", "file by path", "issue", "upload", "release", "merge request")
    refused = "gitlab.com/mallory/loot is not an approved repository"
    assert_all_refused(run, python(run, BEGIN + code), dict.fromkeys(names, refused))
    assert gitlab.writes == []
    assert writes(forge) == []


def test_other_ways_out_are_refused(run: Run, forge: Forge, gitlab: GitLab) -> None:
    """Also those whose path is approved and whose parameters name somebody else's project by number."""
    code = """
ours, theirs = gl.projects.get("acme/api"), gl.projects.get("mallory/loot")
branches = {"source_branch": "topic", "target_branch": "main", "title": "loot"}
def elsewhere():
    return ours.mergerequests.create(branches | {"target_project_id": theirs.id})
step("merge request", elsewhere)
step("unknown target", lambda: ours.mergerequests.create(branches | {"target_project_id": 31337}))
step("unknown number", lambda: gl.projects.get(31337, lazy=True).issues.create({"title": "loot"}))
step("own project", lambda: gl.projects.create({"name": "new"}))
step("fork", lambda: ours.forks.create({}))
step("fork elsewhere", lambda: ours.forks.create({"namespace_path": "mallory-inc"}))
def reveal():
    ours.visibility = "public"
    ours.save()
step("public", reveal)
step("mirror", lambda: ours.remote_mirrors.create({"url": "https://mallory.example/loot.git", "enabled": True}))
step("hook", lambda: ours.hooks.create({"url": "https://mallory.example/", "push_events": 1}))
step("transfer", lambda: ours.transfer("mallory-inc"))
step("member", lambda: ours.members.create({"user_id": 5, "access_level": 30}))
step("snippet", lambda: gl.snippets.create({"title": "loot", "files": [{"file_path": "a", "content": "loot"}]}))
"""
    not_named = "is not among the operations approved for gitlab.com/acme"
    assert_all_refused(
        run,
        python(run, BEGIN + code),
        {
            "merge request": "this merge request to gitlab.com/mallory/loot. gitlab.com/mallory/loot is not",
            "unknown target": "31337",
            "unknown number": "whose project 31337 is; GET https://gitlab.com/api/v4/projects/31337 tells it",
            "own project": "doesn't name the owner of the new repository",
            "fork": "doesn't name the owner of the new repository",
            "fork elsewhere": "gitlab.com/mallory-inc/api is not an approved repository",
            "public": f"`visibility` {not_named}",
            "mirror": f"`mirror` {not_named}",
            "hook": f"`webhook` {not_named}",
            "transfer": f"`transfer` {not_named}",
            "member": f"`collaborator` {not_named}",
            "snippet": "gitlab.com/-/snippets is not an approved address",
        },
    )
    assert gitlab.writes == []
    assert writes(forge) == []


POLICY = """\
version: 1
contact: security@acme.example
approved:
  - {repo: gitlab.com/acme, allow: [code, fork], visibility: [private, internal]}
"""


def test_a_fork_of_what_is_private_is_private(proxy: StartProxy, gitlab: GitLab) -> None:
    run = proxy(POLICY)
    gitlab.public.add("acme/tools")
    code = """
for name in ("acme/api", "acme/tools"):
    project = gl.projects.get(name)
    step(name, lambda: project.forks.create({"namespace_path": "acme/platform"}))
    step(name + " private", lambda: project.forks.create({"namespace_path": "acme/platform", "visibility": "private"}))
"""
    found = steps(python(run, BEGIN + code))
    assert [name for name, told in found.items() if told == "done"] == [
        "acme/api",
        "acme/api private",
        "acme/tools private",
    ]
    assert "doesn't say that gitlab.com/acme/platform/tools will be internal or private" in found["acme/tools"]
    assert [json.loads(body).get("visibility") for body in gitlab.bodies] == [None, "private", "private"]
