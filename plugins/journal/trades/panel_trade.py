"""One trade in full: result, how it went, what was planned, what one writes about it, and pictures of the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from plugins.journal.panel_parts import Figures
from plugins.journal.trades.panel_form import TradeForm
from plugins.journal.trades.panel_pictures import SwingPicture
from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.form import Banner, EmptyState, Flow, MetricCard, Section, column, ghost, label, reveal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.journal.trades.trading import Kept
    from terminal.api import Host, Table

_PARTS = ("Result", "Legs", "Plan", "On the way")


class TradeDetail(QScrollArea):
    """Asks `journal.trade` for a number; the form writes with `journal.annotate`.

    A closed trade that is looked at for the first time gets its picture of the chart by itself, once.
    """

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.number = 0
        self._pictured: set[int] = set()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setAccessibleName("The trade in full")
        self.title = label("", "h2", wrap=True)
        self.said = label("", "body", wrap=True)
        self.cards = {name: MetricCard("") for name in ("profit", "r", "kept", "held")}
        cards = Flow(spacing=8, stretch=True)
        for card in self.cards.values():
            card.setMinimumWidth(112)
            cards.addWidget(card)
        board = QWidget()
        board.setLayout(cards)
        self.swing = SwingPicture()
        self.form = TradeForm(host, self._written)
        self.figures = {part: Figures(part) for part in _PARTS}
        self.sections = {part: Section(part, figures, open=part == "Plan") for part, figures in self.figures.items()}
        self.pictures = Pictures(host)
        self.notes = Section("What you write", self.form, open=True)
        self.album = Section("Pictures of the chart", self.pictures, open=True)
        self.banner = Banner("", "error")
        self.banner.hide()
        self.empty = EmptyState("No trade chosen", "Choose one to see how it went.", "arrow-left-right")
        self._body = QWidget()
        self._body.setLayout(column(self.title, self.banner, self.said, board, self.swing, self.notes, self.album,
                                    *self.sections.values(), 0, spacing=8, margins=(4, 0, 10, 8)))  # fmt: skip
        inside = QWidget()
        inside.setLayout(column(self._body, self.empty, spacing=0))
        self.setWidget(inside)
        self.set_mode(host.mode)
        self.show_nothing()

    def ask(self, number: int) -> None:
        """Show this trade; what is being written about another one is kept only when saved."""
        if number != self.number:
            self.form.forget()
        self.number = number
        self._host.run("journal.trade", {"number": number}, then=self._arrived, fail=self._failed, key="trades.show")

    def set_mode(self, mode: str) -> None:
        """The headings in the words of a mode."""
        newbie = mode == "newbie"
        words = {"Result": "In figures", "Legs": "Its parts" if newbie else "Legs",
                 "Plan": "What you planned" if newbie else "Plan",
                 "On the way": "On the way" if newbie else "Excursions, execution"}  # fmt: skip
        for part, section in self.sections.items():
            section.set_title(words[part])
        self.cards["profit"].set_title("You made" if newbie else "Profit")
        self.cards["r"].set_title("For each $1 at risk" if newbie else "R")
        self.cards["kept"].set_title("Kept of the best" if newbie else "Efficiency")
        self.cards["held"].set_title("Held")
        self.form.set_mode(mode)

    def retheme(self) -> None:
        self.swing.update()

    def show_nothing(self) -> None:
        """None is chosen."""
        self.number = 0
        reveal(self._body, False)
        reveal(self.empty, True)

    def take_picture(self, number: int) -> None:
        """Keep a picture of the chart with this trade."""
        self._host.run("journal.picture", {"number": number}, then=lambda _: self.ask(self.number), fail=self._failed,
                       key="trades.picture")  # fmt: skip

    # ---- inner ----

    def _arrived(self, table: Table) -> None:
        each: Kept = table.detail["kept"]
        self.banner.hide()
        self.title.setText(table.title.removeprefix(f"Trade {each.number}: ") if self._host.mode == "newbie"
                           else table.title)  # fmt: skip
        self.said.setText(_sentence(each))
        self._show_cards(each)
        told = each.excursion
        end = None if each.profit is None else float(each.profit)
        risk = None if each.risk is None else float(each.risk)
        self.swing.show_trade(told.mae if told else None, told.mfe if told else None, end, risk, each.trade.currency)
        rows = table.rows()
        for part, figures in self.figures.items():
            mine = [{"title": one["what"], "text": _known(one["value"]), "why": one["why"], "from": one["why"]}
                    for one in rows if one["section"] == part]  # fmt: skip
            figures.show_rows(mine)
            reveal(self.sections[part], bool(mine))
        self.form.show_trade(each, table.detail["playbook"])
        self.form.setEnabled(self._host.as_of is None)
        self.album.set_note(str(len(each.pictures)) if each.pictures else "")
        reveal(self.album, bool(each.pictures))
        if each.pictures:
            self.pictures.ask(each.number)
        self._picture_once(each)
        reveal(self._body, True)
        reveal(self.empty, False)

    def _show_cards(self, each: Kept) -> None:
        trade, newbie = each.trade, self._host.mode == "newbie"
        profit = None if each.profit is None else float(each.profit)
        tone = "muted" if not profit else "up" if profit > 0 else "down"
        fees = f"after {fmt.money(float(trade.fees), trade.currency)} of fees" if trade.fees else ""
        self.cards["profit"].set_value(fmt.money(profit, trade.currency, sign=True), "so far" if trade.open else fees, tone)
        r, shown = each.r, fmt.UNKNOWN
        if r is not None:
            shown = fmt.money(r, trade.currency, sign=True) if newbie else f"{fmt.number(r, sign=True)} R"
        risk = "no stop planned" if each.risk is None else f"risk {fmt.money(float(each.risk), trade.currency, 0)}"
        self.cards["r"].set_value(shown, risk, "muted" if r is None else "up" if r > 0 else "down")
        best = f"best {fmt.money(each.excursion.mfe, trade.currency, 0)}" if each.excursion else "not known"
        self.cards["kept"].set_value(fmt.UNKNOWN if each.efficiency is None else fmt.percent(each.efficiency, 0), best)
        length = trade.held_for(trade.opened.at)
        days = None if trade.open or length is None else length.total_seconds() / 86_400
        text = "open" if trade.open else fmt.UNKNOWN if days is None else f"{fmt.number(days, 0 if days >= 10 else 1)} days"
        self.cards["held"].set_value(text, f"since {fmt.day(trade.opened.day)}")

    def _picture_once(self, each: Kept) -> None:
        """By itself, when a closed trade is looked at that has none yet; never of a past day."""
        wanted = not each.pictures and not each.trade.open and each.number not in self._pictured
        if wanted and self._host.as_of is None and self._host.has_command("chart.export"):
            self._pictured.add(each.number)
            number = each.number
            self._host.run("journal.picture", {"number": number}, fail=lambda _: None, key="trades.first_picture",
                           then=lambda _: self.ask(number) if number == self.number else None)  # fmt: skip

    def _written(self, arguments: Mapping[str, Any]) -> None:
        self._host.run("journal.annotate", {"number": self.number, **arguments}, then=lambda _: self.ask(self.number),
                       fail=self._failed, key="trades.write")  # fmt: skip

    def _failed(self, problem: Any) -> None:
        self.banner.show_message(problem.sentence(), "error")
        reveal(self._body, True)
        reveal(self.empty, False)


class Pictures(QWidget):
    """Small pictures one below the other; each can be opened or taken out."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.setAccessibleName("Pictures of the chart")
        self._box = column(spacing=6)
        self.setLayout(self._box)

    def ask(self, number: int) -> None:
        """Those of a trade."""
        self._host.run("journal.pictures", {"number": number}, then=self._arrived, fail=lambda _: None, key="trades.pictures")

    def _arrived(self, table: Table) -> None:
        while (item := self._box.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for one in table.rows():
            self._box.addWidget(self._picture(one))

    def _picture(self, one: Mapping[str, Any]) -> QWidget:
        holder, shown = QWidget(), QLabel()
        picture = QPixmap(one["file"])
        if picture.isNull():
            shown.setText(f"The file {one['file']} cannot be read.")
            shown.setWordWrap(True)
        else:
            size = QSize(theme.scaled(420), theme.scaled(236))
            ratio = self.devicePixelRatioF()
            small = picture.scaled(size * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
            small.setDevicePixelRatio(ratio)
            shown.setPixmap(small)
        shown.setAccessibleName(f"Picture {one['number']} of the chart, {one['what']}")
        number = one["number"]
        away = ghost("Take out", "trash-2", lambda: self._remove(number))
        away.setAccessibleName(f"Take out picture {number}")
        holder.setLayout(column(shown, away, spacing=2))
        return holder

    def _remove(self, number: int) -> None:
        self._host.run("journal.picture_remove", {"number": number}, then=lambda _: None, fail=lambda _: None)


def _sentence(each: Kept) -> str:
    """The trade in a sentence, from its figures."""
    trade = each.trade
    did = "bought" if trade.side > 0 else "sold"
    price = fmt.money(float(trade.entry_price), trade.currency) if trade.entry_price is not None else "an unknown price"
    told = f"You {did} at {price} on {fmt.day(trade.opened.day)}"
    if trade.closed is None:
        return f"{told} and still hold it."
    out = fmt.money(float(trade.exit_price), trade.currency) if trade.exit_price is not None else "an unknown price"
    return f"{told} and were out on {fmt.day(trade.closed.day)} at {out}."


def _known(text: str) -> str | None:
    return None if text == fmt.UNKNOWN else text


