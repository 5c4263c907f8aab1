"""Live trades by command: what is said where there are none."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.errors import UserError


def test_the_demo_says_that_it_has_no_trades(app: Any) -> None:
    table = app.run("market.stream", {"symbols": ("NVRA",)})
    assert table.rows()[0]["state"] == "demo"
    assert table.notes == ("The demo market has no trades to listen to.",)
    assert app.run("market.stream_stop").rows()[0]["state"] == "demo"
    prices = app.run("market.live", {"symbols": ("NVRA",)})
    assert prices.detail["seconds"] == 0, "nothing moves, so nobody has to ask again"


def test_what_is_no_symbol_is_refused(app: Any) -> None:
    with pytest.raises(UserError, match="symbol"):
        app.run("market.stream", {"symbols": ("what is this?",)})
