"""What to buy, and what to sell, so that a portfolio comes back to its targets, and what keeps it from getting there.

Nothing is done while every class lies within its band. Else: sell what is above its band (only where sales are allowed),
then put cash beyond its own target where the shortfall is greatest in proportion (each purchase raises whichever class has
least of its target), so a buy-only list never sells, and no list spends more than there is. Within a class, money is spread
as it is spread already.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from terminal.domain.portfolio.allocation import CASH, Slice, slices
from terminal.domain.portfolio.limits import Limit, binding, limits
from terminal.domain.portfolio.tax_lots import LONG_RATE, SHORT_RATE, Choice, LotSale, TaxLot, choose, shared_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from terminal.domain.portfolio.allocation import Target

PART = 6
"""Decimals of a share that can be bought where fractions can."""
_CENT = 0.005


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing that is held, or may be bought (`quantity` 0). `price` of one unit in the currency of the total, None: not
    known. `left_alone`: why it is neither bought nor sold. `locked`: so many are not sold (they cover a call that was
    written). `wanted`: purchases in its class go here."""

    symbol: str
    key: str
    price: float | None
    quantity: float
    worth: float
    lots: tuple[TaxLot, ...] = ()
    left_alone: str = ""
    wanted: bool = False
    locked: float = 0.0

    @property
    def free(self) -> float:
        """How many of it can be sold."""
        return max(0.0, self.quantity - self.locked)

    @property
    def tradable(self) -> bool:
        """Whether it can be bought and sold here."""
        return not self.left_alone and self.price is not None and self.price > 0 and self.quantity >= 0


@dataclass(frozen=True, slots=True)
class Rules:
    """How it is done: with sales or cash first and buying only, in whole shares or parts, no trade below `minimum`, to the
    target or only to the edge of the band (with whole shares, the first one inside it); which lots are sold, and the tax
    rates `least_tax` assumes. `across`: the lots of all holdings of a class stand in one row for a sale, instead of selling
    each in proportion. `currency` is for the words."""

    sells: bool = False
    whole: bool = True
    minimum: float = 0.0
    to: Literal["target", "band"] = "target"
    choice: Choice = "highest_cost"
    rates: tuple[float, float] = (SHORT_RATE, LONG_RATE)
    across: bool = False
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Trade:
    """One order. `quantity` is negative for a sale, whose `lots` say what is sold."""

    symbol: str
    key: str
    quantity: float
    price: float
    lots: tuple[LotSale, ...] = ()

    @property
    def money(self) -> float:
        """What it brings (sale) or costs (purchase, negative)."""
        return -self.quantity * self.price

    def gain(self, *, long_term: bool) -> float | None:
        """Realised by a sale within, or after, a year; None where a cost is not known."""
        mine = [each.gain for each in self.lots if each.lot.long_term == long_term]
        return None if None in mine else sum(each for each in mine if each is not None)


@dataclass(frozen=True, slots=True)
class Plan:
    """The orders, how everything stands before and after them, and what limits them, the most binding first."""

    trades: tuple[Trade, ...]
    before: tuple[Slice, ...]
    after: tuple[Slice, ...]
    cash_before: float
    cash_after: float
    limits: tuple[Limit, ...]
    binding: Limit


def rebalance(holdings: Sequence[Holding], cash: float, targets: Sequence[Target], rules: Rules) -> Plan:
    """The orders that bring what is held, and `cash`, towards the `targets`.

    Raises ValueError when targets are named that are none of the whole (`allocation.check`).
    """
    before = slices([(each.key, each.symbol, each.worth) for each in holdings], cash, targets)
    if not any(each.state in ("above", "below") for each in before):
        found = binding(())
        return Plan((), before, before, cash, cash, (), found)
    work = _Work(holdings, cash, before, rules)
    if rules.sells:
        work.sell()
    work.buy()
    trades = work.trades()
    moved = {each.symbol: each.quantity * each.price for each in trades}
    now = [(each.key, each.symbol, each.worth + moved.get(each.symbol, 0.0)) for each in holdings]
    left = cash + sum(each.money for each in trades)
    after = slices(now, left, targets)
    reached = {each.key: each.worth for each in after if each.state == "within"} if rules.to == "band" else {}
    goals = {**work.goals, **reached}
    told = limits(before, after, goals, work.obstacles, sells=rules.sells, whole=rules.whole, prices=work.dearest(),
                  currency=rules.currency)  # fmt: skip
    return Plan(trades, before, after, cash, left, told, binding(told))


