"""Commands for reviews: which decisions are due, and finishing one in under a minute."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from plugins.journal.decisions.following import Followed

_REVIEWS = (
    Column("number", "Number", "integer"),
    Column("symbol", "Ticker"),
    Column("action", "Decision", term="journal_action"),
    Column("due", "Due because"),
    Column("since", "Since", "date"),
    Column("day", "Decided", "date"),
    Column("reason", "Reason"),
    Column("status", "Thesis", term="journal_status"),
    Column("why", "Why so"),
    Column("price", "Price then", "number", "currency", decimals=2),
    Column("last_price", "Last close", "number", "currency", decimals=2),
    Column("change", "Since then", "number", "fraction", "journal_change", decimals=1),
    Column("market", "Market since", "number", "fraction", "journal_market", decimals=1),
    Column("stop_on", "Stop reached", "date"),
    Column("target_on", "Target reached", "date"),
    Column("best", "Best", "number", "fraction", "journal_excursion", decimals=1, newbie=False),
    Column("worst", "Worst", "number", "fraction", "journal_excursion", decimals=1, newbie=False),
    Column("watched", "Figures to watch, then and now"),
    Column("report", "Next report", "date"),
    Column("suggested", "Rule of thumb", term="journal_suggested"),
    Column("currency", "Currency", newbie=False),
)
_CHECKS = (
    Column("check", "Check-in", "integer", newbie=False),
    Column("number", "Number", "integer"),
    Column("symbol", "Ticker"),
    Column("done_on", "Done", "date"),
    Column("after", "After", "integer", "days"),
    Column("next", "Next"),
    Column("note", "Note"),
    Column("change", "Since the decision", "number", "fraction", "journal_change", decimals=1),
    Column("market", "Market since", "number", "fraction", "journal_market", decimals=1),
    Column("status", "Thesis then", term="journal_status"),
)


@command(title="What is to be reviewed", panel="journal")
def review(
    ctx: Context,
    *,
    ahead: Annotated[int, argument(help="Also those that will be due within so many days.", metavar="DAYS")] = 0,
) -> Table:
    """List the decisions that are due: 30, 60 and 90 days after, on the day you named, after a report, when the thesis changed.

    Each with what was expected and what came: price since, against the market, stop and target, the figures to watch.
    """
    from plugins.journal import book
    from plugins.journal.decisions import theses, told
    from plugins.journal.decisions.following import follow
    from plugins.journal.tables import frame, written
    from terminal.domain.journal.reviews import REASONS

    entries = book.entries(ctx.store.book.read, ctx.as_of, kind="decision")
    found, sources = follow(ctx, entries)
    found = theses.lit(ctx, found)
    reports = told.report_days(ctx, [each.symbol for each in entries])
    today = ctx.as_of or ctx.market.today()
    rows, kept = [], []
    for each in found:
        due, coming = told.looks(ctx, each, reports.get(each.entry.symbol, ()))
        soon = coming is not None and coming.on <= today + timedelta(days=ahead)
        if due or (soon and ahead):
            kept.append((each, due, coming))
    statuses = theses.judged(ctx, [each.entry for each, _, _ in kept])
    urgent = {"broken": 0, "shaken": 1}
    kept.sort(key=lambda one: (
        not one[1], urgent.get(statuses[one[0].entry.id].status, 2),
        REASONS.index(one[1][0].reason) if one[1] else 0, one[0].entry.day,
    ))  # fmt: skip
    for each, due, coming in kept:
        why = "; ".join(told.due_words(one) for one in due)
        if not due and coming is not None:
            why = f"Coming: {told.due_words(coming).lower()}"
        status = statuses[each.entry.id].status
        row = told.decision_row(ctx, replace(each, status=theses.as_stored(statuses[each.entry.id])))
        row |= {"due": why, "since": due[0].on if due else coming.on if coming is not None else None,
                "watched": _watched(ctx, each), "suggested": _suggested(each, status),
                "report": min((day for day in reports.get(each.entry.symbol, ()) if day >= today), default=None)}  # fmt: skip
        rows.append(row)
    empty = "Nothing is due." + ("" if entries else " Log a decision first: `tapeline journal log`.")
    shown = frame(_REVIEWS, rows)
    detail = {"followed": [each for each, _, _ in kept], "entries": len(entries)}
    notes = () if rows else (empty,)
    return Table(f"To be reviewed: {len(rows)}", _REVIEWS, shown, (written(ctx), *sources), (), notes, detail=detail)


@command(title="Finish a review", writes=True)
def check(
    ctx: Context,
    number: Annotated[int, argument(help="Number of the decision (`journal review`).", metavar="NUMBER")],
    *,
    next: Annotated[Literal["hold", "add", "reduce", "close"], argument(help="What you do now. close: no more reviews.")],
    note: Annotated[str, argument(help="What you learned, in a sentence.", metavar="TEXT")] = "",
) -> Table:
    """Write down what you do next, with what is known now; it covers everything the decision was due for."""
    from plugins.journal import book
    from plugins.journal.decisions import theses
    from plugins.journal.decisions.following import follow

    if ctx.as_of is not None:
        raise UserError("What is written is written today.", "Leave the past day first: without --as-of.")
    entry = book.entry(ctx.store.book.read, number)
    if entry.kind == "call":
        raise UserError(f"{number} is a call, which is graded by itself.", "`tapeline journal calls` shows them.")
    followed = follow(ctx, [entry])[0][0]
    if followed.closed_by_user:
        raise UserError(f"Decision {number} is closed.", "Take the last check-in back first, or log a new decision.")
    thesis = theses.judged(ctx, [entry])[number]
    facts = _facts(ctx, followed, thesis.status)
    today = ctx.market.today()
    after = (today - entry.day).days

    def write(tx: Any) -> int:
        place = int(tx.query("SELECT nextval('journal.checkin_id') AS n")["n"][0])
        tx.execute("INSERT INTO journal.checkins VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                   (place, number, after, today, ctx.now(), next, " ".join(note.split()), json.dumps(facts)))  # fmt: skip
        return place

    place = ctx.store.book.write(write)
    text = f"The review of decision {number} ({entry.symbol}) is done"
    undo = Undo("journal.uncheck", {"check": place}, text, f"decision:{number}", quiet=True)
    return replace(checks(ctx, number=number), title=text, undo=undo)


@command(title="Take a check-in back", writes=True)
def uncheck(
    ctx: Context, check: Annotated[int, argument(help="Number of the check-in (`journal checks`).", metavar="NUMBER")]
) -> Table:
    """Take a check-in back; it is marked, not erased."""
    found = ctx.store.book.read("SELECT id FROM journal.checkins WHERE number = ? AND removed_at IS NULL", (check,))
    if found.is_empty():
        raise UserError(f"There is no check-in {check}.", "`tapeline journal checks` shows them.")
    ctx.store.book.write(lambda tx: tx.execute("UPDATE journal.checkins SET removed_at = ? WHERE number = ?", (ctx.now(), check)))
    return replace(checks(ctx, number=int(found["id"][0])), title="The check-in is taken back")


@command(title="Check-ins")
def checks(
    ctx: Context, *, number: Annotated[int, argument(help="Only of this decision; 0: of all.", metavar="NUMBER")] = 0
) -> Table:
    """List the reviews you finished, the newest first, with how things stood then."""
    from plugins.journal import book
    from plugins.journal.decisions.following import checkins
    from plugins.journal.tables import frame, written

    symbols = {each.id: each.symbol for each in book.entries(ctx.store.book.read, ctx.as_of)}
    rows = [
        {"check": row["number"], "number": row["id"], "symbol": symbols[row["id"]], "done_on": row["done_on"],
         "after": row["milestone"], "next": row["next"], "note": row["note"] or None, "change": row["facts"].get("change"),
         "market": row["facts"].get("market"), "status": row["facts"].get("status")}
        for row in checkins(ctx)
        if row["id"] in symbols and number in (0, row["id"])
    ]  # fmt: skip
    return Table("Check-ins", _CHECKS, frame(_CHECKS, rows[::-1]), (written(ctx),), (), () if rows else ("None yet.",))


def _facts(ctx: Context, each: Followed, status: str) -> dict[str, Any]:
    """What is known at a check-in, as it is stored."""
    from plugins.journal.decisions.context import BENCHMARK
    from terminal.domain.sourced import plain

    grade, symbol = each.grade, each.entry.symbol
    frame = ctx.market.scored([symbol, BENCHMARK]).frame
    prices = dict(frame.select("symbol", "price").iter_rows())
    names = [name for name in each.entry.last.terms.metrics if name in frame.columns]
    rows = frame.filter(frame["symbol"] == symbol)
    watched = {name: plain(rows[name][0]) if rows.height else None for name in names}
    return {
        "price": prices.get(symbol), "market_price": prices.get(BENCHMARK), "change": grade.change_since,
        "market": grade.market_since, "gain": each.gain, "stop_on": plain(grade.stop_on), "target_on": plain(grade.target_on),
        "best": grade.best, "worst": grade.worst, "status": status, "watched": watched,
    }  # fmt: skip


def _watched(ctx: Context, each: Followed) -> str | None:
    """The figures to watch as they were frozen and as they are now."""
    from plugins.journal.decisions.context import figure
    from terminal.domain import format as fmt
    from terminal.domain.fields import FIELDS

    names = each.entry.last.terms.metrics
    if not names:
        return None
    frame = ctx.market.scored([each.entry.symbol], ctx.as_of).frame
    told = []
    for name in names:
        known = FIELDS[name]
        now = frame[name][0] if frame.height and name in frame.columns else None
        was, is_ = (fmt.value(value, known.type, known.unit, known.decimals, each.entry.first.currency)
                    for value in (figure(each.entry.first.context, name), now))  # fmt: skip
        told.append(f"{known.title}: unknown" if was == is_ == fmt.UNKNOWN else f"{known.title}: {was} → {is_}")
    return "; ".join(told)


def _suggested(each: Followed, status: str) -> str:
    """What the plan itself says to do; never more than that."""
    grade = each.grade
    if status == "broken":
        return "Your own rule says it is wrong: close it, or write down why not"
    if grade.how == "stop" and grade.state == "closed":
        return "Your stop was reached: the plan says it is over"
    if grade.how == "target" and grade.state == "closed":
        return "Your target was reached: take it, or set a new plan"
    if grade.how == "horizon" and grade.state == "closed":
        return "The time you gave it is over: close it, or decide anew"
    if status == "shaken":
        return "Look closely: a limit is near"
    return "Nothing speaks against the plan" if status == "working" else "No rule can be judged: look for yourself"
