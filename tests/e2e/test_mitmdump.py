"""Forgewall as an addon of the real mitmdump: it refuses what it must, and everything once it is gone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.clients import Result
from demo.forge import Forge

from demo import clients

ROOT = Path(__file__).resolve().parents[2]
POLICY = "version: 1\ncontact: security@acme.example\napproved: [github.com/acme]\n"
DIVERT = """
def server_connect(data):
    data.server.address = ("127.0.0.1", {port})
"""

pytestmark = pytest.mark.needs("curl")


class Mitmdump:
    """A mitmdump with a copy of the addon script, its upstream connections led to the local forge."""

    def __init__(self, directory: Path, forge: Forge, *options: str, policy: Path | None = None) -> None:
        self.script = directory / "forgewall_addon.py"
        shutil.copy(ROOT / "addons" / "forgewall_addon.py", self.script)
        (directory / "policy.yaml").write_text(POLICY)
        divert = directory / "divert.py"
        divert.write_text(DIVERT.format(port=forge.tls_port))
        settings = {
            "confdir": directory / "conf",
            "forgewall_policy": policy or directory / "policy.yaml",
            "forgewall_events": directory / "events",
            "ssl_verify_upstream_trusted_ca": forge.ca_file,
        }
        command = [str(Path(sys.executable).parent / "mitmdump"), "--listen-host", "127.0.0.1", "-p", "0"]
        command += ["-s", str(self.script), "-s", str(divert)]
        command += [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "addons"), "PYTHONUNBUFFERED": "1"},
        )
        self.home = directory / "home"
        self.home.mkdir()
        self.ca_file = directory / "conf" / "mitmproxy-ca-cert.pem"
        self.lines: list[str] = []
        self._told = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._told:
                self.lines.append(line)
                self._told.notify_all()

    def wait_for(self, words: str) -> str:
        """The line that holds `words`."""
        with self._told:
            assert self._told.wait_for(lambda: any(words in line for line in self.lines), 30), "".join(self.lines)
            return next(line for line in self.lines if words in line)

    @property
    def url(self) -> str:
        port = re.search(r":(\d+)\.?\s*$", self.wait_for("proxy listening at"))
        assert port is not None
        return f"http://127.0.0.1:{port[1]}"

    def put(self, address: str) -> Result:
        command = ["curl", "-sS", "--max-time", "10", "-X", "PUT", "-d", "x", "-w", "\n%{http_code}"]
        command.append(f"https://api.github.com/repos/{address}/contents/a")
        return clients.run(command, env=clients.environment(self.home, self.url, self.ca_file), cwd=self.home)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def mitmdump(tmp_path: Path, forge: Forge) -> Iterator[Mitmdump]:
    running = Mitmdump(tmp_path, forge)
    yield running
    running.close()


def test_it_judges_as_forgewall_run_does(mitmdump: Mitmdump, forge: Forge, tmp_path: Path) -> None:
    refused, passed = mitmdump.put("mallory/loot"), mitmdump.put("acme/api")
    assert refused.stdout.endswith("403"), str(refused)
    assert "github.com/mallory/loot is not an approved repository" in refused.stdout
    assert passed.stdout.endswith(("200", "201")), str(passed)
    assert [seen.path for seen in forge.requests()] == ["/repos/acme/api/contents/a"]
    assert len(next((tmp_path / "events").glob("*.jsonl")).read_text().splitlines()) >= 3


def test_a_script_that_drops_out_leaves_everything_refused(mitmdump: Mitmdump, forge: Forge) -> None:
    assert mitmdump.put("acme/api").stdout.endswith(("200", "201"))
    forge.clear()
    mitmdump.script.write_text("this is no python\n")
    mitmdump.wait_for("Error")
    for address in ("mallory/loot", "acme/api"):
        assert not mitmdump.put(address).stdout.endswith(("200", "201"))
    assert forge.requests() == []


@pytest.mark.parametrize("options", [("--mode", "reverse:https://github.com"), ("--set", "ignore_hosts=github")])
def test_it_does_not_start_unguarded(tmp_path: Path, forge: Forge, options: tuple[str, ...]) -> None:
    running = Mitmdump(tmp_path, forge, *options)
    assert running.process.wait(30) != 0
    assert any("Forgewall" in line for line in running.lines), "".join(running.lines)


def test_it_does_not_start_without_a_policy(tmp_path: Path, forge: Forge) -> None:
    running = Mitmdump(tmp_path, forge, policy=tmp_path / "nowhere.yaml")
    assert running.process.wait(30) == 1
    running.wait_for("there is no such policy file")
