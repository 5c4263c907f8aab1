"""Where option data comes from, end to end: recorded chains and prints, to the store and the shell, and every fault."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import stamina

from terminal.domain.data_services import ORDER, SERVICES
from terminal.domain.flow.prints import FLOW_ALERTS, OPTION_TRADES
from terminal.events import Events
from terminal.services.market import Market, build_market
from terminal.settings import Settings
from terminal.store import Store
from tests.providers.loopback import serving
from tests.providers.test_tradier import january
from tests.providers.test_tradier import payload as tradier
from tests.providers.test_unusualwhales import payload as whale
from tests.providers.whales import Whales

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.paths import Home

KEYS = {
    "schwab": "app-key-1:app-secret-2:refresh-token-3",
    "tradier": "tradier-key-1",
    "unusualwhales": "whales-key-1",
    "alpaca": "alpaca-id-1:alpaca-secret-2",
}
CHAINS = ORDER["chains"]


class Ctx:
    """The part of a command's context that the market service uses."""

    by_hand = True

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.now = clock

    def progress(self, _fraction: float | None, note: str = "") -> None:
        pass

    def publish(self, topic: str, payload: Any = None) -> None:
        pass


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def build(live_home: Home, clock: Any) -> Iterator[Callable[..., Market]]:
    """A market that asks these services for chains, each at the address given; keys are there for those named."""
    made: list[Any] = []

    def market(addresses: dict[str, str], keys: tuple[str, ...] = ()) -> Market:
        environment = {f"TAPELINE_{name.upper()}_URL": url for name, url in addresses.items()}
        environment |= {f"TAPELINE_{name.upper()}_KEY": KEYS[name] for name in keys}
        live_home.settings.write_text(
            f'[providers.order]\nchains = "{", ".join(n for n in CHAINS if n in addresses)}"\n', "utf-8"
        )
        store = Store(
            live_home.market(False), live_home.book(False), live_home.backups(False), clock=clock, publish=Events().publish
        )
        settings = Settings(live_home, environment=environment)
        made.append(build_market(store, settings, clock, False, home=live_home))
        made.append(store)
        found: Market = made[-2]
        return found

    yield market
    for each in made:
        each.close()


def payload(shared: Path, *parts: str) -> Any:
    return json.loads(shared.joinpath("payloads", *parts).read_bytes())


def by_contract(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["contract"]: row for row in frame.to_dicts()}


# Chains


@pytest.mark.real
def test_an_indexs_recorded_chain_comes_from_cboe_with_sizes_and_last_trades(
    build: Any, replay: Any, shared: Path, clock: Any
) -> None:
    market = build({"cboe": f"{replay.url}/cboe", "yahoo": f"{replay.url}/yahoo"})
    assert market.ensure(["^RUT"], ["chains"], Ctx(clock)) == []
    rows = by_contract(market.chain("^RUT"))
    told = payload(shared, "cboe", "delayed_quotes_options__RUT_20230921_a.json")["data"]["options"]
    assert len(rows) == len(told)
    for line in told[::97]:
        row = rows[line["option"]]
        quoted = line["ask"] > 0
        assert (row["bid"], row["ask"]) == ((line["bid"], line["ask"]) if quoted else (None, None))
        assert (row["bid_size"], row["ask_size"]) == ((line["bid_size"], line["ask_size"]) if quoted else (None, None))
        stated = line["last_trade_time"]
        there = row["last_at"] and row["last_at"].astimezone(pl_zone())
        assert (there.strftime("%Y-%m-%dT%H:%M:%S") if there else None) == stated


def pl_zone() -> Any:
    from terminal.domain.options.contracts import NEW_YORK

    return NEW_YORK


@pytest.mark.real
@pytest.mark.slow
def test_what_cboe_does_not_have_comes_from_yahoo_and_says_why(build: Any, replay: Any, shared: Path, clock: Any) -> None:
    clock.now = datetime(2025, 2, 24, 14, 0, tzinfo=UTC)
    market = build({"cboe": f"{replay.url}/cboe", "yahoo": f"{replay.url}/yahoo"})
    assert market.ensure(["EPAC"], ["chains"], Ctx(clock)) == []
    chain = market.chain("EPAC")
    told = payload(shared, "yahoo", "options-EPAC.json")["optionChain"]["result"][0]
    lines = [line for part in told["options"] for line in (*part["calls"], *part["puts"])]
    rows = by_contract(chain)
    assert set(rows) == {line["contractSymbol"] for line in lines}
    for line in lines:
        row = rows[line["contractSymbol"]]
        assert (row["last"], row["open_interest"], row["underlying_price"]) == (
            line["lastPrice"],
            line.get("openInterest"),
            told["quote"]["regularMarketPrice"],
        )
        assert (row["bid"], row["ask"], row["iv"]) == (None, None, None)  # nobody quoted it before the opening
    (source,) = market.sources(chain["fetch_id"].unique().to_list()).values()
    assert source.provider == "yahoo"
    assert source.note == (
        "Cboe does not know it, so Yahoo Finance was asked; 2 of 3 expiries were not delivered, 2025-05-16 first"
    )  # one expiry alone was recorded, and that is said


