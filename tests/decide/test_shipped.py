"""The policy folder: everything in it can be used, and the schema says what the loader says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from forgewall.decide.entries import ALLOW_WORDS
from forgewall.decide.globs import path_glob, ref_glob
from forgewall.decide.limits import window_of
from forgewall.decide.lint import warnings
from forgewall.decide.load import KEYS, load, parse
from forgewall.decide.policy import OtherHosts, Reads
from forgewall.decide.request_url import MAX_TEMPLATE, PATTERN, wrong_with
from forgewall.decide.scrutiny import CONTENT_KEYS
from forgewall.errors import PolicyError
from forgewall.model import GROUPS, Action, Depth, Kind, Operation

FOLDER = Path(__file__).parents[2] / "policy"
SHIPPED = [FOLDER / "forgewall.yaml", *sorted((FOLDER / "examples").glob("*.yaml"))]
SCHEMA: dict[str, Any] = json.loads((FOLDER / "schema.json").read_text("utf-8"))


class PlainLoader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: no dates, and only true and false are truth values."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag.rpartition(":")[2] not in {"timestamp", "bool"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), ["t", "f"])


def valid(text: str) -> bool:
    data = yaml.load(text, Loader=PlainLoader)
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(data)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_shipped_can_be_used(path: Path) -> None:
    text = path.read_text("utf-8")
    loaded = load(text, path.name)
    assert loaded.policy.contact
    assert warnings(loaded, datetime.now(UTC)) == []
    assert valid(text)


def test_there_are_examples() -> None:
    assert len(SHIPPED) >= 4
    assert load(SHIPPED[0].read_text("utf-8"), "x").policy.tests >= 5


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_editors_find_the_schema(path: Path) -> None:
    (modeline,) = re.findall(r"(?m)^# yaml-language-server: \$schema=(\S+)$", path.read_text("utf-8"))
    assert (path.parent / modeline).resolve() == FOLDER / "schema.json"


def described(node: object, where: str = "") -> Iterator[tuple[str, str]]:
    """Each property of the schema with its description, its own or that of what it refers to."""
    if isinstance(node, dict):
        for name, found in node.get("properties", {}).items():
            shared = SCHEMA["$defs"].get(found.get("$ref", "").removeprefix("#/$defs/"), {})
            yield f"{where}/{name}", found.get("description") or shared.get("description", "")
        for key, found in node.items():
            yield from described(found, f"{where}/{key}")
    elif isinstance(node, list):
        for found in node:
            yield from described(found, where)


def test_the_schema_describes_every_key_in_sentences() -> None:
    told = list(described(SCHEMA))
    assert len(told) > 70
    assert [where for where, text in told if not text.endswith(".") or not 10 < len(text) < 160] == []


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def properties(section: str) -> dict[str, Any]:
    """The properties of a section, whether it is a mapping or a list of mappings."""
    if not section:
        return SCHEMA["properties"]  # type: ignore[no-any-return]
    node = SCHEMA["properties"][section]
    if "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].removeprefix("#/$defs/")]
    node = next((option for option in node.get("oneOf", []) if option.get("type") != "null"), node)
    node = node.get("items", node)
    node = next((option for option in node.get("oneOf", []) if "properties" in option), node)
    return node["properties"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("section", KEYS)
def test_the_schema_names_the_same_keys(section: str) -> None:
    assert sorted(properties(section)) == sorted(KEYS[section])


def test_the_schema_names_the_same_words() -> None:
    def words(section: str, key: str) -> list[str]:
        return properties(section)[key]["enum"]  # type: ignore[no-any-return]

    assert words("defaults", "reads") == [*Reads]
    assert words("defaults", "other_hosts") == [*OtherHosts]
    assert words("forges", "kind") == [*Kind]
    assert sorted(properties("approved")["allow"]["oneOf"][0]["enum"]) == sorted(ALLOW_WORDS)
    for section in ("approved", "defaults"):
        assert words(section, "inspect") == [*Depth]
        assert words(section, "deletes") == words(section, "force") == [*Action]
    for key in CONTENT_KEYS[:-1]:
        assert words("content", key) == [*Action]
    assert words("limits", "over") == ["block", "log"]


GLOBS = [
    "main", "release/*", "release/**", "refs/heads/main", "refs/tags/v*", "a?c", "*.kdbx", "**/x", "x/**", "**", "*",
    "a/**/b", "a.b", ".env", "..", "a..b", "a//b", "/a", "a/", "./a", "../a", "[a]", "{a}", "!a", "-a", "a b", "a~1",
    "a^", "a:b", "a\\b", "tags/v1", "heads/x", "@{1}", "a@b", "", "x" * 200, "x" * 201,
]  # fmt: skip


@pytest.mark.parametrize("glob", GLOBS)
@pytest.mark.parametrize(("name", "read"), [("ref_glob", ref_glob), ("path_glob", path_glob)])
def test_the_schema_takes_the_globs_that_the_loader_takes(glob: str, name: str, read: Callable[[str], str]) -> None:
    taken = jsonschema.Draft202012Validator({**SCHEMA["$defs"][name]}).is_valid(glob)
    try:
        read(glob)
    except ValueError:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize(
    "window",
    [
        *("1MiB/1h", "1 MiB / 1h", "500B/1m", "1000 uploads/1d", "1 upload/31d", "1TB/2w", "1000/1h", "1MiB", "1M/1h"),
        *("1MiB/h", "1MiB/1y", "ten uploads/1h", "1 files/1h", "1.5MiB/1h", "/1h", "1MiB/"),
    ],
)
def test_the_schema_takes_the_windows_that_the_loader_takes(window: str) -> None:
    taken = jsonschema.Draft202012Validator({**SCHEMA["$defs"]["window"]}).is_valid(window)
    try:
        window_of(window)
    except ValueError:
        assert not taken
    else:
        assert taken


def test_the_manual_names_every_group_and_operation() -> None:
    manual = (FOLDER / "README.md").read_text("utf-8")
    for word in [*GROUPS, *Operation, *(key for keys in KEYS.values() for key in keys)]:
        assert f"`{word}`" in manual or f"`{word}:" in manual, word


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "broken").glob("*.yaml")), ids=lambda path: path.stem)
def test_what_the_schema_can_see_it_refuses_too(path: Path) -> None:
    unseen = {  # these need the forges, the calendar, line numbers, or running the tests
        "addresses", "bidi", "dates", "duplicate-key", "duplicate-key-in-entry", "forges", "groups", "tests", "who",
        "sentences-with-refs", "tests-with-refs",
    }  # fmt: skip
    try:
        refused = not valid(path.read_text("utf-8"))
    except yaml.YAMLError:
        refused = True
    assert refused or path.stem in unseen


@pytest.mark.parametrize(
    "template",
    [
        *("https://a.example/{event}", "http://a:1?{event}", "https://[::1]/#{event}{address}{operation}"),
        *("https://a.example/", "https://a.example/{evnt}", "https://u:p@a.example/{event}", "ftp://a.example/{event}"),
        *(
            "https://{event}/",
            "https://a.example/{event}{",
            "https://a.example/{event} ",
            "https://a.example/%zz{event}",
        ),
        *("https://-a/{event}", "HTTPS://a/{event}", "https://a/{event}" + "x" * 300, "{event}"),
    ],
)
def test_the_schema_takes_the_templates_that_the_loader_takes(template: str) -> None:
    taken = jsonschema.Draft202012Validator(SCHEMA["properties"]["request_url"]).is_valid(template)
    assert taken is (wrong_with(template) == ("", ""))
    assert SCHEMA["properties"]["request_url"]["pattern"] == rf"^(?=.*\{{event\}}){PATTERN}$"
    assert SCHEMA["properties"]["request_url"]["maxLength"] == MAX_TEMPLATE


@pytest.mark.parametrize(
    "section",
    [
        *(
            "{until: '2026-11-25T13:00:00Z', by: ana, reason: x}",
            "{until: '2026-11-25t13:00:00.5+01:00', by: a, reason: x}",
        ),
        *("", "{until: 2026-11-25, by: ana, reason: x}", "{until: '2026-11-25T13:00:00Z', by: ana}", "true", "[]"),
        *("{until: '2026-11-25T13:00:00Z', by: '', reason: x}", "{until: '2026-11-25T13:00:00', by: a, reason: x}"),
        *("{until: '2026-11-25T13:00:00Z', by: ana, reason: x, who: me}", "{until: soon, by: a, reason: x}"),
    ],
)
def test_the_schema_takes_what_the_loader_takes_for_a_break_glass(section: str) -> None:
    text = f"version: 1\nbreak_glass: {section}\n"
    try:
        parse(text, "p.yaml", datetime(2026, 11, 25, 12, 0, tzinfo=UTC))
    except PolicyError:
        assert not valid(text)
    else:
        assert valid(text)
