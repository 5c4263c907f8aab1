"""What several options opened together are called: verticals, condors, calendars, covered calls and the like.

Names as the Options Industry Council uses them: a bull spread gains when the underlying rises, whichever options make it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from terminal.domain.portfolio.transactions import Option

CUSTOM = "Combination"
_SHARES = {
    (1, "C", -1): "Covered call",
    (1, "P", 1): "Protective put",
    (-1, "P", -1): "Covered put",
    (-1, "C", 1): "Protected short",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One leg as it was opened: `quantity` with its sign, of contracts or (`option` None) of shares."""

    option: Option | None
    quantity: Decimal
    instrument: str = "stock"


def structure(parts: Sequence[Part]) -> str:
    """The name of the position, "Combination" when it has none. One leg is a "Long call", "Short stock" and so on."""
    if len(parts) == 1:
        return _single(parts[0])
    shares = [one for one in parts if one.option is None]
    options = sorted((one for one in parts if one.option is not None), key=_order)
    if shares:
        return _with_shares(shares, options) or CUSTOM
    least = min(abs(one.quantity) for one in options)
    counts = tuple(one.quantity / least for one in options)
    if any(each != each.to_integral_value() for each in counts):
        return CUSTOM
    ratio = tuple(int(each) for each in counts)
    contracts = [one.option for one in options if one.option is not None]
    namers = {2: _two, 3: _three, 4: _four}
    return (namers[len(options)](contracts, ratio) if len(options) in namers else "") or CUSTOM


def _single(one: Part) -> str:
    side = "Long" if one.quantity > 0 else "Short"
    if one.option is not None:
        return f"{side} {'call' if one.option.right == 'C' else 'put'}"
    return f"{side} {'ETF' if one.instrument == 'etf' else one.instrument}"


def _order(one: Part) -> tuple[object, ...]:
    assert one.option is not None
    return (one.option.expiry, one.option.strike, one.option.right)


def _with_shares(shares: Sequence[Part], options: Sequence[Part]) -> str:
    """Names need contracts over exactly the shares there are."""
    if len(shares) != 1:
        return ""
    held = shares[0].quantity
    contracts = [(one, one.option) for one in options if one.option is not None]
    if any(abs(one.quantity) * option.multiplier != abs(held) for one, option in contracts):
        return ""
    side = 1 if held > 0 else -1
    signs = [(option.right, 1 if one.quantity > 0 else -1) for one, option in contracts]
    if len(signs) == 1:
        return _SHARES.get((side, *signs[0]), "")
    if len(signs) == 2 and set(signs) == {("C", -side), ("P", side)}:
        same = contracts[0][1].strike == contracts[1][1].strike and contracts[0][1].expiry == contracts[1][1].expiry
        return "Conversion" if same and side > 0 else "Reversal" if same else "Collar"
    return ""


def _two(options: Sequence[Option], ratio: tuple[int, ...]) -> str:
    one, other = options
    same_day, same_right = one.expiry == other.expiry, one.right == other.right
    together = ratio[0] * ratio[1] > 0
    if abs(ratio[0]) != abs(ratio[1]):
        kind = "call" if one.right == "C" else "put"
        opposite = same_day and same_right and not together
        return f"{'Back' if sum(ratio) > 0 else 'Ratio'} spread ({kind}s)" if opposite else ""
    if same_day and same_right:
        return "" if together else _vertical(one, ratio[0])
    if same_day:
        return _call_and_put(one, other, ratio, together)
    if not same_right or together:
        return ""
    kind = "calendar" if one.strike == other.strike else "diagonal"
    return f"{'Long' if ratio[1] > 0 else 'Short'} {kind} ({'calls' if one.right == 'C' else 'puts'})"


def _vertical(lower: Option, first: int) -> str:
    return f"{'Bull' if first > 0 else 'Bear'} {'call' if lower.right == 'C' else 'put'} spread"


def _call_and_put(one: Option, other: Option, ratio: tuple[int, ...], together: bool) -> str:
    if together:
        side = "Long" if ratio[0] > 0 else "Short"
        return f"{side} {'straddle' if one.strike == other.strike else 'strangle'}"
    call = ratio[0] if one.right == "C" else ratio[1]
    if one.strike == other.strike:
        return "Synthetic long" if call > 0 else "Synthetic short"
    return "Risk reversal, bullish" if call > 0 else "Risk reversal, bearish"


def _three(options: Sequence[Option], ratio: tuple[int, ...]) -> str:
    low, middle, high = options
    if len({one.expiry for one in options}) > 1 or len({one.right for one in options}) > 1:
        return ""
    if ratio not in ((1, -2, 1), (-1, 2, -1)):
        return ""
    even = middle.strike - low.strike == high.strike - middle.strike
    side = "Long" if ratio[0] > 0 else "Short"
    return f"{side} {'butterfly' if even else 'broken-wing butterfly'} ({'calls' if low.right == 'C' else 'puts'})"


def _four(options: Sequence[Option], ratio: tuple[int, ...]) -> str:
    rights = "".join(one.right for one in options)
    expiries = len({one.expiry for one in options})
    if expiries == 1 and rights in ("CCCC", "PPPP") and ratio in ((1, -1, -1, 1), (-1, 1, 1, -1)):
        return f"{'Long' if ratio[0] > 0 else 'Short'} condor ({'calls' if rights[0] == 'C' else 'puts'})"
    if expiries == 1 and sorted(rights) == ["C", "C", "P", "P"]:
        return _iron(options, ratio)
    if expiries == 2 and {abs(each) for each in ratio} == {1}:
        near, far = options[:2], options[2:]
        same = near[0].expiry == near[1].expiry and far[0].expiry == far[1].expiry
        signs = {"near": set(ratio[:2]), "far": set(ratio[2:])}
        if same and {one.right for one in near} == {"C", "P"} == {one.right for one in far} and \
                signs in ({"near": {-1}, "far": {1}}, {"near": {1}, "far": {-1}}):  # fmt: skip
            strikes = {one.strike for one in near} == {one.strike for one in far}
            return f"{'Long' if ratio[2] > 0 else 'Short'} double {'calendar' if strikes else 'diagonal'}"
    return ""


def _iron(options: Sequence[Option], ratio: tuple[int, ...]) -> str:
    """Puts below, calls above, one vertical of each."""
    found = list(zip(options, ratio, strict=True))
    puts = sorted(((one.strike, count) for one, count in found if one.right == "P"), key=lambda each: each[0])
    calls = sorted(((one.strike, count) for one, count in found if one.right == "C"), key=lambda each: each[0])
    signs = (puts[0][1], puts[1][1], calls[0][1], calls[1][1])
    if signs not in ((1, -1, -1, 1), (-1, 1, 1, -1)):
        return ""
    if [one[0] for one in puts] == [one[0] for one in calls]:
        return "Long box" if signs[2] > 0 else "Short box"
    if puts[1][0] > calls[0][0]:
        return ""
    side = "Short" if signs[0] > 0 else "Long"
    return f"{side} iron {'butterfly' if puts[1][0] == calls[0][0] else 'condor'}"
