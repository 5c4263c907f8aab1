"""Scores, verdicts and their reasons.

`load` reads the rule files (`data/scoring/*.toml`), `Rulebook.score` judges a wide frame of `fields.FIELDS`,
`Rulebook.explain` and `Rulebook.sensitivity` say why one row got its verdict and what would turn it.

A missing input is unknown: it is left out of the score and lowers the coverage; it never counts as pass or fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from terminal.domain.scoring.rulebook import THIN_FLAG, UNKNOWN_VERDICT, VERDICTS, Scorer, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from terminal.domain.scoring.explain import Explanation, Threshold

__all__ = ["THIN_FLAG", "UNKNOWN_VERDICT", "VERDICTS", "Rulebook", "load", "parse"]


class Place(Protocol):
    """A file or folder: `pathlib.Path` or a packaged resource."""

    @property
    def name(self) -> str: ...

    def iterdir(self) -> Iterator[Any]:
        """What the folder holds."""
        ...

    def read_text(self, encoding: str = ...) -> str:
        """What the file holds."""
        ...


def load(directory: Place) -> Rulebook:
    """The rulebook of a folder of TOML files, one scorer each. Raises ValueError naming file and place of a mistake."""
    files = sorted((file for file in directory.iterdir() if file.name.endswith(".toml")), key=lambda file: str(file.name))
    return Rulebook({file.name.removesuffix(".toml"): parse(file.name.removesuffix(".toml"), file.read_text(encoding="utf-8"))
                     for file in files})


class Rulebook:
    """The scorers by name. Immutable; `replace` makes another one."""

    def __init__(self, scorers: Mapping[str, Scorer]) -> None:
        if not scorers:
            raise ValueError("there are no scoring rules")
        self.scorers = dict(scorers)
        self._by_kind = {kind: scorer for scorer in scorers.values() for kind in scorer.kinds}

    def scorer(self, kind: str | None) -> Scorer | None:
        """Who judges this kind of instrument; None: nobody (an index, an unknown kind)."""
        return self._by_kind.get(kind or "")

    @property
    def fields(self) -> frozenset[str]:
        """Every field some scorer reads."""
        return frozenset().union(*(scorer.fields for scorer in self.scorers.values()))

    def score(self, frame: pl.DataFrame, regime: str | Any | None = None, *, texts: bool = True) -> pl.DataFrame:
        """One row for each of `frame`, in its order: symbol, verdict, score, coverage, flags, why.

        `frame` needs `symbol` and `kind`; `sector`, `currency` and every field may be absent or null (unknown).
        `regime` is a `Regime` or its name. `texts=False` leaves out `flags` and `why`, for loops over sliders.
        """
        from terminal.domain.scoring.frames import score
        return score(self, frame, _name(regime), texts=texts)

    def explain(self, row: Mapping[str, Any], regime: str | Any | None = None) -> Explanation:
        """Each gate, check and flag of one row with values, points and sentences; agrees with `score` exactly."""
        from terminal.domain.scoring.explain import Explanation, explain
        scorer = self.scorer(row.get("kind"))
        if scorer is None:
            what = "this kind of instrument" if row.get("kind") else "an instrument of unknown kind"
            reason = f"There are no scoring rules for {what}."
            return Explanation("", "", UNKNOWN_VERDICT, None, 0.0, _name(regime), unknown=("kind",), newbie=reason,
                               pro=reason)
        return explain(scorer, row, _name(regime))

    def sensitivity(self, row: Mapping[str, Any], regime: str | Any | None = None) -> list[Threshold]:
        """The nearest change of each threshold that turns the verdict of one row; empty without a scorer."""
        from terminal.domain.scoring.explain import sensitivity
        scorer = self.scorer(row.get("kind"))
        return [] if scorer is None else sensitivity(scorer, row, _name(regime))

    def replace(self, thresholds: Mapping[str, float]) -> Rulebook:
        """The rulebook with other numbers.

        Keys: `stock.gates.roe` (general limit), `stock.gates.roe.Utilities` (a sector's), `stock.verdict.buy`,
        `stock.weights.value` (points of a pillar). Raises KeyError for a key that names nothing.
        """
        scorers = dict(self.scorers)
        for key, value in thresholds.items():
            name, *path = key.split(".")
            if name not in scorers:
                raise KeyError(key)
            scorers[name] = scorers[name].replaced(tuple(path), float(value))
        return Rulebook(scorers)

    def threshold(self, key: str) -> float:
        """The present number behind a key of `replace`. Raises KeyError."""
        name, *path = key.split(".")
        scorer = self.scorers[name]
        match path:
            case ["verdict", limit] if hasattr(scorer.limits, limit):
                return float(getattr(scorer.limits, limit))
            case ["weights", pillar] if pillar in scorer.pillars:
                return scorer.pillars[pillar].weight
            case ["gates", gate_id, *sector]:
                for gate in scorer.gates:
                    if gate.id == gate_id:
                        return gate.limit_for(sector[0] if sector else None)
        raise KeyError(key)


def _name(regime: str | Any | None) -> str | None:
    name = regime if regime is None or isinstance(regime, str) else regime.name
    return None if name == "unknown" else name
