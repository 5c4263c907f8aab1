"""What if: a shock that is chosen or typed, every case in a grid, a trade that is thought of, and what drives it all (Greeks)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from plugins.portfolio.panel_parts import Told
from plugins.portfolio.whatif.panel_shock import ShockView
from plugins.portfolio.whatif.panel_views import GreeksView, GridView, TradeView
from terminal.ui.form import Segment, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.portfolio.panel_head import Surroundings
    from terminal.api import Host, Table, TerminalError

_VIEWS = (
    ("shock", "If the market moved", "Shock"),
    ("grid", "Every case", "Grid"),
    ("trade", "If you traded", "Trade"),
    ("greeks", "What drives it", "Greeks"),
)


class WhatIfPage(QWidget):
    """Runs `portfolio.whatif` and `portfolio.greeks` for the view that is chosen; the others ask when they are shown."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self.told = Told()
        self.choice = Segment((), name="What if")
        self.shock, self.grid, self.trade, self.greeks = ShockView(host), GridView(host), TradeView(host), GreeksView(host)
        self._views: dict[str, Any] = {"shock": self.shock, "grid": self.grid, "trade": self.trade, "greeks": self.greeks}
        self._stale = set(self._views)
        self._stack = QStackedWidget()
        for view in self._views.values():
            self._stack.addWidget(view)
            view.wanted.connect(self._ask_shown)
        self._bar = row(self.choice, 0, self.told.badge, spacing=8)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 2, 12, 4)
        box.setSpacing(8)
        box.addLayout(self._bar)
        box.addWidget(self._stack, 1)
        box.addWidget(self.told)
        self.choice.changed.connect(self.show_view)
        self._dress()

    def ask(self) -> None:
        """Everything anew: the view that is seen at once, the others when they are."""
        self._stale = set(self._views)
        self._host.run("portfolio.scenarios", then=self.shock.show_kept, fail=lambda _: None, key="whatif.kept")
        self._ask_shown()

    def show_view(self, key: str) -> None:
        """One of the four by its key."""
        if key not in self._views:
            return
        self.choice.set_value(key)
        self._stack.setCurrentWidget(self._views[key])
        if key in self._stale:
            self._ask_shown()
        else:
            self._tell(self._views[key].table)

    def set_mode(self, mode: str) -> None:
        self._dress()
        for view in self._views.values():
            view.set_mode(mode)

    def retheme(self) -> None:
        self.grid.retheme()

    def save_state(self) -> dict[str, Any]:
        return {"view": self.choice.value, **{key: view.save_state() for key, view in self._views.items()}}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        for key, view in self._views.items():
            view.restore_state(dict(state.get(key) or {}))
        if str(state.get("view")) in self._views:
            self.choice.set_value(str(state["view"]))
            self._stack.setCurrentWidget(self._views[str(state["view"])])

    def _dress(self) -> None:
        newbie, kept = self._host.mode == "newbie", self.choice.value or "shock"
        options = [(key, plain if newbie else short) for key, plain, short in _VIEWS]
        old, self.choice = self.choice, Segment(options, kept, "What if")
        self.choice.changed.connect(self.show_view)
        self._bar.replaceWidget(old, self.choice)
        old.hide()
        old.deleteLater()

    def _ask_shown(self) -> None:
        key = self.choice.value
        view = self._views[key]
        command, arguments = view.question()
        if not command:
            self._tell(None)
            return
        self._stale.discard(key)
        wanted = {**self._surroundings.arguments, **arguments}
        self._host.run(command, wanted, then=lambda table: self._arrived(key, table),
                       fail=lambda problem: self._failed(key, problem), key=f"whatif.{key}")  # fmt: skip

    def _arrived(self, key: str, table: Table) -> None:
        view = self._views[key]
        view.problem.hide()
        view.show_answer(table)
        if key == self.choice.value:
            self._tell(table)

    def _failed(self, key: str, problem: TerminalError) -> None:
        self._views[key].show_problem(problem)
        if key == self.choice.value:
            self._tell(None)

    def _tell(self, table: Table | None) -> None:
        if table is None:
            self.told.text.setText("")
            self.told.show_unknown(())
            return
        self.told.show_answer(table, notes=self._views[self.choice.value].notes(table))
