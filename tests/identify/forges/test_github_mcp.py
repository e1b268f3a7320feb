"""GitHub's remote MCP server: a tool's effect and repository, by its name and arguments alone."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import told
from tests.identify.knowing import Known, ask_knowing

from forgewall.identify.directory import IdKind
from forgewall.identify.routes import load_routes
from forgewall.model import BodyState, Effect, Operation, Target, Visibility

URL = "https://api.githubcopilot.com/mcp/"
JSON = ("content-type", "application/json")
KNOWN = Known(
    {
        (IdKind.NODE, "PRRT_1"): "github.com/acme/api",
        (IdKind.NODE, "PRRT_2"): "github.com/mallory/loot",
        (IdKind.GIST, "aa11"): "gist.github.com/ana",
    }
)
TOOLS = load_routes("github-mcp")


def sent(body: bytes, url: str = URL, state: BodyState = BodyState.COMPLETE) -> Target:
    return ask_knowing(KNOWN, "POST", url, body, JSON, state=state)


def message(tool: str, arguments: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def call(tool: str, **arguments: object) -> Target:
    return sent(json.dumps(message(tool, arguments)).encode())


def beside(target: Target) -> list[tuple[str | None, str, Operation | None]]:
    return [(one.address, one.role, one.operation) for one in target.also]


@pytest.mark.parametrize("url", [URL, URL.rstrip("/"), f"{URL}readonly", f"{URL}x/repos/readonly/insiders"])
@pytest.mark.parametrize(
    "method", ["initialize", "ping", "tools/list", "notifications/initialized", "notifications/cancelled"]
)
def test_what_a_client_asks_is_a_read(url: str, method: str) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}).encode()
    assert told(sent(body, url)) == ("fetch", None)


def test_streams_sessions_and_empty_answers() -> None:
    assert told(ask_knowing(KNOWN, "GET", URL)) == ("fetch", None)
    assert told(ask_knowing(KNOWN, "DELETE", URL)) == ("auth", "github.com")
    assert told(ask_knowing(KNOWN, "PUT", URL)) == ("unidentified", None)
    assert told(sent(b'{"jsonrpc":"2.0","id":1,"result":{}}')) == ("fetch", None)
    assert told(sent(b'{"jsonrpc":"2.0","id":1,"result":{"content":"x"}}')) == ("unidentified", None)
    unread = sent(b"", state=BodyState.UNREAD)
    assert (told(unread), unread.wants_body) == (("unidentified", None), True)
    assert told(ask_knowing(KNOWN, "POST", "https://copilot-api.acme.ghe.com/mcp", b"{}", JSON)) == (
        "unidentified",
        None,
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "operation", "address"),
    [
        ("push_files", {"owner": "acme", "repo": "api", "files": []}, "contents", "github.com/acme/api"),
        ("push_files", {"owner": "mallory", "repo": "loot"}, "contents", "github.com/mallory/loot"),
        ("push_files", {"owner": "acme"}, "unidentified", None),
        ("push_files", {"owner": "acme", "repo": "a/b"}, "unidentified", None),
        ("push_files", {"owner": "acme", "repo": 5}, "unidentified", None),
        ("push_files", {"owner": "acme", "repo": "api", "Repo": "x"}, "unidentified", None),
        ("push_files", {"owner": "acme", "repo": "api.git"}, "unidentified", None),
        ("get_file_contents", {"owner": "acme", "repo": "api"}, "fetch", "github.com/acme/api"),
        ("search_code", {"query": "x"}, "fetch", None),
        ("get_me", {}, "fetch", None),
        ("create_gist", {"content": "x"}, "snippet", None),
        ("update_gist", {"gist_id": "aa11", "content": "x"}, "snippet", "gist.github.com/ana"),
        ("update_gist", {"gist_id": "bb22"}, "unidentified", None),
        ("create_repository", {"name": "n"}, "create-repo", None),
        ("create_repository", {"name": "n", "organization": "acme"}, "create-repo", "github.com/acme/n"),
        ("fork_repository", {"owner": "acme", "repo": "api"}, "fork", None),
        ("fork_repository", {"owner": "acme", "repo": "api", "organization": "x"}, "fork", "github.com/x/api"),
        ("delete_repository", {"owner": "acme", "repo": "api"}, "delete-repo", "github.com/acme/api"),
        ("resolve_review_thread", {"threadID": "PRRT_1"}, "pull-request", "github.com/acme/api"),
        ("resolve_review_thread", {"threadID": "PRRT_9"}, "unidentified", None),
        ("resolve_review_thread", {}, "unidentified", None),
        ("pull_request_review_write", {"owner": "acme", "repo": "api", "method": "create"}, "pull-request",
         "github.com/acme/api"),
        ("pull_request_review_write", {"owner": "acme", "repo": "api", "threadId": "PRRT_2"}, "unidentified", None),
        ("discussion_comment_write", {"method": "update", "commentNodeID": "PRRT_1"}, "discussion",
         "github.com/acme/api"),
        ("projects_write", {"owner": "acme", "method": "create_project"}, "issue", "github.com/acme"),
        ("star_repository", {"owner": "x", "repo": "y"}, "star", "github.com/x/y"),
        ("mark_all_notifications_read", {}, "notification", "github.com"),
        ("brand_new_tool", {"owner": "acme", "repo": "api"}, "unidentified", None),
        ("Push_Files", {"owner": "acme", "repo": "api"}, "unidentified", None),
    ],
)  # fmt: skip
def test_tools(tool: str, arguments: Mapping[str, object], operation: str, address: str | None) -> None:
    assert told(call(tool, **arguments)) == (operation, address)


def test_second_repositories_of_a_tool() -> None:
    assert beside(call("create_pull_request", owner="acme", repo="api", head="mallory:b")) == [
        ("github.com/mallory/api", "source", None)
    ]
    assert beside(call("create_pull_request", owner="acme", repo="api", head="b")) == []
    assert beside(call("update_pull_request_branch", owner="acme", repo="api")) == []
    assert beside(call("fork_repository", owner="acme", repo="api", organization="x")) == [
        ("github.com/acme/api", "parent", None)
    ]
    linked = call("issue_dependency_write", owner="acme", repo="api", related_owner="x", related_repo="y")
    assert beside(linked) == [("github.com/x/y", "second", Operation.ISSUE)]
    items = call("projects_write", owner="acme", items=[{"item_owner": "x", "item_repo": "y", "issue_number": 1}])
    assert beside(items) == [("github.com/x/y", "source", None)]
    assert call("projects_write", owner="acme", items=[5]).operation is Operation.UNIDENTIFIED


def test_the_visibility_of_a_new_repository() -> None:
    assert call("create_repository", name="n", organization="a", private=True).visibility is Visibility.PRIVATE
    assert call("create_repository", name="n", organization="a").visibility is None


def test_all_calls_of_a_batch_count() -> None:
    read = message("get_file_contents", {"owner": "x", "repo": "y"})
    write = message("push_files", {"owner": "acme", "repo": "api"})
    other = message("add_issue_comment", {"owner": "mallory", "repo": "loot", "body": "x"})
    target = sent(json.dumps([read, write, other]).encode())
    assert told(target) == ("contents", "github.com/acme/api")
    assert beside(target) == [
        ("github.com/mallory/loot", "second", Operation.COMMENT),
        ("github.com/x/y", "source", None),
    ]
    unknown = message("brand_new_tool", {})
    assert told(sent(json.dumps([write, unknown]).encode())) == ("unidentified", None)
    assert told(sent(json.dumps([read, read]).encode())) == ("fetch", "github.com/x/y")
    assert sent(json.dumps([read, message("star_repository", {"owner": "a", "repo": "b"})]).encode()).effect is (
        Effect.PERSONAL
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call","params":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":1,"Method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","Name":"push_files","arguments":{}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"get_me","arguments":{}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","\xc5\xbfx":1}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":[]}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["get_me"]}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":1,"method":"TOOLS/LIST"}',
        b"[]",
        b"[1]",
        b"{}{}",
        b"",
    ],
)
def test_what_has_two_readings_is_no_read(body: bytes) -> None:
    assert told(sent(body)) == ("unidentified", None)


@pytest.mark.parametrize("row", TOOLS, ids=lambda row: row.pattern[0])
def test_no_tool_but_a_read_is_certain_without_arguments(row: object) -> None:
    name, operation = row.pattern[0], row.operation  # type: ignore[attr-defined]
    target = call(name)
    if operation.effect is Effect.WRITE:
        assert not target.identified
    else:
        assert target.effect in (operation.effect, Effect.WRITE)


def test_the_tools_are_as_many_as_the_server_has() -> None:
    assert len(TOOLS) > 140
    assert sum(row.operation is Operation.FETCH for row in TOOLS) < 90


def test_other_services_of_copilot_are_unidentified() -> None:
    for path in ("mcp-registry", "agents/x", "agents/swe/v1/jobs/acme/api"):
        url = f"https://api.githubcopilot.com/{path}"
        assert told(ask_knowing(KNOWN, "POST", url, b"{}", JSON)) == ("unidentified", None)
    assert told(ask_knowing(KNOWN, "GET", "https://api.githubcopilot.com/models")) == ("fetch", None)


_TEXTS = st.sampled_from(["acme", "api", "push_files", "tools/call", "x/y"])
_LEAVES = st.none() | st.booleans() | st.integers() | _TEXTS
_KEYS = st.sampled_from(["jsonrpc", "id", "method", "params", "name", "arguments", "owner", "repo", "head", "items"])
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=12)


@given(_VALUES)
def test_no_message_is_too_strange(value: object) -> None:
    target = sent(json.dumps(value).encode())
    assert target.identified or target.effect in (Effect.READ, Effect.WRITE)


@given(st.sampled_from([row.pattern[0] for row in TOOLS]), st.dictionaries(
    st.sampled_from(["owner", "repo", "org", "organization", "name", "head", "gist_id", "threadID", "related_owner"]),
    st.sampled_from(["acme", "mallory", "api", "a/b", "..", 5, None, ["acme"]])))  # fmt: skip
def test_a_write_is_never_taken_for_a_read(tool: str, arguments: dict[str, object]) -> None:
    operation = next(row.operation for row in TOOLS if row.pattern[0] == tool)
    target = call(tool, **arguments)
    assert target.effect is operation.effect or target.operation is Operation.UNIDENTIFIED
    if target.owner == "acme":
        assert "acme" in arguments.values()
