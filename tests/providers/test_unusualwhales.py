"""Unusual Whales' REST door: chains page by page, alerts and the rest, and two allowances at once."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from terminal.domain.flow.prints import FLOW_ALERTS
from terminal.domain.schemas import CHAINS
from terminal.errors import BadPayload, NeedsKey
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.budget import Budget
from terminal.providers.live import live_providers
from terminal.providers.service import Surroundings
from terminal.providers.unusualwhales import PAGE, UnusualWhalesProvider
from terminal.settings import Settings
from tests.providers.loopback import Asked, Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home

PAYLOADS = Path(__file__).parent / "payloads" / "unusualwhales"
CLOSE = datetime(2026, 11, 20, 21, 0, 3, tzinfo=UTC)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def make(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[Callable[..., UnusualWhalesProvider]]:
    server.clear()
    made: list[UnusualWhalesProvider] = []

    def build(**more: Any) -> UnusualWhalesProvider:
        made.append(UnusualWhalesProvider(Surroundings(lambda: server.url, lambda: "whale-key-1", clock, tmp_path, 1.0, **more)))
        return made[-1]

    yield build
    for each in made:
        each.close()


def ask(provider: UnusualWhalesProvider, symbol: str = "ACME") -> Answer:
    (answer,) = provider.fetch(Request("chains", (symbol,)), quiet)
    return answer


def test_a_chain_is_of_the_moment_of_its_share(server: Loopback, make: Any) -> None:
    server.say({"stock-state": payload("stock-state"), "option-contracts": payload("option-contracts")})
    answer = ask(make())
    assert [each.path for each in server.asked] == ["/api/stock/ACME/stock-state", "/api/stock/ACME/option-contracts"]
    assert server.asked[0].headers["Authorization"] == "Bearer whale-key-1"
    assert CHAINS.validate(answer.frame).refused.is_empty()
    call, dead, put = answer.frame.to_dicts()
    assert (call["at"], call["underlying_price"], call["bid"], call["ask"], call["iv"]) == (CLOSE, 12.75, 1.1, 1.3, 0.412)
    assert (call["volume"], call["open_interest"], call["last"], call["expiry"]) == (210, 1500, 1.2, date(2026, 12, 18))
    assert [call[name] for name in ("delta", "bid_size", "ask_size", "last_at")] == [None] * 4
    assert [dead[name] for name in ("bid", "ask", "last", "iv")] == [None] * 4
    assert (put["bid"], put["ask"], put["volume"], put["open_interest"]) == (0.0, 0.05, 4.0, 25.0)


def test_pages_are_turned_until_one_is_short_and_counted(server: Loopback, make: Any) -> None:
    line = payload("option-contracts")["data"][0]
    every = [{**line, "option_symbol": f"ACME261218C{strike:08d}"} for strike in range(1, PAGE + 21)]
    spent: list[int] = []

    def page(asked: Asked) -> Any:
        first = int(asked.query["page"]) * PAGE
        return {"data": every[first : first + PAGE]}

    server.say({"stock-state": payload("stock-state"), "option-contracts": page})
    assert ask(make(spend=lambda _waiting: spent.append(1))).frame.height == PAGE + 20
    assert len(spent) == 1
    server.say({"stock-state": payload("stock-state"), "option-contracts": {"data": every[:PAGE]}})
    assert ask(make()).frame.height == PAGE  # one that does not turn pages


def test_nobodys_options_another_symbols_and_no_time(server: Loopback, make: Any) -> None:
    server.say({"stock-state": payload("stock-state"), "option-contracts": {"data": []}})
    assert ask(make()).missing == ("ACME",)
    assert ask(make(), "VOD.L").missing == ("VOD.L",)
    server.say({"stock-state": payload("stock-state"), "option-contracts": payload("option-contracts")})
    with pytest.raises(BadPayload, match="other contracts than those of OTHER"):
        ask(make(), "OTHER")
    state = {"data": {**payload("stock-state")["data"], "tape_time": None}}
    server.say({"stock-state": state, "option-contracts": payload("option-contracts")})
    with pytest.raises(BadPayload, match="without a time"):
        ask(make())


def test_alerts_trades_interest_and_exposures_count_their_requests(server: Loopback, make: Any) -> None:
    alert = {
        "alert_rule": "RepeatedHits",
        "ticker": "ACME",
        "option_chain": "ACME261218C00012500",
        "total_premium": "186705",
        "created_at": "2026-11-20 16:35:52.168490+00:00",
        "has_sweep": True,
    }
    change = {
        "option_symbol": "ACME261218C00012500",
        "underlying_symbol": "ACME",
        "curr_date": "2026-11-20",
        "curr_oi": 30,
        "last_oi": 10,
        "oi_diff_plain": 20,
    }
    spent: list[int] = []
    server.say(
        {
            "flow-alerts": {"data": [alert]},
            "oi-change": {"data": [change]},
            "/flow": {"data": []},
            "greek-exposure": {"data": [{"expiry": "2026-12-18", "strike": "12.5", "call_gamma": "5.5"}]},
        }
    )
    provider = make(spend=lambda _waiting: spent.append(1))
    alerts = provider.flow_alerts("ACME", limit=9999, newer_than=CLOSE)
    assert FLOW_ALERTS.validate(alerts.frame).refused.is_empty()
    assert (alerts.dataset, alerts.frame["premium"][0], alerts.fetch.dataset, alerts.fetch.status) == (
        "flow_alerts",
        186705.0,
        "flow_alerts",
        "ok",
    )
    assert alerts.fetch.as_of == datetime(2026, 11, 20, 16, 35, 52, 168490, tzinfo=UTC)
    assert server.asked[0].query == {"limit": "200", "ticker_symbol": "ACME", "newer_than": "2026-11-20T21:00:03+00:00"}
    assert provider.open_interest_changes("ACME").frame.select("open_interest", "before").rows() == [(30.0, 10.0)]
    assert provider.open_interest_changes().fetch.endpoint == "market/oi-change"
    assert provider.contract_trades("ACME261218C00012500", date(2026, 11, 20)).frame.is_empty()
    assert provider.greek_exposure("^GSPC", date(2026, 12, 18)).frame.select(
        "symbol", "strike", "call_gamma", "put_gamma"
    ).rows() == [("^GSPC", 12.5, 5.5, None)]
    assert server.asked[-1].path == "/api/stock/SPX/greek-exposure/strike-expiry"
    assert len(spent) == len(server.asked) == 5


def test_a_plan_without_it_names_the_plan(server: Loopback, make: Any) -> None:
    server.say({"flow-alerts": Reply(b'{"error": "plan"}', 403)})
    with pytest.raises(NeedsKey) as caught:
        make().flow_alerts()
    assert "plan" in caught.value.hint


def test_of_its_two_allowances_the_tighter_one_is_learnt(server: Loopback, make: Any) -> None:
    told: list[tuple[int, datetime | None]] = []
    provider = make(learn=lambda left, until: told.append((left, until)))
    for minute, day in ((97, 200), (97, 14_995)):
        headers = {
            "x-uw-req-per-minute-remaining": str(minute),
            "x-uw-req-per-minute-reset": "30000",
            "x-uw-token-req-limit": "15000",
            "x-uw-daily-req-count": str(day),
        }
        server.say({"flow-alerts": Reply(b'{"data": []}', 200, headers)})
        provider.flow_alerts()
    assert told == [
        (97, datetime(2026, 11, 20, 22, 0, 30, tzinfo=UTC)),  # thirty thousand milliseconds
        (5, datetime(2026, 11, 21, 1, 0, tzinfo=UTC)),  # until eight in the evening, New York
    ]


def test_requests_beyond_the_price_of_a_call_are_in_the_budget(home: Home, clock: Any, server: Loopback, tmp_path: Path) -> None:
    settings = Settings(home, environment={"TAPELINE_UNUSUALWHALES_URL": server.url, "TAPELINE_UNUSUALWHALES_KEY": "whale-key-1"})
    budget = Budget(clock=clock)
    providers = {each.id: each for each in live_providers(settings, budget, clock, tmp_path)}
    server.say({"flow-alerts": {"data": []}})
    whales: Any = providers["unusualwhales"]
    whales.flow_alerts()
    whales.flow_alerts()
    assert [(each.requests, each.used) for each in budget.status("unusualwhales")] == [(120, 2), (50_000, 2)]
    stream = whales.stream(("news", "option_trades:BRK-B", "gex:^GSPC", "gex_strike_expiry:SPY"), lambda _batch: None)
    assert stream.state.channels == ("news", "option_trades:BRK.B", "gex:SPX", "gex_strike_expiry:SPY")
    for each in providers.values():
        each.close()  # type: ignore[attr-defined]
    budget.close()
