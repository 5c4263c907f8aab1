"""What was typed, made into the terms of an entry and written down with what was known then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from plugins.journal import book
from plugins.journal.decisions.context import freeze
from plugins.journal.decisions.following import calendar
from terminal.api import UserError
from terminal.domain.journal import decisions
from terminal.domain.journal.decisions import Kind, Terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from terminal.api import Context


@dataclass(frozen=True)
class Typed:
    """What was typed for a decision; empty: not said."""

    reason: str = ""
    metrics: Sequence[str] = ()
    conviction: str = ""
    horizon: str = ""
    stop: str = ""
    target: str = ""
    review: date | None = None
    falsifiers: Sequence[str] = ()
    signal: str = ""
    preset: str = ""


def symbol_of(text: str) -> str:
    """A ticker in its normal spelling. Raises UserError for what is none."""
    from terminal.domain.instruments import clean_symbol

    try:
        return clean_symbol(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a symbol.", "Give a ticker such as AAPL.") from error


def terms_of(typed: Typed, action: str, day: date, price: float | None, before: Terms | None = None) -> Terms:
    """The terms of a decision; of a change, those of `before` where nothing was typed."""
    old = before or Terms(action, "")
    reason = " ".join(typed.reason.split()) or old.reason
    if not reason:
        raise UserError("Why?", "Give the one reason that matters most with --reason.")
    until = day + timedelta(days=_days(typed.horizon)) if typed.horizon else old.until
    stop, target = (_kept(text, before) for text in (typed.stop, typed.target))
    way = 1 if action in ("buy", "hold", "pass", "watch") else -1
    terms = Terms(
        action,
        reason,
        metrics_of(typed.metrics) or old.metrics,
        conviction_of(typed.conviction) if typed.conviction else old.probability,
        until or day + timedelta(days=decisions.HORIZON_DAYS),
        old.stop if stop is None else level_of(stop, price, -way),
        old.target if target is None else level_of(target, price, way),
        typed.review or old.review_on or day + timedelta(days=decisions.REVIEW_DAYS),
        rules_of(typed.falsifiers) or old.falsifiers,
        typed.signal.strip() or old.signal,
        typed.preset.strip() or old.preset,
    )
    check(terms, day, price)
    return terms


def write(ctx: Context, kind: Kind, symbol: str, terms: Terms, context: Mapping[str, Any], *, at: datetime | None = None) -> int:
    """Write an entry down; its number. Asked for a past day it is dated so and marked as written in hindsight."""
    when = at or ctx.now()
    past = at is None and ctx.as_of is not None and ctx.as_of < ctx.market.today()
    kept = replace(terms, preset=terms.preset or str(context.get("preset") or ""))
    day = ctx.as_of if past else None
    return int(ctx.store.book.write(lambda tx: book.add(tx, kind, symbol, kept, context, when, day=day, in_hindsight=past)))


def frozen(ctx: Context, symbol: str, metrics: Sequence[str], run: int = 0) -> dict[str, Any]:
    """What is known now, or was on the day asked for; fetches what is missing first."""
    if ctx.as_of is None:
        ctx.market.ensure([symbol], ("quotes", "instruments", "bars", "earnings"), ctx)
    return freeze(ctx, symbol, metrics, run=run)


def metrics_of(names: Sequence[str]) -> tuple[str, ...]:
    """The fields to watch. Raises UserError for a name that is none, or for too many."""
    from terminal.domain.fields import FIELDS
    from terminal.domain.rules import ALIASES
    from terminal.domain.rules.vocabulary import closest

    found = []
    for text in names:
        name = text.strip().lower()
        known = ALIASES.get(name, name)
        if known not in FIELDS:
            hint = closest(name, tuple(FIELDS)) or "`tapeline rules fields` lists them."
            raise UserError(f"'{text}' is not a figure that can be watched.", hint)
        found.append(known)
    if len(found) > decisions.MOST_METRICS:
        raise UserError(f"{len(found)} figures to watch are too many.", "Name the one or two that would change your mind.")
    return tuple(dict.fromkeys(found))


def rules_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Falsifiers in their normal spelling. Raises RuleError for one that cannot be read."""
    from terminal.domain.rules import parse

    found = tuple(dict.fromkeys(parse(text).text for text in texts if text.strip()))
    if len(found) > decisions.MOST_FALSIFIERS:
        raise UserError(f"{len(found)} falsifiers are too many.", "Name one to three that would prove the thesis wrong.")
    return found


def conviction_of(text: str) -> float:
    """How sure one is that a decision is right, from a half up."""
    share = probability_of(text)
    if share < decisions.LEAST_CONVICTION:
        said = f"{share:.0%} says that you expect to be wrong."
        raise UserError(said, "Conviction is how likely you think it is that the decision turns out right: 50 to 99.")
    return share


def probability_of(text: str) -> float:
    """A probability as typed."""
    try:
        return decisions.probability(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a probability.", "Give per cent, such as 70.") from error


def number_of(text: str) -> float:
    """A price as typed."""
    from terminal.domain.format import read_number

    try:
        value = read_number(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a price.", "Give a price such as 142.50, or a distance such as 8%.") from error
    if value <= 0:
        raise UserError(f"A price of {text} cannot be.", "Give a price above zero, or a distance such as 8%.")
    return float(value)


def _days(text: str) -> int:
    try:
        return decisions.horizon(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a length of time.", "Give days, weeks, months or years: 90d, 12w, 6m, 1y.") from error


def _kept(text: str, before: Terms | None) -> str | None:
    """None: as before. A dash takes a level away."""
    return None if not text.strip() and before is not None else text


def level_of(text: str, price: float | None, way: int) -> float | None:
    """A price, or a distance from the present one in per cent; "" and "-" are none."""
    told = text.strip()
    if told in ("", "-", "none"):
        return None
    if not told.endswith("%"):
        return number_of(told)
    if price is None:
        raise UserError("The present price is not known, so a distance from it is no price.", "Give the price itself.")
    return round(price * (1 + way * number_of(told.removesuffix("%").strip(" +-")) / 100), 6)


def check(terms: Terms, day: date, price: float | None) -> None:
    """Raises UserError for levels on the wrong side of the price, and days that are over or too far away."""
    try:
        decisions.side(terms.action, price, terms.stop, terms.target)
    except ValueError as error:
        below = terms.action in ("buy", "hold")
        hint = f"Stop {'below' if below else 'above'} the price, target {'above' if below else 'below'} it."
        hint = hint if terms.action in ("buy", "hold", "sell") else "One lies above the price and one below it."
        now = "" if price is None else f" of {price:,.2f}"
        raise UserError(f"Stop and target do not lie on the two sides of the price{now}.", hint) from error
    for what, when in (("review", terms.review_on), ("end", terms.until)):
        if when is not None and when <= day:
            raise UserError(f"A {what} on {when} would be over already.", f"Choose a day after {day}.")
        if when is not None and when >= calendar().last:
            raise UserError(f"{when} lies too far away.", f"Choose a day before {calendar().last}.")
