"""Tables whose every number knows where it came from.

`Table` is what each command returns and what window, shell, exports and jobs show. polars is imported by whoever
makes a frame, never by this module: importing the command line must stay cheap.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

# The endpoint of what was heard trade by trade: its age is that of the price itself.
TRADES = "trades"

ColumnType = Literal["text", "number", "integer", "bool", "date", "datetime", "list", "object"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where and when a value was obtained. Times are aware UTC; None means unknown.

    `as_of` is the moment the value speaks about, `fetched_at` the moment we received it. `note`: why this service was asked
    and not the one before it; "" when it was the first choice.
    """

    provider: str
    endpoint: str
    as_of: datetime | None = None
    fetched_at: datetime | None = None
    delayed: bool = False
    simulated: bool = False
    note: str = ""

    @property
    def live(self) -> bool:
        """Whether it is a price heard as it was traded."""
        return self.endpoint == TRADES and not (self.delayed or self.simulated)

    def to_json(self) -> dict[str, Any]:
        """The object printed under `sources`."""
        note = {"note": self.note} if self.note else {}
        return {"provider": self.provider, "endpoint": self.endpoint, "as_of": _iso(self.as_of),
                "fetched_at": _iso(self.fetched_at), "delayed": self.delayed, "simulated": self.simulated, **note}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    `unit`: "" none, "fraction" (0.12, shown as 12 %), "x" (a multiple), "days", "count", "score", or a currency
    code such as "USD"; a money column whose currency differs by row has unit "currency" and the frame a
    `currency` column. `term` is the key of its explanation (resources/explain.toml or the plugin's own).
    `newbie` says whether the column is shown in Newbie mode at first.
    """

    name: str
    title: str
    type: ColumnType = "text"
    unit: str = ""
    term: str = ""
    decimals: int | None = None
    newbie: bool = True

    def to_json(self) -> dict[str, Any]:
        """The object printed under `columns`."""
        return {"name": self.name, "title": self.title, "type": self.type, "unit": self.unit, "term": self.term}


@dataclass(frozen=True, slots=True)
class Undo:
    """How what a command did is taken back: by running `command` with `arguments`.

    `text` says what was done, in the past and without a full stop ("The watchlist Tech is deleted"). `thing` names what was
    changed ("watchlist:tech"): the next change of the same thing ends the offer. A `quiet` one is not told to the user
    (nothing was lost), but Ctrl+Z takes it back all the same.
    """

    command: str
    arguments: Mapping[str, Any]
    text: str
    thing: str
    quiet: bool = False

    @property
    def line(self) -> str:
        """The command line that takes it back."""
        words = ["tapeline", *self.command.replace("_", "-").split(".")]
        for name, value in self.arguments.items():
            flag = "--" + name.rstrip("_").replace("_", "-")
            for each in value if isinstance(value, (list, tuple)) else (value,):
                words += [flag] if each is True else [] if each is False else [flag, shlex.quote(str(each))]
        return " ".join(words)

    def to_json(self) -> dict[str, Any]:
        """What crosses from process to process."""
        return {"command": self.command, "arguments": {name: plain(value) for name, value in self.arguments.items()},
                "text": self.text, "thing": self.thing, "quiet": self.quiet}


@dataclass(frozen=True)
class Table:
    """The answer of a command.

    `frame` has one polars column for each of `columns`, in that order; further frame columns whose names start
    with "_" are for panels and are neither printed nor exported. `origin`, when given, has the height of `frame`
    and, for columns of the same names, the index into `sources` a cell came from (null: unknown or computed from
    several; then `sources` as a whole answers). `unknown` names what is missing and why. `detail` carries
    structured material for the panel of the same plugin and is never serialised. `undo`: how what was done is taken back
    (a note in what is printed).
    """

    title: str
    columns: tuple[Column, ...]
    frame: pl.DataFrame
    sources: tuple[Source, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    origin: pl.DataFrame | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    undo: Undo | None = None

    @property
    def simulated(self) -> bool:
        """Whether any number in here comes from the demo market."""
        return any(source.simulated for source in self.sources)

    def rows(self) -> list[dict[str, Any]]:
        """Rows of plain Python values: null for unknown, never NaN; dates as ISO text."""
        names = [column.name for column in self.columns]
        return [{name: plain(value) for name, value in row.items()} for row in self.frame.select(names).to_dicts()]

    def to_json(self) -> dict[str, Any]:
        """The one object that `--json` prints."""
        return {"title": self.title, "columns": [column.to_json() for column in self.columns], "rows": self.rows(),
                "sources": [source.to_json() for source in self.sources], "unknown": list(self.unknown),
                "notes": [*self.notes, *([f"Undo: {self.undo.line}"] if self.undo is not None else [])]}


def plain(value: Any) -> Any:
    """A JSON-ready value; not-a-number and infinity become None, which is *unknown*."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, (date, datetime)):
        return _iso(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)


def _iso(moment: date | datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
