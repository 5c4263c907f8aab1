"""The parts of the tearsheet's panel: cards, rows, lines, skeleton. Each is filled again, never made again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLayout, QVBoxLayout, QWidget

from plugins.tearsheet.told import told
from terminal.domain import format as words
from terminal.domain.fields import FIELDS
from terminal.ui import theme
from terminal.ui.badge import provenance_html
from terminal.ui.form import Glyph, MetricCard, label, line, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from plugins.tearsheet.model import Figure, Sheet
    from terminal.services.explain import Text

_CARDS = {
    "stock": (
        "market_cap",
        "pe_ttm",
        "ev_ebitda",
        "fcf_yield",
        "roic",
        "net_debt_ebitda",
        "revenue_cagr_3y",
        "max_drawdown_5y",
        "beta",
    ),
    "bank": ("market_cap", "pe_ttm", "pb", "roe", "dividend_yield", "payout_ratio", "revenue_cagr_3y", "max_drawdown_5y", "beta"),
    "etf": (
        "aum",
        "expense_ratio",
        "dividend_yield",
        "return_1y",
        "return_5y",
        "premium_to_nav",
        "volatility_1y",
        "max_drawdown_5y",
        "beta",
    ),
    "bond": (
        "yield_to_maturity",
        "duration",
        "years_to_maturity",
        "credit_score",
        "coupon",
        "return_1y",
        "volatility_1y",
        "max_drawdown_5y",
        "dividend_yield",
    ),
}
_NEWBIE_CARDS = {
    "stock": ("pe_ttm", "roe", "fcf_yield", "max_drawdown_5y"),
    "bank": ("pe_ttm", "roe", "dividend_yield", "max_drawdown_5y"),
    "etf": ("expense_ratio", "dividend_yield", "return_5y", "max_drawdown_5y"),
    "bond": ("yield_to_maturity", "duration", "credit_score", "max_drawdown_5y"),
}
_LOW_IS_BETTER = {"pe_ttm", "ev_ebitda", "net_debt_ebitda", "pb", "ps_ttm", "expense_ratio", "volatility_1y"}
_HIGH_IS_BETTER = {
    "fcf_yield",
    "roic",
    "roe",
    "revenue_cagr_3y",
    "max_drawdown_5y",
    "return_1y",
    "return_5y",
    "yield_to_maturity",
    "dividend_yield",
}
_NOTABLE = 0.1
# Icon, colour and word of each light: the shapes differ, for those who do not see the colours.
LIGHTS = {
    "green": ("circle-check", "ok", "Good by our rules"),
    "amber": ("circle-alert", "warn", "In between by our rules"),
    "red": ("circle-x", "down_text", "Bad by our rules"),
    "unknown": ("circle-question-mark", "t3", "Unknown"),
}


def group(sheet: Sheet) -> str:
    """Which set of cards fits: stock, bank, etf or bond."""
    if sheet.kind in ("bond", "bond_etf"):
        return "bond"
    if sheet.kind in ("etf", "fund", "index"):
        return "etf"
    return "bank" if sheet.row.get("sector") == "Financials" else "stock"


class Words:
    """Titles, texts and provenance of figures in the words of the present mode."""

    def __init__(self, explain: Callable[[str], Text], newbie: bool) -> None:
        self.newbie = newbie
        self._explain = explain

    def title(self, term: str, fallback: str = "") -> str:
        """The title of a field."""
        return self._explain(term).title or fallback or (FIELDS[term].title if term in FIELDS else term)

    def tip(self, sheet: Sheet, figure: Figure) -> str:
        """Where a figure is from and what it means."""
        sources = () if figure.source is None else (sheet.sources[figure.source],)
        own = (figure.newbie if self.newbie else figure.pro) or figure.newbie
        text = own or (self._explain(figure.term).text if figure.term in FIELDS else "")
        why = "" if figure.value is not None or figure.text != words.UNKNOWN else missing(sheet, figure.title)
        return provenance_html(
            self.title(figure.term, figure.title) if figure.term in FIELDS else figure.title,
            figure.text,
            sources,
            datetime.now(UTC),
            formula=figure.formula,
            text=text,
            why=why,
        )


def missing(sheet: Sheet, title: str) -> str:
    """Why a figure is unknown, in a sentence."""
    reason = next((text.partition(": ")[2] for text in sheet.unknown if text.partition(": ")[0] == title), "")
    return f"Not known: {reason}." if reason else "No source gave this number."


def compared(figure: Figure) -> str:
    """What a figure is compared with, in few words: `sector 27.6×`."""
    if not figure.comparison_text:
        return ""
    other = figure.compared_with.removeprefix("median of ").replace("all of its kind", "its kind")
    return f"{other} {figure.comparison_text}".strip()


def percentile(figure: Figure) -> str:
    """Where a figure stands among similar ones: `P38`, 38 of 100 have less."""
    return "" if figure.percentile is None else f"P{figure.percentile * 100:.0f}"


def figure_tip(title: str, text: str, sheet: Sheet, source: int | None, formula: str, why: str) -> str:
    """Where a number that is made of the sheet's figures is from."""
    sources = () if source is None else (sheet.sources[source],)
    return provenance_html(title, text, sources, datetime.now(UTC), formula=formula, why=f"Not known: {why}." if why else "")


