"""What moves together: correlations of what is held as a table, ordered so that clusters lie side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plugins.portfolio.gathering import sources
from plugins.portfolio.tables import frame
from terminal.api import Column, Context, Table
from terminal.domain import format as written
from terminal.domain.risk.correlation import correlations, tree
from terminal.domain.risk.history import LEAST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plugins.portfolio.risk.gathering import AtRisk


@dataclass(frozen=True)
class Together:
    """`matrix` and `clusters` in the order of `symbols`; `mean` over all pairs, None with one symbol; `shares` of the size."""

    symbols: tuple[str, ...]
    names: tuple[str | None, ...]
    clusters: tuple[int, ...]
    matrix: NDArray[np.float64]
    intensity: float
    mean: float | None
    shares: tuple[float, ...]
    days: int

    def groups(self) -> list[tuple[int, list[int]]]:
        """The clusters of two and more: number and places."""
        found: dict[int, list[int]] = {}
        for place, cluster in enumerate(self.clusters):
            found.setdefault(cluster, []).append(place)
        return [(cluster, places) for cluster, places in found.items() if len(places) > 1]


def moving_together(of: AtRisk, together: float, *, sample: bool = False) -> Together:
    """The symbols of the positions that move (at least one must), from left to right as the tree of clusters has them."""
    symbols, returns = of.columns()
    moving = returns.std(axis=0) > 0.0
    symbols, returns = tuple(np.array(symbols)[moving].tolist()), returns[:, moving]
    found = correlations(returns)
    matrix = found.sample if sample else found.matrix
    grown = tree(matrix)
    order, clusters = grown.order(), grown.clusters(together)
    sizes: dict[str, float] = {}
    names: dict[str, str | None] = {}
    for each in of.positions:
        sizes[each.factor] = sizes.get(each.factor, 0.0) + abs(each.worth)
        names.setdefault(each.factor, each.name)
    whole = sum(sizes.values()) or 1.0
    pairs = matrix[np.triu_indices(len(symbols), 1)]
    listed = tuple(symbols[place] for place in order)
    return Together(
        listed,
        tuple(names[each] for each in listed),
        tuple(clusters[place] for place in order),
        matrix[np.ix_(order, order)],
        0.0 if sample else found.intensity,
        float(pairs.mean()) if pairs.size else None,
        tuple(sizes[each] / whole for each in listed),
        len(of.days),
    )


def correlation_table(ctx: Context, of: AtRisk, together: float, *, sample: bool = False) -> Table:
    """A row and a column for each symbol; `detail["together"]` has the matrix."""
    title = f"What moves together on {of.held.day}"
    made, _ = sources(ctx, of.fetches)
    lead = (Column("symbol", "Ticker"), Column("name", "Name"), Column("cluster", "Cluster", "integer", term="risk_cluster"))
    if not of.positions or len(of.days) < LEAST or not np.any(of.returns.std(axis=0) > 0.0):
        why = "Too few days are known, or nothing moved." if of.positions else of.nothing
        return Table(title, lead, frame(lead, ()), made, of.left_out, (why,))
    found = moving_together(of, together, sample=sample)
    columns = (*lead, *(Column(f"to_{each}", each, "number", "", "risk_correlation", 2) for each in found.symbols))
    rows: list[dict[str, Any]] = [
        {
            "symbol": symbol, "name": found.names[place], "cluster": found.clusters[place] + 1,
            **{f"to_{other}": float(value) for other, value in zip(found.symbols, found.matrix[place], strict=True)},
        }
        for place, symbol in enumerate(found.symbols)
    ]  # fmt: skip
    return Table(title, columns, frame(columns, rows), made, of.left_out, (*said(found, together), *of.notes),
                 detail={"together": found})  # fmt: skip


def said(found: Together, together: float) -> tuple[str, ...]:
    """The matrix in sentences."""
    told = []
    if found.mean is not None:
        told.append(f"Over {found.days} days two of them have a correlation of {written.number(found.mean, 2)} on average.")
    if found.intensity > 0.0:
        told.append(f"Shrunk by {written.percent(found.intensity, 1)} towards none, against chance (Ledoit-Wolf).")
    groups = sorted(found.groups(), key=lambda group: -sum(found.shares[place] for place in group[1]))
    for _, places in groups[:5]:
        listed = ", ".join(found.symbols[place] for place in places[:8]) + (" ..." if len(places) > 8 else "")
        share = sum(found.shares[place] for place in places)
        part = written.percent(share, 0)
        told.append(f"{listed} move as one ({written.number(together, 2)} and more): {part} of what you hold.")
    return tuple(told)
