"""The data services in sentences: a light, what it means, and what can be done."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.domain import format as fmt
from terminal.ui.form import Button, Card, Flow, label, reveal, row
from terminal.ui.meters import TrafficLight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LIGHTS = {"ok": "ok", "partly": "warn", "waiting": "warn", "unreachable": "error", "failing": "error"}
_WIDE = 380


class Services(QWidget):
    """One card for each service that can be asked; those that only lack a key share one line."""

    def __init__(self, retry: Callable[[str], None], enter_keys: Callable[[], object]) -> None:
        super().__init__()
        self._retry, self._enter_keys = retry, enter_keys
        self._flow_box = QWidget()
        self._flow = Flow(self._flow_box, spacing=8, stretch=True)
        self._keys = label("", "muted", wrap=True)
        self._enter = Button("Enter a key", icon="key-round", on_click=enter_keys)
        self._last = QWidget()
        line = row(self._keys, self._enter, spacing=8, margins=(2, 4, 0, 0))
        line.setStretch(0, 1)
        self._last.setLayout(line)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 4, 10, 8)
        box.setSpacing(6)
        box.addWidget(self._flow_box)
        box.addWidget(self._last)
        box.addStretch(1)
        self._shown: list[tuple[Any, ...]] = []

    def show_services(self, services: Sequence[Mapping[str, Any]]) -> None:
        """Show these rows of `health show`; nothing is built anew while they say the same."""
        keyless = [each["title"] for each in services if each["state"] == "needs key"]
        shown = [each for each in services if each["state"] != "needs key"]
        now = [(each["id"], each["state"], each["sentence"], _when(each)) for each in shown]
        self._last.setVisible(bool(keyless))
        self._keys.setText(f"{len(keyless)} more can be asked once you enter a key of theirs: {', '.join(keyless)}.")
        if now == self._shown:
            return
        self._shown = now
        while self._flow.count():
            item = self._flow.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for each in shown:
            self._flow.addWidget(self._card(each))
        self._flow_box.updateGeometry()

    def _card(self, service: Mapping[str, Any]) -> QWidget:
        state = _LIGHTS.get(service["state"], "unknown")
        light = TrafficLight(state, service["title"], service["sentence"])
        said = label(_when(service), "muted")
        reveal(said, bool(said.text()))
        under = row(said, 0, spacing=6, margins=(28, 0, 0, 0))
        if state in ("warn", "error"):
            under.addWidget(Button("Try again", icon="refresh-cw", on_click=partial(self._retry, service["id"])))
        card = Card(light, 0, under, spacing=2)
        card.setMinimumWidth(_WIDE)
        card.setAccessibleName(f"{service['title']}: {service['sentence']}")
        return card


def _when(service: Mapping[str, Any]) -> str:
    good = service["good_at"]
    return f"Last good answer: {fmt.age(good, datetime.now(UTC))}" if good is not None else ""
