"""The user's own screens, kept in the book."""

from __future__ import annotations

from typing import Annotated, Any

from plugins.screener.plan import ColumnSet, Ranges, RuleText, Screen, Universe, all_presets, make_plan, parsed
from terminal.api import Column, Context, Table, UserError, argument, command


@command(title="Save a screen", writes=True)
def save(
    ctx: Context,
    name: str,
    *,
    rule: RuleText = "",
    preset: Screen = "all",
    ranges: Ranges = (),
    universe: Universe = "",
    sort: Annotated[str, argument(help="Field to sort by.")] = "",
    ascending: Annotated[bool, argument(help="Smallest first.")] = False,
    columns: ColumnSet = "default",
) -> Table:
    """Keep a screen under a name of your own; an existing one of that name is replaced."""
    label = name.strip()
    if not label or label in all_presets():
        raise UserError(f"'{name}' cannot be the name of a screen.", "Choose a name that is not empty and not a preset's.")
    plan = make_plan(ctx, preset, rule, ranges, universe, sort, ascending, columns)
    parsed(plan["rule"])
    now = ctx.now()

    def keep(tx: Any) -> None:
        tx.execute(
            "INSERT INTO screener.saved VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL) "
            "ON CONFLICT (name) DO UPDATE SET "
            "rule = excluded.rule, universe = excluded.universe, columns = excluded.columns, "
            "sort = excluded.sort, ascending = excluded.ascending, "
            "changed_at = excluded.changed_at, deleted_at = NULL",
            (label, plan["rule"], plan["universe"], columns, plan["sort"], plan["ascending"], now, now),
        )

    ctx.store.book.write(keep)
    ctx.publish("book.changed", {"table": "screener.saved"})
    return saved(ctx)


@command(title="Saved screens")
def saved(ctx: Context) -> Table:
    """List the screens you saved."""
    frame = ctx.store.book.read(
        "SELECT name, rule, universe, columns, sort, ascending, changed_at FROM screener.saved "
        "WHERE deleted_at IS NULL ORDER BY lower(name)"
    )
    columns = (
        Column("name", "Name"),
        Column("rule", "Rule"),
        Column("universe", "Universe"),
        Column("columns", "Columns", newbie=False),
        Column("sort", "Sorted by", newbie=False),
        Column("ascending", "Smallest first", "bool", newbie=False),
        Column("changed_at", "Changed", "datetime"),
    )
    return Table("Saved screens", columns, frame)


@command(title="Delete a saved screen", writes=True)
def delete(ctx: Context, name: str) -> Table:
    """Delete a saved screen; `screener restore NAME` brings it back."""
    return _mark(ctx, name, deleted=True)


@command(title="Bring back a deleted screen", writes=True)
def restore(ctx: Context, name: str) -> Table:
    """Undo `screener delete`."""
    return _mark(ctx, name, deleted=False)


def _mark(ctx: Context, name: str, *, deleted: bool) -> Table:
    now = ctx.now()

    def mark(tx: Any) -> bool:
        known = tx.query("SELECT name FROM screener.saved WHERE name = ? AND (deleted_at IS NULL) = ?", (name, deleted))
        tx.execute(
            "UPDATE screener.saved SET deleted_at = ?, changed_at = ? WHERE name = ?", (now if deleted else None, now, name)
        )
        return not known.is_empty()

    if not ctx.store.book.write(mark):
        raise UserError(
            f"There is no {'saved' if deleted else 'deleted'} screen '{name}'.", "`tapeline screener saved` lists yours."
        )
    ctx.publish("book.changed", {"table": "screener.saved"})
    return saved(ctx)
