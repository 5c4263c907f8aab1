"""Who is asked for what: the providers of a dataset in the user's order, until one has delivered.

A provider that lacks its key is passed over. One that cannot be asked (a pause, a used-up budget), does not answer, sends
nonsense or does not know a symbol is followed by the next one, and the answer says so in its fetch's `reason`. Nothing is
remembered about that beyond budget and breaker: each call starts with the first provider again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from terminal.errors import Cancelled, NeedsKey, ProviderError, RateLimited
from terminal.providers.base import (
    Answer,
    Bundling,
    Closing,
    Failure,
    Itemised,
    Progress,
    Provider,
    Reaching,
    Request,
    quiet,
)
from terminal.providers.breaker import BeingTried

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import date, timedelta

    from terminal.domain.fetch import Fetch
    from terminal.providers.breaker import Breaker
    from terminal.providers.budget import Budget

T = TypeVar("T")

# Of these a service that knows the symbol may rightly have nothing. Whoever has nothing is only doubted by hand.
_MAY_BE_EMPTY = frozenset({"dividends", "splits", "earnings", "headlines", "news_sentiment", "ratings", "filings", "chains"})
_KEYS_IN_A_ROW = 2
# Seconds after which nobody waits any more for another's trial of a service that may have recovered.
LONGEST_TRIAL = 20.0


class Router:
    """Holds the providers. `has_key(provider id)` says whether a key is kept; `order(dataset)` names those to ask, best first.

    Without an order for a dataset the providers are asked as they were given. May be used by several threads at once.
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

    def asked(self, dataset: str) -> tuple[Provider, ...]:
        """As `serving`, without those that lack their key."""
        return tuple(each for each in self.serving(dataset) if not self.lacks_key(each))

    def lacks_key(self, provider: Provider) -> bool:
        """Whether a provider answers nothing because no key is kept for it: a state, not a failure."""
        return provider.needs_key and not self._has_key(provider.id)

    def brings(self, dataset: str, provider: str = "") -> frozenset[str]:
        """What a request for the dataset answers besides, from this provider (default: the first that can be asked)."""
        able = [each for each in self.providers if each.id == provider] if provider else self.asked(dataset)
        first = next(iter(able), None)
        return first.brings.get(dataset, frozenset()) if isinstance(first, Bundling) else frozenset()

    def cost(self, dataset: str, provider: Provider) -> tuple[int, int]:
        """Requests that one call for the dataset takes, and how many symbols fit into a call."""
        return max(_number(provider, "cost", dataset), 1), max(_number(provider, "batch", dataset), 1)

    def fetch(
        self,
        dataset: str,
        symbols: Sequence[str],
        start: date | None = None,
        end: date | None = None,
        *,
        by_hand: bool = True,
        progress: Progress = quiet,
        thorough: Collection[str] | None = None,
        aside: Callable[[Fetch], object] = lambda _fetch: None,
        partly: bool = True,
    ) -> Iterator[Answer | Failure]:
        """Answers as they arrive, and for what nobody delivered Failures with the reasons of all who were asked.

        `thorough`: symbols for which the items that one provider did not deliver are asked from the next ones (default:
        all by hand, none on a schedule). `aside` is told of requests that brought nothing because another provider was
        asked then. Once a provider may not be asked any more, the remaining symbols go on together, without a request.
        Those whose history does not go back to `start` (None: to its beginning) come last, or not at all unless `partly`.
        """
        wanted = tuple(dict.fromkeys(symbols))
        providers = self.serving(dataset)
        able = self._by_reach(dataset, self.asked(dataset), start, partly)
        if not able:
            yield Failure(providers[0].id if providers else "", dataset, wanted, _nobody(dataset, providers))
            return
        doubted = frozenset(wanted if thorough is None else thorough) if by_hand or thorough is not None else frozenset()
        errand = _Errand(self, Request(dataset, wanted, start, end), by_hand, progress, doubted, aside)
        yield from errand.run(able)

    def _by_reach(
        self, dataset: str, providers: Sequence[Provider], start: date | None, partly: bool
    ) -> tuple[Provider, ...]:
        """In their order, but those that have only a part of what is wanted at the end, the longest part first."""
        today = self.breaker.now().date()
        reaches = {each.id: reach for each in providers if (reach := _reach(each, dataset)) is not None}
        short = {name for name, reach in reaches.items() if start is None or today - start > reach}
        parts = sorted((each for each in providers if each.id in short), key=lambda each: reaches[each.id], reverse=True)
        return (*(each for each in providers if each.id not in short), *(parts if partly else ()))

    def close(self) -> None:
        """Let every provider let go of connections and processes."""
        for provider in self.providers:
            if isinstance(provider, Closing):
                provider.close()
        self.budget.close()

    def through(self, provider: str, what: str, work: Callable[[Any], T], progress: Progress = quiet) -> T:
        """One question that belongs to no dataset: `work` gets the provider, which counts its requests itself.

        The breaker is asked first and told how it went, under the name `what`. Raises ProviderError; KeyError for nobody.
        """
        asked = {each.id: each for each in self.providers}[provider]
        self._pass(asked, what, progress)
        try:
            found = work(asked)
        except ProviderError as error:
            self._failed(provider, what, error)
            raise
        except BaseException:
            self.breaker.withdrawn(provider, what)
            raise
        self.breaker.succeeded(provider, what)
        return found

    def calls(self, provider: Provider, request: Request, by_hand: bool, progress: Progress) -> Iterator[Call]:
        """The requests to one provider, batch by batch; the last one stands for all that was not asked any more."""
        cost, size = self.cost(request.dataset, provider)
        refused = 0
        for at in range(0, len(request.symbols), size):
            batch = request.symbols[at : at + size]
            rest = request.symbols[at:]
            answers: list[Answer] = []
            try:
                self._may(provider, request.dataset, cost, by_hand, progress)
            except ProviderError as error:
                yield Call(rest, [], Failure(provider.id, request.dataset, rest, error))
                return
            try:
                answers.extend(provider.fetch(Request(request.dataset, batch, request.start, request.end), progress))
                self.breaker.succeeded(provider.id, request.dataset)
                refused = 0
            except ProviderError as error:
                self._failed(provider.id, request.dataset, error)
                refused = refused + 1 if isinstance(error, NeedsKey) else 0
                over = isinstance(error, RateLimited) or refused == _KEYS_IN_A_ROW
                concerned = rest if over else batch
                failure = Failure(provider.id, request.dataset, concerned, error, getattr(error, "fetch", None))
                yield Call(concerned, answers, failure)
                if over:
                    return
                continue
            except BaseException:
                self.breaker.withdrawn(provider.id, request.dataset)
                raise
            yield Call(batch, answers)

    def _may(self, provider: Provider, dataset: str, cost: int, by_hand: bool, progress: Progress) -> None:
        self._pass(provider, dataset, progress)

        def waiting(seconds: float) -> None:
            progress(None, f"waiting {max(round(seconds), 1)} s: {provider.title} allows {_pace(self.budget, provider.id)}")

        try:
            self.budget.take(provider.id, cost, by_hand=by_hand, waiting=waiting, title=provider.title)
        except (ProviderError, Cancelled):
            self.breaker.withdrawn(provider.id, dataset)
            raise


    def _failed(self, provider: str, what: str, error: ProviderError) -> None:
        """Tell the breaker, but not of our own budget, which says nothing about the service."""
        if getattr(error, "of_budget", False):
            self.breaker.withdrawn(provider, what)
        else:
            self.breaker.failed(provider, what, error)

    def _pass(self, provider: Provider, dataset: str, progress: Progress) -> None:
        """Past the breaker. Where another thread is trying the service again, its outcome is waited for: else each recovery
        would send whoever comes second to another service."""
        deadline = time.monotonic() + LONGEST_TRIAL
        while True:
            try:
                return self.breaker.check(provider.id, dataset, provider.title)
            except BeingTried:
                if time.monotonic() > deadline:
                    raise
                progress(None, f"waiting whether {provider.title} answers again")
                self.breaker.wait(provider.id, dataset, 0.1)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, or what was left unasked: the answers that came for `symbols`, and what went wrong."""

    symbols: tuple[str, ...]
    answers: list[Answer]
    failure: Failure | None = None


class _Errand:
    """One `fetch`: what is still open, why, and what those who were asked have said about it."""

    def __init__(
        self,
        router: Router,
        request: Request,
        by_hand: bool,
        progress: Progress,
        doubted: frozenset[str],
        aside: Callable[[Fetch], object],
    ) -> None:
        self._router = router
        self._request = request
        self._by_hand = by_hand
        self._progress = progress
        self._doubted = doubted
        self._aside = aside
        self._why = dict.fromkeys(request.symbols, "")  # what is open, and the reason that whoever delivers it is given
        self._failed: dict[str, list[Failure]] = {}
        self._unknown: dict[str, list[Answer]] = {}  # answers that say nothing, kept for the case that nobody knows more
        self._unsure: set[str] = set()  # of whom the first who was asked had nothing
        self._items: dict[str, set[str]] = {}
        self._from: dict[str, str] = {}

    def run(self, providers: Sequence[Provider]) -> Iterator[Answer | Failure]:
        for position, provider in enumerate(providers):
            if self._why:
                more = position + 1 < len(providers)
                for why, symbols in _grouped(self._why).items():
                    for call in self._calls(provider, symbols):
                        yield from self._took(provider, call, why, more)
            if position and self._items:
                yield from self._complete(provider)
        yield from self._gave_up()

    def _calls(self, provider: Provider, symbols: Sequence[str]) -> Iterator[Call]:
        return self._router.calls(provider, replace(self._request, symbols=tuple(symbols)), self._by_hand, self._progress)

    def _took(self, provider: Provider, call: Call, why: str, more: bool) -> Iterator[Answer]:
        if call.failure is not None:
            self._note_failure(provider, call)
            yield from (_because(answer, why, provider) for answer in call.answers)
            return
        known = _delivered(call, self._request.dataset)
        missing = {symbol for answer in call.answers if answer.dataset == self._request.dataset for symbol in answer.missing}
        open_ = [symbol for symbol in call.symbols if symbol in missing or symbol not in known]
        if self._request.dataset in _MAY_BE_EMPTY:
            open_ = [symbol for symbol in open_ if symbol in missing or symbol in self._doubted]
        if not more and not any(symbol in self._failed or symbol in self._unknown for symbol in open_):
            open_ = []  # nobody else to ask, and nobody was asked before: the answer stands as it is
        for symbol in open_:
            if symbol not in self._failed:
                self._unsure.add(symbol)
            said = "does not know it" if symbol in missing else f"sent no {self._request.dataset.replace('_', ' ')} of it"
            self._why[symbol] = _joined(self._why[symbol], f"{provider.title} {said}")
        for symbol in call.symbols:
            if symbol not in open_:
                self._why.pop(symbol, None)
                self._from[symbol] = provider.title
        yield from self._split(provider, call, why, frozenset(open_))

    def _split(self, provider: Provider, call: Call, why: str, open_: frozenset[str]) -> Iterator[Answer]:
        """Hold back what says nothing about the symbols that the next one is asked for."""
        if open_ and open_.issuperset(call.symbols):
            for symbol in call.symbols:
                self._unknown.setdefault(symbol, call.answers)
            return
        for answer in call.answers:
            if answer.dataset == self._request.dataset:
                held = tuple(symbol for symbol in answer.missing if symbol in open_)
                for symbol in open_:
                    gone = (symbol,) if symbol in held else ()
                    self._unknown.setdefault(symbol, [replace(answer, frame=answer.frame.clear(), missing=gone)])
                self._note_items(answer)
            yield _because(replace(answer, missing=tuple(each for each in answer.missing if each not in open_)), why, provider)

    def _note_failure(self, provider: Provider, call: Call) -> None:
        failure = call.failure
        assert failure is not None
        if failure.fetch is not None:
            self._aside(failure.fetch)
        for symbol in call.symbols:
            self._failed.setdefault(symbol, []).append(replace(failure, symbols=(symbol,), fetch=None))
            self._why[symbol] = _joined(self._why[symbol], _clause(failure.error))

    def _note_items(self, answer: Answer) -> None:
        if self._doubted and "item" in answer.frame.columns and "symbol" in answer.frame.columns:
            for symbol, item in answer.frame.select("symbol", "item").unique().iter_rows():
                if symbol in self._doubted:
                    self._items.setdefault(symbol, set()).add(item)

    def _complete(self, provider: Provider) -> Iterator[Answer]:
        """Ask for the items that nobody before has delivered. That it cannot be asked is no failure: the rest is there."""
        offered = provider.items.get(self._request.dataset, frozenset()) if isinstance(provider, Itemised) else frozenset()
        lacking: dict[str, str] = {}
        for symbol, items in self._items.items():
            if symbol not in self._why and self._from.get(symbol) != provider.title and (absent := sorted(offered - items)):
                lacking[symbol] = f"{self._from.get(symbol, 'No service')} did not deliver {_some(absent)}"
        for why, symbols in _grouped(lacking).items():
            for call in self._calls(provider, symbols):
                if call.failure is not None and call.failure.fetch is not None:
                    self._aside(call.failure.fetch)
                known = _delivered(call, self._request.dataset)
                for answer in call.answers:
                    if known:
                        self._note_items(answer)
                        yield _because(replace(answer, missing=()), why, provider)
                    else:
                        self._aside(_nothing(answer.fetch))

    def _gave_up(self) -> Iterator[Answer | Failure]:
        """What nobody delivered: unknown where the first who answered said so, otherwise the first failure and the others'."""
        told: dict[int, Answer] = {}
        failures: dict[str, list[str]] = {}
        for symbol in self._request.symbols:
            if symbol in self._why and symbol in self._unsure:
                told.update((id(answer), answer) for answer in self._unknown.pop(symbol))
            elif symbol in self._why:
                failures.setdefault(self._why[symbol], []).append(symbol)
        for answers in self._unknown.values():
            for answer in answers:
                self._aside(_nothing(answer.fetch))
        yield from told.values()
        for symbols in failures.values():
            first, *others = self._failed[symbols[0]]
            also = dict.fromkeys(_sentence(each.error) for each in others)
            yield replace(first, symbols=tuple(symbols), also=tuple(also))


