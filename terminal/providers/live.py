"""The services of the real market, made from what is declared in `domain.data_services`; each is imported on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Literal

from terminal.domain.data_services import ORDER, SERVICES, TRUST
from terminal.providers.service import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from terminal.providers.base import Provider
    from terminal.providers.budget import Budget
    from terminal.settings import Settings

# One line a service: where its adapter is. Adding a provider is a module, this line, and its entry in `data_services`.
ADAPTERS = {
    "yahoo": "terminal.providers.yahoo:YahooProvider",
    "sec": "terminal.providers.sec:SecProvider",
    "cboe": "terminal.providers.cboe:CboeProvider",
    "nasdaq": "terminal.providers.nasdaq:NasdaqProvider",
    "fred": "terminal.providers.fred:FredProvider",
    "ecb": "terminal.providers.ecb:EcbProvider",
    "schwab": "terminal.providers.schwab:SchwabProvider",
    "tradier": "terminal.providers.tradier:TradierProvider",
    "unusualwhales": "terminal.providers.unusualwhales:UnusualWhalesProvider",
    "alpaca": "terminal.providers.alpaca:AlpacaProvider",
    "tiingo": "terminal.providers.tiingo:TiingoProvider",
    "massive": "terminal.providers.massive:MassiveProvider",
    "finnhub": "terminal.providers.finnhub:FinnhubProvider",
    "alphavantage": "terminal.providers.alphavantage:AlphaVantageProvider",
    "apininjas": "terminal.providers.apininjas:ApiNinjasProvider",
}
_TITLES = {service.id: service.title for service in SERVICES}


def live_providers(settings: Settings, budget: Budget, clock: Callable[[], datetime], run: Path) -> tuple[Provider, ...]:
    """Every service, with its limits declared to the budget."""
    made = []
    for service in SERVICES:
        if service.id not in ADAPTERS:
            continue
        module, _, name = ADAPTERS[service.id].partition(":")
        adapter = getattr(importlib.import_module(module), name)
        provider: Provider = adapter(_around(settings, budget, service.id, clock, run))
        budget.declare(service.id, adapter.windows)
        made.append(provider)
    return tuple(made)


def preferred(settings: Settings, kind: Literal["order", "trust"], dataset: str) -> tuple[str, ...] | None:
    """Who is asked first for a dataset, or who is believed, as the user has set it; None where nothing is declared."""
    if dataset not in (ORDER if kind == "order" else TRUST):
        return None
    names = str(settings.get(f"providers.{kind}.{dataset}")).split(",")
    return tuple(dict.fromkeys(name.strip().lower() for name in names if name.strip()))


def _around(settings: Settings, budget: Budget, service: str, clock: Callable[[], datetime], run: Path) -> Surroundings:
    return Surroundings(
        lambda: str(settings.get(f"providers.{service}.base_url") or ""),
        lambda: settings.secret(service),
        clock,
        run,
        setting=lambda name: str(settings.get(f"providers.{service}.{name}") or ""),
        learn=lambda remaining, until: budget.learn(service, remaining, until),
        spend=lambda waiting: budget.take(service, by_hand=False, waiting=waiting, title=_TITLES[service]),
    )
