"""Panels that remember what was asked of them."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget


class ListPanel(QWidget):
    """Keeps a record of every call."""

    def __init__(self, host: Any) -> None:
        super().__init__()
        self.host = host
        self.symbols: list[str] = []
        self.modes: list[str] = []
        self.themes = 0
        self.state: dict[str, Any] = {"word": "first"}
        box = QVBoxLayout(self)
        box.addWidget(QLabel(type(self).__name__))
        self.button = QPushButton("Break")
        self.button.clicked.connect(self.fall)
        box.addWidget(self.button)
        box.addStretch()

    def show_symbol(self, symbol: str) -> None:
        self.symbols.append(symbol)

    def set_mode(self, mode: str) -> None:
        self.modes.append(mode)

    def retheme(self) -> None:
        self.themes += 1

    def save_state(self) -> dict[str, Any]:
        return self.state

    def restore_state(self, state: dict[str, Any]) -> None:
        self.state = state

    def fall(self) -> None:
        raise RuntimeError("a planted failure in a slot")


class SidePanel(ListPanel):
    """At the left."""


class SheetPanel(ListPanel):
    """At the right; knows what to do when its day changes."""

    def __init__(self, host: Any) -> None:
        super().__init__(host)
        self.days: list[Any] = []

    def show_as_of(self, day: Any) -> None:
        self.days.append(day)


class SecondPanel(ListPanel):
    """Behind the sheet."""


class BrokenPanel(QWidget):
    """Cannot be made."""

    def __init__(self, host: Any) -> None:
        super().__init__()
        raise ValueError("a planted failure in a constructor")
