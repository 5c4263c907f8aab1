"""The `Host` a panel gets: commands in workers, topics, links and messages, always answered on the UI thread.

Each panel lives in a `Frame` of its own with its own `Bridge`. The frame goes, and everything that was on its way to
the panel goes with it; a slot that fails is a bug of that panel alone, and the window replaces it by its traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import isValid

from terminal.errors import Unavailable
from terminal.shell.links import spoken
from terminal.ui.task import Bridge, Running

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from PySide6.QtCore import QObject

    from terminal.api import Mode
    from terminal.domain.sourced import Table
    from terminal.errors import TerminalError
    from terminal.services.explain import Text
    from terminal.shell.window import MainWindow


MARKET_PACE_MS = 2000
# What a panel in the past still hears; everything else is about prices of now.
HEARD_IN_THE_PAST = frozenset({"book.changed", "settings.changed", "job.changed", "provider.changed", "symbol.selected",
                               "as_of.changed"})
WRITTEN_NOW = "What you write is kept with the date of today, although this panel shows {day}."


class Frame(QWidget):
    """Holds one panel, or the card that stands for it after it failed."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: QWidget | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)

    def put(self, widget: QWidget) -> None:
        """Show `widget` instead of what was there."""
        old, self.inside = self.inside, widget
        if old is not None and isValid(old):
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._box.addWidget(widget)


class ShellHost:
    """Implements `terminal.api.Host` for one panel of one window."""

    def __init__(self, window: MainWindow, panel_id: str, frame: Frame) -> None:
        self.panel_id = panel_id
        self.window = window
        self.frame = frame
        self.app = window.app
        self.bridge = Bridge(frame, on_error=self._tell, on_bug=lambda bug: window.panel_failed(panel_id, bug))
        self.mode: Mode = window.mode
        self._calls: list[Running] = []
        self._told_it_is_now = False

    @property
    def alive(self) -> bool:
        return isValid(self.frame)

    @property
    def busy(self) -> bool:
        """Whether an answer is still on its way to the panel."""
        self._calls = self._under_way()
        return bool(self._calls)

    def _under_way(self) -> list[Running]:
        return [call for call in self._calls if call.wanted() and not getattr(call, "told", False)]

    def close(self) -> None:
        """Cancel what is running; nothing of it reaches the panel any more."""
        for call in self._calls:
            call.cancel()
        self._calls.clear()

    def _tell(self, _widget: QObject, problem: TerminalError) -> None:
        shown = self.window.shown
        if isinstance(problem, Unavailable) and shown is not None:
            shown.network.trouble(problem)
        else:
            self.notify(problem.sentence(), "error")

    # ---- commands and topics ----

    def run(self, command: str, arguments: Mapping[str, Any] | None = None, *, then: Callable[[Table], None],
            fail: Callable[[TerminalError], None] | None = None,
            progress: Callable[[float | None, str], None] | None = None, key: str = "") -> Running:
        day = self.as_of

        def start(report: Callable[[float | None, str], None]) -> Any:
            return self.app.start(command, dict(arguments or {}), as_of=day, progress=report)

        if day is not None:
            self._say_it_is_now(command, day)

        call = self.bridge.run(self.frame, start, then=then, fail=fail, progress=progress, key=key)
        if call.future is not None:
            self._calls = [*self._under_way(), call]  # those that are done hold their answers
            # Posted after the bridge's own answer, so that `busy` ends when the panel has been told.
            call.future.add_done_callback(lambda _: self.bridge.post(lambda: setattr(call, "told", True)))
        return call

    def on(self, topic: str, slot: Callable[[Mapping[str, Any]], None]) -> None:
        # While a market is being fetched there is news several times a second, and each sets a panel working.
        pace = MARKET_PACE_MS if topic == "market.changed" else 0
        self.bridge.listen(self.frame, topic, self._subscribe, slot, pace)

    def _subscribe(self, topic: str, heard: Callable[[Mapping[str, Any]], None]) -> Callable[[], None]:
        def unless_past(payload: Mapping[str, Any]) -> None:
            if self.as_of is None or topic in HEARD_IN_THE_PAST:
                heard(payload)

        return self.app.events.subscribe(topic, unless_past)

    def _say_it_is_now(self, command: str, day: date) -> None:
        """Once for each journey, when the panel writes something that has no past date."""
        if not self._told_it_is_now and self.has_command(command) and self.app.registry.command(command).writes:
            self._told_it_is_now = True
            self.notify(WRITTEN_NOW.format(day=spoken(day)))

    def travelled(self, widget: QWidget) -> bool:
        """Have the panel ask again because its day has changed; False when it cannot and has to be made anew."""
        self.close()  # answers for the other day
        self._told_it_is_now = False
        show = getattr(widget, "show_as_of", None)
        if show is not None:
            show(self.as_of)
        return show is not None

    # ---- the window ----

    def open(self, panel: str, symbol: str | None = None) -> None:
        self.window.open_panel(panel, symbol)

    def select(self, symbol: str) -> None:
        self.window.select(symbol, self.panel_id)

    def symbol(self) -> str | None:
        workspace = self.window.workspace
        return workspace.links.symbol(self.panel_id) if workspace is not None else None

    @property
    def as_of(self) -> date | None:
        workspace = self.window.workspace
        return workspace.links.as_of(self.panel_id) if workspace is not None else None

    def explain(self, term: str) -> Text:
        return self.app.explain.text(term, self.mode)

    def keys(self, shortcut: str) -> tuple[str, ...]:
        found = self.window.key_actions.keys.find(shortcut)
        return found.keys if found is not None else ()

    def has_command(self, command: str) -> bool:
        return self.window.has_command(command)

    def setting(self, key: str) -> Any:
        return self.app.settings.get(key)

    def set_setting(self, key: str, value: Any) -> None:
        self.app.settings.set(key, value)

    def notify(self, text: str, level: Literal["info", "ok", "warn", "error"] = "info") -> None:
        self.window.notify(text, level)

    def save_file(self, title: str, suggested: str, kinds: Sequence[str]) -> str | None:
        return self.window.ask_file(title, suggested, kinds)
