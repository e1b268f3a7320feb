"""An attacker who works slowly, so that his own account comes to be suggested."""

from __future__ import annotations

import pytest
from tests.review.test_suggest import EMPTY, addresses, reasons, suggested, used

CREW = ("mal", "eve", "joe")


@pytest.mark.parametrize("owner", ["acme-c0rp", "acmecorp", "acrne-corp", "ACME_corp", "acme.corp"])
def test_steady_use_of_a_look_alike_of_what_is_approved_is_in_doubt(owner: str) -> None:
    text = f"{EMPTY}approved: [github.com/Acme-corp/api]\n"
    address = f"github.com/{owner}/api"
    found = suggested([*used(address, CREW, days=9), *used("github.com/other/one")], text=text)
    assert addresses(found) == ["github.com/other/one"]
    assert reasons(found)[address] == "its owner looks like github.com/Acme-corp, and is another"


def test_of_owners_that_look_alike_the_one_that_fewer_people_use_is_in_doubt() -> None:
    true, false = "github.com/acme-corp/api", "github.com/acme-c0rp/api"
    many = [f"user{number}" for number in range(9)]
    found = suggested([*used(false, CREW, days=9), *used(true, many)])
    assert addresses(found) == [true]
    assert "looks like github.com/acme-corp" in reasons(found)[false]


def test_the_same_name_in_another_case_or_on_another_forge_is_no_look_alike() -> None:
    log = [*used("github.com/ACME/api"), *used("gitlab.com/acme/api"), *used("github.com/acme/web")]
    assert set(addresses(suggested(log))) == {"github.com/acme", "gitlab.com/acme/api"}
