"""The published mutations of GitHub's and GitLab's GraphQL APIs, each with an input in which every place is another's.

What each field of an input may name is read from the schema; how a field names it, only the table can say, which is
tested for fields that it leaves out in `tests/identify/graphql`. The fields of `Query` are no operations: a document
that holds nothing but queries is a read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from tests.identify.graphql.knowing import GITHUB, GITLAB, Knowing, sent
from tests.identify.published.case import Description, Operation, lines

from forgewall.identify.graphql.mutations import Mutation, table
from forgewall.model import Effect, Target

URLS = {"github": GITHUB, "gitlab": GITLAB}
HOSTS = {"github": "github.com", "gitlab": "gitlab.com"}

type Fields = dict[str, str]


def published(forge: str) -> Iterator[tuple[str, Fields]]:
    """The name of each mutation, and the type of each field of its input that is required or may name something."""
    for name, *fields in lines(f"mutations-{forge}"):
        yield name, dict(field.split(":") for field in fields)


class World:
    """Answers with a repository of its own for each field, and writes values that name it."""

    def __init__(self, forge: str, fields: Fields) -> None:
        self.host = HOSTS[forge]
        self.fields = fields
        self.known: dict[str, str] = {}
        self.named: dict[str, str] = {}

    def value(self, row: Mutation, field: str, kind: str, number: int) -> object:
        """What to write for a field, so that it names a repository of its own if it names any."""
        naming = next((one.naming.value for one in row.locators if ".".join(one.place) == field), "")
        flat = re.sub(r"\W", "-", field)
        owner, both = f"{self.host}/o-{flat}", f"{self.host}/o-{flat}/r-{flat}"
        if row.new and row.new[0] == (field,):
            self.known[f"N{number}"] = owner
            self.named[field] = f"{owner}/new"
            return f"N{number}"
        if row.new and row.new[1] == (field,):
            return "new"
        match naming:
            case "node" if self.host == "gitlab.com":
                gid = f"gid://gitlab/Thing/{number}"
                self.known[gid] = self.named[field] = both
                return gid
            case "node":
                self.known[f"N{number}"] = self.named[field] = both
                return f"N{number}"
            case "number":
                self.known[f"repository:{number}"] = self.named[field] = both
                return number
            case "name" | "path":
                self.named[field] = both
                return both.removeprefix(f"{self.host}/")
            case "group" | "space" | "login":
                self.named[field] = owner
                return owner.removeprefix(f"{self.host}/")
            case "url":
                self.named[field] = both
                return f"https://{both}/issues/1"
        return _plain(kind)

    def input(self, row: Mutation) -> dict[str, object]:
        """The whole input of a mutation."""
        found: dict[str, object] = {}
        for number, (field, kind) in enumerate(self.fields.items(), 1):
            *above, last = field.split(".")
            inner = found
            for name in above:
                step = inner.setdefault(name, {})
                assert isinstance(step, dict)
                inner = step
            value = self.value(row, field, kind, number)
            inner[last] = [value] if kind.startswith("[") else value
        return found


def _plain(kind: str) -> object:
    match kind.strip("[]!"):
        case "Int" | "Float":
            return 1
        case "Boolean":
            return False
        case _:
            return "x"


def asked(forge: str, name: str, fields: Fields, knowing: bool = True) -> tuple[World, Target]:
    """The target of one mutation, and the world that its input names; `knowing`: where all its ids are known."""
    world = World(forge, fields)
    document = f"mutation($input: X!) {{ {name}(input: $input) {{ clientMutationId }} }}"
    variables = {"input": world.input(table(forge).rows[name])}
    return world, sent(document, variables, url=URLS[forge], known=Knowing(world.known if knowing else {}))


def _operations(forge: str) -> Iterator[Operation]:
    for name, fields in published(forge):
        yield Operation("mutation", name, tuple(f"{field}:{kind}" for field, kind in fields.items()))


def _asked(forge: str, operation: Operation, knowing: bool = True) -> tuple[World, Target]:
    return asked(forge, operation.template, dict(field.split(":") for field in operation.more), knowing)


def _ask(forge: str, operation: Operation) -> Target:
    return _asked(forge, operation)[1]


def _ask_strangers(forge: str, operation: Operation) -> Target | None:
    world, target = _asked(forge, operation, knowing=False)
    return target if world.known and len(world.known) == len(world.named) else None


def _places(forge: str, operation: Operation) -> tuple[str, ...]:
    """All places of the input. Which of them stands first, the request doesn't say."""
    world, target = _asked(forge, operation)
    if table(forge).rows[operation.template].operation.effect is not Effect.WRITE:
        return ()
    return tuple(sorted(set(world.named.values()), key=lambda place: place != target.address))


def _description(forge: str, name: str, source: str, **reasons: dict[str, str]) -> Description:
    return Description(
        name=name,
        source=source,
        operations=partial(_operations, forge),
        places=partial(_places, forge),
        ask=partial(_ask, forge),
        ask_strangers=partial(_ask_strangers, forge),
        asking=reasons.get("asking", {}),
        on_purpose=reasons["on_purpose"],
    )


GITHUB_GRAPHQL = _description(
    "github",
    "GitHub GraphQL",
    "the public schema (@octokit/graphql-schema 15.26.1)",
    on_purpose={
        "sponsorships": " \\w*(Sponsor|Patreon)",
        "the asker's own status and lists": " \\w+User(Status|List) ",
    },
)
GITLAB_GRAPHQL = _description(
    "gitlab",
    "GitLab GraphQL",
    "the schemas of 16.4 and 14.9, and parts of the reference of 18.6",
    asking={
        "sends a file to the asker alone": " (exportRequirements|workItemExport) ",
        "a forecast from what is there": " buildForecast ",
        "a list of people to choose from": " jiraImportUsers ",
    },
    on_purpose={
        "what is said to Duo goes to a model, and to no repository": " (aiAction|ciAiGenerateConfig) ",
        "a text that the asker keeps, or gets back": " (echoCreate|savedReply\\w+)( |$)",
        "a policy goes to a project that the request doesn't name": " scanExecutionPolicyCommit ",
        "the uuid of a finding tells nothing": " securityFinding(CreateMergeRequest|Dismiss|RevertToDetected) ",
        "a text names a merge request of any project": " workItemAddClosingMergeRequest ",
    },
)
