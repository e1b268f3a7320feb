"""What bodies and numbers add to requests of the API: nothing where two servers could read them differently."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identify.asking import ask, told
from tests.identify.knowing import ask_knowing, at

from forgewall.identify.address import covers
from forgewall.identify.directory import IdKind
from forgewall.model import BodyState, Operation, Target, Visibility

API = "https://codeberg.org/api/v1"
JSON = ("content-type", "application/json")
SAID = at(
    "codeberg.org",
    {
        (IdKind.TEAM, "5"): "acme",
        (IdKind.USER, "7"): "acme",
        (IdKind.REPOSITORY, "9"): "acme/api",
    },
)


def post(path: str, body: object, *, kind: str = "application/json", method: str = "POST") -> Target:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(method, API + path, octets, ("content-type", kind))


@pytest.mark.parametrize(
    "body",
    [
        b'{"organization":"acme","organization":"mallory"}',
        b'{"organization":"acme","Organization":"mallory"}',
        b'{"organization":"acme","organi\\u017fation":"x"}'.replace(b"\\u017f", "\u017f".encode()),
        b'{"organization":"acme"}{"organization":"mallory"}',
        b'\xef\xbb\xbf{"organization":"acme"}',
        b'["acme"]',
        b'{"organization":["acme"]}',
        b'{"organization":"acme/x"}',
        b'{"organization":"acme "}',
        b'{"organization":null}',
        b"organization=acme",
    ],
)
def test_a_fork_whose_owner_is_not_certain_goes_to_nobody(body: bytes) -> None:
    target = post("/repos/acme/api/forks", body)
    assert (target.operation, target.address) == (Operation.FORK, None)


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/json; x=form-urlencoded",
        "application/json, application/x-www-form-urlencoded",
        "application/vnd.github+json",
        "",
    ],
)
def test_json_counts_only_where_the_server_reads_json(kind: str) -> None:
    assert post("/repos/acme/api/forks", {"organization": "acme"}, kind=kind).address is None


def test_a_parameter_in_the_query_may_count_too() -> None:
    target = post("/repos/acme/api/forks?organization=mallory", {"organization": "acme"})
    assert target.address is None
    assert told(post("/repos/acme/api/transfer?new_owner=mallory", {"new_owner": "acme"}))[0] == "unidentified"


def test_a_query_without_a_body_names_nobody() -> None:
    assert ask("POST", f"{API}/repos/acme/api/forks?organization=acme").address is None


@pytest.mark.parametrize(
    ("base", "head", "source"),
    [
        ("main", "feature", ()),
        ("main", "acme:feature", ()),
        ("main", "ACME:feature", ()),
        ("main", "acme/api:feature", ()),
        ("main", "acme/web:feature", ("codeberg.org/acme/web",)),
        ("main", "mallory:feature", ("codeberg.org/mallory",)),
        ("main", "mallory/loot:feature", ("codeberg.org/mallory/loot",)),
    ],
)
def test_where_a_pull_request_comes_from(base: str, head: str, source: tuple[str, ...]) -> None:
    target = post("/repos/acme/api/pulls", {"base": base, "head": head})
    assert told(target) == ("pull-request", "codeberg.org/acme/api")
    assert tuple(one.address for one in target.also) == source


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ("main...mallory:x", "feature"),
        ("main..mallory:x", "feature"),
        ("main..x", "feature"),
        ("main.", "feature"),
        ("main", ".mallory:x"),
        ("main", "..mallory:x"),
        ("main", "a:b:c"),
        ("main", "mallory/loot/x:y"),
        ("mallory:main", "feature"),
        ("main", "mal%6cory:x"),
        ("main", "mallory/loot.git:x"),
    ],
)
def test_a_pull_request_that_can_be_read_in_two_ways(base: str, head: str) -> None:
    target = post("/repos/acme/api/pulls", {"base": base, "head": head})
    assert told(target) == ("unidentified", "codeberg.org/acme/api")


def test_who_may_see_a_new_repository() -> None:
    def wanted(body: object) -> Visibility | None:
        return post("/orgs/acme/repos", body).visibility

    assert wanted({"name": "x", "private": True}) is Visibility.PRIVATE
    assert wanted({"name": "x", "private": False}) is Visibility.PUBLIC
    assert wanted({"name": "x"}) is None
    changed = post("/repos/acme/api", {"private": False}, method="PATCH")
    assert (changed.operation, changed.visibility) == (Operation.VISIBILITY, Visibility.PUBLIC)


@pytest.mark.parametrize(
    ("body", "operation"),
    [
        ({"globally_editable_wiki": True}, Operation.VISIBILITY),
        ({"mirror_token": "x"}, Operation.MIRROR),
        ({"mirror_interval": "8h"}, Operation.MIRROR),
        ({"has_wiki": True, "template": True}, Operation.OTHER_WRITE),
        ({"Globally_Editable_Wiki": True}, Operation.UNIDENTIFIED),
    ],
)
def test_settings_do_what_their_fields_say(body: object, operation: Operation) -> None:
    assert post("/repos/acme/api", body, method="PATCH").operation is operation


def test_settings_that_cannot_be_read_are_not_understood() -> None:
    for body in (b"private=false", b'{"private":false,"Private":true}', b'{"name":"a/b"}'):
        assert post("/repos/acme/api", body, method="PATCH").operation is Operation.UNIDENTIFIED


def test_numbers_name_whom_the_forge_has_said() -> None:
    members = ask_knowing(SAID, "PUT", f"{API}/teams/5/members/bob")
    assert told(members) == ("collaborator", "codeberg.org/acme")
    assert told(ask_knowing(SAID, "PUT", f"{API}/teams/5/repos/acme/api")) == ("collaborator", "codeberg.org/acme/api")
    inbox = ask_knowing(SAID, "POST", f"{API}/activitypub/repository-id/9/inbox")
    assert told(inbox) == ("other-write", "codeberg.org/acme/api")
    assert told(ask_knowing(SAID, "GET", f"{API}/repositories/9")) == ("fetch", "codeberg.org/acme/api")


def test_a_team_does_not_follow_the_organisation_in_the_path() -> None:
    for team in ("5", "6", "05", "5%20", "0x5"):
        target = ask_knowing(SAID, "PUT", f"{API}/teams/{team}/repos/mallory/api")
        assert (target.operation, target.address) == (Operation.UNIDENTIFIED, None)


def test_an_unknown_number_is_answered_with_the_get_that_tells_it() -> None:
    assert ask("PATCH", f"{API}/teams/6").evidence == (
        "nobody has said yet whose team 6 is; GET https://codeberg.org/api/v1/orgs/NAME/teams tells it"
    )
    import_ = post("/repos/migrate", {"uid": 8, "repo_name": "x", "clone_addr": "https://example.org/x"})
    assert (import_.operation, "account 8" in import_.evidence) == (Operation.UNIDENTIFIED, True)


def test_an_import_by_number() -> None:
    body = json.dumps({"uid": 7, "repo_name": "x", "clone_addr": "https://example.org/x", "private": True}).encode()
    target = ask_knowing(SAID, "POST", f"{API}/repos/migrate", body, JSON)
    assert (told(target), target.visibility) == (("import", "codeberg.org/acme/x"), Visibility.PRIVATE)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://codeberg.org/mallory/loot", "codeberg.org/mallory/loot"),
        ("https://u:p@codeberg.org:443/mallory/loot.git", "codeberg.org/mallory/loot"),
        ("https://CODEBERG.org./mallory/loot/", "codeberg.org/mallory/loot"),
        ("https://example.org/mallory/loot", None),
    ],
)
def test_what_an_import_copies(address: str, source: str | None) -> None:
    target = post("/repos/migrate", {"repo_owner": "acme", "repo_name": "x", "clone_addr": address})
    assert [one.address for one in target.also] == ([] if source is None else [source])


@pytest.mark.parametrize(
    "address",
    ["https://codeberg.org/mallory", "https://codeberg.org/a/b/c", "https://codeberg.org/a/%6coot", "/srv/loot",
     "git@codeberg.org:mallory/loot", "//codeberg.org/mallory/loot", "https://[codeberg.org/a/b", "x" * 3000],
)  # fmt: skip
def test_an_import_from_an_unclear_place(address: str) -> None:
    target = post("/repos/migrate", {"repo_owner": "acme", "repo_name": "x", "clone_addr": address})
    assert target.operation is Operation.UNIDENTIFIED


def test_an_instance_below_a_prefix_and_with_sudo() -> None:
    target = ask("POST", "https://tea.example/api/v1/repos/acme/api/issues?sudo=mallory", b"{}", JSON, ("sudo", "x"))
    assert told(target) == ("issue", "tea.example/acme/api")


def test_an_unlisted_route_is_told_in_plain_words() -> None:
    target = ask("PUT", f"{API}/repos/acme/api/nothing")
    assert told(target) == ("unidentified", "codeberg.org/acme/api")
    assert target.evidence == "this kind of PUT request is not understood"


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["forks", "transfer", "pulls", "generate", "issues/1/dependencies"]),
    st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["organization", "name", "new_owner", "owner", "repo", "head", "base"]),
        st.sampled_from(["mallory", "mallory/loot:x", "acme", "main", None, 1, ["acme"]]),
    ).map(lambda found: json.dumps(found).encode()),
    st.sampled_from(list(BodyState)),
)
def test_whatever_the_body_says_a_strangers_name_never_hides(route: str, body: bytes, state: BodyState) -> None:
    target = ask("POST", f"{API}/repos/acme/api/{route}", body, JSON, state=state)
    assert target.wants_body == (state is BodyState.UNREAD)
    named = [target.key or "", *((one.address or "").lower() for one in target.also)]
    if target.identified and b"mallory" in body and not any("mallory" in name for name in named):
        # The stranger's name stands where the server doesn't look for an owner.
        fields = json.loads(body)
        looked_at = {
            "forks": ["organization"],
            "transfer": ["new_owner"],
            "generate": ["owner"],
            "issues/1/dependencies": ["owner"],
            "pulls": ["head"],
        }
        owners = [str(fields.get(name)) for name in looked_at[route]]
        assert not any("mallory" in owner and (route != "pulls" or ":" in owner) for owner in owners)
    assert covers("codeberg.org", target.key or "codeberg.org")
