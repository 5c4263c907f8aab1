"""The columns a chain can show on each side of the strikes, in both modes' words; a ladder's rows made ready to be painted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain import format as written

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import polars as pl

    Floats = npt.NDArray[np.float64]

CALL, PUT = "call", "put"
SIDES = (CALL, PUT)


@dataclass(frozen=True, slots=True)
class SideColumn:
    """One column of a side. `kind`: price, count, percent, points (of percent, signed) or the number of decimals."""

    key: str
    newbie: str
    pro: str
    kind: str
    width: int
    term: str
    heat: bool = False

    def title(self, mode: str) -> str:
        """Its title in a mode's words."""
        return self.newbie if mode == "newbie" else self.pro

    def text(self, value: float) -> str:
        """A value as it is written; "" for an unknown one."""
        if value != value:  # noqa: PLR0124 - not a number: nothing is known
            return ""
        if self.kind == "price":
            return written.number(value, 2)
        if self.kind == "count":
            return written.count(value) if value < 10_000 else written.compact(value)
        if self.kind == "percent":
            return written.percent(value)
        if self.kind == "points":
            return written.number(value * 100, 1, sign=True)
        return written.number(value, int(self.kind))


# From the strikes outwards.
COLUMNS = {
    each.key: each
    for each in (
        SideColumn("bid", "You get", "Bid", "price", 58, "option_bid"),
        SideColumn("ask", "You pay", "Ask", "price", 58, "option_ask"),
        SideColumn("mid", "Middle", "Mid", "price", 58, "option_mid"),
        SideColumn("theo", "Model's price", "Theo", "price", 58, "option_theo"),
        SideColumn("last", "Last trade", "Last", "price", 58, "option_last"),
        SideColumn("spread", "Cost of trading", "Spread", "percent", 58, "option_spread", True),
        SideColumn("delta", "Moves like (shares)", "Delta", "2", 52, "option_delta"),
        SideColumn("gamma", "Gamma", "Gamma", "4", 56, "option_gamma"),
        SideColumn("theta", "Loses a day", "Theta", "3", 56, "option_theta"),
        SideColumn("vega", "Vega", "Vega", "3", 56, "option_vega"),
        SideColumn("rho", "Rho", "Rho", "3", 56, "option_rho"),
        SideColumn("vanna", "Vanna", "Vanna", "4", 60, "option_vanna"),
        SideColumn("charm", "Charm", "Charm", "4", 60, "option_charm"),
        SideColumn("vomma", "Vomma", "Vomma", "4", 60, "option_vomma"),
        SideColumn("chance", "Chance it ends worth something", "ITM prob.", "percent", 66, "option_chance"),
        SideColumn("iv", "Expected swings", "IV", "percent", 60, "option_iv", True),
        SideColumn("iv_gap", "Differs from source", "IV − src", "points", 62, "option_iv_gap"),
        SideColumn("iv_provider", "Source's swings", "IV src", "percent", 60, "option_iv_provider", True),
        SideColumn("iv_bid", "Swings (bid)", "IV bid", "percent", 60, "option_iv_bid", True),
        SideColumn("iv_ask", "Swings (ask)", "IV ask", "percent", 60, "option_iv_ask", True),
        SideColumn("time_value", "Time value", "Time val.", "price", 62, "option_time_value"),
        SideColumn("open_interest", "Open contracts", "OI", "count", 62, "open_interest", True),
        SideColumn("volume", "Traded today", "Volume", "count", 62, "option_volume", True),
        SideColumn("bid_size", "Wanted", "Bid size", "count", 58, "option_size"),
        SideColumn("ask_size", "Offered", "Ask size", "count", 58, "option_size"),
    )
}
STANDARD = {
    "newbie": ("bid", "ask", "chance"),
    "pro": ("bid", "ask", "delta", "gamma", "theta", "vega", "iv", "iv_gap", "open_interest", "volume"),
}
# What stays longest where there is little room.
_FIRST = ("bid", "ask", "iv", "delta", "open_interest", "volume", "chance")


