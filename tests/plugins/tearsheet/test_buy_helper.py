"""What an amount buys: whole shares and money, all of it computed from the sheet, with what is unknown left unknown."""

from __future__ import annotations

import math
import re
from typing import Any

import polars as pl
import pytest

from plugins.tearsheet.builder import build
from plugins.tearsheet.buy_helper import NO_ADVICE, NO_SHARE, YEAR, what_it_buys, worst_year
from terminal.api import UserError
from tests.plugins.tearsheet import samples

BROKEN = re.compile(r"\b(nan|NaN|None|inf|null)\b|should|recommend")


@pytest.fixture(scope="module")
def sheet() -> Any:
    return build(samples.material("stock"))


def test_whole_shares_and_what_is_left(sheet: Any) -> None:
    answer = what_it_buys(sheet, 1000.0, 20_000.0)
    assert answer.shares == 14 and answer.line("shares").value == 14
    assert answer.spent == pytest.approx(14 * 69.76)
    assert answer.line("cash_left").value == pytest.approx(1000 - 14 * 69.76)
    assert answer.line("portfolio_share").value == pytest.approx(14 * 69.76 / 20_000)
    assert "14 shares at $69.76" in answer.line("shares").sentence


def test_range_dividends_and_worth_are_per_share_times_shares(sheet: Any) -> None:
    answer = what_it_buys(sheet, 1000.0)
    for term, field in (("at_low_52w", "low_52w"), ("at_high_52w", "high_52w"), ("at_dcf_low", "dcf_low"),
                        ("at_dcf_value", "dcf_value"), ("at_dcf_high", "dcf_high")):  # fmt: skip
        assert answer.line(term).value == pytest.approx(14 * sheet.figure(field).value), term
        assert answer.line(term).source == sheet.figure(field).source is not None
    assert answer.line("dividend").value == pytest.approx(0.011 * 14 * 69.76)
    assert answer.line("portfolio_share").value is None
    assert answer.line("portfolio_share").sentence == "Not known: you have not said what you have in all."


def test_the_worst_year_is_that_of_the_closes(sheet: Any) -> None:
    closes = sheet.bars["close"].to_list()
    worst = min(closes[at] / closes[at - YEAR] - 1 for at in range(YEAR, len(closes)))
    (change, first, last, years), why = worst_year(sheet)
    assert change == pytest.approx(worst) and not why and first < last and years > 2
    line = what_it_buys(sheet, 1000.0).line("worst_year")
    assert line.value == pytest.approx(worst * 14 * 69.76) and line.source is not None
    told = f"{abs(line.value):,.2f}".replace(",", "\u202f")
    assert told in line.sentence


def test_too_little_history_is_said() -> None:
    short = build(samples.material("bare"))
    answer = what_it_buys(short, 100.0, 50.0)
    assert answer.line("worst_year").value is None and "a year takes 253" in answer.line("worst_year").sentence
    assert answer.line("at_low_52w").value is None and answer.line("dividend").value is None
    assert answer.line("portfolio_share").sentence.startswith("That is more than your $50.00")
    assert answer.line("at_dcf_value").why and answer.line("at_dcf_value").value is None


def test_an_amount_below_one_share_buys_nothing(sheet: Any) -> None:
    answer = what_it_buys(sheet, 50.0, 1000.0)
    assert answer.shares == 0 and answer.line("cash_left").value == 50.0 and "no whole one fits" in answer.line("shares").sentence
    assert answer.line("dividend").value is None and answer.line("dividend").why == NO_SHARE
    assert answer.line("worst_year").why == NO_SHARE
    exact = what_it_buys(sheet, 69.76 * 3)
    assert exact.shares == 3 and exact.line("cash_left").value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("kind", ["stock", "fund", "bond", "bare"])
@pytest.mark.parametrize("changes", [{}, {"dividend_yield": 0.0}, {"price": None}, {"price": 0.0004}, {"currency": "CHF"}])
def test_every_line_is_whole(kind: str, changes: dict[str, Any]) -> None:
    given = samples.material(kind)
    row = {**given.row, **changes}
    from dataclasses import replace

    answer = what_it_buys(build(replace(given, row=row)), 1000.0, 5000.0)
    assert ("cost" in {each.term for each in answer.lines}) == (kind in ("fund", "bond"))
    assert ("at_dcf_value" in {each.term for each in answer.lines}) == (kind in ("stock", "bare"))
    for line in answer.lines:
        assert line.sentence.endswith(".") and not BROKEN.search(line.sentence), line
        assert (line.value is None) == line.sentence.startswith("Not known: ") == bool(line.why), line
        assert line.value is None or math.isfinite(line.value)
        if line.value is not None and line.unit != "count":
            assert line.text(answer.currency).lstrip("−") in line.sentence, line


def test_the_command_answers_from_the_settings_and_refuses_nonsense(app: Any) -> None:
    table = app.run("tearsheet.buy_helper", {"symbol": "ZENR"})
    assert table.notes[0] == NO_ADVICE and table.detail["answer"].amount == 1000.0
    rows = {row["term"]: row for row in table.rows()}
    price = app.market.scored(["ZENR"]).frame["price"][0]
    assert rows["shares"]["value"] == 1000 // price and rows["portfolio_share"]["value"] is None
    assert rows["spent"]["provider"] and any(text.startswith("Share of the portfolio: ") for text in table.unknown)
    app.settings.set("tearsheet.portfolio", 20_000.0)
    more = app.run("tearsheet.buy_helper", {"symbol": "ZENR", "amount": 5000.0})
    assert {row["term"]: row["value"] for row in more.rows()}["portfolio_share"] == pytest.approx(
        (5000 // price) * price / 20_000
    )
    for wrong in ({"amount": 0.0}, {"amount": -5.0}, {"amount": math.inf}, {"portfolio": -1.0}):
        with pytest.raises(UserError):
            app.run("tearsheet.buy_helper", {"symbol": "ZENR", **wrong})


def test_the_sentences_are_a_command(app: Any) -> None:
    from tests.plugins.tearsheet.test_sentences import assert_told

    for symbol in ("ARKU", "UST29"):
        table = app.run("tearsheet.sentences", {"symbol": symbol})
        sheet = table.detail["sheet"]
        for figure in sheet.figures:
            assert_told(figure, sheet)
        assert (
            table.frame["sentence"].null_count() == 0
            and table.frame["light"].drop_nulls().is_in(["green", "amber", "red", "unknown"]).all()
        )
    only = app.run("tearsheet.sentences", {"symbol": "ZENR", "section": ["core"]})
    assert only.frame["section"].unique().to_list() == ["core"]
    with pytest.raises(UserError, match="no section"):
        app.run("tearsheet.sentences", {"symbol": "ZENR", "section": ["nowhere"]})


@pytest.mark.slow
def test_a_figure_of_the_past_is_of_the_past(app: Any) -> None:
    from datetime import date

    now = app.run("tearsheet.buy_helper", {"symbol": "SPY"}).detail["answer"]
    then = app.run("tearsheet.buy_helper", {"symbol": "SPY"}, as_of=date(2025, 3, 14)).detail["answer"]
    assert then.line("shares").as_of <= date(2025, 3, 14) and then.spent != now.spent
    assert isinstance(app.run("tearsheet.buy_helper", {"symbol": "SPY"}).frame, pl.DataFrame)
