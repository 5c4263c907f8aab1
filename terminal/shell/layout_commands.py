"""Commands about how panels are arranged: named layouts, and one panel's place (`window layout|float|edge|close|move`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Table, Undo, UserError, argument, command
from terminal.shell.window_commands import WHICH, window_of

if TYPE_CHECKING:
    from terminal.api import Context
    from terminal.shell.layouts import Layouts

What = Literal["list", "use", "save", "rename", "delete", "restore", "reset", "back"]


def _window(ctx: Context, number: int) -> Any:
    found = window_of(ctx, number)
    if found.workspace is None:
        raise UserError("No market is open in the window yet.", "Try again in a moment.")
    return found


def _layouts(ctx: Context) -> Layouts:
    from terminal.shell.layouts import Layouts

    return Layouts(ctx.home.path)


def _said(title: str, notes: tuple[str, ...] = (), undo: Undo | None = None) -> Table:
    import polars as pl

    return Table(title, (), pl.DataFrame(), notes=notes, undo=undo)


def _by(what: str, name: str, text: str, *, quiet: bool = False, new_name: str = "") -> Undo:
    """What takes a change of a layout back."""
    more = {"new_name": new_name} if new_name else {}
    return Undo("window.layout", {"what": what, "name": name, **more}, text, f"layout:{name.strip().lower()}", quiet)


def _arranged(window: Any, text: str) -> Undo | None:
    """Remember how the panels stand, before they are arranged anew; what brings that back."""
    if window.shown is None:
        return None
    window.shown.undo.arrangement = window.workspace.snapshot("Before")
    return Undo("window.layout", {"what": "back", "window": window.number}, text, f"arrangement:{window.number}")


@command(title="Layouts of the window", gui=True)
def layout(ctx: Context, what: Annotated[What, argument(help="What to do.")] = "list",
           name: Annotated[str, argument(help="Name of the layout.")] = "",
           new_name: Annotated[str, argument(help="The new name, for rename.")] = "",
           *, window: Annotated[int, argument(help=WHICH)] = 0) -> Table:
    """Save how the panels are arranged under a name and use it again; or put them back to the default layout (reset).

    A layout holds places and sizes, tabs, floating windows, panels at the edge, link groups, and what each panel shows.
    """
    if what == "list":
        return _list(ctx)
    if what == "reset":
        of = _window(ctx, window)
        undo = _arranged(of, "The default layout is back")
        of.reset_layout()
        return _said("The default layout is back", undo=undo)
    if what == "back":
        return _back(ctx, window)
    if not name.strip():
        raise UserError(f"Which layout do you want to {what}?", "Give its name; `window layout list` shows them.")
    if what in ("use", "save"):
        table = (_use if what == "use" else _save)(ctx, name, window)
    else:
        found = {"delete": _delete, "restore": _restore}.get(what)
        table = found(ctx, name) if found is not None else _rename(ctx, name, new_name)
    ctx.publish("layouts.changed", {"what": what, "name": name})
    return table


def _list(ctx: Context) -> Table:
    import polars as pl

    from terminal.shell.layouts import ready_made

    layouts = _layouts(ctx)
    own = layouts.all()
    every = [*((each, "own") for each in own.values()),
             *((each, "ready-made") for name, each in ready_made().items() if name not in own)]
    rows: list[tuple[str | None, ...]] = [(each.name, kind, each.title or None, _panels(each.arrangement))
                                          for each, kind in every]
    rows += [(name, "deleted", None, None) for name in layouts.deleted()]
    columns = (Column("name", "Layout"), Column("kind", "Kind"), Column("title", "For"), Column("panels", "Panels"))
    schema = dict.fromkeys(("name", "kind", "title", "panels"), pl.String)
    return Table("Layouts", columns, pl.DataFrame(rows, schema, orient="row"))


def _panels(arrangement: str) -> str:
    from terminal.shell.arrangement import from_text

    return ", ".join(from_text(arrangement).panels())


def _use(ctx: Context, name: str, number: int) -> Table:
    window, wanted = _window(ctx, number), _layouts(ctx).get(name)
    undo = _arranged(window, f"The panels are arranged as in {wanted.name}")
    unknown = window.use_layout(wanted)
    if unknown is None:
        raise UserError(f"The layout {wanted.name} has no panel that is there.", "Install its plugins, or delete it.")
    notes = (f"Not there and left out: {', '.join(unknown)}.",) if unknown else ()
    return _said(f"Layout: {wanted.name}", notes, undo)


def _back(ctx: Context, number: int) -> Table:
    window = _window(ctx, number)
    before = window.shown.undo.arrangement
    if before is None:
        raise UserError("The panels have not been arranged anew.", "Move them by hand, or use a layout.")
    undo = _arranged(window, "The panels stand as before")
    window.use_layout(before)
    return _said("The panels stand as before", undo=undo)


def _save(ctx: Context, name: str, number: int) -> Table:
    from terminal.shell.layouts import name_of

    made = _window(ctx, number).workspace.snapshot(name_of(name))
    replaced = _layouts(ctx).save(made)
    note = (f"The one before can be had back: window layout restore \"{made.name}\".",) if replaced else ()
    text = f"The layout {made.name} is {'replaced' if replaced else 'saved'}"
    return _said(text, note, _by("restore" if replaced else "delete", made.name, text, quiet=not replaced))


def _rename(ctx: Context, name: str, new_name: str) -> Table:
    if not new_name.strip():
        raise UserError("The new name is missing.", f"Write: window layout rename \"{name}\" \"New name\"")
    old = _layouts(ctx).own(name)
    new = _layouts(ctx).rename(name, new_name)
    text = f"The layout is called {new} now"
    return _said(text, undo=_by("rename", new, text, quiet=True, new_name=old))


def _delete(ctx: Context, name: str) -> Table:
    gone = _layouts(ctx).delete(name)
    return _said(f"The layout {gone} is deleted", (f"It can be had back: window layout restore \"{gone}\".",),
                 _by("restore", gone, f"The layout {gone} is deleted"))


def _restore(ctx: Context, name: str) -> Table:
    had = {each.casefold() for each in _layouts(ctx).all()}
    back = _layouts(ctx).restore(name)
    text = f"The layout {back} is back"
    return _said(text, undo=_by("restore" if back.casefold() in had else "delete", back, text, quiet=True))


@command(title="Move a panel", gui=True)
def place(ctx: Context, panel: Annotated[str, argument(help="Id of the panel; empty for the one that has the keyboard.")] = "",
          *, to: Annotated[Literal["float", "back", "edge", "close", "left", "right", "bottom", "center"],
                           argument(help="A window of its own, back into the main one, hidden at the edge or back from it, "
                                         "closed, or one of the areas.")] = "float",
          window: Annotated[int, argument(help=WHICH)] = 0) -> Table:
    """Float a panel, hide it at the edge, close it or put it into another area, as dragging does."""
    workspace = _window(ctx, window).workspace
    wanted = panel or workspace.docks.last_used or ""
    if wanted not in workspace.specs:
        raise UserError(f"There is no panel {wanted!r}.", f"One of: {', '.join(workspace.specs)}.")
    workspace.docks.send(wanted, to)
    return _said(f"{workspace.specs[wanted].title}: {to}")
