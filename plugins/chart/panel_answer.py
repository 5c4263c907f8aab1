"""What the chart's commands answered, as the chart takes it: bars, studies, compared symbols, events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugins.chart.panel_indicators import title_of
from terminal.ui.chart import Compared, Marker, Study, StudyLine

if TYPE_CHECKING:
    import polars as pl

    from plugins.chart.model import Study as Computed
    from terminal.api import Table

ROLES = ("average_1", "average_2", "average_3", "accent", "ok", "warn", "t2")


@dataclass(frozen=True)
class Answer:
    """Of `chart.show`. `frame` has a row for each bar, oldest first; studies and compared symbols are as long as it is."""

    symbol: str
    interval: str
    bars: pl.DataFrame
    studies: tuple[Study, ...]
    compared: tuple[Compared, ...]
    table: Table


def read_answer(table: Table, symbol: str, interval: str, mode: str) -> Answer:
    """The answer of `chart.show` in the words of the mode."""
    detail = table.detail
    taken: set[str] = set()
    studies = tuple(_study(each, mode, taken) for each in detail["studies"])
    compared = tuple(Compared(other, values) for other, values in detail["compared"].items())
    return Answer(symbol, interval, detail["bars"], studies, compared, table)


def _study(made: Computed, mode: str, taken: set[str]) -> Study:
    """A line for each output; what is not drawn over the prices has a pane of its own.

    A single line over the prices whose colour is `taken` by another study gets one that is free.
    """
    indicator = made.indicator
    roles = [each.role for each in indicator.outputs]
    if indicator.pane == "price" and len(roles) == 1:
        free = [role for role in (roles[0], *ROLES) if role not in taken]
        roles = free[:1] or roles
        taken.update(roles)
    lines = tuple(StudyLine(each.title, made.values[each.name], each.style, role)
                  for each, role in zip(indicator.outputs, roles, strict=True))
    pane = "price" if indicator.pane == "price" else made.text
    return Study(made.text, title_of(made.text, mode), pane, lines, indicator.levels)


def markers_of(table: Table) -> list[Marker]:
    """The rows of `chart.events`."""
    return [Marker(row["at"] or row["date"], row["kind"], row["title"], row["text"] or "", row["price"])
            for row in table.frame.iter_rows(named=True)]
