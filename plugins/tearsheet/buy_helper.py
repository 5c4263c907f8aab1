"""What an amount of money comes to in one company, fund or bond: whole shares, what is left, and what its own past and
range mean in money. Arithmetic with the sheet's figures, never advice. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.domain import format as words
from terminal.domain.fields import FIELDS
from terminal.domain.sizing.shares import whole_shares

if TYPE_CHECKING:
    from datetime import date

    from plugins.tearsheet.model import Sheet
    from terminal.api import Table

YEAR = 252  # sessions, as the one-year fields count
NO_ADVICE = "This is arithmetic with the figures of the page, not advice."
NO_SHARE = "no whole share fits into the amount"
_FULLY = 1.0


@dataclass(frozen=True)
class Line:
    """One answer. `value` None is unknown, `why` says so; `source` indexes `Sheet.sources` (None: from what you typed)."""

    term: str
    title: str
    value: float | None
    unit: str
    sentence: str
    formula: str
    source: int | None = None
    as_of: date | None = None
    why: str = ""

    def text(self, currency: str | None) -> str:
        """The value as it is shown."""
        if self.unit == "count":
            return words.number(self.value, 0)
        return words.percent(self.value) if self.unit == "fraction" else words.money(self.value, currency)


@dataclass(frozen=True)
class Answer:
    """What an amount buys. `lines` in the order they are told."""

    symbol: str
    amount: float
    portfolio: float | None
    currency: str | None
    shares: int | None
    spent: float | None
    lines: tuple[Line, ...]

    def line(self, term: str) -> Line:
        """One line by its term; KeyError when it does not apply to this kind of instrument."""
        return {each.term: each for each in self.lines}[term]


def what_it_buys(sheet: Sheet, amount: float, portfolio: float | None = None) -> Answer:
    """The answer for `amount` (and, if given, the whole `portfolio` it belongs to), both in the sheet's currency."""
    return _Helper(sheet, amount, portfolio).answer()


