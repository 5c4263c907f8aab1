"""The tables of the market file: the program's own steps, and for each dataset those that its schema asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.rivals import CONTESTS
from terminal.domain.schemas import DATASETS
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.store.migrate import CoreStep
from terminal.store.sql import quoted

if TYPE_CHECKING:
    from terminal.domain.schemas import Schema
    from terminal.store.db import Database

_SQL_TYPES = {pl.String: "varchar", pl.Date: "date", pl.Float64: "double", pl.Int32: "integer", pl.Int8: "tinyint",
              pl.Int64: "bigint", pl.Boolean: "boolean", UTC_TYPE: "timestamptz"}
STEPS = (
    CoreStep("0001 log, quarantine, repairs, freshness", """
        create table fetch_log (
            fetch_id bigint primary key, provider varchar not null, endpoint varchar not null, dataset varchar not null,
            symbol varchar not null, started_at timestamptz not null, finished_at timestamptz not null, status varchar not null,
            http_status integer, bytes bigint, sha256 varchar not null, error varchar not null, as_of timestamptz,
            delayed boolean not null, simulated boolean not null, rows bigint not null, refused bigint not null,
            repaired bigint not null);
        create table quarantine (
            dataset varchar not null, symbol varchar, key varchar not null, row varchar not null, reason varchar not null,
            fetch_id bigint not null, "at" timestamptz not null);
        create table repairs (
            dataset varchar not null, symbol varchar not null, "at" varchar not null, field varchar not null, was double,
            now double, rule varchar not null, fetch_id bigint not null);
        create table freshness (
            dataset varchar not null, symbol varchar not null, newest timestamptz, fetched_at timestamptz not null,
            provider varchar not null, fetch_id bigint not null);
    """),
    CoreStep("0002 why this provider was asked", "alter table fetch_log add column reason varchar default ''"),
)


def create(database: Database) -> None:
    """Make the tables and columns of DATASETS that are not there yet."""
    existing = database.read("select table_name, column_name from duckdb_columns() where schema_name = 'main' and not internal")
    have: dict[str, set[str]] = {}
    for table, column in existing.iter_rows():
        have.setdefault(table, set()).add(column)
    missing = [text for schema in DATASETS.values() for text in _statements(schema, have)]
    if missing:
        database.write(lambda tx: [tx.execute(text) for text in missing])


def _statements(schema: Schema, have: dict[str, set[str]]) -> list[str]:
    kinds = {name: _SQL_TYPES[kind] for name, kind in schema.columns.items()}
    current = {**kinds, "fetch_id": "bigint", "known_at": "timestamptz"}
    texts = []
    spans = {**current, "known_until": "timestamptz"}
    tables = {schema.name: current, f"{schema.name}_superseded": spans}
    if schema.name in CONTESTS:
        tables[f"{schema.name}_others"] = spans
    for table, columns in tables.items():
        if table not in have:
            texts.append(f"create table {table} ({', '.join(f'{quoted(name)} {kind}' for name, kind in columns.items())})")
        else:  # a column that a newer schema added
            missing = {name: kind for name, kind in columns.items() if name not in have[table]}
            texts += [f'alter table {table} add column "{name}" {kind}' for name, kind in missing.items()]
    return texts
