"""The dip monitor's tables in the book."""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 states and alerts",
        sql="""
        CREATE SEQUENCE dips.state_id;
        CREATE TABLE dips.states (
            id BIGINT PRIMARY KEY, symbol VARCHAR NOT NULL, peak_day DATE NOT NULL, action VARCHAR NOT NULL,
            opened_on DATE NOT NULL, last_on DATE NOT NULL, recorded_at TIMESTAMPTZ NOT NULL, in_hindsight BOOLEAN NOT NULL,
            price DOUBLE NOT NULL, dip DOUBLE NOT NULL, size DOUBLE, level VARCHAR NOT NULL, reason VARCHAR NOT NULL,
            threshold DOUBLE NOT NULL, span INTEGER NOT NULL, rules VARCHAR NOT NULL, inputs VARCHAR NOT NULL);
        CREATE TABLE dips.alerts (
            symbol VARCHAR NOT NULL, level VARCHAR NOT NULL, since DATE NOT NULL, alerted_on DATE NOT NULL,
            recorded_at TIMESTAMPTZ NOT NULL, price DOUBLE NOT NULL, dip DOUBLE NOT NULL, told BOOLEAN NOT NULL);
    """,
    ),
)
