"""The screener's tables in the book."""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 runs and saved screens",
        sql="""
        CREATE SEQUENCE screener.run_id;
        CREATE TABLE screener.runs (
            id BIGINT PRIMARY KEY, ran_at TIMESTAMPTZ NOT NULL, as_of DATE, screen VARCHAR NOT NULL, title VARCHAR NOT NULL,
            rule VARCHAR NOT NULL, clauses VARCHAR[] NOT NULL, universe VARCHAR NOT NULL,
            total INTEGER NOT NULL, matched INTEGER NOT NULL, unknown INTEGER NOT NULL);
        CREATE TABLE screener.run_rows (
            run_id BIGINT NOT NULL, symbol VARCHAR NOT NULL, matched BOOLEAN, verdict VARCHAR, score DOUBLE, price DOUBLE,
            outcomes BOOLEAN[], amounts DOUBLE[]);
        CREATE TABLE screener.saved (
            name VARCHAR PRIMARY KEY, rule VARCHAR NOT NULL, universe VARCHAR NOT NULL, columns VARCHAR NOT NULL,
            sort VARCHAR NOT NULL, ascending BOOLEAN NOT NULL, created_at TIMESTAMPTZ NOT NULL,
            changed_at TIMESTAMPTZ NOT NULL, deleted_at TIMESTAMPTZ);
    """,
    ),
)
