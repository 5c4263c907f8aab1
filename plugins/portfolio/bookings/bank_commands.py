"""Commands over bank accounts (SimpleFIN, read only). What banks say stands beside what is booked and is never mixed with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Source, Table, UserError, argument, command

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from terminal.domain.simplefin import Statement

_BALANCES = (
    Column("bank", "Bank"),
    Column("name", "Account"),
    Column("balance", "Balance", "number", "currency", decimals=2),
    Column("available", "Available", "number", "currency", decimals=2, newbie=False),
    Column("currency", "Currency"),
    Column("at", "As of", "datetime"),
    Column("age", "Age"),
    Column("fetched_at", "Read", "datetime", newbie=False),
    Column("id", "Number", newbie=False),
)
_APART = "As your banks say; not part of your portfolio's cash and of no total of it."


@command(title="Connect your bank", writes=True)
def simplefin_connect(
    ctx: Context,
    token: Annotated[str, argument(help="The setup token from SimpleFIN; it can be used once.", secret=True)],
) -> Table:
    """Connect your bank accounts through SimpleFIN, read only, and read what they hold.

    The access is kept in the system's keyring and nowhere else; without a keyring the token is not used.
    """
    _only_live(ctx)
    ctx.market.bank.connect(token)
    ctx.publish("settings.changed", {"key": "providers.simplefin.key"})
    return simplefin_refresh(ctx)


@command(title="Read your bank accounts", writes=True, long=True)
def simplefin_refresh(ctx: Context) -> Table:
    """Ask SimpleFIN what your bank accounts hold; 24 times a day at most."""
    _only_live(ctx)
    found = ctx.market.bank.read(by_hand=ctx.by_hand)
    ctx.store.book.write(lambda tx: _keep(tx, found, ctx.now()))
    left = ctx.market.bank.left()
    return _shown(ctx, f"{left.left} of {left.requests} requests of today are left.")


@command(title="Bank accounts")
def simplefin(ctx: Context) -> Table:
    """List what your bank accounts held when they were last read, with when the bank said so. Apart from what is booked."""
    return _shown(ctx)


@command(title="Disconnect your bank", writes=True)
def simplefin_forget(
    ctx: Context, *, balances: Annotated[bool, argument(help="Also what was read so far.")] = False
) -> Table:
    """Forget the access to SimpleFIN. What was read stays, unless --balances; disable the token at SimpleFIN as well."""
    had = ctx.market.bank.forget()
    known = ctx.store.book.read("SELECT 1 FROM portfolio.bank_balances LIMIT 1").height
    if not had and not (balances and known):
        raise UserError("SimpleFIN is not connected.", "Connect it: `tapeline portfolio simplefin-connect`.")
    if balances:
        ctx.store.book.write(_erase)
    ctx.publish("settings.changed", {"key": "providers.simplefin.key"})
    return _shown(ctx, "The access is forgotten here; disable it at SimpleFIN, too.")


def _only_live(ctx: Context) -> None:
    if ctx.demo:
        raise UserError("The demo market has no bank.", "Leave the demo: add --live.")


def _keep(tx: Any, found: Statement, now: datetime) -> None:
    tx.execute("INSERT INTO portfolio.bank_reads VALUES (?, ?, ?)", (now, len(found.balances), list(found.warnings)))
    for each in found.balances:
        tx.execute("DELETE FROM portfolio.bank_balances WHERE id = ? AND said_at = ?", (each.id, each.at))
        tx.execute("INSERT INTO portfolio.bank_balances VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   (each.id, each.at, now, each.bank, each.name, each.currency, each.balance, each.available))  # fmt: skip


def _erase(tx: Any) -> None:
    tx.execute("DELETE FROM portfolio.bank_balances")
    tx.execute("DELETE FROM portfolio.bank_reads")


def _shown(ctx: Context, *notes: str) -> Table:
    from plugins.portfolio.tables import frame

    read, moment = ctx.store.book.read, _end(ctx)
    rows = read(
        "SELECT id, said_at AS \"at\", fetched_at, bank, name, currency, balance, available FROM portfolio.bank_balances "
        "WHERE fetched_at < ? QUALIFY row_number() OVER (PARTITION BY id ORDER BY said_at DESC) = 1 ORDER BY bank, name, id",
        (moment,)).to_dicts()  # fmt: skip
    last = read('SELECT * FROM portfolio.bank_reads WHERE "at" < ? ORDER BY "at" DESC LIMIT 1', (moment,)).to_dicts()
    now = min(ctx.now(), moment)
    for row in rows:
        row["age"] = _age(now - row["at"])
    if not rows:
        return Table("Bank accounts", _BALANCES, frame(_BALANCES, ()), notes=(_empty(ctx), *notes))
    source = Source("SimpleFIN", "accounts", as_of=min(row["at"] for row in rows), fetched_at=last[0]["at"] if last else None)
    warned = tuple(f"SimpleFIN: {text}" for text in (last[0]["warnings"] if last else ()))
    gone = [row for row in rows if last and row["fetched_at"] < last[0]["at"]]
    missed = tuple(f"{row['name']} was not in the last answer; its balance is older." for row in gone)
    shown = Table("Bank accounts", _BALANCES, frame(_BALANCES, rows), (source,), (*warned, *missed), (_APART, *notes))
    return replace(shown, detail={"balances": rows})


def _empty(ctx: Context) -> str:
    if not ctx.demo and ctx.market.bank.connected:
        return "Nothing was read yet: `tapeline portfolio simplefin-refresh`."
    return "No bank is connected: `tapeline portfolio simplefin-connect` asks for the setup token that SimpleFIN gives you."


def _end(ctx: Context) -> datetime:
    from datetime import UTC, datetime, time, timedelta
    from zoneinfo import ZoneInfo

    if ctx.as_of is None:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(ctx.as_of + timedelta(days=1), time(), ZoneInfo("America/New_York"))


def _age(passed: timedelta) -> str:
    hours = max(0, int(passed.total_seconds() // 3600))
    return "less than an hour" if hours < 1 else f"{hours} hours" if hours < 48 else f"{hours // 24} days"
