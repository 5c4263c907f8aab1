"""The chart's panel over a real demo market, by real mouse and key events."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPushButton, QToolButton

from plugins.chart.panel import ChartPanel
from plugins.chart.panel_toolbar import INTERVALS, PLAIN_INTERVALS
from terminal.errors import UserError
from terminal.paths import Home
from terminal.ui import theme
from terminal.ui.form import Segment
from tests.conftest import Clock
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CTRL, SHIFT, ALT, NO = (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
                        Qt.KeyboardModifier.NoModifier)  # fmt: skip
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def market(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from terminal.app import App

    place = tmp_path_factory.mktemp("chart") / "home"
    shutil.copytree(_demo_home, place)
    app = App(Home(place), demo=True, clock=Clock())
    for running in [app.start("watchlist.list") for _ in range(8)]:
        running.result(60)
    yield app
    app.close()


@pytest.fixture
def demo(market: Any) -> Iterator[Any]:
    """The demo without drawings and kept studies."""
    yield market
    for symbol in ("ZENR", "SPY"):
        for drawing in market.run("chart.drawings", {"symbol": symbol}).detail["drawings"]:
            market.run("chart.erase", {"id": drawing.id})
    for symbol in ("", "ZENR"):
        market.run("chart.forget_studies", {"symbol": symbol})


@pytest.fixture
def open_panel(qapp: Any, qtbot: Any, demo: Any) -> Iterator[Callable[..., ChartPanel]]:
    theme.apply(qapp)
    hosts: list[AppHost] = []

    def make(mode: str = "pro", symbol: str | None = "ZENR", size: tuple[int, int] = (1200, 800),
             state: dict[str, Any] | None = None, broken: dict[str, Any] | None = None) -> ChartPanel:
        host = AppHost(demo, mode, symbol)
        host.broken.update(broken or {})
        host.panel_id = "chart"
        hosts.append(host)
        host.frame.layout().setContentsMargins(0, 0, 0, 0)
        host.frame.resize(*size)
        panel = ChartPanel(host)
        if state is not None:
            panel.restore_state(state)
        host.frame.layout().addWidget(panel)
        host.frame.show()
        if symbol and not host.broken:
            qtbot.waitUntil(lambda: settled(panel), timeout=30_000)
        return panel

    yield make
    for host in hosts:
        assert host.bugs == []
        host.frame.close()
        host.frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.apply(qapp)


def settled(panel: ChartPanel) -> bool:
    return (panel.answer is not None and panel._stack.currentWidget() is panel.board and panel.board.keeper is not None
            and panel.board.keeper.idle and panel.answer.interval == panel.interval
            and tuple(each.id for each in panel.answer.studies) == panel.studies
            and tuple(each.symbol for each in panel.answer.compared) == panel.compared)


def kept(app: Any, symbol: str = "ZENR") -> tuple[Any, ...]:
    return tuple(app.run("chart.drawings", {"symbol": symbol}).detail["drawings"])


def spot(panel: ChartPanel, back: int, height: float) -> tuple[Any, QPoint]:
    """The chart's viewport and a pixel in it: so many bars back, so high (0 to 1)."""
    from terminal.ui.chart.drawing_view import ChartView

    view = ChartView(panel.chart)
    _, top, _, bottom = view.area
    x = view.x_of(len(panel.chart.series) - 1 - back)
    return panel.chart.price_plot.scene().views()[0].viewport(), QPoint(round(x), round(bottom - (bottom - top) * height))


def click(panel: ChartPanel, back: int, height: float) -> None:
    viewport, at = spot(panel, back, height)
    QTest.mouseClick(viewport, LEFT, NO, at)


def draw_line(panel: ChartPanel) -> None:
    QTest.mouseClick(panel.board.rail.tools["trend"], LEFT)
    click(panel, 100, 0.9)
    click(panel, 40, 0.95)


