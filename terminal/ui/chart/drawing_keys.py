"""Which keys are the drawings' and not the chart's: it depends on whether something is being placed or selected."""

from __future__ import annotations

from PySide6.QtCore import Qt

ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}  # bars, ticks
_PLACING = (*ARROWS, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SELECTED = (*ARROWS, Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Menu)
_AROUND = (Qt.Key.Key_Comma, Qt.Key.Key_Period)


def wanted(key: Qt.Key, modifiers: Qt.KeyboardModifier, *, placing: bool, selected: bool, any_shown: bool) -> bool:
    """Whether a key is taken; with Ctrl or Alt none is."""
    if modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
        return False
    if placing:
        return key in _PLACING
    return any_shown if key in _AROUND else selected and key in _SELECTED
