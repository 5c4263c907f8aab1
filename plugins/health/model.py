"""How things are, in words: a sentence a service, the problems worth telling, and when a problem is another one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from terminal.domain import format as fmt
from terminal.domain.data_services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from terminal.services.health import Allowance, DatasetStatus, ProviderStatus

NEW_YORK = ZoneInfo("America/New_York")
_SPANS = {1: "this second", 60: "this minute", 3600: "this hour", 86_400: "today", 2_592_000: "this month"}
_PER = {1: "second", 60: "minute", 3600: "hour", 86_400: "day", 2_592_000: "30 days"}
_CHANGING = re.compile(r"\d[\d:.,-]*( UTC| ET)?")
NAMES = {"bars": "Daily prices", "minute_bars": "Minute prices", "quotes": "Latest prices", "facts": "Fundamentals",
         "instruments": "Companies and funds", "dividends": "Dividends", "splits": "Splits", "earnings": "Earnings dates",
         "headlines": "News", "chains": "Options", "members": "Members of indices", "filings": "SEC filings",
         "ratings": "Analysts' ratings", "news_sentiment": "Tone of the news", "macro": "Interest rates and economy"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to know about. `key` says what it is about, `level` is warn or error, `mark` changes when it does."""

    key: str
    level: str
    sentence: str
    mark: str


def sentence(status: ProviderStatus, now: datetime) -> str:
    """How a data service is, for somebody who has never heard of request budgets."""
    name = status.title
    if status.simulated:
        return "The practice market is made on this computer. No service is asked."
    if status.state == "needs key":
        terms = next((each.terms for each in SERVICES if each.id == status.id), "free")
        what = "a free one" if terms == "free" else f"one ({terms})"
        where = f" Get {what} at {status.key_page} and enter it in the preferences." if status.key_page else ""
        return f"{name} needs a key before it can be asked.{where}"
    if status.state == "never asked":
        return f"{name} has not been asked yet."
    if status.state == "waiting":
        until = f" until {clock(status.until, now)}" if status.until else ""
        if status.fault.startswith("our budget"):
            return f"All requests that {name} allows are used{until}. What is stored stays usable."
        code = re.search(r"HTTP \d+", status.fault)
        return f"{name} asked us to wait{until}{f' ({code[0]})' if code else ''}. What is stored stays usable."
    again = f" It is asked again at {clock(status.until, now)}." if status.until else " It is asked again when it is needed."
    if status.state == "partly":
        what = ", ".join(_plain(each.endpoint) for each in status.troubles if each.endpoint)
        return f"{name} answers, but not about {what}: {_bare(status.fault)}.{again}"
    if status.state in ("unreachable", "failing"):
        said = _bare(status.fault)
        return f"{said}.{again}" if said.startswith(name) else f"{name} did not deliver: {said}.{again}"
    return f"{name} answers.{_left(status)}{_live(status)}"


def _live(status: ProviderStatus) -> str:
    """What its stream of trades does, where that is worth a word."""
    live = status.live
    return f" {live.words}" if live is not None and live.phase in ("live", "connecting", "waiting", "refused") else ""


def _left(status: ProviderStatus) -> str:
    window = tightest(status.windows)
    if window is None or window.seconds < 60:
        return ""
    left = f"{fmt.count(window.left)} of {fmt.count(window.requests)}"
    return f" {left} requests left {_SPANS.get(window.seconds, 'in ' + span(window.seconds))}."


def tightest(windows: Sequence[Allowance]) -> Allowance | None:
    """The window that says most: the smallest share left, of equal ones the longest; by the second only for want of others."""
    long = [each for each in windows if each.seconds >= 60]
    return min(long or windows, key=lambda each: (each.left / max(each.requests, 1), -each.seconds), default=None)


