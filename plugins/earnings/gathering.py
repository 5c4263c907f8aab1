"""Gathers what is known about reports: whose, every service's statement, filings, prices around them, chains, dividends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from terminal.api import Context, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from terminal.domain.earnings import Event, Statement
    from terminal.domain.earnings_record import Move, Record, Timing
    from terminal.domain.earnings_reports import Report
    from terminal.domain.implied_move import Implied
    from terminal.domain.sessions import Calendar

NEEDED = ("earnings", "filings", "dividends")
# Older reports have nothing to do with one that is still expected.
_RECENT = timedelta(days=150)
_YEARS_OF_MOVES = timedelta(days=366 * 6)
# Beyond this age of the quotes an implied move says what was expected then, not what is expected now.
STALE_CHAIN = timedelta(days=5)


@dataclass(frozen=True)
class Group:
    """Symbols to look at and why each is among them (held, watched, screened); `notes` say what could not be read."""

    because: Mapping[str, tuple[str, ...]]
    title: str
    notes: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """In the order they were found: held first."""
        return tuple(self.because)


@dataclass(frozen=True)
class Company:
    """Everything about one symbol's reports as of a day. `row` are its scored features, `row_origin` their fetches."""

    symbol: str
    today: date
    event: Event | None
    overdue: Statement | None
    reports: tuple[Report, ...]
    moves: tuple[Move, ...]
    record: Record
    implied: Implied
    implied_rank: float | None
    timing: Timing
    row: Mapping[str, Any]
    row_origin: Mapping[str, Any]
    ex_dividend: Mapping[str, Any] | None
    ratings: tuple[Mapping[str, Any], ...] = ()
    bars_fetch: int | None = None
    filings_known: bool = False

    @property
    def days(self) -> int | None:
        """Calendar days to the next report."""
        return None if self.event is None else (self.event.day - self.today).days


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """The sessions of the exchange, from the file that ships with the program."""
    from terminal.domain.sessions import Calendar
    from terminal.paths import data_file

    return Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))


# -- whose -----------------------------------------------------------------------------------------------------------


def group(ctx: Context, name: str, symbols: Sequence[str] = ()) -> Group:
    """The companies asked for: given symbols, `held`, `watched`, `results`, a universe, or "" for the first three together.

    There is no list of the whole market: it would drown what matters to the user.
    """
    if symbols:
        from terminal.domain.instruments import clean_symbol

        try:
            wanted = [clean_symbol(each) for text in symbols for each in text.replace(",", " ").split()]
        except ValueError as error:
            raise UserError(f"'{' '.join(symbols)}' names no symbol: {error}.", "Give tickers such as AAPL MSFT.") from error
        return Group(dict.fromkeys(wanted, ()), "your list" if len(wanted) > 1 else wanted[0])
    word = name.strip().lower()
    kinds = {"held": _held, "watched": _watched, "results": _results}
    if word in kinds:
        found, notes = kinds[word](ctx)
        title = {"held": "what you hold", "watched": "your watchlists", "results": "your results"}[word]
        because = "screened" if word == "results" else word
        return Group(dict.fromkeys(found, (because,)), title, tuple(notes))
    if word:
        universe = ctx.market.universe(name)
        return Group(dict.fromkeys(universe.symbols, ()), universe.title, (universe.note,) if universe.note else ())
    because_of: dict[str, tuple[str, ...]] = {}
    told: list[str] = []
    for kind, read in kinds.items():
        found, notes = read(ctx)
        told += notes
        for symbol in found:
            because_of[symbol] = (*because_of.get(symbol, ()), "screened" if kind == "results" else kind)
    return Group(because_of, "what you hold, watch and screen", tuple(told))


def _held(ctx: Context) -> tuple[tuple[str, ...], list[str]]:
    """The universe `held`, which whoever keeps positions provides."""
    try:
        return ctx.market.universe("holdings").symbols, []
    except UserError:
        return (), ["No positions are known, so that nothing counts as held."]


def _watched(ctx: Context) -> tuple[tuple[str, ...], list[str]]:
    lists = [each for each in ctx.market.universes() if each.name.startswith("watchlist:")]
    found = tuple(dict.fromkeys(symbol for each in lists for symbol in each.symbols))
    return found, [] if found else ["Your watchlists are empty: `tapeline watchlist create NAME SYMBOL ...`."]


