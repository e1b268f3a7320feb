from __future__ import annotations

import tracemalloc
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.record import samples

from forgewall.evidence import (
    Commit,
    Evidence,
    Fact,
    File,
    FileKind,
    ForcedUpdate,
    Malformed,
    NamedFile,
    PushOption,
    RefAction,
    RefUpdate,
    Secret,
    Unread,
)
from forgewall.inspect import collector
from forgewall.inspect.collector import Collector
from forgewall.record import redact

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def summed(*facts: Fact) -> Evidence:
    return samples.summed(list(facts))


def file(path: str, size: int = 10, kind: FileKind = FileKind.TEXT, *, encrypted: bool = False) -> File:
    return File(path=path, size=size, kind=kind, encrypted=encrypted, sha256="ab" * 32)


def commit(name: str, minutes: int) -> Commit:
    return replace(samples.COMMIT, id=name, time=NOON + timedelta(minutes=minutes))


def secret(number: int, rule: str = "generic", path: str | None = None) -> Secret:
    return Secret(rule=rule, mask="abcd…(20)", fingerprint=f"{number:016x}", path=path)


def paths(evidence: Evidence) -> list[str | None]:
    return [one.path for one in evidence.files]


def test_nothing_is_nothing() -> None:
    assert summed() == Evidence()
    assert summed(NamedFile(path="a"), Malformed(reason="x")) == Evidence()


def test_files_are_counted_and_the_most_telling_are_kept() -> None:
    found = summed(
        file("a.py"),
        file("b.zip", 500, FileKind.ARCHIVE),
        file("id_rsa", 3, FileKind.KEY),
        file("c.zip", 900, FileKind.ARCHIVE),
        file("d.kdbx", 5, FileKind.OTHER, encrypted=True),
        file("mail.pst", 5, FileKind.MAIL_STORE),
        file("plan.docx", 10**9, FileKind.OFFICE),
        file("big.bin", 10**12, FileKind.OTHER),
        *(file(f"small/{n}", 20) for n in range(100)),
        file("last.sqlite", 1, FileKind.DATABASE),
    )
    telling = ["d.kdbx", "id_rsa", "mail.pst", "last.sqlite", "c.zip", "b.zip", "plan.docx", "big.bin"]
    assert paths(found) == [*telling, *(f"small/{n}" for n in range(42))]
    assert found.file_count == 109
    assert found.file_bytes == 10 + 500 + 3 + 900 + 5 + 5 + 10**9 + 10**12 + 2000 + 1
    assert dict(found.kinds) == {"archives": 2, "keys": 1, "mail_stores": 1, "office": 1, "databases": 1}
    assert found.encrypted == 1


@given(st.lists(st.tuples(st.sampled_from(FileKind), st.booleans(), st.integers(0, 9)), max_size=200))
@settings(deadline=None)
def test_the_kept_files_are_the_first_of_all_sorted(drawn: list[tuple[FileKind, bool, int]]) -> None:
    files = [file(str(n), size, kind, encrypted=locked) for n, (kind, locked, size) in enumerate(drawn)]
    best = sorted(files, key=lambda one: (6 if one.encrypted else collector._WEIGHTS[one.kind], one.size), reverse=True)
    assert paths(summed(*files)) == [one.path for one in best[:50]]


def test_every_kind_has_its_weight() -> None:
    assert set(collector._WEIGHTS) == set(FileKind)


def test_first_and_last_commit_go_by_the_clock_and_of_equals_by_the_order_of_packs() -> None:
    found = summed(commit("c", 2), commit("d", 3), commit("a", 0), commit("b", 1))
    assert found.first_commit is not None
    assert found.last_commit is not None
    assert (found.commit_count, found.first_commit.id, found.last_commit.id) == (4, "a", "d")
    found = summed(commit("newest", 0), commit("middle", 0), commit("oldest", 0))
    assert found.first_commit is not None
    assert found.last_commit is not None
    assert (found.first_commit.id, found.last_commit.id) == ("oldest", "newest")


def test_the_same_secret_in_the_same_file_is_one() -> None:
    found = summed(*[secret(1, path="a"), secret(1, path="b"), secret(2, path="a")] * 3)
    assert found.secret_count == 3
    assert found.secrets == (secret(1, path="a"), secret(1, path="b"), secret(2, path="a"))


def test_secrets_without_a_fingerprint_are_told_apart_by_mask_and_line() -> None:
    one = replace(secret(1, path="a"), fingerprint="", line=1)
    found = summed(one, replace(one, line=2), replace(one, mask="efgh…(20)"), one)
    assert found.secret_count == 3


def test_many_finds_of_one_rule_do_not_hide_another_rule() -> None:
    found = summed(*(secret(n) for n in range(500)), secret(1, "aws-access-token"), secret(2, "private-key"))
    assert len(found.secrets) == 20
    assert found.secret_count == 502
    assert [one.rule for one in found.secrets[-2:]] == ["aws-access-token", "private-key"]
    assert found.secrets[:18] == tuple(secret(n) for n in range(18))


