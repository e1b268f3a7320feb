"""GitHub's own client through the real proxy: what is approved works, the rest is refused in words that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from demo.clients import Result
from demo.forge import Forge
from tests.clients.github import GitHub
from tests.clients.showing import assert_shown, blocked, writes
from tests.clients.world import node, number

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("git", "gh")

API, LABS, LOOT = "-R acme/api", "-R acme-labs/api", "-R mallory/loot"


def gh(run: Run, command: str, stdin: bytes | None = None) -> Result:
    """Run `gh` as a person in a script does; words are parted by blanks."""
    environment = {"GH_TOKEN": "gho_5ecret", "GH_CONFIG_DIR": str(run.home / "gh"), "GH_PROMPT_DISABLED": "1"}
    environment["GH_NO_UPDATE_NOTIFIER"] = "1"
    tree = run.home / "work"
    if not tree.exists():
        run.git("remote", "add", "origin", "https://github.com/acme/api.git", cwd=run.work_tree()).check()
    return run.client("gh", *command.split(), cwd=tree, env=environment, stdin=stdin)


READS = (
    "auth status",
    "api user",
    f"api /repositories/{number('repository', 'acme/api')}",
    f"api /repositories/{number('repository', 'mallory/loot')}",
    "repo view acme/api",
    "repo view mallory/loot",
    "repo list acme",
    f"pr list {API}",
    f"pr view 3 {API}",
    f"pr status {API}",
    f"issue list {LOOT}",
    f"issue view 7 {LOOT}",
    f"issue status {API}",
    f"release list {API}",
    f"label list {API}",
    "search repos forgewall",
    "search issues forgewall",
    "search prs forgewall",
    "status",
    "extension list",
    "extension search forgewall",
)


@pytest.mark.parametrize("command", READS)
def test_reading_passes(run: Run, github: GitHub, command: str) -> None:
    result = gh(run, command)
    assert result.ok, str(result)
    assert github.reads or command == "extension list"
    assert github.writes == []
    assert run.events() == []


RELEASE = number("release", "acme/api")
APPROVED = {
    f"pr create {API} --head topic --base main --title t --body b": ["createPullRequest"],
    f"pr comment 3 {API} --body b": ["addComment"],
    f"pr review 3 {API} --approve --body b": ["addPullRequestReview"],
    f"pr edit 3 {API} --title t": ["updatePullRequest"],
    f"pr merge 3 {API} --squash": ["mergePullRequest"],
    f"pr close 3 {API} --comment b": ["addComment", "closePullRequest"],
    f"pr lock 3 {API}": ["lockLockable"],
    f"issue create {API} --title t --body b": ["createIssue"],
    f"issue comment 7 {API} --body b": ["addComment"],
    f"issue edit 7 {API} --title t": ["updateIssue"],
    f"issue close 7 {API} --comment b": ["addComment", "closeIssue"],
    f"issue pin 7 {API}": ["pinIssue"],
    f"issue develop 7 {API} --name topic": ["createLinkedBranch"],
    f"issue transfer 7 acme/web {API}": ["transferIssue"],
    f"issue delete 7 {API} --yes": ["deleteIssue"],
    f"release create v1 {API} --notes n": ["POST /repos/acme/api/releases"],
    f"release create v1 {API} --notes n notes.txt": [
        "POST /repos/acme/api/releases",
        f"POST /repos/acme/api/releases/{RELEASE}/assets",
        f"PATCH /repos/acme/api/releases/{RELEASE}",
    ],
    f"workflow run ci.yml {API} --ref main": ["POST /repos/acme/api/actions/workflows/161335/dispatches"],
    "repo create acme-labs/new --private": ["createRepository"],
    "repo create acme-labs/new --private --template mallory/loot": ["cloneTemplateRepository"],
    "repo fork acme/api --org acme-labs --clone=false": ["POST /repos/acme/api/forks"],
    f"secret set TOKEN {LABS} --body x": ["PUT /repos/acme-labs/api/actions/secrets/TOKEN"],
    "repo edit acme/api --description d": ["PATCH /repos/acme/api"],
    "repo edit acme-labs/api --visibility private": ["PATCH /repos/acme-labs/api"],
    "api -X POST repos/acme/api/issues -f title=t": ["POST /repos/acme/api/issues"],
}


@pytest.mark.parametrize("command", APPROVED)
def test_approved_work_is_done(run: Run, github: GitHub, command: str) -> None:
    for name in ("acme/api", "acme-labs/api") if "acme-labs" in command else ():
        gh(run, f"api repos/{name}").check()  # who can see it counts there
    result = gh(run, command)
    assert result.ok, str(result)
    assert github.writes == APPROVED[command]
    assert blocked(run) == []
    told = {event["forgewall"]["address"] for event in run.events("decision")}
    assert told <= {"github.com/acme/api", "github.com/acme-labs/api", "github.com/acme-labs/new"}
    assert told, str(result)
    assert "5ecret" not in str(run.events())


def test_an_asset_arrives_whole(run: Run, github: GitHub) -> None:
    assert gh(run, f"release create v1 {API} --notes n notes.txt").ok
    assert github.assets == [b"first\n"]


REFUSED = {
    f"pr create {LOOT} --head topic --base main --title t --body b": ["this pull request to github.com/mallory/loot"],
    f"pr comment 3 {LOOT} --body b": ["this comment in github.com/mallory/loot"],
    f"pr review 3 {LOOT} --approve --body b": ["this pull request to github.com/mallory/loot"],
    f"pr edit 3 {LOOT} --title t": ["this pull request to github.com/mallory/loot"],
    f"pr merge 3 {LOOT} --squash": ["this pull request to github.com/mallory/loot"],
    f"issue create {LOOT} --title t --body b": ["this issue in github.com/mallory/loot"],
    f"issue comment 7 {LOOT} --body b": ["this comment in github.com/mallory/loot"],
    f"issue edit 7 {LOOT} --title t": ["this issue in github.com/mallory/loot"],
    f"issue close 7 {LOOT}": ["this issue in github.com/mallory/loot"],
    f"issue transfer 7 mallory/loot {API}": ["github.com/mallory/loot is not an approved repository"],
    f"issue transfer 7 acme/api {LOOT}": ["github.com/mallory/loot is not an approved repository"],
    f"release create v1 {LOOT} --notes n notes.txt": ["this release upload to github.com/mallory/loot"],
    "gist create notes.txt": ["this snippet at", "doesn't say whose gist this is"],
    "gist create --public notes.txt": ["this snippet at", "doesn't say whose gist this is"],
    "repo create new --private": ["this new repository at", "would be the asker's own"],
    "repo create ana/new --private": ["github.com/ana/new is not an approved repository"],
    "repo create acme/new --private": ["`create-repo` is not among the operations approved for github.com/acme"],
    "repo create acme-labs/new --public": ["github.com/acme-labs/new would be public"],
    "repo fork acme/api --clone=false": ["this fork to", "doesn't name the owner"],
    "repo fork mallory/loot --clone=false": ["this fork to", "doesn't name the owner"],
    "repo fork mallory/loot --org acme-labs --clone=false": ["github.com/acme-labs/loot would be public"],
    "repo fork acme/api --org mallory-inc --clone=false": ["github.com/mallory-inc/api is not an approved repository"],
    f"secret set TOKEN {API} --body x": ["`secret` is not among the operations approved for github.com/acme"],
    f"secret set TOKEN {LOOT} --body x": ["github.com/mallory/loot is not an approved repository"],
    f"workflow run ci.yml {LOOT} --ref main": ["github.com/mallory/loot is not an approved repository"],
    "repo edit acme/api --visibility public": ["`visibility` is not among the operations approved for github.com/acme"],
    "repo edit acme-labs/api --visibility public": ["github.com/acme-labs/api would be public"],
    "repo delete acme/api --yes": ["`delete-repo` is not among the operations approved for github.com/acme"],
    "api -X POST repos/mallory/loot/issues -f title=t": ["github.com/mallory/loot is not an approved repository"],
    "api -X PUT repos/acme/api/collaborators/mallory": ["`collaborator` is not among the operations approved"],
    "api -X POST repos/acme/api/hooks -f name=web": ["`webhook` is not among the operations approved"],
    "api -X POST repos/acme/api/transfer -f new_owner=mallory": ["`transfer` is not among"],
    "api -X POST repos/acme/api/keys -f title=t -f key=k": ["`deploy-key` is not among the operations approved"],
}


@pytest.mark.parametrize("command", REFUSED)
def test_other_work_is_refused_before_a_byte(run: Run, forge: Forge, github: GitHub, command: str) -> None:
    if "fork mallory/loot --org" in command:
        gh(run, "api repos/mallory/loot").check()
    result = gh(run, command)
    assert_shown(run, result, *REFUSED[command])
    assert github.writes == []
    assert writes(forge) == []
    assert "5ecret" not in str(run.events())


def test_ids_are_known_after_one_look_and_lead_to_their_own_repository(run: Run, forge: Forge, github: GitHub) -> None:
    known, stranger = (number("repository", name) for name in ("acme/web", "mallory/loot"))
    gh(run, "api repos/acme/web").check()
    gh(run, "api repos/mallory/loot").check()
    gh(run, f"api -X POST repositories/{known}/issues -f title=t").check()
    assert github.writes == [f"POST /repositories/{known}/issues"]
    forge.clear()
    result = gh(run, f"api -X POST repositories/{stranger}/issues -f title=t")
    assert_shown(run, result, "github.com/mallory/loot is not an approved repository")
    assert writes(forge) == []


def test_an_id_that_nobody_told_is_refused_with_the_read_that_tells_it(run: Run, forge: Forge, github: GitHub) -> None:
    result = gh(run, "api -X POST repositories/424242/issues -f title=t")
    assert_shown(run, result, "whose repository 424242 is", "GET https://api.github.com/repos/OWNER/NAME tells it")
    document = 'mutation{addComment(input:{subjectId:"I_nobodysaid",body:"loot"}){clientMutationId}}'
    result = gh(run, "api graphql --input -", stdin=b'{"query": "%s"}' % document.replace('"', '\\"').encode())
    assert_shown(run, result, "I_nobodysaid")
    assert writes(forge) == []
    assert github.writes == []


def test_a_node_id_hidden_in_a_look_at_an_approved_repository_leads_to_the_stranger(
    run: Run, forge: Forge, github: GitHub
) -> None:
    """Several mutations in one document: each must pass."""
    for name in ("acme/api", "mallory/loot"):
        gh(run, f"issue view 7 -R {name}").check()
    ours, theirs = (node("I", f"{name}#7") for name in ("acme/api", "mallory/loot"))
    one = 'addComment(input:{subjectId:\\"%s\\",body:\\"b\\"}){clientMutationId}'
    ok = f'{{"query": "mutation{{{one % ours}}}"}}'
    both = f'{{"query": "mutation{{a:{one % ours} b:{one % theirs}}}"}}'
    assert gh(run, "api graphql --input -", stdin=ok.encode()).ok
    assert github.writes == ["addComment"]
    assert_shown(run, gh(run, "api graphql --input -", stdin=both.encode()), "github.com/mallory/loot")
    assert github.writes == ["addComment"]


def test_a_clone_by_gh_and_a_push_by_git_pass(run: Run, forge: Forge, github: GitHub) -> None:
    tree = run.work_tree()
    forge.seed("github.com/acme/api", tree)
    gh(run, "repo clone acme/api copy").check()
    copy = tree / "copy"
    run.commit(copy, "second")
    assert run.git("push", "origin", "main", cwd=copy).ok
    assert forge.refs("github.com/acme/api")["refs/heads/main"] == run.git("rev-parse", "HEAD", cwd=copy).stdout.strip()
