"""The parts of the tearsheet's panel, each a widget that shows one part of a `Sheet`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSlider, QVBoxLayout, QWidget

from plugins.tearsheet.sentences import sentence
from terminal.domain import format as words
from terminal.domain.fields import FIELDS
from terminal.ui import theme
from terminal.ui.badge import provenance_html
from terminal.ui.form import Chip, Flow, MetricCard, ghost, label, line, row
from terminal.ui.meters import PercentileBar, TrafficLight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plugins.tearsheet.model import Figure, Sheet
    from terminal.domain.scoring.explain import Explanation, Threshold
    from terminal.domain.valuation import Valuation

_CARDS = {
    "stock": (
        "market_cap", "pe_ttm", "ev_ebitda", "fcf_yield", "roic", "net_debt_ebitda", "revenue_cagr_3y", "max_drawdown_5y", "beta",
    ),
    "etf": (
        "aum", "expense_ratio", "dividend_yield", "return_1y", "return_5y", "premium_to_nav", "volatility_1y", "max_drawdown_5y", "beta",
    ),
    "bond": (
        "yield_to_maturity", "duration", "years_to_maturity", "credit_score", "coupon", "dividend_yield", "return_1y",
        "volatility_1y", "max_drawdown_5y",
    ),
}  # fmt: skip
_NEWBIE_CARDS = {
    "stock": ("pe_ttm", "roe", "fcf_yield", "max_drawdown_5y"),
    "etf": ("expense_ratio", "dividend_yield", "return_5y", "max_drawdown_5y"),
    "bond": ("yield_to_maturity", "duration", "credit_score", "max_drawdown_5y"),
}
_TONES = {"up": "ok", "good": "ok", "ok": "ok", "warn": "warn", "bad": "error", "down": "error"}
_LEVELS = {"high": "error", "medium": "warn", "low": "ok", "unknown": "unknown"}


def group(sheet: Sheet) -> str:
    """Which set of cards fits: stock, etf or bond."""
    return "bond" if sheet.kind in ("bond", "bond_etf") else "etf" if sheet.kind in ("etf", "fund", "index") else "stock"


def clear(box: Any) -> None:
    """Take everything out of a layout."""
    while box.count():
        item = box.takeAt(0)
        if item.widget() is not None:
            item.widget().hide()
            item.widget().deleteLater()
        elif item.layout() is not None:
            clear(item.layout())


class Cards(QWidget):
    """The most telling figures; in Newbie mode fewer, each with a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)

    def show_sheet(self, sheet: Sheet, mode: str) -> None:
        """Fill the cards."""
        clear(self._grid)
        newbie = mode == "newbie"
        names, width = (_NEWBIE_CARDS, 2) if newbie else (_CARDS, 3)
        for place, name in enumerate(names[group(sheet)]):
            self._grid.addWidget(_card(sheet, name, newbie), place // width, place % width)
        for place in range(width):
            self._grid.setColumnStretch(place, 1)


def _card(sheet: Sheet, name: str, newbie: bool) -> MetricCard:
    figure = sheet.figure(name)
    title = figure.title if figure else FIELDS[name].title
    if figure is None or figure.value is None:
        return MetricCard(
            title, "–", "unknown", tip=provenance_html(title, words.UNKNOWN, (), _now(), why="Nobody gave this number.")
        )
    context = compared(figure)
    plain = sentence(name, sheet.row, figure.comparison) if newbie else ""
    return MetricCard(
        title,
        figure.text,
        "" if plain else context,
        "muted",
        sentence=plain,
        tip=tip(sheet, figure, newbie),
    )


def compared(figure: Figure) -> str:
    """What a figure is compared with, in few words: `sector 27.6×`."""
    return f"{figure.compared_with.removeprefix('median of ')} {figure.comparison_text}".strip() if figure.comparison_text else ""


def tip(sheet: Sheet, figure: Figure, newbie: bool) -> str:
    """Where a figure is from and what it means."""
    sources = () if figure.source is None else (sheet.sources[figure.source],)
    return provenance_html(figure.title, figure.text, sources, _now(), formula=figure.formula,
                           text=(figure.newbie if newbie else figure.pro) or figure.newbie)  # fmt: skip


class Verdict(QWidget):
    """Pill, score, coverage, the reason in one sentence and the flags."""

    def __init__(self) -> None:
        super().__init__()
        self._pill = Chip("", "")
        self._score = label("", "strong")
        self._coverage = label("", "muted", wrap=True)
        self._why = label("", "body", wrap=True)
        self._flags = QWidget()
        self._flow = Flow(self._flags, spacing=6)
        self._flow.setContentsMargins(0, 0, 0, 0)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addLayout(row(self._pill, self._score, 0))
        box.addWidget(self._coverage)
        box.addWidget(self._why)
        box.addWidget(self._flags)

    def show_explanation(self, told: Explanation, mode: str) -> None:
        """Show a verdict, ours or one under other thresholds."""
        tones = {"Strong Buy": "ok", "Buy": "ok", "Hold": "warn", "Avoid": "error"}
        self._pill.set_text(told.verdict, tones.get(told.verdict, ""))
        self._score.setText("score unknown" if told.score is None else f"{told.score:.1f} of 10")
        known = f"{told.coverage * 100:.0f} % of the inputs known"
        self._coverage.setText(known if mode == "newbie" else f"{known} · market {told.regime or 'unknown'}")
        self._why.setText(told.newbie if mode == "newbie" else told.pro)
        clear(self._flow)
        for flag in told.flags:
            self._flow.addWidget(Chip(flag.title, _TONES.get(flag.tone, ""), tip=flag.newbie if mode == "newbie" else flag.pro))
        self._flags.setVisible(bool(told.flags))


class Pillars(QWidget):
    """The parts of the score, each 0 to 10."""

    def __init__(self) -> None:
        super().__init__()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(2)

    def show_explanation(self, told: Explanation) -> None:
        """One bar a pillar."""
        clear(self._box)
        for pillar in told.pillars:
            text = f"{pillar.weight:.0f} of 100 points; {pillar.coverage * 100:.0f} % of the inputs known"
            self._box.addWidget(PercentileBar(pillar.title, None if pillar.score is None else pillar.score * 10, text))


class Lights(QWidget):
    """A list of traffic lights with reasons."""

    def __init__(self) -> None:
        super().__init__()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)

    def show_lights(self, lights: Iterable[tuple[str, str, str]], nothing: str) -> None:
        """(state, title, reason) each; `nothing` is said when there is none."""
        clear(self._box)
        for state, title, reason in lights:
            self._box.addWidget(TrafficLight(state, title, reason))
        if not self._box.count():
            self._box.addWidget(label(nothing, "muted", wrap=True))


