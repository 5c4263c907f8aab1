"""What a shock would do to each thing held, and the grid of price, volatility and rate, as tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from plugins.portfolio.gathering import sources
from plugins.portfolio.tables import frame
from plugins.portfolio.whatif.gathering import BENCHMARK, spoken
from plugins.portfolio.whatif.words import sentence
from plugins.portfolio.worth import titled
from terminal.api import Column, Context, Table, UserError
from terminal.domain.whatif.history import CRISES
from terminal.domain.whatif.scenes import PRICES, RATES, RISE, VOLATILITIES, effect, grid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from plugins.portfolio.gathering import Owned
    from plugins.portfolio.whatif.gathering import Modelled
    from terminal.domain.whatif.history import Crisis
    from terminal.domain.whatif.scenes import Effect
    from terminal.domain.whatif.shocks import Shock

_NEAR = timedelta(days=5)
_NO_ANSWER = "Shares do not answer to interest rates by themselves here; bonds do by their duration, options by the model."


@dataclass(frozen=True)
class Told:
    """A shock with what a fall of the past in it did: `past` are arguments of `effect`; `rise` None: volatility stays."""

    shock: Shock
    rise: float | None = RISE
    past: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


_SHOCKED = (
    Column("symbol", "Ticker"),
    Column("name", "Name"),
    Column("gain", "You would make", "number", "currency", "whatif_gain", 2),
    Column("gain_share", "Of everything", "number", "fraction", "whatif_gain", 2),
    Column("worth", "Worth", "number", "currency", "portfolio_value", 2),
    Column("after", "Worth then", "number", "currency", "portfolio_value", 2),
    Column("move", "Its price moves", "number", "fraction", "whatif_move", 1),
    Column("why", "Because", term="whatif_move"),
    Column("volatility", "Implied volatility", "number", "fraction", "implied_volatility", 1, newbie=False),
    Column("volatility_after", "Volatility then", "number", "fraction", "implied_volatility", 1, newbie=False),
    Column("currency", "Currency", newbie=False),
)


def told(ctx: Context, found: Modelled, shock: Shock, rise: float | None = RISE) -> Told:
    """A shock with its past looked up: in the store where it reaches back, else as stated in `history`."""
    if not shock.crisis:
        return Told(shock, rise)
    one = next(each for each in CRISES if each.key == shock.crisis)
    symbols = sorted({row.market_symbol for row in found.held.rows} | {BENCHMARK})
    moves = _stored(ctx, symbols, one)
    market = moves.pop(BENCHMARK, None)
    if market is not None:
        moves[BENCHMARK] = market
    mine = sorted(symbol for symbol in moves if symbol in {row.market_symbol for row in found.held.rows})
    simulated = ctx.demo and market is not None
    if market is None:
        did = f"stated, not stored: S&P 500 {one.closes[0]:g} to {one.closes[1]:g} ({_signed(one.market)})"
    else:
        did = f"{BENCHMARK} {_signed(market)} as {'simulated' if simulated else 'stored'}"
    notes = [f"{one.title} ({one.why}), {one.start} to {one.end}: {did}."]
    if mine:
        notes.append(f"As it did then: {', '.join(mine)}; everything else by its beta.")
    past: dict[str, Any] = {"actual": moves, "market": one.market if market is None else market}
    if not simulated:
        if one.vix is not None:
            past["level"] = one.vix[1] / one.vix[0]
            notes.append(f"VIX rose from {one.vix[0]:g} to {one.vix[1]:g}: volatilities grow in that proportion.")
        if one.rate is not None and one.yields is not None:
            past["rate"] = one.rate
            notes.append(f"The 10-year yield went from {one.yields[0]:g} % to {one.yields[1]:g} %.")
    return Told(shock, rise, past, tuple(notes))


def shocked(found: Modelled, of: Told) -> Effect:
    """The scene of a shock that was looked up."""
    return effect(found.book, of.shock, found.vix.value, rise=of.rise, **of.past)


def shock_table(ctx: Context, own: Owned, found: Modelled, of: Told) -> Table:
    """One row a position, the largest loss first, and everything as the last row."""
    _check(found, of.shock)
    seen = shocked(found, of)
    gains = found.book.gains(seen.scenes)[0]
    volatility = np.broadcast_to(seen.scenes.volatility, (1, len(found.book)))[0]
    whole = found.held.known_worth
    names = {row.symbol: spoken(row) for row in found.held.rows}
    rows = []
    for place, each in enumerate(found.book.positions):
        gain, now = _known(gains[place]), each.contract.volatility if each.contract else None
        rows.append({
            "symbol": each.symbol, "name": names.get(each.symbol), "gain": gain, "gain_share": _part(gain, whole),
            "worth": _known(each.worth), "after": None if gain is None else _sum(_known(each.worth), gain),
            "move": _known(seen.scenes.moves[0][place]), "why": seen.reasons[place] or None,
            "volatility": _known(now), "volatility_after": None if now is None else _known(now * volatility[place]),
            "currency": own.currency,
        })  # fmt: skip
    rows.sort(key=lambda row: (row["gain"] is None, row["gain"] or 0.0, row["symbol"]))
    known = gains[np.isfinite(gains)]
    total = float(known.sum()) if known.size else None
    if rows:
        rows.append({"symbol": "Everything", "gain": total, "gain_share": _part(total, whole), "worth": whole,
                     "after": None if total is None else whole + total, "currency": own.currency})  # fmt: skip
    unsaid = tuple(f"{row['symbol']}: what it would make is not known" for row in rows if row["gain"] is None and not any(
        text.startswith(f"{row['symbol']}:") for text in found.unknown))  # fmt: skip
    made, _ = sources(ctx, found.fetches)
    says = sentence(of.shock, seen, rows, own.currency)
    rates = (_NO_ANSWER,) if seen.scenes.rates[0] else ()
    notes = (says, *of.notes, *rates, *_volatility_notes(found, of, seen), *found.notes)
    detail = {"shock": of.shock, "effect": seen, "total": total, "sentence": says, "past": of.notes, "modelled": found}
    title = titled(f"If {of.shock.text}", own)
    return Table(title, _SHOCKED, frame(_SHOCKED, rows), made, (*found.unknown, *unsaid), notes, detail=detail)


def grid_table(ctx: Context, own: Owned, found: Modelled, *, by_beta: bool = True) -> Table:
    """What everything would make: a row for each rate and price, a column for each volatility."""
    gains = grid(found.book, by_beta=by_beta)
    known = np.asarray(np.isfinite(gains).all(axis=(0, 1, 2)))
    total = np.where(known, gains, 0.0).sum(axis=-1)
    columns = (
        Column("rates", "Rates", "number", "fraction", "whatif_grid", 1),
        Column("prices", "Market" if by_beta else "All prices", "number", "fraction", "whatif_grid", 0),
        *(Column(f"volatility_{round(share * 100):+d}", f"Volatility {_signed(share, 0)}", "number", "currency", "whatif_grid", 2)
          for share in VOLATILITIES),
        Column("currency", "Currency", newbie=False),
    )  # fmt: skip
    rows = [
        {"rates": rate, "prices": price, "currency": own.currency,
         **{columns[2 + place].name: float(total[at, place, turn]) for place in range(len(VOLATILITIES))}}
        for turn, rate in enumerate(RATES) for at, price in enumerate(PRICES)
    ]  # fmt: skip
    made, _ = sources(ctx, found.fetches)
    left = tuple(each.symbol for each, here in zip(found.book.positions, known, strict=True) if not here)
    notes = [
        "Each price moves by its beta times the market's move." if by_beta else "Every price moves by the same part.",
        "Volatilities are of 30 days; later expiries move less, with the root of 30 days over theirs.",
        *([f"Without {', '.join(left)}, which is not known."] if left else []),
        *found.notes,
    ]
    detail = {"gains": gains, "total": total, "prices": PRICES, "volatilities": VOLATILITIES, "rates": RATES, "modelled": found}
    if not len(found.book):
        rows, notes = [], ["Nothing is held."]
    return Table(titled("What if", own), columns, frame(columns, rows), made, found.unknown, tuple(notes), detail=detail)


def _check(found: Modelled, shock: Shock) -> None:
    """A shock to what is not held is a mistake that would be told as no loss."""
    held = {each.market_symbol for each in found.book.positions} | {BENCHMARK}
    absent = [symbol for symbol in (*shock.moves, *shock.targets) if symbol not in held]
    if absent:
        raise UserError(f"You hold nothing of {absent[0]}.", "Name something you hold, the market (SPY) or a sector.")
    sectors = {each.sector for each in found.book.positions}
    if away := [each for each in shock.sectors if each not in sectors]:
        raise UserError(f"You hold nothing of the sector {away[0]}.", f"Held: {', '.join(sorted(sectors - {'', 'Cash'}))}.")
    kept = {each.currency for each in found.book.positions}
    if foreign := [each for each in shock.currencies if each not in kept or each == found.held.currency]:
        own = foreign[0] == found.held.currency
        raise UserError(f"{foreign[0]} is the currency of the total." if own else f"You hold nothing in {foreign[0]}.",
                        "Name another currency you hold.")  # fmt: skip


def _stored(ctx: Context, symbols: Sequence[str], one: Crisis) -> dict[str, float]:
    """What each did from close to close, dividends in, where the store reaches back over both days."""
    import polars as pl

    if ctx.as_of is not None and ctx.as_of < one.end:
        return {}
    bars = ctx.market.bars(symbols, one.start - _NEAR, one.end, ctx.as_of, columns=["symbol", "date", "close", "adjusted_close"])
    found: dict[str, float] = {}
    for (symbol,), rows in bars.drop_nulls("close").group_by("symbol", maintain_order=True):
        first, last = rows.filter(pl.col("date") <= one.start).tail(1), rows.tail(1)
        if first.is_empty() or _age(last["date"][0], one.end):
            continue
        column = "adjusted_close" if first["adjusted_close"][0] and last["adjusted_close"][0] else "close"
        found[str(symbol)] = float(last[column][0] / first[column][0] - 1)
    return found


def _age(day: date, end: date) -> bool:
    return end - day > _NEAR


def _volatility_notes(found: Modelled, of: Told, seen: Effect) -> list[str]:
    if not any(each.contract is not None for each in found.book.positions):
        return []
    then, now = seen.vix[1], found.vix.value
    if now is None:
        return [f"Volatilities stay as they are: {found.vix.origin}, so it is not known what they would do."]
    said = f"VIX now {now:.1f} ({found.vix.origin})"
    if then is None or abs(then - now) < 0.05:
        return [f"{said}; volatilities stay as they are."]
    named = of.shock.vix is not None or of.shock.vix_points is not None or of.shock.vix_share is not None
    how = "" if named or "level" in of.past else f", as it rises by {of.rise:g} points for each per cent of a fall"
    return [f"{said}, then {then:.1f}{how}; each option's volatility moves in that proportion, less for expiries beyond 30 days."]


def _signed(share: float | None, decimals: int = 1) -> str:
    return "" if share is None else f"{share * 100:+.{decimals}f} %".replace("-", "−")


def _known(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _sum(value: float | None, other: float) -> float | None:
    return None if value is None else value + other


def _part(value: float | None, whole: float) -> float | None:
    return None if value is None or whole <= 0 else value / whole
