from __future__ import annotations

from tests.identify.graphql.knowing import said, sent

COMMENT = 'a: addComment(input: {subjectId: "I_api"}) { x }'
COMMENT_TWO = 'b: addComment(input: {subjectId: "I_two"}) { x }'
CLOSE_TWO = 'c: closeIssue(input: {issueId: "I_two"}) { x }'
CREATE = 'd: createRepository(input: {ownerId: "O_acme", name: "new", visibility: PUBLIC}) { x }'
OWN = 'e: createRepository(input: {name: "new", visibility: PRIVATE}) { x }'
STAR = 'f: addStar(input: {starrableId: "R_any"}) { x }'
GRANT = 'g: updateTeamsRepository(input: {repositoryId: "R_two", permission: ADMIN}) { x }'


def told(*fields: str) -> tuple[object, ...]:
    return said(sent(f"mutation {{ {' '.join(fields)} }}"))


def test_the_same_in_one_place_is_one() -> None:
    assert told(COMMENT, COMMENT.replace("a:", "z:")) == ("comment", "github.com/acme/api")


def test_the_same_in_two_places() -> None:
    assert told(COMMENT, COMMENT_TWO) == (
        "comment",
        "github.com/acme/api",
        ("destination", "github.com/acme/two", None),
    )


def test_different_things_say_what_each_is() -> None:
    assert told(COMMENT, CLOSE_TWO) == ("comment", "github.com/acme/api", ("second", "github.com/acme/two", "issue"))
    api = CLOSE_TWO.replace("I_two", "I_api")
    assert told(COMMENT, api) == ("comment", "github.com/acme/api", ("second", "github.com/acme/api", "issue"))


def test_what_needs_naming_is_the_target() -> None:
    assert told(COMMENT, GRANT) == ("collaborator", "github.com/acme/two", ("second", "github.com/acme/api", "comment"))
    target = sent(f"mutation {{ {COMMENT} {CREATE} }}")
    assert said(target) == ("create-repo", "github.com/acme/new", ("second", "github.com/acme/api", "comment"))
    assert target.visibility is not None
    assert target.visibility.value == "public"


def test_what_nobody_owns_stays_uncertain() -> None:
    assert told(OWN) == ("create-repo", None)
    assert told(GRANT, OWN) == (
        "collaborator",
        "github.com/acme/two",
        ("second", None, "create-repo"),
    )


def test_what_concerns_only_the_asker_counts_alone() -> None:
    assert told(STAR) == ("star", "github.com")
    assert told(STAR, COMMENT) == ("comment", "github.com/acme/api")


def test_a_source_in_the_same_place_goes_without_saying() -> None:
    same = 'closeIssue(input: {issueId: "I_api", duplicateIssueId: "I_api"}) { x }'
    assert told(same) == ("issue", "github.com/acme/api")
    other = same.replace('duplicateIssueId: "I_api"', 'duplicateIssueId: "I_two"')
    assert told(other) == ("issue", "github.com/acme/api", ("source", "github.com/acme/two", None))


def test_what_a_second_deed_does_beside_is_told_with_its_operation() -> None:
    transfer = 'transferIssue(input: {issueId: "I_api", repositoryId: "R_two"}) { x }'
    assert told(COMMENT, transfer) == (
        "comment",
        "github.com/acme/api",
        ("second", "github.com/acme/api", "issue"),
        ("destination", "github.com/acme/two", "issue"),
    )


def test_evidence_names_a_few() -> None:
    names = ("closeIssue", "pinIssue", "unpinIssue", "reopenIssue")
    fields = " ".join(f'a{number}: {name}(input: {{issueId: "I_api"}}) {{ x }}' for number, name in enumerate(names))
    assert sent(f"mutation {{ {fields} }}").evidence == "GraphQL: closeIssue, pinIssue, unpinIssue and 1 more"
