"""What each thing held depends on, as far as the market tells: price of the underlying, beta, volatility, rate, dividends.

Volatility of an option is what its price implies: the middle of bid and ask in the newest stored chain with the share's price
of that moment; where that says nothing, the other right's at the same strike, the chain's own figure, or the price it is held
at. Where none of them is known the option is not revalued, and it is told why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plugins.portfolio.exposures import exposures
from plugins.portfolio.whatif.volatility import SHORTEST, STALE, Asked, Volatility, of_strikes, volatilities
from terminal.domain.options.contracts import european
from terminal.domain.whatif.book import Book, Contract, Position

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from plugins.portfolio.exposures import Exposure, Exposures
    from plugins.portfolio.gathering import Owned
    from terminal.api import Context

BENCHMARK = "SPY"
_BILLS = ("BIL", "SGOV", "SHV", "SHY", "CBSK")  # funds of short Treasuries; the last is the demo exchange's
_UNKNOWN = math.nan
_FEATURES = ("beta", "dividend_yield", "duration", "yield_to_maturity", "volatility_1m", "price")


@dataclass(frozen=True)
class Level:
    """A number of the market and where it is from; None: not known."""

    value: float | None
    origin: str
    fetch: int | None = None


@dataclass(frozen=True)
class Modelled:
    """What is held with all it depends on. `volatility_from` by position; `unknown` says what cannot be revalued and why;
    `fetches` is where prices came from."""

    held: Exposures
    book: Book
    volatility_from: tuple[str, ...]
    rate: Level
    vix: Level
    benchmark: float | None
    unknown: tuple[str, ...]
    notes: tuple[str, ...]
    fetches: tuple[int, ...]


def modelled(ctx: Context, own: Owned, *, rate: float | None = None, fresh: bool = False) -> Modelled:
    """Everything held on the day of `own`. Chains from before the newest session are asked for (with `fresh` all that are not
    of this minute), unless it is a past day."""
    underlyings = sorted({lot.option.underlying for lot in own.positions.lots if lot.option is not None})
    told = tuple(_fetched(ctx, underlyings, fresh)) if underlyings and ctx.as_of is None else ()
    return model(ctx, exposures(ctx, own), rate=rate, told=told)


def _fetched(ctx: Context, underlyings: Sequence[str], fresh: bool) -> list[str]:
    """What went wrong while asking for chains, and for VIX; without VIX the options of SPY stand in for it."""
    since = ctx.market.sessions_before(ctx.market.today(), 1)
    if not ctx.demo and _stored_vix(ctx, ctx.market.today()) is None:
        ctx.market.ensure(["^VIX"], ["quotes"], ctx)
    wanted = dict.fromkeys(underlyings)
    if _stored_vix(ctx, ctx.market.today()) is None:
        wanted[BENCHMARK] = None
    old = [symbol for symbol in wanted if fresh or not _of_session(ctx.market.chain(symbol), since)]
    return ctx.market.ensure(old, ["chains"], ctx) if old else []


def _of_session(chain: pl.DataFrame, day: date) -> bool:
    return not chain.is_empty() and chain["at"][0].date() >= day


def model(ctx: Context, held: Exposures, *, rate: float | None = None, told: tuple[str, ...] = ()) -> Modelled:
    """The same of exposures that are known already."""
    symbols = sorted({row.market_symbol for row in held.rows} | {BENCHMARK})
    features = _features(ctx, (*symbols, *_BILLS))
    found = ctx.market.last_prices(symbols, ctx.as_of)
    prices = {row["symbol"]: row for row in found.to_dicts() if held.day - row["at"].date() <= STALE}
    level = _rate(ctx, features) if rate is None else Level(rate, "as you say")
    chains = {
        symbol: ctx.market.chain(symbol, ctx.as_of) for symbol in sorted({row.underlying for row in held.rows if row.underlying})
    }
    made = _positions(held, features, prices, level.value or 0.0, chains)
    positions = [each.position for each in made] + _cash(held)
    fetches = {row.fetch for row in held.rows if row.fetch is not None}
    fetches |= {int(each["fetch_id"]) for each in prices.values() if each["fetch_id"] is not None}
    vix = _vix(ctx, held.day, features, level.value or 0.0)
    benchmark = prices.get(BENCHMARK, {}).get("price")
    notes = (*_notes(held, level, made), *held.notes)
    sources = [each.origin for each in made] + [""] * (len(positions) - len(made))
    unknown = (*(each.reason for each in made if each.reason), *held.unknown, *told)
    return Modelled(
        held, Book(positions), tuple(sources), level, vix, benchmark, tuple(dict.fromkeys(unknown)), notes, tuple(sorted(fetches))
    )


@dataclass(frozen=True)
class _Made:
    position: Position
    origin: str = ""
    reason: str = ""
    assumed_dividend: bool = False


def spoken(row: Exposure) -> str | None:
    """An option in words ("QQQ 950 put, 15 Jan 2027"), anything else by its name."""
    if row.underlying is None or row.expiry is None or row.strike is None:
        return row.name
    right = "call" if row.call_or_put == "C" else "put"
    return f"{row.underlying} {row.strike:g} {right}, {row.expiry.day} {row.expiry:%b %Y}"


def _positions(
    held: Exposures, features: Mapping[str, dict[str, Any]], prices: Mapping[str, dict[str, Any]], rate: float,
    chains: Mapping[str, pl.DataFrame],
) -> list[_Made]:  # fmt: skip
    options = [row for row in held.rows if row.underlying is not None and row.expiry is not None and row.strike is not None]
    asked = [
        _asked(row, seen, features.get(row.market_symbol, {}), prices, rate)
        for row, seen in zip(options, of_strikes(chains, options, held.day), strict=True)
    ]
    found = volatilities(asked, held.day)
    solved = {(one.row.symbol, one.row.currency): (one, each) for one, each in zip(asked, found, strict=True)}
    made = []
    for row in held.rows:
        known, pair = features.get(row.market_symbol, {}), solved.get((row.symbol, row.currency))
        made.append(_plain(row, known) if pair is None else _option(row, known, *pair, held.day))
    return made


def _base(row: Exposure, known: Mapping[str, Any]) -> dict[str, Any]:
    beta = known.get("beta")
    return {
        "symbol": row.symbol,
        "market_symbol": row.market_symbol,
        "units": row.quantity * row.multiplier,
        "exchange": _UNKNOWN if row.rate is None else row.rate,
        "worth": _UNKNOWN if row.worth is None else row.worth,
        "beta": _UNKNOWN if beta is None else float(beta),
        "currency": row.currency,
        "sector": row.sector or "",
    }


def _plain(row: Exposure, known: Mapping[str, Any]) -> _Made:
    """A share, fund or bond. A bond without a beta does not move with shares; one without a duration is unknown."""
    base, duration, bond = _base(row, known), known.get("duration"), row.asset_class == "bonds"
    reason = ""
    if math.isnan(base["beta"]) and bond:
        base["beta"] = 0.0
    elif math.isnan(base["beta"]):
        reason = f"{row.symbol}: how it moves with the market is not known (no beta)"
    if bond and duration is None:
        reason = f"{row.symbol}: how it answers to interest rates is not known (no duration)"
    years = float(duration) if duration is not None else _UNKNOWN if bond else 0.0
    return _Made(Position(**base, spot=_UNKNOWN if row.price is None else row.price, duration=years), "", reason)


def _asked(
    row: Exposure, seen: Sequence[dict[str, Any]], known: Mapping[str, Any], prices: Mapping[str, dict[str, Any]], rate: float
) -> Asked:
    listed, yielded = prices.get(row.market_symbol), known.get("dividend_yield")
    spot = listed["price"] if listed else seen[0]["underlying_price"] if seen else None
    terms = {
        "strike": row.strike,
        "call": row.call_or_put == "C",
        "american": not european(row.market_symbol),
        "rate": rate,
        "dividend": math.log1p(yielded) if yielded is not None and yielded > 0 else 0.0,
    }
    return Asked(row, terms, _UNKNOWN if not spot else float(spot), seen)


def _option(row: Exposure, known: Mapping[str, Any], asked: Asked, found: Volatility, day: date) -> _Made:
    assert row.expiry is not None
    base, alive = _base(row, known), row.expiry >= day
    reason = f"{row.symbol}: {found.reason}" if found.reason else ""
    if math.isnan(asked.spot) and alive:
        reason = f"{row.symbol}: no price of {row.underlying} is stored (`tapeline market refresh {row.underlying}`)"
    elif not reason and math.isnan(base["beta"]):
        reason = f"{row.symbol}: how {row.underlying} moves with the market is not known (no beta)"
    years = max((row.expiry - day).days / 365, SHORTEST) if alive else 0.0
    contract = Contract(**asked.terms, years=years, volatility=found.value)
    return _Made(Position(**base, spot=asked.spot, contract=contract), found.origin, reason, known.get("dividend_yield") is None)


def _cash(held: Exposures) -> list[Position]:
    """Money moves with its currency only."""
    return [
        Position(f"{currency} cash", "", amount, 1.0, 1.0, amount, 0.0, currency, "Cash")
        for currency, amount in sorted(held.cash_by_currency.items())
        if amount
    ]


def _features(ctx: Context, symbols: Sequence[str]) -> dict[str, dict[str, Any]]:
    frame = ctx.market.features(tuple(dict.fromkeys(symbols)), ctx.as_of).frame
    wanted = ["symbol", *(name for name in _FEATURES if name in frame.columns)]
    return {row["symbol"]: row for row in frame.select(wanted).to_dicts()}


def _rate(ctx: Context, features: Mapping[str, dict[str, Any]]) -> Level:
    """A year's continuous rate of money for a few months."""
    from terminal.domain.valuation import DEFAULTS

    stored = ctx.store.market.read("macro", ["DGS3MO"], as_of=ctx.as_of, latest=True).drop_nulls("value")
    if stored.height:
        row = stored.row(-1, named=True)
        return Level(math.log1p(row["value"] / 100), f"three-month Treasury yield of {row['date']}", row["fetch_id"])
    for symbol in _BILLS:
        if (found := features.get(symbol, {}).get("yield_to_maturity")) is not None:
            return Level(math.log1p(found), f"yield of {symbol}, a fund of short Treasuries")
    return Level(DEFAULTS["risk_free"], "assumed, because no Treasury yield is stored")


