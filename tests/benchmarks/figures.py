"""Figures and how they are shown: a table for people, one JSON object for programs."""

from __future__ import annotations

import json
import operator
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; with a ``bar`` it also says whether the bar holds."""

    name: str
    value: float  # the median where there are many
    unit: str
    n: int = 1
    p95: float | None = None
    bar: str | None = None  # e.g. "<= 900"
    holds: bool | None = None

    def as_json(self) -> dict[str, object]:
        return {key: value for key, value in asdict(self).items() if value is not None}


def figure_of(name: str, values: Sequence[float], unit: str) -> Figure:
    """Median and 95th percentile of ``values``."""
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return Figure(name, round(statistics.median(values), 3), unit, len(values), round(p95, 3))


def against(bar: str, figure: Figure) -> Figure:
    """``figure`` beside its bar, e.g. "<= 900"."""
    sign, limit = bar.split()
    holds = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}[sign](figure.value, float(limit))
    return replace(figure, bar=bar, holds=holds)


def show(figures: Sequence[Figure]) -> None:
    """Print in the form asked for on the command line."""
    if "--json" in sys.argv[1:]:
        print(json.dumps({"figures": [figure.as_json() for figure in figures]}))
        return
    print(f"{'figure':32} {'value':>10} {'p95':>10} {'n':>5}  {'unit':12} bar")
    for figure in figures:
        p95 = "" if figure.p95 is None else f"{figure.p95:.6g}"
        verdict = "" if figure.bar is None else f"{figure.bar} {'holds' if figure.holds else 'MISSED'}"
        print(f"{figure.name:32} {figure.value:>10.6g} {p95:>10} {figure.n:>5}  {figure.unit:12} {verdict}")
