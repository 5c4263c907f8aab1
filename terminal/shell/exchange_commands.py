"""`workspace export|import|undo`: everything of a workspace as one readable text file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from terminal.api import Context
    from terminal.shell.exchange import Change, Exchange

File = Annotated[Path, argument(help="The workspace file.", metavar="FILE")]
_WORDS = {"new": "new", "changed": "differs from yours", "same": "the same already", "unknown": "not known here",
          "wrong": "cannot be used"}
LARGEST = 5_000_000


def _exchange(ctx: Context) -> Exchange:
    from terminal.shell.exchange import Exchange

    return Exchange(ctx, ctx.app.registry.portable())  # type: ignore[attr-defined]  # the window's own door


@command(title="Export the workspace to a file")
def export(ctx: Context, file: File, *,
           watchlists: Annotated[bool, argument(help="Your watchlists, too.")] = False) -> Table:
    """Write layouts, saved screens and views, keys and appearance to one text file; keys of services are never in it."""
    from terminal.settings import replace_file

    target = file.expanduser().absolute()
    if not target.parent.is_dir():
        raise UserError(f"The folder {target.parent} does not exist.", "Choose another.")
    exchange = _exchange(ctx)
    content = exchange.present(("watchlists",) if watchlists else ())
    try:
        replace_file(target, exchange.to_text(content), 0o644)
    except OSError as problem:
        raise UserError(f"{target} cannot be written: {problem.strerror or problem}.", "Choose another place.") from None
    rows = [(_title(exchange, section), len(things)) for section, things in content.items()]
    return _rows(f"Workspace written to {target.name}", ("what", "count"), ("What", "How many"), rows)


@command(title="Import a workspace file", writes=True)
def import_(ctx: Context, file: File, *,
            preview: Annotated[bool, argument(help="Only tell what it would change.")] = False,
            replace: Annotated[bool, argument(help="Replace what is called the same here but differs.")] = False,
            keep: Annotated[bool, argument(help="Leave what is called the same here as it is.")] = False) -> Table:
    """Bring in layouts, screens, views, keys and appearance from a file; `workspace undo` takes all of it back.

    Where something here has the same name and differs, nothing is written until you choose with --replace or --keep.
    """
    exchange = _exchange(ctx)
    changes = exchange.compare(exchange.read(_text(file)))
    if preview:
        return _table(exchange, changes, f"What {file.name} would change")
    clashes = [each for each in changes if each.state == "changed"]
    if clashes and not replace and not keep:
        names = ", ".join(f"{_title(exchange, each.section).lower()}: {each.name}" for each in clashes[:5])
        more = f" and {len(clashes) - 5} more" if len(clashes) > 5 else ""
        raise UserError(f"{len(clashes)} of these are different here ({names}{more}); nothing was written.",
                        "Choose --replace or --keep; --preview shows everything.")
    wanted = [each for each in changes if each.state == "new" or (each.state == "changed" and replace)]
    if wanted:
        exchange.apply(wanted, f"import of {file.name}")
        ctx.publish("layouts.changed", {"what": "import", "name": file.name})
    told = changes if replace else [each for each in changes if each.state != "changed"]
    table = _table(exchange, told, f"{len(wanted)} of {len(changes)} brought in from {file.name}")
    return _with(table, Undo("workspace.undo", {}, f"{file.name} is brought in", "workspace")) if wanted else table


@command(title="Take back a workspace import", writes=True)
def undo(ctx: Context) -> Table:
    """Put everything back that the newest import of a workspace file changed; what you changed since is left alone."""
    title, back, left = _exchange(ctx).undo()
    ctx.publish("layouts.changed", {"what": "undo", "name": title})
    rows = [*((name, "put back") for name in back), *((name, "left: changed since") for name in left)]
    return _rows(f"Taken back: {title}", ("what", "done"), ("What", "Done"), rows)


def _with(table: Table, undo: Undo) -> Table:
    from dataclasses import replace

    return replace(table, undo=undo)


def _text(file: Path) -> str:
    source = file.expanduser()
    try:
        if source.stat().st_size > LARGEST:
            raise UserError(f"{source.name} is too large for a workspace file.", "Choose another.")
        return source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", "") or problem
        raise UserError(f"{source} cannot be read: {why}.", "Choose another file.") from None


def _title(exchange: Exchange, section: str) -> str:
    from terminal.shell.exchange import TITLES

    return exchange.portable[section].title if section in exchange.portable else TITLES.get(section, section)


def _table(exchange: Exchange, changes: list[Change], title: str) -> Table:
    order = ("changed", "new", "wrong", "unknown", "same")
    rows = [(_title(exchange, each.section), each.name, _WORDS[each.state], each.why or None)
            for each in sorted(changes, key=lambda each: order.index(each.state))]
    return _rows(title, ("what", "name", "state", "why"), ("What", "Name", "State", "Why"), rows)


def _rows(title: str, names: tuple[str, ...], titles: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    import polars as pl

    schema = {name: pl.Int64 if name == "count" else pl.String for name in names}
    columns = tuple(Column(name, words, "integer" if name == "count" else "text")
                    for name, words in zip(names, titles, strict=True))
    return Table(title, columns, pl.DataFrame(rows, schema, orient="row"))
