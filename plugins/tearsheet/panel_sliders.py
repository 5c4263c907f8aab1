"""What the user may question: the thresholds behind the verdict and the assumptions behind the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale, QPointF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSlider, QStyle, QStyleOptionSlider, QVBoxLayout, QWidget

from plugins.tearsheet.panel_judgement import Verdict
from plugins.tearsheet.panel_pictures import ValueGrid
from terminal.domain import format as words
from terminal.domain.fields import FIELDS
from terminal.domain.scoring.words import shown
from terminal.ui import theme
from terminal.ui.form import Card, ghost, label, reveal, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from terminal.domain.scoring.explain import Explanation, Threshold
    from terminal.domain.valuation import Grid, Reverse, Valuation

_MOST_STEPS = 400
_FEW = 6


class _Slider(QSlider):
    """A slider that leaves the wheel to the page unless it has the focus, with a mark where the verdict turns."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.mark: int | None = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.mark is None:
            return
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self)
        room = self.width() - handle.width()
        x = handle.width() / 2 + room * self.mark / max(1, self.maximum())
        painter = QPainter(self)
        painter.setPen(QPen(theme.tokens().color("warn"), 2))
        painter.drawLine(QPointF(x, self.height() / 2 - 7), QPointF(x, self.height() / 2 - 3))


