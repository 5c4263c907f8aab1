"""A rule ready for use: parsed and checked once, evaluated on any frame of features."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.rules import tree
from terminal.domain.rules.check import check, reads_bars
from terminal.domain.rules.evaluate import Earlier, Evaluation
from terminal.domain.rules.grammar import read
from terminal.domain.rules.vocabulary import COMPANIES, Vocabulary, in_force
from terminal.domain.rules.words import describe

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date


@dataclass(frozen=True)
class Rule:
    """One condition. Rules are equal when they mean the same, however they were written."""

    root: tree.Node = field(repr=False)
    vocabulary: Vocabulary = field(default=COMPANIES, repr=False)

    @cached_property
    def text(self) -> str:
        """The normal spelling; `parse(rule.text) == rule`."""
        return tree.text_of(self.root)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields it reads, in the order they appear."""
        found: dict[str, None] = {}

        def walk(node: tree.Node) -> None:
            if isinstance(node, tree.Name) and node.name in self.vocabulary.fields:
                found[node.name] = None
            for below in tree.children(node):
                walk(below)

        walk(self.root)
        return tuple(found)

    @cached_property
    def needs_bars(self) -> bool:
        """Whether `evaluate` needs daily bars."""
        return reads_bars(self.root)

    @cached_property
    def lookbacks(self) -> tuple[int, ...]:
        """The sessions for which `evaluate` asks `earlier`: those of `change` of a field that is not made from bars."""
        found: set[int] = set()

        def walk(node: tree.Node) -> None:
            if isinstance(node, tree.Call) and node.name == "change" and not reads_bars(node):
                span = node.arguments[1]
                assert isinstance(span, tree.Number)
                found.add(int(span.amount))
            for below in tree.children(node):
                walk(below)

        walk(self.root)
        return tuple(sorted(found))

    def describe(self, title: Callable[[str], str] | None = None) -> str:
        """The rule in plain words; `title` gives the words for a field."""
        return describe(self.root, title or (lambda name: self.vocabulary.fields[name].title))

    def clauses(self) -> tuple[Rule, ...]:
        """The parts joined by the outermost `and`; the rule itself when there is none."""
        return tuple(Rule(part, self.vocabulary) for part in self.root.parts) if isinstance(self.root, tree.Both) else (self,)

    def evaluate(
        self, frame: pl.DataFrame, bars: pl.DataFrame | None = None, as_of: date | None = None, earlier: Earlier | None = None
    ) -> pl.Series:
        """Boolean for each row of `frame` [symbol, fields]; null is unknown. `bars` as the dataset BARS, in any order.

        With `as_of`, bars that end more than ten sessions before it make what needs them unknown.
        """
        with self.vocabulary.in_force():
            return Evaluation(frame, bars, as_of, earlier).condition(self.root)

    def values(
        self, frame: pl.DataFrame, bars: pl.DataFrame | None = None, as_of: date | None = None, earlier: Earlier | None = None
    ) -> pl.Series:
        """The number the rule looks at, for each row: the left side of its first comparison of numbers, null if none."""
        with self.vocabulary.in_force():
            looked = _looked_at(self.root)
            if looked is None:
                return pl.Series("value", [None] * frame.height, dtype=pl.Float64)
            return Evaluation(frame, bars, as_of, earlier).value(looked)

    def judge(
        self, frame: pl.DataFrame, bars: pl.DataFrame | None = None, as_of: date | None = None, earlier: Earlier | None = None
    ) -> tuple[tuple[pl.Series, pl.Series], ...]:
        """`evaluate` and `values` of each clause, with what they share computed once."""
        empty = pl.Series("value", [None] * frame.height, dtype=pl.Float64)
        with self.vocabulary.in_force():
            together = Evaluation(frame, bars, as_of, earlier)
            pairs = [(clause.root, _looked_at(clause.root)) for clause in self.clauses()]
            return tuple(
                (together.condition(root), empty if looked is None else together.value(looked)) for root, looked in pairs
            )


def parse(text: str, vocabulary: Vocabulary = COMPANIES) -> Rule:
    """The rule of a text over the fields of a vocabulary. RuleError, with the column and a suggestion, for what is none."""
    with vocabulary.in_force():
        return Rule(check(read(text)), vocabulary)


def _looked_at(node: tree.Node) -> tree.Node | None:
    """The first number that is compared. A constant on the left says nothing: then the side beside it."""
    match node:
        case tree.Comparison(operands=operands):
            return next((each for each in operands if not _constant(each)), None) if _numeric(operands[0]) else None
        case tree.Between(value=value) | tree.Among(value=value) | tree.Known(value=value):
            return value if _numeric(value) else None
        case tree.Crosses(left=left):
            return left
    return next((found for below in tree.children(node) if (found := _looked_at(below)) is not None), None)


def _constant(node: tree.Node) -> bool:
    return isinstance(node, tree.Number | tree.Text) or (bool(tree.children(node)) and all(map(_constant, tree.children(node))))


def _numeric(node: tree.Node) -> bool:
    if isinstance(node, tree.Name):
        return node.name == "close" or in_force().fields[node.name].type in ("number", "integer")
    return isinstance(node, tree.Number | tree.Negative | tree.Binary | tree.Call)
