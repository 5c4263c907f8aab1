"""Pages about what prices did: cones, day by day, and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QWidget

from plugins.options.volatility.page_base import Page, Surroundings
from plugins.options.volatility.panel_graphs import ConeGraph, DaysGraph, ReportsGraph
from terminal.domain.volatility import ESTIMATORS, TITLES
from terminal.ui.form import Segment, reveal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.api import Host, Table


class ConesPage(Page):
    """How much it moved."""

    KEY, COMMAND, TABLE = "cones", "options.cones", "Volatility by window"

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        self.graph = ConeGraph()
        super().__init__(host, surroundings)
        self.estimator = QComboBox()
        self.estimator.setAccessibleName("How realised volatility is estimated")
        for name in ESTIMATORS:
            self.estimator.addItem(TITLES[name], name)
        self.estimator.activated.connect(lambda _: self.ask())
        self.tools.addWidget(self.estimator)
        reveal(self.estimator, not self.newbie)

    def pictures(self) -> QWidget:
        return self.graph

    def arguments(self) -> Mapping[str, Any]:
        return {"estimator": self.estimator.currentData()}

    def set_mode(self, mode: str) -> None:
        reveal(self.estimator, mode != "newbie")
        super().set_mode(mode)

    def show_found(self, table: Table) -> None:
        expected = table.frame["iv"].to_list()
        self.graph.show_rings(table.detail.get("rings", ()), expected, self.newbie)

    def save_state(self) -> dict[str, Any]:
        return {"estimator": self.estimator.currentData()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.estimator.setCurrentIndex(max(0, self.estimator.findData(state.get("estimator"))))


class DaysPage(Page):
    """Day by day."""

    KEY, COMMAND, TABLE = "days", "options.iv_history", "Volatility day by day"

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        self.graph = DaysGraph()
        super().__init__(host, surroundings)
        self.span = Segment((("91", "3 months"), ("365", "1 year"), ("1096", "3 years")), "365", "How far back")
        self.span.changed.connect(lambda _: self.ask())
        self.tools.addWidget(self.span)

    def pictures(self) -> QWidget:
        return self.graph

    def arguments(self) -> Mapping[str, Any]:
        return {"days": int(self.span.value)}

    def show_found(self, table: Table) -> None:
        self.graph.show_rows(table.frame.to_dicts()[::-1], self.newbie)

    def save_state(self) -> dict[str, Any]:
        return {"days": self.span.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        if state.get("days") in ("91", "365", "1096"):
            self.span.set_value(str(state["days"]))


class ReportsPage(Page):
    """What was expected of reports, and what came."""

    KEY, COMMAND, TABLE = "reports", "options.reports", "Moves on reports"

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        self.graph = ReportsGraph()
        super().__init__(host, surroundings)

    def pictures(self) -> QWidget:
        return self.graph

    def show_found(self, table: Table) -> None:
        self.graph.show_rows(table.frame.to_dicts(), self.newbie)
