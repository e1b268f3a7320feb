"""The policy file on disk: every way to change it counts, none takes the last good policy away."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forgewall.decide.load import Loaded, load
from forgewall.decide.policy import Policy
from forgewall.errors import PolicyError
from forgewall.policyfile import PolicyFile

GOOD = "version: 1\napproved: [github.com/acme]\n"
BETTER = "version: 1\napproved: [github.com/acme, github.com/beta]\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def file(path: Path) -> PolicyFile:
    file = PolicyFile(path)
    file.load()
    return file


def age(path: Path, seconds: float = 60) -> None:
    """Make a file look as if it had been written a while ago."""
    past = time.time() - seconds
    os.utime(path, (past, past))


def in_place(path: Path, text: str) -> None:
    with path.open("r+") as file:
        file.write(text)
        file.truncate()


def renamed_over(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def recreated(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def link_turned(path: Path, text: str) -> None:
    other = path.with_name("other.yaml")
    other.write_text(text)
    path.unlink()
    path.symlink_to(other)


WAYS: list[Callable[[Path, str], None]] = [in_place, renamed_over, recreated, link_turned]


@pytest.mark.parametrize("change", WAYS)
def test_every_way_to_change_the_file_counts(file: PolicyFile, path: Path, change: Callable[[Path, str], None]) -> None:
    before = file.current
    change(path, BETTER)
    found = file.poll()
    assert found is not None
    assert found.policy is file.current
    assert found.previous is before
    assert found.policy is not None
    assert found.policy.approvals == 2
    assert file.poll() is None


def test_deleted_and_recreated_between_looks(file: PolicyFile, path: Path) -> None:
    path.unlink()
    first = file.poll()
    assert first is not None
    assert first.error is not None
    assert file.poll() is None
    path.write_text(BETTER)
    second = file.poll()
    assert second is not None
    assert second.policy is not None


def test_nothing_changed_is_nothing_told_and_nothing_read(path: Path) -> None:
    read: list[str] = []

    def counting(text: str, name: str) -> Loaded:
        read.append(text)
        return load(text, name)

    file = PolicyFile(path, parse=counting)
    file.load()
    os.utime(path)
    assert file.poll() is None
    age(path)
    assert [file.poll() for _ in range(3)] == [None] * 3
    assert read == [GOOD]


def test_an_edit_that_leaves_no_trace_is_seen_while_the_file_is_young(
    file: PolicyFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def coarse(status: os.stat_result) -> tuple[int, int, int, int, int]:
        return status.st_dev, status.st_ino, status.st_size, 0, 0

    monkeypatch.setattr("forgewall.policyfile._signature", coarse)
    file.load()
    in_place(path, GOOD.replace("acme", "beta"))
    found = file.poll()
    assert found is not None
    assert found.policy is not None
    assert "github.com/beta" in found.policy.approved


BAD = {
    "empty": "",
    "no version": "approved: [github.com/acme]\n",
    "a mistake": "version: 1\naproved: []\n",
    "half written": BETTER[:30],
    "a failing test": f"{GOOD}tests: [{{do: git push https://github.com/x/y, expect: allow}}]\n",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_once_and_changes_nothing(file: PolicyFile, path: Path, name: str) -> None:
    good = file.current
    in_place(path, BAD[name])
    found = file.poll()
    assert found is not None
    assert found.error is not None
    assert found.error.problems[0].file == str(path)
    assert file.current is good
    os.utime(path)
    assert file.poll() is None
    in_place(path, BETTER)
    found = file.poll()
    assert found is not None
    assert found.policy is not None
    assert found.previous is good


def test_back_to_the_old_text_is_a_change_that_ends_the_error(file: PolicyFile, path: Path) -> None:
    in_place(path, "")
    file.poll()
    in_place(path, GOOD)
    found = file.poll()
    assert found is not None
    assert found.policy is not None
    assert found.previous is not None
    assert found.policy.digest == found.previous.digest


def test_what_is_no_file_is_told(file: PolicyFile, path: Path) -> None:
    good = file.current
    seen = []
    path.unlink()
    seen.append(file.poll())
    path.mkdir()
    seen.append(file.poll())
    path.rmdir()
    os.mkfifo(path)
    seen.append(file.poll())
    path.unlink()
    path.write_bytes(b"version: 1 # \xff\n")
    seen.append(file.poll())
    assert [str(found.error) for found in seen if found] == [
        f"{path}:1:1: there is no such policy file (give the path of one, or restore it)",
        f"{path}:1:1: the policy is a directory (give the path of a YAML file)",
        f"{path}:1:1: the policy is not a regular file (give the path of a YAML file)",
        f"{path}:1:14: byte 0xff is not UTF-8 (save the file as UTF-8)",
    ]
    assert file.current is good
    assert file.poll() is None


def test_unreadable_is_told_once(file: PolicyFile, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    good = file.current
    monkeypatch.setattr("forgewall.policyfile._open", refuse)
    path.chmod(0)
    found = file.poll()
    assert found is not None
    assert "permission denied" in str(found.error)
    assert file.poll() is None
    assert file.current is good
    monkeypatch.undo()
    path.chmod(0o600)
    assert file.poll() is not None


def test_looking_leaves_no_descriptors(file: PolicyFile, path: Path) -> None:
    path.unlink()
    path.mkdir()
    file.poll()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        file.reload_now()
        with pytest.raises(PolicyError):
            file.load()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_failure_of_ours_keeps_the_last_good_policy(path: Path) -> None:
    failing = False

    def parse(text: str, name: str) -> Loaded:
        if failing:
            raise ZeroDivisionError
        return load(text, name)

    file = PolicyFile(path, parse=parse)
    good = file.load()
    failing = True
    in_place(path, BETTER)
    found = file.poll()
    assert found is not None
    assert "failed with ZeroDivisionError" in str(found.error)
    assert file.current is good
    assert gc.isenabled()


def test_load_raises_and_keeps(file: PolicyFile, path: Path) -> None:
    good = file.current
    in_place(path, "version: 2\n")
    with pytest.raises(PolicyError, match="version 1"):
        file.load()
    assert file.current is good
    with pytest.raises(PolicyError, match="no such policy file"):
        PolicyFile(path.with_name("none.yaml")).load()


class Listener:
    """Collects what `watch` tells, and lets a test wait for it."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[Any] = asyncio.Queue()
        self.threads: set[int] = set()

    def changed(self, new: Policy, previous: Policy | None) -> None:
        self.threads.add(threading.get_ident())
        self.told.put_nowait((new, previous))

    def failed(self, error: PolicyError) -> None:
        self.threads.add(threading.get_ident())
        self.told.put_nowait(error)


