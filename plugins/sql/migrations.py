"""The book's table of statements that were run."""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 history",
        sql="""
        CREATE TABLE sql.history (
            id BIGINT PRIMARY KEY, text VARCHAR NOT NULL, ran_at TIMESTAMPTZ NOT NULL, rows BIGINT NOT NULL,
            seconds DOUBLE NOT NULL, times INTEGER NOT NULL);
    """,
    ),
)
