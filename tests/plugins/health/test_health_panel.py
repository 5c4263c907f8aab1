"""The health panel: every part filled, in both modes, its buttons, and that it lives by topics."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from plugins.health.panel import HealthPanel
from terminal.errors import Unavailable
from terminal.ui import theme
from terminal.ui.task import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class PanelHost:
    """What the window gives a panel, over an App."""

    panel_id = "health"

    def __init__(self, app: Any, widget: QWidget, mode: str) -> None:
        self.app, self.widget, self.mode = app, widget, mode
        self.told: list[tuple[str, str]] = []
        self.opened: list[str] = []
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.bugs: list[BaseException] = []
        self.under_way: list[Any] = []
        self.bridge = Bridge(widget, on_error=lambda _, error: self.notify(error.sentence(), "error"), on_bug=self.bugs.append)

    def run(self, command: str, arguments: Any = None, *, then: Any, fail: Any = None, progress: Any = None,
            key: str = "") -> Any:
        self.ran.append((command, dict(arguments or {})))
        call = self.bridge.run(self.widget, lambda report: self.app.start(command, dict(arguments or {}), progress=report),
                               then=then, fail=fail, progress=progress, key=key)
        self.under_way.append(call)
        return call

    def on(self, topic: str, slot: Any) -> None:
        self.bridge.listen(self.widget, topic, self.app.events.subscribe, slot)

    def open(self, panel: str, symbol: str | None = None) -> None:
        self.opened.append(panel)

    def explain(self, term: str) -> Any:
        return self.app.explain.text(term, self.mode)

    def has_command(self, command: str) -> bool:
        return True

    def notify(self, text: str, level: str = "info") -> None:
        self.told.append((level, text))

    def quiet(self) -> bool:
        return all(call.done or not call.wanted() for call in self.under_way)


def until(done: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        QApplication.processEvents()
        time.sleep(0.002)


def settle(panel: Any) -> None:
    until(panel.host.quiet)
    for _ in range(10):
        QApplication.processEvents()


@pytest.fixture
def open_panel(qapp: Any) -> Iterator[Callable[..., Any]]:
    theme.apply(qapp)
    frames: list[QWidget] = []

    def make(app: Any, mode: str = "pro", size: tuple[int, int] = (1500, 900)) -> Any:
        frame = QWidget()
        frames.append(frame)
        box = QVBoxLayout(frame)
        panel = HealthPanel(PanelHost(app, frame, mode))  # type: ignore[arg-type]
        box.addWidget(panel)
        frame.resize(*size)
        frame.show()
        settle(panel)
        return panel

    yield make
    for frame in frames:
        bugs = frame.findChild(HealthPanel).host.bugs
        frame.close()
        frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert bugs == []


def said(widget: QWidget) -> str:
    return " | ".join(each.text() for each in widget.findChildren(QLabel) if each.isVisible())


def press(widget: QWidget, text: str) -> None:
    next(each for each in widget.findChildren(QPushButton) if each.text() == text and each.isVisible()).click()


def break_down(live: Any, fetch: Any) -> None:
    live.sample.problem = Unavailable("Sample Data could not be reached.")
    for symbol in ("IBM", "GE", "F"):
        fetch("quotes", symbol)


def test_all_parts_are_side_by_side_and_filled(live: Any, fetch: Any, open_panel: Any) -> None:
    fetch()
    panel = open_panel(live)
    assert all(pane.isVisible() for pane in panel.panes.values()) and not panel.tabs.isVisible()
    assert panel.services.table.symbols() == ["sample", "locked"]
    assert "quotes" in panel.data.table.symbols() and "close" in panel.jobs.table.symbols()
    assert panel.files.table.symbols()[0] == "Market file"
    assert panel.verdict.text == "Nothing needs attention" and not panel.problems.isVisible()


@pytest.mark.parametrize("mode", ["pro", "newbie"])
def test_the_services_take_the_room_of_their_rows_and_leave_the_rest(live: Any, fetch: Any, open_panel: Any, mode: str) -> None:
    fetch()
    panel = open_panel(live, mode)
    until(lambda: panel.services.height() < panel.data.height())
    table = panel.services.table
    if mode == "pro":
        rows = table.verticalHeader().defaultSectionSize() * 2 + table.horizontalHeader().height()
        assert rows <= table.height() <= rows + 40
        assert not table.verticalScrollBar().isVisible()
    panel.resize(800, 600)
    panel.parentWidget().resize(800, 600)
    until(lambda: panel.services.height() > 400)  # alone, it may have all of it


def test_where_there_is_no_room_one_part_is_shown_at_a_time(live: Any, open_panel: Any) -> None:
    panel = open_panel(live, "pro", (800, 600))
    assert panel.tabs.isVisible() and [name for name, pane in panel.panes.items() if pane.isVisible()] == ["services"]
    panel.tabs.set_value("log")
    panel.tabs.changed.emit("log")
    settle(panel)
    assert [name for name, pane in panel.panes.items() if pane.isVisible()] == ["log"]
    state = panel.save_state()
    assert state["part"] == "log"
    panel.restore_state({"part": "jobs", "level": "error", "odd": 1})
    assert panel.jobs.isVisible() and panel.log.level.value == "error"


def test_a_beginner_reads_sentences(live: Any, fetch: Any, open_panel: Any) -> None:
    fetch()
    panel = open_panel(live, "newbie")
    assert "Sample Data answers. 59 of 60 requests left this minute." in said(panel.services)
    assert "1 more can be asked once you enter a key of theirs: Locked Data." in said(panel.services)
    assert not panel.services.table.isVisible()
    press(panel.services, "Enter a key")
    assert panel.host.opened == ["preferences"]
    panel.host.mode = "pro"
    panel.set_mode("pro")
    assert panel.services.table.isVisible() and not panel.services.area.isVisible()


def test_a_problem_comes_by_itself_and_goes_when_the_service_is_back(live: Any, fetch: Any, open_panel: Any) -> None:
    panel = open_panel(live)
    break_down(live, fetch)
    until(lambda: panel.verdict.text == "1 problem")
    assert "Sample Data could not be reached. It is asked again at" in said(panel.problems)
    live.sample.problem = None
    live.clock.now += timedelta(seconds=30)
    press(panel.problems, "Try again")
    until(lambda: panel.verdict.text == "Nothing needs attention")
    assert any(level == "ok" and text.startswith("Sample Data answers.") for level, text in panel.host.told)


def test_a_known_problem_is_hidden(live: Any, fetch: Any, open_panel: Any) -> None:
    break_down(live, fetch)
    panel = open_panel(live)
    assert panel.problems.isVisible()
    press(panel.problems, "Acknowledge")
    until(lambda: not panel.problems.isVisible())


def test_jobs_are_paused_resumed_and_run(live: Any, open_panel: Any) -> None:
    panel = open_panel(live)
    press(panel.jobs, "Pause all")
    until(lambda: panel.jobs.pause.text() == "Resume all")
    assert live.settings.get("jobs.paused") == "all"
    press(panel.jobs, "Resume all")
    until(lambda: panel.jobs.pause.text() == "Pause all")
    run, pause = panel.jobs.actions_of("intraday")
    pause.run("intraday")
    until(lambda: panel.jobs.value("intraday", "state") == "paused")
    run.run("intraday")
    until(lambda: panel.jobs.value("intraday", "last_state") == "done")
    panel.jobs.kind.changed.emit("jobs.history")
    settle(panel)
    assert panel.jobs.table.symbols() == ["intraday"] and panel.jobs.actions_of("intraday") == ()
    live.scheduler.resume()


def test_a_feed_is_paused_and_a_dataset_emptied_after_asking(live: Any, fetch: Any, open_panel: Any) -> None:
    fetch("bars")
    panel = open_panel(live)
    pause, empty = panel.data.actions_of("bars")
    pause.run("bars")
    until(lambda: panel.data.value("bars", "feed") == "paused")
    panel.data.actions_of("bars")[0].run("bars")
    until(lambda: panel.data.value("bars", "feed") == "on")
    empty.run("bars")
    until(panel.banner.isVisible)
    assert "This drops 1 row of bars" in said(panel.banner) and live.store.market.read("bars").height == 1
    press(panel.banner, "Empty it")
    until(lambda: panel.data.value("bars", "symbols") == 0)
    assert ("ok", "Dropped 1 row of bars") in panel.host.told and not panel.banner.isVisible()


def test_the_log_is_filtered(live: Any, open_panel: Any) -> None:
    live.home.logs.mkdir(parents=True, exist_ok=True)
    (live.home.logs / "tapeline.log").write_text(
        '{"at": "2026-11-20T10:00:00.000", "level": "INFO", "where": "a", "message": "calm"}\n'
        '{"at": "2026-11-20T10:00:01.000", "level": "ERROR", "where": "a", "message": "loud"}\n', encoding="utf-8")
    panel = open_panel(live)
    texts = lambda: [panel.log.table.model().index(at, 2).data() for at in range(panel.log.table.model().rowCount())]  # noqa: E731
    assert texts() == ["loud", "calm"]
    assert panel.log.table.model().index(0, 0).data() == "11-20 10:00:01"
    panel.log.filter.setText("CALM")
    until(lambda: texts() == ["calm"])
    panel.log.filter.setText("")
    panel.log.level.set_value("error")
    panel.log.level.changed.emit("error")
    until(lambda: texts() == ["loud"])


def test_it_does_not_ask_in_circles(live: Any, open_panel: Any) -> None:
    """What the panel runs is itself told as a job; it must not answer to that."""
    panel = open_panel(live)
    settle(panel)
    panel.host.ran.clear()
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        QApplication.processEvents()
    assert panel.host.ran == []
    panel.window().hide()
    assert not panel._timer.isActive()


def test_a_command_that_fails_leaves_its_reason_in_its_part(live: Any, open_panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = open_panel(live)

    def fail(*_: Any) -> Any:
        raise Unavailable("The store is on fire.", "Call somebody.")

    monkeypatch.setattr(type(live.market.health), "storage", fail)
    panel.files.read()
    settle(panel)
    assert "The store is on fire. Call somebody." in said(panel.files)


@pytest.mark.parametrize("mode", ["pro", "newbie"])
@pytest.mark.parametrize("name", ["dark", "light"])
def test_everything_has_a_name_and_nothing_paints_with_an_error(live: Any, fetch: Any, open_panel: Any, qapp: Any, mode: str,
                                                                name: str) -> None:
    break_down(live, fetch)
    theme.apply(qapp, name)
    panel = open_panel(live, mode)
    assert not panel.grab().isNull()
    nameless = []

    def walk(node: Any) -> None:
        for at in range(node.childCount()):
            child = node.child(at)
            if child is None or child.state().invisible:
                continue
            wanted = child.role() in (QAccessible.Role.Button, QAccessible.Role.Table, QAccessible.Role.EditableText)
            if wanted and not child.text(QAccessible.Text.Name):
                nameless.append(str(child.object()))
            if child.role() != QAccessible.Role.Table:
                walk(child)

    walk(QAccessible.queryAccessibleInterface(panel))
    theme.apply(qapp)
    assert nameless == []
