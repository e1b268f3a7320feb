"""Bar charts as SVG, made here and not in the browser: no script, no style, only shapes and classes.

A chart is stretched to whatever room it has, so that it holds no letters: scale, dates and legend stand beside it as
text (`templates/_chart.html`), and all its numbers below it as a table. It is therefore hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from forgewall.review.console.words import number
from forgewall.sizes import rounded

_STEP = 10
_WIDTH = 8
_LEAST = 1.5
"""Of 100: what is more than nothing can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What happened in one span of time: `solid` below, `hollow` on top of it. `link` is one of our own pages."""

    start: datetime
    solid: int
    hollow: int = 0
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart and the words around it. `marks` are the times below it: the first bar's, some between, the last one's.

    `solid` and `hollow` are the legend's words, `hollow` '' if there are none such. `written` writes a number.
    """

    title: str
    bars: tuple[Bar, ...]
    seconds: int
    solid: str
    hollow: str = ""
    written: Callable[[int], str] = number

    @property
    def top(self) -> int:
        """The number that stands at the upper edge."""
        highest = max((bar.solid + bar.hollow for bar in self.bars), default=0)
        return round_up(highest, 1024 if self.written is rounded else 1000)

    @property
    def empty(self) -> bool:
        return all(bar.solid + bar.hollow == 0 for bar in self.bars)

    @property
    def told(self) -> tuple[Bar, ...]:
        """The bars that are more than nothing, for the table."""
        return tuple(bar for bar in self.bars if bar.solid or bar.hollow)

    @property
    def marks(self) -> tuple[str, ...]:
        if not self.bars:
            return ()
        first, last = self.bars[0].start, self.bars[-1].start + timedelta(seconds=self.seconds)
        times = [first + (last - first) * part / 4 for part in range(5)]
        utc = [time.astimezone(UTC) for time in times]
        days, clock = [f"{time:%d %b}" for time in utc], [f"{time:%H:%M}" for time in utc]
        if last - first > timedelta(days=5):
            return tuple(days)
        if last - first <= timedelta(hours=26):
            return tuple(day if hour == "00:00" else hour for day, hour in zip(days, clock, strict=True))
        return tuple(day if index == 0 or day != days[index - 1] else clock[index] for index, day in enumerate(days))

    def when(self, bar: Bar) -> str:
        """The span of one bar, in words."""
        start, end = bar.start.astimezone(UTC), bar.start.astimezone(UTC) + timedelta(seconds=self.seconds)
        if self.seconds % 86400 == 0:
            return f"{start:%Y-%m-%d}" if self.seconds == 86400 else f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
        return f"{start:%Y-%m-%d %H:%M} to {end:%H:%M}"

    def sentence(self, bar: Bar) -> str:
        """One bar in words: its time and its numbers."""
        parts = [f"{self.written(bar.solid)} {self.solid}"]
        if self.hollow:
            parts.append(f"{self.written(bar.hollow)} {self.hollow}")
        return f"{self.when(bar)}: {', '.join(parts)}"

    @property
    def svg(self) -> Markup:
        width = max(len(self.bars), 1) * _STEP
        drawn = Markup("").join(self._bar(index, bar) for index, bar in enumerate(self.bars))
        return Markup(
            '<svg class="bars" viewBox="0 0 {} 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
            '<path class="grid" d="M0 0.5H{}M0 50H{}"/>{}</svg>'
        ).format(width, width, width, drawn)

    def _bar(self, index: int, bar: Bar) -> Markup:
        if not bar.solid and not bar.hollow:
            return Markup("")
        solid, hollow = _height(bar.solid, self.top), _height(bar.hollow, self.top)
        left = index * _STEP + (_STEP - _WIDTH) / 2
        shapes = Markup('<rect class="reach" x="{}" y="0" width="{}" height="100"/>').format(index * _STEP, _STEP)
        if solid:
            shapes += _rect("solid", left, 100 - solid, solid)
        if hollow:
            shapes += _rect("hollow", left, 100 - solid - hollow, hollow)
        inner = Markup("<title>{}</title>{}").format(self.sentence(bar), shapes)
        if bar.link:
            return Markup('<a href="{}" tabindex="-1">{}</a>').format(bar.link, inner)
        return Markup("<g>{}</g>").format(inner)


def share(part: int, whole: int) -> Markup:
    """A small bar beside a number: `part` of `whole`."""
    wide = max(_LEAST, 100 * part / whole) if part and whole else 0
    return Markup(
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="all" width="100" height="8"/><rect class="part" width="{}" height="8"/></svg>'
    ).format(f"{min(wide, 100):.1f}")


def round_up(value: int, base: int) -> int:
    """The next number from `value` on that reads well: 1, 2, 4, 5 times a power of ten, or of `base` and ten."""
    if value <= 1:
        return 1
    unit = 1
    while value > unit * base:
        unit *= base
    for step in _steps(base):
        if value <= step * unit:
            return step * unit
    return unit * base


def _steps(base: int) -> Sequence[int]:
    tens = [step * ten for ten in (1, 10, 100) for step in (1, 2, 4, 5, 8)]
    return [*tens, base]


def _height(count: int, top: int) -> float:
    return max(_LEAST, 100 * count / top) if count else 0.0


def _rect(name: str, left: float, top: float, height: float) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        name, f"{left:.1f}", f"{max(top, 0):.2f}", _WIDTH, f"{height:.2f}"
    )
