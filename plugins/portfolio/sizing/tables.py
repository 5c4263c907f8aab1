"""Sizes as tables: a row a method with its sentence, the steps of the market's range, and option positions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from plugins.portfolio.tables import frame
from terminal.api import Column, Source, Table
from terminal.domain import format as words
from terminal.domain.sizing.market import span
from terminal.domain.sizing.shares import (
    EDGE,
    WHOLE,
    Means,
    Size,
    atr_stop,
    fixed_risk,
    kelly,
    kelly_fraction,
    volatility_target,
    whole_shares,
)

if TYPE_CHECKING:
    from plugins.portfolio.sizing.gathering import Case
    from terminal.domain.sizing.contracts import Contracts, Leg

SIZES = (
    Column("method", "Method", newbie=False),
    Column("title", "By", term="portfolio_size"),
    Column("shares_from", "Shares from", "number", decimals=4),
    Column("shares", "Shares", "number", decimals=4),
    Column("money_from", "Money from", "number", "currency", decimals=2),
    Column("money", "Money", "number", "currency", decimals=2),
    Column("part_from", "Part from", "number", "fraction", decimals=2, newbie=False),
    Column("part", "Part of all", "number", "fraction", decimals=2),
    Column("stop", "Stop", "number", "currency", decimals=2, term="portfolio_stop"),
    Column("loss", "Loss there", "number", "currency", decimals=2, term="portfolio_stop"),
    Column("risk", "Risk", "number", "fraction", decimals=2, newbie=False, term="portfolio_risk_part"),
    Column("binds", "What binds", term="portfolio_binds"),
    Column("sentence", "In a sentence"),
    Column("formula", "Formula", newbie=False),
    Column("currency", "Currency", newbie=False),
)
STEPS = (
    Column("what", "Looks at"),
    Column("sentence", "In a sentence"),
    Column("low", "From", "number", "fraction", decimals=2),
    Column("high", "To", "number", "fraction", decimals=2),
)
SPREAD = (
    Column("term", "Term", newbie=False),
    Column("title", "What"),
    Column("value", "Value", "number", decimals=2),
    Column("sentence", "In a sentence"),
    Column("currency", "Currency", newbie=False),
)
NO_ADVICE = "This is arithmetic with what you typed and what is known, not advice. After a gap a stop loses more."


@dataclass(frozen=True)
class Asked:
    """What was typed; fractions. `entry` None: at the present price; `stop` None: by true ranges."""

    risk: float = 0.01
    entry: float | None = None
    stop: float | None = None
    multiple: float = 2.0
    volatility: float = 0.02
    win: float | None = None
    payoff: float | None = None
    trades: int | None = None
    kelly: float = 0.5
    most: float = 0.25
    whole: bool = True
    short: bool = False


def sizes(found: Case, asked: Asked) -> tuple[list[dict[str, Any]], list[str]]:
    """A row a method, and why others are missing. Raises ValueError for numbers that make no sense."""
    means = Means(found.capital, found.cash, asked.most, asked.whole)
    price = asked.entry or found.price
    stop = asked.stop
    rows, missing = [], []
    if stop is not None:
        _on_the_right_side(price, stop, asked.short)
        rows.append(_row("risk", found, fixed_risk(means, price, stop, asked.risk), asked, _RISK))
    if found.atr:
        size = atr_stop(means, price, found.atr, asked.multiple, asked.risk, short=asked.short)
        formula = f"stop = price {'+' if asked.short else '−'} {asked.multiple:g} × ATR; then {_RISK}"
        rows.append(_row("atr", found, size, asked, formula))
        stop = size.stop if stop is None else stop
    else:
        missing.append("By true ranges: its average true range is not known")
    if found.volatility:
        size = volatility_target(means, price, found.volatility, asked.volatility)
        rows.append(_row("volatility", found, size, asked, "capital × target / volatility / price"))
    else:
        missing.append("By volatility: how much it swings is not known")
    rows += _kelly(found, asked, means, price, stop, missing)
    return [*rows, _market(found, asked, price)], missing


_RISK = "capital × risk / |price − stop|"
_TITLES = {
    "risk": "Fixed risk, your stop",
    "atr": "Fixed risk, stop by true ranges",
    "volatility": "Volatility target",
    "kelly": "Kelly fraction",
    "market": "What the market says",
}


def _on_the_right_side(price: float, stop: float, short: bool) -> None:
    if (stop > price) != short:
        raise ValueError("the stop lies below the price" if not short else "the stop of a short sale lies above the price")


def _kelly(found: Case, asked: Asked, means: Means, price: float, stop: float | None, missing: list[str]) -> list[dict[str, Any]]:
    typed = asked.win is not None and asked.payoff is not None
    own = found.record
    if not typed and own is None:
        missing.append("By Kelly: say --win and --payoff; your book has no trades won and lost to take them from")
        return []
    win, payoff = (asked.win, asked.payoff) if typed else (own.win, own.payoff) if own else (None, None)
    trades = asked.trades if typed else own.trades if own else None
    assert win is not None and payoff is not None
    if stop is None:
        missing.append("By Kelly: it needs a stop")
        return []
    size = kelly(means, price, stop, win, payoff, trades=trades, fraction=asked.kelly)
    where = "" if typed else f" (from {trades} closed trades of yours)"
    shrunk = "" if trades is None else ", drawn towards no edge by 30 trades"
    told = f"won {words.percent(win, 0)}, gain {payoff:.2f} × loss{where}{shrunk}; "
    share = kelly_fraction(win, payoff, trades=trades, fraction=asked.kelly)
    formula = f"{told}{asked.kelly:g} × (p − (1 − p) / b) = {words.percent(share, 2)} at risk"
    return [_row("kelly", found, size, asked, formula)]


def _row(method: str, found: Case, size: Size, asked: Asked, formula: str) -> dict[str, Any]:
    return {
        "method": method,
        "title": _TITLES[method],
        "shares": size.shares,
        "money": round(size.money, 2),
        "part": size.part,
        "stop": None if size.stop is None else round(size.stop, 4),
        "loss": None if size.loss is None else round(size.loss, 2),
        "risk": size.risk,
        "binds": size.binds,
        "sentence": sentence(method, size, found, asked),
        "formula": formula,
        "currency": found.currency,
    }


def sentence(method: str, size: Size, found: Case, asked: Asked) -> str:
    """One size for somebody who has never heard of it: Buy 12 shares, you lose at most $100 if it falls to $41."""
    if size.binds == EDGE:
        return "Nothing: so far there is no edge, so there is nothing to put at risk."
    if not size.shares:
        why = "one share alone is more than that" if size.binds == WHOLE else f"{size.binds} leaves no room"
        return f"Nothing: {why}."
    do = "Sell short" if asked.short else "Buy"
    count = f"{words.number(size.shares, 0 if asked.whole else 4)} share{'' if size.shares == 1 else 's'}"
    money = words.money(size.money, found.currency)
    if size.stop is None or size.loss is None:
        swing = words.percent(size.part * (found.volatility or 0.0), 1)
        return f"{do} {count} ({money}): alone they make what you have swing by about {swing} a year."
    way = "rises" if size.stop > size.price else "falls"
    loss, stop = words.money(size.loss, found.currency), words.money(size.stop, found.currency)
    return f"{do} {count} ({money}): you lose at most {loss} if it {way} to {stop}."


def _market(found: Case, asked: Asked, price: float) -> dict[str, Any]:
    place = found.room
    low, high = (whole_shares(part * found.capital, price, whole=asked.whole) for part in (place.buy_low, place.buy_high))
    money = [round(part * found.capital, 2) for part in (place.buy_low, place.buy_high)]
    return {
        "method": "market",
        "title": _TITLES["market"],
        "shares_from": low,
        "shares": high,
        "money_from": money[0],
        "money": money[1],
        "part_from": place.buy_low,
        "part": place.buy_high,
        "binds": place.reasons[-1].what if place.reasons else None,
        "sentence": market_sentence(found),
        "formula": "verdict × regime × sector × volatility, less what is owned",
        "currency": found.currency,
    }


def market_sentence(found: Case) -> str:
    """The range with its money: "2–4 %, $2,000 to $4,000"."""
    place = found.room
    if place.buy_high <= 0:
        return f"Nothing more. {place.reasons[-1].text}" if found.situation.held else f"Nothing. {place.reasons[-1].text}"
    low, high = (words.money(part * found.capital, found.currency, 0) for part in (place.buy_low, place.buy_high))
    money = f"up to {high}" if place.buy_low <= 0 else low if low == high else f"{low} to {high}"
    return f"{span(place.buy_low, place.buy_high)} of what you have: {money}."


def sizes_table(found: Case, asked: Asked) -> Table:
    """A row a method."""
    rows, missing = sizes(found, asked)
    whole = words.money(found.capital, found.currency)
    note = f"Of {whole}" + (" as you said; what your book holds does not count." if found.given else ", what your book comes to.")
    return Table(
        f"How much {found.symbol} to {'sell short' if asked.short else 'buy'}",
        SIZES if not asked.whole else tuple(replace(each, decimals=0) if "shares" in each.name else each for each in SIZES),
        frame(SIZES, rows),
        found.sources,
        (*missing, *found.unknown),
        (note, *(each.text for each in found.room.reasons), NO_ADVICE),
        detail={"case": found, "asked": asked, "rows": rows},
    )


def steps_table(found: Case) -> Table:
    """Each step of the market's range."""
    rows = [{"what": each.what, "sentence": each.text, "low": each.low, "high": each.high} for each in found.room.reasons]
    return Table(
        f"How large a position in {found.symbol} may be",
        STEPS,
        frame(STEPS, rows),
        found.sources,
        found.unknown,
        (market_sentence(found), NO_ADVICE),
        detail={"case": found},
    )