def gate_lights(told: Explanation, mode: str) -> list[tuple[str, str, str]]:
    """The hard limits as lights."""
    state = {True: "ok", False: "error", None: "unknown"}
    return [(state[gate.passed], gate.title, gate.newbie if mode == "newbie" else gate.pro) for gate in told.gates]


def risk_lights(sheet: Sheet, mode: str) -> list[tuple[str, str, str]]:
    """The risks, heaviest first."""
    return [(_LEVELS[risk.level], risk.title, risk.newbie if mode == "newbie" else risk.pro) for risk in sheet.risks]


class Sensitivity(QWidget):
    """A slider for each threshold; `tried(key, value)` once it rests, and the sentence what would turn the verdict."""

    tried = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)
        self.sliders: dict[str, QSlider] = {}

    def show_thresholds(self, thresholds: Iterable[Threshold], mode: str) -> None:
        """Rebuild the sliders."""
        clear(self._box)
        self.sliders = {}
        for each in thresholds:
            if not each.maximum > each.minimum:
                continue
            value = label(_limit(each, each.limit), "strong")
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(0, 200)
            slider.setValue(_place(each, each.limit))
            slider.setAccessibleName(f"Threshold of {each.title}")
            slider.valueChanged.connect(partial(self._moving, each, value))
            slider.sliderReleased.connect(partial(self._rest, each, slider))
            slider.valueChanged.connect(partial(self._keyed, each, slider))
            self.sliders[each.key] = slider
            self._box.addLayout(row(label(each.title, "body"), 0, value))
            self._box.addWidget(slider)
            self._box.addWidget(label(each.newbie if mode == "newbie" else each.pro, "muted", wrap=True))
        if not self.sliders:
            self._box.addWidget(label("No threshold within reach would change the verdict.", "muted", wrap=True))

    def _moving(self, each: Threshold, value: Any, place: int) -> None:
        value.setText(_limit(each, _number(each, place)))

    def _keyed(self, each: Threshold, slider: QSlider, _: int) -> None:
        if not slider.isSliderDown():
            self._rest(each, slider)

    def _rest(self, each: Threshold, slider: QSlider) -> None:
        self.tried.emit(each.key, _number(each, slider.value()))


