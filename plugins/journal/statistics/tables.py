"""Figures of closed trades as tables, each with what it rests on."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from plugins.journal.decisions.following import calendar
from plugins.journal.tables import frame, written
from terminal.api import Column, Table
from terminal.domain import format as show
from terminal.domain.journal import statistics
from terminal.domain.journal.behaviour import findings
from terminal.domain.journal.statistics import FEW, Interval, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plugins.journal.trades.trading import Journal, Kept
    from terminal.api import Context
    from terminal.domain.risk.ratios import Ratios

_SUMMARY = (
    Column("term", "Key", newbie=False),
    Column("what", "What"),
    Column("value", "Value", "number", decimals=4),
    Column("text", "In words"),
    Column("low", "From", "number", decimals=4, newbie=False),
    Column("high", "To", "number", decimals=4, newbie=False),
    Column("n", "Trades", "integer", "count"),
    Column("why", "What it rests on"),
)


def summary_table(ctx: Context, found: Journal, capital: float) -> Table:
    """All figures, one a row; `detail`: the summary, the ratios, the capital and the journal."""
    outcomes = found.closed()
    told = statistics.summary(outcomes)
    at_work = capital or most_at_work(found.kept)
    ratios = statistics.ratios(statistics.curve(outcomes), _sessions(outcomes, found.day), at_work)
    rows = [*_counts(told, found.currency), *_money_rows(told, found.currency), *_streak_rows(told, found),
            *_signal_rows(outcomes, found.currency),
            *_ratio_rows(statistics.curve(outcomes), ratios, at_work, found.currency, given=bool(capital))]  # fmt: skip
    detail = {"summary": told, "ratios": ratios, "capital": at_work, "journal": found}
    notes = (f"{told.n} closed trades are few; the intervals say how little is known.",) if 0 < told.n < 30 else ()
    notes = notes if told.n else ("No closed trade to sum up. `tapeline journal trades` lists what there is.",)
    title = f"{told.n} closed trades up to {show.day(found.day)}"
    return Table(title, _SUMMARY, frame(_SUMMARY, rows), (written(ctx), *found.sources), found.unknown, notes, detail=detail)


Row = dict[str, Any]


def _row(term: str, what: str, value: float | None, text: str, n: int, why: str = "", bounds: Interval | None = None) -> Row:
    low, high = (bounds.low, bounds.high) if bounds is not None else (None, None)
    return {"term": term, "what": what, "value": value, "text": text if value is not None else show.UNKNOWN, "low": low,
            "high": high, "n": n, "why": why}  # fmt: skip


def _counts(told: statistics.Summary, currency: str) -> list[Row]:
    rate = told.win_rate
    between = f"between {show.percent(rate.low, 0)} and {show.percent(rate.high, 0)}" if rate else "no trade was won or lost"
    return [
        _row("journal_profit", "Profit", told.total if told.n else None, show.money(told.total, currency, sign=True), told.n,
             f"after {show.money(told.fees, currency)} of fees"),
        _row("journal_win_rate", "Win rate", rate.value if rate else None, show.percent(rate.value if rate else None), told.n,
             f"{told.wins} won, {told.losses} lost; {between} (90 %)", rate),
    ]  # fmt: skip


def _money_rows(told: statistics.Summary, currency: str) -> list[Row]:
    each, r = told.expectancy, told.expectancy_r
    few = "" if told.n >= FEW else f"fewer than {FEW} trades"
    return [
        _row("journal_trade_average", "Expectancy", each.value if each else None, _money(each, currency), told.n,
             _between(each, lambda value: show.money(value, currency, sign=True)) or few, each),
        _row("journal_expectancy_r", "Expectancy in R", r.value if r else None,
             f"{show.number(r.value, sign=True)} R" if r else "", told.n_r,
             _between(r, lambda value: f"{show.number(value, sign=True)} R") or f"risk was planned for {told.n_r} trades", r),
        _row("journal_profit_factor", "Profit factor", told.profit_factor, show.number(told.profit_factor), told.n,
             "" if told.losses else "nothing was lost"),
        _row("journal_payoff", "Payoff ratio", told.payoff, show.number(told.payoff), told.n),
        _row("journal_trade_win", "Average winner", told.average_win, show.money(told.average_win, currency, sign=True),
             told.wins),
        _row("journal_trade_loss", "Average loser", told.average_loss, show.money(told.average_loss, currency, sign=True),
             told.losses),
    ]  # fmt: skip


def _streak_rows(told: statistics.Summary, found: Journal) -> list[Row]:
    titles = {each.trade.key: each.title for each in found.kept}
    on = f"{abs(told.streak)} {'won' if told.streak > 0 else 'lost'} in a row now" if told.streak else ""
    rows = []
    for term, what, one in (("journal_best", "Best trade", told.best), ("journal_worst", "Worst trade", told.worst)):
        value = one.profit if one is not None else None
        why = f"trade {one.key}, {titles.get(one.key, one.symbol)}" if one is not None else ""
        rows.append(_row(term, what, value, show.money(value, found.currency, sign=True), told.n, why))
    return [
        *rows,
        _row("journal_streak", "Longest run of winners", float(told.win_streak), str(told.win_streak), told.n, on),
        _row("journal_streak", "Longest run of losers", float(told.loss_streak), str(told.loss_streak), told.n, on),
        _row("journal_held", "Winners held", told.held_winners, _days(told.held_winners), told.wins, "on average"),
        _row("journal_held", "Losers held", told.held_losers, _days(told.held_losers), told.losses, "on average"),
    ]


def _signal_rows(outcomes: Sequence[Outcome], currency: str) -> list[Row]:
    """The set-ups (without any, the signals of the decisions behind the trades) believed to earn most and least."""
    told = statistics.groups(outcomes, "setup") or statistics.groups(outcomes, "signal")
    rows = []
    for what, one in zip(("Best signal", "Worst signal"), statistics.best_and_worst(told), strict=True):
        sure = one is not None and (one.weight or 0.0) >= 0.5 and not one.few
        average = one.summary.expectancy.value if one is not None and one.summary.expectancy is not None else None
        why = "" if one is None else f"{one.name}: {show.money(average, currency, sign=True)} on average" + (
            "" if sure else "; may be chance")  # fmt: skip
        value = one.shrunk if one is not None else None
        rows.append(_row("journal_shrunk", what, value, f"{show.money(value, currency, sign=True)} believed",
                         one.summary.n if one is not None else 0, why or "needs two set-ups"))  # fmt: skip
    return rows


def _ratio_rows(curve: statistics.Curve, ratios: Ratios | None, capital: float, currency: str, *, given: bool) -> list[Row]:
    whose = "which you gave" if given else "the most that was at work at once"
    basis = f"daily returns on {show.money(capital, currency, 0)}, {whose}" if capital else "what was at work is not known"
    days = ratios.days if ratios else 0
    deepest = curve.deepest if curve.days else None
    rows = [
        _row("journal_drawdown", "Max drawdown", deepest, show.money(deepest, currency), len(curve.days), "of summed profits")
    ]
    for term, what, name in _RATIOS:
        value = getattr(ratios, name) if ratios else None
        text = show.percent(value) if name in ("max_drawdown", "volatility") else show.number(value)
        rows.append(_row(term, what, value, text, days, basis))
    return rows


_RATIOS = (
    ("journal_drawdown", "Max drawdown of capital", "max_drawdown"),
    ("journal_sharpe", "Sharpe ratio", "sharpe"),
    ("journal_sortino", "Sortino ratio", "sortino"),
    ("journal_volatility", "Volatility", "volatility"),
)
_GROUPS = (
    Column("group", "Group"),
    Column("n", "Trades", "integer", "count"),
    Column("profit", "Profit", "number", "currency", decimals=2, term="journal_profit"),
    Column("win_rate", "Win rate", "number", "fraction", decimals=0, term="journal_win_rate"),
    Column("expectancy", "Average", "number", "currency", decimals=2, term="journal_trade_average"),
    Column("shrunk", "Believed", "number", "currency", decimals=2, term="journal_shrunk"),
    Column("weight", "Own weight", "number", "fraction", decimals=0, term="journal_shrunk", newbie=False),
    Column("r", "Average R", "number", decimals=2, term="journal_expectancy_r"),
    Column("shrunk_r", "Believed R", "number", decimals=2, term="journal_shrunk", newbie=False),
    Column("profit_factor", "Profit factor", "number", decimals=2, term="journal_profit_factor"),
    Column("low", "From", "number", "currency", decimals=2, newbie=False),
    Column("high", "To", "number", "currency", decimals=2, newbie=False),
    Column("says", "What it says"),
    Column("currency", "Currency", newbie=False),
)
_TITLES = {"hour": "time of day", "held": "holding time", "symbol": "ticker", "setup": "set-up", "before": "state of mind before",
           "during": "state of mind during", "after": "state of mind after"}  # fmt: skip


def groups_table(ctx: Context, found: Journal, outcomes: Sequence[Outcome], by: str) -> Table:
    """One row a group; `_keys` are its trades."""
    told = statistics.groups(outcomes, by)
    best, worst = statistics.best_and_worst([one for one in told if not one.few])
    rows = [_group(one, found.currency, one is best, one is worst) for one in told]
    shown = frame((*_GROUPS, Column("_keys", "", "list")), rows)
    without = len(outcomes) - len({key for one in told for key in one.keys})
    notes = [f"{without} of {len(outcomes)} trades are in no group: nothing is known of them there."] if without and told else []
    if not told:
        notes = [f"Nothing to group by {_TITLES.get(by, by)}: no closed trade has one."]
    title = f"{len(outcomes)} closed trades by {_TITLES.get(by, by)}"
    return Table(title, _GROUPS, shown, (written(ctx), *found.sources), found.unknown, tuple(notes),
                 detail={"groups": told})  # fmt: skip


def _group(one: statistics.Group, currency: str, best: bool, worst: bool) -> Row:
    told = one.summary
    each = told.expectancy
    says = f"fewer than {FEW} trades: little can be said" if one.few else "best" if best else "worst" if worst else ""
    if not one.few and one.weight is not None and one.weight < 0.2:
        says = "differs from the rest no more than by chance"
    return {
        "group": one.name, "n": told.n, "profit": told.total, "win_rate": told.win_rate.value if told.win_rate else None,
        "expectancy": each.value if each else None, "shrunk": one.shrunk, "weight": one.weight,
        "r": told.expectancy_r.value if told.expectancy_r else None, "shrunk_r": one.shrunk_r if told.n_r else None,
        "profit_factor": told.profit_factor, "low": each.low if each and told.n > 1 else None,
        "high": each.high if each and told.n > 1 else None, "says": says, "currency": currency, "_keys": list(one.keys),
    }  # fmt: skip


_CONTRASTS = (
    Column("clause", "At entry"),
    Column("n", "True", "integer", "count"),
    Column("average", "Average when true", "number", "currency", decimals=2, term="journal_trade_average"),
    Column("win_rate", "Won when true", "number", "fraction", decimals=0, term="journal_win_rate"),
    Column("others", "False", "integer", "count"),
    Column("other_average", "Average when false", "number", "currency", decimals=2),
    Column("other_win_rate", "Won when false", "number", "fraction", decimals=0, newbie=False),
    Column("difference", "Difference", "number", "currency", decimals=2),
    Column("low", "From", "number", "currency", decimals=2, newbie=False),
    Column("high", "To", "number", "currency", decimals=2, newbie=False),
    Column("shrunk", "Believed", "number", "currency", decimals=2, term="journal_clause"),
    Column("says", "What it says"),
    Column("currency", "Currency", newbie=False),
)


def contrasts_table(ctx: Context, found: Journal, answers: Mapping[str, Mapping[str, bool | None]]) -> Table:
    """Which criterion made money: each clause, true against false."""
    told = statistics.contrasts(found.closed(), answers)
    rows = [
        {"clause": one.name, "n": one.held.n, "average": _value(one.held.expectancy), "win_rate": _value(one.held.win_rate),
         "others": one.failed.n, "other_average": _value(one.failed.expectancy), "other_win_rate": _value(one.failed.win_rate),
         "difference": _value(one.difference), "low": one.difference.low if one.difference else None,
         "high": one.difference.high if one.difference else None, "shrunk": one.shrunk, "says": _verdict(one),
         "currency": found.currency, "_keys": list(one.keys)}
        for one in told
    ]  # fmt: skip
    missing = sum(answer is None for each in answers.values() for answer in each.values())
    unknown = (f"{missing} answers are unknown: data was missing on the day.",) if missing else ()
    shown = frame((*_CONTRASTS, Column("_keys", "", "list")), rows)
    notes = ("Judged on the evening before each entry, as it was known then.",) if rows else ()
    return Table("Closed trades by what was true at entry", _CONTRASTS, shown, (written(ctx), *found.sources),
                 (*found.unknown, *unknown), notes, detail={"contrasts": told})  # fmt: skip


def _verdict(one: statistics.Contrast) -> str:
    if one.held.n < FEW or one.failed.n < FEW:
        return f"fewer than {FEW} trades on one side: little can be said"
    found = one.difference
    if found is None or one.shrunk is None or found.low <= 0 <= found.high or abs(one.shrunk) < abs(found.value) / 2:
        return "may be chance"
    return "makes money" if found.value > 0 else "costs money"


def _value(one: Interval | None) -> float | None:
    return None if one is None else one.value


_CURVE = (
    Column("day", "Day", "date"),
    Column("profit", "Profit", "number", "currency", decimals=2),
    Column("total", "Summed", "number", "currency", decimals=2),
    Column("drawdown", "Below the top", "number", "currency", decimals=2, term="journal_drawdown"),
    Column("currency", "Currency", newbie=False),
)


def curve_table(ctx: Context, found: Journal) -> Table:
    """The curve, a row for each day on which something was closed."""
    told = statistics.curve(found.closed())
    rows = [dict(zip(("day", "profit", "total", "drawdown"), each, strict=True), currency=found.currency)
            for each in zip(told.days, told.profit, told.total, told.drawdown, strict=True)]  # fmt: skip
    notes = () if rows else ("No trade is closed yet.",)
    return Table("Equity curve of your trades", _CURVE, frame(_CURVE, rows), (written(ctx), *found.sources), found.unknown, notes,
                 detail={"curve": told, "currency": found.currency})  # fmt: skip


_CALENDAR = (
    Column("day", "From", "date"),
    Column("profit", "Profit", "number", "currency", decimals=2),
    Column("trades", "Trades", "integer", "count"),
    Column("won", "Won", "integer", "count"),
    Column("r", "R", "number", decimals=2, term="journal_r"),
    Column("currency", "Currency", newbie=False),
)


def calendar_table(ctx: Context, found: Journal, by: str) -> Table:
    """What each day, week (from Monday) or month brought."""
    placed: dict[date, list[Outcome]] = defaultdict(list)
    for one in found.closed():
        day = one.closed
        first = day if by == "day" else day - timedelta(days=day.weekday()) if by == "week" else day.replace(day=1)
        placed[first].append(one)
    rows = []
    for first, ones in sorted(placed.items()):
        r = [one.r for one in ones if one.r is not None]
        rows.append({"day": first, "profit": sum(one.profit for one in ones), "trades": len(ones),
                     "won": sum(one.profit > 0 for one in ones), "r": sum(r) if r else None,
                     "currency": found.currency})  # fmt: skip
    notes = () if rows else ("No trade is closed yet.",)
    detail = {"currency": found.currency, "day": found.day}
    sources = (written(ctx), *found.sources)
    return Table(f"What each {by} brought", _CALENDAR, frame(_CALENDAR, rows), sources, found.unknown, notes, detail=detail)


def distribution_table(ctx: Context, found: Journal, *, in_r: bool) -> Table:
    """Bars of the histogram."""
    outcomes = found.closed()
    values = [one.r for one in outcomes if one.r is not None] if in_r else [one.profit for one in outcomes]
    unit = "x" if in_r else "currency"
    columns = (Column("low", "From", "number", unit, decimals=2), Column("high", "To", "number", unit, decimals=2),
               Column("trades", "Trades", "integer", "count"), Column("currency", "Currency", newbie=False))  # fmt: skip
    rows = [
        {"low": low, "high": high, "trades": n, "currency": found.currency} for low, high, n in statistics.distribution(values)
    ]
    left = len(outcomes) - len(values)
    notes = (f"Of {left} trades no risk was planned, so they have no R.",) if left else ()
    title = f"Distribution of {len(values)} trades" + (" in R" if in_r else "")
    return Table(title, columns, frame(columns, rows), (written(ctx), *found.sources), found.unknown, notes,
                 detail={"currency": "" if in_r else found.currency})  # fmt: skip


_BEHAVIOUR = (
    Column("kind", "Key", newbie=False),
    Column("title", "Habit"),
    Column("verdict", "Verdict", term="journal_behaviour"),
    Column("text", "What was found"),
    Column("n", "Trades", "integer", "count"),
    Column("others", "Others", "integer", "count"),
    Column("what", "Compared", newbie=False),
    Column("typical", "Theirs", "number", decimals=4, newbie=False),
    Column("usual", "Others'", "number", decimals=4, newbie=False),
    Column("chance", "By chance", "number", "fraction", decimals=1, term="journal_chance", newbie=False),
    Column("cost", "They made", "number", "currency", decimals=2),
    Column("trades", "Which", "list"),
    Column("currency", "Currency", newbie=False),
)


def behaviour_table(ctx: Context, found: Journal) -> Table:
    """Habits with their evidence, always all of them."""
    told = findings(found.closed(), found.moments())
    names = ("kind", "title", "verdict", "text", "n", "others", "what", "typical", "usual", "chance", "cost")
    rows = [
        {**{name: getattr(one, name) for name in names}, "trades": list(one.keys), "currency": found.currency} for one in told
    ]
    return Table("Habits in your trades", _BEHAVIOUR, frame(_BEHAVIOUR, rows), (written(ctx), *found.sources), found.unknown,
                 detail={"findings": told, "currency": found.currency})  # fmt: skip


def most_at_work(kept: Sequence[Kept]) -> float:
    """The largest sum that was tied up in trades on one evening (of a short or sold position what it brought)."""
    moves: Mapping[date, float] = defaultdict(float)
    changes: dict[date, float] = dict(moves)
    for each in kept:
        paid = each.trade.paid
        if paid is None or each.rate is None:
            continue
        size = abs(float(paid * each.rate))
        changes[each.trade.opened.day] = changes.get(each.trade.opened.day, 0.0) + size
        if each.trade.closed is not None:
            after = each.trade.closed.day + timedelta(days=1)
            changes[after] = changes.get(after, 0.0) - size
    most = at = 0.0
    for day in sorted(changes):
        at += changes[day]
        most = max(most, at)
    return most


def _sessions(outcomes: Sequence[Outcome], end: date) -> list[date]:
    """All sessions from the first opening to the last closing."""
    if not outcomes:
        return []
    first, last = min(one.opened for one in outcomes), max(one.closed for one in outcomes)
    try:
        return list(calendar().sessions(first, min(last, end)))
    except ValueError:
        return []


def _money(value: Interval | None, currency: str) -> str:
    return show.UNKNOWN if value is None else show.money(value.value, currency, sign=True)


def _between(value: Interval | None, text: Any) -> str:
    return "" if value is None or value.low == value.high else f"between {text(value.low)} and {text(value.high)} (90 %)"


def _days(value: float | None) -> str:
    if value is None:
        return show.UNKNOWN
    return f"{show.number(value, 1)} days" if value >= 1 else f"{show.number(value * 24, 1)} hours"
