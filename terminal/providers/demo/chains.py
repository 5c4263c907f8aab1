"""Option chains of any session: prices by the model on a volatility surface with skew and term structure, and planted flow."""

from __future__ import annotations

import math
import zlib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.schemas import CHAINS, UTC
from terminal.providers.demo.activity import Choice, Flow, Grid, Noise, choose, still, usual_open, usual_volume
from terminal.providers.demo.tape import MEMORY, OPTIONABLE_FUNDS

if TYPE_CHECKING:
    from terminal.domain.sessions import Calendar
    from terminal.providers.demo.newest import LastDay
    from terminal.providers.demo.recipe import Floats, Recipe
    from terminal.providers.demo.tape import Tape

WEEKLIES = 6
RATE = 0.038
# Between strikes of expiries within so many days; the coarser ones are multiples of the finer, so that none disappears.
_UNTIL = (75, 230)
_STEPS = ((0.5, 1.0, 2.0), (1.0, 2.0, 10.0), (2.5, 5.0, 10.0), (5.0, 10.0, 20.0), (10.0, 20.0, 40.0), (25.0, 50.0, 100.0),
          (50.0, 100.0, 200.0), (100.0, 200.0, 400.0))  # fmt: skip


def optionable(last: LastDay) -> tuple[str, ...]:
    """The broad funds and the largest companies at the start of this year."""
    return last.tape.symbols


def chains(last: LastDay, symbols: tuple[str, ...]) -> pl.DataFrame:
    """CHAINS at the last close; an instrument without options has none. No symbols means all that have options."""
    market = Options(last.recipe, last.calendar, last.tape)
    able = optionable(last)
    return pl.concat([CHAINS.empty(), *(market.chain(symbol) for symbol in (symbols or able) if symbol in able)])


def planted_flow(last: LastDay) -> tuple[Flow, ...]:
    """The unusual trades that the chains of this day contain, decoys not among them."""
    market = Options(last.recipe, last.calendar, last.tape)
    return tuple(flow for symbol in optionable(last) for flow in market.flows(symbol) if flow.kind != "decoy")


