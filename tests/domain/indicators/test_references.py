"""Every indicator against TA-Lib's own function, or against its definition written out bar by bar."""

# ruff: noqa: E741

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
import talib

from terminal.domain.indicators import INDICATORS, compute
from terminal.domain.resample import resample
from terminal.domain.sessions import Calendar
from terminal.paths import data_file

N = 260
_RANDOM = np.random.default_rng(17)
C = 30 * np.exp(np.cumsum(_RANDOM.standard_normal(N) * 0.02))
O = C * np.exp(_RANDOM.standard_normal(N) * 0.006)
H = np.maximum(O, C) * (1 + _RANDOM.random(N) * 0.012)
L = np.minimum(O, C) / (1 + _RANDOM.random(N) * 0.012)
V = _RANDOM.integers(500, 5000, N).astype(float)
DAYS = [day for day in (date(2025, 1, 1) + timedelta(days=n) for n in range(400)) if day.weekday() < 5][:N]
BARS = pl.DataFrame({"date": DAYS, "open": O, "high": H, "low": L, "close": C, "volume": V})
TP = (H + L + C) / 3

Reference = Callable[[], Any]


def rolling(count: int, value: Callable[[int, int], float], first: int = 0) -> np.ndarray:
    """value(a, b) over each window of rows a to before b; unknown before the first whole one."""
    return np.array([value(at - count + 1, at + 1) if at >= count - 1 + first else math.nan for at in range(N)])


def exponential(values: np.ndarray, count: int) -> np.ndarray:
    made = np.full(N, math.nan)
    start = int(np.argmax(~np.isnan(values)))
    state = float(np.mean(values[start : start + count]))
    made[start + count - 1] = state
    for at in range(start + count, N):
        state += 2 / (count + 1) * (values[at] - state)
        made[at] = state
    return made


def true_range() -> np.ndarray:
    return np.array([math.nan, *(max(H[i], C[i - 1]) - min(L[i], C[i - 1]) for i in range(1, N))])


def wilder_range(count: int) -> np.ndarray:
    made, reach = np.full(N, math.nan), true_range()
    made[count] = state = reach[1 : count + 1].mean()
    for at in range(count + 1, N):
        made[at] = state = (state * (count - 1) + reach[at]) / count
    return made


def around(centre: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, ...]:
    return centre + spread, centre - spread, centre


def middle(count: int) -> np.ndarray:
    return rolling(count, lambda a, b: (H[a:b].max() + L[a:b].min()) / 2)


def drawn_ahead(values: np.ndarray, rows: int) -> np.ndarray:
    return np.concatenate([np.full(rows, math.nan), values[:-rows]])


def hull() -> np.ndarray:
    def weighted(values: np.ndarray, count: int) -> np.ndarray:
        weights = np.arange(1, count + 1)
        return rolling(count, lambda a, b: float((values[a:b] * weights).sum() / weights.sum()))

    return weighted(2 * weighted(C, 10) - weighted(C, 20), 4)


def line_through(a: int, b: int) -> tuple[float, float]:
    """End of the regression line and the deviation around it."""
    x = np.arange(b - a)
    slope, start = np.polyfit(x, C[a:b], 1)
    rest = C[a:b] - (start + slope * x)
    return float(start + slope * (b - a - 1)), float(np.sqrt((rest**2).mean()))


def supertrend() -> tuple[np.ndarray, np.ndarray]:
    """The published steps: basic bands, final bands, then the side."""
    reach, centre = 3 * wilder_range(10), (H + L) / 2
    basic_upper, basic_lower = centre + reach, centre - reach
    upper, lower = basic_upper.copy(), basic_lower.copy()
    rising, falling = np.full(N, math.nan), np.full(N, math.nan)
    up = C[10] >= centre[10]
    for at in range(10, N):
        if at > 10:
            upper[at] = basic_upper[at] if basic_upper[at] < upper[at - 1] or C[at - 1] > upper[at - 1] else upper[at - 1]
            lower[at] = basic_lower[at] if basic_lower[at] > lower[at - 1] or C[at - 1] < lower[at - 1] else lower[at - 1]
            if up and C[at] < lower[at]:
                up = False
            elif not up and C[at] > upper[at]:
                up = True
        (rising if up else falling)[at] = lower[at] if up else upper[at]
    return rising, falling


