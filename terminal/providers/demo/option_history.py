"""Chains and volatilities of past sessions, as an archive that had been kept every evening would hold them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.schemas import CHAINS
from terminal.providers.demo.chains import RATE, level_of, surface
from terminal.providers.demo.tape import OPTIONABLE_FUNDS

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from terminal.providers.demo.activity import Flow
    from terminal.providers.demo.chains import Options
    from terminal.providers.demo.recipe import Floats

# Whose evenings were archived: the broad funds and so many of the largest companies.
COMPANIES = 10
CHAIN_SESSIONS, VOLATILITY_SESSIONS = 36, 262
# The last of them are watched since shortly only, so that a young archive can be seen, too.
_YOUNG, _YOUNG_SESSIONS = 2, 90
_HORIZONS = (7, 30, 60, 90, 180, 365)
_QUARTER = 0.6744897501960817  # the normal distribution leaves a quarter beyond
_MONTH = 30 / 365


@dataclass(frozen=True, slots=True)
class Followed:
    """A planted trade and what became of it: `after` the returns of the underlying 1, 5 and 20 sessions later (None: not yet),
    `next_open_interest` as stated on the next morning (None: not yet, or the contract is no longer listed)."""

    flow: Flow
    next_open_interest: float | None
    after: dict[int, float | None]


def archived(market: Options) -> tuple[str, ...]:
    """The symbols of which past chains are stored."""
    return market.tape.symbols[: len(OPTIONABLE_FUNDS) + COMPANIES]


def sessions(market: Options) -> tuple[date, ...]:
    """Those of which chains are stored."""
    return market.tape.days[-CHAIN_SESSIONS:]


def past_chains(market: Options, symbol: str, days: Collection[date]) -> pl.DataFrame:
    """CHAINS of one symbol at the close of each of these sessions."""
    positions = [place for place, day in enumerate(market.tape.days) if day in days and place >= market.tape.first]
    return pl.concat([CHAINS.empty(), *(market.chain(symbol, position) for position in positions)])


def volatilities(market: Options, count: int = VOLATILITY_SESSIONS) -> pl.DataFrame:
    """A row a symbol and session in the columns of the archive's table of volatilities, from the surface that made the chains.

    At constant maturities at the forward; 25-delta risk reversal and butterfly, skew and slope as `domain.volatility.measure`
    defines them; realised volatility of 20 sessions.
    """
    symbols = archived(market)
    young = set(symbols[-_YOUNG:])
    return pl.concat([_of(market, symbol, min(count, _YOUNG_SESSIONS) if symbol in young else count) for symbol in symbols])


def followed(market: Options, newest: int = CHAIN_SESSIONS) -> tuple[Followed, ...]:
    """Every planted trade of the archived symbols in the newest sessions, the oldest first, decoys too."""
    count, found = len(market.tape.days), []
    for position in range(max(count - newest, market.tape.first), count):
        for symbol in archived(market):
            if flows := market.flows(symbol, position):
                found += [_follow(market, flow, position) for flow in flows]
    return tuple(found)


def _follow(market: Options, flow: Flow, position: int) -> Followed:
    column, count = market.tape.symbols.index(flow.symbol), len(market.tape.days)
    close = market.tape.close[:, column]
    stated = None
    if position + 1 < count:
        row = market.chain(flow.symbol, position + 1).filter(pl.col("contract") == flow.contract)
        stated = float(row["open_interest"][0]) if row.height else None

    def later(days: int) -> float | None:
        return float(close[position + days] / close[position] - 1) if position + days < count else None

    return Followed(flow, stated, {days: later(days) for days in (1, 5, 20)})


def _of(market: Options, symbol: str, wanted: int) -> pl.DataFrame:
    tape, column = market.tape, market.tape.symbols.index(symbol)
    count = len(tape.days)
    first = max(count - wanted, tape.first)
    days, spot = tape.days[first:], tape.close[first:, column]
    level = np.array([level_of(float(each)) for each in tape.volatility[first:, column]])
    found = {f"iv{days}": surface(level, RATE * days / 365, days / 365) for days in _HORIZONS}
    call, put = (_wing(level, found["iv30"], sign) for sign in (1, -1))
    returns = np.diff(np.log(tape.close[first - 20 :, column]))
    realised = np.array([returns[n : n + 20].std(ddof=1) for n in range(len(days))]) * math.sqrt(252)
    at = [market.calendar.session_close(day) for day in days]
    return pl.DataFrame({
        "symbol": [symbol] * len(days), "day": list(days), "at": at, "spot": spot, **found,
        "skew25": (put - call) / found["iv30"], "rr25": call - put, "bf25": (call + put) / 2 - found["iv30"],
        "slope": found["iv90"] - found["iv30"], "hv20": realised, "source": ["own"] * len(days),
    }).with_columns(pl.lit(None, dtype=pl.Int64).alias("contracts"))  # fmt: skip


def _wing(level: Floats, middle: Floats, sign: int) -> Floats:
    """The volatility of the surface where a month's call (1) or put (-1) has a delta of 25, by repeated substitution."""
    iv = middle
    for _ in range(6):
        # N(d1) is a quarter for the call, three quarters for the put.
        moneyness = sign * _QUARTER * iv * math.sqrt(_MONTH) + iv * iv * _MONTH / 2
        iv = surface(level, moneyness + RATE * _MONTH, _MONTH)
    return iv
