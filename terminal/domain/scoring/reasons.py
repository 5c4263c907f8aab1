"""One short sentence a row: what counts most for it and against it, with its own numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from terminal.domain.fields import FIELDS
from terminal.domain.scoring import kernel, words
from terminal.domain.scoring.rulebook import VERDICTS, Gate, Scorer

_NARROW = "\u202f"
CLEAR = 0.1  # how far from the middle of its scale a value must be to speak for or against
Texts = npt.NDArray[Any]  # of str or None


def reasons(scorer: Scorer, rows: kernel.Rows, outcome: kernel.Outcome) -> Texts:
    """Praise first for a Buy, what is wrong first otherwise; where little is known, how little and what is missing."""
    pull = np.stack([_pull(column, weight) for column, weight in zip(outcome.checks, outcome.weights, strict=True)])
    everyone = np.arange(rows.height)
    best, worst = np.argmax(pull, axis=0), np.argmin(pull, axis=0)
    praised, blamed = pull[best, everyone] > 0, pull[worst, everyone] < 0
    pillars = np.array([list(scorer.pillars).index(check.pillar) for check in scorer.checks])
    pull[pillars[:, None] == pillars[best]] = -1.0  # the second reason is of another kind
    second = np.argmax(pull, axis=0)
    good = _phrases(scorer, rows, np.where(praised, best, -1), good=True)
    also = _phrases(scorer, rows, np.where(pull[second, everyone] > 0, second, -1), good=True)
    bad = _phrases(scorer, rows, np.where(blamed, worst, -1), good=False)
    gate = _failed_gates(scorer, rows, outcome)
    against = [first or then for first, then in zip(gate, bad, strict=True)]
    sentences = [_sentence(*parts) for parts in zip(
        zip(good, also, strict=True), against, outcome.rank.tolist(), strict=True)]
    texts = np.array(sentences, dtype=object)
    unclear = np.flatnonzero(outcome.thin | (outcome.rank == kernel.UNKNOWN_RANK))
    if len(unclear):
        missing = _missing(scorer, outcome, unclear)
        for at, lacks in zip(unclear.tolist(), missing, strict=True):
            known = f"{outcome.coverage[at] * 100:.0f}{_NARROW}%"
            if outcome.blind[at]:
                texts[at] = f"{_must_know(scorer, outcome, at)} must be known and is not"
            elif outcome.thin[at]:
                texts[at] += f"; only {known} is known{lacks}"
            else:
                texts[at] = f"Too little is known: {known} of what we look at{lacks}"
    return texts


def _pull(column: kernel.CheckColumn, weight: float) -> kernel.Floats:
    """Points above or below the middle; none where it is unknown or too near the middle to say anything."""
    apart = column.share - 0.5
    return np.where(column.known & (np.abs(apart) >= CLEAR), weight * column.worth * apart, 0.0)


def _must_know(scorer: Scorer, outcome: kernel.Outcome, at: int) -> str:
    return ", ".join(FIELDS[gate.field].title for gate, column in zip(scorer.gates, outcome.gates, strict=True)
                     if gate.must_know and column.applies[at] and not column.known[at])


def _missing(scorer: Scorer, outcome: kernel.Outcome, index: npt.NDArray[np.intp]) -> list[str]:
    """For each row the pillars of which nothing is known, as the end of a sentence; equal sets are written once."""
    mask = np.zeros(len(index), np.int64)
    for bit, pillar in enumerate(scorer.pillars):
        mine = [column for check, column in zip(scorer.checks, outcome.checks, strict=True) if check.pillar == pillar]
        applies = np.any([column.applies[index] for column in mine], axis=0)
        known = np.any([column.known[index] for column in mine], axis=0)
        mask |= (applies & ~known).astype(np.int64) << bit
    titles = [pillar.title.lower() for pillar in scorer.pillars.values()]
    sets, inverse = np.unique(mask, return_inverse=True)
    ends = []
    for each in sets.tolist():
        lacks = [title for bit, title in enumerate(titles) if each >> bit & 1]
        ends.append(f", nothing on {words.listed(lacks, 'or')}" if lacks else "")
    return [ends[place] for place in inverse.tolist()]


def _sentence(praises: tuple[str | None, str | None], against: str | None, rank: int) -> str:
    good, also = praises
    praise = f"{good}, {also}" if good and also else good
    first, then = (praise, against) if rank >= VERDICTS.index("Buy") else (against, good)
    text = f"{first}; but {then}" if first and then else first or then or "nothing stands out"
    return text[0].upper() + text[1:]


def _phrases(scorer: Scorer, rows: kernel.Rows, choice: npt.NDArray[np.intp], *, good: bool) -> Texts:
    """The chosen check's wording with each row's value; None where none is chosen."""
    texts: Texts = np.full(rows.height, None, dtype=object)
    for at, check in enumerate(scorer.checks):
        index = np.flatnonzero(choice == at)
        if len(index):
            values, title = rows[check.field][index], FIELDS[check.field].title
            texts[index] = _with_values(f"{check.good if good else check.bad} ({title}", check.field, values)
            if check.bad_below and not good and (below := values < 0).any():
                texts[index[below]] = _with_values(f"{check.bad_below} ({title}", check.field, values[below])
    return texts


def _failed_gates(scorer: Scorer, rows: kernel.Rows, outcome: kernel.Outcome) -> Texts:
    """The failed gate with the hardest cap, the first in the file among equals; None where none failed."""
    choice = np.full(rows.height, -1, np.int16)
    places = sorted(range(len(scorer.gates)), key=lambda at: (-VERDICTS.index(scorer.gates[at].cap), -at))
    for at in places:
        choice[outcome.gates[at].failed] = at
    texts: Texts = np.full(rows.height, None, dtype=object)
    for at in np.unique(choice[choice >= 0]):
        gate, index = scorer.gates[at], np.flatnonzero(choice == at)
        texts[index] = _with_values(f"{_blame(gate)} ({FIELDS[gate.field].title}", gate.field, rows[gate.field][index])
    return texts


def _blame(gate: Gate) -> str:
    return gate.blame or f"fails a hard limit: {gate.title}"


def _with_values(phrase: str, field: str, values: kernel.Floats) -> Texts:
    """`phrase 12 %)` for each value; equal printed values are written once."""
    known = FIELDS[field]
    scaled, decimals, tail = values, known.decimals, ""
    if known.unit == "fraction":
        scaled, tail = values * 100, f"{_NARROW}%"
    elif known.unit == "x":
        decimals, tail = 1, "×"
    elif known.unit == "currency":
        scaled, decimals, tail = values / 1e6, 1, " million"
    whole = 10 if known.unit == "fraction" else 100  # 4.2 %, 42 %, 420×
    rounded = np.where(np.abs(scaled) < whole, np.round(scaled, decimals), np.round(scaled))
    printed, inverse = np.unique(rounded + 0.0, return_inverse=True)
    numbers = [f"{number:,.{decimals if abs(number) < whole else 0}f}".replace("-", "−") for number in printed]
    texts = np.array([f"{phrase} {number}{tail})" for number in numbers], dtype=object)
    found: Texts = texts[inverse]
    return found