def watching(file: PolicyFile, body: Callable[[Listener], Any], interval: float = 0) -> None:
    async def main() -> None:
        listener = Listener()
        watch = asyncio.create_task(file.watch(listener.changed, listener.failed, interval))
        try:
            async with asyncio.timeout(30):
                await body(listener)
            assert listener.threads <= {threading.get_ident()}
        finally:
            watch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watch

    asyncio.run(main())


def test_watching_tells_changes_and_errors_in_the_loop(file: PolicyFile, path: Path) -> None:
    async def body(listener: Listener) -> None:
        renamed_over(path, BETTER)
        new, previous = await listener.told.get()
        assert (new.approvals, previous.approvals) == (2, 1)
        renamed_over(path, "")
        assert isinstance(await listener.told.get(), PolicyError)
        renamed_over(path, GOOD)
        new, _ = await listener.told.get()
        assert new.approvals == 1

    watching(file, body)


def test_a_reload_on_demand_reads_an_unchanged_file_at_once(file: PolicyFile) -> None:
    async def body(listener: Listener) -> None:
        file.reload_now()
        new, previous = await listener.told.get()
        assert new is not previous
        assert new.digest == previous.digest

    watching(file, body, interval=3600)


def test_parsing_happens_beside_the_loop(path: Path) -> None:
    parsing, go_on = threading.Event(), threading.Event()

    def slow(text: str, name: str) -> Loaded:
        if text == BETTER:
            parsing.set()
            assert go_on.wait(30)
        return load(text, name)

    file = PolicyFile(path, parse=slow)
    good = file.load()

    async def body(listener: Listener) -> None:
        renamed_over(path, BETTER)
        await asyncio.to_thread(parsing.wait, 30)
        assert file.current is good  # the loop runs, with the old policy, while the new one is parsed
        go_on.set()
        new, _ = await listener.told.get()
        assert new.approvals == 2

    watching(file, body)


def test_a_failing_listener_does_not_end_the_watch(
    file: PolicyFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(listener: Listener) -> None:
        good = listener.changed

        def failing(new: Policy, previous: Policy | None) -> None:
            good(new, previous)
            if new.approvals == 2:
                raise KeyError("classified")

        listener.changed = failing  # type: ignore[method-assign]
        watch = asyncio.create_task(file.watch(listener.changed, listener.failed, 0))
        renamed_over(path, BETTER)
        await listener.told.get()
        renamed_over(path, GOOD)
        await listener.told.get()
        watch.cancel()

    async def main() -> None:
        async with asyncio.timeout(30):
            await body(Listener())

    asyncio.run(main())
    assert "a listener to policy changes failed: KeyError" in caplog.text
    assert "classified" not in caplog.text
