"""Commands that bring brokers' files into the book, show what they would do first, and take them back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from plugins.portfolio.bookings.import_runs import Run
    from plugins.portfolio.bookings.importing import Part, Plan
    from terminal.domain.brokers.mapped import Mapped
    from terminal.domain.portfolio.transactions import Transaction

_PLAN = (
    Column("state", "What becomes of it"),
    Column("line", "Line", "integer"),
    Column("account", "Account"),
    Column("day", "Day", "date"),
    Column("kind", "What"),
    Column("symbol", "Ticker"),
    Column("quantity", "Quantity", "number", decimals=4),
    Column("price", "Price", "number", "currency", decimals=4),
    Column("amount", "Cash", "number", "currency", decimals=2),
    Column("fees", "Fees", "number", "currency", decimals=2, newbie=False),
    Column("taxes", "Taxes", "number", "currency", decimals=2, newbie=False),
    Column("currency", "Currency"),
    Column("note", "Note"),
    Column("reason", "Why"),
)
_RUNS = (
    Column("run", "Import", "integer"),
    Column("at", "When", "datetime"),
    Column("account", "Account"),
    Column("file", "File"),
    Column("broker", "Read as"),
    Column("booked", "Booked", "integer", "count"),
    Column("known", "Known before", "integer", "count"),
    Column("unknown", "Not read", "integer", "count"),
    Column("undone_at", "Taken back", "datetime"),
)
_LINES = (
    Column("run", "Import", "integer"),
    Column("account", "Account"),
    Column("file", "File"),
    Column("line", "Line", "integer"),
    Column("text", "Text"),
    Column("reason", "Why"),
)

_MOST_CHECKS = 6
_MOST_ROWS = 500


@command(title="Import a broker's file", writes=True, long=True)
def import_(
    ctx: Context,
    file: Annotated[Path, argument(help="The export of a broker: CSV, XML or JSON.", metavar="FILE")],
    *,
    account: Annotated[str, argument(help="Into which account; made if there is none. The file's own if not given.")] = "",
    broker: Annotated[str, argument(help="Whose file it is; csv reads any table by its columns.")] = "auto",
    preview: Annotated[bool, argument(help="Show what would be booked, and book nothing.")] = False,
    columns: Annotated[tuple[str, ...], argument(help="With csv: what a column means.", metavar="COLUMN=FIELD")] = (),
    words: Annotated[tuple[str, ...], argument(help="With csv: what a word of the file means.", metavar="WORD=KIND")] = (),
    dates: Annotated[Literal["", "month", "day"], argument(help="With csv: what stands first in 03/04/2025.")] = "",
    decimal: Annotated[Literal["", "comma", "point"], argument(help="With csv: the decimal sign.")] = "",
    currency: Annotated[str, argument(help="With csv: the currency where no column tells it.", metavar="CODE")] = "",
    zone: Annotated[str, argument(help="With csv: the time zone of its times.", metavar="ZONE")] = "UTC",
    symbols: Annotated[tuple[str, ...], argument(help="How a file's symbol or ISIN is called here.", metavar="FROM=TICKER")] = (),
    doubles: Annotated[bool, argument(help="Also book what is there already, by hand or from another kind of file.")] = False,
    full: Annotated[bool, argument(help="Show every line, however many there are.")] = False,
) -> Table:
    """Book a broker's export. Importing it again changes nothing; lines that cannot be read are kept and listed."""
    from plugins.portfolio.bookings import import_runs, importing

    names = _symbols(symbols)
    ctx.progress(None, f"Reading {file.name}")
    read = importing.read_file(file, broker, _mapping(columns, words, dates, decimal, currency, zone))
    if preview:
        planned = importing.plan(ctx.store.book.read, read, account, symbols=names, doubles=doubles)
        return _shown(planned, "would be booked", _told(planned, made=False), full=full)
    ctx.progress(None, "Booking")

    def write(tx: Any) -> tuple[Plan, list[Run]]:
        planned = importing.plan(tx.query, read, account, symbols=names, doubles=doubles)
        return planned, import_runs.carry_out(tx, planned, names, ctx.now())

    planned, runs = ctx.store.book.write(write)
    made = [run for run in runs if run.id]
    table = _shown(planned, "booked", _told(planned, made=True), full=full)
    if len(made) == 1:
        text = f"{made[0].booked} bookings of {read.name} are imported"
        return replace(table, undo=Undo("portfolio.import_undo", {"run": made[0].id}, text, f"import:{made[0].id}"))
    return table


