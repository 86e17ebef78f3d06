"""The base: what the two sides last agreed on. Parquet parts from bulk runs, rows in the state from single ones."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kevasync.errors import RunError
from kevasync.store.base_view import Part, create_base_view
from kevasync.store.files import disk_errors, flush, sha256
from kevasync.store.sql import parquet
from kevasync.store.state import State, fetch_arrow, new_id, now
from kevasync.store.tables import base_parts, base_rows
from kevasync.values import quote_identifier, quote_literal

__all__ = ["Base", "BaseRow"]

_KEYS = ("keva_id", "sf_id", "agreed")
_ROW_SCHEMA = pa.schema(
    [
        ("keva_id", pa.string()),
        ("sf_id", pa.string()),
        ("sequence", pa.int64()),
        ("forgotten", pa.bool_()),
        ("fields", pa.string()),
    ]
)
_LOOSE_PARTS = 8  # more files than this, or more rows than a twentieth of the ground, and they are folded in
_LOOSE_ROWS = 5_000
_LOOSE_SHARE = 0.05
_GRACE = timedelta(days=1)  # a notebook may still read a part that was folded into another
_UNFINISHED = ".folding-"


@dataclass(frozen=True, slots=True)
class BaseRow:
    """What the sides agree on for one pair: the fields in `values`, None being an agreed null; others: not said."""

    keva_id: str
    sf_id: str
    values: Mapping[str, str | None]


class Base:
    """The base of all objects of a workspace: manifest and single rows in the state, parts under `folder`/object."""

    def __init__(self, state: State, folder: Path) -> None:
        self._state = state
        self._folder = folder

    def view(
        self,
        con: duckdb.DuckDBPyConnection,
        object_name: str,
        fields: Sequence[str],
        name: str = "base",
        *,
        keva_ids: Sequence[str] | None = None,
    ) -> str:
        """Create a DuckDB view: keva_id, sf_id, one VARCHAR a field, agreed VARCHAR[]; one row a pair; answer its name.

        It shows the base as it is now. `keva_ids` narrows it to some customers, which is how one record is read in
        milliseconds. A field nobody ever agreed on is null and not in `agreed`.

        Raises:
            RunError: `base-damaged` where a part's file is gone.
        """
        parts, rows = self._read(object_name, keva_ids)
        for part in parts:
            if not part.path.exists():
                raise RunError("base-damaged", f"{part.path} is gone.")
        create_base_view(con, name, list(dict.fromkeys(fields)), parts, rows, keva_ids)
        return name

    def read(self, object_name: str, keva_id: str, fields: Sequence[str]) -> list[BaseRow]:
        """What the base says of one customer: one row a pair, only the fields agreed on."""
        with duckdb.connect() as con:
            self.view(con, object_name, fields, keva_ids=[keva_id])
            found = con.sql("SELECT * FROM base").fetchall()
        return [
            BaseRow(row[0], row[1], {field: row[index + 2] for index, field in enumerate(fields) if field in row[-1]})
            for row in found
        ]

    def save_part(self, object_name: str, parquet_path: Path, run_id: str) -> None:
        """Take a Parquet file in: keva_id, sf_id, a VARCHAR column a field, agreed VARCHAR[] (left out: all columns).

        The file is flushed and moved; the manifest row is the commit point. Called again for a file already taken in,
        it does nothing, so that a killed run can repeat it.

        Raises:
            RunError: `base-part-invalid` (a column missing, an id null, a pair twice), `disk-full`.
        """
        home = self._folder / object_name
        origin = parquet_path.name
        if not parquet_path.exists() and self._has_taken(object_name, run_id, origin):
            return
        rows, columns, has_agreed = _inspect(parquet_path)
        part_id = new_id()
        target = home / f"{part_id}.parquet"
        with disk_errors(home):
            home.mkdir(parents=True, exist_ok=True)
            flush(parquet_path)
            digest = sha256(parquet_path)
            with self._state.write() as connection:
                sequence = self._state.next_sequence(connection, "base")
                _link_or_copy(parquet_path, target)
                connection.execute(
                    base_parts.insert().values(
                        id=part_id,
                        object=object_name,
                        sequence=sequence,
                        path=target.name,
                        rows=rows,
                        sha256=digest,
                        columns=json.dumps(columns),
                        has_agreed=has_agreed,
                        compacted=False,
                        run_id=run_id,
                        origin=origin,
                        saved_at=now(),
                    )
                )
            parquet_path.unlink()
        self.compact(object_name, force=False)

    def save_rows(self, object_name: str, rows: Iterable[BaseRow], run_id: str | None = None) -> None:
        """Save single pairs; each speaks for the fields in its `values` and leaves the others as they were."""
        merged: dict[tuple[str, str], dict[str, str | None]] = {}
        for row in rows:
            merged.setdefault((row.keva_id, row.sf_id), {}).update(row.values)
        if not merged:
            return
        with self._state.write() as connection:
            sequence = self._state.next_sequence(connection, "base")
            floor = self._last_part(connection, object_name)
            for pair, values in merged.items():
                earlier = self._take_row(connection, object_name, pair, floor)
                self._put_row(connection, object_name, pair, sequence, earlier | values, run_id)

    def forget(self, object_name: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Drop pairs from the base; saved again later, they begin with nothing agreed."""
        wanted = list(dict.fromkeys(pairs))
        if not wanted:
            return
        with self._state.write() as connection:
            sequence = self._state.next_sequence(connection, "base")
            self._state.run_many(
                connection,
                "DELETE FROM base_rows WHERE object = ? AND keva_id = ? AND sf_id = ?",
                ((object_name, *pair) for pair in wanted),
            )
            columns = ("object", "keva_id", "sf_id", "sequence", "forgotten", "fields")
            values = ((object_name, *pair, sequence, True, "{}") for pair in wanted)
            self._state.insert_many(connection, "base_rows", columns, values)

    def compact(self, object_name: str, *, force: bool = True) -> bool:
        """Fold parts and rows into one part, sorted by customer; answers whether it did. Without `force` only when due.

        Writers may go on meanwhile: what they save stays outside and is laid over the new part.
        """
        parts, rows = self._read(object_name, None)
        if not (parts or rows.num_rows) or not (_is_due(parts, rows.num_rows) or (force and not _is_one(parts, rows))):
            return False
        columns = list(dict.fromkeys(column for part in parts for column in part.columns))
        columns += [name for name in _names(rows) if name not in columns]
        home = self._folder / object_name
        with disk_errors(home):
            home.mkdir(parents=True, exist_ok=True)
            unfinished = home / f"{_UNFINISHED}{new_id()}.parquet"
            try:
                count, has_agreed = _fold(unfinished, columns, parts, rows, home)
                return self._replace(object_name, unfinished, parts, rows, (count, columns, has_agreed))
            finally:
                unfinished.unlink(missing_ok=True)

    def _replace(
        self,
        object_name: str,
        unfinished: Path,
        parts: Sequence[Part],
        rows: pa.Table,
        folded: tuple[int, Sequence[str], bool],
    ) -> bool:
        flush(unfinished)
        digest, part_id = sha256(unfinished), new_id()
        home = unfinished.parent
        upto = max([part.sequence for part in parts] + rows["sequence"].to_pylist())
        with self._state.write() as connection:
            self._state.next_sequence(connection, "base")  # waits for other writers of the base (Postgres)
            current = {part.id for part in self._parts(connection, object_name)}
            if not current.issuperset(part.id for part in parts):
                return False  # another process has folded them meanwhile
            target = home / f"{part_id}.parquet"
            unfinished.rename(target)
            flush(home)
            ids = [part.id for part in parts]
            connection.execute(base_parts.update().where(base_parts.c.id.in_(ids)).values(retired_at=now()))
            older = (base_rows.c.object == object_name, base_rows.c.sequence <= upto)
            connection.execute(base_rows.delete().where(*older))
            connection.execute(
                base_parts.insert().values(
                    id=part_id,
                    object=object_name,
                    sequence=upto,
                    path=target.name,
                    rows=folded[0],
                    sha256=digest,
                    columns=json.dumps(folded[1]),
                    has_agreed=folded[2],
                    compacted=True,
                    origin="",
                    saved_at=now(),
                )
            )
            self._sweep(connection, object_name)
        return True

    def _sweep(self, connection: Connection, object_name: str) -> None:
        """Remove files folded in more than a day ago, and leftovers no row knows. Runs inside a write transaction."""
        edge = (datetime.now(UTC) - _GRACE).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        ours = base_parts.c.object == object_name
        gone = sa.and_(ours, base_parts.c.retired_at.is_not(None), base_parts.c.retired_at < edge)
        home = self._folder / object_name
        for name in connection.execute(sa.select(base_parts.c.path).where(gone)).scalars():
            (home / name).unlink(missing_ok=True)
        known = set(connection.execute(sa.select(base_parts.c.path).where(ours)).scalars())
        for file in home.iterdir():
            if (
                file.name not in known
                and file.is_file()
                and file.stat().st_mtime < datetime.now(UTC).timestamp() - 3600
            ):
                file.unlink(missing_ok=True)

    def _read(self, object_name: str, keva_ids: Sequence[str] | None) -> tuple[list[Part], pa.Table]:
        """Parts and rows of one moment."""
        query = sa.select(
            base_rows.c.keva_id, base_rows.c.sf_id, base_rows.c.sequence, base_rows.c.forgotten, base_rows.c.fields
        ).where(base_rows.c.object == object_name)
        if keva_ids is not None:
            query = query.where(base_rows.c.keva_id.in_(list(keva_ids)))
        with self._state.read() as connection:
            return self._parts(connection, object_name), fetch_arrow(connection, query, schema=_ROW_SCHEMA)

    def _parts(self, connection: Connection, object_name: str) -> list[Part]:
        query = sa.select(base_parts).where(base_parts.c.object == object_name, base_parts.c.retired_at.is_(None))
        return [
            Part(
                id=row.id,
                path=self._folder / object_name / row.path,
                sequence=row.sequence,
                rows=row.rows,
                columns=tuple(json.loads(row.columns)),
                has_agreed=bool(row.has_agreed),
                compacted=bool(row.compacted),
            )
            for row in connection.execute(query.order_by(base_parts.c.compacted.desc(), base_parts.c.sequence))
        ]

    def _has_taken(self, object_name: str, run_id: str, origin: str) -> bool:
        query = sa.select(base_parts.c.id).where(
            base_parts.c.object == object_name, base_parts.c.run_id == run_id, base_parts.c.origin == origin
        )
        with self._state.read() as connection:
            return connection.execute(query).first() is not None

    def _last_part(self, connection: Connection, object_name: str) -> int:
        query = sa.select(sa.func.max(base_parts.c.sequence)).where(
            base_parts.c.object == object_name, base_parts.c.retired_at.is_(None)
        )
        return int(connection.execute(query).scalar() or 0)

    def _take_row(
        self, connection: Connection, object_name: str, pair: tuple[str, str], floor: int
    ) -> dict[str, str | None]:
        """Remove the row of a pair that is newer than every part, and answer what it said, to be said anew."""
        mine = (
            base_rows.c.object == object_name,
            base_rows.c.keva_id == pair[0],
            base_rows.c.sf_id == pair[1],
            base_rows.c.sequence > floor,
            sa.not_(base_rows.c.forgotten),
        )
        text = connection.execute(sa.select(base_rows.c.fields).where(*mine)).scalar()
        if text is None:
            return {}
        connection.execute(base_rows.delete().where(*mine))
        said: dict[str, str | None] = json.loads(text)
        return said

    def _put_row(
        self,
        connection: Connection,
        object_name: str,
        pair: tuple[str, str],
        sequence: int,
        values: Mapping[str, str | None],
        run_id: str | None,
    ) -> None:
        connection.execute(
            base_rows.insert().values(
                object=object_name,
                keva_id=pair[0],
                sf_id=pair[1],
                sequence=sequence,
                forgotten=False,
                fields=json.dumps(values, ensure_ascii=False),
                run_id=run_id,
            )
        )


