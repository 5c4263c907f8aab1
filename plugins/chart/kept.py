"""What the user keeps with a chart, in the book: drawings, and which studies belong to a symbol. Nothing erased is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.chart.gathering import symbol_of
from plugins.chart.model import DEFAULT_STUDIES, wanted_studies
from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    import polars as pl

    from terminal.domain.drawings import Drawing

Symbol = Annotated[str, argument(help="Ticker, for example AAPL.", metavar="SYMBOL")]
Id = Annotated[str, argument(help="Number of the drawing (`chart drawings`).", metavar="ID")]
Points = Annotated[
    tuple[str, ...],
    argument(help="Day or moment (UTC) and price, once for each point.", metavar="2026-01-02,123.40"),
]
Studies = Annotated[tuple[str, ...], argument(help="An indicator, such as sma(50); as often as needed.", metavar="NAME(...)")]
Tool = Literal["trend", "ray", "horizontal", "vertical", "channel", "rectangle", "fibonacci", "text", "measure"]

_COLUMNS = (
    Column("id", "Number"),
    Column("tool", "Tool"),
    Column("points", "Points"),
    Column("text", "Text"),
    Column("role", "Colour", newbie=False),
    Column("width", "Width", "number", decimals=1, newbie=False),
    Column("created_at", "Drawn", "datetime", newbie=False),
    Column("changed_at", "Changed", "datetime"),
)


@command(title="Drawings of a chart", panel="chart")
def drawings(
    ctx: Context, symbol: Symbol, *, erased: Annotated[bool, argument(help="Those that can be restored.")] = False
) -> Table:
    """List what you drew on a symbol's chart, the oldest first."""
    return _listed(ctx, symbol_of(symbol), erased)


@command(title="Draw on a chart", panel="chart", writes=True)
def draw(
    ctx: Context,
    symbol: Symbol,
    *,
    tool: Annotated[Tool, argument(help="What to draw.")] = "trend",
    point: Points = (),
    text: Annotated[str, argument(help="Words beside it.")] = "",
    role: Annotated[str, argument(help="Colour, by its name in the theme.")] = "accent",
    width: Annotated[float, argument(help="Width of the line in pixels.")] = 1.5,
) -> Table:
    """Draw a line or shape; it is kept with the symbol and shown on every interval."""
    from terminal.domain.drawings import Drawing

    name = symbol_of(symbol)
    made = Drawing("0", tool, _points(point), text.strip(), role, width)
    now = ctx.now()

    def keep(tx: Any) -> int:
        number = int(tx.query("SELECT nextval('chart.drawing_id') AS id")["id"][0])
        tx.execute(
            "INSERT INTO chart.drawings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (number, name, made.tool, _stored(made), made.text, made.role, made.width, now, now),
        )
        return number

    number = str(ctx.store.book.write(keep))
    return _undone(_listed(ctx, name, drawing=number), "erase", number, f"A {tool} is drawn on {name}", quiet=True)


@command(title="Change a drawing", panel="chart", writes=True)
def move(
    ctx: Context,
    id: Id,
    *,
    point: Points = (),
    text: Annotated[str | None, argument(help="Other words beside it.")] = None,
    role: Annotated[str | None, argument(help="Another colour, by its name in the theme.")] = None,
    width: Annotated[float | None, argument(help="Another width of the line.")] = None,
) -> Table:
    """Move a drawing to other points, or change its words, colour or width; `chart undo` takes it back."""
    old, symbol = _found(ctx, id)
    changed = replace(
        old,
        points=_points(point) if point else old.points,
        text=old.text if text is None else text.strip(),
        role=role or old.role,
        width=width or old.width,
    )
    if changed == old:
        return _listed(ctx, symbol, drawing=old.id)
    now = ctx.now()

    def change(tx: Any) -> None:
        tx.execute(
            "INSERT INTO chart.drawing_states VALUES (nextval('chart.state_id'), ?, ?, ?, ?, ?, ?)",
            (int(old.id), _stored(old), old.text, old.role, old.width, now),
        )
        _update(tx, changed, now)

    ctx.store.book.write(change)
    return _undone(_listed(ctx, symbol, drawing=old.id), "undo", old.id, f"A drawing on {symbol} is changed", quiet=True)


@command(title="Take back the last change of a drawing", panel="chart", writes=True)
def undo(ctx: Context, id: Id) -> Table:
    """Give a drawing the points, words and colour it had before it was last changed."""
    from terminal.domain.drawings import from_json

    old, symbol = _found(ctx, id)
    now = ctx.now()

    def back(tx: Any) -> bool:
        states = tx.query("SELECT * FROM chart.drawing_states WHERE drawing_id = ? ORDER BY id DESC LIMIT 1", (int(old.id),))
        if states.is_empty():
            return False
        row = states.row(0, named=True)
        _update(tx, from_json({**row, "id": old.id, "tool": old.tool, "points": json.loads(row["points"])}), now)
        tx.execute("DELETE FROM chart.drawing_states WHERE id = ?", (row["id"],))
        return True

    if not ctx.store.book.write(back):
        raise UserError(f"Drawing {old.id} was never changed.", f"`tapeline chart erase {old.id}` takes it away.")
    return _listed(ctx, symbol, drawing=old.id)


