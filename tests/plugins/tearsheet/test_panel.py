"""The tearsheet's panel over the demo market: what it shows, what its sliders do, what happens when things go wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QLabel

from plugins.tearsheet.panel import TearsheetPanel
from plugins.tearsheet.panel_sections import ORDER, PARTS
from terminal.errors import UserError
from terminal.ui import theme
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STOCK, BANK, LOSS, FUND, BOND, UNSEEN = "ZENR", "ALM", "ARKU", "SPY", "UST29", "CALR"


@pytest.fixture(scope="module")
def market(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One App for all tests of this file, with its features computed."""
    import shutil

    from terminal.app import App
    from terminal.paths import Home

    folder = tmp_path_factory.mktemp("panel") / "home"
    shutil.copytree(_demo_home, folder)
    opened = App(Home(folder), demo=True, clock=lambda: datetime(2026, 11, 20, 22, 0, tzinfo=UTC))
    for symbol in (STOCK, BANK, LOSS, FUND, BOND, UNSEEN):
        opened.market.ensure([symbol], ("quotes",), opened.context())
    opened.run("tearsheet.show", {"symbol": STOCK, "remember": False})
    # The worker threads live as long as the App, not as one test: have them all begin here.
    [each.result() for each in [opened.start("watchlist.list") for _ in range(8)]]
    yield opened
    opened.close()


@pytest.fixture
def show(market: Any, qapp: Any, qtbot: Any) -> Iterator[Callable[..., TearsheetPanel]]:
    """Makes a panel that shows a symbol."""
    theme.apply(qapp)
    hosts: list[AppHost] = []

    def make(symbol: str = STOCK, mode: str = "pro", ready: bool = True, host: AppHost | None = None) -> TearsheetPanel:
        host = host or AppHost(market, mode)
        hosts.append(host)
        panel = TearsheetPanel(host)
        host.frame.layout().addWidget(panel)
        host.frame.show()
        if symbol:
            panel.show_symbol(symbol)
        if ready and symbol:
            wait(panel, symbol, qtbot)
        return panel

    yield make
    for host in hosts:
        assert not host.bugs, host.bugs
        host.frame.close()
        host.frame.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


def wait(panel: TearsheetPanel, symbol: str, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: panel.sheet is not None and panel.sheet.symbol == symbol and panel.settled, timeout=20_000)


def shown(panel: TearsheetPanel) -> list[str]:
    return [name for name in ORDER[panel.host.mode] if not panel.sections[name].isHidden()]


def words_of(widget: Any) -> str:
    return " | ".join(each.text() for each in widget.findChildren(QLabel) if each.text() and not each.isHidden())


# ---- what is there ----


def test_a_stock_has_every_section(show: Any) -> None:
    panel = show()
    late = "earnings"  # it comes with an answer of its own
    assert [name for name in shown(panel) if name != late] == [
        name for name in ORDER["pro"] if name not in ("position", "disputes", late)]
    sheet = panel.sheet
    text = words_of(panel)
    for part in (sheet.symbol, sheet.name, sheet.explanation.verdict, f"{sheet.explanation.score:.1f} of 10"):
        assert part in text
    for card in ("market_cap", "pe_ttm", "fcf_yield", "beta"):
        assert panel.parts["cards"].cards[(card, False)].accessibleName().endswith(sheet.figure(card).text)
    assert [gate.title for gate in sheet.explanation.gates] and all(gate.title in text for gate in sheet.explanation.gates)
    known = [risk for risk in sheet.risks if risk.impact is not None]
    impacts = [-round(100 * risk.impact) for risk in known]
    rows = [each for each in panel.parts["risks"].rows.rows if not each.isHidden()]
    assert [words_of(each).split(" | ")[0] for each in rows] == [risk.title for risk in known]
    assert impacts == sorted(impacts)


def test_every_pillar_is_said_of_ten_with_one_decimal(show: Any) -> None:
    panel = show()
    name = panel.parts["pillars"].accessibleName()
    for pillar in panel.sheet.explanation.pillars:
        assert f"{pillar.title} {pillar.score:.1f}" in name


