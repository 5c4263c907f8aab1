"""Asking for files: where to write one, and which one to bring in. The folder last used is remembered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.shell.window import MainWindow

TABLES = "Tables (*.csv *.parquet *.gz *.txt);;All files (*)"


def ask_to_save(window: MainWindow, title: str, suggested: str, kinds: Sequence[str]) -> str | None:
    """A file name to write to, or None. `kinds` are like "PDF (*.pdf)"."""
    name, _ = QFileDialog.getSaveFileName(window, title, str(_folder(window) / suggested), ";;".join(kinds))
    return _remembered(window, name)


def ask_import(window: MainWindow) -> None:
    """Ask for a file of the user's, then what is in it."""
    name, _ = QFileDialog.getOpenFileName(window, "Choose a file", str(_folder(window)), TABLES)
    if _remembered(window, name):
        window.ask_command("market.import", {"file": name})


def _folder(window: MainWindow) -> Path:
    """Where the user last chose a file, else the documents, else the home directory."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    known = (Path(each) for each in (window.state.get("folder"), documents) if isinstance(each, str) and each)
    return next((each for each in known if each.is_dir()), Path.home())


def _remembered(window: MainWindow, name: str) -> str | None:
    if name:
        window.state.set("folder", str(Path(name).parent))
    return name or None
