"""What is held as positions with a history: what every measure of its risk is worked out from.

Today's holdings are taken back through the past: what each day would have made of them. Everything is in the currency of the
total; what is kept in another moves with its rate as well. Whatever has no history, or too little, is left out by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from plugins.portfolio.exposures import exposures
from plugins.portfolio.risk.factors import FUNDS, factor_returns
from plugins.portfolio.risk.options import curve
from plugins.portfolio.whatif.gathering import model, spoken
from terminal.api import UserError
from terminal.domain.risk.history import LEAST, history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from plugins.portfolio.exposures import Exposure, Exposures
    from plugins.portfolio.gathering import Owned
    from plugins.portfolio.risk.options import Curve
    from terminal.api import Context
    from terminal.domain.risk.history import History

    Floats = NDArray[np.float64]

MARKET = "SPY"
_PENCE = {"GBp": "GBP", "GBX": "GBP", "ILA": "ILS", "ZAc": "ZAR"}


@dataclass(frozen=True, slots=True)
class Position:
    """One thing at risk: what it is `worth`, and how much of its `factor` it moves like (`amount`), in the total's currency.

    `curve` is what moves of the factor make of an option, `short` its name where there is little room.
    """

    symbol: str
    name: str | None
    factor: str
    worth: float
    amount: float
    sector: str | None = None
    quantity: float | None = None
    curve: Curve | None = None
    short: str = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A position before its history is known: the currency its worth is kept in."""

    row: Position
    currency: str
    option: bool = False


@dataclass(frozen=True)
class AtRisk:
    """The positions that have a history, their daily returns [day, position], and the market's over the same days.

    `base` is what fractions are of: the net worth, or what of it has a price. `left_out` says what is not in here and why;
    `notes` what else one must know to read the figures. `market` is None where it has no history itself; `factors` are
    returns by name over the same days (`risk_factors`), `volumes` the mean of twenty sessions by symbol,
    `begin` the day before the first.
    """

    held: Exposures
    positions: tuple[Position, ...]
    days: tuple[date, ...]
    returns: Floats
    market: Floats | None
    market_symbol: str
    wanted: int
    base: float | None
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    fetches: tuple[int, ...] = ()
    factors: Mapping[str, Floats] = field(default_factory=dict)
    volumes: Mapping[str, float] | None = None
    begin: date | None = None

    @property
    def amounts(self) -> Floats:
        """What each position moves like, in money."""
        return np.array([each.amount for each in self.positions])

    @property
    def worths(self) -> Floats:
        """What each position is worth."""
        return np.array([each.worth for each in self.positions])

    @cached_property
    def made(self) -> Floats:
        """What each day would have made of each position, in money [day, position]; options are priced anew."""
        made = self.returns * self.amounts
        for place, each in enumerate(self.positions):
            if each.curve is not None:
                made[:, place] = each.curve.at(self.returns[:, place])
        return made

    @cached_property
    def outcomes(self) -> Floats:
        """What each day would have made, in money."""
        return np.asarray(self.made.sum(axis=1))

    @property
    def daily(self) -> Floats | None:
        """The same as a fraction of everything; None when that is not known or not positive."""
        return self.outcomes / self.base if self.base is not None and self.base > 0.0 else None

    @property
    def nothing(self) -> str:
        """Why there are no positions."""
        if not self.held.rows:
            return "Nothing is held whose risk could be measured."
        return "Nothing that is held has prices of the past. Fetch them: `tapeline market refresh holdings`."

    def symbols(self) -> tuple[str, ...]:
        """Each symbol among the positions once, in their order."""
        return tuple(dict.fromkeys(each.factor for each in self.positions))

    def columns(self) -> tuple[tuple[str, ...], Floats]:
        """The symbols and their returns [day, symbol]."""
        first = {each.factor: place for place, each in reversed(list(enumerate(self.positions)))}
        symbols = self.symbols()
        return symbols, self.returns[:, [first[symbol] for symbol in symbols]]


