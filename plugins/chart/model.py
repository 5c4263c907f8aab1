"""What a chart shows, from frames to a table: bars of an interval, studies over all of them, comparisons, events. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.api import Column, Table, UserError
from terminal.domain import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from terminal.domain.indicators import Array, Indicator, Value
    from terminal.domain.sourced import ColumnType, Source

PRICES = ("open", "high", "low", "close", "volume")
DEFAULT_STUDIES = ("sma(50)", "sma(200)")
# How many bars a year has: what turns the scatter of a bar into that of a year.
BARS_A_YEAR = {
    "1m": 252 * 390, "5m": 252 * 78, "15m": 252 * 26, "30m": 252 * 13, "1h": 252 * 7, "4h": 252 * 2, "1d": 252, "1wk": 52,
    "1mo": 12,
}  # fmt: skip
_UNITS = {"fraction": "fraction", "shares": "count", "": ""}


@dataclass(frozen=True)
class Study:
    """One indicator over the bars: as it was asked for, what it is, and its values by output, NaN where unknown."""

    text: str
    indicator: Indicator
    settings: tuple[Value, ...]
    values: Mapping[str, Array]

    @property
    def label(self) -> str:
        """The indicator with the settings that were used."""
        return self.indicator.label(self.settings)

    def column(self, output: str) -> str:
        """The name of an output's column."""
        return self.label if len(self.indicator.outputs) == 1 else f"{self.label} {output}"


def wanted_studies(texts: Sequence[str], interval: str) -> list[tuple[str, Indicator, tuple[Value, ...]]]:
    """The indicators asked for, each once. Raises UserError with the nearest name for one that is not understood."""
    import difflib

    from terminal.domain.indicators import INDICATORS, read_study

    found: dict[tuple[str, tuple[Value, ...]], tuple[str, Indicator, tuple[Value, ...]]] = {}
    for text in texts:
        try:
            indicator, settings = read_study(text)
        except ValueError as error:
            near = difflib.get_close_matches(text.split("(")[0].strip().lower(), INDICATORS, 1)
            hint = f"Did you mean {INDICATORS[near[0]].usage()}?" if near else "`tapeline chart indicators` lists them."
            raise UserError(f"{str(error)[:1].upper()}{str(error)[1:]}.", hint) from error
        settings = tuple(
            BARS_A_YEAR[interval] if each.name == "year" and value == each.default else value
            for each, value in zip(indicator.parameters, settings, strict=True)
        )
        found.setdefault((indicator.name, settings), (text, indicator, settings))
    return list(found.values())


def studies_of(bars: pl.DataFrame, wanted: Sequence[tuple[str, Indicator, tuple[Value, ...]]]) -> tuple[Study, ...]:
    """Each indicator over all bars of one symbol."""
    from terminal.domain.indicators import compute

    return tuple(Study(text, each, settings, compute(each.name, bars, settings)) for text, each, settings in wanted)


