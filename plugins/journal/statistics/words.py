"""Statistics of trades in the words of both modes: the same values, a sentence or a term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.api import Table

_TITLES = {
    "profit": ("You made", "Net profit"), "win_rate": ("You won", "Win rate"),
    "trade_average": ("A usual trade brings", "Expectancy"),
    "expectancy_r": ("For each $1 at risk", "Expectancy in R"), "profit_factor": ("Won for each $1 lost", "Profit factor"),
    "payoff": ("A winner against a loser", "Payoff ratio"), "sharpe": ("Gain for its ups and downs", "Sharpe ratio"),
    "drawdown": ("Deepest fall", "Max drawdown"),
}  # fmt: skip


def card(name: str, row: Mapping[str, Any], mode: str) -> tuple[str, str, str, str]:
    """Title, value, context and tone of a card, from its row of `journal stats`."""
    easy, pro = _TITLES[name]
    value = row["value"]
    tone = "muted"
    if value is not None and name in ("profit", "trade_average", "expectancy_r"):
        tone = "up" if value > 0 else "down" if value < 0 else "muted"
    context = row["why"] or (f"{row['n']} trades" if row["n"] else "")
    text = row["text"]
    if mode == "newbie" and name == "win_rate" and value is not None:
        text = f"{round(value * 10)} of 10 trades" if row["n"] >= 10 else row["text"]
    return (easy if mode == "newbie" else pro), text, context, tone


def sentence(table: Table) -> str:
    """How it goes, in sentences from the figures."""
    told, currency = table.detail["summary"], table.detail["journal"].currency
    made = f"made {fmt.money(told.total, currency)}" if told.total > 0 else f"lost {fmt.money(-told.total, currency)}"
    trades = f"{told.n} trade{'s' if told.n != 1 else ''}"
    parts = [f"You have closed {trades} and {made}, fees included."]
    if told.average_win is not None and told.average_loss is not None:
        win, loss = fmt.money(told.average_win, currency, 0), fmt.money(-told.average_loss, currency, 0)
        larger = "less than" if told.average_win < -told.average_loss else "more than"
        parts.append(f"A winner brings {win}, {larger} the {loss} that a loser costs.")
    each = told.expectancy
    if each is not None and told.n > 1 and each.low < 0 < each.high:
        parts.append("That is not enough to tell skill from luck yet: the usual trade may bring anything between "
                     f"{fmt.money(each.low, currency, 0)} and {fmt.money(each.high, currency, 0)}.")  # fmt: skip
    return " ".join(parts)
