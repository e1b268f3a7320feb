"""The runs of one measurement, by route: how fast, at what cost, and how they compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench import meter, table
from bench.client import Route

MIB = 1024**2

type Carried = tuple[float, float]
"""How fast, and how much: what the processor time is divided by."""


@dataclass(slots=True)
class Series:
    """Amounts per second, processor seconds per amount and growth of memory, in the order of the runs.

    `names` are the routes that get a column; after them comes a column for each pair of `ratios`.
    """

    names: Sequence[str]
    ratios: Sequence[tuple[str, str]]
    rates: dict[str, list[float]] = field(default_factory=dict)
    costs: dict[str, list[float]] = field(default_factory=dict)
    growths: dict[str, list[float]] = field(default_factory=dict)

    def run(self, route: Route, carry: Callable[[Route], Carried], idle: int | None = None) -> None:
        """Carry something once by `route`; `idle` is the proxy's memory at rest, in bytes."""
        if idle is not None:
            meter.reset_peak(route.pid)
        before = meter.processor_seconds(route.pid)
        rate, amount = carry(route)
        after = meter.processor_seconds(route.pid)
        self.rates.setdefault(route.name, []).append(rate)
        if before is not None and after is not None and amount:
            self.costs.setdefault(route.name, []).append((after - before) / amount)
        highest = meter.peak(route.pid)
        if idle is not None and highest is not None:
            self.growths.setdefault(route.name, []).append(max(0, highest - idle) / MIB)

    def rows(self, label: str, unit: str, cost_unit: str, factor: float) -> list[list[str]]:
        """One row for the rate and, where they are known, one for the cost times `factor` and one for memory."""
        rows = [[label, unit, *self._cells(self.rates)]]
        if self.costs:
            scaled = {name: [cost * factor for cost in costs] for name, costs in self.costs.items()}
            rows.append(["  processor time", cost_unit, *self._cells(scaled)])
        if self.growths:
            rows.append(["  memory over idle: first, highest", "MiB", *map(self._growth, self.names)])
            rows[-1] += [""] * len(self.ratios)
        return rows

    def _growth(self, name: str) -> str:
        runs = self.growths.get(name)
        return f"{table.number(runs[0])}, {table.number(max(runs))}" if runs else "-"

    def _cells(self, values: dict[str, list[float]]) -> list[str]:
        middles = [table.middle(values.get(name, [])) for name in self.names]
        return [*middles, *(table.ratio(values.get(name, []), values.get(base, [])) for name, base in self.ratios)]
