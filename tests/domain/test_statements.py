"""What several years of statements say together."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from terminal.domain.schemas import FACTS, SPLITS
from terminal.domain.statements import quarters, statement_fields, trailing


def usual(rows: list[tuple[str, str, date, float]]) -> float | None:
    facts = FACTS.empty().clear()
    given = pl.DataFrame(
        [{"symbol": "A", "item": item, "period": period, "period_end": end, "value": value, "unit": "USD"}
         for item, period, end, value in rows],
        schema_overrides={"period_end": pl.Date},
    )
    facts = pl.concat([facts, given], how="diagonal_relaxed")
    days = pl.DataFrame({"symbol": ["A"], "_day": [date(2027, 1, 15)]})
    splits = SPLITS.empty()
    return statement_fields(trailing(facts, splits), quarters(facts, splits), days)["fcf_margin_mean"].item()


def test_the_usual_cash_margin_is_the_mean_of_the_years_known() -> None:
    # 10 of 100, 40 of 200; the year without cash flow and the one six years ago do not count: (10 % + 20 %) / 2
    rows = [
        ("revenue", "A", date(2020, 12, 31), 100.0), ("free_cash_flow", "A", date(2020, 12, 31), 90.0),
        ("revenue", "A", date(2024, 12, 31), 100.0), ("free_cash_flow", "A", date(2024, 12, 31), 10.0),
        ("revenue", "A", date(2025, 12, 31), 300.0),
        ("revenue", "A", date(2026, 12, 31), 200.0), ("free_cash_flow", "A", date(2026, 12, 31), 40.0),
    ]
    assert usual(rows) == pytest.approx(0.15)


def test_one_year_is_not_usual() -> None:
    rows = [("revenue", "A", date(2026, 12, 31), 100.0), ("free_cash_flow", "A", date(2026, 12, 31), 10.0)]
    assert usual(rows) is None
