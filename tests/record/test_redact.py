from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record.samples import anything

from forgewall.record import redact

HARMLESS = [
    "/acme/api.git/info/refs?service=git-upload-pack",
    "/search?q=author%3Aana&page=2&per_page=100&sort=updated&state=open&encoding=utf-8",
    "/acme/api/commit/" + "0123456789" * 4,
    "/acme/api/info/lfs/objects/" + "0123456789abcdef" * 4,
    "/acme/My-Long-Repository-Name-For-The-Project-2024-Extra/releases",
    "/a/123e4567-e89b-12d3-a456-426614174000",
    "/acme/platform/-/blob/main/src/authors/monkey.py?ref=refs/heads/main",
    "/acme//api/../x;v=1",
    "/",
    "",
]


@pytest.mark.parametrize("raw", HARMLESS)
def test_harmless_targets_stay_as_they_are(raw: str) -> None:
    path, query = redact.request_target(raw)
    assert (path if query is None else f"{path}?{query}") == raw


NAMES = [
    "token",
    "access_token",
    "private_token",
    "job_token",
    "feed_token",
    "rss_token",
    "key",
    "apikey",
    "api_key",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Amz-Credential",
    "x-goog-signature",
    "sig",
    "signature",
    "code",
    "password",
    "passwd",
    "secret",
    "client_secret",
    "auth",
    "authorization",
    "oauth_verifier",
    "jwt",
    "credential",
    "credentials",
    "session_id",
    "AWSAccessKeyId",
    "user[password]",
    "device_code",
    "id_token",
    "refresh_token",
    "otp",
]


@pytest.mark.parametrize("name", NAMES)
def test_values_of_secret_names_are_taken_out(name: str) -> None:
    for spelled in (name, name.upper(), "%" + f"{ord(name[0]):02x}" + name[1:]):
        _, query = redact.request_target(f"/a?page=2&{spelled}=hush&z=1")
        assert query == f"page=2&{spelled}=REDACTED&z=1"


@given(st.binary(min_size=32, max_size=64), st.sampled_from(["b64", "b64url", "hex", "b32"]))
def test_random_values_are_taken_out_of_query_and_path(secret: bytes, coding: str) -> None:
    if len(set(secret)) < 20:
        return  # far from random
    coded = {
        "b64": lambda: base64.b64encode(secret).decode(),
        "b64url": lambda: base64.urlsafe_b64encode(secret).decode(),
        "hex": secret.hex,
        "b32": lambda: base64.b32encode(secret).decode(),
    }[coding]()
    for value in (coded, quote(coded, safe=""), quote(quote(coded, safe=""), safe="")):
        _, query = redact.request_target(f"/a/b?x={value}&y=1")
        assert query == "x=REDACTED&y=1"
        if "/" not in value:
            assert redact.request_target(f"/a/{value}/b") == ("/a/REDACTED/b", None)


@pytest.mark.parametrize(
    "raw, path, query",
    [
        ("http://ana:hush@github.com/a", "http://github.com/a", None),
        ("/go?to=https%3A%2F%2Fana%3Ahush%40h%2Fx", "/go", "to=REDACTED"),
        ("/go?to=%2Fx%3Ftoken%3Dhush", "/go", "to=REDACTED"),
        ("/go;token=hush/x", "/go;token=REDACTED/x", None),
        ("/go?token%3Dhush", "/go", "REDACTED"),
        ("/a?h=Bearer+abcdefghijkl0123", "/a", "h=REDACTED"),
        ("/a?=&;&x", "/a", "=&;&x"),
    ],
)
def test_wrapped_secrets(raw: str, path: str, query: str | None) -> None:
    assert redact.request_target(raw) == (path, query)


def test_text_names_and_challenges() -> None:
    assert redact.text("agent/1 Bearer abcdefgh12345678 end") == "agent/1 Bearer REDACTED end"
    assert redact.text("clone of https://ana:hush@github.com/a failed") == "clone of https://github.com/a failed"
    assert redact.text("token ghp_" + "A" * 36) == "token REDACTED"


def test_text_is_cut_after_redaction_so_that_no_half_token_stays() -> None:
    token = "ghp_" + "A1" * 18
    for offset in range(0, 60):
        assert "ghp_" not in redact.text("x " * 500 + "y" * offset + token, 1024)
    for offset in range(8192 - 40, 8192 + 4):
        assert "ghp_" not in redact.text(" " * (offset - 2) + "( " + token, 9000)


def test_control_and_direction_characters_do_not_reach_a_terminal() -> None:
    assert redact.text("a\x1b[31mb\r\nc\x9b\u202ed\u2028e\ud800f") == "a\ufffd[31mb  c\ufffd\ufffdd e\ufffdf"


@given(anything | st.text(max_size=5000), st.integers(1, 3000))
def test_text_is_printable_and_bounded(value: str, limit: int) -> None:
    safe = redact.text(value, limit)
    assert safe.isprintable()
    assert len(safe) <= limit
    assert redact.text(safe, limit) == safe


@given(anything)
def test_plain_text_is_what_redaction_leaves_alone(value: str) -> None:
    if redact.is_plain(value):
        assert redact.text(value) == value


@given(st.text(max_size=3000) | st.text(alphabet="%/?&;=.aA0_-+~@:", max_size=3000))
def test_any_target_is_survived_and_bounded(raw: str) -> None:
    path, query = redact.request_target(raw)
    assert path.isprintable()
    assert len(path) <= redact.PATH_LIMIT
    assert query is None or (query.isprintable() and len(query) <= redact.PATH_LIMIT)


@pytest.mark.parametrize(
    "subject, shown",
    [
        ("Fix the token refresh in auth (#12)", "Fix the token refresh in auth (#12)"),
        ("Merge branch 'feature/export-2026' into main", "Merge branch 'feature/export-2026' into main"),
        ("Set AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCY for CI", "Set AWS_SECRET_ACCESS_KEY=REDACTED for CI"),
        ("try wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\tnow", "try REDACTED now"),
    ],
)
def test_words_of_a_sentence(subject: str, shown: str) -> None:
    assert redact.words(subject) == shown


@given(st.text(alphabet=st.characters()))
def test_any_sentence_and_option_is_safe_to_print(value: str) -> None:
    assert redact.words(value).isprintable()
    assert redact.push_option(value).isprintable()
