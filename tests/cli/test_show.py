from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import NOW, Scene
from tests.record import samples

from forgewall.evidence import Evidence
from forgewall.model import Visibility
from forgewall.record.event import Decision, Edit, Result
from forgewall.review.case import State, Triage
from forgewall.review.store import Store


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def told(scene: Scene, capsys: Any, *words: str) -> dict[str, list[str]]:
    """What is printed below each title; the first line below ''."""
    assert scene.run("show", *words) == 0
    printed = capsys.readouterr().out
    assert all(line.isprintable() for line in printed.split("\n"))
    sections: dict[str, list[str]] = {}
    for block in printed.strip().split("\n\n"):
        title, *lines = block.splitlines()
        sections["" if not sections else title] = lines or [title]
    return sections


def test_a_block_is_told_whole(scene: Scene, capsys: Any) -> None:
    earlier = scene.decision(ago=timedelta(days=2))
    event = scene.decision(visibility=Visibility.PUBLIC)
    sections = told(scene, capsys, event.id)
    assert sections[""] == ["BLOCKED push github.com/mallory/loot"]
    assert sections["Event"] == [
        "  who         ana@acme.example (10.1.2.3), known by proxy-auth",
        "              git/2.47.1",
        "  what        push (write)",
        "              GET https://github.com/mallory/loot/info/refs?service=git-receive-pack",
        "  where       github.com/mallory/loot (public) on github.com (github)",
        "  when        2026-11-24 11:00:00 UTC, 1 h ago",
        f"  id          {event.id}",
    ]
    assert "  reason      github.com/mallory/loot is not an approved repository (unapproved)" in sections["Why"]
    assert f"  rule        defaults/writes  {scene.file}:7" in sections["Why"]
    assert "              defaults: {writes: block}  # by default" in sections["Why"]
    case = "\n".join(sections["Case"])
    assert "2 times, 0 bytes in all" in case
    assert f"{event.id}  (this one)" in case
    assert earlier.id in case
    assert f"{scene.policy.digest[:12]}, the same as then" in sections["Today"][0]
    assert sections["Today"][1] == (
        "  verdict     would be blocked: github.com/mallory/loot is not an approved repository"
    )
    assert f"  because     {scene.file}:7  defaults/writes  yes: `writes: block` applies" in sections["Today"]
    todo = "\n".join(sections["What to do"])
    places = f" --events {scene.events} --policy {scene.file}"
    assert re.search(rf"approve     forgewall approve C-\w{{10}}{re.escape(places)}\n", todo)
    assert "to github.com/mallory/loot for ana@acme.example" in todo
    assert "warning     everybody can see github.com/mallory/loot" in todo
    assert re.search(r"or          forgewall mute C-\w{10} ", todo)


