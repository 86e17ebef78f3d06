"""What a search for duplicates found, kept in the workspace: pairs, groups, the evidence in bits, the values seen.

A folder a search below `.kevasync/duplicates`: found.json, written last, and
`pairs.parquet`     id_a, id_b, probability DOUBLE, weight DOUBLE (bits)
`groups.parquet`    group BIGINT, kind, probability, certain BOOLEAN, id_a, id_b (the pair that decides), ids VARCHAR[]
`evidence.parquet`  group, field, bits DOUBLE, a, b: what each field says of that pair, prior first
`records.parquet`   id, side, modified, linked (the record on the other side), values (JSON: Salesforce field to text)
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kevasync.dedupe.groups import Found, Kind
from kevasync.dedupe.merge_plan import write_json
from kevasync.dedupe.sides import Stored
from kevasync.errors import RunError, UsageError
from kevasync.records import Side
from kevasync.store.files import disk_errors, flush, sha256
from kevasync.store.state import new_id

__all__ = ["Search", "Told", "latest", "save"]

MANIFEST = "found.json"
FORMAT = 1
KEPT = 2
_TEXT = pa.string()
SCHEMAS: Mapping[str, pa.Schema] = {
    "groups": pa.schema(
        [("group", pa.int64()), ("kind", _TEXT), ("probability", pa.float64()), ("certain", pa.bool_()),
         ("id_a", _TEXT), ("id_b", _TEXT), ("ids", pa.list_(_TEXT))]
    ),
    "evidence": pa.schema(
        [("group", pa.int64()), ("field", _TEXT), ("bits", pa.float64()), ("a", _TEXT), ("b", _TEXT)]
    ),
    "records": pa.schema([(name, _TEXT) for name in ("id", "side", "modified", "linked", "values")]),
}  # fmt: skip
TABLES = ("pairs", *SCHEMAS)


@dataclass(frozen=True, slots=True)
class Told:
    """What one field says of a pair, in bits; `a` and `b` are the values as they were compared."""

    field: str
    bits: float
    a: str | None = None
    b: str | None = None


@dataclass(frozen=True)
class Search:
    """One search as it is kept. `groups` are in the order in which they were found."""

    folder: Path
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """The search's UUIDv7."""
        return str(self.manifest["search"])

    @cached_property
    def groups(self) -> list[Found]:
        """The groups."""
        rows = self._rows("groups")
        return [
            Found(
                tuple(row["ids"]), Kind(row["kind"]), row["probability"],
                (row["id_a"], row["id_b"]) if row["id_a"] else None, row["certain"],
            )
            for row in rows
        ]  # fmt: skip

    @cached_property
    def records(self) -> dict[str, Stored]:
        """The records of the groups, by name."""
        return {
            row["id"]: Stored(row["id"], Side(row["side"]), row["modified"], json.loads(row["values"]))
            for row in self._rows("records")
        }

    @cached_property
    def linked(self) -> dict[str, str]:
        """The record on the other side that a record is linked to, by name."""
        return {row["id"]: row["linked"] for row in self._rows("records") if row["linked"]}

    @cached_property
    def evidence(self) -> dict[int, list[Told]]:
        """What speaks for and against, by the place of the group."""
        found: dict[int, list[Told]] = {}
        for row in self._rows("evidence"):
            found.setdefault(row["group"], []).append(Told(row["field"], row["bits"], row["a"], row["b"]))
        return found

    def _rows(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.folder / f"{name}.parquet").to_pylist()
        return rows


def save(
    home: Path,
    manifest: Mapping[str, Any],
    pairs: pa.Table,
    groups: Sequence[Found],
    evidence: Mapping[int, Sequence[Told]],
    records: Mapping[str, Stored],
    linked: Mapping[str, str],
) -> Search:
    """Keep a search: whole, or not at all. Earlier ones but the last are removed. Raises RunError `disk-full` etc."""
    identity = new_id()
    folder = home / identity
    tables = {
        "groups": [
            {"group": place, "kind": str(item.kind), "probability": item.probability, "certain": item.certain,
             "id_a": item.between[0] if item.between else None, "id_b": item.between[1] if item.between else None,
             "ids": list(item.ids)}
            for place, item in enumerate(groups)
        ],
        "evidence": [
            {"group": place, "field": one.field, "bits": one.bits, "a": one.a, "b": one.b}
            for place, told in evidence.items() for one in told
        ],
        "records": [
            {"id": item.id, "side": str(item.side), "modified": item.modified, "linked": linked.get(item.id),
             "values": json.dumps(item.values, ensure_ascii=False)}
            for item in records.values()
        ],
    }  # fmt: skip
    with disk_errors(home):
        folder.mkdir(parents=True, mode=0o700)
        pq.write_table(pairs, folder / "pairs.parquet")
        for name, rows in tables.items():
            pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[name]), folder / f"{name}.parquet")
        for name in TABLES:
            flush(folder / f"{name}.parquet")
        digests = {name: sha256(folder / f"{name}.parquet") for name in TABLES}
        whole = {"format": FORMAT, "search": identity, **manifest, "sha256": digests}
        write_json(folder / MANIFEST, whole)
    _prune(home, identity)
    return Search(folder, whole)


def latest(home: Path) -> Search:
    """The last search of the workspace.

    Raises:
        UsageError: `duplicates-not-searched` when there was none.
        RunError: `duplicates-damaged` when a file of it is gone, cut off or changed.
    """
    names = sorted(path.parent.name for path in home.glob(f"*/{MANIFEST}")) if home.is_dir() else []
    if not names:
        raise UsageError("duplicates-not-searched", f"{home} has no search for duplicates yet")
    folder = home / names[-1]
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = manifest["format"] == FORMAT
        digests = dict(manifest["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError("duplicates-damaged", f"{folder / MANIFEST} is not whole") from error
    if not known:
        raise RunError("duplicates-damaged", f"{folder / MANIFEST} is of another kevasync")
    for name in TABLES:
        path = folder / f"{name}.parquet"
        if not path.is_file() or sha256(path) != digests.get(name):
            raise RunError("duplicates-damaged", f"{path} is {'changed or cut off' if path.is_file() else 'gone'}")
    return Search(folder, manifest)


def _prune(home: Path, newest: str) -> None:
    """Keep the last two, and remove what a killed search left behind."""
    names = sorted(path.name for path in home.iterdir() if path.is_dir() and path.name <= newest)
    whole = [name for name in names if (home / name / MANIFEST).is_file()]
    for name in names:
        if name not in whole[-KEPT:]:
            shutil.rmtree(home / name, ignore_errors=True)