def _vix(ctx: Context, day: date, features: Mapping[str, dict[str, Any]], rate: float) -> Level:
    """VIX itself; else the 30-day volatility of SPY's options, else what SPY did over the last month."""
    if stored := _stored_vix(ctx, day):
        return stored
    implied = _month_volatility(ctx.market.chain(BENCHMARK, ctx.as_of), day)
    if implied is not None:
        return Level(implied * 100, f"30-day volatility of {BENCHMARK}'s options, as VIX is not stored")
    past = features.get(BENCHMARK, {}).get("volatility_1m")
    if past is not None:
        return Level(past * 100, f"what {BENCHMARK} did over the last month, as VIX is not stored")
    return Level(None, "neither VIX nor prices of SPY are stored")


def _stored_vix(ctx: Context, day: date) -> Level | None:
    listed = ctx.market.last_prices(["^VIX"], ctx.as_of)
    if listed.height and day - listed["at"][0].date() <= STALE:
        return Level(float(listed["price"][0]), f"of {listed['at'][0].date()}", listed["fetch_id"][0])
    stored = ctx.store.market.read("macro", ["VIXCLS"], as_of=ctx.as_of, latest=True).drop_nulls("value")
    if stored.height and day - stored["date"][-1] <= STALE:
        return Level(float(stored["value"][-1]), f"close of {stored['date'][-1]}", stored["fetch_id"][-1])
    return None


