"""Commands that answer, wait, fail as expected and fail as a bug."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from terminal.api import Column, Table, UserError, command

if TYPE_CHECKING:
    from terminal.api import Context

GATE = threading.Event()


def _table(title: str, values: list[str]) -> Table:
    import polars as pl

    return Table(title, (Column("symbol", "Ticker"), Column("note", "Note")),
                 pl.DataFrame({"symbol": values, "note": ["x"] * len(values)}))


@command(title="Echo some words")
def echo(ctx: Context, words: tuple[str, ...] = ("AAA", "BBB")) -> Table:
    """Answer with the words, one a row.

    Args:
        words: What to say.
    """
    return _table("Echo", list(words))


@command(title="Wait for the gate", long=True)
def wait(ctx: Context, word: str = "late") -> Table:
    """Answer when the test opens the gate, or end when cancelled.

    Args:
        word: What to answer with.
    """
    for step in range(2000):
        ctx.progress(step / 2000, "waiting")
        if GATE.wait(0.005):
            return _table("Waited", [word])
    return _table("Waited too long", [])


@command(title="Say the day")
def day(ctx: Context) -> Table:
    """Answer with the day that is asked about."""
    return _table("Day", [str(ctx.as_of)])


@command(title="Write something down", writes=True)
def write(ctx: Context) -> Table:
    """Pretend to write something with the date of now."""
    return _table("Written", [])


@command(title="Refuse")
def refuse(ctx: Context) -> Table:
    """Fail with a sentence."""
    raise UserError("This cannot be done.", "Do something else.")


@command(title="Be wrong")
def wrong(ctx: Context) -> Table:
    """Fail with a bug."""
    raise ZeroDivisionError("a planted bug")
