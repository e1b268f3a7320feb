import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY, ask, told
from tests.identify.graphql.knowing import GITHUB, GITLAB, KNOWN, Knowing, lines, posted, said, sent

from forgewall.identify.engine import identify
from forgewall.identify.graphql.document import MAX_TOKENS, parse_documents, reads_only
from forgewall.identify.graphql.request import Asked
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.url import request_for
from forgewall.model import BodyState, Effect

JSON = ("content-type", "application/json")


def only_queries(documents: list[str]) -> bool:
    try:
        return reads_only(parse_documents(Asked(text=text, variables={}, operation=None) for text in documents))
    except Unclear:
        return False


ENDPOINTS = [
    ("https://api.github.com/graphql", "github.com"),
    ("https://github.com/_graphql", "github.com"),
    ("https://api.acme.ghe.com/graphql", "acme.ghe.com"),
    ("https://ghe.example/api/graphql", "ghe.example"),
    ("https://gitlab.com/api/graphql", "gitlab.com"),
    ("https://gl.example:8443/gitlab/api/graphql", "gl.example"),
]


@pytest.mark.parametrize("url, host", ENDPOINTS)
def test_queries_are_reads_and_mutations_are_not(url: str, host: str) -> None:
    for document, operation in [("{ viewer { login } }", "fetch"), ("mutation { a }", "unidentified")]:
        target = ask("POST", url, json.dumps({"query": document}).encode(), JSON)
        assert told(target) == (operation, None)
        assert target.host == host
        assert not target.wants_body


@pytest.mark.parametrize("url, host", ENDPOINTS)
def test_an_unread_document_asks_for_its_body(url: str, host: str) -> None:
    target = ask("POST", url, b"", JSON, state=BodyState.UNREAD)
    assert told(target) == ("unidentified", None)
    assert target.wants_body
    assert not ask("POST", url, b"", JSON, state=BodyState.TOO_LONG).wants_body


@pytest.mark.parametrize(
    "document",
    [
        "{a}",
        "query Q($n: Int!) @d { a(b: $n) { ...F } } fragment F on X { mutation }",
        'query { a(b: "mutation { c }") }',
        "# mutation\n{ a }",
        "query A { a } query B { b }",
    ],
)
def test_query_documents(document: str) -> None:
    assert only_queries([document])


@pytest.mark.parametrize(
    "document",
    [
        "",
        "mutation { a }",
        "subscription { a }",
        "query A { a } mutation B { b }",
        "fragment F on X { a }",
        "type Query { a: Int }",
        "{ a",
        "{" * 5_000,
        "{a" * 5_000 + "}" * 5_000,
        "{" + "a " * (MAX_TOKENS + 1) + "}",
        "0123456789abcdef0123456789abcdef",
        "\x00{a}",
    ],
)
def test_other_documents(document: str) -> None:
    assert not only_queries([document])


def test_the_token_limit_is_for_all_documents_together() -> None:
    half = "{" + "a " * (MAX_TOKENS * 2 // 3) + "}"
    assert only_queries([half])
    assert not only_queries([half, half])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"query":1}',
        b'{"query":"{a}","query":"mutation{b}"}',
        b'{"query":"{a}","Query":"mutation{b}"}',
        b'[{"query":"{a}"},{"query":"mutation{b}"}]',
        b'{"query":"{a}","extensions":{"persistedQuery":{"sha256Hash":"00"}}}',
        b'{"query":"{a}","documentId":"00"}',
        b"{a}",
    ],
)
def test_bodies_that_are_no_plain_query(body: bytes) -> None:
    assert ask("POST", "https://api.github.com/graphql", body, JSON).operation.value == "unidentified"


@pytest.mark.parametrize(
    "body",
    [
        b'{"query":"{a}","variables":{"id":1,"ID":2},"operationName":null}',
        b'[{"query":"{a}"},{"query":"query{b}"}]',
        b'{"query":"{a}","extensions":{}}',
    ],
)
def test_bodies_that_are_queries(body: bytes) -> None:
    assert ask("POST", "https://api.github.com/graphql", body, JSON).operation.value == "fetch"