def test_where_a_figure_stands_is_computed_from_the_group_itself(show: Any, market: Any) -> None:
    import polars as pl

    panel = show()
    sheet = panel.sheet
    group = (
        market.market.scored(None)
        .frame.filter((pl.col("kind") == "stock") & (pl.col("sector") == sheet.row["sector"]) & (pl.col("symbol") != STOCK))[
            "pe_ttm"
        ]
        .drop_nulls()
        .to_list()
    )
    standing = next(each for each in sheet.background.standings if each.field == "pe_ttm")
    span = next(each for each in standing.spans if each.group == "sector")
    assert span.count == len(group)
    assert span.below == pytest.approx(sum(value < sheet.row["pe_ttm"] for value in group) / len(group))
    own = next(each for each in standing.spans if each.group == "own")
    assert own.middle == pytest.approx(sheet.row["pe_median_5y"])
    assert len(panel.parts["context"].pictures) == len(sheet.background.standings)


def test_statements_by_year_add_up(show: Any) -> None:
    lines = {line.item: line for line in show().sheet.background.statements}
    assert lines["revenue"].points[-1][1] == pytest.approx(show().sheet.row["revenue_ttm"])
    assert len(lines["revenue"].points) >= 4
    gaps = [(b[0] - a[0]).days for a, b in zip(lines["revenue"].points, lines["revenue"].points[1:], strict=False)]
    assert all(340 <= gap <= 390 for gap in gaps)


@pytest.mark.parametrize(
    ("symbol", "absent"),
    [
        (FUND, {"cash", "statements", "position"}),
        (BOND, {"cash", "statements", "position"}),
        (BANK, {"position"}),
        (LOSS, {"position"}),
    ],
)
def test_other_kinds_have_what_fits_them(show: Any, symbol: str, absent: set[str]) -> None:
    panel = show(symbol)
    hidden = {name for name in PARTS if panel.sections[name].isHidden()} - {"unknown", "disputes", "earnings"}
    assert hidden == absent
    cards = [card for key, card in panel.parts["cards"].cards.items() if not card.isHidden()]
    unknown = [card.accessibleName() for card in cards if card.accessibleName().endswith("unknown")]
    assert len(unknown) <= 2, unknown
    if symbol in (FUND, BOND):
        assert "P/E" not in words_of(panel)
    if symbol == LOSS:
        assert panel.sheet.row["pe_ttm"] is None and "P/E: unknown" in [card.accessibleName() for card in cards]


def test_a_bank_has_no_cash_value_and_the_reason_is_said(show: Any) -> None:
    panel = show(BANK)
    assert panel.sheet.valuation.value is None
    assert panel.sheet.valuation.reason[1:] in words_of(panel.parts["cash"])
    assert panel.parts["cash"].grid.isHidden() and all(dial.isHidden() for dial in panel.parts["cash"].dials.values())


def test_what_is_folded_is_made_when_it_is_opened(show: Any) -> None:
    panel = show()
    assert "sensitivity" not in panel.parts and "figures" not in panel.parts
    panel.sections["sensitivity"].set_open(True)
    assert panel.parts["sensitivity"].dials


def test_an_action_without_its_plugin_is_hidden(show: Any, market: Any) -> None:
    host = AppHost(market)
    host.hidden = {"watchlist.add", "journal.log"}
    panel = show(host=host)
    names = [each.accessibleName() for each in panel.head.findChildren(QAbstractButton) if not each.isHidden()]
    assert names == []
    offered = [each.accessibleName() for each in show().head.findChildren(QAbstractButton) if not each.isHidden()]
    assert offered[0] == "Add to a watchlist" and "Trade" not in offered


