"""The window's own panels and commands: preferences, watchlists, `window ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton

from terminal.errors import UserError
from terminal.registry import Registry
from terminal.shell.shot import wait
from terminal.shell.windows import Gui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home
    from terminal.shell.window import MainWindow


@pytest.fixture
def real_app(home: Home, clock: Any) -> Iterator[Any]:
    """An App over an empty live market with the bundled plugins and a broken one of the user's."""
    from terminal.app import App

    folder = home.plugins / "crooked"
    folder.mkdir(parents=True)
    manifest = "from terminal.api import Plugin\nPLUGIN = Plugin(id='crooked', title='Crooked', summary='x')\n"
    (folder / "__init__.py").write_text(manifest)
    opened = App(home, False, clock, registry=Registry(home.plugins, entry_points=False))
    yield opened
    opened.close()


@pytest.fixture
def real_window(open_window: Callable[..., MainWindow], real_app: Any) -> MainWindow:
    return open_window(real_app)


def panel(window: MainWindow, panel_id: str) -> Any:
    window.open_panel(panel_id)
    assert wait(window, 10)
    assert window.workspace is not None
    return window.workspace.panels[panel_id]


def texts(widget: Any) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_a_setting_changes_at_once_and_is_kept(real_window: MainWindow, qtbot: Any, home: Home) -> None:
    shown = panel(real_window, "preferences")
    shown._rows["theme"].control.changed.emit("light")
    qtbot.waitUntil(lambda: real_window.app.settings.get("theme") == "light", timeout=3000)
    from terminal.ui import theme

    qtbot.waitUntil(lambda: theme.tokens().name == "light", timeout=3000)
    assert 'theme = "light"' in home.settings.read_text()
    real_window.set_look(theme="dark")


def test_a_value_that_cannot_be_is_told_beside_the_setting(real_window: MainWindow, qtbot: Any) -> None:
    line = panel(real_window, "preferences")._rows["font_size"]
    line._set(99)
    qtbot.waitUntil(line._problem.isVisible, timeout=3000)
    assert "Give a whole number from 10 to 22." in line._problem.text()
    assert line.control.value() == real_window.app.settings.get("font_size")


def test_both_modes_explain_every_setting(real_window: MainWindow) -> None:
    shown = panel(real_window, "preferences")
    for key, line in shown._rows.items():
        line.show_words("newbie")
        plain = line._words.text()
        line.show_words("pro")
        assert plain and line._words.text() and key in line._words.text()


def test_a_key_is_taken_and_never_shown(real_window: MainWindow, qtbot: Any) -> None:
    from terminal.settings import Setting

    real_window.app.settings.declare([Setting(key="providers.sample.key", secret=True, title="Key of sample")])
    shown = panel(real_window, "preferences")
    shown._show_keys()
    wait(real_window, 5)
    edit = next(edit for edit in shown.findChildren(QLineEdit) if edit.accessibleName() == "Key of sample")
    assert edit.echoMode() == QLineEdit.EchoMode.Password
    qtbot.keyClicks(edit, "s3cret-value")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: real_window.app.settings.secret("sample") == "s3cret-value", timeout=3000)
    wait(real_window, 5)
    assert "memory, until the program ends" in texts(shown)
    assert all("s3cret" not in edit.text() for edit in shown.findChildren(QLineEdit)) and "s3cret" not in texts(shown)


def test_a_plugin_that_waits_is_shown_with_its_button(real_window: MainWindow, qtbot: Any) -> None:
    shown = panel(real_window, "preferences")
    assert "You have not approved it yet." in texts(shown)
    button = next(button for button in shown.findChildren(QPushButton) if button.text() == "Let it run")
    button.click()
    qtbot.waitUntil(lambda: any("runs from the next start" in message.text for message in real_window.messages.all), timeout=3000)
    assert real_window.app.settings.raw("plugins.approved.crooked")


