"""The recipes: what each one asks, and a line to change one or write one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from terminal.ui.form import ghost, label, primary, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.options.flow.panel import Surroundings
    from terminal.api import Host, Table, TerminalError

_LOOKS = {"id": Look("text", 150), "title": Look("text", 260), "rule": Look("text", 420, stretch=True),
          "words": Look("muted", 380, stretch=True), "own": Look("text", 60)}  # fmt: skip


class RecipesPage(QWidget):
    """Runs `options.flow_recipes`; saving and deleting are commands, too, and can be undone."""

    def __init__(self, host: Host, around: Surroundings) -> None:
        super().__init__()
        self._host = host
        self._rows: list[dict[str, Any]] = []
        self.table = TableView(host, name="Flow recipes", looks=_LOOKS)
        self.name, self.title, self.rule = QLineEdit(), QLineEdit(), QLineEdit()
        hints = (("Name of the recipe", "my-recipe"), ("Title of the recipe", "Title"),
                 ("Rule of the recipe", 'side == "ask" and premium >= 100k and days <= 30'))  # fmt: skip
        for edit, (words, hint) in zip((self.name, self.title, self.rule), hints, strict=True):
            edit.setAccessibleName(words)
            edit.setPlaceholderText(hint)
        self.name.setMaximumWidth(170)
        self.title.setMaximumWidth(240)
        self.save_button = primary("Save", "save", self.save)
        self.delete_button = ghost("Delete", "trash-2", self.delete)
        self.wrong = label("", "body", "error", wrap=True)
        self.hint = label("Saved under the name of a published recipe, yours stands in its place. A clause about something that "
                          "an input does not state keeps the recipe silent there.", "muted", wrap=True)  # fmt: skip
        line = row(self.name, self.title, self.rule, self.save_button, self.delete_button, spacing=6, margins=(12, 4, 12, 0))
        line.setStretch(2, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.table, 1)
        box.addLayout(line)
        box.addLayout(row(self.wrong, margins=(12, 0, 12, 0)))
        box.addLayout(row(self.hint, margins=(12, 0, 12, 8)))
        self.wrong.hide()
        self.table.selected.connect(lambda _: self._chosen())
        self.rule.returnPressed.connect(self.save)

    def ask(self) -> None:
        """The recipes there are."""
        self._host.run("options.flow_recipes", then=self._arrived, fail=self._failed, key="recipes.list")

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)

    def retheme(self) -> None:
        self.table.refresh_rows()

    def save_state(self) -> dict[str, Any]:
        return {}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Nothing is kept."""

    def save(self) -> None:
        """Keep what is written."""
        wanted = {"name": self.name.text(), "rule": self.rule.text(), "title": self.title.text()}
        self._host.run("options.flow_recipe_save", wanted, then=self._arrived, fail=self._failed, key="recipes.save")

    def delete(self) -> None:
        """Delete the recipe whose name is written."""
        self._host.run("options.flow_recipe_delete", {"name": self.name.text()}, then=self._arrived, fail=self._failed,
                       key="recipes.delete")  # fmt: skip

    def _arrived(self, table: Table) -> None:
        self.wrong.hide()
        self._rows = table.rows()
        self.table.show_table(table)

    def _failed(self, error: TerminalError) -> None:
        self.wrong.setText(f"{error.message} {error.hint}".strip())
        self.wrong.show()

    def _chosen(self) -> None:
        place = self.table.id_at(self.table.currentIndex().row())
        if 0 <= place < len(self._rows):
            chosen = self._rows[place]
            self.name.setText(chosen["id"])
            self.title.setText(chosen["title"])
            self.rule.setText(chosen["rule"])
            self.delete_button.setEnabled(bool(chosen["own"]))
