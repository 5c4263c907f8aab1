"""Commands over settings, keys and added plugins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Key = Annotated[str, argument(help="Name of the setting, for example market.source.", metavar="KEY")]
Provider = Annotated[str, argument(help="The data service, for example finnhub.", metavar="PROVIDER")]

_PLACES = {"keyring": "the system's keyring", "environment": "an environment variable",
           "memory": "memory, until the program ends", None: "nowhere"}


@command(title="Show settings")
def show(ctx: Context, key: Key | None = None) -> Table:
    """Show every setting with its value, where the value comes from, and what it means. Keys of services are not shown."""
    mode = ctx.settings.get("mode")
    items = ctx.settings.items() if key is None else [(ctx.settings.declared(key), ctx.settings.get(key))]
    rows = [(setting.key, _text(value), ctx.settings.origin(setting.key), _text(setting.default), setting.title,
             setting.newbie if mode == "newbie" else setting.pro) for setting, value in items if not setting.secret]
    columns = (Column("key", "Setting"), Column("value", "Value"), Column("origin", "From"),
               Column("default", "Standard", newbie=False),
               Column("title", "Name", newbie=False), Column("meaning", "Meaning"))
    return _table("Settings", columns, rows, notes=tuple(ctx.settings.notes))


@command(title="Change a setting", writes=True)
def set(ctx: Context, key: Key, value: Annotated[str, argument(help="The new value.", metavar="VALUE")]) -> Table:
    """Change a setting and keep it in settings.toml."""
    before = _as_it_was(ctx, key)
    ctx.settings.set(key, value)
    return replace(show(ctx, key), undo=before("changed", quiet=True))


@command(title="Set a setting back to standard", writes=True)
def reset(ctx: Context, key: Key) -> Table:
    """Forget the value that was set; the standard one (or the environment's) holds again."""
    before, had = _as_it_was(ctx, key), ctx.settings.raw(key) is not None
    ctx.settings.reset(key)
    return replace(show(ctx, key), undo=before("back to standard", quiet=not had))


@command(title="Keys of data services")
def keys(ctx: Context) -> Table:
    """List which services have a key and where it is kept. The keys themselves are never shown."""
    providers = _with_key(ctx)
    rows = [(provider, ctx.settings.secret(provider) is not None,
             _PLACES[ctx.settings.secret_place(provider)]) for provider in providers]
    ring = ctx.settings.keyring_name()
    note = f"Keys are kept by the system's keyring ({ring})." if ring else \
        "This system offers no keyring that may be trusted: a key that you set is forgotten when the program ends. " \
        "For use without a screen, TAPELINE_<PROVIDER>_KEY in the environment is read."
    return _table("Keys", (Column("provider", "Service"), Column("present", "Has a key", "bool"), Column("place", "Kept in")),
                  rows, notes=(note,))


@command(title="Set the key of a data service", writes=True)
def key_set(ctx: Context, provider: Provider,
            key: Annotated[str, argument(help="The key that the service gave you.", secret=True)]) -> Table:
    """Keep a key in the system's keyring; where there is none, in memory until the program ends.

    The key is asked for, or read as a line from standard input.
    """
    place = ctx.settings.set_secret(_known(ctx, provider), key)
    ctx.publish("settings.changed", {"key": f"providers.{provider}.key"})
    lost = "This system offers no keyring that may be trusted: the key is forgotten when the program ends."
    notes = () if place == "keyring" else (lost,)
    return _table("Key kept", (Column("provider", "Service"), Column("place", "Kept in")), [(provider, _PLACES[place])],
                  notes=notes)


@command(title="Forget the key of a data service", writes=True)
def key_forget(ctx: Context, provider: Provider) -> Table:
    """Remove a key from keyring and memory. One in the environment stays."""
    had = ctx.settings.forget_secret(_known(ctx, provider))
    if not had:
        raise UserError(f"No key of {provider} is kept.", "See: tapeline preferences keys")
    ctx.publish("settings.changed", {"key": f"providers.{provider}.key"})
    left = ctx.settings.secret_place(provider)
    notes = ("The key in the environment is still there.",) if left == "environment" else ()
    return _table("Key forgotten", (Column("provider", "Service"), Column("place", "Still in")), [(provider, _PLACES[left])],
                  notes=notes)


@command(title="Plugins")
def plugins(ctx: Context) -> Table:
    """List every plugin that was found: bundled, installed, or in the home's plugins folder; why one does not run."""
    rows = [(state.id, state.title, state.origin, state.state, state.reason, state.version, state.fingerprint[:12] or None)
            for state in ctx.plugins()]
    columns = (Column("id", "Id"), Column("title", "Title"), Column("origin", "From"), Column("state", "State"),
               Column("reason", "Why"),
               Column("version", "Version", newbie=False), Column("hash", "Content", newbie=False))
    waiting = [state.id for state in ctx.plugins() if state.state == "waiting"]
    notes = [f"To let one run: tapeline preferences approve {waiting[0]}"] if waiting else []
    notes += [state.traceback for state in ctx.plugins() if state.traceback]
    return _table("Plugins", columns, rows, notes=tuple(notes))


@command(title="Let a plugin run", writes=True)
def approve(ctx: Context, plugin: Annotated[str, argument(help="Id of the plugin, as listed.", metavar="PLUGIN")]) -> Table:
    """Allow a plugin that you added to run from the next start on, as it is now.

    Its code runs with all your rights: approve only what you trust. When its content changes, it waits for you again.
    """
    state = next((state for state in ctx.plugins() if state.id == plugin and state.origin != "bundled"), None)
    if state is None:
        raise UserError(f"There is no added plugin {plugin!r}.", "See: tapeline preferences plugins")
    if state.state != "waiting":
        raise UserError(f"{plugin} is not waiting for approval ({state.state}).", "See: tapeline preferences plugins")
    ctx.settings.approve(state.id, state.version, state.fingerprint)
    return _table("Approved", (Column("id", "Id"), Column("version", "Version"), Column("hash", "Content")),
                  [(state.id, state.version, state.fingerprint[:12])], notes=("It runs from the next start on.",))


def _as_it_was(ctx: Context, key: str) -> Callable[..., Undo]:
    """How a setting is given the value it has now, for the answer of a command that changes it."""
    setting, had = ctx.settings.declared(key), ctx.settings.raw(key) is not None
    present = ctx.settings.get(key) if had and not setting.secret else None
    value = ",".join(present) if isinstance(present, (list, tuple)) else _text(present)

    def undo(what: str, *, quiet: bool) -> Undo:
        text, thing = f"The setting “{setting.title}” is {what}", f"setting:{key}"
        if had:
            return Undo("preferences.set", {"key": key, "value": value}, text, thing, quiet)
        return Undo("preferences.reset", {"key": key}, text, thing, quiet)

    return undo


def _known(ctx: Context, provider: str) -> str:
    known = _with_key(ctx)
    if provider not in known:
        raise UserError(f"{provider} takes no key.",
                        f"Services with a key: {', '.join(known)}." if known else "No service takes one yet.")
    return provider


def _with_key(ctx: Context) -> list[str]:
    return sorted({setting.key.split(".")[1] for setting in ctx.settings.secrets()})


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else "" if value is None else str(value)


def _table(title: str, columns: tuple[Column, ...], rows: Sequence[tuple[object, ...]], notes: tuple[str, ...] = ()) -> Table:
    import polars as pl

    types = {"text": pl.String, "bool": pl.Boolean}
    frame = pl.DataFrame(rows, schema={column.name: types[column.type] for column in columns}, orient="row")
    return Table(title, columns, frame, notes=notes)