def test_a_form_is_not_read() -> None:
    url = "https://gitlab.com/api/graphql"
    polyglot = b'{"query":"{a}","variables":{"x":"&query=mutation{b}&"}}'
    form = ("content-type", "application/x-www-form-urlencoded")
    assert ask("POST", url, polyglot, form).operation.value == "unidentified"
    assert ask("POST", url, polyglot, JSON).operation.value == "fetch"
    multipart = ("content-type", "multipart/form-data; boundary=x")
    assert ask("POST", url, b'{"query":"{a}"}', multipart).operation.value == "unidentified"


@pytest.mark.parametrize(
    "method, query, operation",
    [
        ("GET", "", "fetch"),
        ("GET", "?query=" + quote("{a}"), "fetch"),
        ("GET", "?query=" + quote("mutation{a}"), "unidentified"),
        ("GET", "?query=" + quote("{a}") + "&query=" + quote("mutation{a}"), "unidentified"),
        ("GET", "?Query=" + quote("{a}"), "unidentified"),
        ("GET", "?body=" + quote('{"query":"0123456789abcdef0123456789abcdef"}'), "fetch"),
        ("GET", "?body=" + quote('{"query":"mutation{a}"}'), "unidentified"),
        ("POST", "?query=" + quote("mutation{a}"), "unidentified"),
        ("POST", "?query[]=" + quote("mutation{a}"), "unidentified"),
        ("DELETE", "", "unidentified"),
    ],
)
def test_documents_in_the_url(method: str, query: str, operation: str) -> None:
    body = b"" if method == "GET" else b'{"query":"{a}"}'
    assert ask(method, f"https://github.com/_graphql{query}", body, JSON).operation.value == operation


@given(st.text(max_size=80))
def test_any_text_is_judged(document: str) -> None:
    only_queries([document])


COMMENT = "mutation($i: AddCommentInput!) { addComment(input: $i) { clientMutationId } }"


def test_a_mutation_is_what_it_does_where_its_ids_lead() -> None:
    target = sent(COMMENT, {"i": {"subjectId": "I_api", "body": "mutation"}})
    assert said(target) == ("comment", "github.com/acme/api")
    assert (target.owner, target.repository, target.evidence) == ("acme", "api", "GraphQL: addComment")


def test_an_id_that_nobody_told_is_refused_with_what_tells_it() -> None:
    """The words at the end make the refusal say that a look will do (`enforce.wording`)."""
    target = sent(COMMENT, {"i": {"subjectId": "I_stranger", "body": "b"}})
    assert target.evidence == (
        "GraphQL: addComment: the id I_stranger in subjectId doesn't tell whose it is; "
        "`gh issue view NUMBER -R OWNER/REPO --comments` tells it"
    )


