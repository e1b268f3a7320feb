"""The console as a child: it ends with its parent, whatever ends that, and is started again, but not for ever."""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from forgewall.cli import main
from forgewall.cli.console_child import RESTARTS, ConsoleChild


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", textwrap.dedent(code))


def test_it_is_ended(tmp_path: Path) -> None:
    child = ConsoleChild([], command=python("import time; print('up', flush=True); time.sleep(600)"))
    child.start()
    while child.pid is None:
        pass
    pid = child.pid
    child.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """The child's standard output is the test's pipe, which only ends when parent and child have."""
    parent = """
        import sys, time
        from forgewall.cli.console_child import ConsoleChild
        child = ConsoleChild(["x"], command=(sys.executable, "-c",
            "import os, sys; print('up', flush=True); os.read(int(sys.argv[-1]), 1); print('gone', flush=True)"))
        child.start()
        time.sleep(600)
    """
    process = subprocess.Popen(python(parent), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    readable, _, _ = select.select([process.stdout], [], [], 20)
    assert readable
    assert process.stdout.read() == "gone\n"


def test_it_is_started_again_but_not_for_ever(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    starts = tmp_path / "starts"
    child = ConsoleChild(
        [str(starts)], command=python("import sys; open(sys.argv[1], 'a').write('x'); sys.exit(7)"), pause=0.0
    )
    child.start()
    child._thread.join(60)
    assert len(starts.read_text()) == RESTARTS + 1
    assert "isn't started again; the proxy goes on" in caplog.text
    child.stop()


@pytest.mark.parametrize("code", [2, 3])
def test_a_start_that_cant_succeed_isnt_repeated(tmp_path: Path, caplog: pytest.LogCaptureFixture, code: int) -> None:
    starts = tmp_path / "starts"
    child = ConsoleChild(
        [str(starts)], command=python(f"import sys; open(sys.argv[1], 'a').write('x'); sys.exit({code})")
    )
    with caplog.at_level(logging.ERROR):
        child.start()
        child._thread.join(60)
    assert starts.read_text() == "x"
    assert "goes on without it" in caplog.text


def test_a_program_that_isnt_there_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    child = ConsoleChild([], command=("/nonexistent/python",))
    child.start()
    child._thread.join(60)
    assert "can't be started" in caplog.text
    child.stop()


def test_the_proxy_serves_no_console_to_other_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "forgewall.yaml"
    policy.write_text("version: 1\n")
    assert main(["run", "--policy", str(policy), "--console", "0.0.0.0:8088"]) == 2
    assert "--trusted-proxy" in capsys.readouterr().err
