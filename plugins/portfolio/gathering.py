"""What the user owns, as read from the book, and what the market says it is worth."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from plugins.portfolio import book
from plugins.portfolio.exchange import Rates, rates
from plugins.portfolio.standing import standing
from terminal.domain.portfolio.lots import replay
from terminal.domain.portfolio.positions import Positions
from terminal.domain.portfolio.returns import NOTHING, Range
from terminal.domain.portfolio.transactions import ZERO, Kind, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import polars as pl

    from terminal.api import Context, Source
    from terminal.domain.portfolio.lots import Method
    from terminal.domain.portfolio.positions import Held
    from terminal.domain.portfolio.washes import Scope

FRESH = timedelta(days=7)
"""How old a close may be and still stand for a day: a long weekend with holidays."""
_RECENT = timedelta(days=40)
"""Closes that are read at once; older ones when a day before them is asked for."""
_PENCE = {("GBp", "GBP"), ("GBX", "GBP"), ("ILA", "ILS"), ("ZAc", "ZAR")}


@dataclass(frozen=True)
class Owned:
    """The chosen accounts, everything booked in any account, and what it comes to in the chosen ones."""

    accounts: tuple[book.Account, ...]
    transactions: tuple[Transaction, ...]
    positions: Positions
    currency: str
    day: date

    @cached_property
    def names(self) -> frozenset[str]:
        """The accounts' names."""
        return frozenset(each.name for each in self.accounts)

    @cached_property
    def by_symbol(self) -> dict[str, list[Transaction]]:
        """What is booked of each symbol, in any account."""
        found: dict[str, list[Transaction]] = defaultdict(list)
        for one in self.transactions:
            if one.symbol is not None:
                found[one.symbol].append(one)
        return dict(found)


def owned(
    ctx: Context, names: Sequence[str] = (), *, method: Method | None = None, currency: str = "", evenings: Iterable[date] = (),
    proposed: Iterable[Transaction] = (), washes: Scope | None = None,
) -> Owned:  # fmt: skip
    """What the named accounts or portfolios (none: all) hold and made by the end of the day asked for.

    All accounts are replayed, because what was moved between two of them brings its cost along.
    `proposed` are bookings that are only thought of. `washes`: losses on what was bought again are put off.
    """
    chosen = book.chosen(ctx.store.book.read, names)
    known = standing(ctx)
    until = ctx.as_of or ctx.market.today()
    booked = known.transactions(until)
    by_account = {each.name: method or each.method for each in known.accounts}
    kept = {each.name for each in chosen}
    if more := tuple(proposed):
        booked = (*booked, *more)
    if more or washes:
        base = {each.name: each.base_currency for each in known.accounts}
        whole = replay(booked, method=by_account, base=base, until=until, evenings=evenings, of=kept, washes=washes)
    else:
        whole = known.positions(by_account, until, evenings, kept)
    part = whole if len(kept) == len(known.accounts) else _part(whole, kept)
    return Owned(tuple(chosen), booked, part, currency.upper() or (chosen[0].base_currency if chosen else "USD"), until)


