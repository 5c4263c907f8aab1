"""Sentences about price, trading and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.tearsheet.case import STAKE
from terminal.domain import format as words

if TYPE_CHECKING:
    from collections.abc import Callable

    from plugins.tearsheet.case import Case

    Say = Callable[[Case], str]


def amount(text: str) -> Say:
    """`text` with `{size}`: the value as shown; `{share}`: what one owns of it."""
    return lambda case: text.replace("{size}", case.shown()).replace("{share}", case.share)


def more_or_less(text: str, same: str) -> Say:
    """`text` with `{size}` and `{way}` (more, less); `same` where the page shows nothing."""

    def say(case: Case) -> str:
        if case.flat():
            return f"{same} ({case.shown()})."
        return text.replace("{size}", case.size()).replace("{way}", "more" if case.value > 0 else "less")

    return say


def _return(since: str) -> Say:
    return lambda case: (
        f"{case.round(STAKE)} put in {since} would be {case.money(STAKE * (1 + case.value))} now ({_signed(case)}), "
        "without dividends."
    )


def _signed(case: Case) -> str:
    return ("+" if case.value > 0 and not case.flat() else "") + case.shown()


def _yearly(years: int, word: str) -> Say:
    def say(case: Case) -> str:
        grown = case.money(STAKE * (1 + case.value) ** years)
        way = "gained" if case.value >= 0 else "lost"
        return f"It {way} {case.size()} a year over {word} years: {case.round(STAKE)} became {grown}, without dividends."

    return say


def _fall(span: str) -> Say:
    def say(case: Case) -> str:
        text = f"At the worst moment of {span}, {case.round(STAKE)} had become {case.money(STAKE * (1 + case.value))}."
        return text if case.other is None else f"{text} At similar {case.similar} {case.money(STAKE * (1 + case.other))}."

    return say


def _position(case: Case) -> str:
    return f"It stands at {case.shown()} of the way from its lowest price of the last year (0 %) to its highest (100 %)."


def _volume(case: Case) -> str:
    usual = case.known("average_volume")
    text = f"{case.shown()} {case.share}s changed hands in the session"
    return f"{text}; on a usual day {case.shown(usual)}." if usual is not None else f"{text}."


def _one_sided(case: Case) -> str:
    what = "mostly rises" if case.value >= 70 else "mostly falls" if case.value <= 30 else "rises and falls in turn"
    return f"Of 100 points for rising only, its last days earn {case.shown()}: {what}."


def _swing(case: Case) -> str:
    told = f"When the market moves 10{words.NARROW}%, it tends to move about {words.percent(abs(case.value) * 0.1)}"
    if case.value < 0:
        return f"{told} the other way."
    return f"{told}." + case.beside("Similar {similar}: {other}.")


def _usual_swing(case: Case) -> str:
    text = f"Over a year, moves of up to {case.shown()} up or down have been usual."
    return text + case.beside("Similar {similar}: {other}.")


def _reward(case: Case) -> str:
    verb = "earned" if case.value >= 0 else "lost"
    return f"For each 1{words.NARROW}% that its price swings in a year, it {verb} {case.size()}{words.NARROW}%."


MARKET: dict[str, Say] = {
    "price": amount("One {share} costs {size}."),
    "change": more_or_less("It costs {size} {way} than at the close before.", "It costs as much as at the close before"),
    "previous_close": amount("At the close before, one {share} cost {size}."),
    "open": amount("The session's first trade was at {size}."),
    "high": amount("The session's highest price was {size}."),
    "low": amount("The session's lowest price was {size}."),
    "volume": _volume,
    "average_volume": amount("On a usual day, {size} {share}s change hands."),
    "dollar_volume": amount("On a usual day, {size} of it changes hands."),
    "market_cap": amount("All shares together cost {size}."),
    "high_52w": amount("In the last year, one {share} cost {size} at most."),
    "low_52w": amount("In the last year, one {share} cost {size} at least."),
    "position_52w": _position,
    "return_1m": _return("a month ago"),
    "return_3m": _return("three months ago"),
    "return_6m": _return("six months ago"),
    "return_1y": _return("a year ago"),
    "return_3y": _yearly(3, "three"),
    "return_5y": _yearly(5, "five"),
    "sma_50": amount("Over the last 50 sessions, it cost {size} on average."),
    "sma_200": amount("Over the last 200 sessions, it cost {size} on average."),
    "price_to_sma_200": more_or_less(
        "It costs {size} {way} than its average of the last 200 sessions.",
        "It costs as much as its average of the last 200 sessions",
    ),
    "rsi_14": _one_sided,
    "beta": _swing,
    "volatility_1y": _usual_swing,
    "max_drawdown_1y": _fall("the last year"),
    "max_drawdown_5y": _fall("the last five years"),
    "sharpe_1y": _reward,
}