@dataclass
class _Work:
    """The state while orders are found. `goals`: the money each class should come to."""

    holdings: Sequence[Holding]
    cash: float
    before: Sequence[Slice]
    rules: Rules
    quantities: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    obstacles: dict[str, str] = field(default_factory=dict)
    goals: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.total = sum(each.worth for each in self.before)
        self.by_key: dict[str, list[Holding]] = defaultdict(list)
        for each in self.holdings:
            self.by_key[each.key.lower()].append(each)
        self.left = self.cash
        self.parts = {each.key: each for each in self.before}
        self.worth = {each.key: each.worth for each in self.before}
        self.goals = {each.key: self._goal(each) for each in self.before if each.target is not None}
        self.reserve = self._reserve()

    def _goal(self, part: Slice) -> float:
        assert part.target is not None
        if part.state == "within":
            return part.worth
        if self.rules.to == "target":
            return part.target.weight * self.total
        inside = self._dearest(part.key) if self.rules.whole else 0.0
        if part.state == "above":
            return max(part.target.weight * self.total, part.target.high * self.total - inside)
        return min(part.target.weight * self.total, part.target.low * self.total + inside)

    def _reserve(self) -> float:
        """The cash that is to stay."""
        part = self.parts.get(CASH)
        if part is None or part.target is None:
            return 0.0
        if part.state == "below" or (part.state == "above" and self.rules.to == "target"):
            return self.goals[CASH]
        lowest = part.target.weight if self.rules.to == "target" else part.target.low
        return min(lowest * self.total, max(0.0, self.cash))

    def _named(self) -> list[Slice]:
        return [each for each in self.before if each.target is not None and each.key != CASH]

    # selling

    def sell(self) -> None:
        """Sell what lies above its band, and more of what is above its target where money is lacking for the rest."""
        for part in self._named():
            if part.state == "above":
                self._sell(part.key, part.worth - self.goals[part.key])
        lacking = sum(self.goals[each.key] - each.worth for each in self._named() if each.state == "below")
        lacking -= self._spare()
        rich = {each.key: each.money or 0.0 for each in self._named() if each.state == "within" and (each.money or 0.0) > _CENT}
        if lacking > _CENT and rich:
            share = min(1.0, lacking / sum(rich.values()))
            for key, excess in rich.items():
                self._sell(key, excess * share)

    def _spare(self) -> float:
        return self.left - self.reserve

    def _sell(self, key: str, money: float) -> None:
        mine = [each for each in self.by_key[key.lower()] if each.tradable and each.free > 0]
        if not mine:
            self.obstacles[key] = "left alone"
            return
        most = sum(each.free * (each.price or 0.0) for each in mine)
        room = {each.symbol: each.free for each in mine}
        parts = self._by_lots(min(money, most), mine, room) if self.rules.across else {}
        parts = parts or _spread(min(money, most), mine, self.rules, most=room)
        if money < self.rules.minimum:
            self.obstacles[key] = "minimum trade"
        elif money > most + _CENT:
            self.obstacles[key] = "left alone"
        for symbol, quantity in parts.items():
            one = next(each for each in mine if each.symbol == symbol)
            self._book(one, -quantity)

    def _by_lots(self, money: float, mine: Sequence[Holding], room: Mapping[str, float]) -> dict[str, float]:
        """How many of each, lots first; trades below the minimum are left out."""
        prices = {each.symbol: each.price or 0.0 for each in mine}
        lots = {each.symbol: each.lots for each in mine}
        found = shared_out(lots, prices, money, self.rules.choice, self.rules.rates)
        parts = {}
        for symbol, worth in found.items():
            whole = worth >= room[symbol] * prices[symbol] - _CENT
            quantity = room[symbol] if whole else rounded_down(worth / prices[symbol], self.rules.whole)
            if quantity * prices[symbol] >= max(self.rules.minimum, 1e-9):
                parts[symbol] = quantity
        left = money - sum(quantity * prices[symbol] for symbol, quantity in parts.items())
        for symbol in sorted(parts, key=lambda symbol: -prices[symbol]) if self.rules.whole else ():
            more = min(rounded_down(left / prices[symbol], True), math.floor(room[symbol] - parts[symbol]))
            parts[symbol] += max(0, more)
            left -= max(0, more) * prices[symbol]
        return parts

    def _book(self, one: Holding, quantity: float) -> None:
        assert one.price is not None
        self.quantities[one.symbol] += quantity
        self.left -= quantity * one.price
        spelled = next(key for key in self.worth if key.lower() == one.key.lower())
        self.worth[spelled] += quantity * one.price

    # buying

    def buy(self) -> None:
        """Spend what cash there is beyond its own target: first on what is below its band, then on what is below its target."""
        below = [each.key for each in self._named() if each.state == "below"]
        self._fill({key: self.goals[key] for key in below})
        rest = {each.key: each.target.weight * self.total for each in self._named() if each.target is not None}
        if self.rules.to == "band":
            edge = self.parts[CASH].target if CASH in self.parts else None
            self.reserve = max(self.reserve, edge.high * self.total if edge else 0.0)
        if self._spare() > _CENT:
            self._fill({key: goal for key, goal in rest.items() if not self._sold(key)})
        if self.rules.whole:
            self._one_more({key: goal for key, goal in rest.items() if not self._sold(key)})

    def _sold(self, key: str) -> bool:
        return any(self.quantities[each.symbol] < 0 for each in self.by_key[key.lower()])

    def _candidates(self, key: str) -> list[Holding]:
        mine = [each for each in self.by_key[key.lower()] if each.tradable]
        return [each for each in mine if each.wanted] or [each for each in mine if each.quantity > 0]

    def _fill(self, goals: Mapping[str, float]) -> None:
        """Raise these classes towards their goals as far as the money goes, setting aside those in which nothing can be had."""
        aside: set[str] = set()
        for key in goals:
            if goals[key] - self.worth[key] > _CENT and not self._candidates(key):
                self.obstacles[key] = "nothing to buy"
                aside.add(key)
        for _ in range(len(goals) + 1):
            short = {key: (self.worth[key], goal) for key, goal in goals.items() if key not in aside}
            wanted = raised(short, max(0.0, self._spare()))
            parts = {key: _spread(money, self._candidates(key), self.rules) for key, money in wanted.items() if money > _CENT}
            empty = {key for key, each in parts.items() if not each}
            if not empty:
                break
            worst = min(empty, key=lambda key: wanted[key])
            if goals[worst] - self.worth[worst] < self.rules.minimum:
                self.obstacles.setdefault(worst, "minimum trade")
            aside.add(worst)
        else:
            return
        for key, each in parts.items():
            for symbol, quantity in each.items():
                self._book(next(one for one in self._candidates(key) if one.symbol == symbol), quantity)

    def _one_more(self, goals: Mapping[str, float]) -> None:
        """Where money is left after rounding down, one share more of what lacks most, if that brings it nearer."""
        while True:
            found = [
                (goals[key] - self.worth[key], each)
                for key in goals
                for each in self._candidates(key)
                if each.price is not None
                and each.price <= self._spare() + 1e-9
                and goals[key] - self.worth[key] > each.price / 2
                and (self.quantities[each.symbol] + 1) * each.price >= self.rules.minimum
                and (self.rules.to == "target" or self.parts[key].state == "below")
            ]
            if not found:
                return
            self._book(max(found, key=lambda pair: (pair[0], pair[1].symbol))[1], 1.0)

    # what comes of it

    def trades(self) -> tuple[Trade, ...]:
        """Sales first, then purchases, the largest first."""
        made = []
        for each in self.holdings:
            quantity = self.quantities.get(each.symbol, 0.0)
            if not quantity or each.price is None:
                continue
            lots = choose(each.lots, -quantity, each.price, self.rules.choice, self.rules.rates) if quantity < 0 else ()
            made.append(Trade(each.symbol, each.key, quantity, each.price, lots))
        return tuple(sorted(made, key=lambda one: (one.quantity > 0, -abs(one.money), one.symbol)))

    def dearest(self) -> dict[str, float]:
        """The price of the dearest thing that can be traded in each class."""
        return {key: self._dearest(key) for key in self.goals}

    def _dearest(self, key: str) -> float:
        return max((each.price or 0.0 for each in self.by_key[key.lower()] if each.tradable), default=0.0)