def _part(whole: Positions, accounts: set[str]) -> Positions:
    return Positions(
        [lot for lot in whole.lots if lot.account in accounts],
        [one for one in whole.closings if one.account in accounts],
        [one for one in whole.income if one.account in accounts],
        {place: amount for place, amount in whole.cash.items() if place[0] in accounts},
        [one for one in whole.problems if one.account in accounts],
        whole.evenings,
    )


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit was worth, in the currency of what is held: one price, or the bounds between which it lies.

    `previous` is the close of the session before; `reason` why it is not known, `fetch` where it came from.
    """

    range: Range
    day: date | None = None
    at: datetime | None = None
    previous: Decimal | None = None
    fetch: int | None = None
    reason: str = ""


@dataclass
class Prices:
    """Prices of what is held, on any day up to the one asked for. Closes of the store are turned back into those of their day:
    they are adjusted for later splits, what is held is not."""

    ctx: Context
    held: Sequence[Held]
    booked: Sequence[Transaction]
    end: date
    _bars: dict[str, tuple[list[date], list[float], list[int | None]]] = field(default_factory=dict)
    _splits: dict[str, list[tuple[date, Decimal]]] = field(default_factory=dict)
    _quotes: dict[str, dict[str, object]] = field(default_factory=dict)
    _currency: dict[str, str] = field(default_factory=dict)
    _chains: dict[str, pl.DataFrame] = field(default_factory=dict)
    _rates: dict[tuple[str, str], Rates] = field(default_factory=dict)
    exchanged: dict[tuple[str, str], tuple[Decimal, date, str]] = field(default_factory=dict)
    _highest: dict[str, Decimal | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        symbols = sorted({each.market_symbol for each in self.held})
        self._start = self.end - _RECENT
        self._read(self._start)
        market, as_of = self.ctx.market, self.ctx.as_of
        splits: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for row in market.splits(symbols, as_of).to_dicts():
            if row["ex_date"] <= self.end:
                splits[row["symbol"]].append((row["ex_date"], _decimal(row["ratio"])))
        self._splits = dict(splits)
        self._quotes = {row["symbol"]: row for row in market.quotes(symbols, as_of).to_dicts()}
        listed = market.instruments(symbols, as_of)
        self._currency = {row["symbol"]: row["currency"] for row in listed.to_dicts() if row["currency"]}

    def _read(self, start: date) -> None:
        symbols = sorted({each.market_symbol for each in self.held})
        columns = ["symbol", "date", "close", "fetch_id"]
        bars = self.ctx.market.bars(symbols, start, self.end, self.ctx.as_of, columns=columns).drop_nulls("close")
        for (symbol,), rows in bars.group_by("symbol", maintain_order=True):
            self._bars[str(symbol)] = (rows["date"].to_list(), rows["close"].to_list(), rows["fetch_id"].to_list())

    def _closes(self, symbol: str, day: date | None) -> tuple[list[date], list[float], list[int | None]]:
        """The closes of a symbol up to that day at least (None: since the first booking), read when they are asked for."""
        if (day is None or day - _RECENT / 2 < self._start) and self._first < self._start:
            self._start = self._first
            self._read(self._first)
        return self._bars.get(symbol, ([], [], []))

    def splits(self, symbol: str) -> list[tuple[date, Decimal]]:
        """The splits of a symbol that the market knows: ex-day and new shares for an old one."""
        return self._splits.get(symbol, [])

    def now(self, held: Held) -> Price:
        """The newest price: a quote, or the last close when that is newer."""
        closed = self.on(held, self.end)
        quote = self._quotes.get(held.symbol)
        if held.option is not None or quote is None or quote["price"] is None:
            return closed
        at: datetime = quote["at"]  # type: ignore[assignment]
        if at.date() < self.end - FRESH or (closed.day is not None and closed.day > at.date()):
            return closed
        stated = str(quote["currency"] or "") or self._currency.get(held.symbol, "")
        factor = self._factor(stated, held.currency, self.end)
        if factor is None:
            return self._unknown(held, f"its price is in {stated}, and what that is in {held.currency} is not known")
        before = None if quote["previous_close"] is None else _decimal(quote["previous_close"]) * factor
        return Price(Range.of(_decimal(quote["price"]) * factor), at.date(), at, before, quote["fetch_id"])  # type: ignore[arg-type]

    def on(self, held: Held, day: date) -> Price:
        """The price at the end of a day: its close, or that of a session shortly before."""
        if held.option is not None:
            return self._option(held, day)
        days, closes, fetches = self._closes(held.symbol, day)
        if (place := bisect_right(days, day) - 1) < 1:
            days, closes, fetches = self._closes(held.symbol, None)
            place = bisect_right(days, day) - 1
        if place < 0 or day - days[place] > FRESH:
            return self._unknown(held, "no price of it is stored" if place < 0 else f"its last price is of {days[place]}")
        factor = self._factor(self._currency.get(held.symbol, ""), held.currency, day)
        if factor is None:
            return self._unknown(held, f"its price is in {self._currency[held.symbol]}, not in {held.currency}")
        then = self._of_its_day(held.symbol, day)
        before = _decimal(closes[place - 1]) * factor * then if place else None
        return Price(Range.of(_decimal(closes[place]) * factor * then), days[place], None, before, fetches[place])

    def rate(self, currency: str, target: str, day: date) -> Decimal | None:
        """What one unit of a currency was in another; None when the market does not know it."""
        if currency == target:
            return Decimal(1)
        if (currency, target) not in self._rates:
            self._rates[currency, target] = rates(self.ctx, currency, target, self.end)
        known = self._rates[currency, target]
        found = known.on(day, FRESH)
        if found is None:
            return None
        if day == self.end:
            self.exchanged[currency, target] = (found[1], found[0], known.source)
        return found[1]

    def value(self, held: Iterable[Held], day: date, currency: str, *, now: bool = False) -> Range:
        """What all of it is worth at the end of a day (or by the newest prices), in one currency."""
        total = NOTHING
        for each in held:
            rate = self.rate(each.currency, currency, day)
            price = self.now(each) if now else self.on(each, day)
            total += Range(None, None) if rate is None else price.range * (each.quantity * each.multiplier * rate)
        return total

    def _of_its_day(self, symbol: str, day: date) -> Decimal:
        factor = Decimal(1)
        for ex_day, ratio in self.splits(symbol):
            if ex_day > day:
                factor *= ratio
        return factor

    def _factor(self, stated: str, wanted: str, day: date) -> Decimal | None:
        if not stated or stated == wanted:
            return Decimal(1)
        return Decimal("0.01") if (stated, wanted) in _PENCE else self.rate(stated, wanted, day)

    def _unknown(self, held: Held, reason: str) -> Price:
        """Between nothing and the highest price known of it."""
        if held.symbol not in self._highest:
            self._highest[held.symbol] = max([*self._paid.get(held.symbol, ()), *self._seen(held)], default=None)
        return Price(Range(ZERO, self._highest[held.symbol]), reason=reason)

    @cached_property
    def _first(self) -> date:
        return min((one.day for one in self.booked), default=self.end) - FRESH

    @cached_property
    def _paid(self) -> dict[str, list[Decimal]]:
        found: dict[str, list[Decimal]] = defaultdict(list)
        for one in self.booked:
            if one.symbol is not None and one.price and one.kind != Kind.TRANSFER_IN:
                found[one.symbol].append(one.price)
        return found

    def _seen(self, held: Held) -> list[Decimal]:
        days, closes, _ = self._closes(held.symbol, None) if held.option is None else ([], [], [])
        return [_decimal(close) * self._of_its_day(held.symbol, day) for day, close in zip(days, closes, strict=True)]

    def _option(self, held: Held, day: date) -> Price:
        """The middle of bid and ask; else between what exercising it brings and what it can be worth at most."""
        option = held.option
        assert option is not None
        if day == self.end and day <= option.expiry and (found := self._chain_price(held)):
            return found
        days, closes, fetches = self._closes(option.underlying, min(day, option.expiry))
        at = bisect_right(days, min(day, option.expiry)) - 1
        if at < 0 or min(day, option.expiry) - days[at] > FRESH:
            return Price(Range(ZERO, option.strike if option.right == "P" else None), reason="no price of it is stored")
        share = _decimal(closes[at]) * self._of_its_day(option.underlying, days[at])
        intrinsic = max(ZERO, share - option.strike if option.right == "C" else option.strike - share)
        if day > option.expiry:
            return Price(Range.of(intrinsic), option.expiry, None, None, fetches[at], "it has expired and is not booked out")
        highest = share if option.right == "C" else option.strike
        return Price(Range(intrinsic, highest), reason="no quote of this contract is stored")

    def _chain_price(self, held: Held) -> Price | None:
        import polars as pl

        option = held.option
        assert option is not None
        if option.underlying not in self._chains:
            self._chains[option.underlying] = self.ctx.market.chain(option.underlying, self.ctx.as_of)
        rows = self._chains[option.underlying].filter(
            (pl.col("expiry") == option.expiry)
            & (pl.col("right") == option.right)
            & ((pl.col("strike") - float(option.strike)).abs() < 1e-6)
            & (pl.col("bid") >= 0)
            & (pl.col("ask") > 0)
        )
        if rows.is_empty() or rows["at"][0].date() < self.end - FRESH:
            return None
        row = rows.row(0, named=True)
        middle = (_decimal(row["bid"]) + _decimal(row["ask"])) / 2
        return Price(Range.of(middle), row["at"].date(), row["at"], None, row["fetch_id"])


def exchange_rate(ctx: Context, currency: str, target: str, day: date) -> Decimal | None:
    """What one unit of a currency was in another at the end of a day, as far as the market knows it."""
    if currency == target:
        return Decimal(1)
    found = rates(ctx, currency, target, day).on(day, FRESH)
    return None if found is None else found[1]


def sources(ctx: Context, fetches: Iterable[int | None]) -> tuple[tuple[Source, ...], dict[int | None, int]]:
    """The book and where prices came from, and at which place each fetch is among them."""
    from terminal.api import Source

    found = ctx.market.sources({each for each in fetches if each is not None})
    mine = Source("your book", "bookings", fetched_at=ctx.now(), simulated=ctx.demo)
    return (mine, *found.values()), {number: place for place, number in enumerate(found, 1)}


def missing_splits(own: Owned, prices: Prices) -> list[str]:
    """Splits that came while something was held and that nobody booked: then both its quantity and its value are wrong."""
    told: list[str] = []
    opened: dict[tuple[str, str], date] = {}
    for lot in own.positions.lots:
        if lot.option is None and prices.splits(lot.symbol):
            place = (lot.symbol, lot.account)
            opened[place] = min(lot.opened, opened.get(place, lot.opened))
    for (symbol, account), first in sorted(opened.items()):
        booked = [one.day for one in own.by_symbol.get(symbol, ()) if one.account == account and one.kind == Kind.SPLIT]
        for day, ratio in prices.splits(symbol):
            if first < day and not any(abs((day - other).days) <= 10 for other in booked):
                told.append(
                    f"{symbol} split {ratio.normalize():f} for 1 on {day} and no split is booked in {account}, so "
                    f"its value is wrong unless its bookings are adjusted: `tapeline portfolio add '{account}' split {symbol} "
                    f"--ratio {ratio.normalize():f} --day {day}`"
                )
    return told


def _decimal(value: object) -> Decimal:
    """A number of the market, which is a float: the shortest decimal of ten digits that it stands for."""
    return Decimal(f"{value:.10g}")
