"""The portfolio's tables in the book. Bookings are only ever added: a correction is a further version of the same one.

`held` says what is held now, written with each booking, so that whoever asks for the universe need not replay anything.
"""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 accounts and bookings",
        sql="""
        CREATE SEQUENCE portfolio.account_id;
        CREATE TABLE portfolio.accounts (
            id BIGINT PRIMARY KEY, name VARCHAR NOT NULL, broker VARCHAR NOT NULL, base_currency VARCHAR NOT NULL,
            method VARCHAR NOT NULL, created_at TIMESTAMPTZ NOT NULL);
        CREATE TABLE portfolio.portfolios (
            name VARCHAR NOT NULL, accounts VARCHAR[] NOT NULL, created_at TIMESTAMPTZ NOT NULL, deleted_at TIMESTAMPTZ);

        CREATE SEQUENCE portfolio.booking_id;
        CREATE TABLE portfolio.keys (
            account_id BIGINT NOT NULL, source_id VARCHAR NOT NULL, booking_id BIGINT NOT NULL,
            PRIMARY KEY (account_id, source_id));
        CREATE TABLE portfolio.versions (
            id BIGINT NOT NULL, version INTEGER NOT NULL, account_id BIGINT NOT NULL, source_id VARCHAR NOT NULL,
            "at" TIMESTAMPTZ NOT NULL, day DATE NOT NULL, kind VARCHAR NOT NULL, symbol VARCHAR, quantity DECIMAL(38, 18),
            price DECIMAL(38, 18), amount DECIMAL(38, 18) NOT NULL, fees DECIMAL(38, 18) NOT NULL,
            taxes DECIMAL(38, 18) NOT NULL, currency VARCHAR NOT NULL, fx_rate DECIMAL(38, 18), instrument VARCHAR NOT NULL,
            underlying VARCHAR, expiry DATE, strike DECIMAL(38, 18), call_or_put VARCHAR, multiplier DECIMAL(38, 18),
            ratio DECIMAL(38, 18), other VARCHAR, cost_share DECIMAL(38, 18), lots VARCHAR NOT NULL, source VARCHAR NOT NULL,
            note VARCHAR NOT NULL, run_id BIGINT, booked_at TIMESTAMPTZ NOT NULL, removed BOOLEAN NOT NULL,
            reason VARCHAR NOT NULL, PRIMARY KEY (id, version));
        CREATE VIEW portfolio.transactions AS
            SELECT * EXCLUDE (newest) FROM (
                SELECT v.*, row_number() OVER (PARTITION BY id ORDER BY version DESC) = 1 AS newest FROM portfolio.versions v)
            WHERE newest AND NOT removed;

        CREATE TABLE portfolio.held (
            account_id BIGINT NOT NULL, symbol VARCHAR NOT NULL, market_symbol VARCHAR NOT NULL,
            quantity DECIMAL(38, 18) NOT NULL);

        CREATE SEQUENCE portfolio.run_id;
        CREATE TABLE portfolio.import_runs (
            id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, file VARCHAR NOT NULL, sha256 VARCHAR NOT NULL,
            "at" TIMESTAMPTZ NOT NULL, booked INTEGER NOT NULL, known INTEGER NOT NULL, unknown INTEGER NOT NULL);
        CREATE TABLE portfolio.unknown_lines (
            run_id BIGINT NOT NULL, line INTEGER NOT NULL, text VARCHAR NOT NULL, reason VARCHAR NOT NULL);
    """,
    ),
    Migration(
        name="0002 imports that were taken back, and names of files' symbols",
        sql="""
        ALTER TABLE portfolio.import_runs ADD COLUMN broker VARCHAR;
        ALTER TABLE portfolio.import_runs ADD COLUMN undone_at TIMESTAMPTZ;
        CREATE TABLE portfolio.file_symbols (name VARCHAR PRIMARY KEY, symbol VARCHAR NOT NULL);
    """,
    ),
    Migration(
        name="0003 targets, and what the user says of symbols",
        sql="""
        CREATE TABLE portfolio.target_versions (
            scope VARCHAR NOT NULL, taxonomy VARCHAR NOT NULL, version INTEGER NOT NULL, "at" TIMESTAMPTZ NOT NULL,
            keys VARCHAR[] NOT NULL, weights DOUBLE[] NOT NULL, bands DOUBLE[] NOT NULL, reason VARCHAR NOT NULL,
            PRIMARY KEY (scope, taxonomy, version));
        CREATE TABLE portfolio.label_versions (
            symbol VARCHAR NOT NULL, version INTEGER NOT NULL, "at" TIMESTAMPTZ NOT NULL, tags VARCHAR[] NOT NULL,
            asset_class VARCHAR NOT NULL, sector VARCHAR NOT NULL, region VARCHAR NOT NULL, PRIMARY KEY (symbol, version));
    """,
    ),
    Migration(
        name="0004 the demo portfolio",
        sql="CREATE TABLE portfolio.demo (account_id BIGINT NOT NULL, filled_at TIMESTAMPTZ NOT NULL, removed_at TIMESTAMPTZ)",
    ),
    Migration(
        name="0005 verdicts of what is held, as they change",
        sql="""
        CREATE TABLE portfolio.verdicts (
            symbol VARCHAR NOT NULL, verdict VARCHAR NOT NULL, score DOUBLE, before VARCHAR, day DATE NOT NULL,
            "at" TIMESTAMPTZ NOT NULL);
    """,
    ),
    Migration(
        name="0006 scenarios",
        sql="""
        CREATE TABLE portfolio.scenario_versions (
            name VARCHAR NOT NULL, version INTEGER NOT NULL, "at" TIMESTAMPTZ NOT NULL, shock VARCHAR NOT NULL,
            trades VARCHAR NOT NULL, removed BOOLEAN NOT NULL, PRIMARY KEY (name, version));
    """,
    ),
    Migration(
        name="0007 what banks say",
        sql="""
        CREATE TABLE portfolio.bank_balances (
            id VARCHAR NOT NULL, said_at TIMESTAMPTZ NOT NULL, fetched_at TIMESTAMPTZ NOT NULL, bank VARCHAR NOT NULL,
            name VARCHAR NOT NULL, currency VARCHAR NOT NULL, balance DECIMAL(38, 18) NOT NULL, available DECIMAL(38, 18));
        CREATE TABLE portfolio.bank_reads (
            "at" TIMESTAMPTZ NOT NULL, accounts INTEGER NOT NULL, warnings VARCHAR[] NOT NULL);
    """,
    ),
)
