"""Answers about implied volatility as tables; what the pictures need rides along as `detail`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.options import tables as shared
from plugins.options.volatility import words
from terminal.api import Column, Table
from terminal.domain.volatility import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from plugins.options.volatility.gathering import Stands, Studied
    from terminal.api import Source
    from terminal.domain.options.surface import Smile
    from terminal.domain.volatility import Expected

_IV = (
    Column("symbol", "Symbol"),
    Column("iv30", "IV 30 days", "number", "fraction", "iv30"),
    Column("iv_rank", "IV rank", "number", "fraction", "iv_rank", 0),
    Column("iv_percentile", "IV percentile", "number", "fraction", "iv_percentile", 0),
    Column("observed", "Days observed of 252", "integer", "count", "iv_observed"),
    Column("proxy_rank", "Stand-in rank (realised)", "number", "fraction", "iv_proxy", 0),
    Column("proxy_percentile", "Stand-in percentile", "number", "fraction", "iv_proxy_percentile", 0, newbie=False),
    Column("hv20", "HV 20 sessions", "number", "fraction", "hv20"),
    Column("iv_hv", "IV / HV", "number", "x", "iv_hv", 2),
    Column("premium", "Variance premium", "number", "", "variance_premium", 4, newbie=False),
    Column("skew25", "Skew", "number", "fraction", "skew25", 1, newbie=False),
    Column("rr25", "Risk reversal", "number", "fraction", "rr25", 1, newbie=False),
    Column("bf25", "Butterfly", "number", "fraction", "bf25", 1, newbie=False),
    Column("slope", "Term slope", "number", "fraction", "term_slope", 1),
    *(Column(f"iv{days}", f"IV {days}", "number", "fraction", f"iv{days}", 1, newbie=False) for days in (7, 60, 90, 180, 365)),
    Column("contracts", "Usable contracts", "integer", "count", "iv_contracts", newbie=False),
    Column("at", "Chain of", "datetime"),
)
_EM = (
    shared.expiry(),
    Column("days", "Days", "number", "days", "option_days", 0),
    Column("sessions", "Sessions", "integer", "count", "em_sessions", newbie=False),
    Column("straddle", "Straddle", "number", "fraction", "em_straddle", 2, newbie=False),
    Column("straddle_low", "low", "number", "", "em_low", 2, newbie=False),
    Column("straddle_high", "high", "number", "", "em_high", 2, newbie=False),
    Column("iv_move", "Options expect", "number", "fraction", "em_iv", 2),
    Column("iv_low", "low", "number", "", "em_low", 2),
    Column("iv_high", "high", "number", "", "em_high", 2),
    Column("history_move", "Past moves", "number", "fraction", "em_history", 2),
    Column("history_low", "low", "number", "", "em_low", 2, newbie=False),
    Column("history_high", "high", "number", "", "em_high", 2, newbie=False),
    Column("beyond", "Past moves beyond the straddle", "number", "fraction", "em_beyond", 0, newbie=False),
    Column("windows", "Past moves looked at", "integer", "count", "em_windows", newbie=False),
    Column("iv", "Volatility", "number", "fraction", "option_iv", newbie=False),
    Column("report", "Report before it", "date", term="em_report"),
    Column("reasons", "Not known because"),
)
_SURFACE = (
    shared.expiry(),
    Column("root", "Root", newbie=False),
    Column("days", "Days", "number", "days", "option_days", 1),
    Column("quotes", "Strikes used", "integer", "count", "svi_quotes"),
    Column("atm", "At the money", "number", "fraction", "option_atm_iv"),
    Column("rr25", "Risk reversal", "number", "fraction", "rr25"),
    Column("bf25", "Butterfly", "number", "fraction", "bf25"),
    Column("skew25", "Skew", "number", "fraction", "skew25"),
    Column("error", "Fit error", "number", "fraction", "svi_error", 2),
    Column("inside", "Within bid and ask", "number", "fraction", "svi_inside", 0),
    Column("butterfly_free", "No free butterfly", "bool", "", "svi_butterfly"),
    Column("density", "Least g", "number", "", "svi_density", 3, newbie=False),
    Column("density_at", "at strike", "number", "", "svi_where", 2, newbie=False),
    Column("calendar_free", "No free calendar", "bool", "", "svi_calendar"),
    Column("calendar", "Least growth", "number", "fraction", "svi_growth", 1, newbie=False),
    Column("calendar_at", "at strike", "number", "", "svi_where", 2, newbie=False),
    Column("forced", "Kept free of butterflies", "bool", "", "svi_forced", newbie=False),
    *(Column(name, f"SVI {name}", "number", "", "svi", 5, newbie=False) for name in ("a", "b", "rho", "m", "sigma")),
    Column("reason", "No curve because"),
)
_SMILE = (
    shared.strike(),
    Column("moneyness", "From the forward", "number", "fraction", "moneyness", 1),
    Column("right", "Right", newbie=False),
    Column("iv_bid", "IV bid", "number", "fraction", "option_iv_bid", 2, newbie=False),
    Column("iv", "IV", "number", "fraction", "option_iv", 2),
    Column("iv_ask", "IV ask", "number", "fraction", "option_iv_ask", 2, newbie=False),
    Column("curve_iv", "Curve", "number", "fraction", "svi", 2),
    Column("residual", "Quote less curve", "number", "fraction", "svi_residual", 2),
)
_TERM = (
    Column("maturity", "Maturity"),
    shared.expiry(),
    Column("days", "Days", "number", "days", "option_days", 1),
    Column("iv", "At the money", "number", "fraction", "option_atm_iv", 2),
    Column("forward_iv", "From the one before", "number", "fraction", "forward_iv", 2, newbie=False),
    Column("rr25", "Risk reversal", "number", "fraction", "rr25", 2, newbie=False),
    Column("bf25", "Butterfly", "number", "fraction", "bf25", 2, newbie=False),
)


def iv_table(found: Sequence[tuple[Studied, Stands, float | None]], failed: Sequence[str], sources: Sequence[Source]) -> Table:
    """A row a symbol: its surface, where it stands, its realised volatility over 20 sessions."""
    rows, notes, unknown = [], [], list(failed)
    for of, place, hv in found:
        measured, symbol = of.surface.measured, of.desk.symbol
        iv: Any = measured["iv30"]
        own, other = place.own, place.stand_in
        shown = own.percentile is None
        rows.append({
            **measured, "symbol": symbol, "iv_rank": own.rank, "iv_percentile": own.percentile, "observed": own.observed,
            "proxy_rank": other.rank if shown else None, "proxy_percentile": other.percentile if shown else None, "hv20": hv,
            "iv_hv": iv / hv if iv is not None and hv else None,
            "premium": iv**2 - hv**2 if iv is not None and hv is not None else None, "at": of.desk.at,
        })  # fmt: skip
        notes += [words.stands(symbol, place), words.realised_against(symbol, iv, hv)]
        unknown += _missing(symbol, of, place, hv)
    title = "Implied volatility" if len(rows) != 1 else f"Implied volatility of {rows[0]['symbol']}"
    return Table(title, _IV, _frame(_IV, rows), tuple(dict.fromkeys(sources)), tuple(unknown), _said(*notes),
                 detail={"found": tuple(found)})  # fmt: skip


def _missing(symbol: str, of: Studied, place: Stands, hv: float | None) -> list[str]:
    told = []
    if of.surface.measured["iv30"] is None:
        told.append(f"{symbol} iv30: no usable expiries around 30 days")
    if place.own.reason:
        told.append(f"{symbol} iv_rank: {place.own.reason}")
    if hv is None:
        told.append(f"{symbol} hv20: fewer than 21 past closes")
    if of.surface.measured["rr25"] is None:
        told.append(f"{symbol} skew25: the usable strikes do not surround a delta of 25")
    return [*told, *([place.note] if place.note else [])]


def move_table(
    symbol: str, moves: Sequence[Expected], today: date, report: date | None, sources: Sequence[Source]
) -> Table:
    """A row an expiry; `report`: the next day its company reports."""
    rows = []
    for each in moves:
        row: dict[str, Any] = {
            "expiry": each.expiry, "days": each.days, "sessions": each.sessions, "straddle": each.by_straddle,
            "iv_move": each.by_iv, "history_move": each.by_history, "iv": each.iv, "reasons": "; ".join(each.reasons) or None,
            "report": report if report is not None and report <= each.expiry else None,
            "beyond": None if each.past is None else each.past.beyond(each.by_straddle),
            "windows": None if each.past is None else each.past.windows,
        }  # fmt: skip
        for name, (low, high) in each.ranges.items():
            row |= {f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    notes = [part for each in moves[:4] for part in (words.expects(symbol, each, today), words.against_the_past(each))]
    reported = ""
    if report is not None and any(report <= each.expiry for each in moves):
        reported = f"{symbol} reports on {words.until(report, today)}, as far as is known: moves past that day hold its own."
        notes.append(reported)
    spans = " and ".join(f"{low} to {high}" for low, high in BUCKETS)
    if not moves:
        notes = [f"{symbol} has no expiry with usable quotes {spans} days ahead."]
    unknown = tuple(f"{each.expiry}: {reason}" for each in moves for reason in each.reasons)
    title = f"Expected move of {symbol}" + (f" at {moves[0].price:,.2f}" if moves else "")
    return Table(title, _EM, _frame(_EM, rows), tuple(sources), unknown, _said(*notes),
                 detail={"moves": tuple(moves), "symbol": symbol, "today": today, "reported": reported})  # fmt: skip


def surface_table(of: Studied) -> Table:
    """A row an expiry: its curve and its checks."""
    rows = []
    for smile in of.surface.smiles:
        row = {name: getattr(smile, name) for name in (
            "expiry", "root", "days", "atm", "rr25", "bf25", "skew25", "error", "inside", "butterfly_free", "density",
            "density_at", "calendar_free", "calendar", "calendar_at", "forced")}  # fmt: skip
        curve = smile.curve
        row |= {name: None if curve is None else getattr(curve, name) for name in ("a", "b", "rho", "m", "sigma")}
        rows.append({**row, "quotes": smile.quotes.height, "reason": smile.reason or None})
    return Table(f"Volatility surface of {of.desk.symbol}", _SURFACE, _frame(_SURFACE, rows), tuple(of.desk.sources.values()),
                 tuple(f"{smile.expiry}: {smile.reason}" for smile in of.surface.smiles if smile.reason),
                 (*_checked(of.surface.smiles), *_about(of)),
                 detail={"surface": of.surface, "symbol": of.desk.symbol})  # fmt: skip


def _checked(smiles: Sequence[Smile]) -> tuple[str, ...]:
    """How many expiries pass the checks, and which do not."""
    curves = [smile for smile in smiles if smile.curve is not None]
    if not curves:
        return ("No expiry has enough usable strikes for a curve.",)
    bent = [str(smile.expiry) for smile in curves if smile.butterfly_free is False]
    crossed = [str(smile.expiry) for smile in curves if smile.calendar_free is False]
    forced = sum(smile.forced for smile in curves)
    told = [f"{len(curves)} of {len(smiles)} expiries have a curve."]
    told.append(f"A butterfly would cost less than nothing in {', '.join(bent)}." if bent else "No butterfly is free.")
    if forced:
        told.append(f"{forced} of them only because the curve was kept from it, at some distance from the quotes.")
    if crossed:
        told.append(f"Less total variance than the expiry before: {', '.join(crossed)}: these quotes contradict each other.")
    else:
        told.append("Total variance grows with time wherever two expiries can be compared.")
    return (" ".join(told),)


def smile_table(of: Studied, expiry: date) -> Table:
    """A row a strike of one expiry."""
    import polars as pl

    smile = next(each for each in of.surface.smiles if each.expiry == expiry)
    quotes = smile.quotes
    for name in ("curve_iv", "residual"):
        if name not in quotes.columns:
            quotes = quotes.with_columns(pl.lit(None, dtype=pl.Float64).alias(name))
    frame = quotes.with_columns(
        (pl.col("moneyness").exp() - 1).alias("moneyness"),
        pl.when("call").then(pl.lit("C")).otherwise(pl.lit("P")).alias("right"),
    ).select(column.name for column in _SMILE)  # fmt: skip
    notes, plain = [], "How dear each strike is: the curve through the prices, and what buyers and sellers say."
    if smile.rr25 is not None and smile.atm is not None:
        falls, rises = "Protection against falls", "bets on rises"
        dear = f"{falls} costs more than {rises}" if smile.rr25 < 0 else f"{rises.capitalize()} cost more than {falls.lower()}"
        plain = f"{dear}: they are priced for {_points(smile.put25)} and {_points(smile.call25)} a year."
        if smile.rr25 >= 0:
            plain = f"{dear}: they are priced for {_points(smile.call25)} and {_points(smile.put25)} a year."
        notes.append(f"{dear}: a 25-delta put has {_points(smile.put25)}, a call {_points(smile.call25)}, "
                     f"the middle {_points(smile.atm)}.")  # fmt: skip
    return Table(f"{of.desk.symbol} {expiry}, forward {smile.forward:,.2f}", _SMILE, frame, tuple(of.desk.sources.values()),
                 (smile.reason,) if smile.reason else (), (*_said(*notes), *_about(of)),
                 detail={"surface": of.surface, "smile": smile, "symbol": of.desk.symbol, "plain": plain})  # fmt: skip


def term_table(of: Studied) -> Table:
    """Constant maturities first, then what is listed."""
    from terminal.domain.volatility.maturities import HORIZONS

    measured = of.surface.measured
    rows: list[dict[str, Any]] = [
        {"maturity": f"{days} days", "days": float(days), "iv": measured[f"iv{days}"],
         "rr25": measured["rr25"] if days == 30 else None, "bf25": measured["bf25"] if days == 30 else None}
        for days in HORIZONS
    ]  # fmt: skip
    before: Smile | None = None
    for smile in of.surface.smiles:
        rows.append({"maturity": smile.root, "expiry": smile.expiry, "days": smile.days, "iv": smile.atm, "rr25": smile.rr25,
                     "bf25": smile.bf25, "forward_iv": _forward(before, smile)})  # fmt: skip
        before = smile if smile.atm is not None else before
    slope: Any = measured["slope"]
    notes = []
    if slope is not None:
        told = "Later months are expected to be livelier than the next one, as mostly" if slope >= 0 else (
            "The next month is expected to be livelier than later ones: something is feared or awaited soon")  # fmt: skip
        notes.append(f"{told} ({_points(measured['iv30'])} in 30 days, {_points(measured['iv90'])} in 90).")
    absent = [row["maturity"] for row in rows if row["iv"] is None and "expiry" not in row]
    unknown = tuple(f"{maturity}: no usable expiries around it" for maturity in absent)
    return Table(f"Term structure of {of.desk.symbol}", _TERM, _frame(_TERM, rows), tuple(of.desk.sources.values()), unknown,
                 (*_said(*notes), *_about(of)), detail={"surface": of.surface, "symbol": of.desk.symbol})  # fmt: skip


def _forward(before: Smile | None, smile: Smile) -> float | None:
    """The volatility between two expiries that their total variances imply; None where it falls."""
    if before is None or before.atm is None or smile.atm is None or smile.years <= before.years:
        return None
    variance = (smile.atm**2 * smile.years - before.atm**2 * before.years) / (smile.years - before.years)
    return float(variance**0.5) if variance > 0 else None


def _points(level: Any) -> str:
    from terminal.domain import format as written

    return written.percent(level)


def _about(of: Studied) -> tuple[str, ...]:
    return (f"Rates: {of.desk.rate_from}.", *of.desk.failed)


def _said(*parts: str) -> tuple[str, ...]:
    return tuple(part for part in parts if part)


def _frame(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    import polars as pl

    from terminal.domain.schemas import UTC

    kinds: dict[str, Any] = {
        "text": pl.String, "number": pl.Float64, "integer": pl.Int64, "bool": pl.Boolean, "date": pl.Date, "datetime": UTC
    }  # fmt: skip
    names = {column.name: kinds[column.type] for column in columns}
    return pl.DataFrame([{name: row.get(name) for name in names} for row in rows], schema=names, orient="row")
