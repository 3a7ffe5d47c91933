"""Typed readers for the environment that report every problem at once.

A setting is looked for in the process environment first, then in a ``.env`` file (at the repository
root, or the one that ``ENV_FILE`` names; an empty ``ENV_FILE`` means none). In each of the two,
``NAME_FILE`` may stand for ``NAME``: the value is then the content of that file, which is how Docker and
systemd hand over secrets. A setting that is present but empty counts as not set, so that
``REDIS_URL= make run`` overrides a line in ``.env``.

    env = Env()
    PORT = env.int("PORT", 8000, min=1, max=65535, help="Where the web server listens.")
    JWT_SECRET = env.secret("JWT_SECRET", min_length=32)
    env.done()  # raises EnvironmentProblem with all that is wrong

Until ``done`` a bad value is only noted and a harmless placeholder returned, so that one start shows all
mistakes. No message ever contains the value of a secret or of a URL (URLs carry passwords). Secrets, and URLs
with a password in them, are `Hidden`: texts that nothing shows which shows settings.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from config.dotenv import parse

String = str  # the readers below are named after their types and hide these inside the class
Integer = int
Float = float
Boolean = bool
Value = TypeVar("Value")

ROOT = Path(__file__).resolve().parent.parent
REQUIRED: Final[Any] = object()

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
SHOWN_CHARACTERS = 40
TYPO_LIKENESS = 0.9  # DATABSE_URL is 0.95 like DATABASE_URL; S3_REGION and AWS_REGION are 0.84

URL_SCHEMES_WITHOUT_HOST = frozenset({"sqlite", "file"})


class Hidden(str):
    """A text like any other that `repr` doesn't show: not on the page of errors, not by ``manage.py diffsettings``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<hidden>"


@dataclass(frozen=True)
class Setting:
    """One setting as the program declares it; ``default`` is None where the setting is required."""

    name: str
    kind: str
    default: object
    help: str
    is_secret: bool
    is_required: bool


@dataclass(frozen=True)
class Problem:
    """What is wrong and how to mend it; ``name`` is empty when no single setting is to blame."""

    name: str
    what: str
    fix: str = ""


