"""Which parts of a rule were true on the evening before each trade was opened, as it was known then."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from terminal.api import Context
    from terminal.domain.journal.statistics import Outcome
    from terminal.domain.rules import Rule

DEFAULT = ("price > sma_200 and price > sma_50 and rsi_14 < 70 and rsi_14 > 30 and volatility_1y < 40% and return_1y > 0 "
           "and score >= 6")  # fmt: skip
"""What is asked when no rule is given: trend, momentum, calm, and the program's own judgement."""


def labelled(ctx: Context, outcomes: Sequence[Outcome], text: str) -> tuple[list[Outcome], tuple[str, ...]]:
    """The trades with a label "clause" for each part that was true or false at entry, and what could not be said."""
    rules = _parsed(text or DEFAULT)
    by_day: dict[date, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_day[one.opened].append(one)
    told: dict[str, tuple[str, ...]] = {}
    missing = 0
    for at, (day, ones) in enumerate(sorted(by_day.items())):
        ctx.progress(at / len(by_day), f"What was known before {day}")
        held = _held(ctx, rules, ctx.market.sessions_before(day, 1), sorted({one.symbol for one in ones}))
        for one in ones:
            answers = [(rule, held[rule.text].get(one.symbol)) for rule in rules]
            missing += sum(answer is None for _, answer in answers)
            told[one.key] = tuple(f"{'✓' if answer else '✗'} {rule.text}" for rule, answer in answers if answer is not None)
    unknown = (f"{missing} of {len(outcomes) * len(rules)} answers are unknown: data was missing on the day.",) if missing else ()
    return [replace(one, labels={**one.labels, "clause": told[one.key]}) for one in outcomes], unknown


def _parsed(text: str) -> tuple[Rule, ...]:
    from terminal.domain.rules import parse

    found = parse(text).clauses()
    if len(found) > 12:
        raise UserError(f"{len(found)} parts are too many to learn from.", "Give a rule of up to 12 parts joined by `and`.")
    return tuple(found)


def _held(ctx: Context, rules: Sequence[Rule], eve: date, symbols: Sequence[str]) -> dict[str, dict[str, bool | None]]:
    everyone = ctx.market.scored(None, eve).frame
    frame = everyone.filter(everyone["symbol"].is_in(symbols))
    found: dict[str, dict[str, bool | None]] = {}
    for rule in rules:
        answers = rule.evaluate(frame, **_given(ctx, rule, frame, eve)) if frame.height else None
        found[rule.text] = {} if answers is None else dict(zip(frame["symbol"].to_list(), answers.to_list(), strict=True))
    return found


def _given(ctx: Context, rule: Rule, frame: pl.DataFrame, eve: date) -> dict[str, Any]:
    symbols = frame["symbol"].to_list()

    def earlier(sessions: int) -> pl.DataFrame:
        return ctx.market.scored(symbols, ctx.market.sessions_before(eve, sessions)).frame

    return {"bars": ctx.market.bars(symbols, as_of=eve) if rule.needs_bars else None, "as_of": eve, "earlier": earlier}
