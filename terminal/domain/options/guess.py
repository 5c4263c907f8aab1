"""The first guess of a total volatility: Bachelier's of the same price, then the step from his model to Black's.

Bachelier: with c = price / distance, y = distance / (volatility) depends on c alone. Near the money y is a fraction of
eta = distance / (2 price + distance) (the straddle's share, as Choi, Kim and Kwak, Applied Mathematical Finance 16 (2009), use
it), far out a fraction of sqrt(-ln c). Black's total volatility is s = s0 G(s0^2, x^2), s0 = x / y: the factor is 1 + s0^2 / 24
to first order (Hagan and Woodward, "Equivalent Black volatilities", 1999), here a fraction in both. All coefficients are our
own fits (least squares, reweighted towards the smallest greatest error): G to 3e-6 for s < 2 and x < 3, y to 3e-6 elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from terminal.domain.options.normal import Floats

# Numerators and denominators, the highest power first.
TURN = 0.9
NEAR_TOP = (0.022284760380588298, -0.39740558065084225, 1.4411097500864862, -1.86139837613567, 0.7978845776383593)
NEAR_LOW = (0.1079181534250093, -0.9199554566256881, 2.4642950614092856, -2.651225100511272, 1.0)
FAR_TOP = (0.1387596288183027, 0.41248697342702156, -1.4130862192443707, 1.9149798323988576, -0.5940388792516358)
FAR_LOW = (0.0980651398163894, 0.2977377407763555, -0.4680772805059806, 1.0)
# G by powers of u = s0^2, each by powers of v = x^2, the highest first; its denominator is 1 + LOW_V v + LOW_U u.
G0 = (-1.0668826662042354e-07, 1.1902346512106597e-06, 0.0063381416310824236, 0.9999989872823898)
G1 = (2.9660700221472e-06, -8.561520847992573e-05, -0.08385126366674248)
G2 = (9.174207809466497e-06, -0.0015838627494800305)
G3 = -6.944879001155566e-05
LOW_V, LOW_U = 0.006340730715347436, -0.12552405762761662
U_MOST, V_MOST = 6.2, 14.0


def guess(x: Floats, width: Floats, b: Floats) -> Floats:
    """For x = |ln(forward / strike)|, width = 2 sinh(x / 2) and b = price / sqrt(forward * strike), out of the money."""
    straddle = 2 * b + width
    eta = width / straddle
    near = eta < TURN
    e = np.where(near, eta * eta, 0.0)
    w = np.sqrt(np.where(near, 1.0, np.maximum(np.log(width / b), 1.0)))
    stretch = np.where(width > 0, x / width, 1.0)
    close = straddle * stretch * np.polyval(NEAR_LOW, e) / np.polyval(NEAR_TOP, e)
    s = np.where(near, close, x * np.polyval(FAR_LOW, w) / np.polyval(FAR_TOP, w))
    u, v = s * s, x * x
    top = np.polyval(G0, v) + u * (np.polyval(G1, v) + u * (np.polyval(G2, v) + u * G3))
    return np.asarray(np.where((u > U_MOST) | (v > V_MOST), s * (1 + u / 24), s * top / (1 + LOW_V * v + LOW_U * u)))