@pytest.mark.real
def test_a_brokers_key_puts_its_live_chain_first(build: Any, replay: Any, shared: Path, clock: Any) -> None:
    clock.now = datetime(2024, 10, 15, 15, 20, tzinfo=UTC)
    whole = payload(shared, "schwab", "chains_SPX_20241015.json")
    with serving() as broker:
        broker.say({"oauth/token": {"access_token": "a", "expires_in": 1800}, "chains": whole})
        market = build({"schwab": broker.url, "cboe": f"{replay.url}/cboe"}, ("schwab",))
        assert market.ensure(["^SPX"], ["chains"], Ctx(clock)) == []
        chain = market.chain("^SPX")
        assert chain.height == sum(
            len(v) for side in ("callExpDateMap", "putExpDateMap") for d in whole[side].values() for v in d.values()
        )
        assert {each.provider for each in market.sources(chain["fetch_id"].unique().to_list()).values()} == {"schwab"}
        assert chain["underlying_price"].unique().to_list() == [whole["underlyingPrice"]]
    assert replay.log() == []  # nobody else was asked


def test_without_any_key_cboe_is_first_and_yahoo_the_last(build: Any) -> None:
    keyed = {service.id for service in SERVICES if service.needs_key}
    assert [name for name in CHAINS if name not in keyed] == ["cboe", "yahoo"]
    market = build(dict.fromkeys(CHAINS, "http://127.0.0.1:9"))
    assert [each.id for each in market.router.asked("chains")] == ["cboe", "yahoo"]
    assert [each.id for each in market.router.serving("chains")] == list(CHAINS)


FAULTS = {
    "429": {"kind": "status", "status": 429},
    "500": {"kind": "status", "status": 500},
    "html": {"kind": "html"},
    "empty": {"kind": "empty"},
    "truncate": {"kind": "truncate"},
    "garbage": {"kind": "garbage"},
    "drop": {"kind": "drop"},
}
REPLAYED = {"cboe": "^RUT", "alpaca": "AAPL", "schwab": "^SPX", "unusualwhales": "AAPL"}


@pytest.mark.real
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", REPLAYED)
def test_every_fault_of_every_source_is_one_sentence_and_stores_nothing(
    build: Any, replay: Any, clock: Any, name: str, fault: str
) -> None:
    replay.fault(provider=name, times=9, **FAULTS[fault])
    market = build({name: f"{replay.url}/{name}"}, tuple(each for each in (name,) if each in KEYS))
    (told,) = market.ensure([REPLAYED[name]], ["chains"], Ctx(clock))
    title = next(service.title for service in SERVICES if service.id == name)
    assert told.startswith(REPLAYED[name])
    assert title in told
    assert told.endswith((".", "?"))
    for word in ("Traceback", "Error(", "None", "{", *KEYS.get(name, "~").split(":")):
        assert word not in told
    assert market.chain(REPLAYED[name]).is_empty()


def test_a_source_that_fails_is_followed_by_the_next_which_says_why(build: Any, clock: Any) -> None:
    with serving() as broker, serving() as whales:
        state, pages = whale("stock-state"), whale("option-contracts")
        monday = {"data": {**state["data"], "tape_time": "2026-11-23T16:00:00Z"}}
        whales.say({"stock-state": monday, "option-contracts": pages})
        broker.say({"expirations": tradier("expirations"), "quotes": tradier("quotes_ACME"), "chains": january})
        market = build({"tradier": broker.url, "unusualwhales": whales.url}, ("tradier", "unusualwhales"))
        assert market.ensure(["ACME"], ["chains"], Ctx(clock)) == []
        assert market.chain("ACME").height == 4
        assert whales.asked == []
        broker.say({"expirations": b"<html>", "quotes": b"", "chains": b""})
        clock.now = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)
        assert market.ensure(["ACME"], ["chains"], Ctx(clock)) == []
        chain = market.chain("ACME")
        assert chain.height == 3
        (source,) = market.sources(chain["fetch_id"].unique().to_list()).values()
        assert source.provider == "unusualwhales"
        assert source.note == "Tradier sent a web page instead of data, so Unusual Whales was asked"