class EnvironmentProblem(Exception):
    """Everything that is wrong with the environment, as one readable message of several lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.message())

    def message(self) -> str:
        count = len(self.problems)
        lines = [f"The environment has {count} problem{'s' if count != 1 else ''}:", ""]
        for problem in self.problems:
            lines.append(f"  - {problem.name}: {problem.what}" if problem.name else f"  - {problem.what}")
            if problem.fix:
                lines.append(f"      {problem.fix}")
        lines += ["", "Set them in the environment or in .env; .env.example explains every setting."]
        return "\n".join(lines)


@dataclass(frozen=True)
class Raw:
    """A value as found, with the place to name in a message."""

    text: str
    place: str


@dataclass(frozen=True)
class Layer:
    """One source of values: the process environment or a ``.env`` file."""

    values: Mapping[str, str]
    place: str


class Env:
    """Reads settings from ``environ`` over ``dotenv``; see the module's text for the rules.

    ``declared`` lists every setting asked for, by name; of two declarations the first is kept.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, dotenv: Path | None = None) -> None:
        environ = os.environ if environ is None else environ
        self.declared: dict[str, Setting] = {}
        self.problems: list[Problem] = []
        if dotenv is None:
            named = environ.get("ENV_FILE")
            dotenv = ROOT / ".env" if named is None else Path(named) if named else None
        self._layers = [Layer(environ, "the environment")]
        self._from_file: Mapping[str, str] = {}
        if dotenv is not None and dotenv.is_file():
            self._from_file = self._parsed(dotenv)
            self._layers.append(Layer(self._from_file, dotenv.name))

    # The readers

    def str(
        self,
        name: String,
        default: String = REQUIRED,
        *,
        choices: Sequence[String] | None = None,
        help: String = "",
    ) -> String:
        """Text; one of ``choices`` when they are given."""
        self._declare(name, "str", default, help)
        raw = self._look_up(name, default)
        if raw is None:
            return self._unset(default, "")
        if choices is not None and raw.text not in choices:
            self._bad(name, raw, f"must be one of {', '.join(choices)}", show=True)
            return choices[0]
        return raw.text

    def secret(
        self, name: String, default: String = REQUIRED, *, min_length: Integer = 0, help: String = ""
    ) -> String:
        """Text that nothing shows; ``min_length`` counts characters."""
        self._declare(name, "secret", default, help, is_secret=True)
        raw = self._look_up(name, default)
        if raw is None:
            return self._unset(default, "")
        if len(raw.text) < min_length:
            self._bad(
                name, raw, f"is too short: {len(raw.text)} characters, at least {min_length} are needed"
            )
        return Hidden(raw.text)

    def bool(self, name: String, default: Boolean = REQUIRED, *, help: String = "") -> Boolean:
        """``true``, ``yes``, ``on``, ``1`` or ``false``, ``no``, ``off``, ``0``, in any case."""
        self._declare(name, "bool", default, help)
        raw = self._look_up(name, default)
        if raw is None:
            return self._unset(default, False)
        word = raw.text.lower()
        if word not in TRUE | FALSE:
            self._bad(name, raw, "must be true or false", show=True)
        return word in TRUE

    def int(
        self,
        name: String,
        default: Integer = REQUIRED,
        *,
        min: Integer | None = None,
        max: Integer | None = None,
        help: String = "",
    ) -> Integer:
        """A whole number between ``min`` and ``max``, both included."""
        self._declare(name, "int", default, help)
        placeholder = min if min is not None else 0
        raw = self._look_up(name, default)
        if raw is None:
            return self._unset(default, placeholder)
        try:
            number = Integer(raw.text)
        except ValueError:
            self._bad(name, raw, "must be a whole number", show=True)
            return placeholder
        return number if self._within(name, raw, number, min, max) else placeholder

    def float(
        self,
        name: String,
        default: Float = REQUIRED,
        *,
        min: Float | None = None,
        max: Float | None = None,
        help: String = "",
    ) -> Float:
        """A finite number between ``min`` and ``max``, both included."""
        self._declare(name, "float", default, help)
        placeholder = min if min is not None else 0.0
        raw = self._look_up(name, default)
        if raw is None:
            return self._unset(default, placeholder)
        try:
            number = Float(raw.text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self._bad(name, raw, "must be a number", show=True)
            return placeholder
        return number if self._within(name, raw, number, min, max) else placeholder

    def list(
        self,
        name: String,
        default: Sequence[String] = REQUIRED,
        *,
        choices: Sequence[String] | None = None,
        help: String = "",
    ) -> list[String]:
        """Texts separated by commas; blanks around them and empty ones are dropped."""
        self._declare(name, "list", default, help)
        raw = self._look_up(name, default)
        if raw is None:
            return [*self._unset(default, ())]
        items = [item.strip() for item in raw.text.split(",") if item.strip()]
        unknown = [item for item in items if choices is not None and item not in choices]
        if unknown:
            known = ", ".join(choices or ())
            self._bad(name, Raw(", ".join(unknown), raw.place), f"may only hold {known}", show=True)
        return [item for item in items if item not in unknown]

    def url(
        self, name: String, default: String = REQUIRED, *, schemes: Sequence[String] = (), help: String = ""
    ) -> String:
        """An absolute URL, of one of ``schemes`` when they are given."""
        self._declare(name, "url", default, help)
        raw = self._look_up(name, default)
        if raw is None:
            return self._unset(default, "")
        fault = url_fault(raw.text, schemes)
        if fault:
            self._bad(name, raw, fault)
            return "" if default is REQUIRED else default
        return Hidden(raw.text) if urlsplit(raw.text).password else raw.text

    def networks(
        self, name: String, default: Sequence[String] = REQUIRED, *, help: String = ""
    ) -> Sequence[String]:
        """Addresses and networks such as ``10.0.0.0/8``, separated by commas."""
        items = self.list(name, default, help=help)
        bad = [item for item in items if not is_network(item)]
        if bad:
            self.problem(
                f"holds what is no address and no network: {shortened(', '.join(bad))}.",
                name=name,
                fix=self.declared[name].help,
            )
        return [item for item in items if item not in bad]

    def is_set(self, name: String) -> Boolean:
        """Whether the setting has a value of its own, from wherever."""
        raw = self._found(name)
        return raw is not None and bool(raw.text)

    # Problems

    def problem(self, what: String, *, name: String = "", fix: String = "") -> None:
        """Adds a problem that the readers can't see, for example two settings that contradict each other."""
        found = Problem(name, what, fix)
        if found not in self.problems:
            self.problems.append(found)

    def done(self) -> None:
        """Raises one EnvironmentProblem when anything was wrong with what has been read."""
        found = [*self.problems, *self._likely_typos()]
        if found:
            raise EnvironmentProblem(found)

    # How values are found

    def _declare(
        self, name: String, kind: String, default: object, help: String, *, is_secret: Boolean = False
    ) -> None:
        is_required = default is REQUIRED
        setting = Setting(name, kind, None if is_required else default, help, is_secret, is_required)
        self.declared.setdefault(name, setting)

    def _look_up(self, name: String, default: object) -> Raw | None:
        raw = self._found(name)
        if raw is not None and raw.text:
            return raw
        if default is REQUIRED and not any(problem.name == name for problem in self.problems):
            self.problem("is required but not set.", name=name, fix=self.declared[name].help)
        return None

    def _found(self, name: String) -> Raw | None:
        file_name = f"{name}_FILE"
        for layer in self._layers:
            value, path = layer.values.get(name), layer.values.get(file_name)
            if value and path:
                self.problem(
                    f"is set twice in {layer.place}, directly and by {file_name}.",
                    name=name,
                    fix="Keep one of the two.",
                )
            if value is not None and (value or not path):
                return Raw(value.strip(), layer.place)
            if path:
                return self._content(name, Path(path))
        return None

    def _content(self, name: String, path: Path) -> Raw | None:
        try:
            return Raw(path.read_text("utf-8").strip(), f"the file {name}_FILE names")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.problem(
                f"can't be read from {path}: {reason}.",
                name=name,
                fix=f"Correct {name}_FILE or the file's permissions.",
            )
            return None

    @staticmethod
    def _unset(default: Value, placeholder: Value) -> Value:
        return placeholder if default is REQUIRED else default

    def _within(
        self, name: String, raw: Raw, number: Float, low: Float | None, high: Float | None
    ) -> Boolean:
        if low is not None and number < low:
            self._bad(name, raw, f"must be at least {low}", show=True)
        elif high is not None and number > high:
            self._bad(name, raw, f"must be at most {high}", show=True)
        else:
            return True
        return False

    def _bad(self, name: String, raw: Raw, rule: String, *, show: Boolean = False) -> None:
        value = f", but it is {shortened(raw.text)!r}" if show else ""
        self.problem(f"{rule}{value} (in {raw.place}).", name=name, fix=self.declared[name].help)

    def _likely_typos(self) -> Sequence[Problem]:
        missing = [name for name in self.declared if self._found_nowhere(name)]
        found = []
        for name in self._from_file:
            plain = name.removesuffix("_FILE")
            if name in self.declared or plain in self.declared:
                continue
            near = difflib.get_close_matches(plain.upper(), missing, n=1, cutoff=TYPO_LIKENESS)
            if near:
                found.append(
                    Problem(name, "is in .env but no setting has this name.", f"Did you mean {near[0]}?")
                )
        return found

    def _found_nowhere(self, name: String) -> Boolean:
        return not any(layer.values.get(key) for layer in self._layers for key in (name, f"{name}_FILE"))

    def _parsed(self, path: Path) -> dict[String, String]:
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.problem(f"{path} can't be read: {reason}.")
            return {}
        values, bad_lines = parse(text)
        for number in bad_lines:
            fix = "Write NAME=value; put a value with blanks or # into quotes."
            self.problem(f"{path.name}, line {number} can't be understood.", fix=fix)
        return values


def url_fault(url: str, schemes: Sequence[str] = ()) -> str:
    """Why ``url`` is not an absolute URL of one of ``schemes``; empty when it is. Never contains the URL."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return "is not a valid URL: host or port can't be read"
    if not parts.scheme or ("://" not in url and parts.scheme not in URL_SCHEMES_WITHOUT_HOST):
        return "must be a URL such as " + (f"{schemes[0]}://host:port/…" if schemes else "https://host/…")
    if schemes and parts.scheme not in schemes:
        return f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if not has_host and parts.scheme not in URL_SCHEMES_WITHOUT_HOST and "unix" not in parts.scheme:
        return "names no host"
    return ""


def is_network(text: str) -> bool:
    """Whether it is an IP address, or a network without bits behind its mask."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def is_anywhere(network: str) -> bool:
    """Whether a network is so large that strangers stand in it: wider than /8, or in IPv6 /16, and not private."""
    found = ip_network(network)
    return not found.is_private and found.prefixlen < (8 if found.version == 4 else 16)


def var_dir(env: Env) -> Path:
    """The folder of everything that the program keeps on this machine; a relative one lies in the repository."""
    return ROOT / env.str("VAR_DIR", default="var", help="Folder for the database, media and broker")


def choose_settings(default: str) -> str:
    """Has Django use the settings module that ``DJANGO_SETTINGS_MODULE`` names, in ``.env`` too; returns its name."""
    module = Env().str("DJANGO_SETTINGS_MODULE", default)
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    return module


def shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
