"""Land any table file (CSV, NDJSON, JSON, Parquet, gz) as one snapshot part, all or nothing."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kevasync.endpoint import Extracted, Progress
from kevasync.errors import RunError, UsageError
from kevasync.keva import columnar, delimited, documents
from kevasync.keva.columns import Raw, one_of
from kevasync.keva.custom import custom_column, expanded, plain_names
from kevasync.keva.form import Form, recognise
from kevasync.values import quote_identifier, quote_literal

__all__ = [
    "CUSTOM_NOTE",
    "copy_out",
    "disk_errors",
    "is_parquet",
    "land_rows",
    "land_table",
    "modified_sql",
    "parquet_view",
    "publish",
    "work_folder",
]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_TEXT = ("No space left", "Disk quota", "File too large", "not enough disk space")
_ROWS_A_GROUP = 61_440
_CELLS_A_GROUP = 4_000_000
_WIDE = 1_000
_NAMED = 3
CUSTOM_NOTE = "kevasync_custom_fields"
"""Key of the Parquet metadata that lists the columns made of custom fields, as JSON."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns may carry the id, the time stamp, the mark of deletion and the id merged into; first found wins."""

    id: tuple[str, ...]
    modified: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    master: tuple[str, ...] = ()


def land_table(
    path: Path,
    into: Path,
    *,
    id_columns: Sequence[str],
    modified_columns: Sequence[str] = (),
    deleted_columns: Sequence[str] = (),
    master_columns: Sequence[str] = (),
    spelling: Callable[[str], str] = str,
    custom_fields: bool = False,
    progress: Progress | None = None,
) -> Extracted:
    """Read the file into the folder `into`, which exists, as one Parquet part in the form `kevasync.endpoint` gives.

    `spelling` gives a heading its usual form. With `custom_fields` a column `customFields` (an object, or JSON text)
    is laid out as columns of its own. The part appears only when the whole file is good; a header without rows is an
    empty side; rows need not keep their order. Raises UsageError with an `export-*` code, RunError disk-full.
    """
    roles = Roles(tuple(id_columns), tuple(modified_columns), tuple(deleted_columns), tuple(master_columns))
    with disk_errors(into), work_folder(into) as work, duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"SET temp_directory = {quote_literal(str(work))}")
        form = recognise(path, work)
        if progress:
            progress.start(f"Reading {path.name}" + (f" ({form.note})" if form.note else ""), None)
        part, extracted = _Landing(form, work, con, roles, spelling, custom_fields).run()
        target = publish(part, into)
        if progress:
            progress.advance(extracted.rows)
            progress.done()
    return Extracted((target,), extracted.rows, extracted.columns, watermark=extracted.watermark)


def land_rows(path: Path, into: Path, *, hints: Sequence[str]) -> Path:
    """Read the file as it is (every column as text, no ids asked for) into one Parquet file in the folder `into`.

    `hints` are columns that should be there; they tell the delimiter. Raises as `land_table` does.
    """
    with disk_errors(into), work_folder(into) as work, duckdb.connect() as con:
        con.execute(f"SET temp_directory = {quote_literal(str(work))}")
        landing = _Landing(recognise(path, work), work, con, Roles(tuple(hints)), str, custom_fields=False)
        return publish(landing.as_it_is(), into)


def parquet_view(
    path: Path,
    *,
    id_columns: Sequence[str],
    modified_columns: Sequence[str] = (),
    deleted_columns: Sequence[str] = (),
    master_columns: Sequence[str] = (),
    spelling: Callable[[str], str] = str,
    check: bool = True,
    bare: bool | None = None,
) -> tuple[str, tuple[str, ...]] | None:
    """(SQL in snapshot form, columns) over a Parquet file as it lies there, or None where it must be landed first.

    That is: it is not Parquet, it is packed, or it has nested custom fields. With `check`, ids are proven unique and
    not null, which reads that one column. `bare` says that no id is padded; None: look, which reads it too. Raises
    UsageError as `land_table` does.
    """
    if path.is_file() and not is_parquet(path):
        return None
    roles = Roles(tuple(id_columns), tuple(modified_columns), tuple(deleted_columns), tuple(master_columns))
    with tempfile.TemporaryDirectory() as work, duckdb.connect() as con:
        form = recognise(path, Path(work))
        raw = columnar.read(path, path, con, spelling)
        if custom_column(raw.columns) or plain_names(raw.columns) != raw.columns:
            return None
        id_column = one_of(raw.columns, roles.id)
        try:
            # a bare column is what DuckDB can skip rows by while it reads the file; a trimmed one is not
            bare = id_column is not None and (_ids_are_bare(con, raw, id_column) if bare is None else bare)
            sql = snapshot_sql(path, raw.sql, raw.columns, raw.columns, roles, absent=False, bare_id=bare, place=True)
            if check and not (bare and _ids_differ(con, raw, str(id_column))):
                _check_ids(form, con, f"({sql})", raw, id_column)
        except duckdb.Error as error:
            raise UsageError("export-truncated", f"{path} is damaged: {str(error).splitlines()[0]}") from error
    return sql, raw.columns


