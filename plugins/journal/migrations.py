"""The journal's tables in the book. Nothing is ever changed in place: a change is a further version, a removal is marked."""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 decisions, calls, theses and check-ins",
        sql="""
        CREATE SEQUENCE journal.entry_id;
        CREATE TABLE journal.entries (
            id BIGINT PRIMARY KEY, kind VARCHAR NOT NULL, symbol VARCHAR NOT NULL, day DATE NOT NULL,
            logged_at TIMESTAMPTZ NOT NULL, in_hindsight BOOLEAN NOT NULL);
        CREATE TABLE journal.versions (
            id BIGINT NOT NULL, version INTEGER NOT NULL, written_at TIMESTAMPTZ NOT NULL, action VARCHAR NOT NULL,
            reason VARCHAR NOT NULL, metrics VARCHAR[] NOT NULL, probability DOUBLE, until DATE, stop DOUBLE, target DOUBLE,
            review_on DATE, falsifiers VARCHAR[] NOT NULL, signal VARCHAR NOT NULL, preset VARCHAR NOT NULL,
            event VARCHAR NOT NULL, level DOUBLE, price DOUBLE, market_price DOUBLE, currency VARCHAR,
            context VARCHAR NOT NULL, removed BOOLEAN NOT NULL, why VARCHAR NOT NULL, PRIMARY KEY (id, version));
        CREATE TABLE journal.statuses (
            id BIGINT NOT NULL, day DATE NOT NULL, last_day DATE NOT NULL, judged_at TIMESTAMPTZ NOT NULL,
            status VARCHAR NOT NULL, clauses VARCHAR NOT NULL, told BOOLEAN NOT NULL);
        CREATE SEQUENCE journal.checkin_id;
        CREATE TABLE journal.checkins (
            number BIGINT PRIMARY KEY, id BIGINT NOT NULL, milestone INTEGER NOT NULL, done_on DATE NOT NULL,
            done_at TIMESTAMPTZ NOT NULL, next VARCHAR NOT NULL, note VARCHAR NOT NULL, facts VARCHAR NOT NULL,
            removed_at TIMESTAMPTZ);
    """,
    ),
    Migration(
        name="0002 what is said of trades, playbooks and pictures",
        sql="""
        CREATE TABLE journal.trade_notes (
            booking BIGINT NOT NULL, version INTEGER NOT NULL, written_at TIMESTAMPTZ NOT NULL, strategy VARCHAR[] NOT NULL,
            setup VARCHAR[] NOT NULL, mistake VARCHAR[] NOT NULL, tag VARCHAR[] NOT NULL, entry DECIMAL(38, 18),
            stop DECIMAL(38, 18), target DECIMAL(38, 18), risk DECIMAL(38, 18), "before" VARCHAR NOT NULL,
            during VARCHAR NOT NULL, "after" VARCHAR NOT NULL, text VARCHAR NOT NULL, playbook VARCHAR NOT NULL,
            done VARCHAR[] NOT NULL, PRIMARY KEY (booking, version));
        CREATE TABLE journal.playbooks (
            name VARCHAR NOT NULL, version INTEGER NOT NULL, written_at TIMESTAMPTZ NOT NULL, text VARCHAR NOT NULL,
            items VARCHAR[] NOT NULL, removed BOOLEAN NOT NULL);
        CREATE SEQUENCE journal.picture_id;
        CREATE TABLE journal.trade_pictures (
            number BIGINT PRIMARY KEY, booking BIGINT NOT NULL, file VARCHAR NOT NULL, what VARCHAR NOT NULL,
            made_at TIMESTAMPTZ NOT NULL, removed_at TIMESTAMPTZ);
    """,
    ),
    Migration(
        name="0003 which clauses were true at entries",
        sql="""
        CREATE TABLE journal.entry_clauses (
            symbol VARCHAR NOT NULL, day DATE NOT NULL, clause VARCHAR NOT NULL, held BOOLEAN, judged_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (symbol, day, clause));
    """,
    ),
    Migration(
        name="0004 the demo journal",
        sql="""
        CREATE TABLE journal.demo (what VARCHAR NOT NULL, name VARCHAR NOT NULL, made_at TIMESTAMPTZ NOT NULL,
            removed_at TIMESTAMPTZ);
    """,
    ),
)