def _delivered(call: Call, dataset: str) -> set[str]:
    """The symbols about which something came. A service that tells more of a symbol knows it, also where it has no rows."""
    asked = set(call.symbols)
    found: set[str] = set()
    for answer in call.answers:
        if answer.frame.is_empty():
            continue
        if len(asked) == 1:
            found |= asked
            continue
        column = next((name for name in ("symbol", "series", "universe") if name in answer.frame.columns), None)
        found |= asked if column is None else asked & set(answer.frame[column].unique().to_list())
    return found


def _because(answer: Answer, why: str, provider: Provider) -> Answer:
    if not why:
        return answer
    said = f"{why}, so {provider.title} was asked"
    own = answer.fetch.reason  # what the adapter itself had to remark
    return replace(answer, fetch=replace(answer.fetch, reason=f"{said}; {own}" if own else said))


def _nothing(fetch: Fetch) -> Fetch:
    """An answer without rows, where another service was asked then: the log must not take it for an answer."""
    return replace(fetch, status="error", error=fetch.error or "nothing was sent")


def _clause(error: ProviderError) -> str:
    """What went wrong as part of a longer sentence."""
    text = error.message.strip().rstrip(".")
    return text[0].lower() + text[1:] if text.startswith("The ") else text


def _sentence(error: ProviderError) -> str:
    return f"{error.message.strip().rstrip('.')}."