def test_more_rules_than_room_keep_the_first() -> None:
    found = summed(*(secret(n, f"rule-{n}") for n in range(30)))
    assert [one.rule for one in found.secrets] == [f"rule-{n}" for n in range(20)]
    assert found.secret_count == 30


def test_names_options_and_reasons_stand_once_and_in_order() -> None:
    found = summed(
        *[ForcedUpdate(name="refs/heads/b"), ForcedUpdate(name="refs/heads/a")] * 2,
        *[PushOption(text="ci.skip"), PushOption(text="x=1")] * 2,
        *[Unread(reason="too deep"), Unread(reason="too large")] * 2,
    )
    assert found.forced == ("refs/heads/b", "refs/heads/a")
    assert found.push_options == ("ci.skip", "x=1")
    assert found.unread == ("too deep", "too large")


def test_evidence_can_be_asked_for_at_any_time() -> None:
    running = Collector()
    running.add(file("a"))
    before = running.evidence()
    running.add(file("b"))
    assert paths(before) == ["a"]
    assert paths(running.evidence()) == paths(running.evidence()) == ["a", "b"]


def test_a_long_path_keeps_the_file_name() -> None:
    (kept,) = paths(summed(file("d/" * 2000 + "ledger.kdbx")))
    assert kept is not None
    assert kept.startswith("…/d/d/")
    assert kept.endswith("/d/ledger.kdbx")
    assert 1000 < len(kept) <= 1024
    (endless,) = paths(summed(file("x." * 2000)))
    assert endless is not None
    assert len(endless) <= 1024
    assert endless.endswith("…")


@given(st.integers(0, 1100), st.sampled_from(["/", " ", "x", "x/", "Ünï/"]))
def test_no_cut_leaves_the_head_of_a_token(position: int, filler: str) -> None:
    """However a long text is cut, redaction sees a token whole, or no more than a mask would show."""
    token = "ghp_" + "A1b2C3d4" * 5
    text = (filler * 1100)[:position] + token + (filler * 1100)[:1100]
    found = summed(
        file(text), PushOption(text=text), RefUpdate(name=text, action=RefAction.CREATE), Unread(reason=text)
    )
    kept = [found.files[0].path or "", *found.push_options, found.refs[0].name, *found.unread]
    assert all(token[:9] not in redact.text(one, 2048) for one in kept)


def test_the_sum_of_endless_facts_stays_small() -> None:
    long = "🗄/" * 5000
    running = Collector()
    tracemalloc.start()
    for n in range(5000):
        name = f"{n}{long}"
        running.add(file(name, n, FileKind.ARCHIVE))
        running.add(RefUpdate(name=name, action=RefAction.CREATE, new=name))
        running.add(secret(n, name, name))
        running.add(replace(samples.COMMIT, id=name, subject=name, time=NOON + timedelta(minutes=n)))
        for text in (ForcedUpdate(name=name), PushOption(text=name), Unread(reason=name), NamedFile(path=name)):
            running.add(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found = running.evidence()
    assert peak < 2 * 2**20
    assert found.file_count == found.ref_count == found.commit_count == found.secret_count == 5000
    check_bounds(found)


def check_bounds(found: Evidence) -> None:
    assert len(found.files) <= 50
    assert len(found.refs) <= 50
    assert len(found.forced) <= 10
    assert len(found.push_options) <= 20
    assert len(found.secrets) <= 20
    assert len(found.unread) <= 10
    for name, most in {
        **dict.fromkeys(["path"], 1024),
        **dict.fromkeys(["name", "rule", "author", "author_email", "committer", "committer_email", "subject"], 200),
        **dict.fromkeys(["id", "old", "new", "oid", "fingerprint"], 128),
        "mask": 32,
    }.items():
        for item in [*found.files, *found.refs, *found.secrets, found.first_commit, found.last_commit]:
            assert len(getattr(item, name, None) or "") <= most, name
    assert all(len(text) <= 200 for text in [*found.forced, *found.push_options, *found.unread])


@given(st.lists(samples.facts(st.text(alphabet=st.characters(), max_size=3000)), max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_facts_give_bounded_evidence(facts: list[Fact]) -> None:
    found = samples.summed(facts)
    check_bounds(found)
    assert found.file_count == sum(isinstance(fact, File) for fact in facts) >= len(found.files)
    assert found.ref_count == sum(isinstance(fact, RefUpdate) for fact in facts) >= len(found.refs)
    assert found.commit_count == sum(isinstance(fact, Commit) for fact in facts)
    assert found.secret_count >= len(found.secrets)


def test_a_secret_has_no_place_for_its_value() -> None:
    """By construction: whoever adds a field to `Secret` or `Evidence` has to think of what may stand there."""
    assert [one.name for one in fields(Secret)] == ["rule", "mask", "fingerprint", "path", "oid", "line"]
    assert {one.name for one in fields(Evidence)} == {
        *("refs", "ref_count", "forced", "push_options", "commit_count", "first_commit", "last_commit", "files"),
        *("file_count", "file_bytes", "kinds", "encrypted", "secrets", "secret_count", "unread"),
    }
    (kept,) = summed(replace(secret(1), mask="s" * 5000)).secrets
    assert len(kept.mask) == 32