class _Helper:
    """One sheet and one amount."""

    def __init__(self, sheet: Sheet, amount: float, portfolio: float | None) -> None:
        self.sheet, self.amount, self.portfolio = sheet, amount, portfolio
        price = sheet.row.get("price")
        self.price = float(price) if price else None
        self.shares = None if self.price is None else int(whole_shares(amount, self.price))
        self.spent = None if self.shares is None or self.price is None else self.shares * self.price
        self.lines: list[Line] = []
        self.one = "bond" if sheet.kind == "bond" else "share"

    def answer(self) -> Answer:
        self._shares()
        self._portfolio()
        self._worst_year()
        self._range()
        self._income()
        if self.sheet.kind in ("etf", "fund", "bond_etf"):
            self._cost()
        if self.sheet.kind in ("stock", None):
            self._worth()
        sheet = self.sheet
        return Answer(sheet.symbol, self.amount, self.portfolio, sheet.currency, self.shares, self.spent, tuple(self.lines))

    def money(self, value: float | None) -> str:
        return words.money(value, self.sheet.currency)

    def count(self) -> str:
        return f"{words.number(self.shares, 0)} {self.one}{'' if self.shares == 1 else 's'}"

    def add(
        self,
        term: str,
        title: str,
        value: float | None,
        sentence: str,
        formula: str,
        *,
        unit: str = "",
        field: str = "",
        why: str = "",
    ) -> None:
        """A line; `field` is the figure of the page it is made of, whose source and day it has."""
        figure = self.sheet.figure(field) if field else None
        if value is None:
            sentence = f"Not known: {why}."
        place, day = (figure.source, figure.as_of) if figure is not None and value is not None else (None, None)
        self.lines.append(
            Line(
                term,
                title,
                value,
                unit or self.sheet.currency or "currency",
                sentence,
                formula,
                place,
                day,
                why if value is None else "",
            )
        )

    def unknown(self, field: str) -> str:
        """Why a figure of the page is not known."""
        title = FIELDS[field].title
        told = next((text.partition(": ")[2] for text in self.sheet.unknown if text.partition(": ")[0] == title), "")
        return told or f"no source gave {title[:1].lower() + title[1:] if title[1:2].islower() else title}"

    def per_share(self, field: str) -> tuple[float | None, str]:
        """The figure of one share times the shares, else why not."""
        value = self.sheet.row.get(field)
        if value is None:
            figure = self.sheet.figure(field)
            value = figure.value if figure is not None else None
        if value is None:
            return None, self.unknown(field)
        return (None, self._why()) if not self.shares else (float(value) * self.shares, "")

    def _why(self) -> str:
        return "no price is known" if self.shares is None else NO_SHARE

    def _shares(self) -> None:
        given = self.money(self.amount)
        none = f"One {self.one} costs {self.money(self.price)}, more than {given}: no whole one fits."
        self.add(
            "shares",
            f"Whole {self.one}s",
            None if self.shares is None else float(self.shares),
            none if self.shares == 0 else f"{given} buys {self.count()} at {self.money(self.price)} each.",
            "amount / price, rounded down",
            unit="count",
            field="price",
            why="no price is known",
        )
        self.add(
            "spent",
            "Spent",
            self.spent,
            f"Together they cost {self.money(self.spent)}, without the broker's fees.",
            "shares × price",
            field="price",
            why="no price is known",
        )
        left = None if self.spent is None else self.amount - self.spent
        self.add(
            "cash_left",
            "Cash left",
            left,
            f"{self.money(left)} is left over.",
            "amount − spent",
            field="price",
            why="no price is known",
        )

    def _portfolio(self) -> None:
        share = None if self.spent is None or not self.portfolio else self.spent / self.portfolio
        sentence = f"That is {words.percent(share)} of your {self.money(self.portfolio)}."
        if share is not None and share > _FULLY:
            sentence = f"That is more than your {self.money(self.portfolio)}: {words.percent(share)} of it."
        why = "you have not said what you have in all" if not self.portfolio else self._why()
        self.add(
            "portfolio_share",
            "Share of the portfolio",
            share,
            sentence,
            "spent / portfolio",
            unit="fraction",
            field="price",
            why=why,
        )

    def _worst_year(self) -> None:
        found, told = worst_year(self.sheet)
        value = self.spent * found[0] if found is not None and self.spent else None
        sentence = ""
        if found is not None and value is not None and self.spent is not None:
            change, first, last, years = found
            span = f"{words.day(first)} to {words.day(last)}"
            history = f"of the {words.number(years, 1)} years of prices we know"
            if change < 0:
                sentence = (
                    f"In the worst 12 months {history} ({span}), {self.money(self.spent)} became "
                    f"{self.money(self.spent + value)}: {self.money(-value)} less ({words.percent(change)})."
                )
            else:
                sentence = f"Even in the weakest 12 months {history} ({span}), it gained {self.money(value)}."
        field = next((each for each in ("max_drawdown_1y", "return_1y") if self._sourced(each)), "price")
        self.add(
            "worst_year",
            "Worst 12 months",
            value,
            sentence,
            f"lowest close / close {YEAR} sessions before − 1, without dividends, times spent",
            field=field,
            why=told or self._why(),
        )

    def _sourced(self, field: str) -> bool:
        figure = self.sheet.figure(field)
        return figure is not None and figure.source is not None

    def _range(self) -> None:
        for field, title, word in (("low_52w", "At the year's low", "lowest"), ("high_52w", "At the year's high", "highest")):
            value, why = self.per_share(field)
            apart = None if value is None or self.spent is None else value - self.spent
            beside = "" if apart is None else (f", {self.money(abs(apart))} {'more' if apart >= 0 else 'less'} than now")
            self.add(
                f"at_{field}",
                title,
                value,
                f"At the {word} price of the last year, {self.count()} would cost {self.money(value)}{beside}.",
                f"shares × {FIELDS[field].title.lower()}",
                field=field,
                why=why,
            )

    def _income(self) -> None:
        rate = self.sheet.row.get("dividend_yield")
        value = None if rate is None or not self.spent else float(rate) * self.spent
        why = self.unknown("dividend_yield") if rate is None else self._why()
        sentence = (
            "It pays nothing out."
            if not rate
            else f"If it pays as in the last year, {self.money(value)} a year comes in ({words.percent(rate)})."
        )
        if rate is not None and not rate and self.spent:
            sentence = f"It paid nothing out in the last year: {self.money(0.0)}."
        self.add("dividend", "Dividends a year", value, sentence, "dividend yield × spent", field="dividend_yield", why=why)

    def _cost(self) -> None:
        rate = self.sheet.row.get("expense_ratio")
        value = None if rate is None or not self.spent else float(rate) * self.spent
        why = self.unknown("expense_ratio") if rate is None else self._why()
        self.add(
            "cost",
            "Cost of the fund a year",
            value,
            f"The fund keeps {self.money(value)} of it a year for its work.",
            "expense ratio × spent",
            field="expense_ratio",
            why=why,
        )

    def _worth(self) -> None:
        for field, title, word in (
            ("dcf_low", "DCF, low", "With less favourable assumptions, our estimate of what they are worth is"),
            ("dcf_value", "DCF value", "By our estimate of its future cash, they are worth"),
            ("dcf_high", "DCF, high", "With more favourable assumptions, the estimate is"),
        ):
            value, why = self.per_share(field)
            if why.startswith("no source gave"):
                why = self.sheet.valuation.reason.rstrip(".") or why
            self.add(
                f"at_{field}",
                title,
                value,
                f"{word} {self.money(value)}. An estimate, far from sure.",
                f"shares × {FIELDS[field].title}",
                field=field,
                why=why,
            )


