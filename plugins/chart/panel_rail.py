"""The drawing tools at the left of the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QMenu

from terminal.domain.drawings import POINTS, TITLES, describe
from terminal.ui import theme
from terminal.ui.form import IconButton, column, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.api import Host
    from terminal.domain.drawings import Drawing

ICONS = {
    "trend": "slash", "ray": "move-up-right", "horizontal": "minus", "vertical": "separator-vertical", "channel": "equal",
    "rectangle": "square", "fibonacci": "text-align-justify", "text": "type", "measure": "ruler",
}  # fmt: skip
NEWBIE = {"trend": "Line", "horizontal": "Level", "text": "Note", "measure": "Measure"}  # with the words under the icons


class ToolRail(QFrame):
    """Tools, magnet, hide and erase. `chosen(tool)`: "" is the pointer."""

    chosen = Signal(str)
    magnet_changed = Signal(bool)
    hidden_changed = Signal(bool)
    picked = Signal(str)  # a drawing's id
    erase = Signal()
    erase_all = Signal()
    undo = Signal()
    redo = Signal()

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        theme.set_role(self, role="rail")
        self.setAccessibleName("Drawing tools")
        self.pointer = self._tool("mouse-pointer-2", "Pointer", "")
        self.tools = {tool: self._tool(ICONS[tool], TITLES[tool], tool) for tool in POINTS}
        self.magnet = self._switch("magnet", "Magnet: snap to open, high, low or close", self.magnet_changed)
        self.magnet.setChecked(True)
        self.eye = self._switch("eye-off", "Hide drawings", self.hidden_changed)
        self.list = IconButton("layers", "List of drawings", self._show_list)
        self.undo_button = IconButton("undo-2", "Undo", self.undo.emit)
        self.redo_button = IconButton("redo-2", "Redo", self.redo.emit)
        self.bin = IconButton("trash", "Erase the selected drawing (Delete)", self.erase.emit)
        self._drawings: Sequence[Drawing] = ()
        self._lines = (line(), line())
        tools = (self.pointer, *self.tools.values(), self._lines[0], self.magnet, self.eye, self.list, self._lines[1])
        self.setLayout(column(*tools, self.undo_button, self.redo_button, self.bin, 0, spacing=2, margins=(4, 6, 4, 6)))
        self.set_mode(host.mode)
        self.show_tool("")
        self.show_state((), None, undo="", redo="")

    def _tool(self, icon: str, title: str, tool: str) -> IconButton:
        return IconButton(icon, title, lambda: self._choose(tool), checkable=True, size=17)

    def _switch(self, icon: str, title: str, signal: SignalInstance) -> IconButton:
        button = IconButton(icon, title, checkable=True)
        button.toggled.connect(signal.emit)
        return button

    def _choose(self, tool: str) -> None:
        self.show_tool(tool)
        self.chosen.emit(tool)

    def set_mode(self, mode: str) -> None:
        """Newbie mode offers a few tools, and says what each is for."""
        newbie = mode == "newbie"
        for tool, button in self.tools.items():
            button.setVisible(not newbie or tool in NEWBIE)
            self._caption(button, NEWBIE.get(tool, "") if newbie else "")
            text = self._host.explain(f"chart_tool_{tool}").text
            count = POINTS[tool]
            clicks = "one click" if count == 1 else f"{count} clicks, or drag" if count == 2 else f"{count} clicks"
            told = "; ".join((*self._host.keys(f"draw-{tool}")[:1], clicks))
            button.setToolTip(f"{TITLES[tool]}  ({told})" + (f"\n{text}" if text else ""))
            button.setAccessibleDescription(text)
        for each in (self.magnet, self.redo_button, *self._lines):
            each.setVisible(not newbie)
        for button, word in ((self.pointer, "Select"), (self.magnet, ""), (self.eye, "Hide"), (self.list, "List"),
                             (self.undo_button, "Undo"), (self.redo_button, ""), (self.bin, "Erase")):  # fmt: skip
            self._caption(button, word if newbie else "")
        self.pointer.setToolTip("Pointer: select and move drawings (Esc)")

    @staticmethod
    def _caption(button: IconButton, text: str) -> None:
        """A word under the icon, for those who do not know the pictures yet."""
        button.setText(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon if text else Qt.ToolButtonStyle.ToolButtonIconOnly)
        theme.set_role(button, role="railbutton" if text else "")
        button.setFixedSize(*(theme.scaled(each) for each in ((54, 42) if text else (30, 30))))

    def show_tool(self, tool: str) -> None:
        """Mark the tool in use."""
        self.pointer.setChecked(not tool)
        for name, button in self.tools.items():
            button.setChecked(name == tool)

    def show_state(self, drawings: Sequence[Drawing], selected: Drawing | None, *, undo: str, redo: str) -> None:
        """What there is to list, erase, undo (a sentence each; "" for nothing)."""
        self._drawings = drawings
        self.list.setEnabled(bool(drawings))
        self.eye.setEnabled(bool(drawings) or self.eye.isChecked())
        self.bin.setEnabled(selected is not None)
        for button, what, key in ((self.undo_button, undo, "Ctrl+Z"), (self.redo_button, redo, "Ctrl+Shift+Z")):
            button.setEnabled(bool(what))
            name = "Undo" if button is self.undo_button else "Redo"
            button.setToolTip(f"{name}: {what} ({key})" if what else f"Nothing to {name.lower()}")

    def _show_list(self) -> None:
        """Every drawing by name, to select it without a mouse."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for drawing in self._drawings:
            menu.addAction(describe(drawing)).triggered.connect(lambda *_, key=drawing.id: self.picked.emit(key))
        menu.addSeparator()
        menu.addAction(f"Erase all {len(self._drawings)}").triggered.connect(lambda *_: self.erase_all.emit())
        menu.popup(self.list.mapToGlobal(self.list.rect().topRight()))
