from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.evidence import RefAction, RefUpdate
from forgewall.inspect.commands import HEAD, CommandReader, Commands, Malformed
from forgewall.inspect.pktline import DATA, FLUSH, NotPktLine, band, pkt, take
from forgewall.inspect.refname import is_ref_name

ZERO, ONE, TWO = b"0" * 40, b"1" * 40, b"2" * 40


def command(ref: bytes, capabilities: bytes = b"", old: bytes = ZERO, new: bytes = ONE) -> bytes:
    return pkt(old + b" " + new + b" " + ref + (b"\0" + capabilities if capabilities else b""))


def read(data: bytes) -> Commands | Malformed | None:
    return CommandReader().feed(data)


def test_it_reads_refs_and_capabilities_and_stops_at_the_flush() -> None:
    head = command(b"refs/heads/main", b" report-status-v2 side-band-64k object-format=sha1") + command(b"refs/tags/v1")
    answer = read(head + FLUSH + b"PACK\x00\x00 binary \xff")
    assert answer == Commands(
        refs=(b"refs/heads/main", b"refs/tags/v1"),
        capabilities=frozenset({"report-status-v2", "side-band-64k", "object-format=sha1"}),
        complete=True,
        updates=(
            RefUpdate(name="refs/heads/main", action=RefAction.CREATE, new=ONE.decode()),
            RefUpdate(name="refs/tags/v1", action=RefAction.CREATE, new=ONE.decode()),
        ),
        consumed=len(head) + 4,
    )
    assert answer.wants_pack
    assert not answer.atomic


def test_zero_ids_tell_what_happens_to_a_ref() -> None:
    lines = [command(b"refs/heads/a", b"atomic"), command(b"refs/heads/b", old=ONE, new=TWO)]
    answer = read(b"".join(lines) + command(b"refs/heads/c", old=ONE, new=ZERO) + FLUSH)
    assert isinstance(answer, Commands)
    one, two = ONE.decode(), TWO.decode()
    assert answer.updates == (
        RefUpdate(name="refs/heads/a", action=RefAction.CREATE, new=one),
        RefUpdate(name="refs/heads/b", action=RefAction.UPDATE, old=one, new=two),
        RefUpdate(name="refs/heads/c", action=RefAction.DELETE, old=one),
    )
    assert answer.atomic


def test_deletes_want_no_pack_and_neither_does_a_push_of_nothing() -> None:
    answer = read(command(b"refs/heads/a", old=ONE, new=ZERO) + FLUSH)
    assert isinstance(answer, Commands)
    assert not answer.wants_pack
    answer = read(pkt(b"shallow " + ONE) + FLUSH)
    assert isinstance(answer, Commands)
    assert (answer.probe, answer.wants_pack, answer.shallow) == (False, False, (ONE.decode(),))


def test_push_options_stand_behind_a_flush_of_their_own() -> None:
    head = command(b"refs/heads/a", b"push-options") + FLUSH
    assert read(head) is None
    answer = read(head + pkt(b"merge_request.create") + pkt(b"k=\xff\n") + FLUSH + b"PACK")
    assert isinstance(answer, Commands)
    assert answer.options == ("merge_request.create", "k=\\xff")
    assert answer.consumed == len(head) + 4 + 20 + 4 + 4 + 4
    assert isinstance(read(head + pkt(b"a\nb") + FLUSH), Malformed)


def test_names_that_are_no_utf8_are_escaped() -> None:
    answer = read(command(b"refs/heads/\xe4") + FLUSH)
    assert isinstance(answer, Commands)
    assert (answer.refs[0], answer.updates[0].name) == (b"refs/heads/\xe4", "refs/heads/\\xe4")


def test_the_lone_flush_is_the_probe() -> None:
    answer = read(FLUSH)
    assert isinstance(answer, Commands)
    assert answer.probe
    assert isinstance(read(FLUSH + b"PACK"), Malformed)


def test_shallow_lines_and_sha256_names() -> None:
    long = b"a" * 64
    line = long + b" " + b"b" * 64 + b" refs/heads/x\0report-status object-format=sha256"
    answer = read(pkt(b"shallow " + long + b"\n") + pkt(line) + FLUSH)
    assert isinstance(answer, Commands)
    assert answer.refs == (b"refs/heads/x",)
    assert (answer.object_format, answer.shallow) == ("sha256", (long.decode(),))
    assert isinstance(read(pkt(b"shallow " + ONE) + pkt(line) + FLUSH), Malformed)
    assert isinstance(read(pkt(line.replace(b" object-format=sha256", b"")) + FLUSH), Malformed)


