"""Commands over watchlists. Nothing deleted is gone: `restore` brings a list back."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from terminal import api
from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Name = Annotated[str, argument(help="Name of the watchlist.", metavar="NAME")]
Symbols = Annotated[tuple[str, ...], argument(help="One or more tickers.", metavar="SYMBOL")]
_TICKER_HEADERS = ("symbol", "ticker", "sym", "code")


@command(title="List watchlists")
def list_(
    ctx: Context,
    *,
    deleted: Annotated[bool, argument(help="Those that can be restored.")] = False,
    symbol: Annotated[str, argument(help="Also say which of them this ticker is on.", metavar="TICKER")] = "",
) -> Table:
    """List the watchlists in your order."""
    import polars as pl

    columns: tuple[Column, ...]
    if deleted:
        columns = (
            Column("name", "Name"),
            Column("count", "Symbols", "integer", "count"),
            Column("deleted_at", "Deleted", "datetime"),
        )
        return Table("Deleted watchlists", columns, ctx.store.book.deleted_watchlists().select(column.name for column in columns))
    columns = (
        Column("name", "Name"),
        Column("count", "Symbols", "integer", "count"),
        Column("changed_at", "Changed", "datetime"),
    )
    frame = ctx.store.book.watchlists().select(column.name for column in columns)
    if symbol:
        columns = (*columns, Column("holds", f"Holds {symbol.upper()}", "bool"))
        holds = [symbol.upper() in ctx.store.book.watchlist(name)["symbol"].to_list() for name in frame["name"].to_list()]
        frame = frame.with_columns(pl.Series("holds", holds, dtype=pl.Boolean))
    note = () if frame.height else ("You have no watchlist yet: `tapeline watchlist create NAME SYMBOL ...`.",)
    return Table("Watchlists", columns, frame, notes=note)


@command(title="Show a watchlist")
def show(ctx: Context, name: Name) -> Table:
    """Show a list's symbols in your order, with the latest stored price of each and its source."""
    import polars as pl

    items = ctx.store.book.watchlist(name)
    symbols = items["symbol"].to_list()
    known = ctx.market.instruments(symbols, ctx.as_of).select("symbol", "name")
    quotes = ctx.market.last_prices(symbols, ctx.as_of)
    frame = (
        items.join(known, on="symbol", how="left", maintain_order="left")
        .join(quotes, on="symbol", how="left", maintain_order="left")
        .with_columns((pl.col("price") / pl.col("previous_close") - 1).alias("change"))
    )
    sources = ctx.market.sources(frame["fetch_id"].drop_nulls().to_list())
    place = frame["fetch_id"].replace_strict(
        {number: at for at, number in enumerate(sources)}, default=None, return_dtype=pl.Int64
    )
    columns = (
        Column("symbol", "Ticker"),
        Column("name", "Name"),
        Column("price", "Price", "number", "currency", decimals=2),
        Column("change", "Change", "number", "fraction", decimals=2),
        Column("at", "Time", "datetime"),
        Column("currency", "Currency", newbie=False),
        Column("note", "Note"),
    )
    origin = pl.DataFrame(dict.fromkeys(("price", "change", "at", "currency"), place))
    absent = frame.filter(pl.col("price").is_null())["symbol"].to_list()
    unknown = (f'no price is stored of {", ".join(absent)}: `tapeline market refresh "watchlist:{name}"`',) if absent else ()
    return Table(
        f"Watchlist {name}",
        columns,
        frame.select(column.name for column in columns),
        tuple(sources.values()),
        unknown,
        origin=origin,
    )


@command(title="Create a watchlist", writes=True)
def create(ctx: Context, name: Name, symbols: Symbols = ()) -> Table:
    """Make a new list, empty or with symbols. It is also the universe watchlist:NAME."""
    made = ctx.store.book.create_watchlist(name, symbols)
    return _undone(_done(ctx, made), "delete", made, f"The watchlist {made} is made", quiet=True, name=made)


@command(title="Rename a watchlist", writes=True)
def rename(ctx: Context, name: Name, new_name: Annotated[str, argument(help="The new name.", metavar="NEW")]) -> Table:
    """Give a list another name."""
    old = next((each for each in ctx.store.book.watchlists()["name"] if each.lower() == name.strip().lower()), name)
    new = ctx.store.book.rename_watchlist(name, new_name)
    return _undone(_done(ctx, new), "rename", new, f"The watchlist {old} is called {new}", quiet=True, name=new, new_name=old)


@command(title="Delete a watchlist", writes=True)
def delete(ctx: Context, name: Name) -> Table:
    """Take a list away; `tapeline watchlist restore` brings it back with its symbols."""
    ctx.store.book.delete_watchlist(name)
    return _undone(list_(ctx), "restore", name, f"The watchlist {name} is deleted", name=name)


@command(title="Restore a deleted watchlist", writes=True)
def restore(ctx: Context, name: Name) -> Table:
    """Bring the list deleted last under that name back."""
    back = ctx.store.book.undelete_watchlist(name)
    return _undone(_done(ctx, back), "delete", back, f"The watchlist {back} is back", quiet=True, name=back)


@command(title="Reorder watchlists or a watchlist", writes=True)
def reorder(
    ctx: Context,
    names: Annotated[
        tuple[str, ...], argument(help="Watchlists, or with --within tickers, in the wanted order.", metavar="NAME")
    ],
    *,
    within: Annotated[str, argument(help="Reorder the symbols of this list instead.")] = "",
) -> Table:
    """Put the lists (or with --within the symbols of one list) named into this order, before those not named."""
    if within:
        before = ctx.store.book.watchlist(within)["symbol"].to_list()
        ctx.store.book.reorder_watchlist(within, names)
        return _undone(show(ctx, within), "reorder", within, f"The order of {within} is changed", quiet=True, names=before,
                       within=within)
    before = ctx.store.book.watchlists()["name"].to_list()
    ctx.store.book.reorder_watchlists(names)
    return _undone(list_(ctx), "reorder", "", "The order of your watchlists is changed", quiet=True, names=before)


