"""Commands over accounts, and over portfolios, which are accounts under one name."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from terminal.api import Column, Context, Source, Table, Undo, UserError, argument, command

Name = Annotated[str, argument(help="Name of the account.", metavar="ACCOUNT")]
Method = Literal["fifo", "lifo", "average", "specific"]

_ACCOUNTS = (
    Column("account", "Account"),
    Column("broker", "Broker"),
    Column("currency", "Currency"),
    Column("method", "Sells first", term="portfolio_method"),
    Column("bookings", "Bookings", "integer", "count"),
    Column("first", "Since", "date"),
    Column("last", "Newest", "date"),
)


@command(title="Make an account", writes=True)
def account_create(
    ctx: Context,
    name: Name,
    *,
    currency: Annotated[str, argument(help="What the account is kept in.", metavar="CODE")] = "USD",
    broker: Annotated[str, argument(help="Where it is.")] = "",
    method: Annotated[Method, argument(help="Which lots a sale closes.")] = "fifo",
) -> Table:
    """Make an account to book into. How its lots are closed can be changed later; nothing booked depends on it."""
    from plugins.portfolio import book

    ctx.store.book.write(lambda tx: book.create_account(tx, name, broker, currency, method, ctx.now()))
    return accounts(ctx)


@command(title="Change an account", writes=True)
def account_change(
    ctx: Context,
    name: Name,
    *,
    new_name: Annotated[str, argument(help="Another name.")] = "",
    broker: Annotated[str | None, argument(help="Where it is.")] = None,
    method: Annotated[Method | None, argument(help="Which lots a sale closes.")] = None,
) -> Table:
    """Give an account another name, broker, or way to close lots; every gain is worked out anew from its bookings."""
    from plugins.portfolio import book

    before = book.account(ctx.store.book.read, name)
    after = ctx.store.book.write(
        lambda tx: book.change_account(
            tx,
            book.account(tx.query, name),
            name=new_name or before.name,
            broker=before.broker if broker is None else broker,
            method=method or before.method,
        )
    )
    back = {"name": after.name, "new_name": before.name, "broker": before.broker, "method": before.method}
    text = f"The account {after.name} is changed"
    return replace(accounts(ctx), undo=Undo("portfolio.account_change", back, text, f"account:{after.id}", quiet=True))


@command(title="Your accounts")
def accounts(ctx: Context) -> Table:
    """List your accounts with how much is booked in each."""
    from plugins.portfolio import book
    from plugins.portfolio.tables import frame

    counted = {
        row["account_id"]: row
        for row in ctx.store.book.read(
            "SELECT account_id, count(*) AS bookings, min(day) AS first, max(day) AS last "
            "FROM portfolio.transactions GROUP BY account_id"
        ).to_dicts()
    }
    rows = [
        {
            "account": each.name,
            "broker": each.broker,
            "currency": each.base_currency,
            "method": each.method,
            "bookings": 0,
            **counted.get(each.id, {}),
        }
        for each in book.accounts(ctx.store.book.read)
    ]
    note = () if rows else ("You have no account yet: `tapeline portfolio account-create NAME`.",)
    mine = Source("your book", "accounts", fetched_at=ctx.now(), simulated=ctx.demo)
    return Table("Accounts", _ACCOUNTS, frame(_ACCOUNTS, rows), (mine,), notes=note, detail={"today": ctx.market.today()})


@command(title="Put accounts together", writes=True)
def create(
    ctx: Context,
    name: Annotated[str, argument(help="Name of the portfolio.", metavar="NAME")],
    accounts: Annotated[tuple[str, ...], argument(help="Its accounts.", metavar="ACCOUNT")],
) -> Table:
    """Name several accounts as one portfolio; its name can then be given wherever an account can."""
    from plugins.portfolio import book

    def write(tx: Any) -> str:
        members = [book.account(tx.query, each).name for each in accounts]
        if not members:
            raise UserError("A portfolio needs an account.", "Name one or more.")
        label = book.free_name(tx.query, name)
        tx.execute("INSERT INTO portfolio.portfolios VALUES (?, ?, ?, NULL)", (label, list(dict.fromkeys(members)), ctx.now()))
        return label

    made = ctx.store.book.write(write)
    return replace(
        list_(ctx),
        undo=Undo("portfolio.delete", {"name": made}, f"The portfolio {made} is made", f"portfolio:{made.lower()}", quiet=True),
    )


@command(title="Your portfolios")
def list_(ctx: Context) -> Table:
    """List the accounts you put together under a name."""
    from plugins.portfolio import book
    from plugins.portfolio.tables import frame

    columns = (Column("name", "Portfolio"), Column("accounts", "Accounts", "list"))
    rows = [{"name": name, "accounts": members} for name, members in book.portfolios(ctx.store.book.read).items()]
    note = () if rows else ("None yet: `tapeline portfolio create NAME ACCOUNT ...`. Without one, all accounts count.",)
    return Table("Portfolios", columns, frame(columns, rows), notes=note)


@command(title="Take a portfolio apart", writes=True)
def delete(ctx: Context, name: Annotated[str, argument(help="Name of the portfolio.", metavar="NAME")]) -> Table:
    """Forget that accounts belong together; the accounts and their bookings stay."""
    from plugins.portfolio import book

    kept = next((each for each in book.portfolios(ctx.store.book.read) if each.lower() == name.strip().lower()), None)
    if kept is None:
        raise UserError(f"There is no portfolio called '{name}'.", "See `tapeline portfolio list`.")
    members = book.portfolios(ctx.store.book.read)[kept]
    ctx.store.book.write(
        lambda tx: tx.execute(
            "UPDATE portfolio.portfolios SET deleted_at = ? WHERE name = ? AND deleted_at IS NULL", (ctx.now(), kept)
        )
    )
    return replace(
        list_(ctx),
        undo=Undo(
            "portfolio.create",
            {"name": kept, "accounts": members},
            f"The portfolio {kept} is taken apart",
            f"portfolio:{kept.lower()}",
        ),
    )
