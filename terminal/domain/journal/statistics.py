"""What the trades of a journal say about their trader, each figure with how far it can be believed.

Wilson's interval for a win rate (E. B. Wilson, 1927); shrinkage of small groups towards the whole by the method of
DerSimonian and Laird (1986), an empirical Bayes estimate with a normal prior. Ratios are those of daily returns on a
stated capital (`terminal.domain.risk.ratios`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain.base_rates import Z90, wilson
from terminal.domain.risk.ratios import ratios as of_returns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, time

    from terminal.domain.risk.ratios import Ratios

_REST = "\x00"
FEW = 10
"""Below so many trades a group says little, and is told so."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HELD = ((1 / 24, "up to an hour"), (1.0, "within a day"), (5.0, "1 to 5 days"), (20.0, "5 to 20 days"), (90.0, "20 to 90 days"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A closed trade as a figure: `profit` after fees in the one currency of all, `r` in units of planned risk.

    `size` is the money it tied up, `clock` the exchange's time at which it was opened (None: not known). `labels`: what is
    known or was said of it, by kind: tag, strategy, setup, mistake, clause, structure, side ...
    """

    key: str
    symbol: str
    opened: date
    closed: date
    profit: float
    r: float | None = None
    size: float | None = None
    clock: time | None = None
    held_days: float | None = None
    fees: float = 0.0
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the bounds of 90 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of some trades. None: there is nothing to work it out from. `average_loss` and `worst` are negative."""

    n: int
    wins: int
    losses: int
    total: float
    fees: float
    win_rate: Interval | None
    expectancy: Interval | None
    expectancy_r: Interval | None
    n_r: int
    profit_factor: float | None
    payoff: float | None
    average_win: float | None
    average_loss: float | None
    best: Outcome | None
    worst: Outcome | None
    win_streak: int
    loss_streak: int
    streak: int
    held_winners: float | None
    held_losers: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """Trades that have something in common. `shrunk`: expectancy pulled towards that of all groups as far as `n` is small;
    `weight` how much of it is the group's own; likewise `shrunk_r` and `shrunk_rate`."""

    name: str
    summary: Summary
    shrunk: float | None
    weight: float | None
    shrunk_r: float | None
    shrunk_rate: float | None
    keys: tuple[str, ...]

    @property
    def few(self) -> bool:
        """Whether these are too few to say much."""
        return self.summary.n < FEW


@dataclass(frozen=True, slots=True)
class Contrast:
    """Trades of which something was true against those of which it was not. `difference`: of their averages, with its interval
    (None: one side is empty or too small); `shrunk`: pulled towards no difference as far as it may be chance."""

    name: str
    held: Summary
    failed: Summary
    difference: Interval | None
    shrunk: float | None
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Profit by day of closing: each day's, the sum so far, and how far that is below its highest (<= 0)."""

    days: tuple[date, ...]
    profit: tuple[float, ...]
    total: tuple[float, ...]
    drawdown: tuple[float, ...]

    @property
    def deepest(self) -> float:
        """The largest drawdown in money, <= 0."""
        return min(self.drawdown, default=0.0)


def share(count: int, n: int) -> Interval | None:
    """A share and the interval in which it lies (Wilson); None of nothing."""
    return Interval(count / n, *wilson(count / n, float(n))) if n else None


def mean(values: Sequence[float]) -> Interval | None:
    """An average and the interval in which it lies (normal, from the standard error); bounds equal to it from one value."""
    if not values:
        return None
    found = np.asarray(values, dtype=float)
    value = float(found.mean())
    half = Z90 * float(found.std(ddof=1)) / math.sqrt(len(found)) if len(found) > 1 else 0.0
    return Interval(value, value - half, value + half)


