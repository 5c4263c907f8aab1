"""The state of the market as a whole: trend, breadth, volatility, rates. It shifts the weights of the score.

Each part is judged from prices alone and counts +1 (favours risk), 0 or -1. The mean of the known parts names the
regime: from +0.4 on "risk-on", from -0.4 down "risk-off", else "neutral". Without a trend it is "unknown" and shifts
nothing. A part that cannot be judged is unknown and does not count.

Trend: price against its 200-day average and the average's direction over a month (Faber 2007 for the average).
Breadth: share of shares above their own 200-day average. Volatility: one month's realised, as a rank within its year.
Rates: three months' change of a Treasury fund's price; a falling price means rising rates.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import polars as pl

Floats = npt.NDArray[np.float64]

RISK_ON, NEUTRAL, RISK_OFF, UNKNOWN = "risk-on", "neutral", "risk-off", "unknown"
RATES_PROXIES = ("IEF", "TLT", "GOVT", "AGG", "BND", "CBIK")  # the last is the demo exchange's
_FUNDS = {"SPY", "QQQ", "IWM", "DIA", "VOO", "IVV", "VTI", *RATES_PROXIES}
_LONG, _MONTH, _QUARTER, _YEAR = 200, 21, 63, 252
_LEAST_STOCKS = 20


@dataclass(frozen=True)
class Part:
    """One of the four views. `vote` +1, 0, -1 or None; `state` in one word; `value` the number behind it."""

    name: str
    state: str
    vote: int | None
    value: float | None
    newbie: str
    pro: str


@dataclass(frozen=True)
class Regime:
    """`name` and the state of each part ("unknown" where it cannot be judged); `inputs` the numbers used."""

    name: str
    trend: str
    breadth: str
    volatility: str
    rates: str
    inputs: Mapping[str, float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


def regime(bars: pl.DataFrame, facts: Any = None, *, stocks: Collection[str] | None = None, benchmark: str = "SPY",
           rates_proxies: Sequence[str] = RATES_PROXIES) -> Regime:
    """The regime at the newest bar of `bars` (BARS of everything, some 300 sessions back; `facts` is not used yet).

    `stocks` are the symbols whose breadth counts; None takes every symbol but the well-known funds.
    """
    del facts
    import polars as pl
    ordered = bars.select("symbol", "date", "close").sort("symbol", "date")
    index = ordered.filter(pl.col("symbol") == benchmark).get_column("close").to_numpy()
    symbol = pl.col("symbol")
    counted = symbol.is_in(list(stocks)) if stocks is not None else ~symbol.is_in(sorted({benchmark, *_FUNDS}))
    what = "instruments" if stocks is None else "stocks"
    parts = (_trend(index, benchmark), _breadth(ordered.filter(counted), what), _volatility(index, benchmark),
             _rates(bars, rates_proxies))
    votes = [part.vote for part in parts if part.vote is not None]
    mean = sum(votes) / len(votes) if votes else 0.0
    name = UNKNOWN if parts[0].vote is None else RISK_ON if mean >= 0.4 else RISK_OFF if mean <= -0.4 else NEUTRAL
    trend, breadth, volatility, rates = (part.state for part in parts)
    return Regime(name, trend, breadth, volatility, rates,
                  inputs={part.name: part.value for part in parts if part.value is not None},
                  unknown=tuple(part.pro for part in parts if part.vote is None), parts=parts)


def to_notes(found: Regime) -> tuple[dict[str, Any], dict[str, Any]]:
    """No frames, and the regime as plain values that JSON can hold."""
    return {}, asdict(found)


def from_notes(_frames: Mapping[str, Any], notes: Mapping[str, Any]) -> Regime:
    """What `to_notes` took apart."""
    parts = tuple(Part(**part) for part in notes["parts"])
    return Regime(**{**notes, "unknown": tuple(notes["unknown"]), "parts": parts})


def _trend(close: Floats, benchmark: str) -> Part:
    if len(close) < _LONG + _MONTH:
        return _blank("trend", f"Trend unknown: {_LONG + _MONTH} sessions of {benchmark} are needed, {len(close)} are there.")
    average, before = float(close[-_LONG:].mean()), float(close[-_LONG - _MONTH:-_MONTH].mean())
    gap, slope = float(close[-1]) / average - 1, average / before - 1
    vote = 1 if gap > 0 and slope > 0 else -1 if gap < 0 and slope < 0 else 0
    state = {1: "up", 0: "mixed", -1: "down"}[vote]
    newbie = {1: "The market as a whole is rising.", 0: "The market has no clear direction.",
              -1: "The market as a whole is falling."}[vote]
    return Part("trend", state, vote, gap, newbie,
                f"{benchmark} {_percent(gap)} from its 200-day average, which changed {_percent(slope)} in a month.")


def _breadth(rows: pl.DataFrame, what: str) -> Part:
    import polars as pl
    each = rows.group_by("symbol").agg(pl.len().alias("count"), pl.col("close").last().alias("last"),
                                       pl.col("close").tail(_LONG).mean().alias("average"))
    enough = each.filter(pl.col("count") >= _LONG)
    if enough.height < _LEAST_STOCKS:
        return _blank("breadth", f"Breadth unknown: {enough.height} {what} have {_LONG} sessions, {_LEAST_STOCKS} are needed.")
    share = enough.filter(pl.col("last") > pl.col("average")).height / enough.height
    vote = 1 if share >= 0.6 else -1 if share <= 0.4 else 0
    state = {1: "broad", 0: "mixed", -1: "narrow"}[vote]
    newbie = f"{round(share * 100)} of 100 {what} trade above their long-run average price."
    return Part("breadth", state, vote, share, newbie,
                f"{_percent(share, plus=False)} of {enough.height} {what} above their 200-day average.")


def _volatility(close: Floats, benchmark: str) -> Part:
    if len(close) < _YEAR + _MONTH:
        return _blank("volatility", f"Volatility unknown: {_YEAR + _MONTH} sessions of {benchmark} are needed, "
                                    f"{len(close)} are there.")
    returns = np.diff(np.log(close))
    windows = np.lib.stride_tricks.sliding_window_view(returns[-_YEAR:], _MONTH)
    realised = windows.std(axis=1, ddof=1) * np.sqrt(_YEAR)
    rank = float((realised <= realised[-1]).mean())
    vote = 1 if rank <= 0.4 else -1 if rank >= 0.8 else 0
    state = {1: "calm", 0: "usual", -1: "nervous"}[vote]
    newbie = {1: "Prices are calmer than usual.", 0: "Prices move as much as usual.", -1: "Prices swing more than usual."}[vote]
    return Part("volatility", state, vote, float(realised[-1]), newbie,
                f"{benchmark} 1-month realised volatility {_percent(float(realised[-1]), plus=False)}, "
                f"rank {rank * 100:.0f} of 100 in its year.")


def _rates(bars: pl.DataFrame, proxies: Sequence[str]) -> Part:
    import polars as pl
    for proxy in proxies:
        mine = bars.filter(pl.col("symbol") == proxy).sort("date")
        if mine.height <= _QUARTER:
            continue
        price = mine.select(pl.coalesce("adjusted_close", "close") if "adjusted_close" in mine.columns else "close").to_series()
        change = float(price[-1] / price[-1 - _QUARTER] - 1)
        vote = 1 if change >= 0.015 else -1 if change <= -0.02 else 0
        state = {1: "falling", 0: "steady", -1: "rising"}[vote]
        newbie = {1: "Interest rates have come down.", 0: "Interest rates have hardly moved.",
                  -1: "Interest rates have gone up."}[vote]
        return Part("rates", state, vote, change, newbie, f"{proxy} {_percent(change)} in three months: rates {state}.")
    return _blank("rates", f"Rates unknown: none of {', '.join(proxies)} is stored.")


def _blank(name: str, why: str) -> Part:
    return Part(name, "unknown", None, None, f"We do not know the {name} yet.", why)


def _percent(value: float, *, plus: bool = True) -> str:
    from terminal.domain import format as show
    return show.percent(value, sign=plus)
