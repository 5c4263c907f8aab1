"""The weekly report: sentences that follow from figures, the same each time."""

from __future__ import annotations

from datetime import date, timedelta

from terminal.domain.journal.behaviour import Finding
from terminal.domain.journal.statistics import Outcome
from terminal.domain.journal.weekly import Week, monday_of, report

MONDAY = date(2024, 3, 4)


def outcome(key: str, profit: float, days: int = 0, **labels: tuple[str, ...]) -> Outcome:
    day = MONDAY + timedelta(days=days)
    return Outcome(key, "XX", day, day, profit, r=profit / 50, fees=1.5, labels=labels)


def test_a_week_in_sentences_and_figures() -> None:
    closed = (outcome("1", 100, mistake=("no stop",), setup=("gap",)), outcome("2", -40.5, 2, mistake=("no stop",)))
    before = tuple(outcome(str(at), 10, -at) for at in range(7, 20))
    seen = Finding("revenge", "Revenge trading", "seen", 9, 20, "result", -1.0, 1.0, 0.01, -300.0, (), "Nine of them.")
    text = report(Week(MONDAY, "USD", closed, before, 3, 1, (seen,), (("Trade 1", "Too early."),), ("Trade 2 has no stop.",),
                       titles={"1": "XX long"}))
    assert text.startswith("# Week of 4 Mar 2024 to 10 Mar 2024\n")
    assert "2 closed trades made $59.50, after $3.00 of fees: 1 won, 1 lost. 3 trades were opened, 1 is still open." in text
    assert "On average a trade came to $29.75, more than before ($10.00 over 13 trades)." in text
    assert "| XX long | 4 Mar 2024 | $100.00 | 2.00 |" in text
    assert "- **no stop**: 2 trades, $59.50, 1 won" in text
    assert "- **Revenge trading**: Nine of them." in text
    assert "- **Trade 1**: Too early." in text and "- Trade 2 has no stop." in text
    assert "figures of one week say little" in text


def test_the_order_of_trades_does_not_matter() -> None:
    closed = tuple(outcome(str(at), at - 3.5, at % 5) for at in range(8))
    assert report(Week(MONDAY, "USD", closed, (), 8, 0)) == report(Week(MONDAY, "USD", closed[::-1], (), 8, 0))


def test_a_week_without_trades_says_so() -> None:
    assert "No trade was closed this week. 0 trades were opened, 2 are still open." in report(Week(MONDAY, "EUR", (), (), 0, 2))


def test_a_week_begins_on_monday() -> None:
    assert {monday_of(MONDAY + timedelta(days=at)) for at in range(7)} == {MONDAY}
