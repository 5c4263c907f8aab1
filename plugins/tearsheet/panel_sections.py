"""The sections of the tearsheet's panel: how each is called, made, filled, and for which instruments it exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugins.tearsheet.panel_earnings import COMMAND as EARNINGS
from plugins.tearsheet.panel_earnings import fill_earnings, fill_events
from plugins.tearsheet.panel_figures import Figures
from plugins.tearsheet.panel_helper import BuyHelper, changed, fill_helper
from plugins.tearsheet.panel_judgement import Gates, Risks, Verdict
from plugins.tearsheet.panel_parts import Cards, Lines, Words
from plugins.tearsheet.panel_pictures import Ranges, ScoreBars, YearBars
from plugins.tearsheet.panel_sliders import CashValue, Sensitivity
from terminal.domain import format as words
from terminal.domain.fields import FIELDS
from terminal.ui import theme
from terminal.ui.badge import provenance_html
from terminal.ui.chart import Chart, PriceLevel
from terminal.ui.form import Flow, label
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plugins.tearsheet.model import Sheet
    from plugins.tearsheet.panel import TearsheetPanel
    from terminal.api import Host, Table

_CHART_HEIGHT = 290


@dataclass(frozen=True)
class Showing:
    """What a section is filled from. `answers` holds the commands' answers to what the user tries out."""

    panel: TearsheetPanel
    host: Host
    sheet: Sheet
    table: Table
    said: Words
    tried: Mapping[str, float]
    assumed: Mapping[str, float]
    answers: Mapping[str, Table]

    @property
    def mode(self) -> str:
        """newbie or pro."""
        return self.host.mode


@dataclass(frozen=True)
class Part:
    """One section; without a heading (`pro` empty) it is always open. `applies` says whether the instrument has it."""

    pro: str
    newbie: str
    make: Callable[[TearsheetPanel], QWidget]
    fill: Callable[[Any, Showing], None]
    applies: Callable[[Showing], bool] = lambda showing: True
    open: bool = True


# ---- making ----


def _make_chart(panel: TearsheetPanel) -> Chart:
    chart = Chart(panel.host)
    chart.setFixedHeight(theme.scaled(_CHART_HEIGHT))
    return chart


def _make_sensitivity(panel: TearsheetPanel) -> Sensitivity:
    made = Sensitivity()
    made.tried.connect(panel.try_threshold)
    made.reset.clicked.connect(panel.forget_thresholds)
    return made


def _make_cash(panel: TearsheetPanel) -> CashValue:
    made = CashValue()
    made.tried.connect(panel.assume)
    made.reset.clicked.connect(panel.forget_assumptions)
    return made


def _make_figures(panel: TearsheetPanel) -> Figures:
    return Figures(panel.host)


def _make_helper(panel: TearsheetPanel) -> BuyHelper:
    made = BuyHelper()
    made.asked.connect(lambda: changed(made, panel.showing()))
    return made