def choose(panel: ChartPanel, button: QPushButton, text: str) -> None:
    """Click a button with a menu, then the line of it that begins so."""
    QTest.mouseClick(button, LEFT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = next(each for each in menu.actions() if each.text().startswith(text))
    QTest.mouseClick(menu, LEFT, NO, menu.actionGeometry(action).center())
    menu.close()


# ---- what it shows ----


def test_the_legend_has_the_numbers_of_the_command(demo: Any, open_panel: Any) -> None:
    from terminal.ui.chart.scale import price_name

    panel = open_panel()
    last = demo.run("chart.show", {"symbol": "ZENR", "study": ("sma(50)", "sma(200)")}).rows()[-1]
    told = panel.chart._legend.text()
    for value in (last["sma(50)"], last["sma(200)"], last["close"], last["open"]):
        assert price_name(value) in told
    assert panel.head.price.text() == price_name(last["close"]) and panel.head.symbol.text() == "ZENR"
    assert panel.head.badge.isVisible() and "SIMULATED" in panel.head.badge.text, "invented prices say so"
    assert "SIMULATED" in told and "imulated" in panel.head.accessibleName()
    assert [chip.text for _, chip in panel.legend._chips] == ["SMA 50", "SMA 200"]


def test_modes_differ_in_words_and_controls_not_in_values(open_panel: Any) -> None:
    panel = open_panel("newbie")
    assert panel.head.sentence.isVisible() and " in a year; " in panel.head.sentence.text()
    assert list(panel.toolbar.interval._buttons) == [key for key, _ in PLAIN_INTERVALS]
    assert not panel.toolbar.scale.isVisible() and not panel.toolbar.replay.isVisible()
    shown = [tool for tool, button in panel.board.rail.tools.items() if button.isVisible()]
    assert shown == ["trend", "horizontal", "text", "measure"]
    assert [chip.text for _, chip in panel.legend._chips] == ["Average price of 50 days", "Average price of 200 days"]
    before = {study.id: [line.values.tolist()[-1] for line in study.lines] for study in panel.answer.studies}
    price = panel.head.price.text()
    panel.host.mode = "pro"
    panel.set_mode("pro")
    assert not panel.head.sentence.isVisible() and panel.toolbar.scale.isVisible() and panel.toolbar.replay.isVisible()
    assert list(panel.toolbar.interval._buttons) == [key for key, _ in INTERVALS]
    assert panel.head.price.text() == price
    assert {study.id: [line.values.tolist()[-1] for line in study.lines] for study in panel.answer.studies} == before


@pytest.mark.parametrize("mode", ["pro", "newbie"])
def test_every_control_has_a_name_and_can_be_reached(open_panel: Any, mode: str) -> None:
    panel = open_panel(mode)
    controls = [each for kind in (QPushButton, QToolButton, QLineEdit) for each in panel.findChildren(kind) if each.isVisible()]
    assert len(controls) > 20
    for each in controls:
        assert each.accessibleName(), each
        removes = each.accessibleName().startswith("Remove ")  # the chip itself has the keyboard
        segment = each.parent()  # of its choices one is reached by Tab, the others by arrows
        beside = isinstance(segment, Segment) and any(
            one.focusPolicy() & Qt.FocusPolicy.TabFocus for one in segment.findChildren(QPushButton))
        assert removes or beside or each.focusPolicy() & Qt.FocusPolicy.TabFocus, each.accessibleName()


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1720, 1000), (1366, 768), (760, 600)])
@pytest.mark.parametrize("mode", ["pro", "newbie"])
def test_nothing_is_cut_off(open_panel: Any, mode: str, size: tuple[int, int]) -> None:
    panel = open_panel(mode, size=size)
    for each in (*panel.toolbar.findChildren(QPushButton), *panel.board.rail.findChildren(QToolButton)):
        if each.isVisible():
            corner = each.mapTo(panel, each.rect().bottomRight())
            assert panel.rect().contains(corner), each.accessibleName()


# ---- what the user does ----


