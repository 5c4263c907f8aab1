"""The demo market's portfolio: made with a new demo home, removed and made anew by a command; never in a real book."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from plugins.portfolio.bookings.account_commands import accounts
from terminal.api import Context, Table, Undo, UserError, command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.portfolio.bookings.demo import Seen

_REASON = "demo"  # of targets that came with the demo portfolio, and go with it


@command(title="Make the demo portfolio", writes=True)
def demo_fill(ctx: Context) -> Table:
    """Book fourteen months of an invented user in the demo market: two accounts, everything simulated.

    A new demo home has it already. Started by itself, this changes nothing where something is booked or it was removed.
    """
    _only_demo(ctx)
    read = ctx.store.book.read
    made = read("SELECT removed_at FROM portfolio.demo ORDER BY filled_at")["removed_at"].to_list()
    untouched = not made and not read("SELECT 1 FROM portfolio.accounts LIMIT 1").height
    if None in made:
        note = "The demo portfolio is there already; `tapeline portfolio demo-remove` removes it."
        return replace(accounts(ctx), notes=(note,))
    if not ctx.by_hand and not untouched:
        return accounts(ctx)
    _fill(ctx)
    _likewise(ctx, "journal.demo_fill", by_hand=ctx.by_hand)
    undo = Undo("portfolio.demo_remove", {}, "The demo portfolio is made", "demo portfolio", quiet=True)
    return replace(accounts(ctx), undo=undo if ctx.by_hand else None)


@command(title="Remove the demo portfolio", writes=True)
def demo_remove(ctx: Context) -> Table:
    """Remove the two invented accounts of the demo market with everything booked in them, and what is written about them in the
    demo journal. What you made yourself stays.
    """
    from plugins.portfolio.allocation import targets

    _only_demo(ctx)

    def write(tx: Any) -> None:
        numbers = tx.query("SELECT account_id FROM portfolio.demo WHERE removed_at IS NULL")["account_id"].to_list()
        if not numbers:
            raise UserError("There is no demo portfolio.", "Make it with `tapeline portfolio demo-fill`.")
        for table in ("held", "versions", "keys"):
            tx.execute(f"DELETE FROM portfolio.{table} WHERE list_contains(?, account_id)", (numbers,))
        names = tx.query("SELECT name FROM portfolio.accounts WHERE list_contains(?, id)", (numbers,))["name"].to_list()
        tx.execute("DELETE FROM portfolio.accounts WHERE list_contains(?, id)", (numbers,))
        tx.execute("UPDATE portfolio.portfolios SET accounts = list_filter(accounts, a -> NOT list_contains(?, a))", (names,))
        tx.execute("UPDATE portfolio.demo SET removed_at = ? WHERE removed_at IS NULL", (ctx.now(),))
        for (scope, taxonomy), reason in targets.reasons(tx.query).items():
            if reason == _REASON:
                targets.write(tx, scope, taxonomy, (), ctx.now(), _REASON)

    _likewise(ctx, "journal.demo_remove", by_hand=True)
    ctx.store.book.write(write)
    return replace(accounts(ctx), undo=Undo("portfolio.demo_fill", {}, "The demo portfolio is removed", "demo portfolio"))


def _likewise(ctx: Context, command: str, *, by_hand: bool) -> None:
    """What the invented user wrote about the bookings comes and goes with them."""
    if by_hand and command in ctx.commands():
        with contextlib.suppress(UserError):  # it is there, or gone, already
            ctx.call(command)


def _only_demo(ctx: Context) -> None:
    if not ctx.demo:
        raise UserError("Your own book holds no invented bookings.", "The demo portfolio lives in the demo market: add --demo.")


def _fill(ctx: Context) -> None:
    from plugins.portfolio import book
    from plugins.portfolio.allocation import targets
    from plugins.portfolio.bookings import demo
    from terminal.domain.portfolio.allocation import parse_targets

    recipe = demo.plan()
    booked = demo.bookings(_seen(ctx, recipe), recipe)

    def write(tx: Any) -> None:
        for each in recipe["accounts"]:
            into = book.create_account(tx, each["name"], "Simulated", "USD", "fifo", ctx.now())
            tx.execute("INSERT INTO portfolio.demo VALUES (?, ?, NULL)", (into.id, ctx.now()))
            book.book(tx, into, booked[into.name], ctx.now())
        known = targets.all_sets(tx.query)
        for taxonomy, weights in recipe["targets"].items():
            if (targets.EVERYTHING, taxonomy) not in known:
                targets.write(tx, targets.EVERYTHING, taxonomy, parse_targets(weights, band=5.0), ctx.now(), _REASON)

    ctx.store.book.write(write)


def _seen(ctx: Context, recipe: Mapping[str, Any]) -> Seen:
    """What the demo market shows now of all that is traded in it."""
    from datetime import timedelta

    from plugins.portfolio.bookings import demo

    symbols, optioned = demo.symbols(recipe)
    ctx.market.ensure(optioned, ("chains",), ctx)
    start = ctx.market.today() - timedelta(days=600)
    bars = ctx.market.bars(symbols, start, columns=["symbol", "date", "low", "high", "close"])
    listed = ctx.market.instruments(symbols)
    funds = listed.filter(listed["kind"].is_in(["etf", "bond_etf"]))["symbol"].to_list()
    chains = [ctx.market.chain(symbol) for symbol in optioned]
    return demo.seen(bars, ctx.market.dividends(symbols), ctx.market.splits(symbols), chains, funds)