def ordered(keys: Sequence[str]) -> list[SideColumn]:
    """The known ones of these, from the strikes outwards."""
    return [column for key, column in COLUMNS.items() if key in keys]


def fitting(columns: Sequence[SideColumn], room: int, width: int) -> list[SideColumn]:
    """Those that have room beside the strikes; `width` is what one needs. The ones one trades by stay longest."""
    if len(columns) * width <= room:
        return list(columns)
    count = max(1, room // max(width, 1))
    wanted = sorted(columns, key=lambda each: _FIRST.index(each.key) if each.key in _FIRST else len(_FIRST))[:count]
    return [each for each in columns if each in wanted]


@dataclass(frozen=True)
class Section:
    """The strikes of one expiry and root: its name and the rows `first` up to `last`."""

    title: str
    first: int
    last: int
    spot: float
    at: int


@dataclass(frozen=True)
class Rows:
    """A ladder as arrays: `strike`, and by side `values[side][key]` (NaN: unknown), `usable`, `told` and `contract` (None: not
    listed). `span[key]` is from no heat to full heat. Sections lie one after another."""

    strike: Floats
    values: dict[str, dict[str, Floats]]
    usable: dict[str, npt.NDArray[np.bool_]]
    told: dict[str, list[str]]
    contract: dict[str, list[str | None]]
    sections: tuple[Section, ...]
    span: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """How many strikes."""
        return len(self.strike)

    def heat(self, side: str, key: str, row: int) -> float:
        """How intense a cell is, 0 to 1: counts by their root, so that one busy strike does not make all others pale."""
        low, top = self.span.get(key, (0.0, 0.0))
        value = float(self.values[side][key][row])
        if not (top > low and value > low):
            return 0.0
        share = min(1.0, (value - low) / (top - low))
        return share**0.5 if COLUMNS[key].kind == "count" else share

    def inside(self, side: str, row: int, spot: float) -> bool:
        """Whether it is in the money."""
        return bool(self.strike[row] < spot if side == CALL else self.strike[row] > spot)


def rows(wide: pl.DataFrame, keys: Sequence[str]) -> Rows:
    """`wide` is of `model.ladder`; `keys` are the columns that will be shown."""
    values: dict[str, dict[str, Floats]] = {}
    usable, told, contract = {}, {}, {}
    for side in SIDES:
        values[side] = {key: _numbers(wide, f"{side}_{key}") for key in keys}
        usable[side] = wide[f"{side}_usable"].fill_null(False).to_numpy()
        told[side] = wide[f"{side}_told"].fill_null("").to_list()
        contract[side] = wide[f"{side}_contract"].to_list()
    strike = wide["strike"].to_numpy()
    span = {key: _span(key, np.concatenate([values[side][key][usable[side]] for side in SIDES]))
            for key in keys if COLUMNS[key].heat}  # fmt: skip
    return Rows(strike, values, usable, told, contract, _sections(wide), span)


def _span(key: str, values: Floats) -> tuple[float, float]:
    """From no heat to full heat: one outlier must not make everything else pale; counts begin at zero."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 0.0
    low, top = np.quantile(known, (0.02, 0.98))
    return (0.0, float(top)) if COLUMNS[key].kind == "count" else (float(low), float(top))


def _numbers(wide: pl.DataFrame, name: str) -> Floats:
    if name not in wide.columns:
        return np.full(wide.height, np.nan)
    return np.asarray(wide[name].cast(float).to_numpy(), dtype=np.float64)


def _sections(wide: pl.DataFrame) -> tuple[Section, ...]:
    found: list[Section] = []
    first = 0
    runs = wide.select("expiry", "root").with_row_index("row").group_by("expiry", "root", maintain_order=True).len()
    for expiry, root, count in runs.iter_rows():
        part: dict[str, Any] = wide.row(first, named=True)
        strikes = wide["strike"].slice(first, count).to_numpy()
        at = first + int(np.searchsorted(strikes, part["spot"]))
        title = f"{written.day(expiry)} · {root} · {written.number(part['days'], 0)} days"
        found.append(Section(title, first, first + count, float(part["spot"]), at))
        first += count
    return tuple(found)
