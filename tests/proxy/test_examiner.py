"""What an admitted upload is read and metered with, by what it is and how deep it is to be read."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from tests.proxy.arriving import arrival, policy
from tests.proxy.test_case import COMMANDS
from tests.proxy.test_tunnels import STORE, announced

from forgewall.evidence import File
from forgewall.identify.engine import identify
from forgewall.inspect.commands import Commands
from forgewall.inspect.lfs_object import LfsObjectInspector
from forgewall.inspect.push import PushInspector
from forgewall.inspect.secrets import Scanner
from forgewall.model import Action, Also, Depth, Limit, Operation, Scrutiny, Subject, Verdict
from forgewall.proxy import examiner as room
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.case import Case
from forgewall.proxy.examiner import BASES_BYTES, Examiner, beyond
from forgewall.proxy.shares import Shares
from forgewall.proxy.spool import SpoolSpace

LIMITS = """\
limits:
  per_client: 10B/1h
  per_user: 20B/1h
  per_owner: 30B/1h
  per_repository: 40B/1h
  unapproved: 50B/1h
"""
POLICY = policy(LIMITS)
PUSH = arrival("POST", "https://github.com/acme/api.git/git-receive-pack", body=True)
FILE = arrival("PUT", "https://api.github.com/repos/acme/api/contents/a", length=100)
ASSET = arrival("POST", "https://uploads.github.com/repos/acme/api/releases/1/assets?name=a.bin", length=3)
OBJECT = arrival("PUT", f"https://git.acme.example:8443/acme/x.git/gitlab-lfs/objects/{'1' * 64}/3", length=3)
NO_RULES = Scanner.load("[[rules]]\nid = 'x'\nregex = 'acme-[0-9]{9}'\nkeywords = ['acme-']\n")


def case(asked: Arrival, **more: Any) -> Case:
    found = more.pop("announced", None)
    target = identify(asked.request, POLICY.registry, found)
    return Case(POLICY, asked, POLICY.registry.lookup(asked.request.host), target, announced=found, **more)


def push() -> Case:
    assert isinstance(COMMANDS, Commands)
    return case(PUSH, commands=COMMANDS)


def verdict(depth: Depth = Depth.FULL, *, rule: str = "approved/github.com/acme", observing: bool = False) -> Verdict:
    scrutiny = Scrutiny(depth=depth, rule=rule, observing=observing)
    return Verdict(action=Action.ALLOW, code="approved", rule=rule, reference="p.yaml:5", reason="", scrutiny=scrutiny)


def reader_of(asked: Case, depth: Depth, examiner: Examiner | None = None) -> object:
    """The inspector that a body is read with, None where it is only counted."""
    examined = (examiner or Examiner(scanner=NO_RULES)).examined(asked, verdict(depth))
    return examined.examination._inspector if examined is not None else None


@pytest.mark.parametrize("depth", Depth)
def test_a_push_is_read_at_every_depth(depth: Depth) -> None:
    assert isinstance(reader_of(push(), depth), PushInspector)


@pytest.mark.parametrize("depth", Depth)
def test_an_object_is_compared_with_what_was_said_of_it(depth: Depth) -> None:
    assert isinstance(reader_of(case(OBJECT), depth), LfsObjectInspector)
    stored = arrival("PUT", f"https://{STORE}/bucket/1?sig=x", length=3)
    assert isinstance(reader_of(case(stored, announced=announced()), depth), LfsObjectInspector)


@pytest.mark.parametrize(("depth", "reads"), [(Depth.FULL, True), (Depth.HEADERS, True), (Depth.OFF, False)])
def test_any_other_upload_is_read_as_deep_as_the_policy_says(depth: Depth, reads: bool) -> None:
    assert (reader_of(case(FILE), depth) is not None) is reads


@pytest.mark.parametrize(
    "asked",
    [
        arrival("POST", "https://github.com/mallory/loot.git/git-upload-pack", length=200),
        arrival("DELETE", "https://api.github.com/repos/acme/api/contents/a", length=0),
    ],
)
def test_what_writes_nothing_or_sends_nothing_is_not_read(asked: Arrival) -> None:
    assert reader_of(case(asked), Depth.FULL) is None


def test_without_a_target_nothing_is_read_or_metered() -> None:
    unknown = Case(POLICY, FILE)
    assert Examiner(scanner=NO_RULES).examined(unknown, verdict()) is None
    assert spends(unknown) == []


def test_only_so_many_packs_are_read_at_a_time() -> None:
    examiner = Examiner(scanner=NO_RULES)
    examiner.pushes = Shares(8)
    read = [examiner.examined(push(), verdict()) for _ in range(4)]
    assert not examiner.has_room(push(), verdict())
    assert examiner.has_room(push(), verdict(Depth.HEADERS))
    assert examiner.has_room(case(FILE), verdict())
    for examined in read:
        assert examined is not None
        examined.close()
        examined.close()
        assert examiner.has_room(push(), verdict())
    assert examiner.pushes.free == 8


def test_only_a_push_gets_a_spool_and_gives_it_back() -> None:
    space = SpoolSpace(total=BASES_BYTES)
    examiner = Examiner(scanner=NO_RULES, space=space)
    examined = examiner.examined(push(), verdict())
    assert examined is not None
    assert examined.spool is not None
    examined.spool.append(b"abc")
    assert space.free == BASES_BYTES - 3
    examined.close()
    assert space.free == BASES_BYTES
    other = examiner.examined(case(FILE), verdict())
    assert other is not None
    assert other.spool is None
    other.close()


@pytest.mark.parametrize("depth", Depth)
def test_secrets_are_looked_for_only_in_what_is_read_whole(monkeypatch: pytest.MonkeyPatch, depth: Depth) -> None:
    asked: list[object] = []
    monkeypatch.setattr(room, "read_rules", lambda file: asked.append(file) or NO_RULES)
    examiner = Examiner()
    for one in (push(), case(OBJECT), case(FILE)):
        reader_of(one, depth, examiner)
        reader_of(one, depth, examiner)
    assert asked == ([None] if depth is Depth.FULL else [])


# -- rolling windows ---------------------------------------------------------------------------------------------------


def spends(asked: Case, rule: str = "approved/github.com/acme") -> list[tuple[str, str]]:
    """The windows that an upload counts in, and their keys."""
    meter = Examiner().meter(asked, verdict(rule=rule))
    return [(account.limit.per, account.key) for account, _ in meter._accounts]


ANA = replace(FILE, subject=Subject(client="192.0.2.1", user="Ana@Acme.example"))


def test_an_upload_counts_for_its_client_user_owner_and_repository() -> None:
    assert spends(case(ANA)) == [
        ("client", "192.0.2.1"),
        ("user", "ana@acme.example"),
        ("owner", "github.com/acme"),
        ("repository", "github.com/acme/api"),
    ]


def test_nobody_s_user_has_no_window() -> None:
    assert "user" not in dict(spends(case(FILE)))


@pytest.mark.parametrize("rule", ["defaults/writes", "defaults/unidentified", "approvedish", ""])
def test_what_nothing_approves_counts_as_such(rule: str) -> None:
    assert ("unapproved", "192.0.2.1") in spends(case(FILE), rule)
    assert "unapproved" not in dict(spends(case(FILE)))


def test_names_are_folded_as_the_forge_does() -> None:
    upper = arrival("PUT", "https://api.github.com/repos/ACME/Api/contents/a", length=100)
    assert spends(case(upper)) == spends(case(FILE))


def test_an_owner_deep_in_groups_is_the_first_of_them() -> None:
    deep = arrival("POST", "https://gitlab.com/acme/platform/x/y.git/git-receive-pack", length=10)
    assert dict(spends(case(deep)))["owner"] == "gitlab.com/acme"
    assert dict(spends(case(deep)))["repository"] == "gitlab.com/acme/platform/x/y"


def test_what_names_no_repository_counts_for_its_owner_only() -> None:
    package = arrival("PUT", "https://npm.pkg.github.com/@acme%2fx", length=10)
    found = dict(spends(case(package)))
    assert found["owner"] == "github.com/acme"
    assert "repository" not in found


def test_what_goes_to_several_repositories_counts_for_each() -> None:
    both = case(ANA)
    assert both.target is not None
    other = Also(address="github.com/ACME/Web", owner="ACME", repository="Web", role="destination")
    also = (
        other,
        replace(other, role="second", operation=Operation.COMMENT),
        replace(other, address="github.com/acme-web", repository=None),
        replace(other, address="github.com/mallory/loot", role="source"),
        replace(other, address="github.com/mallory/star", role="second", operation=Operation.STAR),
        replace(other, address=None, repository=None),
    )
    found = spends(replace(both, target=replace(both.target, also=also)))
    assert [key for per, key in found if per == "repository"] == ["github.com/acme/api", "github.com/acme/web"]
    assert [key for per, key in found if per == "owner"] == ["github.com/acme", "github.com/acme-web"]
    assert [key for per, key in found if per in ("client", "user")] == ["192.0.2.1", "ana@acme.example"]


def test_reads_are_never_metered() -> None:
    assert spends(case(arrival("POST", "https://github.com/acme/api.git/git-upload-pack", length=200))) == []


def test_all_uploads_of_a_process_share_their_windows() -> None:
    now = 0.0
    examiner = Examiner(clock=lambda: now)
    first, second = (examiner.meter(case(FILE), verdict()) for _ in range(2))
    assert first.spend(8) is None
    exceeded = second.spend(3)
    assert exceeded is not None
    assert (exceeded.limit.per, exceeded.usage.bytes) == ("client", 8)
    now = 3700.0
    assert examiner.meter(case(FILE), verdict()).spend(10) is None


def test_observe_mode_only_tells_of_a_full_window() -> None:
    meter = Examiner().meter(case(FILE), verdict(observing=True))
    assert meter.announce(11) is None
    assert meter.spend(11) is None
    assert [exceeded.limit.per for exceeded in meter.logged] == ["client"]


def test_a_reason_names_no_user() -> None:
    examiner = Examiner()
    exceeded = examiner.meter(case(replace(ANA, subject=replace(ANA.subject, client="192.0.2.9"))), verdict()).announce(
        21
    )
    assert exceeded is not None
    assert "192.0.2.9" in beyond(exceeded).reason
    user = replace(exceeded, limit=Limit(per="user", seconds=3600, size=20), key="ana@acme.example")
    assert "ana" not in beyond(user).reason
    assert "this user" in beyond(user).reason
    assert beyond(user).action is Action.BLOCK
    observed = beyond(user, observing=True)
    assert (observed.action, observed.would_action) == (Action.LOG, Action.BLOCK)


@pytest.mark.parametrize(
    ("asked", "coding", "lent"),
    [
        (ASSET, None, True),
        (ASSET, "identity", True),
        (ASSET, "gzip", False),
        (OBJECT, None, True),
        (OBJECT, "gzip", False),
    ],
)
def test_a_file_that_is_the_body_is_hashed_once(asked: Arrival, coding: str | None, lent: bool) -> None:
    """The file's hash is the wire's where both are the same bytes, and its own where they aren't."""
    headers = () if coding is None else (("content-encoding", coding),)
    request = replace(asked.request, headers=(*asked.request.headers, *headers))
    wire = hashlib.sha256(b"as it travels")
    examined = Examiner(scanner=NO_RULES).examined(case(replace(asked, request=request)), verdict(), wire)
    assert examined is not None
    inspector = examined.examination._inspector
    facts = [*inspector.feed(b"abc"), *inspector.finish()]
    (file,) = [fact for fact in facts if isinstance(fact, File)]
    assert file.sha256 == (wire.hexdigest() if lent else hashlib.sha256(b"abc").hexdigest())


def test_what_stands_in_a_body_has_its_own_hash() -> None:
    examined = Examiner(scanner=NO_RULES).examined(case(FILE), verdict(), hashlib.sha256(b"as it travels"))
    assert examined is not None
    inspector = examined.examination._inspector
    facts = [*inspector.feed(b'{"content": "YWJj"}'), *inspector.finish()]
    assert [fact.sha256 for fact in facts if isinstance(fact, File)] == [hashlib.sha256(b"abc").hexdigest()]
