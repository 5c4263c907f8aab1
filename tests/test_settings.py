"""Settings: declared, checked, kept; secrets only in a keyring that may be trusted."""

from __future__ import annotations

import os
import stat
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal import settings as module
from terminal.errors import StoreError, UserError
from terminal.settings import CORE, Setting, Settings, to_toml

if TYPE_CHECKING:
    from terminal.paths import Home

MORE = (Setting("sample.limit", int, 5, "Limit", "At most.", "Row limit.", minimum=1, maximum=10),)


def opened(home: Home, **environment: str) -> Settings:
    return Settings(home, (*CORE, *MORE), environment=environment)


def test_order_is_environment_file_default(home: Home) -> None:
    settings = opened(home)
    assert (settings.get("providers.yahoo.base_url"), settings.origin("providers.yahoo.base_url")) == ("", "default")
    settings.set("providers.yahoo.base_url", "http://127.0.0.1:1")
    assert (opened(home).get("providers.yahoo.base_url"),
            opened(home).origin("providers.yahoo.base_url")) == ("http://127.0.0.1:1", "file")
    forced = opened(home, TAPELINE_YAHOO_URL="http://127.0.0.1:2")
    assert (forced.get("providers.yahoo.base_url"), forced.origin("providers.yahoo.base_url")) == ("http://127.0.0.1:2",
                                                                                                   "environment")


@pytest.mark.parametrize(("key", "value", "told"), [
    ("sample.limit", "11", "sample.limit cannot be '11'. Give a whole number from 1 to 10."),
    ("sample.limit", "x", "sample.limit cannot be 'x'. Give a whole number from 1 to 10."),
    ("sample.limit", True, "sample.limit cannot be True. Give a whole number from 1 to 10."),
    ("mode", "prof", "mode cannot be 'prof'. Choose one of: newbie, pro."),
    ("market.live_trades", "maybe", "market.live_trades cannot be 'maybe'. Give yes or no."),
    ("reduced_motion", "maybe", "reduced_motion cannot be 'maybe'. Choose one of: system, yes, no."),
    ("mod", "pro", "There is no setting 'mod'. Did you mean mode?"),
    ("providers.finnhub.key", "abc", "providers.finnhub.key is a secret. Use: tapeline preferences key-set PROVIDER"),
])
def test_a_wrong_value_is_told_and_not_kept(home: Home, key: str, value: Any, told: str) -> None:
    settings = opened(home)
    with pytest.raises(UserError) as problem:
        settings.set(key, value)
    assert problem.value.sentence() == told
    assert not home.settings.exists()


def test_a_switch_that_got_a_third_state_is_still_understood(home: Home) -> None:
    home.settings.write_text("reduced_motion = true\n", "utf-8")
    settings = opened(home)
    assert settings.get("reduced_motion") == "yes"
    assert settings.notes == []


def test_set_reset_and_telling(home: Home) -> None:
    settings = opened(home)
    told: list[str] = []
    settings.changed = told.append
    assert settings.set("sample.limit", "7") == 7
    assert settings.reset("sample.limit") == 5
    assert told == ["sample.limit", "sample.limit"]


def test_unknown_keys_and_hand_edits_survive(home: Home) -> None:
    home.settings.write_text('later = "x"\n[other.deep]\nwhen = 2026-01-31\nlist = [1, 2]\n', "utf-8")
    settings = opened(home)
    home.settings.write_text(home.settings.read_text("utf-8") + '\n[market]\nsource = "demo"\n', "utf-8")
    settings.set("sample.limit", 7)
    kept = tomllib.loads(home.settings.read_text("utf-8"))
    assert kept == {"later": "x", "other": {"deep": {"when": date(2026, 1, 31), "list": [1, 2]}}, "market": {"source": "demo"},
                    "sample": {"limit": 7}}
    assert settings.get("market.source") == "demo"


def test_a_value_of_the_wrong_kind_in_the_file_gives_the_default_and_a_note(home: Home) -> None:
    home.settings.write_text('font_size = "big"\nmode = "pro"\n', "utf-8")
    settings = opened(home)
    assert (settings.get("font_size"), settings.get("mode")) == (13, "pro")
    settings.get("font_size")
    assert settings.notes == ["settings.toml: font_size cannot be 'big'. Give a whole number from 10 to 22. "
                              "The standard value is used."]


