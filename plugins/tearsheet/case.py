"""One figure as a sentence sees it: its value, its comparison, and the ways to say an amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.domain import format as words
from terminal.domain.scoring.words import number, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

STAKE = 10_000.0  # the amount that returns are told with
_CENTS_BELOW = 100.0


@dataclass(frozen=True)
class Case:
    """A known value of the field `name` of the scored `row`; `other` is the middle of similar ones, in the field's unit."""

    name: str
    value: float
    row: Mapping[str, object]
    other: float | None = None

    @property
    def currency(self) -> str | None:
        """The row's currency, if it is known."""
        found = self.row.get("currency")
        return found if isinstance(found, str) else None

    @property
    def similar(self) -> str:
        """What the comparison is made with."""
        kind = self.row.get("kind")
        return "bonds" if kind in ("bond", "bond_etf") else "companies" if kind in ("stock", None) else "funds"

    @property
    def share(self) -> str:
        """What one owns of it."""
        return "bond" if self.row.get("kind") == "bond" else "share"

    def known(self, name: str) -> float | None:
        """Another cell of the row."""
        return number(self.row.get(name))

    def shown(self, value: float | None = None) -> str:
        """The value (or another one of the same field) as the page shows it."""
        return shown(self.name, self.value if value is None else value, self.currency)

    def size(self) -> str:
        """The value as the page shows it, without its sign."""
        return self.shown(abs(self.value))

    def money(self, amount: float) -> str:
        """Cents for small amounts only."""
        return words.money(amount, self.currency, 0 if abs(amount) >= _CENTS_BELOW else 2)

    def round(self, amount: float) -> str:
        """A round amount: `$100`."""
        return words.money(amount, self.currency, 0)

    def hundred(self, value: float | None = None) -> str:
        """What a fraction is of a hundred, without its sign: 0.213 is `$21.30`."""
        return words.money(abs(self.value if value is None else value) * 100, self.currency)

    def stake(self, value: float) -> str:
        """What a fraction is of ten thousand, to the unit (to the cent where it is small)."""
        return self.money(abs(value) * STAKE)

    def flat(self) -> bool:
        """Whether the page shows it as nothing."""
        return not any("1" <= digit <= "9" for digit in self.shown())

    def beside(self, text: str, *, least: float | None = None) -> str:
        """` Similar companies cost $24.`: `text` with `{other}` and `{similar}`; empty without a comparison, or below `least`."""
        if self.other is None or (least is not None and self.other < least):
            return ""
        return " " + text.replace("{similar}", self.similar).replace("{other}", self.shown(self.other))
