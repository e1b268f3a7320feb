"""Which refs a push through Azure DevOps' REST API changes, and when nobody can tell."""

from __future__ import annotations

import json

import pytest
from tests.inspect.bodies import JSON, facts, refs

REPOSITORY = "https://dev.azure.com/acme/p/_apis/git/repositories/r"
DEV, MAIN, ANY = "refs/heads/dev", "refs/heads/main", "HEAD"


@pytest.mark.parametrize(
    "path, body, wanted",
    [
        ("pushes", {"refUpdates": [{"name": DEV}], "commits": [{"author": {"name": "Ana"}}]}, [DEV]),
        ("pushes?api-version=7.1", {"RefUpdates": [{"Name": DEV}]}, [DEV]),
        ("pushes", {"refUpdates": [{"name": DEV}, {"name": MAIN}]}, [DEV, MAIN]),
        ("pushes", {"refUpdates": [{"name": DEV}, {"name": "main"}]}, [DEV, ANY]),
        ("pushes", {"refUpdates": [], "commits": []}, [ANY]),
        ("pushes", {"commits": [{"author": {"name": DEV}}]}, [DEV, ANY]),
        ("pushes", {"x": {"refUpdates": [{"name": DEV}]}}, [DEV, ANY]),
        ("refs", [{"name": DEV, "newObjectId": "0" * 40}], [DEV]),
        ("refs", [{"name": "dev"}], [ANY]),
        ("refs", {"name": DEV}, [DEV, ANY]),
        ("PUSHES", {"refUpdates": [{"name": DEV}]}, [DEV, ANY]),
        ("annotatedtags", {"name": "v1", "taggedObject": {"objectId": "1" * 40}}, ["refs/tags/v1"]),
        ("cherryPicks", {"generatedRefName": DEV, "ontoRefName": MAIN}, [DEV]),
        ("merges", {"parents": ["1" * 40]}, []),
    ],
)
def test_refs_that_a_request_names(path: str, body: object, wanted: list[str]) -> None:
    found = refs(facts("POST", f"{REPOSITORY}/{path}", [json.dumps(body).encode()], JSON))
    assert found == wanted


def test_other_forges_have_no_such_list() -> None:
    url = "https://api.github.com/repos/acme/api/contents/a.txt"
    body = {"content": "eA==", "refUpdates": [{"name": DEV}]}
    assert ANY in refs(facts("PUT", url, [json.dumps(body).encode()], JSON))
