"""Commands that sum trades up: figures, by what they have in common, the curve, the calendar, and habits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from plugins.journal.trades.commands import Accounts, Currency, End, Start  # noqa: TC001  # read when commands are built
from terminal.api import Context, Table, argument, command

if TYPE_CHECKING:
    from datetime import date

    from plugins.journal.trades.trading import Journal

By = Literal["", "hour", "weekday", "month", "held", "symbol", "tag", "strategy", "setup", "mistake", "clause", "structure",
             "side", "signal", "account", "playbook", "before", "during", "after"]  # fmt: skip
Capital = Annotated[
    float, argument(help="Money the returns are counted on; the most that was at work at once if not given.", metavar="MONEY")
]
Rule = Annotated[str, argument(help="For --by clause: the rule whose parts are looked at on the day of entry.", metavar="RULE")]
InR = Annotated[bool, argument(help="In units of planned risk instead of money.")]


@command(title="Statistics of your trades", panel="journal", long=True)
def stats(
    ctx: Context,
    *,
    by: Annotated[By, argument(help="Group trades by this.")] = "",
    rule: Rule = "",
    account: Accounts = (),
    currency: Currency = "",
    start: Start = None,
    end: End = None,
    capital: Capital = 0.0,
) -> Table:
    """Sum up closed trades: win rate with its interval, expectancy, profit factor, ratios, drawdown, streaks.

    With --by, by time of day, weekday, month, holding time, ticker, tag, strategy, set-up, mistake, state of mind, or by which
    clause of a rule was true at entry; small groups are pulled towards the whole.
    """
    from plugins.journal.statistics import clauses
    from plugins.journal.statistics import tables as statistics_tables

    found = _closed(ctx, account, currency, start, end)
    if not by:
        return statistics_tables.summary_table(ctx, found, capital)
    outcomes = found.closed()
    if by == "clause":
        return statistics_tables.contrasts_table(ctx, found, clauses.answers(ctx, outcomes, rule))
    return statistics_tables.groups_table(ctx, found, outcomes, by)


@command(title="Equity curve of your trades", panel="journal")
def equity(
    ctx: Context, *, account: Accounts = (), currency: Currency = "", start: Start = None, end: End = None
) -> Table:  # fmt: skip
    """Profit of closed trades day by day, summed up, and how far it is below its highest."""
    from plugins.journal.statistics import tables as statistics_tables

    return statistics_tables.curve_table(ctx, _closed(ctx, account, currency, start, end))


@command(title="Calendar of your trades", panel="journal")
def calendar(
    ctx: Context,
    *,
    account: Accounts = (),
    currency: Currency = "",
    start: Start = None,
    end: End = None,
    by: Annotated[Literal["day", "week", "month"], argument(help="How long each entry is.")] = "day",
) -> Table:
    """What each day, week or month brought, with how many trades were closed and won."""
    from plugins.journal.statistics import tables as statistics_tables

    return statistics_tables.calendar_table(ctx, _closed(ctx, account, currency, start, end), by)


@command(title="Distribution of your trades", panel="journal")
def distribution(
    ctx: Context, *, account: Accounts = (), currency: Currency = "", start: Start = None, end: End = None, r: InR = False
) -> Table:
    """How many trades ended with how much profit or loss."""
    from plugins.journal.statistics import tables as statistics_tables

    return statistics_tables.distribution_table(ctx, _closed(ctx, account, currency, start, end), in_r=r)


@command(title="Habits in your trades", panel="journal")
def behaviour(
    ctx: Context, *, account: Accounts = (), currency: Currency = "", start: Start = None, end: End = None
) -> Table:  # fmt: skip
    """Look for revenge trading, overtrading, cut winners and held losers, and larger trades after losses, with the evidence."""
    from plugins.journal.statistics import tables as statistics_tables

    return statistics_tables.behaviour_table(ctx, _closed(ctx, account, currency, start, end))


def _closed(ctx: Context, account: tuple[str, ...], currency: str, start: date | None, end: date | None) -> Journal:
    from plugins.journal.trades import trading

    return trading.journal(ctx, account, currency, start=start, end=end, excursions=False)
