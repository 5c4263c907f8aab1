"""`tapeline doctor`: one row a check, each with what to do."""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from terminal.api import Column, Context, StoreError, Table, argument, command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

State = Literal["ok", "warn", "fail"]

_NETWORK_SECONDS = 4.0
_LITTLE_DISK = 1_000_000_000
_NO_DISK = 50_000_000
_DISTRIBUTIONS = ("PySide6-Essentials", "PySide6-QtAds", "pyqtgraph", "duckdb", "polars", "numpy", "TA-Lib", "yfinance", "typst")


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check; `advice` says what to do, "" when nothing."""

    check: str
    state: State
    found: str
    advice: str = ""


@command(title="Check that everything is in order")
def run(ctx: Context, *, network: Annotated[bool, argument(help="Also ask whether the data service answers.")] = True) -> Table:
    """Check versions, Qt's libraries, keyring, network, files, clock, disk and plugins, and say what to do about each problem.

    A missing network is a warning: the demo market and everything stored still work.
    """
    import polars as pl

    checks: list[Callable[[Context], Iterator[Finding]]] = [_versions, _libraries, _keyring, _files, _clock, _disk, _plugins,
                                                            _settings]
    if network:
        checks.insert(3, _network)
    findings: list[Finding] = []
    for number, check in enumerate(checks):
        ctx.progress(number / len(checks), check.__name__.strip("_"))
        findings += check(ctx)
    columns = (Column("check", "Check"), Column("state", "State"), Column("found", "Found"), Column("advice", "What to do"))
    frame = pl.DataFrame([(one.check, one.state, one.found, one.advice or None) for one in findings],
                         schema={column.name: pl.String for column in columns}, orient="row")
    bad, odd = (sum(one.state == state for one in findings) for state in ("fail", "warn"))
    verdict = "Everything is in order." if not bad + odd else f"{bad} to repair, {odd} to know about."
    return Table("Doctor", columns, frame, notes=(verdict,))


def _versions(ctx: Context) -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    import terminal

    machine = f"{platform.system()} {platform.machine()}"
    yield Finding("Program", "ok", f"Tapeline {terminal.__version__}, Python {platform.python_version()}, {machine}")
    found, absent = [], []
    for name in _DISTRIBUTIONS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    yield Finding("Python libraries", "ok", ", ".join(found)) if not absent else Finding(
        "Python libraries", "fail", f"missing: {', '.join(absent)}", "Install the program again with pip.")


def _libraries(ctx: Context) -> Iterator[Finding]:
    from terminal import libraries

    chosen = libraries.platform()
    absent = libraries.missing(chosen or "offscreen")
    if absent:
        yield Finding("Qt's system libraries", "fail", f"missing: {', '.join(absent)}", libraries.install_line(absent))
    elif not chosen and sys.platform.startswith("linux"):
        yield Finding("Qt's system libraries", "warn",
                      "complete, but there is no screen here (neither DISPLAY nor WAYLAND_DISPLAY)",
                      "Commands work; start the window from a desktop session.")
    else:
        yield Finding("Qt's system libraries", "ok", f"complete for {chosen or platform.system()}")


def _keyring(ctx: Context) -> Iterator[Finding]:
    name = ctx.settings.keyring_name()
    yield Finding("Keyring", "ok", name) if name else Finding(
        "Keyring", "warn", "the system offers none that may be trusted",
        "Only needed for services with a key. Start a secret service (GNOME Keyring, KWallet), or use TAPELINE_<PROVIDER>_KEY.")


def _network(ctx: Context) -> Iterator[Finding]:
    import urllib.error
    import urllib.request

    address = str(ctx.settings.get("providers.yahoo.base_url")) or "https://query2.finance.yahoo.com"
    try:
        asked = urllib.request.Request(address, method="GET", headers={"User-Agent": "Mozilla/5.0"})
        with urllib.request.urlopen(asked, timeout=_NETWORK_SECONDS):
            pass
    except urllib.error.HTTPError:
        pass  # any answer at all shows that the service is reached
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "reason", problem)
        yield Finding("Network", "warn", f"{address} does not answer ({reason})",
                      "Check the connection. Without it the demo market and everything stored still work.")
        return
    yield Finding("Network", "ok", f"{address} answers")


def _files(ctx: Context) -> Iterator[Finding]:
    where = f"Files ({'demo' if ctx.demo else 'live'})"
    try:
        rows = ctx.store.check().to_dicts()
    except StoreError as problem:
        yield Finding(where, "fail", problem.message, problem.hint or "See: tapeline store --help")
        return
    bad = [row for row in rows if row["ok"] is False]
    for row in bad:
        yield Finding(where, "fail", f"{row['check']}: {row['detail'].splitlines()[0]}", "See: tapeline store check")
    if not bad:
        yield Finding(where, "ok", f"{len(rows)} checks passed in {ctx.home.path}")


def _clock(ctx: Context) -> Iterator[Finding]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    now = ctx.now()
    try:
        local = now.astimezone(ZoneInfo("America/New_York"))
    except ZoneInfoNotFoundError:
        yield Finding("Clock", "fail", "time zone data is missing", "Install it: python3 -m pip install tzdata")
        return
    newest = _newest_fetch(ctx)
    if now.year < 2026 or (newest is not None and now < newest - timedelta(hours=1)):
        yield Finding("Clock", "fail", f"it says {now:%Y-%m-%d %H:%M} UTC, which is before data that is already here",
                      "Set the computer's date and time.")
    else:
        yield Finding("Clock", "ok", f"{local:%Y-%m-%d %H:%M} in New York")


def _newest_fetch(ctx: Context) -> datetime | None:
    try:
        newest = ctx.store.market.database.read("select max(finished_at) as newest from fetch_log")["newest"].item()
    except StoreError:
        return None  # the files have their own row
    return newest if isinstance(newest, datetime) else None


def _disk(ctx: Context) -> Iterator[Finding]:
    free = shutil.disk_usage(ctx.home.path).free
    found = f"{free / 1e9:.1f} GB free in {ctx.home.path}"
    if free < _NO_DISK:
        yield Finding("Disk", "fail", found, "Free some space: nothing can be saved.")
    elif free < _LITTLE_DISK:
        yield Finding("Disk", "warn", found, "Free some space soon.")
    else:
        yield Finding("Disk", "ok", found)


def _plugins(ctx: Context) -> Iterator[Finding]:
    states = ctx.plugins()
    for state in states:
        if state.state == "waiting":
            yield Finding("Plugin", "warn", f"{state.id}: {state.reason}",
                          f"If you trust it: tapeline preferences approve {state.id}")
        elif state.state != "ready":
            yield Finding("Plugin", "fail", f"{state.id}: {state.reason.splitlines()[0]}", "See: tapeline preferences plugins")
    yield Finding("Plugins", "ok", f"{sum(state.state == 'ready' for state in states)} ready")


def _settings(ctx: Context) -> Iterator[Finding]:
    ctx.settings.items()  # reading them finds values that cannot be used
    for note in ctx.settings.notes:
        yield Finding("Settings", "warn", note, f"Repair {ctx.home.settings} with a text editor.")
    if not ctx.settings.notes:
        yield Finding("Settings", "ok", str(ctx.home.settings))
