"""Databento's files of OPRA trades (`.dbn`, `.dbn.zst`), which a user has downloaded: as frames of option trades, part by part.

The file is unpacked and brought to the present version of the format by their own small library (the extra `databento`); its
records are then taken as columns by their layout, so that a trade costs no Python object beyond the library's. Read are the
schemas `trades`, and those that put the quote beside it: `tbbo` and `mbp-1` the one of the exchange, `tcbbo` and `cmbp-1` the
consolidated one. Sale conditions, volatility and open interest are not in them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.schemas import UTC
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SOURCE = "databento"
DATASET = "OPRA.PILLAR"
PART = 4_000_000
SCHEMAS = ("trades", "tbbo", "tcbbo", "mbp-1", "cmbp-1")
# The layout of a trade, and of one with the best quotes behind it (Databento's specification of the format, version 3).
_TRADE = np.dtype([
    ("length", "u1"), ("rtype", "u1"), ("publisher", "u2"), ("instrument", "u4"), ("ts_event", "u8"), ("price", "i8"),
    ("size", "u4"), ("action", "S1"), ("side", "S1"), ("flags", "u1"), ("depth", "u1"), ("ts_recv", "u8"), ("delta", "i4"),
    ("sequence", "u4"),
])  # fmt: skip
_QUOTED = np.dtype([*_TRADE.descr, ("bid", "i8"), ("ask", "i8"), ("sizes", "V16")])
_NO_PRICE, _NO_TIME = 2**63 - 1, 2**64 - 1
_ZSTD = b"\x28\xb5\x2f\xfd"
_PUBLISHER = re.compile(r"publisher_id=OPRA\.PILLAR\.(\w+) \(\d+\)")


def option_trades(path: Path) -> Iterator[pl.DataFrame]:
    """OPTION_TRADES frames of a file, in its order. Raises UserError for a file that cannot be read or holds something else.

    A trade whose contract the file does not name is left out; a file that names none is an error.
    """
    decoder = _decoder(path)
    names: pl.DataFrame | None = None
    exchanges: dict[int, str] = {}
    seen = named = 0
    try:
        with path.open("rb") as file:
            while part := file.read(PART):
                decoder.write(part)
                records = decoder.decode()
                if names is None and records:
                    names = _names(records[0], path)
                    records = records[1:]
                frame = _frame(records, exchanges)
                if names is None or frame.is_empty():
                    continue
                trades = _trades(frame, names, exchanges)
                seen, named = seen + frame.height, named + trades.height
                if trades.height:
                    yield trades
    except OSError as error:
        raise _unreadable(path, error) from None
    except Exception as error:
        if type(error).__name__ != "DBNError":
            raise
        raise UserError(f"{path.name} is no whole file of Databento's.", "Download it again; it may have broken off.") from None
    if names is None or decoder.buffer():
        raise UserError(f"{path.name} is no whole file of Databento's.", "Download it again; it may have broken off.")
    if seen and not named:
        raise UserError(f"{path.name} does not name the contracts of its trades.", "Ask Databento for raw symbols, OPRA.PILLAR.")


def read_trades(path: Path) -> pl.DataFrame:
    """All of a file as one frame; for the larger ones `option_trades` is kinder to memory."""
    from terminal.domain.flow.prints import OPTION_TRADES

    return pl.concat([OPTION_TRADES.empty(), *option_trades(path)])


def _decoder(path: Path) -> Any:
    try:
        import databento_dbn
    except ImportError:
        raise UserError("Files of Databento need its own reader, which is not installed.",
                        "Install it: pip install 'tapeline[databento]'.") from None
    try:
        with path.open("rb") as file:
            packed = file.read(4) == _ZSTD
    except OSError as error:
        raise _unreadable(path, error) from None
    kinds: Any = databento_dbn.Compression
    return databento_dbn.DBNDecoder(compression=kinds.ZSTD if packed else kinds.NONE)


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path.name} cannot be read: {error.strerror or error}.", "Check the path and its permissions.")


def _names(metadata: Any, path: Path) -> pl.DataFrame:
    """instrument, contract, first, last (exclusive): the contract a number stood for on which days."""
    from terminal.domain.options import contracts

    if metadata.dataset != DATASET or str(metadata.schema) not in SCHEMAS:
        what = f"{metadata.dataset}, {metadata.schema}"
        raise UserError(f"{path.name} holds {what}, not option trades.", f"Ask Databento for {DATASET} and trades or tbbo.")
    rows = []
    for raw, intervals in metadata.mappings.items():
        known = contracts.parse(raw)
        if known is None or known.adjusted:
            continue
        rows += [
            (int(each["symbol"]), contracts.build(known), each["start_date"], each["end_date"])
            for each in intervals
            if str(each["symbol"]).isdigit()
        ]
    return pl.DataFrame(
        rows, schema={"instrument": pl.UInt32, "contract": pl.String, "first": pl.Date, "last": pl.Date}, orient="row")


def _frame(records: Sequence[Any], exchanges: dict[int, str]) -> pl.DataFrame:
    """The trades among the records as columns; `exchanges` learns the names of those that are new."""
    parts = []
    for layout in (_TRADE, _QUOTED):
        raw = b"".join(data for record in records if len(data := bytes(record)) == layout.itemsize)
        if raw:
            table = np.frombuffer(raw, layout)
            parts.append(pl.DataFrame({
                name: table[name] if name in (layout.names or ()) else np.full(len(table), _NO_PRICE, np.int64)
                for name in ("publisher", "instrument", "ts_event", "ts_recv", "price", "size", "sequence", "bid", "ask")
            }).filter(pl.Series(table["action"] == b"T")))  # fmt: skip
    frame = pl.concat(parts) if parts else pl.DataFrame({"publisher": []}, schema={"publisher": pl.UInt16})
    unknown = set(frame["publisher"].unique().to_list()) - exchanges.keys()
    if unknown:
        for record in records:
            number = int(getattr(record, "publisher_id", -1))
            if number in unknown:
                found = _PUBLISHER.search(repr(record))
                exchanges[number] = found[1] if found else str(number)
                unknown.discard(number)
                if not unknown:
                    break
    return frame


def _trades(frame: pl.DataFrame, names: pl.DataFrame, exchanges: dict[int, str]) -> pl.DataFrame:
    from terminal.domain.flow.prints import OPTION_TRADES
    from terminal.domain.options import names as occ

    nanos = pl.when(pl.col("ts_event") != _NO_TIME).then("ts_event").when(pl.col("ts_recv") != _NO_TIME).then("ts_recv")
    told = frame.with_columns((nanos // 1000).cast(pl.Int64).cast(UTC).alias("at")).with_row_index("place")
    if names["instrument"].is_unique().all():
        told = told.join(names, on="instrument", how="inner", maintain_order="left")
    else:
        day = pl.col("at").dt.date()
        told = told.join(names, on="instrument", how="inner", maintain_order="left").filter(
            (pl.col("first") <= day) & (day < pl.col("last")))
    key = pl.concat_str(["publisher", "instrument", "ts_event", "sequence"], separator=".")
    again = pl.int_range(pl.len()).over("publisher", "instrument", "ts_event", "sequence")
    contract = pl.col("contract")
    made = told.select(
        pl.when(again > 0).then(pl.concat_str([key, again], separator=".")).otherwise(key).alias("id"),
        pl.lit(SOURCE).alias("source"),
        occ.underlying(contract).alias("symbol"),
        "contract",
        **occ.parts(contract),
        at=pl.col("at"),
        price=_price("price"),
        size=pl.col("size").cast(pl.Int64),
        bid=_price("bid"),
        ask=_price("ask"),
        exchange=pl.col("publisher").replace_strict(exchanges, return_dtype=pl.String),
    )
    return OPTION_TRADES.validate(made).good


def _price(name: str) -> pl.Expr:
    """Prices are whole billionths; divided and rounded, because polars multiplies by the inverse of a constant."""
    return pl.when(pl.col(name) != _NO_PRICE).then((pl.col(name) / 1_000_000_000).round(9))
