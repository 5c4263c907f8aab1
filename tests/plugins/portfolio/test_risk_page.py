"""The page of risk: the same values in both modes, a name on everything, the keyboard, and what it says when there is nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from plugins.portfolio.panel_head import Surroundings
from plugins.portfolio.risk.page import RiskPage
from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.task import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class PageHost:
    """What the window gives a panel, over an App."""

    panel_id = "portfolio"
    as_of = None

    def __init__(self, app: Any, widget: QWidget, mode: str) -> None:
        self.app, self.widget, self.mode = app, widget, mode
        self.selected: list[str] = []
        self.bugs: list[BaseException] = []
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.under_way = 0
        self.posted: list[str] = []
        self.bridge = Bridge(widget, on_error=lambda _, error: None, on_bug=self.bugs.append)

    def run(self, command: str, arguments: Any = None, *, then: Any, fail: Any = None, progress: Any = None,
            key: str = "") -> Any:  # fmt: skip
        self.ran.append((command, dict(arguments or {})))
        call = self.bridge.run(self.widget, lambda report: self.app.start(command, dict(arguments or {}), progress=report),
                               then=then, fail=fail, progress=progress, key=key)  # fmt: skip
        self.under_way += 1
        call.future.add_done_callback(lambda _: self.posted.append(command))  # after the bridge's own: its answer is posted
        return call

    def on(self, topic: str, slot: Any) -> None:
        self.bridge.listen(self.widget, topic, self.app.events.subscribe, slot)

    def select(self, symbol: str) -> None:
        self.selected.append(symbol)

    def symbol(self) -> str | None:
        return None

    def open(self, panel: str, symbol: str | None = None) -> None: ...

    def explain(self, term: str) -> Any:
        return self.app.explain.text(term, self.mode)

    def has_command(self, command: str) -> bool:
        return True

    def setting(self, key: str) -> Any:
        return self.app.settings.get(key)

    def notify(self, text: str, level: str = "info") -> None: ...


def settle(page: Any) -> None:
    end = time.monotonic() + 60
    while len(page._host.posted) < page._host.under_way:
        assert time.monotonic() < end, "the answers did not come"
        QApplication.processEvents()
        time.sleep(0.002)
    for _ in range(10):
        QApplication.processEvents()


@pytest.fixture
def open_page(qapp: Any) -> Iterator[Callable[..., Any]]:
    theme.apply(qapp)
    frames: list[tuple[QWidget, Any]] = []

    def make(app: Any, mode: str = "pro") -> Any:
        frame = QWidget()
        page = RiskPage(PageHost(app, frame, mode), Surroundings())  # type: ignore[arg-type]
        frames.append((frame, page))
        QVBoxLayout(frame).addWidget(page)
        frame.resize(1500, 900)
        frame.show()
        page.ask()
        settle(page)
        return page

    yield make
    for frame, page in frames:
        settle(page)  # whoever was replaced still ends
        bugs = page._host.bugs
        frame.close()
        frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert bugs == []


def unnamed(widget: QWidget) -> list[str]:
    """Visible widgets that take the focus and have no accessible name."""
    found = []
    for each in widget.findChildren(QWidget):
        if each.isVisible() and each.focusPolicy() & Qt.FocusPolicy.TabFocus:
            spoken = QAccessible.queryAccessibleInterface(each)
            if spoken is not None and not spoken.text(QAccessible.Text.Name) and not each.accessibleName():
                found.append(f"{type(each).__name__} in {type(each.parent()).__name__}")
    return found


def walk_the_map(page: Any, found: Any) -> None:
    """By keyboard and mouse."""
    shown = page.full.map
    shown.setFocus()
    QTest.keyClick(shown, Qt.Key.Key_Right)
    one, other = found.symbols[:2]
    value = written.number(float(found.matrix[0, 1]), 2)
    assert shown.accessibleDescription().startswith(f"{one} and {other}: {value}")
    QTest.keyClick(shown, Qt.Key.Key_Down)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert page._host.selected == [other]
    last = shown._cell(len(found.symbols) - 1, 0).center()
    QTest.mouseClick(shown, Qt.MouseButton.LeftButton, pos=last.toPoint())
    assert page._host.selected[-1] == found.symbols[-1]
    assert found.symbols[-1] in shown.said_at(last)


def test_a_professional_sees_cards_tables_and_pictures(portfolio_app: Any, open_page: Callable[..., Any]) -> None:
    page = open_page(portfolio_app)
    table = portfolio_app.run("portfolio.risk")
    rows = {row["figure"]: row for row in table.rows()}
    assert page.full.isVisible() and not page.plain.isVisible()
    value = written.money(rows["Value at risk"]["amount"], "USD", 0)
    assert page.full.cards["var"].accessibleName() == f"Value at risk: {value}"
    assert "Rules of thumb" not in page.full.cards["var"].toolTip() and "quantile" in page.full.cards["var"].toolTip()
    assert page.full.views["positions"].symbols() == portfolio_app.run("portfolio.risk", {"part": "positions"}).frame[
        "symbol"].to_list()  # fmt: skip
    for name, view in page.full.views.items():
        page.full.show_part(name)
        assert view.isVisible() and (name == "check" or view.symbols() is not None)
    assert "of 1010 days" in page.full.exceptions.accessibleDescription()
    page.full.method.setCurrentIndex(0)
    assert page.full.exceptions._method == "historical"
    assert unnamed(page) == []
    other = page.grab().toImage()
    assert other.width() > 1000 and page.full.under.said_at(QPointF(5, 5)).startswith("<b>")
    walk_the_map(page, portfolio_app.run("portfolio.correlation", {"days": 504}).detail["together"])


def test_a_beginner_reads_the_same_in_sentences(portfolio_app: Any, open_page: Callable[..., Any]) -> None:
    page = open_page(portfolio_app, "newbie")
    rows = {row["figure"]: row for row in portfolio_app.run("portfolio.risk").rows()}
    assert page.plain.isVisible() and not page.full.isVisible()
    told = page.plain.lights["var"].accessibleName()
    assert told.startswith("What does a bad day cost?") and rows["Value at risk"]["says"] in told
    assert written.money(rows["Value at risk"]["amount"], "USD", 0) in told
    assert "exceeded on" in page.plain.lights["trust"].accessibleName()
    assert "move as one" in page.plain.lights["together"].accessibleName()
    assert "SPY" in page.plain.bars.accessibleDescription() and "QQQ 950P" in page.plain.bars.accessibleDescription()
    assert unnamed(page) == []
    page.sure.changed.emit("0.95")
    page.sure.set_value("0.99")
    page.ask()
    settle(page)
    assert "one day in a hundred" in page.plain.lights["var"].accessibleName()
    assert page._host.ran[-1] == ("portfolio.var_check", {"account": (), "currency": "", "confidence": 0.99, "days": 1260})
    kept = page.save_state()
    assert kept["sure"] == "0.99"
    page.restore_state({**kept, "sure": "0.9", "past": "9", "table": "styles", "method": "parametric"})
    assert page.sure.value == "0.9" and page.past.value == "504" and page.full.shown == "styles"


def test_nothing_held_is_said(app: Any, open_page: Callable[..., Any]) -> None:
    app.run("portfolio.account_create", {"name": "Main"})
    for mode in ("newbie", "pro"):
        page = open_page(app, mode)
        assert page.empty.isVisible() and "Nothing is held" in page.empty.accessibleName()
        page._host.mode = "pro" if mode == "newbie" else "newbie"
        page.set_mode(page._host.mode)
        assert page.empty.isVisible()
