"""GitHub's published REST operations that write, on other hosts than api.github.com and by number."""

from __future__ import annotations

import pytest
from tests.identify.knowing import Known
from tests.identify.published.case import Operation as Published
from tests.identify.published.case import documented
from tests.identify.published.github import ask

from forgewall.identify.directory import IdKind
from forgewall.model import Operation

WRITES = list(documented("github"))


@pytest.mark.parametrize("beginning", ["https://ghe.example/api/v3", "https://api.acme.ghe.com"])
def test_the_same_holds_on_other_instances(beginning: str) -> None:
    nobody = Known({})
    for one in WRITES:
        here, there = ask(one, nobody), ask(one, nobody, beginning)
        assert (there.operation, there.owner, there.repository) == (here.operation, here.owner, here.repository)


def test_a_repository_by_its_number_is_the_repository_by_its_name() -> None:
    known = Known({(IdKind.REPOSITORY, "42"): "github.com/acme/api"})
    rows = [one for one in WRITES if one.template.startswith("/repos/{owner}/{repo}")]
    for one in rows:
        by_number = Published(one.method, one.template.replace("/repos/{owner}/{repo}", "/repositories/42"))
        by_name = Published(one.method, one.template.replace("{owner}/{repo}", "acme/api"))
        target = ask(by_number, known)
        assert target == ask(by_name, known), one.title
        stranger = ask(by_number, Known({}))
        assert (stranger.operation, stranger.address) == (Operation.UNIDENTIFIED, None)
    assert len(rows) > 250
