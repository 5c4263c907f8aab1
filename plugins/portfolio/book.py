"""Reading and writing accounts and bookings. Nothing booked is ever overwritten: each change is a further version.

The key of a booking is its account and `source_id`: booking the same one again changes nothing. What was taken out stays
known, so that importing the file again does not bring it back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from terminal.api import UserError
from terminal.domain.portfolio.lots import METHODS, Method, replay
from terminal.domain.portfolio.positions import held
from terminal.domain.portfolio.transactions import Instrument, Kind, Option, Transaction, problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    Read = Callable[..., pl.DataFrame]

_DECIMAL = pl.Decimal(38, 18)
_STEP = Decimal(1).scaleb(-18)
_LARGEST = Decimal(10) ** 19
_MONEY = ("quantity", "price", "amount", "fees", "taxes", "fx_rate", "ratio", "cost_share")
_SCHEMA: dict[str, Any] = {
    "id": pl.Int64, "version": pl.Int32, "account_id": pl.Int64, "source_id": pl.String, "at": pl.Datetime("us", "UTC"),
    "day": pl.Date, "kind": pl.String, "symbol": pl.String, "quantity": _DECIMAL, "price": _DECIMAL, "amount": _DECIMAL,
    "fees": _DECIMAL, "taxes": _DECIMAL, "currency": pl.String, "fx_rate": _DECIMAL, "instrument": pl.String,
    "underlying": pl.String, "expiry": pl.Date, "strike": _DECIMAL, "call_or_put": pl.String, "multiplier": _DECIMAL,
    "ratio": _DECIMAL, "other": pl.String, "cost_share": _DECIMAL, "lots": pl.String, "source": pl.String, "note": pl.String,
    "run_id": pl.Int64, "booked_at": pl.Datetime("us", "UTC"), "removed": pl.Boolean, "reason": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """One account at a broker. `method`: how its lots are closed unless somebody asks otherwise."""

    id: int
    name: str
    broker: str
    base_currency: str
    method: Method
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Booked:
    """What `book` did: `new` transactions with the numbers they got, and those that were `known` (their source ids)."""

    new: tuple[Transaction, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a booking; `removed`: it says that the booking is taken out."""

    number: int
    transaction: Transaction
    booked_at: datetime
    removed: bool
    reason: str


# Accounts and portfolios


def accounts(read: Read) -> list[Account]:
    """All accounts in the order they were made."""
    return [_account(row) for row in read("SELECT * FROM portfolio.accounts ORDER BY id").to_dicts()]


def account(read: Read, name: str) -> Account:
    """The account of that name (upper and lower case alike). Raises UserError when there is none."""
    known = accounts(read)
    found = next((each for each in known if each.name.lower() == " ".join(name.split()).lower()), None)
    if found is None:
        hint = f"Your accounts: {', '.join(each.name for each in known)}." if known else \
            "Make one first: `tapeline portfolio account-create NAME`."  # fmt: skip
        raise UserError(f"There is no account called '{name}'.", hint)
    return found


def create_account(tx: Any, name: str, broker: str, currency: str, method: str, now: datetime) -> Account:
    """Make an account. Raises UserError for a name that is taken (by an account or a portfolio) or cannot be one."""
    label = free_name(tx.query, name)
    if len(currency) != 3 or not currency.isalpha():
        raise UserError(f"'{currency}' is not a currency.", "Give its three letters, such as USD or EUR.")
    number = int(tx.query("SELECT nextval('portfolio.account_id') AS id")["id"][0])
    tx.execute("INSERT INTO portfolio.accounts VALUES (?, ?, ?, ?, ?, ?)",
               (number, label, broker.strip(), currency.upper(), _method(method), now))  # fmt: skip
    return Account(number, label, broker.strip(), currency.upper(), _method(method), now)


