"""Screening many symbols many times: range filters, group filters, and a weighted rank among the survivors.

Made once per frame, asked at every move of a slider. Each field keeps its values as float64, when first used, and its
sort order as int32, when first ranked. The rank among the survivors is then a running count along that order, so no
sort happens per question; masks of predicates that did not move are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_KEPT_MASKS = 256


@dataclass(frozen=True, slots=True)
class Range:
    """Low and high included; None is open. A row whose value is unknown never passes."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ScreenResult:
    """`indices` of the best rows, best first, with their `score` (0 to the sum of weights); `survivors` passed in all.

    Without weights the rows come in the frame's order and the score is 0. Equal scores keep the frame's order.
    """

    indices: NDArray[np.int64]
    score: NDArray[np.float64]
    survivors: int


@dataclass
class _Column:
    """One field's values (NaN unknown), its sort order over the known ones, and where runs of equal values end."""

    values: NDArray[np.float64]
    known: NDArray[np.bool_]
    order: NDArray[np.int32] | None = None
    ties: NDArray[np.int32] | None = None
    masks: OrderedDict[Range, NDArray[np.bool_]] = field(default_factory=OrderedDict)


class Screen:
    """Answers screens over one frame. Not for use from several threads at once."""

    def __init__(
        self, frame: pl.DataFrame, fields: Sequence[str] | None = None, groups: Sequence[str] = ("sector", "kind")
    ) -> None:
        """`fields`: the numeric columns that may be filtered or ranked (None: all); `groups`: the text columns."""
        numeric = [name for name, kind in frame.schema.items() if kind.is_numeric() or kind == pl.Boolean]
        self._frame = frame
        self._fields = frozenset(numeric if fields is None else fields)
        self._height = frame.height
        self._columns: dict[str, _Column] = {}
        self._groups = {name: _codes(frame[name]) for name in groups if name in frame.columns}
        self._group_masks: OrderedDict[tuple[str, frozenset[str]], NDArray[np.bool_]] = OrderedDict()
        self._ranked: OrderedDict[tuple[str, ...], NDArray[np.bool_]] = OrderedDict()

    def run(
        self,
        ranges: Mapping[str, Range] | None = None,
        groups: Mapping[str, frozenset[str]] | None = None,
        weights: Mapping[str, float] | None = None,
        limit: int | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> ScreenResult:
        """Filter, rank, and give the best `limit`. Score = sum of weight x rank / survivors.

        The rank of a field is ascending, ties share their mean; a negative weight ranks low values first. Rows that
        lack a ranked field do not pass. `mask` adds a condition from elsewhere, such as a rule's outcome. Raises
        KeyError for a field or group the screen was not made for.
        """
        keep = np.ones(self._height, dtype=np.bool_) if mask is None else mask.copy()
        for name, span in (ranges or {}).items():
            keep &= self._range_mask(name, span)
        for name, wanted in (groups or {}).items():
            keep &= self._group_mask(name, wanted)
        ranked = {name: weight for name, weight in (weights or {}).items() if weight}
        if not ranked:
            indices = np.flatnonzero(keep)
            return ScreenResult(indices[:limit], np.zeros(len(indices[:limit])), len(indices))
        keep &= self._known(tuple(ranked))
        indices = np.flatnonzero(keep)
        score = self._score(keep, indices, ranked)
        best = _best(score, limit)
        return ScreenResult(indices[best], score[best], len(indices))

    def possible(
        self,
        ranges: Mapping[str, Range] | None = None,
        groups: Mapping[str, frozenset[str]] | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.bool_]:
        """One value a row: no condition refuses it, because it passes or because its value is unknown.

        Less the rows that `run` finds, these are the undecided ones. `mask` as in `run`.
        """
        keep = np.ones(self._height, dtype=np.bool_) if mask is None else mask.copy()
        for name, span in (ranges or {}).items():
            if span != Range():
                keep &= self._range_mask(name, span) | ~self._column(name).known
        for name, wanted in (groups or {}).items():
            keep &= self._group_mask(name, wanted) | (self._groups[name][0] < 0)
        return keep

    def count(self, name: str, span: Range) -> int:
        """How many rows pass one range alone."""
        return int(np.count_nonzero(self._range_mask(name, span)))

    def forget_masks(self) -> None:
        """Drop the kept masks of predicates; sort orders stay."""
        for column in self._columns.values():
            column.masks.clear()
        self._group_masks.clear()
        self._ranked.clear()

    def _column(self, name: str) -> _Column:
        if name not in self._columns:
            if name not in self._fields:
                raise KeyError(name)
            values = self._frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)
            self._columns[name] = _Column(np.ascontiguousarray(values), ~np.isnan(values))
        return self._columns[name]

    def _range_mask(self, name: str, span: Range) -> NDArray[np.bool_]:
        column = self._column(name)
        if span in column.masks:
            column.masks.move_to_end(span)
            return column.masks[span]
        values = column.values
        made = column.known.copy() if span.low is None and span.high is None else None
        if span.low is not None:
            made = values >= span.low
        if span.high is not None:
            made = values <= span.high if made is None else np.logical_and(made, values <= span.high, out=made)
        assert made is not None
        return _remember(column.masks, span, made, 8)

    def _group_mask(self, name: str, wanted: frozenset[str]) -> NDArray[np.bool_]:
        key = (name, frozenset(wanted))
        if key not in self._group_masks:
            codes, words = self._groups[name]
            wanted_codes = np.array([word in wanted for word in words] + [False])  # the last one is for unknown, code -1
            return _remember(self._group_masks, key, wanted_codes[codes], _KEPT_MASKS)
        return self._group_masks[key]

    def _known(self, names: tuple[str, ...]) -> NDArray[np.bool_]:
        if names not in self._ranked:
            made = np.logical_and.reduce([self._column(name).known for name in names])
            return _remember(self._ranked, names, made, 8)
        return self._ranked[names]

    def _score(self, keep: NDArray[np.bool_], indices: NDArray[np.int64], ranked: Mapping[str, float]) -> NDArray[np.float64]:
        """Weighted mean ranks of the survivors, in the order of `indices`."""
        survivors = len(indices)
        total = np.zeros(self._height)
        if not survivors:
            return total[indices]
        for name, weight in ranked.items():
            column = self._ordered(name)
            order, ties = column.order, column.ties
            assert order is not None
            alive = order[keep[order]]  # the survivors, smallest value first
            ranks = np.arange(1.0, survivors + 1.0)
            if ties is not None:
                ranks = _mean_ranks(column.values[alive])
            total[alive] += (weight / survivors) * ranks if weight > 0 else (-weight / survivors) * (survivors + 1.0 - ranks)
        return total[indices]

    def _ordered(self, name: str) -> _Column:
        column = self._column(name)
        if column.order is None:
            known = np.flatnonzero(column.known)
            order = known[np.argsort(column.values[known], kind="stable")]
            column.order = order.astype(np.int32)
            in_order = column.values[order]
            equal = np.flatnonzero(in_order[1:] == in_order[:-1])
            column.ties = equal.astype(np.int32) if len(equal) else None
        return column


