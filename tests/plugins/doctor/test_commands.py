"""The doctor: one row a check, honest about what is wrong."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from terminal import libraries
from terminal.app import App
from terminal.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home
    from tests.conftest import Clock, Expected


@pytest.fixture
def doctor(home: Home, clock: Clock, tmp_path: Path) -> Iterator[App]:
    """A live App with no plugin but the doctor's commands."""
    app = App(home, clock=clock,
              registry=Registry(home.plugins, core={"doctor": "plugins.doctor.commands"}, bundled="tests.contract"))
    yield app
    app.close()


def rows(app: App, **arguments: Any) -> dict[str, dict[str, Any]]:
    return {row["check"]: row for row in app.run("doctor.run", arguments).rows()}


def test_without_network_everything_else_is_in_order_and_it_is_a_warning(doctor: App) -> None:
    found = rows(doctor)
    assert {"Program", "Python libraries", "Qt's system libraries", "Keyring", "Network", "Files (live)", "Clock", "Disk",
            "Settings"} <= found.keys()
    assert found["Network"]["state"] == "warn"
    assert "demo market" in found["Network"]["advice"]
    assert not [row for row in found.values() if row["state"] == "fail"]
    assert found["Clock"]["found"] == "2026-11-20 17:00 in New York"
    assert "Network" not in rows(doctor, network=False)


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


def test_any_answer_of_the_service_is_a_network(doctor: App) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        doctor.settings.set("providers.yahoo.base_url", f"http://127.0.0.1:{server.server_address[1]}/yahoo")
        found = rows(doctor)["Network"]
        server.shutdown()
        thread.join()
    assert found["state"] == "ok"


def test_missing_libraries_come_with_the_line_to_type(doctor: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "missing", lambda platform: ["libegl1"])
    found = rows(doctor, network=False)["Qt's system libraries"]
    assert (found["state"], found["advice"]) == ("fail", "On Debian or Ubuntu: sudo apt-get install -y libegl1")


@pytest.mark.parametrize(("free", "state"), [(10_000_000, "fail"), (500_000_000, "warn"), (50_000_000_000, "ok")])
def test_little_room_is_told(doctor: App, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": free})())
    assert rows(doctor, network=False)["Disk"]["state"] == state


def test_a_clock_before_the_data_is_told(doctor: App, clock: Clock) -> None:
    from terminal.domain.fetch import Fetch

    now = clock()
    doctor.store.market.log(Fetch("demo", "x", "bars", "", now, now, "error"))
    assert rows(doctor, network=False)["Clock"]["state"] == "ok"
    clock.now = datetime(2020, 1, 1, tzinfo=UTC)
    assert rows(doctor, network=False)["Clock"]["state"] == "fail"


def test_a_damaged_file_is_told(home: Home, clock: Clock, expect_warning: Expected) -> None:
    expect_warning("market.duckdb")
    home.market(False).write_bytes(b"this is no database" * 1000)
    app = App(home, clock=clock, registry=Registry(core={"doctor": "plugins.doctor.commands"}, bundled="tests.contract"))
    table = app.run("doctor.run", {"network": False})
    app.close()
    assert any(row["check"] == "Files (live)" and row["state"] == "fail" and "damaged" in row["found"] for row in table.rows())
    assert "to repair" in table.notes[0]


def test_waiting_plugins_and_bad_settings_are_told(home: Home, clock: Clock) -> None:
    (home.plugins / "mine_z").mkdir(parents=True)
    (home.plugins / "mine_z" / "__init__.py").write_text("")
    home.settings.write_text('mode = "odd"\n')
    app = App(home, clock=clock,
              registry=Registry(home.plugins, core={"doctor": "plugins.doctor.commands"}, bundled="tests.contract"))
    found = rows(app, network=False)
    app.close()
    assert found["Plugin"]["advice"] == "If you trust it: tapeline preferences approve mine_z"
    assert "mode cannot be 'odd'" in found["Settings"]["found"]
