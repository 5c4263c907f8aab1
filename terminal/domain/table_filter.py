"""What is typed into a cell of a table's filter row, as a polars expression.

Numbers are meant as they are shown: in a column of per cent `>12` and `>12%` are the same. A row whose value is unknown
passes no condition but `unknown`.

| column | understood |
| --- | --- |
| text | `soft` contains, `=Buy` is, `!bank` does not contain, `"known"` the word itself |
| number | `>10` `<=5%` `5..20` `..20` `2B` (T, B, M, K) `18.4` (what is shown as that) `!=0`; two in one cell: `>10 <20` |
| day | `2026-11-20` `2026-11` `>2026-01-01` `2026-01..2026-03` `today` `last 30d` `next 7d` |
| yes or no | `yes`, `no` |
| list | `debt` one of them contains it, `none`; a trend: `rising`, `falling` |
| every | `known`, `unknown`; `a | b` either |
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain import format as fmt
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.domain.sourced import Column

EXCHANGE = "America/New_York"
MOST_CHOICES = 40
_STEPS = {"": 1.0, "k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12, "x": 1.0, "×": 1.0, "%": 1.0}
_NUMBER = r"[-+]?[$€£¥]?\d+(?:[.,]\d+)*(?:%|bn|mn|[kmbtx×])?|[-+]?[.,]\d+(?:%|bn|mn|[kmbtx×])?"
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")  # thousands to some, three decimals to others
_RANGE = re.compile(rf"({_NUMBER})?\.\.({_NUMBER})?")
_COMPARED = re.compile(rf"(<=|>=|!=|<|>|=)?({_NUMBER})")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_SPAN = re.compile(r"(last|next) ?(\d{1,4}) ?d(?:ays?)?")
_SIGNS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": "equal to", "!=": "other than"}


class FilterError(UserError):
    """What was typed cannot be understood; `message` says so in one sentence, `hint` gives examples."""


@dataclass(frozen=True)
class Filter:
    """One understood cell: the text, what it means in words, and a Boolean expression that is never null."""

    text: str
    words: str
    expression: pl.Expr


Part = tuple[pl.Expr, str]


def parse(text: str, column: Column, dtype: pl.DataType, today: date | None = None) -> Filter:
    """Understand `text` for a column whose values are of `dtype`. `today` is needed for `today`, `last` and `next`.

    Raises FilterError for what cannot be understood, and for an empty text.
    """
    read, hint = _reader(column, dtype, today)
    alternatives = [each.strip() for each in _split(text, "|")]
    if not any(alternatives):
        raise FilterError("Nothing is typed.", hint)
    value = pl.col(column.name)
    parts: list[Part] = []
    for each in alternatives:
        if not each:
            raise FilterError("One side of | is empty.", hint)
        word = each.lower()
        if word == "unknown":
            parts.append((value.is_null(), "unknown"))
        elif word == "known":
            parts.append((value.is_not_null(), "known"))
        else:
            try:
                parts.append(read(each))
            except FilterError as error:
                raise FilterError(error.message, hint) from None
    expression = parts[0][0].fill_null(False)
    for other, _ in parts[1:]:
        expression = expression | other.fill_null(False)
    return Filter(text.strip(), " or ".join(words for _, words in parts), expression)


def hint(column: Column, dtype: pl.DataType) -> str:
    """Examples of what may be typed for a column; "" for one that cannot be filtered."""
    try:
        return _reader(column, dtype, None)[1]
    except FilterError:
        return ""


def choices(values: pl.Series) -> list[tuple[str, int]]:
    """The different words of a column with how often each occurs, when there are few enough to choose from."""
    if isinstance(values.dtype, pl.List) and values.dtype.inner == pl.String:
        values = values.explode(empty_as_null=True)
    if values.dtype != pl.String:
        return []
    known = values.drop_nulls()
    if not 0 < known.n_unique() <= MOST_CHOICES or (known.n_unique() > 3 and known.n_unique() > 0.7 * len(known)):
        return []
    counted = known.rename("word").value_counts().sort("word")
    return list(zip(counted["word"].to_list(), counted["count"].to_list(), strict=True))


def choice_text(words: Sequence[str]) -> str:
    """The filter text that lets exactly these words pass."""
    return " | ".join("=" + (f'"{word}"' if re.search(r'[|&"]', word) else word) for word in words)


def chosen(text: str) -> list[str]:
    """The words of a filter text made by `choice_text`, else nothing."""
    parts = [each.strip() for each in _split(text, "|")]
    return [_unquoted(each[1:].strip()) for each in parts] if parts and all(each.startswith("=") for each in parts) else []


def _reader(column: Column, dtype: pl.DataType, today: date | None) -> tuple[Callable[[str], Part], str]:
    value = pl.col(column.name)
    if dtype == pl.Boolean:
        return lambda text: _yes_or_no(value, text), "yes, no, known, unknown"
    if dtype.is_numeric():
        percent = column.unit == "fraction"
        large = column.unit == "currency" and column.decimals == 0
        examples = (">12%, 5%..20%" if percent else ">2B, 500M..2B" if large else ">10, 5..20") + ", known, unknown"
        return lambda text: _numbers(value, text, column, whole=dtype.is_integer()), examples
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        day = _exchange_day(value, dtype) if isinstance(dtype, pl.Datetime) else value
        return lambda text: _days(day, text, today), ">2026-01-01, 2026-11, today, last 30d, next 7d"
    if isinstance(dtype, pl.List) and dtype.inner == pl.String:
        return lambda text: _listed(value, text), "part of a word, =word, none, known, unknown"
    if isinstance(dtype, pl.List) and dtype.inner.is_numeric():
        return lambda text: _trend(value, text), "rising, falling, known, unknown"
    if dtype in (pl.String, pl.Null) or isinstance(dtype, (pl.Categorical, pl.Enum)):
        return lambda text: _words(value.cast(pl.String), text), "part of the text, =exactly, !not, known, unknown"
    raise FilterError(f"{column.title} cannot be filtered.")


# ---- text


def _words(value: pl.Expr, text: str) -> Part:
    parts = [_word(value, each.strip()) for each in _split(text, "&")]
    return _all(parts)


def _word(value: pl.Expr, text: str) -> Part:
    sign, rest = (text[0], text[1:].strip()) if text[:1] in ("=", "!") else ("", text)
    if sign == "!" and rest.startswith("="):
        sign, rest = "!=", rest[1:].strip()
    wanted = _unquoted(rest)
    if not wanted:
        raise FilterError("There is no word.")
    lower = value.str.to_lowercase()
    if sign in ("=", "!="):
        same = lower == wanted.lower()
        return (same, f"is {wanted}") if sign == "=" else (~same, f"is not {wanted}")
    contains = lower.str.contains(wanted.lower(), literal=True)
    return (~contains, f"does not contain {wanted}") if sign == "!" else (contains, f"contains {wanted}")


def _listed(value: pl.Expr, text: str) -> Part:
    if text.lower() == "none":
        return value.list.len() == 0, "none"
    inside, words = _word(pl.element(), text.removeprefix("!"))
    some = value.list.eval(inside).list.any()
    return (~some, f"none {words}") if text.startswith("!") else (some, f"one {words}")


def _trend(value: pl.Expr, text: str) -> Part:
    known = value.list.drop_nulls()
    up = known.list.last() >= known.list.first()
    word = text.lower()
    if word not in ("rising", "falling"):
        raise FilterError(f"'{text}' is not a direction.")
    several = known.list.len() > 1
    return (up & several, word) if word == "rising" else (~up & several, word)


def _yes_or_no(value: pl.Expr, text: str) -> Part:
    word = text.lower().removeprefix("=")
    if word in ("yes", "y", "true"):
        return value, "yes"
    if word in ("no", "n", "false"):
        return ~value, "no"
    raise FilterError(f"'{text}' is neither yes nor no.")


# ---- numbers


def _numbers(value: pl.Expr, text: str, column: Column, *, whole: bool) -> Part:
    clean = text.lower().replace("−", "-").replace("\u202f", "").replace("\u00a0", "").replace("≥", ">=").replace("≤", "<=")
    clean = re.sub(r"([<>=!])\s+", r"\1", clean)
    clean = re.sub(r"\s*\.\.\s*", "..", clean)
    clean = re.sub(r"(\d)\s+(%|bn|mn|[kmbtx×])(?![a-z])", r"\1\2", clean)
    terms = re.sub(r"\s+and\s+|&", " ", clean).split()
    return _all([_number(value, term, column, whole=whole) for term in terms])


def _number(value: pl.Expr, term: str, column: Column, *, whole: bool) -> Part:
    if (match := _RANGE.fullmatch(term)) and (match[1] or match[2]):
        low, high = (None if side is None else _amount(side, column)[0] for side in match.groups())
        if low is not None and high is not None and low > high:
            raise FilterError(f"{match[1]} is more than {match[2]}.")
        parts = ([(value >= low, "")] if low is not None else []) + ([(value <= high, "")] if high is not None else [])
        least, most = (side and _said(side, column) for side in match.groups())
        words = f"from {least} to {most}" if least and most else f"at least {least}" if least else f"at most {most}"
        return _all(parts)[0], words
    match = _COMPARED.fullmatch(term)
    if match is None:
        raise FilterError(f"'{term}' is not a number.")
    sign, (amount, half) = match[1] or "=", _amount(match[2], column)
    words = f"{_SIGNS[sign]} {_said(match[2], column)}"
    if sign in ("=", "!="):
        exact = whole and amount == int(amount)
        same = value == amount if exact else (value >= amount - half * (1 + 1e-9)) & (value < amount + half)
        return (same if sign == "=" else ~same), words
    compared = {"<": value < amount, "<=": value <= amount, ">": value > amount, ">=": value >= amount}[sign]
    return compared, words


def _said(number: str, column: Column) -> str:
    """The number with the unit that it is taken to have."""
    return number.upper() + ("%" if column.unit == "fraction" and not number.endswith("%") else "")


def _amount(text: str, column: Column) -> tuple[float, float]:
    """The number meant, and half of the last place that was typed: `18.4` stands for what is shown as 18.4."""
    match = re.fullmatch(r"([-+]?)[$€£¥]?([\d.,]+)(%|bn|mn|[kmbtx×])?", text)
    assert match is not None, text
    unit = match[3] or ""
    if unit == "%" and column.unit != "fraction":
        raise FilterError(f"{column.title} is not in per cent.")
    scale = _STEPS[unit] * (0.01 if column.unit == "fraction" else 1.0)
    size, places = _read(match[2])
    return (-size if match[1] == "-" else size) * scale, 0.5 * 10.0 ** -places * scale


def _read(digits: str) -> tuple[float, int]:
    """The number and how many decimals it was typed with. What the user's own convention leaves open is refused, because a
    filter may be saved by one and used by another."""
    if fmt.in_force().decimal == "," and _EITHER.fullmatch(digits):
        whole, part = re.split("[.,]", digits)
        raise FilterError(f"'{digits}' may mean {whole}{part} or {whole},{part.rstrip('0') or '0'}: write one of these.")
    try:
        size = fmt.read_number(digits)
    except ValueError:
        raise FilterError(f"'{digits}' is not a number.") from None
    last = max(digits.rfind("."), digits.rfind(","))
    bare = int(re.sub("[.,]", "", digits))
    return size, len(digits) - last - 1 if last >= 0 and (bare != size or bare == 0) else 0


# ---- days


def _exchange_day(value: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    aware = value if dtype.time_zone else value.dt.replace_time_zone("UTC")
    return aware.dt.convert_time_zone(EXCHANGE).dt.date()


def _days(value: pl.Expr, text: str, today: date | None) -> Part:
    clean = re.sub(r"([<>=!])\s+", r"\1", text.lower().strip())
    if match := _SPAN.fullmatch(clean):
        now = _today(today)
        far = now + timedelta(days=int(match[2]) * (1 if match[1] == "next" else -1))
        return value.is_between(min(now, far), max(now, far)), f"in the {match[1]} {match[2]} days"
    low, dots, high = clean.partition("..")
    if dots and (low or high):
        parts = ([(value >= _day(low, today)[0], "")] if low else []) + ([(value <= _day(high, today)[1], "")] if high else [])
        return _all(parts)[0], f"from {low} to {high}" if low and high else f"from {low} on" if low else f"up to {high}"
    match = re.fullmatch(r"(<=|>=|!=|<|>|=)?(.+)", clean, re.DOTALL)
    assert match is not None
    sign = match[1] or "="
    first, last = _day(match[2].strip(), today)
    within = value.is_between(first, last)
    compared = {"<": value < first, "<=": value <= last, ">": value > last, ">=": value >= first, "=": within, "!=": ~within}
    words = {"<": "before", "<=": "up to", ">": "after", ">=": "from", "=": "on", "!=": "not on"}
    return compared[sign], f"{words[sign]} {match[2].strip()}"


def _day(text: str, today: date | None) -> tuple[date, date]:
    """First and last day of a day, a month or a year."""
    if text.strip() == "today":
        return _today(today), _today(today)
    match = _DAY.fullmatch(text.strip())
    try:
        if match is not None:
            year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
            if not month:
                return date(year, 1, 1), date(year, 12, 31)
            return (date(year, month, day),) * 2 if day else (date(year, month, 1), date(year, month, monthrange(year, month)[1]))
    except ValueError:
        pass
    raise FilterError(f"'{text.strip()}' is not a day such as 2026-11-20.")


def _today(today: date | None) -> date:
    if today is None:
        raise FilterError("The present day is not known here.")
    return today


# ---- putting together


def _all(parts: Sequence[Part]) -> Part:
    if not parts:
        raise FilterError("Nothing is typed.")
    expression = parts[0][0]
    for other, _ in parts[1:]:
        expression = expression & other
    return expression, " and ".join(words for _, words in parts)


def _split(text: str, by: str) -> list[str]:
    """Split at a sign that is not between quotes."""
    return re.split(rf'{re.escape(by)}(?=(?:[^"]*"[^"]*")*[^"]*$)', text)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
