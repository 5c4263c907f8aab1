"""What the palette knows of a market: symbols, screens, watchlists, universes. Read in a worker, used at each letter."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from terminal.domain import format as fmt
from terminal.errors import TerminalError
from terminal.shell.keys import Keys
from terminal.shell.matching import SymbolIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from terminal.app import App
    from terminal.commands import Command, Parameter
    from terminal.shell.window import MainWindow

KINDS = {"stock": "Stock", "etf": "ETF", "bond": "Bond", "bond_etf": "Bond ETF", "fund": "Fund", "index": "Index"}
RUNS = 300
EVERYTHING = 10_000_000
TICKERS = ("SYMBOL", "TICKER")
FREE_NAMES = ("create", "restore", "import", "save")


@dataclass(frozen=True)
class Screen:
    """A screen that can be run by name: ready-made or the user's own. `found` is how many it found last, and when."""

    name: str
    title: str
    rule: str
    about: str = ""
    own: bool = False
    found: int | None = None
    when: str = ""


@dataclass(frozen=True)
class Known:
    """Everything that was read. `ready` is False until it was."""

    ready: bool = False
    version: Any = None
    symbols: SymbolIndex = SymbolIndex(())  # noqa: RUF009  # empty and never changed
    screens: tuple[Screen, ...] = ()
    watchlists: tuple[tuple[str, int], ...] = ()
    universes: tuple[tuple[str, str], ...] = ()
    counted: bool = False  # whether `screens` holds the ready-made ones


def gather(app: App, before: Known) -> Known:
    """Read what is quick to read; symbols only when the market has changed. For a worker."""
    version = (id(app), app.store.market.version)
    symbols, presets = before.symbols, tuple(screen for screen in before.screens if not screen.own)
    if before.version != version:
        found = app.market.search("", EVERYTHING)
        stored = set(app.market.symbols())
        rows = zip(found["symbol"].to_list(), found["name"].to_list(), found["kind"].to_list(), strict=True)
        symbols = SymbolIndex(((symbol, name or "", KINDS.get(kind or "", "Symbol")) for symbol, name, kind in rows),
                              dict.fromkeys(stored, 1.0))
    last = {row["screen"]: (row["matched"], row["ran_at"]) for row in reversed(_rows(app, "screener.runs", {"limit": RUNS}))}
    own = tuple(Screen(row["name"], row["name"], row["rule"] or "", own=True, found=last.get(row["name"], (None, None))[0],
                       when=_day(last.get(row["name"], (None, None))[1])) for row in _rows(app, "screener.saved", {}))
    lists = tuple((row["name"], row["count"]) for row in _rows(app, "watchlist.list", {}))
    universes = tuple((each.name, each.title) for each in app.market.universes())
    return Known(True, version, symbols, (*own, *presets), lists, universes,
                 before.counted and before.version == version)


def count(app: App) -> tuple[Screen, ...]:
    """The ready-made screens with what each finds now. Takes longer the first time. For a worker."""
    return tuple(Screen(row["id"], row["title"], row["rule"], row["newbie"], found=row["matched"], when="now")
                 for row in _rows(app, "screener.presets", {}))


