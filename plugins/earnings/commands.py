"""The commands about earnings: what is coming up, one company's record, its past moves, who says which date, counts, CSV."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal import api
from terminal.api import Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import polars as pl

    from plugins.earnings.gathering import Company, Group
    from plugins.earnings.model import Origins
    from terminal.api import Column, Source

Symbol = Annotated[str, argument(help="Ticker, for example AAPL.", metavar="SYMBOL")]
Universe = Annotated[
    str,
    argument(
        help="Whose reports: held, watched, results (your last screen), or a universe; empty for the first three together.",
        metavar="results|watched|held|NAME",
    ),
]
Symbols = Annotated[tuple[str, ...], argument(help="Only these tickers.", metavar="SYMBOL")]
Days = Annotated[int, argument(help="How many days ahead; 0 for the setting `earnings.days`.", metavar="DAYS")]


@command(title="Reports that are coming up", panel="earnings", long=True)
def upcoming(
    ctx: Context,
    *,
    universe: Universe = "",
    symbols: Symbols = (),
    days: Days = 0,
    kind: Annotated[Literal["all", "reports", "dividends"], argument(help="Reports, ex-dividend days, or both.")] = "all",
) -> Table:
    """List the reports (and ex-dividend days) of what you hold, watch and screen, by day at the exchange.

    Each with who says so and whether it is disputed, estimates, how often it beat, how far its price moved, what options
    expect and what that means for timing. What is stored is shown; `earnings refresh` asks the services.
    """
    from plugins.earnings import gathering, model

    asked, ahead = gathering.group(ctx, universe, symbols), _days(ctx, days)
    events = gathering.events(ctx, asked.symbols, ahead) if kind != "dividends" else {}
    paying = gathering.ex_dividends(ctx, asked.symbols, ahead) if kind != "reports" else []
    known = gathering.companies(ctx, tuple(dict.fromkeys((*events, *paying))))
    made = [(*model.upcoming_row(known[symbol], asked.because[symbol]), symbol) for symbol in events]
    made += [(*model.dividend_row(known[symbol], asked.because[symbol]), symbol) for symbol in paying]
    made.sort(key=lambda each: (each[0]["day"], each[0]["kind"] != "Report", each[2]))
    origins = model.Origins(model.UPCOMING)
    for _, fetches, _ in made:
        origins.add(**fetches)
    frame = model.frame_of(model.UPCOMING, [row for row, _, _ in made], "_pro", "_mark", "_group")
    count = f"{len(events)} {'report' if len(events) == 1 else 'reports'}"
    unknown = model.missing(known[symbol] for symbol in events)
    title = f"{count} in {ahead} days in {asked.title}" if kind != "dividends" else f"Ex-dividend days of {asked.title}"
    return _table(ctx, title, model.UPCOMING, frame, origins, unknown, _notes(asked, frame.is_empty(), ahead))


@command(title="How many reports are coming up, by day and verdict", panel="earnings")
def summary(ctx: Context, *, universe: Universe = "", symbols: Symbols = (), days: Days = 7) -> Table:
    """Count the reports of the coming days by day and by verdict: `25 reports this week in your results`."""
    from plugins.earnings import gathering, model

    asked, ahead = gathering.group(ctx, universe, symbols), _days(ctx, days)
    events = gathering.events(ctx, asked.symbols, ahead)
    today = ctx.as_of or ctx.market.today()
    scored = ctx.market.scored(tuple(events), ctx.as_of) if events else None
    verdicts = dict(zip(scored.frame["symbol"], scored.frame["verdict"], strict=True)) if scored is not None else {}
    title, frame, columns = model.summary(events, verdicts, today, ahead, asked.title)
    origins = model.Origins(columns)
    for symbols_of_day in frame["symbols"]:
        origins.add(reports=events[symbols_of_day[0]].winner.fetch_id)
    return _table(ctx, title, columns, frame, origins, (), asked.notes)


@command(title="Earnings of one company", panel="earnings", long=True)
def show(
    ctx: Context,
    symbol: Symbol,
    *,
    fetch: Annotated[bool, argument(help="Fetch what is missing or old first.")] = True,
) -> Table:
    """Show the next report with its dispute, estimates, beat rate, moves on beat and miss, implied move, timing, dividend.

    Every statistic says how many reports it rests on; what is unknown says why.
    """
    from plugins.earnings import model

    company, notes = _one(ctx, symbol, fetch=fetch, ratings=True, chain=True)
    frame, origins = model.facts_table(company)
    unknown = tuple(f"{row['title']}: {row['reason']}" for row in frame.iter_rows(named=True) if row["reason"])
    return _table(ctx, f"Earnings of {company.symbol}", model.FACTS, frame, origins, unknown, notes)


@command(title="Price moves on past reports", panel="earnings")
def moves(
    ctx: Context, symbol: Symbol, *, limit: Annotated[int, argument(help="At most so many reports, the newest first.")] = 8
) -> Table:
    """List past reports with what was expected, what came, and how the price answered, close to close around the report.

    A report before the open moves its own day, one after the close the next session; when the hour is not known the move is
    over both. Days are checked against the moment the SEC accepted the results.
    """
    from plugins.earnings import gathering, model

    company, notes = _one(ctx, symbol)
    then = gathering.implied_then(ctx, company, max(1, limit))
    frame, origins = model.moves_table(company, then)
    watched = sum(each.move is not None for each in then)
    notes = (*notes, f"What options expected is known of {watched} of {len(then)} reports: the chains that were stored before.")
    unknown = tuple(dict.fromkeys(f"{row['day']}: {row['reason']}" for row in frame.iter_rows(named=True) if row["move"] is None))
    if frame.is_empty():
        notes = (*notes, f"No past report of {company.symbol} is stored.")
    return _table(ctx, f"Moves of {company.symbol} on its reports", model.MOVES, frame, origins, unknown, notes)


@command(title="Who says which report date", panel="earnings", long=True)
def dates(
    ctx: Context,
    symbol: Symbol,
    *,
    past: Annotated[int, argument(help="How many past reports to compare with the SEC's filing times.")] = 4,
    ask: Annotated[bool, argument(help="Ask every service that has not said anything about it for a day.")] = False,
) -> Table:
    """Put every service's date side by side, with what each said before, and past dates beside the SEC's filing times.

    Which date counts is decided by your order of trust (setting `providers.trust.earnings`), past ones by the filing.
    """
    from plugins.earnings import model

    company, notes = _one(ctx, symbol, ask=ask)
    frame, origins = model.dates_table(company, max(0, past))
    unknown = () if company.event is not None else (f"Next report: no service names a date of {company.symbol}",)
    if not company.filings_known:
        notes = (*notes, "No SEC filings are stored, so that past dates could not be checked.")
    return _table(ctx, f"Report dates of {company.symbol}", model.DATES, frame, origins, unknown, notes)


@command(title="Export upcoming reports as CSV", long=True)
def export(
    ctx: Context,
    file: Annotated[Path, argument(help="Where to write; an existing file is replaced.", metavar="FILE")],
    *,
    universe: Universe = "",
    symbols: Symbols = (),
    days: Days = 0,
) -> Table:
    """Write the upcoming reports to a CSV file, with sources and notes in comment lines at the end."""
    found = upcoming(ctx, universe=universe, symbols=symbols, days=days)
    api.export(file, api.to_csv(found))
    return replace(found, title=f"{found.frame.height} rows written to {file}")


@command(title="Fetch upcoming report dates", long=True, writes=True)
def refresh(
    ctx: Context,
    *,
    universe: Universe = "",
    symbols: Symbols = (),
    chains: Annotated[int, argument(help="Fetch option chains of those that report within so many days.", metavar="DAYS")] = 3,
) -> Table:
    """Ask the services for report dates, filings and dividends of what you hold, watch and screen, held names first.

    Only what is missing or old is asked for, so that daily budgets are spared. About reports that come soon every service is
    asked, so that their dates can be compared. The option chains of those just ahead are kept, so that what was expected can
    be held against what came.
    """
    from plugins.earnings import gathering

    asked = gathering.group(ctx, universe, symbols)
    told: tuple[str, ...] = ()
    if asked.symbols and ctx.as_of is None:
        told = tuple(ctx.market.ensure(asked.symbols, gathering.NEEDED, ctx))
        soon = tuple(gathering.events(ctx, asked.symbols, _days(ctx, 0)))
        told += tuple(ctx.market.ask_all(asked.symbols if symbols else soon, "earnings", ctx))
        near = tuple(gathering.events(ctx, asked.symbols, chains)) if chains > 0 else ()
        told += tuple(ctx.market.ensure(near, ("chains",), ctx)) if near else ()
    found = summary(ctx, universe=universe, symbols=symbols, days=_days(ctx, 0))
    return replace(found, notes=(*found.notes, *told))


def _one(
    ctx: Context, text: str, *, fetch: bool = True, ratings: bool = False, chain: bool = False, ask: bool = False
) -> tuple[Company, tuple[str, ...]]:
    """One company, after fetching what is missing (not for a past day), and what could not be had."""
    from plugins.earnings import gathering
    from terminal.domain.instruments import clean_symbol

    try:
        symbol = clean_symbol(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a symbol.", "Give a ticker such as AAPL.") from error
    told: tuple[str, ...] = ()
    live = fetch and ctx.as_of is None
    if live:
        ctx.progress(0.1, f"Fetching what is missing of {symbol}")
        told = tuple(ctx.market.ensure([symbol], ("quotes", "bars", *gathering.NEEDED, *(("chains",) if chain else ())), ctx))
        if ratings:
            ctx.market.ensure([symbol], ("ratings",), ctx)  # without them a line is missing, nothing else
        told += tuple(ctx.market.ask_all([symbol], "earnings", ctx)) if ask else ()
    company = gathering.companies(ctx, [symbol], ratings=ratings)[symbol]
    if live and not ask and company.event is None and company.row.get("kind") == "stock":
        ctx.market.ask_all([symbol], "earnings", ctx)  # the first service knows no date; perhaps another one does
        company = gathering.companies(ctx, [symbol], ratings=ratings)[symbol]
    if company.event is None and not company.reports and not company.row:
        raise UserError(f"Nothing is known about {symbol}.", told[0] if told else "Search with `tapeline market search TEXT`.")
    return company, told


def _days(ctx: Context, days: int) -> int:
    if days < 0 or days > 400:
        raise UserError(f"{days} days ahead cannot be listed.", "Give a number from 1 to 400.")
    return days or int(ctx.settings.get("earnings.days"))


def _notes(asked: Group, empty: bool, days: int) -> tuple[str, ...]:
    if not empty or not asked.symbols:
        return asked.notes
    return (*asked.notes, f"None of {len(asked.symbols)} symbols has a known event within {days} days. "
            "`tapeline earnings refresh` asks for dates.")  # fmt: skip


def _table(
    ctx: Context,
    title: str,
    columns: Sequence[Column],
    frame: pl.DataFrame,
    origins: Origins,
    unknown: tuple[str, ...],
    notes: tuple[str, ...],
) -> Table:
    found = ctx.market.sources(origins.fetches)
    sources, origin = origins.place({number: _up_to(ctx.as_of, source) for number, source in found.items()})
    return Table(title, tuple(columns), frame, sources, unknown, notes, origin)


def _up_to(as_of: date | None, source: Source) -> Source:
    """One fetch may hold years of history: what is shown of a past day speaks of that day at the latest."""
    from plugins.earnings.gathering import end_of

    end: Any = end_of(as_of)
    return replace(source, as_of=end) if end is not None and source.as_of is not None and source.as_of > end else source