def test_the_star_asks_which_list(show: Any, market: Any, qtbot: Any) -> None:
    name = f"Ideas {datetime.now(UTC).timestamp()}"
    market.run("watchlist.create", {"name": name, "symbols": []})
    panel = show()
    actions = panel.actions_row
    assert not actions.star.isChecked()
    menu = actions.menu({name: False})
    assert [each.text() for each in menu.actions() if each.text()] == [f"Add to “{name}”", "New watchlist …"]
    menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: bool(panel.host.said), timeout=5000)
    assert panel.host.said == [("ok", f"{STOCK} is on the watchlist “{name}”.")]
    assert market.run("watchlist.show", {"name": name}).frame["symbol"].to_list() == [STOCK]
    actions.look()
    qtbot.waitUntil(actions.star.isChecked, timeout=5000)
    assert name in actions.star.toolTip()
    again = actions.menu({name: True})
    assert [each.text() for each in again.actions() if each.text()] == [f"Take off “{name}”", "New watchlist …"]
    again.actions()[0].trigger()
    qtbot.waitUntil(lambda: len(panel.host.said) == 2, timeout=5000)
    assert market.run("watchlist.show", {"name": name}).frame.is_empty()


# ---- sliders ----


def test_a_threshold_moved_by_keyboard_turns_the_verdict_and_reset_brings_ours_back(show: Any, qtbot: Any) -> None:
    panel = show()
    panel.sections["sensitivity"].set_open(True)
    part, ours = panel.parts["sensitivity"], panel.sheet.explanation.verdict
    each = next(each for each in panel.sheet.thresholds if each.flips_at is not None)
    dial = part.dials[each.key]
    dial.slider.setFocus()
    upward = each.flips_at > each.limit
    while (dial.value <= each.flips_at) if upward else (dial.value >= each.flips_at):
        before = dial.value
        qtbot.keyClick(dial.slider, Qt.Key.Key_Right if upward else Qt.Key.Key_Left)
        assert dial.value != before
    qtbot.waitUntil(lambda: not part.result.isHidden() and part.verdict.pill.text == each.verdict, timeout=10_000)
    assert part.verdict.pill.text != ours and panel.parts["verdict"].pill.text == ours
    qtbot.mouseClick(part.reset, Qt.MouseButton.LeftButton)
    assert part.result.isHidden() and not part.reset.isEnabled()
    assert dial.value == pytest.approx(each.limit)


def test_an_assumption_moved_by_keyboard_or_typed_changes_the_value(show: Any, qtbot: Any, market: Any) -> None:
    panel = show()
    part, ours = panel.parts["cash"], panel.sheet.valuation
    head = part.findChildren(QLabel)[0]
    before = head.text()
    part.dials["wacc"].slider.setFocus()
    qtbot.keyClick(part.dials["wacc"].slider, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: head.text() != before, timeout=10_000)
    lower = market.run("tearsheet.dcf", {"symbol": STOCK, "wacc": part.dials["wacc"].value}).detail["valuation"]
    assert lower.value < ours.value and f"{lower.value:.2f}" in head.text()
    field = part.dials["growth"].number
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "3.25")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    both = market.run("tearsheet.dcf", {"symbol": STOCK, "wacc": part.dials["wacc"].value, "growth": 0.0325}).detail["valuation"]
    qtbot.waitUntil(lambda: f"{both.value:.2f}" in head.text(), timeout=10_000)
    qtbot.mouseClick(part.reset, Qt.MouseButton.LeftButton)
    assert head.text() == before and part.dials["growth"].value == pytest.approx(ours.assumption("growth").value)


