"""One question of the user's own to the store, in SQL: read only, and nothing but the store.

A statement is never run because it looks harmless. DuckDB's own parser turns it into a tree (only what selects has one), and
every place in the tree that can bring rows must be a table of the market or the book, or one of a few functions that make
rows out of nothing. So there is no way from here to a file, the network, a setting, or anything that writes.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from terminal.errors import UserError
from terminal.store.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from terminal.store.db import Database

MOST_CARRIED = 500_000  # rows of one table that a question about both files takes over from the book
LONGEST = 20_000
_ROWS_FROM = frozenset({"range", "generate_series", "unnest"})
_CHANGING = frozenset({"nextval", "currval", "setseed", "sleep_ms", "write_log", "current_setting", "set_config", "getvariable",
                       "getenv", "current_query", "in_search_path", "stats"})
_PLAIN = re.compile(r"[A-Za-z_]\w*")
_AS_TEXT = re.compile(r"INTERVAL|TIME$|TIME WITH|UUID|BLOB|BIT|ENUM|MAP|UNION|STRUCT|JSON|VARIANT|GEOMETRY|\"NULL\"|NULL|"
                      r".*\[\d+\]$|(?!VARCHAR\[\]|DOUBLE\[\]|BIGINT\[\]|INTEGER\[\]|DATE\[\]|BOOLEAN\[\]).*\[\]$")
_FORBIDDEN = "Only questions can be asked here: SELECT, WITH, VALUES, FROM, DESCRIBE or SUMMARIZE."
_HINT = "Nothing was run. `tapeline sql tables` lists what there is."


@dataclass(frozen=True)
class TableName:
    """A table of the store: `file` is "market" or "book", `schema` "main" or a plugin's id."""

    file: str
    schema: str
    name: str

    @property
    def text(self) -> str:
        """As a statement names it."""
        return f"{self.file}.{self.name}" if self.schema == "main" else f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Answer:
    """The rows of a statement, the tables it read, whether there were more rows than asked for, and the columns' SQL types."""

    frame: pl.DataFrame
    tables: tuple[TableName, ...]
    cut: bool
    types: tuple[str, ...]


def names(files: Mapping[str, Database]) -> list[TableName]:
    """Every table and view there is, those of the market first."""
    found = []
    for file, database in files.items():
        frame = database.read("from (select schema_name, table_name from duckdb_tables() where not internal and not temporary "
                              "union all select schema_name, view_name from duckdb_views() where not internal and not temporary) "
                              "order by schema_name <> 'main', schema_name, table_name")
        found += [TableName(file, schema, name) for schema, name in frame.iter_rows()]
    return found


def columns(files: Mapping[str, Database]) -> pl.DataFrame:
    """Every column there is: file, schema, table, column, type, position, rows (of the table, as the engine estimates)."""
    parts = [database.read(
        f"select '{file}' as file, c.schema_name as schema, c.table_name as \"table\", c.column_name as \"column\", "
        "lower(c.data_type) as type, c.column_index as position, t.estimated_size as rows from duckdb_columns() c left join "
        "duckdb_tables() t using (database_name, schema_name, table_name) where not c.internal and c.database_name = "
        "current_database() order by c.schema_name <> 'main', c.schema_name, c.table_name, c.column_index")
        for file, database in files.items()]
    return pl.concat(parts, how="vertical_relaxed")


def ask(files: Mapping[str, Database], sql: str, limit: int) -> Answer:
    """Run one statement and hand back at most `limit` rows.

    Raises UserError in one sentence, with line and column where they are known, for what is not a question, names something
    that is not in the store, or cannot be computed; Cancelled when interrupted; StoreError when memory or file fail.
    """
    text = sql.strip().rstrip(";").rstrip()
    if not text:
        raise UserError("There is nothing to run.", "Such as: select * from market.bars limit 10")
    if len(text) > LONGEST:
        raise UserError(f"A statement may have up to {LONGEST:,} characters.", _HINT)
    first = next(iter(files.values()))
    tree = _parsed(first, text)
    used = _Checked(tree, names(files), text).tables
    wanted = sorted({table.file for table in used.values()})
    if len(wanted) < 2:
        database = files[wanted[0]] if wanted else first
        return _run(database, text, text, used, limit, {})
    carried, place = _carry(files, tree, used)
    rewritten = first.read("select json_deserialize_sql(?) as text", (json.dumps(tree),))["text"][0]
    return _run(files[place], text, rewritten.rstrip(";"), used, limit, carried)


