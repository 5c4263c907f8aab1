"""The exposure panel on the demo market: views and switches, words of both modes, keyboard, empty states, another day."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QImage

from plugins.options.exposure.panel import ExposurePanel
from terminal.paths import Home
from terminal.ui import theme
from tests.conftest import Clock
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def app(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A demo market for all tests here; they only read it."""
    from terminal.app import App

    place = tmp_path_factory.mktemp("exposure") / "home"
    shutil.copytree(_demo_home, place)
    opened = App(Home(place), demo=True, clock=Clock())
    # All of its threads now: one that came with a test would look as if that test had left it behind.
    for running in [opened.start("options.ratios", {"symbols": ["IWM"]}) for _ in range(8)]:
        running.result(60)
    yield opened
    opened.close()


@pytest.fixture
def open_panel(qapp: Any, qtbot: Any) -> Iterator[Callable[..., ExposurePanel]]:
    """Makes a panel that looks at a symbol and waits for its first answer."""
    theme.apply(qapp)
    hosts: list[AppHost] = []

    def make(app: Any, symbol: str = "IWM", mode: str = "pro", answered: bool = True) -> ExposurePanel:
        host = AppHost(app, mode)
        hosts.append(host)
        host.frame.resize(1300, 800)
        panel = ExposurePanel(host)
        panel.symbol = symbol
        host.frame.layout().addWidget(panel)
        host.frame.show()
        if answered:
            qtbot.waitUntil(lambda: panel.table is not None, timeout=30_000)
        return panel

    yield make
    for host in hosts:
        assert host.bugs == []
        host.frame.close()
        host.frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.apply(qapp)


def painted(widget: Any) -> bytes:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return bytes(image.constBits())


def test_it_shows_what_the_command_says(app: Any, open_panel: Any) -> None:
    panel = open_panel(app)
    said = app.run("options.gex", {"symbol": "IWM"})
    assert panel.table.rows() == said.rows()
    found = said.detail["exposure"]
    assert panel.price.text() == f"{found.spot:.2f}"
    assert panel.cards["zero"]._value.text() == f"{said.detail['turn'].level:.2f}"
    assert panel.assumption.text() == said.notes[0]
    assert "It is assumed that dealers own the calls" in panel.assumption.text()
    strikes = {bar.strike: bar for bar in panel.bars._bars}
    for row in said.rows():
        if row["strike"] in strikes and row["gamma"] is not None:
            bar = strikes[row["strike"]]
            assert (bar.up or 0) - (bar.down or 0) == pytest.approx(row["gamma"])


def test_every_view_and_measure_is_painted(app: Any, open_panel: Any) -> None:
    panel = open_panel(app)
    seen = set()
    for view in ("strikes", "map", "curve", "open", "traded"):
        panel.choose("view", view)
        assert panel._pictures.currentWidget().accessibleName()
        assert panel._pictures.currentWidget().accessibleDescription()
        seen.add(painted(panel._pictures))
    panel.choose("view", "strikes")
    for measure in ("delta", "vanna", "charm"):
        panel.choose("measure", measure)
        seen.add(painted(panel._pictures))
    assert len(seen) == 8
    assert panel.save_state()["measure"] == "charm"


def test_another_assumption_is_another_answer(app: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(app)
    before = panel.table
    panel.choose("dealer", "short")
    qtbot.waitUntil(lambda: panel.table is not before, timeout=30_000)
    assert panel.table.detail["exposure"].dealer == "short"
    assert "dealers are short every option" in panel.assumption.text()
    assert panel.cards["zero"]._value.text() == "–"
    assert all(not bar.up for bar in panel.bars._bars)


def test_beginners_read_sentences(app: Any, open_panel: Any) -> None:
    panel = open_panel(app, mode="newbie")
    assert panel.headline.text().startswith("Above ")
    assert "if they hold what we assume" in panel.headline.text()
    assert panel.cards["net"]._title.text() == "Hedging now"
    assert not panel.sticky.isVisible()
    panel.choose("view", "open")
    assert panel.headline.text().startswith("Most calls are open at ")
    assert not panel._assume.isVisible()
    panel.host.mode = "pro"
    panel.set_mode("pro")
    assert panel.cards["net"]._title.text() == "Net gamma, 1 %"


def test_arrows_and_the_pointer_move_along_the_strikes(app: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(app)
    for view in ("strikes", "map", "curve"):
        panel.choose("view", view)
        picture = panel._pictures.currentWidget()
        picture.setFocus()
        first = picture.accessibleDescription()
        qtbot.keyClick(picture, Qt.Key.Key_Right)
        assert picture.accessibleDescription() != first
        qtbot.keyClick(picture, Qt.Key.Key_Left)
        assert picture.accessibleDescription() == first
        middle = QPointF(picture.width() / 2, picture.height() / 2)
        assert picture.said_at(middle)
        assert picture.said_at(QPointF(2, 2)) == ""


def test_both_themes(app: Any, open_panel: Any, qapp: Any) -> None:
    panel = open_panel(app)
    dark = painted(panel.bars)
    theme.apply(qapp, "light")
    panel.retheme()
    assert painted(panel.bars) != dark


def test_without_a_symbol_or_options_it_says_what_to_do(app: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(app, symbol="", answered=False)
    assert panel.empty.isVisible()
    panel.show_symbol("ZZZZ")
    qtbot.waitUntil(lambda: "ZZZZ" in panel.empty._title.text(), timeout=30_000)
    panel.show_symbol("IWM")
    qtbot.waitUntil(lambda: panel.table is not None, timeout=30_000)
    assert not panel.empty.isVisible()


def test_another_day_is_asked_anew(app: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(app)
    asked = len(panel.host.asked)
    panel.show_as_of(date(2026, 11, 10))
    assert panel.table is None  # what is shown belongs to the other day
    qtbot.waitUntil(lambda: panel.table is not None, timeout=30_000)
    assert panel.host.asked[asked:] == [panel.host.asked[asked - 1]]


def test_what_was_chosen_is_kept(app: Any, open_panel: Any) -> None:
    panel = open_panel(app, answered=False)
    panel.restore_state({"view": "curve", "measure": "vanna", "dealer": "long", "expiries": "nonsense"})
    state = panel.save_state()
    assert (state["view"], state["measure"], state["dealer"], state["expiries"]) == ("curve", "vanna", "long", "0")
