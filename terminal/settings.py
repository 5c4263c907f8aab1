"""Declared settings and where their values are kept: settings.toml, the environment, and for secrets the OS keyring.

Order for a plain setting: environment, file, default. Order for a secret: OS keyring, environment
(`TAPELINE_<PROVIDER>_KEY`, read only), memory for this run. A secret is never written to a file.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import logging
import os
import re
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock_time
from typing import TYPE_CHECKING, Any, Literal

from terminal.domain.data_services import ORDER, SERVICES, TRUST
from terminal.domain.format import CONVENTIONS
from terminal.errors import StoreError, UserError

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.paths import Home

Place = Literal["keyring", "environment", "memory"]
Origin = Literal["environment", "file", "default"]

_log = logging.getLogger(__name__)
_SERVICE = "tapeline"
# Only what the platform itself protects. Others (keyrings.alt) write readable files and count as no keyring at all.
_KEYRINGS = ("keyring.backends.macOS.Keyring", "keyring.backends.Windows.WinVaultKeyring",
             "keyring.backends.SecretService.Keyring", "keyring.backends.libsecret.Keyring",
             "keyring.backends.kwallet.DBusKeyring", "keyring.backends.kwallet.DBusKeyringKWallet4")


@dataclass(frozen=True)
class Setting:
    """One declared setting. `type` is str, int, float or bool; `newbie` and `pro` explain it in each mode's words.

    A `secret` lives in the OS keyring; its key is `providers.<id>.key` and it is read with `Settings.secret`.
    """

    key: str
    type: type = str
    default: Any = None
    title: str = ""
    newbie: str = ""
    pro: str = ""
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    secret: bool = False

    def convert(self, value: Any) -> Any:
        """`value` (text or TOML) as this setting's type; UserError says what it may be."""
        if isinstance(value, bool) and self.type is str and {"yes", "no"} <= set(self.choices):
            value = "yes" if value else "no"  # what was a switch before it had a third state
        try:
            result = _typed(self.type, value)
        except (ValueError, TypeError):
            raise UserError(f"{self.key} cannot be {value!r}.", self.wanted()) from None
        low, high = self.minimum, self.maximum
        if (self.choices and result not in self.choices) or (low is not None and result < low) or (high is not None
                                                                                                   and result > high):
            raise UserError(f"{self.key} cannot be {value!r}.", self.wanted())
        return result

    def wanted(self) -> str:
        """What the setting takes, as a sentence."""
        if self.choices:
            return f"Choose one of: {', '.join(str(choice) for choice in self.choices)}."
        word = {str: "text", int: "a whole number", float: "a number", bool: "yes or no"}[self.type]
        if self.minimum is not None and self.maximum is not None:
            return f"Give {word} from {self.minimum:g} to {self.maximum:g}."
        if self.minimum is not None:
            return f"Give {word} of at least {self.minimum:g}."
        return f"Give {word}."


def _typed(kind: type, value: Any) -> Any:
    if kind is bool:
        words = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
        if isinstance(value, bool):
            return value
        if not isinstance(value, str) or value.lower() not in words:
            raise ValueError
        return words[value.lower()]
    if isinstance(value, bool):
        raise TypeError
    if kind is str:
        if not isinstance(value, str):
            raise TypeError
        return value
    if not isinstance(value, (int, float, str)):
        raise TypeError
    number = float(value)
    if number - number != 0 or (kind is int and not number.is_integer()):
        raise ValueError
    return kind(number)


_BASE = "Where to ask instead of the service's own address. Leave it empty unless you run a mirror."



def _words(dataset: str) -> str:
    return dataset.replace("_", " ")


