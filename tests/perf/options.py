"""Implied volatility and Greeks of 100,000 contracts beside other programs, and how near to attainable the answers are.

All take the same arrays in turns. A peer that is not installed is said on the standard error and left out; loops over single
contracts are timed on a part and scaled. The lines `error` are not times: the largest error over four grids (see
`tests.domain.options.references`) in units of what half of the price's last digit makes; `peer` there is what is promised.
The lines `american` price a chain of 10,000 contracts with 30 expiries, each contract with a volatility of its own. The lines
`spx` are a whole chain from its bytes to the screen (`_options_chain`).
"""

from __future__ import annotations

import importlib
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain.options import greeks, implied_volatility, machine, price
from tests.perf import _options_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTRACTS, TURNS = 100_000, 9
_ROOT_TAU = np.sqrt(2 * np.pi)


def chain(count: int = CONTRACTS, seed: int = 5) -> dict[str, Any]:
    """A realistic grid: one day to two years, 8 % to 150 %, up to two and a half deviations from the forward."""
    chance = np.random.default_rng(seed)
    spot, years = chance.uniform(20, 800, count), np.exp(chance.uniform(np.log(1 / 365), np.log(2), count))
    volatility = np.exp(chance.uniform(np.log(0.08), np.log(1.5), count))
    rate, dividend = np.full(count, 0.045), np.full(count, 0.013)
    strike = spot * np.exp((rate - dividend) * years + chance.uniform(-2.5, 2.5, count) * volatility * np.sqrt(years))
    return {"spot": spot, "strike": strike, "years": years, "volatility": volatility, "rate": rate, "dividend": dividend,
            "call": chance.random(count) < 0.5}  # fmt: skip


def run() -> Iterator[dict[str, Any]]:
    """The lines; raises SystemExit without numba."""
    if machine.load() is None:
        raise SystemExit("This benchmark needs numba: install the extra `fast`.")
    terms = chain()
    paid = price(**terms)
    given = {name: value for name, value in terms.items() if name != "volatility"}
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        share: dict[str, Any] = {"spread": pool.map, "parts": workers * 4}
        found = implied_volatility(paid, **given, **share)
        assert np.nanmax(np.abs(found - terms["volatility"])) < 1e-9
        yield from _beside(f"iv of {CONTRACTS:,}", lambda: implied_volatility(paid, **given, **share), _solvers(paid, terms))
        yield from _beside(f"price and 15 Greeks of {CONTRACTS:,}", lambda: greeks(**terms, **share), _sensitivities(terms))
        yield from _american(share)
    yield from _errors()
    yield from _options_chain.run()


Peer = tuple[str, "Callable[[], Any]", float]


def _beside(bench: str, ours: Callable[[], Any], peers: Iterator[Peer]) -> Iterator[dict[str, Any]]:
    for name, theirs, scale in peers:
        one, other = _turns(ours, theirs, TURNS if scale == 1 else 3)
        other *= scale
        yield {"bench": f"options.{bench}", "ours": round(one, 2), "peer": round(other, 2), "peer_name": name,
               "ratio": round(one / other, 4), "unit": "ms"}  # fmt: skip


