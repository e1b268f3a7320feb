from __future__ import annotations

import os
import pwd

import pytest

from forgewall.cli import login
from forgewall.review.person import Role

HERE = pwd.getpwuid(os.getuid()).pw_name


def test_the_account_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("LOGNAME", "eve")
    monkeypatch.setenv("USER", "eve")
    person = login.person()
    assert (person.name, person.source, person.role) == (HERE, "login", Role.REVIEWER)


def test_under_sudo_it_is_the_one_who_called_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "daemon")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert login.person().name == "daemon"
    monkeypatch.setenv("SUDO_USER", "nobody-by-this-name\nx")
    assert login.person().name == HERE


def test_only_root_may_speak_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "daemon")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert login.person().name == HERE


def test_an_account_without_a_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert login.person().name == "uid-4000000"
