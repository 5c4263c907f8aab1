"""What to spend requests on when there are fewer than one would like: whom it matters for, and how stale it is. Pure.

A *need* is one dataset of one symbol that is stale. Needs are ranked by importance (held, watched, found by the last
screen, the rest), then by how long they are overdue. Each is given to the first service that can take it; a request that
takes fifty symbols is paid once, and what an answer brings besides costs nothing. What finds no service is postponed,
with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IMPORTANCE = ("held", "watched", "found by the last screen", "the rest")
# A dataset that is a hundred times overdue is not more urgent than one that was never fetched for so long.
_LONGEST = 100.0


@dataclass(frozen=True, slots=True)
class Need:
    """One stale dataset of a symbol. `importance`: place in IMPORTANCE; `overdue`: age in times of what is allowed."""

    symbol: str
    dataset: str
    importance: int
    overdue: float


@dataclass(frozen=True, slots=True)
class Offer:
    """What one service asks for a dataset. `cost`: requests a call; `batch`: symbols a call; `brings`: what comes besides.

    `blocked`: why it is not asked now, as the beginning of a sentence; "" when it can be.
    """

    provider: str
    cost: int = 1
    batch: int = 1
    brings: frozenset[str] = frozenset()
    blocked: str = ""


@dataclass(slots=True)
class Spending:
    """What one service is to be asked about one dataset."""

    provider: str
    dataset: str
    symbols: list[str] = field(default_factory=list)
    requests: int = 0


@dataclass(slots=True)
class Postponed:
    """What will not be refreshed, and why; `importance` of the most important symbol among them."""

    dataset: str
    reason: str
    symbols: list[str] = field(default_factory=list)
    importance: int = len(IMPORTANCE) - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked from whom, and what is not. `left`: requests that stay of each budget (None: without limit)."""

    spendings: tuple[Spending, ...]
    postponed: tuple[Postponed, ...]
    left: Mapping[str, int | None]

    def requests(self, provider: str) -> int:
        """What the plan takes from one service."""
        return sum(each.requests for each in self.spendings if each.provider == provider)


def importance(symbols: Sequence[str], held: Sequence[str], watched: Sequence[str], found: Sequence[str]) -> dict[str, int]:
    """The place of each symbol in IMPORTANCE."""
    order = [frozenset(group) for group in (held, watched, found)]
    return {symbol: next((at for at, group in enumerate(order) if symbol in group), len(order)) for symbol in symbols}


def in_order(
    symbols: Sequence[str], places: Mapping[str, int], wanted: Sequence[str], overdue: Mapping[str, float]
) -> tuple[str, ...]:
    """The symbols by importance; within it as the user listed them (`wanted`), then the longest overdue first."""
    listed = {symbol: at for at, symbol in enumerate(wanted)}

    def key(symbol: str) -> tuple[int, int, float]:
        late = min(overdue.get(symbol, 0.0), _LONGEST)
        return places.get(symbol, len(IMPORTANCE)), listed.get(symbol, len(listed)), -late

    return tuple(sorted(dict.fromkeys(symbols), key=key))


def rank(needs: Sequence[Need], order: Sequence[str], datasets: Sequence[str]) -> list[Need]:
    """The needs by their symbols' order; of one symbol in the order of `datasets`, so that nothing is paid twice."""
    at = {symbol: place for place, symbol in enumerate(order)}
    which = {name: place for place, name in enumerate(datasets)}
    return sorted(needs, key=lambda need: (at.get(need.symbol, len(at)), which.get(need.dataset, len(which))))


def allot(
    needs: Sequence[Need], offers: Mapping[str, Sequence[Offer]], left: Mapping[str, int | None], spent: Mapping[str, str]
) -> Plan:
    """Spend what is `left` of each service's budget on the needs in their order.

    `offers` names for each dataset who can be asked, best first; `spent` says for each service what to tell when its budget
    is used up. A service that is not in `left` has no limit.
    """
    room = dict(left)
    spendings: dict[tuple[str, str], Spending] = {}
    postponed: dict[tuple[str, str], Postponed] = {}
    brought: set[tuple[str, str]] = set()
    for need in needs:
        if (need.symbol, need.dataset) in brought:
            continue
        reasons = []
        for offer in offers.get(need.dataset, ()):
            spending = spendings.get((offer.provider, need.dataset)) or Spending(offer.provider, need.dataset)
            paid = spending.symbols and len(spending.symbols) % offer.batch != 0
            remaining = room.get(offer.provider)
            if offer.blocked:
                reasons.append(offer.blocked)
            elif not paid and remaining is not None and remaining < offer.cost:
                reasons.append(spent.get(offer.provider, f"the budget of {offer.provider} is used up"))
            else:
                if not paid:
                    spending.requests += offer.cost
                    room[offer.provider] = None if remaining is None else remaining - offer.cost
                spending.symbols.append(need.symbol)
                spendings[offer.provider, need.dataset] = spending
                brought.update((need.symbol, name) for name in offer.brings)
                break
        else:
            reason = "; ".join(dict.fromkeys(reasons)) or "no service delivers it"
            late = postponed.setdefault((need.dataset, reason), Postponed(need.dataset, reason))
            late.symbols.append(need.symbol)
            late.importance = min(late.importance, need.importance)
    kept = (each for each in postponed.values() if any((symbol, each.dataset) not in brought for symbol in each.symbols))
    for each in (result := list(kept)):
        each.symbols = [symbol for symbol in each.symbols if (symbol, each.dataset) not in brought]
    return Plan(tuple(spendings.values()), tuple(result), room)