def test_an_unreadable_file_is_kept_aside_before_anything_is_written(home: Home) -> None:
    home.settings.write_text("mode = pro [", "utf-8")
    settings = opened(home)
    assert settings.get("mode") == "newbie"
    assert "cannot be read" in settings.notes[0]
    assert home.settings.read_text("utf-8") == "mode = pro ["
    settings.set("mode", "pro")
    assert opened(home).get("mode") == "pro"
    assert [path.read_text("utf-8") for path in home.path.glob("settings.unreadable-*.toml")] == ["mode = pro ["]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_file_is_for_the_user_only_and_never_half_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = opened(home)
    settings.set("mode", "pro")
    assert stat.S_IMODE(home.settings.stat().st_mode) == 0o600

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreError, match="No space left"):
        settings.set("mode", "newbie")
    assert opened(home).get("mode") == "pro"
    assert settings.get("mode") == "pro"
    assert [path.name for path in home.path.iterdir()] == ["settings.toml"]


def test_two_declarations_of_one_key_are_refused(home: Home) -> None:
    settings = opened(home)
    settings.declare(MORE)
    with pytest.raises(UserError, match="declared twice"):
        settings.declare([Setting("sample.limit", int, 6, "Limit", "At most.", "Row limit.")])


# Secrets


class Ring:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self.kept[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


class Dead(Ring):
    def get_password(self, service: str, name: str) -> str | None:
        raise RuntimeError("locked")

    set_password = delete_password = get_password  # type: ignore[assignment]


def test_a_key_lives_in_the_keyring_and_never_in_a_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring()
    monkeypatch.setattr(module, "_platform_keyring", lambda: ring)
    settings = opened(home, TAPELINE_FINNHUB_KEY="from-outside")
    assert (settings.secret("finnhub"), settings.secret_place("finnhub")) == ("from-outside", "environment")
    assert settings.set_secret("finnhub", " abc123 \n") == "keyring"
    assert (settings.secret("finnhub"), settings.secret_place("finnhub")) == ("abc123", "keyring")
    assert ring.kept == {("tapeline", "finnhub"): "abc123"}
    assert "abc123" in settings.known_secrets()
    assert settings.forget_secret("finnhub")
    assert not settings.forget_secret("finnhub")
    assert settings.secret_place("finnhub") == "environment"
    assert not any(b"abc123" in path.read_bytes() for path in home.path.rglob("*") if path.is_file())


@pytest.mark.parametrize("ring", [None, Dead()])
def test_without_a_keyring_a_key_lasts_for_this_run_only(home: Home, monkeypatch: pytest.MonkeyPatch, ring: Ring | None) -> None:
    monkeypatch.setattr(module, "_platform_keyring", lambda: ring)
    settings = opened(home)
    assert settings.secret("finnhub") is None
    assert settings.secret_place("finnhub") is None
    assert settings.set_secret("finnhub", "abc123") == "memory"
    assert (settings.secret("finnhub"), settings.secret_place("finnhub")) == ("abc123", "memory")
    assert opened(home).secret("finnhub") is None
    with pytest.raises(UserError, match="empty"):
        settings.set_secret("finnhub", "  ")


def _class(where: str, name: str) -> Any:
    return type(name, (), {"__module__": where})()


def test_only_the_platforms_own_keyrings_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring.backend

    found = [_class("keyrings.alt.file", "PlaintextKeyring"), _class("keyring.backends.null", "Keyring"),
             _class("keyring.backends.chainer", "ChainerBackend")]
    monkeypatch.undo()
    monkeypatch.setattr(keyring.backend, "get_all_keyring", lambda: found)
    assert module._platform_keyring() is None
    found.append(_class("keyring.backends.SecretService", "Keyring"))
    assert module._platform_keyring() is found[-1]


# The writer

_plain = st.one_of(st.text(), st.integers(-2**60, 2**60), st.floats(allow_nan=False), st.booleans(), st.dates())
_values = st.recursive(_plain, lambda inner: st.one_of(st.lists(inner, max_size=3),
                                                       st.dictionaries(st.text(min_size=1), inner, max_size=3)),
                       max_leaves=8)


@given(st.dictionaries(st.text(min_size=1), _values, max_size=4))
def test_what_is_written_is_read_back_equal(content: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(content)) == content
