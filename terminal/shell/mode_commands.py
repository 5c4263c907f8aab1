"""Commands about how the window speaks: one panel in another mode than the window, and the tour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Table, UserError, argument, command

if TYPE_CHECKING:
    from terminal.api import Context


def _window(ctx: Context) -> Any:
    if ctx.window is None or ctx.window.workspace is None:
        raise UserError("No window is open.", "Open it with: tapeline")
    return ctx.window


def _said(title: str) -> Table:
    import polars as pl

    return Table(title, (), pl.DataFrame())


@command(title="Newbie or Pro for one panel", gui=True)
def panel_mode(ctx: Context, panel: Annotated[str, argument(help="Id of the panel.")],
               to: Annotated[Literal["newbie", "pro", "follow"], argument(help="The panel's own mode, or that of the window.")],
               ) -> Table:
    """Let one panel speak in a mode of its own, whatever the window's is; the values stay the same. Kept with the layout."""
    workspace = _window(ctx).workspace
    if panel not in workspace.specs:
        raise UserError(f"There is no panel {panel!r}.", f"One of: {', '.join(workspace.specs)}.")
    workspace.set_panel_mode(panel, None if to == "follow" else to)
    how = "speaks as the window does" if to == "follow" else f"speaks {to.capitalize()}"
    return _said(f"{workspace.specs[panel].title} {how}")


@command(title="Take the tour", gui=True)
def tour(ctx: Context,
         what: Annotated[Literal["start", "next", "back", "stop"], argument(help="What to do.")] = "start") -> Table:
    """Walk through the window in a few steps: search, questions, tearsheet, verdict, sources, words, health.

    Enter goes on, Backspace goes back, Escape ends it; the window can be used meanwhile.
    """
    window = _window(ctx)
    from terminal.shell.tour import Tour

    running = Tour.of(window)
    if what == "start":
        return _said(Tour.start(window).told())
    if running is None:
        raise UserError("No tour is on.", "Start it with: tapeline window tour")
    {"next": running.next, "back": running.back, "stop": running.stop}[what]()
    return _said("The tour is over" if Tour.of(window) is None else running.told())
