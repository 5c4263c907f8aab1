"""Brokers' files into the book: what would be booked, what is known already, what cannot be read; and all of it taken back.

The same booking is known by its key (`source_id`), so a file imported again, or one that overlaps another in time,
books nothing twice. A booking that is there already without that key, typed by hand or from another kind of file, is
held back as a double. What is not booked and not known is kept with its line, its text and the reason.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from plugins.portfolio import book
from terminal.api import UserError, read_whole
from terminal.domain import brokers
from terminal.domain.brokers import READERS, Line, Parsed, Unreadable, mapped, reader
from terminal.domain.portfolio.lots import replay
from terminal.domain.portfolio.transactions import ZERO, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from plugins.portfolio.book import Account, Read
    from terminal.domain.brokers import Stated

LARGEST = 200_000_000
CSV = mapped.ID
_CENT = Decimal("0.01")
UNDONE = "its import was taken back"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class File:
    """A file that was read."""

    name: str
    sha256: str
    parsed: Parsed


@dataclass
class Part:
    """What the file holds for one account. `account` is None when it is still to be made."""

    name: str
    account: Account | None
    new: list[Transaction] = field(default_factory=list)
    known: list[Transaction] = field(default_factory=list)
    again: list[Transaction] = field(default_factory=list)
    doubles: list[tuple[Transaction, str]] = field(default_factory=list)

    @property
    def booking(self) -> list[Transaction]:
        """What will be booked: new ones, and those whose import had been taken back."""
        return [*self.new, *self.again]


@dataclass(frozen=True)
class Check:
    """A total the file states beside what is booked. `same` is None when it cannot be compared."""

    account: str
    what: str
    key: str
    day: date | None
    stated: Decimal
    booked: Decimal
    same: bool


@dataclass(frozen=True)
class Plan:
    """What an import will do."""

    file: File
    parts: list[Part]
    unknown: list[Line]
    checks: list[Check]
    currency: str


# Reading


def read_file(path: Path, broker: str, mapping: mapped.Mapped) -> File:
    """The file at `path`, read. Raises UserError with one sentence for whatever is no export, or no file."""
    content = read_whole(path, LARGEST)
    if broker not in {"auto", CSV, *READERS}:
        raise UserError(f"There is no reader for '{broker}'.", f"One of: auto, {', '.join(READERS)}, {CSV}.")
    return File(path.name, hashlib.sha256(content).hexdigest(), _parsed(path, content, broker, mapping))


def _parsed(path: Path, content: bytes, broker: str, mapping: mapped.Mapped) -> Parsed:
    found = brokers.detect(content, path.name) if broker == "auto" else broker
    try:
        if found == CSV:
            return mapped.parse(content, path.name, mapping)
        if found is not None:
            return brokers.parse(content, path.name, found)
    except Unreadable as problem:
        what = "your columns" if found == CSV else reader(found or "").TITLE
        raise UserError(f"{path.name} cannot be read as {what}: {problem}.", _hint(found or "")) from problem
    except ValueError as problem:
        raise UserError(f"{path.name} cannot be read: {problem}.", _hint("")) from problem
    raise UserError(f"{path.name} does not look like the export of a broker that is known here.", _hint(""))


def _hint(broker: str) -> str:
    if broker == CSV:
        return f"Say what a column means with --columns 'COLUMN=FIELD'; the fields are {', '.join(mapped.FIELDS)}."
    return f"See how its columns would be understood with --broker {CSV} --preview, or name the broker with --broker."


# Planning


def plan(read: Read, file: File, account: str, *, symbols: Mapping[str, str], doubles: bool) -> Plan:
    """What importing the file would do. Raises UserError when the account cannot be told, or cannot be named so."""
    renamed = {**symbol_names(read), **symbols}
    found = [_renamed(one, renamed) for one in file.parsed.transactions]
    told = sorted({one.account for one in found if one.account})
    if account and len(told) > 1:
        raise UserError(f"{file.name} is of {len(told)} accounts ({', '.join(told)}).", "Leave --account out: each gets its own.")
    known_accounts = {each.name.lower(): each for each in book.accounts(read)}
    parts: dict[str, Part] = {}
    for one in found:
        name = " ".join((account or one.account or file.parsed.account or title(file.parsed.broker)).split())
        if name.lower() not in parts:
            existing = known_accounts.get(name.lower())
            parts[name.lower()] = Part(existing.name if existing else book.free_name(read, name), existing)
        part = parts[name.lower()]
        part.new.append(replace(one, account=part.name))
    if not parts:
        name = account or file.parsed.account or title(file.parsed.broker)
        existing = known_accounts.get(name.lower())
        parts[name.lower()] = Part(existing.name if existing else book.free_name(read, name), existing)
    for part in parts.values():
        _sort_out(read, part, doubles)
    ids = {one.source_id: one.id for one in file.parsed.transactions}
    unknown = [*file.parsed.unknown]
    for part in parts.values():
        for one, why in part.doubles:
            lines = file.parsed.lines.get(ids[one.source_id], ())
            unknown.append(Line(lines[0] if lines else 0, _described(one), why))
    currencies = Counter(one.currency for one in found)
    currency = file.parsed.currency or (currencies.most_common(1)[0][0] if currencies else "USD")
    checks = _checks(read, file.parsed, list(parts.values()))
    return Plan(file, list(parts.values()), sorted(unknown, key=lambda line: line.number), checks, currency)


def _sort_out(read: Read, part: Part, doubles: bool) -> None:
    """Into new, known, again (its import was taken back) and doubles."""
    if part.account is None:
        return
    state = {
        row["source_id"]: row
        for row in read(
            "SELECT k.source_id, v.id, v.removed, v.reason FROM portfolio.keys k "
            "JOIN portfolio.versions v ON v.id = k.booking_id "
            "WHERE k.account_id = ? QUALIFY row_number() OVER (PARTITION BY v.id ORDER BY v.version DESC) = 1",
            (part.account.id,),
        ).to_dicts()
    }
    fresh: list[Transaction] = []
    for one in part.new:
        row = state.get(one.source_id)
        if row is None:
            fresh.append(one)
        elif row["removed"] and row["reason"] == UNDONE:
            part.again.append(replace(one, id=str(row["id"])))
        else:
            part.known.append(one)
    part.new = fresh
    if not doubles and fresh:
        _hold_back(read, part)


def _hold_back(read: Read, part: Part) -> None:
    """Take out what is booked already without this key: typed by hand, or told by another kind of file."""
    told = {one.source_id for one in part.known}
    days = [one.day for one in part.new]
    there: dict[tuple[object, ...], list[Transaction]] = defaultdict(list)
    for one in book.transactions(read, max(days)):
        if one.account == part.name and one.day >= min(days) and one.source_id not in told:
            there[_likeness(one)].append(one)
    kept: list[Transaction] = []
    for one in part.new:
        same = [other for other in there[_likeness(one)] if _format(other.source_id) != _format(one.source_id)]
        if same:
            there[_likeness(one)].remove(same[0])
            where = "by hand" if same[0].source == "manual" else f"from {same[0].source}"
            part.doubles.append((one, f"booking {same[0].id}, made {where}, is the same: not booked twice (--doubles books it)"))
        else:
            kept.append(one)
    part.new = kept


def _likeness(one: Transaction) -> tuple[object, ...]:
    kind = "" if one.quantity else str(one.kind)
    return one.day, kind, one.symbol if one.quantity else None, one.quantity, one.amount.quantize(_CENT), one.currency


def _format(source_id: str) -> str:
    """What kind of key it is: the broker's ids (":") or hashes ("~") of one kind of file, or something typed by hand."""
    found = re.match(r"[a-z0-9-]+[:~]", source_id)
    return found[0] if found else ""


