"""Commands about the window itself: pictures of it, raising it, opening panels, mode and theme.

They run on the UI thread of the window that is open; `shot` also works without one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Table, UserError, argument, command
from terminal.shell.key_commands import bind, keys, keys_put, keys_reset, unbind  # noqa: F401  # commands of this group
from terminal.shell.layout_commands import layout, place  # noqa: F401  # and these
from terminal.shell.mode_commands import panel_mode, tour  # noqa: F401  # and these
from terminal.shell.undo_commands import undo  # noqa: F401  # and this
from terminal.shell.window_commands import WHICH, close, list, new, quit, window_of  # noqa: F401  # and these

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.api import Context


def _done(title: str, **values: Any) -> Table:
    import polars as pl

    columns = tuple(Column(name, name.replace("_", " ").capitalize(), "integer" if isinstance(value, int) else "text")
                    for name, value in values.items())
    return Table(title, columns, pl.DataFrame({name: [value] for name, value in values.items()}))


@command(title="Take a picture of the window", gui=True)
def shot(ctx: Context, *, out: Annotated[Path, argument(help="The PNG file to write.", metavar="FILE")],
         panel: Annotated[str, argument(help="Id of a panel, or window for the whole window.")] = "window",
         page: Annotated[str, argument(help="A page of a panel that has several, such as risk.")] = "",
         mode: Literal["", "newbie", "pro"] = "", theme: Literal["", "dark", "light"] = "",
         palette: Literal["", "standard", "colour-blind"] = "", size: str = "1720x1000", symbol: str = "",
         search: Annotated[str | None, argument(help="Open the search box with this text in it.")] = None,
         layout: Annotated[str, argument(help="A layout to arrange the panels by (`window layout list`).")] = "",  # noqa: F811
         font_size: int = 0, density: Literal["", "auto", "compact", "normal", "roomy"] = "",
         timeout: float = 30.0) -> Table:
    """Render a panel or the whole window to a PNG file, without a screen, once its data has arrived.

    With `--as-of DATE` the panels show what was known then, in the frame that says so.

    Args:
        mode: Newbie or Pro; empty for the present one.
        theme: Dark or light; empty for the present one.
        palette: Up and down colours; empty for the present ones.
        size: Width and height in pixels.
        symbol: The symbol to look at.
        font_size: Size of the text in pixels; 0 for the present one.
        density: How close together things are; empty for the present one.
        timeout: Seconds to wait for the data at most.
    """
    match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", size)
    if match is None or not (200 <= int(match[1]) <= 8000 and 150 <= int(match[2]) <= 8000):
        raise UserError(f"The size {size!r} is not possible.", "Give width x height, such as 1720x1000 (at least 200x150).")
    file = out.expanduser().absolute()
    if not file.parent.is_dir():
        raise UserError(f"The folder {file.parent} does not exist.", "Choose another with --out FILE.")
    from terminal.shell.shot import Wish, take

    wish = Wish(panel, int(match[1]), int(match[2]), symbol.upper(), mode, theme, palette, search, ctx.as_of, layout,
                timeout, ctx.settings.declared("font_size").convert(font_size) if font_size else 0, density, page)
    width, height = take(ctx.app, wish, file)  # type: ignore[attr-defined]  # the window's own door
    return _done("Picture taken", file=str(file), width=width, height=height)


@command(title="Bring the window to the front", gui=True)
def raise_(ctx: Context) -> Table:
    """Show the windows that are open in front of those of other programs."""
    last = window_of(ctx)
    for window in (*(each for each in (last.windows.all if last.windows is not None else ()) if each is not last), last):
        window.come_to_front()
    return _done("The window is in front")


@command(title="Open a panel", gui=True)
def open(ctx: Context, panel: str, *, symbol: str = "", page: str = "",
         window: Annotated[int, argument(help=WHICH)] = 0) -> Table:
    """Bring a panel of the open window to the front.

    Args:
        panel: Id of the panel.
        symbol: The symbol it should show.
        page: The page it should show, if it has several, such as risk.
    """
    of = window_of(ctx, window)
    known = of.workspace.specs if of.workspace is not None else {}
    if panel not in known:
        raise UserError(f"There is no panel {panel!r}.", f"One of: {', '.join(known)}.")
    of.open_panel(panel, symbol.upper() or None, page=page)
    return _done(f"{known[panel].title} is open")


@command(title="Panels of the window", gui=True)
def panels(ctx: Context, *, window: Annotated[int, argument(help=WHICH)] = 0) -> Table:
    """List the panels of the open window, which of them can be seen, and the symbol they look at."""
    import polars as pl

    space: Any = window_of(ctx, window).workspace
    specs = space.specs if space is not None else {}
    visible = space.describe() if space is not None else {}
    links: Any = space.links if space is not None else None
    rows = [(panel.id, panel.title, visible[panel.id], links.symbol(panel.id) if panel.follows_symbol else None,
             (links.group(panel.id) or "none") if links.can_link(panel.id) else None, links.as_of(panel.id))
            for panel in specs.values()]
    columns = (Column("id", "Id"), Column("title", "Title"), Column("visible", "Visible", "bool"), Column("symbol", "Symbol"),
               Column("link", "Link group"), Column("as_of", "Shows what was known on", "date"))
    frame = pl.DataFrame(rows, {"id": pl.String, "title": pl.String, "visible": pl.Boolean, "symbol": pl.String,
                                "link": pl.String, "as_of": pl.Date}, orient="row")
    return Table("Panels", columns, frame)


@command(title="Show what was known on a past day", gui=True)
def as_of(ctx: Context, day: Annotated[str, argument(help="2025-03-14, today, back or forward (a session), or so long ago: "
                                                          "30d, 6w, 3m, 1y.", metavar="DAY")],
          *, group: Literal["", "A", "B", "C", "D"] = "", window: Annotated[int, argument(help=WHICH)] = 0) -> Table:
    """Let the panels of the open window travel to a past day, or back to today.

    Args:
        group: The link group that travels; empty for the one used last.
    """
    from terminal.shell.links import spoken

    found = window_of(ctx, window).travel(day, group)
    return _done(f"Showing what was known on {spoken(found)}" if found else "Showing today")


@command(title="Link a panel with others", gui=True)
def link(ctx: Context, panel: Annotated[str, argument(help="Id of the panel.")],
         group: Annotated[Literal["A", "B", "C", "D", "none"], argument(help="The group, or none.")],
         *, window: Annotated[int, argument(help=WHICH)] = 0) -> Table:
    """Put a panel into a link group: panels of one group look at the same symbol and the same day."""
    workspace = window_of(ctx, window).workspace
    known = [each for each in workspace.specs if workspace.links.can_link(each)] if workspace is not None else []
    if panel not in known:
        raise UserError(f"The panel {panel!r} cannot be linked.", f"One of: {', '.join(known)}.")
    workspace.link(panel, "" if group == "none" else group)
    where = "is on its own now" if group == "none" else f"belongs to group {group}"
    return _done(f"{workspace.specs[panel].title} {where}")


@command(title="Switch between Newbie and Pro", gui=True)
def mode(ctx: Context, to: Literal["newbie", "pro", "other"] = "other") -> Table:
    """Change how much is shown and in which words; the values stay the same.

    Args:
        to: Newbie, pro, or the other one.
    """
    window = window_of(ctx)
    window.set_mode(to if to != "other" else "newbie" if window.mode == "pro" else "pro")
    return _done(f"Mode: {window.mode}")


@command(title="Switch between dark and light", gui=True)
def theme(ctx: Context, to: Literal["dark", "light", "other"] = "other") -> Table:
    """Change the colours of the window.

    Args:
        to: Dark, light, or the other one.
    """
    window = window_of(ctx)
    window.set_look(theme=to if to != "other" else "light" if window.settings.get("theme") == "dark" else "dark")
    return _done(f"Theme: {window.settings.get('theme')}")


@command(title="Larger or smaller text", gui=True)
def font_size(ctx: Context,
              to: Annotated[str, argument(help="Pixels (10 to 22), larger, smaller, or usual.", metavar="SIZE")]) -> Table:
    """Change the size of the text, and with it of rows, charts and controls."""
    window = window_of(ctx)
    step = {"larger": 1, "smaller": -1, "usual": 0}.get(to)
    if step is None:
        window.set_look(font_size=window.settings.declared("font_size").convert(to))
    else:
        window.step_font(step)
    return _done(f"Text size: {window.settings.get('font_size')} px")


@command(title="How close together things are", gui=True)
def density(ctx: Context, to: Literal["auto", "compact", "normal", "roomy"]) -> Table:
    """Change the height of rows and the space around controls.

    Args:
        to: Compact, normal, roomy, or auto for what suits Newbie or Pro.
    """
    window = window_of(ctx)
    window.set_look(density=to)
    return _done(f"Density: {to}")


@command(title="Colours that do not need green and red", gui=True)
def palette(ctx: Context, to: Literal["standard", "colour-blind", "other"] = "other") -> Table:
    """Change the pair of colours for up and down: green and red, or blue and orange.

    Args:
        to: Standard, colour-blind, or the other one.
    """
    window = window_of(ctx)
    present = window.settings.get("palette")
    window.set_look(palette=to if to != "other" else "colour-blind" if present == "standard" else "standard")
    return _done(f"Colours: {window.settings.get('palette')}")


@command(title="Switch to the demo or the live market", gui=True)
def market(ctx: Context, to: Literal["demo", "live"]) -> Table:
    """Show the simulated practice market or the real one in the window, and remember the choice.

    Args:
        to: Demo or live.
    """
    window = window_of(ctx)
    window.source_asked.emit(to == "demo")
    return _done(f"The {to} market is being opened")
