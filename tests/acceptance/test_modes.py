"""One mode switch, one truth: Newbie and Pro differ in words and in how much is shown, never in a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS = ("chain", "volatility", "exposure", "flow", "planner")  # a fund has options, not every company
STOCK, LOSS, FUND, BOND = "ZENR", "ARKU", "SPY", "UST29"


@pytest.fixture
def window(app: Any, qapp: Any) -> Iterator[Any]:
    """The real window on the demo market."""
    from terminal.shell.shot import wait
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow, dress

    app.settings.set("mode", "pro")
    dress(app.settings)
    opened = MainWindow(app.settings, WindowState(None))
    opened.resize(1720, 1000)
    opened.show()
    opened.fill()
    opened.attach(app)
    assert wait(opened, 30)
    yield opened
    opened.close()
    opened.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


def panel_of(window: Any, name: str) -> Any:
    return window.workspace.hosts[name].frame.inside


def tearsheet(window: Any, symbol: str, qtbot: Any) -> Any:
    window.open_panel("tearsheet", symbol)
    qtbot.waitUntil(lambda: panel_of(window, "tearsheet") is not None, timeout=10_000)
    panel = panel_of(window, "tearsheet")
    qtbot.waitUntil(lambda: panel.sheet is not None and panel.sheet.symbol == symbol and panel.settled, timeout=30_000)
    return panel


def shown_values(panel: Any) -> dict[str, str]:
    """What the panel says, by what it says it about; only what both modes may show."""
    found: dict[str, str] = {}
    for (term, _), card in panel.parts["cards"].cards.items():
        if not card.isHidden():
            found[f"card {term}"] = card.accessibleName().rpartition(": ")[2]
    found["verdict"] = panel.parts["verdict"].accessibleName()
    found["pillars"] = panel.parts["pillars"].accessibleName()
    for place, picture in enumerate(panel.parts["context"].pictures):
        found[f"context {place}"] = " ".join(re.findall(r"[−\d.]+", picture.accessibleName().removeprefix(picture._title)))
    if "cash" in panel.parts and not panel.sections["cash"].isHidden():
        found["cash"] = panel.parts["cash"].findChildren(QLabel)[0].text()
        found["grid"] = panel.parts["cash"].grid.accessibleDescription()
        found |= {f"assumption {name}": dial.number.text() for name, dial in panel.parts["cash"].dials.items()}
    found["head"] = panel.head.accessibleName()
    risks = [each for each in panel.parts["risks"].rows.rows if not each.isHidden()]
    found["risks"] = " ".join(f"{each._light._title.text()} {each._impact.text()}" for each in risks)
    found["events"] = " | ".join(each.accessibleName() for each in panel.parts["events"].rows if not each.isHidden())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("symbol", [STOCK, LOSS, FUND, BOND])
def test_the_tearsheet_says_the_same_in_both_modes(window: Any, symbol: str, qtbot: Any) -> None:
    panel = tearsheet(window, symbol, qtbot)
    pro = shown_values(panel)
    window.set_mode("newbie")
    qtbot.waitUntil(lambda: panel.host.mode == "newbie" and panel.settled, timeout=10_000)
    newbie = shown_values(panel)
    both = pro.keys() & newbie.keys()
    assert {"verdict", "pillars", "head", "risks", "events"} <= both
    assert any(name.startswith("card ") for name in both)
    assert {name: newbie[name] for name in both} == {name: pro[name] for name in both}
    for name, text in newbie.items():
        if name.startswith("card "):
            assert text == (panel.sheet.figure(name[5:]).text if text != "unknown" else text)


def test_every_number_in_a_newbie_sentence_is_one_of_the_sheet(app: Any) -> None:
    """Checks and gates say the value in both wordings: the Pro text's own number is in the row."""
    sheet = app.run("tearsheet.show", {"symbol": STOCK, "remember": False}).detail["sheet"]
    from plugins.tearsheet.sentences import sentence

    said = sentence("pe_ttm", sheet.row, sheet.figure("pe_ttm").comparison)
    assert f"{sheet.row['pe_ttm']:.2f}" in said
    said = sentence("roe", sheet.row, None)
    assert f"{sheet.row['roe'] * 100:.2f}" in said


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("tearsheet.show", {"symbol": STOCK, "remember": False}),
        ("tearsheet.gates", {"symbol": LOSS}),
        ("tearsheet.risks", {"symbol": STOCK}),
        ("tearsheet.dcf", {"symbol": STOCK}),
        ("tearsheet.peers", {"symbol": FUND}),
        ("screener.run", {"preset": "all"}),
    ],
)
def test_a_command_answers_the_same_in_both_modes(app: Any, command: str, arguments: dict[str, Any]) -> None:
    answers = []
    for mode in ("newbie", "pro"):
        app.settings.set("mode", mode)
        answers.append(app.run(command, dict(arguments)).rows())
    assert answers[0] and answers[0] == answers[1]