def _rows(app: App, command: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answer of a command as rows; nothing where there is no such command or it cannot answer."""
    if not app.registry.has(command):
        return []
    try:
        return app.run(command, arguments).rows()
    except TerminalError:
        return []


def _day(moment: Any) -> str:
    return f"{moment.day} {moment:%b %Y}" if moment is not None else ""


class Sources:
    """Keeps `known` up to date for the palette of one window; `changed` is called when there is more."""

    def __init__(self, window: MainWindow, changed: Callable[[], None]) -> None:
        self._window, self._changed = window, changed
        self.known = Known()

    @property
    def ready(self) -> bool:
        """Whether the symbols of the market that is shown are known."""
        return self.known.ready and self._window.attached and self.known.version[0] == id(self._window.app)

    def refresh(self) -> None:
        """Read again, off the UI thread."""
        if not self._window.attached:
            return
        app, before = self._window.app, self.known
        if before.version is not None and before.version[0] != id(app):
            before = self.known = Known()
        self._window.work(lambda: gather(app, before), self._gathered, key="palette.sources")

    def _gathered(self, known: Known) -> None:
        self.known = known
        self._changed()
        if not known.counted and self._window.attached and self._window.has_command("screener.presets"):
            app = self._window.app
            self._window.work(lambda: count(app), self._counted, key="palette.screens")

    def _counted(self, presets: tuple[Screen, ...]) -> None:
        own = tuple(screen for screen in self.known.screens if screen.own)
        self.known = replace(self.known, screens=(*own, *presets), counted=True)
        self._changed()

    # ---- what a parameter may be (terminal.shell.palette_line.Values) ----

    def values(self, command: Command, parameter: Parameter, said: str,
               given: Mapping[str, Any]) -> tuple[Sequence[tuple[str, str]], bool] | None:
        """Values for a parameter with their meanings, and whether nothing else may stand there; None: anything."""
        name, known = parameter.name, self.known
        if name in ("preset", "screen") or parameter.metavar == "SCREEN":
            return self._screens(), known.counted
        if command.group == "screener" and name == "name":
            own = [(screen.name, screen.rule) for screen in known.screens if screen.own]
            return own, known.ready and command.verb not in FREE_NAMES
        if command.group == "watchlist" and name in ("name", "names", "within"):
            strict = known.ready and name != "names" and command.verb.strip("_") not in FREE_NAMES
            return [(title, _symbols(number)) for title, number in known.watchlists], strict
        if name == "universe":
            more = [(part, "") for part in parameter.metavar.split("|") if part.islower()] if "|" in parameter.metavar else []
            return [*more, *known.universes], False
        if parameter.metavar in TICKERS or name in ("symbol", "symbols"):
            last = said.rpartition(",")
            return [(last[0] + last[1] + symbol, title) for symbol, title, _ in known.symbols.find(last[2], 12)], False
        return self._others(command, parameter, given)

    def _screens(self) -> list[tuple[str, str]]:
        return [("all", "Everything"), *((screen.name, screen.title if screen.title != screen.name else screen.rule)
                                         for screen in self.known.screens if screen.name != "all")]

    def _others(self, command: Command, parameter: Parameter,
                given: Mapping[str, Any]) -> tuple[Sequence[tuple[str, str]], bool] | None:
        name, window = parameter.name, self._window
        if command.group == "preferences" and name == "key" and command.verb in ("set", "reset", "show"):
            return [(setting.key, setting.title) for setting, _ in window.app.settings.items()], command.verb != "show"
        if command.id == "preferences.set" and name == "value":
            return self._setting(str(given.get("key", "")))
        if command.group == "window" and name == "panel" and window.workspace is not None:
            panels = [(panel.id, panel.title) for panel in window.workspace.specs.values()]
            return panels, command.verb != "shot"
        if command.group == "window" and name == "shortcut":
            return [(shortcut.id, shortcut.title) for shortcut in Keys(window.settings).all()], False
        if name == "provider":
            from terminal.domain.data_services import SERVICES

            return [(service.id, service.title) for service in SERVICES], False
        if name == "dataset":
            from terminal.domain.schemas import DATASETS

            return [(dataset, "") for dataset in DATASETS], False
        if name in ("sort", "fields") and command.group == "screener":
            from terminal.domain.fields import FIELDS

            return [(key, each.title) for key, each in FIELDS.items()], False
        return None

    def _setting(self, key: str) -> tuple[Sequence[tuple[str, str]], bool] | None:
        found = next((setting for setting, _ in self._window.app.settings.items() if setting.key == key), None)
        if found is None:
            return None
        if found.type is bool:
            return [("yes", ""), ("no", "")], True
        return [(str(choice), "") for choice in found.choices], bool(found.choices)


def _symbols(number: int) -> str:
    return "1 symbol" if number == 1 else f"{fmt.count(number)} symbols"


def nearest(word: str, names: Sequence[str]) -> str:
    """The name most like `word`, or nothing."""
    near = difflib.get_close_matches(word, names, 1)
    return near[0] if near else ""