def is_parquet(path: Path) -> bool:
    """Whether the file is there and begins as Parquet does. Raises UsageError export-unreadable."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UsageError("export-unreadable", f"{path} cannot be opened: {error.strerror}.") from error


def _ids_are_bare(con: duckdb.DuckDBPyConnection, raw: Raw, column: str) -> bool:
    """No id is null, empty or padded with spaces."""
    name = quote_identifier(column)
    padded = f"{name} IS NULL OR {name} < '!' OR ends_with({name}, ' ')"  # below '!': empty, or a space comes first
    return not con.execute(f"SELECT 1 FROM ({raw.sql}) WHERE {padded} LIMIT 1").fetchall()  # noqa: S608 quoted


def _ids_differ(con: duckdb.DuckDBPyConnection, raw: Raw, column: str) -> bool:
    """All ids surely differ, told by their hashes alone, at half the cost; False: perhaps not, so look at the ids."""
    name = quote_identifier(column)
    rows, different = con.execute(f"SELECT count(*), count(DISTINCT hash({name})) FROM ({raw.sql})").fetchall()[0]  # noqa: S608 quoted
    return bool(rows == different)


def snapshot_sql(
    path: Path,
    sql: str,
    columns: Sequence[str],
    names: Sequence[str],
    roles: Roles,
    *,
    absent: bool,
    bare_id: bool = False,
    place: bool = False,
) -> str:
    """The snapshot's meta columns before the fields; a `bare_id` needs no trimming. Raises UsageError export-no-id."""
    id_column = one_of(columns, roles.id)
    if id_column is None and columns:
        seen = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")  # noqa: PLR2004 a line's worth
        raise UsageError("export-no-id", f"{path} has no id column ({' or '.join(roles.id)}). Its columns: {seen}.")
    flag = _expr(one_of(columns, roles.deleted))
    picked = [
        f"{_expr(id_column)} AS _id" if bare_id else f"nullif(trim({_expr(id_column)}), '') AS _id",
        f"{modified_sql(_expr(one_of(columns, roles.modified)))} AS _modified",
        f"coalesce(lower(trim({flag})) IN ('true', '1', 't', 'yes', 'y'), false) AS _deleted",
        f"nullif(trim({_expr(one_of(columns, roles.master))}), '') AS _master",
        f"{'_absent' if absent else 'CAST(NULL AS VARCHAR[])'} AS _absent",
        *(["_place"] if place else []),
    ]
    picked += [f"{quote_identifier(own)} AS {quote_identifier(name)}" for own, name in zip(columns, names, strict=True)]
    return f"SELECT {', '.join(picked)} FROM ({sql})"  # noqa: S608 quoted


def modified_sql(expr: str) -> str:
    """A time stamp as ISO 8601 UTC with milliseconds and `Z`; no offset means UTC, what is no time is null."""
    # DuckDB drops the offset when it casts to TIMESTAMP, and takes the session's zone when it casts to TIMESTAMPTZ.
    offset = f"regexp_matches({expr}, '\\d:\\d\\d.*[+-]\\d\\d(:?\\d\\d)?$') AND NOT ends_with({expr}, '+0000')"
    moment = (
        f"CASE WHEN {offset} THEN try_cast({expr} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
        f"ELSE try_cast({expr} AS TIMESTAMP) END"
    )
    return f"CASE WHEN isfinite({moment}) THEN strftime({moment}, '%Y-%m-%dT%H:%M:%S.%gZ') END"


def _expr(column: str | None) -> str:
    return quote_identifier(column) if column else "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True, slots=True)
