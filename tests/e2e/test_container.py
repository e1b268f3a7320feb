"""The container files, as far as they can be tried without a container engine: what they start runs and is healthy."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def words(instruction: str) -> list[str]:
    """The JSON list of the last line with `instruction`."""
    found = re.findall(rf"^{instruction} .*?(\[.*\])$", DOCKERFILE, re.MULTILINE)
    listed: list[str] = json.loads(found[-1])
    return listed


def test_the_command_serves_is_healthy_and_ends_cleanly(tmp_path: Path) -> None:
    here = {
        "/policy/forgewall.yaml": str(ROOT / "policy" / "forgewall.yaml"),
        "0.0.0.0:8080": "127.0.0.1:0",
        "/events": str(tmp_path / "events"),
        "/certs": str(tmp_path / "certs"),
        "/spool": str(tmp_path),
    }
    assert words("ENTRYPOINT") == ["forgewall"]
    arguments = [here.get(word, word) for word in words("CMD")]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "addons"), "PYTHONDONTWRITEBYTECODE": "1"}
    main = "import sys; from forgewall.cli import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", main, *arguments], cwd="/", env=env, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        ready = next((line for line in process.stdout if line.startswith("forgewall ready")), "")
        port = re.search(r"127\.0\.0\.1:(\d+)", ready)
        assert port, "did not serve"
        python, *check = [word.replace(":8080/", f":{port[1]}/") for word in words("HEALTHCHECK")]
        assert python == "python"

        def health() -> int:
            command = [sys.executable, *check]
            return subprocess.run(command, env=env, stderr=subprocess.DEVNULL, check=False).returncode

        healthy = health()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert healthy == 0
    assert health() != 0


def test_it_runs_as_a_user_without_rights_and_stops_by_the_signal_that_ends_it_cleanly() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", DOCKERFILE, re.MULTILINE)


def test_what_the_image_is_built_from_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    sources = [word for line in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()]
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert f"!{source.removeprefix('./')}" in ignored
    assert not any(fnmatch("certs", pattern.removeprefix("!")) for pattern in ignored if pattern.startswith("!"))


SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


@pytest.mark.parametrize(
    "name, places",
    [("forgewall", {"/policy", "/events", "/certs", "/spool"}), ("console", {"/policy", "/events"})],
)
def test_compose_takes_every_right_away(name: str, places: set[str]) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {volume.split(":")[1] for volume in service["volumes"]} == places
    assert "./policy:/policy:ro" in service["volumes"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_console_starts_only_when_asked_for_and_no_client_of_the_proxy_reaches_it() -> None:
    assert SERVICES["console"]["profiles"] == ["console"]
    assert not set(SERVICES["console"]["networks"]) & set(SERVICES["forgewall"]["networks"])


def test_the_console_s_command_serves_and_is_healthy(tmp_path: Path) -> None:
    here = {
        "/policy/forgewall.yaml": str(ROOT / "policy" / "forgewall.yaml"),
        "0.0.0.0:8088": "0.0.0.0:0",
        "/events": str(tmp_path),
    }
    arguments = [here.get(word, word) for word in SERVICES["console"]["command"]]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "addons"), "PYTHONDONTWRITEBYTECODE": "1"}
    main = "import sys; from forgewall.cli import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", main, *arguments], cwd="/", env=env, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        served = next((line for line in process.stdout if line.startswith("forgewall console on")), "")
        port = re.search(r":(\d+)/", served)
        assert port, "did not serve"
        _, python, *check = [
            word.replace(":8088/", f":{port[1]}/") for word in SERVICES["console"]["healthcheck"]["test"]
        ]
        assert python == "python"
        subprocess.run([sys.executable, *check], env=env, check=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
