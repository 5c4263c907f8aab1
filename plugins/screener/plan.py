"""What a screen runs on: its plan (preset, filters, universe), the scored features, and the rule's judgement."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from plugins.screener.model import COLUMN_SETS, Judged, Preset, clause_of_range, joined, judge, read_presets
from terminal.api import Context, UserError, argument

if TYPE_CHECKING:
    import polars as pl

    from terminal.domain.features import Features
    from terminal.domain.rules import Rule
    from terminal.domain.sourced import Source

ColumnSet = Annotated[str, argument(help="Which columns to show.", choices=tuple(COLUMN_SETS))]
Screen = Annotated[str, argument(help="A preset or the name of a saved screen.", metavar="SCREEN")]
RuleText = Annotated[
    str, argument(help="A rule, for example 'roe > 15% and pe_ttm < 20'; added to the preset's own.", metavar="RULE")
]
Ranges = Annotated[tuple[str, ...], argument(help="Filters as FIELD=LOW..HIGH; several are allowed.")]
Universe = Annotated[str, argument(help="Where to look: a universe (`market universes`), a watchlist, or symbols with commas.")]


@lru_cache(maxsize=1)
def all_presets() -> dict[str, Preset]:
    """The ready-made screens by id; the file belongs to the program and is read once."""
    from importlib import resources

    return read_presets(resources.files("plugins.screener").joinpath("presets.toml").read_text(encoding="utf-8"))


def make_plan(
    ctx: Context, preset: str, rule: str, ranges: tuple[str, ...], universe: str, sort: str, ascending: bool | None, columns: str
) -> dict[str, Any]:
    """What to run: the preset or saved screen with the user's own additions (`base` is then empty).

    Raises UserError for what cannot be run.
    """
    parsed(rule)  # alone, so that a mistake is named at the place where it was typed
    known = all_presets()
    key = preset.strip()
    found = known.get(key) or known.get(key.lower().replace(" ", "_").replace("-", "_"))
    base: dict[str, Any]
    if found:
        base = {
            "screen": found.id,
            "title": found.title,
            "rule": found.rule,
            "universe": "",
            "sort": found.sort,
            "ascending": found.ascending,
            "columns": found.columns,
        }
    else:
        own = ctx.store.book.read("SELECT * FROM screener.saved WHERE name = ? AND deleted_at IS NULL", (key,)).to_dicts()
        if not own:
            raise UserError(
                f"There is no screen '{preset}'.", "`tapeline screener presets` and `tapeline screener saved` list them."
            )
        base = {**own[0], "screen": key, "title": key}
    base["base"] = base["screen"]
    added = joined(rule, *(clause_of_range(each) for each in ranges))
    base["rule"] = joined(base["rule"], added)
    if added:
        base["screen"] = f"{base['screen']} + {added}" if base["screen"] != "all" else added
        base["title"] = base["title"] if base["title"] != "All" else "Own rule"
        base["base"] = ""
    base["universe"] = universe or base["universe"] or ctx.settings.get("screener.universe") or "all"
    base["columns"] = columns or base["columns"]
    base["sort"] = sort or base["sort"] or "score"
    base["ascending"] = base["ascending"] if ascending is None else ascending
    return base


class NothingStoredError(UserError):
    """There is nothing to screen yet; a refresh would help."""


def scored_features(ctx: Context, universe: str) -> tuple[Features, str, str]:
    """The scored features of a universe, its title and what must be said about it."""
    found = ctx.market.universe(universe or "all")
    if not found.symbols:
        raise NothingStoredError(
            f"{found.title} is empty.",
            "Fetch one with `tapeline market refresh sp500`, bring your own with "
            "`tapeline market import FILE --as fundamentals`, or look at the demo with --demo.",
        )
    features = ctx.market.scored(found.symbols, ctx.as_of)
    if features.frame.is_empty() and ctx.as_of is not None:
        raise NothingStoredError(f"Nothing was known here about {found.title} on {ctx.as_of}.", "Choose a later day, or today.")
    if features.frame.is_empty():
        raise NothingStoredError(
            f"Nothing is known yet about {found.title}.",
            f"Fetch it with `tapeline market refresh {found.name}`, or look at the demo with --demo.",
        )
    return features, found.title, found.note


def basis(ctx: Context, universe: str) -> tuple[object, ...]:
    """What the features of a universe depend on: two answers with the same basis judged the same rows."""
    return ctx.store.market.version, ctx.market.today(), ctx.as_of, universe


def parsed(text: str) -> Rule | None:
    """The rule of a text, None for an empty one. Raises UserError with the place of the mistake."""
    from terminal.domain.rules import RuleError

    if not text.strip():
        return None
    try:
        return _parse(text)
    except RuleError as error:
        raise UserError(
            f"The rule cannot be read: {error}",
            "`tapeline rules fields` lists all fields and `tapeline rules check` tests a rule.",
        ) from error


@lru_cache(maxsize=256)
def _parse(text: str) -> Rule:
    from terminal.domain.rules import parse

    return parse(text)


def fields_of(text: str) -> tuple[str, ...]:
    """The fields a rule text uses."""
    rule = parsed(text)
    return () if rule is None else tuple(rule.fields)


def judged_by(ctx: Context, features: Features, rule: Rule | None) -> Judged:
    """The outcome of a rule (None: everything matches) for each row, with every clause's."""
    return judge(features.frame, rule, **_given(ctx, features, rule))


def outcome_by(ctx: Context, features: Features, rule: Rule | None) -> pl.Series:
    """Only the outcome of `judged_by`, in a fraction of its time."""
    return judge(features.frame, None).outcome if rule is None else rule.evaluate(features.frame, **_given(ctx, features, rule))


def _given(ctx: Context, features: Features, rule: Rule | None) -> dict[str, Any]:
    """What a rule looks at beside the features."""
    if rule is None:
        return {}
    symbols, day = features.frame["symbol"].to_list(), ctx.as_of or ctx.market.today()
    bars = ctx.market.bars(symbols, as_of=ctx.as_of) if rule.needs_bars else None

    def earlier(sessions: int) -> pl.DataFrame:
        return ctx.market.scored(symbols, ctx.market.sessions_before(day, sessions)).frame

    return {"bars": bars, "as_of": day, "earlier": earlier}


def found_sources(ctx: Context, features: Features, names: tuple[str, ...], symbols: tuple[str, ...] = ()) -> dict[int, Any]:
    """The sources of the cells of these fields (of all or some symbols), by fetch id."""
    import polars as pl

    present = [name for name in names if name in features.origin.columns and name != "symbol"]
    origin = features.origin.filter(pl.col("symbol").is_in(list(symbols))) if symbols else features.origin
    if not present:
        return {}
    ids = pl.concat([origin[name].cast(pl.Int64).rename("id") for name in present]).drop_nulls().unique().sort()
    sources = ctx.market.sources(ids.to_list())
    if ctx.as_of is None:
        return sources
    # One fetch may hold years of history: what is shown of a past day speaks of that day at the latest.
    end = datetime.combine(ctx.as_of, time.max, UTC)
    return {number: _up_to(source, end) for number, source in sources.items()}


def _up_to(source: Source, end: datetime) -> Source:
    return replace(source, as_of=end) if source.as_of is not None and source.as_of > end else source


def tones(ctx: Context) -> dict[str, str]:
    """How each flag of the scoring rules is meant, as the words of the table's chips."""
    words = {"good": "ok", "warn": "warn", "bad": "error", "info": "muted"}
    scorers = ctx.market.rulebook().scorers.values()
    return {flag.title: words.get(flag.tone, "warn") for scorer in scorers for flag in scorer.flags}