def compared_with(bars: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """close and fetch_id of another symbol for each bar: its newest bar that lies within, null where there is none."""
    import polars as pl

    time = "at" if "at" in bars.columns else "date"
    theirs = other.select(pl.col("last").alias("_last"), pl.col("close"), pl.col("fetch_id")).sort("_last")
    mine = bars.select(time, "last").sort("last")
    joined = mine.join_asof(theirs, left_on="last", right_on="_last", strategy="backward")
    within = pl.col("_last") >= pl.col(time)
    return joined.select(pl.when(within).then(pl.col("close")).alias("close"),
                         pl.when(within).then(pl.col("fetch_id")).alias("fetch_id"))  # fmt: skip


def between(bars: pl.DataFrame, start: date | None, end: date | None) -> pl.Series:
    """Which bars belong to days from `start` to `end`, both included; a bar belongs to each day it covers."""
    import polars as pl

    time = "at" if "at" in bars.columns else "date"
    first, last = bars[time], bars["last"]
    if time == "at":
        first, last = (each.dt.convert_time_zone("America/New_York").dt.date() for each in (first, last))
    chosen = pl.Series([True]).new_from_index(0, bars.height)
    if start is not None:
        chosen = chosen & (last >= start)
    if end is not None:
        chosen = chosen & (first <= end)
    return chosen


def chart_table(
    title: str,
    bars: pl.DataFrame,
    studies: Sequence[Study],
    compared: Mapping[str, pl.DataFrame],
    chosen: pl.Series,
    sources: Mapping[int, Source],
    currency: str,
    detail: Mapping[str, Any],
    unknown: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Table:
    """Bars, the columns of studies and the closes of compared symbols; the same numbers, as arrays, in `detail`.

    `detail` gets `bars` (the frame), `studies` (a `Study` each) and `compared` (symbol to closes), aligned row by row.
    """
    import numpy as np
    import polars as pl

    time = "at" if "at" in bars.columns else "date"
    kind: ColumnType = "datetime" if time == "at" else "date"
    shown = bars.filter(chosen)
    mask = chosen.to_numpy()
    columns = [Column(time, "Time" if time == "at" else "Date", kind)]
    columns += [Column(name, name.title(), "number", currency, f"chart_{name}", 2) for name in PRICES[:4]]
    columns.append(Column("volume", "Volume", "number", "count", "chart_volume", 0))
    frame = shown.select(time, *PRICES)
    place = {number: at for at, number in enumerate(sources)}
    origins = {name: _places(shown["fetch_id"], place) for name in (time, *PRICES)}
    cut = []
    for study in studies:
        values = {name: np.ascontiguousarray(each[mask]) for name, each in study.values.items()}
        cut.append(Study(study.text, study.indicator, study.settings, values))
        unit = currency if study.indicator.unit == "price" else _UNITS[study.indicator.unit]
        for output in study.indicator.outputs:
            name = study.column(output.name)
            single = len(study.indicator.outputs) == 1
            heading = study.label if single else f"{study.label}: {output.title}"
            columns.append(Column(name, heading, "number", unit, f"chart_{study.indicator.name}", None if unit == "count" else 4))
            frame = frame.with_columns(pl.Series(name, values[output.name]).fill_nan(None))
    closes = {}
    for symbol, other in compared.items():
        theirs = other.filter(chosen)
        columns.append(Column(symbol, symbol, "number", "", "chart_compared", 2))
        frame = frame.with_columns(theirs["close"].alias(symbol))
        origins[symbol] = _places(theirs["fetch_id"], place)
        closes[symbol] = theirs["close"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    columns.append(Column("partial", "Not over yet", "bool", term="chart_partial", newbie=False))
    frame = frame.with_columns(shown["partial"])
    return Table(title, tuple(columns), frame, tuple(sources.values()), unknown, notes, pl.DataFrame(origins),
                 {**detail, "bars": shown, "studies": tuple(cut), "compared": closes})  # fmt: skip


def silent(studies: Sequence[Study], bars: int) -> tuple[str, ...]:
    """A sentence for each study without a single value."""
    import numpy as np

    return tuple(
        f"{study.label} is unknown: {bars} bars are too few for it, or what it is made of is unknown"
        for study in studies
        if not any(np.isfinite(values).any() for values in study.values.values())
    )


def earnings_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Reports as events. What a report brought is compared with what was expected only where both are known."""
    rows = []
    for row in frame.to_dicts():
        actual, expected = row["eps_actual"], row["eps_estimate"]
        when = {"bmo": "before the open", "amc": "after the close", "during": "during the session"}.get(row["time_of_day"] or "")
        text = [f"Earnings per share {fmt.number(actual)}"] if actual is not None else []
        if expected is not None:
            text.append(f"{'against ' if text else 'Earnings per share of '}{fmt.number(expected)} expected")
        if actual is not None and expected:
            text.append(f"({fmt.percent((actual - expected) / abs(expected), sign=True)})")
        title = "Results" if actual is not None or row["revenue_actual"] is not None else "Results expected"
        parts = [" ".join(text), f"Published {when}" if when else "", "" if row["confirmed"] is not False else "Not confirmed"]
        rows.append(_event(row, "earnings", row["date"], title, ". ".join(part for part in parts if part)))
    return rows


def dividend_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Dividends on their ex-dates."""
    rows = []
    for row in frame.to_dicts():
        amount = fmt.money(row["amount"], row["currency"], 2 if round(row["amount"], 2) == row["amount"] else 4)
        paid = f" Paid on {fmt.day(row['pay_date'])}." if row["pay_date"] else ""
        text = f"Ex-dividend: who buys from this day on does not get it.{paid}"
        rows.append(_event(row, "dividend", row["ex_date"], f"Dividend {amount}", text))
    return rows


def split_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Splits on the first day of the new share count."""
    rows = []
    for row in frame.to_dicts():
        ratio = row["ratio"]
        words = f"{ratio:g} for 1" if ratio >= 1 else f"1 for {1 / ratio:g}"
        rows.append(_event(row, "split", row["ex_date"], f"Split {words}", "Earlier prices are shown in today's shares."))
    return rows


def news_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Headlines at the moment they were published."""
    return [
        {**_event(row, "news", None, row["title"], row["publisher"] or ""), "at": row["at"], "url": row["url"]}
        for row in frame.to_dicts()
    ]


def _event(row: Mapping[str, Any], kind: str, day: date | None, title: str, text: str) -> dict[str, Any]:
    return {"date": day, "at": None, "kind": kind, "title": title, "text": text, "price": None, "url": None,
            "fetch_id": row.get("fetch_id")}  # fmt: skip


def _places(fetches: pl.Series, place: Mapping[int, int]) -> pl.Series:
    import polars as pl

    return fetches.replace_strict(place, default=None, return_dtype=pl.Int64)
