"""The side of the palette: what the chosen line is about. Read in a worker; typing never waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout

from terminal.domain import format as say
from terminal.shell.palette_line import about, spoken
from terminal.ui import theme
from terminal.ui.form import label

if TYPE_CHECKING:
    from terminal.app import App
    from terminal.shell.history import History
    from terminal.shell.palette_line import Line
    from terminal.shell.palette_rows import Entry
    from terminal.shell.palette_sources import Sources
    from terminal.shell.window import MainWindow
    from terminal.ui.meters import Sparkline

DELAY_MS, DAYS, POINTS = 70, 190, 120
MOST_PARAMETERS = 9
VERDICTS = {"buy": "ok", "sell": "error", "avoid": "error", "unknown": ""}


@dataclass(frozen=True)
class Preview:
    """What is shown of one thing. `pairs` are (name, value, tone)."""

    title: str
    subtitle: str = ""
    text: str = ""
    pairs: tuple[tuple[str, str, str], ...] = ()
    spark: tuple[float, ...] = ()
    note: str = ""
    rich: bool = False  # `text` is rich text


def symbol_preview(app: App, symbol: str, name: str, kind: str) -> Preview:
    """Name, price, change of the day and half a year of closes; unknown where nothing is stored. For a worker."""
    bars = app.market.bars([symbol], app.clock().date() - timedelta(days=DAYS), columns=["symbol", "date", "close"]).sort("date")
    quotes = app.market.quotes([symbol])
    closes = [close for close in bars["close"].to_list() if close is not None]
    price, before, when, currency = None, None, "", None
    fetches = []
    if closes:
        day = bars["date"].to_list()[-1]
        price, before, when = closes[-1], closes[-2] if len(closes) > 1 else None, f"Close of {say.day(day)}"
        fetches = bars["fetch_id"].to_list()[-1:]
    if not quotes.is_empty():
        quote = quotes.row(0, named=True)
        currency = quote.get("currency")
        if price is None or say_day(quote["at"]) > bars["date"].to_list()[-1]:
            price, before, when = quote["price"], quote["previous_close"], f"Price of {say.moment(quote['at'])}"
            fetches = [quote["fetch_id"]]
    moved = price / before - 1 if price is not None and before else None
    tone = "" if moved is None or say.arrow(moved) == say.FLAT else "up_text" if moved > 0 else "down_text"
    sources = list(app.market.sources(fetches).values())
    origin = ", ".join(f"{source.provider}{' (simulated)' if source.simulated else ''}" for source in sources)
    pairs = (("Price", say.money(price, currency), ""), ("Day", say.change(moved), tone))
    note = f"{when} · {origin}" if origin else when or "No price of it is stored yet: market refresh fetches it."
    what = " · ".join(part for part in (name, kind) if part)
    return Preview(symbol, what, pairs=pairs, spark=tuple(closes[-POINTS:]), note=note)


def say_day(moment: Any) -> Any:
    """The exchange's day of a moment."""
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo("America/New_York")).date()


def verdict_of(app: App, symbol: str) -> tuple[str, str]:
    """The verdict on a symbol and why, or two empty texts. Quick once the market has been judged. For a worker."""
    frame = app.market.scored([symbol]).frame
    if frame.is_empty() or "verdict" not in frame.columns:
        return "", ""
    found = frame.row(0, named=True)
    score = found.get("score")
    verdict = str(found.get("verdict") or "")
    return (f"{verdict} · {score:.1f} of 10" if verdict and score is not None else verdict), _sentence(found.get("why"))


def _sentence(why: Any) -> str:
    if isinstance(why, str):
        return why
    return "; ".join(str(part) for part in why) if isinstance(why, (list, tuple)) else ""


def rule_preview(text: str) -> Preview:
    """What a rule means, or what is wrong with it and where. For a worker."""
    from terminal.domain.rules import RuleError, parse

    try:
        rule = parse(text)
    except RuleError as problem:
        column = f"Column {problem.column}: " if problem.column else ""
        hint = f" {problem.suggestion}" if problem.suggestion else ""
        return Preview("Not a rule yet", text, f"{column}{problem}{hint}")
    from terminal.domain.fields import FIELDS

    return Preview("Screen by a rule", rule.text, rule.describe(lambda name: FIELDS[name].title if name in FIELDS else name))


