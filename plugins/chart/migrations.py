"""The chart's tables in the book."""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 drawings and studies",
        sql="""
        CREATE SEQUENCE chart.drawing_id;
        CREATE TABLE chart.drawings (
            id BIGINT PRIMARY KEY, symbol VARCHAR NOT NULL, tool VARCHAR NOT NULL, points VARCHAR NOT NULL, text VARCHAR NOT NULL,
            role VARCHAR NOT NULL, width DOUBLE NOT NULL, created_at TIMESTAMPTZ NOT NULL, changed_at TIMESTAMPTZ NOT NULL,
            deleted_at TIMESTAMPTZ);
        CREATE SEQUENCE chart.state_id;
        CREATE TABLE chart.drawing_states (
            id BIGINT PRIMARY KEY, drawing_id BIGINT NOT NULL, points VARCHAR NOT NULL, text VARCHAR NOT NULL,
            role VARCHAR NOT NULL, width DOUBLE NOT NULL, replaced_at TIMESTAMPTZ NOT NULL);
        CREATE SEQUENCE chart.template_id;
        CREATE TABLE chart.templates (
            id BIGINT PRIMARY KEY, symbol VARCHAR NOT NULL, studies VARCHAR, saved_at TIMESTAMPTZ NOT NULL,
            undone_at TIMESTAMPTZ);
    """,
    ),
)
