"""The dip monitor's answers as tables: columns, origins, and the sentences a beginner reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.api import Column, Source, Table
from terminal.domain import format as show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from plugins.dips.gathering import Dip, Found
    from terminal.domain.base_rates import BaseRate

SURVIVORS = ("Past falls are those of companies stored today: those that vanished are missing, so that the past looks better "
             "than it was.")
CLOSES = ("Highs are highest closes (252 and 63 sessions); the screener's 52-week high counts trades within the day, so its "
          "figure can be deeper.")

COLUMNS = (
    Column("symbol", "Ticker"),
    Column("name", "Name", newbie=False),
    Column("price", "Price", "number", "currency", "price"),
    Column("fallen", "Below its high", "number", "currency", "dips_fallen", decimals=2),
    Column("dip", "Dip", "number", "fraction", "dips_dip", decimals=1),
    Column("dip_52w", "52-week dip", "number", "fraction", "dips_52w", decimals=1, newbie=False),
    Column("dip_recent", "3-month dip", "number", "fraction", "dips_recent", decimals=1, newbie=False),
    Column("sessions", "Sessions", "integer", "", "dips_sessions", newbie=False),
    Column("action", "What to do", term="dips_action"),
    Column("verdict", "Verdict", term="verdict", newbie=False),
    Column("level", "Alert", term="dips_level", newbie=False),
    Column("since", "Since", "date", term="dips_since", newbie=False),
    Column("market_part", "Market", "number", "fraction", "dips_market", decimals=1, newbie=False),
    Column("sector_part", "Sector", "number", "fraction", "dips_sector", decimals=1, newbie=False),
    Column("company_part", "Company", "number", "fraction", "dips_company", decimals=1, newbie=False),
    Column("dividends_part", "Dividends", "number", "fraction", "dips_dividends", decimals=1, newbie=False),
    Column("today_part", "Today", "number", "fraction", "dips_today", decimals=1, newbie=False),
    Column("beta", "Beta", "number", "", "dips_beta", decimals=2, newbie=False),
    Column("event", "Nearest event", term="dips_event", newbie=False),
    Column("event_on", "On", "date", newbie=False),
    Column("worst_day", "Worst session", "date", newbie=False),
    Column("severity", "Severity", "number", "fraction", "dips_severity", decimals=0, newbie=False),
    Column("falls", "Own falls", "integer", "count", "dips_falls", newbie=False),
    Column("z", "z", "number", "", "dips_z", decimals=1, newbie=False),
    Column("recovered_63", "Back in 63", "number", "fraction", "dips_recovered", decimals=0, newbie=False),
    Column("recovered_126", "Back in 126", "number", "fraction", "dips_recovered", decimals=0, newbie=False),
    Column("recovered_252", "Back in 252", "number", "fraction", "dips_recovered", decimals=0, newbie=False),
    Column("recovered_252_low", "252, low", "number", "fraction", "dips_interval", decimals=0, newbie=False),
    Column("recovered_252_high", "252, high", "number", "fraction", "dips_interval", decimals=0, newbie=False),
    Column("n", "n", "integer", "count", "dips_n", newbie=False),
    Column("basis", "Based on", term="dips_basis", newbie=False),
    Column("median", "Half back after", "integer", "", "dips_median", newbie=False),
    Column("further_50", "Further fall, half", "number", "fraction", "dips_further", decimals=1, newbie=False),
    Column("further_90", "Further fall, 9 of 10", "number", "fraction", "dips_further", decimals=1, newbie=False),
    Column("days_to_earnings", "Report in", "integer", "days", "days_to_earnings", newbie=False),
    Column("size", "Size", "number", "fraction", "dips_size", decimals=1, newbie=False),
    Column("money", "Money", "number", "currency", "dips_money", decimals=0, newbie=False),
    Column("reason", "Why", term="dips_reason"),
    Column("peak_day", "High on", "date", newbie=False),
    Column("dip_total", "With dividends", "number", "fraction", "dips_total", decimals=1, newbie=False),
    Column("off_high_52w", "Off 52-week high", "number", "fraction", "off_high_52w", decimals=1, newbie=False),
    Column("regime", "Market regime", term="dips_regime", newbie=False),
    Column("day", "Price of", "date", newbie=False),
    Column("currency", "Currency", newbie=False),
)
_TYPES: dict[str, str] = {"text": "String", "number": "Float64", "integer": "Int64", "date": "Date"}
# Which columns of the features a value was taken from; the rest was made from the bars.
_FROM_FEATURES = ("name", "price", "verdict", "days_to_earnings", "off_high_52w", "currency")
_FROM_BARS = ("fallen", "dip", "dip_52w", "dip_recent", "sessions", "worst_day", "severity", "falls", "z", "peak_day",
              "dip_total", "day")
SORTS = {"dip": "Deepest first", "severity": "Most unusual for the stock first", "recovered_252": "Most often recovered first",
         "company_part": "Most of its own first", "score": "Best score first", "sessions": "Newest high first"}


def listed(found: Found, sources: Mapping[int, Source], sort: str = "dip") -> Table:
    """The dips as a table, with what is unknown and what was left out."""
    import polars as pl

    dips = ordered(found.dips, sort)
    rows = [shown(each) for each in dips]
    frame = pl.DataFrame({column.name: pl.Series(column.name, [row.get(column.name) for row in rows], dtype=_dtype(column))
                          for column in COLUMNS})
    frame = frame.with_columns(
        pl.Series("_do", [[each.row["action"]] for each in dips], dtype=pl.List(pl.String)),
        pl.Series("_alert", [[each.row["level"]] if each.row["level"] else [] for each in dips], dtype=pl.List(pl.String)),
        pl.Series("_split", [[each.row["market_part"], each.row["sector_part"], each.row["company_part"]] for each in dips],
                  dtype=pl.List(pl.Float64)))
    places, origin = origins(found, dips, sources)
    much = show.percent(found.asked.threshold, 0)
    title = f"{frame.height} of {len(found.members.symbols)} are {much} or more below their high"
    return Table(f"{found.members.title}: {title}", COLUMNS, frame, places, unknown(dips), notes(found), origin,
                 {"dips": dips, "asked": found.asked, "members": found.members, "regime": found.regime, "rules": found.rules})


def _dtype(column: Column) -> pl.DataType:
    import polars as pl

    return getattr(pl, _TYPES[column.type])  # type: ignore[no-any-return]


def shown(dip: Dip) -> dict[str, Any]:
    """The row of a dip, with the fall in money."""
    return dip.row | {"fallen": dip.row["peak"] - dip.row["price"]}


def ordered(dips: Sequence[Dip], sort: str) -> list[Dip]:
    """By one of SORTS; unknown last."""
    ascending = sort in ("dip", "company_part", "sessions")

    def key(dip: Dip) -> tuple[bool, float]:
        value = dip.row.get(sort)
        return value is None, 0.0 if value is None else value if ascending else -value

    return sorted(dips, key=key)


def origins(found: Found, dips: Sequence[Dip], sources: Mapping[int, Source]) -> tuple[tuple[Source, ...], pl.DataFrame]:
    """Every source, and for each cell of the list the one it came from."""
    import polars as pl

    rows = cell_fetches(found, dips)
    places = tuple(dict.fromkeys(sources.values()))
    index = {source: place for place, source in enumerate(places)}
    place_of = {number: index[source] for number, source in sources.items()}
    names = (*_FROM_FEATURES, *_FROM_BARS, "event", "event_on")
    origin = pl.DataFrame({name: pl.Series(name, [place_of.get(row[name] or -1) for row in rows],
                                           dtype=pl.Int32) for name in names})
    return places, origin


def cell_fetches(found: Found, dips: Sequence[Dip]) -> list[dict[str, int | None]]:
    """The fetch each cell of a dip came from."""
    rows = []
    for dip in dips:
        symbol = dip.row["symbol"]
        at = found.features.index.get(symbol)
        taken = found.features.origin.row(at, named=True) if at is not None else {}
        bars = found.fetches.get(symbol)
        row: dict[str, int | None] = {name: taken.get(name) for name in _FROM_FEATURES}
        row["price"] = row["price"] if row["price"] is not None else bars
        row |= dict.fromkeys(_FROM_BARS, bars)
        row |= dict.fromkeys(("event", "event_on"), dip.row["_event_fetch"])
        rows.append(row)
    return rows


def fetch_ids(found: Found, dips: Sequence[Dip]) -> set[int]:
    """Every fetch behind these dips; without any, those of the bars that were looked through."""
    from plugins.dips.gathering import BENCHMARK

    ids = {number for row in cell_fetches(found, dips) for number in row.values() if number is not None}
    index = found.fetches.get(BENCHMARK)
    if not ids:
        ids = {found.fetches[symbol] for symbol in found.members.symbols if symbol in found.fetches}
    return ids | ({index} if index is not None else set())


def unknown(dips: Iterable[Dip]) -> tuple[str, ...]:
    """What is missing and why, one sentence for each column and cause."""
    titles = {column.name: column.title for column in COLUMNS}
    gaps: dict[tuple[str, str], list[str]] = {}
    for dip in dips:
        for name, why in dip.why.items():
            if name in titles and dip.row.get(name) is None and name not in ("size", "money"):
                gaps.setdefault((name, why), []).append(dip.row["symbol"])
    return tuple(f"{titles[name]}: {why} ({_names(symbols)})" for (name, why), symbols in gaps.items())


def _names(symbols: Sequence[str]) -> str:
    return ", ".join(symbols[:4]) + (f" and {len(symbols) - 4} more" if len(symbols) > 4 else "")


def notes(found: Found) -> tuple[str, ...]:
    """What a reader must know about the list."""
    said = [found.members.note] if found.members.note else []
    high = "252 sessions (one year)" if found.asked.basis == "52w" else "63 sessions (three months)"
    said.append(f"Dip: price against the highest close of {high}. {CLOSES}")
    said.append(f"Market regime: {found.regime.name}.")
    said.append(SURVIVORS)
    if found.dividends_only:
        said.append(f"Not counted, because only dividends were paid out: {_names(found.dividends_only)}.")
    wanted = set(found.members.symbols)
    lone = found.grid.lone.filter(found.grid.lone["symbol"].is_in(list(wanted)))
    if lone.height:
        ticks = [f"{row['symbol']} on {row['date']}" for row in lone.tail(3).to_dicts()]
        said.append(f"Closes that left and came back at once were passed over: {lone.height}, of late {', '.join(ticks)}.")
    if found.unpriced:
        said.append(f"{found.unpriced} of {len(found.members.symbols)} have no stored prices and could not be looked at.")
    return tuple(said)


# -- one dip -------------------------------------------------------------------------------------------------------------


RATE_COLUMNS = (
    Column("basis", "Based on", term="dips_basis"),
    Column("depth", "Fall of at least", "number", "fraction", "dips_depth", decimals=1),
    Column("n", "Falls", "integer", "count", "dips_n"),
    Column("symbols", "Companies", "integer", "count", newbie=False),
    Column("quarters", "Quarters", "integer", "count", "dips_quarters", newbie=False),
    Column("censored", "Still under way", "integer", "count", "dips_censored", newbie=False),
    *(Column(f"recovered_{horizon}{part}", f"{horizon} sessions{title}", "number", "fraction",
             "dips_interval" if part else "dips_recovered", decimals=0, newbie=not part and horizon == 252)
      for horizon in (63, 126, 252) for part, title in (("", ""), ("_low", ", low"), ("_high", ", high"))),
    Column("median", "Half back after", "integer", "", "dips_median"),
    Column("further_50", "Further fall, half", "number", "fraction", "dips_further", decimals=1),
    Column("further_90", "Further fall, 9 of 10", "number", "fraction", "dips_further", decimals=1),
    Column("chosen", "Used", "bool", term="dips_chosen"),
)


def rate_rows(ladder: Sequence[BaseRate], chosen: BaseRate | None) -> list[dict[str, Any]]:
    """One row a basis."""
    from plugins.dips.gathering import rate_columns

    return [rate_columns(rate) | {"depth": rate.depth, "symbols": rate.symbols, "quarters": rate.quarters,
                                  "censored": rate.censored, "chosen": rate == chosen} for rate in ladder]


def rate_table(title: str, rows: Sequence[Mapping[str, Any]], sources: tuple[Source, ...], said: tuple[str, ...]) -> Table:
    """The base rates of one dip, from the narrowest basis to the widest."""
    import polars as pl

    kinds = {"bool": pl.Boolean, "text": pl.String, "number": pl.Float64, "integer": pl.Int64}
    frame = pl.DataFrame({column.name: pl.Series(column.name, [row[column.name] for row in rows], dtype=kinds[column.type])
                          for column in RATE_COLUMNS})
    gaps = tuple(f"{row['basis']}: n = {row['n']}" for row in rows if not row["n"])
    return Table(title, RATE_COLUMNS, frame, sources, gaps, said)


def basis_title(rate: BaseRate) -> str:
    """On what a base rate rests, with its depth."""
    from plugins.dips.gathering import basis_words

    words = basis_words(rate)
    return f"{words[0].upper()}{words[1:]}, {show.percent(rate.depth, 0 if rate.basis != 'own' else 1)} or deeper"


def sentences(dip: Dip) -> list[str]:
    """What a beginner reads about a dip, from its own values; money before per cent."""
    row, currency = dip.row, dip.row["currency"]
    money = show.money(row["peak"] - row["price"], currency)
    days = show.value(row["sessions"], "integer", "")
    told = [f"It costs {show.money(row['price'], currency)}: {money} less than at its high {days} trading days ago "
            f"({show.percent(row['dip'])})."]
    told.append(cause_sentence(row))
    if row["event"] is not None:
        told.append(f"Near its worst day, on {show.day(row['event_on'])}: “{row['event']}”.")
    told.append(rate_sentence(dip))
    if row["days_to_earnings"] is not None and row["days_to_earnings"] >= 0:
        told.append(f"The next report is in {show.value(row['days_to_earnings'], 'integer', 'days')}.")
    if dip.size is not None:
        told.append(size_sentence(dip))
    return [each for each in told if each]


def cause_sentence(row: Mapping[str, Any]) -> str:
    """Who made the price fall, largest part first."""
    if row["market_part"] is None:
        return "We cannot tell how much of it is the market's, because its past is too short."
    parts = {"the whole market": row["market_part"], "its sector": row["sector_part"], "the company itself": row["company_part"],
             "dividends paid out": row["dividends_part"]}
    falls = sorted((value, name) for name, value in parts.items() if value is not None and value <= -0.005)
    rises = [name for name, value in parts.items() if value is not None and value >= 0.005]
    if not falls:
        return ""
    price = row["peak"]
    text = " and ".join(f"{show.money(-value * price, row['currency'])} from {name}" for value, name in falls)
    return f"Of the fall, {text}" + (f"; {' and '.join(rises)} pulled the other way." if rises else ".")


def rate_sentence(dip: Dip) -> str:
    """What became of such falls before."""
    rate = dip.rate
    share = None if rate is None else rate.recovered[252]
    if rate is None or share is None:
        return "There are too few such falls in the past to say what usually happens."
    whose = {"own": "its own", "sector": "its sector's", "universe": "all companies'"}[rate.basis]
    regime = " in a market like today's" if rate.regime else ""
    text = (f"Of {rate.n} of {whose} falls this deep{regime}, {show.percent(share.value, 0)} got back to the old high within a "
            f"year (likely {show.percent(share.low, 0)} to {show.percent(share.high, 0)})")
    if rate.further_50 is not None and rate.further_50 < 0:
        text += f"; half of them first fell another {show.percent(-rate.further_50, 0)} or more"
    return text + "."


def size_sentence(dip: Dip) -> str:
    """How much, and in which parts."""
    size, currency = dip.size, dip.row["currency"]
    assert size is not None
    amount = show.percent(size.share, 1) + " of your money" if size.money is None else (
        f"{show.money(size.money, None, 0)} ({show.percent(size.share, 1)} of your money)")
    parts = []
    for part in size.tranches:
        much = show.percent(part.size, 1) if part.money is None else show.money(part.money, None, 0)
        parts.append(f"{much} now" if part.at == "now" else f"{much} at {show.money(part.price, currency)}")
    return f"At most {amount}, in parts: {', '.join(parts)}."
