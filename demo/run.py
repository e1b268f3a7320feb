"""`python -m demo.run`: real git and curl, through a real Forgewall, against the local forge, in under a minute.

It prints what each client printed and then the event log, and ends with 1 if something got through that must not, or
something approved did not; the proof is the forge's own journal. All it makes lies in one temporary directory, which
goes with its processes when it ends, also on Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from demo import clients
from demo.clients import Result
from demo.forge import Forge
from demo.proxy import NotReadyError, Proxy

POLICY = Path(__file__).with_name("policy.yaml")
REPOSITORIES = (
    "github.com/acme/api",
    "github.com/acme/public-site",
    "github.com/mallory/loot",
    "gitlab.com/acme/platform/tools/build",
    "gitlab.com/mallory/loot",
    "bitbucket.org/acme/app",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing a client does. `expected`: whether it must succeed. A refusal must show every word of `shown`."""

    title: str
    command: tuple[str, ...]
    expected: bool
    shown: tuple[str, ...] = ()


def steps() -> tuple[Step, ...]:
    """What the demo does, in order; it starts in a git work tree with a few commits."""

    def push(title: str, address: str, expected: bool, *shown: str) -> Step:
        command = ("git", "push", f"https://{address}.git", "main")
        shown = (address, *shown) if shown else ()
        return Step(title=title, command=command, expected=expected, shown=shown)

    def put(title: str, repository: str, expected: bool, *shown: str) -> Step:
        url = f"https://api.github.com/repos/{repository}/contents/notes.txt"
        command = ("curl", "-sS", "--fail-with-body", "-T", "notes.txt", url)
        shown = (f"github.com/{repository}", *shown) if shown else ()
        return Step(title=title, command=command, expected=expected, shown=shown)

    contact = "security@acme.example"
    return (
        push("A push to an approved organisation goes through", "github.com/acme/api", True),
        Step(
            title="So does a clone of what was pushed",
            command=("git", "clone", "--quiet", "https://github.com/acme/api.git", "../clone"),
            expected=True,
        ),
        push("A push to a stranger's repository is refused", "github.com/mallory/loot", False, contact),
        push("A push to a forbidden repository of our own too", "github.com/acme/public-site", False, contact),
        push("GitLab: a group covers its subgroups", "gitlab.com/acme/platform/tools/build", True),
        push("GitLab: another group is refused", "gitlab.com/mallory/loot", False, contact),
        push("Bitbucket: approved, but this push is over the entry's limit", "bitbucket.org/acme/app", False, contact),
        put("The REST API: an upload to an approved repository", "acme/api", True),
        put("The REST API: the same to a stranger's", "mallory/loot", False, contact),
    )


def check(step: Step, result: Result) -> list[str]:
    """What is wrong with `result`, as sentences; empty if it is as expected."""
    if result.ok != step.expected:
        return [f"{step.title}: `{' '.join(step.command)}` {'succeeded' if result.ok else 'failed'}."]
    missing = [word for word in step.shown if word not in result.output]
    return [f"{step.title}: the answer does not name {word}." for word in missing]


def check_events(identifiers: set[str], refusals: list[Result]) -> list[str]:
    """One sentence for each refusal that does not quote the id of an event in the log."""
    return [
        f"`{' '.join(result.command)}`: the answer quotes no event of the log."
        for result in refusals
        if not any(identifier in result.output for identifier in identifiers)
    ]


def check_forge(forge: Forge, head: str) -> list[str]:
    """What the forge's own journal says went wrong, as sentences."""
    problems = [
        f"{seen.method} {seen.host}{seen.path} reached the forge ({seen.body} bytes, {seen.outcome})."
        for seen in forge.requests()
        if "mallory" in seen.path or "public-site" in seen.path or seen.outcome == "malformed"
    ]
    for address in REPOSITORIES:
        approved = address in ("github.com/acme/api", "gitlab.com/acme/platform/tools/build")
        refs = forge.refs(address)
        if refs != ({"refs/heads/main": head} if approved else {}):
            problems.append(f"{address} holds {refs or 'nothing'}.")
    return problems


def main() -> int:
    """Run the demo; 0 if all went as it must, 1 if not, 3 if it could not start, 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="forgewall-demo-") as name:
            problems = play(Path(name), POLICY.read_text(encoding="utf-8"))
    except KeyboardInterrupt:
        print("\nInterrupted; everything was taken down.", file=sys.stderr)
        return 130
    except (NotReadyError, FileNotFoundError) as error:
        print(f"The demo could not start: {error}", file=sys.stderr)
        return 3
    for problem in problems:
        print(f"WRONG: {problem}", file=sys.stderr)
    if not problems:
        print("\nAll as it must be: what is approved arrived whole, nothing else reached the forge.")
    return 1 if problems else 0


def play(directory: Path, policy: str) -> list[str]:
    """Run and print all steps below `directory` under the policy text `policy`; what went wrong, as sentences."""
    problems: list[str] = []
    with (
        Forge(directory / "forge") as forge,
        Proxy(directory / "proxy", policy, connect_to=forge.connect_to(), upstream_ca=forge.ca_file) as proxy,
    ):
        for address in REPOSITORIES:
            forge.make_repository(address)
        env = clients.environment(directory, proxy.url, proxy.ca_file)
        work = directory / "work"
        head = _work_tree(work, env)
        print(f"{proxy.ready_line}\n", flush=True)
        refusals: list[Result] = []
        for number, step in enumerate(steps(), 1):
            print(f"{number}. {step.title}", flush=True)
            result = clients.run(step.command, env=env, cwd=work)
            print(textwrap.indent(str(result), "     ") + "\n", flush=True)
            problems += check(step, result)
            if not step.expected:
                refusals.append(result)
        print("The event log (forgewall events):", flush=True)
        events = clients.run(proxy.program("events", "--events", str(proxy.events_directory)), env=proxy.environment)
        print(textwrap.indent(events.output, "     "), flush=True)
        if not events.ok or "mallory/loot" not in events.output:
            problems.append("The event log does not list the refused push.")
        problems += check_events({str(event["event"]["id"]) for event in proxy.events()}, refusals)
        proxy.close()
        forge.settle(closed=True)
        return problems + check_forge(forge, head)


def _work_tree(work: Path, env: dict[str, str]) -> str:
    """Make a work tree with two commits, one of them with 2 MiB that do not compress; returns the last commit's id."""
    clients.run(("git", "init", "--quiet", "--initial-branch=main", str(work)), env=env).check()
    for name, content in (("notes.txt", b"The plan for next year.\n"), ("model.bin", os.urandom(2 << 20))):
        (work / name).write_bytes(content)
        clients.run(("git", "add", name), env=env, cwd=work).check()
        clients.run(("git", "commit", "--quiet", "-m", f"Add {name}"), env=env, cwd=work).check()
    return clients.run(("git", "rev-parse", "HEAD"), env=env, cwd=work).check().stdout.strip()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
