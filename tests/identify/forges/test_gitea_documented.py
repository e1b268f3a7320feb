"""Every operation that Gitea and Forgejo publish, before its body was read."""

from __future__ import annotations

import pytest
from tests.identify.asking import told
from tests.identify.knowing import ask_knowing
from tests.identify.published.case import Description, filled
from tests.identify.published.gitea import API, FORGEJO, GITEA, KNOWN, NAMES

from forgewall.model import BodyState


@pytest.mark.parametrize("description", [GITEA, FORGEJO], ids=lambda one: one.name)
def test_an_unread_body_is_the_stricter_reading(description: Description) -> None:
    for case in description.cases:
        one = case.operation
        if one.method == "GET":
            continue
        url = API + filled(one.template, NAMES, "7")
        unread = ask_knowing(KNOWN, one.method, url, state=BodyState.UNREAD)
        if not unread.wants_body:
            assert told(unread) == told(case.target), one.title
        elif unread.identified:
            assert case.target.identified, one.title
