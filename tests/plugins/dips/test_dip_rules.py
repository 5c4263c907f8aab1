"""What to do is decided by the file alone, in its order, and never by what is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from plugins.dips.rules import FIELDS, Rules, load
from terminal.paths import data_file

if TYPE_CHECKING:
    from pathlib import Path

RULES = load(data_file("dips.toml"))


def row(**values: Any) -> dict[str, Any]:
    """A good company at a usual dip."""
    return {"verdict": "Buy", "score": 7.1, "coverage": 0.9, "dip": -0.15, "price": 85.0, "z": -1.2, "severity": 0.6, "n": 40,
            "company_share": 0.5, "market_share": 0.2, "days_to_earnings": 40, "event": "Report", "regime": "neutral",
            "recovered_252": 0.7, "recovered_252_low": 0.55, "recovered_252_high": 0.82, "further_50": -0.08, "further_90": -0.2,
            "volatility": 0.015, "refused": 0, **values}


@pytest.mark.parametrize(("change", "action", "rule"), [
    ({}, "buy", "good and lower"),
    ({"doubt": "It looks like a split."}, "research", "prices in doubt"),
    ({"refused": 2}, "research", "prices refused"),
    ({"verdict": "Unknown"}, "research", "verdict unknown"),
    ({"verdict": None}, "research", "no verdict"),
    ({"verdict": "Avoid"}, "leave", "verdict avoid"),
    ({"verdict": "Hold"}, "leave", "fair, not cheap"),
    ({"days_to_earnings": 10}, "wait", "report close"),
    ({"days_to_earnings": 11}, "buy", "good and lower"),
    ({"days_to_earnings": None}, "buy", "good and lower"),
    ({"days_to_earnings": 3, "verdict": "Avoid"}, "leave", "verdict avoid"),
    ({"recovered_252": 0.3, "recovered_252_high": 0.45}, "leave", "seldom came back"),
    ({"recovered_252": 0.35, "recovered_252_high": 0.6}, "research", "few came back"),
    ({"company_share": 0.8, "z": -3.5, "event": None}, "research", "unexplained"),
    ({"company_share": 0.8, "z": -3.5}, "buy", "good and lower"),
    ({"n": 4}, "research", "too few falls"),
    ({"n": None}, "research", "no base rate"),
])
def test_the_first_rule_that_holds_decides(change: dict[str, Any], action: str, rule: str) -> None:
    decision = RULES.decide(row(**change))
    assert (decision.action, decision.reasons[0].rule) == (action, rule)
    assert all(reason.newbie and reason.pro and "{" not in reason.newbie + reason.pro for reason in decision.reasons)


def test_levels_rise_with_what_holds() -> None:
    assert RULES.decide(row(verdict="Avoid")).level == "watch"
    assert RULES.decide(row()).level == "buy"
    assert RULES.decide(row(severity=0.85)).level == "strong"
    assert RULES.decide(row(severity=0.85, regime="risk-off")).level == "buy"
    assert RULES.decide(row(severity=None)).level == "buy", "what is unknown makes nothing strong"
    assert RULES.decide(row(doubt="?")).level == ""


def test_words_carry_the_dip_s_own_values() -> None:
    reasons = RULES.decide(row(recovered_252_low=0.6, market_share=0.75)).reasons
    assert [each.rule for each in reasons] == ["good and lower", "came back often", "market's fall"]
    assert "Buy" in reasons[0].pro and "15.0" in reasons[0].newbie
    assert "70" in reasons[1].newbie and "n = 40" in reasons[1].pro


def test_the_size_is_bounded_by_the_loss_and_the_cap() -> None:
    size = RULES.sized(row(), 100_000)
    assert size is not None and size.distance == pytest.approx(0.2)
    assert size.share == pytest.approx(0.005 / 0.2) and size.money == pytest.approx(2_500)
    assert [(part.share, part.at) for part in size.tranches] == [(0.4, "now"), (0.35, "further_50"), (0.25, "further_90")]
    assert [part.price for part in size.tranches] == pytest.approx([85.0, 85 * 0.92, 85 * 0.8])
    assert sum(part.money or 0 for part in size.tranches) == pytest.approx(2_500)
    calm = RULES.sized(row(further_90=-0.01, volatility=0.001), 0)
    assert calm is not None and calm.share == 0.05 and calm.money is None, "the cap; no capital, no money"
    wild = RULES.sized(row(volatility=0.06), 0)
    assert wild is not None and wild.distance == pytest.approx(2 * 0.06 * 21**0.5), "volatility counts where it is more"
    afraid = RULES.sized(row(regime="risk-off"), 0)
    assert afraid is not None and afraid.share == pytest.approx(size.share / 2)
    assert RULES.sized(row(further_90=None, volatility=None), 0) is None
    unknown = RULES.sized(row(further_50=None), 0)
    assert unknown is not None and unknown.tranches[1].price is None


def test_every_action_can_be_reached_and_has_words() -> None:
    assert {rule.action for rule in RULES.rules} == set(RULES.actions) == {"buy", "wait", "leave", "research"}
    assert all(condition.field in FIELDS for rule in RULES.rules for condition in rule.conditions)
    assert RULES.decide({}).action == "research", "who knows nothing researches"


@pytest.mark.parametrize(("old", "new", "told"), [
    ('field = "doubt", known = true', 'field = "dout", known = true', "not understood"),
    ('field = "refused", min = 1', 'field = "refused", minimum = 1', "not understood"),
    ('action = "wait"', 'action = "sleep"', "no action"),
    ("share = 0.4", "share = 0.5", "add up"),
    ('id = "strong"', 'id = "louder"', "levels"),
])
def test_a_mistake_in_the_file_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = data_file("dips.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "dips.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        load(tmp_path / "dips.toml")


def test_another_file_decides_otherwise_and_is_marked_so(tmp_path: Path) -> None:
    text = data_file("dips.toml").read_text(encoding="utf-8")
    (tmp_path / "dips.toml").write_text(text.replace("max = 10 }", "max = 50 }"), encoding="utf-8")
    other: Rules = load(tmp_path / "dips.toml")
    assert other.decide(row()).action == "wait" and other.mark != RULES.mark
