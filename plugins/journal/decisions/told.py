"""Entries as rows: what was decided, what became of it, how the thesis stands, what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.journal.decisions import theses
from terminal.api import Column
from terminal.domain.journal.reviews import Due, Happened, dues, next_look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from plugins.journal.decisions.following import Followed
    from terminal.api import Context

ACTION_WORDS = {"buy": "Buy", "sell": "Sell", "hold": "Hold", "pass": "Pass", "watch": "Watch", "up": "Up", "down": "Down"}
HOW_WORDS = {"stop": "stop reached", "target": "target reached", "horizon": "time is up", "closed": "closed by you"}
CALL_WORDS = {"open": "open", "right": "came true", "wrong": "did not", "unknown": "cannot be said"}
_DUE_WORDS = {
    "broken": "The thesis is broken", "shaken": "The thesis is shaken", "stop": "The stop was reached",
    "target": "The target was reached", "report": "A report came out", "over": "The time you gave it is over",
    "asked": "You asked for it",
}  # fmt: skip
NO_FALSIFIER = "no rule says what would prove it wrong"

DECISIONS = (
    Column("number", "Number", "integer"),
    Column("day", "Day", "date"),
    Column("symbol", "Ticker"),
    Column("action", "Decision", term="journal_action"),
    Column("status", "Thesis", term="journal_status"),
    Column("why", "Why so", newbie=False),
    Column("reason", "Reason"),
    Column("conviction", "Conviction", "number", "fraction", "journal_conviction", decimals=0),
    Column("price", "Price then", "number", "currency", "journal_price", decimals=2),
    Column("last_price", "Last close", "number", "currency", decimals=2),
    Column("change", "Since then", "number", "fraction", "journal_change", decimals=1),
    Column("market", "Market since", "number", "fraction", "journal_market", decimals=1),
    Column("gain", "Decision's gain", "number", "fraction", "journal_gain", decimals=1),
    Column("beyond", "Beyond the market", "number", "fraction", "journal_beyond", decimals=1, newbie=False),
    Column("best", "Best", "number", "fraction", "journal_excursion", decimals=1, newbie=False),
    Column("worst", "Worst", "number", "fraction", "journal_excursion", decimals=1, newbie=False),
    Column("stop", "Stop", "number", "currency", decimals=2, newbie=False),
    Column("stop_on", "Stop reached", "date", newbie=False),
    Column("target", "Target", "number", "currency", decimals=2, newbie=False),
    Column("target_on", "Target reached", "date", newbie=False),
    Column("state", "State", term="journal_state"),
    Column("ended_on", "Ended", "date", newbie=False),
    Column("until", "Judged on", "date", term="journal_horizon", newbie=False),
    Column("next_review", "Look again", "date", term="journal_review"),
    Column("due", "Due because"),
    Column("signal", "Signal", newbie=False),
    Column("preset", "Screen", newbie=False),
    Column("in_hindsight", "In hindsight", "bool", term="journal_hindsight", newbie=False),
    Column("versions", "Versions", "integer", newbie=False),
    Column("currency", "Currency", newbie=False),
)

CALLS = (
    Column("number", "Number", "integer"),
    Column("day", "Day", "date"),
    Column("symbol", "Ticker"),
    Column("said", "Prediction", term="journal_call"),
    Column("probability", "How likely", "number", "fraction", "journal_probability", decimals=0),
    Column("until", "By", "date"),
    Column("state", "Came true?", term="journal_call_state"),
    Column("decided_on", "Decided", "date"),
    Column("price", "Price then", "number", "currency", "journal_price", decimals=2),
    Column("level", "Level", "number", "currency", decimals=2, newbie=False),
    Column("decided_at", "Price that decided", "number", "currency", decimals=2, newbie=False),
    Column("last_price", "Last close", "number", "currency", decimals=2),
    Column("change", "Since then", "number", "fraction", "journal_change", decimals=1),
    Column("brier", "Squared miss", "number", decimals=2, term="journal_brier", newbie=False),
    Column("reason", "Reason"),
    Column("in_hindsight", "In hindsight", "bool", term="journal_hindsight", newbie=False),
    Column("why", "Why unknown", newbie=False),
    Column("currency", "Currency", newbie=False),
)


def decision_row(ctx: Context, each: Followed, reports: Sequence[date] = ()) -> dict[str, Any]:
    """One decision as a row of DECISIONS."""
    entry, grade, last = each.entry, each.grade, each.entry.last.terms
    status, why = status_of(each)
    due, coming = looks(ctx, each, reports)
    return {
        "number": entry.id, "day": entry.day, "symbol": entry.symbol, "action": last.action, "status": status, "why": why,
        "reason": last.reason, "conviction": entry.first.terms.probability, "price": entry.first.price,
        "last_price": grade.last_price, "change": grade.change_since, "market": grade.market_since, "gain": each.gain,
        "beyond": each.beyond, "best": grade.best, "worst": grade.worst, "stop": last.stop, "stop_on": grade.stop_on,
        "target": last.target, "target_on": grade.target_on, "state": state_of(each), "ended_on": grade.ended_on,
        "until": entry.until, "next_review": coming.on if coming is not None else None,
        "due": "; ".join(due_words(one) for one in due) or None, "signal": last.signal or None, "preset": last.preset or None,
        "in_hindsight": entry.in_hindsight, "versions": len(entry.versions), "currency": entry.first.currency,
    }  # fmt: skip


def call_row(each: Followed) -> dict[str, Any]:
    """One call as a row of CALLS."""
    entry, terms, call = each.entry, each.entry.first.terms, each.call
    assert call is not None
    missed = None if each.right is None or terms.probability is None else (terms.probability - each.right) ** 2
    return {
        "number": entry.id, "day": entry.day, "symbol": entry.symbol, "said": call_words(each), "probability": terms.probability,
        "until": entry.until, "state": CALL_WORDS[call.state], "decided_on": call.decided_on, "price": entry.first.price,
        "level": terms.level, "decided_at": call.price, "last_price": each.grade.last_price, "change": each.grade.change_since,
        "brier": missed, "reason": entry.last.terms.reason or None, "in_hindsight": entry.in_hindsight, "why": call.why or None,
        "currency": entry.first.currency,
    }  # fmt: skip


def call_words(each: Followed) -> str:
    """What a call predicts, in a sentence."""
    from terminal.domain import format as fmt

    terms, currency = each.entry.first.terms, each.entry.first.currency
    up = terms.action == "up"
    until = fmt.day(each.entry.until)
    if terms.event == "target":
        return f"Trades at {fmt.money(terms.level, currency)} or {'above' if up else 'below'} by {until}"
    if terms.event == "level":
        return f"Closes at {fmt.money(terms.level, currency)} or {'above' if up else 'below'} on {until}"
    return f"Closes {'above' if up else 'below'} {fmt.money(each.entry.first.price, currency)} on {until}"


def status_of(each: Followed) -> tuple[str, str]:
    """How the thesis stands as last judged, and the rules that say so."""
    import json

    if not each.entry.last.terms.falsifiers:
        return "unknown", NO_FALSIFIER
    if each.status is None:
        return "unknown", "not judged while it was open"
    rules: list[Mapping[str, Any]] = json.loads(each.status["clauses"])
    named = theses.telling(rules, each.status["status"])
    words = {"broken": "true: ", "shaken": "nearly true: ", "unknown": "cannot be judged: ", "working": "none is true: "}
    return str(each.status["status"]), words[each.status["status"]] + ", ".join(named)


def state_of(each: Followed) -> str:
    """Whether it goes on, or how it ended."""
    grade = each.grade
    if grade.state == "closed":
        return HOW_WORDS[grade.how] + (" (and the target in the same session)" if grade.doubtful else "")
    return "goes on" if grade.state == "open" else "cannot be said"


def due_words(due: Due) -> str:
    """Why it is due, in words."""
    return f"{due.days} days have passed" if due.reason == "milestone" else _DUE_WORDS[due.reason]


def looks(ctx: Context, each: Followed, reports: Sequence[date] = ()) -> tuple[tuple[Due, ...], Due | None]:
    """Why a decision is due now, and when it will be next. One that the user closed is not looked at again."""
    if each.closed_by_user:
        return (), None
    today = ctx.as_of or ctx.market.today()
    looked = [row["done_on"] for row in each.checkins]
    grade, entry = each.grade, each.entry
    status = each.status or {}
    over = grade.ended_on if grade.state == "closed" and grade.how == "horizon" else None
    happened = Happened(
        status.get("status", "") if entry.last.terms.falsifiers else "", status.get("day"), grade.stop_on, grade.target_on,
        tuple(reports), over,
    )  # fmt: skip
    asked = entry.last.terms.review_on
    return dues(entry.day, asked, looked, happened, today), next_look(entry.day, asked, looked, reports, today)


def report_days(ctx: Context, symbols: Sequence[str]) -> dict[str, list[date]]:
    """The days of past and coming reports of these symbols, as far as they are stored."""
    found: dict[str, list[date]] = {}
    if symbols:
        for symbol, day in ctx.market.earnings(sorted(set(symbols)), ctx.as_of).select("symbol", "date").iter_rows():
            found.setdefault(symbol, []).append(day)
    return found
