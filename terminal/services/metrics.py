"""How things are, for Prometheus: an optional listener on this computer alone, at an address that holds a secret.

Off unless the setting `health.metrics_port` names a port; needs the extra `metrics` (prometheus-client). The address with
its secret is in `<home>/run/metrics.json`, which only the user may read.
"""

from __future__ import annotations

import hmac
import importlib.util
import json
import logging
import os
import secrets
import socketserver
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from terminal.services.health import Health
    from terminal.services.jobs import Scheduler

HOST = "127.0.0.1"
_STATES = ("ok", "partly", "waiting", "unreachable", "failing", "needs key", "never asked")
_log = logging.getLogger(__name__)


class Exporter:
    """Listens on one port until `stop`. UserError when the extra is missing or the port is taken."""

    def __init__(self, port: int, run: Path, health: Callable[[], Health], scheduler: Callable[[], Scheduler]) -> None:
        if importlib.util.find_spec("prometheus_client") is None:
            raise UserError("The exporter for Prometheus needs one more package.",
                            "Install it: python3 -m pip install 'tapeline[metrics]'")
        self._file = run / "metrics.json"
        self._health, self._scheduler = health, scheduler
        token = self._token()
        try:
            self._server = make_server(HOST, port, _application(f"/{token}", port, self._collect), _Server, _Quiet)
        except (OSError, OverflowError) as error:
            raise UserError(f"The port {port} for Prometheus cannot be used.", "Set health.metrics_port to another one, or to 0.",
                            error) from error
        self.url = f"http://{HOST}:{self._server.server_port}/{token}"
        _write(self._file, {"url": self.url, "token": token})
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer. The secret stays, so that Prometheus finds the next start under the same address."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(1.0)
        with suppress(OSError, ValueError):
            _write(self._file, {"token": json.loads(self._file.read_text("utf-8"))["token"]})

    def _token(self) -> str:
        try:
            token = str(json.loads(self._file.read_text("utf-8"))["token"])
        except (OSError, ValueError, KeyError, TypeError):
            token = ""
        return token if len(token) >= 32 and token.isalnum() else secrets.token_hex(20)

    def _collect(self) -> bytes:
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collector(self._health(), self._scheduler()))
        return bytes(generate_latest(registry))


class _Collector:
    """Asked once a scrape."""

    def __init__(self, health: Health, scheduler: Scheduler) -> None:
        self._health, self._scheduler = health, scheduler

    def collect(self) -> Iterator[Any]:
        yield from self._services()
        yield from self._data()
        yield from self._jobs()

    def _services(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        state = Gauge("tapeline_provider_state", "1 for the state a data service is in", labels=["provider", "state"])
        left = Gauge("tapeline_provider_budget_left", "Requests left in a window", labels=["provider", "seconds"])
        asked = Gauge("tapeline_provider_requests_day", "Requests of the last 24 hours", labels=["provider"])
        errors = Gauge("tapeline_provider_errors_day", "Failed requests of the last 24 hours", labels=["provider"])
        took = Gauge("tapeline_provider_latency_seconds", "Request duration, last 24 hours", labels=["provider", "quantile"])
        good = Gauge("tapeline_provider_last_good_timestamp_seconds", "Time of the last good answer", labels=["provider"])
        for each in self._health.providers():
            for name in _STATES:
                state.add_metric([each.id, name], float(each.state == name))
            for window in each.windows:
                left.add_metric([each.id, str(window.seconds)], window.left)
            asked.add_metric([each.id], each.requests)
            errors.add_metric([each.id], each.errors)
            for quantile, seconds in (("0.5", each.p50), ("0.95", each.p95)):
                if seconds is not None:
                    took.add_metric([each.id, quantile], seconds)
            if each.good_at is not None:
                good.add_metric([each.id], each.good_at.timestamp())
        yield from (state, left, asked, errors, took, good)

    def _data(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        symbols = Gauge("tapeline_dataset_symbols", "Symbols stored", labels=["dataset"])
        stale = Gauge("tapeline_dataset_stale_symbols", "Symbols due for a refresh", labels=["dataset"])
        fetched = Gauge("tapeline_dataset_fetched_timestamp_seconds", "Time of the newest fetch", labels=["dataset"])
        for each in self._health.datasets():
            symbols.add_metric([each.name], each.symbols)
            stale.add_metric([each.name], each.stale)
            if each.fetched_at is not None:
                fetched.add_metric([each.name], each.fetched_at.timestamp())
        size = Gauge("tapeline_bytes", "Size of files and memory", labels=["what"])
        count = Gauge("tapeline_items", "Rows of tables, files, writes waiting", labels=["what"])
        for measure in self._health.storage():
            if measure.size is not None:
                size.add_metric([measure.item], measure.size)
            if measure.count is not None:
                count.add_metric([measure.item if not measure.item.startswith("Table") else f"{measure.detail} {measure.item}"],
                                 measure.count)
        yield from (symbols, stale, fetched, size, count)

    def _jobs(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        paused = Gauge("tapeline_job_paused", "1 while a job is paused", labels=["job"])
        last = Gauge("tapeline_job_last_start_timestamp_seconds", "Time of the last start", labels=["job", "state"])
        for each in self._scheduler.overview():
            paused.add_metric([each.job.name], float(each.paused))
            if each.last is not None:
                last.add_metric([each.job.name, str(each.last["state"])], each.last["started"].timestamp())
        yield from (paused, last)


def _application(path: str, port: int, collect: Callable[[], bytes]) -> Any:
    """Answers nothing but a read of the secret path, asked for by this computer's own name (a web page in a browser cannot)."""
    def answer(environment: dict[str, Any], begin: Callable[..., Any]) -> Iterable[bytes]:
        host = str(environment.get("HTTP_HOST", "")).rpartition(":")[0] or str(environment.get("HTTP_HOST", ""))
        asked = str(environment.get("PATH_INFO", ""))
        # Bytes, because a path may hold letters that a comparison in constant time does not take as text.
        known = hmac.compare_digest(asked.encode("utf-8", "replace"), path.encode("utf-8"))
        if environment.get("REQUEST_METHOD") != "GET" or not known or host not in (HOST, "localhost"):
            begin("404 Not Found", [("Content-Type", "text/plain")])
            return [b"Nothing here.\n"]
        try:
            body = collect()
        except Exception:
            _log.exception("the numbers for Prometheus could not be collected")
            begin("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"Not now.\n"]
        begin("200 OK", [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")])
        return [body]

    return answer


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    timeout = 5


class _Quiet(WSGIRequestHandler):
    timeout = 5

    def log_message(self, format: str, *args: Any) -> None:
        """The path is a secret: nothing of a request is written anywhere."""


def _write(file: Path, content: dict[str, str]) -> None:
    """Readable by the user alone from its first byte on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        json.dump(content, handle)
    fresh.replace(file)