@command(title="Imports of files")
def imports(ctx: Context) -> Table:
    """List the files that were imported, with what each of them booked; the newest first."""
    from plugins.portfolio.bookings.importing import shown
    from plugins.portfolio.tables import frame

    rows = ctx.store.book.read(
        'SELECT r.id AS run, r."at", a.name AS account, r.file, r.broker, r.booked, r.known, r.unknown, r.undone_at '
        "FROM portfolio.import_runs r JOIN portfolio.accounts a ON a.id = r.account_id ORDER BY r.id DESC"
    ).to_dicts()
    note = () if rows else ("Nothing is imported yet: `tapeline portfolio import FILE --preview` shows what a file holds.",)
    return Table("Imports", _RUNS, frame(_RUNS, [{**row, "file": shown(row["file"])} for row in rows]), notes=note)


@command(title="Take an import back", writes=True)
def import_undo(ctx: Context, run: Annotated[int, argument(help="Number of the import.", metavar="NUMBER")]) -> Table:
    """Take out everything an import booked, as a whole. Importing the file again brings it back."""
    from plugins.portfolio.bookings import import_runs

    done = ctx.store.book.write(lambda tx: import_runs.undo(tx, run, ctx.now()))
    note = f"{done.booked} bookings of import {run} are taken out of {done.account}."
    return replace(imports(ctx), notes=(note,))


@command(title="Lines of files that were not read")
def unknown_lines(
    ctx: Context,
    *,
    account: Annotated[str, argument(help="Of this account only.")] = "",
    run: Annotated[int | None, argument(help="Of this import only.", metavar="NUMBER")] = None,
) -> Table:
    """List every line that no import could book, with its text and the reason; nothing of a file is dropped."""
    from plugins.portfolio import book
    from plugins.portfolio.bookings.importing import shown
    from plugins.portfolio.tables import frame

    name = book.account(ctx.store.book.read, account).name if account else None
    rows = ctx.store.book.read(
        "SELECT u.run_id AS run, a.name AS account, r.file, u.line, u.text, u.reason FROM portfolio.unknown_lines u "
        "JOIN portfolio.import_runs r ON r.id = u.run_id JOIN portfolio.accounts a ON a.id = r.account_id "
        "WHERE r.undone_at IS NULL AND (? IS NULL OR a.name = ?) AND (? IS NULL OR r.id = ?) ORDER BY u.run_id, u.line",
        (name, name, run, run),
    ).to_dicts()
    note = () if rows else ("Every line of every file was read.",)
    safe = [{**row, **{key: shown(row[key]) for key in ("file", "text", "reason")}} for row in rows]
    return Table("Lines that were not read", _LINES, frame(_LINES, safe), notes=note)


def _pairs(given: tuple[str, ...], example: str) -> dict[str, str]:
    pairs = {}
    for each in given:
        name, sign, meaning = each.rpartition("=")
        if not sign or not name.strip():
            raise UserError(f"'{each}' does not say what is what.", f"Write it as {example}.")
        pairs[name.strip()] = meaning.strip()
    return pairs


def _symbols(given: tuple[str, ...]) -> dict[str, str]:
    from terminal.domain.instruments import clean_symbol

    try:
        return {name.upper(): clean_symbol(symbol) for name, symbol in _pairs(given, "US9229087690=VTI").items()}
    except ValueError as problem:
        raise UserError(f"{problem}.", "Write it as US9229087690=VTI.") from None