def _month_volatility(chain: pl.DataFrame, day: date) -> float | None:
    """At the money, between the two expiries around 30 days (in variance)."""
    import polars as pl

    if chain.is_empty() or chain["at"][0].date() < day - STALE:
        return None
    near = (
        chain.filter((pl.col("iv") > 0) & (pl.col("underlying_price") > 0))
        .with_columns((pl.col("strike") / pl.col("underlying_price") - 1).abs().alias("_off"))
        .filter(pl.col("_off") < 0.03)
        .sort("_off")
        .group_by("expiry", maintain_order=True)
        .agg(pl.col("iv").head(2).mean())
        .with_columns((pl.col("expiry") - day).dt.total_days().alias("_days"))
        .filter(pl.col("_days") > 3)
        .sort("_days")
    )
    if near.is_empty():
        return None
    days, variances = near["_days"].to_list(), [value**2 * days for value, days in near.select("iv", "_days").rows()]
    above = next((place for place, each in enumerate(days) if each >= 30), len(days) - 1)
    below = max(above - 1, 0)
    if above == below or days[above] < 30:
        return float(near["iv"][above])
    share = (30 - days[below]) / (days[above] - days[below])
    total = variances[below] + share * (variances[above] - variances[below])
    return math.sqrt(total / 30) if days[below] <= 30 else float(near["iv"][below])


def _notes(held: Exposures, rate: Level, made: Sequence[_Made]) -> tuple[str, ...]:
    told = []
    if any(each.position.contract is not None for each in made):
        early = any(each.position.contract.american for each in made if each.position.contract is not None)
        how = ", as options that may be exercised early (approximation of Ju and Zhong)" if early else ""
        told.append(f"Options are priced by Black, Scholes and Merton{how}; rate {(rate.value or 0) * 100:.2f} %: {rate.origin}.")
        if silent := sorted({each.position.market_symbol for each in made if each.assumed_dividend}):
            told.append(f"Dividends of {', '.join(silent)} are not known; none are assumed.")
    return tuple(told)
