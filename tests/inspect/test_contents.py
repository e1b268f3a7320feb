"""What a pack's objects tell beside what git says of them."""

from __future__ import annotations

from tests.inspect.packing import Pack, commit, of, read, tree

from forgewall.evidence import Commit, Unread
from forgewall.inspect.objects import COMMIT, TREE
from forgewall.inspect.pack import PackReader
from forgewall.inspect.secrets import GAVE_UP, Scanner

EMPTY = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")


def test_a_search_through_messages_that_gave_up_is_told_once() -> None:
    pack = Pack()
    pack.add(TREE, tree())
    for number in range(2):
        pack.add(COMMIT, commit(EMPTY, subject=f"{number}\n" + 'api_secret = "aaaaaaaaaaaaaa"\n' * 30_000))
    facts = read([bytes(pack)], PackReader(scanner=Scanner.built_in()))
    assert len(of(Commit, facts)) == 2
    assert of(Unread, facts) == [Unread(reason=GAVE_UP)]