@command(title="Erase a drawing", panel="chart", writes=True)
def erase(ctx: Context, id: Id) -> Table:
    """Take a drawing off the chart; `chart restore` brings it back."""
    found, symbol = _found(ctx, id)
    now = ctx.now()
    ctx.store.book.write(
        lambda tx: tx.execute("UPDATE chart.drawings SET deleted_at = ? WHERE id = ?", (now, int(found.id)))
    )
    table = _listed(ctx, symbol)
    return Table(table.title, table.columns, table.frame, notes=(f"`tapeline chart restore {found.id}` brings it back.",),
                 detail=table.detail, undo=Undo("chart.restore", {"id": found.id}, f"A drawing on {symbol} is erased",
                                                f"drawing:{found.id}"))  # fmt: skip


@command(title="Restore an erased drawing", panel="chart", writes=True)
def restore(ctx: Context, id: Id) -> Table:
    """Bring an erased drawing back as it was."""
    found, symbol = _found(ctx, id, erased=True)
    ctx.store.book.write(lambda tx: tx.execute("UPDATE chart.drawings SET deleted_at = NULL WHERE id = ?", (int(found.id),)))
    return _undone(_listed(ctx, symbol, drawing=found.id), "erase", found.id, f"A drawing on {symbol} is back", quiet=True)


@command(title="Studies kept for a chart", panel="chart")
def studies(ctx: Context, symbol: Annotated[str, argument(help="Ticker; empty for the general ones.")] = "") -> Table:
    """List the indicators a symbol's chart opens with: its own, else your general ones, else the built-in ones."""
    return _template(ctx, symbol_of(symbol) if symbol else "")


@command(title="Keep studies for a chart", panel="chart", writes=True)
def save_studies(
    ctx: Context,
    symbol: Annotated[str, argument(help="Ticker; empty for every symbol without studies of its own.", metavar="SYMBOL")] = "",
    *,
    study: Studies = (),
) -> Table:
    """Keep these indicators for a symbol's chart, or for all charts; none at all is a choice, too."""
    name = symbol_of(symbol) if symbol else ""
    texts = [indicator.label(settings) for _, indicator, settings in wanted_studies(study, "1d")]
    _save_template(ctx, name, json.dumps(texts))
    return _studies_undone(_template(ctx, name), name, symbol, f"The studies of {name or 'all charts'} are kept", quiet=True)


@command(title="Forget the studies kept for a chart", panel="chart", writes=True)
def forget_studies(ctx: Context, symbol: Annotated[str, argument(help="Ticker; empty for the general ones.")] = "") -> Table:
    """Let a symbol's chart open with the general studies again; `chart undo-studies` takes it back."""
    name = symbol_of(symbol) if symbol else ""
    _save_template(ctx, name, None)
    return _studies_undone(_template(ctx, name), name, symbol, f"The studies of {name or 'all charts'} are forgotten")


@command(title="Take back the last change of kept studies", panel="chart", writes=True)
def undo_studies(ctx: Context, symbol: Annotated[str, argument(help="Ticker; empty for the general ones.")] = "") -> Table:
    """Give a symbol's chart the studies that were kept for it before."""
    name = symbol_of(symbol) if symbol else ""
    now = ctx.now()

    def back(tx: Any) -> bool:
        newest = tx.query("SELECT max(id) AS id FROM chart.templates WHERE symbol = ? AND undone_at IS NULL", (name,))["id"][0]
        if newest is not None:
            tx.execute("UPDATE chart.templates SET undone_at = ? WHERE id = ?", (now, newest))
        return newest is not None

    if not ctx.store.book.write(back):
        raise UserError("Nothing was kept that could be taken back.", "`tapeline chart save-studies` keeps studies.")
    return _template(ctx, name)


# -- inner -----------------------------------------------------------------------------------------------------------


def _undone(table: Table, verb: str, drawing: str, text: str, *, quiet: bool = False) -> Table:
    """The answer of a command about a drawing that `verb` takes back."""
    return replace(table, undo=Undo(f"chart.{verb}", {"id": drawing}, text, f"drawing:{drawing}", quiet))


def _studies_undone(table: Table, name: str, symbol: str, text: str, *, quiet: bool = False) -> Table:
    return replace(table, undo=Undo("chart.undo_studies", {"symbol": symbol}, text, f"studies:{name}", quiet))


