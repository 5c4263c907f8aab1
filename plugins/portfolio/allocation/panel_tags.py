"""The form in which holdings get tags, or a class where the market's is wrong or not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QGridLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from plugins.portfolio.panel_parts import Form
from terminal.ui import theme
from terminal.ui.form import Banner, Button, label, primary, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.portfolio.exposures import Exposures
    from terminal.api import Host, Table, TerminalError


class TagsForm(Form):
    """Runs `portfolio.tag` and `portfolio.untag`, one command a change. `by` is tag, asset_class, sector or region."""

    def __init__(self, parent: QWidget, host: Host, by: str, title: str, seen: Exposures, choices: Sequence[str]) -> None:
        super().__init__(parent, host)
        self._by = by
        self.setWindowTitle("Tags" if by == "tag" else title)
        self.setMinimumSize(theme.scaled(430), theme.scaled(420))
        told = (
            "Words of your own, separated by commas. What you own can be divided by the first of them that has a target."
            if by == "tag"
            else f"Change the {title.lower()} where it is wrong or not known. It is kept as yours."
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setColumnStretch(2, 1)
        self.edits: dict[str, QLineEdit] = {}
        self.before: dict[str, str] = {}
        names = {each.market_symbol: each for each in reversed(seen.rows)}
        for at, symbol in enumerate(sorted(names)):
            each = names[symbol]
            kept = ", ".join(each.tags) if by == "tag" else str(getattr(each, by) or "")
            edit = QLineEdit(kept)
            edit.setAccessibleName(f"{'Tags' if by == 'tag' else title} of {symbol}")
            edit.setPlaceholderText("core, income …" if by == "tag" else "not known")
            if by != "tag":
                edit.setCompleter(_completer(choices, edit))
            self.edits[symbol], self.before[symbol] = edit, kept
            for place, widget in enumerate((label(symbol, "strong"), label(each.name or "", "muted"), edit)):
                grid.addWidget(widget, at, place)
        inside = QWidget()
        inside.setLayout(grid)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setAccessibleName("Holdings")
        self.problem = Banner("", "error")
        self.problem.hide()
        self.save = primary("Keep", "check", self._save)
        box = QVBoxLayout(self)
        box.setSpacing(10)
        box.addWidget(label(told, "muted", wrap=True))
        box.addWidget(area, 1)
        box.addWidget(self.problem)
        box.addLayout(row(0, Button("Cancel", on_click=self.reject), self.save))
        self._left: list[tuple[str, dict[str, Any]]] = []

    def commands(self) -> list[tuple[str, dict[str, Any]]]:
        """What has to be run for what is typed."""
        made: list[tuple[str, dict[str, Any]]] = []
        for symbol, edit in self.edits.items():
            if edit.text().strip() == self.before[symbol]:
                continue
            if self._by != "tag":
                made.append(("portfolio.tag", {"symbol": symbol, self._by: edit.text().strip()}))
                continue
            old, new = _words(self.before[symbol]), _words(edit.text())
            if gone := tuple(each for each in old if each not in new):
                made.append(("portfolio.untag", {"symbol": symbol, "tags": gone}))
            if come := tuple(each for each in new if each not in old):
                made.append(("portfolio.tag", {"symbol": symbol, "tags": come}))
        return made

    def _save(self) -> None:
        self._left = self.commands()
        self.save.setEnabled(False)
        self._next()

    def _next(self, _table: Table | None = None) -> None:
        """One command after the other: each is a change of its own that can be taken back."""
        if not self._left:
            self.accept()
            return
        command, arguments = self._left.pop(0)
        self.run_command(command, arguments, then=self._next, fail=self._failed)

    def _failed(self, problem: TerminalError) -> None:
        self.save.setEnabled(True)
        self.problem.show_message(problem.sentence(), "error")


def _completer(choices: Sequence[str], edit: QLineEdit) -> QCompleter:
    made = QCompleter(list(choices), edit)
    made.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    made.setFilterMode(Qt.MatchFlag.MatchContains)
    return made


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for each in text.lower().split(",") if (word := " ".join(each.split()))))