CORE = (
    Setting(key="mode", default="newbie", choices=("newbie", "pro"), title="Mode",
            newbie="How things are said: in plain sentences, or in the words and density of a professional.",
            pro="Newbie or Pro presentation. Values never differ."),
    Setting(key="theme", default="dark", choices=("dark", "light"), title="Theme",
            newbie="Light text on dark, or dark text on light.", pro="Colour theme of the window."),
    Setting(key="palette", default="standard", choices=("standard", "colour-blind"), title="Up and down colours",
            newbie="Green and red, or blue and orange if green and red look alike to you.",
            pro="Up/down colour pair: green-red, or blue-orange (safe under deuteranopia and protanopia)."),
    Setting(key="font_size", type=int, default=13, minimum=10, maximum=22, title="Text size",
            newbie="How large the text is, in pixels. Ctrl+plus and Ctrl+minus change it anywhere.",
            pro="Base font size in px (Ctrl++, Ctrl+-, Ctrl+0)."),
    Setting(key="density", default="auto", choices=("auto", "compact", "normal", "roomy"), title="Density",
            newbie="How close together rows and controls are. Auto takes what suits Newbie or Pro.",
            pro="Row height and paddings: auto is the mode's own (Pro 24 px, Newbie 32 px at text size 12)."),
    Setting(key="reduced_motion", default="system", choices=("system", "yes", "no"), title="Less motion",
            newbie="Nothing flashes, slides or fades. System: as your computer is set.",
            pro="No flashes or animations: yes, no, or as the operating system asks."),
    Setting(key="appearance.locale", default="system", title="Numbers and dates",
            choices=("system", "standard", *(name for name in CONVENTIONS if name != "standard")),
            newbie="How numbers and dates are written, such as 1,234.50 or 1.234,50. System: as your computer is set.",
            pro="Separators and date order of texts (standard: 1\u202f234.50, 20 Nov 2026). JSON, CSV and rules stay neutral."),
    Setting(key="appearance.clock", default="exchange", choices=("exchange", "local", "both"), title="Clock",
            newbie="Whether times are told as in New York, where the exchange is, or as on your own clock, or both.",
            pro="Clock of displayed moments: exchange (ET), local, or both. JSON stays UTC."),
    Setting(key="first_run_done", type=bool, default=False, title="First page seen",
            newbie="Whether the welcome page was answered.", pro="Set once the first-run page was answered."),
    Setting(key="market.source", default="auto", choices=("auto", "demo", "live"), title="Market",
            newbie="The invented practice market, or the real one. Auto takes the real one when the internet answers.",
            pro="auto: live, or demo when the window finds no network at its start; demo and live force one."),
    Setting(key="market.live_trades", type=bool, default=True, title="Live trades",
            newbie="With a free Finnhub key, prices you look at move as they are traded, while the exchange is open.",
            pro="Stream Finnhub trades of shown symbols during the regular session; needs its key."),
    Setting(key="market.live_seconds", type=int, default=2, minimum=1, maximum=60, title="Pace of live trades",
            newbie="After how many seconds a live price may change on the screen.",
            pro="Seconds between two batches of trades that are stored as quotes."),
    Setting(key="market.live_symbols", type=int, default=50, minimum=1, maximum=500, title="Symbols with live trades",
            newbie="How many symbols can be live at once. A free Finnhub key is said to allow 50.",
            pro="Most symbols subscribed at once on one websocket; 50 is what users of the free plan report."),
    Setting(key="jobs.paused", default="", title="Paused jobs",
            newbie="Names of jobs that do not start by themselves, or all. The health panel has buttons for it.",
            pro="Scheduled jobs that are paused, separated by commas; `all` pauses the whole schedule."),
    Setting(key="jobs.paused_feeds", default="", title="Paused data",
            newbie="Kinds of data that no job fetches by itself. What you ask for by hand still comes.",
            pro="Datasets left out by scheduled refreshes, separated by commas; requests by hand are not affected."),
    Setting(key="health.metrics_port", type=int, default=0, minimum=0, maximum=65_535, title="Port for Prometheus",
            newbie="For experts: lets a monitoring program on this computer read how things are. 0 switches it off.",
            pro="Loopback port of the Prometheus exporter; 0: off. `health metrics` shows the address with its secret."),
    *(Setting(key=f"providers.{service.id}.base_url", default="", title=f"{service.title} address", newbie=_BASE,
              pro=f"Overrides the base URL; TAPELINE_{service.id.upper()}_URL overrides this.") for service in SERVICES),
    *(Setting(key=f"providers.{service.id}.key", default="", secret=True, title=f"{service.title} key",
              newbie=f"Your own key of {service.title}: {service.terms} at {service.key_page}. It stays in your "
                     "system's keyring.",
              pro=f"API key; also read from TAPELINE_{service.id.upper()}_KEY.") for service in SERVICES if service.needs_key),
    Setting(key="providers.simplefin.key", default="", secret=True, title="SimpleFIN access",
            newbie="The access to your bank accounts, read only; `portfolio simplefin-connect` puts it into your keyring.",
            pro="SimpleFIN access URL with its credentials, claimed from a setup token."),
    Setting(key="providers.alphavantage.plan", default="free", choices=("free", "paid"), title="Alpha Vantage plan",
            newbie="Whether you pay for Alpha Vantage. Without, it gives the prices of the last 100 days only.",
            pro="free: outputsize=compact, a history of 100 sessions; paid: outputsize=full."),
    Setting(key="providers.sec.contact", default="", title="Your e-mail for the SEC",
            newbie="The SEC asks everybody who reads its filings by a program to say who they are. It is sent to the SEC only.",
            pro="Name and e-mail for the User-Agent header that SEC EDGAR asks for; empty: the program's name alone."),
    *(Setting(key=f"providers.order.{dataset}", default=", ".join(order), title=f"Order for {_words(dataset)}",
              newbie="Which data service is asked first; the next one steps in when it cannot answer.",
              pro="Providers by preference, separated by commas; those left out are not asked.")
      for dataset, order in ORDER.items()),
    *(Setting(key=f"providers.trust.{dataset}", default=", ".join(order), title=f"Who is believed about {_words(dataset)}",
              newbie="When two services say different things, the first in this list is shown, and the difference is told.",
              pro="Precedence among sources that disagree on one value, separated by commas.")
      for dataset, order in TRUST.items()),
)


