"""A priced chain as arrays, a row a contract and one more for the shares: what positions and candidates are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from terminal.domain.options import price

if TYPE_CHECKING:
    from datetime import date, datetime

    from terminal.domain.options.pricing import Priced
    from terminal.domain.options.surface import Smile, Surface

Floats = npt.NDArray[np.float64]
NUMBERS = (
    "strike",
    "years",
    "rate",
    "carry",
    "iv",
    "bid",
    "ask",
    "mid",
    "delta",
    "gamma",
    "vega",
    "theta",
    "rho",
    "volume",
    "open_interest",
)


@dataclass(frozen=True)
class Term:
    """One expiry. `days` and `years` from the chain's moment; `rows` its contracts on the board."""

    expiry: date
    expires: datetime
    root: str
    days: float
    years: float
    forward: float
    rate: float
    carry: float
    atm_iv: float | None
    rows: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Board:
    """Arrays of one length; the last row (`share`) stands for one share: a call with a strike of 0 that never expires.

    What is not known is NaN. `usable` and `reasons` are the quality gate's. Prices are a share's, Greeks those of `Priced`.
    """

    symbol: str
    at: datetime
    spot: float
    terms: tuple[Term, ...]
    contract: tuple[str, ...]
    expiry: npt.NDArray[np.int64]
    call: npt.NDArray[np.bool_]
    american: npt.NDArray[np.bool_]
    usable: npt.NDArray[np.bool_]
    reasons: tuple[str, ...]
    columns: dict[str, Floats]
    places: dict[tuple[int, float, bool], int]
    smiles: dict[date, Smile]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["columns"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def share(self) -> int:
        """The row of the shares."""
        return len(self.contract) - 1

    def place(self, expiry: date, strike: float, right: str) -> int | None:
        """The row of a contract; None when the chain has none."""
        return self.places.get((expiry.toordinal(), round(strike, 3), right == "C"))

    def term(self, expiry: date) -> Term | None:
        """One of the expiries; None when the chain has none of that day."""
        return next((each for each in self.terms if each.expiry == expiry), None)

    def worth(
        self, rows: npt.NDArray[np.intp], spots: Floats, elapsed: float | Floats, shift: float = 0.0, *, exact: bool = True
    ) -> Floats:
        """[row, price]: what one share of each row is worth once `elapsed` years have passed, the share being at `spots`.

        `elapsed` may be one for each row. Each keeps its own volatility, moved by `shift`; what has expired by then is worth
        exercising it.
        Not `exact`: exercising early counts only as the least an option is worth (for many candidates at once).
        """
        strike, call = self.strike[rows][:, None], self.call[rows][:, None]
        spots = np.asarray(spots, dtype=np.float64)[None, :]
        made = np.maximum(np.where(call, spots - strike, strike - spots), 0.0)
        left = self.years[rows] - elapsed
        alive = np.flatnonzero(np.isfinite(left) & (left > 1e-9))
        if alive.size:
            taken = rows[alive]
            value = price(
                spot=spots,
                strike=strike[alive],
                years=left[alive][:, None],
                volatility=np.maximum(self.iv[taken][:, None] + shift, 0.005),
                rate=self.rate[taken][:, None],
                dividend=self.carry[taken][:, None],
                call=call[alive],
                american=self.american[taken][:, None] if exact else False,
            )
            made[alive] = np.where(self.american[taken][:, None], np.maximum(value, made[alive]), value)
        return np.asarray(made)


def board(priced: Priced, surface: Surface | None = None) -> Board:
    """With the fitted smiles of a surface where there are any.

    Of an expiry with several roots (SPX and SPXW) the one with more usable quotes is taken; expired ones stay out.
    """
    terms = priced.expiries.filter(pl.col("years") > 0).sort("usable", "contracts", descending=True)
    terms = terms.unique("expiry", keep="first", maintain_order=True).sort("expiry")
    frame = priced.frame.join(terms.select("expiry", "root"), on=["expiry", "root"], how="semi").sort("expiry", "strike", "right")
    frame = frame.unique(["expiry", "strike", "right"], keep="first", maintain_order=True)
    columns = {name: np.append(frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy(), np.nan) for name in NUMBERS}
    share = {
        "strike": 0.0,
        "years": np.inf,
        "rate": 0.0,
        "carry": 0.0,
        "iv": 0.0,
        "bid": priced.spot,
        "ask": priced.spot,
        "mid": priced.spot,
        "delta": 1.0,
        "gamma": 0.0,
        "vega": 0.0,
        "theta": 0.0,
        "rho": 0.0,
        "volume": np.inf,
        "open_interest": np.inf,
    }
    for name, value in share.items():
        columns[name][-1] = value
    expiry = np.append(np.array([day.toordinal() for day in frame["expiry"]], dtype=np.int64), 0)
    call = np.append(frame["call"].to_numpy(), True)
    places = {
        (int(day), round(float(strike), 3), bool(is_call)): row
        for row, (day, strike, is_call) in enumerate(zip(expiry[:-1], columns["strike"][:-1], call[:-1], strict=True))
    }
    made = tuple(
        Term(
            each["expiry"],
            each["expires"],
            each["root"],
            each["days"],
            each["years"],
            each["forward"],
            each["rate"],
            each["carry"],
            each["atm_iv"],
            np.flatnonzero(expiry == each["expiry"].toordinal()),
        )
        for each in terms.to_dicts()
    )
    usable = frame["usable"].to_numpy() & np.isfinite(columns["iv"][:-1]) & np.isfinite(columns["mid"][:-1])
    return Board(
        priced.symbol,
        priced.at,
        priced.spot,
        made,
        (*frame["contract"], priced.symbol),
        expiry,
        call,
        np.append(frame["american"].to_numpy(), False),
        np.append(usable, True),
        (*frame["reasons"], ""),
        columns,
        places,
        {each.expiry: each for each in surface.smiles if each.curve is not None} if surface else {},
    )