def stored_drawings(ctx: Context, symbol: str, erased: bool = False) -> pl.DataFrame:
    """The rows of a symbol's drawings, the oldest first."""
    mark = "NOT NULL" if erased else "NULL"
    return ctx.store.book.read(f"SELECT * FROM chart.drawings WHERE symbol = ? AND deleted_at IS {mark} ORDER BY id", (symbol,))


def read_drawing(row: dict[str, Any]) -> Drawing:
    """A stored row as a drawing."""
    from terminal.domain.drawings import from_json

    return from_json({**row, "id": str(row["id"]), "points": json.loads(row["points"])})


def _listed(ctx: Context, symbol: str, erased: bool = False, drawing: str = "") -> Table:
    """A symbol's drawings; `detail["drawings"]` has them as `Drawing`, `detail["drawing"]` the one just worked on."""
    import polars as pl

    from terminal.domain.drawings import points_to_json

    rows = stored_drawings(ctx, symbol, erased)
    found = tuple(read_drawing(row) for row in rows.to_dicts())
    shown = [", ".join(f"{moment} {price:g}" for moment, price in points_to_json(each.points)) for each in found]
    frame = rows.with_columns(pl.col("id").cast(pl.String), pl.Series("points", shown, dtype=pl.String))
    detail: dict[str, Any] = {"drawings": found, "symbol": symbol}
    if drawing:
        detail["drawing"] = next(each for each in found if each.id == drawing)
    notes = () if found or erased else (f"Nothing is drawn on {symbol} yet.",)
    return Table(f"{'Erased drawings' if erased else 'Drawings'} of {symbol}", _COLUMNS,
                 frame.select(column.name for column in _COLUMNS), notes=notes, detail=detail)  # fmt: skip


def _found(ctx: Context, id: str, erased: bool = False) -> tuple[Drawing, str]:
    """A drawing and its symbol. Raises UserError when there is no such one."""
    rows = (
        ctx.store.book.read("SELECT * FROM chart.drawings WHERE id = ?", (int(id),)).to_dicts() if id.strip().isdecimal() else []
    )
    if not rows:
        raise UserError(f"There is no drawing {id}.", "`tapeline chart drawings SYMBOL` lists them.")
    row = rows[0]
    if (row["deleted_at"] is not None) != erased:
        told = "is on the chart" if erased else "was erased"
        raise UserError(f"Drawing {id} {told}.", "" if erased else f"`tapeline chart restore {id}` brings it back.")
    return read_drawing(row), str(row["symbol"])


def _points(texts: tuple[str, ...]) -> tuple[Any, ...]:
    from terminal.domain.drawings import point_from_text

    if not texts:
        return ()
    parts = ",".join(texts).split(",")  # one point alone arrives from the command line as a list of its two halves
    return tuple(point_from_text(",".join(parts[at : at + 2])) for at in range(0, len(parts), 2))


def _stored(drawing: Drawing) -> str:
    from terminal.domain.drawings import points_to_json

    return json.dumps(points_to_json(drawing.points))


def _update(tx: Any, drawing: Drawing, now: Any) -> None:
    tx.execute(
        "UPDATE chart.drawings SET points = ?, text = ?, role = ?, width = ?, changed_at = ? WHERE id = ?",
        (_stored(drawing), drawing.text, drawing.role, drawing.width, now, int(drawing.id)),
    )


def _save_template(ctx: Context, symbol: str, studies: str | None) -> None:
    now = ctx.now()
    ctx.store.book.write(
        lambda tx: tx.execute(
            "INSERT INTO chart.templates VALUES (nextval('chart.template_id'), ?, ?, ?, NULL)", (symbol, studies, now)
        )
    )


def _template(ctx: Context, symbol: str) -> Table:
    """The studies in force for a symbol; `detail["studies"]` their texts, `detail["origin"]` whose they are."""
    import polars as pl

    rows = ctx.store.book.read(
        "SELECT symbol, arg_max(coalesce(studies, 'null'), id) AS studies FROM chart.templates "
        "WHERE undone_at IS NULL AND symbol IN (?, '') GROUP BY symbol",
        (symbol,),
    )
    kept = {row["symbol"]: json.loads(row["studies"]) for row in rows.to_dicts()}
    found, origin = DEFAULT_STUDIES, "built-in"
    for name, words in (("", "general"), (symbol, symbol)):
        if kept.get(name) is not None:
            found, origin = tuple(kept[name]), words or "general"
    parsed = wanted_studies(found, "1d")
    frame = pl.DataFrame(
        {
            "study": [indicator.label(settings) for _, indicator, settings in parsed],
            "title": [indicator.title for _, indicator, _ in parsed],
            "kept": [origin] * len(parsed),
        },
        schema={"study": pl.String, "title": pl.String, "kept": pl.String},
    )
    columns = (Column("study", "Study"), Column("title", "What it is"), Column("kept", "Kept for"))
    title = f"Studies of {symbol}" if symbol else "Studies of every chart"
    return Table(title, columns, frame, detail={"studies": tuple(frame["study"]), "origin": origin})
