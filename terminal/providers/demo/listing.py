"""Instruments, daily bars, universes, dividends and splits: the part of the simulated market that trades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.schemas import BARS, DIVIDENDS, INSTRUMENTS, SPLITS
from terminal.providers.demo.newest import LastDay
from terminal.providers.demo.tape import record

if TYPE_CHECKING:
    from terminal.domain.sessions import Calendar
    from terminal.providers.demo.recipe import Bools, Floats, Ints
    from terminal.providers.demo.world import World

HISTORY_DAYS = 1840
ANNOUNCED_DAYS = 35


@dataclass(frozen=True)
class Payouts:
    """Dividends in order of ex-date: instrument number, ex-date, amount as if shares were never split, pay date."""

    instrument: Ints
    ex_date: np.ndarray[Any, np.dtype[np.datetime64]]
    amount: Floats
    pay_date: np.ndarray[Any, np.dtype[np.datetime64]]


@dataclass(frozen=True)
class Listing:
    """What is public on the evening of `today`: the world's last session may be `today`, or the last one before it.

    `finished` sessions have a daily bar; a session under way has none yet.
    """

    world: World
    finished: int

    @property
    def end(self) -> date:
        """The last session with a daily bar."""
        return self.world.days[self.finished - 1]

    @property
    def calendar(self) -> Calendar:
        """The exchange's sessions."""
        return self.world.calendar

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Companies, then funds, bond funds and bonds: the order of every array here."""
        return (
            *(each.symbol for each in self.world.recipe.companies),
            *(symbol for part in self.world.listed for symbol in part.symbols),
        )

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kind of each symbol."""
        return (*("stock" for _ in self.world.recipe.companies), *(kind for part in self.world.listed for kind in part.kinds))

    @cached_property
    def number(self) -> dict[str, int]:
        """Where a symbol stands in the arrays."""
        return {symbol: position for position, symbol in enumerate(self.symbols)}

    @cached_property
    def split_total(self) -> Floats:
        """Splits of all instruments until today."""
        rest = len(self.symbols) - len(self.world.recipe.companies)
        return np.concatenate([self.world.split_total, np.ones(rest)])

    def matrix(self, name: str, first: int, last: int) -> Floats:
        """One of the `Prices` arrays over all instruments, splits worked in, from session `first` up to before `last`."""
        parts = (self.world.stocks, *(part.prices for part in self.world.listed))
        together = np.hstack([getattr(each, name)[first:last] for each in parts])
        return np.asarray(together * self.split_total if name == "volume" else together / self.split_total)

    def last_day(self) -> LastDay:
        """The newest session by itself: a thousandth of what the world holds in memory."""
        world, newest = self.world, len(self.world.days) - 1
        large = tuple(self.members().filter(pl.col("universe") == "demo_large")["symbol"].to_list())

        def of(name: str, session: int) -> Floats:
            return np.array(self.matrix(name, session, session + 1)[0])

        return LastDay(
            world.recipe,
            world.calendar,
            world.days[newest],
            self.end,
            self.symbols,
            self.number,
            self.split_total,
            self.alive[newest].copy(),
            {name: of(name, newest) for name in ("open", "high", "low", "close", "volume")},
            of("close", newest - 1),
            record(self, large),
        )

    @cached_property
    def alive(self) -> Bools:
        """(sessions, instruments): False after a bond was repaid."""
        stocks = np.ones(self.world.stocks.close.shape, dtype=np.bool_)
        return np.hstack([stocks, *(part.alive for part in self.world.listed)])

    @cached_property
    def payouts(self) -> Payouts:
        """Every dividend and coupon up to five quarters ahead."""
        return _payouts(self)

    def instruments(self) -> pl.DataFrame:
        """INSTRUMENTS."""
        sectors = self.world.recipe.document["sectors"]
        rows: list[tuple[str | None, ...]] = []
        for each in self.world.recipe.companies:
            summary = (
                f"Simulated company. {each.name} is an invented {sectors[each.sector]['short']} company "
                f"({each.industry.lower()}) of the demo market; nothing about it is real."
            )
            rows.append((each.symbol, each.name, "stock", each.sector, each.industry, summary))
        for part in self.world.listed:
            for symbol, name, kind in zip(part.symbols, part.names, part.kinds, strict=True):
                what = "bond" if kind == "bond" else "fund"
                rows.append((symbol, name, kind, None, None, f"Simulated {what} of the demo market; nothing about it is real."))
        return (
            pl.DataFrame(
                rows, schema=dict.fromkeys(("symbol", "name", "kind", "sector", "industry", "summary"), pl.String), orient="row"
            )
            .with_columns(
                pl.lit("DEMO").alias("exchange"),
                pl.lit("USD").alias("currency"),
                pl.lit("US").alias("country"),
                pl.lit(None, dtype=pl.String).alias("website"),
            )
            .select(*INSTRUMENTS.columns)
        )

    def members(self) -> pl.DataFrame:
        """MEMBERS: `demo` with everything, `demo_large` with the 50 companies largest at the start of this year."""
        names = dict(self.instruments().select("symbol", "name").iter_rows())
        this_year = int(np.searchsorted(self.world.moments, np.datetime64(f"{self.end.year}-01-01")))
        largest = np.argsort(-self.world.cap[min(this_year, self.finished - 1)], kind="stable")[:50]
        lists = {"demo": self.symbols, "demo_large": tuple(self.symbols[company] for company in largest.tolist())}
        return pl.concat(
            [
                pl.DataFrame(
                    {
                        "universe": [name] * len(each),
                        "symbol": each,
                        "name": [names[symbol] for symbol in each],
                        "position": range(len(each)),
                    }
                )
                for name, each in lists.items()
            ]
        ).cast({"position": pl.Int32})

    def bars(self, chosen: Ints | None = None, start: date | None = None, end: date | None = None) -> pl.DataFrame:
        """BARS, symbol by symbol: five years, or from `start` on where that is later."""
        first = max(self.end - timedelta(days=HISTORY_DAYS), start or date.min)
        a = int(np.searchsorted(self.world.moments, np.datetime64(first)))
        b = (
            self.finished
            if end is None
            else min(self.finished, int(np.searchsorted(self.world.moments, np.datetime64(end), side="right")))
        )
        columns = np.arange(len(self.symbols)) if chosen is None else chosen
        if a >= b or len(columns) == 0:
            return BARS.empty()
        decimals = np.where(self.split_total == 1.0, 2, 4)[columns]
        values = {name: _rounded(self.matrix(name, a, b)[:, columns], decimals) for name in ("open", "high", "low", "close")}
        values["adjusted_close"] = np.round(values["close"] * self._dividend_factor(a)[: b - a][:, columns], 4)
        values["volume"] = np.round(self.matrix("volume", a, b)[:, columns])
        frame = pl.DataFrame({name: each.T.ravel() for name, each in values.items()})
        symbols = pl.Series("symbol", [self.symbols[n] for n in columns.tolist()]).repeat_by(b - a).explode()
        dates = pl.Series("date", np.tile(self.world.moments[a:b], len(columns))).cast(pl.Date)
        return frame.with_columns(symbols, dates).filter(pl.Series(self.alive[a:b][:, columns].T.ravel())).select(*BARS.columns)

    def dividends(self) -> pl.DataFrame:
        """DIVIDENDS paid since the market began and announced for the next five weeks, per share of today."""
        paid = self.payouts
        seen = (paid.ex_date <= np.datetime64(self.end) + np.timedelta64(ANNOUNCED_DAYS, "D")) & (
            paid.ex_date >= self.world.moments[0]
        )
        who = paid.instrument[seen]
        return (
            pl.DataFrame(
                {
                    "symbol": pl.Series(self.symbols).gather(who),
                    "ex_date": pl.Series(paid.ex_date[seen]).cast(pl.Date),
                    "amount": np.round(paid.amount[seen] / self.split_total[who], 4),
                    "currency": ["USD"] * len(who),
                    "pay_date": pl.Series(paid.pay_date[seen]).cast(pl.Date),
                }
            )
            .filter(pl.col("amount") > 0)
            .select(*DIVIDENDS.columns)
        )

    def splits(self) -> pl.DataFrame:
        """SPLITS up to today."""
        rows = [
            {"symbol": self.symbols[each.company], "ex_date": self.world.days[each.first], "ratio": each.ratio}
            for each in self.world.splits
        ]
        return pl.DataFrame(rows, schema=dict(SPLITS.columns))

    def _dividend_factor(self, first: int) -> Floats:
        """From session `first` to the end: close x factor = close with all later dividends taken out.

        Each dividend takes out its share of the close before the ex-date.
        """
        close = np.hstack(
            [prices.close[: self.finished] for prices in (self.world.stocks, *(part.prices for part in self.world.listed))]
        )
        keep = np.ones((self.finished - first, close.shape[1]))
        paid, t = self.payouts, np.searchsorted(self.world.moments, self.payouts.ex_date)
        inside = (t > first) & (t < self.finished)
        t, who = t[inside], paid.instrument[inside]
        # A dividend on session t lowers every session before it.
        keep[t - 1 - first, who] = 1 - paid.amount[inside] / close[t - 1, who]
        return np.asarray(np.cumprod(keep[::-1], axis=0)[::-1])


