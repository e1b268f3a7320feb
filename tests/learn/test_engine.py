"""Each kind's answers come to whoever understands them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.learn.asking import JSON, NOW, REGISTRY, got, lesson_of, said

from forgewall.identify.targets import plain_read
from forgewall.identify.url import request_for
from forgewall.learn.engine import TEACHERS, lesson_for
from forgewall.model import Kind


def test_all_kinds_but_those_without_ids_have_a_teacher() -> None:
    assert set(Kind) - set(TEACHERS) == {Kind.CODECOMMIT, Kind.GIT_ONLY}


def test_an_answer_may_teach_by_its_head_and_by_its_body() -> None:
    url = "https://api.github.com/repos/acme/api"
    assert said(got(url, {"id": 1, "full_name": "acme/api"})) == {"repository 1 = github.com/acme/api"}
    lesson = lesson_of(request_for("GET", url))
    assert lesson is not None
    assert said(lesson.facts(301, (*JSON, ("location", "https://api.github.com/repos/m/x")), b"{}")) == {
        "github.com/acme/api went to github.com/m/x"
    }


@pytest.mark.parametrize(
    "url", ["https://github.com/", "https://api.github.com/rate_limit", "https://gitlab.com/explore"]
)
def test_most_answers_teach_nothing(url: str) -> None:
    assert lesson_of(request_for("GET", url)) is None


@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "X"]),
    st.sampled_from(["github.com", "api.github.com", "gitlab.com", "api.bitbucket.org", "huggingface.co"])
    | st.sampled_from(["dev.azure.com", "codeberg.org", "git.acme.example", "bb.acme.example", "git.sr.ht"]),
    st.text(max_size=40) | st.sampled_from(["api/v4/projects/1", "repos/a/b", "graphql", "2.0/repositories/a/b"]),
    st.binary(max_size=80),
)
def test_no_request_and_no_answer_raises(method: str, host: str, path: str, body: bytes) -> None:
    forge_host = REGISTRY.lookup(host)
    assert forge_host is not None
    request = request_for(method, f"https://{host}/{path}", headers=JSON, body=body)
    lesson = lesson_for(request, plain_read(forge_host, "", owner="a", repository="b"), forge_host, NOW)
    if lesson is not None:
        for answer in (body, json.dumps({"id": 1, "data": {"x": 1}}).encode()):
            lesson.reads(200, JSON)
            lesson.facts(200, JSON, answer)
            lesson.facts(302, (("location", f"/{path}"),), answer)