def test_a_broken_plugin_is_shown_with_its_traceback(open_window: Callable[..., MainWindow], real_app: Any,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.api import PluginState

    broken = PluginState("sad", "Sad", "1.0", "folder", "broken", "ImportError: nothing there", "Traceback: planted")
    found = real_app.registry.states()
    monkeypatch.setattr(real_app.registry, "states", lambda: (*found, broken))
    shown = panel(open_window(real_app), "preferences")
    assert [each.toPlainText() for each in shown.findChildren(QPlainTextEdit)] == ["Traceback: planted"]


def test_a_watchlist_from_nothing(real_window: MainWindow, qtbot: Any) -> None:
    shown = panel(real_window, "watchlists")
    assert shown._empty.isVisible()
    real_window.run_command("watchlist.create", {"name": "Mine", "symbols": ["SPY"]})
    qtbot.waitUntil(lambda: shown.lists.currentText() == "Mine", timeout=3000)
    wait(real_window, 5)
    assert shown.table.symbols() == ["SPY"] and not shown._empty.isVisible()
    shown.add.setText("qqq, IWM")
    qtbot.keyClick(shown.add, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown.table.symbols() == ["SPY", "QQQ", "IWM"], timeout=3000)
    shown._delete()
    qtbot.waitUntil(shown._empty.isVisible, timeout=3000)


def test_window_commands_do_what_the_keys_do(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    app = window.app
    app.gui = Gui(lambda: window, window.bridge)

    def run(command: str, **arguments: Any) -> Any:
        running = app.start(f"window.{command}", arguments)
        qtbot.waitUntil(running.done, timeout=5000)
        return running.result()

    assert run("mode").title == "Mode: pro" and window.mode == "pro"
    assert run("palette").title == "Colours: colour-blind" and run("palette", to="standard").title == "Colours: standard"
    run("open", panel="hidden", symbol="spy")
    wait(window, 5)
    assert window.symbol == "SPY" and window.workspace.docks.current("hidden")
    rows = {row["id"]: row for row in run("panels").rows()}
    assert rows["hidden"] == {"id": "hidden", "title": "Second sheet", "visible": True, "symbol": "SPY", "link": "A",
                              "as_of": None}
    window.workspace.docks.close("list")
    run("layout", what="reset")
    wait(window, 5)
    assert window.workspace.docks.current("list")
    with pytest.raises(UserError, match="There is no panel 'nowhere'"):
        run("open", panel="nowhere")
    app.gui = None


def test_a_picture_beside_an_open_window_leaves_it_as_it_is(window: MainWindow, qtbot: Any, tmp_path: Any) -> None:
    from terminal.ui import theme

    app = window.app
    app.gui = Gui(lambda: window, window.bridge)
    running = app.start("window.shot", {"out": str(tmp_path / "x.png"), "theme": "light", "mode": "pro", "size": "640x480",
                                        "panel": "sheet", "symbol": "abc"})
    qtbot.waitUntil(running.done, timeout=10000)
    assert running.result().rows()[0]["width"] == 640
    assert theme.tokens().name == "dark" and window.mode == "newbie" and window.symbol is None
    app.gui = None


def test_what_changes_in_a_panel_paints_nothing_around_it(window: MainWindow, qtbot: Any) -> None:
    from PySide6.QtCore import QCoreApplication, QEvent, QObject
    from PySide6.QtWidgets import QWidget

    assert window.workspace is not None
    slot = window.workspace.docks.slot("sheet")
    panel = window.workspace.panels["sheet"]
    painted: list[QWidget] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
                painted.append(watched)
            return False

    watch, application = Watch(), QCoreApplication.instance()
    qtbot.waitUntil(lambda: not window.busy, timeout=5000)
    QCoreApplication.processEvents()
    assert application is not None
    application.installEventFilter(watch)
    panel.repaint()
    application.removeEventFilter(watch)
    assert panel in painted and slot in painted
    assert all(each is slot or slot.isAncestorOf(each) for each in painted), painted


def test_a_panel_gets_its_style_once(window: MainWindow, qtbot: Any) -> None:
    """The frame is in its dock before the panel is in the frame: each new parent has everything inside styled anew."""
    assert window.workspace is not None
    placed: list[bool] = []
    spec = window.workspace.specs["sheet"]
    window.workspace.build(spec, lambda frame: placed.append(frame.inside is None))  # type: ignore[attr-defined]
    assert placed == [True]


def test_what_is_behind_tabs_is_read_ahead(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from terminal.shell.windows import read_ahead

    assert window.workspace is not None
    unseen = [panel.id for panel in window.workspace.docks.unseen()]
    assert "sheet" not in unseen and set(unseen) <= set(window.workspace.specs)
    monkeypatch.delitem(sys.modules, "terminal.libraries", raising=False)
    read_ahead(("terminal.libraries", "terminal.shell.nothing", "somebody.elses"))
    assert "terminal.libraries" in sys.modules and "somebody.elses" not in sys.modules


def test_what_a_watchlist_lacks_is_fetched_by_a_button(window: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    from terminal.domain.sourced import Column, Table
    from terminal.shell.host import Frame, ShellHost
    from terminal.shell.watchlists import WatchlistsPanel

    ran: list[tuple[str, Any]] = []
    monkeypatch.setattr(window, "run_command", lambda command, arguments: ran.append((command, arguments)))
    host = ShellHost(window, "watchlists", Frame())
    monkeypatch.setattr(host, "run", lambda *_, **__: None)
    panel = WatchlistsPanel(host)
    qtbot.addWidget(panel)
    panel.lists.addItem("tech 2")
    panel.lists.setCurrentText("tech 2")
    lacking = ('no price is stored of AAA, BBB: `tapeline market refresh "watchlist:tech 2"`',)
    panel._filled(Table("tech 2", (Column("symbol", "Ticker"),), pl.DataFrame({"symbol": ["AAA"]}), unknown=lacking))
    assert panel._note.text() == "No price is stored of AAA, BBB." and not panel.fetch.isHidden()
    panel.fetch.click()
    assert ran == [("market.refresh", {"universe": "watchlist:tech 2"})]
    panel._filled(Table("tech 2", (Column("symbol", "Ticker"),), pl.DataFrame({"symbol": ["AAA"]})))
    assert panel._missing.isHidden()
