"""The form of a decision: what, why, how sure, until when, and what would prove it wrong."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QLineEdit, QScrollArea, QSizePolicy, QWidget

from plugins.journal.panel_parts import ACTIONS, day_edit, day_in, titled
from terminal.ui.form import Banner, Section, Segment, column, ghost, label, primary, reveal, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.api import Host, Table, TerminalError

_SURE = (("", "Not said"), ("55", "55 %"), ("65", "65 %"), ("75", "75 %"), ("85", "85 %"), ("95", "95 %"))
_SPANS = (("1m", "1 month"), ("3m", "3 months"), ("6m", "6 months"), ("1y", "1 year"))
_SIGNALS = ("", "value", "growth", "breakout", "trend", "dip", "report", "news", "income")
# Rules that often prove a thesis wrong; each can be changed in the field.
_EXAMPLES = (
    "", 'verdict == "Avoid"', "price < sma(close, 200)", "roe < 10%", "revenue_growth_1y < 0%", "eps_growth_1y < 0%",
    "operating_margin < 10%", "net_debt_ebitda > 4", "pe_ttm > 40", "score < 4", "off_high_52w < -30%",
)  # fmt: skip
_RULES = 3


def open_form(parent: QWidget, host: Host, symbol: str = "", before: Mapping[str, Any] | None = None) -> DecisionForm:
    """Open the form over `parent`: of a new decision, or, with a row of `journal list`, of a change."""
    form = DecisionForm(parent, host, symbol, before)
    form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    form.open()
    return form


class DecisionForm(QDialog):
    """Logs with `journal.log`, or changes with `journal.change`. Stays until it is done; what cannot be is said in it."""

    def __init__(self, parent: QWidget, host: Host, symbol: str, before: Mapping[str, Any] | None) -> None:
        super().__init__(parent)
        self._host, self._before = host, before
        newbie = host.mode == "newbie"
        self.setWindowTitle(f"Change decision {before['number']}" if before else "Log a decision")
        self.setMinimumSize(560, 420)
        self.symbol = _line("Ticker", "AAPL", symbol)
        self.now = label("", "muted")
        self.action = Segment([(key, easy if newbie else pro) for key, easy, pro in ACTIONS], "buy", "What you decided")
        self.reason = _line("Reason", "The one reason that matters most")
        self.conviction = Segment(_SURE, "", "How sure you are to be right")
        self.horizon = Segment(_SPANS, "3m", "When it shall have worked")
        self.stop = _line("Stop", "a price, or 8%")
        self.target = _line("Target", "a price, or 20%")
        self.review = day_edit("Look again on", (host.as_of or date.today()) + timedelta(days=30))
        self.metrics = [_fields_box(f"Figure to watch {place}") for place in (1, 2)]
        self.rules = [_rule_box(place) for place in range(1, _RULES + 1)]
        self.meanings = [label("", "muted", wrap=True) for _ in self.rules]
        self.signal = QComboBox()
        self.signal.setEditable(True)
        self.signal.addItems(_SIGNALS)
        self.signal.setAccessibleName("Kind of signal")
        self.why = _line("Why you change it", "for the history")
        self.banner = Banner("", "error")
        self.banner.hide()
        self.save = primary("Change it" if before else "Log it", on_click=self.log)
        self.save.setDefault(True)
        self._prefill()
        self._lay_out(newbie)
        self.symbol.editingFinished.connect(self._ask_price)
        self._ask_price()
        for place, box in enumerate(self.rules):
            if (edit := box.lineEdit()) is not None:
                edit.editingFinished.connect(lambda place=place: self._explain(place))
            box.activated.connect(lambda _, place=place: self._explain(place))

    def _lay_out(self, newbie: bool) -> None:
        form = QFormLayout()
        for title, control in (
            ("Of what", self.symbol), ("Decision", self.action), ("Why" if newbie else "Thesis", self.reason),
            ("How sure" if newbie else "Conviction", self.conviction), ("Worked out by" if newbie else "Horizon", self.horizon),
            ("Wrong at" if newbie else "Stop", self.stop), ("Goal" if newbie else "Target", self.target),
            ("Look again" if newbie else "Review", self.review),
        ):  # fmt: skip
            form.addRow(titled(title, control), control)
            if control is self.symbol:
                form.addRow("", self.now)
        if self._before is not None:
            form.addRow(titled("Why the change", self.why), self.why)
        wrong = QFormLayout()
        for place, (box, meaning) in enumerate(zip(self.rules, self.meanings, strict=True), 1):
            wrong.addRow(titled(f"Rule {place}", box), box)
            wrong.addRow("", meaning)
            reveal(meaning, False)
        more = QFormLayout()
        more.addRow(titled("Signal", self.signal), self.signal)
        for place, box in enumerate(self.metrics, 1):
            more.addRow(titled(f"Watch {place}", box), box)
        for each in (form, wrong, more):
            each.setHorizontalSpacing(12)
            each.setVerticalSpacing(8)
            each.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        said = ("What would show that you were wrong? We look every evening and tell you." if newbie else
                "Falsifiers, judged after each close: broken when one is true, shaken within 5 % of a limit.")  # fmt: skip
        about = "What is known now (price, verdict, market, portfolio) is kept with it, unchanged for ever."
        if self._host.as_of is not None:
            about = f"It will be dated {self._host.as_of} and marked as written in hindsight. {about}"
        falsifiers = Section(
            "What would prove you wrong" if newbie else "Falsifiers", label(said, "muted", wrap=True), wrong
        )  # fmt: skip
        inside = QWidget()
        further = Section("More", more, open=False)
        inside.setLayout(column(self.banner, form, falsifiers, further, 0, spacing=10, margins=(16, 14, 16, 8)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inside)
        area.setAccessibleName("The decision")
        cancel = ghost("Cancel", on_click=self.reject)
        foot = row(label(about, "muted", wrap=True), cancel, self.save, spacing=8, margins=(16, 4, 16, 12))
        foot.setStretch(0, 1)
        whole = column(area, foot, spacing=4)
        whole.setStretch(0, 1)
        self.setLayout(whole)
        self.resize(620, 700)
        (self.reason if self.symbol.text() else self.symbol).setFocus()

    def _prefill(self) -> None:
        one = self._before
        if one is None:
            return
        terms = one["terms"]
        self.symbol.setText(str(one["symbol"]))
        self.symbol.setEnabled(False)
        self.action.set_value(terms.action)
        self.action.setEnabled(False)
        self.reason.setText(terms.reason)
        self.conviction.set_value("")
        self.conviction.setToolTip("What is graded is how sure you were at first")
        self.stop.setText("" if terms.stop is None else f"{terms.stop:.10g}")
        self.target.setText("" if terms.target is None else f"{terms.target:.10g}")
        if terms.review_on is not None:
            self.review = day_edit("Look again on", terms.review_on)
        for box, rule in zip(self.rules, terms.falsifiers, strict=False):
            box.setEditText(rule)
        for box, name in zip(self.metrics, terms.metrics, strict=False):
            box.setCurrentIndex(max(0, box.findData(name)))
        self.signal.setEditText(terms.signal)
        self._was = self._typed()

    def _typed(self) -> dict[str, Any]:
        return {
            "reason": self.reason.text().strip(), "conviction": self.conviction.value, "horizon": self.horizon.value,
            "stop": self.stop.text().strip(), "target": self.target.text().strip(), "review": day_in(self.review),
            "metric": [box.currentData() for box in self.metrics if box.currentData()],
            "falsifier": [text for box in self.rules if (text := box.currentText().strip())],
            "signal": self.signal.currentText().strip(),
        }  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        """What the command is called with."""
        typed = self._typed()
        if self._before is None:
            given = {name: value for name, value in typed.items() if value}
            return {"symbol": self.symbol.text().strip(), "action": self.action.value, **given}
        changed = {name: value for name, value in typed.items() if value != self._was[name]}
        for name in ("stop", "target"):
            if name in changed and not changed[name]:
                changed[name] = "-"
        return {"number": self._before["number"], "why": self.why.text().strip(), **changed}

    def log(self) -> None:
        """Carry it out."""
        self.save.setEnabled(False)
        self.banner.show_message("Keeping what is known now …", "info")
        command = "journal.log" if self._before is None else "journal.change"
        arguments = self.arguments()
        arguments.setdefault("reason", "") if self._before is None else None
        self._host.run(command, arguments, then=self._done, fail=self._failed)

    def _done(self, table: Table) -> None:
        self._host.notify(f"{table.title}.", "ok")
        self.accept()

    def _failed(self, problem: TerminalError) -> None:
        self.save.setEnabled(True)
        self.banner.show_message(problem.sentence(), "error")

    def _ask_price(self) -> None:
        """What it costs now, so that stop and target can be thought of."""
        symbol = self.symbol.text().strip().upper()
        if symbol:
            self._host.run("journal.price", {"symbol": symbol}, key="form.price", fail=lambda _: self.now.setText(""),
                           then=lambda table: self.now.setText(table.title))  # fmt: skip

    def _explain(self, place: int) -> None:
        """Say below a rule what it means, or what is wrong with it."""
        text, meaning = self.rules[place].currentText().strip(), self.meanings[place]
        reveal(meaning, bool(text))
        if text and self._host.has_command("rules.explain"):
            self._host.run(
                "rules.explain", {"text": text}, key=f"form.rule.{place}",
                then=lambda table: meaning.setText(table.title.replace("Looking for", "Wrong when", 1)),
                fail=lambda problem: meaning.setText(problem.sentence()),
            )  # fmt: skip


def _line(name: str, hint: str, text: str = "") -> QLineEdit:
    made = QLineEdit(text)
    made.setPlaceholderText(hint)
    made.setAccessibleName(name)
    return made


def _rule_box(place: int) -> QComboBox:
    box = QComboBox()
    box.setEditable(True)
    box.addItems(_EXAMPLES)
    box.setAccessibleName(f"Rule {place} that would prove it wrong")
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    edit = box.lineEdit()
    assert edit is not None  # it is editable
    edit.setPlaceholderText("choose one, or write: roe < 12%")
    return box


def _fields_box(name: str) -> QComboBox:
    from terminal.domain.fields import FIELDS

    box = QComboBox()
    box.setAccessibleName(name)
    box.addItem("none", "")
    for field in sorted((each for each in FIELDS.values() if each.type in ("number", "integer")), key=lambda each: each.title):
        box.addItem(field.title, field.name)
    return box
