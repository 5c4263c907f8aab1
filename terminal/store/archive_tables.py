"""The tables of the archive: option chains day by day, volatility, prints of options, and what streams sent.

A contract's name is kept once, in `contracts`; everything else names it by a small number. Rows are only ever appended, a
snapshot after the other and by contract inside one, so that the engine's own ranges of each block lead it to a day at once.
"""

from __future__ import annotations

import polars as pl

from terminal.domain.schemas import CHAINS
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.store.migrate import CoreStep

# What a contract is; everything else in CHAINS is what was said of it at one moment.
IDENTITY = ("symbol", "contract", "expiry", "strike", "right")
VALUES = tuple(name for name in CHAINS.columns if name not in (*IDENTITY, "at"))
# Counts are whole numbers, and a service's own volatility says nothing beyond the sixth decimal: both take half the room so.
COUNTS = frozenset({"volume", "open_interest", "bid_size", "ask_size"})
ROUNDED = {"iv": 6, "delta": 6}
_KINDS = {pl.Float64: "double", UTC_TYPE: "timestamp_s", pl.String: "varchar", pl.Boolean: "boolean", pl.Date: "date"}

_Kinds = dict[str, pl.DataType | type[pl.DataType]]
VOLATILITY: _Kinds = {
    "symbol": pl.String, "day": pl.Date, "at": UTC_TYPE, "spot": pl.Float64,
    **dict.fromkeys(("iv7", "iv30", "iv60", "iv90", "iv180", "iv365", "skew25", "rr25", "bf25", "slope", "hv20"), pl.Float64),
    "source": pl.String, "contracts": pl.Int64,
}  # fmt: skip
# How much a row of each source is worth: our own measure of a whole chain is never replaced by a stand-in.
SOURCES = {"own": 3, "provider": 2, "proxy": 1}

TRADES: _Kinds = {
    "id": pl.String, "source": pl.String, "symbol": pl.String, "contract": pl.String, "expiry": pl.Date, "strike": pl.Float64,
    "right": pl.String, "at": UTC_TYPE, "price": pl.Float64, "size": pl.Int64, "bid": pl.Float64, "ask": pl.Float64,
    "exchange": pl.String, "conditions": pl.String, "underlying_price": pl.Float64, "iv": pl.Float64, "delta": pl.Float64,
    "volume": pl.Int64, "open_interest": pl.Int64,
}  # fmt: skip


def _kind(name: str) -> str:
    return "bigint" if name in COUNTS else _KINDS[CHAINS.columns[name]]


def columns_of_rows() -> dict[str, str]:
    """The SQL types of what is kept of a contract at one moment; grows with CHAINS."""
    return {"snapshot": "integer", "contract": "integer", "fetch_id": "integer", **{name: _kind(name) for name in VALUES}}


_ROWS = ", ".join(f"{name} {kind}" for name, kind in {
    "snapshot": "integer not null", "contract": "integer not null", "fetch_id": "integer not null",
    **dict.fromkeys(("bid", "ask", "last"), "double"), **dict.fromkeys(("volume", "open_interest"), "bigint"),
    **dict.fromkeys(("iv", "delta", "underlying_price"), "double"), **dict.fromkeys(("bid_size", "ask_size"), "bigint"),
    "last_at": "timestamp_s",
}.items())  # fmt: skip

STEPS = (
    CoreStep("0001 chains", f"""
        create table fetches (
            fetch_id integer not null, provider varchar not null, endpoint varchar not null, as_of timestamptz,
            fetched_at timestamptz, delayed boolean not null, simulated boolean not null, note varchar not null);
        create table contracts (
            id integer not null, symbol varchar not null, contract varchar not null, expiry date not null, strike double not null,
            "right" varchar not null, first_day date not null);
        create table snapshots (
            snapshot integer not null, symbol varchar not null, "at" timestamptz not null, day date not null,
            session date, whole boolean not null, last boolean not null, fetch_id integer not null, contracts integer not null);
        create table contract_days ({_ROWS});
        create table contract_moments ({_ROWS});
    """),
    CoreStep("0002 volatility", """
        create table volatility (
            symbol varchar not null, day date not null, "at" timestamptz not null, spot double, iv7 double, iv30 double,
            iv60 double, iv90 double, iv180 double, iv365 double, skew25 double, rr25 double, bf25 double, slope double,
            hv20 double, source varchar not null, contracts bigint, primary key (symbol, day));
    """),
    CoreStep("0003 prints and raw messages", """
        create table option_trades (
            id varchar not null, source varchar not null, symbol varchar not null, contract varchar not null, expiry date,
            strike double, "right" varchar, "at" timestamptz not null, price double, size bigint, bid double, ask double,
            exchange varchar, conditions varchar, underlying_price double, iv double, delta double, volume bigint,
            open_interest bigint);
        create table flow_raw (
            source varchar not null, channel varchar not null, "at" timestamptz not null, line varchar not null,
            bytes integer not null);
    """),
)  # fmt: skip
