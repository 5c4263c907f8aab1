"""The journal's panel over a real App: a decision logged in the form, seen in the list, reviewed with one press, graded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QDateEdit, QLineEdit, QSpinBox

from plugins.journal import book
from plugins.journal.decisions.context import freeze
from plugins.journal.decisions.panel_call import open_call
from plugins.journal.decisions.panel_form import open_form
from plugins.journal.panel import JournalPanel
from terminal.domain.journal.decisions import Terms
from terminal.ui.form import EmptyState
from tests.plugins.tearsheet.panel_host import AppHost
from tests.shell.conftest import open_window  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT = 60_000


@pytest.fixture
def opened(qapp: Any, qtbot: Any) -> Iterator[Callable[..., tuple[JournalPanel, Any]]]:
    """Opens the panel over an App."""
    frames = []

    def make(app: Any, mode: str = "pro", symbol: str | None = None) -> tuple[JournalPanel, Any]:
        host = AppHost(app, mode, symbol)
        host.as_of = None  # type: ignore[attr-defined]
        panel = JournalPanel(host)  # type: ignore[arg-type]
        host.frame.layout().addWidget(panel)
        host.frame.resize(1400, 900)
        host.frame.show()
        frames.append(host.frame)
        return panel, host

    yield make
    for frame in frames:
        frame.close()
        frame.deleteLater()
    qapp.processEvents()


def past(app: Any, day: date, terms: Terms, symbol: str = "SPY", kind: Any = "decision") -> int:
    """An entry written on a past day, as it would have been then."""
    context = freeze(app.context(as_of=day), symbol, terms.metrics)
    at = datetime(day.year, day.month, day.day, 21, 0, tzinfo=UTC)
    return int(app.store.book.write(lambda tx: book.add(tx, kind, symbol, terms, context, at)))


def nameless(widget: Any) -> list[str]:
    """Controls that a screen reader could not name; those inside another control are named by it."""
    kinds = (QAbstractButton, QComboBox, QDateEdit, QSpinBox, QLineEdit)
    found = [each for kind in kinds for each in widget.findChildren(kind)]
    own = [each for each in found if not isinstance(each.parent(), QComboBox | QDateEdit | QSpinBox) and each.isVisible()]
    text = [getattr(each, "text", str)() if isinstance(each, QAbstractButton) else "" for each in own]
    return [type(each).__name__ for each, words in zip(own, text, strict=True) if not (each.accessibleName() or words)]


@pytest.mark.slow
def test_a_decision_is_logged_in_the_form_listed_told_in_full_changed_and_taken_out(app: Any, opened: Any, qtbot: Any) -> None:
    panel, host = opened(app, "newbie", "SPY")
    page = panel.pages.page
    qtbot.waitUntil(lambda: page.table.table is not None, timeout=WAIT)
    assert page.table.table.frame.height == 0
    form = open_form(panel, host, "SPY")
    qtbot.waitUntil(lambda: form.now.text().startswith("now $"), timeout=WAIT)
    assert nameless(form) == []
    form.log()
    qtbot.waitUntil(lambda: "Why" in form.banner.accessibleName(), timeout=WAIT)
    assert form.save.isEnabled()
    qtbot.keyClicks(form.reason, "Breadth is back")
    form.conviction.set_value("75")
    form.rules[0].setEditText("price < 1")
    form._explain(0)
    qtbot.waitUntil(lambda: form.meanings[0].text().startswith("Wrong when"), timeout=WAIT)
    form.stop.setText("8%")
    form.log()
    qtbot.waitUntil(lambda: page.table.table.frame.height == 1, timeout=WAIT)
    assert any(level == "ok" and "logged" in text for level, text in host.said)
    qtbot.waitUntil(lambda: "It still holds" in page.detail.light.accessibleName(), timeout=WAIT)
    shown = page.detail.figures["known then"].findChildren(type(page.detail.title))
    assert any("SPY" in each.text() for each in shown)

    page.change()
    change = panel.findChildren(type(form))[-1] if panel.findChildren(type(form)) else page.findChildren(type(form))[-1]
    assert change.arguments() == {"number": 1, "why": ""}
    change.stop.setText("")
    change.why.setText("No stop")
    assert change.arguments()["stop"] == "-"
    change.log()
    qtbot.waitUntil(lambda: page.table.table.frame["stop"].to_list() == [None], timeout=WAIT)
    page.remove()
    qtbot.waitUntil(lambda: page.table.table.frame.height == 0, timeout=WAIT)
    page.views.set_value("deleted")
    page._view_changed()
    qtbot.waitUntil(lambda: page.table.table.frame.height == 1, timeout=WAIT)
    assert page.restore_button.isVisible() and not page.remove_button.isVisible()
    assert host.bugs == []


@pytest.mark.slow
def test_a_review_is_one_press_and_the_next_one_follows(app: Any, opened: Any, qtbot: Any) -> None:
    day = date(2026, 10, 1)
    for action in ("buy", "pass"):
        terms = Terms(action, "Trend is up", ("roe",), 0.65, day + timedelta(days=400), review_on=day + timedelta(days=30))
        past(app, day, terms)
    panel, host = opened(app)
    panel.show_page("reviews")
    page = panel.pages.page
    qtbot.waitUntil(lambda: page.table.table is not None and page.table.table.frame.height == 2, timeout=WAIT)
    qtbot.waitUntil(panel.due.isVisible, timeout=WAIT)
    assert "2" in panel.due.accessibleName()
    first = page.current()
    assert "30 days have passed" in page.form.due.text() and page.form.cards["change"].accessibleName() != "Return since: unknown"
    held = first["action"] == "buy"
    assert page.form.buttons["add"].isVisible() == held
    qtbot.keyClicks(page.form.note, "As planned")
    qtbot.mouseClick(page.form.buttons["hold"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.table.table.frame.height == 1, timeout=WAIT)
    assert page.current()["number"] != first["number"] and page.form.note.text() == ""
    assert page.form.buttons["add"].isVisible() != held and page.form.buttons["hold"].isEnabled()
    assert app.run("journal.checks").rows()[0]["note"] == "As planned"
    qtbot.mouseClick(page.form.buttons["close"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.empty.isVisible, timeout=WAIT)
    assert "Nothing is due" in page.empty.accessibleName()
    qtbot.waitUntil(lambda: not panel.due.isVisible(), timeout=WAIT)
    assert nameless(panel) == [] and host.bugs == []


@pytest.mark.slow
def test_outcomes_and_calibration_show_what_the_commands_say_in_both_words(app: Any, opened: Any, qtbot: Any) -> None:
    day = date(2026, 6, 1)
    for action, sure in (("buy", 0.6), ("sell", 0.8)):
        past(app, day, Terms(action, "x", (), sure, day + timedelta(days=60)))
    past(app, day, Terms("up", "", (), 0.7, day + timedelta(days=30), event="direction"), kind="call")
    panel, host = opened(app)
    panel.show_page("outcomes")
    qtbot.waitUntil(lambda: panel.pages.page.table.table is not None, timeout=WAIT)
    outcomes = panel.pages.page
    assert outcomes.table.table.frame["n"].to_list() == [1, 1, 2]
    assert "too few" in outcomes.cards["rate"].accessibleDescription()
    panel.show_page("calls")
    calls = panel.pages.page
    brier = calls.cards["brier"]
    qtbot.waitUntil(lambda: calls.table.table is not None and "n = 3" in brier.accessibleDescription(), timeout=WAIT)
    found = app.run("journal.calibration").detail["calibration"]
    assert calls.cards["brier"].accessibleName() == f"Brier score: {found.brier:.3f}"
    assert calls.curve.accessibleName().count("said") == len(found.bins)
    assert not calls.curve.grab().toImage().isNull()
    host.mode = "newbie"
    panel.set_mode("newbie")
    qtbot.waitUntil(lambda: calls.cards["brier"].accessibleName().startswith("Average miss"), timeout=WAIT)
    assert panel.title.text() == "Your decisions"
    form = open_call(panel, host)
    assert nameless(form) == []
    form.kind.set_value("level")
    form._fit()
    form.write()
    assert "Which level" in form.banner.accessibleName()
    form.level.setText("3%")
    form.write()
    qtbot.waitUntil(lambda: calls.table.table.frame.height == 2, timeout=WAIT)
    assert nameless(panel) == [] and host.bugs == []


def test_an_empty_journal_says_how_to_begin_on_every_page(live_home: Any, clock: Any, opened: Any, qtbot: Any) -> None:
    from terminal.app import App

    app = App(live_home, False, clock)
    try:
        panel, host = opened(app)
        expected = {"decisions": "No decision yet", "reviews": "No decision yet", "outcomes": "No decision is over yet",
                    "calls": "No prediction yet"}  # fmt: skip
        for key, said in expected.items():
            panel.show_page(key)
            page = panel.pages.page
            qtbot.waitUntil(lambda page=page: page.table.table is not None, timeout=WAIT)
            told = [each.accessibleName() for each in page.findChildren(EmptyState) if each.isVisible()]
            assert any(said in name for name in told), (key, told)
        kept = panel.save_state()
        assert kept["page"] == "calls"
        panel.restore_state({"page": "reviews"})
        assert panel.pages.value == "reviews"
        assert host.bugs == []
    finally:
        app.close()


@pytest.mark.slow
def test_opened_for_a_symbol_it_opens_the_form(live_home: Any, clock: Any, open_window: Any, qtbot: Any) -> None:  # noqa: F811
    from plugins.journal.decisions.panel_form import DecisionForm
    from plugins.tearsheet.panel_actions import ELSEWHERE
    from terminal.app import App

    app = App(live_home, False, clock)
    try:
        assert ("journal.log", "journal") in [(command, panel) for _, _, command, panel in ELSEWHERE]
        window = open_window(app)
        window.open_panel("journal", "AAA")
        qtbot.waitUntil(lambda: "journal" in window.workspace.panels, timeout=WAIT)
        panel = window.workspace.panels["journal"]
        qtbot.waitUntil(lambda: bool(panel.findChildren(DecisionForm)), timeout=WAIT)
        form = panel.findChildren(DecisionForm)[0]
        assert form.symbol.text() == "AAA" and form.isVisible()
        qtbot.waitUntil(lambda: "not stored" in form.now.text(), timeout=WAIT)
        form.reject()
        window.close()
    finally:
        app.close()