class NumberBox(QDoubleSpinBox):
    """Exact entry in the user's convention, which leaves the wheel to the page unless it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        locale = QLocale()
        locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        self.setLocale(locale)
        self.setKeyboardTracking(False)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.setFixedWidth(theme.scaled(92))

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


class Dial(QWidget):
    """One number on a slider and as exact entry; `changed(value)` when the user moved either.

    `unit` is that of a field: fractions are typed in per cent, large sums of money in millions.
    """

    changed = Signal(float)

    def __init__(self, title: str, unit: str = "", decimals: int = 2) -> None:
        super().__init__()
        self._scale, suffix, self._decimals = 1.0, "", decimals
        if unit == "fraction":
            self._scale, suffix, self._decimals = 100.0, f"{words.NARROW}%", min(decimals, 2)
        elif unit == "x":
            suffix, self._decimals = "×", 1
        elif unit == "currency":
            self._scale, suffix, self._decimals = 1e-6, f"{words.NARROW}M", 2
        self._low, self._high, self._value = 0.0, 1.0, 0.0
        self._title, self._note = label(title, "strong"), label("", "muted", wrap=True)
        self.slider, self.number = _Slider(), NumberBox()
        self.number.setDecimals(self._decimals)
        self.number.setSuffix(suffix)
        self.slider.valueChanged.connect(self._slid)
        self.number.valueChanged.connect(self._typed)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addLayout(row(self._title, 0, self.number))
        box.addWidget(self.slider)
        box.addWidget(self._note)
        self.set_title(title)

    @property
    def value(self) -> float:
        """The number in its own unit (0.12 for 12 %)."""
        return self._value

    def set_title(self, title: str) -> None:
        """Other words."""
        self._title.setText(title)
        self.slider.setAccessibleName(title)
        self.number.setAccessibleName(f"{title}, exact")

    def set_note(self, note: str) -> None:
        """A line below; "" for none."""
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def set_range(self, low: float, high: float, mark: float | None = None) -> None:
        """The ends of the slider (typing may go beyond) and the place of a mark."""
        self._low, self._high = low, max(high, low + 1e-9)
        wide = self._high - self._low
        # A step is never finer than what is printed, or a key press would seem to do nothing.
        steps = min(_MOST_STEPS, max(1, round(wide * self._scale * 10**self._decimals)))
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, steps)
            self.slider.setPageStep(max(1, steps // 10))
        self.slider.mark = None if mark is None else self._place(mark)
        with QSignalBlocker(self.number):
            self.number.setRange((low - wide * 5) * self._scale, (high + wide * 5) * self._scale)
            self.number.setSingleStep(max(10.0**-self._decimals, round(wide * self._scale / 100, self._decimals)))
        self.slider.update()

    def set_value(self, value: float) -> None:
        """Show a number without telling."""
        self._value = value
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setValue(self._place(value))
            self.number.setValue(value * self._scale)

    def _place(self, value: float) -> int:
        return round(min(max((value - self._low) / (self._high - self._low), 0.0), 1.0) * self.slider.maximum())

    def _slid(self, place: int) -> None:
        value = (self._low + (self._high - self._low) * place / max(1, self.slider.maximum())) * self._scale
        with QSignalBlocker(self.number):
            self.number.setValue(value)
        self._take(self.number.value() / self._scale)  # what is shown is what counts

    def _typed(self, shown_number: float) -> None:
        value = shown_number / self._scale
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._place(value))
        self._take(value)

    def _take(self, value: float) -> None:
        if value != self._value:
            self._value = value
            self.changed.emit(value)


class Sensitivity(QWidget):
    """A dial for each threshold; `tried(key, value)`. Below the heading: the verdict under the user's thresholds."""

    tried = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self.dials: dict[str, Dial] = {}
        self._all = False
        self._wanted: list[Threshold] = []
        self._mode = "pro"
        self._intro = label("", "body", wrap=True)
        self.verdict = Verdict()
        self._ours = label("", "muted", wrap=True)
        self.result = Card(label("With your thresholds", "muted"), self.verdict, self._ours, spacing=6)
        self.result.hide()
        self.reset = ghost("Our own thresholds", "rotate-ccw")
        self.reset.setEnabled(False)
        self.more = ghost("", "chevron-down", self._toggle)
        self._box = QVBoxLayout()
        self._box.setSpacing(10)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        for item in (self._intro, self.result):
            box.addWidget(item)
        box.addLayout(self._box)
        box.addLayout(row(self.reset, 0, self.more))

    def show_thresholds(self, thresholds: Iterable[Threshold], tried: Mapping[str, float], mode: str) -> None:
        """Show the thresholds, those that turn the verdict first; dials of before are used again."""
        self._wanted = [each for each in thresholds if each.maximum > each.minimum]
        self._mode = mode
        turning = sum(each.flips_at is not None for each in self._wanted)
        if not self._wanted:
            self._intro.setText("No threshold can be tried: too little is known.")
        elif turning:
            self._intro.setText("Move a limit and see the verdict follow. The mark is where it turns.")
        else:
            self._intro.setText("No single threshold within reach would change the verdict.")
        for each in self._wanted:
            dial = self.dials.get(each.key) or self._dial(each)
            low = max(0.0, each.minimum) if _never_negative(each) else each.minimum
            dial.set_range(low, each.maximum, each.flips_at)
            dial.set_note(each.newbie if mode == "newbie" else _pro_note(each))
            dial.set_value(tried.get(each.key, each.limit))
        self._show_dials()
        self.reset.setEnabled(bool(tried))
        if not tried:
            self.result.hide()

    def show_result(self, told: Explanation, ours: Explanation, mode: str) -> None:
        """The verdict under the user's thresholds."""
        self.verdict.show_explanation(told, mode)
        same = "the same as" if told.verdict == ours.verdict else "instead of"
        self._ours.setText(f"That is {same} {ours.verdict} with our thresholds.")
        self.result.show()
        self.reset.setEnabled(True)

    def _dial(self, each: Threshold) -> Dial:
        field = FIELDS.get(each.field)
        unit = field.unit if field else "fraction" if each.maximum <= 1 else ""
        dial = Dial(each.title, unit, field.decimals if field else 1)
        dial.changed.connect(lambda value, key=each.key: self.tried.emit(key, value))
        self.dials[each.key] = dial
        self._box.addWidget(dial)
        return dial

    def _show_dials(self) -> None:
        ranked = sorted(self._wanted, key=lambda each: each.flips_at is None)
        few = {each.key for each in (ranked if self._all else ranked[:_FEW])}
        for key, dial in self.dials.items():
            dial.setVisible(key in few)
        self.more.setVisible(len(ranked) > _FEW)
        self.more.setText("Fewer" if self._all else f"All {len(ranked)} thresholds")
        self.more.set_icon("chevron-up" if self._all else "chevron-down")

    def _toggle(self) -> None:
        self._all = not self._all
        self._show_dials()


def _never_negative(each: Threshold) -> bool:
    field = FIELDS.get(each.field)
    return field is not None and field.unit in ("currency", "count", "score", "years") and each.limit >= 0


def _pro_note(each: Threshold) -> str:
    value = shown(each.field, each.value) if each.field else words.number(each.value, 2)
    if each.flips_at is None:
        return f"value {value}; no effect on the verdict"
    return f"value {value}; {each.pro.split(' gate ')[-1]}"


_ASSUMPTIONS: dict[str, tuple[str, str, str, float, float, int]] = {
    # name: (pro title, newbie title, unit, low, high, decimals)
    "wacc": ("Cost of capital (WACC)", "What investors want to earn a year", "fraction", 0.05, 0.16, 2),
    "growth": ("Growth, first years", "Growth of its cash in the first years", "fraction", -0.10, 0.35, 2),
    "terminal_growth": ("Terminal growth", "Growth for ever after", "fraction", 0.0, 0.04, 2),
    "risk_free": ("Risk-free rate", "Interest without risk", "fraction", 0.0, 0.08, 2),
    "equity_premium": ("Equity risk premium", "What shares earn above it", "fraction", 0.02, 0.09, 2),
    "beta": ("Beta", "Swings with the market (1: as much)", "", 0.3, 2.5, 2),
    "tax_rate": ("Tax rate", "Tax rate", "fraction", 0.0, 0.4, 2),
}
_MAIN = ("wacc", "growth", "terminal_growth")


