"""Random policies as people might lay them out: every style of list and entry, comments wherever YAML lets them be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

HOSTS = ("github.com", "gitlab.com", "bitbucket.org", "git.acme.example")
REMARKS = ("why: OSS-1", "- github.com/no", "a, b]", "}", "é ☃ 'quote", '"open', "[", "approved:", "#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A policy's text. `style` is how `approved` is laid out, `addresses` are those in it, in order."""

    text: str
    style: str
    addresses: tuple[str, ...]


STYLES = ("block", "block", "block", "row", "tall", "crowded", "comma-first", "empty", "missing", "flow", "json")


def policy(random: Random) -> Laid:
    """A policy that `decide` can load."""
    return _Writer(random).policy()


class _Writer:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.used: list[str] = []

    def policy(self) -> Laid:
        random = self.random
        style = random.choice(STYLES)
        if style in ("flow", "json"):
            text = self.in_brackets(style)
        else:
            text = "".join(f"{line}\n" for line in self.sections(style))
            if random.random() < 0.2:
                text = f"---{self.beside()}\n{text}"
                text += random.choice(("", "...\n", f"...\n{self.remark(0)}\n"))
        if random.random() < 0.25:
            text = text.rstrip("\n")
        if random.random() < 0.3:
            text = text.replace("\n", "\r\n")
        if random.random() < 0.2:
            text = "\ufeff" + text
        return Laid(text=text, style=style, addresses=tuple(self.used))

    def sections(self, style: str) -> list[str]:
        random = self.random
        parts = [
            [f"version: 1{self.beside()}"],
            [f"mode: observe{self.beside()}"],
            [f"contact: {random.choice(('it@acme.example', chr(34) + 'a # b' + chr(34), 'see the wiki'))}"],
            ["forbidden:", "  - github.com/acme-corp/public-site   # never", "  # - github.com/x"],
            ["groups: {oss: [ana@acme.example, 10.4.0.0/16]}" + self.beside()],
            ["events:", "  on_error: block", f"  keep: 90d{self.beside()}"],
            ["content:", "  paths:", '    "*.kdbx": block', "    'a, b': log"],
            ["limits:", "  per_client: [", "    500MiB/1h,  # a", "  ]"],
            ["tests:", "- do: git clone https://github.com/a/b", f"  expect: allow{self.beside()}"],
        ]
        must = [parts[0], ["forges:", "  - {host: git.acme.example, kind: gitlab}"]]
        kept = must + [part for part in parts[1:] if random.random() < 0.4]
        if style != "missing":
            kept.append(self.approved(style))
        random.shuffle(kept)
        lines: list[str] = []
        for part in kept:
            lines += [*self.between(0), *part]
        return [*lines, *self.between(0)]

    def approved(self, style: str) -> list[str]:
        random = self.random
        if style == "empty":
            value = random.choice(("", " []", " [ ]", " ~", " null", "\n  []", " [ # none\n  ]"))
            return f"approved:{value}{self.beside()}".split("\n")
        if style == "block":
            column = random.choice((0, 2, 2, 4))
            lines = [f"{random.choice(('approved', chr(34) + 'approved' + chr(34)))}:{self.beside()}"]
            for _ in range(random.randint(1, 5)):
                lines += self.between(column)
                lines += [" " * column + line if line else "" for line in self.entry()]
            return lines
        entries = [self.flow_entry() for _ in range(random.randint(1, 4))]
        if style == "row":
            comma = random.choice(("", ",", " , "))
            return [f"approved: [{random.choice(('', ' '))}{', '.join(entries)}{comma}]{self.beside()}"]
        lines = [f"approved: [{self.beside()}"]
        if style == "comma-first":
            lines = [f"approved: [ {entries[0]}{self.beside()}"]
            return [*lines, *(f"  , {entry}{self.beside()}" for entry in entries[1:]), "  ]"]
        if style == "crowded":
            middle = random.randrange(len(entries))
            lines.append("    " + ", ".join(entries[: middle + 1]) + ("," if entries[middle + 1 :] else ""))
            if entries[middle + 1 :]:
                lines.append("    " + ", ".join(entries[middle + 1 :]))
            return [*lines[:-1], lines[-1] + random.choice(("]", " ]"))]
        for entry in entries:
            lines += [*self.between(2, blank=False), f"  {entry},{self.beside()}"]
        if random.random() < 0.5:
            lines[-1] = f"  {entries[-1]}{self.beside()}"
        return [*lines, *self.between(2, blank=False), random.choice(("]", "  ]")) + self.beside()]

    def in_brackets(self, style: str) -> str:
        random = self.random
        with_list = random.random() < 0.8
        if style == "json":
            values: dict[str, object] = {"version": 1, "forges": [{"host": "git.acme.example", "kind": "gitlab"}]}
            if with_list:
                values["approved"] = [
                    self.address()
                    if random.random() < 0.5
                    else {"repo": self.address(), "reason": random.choice(REMARKS)}
                    for _ in range(random.randint(0, 3))
                ]
            values["events"] = {"reads": True}
            return json.dumps(values, indent=random.choice((None, 2, 4)), ensure_ascii=False) + "\n"
        parts = ["version: 1", "forges: [{host: git.acme.example, kind: gitlab}]", "mode: observe"]
        if with_list:
            parts.append(f"approved: [{', '.join(self.flow_entry() for _ in range(random.randint(0, 3)))}]")
        random.shuffle(parts)
        if random.random() < 0.5:
            return f"{{{', '.join(parts)}}}{self.beside()}\n"
        return "{\n" + "".join(f"  {part},{self.beside()}\n" for part in parts) + "}\n"

    def json_entry(self) -> object:
        if self.random.random() < 0.5:
            return self.address()
        return {"repo": self.address(), "reason": self.random.choice(REMARKS)}

    def entry(self) -> list[str]:
        """The lines of one entry of a block list, the dash first."""
        random = self.random
        kind = random.choice(("word", "word", "flow", "block", "block", "below"))
        if kind == "word":
            return [f"-{random.choice((' ', '   '))}{self.word()}{self.beside()}"]
        if kind == "flow":
            if random.random() < 0.3:
                return [
                    f"- {{repo: {self.word()},{self.beside()}",
                    f"   who: [oss2],{self.beside()}",
                    f"  }}{self.beside()}",
                ]
            return [f"- {self.flow_mapping()}{self.beside()}"]
        lines = [f"repo: {self.word()}{self.beside()}"]
        for part in self.details():
            lines += [*([self.remark(random.choice((0, 2)))] if random.random() < 0.2 else []), *part]
        if random.random() < 0.3:
            lines = [f"owner: platform{self.beside()}", *lines]
        if kind == "below":
            return [f"-{self.beside()}", *("  " + line if line else "" for line in lines)]
        return ["- " + lines[0], *("  " + line if line else "" for line in lines[1:])]

    def details(self) -> list[list[str]]:
        random = self.random
        reason = random.choice(
            (
                ["reason: OSS-1234" + self.beside()],
                ["reason: two", "  lines, plain" + self.beside()],
                ["reason: 'a # b", "", "  c''d'" + self.beside()],
                ["reason: |", "  text", "  # no comment"],
                ["reason: |+", "  text", "", ""],
                ["reason: >-", "  folded", "  text", ""],
            )
        )
        parts = [
            [f"allow: [push, contents]{self.beside()}"],
            ["allow:", f"  - push{self.beside()}", "  - issue"],
            [f"who: ana@acme.example{self.beside()}"],
            ["max_upload: 10MiB"],
            [f"expires: 2099-01-31{self.beside()}"],
            [f'refs: [main, "release/*"]{self.beside()}'],
            ["content:", "  secrets: block", f'  paths: {{"*.kdbx": block}}{self.beside()}'],
            ["visibility: [", "    private", f"  ]{self.beside()}"],
            reason,
        ]
        chosen = random.sample(parts, random.randint(0, 4))
        if parts[0] in chosen and parts[1] in chosen:
            chosen.remove(parts[1])
        return chosen

    def flow_entry(self) -> str:
        return self.word() if self.random.random() < 0.6 else self.flow_mapping()

    def flow_mapping(self) -> str:
        more = self.random.sample(
            (
                "allow: [push]",
                "who: [ana@acme.example, 10.0.0.0/8]",
                "reason: 'it''s # fine'",
                'owner: "a, b"',
                "max_upload: 7",
            ),
            self.random.randint(1, 3),
        )
        pairs = [f"{self.random.choice(('repo', 'address'))}: {self.word()}", *more]
        self.random.shuffle(pairs)
        return f"{{{', '.join(pairs)}}}"

    def word(self) -> str:
        address = self.address()
        return self.random.choice((address, address, address, f"'{address}'", f'"{address}"'))

    def address(self) -> str:
        random = self.random
        if self.used and random.random() < 0.15:
            self.used.append(random.choice(self.used))
        else:
            self.used.append(f"{random.choice(HOSTS)}/org{random.randint(1, 99)}/r{random.randint(1, 99)}")
        return self.used[-1]

    def beside(self) -> str:
        return (
            f"{self.random.choice((' ', '    '))}# {self.random.choice(REMARKS)}" if self.random.random() < 0.3 else ""
        )

    def remark(self, column: int) -> str:
        return f"{' ' * column}# {self.random.choice(REMARKS)}"

    def between(self, column: int, *, blank: bool = True) -> list[str]:
        """Comments and empty lines before something in `column`."""
        choices = [[], [], [], [self.remark(column)], [self.remark(self.random.choice((0, 2, 6)))]]
        if blank:
            choices += [[""], [self.remark(0), "", self.remark(column), self.remark(column + 2)]]
        return self.random.choice(choices)
