"""What the frame of the window shows about the market: index strip, data age, sources. Read in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from terminal.domain import format as fmt
from terminal.shell.indexstrip import INDEX_WORDS, INDEXES, IndexQuote

if TYPE_CHECKING:
    from terminal.app import App
    from terminal.domain.sessions import Calendar
    from terminal.domain.sourced import Source

EXCHANGE = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Overview:
    """Everything the top bar and the status bar show about one market."""

    quotes: tuple[IndexQuote, ...]
    age: str
    age_detail: str
    sources: tuple[str, str, str]
    stored: int
    calendar: Calendar | None = None


def read(app: App) -> Overview:
    """The state of `app`'s market. What is not stored is unknown and said so."""
    import polars as pl

    bars = app.market.bars(list(INDEXES), columns=["symbol", "date", "close"]).sort("symbol", "date")
    last = bars.group_by("symbol", maintain_order=True).tail(2)
    live = app.market.quotes(list(INDEXES))
    sources = app.market.sources([*last["fetch_id"].to_list(), *live["fetch_id"].to_list()])
    quotes = tuple(_quote(symbol, last.filter(pl.col("symbol") == symbol), live.filter(pl.col("symbol") == symbol), sources)
                   for symbol in INDEXES)
    fresh = pl.concat([app.store.market.freshness(name).with_columns(pl.col("newest").cast(pl.Date))
                       for name in ("bars", "quotes")]).group_by("symbol").agg(pl.all().sort_by("newest").last())
    now = app.clock()
    stored = len(app.market.symbols())
    named = {*fresh["provider"].to_list(), *app.store.market.freshness("facts")["provider"].to_list()} - {None}
    calendar = _calendar()
    return Overview(quotes, *_age(fresh, now, stored, calendar), _sources(app, sorted(named)), stored, calendar)


def _quote(symbol: str, rows: Any, live: Any, sources: dict[int, Source]) -> IndexQuote:
    """From the last two closes, or from a quote where that is newer."""
    words = INDEX_WORDS[symbol]
    if rows.is_empty() and live.is_empty():
        return IndexQuote(symbol, tooltip=f"<b>{symbol}</b>: {words}<br>No price is stored yet, so its value is unknown.")
    quote = None if live.is_empty() else live.row(0, named=True)
    if quote is not None and (rows.is_empty() or quote["at"].astimezone(EXCHANGE).date() > rows["date"].to_list()[-1]):
        price, before, fetch = quote["price"], quote["previous_close"], quote["fetch_id"]
        when = f"Price of {fmt.moment(quote['at'])}"
    else:
        close = rows["close"].to_list()
        price, before, fetch = close[-1], close[-2] if len(close) > 1 else None, rows["fetch_id"].to_list()[-1]
        when = f"Close of {fmt.day(rows['date'].to_list()[-1])}"
    change = price / before - 1 if price is not None and before else None
    source = sources.get(fetch)
    lines = [f"<b>{symbol}</b>: a fund that holds {words}", when]
    if source is not None:
        lines.append(f"Source: {escape(source.provider)}{' (SIMULATED)' if source.simulated else ''}, {escape(source.endpoint)}")
        if source.fetched_at is not None:
            lines.append(f"Fetched {fmt.moment(source.fetched_at)}{', delayed' if source.delayed else ''}")
    lines.append("Change = price ÷ close before − 1" if change is not None else "The close before is unknown.")
    return IndexQuote(symbol, price, change, "<br>".join(lines))


def _age(fresh: Any, now: datetime, stored: int, calendar: Calendar | None) -> tuple[str, str]:
    newest = fresh["newest"].max() if not fresh.is_empty() else None
    if newest is None and stored:
        return f"{fmt.count(stored)} symbols, no price history", "Fetch prices with F5, or import a file with daily prices."
    if newest is None:
        return "No prices stored yet", "Refresh a list of symbols, or import a file, to fill the market."
    day = newest.date() if isinstance(newest, datetime) else newest
    age = _behind(day, now, calendar)
    fetched = fresh["fetched_at"].max()
    detail = f"Prices of {fmt.count(fresh.height)} symbols; the newest are of {fmt.day(day)}."
    if isinstance(fetched, datetime):
        detail += f" Last fetched {fmt.moment(fetched)}."
    return f"Prices of {fmt.day(day)}, {age}", detail


def _calendar() -> Calendar | None:
    from terminal.domain.sessions import Calendar
    from terminal.paths import data_file

    try:
        return Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _behind(day: date, now: datetime, calendar: Calendar | None) -> str:
    """How many sessions `day` is behind the last one that has closed; in days where the calendar ends."""
    try:
        if calendar is None:
            raise ValueError("no calendar")
        last = calendar.last_session(now)
        missed = len(calendar.sessions(day, last)) - 1 if last > day else 0
        return "up to date" if missed <= 0 else "1 trading day behind" if missed == 1 else f"{missed} trading days behind"
    except ValueError:
        days = (now.date() - day).days
        return "today" if days <= 0 else "1 day old" if days == 1 else f"{days} days old"


def _sources(app: App, providers: list[str]) -> tuple[str, str, str]:
    if app.demo:
        return "warn", "Simulated market", "Every number comes from the built-in demo market. None of it is real."
    if not providers:
        return "idle", "No source used yet", "Nothing has been fetched or imported yet."
    return "ok", f"Source: {', '.join(providers)}", f"Prices and company figures come from {', '.join(providers)}."


def find(app: App, text: str) -> list[tuple[str, str, str]]:
    """(symbol, name, kind) of what answers to `text`, best first."""
    words = {"stock": "Stock", "etf": "ETF", "bond": "Bond", "bond_etf": "Bond ETF", "fund": "Fund", "index": "Index"}
    found = app.market.search(text, 12)
    return [(row["symbol"], row["name"] or "", words.get(row["kind"] or "", "Symbol")) for row in found.to_dicts()]
