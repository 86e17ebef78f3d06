"""The gate on a batch about to be written: rows that do not meet the suite are named, with the reason."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from kevasync.errors import Refused, UsageError
from kevasync.quality import engine
from kevasync.quality.engine import Expectation, Frame
from kevasync.values import quote_identifier, quote_literal

__all__ = ["CHUNK_ROWS", "GateResult", "Rejected", "as_table", "run"]

CHUNK_ROWS = 500_000
NOT_NULL = "expect_column_values_to_not_be_null"
UNIQUE = frozenset({"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"})


class Rejected(NamedTuple):
    """One row that must not be written, and one reason; a row may be rejected for several."""

    key: str
    expectation: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gate said. `refused` are expectations on the whole batch that are not met: nothing may be written then.

    `warnings` counts rows by reason for expectations of a lesser severity. `path` is the result JSON: keys, no values.
    """

    rows: int
    rejected: list[Rejected]
    refused: list[str]
    warnings: dict[str, int]
    skipped: tuple[str, ...]
    path: Path
    seconds: float

    @property
    def success(self) -> bool:
        """True where every row may be written."""
        return not self.rejected and not self.refused

    def rejected_keys(self) -> set[str]:
        """The keys of the rows to leave out."""
        return {row.key for row in self.rejected}


@dataclass(slots=True)
class _Tally:
    """What one expectation has said so far, over all chunks."""

    expectation: Expectation
    said: int = 0
    failed: list[str] = field(default_factory=list)
    success: bool = True
    observed: Any = None
    engine: str = "great_expectations"

    def settle(self) -> bool:
        """Whether it is met, all chunks together: `mostly` is a share of the rows that said something."""
        if self.expectation.by_row:
            met = self.said - len(self.failed)
            return not self.failed or (self.expectation.mostly < 1 and met >= self.expectation.mostly * self.said)
        return self.success

    def as_dict(self) -> dict[str, Any]:
        """The shape of Great Expectations' own result, with keys in place of values."""
        return {
            "success": self.settle(),
            "engine": self.engine,
            "expectation_config": {"type": self.expectation.type, "kwargs": dict(self.expectation.kwargs)},
            "reason": self.expectation.reason,
            "result": {
                "element_count": self.said,
                "unexpected_count": len(self.failed),
                "unexpected_keys": self.failed,
                "observed_value": self.observed,
            },
        }


def run(
    batch_parquet: Path,
    suite: Mapping[str, Any],
    *,
    results_dir: Path,
    key: str = "_key",
    chunk_rows: int = CHUNK_ROWS,
    where: str = "the quality suite",
) -> GateResult:
    """Check a batch in the form of `endpoint.WriteBatch` against a suite; the result JSON is kept in `results_dir`.

    Null means leave alone, so a required field is judged where the row creates a record or clears the field.
    Raises UsageError `quality-suite-invalid`, `quality-batch-unreadable`.
    """
    began = time.monotonic()
    with _open(batch_parquet, key) as file:
        present = set(file.schema_arrow.names)
        rows = file.metadata.num_rows
        expectations = engine.prepare(suite, where)
        usable = [item for item in expectations if present.issuperset(item.columns)]
        tallies = {item.position: _Tally(item) for item in usable}
        for tally in tallies.values():
            if tally.expectation.type in UNIQUE:
                _unique(batch_parquet, tally, key)
        _by_chunk(file, tallies, key, chunk_rows, where)
        _whole(file, tallies, key, where)
    skipped = tuple(f"{item.type} on {item.field}" for item in expectations if item not in usable)
    path = results_dir / f"quality-{batch_parquet.stem}.json"
    result = _result(rows, list(tallies.values()), skipped, path, time.monotonic() - began)
    _keep(result, suite, list(tallies.values()), path)
    return result


def as_table(result: GateResult) -> pa.Table | None:
    """The rows to leave out, as apply wants them: `_key`, `reason` (all of a row's, joined); None where there are none.

    Raises Refused `quality-refused` where the batch as a whole does not meet the suite.
    """
    if result.refused:
        raise Refused("quality-refused", "; ".join(result.refused))
    reasons: dict[str, list[str]] = {}
    for row in result.rejected:
        reasons.setdefault(row.key, []).append(row.reason)
    if not reasons:
        return None
    return pa.table({"_key": list(reasons), "reason": ["; ".join(listed) for listed in reasons.values()]})


def _open(path: Path, key: str) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise UsageError("quality-batch-unreadable", f"{path.name} is not a Parquet file") from error
    if key not in file.schema_arrow.names:
        file.close()
        raise UsageError("quality-batch-unreadable", f"{path.name} has no column {key}")
    return file