@pytest.mark.slow
def test_interval_kind_and_scale(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    QTest.mouseClick(panel.toolbar.interval._buttons["1wk"], LEFT)
    qtbot.waitUntil(lambda: settled(panel), timeout=30_000)
    assert panel.chart.series.interval == "1wk" and panel.answer.bars.height < 400
    choose(panel, panel.toolbar.kind, "Heikin")
    choose(panel, panel.toolbar.scale, "Log")
    assert panel.chart.series.kind == "heikin_ashi" and panel.chart.scale.kind == "log"
    assert "Heikin-Ashi" in panel.toolbar.kind.accessibleName() and panel.toolbar.scale.text() == "Log"


def test_an_indicator_is_found_set_added_changed_and_taken_off(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    view = panel.chart.view_range()
    QTest.mouseClick(panel.toolbar.indicators, LEFT)
    dialog = panel.dialog
    assert dialog is not None and dialog.isVisible()
    QTest.keyClicks(dialog.search, "relative strength")
    assert dialog.settings.title.text() == "Relative strength index"
    (_, field), = dialog.settings._fields
    field.selectAll()
    QTest.keyClicks(field, "0")
    assert not dialog.add.isEnabled() and "from" in dialog.settings.wrong.text(), "what makes no sense cannot be added"
    field.selectAll()
    QTest.keyClicks(field, "7")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: settled(panel) and "rsi(7)" in panel.studies, timeout=30_000)
    assert panel.chart.series.panes() == ["rsi(7)"]
    assert panel.chart.view_range() == pytest.approx(view), "adding one does not lose the place"
    panel.open_indicators("rsi(7)")
    assert dialog.add.text() == "Change"
    (_, field), = dialog.settings._fields
    field.selectAll()
    QTest.keyClicks(field, "21")
    QTest.mouseClick(dialog.add, LEFT)
    qtbot.waitUntil(lambda: settled(panel) and "rsi(21)" in panel.studies, timeout=30_000)
    assert "rsi(7)" not in panel.studies
    chip = next(chip for key, chip in panel.legend._chips if key == "rsi(21)")
    chip.setFocus()
    QTest.keyClick(chip, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: settled(panel) and panel.studies == ("sma(50)", "sma(200)"), timeout=30_000)
    assert panel.chart.series.panes() == []
    dialog.close()


@pytest.mark.slow
def test_newbie_mode_asks_in_plain_words(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel("newbie")
    QTest.mouseClick(panel.toolbar.indicators, LEFT)
    dialog = panel.dialog
    boxes = dialog.plain._boxes
    assert boxes["sma(50)"].isChecked() and not boxes["rsi(14)"].isChecked() and not dialog.search.isVisible()
    boxes["rsi(14)"].setFocus()
    QTest.keyClick(boxes["rsi(14)"], Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: settled(panel) and "rsi(14)" in panel.studies, timeout=30_000)
    QTest.mouseClick(dialog.more, LEFT)
    assert dialog.search.isVisible() and dialog.list.count() > 40
    dialog.close()


@pytest.mark.slow
def test_studies_are_kept_for_a_symbol_or_for_all(demo: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    panel.set_studies(("ema(21)",))
    panel.open_indicators()
    keep = next(each for each in panel.dialog.findChildren(QPushButton) if each.text() == "Keep for this symbol")
    QTest.mouseClick(keep, LEFT)
    qtbot.waitUntil(lambda: bool(panel.host.said), timeout=30_000)
    assert demo.run("chart.studies", {"symbol": "ZENR"}).detail["studies"] == ("ema(21)",)
    panel.dialog.close()
    other = open_panel()
    assert other.studies == ("ema(21)",)
    other.show_symbol("SPY")
    qtbot.waitUntil(lambda: settled(other) and other.answer.symbol == "SPY", timeout=30_000)
    assert other.studies != ("ema(21)",), "they belong to ZENR"


def test_comparing_rebases_and_comes_off_again(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    QTest.mouseClick(panel.toolbar.compare, LEFT)
    QTest.keyClicks(panel.toolbar.field, "spy")
    QTest.keyClick(panel.toolbar.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: settled(panel) and panel.compared == ("SPY",), timeout=30_000)
    assert panel.chart.scale.kind == "percent" and "SPY" in panel.chart._legend.text()
    chip = next(chip for key, chip in panel.legend._chips if key == "SPY")
    QTest.keyClick(chip, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: settled(panel) and panel.compared == (), timeout=30_000)
    assert panel.chart.scale.kind == "linear"


@pytest.mark.slow
def test_what_cannot_be_compared_is_said_and_the_chart_stays(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    panel.host.broken["chart.show"] = UserError("No prices of NOPE are stored.", "Check the ticker.")
    panel.set_compared(("NOPE",))
    qtbot.waitUntil(panel.banner.isVisible, timeout=30_000)
    assert "NOPE" in panel.banner.accessibleName() and panel.compared == ()
    assert panel._stack.currentWidget() is panel.board and [key for key, _ in panel.legend._chips] == list(panel.studies)


def test_events_are_flagged_and_taken_away(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    QTest.mouseClick(panel.toolbar.events, LEFT)
    qtbot.waitUntil(lambda: bool(panel.chart.series.markers), timeout=30_000)
    kinds = {marker.kind for _, marker in panel.chart.series.markers}
    assert "earnings" in kinds and kinds <= {"earnings", "dividend", "split", "news", "trade", "decision"}
    QTest.mouseClick(panel.toolbar.events, LEFT)
    assert not panel.chart.series.markers


# ---- drawings ----


def test_a_line_is_drawn_kept_and_there_again(demo: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    draw_line(panel)
    qtbot.waitUntil(lambda: len(kept(demo)) == 1 and panel.board.keeper.idle, timeout=30_000)
    (line,) = kept(demo)
    assert line.tool == "trend" and panel.board.layer.drawings == (line,)
    assert panel.board.rail.bin.isEnabled() and panel.board.rail.pointer.isChecked()
    other = open_panel()
    qtbot.waitUntil(lambda: other.board.layer.drawings == (line,), timeout=30_000)
    other.show_symbol("SPY")
    qtbot.waitUntil(lambda: settled(other) and other.answer.symbol == "SPY", timeout=30_000)
    assert other.board.layer.drawings == ()


def test_undo_and_redo_of_drawing_moving_and_erasing(demo: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()

    def stored(*points: Any) -> None:
        qtbot.waitUntil(lambda: panel.board.keeper.idle and tuple(each.points for each in kept(demo)) == points, timeout=30_000)
        assert tuple(each.points for each in panel.board.layer.drawings) == points

    draw_line(panel)
    drawn = panel.board.layer.drawings[0].points
    QTest.keyClick(panel.chart, Qt.Key.Key_Left, SHIFT)
    moved = panel.board.layer.drawings[0].points
    assert moved != drawn
    stored(moved)
    QTest.keyClick(panel.chart, Qt.Key.Key_Delete)
    stored()
    QTest.keyClick(panel.chart, Qt.Key.Key_Z, CTRL)
    stored(moved)
    QTest.keyClick(panel.chart, Qt.Key.Key_Z, CTRL)
    stored(drawn)
    QTest.mouseClick(panel.board.rail.undo_button, LEFT)
    stored()
    assert not panel.board.rail.undo_button.isEnabled() and panel.board.keeper.redo_text == "draw trend line"
    for expected in ((drawn,), (moved,), ()):
        QTest.keyClick(panel.chart, Qt.Key.Key_Z, CTRL | SHIFT)
        stored(*expected)
    QTest.keyClick(panel.chart, Qt.Key.Key_Z, CTRL)
    stored(moved)


@pytest.mark.slow
def test_things_done_at_once_arrive_in_their_order(demo: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    draw_line(panel)
    for _ in range(5):
        QTest.keyClick(panel.chart, Qt.Key.Key_Left)
    QTest.keyClick(panel.chart, Qt.Key.Key_Delete)
    draw_line(panel)
    qtbot.waitUntil(lambda: panel.board.keeper.idle, timeout=30_000)
    assert kept(demo) == panel.board.layer.drawings and len(kept(demo)) == 1


@pytest.mark.slow
def test_tools_have_keys_and_the_list_selects(demo: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    QTest.keyClick(panel.chart, Qt.Key.Key_H, ALT)
    assert panel.board.layer.tool == "horizontal" and panel.board.rail.tools["horizontal"].isChecked()
    QTest.keyClick(panel.chart, Qt.Key.Key_Left)
    QTest.keyClick(panel.chart, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(kept(demo)) == 1 and panel.board.keeper.idle, timeout=30_000)
    panel.board.layer.select("")
    choose(panel, panel.board.rail.list, "Horizontal line at")
    assert panel.board.layer.selected == panel.board.layer.drawings[0]
    choose(panel, panel.board.rail.list, "Erase all")
    qtbot.waitUntil(lambda: kept(demo) == () and panel.board.keeper.idle, timeout=30_000)
    assert panel.board.layer.drawings == ()


def test_its_menu_changes_colour_and_width(demo: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    draw_line(panel)
    QTest.keyClick(panel.chart, Qt.Key.Key_Menu)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu) and next(each for each in menu.actions() if each.isChecked()).text() == "Blue"
    for text in ("Amber", "Thick"):
        action = next(each for each in menu.actions() if each.text() == text)
        QTest.mouseClick(menu, LEFT, NO, menu.actionGeometry(action).center())
        menu.close()
        viewport, at = spot(panel, 100, 0.9)
        if text == "Amber":
            QTest.mousePress(viewport, Qt.MouseButton.RightButton, NO, at)
            menu = QApplication.activePopupWidget()
            assert isinstance(menu, QMenu), "a right click on it opens the same menu"
    qtbot.waitUntil(lambda: [(each.role, each.width) for each in kept(demo)] == [("warn", 3.0)], timeout=30_000)
    QTest.keyClick(panel.chart, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: [(each.role, each.width) for each in kept(demo)] == [("warn", 1.5)], timeout=30_000)


@pytest.mark.slow
def test_a_drawing_from_the_shell_appears(demo: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    demo.run("chart.draw", {"symbol": "ZENR", "tool": "horizontal", "point": ("2026-10-01,80",)})
    qtbot.waitUntil(lambda: len(panel.board.layer.drawings) == 1, timeout=30_000)
    assert panel.board.layer.drawings == kept(demo)


def test_a_drawing_that_cannot_be_kept_is_said_and_gone(demo: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    panel.host.broken["chart.draw"] = UserError("The book cannot be written.", "Make room.")
    draw_line(panel)
    qtbot.waitUntil(lambda: panel.banner.isVisible() and panel.board.layer.drawings == (), timeout=30_000)
    assert "could not be kept" in panel.banner.accessibleName() and "The book cannot be written." in panel.banner.accessibleName()
    assert kept(demo) == () and not panel.board.rail.undo_button.isEnabled()


# ---- replay, files, states ----


def test_replay_hides_what_came_after(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    every, price = len(panel.chart.series), panel.head.price.text()
    panel.chart.point_at(every - 60)
    QTest.mouseClick(panel.toolbar.replay, LEFT)
    assert panel.replay.isVisible() and len(panel.chart.series) == every - 59
    words = " ".join(each.text() for each in panel.replay.findChildren(QLabel))
    assert "REPLAY" in words and "59 bars to come" in words
    assert panel.head.price.text() != price, "nor does the head tell the price to come"
    QTest.mouseClick(panel.replay.on, LEFT)
    assert len(panel.chart.series) == every - 58
    QTest.mouseClick(panel.replay.back, LEFT)
    QTest.mouseClick(panel.replay.speed._buttons["10"], LEFT)
    QTest.keyClick(panel.chart, Qt.Key.Key_Space)
    assert panel.replay.playing
    qtbot.waitUntil(lambda: len(panel.chart.series) >= every - 57, timeout=30_000)
    QTest.keyClick(panel.chart, Qt.Key.Key_Space)
    assert not panel.replay.playing
    QTest.mouseClick(panel.replay.stop, LEFT)
    assert not panel.replay.isVisible() and len(panel.chart.series) == every and panel.head.price.text() == price


@pytest.mark.slow
def test_a_replay_ends_at_the_newest_bar_and_with_the_symbol(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    every = len(panel.chart.series)
    panel.chart.point_at(every - 3)
    panel.start_replay()
    panel.replay.toggle()
    panel.replay.step(5)
    assert len(panel.chart.series) == every and not panel.replay.playing and not panel.replay.on.isEnabled()
    panel.show_symbol("SPY")
    assert not panel.replay.running
    qtbot.waitUntil(lambda: settled(panel), timeout=30_000)


@pytest.mark.slow
def test_export_goes_through_the_command(open_panel: Any, qtbot: Any, tmp_path: Path) -> None:
    panel = open_panel()
    panel.host.file = str(tmp_path / "zenr.csv")
    choose(panel, panel.toolbar.export, "Bars and")
    qtbot.waitUntil(lambda: bool(panel.host.said), timeout=30_000)
    head = (tmp_path / "zenr.csv").read_text("utf-8").splitlines()[0]
    assert "sma(50)" in head and panel.host.said[-1][0] == "ok"
    command, arguments = panel.host.asked[-1]
    assert command == "chart.export" and arguments["study"] == panel.studies
    panel.set_kind("line")
    panel.host.said.clear()
    panel.host.file = str(tmp_path / "zenr.png")
    choose(panel, panel.toolbar.export, "Picture")
    qtbot.waitUntil(lambda: bool(panel.host.said), timeout=30_000)
    assert not QImage(panel.host.file).isNull()
    command, arguments = panel.host.asked[-1]
    assert arguments["kind"] == "line" and (arguments["end"] - arguments["start"]).days in range(355, 372), "what is in view"
    panel.host.file = None
    choose(panel, panel.toolbar.export, "Picture")
    assert panel.host.asked[-1] == (command, arguments), "declined is declined"


def test_state_is_saved_and_restored(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel()
    panel.set_studies(("ema(10)", "rsi(14)"))
    panel.set_kind("line")
    panel.set_scale("log")
    panel.set_interval("1wk")
    panel.board.rail.magnet.click()
    qtbot.waitUntil(lambda: settled(panel), timeout=30_000)
    state = panel.save_state()
    again = open_panel(state=state)
    assert again.save_state() == state
    assert again.chart.series.kind == "line" and again.chart.scale.kind == "log" and not again.board.layer.magnet
    strange = open_panel(state={"interval": 5, "kind": "pie", "studies": ["sma(50)", "nonsense(3)"], "scale": None})
    assert strange.interval == "1d" and strange.kind == "candles" and strange.studies == ("sma(50)",)


def test_prices_of_the_symbol_before_never_arrive(demo: Any, open_panel: Any, qtbot: Any) -> None:
    from plugins.chart.panel_words import price

    panel = open_panel()
    panel.reload()
    before = panel._call
    panel.show_symbol("SPY")
    assert before.stopped, "its answer would be shown under the other name"
    qtbot.waitUntil(lambda: settled(panel) and panel.answer.symbol == "SPY", timeout=30_000)
    last = demo.run("chart.show", {"symbol": "SPY"}).rows()[-1]["close"]
    assert panel.head.price.text() == price(last) and panel.head.symbol.text() == "SPY"


def test_without_a_symbol_it_says_what_to_do(open_panel: Any) -> None:
    panel = open_panel(symbol=None)
    assert panel._stack.currentWidget() is panel.empty and "Ctrl+K" in panel.empty.accessibleName()
    assert panel.host.asked == []


def test_an_error_is_a_sentence_and_can_be_tried_again(open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(broken={"chart.show": UserError("No prices of ZENR are stored.", "Check the ticker.")})
    qtbot.waitUntil(lambda: "No chart of ZENR" in panel.empty.accessibleName(), timeout=30_000)
    assert "No prices of ZENR are stored." in panel.empty.accessibleName()
    panel.host.broken.clear()
    again = next(each for each in panel.empty.findChildren(QPushButton) if each.text() == "Try again")
    QTest.mouseClick(again, LEFT)
    qtbot.waitUntil(lambda: settled(panel), timeout=30_000)


def test_nothing_is_asked_or_built_before_it_is_seen(demo: Any, qapp: Any) -> None:
    host = AppHost(demo, "pro", "ZENR")
    panel = ChartPanel(host)
    assert host.asked == [] and panel.chart is None and panel.save_state()["symbol"] == "ZENR"
    panel.show_symbol("SPY")
    assert host.asked == [] and panel.symbol == "SPY"
    panel.deleteLater()
    host.frame.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