def _results(ctx: Context) -> tuple[tuple[str, ...], list[str]]:
    """What the newest recorded screen finds now, through the screener's own commands."""
    known = ctx.commands()
    if "screener.runs" not in known or "screener.judge" not in known:
        return (), ["There is no screener, so that nothing counts as screened."]
    last = ctx.call("screener.runs", limit=1).rows()
    if not last:
        return (), ["No screen has been run yet: `tapeline screener run`."]
    try:
        judged = ctx.call("screener.judge", rule=last[0]["rule"], universe=last[0]["universe"])
    except UserError as error:
        return (), [f"Your last screen cannot be read again: {error.message}"]
    frame = judged.frame
    return tuple(frame.filter(frame["outcome"].fill_null(False))["symbol"]), []


# -- what is known ---------------------------------------------------------------------------------------------------


def end_of(day: date | None) -> datetime | None:
    """The first moment that no longer belongs to `day` at the exchange; None for None."""
    from terminal.domain.sessions import NEW_YORK

    return None if day is None else datetime.combine(day + timedelta(days=1), time(0), NEW_YORK)


def said(ctx: Context, symbols: Sequence[str], since: date | None = None) -> dict[str, tuple[Statement, ...]]:
    """Every service's statements by symbol, the replaced ones too, as known at ctx.as_of; `since`: about days from then on."""
    from terminal.domain.earnings import statements

    every = ctx.store.market.versions("earnings", list(symbols), as_of=ctx.as_of)
    return statements(every if since is None else every.filter(every["date"] >= since), end_of(ctx.as_of))


def trust(ctx: Context) -> tuple[str, ...]:
    """Whom to believe about earnings: the setting `providers.trust.earnings`, else as declared."""
    from terminal.domain.data_services import TRUST

    names = str(ctx.settings.get("providers.trust.earnings") or "").split(",")
    return tuple(dict.fromkeys(name.strip().lower() for name in names if name.strip())) or TRUST["earnings"]


def events(ctx: Context, symbols: Sequence[str], days: int) -> dict[str, Event]:
    """The next report of each symbol that has one within `days`."""
    from terminal.domain.earnings import upcoming
    from terminal.domain.rivals import title

    today, order = ctx.as_of or ctx.market.today(), trust(ctx)
    found: dict[str, Event] = {}
    for symbol, statements in said(ctx, symbols, today - _RECENT).items():
        ahead = upcoming(symbol, statements, today, order, title)
        if ahead and (ahead[0].day - today).days <= days:
            found[symbol] = ahead[0]
    return found


def ex_dividends(ctx: Context, symbols: Sequence[str], days: int) -> list[str]:
    """The symbols whose next ex-dividend day lies within `days`."""
    import polars as pl

    today = ctx.as_of or ctx.market.today()
    coming = ctx.market.dividends(list(symbols), ctx.as_of).filter(
        pl.col("ex_date").is_between(today, today + timedelta(days=days))
    )
    return coming["symbol"].unique().sort().to_list()


def companies(ctx: Context, symbols: Sequence[str], *, ratings: bool = False) -> dict[str, Company]:
    """Everything about the reports of these symbols, in their order; nothing is fetched."""
    import polars as pl

    from terminal.domain.earnings_reports import results_filings

    today, cal = ctx.as_of or ctx.market.today(), calendar()
    statements = said(ctx, symbols)
    filings_frame = ctx.store.market.read("filings", list(symbols), as_of=ctx.as_of)
    filings = results_filings(filings_frame, end_of(ctx.as_of))
    filed = set(filings_frame["symbol"])
    bars = ctx.market.bars(list(symbols), today - _YEARS_OF_MOVES, as_of=ctx.as_of, columns=("symbol", "date", "close"))
    last = cal.last_session(ctx.now()) if ctx.as_of is None else today
    closes = {str(name): rows for (name,), rows in bars.group_by("symbol")}
    scored = ctx.market.scored(symbols, ctx.as_of)
    rows = {row["symbol"]: row for row in scored.frame.iter_rows(named=True)}
    origins = {row["symbol"]: row for row in scored.origin.iter_rows(named=True)}
    dividends = ctx.market.dividends(list(symbols), ctx.as_of)
    coming = dividends.filter(pl.col("ex_date") >= today).sort("ex_date").unique("symbol", keep="first", maintain_order=True)
    paying = {row["symbol"]: row for row in coming.iter_rows(named=True)}
    found = {}
    for at, symbol in enumerate(symbols):
        ctx.progress(at / max(1, len(symbols)), f"past reports of {symbol}")
        own = closes.get(symbol)
        found[symbol] = _company(
            ctx,
            symbol,
            today,
            statements.get(symbol, ()),
            filings.get(symbol, ()),
            own,
            last,
            rows.get(symbol, {}),
            origins.get(symbol, {}),
            paying.get(symbol),
            _ratings(ctx, symbol) if ratings else (),
            symbol in filed,
        )
    return found