def test_by_a_prefix_in_any_case_and_by_its_case(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    whole = told(scene, capsys, event.id)
    assert told(scene, capsys, event.id[:20].lower()) == whole
    identifier = whole["Case"][0].split()[1].rstrip(",")
    for spelled in (identifier, identifier.lower(), identifier.removeprefix("C-")):
        by_case = told(scene, capsys, spelled)
        assert by_case[""] == [f"{identifier}, last: BLOCKED push github.com/mallory/loot"]
        assert {**by_case, "": whole[""]} == whole


def test_an_upload_tells_what_was_in_it(scene: Scene, capsys: Any) -> None:
    decision = scene.decision("git push https://github.com/acme-corp/api")
    upload = scene.upload(
        decision,
        result=Result.CUT,
        evidence=samples.EVIDENCE,
        objections=(samples.OBJECTION,),
        verdict=replace(samples.BLOCK, code="content", rule="content/secrets", reason=samples.OBJECTION.reason),
    )
    sections = told(scene, capsys, upload.id)
    found = "\n".join(sections["Found in the upload"])
    for fact in (
        "ref         refs/heads/main  update  1f1f1f1f1f1f..2e2e2e2e2e2e",
        "file        backup/all.zip  4.8 MiB  archives  encrypted  sha256 5b5b",
        "secret      aws-access-token  AKIA…(20)  deploy/env:3",
        "commit      last  2e2e2e2e2e2e",
    ):
        assert fact in found
    assert sections["How it ended"][0] == "  upload      cut after 1,000 bytes, answered with 200"
    assert decision.id in sections["Other events of this request"][0]
    assert "can't be judged anew: what was in the upload had decided" in "\n".join(sections["Today"])
    assert "approving can't help: " in "\n".join(sections["What to do"])
    assert "Found in the upload" in told(scene, capsys, decision.id)  # its own upload's


def test_many_files_stay_on_one_screen(scene: Scene, capsys: Any) -> None:
    files = tuple(replace(samples.ZIP, path=f"f{number}") for number in range(50))
    decision = scene.decision("git push https://github.com/acme-corp/api")
    upload = scene.upload(decision, evidence=Evidence(files=files, file_count=50_000))
    sections = told(scene, capsys, upload.id)
    assert sum(len(lines) + 2 for lines in sections.values()) < 60
    assert any("and 49950 more" in line for line in sections["Found in the upload"])


def test_an_approved_request_needs_nothing(scene: Scene, capsys: Any) -> None:
    sections = told(scene, capsys, scene.decision("git push https://github.com/acme-corp/api").id)
    assert "  verdict     would pass: github.com/acme-corp is approved" in sections["Today"]
    assert "What to do" not in sections
    assert "Case" not in sections


def test_a_changed_policy_judges_anew(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    scene.file.write_text(scene.text.replace("github.com/acme-corp", "github.com/mallory"))
    sections = told(scene, capsys, event.id)
    assert "it has changed since" in sections["Today"][0]
    assert "  verdict     would pass: github.com/mallory is approved" in sections["Today"]
    assert "              defaults: {writes: block}  # by default" not in sections["Why"]
    assert "nothing is needed: the present policy lets this pass" in sections["What to do"][0]


@pytest.mark.parametrize("text", [None, "version: 1\nforms: []\n", "a: [\n"])
def test_a_policy_that_cannot_be_used_is_said(scene: Scene, capsys: Any, text: str | None) -> None:
    event = scene.decision()
    scene.file.unlink() if text is None else scene.file.write_text(text)
    sections = told(scene, capsys, event.id)
    assert sections["Today"][0].startswith(f"  policy      can't be used: {scene.file}:")
    assert len(sections["Today"]) == 1


def test_what_was_said_of_a_case_is_told(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    with Store(scene.events, clock=lambda: NOW) as store:
        store.refresh()
        case = store.case(event.id)
        assert case is not None
        store.triage(Triage(case_id=case.id, state=State.CONFIRMED, by="bob", at=NOW, note="asked her"))
        until = NOW + timedelta(days=2)
        store.triage(Triage(case_id=case.id, state=State.MUTED, by="eve", at=NOW, until=until))
    lines = told(scene, capsys, case.id)["Case"]
    assert lines[0] == f"  case        {case.id}, muted (in 2 d)"
    assert lines[-2] == "  said        2026-11-24 12:00:00  confirmed by bob: asked her"
    assert lines[-1] == "              2026-11-24 12:00:00  muted until 2026-11-26 12:00 by eve"


def test_changes_of_the_policy_and_faults_are_told(scene: Scene, capsys: Any) -> None:
    edit = samples.policy_edit(edit=Edit.APPROVED, entry="- repo: github.com/mallory/loot")
    for event in (edit, samples.review(), samples.fault(), samples.policy_change(problems=2)):
        scene.log.write(event)
    sections = told(scene, capsys, edit.id)
    assert sections[""][0].startswith("APPROVED bob approved github.com/mallory/loot")
    assert "  entry       - repo: github.com/mallory/loot" in sections["Event"]
    assert "  who         bob" in sections["Event"]
    assert "  for case    C-7QK2M9FD3A" in sections["Event"]
    assert "Today" not in sections


def test_json_tells_whole_documents(scene: Scene, capsys: Any) -> None:
    decision = scene.decision()
    scene.decision()
    scene.run("show", decision.id, "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["event"]["event"]["id"] == decision.id
    assert found["case"]["count"] == 2
    assert [row["dataset"] for row in found["attempts"]] == ["decision", "decision"]
    assert found["now"]["verdict"]["action"] == "block"
    assert found["now"]["verdict"]["trace"][0]["rule"] == "defaults/writes"
    assert found["policy_line"] == "defaults: {writes: block}  # by default"
    assert found["remedy"]["wishes"][0]["address"] == "github.com/mallory/loot"
    approved = scene.decision("git push https://github.com/acme-corp/api")
    scene.run("show", approved.id, "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["case"], found["remedy"], found["attempts"]) == (None, None, [])


@pytest.mark.parametrize("identifier", ["01KB5Q7W5T0000000000000002", "C-7QK2M9FD3A", "x", "\x1b[2J", "'; DROP", "0"])
def test_an_unknown_id_is_a_sentence(scene: Scene, capsys: Any, identifier: str) -> None:
    scene.decision()
    assert scene.run("show", identifier) == 2
    message = capsys.readouterr().err
    assert message.startswith("forgewall: there is no event and no case")
    assert message[:-1].isprintable()


def test_hostile_events_cannot_steer_the_terminal(scene: Scene, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "\x1b]8;;https://evil.example\x07x\x1b[2J\x9b1m\u202e\u200b" + "\u0301" * 50 + "\r\n[bold]:smile:[/bold]"
    event = {
        "@timestamp": "2026-11-24T10:00:00.000Z",
        "event": {"id": "01KB5Q7W5T0000000000000002", "dataset": "forgewall.upload", "kind": "alert"},
        "user": {"name": evil},
        "source": {"address": evil},
        "user_agent": {"original": evil + "y" * (1 << 20)},
        "url": {"full": evil},
        "http": {"request": {"id": evil, "method": evil, "body": {"bytes": 5}}, "response": {"status_code": evil}},
        "forgewall": {
            **{"action": "block", "code": evil, "address": evil, "key": evil, "operation": evil, "signals": [evil]},
            **{"subject_source": evil, "identified_by": evil, "policy": {"digest": evil, "mode": evil}},
            "upload": {"result": "cut", "wire_bytes": 5, "sha256": evil},
            "evidence": {
                "summary": evil,
                "files": [{"path": evil, "kind": evil}],
                "secrets": [{"rule": evil, "mask": evil, "path": evil}],
                "refs": [{"name": evil, "action": evil}],
            },
        },
        "rule": {"id": evil, "reference": f"{evil}:3"},
        "message": evil,
    }
    scene.decision()
    with (scene.events / "forgewall-2026-11-24.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")
    sections = told(scene, capsys, "01KB5Q7W5T0000000000000002")
    assert "evil.example" in sections["Event"][0]
    scene.run("show", "01KB5Q7W5T0000000000000002", "--json")
    assert capsys.readouterr().out[:-1].isprintable()
    monkeypatch.setenv("FORCE_COLOR", "1")
    scene.run("show", "01KB5Q7W5T0000000000000002")
    coloured = capsys.readouterr().out
    assert "[bold]:smile:[/bold]" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace("\n", "").isprintable()


def test_a_terminal_folds_beside_the_label(scene: Scene) -> None:
    event = scene.decision("git push https://github.com/mallory/" + "long-" * 30)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", scene.on_terminal("show", event.id, columns=70))
    assert "\x1b" not in plain
    assert all(len(line) <= 70 for line in plain.splitlines())
    where = plain.index("  where       ")
    assert plain[where:].splitlines()[1].startswith(" " * 14)
    assert event.id in plain


def test_every_kind_of_event_can_be_shown(scene: Scene, capsys: Any) -> None:
    alike = [event for event in samples.ALL if isinstance(event, Decision)][10:]
    shown = [event for event in samples.ALL if event not in alike]
    for event in shown:
        scene.log.write(event)
    for event in shown:
        sections = told(scene, capsys, event.id)
        assert any(event.id in line for line in sections["Event"])