def spread_table(
    legs: tuple[Leg, ...], made: Contracts, budget: float, currency: str, told: tuple[Source, ...], notes: tuple[str, ...]
) -> Table:
    """How many contracts a budget takes, and what one of them can bring and lose."""
    one = made.outcome
    money = {name: words.money(value, currency) for name, value in (("cost", abs(one.cost)), ("budget", budget))}
    paid = f"One costs {money['cost']}." if one.cost >= 0 else f"One brings {money['cost']} at once."
    rows: list[dict[str, Any]] = [
        {"term": "count", "title": "How many", "value": made.count, "sentence": _count_said(made, money["budget"], currency)},
        {"term": "loss", "title": "Loss at most", "value": made.loss, "sentence": _most(made.loss, currency, "lost")},
        {"term": "gain", "title": "Gain at most", "value": made.gain, "sentence": _gain_said(made, currency)},
        {"term": "cost", "title": "Cost of one", "value": one.cost, "sentence": paid},
    ]
    for term, title, value, place in (
        ("loss_one", "Loss of one at most", one.loss, one.loss_at),
        ("gain_one", "Gain of one at most", one.gain, one.gain_at),
    ):
        rows.append({"term": term, "title": title, "value": value, "sentence": _where(value, place, currency)})
    for at in one.breakeven:
        told_ = f"At {words.money(at, currency)} on the day it expires, nothing is won or lost."
        rows.append({"term": "breakeven", "title": "Breaks even at", "value": at, "sentence": told_})
    return Table(
        "How many contracts",
        SPREAD,
        frame(SPREAD, [{**row, "currency": currency} for row in rows]),
        told,
        (),
        (*notes, "At expiry, without the broker's fees. This is arithmetic, not advice."),
        detail={"contracts": made, "legs": legs, "budget": budget},
    )


def _count_said(made: Contracts, budget: str, currency: str) -> str:
    if made.count is None:
        return "The loss of this position has no limit, so no number of contracts keeps to your budget."
    if not made.count:
        return f"None: one alone can lose {words.money(made.outcome.loss, currency)}, and your budget is {budget}."
    what = f"{made.count} contract{'' if made.count == 1 else 's'}"
    return f"Take {what}: you lose at most {words.money(made.loss, currency)}, within your budget of {budget}."


def _most(value: float | None, currency: str, what: str) -> str:
    return "No limit." if value is None else f"No more than {words.money(value, currency)} can be {what}."


def _gain_said(made: Contracts, currency: str) -> str:
    if made.gain is None:
        return "No limit." if made.outcome.gain is None else "Not known without a number."
    return _most(made.gain, currency, "won")


def _where(value: float | None, at: float | None, currency: str) -> str:
    if value is None or at is None:
        return "No limit: it grows the farther the share goes." if value is None else "Wherever the share goes."
    return f"{words.money(value, currency)}, with the share at {words.money(at, currency)}."
