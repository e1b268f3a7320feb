from __future__ import annotations

from dataclasses import replace

from tests.record import samples

from forgewall.evidence import Evidence, FileKind
from forgewall.record.signals import signals


def test_each_suspicious_fact_is_one_word() -> None:
    assert signals(samples.EVIDENCE) == (
        "encrypted",
        "archives",
        "secret:aws-access-token",
        "force",
        "delete",
        "push-option",
        "unread",
    )


def test_usual_files_are_no_signal() -> None:
    kinds = ((FileKind.MEDIA, 3), (FileKind.TEXT, 9), (FileKind.OTHER, 1))
    assert signals(Evidence(file_count=13, kinds=kinds, refs=(samples.MAIN,))) == ()


def test_what_rules_objected_to_is_one_and_stands_once() -> None:
    said = [replace(samples.OBJECTION, signal=word) for word in ("secret", "path", "ref", "path", "force", "")]
    assert signals(Evidence(forced=("refs/heads/main",)), said) == ("force", "path", "ref")


def test_rules_that_found_more_than_once_stand_once() -> None:
    assert signals(Evidence(secrets=(samples.KEY_FOUND,) * 3)) == ("secret:aws-access-token",)
