"""The row of filters under the titles: one field a column, what is wrong said beneath it, few words offered as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout

from terminal.domain import format as fmt
from terminal.domain.table_filter import choice_text, choices, chosen, hint
from terminal.ui import theme
from terminal.ui.form import IconButton, label

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from terminal.domain.sourced import Column
    from terminal.ui.table.arranged import ArrangedTable


class Field(QLineEdit):
    """One cell of the row."""

    def __init__(self, row: FilterRow, column: Column) -> None:
        super().__init__(row.view.head)
        self._row = row
        self.column = column
        self.choices: list[tuple[str, int]] = []
        self.setProperty("role", "filter")
        self.setClearButtonEnabled(False)
        self.setPlaceholderText("…")
        self.setTextMargins(0, 0, 0, 0)
        self.textChanged.connect(lambda _: row.typed(self))
        self.offer = QAction(self)
        self.offer.setToolTip("Choose from a list (Alt+Down)")
        self.offer.triggered.connect(self.open_choices)

    def set_choices(self, found: list[tuple[str, int]]) -> None:
        """Words to choose from; none: the field is typed into only."""
        self.choices = found
        if found and self.offer not in self.actions():
            self.offer.setIcon(theme.icon("chevron-down", "t3", 12))
            self.addAction(self.offer, QLineEdit.ActionPosition.TrailingPosition)
        elif not found:
            self.removeAction(self.offer)

    def open_choices(self) -> None:
        """Show the words with how often each occurs, to be ticked."""
        if self.choices:
            ChoiceList(self).open_below()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, alt = event.key(), event.modifiers() & Qt.KeyboardModifier.AltModifier
        if key == Qt.Key.Key_Escape:
            if self.text():
                self.clear()
            else:
                self._row.view.setFocus()
        elif key == Qt.Key.Key_Down and alt:
            self.open_choices()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._row.view.setFocus()
        else:
            super().keyPressEvent(event)


class FilterRow(QObject):
    """The fields of one table; makes room under its titles as long as it lives."""

    def __init__(self, view: ArrangedTable) -> None:
        super().__init__(view)
        self.view = view
        self.fields: dict[str, Field] = {}
        self._counted: tuple[object, dict[str, list[tuple[str, int]]]] = (None, {})
        self._quiet = False
        self.height = theme.scaled(26)
        self.count = label("", "muted", parent=view.head)
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.clear = IconButton("x", "Clear the filters", lambda: view.set_filters({}), size=12)
        self.clear.setParent(view.head)
        self._said = QFrame(view)
        self._said.setProperty("role", "popup")
        self._words = label("", "muted", wrap=False)
        box = QVBoxLayout(self._said)
        box.setContentsMargins(8, 3, 8, 4)
        box.addWidget(self._words)
        self._said.hide()
        self.needs = theme.scaled(88)
        view.head.below = self.height
        view.head.counted = self.needs
        view.head.placed.connect(self.place)
        view.horizontalScrollBar().valueChanged.connect(self.place)
        view.arranged.connect(self._count)
        self._make_room()
        view._lay_out_columns()
        self.refresh()

    def _make_room(self) -> None:
        self.view.head.updateGeometry()
        self.view.updateGeometries()
        self.view._fit()

    def close(self) -> None:
        """Take the row away; the filters are the view's business."""
        had_keys = any(field.hasFocus() for field in self.fields.values())
        self.view.arranged.disconnect(self._count)
        self.view.head.placed.disconnect(self.place)
        self.view.horizontalScrollBar().valueChanged.disconnect(self.place)
        for widget in (*self.fields.values(), self.count, self.clear, self._said):
            widget.hide()
            widget.deleteLater()
        self.fields.clear()
        self.view.head.below = self.view.head.counted = 0
        self._make_room()
        if had_keys:
            self.view.setFocus()
        self.deleteLater()

    def refresh(self) -> None:
        """The columns, the rows or the filters are others: the fields follow."""
        model = self.view.model_shown
        titled = [column for column in model.columns if model.shown(column.name) is not None]
        schema = model.frame.schema
        wanted = {column.name: column for column in titled if hint(column, schema[column.name])}
        for name in [name for name in self.fields if name not in wanted]:
            self.fields.pop(name).deleteLater()
        self._quiet = True
        last = None
        for name, column in wanted.items():
            field = self.fields.get(name)
            if field is None:
                field = self.fields[name] = Field(self, column)
                field.installEventFilter(self)
                field.show()
            field.column = column
            field.set_choices(self._choices(name))
            if field.text().strip() != model.typed.get(name, "").strip():
                field.setText(model.typed.get(name, ""))
                field.setCursorPosition(len(field.text()) if field.hasFocus() else 0)
            if last is not None:
                self.view.setTabOrder(last, field)
            last = field
        self._quiet = False
        self._tell()
        self.place()

    def _choices(self, name: str) -> list[tuple[str, int]]:
        """The words of a column, counted once a table."""
        model = self.view.model_shown
        if self._counted[0] is not model.table:
            self._counted = (model.table, {})
        found = self._counted[1].get(name)
        if found is None:
            found = self._counted[1][name] = choices(model.frame[name])
        return found

    def typed(self, field: Field) -> None:
        """Something was typed: the rows follow at once."""
        if not self._quiet:
            self.view.set_filters({**self.view.filters, field.column.name: field.text()})
            self._say(field)

    def focus(self, name: str) -> None:
        """Give a column's field the keys."""
        field = self.fields.get(name) or next(iter(self.fields.values()), None)
        if field is not None:
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            field.selectAll()

    # --- what is said

    def _tell(self) -> None:
        model = self.view.model_shown
        for name, field in self.fields.items():
            problem, found = model.problems.get(name), model.filters.get(name)
            title = model.told.title_of(field.column)
            field.setAccessibleName(f"Filter {title}")
            examples = f"For example {hint(field.column, model.frame.schema[name])}"
            said = problem.message if problem is not None else f"Only rows where it is {found.words}" if found else examples
            field.setAccessibleDescription(said)
            field.setToolTip(f"{title}: {said}")
            theme.set_role(field, invalid=problem is not None, active=found is not None)
        self._count()
        focused = next((field for field in self.fields.values() if field.hasFocus()), None)
        if focused is not None:
            self._say(focused)

    def _count(self) -> None:
        """How many rows are left, with those of the tables that follow."""
        models = [each.model_shown for each in (self.view, *self.view.followers) if each is self.view or each.isVisible()]
        left, total = sum(each.matching for each in models), sum(each.rows_in_all for each in models)
        self.count.setText(f"{fmt.count(left)} / {fmt.count(total)}" if self.view.model_shown.filters else "")
        self.count.setAccessibleName(f"{fmt.count(left)} of {fmt.count(total)} rows pass the filters")
        self.clear.setVisible(bool(self.view.model_shown.filters or self.view.model_shown.problems))

    def _say(self, field: Field) -> None:
        """What is wrong with a field, what it means, or what may be typed: beneath it."""
        model, name = self.view.model_shown, field.column.name
        problem, found = model.problems.get(name), model.filters.get(name)
        text = f"{problem.message} Try {problem.hint}" if problem is not None else \
            f"Only {model.told.title_of(field.column)} {found.words}" if found else \
            f"Try {hint(field.column, model.frame.schema[name])}"
        self._words.setText(text)
        theme.set_role(self._words, tone="error" if problem is not None else "")
        self._said.adjustSize()
        at = field.mapTo(self.view, QPoint(0, field.height() + 2))
        at.setX(max(0, min(at.x(), self.view.width() - self._said.width() - 2)))
        self._said.move(at)
        self._said.show()
        self._said.raise_()

    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        if isinstance(field, Field):
            if event.type() == QEvent.Type.FocusIn:
                self._bring_into_view(field)
                self._say(field)
            elif event.type() == QEvent.Type.FocusOut:
                self._said.hide()
                field.setCursorPosition(0)
        return False

    def _bring_into_view(self, field: Field) -> None:
        view, place = self.view, self.view.model_shown.place_of(field.column.name)
        if place >= 0:
            row = max(0, view.currentIndex().row())
            vertical = view.verticalScrollBar().value()
            view.scrollTo(view.model_shown.index(row, place))
            view.verticalScrollBar().setValue(vertical)

    # --- where the fields lie

    def place(self, *_: object) -> None:
        """Put each field under its title; what lies under the columns that stay or beyond the edge is hidden."""
        head, model = self.view.head, self.view.model_shown
        top, height = head.title_height, self.height
        for name, field in self.fields.items():
            left, width = head.span(model.place_of(name))
            seen = width >= 18
            field.setVisible(seen)
            if seen:
                field.setGeometry(left + 2, top + 2, width - 4, height - 4)
        edge, side = head.width(), theme.scaled(22)
        self.count.setGeometry(edge - self.needs, top, self.needs - side - 4, height)
        self.count.show()
        self.clear.setGeometry(edge - side - 1, top + 2, side, height - 4)