def budget(windows: Sequence[Allowance], now: datetime) -> str | None:
    """What is left in a line: "1,840 of 2,000 per hour (full at 17:00 ET); 58 of 60 per minute"."""
    parts = []
    longest = max((each.seconds for each in windows), default=0)
    for window in sorted(windows, key=lambda each: -each.seconds):
        if window.seconds < 60 and window.seconds < longest and window.left == window.requests:
            continue  # a limit by the second that nobody is near to says nothing
        back = f" (full at {clock(window.resets_at, now)})" if window.resets_at and window.seconds >= 3600 else ""
        left = f"{fmt.count(window.left)} of {fmt.count(window.requests)}"
        parts.append(f"{left} per {_PER.get(window.seconds, span(window.seconds))}{back}")
    return "; ".join(parts) or None


def span(seconds: int) -> str:
    """A stretch of time: 90 s, 5 min, 2 h."""
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


def clock(moment: datetime | None, now: datetime) -> str:
    """The time of a moment, with the day when it is not today."""
    if moment is None:
        return "an unknown time"
    local = fmt.here(moment)
    day = "" if local.date() == fmt.here(now).date() else f"{local:%a} {fmt.day_of_year(local)}, "
    return f"{day}{fmt.clock(moment)}"


def lag(status: DatasetStatus, now: datetime) -> str:
    """How far behind a dataset is."""
    if not status.symbols:
        return "nothing stored"
    if status.behind is not None:
        if status.behind:
            return f"{status.behind} {'session' if status.behind == 1 else 'sessions'} behind"
        return "complete" if not status.stale else f"complete, {fmt.count(status.stale)} of {fmt.count(status.symbols)} behind"
    if not status.stale:
        return "up to date"
    return f"{fmt.count(status.stale)} of {fmt.count(status.symbols)} due for a refresh"


def problems(providers: Sequence[ProviderStatus], datasets: Sequence[DatasetStatus], jobs: Sequence[Mapping[str, Any]],
             waiting: int, now: datetime) -> list[Problem]:
    """What is worth telling, the worst first. A missing key is no problem, and neither is a service that nobody asks."""
    found = []
    for status in providers:
        if status.state in ("unreachable", "failing", "waiting", "partly") and not status.simulated:
            level = "error" if status.state in ("unreachable", "failing") else "warn"
            found.append(_problem(f"provider:{status.id}", level, sentence(status, now), f"{status.state} {status.fault}"))
    for job in jobs:
        if job.get("state") == "failed":
            text = f"{job['title']} failed: {job.get('error') or 'no reason is known'}"
            found.append(_problem(f"job:{job['name']}", "error", text, text))
    for each in datasets:
        if each.behind is not None and each.behind > 1:
            day = each.newest
            text = f"{NAMES[each.name]} end on {day:%d %b %Y}: {each.behind} sessions are missing." if day else ""
            found.append(_problem(f"dataset:{each.name}", "warn", text, str(day)))
    if waiting > 200:
        found.append(_problem("writer", "warn", f"{fmt.count(waiting)} writes wait for the disk.", "waiting"))
    return sorted(found, key=lambda each: (each.level != "error", each.key))


def verdict(providers: Sequence[ProviderStatus], found: Sequence[Problem]) -> str:
    """The whole in one sentence."""
    asked = [each for each in providers if each.state not in ("needs key", "never asked")]
    if any(each.simulated for each in providers):
        return "Practice market: everything is made on this computer."
    if found:
        return f"{len(found)} {'thing needs' if len(found) == 1 else 'things need'} your attention."
    if not asked:
        return "No service has been asked yet."
    return "Everything answers." if len(asked) > 1 else f"{asked[0].title} answers."


def _problem(key: str, level: str, text: str, cause: str) -> Problem:
    return Problem(key, level, text, _CHANGING.sub("#", cause))


def _plain(dataset: str) -> str:
    name = NAMES.get(dataset, dataset)
    return name if name.startswith("SEC") else name.lower()


def _bare(reason: str) -> str:
    return reason.strip().rstrip(".")
