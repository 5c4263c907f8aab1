"""The exporter: on loopback alone, behind a secret, off by default, a sentence when it cannot be."""

from __future__ import annotations

import json
import socket
import stat
import sys
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError
from terminal.services.metrics import Exporter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def get(url: str, **headers: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture
def app(home: Home, clock: Any) -> Iterator[Any]:
    from terminal.app import App

    opened = App(home, False, clock)
    yield opened
    opened.close()


@pytest.fixture
def exporter(app: Any) -> Iterator[Exporter]:
    made = Exporter(free_port(), app.home.run, lambda: app.market.health, lambda: app.scheduler)
    yield made
    made.stop()


def test_the_numbers_are_there_for_who_knows_the_address(exporter: Exporter) -> None:
    status, text = get(exporter.url)
    assert status == 200
    assert 'tapeline_provider_state{provider="yahoo",state="never asked"} 1.0' in text
    assert 'tapeline_provider_budget_left{provider="yahoo",seconds="3600"} 2000.0' in text
    assert 'tapeline_dataset_symbols{dataset="bars"} 0.0' in text
    assert 'tapeline_bytes{what="Market file"}' in text and 'tapeline_items{what="Writes waiting"} 0.0' in text
    assert 'tapeline_job_paused{job="close"} 0.0' in text


def test_nobody_else_learns_anything(exporter: Exporter) -> None:
    base, _, token = exporter.url.rpartition("/")
    for path in ("", "/", "/metrics", f"/{token[:-1]}", f"/{token}x", f"/x/{token}", "/%C3%A4"):
        assert get(base + path) == (404, "Nothing here.\n")
    assert get(exporter.url, Host="evil.example:80")[0] == 404  # a page whose name was made to point at this computer
    request = urllib.request.Request(exporter.url, data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5)
    refused.value.close()
    assert refused.value.code == 404


def test_it_listens_on_this_computer_alone(exporter: Exporter) -> None:
    assert exporter._server.server_address[0] == "127.0.0.1"
    assert exporter._server.socket.getsockname()[0] == "127.0.0.1"


def test_the_secret_is_the_user_s_alone_and_stays(exporter: Exporter, app: Any) -> None:
    file = app.home.run / "metrics.json"
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(file.read_text("utf-8"))
    assert kept["url"] == exporter.url and len(kept["token"]) == 40
    exporter.stop()
    assert "url" not in json.loads(file.read_text("utf-8"))
    again = Exporter(free_port(), app.home.run, lambda: app.market.health, lambda: app.scheduler)
    try:
        assert again.url.rpartition("/")[2] == kept["token"]
    finally:
        again.stop()


def test_a_failure_inside_is_not_shown_outside(app: Any, expect_warning: Any) -> None:
    expect_warning("could not be collected")

    def broken() -> Any:
        raise RuntimeError("inner secret")

    made = Exporter(free_port(), app.home.run, broken, lambda: app.scheduler)
    try:
        assert get(made.url) == (503, "Not now.\n")
    finally:
        made.stop()


def test_without_the_extra_and_with_a_taken_port_it_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Any = SimpleNamespace
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="cannot be used"):
            Exporter(taken.getsockname()[1], home.run, nothing, nothing)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs one more package") as told:
        Exporter(free_port(), home.run, nothing, nothing)
    assert "tapeline[metrics]" in told.value.hint


def test_it_runs_with_the_schedule_and_follows_the_setting(app: Any) -> None:
    import time

    def exporter() -> Any:
        return app._exporter

    app.scheduler.start()
    assert exporter() is None and app.run("health.metrics").rows()[0]["state"] == "off"
    port = free_port()
    app.settings.set("health.metrics_port", port)
    until = time.monotonic() + 5
    while exporter() is None and time.monotonic() < until:
        time.sleep(0.01)
    row = app.run("health.metrics").rows()[0]
    assert (row["state"], row["port"]) == ("on", port) and get(row["address"])[0] == 200
    app.scheduler.stop()
    assert exporter() is None and app.run("health.metrics").rows()[0]["state"] == "not running"
    with pytest.raises(OSError):
        get(row["address"])


def test_the_secret_is_nowhere_in_the_log(exporter: Exporter, tmp_path: Path) -> None:
    from terminal import log

    stop = log.start(tmp_path / "logs")
    try:
        get(exporter.url)
        get(exporter.url + "x")
    finally:
        stop()
    written = "".join(file.read_text("utf-8") for file in (tmp_path / "logs").glob("*"))
    assert exporter.url.rpartition("/")[2] not in written
