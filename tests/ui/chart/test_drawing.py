"""Drawing on a chart by real mouse and key events: placing, snapping, selecting, dragging, erasing, on any scale and interval."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from terminal.domain.drawings import POINTS, Drawing
from terminal.ui import theme
from terminal.ui.chart import Chart
from terminal.ui.chart.drawing import DrawingLayer
from terminal.ui.chart.drawing_text import TextField

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = date(2025, 1, 1)
SHIFT, CTRL, NO = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


def daily(count: int = 300) -> pl.DataFrame:
    """A price that goes up by one each bar from 100; highs and lows two away."""
    days = [FIRST + timedelta(days=number) for number in range(count)]
    closes = [100.0 + number for number in range(count)]
    return pl.DataFrame({"date": days, "open": [close - 1 for close in closes], "high": [close + 2 for close in closes],
                         "low": [close - 3 for close in closes], "close": closes, "volume": [1e6] * count})


class Stand:
    """A chart with a layer, and a mouse that speaks in bars and prices."""

    def __init__(self, chart: Chart, layer: DrawingLayer) -> None:
        self.chart, self.layer = chart, layer
        self.added: list[Drawing] = []
        self.changed: list[tuple[Drawing, Drawing]] = []
        self.erased: list[Drawing] = []
        layer.added.connect(self.added.append)
        layer.changed.connect(lambda before, after: self.changed.append((before, after)))
        layer.erased.connect(self.erased.append)

    @property
    def viewport(self) -> Any:
        return self.chart.price_plot.scene().views()[0].viewport()

    def pixel(self, place: float, price: float) -> QPoint:
        from terminal.ui.chart.drawing_view import ChartView

        view = ChartView(self.chart)
        return QPoint(round(view.x_of(place)), round(view.price_y(price)))

    def move(self, place: float, price: float, buttons: Qt.MouseButton = Qt.MouseButton.NoButton, keys: Any = NO) -> None:
        spot = QPointF(self.pixel(place, price))
        QApplication.sendEvent(self.viewport, QMouseEvent(
            QEvent.Type.MouseMove, spot, self.viewport.mapToGlobal(spot), Qt.MouseButton.NoButton, buttons, keys))

    def press(self, place: float, price: float, keys: Any = NO) -> None:
        QTest.mousePress(self.viewport, Qt.MouseButton.LeftButton, keys, self.pixel(place, price))

    def release(self, place: float, price: float, keys: Any = NO) -> None:
        QTest.mouseRelease(self.viewport, Qt.MouseButton.LeftButton, keys, self.pixel(place, price))

    def click(self, place: float, price: float, keys: Any = NO) -> None:
        self.move(place, price, keys=keys)
        self.press(place, price, keys)
        self.release(place, price, keys)

    def drag(self, start: tuple[float, float], end: tuple[float, float], keys: Any = NO) -> None:
        self.press(*start, keys)
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        for spot in (middle, end):
            self.move(*spot, Qt.MouseButton.LeftButton, keys)
        self.release(*end, keys)

    def key(self, key: Qt.Key, keys: Any = NO) -> None:
        QTest.keyClick(self.chart, key, keys)

    def day(self, number: int) -> datetime:
        return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=number)

    def trend(self, id_: str = "t1", first: int = 200, last: int = 250) -> Drawing:
        return Drawing(id_, "trend", ((self.day(first), 320.0), (self.day(last), 370.0)))


@pytest.fixture
def stand(qapp: Any) -> Iterator[Stand]:
    theme.apply(qapp)
    chart = Chart()
    layer = DrawingLayer(chart)
    chart.resize(1000, 600)
    chart.show()
    chart.show_bars(daily(), averages=(), symbol="AAA")
    chart.show_range("1Y")
    QCoreApplication.processEvents()
    yield Stand(chart, layer)
    chart.close()
    chart.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_two_clicks_make_a_line_that_snaps_to_the_bars(stand: Stand) -> None:
    tools: list[str] = []
    stand.layer.tool_changed.connect(tools.append)
    stand.layer.choose_tool("trend")
    assert stand.viewport.cursor().shape() == Qt.CursorShape.CrossCursor
    stand.click(200.2, 303.0)  # the high of bar 200 is 302
    stand.move(230, 320)
    assert stand.added == []
    stand.click(249.8, 346.2)  # the low of bar 250 is 347
    (line,) = stand.added
    assert line.points == ((stand.day(200), 302.0), (stand.day(250), 347.0))
    assert stand.layer.selected == line and stand.layer.tool == "" and tools == ["trend", ""]
    assert "Trend line" in stand.chart.accessibleDescription()


def test_press_drag_release_makes_one_too_and_does_not_pan(stand: Stand) -> None:
    before = stand.chart.view_range()
    stand.layer.choose_tool("rectangle")
    stand.drag((200, 330.5), (240, 380.5))
    (box,) = stand.added
    assert [moment for moment, _ in box.points] == [stand.day(200), stand.day(240)]
    assert [price for _, price in box.points] == pytest.approx([330.5, 380.5], abs=1.0)
    assert stand.chart.view_range() == before
    stand.layer.select("")
    stand.drag((150, 150), (140, 150))
    assert stand.chart.view_range() != before, "without a tool a drag beside the drawings pans"


@pytest.mark.parametrize("tool", [tool for tool in POINTS if tool != "text"])
def test_each_tool_takes_as_many_clicks_as_it_has_points(stand: Stand, tool: str) -> None:
    stand.layer.magnet = False
    stand.layer.choose_tool(tool)
    spots = [(200, 200.0), (260, 260.0), (230, 160.0)][:POINTS[tool]]
    for number, spot in enumerate(spots):
        assert stand.added == [] and stand.layer.tool == tool, number
        stand.click(*spot)
    (drawn,) = stand.added
    assert [price for _, price in drawn.points] == pytest.approx([price for _, price in spots], abs=1.0)
    assert stand.layer.tool == ""
    stand.layer.select("")
    stand.click(*spots[0])
    assert stand.layer.selected is not None and stand.layer.selected.tool == tool, "a click on it selects it"


def test_the_magnet_can_be_off_and_turned_round(stand: Stand) -> None:
    stand.layer.magnet = False
    stand.layer.choose_tool("horizontal")
    stand.click(200, 303.0)
    stand.layer.choose_tool("horizontal")
    stand.click(200, 303.0, CTRL)
    free, snapped = (drawn.points[0][1] for drawn in stand.added)
    assert snapped == 302.0 and free == pytest.approx(303.0, abs=0.8) and free != 302.0
    assert round(free, 2) == free, "no more decimals than are written"


def test_shift_keeps_it_level(stand: Stand) -> None:
    stand.layer.choose_tool("trend")
    stand.click(200, 200.0)
    stand.click(240, 240.0, SHIFT)
    assert stand.added[0].points[0][1] == stand.added[0].points[1][1]


def test_escape_takes_back_first_the_point_then_the_tool(stand: Stand) -> None:
    stand.layer.choose_tool("channel")
    stand.click(200, 200.0)
    stand.click(240, 240.0)
    stand.key(Qt.Key.Key_Escape)
    assert stand.layer.tool == "channel"
    stand.key(Qt.Key.Key_Escape)
    assert stand.layer.tool == "" and stand.added == [] and stand.viewport.cursor().shape() != Qt.CursorShape.CrossCursor


def test_a_handle_is_dragged(stand: Stand) -> None:
    stand.layer.magnet = False
    stand.layer.set_drawings([stand.trend()])
    stand.click(225, 345.0)
    assert stand.layer.selected is not None and stand.changed == []
    stand.move(250, 370.0)
    assert stand.viewport.cursor().shape() == Qt.CursorShape.SizeAllCursor
    stand.drag((250, 370.0), (260, 300.0))
    ((before, after),) = stand.changed
    assert before == stand.trend() and after.points[0] == before.points[0]
    assert after.points[1] == (stand.day(260), pytest.approx(300.0, abs=1.0))
    assert stand.layer.drawings == (after,)


def test_the_whole_is_dragged_by_whole_bars(stand: Stand) -> None:
    stand.layer.set_drawings([stand.trend()])
    stand.drag((225, 345.0), (215.2, 365.0))
    ((before, after),) = stand.changed
    assert [moment for moment, _ in after.points] == [stand.day(190), stand.day(240)]
    rises = [new - old for (_, new), (_, old) in zip(after.points, before.points, strict=True)]
    assert rises[0] == pytest.approx(20, abs=1.5) and rises[0] == pytest.approx(rises[1], abs=0.011)


def test_on_a_log_scale_it_keeps_its_ratio(stand: Stand) -> None:
    stand.chart.set_scale("log")
    stand.layer.set_drawings([stand.trend()])
    stand.drag((200, 320.0), (200, 320.0))
    middle = (320.0 * 370.0) ** 0.5  # half way on the screen
    stand.layer.select("")
    stand.drag((225, middle), (225, middle * 0.8))
    ((before, after),) = stand.changed
    ratios = [new / old for (_, new), (_, old) in zip(after.points, before.points, strict=True)]
    assert ratios == pytest.approx([0.8, 0.8], rel=0.01) and ratios[0] == pytest.approx(ratios[1], rel=1e-3)


def test_delete_erases_what_is_selected(stand: Stand) -> None:
    level = replace(stand.trend("b"), points=((stand.day(200), 150.0), (stand.day(250), 150.0)))
    stand.layer.set_drawings([stand.trend("a"), level])
    stand.key(Qt.Key.Key_Delete)
    assert stand.erased == []
    stand.click(225, 150.0)
    stand.key(Qt.Key.Key_Delete)
    assert [each.id for each in stand.erased] == ["b"] and [each.id for each in stand.layer.drawings] == ["a"]
    assert stand.layer.selected is None and stand.chart.accessibleDescription() == ""


def test_keys_select_and_move_and_tell_once(stand: Stand) -> None:
    stand.layer.set_drawings([stand.trend("a"), stand.trend("b", 210, 240)])
    stand.key(Qt.Key.Key_Period)
    stand.key(Qt.Key.Key_Period)
    assert stand.layer.selected is not None and stand.layer.selected.id == "b"
    stand.key(Qt.Key.Key_Comma)
    assert stand.layer.selected.id == "a"
    QTest.keyPress(stand.chart, Qt.Key.Key_Right)
    QTest.keyPress(stand.chart, Qt.Key.Key_Right)
    assert stand.changed == []
    QTest.keyRelease(stand.chart, Qt.Key.Key_Right)
    stand.key(Qt.Key.Key_Up, SHIFT)
    (before, moved), (_, raised) = stand.changed
    assert before == stand.trend("a") and moved.points[0] == (stand.day(202), 320.0)
    assert raised.points == ((stand.day(202), 320.1), (stand.day(252), 370.1))
    stand.key(Qt.Key.Key_Escape)
    assert stand.layer.selected is None
    told: list[int] = []
    stand.chart.cursor_moved.connect(told.append)
    stand.key(Qt.Key.Key_Left)
    assert told == [298], "with nothing selected arrows are the chart's"


def test_a_line_without_a_mouse(stand: Stand) -> None:
    stand.layer.choose_tool("trend")
    for _ in range(3):
        stand.key(Qt.Key.Key_Left, SHIFT)
    stand.key(Qt.Key.Key_Return)
    stand.key(Qt.Key.Key_Right)
    stand.key(Qt.Key.Key_Up)
    stand.key(Qt.Key.Key_Return)
    (line,) = stand.added
    assert line.points[0] == (stand.day(299 - 30), 399.0) and line.points[1][0] == stand.day(299 - 29)
    assert line.points[1][1] > 399.0


def test_text_is_written_on_the_chart(stand: Stand) -> None:
    stand.layer.choose_tool("text")
    stand.click(200, 250.0)
    field = stand.viewport.findChild(TextField)
    assert field is not None and field.isVisible() and field.accessibleName()
    QTest.keyClicks(field, "gap after the report")
    QTest.keyClick(field, Qt.Key.Key_Return)
    (note,) = stand.added
    assert note.text == "gap after the report" and note.points[0][0] == stand.day(200)
    stand.layer.choose_tool("text")
    stand.click(210, 300.0)
    fields = [each for each in stand.viewport.findChildren(TextField) if each.isVisible()]
    QTest.keyClick(fields[0], Qt.Key.Key_Escape)
    assert len(stand.added) == 1 and stand.layer.tool == ""
    QTest.mouseDClick(stand.viewport, Qt.MouseButton.LeftButton, NO, stand.pixel(200, note.points[0][1]) + QPoint(20, -8))
    stand.click(200, 250.0)


def test_what_was_stored_keeps_its_place_and_selection(stand: Stand) -> None:
    stand.layer.choose_tool("horizontal")
    stand.click(200, 250.0)
    new = stand.added[0]
    assert new.id.startswith("new-")
    stored = stand.layer.rename(new.id, "7")
    assert stored == replace(new, id="7") and stand.layer.selected == stored
    assert stand.layer.rename("gone", "8") is None


def test_other_bars_keep_drawings_where_they_were_meant(stand: Stand) -> None:
    from terminal.ui.chart.drawing_view import ChartView

    line = stand.trend()
    stand.layer.set_drawings([line])
    weekly = daily().group_by_dynamic("date", every="1w").agg(
        pl.col("open").first(), pl.col("high").max(), pl.col("low").min(), pl.col("close").last(), pl.col("volume").sum())
    stand.chart.show_bars(weekly, averages=(), symbol="AAA", interval="1wk")
    view = ChartView(stand.chart)
    places = [view.place_of(moment) for moment, _ in line.points]
    assert places == pytest.approx([200 / 7, 250 / 7], abs=1.1)
    x0, y0 = view.to_pixel(line.points[0])
    x1, y1 = view.to_pixel(line.points[1])
    QTest.mouseClick(stand.viewport, Qt.MouseButton.LeftButton, NO, QPoint(round((x0 + x1) / 2), round((y0 + y1) / 2)))
    assert stand.layer.selected == line


def test_it_is_painted_in_the_tokens_and_can_be_hidden(stand: Stand, qapp: Any) -> None:
    box = Drawing("b", "horizontal", ((stand.day(200), 250.0),), width=3.0)
    for name in ("dark", "light"):
        tokens = theme.apply(qapp, name)
        stand.layer.set_drawings([box])
        QCoreApplication.processEvents()
        spot = stand.pixel(280, 250.0)
        image = stand.chart.grab().toImage()
        on_chart = stand.viewport.mapTo(stand.chart, spot)
        assert image.pixelColor(on_chart).name().upper() == tokens.accent.upper()
        stand.layer.set_hidden(True)
        QCoreApplication.processEvents()
        assert stand.chart.grab().toImage().pixelColor(on_chart).name().upper() != tokens.accent.upper()
        stand.layer.set_hidden(False)
    theme.apply(qapp)


def test_what_is_out_of_sight_is_not_worked_out(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.domain import drawing_outlines as outlines

    stand.chart.show_range("1M")
    far = [stand.trend(f"f{number}", 5, 40) for number in range(500)]
    stand.layer.set_drawings([*far, stand.trend("near", 285, 295)])
    worked: list[str] = []
    original = outlines.outline
    monkeypatch.setattr(outlines, "outline", lambda drawing, view: worked.append(drawing.id) or original(drawing, view))
    stand.chart.grab()
    assert set(worked) == {"near"}


def test_a_replay_does_not_tell_of_what_is_to_come(stand: Stand) -> None:
    stand.layer.set_drawings([stand.trend("past", 200, 250), stand.trend("later", 270, 280)])
    stand.chart.show_until(261)
    stand.layer.choose_tool("vertical")
    stand.click(266, 300.0)
    view = stand.layer._view()
    assert [drawing.id for drawing, _ in stand.layer._set.visible(view)] == ["past", "new-1"], "one's own is no secret"
    stand.chart.show_until(None)
    assert {drawing.id for drawing, _ in stand.layer._set.visible(stand.layer._view())} == {"past", "later", "new-1"}


def test_a_drawing_that_cannot_be_painted_is_logged_and_harms_nothing(
        stand: Stand, monkeypatch: pytest.MonkeyPatch, expect_warning: Any) -> None:
    expect_warning("could not be painted")
    stand.layer.set_drawings([stand.trend()])
    from terminal.domain import drawing_outlines as outlines

    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(outlines, "outline", broken)
    assert not stand.chart.grab().isNull()


def test_without_bars_nothing_can_be_drawn_and_nothing_breaks(qapp: Any) -> None:
    theme.apply(qapp)
    chart = Chart()
    layer = DrawingLayer(chart)
    layer.choose_tool("trend")
    QTest.keyClick(chart, Qt.Key.Key_Left)
    layer.set_drawings([Drawing("a", "horizontal", ((datetime(2026, 1, 1, tzinfo=UTC), 5.0),))])
    with pytest.raises(ValueError, match="no drawing tool"):
        layer.choose_tool("circle")
    chart.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