def at_risk(ctx: Context, own: Owned, days: int, market: str = MARKET) -> AtRisk:
    """What is held on the day of `own` over the last `days` sessions up to it; without positions when nothing has a history."""
    if days < LEAST:
        raise UserError(f"{days} days say nothing about risk.", f"Ask for {LEAST} or more.")
    held = exposures(ctx, own)
    wanted = _wanted(held)
    symbols = sorted({each.row.factor for each in wanted if each.row.factor})
    listed = {row["symbol"]: row["currency"] for row in ctx.market.instruments(symbols, ctx.as_of).to_dicts()}
    needs = [_rate_of(each, listed, held) for each in wanted]
    rates = sorted({name for pair in needs if pair for name in _rate_names(*pair)})
    bars = _bars(ctx, (*symbols, *rates, market, *FUNDS), own.day, days)
    sessions = _sessions(bars, market)
    offered = min(days, max(len(sessions) - 1, 0))
    stored = set(bars["symbol"].unique().to_list())
    found = history(bars, [*symbols, *(name for name in rates if name in stored)], sessions, offered)
    priced, unpriced = _priced(ctx, held, wanted)
    kept, lost = _with_rates(priced, needs, found)
    if kept and len(found.days) < LEAST:
        lost.append(f"Only {len(found.days)} days have a price of everything that is held, {LEAST} are needed")
        kept = []
    returns = np.column_stack([moves for _, moves in kept]) if kept else np.zeros((len(found.days), 0))
    index = _over(bars, market, found)
    funds = {name: moves for name in FUNDS if (moves := _over(bars, name, found)) is not None}
    base = held.known_worth if held.net_worth is None else held.net_worth
    notes = _notes(held, kept, found, days, market, index is not None)
    return AtRisk(
        held, tuple(one for one, _ in kept), found.days, returns, index, market, days,
        base if base > 0.0 else None, (*held.unknown, *unpriced, *lost), notes,
        tuple(bars["fetch_id"].drop_nulls().unique().sort().to_list()), factor_returns(index, funds), _volumes(bars), found.base,
    )  # fmt: skip


def _wanted(held: Exposures) -> list[_Wanted]:
    """Everything with a known worth, and cash in other currencies than that of the total."""
    found = []
    for row in held.rows:
        if row.worth is not None and row.underlying is not None:
            short = f"{row.underlying} {row.strike:g}{row.call_or_put}"
            option = Position(row.symbol, spoken(row), row.underlying, row.worth, 0.0, row.sector, short=short)
            found.append(_Wanted(option, row.currency, option=True))
        elif row.worth is not None:
            found.append(_Wanted(_position(row), row.currency))
    for currency, amount in sorted(held.cash_by_currency.items()):
        if currency != held.currency and amount:
            found.append(_Wanted(Position(f"{currency} cash", f"Cash in {currency}", "", amount, amount, "Cash"), currency))
    return found


def _priced(ctx: Context, held: Exposures, wanted: Sequence[_Wanted]) -> tuple[list[Position | None], list[str]]:
    """The positions, options with what moves make of them; None for one that cannot be priced, with a sentence."""
    found: list[Position | None] = [each.row for each in wanted]
    options = [place for place, each in enumerate(wanted) if each.option]
    if not options:
        return found, []
    modelled = model(ctx, held)
    positions = {row.symbol: each for row, each in zip(held.rows, modelled.book.positions, strict=False)}
    said = []
    for place in options:
        one = wanted[place].row
        made = curve(positions[one.symbol])
        if made is not None:
            found[place] = replace(one, amount=made.amount, curve=made)
            continue
        why = [each.partition(": ")[2] for each in modelled.unknown if each.startswith(f"{one.symbol}: ")]
        said.append(f"{one.symbol} is left out: {why[0] if why else 'its volatility is not known'}")
        found[place] = None
    return found, said


def _position(row: Exposure) -> Position:
    assert row.worth is not None
    return Position(row.symbol, row.name, row.market_symbol, row.worth, row.worth, row.sector, row.quantity)


def _rate_of(each: _Wanted, listed: Mapping[str, str | None], held: Exposures) -> tuple[str, str] | None:
    """The currencies between which the worth of a position moves too; None when it is that of the total."""
    stated = listed.get(each.row.factor) or each.currency
    stated = _PENCE.get(stated, stated)
    return None if stated == held.currency else (stated, held.currency)


def _rate_names(currency: str, target: str) -> tuple[str, str]:
    return f"{currency}{target}=X", f"{target}{currency}=X"


