"""What one expects, until when, and what one may lose: the form a plan starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget

from terminal.ui import theme
from terminal.ui.form import Card, Segment, column, label, primary, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.api import Host

_WAIT = 350
_BIAS = (("bullish", "Rise", "Bullish"), ("bearish", "Fall", "Bearish"), ("neutral", "Stay", "Neutral"),
         ("volatile", "Move far", "Volatile"))  # fmt: skip
_DAYS = (("7", "1 week"), ("14", "2 weeks"), ("30", "1 month"), ("45", "6 weeks"), ("90", "3 months"), ("by", "Until a day …"))
_VOLATILITY = (("", "I do not know"), ("rising", "It will rise"), ("falling", "It will fall"), ("same", "It stays"))
_TITLES = {
    "by": ("Until", "Horizon"), "target": ("You expect the price at", "Target"),
    "vol_view": ("Will the price get more restless?", "Volatility view"), "account": ("Your account holds", "Account, $"),
    "risk": ("You may lose", "Risk"), "budget": ("You want to pay at most", "Budget, $"),
}  # fmt: skip


class OutlookForm(QWidget):
    """`changed` a moment after something was typed or chosen; `arguments` are those of `options.plan`."""

    changed = Signal()

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.bias = Segment([(key, pro) for key, _, pro in _BIAS], "bullish", "What you expect")
        self.days = QComboBox()
        for key, text in _DAYS:
            self.days.addItem(text, key)
        self.days.setCurrentIndex(2)
        self.days.setAccessibleName("Until when")
        self.day = self._edit("Until this day", "YYYY-MM-DD")
        self.target = self._edit("Target", "expected move")
        self.volatility = QComboBox()
        for key, text in _VOLATILITY:
            self.volatility.addItem(text, key)
        self.volatility.setAccessibleName("What volatility will do")
        self.account = self._edit("What the account holds", f"{float(host.setting('options.account')):,.0f}")
        self.risk = self._edit("What may be lost", str(host.setting("options.risk")))
        self.budget = self._edit("What may be paid", "no limit")
        self.unlimited, self.cash = QCheckBox("Loss without limit, too"), QCheckBox("Cash account")
        self.unlimited.setAccessibleName("Also structures whose loss has no limit")
        self.cash.setAccessibleName("A cash account")
        self.simple = QCheckBox("Simple structures only")
        self.simple.setAccessibleName("Only structures for first steps")
        self.button = primary("Plan", "sparkles", self.changed.emit)
        self._wait = QTimer(self, singleShot=True, interval=_WAIT)
        self._wait.timeout.connect(self.changed.emit)
        self._titles: dict[str, Any] = {}
        self._lay_out()
        self._connect()
        self.set_mode(host.mode)

    def _edit(self, name: str, hint: str) -> QLineEdit:
        edit = QLineEdit()
        edit.setAccessibleName(name)
        edit.setPlaceholderText(hint)
        edit.setClearButtonEnabled(False)
        return edit

    def _lay_out(self) -> None:
        self._box = box = QVBoxLayout()
        box.setSpacing(9)
        self._head = label("What do you expect?", "h2")
        box.addWidget(self._head)
        box.addWidget(self.bias)
        fields = (("by", self.days), ("", self.day), ("target", self.target), ("vol_view", self.volatility),
                  ("account", self.account), ("risk", self.risk), ("budget", self.budget))  # fmt: skip
        for key, field in fields:
            if key:
                self._titles[key] = label("", "muted", wrap=True)
                self._titles[key].setBuddy(field)
                box.addLayout(column(self._titles[key], field, spacing=2))
            else:
                box.addWidget(field)
        self.day.hide()
        for check in (self.simple, self.unlimited, self.cash):
            box.addWidget(check)
        box.addLayout(row(self.button))
        card = Card()
        card.body.addLayout(box)
        self.note = label("", "muted", wrap=True)
        self.setLayout(column(card, self.note, 0))
        self.setFixedWidth(theme.scaled(252))

    def _connect(self) -> None:
        self.days.activated.connect(lambda _: self._days_chosen())
        self.volatility.activated.connect(lambda _: self.changed.emit())
        for edit in (self.day, self.target, self.account, self.risk, self.budget):
            edit.textEdited.connect(lambda _: self._wait.start())
            edit.returnPressed.connect(self.changed.emit)
        for check in (self.unlimited, self.cash, self.simple):
            check.clicked.connect(lambda *_: self.changed.emit())

    def _days_chosen(self) -> None:
        self.day.setVisible(self.days.currentData() == "by")
        if self.days.currentData() == "by":
            self.day.setFocus()
        else:
            self.changed.emit()

    def arguments(self) -> dict[str, Any]:
        """As `options.plan` takes them; what is not typed is left out."""
        self._wait.stop()
        asked: dict[str, Any] = {"bias": self.bias.value, "top": 12, "vol_view": self.volatility.currentData(),
                                 "target": self.target.text().strip(), "risk": self.risk.text().strip(),
                                 "unlimited": self.unlimited.isChecked(), "cash": self.cash.isChecked(),
                                 "level": 1 if self.simple.isChecked() else 3}  # fmt: skip
        if self.days.currentData() == "by":
            if self.day.text().strip():
                asked["by"] = self.day.text().strip()
        else:
            asked["dte"] = int(self.days.currentData())
        for name, edit in (("account", self.account), ("budget", self.budget)):
            if edit.text().strip():
                asked[name] = edit.text().strip().lstrip("$").replace(",", "")
        return asked

    def purse(self) -> dict[str, Any]:
        """The part that `options.calc` and `options.size` take, too."""
        return {name: value for name, value in self.arguments().items() if name in ("account", "risk", "cash")}

    def set_mode(self, mode: str) -> None:
        """Plain words, or the field's."""
        newbie = mode == "newbie"
        self._head.setText("What do you expect?" if newbie else "Outlook")
        old = self.bias
        options = [(key, plain if newbie else pro) for key, plain, pro in _BIAS]
        self.bias = Segment(options, old.value, "What you expect")
        self.bias.changed.connect(lambda _: self.changed.emit())
        self._box.replaceWidget(old, self.bias)
        old.hide()
        old.deleteLater()
        for key, (plain, pro) in _TITLES.items():
            self._titles[key].setText(plain if newbie else pro)

    def save_state(self) -> dict[str, Any]:
        return {"bias": self.bias.value, "days": self.days.currentData(), "day": self.day.text(), "target": self.target.text(),
                "volatility": self.volatility.currentData(), "account": self.account.text(), "risk": self.risk.text(),
                "budget": self.budget.text(), "unlimited": self.unlimited.isChecked(), "cash": self.cash.isChecked(),
                "simple": self.simple.isChecked()}  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.bias.set_value(str(state.get("bias", "bullish")))
        for box, key in ((self.days, "days"), (self.volatility, "volatility")):
            place = box.findData(state.get(key))
            box.setCurrentIndex(place if place >= 0 else box.currentIndex())
        self.day.setVisible(self.days.currentData() == "by")
        for edit, key in ((self.day, "day"), (self.target, "target"), (self.account, "account"), (self.risk, "risk"),
                          (self.budget, "budget")):  # fmt: skip
            edit.setText(str(state.get(key) or ""))
        for check, key in ((self.unlimited, "unlimited"), (self.cash, "cash"), (self.simple, "simple")):
            check.setChecked(bool(state.get(key)))