def test_the_wheel_over_a_slider_without_focus_scrolls_the_page(show: Any) -> None:
    panel = show()
    slider = panel.parts["cash"].dials["wacc"].slider
    slider.clearFocus()
    value = slider.value()
    wheel = QWheelEvent(
        QPointF(5, 5),
        slider.mapToGlobal(QPointF(5, 5)),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(slider, wheel)
    assert slider.value() == value and not wheel.isAccepted()


def test_what_is_tried_out_does_not_survive_another_symbol(show: Any, qtbot: Any) -> None:
    panel = show()
    panel.assume("wacc", 0.15)
    panel.show_symbol(BANK)
    wait(panel, BANK, qtbot)
    panel.show_symbol(STOCK)
    wait(panel, STOCK, qtbot)
    assert panel.parts["cash"].dials["wacc"].value == pytest.approx(panel.sheet.valuation.assumption("wacc").value)


# ---- loading ----


def test_an_unknown_symbol_is_said_with_what_to_do(show: Any, qtbot: Any) -> None:
    panel = show("NOPE", ready=False)
    qtbot.waitUntil(lambda: not panel.empty.isHidden() and "NOPE" in words_of(panel.empty), timeout=20_000)
    assert "Nothing to show for NOPE" in words_of(panel.empty) and "search" in words_of(panel.empty).lower()
    assert not panel.settled or panel.sheet is None
    panel.show_symbol(STOCK)
    wait(panel, STOCK, qtbot)


def test_while_it_is_fetched_a_skeleton_says_so(show: Any, qtbot: Any) -> None:
    panel = show(ready=False)
    panel._show_skeleton()
    assert panel.skeleton.accessibleName() == f"Fetching {STOCK}" and panel.skeleton.isVisible()
    wait(panel, STOCK, qtbot)
    assert not panel.skeleton.isVisible()


def test_a_refresh_keeps_place_and_content(show: Any, qtbot: Any, market: Any) -> None:
    panel = show()
    bar = panel._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 900, timeout=3000)
    bar.setValue(800)
    widgets = {name: id(part) for name, part in panel.parts.items()}
    asked = len(panel.host.asked)
    market.events.publish("market.changed", {"datasets": ("quotes",), "symbols": (STOCK,)})
    qtbot.waitUntil(lambda: len(panel.host.asked) > asked, timeout=5000)
    assert panel._stack.currentIndex() == 1, "the last good content must stay while it is fetched again"
    qtbot.waitUntil(lambda: panel._call.done and panel.settled, timeout=20_000)
    qtbot.wait(50)
    assert bar.value() == 800 and {name: id(part) for name, part in panel.parts.items()} == widgets


def test_a_refresh_that_fails_keeps_what_is_shown(show: Any, qtbot: Any) -> None:
    panel = show()
    panel.host.broken["tearsheet.show"] = UserError("The service does not answer.", "Try later.")
    panel._load()
    assert panel._stack.currentIndex() == 1 and not panel.banner.isHidden()
    assert "The service does not answer. Try later. What is shown was fetched" in words_of(panel.banner)
    panel.host.broken.clear()
    qtbot.mouseClick(
        next(each for each in panel.banner.findChildren(QAbstractButton) if each.text() == "Try again"), Qt.MouseButton.LeftButton
    )
    qtbot.waitUntil(panel.banner.isHidden, timeout=20_000)


def test_old_prices_are_said_with_their_age(show: Any) -> None:
    from dataclasses import replace
    from datetime import timedelta

    panel = show()
    panel._tell(replace(panel.sheet, price_date=panel.sheet.as_of - timedelta(days=12)), ())
    assert "The newest price is 12 days old" in words_of(panel.banner)
    panel._tell(panel.sheet, ())
    assert panel.banner.isHidden()


