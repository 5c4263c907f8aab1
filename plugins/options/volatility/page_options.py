"""Pages about what options say: expected moves, the smile of an expiry, the term structure, the whole surface."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QScrollArea, QSplitter, QWidget

from plugins.options.volatility.page_base import Page, Surroundings
from plugins.options.volatility.panel_graphs import SmileGraph, TermGraph
from plugins.options.volatility.panel_moves import MoveBars
from plugins.options.volatility.panel_surface import Landscape, SurfaceMap
from terminal.domain import format as written
from terminal.ui.form import Segment, reveal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.api import Host, Table


class MovesPage(Page):
    """How far the price may go."""

    KEY, COMMAND, TABLE = "move", "options.em", "Expected moves"

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        self.bars = MoveBars()
        super().__init__(host, surroundings)
        self.which = Segment((("next", "Next"), ("all", "All")), "next", "Which expiries")
        self.which.changed.connect(lambda _: self.ask())
        self.tools.addWidget(self.which)

    def pictures(self) -> QWidget:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setAccessibleName("Expected moves")
        scroll.setWidget(self.bars)
        return scroll

    def arguments(self) -> Mapping[str, Any]:
        return {"all": self.which.value == "all"}

    def words(self, table: Table) -> Sequence[str]:
        reported = (table.detail or {}).get("reported", "")
        # The first sentence stands in the panel's head.
        return [*(table.notes[1:2] or table.notes), *([reported] if reported and len(table.notes) > 2 else [])]

    def show_found(self, table: Table) -> None:
        moves = table.detail.get("moves", ())
        self.bars.show_moves(moves, table.detail.get("today") or date.today(), self.newbie)

    def save_state(self) -> dict[str, Any]:
        return {"which": self.which.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        if state.get("which") in ("next", "all"):
            self.which.set_value(str(state["which"]))


class SmilePage(Page):
    """One expiry by strike."""

    KEY, COMMAND, TABLE = "smile", "options.smile", "Volatility by strike"

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        self.graph = SmileGraph()
        super().__init__(host, surroundings)
        self.expiry = QComboBox()
        self.expiry.setAccessibleName("Expiry of the smile")
        self.expiry.activated.connect(lambda _: self.ask())
        self.others = Segment((("one", "This one"), ("all", "With all others")), "one", "Which smiles")
        self.others.changed.connect(lambda _: self._show_again())
        self.tools.addWidget(self.others)
        self.tools.addWidget(self.expiry)
        self._of = ""
        reveal(self.others, not self.newbie)

    def pictures(self) -> QWidget:
        return self.graph

    def arguments(self) -> Mapping[str, Any]:
        chosen = self.expiry.currentData() if self._of == self.surroundings.symbol else None
        return {"expiry": chosen} if chosen else {}

    def show_found(self, table: Table) -> None:
        found, smile = table.detail.get("surface"), table.detail.get("smile")
        self._of = self.surroundings.symbol
        self.expiry.clear()
        for each in dict.fromkeys(one.expiry for one in found.smiles) if found is not None else ():
            self.expiry.addItem(written.day(each), each)
        if smile is not None:
            self.expiry.setCurrentIndex(self.expiry.findData(smile.expiry))
        every = found.smiles if found is not None and self.others.value == "all" and not self.newbie else ()
        self.graph.show_smile(smile, self.newbie, [each for each in every if each is not smile])

    def _show_again(self) -> None:
        if self.answer is not None:
            self.show_found(self.answer)

    def words(self, table: Table) -> Sequence[str]:
        return [table.detail["plain"]] if self.newbie and "plain" in table.detail else super().words(table)

    def set_mode(self, mode: str) -> None:
        reveal(self.others, mode != "newbie")
        super().set_mode(mode)

    def _failed(self, problem: Any) -> None:
        if self.expiry.currentData() is not None and self._of:
            self._of = ""  # the expiry may be gone on this day: once more for the nearest to a month
            self.ask()
            return
        super()._failed(problem)


class TermPage(Page):
    """By time."""

    KEY, COMMAND, TABLE = "term", "options.term", "Volatility by expiry"

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        self.graph = TermGraph()
        super().__init__(host, surroundings)

    def pictures(self) -> QWidget:
        return self.graph

    def show_found(self, table: Table) -> None:
        if table.detail.get("surface") is not None:
            self.graph.show_surface(table.detail["surface"], self.newbie)


class SurfacePage(Page):
    """Everything at once: the map at the left, the landscape at the right."""

    KEY, COMMAND, TABLE = "surface", "options.surface", "Curves and their checks"

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        self.map, self.landscape = SurfaceMap(), Landscape()
        super().__init__(host, surroundings)

    def pictures(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.map)
        split.addWidget(self.landscape)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        return split

    def words(self, table: Table) -> Sequence[str]:
        if not self.newbie:
            return table.notes
        return (
            "Each cell is what options of that day and strike expect, in % a year: the warmer the colour, the more.",
            "Left of the middle is protection against falls. The hills at the right are the same; drag to turn them.",
        )

    def show_found(self, table: Table) -> None:
        if table.detail.get("surface") is not None:
            self.map.show_surface(table.detail["surface"])
            self.landscape.show_surface(table.detail["surface"])
