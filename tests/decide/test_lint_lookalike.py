"""Names that can be taken for others: addresses, hosts of `forges`, users and groups."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgewall.decide.lint import warnings
from forgewall.decide.load import load, parse
from forgewall.errors import PolicyError

NOW = datetime(2026, 7, 1, tzinfo=UTC)
CYRILLIC_A, GREEK_O = "\u0430", "\u03bf"


def found(text: str) -> list[str]:
    told = [
        problem for problem in warnings(load(f"version: 1\n{text}", "p.yaml", NOW), NOW) if problem.code == "look-alike"
    ]
    return [f"{problem.line} {problem.message}" for problem in told]


def addresses(*names: str) -> list[str]:
    return found("approved:\n" + "".join(f"  - {name}\n" for name in names))


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ("acme-corp", "acme-c0rp"),
        ("acme-corp", "acme-corp".replace("m", "rn")),
        ("acrne", "acme"),
        ("lab", "1ab"),
        ("lab", "Iab"),
        ("windows", "vvindows"),
        ("tool-kit", "t00l-kit"),
        ("ACME-c0rp", "acme-Corp"),
    ],
)
def test_an_address_that_looks_like_another_is_told(other: str, name: str) -> None:
    assert addresses(f"github.com/{other}", f"github.com/{name}") == [
        f"4 `github.com/{name.lower()}` looks like `github.com/{other.lower()}` in line 3"
    ]


def test_the_first_name_that_differs_is_told_and_once() -> None:
    assert (
        addresses(
            "github.com/acme-corp/api",
            "github.com/acme-c0rp/web",
            "github.com/acme-c0rp/app",
            "github.com/acme-corp/ap1",
        )
        == [
            "4 `github.com/acme-c0rp` looks like `github.com/acme-corp` in line 3",
            "6 `github.com/acme-corp/ap1` looks like `github.com/acme-corp/api` in line 3",
        ][:1]
    )
    assert addresses("gitlab.com/a/tool/x", "gitlab.com/a/to0l/x") == [
        "4 `gitlab.com/a/to0l` looks like `gitlab.com/a/tool` in line 3"
    ]


@pytest.mark.parametrize(
    "names",
    [
        ("github.com/acme-corp", "github.com/acme-corp/api", "github.com/ACME-CORP"),
        ("github.com/ACME-INC", "github.com/acme-inc/api"),
        ("github.com/acme-corp", "gitlab.com/acme-c0rp"),
        ("github.com/acme", "github.com/acne", "github.com/acme2", "github.com/acme-corp"),
        ("github.com/acme-c0rp",),
        ("github.com/a/c0rp", "github.com/b/corp"),
        ("dev.azure.com/acme/My Tool", "dev.azure.com/acme/My Tool/api"),
    ],
)
def test_what_differs_plainly_is_not_told(names: tuple[str, ...]) -> None:
    assert addresses(*names) == []


def test_a_look_alike_may_be_forbidden() -> None:
    assert found("approved: [github.com/acme-corp]\nforbidden: [github.com/acme-c0rp]\n") == []


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("g1thub.com", []),
        ("gith0b.example", []),
        ("gitlab.corn", ["3 `gitlab.corn` looks like `gitlab.com`"]),
        ("gitIab.com".lower(), []),
        ("c0deberg.org", ["3 `c0deberg.org` looks like `codeberg.org`"]),
        ("xn--bcher-kva.example", []),
        ("xn--80ak6aa92e.com", ["3 `xn--80ak6aa92e.com` is shown as `\u0430\u0440\u0440\u04cf\u0435.com`, with "]),
        (
            "xn--gthub-n2e.com",
            ["3 `xn--gthub-n2e.com` is shown as `g\u0456thub.com`, with ", "looks like `github.com`"],
        ),
        ("xn--a.example", []),
    ],
)
def test_hosts_that_are_not_what_they_look_like_are_told(host: str, said: list[str]) -> None:
    told = found(f"forges:\n  - {{host: {host}, kind: gitlab}}\n")
    assert len(told) == len(said)
    for line, words in zip(told, said, strict=True):
        assert words in line


def test_two_own_hosts_that_look_alike_are_told() -> None:
    forges = "forges:\n  - {host: git.acme.example, kind: gitlab, hosts: [reg.acme.example]}\n"
    assert found(f"{forges}  - {{host: git.acrne.example, kind: gitlab}}\n") == [
        "4 `git.acrne.example` looks like `git.acme.example`"
    ]
    approved = "approved: [git.acme.example/a, git.acrne.example/a]\n"
    assert len(found(f"{forges}  - {{host: git.acrne.example, kind: gitlab}}\n{approved}")) == 1


def test_a_user_that_looks_like_another_is_told() -> None:
    fake = f"{CYRILLIC_A}na@acme.example"
    text = f"approved: [{{repo: github.com/a, who: [{fake}]}}]\ngroups: {{oss: [ana@acme.example]}}\n"
    assert found(text) == [
        f"2 `{fake}` looks like `ana@acme.example` in line 3, but holds `{CYRILLIC_A}` (cyrillic small letter a)"
    ]


def test_mixed_scripts_are_told_and_names_of_one_script_are_not() -> None:
    mixed = f"b{GREEK_O}b"
    assert found(f"groups: {{oss: [{mixed}]}}\n") == [
        f"2 `{mixed}` mixes letters of scripts that nobody writes together: `{GREEK_O}` (greek small letter omicron)"
    ]
    plain = [
        "\u0430\u043d\u043d\u0430@acme.example",
        "jos\u00e9",
        "jose",
        "\u5c71\u7530taro",
        "\u5c71\u7530\u3055\u3093",
    ]
    assert found(f"groups: {{oss: [{', '.join(plain)}]}}\n") == []
    assert len(found("groups: {\u043ess: [ana]}\n")) == 1


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        (
            f"github.com/{CYRILLIC_A}cme",
            f"it looks like `github.com/acme`, but holds `{CYRILLIC_A}` (cyrillic small letter a)",
        ),
        (f"github.com/acme/{GREEK_O}ne", "it looks like `github.com/acme/one`"),
        ("github.com/\uff41cme", "it looks like `github.com/acme`"),
        ("github.com/jos\u00e9", ""),
        (f"n{GREEK_O}where.example/x", ""),
    ],
)
def test_an_address_with_strange_letters_is_refused_with_what_it_looks_like(address: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(f"version: 1\napproved: ['{address}']\n", "p.yaml")
    (problem,) = caught.value.problems
    assert problem.hint.startswith(hint)
    assert bool(problem.hint) is bool(hint)