class CashValue(QWidget):
    """The discounted cash flow with every main assumption on a dial; `tried(name, value)` when one was moved."""

    tried = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self._head, self._text = label("", "value"), label("", "body", wrap=True)
        self._notes = label("", "muted", wrap=True)
        self.reset = ghost("Our own assumptions", "rotate-ccw")
        self.reset.setEnabled(False)
        self.more = ghost("More assumptions", "chevron-down", self._toggle)
        self.dials: dict[str, Dial] = {}
        self._all = False
        self.grid = ValueGrid()
        self._grid_title = label("Value per share by cost of capital and growth", "muted", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        for item in (self._head, self._text):
            box.addWidget(item)
        for name, (title, _, unit, low, high, decimals) in _ASSUMPTIONS.items():
            dial = Dial(title, unit, decimals)
            dial.set_range(low, high)
            dial.changed.connect(lambda value, name=name: self.tried.emit(name, value))
            self.dials[name] = dial
            box.addWidget(dial)
            reveal(dial, name in _MAIN)
        box.addLayout(row(self.reset, 0, self.more))
        for below in (self._grid_title, self.grid, self._notes):
            box.addWidget(below)

    def show_valuation(self, found: Valuation, back: Reverse, grid: Grid, *, currency: str | None, mode: str, own: bool) -> None:
        """Show a value, the assumptions behind it and the values around it; `own`: some assumptions are the user's."""
        newbie = mode == "newbie"
        known = found.value is not None
        self._head.setText(f"{words.money(found.value, currency)}   {_against(found.gap)}" if known else "unknown")
        theme.set_role(self._head, tone="" if known else "muted")
        why = f"{found.reason[:1].upper()}{found.reason[1:]}."
        self._text.setText(implied(back, found.price, currency, mode) if known else why)
        for name, dial in self.dials.items():
            pro_title, newbie_title, *_ = _ASSUMPTIONS[name]
            dial.set_title(newbie_title if newbie else pro_title)
            used = found.assumption(name)
            dial.setEnabled(used is not None)
            if used is None:
                dial.set_note("")
                continue
            if not dial.slider.isSliderDown() and not dial.number.hasFocus():
                dial.set_value(used.value)
            source = {"provided": "yours", "derived": "from its figures", "default": "our default"}[used.origin]
            dial.set_note(source if newbie or not used.reason else f"{source}: {used.reason}")
        self.reset.setEnabled(own)
        self._show_dials(known or own)
        self.grid.show_grid(grid, found.price, currency)
        for widget in (self.grid, self._grid_title):
            widget.setVisible(bool(grid.waccs))
        share = found.terminal_share
        told = [*found.notes]
        if not newbie and share is not None:
            told.insert(0, f"{words.percent(share, 0)} of the enterprise value lies beyond the projected years.")
        self._notes.setText(" ".join(told))
        self._notes.setVisible(bool(told))

    def _show_dials(self, useful: bool) -> None:
        """Hidden where no assumption would give a value."""
        for name, dial in self.dials.items():
            dial.setVisible(useful and (self._all or name in _MAIN))
        self.reset.setVisible(useful)
        self.more.setVisible(useful)
        self.more.setText("Fewer assumptions" if self._all else "More assumptions")
        self.more.set_icon("chevron-up" if self._all else "chevron-down")

    def _toggle(self) -> None:
        self._all = not self._all
        self._show_dials(True)


def _against(gap: float | None) -> str:
    return "" if gap is None else f"{words.percent(gap, sign=True)} against the price"


def implied(back: Reverse, price: Any, currency: str | None, mode: str) -> str:
    """The reverse DCF in one sentence."""
    if back.growth is None:
        return f"What growth the price assumes is unknown{': ' + back.reason if back.reason else ''}."
    share, cost = words.percent(back.growth), words.money(price, currency)
    if mode == "newbie":
        verb = f"grows {share}" if back.growth >= 0 else f"shrinks {words.percent(-back.growth)}"
        return f"Today's price of {cost} is fair if the cash it earns {verb} a year in the first years."
    return f"Reverse DCF: {cost} implies {share} first-stage growth a year."
