"""The recipes of the flow monitor: the published ones and the user's own, which are kept in the book."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from terminal.domain.flow.recipes import Recipe

_COLUMNS = (
    Column("id", "Recipe"), Column("title", "Title"), Column("rule", "Rule", newbie=False), Column("words", "In words"),
    Column("own", "Own", "bool"),
)  # fmt: skip
Name = Annotated[str, argument(help="A short name of letters, digits and hyphens.", metavar="NAME")]


def published() -> tuple[Recipe, ...]:
    """The recipes that come with the program."""
    from terminal.domain.flow.recipes import load
    from terminal.paths import data_file

    return load(data_file("flow", "recipes.toml"))


def all_recipes(ctx: Context) -> tuple[Recipe, ...]:
    """The published recipes, then the user's own. One of a name that is published stands in its place."""
    from terminal.domain.flow.recipes import Recipe

    frame = ctx.store.book.read("select id, title, rule from options.flow_recipes where deleted_at is null order by id")
    own = {row["id"]: Recipe(row["id"], row["title"], row["rule"], own=True) for row in frame.to_dicts()}
    standard = published()
    shipped = {each.id for each in standard}
    return (*(own.get(each.id, each) for each in standard), *(each for name, each in own.items() if name not in shipped))


def one(ctx: Context, name: str) -> Recipe:
    """The recipe of a name. UserError, with those there are, when there is none."""
    recipes = all_recipes(ctx)
    found = next((each for each in recipes if each.id == name.strip().lower()), None)
    if found is None:
        raise UserError(f"There is no recipe '{name}'.", f"There are {', '.join(each.id for each in recipes)}.")
    return found


@command(title="Recipes of the flow monitor", panel="flow")
def flow_recipes(ctx: Context) -> Table:
    """List the rules by which events are flagged: the published ones and your own, each with its words."""
    import polars as pl

    rows = [{"id": each.id, "title": each.title, "rule": each.rule.text, "words": each.words, "own": each.own}
            for each in all_recipes(ctx)]  # fmt: skip
    frame = pl.DataFrame(rows, schema={"id": pl.String, "title": pl.String, "rule": pl.String, "words": pl.String,
                                       "own": pl.Boolean})  # fmt: skip
    return Table(f"{frame.height} recipes", _COLUMNS, frame)


@command(title="Fields of flow recipes")
def flow_fields(ctx: Context) -> Table:
    """List what a recipe can speak of, with how it is made."""
    import polars as pl

    from terminal.domain.flow.events import FIELDS, VOCABULARY

    rows = [(each.name, each.title, each.type, each.formula or None, ", ".join(VOCABULARY.closed.get(each.name, ())) or None)
            for each in FIELDS.values()]  # fmt: skip
    names = ("name", "title", "type", "formula", "words")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    titles = ("Field", "Title", "Kind", "What it is", "Words it can be")
    return Table("Fields of flow recipes", tuple(Column(*each) for each in zip(names, titles, strict=True)), frame)


@command(title="Save a flow recipe", writes=True)
def flow_recipe_save(
    ctx: Context,
    name: Name,
    rule: Annotated[str, argument(help='A rule such as \'side == "ask" and premium >= 100k\'.', metavar="RULE")],
    *,
    title: Annotated[str, argument(help="What it is called on the screen; else its name.")] = "",
) -> Table:
    """Keep a recipe of your own; one of that name is replaced, a published one is stood in for."""
    import re

    from terminal.domain.flow.recipes import Recipe

    label = name.strip().lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", label):
        raise UserError(f"'{name}' cannot be the name of a recipe.", "Use up to 40 letters, digits and hyphens.")
    made = Recipe(label, title.strip() or label, rule, own=True)
    text = made.rule.text  # RuleError with the place, if it is none
    old = {each.id: each for each in all_recipes(ctx) if each.own}.get(label)
    now = ctx.now()
    ctx.store.book.write(lambda tx: tx.execute(
        "insert into options.flow_recipes values (?, ?, ?, ?, null) on conflict (id) do update set title = excluded.title, "
        "rule = excluded.rule, changed_at = excluded.changed_at, deleted_at = null", (label, made.title, text, now)))  # fmt: skip
    ctx.publish("book.changed", {"table": "options.flow_recipes"})
    if old is None:
        return _undone(ctx, "delete", label, f"The recipe {label} is saved", quiet=True, name=label)
    return _undone(ctx, "save", label, f"The recipe {label} is saved over the one before", name=label, rule=old.text,
                   title=old.title)  # fmt: skip


@command(title="Delete a flow recipe", writes=True)
def flow_recipe_delete(ctx: Context, name: Name) -> Table:
    """Delete a recipe of your own; what it flagged stays recorded. `options flow-recipe-restore NAME` brings it back."""
    return _undone(ctx, "restore", _mark(ctx, name, deleted=True), f"The recipe {name} is deleted", name=name)


@command(title="Bring back a deleted flow recipe", writes=True)
def flow_recipe_restore(ctx: Context, name: Name) -> Table:
    """Undo `options flow-recipe-delete`."""
    return _undone(ctx, "delete", _mark(ctx, name, deleted=False), f"The recipe {name} is back", quiet=True, name=name)


def _mark(ctx: Context, name: str, *, deleted: bool) -> str:
    label, now = name.strip().lower(), ctx.now()

    def mark(tx: Any) -> int:
        return int(tx.execute(
            "update options.flow_recipes set deleted_at = ?, changed_at = ? where id = ? and (deleted_at is null) = ?",
            (now if deleted else None, now, label, deleted)))  # fmt: skip

    if not ctx.store.book.write(mark):
        which = "recipe of your own" if deleted else "deleted recipe"
        raise UserError(f"There is no {which} called '{name}'.", "`tapeline options flow-recipes` lists all; published stay.")
    ctx.publish("book.changed", {"table": "options.flow_recipes"})
    return label


def _undone(ctx: Context, verb: str, label: str, text: str, /, quiet: bool = False, **arguments: Any) -> Table:
    undo = Undo(f"options.flow_recipe_{verb}", arguments, text, f"flow-recipe:{label}", quiet)
    return replace(flow_recipes(ctx), undo=undo)