class Settings:
    """The declared settings of one home. Safe to use from any thread; only the process that owns the home writes."""

    def __init__(self, home: Home, declared: Iterable[Setting] = CORE, *, environment: Mapping[str, str] | None = None) -> None:
        self._path = home.settings
        self._environment = os.environ if environment is None else environment
        self.changed: Callable[[str], object] = lambda key: None  # told of every key that was set or reset
        self._lock = threading.RLock()
        self._declared: dict[str, Setting] = {}
        self._memory: dict[str, str] = {}
        self._cache: dict[str, tuple[str | None, Place | None]] = {}
        self._ring: Any = None
        self.notes: list[str] = []
        self.declare(declared)
        self._file = self._load()

    def declare(self, settings: Iterable[Setting]) -> None:
        """Add settings (a plugin's); UserError when a key is taken."""
        with self._lock:
            for setting in settings:
                if self._declared.setdefault(setting.key, setting) != setting:
                    raise UserError(f"The setting {setting.key} is declared twice.", "Rename one of the two.")

    def declared(self, key: str) -> Setting:
        """The declaration of `key`; UserError with a suggestion when there is none."""
        with self._lock:
            if key in self._declared:
                return self._declared[key]
            near = difflib.get_close_matches(key, self._declared, 1)
        raise UserError(f"There is no setting {key!r}.", f"Did you mean {near[0]}?" if near else "See: tapeline preferences show")

    def get(self, key: str) -> Any:
        """The value in force. A value in the file that the setting cannot take is passed over with a note."""
        return self._resolve(self.declared(key))[0]

    def origin(self, key: str) -> Origin:
        """Where the value in force comes from."""
        return self._resolve(self.declared(key))[1]

    def items(self) -> list[tuple[Setting, Any]]:
        """Every declared setting but the secrets, with the value in force, by key."""
        with self._lock:
            settings = sorted(self._declared.values(), key=lambda setting: setting.key)
        return [(setting, self._resolve(setting)[0]) for setting in settings if not setting.secret]

    def secrets(self) -> list[Setting]:
        """The declared secrets."""
        with self._lock:
            return sorted((setting for setting in self._declared.values() if setting.secret), key=lambda setting: setting.key)

    def set(self, key: str, value: Any) -> Any:
        """Check and keep a value; returns it. StoreError when the file cannot be written."""
        setting = self.declared(key)
        if setting.secret:
            raise UserError(f"{key} is a secret.", "Use: tapeline preferences key-set PROVIDER")
        checked = setting.convert(value)
        self._write(key, checked)
        self.changed(key)
        return checked

    def reset(self, key: str) -> Any:
        """Forget the value in the file; returns the one now in force."""
        self.declared(key)
        self._write(key, None)
        self.changed(key)
        return self.get(key)

    def raw(self, key: str) -> Any:
        """What the file holds under a dotted key, declared or not; None when nothing."""
        with self._lock:
            return _dig(self._file, key)

    def keep(self, key: str, value: Any) -> None:
        """Keep something under a key that no setting declares, such as the user's own shortcuts; None forgets it."""
        self._write(key, value)
        self.changed(key)

    def approved(self, plugin: str) -> str | None:
        """What was approved of an added plugin: "version hash", or None."""
        mark = self.raw(f"plugins.approved.{plugin}")
        return mark if isinstance(mark, str) else None

    def approve(self, plugin: str, version: str, fingerprint: str) -> None:
        """Remember that the user lets this content run."""
        self._write(f"plugins.approved.{plugin}", f"{version} {fingerprint}".strip())

    # Secrets

    def secret(self, provider: str) -> str | None:
        """The key of a provider, or None. May ask the OS keyring: not for the UI thread."""
        return self._find_secret(provider)[0]

    def secret_place(self, provider: str) -> Place | None:
        """Where the key that `secret` returns is kept."""
        return self._find_secret(provider)[1]

    def set_secret(self, provider: str, value: str) -> Place:
        """Keep a key in the OS keyring, or for this run only where there is none; returns the place."""
        value = value.strip()
        if not value:
            raise UserError("The key is empty.", "Paste the key that the service gave you.")
        with self._lock:
            self._cache.pop(provider, None)
            ring = self._keyring()
            if ring is not None:
                with contextlib.suppress(Exception):
                    ring.set_password(_SERVICE, provider, value)
                    self._memory.pop(provider, None)
                    self._cache[provider] = (value, "keyring")
                    return "keyring"
            self._memory[provider] = value
        return "memory"

    def forget_secret(self, provider: str) -> bool:
        """Remove a key from keyring and memory; whether there was one. One in the environment stays."""
        with self._lock:
            self._cache.pop(provider, None)
            had = self._memory.pop(provider, None) is not None
            ring = self._keyring()
            if ring is not None:
                with contextlib.suppress(Exception):
                    ring.delete_password(_SERVICE, provider)
                    had = True
            return had

    def keyring_name(self) -> str | None:
        """The platform keyring in use, or None when there is none that may be trusted."""
        with self._lock:
            ring = self._keyring()
        return None if ring is None else f"{type(ring).__module__}.{type(ring).__name__}"

    def known_secrets(self) -> list[str]:
        """Secrets seen in this run, for the log to redact; asks no keyring."""
        with self._lock:
            seen = [*self._memory.values(), *(value for value, _ in self._cache.values() if value)]
        return seen + [value for name, value in self._environment.items() if re.fullmatch(r"TAPELINE_\w+_KEY", name) and value]

    def _find_secret(self, provider: str) -> tuple[str | None, Place | None]:
        with self._lock:
            if provider in self._cache:
                return self._cache[provider]
            ring = self._keyring()
            if ring is not None:
                try:
                    value = ring.get_password(_SERVICE, provider)
                except Exception as problem:  # a locked or dying keyring is as good as none
                    _log.info("the keyring did not answer: %s", type(problem).__name__)
                    value = None
                if value:
                    self._cache[provider] = (value, "keyring")
                    return self._cache[provider]
            from_environment = self._environment.get(f"TAPELINE_{_shout(provider)}_KEY")
            if from_environment:
                return from_environment, "environment"
            if provider in self._memory:
                return self._memory[provider], "memory"
            if ring is not None:
                self._cache[provider] = (None, None)
            return None, None

    def _keyring(self) -> Any:
        if self._ring is None:
            self._ring = _platform_keyring() or False
        return self._ring or None

    # The file

    def _resolve(self, setting: Setting) -> tuple[Any, Origin]:
        match = re.fullmatch(r"providers\.(\w+)\.base_url", setting.key)
        if match and (value := self._environment.get(f"TAPELINE_{_shout(match[1])}_URL")):
            return value, "environment"
        with self._lock:
            stored = _dig(self._file, setting.key)
        if stored is None:
            return setting.default, "default"
        try:
            return setting.convert(stored), "file"
        except UserError as problem:
            note = f"settings.toml: {problem.sentence()} The standard value is used."
            with self._lock:
                if note not in self.notes:
                    self.notes.append(note)
            return setting.default, "default"

    def _load(self, setting_aside: bool = False) -> dict[str, Any]:
        try:
            text = self._path.read_bytes().decode("utf-8")
            return tomllib.loads(text)
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            if setting_aside:
                self._path.replace(self._path.with_name(f"settings.unreadable-{time.time_ns()}.toml"))
            self.notes.append(f"settings.toml cannot be read ({problem}); standard values are used. "
                              "It is kept under another name as soon as a setting is changed.")
            return {}
        except OSError as problem:
            self.notes.append(f"settings.toml could not be opened ({problem.strerror}); standard values are used.")
            return {}

    def _write(self, key: str, value: Any) -> None:
        with self._lock:
            try:
                content = self._load(setting_aside=True)  # the user may have edited the file meanwhile
                _plant(content, key, value)
                replace_file(self._path, to_toml(content))
            except OSError as problem:
                raise StoreError(f"The settings could not be saved: {problem.strerror or problem}.",
                                 f"Check that {self._path.parent} can be written and the disk has room.", problem) from None
            self._file = content


