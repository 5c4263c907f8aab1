"""Second opinions: asks every service that speaks about something, not only the first, so that their statements can be compared.

The store keeps what each says (`MarketStore.versions`). Whoever has spoken within the dataset's age is not asked again, and
on a schedule a service that allows few requests a day is spared.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from terminal.domain.rivals import CONTESTS
from terminal.providers.base import Request
from terminal.services.freshness import STALENESS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.api import Context
    from terminal.providers.base import Answer, Provider
    from terminal.providers.router import Router
    from terminal.store import Store

# A service that allows fewer requests a day than this is only asked by hand.
FEW_A_DAY = 100
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def ask_all(store: Store, router: Router, dataset: str, symbols: Sequence[str], ctx: Context, *,
            start: date | None = None, end: date | None = None) -> list[str]:
    """Ask each service that delivers `dataset` about these symbols; what could not be had comes back as sentences.

    Raises ValueError for a dataset of which only one statement is kept, Cancelled when the user stops it.
    """
    if dataset not in CONTESTS:
        raise ValueError(f"one statement is kept about {dataset}, the newest")
    told: list[str] = []
    able = router.asked(dataset)
    for position, provider in enumerate(able):
        ctx.progress(position / len(able), f"{provider.title} about {dataset}")
        if not ctx.by_hand and _scarce(router, provider):
            continue
        left = _unasked(store, provider, dataset, symbols, ctx)
        request = Request(dataset, left, start, end)
        for call in router.calls(provider, request, ctx.by_hand, ctx.progress) if left else ():
            if call.failure is not None:
                told.append(call.failure.sentence())
                if call.failure.fetch is not None:
                    store.market.log(call.failure.fetch)
            whole = {dataset, *router.brings(dataset, provider.id)}
            for answer in call.answers:
                _keep(store, answer, complete=answer.dataset in whole)
    ctx.progress(1.0, "done")
    return told


def _keep(store: Store, answer: Answer, *, complete: bool) -> None:
    """Store what came; an empty answer is remembered, an empty by-product says nothing."""
    if answer.frame.height:
        store.market.save(answer.dataset, answer.frame, answer.fetch, complete=complete)
    elif complete:
        store.market.log(answer.fetch)


def _unasked(store: Store, provider: Provider, dataset: str, symbols: Sequence[str], ctx: Context) -> tuple[str, ...]:
    """The symbols about which the provider has not spoken lately.

    Of an answer about many at once nobody knows whom it was about: by hand it only counts for an hour.
    """
    rows = store.market.database.read(
        "select symbol, max(finished_at) as at_ from fetch_log where provider = ? and dataset = ? and status in ('ok', 'empty') "
        "group by symbol", (provider.id, dataset))
    late = ctx.now() - STALENESS[dataset].age
    heard = {symbol: moment for symbol, moment in rows.iter_rows() if moment > late}
    if "" in heard and (not ctx.by_hand or ctx.now() - heard[""] < _HOUR):
        return ()
    return tuple(symbol for symbol in symbols if symbol not in heard)


def _scarce(router: Router, provider: Provider) -> bool:
    return any(window.seconds >= _DAY.total_seconds() and window.requests < FEW_A_DAY
               for window in router.budget.windows(provider.id))
