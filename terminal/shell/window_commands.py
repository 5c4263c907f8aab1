"""Commands about the windows themselves: another one, which there are, closing one, ending the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from terminal.api import Context

NO_WINDOW = "Open it with: tapeline"
WHICH = "Number of the window (`window list`); 0 for the one used last."


def window_of(ctx: Context, number: int = 0) -> Any:
    """The window with this number, 0 for the one used last; UserError when there is none."""
    if ctx.window is None:
        raise UserError("No window is open.", NO_WINDOW)
    return ctx.window if not number or number == ctx.window.number else _windows(ctx).find(number)


def _windows(ctx: Context) -> Any:
    found = window_of(ctx).windows
    if found is None:
        raise UserError("This window stands alone.", NO_WINDOW)
    return found


def _done(title: str, notes: tuple[str, ...] = (), undo: Undo | None = None, **values: int) -> Table:
    import polars as pl

    columns = tuple(Column(name, name.capitalize(), "integer") for name in values)
    return Table(title, columns, pl.DataFrame({name: [value] for name, value in values.items()}), notes=notes, undo=undo)


@command(title="Open another window", gui=True)
def new(ctx: Context, *,
        layout: Annotated[str, argument(help="A layout to arrange its panels by (`window layout list`).")] = "",
        again: Annotated[bool, argument(help="The window that was closed last, as it was.")] = False) -> Table:
    """Open a second window on the same market, with a layout, link groups and days of its own.

    Prices, notes, settings and jobs are shared. All windows that are open when the program ends open again at the next start.
    """
    from terminal.shell.layouts import Layouts

    wanted = Layouts(ctx.home.path).get(layout) if layout.strip() else None
    made = _windows(ctx).open(wanted, again=again)
    return _done(f"Window {made.number} is open", window=made.number)


@command(title="Windows that are open", gui=True)
def list(ctx: Context) -> Table:
    """List the windows of the program: what they show and where they are."""
    import polars as pl

    windows = _windows(ctx)
    rows = []
    for each in windows.all:
        space, place = each.workspace, each.geometry()
        specs = space.specs if space is not None else {}
        seen = ", ".join(specs[key].title for key, visible in space.describe().items() if visible) if space is not None else ""
        day = space.links.date_of(space.active) if space is not None else None
        rows.append((each.number, each is windows.window, each.symbol, day, seen or None,
                     f"{place.width()}x{place.height()}+{place.x()}+{place.y()}"))
    columns = (Column("window", "Window", "integer"), Column("active", "Used last", "bool"), Column("symbol", "Symbol"),
               Column("as_of", "Shows what was known on", "date"), Column("panels", "Panels"), Column("place", "Place"))
    schema = {"window": pl.Int64, "active": pl.Boolean, "symbol": pl.String, "as_of": pl.Date, "panels": pl.String,
              "place": pl.String}
    return Table("Windows", columns, pl.DataFrame(rows, schema, orient="row"))


@command(title="Close a window", gui=True)
def close(ctx: Context, number: Annotated[int, argument(help=WHICH)] = 0) -> Table:
    """Close one window; the others stay. Closing the last one ends the program."""
    windows = _windows(ctx)
    window = windows.find(number)
    if len(windows.all) == 1:
        window.quit_soon()
        return _done("The window is closing, and the program with it")
    closed = window.number
    window.close()
    text = f"Window {closed} is closed"
    return _done(text, ("It can be had back: window new --again",),
                 Undo("window.new", {"again": True}, text, "window:closed"))


@command(title="Quit", gui=True)
def quit(ctx: Context) -> Table:
    """Close every window and end the program; everything is saved, and the next start opens the same windows."""
    window_of(ctx).quit_soon()
    return _done("The program is closing")