def _tone(figure: Figure) -> str:
    """Green or red where a figure is clearly better or worse than what it is compared with."""
    value, other = figure.value, figure.comparison
    if value is None or other is None or abs(value - other) < _NOTABLE * max(abs(other), 1e-9):
        return "muted"
    if figure.term in _LOW_IS_BETTER and value > 0:
        return "up" if value < other else "down"
    if figure.term in _HIGH_IS_BETTER:
        return "up" if value > other else "down"
    return "muted"


class Cards(QWidget):
    """The most telling figures; in Newbie mode fewer, each with a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[tuple[str, bool], FigureCard] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self._shown: tuple[Any, ...] = ()

    def show_sheet(self, sheet: Sheet, said: Words) -> None:
        """Fill the cards."""
        names = (_NEWBIE_CARDS if said.newbie else _CARDS)[group(sheet)]
        keys = tuple((name, said.newbie) for name in names)
        for key in keys:
            if key not in self.cards:
                self.cards[key] = FigureCard(said.title(key[0]))
        if keys != self._shown:
            self._place(keys, 2 if said.newbie else 3)
        for key in keys:
            self._fill(self.cards[key], sheet, key[0], said)

    def _place(self, keys: Sequence[tuple[str, bool]], width: int) -> None:
        for key in self._shown:
            self._grid.removeWidget(self.cards[key])
            self.cards[key].hide()
        for place, key in enumerate(keys):
            self._grid.addWidget(self.cards[key], place // width, place % width)
            self.cards[key].show()
        for place in range(3):
            self._grid.setColumnStretch(place, 1 if place < width else 0)
        self._shown = tuple(keys)

    def _fill(self, card: FigureCard, sheet: Sheet, name: str, said: Words) -> None:
        figure = sheet.figure(name)
        if figure is None:
            card.set_value(words.UNKNOWN, "unknown", tip=figure_tip(FIELDS[name].title, words.UNKNOWN, sheet, None, "", ""))
            card.show_light("", "")
            return
        says = told(figure, sheet)
        if said.newbie:
            card.set_value(figure.text, sentence=says.sentence, tip=said.tip(sheet, figure))
        elif figure.value is None:
            why = missing(sheet, figure.title)
            short = why.removeprefix("Not known: ").rstrip(".") if why.startswith("Not known: ") and len(why) < 50 else "unknown"
            card.set_value(words.UNKNOWN, short, tip=said.tip(sheet, figure))
        else:
            context = " · ".join(part for part in (compared(figure), percentile(figure)) if part)
            card.set_value(figure.text, context, _tone(figure), tip=said.tip(sheet, figure))
        card.show_light(says.light if said.newbie else "", says.reason)


class FigureCard(MetricCard):
    """A metric card with its traffic light: a shape for each state, and the clause that decided it."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._glyph, self._because = Glyph("circle", size=14), label("", "muted", wrap=True)
        box = row(spacing=6)
        box.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        box.addWidget(self._because, 1)
        self._lit = QWidget()
        self._lit.setLayout(box)
        self.body.addWidget(self._lit)

    def show_light(self, light: str, reason: str) -> None:
        """Show a light and why; none for what nothing judges."""
        self._lit.setVisible(bool(light))
        if light:
            icon, tone, spoken = LIGHTS[light]
            self._glyph.set_icon(icon, tone)
            self._because.setText(f"{reason[:1].upper()}{reason[1:]}.")
            self.setAccessibleDescription(f"{self.accessibleDescription()} {spoken}: {reason}.".strip())


