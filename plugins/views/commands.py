"""Commands over saved views of tables. Nothing deleted is gone: `restore` brings a view back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, Undo, UserError, argument, command
from terminal.domain.table_state import TableState, filters_of, sort_of

if TYPE_CHECKING:
    import polars as pl

RULES = ("heat", "heat-low", "sign")
Name = Annotated[str, argument(help="Name of the view.", metavar="NAME")]
Key = Annotated[str, argument(help="Which table: screener, earnings.reports, results.GROUP.VERB ...", metavar="TABLE")]


@command(title="Saved views")
def list_(
    ctx: Context,
    *,
    table: Annotated[str, argument(help="Only views of this table.", metavar="TABLE")] = "",
    deleted: Annotated[bool, argument(help="Those that can be restored.")] = False,
) -> Table:
    """List the saved views of all tables, or of one."""
    import polars as pl

    frame = ctx.store.book.read(
        "SELECT name, table_key AS \"table\", state, coalesce(deleted_at, changed_at) AS changed_at FROM views.saved "
        f"WHERE deleted_at IS {'NOT ' if deleted else ''}NULL AND (? = '' OR table_key = ?) ORDER BY table_key, lower(name)",
        (table, table),
    )
    states = [TableState.of(json.loads(text)) for text in frame["state"].to_list()]
    parts = {
        "columns": [", ".join(state.columns) for state in states],
        "sort": [", ".join(state.sort_words) for state in states],
        "filters": ["; ".join(f"{name}: {text}" for name, text in state.filters.items()) for state in states],
        "group": [state.group for state in states],
    }
    words = [pl.Series(name, values, dtype=pl.String) for name, values in parts.items()]
    columns = (
        Column("name", "View"),
        Column("table", "Table"),
        Column("columns", "Columns", newbie=False),
        Column("sort", "Sorted by"),
        Column("filters", "Only rows where"),
        Column("group", "Grouped by"),
        Column("changed_at", "Deleted" if deleted else "Changed", "datetime"),
    )
    note = () if frame.height else ("None yet: the menu of each table has “Save this view”.",)
    title = "Deleted views" if deleted else "Saved views"
    return Table(title, columns, frame.with_columns(words).select(column.name for column in columns), notes=note)


@command(title="Save a view of a table", writes=True)
def save(
    ctx: Context,
    name: Name,
    *,
    table: Key,
    columns: Annotated[tuple[str, ...], argument(help="Columns in order; none: the table's own.", metavar="COLUMN")] = (),
    sort: Annotated[tuple[str, ...], argument(help="Sort by these; -price: largest first.", metavar="COLUMN")] = (),
    filters: Annotated[tuple[str, ...], argument(help="Such as 'pe_ttm: <20'.", metavar="FILTER")] = (),
    group: Annotated[str, argument(help="Column to group by.", metavar="COLUMN")] = "",
    colours: Annotated[tuple[str, ...], argument(help="Such as 'roe: heat' (heat, heat-low, sign).", metavar="RULE")] = (),
) -> Table:
    """Keep how a table is to be shown; a view of that name of the same table is replaced."""
    label = " ".join(name.split())
    if not label or len(label) > 60:
        raise UserError("A view needs a name of at most 60 letters.", "Such as Cheap and growing.")
    if not table.strip():
        raise UserError("Which table is meant?", "Give it with --table, such as --table screener.")
    rules = filters_of(colours)
    if wrong := [rule for rule in rules.values() if rule not in RULES]:
        raise UserError(f"'{wrong[0]}' is not a colour rule.", f"One of: {', '.join(RULES)}.")
    state = TableState(_each(columns), sort_of(_each(sort)), filters_of(filters), group, rules)
    text, now = json.dumps(state.to_json(), ensure_ascii=False), ctx.now()

    before = ctx.store.book.read("SELECT name, state FROM views.saved WHERE table_key = ? AND lower(name) = lower(?) "
                                 "AND deleted_at IS NULL", (table, label))

    def keep(tx: Any) -> None:
        made = tx.query("SELECT created_at FROM views.saved WHERE table_key = ? AND lower(name) = lower(?)", (table, label))
        tx.execute("DELETE FROM views.saved WHERE table_key = ? AND lower(name) = lower(?)", (table, label))
        tx.execute("INSERT INTO views.saved VALUES (?, ?, ?, ?, ?, NULL)",
                   (table, label, text, made["created_at"][0] if made.height else now, now))  # fmt: skip

    ctx.store.book.write(keep)
    shown = list_(ctx, table=table)
    if before.is_empty():
        return _undone(shown, "delete", table, label, f"The view {label} is saved", quiet=True)
    old = TableState.of(json.loads(before["state"][0]))
    return _undone(shown, "save", table, before["name"][0], f"The view {label} is saved over the one before",
                   columns=old.columns, sort=tuple(old.sort_words), group=old.group,
                   filters=tuple(f"{name}: {text}" for name, text in old.filters.items()),
                   colours=tuple(f"{name}: {rule}" for name, rule in old.colours.items()))


@command(title="Use a saved view")
def use(ctx: Context, name: Name, *, table: Key) -> Table:
    """Show the table that way in the window that is open; the answer is the view."""
    rows = _of(ctx.store.book.read, table, name)
    ctx.publish(f"views.{table}", {"name": rows["name"][0], "state": json.loads(rows["state"][0])})
    return list_(ctx, table=table)


@command(title="Delete a saved view", writes=True)
def delete(ctx: Context, name: Name, *, table: Key) -> Table:
    """Delete a view; `tapeline views restore` brings it back."""
    def gone(tx: Any) -> None:
        _of(tx.query, table, name)
        tx.execute("UPDATE views.saved SET deleted_at = ? WHERE table_key = ? AND lower(name) = lower(?)",
                   (ctx.now(), table, name.strip()))  # fmt: skip

    ctx.store.book.write(gone)
    return _undone(list_(ctx, table=table), "restore", table, name, f"The view {name} is deleted")


@command(title="Bring back a deleted view", writes=True)
def restore(ctx: Context, name: Name, *, table: Key) -> Table:
    """Undo `views delete`."""
    def back(tx: Any) -> None:
        _of(tx.query, table, name, deleted=True)
        tx.execute("UPDATE views.saved SET deleted_at = NULL, changed_at = ? WHERE table_key = ? AND lower(name) = lower(?)",
                   (ctx.now(), table, name.strip()))  # fmt: skip

    ctx.store.book.write(back)
    return _undone(list_(ctx, table=table), "delete", table, name, f"The view {name} is back", quiet=True)


def _undone(shown: Table, verb: str, table: str, view: str, text: str, /, quiet: bool = False, **more: Any) -> Table:
    """The answer of a command that `verb` takes back."""
    return replace(shown, undo=Undo(f"views.{verb}", {"name": view, "table": table, **more}, text,
                                    f"view:{table}:{view.strip().lower()}", quiet))


def _each(words: tuple[str, ...]) -> tuple[str, ...]:
    """Names given one by one, or several with commas between them."""
    return tuple(name for word in words for name in (part.strip() for part in word.split(",")) if name)


def _of(read: Any, table: str, name: str, *, deleted: bool = False) -> pl.DataFrame:
    """The one row of a view. Raises UserError when there is none."""
    rows: pl.DataFrame = read(
        f"SELECT name, state FROM views.saved WHERE table_key = ? AND lower(name) = lower(?) "
        f"AND deleted_at IS {'NOT ' if deleted else ''}NULL",
        (table, name.strip()),
    )
    if rows.is_empty():
        raise UserError(
            f"The table {table} has no {'deleted' if deleted else 'saved'} view '{name}'.",
            f"See `tapeline views list{' --deleted' if deleted else ''}`.",
        )
    return rows