def _place(each: Threshold, value: float) -> int:
    return round((value - each.minimum) / (each.maximum - each.minimum) * 200)


def _number(each: Threshold, place: int) -> float:
    return each.minimum + (each.maximum - each.minimum) * place / 200


def _limit(each: Threshold, value: float) -> str:
    field = FIELDS.get(each.field)
    return words.value(value, "number", field.unit if field and field.unit != "currency" else "", field.decimals if field else 1)


class CashValue(QWidget):
    """The discounted cash flow with its main assumptions on sliders; `tried(name, value)` when one was moved."""

    tried = Signal(str, float)
    _SPANS = {"wacc": ("Cost of capital", 0.05, 0.16), "growth": ("Growth, first years", -0.1, 0.35),
              "terminal_growth": ("Growth for ever after", 0.0, 0.04)}  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)
        self._head = label("", "value")
        self._text = label("", "body", wrap=True)
        self._box.addWidget(self._head)
        self._box.addWidget(self._text)
        self.sliders: dict[str, QSlider] = {}
        self._shown: dict[str, tuple[Any, Any]] = {}
        for name, (title, low, high) in self._SPANS.items():
            value, reason = label("", "strong"), label("", "muted", wrap=True)
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(round(low * 1000), round(high * 1000))
            slider.setAccessibleName(title)
            slider.valueChanged.connect(partial(self._moved, name))
            self.sliders[name], self._shown[name] = slider, (value, reason)
            self._box.addLayout(row(label(title, "body"), 0, value))
            self._box.addWidget(slider)
            self._box.addWidget(reason)
        self.reset = ghost("Our own assumptions", "rotate-ccw")
        self._box.addWidget(self.reset)

    def show_valuation(self, found: Valuation, implied: float | None, currency: str | None, mode: str) -> None:
        """Show a value and the assumptions behind it."""
        if found.value is None:
            self._head.setText("unknown")
            self._text.setText(found.reason)
        else:
            self._head.setText(f"{words.money(found.value, currency)}   {words.percent(found.gap, sign=True)} against the price")
            self._text.setText(_implied(implied, mode))
        for name, slider in self.sliders.items():
            used = found.assumption(name)
            slider.setEnabled(found.value is not None)
            value, reason = self._shown[name]
            value.setText("–" if used is None else words.percent(used.value))
            reason.setText("" if used is None else used.reason)
            reason.setVisible(bool(used and used.reason) and mode == "pro")
            if used is not None and not slider.isSliderDown():
                slider.blockSignals(True)
                slider.setValue(round(used.value * 1000))
                slider.blockSignals(False)

    def _moved(self, name: str, place: int) -> None:
        self._shown[name][0].setText(words.percent(place / 1000))
        self.tried.emit(name, place / 1000)


def _implied(implied: float | None, mode: str) -> str:
    if implied is None:
        return "What growth the price assumes is unknown."
    share = words.percent(implied)
    if mode == "newbie":
        return f"Today's price only makes sense if the cash it earns grows about {share} a year."
    return f"Reverse DCF: the price implies {share} first-stage growth."


class Plain(QWidget):
    """Lines of two texts each: what, and how much."""

    def __init__(self) -> None:
        super().__init__()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(5)

    def show_lines(self, lines: Iterable[tuple[str, str, str]], nothing: str) -> None:
        """(left, right, tip) each; `nothing` is said when there is none."""
        clear(self._box)
        for left, right, hint in lines:
            inside = QWidget()
            first, second = label(left, "body", wrap=True), label(right, "strong")
            inside.setLayout(row(first, second))
            inside.layout().setStretch(0, 1)
            inside.setToolTip(hint)
            self._box.addWidget(inside)
            self._box.addWidget(line())
        if not self._box.count():
            self._box.addWidget(label(nothing, "muted", wrap=True))


def letter(symbol: str) -> QWidget:
    """The square with the first letter."""
    square = label(symbol[:1], "h1")
    square.setAlignment(Qt.AlignmentFlag.AlignCenter)
    square.setFixedSize(theme.scaled(36), theme.scaled(36))
    square.setProperty("badge", "letter")
    colors = theme.tokens()
    square.setStyleSheet(f"background: {colors.accent_bg}; color: {colors.accent_text}; border-radius: 6px;")
    return square


def _now() -> datetime:
    return datetime.now(UTC)
