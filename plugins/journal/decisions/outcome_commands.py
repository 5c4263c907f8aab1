"""Commands over what became of decisions and calls: by sort, and how far your own probabilities can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Context, Table, argument, command

if TYPE_CHECKING:
    from collections.abc import Callable

    from plugins.journal.decisions.following import Followed
    from terminal.domain.sourced import Source

By = Literal["action", "verdict", "preset", "signal", "conviction", "regime", "status"]
Of = Literal["all", "decisions", "calls"]
Hindsight = Annotated[bool, argument(help="Only those that were written in hindsight.")]

_OUTCOMES = (
    Column("sort", "Sort"),
    Column("n", "n", "integer", "count", "journal_n"),
    Column("pending", "Not over", "integer", "count", "journal_pending"),
    Column("rate", "Right", "number", "fraction", "journal_rate", decimals=0),
    Column("rate_low", "At least", "number", "fraction", "journal_interval", decimals=0, newbie=False),
    Column("rate_high", "At most", "number", "fraction", "journal_interval", decimals=0, newbie=False),
    Column("average_gain", "Average gain", "number", "fraction", "journal_average_gain", decimals=1),
    Column("average_loss", "Average loss", "number", "fraction", "journal_average_loss", decimals=1),
    Column("expectancy", "Expectancy", "number", "fraction", "journal_expectancy", decimals=1),
    Column("low", "Low", "number", "fraction", "journal_expectancy_interval", decimals=1, newbie=False),
    Column("high", "High", "number", "fraction", "journal_expectancy_interval", decimals=1, newbie=False),
    Column("basis", "Interval by", newbie=False),
    Column("beyond", "Beyond the market", "number", "fraction", "journal_beyond", decimals=1),
    Column("enough", "Says something?", term="journal_enough"),
)
_BINS = (
    Column("said", "You said", term="journal_probability"),
    Column("n", "n", "integer", "count", "journal_n"),
    Column("forecast", "On average", "number", "fraction", decimals=0),
    Column("share", "Came true", "number", "fraction", "journal_reliability", decimals=0),
    Column("share_low", "At least", "number", "fraction", "journal_interval", decimals=0, newbie=False),
    Column("share_high", "At most", "number", "fraction", "journal_interval", decimals=0, newbie=False),
    Column("verdict", "What that says"),
)


@command(title="What became of your decisions", panel="journal")
def outcomes(
    ctx: Context,
    *,
    by: Annotated[By, argument(help="Sorted by what was so when you decided.")] = "action",
    hindsight: Hindsight = False,
) -> Table:
    """Win rate, average gain and expectancy of the decisions that are over, by sort, each with n and 90 % intervals.

    Over: stop or target reached, time up, or closed by you. Passing counts as right when what you passed on would have lost.
    """
    from plugins.journal.tables import frame, written
    from terminal.domain.journal.outcomes import ENOUGH, Outcome, grouped

    found, sources = _followed(ctx, "decision", hindsight)
    counted = [each for each in found if each.sign is not None and each.grade.state != "unknown"]
    pairs = [
        (_SORTS[by](each), Outcome(each.entry.day, each.gain, each.beyond) if each.over and each.gain is not None else None)
        for each in counted
    ]
    found_sums = grouped(pairs)
    names = sorted(found_sums) if by == "conviction" else list(found_sums)
    sums = {**{name: found_sums[name] for name in names}, "all": grouped([("all", one) for _, one in pairs]).get("all")}
    rows: list[dict[str, Any]] = []
    for name, each in sums.items():
        if each is not None:
            told = "yes" if each.enough else f"too few: {each.n} of {ENOUGH}"
            rows.append({"sort": name, **each.__dict__, "enough": told})
    gaps = tuple(f"{row['sort']}: n = {row['n']} is too few to say anything" for row in rows if row["n"] < ENOUGH)
    unknown = len(found) - len(counted)
    gaps += (f"{unknown} are not counted: only watched, or without a price",) if unknown else ()
    notes = (
        "Rates: Wilson. Expectancy: the mean gain, resampled by calendar month from eight months on (months), else Student's t.",
        "Decisions of one time are not independent of each other: read the intervals as the least there is to doubt.",
    )
    empty = ("No decision has been logged yet: `tapeline journal log`.",)
    return Table(f"What became of your decisions, by {by}", _OUTCOMES, frame(_OUTCOMES, rows), (written(ctx), *sources), gaps,
                 notes if rows else empty, detail={"by": by})  # fmt: skip


@command(title="How far your probabilities can be trusted", panel="journal")
def calibration(
    ctx: Context,
    *,
    of: Annotated[Of, argument(help="Convictions of decisions, probabilities of calls, or both.")] = "all",
    hindsight: Hindsight = False,
) -> Table:
    """Compare how sure you were with how often you were right: one line a bin, and the Brier score with what it is made of."""
    from plugins.journal.tables import frame, written
    from terminal.domain import format as fmt
    from terminal.domain.journal.calibration import ENOUGH, ENOUGH_IN_BIN, calibrate

    found, sources = _followed(ctx, {"all": "", "decisions": "decision", "calls": "call"}[of], hindsight)
    said = [(each.entry.first.terms.probability, each.right) for each in found]
    known = [(probability, right) for probability, right in said if probability is not None and right is not None]
    waiting = sum(probability is not None and right is None for probability, right in said)
    result = calibrate(known)
    rows = []
    for each in result.bins if result is not None else ():
        words = f"too few: {each.n} of {ENOUGH_IN_BIN}"
        if each.enough:
            words = "fits" if each.within else "too sure" if each.forecast > each.share else "not sure enough"
        rows.append({**each.__dict__, "said": f"{fmt.percent(each.low, 0)} to {fmt.percent(each.high, 0)}", "verdict": words})
    notes: list[str] = []
    gaps = [f"{waiting} with a probability are not over yet"] if waiting else []
    if result is None:
        notes.append("Nothing that you gave a probability for is over yet.")
    else:
        skill = "unknown, all turned out alike" if result.skill is None else fmt.percent(result.skill, 0, sign=True)
        notes += [
            f"Brier score {result.brier:.3f} (0 is perfect; {result.uncertainty:.3f} is saying {result.base_rate:.0%} always), "
            f"n = {result.n}: reliability {result.reliability:.3f} - resolution {result.resolution:.3f} + uncertainty "
            f"{result.uncertainty:.3f} + within bins {result.within_bins:+.3f}. Skill {skill}.",
            f"On average you said {fmt.percent(result.mean_forecast, 0)} and {fmt.percent(result.base_rate, 0)} came true"
            + (": you are too sure." if result.bias > 0.05 else ": you are not sure enough." if result.bias < -0.05 else "."),
        ]
        if not result.enough:
            gaps.append(f"n = {result.n} is too few to say how well you judge: {ENOUGH} are the least")
    return Table("How far your probabilities can be trusted", _BINS, frame(_BINS, rows), (written(ctx), *sources), tuple(gaps),
                 tuple(notes), detail={"calibration": result, "waiting": waiting})  # fmt: skip


def _followed(ctx: Context, kind: str, hindsight: bool) -> tuple[list[Followed], tuple[Source, ...]]:
    from plugins.journal import book
    from plugins.journal.decisions.following import follow

    entries = [each for each in book.entries(ctx.store.book.read, ctx.as_of, kind=kind) if each.in_hindsight == hindsight]
    return follow(ctx, entries)


def _known_then(name: str) -> Callable[[Followed], str]:
    def told(each: Followed) -> str:
        from plugins.journal.decisions.context import figure

        return str(figure(each.entry.first.context, name) or "unknown")

    return told


def _conviction(each: Followed) -> str:
    share = each.entry.first.terms.probability
    if share is None:
        return "not said"
    low = min(int(share * 10) * 10, 90)
    return f"{low} to {low + 10} %"


_SORTS: dict[str, Callable[[Followed], str]] = {
    "action": lambda each: each.entry.first.terms.action,
    "verdict": _known_then("verdict"),
    "preset": lambda each: each.entry.first.terms.preset or "no screen",
    "signal": lambda each: each.entry.first.terms.signal or "not said",
    "conviction": _conviction,
    "regime": _known_then("regime"),
    "status": lambda each: str((each.status or {}).get("status", "unknown")),
}