def ordered(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """By their closing; the order in which they come does not matter."""
    return sorted(outcomes, key=lambda one: (one.closed, one.opened, _number(one.key)))


def summary(outcomes: Iterable[Outcome]) -> Summary:
    """All figures of some trades."""
    found = ordered(outcomes)
    won, lost = [one for one in found if one.profit > 0], [one for one in found if one.profit < 0]
    gained, given = math.fsum(one.profit for one in won), math.fsum(one.profit for one in lost)
    average_win = gained / len(won) if won else None
    average_loss = given / len(lost) if lost else None
    r = [one.r for one in found if one.r is not None]
    win_streak, loss_streak, streak = _streaks(found)
    return Summary(
        n=len(found), wins=len(won), losses=len(lost), total=math.fsum(one.profit for one in found),
        fees=math.fsum(one.fees for one in found), win_rate=share(len(won), len(won) + len(lost)),
        expectancy=mean([one.profit for one in found]), expectancy_r=mean(r), n_r=len(r),
        profit_factor=gained / -given if given else None,
        payoff=average_win / -average_loss if average_win is not None and average_loss else None,
        average_win=average_win, average_loss=average_loss, best=max(found, key=_profit, default=None),
        worst=min(found, key=_profit, default=None), win_streak=win_streak, loss_streak=loss_streak, streak=streak,
        held_winners=_average(one.held_days for one in won), held_losers=_average(one.held_days for one in lost),
    )  # fmt: skip


def groups(outcomes: Iterable[Outcome], by: str) -> list[Group]:
    """The trades by what they have in common, each group shrunk towards all; a trade with two tags is in two groups.

    Those that are in no group count for the whole. `by`: hour, weekday, month, held, symbol, or a kind of label. Times and
    lengths in their own order, the rest by what they are believed to earn.
    """
    placed: dict[str, list[Outcome]] = defaultdict(list)
    for one in ordered(outcomes):
        for name in place(one, by) or (_REST,):
            placed[name].append(one)
    summaries = {name: summary(ones) for name, ones in placed.items() if name != _REST}
    money = shrunk({name: [one.profit for one in ones] for name, ones in placed.items()})
    r = shrunk({name: [one.r for one in ones if one.r is not None] for name, ones in placed.items()})
    rate = shrunk({name: [float(one.profit > 0) for one in ones if one.profit] for name, ones in placed.items()}, shares=True)
    nothing: tuple[float | None, float | None] = (None, None)
    found = []
    for name, told in summaries.items():
        value, weight = money.get(name, nothing)
        keys = tuple(one.key for one in placed[name])
        found.append(Group(name, told, value, weight, r.get(name, nothing)[0], rate.get(name, nothing)[0], keys))
    if by in _ORDER:
        return sorted(found, key=lambda one: _ORDER[by](one.name))
    return sorted(found, key=lambda one: (-(one.shrunk if one.shrunk is not None else -math.inf), one.name))


def place(one: Outcome, by: str) -> tuple[str, ...]:
    """In which groups a trade is; none when what it is grouped by is not known of it."""
    if by == "hour":
        return () if one.clock is None else (_hour(one.clock),)
    if by == "weekday":
        return (WEEKDAYS[one.opened.weekday()],)
    if by == "month":
        return (f"{one.closed:%Y-%m}",)
    if by == "held":
        return () if one.held_days is None else (next((name for most, name in HELD if one.held_days <= most), "over 90 days"),)
    return (one.symbol,) if by == "symbol" else tuple(dict.fromkeys(one.labels.get(by, ())))


def shrunk(values: Mapping[str, Sequence[float]], *, shares: bool = False) -> dict[str, tuple[float, float]]:
    """Each group's mean pulled towards the mean of all, and the weight (0 to 1) that its own mean has.

    The spread within is taken from all groups together (of `shares` from the share of all), because a small group knows
    too little of its own. Where the groups differ no more than chance would have them, all of them get the same.
    """
    told = {name: np.asarray(one, dtype=float) for name, one in values.items() if len(one)}
    if not told:
        return {}
    every = np.concatenate(list(told.values()))
    spare = sum(len(one) - 1 for one in told.values())
    if shares:
        within = float(every.mean() * (1 - every.mean()))
    elif spare > 0:
        within = float(sum(((one - one.mean()) ** 2).sum() for one in told.values())) / spare
    else:
        within = float(every.var(ddof=1)) if len(every) > 1 else 0.0
    if within <= 0 or len(told) == 1:
        return {name: (float(one.mean()), 1.0) for name, one in told.items()}
    means = np.array([one.mean() for one in told.values()])
    noise = np.array([within / len(one) for one in told.values()])
    between = _between(means, noise)
    weights = 1 / (noise + between)
    centre = float((weights * means).sum() / weights.sum())
    own = between / (between + noise)
    return {name: (float(part * middle + (1 - part) * centre), float(part))
            for name, part, middle in zip(told, own, means, strict=True)}  # fmt: skip


def contrasts(outcomes: Iterable[Outcome], answers: Mapping[str, Mapping[str, bool | None]]) -> list[Contrast]:
    """For each clause the trades at whose entry it was true against those at which it was false, the best one first.

    `answers` by clause and trade; unknown ones count on neither side. The prior is that clauses differ around nothing, its
    spread what the differences show beyond their own noise (DerSimonian and Laird with the centre known).
    """
    found = ordered(outcomes)
    raw: list[tuple[str, list[Outcome], list[Outcome], float | None, float]] = []
    for name, told in answers.items():
        held, failed = ([one for one in found if told.get(one.key) is wanted] for wanted in (True, False))
        raw.append((name, held, failed, *_difference([one.profit for one in held], [one.profit for one in failed])))
    known = [(value, noise) for _, _, _, value, noise in raw if value is not None]
    precision = math.fsum(1 / noise for _, noise in known if noise > 0)
    spread = math.fsum(value * value / noise - 1 for value, noise in known if noise > 0)
    between = max(0.0, spread / precision) if precision > 0 else 0.0
    made = []
    for name, held, failed, value, noise in raw:
        half = Z90 * math.sqrt(noise)
        told_of = None if value is None else Interval(value, value - half, value + half)
        pulled = None if value is None else value * between / (between + noise) if between + noise > 0 else value
        made.append(Contrast(name, summary(held), summary(failed), told_of, pulled, tuple(one.key for one in held)))
    return sorted(made, key=lambda one: (-(one.shrunk if one.shrunk is not None else -math.inf), -_middle(one), one.name))


def _difference(held: Sequence[float], failed: Sequence[float]) -> tuple[float | None, float]:
    """Of two averages, and the square of its standard error; None unless there are two on either side."""
    if len(held) < 2 or len(failed) < 2:
        return None, 0.0
    one, other = np.asarray(held), np.asarray(failed)
    return float(one.mean() - other.mean()), float(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))