def _parsed(database: Database, text: str) -> Any:
    """The tree of one statement that selects."""
    answer = json.loads(database.read("select json_serialize_sql(?)::varchar as tree", (text,))["tree"][0])
    if answer.get("error"):
        if answer.get("error_type") == "parser":
            raise UserError(f"SQL: {answer['error_message']}{_where(text, int(answer.get('position', -1)))}.", _HINT)
        raise UserError(_FORBIDDEN, _HINT)
    statements = answer["statements"]
    if not statements:
        raise UserError("There is nothing to run.", "Such as: select * from market.bars limit 10")
    if len(statements) > 1:
        raise UserError("Only one statement can be run at a time.", _HINT)
    if statements[0].get("named_param_map"):
        raise UserError("A statement here has no parameters: $1 and ? stand for nothing.", _HINT)
    return answer


class _Checked:
    """A tree in which everything that brings rows is known: `tables` by the place (id) of their node."""

    def __init__(self, tree: Any, known: Sequence[TableName], text: str) -> None:
        self.tables: dict[int, TableName] = {}
        self._text = text
        self._known: dict[tuple[str, ...], TableName] = {}
        for table in reversed(known):  # the market's own come last, so that they win a name both have
            self._known[table.file, table.schema, table.name] = self._known[table.schema, table.name] = table
            if table.schema == "main":
                self._known[table.file, table.name] = self._known[(table.name,)] = table
        nodes = list(_nodes(tree))
        self._ours = {str(entry["key"]).lower() for node in nodes for entry in _ctes(node)}
        if strange := next((name for name in self._ours if not _PLAIN.fullmatch(name)), None):
            raise UserError(f"The name {strange!r} of a part (WITH) must be a plain word.", _HINT)
        for node in nodes:
            self._check(node)

    def _check(self, node: Mapping[str, Any]) -> None:
        kind = node.get("type")
        if kind == "BASE_TABLE":
            self._table(node)
        elif kind == "TABLE_FUNCTION":
            name = str(node["function"].get("function_name", "")).lower()
            if name not in _ROWS_FROM:
                raise UserError(f"{name}() is not allowed here{self._at(node)}: only the store can be asked.", _HINT)
        elif kind == "SHOW_REF" and node.get("query") is None:
            raise UserError("SHOW is not answered here.", "Use: tapeline sql tables")
        elif "function_name" in node and str(node["function_name"]).lower() in _CHANGING:
            raise UserError(f"{node['function_name']}() is not allowed here{self._at(node)}.", _HINT)

    def _table(self, node: Mapping[str, Any]) -> None:
        parts = tuple(str(node[key]).lower() for key in ("catalog_name", "schema_name", "table_name") if node.get(key))
        if len(parts) == 1 and parts[0] in self._ours:
            return
        found = self._known.get(parts)
        if found is None:
            name = ".".join(parts)
            near = difflib.get_close_matches(name, [".".join(each) for each in self._known], 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise UserError(f"There is no table called {name!r}{self._at(node)}.", hint + "`tapeline sql tables` lists them.")
        if node.get("at_clause"):
            raise UserError(f"AT is not available here{self._at(node)}.", "Every table has its own columns of time.")
        self.tables[id(node)] = found

    def _at(self, node: Mapping[str, Any]) -> str:
        return _where(self._text, node.get("query_location", -1))


def _carry(files: Mapping[str, Database], tree: Any, used: Mapping[int, TableName]) -> tuple[dict[str, pl.DataFrame], str]:
    """A statement about both files: the book's tables (small) go over to the market's engine, the tree names them there."""
    carried: dict[str, pl.DataFrame] = {}
    for node in _nodes(tree):
        table = used.get(id(node))
        if table is None or table.file != "book":
            continue
        name = f"carried_{table.schema}_{table.name}"
        if name not in carried:
            source = f'{quoted(table.schema)}.{quoted(table.name)}'
            carried[name] = files["book"].read(f"select * from {source} limit {MOST_CARRIED + 1}")
            if carried[name].height > MOST_CARRIED:
                raise UserError(f"{table.text} is too large to be joined with the market.", "Ask for it by itself.")
        node.update(catalog_name="", schema_name="", table_name=name, alias=node.get("alias") or table.name)
    return carried, "market"


def _run(database: Database, typed: str, text: str, used: Mapping[int, TableName], limit: int,
         views: Mapping[str, pl.DataFrame]) -> Answer:
    inside = f"(\n{text}\n) as asked"
    try:
        shape = database.read(f"describe select * from {inside}", views=views)
        wanted = [(str(name), str(kind)) for name, kind in shape.select("column_name", "column_type").iter_rows()]
        named = ", ".join(f'c{place}' for place in range(len(wanted)))
        picked = ", ".join(f"{_as(f'c{place}', kind)} as {quoted(name)}" for place, (name, kind) in enumerate(wanted))
        frame = database.read(f"select {picked} from (select * from {inside}) as shaped({named}) limit {limit + 1}", views=views)
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        raise UserError(_said(str(error), typed), _HINT, error) from error
    tables = tuple(dict.fromkeys(used.values()))
    return Answer(frame.head(limit), tables, frame.height > limit, tuple(kind for _, kind in wanted))


def _as(column: str, kind: str) -> str:
    """A column of the engine's type as one that a table can show."""
    if kind in ("DOUBLE", "FLOAT"):
        return f"case when isfinite({column}) then {column}::double end"
    if kind.startswith(("HUGEINT", "UHUGEINT", "DECIMAL", "UBIGINT", "BIGNUM")):
        return f"{column}::double"
    if kind.startswith("TIMESTAMP"):
        return f"{column}::timestamptz"
    return f"{column}::varchar" if _AS_TEXT.match(kind) else column


def _said(error: str, text: str) -> str:
    """The engine's complaint as one sentence with its place."""
    lines = [line for line in error.split("LINE ", maxsplit=1)[0].replace("ComputeError: ", "").splitlines() if line.strip()]
    sentence = " ".join(line.strip() for line in lines).strip().rstrip(".!")
    sentence = re.sub(r"^(?:[A-Z]\w+(?: [A-Z]\w+)*) Error: ", "", sentence)
    name = re.search(r"\"([^\"]+)\"|(?:with name|function) (\w+)", sentence)
    found = re.search(rf"(?<![\w\"]){re.escape(name[1] or name[2])}(?!\w)", text, re.I) if name else None
    said, _, near = re.sub(r"[.!?]? (?:Candidate bindings:|Did you mean) ?", "\0", sentence, count=1).partition("\0")
    perhaps = f"; perhaps {near.rstrip(' ?')}" if near else ""
    return f"SQL: {said}{_where(text, found.start() if found else -1)}{perhaps}."


def _where(text: str, offset: Any) -> str:
    """ at line 2, column 5; nothing when the place is not known."""
    if not isinstance(offset, int) or not 0 <= offset <= len(text.encode()):
        return ""
    before = text.encode()[:offset].decode(errors="ignore")
    line = f"line {before.count(chr(10)) + 1}, " if "\n" in text else ""
    return f" at {line}column {len(before) - before.rfind(chr(10))}"


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            yield here
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)


def _ctes(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = node.get("cte_map")
    return list(found.get("map", ())) if isinstance(found, dict) else []