def _shout(provider: str) -> str:
    return provider.upper().replace("-", "_")


def _platform_keyring() -> Any:
    """The best of the platform's own keyrings, or None."""
    try:
        found = importlib.import_module("keyring.backend").get_all_keyring()
    except Exception:  # a broken installation of keyring is no reason not to start
        return None
    named = {f"{type(ring).__module__}.{type(ring).__name__}": ring for ring in found}
    return next((named[name] for name in _KEYRINGS if name in named), None)


def _dig(content: Mapping[str, Any], key: str) -> Any:
    value: Any = content
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _plant(content: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for part in parents:
        inner = content.get(part)
        if not isinstance(inner, dict):
            if value is None:
                return
            inner = content[part] = {}
        content = inner
    if value is None:
        content.pop(last, None)
    else:
        content[last] = value


def replace_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Write `text` so that a reader sees the old content or the new, never a part; OSError when it cannot be done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def to_toml(content: Mapping[str, Any], prefix: str = "") -> str:
    """Nested tables as TOML text that `tomllib` reads back equal."""
    plain = {key: value for key, value in content.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    if prefix and (plain or not tables):
        lines.insert(0, f"[{prefix}]")
    blocks = ["\n".join(lines)] if lines else []
    blocks += [to_toml(table, f"{prefix}.{_key(key)}" if prefix else _key(key)).rstrip("\n") for key, table in tables.items()]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{_escaped(name)}"'


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (date, datetime, clock_time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    text = str(value)
    if "\n" in text and "\r" not in text:  # as people write several lines
        return '"""\n' + "\n".join(_escaped(line) for line in text.split("\n")) + '"""'
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter) or (f"\\u{ord(letter):04x}" if letter < " " or letter == "\x7f" else letter)
                   for letter in text)


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
