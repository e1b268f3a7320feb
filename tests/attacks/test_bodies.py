"""Bodies that are made to be misread, to exhaust memory, or to take time: each ends in facts, quickly and bounded."""

from __future__ import annotations

import base64
import json
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inspect.bodies import FORM, JSON, NDJSON, TOKEN, facts, files, inspector, pieces, refs, secrets, unread

from forgewall.evidence import Fact, Malformed, NamedFile
from forgewall.identify.url import request_for
from forgewall.inspect.json_stream import JsonReader, NotJson
from forgewall.inspect.skim import MAX_SKIM, Skimmer
from forgewall.model import BodyState

FILE = "https://gitlab.com/api/v4/projects/acme%2Fapi/repository/files/a"
COMMIT = "https://gitlab.com/api/v4/projects/acme%2Fapi/repository/commits"
CONTENTS = "https://api.github.com/repos/acme/api/contents/a"
MULTIPART = ("content-type", "multipart/form-data; boundary=b")
HEAD = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'

HOSTILE = {
    "deep arrays": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "deep objects named like neighbours": b'{"item":' * 60 + b"1" + b"}" * 60,
    "an endless number": b"[" + b"9" * 300_000,
    "an endless word": b"[" + b"e" * 300_000,
    "an endless name": b'{"' + b"n" * 300_000 + b'":1}',
    "an endless escaped name": b'{"' + b"\\u00e4" * 50_000 + b'":1}',
    "white space": b" " * 300_000 + b"{}",
    "white space between": b'{"a"' + b"\n" * 300_000 + b":1}",
    "backslashes": b'"' + b"\\\\" * 150_000 + b'"',
    "a backslash that escapes nothing": b'"' + b"\\\\" * 100_000 + b"\\",
    "half surrogates": b'"' + b"\\ud83d" * 50_000 + b'"',
    "half a character": b'"' + b"\xf0\x9f\x98" * 50_000 + b'"',
    "escaped quotes": b'{"content":"' + b'\\"' * 150_000 + b'"}',
    "empty texts": b"[" + b'"",' * 60_000 + b'""]',
    "empty arrays": b"[" + b"[]," * 60_000 + b"[]]",
    "commas": b"[" + b"," * 100_000,
    "contents": b"{" + b",".join([b'"content":"a"'] * 3_000) + b"}",
    "names": b"{" + b",".join(b'"path":"%d"' % at for at in range(20_000)) + b"}",
    "branches": b"{" + b",".join(b'"branch":"%d"' % at for at in range(20_000)) + b"}",
    "almost base64": b'{"content":"' + b"QUJD" * 50_000 + b'!","encoding":"base64"}',
    "padding": b'{"content":"' + b"=" * 200_000 + b'"}',
    "line breaks": b'{"content":"' + b"\\n" * 100_000 + b'","encoding":"base64"}',
    "UTF-16": '{"content":"x"}'.encode("utf-16"),
    "NULs": b"\0" * 100_000,
    "a bomb's bytes": zlib.compress(b"\0" * 1_000_000),
    "ampersands": b"&" * 200_000,
    "equals": b"=" * 200_000,
    "percents": b"content=" + b"%" * 200_000,
    "a field's endless name": b"n" * 300_000,
    "nested names": b"&".join(b"a[%d][content]=x" % at for at in range(2_000)),
    "boundaries": b"--b\r\n" * 50_000,
    "almost boundaries": HEAD + b"\r\n--" * 60_000,
    "carriage returns": HEAD + b"\r" * 200_000,
    "a part's endless header": b"--b\r\nX: " + b"x" * 300_000,
    "many parts": (HEAD + b"x\r\n") * 1_000 + b"--b--",
    "lines": b"\n" * 200_000,
    "documents": b"{}\n" * 60_000,
}
TYPES = {"json": JSON, "form": FORM, "ndjson": NDJSON, "multipart": MULTIPART, "none": ("x-none", "")}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_end_in_facts_within_bounds(name: str, kind: str) -> None:
    reader = inspector("POST", COMMIT, TYPES[kind])
    assert reader is not None
    tracemalloc.start()
    count = 0
    for piece in pieces(HOSTILE[name], 8192):
        found = list(reader.feed(piece))
        count += len(found)
        if any(isinstance(fact, Malformed) for fact in found):
            break
    else:
        count += len(list(reader.finish()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
    assert count <= 40_000


class Steps(JsonReader):
    """Counts how much input each call looks at."""

    looked = 0

    def _read(self, data: bytes) -> int:
        self.looked += len(data)
        return super()._read(data)


class Nobody:
    def open(self, array: bool) -> None: ...

    def close(self) -> None: ...

    def key(self, name: str) -> None: ...

    def text(self, piece: bytes, more: bool) -> None: ...

    def scalar(self, token: bytes) -> None: ...


@pytest.mark.parametrize("name", HOSTILE)
def test_one_byte_at_a_time_is_no_more_work_than_the_carry(name: str) -> None:
    data = HOSTILE[name][:20_000]
    reader = Steps(Nobody(), lenient=True)
    try:
        for at in range(len(data)):
            reader.feed(data[at : at + 1])
    except NotJson:
        pass
    # A number may be carried for 1024 bytes; all else for a dozen.
    assert reader.looked <= 16 * len(data) + 1024 * 1024


def action(**members: object) -> bytes:
    return json.dumps({"branch": "b", "actions": [members]}).encode()


def test_a_path_may_hide_behind_another() -> None:
    found = facts("POST", COMMIT, b'{"actions":[{"file_path":"a.txt","file_path":"b.kdbx","content":"x"}]}', JSON)
    assert {fact.path for fact in found if isinstance(fact, NamedFile)} == {"b.kdbx"}


def test_a_branch_may_hide_behind_another() -> None:
    assert refs(facts("PUT", FILE, b'{"branch":"a","branch":"main","content":"x"}', JSON)) == [
        "refs/heads/a",
        "refs/heads/main",
    ]
    assert refs(facts("PUT", FILE + "?branch=main", b'{"branch":"a"}', JSON)) == ["refs/heads/main", "refs/heads/a"]
    assert "refs/heads/main" in refs(facts("PUT", FILE, b'{"\\u0062ranch":"\\u006dain"}', JSON))


@pytest.mark.parametrize(
    "members",
    [
        {"content": "QUJD QUJD", "encoding": "base64"},
        {"content": "QUJD.QUJD", "encoding": "base64"},
        {"encoding": "base64", "content": "QQ==QUJD"},
        {"encoding": "base64", "content": "QUJDR"},
    ],
)
def test_base64_that_servers_decode_differently_is_told(members: dict[str, str]) -> None:
    assert unread(facts("POST", COMMIT, action(file_path="a", **members), JSON))


def test_a_secret_does_not_hide_behind_broken_json() -> None:
    token = TOKEN.decode()
    for sent in (
        b'{"a":oops,"b":"%b"}' % TOKEN,
        b'{"a":"\\q %b"}' % TOKEN,
        b'{"a":"x"}}}}%b' % TOKEN,
        b'{"content":"%b' % TOKEN,
        b'{"%b":1}x %b' % (b"n" * 5000, TOKEN),
        json.dumps({"content": token}).encode()[:-1],
    ):
        for size in (1, 1000):
            found = facts("PUT", FILE, pieces(sent, size), JSON)
            assert secrets(found), sent
            assert unread(found), sent


def test_a_secret_does_not_hide_in_a_name_or_between_fields() -> None:
    assert secrets(facts("PUT", FILE, b'{"x":{"y":["%b"]}}' % TOKEN, JSON))
    assert secrets(facts("PUT", FILE, b"content=%7a%71%39_" + TOKEN[4:], FORM))
    assert secrets(facts("POST", COMMIT, HEAD + TOKEN + b"\r\n--b--", MULTIPART))
    nested = base64.b64encode(b"." * 300 + b" " + TOKEN + b" ").decode()
    assert secrets(facts("PUT", CONTENTS, json.dumps({"content": nested}).encode(), JSON))


def test_a_secret_does_not_hide_in_base64_that_breaks_off() -> None:
    coded = base64.b64encode(b"." * 20_000 + b" " + TOKEN + b" " + b"." * 20_000).decode() + "!"
    assert secrets(facts("PUT", FILE, json.dumps({"content": coded}).encode(), JSON)) == {"a"}
    assert secrets(facts("PUT", CONTENTS, json.dumps({"content": coded}).encode(), JSON)) == {"a"}


def test_contents_that_wait_for_their_object_are_few() -> None:
    reader = inspector("POST", COMMIT, JSON)
    assert reader is not None
    content = b'"content":"' + b"some text, " * 1_000 + b'",'
    list(reader.feed(b"{" + content * 50))
    tracemalloc.start()
    for _ in range(300):
        list(reader.feed(content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_500_000


def test_secrets_are_never_shown() -> None:
    found = facts("PUT", FILE, json.dumps({"content": TOKEN.decode(), "branch": "x"}).encode(), JSON)
    assert secrets(found)
    assert TOKEN.decode() not in repr(found)


SMUGGLED = [
    HEAD + b"1\r\n--b--\r\n" + HEAD + b"2\r\n--b--\r\n",
    b"before\r\n" + HEAD + b"1\r\n--b--\r\n",
    HEAD + b"1\r\n--b\t\r\n--b--",
    HEAD + b"1\n--b--",
    HEAD + b"1\r\n--bb--\r\n",
    HEAD.replace(b'filename="f"', b'filename="f"\r\nContent-Disposition: form-data; name="f"; filename="g"')
    + b"1\r\n--b--",
    HEAD.replace(b"\r\n\r\n", b"\r\n \r\n\r\n") + b"1\r\n--b--",
]


@pytest.mark.parametrize("sent", SMUGGLED)
def test_forms_with_two_readings_are_malformed(sent: bytes) -> None:
    for size in (1, 5, 1000):
        reader = inspector("POST", COMMIT, MULTIPART)
        assert reader is not None
        found: list[Fact] = []
        for piece in pieces(sent, size):
            found += reader.feed(piece)
            if any(isinstance(fact, Malformed) for fact in found):
                break
        else:
            found += reader.finish()
        assert any(isinstance(fact, Malformed) for fact in found)


@pytest.mark.parametrize("kind", TYPES)
@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(kind: str, sent: bytes) -> None:
    facts("PUT", FILE, pieces(sent, 7), TYPES[kind])


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", HOSTILE)
def test_skims_of_hostile_bodies_stay_short(name: str, kind: str) -> None:
    skimmer = Skimmer.of(request_for("POST", COMMIT, headers=(TYPES[kind],), body_state=BodyState.UNREAD))
    if skimmer is None:
        return
    for piece in pieces(HOSTILE[name], 8192):
        skimmer.feed(piece)
    assert len(skimmer.finish() or b"") <= MAX_SKIM


def endless() -> Iterator[bytes]:
    yield b'{"variables":{"content":"'
    for _ in range(200):
        yield b"QUJD" * 16384
    yield b'"}}'


def test_the_skim_of_a_long_body_takes_no_memory() -> None:
    skimmer = Skimmer.of(request_for("POST", COMMIT, headers=(JSON,), body_state=BodyState.UNREAD))
    assert skimmer is not None
    tracemalloc.start()
    for piece in endless():
        skimmer.feed(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    assert len(skimmer.finish() or b"") < 100


def test_many_files_are_all_counted() -> None:
    rows = b",".join(b'{"file_path":"f%d","content":"%d"}' % (at, at) for at in range(2_000))
    found = facts("POST", COMMIT, pieces(b'{"branch":"b","actions":[' + rows + b"]}", 1000), JSON)
    assert [path for path, *_ in files(found)] == [f"f{at}" for at in range(2_000)]