def _by_chunk(file: pq.ParquetFile, tallies: Mapping[int, _Tally], key: str, chunk_rows: int, where: str) -> None:
    """Expectations that look at one row at a time: chunk by chunk, so that memory does not follow the batch."""
    items = [t.expectation for t in tallies.values() if t.expectation.by_row and not t.expectation.cross_row]
    plain = [item for item in items if item.type != NOT_NULL]
    required = [item for item in items if item.type == NOT_NULL]
    if not items:
        return
    for frame in _frames(file, items, key, chunk_rows, extra=("_id", "_clear") if required else ()):
        # only flat columns reach the library: it pickles every frame, and lists cost it seconds
        flat = frame.drop(columns=[name for name in ("_clear",) if name in frame])
        _add(tallies, engine.validate(flat, plain, key, where))
        for item in required:
            said = frame.loc[_said(frame, item.columns[0]), [key, item.columns[0]]]
            _add(tallies, engine.validate(said, [item], key, where))


def _whole(file: pq.ParquetFile, tallies: Mapping[int, _Tally], key: str, where: str) -> None:
    """Expectations on the batch as a whole (counts, shares, order): all rows of the columns they read."""
    items = [
        tally.expectation
        for tally in tallies.values()
        if tally.expectation.type not in UNIQUE and (tally.expectation.cross_row or not tally.expectation.by_row)
    ]
    for frame in _frames(file, items, key, max(file.metadata.num_rows, 1)) if items else ():
        _add(tallies, engine.validate(frame, items, key, where))


def _frames(
    file: pq.ParquetFile, items: Sequence[Expectation], key: str, rows: int, extra: Sequence[str] = ()
) -> Iterator[Frame]:
    wanted = {key, *(name for item in items for name in item.columns), *extra} & set(file.schema_arrow.names)
    columns = [name for name in file.schema_arrow.names if name in wanted]
    for batch in file.iter_batches(batch_size=rows, columns=columns):
        yield batch.to_pandas()


def _said(frame: Frame, column: str) -> Frame:
    """True for the rows that say something of a required field: a value, a clear, or a new record."""
    said = frame[column].notna()
    if "_id" in frame:
        said |= frame["_id"].isna()
    if "_clear" in frame:
        silent = frame.loc[~said, "_clear"]
        cleared = silent.map(lambda names: names is not None and column in names)
        said[cleared.index[cleared.astype(bool)]] = True
    return said


def _add(tallies: Mapping[int, _Tally], verdicts: Sequence[engine.Verdict]) -> None:
    for verdict in verdicts:
        tally = tallies[verdict.position]
        tally.said += verdict.said
        tally.failed.extend(verdict.failed)
        tally.success &= verdict.success
        tally.observed = verdict.observed


def _unique(path: Path, tally: _Tally, key: str) -> None:
    """Uniqueness across the whole batch, in DuckDB: the same answer for ten rows and for ten million."""
    item = tally.expectation
    columns = [quote_identifier(name) for name in item.columns]
    values = [f"lower({name})" if item.ignore_case else name for name in columns]
    source = f"read_parquet({quote_literal(str(path))})"
    present = " AND ".join(f"{name} IS NOT NULL" for name in columns)
    partition = ", ".join(values)
    with duckdb.connect() as con:
        tally.said = con.execute(f"SELECT count(*) FROM {source} WHERE {present}").fetchall()[0][0]  # noqa: S608 quoted
        tally.failed = [
            str(row[0])
            for row in con.execute(
                f"SELECT {quote_identifier(key)} FROM {source} WHERE {present} "  # noqa: S608 quoted
                f"QUALIFY count(*) OVER (PARTITION BY {partition}) > 1 ORDER BY 1"
            ).fetchall()
        ]
    tally.engine = "duckdb"


def _result(rows: int, tallies: Sequence[_Tally], skipped: tuple[str, ...], path: Path, seconds: float) -> GateResult:
    rejected: list[Rejected] = []
    refused: list[str] = []
    warnings: dict[str, int] = {}
    for tally in (tally for tally in tallies if not tally.settle()):
        item = tally.expectation
        if not item.critical:
            warnings[item.reason] = warnings.get(item.reason, 0) + max(len(tally.failed), 1)
        elif tally.failed:
            rejected.extend(Rejected(key, item.type, item.field, item.reason) for key in tally.failed)
        else:
            refused.append(f"{item.type}{f' on {item.field}' if item.columns else ''}: observed {tally.observed}")
    return GateResult(rows, rejected, refused, warnings, skipped, path, seconds)


def _keep(result: GateResult, suite: Mapping[str, Any], tallies: Sequence[_Tally], path: Path) -> None:
    document = {
        "suite": suite.get("name"),
        "success": result.success,
        "rows": result.rows,
        "rejected_rows": len(result.rejected_keys()),
        "refused": result.refused,
        "skipped": list(result.skipped),
        "results": [tally.as_dict() for tally in tallies],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(document, indent=1, ensure_ascii=False, default=str), encoding="utf-8")
    temporary.replace(path)
