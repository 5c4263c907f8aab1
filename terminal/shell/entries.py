"""What the palette offers: symbols, panels and their function codes, screens, watchlists, commands, actions, settings."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain import format as fmt
from terminal.shell.keys import Keys
from terminal.shell.palette_line import commands_by_group, quoted, read, spoken
from terminal.shell.palette_rows import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from terminal.api import Panel
    from terminal.commands import Command
    from terminal.shell.palette_line import Line
    from terminal.shell.palette_sources import Sources
    from terminal.shell.window import MainWindow

TICKER = re.compile(r"[A-Za-z^][\w.^=-]{0,9}")
RULE = re.compile(r"[a-z_]\w*\s*(?:<=?|>=?|==|!=|\bbetween\b|\bin\s*\()", re.IGNORECASE)
# Shortcuts whose keys stand beside the command or panel that does the same.
COMMAND_KEYS = {"window.mode": "mode", "window.theme": "theme", "market.refresh": "refresh", "window.quit": "quit",
                "window.new": "new-window", "window.close": "close-window",
                "window.keys": "keys"}
PANEL_KEYS = {"preferences": "preferences", "activity": "messages"}
ACTIONS = ("next-panel", "previous-panel", "close-panel", "float-panel", "keys")
MOST_CHOICES = 12


class Catalogue:
    """Makes the entries of one window. Built anew each time the palette opens, so that it is never out of date."""

    def __init__(self, window: MainWindow, sources: Sources, put: Callable[[str], None]) -> None:
        """`put` is called with a line that is to stand in the palette's field."""
        self._window, self._sources, self._put = window, sources, put
        self.keys = Keys(window.settings)
        self._by_command = {shortcut.command: shortcut.keys[0] for shortcut in self.keys.all()
                            if shortcut.command and shortcut.keys}
        workspace = window.workspace
        specs = workspace.specs.values() if workspace else ()
        self.panels: list[Panel] = sorted(specs, key=lambda panel: (panel.order, panel.id))
        self._rail = [panel.id for panel in workspace.in_rail()] if workspace else []
        self.commands: Mapping[str, Command] = window.app.registry.commands() if window.attached else {}
        self.groups = commands_by_group(self.commands.values())
        self.fixed: list[Entry] = [*self._panels(), *self._commands(), *self._actions(), *self._settings()]

    # ---- what does not depend on what is typed ----

    def all(self) -> list[Entry]:
        """Everything but symbols."""
        return [*self.fixed, *self._screens(), *self._watchlists(), *self._layouts()]

    def _panel(self, panel: Panel, rank: int = 0, symbol: str = "") -> Entry:
        codes = panel.codes
        if symbol:
            return Entry(f"{symbol} {codes[0] if codes else panel.title}", panel.title, panel.icon,
                         partial(self._open, panel, symbol), group="Functions", key=f"panel:{panel.id} {symbol}",
                         preview=("symbol", symbol),
                         detail=f"{panel.title} of {symbol}" if panel.follows_symbol else f"{panel.title}, with {symbol} chosen")
        keys = self.keys.of(PANEL_KEYS[panel.id]) if panel.id in PANEL_KEYS else ""
        if panel.id in self._rail[:9]:
            keys = self.keys.of(f"panel-{self._rail.index(panel.id) + 1}")
        return Entry(f"Open {panel.title}", " ".join(codes) or "Panel", panel.icon,
                     partial(self._window.open_panel, panel.id, focus=True), words=f"{panel.title} {panel.code} panel",
                     names=(*(code.lower() for code in codes), panel.title.lower()), rank=rank, group="Panels",
                     keys=self._by_command.get(f"window open {panel.id}", keys), key=f"panel:{panel.id}",
                     preview=("panel", panel.id))

    def _open(self, panel: Panel, symbol: str) -> None:
        if not panel.follows_symbol:
            self._window.select(symbol, "")
        self._window.open_panel(panel.id, symbol, focus=True)

    def _panels(self) -> list[Entry]:
        return [self._panel(panel, 200 - place) for place, panel in enumerate(self.panels)]

    def _commands(self) -> Iterable[Entry]:
        places = {panel.id: panel for panel in self.panels}
        for place, command in enumerate(self.commands.values()):
            if not command.hidden:
                yield self._command(command, places.get(command.panel), 100 - place // 4)

    def _command(self, command: Command, panel: Panel | None, rank: int) -> Entry:
        said = spoken(command)
        more = "…" if any(parameter.required for parameter in command.parameters) else ""
        keys = self._by_command.get(said, self.keys.of(COMMAND_KEYS.get(command.id, "")))
        return Entry(command.title + more, said, panel.icon if panel is not None else "terminal",
                     partial(self._window.ask_command, command.id), words=f"{said} {command.title}", keys=keys,
                     detail=command.summary, rank=rank, group="Commands", key=f"command:{command.id}",
                     preview=("command", command.id), completion=f"{said} " if command.parameters else said)

    def _actions(self) -> Iterable[Entry]:
        actions = getattr(self._window, "key_actions", None)
        for shortcut in self.keys.all():
            if actions is not None and shortcut.id in ACTIONS:
                yield Entry(shortcut.title, "Action", "keyboard", partial(actions.fire, shortcut.id),
                            words=f"{shortcut.title} keys", keys=shortcut.keys[0] if shortcut.keys else "",
                            group="Actions", key=f"shortcut:{shortcut.id}")

    def _settings(self) -> Iterable[Entry]:
        if not self._window.attached:
            return
        for setting, value in self._window.app.settings.items():
            if setting.title and setting.key != "first_run_done":
                shown = {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
                yield Entry(setting.title, shown[:24] or "standard", "sliders-horizontal",
                            partial(self._preferences, setting.key), words=f"setting {setting.title} {setting.key}",
                            group="Settings", key=f"setting:{setting.key}", preview=("setting", setting.key),
                            completion=f"preferences set {setting.key} ")

    def _preferences(self, key: str) -> None:
        self._window.open_panel("preferences", focus=True)
        self._window.when_built("preferences", lambda panel: panel.show_setting(key))

    def _screens(self) -> Iterable[Entry]:
        if "screener.run" not in self.commands:
            return
        for screen in self._sources.known.screens:
            found = "" if screen.found is None else f"{fmt.count(screen.found)} found"
            yield Entry(f"Screen: {screen.title}", found or "Screen", "filter", partial(self._screen, preset=screen.name),
                        words=f"{screen.title} {screen.name} {screen.rule if screen.own else screen.about} screen",
                        detail=screen.about if screen.about and self._window.mode == "newbie" else screen.rule,
                        rank=60 if screen.own else 0, group="Screens", key=f"screen:{screen.name}",
                        names=(screen.title.lower(), screen.name.lower()), preview=("screen", screen.name),
                        completion=f"screener run --preset {quoted(screen.name)} ")

    def _screen(self, **by: str) -> None:
        """Where screens are looked at; that panel takes the answer (`show_answer`)."""
        panel = self.commands["screener.run"].panel
        self._window.open_panel(panel, focus=True)
        self._window.when_built(panel, lambda _: self._run("screener.run", {**by, "record": False}))

    def _layouts(self) -> Iterable[Entry]:
        if "window.layout" not in self.commands or not self._window.attached:
            return
        from terminal.errors import TerminalError
        from terminal.shell.layouts import Layouts

        try:
            names = Layouts(self._window.app.home.path).names()
        except TerminalError:
            names = []  # `window layout` says what is wrong with the file
        for name in names:
            yield Entry(f"Layout: {name}", "Layout", "layout-dashboard",
                        partial(self._run, "window.layout", {"what": "use", "name": name}), words=f"{name} layout workspace",
                        names=(name.lower(),), group="Layouts", key=f"layout:{name}",
                        completion=f"window layout use {quoted(name)}")

    def _watchlists(self) -> Iterable[Entry]:
        for name, number in self._sources.known.watchlists:
            yield Entry(f"Watchlist: {name}", f"{fmt.count(number)} symbols" if number != 1 else "1 symbol", "star",
                        partial(self._watchlist, name), words=f"{name} watchlist", names=(name.lower(),), rank=60,
                        group="Watchlists", key=f"watchlist:{name}", completion=f"watchlist add {quoted(name)} ")

    def _watchlist(self, name: str) -> None:
        self._window.open_panel("watchlists", focus=True)
        self._window.when_built("watchlists", lambda panel: panel.show_list(name))

    # ---- what is made for what is typed ----

    def symbol(self, row: tuple[str, str, str]) -> Entry:
        """A symbol, opened where symbols are opened."""
        symbol, name, kind = row
        return Entry(symbol, kind, "chart-candlestick", partial(self._window.open_symbol, symbol), detail=name, group="Symbols",
                     key=f"symbol:{symbol}", preview=("symbol", symbol), completion=f"{symbol} ")

    def coded(self, code: str) -> Panel | None:
        """The panel with this function code."""
        return next((panel for panel in self.panels if code.upper() in panel.codes), None)

    def functions(self, typed: str) -> list[Entry]:
        """`GP AAPL`, `AAPL GP` and `AAPL`: panels of a symbol, the code that was typed first."""
        words = typed.split()
        symbols = self._sources.known.symbols
        if len(words) == 1:
            row = symbols.exact(words[0])
            if row is None or self.coded(words[0]) is not None:
                return []
            return [self._panel(panel, symbol=row[0]) for panel in self.panels if panel.follows_symbol and panel.codes]
        if len(words) != 2:
            return []
        for code, name in ((words[0], words[1]), (words[1], words[0])):
            panel = self.coded(code)
            if panel is None or not TICKER.fullmatch(name):
                continue
            row = symbols.exact(name)
            if row is not None:
                return [self._named(panel, code, row[0])]
            if not self._sources.ready:
                return [self._named(panel, code, name.upper())]
            found = symbols.find(name, 8)
            if (found and name == words[-1]) or self.coded(words[0]) is not None:
                return [self._named(panel, code, row[0], row[1]) for row in found]
        row = symbols.exact(words[0])
        if row is not None:  # AAPL G: the codes that begin so
            begin = [panel for panel in self.panels if any(code.startswith(words[1].upper()) for code in panel.codes)]
            return [self._panel(panel, symbol=row[0]) for panel in begin]
        return []

    def _named(self, panel: Panel, code: str, symbol: str, name: str = "") -> Entry:
        entry = self._panel(panel, symbol=symbol)
        said = f"{code.upper()} {symbol}"
        return replace(entry, title=said, detail=name or entry.detail, completion=said)

    def rule(self, typed: str) -> list[Entry]:
        """A rule typed as it is: screen by it."""
        if "screener.run" not in self.commands or not RULE.search(typed):
            return []
        return [Entry(f"Screen by: {typed}", "Rule", "filter", partial(self._screen, rule=typed),
                      group="Screens", key=f"line:screener run --rule {quoted(typed)}", preview=("rule", typed),
                      completion=f"screener run --rule {quoted(typed)}")]

    def line(self, text: str) -> Line | None:
        """The command line that is being typed, or None."""
        return read(text, self.groups, self._sources.values)

    def choices(self, text: str, line: Line) -> list[Entry]:
        """What can be done with a command line: run it, say what is wrong, go on."""
        found: list[Entry] = []
        if line.command is not None:
            found += self._run_line(text, line)
        elif line.problem is not None:
            found.append(_wrong(line.problem.sentence()))
        more = [Entry(each.title, each.kind, "corner-down-left", partial(self._put, each.line), detail=each.detail,
                      group=_head(each.kind), completion=each.line, stays=True) for each in line.completions]
        found += more[:MOST_CHOICES * 3]
        return found

    def _run_line(self, text: str, line: Line) -> list[Entry]:
        command = line.command
        assert command is not None
        shown = " ".join(text.split())
        form = Entry("Fill in a form…", command.title, "form-input",
                     partial(self._window.ask_command, command.id, dict(line.arguments)), group="Run",
                     key=f"command:{command.id}", preview=("command", command.id))
        if line.problem is not None:
            return [_wrong(line.problem.sentence())]
        if line.missing:
            names = ", ".join(parameter.name.rstrip("_").replace("_", " ") for parameter in line.missing)
            return [replace(form, title=f"It needs {names}", detail="Enter asks for it in a form")]
        go = Entry(f"Run: {shown}", command.title, "play", partial(self._run, command.id, dict(line.arguments)), group="Run",
                   key=f"line:{shown}", preview=("command", command.id))
        return [go, form] if command.parameters and not line.arguments else [go]

    def _run(self, command: str, arguments: Mapping[str, Any]) -> None:
        self._window.run_command(command, arguments)

    # ---- what was used last ----

    def remembered(self, keys: Sequence[str], most: int) -> list[Entry]:
        """The entries with these keys that still exist, at the head of the list."""
        by_key = {entry.key: entry for entry in self.all()}
        found = (by_key.get(key) or self._again(key) for key in keys)
        return [replace(entry, group="Recent") for entry in found if entry is not None][:most]

    def _again(self, key: str) -> Entry | None:
        kind, _, name = key.partition(":")
        if kind == "symbol":
            row = self._sources.known.symbols.exact(name)
            return self.symbol(row or (name, "", "Symbol")) if row is not None or not self._sources.ready else None
        if kind == "panel":
            panel_id, _, symbol = name.partition(" ")
            panel = next((each for each in self.panels if each.id == panel_id), None)
            return self._panel(panel, symbol=symbol) if panel is not None and symbol else None
        if kind == "line":
            line = self.line(name + " ")
            return self._run_line(name, line)[0] if line is not None and line.ready else None
        return None


def _wrong(text: str) -> Entry:
    return Entry(text, "", "circle-alert", lambda: None, group="Run", tone="warn", stays=True)


def _head(kind: str) -> str:
    return {"Option": "Options", "Verb": "Commands"}.get(kind, kind.replace("-", " ").capitalize())
