"""The dialog of indicators: found by any word, set by their own parameters, put on the chart and taken off again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from plugins.chart.panel_words import PLAIN, plain_title
from terminal.domain.indicators import INDICATORS, read_study
from terminal.ui import theme
from terminal.ui.form import Button, Chip, Flow, column, ghost, label, line, primary, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QShowEvent

    from terminal.domain.indicators import Indicator, Parameter, Value

_KEY = Qt.ItemDataRole.UserRole


class IndicatorDialog(QDialog):
    """`wanted(studies)` with every change; `template(general)` to keep them for the symbol, or for every symbol.

    Newbie mode asks a few questions in plain words; all indicators are one click further.
    """

    wanted = Signal(tuple)
    template = Signal(bool)

    def __init__(self, parent: QWidget, mode: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("Indicators")
        self.setMinimumSize(theme.scaled(640), theme.scaled(460))
        self._mode, self._interval = mode, "1d"
        self._studies: tuple[str, ...] = ()
        self._editing = ""
        self.plain = _PlainList()
        self.plain.toggled.connect(self._set)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search indicators: average, momentum, volume …")
        self.search.setAccessibleName("Search indicators")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Indicators")
        self.list.currentItemChanged.connect(lambda *_: self._show_current())
        self.list.itemActivated.connect(lambda *_: self._take())
        self.settings = SettingsForm()
        self.settings.changed.connect(self._check)
        self.settings.entered.connect(self._take)
        self.add = primary("Add", "plus", self._take)
        self.add.setAutoDefault(True)
        self._present = QWidget()
        self._present.setLayout(Flow(spacing=6))
        self._none = label("Nothing yet.", "muted")
        self._lay_out()

    def _lay_out(self) -> None:
        right = column(self.settings, row(self.add, 0), 0, spacing=10)
        middle = row(spacing=14)
        middle.addWidget(self.list, 5)
        middle.addLayout(right, 6)
        everything = QWidget()
        box = column(self.search, spacing=10)
        box.addLayout(middle, 1)
        everything.setLayout(box)
        self._pages = QStackedLayout()
        self._pages.addWidget(everything)
        self._pages.addWidget(self.plain)
        self.more = ghost("All indicators", "list", lambda: self._show_page(plain=False))
        keep = Button("Keep for this symbol", "", "bookmark", lambda: self.template.emit(False))
        always = Button("Keep for every symbol", "", "bookmark-plus", lambda: self.template.emit(True))
        close = Button("Close", on_click=self.accept)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 14, 16, 14)
        outer.setSpacing(10)
        outer.addLayout(self._pages, 1)
        outer.addWidget(line())
        outer.addLayout(row(label("On the chart", "strong"), self._none, 0, self.more, spacing=8))
        outer.addWidget(self._present)
        outer.addWidget(line())
        outer.addLayout(row(keep, always, 0, close))
        self._filter("")

    def open_with(self, studies: Sequence[str], mode: str, interval: str = "1d", edit: str = "") -> None:
        """Show the studies there are; with `edit` one of them is to be changed."""
        self._mode, self._interval = mode, interval
        self.show_studies(studies)
        self._show_page(plain=mode == "newbie" and not edit)
        self.search.clear()
        self._edit(edit)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_studies(self, studies: Sequence[str]) -> None:
        """What is on the chart now."""
        self._studies = tuple(studies)
        self.plain.show_studies(self._studies, self._interval)
        box = self._present.layout()
        assert box is not None
        while (item := box.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for study in self._studies:
            chip = Chip(title_of(study, self._mode, self._interval), removable=True, clickable=True, tip="Click to change")
            chip.removed.connect(lambda study=study: self._set(study, False))
            chip.clicked.connect(lambda study=study: self._edit(study))
            box.addWidget(chip)
            chip.show()
        self._none.setVisible(not self._studies)
        self._check()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        (self.search if self._pages.currentIndex() == 0 else self.plain.first).setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down from the search goes into the list; Enter takes what is found first."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.list.setFocus()
                self.list.keyPressEvent(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
        return False

    # --- finding and taking

    def _show_page(self, *, plain: bool) -> None:
        self._pages.setCurrentIndex(1 if plain else 0)
        self.more.setVisible(plain)

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        chosen = None if words else self._current()
        self.list.clear()
        group = ""
        for each in found(words):
            if not words and each.group != group:
                group = each.group
                self._add_heading(group)
            item = QListWidgetItem(each.title)
            item.setData(_KEY, each.name)
            item.setToolTip(each.newbie)
            self.list.addItem(item)
        self._point_at(chosen.name if chosen else "")

    def _add_heading(self, group: str) -> None:
        head = QListWidgetItem(group.upper())
        head.setFlags(Qt.ItemFlag.NoItemFlags)
        head.setFont(theme.font(theme.scaled(10), 600))
        head.setForeground(theme.tokens().color("t3"))
        head.setSizeHint(QSize(0, theme.scaled(26)))
        self.list.addItem(head)

    def _point_at(self, name: str) -> None:
        """Choose the row of an indicator, else the first."""
        rows = [at for at in range(self.list.count()) if self.list.item(at).data(_KEY)]
        found = [at for at in rows if self.list.item(at).data(_KEY) == name]
        self.list.setCurrentRow((found or rows or [-1])[0])
        self._show_current()

    def _current(self) -> Indicator | None:
        item = self.list.currentItem()
        return INDICATORS.get(item.data(_KEY) or "") if item else None

    def _show_current(self) -> None:
        found = self._current()
        if found is None or self._editing.partition("(")[0] != found.name:
            self._editing = ""
        values = read_study(self._editing)[1] if self._editing else None
        self.settings.show_indicator(found, self._mode, values)
        self._check()

    def _edit(self, study: str) -> None:
        self._editing = study if study in self._studies else ""
        if self._editing:
            self._show_page(plain=False)
            self.search.clear()
            name = read_study(study)[0].name
            editing = self._editing
            self._point_at(name)
            self._editing = editing
            self._show_current()
            self.settings.focus_first()

    def _check(self) -> None:
        study = self.settings.study()
        self.add.setText("Change" if self._editing else "Add")
        self.add.setAccessibleName(self.add.text())
        self.add.setEnabled(bool(study) and study not in self._studies)
        self.add.setToolTip("It is on the chart already" if study and study in self._studies else "")

    def _take(self) -> None:
        study = self.settings.study()
        if not study or study in self._studies:
            return
        if self._editing:
            studies = tuple(study if each == self._editing else each for each in self._studies)
            self._editing = study
        else:
            studies = (*self._studies, study)
        self.show_studies(studies)
        self.wanted.emit(studies)

    def _set(self, study: str, on: bool) -> None:
        studies = tuple(each for each in self._studies if each != study) + ((study,) if on else ())
        if self._editing == study and not on:
            self._editing = ""
        self.show_studies(studies)
        self.wanted.emit(studies)


class SettingsForm(QWidget):
    """An indicator's words and its parameters. `changed` while typing, `entered` on Enter."""

    changed = Signal()
    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._indicator: Indicator | None = None
        self._fields: list[tuple[Parameter, QLineEdit | QComboBox]] = []
        self.title, self.text = label("", "h2", wrap=True), label("", "body", wrap=True)
        self.formula, self.wrong = label("", "muted", wrap=True), label("", "", "error", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setColumnStretch(1, 1)
        self.setLayout(column(self.title, self.text, self.formula, self._grid, self.wrong, spacing=8))

    def show_indicator(self, indicator: Indicator | None, mode: str, values: Sequence[Value] | None = None) -> None:
        """Its fields, with these values or its defaults."""
        self._indicator = indicator
        self.title.setText(indicator.title if indicator else "Nothing found")
        told = "" if indicator is None else indicator.newbie if mode == "newbie" else f"{indicator.newbie} {indicator.pro}"
        self.text.setText(told or "Try another word.")
        self.formula.setText("" if indicator is None or mode == "newbie" else indicator.source)
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._fields = []
        for at, parameter in enumerate(indicator.parameters if indicator else ()):
            value = parameter.default if values is None else values[at]
            field = self._field(parameter, value)
            self._grid.addWidget(label(parameter.title, "body"), at, 0)
            self._grid.addWidget(field, at, 1)
            self._fields.append((parameter, field))
        self._told()

    def focus_first(self) -> None:
        if self._fields:
            self._fields[0][1].setFocus()

    def study(self) -> str:
        """The study as it is written, "sma(50)"; "" while something typed makes no sense."""
        if self._indicator is None:
            return ""
        try:
            return self._indicator.label(self._indicator.settings({each.name: _typed(field) for each, field in self._fields}))
        except ValueError:
            return ""

    def _field(self, parameter: Parameter, value: Value) -> QLineEdit | QComboBox:
        if parameter.choices:
            box = QComboBox()
            box.addItems(list(parameter.choices))
            box.setCurrentText(str(value))
            box.currentTextChanged.connect(self._told)
            box.setAccessibleName(parameter.title)
            return box
        field = QLineEdit(value if isinstance(value, str) else f"{value:g}")
        field.setAccessibleName(parameter.title)
        field.setPlaceholderText("2026-01-02" if parameter.kind == "date" else "")
        field.textChanged.connect(self._told)
        field.returnPressed.connect(self.entered)
        return field

    def _told(self, *_: object) -> None:
        wrong = []
        for parameter, field in self._fields:
            try:
                parameter.check(_typed(field), self._indicator.title if self._indicator else "")
                bad = False
            except ValueError as error:
                wrong.append(f"{str(error)[:1].upper()}{str(error)[1:]}.")
                bad = True
            theme.set_role(field, invalid=bad)
        self.wrong.setText(" ".join(wrong))
        self.wrong.setVisible(bool(wrong))
        self.changed.emit()


class _PlainList(QWidget):
    """A few studies in plain words, each with the question it answers."""

    toggled = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self._boxes: dict[str, QCheckBox] = {}
        rows = []
        for study, title, _, question in PLAIN:
            box = QCheckBox(title)
            box.setFont(theme.font(theme.scaled(13), 600))
            box.setAccessibleDescription(question)
            box.clicked.connect(lambda on, study=study: self.toggled.emit(study, on))
            self._boxes[study] = box
            rows.append(column(box, row(22, label(question, "body", wrap=True), spacing=0), spacing=1))
        self.first = next(iter(self._boxes.values()))
        self.setLayout(column(label("What do you want to see on the chart?", "h2"), *rows, 0, spacing=10))

    def show_studies(self, studies: Sequence[str], interval: str) -> None:
        for study, box in self._boxes.items():
            box.setText(plain_title(study, interval))
            box.setChecked(study in studies)


def title_of(study: str, mode: str, interval: str = "1d") -> str:
    """What a study is called: plainly in Newbie mode, else with its numbers."""
    plain = plain_title(study, interval) if mode == "newbie" else ""
    if plain:
        return plain
    name, _, rest = study.partition("(")
    try:
        indicator = read_study(study)[0]
    except ValueError:
        return study
    short = name.upper() if len(name) <= 5 else indicator.title
    numbers = rest.rstrip(")")
    return f"{short} {numbers}" if numbers else short


def _typed(field: QLineEdit | QComboBox) -> str:
    return field.currentText() if isinstance(field, QComboBox) else field.text().strip()


def found(words: Sequence[str]) -> list[Indicator]:
    """Indicators in which each word occurs, the best first: its own name, its title's beginning, its title, its texts."""
    rated = []
    for place, each in enumerate(INDICATORS.values()):
        name, title = each.name.lower(), each.title.lower()
        if all(word in f"{name} {title} {each.group} {each.newbie} {each.pro}".lower() for word in words):
            whole = " ".join(words)
            rank = 0 if whole == name else 1 if title.startswith(whole) else 2 if all(word in title for word in words) else 3
            rated.append((rank if words else 0, place, each))
    return [each for *_, each in sorted(rated, key=lambda one: one[:2])]
