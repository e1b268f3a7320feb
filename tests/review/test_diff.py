"""Two policies compared by what they decide: tests of both files, the log, and entries; never by lines."""

from __future__ import annotations

from datetime import timedelta

from tests.review.recordings import START, policy, recorded

from forgewall.decide.load import Loaded, compiled
from forgewall.model import Action
from forgewall.review.diff import diff
from forgewall.review.diff_entries import Edited, EntryChange, entry_changes

BOTH = "tests:\n  - {do: git push https://github.com/acme/api, expect: %s}\n"


def loaded(text: str, file: str = "p.yaml") -> Loaded:
    return compiled(f"version: 1\n{text}", file, START)


def test_a_test_of_either_file_that_comes_out_otherwise_is_told() -> None:
    old = loaded("tests: [{do: git push https://github.com/acme/api, expect: block}]", "old.yaml")
    new = loaded(
        "approved: [github.com/acme]\ntests: [{do: git push https://gitlab.com/x/y, expect: block}]", "new.yaml"
    )
    found = diff(old, new, None, START)
    assert (found.tested, found.replayed, found.decides_otherwise) == (2, None, True)
    (test,) = found.tests
    assert (test.sentence, test.reference) == ("git push https://github.com/acme/api", "old.yaml:2")
    assert (test.before.action, test.after.action, test.after.rule) == (
        Action.BLOCK,
        Action.ALLOW,
        "approved/github.com/acme",
    )
    assert (test.expect, test.fails) == (None, False)


def test_a_test_in_both_files_is_run_once_and_the_new_ones_wish_counts() -> None:
    old = loaded(BOTH % "block", "old.yaml")
    new = loaded("approved: [github.com/acme]\n" + BOTH % "block", "new.yaml")
    found = diff(old, new, None, START)
    assert found.tested == 1
    assert (found.tests[0].reference, found.tests[0].fails) == ("new.yaml:4", True)
    assert not diff(old, loaded("approved: [github.com/acme]\n" + BOTH % "allow"), None, START).tests[0].fails


def test_the_same_sentence_by_somebody_else_is_another_test() -> None:
    new = loaded(
        "approved: [{repo: github.com/acme, who: [ana]}]\ntests:\n"
        "  - {do: git push https://github.com/acme/api, user: ana, expect: allow}\n"
        "  - {do: git push https://github.com/acme/api, user: ben, expect: block}\n"
    )
    found = diff(loaded(""), new, None, START)
    assert (found.tested, [test.subject.user for test in found.tests]) == (2, ["ana"])


def test_tests_run_at_the_given_time_and_as_if_no_glass_were_broken() -> None:
    new = loaded("approved: [{repo: github.com/acme, expires: 2026-11-24}]\n" + BOTH % "allow")
    assert diff(loaded(""), new, None, START).tests
    assert not diff(loaded(""), new, None, START + timedelta(days=1)).tests
    broken = loaded("break_glass: {until: 2026-11-24T10:00:00Z, by: ben, reason: x}\n" + BOTH % "block")
    assert not diff(loaded(""), broken, None, START).tests


def test_recorded_decisions_are_compared_under_both() -> None:
    log = [recorded("github.com/acme/api", action=Action.ALLOW), recorded("github.com/x/y")]
    found = diff(loaded(""), loaded("approved: [github.com/acme]"), log, START)
    assert found.replayed is not None
    assert (found.replayed.judged, found.replayed.changed) == (2, 1)
    assert found.decides_otherwise
    assert not diff(loaded(""), loaded("# nothing"), log, START).decides_otherwise


def test_another_spelling_of_the_same_policy_is_no_difference() -> None:
    old = policy("approved: [github.com/acme, {repo: github.com/b/c, who: [ana, ben], expires: 2026-12-01}]")
    new = policy(
        "# a comment\napproved:\n  - repo: github.com/b/c\n    expires: '2026-12-01'\n"
        "    who:\n      - ana\n      - ben\n"
        "  - {address: github.com/acme}\nmode: enforce\ndefaults: {writes: block, max_upload: 51200KiB}\n"
    )
    assert entry_changes(old, new) == ()


def test_entries_are_compared_by_address() -> None:
    old = policy(
        "approved:\n  - github.com/gone\n  - {repo: github.com/acme, expires: 2026-12-01, who: [ana]}\n"
        "  - {repo: github.com/two, who: [ana]}\n  - {repo: github.com/two, who: [ben]}\n"
        "forbidden: [github.com/acme/site]"
    )
    new = policy(
        "approved:\n  - {repo: github.com/acme, expires: 2027-01-31, who: [ana], allow: [push]}\n"
        "  - {repo: github.com/two, who: [ben]}\n  - {repo: github.com/new, reason: OSS-1}\n"
    )
    assert entry_changes(old, new) == (
        EntryChange(
            section="approved",
            name="github.com/acme",
            edited=Edited.CHANGED,
            before=(("expires", "2026-12-01"),),
            after=(("allow", "push"), ("expires", "2027-01-31")),
            reference="p.yaml:3",
        ),
        EntryChange(
            section="approved",
            name="github.com/gone",
            edited=Edited.REMOVED,
            before=(),
            after=(),
            reference="p.yaml:3",
        ),
        EntryChange(
            section="approved",
            name="github.com/new",
            edited=Edited.ADDED,
            before=(),
            after=(("reason", "OSS-1"),),
            reference="p.yaml:5",
        ),
        EntryChange(
            section="approved",
            name="github.com/two",
            edited=Edited.REMOVED,
            before=(("who", "ana"),),
            after=(),
            reference="p.yaml:5",
        ),
        EntryChange(
            section="forbidden",
            name="github.com/acme/site",
            edited=Edited.REMOVED,
            before=(),
            after=(),
            reference="p.yaml:7",
        ),
    )


def test_settings_are_compared_by_name() -> None:
    old = policy("groups: {oss: [ana]}\nlimits: {per_client: 1MiB/1h}\ncontent: {secrets: block}")
    new = policy(
        "mode: observe\ngroups: {oss: [ana, ben]}\ncontent: {archives: block}\ndefaults: {writes: log, force: block}\n"
        "forges: [{host: git.acme.example, kind: gitlab}]\nevents: {keep: 90d}\nrequest_url: https://ask.example/{event}"
    )
    found = {
        change.name: (dict(change.before).get(""), dict(change.after).get("")) for change in entry_changes(old, new)
    }
    assert found == {
        "mode": ("enforce", "observe"),
        "groups/oss": ("ana", "ana, ben"),
        "limits/per_client": ("1MiB/1h, beyond it block", None),
        "content/secrets": ("block", "log"),
        "content/archives": (None, "block"),
        "defaults/writes": ("block", "log"),
        "defaults/force": (None, "block"),
        "forges/git.acme.example": (None, "gitlab"),
        "events/keep": (None, "90d"),
        "request_url": (None, "https://ask.example/{event}"),
    }
