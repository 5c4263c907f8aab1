"""A budget outlives the program: what one process has spent the next one does not spend again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from terminal.paths import Home
from terminal.providers.alphavantage import AlphaVantageProvider
from terminal.providers.budget import Budget
from tests.acceptance.conftest import surroundings
from tests.providers.loopback import Asked, serving

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


def daily(asked: Asked) -> Any:
    """One week of bars, or no splits, in Alpha Vantage's shapes."""
    if asked.query["function"] != "TIME_SERIES_DAILY":
        return {"symbol": asked.query["symbol"], "data": []}
    newest = datetime.now(UTC).date() - timedelta(days=1)
    line = {"1. open": "10.0", "2. high": "11.0", "3. low": "9.0", "4. close": "10.5", "5. volume": "1000"}
    days = [newest - timedelta(days=back) for back in range(9)]
    return {"Meta Data": {"2. Symbol": asked.query["symbol"], "3. Last Refreshed": newest.isoformat()},
            "Time Series (Daily)": {day.isoformat(): line for day in days if day.weekday() < 5}}  # fmt: skip


def test_a_second_process_finds_the_budget_of_the_first(
    run_cli: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Of Alpha Vantage's 25 requests a day all but one call's are spent: one process gets its bars, the next one is refused."""
    home = Home(tmp_path / "home")
    (day,) = (window for window in AlphaVantageProvider.windows if window.seconds == 86_400)
    cost = AlphaVantageProvider.cost.get("bars", 1)
    spent = Budget(home.run / "budget.sqlite", lambda: datetime.now(UTC) - timedelta(minutes=2))
    spent.declare("alphavantage", (day,))
    spent.take("alphavantage", day.requests - cost)
    spent.close()
    with serving() as server:
        server.say({"/": daily})
        env = surroundings(TAPELINE_ALPHAVANTAGE_URL=server.url, TAPELINE_ALPHAVANTAGE_KEY="a-key-of-the-test")

        def tapeline(*arguments: str) -> subprocess.CompletedProcess[str]:
            return run_cli("--home", str(home.path), *arguments, env=env)

        assert tapeline("preferences", "set", "providers.order.bars", "alphavantage").returncode == 0
        first = tapeline("market", "bars", "ACME", "--json")
        assert first.returncode == 0, first.stderr
        assert {row["close"] for row in json.loads(first.stdout)["rows"]} == {10.5}
        asked = len(server.asked)
        assert 0 < asked <= cost
        second = tapeline("market", "bars", "OTHER", "--json")
        assert second.returncode == 1
        assert "The request budget for Alpha Vantage is used up until" in second.stderr
        assert len(server.asked) == asked
    counted = Budget(home.run / "budget.sqlite")
    counted.declare("alphavantage", (day,))
    (status,) = counted.status("alphavantage")
    assert (status.used, status.left) == (day.requests, 0)
    counted.close()
