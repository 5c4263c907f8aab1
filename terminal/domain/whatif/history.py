"""Falls of the past as factor moves: what the index, its volatility and yields did from one close to another.

They stand in where the store does not reach back. S&P 500 closes, VIX closes of Cboe and 10-year Treasury constant maturity
yields of the Federal Reserve (H.15, FRED series DGS10), each from `start` to `end`; None: there was no such series yet, or we
do not state it. Compared figure by figure with Cboe's daily file of VIX and with DGS10, but for the yield of 3 January 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Crisis:
    """`market` is a fraction, `rate` a difference of fractions; `vix` before and at the end."""

    key: str
    title: str
    names: tuple[str, ...]
    start: date
    end: date
    closes: tuple[float, float]
    vix: tuple[float, float] | None
    yields: tuple[float, float] | None
    why: str

    @property
    def market(self) -> float:
        """What the S&P 500 lost, a negative fraction."""
        return self.closes[1] / self.closes[0] - 1

    @property
    def rate(self) -> float | None:
        """What the 10-year yield did; a fraction."""
        return None if self.yields is None else round((self.yields[1] - self.yields[0]) / 100, 6)


CRISES = (
    Crisis("1987", "Black Monday 1987", ("1987", "black monday", "october 1987", "crash of 1987"), date(1987, 10, 16),
           date(1987, 10, 19), (282.70, 224.84), None, None, "one day, the largest there was"),
    Crisis("2000", "Dot-com bust 2000 to 2002", ("2000", "dotcom", "dot-com", "dot com", "2002"), date(2000, 3, 24),
           date(2002, 10, 9), (1527.46, 776.76), None, (6.20, 3.61), "technology shares came back to earth"),
    Crisis("2001", "September 2001", ("2001", "september 2001", "9/11", "911"), date(2001, 9, 10), date(2001, 9, 21),
           (1092.54, 965.80), (31.84, 42.66), (4.84, 4.70), "the exchanges were closed for four days"),
    Crisis("2008", "Lehman 2008", ("2008", "lehman", "lehman 2008", "autumn 2008", "fall 2008", "financial crisis", "gfc"),
           date(2008, 9, 12), date(2008, 11, 20), (1251.70, 752.44), (25.66, 80.86), (3.74, 3.10), "ten weeks of a bank panic"),
    Crisis("2011", "August 2011", ("2011", "august 2011", "debt ceiling"), date(2011, 7, 22), date(2011, 8, 8),
           (1345.02, 1119.46), (17.52, 48.00), (2.99, 2.40), "the rating of the United States was lowered"),
    Crisis("2015", "August 2015", ("2015", "august 2015", "yuan"), date(2015, 8, 17), date(2015, 8, 25), (2102.44, 1867.61),
           (13.02, 36.02), (2.16, 2.12), "China let its currency fall"),
    Crisis("2018q1", "Volmageddon 2018", ("february 2018", "volmageddon"), date(2018, 1, 26), date(2018, 2, 8),
           (2872.87, 2581.00), (11.08, 33.46), (2.66, 2.85), "bets on calm were unwound"),
    Crisis("2018q4", "Autumn 2018", ("2018", "december 2018", "autumn 2018", "2018 q4", "q4 2018"), date(2018, 9, 20),
           date(2018, 12, 24), (2930.75, 2351.10), (11.80, 36.07), (3.07, 2.74), "rates rose into a slowdown"),
    Crisis("2020", "March 2020", ("2020", "march 2020", "covid", "covid 2020", "corona", "pandemic"), date(2020, 2, 19),
           date(2020, 3, 23), (3386.15, 2237.40), (14.38, 61.59), (1.56, 0.76), "the fastest fall of a third there was"),
    Crisis("2022", "Rate shock 2022", ("2022", "inflation 2022", "rate shock"), date(2022, 1, 3), date(2022, 10, 12),
           (4796.56, 3577.03), (16.60, 33.57), (1.63, 3.91), "shares and bonds fell together"),
)  # fmt: skip


def crisis(name: str) -> Crisis | None:
    """The fall a name means, in any case; None when it means none."""
    wanted = " ".join(name.lower().replace("-", " ").split())
    for one in CRISES:
        if wanted in (each.lower().replace("-", " ") for each in (one.key, one.title, *one.names)):
            return one
    return None
