"""What gh, GitLab's pages and other clients send, with ids that their earlier queries have taught."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.identify.graphql.knowing import GITHUB, KNOWN, Knowing, lines, posted, said

from forgewall.model import Effect, Visibility

CLIENTS = Knowing({**KNOWN.known, "IC_api": "github.com/acme/api"})


@pytest.mark.parametrize("row", lines("graphql-clients"), ids=lambda row: row["client"])
def test_what_clients_send_is_understood(row: Any) -> None:
    target = posted(json.dumps(row["body"]).encode(), url=row.get("url", GITHUB), known=CLIENTS)
    operation, address, *also = row["said"]
    assert said(target) == (operation, address, *(tuple(one) for one in also))


@pytest.mark.parametrize("row", lines("graphql-clients"), ids=lambda row: row["client"])
def test_without_what_was_taught_nothing_is_certain(row: Any) -> None:
    target = posted(json.dumps(row["body"]).encode(), url=row.get("url", GITHUB), known=Knowing({}))
    named = any(word in json.dumps(row) for word in ("NameWithOwner", "projectPath", "PersonalSnippet", "INSTANCE"))
    if target.effect is Effect.WRITE and not named and "personal snippet" not in row["client"]:
        assert not target.identified


@pytest.mark.parametrize(
    "client, visibility",
    [
        ("gh repo create acme/new", "private"),
        ("gh repo create new", "public"),
        ("gh repo create --template", "internal"),
    ],
)
def test_the_visibility_of_a_new_repository_is_told(client: str, visibility: str) -> None:
    row = next(row for row in lines("graphql-clients") if row["client"] == client)
    assert posted(json.dumps(row["body"]).encode(), known=CLIENTS).visibility is Visibility(visibility)
