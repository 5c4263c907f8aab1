"""Scores of many rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from terminal.domain.instruments import KINDS
from terminal.domain.scoring import kernel
from terminal.domain.scoring.reasons import reasons
from terminal.domain.scoring.rulebook import THIN_FLAG, UNKNOWN_VERDICT, VERDICTS, Scorer

if TYPE_CHECKING:
    from terminal.domain.scoring import Rulebook

_VERDICTS = pl.Series("verdict", [*VERDICTS, UNKNOWN_VERDICT])  # rank -1 picks the last


def score(book: Rulebook, frame: pl.DataFrame, regime: str | None, *, texts: bool) -> pl.DataFrame:
    """See `Rulebook.score`."""
    rank = np.full(frame.height, kernel.UNKNOWN_RANK, np.int8)
    points = np.full(frame.height, np.nan)
    coverage = np.zeros(frame.height)
    flags = np.full(frame.height, 0, np.int32)
    labels: list[list[str]] = [[]]
    why = np.full(frame.height, "There are no scoring rules for this kind of instrument.", dtype=object)
    columns = kernel.Columns(frame, book.fields)
    for scorer in book.scorers.values():
        judged = np.array([*(kind in scorer.kinds for kind in KINDS), False, False])[columns.kind]
        if not judged.any():
            continue
        index = None if judged.all() else np.flatnonzero(judged)
        rows = kernel.Rows(columns, index)
        outcome = kernel.evaluate(scorer, rows, regime)
        where: Any = slice(None) if index is None else index
        rank[where], points[where], coverage[where] = outcome.rank, outcome.score, outcome.coverage
        if texts:
            flags[where] = _flags(scorer, rows, outcome, labels)
            why[where] = reasons(scorer, rows, outcome)
    result: dict[str, Any] = {
        "symbol": frame.get_column("symbol"), "verdict": _VERDICTS.gather(rank.astype(np.int64) % len(_VERDICTS)),
        "score": pl.Series("score", points, nan_to_null=True), "coverage": pl.Series("coverage", coverage)}
    if texts:
        result["flags"] = pl.Series("labels", labels, dtype=pl.List(pl.String)).gather(flags)
        result["why"] = pl.Series("why", why, dtype=pl.String)
    return pl.DataFrame(result)


def _flags(scorer: Scorer, rows: kernel.Rows, outcome: kernel.Outcome, labels: list[list[str]]) -> npt.NDArray[np.int32]:
    """For each row the place in `labels` of its flags' titles; equal sets share one place."""
    titles = [THIN_FLAG, *(flag.title for flag in scorer.flags)]
    mask = outcome.thin.astype(np.int64)
    for bit, flag in enumerate(scorer.flags, 1):
        mask |= kernel.flag_column(flag, rows)[0].astype(np.int64) << bit
    sets, inverse = np.unique(mask, return_inverse=True)
    start = len(labels)
    labels.extend([title for bit, title in enumerate(titles) if int(each) >> bit & 1] for each in sets)
    return (inverse + start).astype(np.int32)
