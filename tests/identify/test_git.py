import pytest
from tests.identify.asking import ask, told

PUSH = "info/refs?service=git-receive-pack"
FETCH = "info/refs?service=git-upload-pack"

# The URL of a repository as people clone it, and the address, owner and repository it stands for.
REPOSITORIES = [
    ("https://github.com/acme/api.git", "github.com/acme/api", "acme", "api"),
    ("https://github.com/Acme/Api", "github.com/Acme/Api", "Acme", "Api"),
    ("https://www.github.com/acme/api", "github.com/acme/api", "acme", "api"),
    ("https://github.com/acme/api.wiki.git", "github.com/acme/api", "acme", "api"),
    ("https://github.com/acme/api.wiki", "github.com/acme/api", "acme", "api"),
    ("https://github.com/acme/.github", "github.com/acme/.github", "acme", ".github"),
    ("https://github.com/%61cme/api", "github.com/acme/api", "acme", "api"),
    ("http://token@github.com/acme/api", "github.com/acme/api", "acme", "api"),
    ("https://acme.ghe.com/team/api.git", "acme.ghe.com/team/api", "team", "api"),
    ("https://ghe.example/team/api.git", "ghe.example/team/api", "team", "api"),
    ("https://gist.github.com/ana/0123456789abcdef0123.git", None, None, None),  # unless GitHub has said whose it is
    ("https://gist.github.com/0123456789abcdef0123.git", None, None, None),
    ("https://ghe.example/gist/ana/0123456789abcdef0123.git", None, None, None),
    ("https://gitlab.com/acme/api.git", "gitlab.com/acme/api", "acme", "api"),
    ("https://gitlab.com/acme/web/shop/api.git", "gitlab.com/acme/web/shop/api", "acme/web/shop", "api"),
    ("https://gitlab.com/acme/web/api.wiki.git", "gitlab.com/acme/web/api", "acme/web", "api"),
    ("https://gitlab.com/acme/web/api.design.git", "gitlab.com/acme/web/api", "acme/web", "api"),
    ("https://gitlab.com/acme.wiki.git", "gitlab.com/acme", "acme", None),
    ("https://gitlab.com/acme/api/snippets/7.git", "gitlab.com/acme/api", "acme", "api"),
    ("https://gitlab.com/snippets/7.git", "gitlab.com/-/snippets", None, None),
    ("https://gl.example:8443/gitlab/a/b/c.git", "gl.example/a/b/c", "a/b", "c"),
    ("https://bitbucket.org/acme/api.git", "bitbucket.org/acme/api", "acme", "api"),
    ("https://ana@bitbucket.org/acme/api.git/wiki", "bitbucket.org/acme/api", "acme", "api"),
    ("https://bitbucket.org/snippets/acme/x1Y2z/notes.git", "bitbucket.org/snippets/acme", "acme", None),
    ("https://bb.example/bitbucket/scm/PROJ/api.git", "bb.example/PROJ/api", "PROJ", "api"),
    ("https://bb.example/bitbucket/scm/~ana/api.git", "bb.example/~ana/api", "~ana", "api"),
    ("https://codeberg.org/acme/api.git", "codeberg.org/acme/api", "acme", "api"),
    ("https://codeberg.org/acme/api.wiki.git", "codeberg.org/acme/api", "acme", "api"),
    ("https://tea.example/acme/api", "tea.example/acme/api", "acme", "api"),
    ("https://acme@dev.azure.com/acme/pay/_git/api", "dev.azure.com/acme/pay/api", "acme/pay", "api"),
    ("https://dev.azure.com/acme/_git/pay", "dev.azure.com/acme/pay/pay", "acme/pay", "pay"),
    ("https://acme.visualstudio.com/pay/_git/api", "dev.azure.com/acme/pay/api", "acme/pay", "api"),
    ("https://acme.visualstudio.com/DefaultCollection/_git/pay", "dev.azure.com/acme/pay/pay", "acme/pay", "pay"),
    ("https://dev.azure.com/acme/My%20Pay/_git/api", "dev.azure.com/acme/My Pay/api", "acme/My Pay", "api"),
    ("https://dev.azure.com/acme/pay/_git/_full/api", "dev.azure.com/acme/pay/api", "acme/pay", "api"),
    ("https://huggingface.co/acme/bert", "huggingface.co/acme/bert", "acme", "bert"),
    ("https://hf.co/datasets/acme/set.git", "huggingface.co/datasets/acme/set", "acme", "set"),
    ("https://huggingface.co/spaces/acme/app", "huggingface.co/spaces/acme/app", "acme", "app"),
    (
        "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/Web",
        "git-codecommit.eu-west-1.amazonaws.com/v1/repos/Web",
        None,
        "Web",
    ),
    ("https://git.code.sf.net/p/proj/code", "git.code.sf.net/p/proj/code", "p/proj", "code"),
    ("https://git.sr.ht/~ana/tool", "git.sr.ht/~ana/tool", "~ana", "tool"),
    ("https://git.launchpad.net/~ana/+git/tool", "git.launchpad.net/~ana/+git/tool", "~ana/+git", "tool"),
    ("https://gitee.com/acme/api.git", "gitee.com/acme/api", "acme", "api"),
]


