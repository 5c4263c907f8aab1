"""`window keys`, `bind`, `unbind`, `keys-reset`: the shortcuts, with or without a window open."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from terminal.api import Column, Table, Undo, UserError, argument, command
from terminal.shell.keys import DECLARED, PLACES, SETTING, Keys, resolve
from terminal.shell.palette_line import commands_by_group, normal

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.api import Context

ShortcutId = Annotated[str, argument(help="Id of a shortcut (`window keys`), a panel or its code, or a command in quotes.",
                                     metavar="ID")]

# The window's own panels (terminal.shell.workspace, which a shell without a window does not import).
OWN_PANELS = (("watchlists", "Watchlists", ("WL",)), ("results", "Result", ("OUT",)), ("activity", "Messages and jobs", ("MSG",)),
              ("preferences", "Preferences", ("PREF",)))


def _id(ctx: Context, text: str) -> str:
    panels = [panel for plugin in ctx.plugins() if plugin.plugin is not None for panel in plugin.plugin.panels]
    known = [(panel.id, panel.title, panel.codes) for panel in panels]
    return resolve(text, (*known, *OWN_PANELS), lambda line: normal(line, commands_by_group(ctx.commands().values())))


def _table(ctx: Context, title: str, only: str = "", find: str = "", notes: tuple[str, ...] = ()) -> Table:
    import polars as pl

    rows = []
    for shortcut in Keys(ctx.settings).all():
        standard = DECLARED[shortcut.id].keys if shortcut.id in DECLARED else ()
        row = (shortcut.id, shortcut.title, "  ".join(shortcut.keys), PLACES[shortcut.where], "  ".join(standard), shortcut.own)
        if (not only or shortcut.id == only) and find.lower() in " ".join(map(str, row[:4])).lower():
            rows.append(row)
    columns = (Column("shortcut", "Id"), Column("title", "What it does"), Column("keys", "Keys"), Column("where", "Where"),
               Column("standard", "Standard keys", newbie=False), Column("own", "Changed", "bool", newbie=False))
    schema = {column.name: pl.Boolean if column.name == "own" else pl.String for column in columns}
    return Table(title, columns, pl.DataFrame(rows, schema, orient="row"), notes=notes)


@command(title="Shortcuts and their keys")
def keys(ctx: Context, *, find: Annotated[str, argument(help="Only shortcuts with this word.")] = "") -> Table:
    """List every shortcut with the keys in force, where it applies and its standard keys."""
    note = 'Change one with: tapeline window bind ID KEYS. A command gets keys by its name: window bind "screener run" Ctrl+1.'
    return _table(ctx, "Keys", find=find, notes=(note,))


@command(title="Give a shortcut other keys", writes=True)
def bind(ctx: Context, shortcut: ShortcutId,
         keys: Annotated[tuple[str, ...], argument(help="One or more, such as Ctrl+Shift+L or F7.", metavar="KEYS")], *,
         take: Annotated[bool, argument(help="Take the keys from the shortcut that has them.")] = False) -> Table:
    """Bind keys to a shortcut, a panel or a command instead of its present ones. Keys in use are not taken unless asked."""
    before = _as_they_were(ctx)
    found = Keys(ctx.settings).bind(_id(ctx, shortcut), keys, take=take)
    undo = before(f"The keys of “{found.title}” are changed", quiet=True)
    return replace(_table(ctx, f"{found.title}: {', '.join(found.keys)}", found.id), undo=undo)


@command(title="Take the keys from a shortcut", writes=True)
def unbind(ctx: Context, shortcut: ShortcutId,
           keys: Annotated[tuple[str, ...], argument(help="Only these; all when left out.", metavar="KEYS")] = ()) -> Table:
    """Leave a shortcut without keys, or without some of them. `window keys-reset` brings the standard ones back."""
    before = _as_they_were(ctx)
    found = Keys(ctx.settings).unbind(_id(ctx, shortcut), keys)
    undo = before(f"The keys of “{found.title}” are changed", quiet=True)
    return replace(_table(ctx, f"{found.title}: {', '.join(found.keys) or 'no keys'}", found.id), undo=undo)


@command(title="Back to the standard keys", writes=True)
def keys_reset(ctx: Context,
               shortcut: Annotated[str, argument(help="Only this one; all when left out.", metavar="ID")] = "") -> Table:
    """Forget the keys you chose, of one shortcut or of all."""
    before = _as_they_were(ctx)
    Keys(ctx.settings).reset(_id(ctx, shortcut) if shortcut else "")
    table = _table(ctx, "Standard keys", "" if not shortcut else _id(ctx, shortcut))
    return replace(table, undo=before("The keys are back to standard"))


@command(title="Put the keys back as they were", writes=True, hidden=True)
def keys_put(ctx: Context, text: Annotated[str, argument(help="All keys of your own, as JSON.")]) -> Table:
    """Give all shortcuts the keys they had; what taking a change back runs."""
    before = _as_they_were(ctx)
    try:
        kept = json.loads(text)
    except ValueError as problem:
        raise UserError("These are no keys.", "Use: tapeline window bind", problem) from problem
    if not isinstance(kept, dict | None):
        raise UserError("These are no keys.", "Use: tapeline window bind")
    ctx.settings.keep(SETTING, kept or None)
    return replace(_table(ctx, "Keys"), undo=before("The keys are as they were", quiet=True))


def _as_they_were(ctx: Context) -> Callable[..., Undo]:
    """How all keys are put back as they are now, for the answer of a command that changes them."""
    text = json.dumps(ctx.settings.raw(SETTING))

    def undo(what: str, *, quiet: bool = False) -> Undo:
        return Undo("window.keys_put", {"text": text}, what, "keys", quiet)

    return undo
