"""A proxy whose clock a file leads, so that an hour passes at once, beside its admin's commands."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.clients import Result

from demo import clients

if TYPE_CHECKING:
    from tests.e2e.conftest import StartProxy

POLICY = """\
version: 1
contact: security@acme.example
request_url: "https://help.acme.example/new?event={event}&repo={address}"   # where people ask
approved:
  - github.com/acme   # ours
# everything else is asked for
tests:
  - {do: git push https://github.com/acme/api, expect: allow}
"""
ADMIN = pwd.getpwuid(os.getuid()).pw_name
LOOT = "https://github.com/mallory/loot"
CLOCK = """
import datetime, pathlib, sys

class Led(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        later = float(pathlib.Path(%r).read_text())
        return datetime.datetime.now(tz) + datetime.timedelta(seconds=later)

if "run" in sys.argv:
    import forgewall.proxy.enforcer as enforcer
    import forgewall.proxy.tunnels as tunnels
    enforcer.datetime = tunnels.datetime = Led
"""


class Led:
    """A proxy with POLICY whose clock `later` puts forward; `options` are further words of `forgewall run`."""

    def __init__(self, proxy: StartProxy, directory: Path, *options: str) -> None:
        self._file = directory / "later"
        self.later(0)
        self.run = proxy(POLICY, before=CLOCK % str(self._file), options=options)
        self.tree = self.run.work_tree()

    def later(self, seconds: float) -> None:
        """The proxy's clock shows so many seconds more than ours."""
        self._file.write_text(str(seconds))

    def push(self) -> Result:
        """A real `git push` to somebody's repository."""
        return self.run.git("push", LOOT, "main", cwd=self.tree)

    def forgewall(self, *words: str) -> Result:
        """A command beside the running proxy, as its admin (`ADMIN`) gives it."""
        places = ["--policy", str(self.run.policy_file), "--events", str(self.run.events_directory)]
        command = self.run.program(*words, *places)
        return clients.run(command, env=self.run.environment, cwd=self.run.home, seconds=60)

    def taken_over(self) -> None:
        """Wait until the running proxy has what somebody wrote last."""
        digest = self.edited()["forgewall"]["change"]["new_digest"]
        self.run.wait_for(lambda: any(_loaded(event) == digest for event in self.run.events("policy")))

    def edited(self) -> dict[str, Any]:
        """The event of who changed the policy last."""
        return [event for event in self.run.events("policy") if "actor_source" in event["forgewall"]["change"]][-1]


def _loaded(event: dict[str, Any]) -> str | None:
    change = event["forgewall"]["change"]
    return change["new_digest"] if change["result"] == "loaded" else None


def quoted(result: Result) -> str:
    """The event id that the refused person reads in the terminal."""
    found = re.search(r"quoting event ([0-9A-Z]{26})", result.output)
    assert found, result.output
    return found[1]
