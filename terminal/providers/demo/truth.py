"""The ground truth of a simulated market, for tests of detectors and estimates.

Nothing here can be reached through the provider: its frames hold prices, volumes, statements and headlines only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from terminal.providers.demo.chains import planted_flow
from terminal.providers.demo.funds import basket_weights
from terminal.providers.demo.listing import Listing
from terminal.providers.demo.world import World, generate

if TYPE_CHECKING:
    from datetime import date

    from terminal.providers.demo.activity import Flow
    from terminal.providers.demo.plants import Kind, Plant


@dataclass(frozen=True, slots=True)
class Event:
    """One planted movement. A market-wide dip has neither symbol nor sector. `complete`: its last day is not after the end.

    `size` is the planned log return at the extreme, `lasting` the share of a dip that is never made good.
    """

    kind: Kind
    first: date
    last: date | None
    complete: bool
    symbol: str
    sector: str
    size: float
    cause: str
    lasting: float


@dataclass(frozen=True)
class Truth:
    """`beta` by company: its loading on the market factor over that of the broad fund. `phases`: each with its first session."""

    beta: dict[str, float]
    own_volatility: dict[str, float]
    events: tuple[Event, ...]
    flow: tuple[Flow, ...]
    phases: tuple[tuple[date, str], ...]


def truth(seed: int | None, end: date) -> Truth:
    """What really made the prices of the market of that seed (None: the shipped one) up to the session `end`."""
    world = generate(end, seed)
    symbols = [each.symbol for each in world.recipe.companies]
    broad = float(basket_weights(world.recipe, world.cap, "all")[-1] @ world.loadings.beta)
    phase = world.factors.phase
    changes = [0, *(t for t in range(1, len(phase)) if phase[t] != phase[t - 1])]
    return Truth(
        dict(zip(symbols, np.round(world.loadings.beta / broad, 4).tolist(), strict=True)),
        dict(zip(symbols, np.round(world.loadings.noise, 5).tolist(), strict=True)),
        tuple(_event(world, plant) for plant in world.plants),
        planted_flow(Listing(world, len(world.days)).last_day()),
        tuple((world.days[t], phase[t]) for t in changes),
    )


def _event(world: World, plant: Plant) -> Event:
    complete = plant.last < len(world.days)
    return Event(
        plant.kind,
        world.days[plant.first],
        world.days[plant.last] if complete else None,
        complete,
        world.recipe.companies[plant.company].symbol if plant.company >= 0 else "",
        world.recipe.sectors[plant.sector] if plant.sector >= 0 else "",
        round(plant.size, 5),
        plant.cause,
        plant.lasting,
    )
