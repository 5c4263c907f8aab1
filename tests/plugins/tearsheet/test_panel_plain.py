"""Cards in sentences with their lights, and what an amount buys, in the panel; the values are the same in both modes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from plugins.tearsheet.panel import TearsheetPanel
from plugins.tearsheet.panel_parts import LIGHTS
from plugins.tearsheet.told import told
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STOCK, LOSS = "ZENR", "ARKU"


@pytest.fixture(scope="module")
def market(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One App for all tests of this file."""
    import shutil

    from terminal.app import App
    from terminal.paths import Home

    folder = tmp_path_factory.mktemp("plain") / "home"
    shutil.copytree(_demo_home, folder)
    opened = App(Home(folder), demo=True, clock=lambda: datetime(2026, 11, 20, 22, 0, tzinfo=UTC))
    # The worker threads live as long as the App, not as one test: have them all begin here.
    [each.result() for each in [opened.start("watchlist.list") for _ in range(8)]]
    yield opened
    opened.close()


@pytest.fixture
def panel(market: Any, qtbot: Any) -> Iterator[TearsheetPanel]:
    host = AppHost(market, "newbie", STOCK)
    for key in ("tearsheet.amount", "tearsheet.portfolio"):
        market.settings.reset(key)
    made = TearsheetPanel(host)
    host.frame.layout().addWidget(made)
    host.frame.show()
    qtbot.waitUntil(lambda: made.sheet is not None and made.settled, timeout=20_000)
    yield made
    assert not host.bugs
    host.frame.close()
    host.frame.deleteLater()


def switch(panel: TearsheetPanel, mode: str, qtbot: Any) -> None:
    panel.host.mode = mode
    panel.set_mode(mode)
    qtbot.waitUntil(lambda: panel.settled, timeout=10_000)


def test_cards_say_sentence_and_light_in_newbie_and_percentile_in_pro(panel: TearsheetPanel, qtbot: Any) -> None:
    cards = panel.part("cards").cards
    for (name, _), card in cards.items():
        figure = panel.sheet.figure(name)
        said = told(figure, panel.sheet)
        spoken = card.accessibleDescription()
        assert said.sentence in spoken and figure.text in card.accessibleName()
        assert (LIGHTS[said.light][2] in spoken and said.reason in spoken) if said.light else "by our rules" not in spoken
    assert len({icon for icon, _, _ in LIGHTS.values()}) == len(LIGHTS)  # a shape for each, not only a colour
    switch(panel, "pro", qtbot)
    pro = panel.part("cards").cards[("pe_ttm", False)]
    figure = panel.sheet.figure("pe_ttm")
    assert f"P{figure.percentile * 100:.0f}" in pro.accessibleDescription() and "You pay" not in pro.accessibleDescription()
    assert figure.formula in pro.toolTip()


def test_what_an_amount_buys_is_asked_of_the_command(panel: TearsheetPanel, qtbot: Any) -> None:
    section = panel.sections["helper"]
    assert "What would $1\u202f000 buy?" in section._head.text() and not section.open
    section.set_open(True)
    widget = panel.part("helper")
    qtbot.waitUntil(lambda: widget.answer is not None, timeout=10_000)
    asked = [arguments for command, arguments in panel.host.asked if command == "tearsheet.buy_helper"]
    assert asked == [{"symbol": STOCK, "amount": 1000.0, "portfolio": 0.0}]
    newbie = {term: line.value for line in widget.answer.lines for term in [line.term]}
    spoken = [each.accessibleDescription() for each in widget.lines.rows if not each.isHidden()]
    assert spoken == [line.sentence for line in widget.answer.lines]
    switch(panel, "pro", qtbot)
    assert {line.term: line.value for line in widget.answer.lines} == newbie
    names = [each.accessibleName() for each in widget.lines.rows if not each.isHidden()]
    assert names == [f"{line.title}: {'unknown' if line.value is None else line.text('USD')}" for line in widget.answer.lines]
    assert len([command for command, _ in panel.host.asked if command == "tearsheet.buy_helper"]) == 1


def test_typed_amounts_are_kept_and_asked_with(panel: TearsheetPanel, qtbot: Any) -> None:
    panel.sections["helper"].set_open(True)
    widget = panel.part("helper")
    qtbot.waitUntil(lambda: widget.answer is not None, timeout=10_000)
    widget.portfolio.setValue(20_000)
    widget.amount.setValue(5000)
    qtbot.waitUntil(lambda: widget.answer.amount == 5000 and widget.answer.portfolio == 20_000, timeout=10_000)
    assert panel.host.setting("tearsheet.amount") == 5000 and panel.host.setting("tearsheet.portfolio") == 20_000
    assert "What would $5\u202f000 buy?" in panel.sections["helper"]._head.text()
    assert widget.answer.line("portfolio_share").value == pytest.approx(widget.answer.spent / 20_000)
    panel.show_symbol(LOSS)
    qtbot.waitUntil(lambda: widget.answer.symbol == LOSS, timeout=20_000)
    assert widget.amount.value() == 5000 and not re.search(
        r"\bnan\b|None", " ".join(line.sentence for line in widget.answer.lines)
    )


def test_all_figures_are_told_in_newbie_and_listed_in_pro(panel: TearsheetPanel, qtbot: Any) -> None:
    from plugins.tearsheet.panel_figures import TOLD

    panel.sections["figures"].set_open(True)
    widget = panel.part("figures")
    qtbot.waitUntil(lambda: widget.settled, timeout=10_000)
    figures = list({figure.term: figure for figure in panel.sheet.figures if figure.section in TOLD}.values())
    rows = [each for each in widget.rows.rows if not each.isHidden()]
    assert len(rows) == len(figures) > 50 and widget.table.isHidden()
    for figure, each in zip(figures, rows, strict=True):
        said = told(figure, panel.sheet)
        assert each.accessibleDescription().startswith(said.sentence)
        assert each.accessibleName().rpartition(": ")[2] == ("unknown" if figure.value is None else figure.text)
        assert said.reason in each.accessibleDescription()
    switch(panel, "pro", qtbot)
    assert not widget.table.isHidden() and widget.rows.isHidden()
    texts = {row["term"]: row["text"] for row in panel._table.rows()}
    assert all(texts[figure.term] == figure.text for figure in figures if figure.section != "valuation")