@pytest.mark.parametrize(
    "document, variables, known",
    [
        (COMMENT, {"i": {"subjectId": "I_stranger", "body": "b"}}, "the id I_stranger in subjectId doesn't tell whose"),
        (COMMENT, {"i": {"body": "b"}}, "addComment: the input doesn't say whose repository"),
        (COMMENT, {}, "addComment: the input doesn't say whose repository"),
        (COMMENT, {"i": "I_api"}, "addComment: the input is no object"),
        (COMMENT, {"i": {"subjectId": {"id": "I_api"}}}, "addComment: subjectId.id may name another repository"),
        (COMMENT, {"i": {"subjectId": True}}, "addComment: subjectId is no text"),
        (COMMENT, {"i": {"subjectId": ""}}, "addComment: subjectId is no text"),
        (COMMENT, {"i": {"subjectId": "I_api", "repositoryId": "R_two"}}, "addComment: repositoryId may name another"),
        (COMMENT, {"i": {"subject_id": "I_api"}}, "addComment: the input doesn't say whose repository"),
        ("mutation { addComment(input: {subjectId: $x}) { a } }", {"x": "I_api"}, "a variable that it doesn't declare"),
        ("mutation { addComment(subjectId: \"I_api\") { a } }", None, "addComment has other arguments than `input`"),
        ("mutation { addComment(input: {}, subjectId: 1) { a } }", None, "addComment has other arguments than `input`"),
        ("mutation { inventedLately(input: {}) { a } }", None, "the mutation inventedLately is not understood"),
        ("mutation { AddComment(input: {}) { a } }", None, "the mutation AddComment is not understood"),
        ("mutation { changeUserStatus(input: {message: 1}) { a } }", None, "changeUserStatus concerns no repository"),
        ("mutation { __typename }", None, "carries out nothing"),
        ("subscription { a }", None, "a subscription is not understood"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_told(document: str, variables: object, known: str) -> None:
    target = sent(document, variables)
    assert said(target) == ("unidentified", None)
    assert known in target.evidence


@pytest.mark.parametrize(
    "field, shown",
    [
        ("closeIssue(input: {issueId: $id})", "gh issue view NUMBER -R OWNER/REPO"),
        ("mergePullRequest(input: {pullRequestId: $id})", "gh pr view NUMBER -R OWNER/REPO"),
        ("createRef(input: {repositoryId: $id})", "gh repo view OWNER/REPO"),
        ("deleteProjectV2(input: {projectId: $id})", "gh project view NUMBER --owner OWNER"),
        ("deleteLabel(input: {id: $id})", "a query that shows this id below its repository"),
    ],
)
def test_an_unknown_id_tells_what_teaches_it(field: str, shown: str) -> None:
    target = sent("mutation($id: ID!) { " + field + " { a } }", {"id": "X_1"})
    assert shown in target.evidence


def test_a_gid_tells_what_teaches_it() -> None:
    document = "mutation($id: ID!) { runnerCacheClear(input: {projectId: $id}) { errors } }"
    target = sent(document, {"id": "gid://gitlab/Project/99"}, url=GITLAB)
    assert "GET https://gitlab.com/api/v4/projects/group%2Fproject" in target.evidence


@pytest.mark.parametrize("text", ["ghp_secret\n", "a b", "\x1b[2J", "x" * 61, "é"])
def test_an_id_that_could_be_anything_is_not_repeated(text: str) -> None:
    assert text not in sent(COMMENT, {"i": {"subjectId": text}}).evidence


def test_a_mutation_by_get_is_the_same_write() -> None:
    query = "?query=" + quote(COMMENT) + "&variables=" + quote('{"i":{"subjectId":"I_api"}}')
    request = request_for("GET", GITHUB + query)
    target = identify(request, REGISTRY, None, KNOWN)
    assert target is not None
    assert said(target) == ("comment", "github.com/acme/api")


@pytest.mark.parametrize("body", [{"query": "0123456789abcdef0123456789abcdef", "variables": {"id": "I_api"}}])
@pytest.mark.parametrize("url", ["https://github.com/_graphql", GITHUB])
def test_a_stored_document_is_not_known(body: dict[str, object], url: str) -> None:
    target = posted(json.dumps(body).encode(), url=url)
    assert said(target) == ("unidentified", None)
    assert "stored" in target.evidence


def test_an_enterprise_server_has_ids_of_its_own() -> None:
    url = "https://ghe.example/api/graphql"
    assert said(sent(COMMENT, {"i": {"subjectId": "I_api"}}, url=url)) == ("unidentified", None)
    known = Knowing({"I_api": "ghe.example/acme/api"})
    assert said(sent(COMMENT, {"i": {"subjectId": "I_api"}}, url=url, known=known)) == (
        "comment",
        "ghe.example/acme/api",
    )


def test_other_forges_have_no_table() -> None:
    target = sent("mutation { a }", url="https://bitbucket.org/gateway/api/graphql")
    assert said(target) == ("unidentified", None)
    assert "of this forge" in target.evidence


@pytest.mark.parametrize("row", lines("graphql-refused"), ids=lambda row: row["idea"])
def test_one_doubt_is_enough(row: dict[str, object]) -> None:
    target = posted(json.dumps(row["body"]).encode())
    assert not target.identified
    assert target.effect is Effect.WRITE


def test_two_keys_of_one_name_are_not_read() -> None:
    body = b'{"query":"mutation($s:ID){addComment(input:{subjectId:$s}){x}}","variables":{"s":"I_api","s":"I_no"}}'
    assert said(posted(body)) == ("unidentified", None)


def test_a_batch_is_all_of_it() -> None:
    one = {"query": COMMENT, "variables": {"i": {"subjectId": "I_api"}}}
    other = {"query": COMMENT, "variables": {"i": {"subjectId": "I_two"}}}
    target = posted(json.dumps([one, {"query": "{ viewer { login } }"}, other]).encode())
    assert said(target) == ("comment", "github.com/acme/api", ("destination", "github.com/acme/two", None))
    bad = {"query": COMMENT, "variables": {"i": {"subjectId": "I_no"}}}
    assert said(posted(json.dumps([one, bad]).encode())) == ("unidentified", None)


def test_the_operation_that_is_asked_for_counts() -> None:
    document = "query A { a } mutation B($s: ID!) { addComment(input: {subjectId: $s}) { x } } mutation C { frob }"
    assert sent(document, operationName="A").operation.value == "fetch"
    assert said(sent(document, {"s": "I_api"}, operationName="B")) == ("comment", "github.com/acme/api")
    assert sent(document, operationName="C").operation.value == "unidentified"
    assert sent(document).operation.value == "unidentified"


@pytest.mark.parametrize("url, host", ENDPOINTS)
def test_the_url_may_ask_for_another_operation_than_the_body(url: str, host: str) -> None:
    # To Rails a parameter of the URL wins over the body's.
    body = json.dumps({"query": "query A { a } mutation B { frob }", "operationName": "A"}).encode()
    for label in ("operationName=B", "operationName=", "operationName=A&operationName=B", "%6fperationName=B"):
        assert told(ask("POST", f"{url}?{label}", body, JSON)) == ("unidentified", None)
    assert ask("POST", f"{url}?operationName=A", body, JSON).operation.value == "fetch"
    alone = json.dumps({"query": "query A { a }", "operationName": "A"}).encode()
    assert ask("POST", f"{url}?operationName=B", alone, JSON).operation.value == "fetch"


VALUES = st.recursive(
    st.none() | st.text(max_size=8) | st.integers() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["subjectId", "body", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.text(max_size=60), VALUES)
def test_any_document_and_variables_are_judged(text: str, variables: object) -> None:
    written = f'mutation {{ addComment(input: {{ subjectId: "{text}" }}) {{ x }} }}'
    for document in (text, COMMENT, f"mutation {{ {text} }}", written):
        target = sent(document, {"i": variables})
        assert target.effect is target.operation.effect
        assert not target.identified or target.effect is not Effect.WRITE or target.address == "github.com/acme/api"


def nested(opening: str, closing: str) -> str:
    return "mutation { addComment(input: " + opening * 200 + "1" + closing * 200 + ") {x} }"


BOMB = " ".join(f"fragment F{n} on M {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
HOSTILE = [
    "mutation { " + " ".join(f"a{number}: addStar(input: {{}}) {{x}}" for number in range(600)) + " }",
    f"mutation {{ ...F0 }} {BOMB} fragment F60 on M {{ addStar }}",
    nested("[", "]"),
    nested("{a:", "}"),
    "mutation { addComment(input: {subjectId: " + "9" * 5000 + "}) {x} }",
]


@pytest.mark.parametrize("document", HOSTILE, ids=range(len(HOSTILE)))
def test_what_takes_long_is_given_up(document: str) -> None:
    assert said(sent(document)) == ("unidentified", None)


def test_one_large_variable_in_many_places_is_given_up() -> None:
    fields = " ".join(f"a{number}: addComment(input: $i) {{x}}" for number in range(400))
    document = f"mutation($i: X!) {{ {fields} }}"
    target = sent(document, {"i": {"subjectId": "I_api", "body": "x" * 1000, "labels": list(range(1000))}})
    assert said(target) == ("unidentified", None)
    assert "too many" in target.evidence
