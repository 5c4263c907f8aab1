"""What became of a decision or a call, from what happened after it and nothing else.

Only sessions that opened after it was written count, and only those that had ended by the day asked for (`seen`): the grade as
of a day never depends on a later bar, and once it is closed it never changes. Everything is per share of then: splits since are
taken out of the prices that were written down. Returns are price and dividends (not reinvested), for the market alike.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

State = Literal["open", "closed", "unknown"]
How = Literal["", "stop", "target", "horizon", "closed"]
CallState = Literal["open", "right", "wrong", "unknown"]

NEAR = timedelta(days=7)
"""How old a close may be and still stand for the day on which something ends."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One session of a symbol, adjusted for the splits of its history."""

    day: date
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True)
class History:
    """What is known of a symbol: bars by day, splits as (ex-day, new shares for an old one), dividends as (ex-day, amount)."""

    bars: tuple[Bar, ...] = ()
    splits: tuple[tuple[date, float], ...] = ()
    dividends: tuple[tuple[date, float], ...] = ()

    def between(self, start: date, end: date) -> tuple[Bar, ...]:
        """The bars of these days, both included."""
        return tuple(bar for bar in self.bars if start <= bar.day <= end)

    def last(self, day: date) -> Bar | None:
        """The newest bar up to a day, if it is not too old to stand for it."""
        place = bisect_right(self.bars, day, key=lambda bar: bar.day) - 1
        return self.bars[place] if place >= 0 and day - self.bars[place].day <= NEAR else None

    def now(self, price: float, start: date) -> float:
        """A price written down before `start`, per share of the bars."""
        for day, ratio in self.splits:
            if day >= start:
                price /= ratio
        return price

    def paid(self, start: date, end: date) -> float:
        """Dividends of these days, both included."""
        return sum(amount for day, amount in self.dividends if start <= day <= end)

    def gain(self, price: float, start: date, bar_close: float, end: date) -> float:
        """Return from a price written down before `start` to a close, dividends included."""
        entry = self.now(price, start)
        return (bar_close + self.paid(start, end)) / entry - 1


@dataclass(frozen=True, slots=True)
class Levels:
    """The stop and target that hold from a session on, as written before it."""

    start: date
    stop: float | None = None
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """That the user ended it on a day, at the prices of that moment; `start` is the first session after it."""

    day: date
    start: date
    price: float | None = None
    market_price: float | None = None


@dataclass(frozen=True)
class Plan:
    """What is graded. `side` +1: gains when the price rises. `price`: that of the moment it was written.

    `start`: the first session that counts. `until`: the day on which it ends, whose last session is `due`. `closing`: that the
    user ended it before. `market_price`: of the broad index at the same moment.
    """

    side: int
    price: float | None
    start: date
    until: date
    due: date
    levels: tuple[Levels, ...] = ()
    closing: Closing | None = None
    market_price: float | None = None


@dataclass(frozen=True)
class Grade:
    """What became of it. Returns are fractions; those named `gain` count for the side of the plan, `change` is the symbol's own.

    `gain` is that of the end, or so far. `best` and `worst` are the excursions up to the end (never below or above zero), of
    the session of the end only its exit. `change_since` goes on to the newest bar. `doubtful`: stop and target lie in one
    session; the stop is taken.
    """

    state: State
    how: How = ""
    ended_on: date | None = None
    price: float | None = None
    change: float | None = None
    gain: float | None = None
    market: float | None = None
    beyond: float | None = None
    best: float | None = None
    worst: float | None = None
    best_on: date | None = None
    worst_on: date | None = None
    stop_on: date | None = None
    target_on: date | None = None
    doubtful: bool = False
    change_since: float | None = None
    market_since: float | None = None
    last_price: float | None = None
    last_on: date | None = None
    sessions: int = 0
    why: str = ""