def _rounded(values: Floats, decimals: Ints) -> Floats:
    scale = 10.0**decimals
    return np.asarray(np.maximum(np.round(values * scale), 1.0) / scale)


def _payouts(listing: Listing) -> Payouts:
    world = listing.world
    count, first = len(world.recipe.companies), len(world.recipe.companies)
    sessions = np.array(
        world.calendar.sessions(
            world.recipe.document["statements_from"], min(world.end + timedelta(days=460), world.calendar.last)
        ),
        dtype="datetime64[D]",
    )
    offset = 34 + (24 * world.recipe.stream("ex-dates").random(count)).astype(np.int64)
    ex_date = _session(world.reports.period_end + offset.astype("timedelta64[D]"), sessions)
    company = np.broadcast_to(np.arange(count), ex_date.shape)
    parts = [
        (
            company.ravel(),
            ex_date.ravel(),
            world.books.dividend.ravel(),
            _session(ex_date.ravel() + np.timedelta64(19, "D"), sessions),
        )
    ]
    for part in world.listed:
        for column, (kind, detail) in enumerate(zip(part.kinds, part.details, strict=True)):
            days = _session(np.unique(_pay_months(kind, detail, world.recipe.prices_from, world.end)), sessions)
            at = np.clip(np.searchsorted(world.moments, days), 0, len(world.moments) - 1)
            live = part.alive[at, column]
            parts.append(
                (
                    np.full(int(live.sum()), first + column),
                    days[live],
                    part.paid[at, column][live],
                    _session(days[live] + np.timedelta64(5, "D"), sessions),
                )
            )
        first += len(part.symbols)
    who, ex, amount, pay = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.lexsort((who, ex))
    kept = order[(amount[order] > 0)]
    return Payouts(who[kept], ex[kept], amount[kept], pay[kept])


def _pay_months(kind: str, detail: dict[str, Any], start: date, end: date) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """The day of each payment before it is moved to a session: quarterly for funds, monthly for bond funds, coupons."""
    months = np.arange(np.datetime64(f"{start:%Y-%m}"), np.datetime64(f"{end:%Y-%m}") + 1)
    month = months.astype(np.int64) % 12 + 1
    if kind == "etf":
        return np.asarray(months[month % 3 == 0].astype("datetime64[D]") + np.timedelta64(17, "D"))
    if kind == "bond_etf":
        return np.asarray(months.astype("datetime64[D]"))
    maturity: date = detail["maturity"]
    return np.asarray(months[month % 6 == maturity.month % 6].astype("datetime64[D]") + np.timedelta64(maturity.day - 1, "D"))


def _session(days: Any, sessions: Any) -> Any:
    return sessions[np.minimum(np.searchsorted(sessions, days, side="left"), len(sessions) - 1)]
