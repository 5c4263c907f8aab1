"""Gathers the bars of a chart: fetches what is missing, reads it as of the day asked for, and makes the interval of it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from terminal.api import Context, Source, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import polars as pl

    from terminal.domain.sessions import Calendar

MOST_COMPARED = 6


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """The sessions of the exchange, from the file that ships with the program."""
    from terminal.domain.sessions import Calendar
    from terminal.paths import data_file

    return Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))


def symbol_of(text: str) -> str:
    """The symbol as it is kept. Raises UserError."""
    from terminal.domain.instruments import clean_symbol

    try:
        return clean_symbol(text)
    except ValueError as error:
        raise UserError(f"'{text}' is not a symbol.", "Give a ticker such as AAPL.") from error


def known_until(ctx: Context) -> datetime:
    """The moment up to which things are known: now, or the end of the past day that is looked at."""
    if ctx.as_of is None:
        return ctx.now()
    from datetime import UTC, datetime, time, timedelta

    from terminal.domain.sessions import NEW_YORK

    return datetime.combine(ctx.as_of + timedelta(days=1), time(0), NEW_YORK).astimezone(UTC)


def sources_known(ctx: Context, fetches: Iterable[int]) -> dict[int, Source]:
    """Where things came from; on a past day none of them speaks of a later one."""
    found = ctx.market.sources(list(fetches))
    if ctx.as_of is None:
        return dict(found)
    from datetime import UTC, datetime, time

    end = datetime.combine(ctx.as_of, time.max, UTC)
    return {number: replace(each, as_of=None if each.as_of is None else min(each.as_of, end)) for number, each in found.items()}


def bars_of(ctx: Context, symbols: Sequence[str], interval: str) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """All stored bars of each symbol in the interval (`resample`), and what could not be fetched, in sentences.

    Only what was known at the end of `ctx.as_of`. Daily prices are in today's (or that day's) shares.
    """
    import polars as pl

    from terminal.domain.resample import MINUTES, resample

    minutes = interval in MINUTES
    dataset = "minute_bars" if minutes else "bars"
    wanted = [*dict.fromkeys(symbols)]
    problems = ctx.market.ensure(wanted, [dataset, "instruments"], ctx) if ctx.as_of is None else []
    read = ctx.market.minute_bars if minutes else ctx.market.bars
    frame = read(wanted, as_of=ctx.as_of)
    made = resample(frame.sort("symbol", "at" if minutes else "date"), interval, calendar(), until=known_until(ctx))
    return {symbol: made.filter(pl.col("symbol") == symbol) for symbol in wanted}, tuple(problems)


def nothing(ctx: Context, symbol: str, interval: str, problems: tuple[str, ...]) -> UserError:
    """Why there is no chart of a symbol, and what to do."""
    from terminal.domain.resample import MINUTES

    if problems:
        return UserError(f"There are no prices of {symbol}. {problems[0]}", f"Try `tapeline market refresh {symbol}` later.")
    if ctx.as_of is not None:
        return UserError(f"No {interval} prices of {symbol} were known at the end of {ctx.as_of}.", "Choose a later day.")
    if interval in MINUTES:
        return UserError(f"No minute prices of {symbol} are stored.", "Choose days, weeks or months.")
    return UserError(f"No prices of {symbol} are stored.", f"Check the ticker, or run `tapeline market refresh {symbol}`.")