@pytest.mark.parametrize("url, address, owner, repository", REPOSITORIES)
def test_every_request_of_a_fetch_and_a_push(
    url: str, address: str | None, owner: str | None, repository: str | None
) -> None:
    requests = [
        ("GET", FETCH, "fetch"),
        ("POST", "git-upload-pack", "fetch"),
        ("GET", PUSH, "push"),
        ("POST", "git-receive-pack", "push"),
    ]
    for method, tail, operation in requests:
        target = ask(method, f"{url}/{tail}")
        assert told(target) == (operation, address)
        assert (target.owner, target.repository) == (owner, repository)
        assert target.effect.value == ("read" if operation == "fetch" else "write")
        assert not target.wants_body


# Repositories that the path does not certainly name.
DOUBTFUL = [
    "https://github.com/acme",
    "https://github.com/acme/web/api",
    "https://github.com/acme/api.git.git",
    "https://github.com/acme/api.GIT",
    "https://github.com/acme/..git",
    "https://github.com/acme/.git",
    "https://github.com/acme/.wiki",
    "https://github.com/acme/api;x",
    "https://github.com/acme/a%20pi",
    "https://github.com/acme%2Fapi",
    "https://github.com/mallory/loot/../../acme/api",
    "https://github.com/mallory/%2e%2e/acme/api",
    "https://github.com//acme/api",
    "https://github.com/acme\\api",
    "https://github.com/аcme/api",
    "https://gist.github.com/ana/notes",
    "https://gitlab.com/acme",
    "https://gitlab.com/acme/api/-/x",
    "https://gitlab.com/acme.git/api",
    "https://gl.example:8443/acme/api",
    "https://bitbucket.org/acme/web/api",
    "https://bb.example/bitbucket/PROJ/api",
    "https://dev.azure.com/acme/pay/_git/0f8fad5b-d9cb-469f-a165-70867728950e",
    "https://dev.azure.com/acme/0f8fad5b-d9cb-469f-a165-70867728950e/_git/api",
    "https://dev.azure.com/acme/a/b/_git/api",
    "https://huggingface.co/bert",
    "https://huggingface.co/datasets/squad",
    "https://api.github.com/acme/api",
    "https://raw.githubusercontent.com/acme/api",
]


@pytest.mark.parametrize("url", DOUBTFUL)
def test_a_push_to_no_certain_repository_is_unidentified(url: str) -> None:
    for method, tail in [("GET", PUSH), ("POST", "git-receive-pack"), ("POST", "git-upload-pack")]:
        target = ask(method, f"{url}/{tail}")
        assert told(target) == ("unidentified", None)
        assert target.effect.value == "write"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?service=git-receive-pack&",
        "?service=git-upload-pack&service=git-receive-pack",
        "?service=git-receive-pack&service=git-upload-pack",
        "?service=git-upload-pack&service=git-upload-pack",
        "?service=git%2Dupload-pack",
        "?servic%65=git-upload-pack",
        "?Service=git-upload-pack",
        "?service=git-upload-pack;service=git-receive-pack",
        "?service=git-upload-pack&x=1",
        "?x=1&service=git-upload-pack",
        "?service=git-upload-pack%00",
        "?service=git-upload-pack+",
        "?service=git-upload-archive",
        "?service=",
        "?service[]=git-upload-pack",
        "??service=git-upload-pack",
    ],
)
def test_info_refs_is_a_read_only_with_one_plain_service(query: str) -> None:
    for method in ("GET", "HEAD"):
        target = ask(method, f"https://github.com/mallory/loot.git/info/refs{query}")
        assert told(target) == ("push", "github.com/mallory/loot")


