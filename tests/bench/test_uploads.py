"""The tables of large uploads come out, and what they are made of is real: packs, pushes, memory."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from bench.__main__ import main
from bench.client import Unexpected, push_seconds
from bench.origin import Origin
from bench.plan import MIB
from bench.proxies import straight
from bench.series import Series

from bench import bodies, meter, pack, squid, uploads


def row(printed: str, label: str, after: str = "") -> list[str]:
    """The cells behind `label`, in the first such line after the text `after`."""
    lines = printed[printed.index(after) :].splitlines()
    line = next(line for line in lines if line.startswith(label))
    return re.split(r"\s{2,}", line.removeprefix(label).strip())


@pytest.mark.e2e
def test_large_uploads_are_measured_in_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--small", "uploads"]) == 0
    captured = capsys.readouterr()
    for label in ("POST of 2 MiB", "git push of 2 MiB", "git push of 1 MiB: 1 MiB of source"):
        unit, *speeds, counting, inspecting = row(captured.out, label)
        assert unit == "MB/s"
        assert re.fullmatch(r"\d+\.\d\dx", counting), captured.out
        assert re.fullmatch(r"\d+\.\d\dx", inspecting), captured.out
        if squid.find() is None:
            assert speeds.pop() == "-"
            assert "no squid" in captured.err
        assert "-" not in speeds[:4]
        assert row(captured.out, "  memory over idle: first, highest", label)[0] == "MiB"
    assert "by a real git push through (c) to a real forge" in captured.out


@pytest.mark.e2e
def test_memory_is_measured_with_very_large_uploads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--small", "large"]) == 0
    printed = capsys.readouterr().out
    for label in ("POST of 4 MiB", "git push of 4 MiB"):
        assert len(row(printed, "  memory over idle: first, highest", label)) == 3


def unpacked(tmp_path: Path, body: bytes) -> Path:
    """A repository that holds the pack of a push, and nothing is wrong with it."""
    repository = tmp_path / "unpacked"
    env = bodies.environment(tmp_path)
    subprocess.run(["git", "init", "-q", "--bare", str(repository)], check=True, env=env)
    command = ["git", "-C", str(repository), "index-pack", "--stdin", "--strict"]
    subprocess.run(command, check=True, env=env, input=body[body.index(b"PACK") :], capture_output=True)
    return repository


def listed(repository: Path, commit: str) -> list[str]:
    command = ["git", "-C", str(repository), "ls-tree", "-r", "--format=%(objectname) %(objectsize)", commit]
    env = bodies.environment(repository.parent)
    return subprocess.run(command, check=True, env=env, capture_output=True, text=True).stdout.splitlines()


def test_a_push_made_on_the_way_is_what_git_takes(tmp_path: Path) -> None:
    body = b"".join(pack.push(3, 2))
    files = listed(unpacked(tmp_path, body), body[45:85].decode())
    assert len(set(files)) == 3
    assert {file.split()[1] for file in files} == {str(2 * MIB + pack.MARK)}


def test_a_recorded_push_is_what_git_sends_and_can_be_sent_again(tmp_path: Path) -> None:
    with Origin(tmp_path / "origin") as origin:
        push = bodies.text_push(tmp_path, origin, 100_000)
        body = push.body.read_bytes()
        commit = bodies.head(push.repository)
        assert body[4:].startswith(b"0" * 40 + b" " + commit.encode() + b" refs/heads/main\0")
        files = listed(unpacked(tmp_path, body), commit)
        assert sum(int(file.split()[1]) for file in files) == push.content >= 100_000
        assert push_seconds(straight(origin), bodies.PUSH_PATH, push.body) > 0
        with pytest.raises(Unexpected):
            push_seconds(straight(origin), "/elsewhere", push.body)


def test_the_same_source_is_made_each_time(tmp_path: Path) -> None:
    with Origin(tmp_path / "origin") as origin:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
        pushes = [bodies.text_push(tmp_path / name, origin, 20_000) for name in ("one", "two")]
    assert bodies.head(pushes[0].repository) == bodies.head(pushes[1].repository)


def test_costs_and_memory_of_children_count(tmp_path: Path) -> None:
    program = "import sys; x = b'x' * 50_000_000; print(flush=True); sys.stdin.read()"
    shell = ["sh", "-c", 'python3 -c "$0"; true', program]
    with subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        if not Path("/proc/self/clear_refs").exists():
            pytest.skip("there is no /proc")
        resident = meter.resident(process.pid)
        assert resident is not None
        assert 45_000_000 < resident <= (meter.peak(process.pid) or 0)
        before = meter.processor_seconds(process.pid)
        assert before is not None
        process.communicate()
    assert meter.processor_seconds(process.pid) is None
    assert meter.resident(None) is None


def test_rows_have_a_cell_for_each_route_and_ratio() -> None:
    series = Series(("direct", "stock", "ours"), (("ours", "stock"),))
    series.rates |= {"stock": [100, 200, 300], "ours": [50, 300, 600]}
    series.costs |= {"stock": [1, 1, 1], "ours": [2, 1, 3]}
    series.growths |= {"stock": [10, 30, 20]}
    assert series.rows("POST", "MB/s", "ms", 1000) == [
        ["POST", "MB/s", "-", "200", "300", "1.50x"],
        ["  processor time", "ms", "-", "1,000", "2,000", "2.00x"],
        ["  memory over idle: first, highest", "MiB", "-", "10.0, 30.0", "-", ""],
    ]


def test_sizes_are_said_as_people_say_them() -> None:
    assert [uploads.size(length) for length in (1 << 30, 10 << 30, 97 << 20, 10)] == [
        "1 GiB",
        "10 GiB",
        "97 MiB",
        "1 MiB",
    ]