def change_account(tx: Any, found: Account, *, name: str, broker: str, method: str) -> Account:
    """Give an account another name, broker or method; its bookings stay as they are."""
    label = found.name if name.lower() == found.name.lower() else free_name(tx.query, name)
    tx.execute("UPDATE portfolio.accounts SET name = ?, broker = ?, method = ? WHERE id = ?",
               (label, broker.strip(), _method(method), found.id))  # fmt: skip
    if label != found.name:
        tx.execute("UPDATE portfolio.portfolios SET accounts = list_transform(accounts, a -> CASE WHEN a = ? THEN ? ELSE a END)",
                   (found.name, label))  # fmt: skip
    return replace(found, name=label, broker=broker.strip(), method=_method(method))


def portfolios(read: Read) -> dict[str, list[str]]:
    """The portfolios that are kept, by name: the names of their accounts."""
    rows = read("SELECT name, accounts FROM portfolio.portfolios WHERE deleted_at IS NULL ORDER BY lower(name)").to_dicts()
    return {row["name"]: list(row["accounts"]) for row in rows}


def chosen(read: Read, names: Sequence[str]) -> list[Account]:
    """Accounts by their names or the names of portfolios; without names all of them. Raises UserError for an unknown one."""
    if not names:
        return accounts(read)
    grouped = {name.lower(): members for name, members in portfolios(read).items()}
    wanted = [each for name in names for each in grouped.get(name.strip().lower(), [name])]
    return list({found.id: found for found in (account(read, name) for name in wanted)}.values())


def free_name(read: Read, name: str) -> str:
    """The name as it is kept, of an account or a portfolio. Raises UserError when it is taken or none."""
    label = " ".join(name.split())
    if not label or len(label) > 60 or any(sign in label for sign in ",:\x00"):
        raise UserError(f"'{name}' cannot be the name of an account.", "Take up to 60 characters without commas or colons.")
    taken = [each.name for each in accounts(read)] + list(portfolios(read))
    if label.lower() in (each.lower() for each in taken):
        raise UserError(f"There is already one called '{label}'.", "Choose another name.")
    return label


# Bookings


def transactions(read: Read, until: date | None = None) -> list[Transaction]:
    """All bookings as they stand now, up to the end of a day; `account` is the account's name, `id` the booking's number."""
    found = transactions_of(read)
    return found if until is None else [one for one in found if one.day <= until]


def transactions_of(read: Read, numbers: Sequence[int] | None = None) -> list[Transaction]:
    """The bookings with these numbers (None: all) as they stand now; those taken out are left out."""
    names = {each.id: each.name for each in accounts(read)}
    # The view of what stands is six times slower over a whole book than picking the newest versions here.
    where = "" if numbers is None else " WHERE list_contains(?, id)"
    versions = read(f"SELECT * FROM portfolio.versions{where}", () if numbers is None else (list(numbers) or [0],))
    if versions["version"].max() != 1:
        versions = versions.sort("id", "version").unique("id", keep="last", maintain_order=True)
    return _transactions(versions.filter(~pl.col("removed")).sort("id"), names)


def book(tx: Any, into: Account, found: Iterable[Transaction], now: datetime, run: int | None = None) -> Booked:
    """Add what is not known yet, all of it or nothing. The same `source_id` in the account is the same booking.

    Raises UserError for one that cannot be booked (`problems`), or whose numbers are beyond what can be kept.
    """
    known = set(tx.query("SELECT source_id FROM portfolio.keys WHERE account_id = ?", (into.id,))["source_id"])
    new: list[Transaction] = []
    old: list[str] = []
    for one in found:
        if not one.source_id:
            raise ValueError("a booking needs a source_id")
        if one.source_id in known:
            old.append(one.source_id)
            continue
        known.add(one.source_id)
        new.append(_checked(one))
    if new:
        numbers = tx.query("SELECT nextval('portfolio.booking_id') AS id FROM range(?)", (len(new),))["id"].to_list()
        new = [replace(one, id=str(number), account=into.name) for number, one in zip(numbers, new, strict=True)]
        rows = _frame([_row(one, into.id, 1, now, run=run) for one in new])
        tx.insert("portfolio.keys", rows.select("account_id", "source_id", booking_id="id"))
        tx.insert("portfolio.versions", rows)
        _note_held(tx, new)
    return Booked(tuple(new), tuple(old))


