import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.url import request_for


@pytest.mark.parametrize(
    "url, scheme, host, port, path",
    [
        ("https://github.com", "https", "github.com", 443, "/"),
        ("HTTP://GitHub.com:80/a?b#c", "http", "github.com", 80, "/a?b"),
        ("https://ana:s3cret@github.com:8443/a@b:c", "https", "github.com", 8443, "/a@b:c"),
        ("https://evil@evil.example@github.com/a", "https", "github.com", 443, "/a"),
        ("https://github.com?x=/y", "https", "github.com", 443, "/?x=/y"),
        ("https://[::1]:8080/a", "https", "::1", 8080, "/a"),
        ("https://github.com/a/../b", "https", "github.com", 443, "/a/../b"),
    ],
)
def test_urls(url: str, scheme: str, host: str, port: int, path: str) -> None:
    request = request_for("GET", url)
    assert (request.scheme, request.host, request.port, request.path) == (scheme, host, port, path)


@pytest.mark.parametrize(
    "url, sentence",
    [
        ("github.com/a", "`github.com/a` is not an absolute http or https URL"),
        ("ssh://git@github.com/a", "is not an absolute http or https URL"),
        ("https://", "`https://` has no host"),
        ("https:///a", "has no host"),
        ("https://github.com:99999/a", "has no valid host and port"),
        ("https://[::1/a", "has no valid host and port"),
    ],
)
def test_no_urls(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        request_for("GET", url)


@given(st.text(max_size=80) | st.text(max_size=60).map(lambda tail: f"https://{tail}"))
def test_any_text_is_a_url_or_a_value_error(url: str) -> None:
    try:
        request = request_for("GET", url)
    except ValueError:
        return
    assert request.path.startswith("/")
