"""Commands over bookings, and all commands of the portfolio. A correction keeps what was there before, and can be taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.portfolio.allocation.commands import (
    allocation,
    tag,
    tag_undo,
    tags,
    target_clear,
    target_set,
    target_undo,
    targets,
    untag,
)
from plugins.portfolio.allocation.rebalance_commands import rebalance
from plugins.portfolio.bookings.account_commands import account_change, account_create, accounts, create, delete, list_
from plugins.portfolio.bookings.bank_commands import simplefin, simplefin_connect, simplefin_forget, simplefin_refresh
from plugins.portfolio.bookings.demo_commands import demo_fill, demo_remove
from plugins.portfolio.bookings.execution_commands import executions
from plugins.portfolio.bookings.import_commands import import_, import_undo, imports, unknown_lines
from plugins.portfolio.overview.commands import curve, overview, owned, signals, watch
from plugins.portfolio.reports.commands import cash, holdings, income, lots, pnl, position, returns, show
from plugins.portfolio.reports.fx_commands import fx, fx_refresh
from plugins.portfolio.reports.tax_commands import wash_sales
from plugins.portfolio.risk.commands import correlation, risk, var_check
from plugins.portfolio.sizing.commands import size, size_spread
from plugins.portfolio.whatif.commands import scenario_delete, scenario_save, scenario_undo, scenarios, shocks, whatif
from plugins.portfolio.whatif.greeks_commands import greeks
from terminal.api import Column, Context, Source, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

    from terminal.domain.portfolio.transactions import Transaction

__all__ = [
    "account_change",
    "account_create",
    "accounts",
    "add",
    "allocation",
    "cash",
    "correct",
    "correlation",
    "create",
    "curve",
    "delete",
    "demo_fill",
    "demo_remove",
    "executions",
    "fx",
    "fx_refresh",
    "greeks",
    "history",
    "holdings",
    "import_",
    "import_undo",
    "imports",
    "income",
    "list_",
    "lots",
    "overview",
    "owned",
    "pnl",
    "position",
    "rebalance",
    "remove",
    "returns",
    "risk",
    "scenario_delete",
    "scenario_save",
    "scenario_undo",
    "scenarios",
    "shocks",
    "show",
    "signals",
    "simplefin",
    "simplefin_connect",
    "simplefin_forget",
    "simplefin_refresh",
    "size",
    "size_spread",
    "tag",
    "tag_undo",
    "tags",
    "target_clear",
    "target_set",
    "target_undo",
    "targets",
    "transactions",
    "undo",
    "unknown_lines",
    "untag",
    "var_check",
    "wash_sales",
    "watch",
    "whatif",
]

Name = Annotated[str, argument(help="Name of the account.", metavar="ACCOUNT")]
Number = Annotated[int, argument(help="Number of the booking (`portfolio transactions`).", metavar="NUMBER")]
Amount = Annotated[str, argument(help="Money, fees and taxes included.", metavar="MONEY")]
KindName = Literal[
    "buy",
    "sell",
    "short",
    "cover",
    "dividend",
    "interest",
    "fee",
    "tax",
    "deposit",
    "withdrawal",
    "transfer_in",
    "transfer_out",
    "split",
    "spinoff",
    "merger",
    "assign",
    "exercise",
    "expire",
    "fx",
    "staking",
    "other",
]
_Text = Annotated[str, argument(help="A number.", metavar="NUMBER")]

_BOOKINGS = (
    Column("number", "Number", "integer"),
    Column("day", "Day", "date"),
    Column("account", "Account"),
    Column("kind", "What"),
    Column("symbol", "Ticker"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("price", "Price", "number", "currency", decimals=4),
    Column("amount", "Cash", "number", "currency", decimals=2, term="portfolio_amount"),
    Column("fees", "Fees", "number", "currency", decimals=2),
    Column("taxes", "Taxes", "number", "currency", decimals=2, newbie=False),
    Column("currency", "Currency"),
    Column("note", "Note"),
    Column("source", "From", newbie=False),
    Column("version", "Version", "integer", newbie=False),
)


# Bookings


@command(title="Book a transaction", writes=True)
def add(
    ctx: Context,
    account: Name,
    kind: Annotated[KindName, argument(help="What happened.", metavar="KIND")],
    symbol: Annotated[str, argument(help="Ticker; of an option AAPL260116C00150000.", metavar="SYMBOL")] = "",
    *,
    quantity: Annotated[str, argument(help="How many; signs are not needed.", metavar="NUMBER")] = "",
    price: Annotated[str, argument(help="Of one share.", metavar="PRICE")] = "",
    amount: Annotated[str, argument(help="Money in all, with fees and taxes; else worked out.", metavar="MONEY")] = "",
    fees: Annotated[str, argument(help="Fees in it.", metavar="MONEY")] = "",
    taxes: Annotated[str, argument(help="Taxes in it.", metavar="MONEY")] = "",
    day: Annotated[date | None, argument(help="When; today if not given.")] = None,
    currency: Annotated[str, argument(help="The account's own if not given.", metavar="CODE")] = "",
    fx_rate: Annotated[str, argument(help="What one unit of it is in the account's currency.", metavar="RATE")] = "",
    instrument: Annotated[str, argument(help="stock, etf, bond, fund, crypto, cash.", metavar="KIND")] = "",
    ratio: Annotated[str, argument(help="New shares for an old one, of a split or merger: 4, 0.1 or 4:1.", metavar="RATIO")] = "",
    other: Annotated[str, argument(help="Parent of a spin-off; what a merger gives.", metavar="SYMBOL")] = "",
    cost_share: Annotated[str, argument(help="Part of the parent's cost that moves to a spin-off: 0.2.", metavar="SHARE")] = "",
    lots: Annotated[tuple[str, ...], argument(help="Lots a sale closes; 12:30 takes 30 of lot 12.", metavar="LOT")] = (),
    note: Annotated[str, argument(help="A note.")] = "",
    key: Annotated[str, argument(help="Your own name for it: booking the same one again changes nothing.", metavar="KEY")] = "",
    again: Annotated[bool, argument(help="Book it although the very same is booked already.")] = False,
) -> Table:
    """Book a purchase, sale, dividend, deposit, split, or anything else that happened in an account."""
    from plugins.portfolio import book
    from plugins.portfolio.bookings.recording import Typed, made
    from terminal.domain.portfolio.transactions import Kind, content_id

    into = book.account(ctx.store.book.read, account)
    on = _day(ctx, day)
    typed = Typed(
        symbol, quantity, price, amount, fees, taxes, currency, fx_rate, instrument, ratio, other, cost_share, lots, note
    )
    one = made(into.name, Kind(kind), on, typed, into.base_currency, _held(ctx, into.name, on), _kind_of(ctx))
    one = _with_rate(ctx, one, into.base_currency)

    def write(tx: Any) -> Any:
        told = replace(one, source_id=f"manual:{key}" if key else one.source_id)
        count = 0
        while again and not key and _taken(tx, into.id, told.source_id):
            count += 1
            told = replace(told, source_id=content_id(one, count))
        return book.book(tx, into, [told], ctx.now())

    booked = ctx.store.book.write(write)
    if not booked.new:
        if not key:
            raise UserError("The very same is booked already.", "If it happened twice, book it again with --again.")
        return _noted(transactions(ctx, account=(into.name,), limit=1), f"'{key}' was booked before; nothing was changed.")
    number = int(booked.new[0].id)
    return _shown(ctx, number, "remove", f"{booked.new[0].kind} booked".capitalize(), quiet=True)


@command(title="What is booked")
def transactions(
    ctx: Context,
    symbol: Annotated[str, argument(help="Only of this ticker.", metavar="SYMBOL")] = "",
    *,
    account: Annotated[tuple[str, ...], argument(help="Only of these accounts or portfolios.", metavar="NAME")] = (),
    kind: Annotated[str, argument(help="Only of this kind, such as dividend.", metavar="KIND")] = "",
    start: Annotated[date | None, argument(help="From this day on.")] = None,
    end: Annotated[date | None, argument(help="Up to this day.")] = None,
    limit: Annotated[int, argument(help="The newest so many; 0 for all.")] = 200,
    removed: Annotated[bool, argument(help="Those taken out, which can be put back.")] = False,
) -> Table:
    """List what is booked, the newest first."""
    from plugins.portfolio import book

    chosen = book.chosen(ctx.store.book.read, account)
    where, params = ["list_contains(?, account_id)"], [[each.id for each in chosen] or [0]]
    for test, value in (
        ("symbol = ? OR underlying = ?", symbol.strip().upper()),
        ("kind = ?", kind),
        ("day >= ?", start),
        ("day <= ?", end),
        ("day <= ?", ctx.as_of),
    ):
        if value:
            where.append(f"({test})")
            params += [value] * test.count("?")  # type: ignore[list-item]
    source = _REMOVED if removed else "portfolio.transactions"
    frame = ctx.store.book.read(
        f"SELECT t.*, a.name AS account, count(*) OVER () AS found FROM {source} t "
        f"JOIN portfolio.accounts a ON a.id = t.account_id WHERE {' AND '.join(where)} "
        f'ORDER BY day DESC, "at" DESC, t.id DESC LIMIT {limit if limit > 0 else "ALL"}',
        params,
    )
    rows = frame.to_dicts()
    notes: tuple[str, ...] = ()
    if not rows:
        notes = ("Nothing is booked that fits. Book: `tapeline portfolio add ACCOUNT buy AAPL --quantity 10 --price 150`.",)
    elif rows[0]["found"] > len(rows):
        notes = (f"The newest {len(rows)} of {rows[0]['found']}; --limit 0 for all.",)
    return _bookings(ctx, "Taken out" if removed else "Bookings", rows, notes)


@command(title="Correct a booking", writes=True)
def correct(
    ctx: Context,
    number: Number,
    *,
    symbol: Annotated[str, argument(help="Ticker.", metavar="SYMBOL")] = "",
    quantity: _Text = "",
    price: _Text = "",
    amount: Amount = "",
    fees: _Text = "",
    taxes: _Text = "",
    day: Annotated[date | None, argument(help="When it happened.")] = None,
    currency: Annotated[str, argument(help="Three letters.", metavar="CODE")] = "",
    fx_rate: _Text = "",
    ratio: _Text = "",
    other: Annotated[str, argument(help="Parent of a spin-off; what a merger gives.", metavar="SYMBOL")] = "",
    cost_share: _Text = "",
    lots: Annotated[tuple[str, ...], argument(help="Lots a sale closes; 12:30 takes 30 of lot 12.", metavar="LOT")] = (),
    note: Annotated[str, argument(help="A note.")] = "",
    reason: Annotated[str, argument(help="Why, for the history.")] = "",
) -> Table:
    """Put a booking right. What it said before is kept (`portfolio history`); `portfolio undo` brings it back."""
    from plugins.portfolio.bookings.recording import Typed, corrected

    typed = Typed(symbol, quantity, price, amount, fees, taxes, currency, fx_rate, "", ratio, other, cost_share, lots, note)
    on = None if day is None else _day(ctx, day)
    _change(ctx, number, lambda one: corrected(one, on, typed), reason)
    return _shown(ctx, number, "undo", f"Booking {number} is corrected")


@command(title="Take a booking out", writes=True)
def remove(ctx: Context, number: Number, *, reason: Annotated[str, argument(help="Why, for the history.")] = "") -> Table:
    """Take a booking out; importing its file again does not bring it back, `portfolio undo` does."""
    from plugins.portfolio import book

    def write(tx: Any) -> None:
        last = book.history(tx.query, number)[-1]
        if last.removed:
            raise UserError(f"Booking {number} is taken out already.", f"Put it back with `tapeline portfolio undo {number}`.")
        book.add_version(tx, last.transaction, ctx.now(), removed=True, reason=reason)

    ctx.store.book.write(write)
    shown = _noted(transactions(ctx, removed=True), f"Booking {number} is taken out.")
    return replace(shown, undo=Undo("portfolio.undo", {"number": number}, f"Booking {number} is taken out", f"booking:{number}"))


@command(title="Take back the last change of a booking", writes=True)
def undo(ctx: Context, number: Number) -> Table:
    """Let a booking stand as it did before it was last corrected or taken out; this, too, can be taken back."""
    from plugins.portfolio import book

    def write(tx: Any) -> None:
        versions = book.history(tx.query, number)
        if len(versions) < 2:
            raise UserError(f"Booking {number} was never changed.", "Take it out with `tapeline portfolio remove`.")
        before = versions[-2]
        book.add_version(tx, before.transaction, ctx.now(), removed=before.removed, reason="taken back")

    ctx.store.book.write(write)
    return _shown(ctx, number, "undo", f"The last change of booking {number} is taken back", quiet=True)


@command(title="What became of a booking")
def history(ctx: Context, number: Number) -> Table:
    """Every version of a booking, the newest first, with when it was written and why."""
    from plugins.portfolio import book
    from plugins.portfolio.tables import frame

    columns = (
        *(each for each in _BOOKINGS if each.name not in ("number", "source")),
        Column("written", "Written", "datetime"),
        Column("state", "State"),
        Column("reason", "Why"),
    )
    rows = [
        {
            "version": each.number,
            "written": each.booked_at,
            "state": "taken out" if each.removed else "booked",
            "reason": each.reason,
            **_row_of(each.transaction),
        }
        for each in book.history(ctx.store.book.read, number)
    ]
    return Table(f"Booking {number}", columns, frame(columns, reversed(rows)), (_book(ctx),))


_REMOVED = """(SELECT * EXCLUDE (newest) FROM (
    SELECT v.*, row_number() OVER (PARTITION BY id ORDER BY version DESC) = 1 AS newest FROM portfolio.versions v)
    WHERE newest AND removed)"""


def _change(ctx: Context, number: int, change: Callable[[Transaction], Transaction], reason: str) -> None:
    from plugins.portfolio import book

    def write(tx: Any) -> None:
        last = book.history(tx.query, number)[-1]
        if last.removed:
            raise UserError(f"Booking {number} is taken out.", f"Put it back first: `tapeline portfolio undo {number}`.")
        new = change(last.transaction)
        if new == last.transaction:
            raise UserError("That is what is booked already.", "Give what is to be different, such as --price 12.50.")
        book.add_version(tx, new, ctx.now(), reason=reason)

    ctx.store.book.write(write)


def _shown(ctx: Context, number: int, back: str, text: str, *, quiet: bool = False) -> Table:
    """The booking as it stands now, with how this is taken back."""
    from plugins.portfolio import book

    last = book.history(ctx.store.book.read, number)[-1]
    rows = [] if last.removed else [{"number": number, "version": last.number, **_row_of(last.transaction)}]
    shown = _bookings(ctx, f"Booking {number}", rows, (text + ".",))
    return replace(shown, undo=Undo(f"portfolio.{back}", {"number": number}, text, f"booking:{number}", quiet))


def _bookings(ctx: Context, title: str, rows: list[dict[str, Any]], notes: tuple[str, ...]) -> Table:
    from plugins.portfolio.tables import fitted, frame

    listed = [{**row, "number": row["number"] if "number" in row else row["id"]} for row in rows]
    shown = frame(_BOOKINGS, listed)
    return Table(title, fitted(_BOOKINGS, shown), shown, (_book(ctx),), notes=notes)


def _row_of(one: Transaction) -> dict[str, Any]:
    names = ("day", "account", "symbol", "quantity", "price", "amount", "fees", "taxes", "currency", "note", "source")
    return {**{name: getattr(one, name) for name in names}, "kind": str(one.kind)}


def _book(ctx: Context) -> Source:
    return Source("your book", "bookings", fetched_at=ctx.now(), simulated=ctx.demo)


def _day(ctx: Context, day: date | None) -> date:
    today = ctx.market.today()
    if day is not None and day > today:
        raise UserError(f"{day} has not come yet.", "Book what has happened.")
    return day or ctx.as_of or today


def _held(ctx: Context, account: str, day: date) -> Callable[[str], Decimal]:
    """How much of a symbol the account holds at the end of a day; read when it is asked for."""
    from plugins.portfolio.standing import standing
    from terminal.domain.portfolio.transactions import ZERO

    def quantity(symbol: str) -> Decimal:
        known = standing(ctx)
        return known.positions({each.name: each.method for each in known.accounts}, day).quantities().get((account, symbol), ZERO)

    return quantity


def _kind_of(ctx: Context) -> Callable[[str], str]:
    from terminal.domain.portfolio.transactions import INSTRUMENTS

    def kind(symbol: str) -> str:
        known = ctx.market.instruments([symbol])["kind"].to_list()
        return known[0] if known and known[0] in INSTRUMENTS else "stock"

    return kind


def _with_rate(ctx: Context, one: Transaction, base: str) -> Transaction:
    """The exchange rate of the day, where none was typed and the market knows it."""
    from plugins.portfolio.gathering import exchange_rate

    if one.currency == base or one.fx_rate is not None:
        return one
    return replace(one, fx_rate=exchange_rate(ctx, one.currency, base, one.day))


def _taken(tx: Any, account_id: int, source_id: str) -> bool:
    found = tx.query("SELECT 1 FROM portfolio.keys WHERE account_id = ? AND source_id = ?", (account_id, source_id))
    return bool(found.height)


def _noted(table: Table, *notes: str) -> Table:
    return replace(table, notes=(*table.notes, *notes))