def stochastic_of_rsi() -> tuple[np.ndarray, np.ndarray]:
    rsi = talib.RSI(C, 14)
    raw = rolling(14, lambda a, b: 100 * (rsi[b - 1] - rsi[a:b].min()) / (rsi[a:b].max() - rsi[a:b].min()), 14)
    k = rolling(3, lambda a, b: raw[a:b].mean(), 27)
    return k, rolling(3, lambda a, b: k[a:b].mean(), 29)


def percentage() -> tuple[np.ndarray, ...]:
    line = (exponential(C, 12) - exponential(C, 26)) / exponential(C, 26)
    return line, exponential(line, 9), line - exponential(line, 9)


def strength() -> tuple[np.ndarray, np.ndarray]:
    change = np.diff(C, prepend=math.nan)
    twice = [exponential(exponential(each, 25), 13) for each in (change, np.abs(change))]
    return 100 * twice[0] / twice[1], exponential(100 * twice[0] / twice[1], 7)


def vortex() -> tuple[np.ndarray, np.ndarray]:
    reach = true_range()
    plus = rolling(14, lambda a, b: sum(abs(H[i] - L[i - 1]) for i in range(a, b)) / reach[a:b].sum(), 1)
    return plus, rolling(14, lambda a, b: sum(abs(L[i] - H[i - 1]) for i in range(a, b)) / reach[a:b].sum(), 1)


def place(a: int, b: int) -> float:
    return sum((2 * C[i] - H[i] - L[i]) / (H[i] - L[i]) * V[i] for i in range(a, b)) / V[a:b].sum()


def by_month(value: Callable[[int, int], float]) -> np.ndarray:
    """value(first row of the month, row)."""
    starts = [next(i for i in range(N) if DAYS[i].replace(day=1) == day.replace(day=1)) for day in DAYS]
    return np.array([value(start, at) for at, start in enumerate(starts)])