def empty(layout: QLayout) -> None:
    """Take every widget out of a layout, for good."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


class Rows(QWidget):
    """Widgets of one kind below each other, made once and filled again; says `nothing` when there is none."""

    def __init__(self, make: Callable[[], QWidget], spacing: int = 8) -> None:
        super().__init__()
        self._make = make
        self.rows: list[Any] = []
        self._nothing = label("", "muted", wrap=True)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(spacing)
        self._box.addWidget(self._nothing)

    def take(self, count: int, nothing: str = "") -> list[Any]:
        """The first `count` of them, shown; the others are hidden."""
        while len(self.rows) < count:
            made = self._make()
            self.rows.append(made)
            self._box.insertWidget(self._box.count() - 1, made)
        for place, each in enumerate(self.rows):
            each.setVisible(place < count)
        self._nothing.setText(nothing)
        self._nothing.setVisible(not count and bool(nothing))
        return self.rows[:count]


class Line(QWidget):
    """What at the left, how much at the right, a thin line below."""

    def __init__(self) -> None:
        super().__init__()
        self._left, self._right = label("", "body", wrap=True), label("", "strong", wrap=True)
        self._right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        inner = row(self._left, self._right)
        inner.setStretch(0, 1)
        inner.setStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(inner)
        box.addWidget(line())

    def show_line(self, left: str, right: str, tip: str = "") -> None:
        """Show other words."""
        self._left.setText(left)
        self._right.setText(right)
        self._right.setVisible(bool(right))
        self.setToolTip(tip)
        self.setAccessibleName(f"{left}: {'unknown' if right == words.UNKNOWN else right}" if right else left)


class Lines(Rows):
    """Lines of two texts each."""

    def __init__(self) -> None:
        super().__init__(Line, 5)

    def show_lines(self, lines: Iterable[tuple[str, str, str]], nothing: str) -> None:
        """(left, right, tip) each; `nothing` is said when there is none."""
        wanted = list(lines)
        for texts, each in zip(wanted, self.take(len(wanted), nothing), strict=True):
            each.show_line(*texts)


class Skeleton(QWidget):
    """Where things will be, while they are fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.title = label("", "h1")
        self._note = label("Fetching what is known …", "muted")
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 14, 16, 16)
        box.setSpacing(2)
        box.addWidget(self.title)
        box.addWidget(self._note)
        box.addStretch(1)

    def show_symbol(self, symbol: str) -> None:
        """Whose page it will be."""
        self.title.setText(symbol)
        self.setAccessibleName(f"Fetching {symbol}")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colors = QPainter(self), theme.tokens()
        painter.fillRect(self.rect(), colors.color("bg1"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("bg2"))
        left, width, top = 16, self.width() - 32, 76
        painter.drawRoundedRect(QRectF(left, top, width * 0.5, 22), 5, 5)
        painter.drawRoundedRect(QRectF(left, top + 38, width, 250), 6, 6)
        third = (width - 16) / 3
        for place in range(9):
            spot = QRectF(left + (place % 3) * (third + 8), top + 304 + (place // 3) * 78, third, 70)
            painter.drawRoundedRect(spot, 6, 6)


def letter(symbol: str) -> QWidget:
    """The square with the first letter."""
    square = label(symbol[:1], "h1")
    square.setAlignment(Qt.AlignmentFlag.AlignCenter)
    square.setFixedSize(theme.scaled(36), theme.scaled(36))
    square.setProperty("badge", "letter")
    colors = theme.tokens()
    square.setStyleSheet(f"background: {colors.accent_bg}; color: {colors.accent_text}; border-radius: 6px;")
    return square
