"""Snapshots: what one side held at one moment, as immutable Parquet; a full one and the increments taken after it.

A snapshot is written into a staging folder, flushed, renamed, and exists from the moment its row is in the state. What
a killed process leaves behind (a staging folder, a renamed folder without a row) is swept by the next `begin`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import sqlalchemy as sa
from sqlalchemy.engine import Row

from kevasync.endpoint import Extracted
from kevasync.errors import RunError
from kevasync.records import Side
from kevasync.store.files import FolderLock, disk_errors, flush, sha256
from kevasync.store.snapshot_view import create_view
from kevasync.store.state import State, new_id, now
from kevasync.store.tables import snapshots

__all__ = ["Snapshot", "Snapshots", "Staging"]

_STAGING = ".staging-"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One committed snapshot. `columns` are its fields without the columns that begin with an underscore."""

    id: str
    side: Side
    object: str
    full: bool
    rows: int
    parts: tuple[Path, ...]
    sha256: str
    columns: tuple[str, ...]
    missing: tuple[str, ...]
    watermark: str | None
    api_calls: int
    taken_at: str

    @property
    def folder(self) -> Path:
        """Where its parts are."""
        return self.parts[0].parent


class Staging:
    """The folder an extract writes into. In a `with` it removes itself unless it was committed."""

    def __init__(self, side: Side, object_name: str, home: Path) -> None:
        self.side = side
        self.object = object_name
        while True:  # a sweep may hold a lock for an instant; the next id is free
            self.id = new_id()
            self.lock = FolderLock(home / f".{self.id}.lock")
            if self.lock.take():
                break
        self.path = home / f"{_STAGING}{self.id}"
        self.path.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def discard(self) -> None:
        """Remove what was staged; after a commit there is nothing left to remove."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock.drop()


class Snapshots:
    """The snapshots of a workspace: manifest rows in the state, Parquet under `folder`/side/object/id."""

    def __init__(self, state: State, folder: Path) -> None:
        self._state = state
        self._folder = folder

    def begin(self, side: Side, object_name: str) -> Staging:
        """Make a staging folder; sweep those of dead processes."""
        home = self._home(side, object_name)
        with disk_errors(home):
            home.mkdir(parents=True, exist_ok=True)
            self._sweep(home)
            return Staging(side, object_name, home)

    def commit(self, staging: Staging, extracted: Extracted, full: bool) -> Snapshot:
        """Make a staged extract a snapshot: flush, fingerprint, rename; the manifest row is the commit point.

        Raises:
            RunError: `disk-full`, `folder-read-only`; the staging folder is left for another try.
        """
        home = self._home(staging.side, staging.object)
        final = home / staging.id
        with disk_errors(staging.path), _parts(staging, extracted) as parts:
            for part in parts:
                flush(staging.path / part["name"])
            flush(staging.path)
            staging.path.rename(final)
            flush(home)
        digest = hashlib.sha256("".join(part["sha256"] for part in parts).encode()).hexdigest()
        snapshot = Snapshot(
            id=staging.id,
            side=staging.side,
            object=staging.object,
            full=full,
            rows=extracted.rows,
            parts=tuple(final / part["name"] for part in parts),
            sha256=digest,
            columns=tuple(name for name in extracted.columns if not name.startswith("_")),
            missing=tuple(extracted.missing),
            watermark=extracted.watermark,
            api_calls=extracted.api_calls,
            taken_at=now(),
        )
        self._enter(snapshot, parts)
        staging.lock.drop()
        return snapshot

    def latest(self, side: Side, object_name: str) -> list[Snapshot]:
        """The last full snapshot and the increments after it, oldest first; empty where there is no full one."""
        found = self.all(side, object_name)
        for index in range(len(found) - 1, -1, -1):
            if found[index].full:
                return found[index:]
        return []

    def all(self, side: Side, object_name: str) -> list[Snapshot]:
        """Every snapshot kept, oldest first."""
        query = sa.select(snapshots).where(snapshots.c.side == side.value, snapshots.c.object == object_name)
        with self._state.read() as connection:
            rows = connection.execute(query.order_by(snapshots.c.sequence)).all()
        return [self._snapshot(row) for row in rows]

    def view(self, con: duckdb.DuckDBPyConnection, side: Side, object_name: str, name: str) -> list[Snapshot]:
        """Create the DuckDB view `name` of the side as last seen: one row a record, the latest wins, deleted ones too.

        Columns as in a snapshot part. A field that the snapshot of a row does not have is null and stands in that row's
        `_absent`: not said, so it changes nothing. Answers the snapshots used, oldest first.

        Raises:
            RunError: `snapshot-missing` where there is no full snapshot; `snapshot-damaged` where a file is gone.
        """
        found = self.latest(side, object_name)
        if not found:
            raise RunError("snapshot-missing", f"There is no full snapshot of {side.value} {object_name}.")
        for part in (part for snapshot in found for part in snapshot.parts):
            if not part.exists():
                raise RunError("snapshot-damaged", f"{part} is gone.")
        create_view(con, name, [(list(snapshot.parts), snapshot.columns) for snapshot in found])
        return found

    def verify(self, snapshot: Snapshot) -> None:
        """Read every byte again; raises RunError `snapshot-damaged` where the fingerprint differs."""
        try:
            digests = "".join(sha256(part) for part in snapshot.parts)
        except FileNotFoundError as error:
            raise RunError("snapshot-damaged", f"{error.filename} is gone.") from error
        if hashlib.sha256(digests.encode()).hexdigest() != snapshot.sha256:
            raise RunError("snapshot-damaged", f"{snapshot.folder} was changed after it was written.")

    def counts(self, side: Side, object_name: str) -> list[int]:
        """Row counts of the full snapshots, newest first; also of those pruned since."""
        query = sa.select(snapshots.c.rows).where(
            snapshots.c.side == side.value, snapshots.c.object == object_name, snapshots.c.full
        )
        with self._state.read() as connection:
            return list(connection.execute(query.order_by(snapshots.c.sequence.desc())).scalars())

    def prune(self, keep: int = 3) -> int:
        """Remove the files of old snapshots; per side and object, the last `keep` full ones and all after stay.

        The rows stay for `counts`. Answers how many snapshots lost their files.
        """
        if keep < 1:
            raise ValueError("keep must be at least 1: the next plan needs the last snapshot")
        query = sa.select(snapshots.c.side, snapshots.c.object).distinct()
        with self._state.read() as connection:
            homes = connection.execute(query).all()
        removed = 0
        for home in homes:
            found = self.all(Side(home.side), home.object)
            full = [index for index, snapshot in enumerate(found) if snapshot.full]
            for snapshot in found[: full[-keep]] if len(full) >= keep else []:
                if snapshot.folder.exists():
                    shutil.rmtree(snapshot.folder)
                    removed += 1
        return removed

    def _home(self, side: Side, object_name: str) -> Path:
        if not object_name or "/" in object_name or object_name.startswith("."):
            raise ValueError(f"not an object's name: {object_name!r}")
        return self._folder / side.value / object_name

    def _enter(self, snapshot: Snapshot, parts: Sequence[dict[str, Any]]) -> None:
        with self._state.write() as connection:
            connection.execute(
                snapshots.insert().values(
                    id=snapshot.id,
                    side=snapshot.side.value,
                    object=snapshot.object,
                    sequence=self._state.next_sequence(connection, "snapshots"),
                    full=snapshot.full,
                    rows=snapshot.rows,
                    parts=json.dumps(parts),
                    sha256=snapshot.sha256,
                    columns=json.dumps(snapshot.columns),
                    missing=json.dumps(snapshot.missing),
                    watermark=snapshot.watermark,
                    api_calls=snapshot.api_calls,
                    taken_at=snapshot.taken_at,
                )
            )

    def _snapshot(self, row: Row[Any]) -> Snapshot:
        side = Side(row.side)
        folder = self._home(side, row.object) / row.id
        return Snapshot(
            id=row.id,
            side=side,
            object=row.object,
            full=bool(row.full),
            rows=row.rows,
            parts=tuple(folder / part["name"] for part in json.loads(row.parts)),
            sha256=row.sha256,
            columns=tuple(json.loads(row.columns)),
            missing=tuple(json.loads(row.missing)),
            watermark=row.watermark,
            api_calls=row.api_calls,
            taken_at=row.taken_at,
        )

    def _sweep(self, home: Path) -> None:
        """Remove folders nobody works on and no row knows. First the lock, then the row: never the other way."""
        for entry in sorted(home.iterdir()):
            identity = entry.name.removeprefix(_STAGING)
            if not entry.is_dir():
                continue
            lock = FolderLock(home / f".{identity}.lock")
            if not lock.take():
                continue
            if entry.name.startswith(_STAGING) or not self._is_known(identity):
                shutil.rmtree(entry, ignore_errors=True)
            lock.drop()
        for orphan in home.glob(".*.lock"):
            lock = FolderLock(orphan)
            if lock.take():
                lock.drop()

    def _is_known(self, identity: str) -> bool:
        with self._state.read() as connection:
            return connection.execute(sa.select(snapshots.c.id).where(snapshots.c.id == identity)).first() is not None


@contextmanager
def _parts(staging: Staging, extracted: Extracted) -> Iterator[list[dict[str, Any]]]:
    parts = []
    for part in extracted.parts:
        if part.parent.resolve() != staging.path.resolve():
            raise ValueError(f"{part} is not in the staging folder")
        parts.append({"name": part.name, "bytes": part.stat().st_size, "sha256": sha256(part)})
    if not parts:
        raise ValueError("an extract without rows still has one part, with no rows in it")
    yield parts