def raised(short: Mapping[str, tuple[float, float]], budget: float) -> dict[str, float]:
    """How a budget is spread so that the least of worth / goal becomes as great as it can. `short`: (worth, goal) by class.

    No class gets more than it lacks; what is left over stays. Negative worth (sold short) counts as nothing.
    """
    known = {key: (max(0.0, worth), goal) for key, (worth, goal) in short.items() if goal > max(0.0, worth)}
    if sum(goal - worth for worth, goal in known.values()) <= budget:
        return {key: goal - worth for key, (worth, goal) in known.items()}
    order = sorted(known, key=lambda key: known[key][0] / known[key][1])
    taken_worth, taken_goal, level = 0.0, 0.0, 0.0
    for place, key in enumerate(order):
        taken_worth += known[key][0]
        taken_goal += known[key][1]
        level = (budget + taken_worth) / taken_goal
        following = order[place + 1] if place + 1 < len(order) else None
        if following is None or level <= known[following][0] / known[following][1]:
            break
    return {key: max(0.0, level * known[key][1] - known[key][0]) for key in order if level * known[key][1] > known[key][0]}


def _spread(money: float, among: Sequence[Holding], rules: Rules, *, most: Mapping[str, float] | None = None) -> dict[str, float]:
    """How many of each, for at most this much money: as it is spread now (evenly where nothing is held), without trades
    below the minimum. `most`: not more than this of each."""
    chosen = list(among)
    while chosen:
        parts = _quantities(money, chosen, rules, most or {})
        small = [each for each in chosen if parts.get(each.symbol, 0.0) * (each.price or 0.0) < max(rules.minimum - 1e-9, 1e-9)]
        if not small:
            return parts
        chosen.remove(min(small, key=lambda each: (each.worth, each.symbol)))
    return {}


