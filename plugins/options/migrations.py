"""The options desk's tables in the book."""

from terminal.api import Migration

MIGRATIONS = (
    Migration(
        name="0001 flow: events, flags, verdicts, recipes",
        sql="""
        CREATE TABLE options.flow_events (
            id VARCHAR PRIMARY KEY, input VARCHAR NOT NULL, source VARCHAR, rule VARCHAR, symbol VARCHAR NOT NULL,
            contract VARCHAR NOT NULL, expiry DATE NOT NULL, strike DOUBLE NOT NULL, "right" VARCHAR NOT NULL, day DATE NOT NULL,
            started TIMESTAMPTZ, "at" TIMESTAMPTZ NOT NULL, side VARCHAR, price DOUBLE, bid DOUBLE, ask DOUBLE, size DOUBLE,
            premium DOUBLE, prints BIGINT, exchanges BIGINT, largest DOUBLE, legs_share DOUBLE, volume DOUBLE,
            open_interest DOUBLE, average_volume DOUBLE, average_days BIGINT, repeats BIGINT, underlying_price DOUBLE, iv DOUBLE,
            delta DOUBLE, doubt VARCHAR NOT NULL, marks VARCHAR[] NOT NULL, trade_ids VARCHAR[],
            recorded_at TIMESTAMPTZ NOT NULL, hindsight BOOLEAN NOT NULL, simulated BOOLEAN NOT NULL,
            detection VARCHAR NOT NULL, evidence VARCHAR NOT NULL);
        CREATE TABLE options.flow_flags (
            event_id VARCHAR NOT NULL, recipe VARCHAR NOT NULL, title VARCHAR NOT NULL, rule VARCHAR NOT NULL,
            clauses VARCHAR NOT NULL, flagged_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (event_id, recipe));
        CREATE TABLE options.flow_verdicts (
            event_id VARCHAR NOT NULL, judged_at TIMESTAMPTZ NOT NULL, verdict VARCHAR NOT NULL, change DOUBLE, flagged DOUBLE,
            flags BIGINT, volume DOUBLE, opened_least DOUBLE, closed_least DOUBLE, before DOUBLE, after DOUBLE,
            stated_on DATE, reason VARCHAR NOT NULL, PRIMARY KEY (event_id, judged_at));
        CREATE TABLE options.flow_recipes (
            id VARCHAR PRIMARY KEY, title VARCHAR NOT NULL, rule VARCHAR NOT NULL, changed_at TIMESTAMPTZ NOT NULL,
            deleted_at TIMESTAMPTZ);
    """,
    ),
    Migration(
        name="0002 plans",
        sql="""
        CREATE TABLE options.plan_versions (
            name VARCHAR NOT NULL, version INTEGER NOT NULL, "at" TIMESTAMPTZ NOT NULL, symbol VARCHAR NOT NULL,
            legs VARCHAR NOT NULL, count INTEGER NOT NULL, spot DOUBLE NOT NULL, cost DOUBLE NOT NULL, risk DOUBLE NOT NULL,
            chance DOUBLE NOT NULL, expected DOUBLE NOT NULL, expiry DATE NOT NULL, outlook VARCHAR NOT NULL,
            note VARCHAR NOT NULL, removed BOOLEAN NOT NULL, PRIMARY KEY (name, version));
    """,
    ),
)
