"""Figures: what was measured, beside a floor of the same run and the target, as one table."""

from __future__ import annotations

import json
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


@dataclass(frozen=True)
class Figure:
    """One measured figure. The floor is what plain code or SQL written by hand reached for the same work in the same run."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = True  # False: the target is a ceiling
    floor: float | None = None
    floor_name: str = ""
    ratio_target: float | None = None  # value / floor, same direction as the target
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Return value / floor."""
        return self.value / self.floor if self.floor else None

    @property
    def passes(self) -> bool:
        """Whether every target of the figure is met."""
        pairs = ((self.value, self.target), (self.ratio, self.ratio_target))
        return all(self._meets(value, target) for value, target in pairs if target is not None)

    def _meets(self, value: float | None, target: float) -> bool:
        if value is None:
            return False
        return value >= target if self.at_least else value <= target


def show(figures: list[Figure]) -> None:
    """Print the table and the machine it was measured on."""
    table = Table(title=f"hudhud bench · {machine()}")
    for column, justify in (
        ("figure", "left"),
        ("value", "right"),
        ("floor", "right"),
        ("ratio", "right"),
        ("target", "right"),
        ("", "center"),
        ("note", "left"),
    ):
        table.add_column(column, justify="right" if justify == "right" else "left")
    for figure in figures:
        table.add_row(
            figure.name,
            f"{_number(figure.value)} {figure.unit}",
            f"{_number(figure.floor)}\n{figure.floor_name}" if figure.floor else "",
            f"{figure.ratio:.2f}" if figure.ratio else "",
            _targets(figure),
            "[green]pass[/]" if figure.passes else "[red]FAIL[/]",
            figure.note,
        )
    Console(width=150).print(table)


def save(figures: list[Figure], path: Path) -> None:
    """Write the figures as JSON, for comparison between runs."""
    content = {"machine": machine(), "figures": [{**asdict(figure), "ratio": figure.ratio, "passes": figure.passes} for figure in figures]}
    path.write_text(json.dumps(content, indent=1), "utf-8")


def machine() -> str:
    """Describe the machine in one line."""
    cpus = [
        line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if line.startswith("model name")
    ]
    return f"{len(cpus)} x {cpus[0] if cpus else platform.machine()}, Python {platform.python_version()}"


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the shortest of several rounds, in seconds: the machine is shared, the work is not random."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` of the sorted values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def _targets(figure: Figure) -> str:
    sign = "≥" if figure.at_least else "≤"
    wanted = []
    if figure.target is not None:
        wanted.append(f"{sign} {_number(figure.target)} {figure.unit}")
    if figure.ratio_target is not None:
        wanted.append(f"{sign} {figure.ratio_target:.2f} x floor")
    return "\n".join(wanted)
