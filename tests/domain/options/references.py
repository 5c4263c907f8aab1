"""What others say an option is worth: QuantLib's engines, and prices of sixty digits rounded once; and our own kernels."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
import QuantLib as ql

TODAY = ql.Date(20, 11, 2026)
_COUNT = ql.Actual365Fixed()


def option(
    *, spot: float, strike: float, days: int, volatility: float, rate: float, dividend: float = 0.0, call: bool,
    american: bool = False, payments: Any = (), model: str = "spectral", grid: int = 1000,
) -> Any:  # fmt: skip
    """QuantLib's option; `payments` are (days, money). `model`: "spectral" or "finite differences" of American ones; with
    payments "spot" or "escrowed" by finite differences, or "closed form" (escrowed, European)."""
    ql.Settings.instance().evaluationDate = TODAY
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)), _flat(dividend), _flat(rate),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(TODAY, ql.NullCalendar(), volatility, _COUNT)),
    )  # fmt: skip
    exercise = ql.AmericanExercise(TODAY, TODAY + days) if american else ql.EuropeanExercise(TODAY + days)
    made = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Call if call else ql.Option.Put, strike), exercise)
    paid = ql.DividendVector([TODAY + day for day, _ in payments], [amount for _, amount in payments])
    fd = ql.FdBlackScholesVanillaEngine
    if model == "closed form":
        engine = ql.AnalyticDividendEuropeanEngine(process, paid)
    elif payments:
        kind = fd.Spot if model == "spot" else fd.Escrowed
        engine = fd(process, paid, grid, grid, 0, ql.FdmSchemeDesc.Douglas(), False, -1.0, kind)
    elif model == "finite differences":
        engine = fd(process, grid, grid)
    elif american:
        engine = ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.highPrecisionScheme())
    else:
        engine = ql.AnalyticEuropeanEngine(process)
    made.setPricingEngine(engine)
    return made


def _flat(value: float) -> Any:
    return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, value, _COUNT))


@dataclass(frozen=True)
class Grid:
    """Options on 100 without rates, at the double nearest to their price; `attainable` is the error of the volatility that half
    of the price's last digit makes, or the last digit of the volatility itself if that is more."""

    strike: Any
    years: Any
    volatility: Any
    call: Any
    price: Any
    attainable: Any

    @property
    def terms(self) -> dict[str, Any]:
        return {"spot": 100.0, "strike": self.strike, "years": self.years, "rate": 0.0, "call": self.call}


def grids(count: int, seed: int = 11) -> dict[str, Grid]:
    """Realistic chains, the far wings, deep in the money, and one minute to one day."""
    chance = np.random.default_rng(seed)

    def log_uniform(low: float, high: float) -> Any:
        return np.exp(chance.uniform(np.log(low), np.log(high), count))

    def side() -> Any:
        return np.where(chance.random(count) < 0.5, 1.0, -1.0)

    hour, minute, day = 1 / 8760, 1 / 525600, 1 / 365
    made = {}
    made["realistic"] = _grid(log_uniform(day, 2), log_uniform(0.08, 1.5), chance.uniform(-2.5, 2.5, count), side())
    one = side()
    made["far out"] = _grid(log_uniform(hour, 2), log_uniform(0.05, 2), one * chance.uniform(3, 30, count), one)
    one = side()
    made["deep in"] = _grid(log_uniform(hour, 2), log_uniform(0.05, 2), -one * chance.uniform(1, 5, count), one)
    made["last day"] = _grid(log_uniform(minute, day), log_uniform(0.05, 3), chance.uniform(-0.7, 0.7, count), side())
    return made


def _grid(years: Any, volatility: Any, deviations: Any, sign: Any) -> Grid:
    import mpmath as mp

    strike, price, vega = 100 * np.exp(deviations * volatility * np.sqrt(years)), np.empty(len(years)), np.empty(len(years))
    with mp.workdps(60):
        for place, (k, time, level, c) in enumerate(zip(strike.tolist(), years.tolist(), volatility.tolist(), sign, strict=True)):
            root = mp.sqrt(mp.mpf(time))
            d1 = mp.log(100 / mp.mpf(k)) / (mp.mpf(level) * root) + mp.mpf(level) * root / 2
            d2 = d1 - mp.mpf(level) * root
            price[place] = float(c * (100 * mp.ncdf(c * d1) - mp.mpf(k) * mp.ncdf(c * d2)))
            vega[place] = float(100 * mp.npdf(d1) * root)
    fine = price > 0
    with np.errstate(divide="ignore"):
        attainable = np.maximum(np.spacing(price) / 2 / vega, np.spacing(volatility))
    return Grid(*(each[fine] for each in (strike, years, volatility, sign > 0, price, attainable)))


def many(count: int, seed: int) -> list[dict[str, Any]]:
    """Terms of options as they are traded, and somewhat beyond."""
    chance = np.random.default_rng(seed)
    return [
        {"spot": float(100 * np.exp(chance.normal(0, 0.15))), "strike": 100.0, "days": int(chance.integers(1, 800)),
         "volatility": float(np.exp(chance.uniform(np.log(0.08), np.log(1.0)))),
         "rate": float(chance.choice([0.0, 0.01, 0.045, 0.09])),
         "dividend": float(chance.choice([-0.02, 0.0, 0.013, 0.05, 0.1])), "call": bool(chance.random() < 0.5)}
        for _ in range(count)
    ]  # fmt: skip


def arrays(terms: list[dict[str, Any]]) -> dict[str, Any]:
    """The same as arguments of `options.price`."""
    made = {name: np.array([each[name] for each in terms]) for name in terms[0]}
    made["years"] = made.pop("days") / 365
    return made


def program(compiled: bool) -> Any:
    """The kernels: compiled, or the same source as plain Python."""
    import pytest

    from terminal.domain.options import machine

    numba = pytest.importorskip("numba")
    if compiled:
        return machine.load()
    spec = importlib.util.find_spec("terminal.domain.options.kernels")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    kept = numba.njit
    numba.njit = lambda *_, **__: lambda function: function
    try:
        spec.loader.exec_module(module)
    finally:
        numba.njit = kept
    return module
