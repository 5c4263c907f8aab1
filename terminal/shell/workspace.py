"""The panels of one market in the window: built when first seen, linked by symbol and day, replaced by a card when they
fail.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from terminal.api import Panel
from terminal.shell.arrangement import from_saved, to_text
from terminal.shell.crash import CrashCard, text_of
from terminal.shell.docks import Docks
from terminal.shell.host import Frame, ShellHost
from terminal.shell.layouts import Layout
from terminal.shell.linkchip import LinkChips
from terminal.shell.links import FIRST, Links
from terminal.shell.modechip import ModeChips
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from PySide6.QtWidgets import QWidget

    from terminal.api import Mode
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow

log = logging.getLogger(__name__)

WATCHLISTS = Panel(id="watchlists", title="Watchlists", widget="terminal.shell.watchlists:WatchlistsPanel", area="right",
                   icon="star", code="WL", order=890)
SHELL_PANELS = (
    WATCHLISTS,
    Panel(id="results", title="Result", widget="terminal.shell.results:ResultPanel", area="bottom", icon="table-2",
          code="OUT", order=900),
    Panel(id="activity", title="Messages and jobs", widget="terminal.shell.activity:ActivityPanel", area="right", icon="bell",
          code="MSG", order=910, linked=False),
    Panel(id="preferences", title="Preferences", widget="terminal.shell.preferences:PreferencesPanel", area="center",
          icon="settings", code="PREF", order=920, linked=False),
)


def modes_from(kept: Any, panels: Iterable[str]) -> dict[str, Mode]:
    """Panels with a mode of their own, as they were kept; what is not understood is left out."""
    found = kept if isinstance(kept, dict) else {}
    return {panel_id: found[panel_id] for panel_id in panels if found.get(panel_id) in ("newbie", "pro")}


class Workspace(QObject):
    """Docks and hosts of one `App`. Lives from `MainWindow.attach` to `detach`.

    `links` says who looks at what; `active` is the group of the panel that was used last, which the top bar speaks of.
    """

    travelled = Signal()  # a group shows another day, or another group is active

    def __init__(self, window: MainWindow, state: WindowState, panels: Iterable[Panel]) -> None:
        super().__init__(window)
        self._window, self._state = window, state
        self._section = "demo" if window.app.demo else "live"
        own = [panel for panel in SHELL_PANELS if panel is not WATCHLISTS or window.has_command("watchlist.show")]
        self.specs: dict[str, Panel] = {panel.id: panel for panel in (*panels, *own)}
        self.hosts: dict[str, ShellHost] = {}
        self.panels: dict[str, QWidget] = {}
        self.waiting: dict[str, list[Callable[[Any], None]]] = {}
        self._stale: dict[str, str] = {}
        self._outdated: set[str] = set()
        self._closing = False
        self.active = FIRST
        self.links = Links(panel.id for panel in self.specs.values() if panel.linked)
        self.links.restore(state.get(f"{self._section}.links") or {"symbols": {FIRST: state.get(f"{self._section}.symbol")}})
        self.docks = Docks(window.body, lambda name: theme.icon(name, "t2", theme.scaled(13)), self.build)
        self.docks.add(self.specs.values())
        for panel_id in self.specs:
            self.docks.slot(panel_id).shown.connect(self._shown)
        self.chips = LinkChips(self.docks, self.links, self.link)
        self.docks.entered.connect(self._entered)
        self.modes: dict[str, Mode] = modes_from(state.get(f"{self._section}.modes"), self.specs)
        self.mode_chips = ModeChips(self.docks, self.specs, self.modes, self.mode_of, self.set_panel_mode)

    def in_rail(self) -> list[Panel]:
        """The panels with a button in the rail, in order: the plugins', and the watchlists."""
        found = [panel for panel in self.specs.values() if panel not in SHELL_PANELS or panel is WATCHLISTS]
        return sorted(found, key=lambda panel: (panel.order, panel.id))

    # ---- arrangement ----

    def place(self, screens: str = "") -> None:
        """Put back the layout that was last used on these screens, else the last one, else the default one; panels that it
        does not know are opened.
        """
        self.arrange()
        self._default, _ = self.docks.save()
        every = self._state.get("screens")
        kept = every.get(screens) if isinstance(every, dict) else None
        self._put_back(kept if isinstance(kept, dict) else self._last())

    def _last(self) -> dict[str, Any]:
        found = {key: self._state.get(key) for key in ("arrangement", "narrowed", "known")}
        if found["arrangement"] is None and (old := self._state.blob("layout")) is not None:  # as it was kept at first
            try:
                found["arrangement"] = to_text(from_saved(old))
            except ValueError as problem:
                log.warning("the saved window layout cannot be used (%s); the default layout is shown", problem)
        return found

    def place_for(self, screens: str) -> bool:
        """The screens have changed: what was last used on these; False when they are new here."""
        every = self._state.get("screens")
        kept = every.get(screens) if isinstance(every, dict) else None
        return isinstance(kept, dict) and self._put_back(kept)

    def _put_back(self, kept: Mapping[str, Any]) -> bool:
        outline, narrowed, known = kept.get("arrangement"), kept.get("narrowed"), kept.get("known")
        if not isinstance(outline, str) or not isinstance(known, list) or not known:
            return False
        if self.docks.restore(outline, narrowed if isinstance(narrowed, list) else ()) is None:
            return False
        for panel in self.specs.values():
            if panel.id not in known and panel not in SHELL_PANELS:
                self.docks.open(panel.id)
        return True

    def reset(self) -> None:
        """Back to the default layout; the panels keep their content."""
        self.docks.restore(self._default, ())
        self.docks.resize_areas()

    def arrange(self) -> None:
        """The default layout: every plugin's panels, the window's own ones closed."""
        self.docks.arrange(panel.id for panel in self.specs.values() if panel not in SHELL_PANELS)

    def save(self, screens: str = "") -> None:
        """Remember layout, links and the panels' own states; the layout for these screens, too."""
        outline, narrowed = self.docks.save()
        kept = {"arrangement": outline, "narrowed": narrowed, "known": sorted(self.specs)}
        for key, value in kept.items():
            self._state.set(key, value)
        self._state.drop("layout")
        if screens:
            every = self._state.get("screens")
            self._state.set("screens", {**(every if isinstance(every, dict) else {}), screens: kept})
        self._state.set(f"{self._section}.links", self.links.state())
        self._state.set(f"{self._section}.modes", dict(self.modes))
        for panel_id, widget in list(self.panels.items()):
            self._keep(panel_id, widget)

    def _keep(self, panel_id: str, widget: QWidget) -> None:
        keep = getattr(widget, "save_state", None)
        if keep is not None and isValid(widget):
            self._call(panel_id, lambda: self._state.set_panel(f"{self._section}.{panel_id}", keep()))

    # ---- named layouts ----

    def snapshot(self, name: str) -> Layout:
        """The present layout under a name: places, link groups, what the open panels show."""
        self.save()
        outline, narrowed = self.docks.save()
        states = {panel_id: self._state.panel(f"{self._section}.{panel_id}") for panel_id in self.docks.open_ids()}
        return Layout(name, outline, self.links.moved(), states, tuple(narrowed), modes=dict(self.modes))

    def use(self, layout: Layout) -> list[str] | None:
        """Arrange the window as a layout says; the names of panels that are not there. None when it cannot be used."""
        groups, days = {panel_id: self.links.group(panel_id) for panel_id in self.specs}, dict(self._days())
        unknown = self.docks.restore(layout.arrangement, layout.narrowed)
        if unknown is None:
            return None
        self.links.set_groups(layout.links)
        self._use_modes(modes_from(layout.modes, self.specs))
        for panel_id, state in layout.panels.items():
            if panel_id in self.specs:
                self._state.set_panel(f"{self._section}.{panel_id}", state)
                widget = self.panels.get(panel_id)
                if widget is not None and hasattr(widget, "restore_state"):
                    self._call(panel_id, lambda widget=widget, state=state: widget.restore_state(state))  # type: ignore[misc]
        for panel_id in self.specs:
            if self._days()[panel_id] != days[panel_id]:
                self._ask_again(panel_id)
            symbol = self.links.symbol(panel_id)
            if symbol and self.links.group(panel_id) != groups[panel_id] and self.specs[panel_id].follows_symbol:
                self._show(panel_id, symbol)
        self.chips.refresh()
        self.travelled.emit()
        return unknown

    def _use_modes(self, wanted: Mapping[str, Mode]) -> None:
        for panel_id in {*self.modes, *wanted}:
            if self.modes.get(panel_id) != wanted.get(panel_id):
                self.set_panel_mode(panel_id, wanted.get(panel_id))

    def _days(self) -> dict[str, date | None]:
        return {panel_id: self.links.as_of(panel_id) for panel_id in self.specs}

    # ---- panels ----

    def build(self, panel: Panel, place: Callable[[QWidget], None]) -> None:
        """Have a panel stand in its frame where `place` puts that, or the card with its traceback.

        The frame is placed first: everything in a panel gets its style anew each time something around it gets a parent.
        """
        frame = Frame()
        place(frame)
        host = ShellHost(self._window, panel.id, frame)
        host.mode = self.mode_of(panel.id)
        try:
            widget: QWidget = self._class(panel)(host)
            frame.put(widget)
            self._wake(panel, widget)
        except Exception as problem:
            log.error("panel %s could not be opened\n%s", panel.id, text_of(problem))
            host.close()
            place(self._card(panel, problem))
            return
        self.hosts[panel.id], self.panels[panel.id] = host, widget
        for call in self.waiting.pop(panel.id, ()):
            QTimer.singleShot(0, widget, lambda call=call: self._call(panel.id, lambda: call(widget)))
        if not widget.accessibleName():
            widget.setAccessibleName(panel.title)

    def _class(self, panel: Panel) -> Callable[[ShellHost], QWidget]:
        if panel in SHELL_PANELS:
            module, _, name = panel.widget.partition(":")
            found: Callable[[ShellHost], QWidget] = getattr(importlib.import_module(module), name)
            return found
        return self._window.app.registry.widget(panel)  # type: ignore[no-any-return]

    def _wake(self, panel: Panel, widget: QWidget) -> None:
        """Give a new panel its saved state and the symbol it should show."""
        saved = self._state.panel(f"{self._section}.{panel.id}")
        if saved and hasattr(widget, "restore_state"):
            try:
                widget.restore_state(saved)
            except Exception:  # a state written by another version must not keep the panel from opening
                log.exception("the saved state of panel %s was not understood", panel.id)
        self._outdated.discard(panel.id)
        symbol = self._stale.pop(panel.id, None) or (self.links.symbol(panel.id) if panel.follows_symbol else None)
        if symbol and hasattr(widget, "show_symbol"):
            widget.show_symbol(symbol)

    def _card(self, panel: Panel, problem: BaseException) -> CrashCard:
        return CrashCard(panel.title, problem, lambda: self._retry(panel.id))

    def _retry(self, panel_id: str) -> None:
        self.docks.rebuild(panel_id)

    def fail(self, panel_id: str, problem: BaseException) -> None:
        """Replace a panel by its traceback. Harmless when it is already gone."""
        log.error("panel %s failed\n%s", panel_id, text_of(problem))
        if self._closing or panel_id not in self.specs:
            return
        self._drop(panel_id)
        self.docks.slot(panel_id).put(self._card(self.specs[panel_id], problem))

    def _drop(self, panel_id: str) -> None:
        host = self.hosts.pop(panel_id, None)
        if host is not None:
            host.close()
        self.panels.pop(panel_id, None)

    def _call(self, panel_id: str, call: Callable[[], Any]) -> None:
        try:
            call()
        except Exception as problem:
            self.fail(panel_id, problem)

    def set_mode(self, mode: Mode) -> None:
        """Tell every panel in which words to speak."""
        for panel_id in list(self.hosts):
            if panel_id not in self.modes:
                self._speak(panel_id, mode)
        self.mode_chips.refresh()

    def mode_of(self, panel_id: str) -> Mode:
        """How a panel speaks: its own way, or as the window does."""
        return self.modes.get(panel_id) or self._window.mode

    def set_panel_mode(self, panel_id: str, mode: Mode | None) -> None:
        """Let one panel speak in a mode of its own; None: as the window does again."""
        if mode is None:
            self.modes.pop(panel_id, None)
        else:
            self.modes[panel_id] = mode
        self._speak(panel_id, self.mode_of(panel_id))
        self.mode_chips.refresh()

    def _speak(self, panel_id: str, mode: Mode) -> None:
        host, widget = self.hosts.get(panel_id), self.panels.get(panel_id)
        if host is None or widget is None or host.mode == mode:
            return
        host.mode = mode
        if hasattr(widget, "set_mode") and isValid(widget):
            self._call(panel_id, lambda: widget.set_mode(mode))

    def each(self, method: str, *arguments: Any) -> None:
        """Call an optional method on every panel that has it."""
        for panel_id, widget in list(self.panels.items()):
            function = getattr(widget, method, None)
            if function is not None and isValid(widget):
                self._call(panel_id, lambda function=function: function(*arguments))  # type: ignore[misc]

    # ---- opening and linking ----

    def open(self, panel_id: str, symbol: str | None = None) -> None:
        """Bring a panel to the front; with a symbol, show it there and in the panels linked with it."""
        panel = self.specs[panel_id]
        if symbol is not None and not panel.follows_symbol:
            self._show(panel_id, symbol)
        self.docks.open(panel_id)
        self._entered(panel_id)
        if symbol is not None and panel.follows_symbol:
            self.select(symbol, panel_id)
            self._show(panel_id, symbol)

    @property
    def symbol(self) -> str | None:
        """What the active group looks at."""
        return self.links.symbol_of(self.active)

    def select(self, symbol: str, origin: str) -> None:
        """Tell every panel linked with `origin` (none named: those of the active group) which symbol is looked at.

        Hidden ones hear when they are shown.
        """
        group = self.links.group(origin) if origin else self.active
        if origin:
            self.links.select(origin, symbol)
        else:
            self.links.select_in(group, symbol)
        for panel in self.specs.values():
            if panel.follows_symbol and panel.id != origin and group and self.links.group(panel.id) == group:
                self._show(panel.id, symbol)
        self._window.app.events.publish("symbol.selected", {"symbol": symbol, "panel": origin})

    def link(self, panel_id: str, group: str) -> None:
        """Put a panel into a link group: it shows that group's symbol and day from now on."""
        before = self.links.symbol(panel_id), self.links.as_of(panel_id)
        self.links.join(panel_id, group)
        symbol, day = self.links.symbol(panel_id), self.links.as_of(panel_id)
        if day != before[1]:
            self._ask_again(panel_id)
        if symbol and symbol != before[0] and self.specs[panel_id].follows_symbol:
            self._show(panel_id, symbol)
        self.active = group or self.active
        self.chips.refresh()
        self.travelled.emit()

    def travel(self, group: str, day: date | None) -> None:
        """Let the panels of a group show what was known on a past day; None: today."""
        if self.links.travel(group, day):
            for panel_id in self.links.members(group):
                self._ask_again(panel_id)
            self._window.app.events.publish("as_of.changed", {"group": group, "as_of": day})
        self.travelled.emit()

    def _entered(self, panel_id: str) -> None:
        group = self.links.group(panel_id)
        if group and group != self.active:
            self.active = group
            self.travelled.emit()

    def _ask_again(self, panel_id: str) -> None:
        """A panel shows another day: now, or when it is seen."""
        self.docks.slot(panel_id).show_past(self.links.as_of(panel_id), lambda: self.travel(self.links.group(panel_id), None))
        widget, host = self.panels.get(panel_id), self.hosts.get(panel_id)
        if widget is None or host is None:
            return
        if not self.docks.current(panel_id):
            host.close()
            self._outdated.add(panel_id)
            return
        self._call(panel_id, lambda: None if host.travelled(widget) else self._renew(panel_id, widget))

    def _renew(self, panel_id: str, widget: QWidget) -> None:
        """Make a panel anew with the state it has."""
        here = self.docks.owner_of(QApplication.focusWidget()) == panel_id
        if here:  # else the keyboard would go to another panel, perhaps of another group
            self.docks.slot(panel_id).setFocus()
        self._keep(panel_id, widget)
        self._drop(panel_id)
        self.docks.rebuild(panel_id)
        if here:
            self.docks.focus(panel_id)

    def _show(self, panel_id: str, symbol: str) -> None:
        widget = self.panels.get(panel_id)
        if widget is None or not self.docks.current(panel_id):
            self._stale[panel_id] = symbol
        elif hasattr(widget, "show_symbol"):
            self._call(panel_id, lambda: widget.show_symbol(symbol))

    def _shown(self, panel_id: str) -> None:
        if (panel_id in self._stale or panel_id in self._outdated) and panel_id in self.panels:
            QTimer.singleShot(0, self, lambda: self._catch_up(panel_id))

    def _catch_up(self, panel_id: str) -> None:
        if panel_id in self._outdated and self.docks.current(panel_id):
            self._outdated.discard(panel_id)
            self._ask_again(panel_id)
        symbol = self._stale.pop(panel_id, None)
        if symbol is not None:
            self._show(panel_id, symbol)

    def answer(self, panel_id: str, command: str, table: Any) -> bool:
        """Hand the answer of a command to the panel that shows such answers; False when it cannot take it."""
        widget = self.panels.get(panel_id)
        take, able = getattr(widget, "show_answer", None), getattr(widget, "answers", None)
        if take is None or (able is not None and command not in able):
            return False
        self.docks.open(panel_id)
        self._call(panel_id, lambda: take(command, table))
        return True

    # ---- state ----

    @property
    def busy(self) -> bool:
        """Whether a visible panel is still being built or waits for an answer."""
        for panel_id in self.specs:
            if self.docks.current(panel_id):
                host = self.hosts.get(panel_id)
                if self.docks.slot(panel_id).widget is None or (host is not None and host.busy) or (
                        panel_id in self._stale or panel_id in self._outdated):
                    return True
        return False

    def describe(self) -> Mapping[str, bool]:
        """Which panels there are, and which of them can be seen."""
        return {panel_id: self.docks.current(panel_id) for panel_id in self.specs}

    def close(self) -> None:
        """Let go of every panel."""
        self._closing = True
        for panel_id in list(self.hosts):
            self._drop(panel_id)
        self.docks.dispose()
        self.deleteLater()