def test_a_signed_push_names_its_refs_inside_the_certificate() -> None:
    lines = [
        b"push-cert\0side-band-64k report-status\n",
        b"certificate version 0.1\n",
        b"pusher A <a@acme.example> 1 +0000\n",
        b"\n",
        ZERO + b" " + ONE + b" refs/heads/main\n",
        b"-----BEGIN PGP SIGNATURE-----\n",
        b"push-cert-end\n",
    ]
    answer = read(b"".join(map(pkt, lines)) + FLUSH)
    assert isinstance(answer, Commands)
    assert answer.refs == (b"refs/heads/main",)
    assert "side-band-64k" in answer.capabilities
    for place, line in [
        (3, b"x\ny\n"),  # two lines in one packet
        (4, b"hello\n"),
        (4, ZERO + b" " + ONE + b" refs/heads/b"),  # no line end: git would join it with the next packet
        (4, b"-----BEGIN PGP SIGNATURE-----\n"),
        (6, ZERO + b" " + ONE + b" refs/heads/b\n"),
        (2, ZERO + b" " + ONE + b" refs/heads/b\n"),
        (6, b"a\0b\n"),
    ]:
        assert isinstance(read(b"".join(map(pkt, [*lines[:place], line, *lines[place:]])) + FLUSH), Malformed)
    assert isinstance(read(b"".join(map(pkt, lines[:-1])) + FLUSH), Malformed)
    assert isinstance(read(b"".join(map(pkt, [*lines, b"x\n"])) + FLUSH), Malformed)


@pytest.mark.parametrize(
    "data",
    [
        b"PACK",
        b"0001",  # protocol v2's delimiter
        b"0003",
        b"fff1" + b"x",  # longer than a packet may be
        b"+004",
        pkt(b"hello"),
        pkt(ZERO + b" " + ONE + b" refs/heads/a\x1b[31m"),
        pkt(ZERO + b" " + ONE + b" refs/heads/a b"),
        pkt(ZERO + b" " + ONE),
        pkt(ZERO[:-1] + b" " + ONE + b" refs/heads/a"),
        pkt(ZERO[:-1] + b"G " + ONE + b" refs/heads/a"),
        pkt(ZERO + b" " + ONE + b"1" * 24 + b" refs/heads/a"),
        pkt(ZERO + b" " + ZERO + b" refs/heads/a"),
        pkt(ZERO + b" " + ONE + b" refs/heads/a\nrefs/heads/b"),
        pkt(ZERO + b" " + ONE + b" HEAD"),
        command(b"refs/heads/a", b"x\0y"),
        command(b"refs/heads/a", b"object-format=md5"),
        command(b"refs/heads/a", b"object-format=sha1 object-format=sha256"),
        command(b"refs/heads/a") + command(b"refs/heads/b", b"report-status"),  # a NUL in a later line
        command(b"refs/heads/a") + command(b"refs/heads/a"),
        command(b"refs/heads/a") + pkt(b"shallow " + ONE),
        command(b"refs/heads/a") + pkt(b"push-cert"),
    ],
)
def test_what_is_no_command_list_is_malformed(data: bytes) -> None:
    assert isinstance(read(data), Malformed)


