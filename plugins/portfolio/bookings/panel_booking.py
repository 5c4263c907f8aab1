"""The form of one booking: what happened, of what, how much, when. Shows only the fields that the kind needs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from plugins.portfolio.panel_parts import Form, day_edit
from terminal.ui.form import Banner, Section, column, ghost, label, primary, row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.api import Host, Table, TerminalError

# Kind, its name for a beginner, its name for a professional.
KINDS = (
    ("buy", "I bought", "Buy"), ("sell", "I sold", "Sell"), ("dividend", "I was paid a dividend", "Dividend"),
    ("deposit", "I put money in", "Deposit"), ("withdrawal", "I took money out", "Withdrawal"),
    ("interest", "I was paid interest", "Interest"), ("fee", "I paid a fee", "Fee"), ("tax", "I paid a tax", "Tax"),
    ("short", "I sold what I did not own", "Sell short"), ("cover", "I bought back what I had sold short", "Buy to cover"),
    ("split", "One share became several", "Split"), ("transfer_in", "Shares or money came from elsewhere", "Transfer in"),
    ("transfer_out", "Shares or money went elsewhere", "Transfer out"), ("expire", "An option expired", "Expiry"),
    ("exercise", "I exercised an option", "Exercise"), ("assign", "An option was assigned to me", "Assignment"),
    ("spinoff", "A company was split off", "Spin-off"), ("merger", "A company was bought", "Merger"),
    ("staking", "I was paid in coins", "Staking"), ("fx", "I changed money", "Currency exchange"),
    ("other", "Something else", "Other"),
)  # fmt: skip
_TRADE = ("symbol", "quantity", "price", "fees")
FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    "buy": _TRADE, "sell": (*_TRADE, "lots"), "short": _TRADE, "cover": _TRADE, "dividend": ("symbol", "amount", "taxes"),
    "interest": ("amount", "taxes"), "deposit": ("amount",), "withdrawal": ("amount",), "fee": ("amount",), "tax": ("amount",),
    "split": ("symbol", "ratio"), "transfer_in": ("symbol", "quantity", "price", "amount"),
    "transfer_out": ("symbol", "quantity", "price", "amount"), "expire": ("symbol",), "exercise": ("symbol", "quantity"),
    "assign": ("symbol", "quantity"), "spinoff": ("symbol", "quantity", "other", "cost_share"),
    "merger": ("symbol", "quantity", "ratio", "other", "amount"), "staking": ("symbol", "quantity", "price"),
    "fx": ("amount", "fees"), "other": ("symbol", "quantity", "amount"),
}  # fmt: skip
_FIELDS = {
    "symbol": ("Ticker", "AAPL; an option as AAPL260116C00150000"), "quantity": ("Quantity", "10"),
    "price": ("Price of one", "150.25"), "amount": ("Money in all", "1502.50"), "fees": ("Fees in it", "0"),
    "taxes": ("Taxes withheld", "0"), "ratio": ("New for an old one", "4:1"), "other": ("Parent, or what it became", "XYZ"),
    "cost_share": ("Part of the parent's cost", "0.2"), "lots": ("Lots that were sold", "the account's way if empty"),
    "currency": ("Currency", "the account's own if empty"), "note": ("Note", ""),
}  # fmt: skip
_FOLDED = ("taxes", "currency", "note")


def open_booking(parent: QWidget, host: Host, accounts: Sequence[str] = (), *, booking: Mapping[str, Any] | None = None,
                 symbol: str = "") -> None:  # fmt: skip
    """Open the form over `parent`, for a new booking or for one that is put right, once the accounts are known."""

    def opened(known: Table) -> None:
        day = host.as_of or (known.detail or {})["today"]
        form = BookingForm(parent, host, known.rows(), day, booking=booking, symbol=symbol,
                           account=accounts[0] if len(accounts) == 1 else "")  # fmt: skip
        form.open()

    host.run("portfolio.accounts", then=opened, key="booking.accounts")


class BookingForm(Form):
    """Books with `portfolio.add`, or puts right with `portfolio.correct` when it is given a booking. Stays until it is done."""

    def __init__(self, parent: QWidget, host: Host, accounts: Sequence[Mapping[str, Any]], day: date, *,
                 booking: Mapping[str, Any] | None = None, account: str = "", symbol: str = "") -> None:  # fmt: skip
        super().__init__(parent, host)
        self._booking = booking
        self._known = {str(each["account"]).lower() for each in accounts}
        self.setWindowTitle(f"Correct booking {booking['number']}" if booking else "Book what happened")
        self.setMinimumWidth(440)
        self.account = QComboBox()
        self.account.setEditable(booking is None)
        self.account.setAccessibleName("Account")
        self.account.addItems([str(each["account"]) for each in accounts] or ["Main"])
        if account:
            self.account.setCurrentText(account)
        self.kind = QComboBox()
        self.kind.setAccessibleName("What happened")
        for kind, newbie, pro in KINDS:
            self.kind.addItem(newbie if host.mode == "newbie" else pro, kind)
        self.day = day_edit("Day")
        self.day.setDate(_qdate(day))
        self.fields = {name: QLineEdit() for name in _FIELDS}
        for name, (title, hint) in _FIELDS.items():
            self.fields[name].setAccessibleName(title)
            self.fields[name].setPlaceholderText(hint)
        self.fields["symbol"].setText(symbol)
        self.banner = Banner("", "error")
        self.banner.hide()
        self.save = primary("Correct it" if booking else "Book it", on_click=self.book)
        self.save.setDefault(True)
        self._lay_out()
        self._prefill()
        self.kind.currentIndexChanged.connect(lambda _: self._fit())
        self._fit()

    def _lay_out(self) -> None:
        self._form, self._more = QFormLayout(), QFormLayout()
        for title, control in (("Account", self.account), ("What", self.kind), ("Day", self.day)):
            self._form.addRow(_titled(title, control), control)
        for name, edit in self.fields.items():
            (self._more if name in _FOLDED else self._form).addRow(_titled(_FIELDS[name][0], edit), edit)
        inside = QWidget()
        inside.setLayout(self._more)
        self._further = Section("Taxes, currency, note", inside, open=False)
        cancel = ghost("Cancel", on_click=self.reject)
        about = label("It is kept in your book on this computer, and can be taken out again.", "muted", wrap=True)
        for form in (self._form, self._more):
            form.setHorizontalSpacing(12)
            form.setVerticalSpacing(8)
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.setLayout(column(self.banner, self._form, self._further, about, row(0, cancel, self.save, spacing=8), 0,
                              spacing=10, margins=(16, 14, 16, 14)))  # fmt: skip

    def _prefill(self) -> None:
        one = self._booking
        if one is None:
            return
        self.account.setCurrentText(str(one["account"]))
        self.account.setEnabled(False)
        self.kind.setCurrentIndex(max(0, self.kind.findData(str(one["kind"]))))
        self.kind.setEnabled(False)
        self.day.setDate(_qdate(one["day"]))
        for name in ("symbol", "quantity", "price", "amount", "fees", "taxes", "currency", "note"):
            value = one.get(name)
            text = "" if value is None else f"{abs(value):.10g}" if isinstance(value, float) else str(value)
            self.fields[name].setText(text)
        self._before = {name: edit.text() for name, edit in self.fields.items()}
        self._further.set_open(bool(one.get("note") or one.get("taxes")))

    def _fit(self) -> None:
        """Only the fields that the kind needs."""
        wanted = {*FIELDS_OF.get(str(self.kind.currentData()), ()), "currency", "note"}
        for name in self.fields:
            form = self._more if name in _FOLDED else self._form
            form.setRowVisible(self.fields[name], name in wanted or (name == "taxes" and "fees" in wanted))
        self.adjustSize()

    def arguments(self) -> dict[str, Any]:
        """What the command is called with."""
        visible = {name: edit.text().strip() for name, edit in self.fields.items() if not edit.isHidden()}
        chosen = self.day.date()
        day = date(chosen.year(), chosen.month(), chosen.day())
        if self._booking is not None:
            given = {name: text for name, text in visible.items() if text and text != self._before[name]}
            more = {} if day == self._booking["day"] else {"day": day}
            return {"number": self._booking["number"], **_listed(given), **more}
        given = {name: text for name, text in visible.items() if text}
        return {"account": self.account.currentText().strip(), "kind": self.kind.currentData(), "day": day, **_listed(given)}

    def book(self, *, again: bool = False) -> None:
        """Carry it out; the account is made first when it is new. What cannot be is said here."""
        wanted = self.arguments()
        self.save.setEnabled(False)
        if self._booking is not None:
            self._run("portfolio.correct", wanted)
        elif wanted["account"].lower() in self._known:
            self._run("portfolio.add", {**wanted, "again": again})
        else:
            made = {"name": wanted["account"], **({"currency": wanted["currency"]} if "currency" in wanted else {})}

            def then(_: Table) -> None:
                self._known.add(wanted["account"].lower())
                self._run("portfolio.add", wanted)

            self.run_command("portfolio.account_create", made, then, self._failed)

    def _run(self, command: str, arguments: dict[str, Any]) -> None:
        self.run_command(command, arguments, self._done, self._failed)

    def _done(self, table: Table) -> None:
        self._host.notify(" ".join(table.notes), "ok")
        self.accept()

    def _failed(self, problem: TerminalError) -> None:
        self.save.setEnabled(True)
        if "--again" in problem.hint:
            self.banner.show_message("The very same is booked already.", "warn", action="It happened twice",
                                     on_action=lambda: self.book(again=True))  # fmt: skip
        else:
            self.banner.show_message(problem.sentence(), "error")
        self.adjustSize()


def _listed(given: dict[str, str]) -> dict[str, Any]:
    """The same with the lots as several."""
    lots = [part.strip() for part in given.pop("lots", "").split(",") if part.strip()]
    return {**given, **({"lots": lots} if lots else {})}


def _titled(title: str, control: QWidget) -> QLabel:
    made = label(title)
    made.setBuddy(control)
    return made


def _qdate(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)
