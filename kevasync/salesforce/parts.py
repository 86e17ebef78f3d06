"""The files of a bulk load: cuts a batch into parts, writes upload CSV, matches result files back to the rows sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from kevasync.endpoint import Failure, WriteOutcome, WriteResult
from kevasync.salesforce.cost import MOST_BYTES
from kevasync.salesforce.failures import GONE, bulk_failure, failure
from kevasync.salesforce.snapshot import connect, csv_header, csv_rows
from kevasync.values import quote_identifier, quote_literal

__all__ = [
    "CLEAR",
    "MOST_BYTES",
    "Carried",
    "Leftover",
    "cut",
    "impossible_rows",
    "keys_of",
    "match",
    "part_file",
    "subset",
    "write_csv",
]

CLEAR = "#N/A"
RESULT_ROWS = 2_000  # handed on at a time
FETCH_ROWS = 50_000
OWN_COLUMNS = frozenset({"_key", "_keva_id", "_id", "_clear"})


@dataclass(frozen=True, slots=True)
class Carried:
    """A Parquet file in the form of a `WriteBatch`, and how its rows become records."""

    path: Path
    create: bool
    external_id: str | None
    delete: bool = False

    @property
    def operation(self) -> str:
        """Salesforce's word: update, delete, upsert (creates that carry the external id), insert."""
        if not self.create:
            return "delete" if self.delete else "update"
        return "upsert" if self.external_id else "insert"

    @property
    def fields(self) -> tuple[str, ...]:
        """The field columns of the file."""
        names = pq.read_schema(self.path).names
        return tuple(name for name in names if name not in OWN_COLUMNS)

    def cells(self) -> dict[str, str]:
        """SQL for each upload column, by its name: NULL leaves the field alone, #N/A clears it."""
        cells = {} if self.create else {"Id": "_id"}
        if self.delete:
            return cells
        for name in self.fields:
            column = quote_identifier(name)
            cells[name] = (
                f"CASE WHEN list_contains(_clear, {quote_literal(name)}) THEN '{CLEAR}' ELSE nullif({column}, '') END"
            )
        if self.operation == "upsert" and self.external_id:
            given = quote_identifier(self.external_id) if self.external_id in self.fields else "NULL"
            cells[self.external_id] = f"coalesce(nullif({given}, ''), _keva_id)"
        return cells

    def rows(self, between: tuple[int, int] | None = None) -> str:
        """SQL for the rows that can be written in bulk, numbered as `file_row_number`; all, or a range of numbers."""
        literal = " OR ".join(f"{quote_identifier(name)} = '{CLEAR}'" for name in self.fields) or "false"
        chosen = f" AND file_row_number BETWEEN {between[0]} AND {between[1]}" if between else ""
        read = f"read_parquet({quote_literal(str(self.path))}, file_row_number = true)"
        return f"(SELECT * FROM {read} WHERE NOT coalesce({literal}, false){chosen})"  # noqa: S608 quoted


def impossible_rows(carried: Carried) -> list[WriteResult]:
    """Results for rows with the text #N/A in a field, which in a bulk file would clear it."""
    fields = carried.fields
    if not fields:
        return []
    hits = ", ".join(
        f"CASE WHEN {quote_identifier(name)} = '{CLEAR}' THEN {quote_literal(name)} END" for name in fields
    )
    listed = f"list_filter([{hits}], lambda name: name IS NOT NULL)"
    source = quote_literal(str(carried.path))
    sql = f"SELECT _key, _id, {listed} AS hits FROM read_parquet({source}) WHERE len(hits) > 0"  # noqa: S608 quoted
    with closing(connect(carried.path.parent)) as con:
        found = con.execute(sql).fetchall()
    return [
        WriteResult(
            key,
            record,
            WriteOutcome.FAILED,
            failure=Failure("salesforce-na-literal", CLEAR, f"{', '.join(names)} is the text {CLEAR}", tuple(names)),
        )
        for key, record, names in found
    ]


def cut(carried: Carried, most: int = MOST_BYTES) -> list[tuple[int, int]]:
    """Ranges of row numbers, each fitting one upload. Sizes are exact: every cell is counted as it will be quoted."""
    cells = carried.cells()
    size = " + ".join(
        f"coalesce(strlen({cell}) + strlen({cell}) - strlen(replace({cell}, '\"', '')), 0) + 3"
        for cell in cells.values()
    )
    room = most - sum(len(name.encode()) + 3 for name in cells)
    sized = f"SELECT file_row_number AS n, {size} AS size FROM {carried.rows()}"  # noqa: S608 quoted
    ranges: list[tuple[int, int]] = []
    with closing(connect(carried.path.parent)) as con:
        first, last, total = con.execute(f"SELECT min(n), max(n), sum(size) FROM ({sized})").fetchall()[0]  # noqa: S608 quoted
        if first is None:
            return []
        if total <= room:
            return [(first, last)]
        used, before = 0, first
        answer = con.execute(f"{sized} ORDER BY n")
        while block := answer.fetchmany(FETCH_ROWS):
            for n, one in block:
                if used and used + one > room:
                    ranges.append((first, before))
                    first, used = n, 0
                used, before = used + one, n
    return [*ranges, (first, before)]


def part_file(carried: Carried, between: tuple[int, int], folder: Path) -> Carried:
    """The rows of one range in a file of their own, which the ledger names and results are matched with."""
    return _file(carried, f"SELECT * EXCLUDE (file_row_number) FROM {carried.rows(between)}", folder, [])  # noqa: S608 quoted


def subset(carried: Carried, keys: Sequence[str], folder: Path) -> Carried:
    """The rows with these keys, in a file of their own."""
    chosen = f"SELECT * EXCLUDE (file_row_number) FROM {carried.rows()} WHERE _key IN (SELECT unnest(?))"  # noqa: S608 quoted
    return _file(carried, chosen, folder, [list(keys)])


