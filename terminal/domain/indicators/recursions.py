"""RSI, MACD, Bollinger Bands, ATR and ADX written out, for many symbols of equal length; `batch` has them compiled.

Each function fills rows `first` to before `last` of its outputs; all arrays are float64 of shape (symbols, bars), without
an unknown value. The arithmetic is TA-Lib's, seeds and treatment of zero included. Plain loops on purpose.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terminal.domain.indicators.model import Array

ZERO = 1e-14  # what TA-Lib takes for no movement, in ADX
NAN = float("nan")
ANEW = 256  # after so many bars the sums of a window are made anew, around a price nearby


def rsi(close: Array, made: Array, first: int, last: int, length: int) -> None:
    """Wilder's RSI; unknown until the price has moved."""
    bars, share = close.shape[1], 1.0 / length
    fade = (length - 1) * share
    for row in range(first, last):
        prices, values = close[row], made[row]
        for at in range(min(length, bars)):
            values[at] = NAN
        up = down = 0.0
        moved = False
        before = prices[0]
        for at in range(1, bars):
            price = prices[at]
            change = price - before
            before = price
            moved = moved or change != 0.0
            gain, loss = max(change, 0.0), max(-change, 0.0)
            if at <= length:
                up += gain
                down += loss
                if at < length:
                    continue
                up *= share
                down *= share
            else:
                up = up * fade + gain * share
                down = down * fade + loss * share
            total = up + down
            values[at] = NAN if not moved else 100.0 * up / total if total > 0.0 else 0.0


def macd(
    close: Array, line: Array, signal: Array, histogram: Array, first: int, last: int, fast: int, slow: int, smooth: int
) -> None:
    """MACD; all three lines begin with the first value of the signal."""
    bars, begin = close.shape[1], slow + smooth - 2
    quick_share, late_share, share = 2.0 / (fast + 1), 2.0 / (slow + 1), 2.0 / (smooth + 1)
    for row in range(first, last):
        prices, lines, signals, differences = close[row], line[row], signal[row], histogram[row]
        for at in range(min(begin, bars)):
            lines[at] = signals[at] = differences[at] = NAN
        if bars <= begin:
            continue
        quick = late = mean = 0.0
        for at in range(slow):
            late += prices[at]
            if at >= slow - fast:
                quick += prices[at]
        quick /= fast
        late /= slow
        for at in range(slow - 1, bars):
            if at >= slow:
                quick = quick * (1.0 - quick_share) + prices[at] * quick_share
                late = late * (1.0 - late_share) + prices[at] * late_share
            value = quick - late
            if at <= begin:
                mean += value
                if at < begin:
                    continue
                mean /= smooth
            else:
                mean = mean * (1.0 - share) + value * share
            lines[at] = value
            signals[at] = mean
            differences[at] = value - mean


def bollinger(
    close: Array, upper: Array, lower: Array, middle: Array, first: int, last: int, length: int, width: float
) -> None:
    """Mean and population deviation of a moving window."""
    bars, share = close.shape[1], 1.0 / length
    for row in range(first, last):
        prices, uppers, lowers, middles = close[row], upper[row], lower[row], middle[row]
        for at in range(min(length - 1, bars)):
            uppers[at] = lowers[at] = middles[at] = NAN
        near = total = squares = 0.0
        fresh = 0
        for at in range(length - 1, bars):
            if fresh > 0:
                old, new = prices[at - length] - near, prices[at] - near
                total += new - old
                squares += new * new - old * old
                fresh -= 1
            shift = total * share
            variance = squares * share - shift * shift
            if fresh == 0 or variance < 1e-6 * shift * shift:
                near = total = squares = 0.0
                for back in range(at - length + 1, at + 1):
                    near += prices[back]
                near *= share
                for back in range(at - length + 1, at + 1):
                    value = prices[back] - near
                    total += value
                    squares += value * value
                fresh = ANEW
                shift = total * share
                variance = max(squares * share - shift * shift, 0.0)
            spread = width * sqrt(variance)
            uppers[at] = near + shift + spread
            lowers[at] = near + shift - spread
            middles[at] = near + shift


def atr(high: Array, low: Array, close: Array, made: Array, first: int, last: int, length: int) -> None:
    """Wilder's average true range."""
    bars, share = close.shape[1], 1.0 / length
    fade = (length - 1) * share
    for row in range(first, last):
        tops, bottoms, prices, values = high[row], low[row], close[row], made[row]
        for at in range(min(length, bars)):
            values[at] = NAN
        mean = 0.0
        for at in range(1, bars):
            before = prices[at - 1]
            reach = max(tops[at], before) - min(bottoms[at], before)
            if at <= length:
                mean += reach
                if at < length:
                    continue
                mean *= share
            else:
                mean = mean * fade + reach * share
            values[at] = mean


def adx(
    high: Array, low: Array, close: Array, made: Array, rising: Array, falling: Array, first: int, last: int, length: int
) -> None:
    """Wilder's ADX, +DI and -DI."""
    bars, share = close.shape[1], 1.0 / length
    fade = (length - 1) * share
    for row in range(first, last):
        tops, bottoms, prices, values, rises, falls = high[row], low[row], close[row], made[row], rising[row], falling[row]
        for at in range(min(2 * length - 1, bars)):
            values[at] = NAN
        for at in range(min(length, bars)):
            rises[at] = falls[at] = NAN
        plus = minus = reach = index = 0.0
        for at in range(1, bars):
            before = prices[at - 1]
            up, down = max(tops[at] - tops[at - 1], 0.0), max(bottoms[at - 1] - bottoms[at], 0.0)
            gain, loss = up if up > down else 0.0, down if down > up else 0.0
            span = max(tops[at], before) - min(bottoms[at], before)
            if at < length:
                plus += gain
                minus += loss
                reach += span
                continue
            plus = plus * fade + gain
            minus = minus * fade + loss
            reach = reach * fade + span
            scale = 100.0 / reach if reach >= ZERO else 0.0
            rises[at] = plus * scale
            falls[at] = minus * scale
            both = plus + minus
            known = reach >= ZERO and 100.0 * both >= ZERO * reach
            strength = 100.0 * abs(plus - minus) / both if known else 0.0
            if at < 2 * length:
                index += strength
                if at < 2 * length - 1:
                    continue
                index *= share
            elif known:
                index = index * fade + strength * share
            values[at] = index
