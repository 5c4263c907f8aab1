"""What a reader of broker files hands on, and the builder all readers share."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from terminal.domain.portfolio.transactions import Transaction, midnight, problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from terminal.domain.portfolio.transactions import Kind

_SYMBOL = re.compile(r"[A-Z0-9^][A-Z0-9.\-=^/_&]{0,30}")
_CLASS = re.compile(r"^([A-Z]{1,5})(?:[ /]([A-Z])|\.([AB]))$")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_LONGEST_NOTE = 500
_LARGEST = Decimal(10) ** 15


class Unreadable(ValueError):  # noqa: N818  what it is, as in terminal.errors
    """A record or cell that cannot be what it ought to be; the text is the reason told to the user."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file that books nothing: its number (from 1), its text, and why."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stated:
    """A total the file itself gives. `what`: "cash" of a currency or "position" in a symbol at the end of `day`, or the "sum" of
    the file's amounts in a currency.

    `start` is the same total before `since`; with it the file's own transactions can be checked alone.
    """

    account: str
    what: str
    key: str
    value: Decimal
    day: date | None = None
    start: Decimal | None = None
    since: date | None = None


@dataclass(frozen=True)
class Parsed:
    """A broker's file, read. Every record is in exactly one place: `lines` (booked), `passed` or `unknown`.

    `transactions` are in order of time; `passed` were understood and book nothing (a summary, a total, a cancelled
    trade); `lines` says which lines each transaction (by its id) was made from. `account` is the broker's own number
    when the file is of one account, `currency` the account's base where the file says it.
    """

    broker: str
    transactions: tuple[Transaction, ...]
    unknown: tuple[Line, ...]
    account: str = ""
    currency: str = ""
    notes: tuple[str, ...] = ()
    passed: tuple[Line, ...] = ()
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    stated: tuple[Stated, ...] = ()


class Record(Protocol):
    """What a reader works on: a record with its place in the file."""

    @property
    def line(self) -> int:
        """The number of its first line, from 1."""
        ...

    @property
    def text(self) -> str:
        """As it stands in the file."""
        ...

    def identity(self) -> tuple[str, ...]:
        """The cells that say what it is; the same ones in every export, so without balances."""
        ...


