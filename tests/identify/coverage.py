"""How much of each published description `identify` understands, counted in one way for all, and the page about it.

`python -m tests.identify.coverage` prints the table, with `--write` it writes docs/coverage.md.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.identify.published import azure_devops, bitbucket, codecommit, gitea, github, gitlab, graphql, huggingface
from tests.identify.published.case import READS, Case, Description, Reasons, reason

from forgewall.model import Effect

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
DESCRIPTIONS = (
    github.GITHUB,
    graphql.GITHUB_GRAPHQL,
    gitlab.GITLAB,
    graphql.GITLAB_GRAPHQL,
    bitbucket.BITBUCKET,
    bitbucket.BITBUCKET_DC,
    azure_devops.DESCRIPTION,
    gitea.GITEA,
    gitea.FORGEJO,
    gitea.WEB,
    huggingface.DESCRIPTION,
    codecommit.DESCRIPTION,
)
MAX_READS_AS_WRITES = 0.5  # per cent
MIN_RIGHT = 99.5  # per cent

_INTRODUCTION = """\
# What is covered

How `identify` reads each operation that the forges publish, without exception. The tests ask all of them and keep this
page: `python -m tests.identify.coverage` prints the table, `--write` writes the page.

| column | |
|---|---|
| operations | those of the description; a path for several kinds of repository, or on several hosts, counts for each |
| writes | those that change, open or send anything, by their method, or by what the lists below say of them |
| as reads | writes that pass for reads: must be 0 |
| as writes | reads that are taken for writes: at most 0.5 % of the reads |
| personal | writes that `defaults` allow without an approval: stars, notifications, sign-in, telemetry |
| named | operations whose path or body, as it is filled in, names whose repository, group or account it is |
| right | of these, those for which `identify` names exactly that, every second place included: at least 99.5 % |
| claimed | operations that name nobody, or only by an id that no answer told, and a repository is claimed: must be 0 |
| on purpose | writes that stay unidentified, since the request doesn't tell whose they are; listed below |

Paths are filled in with names, bodies as the description demands them where they name a second place, and ids with ones
that the forge has told. What an operation does comes from the description, not from our tables.
"""


@dataclass(frozen=True)
class Row:
    """The counts of one description. Lists hold the titles of operations."""

    description: Description

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.description.cases

    @property
    def writes(self) -> int:
        return sum(case.writes for case in self.cases)

    @property
    def personal(self) -> int:
        return sum(case.writes and case.target.effect not in (Effect.WRITE, Effect.READ) for case in self.cases)

    @property
    def as_reads(self) -> list[str]:
        return [case.operation.title for case in self.cases if case.writes and case.target.effect is Effect.READ]

    @property
    def as_writes(self) -> list[str]:
        return [case.operation.title for case in self.cases if not case.writes and case.target.effect is Effect.WRITE]

    @property
    def named(self) -> int:
        return sum(case.named for case in self.cases)

    @property
    def wrong(self) -> list[str]:
        return [case.operation.title for case in self.cases if case.named and not case.right]

    @property
    def claimed(self) -> list[str]:
        return [case.operation.title for case in self.cases if case.claims]

    @cached_property
    def on_purpose(self) -> Counter[str]:
        """How many writes aren't certain, by reason."""
        return Counter(self.why(case) or "" for case in self.cases if case.doubtful)

    def why(self, case: Case) -> str | None:
        """Why an operation stays unidentified."""
        return reason(self.description.on_purpose, case.operation)

    def titles(self, reasons: Reasons, why: str, *, reading: bool) -> list[str]:
        """The operations, of a method that only reads or of another, for which `why` is the first of the reasons."""
        some = (case.operation for case in self.cases if (case.operation.method in READS) is reading)
        return list(dict.fromkeys(one.title for one in some if reason(reasons, one) == why))

    @property
    def late(self) -> float:
        """Reads taken for writes, in per cent."""
        return _share(len(self.as_writes), len(self.cases) - self.writes)

    @property
    def right(self) -> float:
        """What is named rightly, in per cent."""
        return 100 - _share(len(self.wrong), self.named)

    @property
    def cells(self) -> tuple[str, ...]:
        reads = len(self.cases) - self.writes
        return (
            self.description.name,
            *(f"{count:,}" for count in (len(self.cases), self.writes, len(self.as_reads))),
            f"{self.late:.2f} %" if reads else "–",
            *(f"{count:,}" for count in (self.personal, self.named)),
            f"{self.right:.2f} %",
            *(f"{count:,}" for count in (len(self.claimed), self.on_purpose.total())),
        )


ROWS = tuple(Row(description) for description in DESCRIPTIONS)
_HEADS = (
    *("description", "operations", "writes", "as reads", "as writes"),
    *("personal", "named", "right", "claimed", "on purpose"),
)


def _share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def table() -> str:
    """All rows, as plain text."""
    lines = [_HEADS, *(row.cells for row in ROWS)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def page() -> str:
    """docs/coverage.md as it must be."""
    return "\n".join([_INTRODUCTION, *_markdown(), "", *_sources(), *_lists()])


def _markdown() -> Iterator[str]:
    yield f"| {' | '.join(_HEADS)} |"
    yield "|---" + "|--:" * (len(_HEADS) - 1) + "|"
    for row in ROWS:
        yield f"| {' | '.join(row.cells)} |"


def _sources() -> Iterator[str]:
    yield "## The descriptions\n"
    for row in ROWS:
        yield f"- **{row.description.name}**: {row.description.source}."
    yield ""


def _lists() -> Iterator[str]:
    yield "## Which of them read, and which write\n"
    yield "GET and HEAD read, all others write, but for these. What they hold is seen by the forge and nobody else.\n"
    for row in ROWS:
        yield from _reasons(row, row.description.asking, "only asks", reading=False)
        yield from _reasons(row, row.description.opening, "writes", reading=True)
    yield "\n## Writes that stay unidentified\n"
    for row in ROWS:
        for why, count in sorted(row.on_purpose.items()):
            yield f"- {row.description.name}, {count}: {why}."
    yield "\n## Named otherwise than the request does\n"
    for row in ROWS:
        for title in row.wrong:
            yield f"- {row.description.name}: `{title}`."
    yield ""


def _reasons(row: Row, reasons: Reasons, does: str, *, reading: bool) -> Iterator[str]:
    for why in reasons:
        yield f"- {row.description.name}, {does} ({why}):"
        yield from (f"  `{title}`" for title in row.titles(reasons, why, reading=reading))


def main(words: list[str]) -> int:
    """Print the table; with `--write`, write the page."""
    print(table())
    if "--write" in words:
        PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
