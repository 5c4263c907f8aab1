"""The portfolio in the real window: from nothing booked to a file imported, corrected, taken back; every page, both modes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QDate, QEvent, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel

from terminal.app import App

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.paths import Home
    from tests.conftest import Clock

    Open = Callable[[Any], Any]

FILE = """Date,Type,Ticker,Quantity,Price,Amount,Currency
2026-11-02,Deposit,,,,20000,USD
2026-11-03,Buy,SPY,10,700,-7000,USD
2026-11-04,Buy,ZENR,20,50,-1000,USD
2026-11-05,Conjuring,ZENR,1,1,1,USD
"""
MINE = ("overview", "holdings", "returns", "bookings")


@pytest.fixture
def open_panel(qapp: Any, qtbot: Any) -> Iterator[Open]:
    """The real window on an App, with the portfolio in front; the answers of its pages have come."""
    from terminal.shell.shot import wait
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow, dress

    opened: list[Any] = []

    def make(app: Any) -> Any:
        dress(app.settings)
        window = MainWindow(app.settings, WindowState(None))
        opened.append(window)
        window.resize(1500, 950)
        window.show()
        window.fill()
        window.attach(app)
        assert wait(window, 60)
        window.set_mode("pro")
        window.open_panel("portfolio")
        qtbot.waitUntil(lambda: panel_of(window) is not None, timeout=60_000)
        panel = panel_of(window)
        assert wait(window, 60)
        panel.settle = lambda: wait(window, 60)
        return panel

    yield make
    for window in opened:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


@pytest.fixture
def filled(portfolio_home: Home, clock: Clock) -> Iterator[App]:
    """The demo market with its portfolio."""
    app = App(portfolio_home, demo=True, clock=clock)
    yield app
    app.close()


def panel_of(window: Any) -> Any:
    host = window.workspace.hosts.get("portfolio")
    return host.frame.inside if host is not None else None


def words_of(widget: Any) -> str:
    return " | ".join(each.text() for each in widget.findChildren(QLabel) if each.text() and each.isVisible())


def cells(table: Any) -> list[dict[str, str]]:
    """What is read in a table, row by row."""
    model = table.model()
    return [{column.name: model.text(id, at) for at, column in enumerate(model.columns)} for id in model.order]


def form_of(panel: Any, kind: str, qtbot: Any) -> Any:
    """The form that is open over the panel."""
    def found() -> list[Any]:
        return [each for each in panel.findChildren(QDialog) if type(each).__name__ == kind and each.isVisible()]

    qtbot.waitUntil(lambda: bool(found()), timeout=60_000)
    return found()[0]


@pytest.mark.slow
def test_an_empty_book_says_how_to_begin_and_a_booking_fills_it(app: Any, open_panel: Open, qtbot: Any) -> None:
    panel = open_panel(app)
    assert "Nothing is booked yet" in words_of(panel) and not panel.pages.isVisible()
    ways = (panel.empty.import_button, panel.empty.add_button, panel.empty.demo_button)
    assert all(button.isVisible() and button.accessibleName() for button in ways)
    panel.empty.add_button.click()
    form = form_of(panel, "BookingForm", qtbot)
    form.account.setCurrentText("Main")
    form.kind.setCurrentIndex(form.kind.findData("deposit"))
    assert form.fields["amount"].isVisible() and not form.fields["symbol"].isVisible()
    form.fields["amount"].setText("lots")
    form.save.click()
    qtbot.waitUntil(form.banner.isVisible, timeout=60_000)
    assert "amount cannot be 'lots'" in words_of(form.banner)
    form.fields["amount"].setText("10,000")
    form.day.setDate(QDate(2026, 11, 2))
    form.save.click()
    qtbot.waitUntil(panel.pages.isVisible, timeout=60_000)
    panel.settle()
    assert panel.pages.page.cards["worth"].accessibleName() == "Net worth: $10\u202f000"
    assert app.run("portfolio.accounts").rows()[0]["account"] == "Main"


def test_a_file_is_previewed_booked_once_and_taken_back(app: Any, open_panel: Open, qtbot: Any, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    file = tmp_path / "my-broker.csv"
    file.write_text(FILE, "utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    panel = open_panel(app)
    panel.empty.import_button.click()
    form = form_of(panel, "ImportForm", qtbot)
    qtbot.waitUntil(lambda: form.banner.isVisible() or form.import_button.isEnabled(), timeout=60_000)
    form.broker.setCurrentIndex(form.broker.findData("csv"))
    form.account.setCurrentText("Mine")
    form.preview()
    qtbot.waitUntil(lambda: form.import_button.text() == "Book 3", timeout=60_000)
    assert [row["state"] for row in cells(form.table)].count("not read") == 1
    assert any("Conjuring" in row["note"] and row["reason"] for row in cells(form.table) if row["state"] == "not read")
    assert app.run("portfolio.transactions").rows() == [], "a preview books nothing"
    form.show_state("not read")
    assert len(cells(form.table)) == 1
    form.import_button.click()
    qtbot.waitUntil(lambda: form.done_, timeout=60_000)
    assert "3 booked. 1 lines could not be read" in words_of(form.banner)
    form.reject()
    qtbot.waitUntil(panel.pages.isVisible, timeout=60_000)
    panel.show_page("bookings")
    panel.settle()
    page = panel.pages.page
    assert [row["kind"] for row in cells(page.table)] == ["buy", "buy", "deposit"]
    again = app.run("portfolio.import", {"file": file, "broker": "csv", "account": "Mine"})
    assert [row["state"] for row in again.rows()].count("known already") == 3
    page.views.set_value("unread")
    page.close_history()
    panel.settle()
    assert len(cells(page.table)) == 1 and "Conjuring" in cells(page.table)[0]["text"]
    page.views.set_value("imports")
    page.close_history()
    panel.settle()
    page.table.go(0)
    assert page.undo_button.isVisible() and page.undo_button.text() == "Take back"
    page.undo_button.click()
    qtbot.waitUntil(lambda: app.run("portfolio.transactions").rows() == [], timeout=60_000)
    qtbot.waitUntil(panel.empty.isVisible, timeout=60_000)


@pytest.mark.slow
def test_a_booking_is_corrected_taken_out_and_put_back(filled: App, open_panel: Open, qtbot: Any) -> None:
    panel = open_panel(filled)
    panel.show_page("bookings")
    panel.settle()
    page = panel.pages.page
    at = next(at for at, row in enumerate(cells(page.table)) if row["kind"] == "buy" and row["symbol"] == "ILVE")
    page.table.go(at)
    number = page.current()["number"]
    page.correct_button.click()
    form = form_of(panel, "BookingForm", qtbot)
    assert form.fields["quantity"].text() == "20" and not form.kind.isEnabled()
    form.fields["quantity"].setText("21")
    form.save.click()
    qtbot.waitUntil(lambda: page.table.table.frame.filter(number=number)["quantity"][0] == 21.0, timeout=60_000)
    page.table.go(at)
    page.history_button.click()
    qtbot.waitUntil(lambda: [row.get("version") for row in cells(page.table)] == ["2", "1"], timeout=60_000)
    page.back_button.click()
    panel.settle()
    page.table.go(at)
    page.remove_button.click()
    qtbot.waitUntil(lambda: number not in page.table.table.frame["number"], timeout=60_000)
    page.views.set_value("removed")
    page.close_history()
    panel.settle()
    page.table.go(0)
    page.undo_button.click()
    qtbot.waitUntil(lambda: cells(page.table) == [], timeout=60_000)
    assert number in filled.run("portfolio.transactions").frame["number"]


@pytest.mark.slow
def test_every_page_shows_what_its_command_says(filled: App, open_panel: Open, qtbot: Any) -> None:
    panel = open_panel(filled)
    page = panel.pages.page
    shown = filled.run("portfolio.overview")
    worth = float(shown.detail["summary"].detail["worth"].value)
    assert page.cards["worth"].accessibleName().replace("\u202f", "") == f"Net worth: ${worth:.0f}"
    assert [row.light.key for row in page.lights] == [row["key"] for row in shown.rows()]
    assert len(cells(page.table)) == shown.detail["signals"].frame.height
    assert "from $80" in page.curve.accessibleName()
    QTest.keyClick(page.curve, Qt.Key.Key_Left)
    assert "20 Nov 2026" in page.curve.accessibleDescription()
    panel.show_page("holdings")
    panel.settle()
    page = panel.pages.page
    held = filled.run("portfolio.holdings").frame
    assert {row["symbol"] for row in cells(page.table)} == set(held["symbol"])
    page.show_lots("SPY")
    panel.settle()
    assert len(cells(page.lots.table)) == filled.run("portfolio.lots", {"symbol": "SPY"}).frame.height
    page.lots.which._buttons["closed"].click()
    panel.settle()
    assert len(cells(page.lots.table)) == filled.run("portfolio.lots", {"symbol": "SPY", "closed": True}).frame.height
    panel.show_page("returns")
    panel.settle()
    page = panel.pages.page
    rows = {row["way"]: row for row in filled.run("portfolio.returns").rows()}
    assert rows["twr"]["return"] is None, "an option without a quote makes it a range"
    assert " to " in page.cards["twr"].accessibleName() and " to " not in page.cards["simple"].accessibleName()
    for way in ("simple", "mwr"):
        page.cards[way].clicked.emit()
        panel.settle()
        assert len(cells(page.ledger)) == filled.run("portfolio.returns", {"ledger": way}).frame.height
    page.since._buttons["3m"].click()
    panel.settle()
    low = filled.run("portfolio.returns", {"since": "3m"}).rows()[0]["low"]
    assert f"{100 * low:.2f}" in page.cards["simple"].accessibleName().replace("\u2212", "-")


@pytest.mark.slow
def test_accounts_days_and_modes_reach_every_page(filled: App, open_panel: Open, qtbot: Any) -> None:
    panel = open_panel(filled)
    head = panel.head
    assert [head.accounts.itemText(at) for at in range(head.accounts.count()) if head.accounts.itemText(at)] == [
        "All accounts", "Demo Brokerage", "Demo Retirement"]  # fmt: skip
    everything = panel.pages.page.cards["worth"].accessibleName()
    head.accounts.setCurrentIndex(head.accounts.findText("Demo Retirement"))
    head.accounts.activated.emit(head.accounts.currentIndex())
    panel.settle()
    one = panel.pages.page.cards["worth"].accessibleName()
    assert one != everything
    panel.show_page("holdings")
    panel.settle()
    held = filled.run("portfolio.holdings", {"account": ("Demo Retirement",)}).frame
    assert {row["symbol"] for row in cells(panel.pages.page.table)} == set(held["symbol"])
    window = panel.window()
    window.travel("2026-03-02", window.workspace.links.group("portfolio"))
    panel.settle()
    then = filled.run("portfolio.holdings", {"account": ("Demo Retirement",)}, as_of=date(2026, 3, 2)).frame
    qtbot.waitUntil(lambda: [row["symbol"] for row in cells(panel.pages.page.table)] != [] and
                    panel.pages.page.table.table.frame["value"].to_list() == then["value"].to_list(), timeout=60_000)  # fmt: skip
    window.travel("today", window.workspace.links.group("portfolio"))
    window.set_mode("newbie")
    panel.settle()
    assert "Your portfolio" in words_of(panel) and "value" in panel.pages.page.table.shown_columns
    assert panel.pages.page.table.table.frame["value"].to_list() == held["value"].to_list(), "the same values in other words"
    kept = panel.save_state()
    assert (kept["accounts"], kept["page"]) == (["Demo Retirement"], "holdings")


@pytest.mark.slow
def test_every_control_has_a_name_and_the_keyboard_turns_pages(filled: App, open_panel: Open, qtbot: Any) -> None:
    panel = open_panel(filled)
    for key in MINE:
        panel.show_page(key)
        panel.settle()
        nameless = [each for each in interactive(QAccessible.queryAccessibleInterface(panel.pages.page)) if not each]
        assert not nameless, key
    panel.pages.page.table.setFocus()
    QTest.keyClick(panel.pages.page.table, Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    assert panel.pages.value == "overview", "round and round"
    QTest.keyClick(panel.pages.page, Qt.Key.Key_PageUp, Qt.KeyboardModifier.AltModifier)
    assert panel.pages.value == "bookings"


def interactive(node: Any) -> Iterator[str]:
    """The names of everything one can press, choose or type into."""
    roles = {QAccessible.Role.Button, QAccessible.Role.ComboBox, QAccessible.Role.EditableText, QAccessible.Role.CheckBox,
             QAccessible.Role.Table, QAccessible.Role.SpinBox}  # fmt: skip
    if node is None or not node.isValid() or node.state().invisible:
        return
    if node.role() in roles:
        yield node.text(QAccessible.Text.Name)
        if node.role() == QAccessible.Role.Table:
            return
    for at in range(node.childCount()):
        yield from interactive(node.child(at))


@pytest.mark.slow
def test_a_verdict_that_changed_is_a_message_with_a_way_to_the_panel(filled: App, open_panel: Open, qtbot: Any) -> None:
    panel = open_panel(filled)
    filled.run("portfolio.watch")
    worse = "UPDATE portfolio.verdicts SET verdict = 'Avoid' WHERE symbol = 'SPY'"
    filled.store.book.write(lambda tx: tx.execute(worse))
    filled.run("portfolio.watch", by_hand=False)
    messages = panel.window().messages
    qtbot.waitUntil(lambda: any("SPY from Avoid to" in each.text for each in messages.all), timeout=60_000)
    message = next(each for each in messages.all if "SPY from Avoid to" in each.text)
    assert message.level == "info" and message.action == "Show"
    shown = panel.pages.page.table
    qtbot.waitUntil(lambda: shown.table.frame.filter(symbol="SPY")["before"].to_list() == ["Avoid"], timeout=60_000)


@pytest.mark.slow
def test_the_shell_says_the_same(type_in: Callable[..., Any], portfolio_home: Home) -> None:
    import json

    def typed(*arguments: str) -> Any:
        return type_in("--home", str(portfolio_home.path), "--demo", "portfolio", *arguments)

    for verb, column in (("overview", "state"), ("signals", "verdict"), ("curve", "worth"), ("watch", "verdict")):
        told = typed(verb, "--json")
        assert told.returncode == 0, told.stderr
        answer = json.loads(told.stdout)
        assert column in [each["name"] for each in answer["columns"]]
        assert bool(answer["rows"]) == (verb != "watch")
    assert "Watched from now on" in typed("watch", "--json").stdout or "0 changed" in typed("watch", "--json").stdout