# From the shell


@pytest.mark.real
def test_a_chain_from_the_shell_names_its_source(
    type_in: Any, live_home: Home, replay: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPELINE_CBOE_URL", f"{replay.url}/cboe")
    done = type_in("--home", str(live_home.path), "--live", "options", "chain", "^RUT", "--json")
    assert done.returncode == 0, done.stderr
    table = json.loads(done.stdout)
    assert len(table["rows"]) > 10
    assert any("Cboe" in json.dumps(source) or "cboe" in json.dumps(source) for source in table["sources"])


# Prints


@pytest.mark.real
def test_recorded_frames_go_through_the_socket_unchanged(shared: Path) -> None:
    files = ("ws_optiontrades_a.jsonl", "ws_flowalerts_a.jsonl", "ws_greeks_a.jsonl")
    lines = [line for name in files for line in (shared / "payloads" / "unusualwhales" / name).read_text("utf-8").splitlines()]
    messages = [json.loads(line)["message"] for line in lines]
    channels = sorted({name for name, _ in messages})
    frames = [each for each in messages if "response" not in each[1]]
    from terminal.providers.unusualwhales_stream import Batch, UnusualWhalesStream

    told: list[Batch] = []
    whales = Whales()
    stream = UnusualWhalesStream(lambda: "t0ken-1", channels, told.append, address=lambda: f"{whales.url}/socket", each=0.05)
    try:
        stream.start()
        until(lambda: set(stream.state.joined) == set(channels))
        for each in frames:
            whales.send(json.dumps(each))
        until(lambda: sum(len(texts) for batch in told for texts in batch.heard.raw.values()) == len(frames))
    finally:
        stream.stop()
        whales.close()
    trades = pl.concat(batch.heard.trades for batch in told)
    alerts = pl.concat(batch.heard.alerts for batch in told)
    assert trades["id"].to_list() == [payload["id"] for name, payload in frames if name.startswith("option_trades")]
    assert alerts["id"].to_list() == [payload["id"] for name, payload in frames if name == "flow-alerts"]
    assert trades["price"].to_list() == [float(payload["price"]) for name, payload in frames if name.startswith("option_trades")]
    assert OPTION_TRADES.validate(trades).refused.is_empty()
    assert FLOW_ALERTS.validate(alerts).refused.is_empty()
    raw = [json.loads(text) for batch in told for texts in batch.heard.raw.values() for text in texts]
    assert sorted(json.dumps(each, sort_keys=True) for each in raw) == sorted(
        json.dumps(each, sort_keys=True) for _, each in frames
    )
    assert stream.state.misunderstood == 0


@pytest.mark.real
@pytest.mark.slow
def test_the_shell_listens_imports_and_keeps_the_key_to_itself(
    type_in: Any, live_home: Home, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shared / "payloads"
    lines = [
        line
        for name in ("ws_optiontrades_a.jsonl", "ws_flowalerts_a.jsonl")
        for line in (folder / "unusualwhales" / name).read_text("utf-8").splitlines()
    ]
    said = [each for each in (json.loads(line)["message"] for line in lines) if "response" not in each[1]]
    trades = sum(name.startswith("option_trades") for name, _ in said)
    whales = Whales()
    monkeypatch.setenv("TAPELINE_UNUSUALWHALES_URL", whales.url.replace("ws://", "http://"))
    monkeypatch.setenv("TAPELINE_UNUSUALWHALES_KEY", "whales-key-1")

    def speak() -> None:
        until(lambda: whales.joined and len(whales.joined[0]) == 2, 60.0)
        for each in said:
            whales.send(json.dumps(each))

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        heard = counts(
            type_in("--home", str(live_home.path), "--live", "options", "flow-stream", "TSLA", "--seconds", "3", "--json")
        )
    finally:
        speaker.join()
        whales.close()
    assert (heard["Trades"], heard["New in the archive"], heard["Alerts"]) == (trades, trades, len(said) - trades)
    for file, fresh in (
        (folder / "unusualwhales" / "ws_optiontrades_a.jsonl", 0),
        (folder / "databento" / "OPRA.PILLAR_test_data.tbbo.dbn.zst", 4),
    ):
        told = counts(type_in("--home", str(live_home.path), "--live", "options", "flow-import", str(file), "--json"))
        assert told["New in the archive"] == fresh
    for file in (live_home.path / "logs").glob("*"):
        assert "whales-key-1" not in file.read_text("utf-8")


def counts(done: Any) -> dict[str, int]:
    assert done.returncode == 0, done.stderr
    return {row["what"]: row["count"] for row in json.loads(done.stdout)["rows"]}


def until(happened: Callable[[], Any], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
