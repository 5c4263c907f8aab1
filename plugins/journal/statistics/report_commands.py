"""Commands that write trades down for reading elsewhere: the report of a week, CSV and PDF."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from plugins.journal.trades.commands import Accounts, Currency, End, Start  # noqa: TC001  # read when commands are built
from terminal import api
from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from pathlib import Path

    from plugins.journal.trades.trading import Journal, Kept
    from terminal.domain.journal.weekly import Week

_PARTS = (Column("part", "Part"), Column("text", "Text"))
_WRITTEN = (Column("kind", "Kind"), Column("file", "File"), Column("bytes", "Bytes", "integer", "count"))


@command(title="Report of a week", panel="journal")
def report(
    ctx: Context,
    *,
    week: Annotated[date | None, argument(help="Any day of the week; the last one that is over if not given.")] = None,
    account: Accounts = (),
    currency: Currency = "",
    markdown: Annotated[Path | None, argument(help="Markdown file to write.")] = None,
    pdf: Annotated[Path | None, argument(help="PDF file to write.")] = None,
) -> Table:
    """Tell how a week went in sentences made from figures: trades, set-ups, mistakes, habits, and what is left to do.

    The same trades give the same text.
    """
    from plugins.journal.tables import frame, written
    from plugins.journal.trades import trading
    from terminal.domain.journal import weekly

    found = trading.journal(ctx, account, currency, excursions=False)
    monday = weekly.monday_of(week) if week is not None else _last_week(found.day)
    if monday > found.day:
        raise UserError(f"The week of {monday} has not come yet.", "Give a day that has.")
    told = _week(ctx, found, monday)
    text = weekly.report(told)
    parts = _parts(text)
    rows = [{"part": title, "text": body} for title, body in parts]
    notes = []
    if markdown is not None:
        notes.append(f"{markdown}: {api.export(markdown, text)} bytes written.")
    if pdf is not None:
        from plugins.journal.statistics import pdf as printed

        kept = [each for each in found.kept if _closed_in(each, monday)]
        content = printed.week(found, parts[0][0], parts, kept, simulated=ctx.demo)
        notes.append(f"{pdf}: {api.export(pdf, printed.render(content))} bytes written.")
    return Table(parts[0][0], _PARTS, frame(_PARTS, rows), (written(ctx), *found.sources), found.unknown, tuple(notes),
                 detail={"markdown": text, "monday": monday})  # fmt: skip


@command(title="Export your trades", panel="journal")
def export(
    ctx: Context,
    *,
    csv: Annotated[Path | None, argument(help="CSV file to write: a row for each trade.")] = None,
    pdf: Annotated[Path | None, argument(help="PDF file to write: figures, curve, groups, habits and the list.")] = None,
    account: Accounts = (),
    currency: Currency = "",
    start: Start = None,
    end: End = None,
) -> Table:
    """Write trades and their statistics as PDF, the list as CSV, or both. The same trades give the same bytes."""
    from plugins.journal.tables import frame
    from plugins.journal.trades import trading
    from plugins.journal.trades.tables import row, trades_table

    if csv is None and pdf is None:
        raise UserError("Nothing was asked for.", "Give --csv FILE, --pdf FILE, or both.")
    found = trading.journal(ctx, account, currency, start=start, end=end)
    files: list[dict[str, Any]] = []
    whole = trades_table(ctx, found, [row(each) for each in reversed(found.kept)], ())
    if csv is not None:
        content = api.to_csv(whole)
        files.append({"kind": "csv", "file": str(csv), "bytes": api.export(csv, content)})
    if pdf is not None:
        from plugins.journal.statistics import pdf as printed

        made = printed.render(printed.journal(found, simulated=ctx.demo))
        files.append({"kind": "pdf", "file": str(pdf), "bytes": api.export(pdf, made)})
    return replace(whole, title="Exported", columns=_WRITTEN, frame=frame(_WRITTEN, files), detail={})


def _week(ctx: Context, found: Journal, monday: date) -> Week:
    from terminal.domain.journal.behaviour import findings
    from terminal.domain.journal.weekly import Week

    end = monday + timedelta(days=6)
    outcomes = found.closed()
    mine = [each for each in found.kept if _closed_in(each, monday)]
    closed = tuple(one for one in outcomes if monday <= one.closed <= end)
    opened = [each for each in found.kept if monday <= each.trade.opened.day <= end]
    told = findings([one for one in outcomes if one.closed <= end], found.moments())
    notes = tuple((f"Trade {each.number}, {each.title}", " ".join(each.note.text.split())) for each in mine if each.note.text)
    return Week(
        monday, found.currency, closed, tuple(one for one in outcomes if one.closed < monday), len(opened),
        sum(each.trade.open_on(min(end, found.day)) for each in found.kept), told, notes, _missing(mine, opened),
        _reviews(ctx, monday), {each.trade.key: f"{each.number} {each.title}" for each in found.kept},
    )  # fmt: skip


def _missing(closed: list[Kept], opened: list[Kept]) -> tuple[str, ...]:
    """What a good journal would have and this one has not."""
    told = []
    if plain := [each for each in opened if each.risk is None]:
        told.append(f"{_named(plain)}: no stop or risk was planned, so there is no R.")
    if plain := [each for each in closed if not (each.note.strategy or each.note.setup)]:
        told.append(f"{_named(plain)}: closed without a strategy or set-up.")
    if plain := [each for each in closed if not each.note.text]:
        told.append(f"{_named(plain)}: closed without a note.")
    return tuple(told)


def _named(kept: list[Kept]) -> str:
    names = [f"{each.number} ({each.title})" for each in kept[:5]]
    more = f" and {len(kept) - 5} more" if len(kept) > 5 else ""
    return f"Trade{'s' if len(kept) > 1 else ''} {', '.join(names)}{more}"


def _reviews(ctx: Context, monday: date) -> tuple[str, ...]:
    """Decisions that are to be looked at, when the report is of the present week or the one before."""
    if (ctx.as_of or ctx.market.today()) > monday + timedelta(days=13) or "journal.review" not in ctx.commands():
        return ()
    count = ctx.call("journal.review").frame.height
    return (f"{count} decision{'s are' if count > 1 else ' is'} to be looked at: `tapeline journal review`.",) if count else ()


def _closed_in(each: Kept, monday: date) -> bool:
    return each.trade.closed is not None and monday <= each.trade.closed.day <= monday + timedelta(days=6)


def _last_week(day: date) -> date:
    """The Monday of the last week whose Friday is over."""
    monday = day - timedelta(days=day.weekday())
    return monday if day.weekday() >= 5 else monday - timedelta(days=7)


def _parts(text: str) -> list[tuple[str, str]]:
    """A Markdown text by its headings."""
    parts: list[tuple[str, str]] = []
    for block in text.strip().split("\n\n"):
        if block.startswith("#"):
            parts.append((block.lstrip("# "), ""))
        else:
            title, before = parts[-1]
            parts[-1] = (title, f"{before}\n\n{block}".strip())
    return parts