class PreviewPane(QFrame):
    """Shows one `Preview` at a time; asks for it a moment after the choice has settled."""

    def __init__(self, window: MainWindow, sources: Sources, history: History) -> None:
        super().__init__()
        self._window, self._sources, self._history = window, sources, history
        self.setObjectName("palettePreview")
        self.setAccessibleName("What it is")
        self._entry: Entry | None = None
        self._found: Preview | None = None
        self._title, self._subtitle = label("", "h2", wrap=True), label("", "muted", wrap=True)
        self._text, self._note = label("", "body", wrap=True), label("", "muted", wrap=True)
        self._verdict = label("", "strong", wrap=True)
        self._spark: Sparkline | None = None
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._cells: list[tuple[QLabel, QLabel]] = []
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(16, 14, 16, 12)
        self._box.setSpacing(6)
        for widget in (self._title, self._subtitle):
            self._box.addWidget(widget)
        self._box.addLayout(self._grid)
        for widget in (self._verdict, self._text):
            self._box.addWidget(widget)
        self._box.addStretch(1)
        self._box.addWidget(self._note)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._ask)

    # ---- what to show ----

    def look_at(self, entry: Entry | None, line: Line | None) -> None:
        """Show what is known at once, and ask for the rest."""
        self._timer.stop()
        self._entry = entry
        if line is not None and line.command is not None:
            self._show(self._command(line.command.id, line))
            return
        if entry is None:
            self._show(Preview(""))
            return
        kind, name = entry.preview
        if kind in ("symbol", "rule"):
            self._timer.start()
            if kind == "symbol" and self._title.text() != name:
                known = self._sources.known.symbols.exact(name)
                self._show(Preview(name, known[1] if known else entry.detail))
            elif kind == "rule":
                self._show(Preview("Screen by a rule", name))
            return
        self._show(self._at_once(kind, name, entry))

    def stop(self) -> None:
        """Ask for nothing more."""
        self._timer.stop()
        self._entry = None

    def _at_once(self, kind: str, name: str, entry: Entry) -> Preview:
        if kind == "command":
            return self._command(name, None)
        if kind == "screen":
            screen = next((each for each in self._sources.known.screens if each.name == name), None)
            if screen is not None:
                found = "never run" if screen.found is None else f"{say.count(screen.found)} found {screen.when or 'last'}"
                kind = "Your own screen" if screen.own else "Ready-made screen"
                return Preview(screen.title, kind, screen.about or screen.rule, (("Result", found, ""),),
                               note=screen.rule if screen.about else "")
        if kind == "setting":
            setting = self._window.app.settings.declared(name)
            words = setting.newbie if self._window.mode == "newbie" else setting.pro
            return Preview(setting.title or name, "Setting", words, (("Now", entry.kind, ""),),
                           note=setting.wanted() if setting.choices or setting.type is not str else "")
        if kind == "panel" and self._window.workspace is not None and name in self._window.workspace.specs:
            panel = self._window.workspace.specs[name]
            plugin = next((each for each in self._window.app.registry.plugins() if panel in each.panels), None)
            codes = ", ".join(panel.codes)
            pairs = (("Code", codes, ""),) if codes else ()
            return Preview(panel.title, "Panel", plugin.summary if plugin is not None else "", pairs,
                           note=f"Type {panel.codes[0]} and a symbol to open it there." if codes and panel.follows_symbol else "")
        return Preview(entry.title, entry.kind, entry.detail)

    def _command(self, command_id: str, line: Line | None) -> Preview:
        command = self._window.app.registry.command(command_id)
        last = self._history.result(command_id)
        needed = [parameter for parameter in command.parameters if parameter.required]
        rest = [parameter for parameter in command.parameters if not parameter.required]
        shown = [*needed, *rest]
        if line is not None and line.parameter is not None:  # the one being typed first
            shown = [line.parameter, *(each for each in shown if each is not line.parameter)]
        words = []
        for parameter in shown[:MOST_PARAMETERS]:
            current = line is not None and line.parameter is parameter
            name = parameter.name if parameter.positional else parameter.flag
            mark = " (needed)" if parameter.required else ""
            tone = theme.tokens().accent_text if current else theme.tokens().t1
            text = escape(about(parameter)) if current or len(shown) <= 4 else escape(about(parameter).split(". ")[0])
            words.append(f"<span style='color:{tone}; font-weight:600'>{escape(name)}</span>{mark} "
                         f"<span style='color:{theme.tokens().t2}'>{text}</span>")
        if len(shown) > MOST_PARAMETERS:
            words.append(f"and {len(shown) - MOST_PARAMETERS} more")
        note = f"Last: {last}" if last else ""
        return Preview(command.title, spoken(command), "<br>".join([escape(command.summary), "", *words]), note=note,
                       rich=True)

    def _ask(self) -> None:
        entry = self._entry
        if entry is None or not self._window.attached:
            return
        kind, name = entry.preview
        app, window = self._window.app, self._window
        if kind == "rule":
            window.work(lambda: rule_preview(name), lambda found: self._answer(entry, found), key="palette.preview")
            return
        known = self._sources.known.symbols.exact(name)
        title, what = (known[1], known[2]) if known is not None else ("", "")
        window.work(lambda: symbol_preview(app, name, title, what), lambda found: self._answer(entry, found),
                    key="palette.preview", fail=lambda _: None)
        window.work(lambda: verdict_of(app, name), lambda found: self._judged(entry, *found), key="palette.verdict",
                    fail=lambda _: None)

    def _answer(self, entry: Entry, found: Preview) -> None:
        if entry is self._entry:
            verdict = (self._verdict.text(), self._text.text())
            self._show(found)
            if entry.preview[0] == "symbol" and verdict[0]:
                self._say(self._verdict, verdict[0])
                self._say(self._text, verdict[1])

    def _judged(self, entry: Entry, verdict: str, why: str) -> None:
        if entry is self._entry and verdict:
            self._say(self._verdict, f"Verdict: {verdict}")
            self._say(self._text, why)

    # ---- showing ----

    @staticmethod
    def _say(target: QLabel, text: str) -> None:
        target.setText(text)
        target.setVisible(bool(text))

    def _show(self, found: Preview) -> None:
        if found == self._found and not self._verdict.text():
            return
        self._found = found
        self._text.setTextFormat(Qt.TextFormat.RichText if found.rich else Qt.TextFormat.PlainText)
        for target, text in ((self._title, found.title), (self._subtitle, found.subtitle), (self._text, found.text),
                             (self._note, found.note), (self._verdict, "")):
            self._say(target, text)
        self._pairs(found)
        self._line(found)
        self.setAccessibleDescription(self.spoken())

    def _pairs(self, found: Preview) -> None:
        for place, (name, value, tone) in enumerate(found.pairs):
            if place == len(self._cells):
                self._cells.append((label("", "muted"), label("", "strong")))
                for column, cell in enumerate(self._cells[place]):
                    self._grid.addWidget(cell, place, column)
            first, second = self._cells[place]
            first.setText(name)
            second.setTextFormat(Qt.TextFormat.RichText if tone else Qt.TextFormat.PlainText)
            colour = getattr(theme.tokens(), tone) if tone else ""
            second.setText(f"<span style='color:{colour}'>{escape(value)}</span>" if tone else value)
        for place, cells in enumerate(self._cells):
            for cell in cells:
                cell.setVisible(place < len(found.pairs))

    def _line(self, found: Preview) -> None:
        if self._spark is None and len(found.spark) > 1:
            from terminal.ui.meters import Sparkline

            self._spark = Sparkline((), "Half a year")
            self._spark.setFixedHeight(theme.scaled(56))
            self._box.insertWidget(3, self._spark)
        if self._spark is not None:
            self._spark.set_values(found.spark)
            self._spark.setVisible(len(found.spark) > 1)

    def spoken(self) -> str:
        """Everything that is shown, as text."""
        pairs = [cell for cells in self._cells for cell in cells if not cell.isHidden()]
        parts = [self._title, self._subtitle, *pairs, self._verdict, self._text, self._note]
        return " | ".join(part.text() for part in parts if part.text())
