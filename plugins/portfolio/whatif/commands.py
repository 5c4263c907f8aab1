"""Commands that ask what if: shocks, the grid, proposed trades, and scenarios that are kept to be run again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.portfolio.whatif.greeks_commands import Accounts, Currency, Fresh, Rate, checked_rate
from terminal.api import Column, Context, Source, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from plugins.portfolio.whatif.saved import Scenario

Shock = Annotated[str, argument(help="Such as 'SPY -10%, VIX 40' or 'March 2020'; see `portfolio shocks`.", metavar="SHOCK")]
Trades = Annotated[str, argument(help="Such as 'buy 100 AAPL; sell 5 MSFT 2027-01-15 400 C'.", metavar="TRADES")]
Name = Annotated[str, argument(help="Name of a scenario.", metavar="NAME")]
Response = Annotated[float, argument(help="VIX points for each per cent of a fall; 0: volatility stays.", metavar="POINTS")]
Share = Annotated[float, argument(help="Tax on gains as a fraction.", metavar="SHARE")]
By = Annotated[Literal["beta", "same"], argument(help="In the grid prices move by their beta, or all by the same part.")]


@command(title="What if the market moved, or you traded")
def whatif(
    ctx: Context,
    *,
    shock: Shock = "",
    trades: Trades = "",
    scenario: Annotated[str, argument(help="Run a scenario that was kept.", metavar="NAME")] = "",
    save: Annotated[str, argument(help="Keep this shock and these trades under a name.", metavar="NAME")] = "",
    account: Accounts = (),
    currency: Currency = "",
    response: Response = 1.5,
    by: By = "beta",
    rate: Rate = None,
    fresh: Fresh = False,
    tax_short: Share = 0.35,
    tax_long: Share = 0.15,
) -> Table:
    """Revalue everything, options in full: what a shock would make of each position; what trades would change, before and after
    in one table; without either the grid of price, volatility and interest rate."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.whatif import saved as whatif_saved
    from plugins.portfolio.whatif import shocks as whatif_shocks
    from plugins.portfolio.whatif.gathering import modelled
    from plugins.portfolio.whatif.trades import trades_table
    from terminal.domain.whatif import shocks
    from terminal.domain.whatif import trades as trading

    _checked(response, tax_short, tax_long)
    if scenario:
        kept = whatif_saved.scenario(ctx.store.book.read, scenario)
        shock, trades = shock or kept.shock, trades or kept.trades
    meant = shocks.parse(shock) if shock.strip() else None
    wanted = trading.parse(trades) if trades.strip() else ()
    if save and meant is None and not wanted:
        raise UserError("There is nothing to keep.", "Give a shock or trades, such as --shock 'SPY -10%'.")
    own = owned(ctx, account, currency=currency)
    found = modelled(ctx, own, rate=checked_rate(rate), fresh=fresh)
    told = None if meant is None else whatif_shocks.told(ctx, found, meant, response or None)
    if wanted:
        made = trades_table(ctx, own, found, wanted, told, (tax_short, tax_long))
    elif told is not None:
        made = whatif_shocks.shock_table(ctx, own, found, told)
    else:
        made = whatif_shocks.grid_table(ctx, own, found, by_beta=by == "beta")
    return _kept(ctx, made, save, shock, trades) if save else made


@command(title="Keep a scenario", writes=True)
def scenario_save(ctx: Context, name: Name, *, shock: Shock = "", trades: Trades = "") -> Table:
    """Keep a shock and trades under a name, to be run again with `portfolio whatif --scenario NAME`."""
    from plugins.portfolio.whatif import saved as whatif_saved
    from terminal.domain.whatif import shocks
    from terminal.domain.whatif import trades as trading

    if shock.strip():
        shocks.parse(shock)
    if trades.strip():
        trading.parse(trades)
    if not shock.strip() and not trades.strip():
        raise UserError("There is nothing to keep.", "Give a shock or trades, such as --shock 'SPY -10%'.")
    kept = ctx.store.book.write(lambda tx: whatif_saved.save(tx, name, shock.strip(), trades.strip(), ctx.now()))
    return _undoable(ctx, kept, f"The scenario {kept.name} is kept", quiet=True)


@command(title="Scenarios that are kept")
def scenarios(ctx: Context) -> Table:
    """List what was kept to be run again."""
    from plugins.portfolio.whatif.saved import scenarios as kept

    return _listed(ctx, kept(ctx.store.book.read))


