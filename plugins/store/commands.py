"""Commands on the local files: copies of the book, checks, the log of requests, refused and repaired data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    import polars as pl

_SYMBOL = Annotated[str | None, argument(help="Only this symbol.", metavar="SYMBOL")]
_LIMIT = Annotated[int, argument(help="At most so many rows; the newest come first.")]
_BACKUPS = (Column("name", "Backup"), Column("at", "Made", "datetime"), Column("reason", "Why"),
            Column("size", "Size", "integer", "bytes"))


@command(title="Back up what you own", writes=True, long=True)
def backup(
    ctx: Context, *, archive: Annotated[bool, argument(help="Also the option archive, which no service gives again.")] = False
) -> Table:
    """Copy the book (watchlists, saved screens, notes, decisions) to the backups folder.

    The copy is opened once to prove that it works. A copy is also made each day and before every change of the format;
    the archive of option chains, which is larger, is copied only when you ask for it.
    """
    made = [ctx.store.backup(), *([ctx.store.backup_archive()] if archive else [])]
    notes, path = [f"Kept in {made[0].path.parent} until you delete it."], ctx.store.archive_path
    if not archive and path.exists():
        size = path.stat().st_size / 1e6
        notes.append(f"The option archive ({size:,.1f} MB) is not in it: `tapeline store backup --archive` copies it, too.")
    return _backups("Backup made", made, tuple(notes))


@command(title="Backups there are")
def backups(ctx: Context) -> Table:
    """List the copies of the book, newest first, and after them those of the option archive."""
    present = ctx.store.list_backups()
    note = f"In {ctx.store.backups}." if present else f"None yet; they will be kept in {ctx.store.backups}."
    return _backups("Backups", present, (note,))


@command(title="Restore a backup", writes=True, long=True)
def restore(ctx: Context,
            name: Annotated[str | None, argument(help="Name of a backup (`store backups`) or a path.")] = None) -> Table:
    """Put a copy of the book back; the newest one when none is named. A copy of the option archive is put back by its name.

    What was there is kept, so a restore can itself be undone.
    """
    chosen, kept = ctx.store.restore(name)
    notes = () if kept is None else (f"What was there before is kept as {kept}.",)
    table = _facts("Restored", [("restored", chosen.name), ("kept", "" if kept is None else kept.name)], notes)
    if kept is None:  # what was there could not be opened: nothing worth going back to
        return table
    what = "archive" if chosen.name.startswith("archive-") else "book"
    name = kept.name if kept.parent == ctx.store.backups else str(kept)
    return replace(table, undo=Undo("store.restore", {"name": name}, f"The {what} is as it was in {chosen.name}", what))


@command(title="Check the local files", long=True)
def check(ctx: Context) -> Table:
    """Open the files, read every block, and look for rows without a source, doubled rows and old backups."""
    import polars as pl

    frame = ctx.store.check()
    ok = pl.col("ok")
    state = pl.when(ok).then(pl.lit("ok")).when(ok.not_()).then(pl.lit("PROBLEM")).otherwise(pl.lit("unknown"))
    problems = frame.filter(pl.col("ok").not_()).height
    note = "Everything that was looked at is right." if not problems else f"{problems} problems; the details say what to do."
    return Table("Check of the local files", (Column("check", "Check"), Column("state", "State"), Column("detail", "Detail")),
                 frame.select("check", state.alias("state"), "detail"), notes=(note,))


@command(title="Make the files smaller", writes=True, long=True)
def vacuum(ctx: Context) -> Table:
    """Write each file anew where deleted and replaced rows waste more than a quarter of it."""
    columns = (Column("file", "File"), Column("before", "Before", "integer", "bytes"),
               Column("after", "After", "integer", "bytes"), Column("rewritten", "Written anew", "bool"))
    return Table("Sizes of the local files", columns, ctx.store.vacuum())


@command(title="Begin a new market file", writes=True)
def rebuild(
    ctx: Context, *, archive: Annotated[bool, argument(help="Instead the option archive, when it is damaged.")] = False
) -> Table:
    """Move the market file aside and begin an empty one; what you own and the option archive are not touched.

    For a damaged file. Prices and fundamentals come back with the next `market refresh`; files you imported must be
    imported again. With --archive the option archive is moved aside, kept, and begun anew; its chains do not come back.
    """
    if archive:
        kept = ctx.store.renew_archive()
        facts = [("archive", str(ctx.store.archive_path)), ("kept", "" if kept is None else str(kept))]
        return _facts("New option archive", facts, ("Fill it with `tapeline options archive`, day by day.",))
    aside = ctx.store.rebuild_market()
    notes = ("Fill it with `tapeline market refresh`.",)
    rows = [("market", str(ctx.store.market_path)), ("kept", "" if aside is None else str(aside))]
    return _facts("New market file", rows, notes)


@command(title="Refused data")
def quarantine(ctx: Context, symbol: _SYMBOL = None, *, limit: _LIMIT = 200) -> Table:
    """Show the rows refused as impossible, each with its reason and what the provider sent. They are never used."""
    frame = ctx.store.market.quarantine(_upper(symbol))
    columns = (Column("at", "When", "datetime"), Column("dataset", "Dataset"), Column("symbol", "Symbol"), Column("key", "Row"),
               Column("reason", "Why refused"), Column("row", "As received", newbie=False))
    return _sourced(ctx, "Refused data", columns, frame, limit)


@command(title="Repaired data")
def repairs(ctx: Context, symbol: _SYMBOL = None, *, limit: _LIMIT = 200) -> Table:
    """Show the values that were corrected (a price in cents, a missing split), with the value received and the rule."""
    frame = ctx.store.market.repairs(_upper(symbol))
    columns = (Column("dataset", "Dataset"), Column("symbol", "Symbol"), Column("at", "Date"), Column("field", "Field"),
               Column("was", "Received", "number", decimals=4), Column("now", "Kept", "number", decimals=4),
               Column("rule", "Why"))
    return _sourced(ctx, "Repaired data", columns, frame, limit)


@command(title="What was fetched")
def fetches(ctx: Context, symbol: _SYMBOL = None, *, dataset: Annotated[str | None, argument(help="Only this dataset.")] = None,
            provider: Annotated[str | None, argument(help="Only this provider.")] = None,
            errors: Annotated[bool, argument(help="Only what failed.")] = False, limit: _LIMIT = 50) -> Table:
    """List the newest requests: to whom, for what, what came back and how large it was."""
    import polars as pl

    frame = ctx.store.market.fetches(symbol=_upper(symbol), dataset=dataset, provider=provider, errors=errors,
                                     limit=_positive(limit))
    columns = (Column("fetch_id", "Number", "integer", newbie=False), Column("finished_at", "When", "datetime"),
               Column("provider", "Provider"), Column("endpoint", "Endpoint", newbie=False), Column("dataset", "Dataset"),
               Column("symbol", "Symbol"), Column("status", "Result"), Column("http_status", "HTTP", "integer", newbie=False),
               Column("rows", "Rows", "integer", "count"), Column("refused", "Refused", "integer", "count"),
               Column("seconds", "Took", "number", "seconds", decimals=2),
               Column("bytes", "Bytes", "integer", "bytes", newbie=False), Column("error", "Error"))
    took = (pl.col("finished_at") - pl.col("started_at")).dt.total_microseconds() / 1e6
    shown = frame.with_columns(took.alias("seconds"))
    sources = tuple(dict.fromkeys(ctx.store.market.sources(frame["fetch_id"]).values()))
    return Table("What was fetched", columns, shown.select(column.name for column in columns), sources)


@command(title="What you deleted")
def deleted(ctx: Context) -> Table:
    """List what was removed and can be put back."""
    columns = (Column("id", "Number", "integer"), Column("at", "When", "datetime"), Column("kind", "Kind", newbie=False),
               Column("title", "What"))
    return Table("Deleted", columns, ctx.store.book.deleted(), notes=("Put one back with `tapeline store undelete NUMBER`.",))


@command(title="Put back what you deleted", writes=True)
def undelete(ctx: Context, number: Annotated[int, argument(help="From `store deleted`.")]) -> Table:
    """Put a removed thing back where it was."""
    return _facts("Put back", [("restored", ctx.store.book.restore_deleted(number))])


def _backups(title: str, present: Any, notes: tuple[str, ...]) -> Table:
    import polars as pl

    frame = pl.DataFrame([(each.path.name, each.at, each.reason, each.size) for each in present], orient="row", schema={
        "name": pl.String, "at": pl.Datetime("us", "UTC"), "reason": pl.String, "size": pl.Int64})
    return Table(title, _BACKUPS, frame, notes=notes)


def _facts(title: str, rows: list[tuple[str, str]], notes: tuple[str, ...] = ()) -> Table:
    import polars as pl

    frame = pl.DataFrame([row for row in rows if row[1]], orient="row", schema={"what": pl.String, "value": pl.String})
    return Table(title, (Column("what", "What"), Column("value", "Value")), frame, notes=notes)


def _sourced(ctx: Context, title: str, columns: tuple[Column, ...], frame: pl.DataFrame, limit: int) -> Table:
    """The newest rows, each cell with the request it came from."""
    import polars as pl

    shown = frame.head(_positive(limit))
    found = ctx.store.market.sources(shown["fetch_id"])
    sources = tuple(dict.fromkeys(found.values()))
    place = {number: sources.index(source) for number, source in found.items()}
    index = shown["fetch_id"].replace_strict(place, default=None, return_dtype=pl.Int64)
    origin = pl.DataFrame({column.name: index for column in columns})
    notes = (f"{shown.height:,} of {frame.height:,} shown; see more with --limit.",) if shown.height < frame.height else ()
    return Table(title, columns, shown.select(column.name for column in columns), sources, notes=notes, origin=origin)


def _upper(symbol: str | None) -> str | None:
    return symbol.strip().upper() if symbol else None


def _positive(limit: int) -> int:
    if limit < 1:
        raise UserError(f"limit cannot be {limit}.", "Give a number of at least 1.")
    return limit
