"""`forgewall run` as an operator meets it: its ready line, its sentences, its exit codes, and its end."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from demo.proxy import Proxy

from forgewall.cli import main
from forgewall.errors import StartError
from forgewall.proxy import crashlog, launcher
from forgewall.proxy.certificates import ensure_ca
from forgewall.proxy.launcher import Launcher
from forgewall.proxy.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
GOOD = "version: 1\nmode: observe\ncontact: security@acme.example\napproved: [github.com/acme, gitlab.com/acme]\n"
BAD = "version: 1\napproved: [github.com/acme]\ndefaults: {wirtes: block}\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


def arrange(directory: Path, taken: int) -> dict[str, list[str]]:
    """The commands that can't start, by what is wrong with them; each has a directory of its own."""
    commands: dict[str, list[str]] = {}

    def command(name: str, *more: str, policy: str | None = GOOD) -> Path:
        home = directory / name.replace(" ", "-")
        home.mkdir()
        if policy is not None:
            (home / "policy.yaml").write_text(policy, encoding="utf-8")
        flags = ["--policy", "policy.yaml", "--listen", "127.0.0.1:0", "--events", "events", "--certs", "certs"]
        commands[name] = ["run", *flags, *more]
        return home

    command("bad policy", policy=BAD)
    command("no policy", policy=None)
    command("unknown flag", "--polcy", "x")
    command("port taken", "--listen", f"127.0.0.1:{taken}")
    (command("events is a file") / "events").write_text("", encoding="utf-8")
    command("no roots", "--upstream-ca", "roots.pem")
    (command("bad rules", "--secret-rules", "rules.toml") / "rules.toml").write_text("[[rules]]\n", encoding="utf-8")
    half = command("half a CA") / "certs"
    ensure_ca(half)
    (half / "forgewall-ca.key").unlink()
    return commands


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """What came of each command that can't start; they run side by side."""
    directory = tmp_path_factory.mktemp("failing")
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT / "addons"),
    }
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = {
            name: subprocess.Popen(
                Proxy.program(*words),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
                cwd=directory / name.replace(" ", "-"),
            )
            for name, words in arrange(directory, listener.getsockname()[1]).items()
        }
        found = {}
        for name, process in running.items():
            out, err = process.communicate(timeout=60)
            found[name] = Ended(process.returncode, out, err)
    return found


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        ("bad policy", 1, r"^policy\.yaml:3:12: .*wirtes.*writes"),
        ("no policy", 1, r"policy\.yaml"),
        ("unknown flag", 2, r"--polcy"),
        ("port taken", 3, r"^forgewall: cannot listen on 127\.0\.0\.1:\d+: .*[Aa]ddress already in use.*--listen"),
        ("events is a file", 3, r"^forgewall: .*event log.*--events"),
        ("no roots", 3, r"^forgewall: cannot read --upstream-ca roots\.pem"),
        ("bad rules", 3, r"^forgewall: --secret-rules rules\.toml can't be used: .+ Its format is that of gitleaks\.$"),
        ("half a CA", 3, r"^forgewall: .*forgewall-ca\.key"),
    ],
)
def test_what_can_t_start_says_why(ended: dict[str, Ended], name: str, code: int, sentence: str) -> None:
    found = ended[name]
    assert found.code == code, found
    assert re.search(sentence, found.err, re.MULTILINE | re.DOTALL), found.err
    assert "Traceback" not in found.err
    assert found.out == ""


@pytest.mark.parametrize(
    ("flag", "value"), [("--listen", "8080"), ("--connect-to", "github.com:443"), ("--listen", "127.0.0.1:x")]
)
def test_an_address_that_is_none_is_a_usage_error(capsys: pytest.CaptureFixture[str], flag: str, value: str) -> None:
    assert main(["run", flag, value]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"forgewall: {flag} '{value}' is not HOST:PORT")
    assert said.out == ""


