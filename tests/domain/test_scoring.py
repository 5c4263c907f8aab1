"""Scores by hand, and the promises that hold for every row: unknown never counts, explanation and score agree."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain import scoring
from terminal.domain.instruments import SECTORS
from terminal.domain.scoring.words import step

RULES = Path(__file__).resolve().parents[2] / "data" / "scoring"
BOOK = scoring.load(RULES)

SMALL = """
kinds = ["stock"]
title = "Stock"
[verdict]
strong_buy = 8
buy = 6
hold = 4
coverage = 0.5
strong_coverage = 0.9
avoid_failures = 2
[pillars]
value = { title = "Value", weight = 60 }
quality = { title = "Quality", weight = 40 }
[regime.risk-off]
quality = 3.0
[[gates]]
id = "roe"
title = "Return on equity"
field = "roe"
min = 0.12
by_sector = { Utilities = 0.08 }
cap = "Hold"
weight = 10
newbie = "It earns {value100} on each 100; we want {limit100}."
newbie_fail = "It earns only {value100} on each 100; we want {limit100}."
blame = "earns too little"
[[gates]]
id = "leverage"
title = "Leverage"
field = "net_debt_ebitda"
max = 3
except = ["Financials"]
cap = "Avoid"
weight = 10
newbie = "Debt {value}."
newbie_fail = "Debt {value}, allowed {limit}."
[[checks]]
pillar = "value"
field = "earnings_yield"
title = "Earnings yield"
zero = 0.02
full = 0.10
weight = 1
good = "cheap"
bad = "dear"
newbie = "It earns {value100} for each 100 you pay."
[[checks]]
pillar = "quality"
field = "roe"
title = "ROE"
zero = 0.0
full = 0.20
weight = 1
good = "earns well"
bad = "earns little"
newbie = "It earns {value100} a year."
[[flags]]
id = "trap"
title = "Trap?"
tone = "bad"
rule = "earnings_yield > 0.08 and momentum_12_1 < -0.1"
newbie = "Cheap, but falling {momentum_12_1}."
pro = "{earnings_yield}"
"""
TINY = scoring.Rulebook({"stock": scoring.parse("stock", SMALL)})
ROW = {"symbol": "A", "kind": "stock", "sector": "Energy", "currency": "USD", "earnings_yield": 0.06, "roe": 0.15,
       "net_debt_ebitda": 1.0}


def judge(book: scoring.Rulebook, row: dict[str, object], regime: str | None = None) -> dict[str, object]:
    return book.score(pl.DataFrame([row], infer_schema_length=None), regime).row(0, named=True)


def test_score_by_hand() -> None:
    # value: (0.06 - 0.02) / 0.08 = 1/2 of 60; quality: 0.15 / 0.20 = 3/4 of 40; 30 + 30 of 100 -> 6.0
    found = judge(TINY, ROW)
    assert found["score"] == pytest.approx(6.0)
    assert found["verdict"] == "Buy"
    assert found["coverage"] == 1.0


def test_regime_shifts_the_weights() -> None:
    # risk-off: quality 40 x 3 = 120 of 180; 60/180 x 1/2 + 120/180 x 3/4 = 2/3
    assert judge(TINY, ROW, "risk-off")["score"] == pytest.approx(20 / 3)
    assert judge(TINY, ROW, "unknown")["score"] == pytest.approx(6.0)


def test_a_missing_input_is_left_out_and_costs_coverage() -> None:
    # without ROE: score 10 x 30/60; known 60 + 10 of 60 + 40 + 10 + 10
    found = judge(TINY, {**ROW, "roe": None})
    assert found["score"] == pytest.approx(5.0)
    assert found["coverage"] == pytest.approx(70 / 120)
    assert found["verdict"] == "Hold"


def test_below_the_coverage_limit_nothing_is_said() -> None:
    found = judge(TINY, {**ROW, "earnings_yield": None, "net_debt_ebitda": float("nan")})
    assert found["verdict"] == "Unknown"
    assert "Too little is known" in str(found["why"])


def test_an_avoid_that_no_missing_value_could_change_is_said_at_any_coverage() -> None:
    little = {"symbol": "A", "kind": "stock", "sector": "Energy", "net_debt_ebitda": 9.0}
    found = judge(TINY, little)
    assert (found["verdict"], found["score"], found["coverage"]) == ("Avoid", None, pytest.approx(10 / 120))
    assert judge(TINY, {**little, "sector": None})["verdict"] == "Unknown", "it might be a bank"


@pytest.mark.parametrize(("sector", "roe", "verdict"), [
    ("Energy", 0.11, "Hold"), ("Utilities", 0.11, "Buy"), ("Utilities", 0.07, "Hold"), ("Energy", 0.13, "Buy")])
def test_a_gate_knows_the_sector(sector: str, roe: float, verdict: str) -> None:
    assert judge(TINY, {**ROW, "sector": sector, "roe": roe, "earnings_yield": 0.09})["verdict"] == verdict


def test_an_exempt_sector_neither_fails_nor_costs_coverage() -> None:
    bank = {**ROW, "sector": "Financials", "net_debt_ebitda": 20.0}
    assert judge(TINY, bank)["verdict"] == "Buy"
    assert judge(TINY, {**bank, "net_debt_ebitda": None})["coverage"] == 1.0
    assert judge(TINY, {**bank, "sector": "Energy"})["verdict"] == "Avoid"


def test_of_an_unknown_sector_a_gate_is_judged_only_where_all_sectors_agree() -> None:
    def passed(roe: float) -> bool | None:
        return TINY.explain({**ROW, "sector": None, "roe": roe}).gates[0].passed
    assert (passed(0.13), passed(0.10), passed(0.07)) == (True, None, False)
    leverage = TINY.explain({**ROW, "sector": None, "net_debt_ebitda": 9.0}).gates[1]
    assert leverage.passed is None, "it might be a bank"


def test_two_failures_make_it_avoid_and_flags_need_every_clause_known() -> None:
    bad = judge(TINY, {**ROW, "roe": 0.01, "net_debt_ebitda": 5.0})
    assert bad["verdict"] == "Avoid"
    assert judge(TINY, {**ROW, "earnings_yield": 0.09})["flags"] == []
    assert judge(TINY, {**ROW, "earnings_yield": 0.09, "momentum_12_1": -0.2})["flags"] == ["Trap?"]


def test_why_names_the_reasons_with_their_values() -> None:
    why = str(judge(TINY, {**ROW, "earnings_yield": 0.09, "roe": 0.11})["why"])
    assert why.startswith("Earns too little (ROE 11")
    assert "but cheap (Earnings yield 9" in why


def test_explanation_words() -> None:
    told = TINY.explain(ROW)
    assert told.gates[0].newbie == "It earns $15.00 on each 100; we want $12.00."
    assert told.gates[0].pro.replace("\u202f", " ") == "Return on equity 15.0 % ≥ 12.0 %: passed"
    assert [check.points for check in told.checks] == pytest.approx([30.0, 30.0])
    assert told.gates[0].key == "stock.gates.roe"
    assert TINY.explain({**ROW, "sector": "Utilities"}).gates[0].key == "stock.gates.roe.Utilities"


THIN = SMALL.replace("avoid_failures = 2", """avoid_failures = 2
thin_coverage = 0.25
thin_buy = 7""").replace("""cap = "Avoid"
weight = 10""", """cap = "Avoid"
weight = 10
unknown_cap = "Buy"
unknown_cap_in = { Utilities = "Hold" }""").replace("[[flags]]", """[[checks]]
pillar = "value"
field = "ps_ttm"
title = "Price to sales"
instead_of = "earnings_yield"
worth = 0.5
zero = 10
full = 0
good = "cheap for its sales"
bad = "dear for its sales"
newbie = "You pay {value100} for {hundred} of sales."
[[flags]]""", 1)
FEW = scoring.Rulebook({"stock": scoring.parse("stock", THIN)})


def test_a_substitute_counts_where_the_better_figure_is_unknown_and_only_in_part() -> None:
    # value by P/S: (10 - 2) / 10 = 0.8 of 30 (half of 60); quality 3/4 of 40: 24 + 30 of 70 -> 7.714
    # known 30 + 40 + 10 + 10 of 60 + 40 + 10 + 10
    row = {**ROW, "earnings_yield": None, "ps_ttm": 2.0}
    found = judge(FEW, row)
    assert found["score"] == pytest.approx(540 / 70)
    assert found["coverage"] == pytest.approx(90 / 120)
    told = FEW.explain(row)
    by_field = {check.field: check for check in told.checks}
    assert set(by_field) == {"ps_ttm", "roe"}
    substitute = by_field["ps_ttm"]
    assert (substitute.weight, substitute.of, substitute.points) == pytest.approx((30, 60, 24))
    assert told.unknown == ("earnings_yield",)
    assert "stands in for Earnings yield" in substitute.pro
    both = judge(FEW, {**ROW, "ps_ttm": 2.0})
    assert (both["score"], both["coverage"]) == (judge(TINY, ROW)["score"], 1.0), "full data is not counted twice"


@pytest.mark.parametrize(("ps", "roe", "sector", "verdict"), [
    (0.5, 0.20, "Energy", "Buy"), (6.0, 0.15, "Energy", "Hold"), (9.9, 0.02, "Energy", "Avoid"),
    (0.5, 0.20, "Utilities", "Hold")])
def test_few_inputs_allow_a_flagged_verdict_but_no_strong_buy(ps: float, roe: float, sector: str, verdict: str) -> None:
    # known 30 of 60 in value by P/S, 40 and 10 with ROE, nothing on debt: 80 of 120
    book = FEW.replace({"stock.verdict.coverage": 0.7})
    row = {"symbol": "A", "kind": "stock", "sector": sector, "currency": "USD", "ps_ttm": ps, "roe": roe}
    found = judge(book, row)
    assert (found["verdict"], found["coverage"]) == (verdict, pytest.approx(80 / 120))
    assert found["flags"] == ["Few inputs known"]
    assert "only 67" in str(found["why"])
    told = book.explain(row)
    assert told.flags[0].newbie.startswith("Only 2 of the 3 figures we look at are known")


def test_between_the_limits_a_buy_needs_more_points() -> None:
    book = FEW.replace({"stock.verdict.coverage": 0.9, "stock.verdict.thin_buy": 7.8})
    row = {**ROW, "earnings_yield": None, "ps_ttm": 2.0}  # 7.714 points, 75 % known
    assert judge(book, row)["verdict"] == "Hold"
    by_key = {each.key: each for each in book.sensitivity(row)}
    assert (by_key["stock.verdict.thin_buy"].flips_at, by_key["stock.verdict.thin_buy"].verdict) == (7.7, "Buy")
    assert by_key["stock.verdict.thin_coverage"].verdict == "Unknown"


def test_below_the_lower_limit_nothing_is_said_and_the_lack_is_named() -> None:
    found = judge(FEW, {"symbol": "A", "kind": "stock", "sector": "Energy", "net_debt_ebitda": 1.0})
    assert (found["verdict"], found["flags"]) == ("Unknown", [])
    assert str(found["why"]).endswith("nothing on value or quality")


def test_a_doubtful_figure_weighs_less() -> None:
    text = SMALL.replace('field = "roe"\ntitle = "ROE"', 'field = "roe"\ndoubtful = "pb > 10"\nworth = 0.5\ntitle = "ROE"')
    book = scoring.Rulebook({"stock": scoring.parse("stock", text)})
    # value 30 of 60; quality 3/4 of half its 40: 30 + 15 of 80
    doubted = judge(book, {**ROW, "pb": 20.0})
    assert (doubted["score"], doubted["coverage"]) == (pytest.approx(450 / 80), pytest.approx(100 / 120))
    assert judge(book, {**ROW, "pb": 2.0})["score"] == pytest.approx(6.0)
    assert judge(book, ROW)["score"] == doubted["score"], "no doubt has to be known"


def test_words_of_a_negative_value() -> None:
    text = SMALL.replace('newbie = "Debt {value}."', 'newbie = "Debt {times}."\nnewbie_below = "More cash than debt."')
    book = scoring.Rulebook({"stock": scoring.parse("stock", text)})
    assert book.explain({**ROW, "net_debt_ebitda": -0.6}).gates[1].newbie == "More cash than debt."
    assert book.explain({**ROW, "net_debt_ebitda": 1.5}).gates[1].newbie == "Debt 1.5 times."


def test_a_verdict_in_two_sentences() -> None:
    told = TINY.explain({**ROW, "earnings_yield": 0.095, "roe": 0.04, "sector": "Energy"})
    assert told.newbie.replace("\u202f", " ") == (
        "Hold: it earns only $4.00 on each 100; we want $12.00. For it: cheap (Earnings yield 9.5 %).")


@pytest.mark.parametrize("text", [
    THIN.replace('instead_of = "earnings_yield"', 'instead_of = "roe"'), THIN.replace("worth = 0.5", "worth = 1.5"),
    THIN.replace("worth = 0.5", "weight = 2\nworth = 0.5"), THIN.replace('unknown_cap = "Buy"', 'unknown_cap = "Avoid"')])
def test_a_mistake_about_what_is_missing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="scoring rules 'stock'"):
        scoring.parse("stock", text)


def test_sensitivity_by_hand() -> None:
    by_key = {each.key: each for each in TINY.sensitivity(ROW)}
    gate = by_key["stock.gates.roe"]
    assert (gate.flips_at, gate.verdict) == (0.151, "Hold")
    assert gate.pro.replace("\u202f", " ") == "Return on equity gate 12.0 % → 15.1 % would make it Hold"
    assert by_key["stock.verdict.buy"].flips_at == pytest.approx(6.1)
    assert by_key["stock.verdict.strong_buy"].verdict == "Strong Buy"
    assert by_key["stock.verdict.hold"].flips_at is None


def test_replace_and_threshold() -> None:
    book = TINY.replace({"stock.gates.roe": 0.16, "stock.weights.value": 10})
    assert judge(book, ROW)["verdict"] == "Hold"
    assert book.threshold("stock.gates.roe") == 0.16
    assert book.threshold("stock.gates.roe.Utilities") == 0.08
    assert TINY.threshold("stock.gates.roe") == 0.12, "the original is untouched"
    for key in ("stock.gates.nothing", "bond.gates.roe", "stock.verdict.nothing", "stock"):
        with pytest.raises(KeyError):
            TINY.replace({key: 1.0})


@pytest.mark.parametrize(("old", "new", "place"), [
    ('field = "net_debt_ebitda"', 'field = "net_dept"', "net_dept"), ("min = 0.12", "min = 0.12\nmax = 1", "gate roe"),
    ('cap = "Hold"', 'cap = "Sell"', "cap"), ("full = 0.20", "full = 0.0", "roe"),
    ("Utilities = 0.08", "Utility = 0.08", "Utility"),
    ("momentum_12_1 < -0.1", "momentum ~ 3", "trap"), ("hold = 4", "hold = 9", "verdict"), ('good = "cheap"', "", "good"),
    ("quality = 3.0", "qualty = 3.0", "qualty"), ("title = \"Stock\"", "title = ", "stock")])
def test_a_mistake_in_the_rules_is_refused_with_its_place(old: str, new: str, place: str) -> None:
    assert old in SMALL
    with pytest.raises(ValueError, match=place):
        scoring.parse("stock", SMALL.replace(old, new, 1))


def test_each_kind_has_its_scorer() -> None:
    assert {kind: BOOK.scorer(kind).name for kind in ("stock", "etf", "bond", "bond_etf")} == {  # type: ignore[union-attr]
        "stock": "stock", "etf": "etf", "bond": "bond", "bond_etf": "bond"}
    mixed = BOOK.score(pl.DataFrame({"symbol": ["I", "N"], "kind": ["index", None]}))
    assert mixed["verdict"].to_list() == ["Unknown", "Unknown"]
    assert mixed["score"].to_list() == [None, None]
    assert BOOK.explain({"symbol": "I", "kind": "index"}).verdict == "Unknown"


def test_an_empty_frame_has_no_verdicts() -> None:
    empty = BOOK.score(frame_of([{}]).head(0), "risk-on")
    assert empty.columns == ["symbol", "verdict", "score", "coverage", "flags", "why"]
    assert empty.is_empty()


FIELDS = sorted(BOOK.fields)
VALUES = st.one_of(st.none(), st.just(float("nan")), st.floats(-1, 1), st.floats(-5, 40), st.floats(0, 1e11))
ROWS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["stock", "stock", "stock", "etf", "bond", "bond_etf", "index", None]),
     "sector": st.sampled_from([*SECTORS, "Elsewhere", None])},
    optional=dict.fromkeys(FIELDS, VALUES))
REGIMES = st.sampled_from([None, "risk-on", "neutral", "risk-off", "unknown"])


def frame_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    full = [{"symbol": f"S{at}", "currency": "USD", **dict.fromkeys(FIELDS), **row} for at, row in enumerate(rows)]
    return pl.DataFrame(full, schema_overrides=dict.fromkeys(FIELDS, pl.Float64) | {"kind": pl.String, "sector": pl.String})


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=6), REGIMES)
def test_explanation_and_score_agree_exactly(rows: list[dict[str, object]], regime: str | None) -> None:
    frame = frame_of(rows)
    scored = BOOK.score(frame, regime)
    assert scored["symbol"].to_list() == frame["symbol"].to_list()
    assert not scored["score"].is_nan().any()
    for row, found in zip(frame.to_dicts(), scored.to_dicts(), strict=True):
        told = BOOK.explain(row, regime)
        assert (told.verdict, told.score, told.coverage) == (found["verdict"], found["score"], found["coverage"])
        assert [flag.title for flag in told.flags] == found["flags"]
        if told.score is not None:
            points = [(check.points, check.weight) for check in told.checks if check.points is not None]
            assert told.score == pytest.approx(10 * sum(p for p, _ in points) / sum(w for _, w in points))
        assert found["why"]


@settings(max_examples=25, deadline=None)
@given(ROWS, REGIMES)
def test_each_stated_flip_really_flips(row: dict[str, object], regime: str | None) -> None:
    full = frame_of([row]).row(0, named=True)
    before = BOOK.explain(full, regime)
    for threshold in BOOK.sensitivity(full, regime):
        if threshold.flips_at is None:
            continue
        after = BOOK.replace({threshold.key: threshold.flips_at}).explain(full, regime)
        assert after.verdict == threshold.verdict != before.verdict
        if threshold.field and threshold.value is not None:  # one printed step less would not
            back = -1 if threshold.flips_at > threshold.limit else 1
            toward = round(threshold.flips_at + back * step(threshold.field), 9)
            if min(threshold.limit, threshold.flips_at) < toward < max(threshold.limit, threshold.flips_at):
                assert BOOK.replace({threshold.key: toward}).explain(full, regime).verdict == before.verdict


@settings(max_examples=25, deadline=None)
@given(ROWS, st.sampled_from(FIELDS))
def test_taking_a_value_away_never_raises_coverage_nor_fails_a_gate(row: dict[str, object], name: str) -> None:
    full = frame_of([row]).row(0, named=True)
    before, after = BOOK.explain(full), BOOK.explain({**full, name: None})
    assert after.coverage <= before.coverage + 1e-12
    failed = {gate.id for gate in before.gates if gate.passed is False}
    assert {gate.id for gate in after.gates if gate.passed is False} <= failed


@settings(max_examples=25, deadline=None)
@given(ROWS, st.sampled_from([check.field for check in BOOK.scorers["stock"].checks]), st.floats(0, 1))
def test_more_of_a_good_thing_never_scores_less(row: dict[str, object], name: str, share: float) -> None:
    check = next(each for each in BOOK.scorers["stock"].checks if each.field == name)
    full = {**frame_of([row]).row(0, named=True), "kind": "stock", "sector": "Materials"}
    worse = check.zero + share * (check.full - check.zero)
    better = worse + 0.3 * (check.full - check.zero)
    low, high = (BOOK.explain({**full, name: value}).score for value in (worse, better))
    if low is not None and high is not None:
        assert high >= low - 1e-9