def test_the_screener_shows_the_same_cells_in_both_modes(window: Any, qtbot: Any) -> None:
    from terminal.shell.shot import wait

    window.open_panel("screener")
    assert wait(window, 30)
    screener = panel_of(window, "screener")
    texts: dict[str, dict[str, list[str]]] = {}
    for mode in ("pro", "newbie"):
        window.set_mode(mode)
        assert wait(window, 30)
        table = screener.table
        names, model = table.shown_columns, table.model()
        place = {column.name: at for at, column in enumerate(model.columns)}
        texts[mode] = {name: [model.index(at, place[name]).data() for at in range(20)] for name in names}
    both = texts["pro"].keys() & texts["newbie"].keys()
    assert {"symbol", "price", "verdict"} <= both
    assert {name: texts["newbie"][name] for name in both} == {name: texts["pro"][name] for name in both}


# ---- every panel there is ----

_SAID = re.compile(r"^(.{2,60}?): ([−+±▲▼• $€£]*\d[\d\u202f.,]*(?:[KMBT]|×|\u202f?%| days?| years?| of 10)?)$")
MOMENTARY = ("health.", "jobs.")  # they measure memory, time and what goes on: no answer is like the one before


def cells(panel: QWidget) -> dict[str, list[str]]:
    """What the tables of a panel show, by table and column: the first rows, as they are printed."""
    from terminal.ui.table import TableView

    found: dict[str, list[str]] = {}
    for place, view in enumerate(panel.findChildren(TableView)):
        model = view.model()
        if model is None or not model.rowCount():
            continue
        at = {column.name: number for number, column in enumerate(model.columns)}
        for name in view.shown_columns:
            if name in at:
                texts = [str(model.index(row, at[name]).data()) for row in range(min(12, model.rowCount()))]
                found[f"table {place} {name}"] = texts
    return found


def spoken(panel: QWidget) -> dict[str, str]:
    """The numbers that visible parts of a panel say of themselves: `P/E: 18.2×`; sentences are another test's."""
    found: dict[str, str] = {}
    for each in panel.findChildren(QWidget):
        match = _SAID.match(each.accessibleName()) if each.isVisible() else None
        if match is not None:
            found.setdefault(match[1], match[2])
    return found


@pytest.mark.slow
def test_no_panel_shows_another_value_in_another_mode(window: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opens every panel, reads it in both modes, and asks each of its commands again in the other mode."""
    from terminal.shell.host import ShellHost
    from terminal.shell.shot import wait

    monkeypatch.setattr("terminal.shell.shot.QUIET_S", 0.1)
    asked: dict[str, tuple[str, dict[str, Any]]] = {}
    run = ShellHost.run

    def recorded(host: Any, command: str, arguments: Any = None, **rest: Any) -> Any:
        asked.setdefault(f"{command} {arguments}", (command, dict(arguments or {})))
        return run(host, command, arguments, **rest)

    monkeypatch.setattr(ShellHost, "run", recorded)
    window.select(STOCK, "")
    compared: dict[str, int] = {}
    for panel_id in window.workspace.specs:
        window.set_mode("pro")
        window.open_panel(panel_id, FUND if panel_id in OPTIONS else None)
        wait(window, 30)
        assert window.workspace.panels.get(panel_id) is not None, f"{panel_id} could not be opened"
        read: dict[str, dict[str, Any]] = {}
        for mode in ("pro", "newbie"):
            window.set_mode(mode)
            wait(window, 30)
            panel = panel_of(window, panel_id)
            read[mode] = {**cells(panel), **spoken(panel)}
        both = read["pro"].keys() & read["newbie"].keys()
        other = {name: (read["pro"][name], read["newbie"][name]) for name in both if read["pro"][name] != read["newbie"][name]}
        assert not other, f"{panel_id} shows other values: {other}"
        compared[panel_id] = len(both)
    with_values = {"screener", "tearsheet", "dips", "earnings", "health", "chart"} & window.workspace.specs.keys()
    assert {"screener", "tearsheet", "dips", "earnings", "health"} <= with_values
    assert all(compared[panel_id] for panel_id in with_values), compared
    again = 0
    known = app.registry.commands()
    for command, arguments in asked.values():
        of = known[command]
        if command.startswith(MOMENTARY) or of.writes or of.gui or of.long:
            continue
        answers = []
        for mode in ("newbie", "pro"):
            app.settings.set("mode", mode)
            answers.append(app.run(command, dict(arguments)).frame)
        assert answers[0].equals(answers[1]), f"{command} {arguments} answers otherwise in another mode"
        again += 1
    assert again >= 10
