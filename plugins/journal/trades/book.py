"""What the user adds to trades, as it lies in the book: plans, tags, states of mind, notes, playbooks and pictures.

Trades themselves are not stored; they follow from the bookings. A note belongs to the booking that opened its trade, and so to
whichever trade that booking opens, also after earlier bookings were imported. Versions are added, never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from plugins.journal.book import moment
from terminal.api import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime

    import polars as pl

    Read = Callable[..., pl.DataFrame]

KINDS = ("strategy", "setup", "mistake", "tag")
"""Kinds of tags: how one trades, what one saw, what one did wrong, anything else."""
MINDS = ("before", "during", "after")
_PRICES = ("entry", "stop", "target", "risk")
_LONGEST = 40
_MOST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Note:
    """What was said of a trade. `entry`, `stop`, `target`: planned prices of one unit; `risk`: planned money at risk.

    `before`, `during`, `after`: the state of mind in a few words; `text` Markdown; `done` what of the playbook was ticked.
    """

    strategy: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    mistake: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    entry: Decimal | None = None
    stop: Decimal | None = None
    target: Decimal | None = None
    risk: Decimal | None = None
    before: str = ""
    during: str = ""
    after: str = ""
    text: str = ""
    playbook: str = ""
    done: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was said."""
        return self == Note()


@dataclass(frozen=True, slots=True)
class Playbook:
    """A way to trade with what is to be checked before and while doing so."""

    name: str
    text: str
    items: tuple[str, ...]
    version: int
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the chart that belongs to a trade; `file` lies in the home's folder of pictures."""

    number: int
    booking: int
    file: str
    what: str
    made_at: datetime


# Notes


def notes(read: Read, as_of: date | None = None) -> dict[int, Note]:
    """The newest note of each booking as of the end of a day."""
    rows = read(
        "SELECT * FROM journal.trade_notes WHERE written_at < ? "
        "QUALIFY row_number() OVER (PARTITION BY booking ORDER BY version DESC) = 1", (moment(as_of),)).to_dicts()  # fmt: skip
    return {row["booking"]: _note(row) for row in rows}


def note(read: Read, booking: int) -> Note:
    """What stands now; an empty note when nothing was said."""
    rows = read("SELECT * FROM journal.trade_notes WHERE booking = ? ORDER BY version DESC LIMIT 1", (booking,)).to_dicts()
    return _note(rows[0]) if rows else Note()


def write_note(tx: Any, booking: int, told: Note, now: datetime) -> int:
    """Let a note stand as `told` from now on; which version it is."""
    last = int(tx.query("SELECT coalesce(max(version), 0) AS v FROM journal.trade_notes WHERE booking = ?", (booking,))["v"][0])
    values = [list(value) if isinstance(value, tuple) else value for value in (getattr(told, one.name) for one in fields(told))]
    names = ", ".join(f'"{one.name}"' for one in fields(told))
    marks = ", ".join("?" * (len(values) + 3))
    tx.execute(f"INSERT INTO journal.trade_notes (booking, version, written_at, {names}) VALUES ({marks})",
               (booking, last + 1, now, *values))  # fmt: skip
    return last + 1


def take_back(tx: Any, booking: int, now: datetime) -> None:
    """Let the note stand as it did before its last change. Raises UserError when there was none."""
    rows = tx.query("SELECT * FROM journal.trade_notes WHERE booking = ? ORDER BY version DESC LIMIT 2", (booking,)).to_dicts()
    if not rows:
        raise UserError(f"Nothing was written about trade {booking}.", "See `tapeline journal trade`.")
    write_note(tx, booking, _note(rows[1]) if len(rows) > 1 else Note(), now)


def together(found: Iterable[Note]) -> Note:
    """Several notes as one, when later imports made one trade of what were several: the first one's words win."""
    whole = Note()
    for each in found:
        merged: dict[str, Any] = {}
        for one in fields(Note):
            mine, theirs = getattr(whole, one.name), getattr(each, one.name)
            if isinstance(mine, tuple):
                merged[one.name] = tuple(dict.fromkeys((*mine, *theirs)))
            elif one.name == "text":
                merged[one.name] = "\n\n".join(filter(None, (mine, theirs)))
            else:
                merged[one.name] = mine if mine not in (None, "") else theirs
        whole = Note(**merged)
    return whole