def test_it_holds_no_more_than_its_bound_and_keeps_what_it_has() -> None:
    reader = CommandReader()
    assert reader.feed(command(b"refs/heads/x", b"side-band-64k")) is None
    one = command(b"refs/heads/00000")
    answer = None
    for number in range(HEAD // len(one) + 1):
        answer = reader.feed(command(b"refs/heads/%05d" % number))
    assert isinstance(answer, Commands)
    assert not answer.complete
    assert 10_000 < len(answer.refs) <= HEAD // len(one) + 1


def test_a_mirror_push_of_some_thousand_refs_fits() -> None:
    body = command(b"refs/heads/x") + b"".join(command(b"refs/tags/release-%06d" % number) for number in range(8000))
    answer = read(body + FLUSH)
    assert isinstance(answer, Commands)
    assert (answer.complete, len(answer.updates)) == (True, 8001)


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_give_an_answer_that_does_not_depend_on_the_chunks(data: bytes, cuts: list[int]) -> None:
    whole = read(data)
    reader = CommandReader()
    answer = None
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        answer = reader.feed(data[start:end])
    if isinstance(whole, Commands) and whole.probe:
        return  # only the whole body tells a probe from a push without commands
    assert type(answer) is type(whole)
    assert isinstance(answer, Malformed) or answer == whole


names = st.binary(min_size=1, max_size=40).map(lambda raw: b"refs/heads/" + raw.hex().encode())


@given(refs=st.lists(names, min_size=1, max_size=8, unique=True), size=st.integers(1, 50))
def test_every_ref_is_found_for_any_chunking(refs: list[bytes], size: int) -> None:
    body = command(refs[0], b"report-status") + b"".join(map(command, refs[1:])) + FLUSH
    reader = CommandReader()
    answers = [reader.feed(body[start : start + size]) for start in range(0, len(body), size)]
    assert all(answer is None for answer in answers[:-1])
    answer = answers[-1]
    assert isinstance(answer, Commands)
    assert (answer.refs, answer.capabilities, answer.consumed) == (tuple(refs), {"report-status"}, len(body))


@pytest.mark.parametrize(
    "name",
    ["refs/heads/a", "refs/heads/a.b/c-d", "refs/x/@", "refs/heads/a.lock", "refs/heads/.a", "refs/heads/a..b"]
    + [f"refs/heads/a{char}b" for char in " ~^:?*[\\\t\x7f"]
    + ["refs/heads/a/", "refs/heads//a", "refs/heads/a.", "refs/heads/@{a}", "refs/heads/a.lock/b", "refs/a/.b/c"],
)
def test_ref_names_are_what_git_takes_for_one(name: str) -> None:
    git = subprocess.run(["git", "check-ref-format", name], capture_output=True, check=False)
    assert is_ref_name(name.encode()) == (git.returncode == 0)


def test_a_name_stands_below_refs_and_is_not_endless() -> None:
    assert is_ref_name(b"refs/stash")
    assert not any(map(is_ref_name, [b"HEAD", b"refs/", b"refs", b"heads/a", b"refs/" + b"x" * 4092]))


def test_a_signed_push_of_real_git_is_read(tmp_path: Path) -> None:
    """git with a signer of our own that signs anything, and receive-pack's advertisement with a nonce."""
    signer = tmp_path / "signer"
    signer.write_text(
        "#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED x' >&2\n"
        "printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nabc\\n-----END PGP SIGNATURE-----\\n'\n"
    )
    signer.chmod(0o755)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(tmp_path)}

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=A", "-c", "user.email=a@acme.example", "-c", f"gpg.program={signer}", *arguments],
            cwd=tmp_path, env=environment, check=True, capture_output=True,
        )  # fmt: skip

    git("init", "--bare", "--initial-branch=main", "there.git")
    git("-C", "there.git", "config", "receive.certNonceSeed", "x")
    git("-C", "there.git", "config", "receive.advertisePushOptions", "true")
    git("init", "--initial-branch=main", "here")
    git("-C", "here", "commit", "--allow-empty", "-m", "one")
    recorder = tmp_path / "recorder"
    recorder.write_text(f"#!/bin/sh\ntee '{tmp_path}/sent' | git receive-pack \"$@\"\n")
    recorder.chmod(0o755)
    git("-C", "here", "push", "--signed", "-o", "ci.skip", f"--receive-pack={recorder}", "../there.git", "main")
    answer = read((tmp_path / "sent").read_bytes())
    assert isinstance(answer, Commands), answer
    assert [update.name for update in answer.updates] == ["refs/heads/main"]
    assert answer.options == ("ci.skip",)
    assert (tmp_path / "sent").read_bytes()[answer.consumed :].startswith(b"PACK")


@given(st.binary(max_size=DATA))
def test_a_pkt_line_reads_back(data: bytes) -> None:
    line = pkt(data)
    assert take(line, 0) == (data, len(line))
    assert take(line[:-1], 0) is None


def test_pkt_lines_have_a_longest() -> None:
    with pytest.raises(ValueError, match="65516"):
        pkt(bytes(DATA + 1))
    with pytest.raises(NotPktLine):
        take(b"zzzz", 0)


@given(data=st.binary(max_size=5000), width=st.integers(1, 1000))
def test_side_band_splits_and_joins(data: bytes, width: int) -> None:
    wire, position, joined = band(2, data, width), 0, b""
    while position < len(wire):
        taken = take(wire, position)
        assert taken is not None
        line, position = taken
        assert line is not None
        assert line[0] == 2
        assert len(line) <= width + 1
        joined += line[1:]
    assert joined == data
