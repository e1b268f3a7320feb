"""What a line for `forgewall identify` may suppose to be known."""

from __future__ import annotations

import json

import pytest

from forgewall.cli import identify as command
from forgewall.cli.identify_knowledge import supposed
from forgewall.identify.directory import EMPTY, Id, IdKind, Named
from forgewall.identify.registry import Registry
from forgewall.model import Visibility

REGISTRY = Registry.build()
PROJECT = {"method": "POST", "url": "https://gitlab.com/api/v4/projects/1234/issues"}
NAMED = [{"kind": "repository", "id": "1234", "address": "gitlab.com/acme/a/api"}]


def answer(row: dict[str, object]) -> dict[str, object]:
    (found,) = command.answers([json.dumps(row)], REGISTRY)
    told: dict[str, object] = json.loads(found)
    return told


def test_an_id_that_is_supposed_names_the_repository() -> None:
    assert answer(PROJECT)["owner"] is None
    found = answer({**PROJECT, "ids": NAMED})
    assert (found["owner"], found["repository"], found["operation"]) == ("acme/a", "api", "issue")
    assert not {"visibility", "moved"} & set(found)


def test_visibility_and_moves_are_told_where_they_are_known() -> None:
    push = {"method": "GET", "url": "https://github.com/Acme/api/info/refs?service=git-receive-pack"}
    found = answer(
        {**push, "visibility": {"github.com/acme/api": "internal"}, "moved": {"github.com/acme/API": "github.com/m/x"}}
    )
    assert (found["visibility"], found["moved"]) == ("internal", "github.com/m/x")


def test_what_a_line_doesn_t_suppose_is_as_before() -> None:
    assert supposed({"method": "GET"}, REGISTRY, EMPTY) is EMPTY
    first = supposed({"ids": NAMED, "visibility": {"gitlab.com/a/b": "public"}}, REGISTRY, EMPTY)
    second = supposed({"moved": {"gitlab.com/a/b": "gitlab.com/a/c"}}, REGISTRY, first)
    wanted = Id(forge="gitlab.com", kind=IdKind.REPOSITORY, text="1234")
    assert second.find(wanted) == Named(address="gitlab.com/acme/a/api", owner="acme/a", repository="api")
    assert second.visibility("gitlab.com/a/b") is Visibility.PUBLIC
    move = second.moved("gitlab.com/a/b")
    assert move is not None
    assert (move.address, move.key) == ("gitlab.com/a/c", "gitlab.com/a/c")
    owner = supposed({"ids": [{"kind": "owner", "id": "1", "address": "gitlab.com/acme/a"}]}, REGISTRY, EMPTY)
    assert owner.find(Id(forge="gitlab.com", kind=IdKind.OWNER, text="1")) == Named(
        address="gitlab.com/acme/a", owner="acme/a"
    )


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"ids": {}}, "`ids` must be a list"),
        ({"ids": [1]}, "an entry of `ids` must have the texts `kind`, `id` and `address`"),
        ({"ids": [{"kind": "repository", "id": 1234, "address": "gitlab.com/a/b"}]}, "must have the texts"),
        ({"ids": [{"kind": "thing", "id": "1", "address": "gitlab.com/a"}]}, "`kind` must be one of repository, owner"),
        ({"ids": [{"kind": "owner", "id": "1", "address": "evil.example/a"}]}, "is not a known forge"),
        ({"ids": [{"kind": "owner", "id": "1", "address": "gitlab.com"}]}, "is a whole forge, which no id names"),
        ({"visibility": "private"}, "`visibility` must be an object of texts"),
        ({"visibility": {"gitlab.com/a/b": "secret"}}, "`visibility` must be one of public, internal, private"),
        ({"moved": {"gitlab.com/a/b": None}}, "`moved` must be an object of texts"),
        ({"moved": {"gitlab.com/a/b": "c"}}, "is not a known forge"),
    ],
)
def test_what_can_t_be_supposed_is_an_error_of_its_line(row: dict[str, object], error: str) -> None:
    found = answer({"id": 1, **PROJECT, **row})
    assert set(found) == {"id", "error"}
    assert error in str(found["error"])
