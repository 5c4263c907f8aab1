"""The chain as it is painted: calls at the left, puts at the right, strikes between; only what can be seen is drawn.

In the money is shaded, what may not be used is grey with its reason as the tooltip, a line is drawn where the price stands.
Arrows move a cell, Enter takes it (a bid is sold at, an ask bought at), Home goes to the price.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from plugins.options.chain.columns import CALL, PUT, SIDES, Rows, SideColumn, fitting, ordered
from plugins.options.chain.panel_painted import RowPictures, paint_price, strike_text
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STRIKE, _PAD, _LEAST, _WORDS, _PRICE = 78, 8, 54, 84, 16
_WIDEST = {"pro": 96, "newbie": 170}
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_MIDDLE = Qt.AlignmentFlag.AlignCenter


class Ladder(QAbstractScrollArea):
    """Shows `Rows`. `picked(side, key, row)`: a cell was taken; `moved(side, row)`: another one is current."""

    picked = Signal(str, str, int)
    moved = Signal(str, int)

    def __init__(self, explain: Callable[[str], object] | None = None) -> None:
        super().__init__()
        self.rows: Rows | None = None
        self.mode = "pro"
        self.heat = True
        self._explain = explain
        self._wanted: list[SideColumn] = []
        self._shown: list[SideColumn] = []
        self._tops: list[int] = []
        self._cell = (CALL, 0, 0)
        self._hovered = -1
        self._pictures: RowPictures | None = None
        self._look: tuple[float, int, bool, float] = (0.0, 0, True, 1.0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Option chain: calls, strikes, puts")

    # ---- what is shown ----

    def show_rows(self, rows: Rows | None, keys: Sequence[str], mode: str, *, centre: bool) -> None:
        """Show others; `centre`: with the price in the middle."""
        self.rows, self.mode = rows, mode
        self._wanted = ordered(keys)
        self._place()
        if centre:
            self.go_to_price()
        else:
            self._keep_cell()
        self.viewport().update()

    @property
    def shown_columns(self) -> list[SideColumn]:
        """Those there is room for, from the strikes outwards."""
        return self._shown

    def go_to_price(self) -> None:
        """Bring the strikes around the price of the first expiry into view."""
        if self.rows is None or not self.rows.height:
            return
        section = self.rows.sections[0]
        at = min(section.at, section.last - 1)
        keys = [each.key for each in self._columns(self._cell[0])]
        self._cell = (self._cell[0], at, keys.index("ask") if "ask" in keys else 0)
        self.verticalScrollBar().setValue(self._top(at) - (self.viewport().height() - self._head()) // 2)
        self._tell()

    def _keep_cell(self) -> None:
        side, row, place = self._cell
        height = self.rows.height if self.rows else 0
        self._cell = (side, min(row, max(height - 1, 0)), min(place, max(len(self._shown) - 1, 0)))

    def retheme(self) -> None:
        """Colours and sizes anew."""
        self._place()
        self.viewport().update()

    # ---- where things are ----

    def _line(self) -> int:
        return theme.row_height(self.mode)

    def _head(self) -> int:
        return theme.scaled(22) + theme.scaled(36 if self.mode == "newbie" else 22)

    def _strike_width(self) -> int:
        return theme.scaled(_STRIKE)

    def _place(self) -> None:
        """Which columns have room, and how far it can be scrolled."""
        room = (self.viewport().width() - self._strike_width()) // 2
        least = theme.scaled(_WORDS if self.mode == "newbie" else _LEAST)
        self._shown = fitting(self._wanted, room, least)
        line, tops, y = self._line(), [], 0
        several = self.rows is not None and len(self.rows.sections) > 1
        for section in self.rows.sections if self.rows else ():
            y += line if several else 0
            tops.append(y)
            y += line * (section.last - section.first) + theme.scaled(_PRICE)
        self._tops = tops
        self._pictures = None
        bar = self.verticalScrollBar()
        inside = self.viewport().height() - self._head()
        bar.setRange(0, max(0, y - inside))
        bar.setPageStep(max(1, inside))
        bar.setSingleStep(line)

    def _section_of(self, row: int) -> int:
        assert self.rows is not None
        return max(0, bisect_right([each.first for each in self.rows.sections], row) - 1)

    def _top(self, row: int) -> int:
        """Where a row begins, from the top of all."""
        assert self.rows is not None
        at = self._section_of(row)
        section = self.rows.sections[at]
        gap = theme.scaled(_PRICE) if row >= section.at else 0
        return self._tops[at] + (row - section.first) * self._line() + gap

    def _y(self, row: int) -> int:
        return self._top(row) + self._head() - self.verticalScrollBar().value()

    def _wide(self) -> float:
        room = (self.viewport().width() - self._strike_width()) / 2 / max(1, len(self._shown))
        return min(room, theme.scaled(_WIDEST[self.mode]))

    def _half(self) -> int:
        """How wide a side is."""
        return round(self._wide() * len(self._shown))

    def _left(self) -> int:
        """Where the calls begin: it lies in the middle where there is more room than it takes."""
        return (self.viewport().width() - self._strike_width()) // 2 - self._half()

    def _puts(self) -> int:
        return self._left() + self._half() + self._strike_width()

    def _columns(self, side: str) -> list[SideColumn]:
        """From left to right; bid before ask on both sides."""
        if side == PUT:
            return self._shown
        turned = self._shown[::-1]
        keys = [each.key for each in turned]
        if "bid" in keys and "ask" in keys:
            at = keys.index("ask")
            turned[at], turned[at + 1] = turned[at + 1], turned[at]
        return turned

    def _cell_rect(self, side: str, place: int, y: int) -> QRect:
        wide = self._wide()
        start = self._left() if side == CALL else self._puts()
        left, right = round(start + place * wide), round(start + (place + 1) * wide)
        return QRect(left, y, right - left, self._line())

    def _at(self, spot: QPoint) -> tuple[str, int, int] | None:
        """Side, row and place of the column that lie at a point; place -1 for the strike."""
        if self.rows is None or spot.y() < self._head():
            return None
        y = spot.y() - self._head() + self.verticalScrollBar().value()
        for number, section in enumerate(self.rows.sections):
            inside = y - self._tops[number]
            edge, gap = (section.at - section.first) * self._line(), theme.scaled(_PRICE)
            if edge <= inside < edge + gap:
                return None
            inside -= gap if inside >= edge else 0
            if 0 <= inside < (section.last - section.first) * self._line():
                return self._across(spot.x(), section.first + inside // self._line())
        return None

    def _across(self, x: int, row: int) -> tuple[str, int, int]:
        wide, count = self._wide(), len(self._shown)
        for side, start in ((CALL, self._left()), (PUT, self._puts())):
            if start <= x < start + self._half():
                return side, row, min(int((x - start) // wide), count - 1)
        return CALL, row, -1

    # ---- painting ----

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        found = theme.tokens()
        painter.fillRect(event.rect(), found.color("bg1"))
        if self.rows is not None and self.rows.height and self._shown:
            painter.setClipRect(QRect(0, self._head(), self.viewport().width(), self.viewport().height()))
            for number in range(len(self.rows.sections)):
                self._paint_section(painter, number)
            self._mark_cell(painter)
            painter.setClipping(False)
        self._paint_head(painter)
        painter.end()

    def _paint_section(self, painter: QPainter, number: int) -> None:
        assert self.rows is not None
        section, line, gap = self.rows.sections[number], self._line(), theme.scaled(_PRICE)
        top, left = self._tops[number] + self._head() - self.verticalScrollBar().value(), self._left()
        bottom, pictures = self.viewport().height(), self._painted()
        if top - line > bottom or top + line * (section.last - section.first) + gap < self._head():
            return
        if len(self.rows.sections) > 1:
            self._paint_title(painter, section.title, QRect(left, top - line, pictures.width, line))
        first = section.first + max(0, (self._head() - top - gap) // line)
        last = min(section.last, section.first + (bottom - top) // line + 1)
        for row in range(first, last):
            y = top + (row - section.first) * line + (gap if row >= section.at else 0)
            painter.drawPixmap(QPoint(left, y), pictures.picture(row, section.spot, row == self._hovered))
        line_at = QRect(left, top + (section.at - section.first) * line, pictures.width, gap)
        paint_price(painter, line_at, left + pictures.half + self._strike_width() // 2, section.spot)

    def _painted(self) -> RowPictures:
        """The pictures of the present rows, columns and look."""
        assert self.rows is not None
        look = (self._wide(), self._line(), self.heat, self.devicePixelRatioF())
        if self._pictures is None or look != self._look:
            turned = {side: self._columns(side) for side in SIDES}
            self._look = look
            self._pictures = RowPictures(self.rows, turned, look[0], self._strike_width(), look[1], heat=self.heat, ratio=look[3])
        return self._pictures

    def _mark_cell(self, painter: QPainter) -> None:
        side, row, place = self._cell
        if self.hasFocus() and self.rows is not None and row < self.rows.height and place < len(self._shown):
            painter.setPen(theme.tokens().color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self._cell_rect(side, place, self._y(row)).adjusted(0, 0, -1, -2))

    def _paint_title(self, painter: QPainter, text: str, area: QRect) -> None:
        found = theme.tokens()
        painter.fillRect(area, found.color("bg3"))
        painter.setFont(theme.font(theme.scaled(11), 600))
        painter.setPen(found.color("t2"))
        painter.drawText(area.adjusted(_PAD, 0, -_PAD, 0), int(_MIDDLE), text)

    def _paint_head(self, painter: QPainter) -> None:
        found, width, high = theme.tokens(), self.viewport().width(), self._head()
        painter.fillRect(0, 0, width, high, found.color("bg1"))
        half, top, left, puts = self._half(), theme.scaled(22), self._left(), self._puts()
        newbie = self.mode == "newbie"
        painter.setFont(theme.font(theme.scaled(11), 600))
        painter.setPen(found.color("up_text"))
        painter.drawText(QRect(left, 0, half, top), int(_MIDDLE), "Calls: the right to buy at …" if newbie else "CALLS")
        painter.setPen(found.color("down_text"))
        painter.drawText(QRect(puts, 0, half, top), int(_MIDDLE), "Puts: the right to sell at …" if newbie else "PUTS")
        painter.setPen(found.color("t2"))
        wrap = int(Qt.TextFlag.TextWordWrap)
        area = QRect(left + half, 0, self._strike_width(), high)
        painter.drawText(area, int(_MIDDLE) | wrap, "… this price" if newbie else "Strike")
        painter.setFont(theme.font(theme.scaled(11)))
        for side in SIDES:
            for place, column in enumerate(self._columns(side)):
                area = self._cell_rect(side, place, top)
                area.setHeight(high - top)
                painter.drawText(area.adjusted(2, 0, -_PAD, 0), int(_RIGHT) | wrap, column.title(self.mode))
        painter.fillRect(0, high - 1, width, 1, found.color("line_strong"))

    # ---- words ----

    def said(self, side: str, row: int) -> str:
        """What lies in a row of one side, in words."""
        if self.rows is None or not 0 <= row < self.rows.height:
            return ""
        name = "call" if side == CALL else "put"
        strike = strike_text(float(self.rows.strike[row]))
        if self.rows.contract[side][row] is None:
            return f"There is no {name} with a strike of {strike}."
        parts = [f"{each.title(self.mode)} {each.text(float(self.rows.values[side][each.key][row])) or 'unknown'}"
                 for each in self._shown]  # fmt: skip
        told = self.rows.told[side][row]
        mind = f" {'To mind' if self.rows.usable[side][row] else 'Not used'}: {told}." if told else ""
        return f"{strike} {name}: {', '.join(parts)}.{mind}"

    def _tell(self) -> None:
        side, row, _ = self._cell
        self.setAccessibleDescription(self.said(side, row))
        self.moved.emit(side, row)
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(event.pos()), self)
            return True
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def _tip(self, spot: QPoint) -> str:
        found = self._at(spot)
        if found is None:
            return self._head_tip(spot)
        side, row, place = found
        assert self.rows is not None
        if place < 0:
            return ""
        told = self.rows.told[side][row]
        column = self._columns(side)[place]
        text = f"<b>{column.title(self.mode)}</b> {column.text(float(self.rows.values[side][column.key][row])) or 'unknown'}"
        if told:
            kind = "To mind" if self.rows.usable[side][row] else "This quote is not used"
            text += f"<br>{kind}: {told}."
        if column.key in ("bid", "ask"):
            text += f"<br>Click to {'sell' if column.key == 'bid' else 'buy'} it in a plan."
        return text

    def _head_tip(self, spot: QPoint) -> str:
        side, _, place = self._across(spot.x(), 0)
        if not self._shown or spot.y() >= self._head() or place < 0 or self._explain is None:
            return ""
        column = self._columns(side)[place]
        said = self._explain(column.term)
        return f"<b>{getattr(said, 'title', column.title(self.mode))}</b><br>{getattr(said, 'text', '')}"

    # ---- mouse and keyboard ----

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        self._hover(found[1] if found else -1)
        takes = found is not None and found[2] >= 0 and self._columns(found[0])[found[2]].key in ("bid", "ask")
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if takes else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if found is not None and found[2] >= 0:
            self._cell = found
            self._tell()
            if event.button() == Qt.MouseButton.LeftButton:
                self._take()

    def _take(self) -> None:
        side, row, place = self._cell
        if self.rows is not None and self._shown and self.rows.contract[side][row] is not None:
            self.picked.emit(side, self._columns(side)[place].key, row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.rows is None or not self.rows.height or not self._shown:
            super().keyPressEvent(event)
            return
        page = max(1, (self.viewport().height() - self._head()) // self._line() - 1)
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page}
        key = Qt.Key(event.key())
        if key in steps and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._go(self._cell[0], self._cell[1] + steps[key], self._cell[2])
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._across_by(1 if key == Qt.Key.Key_Right else -1)
        elif key == Qt.Key.Key_Home:
            self.go_to_price()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._take()
        else:
            super().keyPressEvent(event)

    def _across_by(self, step: int) -> None:
        side, row, place = self._cell
        place += step
        if place < 0 and side == PUT:
            side, place = CALL, len(self._shown) - 1
        elif place >= len(self._shown) and side == CALL:
            side, place = PUT, 0
        self._go(side, row, place)

    def _go(self, side: str, row: int, place: int) -> None:
        assert self.rows is not None
        self._cell = (side, min(max(row, 0), self.rows.height - 1), min(max(place, 0), len(self._shown) - 1))
        y, bar = self._y(self._cell[1]), self.verticalScrollBar()
        if y < self._head():
            bar.setValue(bar.value() + y - self._head())
        elif y + self._line() > self.viewport().height():
            bar.setValue(bar.value() + y + self._line() - self.viewport().height())
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def sizeHint(self) -> QSize:
        return QSize(900, 500)
