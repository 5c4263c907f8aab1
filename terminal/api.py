"""The plugin SDK. Nothing else of the program is public.

A plugin is a folder with a manifest (`PLUGIN = Plugin(...)` in its `__init__.py`, which imports neither Qt nor
polars), commands (typed functions) and panels. The bundled panels use this door and no private one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from terminal.commands import Command, argument, command
from terminal.domain.delimited import to_csv
from terminal.domain.sourced import Column, Source, Table, Undo
from terminal.errors import (
    BadPayload,
    Cancelled,
    NeedsKey,
    ProviderError,
    RateLimited,
    StoreError,
    TerminalError,
    Unavailable,
    UserError,
)
from terminal.files import export, read_whole
from terminal.settings import Setting, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from terminal.paths import Home
    from terminal.services.chain_archive import ChainArchive
    from terminal.services.explain import Explain, Text
    from terminal.services.jobs import Scheduler
    from terminal.services.market import Market
    from terminal.store import Store

__all__ = [
    "API_VERSION", "BadPayload", "Cancelled", "Column", "Command", "Context", "Host", "Job", "Migration", "NeedsKey", "Panel",
    "Plugin", "PluginState", "Portable", "ProviderError", "RateLimited", "Setting", "Settings", "Source", "StoreError", "Table",
    "TerminalError", "Unavailable", "Undo", "UserError", "argument", "command", "export", "read_whole", "to_csv",
]

API_VERSION = 1

Area = Literal["left", "center", "right", "bottom"]
Mode = Literal["newbie", "pro"]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A dockable panel. `widget` is "module:Class", imported when first shown; the class is called with a Host.

    The widget may define: `show_symbol(symbol: str)`, `show_as_of(day: date | None)`, `set_mode(mode: str)`, `retheme()`,
    `save_state() -> dict`, `restore_state(dict)`. `show_as_of` asks everything anew and keeps nothing of the
    other day (`Host.as_of`); a panel without it is made anew instead. `linked`: it follows or chooses symbols and days,
    so it belongs to a link group (first of all to A). `code` is the function code for the palette (SCR, DES ...),
    several are separated by spaces; `icon` a Lucide icon name, `order` the place in the rail.
    """

    id: str
    title: str
    widget: str
    area: Area = "center"
    follows_symbol: bool = False
    icon: str = "square"
    code: str = ""
    order: int = 100
    width: int = 0
    linked: bool = True

    @property
    def codes(self) -> tuple[str, ...]:
        """The function codes, in capitals; the first one is shown."""
        return tuple(self.code.upper().split())


