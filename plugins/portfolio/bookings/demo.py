"""The bookings of the demo portfolio: an invented user's fourteen months on the simulated market (`data/demo/portfolio.toml`).

Prices lie within the bars of their day, dividends and splits are those of the market; the same market gives the same
bookings. Everything is marked as simulated by its source and its note.
"""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from terminal.domain.portfolio.transactions import ZERO, Kind, Option, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

SOURCE = "demo"
NOTE = "Simulated"
_CENT = Decimal("0.01")
_TICK = Decimal("0.05")
_RATE = 0.038
_NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Bar:
    """A session in the money of its day: before any later split."""

    low: Decimal
    high: Decimal
    close: Decimal


@dataclass(frozen=True)
class Seen:
    """What the market has: its sessions, bars by symbol and day, payments by symbol, splits, open contracts with volatility."""

    sessions: Sequence[date]
    bars: Mapping[str, Mapping[date, Bar]]
    dividends: Mapping[str, Sequence[tuple[date, date, Decimal]]]
    splits: Mapping[str, Sequence[tuple[date, Decimal]]]
    contracts: Mapping[str, Sequence[tuple[date, Decimal, str, float]]]
    funds: frozenset[str] = frozenset()

    def ago(self, count: int) -> int:
        """The number of the session that many before the newest."""
        return len(self.sessions) - 1 - count


def plan() -> dict[str, Any]:
    """The recipe."""
    from terminal.paths import data_file

    return tomllib.loads(data_file("demo", "portfolio.toml").read_text("utf-8"))


