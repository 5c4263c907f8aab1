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
    studies = tuple(_study(each, title_of(each.text, mode, interval), taken) for each in detail["studies"])
    compared = tuple(Compared(other, values) for other, values in detail["compared"].items())
    return Answer(symbol, interval, detail["bars"], studies, compared, table)


def _study(made: Computed, title: str, taken: set[str]) -> Study:
    """A line for each output; what is not drawn over the prices has a pane of its own.

    Over the prices a colour that is `taken` by another study is changed for one that is free; up and down keep theirs.
    """
    indicator = made.indicator
    roles = {each.role: each.role for each in indicator.outputs}
    if indicator.pane == "price":
        for role in roles:
            if role in taken and role in ROLES:
                roles[role] = next((each for each in ROLES if each not in taken and each not in roles), role)
        taken.update(roles.values())
    lines = tuple(StudyLine(each.title, made.values[each.name], each.style, roles[each.role]) for each in indicator.outputs)
    pane = "price" if indicator.pane == "price" else made.text
    return Study(made.text, title, pane, lines, indicator.levels)


def markers_of(table: Table) -> list[Marker]:
    """The rows of `chart.events`."""
    return [Marker(row["at"] or row["date"], row["kind"], row["title"], row["text"] or "", row["price"])
            for row in table.frame.iter_rows(named=True)]
