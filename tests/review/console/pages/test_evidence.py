"""What was found in an upload, as its event has it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.record import samples
from tests.review.console.pages.test_facts import json_values

from forgewall.record.ecs import document
from forgewall.review.console.pages.evidence import found


def test_all_of_it() -> None:
    event = samples.upload(evidence=samples.EVIDENCE, objections=(samples.OBJECTION,), would_cut=True)
    one = found(document(event))
    assert one is not None
    assert one.event_id == event.id
    assert [(ref.name, ref.action, ref.old, ref.new, ref.forced) for ref in one.refs][:2] == [
        ("refs/heads/main", "update", "1f1f1f1f1f1f", "2e2e2e2e2e2e", True),
        ("refs/tags/v1.0", "create", "", "3d3d3d3d3d3d", False),
    ]
    assert (one.commits[0].which, one.commits[0].subject) == ("first", "Start")
    assert one.commit_count == 3
    assert [(file.path, file.size, file.encrypted) for file in one.files] == [
        ("backup/all.zip", 5_000_000, True),
        ("README.md", 1200, False),
    ]
    assert (one.file_count, one.file_bytes) == (12, 5_012_000)
    assert [(secret.mask, secret.path, secret.line) for secret in one.secrets] == [("AKIA…(20)", "deploy/env", 3)]
    assert one.unread == ("deploy/big.zip holds more than 2 GiB",)
    assert one.push_options == ("ci.skip", "merge_request.create")
    assert one.objections[0].would_block


def test_one_commit_is_told_once() -> None:
    evidence = samples.replace(samples.EVIDENCE, first_commit=samples.COMMIT, commit_count=1)
    one = found(document(samples.upload(evidence=evidence)))
    assert one is not None
    assert [commit.which for commit in one.commits] == ["only"]


def test_an_lfs_batch_and_nothing_at_all() -> None:
    batch = found(document(samples.aimed(samples.Operation.LFS_UPLOAD, lfs=samples.BATCH)))
    assert batch is not None
    assert batch.lfs == (("c4" * 32, 9_000_000),)
    assert found(document(samples.decision())) is None
    assert found({}) is None


@given(st.dictionaries(st.sampled_from(["evidence", "objections", "lfs", "objection_count"]), json_values))
def test_any_shape_is_taken(body: dict[str, Any]) -> None:
    found({"forgewall": body, "event": {"id": 5}})


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["refs", "files", "secrets", "first_commit", "last_commit", "unread", "forced", "file_count"]),
        json_values | st.lists(st.dictionaries(st.sampled_from(["name", "path", "size", "mask", "line"]), json_values)),
    )
)
def test_any_evidence_is_taken(body: dict[str, Any]) -> None:
    found({"forgewall": {"evidence": body}})
