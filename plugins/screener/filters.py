"""What the user has set in the screener, and which rows it leaves. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from terminal.domain import format as words
from terminal.domain.fields import FIELDS
from terminal.domain.instruments import SECTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

Limits = tuple[float | None, float | None]

# What can be dragged, by question: (Pro heading, Newbie question, fields of Newbie mode, fields of Pro mode).
GROUPS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("VALUATION", "Is it reasonably priced?", ("pe_ttm", "fcf_yield"), ("pe_ttm", "fcf_yield", "ev_ebitda", "dcf_gap")),
    ("QUALITY", "Is it a good business?", ("roe",), ("roe", "operating_margin", "net_debt_ebitda")),
    ("GROWTH", "Is it growing?", ("revenue_growth_1y",), ("revenue_growth_1y", "eps_cagr_3y")),
    ("MOMENTUM", "How has the price done?", ("position_52w",), ("momentum_12_1", "position_52w", "volatility_1y")),
    ("INCOME", "Does it pay me?", ("dividend_yield",), ("dividend_yield", "payout_ratio")),
)
SLIDERS = tuple(dict.fromkeys(name for _, _, newbie, pro in GROUPS for name in (*newbie, *pro)))
# What can be ticked: the words and the kinds of instrument behind them.
TYPES: dict[str, tuple[str, ...]] = {"Stocks": ("stock",), "Funds": ("etf", "fund"), "Bonds": ("bond", "bond_etf")}
_KINDS = tuple(kind for kinds in TYPES.values() for kind in kinds)


@dataclass(frozen=True)
class Filters:
    """The filters of one screen. `sectors` and `types` name what is *not* wanted, so that nothing set means everything."""

    preset: str = "all"
    universe: str = ""
    rule: str = ""
    limits: Mapping[str, Limits] = field(default_factory=dict)
    sectors: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    search: str = ""

    def with_limits(self, name: str, low: float | None, high: float | None) -> Filters:
        """Another range of one field, rounded as its text is, so that typing it again finds the same."""
        kept = {key: pair for key, pair in self.limits.items() if key != name}
        if low is not None or high is not None:
            kept[name] = (_rounded(name, low), _rounded(name, high))
        return replace(self, limits=kept)

    def without(self, key: str) -> Filters:
        """Take away what a chip stands for."""
        if key == "sector":
            return replace(self, sectors=frozenset())
        if key == "kind":
            return replace(self, types=frozenset())
        if key == "rule":
            return replace(self, rule="")
        return self.with_limits(key, None, None)

    def cleared(self) -> Filters:
        """The screen as it was chosen, without additions."""
        return Filters(self.preset, self.universe)

    def ranges(self) -> tuple[str, ...]:
        """The limits as the `ranges` argument of `screener.run`."""
        return tuple(f"{name}={_literal(name, low)}..{_literal(name, high)}" for name, (low, high) in self.limits.items())

    def groups(self) -> dict[str, frozenset[str]]:
        """The wanted words by text field; a field that is not restricted is absent."""
        wanted: dict[str, frozenset[str]] = {}
        if self.sectors:
            wanted["sector"] = frozenset(SECTORS) - self.sectors
        if self.types:
            refused = {kind for name in self.types for kind in TYPES[name]}
            wanted["kind"] = frozenset(_KINDS) - refused
        return wanted

    def full_rule(self) -> str:
        """The rule as typed and what is ticked, as one rule text."""
        parts = [f"({self.rule})"] if self.rule and self.groups() else [self.rule] if self.rule else []
        for name, wanted in self.groups().items():
            kept = ", ".join(f'"{word}"' for word in sorted(wanted)) or '"none"'
            parts.append(f"{name} in ({kept})")
        return " and ".join(parts)

    def arguments(self) -> dict[str, Any]:
        """What the commands of the screener are called with."""
        return {"preset": self.preset, "rule": self.full_rule(), "ranges": list(self.ranges()), "universe": self.universe}

    def chips(self, title: Callable[[str], str]) -> list[tuple[str, str]]:
        """One chip for each filter that is set: (key, words); `title` gives the words for a field."""
        chips = [(name, f"{title(name)} {caption(name, *pair)}") for name, pair in self.limits.items()]
        if self.sectors:
            left = [sector for sector in SECTORS if sector not in self.sectors]
            chips.append(("sector", left[0] if len(left) == 1 else f"{len(left)} of {len(SECTORS)} sectors"))
        if self.types:
            chips.append(("kind", ", ".join(name for name in TYPES if name not in self.types) or "nothing"))
        return chips

    def state(self) -> dict[str, Any]:
        """For the window to keep."""
        return {
            "preset": self.preset,
            "universe": self.universe,
            "rule": self.rule,
            "limits": {name: list(pair) for name, pair in self.limits.items()},
            "unticked": sorted(self.sectors),
            "types": sorted(self.types),
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Filters:
        """From `state`; what is not understood is left out."""
        made = cls(
            preset=str(state.get("preset") or "all"),
            universe=str(state.get("universe") or ""),
            rule=str(state.get("rule") or ""),
            sectors=frozenset(sector for sector in state.get("unticked", ()) if sector in SECTORS),
            types=frozenset(name for name in state.get("types", ()) if name in TYPES),
        )
        for name, pair in dict(state.get("limits", {})).items():
            numbers = [each if isinstance(each, int | float) else None for each in pair]
            if name in FIELDS and len(numbers) == 2:
                made = made.with_limits(name, *numbers)
        return made


@dataclass(frozen=True)
class Left:
    """Rows of the answer that are left, in its order: those that match, and those that cannot be judged."""

    matched: list[int]
    unknown: list[int]


class Narrowing:
    """Answers any move of the filters on one answer of `screener.run --show all`, without running it again.

    The result is that of running with the same filters as arguments: a value that is missing makes a row unknown, unless
    something else refuses it.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        from terminal.domain.screening import Screen

        self._judged(frame["_outcome"])
        self._places: pl.Series | None = None
        self._screen = Screen(frame, [name for name in SLIDERS if name in frame.columns])
        self._frame = frame
        self._names: pl.Series | None = None

    def judge(self, symbols: pl.Series, outcome: pl.Series) -> None:
        """Another rule's outcome for the same rows, which may come in another order."""
        import polars as pl

        if self._places is None:
            order = pl.DataFrame({"symbol": symbols, "place": pl.int_range(len(symbols), eager=True)})
            found = self._frame.select("symbol").join(order, on="symbol", how="left", maintain_order="left")
            self._places = found["place"]
        self._judged(outcome.gather(self._places))

    def _judged(self, outcome: pl.Series) -> None:
        self._yes = outcome.fill_null(False).to_numpy()
        self._open = outcome.fill_null(True).to_numpy()

    def left(self, filters: Filters) -> Left:
        """The rows that `filters` leave; `filters.rule` and `filters.preset` are part of the answer already."""
        import numpy as np

        from terminal.domain.screening import Range

        ranges = {name: Range(low, high) for name, (low, high) in filters.limits.items()}
        groups = filters.groups()
        found = self._screen.run(ranges, groups, mask=self._yes).indices
        undecided = self._screen.possible(ranges, groups, mask=self._open)
        undecided[found] = False
        unknown = np.flatnonzero(undecided)
        if filters.search:
            named = self._named(filters.search)
            found, unknown = found[named[found]], unknown[named[unknown]]
        return Left(found.tolist(), unknown.tolist())

    def _named(self, text: str) -> Any:
        import polars as pl

        if self._names is None:
            both = pl.concat_str(pl.col("symbol"), pl.col("name").fill_null(""), separator="\n").str.to_lowercase()
            self._names = self._frame.select(both.alias("names"))["names"]
        return self._names.str.contains(text.lower(), literal=True).to_numpy()


def caption(name: str, low: float | None, high: float | None) -> str:
    """A range in words: `8.0 – 24.5×`, `from 8.0×`, `any`."""
    if low is None and high is None:
        return "any"
    if low is None or high is None:
        return f"from {shown(name, low)}" if low is not None else f"up to {shown(name, high)}"
    return f"{shown(name, low)} – {shown(name, high)}"


def shown(name: str, value: float | None) -> str:
    """A value of a field as it is written."""
    unit, decimals = FIELDS[name].unit, FIELDS[name].decimals
    return words.value(value, "number", unit if unit != "currency" else "", min(decimals, 1))


def _literal(name: str, value: float | None) -> str:
    """A limit as the rule language writes it."""
    if value is None:
        return ""
    return f"{_plain(value * 100)}%" if FIELDS[name].unit == "fraction" else _plain(value)


def _plain(value: float) -> str:
    """Six significant digits, never with an exponent."""
    return format(Decimal(f"{value:.6g}"), "f")


def _rounded(name: str, value: float | None) -> float | None:
    text = _literal(name, value)
    if not text:
        return None
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)