class Ledger:
    """Collects what the records of one file give.

    `read` handles one record, or several that belong together, as a whole: all of it is booked or none. The key of a
    transaction is the broker's own id where there is one, else a hash of the record's content with a count: the second
    of two equal records of one file is another transaction, the same record in another file is not.
    """

    def __init__(self, broker: str, source: str) -> None:
        self.broker, self.source = broker, source
        self.account = self.currency = ""
        self.notes: dict[str, None] = {}
        self.stated: list[Stated] = []
        self._booked: list[tuple[Transaction, tuple[int, ...]]] = []
        self._unknown: list[Line] = []
        self._passed: list[Line] = []
        self._staged: list[Transaction] = []
        self._passing = ""
        self._rows: Sequence[Record] = ()
        self._seen: Counter[str] = Counter()
        self._legs: Counter[str] = Counter()
        self._bases: dict[str, str] = {}

    def read(self, rows: Sequence[Record], interpret: Callable[[], None]) -> None:
        """Run `interpret`, which calls `book` or `skip`; where it raises ValueError its rows are unknown, with that reason."""
        self._staged, self._passing, self._rows = [], "", rows
        self._legs.clear()
        self._bases = {}
        try:
            interpret()
        except ValueError as problem:
            self.unknown(rows, f"{problem}")
            return
        except ArithmeticError:
            self.unknown(rows, "its numbers cannot be calculated with")
            return
        if self._staged:
            lines = tuple(row.line for row in rows)
            self._booked += [(each, lines) for each in self._staged]
        elif self._passing:
            self.passed(rows, self._passing)
        else:
            self.unknown(rows, "nothing is known of this kind of line")

    def book(
        self, kind: Kind, day: date, *, at: datetime | None = None, key: str = "", row: Record | None = None, **fields: Any
    ) -> None:
        """One transaction of the records being read; `key` is the broker's id of it, `row` the record it is told by.

        The fields are those of `Transaction`. Raises Unreadable when they cannot be booked together.
        """
        base = f"{self.broker}:{key}" if key else self._hashed((row,) if row is not None else tuple(self._rows))
        self._legs[base] += 1
        name = base if self._legs[base] == 1 else f"{base}/{self._legs[base]}"
        fields.setdefault("account", self.account)
        fields |= {name: _symbol(fields[name]) for name in ("symbol", "other") if fields.get(name)}
        if any(isinstance(value, Decimal) and abs(value) >= _LARGEST for value in fields.values()):
            raise Unreadable("a number in it is too large to be kept")
        fields["note"] = _CONTROL.sub("", fields.get("note", ""))[:_LONGEST_NOTE].strip()
        fields.setdefault("currency", self.currency or "USD")
        one = Transaction(
            id=identifier(fields["account"], name),
            at=at or midnight(day),
            day=day,
            kind=kind,
            source=self.source,
            source_id=name,
            **fields,
        )
        if wrong := problems(one):
            raise Unreadable(" ".join(wrong))
        self._staged.append(one)

    def skip(self, reason: str) -> None:
        """The records being read are understood and book nothing."""
        self._passing = reason

    def unknown(self, rows: Iterable[Record], reason: str) -> None:
        """These records cannot be read."""
        self._unknown += [Line(row.line, row.text, reason) for row in rows]

    def passed(self, rows: Iterable[Record], reason: str) -> None:
        """These records are understood and book nothing."""
        self._passed += [Line(row.line, row.text, reason) for row in rows]

    def refuse(self, lines: Iterable[Line]) -> None:
        """Lines that are no records at all."""
        self._unknown += lines

    def note(self, text: str) -> None:
        """Something to be told about the file, once."""
        self.notes[text] = None

    def done(self) -> Parsed:
        """Everything read, in order of time; equal times in the file's own order, turned where the newest comes first."""
        seen: dict[str, tuple[Transaction, tuple[int, ...]]] = {}
        for one, lines in self._booked:
            known = seen.setdefault(one.id, (one, lines))
            if known[1] == lines:
                continue
            same = dataclasses.replace(one, note="", at=known[0].at) == dataclasses.replace(known[0], note="")
            told = Line(
                lines[0],
                one.note,
                f"line {known[1][0]} has the same id "
                + ("and says the same" if same else f"({one.source_id.partition(':')[2]}) and says something else"),
            )
            (self._passed if same else self._unknown).append(told)
        booked = list(seen.values())
        newest_first = len(booked) > 1 and booked[0][0].at > booked[-1][0].at
        groups = [list(legs) for _, legs in itertools.groupby(booked, key=lambda pair: pair[1])]
        ordered = [pair for legs in (groups[::-1] if newest_first else groups) for pair in legs]
        ordered.sort(key=lambda pair: pair[0].at)
        accounts = {one.account for one, _ in ordered}
        return Parsed(
            self.broker,
            tuple(one for one, _ in ordered),
            tuple(sorted(self._unknown, key=lambda line: line.number)),
            accounts.pop() if len(accounts) == 1 else self.account if not accounts else "",
            self.currency,
            tuple(self.notes),
            tuple(sorted(self._passed, key=lambda line: line.number)),
            {one.id: lines for one, lines in ordered},
            tuple(self.stated),
        )

    def _hashed(self, rows: tuple[Record, ...]) -> str:
        """A key of the records' content; counted once in each `read`."""
        cells = [" ".join(cell.split()).lower() for row in rows for cell in row.identity()]
        content = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:24]
        if content not in self._bases:
            self._seen[content] += 1
            again = self._seen[content]
            self._bases[content] = f"{self.broker}~{content}" + (f".{again}" if again > 1 else "")
        return self._bases[content]


def _symbol(text: str) -> str:
    """The symbol as it is kept, classes of shares as BRK-B. Raises Unreadable for what cannot be one."""
    symbol = _CLASS.sub(lambda found: f"{found[1]}-{found[2] or found[3]}", text.strip().upper()).replace(" ", "-")
    if not _SYMBOL.fullmatch(symbol):
        raise Unreadable(f"'{text[:40]}' is no symbol")
    return symbol


def identifier(account: str, source_id: str) -> str:
    """The id of a transaction: the same for the same booking of the same account."""
    return hashlib.sha256(f"{account}|{source_id}".encode()).hexdigest()[:24]
