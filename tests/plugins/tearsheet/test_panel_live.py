"""The price at the top of the tearsheet while it is traded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from PySide6.QtWidgets import QWidget

from plugins.tearsheet.panel_live import LivePrice
from terminal.domain.sourced import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 11, 20, 15, 0, 7, tzinfo=UTC)


class Host:
    panel_id = "tearsheet-2"

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.slots: dict[str, Any] = {}
        self.row: dict[str, Any] = {"symbol": "AAA", "price": 11.0, "previous_close": 10.0, "at": AT, "live": True}
        self.seconds = 45

    def on(self, topic: str, slot: Any) -> None:
        self.slots[topic] = slot

    def has_command(self, _name: str) -> bool:
        return True

    def run(self, command: str, arguments: Any, *, then: Any, **_named: Any) -> None:
        self.asked.append((command, arguments))
        then(Table("", (), pl.DataFrame([self.row]), detail={"seconds": self.seconds}))


@pytest.fixture
def shown(qtbot: Any) -> Iterator[tuple[Host, LivePrice, list[Any], QWidget]]:
    panel = QWidget()
    qtbot.addWidget(panel)
    host, told = Host(), []  # type: ignore[var-annotated]
    live = LivePrice(host, panel, lambda *given: told.append(given))  # type: ignore[arg-type]
    panel.show()
    yield host, live, told, panel
    live._again.stop()


def sheet(**more: Any) -> Any:
    return SimpleNamespace(**{"symbol": "AAA", "simulated": False, "price_date": date(2026, 11, 19), **more})


def test_what_is_shown_is_said_and_its_trades_are_shown(shown: Any) -> None:
    host, live, told, _ = shown
    live.follow(sheet())
    assert host.asked == [("market.live", {"symbols": ["AAA"], "who": "tearsheet-2"})]
    assert told == [(11.0, 10.0, "Live, Finnhub 10:00:07 ET")]
    assert live._again.isActive() and live._again.interval() == 45_000
    host.row = {**host.row, "price": 11.5}
    host.slots["prices.changed"]({"symbols": ["BBB"]})
    assert len(told) == 1
    host.slots["prices.changed"]({"symbols": ["BBB", "AAA"]})
    assert told[-1][0] == 11.5


@pytest.mark.parametrize("row", [
    {"live": False}, {"price": None}, {"symbol": "BBB"}, {"at": datetime(2026, 11, 18, 15, 0, tzinfo=UTC)},
])  # fmt: skip
def test_what_is_not_a_newer_trade_changes_nothing(shown: Any, row: dict[str, Any]) -> None:
    host, live, told, _ = shown
    host.row = {**host.row, **row}
    live.follow(sheet())
    assert not told


def test_neither_the_demo_nor_a_hidden_panel_asks(shown: Any) -> None:
    host, live, _told, panel = shown
    live.follow(sheet(simulated=True))
    panel.hide()
    live.follow(sheet())
    assert not host.asked
    panel.show()
    host.seconds = 0  # a past day
    live.ask()
    assert len(host.asked) == 1 and not live._again.isActive()
