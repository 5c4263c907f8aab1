"""One dip in full below the list: what to do, what the fall is made of, what became of such falls, how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QSizePolicy, QWidget

from plugins.dips.model import basis_title, sentences, size_sentence
from plugins.dips.panel_parts import PartsPicture
from terminal.domain import format as fmt
from terminal.ui.form import Button, IconButton, column, label, row
from terminal.ui.meters import TrafficLight

if TYPE_CHECKING:
    from plugins.dips.gathering import Dip
    from plugins.dips.rules import Rules

_HEIGHT = 248


class Detail(QFrame):
    """Hidden until a dip is chosen. `opened(symbol)`: the user wants its page; `closed`: the user wants it gone."""

    opened = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._dip: Dip | None = None
        self._rules: Rules | None = None
        self._mode = "pro"
        self._title = label("", "h2")
        self._about = label("", "muted")
        self._open = Button("Open its page", "link", on_click=self._tell)
        self._light = TrafficLight()
        self._more = label("", "body", wrap=True)
        self._parts = PartsPicture()
        self._cause = label("", "body", wrap=True)
        self._event = label("", "muted", wrap=True)
        self._severity = label("", "body", wrap=True)
        self._story = label("", "body", wrap=True)
        self._plan = label("", "body", wrap=True)
        self._rates = _RateGrid()
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        head = row(self._title, self._about, 0, self._open, IconButton("x", "Close", self._shut, size=14), spacing=8,
                   margins=(12, 6, 8, 2))
        self._columns = (
            _box(label("What to do", "caps"), self._light, self._more, self._plan),
            _box(label("Why it fell", "caps"), self._parts, self._cause, self._event, self._severity),
            _box(label("What became of such falls", "caps"), self._rates, self._story),
        )
        inside = QWidget()
        inside.setLayout(row(*self._columns, spacing=20, margins=(12, 2, 12, 8)))
        for place in range(3):
            inside.layout().setStretch(place, 1)  # type: ignore[union-attr]
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName("The dip in full")
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        line = QFrame()
        line.setProperty("role", "line")
        line.setFixedHeight(1)
        self.setLayout(column(line, head, area, spacing=0))
        self.setFixedHeight(_HEIGHT)

    @property
    def symbol(self) -> str:
        """The symbol that is shown, "" for none."""
        return self._dip.row["symbol"] if self._dip is not None else ""

    def set_mode(self, mode: str) -> None:
        """Sentences for a newbie, figures for a professional."""
        self._mode = mode
        self._dress()

    def show_dip(self, dip: Dip, rules: Rules) -> None:
        """Show another dip."""
        self._dip, self._rules = dip, rules
        self._dress()
        self.show()

    def close_(self) -> None:
        """Show nothing."""
        self._dip = None
        self.hide()

    def _shut(self) -> None:
        self.close_()
        self.closed.emit()

    def _tell(self) -> None:
        if self._dip is not None:
            self.opened.emit(self.symbol)

    def _dress(self) -> None:
        if self._dip is None or self._rules is None:
            return
        dip, newbie = self._dip, self._mode == "newbie"
        values, words = dip.row, self._rules.actions[dip.decision.action]
        first, *others = [each.newbie if newbie else each.pro for each in dip.decision.reasons]
        self._title.setText(values["symbol"])
        self._about.setText(" · ".join(str(each) for each in (values["name"], values["sector"], _fallen(values)) if each))
        self._light.set_state(words.light, words.newbie if newbie else words.title, first)
        _put(self._more, "\n".join(others))
        self._parts.show_row(values)
        told = sentences(dip)
        _put(self._cause, told[1] if newbie else "" if values["beta"] is None else _cause_figures(values))
        _put(self._event, _event(values))
        _put(self._severity, _severity(dip, newbie))
        self._rates.setVisible(not newbie)
        self._rates.show_row(dip)
        _put(self._story, " ".join(told[2:]) if newbie else "")
        _put(self._plan, _plan(dip) if not newbie and dip.size is not None else "")


class _RateGrid(QWidget):
    """The base rate in figures."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._cells: list[QLabel] = []

    def show_row(self, dip: Dip) -> None:
        """The base rate that was used."""
        for old in self._cells:
            old.hide()
            old.deleteLater()
        self._cells = []
        rate = dip.rate
        if rate is None:
            self._line(0, "No past fall of this depth is stored.", "", "")
            return
        basis = label(f"{basis_title(rate)} · n = {rate.n} from {rate.quarters} quarters", "body", wrap=True)
        self._grid.addWidget(basis, 0, 0, 1, 3)
        self._cells.append(basis)
        place = 1
        for horizon, share in rate.recovered.items():
            value = "–" if share is None else fmt.percent(share.value, 0)
            interval = "" if share is None else f"{share.low * 100:.0f} to {fmt.percent(share.high, 0)}"
            self._line(place, f"Back at the high within {horizon} sessions", value, interval)
            place += 1
        half = "–" if rate.median is None else f"{rate.median}"
        self._line(place, "Half were back after (sessions)", half, "" if rate.median else "not within 252")
        self._line(place + 1, "Further fall: half, 9 of 10 not beyond", fmt.percent(rate.further_50, 0),
                   fmt.percent(rate.further_90, 0))

    def _line(self, place: int, title: str, value: str, beside: str) -> None:
        for at, (text, role) in enumerate(((title, "body"), (value, "strong"), (beside, "muted"))):
            cell = label(text, role)
            if at:
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(cell, place, at)
            self._cells.append(cell)
        self._grid.setColumnStretch(0, 1)


def _box(*items: QWidget) -> QWidget:
    box = QWidget()
    box.setLayout(column(*items, 0, spacing=5))
    box.setMinimumWidth(250)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return box


def _put(where: QLabel, text: str) -> None:
    where.setText(text)
    where.setVisible(bool(text))


def _fallen(values: dict[str, Any]) -> str:
    money = fmt.money(values["peak"] - values["price"], values["currency"])
    return f"{money} ({fmt.percent(values['dip'])}) below its high of {fmt.day(values['peak_day'])}"


def _cause_figures(values: dict[str, Any]) -> str:
    index = fmt.percent(values["market_move"], 1, sign=True)
    sector = "" if values["sector_move"] is None else (
        f" · sector beyond it {fmt.percent(values['sector_move'], 1, sign=True)} (median of {values['peers']})")
    return f"β {fmt.number(values['beta'], 2)} × SPY {index}{sector} · z {fmt.number(values['z'], 1)}"


def _severity(dip: Dip, newbie: bool) -> str:
    values = dip.row
    if values["severity"] is None:
        return f"How unusual it is for the stock is unknown: {dip.why['severity']}."
    share = fmt.percent(values["severity"], 0)
    if newbie:
        return f"Of its {values['falls']} earlier falls of 5 % or more, {share} were smaller than this one."
    return f"Severity {share} of {values['falls']} own falls · deepest {fmt.percent(values['deepest'], 0)}"


def _event(values: dict[str, Any]) -> str:
    worst = f"Worst session beyond the market: {fmt.day(values['own_day'])} ({fmt.percent(values['own_move'], 1, sign=True)})"
    if values["event"] is None:
        return f"{worst}. No report, filing or headline is known within 3 days of it."
    return f"{worst}. Nearest event, {fmt.day(values['event_on'])}: {values['event']}"


def _plan(dip: Dip) -> str:
    assert dip.size is not None
    far, cost = fmt.percent(dip.size.distance, 0), fmt.percent(dip.size.share * dip.size.distance, 1)
    return f"{size_sentence(dip)} Sized so that a further fall of {far} costs {cost} of the capital."
