"""The volatility panel over the demo market: every page in both modes, words, keyboard, names, days, and what is not there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from plugins.options.volatility.panel import PAGES, VolatilityPanel
from plugins.options.volatility.panel_axes import readable_on
from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.task import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date


class PanelHost:
    """What the window gives a panel, over an App."""

    panel_id = "volatility"

    def __init__(self, app: Any, widget: QWidget, mode: str, symbol: str | None, as_of: date | None) -> None:
        self.app, self.widget, self.mode, self.chosen, self.as_of = app, widget, mode, symbol, as_of
        self.bugs: list[BaseException] = []
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.under_way, self.posted = 0, 0
        self.bridge = Bridge(widget, on_error=lambda _, error: None, on_bug=self.bugs.append)

    def run(self, command: str, arguments: Any = None, *, then: Any, fail: Any = None, progress: Any = None,
            key: str = "") -> Any:  # fmt: skip
        self.ran.append((command, dict(arguments or {})))
        work = lambda report: self.app.start(command, dict(arguments or {}), progress=report, as_of=self.as_of)  # noqa: E731
        call = self.bridge.run(self.widget, work, then=then, fail=fail, progress=progress, key=key)
        self.under_way += 1
        call.future.add_done_callback(lambda _: setattr(self, "posted", self.posted + 1))
        return call

    def on(self, topic: str, slot: Any) -> None:
        self.bridge.listen(self.widget, topic, self.app.events.subscribe, slot)

    def symbol(self) -> str | None:
        return self.chosen

    def explain(self, term: str) -> Any:
        return self.app.explain.text(term, self.mode)

    def select(self, symbol: str) -> None: ...

    def open(self, panel: str, symbol: str | None = None) -> None: ...

    def has_command(self, command: str) -> bool:
        return True

    def setting(self, key: str) -> Any:
        return self.app.settings.get(key)

    def notify(self, text: str, level: str = "info") -> None: ...


def settle(panel: VolatilityPanel) -> None:
    host: Any = panel.host
    end = time.monotonic() + 90
    while host.posted < host.under_way:
        assert time.monotonic() < end, "the answers did not come"
        QApplication.processEvents()
        time.sleep(0.002)
    for _ in range(10):
        QApplication.processEvents()


@pytest.fixture
def open_panel(qapp: Any) -> Iterator[Callable[..., VolatilityPanel]]:
    theme.apply(qapp)
    frames: list[tuple[QWidget, VolatilityPanel]] = []

    def make(app: Any, mode: str = "pro", symbol: str | None = "SPY", as_of: date | None = None) -> VolatilityPanel:
        frame = QWidget()
        panel = VolatilityPanel(PanelHost(app, frame, mode, symbol, as_of))  # type: ignore[arg-type]
        frames.append((frame, panel))
        QVBoxLayout(frame).addWidget(panel)
        frame.resize(1300, 860)
        frame.show()
        settle(panel)
        return panel

    yield make
    for frame, panel in frames:
        settle(panel)
        bugs = panel.host.bugs  # type: ignore[attr-defined]
        frame.close()
        frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert bugs == []


def painted(widget: QWidget) -> int:
    """How many colours a picture of it has."""
    image = widget.grab().toImage()
    return len({image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 5)})


def unnamed(widget: QWidget) -> list[str]:
    return [f"{type(each).__name__} in {type(each.parent()).__name__}" for each in widget.findChildren(QWidget)
            if each.isVisible() and each.focusPolicy() & Qt.FocusPolicy.TabFocus and not each.accessibleName()
            and not getattr(each, "text", lambda: "")()]  # fmt: skip


def walk_pages(panel: VolatilityPanel) -> None:
    """Every page shows its picture, its table and names on everything."""
    for spec in PAGES[:-1]:
        panel.show_page(spec.key)
        settle(panel)
        page = panel.pages.page
        assert page.answer is not None, spec.key
        assert page.said.text() and page.table.model().rowCount() > 0, spec.key
        pictures = [getattr(page, name) for name in ("bars", "graph", "map", "landscape") if hasattr(page, name)]
        assert pictures and all(painted(each) > 3 for each in pictures), spec.key
        assert all(": " in each.accessibleName() for each in pictures), spec.key
        assert unnamed(page) == [], spec.key


def turn_the_landscape(panel: VolatilityPanel) -> None:
    """By keys and by dragging; Home puts it back."""
    panel.show_page("surface")
    settle(panel)
    hills = panel.pages.page.landscape
    turned, tilted = hills.turned, hills.tilted
    QTest.keyClick(hills, Qt.Key.Key_Right)
    QTest.keyClick(hills, Qt.Key.Key_Up)
    QTest.keyClick(hills, Qt.Key.Key_Plus)
    assert hills.turned > turned and hills.tilted > tilted and hills.near > 1
    QTest.keyClick(hills, Qt.Key.Key_Home)
    assert (hills.turned, hills.tilted, hills.near) == (turned, tilted, 1.0)
    QTest.mousePress(hills, Qt.MouseButton.LeftButton, pos=hills.rect().center())
    hills.mouseMoveEvent(_moved(hills, 60, 0))
    assert hills.turned > turned
    QTest.mouseRelease(hills, Qt.MouseButton.LeftButton, pos=hills.rect().center())
    for _ in range(60):
        hills.turn(0.0, 0.1)
    assert hills.tilted < 1.6, "never seen from below"


def _moved(widget: QWidget, x: int, y: int) -> Any:
    from PySide6.QtGui import QMouseEvent

    place = QPointF(widget.rect().center()) + QPointF(x, y)
    return QMouseEvent(QEvent.Type.MouseMove, place, widget.mapToGlobal(place), Qt.MouseButton.NoButton,
                       Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)  # fmt: skip


@pytest.mark.slow
def test_every_page_in_both_modes_and_themes(app: Any, open_panel: Callable[..., VolatilityPanel], qapp: Any) -> None:
    panel = open_panel(app)
    row = app.run("options.iv", {"symbols": ("SPY",)}).rows()[0]
    assert panel.title.text() == "Volatility of SPY"
    assert panel.sentence.text().startswith("The market expects SPY to move about ")
    assert f"{row['observed']} of 252 days observed" in panel.gauge.accessibleName()
    assert panel.figures["skew25"].isVisible() and panel.figures["iv30"].value.text() == written.percent(row["iv30"])
    walk_pages(panel)
    turn_the_landscape(panel)
    panel.host.mode = "newbie"
    theme.apply(qapp, "light")
    panel.set_mode("newbie")
    panel.retheme()
    settle(panel)
    assert panel.title.text() == "What options expect of SPY" and not panel.figures["skew25"].isVisible()
    assert panel.pages.specs["smile"].title("newbie") == "By strike"
    walk_pages(panel)
    state = panel.save_state()
    assert state["page"] == "days" and state["symbol"] == "SPY"
    panel.show_page("reports")
    settle(panel)
    assert "SPY" in panel.pages.page.said.text(), "a fund reports nothing, and that is said"


def test_without_a_symbol_and_with_one_that_has_no_options(app: Any, open_panel: Callable[..., VolatilityPanel]) -> None:
    panel = open_panel(app, symbol=None)
    page = panel.pages.page
    assert page.empty.isVisible() and panel.host.ran == []  # type: ignore[attr-defined]
    assert not panel._head.isVisible()
    bond = next(row["symbol"] for row in app.market.instruments().iter_rows(named=True) if row["kind"] == "bond")
    panel.show_symbol(bond)
    settle(panel)
    assert panel.pages.page.empty.isVisible() and bond in panel.sentence.text()
    assert not panel._head.isVisible(), "no figures of what is not known"


def test_text_on_the_map_can_be_read_on_every_colour(qapp: Any) -> None:
    from plugins.options.volatility.panel_axes import heat

    for name in ("dark", "light"):
        theme.apply(qapp, name)
        for step in range(11):
            color = heat(step / 10)
            assert theme.contrast(color.name(), readable_on(color).name()) >= 4.5


def test_the_smile_with_all_others_behind_it(qapp: Any) -> None:
    """More is painted with the other expiries, and a picture of nothing says so."""
    from datetime import UTC, datetime

    import numpy as np
    import polars as pl

    from plugins.options.volatility.panel_graphs import SmileGraph
    from terminal.domain.options.surface import Smile
    from terminal.domain.options.svi import Svi

    def smile(days: float, level: float) -> Smile:
        strikes = np.arange(80.0, 121.0, 5.0)
        curve = Svi(level**2 * days / 365 * 0.5, 0.02, -0.3, 0.0, 0.1)
        iv = np.sqrt(curve.variance(np.log(strikes / 100)) / (days / 365))
        quotes = pl.DataFrame({"strike": strikes, "moneyness": np.log(strikes / 100), "call": strikes >= 100, "iv": iv,
                               "iv_bid": iv - 0.01, "iv_ask": iv + 0.01, "curve_iv": iv})  # fmt: skip
        at = datetime(2026, 12, 18, 21, tzinfo=UTC)
        return Smile(at.date(), "SPY", at, days, days / 365, 100.0, quotes, curve, False, "", 0.0, 1.0, 0.1, 90.0, None, None,
                     level, None, None)  # fmt: skip

    graph = SmileGraph()
    graph.resize(600, 400)
    graph.show_smile(smile(30, 0.2), False)
    alone = graph.grab().toImage()
    graph.show_smile(smile(30, 0.2), False, [smile(60, 0.21), smile(90, 0.22)])
    assert graph.grab().toImage() != alone
    assert "9 strikes, 20.0" in graph.accessibleName()
    place = graph.at(100.0, 0.2)
    assert "100.00 call" in graph.said_at(place) and "curve" in graph.said_at(place)
    graph.show_smile(None, True)
    assert graph.accessibleName() == "Smile: nothing to show" and graph.said_at(place) == ""
