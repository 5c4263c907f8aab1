"""What the user owns of what a screen shows, as columns beside it; asked of whichever plugin knows (`portfolio.owned`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.api import Context, Table

COMMAND = "portfolio.owned"
NAMES = ("own", "own_weight", "own_worth", "own_gain")


def with_owned(ctx: Context, answer: Table) -> Table:
    """The answer with what is owned of each row; as it was where no plugin knows of holdings, with a note."""
    if COMMAND not in ctx.commands():
        return replace(answer, notes=(*answer.notes, "What you own is not known: no plugin keeps a portfolio."))
    owned = ctx.call(COMMAND)
    if not owned.frame.height:
        return replace(answer, notes=(*answer.notes, "Nothing is booked, so you own none of these."))
    return joined(answer, owned)


def joined(answer: Table, owned: Table) -> Table:
    """The columns of `owned` beside those of `answer`, by symbol; what is not owned has none. Its sources come along."""
    import polars as pl

    frame = answer.frame.drop(NAMES, strict=False)
    beside = owned.frame.select("symbol", *NAMES)
    columns = tuple(each for each in owned.columns if each.name in NAMES)
    kept = [each for each in answer.columns if each.name not in NAMES]
    at = next((place for place, each in enumerate(kept, 1) if each.name == "verdict"), len(kept))
    shown = frame.join(beside, on="symbol", how="left", maintain_order="left")
    mine = owned.sources[:1]
    sources = tuple(dict.fromkeys((*answer.sources, *mine)))
    origin = answer.origin
    is_owned = shown["own"].is_not_null()
    shown = shown.with_columns(pl.col("own").fill_null(""))  # what is not owned is not unknown
    if origin is not None and mine:
        place = pl.when(is_owned).then(sources.index(mine[0]))
        origin = origin.drop(NAMES, strict=False).with_columns(place.cast(pl.Int32).alias(name) for name in NAMES)
    return replace(answer, frame=shown, columns=(*kept[:at], *columns, *kept[at:]), sources=sources, origin=origin)


def shown_among(names: Sequence[str], *, room: bool = True) -> list[str]:
    """The columns with `own` among them: after the verdict, where there is one. Where there is no `room` for one more it
    takes the place of the 52-week position."""
    if "own" in names:
        return list(names)
    if not room:
        names = [name for name in names if name != "position_52w"]
    at = names.index("verdict") + 1 if "verdict" in names else len(names)
    return [*names[:at], "own", *names[at:]]
