"""Buttons, chips, segments, banners, sliders, meters and badges: events, words for screen readers, nothing left over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from terminal.domain.sourced import Source
from terminal.ui import badge, form, meters, theme
from terminal.ui.slider import RangeSlider
from tests.ui.conftest import NOW

LEFT = Qt.MouseButton.LeftButton


def shown(qtbot: Any, widget: QWidget, width: int = 300, height: int = 60) -> Any:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


def test_no_block_becomes_a_window_of_its_own(qtbot: Any) -> None:
    before = set(QApplication.topLevelWidgets())
    made = [form.Banner("text", "warn", action="Do"), form.Chip("x", removable=True), form.MetricCard("P/E", "18.4×", "sector"),
            form.EmptyState("Nothing"), form.Section("More", form.label("x")), meters.TrafficLight("ok", "Fine"),
            meters.ProgressLine()]
    made[0].show_message("other")
    made[-1].report(0.5, "half")
    line = badge.SourceBadge()
    line.show_sources((Source("demo", "bars"),), NOW)
    assert not [each for each in QApplication.topLevelWidgets() if each not in before and each.isVisible()]
    holder = QWidget()
    holder.setLayout(form.column(*made, line))
    shown(qtbot, holder, 400, 600)
    assert all(each.isVisible() for each in (*made, line))


def test_chips_collapse_and_come_back(qtbot: Any) -> None:
    row = form.ChipRow()
    row.set_chips([(f"k{place}", f"Filter number {place}") for place in range(8)])
    shown(qtbot, row, 1400, 30)
    assert row.hidden_keys == []
    row.resize(400, 30)
    assert len(row.hidden_keys) >= 4
    assert row._more.isVisible()
    assert row._more.text() == f"+{len(row.hidden_keys)}"
    right = max(chip.geometry().right() for _, chip in row._chips if chip.isVisible())
    assert max(right, row._more.geometry().right()) <= 400
    assert all(row.rect().contains(chip.geometry()) for _, chip in row._chips if chip.isVisible())
    row.resize(1400, 30)
    assert row.hidden_keys == []
    assert not row._more.isVisible()


def test_a_chip_is_removed_by_its_cross_and_by_the_delete_key(qtbot: Any) -> None:
    row = form.ChipRow()
    row.set_chips([("pe", "P/E < 20"), ("roe", "ROE > 12 %")])
    shown(qtbot, row, 600, 30)
    told: list[str] = []
    row.removed.connect(told.append)
    (_, first), (_, second) = row._chips
    QTest.mouseClick(first.findChild(form.IconButton), LEFT)
    second.setFocus()
    QTest.keyClick(second, Qt.Key.Key_Delete)
    assert told == ["pe", "roe"]
    row.set_chips([])
    qtbot.wait(1)
    assert row.findChildren(form.Chip) == []


def test_segment_by_mouse_and_arrow(qtbot: Any) -> None:
    segment = shown(qtbot, form.Segment([("1M", "1M"), ("1Y", "1Y"), ("MAX", "MAX")], "1Y", "Range"))
    told: list[str] = []
    segment.changed.connect(told.append)
    QTest.mouseClick(segment._buttons["1M"], LEFT)
    QTest.keyClick(segment, Qt.Key.Key_Left)
    segment.set_value("1Y")
    assert (told, segment.value) == (["1M", "MAX"], "1Y")


def test_banner_action_and_dismissal(qtbot: Any) -> None:
    done: list[int] = []
    banner = form.Banner("It failed.", "error", action="Retry", on_action=lambda: done.append(1), dismissable=True)
    holder = QWidget()
    holder.setLayout(form.column(banner))
    shown(qtbot, holder, 500)
    QTest.mouseClick(banner._action, LEFT)
    assert done == [1]
    cross = next(button for button in banner.findChildren(form.IconButton) if button.accessibleName() == "Dismiss")
    QTest.mouseClick(cross, LEFT)
    assert not banner.isVisible()
    banner.show_message("Again", "info")
    assert banner.isVisible()
    assert not banner._action.isVisible()


def test_a_section_folds(qtbot: Any) -> None:
    inside = form.label("inside")
    section = shown(qtbot, form.Section("Momentum", inside), 300, 200)
    assert inside.isVisible()
    QTest.mouseClick(section._head, LEFT)
    assert not inside.isVisible()
    QTest.keyClick(section._head, Qt.Key.Key_Space)
    assert inside.isVisible()


def test_metric_card_speaks_and_can_be_pressed(qtbot: Any) -> None:
    made = form.MetricCard("P/E", "18.4×", "sector 24.1×", "ok", sentence="You pay $18.40.", clickable=True)
    card = shown(qtbot, made, 200, 120)
    assert card.accessibleName() == "P/E: 18.4×"
    pressed: list[int] = []
    card.clicked.connect(lambda: pressed.append(1))
    QTest.mouseClick(card, LEFT)
    QTest.keyClick(card, Qt.Key.Key_Return)
    assert pressed == [1, 1]
    card.set_value("–")
    assert card.accessibleName() == "P/E: unknown"


def test_flow_wraps_and_shares_the_width(qtbot: Any) -> None:
    holder = QWidget()
    flow = form.Flow(holder, spacing=8, stretch=True)
    cards = [form.MetricCard(f"Value {place}", "1") for place in range(6)]
    for card in cards:
        card.setMinimumWidth(110)
        flow.addWidget(card)
    shown(qtbot, holder, 400, 400)
    assert len({card.geometry().top() for card in cards}) == 2
    assert abs(cards[2].geometry().right() - 399) <= 3
    holder.resize(200, 900)
    assert len({card.geometry().top() for card in cards}) == 6
    assert flow.heightForWidth(200) > flow.heightForWidth(400)


class TestRangeSlider:
    @pytest.fixture
    def slider(self, qtbot: Any) -> RangeSlider:
        made = RangeSlider("P/E", 0, 40, histogram=[1, 5, 9, 3], text=lambda value: f"{value:.1f}")
        shown(qtbot, made, 214, 34)
        return made

    def test_ends_mean_no_limit(self, slider: RangeSlider) -> None:
        assert slider.limits == (None, None)
        assert slider.caption == "any"
        slider.set_limits(8, None)
        assert (slider.limits, slider.caption) == ((8, None), "from 8.0")
        slider.set_limits(8, 24.5)
        assert slider.caption == "8.0 – 24.5"
        assert slider.accessibleName() == "P/E: 8.0 – 24.5"

    def test_dragging(self, slider: RangeSlider) -> None:
        told: list[tuple[Any, Any]] = []
        slider.changed.connect(lambda low, high: told.append((low, high)))
        middle = slider.height() // 2
        QTest.mousePress(slider, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(8, middle))
        QTest.mouseMove(slider, QPoint(57, middle))
        QTest.mouseRelease(slider, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(57, middle))
        assert slider.limits == (10.0, None)
        assert told[-1] == (10.0, None)
        QTest.mouseMove(slider, QPoint(150, middle))
        assert slider.limits == (10.0, None)
        QTest.mouseDClick(slider, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(150, middle))
        assert slider.limits == (None, None)

    def test_keyboard_moves_both_handles(self, slider: RangeSlider, qtbot: Any) -> None:
        slider.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(slider, Qt.Key.Key_Right)
        QTest.keyClick(slider, Qt.Key.Key_PageUp)
        assert slider.limits == (pytest.approx(4.4), None)
        QTest.keyClick(slider, Qt.Key.Key_Tab)
        QTest.keyClick(slider, Qt.Key.Key_Left)
        assert slider.limits == (pytest.approx(4.4), pytest.approx(39.6))
        QTest.keyClick(slider, Qt.Key.Key_Home)  # cannot pass the other handle
        assert slider.limits == (pytest.approx(4.4), pytest.approx(4.4))

    def test_another_range_keeps_the_limits(self, slider: RangeSlider) -> None:
        slider.set_limits(8, 24)
        slider.set_range(0, 100, [1, 2])
        assert slider.limits == (8, 24)


def test_meters_say_what_they_show(qtbot: Any) -> None:
    assert meters.PercentileBar("Value", 71).accessibleName() == "Value: percentile 71"
    assert meters.PercentileBar("Growth").accessibleName() == "Growth: unknown"
    assert meters.Sparkline([1, None, 3]).accessibleName() == "Trend: rising"
    assert meters.TrafficLight("error", "Debt", "It is high.").accessibleName() == "Debt: bad. It is high."
    for widget in (meters.PercentileBar("Value", 120), meters.PercentileBar("None"), meters.Sparkline([None, None]),
                   meters.Sparkline([2, 2])):
        assert not shown(qtbot, widget).grab().isNull()


@pytest.mark.parametrize(("source", "words", "tone"), [
    (Source("yahoo", "chart", NOW, NOW), "yahoo · 20 Nov 2026 · just now", ""),
    (Source("yahoo", "chart", NOW, NOW - timedelta(minutes=20), delayed=True), "Delayed · yahoo · 20 Nov 2026 · 20 min old", ""),
    (Source("yahoo", "chart", NOW - timedelta(days=30), NOW), "Stale · yahoo · 21 Oct 2026 · just now", "warn"),
    (Source("demo", "bars", NOW, NOW, simulated=True), "SIMULATED · demo · 20 Nov 2026 · just now", "warn")])
def test_the_badge_says_its_state_without_pointing(qtbot: Any, source: Source, words: str, tone: str) -> None:
    shown_badge = badge.SourceBadge()
    shown_badge.show_sources((source,), NOW)
    assert shown_badge.text == words
    assert shown_badge.findChild(QLabel).text() == words
    assert shown_badge.property("tone") == tone
    assert source.endpoint in shown_badge.toolTip()


def test_only_the_first_sources_are_listed() -> None:
    html = badge.sources_html([Source("yahoo", f"e{place}") for place in range(9)], NOW)
    assert "e3" in html
    assert "e4" not in html
    assert "and 5 more sources" in html


def test_every_interactive_node_has_a_name(qtbot: Any) -> None:
    chips = form.ChipRow()
    chips.set_chips([("a", "P/E < 20")])
    line = meters.ProgressLine(lambda: None)
    holder = QWidget()
    holder.setLayout(form.column(
        form.Banner("Text", "warn", action="Do", dismissable=True), chips, line,
        form.Segment([("a", "A"), ("b", "B")], name="Mode"), form.MetricCard("P/E", "18", clickable=True),
        form.Section("More", form.label("x")), form.primary("Go"), form.ghost("Export", "download"),
        form.IconButton("star", "Watch", checkable=True), RangeSlider("P/E"), form.EmptyState("Nothing", action="Reset"),
        form.Chip("Flag", clickable=True)))
    shown(qtbot, holder, 500, 900)
    line.report(0.2, "Fetching")
    nameless = []
    for widget in holder.findChildren(QWidget):
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            node = QAccessible.queryAccessibleInterface(widget)
            if not node.text(QAccessible.Text.Name).strip():
                nameless.append(widget)
    assert nameless == []


def test_the_whole_kit_follows_a_theme_change(qtbot: Any, qapp: Any) -> None:
    holder = QWidget()
    theme.set_role(holder, role="panel")
    holder.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    holder.setLayout(form.column(form.Banner("Text", "warn"), form.MetricCard("P/E", "18"), meters.PercentileBar("Value", 80),
                                 meters.TrafficLight("ok", "Fine"), RangeSlider("P/E", histogram=[1, 2, 3]),
                                 margins=(8, 8, 8, 8)))
    shown(qtbot, holder, 400, 400)
    dark = holder.grab().toImage()
    theme.apply(qapp, "light")
    light = holder.grab().toImage()
    assert light.pixelColor(2, 2).name().upper() == theme.tokens().bg1
    theme.apply(qapp, "dark")
    assert holder.grab().toImage() == dark
