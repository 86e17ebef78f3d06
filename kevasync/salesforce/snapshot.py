"""Turn what Salesforce answered, JSON records or CSV files, into the Parquet parts of a snapshot."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kevasync.errors import RunError
from kevasync.salesforce.soql import Columns
from kevasync.values import quote_identifier, quote_literal

__all__ = ["SnapshotParts", "connect", "csv_header", "csv_rows"]

LONGEST_LINE = 32 << 20
"""Bytes of one CSV record: 400,000 characters is the most a record holds, in UTF-8 with doubled quotes under 4 MB."""


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection in memory that spills beside the files it works on, not into the current folder."""
    return duckdb.connect(config={"temp_directory": str(folder / ".spill")})


class SnapshotParts:
    """Writes numbered parts in snapshot form into a folder, and knows rows and the latest time stamp of them all."""

    def __init__(self, con: duckdb.DuckDBPyConnection, columns: Columns, into: Path) -> None:
        self.rows = 0
        self.latest: str | None = None
        self.parts: list[Path] = []
        self._con = con
        self._columns = columns
        self.folder = into

    def add_records(self, records: Sequence[Mapping[str, Any]]) -> None:
        """One part from decoded JSON records (numbers as text)."""
        text, names = pa.string(), self._columns.selected
        arrays = [pa.array([_text(_reach(record, path)) for record in records], text) for path in names]
        self._con.register("kevasync_records", pa.table(arrays, names=list(names)))
        try:
            self._write("kevasync_records", "true")
        finally:
            self._con.unregister("kevasync_records")

    def add_gone(self, ids: Iterable[str]) -> None:
        """Rows that say only: this record is gone."""
        if records := [{"Id": item, "IsDeleted": True} for item in ids]:
            self.add_records(records)

    def ids(self) -> set[str]:
        """The ids in the parts written so far."""
        files = ", ".join(quote_literal(str(path)) for path in self.parts)
        found = self._con.execute(f"SELECT _id FROM read_parquet([{files}])").fetchall() if self.parts else []  # noqa: S608 our own paths
        return {row[0] for row in found}

    def add_csv(self, path: Path, keep: str, values: Sequence[Any]) -> int:
        """One part from a results file of the Bulk API, of the rows for which the SQL `keep` holds; gives rows read."""
        header = csv_header(path)
        if not header:
            raise RunError("salesforce-answer-incomplete", f"{path.name} is empty, not even a header came")
        known = {name.casefold() for name in header}
        lacking = [name for name in self._columns.selected if name.casefold() not in known]
        if lacking:
            raise RunError("salesforce-answer-incomplete", f"The results lack the column {', '.join(lacking)}")
        rows = csv_rows(path, header)
        self._write(rows, keep, values)
        return int(self._con.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])  # noqa: S608 our own SQL

    def finish(self) -> tuple[Path, ...]:
        """All parts; at least one, so that an empty snapshot still knows its columns."""
        if not self.parts:
            self.add_records([])
        return tuple(self.parts)

    def _write(self, relation: str, keep: str, values: Sequence[Any] = ()) -> None:
        path = self.folder / f"part-{len(self.parts):05d}.parquet"
        sql = f"COPY (SELECT {self._projection()} FROM {relation} WHERE {keep}) TO {quote_literal(str(path))}"  # noqa: S608 names from describe, quoted
        self._con.execute(sql + " (FORMAT parquet, COMPRESSION zstd)", list(values))
        with path.open("rb") as file:
            os.fsync(file.fileno())
        counted = f"SELECT count(*), max(_modified) FROM read_parquet({quote_literal(str(path))})"  # noqa: S608 our own path
        rows, latest = self._con.execute(counted).fetchall()[0]
        self.parts.append(path)
        self.rows += int(rows)
        self.latest = max(filter(None, (self.latest, latest)), default=None)

    def _projection(self) -> str:
        columns = self._columns
        deleted = "coalesce(lower(\"IsDeleted\") = 'true', false)" if columns.deleted else "false"
        modified = _time(quote_identifier(columns.modified)) if columns.modified else "NULL::VARCHAR"
        fields = [
            f"{_time(quote_identifier(path)) if path in columns.times else _value(path)} AS {quote_identifier(name)}"
            for name, path in zip(columns.asked, columns.paths, strict=True)
        ]
        own = [
            '"Id" AS _id',
            f"{modified} AS _modified",
            f"{deleted} AS _deleted",
            f"{_value('MasterRecordId') if columns.master else 'NULL::VARCHAR'} AS _master",
            "NULL::VARCHAR[] AS _absent",
        ]
        return ", ".join(own + fields)


def csv_header(path: Path) -> list[str]:
    """The column names of a CSV file; empty where the file is."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), [])


def csv_rows(path: Path, header: Sequence[str]) -> str:
    """SQL that reads a CSV file of Salesforce with every column as text, line breaks inside values untouched."""
    columns = ", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in header)
    return (
        f"read_csv({quote_literal(str(path))}, auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"escape = '\"', columns = {{{columns}}}, max_line_size = {LONGEST_LINE}, nullstr = '')"
    )


def _value(path: str) -> str:
    return f"nullif({quote_identifier(path)}, '')"


def _time(column: str) -> str:
    """SQL for a time as YYYY-MM-DDTHH:MM:SS.mmmZ: REST writes +0000, Bulk writes Z, some leave milliseconds out."""
    plain = f"regexp_replace({column}, '(\\+00:?00|Z)$', '')"
    return (
        f"CASE WHEN {column} IS NULL OR {column} = '' THEN NULL "
        f"WHEN NOT regexp_matches({column}, '(\\+00:?00|Z)$') THEN {column} "
        f"WHEN contains({plain}, '.') THEN rpad(left({plain}, 23), 23, '0') || 'Z' ELSE {plain} || '.000Z' END"
    )


def _reach(record: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a record."""
    value: Any = record
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _text(value: Any) -> str | None:
    """A JSON value as snapshot text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None