def word(text: str) -> str:
    """A tag as it is kept. Raises UserError for what is none."""
    label = " ".join(text.split())
    if not label or len(label) > _LONGEST or any(sign in label for sign in ",|\x00"):
        raise UserError(f"'{text}' cannot be a tag.", f"Take up to {_LONGEST} characters without commas.")
    return label


def words(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are kept, each once whatever its capitals."""
    found: dict[str, str] = {}
    for text in texts:
        label = word(text)
        found.setdefault(label.casefold(), label)
    return tuple(found.values())


def long_text(text: str) -> str:
    """A text as it is kept. Raises UserError when it is too long."""
    if len(text) > _MOST_TEXT:
        raise UserError(f"A note of {len(text)} characters is too long.", f"Write up to {_MOST_TEXT}.")
    return text.replace("\x00", "").strip()


def used(found: Mapping[int, Note]) -> dict[str, dict[str, int]]:
    """Which tags are used how often, by kind."""
    counted: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for each in found.values():
        for kind in KINDS:
            for label in getattr(each, kind):
                counted[kind][label] = counted[kind].get(label, 0) + 1
    return counted


def _note(row: Mapping[str, Any]) -> Note:
    told: dict[str, Any] = {one.name: row[one.name] for one in fields(Note)}
    for name, value in told.items():
        if isinstance(value, list):
            told[name] = tuple(value)
        elif name in _PRICES and value is not None:
            told[name] = Decimal(value).normalize()
    return Note(**told)


# Playbooks


def playbooks(read: Read, as_of: date | None = None, *, removed: bool = False) -> list[Playbook]:
    """Those that stand (or were taken out) as of the end of a day, by name."""
    rows = read(
        "SELECT * FROM journal.playbooks WHERE written_at < ? QUALIFY row_number() OVER "
        "(PARTITION BY lower(name) ORDER BY version DESC) = 1 ORDER BY lower(name)", (moment(as_of),)).to_dicts()  # fmt: skip
    found = [Playbook(row["name"], row["text"], tuple(row["items"]), row["version"], row["removed"]) for row in rows]
    return [each for each in found if each.removed == removed]


def playbook(read: Read, name: str, *, removed: bool = False) -> Playbook:
    """One of them, whatever its capitals. Raises UserError when there is none of the name."""
    wanted = " ".join(name.split()).casefold()
    for each in playbooks(read, removed=removed):
        if each.name.casefold() == wanted:
            return each
    raise UserError(f"There is no playbook '{name}'.", "`tapeline journal playbooks` lists them.")


def write_playbook(tx: Any, told: Playbook, now: datetime) -> Playbook:
    """Add it, or a version of it."""
    counted = "SELECT coalesce(max(version), 0) AS v FROM journal.playbooks WHERE lower(name) = lower(?)"
    last = int(tx.query(counted, (told.name,))["v"][0])
    tx.execute("INSERT INTO journal.playbooks VALUES (?, ?, ?, ?, ?, ?)",
               (told.name, last + 1, now, told.text, list(told.items), told.removed))  # fmt: skip
    return replace(told, version=last + 1)


# Pictures


def pictures(read: Read, as_of: date | None = None) -> dict[int, list[Picture]]:
    """Pictures by booking as of the end of a day, the oldest first."""
    rows = read("SELECT * FROM journal.trade_pictures WHERE removed_at IS NULL AND made_at < ? ORDER BY number",
                (moment(as_of),)).to_dicts()  # fmt: skip
    found: dict[int, list[Picture]] = {}
    for row in rows:
        each = Picture(row["number"], row["booking"], row["file"], row["what"], row["made_at"])
        found.setdefault(each.booking, []).append(each)
    return found


def add_picture(tx: Any, booking: int, file: str, what: str, now: datetime) -> int:
    """Note a picture; its number."""
    number = int(tx.query("SELECT nextval('journal.picture_id') AS id")["id"][0])
    tx.execute("INSERT INTO journal.trade_pictures VALUES (?, ?, ?, ?, ?, NULL)", (number, booking, file, what, now))
    return number


def mark_picture(tx: Any, number: int, removed_at: datetime | None) -> None:
    """Take a picture out, or (None) put it back. Raises UserError when there is none of the number."""
    if not tx.query("SELECT 1 AS one FROM journal.trade_pictures WHERE number = ?", (number,)).height:
        raise UserError(f"There is no picture {number}.", "`tapeline journal trade NUMBER` lists a trade's pictures.")
    tx.execute("UPDATE journal.trade_pictures SET removed_at = ? WHERE number = ?", (removed_at, number))
