"""Which parts of a rule were true on the evening before each trade was opened, as it was known then.

What was found is kept in the book: the market as it was known on a past day does not change, and working it out takes long.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from terminal.api import Context
    from terminal.domain.journal.statistics import Outcome
    from terminal.domain.rules import Rule

    Place = tuple[str, date, str]

DEFAULT = ("price > sma_200 and price > sma_50 and rsi_14 < 70 and rsi_14 > 30 and volatility_1y < 40% and return_1y > 0 "
           "and score >= 6")  # fmt: skip
"""What is asked when no rule is given: trend, momentum, calm, and the program's own judgement."""
MOST = 12
ASK_AGAIN = timedelta(days=1)
"""What was unknown is looked at again after so long: more history may have been fetched."""


def answers(ctx: Context, outcomes: Sequence[Outcome], text: str) -> dict[str, dict[str, bool | None]]:
    """For each clause whether it was true at the entry of each trade (by key); None: data was missing."""
    rules = _parsed(text or DEFAULT)
    eves = {day: ctx.market.sessions_before(day, 1) for day in {one.opened for one in outcomes}}
    known = _known(ctx, rules)
    wanted: dict[date, set[str]] = defaultdict(set)
    for one in outcomes:
        if any((one.symbol, eves[one.opened], rule.text) not in known for rule in rules):
            wanted[eves[one.opened]].add(one.symbol)
    for at, (eve, symbols) in enumerate(sorted(wanted.items())):
        ctx.progress(at / len(wanted), f"What was known on {eve}")
        found = _held(ctx, rules, eve, sorted(symbols))
        known |= found
        _keep(ctx, found)
    return {rule.text: {one.key: known.get((one.symbol, eves[one.opened], rule.text)) for one in outcomes} for rule in rules}


def _parsed(text: str) -> tuple[Rule, ...]:
    from terminal.domain.rules import parse

    found = parse(text).clauses()
    if len(found) > MOST:
        raise UserError(f"{len(found)} parts are too many to learn from.", f"Give a rule of up to {MOST} parts joined by `and`.")
    return tuple(found)


def _known(ctx: Context, rules: Sequence[Rule]) -> dict[Place, bool | None]:
    rows = ctx.store.book.read(
        "SELECT symbol, day, clause, held FROM journal.entry_clauses WHERE list_contains(?, clause) "
        "AND (held IS NOT NULL OR judged_at > ?)", ([rule.text for rule in rules], ctx.now() - ASK_AGAIN)).rows()  # fmt: skip
    return {(symbol, day, clause): held for symbol, day, clause, held in rows}


def _keep(ctx: Context, found: dict[Place, bool | None]) -> None:
    insert = "INSERT OR REPLACE INTO journal.entry_clauses VALUES (?, ?, ?, ?, ?)"

    def write(tx: Any) -> None:
        for (symbol, day, clause), held in found.items():
            tx.execute(insert, (symbol, day, clause, held, ctx.now()))

    ctx.store.book.write(write)


def _held(ctx: Context, rules: Sequence[Rule], eve: date, symbols: Sequence[str]) -> dict[Place, bool | None]:
    everyone = ctx.market.scored(None, eve).frame
    frame = everyone.filter(everyone["symbol"].is_in(symbols))
    found: dict[Place, bool | None] = {(symbol, eve, rule.text): None for symbol in symbols for rule in rules}
    for rule in rules if frame.height else ():
        told = rule.evaluate(frame, **_given(ctx, rule, frame, eve)).to_list()
        found |= {(symbol, eve, rule.text): held for symbol, held in zip(frame["symbol"].to_list(), told, strict=True)}
    return found


def _given(ctx: Context, rule: Rule, frame: pl.DataFrame, eve: date) -> dict[str, Any]:
    symbols = frame["symbol"].to_list()

    def earlier(sessions: int) -> pl.DataFrame:
        return ctx.market.scored(symbols, ctx.market.sessions_before(eve, sessions)).frame

    return {"bars": ctx.market.bars(symbols, as_of=eve) if rule.needs_bars else None, "as_of": eve, "earlier": earlier}
