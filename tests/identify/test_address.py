import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.address import address_key, covers, parse_address
from forgewall.identify.registry import Instance, Registry
from forgewall.model import Kind

REGISTRY = Registry.build(
    [
        Instance(kind=Kind.GITLAB, host="git.acme.example"),
        Instance(kind=Kind.BITBUCKET, host="bb.acme.example"),
        Instance(kind=Kind.GITHUB, host="ghe.acme.example"),
    ]
)


@pytest.mark.parametrize(
    "text, key",
    [
        ("github.com/Acme-Corp", "github.com/acme-corp"),
        ("GitHub.com/acme/Api", "github.com/acme/api"),
        ("gist.github.com/acme", "gist.github.com/acme"),
        ("gist.ghe.acme.example/ana", "gist.ghe.acme.example/ana"),
        ("gitlab.com/acme/platform/api", "gitlab.com/acme/platform/api"),
        ("gitlab.com/-/snippets", "gitlab.com/-/snippets"),
        ("git.acme.example", "git.acme.example"),
        ("bb.acme.example/~ana/r", "bb.acme.example/~ana/r"),
        ("bitbucket.org/snippets/acme", "bitbucket.org/snippets/acme"),
        ("dev.azure.com/acme/My%20Project/Web", "dev.azure.com/acme/my project/web"),
        ("huggingface.co/datasets/acme/set", "huggingface.co/datasets/acme/set"),
        (
            "git-codecommit.us-east-1.amazonaws.com/v1/repos/Web",
            "git-codecommit.us-east-1.amazonaws.com/v1/repos/Web",
        ),
        ("git.sr.ht/~ana/x", "git.sr.ht/~ana/x"),
    ],
)
def test_addresses(text: str, key: str) -> None:
    assert parse_address(text, REGISTRY).key == key


@pytest.mark.parametrize(
    "text, part",
    [
        ("", "an address is missing"),
        ("https://ana@github.com/acme/api.git", "is a URL; write `github.com/acme/api`"),
        ("git@github.com:acme/api.git", "is an SSH address; write `github.com/acme/api`"),
        ("github.com/acme/*", "wildcards are not supported"),
        ("github.com/acme?x", "no query"),
        ("github.com:443/acme", "no port"),
        ("ana@github.com/acme", "no user"),
        ("github.com\\acme", "separated by `/`"),
        ("github.com/acme/", "ends with a slash; write `github.com/acme`"),
        ("github.com//acme", "two slashes"),
        ("github.com/acme/api.git", "ends with `.git`; write `api`"),
        ("github.com/acme/..", "`..` can't be the name"),
        ("github.com/ac me", "`ac me` can't be the name"),
        ("github.com/аcme", "U+0430"),
        ("githib.com/acme", "`githib.com` is not a known forge (did you mean `github.com`?); a self-hosted one"),
        ("git.acme.exmaple/a", "did you mean `git.acme.example`?"),
        ("intranet.example/a", "`intranet.example` is not a known forge; a self-hosted one"),
        ("api.github.com/acme", "written with `github.com`, not `api.github.com`"),
        ("acme.visualstudio.com/p", "written with `dev.azure.com`"),
        ("github.com/acme/api/tree/main", "write `github.com/acme/api`"),
        ("github.com/orgs/acme", "write `github.com/acme`"),
        ("gist.github.com/acme/0123", "write `gist.github.com/acme`"),
        ("gitlab.com/acme/api/-/issues", "write the address of the project, `gitlab.com/acme/api`"),
        ("gitlab.com/-", "`-` is no name"),
        ("gitlab.com/groups/acme", "write `gitlab.com/acme`"),
        ("bb.acme.example/projects/PROJ", "write `bb.acme.example/PROJ`"),
        ("dev.azure.com/acme/p/_git/r", "without `_git`: `dev.azure.com/acme/p/r`"),
        ("git-codecommit.us-east-1.amazonaws.com/web", "/v1/repos/NAME"),
    ],
)
def test_refusals_say_what_to_write(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)) as caught:
        parse_address(text, REGISTRY)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "approval, target, covered",
    [
        ("github.com/acme", "github.com/acme", True),
        ("github.com/acme", "github.com/acme/api", True),
        ("github.com/acme", "github.com/acme-evil", False),
        ("github.com/acme", "github.com/acme.evil/api", False),
        ("github.com/acme/api", "github.com/acme", False),
        ("github.com/acme/api", "github.com/acme/api2", False),
    ],
)
def test_covering_is_by_whole_segments(approval: str, target: str, covered: bool) -> None:
    assert covers(approval, target) is covered


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda tail: f"github.com/{tail}"))
def test_any_text_is_an_address_or_a_sentence(text: str) -> None:
    try:
        address = parse_address(text, REGISTRY)
    except ValueError:
        return
    assert parse_address("/".join((address.host, *address.segments)).replace(" ", "%20"), REGISTRY) == address


ALL_KINDS = Registry.build([Instance(kind=kind, host=f"{kind.value}.acme.example", path="/x") for kind in Kind])
HOSTS = [
    *(f"{kind.value}.acme.example" for kind in Kind),
    *("github.com", "GitHub.com", "github.com.", "gist.github.com", "api.github.com", "acme.visualstudio.com"),
    *("gitlab.com", "bitbucket.org", "dev.azure.com", "huggingface.co", "codeberg.org", "git.sr.ht"),
    *("git-codecommit.us-east-1.amazonaws.com", "gist.github.acme.example", "evil.example", "", "git@github.com"),
]
WORDS = [
    *("acme", "Acme-1", "~ana", "a.b", "a_b", "git", "a.git.b", "x.git", "X.GIT", ".git", ".github", "..", "-", "-a"),
    *("_git", "v1", "repos", "snippets", "users", "Orgs", "groups", "projects", "scm", "models", "datasets", "spaces"),
    *("", "*", "a b", "a%20b", "a:b", "a?b", "a#b", "a@b", "a\\b", "a+b", "a\n", "\u0130", "\u212a"),
]
addresses = st.tuples(st.sampled_from(HOSTS), st.lists(st.sampled_from(WORDS), max_size=4)).map(
    lambda parts: "/".join((parts[0], *parts[1]))
)


def long_way(text: str) -> str:
    return parse_address(text, ALL_KINDS).key


def short_way(text: str) -> str:
    return address_key(text, ALL_KINDS)


def outcome(way: Callable[[str], str], text: str) -> str:
    try:
        return way(text)
    except ValueError as error:
        return f"refused: {error}"


@given(addresses | st.text(max_size=30).map(lambda tail: f"github.com/{tail}") | st.text(max_size=60))
def test_the_short_way_to_a_key_comes_to_the_same(text: str) -> None:
    assert outcome(short_way, text) == outcome(long_way, text)


def test_the_short_way_to_a_key_comes_to_the_same_for_each_host_and_name() -> None:
    tails = [tail for word in WORDS for tail in (word, f"{word}/Api", f"Acme/{word}", f"acme/api/{word}")]
    for text in (f"{host}/{tail}" for host in HOSTS for tail in tails):
        assert outcome(short_way, text) == outcome(long_way, text), text