@command(title="Add to a watchlist", writes=True)
def add(ctx: Context, name: Name, symbols: Symbols) -> Table:
    """Append symbols to a list; those already there stay where they are."""
    added = ctx.store.book.add_to_watchlist(name, symbols)
    note = f"Added {', '.join(added)}." if added else "All of them were in the list already."
    table = _noted(show(ctx, name), note)
    text = f"{', '.join(added)} added to {name}"
    return _undone(table, "remove", name, text, quiet=True, name=name, symbols=added) if added else table


@command(title="Remove from a watchlist", writes=True)
def remove(ctx: Context, name: Name, symbols: Symbols) -> Table:
    """Take symbols out of a list. The removal can be undone (`tapeline store deleted`)."""
    gone = ctx.store.book.remove_from_watchlist(name, symbols)
    table = _noted(show(ctx, name), f"Removed {', '.join(gone)}." if gone else "None of them was in the list.")
    if not gone:
        return table
    number = int(ctx.store.book.deleted()["id"].max())  # type: ignore[arg-type]
    return replace(table, undo=Undo("store.undelete", {"number": number}, f"{', '.join(gone)} removed from {name}", _thing(name)))


@command(title="Note something beside a symbol", writes=True)
def note(
    ctx: Context,
    name: Name,
    symbol: Annotated[str, argument(help="A ticker of the list.", metavar="SYMBOL")],
    text: Annotated[str, argument(help="The note; empty to remove it.", metavar="TEXT")],
) -> Table:
    """Keep a short note beside a symbol of a list."""
    before = {row["symbol"]: row["note"] for row in ctx.store.book.watchlist(name).to_dicts()}
    ctx.store.book.note_on_watchlist(name, symbol, text)
    return _undone(show(ctx, name), "note", name, f"The note on {symbol} is changed", quiet=bool(text), name=name, symbol=symbol,
                   text=before.get(symbol.strip().upper(), ""))


@command(title="Import a watchlist", writes=True)
def import_(
    ctx: Context,
    file: Annotated[
        Path,
        argument(help="A text or CSV file: tickers in a column called symbol or ticker, or simply one a line.", metavar="FILE"),
    ],
    *,
    name: Annotated[str, argument(help="Name of the list; the file's name when empty.")] = "",
) -> Table:
    """Make a list from a file, or add the file's symbols to the list of that name."""
    symbols, refused = _read_symbols(file)
    label = name or file.stem.replace(",", " ").replace(":", " ")
    known = {each.lower() for each in ctx.store.book.watchlists()["name"]}
    if label.strip().lower() in known:
        ctx.store.book.add_to_watchlist(label, symbols)
    else:
        label = ctx.store.book.create_watchlist(label, symbols)
    table = _noted(show(ctx, label), f"{len(symbols)} symbols read from {file.name}.")
    return Table(table.title, table.columns, table.frame, table.sources, (*table.unknown, *refused), table.notes, table.origin)


@command(title="Export a watchlist")
def export(ctx: Context, name: Name, file: Annotated[Path, argument(help="Where to write the CSV.", metavar="FILE")]) -> Table:
    """Write a list to a CSV file: symbol and note, in your order."""
    items = ctx.store.book.watchlist(name).select("symbol", "note")
    api.export(file, items.write_csv())
    return Table(f"Watchlist {name}", (Column("symbol", "Ticker"), Column("note", "Note")), items, notes=(f"Written to {file}.",))


def _thing(name: str) -> str:
    return f"watchlist:{name.strip().lower()}"


def _undone(table: Table, verb: str, name: str, text: str, /, quiet: bool = False, **arguments: Any) -> Table:
    """The answer of a command that `verb` takes back; `name` is the list that was changed."""
    return replace(table, undo=Undo(f"watchlist.{verb}", arguments, text, _thing(name), quiet))


def _read_symbols(file: Path) -> tuple[list[str], list[str]]:
    from terminal.domain.instruments import clean_symbol

    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}.", "Check the name and its rights.") from error
    except UnicodeDecodeError:
        raise UserError(f"{file.name} is not a text file.", "Save it as CSV or plain text.") from None
    rows = [
        row for row in csv.reader(io.StringIO(text.replace(";", ",").replace("\t", ","))) if any(cell.strip() for cell in row)
    ]
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    place = next((at for at, cell in enumerate(header) if cell in _TICKER_HEADERS), None)
    cells = (
        [(number, row[place]) for number, row in enumerate(rows[1:], 2) if len(row) > place]
        if place is not None
        else [(number, cell) for number, row in enumerate(rows, 1) for cell in row]
    )
    symbols, refused = [], []
    for number, cell in cells:
        try:
            symbols.append(clean_symbol(cell))
        except ValueError as error:
            if cell.strip():
                refused.append(f"line {number}: {error}")
    if not symbols:
        raise UserError(f"No symbol was found in {file.name}.", "Put tickers in a column called symbol, or one a line.")
    return list(dict.fromkeys(symbols)), refused


def _done(ctx: Context, name: str) -> Table:
    return show(ctx, name)


def _noted(table: Table, *notes: str) -> Table:
    kept: Sequence[str] = table.notes
    return Table(table.title, table.columns, table.frame, table.sources, table.unknown, (*kept, *notes), table.origin)
