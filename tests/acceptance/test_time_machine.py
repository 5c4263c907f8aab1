"""The time machine: every panel that follows a day shows exactly what the shell answers with `--as-of`."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from terminal.paths import Home

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from terminal.app import App
    from terminal.shell.window import MainWindow

DAY: date = (datetime.now(UTC) - timedelta(days=240)).date()
MAIN = {"screener.run", "tearsheet.show", "dips.list", "earnings.upcoming"}


class Recorded:
    """An App whose calls are written down."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.calls: list[tuple[str, Mapping[str, Any], date | None, Future[Any]]] = []
        start = app.start

        def recorded(command: str, arguments: Mapping[str, Any] | None = None, **more: Any) -> Any:
            future = start(command, arguments, **more)
            self.calls.append((command, dict(arguments or {}), more.get("as_of"), future))
            return future

        app.start = recorded  # type: ignore[method-assign]


@pytest.fixture
def market(filled: Path) -> Iterator[Recorded]:
    from terminal.app import App

    app = App(Home(filled), demo=True)
    yield Recorded(app)
    app.close()


@pytest.fixture
def window(qapp: Any, market: Recorded) -> Iterator[MainWindow]:
    from PySide6.QtCore import QCoreApplication, QEvent

    from terminal.shell.look import dress
    from terminal.shell.shot import wait
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow

    dress(market.app.settings)
    made = MainWindow(market.app.settings, WindowState(None))
    made.resize(1720, 1000)
    made.show()
    made.fill()
    made.attach(market.app)
    assert wait(made, 60)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


def answer(future: Future[Any]) -> Any:
    """The table of a call, None when it was cancelled or refused (a command whose plugin is absent)."""
    from terminal.errors import TerminalError

    try:
        return None if future.cancelled() else future.result(30)
    except TerminalError:
        return None


def rows(table: Any) -> Any:
    from terminal.output import emit

    text = io.StringIO()
    emit(table, "json", text)
    return json.loads(text.getvalue())["rows"]


def words(app: App, command: str, arguments: Mapping[str, Any]) -> list[str]:
    """A call as it is typed in the shell."""
    known = app.registry.command(command)
    typed = [known.group, known.verb.replace("_", "-")]
    for parameter in known.parameters:
        value = arguments.get(parameter.name)
        if value is None or value == parameter.default or value == "":
            continue
        values = [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)]
        if parameter.positional:
            typed += values
        elif parameter.type is bool:
            typed.append(parameter.flag if value else f"--no-{parameter.flag[2:]}")
        else:
            typed += [each for one in values for each in (parameter.flag, one)]
    return typed


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_panel_shows_what_the_shell_answers_for_that_day(window: MainWindow, market: Recorded, typed: Any) -> None:
    from terminal.shell.shot import wait

    workspace = window.workspace
    assert workspace is not None
    company = "ZORV" if "ZORV" in set(market.app.market.symbols()) else next(iter(market.app.market.symbols()))
    window.open_symbol(company)
    window.travel(DAY.isoformat())
    assert wait(window, 60)
    market.calls.clear()
    window.travel((DAY + timedelta(days=1)).isoformat())
    window.travel(DAY.isoformat())
    asked: dict[str, set[str]] = {}
    for panel in [each for each in workspace.specs if workspace.links.can_link(each)]:
        before = len(market.calls)
        window.open_panel(panel)
        assert wait(window, 60), f"{panel} did not become quiet"
        asked[panel] = {command for command, *_ in market.calls[before:]}
        slot = workspace.docks.slot(panel)
        assert slot._strip is not None and slot._strip.isVisible(), f"{panel} has no frame"
        assert str(DAY.year) in slot._strip.accessibleName()
    assert {"dips", "earnings", "screener", "tearsheet"} <= set(asked)
    others = [(command, day) for command, _, day, _ in market.calls
              if day not in (DAY, DAY + timedelta(days=1)) and not market.app.registry.command(command).writes]
    assert not others, "commands without the day of their panel"
    at_last = {command: (arguments, table) for command, arguments, day, future in market.calls
               if day == DAY and not market.app.registry.command(command).writes and (table := answer(future)) is not None}
    assert at_last.keys() >= MAIN
    for command in MAIN:
        arguments, table = at_last[command]
        told = typed("--as-of", DAY.isoformat(), *words(market.app, command, arguments), "--json")
        assert told.returncode == 0, f"{command}: {told.stderr}"
        shell = json.loads(told.stdout)["rows"]
        assert shell == rows(table), f"{command} shows other numbers than the shell"
        today = market.app.run(command, arguments)
        assert rows(today) != shell, f"{command} answers the same for today: the day had no effect"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_what_is_on_the_screen_is_of_that_day_and_comes_back(window: MainWindow, market: Recorded) -> None:
    from terminal.shell.shot import wait

    workspace = window.workspace
    assert workspace is not None
    company = str(workspace.panels["screener"]._table.frame["symbol"][0])
    window.open_panel("tearsheet", company)
    assert wait(window, 60)
    now = workspace.panels["tearsheet"].sheet
    window.travel(DAY.isoformat())
    assert wait(window, 60)
    sheet = workspace.panels["tearsheet"].sheet
    assert sheet.symbol == company and sheet.as_of == DAY and sheet.price_date <= DAY
    shown = workspace.panels["screener"]._table.frame
    assert shown.filter(shown["symbol"] == company)["price"][0] == pytest.approx(sheet.row["price"])
    window.travel("today")
    assert wait(window, 60)
    again = workspace.panels["tearsheet"].sheet
    assert again.as_of == now.as_of and again.row["price"] == now.row["price"]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_picture_of_a_past_day_says_so(run_cli: Any, demo_home: Home, tmp_path: Path, qapp: Any) -> None:
    from PySide6.QtGui import QImage

    from terminal.ui.theme import load

    done = run_cli("--home", str(demo_home.path), "--demo", "window", "shot", "--panel", "tearsheet", "--out", "past.png",
                   "--as-of", DAY.isoformat(), "--theme", "dark", "--size", "600x700", "--symbol", "SPY", timeout=120)
    assert done.returncode == 0, done.stderr
    image = QImage(str(tmp_path / "past.png"))
    edge = {image.pixelColor(x, 350).name().upper() for x in (0, 599)}
    assert edge == {load("dark").past_line.upper()}
