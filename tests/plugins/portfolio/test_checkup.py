"""The lights: each question answered for what is held, with what to do; and which verdicts count as changed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from plugins.portfolio.exposures import Exposure, Exposures
from plugins.portfolio.overview import checkup, watching
from terminal.domain.regime import Part, Regime

CALM = Regime("risk-on", "up", "broad", "calm", "falling", parts=(Part("trend", "up", 1, 0.1, "It rises.", "SPY +10 %."),))


def held(symbol: str, worth: float | None, quantity: float = 10.0, instrument: str = "stock") -> Exposure:
    return Exposure(symbol, symbol, symbol.title(), instrument, None, None, None, None, 1.0, quantity, None, worth, None, None,
                    None, None, (), "USD", 1.0)  # fmt: skip


def lights_of(rows: list[Exposure], cash: float | None = 0.0, said: dict[str, dict[str, Any]] | None = None,
              regime: Regime = CALM, doubts: tuple[str, ...] = (), unread: int = 0,
              gains: dict[str, float | None] | None = None) -> dict[str, checkup.Light]:  # fmt: skip
    known = sum(row.worth or 0.0 for row in rows) + (cash or 0.0)
    net = None if cash is None or any(row.worth is None for row in rows) else known
    shown = Exposures(tuple(rows), cash, net, "USD", date(2026, 11, 20), (), known)
    usual = {"kind": "stock", "sector": "Energy", "verdict": "Hold", "days_to_earnings": 40}
    signals = [{"symbol": row.symbol, "worth": row.worth, "weight": None if row.worth is None else row.worth / known,
                **usual, **(said or {}).get(row.symbol, {})} for row in rows]  # fmt: skip
    found = checkup.lights(shown, signals, regime, doubts, unread, gains if gains is not None else {"AAA": 0.1})
    return {light.key: light for light in found}


def test_one_large_position_is_told_with_how_much_to_sell() -> None:
    light = lights_of([held("AAA", 3000.0, 30.0), *(held(name, 1000.0) for name in "BCDEFGH")])["largest"]
    assert (light.state, light.symbol, light.page) == ("error", "AAA", "holdings")
    # 15 % of 10,000 is 1,500: of 30 shares at 100, 15 are to go
    assert light.todo == "Selling 15 of 30 AAA ($1\u202f500) brings it to 15\u202f%."
    assert "AAA is 30\u202f% of all you have, which is a lot" in light.newbie
    assert "AAA 30.0\u202f%" in light.pro


def test_a_fund_is_many_companies() -> None:
    found = lights_of([held("SPY", 9000.0, instrument="etf"), held("AAA", 1000.0)], said={"SPY": {"kind": "etf"}})
    assert (found["largest"].state, found["largest"].symbol) == ("ok", "AAA")
    only = lights_of([held("SPY", 9000.0, instrument="etf")])
    assert only["largest"].state == only["sector"].state == "unknown"


@pytest.mark.parametrize(("share", "state"), [(0.3, "ok"), (0.5, "warn"), (0.7, "error")])
def test_one_industry(share: float, state: str) -> None:
    other = [{"sector": f"Sector {at}"} for at in range(3)]
    rows = [held("AAA", 1000 * share), *(held(f"B{at}", 1000 * (1 - share) / 3) for at in range(3))]
    light = lights_of(rows, said={f"B{at}": other[at] for at in range(3)})["sector"]
    assert light.state == state and f"{share:.0%}".replace("%", "\u202f%") in light.newbie and bool(light.todo) == (state != "ok")


def test_an_unknown_sector_is_unknown() -> None:
    assert lights_of([held("AAA", 10.0)], said={"AAA": {"sector": None}})["sector"].state == "unknown"


@pytest.mark.parametrize(("cash", "state", "word"), [(100.0, "ok", "10\u202f%"), (900.0, "warn", "earns little"),
                                                      (-50.0, "error", "borrowed"), (None, "unknown", "not known")])  # fmt: skip
def test_cash(cash: float | None, state: str, word: str) -> None:
    light = lights_of([held("AAA", 900.0 if cash != 900.0 else 600.0)], cash)["cash"]
    assert light.state == state and word in light.newbie


def test_verdicts_weigh_what_is_held_and_name_the_worst() -> None:
    rows = [held("AAA", 500.0), held("BBB", 400.0), held("CCC", 100.0)]
    good = lights_of(rows, said={"AAA": {"verdict": "Buy"}})["verdicts"]
    assert good.state == "ok" and "50\u202f% they would buy" in good.newbie and not good.todo
    bad = lights_of(rows, said={"CCC": {"verdict": "Avoid"}})["verdicts"]
    assert (bad.state, bad.symbol, bad.page) == ("warn", "CCC", "tearsheet") and "CCC" in bad.todo
    assert lights_of(rows, said={"AAA": {"verdict": "Avoid"}})["verdicts"].state == "error"
    nothing = {name: {"verdict": "Unknown"} for name in ("AAA", "BBB", "CCC")}
    assert lights_of(rows, said=nothing)["verdicts"].state == "unknown"


def test_a_short_position_in_what_is_rated_buy_is_told() -> None:
    light = lights_of([held("AAA", 900.0), held("SHRT", -100.0, -10.0)], said={"SHRT": {"verdict": "Strong Buy"}})["verdicts"]
    assert (light.state, light.symbol) == ("warn", "SHRT") and "to fall" in light.newbie


def test_losses_reports_market_and_book() -> None:
    bad = Regime("risk-off", "down", "thin", "nervous", "rising")
    found = lights_of([held("AAA", 900.0)], said={"AAA": {"days_to_earnings": 2}}, gains={"AAA": -0.4, "BBB": 0.2},
                      regime=bad, doubts=("BBB: no price",), unread=3)  # fmt: skip
    assert (found["losses"].state, found["losses"].symbol) == ("warn", "AAA") and "40\u202f% down" in found["losses"].todo
    assert found["reports"].state == "warn" and "AAA (in 2 days)" in found["reports"].newbie
    assert found["market"].state == "warn" and found["market"].todo
    assert found["book"].state == "warn" and found["book"].todo == "BBB: no price."
    assert found["book"].newbie == "1 thing does not add up or is not known and 3 lines of files could not be read."
    fine = lights_of([held("AAA", 900.0)])
    assert {fine[key].state for key in ("losses", "reports", "market", "book")} == {"ok"}
    assert lights_of([held("AAA", 900.0)], gains={"AAA": None})["losses"].state == "unknown"
    assert lights_of([held("AAA", 900.0)], said={"AAA": {"days_to_earnings": None}})["reports"].state == "unknown"


def test_every_light_speaks_in_both_modes() -> None:
    for found in (lights_of([held("AAA", 900.0)]), lights_of([held("AAA", None)], None), lights_of([])):
        assert all(light.newbie and light.pro and light.title for light in found.values())
        said = [(light.newbie + light.pro + light.todo).replace("None of your", "") for light in found.values()]
        assert not any("None" in text or "nan" in text.lower().split() for text in said)
        assert not any(light.todo for light in found.values() if light.state in ("ok", "unknown"))


def test_only_a_known_other_verdict_is_a_change() -> None:
    then = {"A": ("Buy", 7.0), "B": ("Hold", 5.0), "C": ("Buy", 7.0), "D": ("Avoid", 2.0)}
    before = {name: {"verdict": verdict, "score": score, "day": date(2026, 11, 2)} for name, (verdict, score) in then.items()}
    today = {"A": ("Avoid", 3.0), "B": ("Hold", 5.5), "C": ("Unknown", None), "D": ("Hold", 5.0), "NEW": ("Buy", 8.0)}
    now = [{"symbol": name, "verdict": verdict, "score": score} for name, (verdict, score) in today.items()]
    found = watching.changed(before, now)
    assert [(row["symbol"], row["before"], row["verdict"], row["steps"]) for row in found] == [
        ("A", "Buy", "Avoid", -2), ("D", "Avoid", "Hold", 1)]  # fmt: skip
    assert found[0]["since"] == date(2026, 11, 2)