def _inspect(path: Path) -> tuple[int, list[str], bool]:
    """Rows, field names, whether it has `agreed`; refuses what the views could not be right about."""
    source = parquet([path])
    with duckdb.connect() as con:
        try:
            kinds = {row[0]: row[1] for row in con.sql(f"DESCRIBE SELECT * FROM {source}").fetchall()}  # noqa: S608 quoted
        except duckdb.Error as error:
            raise RunError("base-part-invalid", f"{path}: {str(error).splitlines()[0]}") from error
        wrong = [name for name, kind in kinds.items() if kind != ("VARCHAR[]" if name == "agreed" else "VARCHAR")]
        lacking = [name for name in ("keva_id", "sf_id") if name not in kinds]
        if wrong or lacking:
            raise RunError(
                "base-part-invalid", f"{path}: column {(lacking or wrong)[0]} is missing or of a wrong type."
            )
        count = con.sql(
            f"SELECT count(*), count(keva_id), count(sf_id), count(DISTINCT (keva_id, sf_id)) FROM {source}"  # noqa: S608 quoted
        ).fetchall()[0]
    if len(set(count)) != 1:
        raise RunError(
            "base-part-invalid", f"{path}: of {count[0]} rows some have no id, or a pair stands there twice."
        )
    return count[0], [name for name in kinds if name not in _KEYS], "agreed" in kinds