def _codes(column: pl.Series) -> tuple[NDArray[np.int64], list[str]]:
    """A number for each word, -1 for unknown, and the words."""
    text = column.cast(pl.String)
    words: list[str] = text.drop_nulls().unique(maintain_order=True).to_list()
    codes = (
        text.replace_strict(words, list(range(len(words))), default=-1, return_dtype=pl.Int64)
        if words
        else pl.Series([-1] * len(text))
    )
    return codes.fill_null(-1).to_numpy().astype(np.int64), words


def _mean_ranks(in_order: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1 of values in ascending order; equal ones share the mean of theirs."""
    starts = np.flatnonzero(np.concatenate(([True], in_order[1:] != in_order[:-1])))
    ends = np.append(starts[1:], len(in_order))
    return np.repeat((starts + ends + 1) / 2.0, ends - starts)


def _best(score: NDArray[np.float64], limit: int | None) -> NDArray[np.int64]:
    """Positions of the `limit` highest scores, highest first, the earlier position first among equals."""
    if limit is None or limit >= len(score):
        return np.argsort(-score, kind="stable")
    if limit <= 0:
        return np.empty(0, dtype=np.int64)
    edge = np.partition(score, len(score) - limit)[len(score) - limit]
    at_least = np.flatnonzero(score >= edge)
    return at_least[np.argsort(-score[at_least], kind="stable")][:limit]


def _remember(kept: OrderedDict[Any, NDArray[np.bool_]], key: Any, made: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    kept[key] = made
    while len(kept) > most:
        kept.popitem(last=False)
    return made