def symbols(recipe: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What is traded, and of what there are options."""
    steps = [step for part in recipe["trades"] for step in part["steps"]]
    optioned = [step[3] for part in recipe["options"] for step in part["steps"]]
    saved = [part["saving"]["symbol"] for part in recipe["trades"] if "saving" in part]
    found = {*(step[2] for step in steps), *optioned, *saved, *recipe["swings"]["symbols"]}
    return sorted(found), sorted(set(optioned))


def seen(bars: pl.DataFrame, dividends: pl.DataFrame, splits: pl.DataFrame, chains: Iterable[pl.DataFrame],
         funds: Iterable[str]) -> Seen:  # fmt: skip
    """The market's frames turned back into the money of each day (later splits taken out)."""
    cut: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for symbol, day, ratio in splits.select("symbol", "ex_date", "ratio").rows():
        cut[symbol].append((day, Decimal(f"{ratio:.10g}")))

    def then(symbol: str, day: date, value: float) -> Decimal:
        factor = math.prod((float(ratio) for on, ratio in cut.get(symbol, ()) if on > day), start=1.0)
        return Decimal(f"{value * factor:.6f}")

    by_symbol: dict[str, dict[date, Bar]] = defaultdict(dict)
    for symbol, day, low, high, close in bars.select("symbol", "date", "low", "high", "close").drop_nulls().rows():
        by_symbol[symbol][day] = Bar(*(then(symbol, day, value) for value in (low, high, close)))
    paid: dict[str, list[tuple[date, date, Decimal]]] = defaultdict(list)
    for symbol, ex_day, pay_day, amount in dividends.select("symbol", "ex_date", "pay_date", "amount").rows():
        paid[symbol].append((ex_day, pay_day or ex_day, then(symbol, ex_day, amount)))
    listed: dict[str, list[tuple[date, Decimal, str, float]]] = {}
    for chain in chains:
        quoted = chain.filter((chain["bid"] > 0) & chain["iv"].is_not_null())
        for (symbol,), rows in quoted.group_by("symbol", maintain_order=True):
            listed[str(symbol)] = [(expiry, Decimal(f"{strike:.10g}"), right, iv) for expiry, strike, right, iv in
                                   rows.select("expiry", "strike", "right", "iv").rows()]  # fmt: skip
    days = sorted(by_symbol["SPY"])
    return Seen(days, dict(by_symbol), dict(paid), dict(cut), listed, frozenset(funds))


def bookings(market: Seen, recipe: Mapping[str, Any]) -> dict[str, list[Transaction]]:
    """What is booked in each account. Raises ValueError when the market has less history than the recipe needs."""
    writer = _Writer(market, recipe)
    return writer.written()


@dataclass(slots=True)
class _Swing:
    symbol: str
    bought: int
    paid: Decimal
    quantity: Decimal
    half: bool


@dataclass(slots=True)
class _Contract:
    account: str
    option: Option
    quantity: Decimal


@dataclass
class _Writer:
    """Goes through the sessions once, with what is held and the cash of each account."""

    market: Seen
    recipe: Mapping[str, Any]
    found: dict[str, list[Transaction]] = field(default_factory=lambda: defaultdict(list))
    held: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    cash: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    swings: list[_Swing] = field(default_factory=list)
    contracts: list[_Contract] = field(default_factory=list)
    due: dict[date, list[tuple[str, str, Decimal]]] = field(default_factory=lambda: defaultdict(list))

    def written(self) -> dict[str, list[Transaction]]:
        """All bookings by account."""
        steps = [step for part in (*self.recipe["trades"], *self.recipe["options"]) for step in part["steps"]]
        first = self.market.ago(max(step[0] for step in steps) + 2)
        if first < 70:
            raise ValueError("the demo market has too little history for its portfolio")
        for at in range(first, len(self.market.sessions)):
            self._session(at, first)
        return dict(self.found)

    def _session(self, at: int, first: int) -> None:
        day, ago = self.market.sessions[at], len(self.market.sessions) - 1 - at
        self._splits(day)
        self._dividends(day, self.market.sessions[at - 1])
        for account in self.recipe["accounts"]:
            self._monthly(account, at, first)
        for part in self.recipe["trades"]:
            for step in part["steps"]:
                if step[0] == ago:
                    self._step(part["account"], at, *step[1:])
            saving = part.get("saving")
            if saving and at > first + 2 and ago % saving["every"] == 0:
                self._buy(part["account"], at, saving["symbol"], saving["money"], whole=False, note="savings plan")
        for part in self.recipe["options"]:
            for step in part["steps"]:
                if step[0] == ago:
                    self._open_option(part["account"], at, *step[1:])
        self._expiries(at)
        self._swing(at, ago)

    # money and what the market does by itself

    def _monthly(self, account: Mapping[str, Any], at: int, first: int) -> None:
        name, day, before = account["name"], self.market.sessions[at], self.market.sessions[at - 1]
        if at == first:
            self._book(name, day, Kind.DEPOSIT, amount=Decimal(account["deposit"]), note="first deposit", at=time(9, 0))
            return
        if day.month == before.month:
            return
        self._book(name, day, Kind.DEPOSIT, amount=Decimal(account["monthly"]), note="monthly deposit", at=time(9, 0))
        interest = _cents(self.cash[name] * Decimal(str(account["interest"])) / 12)
        if interest > 0:
            self._book(name, day, Kind.INTEREST, amount=interest, note="interest on cash", at=time(9, 1))
        if "quarterly" in account and day.month % 3 == 1:
            fee = Decimal(str(account["quarterly"]["fee"]))
            self._book(name, day, Kind.FEE, amount=-fee, fees=fee, note=account["quarterly"]["note"], at=time(9, 2))
        for (owner, symbol), quantity in sorted(self.held.items()):
            if owner == name and quantity < 0 and symbol in self.market.bars:
                worth = -quantity * self.market.bars[symbol][before].close
                self._book(name, day, Kind.INTEREST, symbol=symbol, amount=-_cents(worth * Decimal("0.012") / 12),
                           note="borrowing the shares sold short", at=time(9, 3))  # fmt: skip

    def _splits(self, day: date) -> None:
        for (account, symbol), quantity in sorted(self.held.items()):
            for on, ratio in self.market.splits.get(symbol, ()):
                if on == day and quantity:
                    self._book(account, day, Kind.SPLIT, symbol=symbol, ratio=ratio, at=time(8, 0))
                    self.held[account, symbol] = quantity * ratio
                    for swing in self.swings:
                        if swing.symbol == symbol:
                            swing.quantity, swing.paid = swing.quantity * ratio, swing.paid / ratio

    def _dividends(self, day: date, before: date) -> None:
        for (account, symbol), quantity in sorted(self.held.items()):
            for ex_day, pay_day, amount in self.market.dividends.get(symbol, ()):
                if before < ex_day <= day and quantity:
                    self.due[pay_day].append((account, symbol, _cents(quantity * amount)))
        for pay_day in sorted(each for each in self.due if each <= day):
            for account, symbol, amount in self.due.pop(pay_day):
                if amount:
                    note = "dividend" if amount > 0 else "dividend owed on shares sold short"
                    self._book(account, day, Kind.DIVIDEND, symbol=symbol, amount=amount, note=note, at=time(8, 30))

    # shares

    def _step(self, account: str, at: int, what: str, symbol: str, much: float) -> None:
        holding = self.held[account, symbol]
        if what == "buy":
            self._buy(account, at, symbol, much)
        elif what == "shares":
            self._trade(account, at, Kind.BUY, symbol, Decimal(much))
        elif what == "short":
            price = self._price(symbol, at)
            self._trade(account, at, Kind.SHORT, symbol, -_whole(Decimal(much) / price))
        elif what == "cover":
            self._trade(account, at, Kind.COVER, symbol, _whole(-holding * Decimal(str(much))))
        else:
            part = holding * Decimal(str(much))
            self._trade(account, at, Kind.SELL, symbol, -(holding if much >= 1 else _whole(part)))

    def _buy(self, account: str, at: int, symbol: str, money: float, *, whole: bool = True, note: str = "") -> Decimal:
        price = self._price(symbol, at)
        most = min(Decimal(money), self.cash[account] - 10)
        quantity = _whole(most / price) if whole else (most / price).quantize(Decimal("0.0001"), ROUND_FLOOR)
        if quantity > 0:
            self._trade(account, at, Kind.BUY, symbol, quantity, note=note)
        return max(quantity, ZERO)

    def _trade(self, account: str, at: int, kind: Kind, symbol: str, quantity: Decimal, *, note: str = "") -> None:
        if not quantity:
            return
        price, fees = self._price(symbol, at), Decimal(str(self._account(account)["commission"]))
        self._book(account, self.market.sessions[at], kind, symbol=symbol, quantity=quantity, price=price, fees=fees,
                   amount=_cents(-quantity * price) - fees, note=note)  # fmt: skip
        self.held[account, symbol] += quantity

    def _price(self, symbol: str, at: int) -> Decimal:
        """A price of that session: somewhere between its low and its high, always at the same place."""
        bar = self.market.bars[symbol][self.market.sessions[at]]
        low, high = bar.low.quantize(_CENT, ROUND_CEILING), bar.high.quantize(_CENT, ROUND_FLOOR)
        place = Decimal((at * 37 + sum(map(ord, symbol)) * 11) % 101) / 100
        return min(max(_cents(bar.low + (bar.high - bar.low) * place), low), max(low, high))

    def _swing(self, at: int, ago: int) -> None:
        rules = self.recipe["swings"]
        account, day = rules["account"], self.market.sessions[at]
        for each in list(self.swings):
            price = self.market.bars[each.symbol][day].close
            made = float(price / each.paid) - 1
            if each.half and at > each.bought and made >= rules["target"] / 2:
                part = _whole(each.quantity / 2)
                self._trade(account, at, Kind.SELL, each.symbol, -part, note="half of it at the first target")
                each.quantity, each.half = each.quantity - part, False
            elif at > each.bought and (made >= rules["target"] or made <= -rules["stop"] or at - each.bought >= rules["longest"]):
                why = "target" if made >= rules["target"] else "stop" if made <= -rules["stop"] else "patience over"
                self._trade(account, at, Kind.SELL, each.symbol, -each.quantity, note=why)
                self.swings.remove(each)
        number, rest = divmod(rules["first"] - ago, rules["every"])
        symbol = rules["symbols"][number % len(rules["symbols"])]
        if rest or number < 0 or any(each.symbol == symbol for each in self.swings):
            return
        quantity = self._buy(account, at, symbol, rules["money"], note="swing trade")
        if quantity:
            self.swings.append(_Swing(symbol, at, self._price(symbol, at), quantity, number % rules["half"] == 0))

    # options

    def _open_option(self, account: str, at: int, what: str, right: str, symbol: str, count: int, away: float, days: int) -> None:
        day, spot = self.market.sessions[at], self.market.bars[symbol][self.market.sessions[at]].close
        option, volatility = self._contract(symbol, day, right, spot * Decimal(str(1 + away)), days)
        quantity = Decimal(count if what == "buy" else -count)
        price = self._option_price(option, spot, day, volatility or self._volatility(symbol, at))
        self._option_trade(account, at, Kind.BUY if what == "buy" else Kind.SELL, option, quantity, price)
        self.contracts.append(_Contract(account, option, quantity))

    def _contract(self, symbol: str, day: date, right: str, strike: Decimal, days: int) -> tuple[Option, float | None]:
        """A monthly contract; one that is open on the newest day is one of those that are quoted then."""
        wanted, newest = day + timedelta(days=days), self.market.sessions[-1]
        months = [wanted.year * 12 + wanted.month - 1 + n for n in (-1, 0, 1)]
        fridays = [_third_friday(month // 12, month % 12 + 1) for month in months]
        expiry = min(fridays, key=lambda each: abs(each - wanted))
        quoted = [each for each in self.market.contracts.get(symbol, ()) if each[2] == right]
        if expiry > newest and quoted:
            best = min(quoted, key=lambda each: (abs(each[0] - expiry), abs(each[1] - strike)))
            return Option(symbol, best[0], best[1], best[2]), best[3]  # type: ignore[arg-type]
        step = Decimal(1) if strike < 100 else Decimal(5)
        sessions = [each for each in self.market.sessions if each <= expiry]
        last = sessions[-1] if sessions and expiry <= newest else expiry
        return Option(symbol, last, (strike / step).quantize(Decimal(1)) * step, right), None  # type: ignore[arg-type]

    def _expiries(self, at: int) -> None:
        """On their last day those in the money are bought back (a call) or bring the shares (a put), the others expire."""
        day = self.market.sessions[at]
        for each in [one for one in self.contracts if one.option.expiry == day]:
            option = each.option
            spot = self.market.bars[option.underlying][day].close
            worth = spot - option.strike if option.right == "C" else option.strike - spot
            self.contracts.remove(each)
            if worth <= 0:
                self._book(each.account, day, Kind.EXPIRE, option=option, quantity=-each.quantity, at=time(17, 0))
            elif option.right == "P" and each.quantity < 0:
                self._book(each.account, day, Kind.ASSIGN, option=option, quantity=-each.quantity, at=time(17, 0))
                shares = -each.quantity * option.multiplier
                self._book(each.account, day, Kind.BUY, symbol=option.underlying, quantity=shares, price=option.strike,
                           amount=-shares * option.strike, note="assigned", at=time(17, 1))  # fmt: skip
                self.held[each.account, option.underlying] += shares
            else:
                kind = Kind.BUY if each.quantity < 0 else Kind.SELL
                self._option_trade(each.account, at, kind, option, -each.quantity, _cents(worth))

    def _option_trade(self, account: str, at: int, kind: Kind, option: Option, quantity: Decimal, price: Decimal) -> None:
        fees = Decimal(str(self._account(account)["contract"])) * abs(quantity)
        self._book(account, self.market.sessions[at], kind, option=option, quantity=quantity, price=price, fees=fees,
                   amount=-quantity * price * option.multiplier - fees)  # fmt: skip

    def _volatility(self, symbol: str, at: int) -> float:
        """Of the sixty sessions before, by the year."""
        closes = [float(self.market.bars[symbol][day].close) for day in self.market.sessions[at - 60 : at + 1]]
        changes = [math.log(new / old) for old, new in pairwise(closes)]
        kept = sorted(changes, key=abs)[: len(changes) - 2]  # a jump is not the daily noise
        return max(0.12, math.sqrt(252 * sum(each * each for each in kept) / len(kept)))

    def _option_price(self, option: Option, spot: Decimal, day: date, volatility: float) -> Decimal:
        """Black and Scholes (1973) without dividends, to five cents."""
        years = max((option.expiry - day).days, 1) / 365
        price, strike, spread = float(spot), float(option.strike), volatility * math.sqrt(years)
        d1 = (math.log(price / strike) + (_RATE + volatility**2 / 2) * years) / spread
        present = strike * math.exp(-_RATE * years)
        call = price * _normal(d1) - present * _normal(d1 - spread)
        value = call if option.right == "C" else call - price + present
        return max(_TICK, (Decimal(f"{value:.6f}") / _TICK).quantize(Decimal(1), ROUND_HALF_EVEN) * _TICK)

    # one booking

    def _account(self, name: str) -> Mapping[str, Any]:
        return next(each for each in self.recipe["accounts"] if each["name"] == name)

    def _book(self, account: str, day: date, kind: Kind, *, note: str = "", at: time | None = None, option: Option | None = None,
              symbol: str | None = None, amount: Decimal = ZERO, **more: Any) -> None:  # fmt: skip
        number = len(self.found[account]) + 1
        minute = (number * 53) % 375
        moment = datetime.combine(day, at or time(9 + (35 + minute) // 60, (35 + minute) % 60), _NEW_YORK).astimezone(UTC)
        name = option.symbol if option is not None else symbol
        known: Any = "cash" if name is None else "etf" if name in self.market.funds else "stock"
        self.cash[account] += amount
        self.found[account].append(Transaction(
            id="0", account=account, at=moment, day=day, kind=kind, symbol=name, amount=amount,
            instrument=known if option is None else "option", option=option, source=SOURCE, source_id=f"demo-{number:04d}",
            note=f"{NOTE}: {note}" if note else NOTE, **more))  # fmt: skip


def _third_friday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def _normal(value: float) -> float:
    return 0.5 * (1 + math.erf(value / math.sqrt(2)))


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), ROUND_FLOOR)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_EVEN)
