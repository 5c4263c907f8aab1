"""The user's own screens, kept in the book."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from plugins.screener.plan import (
    ColumnSet,
    Ranges,
    RuleText,
    Screen,
    Universe,
    all_presets,
    judged_by,
    make_plan,
    parsed,
    scored_features,
)
from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    import polars as pl

Name = Annotated[str, argument(help="Name of a screen of your own.", metavar="NAME")]


@command(title="Save a screen", writes=True)
def save(
    ctx: Context,
    name: Name,
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
    label = _free_name(name)
    plan = make_plan(ctx, preset, rule, ranges, universe, sort, ascending, columns)
    parsed(plan["rule"])
    now = ctx.now()
    before = saved(ctx).frame
    old = next((row for row in before.to_dicts() if row["name"] == label), None)

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
    if old is None:
        return _undone(saved(ctx), "delete", label, f"The screen {label} is saved", quiet=True, name=label)
    kept: dict[str, Any] = {key: old[key] or "" for key in ("rule", "universe", "sort")}
    return _undone(saved(ctx), "save", label, f"The screen {label} is saved over the one before", name=label, **kept,
                   columns=old["columns"], ascending=bool(old["ascending"]))


@command(title="Rename a saved screen", writes=True)
def rename(ctx: Context, name: Name, new_name: Annotated[str, argument(help="The new name.", metavar="NEW")]) -> Table:
    """Give a saved screen another name; its past runs follow it."""
    label = _free_name(new_name)

    def change(tx: Any) -> str:
        if tx.query("SELECT 1 FROM screener.saved WHERE name = ? AND deleted_at IS NULL", (name,)).is_empty():
            return "absent"
        if label == name:
            return ""
        if not tx.query("SELECT 1 FROM screener.saved WHERE name = ? AND deleted_at IS NULL", (label,)).is_empty():
            return "taken"
        tx.execute("DELETE FROM screener.saved WHERE name = ?", (label,))  # a deleted one of that name makes room
        tx.execute("UPDATE screener.saved SET name = ?, changed_at = ? WHERE name = ?", (label, ctx.now(), name))
        tx.execute("UPDATE screener.runs SET screen = ?, title = ? WHERE screen = ?", (label, label, name))
        return ""

    wrong = ctx.store.book.write(change)
    if wrong == "taken":
        raise UserError(f"There is already a screen '{label}'.", "Choose another name, or delete that one first.")
    if wrong:
        raise UserError(f"There is no saved screen '{name}'.", "`tapeline screener saved` lists yours.")
    ctx.publish("book.changed", {"table": "screener.saved"})
    return _undone(saved(ctx), "rename", label, f"The screen {name} is called {label}", quiet=True, name=label, new_name=name)


@command(title="Saved screens")
def saved(ctx: Context, *, counts: Annotated[bool, argument(help="Also how many each finds right now.")] = False) -> Table:
    """List the screens you saved."""
    frame = ctx.store.book.read(
        "SELECT name, rule, universe, columns, sort, ascending, changed_at FROM screener.saved "
        "WHERE deleted_at IS NULL ORDER BY lower(name)"
    )
    columns: tuple[Column, ...] = (
        Column("name", "Name"),
        Column("rule", "Rule"),
        Column("universe", "Universe"),
        Column("columns", "Columns", newbie=False),
        Column("sort", "Sorted by", newbie=False),
        Column("ascending", "Smallest first", "bool", newbie=False),
        Column("changed_at", "Changed", "datetime"),
    )
    if counts:
        frame = _with_counts(ctx, frame)
        columns += (Column("matched", "Matches", "integer", "count"), Column("unknown", "Unknown", "integer", "count"))
    return Table("Saved screens", columns, frame)


@command(title="Delete a saved screen", writes=True)
def delete(ctx: Context, name: Name) -> Table:
    """Delete a saved screen; `screener restore NAME` brings it back."""
    return _undone(_mark(ctx, name, deleted=True), "restore", name, f"The screen {name} is deleted", name=name)


@command(title="Bring back a deleted screen", writes=True)
def restore(ctx: Context, name: Name) -> Table:
    """Undo `screener delete`."""
    return _undone(_mark(ctx, name, deleted=False), "delete", name, f"The screen {name} is back", quiet=True, name=name)


def _undone(table: Table, verb: str, screen: str, text: str, /, quiet: bool = False, **arguments: Any) -> Table:
    """The answer of a command that `verb` takes back."""
    return replace(table, undo=Undo(f"screener.{verb}", arguments, text, f"screen:{screen}", quiet))


def _free_name(name: str) -> str:
    label = name.strip()
    taken = {each.lower() for preset in all_presets().values() for each in (preset.id, preset.title)}
    if not label or label.lower() in taken:
        raise UserError(f"'{name}' cannot be the name of a screen.", "Choose a name that is not empty and not a preset's.")
    return label


def _with_counts(ctx: Context, frame: pl.DataFrame) -> pl.DataFrame:
    """What each saved screen finds; null where its universe is empty or gone."""
    import polars as pl

    matched: list[int | None] = []
    unknown: list[int | None] = []
    for row in frame.to_dicts():
        try:
            features, _, _ = scored_features(ctx, row["universe"])
            judged = judged_by(ctx, features, parsed(row["rule"]))
        except UserError:
            matched.append(None)
            unknown.append(None)
        else:
            matched.append(judged.matched)
            unknown.append(judged.unknown)
    return frame.with_columns(pl.Series("matched", matched, pl.Int64), pl.Series("unknown", unknown, pl.Int64))


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
