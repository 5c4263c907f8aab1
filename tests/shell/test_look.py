"""Text size, density, motion, conventions and clock: changed by keys, commands and settings, seen at once everywhere."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDoubleSpinBox

from terminal.domain import format as fmt
from terminal.errors import UserError
from terminal.shell.shot import wait
from terminal.ui import motion, theme
from terminal.ui.table import TableView
from terminal.ui.table.cells import RowPainter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.shell.window import MainWindow


@pytest.fixture(autouse=True)
def _as_it_was(qapp: Any) -> Iterator[None]:
    before = fmt.in_force()
    yield
    fmt.use(before)
    theme.apply(qapp)


def test_keys_make_the_text_larger_smaller_and_usual(window: MainWindow, qtbot: Any) -> None:
    window.activateWindow()
    height = window.topbar.height()
    qtbot.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert window.settings.get("font_size") == 14
    assert theme.current().font_px == 14  # type: ignore[union-attr]
    assert window.topbar.height() > height and window.topbar.name.font().pixelSize() == theme.scaled(14)
    window.settings.set("font_size", 11)
    for _ in range(2):
        window.key_actions.fire("font-smaller")
    assert window.settings.get("font_size") == 10  # and not below
    qtbot.keyClick(window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert window.settings.get("font_size") == window.settings.declared("font_size").default


def test_the_commands_do_the_same(window: MainWindow, sample_app: Any) -> None:
    window.set_look(font_size=13)
    assert window.step_font(1) == 14
    window.set_look(density="roomy")
    assert theme.row_height("pro") == theme.row_height("newbie") == theme.scaled(36)
    with pytest.raises(UserError, match="density cannot be 'dense'"):
        window.set_look(density="dense")
    window.set_look(density="auto")
    assert theme.row_height("pro") == theme.scaled(24) and theme.row_height("newbie") == theme.scaled(32)


def test_density_and_size_reach_a_table_that_is_shown(window: MainWindow, qtbot: Any) -> None:
    view = TableView(None)
    qtbot.addWidget(view)
    view.set_mode("pro")
    view.show()
    seen = []
    for size, density in ((13, "auto"), (13, "compact"), (13, "roomy"), (18, "roomy")):
        window.set_look(font_size=size, density=density)
        seen.append(view.verticalHeader().defaultSectionSize())
    assert seen == [26, 24, 39, 54]


def test_paddings_follow_the_density() -> None:
    tokens = theme.load()
    plain, compact, roomy = (theme.style_sheet(tokens, 12, density) for density in ("auto", "compact", "roomy"))
    assert "padding: 5px 10px; color" in plain
    assert "padding: 4px 7px; color" in compact
    assert "padding: 7px 14px; color" in roomy
    assert plain.count(";") == compact.count(";") == roomy.count(";")


# ---- motion ----


@pytest.mark.parametrize(("file", "content", "less"), [
    ("kdeglobals", "[KDE]\nAnimationDurationFactor=0\n", True), ("kdeglobals", "[KDE]\nAnimationDurationFactor=1\n", False),
    ("gtk-3.0/settings.ini", "[Settings]\ngtk-enable-animations=false\n", True),
    ("gtk-4.0/settings.ini", "[Settings]\ngtk-enable-animations=1\n", False), ("kdeglobals", "nonsense", False),
    ("other", "", False)])
def test_the_system_is_asked_about_motion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str,
                                          less: bool) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(content, "utf-8")
    monkeypatch.setattr(motion.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
    assert motion.less_motion("system") is less
    assert motion.less_motion("yes") is True
    assert motion.less_motion("no") is False


def test_nothing_runs_to_and_fro_when_less_motion_is_asked_for(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal.shell.statusbar.LATE_MS", 0)
    endless = {"id": 1, "title": "Working", "state": "running", "long": True}
    for choice, moves in (("no", True), ("yes", False)):
        window.set_look(reduced_motion=choice)
        assert theme.still() is not moves
        window.statusbar.show_job(endless)
        window.statusbar._paint_job()
        assert window.statusbar.job_text.isVisible()
        assert window.statusbar.bar.isVisible() is moves
        window.statusbar.clear_jobs()


# ---- conventions and clock ----


def test_numbers_and_moments_follow_the_setting_at_once(window: MainWindow, sample_app: Any, qtbot: Any) -> None:
    told: list[object] = []
    sample_app.events.subscribe("market.changed", told.append)
    sample_app.settings.set("appearance.locale", "de-DE")
    qtbot.waitUntil(lambda: bool(told), timeout=5000)
    assert fmt.number(1234.5) == "1.234,50"
    field = QDoubleSpinBox()
    qtbot.addWidget(field)
    field.setValue(1.5)
    assert field.text() == "1,50"
    sample_app.settings.set("appearance.locale", "standard")
    assert fmt.number(1234.5) == "1\u202f234.50"
    sample_app.settings.set("appearance.clock", "both")
    fmt.use(replace(fmt.in_force(), zone=ZoneInfo("Europe/Berlin")))
    assert wait(window, 10)
    assert window.shown is not None
    window.shown.clock.tick()
    assert "ET (" in window.statusbar.clock.text() and "CE" in window.statusbar.clock.text()


# ---- sharp on every screen ----


def test_icons_and_rows_have_as_many_pixels_as_the_screen(qapp: Any, monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    assert theme.pixmap("star", "t2", 16).devicePixelRatio() >= 2
    monkeypatch.setattr(theme, "_sharpest", lambda: 3.0)
    picture = theme.pixmap("star", "t2", 16)
    assert (picture.devicePixelRatio(), picture.width()) == (3.0, 48)
    view = TableView(None)
    qtbot.addWidget(view)
    painter = RowPainter(view.model_shown)
    for ratio in (1.0, 1.5, 2.0):
        row = painter.row(0, [], QSize(200, 24), theme.tokens().color("bg1"), ratio)
        assert (row.devicePixelRatio(), row.width()) == (ratio, round(200 * ratio))


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["1.5", "2"])
def test_a_picture_at_another_scale_has_more_pixels(run_cli: Callable[..., Any], demo_home: Any, tmp_path: Path,
                                                    scale: str) -> None:
    file = tmp_path / "sharp.png"
    done = run_cli("--home", str(demo_home.path), "--demo", "window", "shot", "--panel", "screener", "--size", "640x400",
                   "--out", str(file), env={**os.environ, "QT_SCALE_FACTOR": scale})
    assert done.returncode == 0, done.stderr
    picture = QPixmap(str(file))
    assert (picture.width(), picture.height()) == (640 * float(scale), 400 * float(scale))