def _quantities(money: float, among: Sequence[Holding], rules: Rules, most: Mapping[str, float]) -> dict[str, float]:
    whole = sum(each.worth for each in among)
    parts, left = {}, money
    for each in among:
        assert each.price is not None
        share = each.worth / whole if whole > 0 else 1 / len(among)
        everything = most.get(each.symbol)
        if everything is not None and money * share >= everything * each.price - _CENT:
            parts[each.symbol] = everything
        else:
            parts[each.symbol] = rounded_down(money * share / each.price, rules.whole)
        left -= parts[each.symbol] * each.price
    if rules.whole:
        for each in sorted(among, key=lambda one: -(one.price or 0.0)):
            room = most.get(each.symbol, math.inf) - parts[each.symbol]
            more = min(rounded_down(left / (each.price or math.inf), True), math.floor(room) if room < math.inf else math.inf)
            if more > 0:
                parts[each.symbol] += more
                left -= more * (each.price or 0.0)
    return parts


def rounded_down(quantity: float, whole: bool) -> float:
    """Whole shares, or parts to six decimals, never more than asked for."""
    step = 1.0 if whole else 10.0**PART
    return math.floor(quantity * step + 1e-9) / step


def with_wanted(holdings: Iterable[Holding], wanted: Iterable[Holding]) -> tuple[Holding, ...]:
    """The holdings with those that are to be bought among them: what is held already is marked, the rest added."""
    found = {each.symbol: each for each in holdings}
    for each in wanted:
        found[each.symbol] = replace(found[each.symbol], wanted=True) if each.symbol in found else replace(each, wanted=True)
    return tuple(found.values())
