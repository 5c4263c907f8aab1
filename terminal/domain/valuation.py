"""What a share is worth by the free cash the business will bring in, and what growth the price already assumes.

Two stages (Damodaran, *Investment Valuation*, ch. 14): cash grows at `growth` for the first years, fades in a
straight line to `terminal_growth`, then grows so for ever. Flows are discounted at the weighted average cost of
capital; net debt is taken off; what is left is shared out.

    value per share = max(0, sum FCF_t / (1 + WACC)^t + FCF_N (1 + g) / (WACC - g) / (1 + WACC)^N - net debt) / shares
    WACC = E x (risk_free + beta x equity_premium) + D x cost_of_debt x (1 - tax_rate),  E + D = 1   (CAPM)

Every assumption may be given; what is not is derived from the row or a stated default, and says which. Where the
method does not apply (financials, negative cash flow) or an input lacks, the value is unknown with its reason.
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

GROWTH_RANGE = (-0.05, 0.15)  # nobody grows for five years as in the best of years; and a shrinking business is managed
BETA_RANGE = (0.5, 2.0)
LEAST_SPREAD = 0.01           # WACC must exceed terminal growth by this, or the perpetuity means nothing
REVERSE_RANGE = (-0.50, 1.00)
_SPREADS = ((8.0, 0.010), (4.0, 0.015), (2.0, 0.025))  # interest coverage from which on: spread over risk_free
_WEAK_SPREAD = 0.040
_DEFAULT_SPREAD = 0.020
_INPUTS = ("price", "market_cap", "enterprise_value", "free_cash_flow_ttm", "revenue_ttm", "fcf_margin_mean", "beta",
           "revenue_cagr_3y", "eps_cagr_3y", "revenue_growth_1y", "revenue_growth_quarter", "debt_to_equity", "pb",
           "interest_coverage")


@dataclass(frozen=True)
class Assumptions:
    """What the user wants to assume; None: derive it, or take the default. Rates and shares are fractions.

    `base_cash` "ttm" starts from the free cash flow of the last four quarters, "margin" from `fcf_margin` (or the
    row's `fcf_margin_mean`, the mean of recent years) times revenue. `years` are projected, the last `fade_years` of
    them fading.
    """

    wacc: float | None = None
    growth: float | None = None
    terminal_growth: float | None = None
    years: int = 10
    fade_years: int = 5
    risk_free: float | None = None
    equity_premium: float | None = None
    beta: float | None = None
    cost_of_debt: float | None = None
    tax_rate: float | None = None
    debt_share: float | None = None
    base_cash: Literal["ttm", "margin"] = "ttm"
    fcf_margin: float | None = None
    free_cash_flow: float | None = None
    net_debt: float | None = None
    shares: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.years <= 50 or not 0 <= self.fade_years <= self.years:
            raise ValueError("years must be 1 to 50 and fade_years at most as many")


DEFAULTS = {"risk_free": 0.042, "equity_premium": 0.050, "tax_rate": 0.21, "terminal_growth": 0.025}
_DEFAULT_REASONS = {
    "risk_free": "about the yield of a 10-year US Treasury", "equity_premium": "about the long-run premium of US shares",
    "tax_rate": "US federal corporate rate",
    "terminal_growth": "about long-run inflation plus a little; below the economy's growth",
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
    """The value of one share in the row's currency, or None with the `reason`. `gap` = value / price - 1."""

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
    if terminal / (explicit + terminal) > 0.75:
        notes.append("More than three quarters of the value lie beyond the projected years: treat it as a rough guide.")
    if inputs.get("sector") == "Real Estate":
        notes.append("Property companies buy growth with borrowed money; compare funds from operations as well.")
    return Valuation(value, price, value / price - 1 if price else None, "", explicit + terminal, equity,
                     terminal / (explicit + terminal), _flows(used, assumptions), listed, tuple(notes))


def dcf_frame(frame: pl.DataFrame, assumptions: Assumptions | None = None) -> pl.DataFrame:
    """symbol, dcf_value, dcf_gap for each row of `frame`, equal to `dcf` of that row; null is unknown."""
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
    return pl.DataFrame({"symbol": frame.get_column("symbol"), "dcf_value": pl.Series(value, nan_to_null=True),
                         "dcf_gap": pl.Series(gap, nan_to_null=True)})


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


_SHOWN = ("cash", "growth", "wacc", "terminal_growth", "cost_of_equity", "risk_free", "beta", "equity_premium", "cost_of_debt",
          "tax_rate", "debt_share", "net_debt", "shares")


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
        equity_cost = settle("cost_of_equity", numbers["risk_free"] + beta * numbers["equity_premium"])
        settle("wacc", (1 - share) * equity_cost + share * cost_of_debt * (1 - numbers["tax_rate"]))
        settle("growth", _past_growth(columns))
        settle("cash", _base_cash(columns, wanted))
        if wanted.free_cash_flow is not None:
            numbers["cash"] = np.full(height, float(wanted.free_cash_flow))
            origins["cash"] = np.zeros(height, np.int8)
    return _Resolved(numbers, origins, suitable)


def _past_growth(columns: Mapping[str, Floats]) -> Floats:
    """The median of what is known of past growth, within GROWTH_RANGE; the last quarter only where nothing else is known."""
    stack = np.stack([columns["revenue_cagr_3y"], columns["eps_cagr_3y"], columns["revenue_growth_1y"]])
    known = ~np.isnan(stack)
    ordered = np.sort(stack, axis=0)  # NaN last
    count = known.sum(axis=0)
    rows = np.arange(stack.shape[1])
    low, high = ordered[np.maximum((count - 1) // 2, 0), rows], ordered[np.minimum(count // 2, 2), rows]
    median = np.where(count > 0, (low + high) / 2, columns["revenue_growth_quarter"])
    clipped: Floats = np.clip(median, *GROWTH_RANGE)
    return clipped


def _base_cash(columns: Mapping[str, Floats], wanted: Assumptions) -> Floats:
    if wanted.base_cash == "ttm" and wanted.fcf_margin is None:
        return columns["free_cash_flow_ttm"]
    margin = columns["fcf_margin_mean"] if wanted.fcf_margin is None else wanted.fcf_margin
    return np.asarray(margin * columns["revenue_ttm"], dtype=np.float64)


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
    return np.array([kind in ("stock", None) and sector != "Financials" for kind, sector in zip(kinds, sectors, strict=True)],
                    dtype=np.bool_)


def _reason(inputs: Mapping[str, Any], used: Mapping[str, float]) -> str:
    if inputs.get("kind") not in ("stock", None):
        return "a discounted cash flow values a company, not a fund or bond"
    if inputs.get("sector") == "Financials":
        return "free cash flow means little for banks and insurers; use price to book and return on equity"
    names = {"cash": "free cash flow", "shares": "the number of shares", "net_debt": "net debt", "growth": "past growth",
             "wacc": "the cost of capital"}
    missing = [title for name, title in names.items() if used[name] != used[name]]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not known"
    if used["cash"] <= 0:
        return "free cash flow is negative, so there is nothing to grow from"
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


_MISSING = {"beta": "not known; the market's own",
            "cost_of_debt": "risk-free rate plus 2 points; interest coverage is not known",
            "debt_share": "debt is not known"}
_DERIVED = {
    "cash": "free cash flow of the last four quarters, or margin times revenue",
    "growth": "median of 3-year revenue growth, 3-year EPS growth and 1-year revenue growth, kept within −5\u202f% and 15\u202f%",
    "wacc": "weighted by market cap and debt", "cost_of_equity": "risk-free rate + beta × equity premium",
    "beta": "0.67 × measured beta + 0.33 (Blume), kept within 0.5 and 2",
    "cost_of_debt": "risk-free rate plus a spread for its interest coverage",
    "debt_share": "debt / (debt + market cap), at most 80\u202f%",
    "net_debt": "enterprise value − market cap", "shares": "market cap / price",
}


def _number(value: Any) -> float:
    return np.nan if value is None or isinstance(value, (str, bool)) else float(value)


def _known(value: float) -> float | None:
    return value if value - value == 0 else None
