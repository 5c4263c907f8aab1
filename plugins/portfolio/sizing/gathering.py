"""What a size is worked out from: price, true range, verdict and regime from the market, capital and record from the book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plugins.portfolio.exposures import Exposures, exposures
from plugins.portfolio.gathering import Owned, exchange_rate, owned, sources
from terminal.api import Context, Source, UserError
from terminal.domain.sizing.market import Room, Situation, room

if TYPE_CHECKING:
    from collections.abc import Sequence

NEEDED = ("quotes", "bars", "instruments")


@dataclass(frozen=True)
class Record:
    """What the user's own closed trades say: part won, average gain / average loss (by cost), and how many they are."""

    win: float
    payoff: float
    trades: int


@dataclass(frozen=True)
class Case:
    """One symbol and what there is to buy it with, all money in `currency`, the one of its price.

    `capital` is all there is and `cash` what can be spent (None: not known); None is what is not known. `given`: the capital
    was typed, so the book's does not count.
    """

    symbol: str
    name: str | None
    currency: str
    price: float
    atr: float | None
    volatility: float | None
    capital: float
    cash: float | None
    given: bool
    room: Room
    situation: Situation
    record: Record | None
    sources: tuple[Source, ...]
    unknown: tuple[str, ...]


def case(ctx: Context, symbol: str, names: Sequence[str], capital: float | None) -> Case:
    """What is known of a symbol and of what there is. Raises UserError without a price, or without any capital."""
    name = symbol.strip().upper()
    failed = tuple(ctx.market.ensure([name], NEEDED, ctx)) if ctx.as_of is None else ()
    row = ctx.market.scored([name], ctx.as_of).frame.to_dicts()
    seen = row[0] if row else {}
    if not seen.get("price"):
        raise UserError(f"No price of {name} is known.", " ".join(failed) or f"Fetch it: `tapeline market refresh {name}`.")
    own = owned(ctx, names)
    mine = exposures(ctx, own)
    currency = str(seen.get("currency") or mine.currency)
    rate = _rate(ctx, mine.currency, currency)
    money = capital if capital is not None else mine.known_worth * rate
    if money <= 0:
        raise UserError("How much you have in all is not known.", "Say it: --capital 10000, or book what you own.")
    situation = _situation(ctx, name, seen, mine, None if capital is not None else money / rate)
    return Case(
        name,
        seen.get("name"),
        currency,
        float(seen["price"]),
        _float(seen.get("atr_14")),
        _float(seen.get("volatility_1y")),
        money,
        None if capital is not None else max(0.0, sum(mine.cash_by_currency.values()) * rate),
        capital is not None,
        room(situation),
        situation,
        record(own),
        _sources(ctx, name),
        (*failed, *mine.unknown),
    )


def _situation(ctx: Context, symbol: str, row: dict[str, Any], mine: Exposures, capital: float | None) -> Situation:
    """What is known of it. Without `capital` what is owned does not count: the sum was typed and is not the book's."""
    regime = ctx.market.regime(ctx.as_of).name
    held = mine.of(symbol)
    sector = row.get("sector") or next((each.sector for each in held), None)
    return Situation(
        row.get("verdict"),
        None if regime == "unknown" else regime,
        sector,
        sector_rank(ctx, sector),
        _float(row.get("volatility_1y")),
        sum(each.worth or 0.0 for each in held) / capital if capital else 0.0,
        sum(each.worth or 0.0 for each in mine.rows if sector and each.sector == sector) / capital if capital else 0.0,
        row.get("kind") in ("etf", "fund", "bond_etf"),
    )


def sector_rank(ctx: Context, sector: str | None) -> float | None:
    """Where a sector stands among all by the median momentum of its stocks (twelve months without the last): 0 to 1."""
    import polars as pl

    if sector is None:
        return None
    frame = ctx.market.features(None, ctx.as_of).frame.filter(pl.col("kind") == "stock")
    told = frame.drop_nulls(["sector", "momentum_12_1"])
    ranked = told.group_by("sector").agg(pl.col("momentum_12_1").median(), pl.len().alias("n"))
    known = ranked.filter(pl.col("n") >= 5).sort("momentum_12_1", "sector")["sector"].to_list()
    return known.index(sector) / (len(known) - 1) if sector in known and len(known) > 2 else None


def record(own: Owned) -> Record | None:
    """The record of the closed trades, each closing booking one; None where wins or losses are lacking to divide."""
    sums: dict[str, list[float]] = {}
    for each in own.positions.closings:
        if each.gain is None or not each.cost:
            continue
        one = sums.setdefault(each.transaction, [0.0, 0.0])
        one[0] += float(each.gain)
        one[1] += abs(float(each.cost))
    made = [gain / cost for gain, cost in sums.values() if cost]
    won, lost = [each for each in made if each > 0], [each for each in made if each < 0]
    if not won or not lost:
        return None
    return Record(len(won) / (len(won) + len(lost)), sum(won) / len(won) / (-sum(lost) / len(lost)), len(won) + len(lost))


def _rate(ctx: Context, currency: str, target: str) -> float:
    if currency == target:
        return 1.0
    found = exchange_rate(ctx, currency, target, ctx.as_of or ctx.market.today())
    if found is None:
        hint = f"Fetch it: `tapeline market refresh {currency}{target}=X`."
        raise UserError(f"What {currency} are in {target} is not known.", hint)
    return float(found)


def _sources(ctx: Context, symbol: str) -> tuple[Source, ...]:
    frame = ctx.market.last_prices([symbol], ctx.as_of)
    return sources(ctx, frame["fetch_id"].to_list())[0]


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
