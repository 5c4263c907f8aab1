"""A shock and what it would do, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain.format import money, number
from terminal.domain.whatif.history import CRISES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.whatif.scenes import Effect
    from terminal.domain.whatif.shocks import Shock

_MUCH = 0.1
_HARDLY = 0.001


def sentence(shock: Shock, seen: Effect, rows: Sequence[dict[str, Any]], currency: str) -> str:
    """Such as: If the market fell 10 % and VIX stood at 40, you would lose about $2,300 (2.3 %); most of it from NVDA."""
    parts = [row for row in rows if row["symbol"] != "Everything"]
    known = [row for row in parts if row["gain"] is not None]
    if not parts:
        return "You hold nothing, so nothing would change."
    if not known:
        return "What you would make or lose is not known: see what is missing."
    total = next((row for row in rows if row["symbol"] == "Everything"), None)
    amount = sum(row["gain"] for row in known)
    share = total["gain_share"] if total else None
    part = "" if share is None else f" ({abs(share) * 100:.1f} % of everything)"
    if abs(amount) < 0.5:
        does = "you would neither make nor lose anything"
    elif share is not None and abs(share) < _HARDLY:
        does = f"you would hardly {'lose' if amount < 0 else 'make'} anything, about {_money(abs(amount), currency)}"
    else:
        does = f"you would {'lose' if amount < 0 else 'make'} about {_money(abs(amount), currency)}{part}"
    less = "" if len(known) == len(parts) else f"; {len(parts) - len(known)} of {len(parts)} positions are not known"
    return f"If {condition(shock, seen)}, {does}{_from(known, amount, currency)}{less}."


def condition(shock: Shock, seen: Effect) -> str:
    """The shock in words."""
    said = []
    if shock.crisis:
        past = next(each for each in CRISES if each.key == shock.crisis)
        said.append(f"{past.title} came again")
    if shock.market is not None:
        said.append(f"the market {_moves(shock.market)}")
    said += [f"{name} {_moves(size)}" for name, size in (*shock.moves.items(), *shock.sectors.items(), *shock.currencies.items())]
    said += [f"{name} stood at {number(price)}" for name, price in shock.targets.items()]
    if shock.vix is not None or shock.vix_points is not None or shock.vix_share is not None:
        then = seen.vix[1]
        said.append("VIX changed as you say" if then is None else f"VIX stood at {then:.0f}")
    if shock.iv_share is not None:
        said.append(f"volatility {_moves(shock.iv_share)}")
    if shock.iv_points is not None:
        said.append(f"volatility {'rose' if shock.iv_points > 0 else 'fell'} {abs(shock.iv_points) * 100:g} points")
    if shock.rate is not None:
        said.append(f"interest rates {'rose' if shock.rate > 0 else 'fell'} by {abs(shock.rate) * 100:g} points")
    if shock.days:
        said.append(f"{shock.days} day{'s' * (shock.days != 1)} passed")
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _from(known: Sequence[dict[str, Any]], amount: float, currency: str) -> str:
    """Who it comes from, and what makes up for it, where one thing is much of that."""
    side = sorted((row for row in known if row["gain"] * amount > 0), key=lambda row: -abs(row["gain"]))
    other = sorted((row for row in known if row["gain"] * amount < 0), key=lambda row: -abs(row["gain"]))
    if len(known) < 2 or not side:
        return ""
    whole = sum(abs(row["gain"]) for row in side)
    if other and abs(amount) < _MUCH * whole:
        best, worst = (side[0], other[0]) if amount > 0 else (other[0], side[0])
        return (f": {_called(best)} would make about {_money(best['gain'], currency)}, {_called(worst)} lose about "
                f"{_money(-worst['gain'], currency)}, and much cancels out")  # fmt: skip
    first = abs(side[0]["gain"]) / whole
    said = ""
    if first >= 0.5:
        said = f"; most of it from {_called(side[0])}"
    elif first >= _MUCH:
        said = f"; the largest part ({first * 100:.0f} %) from {_called(side[0])}"
    if other and abs(other[0]["gain"]) >= _MUCH * whole:
        word = "makes" if other[0]["gain"] > 0 else "loses"
        said += f", while {_called(other[0])} {word} about {_money(abs(other[0]['gain']), currency)}"
    return said


def _called(row: dict[str, Any]) -> str:
    """A ticker, or an option in words."""
    name = str(row["name"] or "")
    return f"the {name.partition(',')[0]}" if row["volatility"] is not None and name else str(row["symbol"])


def _moves(size: float) -> str:
    return f"{'fell' if size < 0 else 'rose'} {abs(size) * 100:g} %"


def _money(amount: float, currency: str) -> str:
    """Rounded so that it claims no more than such a model knows."""
    step = 1 if amount < 100 else 10 if amount < 2_000 else 100 if amount < 100_000 else 1_000
    return money(round(amount / step) * step, currency, 0)
