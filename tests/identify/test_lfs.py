import json

import pytest
from tests.identify.asking import ask, told

from forgewall.model import BodyState

LFS = ("content-type", "application/vnd.git-lfs+json")
HOMES = [
    ("https://github.com/acme/api.git/info/lfs", "github.com/acme/api"),
    ("https://github.com/acme/api/info/lfs", "github.com/acme/api"),
    ("https://gitlab.com/acme/web/api.git/info/lfs", "gitlab.com/acme/web/api"),
    ("https://bitbucket.org/acme/api/info/lfs", "bitbucket.org/acme/api"),
    ("https://bb.example/bitbucket/scm/PROJ/api.git/info/lfs", "bb.example/PROJ/api"),
    ("https://dev.azure.com/acme/pay/_git/api/info/lfs", "dev.azure.com/acme/pay/api"),
    ("https://huggingface.co/datasets/acme/set.git/info/lfs", "huggingface.co/datasets/acme/set"),
    ("https://codeberg.org/acme/api.git/info/lfs", "codeberg.org/acme/api"),
    ("https://lfs.github.com/acme/api", "github.com/acme/api"),
]


@pytest.mark.parametrize("home, address", HOMES)
def test_the_endpoints_of_lfs(home: str, address: str) -> None:
    oid = "ab" * 32
    rows = [
        ("POST", "objects/batch", b'{"operation":"download","objects":[]}', "fetch"),
        ("POST", "objects/batch", b'{"operation":"upload","objects":[]}', "lfs-upload"),
        ("GET", "locks", b"", "fetch"),
        ("POST", "locks", b"{}", "other-write"),
        ("POST", "locks/verify", b"{}", "fetch"),
        ("POST", "locks/17/unlock", b"{}", "other-write"),
        ("GET", f"objects/{oid}", b"", "fetch"),
        ("PUT", f"objects/{oid}/17", b"", "lfs-upload"),
        ("POST", "objects", b"{}", "unidentified"),
        ("POST", f"objects/{oid}/verify", b"{}", "lfs-upload"),
        ("POST", "verify", b"{}", "lfs-upload"),
        ("DELETE", "objects", b"", "unidentified"),
        ("POST", "news", b"", "unidentified"),
    ]
    for method, tail, body, operation in rows:
        assert told(ask(method, f"{home}/{tail}", body, LFS)) == (operation, address)


def test_gitlab_s_own_transfer_path() -> None:
    url = f"https://gitlab.com/acme/api.git/gitlab-lfs/objects/{'ab' * 32}/17"
    assert told(ask("PUT", f"{url}/authorize")) == ("lfs-upload", "gitlab.com/acme/api")
    assert told(ask("PUT", url)) == ("lfs-upload", "gitlab.com/acme/api")
    assert told(ask("GET", url)) == ("fetch", "gitlab.com/acme/api")


BATCH = "https://github.com/acme/api.git/info/lfs/objects/batch"


def test_an_unread_batch_asks_for_its_body() -> None:
    target = ask("POST", BATCH, b"", LFS, state=BodyState.UNREAD)
    assert told(target) == ("lfs-upload", "github.com/acme/api")
    assert target.wants_body


def test_a_batch_that_is_too_long_is_an_upload() -> None:
    target = ask("POST", BATCH, b"", LFS, state=BodyState.TOO_LONG)
    assert target.operation.value == "lfs-upload"
    assert not target.wants_body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b'{"operation":"Download"}',
        b'{"operation":["download"]}',
        b'{"operation":"download","operation":"upload"}',
        b'{"operation":"download","Operation":"upload"}',
        b'{"operation":"download"} {"operation":"upload"}',
        b'[{"operation":"download"}]',
        json.dumps({"operation": "download"}).encode("utf-16"),
        b'{"operation":"download","pad":"' + b"x" * 300_000 + b'"}',
    ],
)
def test_a_batch_whose_direction_is_in_doubt_is_an_upload(body: bytes) -> None:
    assert told(ask("POST", BATCH, body, LFS)) == ("lfs-upload", "github.com/acme/api")


def test_a_form_that_is_also_json_is_an_upload() -> None:
    body = b'{"operation":"download","x":"&operation=upload&"}'
    assert ask("POST", BATCH, body).operation.value == "lfs-upload"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/web/api/info/lfs/objects/batch",
        "https://github.com/acme/api/info%2Flfs/objects/batch",
        "https://github.com/acme/../mallory/loot/info/lfs/objects/batch",
        "https://lfs.github.com/acme",
        "https://api.github.com/acme/api/info/lfs/objects/batch",
    ],
)
def test_lfs_of_no_certain_repository_is_unidentified(url: str) -> None:
    assert told(ask("POST", url, b'{"operation":"download"}', LFS)) == ("unidentified", None)
