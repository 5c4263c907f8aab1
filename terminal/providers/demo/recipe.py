"""The recipe of the simulated exchange (`data/demo`) and its streams of random numbers."""

from __future__ import annotations

import csv
import tomllib
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.paths import data_file

if TYPE_CHECKING:
    from datetime import date

    from terminal.domain.sessions import Calendar

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Company:
    """One fictional company; `character` names a section of the recipe."""

    symbol: str
    name: str
    sector: str
    industry: str
    character: str


@dataclass(frozen=True)
class Recipe:
    """Everything the market is made from besides chance. `document` is the parsed `data/demo/market.toml`."""

    seed: int
    document: dict[str, Any]
    companies: tuple[Company, ...]

    @cached_property
    def sectors(self) -> tuple[str, ...]:
        """The sectors in the recipe's order."""
        return tuple(self.document["sectors"])

    @cached_property
    def sector_of(self) -> Ints:
        """The index into `sectors` of each company."""
        return np.array([self.sectors.index(each.sector) for each in self.companies], dtype=np.int64)

    @property
    def prices_from(self) -> date:
        """The first session of every price path."""
        day: date = self.document["prices_from"]
        return day

    def of_sector(self, key: str) -> Floats:
        """A number of each company's sector."""
        return np.array([self.document["sectors"][each.sector][key] for each in self.companies], dtype=np.float64)

    def of_character(self, key: str) -> Floats:
        """A number of each company's character."""
        return np.array([self.document["characters"][each.character][key] for each in self.companies], dtype=np.float64)

    def has(self, *characters: str) -> Bools:
        """Which companies have one of these characters."""
        return np.array([each.character in characters for each in self.companies], dtype=np.bool_)

    def stream(self, name: str, *more: int) -> np.random.Generator:
        """The random numbers for one purpose. Whoever draws one row a day gets the same past for every end."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, zlib.crc32(name.encode()), *more])))


def load(seed: int | None = None) -> Recipe:
    """The shipped recipe, with its own seed unless told otherwise."""
    document = tomllib.loads(data_file("demo", "market.toml").read_text(encoding="utf-8"))
    with data_file("demo", "companies.csv").open(encoding="utf-8", newline="") as lines:
        companies = tuple(Company(**row) for row in csv.DictReader(lines))
    return Recipe(int(document["seed"]) if seed is None else seed, document, companies)


def calendar() -> Calendar:
    """The exchange's real session calendar."""
    from terminal.domain.sessions import Calendar

    return Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))
