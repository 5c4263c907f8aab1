"""What a share is worth by the free cash the business will bring in, and what growth the price already assumes.

Two stages (Damodaran, *Investment Valuation*, ch. 14): cash grows at `growth` for the first years, fades in a
straight line to `terminal_growth`, then grows so for ever. Flows are discounted at the weighted average cost of
capital; net debt is taken off; what is left is shared out.

    value per share = max(0, sum FCF_t / (1 + WACC)^t + FCF_N (1 + g) / (WACC - g) / (1 + WACC)^N - net debt) / shares
    WACC = E x (risk_free + beta x equity_premium + size_premium) + D x cost_of_debt x (1 - tax_rate),  E + D = 1   (CAPM)

What keeps it sober: share-based pay is a cost; a year far from the usual cash margin is not taken for the rule; past
growth is drawn towards the usual one, because it hardly persists (Chan, Karceski, Lakonishok 2003) and capped; the
derived WACC has floors by size and keeps a distance to the terminal growth, so that the value beyond the horizon
cannot take over. `low` and `high` say how far the value moves with the cost of capital and growth; where that is wide,
it is a rough guide and the score lets it weigh less.

Every assumption may be given; what is not is derived from the row or a stated default, and says which. Where the
method does not apply (financials, property, utilities, negative cash flow) or an input lacks, the value is unknown with
its reason.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

Floats = npt.NDArray[np.float64]
Origin = Literal["provided", "derived", "default"]

GROWTH_RANGE = (-0.03, 0.14)  # nobody grows for five years as in the best of years; and a shrinking business is managed
USUAL_GROWTH = 0.045          # about that of the whole economy in money
PERSISTENCE = 0.6             # how much of the difference to the usual growth is taken to last
EXPECTED_RANGE = (-0.20, 0.20)
PEAK = 1.25                   # a cash margin so many times that of recent years, or less than its inverse, is not the rule
BETA_RANGE = (0.6, 2.0)
SIZES = ((10e9, 0.0, 0.065), (2e9, 0.003, 0.070), (0.0, 0.008, 0.075))  # market cap from which on: premium, least WACC
WACC_MAX = 0.14
LEAST_DERIVED_SPREAD = 0.035  # of a derived WACC over terminal growth
RANGE_STEPS = (0.01, 0.02)    # of WACC and growth, for low and high
WIDE = 3.0                    # high / low from which on the value is a rough guide
LEAST_SPREAD = 0.01           # WACC must exceed terminal growth by this, or the perpetuity means nothing
REVERSE_RANGE = (-0.50, 1.00)
_SPREADS = ((8.0, 0.010), (4.0, 0.015), (2.0, 0.025))  # interest coverage from which on: spread over risk_free
_WEAK_SPREAD = 0.040
_DEFAULT_SPREAD = 0.020
_INPUTS = ("price", "market_cap", "enterprise_value", "free_cash_flow_ttm", "revenue_ttm", "fcf_margin_mean", "beta",
           "revenue_cagr_3y", "eps_cagr_3y", "revenue_growth_1y", "revenue_growth_quarter", "debt_to_equity", "pb",
           "interest_coverage", "sbc_to_revenue", "pe_ttm", "pe_forward")
_UNSUITABLE = {
    "Financials": "free cash flow means little for banks and insurers; use price to book and return on equity",
    "Real Estate": "property companies invest what they earn and depreciation misleads; compare funds from operations and "
                   "price to book",
    "Utilities": "networks and plants are built with borrowed money ahead of what they earn; compare dividends and P/E",
}


@dataclass(frozen=True)
class Assumptions:
    """What the user wants to assume; None: derive it, or take the default. Rates and shares are fractions.

    `base_cash` "normal" starts from the free cash flow of the last four quarters, or where its margin is more than a
    quarter above that of recent years from their mean times revenue (a fifth below: half way between); "ttm" from the last
    four quarters whatever they were, "margin" from `fcf_margin` (or the row's `fcf_margin_mean`) times revenue.
    `share_based_pay` is taken off each (None: the row's), not off a given `free_cash_flow`. `years` are projected, the
    last `fade_years` of them fading.
    """

    wacc: float | None = None
    growth: float | None = None
    terminal_growth: float | None = None
    years: int = 15
    fade_years: int = 10
    risk_free: float | None = None
    equity_premium: float | None = None
    beta: float | None = None
    cost_of_debt: float | None = None
    tax_rate: float | None = None
    debt_share: float | None = None
    base_cash: Literal["normal", "ttm", "margin"] = "normal"
    fcf_margin: float | None = None
    free_cash_flow: float | None = None
    net_debt: float | None = None
    shares: float | None = None
    share_based_pay: float | None = None
    size_premium: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.years <= 50 or not 0 <= self.fade_years <= self.years:
            raise ValueError("years must be 1 to 50 and fade_years at most as many")


DEFAULTS = {"risk_free": 0.042, "equity_premium": 0.042, "tax_rate": 0.21, "terminal_growth": 0.030}
_DEFAULT_REASONS = {
    "risk_free": "about the yield of a 10-year US Treasury",
    "equity_premium": "about what the price of the US market as a whole implies",
    "tax_rate": "US federal corporate rate",
    "terminal_growth": "about long-run inflation plus a little; below the economy's growth and the risk-free rate",
}


@dataclass(frozen=True)
class Assumption:
    """One number that was used, where it is from and why."""

    name: str
    value: float
    origin: Origin
    reason: str


@dataclass(frozen=True)
class Year:
    """One projected year: its growth, cash and the cash's worth today."""

    year: int
    growth: float
    cash: float
    present: float


@dataclass(frozen=True)
class Valuation:
    """The value of one share in the row's currency, or None with the `reason`. `gap` = value / price - 1.

    `low` and `high`: WACC one point higher and growth two points lower, and the other way round.
    """

    value: float | None
    price: float | None
    gap: float | None
    reason: str = ""
    enterprise_value: float | None = None
    equity_value: float | None = None
    terminal_share: float | None = None
    flows: tuple[Year, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def wide(self) -> bool:
        """Whether low and high are so far apart (or low is nothing) that the value is a rough guide only."""
        return self.low is not None and self.high is not None and self.high >= WIDE * self.low

    def assumption(self, name: str) -> Assumption | None:
        """The named assumption, if it could be resolved."""
        return next((each for each in self.assumptions if each.name == name), None)


@dataclass(frozen=True)
class Reverse:
    """The first-stage growth at which the value equals the price, or None with the reason."""

    growth: float | None
    reason: str = ""


@dataclass(frozen=True)
class Grid:
    """Value per share for each WACC (rows) and growth (columns); None where it cannot be."""

    waccs: tuple[float, ...]
    growths: tuple[float, ...]
    values: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class _Resolved:
    """Arrays of the numbers in use, NaN where unknown; `origins` says 0 provided, 1 derived, 2 default."""

    numbers: dict[str, Floats]
    origins: dict[str, npt.NDArray[np.int8]]
    suitable: npt.NDArray[np.bool_]


def dcf(inputs: Mapping[str, Any], assumptions: Assumptions | None = None) -> Valuation:
    """Value one row of `fields.FIELDS` (a dict; None or absent is unknown)."""
    assumptions = assumptions or Assumptions()
    resolved = _resolve({name: np.array([_number(inputs.get(name))]) for name in _INPUTS},
                        _suitable([inputs.get("kind")], [inputs.get("sector")]), assumptions)
    used = {name: float(values[0]) for name, values in resolved.numbers.items()}
    price = _known(used["price"])
    listed = tuple(_assumption(name, resolved, inputs) for name in _SHOWN if used[name] == used[name])
    reason = _reason(inputs, used)
    if reason:
        return Valuation(None, price, None, reason, assumptions=listed)
    explicit, terminal = (float(part[0]) for part in _parts(resolved.numbers, assumptions))
    equity = explicit + terminal - used["net_debt"]
    value = max(0.0, equity) / used["shares"]
    notes = []
    if equity < 0:
        notes.append("Under these assumptions the debt exceeds the worth of the business, so nothing is left for the shares.")
    beyond = terminal / (explicit + terminal)
    if beyond > 0.75:
        notes.append("More than three quarters of the value lie beyond the projected years: treat it as a rough guide.")
    low, high = (_known(float(each[0])) for each in _range(resolved.numbers, assumptions))
    found = Valuation(value, price, value / price - 1 if price else None, "", explicit + terminal, equity, beyond,
                      _flows(used, assumptions), listed, tuple(notes), low, high)
    if found.wide:
        notes.append("Small changes of the assumptions move the value a lot: treat it as a rough guide.")
    return dataclasses.replace(found, notes=tuple(notes))


def dcf_frame(frame: pl.DataFrame, assumptions: Assumptions | None = None) -> pl.DataFrame:
    """symbol, dcf_value, dcf_gap, dcf_low, dcf_high, dcf_range (high / low) for each row of `frame`, equal to `dcf` of that
    row; null is unknown, as is the range of a value that may be nothing.
    """
    import polars as pl
    assumptions = assumptions or Assumptions()
    present = [name for name in _INPUTS if name in frame.columns]
    wide = frame.select(pl.col(name).cast(pl.Float64).fill_null(np.nan) for name in present)
    columns = {name: wide.get_column(name).to_numpy() if name in present else np.full(frame.height, np.nan) for name in _INPUTS}
    texts = [frame.get_column(name).to_list() if name in frame.columns else [None] * frame.height
             for name in ("kind", "sector")]
    resolved = _resolve(columns, _suitable(*texts), assumptions)
    numbers = resolved.numbers
    with np.errstate(all="ignore"):
        explicit, terminal = _parts(numbers, assumptions)
        value = np.maximum(0.0, explicit + terminal - numbers["net_debt"]) / numbers["shares"]
        usable = (resolved.suitable & (numbers["cash"] > 0) & (numbers["shares"] > 0)
                  & (numbers["wacc"] >= numbers["terminal_growth"] + LEAST_SPREAD))
        value = np.where(usable & np.isfinite(value), value, np.nan)
        gap = np.where(numbers["price"] > 0, value / numbers["price"] - 1, np.nan)
        low, high = (np.where(np.isnan(value), np.nan, each) for each in _range(numbers, assumptions))
        spread = np.where(low > 0, high / low, np.nan)
    made = {"dcf_value": value, "dcf_gap": gap, "dcf_low": low, "dcf_high": high, "dcf_range": spread}
    return pl.DataFrame({"symbol": frame.get_column("symbol"),
                         **{name: pl.Series(each, nan_to_null=True) for name, each in made.items()}})


def reverse_dcf(inputs: Mapping[str, Any], assumptions: Assumptions | None = None) -> Reverse:
    """The growth of the first years that the price implies, all else as assumed. Value rises with growth, so there is one."""
    assumptions = assumptions or Assumptions()
    price = _known(_number(inputs.get("price")))
    if not price or price <= 0:
        return Reverse(None, "the price is not known")
    probe = dcf(inputs, dataclasses.replace(assumptions, growth=0.0))
    if probe.value is None:
        return Reverse(None, probe.reason)
    low, high = REVERSE_RANGE
    ends = values_at(inputs, assumptions, [low, high])
    if ends[0] > price:
        return Reverse(None, f"the price is below the value even if cash shrinks by {-low * 100:.0f}\u202f% a year")
    if ends[1] < price:
        return Reverse(None, f"the price is above the value even if cash grows by {high * 100:.0f}\u202f% a year")
    for _ in range(80):
        middle = (low + high) / 2
        if values_at(inputs, assumptions, [middle])[0] < price:
            low = middle
        else:
            high = middle
    return Reverse((low + high) / 2)


def values_at(inputs: Mapping[str, Any], assumptions: Assumptions, growths: Sequence[float],
              wacc: float | None = None) -> list[float]:
    """Value per share for several growth rates, for a row that can be valued; NaN where it cannot."""
    wanted = dataclasses.replace(assumptions, growth=0.0, wacc=wacc if wacc is not None else assumptions.wacc)
    resolved = _resolve({name: np.array([_number(inputs.get(name))]) for name in _INPUTS},
                        _suitable([inputs.get("kind")], [inputs.get("sector")]), wanted)
    numbers = {**resolved.numbers, "growth": np.array(growths, dtype=np.float64)}
    explicit, terminal = _parts(numbers, assumptions)
    ok = resolved.numbers["wacc"] >= resolved.numbers["terminal_growth"] + LEAST_SPREAD
    value: Floats = np.where(ok, np.maximum(0.0, explicit + terminal - numbers["net_debt"]) / numbers["shares"], np.nan)
    return [float(each) for each in value]


def grid(inputs: Mapping[str, Any], assumptions: Assumptions | None = None, *, steps: int = 2, wacc_step: float = 0.01,
         growth_step: float = 0.02) -> Grid:
    """Values around the assumed WACC and growth, `steps` to each side; empty when the row cannot be valued."""
    assumptions = assumptions or Assumptions()
    base = dcf(inputs, assumptions)
    middle, growth = base.assumption("wacc"), base.assumption("growth")
    if base.value is None or middle is None or growth is None:
        return Grid((), (), ())
    offsets = range(-steps, steps + 1)
    waccs = tuple(middle.value + each * wacc_step for each in offsets)
    growths = tuple(growth.value + each * growth_step for each in offsets)
    values = tuple(tuple(_known(value) for value in values_at(inputs, assumptions, growths, wacc)) for wacc in waccs)
    return Grid(waccs, growths, values)


def _range(numbers: Mapping[str, Floats], wanted: Assumptions) -> tuple[Floats, Floats]:
    """Value per share with a worse and with a better cost of capital and growth; NaN where that means nothing."""
    found = []
    for sign in (1, -1):
        wacc, growth = numbers["wacc"] + sign * RANGE_STEPS[0], numbers["growth"] - sign * RANGE_STEPS[1]
        moved = {**numbers, "wacc": np.maximum(wacc, numbers["terminal_growth"] + LEAST_SPREAD), "growth": growth}
        with np.errstate(all="ignore"):
            explicit, terminal = _parts(moved, wanted)
            value = np.maximum(0.0, explicit + terminal - numbers["net_debt"]) / numbers["shares"]
        found.append(np.where(np.isfinite(value), value, np.nan))
    return found[0], found[1]


_SHOWN = ("cash", "share_based_pay", "growth", "wacc", "terminal_growth", "cost_of_equity", "risk_free", "beta",
          "equity_premium", "size_premium", "cost_of_debt", "tax_rate", "debt_share", "net_debt", "shares")


def _resolve(columns: Mapping[str, Floats], suitable: npt.NDArray[np.bool_], wanted: Assumptions) -> _Resolved:
    height = len(suitable)
    numbers: dict[str, Floats] = {"price": columns["price"]}
    origins: dict[str, npt.NDArray[np.int8]] = {}

    def settle(name: str, derived: Floats | None = None, default: Floats | float = np.nan) -> Floats:
        given = getattr(wanted, name, None)
        values = np.full(height, np.nan) if derived is None else derived
        known = ~np.isnan(values)
        values = np.full(height, float(given)) if given is not None else np.where(known, values, default)
        origins[name] = np.where(given is not None, 0, np.where(known, 1, 2)).astype(np.int8) * np.ones(height, np.int8)
        numbers[name] = values
        return values

    with np.errstate(all="ignore"):
        for name, default in DEFAULTS.items():
            settle(name, default=default)
        market_cap = columns["market_cap"]
        settle("net_debt", columns["enterprise_value"] - market_cap)
        settle("shares", market_cap / columns["price"])
        beta = settle("beta", np.clip(0.67 * columns["beta"] + 0.33, *BETA_RANGE), 1.0)
        spread = np.full(height, np.nan)
        for least, points in reversed(_SPREADS):
            spread = np.where(columns["interest_coverage"] >= least, points, spread)
        spread = np.where(columns["interest_coverage"] < _SPREADS[-1][0], _WEAK_SPREAD, spread)
        cost_of_debt = settle("cost_of_debt", numbers["risk_free"] + spread, numbers["risk_free"] + _DEFAULT_SPREAD)
        debt = columns["debt_to_equity"] * market_cap / columns["pb"]
        debt = np.where(np.isnan(debt), np.maximum(0.0, numbers["net_debt"]), debt)
        share = settle("debt_share", np.clip(debt / (debt + market_cap), 0.0, 0.8), 0.0)
        premium = settle("size_premium", _by_size(market_cap, 1))
        equity_cost = settle("cost_of_equity", numbers["risk_free"] + beta * numbers["equity_premium"] + premium)
        floor = np.maximum(_by_size(market_cap, 2), numbers["terminal_growth"] + LEAST_DERIVED_SPREAD)
        wacc = (1 - share) * equity_cost + share * cost_of_debt * (1 - numbers["tax_rate"])
        settle("wacc", np.where(np.isnan(floor), wacc, np.clip(wacc, floor, np.maximum(floor, WACC_MAX))))
        settle("growth", _likely_growth(columns))
        pay = settle("share_based_pay", columns["sbc_to_revenue"] * columns["revenue_ttm"], 0.0)
        settle("cash", _base_cash(columns, wanted) - pay)
        if wanted.free_cash_flow is not None:
            numbers["cash"] = np.full(height, float(wanted.free_cash_flow))
            origins["cash"] = np.zeros(height, np.int8)
    return _Resolved(numbers, origins, suitable)


def _by_size(market_cap: Floats, place: int) -> Floats:
    """The premium (1) or the least WACC (2) of a market cap; of an unknown one NaN."""
    found = np.full(len(market_cap), np.nan)
    for row in reversed(SIZES):
        found = np.where(market_cap >= row[0], row[place], found)
    return found


def _likely_growth(columns: Mapping[str, Floats]) -> Floats:
    """The median of past growth and of what analysts expect, drawn towards USUAL_GROWTH, within GROWTH_RANGE.

    The last quarter counts only where nothing else is known.
    """
    expected = np.clip(columns["pe_ttm"] / columns["pe_forward"] - 1, *EXPECTED_RANGE)
    stack = np.stack([columns["revenue_cagr_3y"], columns["eps_cagr_3y"], columns["revenue_growth_1y"], expected])
    known = ~np.isnan(stack)
    ordered = np.sort(stack, axis=0)  # NaN last
    count = known.sum(axis=0)
    rows = np.arange(stack.shape[1])
    low, high = ordered[np.maximum((count - 1) // 2, 0), rows], ordered[np.minimum(count // 2, 3), rows]
    median = np.where(count > 0, (low + high) / 2, columns["revenue_growth_quarter"])
    clipped: Floats = np.clip(USUAL_GROWTH + PERSISTENCE * (median - USUAL_GROWTH), *GROWTH_RANGE)
    return clipped


def _base_cash(columns: Mapping[str, Floats], wanted: Assumptions) -> Floats:
    """Free cash flow to start from, before share-based pay."""
    last = columns["free_cash_flow_ttm"]
    if wanted.base_cash == "ttm" and wanted.fcf_margin is None:
        return last
    usual = (columns["fcf_margin_mean"] if wanted.fcf_margin is None else wanted.fcf_margin) * columns["revenue_ttm"]
    if wanted.base_cash == "margin" or wanted.fcf_margin is not None:
        return np.asarray(usual, dtype=np.float64)
    low = np.where(last * PEAK < usual, (last + usual) / 2, last)  # a trough may pass, or not: half way
    return np.where(usual > 0, np.where(last > PEAK * usual, usual, low), last)


def _parts(numbers: Mapping[str, Floats], wanted: Assumptions) -> tuple[Floats, Floats]:
    """Present worth of the projected years and of all after them."""
    steady = wanted.years - wanted.fade_years
    growth, terminal, wacc = numbers["growth"], numbers["terminal_growth"], numbers["wacc"]
    cash = numbers["cash"] * np.ones_like(growth)
    factor: Floats = np.ones_like(cash)
    total: Floats = np.zeros_like(cash)
    for year in range(1, wanted.years + 1):
        cash = cash * (1 + _growth_in(year, growth, terminal, steady, wanted.fade_years))
        factor = factor / (1 + wacc)
        total = total + cash * factor
    return total, cash * (1 + terminal) / (wacc - terminal) * factor


def _growth_in(year: int, growth: Any, terminal: Any, steady: int, fade: int) -> Any:
    return growth if year <= steady else growth + (terminal - growth) * ((year - steady) / fade)


def _flows(used: Mapping[str, float], wanted: Assumptions) -> tuple[Year, ...]:
    cash, factor, found = used["cash"], 1.0, []
    for year in range(1, wanted.years + 1):
        steady = wanted.years - wanted.fade_years
        rate = float(_growth_in(year, used["growth"], used["terminal_growth"], steady, wanted.fade_years))
        cash, factor = cash * (1 + rate), factor / (1 + used["wacc"])
        found.append(Year(year, rate, cash, cash * factor))
    return tuple(found)


def _suitable(kinds: Sequence[str | None], sectors: Sequence[str | None]) -> npt.NDArray[np.bool_]:
    return np.array([kind in ("stock", None) and sector not in _UNSUITABLE
                     for kind, sector in zip(kinds, sectors, strict=True)], dtype=np.bool_)


def _reason(inputs: Mapping[str, Any], used: Mapping[str, float]) -> str:
    if inputs.get("kind") not in ("stock", None):
        return "a discounted cash flow values a company, not a fund or bond"
    if inputs.get("sector") in _UNSUITABLE:
        return _UNSUITABLE[inputs["sector"]]
    names = {"cash": "free cash flow", "shares": "the number of shares", "net_debt": "net debt",
             "growth": "growth, past or expected,",
             "wacc": "the cost of capital"}
    missing = [title for name, title in names.items() if used[name] != used[name]]
    if missing:
        head = ", ".join(missing[:-1])
        return f"{head}{' and ' if head else ''}{missing[-1]} {'are' if head else 'is'} not known"
    if used["cash"] <= 0:
        return "free cash flow after share-based pay is not positive, so there is nothing to grow from"
    if used["shares"] <= 0:
        return "the number of shares is not positive"
    if used["wacc"] < used["terminal_growth"] + LEAST_SPREAD:
        return "the cost of capital must be at least one point above terminal growth"
    return ""


def _assumption(name: str, resolved: _Resolved, inputs: Mapping[str, Any]) -> Assumption:
    value = float(resolved.numbers[name][0])
    origins: tuple[Origin, ...] = ("provided", "derived", "default")
    origin = origins[int(resolved.origins[name][0])]
    if origin == "provided":
        return Assumption(name, value, origin, "your number")
    if origin == "default":
        return Assumption(name, value, origin, _DEFAULT_REASONS.get(name, _MISSING.get(name, "")))
    return Assumption(name, value, origin, _DERIVED[name])


_MISSING = {"share_based_pay": "not known, so nothing is taken off",
            "beta": "not known; the market's own",
            "cost_of_debt": "risk-free rate plus 2 points; interest coverage is not known",
            "debt_share": "debt is not known"}
_DERIVED = {
    "cash": "last four quarters less share-based pay; where far above recent years from their margin, far below half way",
    "share_based_pay": "a cost like other pay",
    "growth": "median of past and expected growth, 40\u202f% of the way to 4.5\u202f%, within −3\u202f% and 14\u202f%",
    "wacc": "weighted by market cap and debt; at least 6.5 to 7.5\u202f% by size and 3.5 points above terminal growth",
    "cost_of_equity": "risk-free rate + beta × equity premium + size premium",
    "size_premium": "none from 10B market cap, 0.3 points from 2B, else 0.8 points",
    "beta": "0.67 × measured beta + 0.33 (Blume), kept within 0.6 and 2",
    "cost_of_debt": "risk-free rate plus a spread for its interest coverage",
    "debt_share": "debt / (debt + market cap), at most 80\u202f%",
    "net_debt": "enterprise value − market cap", "shares": "market cap / price",
}


def _number(value: Any) -> float:
    return np.nan if value is None or isinstance(value, (str, bool)) else float(value)


def _known(value: float) -> float | None:
    return value if value - value == 0 else None
