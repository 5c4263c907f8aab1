"""Recipes: published rules over events. What fired is told clause by clause, with the value each looked at."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.flow.events import VOCABULARY
from terminal.domain.rules import Rule, parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Recipe:
    """A rule with a name; `own` ones are the user's. Raises RuleError when `rule` is first read and is none."""

    id: str
    title: str
    text: str
    newbie: str = ""
    own: bool = False

    @cached_property
    def rule(self) -> Rule:
        """The rule over `events.FIELDS`."""
        return parse(self.text, VOCABULARY)

    @property
    def words(self) -> str:
        """The rule in plain words."""
        return self.newbie or self.rule.describe()


@dataclass(frozen=True)
class Fired:
    """One recipe over a frame of events: which rows it flags, for how many it cannot say."""

    recipe: Recipe
    rows: tuple[int, ...]
    unknown: int


def load(path: Path) -> tuple[Recipe, ...]:
    """The recipes of a file, each rule checked. Raises ValueError (RuleError among them), naming the recipe."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    found = tuple(Recipe(each["id"], each["title"], each["rule"], each["newbie"]) for each in document["recipe"])
    if len({each.id for each in found}) != len(found):
        raise ValueError(f"{path.name}: two recipes of one id")
    for each in found:
        _ = each.rule
    return found


def fire(recipes: Sequence[Recipe], found: pl.DataFrame) -> tuple[Fired, ...]:
    """Judge every event (columns of `events.complete`) by every recipe. What is unknown does not fire, and is counted."""
    judged = [(each, each.rule.evaluate(found)) for each in recipes]
    return tuple(Fired(recipe, tuple(outcome.fill_null(False).arg_true()), outcome.null_count()) for recipe, outcome in judged)


def flagged(recipes: Sequence[Recipe], found: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Fired, ...]]:
    """The events that some recipe flags, with `recipes` (list of ids, in the order given), and what each recipe found."""
    fired = fire(recipes, found)
    ids: list[list[str]] = [[] for _ in range(found.height)]
    for each in fired:
        for row in each.rows:
            ids[row].append(each.recipe.id)
    marked = found.with_columns(pl.Series("recipes", ids, dtype=pl.List(pl.String)))
    return marked.filter(pl.col("recipes").list.len() > 0), fired


def clauses(recipe: Recipe, event: pl.DataFrame) -> list[dict[str, Any]]:
    """For one event: clause, value it looked at, and whether it held (None: unknown)."""
    return [{"clause": clause.text, "value": value[0], "held": held[0]}
            for clause, (held, value) in zip(recipe.rule.clauses(), recipe.rule.judge(event), strict=True)]  # fmt: skip
