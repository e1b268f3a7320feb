from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples

from forgewall.cli.event_details import details
from forgewall.evidence import Evidence
from forgewall.model import Also
from forgewall.record.ecs import document


def shown(evidence: Evidence, **changes: Any) -> list[str]:
    return details(document(samples.upload(evidence=evidence, **changes)))


def test_everything_that_was_found_has_a_line() -> None:
    assert shown(samples.EVIDENCE, objections=(samples.OBJECTION,)) == [
        "    ref        refs/heads/main  update  1f1f1f1f1f1f..2e2e2e2e2e2e",
        "    ref        refs/tags/v1.0  create  3d3d3d3d3d3d",
        "    ref        refs/heads/old  delete  4c4c4c4c4c4c",
        "    forced     refs/heads/main",
        "    option     ci.skip",
        "    option     merge_request.create",
        "    commit     first  b5b5b5b5b5b5  2026-11-24T07:00:00  Ana Lima <ana@acme.example>  Start",
        "    commit     last  2e2e2e2e2e2e  2026-11-24T07:00:00  Ana Lima <ana@acme.example>  "
        "Ana Lima's fix for the export, reviewed by ben@acme.example",
        "    file       backup/all.zip  4.8 MiB  archives  encrypted  sha256 " + "5b" * 32,
        "    file       README.md  1.2 KiB  text  sha256 " + "79" * 32,
        "    file       and 10 more",
        "    secret     aws-access-token  AKIA…(20)  deploy/env:3",
        "    unread     deploy/big.zip holds more than 2 GiB",
        "    rule       would-block  content/secrets  policy/forgewall.yaml:31  "
        "the upload holds a secret (aws-access-token) in deploy/env, line 3: AKIA…(20)",
    ]


def test_a_single_commit_is_told_once() -> None:
    one = replace(samples.EVIDENCE, commit_count=1, first_commit=samples.COMMIT)
    assert [line.split()[1] for line in shown(one) if "commit " in line] == ["only"]


def test_a_batch_tells_its_objects() -> None:
    assert details(document(samples.decision(lfs=samples.BATCH))) == [f"    object     {'c4' * 32}  8.6 MiB"]


def test_further_repositories_are_told() -> None:
    unknown = Also(address=None, owner=None, repository=None, role="source")
    event = samples.decision(target=replace(samples.TARGET, also=(samples.SECOND, unknown)))
    assert details(document(event)) == [
        "    also       second  issue  github.com/ana/notes  private  moved to github.com/mallory/Prey",
        "    also       source  (unknown)",
    ]
    many = samples.decision(target=replace(samples.TARGET, also=(samples.SECOND,) * 22))
    assert details(document(many))[-1] == "    also       and 2 more"


def test_nothing_found_is_no_line() -> None:
    assert shown(Evidence()) == details(document(samples.upload())) == details(document(samples.fault())) == []


scalar = st.none() | st.booleans() | st.integers() | st.floats() | samples.anything
tree = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(samples.anything, inner, max_size=3),
    max_leaves=15,
)
KEYS = ["refs", "ref_count", "files", "secrets", "first_commit", "push_options", "unread", "objects", "object_count"]
found = st.dictionaries(
    st.sampled_from(KEYS), tree | st.lists(st.dictionaries(st.sampled_from(["path", "size"]), tree))
)


@given(st.fixed_dictionaries({}, optional={"evidence": found | tree, "lfs": found | tree, "objections": tree}))
def test_whatever_stands_in_a_log_gives_printable_lines(own: dict[str, Any]) -> None:
    lines = details({"forgewall": own})
    assert all(line.isprintable() and len(line) <= 304 for line in lines)
    assert len(lines) <= 400
