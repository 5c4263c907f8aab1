"""What one writes about a trade: tags, plan, state of mind, the playbook's steps, and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QGridLayout, QLineEdit, QPlainTextEdit, QWidget

from plugins.journal.panel_parts import titled
from terminal.domain import format as fmt
from terminal.ui.form import column, ghost, label, primary, reveal, row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from plugins.journal.trades.book import Playbook
    from plugins.journal.trades.trading import Kept
    from terminal.api import Host, Table

_WORDS = (
    ("strategy", "How you trade", "Strategy", "swing, breakout"),
    ("setup", "What you saw", "Set-up", "gap, pullback"),
    ("mistake", "What went wrong", "Mistakes", "no stop, too large"),
    ("tag", "Other words", "Tags", "earnings"),
)
_PRICES = (("stop", "Wrong at", "Stop"), ("target", "Goal", "Target"), ("entry", "Wanted to buy at", "Planned entry"),
           ("risk", "Money at risk", "Risk"))  # fmt: skip
_MINDS = (("before", "Before", "Before"), ("during", "While it was open", "During"), ("after", "Afterwards", "After"))
_MOODS = ("", "calm", "confident", "focused", "impatient", "anxious", "greedy", "angry", "tired", "relieved", "regretful")


class TradeForm(QWidget):
    """Calls `save(arguments)` with those of `journal.annotate`. What is not saved is lost with another trade."""

    def __init__(self, host: Host, save: Callable[[Mapping[str, Any]], None]) -> None:
        super().__init__()
        self._host, self._save = host, save
        self._filling = False
        self._books: dict[str, tuple[str, ...]] = {}
        self._number = 0
        self.setAccessibleName("What you write about the trade")
        self.words = {name: _line(pro, example) for name, _, pro, example in _WORDS}
        self.prices = {name: _line(pro, "") for name, _, pro in _PRICES}
        self.minds = {name: _box(f"State of mind: {pro}", _MOODS) for name, _, pro in _MINDS}
        self.playbook = _box("Playbook", ("",), editable=False)
        self.steps: list[QCheckBox] = []
        self._steps = QWidget()
        self._steps_box = column(spacing=2)
        self._steps.setLayout(self._steps_box)
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText("What you thought, did and learned. Markdown works.")
        self.text.setAccessibleName("Notes in Markdown")
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(84)
        self.origin = label("", "muted", wrap=True)
        self.save_button = primary("Save", on_click=self.save)
        self.undo_button = ghost("Undo the last change", "undo-2", self._undo)
        self._titles: dict[str, QWidget] = {}
        self._lay_out()
        for edit in (*self.words.values(), *self.prices.values()):
            edit.textEdited.connect(lambda _: self._touched())
            edit.returnPressed.connect(self.save)
        for box in self.minds.values():
            box.editTextChanged.connect(lambda _: self._touched())
        self.playbook.currentTextChanged.connect(lambda _: self._book_changed())
        self.text.textChanged.connect(self._touched)
        self.forget()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(6)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for name, _, pro, _ in _WORDS:
            self._titles[name] = titled(pro, self.words[name])
            form.addRow(self._titles[name], self.words[name])
        form.addRow("", self.origin)
        plan = QGridLayout()
        for at, (name, _, pro) in enumerate(_PRICES):
            self._titles[name] = titled(pro, self.prices[name])
            plan.addWidget(self._titles[name], at // 2, at % 2 * 2)
            plan.addWidget(self.prices[name], at // 2, at % 2 * 2 + 1)
        plan.setHorizontalSpacing(8)
        plan.setVerticalSpacing(6)
        form.addRow(plan)
        for name, _, pro in _MINDS:
            self._titles[name] = titled(pro, self.minds[name])
            form.addRow(self._titles[name], self.minds[name])
        form.addRow(titled("Playbook", self.playbook), self.playbook)
        form.addRow("", self._steps)
        box = column(form, self.text, row(self.save_button, self.undo_button, 0, spacing=6), spacing=8)
        self.setLayout(box)

    def set_mode(self, mode: str) -> None:
        """Other words for the same fields."""
        for name, easy, pro, *_ in (*_WORDS, *_PRICES, *_MINDS):
            title: Any = self._titles[name]
            title.setText(easy if mode == "newbie" else pro)

    @property
    def touched(self) -> bool:
        """Whether something waits to be saved."""
        return self.save_button.isEnabled()

    def forget(self) -> None:
        """Nothing waits to be saved."""
        self._number = 0
        self.save_button.setEnabled(False)

    def show_trade(self, each: Kept, book: Playbook | None) -> None:
        """What is written about a trade; while something of the same one waits to be saved, nothing is overwritten."""
        if self._number == each.number and self.touched:
            return
        self._filling = True
        note = each.note
        for name, edit in self.words.items():
            edit.setText(", ".join(getattr(note, name)))
        for name, edit in self.prices.items():
            value = getattr(note, name)
            edit.setText("" if value is None else f"{value.normalize():f}")
        for name, box in self.minds.items():
            box.setEditText(getattr(note, name))
        self.text.setPlainText(note.text)
        stop = "" if each.stop is None else fmt.money(float(each.stop), each.trade.currency)
        self.origin.setText(f"The stop of {stop} is that of decision {each.stop_from}." if each.stop_from.isdecimal() else "")
        reveal(self.origin, bool(self.origin.text()))
        self._offer_books(note.playbook)
        self._show_steps(book.items if book is not None else note.done, note.done)
        self.undo_button.setEnabled(not note.empty)
        self._filling = False
        self._number = each.number
        self.save_button.setEnabled(False)
        self._host.run("journal.playbooks", then=self._books_arrived, fail=lambda _: None, key="trades.books")

    def save(self) -> None:
        """Write everything down as it stands."""
        if self.touched:
            self.save_button.setEnabled(False)
            self._save(self.arguments())

    def arguments(self) -> dict[str, Any]:
        """Those of `journal.annotate`: what is empty is cleared."""
        told: dict[str, Any] = {name: tuple(word.strip() for word in edit.text().split(",") if word.strip())
                                for name, edit in self.words.items()}  # fmt: skip
        told |= {name: edit.text().strip() for name, edit in self.prices.items()}
        told |= {name: box.currentText().strip() for name, box in self.minds.items()}
        told |= {"note": self.text.toPlainText().strip(), "playbook": self.playbook.currentText(),
                 "done": tuple(step.text() for step in self.steps if step.isChecked())}  # fmt: skip
        return {**{name: value for name, value in told.items() if value}, "clear": tuple(name for name in told if not told[name])}

    # ---- inner ----

    def _touched(self) -> None:
        if not self._filling:
            self.save_button.setEnabled(True)

    def _undo(self) -> None:
        self.save_button.setEnabled(False)
        self._host.run("journal.trade_undo", {"number": self._number}, then=lambda _: None, fail=lambda _: None)

    def _books_arrived(self, table: Table) -> None:
        self._books = {one["name"]: tuple(one["items"] or ()) for one in table.rows()}
        self._offer_books(self.playbook.currentText())

    def _offer_books(self, chosen: str) -> None:
        before, self._filling = self._filling, True
        self.playbook.clear()
        self.playbook.addItems(["", *dict.fromkeys((*self._books, *([chosen] if chosen else [])))])
        self.playbook.setCurrentText(chosen)
        self.playbook.setEnabled(self.playbook.count() > 1)
        self.playbook.setToolTip("" if self.playbook.count() > 1 else "Write one with `journal playbook-save`")
        self._filling = before

    def _book_changed(self) -> None:
        if not self._filling:
            self._show_steps(self._books.get(self.playbook.currentText(), ()), ())
            self._touched()

    def _show_steps(self, items: Sequence[str], done: Sequence[str]) -> None:
        for old in self.steps:
            self._steps_box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.steps = []
        for item in items:
            step = QCheckBox(item)
            step.setChecked(item in done)
            step.toggled.connect(lambda _: self._touched())
            self._steps_box.addWidget(step)
            self.steps.append(step)
        reveal(self._steps, bool(self.steps))


def _line(name: str, example: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(example)
    return made


def _box(name: str, choices: Sequence[str], *, editable: bool = True) -> QComboBox:
    made = QComboBox()
    made.setEditable(editable)
    made.addItems(list(choices))
    made.setAccessibleName(name)
    made.setMinimumContentsLength(10)
    return made
