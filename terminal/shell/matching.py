"""How the palette ranks what was typed: letters in order, word starts and unbroken runs first."""

from __future__ import annotations

import heapq
import itertools
import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

START, RUN, PREFIX = 8, 5, 20
_WORD = re.compile(r"\w+")
_LAST = chr(0x10FFFF)  # sorts behind every letter


class Text:
    """A text ready to be compared with what is typed, at each letter."""

    __slots__ = ("initials", "letters", "lowered")

    def __init__(self, text: str) -> None:
        self.lowered = text.lower()
        self.initials = "".join(part[0] for part in self.lowered.replace(":", " ").split())
        self.letters = frozenset(self.lowered)


def score(typed: str, text: str | Text, *, loose: bool = True) -> int | None:
    """How well `text` answers `typed`: greater is better, None when a letter is missing.

    Each word typed must be found, in any order; within a word the letters appear in order. Word starts, unbroken
    runs and a match at the very beginning count more; a shorter text wins a tie. Not `loose`: only unbroken runs and first
    letters of words count.
    """
    ready = text if isinstance(text, Text) else Text(text)
    total = 0
    for word in typed.lower().split():
        if not ready.letters.issuperset(word):
            return None  # most texts, from the second letter on
        part = _word(word, ready, loose)
        if part is None:
            return None
        total += part
    return total * 10 - min(len(ready.lowered), 99)


def _word(word: str, ready: Text, loose: bool) -> int | None:
    text = ready.lowered
    at = _find(word, text)
    initials = _in_order(word, ready.initials)
    if at >= 0 and (at == 0 or not text[at - 1].isalnum() or not initials):
        starts = at == 0 or not text[at - 1].isalnum()
        return len(word) * RUN + (START * 2 if starts else 0) + (PREFIX if at == 0 else 0)
    if len(word) < 2:
        return None
    if initials:
        return len(word) * (START + 2)
    return _scattered(word, text) if loose else None


def _scattered(word: str, text: str) -> int | None:
    """Points for letters that only appear in order, None where they do not or where little speaks for them."""
    total, place, last = 0, -1, -2
    for letter in word:
        place = text.find(letter, place + 1)
        if place < 0:
            return None
        if place == 0 or not text[place - 1].isalnum():
            total += START
        elif place == last + 1:
            total += RUN // 2
        else:
            total -= 1
        last = place
    return total if total > 0 else None


def _in_order(word: str, letters: str) -> bool:
    """Whether the letters of `word` appear in `letters`, in order."""
    place = -1
    for letter in word:
        place = letters.find(letter, place + 1)
        if place < 0:
            return False
    return True


def _find(word: str, text: str) -> int:
    """The unbroken place of `word`, at a word's start when there is one."""
    first = at = text.find(word)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return at
        at = text.find(word, at + 1)
    return first


class SymbolIndex:
    """Every symbol with its name, ready to be searched at each letter typed: tens of thousands within a few milliseconds.

    `rows` are (symbol, name, kind); `weights` says how much a symbol matters where matches are equally good (say, its
    market cap). The order of answers: the symbol itself, symbols that begin so, names with words that begin so, a part of
    a name or symbol, letters in order.
    """

    def __init__(self, rows: Iterable[tuple[str, str, str]], weights: Mapping[str, float] | None = None) -> None:
        self.rows = sorted({row[0]: row for row in rows}.values())
        self._weights = [(weights or {}).get(row[0], 0.0) for row in self.rows]
        self._symbols = [row[0].lower() for row in self.rows]
        self._place = {symbol: place for place, symbol in enumerate(self._symbols)}
        pairs = sorted((word, place) for place, row in enumerate(self.rows) for word in set(_WORD.findall(row[1].lower())))
        self._words, self._word_rows = [word for word, _ in pairs], [place for _, place in pairs]
        texts = [f"{symbol} {row[1].lower()}" for symbol, row in zip(self._symbols, self.rows, strict=True)]
        self._text = "\n".join(texts)
        self._starts = list(itertools.accumulate((len(text) + 1 for text in texts), initial=0))[:-1]
        self._lines = "\n".join(self._symbols)

    def __len__(self) -> int:
        return len(self.rows)

    def exact(self, symbol: str) -> tuple[str, str, str] | None:
        """The row of a symbol."""
        place = self._place.get(symbol.strip().lower())
        return None if place is None else self.rows[place]

    def find(self, typed: str, limit: int = 12) -> list[tuple[str, str, str]]:
        """What answers to `typed`, best first."""
        needle = " ".join(typed.lower().split())
        if not needle:
            return []
        found: dict[int, None] = {}
        if needle in self._place:
            found[self._place[needle]] = None
        for step in (self._prefix, self._named, self._part, self._scattered):
            if len(found) >= limit:
                break
            for place in step(needle, limit):
                found.setdefault(place, None)
        return [self.rows[place] for place in list(found)[:limit]]

    def _best(self, places: Iterable[int], limit: int) -> list[int]:
        return heapq.nsmallest(limit, places, key=lambda place: (-self._weights[place], len(self._symbols[place]), place))

    def _prefix(self, needle: str, limit: int) -> list[int]:
        start = bisect_left(self._symbols, needle)
        return self._best(range(start, bisect_left(self._symbols, needle + _LAST, start)), limit)

    def _named(self, needle: str, limit: int) -> list[int]:
        """Rows whose name has a word that begins with each word typed."""
        left: set[int] | None = None
        for word in sorted(needle.split(), key=len, reverse=True):
            start = bisect_left(self._words, word)
            places = self._word_rows[start:bisect_left(self._words, word + _LAST, start)]
            left = set(places) if left is None else left.intersection(places)
            if not left:
                return []
        return self._best(left or (), limit)

    def _part(self, needle: str, limit: int) -> list[int]:
        found: list[int] = []
        at = self._text.find(needle)
        while at >= 0 and len(found) < 4 * limit:
            place = bisect_right(self._starts, at) - 1
            found.append(place)
            at = self._text.find(needle, self._starts[place + 1]) if place + 1 < len(self._starts) else -1
        return self._best(found, limit)

    def _scattered(self, needle: str, limit: int) -> list[int]:
        """Symbols with the letters in order: NVRA for `nra`."""
        if not 2 <= len(needle) <= 6 or not needle.isalnum():
            return []
        pattern = re.compile("^" + "".join(f"[^\n{letter}]*{letter}" for letter in needle) + "[^\n]*$", re.MULTILINE)
        hits = (match[0] for match in pattern.finditer(self._lines))
        return self._best((self._place[hit] for hit in itertools.islice(hits, 4 * limit)), limit)
