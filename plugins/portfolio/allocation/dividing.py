"""What is held divided into classes, actual against target, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.portfolio.allocation import targets
from plugins.portfolio.exposures import Exposure, Exposures, exposures
from plugins.portfolio.gathering import sources
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import titled
from terminal.api import Column, Context, Table
from terminal.domain import format as words
from terminal.domain.format import percent
from terminal.domain.portfolio.allocation import CASH, UNKNOWN, Slice, Target, most_urgent, slices, tagged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.portfolio.gathering import Owned
    from plugins.portfolio.overview.checkup import Light

TITLES = {
    "asset_class": "Asset class",
    "sector": "Sector",
    "region": "Region",
    "currency": "Currency",
    "tag": "Tag",
    "symbol": "Ticker",
}
NOTHING = "Nothing is held. Book a purchase: `tapeline portfolio add ACCOUNT buy AAPL --quantity 10 --price 150`."


def columns(by: str) -> tuple[Column, ...]:
    """The columns of an allocation; money in the currency of the total."""
    return (
        Column("key", TITLES[by]),
        Column("weight", "Weight", "number", "fraction", "portfolio_weight", 1),
        Column("target", "Target", "number", "fraction", "portfolio_target", 1),
        Column("low", "Band from", "number", "fraction", "portfolio_band", 1, newbie=False),
        Column("high", "Band to", "number", "fraction", "portfolio_band", 1, newbie=False),
        Column("drift", "Drift", "number", "fraction", "portfolio_drift", 1),
        Column("worth", "Worth", "number", "currency", "portfolio_value", 2),
        Column("target_worth", "Target in money", "number", "currency", "portfolio_target", 2, newbie=False),
        Column("money", "Over, under (−)", "number", "currency", "portfolio_drift", 2),
        Column("state", "State", term="portfolio_band"),
        Column("holdings", "Holdings", "list", newbie=False),
        Column("currency", "Currency", newbie=False),
    )


def key_of(row: Exposure, by: str, named: Sequence[str] = ()) -> str:
    """The class of a holding; several tags: the one that has a target, else its first."""
    if by == "tag":
        return tagged(row.tags, dict.fromkeys(named))
    found = row.market_symbol if by == "symbol" else getattr(row, by)
    return found or UNKNOWN


def divided(seen: Exposures, by: str, wanted: Sequence[Target]) -> tuple[Slice, ...]:
    """What is held by class with its drift, cash included; what has no known worth is left out."""
    named = [each.key.lower() for each in wanted]
    parts = [(key_of(row, by, named), row.symbol, row.worth) for row in seen.rows if row.worth is not None]
    money = sum(seen.cash_by_currency.values())
    if by == "currency":
        return slices([*parts, *((name, "", amount) for name, amount in seen.cash_by_currency.items())], 0.0, wanted)
    return slices(parts, money, wanted)


def allocation_table(ctx: Context, own: Owned, by: str, names: Sequence[str]) -> Table:
    """Weights, targets and drift by class."""
    seen = exposures(ctx, own)
    wanted = targets.standing(ctx.store.book.read, by, names)
    found = divided(seen, by, wanted)
    shown = columns(by)
    made, _ = sources(ctx, [row.fetch for row in seen.rows])
    return Table(
        titled(f"Allocation by {TITLES[by].lower()}", own),
        shown if wanted else tuple(each for each in shown if each.name in ("key", "weight", "worth", "holdings", "currency")),
        frame(shown, [_row(each, seen) for each in found]),
        made,
        (*seen.unknown, *_unclassed(seen, by)),
        (*_notes(found, wanted, by, seen), *seen.notes),
        detail={"slices": found, "exposures": seen, "targets": wanted, "by": by},
    )


def _row(part: Slice, seen: Exposures) -> dict[str, Any]:
    target = part.target
    whole = sum(row.worth or 0.0 for row in seen.rows) + sum(seen.cash_by_currency.values())
    return {
        "key": part.key,
        "weight": part.weight,
        "target": target.weight if target else None,
        "low": target.low if target else None,
        "high": target.high if target else None,
        "drift": part.drift,
        "worth": round(part.worth, 2),
        "target_worth": round(target.weight * whole, 2) if target else None,
        "money": None if part.money is None else round(part.money, 2),
        "state": part.state if target else None,
        "holdings": list(part.members),
        "currency": seen.currency,
    }


def _unclassed(seen: Exposures, by: str) -> list[str]:
    if by in ("tag", "symbol", "currency"):
        return []
    option = f"--{by.replace('_', '-')}"
    return [
        f"{row.market_symbol}: its {TITLES[by].lower()} is not known; say it with "
        f"`tapeline portfolio tag {row.market_symbol} {option} NAME`"
        for row in seen.rows
        if key_of(row, by) == UNKNOWN
    ]


def _notes(found: Sequence[Slice], wanted: Sequence[Target], by: str, seen: Exposures) -> list[str]:
    if not seen.rows and not seen.cash_by_currency:
        return [NOTHING]
    if not wanted:
        keys = [each.key for each in found if each.key not in (UNKNOWN, "untagged")][:3] or ["NAME"]
        even = [100 // len(keys)] * (len(keys) - 1)
        typed = " ".join(f"'{key}={share}'" for key, share in zip(keys, (*even, 100 - sum(even)), strict=True))
        told = "No targets are set: say how much each should be, and see how far it is from there."
        return [told, f"Set them: `tapeline portfolio target-set {by} {typed} --band 5`."]
    urgent = most_urgent(found)
    if urgent is None or urgent.target is None:
        return ["Everything lies within its band: there is nothing to do."]
    side = "above" if urgent.state == "above" else "below"
    what = "cash" if urgent.key == CASH else urgent.key
    return [
        f"{what} is {abs(urgent.drift or 0.0) * 100:.1f} points {side} its target of {percent(urgent.target.weight, 1)}, "
        "outside its band.",
        f"What to do: `tapeline portfolio rebalance --by {by}`.",
    ]


def drift_lights(ctx: Context, own: Owned, seen: Exposures) -> list[Light]:
    """A light for each set of targets that is kept: what is farthest outside its band, or that all is within. None without."""
    from plugins.portfolio.overview.checkup import Light

    read, names = ctx.store.book.read, [each.name for each in own.accounts]
    made = []
    for by, name in TITLES.items():
        wanted = targets.standing(read, by, names)
        if not wanted or not seen.known_worth:
            continue
        urgent = most_urgent(divided(seen, by, wanted))
        title = f"Where you want it, by {name.lower()}"
        if urgent is None or urgent.target is None:
            made.append(Light(f"targets.{by}", "ok", title, "Everything is as you want it.", "All classes within their bands."))
            continue
        money = words.money(abs(urgent.money or 0.0), seen.currency, 0)
        points, side = f"{abs(urgent.drift or 0.0) * 100:.1f}", urgent.state
        much = "too much" if side == "above" else "too little"
        pro = f"{urgent.key} {words.percent(urgent.weight, 1)}, {points} points {side} {words.percent(urgent.target.weight, 1)}."
        todo = f"See what to {'sell' if side == 'above' and urgent.key != CASH else 'buy'} to bring {urgent.key} back."
        plain = f"There is {money} {much} in {urgent.key}, more than the room you gave it."
        made.append(Light(f"targets.{by}", "warn", title, plain, pro, todo, "allocation"))
    return made
