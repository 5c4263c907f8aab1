"""The base of painted pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip

from terminal.ui.picture import Picture

if TYPE_CHECKING:
    import pytest
    from PySide6.QtGui import QPainter


class Halves(Picture):
    """Says which half is pointed at."""

    def said_at(self, place: QPointF) -> str:
        return "left" if place.x() < self.width() / 2 else "right"

    def _paint(self, painter: QPainter) -> None:
        self._nothing(painter, "Nothing yet")


def test_what_is_pointed_at_is_said(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Halves("Halves", 80)
    qtbot.addWidget(made)
    made.resize(200, 80)
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, widget: shown.append(text))
    for x in (10, 190):
        assert made.event(QHelpEvent(QHelpEvent.Type.ToolTip, QPoint(x, 5), QPoint(x, 5)))
    assert shown == ["left", "right"]


def test_it_takes_the_room_or_keeps_its_height_and_tells_all_of_it(qtbot: Any) -> None:
    grows, fixed = Halves("One", 200), Halves("Two", 200, grows=False)
    for each in (grows, fixed):
        qtbot.addWidget(each)
        assert not each.grab().isNull()
    assert grows.sizePolicy().verticalPolicy() == QSizePolicy.Policy.Expanding
    assert grows.minimumSizeHint().height() < fixed.minimumSizeHint().height() == fixed.sizeHint().height()
    fixed.tell("half empty")
    assert fixed.accessibleName() == "Two: half empty"
