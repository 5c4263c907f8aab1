"""What services say differently, and what was changed afterwards, as tables in which every cell names its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.api import Column, Context, Table
from terminal.domain.rivals import CONTESTS, title
from terminal.domain.statement_words import PERIODS, figure, said
from terminal.domain.truth import EXACT, FRACTION, MONEY, PER_SHARE, PRICED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

_TOLERANCES = (("amounts", MONEY), ("ratios", FRACTION), ("values per share", PER_SHARE), ("what is made from a price", PRICED),
               ("counts and dates", EXACT))

DISPUTED = (
    Column("symbol", "Ticker"),
    Column("figure", "Figure", term="market_figure"),
    Column("period", "Period", term="market_period"),
    Column("period_end", "Ends", "date", term="market_period"),
    Column("provider", "Believed", term="market_believed"),
    Column("says", "Says", term="market_believed"),
    Column("other_provider", "Other source", term="market_other"),
    Column("other_says", "Says otherwise", term="market_other"),
    Column("difference", "Apart", "number", "fraction", term="market_difference", decimals=2),
    Column("rule", "Why this one", term="market_rule"),
    Column("known_at", "Known since", "datetime", term="market_known", newbie=False),
    Column("other_known_at", "Other since", "datetime", term="market_known", newbie=False),
    Column("field", "Item", newbie=False),
    Column("value", "Value", "number", newbie=False),
    Column("other_value", "Other value", "number", newbie=False),
    Column("unit", "Unit", newbie=False),
)
RESTATED = (
    Column("symbol", "Ticker"),
    Column("figure", "Figure", term="market_figure"),
    Column("period", "Period", term="market_period"),
    Column("period_end", "Ends", "date", term="market_period"),
    Column("was", "First said", term="market_restated"),
    Column("now", "Says now", term="market_restated"),
    Column("difference", "Changed by", "number", "fraction", term="market_restated", decimals=2),
    Column("known_at", "Known since", "datetime", term="market_known"),
    Column("form", "In", term="market_form"),
    Column("provider", "From"),
    Column("old_known_at", "First known", "datetime", term="market_known", newbie=False),
    Column("old_form", "First in", term="market_form", newbie=False),
    Column("item", "Item", newbie=False),
    Column("old_value", "First value", "number", newbie=False),
    Column("new_value", "Value now", "number", newbie=False),
    Column("unit", "Unit", newbie=False),
)


def disputed(ctx: Context, symbols: Sequence[str], limit: int) -> Table:
    """Where services differ, the newest period of each symbol first."""
    found = ctx.market.disagreements(symbols or None, ctx.as_of).sort(
        "symbol", "period_end", "field", "other_provider", descending=[False, True, False, False], nulls_last=True)
    shown = found.head(limit) if limit else found
    frame = shown.with_columns(
        _words("figure", shown, figure), _period(), _providers("provider", shown), _providers("other_provider", shown),
        _words("says", shown, lambda row: said(row["field"], row["value"], row["unit"], row["text"])),
        _words("other_says", shown, lambda row: said(row["field"], row["other_value"], row["unit"], row["other_text"])))
    mine = ("provider", "says", "value", "known_at")
    sides = dict.fromkeys(mine, "fetch_id") | dict.fromkeys((f"other_{name}" for name in mine), "other_fetch_id")
    notes = _left_out(shown, found)
    if found.height:
        bounds = "; ".join(f"{what} {each.words}" for what, each in _TOLERANCES)
        notes += (f"Two values agree when they are the same within a tolerance: {bounds}.",
                  "Whom to believe is yours to say: `tapeline preferences set providers.trust.facts 'sec, yahoo'`.")
    else:
        notes += (_nothing_to_compare(ctx, symbols),)
    return _table(ctx, "Where sources disagree", DISPUTED, frame, sides, notes)


def restated(ctx: Context, symbols: Sequence[str], since: date | None, limit: int) -> Table:
    """Figures given differently later, the newest first."""
    found = ctx.market.restatements(symbols or None, since, ctx.as_of)
    shown = found.head(limit) if limit else found
    frame = shown.with_columns(
        _words("figure", shown, figure), _period(), _providers("provider", shown),
        _words("was", shown, lambda row: said(row["item"], row["old_value"], row["unit"])),
        _words("now", shown, lambda row: said(row["item"], row["new_value"], row["unit"])))
    old, new = ("was", "old_value", "old_known_at", "old_form"), ("now", "new_value", "known_at", "form", "provider")
    sides = dict.fromkeys(old, "old_fetch_id") | dict.fromkeys(new, "fetch_id")
    notes = _left_out(shown, found)
    if found.is_empty():
        notes += ("No figure that is stored was given differently later.",)
    return _table(ctx, "Restated figures", RESTATED, frame, sides, notes)


def _words(name: str, shown: pl.DataFrame, words: Any) -> pl.Series:
    return pl.Series(name, [words(row) for row in shown.iter_rows(named=True)], dtype=pl.String)


def _period() -> pl.Expr:
    return pl.col("period").replace_strict(PERIODS, default="report", return_dtype=pl.String).alias("period")


def _providers(name: str, shown: pl.DataFrame) -> pl.Series:
    return pl.Series(name, [title(each) for each in shown[name]], dtype=pl.String)


def _left_out(shown: pl.DataFrame, found: pl.DataFrame) -> tuple[str, ...]:
    if shown.height == found.height:
        return ()
    return (f"{shown.height:,} of {found.height:,} shown; name a symbol, or see more with --limit.",)


def _nothing_to_compare(ctx: Context, symbols: Sequence[str]) -> str:
    stored = {name: ctx.store.market.services(name) for name in CONTESTS}
    if all(len(services) < 2 for services in stored.values()):
        return "Only one source has spoken about company figures and reports so far, so nothing can be compared."
    return f"No two sources differ about {', '.join(symbols)}." if symbols else "No two sources differ about anything stored."


def _table(ctx: Context, name: str, columns: tuple[Column, ...], frame: pl.DataFrame, sides: Mapping[str, str],
           notes: tuple[str, ...]) -> Table:
    found = ctx.market.sources(number for each in set(sides.values()) for number in frame[each])
    listed = tuple(dict.fromkeys(found.values()))
    place = {number: listed.index(source) for number, source in found.items()}
    none = pl.Series([None] * frame.height, dtype=pl.Int64)
    origin = pl.DataFrame({
        column.name: frame[sides[column.name]].replace_strict(list(place), list(place.values()), default=None,
                                                              return_dtype=pl.Int64) if column.name in sides else none
        for column in columns})
    return Table(name, columns, frame.select(column.name for column in columns), listed, notes=notes, origin=origin)
