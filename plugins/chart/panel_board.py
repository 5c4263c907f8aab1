"""The chart with its drawing tools at the left: what is drawn, picked, undone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QKeyCombination, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from plugins.chart.panel_rail import ToolRail
from terminal.domain.drawings import POINTS
from terminal.ui import theme
from terminal.ui.form import row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QKeyEvent

    from plugins.chart.panel_drawings import DrawingKeeper
    from terminal.api import Host
    from terminal.ui.chart import Chart
    from terminal.ui.chart.drawing import DrawingLayer

ROLES = (("accent", "Blue"), ("up", "Rising colour"), ("down", "Falling colour"), ("warn", "Amber"), ("average_2", "Violet"),
         ("t2", "Grey"))  # fmt: skip
PORTABLE = QKeySequence.SequenceFormat.PortableText
WIDTHS = ((1.0, "Thin"), (1.5, "Normal"), (3.0, "Thick"))


class Board(QWidget):
    """The chart, its layer of drawings and their keeper are None until `make`; `failed` when something could not be kept."""

    failed = Signal(object)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.rail = ToolRail(host)
        self.chart: Chart | None = None
        self.layer: DrawingLayer | None = None
        self.keeper: DrawingKeeper | None = None
        canvas = QWidget()
        self._box = QVBoxLayout(canvas)
        self._box.setContentsMargins(8, 4, 0, 0)
        inside = row(self.rail, spacing=0)
        inside.addWidget(canvas, 1)
        self.setLayout(inside)
        self.rail.chosen.connect(self.choose_tool)
        self.rail.magnet_changed.connect(self._set_magnet)
        self.rail.hidden_changed.connect(lambda on: self.layer.set_hidden(on) if self.layer else None)
        self.rail.picked.connect(self.pick)
        self.rail.erase.connect(lambda: self.layer.erase_selected() if self.layer else None)
        self.rail.erase_all.connect(lambda: self.keeper.erase_all() if self.keeper else None)
        self._shortcuts: tuple[tuple[str, Callable[[], None]], ...] = (
            ("undo", self.undo), ("draw-redo", self.redo),
            *((f"draw-{tool}", partial(self.choose_tool, tool)) for tool in POINTS),
        )  # fmt: skip
        self._bound: list[tuple[QKeySequence, Callable[[], None]]] = []
        host.on("settings.changed", self._keys_changed)
        self.rail.undo.connect(self.undo)
        self.rail.redo.connect(self.redo)

    def make(self) -> tuple[Chart, DrawingKeeper]:
        """The chart with its drawings; what it needs is imported here, when it is first seen."""
        from plugins.chart.panel_drawings import DrawingKeeper
        from terminal.ui.chart import Chart
        from terminal.ui.chart.drawing import DrawingLayer

        chart = self.chart = Chart(self._host)
        layer = self.layer = DrawingLayer(chart)
        keeper = self.keeper = DrawingKeeper(self._host, layer)
        layer.magnet = self.rail.magnet.isChecked()
        layer.set_hidden(self.rail.eye.isChecked())
        for signal in (layer.selection_changed, layer.tool_changed, keeper.changed):
            signal.connect(lambda *_: self.show_state())
        layer.tool_changed.connect(self.rail.show_tool)
        layer.menu_asked.connect(self._show_menu)
        keeper.failed.connect(self.failed)
        self._box.addWidget(chart)
        return chart, keeper

    def _keys_changed(self, payload: Mapping[str, Any]) -> None:
        if payload.get("key") == "keys":
            self._bound = []
            self.rail.set_mode(self._host.mode)

    def show_state(self) -> None:
        """The rail offers what there is to list, erase and undo."""
        if self.layer is not None and self.keeper is not None:
            self.rail.show_state(self.layer.drawings, self.layer.selected, undo=self.keeper.undo_text, redo=self.keeper.redo_text)

    def choose_tool(self, tool: str) -> None:
        """Begin to draw; "" is the pointer."""
        if self.layer is not None and self.chart is not None:
            self.rail.eye.setChecked(False)
            self.layer.choose_tool(tool)
            self.chart.setFocus()

    def pick(self, drawing_id: str) -> None:
        """Select a drawing, and show where it is."""
        if self.layer is None or self.chart is None:
            return
        self.rail.eye.setChecked(False)
        self.layer.select(drawing_id)
        drawing = self.layer.selected
        if drawing is not None:
            places = [self.chart.place_of(moment) for moment, _ in drawing.points]
            start, end = self.chart.view_range()
            if max(places) < start or min(places) > end:
                middle = (max(places) + min(places)) / 2
                self.chart.show_places(middle - (end - start) / 2, middle + (end - start) / 2)
        self.chart.setFocus()

    def _show_menu(self, at: QPoint) -> None:
        """Colour and width of the selected drawing, and erasing it."""
        layer = self.layer
        drawing = layer.selected if layer is not None else None
        if layer is None or drawing is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for role, name in ROLES:
            action = menu.addAction(theme.icon("minus", role), name)
            action.setCheckable(True)
            action.setChecked(role == drawing.role)
            action.triggered.connect(lambda *_, role=role: layer.restyle(role=role))
        menu.addSeparator()
        for width, name in WIDTHS:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(width == drawing.width)
            action.triggered.connect(lambda *_, width=width: layer.restyle(width=width))
        menu.addSeparator()
        menu.addAction(theme.icon("trash"), "Erase").triggered.connect(lambda *_: layer.erase_selected())
        menu.popup(at)

    def undo(self) -> None:
        """Take back what was last drawn, moved or erased."""
        if self.keeper is not None:
            self.keeper.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        if self.keeper is not None:
            self.keeper.redo()

    def meant(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What a key asks of the drawings: a tool, undo, redo."""
        if not self._bound:
            self._bound = [(QKeySequence.fromString(keys, PORTABLE), do) for shortcut, do in self._shortcuts
                           for keys in self._host.keys(shortcut)]  # fmt: skip
        pressed = QKeySequence(QKeyCombination(event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier, Qt.Key(event.key())))
        return next((do for keys, do in self._bound if keys == pressed), None)

    def _set_magnet(self, on: bool) -> None:
        if self.layer is not None:
            self.layer.magnet = on