def _is_one(parts: Sequence[Part], rows: pa.Table) -> bool:
    return len(parts) == 1 and parts[0].compacted and not rows.num_rows


def _is_due(parts: Sequence[Part], rows: int) -> bool:
    ground = sum(part.rows for part in parts if part.compacted)
    loose = [part.rows for part in parts if not part.compacted]
    if not loose and rows < _LOOSE_ROWS:
        return False
    return len(loose) >= _LOOSE_PARTS or sum(loose) + rows > max(_LOOSE_ROWS, int(_LOOSE_SHARE * ground))


def _names(rows: pa.Table) -> list[str]:
    return list(dict.fromkeys(name for text in rows["fields"].to_pylist() for name in json.loads(text)))


def _fold(target: Path, columns: Sequence[str], parts: Sequence[Part], rows: pa.Table, spill: Path) -> tuple[int, bool]:
    """Write one part; `agreed` is null where a row has agreed on all columns, and left out where every row has."""
    with duckdb.connect() as con:
        con.execute(f"SET temp_directory = {quote_literal(str(spill / '.spill'))}")
        create_base_view(con, "folded", columns, parts, rows)
        partly = f"CASE WHEN len(agreed) < {len(columns)} THEN agreed END"
        values = "".join(f", {quote_identifier(column)}" for column in columns)
        select = f"SELECT keva_id, sf_id{values}, {partly} AS agreed FROM folded ORDER BY keva_id, sf_id"  # noqa: S608 quoted
        con.execute(f"COPY ({select}) TO {quote_literal(str(target))} (FORMAT parquet)")
        count, some = con.sql(f"SELECT count(*), count(agreed) FROM {parquet([target])}").fetchall()[0]  # noqa: S608 quoted
    shutil.rmtree(spill / ".spill", ignore_errors=True)
    return count, bool(some)


def _link_or_copy(path: Path, target: Path) -> None:
    """Give the file its final name while the old one stays, so that a failed commit loses nothing."""
    try:
        os.link(path, target)
    except OSError:
        with suppress(FileNotFoundError):
            target.unlink()
        shutil.copyfile(path, target)
        flush(target)
    flush(target.parent)
