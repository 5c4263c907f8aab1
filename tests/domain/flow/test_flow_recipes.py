"""Recipes over events, and the files events come from."""

from __future__ import annotations

import polars as pl
import pytest

from terminal.domain.flow import events
from terminal.domain.flow.detect import Detector
from terminal.domain.flow.reading import read_csv
from terminal.domain.flow.recipes import Recipe, clauses, fire, flagged, load
from terminal.domain.flow.settings import load as load_settings
from terminal.domain.rules import RuleError, parse
from tests.domain.flow.made import FOLDER, frame, settings, trade


def found(**changes: object) -> pl.DataFrame:
    detector = Detector(settings())
    rows = [trade(place, exchange=name, id=name, **changes) for place, name in enumerate("ABC")]
    return pl.concat([detector.feed(frame(*rows)), detector.finish()])


def test_the_published_recipes_are_rules_in_words() -> None:
    recipes = load(FOLDER / "recipes.toml")
    assert len(recipes) >= 10 and all(each.words and each.rule.clauses() for each in recipes)
    assert not any("smart money" in f"{each.title} {each.words}".lower() for each in recipes)
    assert all("delayed snapshot anomaly" in each.title.lower() for each in recipes if each.id.startswith("snapshot"))


def test_what_fires_and_what_is_unknown_are_counted_apart() -> None:
    recipes = {each.id: each for each in load(FOLDER / "recipes.toml")}
    sweep = recipes["ask-sweep-opening"]
    (told,) = fire([sweep], found(volume=6000.0))
    assert told.rows == (0,) and told.unknown == 0
    assert fire([sweep], found(volume=4000.0))[0].rows == ()
    unknown = fire([sweep], found(open_interest=None))[0]
    assert unknown.rows == () and unknown.unknown == 1, "without open interest nobody can say"
    marked, _ = flagged([sweep, recipes["big-premium"]], found(volume=6000.0, size=2000))
    assert marked["recipes"].to_list() == [["ask-sweep-opening", "big-premium"]]


def test_each_clause_is_told_with_the_value_it_looked_at() -> None:
    recipe = Recipe("mine", "Mine", 'premium >= 50k and side == "ask" and volume_average > 5')
    told = clauses(recipe, found())
    assert [(each["clause"], each["held"]) for each in told] == [
        ("premium >= 50K", True), ('side == "ask"', True), ("volume_average > 5", None)]  # fmt: skip
    assert told[0]["value"] == pytest.approx(63_000)


@pytest.mark.parametrize(("text", "said"), [
    ("premum > 5", "Did you mean premium?"), ('side == "aks"', "Did you mean"), ("otm > 5", "share"), ("pe_ttm < 15", "no field"),
    ("premium", "number, not a condition"),
])  # fmt: skip
def test_a_slip_in_a_recipe_is_explained(text: str, said: str) -> None:
    with pytest.raises(RuleError) as wrong:
        _ = Recipe("x", "X", text).rule
    assert said in f"{wrong.value.message} {wrong.value.hint}"


def test_rules_of_companies_do_not_know_flow_and_the_other_way_round() -> None:
    with pytest.raises(RuleError, match="premium"):
        parse("premium > 5")
    assert parse("pe_ttm < 15").fields == ("pe_ttm",)
    assert parse("pe_ttm < 15") != Recipe("x", "X", "premium < 15").rule


def test_two_recipes_of_one_name_are_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    text = (FOLDER / "recipes.toml").read_text(encoding="utf-8")
    (tmp_path / "recipes.toml").write_text(text.replace('id = "blocks"', 'id = "spreads"'), encoding="utf-8")
    with pytest.raises(ValueError, match="two recipes"):
        load(tmp_path / "recipes.toml")
    wrong = (FOLDER / "detection.toml").read_text(encoding="utf-8").replace("gap_ms = 100", "gap_ms = 9000")
    (tmp_path / "detection.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ValueError, match="longest_ms"):
        load_settings(tmp_path / "detection.toml")


def test_a_csv_by_other_names_is_read_and_bad_rows_are_told() -> None:
    text = (
        "option_symbol,executed_at,price,size,nbbo_bid,nbbo_ask,exchange,trade_code\n"
        "SPY   261218C00600000,2026-11-20T15:00:00.123456Z,2.10,100,2.00,2.10,CBOE,auto\n"
        "SPY261218C00600000,1795186800123,2.05,5,2.00,2.10,ISE,mlet\n"
        "SPY261218C00600000,2026-11-20 15:00:01,2.05,0,2.00,2.10,ISE,auto\n"
        "nonsense,2026-11-20 15:00:01,2.05,1,2.00,2.10,ISE,auto\n"
    )
    checked = read_csv(text.encode())
    assert checked.good["contract"].unique().to_list() == ["SPY261218C00600000"] and checked.good.height == 2
    assert checked.good["at"].dt.millisecond().to_list() == [123, 123]
    assert checked.good["conditions"].to_list() == ["auto", "mlet"] and checked.good["id"].to_list() == ["row 1", "row 2"]
    assert sorted(checked.refused["reason"]) == ["a size of zero or below", "symbol is missing"]
    with pytest.raises(ValueError, match="no column price"):
        read_csv(b"contract,at,size\nx,1,2\n")


def test_events_without_a_base_have_no_ratio_and_nothing_is_not_a_number() -> None:
    event = events.complete(found(open_interest=0.0, underlying_price=None).with_columns(pl.lit(float("nan")).alias("iv")))
    row = event.to_dicts()[0]
    assert row["volume_oi"] is None and row["otm"] is None and row["iv"] is None