def test_a_half_ca_is_left_as_it_is(ended: dict[str, Ended], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert ended["half a CA"].code == 3
    certs = next(tmp_path_factory.getbasetemp().glob("failing*/half-a-CA/certs"))
    assert [path.name for path in certs.glob("*.key")] == []


RULES = "[[rules]]\nid = 'acme-key'\nregex = 'acme-[0-9]{9}'\nkeywords = ['acme-']\n"


@pytest.mark.parametrize("given", [True, False])
def test_every_flag_reaches_the_launcher(monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    seen: list[Settings] = []

    class Recorded:
        def __init__(self, settings: Settings, ready: object) -> None:
            assert ready is None  # no console was asked for
            seen.append(settings)

        async def run(self) -> None:
            pass

    monkeypatch.setattr(launcher, "Launcher", Recorded)
    monkeypatch.setattr(crashlog, "install", lambda: None)
    words = [
        *("--policy", "p.yaml", "--listen", "[::1]:81", "--events", "e", "--certs", "c", "--upstream-ca", "roots.pem"),
        *("--connect-to", "a:1:b:2", "--connect-to", "c:3:d:4", "--spool", "s", "--secret-rules", "r.toml"),
    ]
    assert main(["run", *(words if given else [])]) == 0
    (found,) = seen
    if given:
        assert found == Settings(
            policy=Path("p.yaml"),
            listen=("::1", 81),
            events=Path("e"),
            certs=Path("c"),
            upstream_ca=Path("roots.pem"),
            connect_to={("a", 1): ("b", 2), ("c", 3): ("d", 4)},
            spool=Path("s"),
            secret_rules=Path("r.toml"),
        )
    else:
        assert (found.listen, found.upstream_ca, found.connect_to) == (("127.0.0.1", 8080), None, {})
        assert (found.spool, found.secret_rules) == (None, None)


def test_uploads_are_examined_by_the_rules_and_in_the_directory_that_were_given(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    where = {name: tmp_path / name for name in ("policy", "events", "certs", "spool")}
    settings = Settings(
        **where,
        listen=("127.0.0.1", 0),
        upstream_ca=None,
        connect_to={},
        secret_rules=tmp_path / "rules.toml",
    )
    with pytest.raises(StartError, match="cannot write to --spool"):
        Launcher(settings)._examiner()
    (tmp_path / "spool").mkdir()
    examiner = Launcher(settings)._examiner()
    assert len(examiner.scanner.matchers) == 1
    spool = examiner.space.open(10)
    spool.append(b"abc")
    assert spool._file is not None
    assert os.readlink(f"/proc/self/fd/{spool._file.fileno()}").startswith(str(tmp_path / "spool"))
    spool.close()


# -- one that runs -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with Proxy(tmp_path_factory.mktemp("running"), GOOD) as proxy:
        yield proxy


def test_the_ready_line_is_the_first_and_says_all(running: Proxy) -> None:
    (line,) = running.stdout_lines
    match = re.fullmatch(
        r"forgewall ready on 127\.0\.0\.1:(\d+), mode observe, 2 approvals, policy ([0-9a-f]{12}), CA (.+)", line
    )
    assert match is not None, line
    assert int(match[1]) == running.port
    assert Path(match[3]) == running.ca_file
    assert running.ca_file.exists()
    (loaded,) = [event for event in running.events() if event["event"]["dataset"] == "forgewall.policy"]
    assert loaded["forgewall"]["policy"]["digest"].startswith(match[2])


def test_the_self_test_leaves_no_events(running: Proxy) -> None:
    assert "selftest" not in str(running.events())
    assert "selftest" not in running.stderr


def get(proxy: Proxy, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_its_own_address_has_a_page_and_the_certificate_and_nothing_else(running: Proxy) -> None:
    status, page = get(running, "/")
    assert status == 200
    assert b"security@acme.example" in page
    assert running.url.encode() in page
    assert get(running, "/forgewall-ca.pem") == (200, running.ca_file.read_bytes())
    assert get(running, "/metrics")[0] == 404


def test_a_signal_reads_the_policy_again(running: Proxy) -> None:
    running.policy_file.write_text(GOOD.replace("gitlab.com/acme", "gitlab.com/other"), encoding="utf-8")
    running.process.send_signal(signal.SIGHUP)
    running.wait_for(lambda: sum(event["event"]["dataset"] == "forgewall.policy" for event in running.events()) >= 2)
    running.policy_file.write_text(BAD, encoding="utf-8")
    running.process.send_signal(signal.SIGHUP)
    running.wait_for(lambda: "last good policy" in running.stderr)
    assert "wirtes" in running.stderr
    assert running.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with Proxy(tmp_path, GOOD) as proxy:
        proxy.process.send_signal(number)
        assert proxy.process.wait(20) == 0
        assert "Traceback" not in proxy.stderr
        with pytest.raises(OSError):  # noqa: PT011 - any refusal will do
            socket.create_connection(("127.0.0.1", proxy.port), timeout=5).close()
    assert len(proxy.stdout_lines) == 1
