"""Writing a policy: whole or not at all, only over what was looked at, with nothing else changed about the file."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forgewall.decide.document import decode
from forgewall.decide.load import load
from forgewall.review import saving
from forgewall.review.saving import Saved, SaveError, save

OLD = "version: 1\r\napproved:\r\n  - github.com/acme # é\r\n"
NEW = OLD + "  - github.com/acme-corp\r\n"
NOBODY = 65534


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "forgewall.yaml"
    path.write_bytes(OLD.encode())
    return path


@contextmanager
def somebody_else(user: int) -> Iterator[None]:
    """Act under another account, as root can; skip the test otherwise."""
    if os.geteuid() != 0:
        pytest.skip("only root can act as somebody else")
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def refused(path: Path, *, text: str = NEW, expected: str = OLD, patience: float = 10) -> str:
    with pytest.raises(SaveError) as caught:
        save(path, expected_digest=digest(expected), text=text, patience=patience)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_the_new_text_is_there_byte_for_byte_and_nothing_else(policy: Path) -> None:
    assert save(policy, expected_digest=digest(OLD), text=NEW) is Saved.RENAMED
    assert policy.read_bytes() == NEW.encode()
    assert list(policy.parent.iterdir()) == [policy]


def test_the_digest_is_that_of_the_loaded_policy(policy: Path) -> None:
    policy.write_bytes(b"\xef\xbb\xbf" + OLD.encode())
    loaded = load(decode(policy.read_bytes(), "p"), "p").policy
    save(policy, expected_digest=loaded.digest, text=NEW)
    assert policy.read_bytes() == b"\xef\xbb\xbf" + NEW.encode()
    save(policy, expected_digest=digest(NEW), text="\ufeff" + OLD)
    assert policy.read_bytes() == b"\xef\xbb\xbf" + OLD.encode()


def test_a_mark_is_not_added_where_there_was_none(policy: Path) -> None:
    save(policy, expected_digest=digest(OLD), text="\ufeff" + NEW)
    assert policy.read_bytes() == NEW.encode()


def test_mode_and_owner_stay(policy: Path) -> None:
    policy.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(policy, 1234, 2345)
    before = policy.stat()
    assert save(policy, expected_digest=digest(OLD), text=NEW) is Saved.RENAMED
    after = policy.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino


def test_attributes_stay(policy: Path) -> None:
    try:
        os.setxattr(policy, "user.origin", b"git")
    except OSError:
        pytest.skip("no extended attributes here")
    save(policy, expected_digest=digest(OLD), text=NEW)
    assert os.getxattr(policy, "user.origin") == b"git"


def test_a_symbolic_link_stays_one(tmp_path: Path, policy: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "middle.yaml").symlink_to("../forgewall.yaml")
    link = folder / "policy.yaml"
    link.symlink_to("middle.yaml")
    save(link, expected_digest=digest(OLD), text=NEW)
    assert link.is_symlink()
    assert os.readlink(link) == "middle.yaml"
    assert not policy.is_symlink()
    assert policy.read_bytes() == NEW.encode()


def test_a_volume_of_kubernetes_is_left_alone(tmp_path: Path) -> None:
    volume = tmp_path / "..2026_11_24_18_30_00.123"
    volume.mkdir()
    (volume / "forgewall.yaml").write_bytes(OLD.encode())
    (tmp_path / "..data").symlink_to(volume.name)
    link = tmp_path / "forgewall.yaml"
    link.symlink_to("..data/forgewall.yaml")
    assert "Kubernetes volume" in refused(link)
    assert "ConfigMap" in refused(tmp_path / "..data" / "forgewall.yaml")
    assert link.read_bytes() == OLD.encode()


def test_a_changed_file_is_not_written_over(policy: Path) -> None:
    policy.write_text("version: 1\n")
    assert "somebody changed it meanwhile; run the command again" in refused(policy)
    policy.write_bytes(b"\xff")
    assert "somebody changed it" in refused(policy)
    assert policy.read_bytes() == b"\xff"


def test_an_editor_without_locks_is_noticed_before_the_end(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dress = saving._dress

    def meanwhile(other: int, file: int) -> None:
        dress(other, file)
        policy.write_text("version: 1\nmode: observe\n")

    monkeypatch.setattr(saving, "_dress", meanwhile)
    assert "somebody changed it" in refused(policy)
    assert policy.read_text() == "version: 1\nmode: observe\n"
    assert list(policy.parent.iterdir()) == [policy]


def test_an_editor_that_replaces_the_file_is_noticed_too(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dress = saving._dress

    def meanwhile(other: int, file: int) -> None:
        dress(other, file)
        beside = policy.with_suffix(".swp")
        beside.write_bytes(OLD.encode())
        beside.rename(policy)

    monkeypatch.setattr(saving, "_dress", meanwhile)
    assert "somebody changed it" in refused(policy)
    assert policy.read_bytes() == OLD.encode()


def test_many_writers_lose_nothing(policy: Path) -> None:
    policy.write_text("")
    failed: list[Exception] = []

    def write(name: str) -> None:
        try:
            for number in range(5):
                while True:
                    text = policy.read_text()
                    try:
                        save(policy, expected_digest=digest(text), text=f"{text}{name}{number}\n")
                        break
                    except SaveError as error:
                        assert "changed" in str(error)  # noqa: PT017
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(policy.read_text().split()) == sorted(f"{name}{number}" for name in "abcd" for number in range(5))
    assert list(policy.parent.iterdir()) == [policy]


def test_a_writer_that_hangs_is_not_waited_for_for_ever(policy: Path) -> None:
    with policy.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "somebody else is writing" in refused(policy, patience=0)
    assert save(policy, expected_digest=digest(OLD), text=NEW) is Saved.RENAMED


@pytest.mark.parametrize("text", [OLD, "version: 1\n"])
def test_what_replaced_the_file_while_we_waited_is_what_counts(
    policy: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    lock = saving._try_lock
    opened: list[int] = []

    def late(path: Path, file: int) -> bool:
        if not opened:
            beside = policy.with_suffix(".other")
            beside.write_bytes(text.encode())
            os.replace(beside, policy)
        opened.append(file)
        return lock(path, file)

    monkeypatch.setattr(saving, "_try_lock", late)
    if text == OLD:
        assert save(policy, expected_digest=digest(OLD), text=NEW) is Saved.RENAMED
        assert policy.read_bytes() == NEW.encode()
    else:
        assert "somebody changed it" in refused(policy)
        assert policy.read_bytes() == text.encode()
    assert len(opened) == 2


def test_an_editor_is_noticed_before_overwriting_too(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(source: object, target: object) -> None:
        policy.write_text("version: 1\nmode: observe\n")
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(os, "rename", rename)
    assert "somebody changed it" in refused(policy)
    assert policy.read_text() == "version: 1\nmode: observe\n"


@pytest.mark.parametrize("code", [errno.EBUSY, errno.EXDEV, errno.EPERM])
def test_where_nothing_can_be_renamed_the_file_is_overwritten(
    policy: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def rename(source: object, target: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "rename", rename)
    inode = policy.stat().st_ino
    assert save(policy, expected_digest=digest(OLD), text=NEW) is Saved.IN_PLACE
    assert (policy.read_bytes(), policy.stat().st_ino) == (NEW.encode(), inode)
    assert save(policy, expected_digest=digest(NEW), text=OLD) is Saved.IN_PLACE
    assert policy.read_bytes() == OLD.encode()
    assert list(policy.parent.iterdir()) == [policy]


def test_a_writable_file_in_a_folder_that_is_not(open_folder: Path) -> None:
    path = open_folder / "forgewall.yaml"
    path.write_bytes(OLD.encode())
    path.chmod(0o666)
    with somebody_else(NOBODY):
        assert save(path, expected_digest=digest(OLD), text=NEW) is Saved.IN_PLACE
    assert path.read_bytes() == NEW.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o666


def test_an_owner_that_could_not_be_kept_is_kept_by_overwriting(open_folder: Path) -> None:
    """The proxy may read the policy as its owner; a file of somebody else's would lock it out."""
    open_folder.chmod(0o777)
    path = open_folder / "forgewall.yaml"
    path.write_bytes(OLD.encode())
    path.chmod(0o606)
    with somebody_else(NOBODY):
        assert save(path, expected_digest=digest(OLD), text=NEW) is Saved.IN_PLACE
    assert (path.stat().st_uid, path.read_bytes()) == (0, NEW.encode())
    assert list(open_folder.iterdir()) == [path]