def month_before(level: Callable[[float, float, float], float]) -> np.ndarray:
    months = resample(BARS, "1mo", Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8")))
    rows = {row["date"].replace(day=1): (row["high"], row["low"], row["close"]) for row in months.to_dicts()}
    order = sorted(rows)
    before = {month: rows[order[at - 1]] if at else None for at, month in enumerate(order)}
    return np.array([level(*found) if (found := before[day.replace(day=1)]) else math.nan for day in DAYS])


def points(*levels: Callable[[float, float, float], float]) -> tuple[np.ndarray, ...]:
    return tuple(month_before(each) for each in levels)


def pivot(h: float, l: float, c: float) -> float:
    return (h + l + c) / 3


def bands(width: float = 2) -> tuple[np.ndarray, ...]:
    return around(rolling(20, lambda a, b: C[a:b].mean()), width * rolling(20, lambda a, b: C[a:b].std()))


SAME: dict[str, Reference] = {  # settings are the defaults
    "sma": lambda: talib.SMA(C, 20),
    "ema": lambda: exponential(C, 20),
    "wma": lambda: talib.WMA(C, 20),
    "dema": lambda: talib.DEMA(C, 20),
    "tema": lambda: talib.TEMA(C, 20),
    "trima": lambda: talib.TRIMA(C, 20),
    "kama": lambda: talib.KAMA(C, 10),
    "hma": hull,
    "vwma": lambda: rolling(20, lambda a, b: (C[a:b] * V[a:b]).sum() / V[a:b].sum()),
    "linreg": lambda: rolling(20, lambda a, b: line_through(a, b)[0]),
    "highest": lambda: rolling(252, lambda a, b: H[a:b].max()),
    "lowest": lambda: rolling(252, lambda a, b: L[a:b].min()),
    "bollinger": lambda: talib.BBANDS(C, 20, 2, 2)[::2] + talib.BBANDS(C, 20, 2, 2)[1:2],
    "keltner": lambda: around(exponential(C, 20), 2 * wilder_range(10)),
    "donchian": lambda: (rolling(20, lambda a, b: H[a:b].max()), rolling(20, lambda a, b: L[a:b].min()), middle(20)),
    "envelope": lambda: tuple(rolling(20, lambda a, b: C[a:b].mean()) * each for each in (1.025, 0.975, 1)),
    "linreg_channel": lambda: around(rolling(50, lambda a, b: line_through(a, b)[0]),
                                     2 * rolling(50, lambda a, b: line_through(a, b)[1])),
    "ichimoku": lambda: (drawn_ahead((middle(9) + middle(26)) / 2, 25), drawn_ahead(middle(52), 25), middle(9), middle(26)),
    "supertrend": supertrend,
    "sar": lambda: talib.SAR(H, L, 0.02, 0.2),
    "chandelier": lambda: (rolling(22, lambda a, b: H[a:b].max()) - 3 * wilder_range(22),
                           rolling(22, lambda a, b: L[a:b].min()) + 3 * wilder_range(22)),
    "vwap": lambda: by_month(lambda a, at: (TP[a : at + 1] * V[a : at + 1]).sum() / V[a : at + 1].sum()),
    "avwap": lambda: np.array([(TP[: at + 1] * V[: at + 1]).sum() / V[: at + 1].sum() for at in range(N)]),
    "pivots": lambda: points(
        pivot, lambda h, l, c: 2 * pivot(h, l, c) - l, lambda h, l, c: pivot(h, l, c) + h - l,
        lambda h, l, c: h + 2 * (pivot(h, l, c) - l), lambda h, l, c: 2 * pivot(h, l, c) - h,
        lambda h, l, c: pivot(h, l, c) - h + l, lambda h, l, c: l - 2 * (h - pivot(h, l, c))),
    "pivots_fibonacci": lambda: points(pivot, *(
        lambda h, l, c, k=k: pivot(h, l, c) + k * (h - l) for k in (0.382, 0.618, 1, -0.382, -0.618, -1))),
    "pivots_camarilla": lambda: points(pivot, *(
        lambda h, l, c, k=k: c + 1.1 * (h - l) / k for k in (12, 6, 4, -12, -6, -4))),
    "rsi": lambda: talib.RSI(C, 14),
    "stochrsi": stochastic_of_rsi,
    "macd": lambda: talib.MACD(C, 12, 26, 9),
    "ppo": percentage,
    "stochastic": lambda: (talib.STOCH(H, L, C, 14, 3, 0, 1, 0)[0], talib.STOCH(H, L, C, 14, 3, 0, 3, 0)[1]),
    "cci": lambda: talib.CCI(H, L, C, 20),
    "roc": lambda: talib.ROC(C, 10) / 100,
    "momentum": lambda: talib.MOM(C, 10),
    "willr": lambda: rolling(14, lambda a, b: -100 * (H[a:b].max() - C[b - 1]) / (H[a:b].max() - L[a:b].min())),
    "trix": lambda: talib.TRIX(C, 15) / 100,
    "ultimate": lambda: talib.ULTOSC(H, L, C, 7, 14, 28),
    "cmo": lambda: talib.CMO(C, 14),
    "awesome": lambda: talib.SMA((H + L) / 2, 5) - talib.SMA((H + L) / 2, 34),
    "tsi": strength,
    "dpo": lambda: drawn_ahead(C, 11) - talib.SMA(C, 20),
    "adx": lambda: (talib.ADX(H, L, C, 14), talib.PLUS_DI(H, L, C, 14), talib.MINUS_DI(H, L, C, 14)),
    "aroon": lambda: (rolling(26, lambda a, b: 100 * (25 - int(np.argmax(H[a:b][::-1]))) / 25),
                      rolling(26, lambda a, b: 100 * (25 - int(np.argmin(L[a:b][::-1]))) / 25)),
    "aroon_oscillator": lambda: talib.AROONOSC(H, L, 25),
    "vortex": vortex,
    "atr": lambda: wilder_range(14),
    "natr": lambda: wilder_range(14) / C,
    "stdev": lambda: rolling(20, lambda a, b: C[a:b].std(ddof=1)),
    "hv": lambda: rolling(20, lambda a, b: np.diff(np.log(C[a - 1 : b])).std(ddof=1) * math.sqrt(252), 1),
    "bandwidth": lambda: (bands()[0] - bands()[1]) / bands()[2],
    "percent_b": lambda: (C - bands()[1]) / (bands()[0] - bands()[1]),
    "volume_average": lambda: rolling(20, lambda a, b: V[a:b].mean()),
    "relative_volume": lambda: V / drawn_ahead(rolling(20, lambda a, b: V[a:b].mean()), 1),
    "obv": lambda: talib.OBV(C, V),
    "ad": lambda: talib.AD(H, L, C, V),
    "chaikin": lambda: talib.ADOSC(H, L, C, V, 3, 10),
    "cmf": lambda: rolling(20, place),
    "mfi": lambda: talib.MFI(H, L, C, V, 14),
    "force": lambda: exponential(np.diff(C, prepend=math.nan) * V, 13),
}  # fmt: skip


def test_every_indicator_has_a_reference() -> None:
    assert set(SAME) == set(INDICATORS)


@pytest.mark.parametrize("name", INDICATORS)
def test_values_are_the_reference_s(name: str) -> None:
    told = SAME[name]()
    wanted = told if isinstance(told, tuple | list) else (told,)
    made = compute(name, BARS)
    assert len(wanted) == len(made)
    for (output, values), expected in zip(made.items(), wanted, strict=True):
        assert np.isfinite(expected).sum() >= 9, "the reference says nothing"
        assert np.allclose(values, expected, rtol=1e-9, atol=1e-9, equal_nan=True), output


def test_the_cloud_is_what_was_known_before() -> None:
    """A span on a row is the middle of ranges that ended 25 rows before, whatever came after."""
    made = compute("ichimoku", BARS)
    at = 200
    then = compute("ichimoku", BARS.head(at - 24))
    assert made["span_a"][at] == pytest.approx((then["conversion"][-1] + then["base"][-1]) / 2)
    assert made["span_b"][at] == pytest.approx((H[at - 76 : at - 24].max() + L[at - 76 : at - 24].min()) / 2)


def test_an_anchor_is_unknown_before_it_and_without_its_beginning() -> None:
    at = 100
    made = compute("avwap", BARS, (DAYS[at].isoformat(),))["avwap"]
    assert np.isnan(made[:at]).all() and made[at] == pytest.approx(TP[at])
    assert made[at + 2] == pytest.approx((TP[at : at + 3] * V[at : at + 3]).sum() / V[at : at + 3].sum())
    sunday = DAYS[at] + timedelta(days=6 - DAYS[at].weekday())
    after = next(i for i in range(N) if DAYS[i] > sunday)
    assert np.isnan(compute("avwap", BARS, (sunday.isoformat(),))["avwap"][:after]).all()
    assert compute("avwap", BARS, (sunday.isoformat(),))["avwap"][after] == pytest.approx(TP[after])
    for anchor in ("2024-06-03", "2031-01-01"):
        assert np.isnan(compute("avwap", BARS, (anchor,))["avwap"]).all()


def test_a_period_without_its_beginning_says_nothing() -> None:
    middle_of_month = BARS.filter(pl.col("date") >= date(2025, 3, 14))
    april = int(middle_of_month.select((pl.col("date") < date(2025, 4, 1)).sum()).item())
    vwap, levels = compute("vwap", middle_of_month)["vwap"], compute("pivots", middle_of_month)["pivot"]
    assert np.isnan(vwap[:april]).all() and np.isfinite(vwap[april:]).all()
    may = int(middle_of_month.select((pl.col("date") < date(2025, 5, 1)).sum()).item())
    assert np.isnan(levels[:may]).all() and np.isfinite(levels[may:]).all(), "March was not whole, so April has no pivots"
    for period, count in (("week", 5), ("quarter", 60), ("year", 250)):
        made = compute("vwap", BARS, (period,))["vwap"]
        assert np.isfinite(made[count:]).all()
