"""What root makes beside the log belongs to whom the log's directory belongs to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.record import samples
from tests.review.store.sample_log import opened

from forgewall.record import owner
from forgewall.record.event import utc_now
from forgewall.record.log import EventLog
from forgewall.review.console.tokens import Tokens
from forgewall.review.person import Role

PROXY = 65_534
_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    directory = tmp_path / "events"
    directory.mkdir(mode=0o700)
    os.chown(directory, PROXY, PROXY)
    return directory


@_root
def test_a_command_of_root_locks_the_proxy_out_of_nothing(events: Path) -> None:
    EventLog(events, pseudonymise_users=True).write(samples.decision())
    with opened(events) as store:
        store.refresh()
        Tokens(events / "console-tokens.json").add("ana", Role.VIEWER, utc_now())
        made = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in events.iterdir()}
    assert len(made) >= 7, "log, key, index with two files beside it, its lock, tokens"
    assert set(made.values()) == {(PROXY, PROXY)}, made


@_root
def test_what_is_there_stays_whose_it_is(events: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("x")
    os.link(theirs, events / "linked")
    os.close(owner.opened(events / "linked", os.O_RDWR))
    assert theirs.stat().st_uid == 0
    (events / "link").symlink_to(theirs)
    with pytest.raises(OSError, match="link"):
        owner.opened(events / "link", os.O_RDWR | os.O_NOFOLLOW)
    with pytest.raises(FileExistsError):
        owner.made(events / "linked", os.O_RDWR)
