"""The real huggingface_hub through the real proxy, to a stand-in for the Hub and its storage.

Approved uploads arrive, small files in the commit and large ones in the storage behind the Hub; others are refused at
the first request that tells where they go, in words that the client shows, and nothing of them arrives.
"""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from demo.clients import Result
from demo.forge import Forge
from tests.e2e.hub import HUB, OBJECTS, STORAGE, Hub
from tests.e2e.sending import OTHER_CLIENT, Got, refused, send

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

POLICY = """\
version: 1
contact: security@acme.example
approved:
  - {repo: huggingface.co/acme, allow: [code, create-repo]}
  - huggingface.co/datasets/acme
"""
BEGIN = "from huggingface_hub import HfApi; api = HfApi(token='hf_secret0')\n"


def python(run: Run, code: str) -> Result:
    """Run `code` with an `api`, as somebody's script would."""
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HOME": str(run.home / "hf"), "HF_HUB_ETAG_TIMEOUT": "5"}
    return run.client(sys.executable, "-c", BEGIN + code, env=quiet)


def events(run: Run, **wanted: Any) -> list[dict[str, Any]]:
    """The decisions with these facts."""
    told = [event["forgewall"] for event in run.events("decision")]
    return [event for event in told if all(event.get(name) == value for name, value in wanted.items())]


@pytest.fixture
def hub(forge: Forge) -> Any:
    stand_in = Hub()
    with stand_in.behind(forge):
        yield stand_in


def test_approved_uploads_arrive_and_others_are_refused_before_a_byte(
    proxy: StartProxy, forge: Forge, hub: Hub
) -> None:
    run = proxy(POLICY, hosts=(OBJECTS,))
    folder = run.home / "folder"
    folder.mkdir()
    weights, more = os.urandom(200_000), os.urandom(200_000)
    (folder / "weights.bin").write_bytes(weights)
    (folder / "config.json").write_text('{"layers": 2}')
    done = python(
        run,
        "api.create_repo('acme/bert', private=True); "
        "api.upload_file(path_or_fileobj=b'# Bert', path_in_repo='README.md', repo_id='acme/bert'); "
        f"api.upload_folder(folder_path={str(folder)!r}, repo_id='acme/bert')",
    )
    assert done.ok, str(done)
    (folder / "weights.bin").write_bytes(more)
    hub.grants = True
    done = python(run, f"api.upload_folder(folder_path={str(folder)!r}, repo_id='acme/set', repo_type='dataset')")
    assert done.ok, str(done)

    assert hub.repositories == {"models/acme/bert": True}
    assert hub.files == {
        ("models/acme/bert", "README.md"): b"# Bert",
        ("models/acme/bert", "config.json"): b'{"layers": 2}',
        ("models/acme/bert", "weights.bin"): hashlib.sha256(weights).hexdigest().encode(),
        ("datasets/acme/set", "config.json"): b'{"layers": 2}',
        ("datasets/acme/set", "weights.bin"): hashlib.sha256(more).hexdigest().encode(),
    }
    first, second = hub.blobs
    assert weights[:8_000] in first
    assert more[:8_000] in second
    told = {(event["url"]["domain"], event["forgewall"]["address"]) for event in run.events("upload")}
    assert told == {
        (HUB, "huggingface.co/acme/bert"),
        (HUB, "huggingface.co/datasets/acme/set"),
        (STORAGE, "huggingface.co/acme/bert"),
        (STORAGE, "huggingface.co/datasets/acme/set"),
        (OBJECTS, "huggingface.co/datasets/acme/set"),
    }
    commits = [event for event in run.events("decision") if "/models/acme/bert/commit/" in event["url"]["path"]]
    assert {event["forgewall"]["visibility"] for event in commits} == {"private"}
    for secret in ("hf_secret0", "5ecret", *hub.tokens):
        assert secret not in str(run.events())

    hub.files.clear()
    assert forge.settle()
    forge.clear()
    result = python(
        run,
        "for call in (\n"
        "    lambda: api.upload_file(path_or_fileobj=b'loot', path_in_repo='a', repo_id='mallory/loot'),\n"
        "    lambda: api.create_repo('mallory/loot'),\n"
        "):\n"
        "    try: call()\n"
        "    except Exception as error: print('refused:', error)\n",
    )
    assert result.stdout.count("refused:") == 2, str(result)
    for told in result.stdout.split("refused:")[1:]:
        assert "Forgewall" in told
        assert "huggingface.co/mallory/loot" in told
        assert "security@acme.example" in told
    assert forge.settle()
    assert [seen for seen in forge.requests() if seen.body or seen.method not in ("GET", "HEAD")] == []
    assert hub.files == {}


def test_a_token_is_for_its_own_repository_and_client(proxy: StartProxy, forge: Forge, hub: Hub) -> None:
    """The storage's requests name no repository: only a token does, which the Hub gave to this client."""
    run = proxy(POLICY)
    asked = "https://huggingface.co/api/models/{}/xet-write-token/main"
    ours, theirs = "eyJ.models.acme.bert", "eyJ.models.mallory.loot"
    hub.tokens.add(theirs)  # from a telephone
    assert refused(send(run, asked.format("mallory/loot")), "huggingface.co/mallory/loot")
    assert send(run, asked.format("acme/bert")).document["accessToken"] == ours

    def upload(token: str, *words: str) -> Got:
        url = f"https://{STORAGE}/v1/xorbs/default/{'0' * 64}"
        return send(run, url, "-H", f"Authorization: Bearer {token}", *words, body=b"xorb")

    assert refused(upload(theirs))
    assert refused(upload(ours, *OTHER_CLIENT))
    assert refused(upload(f"{ours}, Bearer {theirs}"))
    assert refused(upload(ours, "-H", f"Authorization: Bearer {theirs}"))
    assert hub.blobs == []
    assert upload(ours).status == 200
    assert hub.blobs == [b"xorb"]
    assert theirs not in str(run.events())