def _joined(before: str, text: str) -> str:
    """`before, text`; the same reason is not said twice. A sentence starts with a capital."""
    if not before:
        return text[0].upper() + text[1:]
    return before if text in before.split(", ") else f"{before}, {text}"


def _some(names: Sequence[str]) -> str:
    listed = [name.replace("_", " ") for name in names[:2]]
    return ", ".join(listed) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _grouped(texts: dict[str, str]) -> dict[str, list[str]]:
    """Symbols by their text, in their order."""
    groups: dict[str, list[str]] = {}
    for symbol, text in texts.items():
        groups.setdefault(text, []).append(symbol)
    return groups


def _nobody(dataset: str, providers: Sequence[Provider]) -> ProviderError:
    if not providers:
        return ProviderError(f"No data service delivers {dataset}.", "Bring your own: tapeline market import.")
    names = [each.title for each in providers]
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    return NeedsKey(
        f"{listed} needs a key.", f"Set it with `tapeline preferences key-set {providers[0].id}`.", setting=providers[0].id
    )


def _number(provider: Any, table: str, dataset: str) -> int:
    return int(getattr(provider, table, {}).get(dataset, 1))


def _reach(provider: Provider, dataset: str) -> timedelta | None:
    return provider.reach.get(dataset) if isinstance(provider, Reaching) else None


def _pace(budget: Budget, provider: str) -> str:
    windows = budget.windows(provider)
    return f"{windows[0].requests} requests in {windows[0].seconds} s" if windows else "any number of requests"
