"""The book's table of saved views."""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 saved views",
        sql="""
        CREATE TABLE views.saved (
            table_key VARCHAR NOT NULL, name VARCHAR NOT NULL, state VARCHAR NOT NULL, created_at TIMESTAMPTZ NOT NULL,
            changed_at TIMESTAMPTZ NOT NULL, deleted_at TIMESTAMPTZ);
    """,
    ),
)
