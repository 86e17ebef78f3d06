"""The settings of a workspace: kevasync.toml, and the environment over it; all problems are reported at once."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from kevasync.errors import Problem, UsageError

__all__ = [
    "GuardSettings",
    "KevaSettings",
    "SalesforceSettings",
    "Settings",
    "SurvivorshipSettings",
    "parse_region",
    "parse_settings",
    "read_settings",
]

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


def parse_region(text: str) -> str:
    """A region given on the command line, in capitals. Raises UsageError `region-unknown`."""
    try:
        return _check_region(text.strip())
    except ValueError as error:
        raise UsageError("region-unknown", f"{text!r} is no region: {error}") from error


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


Survives = Literal[
    "master", "most_recent", "most_complete", "from_salesforce", "from_keva", "longest", "most_common", "union"
]


class SurvivorshipSettings(_Section):
    """Whose value survives a merge of duplicates: a rule for all fields, and rules of single fields by API name."""

    default: Survives = "master"
    fields: Mapping[str, Survives] = {}


class LinkingSettings(_Section):
    """Customers whom no key links: are they scored against Contacts, and from which probability on linked by itself."""

    scored: Literal["off", "review", "auto"] = "off"
    threshold: Annotated[float, Field(ge=0.5, le=1)] = 0.99


class Settings(_Section):
    """All settings of a workspace. `state_url` is None for the SQLite file in the workspace."""

    workspace_id: Annotated[str, Field(min_length=1)]
    name: str = ""
    default_region: Annotated[str, AfterValidator(_check_region)] = "US"
    state_url: str | None = None
    keva: KevaSettings = KevaSettings()
    salesforce: SalesforceSettings = SalesforceSettings()
    guards: GuardSettings = GuardSettings()
    survivorship: SurvivorshipSettings = SurvivorshipSettings()
    linking: LinkingSettings = LinkingSettings()


_SECTIONS: Mapping[str, type[BaseModel]] = {
    "keva": KevaSettings,
    "salesforce": SalesforceSettings,
    "guards": GuardSettings,
    "survivorship": SurvivorshipSettings,
    "linking": LinkingSettings,
}
_SECRET_NAME = re.compile(r"token|secret|password|passwd|api_?key|private_?key|session_?id", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"keva_live_\w|\b00D\w{12,15}!|-----BEGIN|://[^/\s:@]+:[^/\s@]+@")
_ELSEWHERE = ("client_id", "username", "jwt_key_file")  # not secret, but they travel with the secrets


def read_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """The settings of a file. Raises UsageError as `parse_settings` does, and `settings-unreadable`."""
    try:
        return parse_settings(path.read_text(encoding="utf-8-sig"), str(path), environment)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("settings-unreadable", f"{path}: {error}") from error


def parse_settings(text: str, where: str, environment: Mapping[str, str]) -> Settings:
    """The settings of a text; `where` is how messages name it.

    Raises:
        UsageError: `settings-unreadable`, `settings-invalid` with every problem, `secret-in-settings`.
    """
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
        named = path[0] != "survivorship" and _SECRET_NAME.search(path[-1])  # there keys are names of fields
        if named or (isinstance(value, str) and _SECRET_VALUE.search(value)):
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
