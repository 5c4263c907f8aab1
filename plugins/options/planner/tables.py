"""Plans, positions, sizes and structures as tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from plugins.options.planner import past, words
from plugins.options.planner.gathering import frame
from terminal.api import Column, Table
from terminal.domain.format import money, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from plugins.options.planner.gathering import Case
    from terminal.domain.planner.odds import Odds
    from terminal.domain.planner.position import Position
    from terminal.domain.planner.ranking import Idea, Plan
    from terminal.domain.planner.sizing import Purse, Size
    from terminal.domain.planner.structures import Rules

_MONEY = "USD"


def _cash(name: str, title: str, term: str = "", *, newbie: bool = True) -> Column:
    return Column(name, title, "number", _MONEY, term, 0, newbie)


PLAN = (
    Column("rank", "Rank", "integer"),
    Column("structure", "Structure", term="planner_structure"),
    Column("title", "Name", newbie=False),
    Column("legs", "Legs", term="planner_legs"),
    Column("expiry", "Expires", "date"),
    _cash("cost", "Costs (− pays you)", "planner_cost"),
    _cash("max_loss", "Loses at most", "planner_max_loss"),
    _cash("max_profit", "Makes at most", "planner_max_profit"),
    _cash("risk", "At risk", "planner_risk"),
    Column("chance", "Chance to profit", "number", "fraction", "planner_chance", 0),
    Column("breakevens", "Breaks even at", "list", term="planner_breakeven"),
    _cash("at_target", "If you are right", "planner_target"),
    _cash("expected", "Expected after costs", "planner_expected", newbie=False),
    _cash("buying_power", "Set aside", "planner_margin"),
    Column("contracts", "How many", "integer", "count", "planner_size"),
    _cash("total_risk", "At risk in all", "planner_risk"),
    Column("score", "Score", "number", "score", "planner_score", 0),
    Column("reasons", "Why", "list"),
    Column("yours", "Your trades of this kind", newbie=False),
    Column("sentence", "In words"),
    *(
        Column(f"score_{name}", f"Score: {title}", "number", decimals=2, term=f"planner_score_{name}", newbie=False)
        for name, title in (
            ("target", "target"),
            ("chance", "chance"),
            ("value", "value"),
            ("volatility", "volatility"),
            ("time", "time"),
            ("liquidity", "liquidity"),
        )
    ),
    Column("delta", "Delta, shares", "number", decimals=1, newbie=False),
    Column("gamma", "Gamma", "number", decimals=2, newbie=False),
    Column("vega", "Vega a point", "number", _MONEY, decimals=1, newbie=False),
    Column("theta", "Theta a day", "number", _MONEY, decimals=1, newbie=False),
    Column("limit", "Limited by", newbie=False),
)


def plan_row(idea: Idea, rank: int, case: Case, plan: Plan) -> dict[str, Any]:
    """One idea as a row; money is of one unit but for `total_risk`."""
    from terminal.domain.planner.legs import spelled
    from terminal.domain.planner.sizing import at_risk

    one, size = idea.position, idea.size
    low, high, _, _ = one.extremes
    known = at_risk(one, case.rules.limits["stress"])
    return {
        "rank": rank,
        "structure": idea.structure.id,
        "title": idea.structure.title,
        "legs": spelled(one.legs, case.symbol),
        "expiry": one.first.expiry,
        "cost": one.cost,
        "max_loss": None if math.isinf(low) else max(-low, 0.0),
        "max_profit": None if math.isinf(high) else high,
        "risk": idea.risk,
        "chance": idea.chance,
        "breakevens": [f"{each:.2f}" for each in one.breakevens],
        "at_target": idea.wanted,
        "expected": idea.expected,
        "buying_power": size.power,
        "contracts": size.count,
        "total_risk": size.count * idea.risk,
        "score": idea.score,
        "reasons": [*words.reasons(idea, plan.view, case.rules, case.today), *filter(None, (idea.structure.next,))],
        "sentence": words.sentence(one, max(size.count, 1), case.today, known),
        **{f"score_{name}": value for name, value in idea.parts.items()},
        **{name: one.greeks[name] for name in ("delta", "gamma", "vega", "theta")},
        "limit": size.by,
    }


def plan_table(
    case: Case, plan: Plan, purse: Purse, told: str, records: Mapping[str, tuple[int, int]] | None = None
) -> Table:
    """The ideas, best first; when not even one fits, the smallest of all with a count of 0."""
    from terminal.domain.planner.sizing import DAY_TRADES, SMALL

    shown = plan.ideas or plan.unfit
    rows = [plan_row(idea, place, case, plan) for place, idea in enumerate(shown, 1)]
    for row, idea in zip(rows, shown, strict=True):
        row["yours"] = past.told((records or {}).get(past.journal_name(idea.position))) or None
    view = plan.view
    at = " or ".join(f"{each:,.2f}" for each in view.targets)
    notes = [
        f"{case.symbol} at {case.board.spot:,.2f}, {view.outlook}: {at} by {view.day} ({view.told}); the market expects a move "
        f"of ±{view.move:,.2f} until then.",
        told,
        case.dear.told,
        f"{plan.tried} combinations on {', '.join(str(term.expiry) for term in plan.terms)} valued; {plan.illiquid} left out for "
        "quotes that are unusable, too wide or hardly traded.",
    ]
    notes += _unfitting(case, plan, purse)
    costs = case.rules.costs
    notes.append(
        "Chances are the market's (risk neutral, from the smile), not forecasts; costs are the middle of the quotes plus "
        f"{costs.slippage:.0%} of the way to the other side and ${costs.contract:.2f} a contract."
    )
    if purse.account is not None and purse.account < SMALL:
        notes.append(DAY_TRADES)
    return Table(
        f"Plans for {case.symbol}: {view.outlook}",
        PLAN,
        frame(PLAN, rows),
        case.sources,
        tuple(case.desk.failed),
        tuple(notes),
        detail={
            "case": case,
            "plan": plan,
            "purse": purse,
            "ideas": shown,
            "pictures": [picture(each.position) for each in shown],
        },
    )


def picture(one: Position) -> tuple[Any, Any]:
    """Prices and what is made at them on the first expiry, for a small picture."""
    import numpy as np

    reach = 2.6 * one.odds.sigma * math.sqrt(one.first.years)
    strikes = [leg.strike for leg in one.legs if leg.strike]
    inside = [at for at in (*strikes, *one.breakevens) if abs(math.log(at / one.board.spot)) < reach]
    prices = np.unique(np.concatenate([one.board.spot * np.exp(np.linspace(-reach, reach, 41)), inside]))
    return prices, one.profit(prices)


def _unfitting(case: Case, plan: Plan, purse: Purse) -> list[str]:
    """When not even one contract fits, and which structure would."""
    small, lacking = next(iter(plan.unfit), None), [name for name, why in plan.skipped.items() if why == "not even one fits"]
    if not lacking:
        return []
    names = [each.title for each in case.rules.structures if each.id in lacking]
    said = f"Not even one fits what may be lost or set aside: {', '.join(names)}."
    if plan.ideas or small is None:
        return [said]
    need = f"${small.risk:,.0f} at risk and ${small.size.power:,.0f} set aside"
    return [
        said,
        f"The smallest that suits is a {small.structure.title.lower()}: it needs {need}, you allow ${purse.risk:,.0f}. "
        "Allow more, or take a symbol with a lower price.",
    ]


FIGURES = (
    Column("section", "About"),
    Column("key", "Key", newbie=False),
    Column("title", "What"),
    Column("value", "Value", "number", decimals=2),
    Column("text", "In words"),
)


def figures(case: Case, one: Position, odds: Odds, size: Size, drift: str) -> list[dict[str, Any]]:
    """Everything about a position, a row each."""
    from terminal.domain.planner.sizing import at_risk

    low, high, low_at, high_at = one.extremes
    stress = at_risk(one, case.rules.limits["stress"])
    rows: list[dict[str, Any]] = []

    def add(section: str, key: str, title: str, value: float | None, text: str = "") -> None:
        rows.append({"section": section, "key": key, "title": title, "value": value, "text": text})

    add("Result", "sentence", "In short", None, words.sentence(one, 1, case.today, stress))
    add("Cost", "mid", "At the middle of the quotes", one.mid, _pays(one.mid))
    add("Cost", "natural", "Buying at the ask, selling at the bid", one.natural, _pays(one.natural))
    add(
        "Cost",
        "cost",
        "Expected, with commissions",
        one.cost,
        f"{one.costs.slippage:.0%} of the way to the other side of the quotes, {money(one.fees, _MONEY)} commissions",
    )
    ends = " (by the model, on the first expiry)" if one.several else ""
    add(
        "Result",
        "max_profit",
        "Makes at most",
        _known(high),
        "without limit" if math.isinf(high) else f"{words.lies(one, high, high_at)}{ends}",
    )
    add(
        "Result",
        "max_loss",
        "Loses at most",
        _known(-low),
        "without limit" if math.isinf(low) else f"{words.lies(one, low, low_at)}{ends}",
    )
    if not stress[2]:
        add(
            "Result",
            "stress",
            f"Loses within {case.rules.limits['stress']:g} expected moves",
            stress[0],
            f"at {words.price(stress[1] or 0)}; this is what sizes count with",
        )
    for place, each in enumerate(one.breakevens, 1):
        away = percent(each / case.board.spot - 1, 1, sign=True)
        add("Result", f"breakeven_{place}", "Breaks even at", each, f"{away} from now, on {one.first.expiry}{ends}")
    add(
        "Chance",
        "chance",
        "Chance to make money",
        one.chance(odds),
        f"{percent(one.chance(odds), 1)} on {one.first.expiry}; {drift}",
    )
    add("Chance", "expected", "Expected after costs", one.expected(odds), f"mean of all outcomes, discounted; {drift}")
    for each in one.breakevens:
        add(
            "Chance",
            f"touch_{each:.2f}",
            f"Chance to touch {words.price(each)}",
            one.touch(each),
            f"{percent(one.touch(each), 0)} at some moment before {one.first.expiry}",
        )
    move = case.board.spot * odds.sigma * math.sqrt(one.first.years)
    add(
        "Chance",
        "expected_move",
        "Expected move",
        move,
        f"±{number(move)} until {one.first.expiry}: {odds.sigma:.1%} a year at the money",
    )
    units = {
        "delta": "shares it behaves like",
        "gamma": "change of delta for 1 of price",
        "vega": "for a point of volatility",
        "theta": "a day that passes",
        "rho": "for a point of interest",
    }
    for greek, amount in one.greeks.items():
        add("Greeks", greek, greek.capitalize(), amount, units[greek])
    for account, title in (("margin", "margin account"), ("cash", "cash account")):
        found = one.margin(account, index=case.index)  # type: ignore[arg-type]
        add("Margin", f"buying_power_{account}", f"Set aside, {title}", found.buying_power, found.why or found.rule)
    for leg, row in zip(one.legs, one.rows, strict=True):
        board = case.board
        quote = f"{board.bid[row]:.2f} to {board.ask[row]:.2f}"
        detail = "" if leg.right == "S" else f", volatility {board.iv[row]:.1%}, delta {board.delta[row]:.2f}"
        add("Legs", "leg", leg.spelled(case.symbol), float(board.mid[row]), quote + detail)
    return rows + _sizes(size)


def _sizes(size: Size) -> list[dict[str, Any]]:
    said = (
        ("contracts", "How many times", float(size.count), f"limited by {size.by}"),
        ("total_risk", "At risk in all", size.count * size.loss, ""),
        ("total_power", "Set aside in all", size.count * size.power, ""),
    )
    return [{"section": "Size", "key": key, "title": title, "value": value, "text": text} for key, title, value, text in said]


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pays(value: float) -> str:
    return "you pay" if value >= 0 else "you are paid"


SIZE = (
    Column("what", "What"),
    Column("value", "Value", "number", decimals=2),
    Column("text", "In words"),
)


def size_rows(
    one: Position, found: Size, purse: Purse, stress: tuple[float, float | None, bool], today: date
) -> list[dict[str, Any]]:
    """How many, and why."""
    sure = "all it can lose" if stress[2] else f"at {words.price(stress[1] or 0)}; it can lose more"
    rooms: list[dict[str, Any]] = [
        {"what": "contracts", "value": float(found.count), "text": f"whole units, limited by {found.by}"},
        {"what": "risk of one", "value": stress[0], "text": sure},
        {"what": "set aside for one", "value": found.power, "text": one.margin(purse.kind, index=purse.index).rule},
        {"what": "may be lost", "value": purse.risk, "text": ""},
        {"what": "at risk in all", "value": found.count * stress[0], "text": ""},
        {"what": "set aside in all", "value": found.count * found.power, "text": ""},
    ]
    if found.count:
        rooms.append({"what": "in words", "value": None, "text": words.sentence(one, found.count, today, stress)})
    return rooms


STRUCTURES = (
    Column("id", "Key", newbie=False),
    Column("title", "Structure"),
    Column("legs", "Legs"),
    Column("suits", "Suits", "list"),
    Column("pays", "At the start"),
    Column("risk", "Risk"),
    Column("level", "Level", "integer"),
    Column("newbie", "In words"),
    Column("next", "Then", newbie=False),
)


def structures_table(rules: Rules, outlook: str = "") -> Table:
    """All of them, or those that suit an outlook, the best suited first."""
    chosen: Sequence[Any] = rules.structures
    if outlook:
        chosen = sorted((each for each in chosen if each.outlook.get(outlook)), key=lambda each: -each.outlook[outlook])
    said = {"defined": "limited to what is known at the start", "stock": "like owning shares", "undefined": "no limit, or far"}
    rows = [
        {
            "id": each.id,
            "title": each.title,
            "legs": each.legs_text,
            "suits": sorted(each.outlook, key=lambda k: -each.outlook[k]),
            "pays": "you are paid" if each.credit else "you pay",
            "risk": said[each.risk],
            "level": each.level,
            "newbie": each.newbie,
            "next": each.next or None,
        }
        for each in chosen
    ]
    notes = (
        'Strikes a, b, c, d rise; far: of a later expiry. Any other legs: `tapeline options calc SPY "LEGS"`.',
        "Levels: 1 first steps, 2 some practice, 3 much. The rules are in data/planner.toml.",
    )
    return Table("Structures", STRUCTURES, frame(STRUCTURES, rows), notes=notes)