def _renamed(one: Transaction, names: Mapping[str, str]) -> Transaction:
    if not names or not ({one.symbol, one.other} & names.keys()):
        return one
    return replace(one, symbol=names.get(one.symbol or "", one.symbol), other=names.get(one.other or "", one.other))


def symbol_names(read: Read) -> dict[str, str]:
    """How files' symbols are to be called, as the user has said before."""
    return dict(read("SELECT name, symbol FROM portfolio.file_symbols").rows())


def title(broker: str) -> str:
    """The broker's name, which its account gets where nothing better is known."""
    return "Imported" if broker == CSV else reader(broker).TITLE.partition(" (")[0]


def _described(one: Transaction) -> str:
    parts = (
        one.day.isoformat(),
        str(one.kind),
        one.symbol,
        one.quantity and f"{one.quantity.normalize():f}",
        f"{one.amount} {one.currency}",
    )
    return " ".join(part for part in parts if part)


# What the file states


def _checks(read: Read, parsed: Parsed, parts: list[Part]) -> list[Check]:
    """Each total the file states, beside the file's own bookings where it tells the beginning too, else beside the book."""
    if not parsed.stated:
        return []
    booked = [one for one in book.transactions(read) if one.account in {part.name for part in parts}]
    booked += [one for part in parts for one in part.booking]
    found = []
    for each in parsed.stated:
        part = next((part for part in parts if part.name.lower() == each.account.lower()), parts[0] if len(parts) == 1 else None)
        if part is not None:
            found.append(_check(each, part, parsed, booked))
    return found


def _check(each: Stated, part: Part, parsed: Parsed, booked: list[Transaction]) -> Check:
    def until(ones: Iterable[Transaction]) -> list[Transaction]:
        return [one for one in ones if each.day is None or one.day <= each.day]

    if each.what == "position":
        quantities = replay(until(one for one in booked if one.account == part.name)).quantities()
        total = quantities.get((part.name, each.key), ZERO)
        return Check(part.name, "shares", each.key, each.day, each.value, total, abs(total - each.value) < Decimal("1e-8"))
    if each.what == "sum":
        total = sum((one.amount for one in parsed.transactions if one.currency == each.key), start=ZERO)
    elif each.start is not None:
        own = [
            one
            for one in until(parsed.transactions)
            if one.currency == each.key and (not one.account or one.account == each.account)
        ]
        total = each.start + sum((one.amount for one in own if each.since is None or one.day >= each.since), start=ZERO)
    else:
        total = sum((one.amount for one in until(booked) if one.account == part.name and one.currency == each.key), start=ZERO)
    return Check(
        part.name,
        "sum of the file" if each.what == "sum" else "cash",
        each.key,
        each.day,
        each.value,
        total,
        abs(total - each.value) < Decimal("0.005"),
    )


def shown(text: str, longest: int = 300) -> str:
    """A file's text so that it is safe to show: no control or direction signs, no end in sight cut off."""
    plain = _CONTROL.sub("\ufffd", text.replace("\r", "").replace("\n", " \u23ce "))
    return plain if len(plain) <= longest else f"{plain[:longest]}\u2026"
