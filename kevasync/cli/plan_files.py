"""A plan from files alone: reads them in place where that is possible, else lands them beside the plan for the moment."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from kevasync.errors import UsageError
from kevasync.keva.export import customer_view, land
from kevasync.keva.landing import land_table, parquet_view
from kevasync.mapping import file as mapping_file
from kevasync.records import Side
from kevasync.sync.diff import DiffRequest, connect
from kevasync.sync.plan import Plan
from kevasync.sync.planner import PlanContext, make_plan
from kevasync.values import quote_identifier, quote_literal

if TYPE_CHECKING:
    from kevasync.cli.context import Context
    from kevasync.mapping.definition import Mapping
    from kevasync.records import Schema

__all__ = ["FilePlan", "memory_limit", "plan_from_files"]

DEFAULT_MEMORY = "1GB"
CRM_COLUMNS = {
    "id_columns": ("Id",),
    "modified_columns": ("SystemModstamp", "LastModifiedDate"),
    "deleted_columns": ("IsDeleted",),
    "master_columns": ("MasterRecordId",),
}


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What the command line said."""

    keva: Path
    salesforce: Path
    base: Path | None
    links: Path | None
    mapping: Path | None
    describe: Path | None
    object_name: str
    region: str | None
    customers: tuple[str, ...]


def memory_limit() -> str:
    """What DuckDB may hold in memory before it spills: KEVASYNC_MEMORY_LIMIT, else 1 GB."""
    return os.environ.get("KEVASYNC_MEMORY_LIMIT", DEFAULT_MEMORY)


def plan_from_files(at: Context, asked: FilePlan, out: Path) -> Plan:
    """Make the plan in the folder `out`. Raises UsageError for files that cannot be read or a mapping that is wrong."""
    schema = None
    if asked.describe:
        from kevasync.salesforce.describe import schema_from_file

        schema = schema_from_file(asked.describe)
    mapping = _mapping(asked, schema)
    objects = {item.name: item for item in mapping.objects}
    if asked.object_name not in objects:
        raise UsageError("mapping-no-object", f"the mapping has no [{asked.object_name}], only {', '.join(objects)}")
    work = out.with_name(f".{out.name}.files-{os.getpid()}")
    con = connect(work / "spill", memory_limit())
    try:
        _view(con, "keva_file", _customers(at, asked.keva, work))
        _view(con, "sf_file", _contacts(at, asked.salesforce, work))
        base = _known(con, "base_file", asked.base)
        links = _known(con, "links_file", asked.links)
        request = DiffRequest(
            objects[asked.object_name],
            "keva_file",
            "sf_file",
            base,
            links,
            asked.region or "US",
            schema,
            asked.customers or None,
        )
        files = {str(Side.KEVA): {"file": str(asked.keva)}, str(Side.SALESFORCE): {"file": str(asked.salesforce)}}
        at.progress.start("compare", None)
        return make_plan(con, request, PlanContext(snapshots=files), out)
    finally:
        at.progress.done()
        con.close()
        shutil.rmtree(work, ignore_errors=True)


def _mapping(asked: FilePlan, schema: Schema | None) -> Mapping:
    if asked.mapping is not None:
        return mapping_file.load(asked.mapping, schema=schema)
    return mapping_file.loads(mapping_file.default_text(schema), "the default mapping", schema=schema)


def _view(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    con.execute(f"create temp view {name} as {sql}")


def _parts(parts: tuple[Path, ...]) -> str:
    listed = ", ".join(quote_literal(str(part)) for part in parts)
    return f"select * from read_parquet([{listed}], union_by_name = true)"  # noqa: S608 quoted


def _customers(at: Context, path: Path, work: Path) -> str:
    found = customer_view(path)
    if found is not None:
        return found[0]
    into = work / "keva"
    into.mkdir(parents=True)
    return _parts(land(path, into, progress=at.progress).parts)


def _contacts(at: Context, path: Path, work: Path) -> str:
    found = parquet_view(path, **CRM_COLUMNS)
    if found is not None:
        return found[0]
    into = work / "salesforce"
    into.mkdir(parents=True)
    return _parts(land_table(path, into, progress=at.progress, **CRM_COLUMNS).parts)


def _known(con: duckdb.DuckDBPyConnection, name: str, path: Path | None) -> str | None:
    """A view of links or base; a list column `agreed` may be a real list, or its JSON text in a CSV."""
    if path is None:
        return None
    if not path.is_file():
        raise UsageError("file-not-found", f"{path} does not exist")
    kind = "parquet" if path.suffix.casefold() in {".parquet", ".pq"} else "csv"
    options = "" if kind == "parquet" else ", all_varchar = true, header = true"
    read = f"read_{kind}({quote_literal(str(path))}{options})"
    try:
        columns = dict(con.execute(f"select name, type from (describe from {read}) as t(name, type)").fetchall())
    except duckdb.Error as error:
        raise UsageError("plan-file-unreadable", f"{path}: {str(error).splitlines()[0]}") from error
    absent = {"keva_id", "sf_id"} - set(columns)
    if absent:
        raise UsageError("plan-file-columns", f"{path} has no column {' and no column '.join(sorted(absent))}")
    picked = [_typed(column, str(kind)) for column, kind in columns.items()]
    _view(con, name, f"select {', '.join(picked)} from {read}")  # noqa: S608 quoted
    return name


def _typed(column: str, kind: str) -> str:
    quoted = quote_identifier(column)
    if column == "agreed":
        return quoted if kind.endswith("[]") else f"cast(from_json({quoted}, '[\"VARCHAR\"]') as varchar[]) as agreed"
    if column == "active":
        return f"cast({quoted} as boolean) as active"
    return quoted if kind == "VARCHAR" else f"cast({quoted} as varchar) as {quoted}"