def _bars(ctx: Context, symbols: Sequence[str], day: date, days: int) -> pl.DataFrame:
    """Closes with dividends in them where the whole history of a symbol has such, in one question for all symbols."""
    start = day - timedelta(days=round(days * 365.25 / 252) + 20)
    columns = ("symbol", "date", "close", "adjusted_close", "volume")
    bars = ctx.market.bars(tuple(dict.fromkeys(symbols)), start, day, ctx.as_of, columns=columns)
    if not bars["adjusted_close"].null_count():
        return bars.with_columns(pl.col("adjusted_close").alias("close"))
    whole = pl.col("adjusted_close").is_not_null().all().over("symbol")
    return bars.with_columns(pl.when(whole).then(pl.col("adjusted_close")).otherwise(pl.col("close")).alias("close"))


def _sessions(bars: pl.DataFrame, market: str) -> list[date]:
    """The days on which the market traded; where it is not stored, those on which anything did but the weekends."""
    mine = bars.filter(pl.col("symbol") == market)["date"]
    days = mine if mine.len() > LEAST else bars.filter(pl.col("date").dt.weekday() < 6)["date"].unique()
    return days.sort().to_list()


def _with_rates(
    wanted: Sequence[Position | None], needs: Sequence[tuple[str, str] | None], found: History
) -> tuple[list[tuple[Position, Floats]], list[str]]:
    """Each position that has a history in the total's currency, with its returns; and the sentences of those that have none."""
    columns = {symbol: found.returns[:, place] for place, symbol in enumerate(found.symbols)}
    reasons = {each.symbol: each.reason for each in found.missing}
    kept, lost = [], []
    for one, pair in zip(wanted, needs, strict=True):
        if one is None:
            continue
        moves = columns.get(one.factor) if one.factor else np.zeros(len(found.days))
        rate = np.zeros(len(found.days)) if pair is None else _rate(columns, *pair)
        if moves is None:
            lost.append(f"{one.symbol} is left out: {reasons.get(one.factor, 'no price of it is stored')}")
        elif rate is None:
            lost.append(f"{one.symbol} is left out: the rate of {pair[0] if pair else ''} in the total's currency has no history")
        else:
            factor = one.factor or (_rate_names(*pair)[0] if pair else "")
            kept.append((replace(one, factor=factor), (1.0 + moves) * (1.0 + rate) - 1.0))
    return kept, lost


def _rate(columns: Mapping[str, Floats], currency: str, target: str) -> Floats | None:
    straight, turned = _rate_names(currency, target)
    if straight in columns:
        return columns[straight]
    return 1.0 / (1.0 + columns[turned]) - 1.0 if turned in columns else None


def _over(bars: pl.DataFrame, symbol: str, found: History) -> Floats | None:
    """A symbol's returns over the days of the positions; None when a day of them is missing."""
    if found.base is None:
        return None
    closes = dict(bars.filter(pl.col("symbol") == symbol).select("date", "close").drop_nulls().rows())
    levels = [closes.get(day) for day in (found.base, *found.days)]
    if any(each is None for each in levels):
        return None
    known = np.array(levels, dtype=np.float64)
    return np.asarray(known[1:] / known[:-1] - 1.0)


def _volumes(bars: pl.DataFrame) -> dict[str, float]:
    """The mean volume of the last twenty sessions, where all of them are known."""
    if bars.is_empty():
        return {}
    recent = bars.filter(pl.col("date") > bars["date"].max() - timedelta(days=45))  # type: ignore[operator]
    rows = recent.group_by("symbol", maintain_order=True).tail(20).group_by("symbol")
    known = rows.agg(pl.col("volume").mean().alias("volume"), pl.col("volume").null_count().alias("unknown"), pl.len())
    return dict(known.filter((pl.col("unknown") == 0) & (pl.col("len") == 20)).select("symbol", "volume").rows())


def _notes(
    held: Exposures, kept: Sequence[tuple[Position, Floats]], found: History, days: int, market: str, indexed: bool
) -> tuple[str, ...]:
    told = []
    if kept and len(found.days) < days:
        why = f", because {found.shortest} has no more" if found.short and len(found.symbols) > 1 else ""
        told.append(f"From {len(found.days)} of {days} days{why}.")
    if any(one.curve is not None for one, _ in kept):
        told.append("Options are priced anew for each day's move, at the volatility their price implies today.")
    if held.net_worth is None and held.known_worth > 0.0:
        told.append("Not everything you own has a price, so fractions are of what has one.")
    if kept and held.known_worth <= 0.0:
        told.append("You owe as much as you own, so nothing is told as a part of it.")
    if kept and not indexed:
        told.append(f"{market} has no prices for all of these days, so nothing is compared with the market.")
    return (*told, *held.notes)
