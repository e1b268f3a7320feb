"""The shape of the house: who may import mitmproxy, who may do input and output, how long a module may be."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "addons" / "forgewall"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400
ACROSS = {
    "client_output",
    "corpus",
    "coverage",
    "respelling",
    "documented",
    "precedence",
    "properties",
    "second_repository",
    "shipped",
    "speed",
}
"""Subjects of tests that belong to a whole folder and not to one of its modules."""
PURE = ("identify", "decide", "enforce", "inspect", "learn")
ON_DISK = PACKAGE / "learn" / "store.py"
"""What was learned outlives a restart."""
IO_MODULES = {
    "asyncio",
    "ftplib",
    "glob",
    "http",
    "logging",
    "multiprocessing",
    "os",
    "random",
    "requests",
    "select",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
}
"""Modules that reach outside the process or keep time; a pure stage has no use for them."""
CALLS_WITH_IO = {"open", "print", "input"}
FORBIDDEN_NAMES = {"utils", "helpers", "manager", "common", "misc"}


def imports(source: Path) -> Iterator[str]:
    """The dotted names of all modules that `source` imports, wherever in it."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}:{node.lineno}: a relative import"
            yield node.module or ""


def room(source: Path) -> str:
    """The first folder below the package, or the module's own name."""
    return source.relative_to(PACKAGE).parts[0]


def name(source: Path) -> str:
    return str(source.relative_to(ROOT))


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_only_the_proxy_room_imports_mitmproxy(source: Path) -> None:
    found = [module for module in imports(source) if module.split(".")[0] == "mitmproxy"]
    assert room(source) == "proxy" or found == []


@pytest.mark.parametrize("source", [path for path in SOURCES if room(path) in PURE and path != ON_DISK], ids=name)
def test_the_pure_stages_do_no_input_or_output(source: Path) -> None:
    found = {module for module in imports(source) if module in IO_MODULES or module.split(".")[0] in IO_MODULES}
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS_WITH_IO
    }
    assert found | calls == set()


@pytest.mark.parametrize("source", [path for path in SOURCES if room(path) in PURE], ids=name)
def test_the_pure_stages_know_nothing_of_the_rooms_around_them(source: Path) -> None:
    outer = {f"forgewall.{part}" for part in ("proxy", "record", "cli", "review")}
    assert [module for module in imports(source) if ".".join(module.split(".")[:2]) in outer] == []


@pytest.mark.parametrize("source", [path for path in SOURCES if room(path) == "identify"], ids=name)
def test_identify_stands_below_the_other_stages(source: Path) -> None:
    above = {f"forgewall.{part}" for part in PURE if part != "identify"}
    assert [module for module in imports(source) if ".".join(module.split(".")[:2]) in above] == []


@pytest.mark.parametrize("source", [path for path in SOURCES if room(path) in ("proxy", "record")], ids=name)
def test_what_stands_in_a_requests_way_knows_nothing_of_review(source: Path) -> None:
    assert [module for module in imports(source) if module.startswith(("forgewall.review", "forgewall.cli"))] == []


@pytest.mark.parametrize("source", [path for path in SOURCES if room(path) == "review"], ids=name)
def test_review_needs_no_proxy(source: Path) -> None:
    assert [module for module in imports(source) if module.startswith(("forgewall.proxy", "forgewall.cli"))] == []


@pytest.mark.parametrize("source", [*SOURCES, *sorted((ROOT / "demo").glob("*.py"))], ids=name)
def test_a_module_stays_short_and_says_what_it_is(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert source.stem not in FORBIDDEN_NAMES
    assert text == "" or ast.get_docstring(ast.parse(text)), "no docstring"


def test_tests_mirror_the_source() -> None:
    """A test module below a folder that the package has is named after one of that folder's modules."""
    strangers = []
    for test in sorted((ROOT / "tests").rglob("test_*.py")):
        folder = test.parent.relative_to(ROOT / "tests")
        mirrored = (ROOT / "demo") if folder.parts == ("demo",) else PACKAGE / folder
        if folder.parts and mirrored.is_dir():
            subjects = {source.stem for source in mirrored.glob("*.py")} | {mirrored.name} | ACROSS
            subject = test.stem.removeprefix("test_")
            if not any(subject == known or subject.startswith(f"{known}_") for known in subjects):
                strangers.append(name(test))
    assert strangers == []


def test_each_dependency_is_locked_and_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.match(r"[A-Za-z0-9-]+", requirement)[0].lower() for requirement in wanted}  # type: ignore[index]
    lock = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    assert {name for name in names if f"\n{name}==" not in lock} == set()
    assert {name for name in names if not re.search(rf"[|,] {name}[ ,]", page)} == set()


def test_the_check_for_mitmproxy_can_fail(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def f():\n    from mitmproxy import http\n", encoding="utf-8")
    assert list(imports(planted)) == ["mitmproxy"]
