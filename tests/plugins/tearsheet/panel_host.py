"""A host for one panel over a real App, without the window around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.ui.task import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.errors import TerminalError


class AppHost:
    """Implements `terminal.api.Host`; `extra` commands answer at once with what the function returns."""

    panel_id = "tearsheet"

    def __init__(self, app: Any, mode: str = "pro", symbol: str | None = None) -> None:
        self.app, self.mode, self.chosen = app, mode, symbol
        self.frame = QWidget()
        self.frame.setLayout(QVBoxLayout())
        self.frame.resize(440, 900)
        self.bugs: list[BaseException] = []
        self.errors: list[TerminalError] = []
        self.bridge = Bridge(self.frame, on_error=lambda _, error: self.errors.append(error), on_bug=self.bugs.append)
        self.said: list[tuple[str, str]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.opened: list[tuple[str, str | None]] = []
        self.file: str | None = None
        self.hidden: set[str] = set()
        self.broken: dict[str, TerminalError] = {}

    def run(
        self,
        command: str,
        arguments: Any = None,
        *,
        then: Callable[[Any], None],
        fail: Any = None,
        progress: Any = None,
        key: str = "",
    ) -> Any:
        self.asked.append((command, dict(arguments or {})))

        def start(report: Any) -> Any:
            if command in self.broken:
                raise self.broken[command]
            return self.app.start(command, dict(arguments or {}), progress=report)

        return self.bridge.run(self.frame, start, then=then, fail=fail, progress=progress, key=key)

    def on(self, topic: str, slot: Any) -> None:
        self.bridge.listen(self.frame, topic, self.app.events.subscribe, slot)

    def open(self, panel: str, symbol: str | None = None) -> None:
        self.opened.append((panel, symbol))

    def select(self, symbol: str) -> None:
        self.chosen = symbol

    def symbol(self) -> str | None:
        return self.chosen

    def keys(self, shortcut: str) -> tuple[str, ...]:
        from terminal.shell.keys import Keys

        found = Keys(self.app.settings).find(shortcut)
        return found.keys if found is not None else ()

    def explain(self, term: str) -> Any:
        return self.app.explain.text(term, self.mode)

    def has_command(self, command: str) -> bool:
        return command not in self.hidden and command in self.app.registry.commands()

    def setting(self, key: str) -> Any:
        return self.app.settings.get(key)

    def set_setting(self, key: str, value: Any) -> None:
        self.app.settings.set(key, value)

    def notify(self, text: str, level: str = "info") -> None:
        self.said.append((level, text))

    def save_file(self, title: str, suggested: str, kinds: Any) -> str | None:
        return self.file