class Context(QWidget):
    """Where the figures stand, and what others say it is worth."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[Ranges] = []
        self._key = label(
            "Dot: its own value. Box: the middle half of the group. Tick and number: the group's median.", "muted", wrap=True
        )
        self._ranges = QVBoxLayout()
        self._ranges.setSpacing(10)
        self.lines = Lines()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(10)
        box.addWidget(self._key)
        box.addLayout(self._ranges)
        box.addWidget(self.lines)

    def show_sheet(self, showing: Showing) -> None:
        """Fill pictures and lines."""
        sheet, said = showing.sheet, showing.said
        standings = sheet.background.standings
        while len(self.pictures) < len(standings):
            self.pictures.append(Ranges())
            self._ranges.addWidget(self.pictures[-1])
        for place, picture in enumerate(self.pictures):
            picture.setVisible(place < len(standings))
        for standing, picture in zip(standings, self.pictures, strict=False):
            picture.show_standing(standing, said.title(standing.field, FIELDS[standing.field].title), sheet.currency)
        self._key.setVisible(bool(standings))
        drawn = {"pe_median_5y", "pe_vs_own", "pe_vs_sector"} if any(each.field == "pe_ttm" for each in standings) else set()
        lines = [
            (said.title(each.term, each.title) if each.term in FIELDS else each.title, each.text, said.tip(sheet, each))
            for each in sheet.figures
            if each.section == "valuation" and each.value is not None and each.term not in drawn
        ]
        self.lines.show_lines(lines, "Nothing to compare with is known.")
        self.lines.setVisible(bool(lines) or not standings)


class Statements(QWidget):
    """Revenue, profit and free cash flow by year, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: list[YearBars] = []
        self._flow = Flow(self, spacing=14, stretch=True)

    def show_sheet(self, showing: Showing) -> None:
        """Fill the pictures."""
        lines = showing.sheet.background.statements
        while len(self.bars) < len(lines):
            self.bars.append(YearBars())
            self._flow.addWidget(self.bars[-1])
        for place, picture in enumerate(self.bars):
            picture.setVisible(place < len(lines))
        for each, picture in zip(lines, self.bars, strict=False):
            sources = () if each.source is None else (each.source,)
            picture.show_years(
                each, provenance_html(each.title, words.money(each.points[-1][1], each.unit), sources, datetime.now(UTC))
            )


class PeerTable(QWidget):
    """The peers with the subject first, as high as they are many."""

    def __init__(self, panel: TearsheetPanel) -> None:
        super().__init__()
        self._basis = label("", "muted", wrap=True)
        self.table = TableView(panel.host, name="Peers", looks={"name": Look(width=150)})
        self.table.activated.connect(panel.host.select)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addWidget(self._basis)
        box.addWidget(self.table)

    def show_sheet(self, showing: Showing) -> None:
        """Fill the table."""
        from terminal.api import Column
        from terminal.api import Table as Made

        peers, newbie = showing.sheet.peers, showing.said.newbie
        self._basis.setText(f"{peers.count} chosen by {peers.basis}." if peers.count else "Nothing similar is known.")
        self.table.setVisible(bool(peers.count))
        if not peers.count:
            return
        names = list(
            dict.fromkeys(name for name in ("symbol", "name", "verdict", "score", *peers.fields) if name in peers.frame.columns)
        )
        columns = tuple(
            Column(name, FIELDS[name].title, FIELDS[name].type, FIELDS[name].unit, name, FIELDS[name].decimals) for name in names
        )
        made = Made("Peers", columns, peers.frame.select(names), sources=showing.sheet.sources)
        wanted = ("symbol", "name", "verdict") if newbie else ("symbol", "verdict", "score", *peers.fields)
        self.table.set_mode(showing.mode)
        self.table.show_table(made, columns=wanted)
        rows = peers.frame.height * theme.row_height(showing.mode)
        self.table.setFixedHeight(rows + self.table.horizontalHeader().sizeHint().height() + theme.scaled(14))


# ---- filling ----


def _fill_chart(chart: Chart, showing: Showing) -> None:
    sheet = showing.sheet
    chart.show_bars(sheet.bars, levels=_levels(sheet), symbol=sheet.symbol, simulated=sheet.simulated)


def _levels(sheet: Sheet) -> list[PriceLevel]:
    row = sheet.row
    levels = [
        PriceLevel(row[field], name)
        for field, name in (("high_52w", "52-week high"), ("low_52w", "52-week low"))
        if row.get(field)
    ]
    value, high, low = sheet.valuation.value, row.get("high_52w"), row.get("low_52w")
    # A value far off the chart would squeeze the candles to a line.
    if value and high and low and low * 0.8 < value < high * 1.25:
        levels.append(PriceLevel(value, "DCF value", "accent"))
    return levels


def _fill_sensitivity(widget: Sensitivity, showing: Showing) -> None:
    sheet = showing.sheet
    widget.show_thresholds(sheet.thresholds, showing.tried, showing.mode)
    answer = showing.answers.get("verdict")
    if answer is not None:
        widget.show_result(answer.detail["explanation"], sheet.explanation, showing.mode)


