"""One symbol's exposure under one assumption, everything that is said of it, and where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugins.options.gathering import Desk, desk
from terminal.api import UserError
from terminal.domain import format as written

if TYPE_CHECKING:
    import polars as pl

    from terminal.api import Context
    from terminal.domain.exposure import Dealer, Exposure, Sticky, Turn

# So many archived sessions are looked at for who opened what.
FLOW_SESSIONS = 20
SAME_DAY = "expires the same day"


@dataclass(frozen=True)
class Exposed:
    """`found` is of the whole chain; `seen_days` the archived sessions behind the assumption "flow"."""

    desk: Desk
    found: Exposure
    seen_days: int = 0


def exposed(ctx: Context, symbol: str, dealer: Dealer = "naive") -> Exposed:
    """The exposure of a symbol's newest chain as of the context's day. UserError where there is none, or nothing is open."""
    from terminal.domain.exposure import exposure

    of = desk(ctx, symbol)
    held, days = _opened(ctx, of) if dealer == "flow" else (None, 0)
    found = exposure(of.priced, dealer, held)
    if found.frame.is_empty():
        raise UserError(f"Every contract in the stored chain of {of.symbol} has expired.", "Ask for the chain again.")
    return Exposed(of, found, days)


def _opened(ctx: Context, of: Desk) -> tuple[pl.DataFrame, int]:
    from terminal.domain.exposure import opened

    ctx.market.simulate_past([of.symbol], ctx)
    archive = ctx.store.archive
    listed = archive.days(of.symbol)
    today = of.at.date()
    days = listed.filter(listed["day"] <= today)["day"].unique().sort().to_list()[-FLOW_SESSIONS:]
    if len(days) < 2:
        raise UserError(
            f"Who opened what cannot be seen: the archive has {len(days)} of the two or more chains of {of.symbol} it takes.",
            "Archive chains for a few days (`tapeline options archive`), or choose --dealer naive.",
        )
    return opened([archive.chain(of.symbol, day) for day in days]), len(days)


def assumed(of: Exposed) -> str:
    """The assumption in plain words."""
    from terminal.domain.exposure import ASSUMPTIONS

    days = f" ({of.seen_days} archived sessions)" if of.seen_days else ""
    return f"It is assumed that {ASSUMPTIONS[of.found.dealer]}{days}. Nobody publishes who really holds what."


def counted(found: Exposure) -> tuple[str, ...]:
    """What is not in the sums, with the reasons; nothing when all of it is."""
    share, left = found.counted, found.left_out.filter(found.left_out["reason"] != "")
    if share is None:
        return (f"The source states no open interest of {found.symbol}, so nothing that rests on it is known.",)
    if left.is_empty():
        return ()
    reasons = ", ".join(f"{row['reason']} ({row['contracts']:,})" for row in left.head(3).to_dicts())
    number = int(left["contracts"].sum())
    what = "1 contract with open interest is" if number == 1 else f"{number:,} contracts with open interest are"
    return (f"{what} not counted, {written.percent(1 - share)} of what is open: {reasons}"
            f"{' and others' if left.height > 3 else ''}.",)  # fmt: skip


def thin(found: Exposure) -> str:
    """A warning where less than half of what is open is counted; "" otherwise."""
    share = found.counted
    if share is None or share >= 0.5:
        return ""
    return f"Only {written.percent(share, 0)} of what is open has a price that can be used: these figures say little."


def dated(found: Exposure) -> str:
    """When open interest is from."""
    return (f"Open interest is as of the close before {written.day(found.day)}: what was opened or closed on that day is not "
            "in it. A contract counts 100 shares.")  # fmt: skip


def turned(of: Turn, found: Exposure, sticky: Sticky) -> str:
    """Where net gamma changes its sign, in a sentence."""
    how = "each strike keeps its volatility" if sticky == "strike" else "the smile moves along with the price"
    if of.level is None:
        return f"Zero gamma is unknown: {of.why}."
    others = [each for each in of.roots if each != of.level]
    more = f" It turns again at {', '.join(written.number(each, 2) for each in others)}." if others else ""
    away = written.percent(of.level / found.spot - 1, 1, sign=True)
    return f"Zero gamma at {written.number(of.level, 2)} ({away} from the price), if {how}.{more}"


def fraction(text: str, name: str) -> float | None:
    """`10%` or `0.1` as 0.1; None for "". UserError for anything else."""
    given = text.strip()
    if not given:
        return None
    try:
        value = float(given.removesuffix("%")) / (100 if given.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 < value < 10:
        raise UserError(f"{name} cannot be '{text}'.", "Say how far from the price, for instance 10%.")
    return value