def _peer(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except Exception as error:  # a peer may fail to load in any way; it is not ours to mend
        print(f"options: {module} is left out ({type(error).__name__}: {error})", file=sys.stderr)
        return None


def _solvers(paid: Any, terms: dict[str, Any]) -> Iterator[Peer]:
    s, k, t, r, q, call = (terms[name] for name in ("spot", "strike", "years", "rate", "dividend", "call"))
    sign, letter = np.where(call, 1, -1).astype(np.int8), np.where(call, "c", "p")
    if engine := _peer("iv_engine"):

        def by_engine() -> None:
            forward, value = s * np.exp((r - q) * t), paid * np.exp(r * t)
            for side in (True, False):
                at = call == side
                engine.batch.implied_volatilities(value[at], forward[at], k[at], t[at], side, parallel=True)

        yield "iv-engine, all processors", by_engine, 1.0
    if volr := _peer("pyvolr.bs"):
        yield "pyvolr", lambda: volr.implied_vol(paid, sign, s, k, t, r, q, on_error="ignore"), 1.0
    if fast := _peer("fast_vollib"):
        asked: dict[str, Any] = {"model": "black_scholes_merton", "return_as": "numpy", "on_error": "ignore"}
        yield "fast-vollib", lambda: fast.fast_implied_volatility(paid, s, k, t, r, letter, q=q, backend="numba", **asked), 1.0
    if vectorized := _peer("py_vollib_vectorized"):  # needs a numpy before 2
        asked = {"model": "black_scholes_merton", "return_as": "numpy", "on_error": "ignore"}
        by_vectors = vectorized.vectorized_implied_volatility
        yield "py_vollib_vectorized", lambda: by_vectors(paid, s, k, t, r, letter, q=q, **asked), 1.0
    if lbriv := _peer("lbriv"):
        part = 10_000

        def by_lbriv() -> None:
            forward, value = s[:part] * np.exp((r - q) * t)[:part], (paid * np.exp(r * t))[:part]
            for place in range(part):
                lbriv.implied_vol(value[place], forward[place], k[place], int(sign[place]))

        yield "lbriv, one by one", by_lbriv, CONTRACTS / part
    if vollib := _peer("vollib.black_scholes_merton.implied_volatility"):

        def by_vollib() -> None:
            for place in range(1000):
                vollib.implied_volatility(paid[place], s[place], k[place], t[place], r[place], q[place], letter[place])

        yield "vollib, one by one", by_vollib, CONTRACTS / 1000


def _sensitivities(terms: dict[str, Any]) -> Iterator[Peer]:
    s, k, t, v, r, q = (terms[name] for name in ("spot", "strike", "years", "volatility", "rate", "dividend"))
    sign = np.where(terms["call"], 1.0, -1.0)
    if special := _peer("scipy.special"):
        yield "numpy and SciPy, all of them", lambda: _numpy(special.ndtr, s, k, t, v, r, q, sign), 1.0
        yield "numpy and SciPy, price and five", lambda: _numpy(special.ndtr, s, k, t, v, r, q, sign, few=True), 1.0
    if volr := _peer("pyvolr.bs"):
        side = sign.astype(np.int8)
        yield "pyvolr, price and five", lambda: (volr.price(side, s, k, t, r, v, q), volr.greeks(side, s, k, t, r, v, q)), 1.0


def _numpy(ndtr: Any, s: Any, k: Any, t: Any, v: Any, r: Any, q: Any, c: Any, few: bool = False) -> Any:
    """The formulas as one writes them with numpy."""
    root, yielded = np.sqrt(t), np.exp(-q * t)
    deviation = v * root
    d1 = (np.log(s / k) + (r - q) * t) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    n1, n2, density = ndtr(c * d1), ndtr(c * d2), yielded * np.exp(-0.5 * d1 * d1) / _ROOT_TAU
    above, below = s * yielded * n1, k * np.exp(-r * t) * n2
    value, delta, gamma, vega = c * (above - below), c * yielded * n1, density / (s * deviation), s * density * root
    first = [value, delta, gamma, vega, -0.5 * vega * v / t + c * (q * above - r * below), c * t * below]
    if few:
        return np.array(first)
    drift = ((r - q) - d2 * v / (2 * root)) / deviation
    passing = q + d1 * drift
    second = [-density * d2 / v, c * q * yielded * n1 - density * drift, vega * d1 * d2 / v, -c * t * above, delta * s / value,
              vega * (passing - 0.5 / t), -s * density * t * d1 / v, -gamma / s * (d1 / deviation + 1),
              gamma * (d1 * d2 - 1) / v, gamma * (passing + 0.5 / t)]  # fmt: skip
    return np.array(first + second)


def _american(share: dict[str, Any]) -> Iterator[dict[str, Any]]:
    count = 10_000
    chance = np.random.default_rng(3)
    years = np.repeat(np.exp(np.linspace(np.log(1 / 365), np.log(2.5), 30)), count // 30 + 1)[:count]
    strike = 600 * np.exp(chance.normal(0, 0.23, count) * np.sqrt(years))
    level = np.clip(0.16 + 0.15 * np.abs(np.log(strike / 600)) / np.sqrt(years + 0.05) + chance.normal(0, 0.003, count), 0.05, 3)
    terms: dict[str, Any] = {"spot": 600.0, "strike": strike, "years": years, "rate": 0.042, "dividend": 0.012,
                             "call": chance.random(count) < 0.5, "american": True}  # fmt: skip
    paid = price(volatility=level, **terms)
    quantlib = _peer("QuantLib")
    peer = ("QuantLib's spectral engine, one by one", lambda: _quantlib(quantlib, terms, level, 200), count / 200)
    works = {
        "price": lambda: price(volatility=level, **terms),
        "iv": lambda: implied_volatility(paid, **terms, **share),
        "price and 15 Greeks": lambda: greeks(volatility=level, **terms, **share),
    }
    for name, work in works.items():
        if quantlib and name == "price":
            yield from _beside(f"american {name} of {count:,}", work, iter([peer]))
        else:
            taken, _ = _turns(work, lambda: None, 3)
            yield {"bench": f"options.american {name} of {count:,}", "ours": round(taken, 1), "peer": 400.0,
                   "peer_name": "the limit for a chain", "ratio": round(taken / 400, 3), "unit": "ms"}  # fmt: skip


def _quantlib(ql: Any, terms: dict[str, Any], level: Any, count: int) -> None:
    today = ql.Date(20, 11, 2026)
    ql.Settings.instance().evaluationDate = today
    day_count, calendar = ql.Actual365Fixed(), ql.NullCalendar()
    spot, volatility = ql.SimpleQuote(600.0), ql.SimpleQuote(0.2)
    flat = [ql.YieldTermStructureHandle(ql.FlatForward(today, value, day_count)) for value in (0.012, 0.042)]
    surface = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, calendar, ql.QuoteHandle(volatility), day_count))
    engine = ql.QdFpAmericanEngine(ql.BlackScholesMertonProcess(ql.QuoteHandle(spot), *flat, surface))
    for place in range(0, len(level), len(level) // count):
        right = ql.Option.Call if terms["call"][place] else ql.Option.Put
        payoff = ql.PlainVanillaPayoff(right, float(terms["strike"][place]))
        option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + max(int(terms["years"][place] * 365), 1)))
        volatility.setValue(float(level[place]))
        option.setPricingEngine(engine)
        option.NPV()


def _errors() -> Iterator[dict[str, Any]]:
    try:
        from tests.domain.options.references import grids
    except ImportError as error:
        print(f"options: the errors are left out ({error})", file=sys.stderr)
        return
    repeat = machine.WORTHWHILE // 400 + 1
    for name, grid in grids(400).items():
        given = {key: value if np.ndim(value) == 0 else np.tile(value, repeat) for key, value in grid.terms.items()}
        found = implied_volatility(np.tile(grid.price, repeat), **given)[: len(grid.price)]
        worst = float((np.abs(found - grid.volatility) / grid.attainable).max())
        yield {"bench": f"options.error of iv, {name}", "ours": round(worst, 2), "peer": 4.0, "peer_name": "what is promised",
               "ratio": round(worst / 4, 3), "unit": "attainable errors"}  # fmt: skip


def _turns(one: Callable[[], Any], other: Callable[[], Any], turns: int) -> tuple[float, float]:
    """Median milliseconds of each, in turns so that both meet the same machine; the first turn does not count."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(turns + 1):
        for case, times in zip((one, other), taken, strict=True):
            started = time.perf_counter()
            case()
            if turn:
                times.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken[0]), statistics.median(taken[1])