def _fill_cash(widget: CashValue, showing: Showing) -> None:
    sheet, answer = showing.sheet, showing.answers.get("value")
    found, back, grid = (
        (answer.detail[name] for name in ("valuation", "reverse", "grid"))
        if answer is not None
        else (sheet.valuation, sheet.reverse, sheet.grid)
    )
    widget.show_valuation(found, back, grid, currency=sheet.currency, mode=showing.mode, own=bool(showing.assumed))


def _fill_checks(widget: Lines, showing: Showing) -> None:
    lines = []
    for check in sorted(showing.sheet.explanation.checks, key=lambda each: -each.weight):
        points = "not known" if check.points is None else f"{words.number(check.points, 1)} of {words.number(check.weight, 1)}"
        lines.append((check.newbie if showing.said.newbie else check.title, points, check.pro))
    widget.show_lines(lines, "No check applies.")


def _fill_disputes(widget: Lines, showing: Showing) -> None:
    """Newbie: the sentence; Pro: the figure, both values, and the sentence to point at."""
    sheet, lines = showing.sheet, []
    for each in sheet.disputes():
        tip = showing.said.tip(sheet, each)
        beside = f"{each.text}, {each.compared_with} {each.comparison_text}"
        lines.append((each.newbie, "", tip) if showing.said.newbie else (each.title, beside, tip))
    if sheet.more_disputes:
        lines.append((sheet.more_disputes, "", ""))
    widget.show_lines(lines, "")


def _fill_changes(widget: Lines, showing: Showing) -> None:
    at = showing.panel.look_at()
    nothing = "This is your first look at it." if at is None else "Nothing that matters has changed."
    showing.panel.sections["changes"].set_note("" if at is None else f"since {words.day(at)}")
    widget.show_lines([(each.title, f"{each.was_text} → {each.text}", each.newbie) for each in showing.panel.changes()], nothing)


def _fill_position(widget: Lines, showing: Showing) -> None:
    """What the user owns of it, in the words of the portfolio."""
    section = showing.panel.sections["position"]
    section.setVisible(False)

    def arrived(table: Table) -> None:
        rows = table.rows()
        section.setVisible(bool(rows))
        lines = (
            []
            if not rows
            else [
                (
                    column.title,
                    words.value(rows[0][column.name], column.type, column.unit, column.decimals, showing.sheet.currency),
                    "",
                )
                for column in table.columns
            ]
        )
        widget.show_lines(lines, "")

    showing.host.run("portfolio.position", {"symbol": showing.sheet.symbol}, then=arrived, fail=lambda _: None, key="position")


def _fill_sources(widget: Lines, showing: Showing) -> None:
    now, lines = datetime.now(UTC), []
    for source in showing.sheet.sources:
        marks = " · ".join(word for word, on in (("SIMULATED", source.simulated), ("delayed", source.delayed)) if on)
        left = " · ".join(part for part in (source.provider, source.endpoint, marks) if part)
        fetched = "computed here" if source.fetched_at is None else f"fetched {words.age(source.fetched_at, now)}"
        lines.append((left, f"as of {words.moment(source.as_of)}, {fetched}", source.note))
    widget.show_lines(lines, "No source is recorded.")


def _fill_unknown(widget: Lines, showing: Showing) -> None:
    parts = [text.partition(": ") for text in showing.sheet.unknown]
    lines = [(title, reason or "no source gave it", "") for title, _, reason in parts]
    if showing.sheet.bars.is_empty():
        lines.insert(0, ("Price history", "no daily prices are stored", ""))
    widget.show_lines(lines, "Everything is known.")
    showing.panel.sections["unknown"].set_note(str(len(lines)))


def _stock(showing: Showing) -> bool:
    return showing.sheet.kind in ("stock", None)