def test_a_file_that_may_not_be_written_is_not_replaced_either(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    path = open_folder / "forgewall.yaml"
    path.write_bytes(OLD.encode())
    path.chmod(0o444)
    with somebody_else(NOBODY):
        assert "this account may not write to it" in refused(path)
    assert path.read_bytes() == OLD.encode()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_file(policy: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def write(file: int, data: bytes) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "write", write)
    said = refused(policy)
    assert "no space is left" in said
    assert "the old file is intact" in said
    assert policy.read_bytes() == OLD.encode()
    assert list(policy.parent.iterdir()) == [policy]


def test_a_full_disk_while_overwriting_leaves_the_old_text(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite

    def rename(source: object, target: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    def pwrite(file: int, data: bytes, at: int) -> int:
        if at > 5 and bytes(data) == NEW.encode()[at:]:
            raise OSError(errno.ENOSPC, "full")
        return real(file, data[:10], at)

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "pwrite", pwrite)
    assert "the old file is intact" in refused(policy)
    assert policy.read_bytes() == OLD.encode()


def test_a_disk_that_fails_twice_is_told(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(source: object, target: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    def pwrite(file: int, data: bytes, at: int) -> int:
        raise OSError(errno.EIO, "bad")

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "pwrite", pwrite)
    assert "is damaged" in refused(policy)


def test_an_interrupt_while_overwriting_leaves_the_old_text(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(source: object, target: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    def ftruncate(file: int, size: int) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "ftruncate", ftruncate)
    with pytest.raises(KeyboardInterrupt):
        save(policy, expected_digest=digest(OLD), text=NEW)
    assert policy.read_bytes() == OLD.encode()


def test_what_is_no_file_is_told(tmp_path: Path, policy: Path) -> None:
    assert "there is no such policy file" in refused(tmp_path / "none.yaml")
    assert "not a regular file" in refused(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    assert "not a regular file" in refused(tmp_path / "fifo")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "lead in a circle" in refused(tmp_path / "a")
    assert "there is no such policy file" in refused(policy / "x")


def test_a_text_that_could_not_be_read_again_is_not_written(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "UTF-8 can't express" in refused(policy, text="\ud800")
    monkeypatch.setattr(saving, "MAX_BYTES", 20 + len(OLD.encode()))
    assert "larger than" in refused(policy, text=NEW)
    assert policy.read_bytes() == OLD.encode()
