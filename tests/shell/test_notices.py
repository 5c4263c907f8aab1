"""What a job posts reaches the user: a message in the window of that market, with a way to the panel it is about."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.slow
def test_a_notice_is_a_message_of_the_market_it_is_about(sample_app: Any, open_window: Any, qtbot: Any) -> None:
    window = open_window(sample_app)
    before = len(window.messages.all)
    told = {"text": "AAA: the thesis was working and is broken", "level": "error", "panel": "sample"}
    sample_app.events.publish("notice.posted", {**told, "demo": True})  # of the other market
    sample_app.events.publish("notice.posted", {**told, "demo": False})
    qtbot.waitUntil(lambda: len(window.messages.all) > before, timeout=20_000)
    newest = window.messages.all[0]
    assert (newest.text, newest.level, newest.action, newest.offers) == (told["text"], "error", "Show", True)
    assert len(window.messages.all) == before + 1