def worst_year(sheet: Sheet) -> tuple[tuple[float, date, date, float] | None, str]:
    """(change, first day, last day, years of history) of the worst 252 sessions by close; else why it is not known."""
    import polars as pl

    closes = sheet.bars.select("date", "close").drop_nulls().filter(pl.col("close") > 0).sort("date")
    if closes.height <= YEAR:
        return None, f"{closes.height} days of prices are known, and a year takes {YEAR + 1}"
    changes = closes.with_columns(
        (pl.col("close") / pl.col("close").shift(YEAR) - 1).alias("change"), pl.col("date").shift(YEAR).alias("first")
    ).drop_nulls()
    worst = changes.sort("change", "date").row(0, named=True)
    years = (closes["date"][-1] - closes["date"][0]).days / 365.25
    return (float(worst["change"]), worst["first"], worst["date"], years), ""


def to_table(answer: Answer, sheet: Sheet, notes: tuple[str, ...] = ()) -> Table:
    """The answer as the command's table; `detail["answer"]` is the answer itself."""
    import polars as pl

    from terminal.api import Column, Table

    frame = pl.DataFrame(
        [
            (
                each.term,
                each.title,
                each.value,
                each.text(answer.currency),
                each.unit,
                each.sentence,
                each.formula,
                each.as_of,
                sheet.sources[each.source].provider if each.source is not None else None,
            )
            for each in answer.lines
        ],
        {
            "term": pl.String,
            "title": pl.String,
            "value": pl.Float64,
            "text": pl.String,
            "unit": pl.String,
            "sentence": pl.String,
            "formula": pl.String,
            "as_of": pl.Date,
            "provider": pl.String,
        },
        orient="row",
    )
    columns = (
        Column("term", "Term", newbie=False),
        Column("title", "What"),
        Column("value", "Value", "number", newbie=False),
        Column("text", "As shown"),
        Column("unit", "Unit", newbie=False),
        Column("sentence", "In a sentence", term="tearsheet_sentence"),
        Column("formula", "Formula", newbie=False),
        Column("as_of", "As of", "date"),
        Column("provider", "Provider"),
    )
    origin = pl.DataFrame({"value": [each.source for each in answer.lines]}, schema={"value": pl.Int64})
    unknown = tuple(f"{each.title}: {each.why}" for each in answer.lines if each.value is None)
    title = f"What {words.money(answer.amount, answer.currency)} buys of {answer.symbol}"
    return Table(title, columns, frame, sheet.sources, unknown, (NO_ADVICE, *notes), origin, {"answer": answer, "sheet": sheet})