@command(title="Delete a scenario", writes=True)
def scenario_delete(ctx: Context, name: Name) -> Table:
    """Delete a scenario that was kept; `portfolio scenario-undo` brings it back."""
    from plugins.portfolio.whatif import saved as whatif_saved

    def write(tx: Any) -> Scenario:
        one = whatif_saved.scenario(tx.query, name)
        return whatif_saved.save(tx, one.name, one.shock, one.trades, ctx.now(), removed=True)

    gone = ctx.store.book.write(write)
    return _undoable(ctx, gone, f"The scenario {gone.name} is deleted")


@command(title="Take back the last change of a scenario", writes=True)
def scenario_undo(ctx: Context, name: Name) -> Table:
    """Let a scenario stand as it did before it was last changed or deleted."""
    from plugins.portfolio.whatif import saved as whatif_saved

    back = ctx.store.book.write(lambda tx: whatif_saved.take_back(tx, name, ctx.now()))
    return _undoable(ctx, back, f"The last change of the scenario {back.name} is taken back", quiet=True)


@command(title="Shocks with a name")
def shocks(ctx: Context) -> Table:
    """List the falls of the past that can be named, with what they did, and how a shock is written."""
    from plugins.portfolio.tables import frame
    from terminal.domain.whatif.history import CRISES

    columns = (
        Column("name", "Say"),
        Column("title", "What it was"),
        Column("start", "From", "date"),
        Column("end", "To", "date"),
        Column("market", "S&P 500", "number", "fraction", decimals=1),
        Column("vix_before", "VIX before", "number", decimals=1, newbie=False),
        Column("vix_after", "VIX then", "number", decimals=1),
        Column("rate", "10-year yield", "number", "fraction", decimals=2),
    )
    rows = [
        {"name": one.names[0], "title": f"{one.title}: {one.why}", "start": one.start,
         "end": one.end, "market": one.market, "vix_before": one.vix and one.vix[0], "vix_after": one.vix and one.vix[1],
         "rate": one.rate} for one in CRISES
    ]  # fmt: skip
    notes = (
        "Or in your own words, joined by commas: market -10%; NVDA -20%; NVDA to 150; technology -15%; EUR -5%; VIX 40; VIX +10; "
        "IV +20%; rates +200bp; 30 days.",
        "Stated in the program: closes of the S&P 500 and of VIX (Cboe), 10-year Treasury yields (Federal Reserve, H.15).",
        "Where the store holds prices of those days, each thing held does what it did then; else it moves by its beta.",
    )
    return Table("Shocks with a name", columns, frame(columns, rows), notes=notes)


def _checked(response: float, tax_short: float, tax_long: float) -> None:
    if not 0 <= response <= 10:
        raise UserError(f"VIX does not rise by {response:g} points for each per cent.", "Give 0 to 10; 1.5 is usual.")
    for share in (tax_short, tax_long):
        if not 0 <= share <= 1:
            raise UserError(f"A tax of {share:g} cannot be.", "Give a fraction: 0.15 is 15 %.")


def _kept(ctx: Context, made: Table, name: str, shock: str, trades: str) -> Table:
    kept = ctx.call("portfolio.scenario_save", name=name, shock=shock, trades=trades)
    return replace(made, notes=(*made.notes, *kept.notes), undo=kept.undo)


def _undoable(ctx: Context, one: Scenario, text: str, *, quiet: bool = False) -> Table:
    from plugins.portfolio.whatif.saved import scenarios as kept

    shown = _listed(ctx, kept(ctx.store.book.read))
    undo = Undo("portfolio.scenario_undo", {"name": one.name}, text, f"scenario:{one.name.lower()}", quiet)
    return replace(shown, notes=(f"{text}.",), undo=undo)


def _listed(ctx: Context, found: tuple[Scenario, ...]) -> Table:
    from plugins.portfolio.tables import frame

    columns = (Column("name", "Name"), Column("shock", "Shock"), Column("trades", "Trades"), Column("saved", "Kept", "datetime"))
    rows = [{"name": one.name, "shock": one.shock or None, "trades": one.trades or None, "saved": one.at} for one in found]
    notes = () if rows else ("None is kept. Keep one: `tapeline portfolio whatif --shock 'SPY -10%' --save Fall`.",)
    mine = Source("your book", "scenarios", fetched_at=ctx.now(), simulated=ctx.demo)
    return Table("Scenarios", columns, frame(columns, rows), (mine,), notes=notes)