class _Landing:
    """One file on its way to one part."""

    form: Form
    work: Path
    con: duckdb.DuckDBPyConnection
    roles: Roles
    spelling: Callable[[str], str]
    custom_fields: bool

    def run(self) -> tuple[Path, Extracted]:
        """The finished part, still in the work folder, and its figures."""
        path = self.form.path
        raw = self._read()
        part = self.work / "part.parquet"
        column = custom_column(raw.columns) if self.custom_fields else None
        if column is None:
            raw, rows = self._copy(raw, part, self._final)
            names = self._names(raw.columns)
        else:
            stage = self.work / "stage.parquet"
            raw, rows = self._copy(raw, stage, lambda one: one.sql)
            sql, columns = expanded(self.con, stage, raw.columns, column, path, absent=raw.absent)
            names = self._names(columns)
            final = snapshot_sql(path, sql, columns, names, self.roles, absent=True)
            copy_out(self.con, final, part, len(names), custom=[name for name in names if name not in raw.columns])
        source = f"read_parquet({quote_literal(str(part))})"
        _check_ids(self.form, self.con, source, raw, one_of(raw.columns, self.roles.id))
        (watermark,) = self.con.execute(f"SELECT max(_modified) FROM {source}").fetchall()[0]  # noqa: S608 quoted
        return part, Extracted((part,), rows, names, watermark=watermark)

    def as_it_is(self) -> Path:
        """The rows without meta columns, still in the work folder."""
        part = self.work / "part.parquet"
        self._copy(self._read(), part, _bare)
        return part

    def _read(self) -> Raw:
        match self.form.kind:
            case "csv":
                return delimited.read(self.form, self.work, self.roles.id, self.spelling)
            case "json":
                return documents.read(self.form, self.work, self.con, self.spelling)
            case "parquet":
                return columnar.read(self.form.path, self.form.plain, self.con, self.spelling)

    def _names(self, columns: Sequence[str]) -> tuple[str, ...]:
        return plain_names(columns) if self.custom_fields else tuple(columns)

    def _final(self, raw: Raw) -> str:
        return snapshot_sql(
            self.form.path, raw.sql, raw.columns, self._names(raw.columns), self.roles, absent=raw.absent
        )

    def _copy(self, raw: Raw, target: Path, sql: Callable[[Raw], str]) -> tuple[Raw, int]:
        """Write what was read; where the fast reading fails or cannot be believed, write the exact one."""
        try:
            rows = copy_out(self.con, sql(raw), target, len(raw.columns))
        except duckdb.Error as error:
            if _is_full(error):
                raise
            if raw.exact is None:
                reason = str(error).splitlines()[0]
                raise UsageError("export-truncated", f"{self.form.path} cannot be read to its end: {reason}") from error
            rows = -1
        if raw.exact is None or (rows >= 0 and raw.believe(rows)):
            return raw, rows
        raw = raw.exact()
        return raw, copy_out(self.con, sql(raw), target, len(raw.columns))


def _bare(raw: Raw) -> str:
    return f"SELECT {', '.join(map(quote_identifier, raw.columns))} FROM ({raw.sql})"  # noqa: S608 quoted


def copy_out(con: duckdb.DuckDBPyConnection, sql: str, target: Path, width: int, custom: Sequence[str] = ()) -> int:
    """Write the rows as one Parquet file; answers their number."""
    if width > _WIDE:
        con.execute("SET threads = 1")  # each thread holds 2,048 rows of every column: twice the memory, thrice the CPU
    group = max(2048, min(_ROWS_A_GROUP, _CELLS_A_GROUP // max(width, 1)))
    # Which columns were custom fields is kept in the file, for whoever writes them back.
    note = f", KV_METADATA {{{CUSTOM_NOTE}: {quote_literal(json.dumps(list(custom)))}}}" if custom else ""
    copied = con.execute(f"COPY ({sql}) TO {quote_literal(str(target))} (FORMAT parquet, ROW_GROUP_SIZE {group}{note})")
    return int(copied.fetchall()[0][0])


def _check_ids(form: Form, con: duckdb.DuckDBPyConnection, source: str, raw: Raw, column: str | None) -> None:
    """Every record has an id and no two have the same. Raises UsageError export-id-missing, export-id-twice."""
    if column is None:
        return
    rows, ids, different = con.execute(f"SELECT count(*), count(_id), count(DISTINCT _id) FROM {source}").fetchall()[0]  # noqa: S608 quoted
    if ids < rows:
        places = [place for _, place in raw.locate(column, frozenset({""}))]
        raise UsageError(
            "export-id-missing", f"{form.path}: {rows - ids:,} of {rows:,} records have no {column}: {_some(places)}."
        )
    if different < ids:
        twice = con.execute(f"SELECT _id FROM {source} GROUP BY _id HAVING count(*) > 1 ORDER BY _id").fetchall()  # noqa: S608 quoted
        first = [str(row[0]) for row in twice[:_NAMED]]
        places_of: dict[str, list[str]] = {one: [] for one in first}
        for value, place in raw.locate(column, frozenset(first)):
            places_of[value].append(place)
        told = "; ".join(f"{one!r} on {_some(places)}" for one, places in places_of.items())
        more = f" and {len(twice) - _NAMED:,} more" if len(twice) > _NAMED else ""
        number = "1 id stands" if len(twice) == 1 else f"{len(twice):,} ids stand"
        raise UsageError("export-id-twice", f"{form.path}: {number} more than once: {told}{more}.")


def _some(places: Sequence[str]) -> str:
    return ", ".join(places[:_NAMED]) + (", …" if len(places) > _NAMED else "")


@contextmanager
def work_folder(into: Path) -> Iterator[Path]:
    """A hidden folder beside the parts, gone when the work is over, however it ends."""
    work = Path(tempfile.mkdtemp(prefix=".landing-", dir=into))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn the many ways of saying that a disk is full into RunError disk-full."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if not _is_full(error):
            raise
        raise RunError("disk-full", f"There is no room left on the disk of {folder}.") from error


def _is_full(error: Exception) -> bool:
    number = getattr(error, "errno", None)
    return number in _FULL or any(text.casefold() in str(error).casefold() for text in _FULL_TEXT)


def publish(part: Path, into: Path) -> Path:
    """Make the part safe on disk, then give it its name."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    number = len(list(into.glob("part-*.parquet")))
    target = into / f"part-{number:05d}.parquet"
    part.replace(target)
    folder = os.open(into, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return target
