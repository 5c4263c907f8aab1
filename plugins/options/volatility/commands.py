"""Commands about volatility: what options expect, what prices did, and where today stands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from terminal.api import Context, Table, TerminalError, UserError, argument, command

if TYPE_CHECKING:
    from plugins.options.volatility.gathering import Prices, Studied
    from terminal.api import Source

Symbol = Annotated[str, argument(help="What the options are on.", metavar="SYMBOL")]
Estimator = Annotated[
    Literal["close_close", "parkinson", "garman_klass", "rogers_satchell", "yang_zhang"], argument(help="How it is estimated.")
]
Years = Annotated[float, argument(help="Years of past prices.", metavar="YEARS")]


@command(title="Implied volatility", panel="volatility")
def iv(ctx: Context, symbols: Annotated[tuple[str, ...], argument(help="One or more.", metavar="SYMBOLS")]) -> Table:
    """What options expect over 30 days, its rank and percentile of the past year, against what prices did; skew and term slope.

    Rank and percentile are of the archive's days and unknown below 126 of 252; until then those of realised volatility stand
    beside them under their own name.
    """
    from plugins.options.volatility import gathering
    from plugins.options.volatility.tables import iv_table

    names = list(dict.fromkeys(gathering.named(each) for each in symbols))
    if not names:
        raise UserError("The volatility of what?", "Name one symbol or several, like SPY QQQ.")
    day = ctx.as_of or ctx.market.today()
    archive, note = gathering.archived(ctx, names, day - timedelta(days=400))
    found, failed = [], []
    sources: list[Source] = []
    for position, name in enumerate(names):
        ctx.progress(position / len(names), name)
        try:
            of = gathering.studied(ctx, name)
        except TerminalError as problem:
            failed.append(problem.sentence())
            continue
        past = gathering.prices(ctx, of.desk.symbol, 2)
        hv = next(iter(past.realised()[-1:]), None)
        found.append((of, gathering.stands(ctx, of, past, archive, note), hv))
        sources += gathering.sources_of(ctx, of, past)
    if not found:
        raise UserError(" ".join(failed))
    return iv_table(found, failed, sources)


@command(title="Dear and cheap options", panel="volatility")
def iv_ranks(
    ctx: Context,
    symbols: Annotated[tuple[str, ...], argument(help="Only these; else all that are archived.", metavar="SYMBOLS")] = (),
    *,
    least: Annotated[int, argument(help="Only with so many observed days of 252.", metavar="DAYS")] = 0,
    limit: Annotated[int, argument(help="At most so many, the dearest first; 0: all.", metavar="N")] = 0,
) -> Table:
    """IV rank and percentile of everything in the archive as of its newest day, the dearest first; no chain is asked for."""
    from plugins.options.volatility import gathering
    from plugins.options.volatility.past_tables import ranks_table

    if least < 0 or limit < 0:
        raise UserError("There are no fewer than no days.", "Choose 0 or more.")
    day = ctx.as_of or ctx.market.today()
    names = [gathering.named(each) for each in symbols] or None
    archive, note = gathering.archived(ctx, names, day - timedelta(days=400))
    return ranks_table(gathering.ranked(ctx, archive), least, limit, (note,) if note else (), ctx.demo)


@command(title="Expected move", panel="volatility")
def em(
    ctx: Context,
    symbol: Symbol,
    *,
    days: Annotated[int, argument(help="The expiry nearest to so many days; 0: the next ones of a week and of a month.")] = 0,
    expiry: Annotated[date | None, argument(help="One expiry.")] = None,
    all: Annotated[bool, argument(help="Every expiry.")] = False,
) -> Table:
    """How far the price is expected to move: by the straddle, by volatility and by past moves over as many sessions."""
    from plugins.options.volatility import gathering
    from plugins.options.volatility.tables import move_table
    from terminal.domain.sessions import NEW_YORK
    from terminal.domain.volatility import chosen, expected_move

    if days < 0:
        raise UserError(f"{days} days ahead is the past.", "Choose 1 or more.")
    of = gathering.studied(ctx, symbol)
    listed = list(dict.fromkeys((smile.expiry, smile.days) for smile in of.surface.smiles))
    if all and not (days or expiry):
        wanted = list(dict.fromkeys(day for day, _ in listed))
    else:
        wanted = [gathering.expiry_of(of, expiry, days)] if expiry or days else chosen(listed)
    past = gathering.prices(ctx, of.desk.symbol)
    moves = [expected_move(of.desk.priced, each, ctx.market.calendar, past.closes) for each in wanted]
    day = of.desk.at.astimezone(NEW_YORK).date()
    report = gathering.next_report(ctx, of.desk.symbol, day)
    return move_table(of.desk.symbol, moves, day, report, gathering.sources_of(ctx, of, past))


@command(title="Volatility surface", panel="volatility")
def surface(ctx: Context, symbol: Symbol) -> Table:
    """The curve of every expiry, how well it fits, and whether it leaves a butterfly or a calendar spread for free."""
    from plugins.options.volatility.gathering import studied
    from plugins.options.volatility.tables import surface_table

    return surface_table(studied(ctx, symbol))


@command(title="Volatility smile", panel="volatility")
def smile(
    ctx: Context,
    symbol: Symbol,
    *,
    expiry: Annotated[date | None, argument(help="One expiry; else the one nearest to 30 days.")] = None,
) -> Table:
    """Volatility by strike of one expiry: bid, middle, ask, and the curve through them."""
    from plugins.options.volatility.gathering import expiry_of, studied
    from plugins.options.volatility.tables import smile_table

    of = studied(ctx, symbol)
    return smile_table(of, expiry_of(of, expiry, 30))


@command(title="Term structure of volatility", panel="volatility")
def term(ctx: Context, symbol: Symbol) -> Table:
    """Volatility at the money by time: at constant maturities, and of every expiry."""
    from plugins.options.volatility.gathering import studied
    from plugins.options.volatility.tables import term_table

    return term_table(studied(ctx, symbol))


@command(title="Volatility cones", panel="volatility")
def cones(ctx: Context, symbol: Symbol, *, estimator: Estimator = "close_close", years: Years = 5.0) -> Table:
    """Where realised volatility over 10 to 252 sessions stands among all it has been, and what options expect."""
    from plugins.options.volatility import gathering
    from plugins.options.volatility.past_tables import cones_table
    from terminal.domain.volatility import cones as rings

    past = _past(ctx, symbol, years)
    of, told = _surface(ctx, symbol)
    made = rings(past.bars, estimator)
    return cones_table(past, made, estimator, of.surface if of else None, gathering.sources_of(ctx, of, past), told)


@command(title="Realised volatility", panel="volatility")
def realised(ctx: Context, symbol: Symbol) -> Table:
    """How much the price moved over 10 to 252 sessions, by five estimators, and what options expect over as many."""
    from plugins.options.volatility import gathering
    from plugins.options.volatility.past_tables import realised_table
    from terminal.domain.volatility import WINDOWS

    past = _past(ctx, symbol, 2)
    of, told = _surface(ctx, symbol)
    return realised_table(past, of.surface if of else None, gathering.sources_of(ctx, of, past), WINDOWS, told)


@command(title="Volatility day by day", panel="volatility")
def iv_history(
    ctx: Context, symbol: Symbol, *, days: Annotated[int, argument(help="Calendar days back.", metavar="DAYS")] = 365
) -> Table:
    """What options expected on each archived day, what the price had done, and what it did in the 21 sessions after."""
    from plugins.options.volatility import gathering
    from plugins.options.volatility.past_tables import history_table
    from terminal.domain.sessions import NEW_YORK

    if not 1 <= days <= 3660:
        raise UserError(f"{days} days back cannot be shown.", "Choose 1 to 3660.")
    of, _ = _surface(ctx, symbol)
    name = gathering.named(symbol)
    past = _past(ctx, name, (days + 60) / 365)
    since = (ctx.as_of or ctx.market.today()) - timedelta(days=days)
    archive, note = gathering.archived(ctx, [name], since - timedelta(days=400))
    now = None
    if of is not None:
        now = {**of.surface.measured, "day": of.desk.at.astimezone(NEW_YORK).date(), "spot": of.desk.spot, "source": "own"}
    place = gathering.stands(ctx, of, _past(ctx, name, 2), archive, note) if of is not None else None
    return history_table(past, archive, place, gathering.sources_of(ctx, of, past), now, since)


@command(title="Expected and real moves on reports", panel="volatility")
def reports(
    ctx: Context, symbol: Symbol, *, limit: Annotated[int, argument(help="At most so many reports, the newest first.")] = 12
) -> Table:
    """What options expected on the eve of each report, how the price answered, and where both stand among the reports before.

    Expectations are known of reports whose eve has an archived chain.
    """
    from plugins.options.volatility.reports import reports_table

    if limit < 1:
        raise UserError(f"{limit} reports cannot be shown.", "Choose 1 or more.")
    if "earnings.moves" not in ctx.commands():
        raise UserError("The plugin about earnings is switched off, which knows the reports.")
    name = symbol.strip().upper()
    ctx.market.simulate_past([name], ctx)
    return reports_table(name, ctx.call("earnings.moves", symbol=name, limit=limit + 20), limit)


def _past(ctx: Context, symbol: str, years: float) -> Prices:
    """Past prices. UserError where none is stored, or for no years."""
    from plugins.options.volatility.gathering import named, prices

    if not 0 < years <= 50:
        raise UserError(f"{years} years of prices cannot be had.", "Choose 1 to 50.")
    name = named(symbol)
    past = prices(ctx, name, years)
    if len(past.days) < 2:
        raise UserError(f"No past prices of {name} are stored.", "Search with `tapeline market search TEXT`.")
    return past


def _surface(ctx: Context, symbol: str) -> tuple[Studied | None, tuple[str, ...]]:
    """The surface where there is a chain, else what to say instead."""
    from plugins.options.volatility.gathering import studied

    try:
        return studied(ctx, symbol), ()
    except UserError as problem:
        return None, (f"iv: {problem.sentence()}",)
