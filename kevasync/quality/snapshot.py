"""The gate on an extract: every row checked in DuckDB SQL, the rest of a suite by Great Expectations on a sample."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from kevasync.quality import engine
from kevasync.quality.engine import Expectation
from kevasync.values import quote_identifier, quote_literal

__all__ = ["Finding", "SnapshotResult", "run"]

EXAMPLES = 5
SAMPLE_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Finding:
    """An expectation that is not met: in how many rows, and the first few ids. `sampled`: counted in a sample."""

    field: str
    expectation: str
    reason: str
    rows: int
    examples: tuple[str, ...]
    critical: bool
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotResult:
    """What a snapshot looks like: rows, how many have a value in each checked column, and what is wrong."""

    rows: int
    filled: dict[str, int]
    findings: list[Finding]
    skipped: tuple[str, ...]
    path: Path

    @property
    def success(self) -> bool:
        """True where nothing of weight was found."""
        return not any(finding.critical for finding in self.findings)


def run(
    parts: Sequence[Path],
    suite: Mapping[str, Any],
    *,
    results_dir: Path,
    id_column: str = "_id",
    sample_rows: int = SAMPLE_ROWS,
    where: str = "the quality suite",
) -> SnapshotResult:
    """Check a snapshot (Parquet parts, see `kevasync.endpoint`); deleted rows are left out.

    Raises UsageError `quality-suite-invalid`.
    """
    expectations = engine.prepare(suite, where)
    with duckdb.connect() as con:
        columns = _view(con, parts)
        usable = [item for item in expectations if set(item.columns) <= columns]
        names = dict.fromkeys(name for item in usable for name in item.columns if not name.startswith("_"))
        rows, filled = _filled(con, list(names))
        findings: list[Finding] = []
        in_sql = [item for item in usable if item.type in CONDITIONS and _understood(con, item)]
        for item in in_sql:
            findings.extend(_finding(con, item, CONDITIONS[item.type](item), id_column))
        rest = [item for item in usable if item not in in_sql]
        findings.extend(_sampled(con, rest, id_column, sample_rows, where))
    skipped = tuple(f"{item.type} on {item.field}" for item in expectations if item not in usable)
    result = SnapshotResult(rows, filled, findings, skipped, results_dir / "quality-snapshot.json")
    _keep(result)
    return result


def _view(con: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> set[str]:
    if not parts:
        con.execute("CREATE VIEW rows AS SELECT 1 WHERE false")
        return set()
    files = ", ".join(quote_literal(str(part)) for part in parts)
    source = f"read_parquet([{files}], union_by_name = true)"
    columns = {row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}  # noqa: S608 quoted
    live = "WHERE _deleted IS NOT TRUE" if "_deleted" in columns else ""
    con.execute(f"CREATE VIEW rows AS SELECT * FROM {source} {live}")  # noqa: S608 quoted
    return columns


def _filled(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> tuple[int, dict[str, int]]:
    counts = "".join(f", count({quote_identifier(name)})" for name in names)
    row = con.execute(f"SELECT count(*){counts} FROM rows").fetchall()[0]  # noqa: S608 quoted
    return row[0], dict(zip(names, row[1:], strict=True))


def _understood(con: duckdb.DuckDBPyConnection, item: Expectation) -> bool:
    """False for a pattern of Python's that DuckDB cannot read (look-ahead, back-reference): it is run on a sample."""
    try:
        con.execute("SELECT regexp_matches('', ?)", [item.kwargs.get("regex", "")]).fetchall()
    except duckdb.Error:
        return False
    return True


def _column(item: Expectation) -> str:
    return quote_identifier(item.columns[0])


def _not_null(item: Expectation) -> str:
    return f"{_column(item)} IS NULL"


def _length(item: Expectation) -> str:
    low, high = item.kwargs.get("min_value"), item.kwargs.get("max_value")
    tests = [f"length({_column(item)}) < {int(low)}"] if low is not None else []
    tests += [f"length({_column(item)}) > {int(high)}"] if high is not None else []
    return f"({' OR '.join(tests)})"


def _regex(item: Expectation) -> str:
    return f"NOT regexp_matches({_column(item)}, {quote_literal(item.kwargs['regex'])})"


def _in_set(item: Expectation) -> str:
    listed = ", ".join(quote_literal(str(value)) for value in item.kwargs["value_set"])
    return f"{_column(item)} NOT IN ({listed})" if listed else f"{_column(item)} IS NOT NULL"


CONDITIONS: Mapping[str, Callable[[Expectation], str | None]] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_value_lengths_to_be_between": _length,
    "expect_column_values_to_match_regex": _regex,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_be_unique": lambda _item: None,
}
"""The SQL that is true of a row that does not meet the expectation; None: a question over all rows."""


def _finding(con: duckdb.DuckDBPyConnection, item: Expectation, condition: str | None, id_column: str) -> list[Finding]:
    identifier, column = quote_identifier(id_column), _column(item)
    if condition is None:
        value = f"lower({column})" if item.ignore_case else column
        twice = f"SELECT {value} FROM rows WHERE {column} IS NOT NULL GROUP BY 1 HAVING count(*) > 1"  # noqa: S608 quoted
        condition = f"{value} IN ({twice})"
    sql = f"SELECT count(*), min({identifier}, {EXAMPLES}) FROM rows WHERE {condition}"  # noqa: S608 quoted
    count, examples = con.execute(sql).fetchall()[0]
    said = con.execute(f"SELECT count({column}) FROM rows").fetchall()[0][0]  # noqa: S608 quoted
    return _judge(item, count, said, tuple(str(found) for found in examples or ()), sampled=False)


def _sampled(
    con: duckdb.DuckDBPyConnection, items: Sequence[Expectation], id_column: str, rows: int, where: str
) -> list[Finding]:
    if not items:
        return []
    # by hash of the id: the same sample of the same records on every run
    frame = con.execute(f"SELECT * FROM rows ORDER BY hash({quote_identifier(id_column)}) LIMIT {rows}").df()  # noqa: S608 quoted
    by_position = {item.position: item for item in items}
    found: list[Finding] = []
    for verdict in engine.validate(frame, items, id_column, where):
        item = by_position[verdict.position]
        if item.by_row:
            found.extend(_judge(item, len(verdict.failed), verdict.said, verdict.failed[:EXAMPLES], sampled=True))
        elif not verdict.success:
            reason = f"{item.type}: observed {verdict.observed}"
            found.append(Finding(item.field, item.type, reason, 0, (), item.critical, sampled=True))
    return found


def _judge(item: Expectation, failed: int, said: int, examples: tuple[str, ...], *, sampled: bool) -> list[Finding]:
    met = failed == 0 or (item.mostly < 1 and said - failed >= item.mostly * said)
    return [] if met else [Finding(item.field, item.type, item.reason, failed, examples, item.critical, sampled)]


def _keep(result: SnapshotResult) -> None:
    document = {
        "success": result.success,
        "rows": result.rows,
        "filled": result.filled,
        "skipped": list(result.skipped),
        "findings": [asdict(finding) for finding in result.findings],
    }
    result.path.parent.mkdir(parents=True, exist_ok=True)
    temporary = result.path.with_name(f".{result.path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    temporary.replace(result.path)
