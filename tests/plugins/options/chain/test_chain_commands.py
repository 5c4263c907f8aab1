"""Chain, expiries, one contract and Greeks from the shell, on the demo market."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from plugins.options.chain import model, said
from plugins.options.gathering import desk
from terminal.domain.options import greeks
from terminal.errors import UserError


def test_the_chain_begins_with_the_next_monthly_expiry_around_the_money(app: Any) -> None:
    table = app.run("options.chain", {"symbol": "spy", "strikes": 6})
    rows = table.rows()
    assert len(rows) == 6
    day = table.detail["days"][0]
    assert model.monthly(day)
    assert table.title.startswith(f"SPY {day}")
    strikes = [row["strike"] for row in rows]
    assert min(strikes) < table.detail["desk"].spot < max(strikes)
    assert any("expected move" in note and "parity" in note for note in table.notes)
    assert table.simulated
    assert "NaN" not in json.dumps(table.to_json())


def test_one_expiry_all_expiries_lists_and_what_is_not_used(app: Any) -> None:
    expiries = app.run("options.expiries", {"symbol": "SPY"}).frame
    assert expiries["days"].is_sorted()
    day = expiries["expiry"][0]
    calls = app.run("options.chain", {"symbol": "SPY", "expiry": day, "type": "calls", "strikes": 0}).frame
    assert set(calls["right"]) == {"C"}
    assert set(calls["expiry"]) == {day}
    everything = app.run("options.chain", {"symbol": "SPY", "all": True, "strikes": 0, "type": "list"}).frame
    assert everything.height == expiries["contracts"].sum()
    out = app.run("options.chain", {"symbol": "SPY", "all": True, "unusable": True})
    assert out.frame.height == everything.height - expiries["usable"].sum()
    assert (out.frame["reasons"] != "").all()
    assert out.frame["iv"].null_count() == out.frame.height


def test_days_without_options_say_which_are_near(app: Any) -> None:
    with pytest.raises(UserError, match="no options that expire on") as told:
        app.run("options.chain", {"symbol": "SPY", "expiry": date(2026, 12, 13)})
    assert "2026-12-11" in told.value.sentence()
    with pytest.raises(UserError, match="--strikes"):
        app.run("options.chain", {"symbol": "SPY", "strikes": -1})
    with pytest.raises(UserError, match="No option chain of NOSUCH"):
        app.run("options.chain", {"symbol": "NOSUCH"})


def test_one_contract_tells_everything(app: Any) -> None:
    listed = app.run("options.chain", {"symbol": "SPY", "type": "calls", "strikes": 1}).rows()[0]
    table = app.run("options.contract", {"name": listed["contract"]})
    facts = {row["what"]: row for row in table.rows()}
    assert facts["Bid"]["value"] == listed["bid"]
    assert facts["Volatility"]["value"] == pytest.approx(listed["iv"])
    assert facts["Difference"]["value"] == pytest.approx(listed["iv"] - listed["iv_provider"])
    assert "gains $" in facts["Delta"]["says"]
    history = app.run("options.contract", {"name": listed["contract"], "history": True})
    assert history.frame.columns[0] == "day"
    for bad, match in (("SPY", "not the name"), ("SPY991218C00800000", "is in the chain")):
        with pytest.raises(UserError, match=match):
            app.run("options.contract", {"name": bad})


def test_greeks_are_told_per_share_and_per_contract(app: Any) -> None:
    listed = app.run("options.chain", {"symbol": "SPY", "type": "calls", "strikes": 1}).rows()[0]
    asked = {"symbol": "SPY", "expiry": date.fromisoformat(listed["expiry"]), "strike": listed["strike"], "right": "call"}
    rows = {row["greek"]: row for row in app.run("options.greeks", asked).rows()}
    assert rows["Delta"]["share"] == pytest.approx(listed["delta"], abs=2e-3)
    assert rows["Delta"]["contract"] == pytest.approx(100 * rows["Delta"]["share"])
    assert all(row["says"] for row in rows.values())
    more = {row["greek"]: row for row in app.run("options.greeks", {**asked, "vol": "40%"}).rows()}
    assert more["Price"]["share"] > rows["Price"]["share"]


def test_any_terms_can_be_asked_without_a_chain(app: Any) -> None:
    day = date(2027, 12, 17)
    asked = {"symbol": "ZZZ", "expiry": day, "strike": 100.0, "right": "put", "spot": 95.0, "vol": "30%", "rate": "4%",
             "dividend": "1%", "european": True}  # fmt: skip
    table = app.run("options.greeks", asked)
    rows = {row["greek"]: row for row in table.rows()}
    years = (day - date(2026, 11, 20)).days / 365 - 1 / 24 / 365  # an hour after the close
    wanted = greeks(spot=95.0, strike=100.0, years=years, volatility=0.3, rate=0.04, dividend=0.01, call=False)
    assert rows["Price"]["share"] == pytest.approx(float(wanted.price), rel=1e-6)
    assert rows["Theta"]["share"] == pytest.approx(float(wanted.theta) / 365, rel=1e-6)
    assert rows["Vega"]["share"] == pytest.approx(float(wanted.vega) / 100, rel=1e-6)
    for wrong in ({"vol": "much"}, {"vol": "-5%"}, {"expiry": date(2020, 1, 17)}, {"strike": -1.0}, {"rate": "500%"}):
        with pytest.raises(UserError):
            app.run("options.greeks", asked | wrong)


def test_every_greek_has_a_sentence() -> None:
    for name in said.ORDER:
        for value in (0.123, -0.123, 0.0):
            text = said.sentence(name, value, "SPY", True)
            assert text.endswith(".") and "nan" not in text
        assert said.sentence(name, None, "SPY", True) == ""


def test_a_past_day_without_an_archive_says_so(app: Any) -> None:
    with pytest.raises(UserError, match="is archived"):
        app.run("options.chain", {"symbol": "TIDC"}, as_of=date(2024, 3, 1))


def test_the_desk_is_made_once_and_knows_its_source(app: Any) -> None:
    ctx = app.context()
    first = desk(ctx, "SPY")
    assert desk(ctx, "SPY") is first
    assert first.simulated and first.provider == "demo"
    assert first.rate_from
    assert first.priced.frame["fetch_id"].null_count() == 0


def test_the_ladder_has_a_row_a_strike(app: Any) -> None:
    rows = model.contracts(desk(app.context(), "SPY").priced)
    wide = model.ladder(rows)
    assert wide.height == rows.select("expiry", "root", "strike").unique().height
    one = wide.row(wide.height // 2, named=True)
    call = rows.filter((pl.col("expiry") == one["expiry"]) & (pl.col("strike") == one["strike"]) & pl.col("call"))
    assert one["call_bid"] == call["bid"][0]
    assert call["chance"][0] is not None
    pairs = rows.pivot("right", index=["expiry", "strike"], values="chance").drop_nulls()
    assert float((pairs["C"] + pairs["P"] - 1).abs().median()) < 0.02
    assert model.monthly(date(2026, 12, 18))
    assert not model.monthly(date(2026, 12, 18) + timedelta(days=7))
