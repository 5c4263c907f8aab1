"""Single option trades of one session: a sample of the usual ones, and sweeps, blocks, spreads and repeated hits planted in it.

Every planted group has contracts of its own, so that nothing else can be mistaken for a part of it. Decoys look like one of them
at first sight and are none: see `Kind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from terminal.domain.flow.prints import OPTION_TRADES
from terminal.domain.schemas import UTC

if TYPE_CHECKING:
    from datetime import datetime

    from terminal.providers.demo.chains import Options
    from terminal.providers.demo.recipe import Floats

# sweep: at once on four exchanges or more, at the ask or the bid. block: one large print. spread: two contracts at the same
# moment on one exchange, as many of each, marked as a spread. repeated: six hits of one contract on one side within minutes.
# both sides: at once on several exchanges, but bought and sold. small: a sweep of little money. cancelled: a block taken back.
# chance: two contracts at the same moment, not as many of each.
Kind = Literal["sweep", "block", "spread", "repeated", "both sides", "small", "cancelled", "chance"]
DECOYS = frozenset({"both sides", "small", "cancelled", "chance"})
EXCHANGES = ("AMEX", "ARCA", "BATS", "BOX", "C2", "CBOE", "EDGX", "EMLD", "GEMX", "ISE", "MCRY", "MEMX", "MIAX", "MPRL",
             "NASDAQ", "PHLX")  # fmt: skip
_PLAN: tuple[Kind, ...] = ("sweep", "sweep", "sweep", "block", "block", "spread", "spread", "repeated", "both sides", "small",
                           "cancelled", "chance")  # fmt: skip
_OF_CONTRACT = ("contract", "expiry", "strike", "right", "bid", "ask", "iv", "delta", "open_interest", "volume")
_LARGEST = 120  # of the usual trades, which are never blocks
_ROWS = ("ms", "side", "size", "exchange", "conditions", "group")
_Taken = tuple[dict[str, Any], int, int, int, str, str, int]  # a contract's row of the chain, then `_ROWS`


@dataclass(frozen=True, slots=True)
class Planted:
    """A group of trades and what it is. `bought` None: neither, or both; `premium` in dollars; `ids` as in the frame."""

    kind: Kind
    symbol: str
    contracts: tuple[str, ...]
    at: datetime
    size: int
    premium: float
    bought: bool | None
    ids: tuple[str, ...]


def option_trades(market: Options, symbols: tuple[str, ...], position: int = -1, usual: int = 1500) -> tuple[
    pl.DataFrame, tuple[Planted, ...]
]:  # fmt: skip
    """OPTION_TRADES of one session in the order of time, about `usual` of each symbol, and what is planted among them.

    `volume` is that of the whole day so far, of which the trades here are a part.
    """
    made = [_symbol(market, symbol, position, usual) for symbol in symbols]
    frame = pl.concat([OPTION_TRADES.empty(), *(each for each, _ in made)]).sort("at", "id")
    return frame, tuple(plant for _, plants in made for plant in plants)


def _symbol(market: Options, symbol: str, position: int, usual: int) -> tuple[pl.DataFrame, tuple[Planted, ...]]:
    chain = market.chain(symbol, position)
    day = market.tape.days[position]
    chance = market.recipe.stream("prints", day.toordinal(), market.tape.symbols.index(symbol))
    opened, minutes = market.calendar.session_open(day), market.calendar.minutes(day)
    chosen = _liquid(chain, chance)
    taken: list[_Taken] = []
    kinds: list[Kind] = []
    for kind in _PLAN:
        pick = [next(chosen) for _ in range(2)]
        taken += _group(kind, len(kinds), pick, minutes, chance)
        kinds.append(kind)
    used = {row[0]["contract"] for row in taken}
    taken += _ordinary(chain.filter(~pl.col("contract").is_in(list(used))), usual, minutes, chance)
    frame = _told(market, symbol, position, taken, opened, minutes)
    return frame.drop("group"), _planted(frame, kinds, symbol)


def _liquid(chain: pl.DataFrame, chance: np.random.Generator) -> Any:
    """Contracts that are traded a lot, each once, in an order by chance."""
    near = chain.filter(
        pl.col("delta").abs().is_between(0.15, 0.65), pl.col("bid") >= 0.5, pl.col("ask") > pl.col("bid") + 0.015,
        pl.col("open_interest") > 0,
    ).sort("volume", "contract", descending=[True, False]).head(60)  # fmt: skip
    rows = near.to_dicts()
    return iter([rows[n] for n in chance.permutation(len(rows)).tolist()])


def _group(kind: Kind, group: int, pick: list[dict[str, Any]], minutes: int, chance: np.random.Generator) -> list[_Taken]:
    """The trades of one planted group; side 1 at the ask, -1 at the bid, 0 between."""
    one, other = pick
    start = int((5 + chance.random() * (minutes - 30)) * 60_000)
    side = 1 if chance.random() < 0.7 else -1
    floor = int(np.ceil(60_000 / (one["bid"] * 100)))  # contracts that are worth 60,000 dollars
    venues = [EXCHANGES[n] for n in chance.permutation(len(EXCHANGES)).tolist()]
    if kind == "sweep":
        count = 4 + int(chance.random() * 4)
        each = max(floor, 300) // count + 1
        return [(one, start + 20 * n, side, each + 3 * n, venues[n], "ISOI", group) for n in range(count)]
    if kind == "block":
        return [(one, start, side, max(2 * floor, 500), venues[0], "SLFT" if chance.random() < 0.5 else "AUTO", group)]
    if kind == "cancelled":
        return [(one, start, side, max(2 * floor, 500), venues[0], "CANC", group)]
    if kind == "spread":
        size = max(floor, 40)
        return [(one, start, 1, size, venues[0], "MLET", group), (other, start, -1, size, venues[0], "MLET", group)]
    if kind == "chance":
        return [(one, start, 1, 33, venues[0], "AUTO", group), (other, start, -1, 47, venues[1], "AUTO", group)]
    if kind == "repeated":
        size = max(int(np.ceil(15_000 / (one["bid"] * 100))), 30)
        return [(one, start + n * 60_000 + int(chance.random() * 30_000), side, size, venues[n], "AUTO", group) for n in range(6)]
    if kind == "both sides":
        return [(one, start + 15 * n, 1 if n % 2 else -1, 30, venues[n // 2], "AUTO", group) for n in range(4)]
    return [(one, start + 20 * n, side, 1, venues[n], "AUTO", group) for n in range(3)]


def _ordinary(chain: pl.DataFrame, count: int, minutes: int, chance: np.random.Generator) -> list[_Taken]:
    """Usual trades: contracts by their volume, small sizes, busier towards open and close, on all sides."""
    traded = chain.filter(pl.col("volume") > 0).to_dicts()
    weight = np.sqrt(np.array([each["volume"] for each in traded]))
    which = chance.choice(len(traded), size=count, p=weight / weight.sum())
    place = chance.beta(0.7, 0.7, count)
    sizes = np.minimum(chance.geometric(0.12, count), _LARGEST)
    sides, venues = chance.choice([-1, 0, 1], size=count, p=[0.35, 0.3, 0.35]), chance.integers(0, len(EXCHANGES), count)
    at = np.round(place * (minutes * 60_000 - 1)).astype(np.int64)
    return [(traded[w], m, s, n, EXCHANGES[v], "AUTO", -1) for w, m, s, n, v in zip(
        which.tolist(), at.tolist(), sides.tolist(), sizes.tolist(), venues.tolist(), strict=True)]  # fmt: skip


def _told(market: Options, symbol: str, position: int, taken: list[_Taken], opened: datetime, minutes: int) -> pl.DataFrame:
    """OPTION_TRADES and `group`, by time."""
    rows = pl.DataFrame([
        {**dict(zip(_ROWS, row[1:], strict=True)), **{key: row[0][key] for key in _OF_CONTRACT}} for row in taken
    ])  # fmt: skip
    rows = rows.sort("ms", "group", "contract", maintain_order=True)
    share = rows["ms"].to_numpy() / (minutes * 60_000)
    spot = _path(market, symbol, position, share)
    close = float(market.tape.close[position, market.tape.symbols.index(symbol)])
    # Quotes went along with the price; what is known is where they ended.
    moved = np.round(rows["delta"].to_numpy() * (spot - close), 2)
    bid = np.maximum(np.round(rows["bid"].to_numpy() + moved, 2), 0.01)
    ask = np.maximum(np.round(rows["ask"].to_numpy() + moved, 2), bid + 0.02)
    side = rows["side"].to_numpy()
    price = np.where(side > 0, ask, np.where(side < 0, bid, np.round((bid + ask) / 2, 2)))
    so_far = np.floor(rows["volume"].to_numpy() * share)
    counted = rows.select(pl.col("size").cum_sum().over("contract"))["size"].to_numpy()
    day = market.tape.days[position]
    return rows.with_columns(
        pl.Series("id", [f"{symbol}-{day:%y%m%d}-{n:06d}" for n in range(rows.height)]),
        pl.lit("demo").alias("source"), pl.lit(symbol).alias("symbol"),
        (pl.lit(opened, dtype=UTC) + pl.duration(milliseconds="ms")).cast(UTC).alias("at"),
        pl.Series("bid", np.round(bid, 2)), pl.Series("ask", np.round(ask, 2)), pl.Series("price", np.round(price, 2)),
        pl.Series("underlying_price", np.round(spot, 2)), pl.Series("volume", np.maximum(so_far, counted)),
        pl.col("size").cast(pl.Int64),
    ).select(*OPTION_TRADES.columns, "group")  # fmt: skip


def _path(market: Options, symbol: str, position: int, share: Floats) -> Floats:
    """The price at parts of the session: by chance, from the close before to that of the day."""
    column = market.tape.symbols.index(symbol)
    first, last = market.tape.close[position - 1, column], market.tape.close[position, column]
    steps = market.recipe.stream("print path", market.tape.days[position].toordinal(), column).standard_normal(391)
    walk = np.concatenate([[0.0], np.cumsum(steps)]) * market.tape.volatility[position, column] / np.sqrt(391)
    grid = np.linspace(0, 1, 392)
    bridge = walk - grid * walk[-1]
    return np.asarray(np.exp(np.interp(share, grid, np.log(first) + grid * np.log(last / first) + bridge)))


def _planted(frame: pl.DataFrame, kinds: list[Kind], symbol: str) -> tuple[Planted, ...]:
    found = []
    for group, kind in enumerate(kinds):
        rows = frame.filter(pl.col("group") == group)
        sides = (rows["price"] >= rows["ask"]).unique().to_list()
        found.append(Planted(
            kind, symbol, tuple(rows["contract"].unique(maintain_order=True).to_list()), rows["at"][0], int(rows["size"].sum()),
            float((rows["price"] * rows["size"]).sum() * 100), sides[0] if len(sides) == 1 and kind != "spread" else None,
            tuple(rows["id"].to_list()),
        ))  # fmt: skip
    return tuple(found)
