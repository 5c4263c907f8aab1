"""Commands that tests run: one that answers, one that waits, one that fails, one that writes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from terminal.api import Column, Source, Table, UserError, command

if TYPE_CHECKING:
    from terminal.api import Context


def _answer(ctx: Context, **values: Any) -> Table:
    import polars as pl

    columns = tuple(Column(name, name.capitalize()) for name in values)
    return Table("Sample", columns, pl.DataFrame({name: [str(value)] for name, value in values.items()}),
                 (Source("demo", "sample", ctx.now(), None, simulated=True),) if ctx.demo else ())


@command(title="Echo")
def echo(ctx: Context, text: str = "") -> Table:
    """Say what was said, where and when."""
    return _answer(ctx, text=text, demo=ctx.demo, as_of=ctx.as_of, by_hand=ctx.by_hand, thread=threading.current_thread().name)


@command(title="Wait", long=True)
def wait(ctx: Context, steps: int = 10_000) -> Table:
    """Report progress until cancelled or done."""
    for step in range(steps):
        ctx.progress(step / steps, f"step {step}")
        threading.Event().wait(0.005)
    return _answer(ctx, steps=steps)


@command(title="Fail")
def fail(ctx: Context, how: str = "user") -> Table:
    """Fail as asked."""
    if how == "user":
        raise UserError("It cannot be done.", "Do something else.")
    raise ZeroDivisionError("a defect")


@command(title="Nested")
def nested(ctx: Context, text: str) -> Table:
    """Call another command with the same context."""
    return ctx.call("sample.echo", text=text + "!")


@command(title="Touch", gui=True)
def touch(ctx: Context) -> Table:
    """Run on the UI thread."""
    return _answer(ctx, window=ctx.window, thread=threading.current_thread().name)


@command(title="Write", writes=True)
def write(ctx: Context, symbol: str) -> Table:
    """Write to the book."""
    ctx.store.book.write(lambda tx: tx.execute("create table if not exists main.sample_symbols (symbol varchar)", ()))
    ctx.store.book.write(lambda tx: tx.execute("insert into main.sample_symbols values (?)", (symbol,)))
    kept = ctx.store.book.read("select symbol from main.sample_symbols order by 1")["symbol"].to_list()
    return _answer(ctx, symbols=",".join(kept))