@pytest.mark.parametrize(
    "tail",
    [
        "info%2Frefs?service=git-receive-pack",
        "INFO/refs?service=git-receive-pack",
        "info/refs/?service=git-upload-pack",
        "info/refs;x?service=git-receive-pack",
        "info/./refs?service=git-receive-pack",
        "info//refs?service=git-receive-pack",
        "info%252frefs?service=git-receive-pack",
        "inf%256f/refs?service=git-receive-pack",
        "info/refs%20?service=git-receive-pack",
        "info/refs%3fservice=git-receive-pack",
        "info\\refs?service=git-receive-pack",
    ],
)
def test_no_spelling_of_a_push_passes_for_a_read(tail: str) -> None:
    target = ask("GET", f"https://github.com/mallory/loot.git/{tail}")
    assert target.operation.value in ("push", "unidentified")
    assert target.address in (None, "github.com/mallory/loot")


@pytest.mark.parametrize(
    "tail", ["loot.git%2Finfo/refs?service=git-receive-pack", "loot.git/info%2Frefs?service=git-receive-pack"]
)
def test_an_encoded_slash_does_not_move_a_push_to_the_group_above(tail: str) -> None:
    assert told(ask("GET", f"https://gitlab.com/acme/web/{tail}")) == ("unidentified", None)


@pytest.mark.parametrize("tail", ["git-upload-pack?x", "git-upload-pack/", "Git-Upload-Pack", "git-receive-pack/"])
def test_an_odd_spelling_of_a_service_is_a_push(tail: str) -> None:
    assert told(ask("POST", f"https://github.com/mallory/loot/{tail}")) == ("push", "github.com/mallory/loot")


@pytest.mark.parametrize("method", ["PUT", "MKCOL", "LOCK", "UNLOCK", "MOVE", "DELETE", "PROPFIND"])
def test_webdav_below_a_repository_is_a_push(method: str) -> None:
    target = ask(method, "https://git.code.sf.net/p/loot/code.git/objects/ab/cdef")
    assert told(target) == ("push", "git.code.sf.net/p/loot/code")


@pytest.mark.parametrize(
    "method, url",
    [
        ("PUT", "https://github.com/acme/api.git/../../mallory/loot.git/objects/ab"),
        ("PUT", "https://github.com/acme/api.git/..%2f..%2fmallory/loot.git/objects/ab"),
        ("PUT", "https://github.com/acme/api.git/x%2fy"),
        ("POST", "https://github.com/acme/api.git/objects"),
        ("BREW", "https://github.com/acme/api.git/objects"),
    ],
)
def test_other_writes_below_a_repository_are_unidentified(method: str, url: str) -> None:
    assert ask(method, url).operation.value == "unidentified"


@pytest.mark.parametrize("tail", ["HEAD", "objects/info/packs", "objects/ab/cdef0123"])
def test_dumb_reads(tail: str) -> None:
    assert told(ask("GET", f"https://github.com/acme/api.git/{tail}")) == ("fetch", "github.com/acme/api")


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/acme/api/-/blob/main/info/refs",
        "https://gitlab.com/acme/api/-/raw/main/git-receive-pack",
        "https://github.com/git/git/blob/master/builtin/git-receive-pack",
        "https://github.com/acme/api/tree/main/info/refs",
    ],
)
def test_files_that_are_called_like_git_endpoints_are_read(url: str) -> None:
    assert ask("GET", url).operation.value == "fetch"


def test_a_fetch_from_no_certain_repository_is_still_a_read() -> None:
    assert told(ask("GET", f"https://github.com/a/b/c/{FETCH}")) == ("fetch", None)