def _mapping(columns: tuple[str, ...], words: tuple[str, ...], dates: Any, decimal: str, currency: str, zone: str) -> Mapped:
    from zoneinfo import ZoneInfo

    from terminal.domain.brokers.mapped import Mapped

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise UserError(f"There is no time zone '{zone}'.", "Give one such as Europe/Berlin.") from None
    comma: Any = {"": "", "comma": "decimal", "point": "group"}[decimal]
    return Mapped(_pairs(columns, "'Trade day=date'"), _pairs(words, "'Kauf=buy'"), dates, comma, currency.upper(), zone)


def _told(planned: Plan, *, made: bool) -> tuple[str, ...]:
    """The sentences beside the table: what was done, how the totals compare, what was guessed."""
    from plugins.portfolio.bookings.importing import shown

    notes = [_sentence(part, made=made) for part in planned.parts]
    if passed := len(planned.file.parsed.passed):
        notes.append(f"{_lines(passed)} understood and booked as nothing: sums, remarks, money swept.")
    if planned.unknown:
        kept = "kept: see `tapeline portfolio unknown-lines`" if made else "to be kept and listed"
        notes.append(f"{_lines(len(planned.unknown))} not booked, {kept}.")
    different = [check for check in planned.checks if not check.same]
    for check in different[:_MOST_CHECKS]:
        day = f" on {check.day}" if check.day else ""
        notes.append(
            f"{check.what} {check.key}{day}: the file states {check.stated:f}, booked are {check.booked.normalize():f}, "
            f"a difference of {(check.booked - check.stated).normalize():f}."
        )
    if agreed := len(planned.checks) - len(different):
        notes.append(f"{agreed} of {len(planned.checks)} totals that the file states agree with what is booked.")
    if len(different) > _MOST_CHECKS:
        notes.append(f"{len(different) - _MOST_CHECKS} more totals differ.")
    if any(check.what == "shares" for check in different):
        notes.append(
            "Shares bought before this file begins are not booked by it: import an earlier file too, or book them with "
            "`tapeline portfolio add ACCOUNT transfer_in`."
        )
    return (*notes, *(shown(note) for note in planned.file.parsed.notes))


def _lines(count: int) -> str:
    return "1 line is" if count == 1 else f"{count} lines are"


def _sentence(part: Part, *, made: bool) -> str:
    place = part.name if part.account or made else f"{part.name}, which will be made"
    what = "booked" if made else "to be booked"
    return f"{place}: {len(part.booking)} {what}, {len(part.known)} known already."


def _shown(planned: Plan, word: str, notes: tuple[str, ...], *, full: bool) -> Table:
    from plugins.portfolio.bookings.importing import shown
    from plugins.portfolio.tables import frame

    lines = {one.source_id: planned.file.parsed.lines.get(one.id, ()) for one in planned.file.parsed.transactions}

    def row(one: Transaction, state: str) -> Mapping[str, Any]:
        names = ("account", "day", "symbol", "quantity", "price", "amount", "fees", "taxes", "currency")
        told = {name: getattr(one, name) for name in names}
        at = lines.get(one.source_id, ())
        return {**told, "state": state, "kind": str(one.kind), "line": at[0] if at else None, "note": shown(one.note, 120)}

    new = [(one, word) for part in planned.parts for one in part.booking]
    known = [(one, "known already") for part in planned.parts for one in part.known]
    listed = [*new, *known] if full else [*new, *known][:_MOST_ROWS]
    if more := len(new) + len(known) - len(listed):
        notes = (*notes, f"{more} more bookings are not shown here (--full shows them).")
    rows = sorted((row(one, state) for one, state in listed), key=lambda each: each["line"] or 0)
    unknown = [
        {"state": "not read", "line": line.number, "note": shown(line.text), "reason": shown(line.reason)}
        for line in planned.unknown[: None if full else _MOST_ROWS]
    ]
    return Table(f"Import of {shown(planned.file.name)}", _PLAN, frame(_PLAN, [*unknown, *rows]), notes=notes)
