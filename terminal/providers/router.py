"""Who is asked for what: the first provider that has the dataset, its key, budget left and a closed breaker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.errors import Cancelled, NeedsKey, ProviderError, RateLimited
from terminal.providers.base import Answer, Bundling, Closing, Failure, Progress, Provider, Request, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from terminal.providers.breaker import Breaker
    from terminal.providers.budget import Budget


class Router:
    """Holds the providers. `has_key(provider id)` says whether a key is kept; `order(dataset)` names those to ask, best first.

    Without an order for a dataset the providers are asked as they were given.
    """

    def __init__(
        self,
        providers: Sequence[Provider],
        budget: Budget,
        breaker: Breaker,
        has_key: Callable[[str], bool] = lambda _provider: False,
        order: Callable[[str], Sequence[str] | None] | None = None,
    ) -> None:
        self.providers = tuple(providers)
        self.budget = budget
        self.breaker = breaker
        self._has_key = has_key
        self._order = order or (lambda _dataset: None)

    def serving(self, dataset: str) -> tuple[Provider, ...]:
        """Providers that deliver the dataset, best first, whether or not they can be asked now."""
        able = {each.id: each for each in self.providers if dataset in each.datasets}
        wanted = self._order(dataset)
        return tuple(able.values() if wanted is None else (able[name] for name in wanted if name in able))

    def brings(self, dataset: str) -> frozenset[str]:
        """What a request for the dataset answers besides (from its first provider)."""
        first = next(iter(self.serving(dataset)), None)
        return first.brings.get(dataset, frozenset()) if isinstance(first, Bundling) else frozenset()

    def fetch(
        self,
        dataset: str,
        symbols: Sequence[str],
        start: date | None = None,
        end: date | None = None,
        *,
        by_hand: bool = True,
        progress: Progress = quiet,
    ) -> Iterator[Answer | Failure]:
        """Answers as they arrive, and for each batch that nobody delivered one Failure: the last provider's reason.

        Once a provider may not be asked any more, the remaining symbols fail together, without a request.
        """
        left = tuple(symbols)
        providers = self.serving(dataset)
        if not providers:
            yield Failure(
                "",
                dataset,
                left,
                ProviderError(f"No data service delivers {dataset}.", "Bring your own: tapeline market import."),
            )
            return
        for position, provider in enumerate(providers):
            last = position == len(providers) - 1
            undelivered: list[str] = []
            for outcome in self._ask(provider, Request(dataset, left, start, end), by_hand, progress):
                if isinstance(outcome, Failure) and not last:
                    undelivered.extend(outcome.symbols)
                else:
                    yield outcome
            left = tuple(undelivered)
            if not left:
                return

    def close(self) -> None:
        """Let every provider let go of connections and processes."""
        for provider in self.providers:
            if isinstance(provider, Closing):
                provider.close()
        self.budget.close()

    def _ask(self, provider: Provider, request: Request, by_hand: bool, progress: Progress) -> Iterator[Answer | Failure]:
        size = max(_number(provider, "batch", request.dataset), 1)
        cost = max(_number(provider, "cost", request.dataset), 1)
        for at in range(0, len(request.symbols), size):
            batch = request.symbols[at : at + size]
            rest = request.symbols[at:]
            try:
                self._may(provider, request.dataset, cost, by_hand, progress)
            except ProviderError as error:
                yield Failure(provider.id, request.dataset, rest, error)
                return
            try:
                yield from provider.fetch(Request(request.dataset, batch, request.start, request.end), progress)
                self.breaker.succeeded(provider.id, request.dataset)
            except ProviderError as error:
                self.breaker.failed(provider.id, request.dataset, error)
                yield Failure(
                    provider.id,
                    request.dataset,
                    rest if isinstance(error, RateLimited) else batch,
                    error,
                    getattr(error, "fetch", None),
                )
                if isinstance(error, RateLimited):
                    return
            except BaseException:
                self.breaker.withdrawn(provider.id, request.dataset)
                raise

    def _may(self, provider: Provider, dataset: str, cost: int, by_hand: bool, progress: Progress) -> None:
        if provider.needs_key and not self._has_key(provider.id):
            raise NeedsKey(
                f"{provider.title} needs a key.", f"Set it with `tapeline settings key {provider.id}`.", setting=provider.id
            )
        self.breaker.check(provider.id, dataset)

        def waiting(seconds: float) -> None:
            progress(None, f"waiting {max(round(seconds), 1)} s: {provider.title} allows {_pace(self.budget, provider.id)}")

        try:
            self.budget.take(provider.id, cost, by_hand=by_hand, waiting=waiting)
        except (ProviderError, Cancelled):
            self.breaker.withdrawn(provider.id, dataset)
            raise


def _number(provider: Any, table: str, dataset: str) -> int:
    return int(getattr(provider, table, {}).get(dataset, 1))


def _pace(budget: Budget, provider: str) -> str:
    windows = budget.windows(provider)
    return f"{windows[0].requests} requests in {windows[0].seconds} s" if windows else "any number of requests"
