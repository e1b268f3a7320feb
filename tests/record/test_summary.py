from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from tests.record import samples

from forgewall.evidence import Evidence, FileKind
from forgewall.record.ecs import document
from forgewall.record.event import Result
from forgewall.record.sentence import sentence
from forgewall.record.summary import _KINDS, refs_words, summary


def test_a_push_in_half_a_sentence() -> None:
    assert summary(samples.EVIDENCE) == (
        "3 commits, 12 files (1 encrypted, 1 archive), refs main, v1.0 (new), old (deleted); "
        "1 forced update (main), 1 secret (aws-access-token), not all of it was read"
    )


def test_what_is_not_there_is_not_told() -> None:
    assert summary(Evidence()) == ""
    assert summary(Evidence(file_count=1)) == "1 file"
    assert summary(Evidence(secrets=(samples.KEY_FOUND,), secret_count=7)) == "7 secrets (aws-access-token)"
    kinds = ((FileKind.PDF, 2), (FileKind.KEY, 1), (FileKind.DATABASE, 3))
    assert summary(Evidence(file_count=9, kinds=kinds)) == "9 files (2 PDFs, 1 key, 3 databases)"


def test_many_names_are_counted() -> None:
    refs = tuple(replace(samples.MAIN, name=f"refs/heads/{n}") for n in range(50))
    assert refs_words(refs, 1000) == "refs 0, 1, 2 and 997 more"
    secrets = tuple(replace(samples.KEY_FOUND, rule=f"rule-{n}") for n in range(5))
    assert summary(Evidence(secrets=secrets, secret_count=9)) == "9 secrets (rule-0, rule-1, rule-2 and 2 more)"


def test_every_counted_kind_has_a_word() -> None:
    counted = [kind for kind in FileKind if kind not in {FileKind.TEXT, FileKind.OTHER}]
    assert [kind for kind in counted if kind not in _KINDS] == []


@given(samples.evidence())
def test_it_is_never_long(evidence: Evidence) -> None:
    assert len(summary(evidence)) < 1000


def test_the_sentence_of_an_upload_ends_with_it() -> None:
    evidence = replace(samples.EVIDENCE, refs=(samples.MAIN,), ref_count=1, forced=(), unread=(), encrypted=0)
    event = samples.upload(evidence=evidence, wire_bytes=48_000_000)
    assert sentence(event) == (
        "Completed git push by ana@acme.example (10.1.2.3) to github.com/mallory/loot after 48000000 bytes: "
        "3 commits, 12 files (1 archive), refs main; 1 secret (aws-access-token)"
    )
    cut = samples.upload(Result.CUT, evidence=Evidence(file_count=2), verdict=samples.TOO_LARGE)
    assert sentence(cut).endswith("after 1000 bytes: more than 50 MiB; 2 files")
    assert sentence(samples.upload(would_cut=True)).startswith("Would have cut git push by")
    assert sentence(samples.upload(Result.CUT, would_cut=True)).startswith("Cut git push by")
    assert sentence(samples.upload()).endswith("after 1000 bytes")


def test_a_decision_on_a_batch_tells_its_objects() -> None:
    event = samples.decision(lfs=samples.BATCH)
    assert sentence(event).endswith("isn't approved; 1 object of 9000000 bytes")


def test_the_message_stays_one_short_line() -> None:
    long = "x " * 5000
    evidence = replace(
        samples.EVIDENCE,
        refs=(replace(samples.MAIN, name=long),) * 50,
        forced=(long,) * 10,
        secrets=(replace(samples.KEY_FOUND, rule=long),) * 20,
    )
    message = document(samples.upload(evidence=evidence))["message"]
    assert len(message) <= 1024
    assert message.isprintable()