class Options:
    """The option market of the demo. Positions are those of the tape, -1 the newest session; at least `Tape.first`."""

    def __init__(self, recipe: Recipe, calendar: Calendar, tape: Tape) -> None:
        self.recipe, self.calendar, self.tape = recipe, calendar, tape
        self._ends: dict[int, tuple[list[date], list[bool]]] = {}
        self._planted: dict[tuple[str, int], tuple[Flow, ...]] = {}

    def chain(self, symbol: str, position: int = -1) -> pl.DataFrame:
        """CHAINS of one symbol at the close of one session."""
        position = self._place(position)
        day, column = self.tape.days[position], self.tape.symbols.index(symbol)
        spot, level = float(self.tape.close[position, column]), self.level(symbol, position)
        grid = self._grid(position, column)
        noise = Noise(self.recipe.seed, symbol, grid)
        years = grid.days / 365
        iv = surface(level, np.log(grid.strike / spot), years) * np.exp(0.003 * noise.normal(5, day.toordinal()))
        price, delta = priced(spot, grid.strike, years, iv, grid.call)
        bid, ask = _quotes(price, 0.5 if symbol in OPTIONABLE_FUNDS else 1.2)
        names = self._names(symbol, grid)
        interest, volume = self._activity(symbol, position, grid, noise, names)
        traded = np.clip(np.round(price * (1 + 0.02 * noise.normal(6, day.toordinal())), 2), bid, ask)
        for flow in self.flows(symbol, position):
            at = int(np.flatnonzero(names == flow.contract)[0])
            volume[at], traded[at] = flow.volume, (ask if flow.bought else bid)[at]
        return self._frame(symbol, day, spot, grid, names, {
            "bid": bid, "ask": ask, "last": np.where(volume > 0, traded, np.nan), "volume": volume, "open_interest": interest,
            "iv": np.round(iv, 4), "delta": np.round(delta, 4),
            "bid_size": np.where(bid > 0, 1 + np.floor(120 * noise.uniform(7, day.toordinal()) ** 3), 0.0),
            "ask_size": 1 + np.floor(120 * noise.uniform(8, day.toordinal()) ** 3),
        }, np.where(volume > 0, 20_000 / (volume + 3) * noise.uniform(9, day.toordinal()), np.nan))  # fmt: skip

    def flows(self, symbol: str, position: int = -1) -> tuple[Flow, ...]:
        """What was planted on one day, decoys too."""
        position = self._place(position)
        if (symbol, position) not in self._planted:
            self._planted[symbol, position] = self._plant(symbol, position) if position >= self.tape.first - MEMORY else ()
        return self._planted[symbol, position]

    def level(self, symbol: str, position: int = -1) -> float:
        """At-the-money volatility of a month: what the model's own volatility is then, and a premium."""
        return level_of(float(self.tape.volatility[self._place(position), self.tape.symbols.index(symbol)]))

    # ---- inner ----

    def _place(self, position: int) -> int:
        return position if position >= 0 else len(self.tape.days) + position

    def _grid(self, position: int, column: int, within: int = 10_000) -> Grid:
        """Every listed contract that expires within so many days."""
        day = self.tape.days[position]
        if position not in self._ends:
            found = expiries(self.calendar, day)
            self._ends[position] = found, [_monthly(end) for end in found]
        spot = float(self.tape.close[position, column])
        reach = min(max(2.2 * level_of(float(self.tape.volatility[position, column])), 0.18), 0.55)
        parts = []
        for end, monthly in zip(*self._ends[position], strict=True):
            if (days := (end - day).days) > within:
                continue
            strike = strikes(spot, reach, days, column < len(OPTIONABLE_FUNDS))
            both = np.repeat(strike, 2)
            call = np.tile([True, False], len(strike))
            size = len(both)
            parts.append((np.full(size, end.toordinal()), np.full(size, float(days)), np.full(size, monthly), both, call))
        return Grid(*(np.concatenate(each) for each in zip(*parts, strict=True)))

    def _activity(self, symbol: str, position: int, grid: Grid, noise: Noise, names: Any) -> tuple[Floats, Floats]:
        """Open interest as stated on the day, and volume of the day before planted trades are put in."""
        column, day = self.tape.symbols.index(symbol), self.tape.days[position].toordinal()
        before = self.tape.days[position - 1].toordinal()
        earlier = grid._replace(days=grid.days + (day - before))
        stated = usual_open(earlier, noise, self.tape.slow(position - 1, column), before)
        coming = usual_open(grid, noise, self.tape.slow(position, column), day)
        for since in range(MEMORY + 1):
            for flow in self.flows(symbol, position - since) if position >= since else ():
                at = np.flatnonzero(names == flow.contract)
                # The first morning shows what was planted and nothing else.
                morning = flow.open_interest + flow.change
                coming[at] = morning if since == 0 else coming[at] + still(flow, since)
                if since:
                    stated[at] = morning if since == 1 else stated[at] + still(flow, since - 1)
        stated, coming = np.maximum(np.round(stated), 0.0), np.maximum(np.round(coming), 0.0)
        return stated, np.maximum(usual_volume(grid, noise, stated, day), np.ceil(1.15 * np.abs(coming - stated)))

    def _plant(self, symbol: str, position: int) -> tuple[Flow, ...]:
        column, day = self.tape.symbols.index(symbol), self.tape.days[position]
        grid = self._grid(position, column, within=90)
        noise = Noise(self.recipe.seed, symbol, grid)
        before = self.tape.days[position - 1]
        earlier = grid._replace(days=grid.days + (day - before).days)
        interest = usual_open(earlier, noise, self.tape.slow(position - 1, column), before.toordinal())
        spot, level = float(self.tape.close[position, column]), self.level(symbol, position)
        deviation = level * np.sqrt(grid.days / 365)
        delta = _normal(np.where(grid.call, 1.0, -1.0) * (np.log(spot / grid.strike) / deviation + deviation / 2))
        chance = self.recipe.stream("flow", day.toordinal(), zlib.crc32(symbol.encode()))
        chosen = choose(grid, noise, interest, delta, day.toordinal(), chance)
        return tuple(self._flow(symbol, day, grid, interest, each) for each in chosen)

    def _flow(self, symbol: str, day: date, grid: Grid, interest: Floats, each: Choice) -> Flow:
        name = str(self._names(symbol, grid.at(slice(each.at, each.at + 1)))[0])
        return Flow(symbol, name, each.volume, float(interest[each.at]), each.bought, day, each.kind, each.change)

    @staticmethod
    def _names(symbol: str, grid: Grid) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        """OCC symbols: root, yymmdd, C or P, strike in thousandths."""
        days = {int(end): f"{symbol}{date.fromordinal(int(end)):%y%m%d}" for end in np.unique(grid.expiry)}
        rows = zip(grid.expiry.tolist(), grid.call.tolist(), np.round(grid.strike * 1000).astype(np.int64).tolist(), strict=True)
        return np.array([f"{days[end]}{'C' if call else 'P'}{strike:08d}" for end, call, strike in rows], dtype=object)

    def _frame(self, symbol: str, day: date, spot: float, grid: Grid, names: Any, values: dict[str, Floats],
               seconds: Floats) -> pl.DataFrame:  # fmt: skip
        at = pl.lit(self.calendar.session_close(day), dtype=UTC)
        ago = pl.Series("ago", seconds, nan_to_null=True).round().cast(pl.Int64)
        return pl.DataFrame({
            "symbol": pl.Series([symbol]).new_from_index(0, len(seconds)),
            "expiry": pl.Series(grid.expiry - date(1970, 1, 1).toordinal()).cast(pl.Int32).cast(pl.Date),
            "strike": grid.strike, "right": np.where(grid.call, "C", "P"),
            "contract": pl.Series(names, dtype=pl.String), **values, "ago": ago,
        }).with_columns(
            at.alias("at"), pl.lit(spot).alias("underlying_price"), pl.col("last").fill_nan(None),
            (at - pl.duration(seconds=pl.col("ago").clip(0, 20_000))).cast(UTC).alias("last_at"),
        ).select(*CHAINS.columns)  # fmt: skip


