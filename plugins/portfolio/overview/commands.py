"""Commands of the first page: how it stands, signals on what is held, worth over time; and the watch over verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if none.", metavar="NAME")]
Currency = Annotated[str, argument(help="Totals in this currency; the accounts' own if not given.", metavar="CODE")]

_WATCH = (
    Column("symbol", "Ticker"),
    Column("before", "Before", term="portfolio_before"),
    Column("verdict", "Now", term="verdict"),
    Column("score_before", "Score before", "number", "score", decimals=1, newbie=False),
    Column("score", "Score", "number", "score", "score", 1),
    Column("since", "Had been since", "date"),
    Column("why", "Why", term="why"),
)


@command(title="How your portfolio stands")
def overview(ctx: Context, *, account: Accounts = (), currency: Currency = "") -> Table:
    """Answer what matters about what you hold with a light, its reason and what to do: concentration, cash, verdicts, losses,
    coming reports, the market, and whether the book adds up."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.overview.dashboard import overview_table

    return overview_table(ctx, owned(ctx, account, currency=currency))


@command(title="Signals on what you own")
def signals(ctx: Context, *, account: Accounts = (), currency: Currency = "") -> Table:
    """List what the screener says of each thing you hold: verdict, score, flags and reason, and when the verdict changed."""
    from plugins.portfolio.exposures import exposures
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.overview.signals import signals_table

    own = owned(ctx, account, currency=currency)
    return signals_table(ctx, own, exposures(ctx, own))


@command(title="Worth over time")
def curve(
    ctx: Context,
    *,
    account: Accounts = (),
    start: Annotated[date | None, argument(help="From this day on; the first booking if not given.")] = None,
    currency: Currency = "",
    points: Annotated[int, argument(help="At most so many days; 0 for as many as come soon.")] = 0,
) -> Table:
    """What everything was worth on days evenly apart, beside the own money that was in it; the difference is what it made."""
    from plugins.portfolio.overview.curve import curve_table

    if points != 0 and not 2 <= points <= 2000:
        raise UserError(f"{points} days cannot be shown.", "Take 2 to 2000.")
    return curve_table(ctx, account, currency, start, points)


@command(title="What you own of each symbol", hidden=True)
def owned(ctx: Context) -> Table:
    """For lists of companies: what is owned of each, in words and as numbers. Nothing is worked out while the book is empty."""
    from plugins.portfolio.overview.owning import owned_table

    return owned_table(ctx)


@command(title="Watch the verdicts of what you hold", writes=True)
def watch(ctx: Context) -> Table:
    """Compare the verdict of everything you hold with the last time, write down what changed, and tell it.

    Run by itself after the close. What is not known has not changed; the first verdict of a symbol is only written down.
    """
    from plugins.portfolio.overview import watching
    from plugins.portfolio.tables import frame

    if ctx.as_of is not None:
        raise UserError("The watch compares today with the last time.", "Leave --as-of out.")
    read = ctx.store.book.read
    symbols = read("SELECT DISTINCT market_symbol AS symbol FROM portfolio.held ORDER BY 1")["symbol"].to_list()
    if not symbols:
        return Table("Verdicts that changed", _WATCH, frame(_WATCH, ()), notes=("Nothing is held, so nothing is watched.",))
    scored = ctx.market.scored(symbols).frame.select("symbol", "verdict", "score", "why").to_dicts()
    judged = [row for row in scored if row["verdict"] in watching.ORDER]
    before = watching.known(read)
    changed = watching.changed(before, judged)
    new = [row for row in judged if row["symbol"] not in before]
    if new or changed:
        day = ctx.market.today()
        ctx.store.book.write(lambda tx: watching.write(tx, [*new, *changed], day, ctx.now()))
    notes = [f"{len(judged)} of {len(symbols)} things you hold have a verdict; {len(changed)} changed since the last time."]
    if new:
        notes.append(f"Watched from now on: {', '.join(row['symbol'] for row in new)}.")
    if changed and not ctx.by_hand:
        ctx.publish("notice.posted", {"text": _news(changed), "level": _level(changed), "demo": ctx.demo, "panel": "portfolio"})
    return Table("Verdicts that changed", _WATCH, frame(_WATCH, changed), notes=tuple(notes))


def _news(changed: list[dict[str, Any]]) -> str:
    told = [f"{row['symbol']} from {row['before']} to {row['verdict']}" for row in changed[:4]]
    more = f" and {len(changed) - 4} more" if len(changed) > 4 else ""
    return f"What you hold is judged anew: {', '.join(told)}{more}."


def _level(changed: list[Mapping[str, Any]] | list[dict[str, Any]]) -> str:
    return "warn" if any(row["steps"] < 0 for row in changed) else "info"