def test_a_look_is_remembered_once_after_a_while(show: Any, qtbot: Any, market: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.tearsheet.panel.DWELL_MS", 30)
    assert market.store.book.last_look(UNSEEN) is None
    panel = show(UNSEEN)
    qtbot.waitUntil(lambda: market.store.book.last_look(UNSEEN) is not None, timeout=10_000)
    assert "first look" in words_of(panel.parts["changes"])
    panel._load()
    qtbot.waitUntil(lambda: panel._call.done and panel.settled, timeout=20_000)
    qtbot.wait(100)
    asked = [arguments for command, arguments in panel.host.asked if command == "tearsheet.show" and "section" in arguments]
    assert len(asked) == 1
    assert "first look" in words_of(panel.parts["changes"]), "it stays what it was when the page came up"


def test_what_changed_since_the_last_look_is_shown(show: Any, market: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = market.run("tearsheet.show", {"symbol": LOSS, "remember": False}).detail["sheet"]
    payload = sheet.payload()
    payload["values"] = {**payload["values"], "price": sheet.row["price"] * 0.5}
    market.store.book.save_look(LOSS, payload)
    panel = show(LOSS)
    text = words_of(panel.parts["changes"])
    assert "Price" in text and "→" in text and "first look" not in text


def test_export_writes_files(show: Any, qtbot: Any, tmp_path: Path) -> None:
    panel = show()
    for place, (kind, start) in enumerate((("pdf", b"%PDF"), ("csv", b""))):
        panel.host.file = str(tmp_path / f"sheet.{kind}")
        qtbot.mouseClick(panel.exports[place], Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: len(panel.host.said) > place, timeout=20_000)  # noqa: B023
        assert panel.host.said[-1] == ("ok", f"Written to {panel.host.file}.")
        content = (tmp_path / f"sheet.{kind}").read_bytes()
        assert content.startswith(start) and len(content) > 1000
        assert panel.exports[place].isEnabled()


def test_an_export_that_cannot_be_written_says_so(show: Any, qtbot: Any, tmp_path: Path) -> None:
    panel = show()
    panel.host.file = str(tmp_path)  # a folder
    qtbot.mouseClick(panel.exports[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(panel.host.said), timeout=20_000)
    assert panel.host.said[-1][0] == "error" and panel.exports[0].isEnabled()


# ---- state, theme, access ----


def test_state_comes_back(show: Any, qtbot: Any) -> None:
    panel = show()
    panel.sections["peers"].set_open(False)
    panel.sections["checks"].set_open(True)
    panel.parts["chart"].show_range("3M")
    state = panel.save_state()
    again = show("", ready=False)
    again.restore_state(state)
    wait(again, STOCK, qtbot)
    assert again.save_state() == state
    again.restore_state({"open": "nonsense", "range": None})


def test_theme_and_mode_change_while_it_is_open(show: Any, qapp: Any, qtbot: Any) -> None:
    panel = show()
    theme.apply(qapp, "light", "colour-blind", 15)
    panel.retheme()
    wait(panel, STOCK, qtbot)
    panel.host.mode = "newbie"
    panel.set_mode("newbie")
    wait(panel, STOCK, qtbot)
    order = sorted((name for name in shown(panel)), key=lambda name: panel.sections[name].y())
    assert order[:4] == ["verdict", "cards", "helper", "risks"]
    assert not panel.grab().isNull()


@pytest.mark.parametrize("mode", ["pro", "newbie"])
def test_everything_one_can_reach_has_a_name(show: Any, mode: str, qtbot: Any) -> None:
    panel = show(mode=mode)
    for section in panel.sections.values():
        section.set_open(True)
    wait(panel, STOCK, qtbot)
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox)
    nameless = [
        each
        for kind in kinds
        for each in panel.findChildren(kind)
        if each.isVisibleTo(panel) and each.focusPolicy() != Qt.FocusPolicy.NoFocus and not each.accessibleName()
    ]
    assert not nameless, [(type(each).__name__, each.parent()) for each in nameless]
    for name in ("pillars", "cash"):
        assert panel.parts[name].accessibleName() or panel.parts[name].grid.accessibleDescription()
    assert all(each.accessibleName() for each in panel.parts["context"].pictures)


@pytest.mark.parametrize("width", [420, pytest.param(700, marks=pytest.mark.slow)])
@pytest.mark.parametrize("symbol", [STOCK, LOSS, FUND, BOND])
def test_nothing_is_wider_than_the_panel(show: Any, symbol: str, width: int, qtbot: Any) -> None:
    panel = show(symbol, "newbie")
    for section in panel.sections.values():
        section.set_open(True)
    panel.host.frame.layout().setContentsMargins(0, 0, 0, 0)
    panel.host.frame.resize(width, 900)
    wait(panel, symbol, qtbot)
    qtbot.wait(20)
    room = panel._scroll.viewport().width() - 32
    wide = [name for name, part in panel.parts.items() if part.minimumSizeHint().width() > room]
    inside = panel._scroll.widget()
    assert not wide and panel.width() == width
    assert inside.minimumSizeHint().width() <= panel._scroll.viewport().width(), panel.head.minimumSizeHint().width()
