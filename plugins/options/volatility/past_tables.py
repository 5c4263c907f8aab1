"""Answers about what prices did, beside what was expected of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from plugins.options.volatility import words
from plugins.options.volatility.tables import _frame, _said
from terminal.api import Column, Source, Table
from terminal.domain.volatility import ESTIMATORS, TITLES, YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from plugins.options.volatility.gathering import Prices, Stands
    from terminal.domain.options.surface import Surface
    from terminal.domain.volatility import Estimator, Ring

_AFTER = 21
"""Sessions in the 30 days that `iv30` speaks of."""
_CONES = (
    Column("window", "Sessions", "integer", "count", "cone_window"),
    Column("least", "Lowest", "number", "fraction", "cone_least"),
    Column("lower", "Lower quarter", "number", "fraction", "cone_lower", newbie=False),
    Column("median", "Usual", "number", "fraction", "cone_median"),
    Column("upper", "Upper quarter", "number", "fraction", "cone_upper", newbie=False),
    Column("most", "Highest", "number", "fraction", "cone_most"),
    Column("current", "Now", "number", "fraction", "cone_now"),
    Column("percentile", "Now above", "number", "fraction", "cone_percentile", 0),
    Column("iv", "Options expect", "number", "fraction", "option_atm_iv"),
    Column("windows", "Windows", "integer", "count", "cone_windows", newbie=False),
    Column("independent", "beside each other", "integer", "count", "cone_independent", newbie=False),
)
_REALISED = (
    Column("window", "Sessions", "integer", "count", "cone_window"),
    *(Column(name, TITLES[name], "number", "fraction", f"realised_{name}", 1, newbie=name in ("close_close", "yang_zhang"))
      for name in ESTIMATORS),
    Column("iv", "Options expect", "number", "fraction", "option_atm_iv", 1),
    Column("iv_hv", "IV / HV", "number", "x", "iv_hv", 2),
)  # fmt: skip
_RANKS = (
    Column("symbol", "Symbol"),
    Column("day", "Day", "date"),
    Column("iv30", "IV 30 days", "number", "fraction", "iv30"),
    Column("iv_rank", "IV rank", "number", "fraction", "iv_rank", 0),
    Column("iv_percentile", "IV percentile", "number", "fraction", "iv_percentile", 0),
    Column("observed", "Days observed of 252", "integer", "count", "iv_observed"),
    Column("hv20", "HV 20 sessions", "number", "fraction", "hv20"),
    Column("iv_hv", "IV / HV", "number", "x", "iv_hv", 2),
    Column("skew25", "Skew", "number", "fraction", "skew25", newbie=False),
    Column("slope", "Term slope", "number", "fraction", "term_slope", newbie=False),
)
_HISTORY = (
    Column("day", "Day", "date"),
    Column("spot", "Price", "number", "", "", 2),
    Column("iv30", "IV 30 days", "number", "fraction", "iv30"),
    Column("hv20", "HV 20 sessions", "number", "fraction", "hv20"),
    Column("after", "Realised after", "number", "fraction", "realised_after"),
    Column("premium", "Variance premium", "number", "", "variance_premium", 4, newbie=False),
    Column("skew25", "Skew", "number", "fraction", "skew25", newbie=False),
    Column("slope", "Term slope", "number", "fraction", "term_slope", newbie=False),
    Column("source", "Measured by", newbie=False),
)


def cones_table(past: Prices, rings: Sequence[Ring], estimator: Estimator, surface: Surface | None, sources: Sequence[Source],
                unknown: tuple[str, ...] = ()) -> Table:  # fmt: skip
    """A row a window; `surface` gives what options expect over as many days."""
    rows = [{name: getattr(ring, name) for name in (
        "window", "least", "lower", "median", "upper", "most", "current", "percentile", "windows", "independent")}
        | {"iv": _horizon(surface, ring.window)} for ring in rings]  # fmt: skip
    told = next((words.ring(ring) for ring in rings if ring.window == 20), "")
    since = f"Since {past.days[0]}: {len(past.days):,} sessions; windows overlap." if past.days else ""
    few = tuple(f"{ring.window} sessions: too few past prices" for ring in rings if ring.median is None)
    return Table(f"Volatility cones of {past.symbol} ({TITLES[estimator].lower()})", _CONES, _frame(_CONES, rows), tuple(sources),
                 (*few, *unknown), _said(told, since), detail={"rings": tuple(rings), "surface": surface, "symbol": past.symbol})


def realised_table(past: Prices, surface: Surface | None, sources: Sequence[Source], windows: Sequence[int],
                   unknown: tuple[str, ...] = ()) -> Table:  # fmt: skip
    """A row a window, a column an estimator."""
    from terminal.domain.volatility import realised

    rows = []
    for window in windows:
        row: dict[str, Any] = {"window": window, "iv": _horizon(surface, window)}
        for name in ESTIMATORS:
            values = realised(past.bars, window, name)
            row[name] = _known(values[-1]) if len(values) else None
        row["iv_hv"] = row["iv"] / row["close_close"] if row["iv"] is not None and row["close_close"] else None
        rows.append(row)
    few = tuple(f"{row['window']} sessions: not enough past prices" for row in rows if row["close_close"] is None)
    until = f"Up to the close of {past.days[-1]}." if past.days else ""
    return Table(f"Realised volatility of {past.symbol}", _REALISED, _frame(_REALISED, rows), tuple(sources), (*few, *unknown),
                 _said(until), detail={"symbol": past.symbol})  # fmt: skip


def history_table(
    past: Prices,
    archive: pl.DataFrame,
    place: Stands | None,
    sources: Sequence[Source],
    now: Mapping[str, Any] | None,
    since: date,
) -> Table:
    """A row a session since then, the newest first: what was expected, what had been, and what came of it."""
    kept = {row["day"]: row for row in archive.filter(archive["symbol"] == past.symbol).iter_rows(named=True)}
    if now is not None and now.get("iv30") is not None:
        kept.setdefault(now["day"], dict(now))
    back, closes = past.realised(), past.closes
    ahead = past.realised(_AFTER)
    place_of = {day: number for number, day in enumerate(past.days)}
    rows = []
    for day in sorted({each for each in (*past.days, *kept) if each >= since}, reverse=True):
        number, row = place_of.get(day), kept.get(day, {})
        after = ahead[number + _AFTER] if number is not None and number + _AFTER < len(ahead) else None
        iv = row.get("iv30")
        rows.append({
            "day": day, "spot": row.get("spot") if number is None else _known(closes[number]), "iv30": iv,
            "hv20": back[number] if number is not None else None, "after": after,
            "premium": iv**2 - after**2 if iv is not None and after is not None else None,
            "skew25": row.get("skew25"), "slope": row.get("slope"), "source": row.get("source"),
        })  # fmt: skip
    premiums = [row["premium"] for row in rows if row["premium"] is not None]
    notes = [words.stands(past.symbol, place) if place is not None else ""]
    if premiums:
        dear = sum(each > 0 for each in premiums) / len(premiums)
        notes.append(f"On {dear:.0%} of {len(premiums)} observed days options had expected more than the next {_AFTER} sessions "
                     "brought.")  # fmt: skip
    return Table(f"Volatility of {past.symbol} day by day", _HISTORY, _frame(_HISTORY, rows), tuple(sources),
                 () if kept else ("iv30: no chain of it is archived",), _said(*notes),
                 detail={"stands": place, "symbol": past.symbol})  # fmt: skip


def ranks_table(rows: Sequence[Mapping[str, Any]], least: int, limit: int, unknown: tuple[str, ...], demo: bool) -> Table:
    """The dearest first; those without a percentile at the end."""
    kept = [row for row in rows if row["observed"] >= least]
    kept.sort(key=lambda row: (row["iv_percentile"] is None, -(row["iv_percentile"] or 0.0), row["symbol"]))
    short = sum(row["iv_percentile"] is None for row in kept)
    notes = [f"{len(kept)} symbols are archived." if kept else
             "Nothing is archived yet: `tapeline options archive` keeps today's chains."]  # fmt: skip
    if short:
        notes.append(f"{short} of them have too few observed days for a rank.")
    source = Source("demo" if demo else "own archive", "volatility of archived chains", simulated=demo)
    return Table("Dear and cheap options", _RANKS, _frame(_RANKS, kept[: limit or None]), (source,) if kept else (), unknown,
                 tuple(notes))  # fmt: skip


def _horizon(surface: Surface | None, sessions: int) -> float | None:
    """What options expect over as many sessions, in calendar days."""
    return None if surface is None else surface.at_the_money(sessions * 365 / YEAR)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
