"""The published operations of AWS CodeCommit, which a header names; the repository stands in the body."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.identify.asking import ask as asked
from tests.identify.published.case import Description, Operation, lines

from forgewall.model import Target

API = "https://codecommit.us-east-1.amazonaws.com/"
HOST = "git-codecommit.us-east-1.amazonaws.com"
ARN = "arn:aws:codecommit:us-east-1:123456789012:Api"
VALUES = {
    "repositoryName": "Api",
    "repositoryNames": ["Api", "Web"],
    "targets": [{"repositoryName": "Api"}],
    "resourceArn": ARN,
    "oldName": "Api",
    "newName": "Web",
    "pullRequestId": "3",
    "commentId": "3",
    "inReplyTo": "3",
}


def operations() -> Iterator[Operation]:
    for name, members in lines("documented-codecommit"):
        yield Operation("POST", name, tuple(one for one in members.split(",") if one != "-"))


def ask(operation: Operation) -> Target:
    body = json.dumps({name: VALUES[name] for name in operation.more}).encode()
    target = f"CodeCommit_20150413.{operation.template}"
    return asked("POST", API, body, ("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target))


def places(operation: Operation) -> tuple[str, ...]:
    members = set(operation.more)
    if operation.template.endswith("ApprovalRuleTemplateName"):  # oldName and newName are a template's
        return ()
    api, web = f"{HOST}/v1/repos/Api", f"{HOST}/v1/repos/Web"
    if members & {"repositoryNames", "newName"}:
        return api, web
    return (api,) if members & {"repositoryName", "targets", "resourceArn", "oldName"} else ()


DESCRIPTION = Description(
    name="AWS CodeCommit",
    source="the service model 2015-04-13 (botocore 1.44.8)",
    operations=operations,
    places=places,
    ask=ask,
    asking={
        "reads, by the name that the service model gives it": " (BatchDescribe|BatchGet|Describe|Evaluate|Get|List)"
    },
    on_purpose={
        "a pull request or a comment by its number, which doesn't tell its repository": r" \w*(PullRequest|Comment)",
    },
)