def history(read: Read, number: int) -> list[Version]:
    """Every version of a booking, the oldest first. Raises UserError when there is none of that number."""
    names = {each.id: each.name for each in accounts(read)}
    rows = read("SELECT * FROM portfolio.versions WHERE id = ? ORDER BY version", (number,)).to_dicts()
    if not rows:
        raise UserError(f"There is no booking with the number {number}.", "See `tapeline portfolio transactions`.")
    return [Version(row["version"], _transaction(row, names), row["booked_at"], row["removed"], row["reason"]) for row in rows]


def add_version(tx: Any, one: Transaction, now: datetime, *, removed: bool = False, reason: str = "") -> None:
    """Let a booking stand as `one` says from now on, or take it out; what it said before is kept."""
    before = tx.query("SELECT account_id, version, run_id FROM portfolio.versions WHERE id = ? ORDER BY version DESC LIMIT 1",
                      (int(one.id),)).to_dicts()[0]  # fmt: skip
    row = _row(one if removed else _checked(one), before["account_id"], before["version"] + 1, now, run=before["run_id"])
    tx.insert("portfolio.versions", _frame([{**row, "removed": removed, "reason": reason}]))
    _note_held(tx, [history(tx.query, int(one.id))[-2].transaction, one])


def add_versions(tx: Any, into: Account, found: Sequence[Transaction], now: datetime, *, run: int | None, removed: bool = False,
                 reason: str = "") -> None:  # fmt: skip
    """As `add_version`, for many bookings of one account at once (`id` is the booking's number), now belonging to `run`."""
    if not found:
        return
    counted = "SELECT id, max(version) AS version FROM portfolio.versions WHERE account_id = ? GROUP BY id"
    newest = dict(tx.query(counted, (into.id,)).rows())
    rows = [{**_row(one if removed else _checked(one), into.id, newest[int(one.id)] + 1, now, run=run), "removed": removed,
             "reason": reason} for one in found]  # fmt: skip
    tx.insert("portfolio.versions", _frame(rows))
    _note_held(tx, found)


def _note_held(tx: Any, touched: Sequence[Transaction]) -> None:
    """Write down anew what is held of whatever these bookings touch."""
    symbols = {name for one in touched for name in (one.symbol, one.other, one.option and one.option.underlying) if name}
    related = tx.query("SELECT DISTINCT symbol, coalesce(other, underlying) AS other FROM portfolio.transactions "
                       "WHERE coalesce(other, underlying) IS NOT NULL").rows()  # fmt: skip
    while more := {name for pair in related if symbols & set(pair) for name in pair} - symbols:
        symbols |= more
    if not symbols:
        return
    names = sorted(symbols)
    marks = ", ".join("?" * len(names))
    made = {each.name: each.id for each in accounts(tx.query)}
    by_id = {number: name for name, number in made.items()}
    frame = tx.query(f"SELECT * FROM portfolio.transactions WHERE symbol IN ({marks}) ORDER BY id", names)
    positions = replay(_transaction(row, by_id) for row in frame.iter_rows(named=True))
    tx.execute(f"DELETE FROM portfolio.held WHERE symbol IN ({marks})", names)
    rows = [(made[each.account], each.symbol, each.market_symbol, _kept(each.quantity)) for each in held(positions.lots)]
    if rows:
        schema: dict[str, Any] = {"account_id": pl.Int64, "symbol": pl.String, "market_symbol": pl.String, "quantity": _DECIMAL}
        tx.insert("portfolio.held", pl.DataFrame(rows, schema=schema, orient="row"))


def _checked(one: Transaction) -> Transaction:
    if wrong := problems(one):
        raise UserError(wrong[0], "Correct it and book it again; nothing was changed.")
    rounded = {name: _kept(value) for name in _MONEY if (value := getattr(one, name)) is not None}
    return replace(one, **cast("Any", rounded))


def _kept(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) >= _LARGEST:
        raise UserError(f"{value} is too large to be kept.", "Check the number.")
    with localcontext() as context:
        context.prec = 60
        return value.quantize(_STEP)


