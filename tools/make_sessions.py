"""Write data/sessions.csv from exchange_calendars: the range, the weekdays without a session, the early closes.

Run by hand when the exchange announces a change: python tools/make_sessions.py
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

FIRST, LAST = "1962-01-02", "2040-12-31"


def text() -> str:
    """The file's content. Days beyond what the exchange has announced follow its present rules."""
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST)
    schedule = calendar.schedule
    closes = {day.date(): close.tz_convert("America/New_York").strftime("%H:%M") for day, close in schedule["close"].items()}
    opens = set(schedule["open"].dt.tz_convert("America/New_York").dt.strftime("%H:%M"))
    if opens != {"09:30"}:
        raise SystemExit(f"a session opens at another time than 09:30: {opens}")
    first, last = min(closes), max(closes)
    lines = ["date,what", f"{first},first", f"{last},last"]
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.weekday() < 5 and day not in closes:
            lines.append(f"{day},closed")
        elif closes.get(day, "16:00") != "16:00":
            lines.append(f"{day},{closes[day]}")
        elif day.weekday() >= 5 and day in closes:
            raise SystemExit(f"{day} is a session on a weekend")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("data", "sessions.csv").write_text(text(), encoding="utf-8")
