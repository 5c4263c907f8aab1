"""The chain's panel on the demo market: expiries, columns, heat, grey quotes, legs, keyboard, words, empty states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QImage

from plugins.options.chain import columns
from plugins.options.chain.panel import ChainPanel
from plugins.options.chain.panel_bar import ALL
from terminal.errors import UserError
from terminal.ui import theme
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def open_panel(qapp: Any, qtbot: Any) -> Iterator[Callable[..., ChainPanel]]:
    """Makes a panel that looks at a symbol and waits for its first answer."""
    theme.apply(qapp)
    hosts: list[AppHost] = []

    def make(app: Any, symbol: str | None = "SPY", mode: str = "pro", host: AppHost | None = None) -> ChainPanel:
        host = host or AppHost(app, mode, symbol)
        hosts.append(host)
        host.frame.resize(1600, 800)
        panel = ChainPanel(host)  # type: ignore[arg-type]
        host.frame.layout().addWidget(panel)
        host.frame.show()
        if symbol is not None and not host.broken:
            qtbot.waitUntil(lambda: panel.table is not None, timeout=30_000)
        return panel

    yield make
    for host in hosts:
        assert host.bugs == []
        host.frame.close()
        host.frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.apply(qapp)


def painted(panel: ChainPanel) -> bytes:
    image = panel.ladder.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return bytes(image.constBits())


def centre(panel: ChainPanel, side: str, key: str, row: int) -> QPoint:
    keys = [each.key for each in panel.ladder._columns(side)]
    return panel.ladder._cell_rect(side, keys.index(key), panel.ladder._y(row)).center()


def test_the_next_monthly_expiry_is_shown_around_the_price(app: Any, open_panel: Any) -> None:
    panel = open_panel(app)
    assert panel.expiry == panel.bar.value != ""
    rows = panel.ladder.rows
    assert rows is not None and len(rows.sections) == 1
    section = rows.sections[0]
    assert rows.strike[section.at - 1] < section.spot <= rows.strike[section.at]
    assert panel.price.text() == "782.66" or float(panel.price.text().replace(",", "")) == pytest.approx(section.spot, abs=0.01)
    assert "parity" in panel.move_note.text()
    assert [each.key for each in panel.ladder.shown_columns] == list(columns.STANDARD["pro"])
    assert "SIMULATED" in panel.badge.accessibleName() or "SIMULATED" in panel.badge.toolTip() or panel.badge.isVisible()


def test_another_expiry_and_all_show_the_same_answer(app: Any, open_panel: Any) -> None:
    panel = open_panel(app)
    asked = len(panel.host.asked)
    panel.bar._buttons[ALL].click()
    assert panel.expiry == ALL
    assert len(panel.ladder.rows.sections) == len(panel._expiries)
    panel._next(1)
    assert panel.expiry == ALL
    first = next(iter(panel.bar._buttons))
    panel.bar._buttons[first].click()
    panel._next(1)
    assert panel.expiry == list(panel.bar._buttons)[1]
    assert len(panel.host.asked) == asked


def test_columns_are_chosen_and_kept(app: Any, open_panel: Any) -> None:
    panel = open_panel(app)
    panel.set_column("vanna", True)
    panel.set_column("gamma", False)
    assert "vanna" in panel.shown_keys and "gamma" not in panel.shown_keys
    menu = panel.columns_menu()
    ticked = {action.text() for action in menu.actions() if action.isChecked()}
    assert "Vanna" in ticked and "Gamma" not in ticked
    state = panel.save_state()
    other = open_panel(app)
    other.restore_state(state)
    assert other.shown_keys == panel.shown_keys
    for key in panel.shown_keys:
        panel.set_column(key, False)
    assert len(panel.shown_keys) == 1, "the last one stays"


def test_heat_can_be_switched_off(app: Any, open_panel: Any) -> None:
    panel = open_panel(app)
    before = painted(panel)
    panel.heat_button.click()
    assert not panel.ladder.heat
    assert painted(panel) != before


def test_grey_quotes_say_why_and_are_not_taken(app: Any, open_panel: Any) -> None:
    panel = open_panel(app)
    rows = panel.ladder.rows
    bad = next(row for row in range(rows.height) if not rows.usable["put"][row])
    panel.ladder.verticalScrollBar().setValue(0)
    assert rows.told["put"][bad] in panel.ladder._tip(centre(panel, "put", "ask", bad))
    assert "Not used" in panel.ladder.said("put", bad)
    panel.ladder.picked.emit("put", "ask", bad)
    assert panel.tray.legs == {}
    assert panel.host.said


def test_a_click_on_bid_or_ask_makes_a_leg_and_the_legs_are_planned(app: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(app)
    section = panel.ladder.rows.sections[0]
    low, high = section.at, section.at + 1
    for key, row in (("ask", low), ("bid", high)):
        qtbot.mouseClick(panel.ladder.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, "call", key, row))
    rows = panel.ladder.rows
    assert len(panel.tray.legs) == 2 and not panel.tray.isHidden()
    cost = rows.values["call"]["ask"][low] - rows.values["call"]["bid"][high]
    assert panel.tray.cost == pytest.approx(cost)
    assert panel.tray.text.startswith("+1 SPY ") and ", -1 SPY " in panel.tray.text
    panel.tray.plan.click()
    qtbot.waitUntil(lambda: not panel.banner.isHidden(), timeout=20_000)
    assert "You can lose" in panel.banner.accessibleName() or "You make" in panel.banner.accessibleName()
    panel.banner._action.click()
    assert panel.host.opened == [("planner", "SPY")]
    panel.banner.hide()
    panel.host.broken["options.calc"] = UserError("These cannot be planned today.")
    panel.tray.plan.click()
    qtbot.waitUntil(lambda: not panel.banner.isHidden(), timeout=10_000)
    assert panel.host.asked[-1] == ("options.calc", {"symbol": "SPY", "legs": panel.tray.text})
    panel.tray.clear.click()
    assert panel.tray.isHidden()


def test_the_keyboard_goes_everywhere(app: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(app)
    ladder = panel.ladder
    ladder.setFocus()
    heard: list[tuple[str, int]] = []
    ladder.moved.connect(lambda side, row: heard.append((side, row)))
    start = ladder._cell[1]
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home):
        qtbot.keyClick(ladder, key)
    assert heard[0] == ("call", start + 1)
    assert ladder._cell[1] == start
    for _ in range(len(ladder.shown_columns)):
        qtbot.keyClick(ladder, Qt.Key.Key_Right)
    assert ladder._cell[0] == "put"
    assert "put" in ladder.accessibleDescription()
    qtbot.keyClick(ladder, Qt.Key.Key_Left)


def test_both_modes_have_their_own_words_and_the_same_values(app: Any, open_panel: Any) -> None:
    panel = open_panel(app)
    pro = panel.move_note.text()
    panel.host.mode = "newbie"
    panel.set_mode("newbie")
    assert panel.move_note.text() != pro
    assert "one share" in panel.move_note.text()
    assert [each.key for each in panel.ladder.shown_columns] == list(columns.STANDARD["newbie"])
    assert panel.heat_button.isHidden()
    for each in columns.COLUMNS.values():
        words = panel.host.explain(each.term)
        assert words.title and words.text and words.title != each.term
    panel.retheme()


def test_without_a_symbol_and_without_options_it_says_so(app: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(app, None)
    assert "No symbol chosen" in panel.empty.accessibleName()
    panel.show_symbol("NOSUCH")
    qtbot.waitUntil(lambda: "No options of NOSUCH" in panel.empty.accessibleName(), timeout=30_000)
    panel.show_symbol("QQQ")
    qtbot.waitUntil(lambda: panel.table is not None, timeout=30_000)
    assert panel.title.text() == "QQQ"
    panel.show_as_of(None)
    assert panel.ladder.rows is None
    qtbot.waitUntil(lambda: panel.table is not None, timeout=30_000)


def test_where_there_is_little_room_the_prices_stay() -> None:
    wanted = columns.ordered(columns.STANDARD["pro"])
    kept = columns.fitting(wanted, 170, 54)
    assert [each.key for each in kept] == ["bid", "ask", "iv"]
    assert columns.fitting(wanted, 10_000, 54) == wanted