def grade(plan: Plan, history: History, market: History, seen: date) -> Grade:
    """What became of a plan by the end of the day `seen`."""
    if plan.price is None or plan.price <= 0:
        return Grade("unknown", why="no price was known when it was written")
    bars = history.between(plan.start, seen)
    exit_ = _exit(plan, history, bars, seen, _covered(plan, history, market, seen))
    if exit_ is None and not bars:
        return Grade("open", why="no session has ended since" if seen < plan.start else "no price since is stored")
    last = bars[-1] if bars else None
    if exit_ is None:
        assert last is not None
        exit_, over = _Exit(last.day, last.close, ""), False
    else:
        over = True
    entry = history.now(plan.price, plan.start)
    path = [bar for bar in bars if bar.day < exit_.day or (not over and bar.day == exit_.day)]
    best, worst = _excursions(plan.side, entry, path, (exit_.day, exit_.price) if over else None)
    last_day = plan.until if plan.closing is None else min(plan.until, plan.closing.day)
    stop_on, target_on = _touches(plan, history, [bar for bar in bars if bar.day <= last_day])
    change = history.gain(plan.price, plan.start, exit_.price, exit_.day)
    market_change = exit_.market if exit_.market is not None else _market_gain(plan, market, exit_.day)
    return Grade(
        state="closed" if over else "open", how=exit_.how, ended_on=exit_.day if over else None, price=exit_.price,
        change=change, gain=plan.side * change, market=market_change,
        beyond=None if market_change is None else plan.side * (change - market_change),
        best=best[0], worst=worst[0], best_on=best[1], worst_on=worst[1], stop_on=stop_on, target_on=target_on,
        doubtful=exit_.doubtful,
        change_since=None if last is None else history.gain(plan.price, plan.start, last.close, last.day),
        market_since=None if last is None else _market_gain(plan, market, last.day),
        last_price=None if last is None else last.close, last_on=None if last is None else last.day, sessions=len(path),
        why="" if over else _waiting(plan, seen),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Exit:
    day: date
    price: float
    how: How
    doubtful: bool = False
    market: float | None = None


def _exit(plan: Plan, history: History, bars: Sequence[Bar], seen: date, covered: bool) -> _Exit | None:
    """Where the plan ended: at the first of stop, target, the user's closing and its last day."""
    closing = plan.closing if plan.closing is not None and plan.closing.day <= plan.until else None
    for bar in bars:
        if bar.day > plan.until or (closing is not None and bar.day >= closing.day):
            break
        if (found := _hit(plan, history, bar)) is not None:
            return found
    if closing is not None:
        return _closed(plan, history, bars, closing)
    last = max((bar for bar in bars if bar.day <= plan.until), key=lambda bar: bar.day, default=None)
    if seen < plan.due or not covered or last is None or plan.due - last.day > NEAR:
        return None
    return _Exit(last.day, last.close, "horizon")


def _closed(plan: Plan, history: History, bars: Sequence[Bar], closing: Closing) -> _Exit | None:
    """Ended by the user: at the price of that moment, or the last close before it."""
    if closing.price is not None:
        gain = None
        if closing.market_price is not None and plan.market_price is not None:
            gain = closing.market_price / plan.market_price - 1
        return _Exit(closing.day, history.now(closing.price, closing.start), "closed", market=gain)
    last = max((bar for bar in bars if bar.day <= closing.day), key=lambda bar: bar.day, default=None)
    return None if last is None else _Exit(last.day, last.close, "closed")


def _hit(plan: Plan, history: History, bar: Bar) -> _Exit | None:
    """Whether a session reached stop or target, and at what price: that of the open, when it opened beyond."""
    stop, target = _levels(plan, history, bar.day)
    side = plan.side
    adverse, kind = (bar.low, bar.high) if side > 0 else (bar.high, bar.low)
    if stop is not None and side * (bar.open - stop) <= 0:
        return _Exit(bar.day, bar.open, "stop")
    if target is not None and side * (bar.open - target) >= 0:
        return _Exit(bar.day, bar.open, "target")
    stopped = stop is not None and side * (adverse - stop) <= 0
    reached = target is not None and side * (kind - target) >= 0
    if stopped and stop is not None:
        return _Exit(bar.day, stop, "stop", doubtful=reached)
    return _Exit(bar.day, target, "target") if reached and target is not None else None


def _levels(plan: Plan, history: History, day: date) -> tuple[float | None, float | None]:
    """Stop and target in force on a day, per share of the bars."""
    held = [each for each in plan.levels if each.start <= day]
    if not held:
        return None, None
    newest = held[-1]
    stop, target = (None if each is None else history.now(each, newest.start) for each in (newest.stop, newest.target))
    return stop, target


def _touches(plan: Plan, history: History, bars: Iterable[Bar]) -> tuple[date | None, date | None]:
    """When the stop and when the target were first reached, each for itself."""
    stop_on = target_on = None
    for bar in bars:
        stop, target = _levels(plan, history, bar.day)
        against, for_it = (bar.low, bar.high) if plan.side > 0 else (bar.high, bar.low)
        if stop_on is None and stop is not None and plan.side * (against - stop) <= 0:
            stop_on = bar.day
        if target_on is None and target is not None and plan.side * (for_it - target) >= 0:
            target_on = bar.day
    return stop_on, target_on


_Reached = tuple[float, date | None]


def _excursions(side: int, entry: float, path: Iterable[Bar], end: tuple[date, float] | None) -> tuple[_Reached, _Reached]:
    """The furthest it went for and against the plan, with the days."""
    best: _Reached = (0.0, None)
    worst: _Reached = (0.0, None)
    points = [(bar.day, bar.high if side > 0 else bar.low, bar.low if side > 0 else bar.high) for bar in path]
    if end is not None:
        points.append((end[0], end[1], end[1]))
    for day, good, bad in points:
        for_it, against = side * (good / entry - 1), side * (bad / entry - 1)
        best = (for_it, day) if for_it > best[0] else best
        worst = (against, day) if against < worst[0] else worst
    return best, worst


def _covered(plan: Plan, history: History, market: History, seen: date) -> bool:
    """Whether prices are stored up to the session on which the plan ends: an old store must not close it early."""
    newest = max((bars[-1].day for bars in (history.between(plan.start, seen), market.between(plan.start, seen)) if bars),
                 default=None)  # fmt: skip
    return newest is not None and newest >= plan.due


def _waiting(plan: Plan, seen: date) -> str:
    return f"no price of {plan.due} is stored" if seen >= plan.until else ""


def _market_entry(plan: Plan, market: History) -> float | None:
    """The index at the moment of writing; else its last close before the first session that counts."""
    if plan.market_price is not None:
        return plan.market_price
    before = market.last(plan.start - timedelta(days=1))
    if before is None:
        return None
    price = before.close
    for day, ratio in market.splits:
        price = price * ratio if day >= plan.start else price  # as it was written then; `gain` takes it out again
    return price


def _market_gain(plan: Plan, market: History, day: date) -> float | None:
    entry, bar = _market_entry(plan, market), market.last(day)
    if entry is None or bar is None or bar.day < plan.start:
        return None
    return market.gain(entry, plan.start, bar.close, day)


@dataclass(frozen=True)
class CallGrade:
    """Whether a prediction came true. `decided_on`: the session that decided it; `price`: what it closed or traded at."""

    state: CallState
    decided_on: date | None = None
    price: float | None = None
    why: str = ""


def grade_call(plan: Plan, event: str, level: float | None, history: History, market: History, seen: date) -> CallGrade:
    """Whether a call came true by the end of the day `seen`; `plan` has its direction as `side`.

    "direction": the close of the last session up to `until` lies above (below) the price of then. "level": at the level or
    beyond. "target": some session up to it traded at the level or beyond; that decides at once.
    """
    if plan.price is None and (event == "direction" or level is None):
        return CallGrade("unknown", why="no price was known when it was written")
    wanted = history.now(level if level is not None and event != "direction" else plan.price or 0.0, plan.start)
    bars = history.between(plan.start, min(seen, plan.until))
    if event == "target":
        for bar in bars:
            reached = bar.high if plan.side > 0 else bar.low
            if plan.side * (reached - wanted) >= 0:
                beyond = plan.side * (bar.open - wanted) >= 0
                return CallGrade("right", bar.day, bar.open if beyond else wanted)
    if seen < plan.due or (seen < plan.until and not bars):
        return CallGrade("open")
    if not _covered(plan, history, market, seen):
        return CallGrade("open", why=_waiting(plan, plan.until))
    last = bars[-1] if bars else None
    if last is None or plan.due - last.day > NEAR:
        return CallGrade("unknown", why=f"no price near {plan.due} is stored")
    distance = plan.side * (last.close - wanted)
    came = event != "target" and (distance > 0 if event == "direction" else distance >= 0)
    return CallGrade("right" if came else "wrong", last.day, last.close)
