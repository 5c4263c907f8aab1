"""Bars by number: no room for nights, weekends and holidays, yet each bar knows its moment, session and the gap before it.

Pure numpy. Moments are UTC; a daily, weekly or monthly bar stands at its date, 00:00 UTC. Minute bars are named in
exchange time (New York).
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain import format as fmt

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import polars as pl
    from numpy.typing import NDArray

    Moments = NDArray[np.datetime64]
    Places = NDArray[np.int64]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
REGULAR, PRE, POST = 0, 1, 2
_EXCHANGE = "America/New_York"
_OPEN, _CLOSE = 9 * 3600 + 30 * 60, 16 * 3600
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "wk": 604800, "mo": 2629746}
_UNITS: tuple[tuple[str, int], ...] = (  # coarse to fine
    ("Y", 10), ("Y", 5), ("Y", 2), ("Y", 1), ("M", 6), ("M", 3), ("M", 1), ("D", 7), ("D", 1), ("s", 6 * 3600), ("s", 3 * 3600),
    ("s", 3600), ("s", 1800), ("s", 900), ("s", 300), ("s", 60))


class Timeline:
    """The moments of a chart's bars in order; `shown` of them may be named on the axis (a replay hides the rest)."""

    def __init__(self, moments: Moments, interval: str = "1d", local: Moments | None = None,
                 sessions: NDArray[np.uint8] | None = None) -> None:
        self.moments = moments.astype("datetime64[s]")
        self.local = self.moments if local is None else local.astype("datetime64[s]")
        self.interval = interval
        self.intraday = interval.endswith(("m", "h"))
        self.shown = len(moments)
        self._counts = self.moments.astype(np.int64)
        self._starts: dict[tuple[str, int], Places] = {}
        self._ticked: tuple[tuple[float, ...], list[int]] = ((), [])
        self._sessions = sessions
        self._edges: Places | None = None
        self._gaps: Places | None = None

    @classmethod
    def of(cls, frame: pl.DataFrame, interval: str = "1d") -> Timeline:
        """From bars with `date`, or with `at` (aware UTC) and perhaps `session` (pre, regular, post); sorted."""
        import polars as pl

        if "date" in frame.columns:
            return cls(frame["date"].to_numpy().astype("datetime64[s]"), "1d" if interval.endswith(("m", "h")) else interval)
        at = frame["at"].cast(pl.Datetime("us"))
        local = at.dt.replace_time_zone("UTC").dt.convert_time_zone(_EXCHANGE).dt.replace_time_zone(None).to_numpy()
        named = None
        if "session" in frame.columns:
            named = frame["session"].replace_strict({"pre": PRE, "post": POST}, default=REGULAR, return_dtype=pl.UInt8).to_numpy()
        given = interval if interval.endswith(("m", "h")) else "1m"
        return cls(at.to_numpy().astype("datetime64[s]"), given, local.astype("datetime64[s]"), named)

    def __len__(self) -> int:
        return self.shown

    # --- places and moments

    @property
    def _step(self) -> float:
        """Seconds of a bar beyond the ends: five daily bars are a week."""
        number = self.interval.rstrip("mhdwko") or "1"
        unit = _SECONDS.get(self.interval[len(number):] if self.interval.startswith(number) else "d", 86400)
        return unit * float(number) * (1.4 if unit == 86400 else 1.0)

    def place_of(self, moment: datetime | date) -> float:
        """The bar number of a moment: between two bars a fraction, beyond the ends in steps of a usual bar."""
        if not len(self._counts):
            return 0.0
        seconds = _aware(moment).timestamp()
        first, last = float(self._counts[0]), float(self._counts[-1])
        if seconds <= first:
            return (seconds - first) / self._step
        if seconds >= last:
            return len(self._counts) - 1 + (seconds - last) / self._step
        after = int(np.searchsorted(self._counts, math.floor(seconds), side="right"))
        before = float(self._counts[after - 1])
        return after - 1 + (seconds - before) / (float(self._counts[after]) - before)

    def moment_of(self, place: float) -> datetime:
        """The inverse of `place_of`, to the second."""
        if not len(self._counts):
            return datetime.fromtimestamp(0, UTC)
        last = len(self._counts) - 1
        if place <= 0:
            seconds = float(self._counts[0]) + place * self._step
        elif place >= last:
            seconds = float(self._counts[-1]) + (place - last) * self._step
        else:
            before = int(place)
            seconds = float(self._counts[before]) + (place - before) * float(self._counts[before + 1] - self._counts[before])
        return datetime.fromtimestamp(round(seconds), UTC)

    def bar_of(self, moment: datetime | date) -> int:
        """The bar an event belongs to: the one it falls into; on a daily chart the first session from its date on.

        Below 0 before the first bar; from the number of bars on when it lies ahead.
        """
        if self.intraday:
            seconds = _aware(moment).timestamp()
            ahead = seconds >= float(self._counts[-1]) + self._step
            inside = int(np.searchsorted(self._counts, math.floor(seconds), side="right")) - 1
            return round(self.place_of(moment)) if ahead else inside
        day = moment.astimezone(_zone()).date() if isinstance(moment, datetime) else moment
        if isinstance(moment, datetime) and moment.astimezone(UTC).time() == time(0):
            day = moment.astimezone(UTC).date()  # a date told as midnight
        seconds = _aware(day).timestamp()
        if seconds < float(self._counts[0]):
            return -1
        if seconds > float(self._counts[-1]):
            inside = self.interval != "1d" and seconds < float(self._counts[-1]) + self._step
            return len(self._counts) - 1 if inside else max(len(self._counts), round(self.place_of(day)))
        daily = self.interval == "1d"
        found = int(np.searchsorted(self._counts, math.floor(seconds), side="left" if daily else "right"))
        return found if daily else found - 1

    # --- words

    def name_of(self, place: int) -> str:
        """`20 Nov 2026`, `20 Nov 2026, 09:31 ET`, `week of 16 Nov 2026`, `Nov 2026`."""
        moment: datetime = self.local[place].item()
        day = fmt.day(moment.date())
        if self.intraday:
            return f"{day}, {moment:%H:%M} ET"
        if self.interval.endswith("wk"):
            return f"week of {day}"
        return fmt.month(moment.date()) if self.interval.endswith("mo") else day

    def session_of(self, place: int) -> str:
        """"before the open", "after the close", or nothing for the regular session and for daily bars."""
        if not self.intraday:
            return ""
        return ("", "before the open", "after the close")[int(self.sessions()[place])]

    def gap_before(self, place: int) -> str:
        """What is missing between a bar and the one before: `no trading for 12 days`; nothing where it is the usual."""
        if place not in self._gap_places():
            return ""
        missing = int(self._counts[place] - self._counts[place - 1])
        if self.intraday:
            minutes = missing // 60 - (1 if self._step <= 60 else 0)
            long = f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
            return f"no trading for {long}"
        return f"no trading for {missing // 86400 - 1} days"

    # --- what is drawn

    def ticks(self, low: float, high: float, pixels: float, least: float = 70.0) -> list[int]:
        """Where years, months, days or times begin, at least `least` pixels apart; the same ones while the chart is moved."""
        asked = (low, high, pixels, least, float(self.shown))
        if asked != self._ticked[0]:  # every pane's grid and the axis ask for the same
            self._ticked = (asked, self._find_ticks(low, high, pixels, least))
        return self._ticked[1]

    def _find_ticks(self, low: float, high: float, pixels: float, least: float) -> list[int]:
        first, last = max(0, int(np.ceil(low))), min(self.shown, int(high) + 1)
        if last - first < 2 or pixels <= 0:
            return []
        room = least * (high - low) / pixels
        found: Places = np.zeros(0, np.int64)
        for unit in _UNITS[:-7] if not self.intraday else _UNITS:
            starts = self._starts_of(*unit)
            low_at, high_at = np.searchsorted(starts, first), np.searchsorted(starts, last)
            here = starts[low_at:high_at]
            usual = float(np.median(np.diff(here))) if len(here) > 1 else room
            every = max(1, int(np.ceil(room / usual)))
            if every > 1 and len(found) > 1 and (unit[0] != "D" or 2 * every * usual > float(np.median(np.diff(found)))):
                break
            here = starts[low_at + (-low_at) % every:high_at:every]  # counted from the first bar: the same wherever one looks
            found = _merge(found, _spread(here, room), room)
            if every > 1 and len(found) > 1:
                break
        return [int(place) for place in found]

    def tick_name(self, place: int) -> str:
        """The largest unit that changes at the tick: year, month, day or time."""
        if not 0 <= place < self.shown:
            return ""
        now, moment = self.local[place], self.local[place].item()
        before = self.local[place - 1] if place else now
        if now.astype("datetime64[Y]") != before.astype("datetime64[Y]"):
            return str(moment.year)
        if now.astype("datetime64[M]") != before.astype("datetime64[M]"):
            return fmt.month(moment.date(), year=False)
        if not self.intraday or now.astype("datetime64[D]") != before.astype("datetime64[D]"):
            return fmt.day_of_year(moment.date())
        return f"{moment:%H:%M}"

    def days(self, low: float, high: float) -> Places:
        """Bars that begin a new day of an intraday chart, within a range."""
        if not self.intraday:
            return np.zeros(0, np.int64)
        starts = self._starts_of("D", 1)
        return starts[np.searchsorted(starts, low):np.searchsorted(starts, min(high + 1, self.shown))]

    def closed_stretches(self, low: float, high: float) -> list[tuple[int, int, int]]:
        """Stretches (first bar, end, PRE or POST) outside the regular session that touch a range of an intraday chart."""
        if not self.intraday or not self.shown:
            return []
        sessions = self.sessions()
        if self._edges is None:
            self._edges = np.concatenate(([0], np.flatnonzero(sessions[1:] != sessions[:-1]) + 1, [len(sessions)]))
        first = max(0, int(np.searchsorted(self._edges, max(0.0, low), side="right")) - 1)
        last = min(int(np.searchsorted(self._edges, min(high + 1, self.shown))), len(self._edges) - 1)
        return [(int(self._edges[at]), min(int(self._edges[at + 1]), self.shown), int(sessions[self._edges[at]]))
                for at in range(first, last) if sessions[self._edges[at]] != REGULAR]

    def gaps(self, low: float, high: float) -> Places:
        """Bars in a range before which trading stopped for longer than usual."""
        places = self._gap_places()
        return places[np.searchsorted(places, low):np.searchsorted(places, min(high + 1, self.shown))]

    def sessions(self) -> NDArray[np.uint8]:
        """PRE, POST or REGULAR for each bar: as the bars say, else by the exchange's usual hours."""
        if self._sessions is None:
            clock = (self.local - self.local.astype("datetime64[D]")).astype(np.int64)
            self._sessions = np.where(clock < _OPEN, PRE, np.where(clock >= _CLOSE, POST, REGULAR)).astype(np.uint8)
        return self._sessions

    def range_start(self, name: str) -> int:
        """The first bar of a range that ends with the last shown bar: 1D, 5D (sessions), 1M ... 5Y, YTD, MAX."""
        if not self.shown or name == "MAX":
            return 0
        last: date = self.local[self.shown - 1].item().date()
        if name.endswith("D") and name != "YTD":
            days = self._starts_of("D", 1)
            days = days[:np.searchsorted(days, self.shown)]
            count = int(name[:-1])
            return int(days[-count]) if len(days) >= count else 0
        months = {"M": 1, "Y": 12}.get(name[-1:], 0) * int(name[:-1] or 0) if name != "YTD" else 0
        start = date(last.year, 1, 1) if name == "YTD" else _months_before(last, months)
        return int(np.searchsorted(self.local[:self.shown], np.datetime64(start)))

    def _starts_of(self, unit: str, size: int) -> Places:
        """Places where a new year, quarter, month, week, day or stretch of seconds begins; found once."""
        key = (unit, size)
        if key not in self._starts:
            coarse = self.local.astype(f"datetime64[{unit}]").astype(np.int64)
            coarse = (coarse + (3 if unit == "D" and size == 7 else 0)) // size  # weeks begin on Mondays
            self._starts[key] = np.flatnonzero(coarse[1:] != coarse[:-1]) + 1
        return self._starts[key]

    def _gap_places(self) -> Places:
        if self._gaps is None:
            missing = np.diff(self._counts)
            if self.intraday:
                same = self.local[1:].astype("datetime64[D]") == self.local[:-1].astype("datetime64[D]")
                open_now = (self.sessions()[1:] == REGULAR) & (self.sessions()[:-1] == REGULAR)
                unusual = same & open_now & (missing > max(4 * self._step, 1800.0))
            else:  # the longest closure without a name was the weekend after 11 September 2001
                unusual = missing > (6 * 86400 if self.interval == "1d" else 2.6 * self._step)
            self._gaps = np.flatnonzero(unusual) + 1
        return self._gaps


def _spread(places: Places, room: float) -> Places:
    """Those of the places that are `room` apart."""
    if len(places) < 2 or np.diff(places).min() >= room:
        return places
    kept = [int(places[0])]
    for place in places[1:]:
        if place - kept[-1] >= room:
            kept.append(int(place))
    return np.array(kept, np.int64)


def _merge(found: Places, more: Places, room: float) -> Places:
    """The places found and those of `more` that keep their distance from them."""
    if not len(found) or not len(more):
        return more if not len(found) else found
    at = np.searchsorted(found, more)
    before = np.where(at > 0, more - found[np.maximum(at - 1, 0)], 2 * room)
    after = np.where(at < len(found), found[np.minimum(at, len(found) - 1)] - more, 2 * room)
    return np.sort(np.concatenate((found, more[(before >= room) & (after >= room)])))


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _aware(moment: datetime | date) -> datetime:
    """A date is its midnight UTC; a moment without a zone is taken as UTC."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _zone() -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(_EXCHANGE)