PARTS: dict[str, Part] = {
    "verdict": Part("", "", lambda panel: Verdict(), lambda it, now: it.show_explanation(now.sheet.explanation, now.mode)),
    "chart": Part("", "", _make_chart, _fill_chart, lambda now: not now.sheet.bars.is_empty()),
    "cards": Part("", "", lambda panel: Cards(), lambda it, now: it.show_sheet(now.sheet, now.said)),
    "changes": Part("Since your last look", "What changed since you last looked?", lambda panel: Lines(), _fill_changes),
    "position": Part(
        "Your position",
        "What you own of it",
        lambda panel: Lines(),
        _fill_position,
        lambda now: now.host.has_command("portfolio.position"),
    ),
    "pillars": Part(
        "Score by pillar, of 10",
        "How good is it, from 0 to 10?",
        lambda panel: ScoreBars(),
        lambda it, now: it.show_pillars(now.sheet.explanation.pillars),
        lambda now: bool(now.sheet.explanation.pillars),
    ),
    "gates": Part(
        "Decision framework",
        "Does it pass the tests?",
        lambda panel: Gates(),
        lambda it, now: it.show_gates(now.sheet.explanation, now.sheet.currency, now.mode),
    ),
    "checks": Part("Points, check by check", "Where do its points come from?", lambda panel: Lines(), _fill_checks, open=False),
    "sensitivity": Part(
        "Sensitivity of the verdict", "What would change the verdict?", _make_sensitivity, _fill_sensitivity, open=False
    ),
    "context": Part(
        "Valuation in context", "Cheap or dear, compared with what?", lambda panel: Context(), lambda it, now: it.show_sheet(now)
    ),
    "cash": Part("Valuation: discounted cash flow", "What is a share worth by its cash?", _make_cash, _fill_cash, _stock),
    "statements": Part(
        "Statements by year",
        "How has the business grown?",
        lambda panel: Statements(),
        lambda it, now: it.show_sheet(now),
        lambda now: bool(now.sheet.background.statements),
    ),
    "risks": Part(
        "Risks, by price at stake",
        "What may go wrong?",
        lambda panel: Risks(),
        lambda it, now: it.show_sheet(now.sheet, now.said.newbie),
    ),
    "helper": Part("What an amount buys", "What would my money buy?", _make_helper, fill_helper, open=False),
    "peers": Part("Peers", "What is similar?", PeerTable, lambda it, now: it.show_sheet(now)),
    "events": Part("Events", "What is coming up?", lambda panel: Lines(), fill_events),
    "earnings": Part(
        "Earnings",
        "What happens when it reports?",
        lambda panel: Lines(),
        fill_earnings,
        lambda now: _stock(now) and now.host.has_command(EARNINGS),
    ),
    "figures": Part(
        "All figures",
        "All the numbers, in sentences",
        _make_figures,
        lambda it, now: it.show_sheet(now),
        open=False,
    ),
    "disputes": Part(
        "Where services differ",
        "Who says something else?",
        lambda panel: Lines(),
        _fill_disputes,
        lambda now: bool(now.sheet.disputes()),
    ),
    "unknown": Part(
        "Not known", "What nobody told us", lambda panel: Lines(), _fill_unknown, lambda now: bool(now.sheet.unknown), open=False
    ),
    "sources": Part("Sources", "Where do these numbers come from?", lambda panel: Lines(), _fill_sources, open=False),
}

ORDER: dict[str, tuple[str, ...]] = {
    "pro": (
        "verdict",
        "chart",
        "cards",
        "changes",
        "position",
        "pillars",
        "gates",
        "sensitivity",
        "context",
        "cash",
        "statements",
        "risks",
        "helper",
        "events",
        "earnings",
        "peers",
        "checks",
        "disputes",
        "figures",
        "unknown",
        "sources",
    ),
    "newbie": (
        "verdict",
        "cards",
        "helper",
        "risks",
        "events",
        "earnings",
        "changes",
        "position",
        "chart",
        "pillars",
        "gates",
        "context",
        "statements",
        "cash",
        "sensitivity",
        "peers",
        "checks",
        "disputes",
        "figures",
        "unknown",
        "sources",
    ),
}