def _middle(one: Contrast) -> float:
    return one.difference.value if one.difference is not None else -math.inf


def best_and_worst(found: Sequence[Group]) -> tuple[Group | None, Group | None]:
    """The groups believed to earn most and least, after shrinkage (where it leaves none apart, by their own averages).

    None where there are not two of them.
    """
    told = [one for one in found if one.shrunk is not None]
    if len(told) < 2:
        return None, None

    def believed(one: Group) -> tuple[float, float]:
        return round(one.shrunk or 0.0, 9), one.summary.expectancy.value if one.summary.expectancy is not None else 0.0

    return max(told, key=believed), min(told, key=believed)


def curve(outcomes: Iterable[Outcome]) -> Curve:
    """Profit by day of closing, only days on which something was closed."""
    by_day: dict[date, list[float]] = defaultdict(list)
    for one in outcomes:
        by_day[one.closed].append(one.profit)
    days = tuple(sorted(by_day))
    profit = [math.fsum(by_day[day]) for day in days]
    total = np.cumsum(profit) if profit else np.zeros(0)
    top = np.maximum.accumulate(np.concatenate(([0.0], total)))[1:]
    return Curve(days, tuple(profit), tuple(map(float, total)), tuple(map(float, total - top)))


def returns(found: Curve, sessions: Sequence[date], capital: float) -> np.ndarray:
    """Return of each session on what the capital had become; days that are no session count with the next one."""
    profit = np.zeros(len(sessions))
    for day, value in zip(found.days, found.profit, strict=True):
        at = min(int(np.searchsorted(np.array(sessions, dtype="datetime64[D]"), np.datetime64(day))), len(sessions) - 1)
        profit[at] += value
    before = capital + np.concatenate(([0.0], np.cumsum(profit)[:-1]))
    return np.divide(profit, before, out=np.zeros_like(profit), where=before > 0)


def ratios(found: Curve, sessions: Sequence[date], capital: float) -> Ratios | None:
    """Sharpe and Sortino ratio, volatility, drawdown and so on of what was earned on `capital`; None without days or capital."""
    if not found.days or not sessions or capital <= 0:
        return None
    return of_returns(returns(found, sessions, capital))


def distribution(values: Sequence[float]) -> list[tuple[float, float, int]]:
    """Bars of a histogram (from, to, count) whose edges are round numbers and include zero (Freedman and Diaconis, 1981)."""
    if not values:
        return []
    told = np.asarray(values, dtype=float)
    low, high = min(0.0, float(told.min())), max(0.0, float(told.max()))
    quarter, three = np.percentile(told, [25, 75])
    width = 2 * float(three - quarter) / len(told) ** (1 / 3)
    width = _round_step(max(width, (high - low) / 30) or 1.0)
    first, last = math.floor(low / width), math.ceil(high / width)
    last += last * width <= high
    edges = [at * width for at in range(first, last + 1)]
    counts, _ = np.histogram(told, bins=edges)
    return [(edges[at], edges[at + 1], int(count)) for at, count in enumerate(counts)]


def _between(means: np.ndarray, noise: np.ndarray) -> float:
    weights = 1 / noise
    centre = (weights * means).sum() / weights.sum()
    spread = (weights * (means - centre) ** 2).sum()
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    return max(0.0, float((spread - (len(means) - 1)) / scale)) if scale > 0 else 0.0


def _round_step(width: float) -> float:
    power = 10.0 ** math.floor(math.log10(width))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= width * (1 - 1e-9))


def _streaks(found: Sequence[Outcome]) -> tuple[int, int, int]:
    """The longest runs of gains and of losses, and the one that is on (negative: losses). What is flat ends none."""
    most_won = most_lost = run = 0
    for one in found:
        if one.profit > 0:
            run = max(run, 0) + 1
        elif one.profit < 0:
            run = min(run, 0) - 1
        most_won, most_lost = max(most_won, run), max(most_lost, -run)
    return most_won, most_lost, run


def _hour(clock: time) -> str:
    """Hours, the first half hour after the open on its own."""
    if clock.hour == 9:
        return "09:30-10:00" if clock.minute >= 30 else "09:00-09:30"
    return f"{clock.hour:02d}:00-{clock.hour + 1:02d}:00"


def _average(values: Iterable[float | None]) -> float | None:
    told = [each for each in values if each is not None]
    return math.fsum(told) / len(told) if told else None


def _profit(one: Outcome) -> float:
    return one.profit


def _number(key: str) -> tuple[int, str]:
    return (int(key), "") if key.isdecimal() else (0, key)


_ORDER: dict[str, Callable[[str], Any]] = {
    "hour": str,
    "month": str,
    "weekday": WEEKDAYS.index,
    "held": lambda name: [each for _, each in HELD].index(name) if name in [each for _, each in HELD] else len(HELD),
}