def keys_of(carried: Carried) -> list[str]:
    """The keys of all rows of a part."""
    column = pq.read_table(carried.path, columns=["_key"]).column(0)
    return [str(key) for key in column.to_pylist()]


def write_csv(carried: Carried, path: Path) -> None:
    """The upload: LF, a header, every cell quoted. Columns that say nothing in any row of the part are left out."""
    cells = carried.cells()
    with closing(connect(carried.path.parent)) as con:
        counts = ", ".join(f"count({cell})" for cell in cells.values())
        counted = con.execute(f"SELECT {counts} FROM {carried.rows()}").fetchall()[0]  # noqa: S608 quoted
        said = [name for name, count in zip(cells, counted, strict=True) if count] or list(cells)
        chosen = ", ".join(f"{cells[name]} AS {quote_identifier(name)}" for name in said)
        target = quote_literal(str(path))
        con.execute(
            f"COPY (SELECT {chosen} FROM {carried.rows()}) TO {target} (FORMAT csv, HEADER, DELIMITER ',', "  # noqa: S608 quoted
            "QUOTE '\"', ESCAPE '\"', NULLSTR '', FORCE_QUOTE *)"
        )


@dataclass(frozen=True, slots=True)
class Leftover:
    """What to say of rows that no result file names."""

    outcome: WriteOutcome
    failure: Failure | None


def match(carried: Carried, files: dict[str, Path], leftover: Leftover) -> Iterator[list[WriteResult]]:
    """The result of every row of the part, in chunks, from the result files by kind (which may be missing).

    Results come in any order and know nothing of our keys. An update is found by its Id, an upsert by its external id,
    an insert by all its values. Rows equal in these are numbered on both sides and paired by number: for equal
    inserts any pairing is right, since nothing tells the new records apart.
    """
    identity = _identity(carried)
    sent = f"SELECT _key, _id, {_joined([carried.cells()[name] for name in identity])} AS who FROM {carried.rows()}"  # noqa: S608 quoted
    answers = [_answers(kind, path, identity) for kind, path in files.items() if path.stat().st_size]
    none = "SELECT NULL::VARCHAR AS kind, NULL::VARCHAR AS id, NULL::VARCHAR AS said, NULL::VARCHAR AS who WHERE false"
    sql = f"""
        WITH sent AS ({sent}), answers AS ({" UNION ALL ".join([none, *answers])}),
        left_side AS (SELECT *, row_number() OVER (PARTITION BY who ORDER BY _key) AS n FROM sent),
        right_side AS (SELECT *, row_number() OVER (PARTITION BY who ORDER BY kind, id) AS n FROM answers)
        SELECT l._key, l._id, r.kind, r.id, r.said
        FROM left_side l LEFT JOIN right_side r ON l.who = r.who AND l.n = r.n
    """  # noqa: S608 quoted
    with closing(connect(carried.path.parent)) as con:
        answer = con.execute(sql)
        while block := answer.fetchmany(RESULT_ROWS):
            yield [_result(row, leftover, delete=carried.delete) for row in block]


def _identity(carried: Carried) -> list[str]:
    if carried.operation == "upsert" and carried.external_id:
        return [carried.external_id]
    return sorted(carried.cells()) if carried.create else ["Id"]


def _joined(expressions: Sequence[str]) -> str:
    """One text of several cells. Trimmed, as Salesforce echoes what it stored; a clear and nothing are the same."""
    cells = [f"coalesce(nullif(trim(replace({item}, chr(13), '')), '{CLEAR}'), '')" for item in expressions]
    return " || chr(31) || ".join(cells) or "''"


def _answers(kind: str, path: Path, identity: Sequence[str]) -> str:
    header = csv_header(path)
    spelled = {name.casefold(): quote_identifier(name) for name in header}
    who = _joined([spelled.get(name.casefold(), "NULL::VARCHAR") for name in identity])
    record = spelled.get("sf__id", "NULL::VARCHAR")
    said = spelled.get("sf__created" if kind == "successfulResults" else "sf__error", "NULL::VARCHAR")
    rows = csv_rows(path, header)
    return f"SELECT '{kind}' AS kind, {record} AS id, {said} AS said, {who} AS who FROM {rows}"  # noqa: S608 quoted


def _result(
    row: tuple[str, str | None, str | None, str | None, str | None], rest: Leftover, *, delete: bool
) -> WriteResult:
    """One line of `match`: (key, id sent, kind of result file, id given, what it says)."""
    key, sent_id, kind, record, said = row
    if kind == "successfulResults":
        return WriteResult(key, record or sent_id, WriteOutcome.APPLIED, created=(said or "").lower() == "true")
    if kind == "failedResults":
        failed = bulk_failure(said or "")
        if delete and failed.side_code in GONE:
            return WriteResult(key, sent_id, WriteOutcome.APPLIED)
        return WriteResult(key, sent_id, WriteOutcome.FAILED, failure=failed)
    if kind == "unprocessedrecords":
        why = rest.failure or failure("ALL_OR_NONE_OPERATION_ROLLED_BACK", "The job ended before this row")
        return WriteResult(key, sent_id, WriteOutcome.FAILED, failure=why)
    return WriteResult(key, sent_id, rest.outcome, failure=rest.failure)


def _file(carried: Carried, sql: str, folder: Path, values: list[list[str]]) -> Carried:
    path = folder / f"part-{uuid.uuid4().hex}.parquet"
    with closing(connect(carried.path.parent)) as con:
        con.execute(f"COPY ({sql}) TO {quote_literal(str(path))} (FORMAT parquet)", values)
    return replace(carried, path=path)
