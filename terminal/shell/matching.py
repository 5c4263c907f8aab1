"""How the palette ranks what was typed: letters in order, word starts and unbroken runs first."""

from __future__ import annotations

START, RUN, PREFIX = 8, 5, 20


def score(typed: str, text: str) -> int | None:
    """How well `text` answers `typed`: greater is better, None when a letter is missing.

    Each word typed must be found, in any order; within a word the letters appear in order. Word starts, unbroken
    runs and a match at the very beginning count more; a shorter text wins a tie.
    """
    total = 0
    lowered = text.lower()
    for word in typed.lower().split():
        part = _word(word, lowered)
        if part is None:
            return None
        total += part
    return total * 10 - min(len(text), 99)


def _word(word: str, text: str) -> int | None:
    at = _find(word, text)
    if at >= 0 and (at == 0 or not text[at - 1].isalnum() or not _initials(word, text)):
        starts = at == 0 or not text[at - 1].isalnum()
        return len(word) * RUN + (START * 2 if starts else 0) + (PREFIX if at == 0 else 0)
    if len(word) < 2:
        return None
    if _initials(word, text):
        return len(word) * (START + 2)
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


def _initials(word: str, text: str) -> bool:
    """Whether the letters are the first ones of words, in order."""
    starts = iter(part[0] for part in text.replace(":", " ").split())
    return all(letter in starts for letter in word)


def _find(word: str, text: str) -> int:
    """The unbroken place of `word`, at a word's start when there is one."""
    first = at = text.find(word)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return at
        at = text.find(word, at + 1)
    return first