def _row(one: Transaction, account_id: int, version: int, now: datetime, *, run: int | None = None) -> dict[str, Any]:
    option = one.option
    return {
        "id": int(one.id), "version": version, "account_id": account_id, "source_id": one.source_id, "at": one.at,
        "day": one.day, "kind": str(one.kind), "symbol": one.symbol, "quantity": one.quantity, "price": one.price,
        "amount": one.amount, "fees": one.fees, "taxes": one.taxes, "currency": one.currency, "fx_rate": one.fx_rate,
        "instrument": one.instrument, "underlying": option and option.underlying, "expiry": option and option.expiry,
        "strike": option and option.strike, "call_or_put": option and option.right, "multiplier": option and option.multiplier,
        "ratio": one.ratio, "other": one.other, "cost_share": one.cost_share, "lots": ",".join(one.lots), "source": one.source,
        "note": one.note, "run_id": run, "booked_at": now, "removed": False, "reason": "",
    }  # fmt: skip


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_SCHEMA)


def _transaction(row: dict[str, Any], names: dict[int, str]) -> Transaction:
    option = None
    if row["underlying"] is not None:
        strike, multiplier = row["strike"].normalize(), row["multiplier"].normalize()
        option = Option(row["underlying"], row["expiry"], strike, row["call_or_put"], multiplier)
    money = {name: None if row[name] is None else row[name].normalize() for name in _MONEY}
    return Transaction(
        id=str(row["id"]), account=names[row["account_id"]], at=row["at"], day=row["day"], kind=Kind(row["kind"]),
        symbol=row["symbol"], currency=row["currency"], instrument=cast("Instrument", row["instrument"]), option=option,
        source=row["source"], source_id=row["source_id"], note=row["note"], other=row["other"],
        lots=tuple(filter(None, row["lots"].split(","))), **cast("Any", money))  # fmt: skip


def _transactions(rows: pl.DataFrame, names: dict[int, str]) -> list[Transaction]:
    """As `_transaction` for each row, but column by column: much faster over a long book."""
    lines = zip(
        *(rows[name].to_list() for name in ("id", "account_id", "at", "day", "kind", "symbol")),
        *(_decimals(rows[name]) for name in _MONEY),
        *(rows[name].to_list() for name in ("currency", "instrument", "source", "source_id", "note", "other", "lots")),
        _options(rows),
        strict=True,
    )
    kinds = {str(kind): kind for kind in Kind}
    return [
        Transaction(
            id=str(line[0]), account=names[line[1]], at=line[2], day=line[3], kind=kinds[line[4]], symbol=line[5],
            quantity=line[6], price=line[7], amount=line[8], fees=line[9], taxes=line[10], fx_rate=line[11], ratio=line[12],
            cost_share=line[13], currency=line[14], instrument=line[15], source=line[16], source_id=line[17], note=line[18],
            other=line[19], lots=tuple(filter(None, line[20].split(","))) if line[20] else (), option=line[21])
        for line in lines
    ]  # fmt: skip


def _options(rows: pl.DataFrame) -> list[Option | None]:
    parts = rows.select("underlying", "expiry", "strike", "call_or_put", "multiplier")
    if parts["underlying"].null_count() == parts.height:
        return [None] * parts.height
    return [
        None if underlying is None else Option(underlying, expiry, strike.normalize(), right, multiplier.normalize())
        for underlying, expiry, strike, right, multiplier in parts.rows()
    ]


def _decimals(column: pl.Series) -> list[Any]:
    """Numbers without the zeros at their end; equal ones are one object."""
    if column.null_count() == len(column):
        return [None] * len(column)
    texts = column.cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".").to_list()
    made = {text: Decimal(text) for text in set(texts) if text is not None}
    return [made.get(text) for text in texts]


def _account(row: dict[str, Any]) -> Account:
    return Account(row["id"], row["name"], row["broker"], row["base_currency"], _method(row["method"]), row["created_at"])


def _method(text: str) -> Method:
    if text not in METHODS:
        raise UserError(f"'{text}' is not a way to close lots.", f"One of: {', '.join(METHODS)}.")
    return text
