"""What a plan of merges is: a folder with merge.json and Parquet tables, whole and unedited when read, or refused.

`clusters.parquet`  cluster, master, losers BIGINT, status (`merge`, `skip`), reason, probability DOUBLE, who
`records.parquet`   cluster, id, role (`master`, `loser`), modified, keva_id (its customer, if linked)
`fields.parquet`    cluster, id, field, old, new, rule, sources (ids, by semicolons), others (values), write BOOLEAN
`children.parquet`  cluster, object, field, id, parent, movable BOOLEAN
`links.parquet`     cluster, keva_id, sf_id, to_id, status (`move`, `stay`), reason

A plan that takes merges back (`kind` is `unmerge`) has the same tables: in `fields` what is written on masters and on
the records made again (`id` is the lost id), in `children` what moves back (`parent` is the lost id), in `clusters` and
`links` what stays as it is, with the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import uuid_utils

from kevasync.errors import Refused, RunError, UsageError
from kevasync.store.files import disk_errors, flush

__all__ = ["MANIFEST", "MergePlan", "new_plan", "write_tables"]

MANIFEST = "merge.json"
FORMAT = 1
_TEXT = pa.string()
SCHEMAS: Mapping[str, pa.Schema] = {
    "clusters": pa.schema(
        [("cluster", _TEXT), ("master", _TEXT), ("losers", pa.int64()), ("status", _TEXT), ("reason", _TEXT),
         ("probability", pa.float64()), ("who", _TEXT)]
    ),
    "records": pa.schema([(name, _TEXT) for name in ("cluster", "id", "role", "modified", "keva_id")]),
    "fields": pa.schema(
        [(name, _TEXT) for name in ("cluster", "id", "field", "old", "new", "rule", "sources", "others")]
        + [("write", pa.bool_())]
    ),
    "children": pa.schema(
        [(name, _TEXT) for name in ("cluster", "object", "field", "id", "parent")] + [("movable", pa.bool_())]
    ),
    "links": pa.schema([(name, _TEXT) for name in ("cluster", "keva_id", "sf_id", "to_id", "status", "reason")]),
}  # fmt: skip
_KEYS = ("format", "kind", "plan", "workspace", "object", "sobject", "created", "counts", "notes", "digest")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MergePlan:
    """A merge plan on disk: the folder and its manifest, checked against the digest when loaded."""

    folder: Path
    manifest: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path) -> MergePlan:
        """Read and verify. Raises UsageError `merge-plan-unreadable`, Refused `merge-plan-edited`."""
        path = folder / MANIFEST
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            what = f"{path} cannot be read: {(error.strerror or str(error)).lower()}"
            raise UsageError("merge-plan-unreadable", what) from error
        except ValueError as error:
            raise UsageError("merge-plan-unreadable", f"{path} is not whole: no valid JSON") from error
        absent = [key for key in _KEYS if not isinstance(manifest, dict) or key not in manifest]
        if absent or manifest["format"] != FORMAT:
            what = f"{path} lacks {', '.join(absent)}" if absent else f"{path} is of format {manifest['format']!r}"
            raise UsageError("merge-plan-unreadable", what)
        gone = [name for name in SCHEMAS if not (folder / f"{name}.parquet").is_file()]
        if gone:
            raise Refused("merge-plan-edited", f"{folder}: {', '.join(gone)}.parquet is gone")
        if _digest(folder, manifest) != manifest["digest"]:
            raise Refused("merge-plan-edited", f"{folder}: the files are not those that were planned (digest differs)")
        return cls(folder, manifest)

    @property
    def id(self) -> str:
        """The plan's UUIDv7."""
        return str(self.manifest["plan"])

    @property
    def digest(self) -> str:
        """SHA-256 over manifest and tables, hex."""
        return str(self.manifest["digest"])

    @property
    def kind(self) -> str:
        """`merge` or `unmerge`."""
        return str(self.manifest["kind"])

    @property
    def object_name(self) -> str:
        """The mapping's object, `contact`: links are kept under it."""
        return str(self.manifest["object"])

    @property
    def sobject(self) -> str:
        """Salesforce's object, `Contact`."""
        return str(self.manifest["sobject"])

    @property
    def counts(self) -> Mapping[str, int]:
        """How many clusters, losers, skipped clusters, values, children and links."""
        counts: Mapping[str, int] = self.manifest["counts"]
        return counts

    def rows(self, name: str) -> list[Row]:
        """A table's rows, in order."""
        rows: list[Row] = pq.read_table(self.folder / f"{name}.parquet").to_pylist()
        return rows


def new_plan(
    plans: Path,
    tables: Mapping[str, Sequence[Row]],
    *,
    kind: str,
    workspace_id: str,
    object_name: str,
    sobject: str,
    counts: Mapping[str, int],
    notes: Sequence[str],
    **more: object,
) -> MergePlan:
    """Write a plan into a new folder under `plans`, whole or not at all. Raises RunError where the disk is full."""
    identity = str(uuid_utils.uuid7())
    staging = plans / f".{identity}"
    try:
        with disk_errors(staging):
            staging.mkdir(parents=True)
            write_tables(staging, tables)
            manifest: dict[str, Any] = {
                "format": FORMAT, "kind": kind, "plan": identity, "workspace": workspace_id, "object": object_name,
                "sobject": sobject, "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z", "counts": dict(counts),
                "notes": list(notes), **more,
            }  # fmt: skip
            manifest["digest"] = _digest(staging, manifest)
            write_json(staging / MANIFEST, manifest)
            staging.rename(plans / identity)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return MergePlan(plans / identity, manifest)


def write_tables(folder: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    """Write each table of a plan as Parquet, fsynced."""
    for name, schema in SCHEMAS.items():
        path = folder / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(list(tables.get(name, ())), schema=schema), path)
        flush(path)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    temporary = path.with_name(f".{path.name}")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _digest(folder: Path, manifest: Mapping[str, Any]) -> str:
    bare = {key: value for key, value in manifest.items() if key != "digest"}
    whole = hashlib.sha256(json.dumps(bare, sort_keys=True, ensure_ascii=False).encode())
    for name in SCHEMAS:
        try:
            with (folder / f"{name}.parquet").open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise RunError("merge-plan-unreadable", f"{folder}/{name}.parquet cannot be read") from error
    return whole.hexdigest()
