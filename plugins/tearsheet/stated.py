"""What a source itself stated, as it stated it, with its own date: also where it is too old to compute with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.domain import format as show
from terminal.domain.fields import FIELDS
from terminal.domain.scoring.words import shown

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

_PERIODS = {"P": "", "TTM": ", last four quarters", "A": ", fiscal year", "Q": ", quarter"}
_FIELD_OF = {known.reported: name for name, known in FIELDS.items() if known.reported}
_WORDS = {
    "eps": "EPS",
    "ebitda": "EBITDA",
    "ebit": "EBIT",
    "roe": "ROE",
    "roa": "ROA",
    "ttm": "(ttm)",
    "nav": "NAV",
    "aum": "AUM",
    "pe": "P/E",
    "ps": "P/S",
    "pb": "P/B",
    "ev": "EV",
    "peg": "PEG",
    "52w": "52 weeks",
}


@dataclass(frozen=True)
class Stated:
    """One stated value; `field` is the field of FIELDS it stands for, if any, `currency` the one it is in, if money."""

    item: str
    period: str
    title: str
    value: float
    text: str
    unit: str
    period_end: date
    fetch_id: int | None
    field: str | None


def stated(facts: pl.DataFrame, currency: str | None) -> list[Stated]:
    """The newest statement of each item for each period, point values first, by name."""
    import polars as pl

    if facts.is_empty():
        return []
    newest = facts.sort("period_end").group_by("item", "period", maintain_order=True).last()
    order = pl.col("period").replace_strict(["P", "TTM", "A", "Q"], [0, 1, 2, 3], default=4)
    found = []
    for row in newest.sort(order, "item").iter_rows(named=True):
        field = _FIELD_OF.get(row["item"]) if row["period"] == "P" else None
        known = FIELDS[field] if field else None
        money = row["unit"] if row["unit"] and len(row["unit"]) == 3 and row["unit"].isupper() else None
        unit = known.unit if known and known.unit != "currency" else money or (currency or "" if known else "")
        text = (
            shown(field, row["value"], money or currency)
            if field
            else (show.money(row["value"], money) if money else _bare(row["value"]))
        )
        title = (known.title if known else title_of(row["item"])) + _PERIODS.get(row["period"], "")
        found.append(
            Stated(
                row["item"], row["period"], title, float(row["value"]), text, unit, row["period_end"], row.get("fetch_id"), field
            )
        )
    return found


def title_of(item: str) -> str:
    """`operating_cash_flow` as a title."""
    words = [_WORDS.get(word, word) for word in item.split("_")]
    first = words[0]
    return " ".join([first if first != first.lower() else first.capitalize(), *words[1:]])


def _bare(value: float) -> str:
    if abs(value) >= 100_000:
        return show.compact(value)
    return show.number(value, 0 if value == int(value) else 4 if abs(value) < 1 else 2)
