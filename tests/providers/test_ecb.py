"""The European Central Bank's rates: several currencies in one read, what is not its own, and answers that are none."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from plugins.portfolio import exchange
from terminal.app import App
from terminal.domain.fetch import Fetch
from terminal.domain.schemas import MACRO
from terminal.errors import BadPayload
from terminal.providers.base import Request, quiet
from terminal.providers.ecb import EcbProvider, parse
from terminal.providers.service import Surroundings
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home

USD, GBP = "EXR.D.USD.EUR.SP00.A", "EXR.D.GBP.EUR.SP00.A"
BODY = b"""KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE
EXR.D.GBP.EUR.SP00.A,D,GBP,EUR,SP00,A,2026-11-19,0.8000
EXR.D.GBP.EUR.SP00.A,D,GBP,EUR,SP00,A,2026-11-20,0.8800
EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-11-18,
EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-11-19,1.2000
EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-11-20,1.1000
"""


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def provider(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[EcbProvider]:
    server.clear()
    made = EcbProvider(Surroundings(lambda: server.url, lambda: None, clock, tmp_path, 1.0))
    yield made
    made.close()


def test_several_currencies_come_in_one_read(provider: EcbProvider, server: Loopback) -> None:
    server.answer = lambda _asked: Reply(BODY)
    (answer,) = provider.fetch(Request("macro", (USD, GBP, "EXR.D.JPY.EUR.SP00.A"), date(2026, 11, 1)), quiet)
    assert MACRO.validate(answer.frame).refused.is_empty()
    assert answer.frame.select("series", "date", "value").rows() == [
        (GBP, date(2026, 11, 19), 0.8), (GBP, date(2026, 11, 20), 0.88),
        (USD, date(2026, 11, 19), 1.2), (USD, date(2026, 11, 20), 1.1)]  # fmt: skip
    assert answer.missing == ("EXR.D.JPY.EUR.SP00.A",)
    assert answer.fetch.provider == "ecb" and answer.fetch.delayed


def test_what_is_not_its_own_is_not_asked_for(provider: EcbProvider, server: Loopback) -> None:
    asked: list[object] = []
    server.answer = lambda each: asked.append(each) or Reply(BODY)  # type: ignore[func-returns-value]
    (answer,) = provider.fetch(Request("macro", ("DGS10", "EXR.M.USD.EUR.SP00.A")), quiet)
    assert answer.missing == ("DGS10", "EXR.M.USD.EUR.SP00.A") and answer.frame.is_empty() and not asked


def test_no_value_between_the_days_is_no_error(provider: EcbProvider, server: Loopback) -> None:
    server.answer = lambda _asked: Reply(b"No results found.", 404)
    (answer,) = provider.fetch(Request("macro", (USD,)), quiet)
    assert answer.missing == (USD,)


def test_another_table_is_refused() -> None:
    with pytest.raises(BadPayload):
        parse("<html>Maintenance</html>")
    assert parse(BODY.decode().splitlines()[0]).is_empty()


def test_a_total_says_at_which_rate_it_was_added_up(live_home: Home, clock: Any) -> None:
    """Pounds in dollars by way of the euro: 1.10 / 0.88."""
    app = App(live_home, demo=False, clock=clock)
    try:
        for name, currency in (("Here", "USD"), ("There", "GBP")):
            app.run("portfolio.account_create", {"name": name, "currency": currency})
            app.run("portfolio.add", {"account": name, "kind": "deposit", "amount": "100", "day": date(2026, 11, 19)})
        assert any("not known" in text for text in app.run("portfolio.fx").unknown)
        fetch = Fetch("ecb", "EXR reference rates", "macro", "", clock.now, clock.now, "ok", as_of=clock.now)
        app.store.market.save("macro", parse(BODY.decode()), fetch)
        (row,) = app.run("portfolio.fx").rows()
        assert (row["currency"], row["rate"], row["target"], row["source"]) == ("GBP", 1.25, "USD", "ECB reference rates")
        assert any(source.provider == "ecb" for source in app.run("portfolio.fx").sources)
        cash = app.run("portfolio.cash")
        assert any("225.00 USD" in note for note in cash.notes)
        assert any("1 GBP = 1.25 USD (ECB reference rates, 2026-11-20)" in note for note in cash.notes)
        assert any("1 GBP = 1.5 USD" in note for note in app.run("portfolio.cash", as_of=date(2026, 11, 19)).notes)
        assert exchange.wanted({"USD", "GBP", "EUR"}) == [GBP, USD] and exchange.wanted({"EUR"}) == []
    finally:
        app.close()


def test_the_rates_of_your_currencies_are_fetched(
    live_home: Home, clock: Any, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("TAPELINE_ECB_URL", server.url)
    server.clear()
    server.answer = lambda _asked: Reply(BODY)
    app = App(live_home, demo=False, clock=clock)
    try:
        app.run("portfolio.account_create", {"name": "Here", "currency": "USD"})
        assert "one currency" in app.run("portfolio.fx_refresh").notes[0]
        app.run("portfolio.account_create", {"name": "There", "currency": "GBP"})
        shown = app.run("portfolio.fx_refresh")
        assert [(row["currency"], row["rate"]) for row in shown.rows()] == [("GBP", 1.25)], shown.unknown
        assert shown.unknown == ()
    finally:
        app.close()


def test_the_federal_reserves_rates_are_taken_where_the_ecb_has_none(live_home: Home, clock: Any) -> None:
    import polars as pl

    app = App(live_home, demo=False, clock=clock)
    try:
        day = date(2026, 11, 20)
        rows = [{"series": name, "date": day, "published_on": day, "value": value, "unit": "", "title": ""}
                for name, value in (("DEXUSEU", 1.25), ("DEXJPUS", 150.0))]  # fmt: skip
        fetch = Fetch("fred", "series/observations", "macro", "", clock.now, clock.now, "ok")
        app.store.market.save("macro", pl.DataFrame(rows, schema=dict(MACRO.columns)), fetch)
        found = exchange.rates(app.context(), "EUR", "JPY", date(2026, 11, 20))
        assert [float(each) for each in found.values] == [187.5] and found.source == "Federal Reserve H.10"
        assert exchange.rates(app.context(), "XAU", "USD", date(2026, 11, 20)).days == []
    finally:
        app.close()