@dataclass(frozen=True, kw_only=True)
class Job:
    """A command to be run on a schedule: every "6h" / "30m", or at "17:30" exchange time.

    `at` also takes "open-45m", "open", "close", "close+20m", which move with half days; `while_open` keeps a beat to
    sessions (`terminal.domain.schedule`). `name` and `title` are the command's when empty. `live_only`: not for the
    simulated market.
    """

    command: str
    every: str = ""
    at: str = ""
    session_days: bool = True
    while_open: bool = False
    live_only: bool = False
    name: str = ""
    title: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One named step of a plugin's own book tables; `sql` runs inside one transaction, in the plugin's schema."""

    name: str
    sql: str


@dataclass(frozen=True, kw_only=True)
class Portable:
    """A kind of things of the user's that a workspace file carries (`workspace export|import`).

    `read(query)` gives them by name, as plain tables (text, numbers, booleans, lists and tables of these; None is left
    out). `check(content)` gives the content as `read` would, UserError for what cannot be. `write(tx, name, content, now)`
    keeps one under its name inside the transaction of the import; content None takes it away. `table` is what
    `book.changed` tells. `standard`: exported without being asked for.
    """

    section: str
    title: str
    table: str
    read: Callable[[Callable[..., Any]], Mapping[str, Mapping[str, Any]]]
    check: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    write: Callable[[Any, str, Mapping[str, Any] | None, datetime], None]
    standard: bool = True


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """The manifest. `commands`, `migrations` and `portable` are module names, imported on first use.

    The portable module defines `PORTABLE: tuple[Portable, ...]`.

    The migrations module defines `MIGRATIONS: tuple[Migration, ...]`; its tables live in the book's schema named
    after the plugin's id. `explain` is a TOML file beside the manifest. `demo` is the command that books something to look
    at in a new demo home; it is run whenever the demo market was brought up to date and does nothing the second time.
    """

    id: str
    title: str
    summary: str
    api: int = 1
    commands: str = ""
    panels: tuple[Panel, ...] = ()
    jobs: tuple[Job, ...] = ()
    settings: tuple[Setting, ...] = ()
    migrations: str = ""
    portable: str = ""
    explain: str = "explain.toml"
    demo: str = ""


@dataclass(frozen=True)
class PluginState:
    """One plugin that was found. `state`: ready; waiting for the user's approval; broken (see `traceback`); refused.

    `fingerprint` is the SHA-256 of a third-party plugin's content; `plugin` is None unless it is ready.
    """

    id: str
    title: str
    version: str
    origin: Literal["bundled", "installed", "folder"]
    state: Literal["ready", "waiting", "broken", "refused"] = "waiting"
    reason: str = ""
    traceback: str = ""
    fingerprint: str = ""
    plugin: Plugin | None = None
    module: str = ""


class Context(Protocol):
    """What a command gets: the same object in window, shell, job and test."""

    market: Market
    store: Store
    scheduler: Scheduler
    archiving: ChainArchive
    settings: Settings
    explain: Explain
    home: Home
    demo: bool
    as_of: date | None
    by_hand: bool
    window: Any  # the main window for commands marked `gui`; None where there is none

    def now(self) -> datetime:
        """Aware UTC. The only clock a command may read."""
        ...

    def progress(self, fraction: float | None, note: str = "") -> None:
        """Report how far the work is (0..1, None when unknown). Raises Cancelled once the user has asked to stop."""
        ...

    def publish(self, topic: str, payload: Mapping[str, Any] | None = None) -> None:
        """Tell whoever listens that something changed."""
        ...

    def call(self, command: str, **arguments: Any) -> Table:
        """Run another command inside this one, with the same context."""
        ...

    def plugins(self) -> Sequence[PluginState]:
        """Every plugin that was found, with its state."""
        ...

    def commands(self) -> Mapping[str, Command]:
        """Every command there is, by id."""
        ...


class Call(Protocol):
    """A running command."""

    def cancel(self) -> None: ...


class Host(Protocol):
    """What a panel gets. Every slot is called on the UI thread, and never after the panel is gone."""

    mode: Mode
    panel_id: str

    def run(self, command: str, arguments: Mapping[str, Any] | None = None, *, then: Callable[[Table], None],
            fail: Callable[[TerminalError], None] | None = None,
            progress: Callable[[float | None, str], None] | None = None, key: str = "") -> Call:
        """Run a command in a worker. With a `key`, a newer call with the same key replaces the older one."""
        ...

    def on(self, topic: str, slot: Callable[[Mapping[str, Any]], None]) -> None:
        """Listen to a topic; bursts are collated per 100 ms (last payload wins)."""
        ...

    def open(self, panel: str, symbol: str | None = None) -> None:
        """Bring a panel to the front, showing `symbol` if given."""
        ...

    def select(self, symbol: str) -> None:
        """Tell the panels linked with this one which symbol is looked at."""
        ...

    def symbol(self) -> str | None:
        """The symbol this panel's link group looks at."""
        ...

    @property
    def as_of(self) -> date | None:
        """The past day this panel's link group shows, None for today. Its commands run with it; nothing live reaches it."""
        ...

    def explain(self, term: str) -> Text:
        """Title and text of a term in the words of the present mode."""
        ...

    def keys(self, shortcut: str) -> tuple[str, ...]:
        """The keys in force for a shortcut of the window's list, written like `Alt+T`; the topic `settings.changed` tells
        (with the key `keys`) that they are others now.
        """
        ...

    def has_command(self, command: str) -> bool:
        """Whether some plugin offers the command (actions whose plugin is absent are hidden)."""
        ...

    def setting(self, key: str) -> Any:
        """The value of a declared setting."""
        ...

    def set_setting(self, key: str, value: Any) -> None:
        """Change a declared setting. Raises UserError for a value it cannot take."""
        ...

    def notify(self, text: str, level: Literal["info", "ok", "warn", "error"] = "info") -> None:
        """A short message to the user, which does not block."""
        ...

    def save_file(self, title: str, suggested: str, kinds: Sequence[str]) -> str | None:
        """Ask for a file name to write to; None when the user declines."""
        ...