def _company(
    ctx: Context,
    symbol: str,
    today: date,
    statements: Sequence[Statement],
    filings: Sequence[Any],
    bars: pl.DataFrame | None,
    last: date,
    row: Mapping[str, Any],
    origin: Mapping[str, Any],
    dividend: Mapping[str, Any] | None,
    ratings: tuple[Mapping[str, Any], ...],
    filed: bool,
) -> Company:
    from terminal.domain import earnings_record
    from terminal.domain.earnings import passed, upcoming
    from terminal.domain.earnings_reports import reports
    from terminal.domain.implied_move import rank
    from terminal.domain.rivals import title

    order, cal = trust(ctx), calendar()
    ahead = upcoming(symbol, statements, today, order, title)
    event = ahead[0] if ahead else None
    past = reports(symbol, statements, filings, today, order, cal)
    closes = dict(zip(bars["date"].to_list(), bars["close"].to_list(), strict=True)) if bars is not None else {}
    moved = earnings_record.moves(past, closes, cal, last)
    record = earnings_record.record(moved)
    implied = _implied(ctx, symbol, event)
    place, _ = rank(implied.comparable, (each.move for each in moved[: earnings_record.MOST]))
    days = None if event is None else (event.day - today).days
    timing = earnings_record.timing(record, days, place, event is not None and event.disputed)
    newest = None if bars is None else bars.sort("date")["fetch_id"][-1]
    return Company(
        symbol,
        today,
        event,
        None if event else passed(statements, today),
        tuple(past),
        tuple(moved),
        record,
        implied,
        place,
        timing,
        row,
        origin,
        dividend,
        ratings,
        newest,
        filed,
    )


def _implied(ctx: Context, symbol: str, event: Event | None) -> Implied:
    from terminal.domain.earnings import window
    from terminal.domain.implied_move import Implied, implied_move

    if event is None:
        return Implied(None, reason="no report date is known")
    chain = ctx.market.chain(symbol, ctx.as_of)
    found = implied_move(chain, window(event.day, event.time_of_day, calendar())[1], calendar())
    now = end_of(ctx.as_of) or ctx.now()
    if found.move is not None and found.at is not None and now - found.at > STALE_CHAIN:
        return Implied(None, at=found.at, fetch_id=found.fetch_id, reason=f"the stored chain is {(now - found.at).days} days old")
    return found


def implied_then(ctx: Context, company: Company, limit: int) -> list[Implied]:
    """What options expected on the eve of each of the last reports, from the chains that were stored then."""
    from terminal.domain.implied_move import Implied, implied_move

    found = []
    for move in company.moves[:limit]:
        eve = move.before
        chain = ctx.market.chain(company.symbol, eve) if eve is not None and move.after is not None else None
        if chain is None or chain.is_empty() or eve is None or move.after is None:
            found.append(Implied(None, reason="no chain was stored then"))
            continue
        implied = implied_move(chain, move.after, calendar())
        old = implied.at is None or end_of(eve) - implied.at > STALE_CHAIN  # type: ignore[operator]
        found.append(Implied(None, reason="the chain stored then was old") if old else implied)
    return found


def _ratings(ctx: Context, symbol: str) -> tuple[Mapping[str, Any], ...]:
    """How many analysts recommended what, the last two counts, the newest first."""
    frame = ctx.store.market.read("ratings", [symbol], as_of=ctx.as_of).sort("date", descending=True)
    return tuple(frame.head(2).to_dicts())
