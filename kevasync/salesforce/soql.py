"""SOQL and record ids: which columns can be read, how values are quoted, how long lists are cut into queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from kevasync.errors import UsageError
from kevasync.records import Field, Schema

__all__ = [
    "Columns",
    "chunks",
    "columns_of",
    "in_list",
    "literals",
    "long_id",
    "select",
    "since_condition",
    "text_literal",
]

QUERY_ROOM = 12_000
"""Characters of a query after URL encoding: addresses above some 16,000 are answered 414, and headers count too."""
MAX_PATH = 5  # Salesforce follows at most five relationships

UNREADABLE = frozenset({"address", "location", "base64", "complexvalue", "anyType", "json"})
_NUMERIC = frozenset({"int", "double", "currency", "percent", "long"})
_SEARCHABLE_TEXT = frozenset(
    {"string", "email", "phone", "url", "id", "reference", "picklist", "combobox", "encryptedstring"}
)
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
SHORT_ID = 15


@dataclass(frozen=True, slots=True)
class Columns:
    """What an extraction of one object reads: `asked` as the mapping spells it, `paths` as Salesforce does.

    `extra` are read, but do not become columns of the snapshot.
    """

    object: str
    asked: tuple[str, ...]
    paths: tuple[str, ...]
    missing: tuple[str, ...]
    times: frozenset[str]
    modified: str | None
    deleted: bool
    master: bool
    extra: tuple[str, ...] = ()

    @property
    def selected(self) -> tuple[str, ...]:
        """All paths of the SELECT, each once: id, time stamp, marks of deletion, then the fields."""
        own = ("Id", self.modified, "IsDeleted" if self.deleted else None, "MasterRecordId" if self.master else None)
        return tuple(dict.fromkeys([*filter(None, own), *self.paths, *self.extra]))

    @property
    def has_parents(self) -> bool:
        """True where a column reads through a relationship."""
        return any("." in path for path in self.paths)


def columns_of(schema: Schema, fields: Sequence[str], schema_of: Callable[[str], Schema]) -> Columns:
    """Look every wanted field up, parent paths through their relationships; what cannot be read is in `missing`."""
    asked, paths, missing, times = [], [], [], set()
    for name in dict.fromkeys(fields):
        found = _find(schema, name.split("."), schema_of)
        if found is None or found[1].type in UNREADABLE:
            missing.append(name)
            continue
        asked.append(name)
        paths.append(found[0])
        if found[1].type == "datetime":
            times.add(found[0])
    stamps = [name for name in ("SystemModstamp", "LastModifiedDate") if schema.find(name)]
    return Columns(
        schema.object,
        tuple(asked),
        tuple(paths),
        tuple(missing),
        frozenset(times),
        stamps[0] if stamps else None,
        deleted=schema.find("IsDeleted") is not None,
        master=schema.find("MasterRecordId") is not None,
    )


def _find(schema: Schema, path: Sequence[str], schema_of: Callable[[str], Schema]) -> tuple[str, Field] | None:
    """(Salesforce's spelling, field) of a path such as account.name, or None."""
    if len(path) == 1:
        field = schema.find(path[0])
        return (field.name, field) if field else None
    if len(path) > MAX_PATH + 1:
        return None
    wanted = path[0].casefold()
    through = next((item for item in schema.fields if (item.relationship or "").casefold() == wanted), None)
    for parent in through.reference_to if through else ():
        try:
            found = _find(schema_of(parent), path[1:], schema_of)
        except UsageError:  # the user may not see this parent object
            continue
        if found is not None and through is not None:
            return f"{through.relationship}.{found[0]}", found[1]
    return None


def select(columns: Columns, conditions: Sequence[str]) -> str:
    """The query over all selected paths."""
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(columns.selected)} FROM {columns.object}{where}"  # noqa: S608 names from describe, values as literals


def since_condition(columns: Columns, since: str) -> str:
    """Modified at or after `since`. Raises UsageError when it is no time or the object keeps no time stamp."""
    if columns.modified is None or not _TIME.fullmatch(since):
        what = f"{columns.object} cannot be read since {since!r}"
        raise UsageError("salesforce-query-refused", what)
    return f"{columns.modified} >= {since}"


def text_literal(text: str) -> str | None:
    """The text as a SOQL literal; None for text no field can hold (NUL), which therefore matches nothing."""
    if "\0" in text:
        return None
    return "'" + "".join(_ESCAPES.get(letter, letter) for letter in text) + "'"


def literals(field: Field, values: Sequence[str]) -> list[str]:
    """The values as SOQL literals of the field's type, each once; what the field cannot hold is left out.

    Raises UsageError for a field that cannot be searched.
    """
    if field.type in _NUMERIC:
        return list(dict.fromkeys(value for value in values if _NUMBER.fullmatch(value)))
    if field.type not in _SEARCHABLE_TEXT:
        what = f"Records cannot be looked up by {field.name}, a {field.type} field"
        raise UsageError("salesforce-field-not-searchable", what)
    return [item for item in dict.fromkeys(map(text_literal, values)) if item is not None]


def in_list(path: str, items: Sequence[str]) -> str:
    """`path IN (…)`; the items are literals already."""
    return f"{path} IN ({','.join(items)})"


def chunks(items: Sequence[str], fixed: str, room: int = QUERY_ROOM) -> Iterator[list[str]]:
    """Cut the literals so that each, with the fixed part of the query, fits into one address."""
    left = max(room - len(quote_plus(fixed)), room // 4)
    chunk: list[str] = []
    used = 0
    for item in items:
        length = len(quote_plus(item)) + 3  # the comma, encoded
        if chunk and used + length > left:
            yield chunk
            chunk, used = [], 0
        chunk.append(item)
        used += length
    if chunk:
        yield chunk


def long_id(text: str, prefix: str | None = None) -> str | None:
    """The 18-character form of an id; None where the text is no id, or no id of an object with this prefix."""
    if not _ID.fullmatch(text) or (prefix and not text.startswith(prefix)):
        return None
    short = text[:SHORT_ID]
    suffix = "".join(
        _ID_LETTERS[sum(1 << place for place, letter in enumerate(short[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )
    whole = short + suffix
    return whole if len(text) == SHORT_ID or text[SHORT_ID:].upper() == suffix else None
