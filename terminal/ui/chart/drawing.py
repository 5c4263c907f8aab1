"""Drawing on a chart: choosing a tool, placing, selecting, dragging and erasing, with the mouse and with the keyboard.

The layer listens to the chart's events before the chart does, takes what concerns drawings and lets the rest pass. It
keeps what it shows but stores nothing: `added`, `changed` and `erased` tell what the user did, and whoever keeps the
drawings answers with `rename` (its id) or puts things back with `set_drawings`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from shiboken6 import isValid

from terminal.domain import drawing_outlines as outlines
from terminal.domain.drawings import POINTS, Drawing, describe, with_handle
from terminal.ui.chart.drawing_keys import ARROWS, wanted
from terminal.ui.chart.drawing_placing import DRAG_PX, Placing, beginning, carried, on_its_line, pixel_ticks, snapped, stepped
from terminal.ui.chart.drawing_set import DrawingSet
from terminal.ui.chart.drawing_text import TextField

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from terminal.domain.drawing_outlines import Outline
    from terminal.domain.drawings import Point
    from terminal.ui.chart.chart import Chart
    from terminal.ui.chart.drawing_view import ChartView

GRIP_PX = 8.0


class DrawingLayer(QObject):
    """One on a Chart. With no tool chosen a click selects; a chosen tool is put away after one drawing.

    Keys, while the chart has the focus: Delete erases what is selected, arrows move it by a bar or a tick (Shift: ten),
    comma and full stop select the one before and after, Menu opens its menu, Escape lets go. With a tool chosen arrows move
    a cursor and Enter puts a point down. Shift keeps a line level, Ctrl turns the magnet round for as long as it is held.
    """

    added = Signal(object)
    changed = Signal(object, object)  # before, after
    erased = Signal(object)
    selection_changed = Signal(object)  # the Drawing, or None
    tool_changed = Signal(str)
    menu_asked = Signal(object)  # where on the screen the menu of the selected drawing is to open

    def __init__(self, chart: Chart) -> None:
        super().__init__(chart)
        self._chart = chart
        self.magnet = True
        self._set = DrawingSet()
        self._placing: Placing | None = None
        self._cursor: Point | None = None  # where the next point would be
        self._grab: tuple[Drawing, int | None, QPointF] | None = None  # what is dragged, by which handle, from where
        self._pressed: QPointF | None = None
        self._keyed: Drawing | None = None  # as it was before the keys moved it
        self._numbers = 0
        self._item: Any = None
        self._viewport: Any = None
        self._editor: TextField | None = None
        self._timeline: Any = None
        chart.view_changed.connect(self._attach)
        chart.installEventFilter(self)
        self._attach()

    # --- what is shown

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        return tuple(self._set)

    @property
    def selected(self) -> Drawing | None:
        return self._set.selected

    @property
    def hidden(self) -> bool:
        return self._set.hidden

    @property
    def tool(self) -> str:
        """The tool chosen; "" for none."""
        return self._placing.tool if self._placing else ""

    @property
    def busy(self) -> bool:
        """Whether something is being placed, dragged or moved, so that it is no moment to show other drawings."""
        return self._grab is not None or self._keyed is not None or bool(self._placing and self._placing.points)

    def set_drawings(self, drawings: Sequence[Drawing]) -> None:
        """Show these and no others; what is being placed or dragged is given up."""
        self._grab = self._keyed = None
        self._set.replace_all(drawings)
        self.choose_tool("")
        self._select(self._set.chosen if self._set.selected else "")
        self._repaint()

    def rename(self, old: str, new: str) -> Drawing | None:
        """The drawing `old` was stored as `new`; gives it as it is now, or None when it is gone meanwhile."""
        drawing = self._set.get(old)
        if drawing is None:
            return None
        drawing = replace(drawing, id=new)
        self._set.rename(old, drawing)
        if self._set.chosen == old:
            self._set.chosen = new
        if self._grab is not None and self._grab[0].id == old:
            self._grab = replace(self._grab[0], id=new), *self._grab[1:]
        if self._keyed is not None and self._keyed.id == old:
            self._keyed = replace(self._keyed, id=new)
        return drawing

    def put(self, drawing: Drawing) -> None:
        """Show a drawing, in the place of the one with its id."""
        self._set.put(drawing)
        self._repaint()

    def remove(self, drawing_id: str) -> None:
        """Show it no longer; tells nobody."""
        if self._set.chosen == drawing_id:
            self._select("")
        self._set.remove(drawing_id)
        self._repaint()

    def set_hidden(self, hidden: bool) -> None:
        """Hide all drawings, or show them again."""
        self._set.hidden = hidden
        if hidden:
            self._select("")
        self._repaint()

    # --- what the user does

    def choose_tool(self, tool: str) -> None:
        """Begin to place a drawing; "" puts the tool away."""
        if tool and tool not in POINTS:
            raise ValueError(f"There is no drawing tool {tool!r}.")
        before = self.tool
        self._placing = Placing(tool) if tool else None  # type: ignore[arg-type]
        self._cursor = self._pressed = None
        self._end_text()
        if tool:
            self._select("")
            self.set_hidden(False)
        self._set_shape(Qt.CursorShape.CrossCursor if tool else None)
        self._repaint()
        if tool != before:
            self.tool_changed.emit(tool)

    def select(self, drawing_id: str) -> None:
        """Select one of the drawings; "" selects none."""
        self._select(drawing_id if self._set.get(drawing_id) else "")

    def erase_selected(self) -> None:
        """Erase what is selected and tell of it."""
        drawing = self.selected
        if drawing is not None:
            self._tell_keyed()
            self.remove(drawing.id)
            self.erased.emit(drawing)

    # --- the plot

    def _attach(self) -> None:
        """Into the chart's plot, once there is one; other bars give the same moments other numbers."""
        plot = self._chart.price_plot
        if plot is None:
            return
        if self._item is None:
            from terminal.ui.chart.drawing_view import DrawingItem

            self._item = DrawingItem(self._shapes)
            self._chart.add_layer(self._item)
            self._viewport = plot.scene().views()[0].viewport()
            self._viewport.setMouseTracking(True)
            self._viewport.installEventFilter(self)
            self._set_shape(Qt.CursorShape.CrossCursor if self._placing else None)
        if self._timeline is not self._chart.series.timeline:
            self._timeline = self._chart.series.timeline
            self._set.forget_places()
            self._end_text()

    def _view(self) -> ChartView | None:
        if self._chart.price_plot is None or not len(self._chart.series):
            return None
        from terminal.ui.chart.drawing_view import ChartView

        return ChartView(self._chart)

    def _repaint(self) -> None:
        if self._item is not None and isValid(self._item):
            self._item.update()

    def _shapes(self) -> Iterator[tuple[Drawing, Outline, bool, bool]]:
        view = self._view()
        if view is None:
            return
        for drawing, shape in self._set.visible(view):
            yield drawing, shape, drawing.id == self._set.chosen, drawing.id == self._set.hovered
        if self._placing is not None and self._cursor is not None:
            preview = self._placing.preview(self._cursor)
            if preview is not None:
                yield preview, outlines.outline(preview, view), True, False
            spot = view.to_pixel(self._cursor)
            yield Drawing("cursor", "text", (self._cursor,), "+"), outlines.Outline(handles=(spot,)), True, False

    # --- events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._chart:
            if isinstance(event, QKeyEvent):
                return self._key(event)
            if event.type() == QEvent.Type.FocusOut:
                self._tell_keyed()
        elif watched is self._viewport and isinstance(event, QMouseEvent):
            return self._mouse(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        view = self._view()
        if view is None:
            return False
        spot = self._chart.price_plot.scene().views()[0].mapToScene(event.position().toPoint())
        kind, left = event.type(), event.button() == Qt.MouseButton.LeftButton
        if kind == QEvent.Type.MouseMove:
            return self._moved(view, spot, event)
        if kind == QEvent.Type.MouseButtonRelease and left:
            return self._released(view, spot, event)
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.RightButton and self._placing is None:
            return self._ask_menu(view, spot, event)
        if not left or kind not in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick) \
                or not view.contains(spot.x(), spot.y()):
            return False
        self._chart.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._placing is not None:
            self._put_point(self._meant(view, spot, event.modifiers()))
            self._pressed = spot
            return True
        if kind == QEvent.Type.MouseButtonDblClick and (drawing := self.selected) is not None and drawing.tool == "text":
            self._ask_text(drawing.points[0], drawing)
            return True
        return self._take_hold(view, spot)

    def _ask_menu(self, view: ChartView, spot: QPointF, event: QMouseEvent) -> bool:
        found = self._set.hit(view, spot.x(), spot.y()) if view.contains(spot.x(), spot.y()) else ""
        if found:
            self._select(found)
            self.menu_asked.emit(event.globalPosition().toPoint())
        return bool(found)

    def restyle(self, *, role: str = "", width: float = 0.0) -> None:
        """Give the selected drawing another colour (a token's name) or width, and tell of it."""
        before = self.selected
        if before is not None:
            self._tell_keyed()
            after = replace(before, role=role or before.role, width=width or before.width)
            if after != before:
                self.put(after)
                self.changed.emit(before, after)

    def _take_hold(self, view: ChartView, spot: QPointF) -> bool:
        """Press without a tool: a handle of what is selected, else a drawing under the mouse."""
        chosen = self.selected
        number = None if chosen is None else outlines.handle_at(chosen, view, spot.x(), spot.y(), GRIP_PX)
        if number is None:
            found = self._set.hit(view, spot.x(), spot.y())
            self._select(found)
            chosen = self.selected
            if chosen is not None:
                number = outlines.handle_at(chosen, view, spot.x(), spot.y(), GRIP_PX)
        if chosen is None:
            return False
        self._tell_keyed()
        self._grab = chosen, number, spot
        self._set_shape(Qt.CursorShape.ClosedHandCursor)
        return True

    def _moved(self, view: ChartView, spot: QPointF, event: QMouseEvent) -> bool:
        if self._grab is not None:
            self._drag(view, spot, event)
            return True
        if self._placing is not None:
            self._cursor = self._meant(view, spot, event.modifiers()) if view.contains(spot.x(), spot.y()) else None
            self._repaint()
            return self._pressed is not None  # a drag that places is none that pans
        if event.buttons() == Qt.MouseButton.NoButton:
            self._hover(view, spot)
        return False

    def _drag(self, view: ChartView, spot: QPointF, event: QMouseEvent) -> None:
        assert self._grab is not None
        before, number, start = self._grab
        if self._set.get(before.id) == before and (spot - start).manhattanLength() < DRAG_PX / 2:
            return  # a click with an unsteady hand
        if number is not None:
            after = with_handle(before, number, on_its_line(before, self._meant(view, spot, event.modifiers())))
        else:
            after = carried(view, before, spot.x() - start.x(), spot.y() - start.y())
        self.put(after)

    def _released(self, view: ChartView, spot: QPointF, event: QMouseEvent) -> bool:
        if self._grab is not None:
            before = self._grab[0]
            self._grab = None
            after = self._set.get(before.id)
            if after is not None and after != before:
                self.changed.emit(before, after)
            self._hover(view, spot)
            return True
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return False
        if self._placing is not None and self._placing.points:
            far = max(abs(spot.x() - pressed.x()), abs(spot.y() - pressed.y()))
            if far >= DRAG_PX:  # drawn in one movement
                self._put_point(self._meant(view, spot, event.modifiers()))
        return True

    def _hover(self, view: ChartView, spot: QPointF) -> None:
        x, y = spot.x(), spot.y()
        inside = view.contains(x, y)
        chosen = self.selected
        found = self._set.hit(view, x, y) if inside else ""
        if chosen is not None and inside and outlines.handle_at(chosen, view, x, y, GRIP_PX) is not None:
            self._set_shape(Qt.CursorShape.SizeAllCursor)
        else:
            self._set_shape(Qt.CursorShape.PointingHandCursor if found and found != self._set.chosen
                            else Qt.CursorShape.OpenHandCursor if found else None)
        if found != self._set.hovered:
            self._set.hovered = found
            self._repaint()

    def _meant(self, view: ChartView, spot: QPointF, modifiers: Qt.KeyboardModifier) -> Point:
        """The point a pixel stands for."""
        magnet = self.magnet != bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        found = snapped(view, spot.x(), spot.y(), magnet=magnet)
        if self._placing is not None and modifiers & Qt.KeyboardModifier.ShiftModifier:
            found = self._placing.level(found)
        return found

    # --- placing

    def _put_point(self, point: Point) -> None:
        placing = self._placing
        assert placing is not None
        placing.points.append(point)
        self._cursor = point
        if not placing.complete:
            self._repaint()
        elif placing.tool == "text":
            self._ask_text(point)
        else:
            self._finish(placing.finished())

    def _finish(self, drawing: Drawing) -> None:
        self._numbers += 1
        drawing = replace(drawing, id=f"new-{self._numbers}")
        self._set.put(drawing)
        self._set.told.add(drawing.id)
        self.choose_tool("")
        self._select(drawing.id)
        self.added.emit(drawing)

    def _ask_text(self, point: Point, drawing: Drawing | None = None) -> None:
        """A field on the chart for the words; Enter takes them, Escape and an empty field do not."""
        view = self._view()
        if view is None:
            return
        self._end_text()
        editor = self._editor = TextField(self._viewport, view, point, drawing.text if drawing else "")
        editor.written.connect(lambda text: self._take_text(text, point, drawing))
        editor.left.connect(lambda: self._take_text("", point, drawing))

    def _take_text(self, text: str, point: Point, drawing: Drawing | None) -> None:
        self._end_text()
        self._chart.setFocus()
        if drawing is not None:
            if text and text != drawing.text:
                after = replace(drawing, text=text)
                self.put(after)
                self.changed.emit(drawing, after)
        elif text:
            self._finish(Drawing("", "text", (point,), text))
        else:
            self.choose_tool("")

    def _end_text(self) -> None:
        editor, self._editor = self._editor, None
        if editor is not None and isValid(editor):
            editor.hide()
            editor.deleteLater()

    # --- keys

    def _key(self, event: QKeyEvent) -> bool:
        kind, key = event.type(), Qt.Key(event.key())
        if kind == QEvent.Type.KeyRelease:
            if key in ARROWS and not event.isAutoRepeat():
                self._tell_keyed()
            return False
        if kind == QEvent.Type.ShortcutOverride:
            if self._wants(key, event.modifiers()):
                event.accept()
                return True
            return False
        if kind != QEvent.Type.KeyPress or not self._wants(key, event.modifiers()):
            return False
        if key in ARROWS:
            self._nudge(*ARROWS[key], 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif key == Qt.Key.Key_Escape:
            self._let_go()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._cursor is not None:
                self._put_point(self._cursor)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.erase_selected()
        elif key == Qt.Key.Key_Menu:
            self.menu_asked.emit(self._chart.mapToGlobal(self._chart.rect().center()))
        else:
            self._select(self._set.beside(1 if key == Qt.Key.Key_Period else -1))
        return True

    def _wants(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        return wanted(key, modifiers, placing=self._placing is not None, selected=self.selected is not None,
                      any_shown=len(self._set) > 0 and not self.hidden)

    def _let_go(self) -> None:
        if self._placing is not None:
            if self._placing.points:
                self._placing.points.clear()  # once takes back what was begun, twice the tool
                self._pressed = None
                self._repaint()
            else:
                self.choose_tool("")
        else:
            self._select("")

    def _nudge(self, bars: int, ticks: int, times: int) -> None:
        """Move the cursor of a tool, or what is selected, by bars and ticks."""
        view = self._view()
        if view is None:
            return
        if self._placing is not None:
            start = self._cursor or beginning(view)
            self._cursor = stepped(self._chart, start, bars * times, ticks * times * pixel_ticks(view, start))
            self._repaint()
        elif (drawing := self.selected) is not None:
            self._keyed = self._keyed or drawing
            points = tuple(stepped(self._chart, point, bars * times, ticks * times) for point in drawing.points)
            self.put(replace(drawing, points=points))

    def _tell_keyed(self) -> None:
        """One change for a whole run of keys."""
        before, self._keyed = self._keyed, None
        after = self._set.get(before.id) if before else None
        if before is not None and after is not None and after != before:
            self.changed.emit(before, after)

    def _select(self, drawing_id: str) -> None:
        if drawing_id == self._set.chosen:
            return
        self._tell_keyed()
        self._set.chosen = drawing_id
        self._repaint()
        drawing = self.selected
        self._chart.setAccessibleDescription(f"Selected: {describe(drawing)}" if drawing else "")
        self.selection_changed.emit(drawing)

    def _set_shape(self, shape: Qt.CursorShape | None) -> None:
        if self._viewport is None or not isValid(self._viewport):
            return
        if shape is None:
            self._viewport.unsetCursor()
        else:
            self._viewport.setCursor(shape)
