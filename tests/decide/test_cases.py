"""A policy's own tests, and requests that no entry of it decides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgewall.decide.cases import judge
from forgewall.decide.load import parse
from forgewall.decide.sentence import parse_sentence
from forgewall.errors import PolicyError
from forgewall.model import Action, Subject

NOW = datetime(2026, 7, 1, tzinfo=UTC)
NOBODY = Subject(client="127.0.0.1")


def test_users_and_clients_count() -> None:
    parse(
        """
version: 1
approved: [{repo: github.com/acme, who: [ana, 10.4.0.0/16]}]
tests:
  - {do: git push https://github.com/acme/x, expect: block}
  - {do: git push https://github.com/acme/x, user: ana, expect: allow, because: approved/github.com/acme}
  - {do: git push https://github.com/acme/x, client: 10.4.0.9, expect: allow}
  - {do: git push https://github.com/acme/x, user: bob, client: 192.0.2.1, expect: block, because: defaults/writes}
""",
        "p.yaml",
    )


def test_a_failing_test_names_its_line_and_the_rule() -> None:
    with pytest.raises(PolicyError) as caught:
        parse(
            "version: 1\nforbidden: [github.com/acme]\ntests:\n"
            "  - {do: git push https://github.com/acme/x, expect: allow}\n",
            "p.yaml",
        )
    assert str(caught.value) == (
        "p.yaml:4:10: the test `git push https://github.com/acme/x` expects allow, but got block by "
        "`forbidden/github.com/acme` (p.yaml:2): github.com/acme/x is below github.com/acme, which is forbidden"
    )


@pytest.mark.parametrize(
    "settings, action, would",
    [
        ("", Action.ALLOW, None),
        ("defaults: {other_hosts: block}", Action.BLOCK, None),
        ("defaults: {other_hosts: block}\nmode: observe", Action.LOG, Action.BLOCK),
    ],
)
def test_hosts_that_are_no_forge(settings: str, action: Action, would: Action | None) -> None:
    policy = parse(f"version: 1\n{settings}\n", "p.yaml")
    target, verdict = judge(policy, parse_sentence("git push https://evil.example/a/b"), NOBODY, NOW)
    assert target is None
    assert (verdict.action, verdict.would_action, verdict.code) == (action, would, "other-host")
    assert verdict.reason.startswith("evil.example is no code forge, and `other_hosts: ")


@pytest.mark.parametrize(
    "text, code",
    [
        ("git push https://github.com:8443/acme/x", "port"),
        ("git push https://ssh.github.com/acme/x", "ssh"),
        ("git push https://GitHub.com./acme/x", "approved"),
        ("git push https://git.acme.example:8443/g/x", "approved"),
        ("git push https://git.acme.example/g/x", "port"),
    ],
)
def test_the_connection_is_judged_too(text: str, code: str) -> None:
    policy = parse(
        "version: 1\nforges: [{host: git.acme.example, kind: gitlab, port: 8443}]\n"
        "approved: [github.com/acme, git.acme.example]\n",
        "p.yaml",
    )
    assert judge(policy, parse_sentence(text), NOBODY, NOW)[1].code == code


VISIBLE = """
version: 1
approved: [{repo: github.com/acme, visibility: private}]
tests:
  - {do: git push https://github.com/acme/x, visibility: private, expect: allow}
  - {do: git push https://github.com/acme/x, visibility: public, expect: block, because: defaults/writes}
  - {do: git push https://github.com/acme/x, expect: block}
"""


def test_a_test_may_suppose_who_can_see_the_repository() -> None:
    assert parse(VISIBLE, "p.yaml").tests == 3
    with pytest.raises(PolicyError, match=r"p.yaml:6:10: the test .* expects allow, but got block .* is public, and "):
        parse(VISIBLE.replace("visibility: public, expect: block", "visibility: public, expect: allow"), "p.yaml")
    with pytest.raises(PolicyError, match="`visibility` is `secret`, but it must be public, internal or private"):
        parse(VISIBLE.replace("visibility: public", "visibility: secret"), "p.yaml")
