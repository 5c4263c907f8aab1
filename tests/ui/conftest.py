"""The kit without a shell: a small host, a table with every kind of cell, the theme put on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.sourced import Column, Source, Table
from terminal.services.explain import Text
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@dataclass
class FakeHost:
    mode: str = "pro"
    panel_id: str = "test"
    asked: list[str] = field(default_factory=list)

    def explain(self, term: str) -> Text:
        self.asked.append(term)
        words = {"pe": Text("Price vs profit", "You pay this for $1 of yearly profit.", "price / eps_ttm")}
        return words.get(term, Text("", ""))


def market_table(rows: int = 6, simulated: bool = True) -> Table:
    symbols = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"]
    pe = [18.4, None, 7.5, 30.0, None, 12.0]
    frame = pl.DataFrame({
        "symbol": [symbols[i % 6] + (str(i // 6) if i >= 6 else "") for i in range(rows)],
        "name": [f"Company {i} with a rather long name" for i in range(rows)],
        "price": [69.76 + i for i in range(rows)],
        "change": [(-0.026, 0.0079, 0.0, None, 0.01, -0.01)[i % 6] for i in range(rows)],
        "trend": [[1.0, 2.0, None, 3.0] if i % 2 else [3.0, 1.0] for i in range(rows)],
        "verdict": [("Hold", "Strong Buy", "Unknown", "Avoid", "Buy", None)[i % 6] for i in range(rows)],
        "score": [(5.0, 9.1, None, 2.0, 7.7, 6.0)[i % 6] for i in range(rows)],
        "pe": [pe[i % 6] for i in range(rows)],
        "position_52w": [(0.1, 0.9, None, 0.5, 1.0, 0.0)[i % 6] for i in range(rows)],
        "flags": [[("Dilution", "High debt", "Earnings in 3 days")[k] for k in range(i % 4)] for i in range(rows)],
        "filed": [datetime(2026, 11, 3).date()] * rows,
    })
    columns = (
        Column("symbol", "Ticker"), Column("name", "Company"), Column("price", "Price", "number", "currency", "price", 2),
        Column("change", "Change", "number", "fraction", "change", 2), Column("trend", "1Y trend", "list"),
        Column("verdict", "Verdict", "text", "", "verdict"), Column("score", "Score", "number", "score", "score", 1),
        Column("pe", "P/E", "number", "x", "pe", 1, newbie=False),
        Column("position_52w", "52-week position", "number", "fraction", "position_52w"), Column("flags", "Flags", "list"),
        Column("filed", "Filed", "date"),
    )
    sources = (Source("demo", "bars", NOW - timedelta(hours=1), NOW - timedelta(minutes=3), simulated=simulated),
               Source("demo", "facts", NOW - timedelta(days=30), NOW - timedelta(hours=2), delayed=True, simulated=simulated))
    origin = pl.DataFrame({"price": [0] * rows, "pe": [1] * rows})
    return Table("Test", columns, frame, sources, ("P/E: the company made a loss",), (), origin)


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture(autouse=True)
def themed(qapp: Any) -> Iterator[theme.Tokens]:
    """The dark theme at the standard size; put on again only where a test has changed it, which costs much."""
    yield _dressed(qapp)
    _dressed(qapp)


def _dressed(qapp: Any) -> theme.Tokens:
    present = theme.current()
    if present is None or present.look != ("dark", "standard", 12, "auto", "no"):
        return theme.apply(qapp)
    return present.tokens
