"""A workspace: the folder with kevasync.toml, its sub-folders, its settings from file and environment, its writer's lock."""

from __future__ import annotations

import difflib
import fcntl
import json
import os
import re
import socket
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import uuid_utils
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from kevasync.errors import Problem, Refused, RunError, UsageError

__all__ = ["GuardSettings", "KevaSettings", "SalesforceSettings", "Settings", "Workspace"]

FILE = "kevasync.toml"
_PREFIX = "KEVASYNC_"


def _check_url(value: str) -> str:
    parts = urlsplit(value)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ValueError("give a whole address beginning with https:// (http:// only to this machine)")
    if parts.username or parts.password:
        raise ValueError("leave the user name and password out of the address")
    return value.rstrip("/")


def _check_region(value: str) -> str:
    region = value.upper()
    if region not in SUPPORTED_REGIONS:
        hint = "; the United Kingdom is GB" if region == "UK" else ""
        raise ValueError(f"give a two-letter country code such as US, DE or IN{hint}")
    return region


Address = Annotated[str, AfterValidator(_check_url)]
Percent = Annotated[float, Field(ge=0, le=100)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class KevaSettings(_Section):
    """Where Keva is. `export` is a file or glob below the workspace; `write` says how changes get to Keva."""

    url: Address = "https://app.keva.support"
    workspace_id: str | None = None
    customers_path: Annotated[str, Field(pattern=r"^/")] = "/api/customers"
    export: str | None = None
    write: Literal["api", "file"] = "api"


class SalesforceSettings(_Section):
    """Where the org is, and from how many records Bulk API 2.0 is used instead of REST."""

    instance_url: Address | None = None
    login_url: Address = "https://login.salesforce.com"
    api_version: Annotated[str, Field(pattern=r"^\d{2,3}\.0$")] = "68.0"
    rest_threshold: Annotated[int, Field(ge=0, le=100_000)] = 2_000
    max_parallel_jobs: Annotated[int, Field(ge=1, le=25)] = 3


class GuardSettings(_Section):
    """Limits in per cent of the records that could be touched; they apply from `minimum_rows` records upwards."""

    max_change_percent: Percent = 30.0
    max_clear_percent: Percent = 5.0
    max_unlink_percent: Percent = 2.0
    count_jump_percent: Percent = 20.0
    api_budget_percent: Percent = 50.0
    minimum_rows: Annotated[int, Field(ge=0)] = 50


class Settings(_Section):
    """All settings of a workspace. `state_url` is None for the SQLite file in the workspace."""

    workspace_id: Annotated[str, Field(min_length=1)]
    name: str = ""
    default_region: Annotated[str, AfterValidator(_check_region)] = "US"
    state_url: str | None = None
    keva: KevaSettings = KevaSettings()
    salesforce: SalesforceSettings = SalesforceSettings()
    guards: GuardSettings = GuardSettings()


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened workspace."""

    root: Path
    settings: Settings

    @classmethod
    def open(cls, start: Path | None = None, environment: Mapping[str, str] | None = None) -> Workspace:
        """The workspace of `start`, else of KEVASYNC_WORKSPACE, else of the current folder, or of a folder above it.

        Raises:
            UsageError: `workspace-not-found`, `settings-unreadable`, `settings-invalid` (all problems at once),
                `secret-in-settings`.
        """
        values = os.environ if environment is None else environment
        begin = (start or Path(values.get(f"{_PREFIX}WORKSPACE") or Path.cwd())).absolute()
        for folder in (begin, *begin.parents):
            if (folder / FILE).is_file():
                break
        else:
            raise UsageError("workspace-not-found", f"Neither {begin} nor a folder above it has a {FILE}.")
        workspace = cls(folder, _read_settings(folder / FILE, values))
        with suppress(OSError):  # a read-only workspace can still be looked at
            workspace._make_folders()
        return workspace

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        name: str | None = None,
        default_region: str = "US",
        keva_url: str | None = None,
        keva_workspace_id: str | None = None,
        instance_url: str | None = None,
        login_url: str | None = None,
    ) -> Workspace:
        """Make a workspace: the folder, its sub-folders, a documented kevasync.toml and a .gitignore; mapping.toml not.

        Raises:
            UsageError: `workspace-exists` (nothing is overwritten), `settings-invalid`.
            RunError: `workspace-not-writable`.
        """
        root = path.absolute()
        file = root / FILE
        if file.exists():
            raise UsageError("workspace-exists", f"{file} is there already.")
        text = _TEMPLATE.format(
            workspace_id=_toml(str(uuid_utils.uuid7())),
            name=_toml(name or root.name),
            default_region=_toml(default_region),
            keva_url=_line("url", keva_url, "https://app.keva.support"),
            keva_workspace_id=_line("workspace_id", keva_workspace_id, "ws_..."),
            instance_url=_line("instance_url", instance_url, "https://example.my.salesforce.com"),
            login_url=_line("login_url", login_url, "https://test.salesforce.com"),
        )
        workspace = cls(root, _parse(text, FILE, {}))
        try:
            root.mkdir(parents=True, exist_ok=True)
            workspace._make_folders()
            ignore = root / ".gitignore"
            if not ignore.exists():
                ignore.write_text(".kevasync/\nexports/\n", encoding="utf-8")
            with file.open("x", encoding="utf-8") as output:
                output.write(text)
        except FileExistsError as error:
            raise UsageError("workspace-exists", f"{error.filename} is there already.") from error
        except OSError as error:
            raise RunError("workspace-not-writable", f"{error.filename or root}: {error.strerror}") from error
        return workspace

    @property
    def state_dir(self) -> Path:
        """`.kevasync`: everything that kevasync keeps by itself; closed to other users, it holds personal data."""
        return self.root / ".kevasync"

    @property
    def state_url(self) -> str | Path:
        """What `State.open` takes: the URL of the settings, else the SQLite file of the workspace."""
        return self.settings.state_url or self.state_dir / "state.db"

    @property
    def exports_dir(self) -> Path:
        """`exports`: where Keva exports are put, and import files for Keva are written."""
        return self.root / "exports"

    @property
    def snapshots_dir(self) -> Path:
        """`.kevasync/snapshots`."""
        return self.state_dir / "snapshots"

    @property
    def base_dir(self) -> Path:
        """`.kevasync/base`."""
        return self.state_dir / "base"

    @property
    def plans_dir(self) -> Path:
        """`.kevasync/plans`: one folder a plan."""
        return self.state_dir / "plans"

    @property
    def tmp_dir(self) -> Path:
        """`.kevasync/tmp`: may be emptied whenever nothing runs."""
        return self.state_dir / "tmp"

    @property
    def mapping_path(self) -> Path:
        """`mapping.toml`."""
        return self.root / "mapping.toml"

    @contextmanager
    def lock(self, purpose: str) -> Iterator[None]:
        """Be the one writer of this workspace (apply, extract) while the `with` lasts; freed when the process dies.

        Raises:
            Refused: `workspace-locked`, at once, saying who holds it.
        """
        path = self.state_dir / "writer.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RunError("workspace-not-writable", f"{path}: {error.strerror}") from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused("workspace-locked", f"{self.root} is in use by {_holder(path)}.") from error
            holder = {"purpose": purpose, "process": os.getpid(), "host": socket.gethostname(), "since": _now()}
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def _make_folders(self) -> None:
        self.state_dir.mkdir(mode=0o700, exist_ok=True)
        for folder in (self.exports_dir, self.snapshots_dir, self.base_dir, self.plans_dir, self.tmp_dir):
            folder.mkdir(exist_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"{holder['purpose']} (process {holder['process']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process that has just begun"


# Settings: file, then environment over it; every problem is found before any is reported.

_SECTIONS: Mapping[str, type[BaseModel]] = {
    "keva": KevaSettings,
    "salesforce": SalesforceSettings,
    "guards": GuardSettings,
}
_SECRET_NAME = re.compile(r"token|secret|password|passwd|api_?key|private_?key|session_?id", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"keva_live_\w|\b00D\w{12,15}!|-----BEGIN|://[^/\s:@]+:[^/\s@]+@")
_ELSEWHERE = ("client_id", "username", "jwt_key_file")  # not secret, but they travel with the secrets


def _read_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    try:
        return _parse(path.read_text(encoding="utf-8-sig"), str(path), environment)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("settings-unreadable", f"{path}: {error}") from error


def _parse(text: str, where: str, environment: Mapping[str, str]) -> Settings:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError("settings-unreadable", f"{where}: {error}") from error
    lines = _line_numbers(text)
    _refuse_secrets(document, where, lines)
    origins = {path: f"{where}, line {line}" for path, line in lines.items()}
    _overlay(document, origins, environment)
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        problems = [_problem(item["loc"], item["type"], item["msg"], origins, where) for item in error.errors()]
        count = "one setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        raise UsageError("settings-invalid", f"{where}: {count} wrong.", problems=problems) from error


def _overlay(document: dict[str, Any], origins: dict[tuple[str, ...], str], environment: Mapping[str, str]) -> None:
    """Put KEVASYNC_DEFAULT_REGION, KEVASYNC_SALESFORCE__INSTANCE_URL and their like over the file's values."""
    for variable, value in environment.items():
        path = tuple(variable.removeprefix(_PREFIX).lower().split("__"))
        is_top = len(path) == 1 and path[0] in Settings.model_fields and path[0] not in _SECTIONS
        is_inner = len(path) == 2 and path[0] in _SECTIONS  # noqa: PLR2004 section and name
        if not variable.startswith(_PREFIX) or not (is_top or is_inner):
            continue
        target = document if is_top else document.setdefault(path[0], {})
        if isinstance(target, dict):
            target[path[-1]] = value
            origins[path] = f"environment variable {variable}"


def _problem(
    loc: tuple[int | str, ...], kind: str, message: str, origins: Mapping[tuple[str, ...], str], where: str
) -> Problem:
    path = tuple(str(item) for item in loc)
    name = ".".join(path)
    place = origins.get(path, where)
    if kind != "extra_forbidden":
        text = "is missing" if kind == "missing" else message.removeprefix("Value error, ")
        return Problem("setting-invalid", "error", f"{place}: {name}: {text}", field=name)
    known = list((_SECTIONS[path[0]] if len(path) > 1 and path[0] in _SECTIONS else Settings).model_fields)
    near = difflib.get_close_matches(path[-1], known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
    if path[-1] in _ELSEWHERE:
        hint = f"Set the environment variable {_PREFIX}{'_'.join(path).upper()} instead."
    return Problem("setting-unknown", "error", f"{place}: there is no setting {name}.", field=name, hint=hint)


def _refuse_secrets(document: Mapping[str, Any], where: str, lines: Mapping[tuple[str, ...], int]) -> None:
    for path, value in _leaves(document):
        if _SECRET_NAME.search(path[-1]) or (isinstance(value, str) and _SECRET_VALUE.search(value)):
            line, name = lines.get(path), ".".join(path)
            place = where if line is None else f"{where}, line {line}"
            variable = _PREFIX + "_".join(path).upper()
            raise UsageError(
                "secret-in-settings",
                f"{place}: {name} holds a secret.",
                next_steps=(
                    f"Remove the line; set {variable} in the environment, or run: kevasync connect",
                    "If the file was ever shared or committed, revoke that secret and make a new one",
                ),
            )


def _leaves(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _line_numbers(text: str) -> dict[tuple[str, ...], int]:
    """Where each table and key stands; good for the flat file this is, not for every TOML there could be."""
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([\w.\-\"' ]+?)\s*\]", line):
            table = _keys(header[1])
            lines.setdefault(table, number)
        elif pair := re.match(r"\s*([\w.\-\"']+)\s*=", line):
            lines.setdefault((*table, *_keys(pair[1])), number)
    return lines


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip(" \"'") for key in dotted.split("."))


def _toml(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(key: str, value: str | None, example: str) -> str:
    return f"# {key} = {_toml(example)}" if value is None else f"{key} = {_toml(value)}"


_TEMPLATE = """\
# Settings of this kevasync workspace. Lines that begin with # are examples or notes.
# Any setting can also come from the environment: KEVASYNC_DEFAULT_REGION, KEVASYNC_SALESFORCE__INSTANCE_URL and so on.
# No password, key or token belongs here. They come from the environment (KEVASYNC_KEVA_API_KEY,
# KEVASYNC_SALESFORCE_CLIENT_SECRET ...) or are kept encrypted by `kevasync connect`.

workspace_id = {workspace_id}
name = {name}

# The country whose telephone numbers are written without a country code: two letters, such as US, GB, DE, IN.
default_region = {default_region}

# Links, base and ledger are kept in .kevasync/state.db. Several machines can share a Postgres database instead;
# with a password in it, set KEVASYNC_STATE_URL in the environment.
# state_url = "postgresql://kevasync@db.example.com/kevasync"

[keva]
# The address of Keva, and the workspace there (Keva: Settings, API).
{keva_url}
{keva_workspace_id}
# The path of the Customers API below the address.
# customers_path = "/api/customers"
# A Keva export to read instead of the API: a file or a pattern below this folder; the newest that fits is taken.
# export = "exports/*.csv"
# How changes get to Keva: "api" (at most 100 records a minute) or "file" (an import file under exports/).
# write = "api"

[salesforce]
# The address of your org, as it stands in the browser's address bar after you log in.
{instance_url}
# Where people log in: leave it out for production, test.salesforce.com for a sandbox org.
{login_url}
# The version of Salesforce's API.
# api_version = "68.0"
# Up to so many records kevasync uses REST calls, above it Bulk API 2.0.
# rest_threshold = 2000
# So many bulk jobs run side by side.
# max_parallel_jobs = 3

[guards]
# A plan that goes above one of these limits is refused before the first write; one flag of `kevasync apply` goes past it.
# All are per cent, and count only from minimum_rows records upwards.
# max_change_percent = 30    # records changed
# max_clear_percent = 5      # records in which a value would be emptied
# max_unlink_percent = 2     # links that would be dissolved
# count_jump_percent = 20    # a side has so many more or fewer records than in earlier runs
# api_budget_percent = 50    # share of the org's remaining API calls that one run may spend
# minimum_rows = 50
"""
