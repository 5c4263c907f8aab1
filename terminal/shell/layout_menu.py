"""The menu of layouts in the top bar: use one, save the present one, rename and delete."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from terminal.errors import TerminalError
from terminal.shell.keys import Keys
from terminal.shell.layouts import Layouts, ready_made
from terminal.ui import theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from terminal.shell.window import MainWindow


def show(window: MainWindow, at: QWidget) -> QMenu:
    """Open the menu below `at`."""
    menu = QMenu(window)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setAccessibleName("Layouts")
    menu.setToolTipsVisible(True)
    run = partial(window.run_command, "window.layout")
    try:
        own = Layouts(window.app.home.path).all()
    except TerminalError as problem:
        window.notify(problem.sentence(), "error")
        own = {}
    others = {name: each for name, each in ready_made().items() if name not in own}
    for title, layouts in (("Your layouts", own), ("Ready-made", others)):
        if layouts:
            menu.addSection(title)
        for name, layout in layouts.items():
            action = menu.addAction(theme.icon("layout-dashboard", "t2", 14), name.replace("&", "&&"))
            action.setToolTip(layout.title or name)
            action.triggered.connect(partial(run, {"what": "use", "name": name}))
    menu.addSeparator()
    save = menu.addAction(theme.icon("save", "t2", 14), "&Save this layout…")
    save.triggered.connect(partial(window.ask_command, "window.layout", {"what": "save"}))
    if own:
        over = menu.addMenu("Save &over")
        gone = menu.addMenu("&Delete")
        for name in own:
            over.addAction(name.replace("&", "&&")).triggered.connect(partial(run, {"what": "save", "name": name}))
            gone.addAction(name.replace("&", "&&")).triggered.connect(partial(run, {"what": "delete", "name": name}))
        rename = menu.addAction("&Rename…")
        rename.triggered.connect(partial(window.ask_command, "window.layout", {"what": "rename"}))
    reset = menu.addAction(theme.icon("rotate-ccw", "t2", 14), "Back to the de&fault layout")
    reset.triggered.connect(partial(run, {"what": "reset"}))
    menu.addSeparator()
    keys = Keys(window.settings)
    more = menu.addAction(theme.icon("app-window", "t2", 14), f"Another &window\t{keys.of('new-window')}")
    more.triggered.connect(partial(window.run_command, "window.new", {}))
    if window.windows is not None and len(window.windows.all) > 1:
        close = menu.addAction(theme.icon("x", "t2", 14), f"&Close this window\t{keys.of('close-window')}")
        close.triggered.connect(partial(window.run_command, "window.close", {"number": window.number}))
    menu.popup(at.mapToGlobal(QPoint(0, at.height() + 4)))
    return menu