def expiries(calendar: Calendar, day: date) -> list[date]:
    """Six weekly expiries, monthly ones for a year, the January of the two years after: Fridays, or the session before."""
    friday = day + timedelta(days=(4 - day.weekday()) % 7 or 7)
    found = {friday + timedelta(weeks=n) for n in range(WEEKLIES)}
    months = [(day.year + (day.month - 1 + n) // 12, (day.month - 1 + n) % 12 + 1) for n in range(13)]
    found |= {third for year, month in (*months, (day.year + 2, 1)) if (third := _third_friday(year, month)) > day}
    known = [each for each in found if each <= calendar.last]
    return sorted({each if calendar.is_session(each) else calendar.previous_session(each) for each in known} - {day})


def strikes(spot: float, reach: float, days: int, fund: bool) -> Floats:
    """What is listed around a price, `reach` to both sides, the finer the sooner it expires."""
    rough = spot / (160 if fund else 32)
    steps = next((each for each in _STEPS if each[0] >= rough), _STEPS[-1])
    step = steps[sum(days > until for until in _UNTIL)]
    first = max(math.ceil(spot * (1 - reach) / step), 1)
    return np.arange(first, math.floor(spot * (1 + reach) / step) + 1, dtype=np.float64) * step


def surface(level: float | Floats, moneyness: float | Floats, years: float | Floats) -> Floats:
    """Skew and smile fade with the root of time; the level reverts to its long mean of about a quarter over the years."""
    long_run = 0.6 * level + 0.4 * 0.24
    base = long_run + (level - long_run) * np.exp(-1.6 * np.asarray(years))
    scaled = np.clip(moneyness / (level * np.sqrt(np.maximum(years, 0.02))), -4, 4)
    return np.asarray(np.clip(base * (1 - 0.055 * scaled + 0.018 * scaled**2), 0.05, 2.5))


def level_of(volatility: float) -> float:
    """At-the-money volatility a year of a month's options, from that of a day."""
    return min(max(volatility * math.sqrt(252) * 1.08, 0.08), 1.5)


def priced(spot: float, strike: Floats, years: Floats, iv: Floats, call: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[
    Floats, Floats
]:  # fmt: skip
    """Price and delta of options on a share without dividends that may be exercised at any time."""
    from terminal.domain.options import price as model

    value = model(spot=spot, strike=strike, years=years, volatility=iv, rate=RATE, call=call)
    # Exercising a put early is worth something once it is in the money or lasts for months; for a call never.
    early = ~call & (strike > spot * np.where(years > 0.2, 0.8, 0.97))
    value[early] = np.maximum(value[early], _american_put(spot, strike[early], years[early], iv[early]))
    deviation = iv * np.sqrt(years)
    first = _normal((np.log(spot / strike) + RATE * years) / deviation + deviation / 2)
    return value, np.where(call, first, first - 1)


def _american_put(spot: float, strike: Floats, years: Floats, iv: Floats) -> Floats:
    """Bjerksund and Stensland, "Closed-form approximation of American options", Scandinavian Journal of Management 9 (1993).

    Within 0.25 % of `spot` of what `domain.options` gives, for a hundredth of its time: an archive has half a million of these.
    A put is a call on `strike` at a strike of `spot` with interest and yield exchanged; in units of `spot` here.
    """
    s, variance, total = strike / spot, iv * iv, iv * np.sqrt(years)
    beta = 1 + 2 * RATE / variance
    forever = beta / (beta - 1)
    trigger = 1 + (forever - 1) * -np.expm1((RATE * years - 2 * total) / (forever - 1))

    def phi(gamma: Floats | float, level: Floats | float) -> Floats:
        grown = np.exp((-gamma * RATE + gamma * (gamma - 1) / 2 * variance) * years) * s**gamma
        d = -(np.log(s / level) + (-RATE + (gamma - 0.5) * variance) * years) / total
        kappa = -2 * RATE / variance + 2 * gamma - 1
        return np.asarray(grown * (_normal(d) - (trigger / s) ** kappa * _normal(d - 2 * np.log(trigger / s) / total)))

    alpha = (trigger - 1) * trigger**-beta
    with np.errstate(over="ignore", invalid="ignore"):
        held = alpha * (s**beta - phi(beta, trigger)) + phi(1.0, trigger) - phi(1.0, 1.0) - phi(0.0, trigger) + phi(0.0, 1.0)
    return np.asarray(np.where(s >= trigger, strike - spot, np.maximum(held * spot, strike - spot)))


def _normal(x: Floats) -> Floats:
    from terminal.domain.options.normal import cdf

    return cdf(x)


def _quotes(price: Floats, wide: float) -> tuple[Floats, Floats]:
    width = np.maximum(0.01, (0.012 + 0.25 * np.exp(-price / 0.4)) * price + 0.01) * wide
    return np.floor(np.maximum(price - width / 2, 0.0) * 100) / 100, np.ceil((price + width / 2) * 100) / 100


def _third_friday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def _monthly(end: date) -> bool:
    return end in (third := _third_friday(end.year, end.month), third - timedelta(days=1))