class ChoiceList(QListWidget):
    """The words of a column with a tick each, over everything else until a click beside it or Escape."""

    def __init__(self, field: Field) -> None:
        super().__init__(field.window())
        self._field = field
        self.setWindowFlag(Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(f"Values of {field.column.title}")
        on = {word.lower() for word in chosen(field.text())}
        for word, count in field.choices:
            item = QListWidgetItem(f"{word}   {fmt.count(count)}", self)
            item.setData(Qt.ItemDataRole.UserRole, word)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{word}, {fmt.count(count)} rows")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if word.lower() in on else Qt.CheckState.Unchecked)
        self.itemChanged.connect(lambda _: self._take())
        self.itemPressed.connect(self._pressed)
        self.setCurrentRow(0)

    def open_below(self) -> None:
        """Show it under its field."""
        rows = self.sizeHintForRow(0) * min(self.count(), 14) + 8
        self.resize(max(self.sizeHintForColumn(0) + 40, self._field.width()), rows)
        self.move(self._field.mapToGlobal(QPoint(0, self._field.height() + 2)))
        self.show()
        self.setFocus()

    def _pressed(self, item: QListWidgetItem) -> None:
        """A click anywhere on the line ticks it; one on the tick itself Qt does."""
        box = self.visualItemRect(item).left() + theme.scaled(26)
        if self.mapFromGlobal(self.cursor().pos()).x() > box:
            self._toggle(item)

    def _toggle(self, item: QListWidgetItem) -> None:
        on = item.checkState() == Qt.CheckState.Checked
        item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def _take(self) -> None:
        items = [self.item(at) for at in range(self.count())]
        self._field.setText(choice_text([item.data(Qt.ItemDataRole.UserRole) for item in items
                                         if item.checkState() == Qt.CheckState.Checked]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.close()
        else:
            super().keyPressEvent(event)
