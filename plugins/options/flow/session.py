"""Trades and alerts on their way in: detected, given context, judged by the recipes, written down, told."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from plugins.options.flow import book
from plugins.options.flow.cards import print_evidence
from plugins.options.flow.gathering import context, detection
from plugins.options.flow.recipes import all_recipes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor, Future
    from datetime import date, datetime

    import polars as pl

    from terminal.api import Context

_REMEMBERED = timedelta(seconds=6)
_SLACK = timedelta(milliseconds=100)
TOPIC = "flow.flagged"
_BEHIND = 8
_TURNS = 16


class Session:
    """One feed from its beginning to its end. Not for several threads at once.

    `trades`, `alerts`, `events`, `flags` count what went through; `saved` are the trades that were new to the archive. With
    `storing` (one worker) what goes into the archive is written there, so that nothing waits for it; `finish` does.
    """

    def __init__(self, ctx: Context, *, hindsight: bool = False, storing: Executor | None = None) -> None:
        from terminal.domain.flow.detect import Detector

        self._ctx, self._hindsight, self._storing = ctx, hindsight, storing
        self._written: deque[Future[int]] = deque()
        self._raw: dict[str, list[str]] = {}
        self._settings = detection()
        self.detector = Detector(self._settings)
        self._recipes = all_recipes(ctx)
        self._recent: deque[pl.DataFrame] = deque()
        self._known: dict[tuple[str, date], pl.DataFrame] = {}
        self._newest: datetime | None = None
        self._heard = ctx.now()
        self.trades = self.saved = self.alerts = self.events = self.flags = 0

    def take_trades(self, trades: pl.DataFrame, now: datetime | None = None) -> int:
        """Archive and detect; how many events were flagged.

        With `now`, what stands alone at the end is told once the feed has been silent long enough. The feed may be late (by
        a quarter of an hour, for delayed ones): its own time goes on from its newest trade.
        """
        import polars as pl

        found = self.detector.feed(trades)
        if trades.height:
            self.trades += trades.height
            self._remember(trades)
            if now is not None:
                self._newest, self._heard = cast("datetime", trades["at"].max()), now
        elif now is not None and self._newest is not None:
            found = pl.concat([found, self.detector.advance(self._newest + (now - self._heard) - _SLACK)])
        flagged = self._judge(found)
        if trades.height:  # told first: writing so many takes longer than finding
            self.store(lambda: self._save(trades))
        return flagged

    def take_alerts(self, alerts: pl.DataFrame) -> int:
        """Judge a source's own alerts; how many were flagged."""
        from terminal.domain.flow.events import of_alerts

        self.alerts += alerts.height
        return self._judge(of_alerts(alerts)) if alerts.height else 0

    def take_raw(self, messages: Mapping[str, Sequence[str]], at: datetime) -> None:
        """Keep messages as they came, under the source's own names of channels: a few channels each time, in turn."""
        for channel, texts in messages.items():
            self._raw.setdefault(channel, []).extend(texts)
        self._flush_raw(at, 1 + len(self._raw) // _TURNS)

    def _flush_raw(self, at: datetime, most: int) -> None:
        kept = {name: self._raw.pop(name) for name in list(self._raw)[:most]}
        archive = self._ctx.store.archive
        if kept:
            self.store(lambda: sum(archive.save_raw("unusualwhales", name, texts, at) for name, texts in kept.items()))

    def finish(self) -> int:
        """What was still open; afterwards everything is in the archive."""
        flagged = self._judge(self.detector.finish())
        self._flush_raw(self._ctx.now(), len(self._raw))
        while self._written:
            self._written.popleft().result()
        return flagged

    def store(self, work: Callable[[], int]) -> None:
        """Write something into the archive now, or in turn. Never more than a few behind: then it waits."""
        if self._storing is None:
            work()
            return
        self._written.append(self._storing.submit(work))
        while self._written and (self._written[0].done() or len(self._written) > _BEHIND):
            self._written.popleft().result()

    def _save(self, trades: pl.DataFrame) -> int:
        new = self._ctx.store.archive.save_trades(trades)
        self.saved += new
        return new

    def reread(self) -> None:
        """Take the recipes as they are now."""
        self._recipes = all_recipes(self._ctx)

    def _judge(self, found: pl.DataFrame) -> int:
        from terminal.domain.flow.events import with_context
        from terminal.domain.flow.recipes import flagged

        if found.is_empty():
            return 0
        self.events += found.height
        known = with_context(found, self._context(found))
        marked, _ = flagged(self._recipes, known)
        if marked.is_empty():
            return 0
        import polars as pl

        prints = marked.filter(pl.col("input") == "prints")
        evidence = print_evidence(prints, pl.concat(self._recent)) if prints.height and self._recent else {}
        book.record(self._ctx, marked, self._recipes, detection=self._settings.mark, evidence=evidence,
                    hindsight=self._hindsight, simulated=self._ctx.demo)  # fmt: skip
        self.flags += marked.height
        self._ctx.publish(TOPIC, {"events": marked.height, "symbols": marked["symbol"].unique().sort().to_list(),
                                  "ids": marked["id"].to_list()})  # fmt: skip
        return marked.height

    def _context(self, found: pl.DataFrame) -> pl.DataFrame:
        """What the archive knows of these contracts, each asked for once a day."""
        import polars as pl

        for (day,), mine in found.group_by("day"):
            missing = [name for name in mine["contract"].unique() if (name, day) not in self._known]
            if missing:
                rows = context(self._ctx, missing, day)
                for name in missing:
                    self._known[name, day] = rows.filter(pl.col("contract") == name)
        frames = [self._known[key] for key in found.select("contract", "day").unique().iter_rows()]
        return pl.concat(frames).unique("contract")

    def _remember(self, trades: pl.DataFrame) -> None:
        import polars as pl

        self._recent.append(trades)
        border = cast("datetime", trades["at"].max()) - _REMEMBERED
        while len(self._recent) > 1 and cast("datetime", self._recent[0]["at"].max()) < border:
            self._recent.popleft()
        if len(self._recent) > 64:
            merged = pl.concat(self._recent)
            self._recent.clear()
            self._recent.append(merged)
