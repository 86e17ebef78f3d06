"""A plan from files alone: reads them in place where possible, else lands them beside the plan for the moment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import duckdb

from kevasync.cli.known_files import doubled_rows, known_view
from kevasync.cli.linking import Scored, candidate_search
from kevasync.endpoint import META_COLUMNS
from kevasync.errors import UsageError
from kevasync.keva.export import customer_view, land
from kevasync.keva.landing import land_table, parquet_view
from kevasync.mapping import file as mapping_file
from kevasync.records import Side
from kevasync.salesforce import cost
from kevasync.sync.diff import DiffRequest, PaddedIdsError, connect
from kevasync.sync.plan import Plan, not_written, room_for
from kevasync.sync.planner import PlanContext, make_plan
from kevasync.values import quote_identifier, quote_literal

if TYPE_CHECKING:
    from kevasync.cli.context import Context
    from kevasync.mapping.definition import ObjectMapping
    from kevasync.records import Schema
    from kevasync.sync.candidates import CandidateSearch
    from kevasync.workspace import Workspace

__all__ = ["FilePlan", "customers_of", "memory_limit", "plan_from_files", "records_of"]

DEFAULT_MEMORY = "1GB"
KEVA_CALLS_A_MINUTE = 100
KEVA_POINTER = "salesforceContactId"


class _Roles(TypedDict):
    id_columns: tuple[str, ...]
    modified_columns: tuple[str, ...]
    deleted_columns: tuple[str, ...]
    master_columns: tuple[str, ...]


CRM_COLUMNS: _Roles = {
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


def _salesforce_cost(_object_name: str, creates: int, updates: int) -> tuple[int, float]:
    return cost.estimate(creates, updates)


def _keva_cost(_object_name: str, creates: int, updates: int) -> tuple[int, float]:
    return creates + updates, (creates + updates) / KEVA_CALLS_A_MINUTE


_ESTIMATORS = {Side.SALESFORCE: _salesforce_cost, Side.KEVA: _keva_cost}
"""What a plan from files would cost through both APIs, at their usual limits."""


def memory_limit() -> str:
    """What DuckDB may hold in memory before it spills: KEVASYNC_MEMORY_LIMIT, else 1 GB."""
    return os.environ.get("KEVASYNC_MEMORY_LIMIT", DEFAULT_MEMORY)


def plan_from_files(at: Context, asked: FilePlan, out: Path, scored: Scored = Scored.OFF) -> Plan:
    """Make the plan in the folder `out`. Raises UsageError for files that cannot be read or a mapping that is wrong."""
    schema = None
    if asked.describe:
        from kevasync.salesforce.describe import schema_from_file

        schema = schema_from_file(asked.describe)
    mapping = _mapping(at, asked, schema)
    _described(mapping, asked, schema)
    region = _region(at)
    if asked.region:
        from kevasync.workspace.settings import parse_region

        region = parse_region(asked.region)
    with room_for(out):
        work = out.with_name(f".plan-files-{os.getpid()}")
        try:
            work.mkdir()
        except OSError as error:
            raise not_written(out, error) from error
        parts = DiffParts(mapping, schema, region, candidate_search(at, scored))
        try:
            try:
                return _compare(at, asked, parts, work, out)
            except PaddedIdsError:  # rare, and only now known
                again = work / "again"
                again.mkdir()
                return _compare(at, asked, replace(parts, trimmed=True), again, out)
        finally:
            at.progress.done()
            shutil.rmtree(work, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class DiffParts:
    """What the comparison needs beside the files."""

    mapping: ObjectMapping
    schema: Schema | None
    region: str
    candidates: CandidateSearch | None = None
    trimmed: bool = False
    """Ids are looked at, and trimmed where they have to be, before anything is compared."""


def _compare(at: Context, asked: FilePlan, parts: DiffParts, work: Path, out: Path) -> Plan:
    with connect(work / "spill", memory_limit()) as con:
        return _compare_on(con, at, asked, parts, work, out)


def _compare_on(
    con: duckdb.DuckDBPyConnection, at: Context, asked: FilePlan, parts: DiffParts, work: Path, out: Path
) -> Plan:
    bare = None if parts.trimmed else True
    _view(con, "keva_file", customers_of(at, asked.keva, work, bare=bare), _keva_fields(parts.mapping))
    _view(con, "sf_file", records_of(at, asked.salesforce, work, bare=bare), _salesforce_fields(parts.mapping))
    base = known_view(con, "base", asked.base, work / "base", tells_links=asked.links is None)
    links = known_view(con, "links", asked.links, work / "links", tells_links=True)
    request = DiffRequest(
        parts.mapping,
        "keva_file",
        "sf_file",
        base,
        links,
        parts.region,
        parts.schema,
        asked.customers or None,
        candidates=parts.candidates,
        ids_untrimmed=not parts.trimmed,
    )
    files = {str(Side.KEVA): {"file": str(asked.keva)}, str(Side.SALESFORCE): {"file": str(asked.salesforce)}}
    at.progress.start("compare", None)
    try:
        return make_plan(con, request, PlanContext(snapshots=files, estimators=_ESTIMATORS), out)
    except UsageError as error:
        if error.code in {"export-id-twice", "export-id-missing"}:
            _name_rows(con, asked, work)
        raise
    except duckdb.Error as error:
        for name, path in (("keva_file", asked.keva), ("sf_file", asked.salesforce), (base, asked.base)):
            _refuse_damaged(con, name, path)
        raise error from None


def _name_rows(con: duckdb.DuckDBPyConnection, asked: FilePlan, work: Path) -> None:
    """Wrong ids were found in passing; look again at the files, to say in which of them and in which rows."""
    customer_view(asked.keva)
    parquet_view(asked.salesforce, **CRM_COLUMNS)
    for path, name in ((asked.links, "links"), (None if asked.links else asked.base, "base")):
        if path is not None:
            doubled_rows(con, path, work / f"{name}-again")


def _refuse_damaged(con: duckdb.DuckDBPyConnection, view: str | None, path: Path | None) -> None:
    """Read a whole file that is read in place: its damage shows only where the comparison comes to it."""
    if view is None:
        return
    try:
        con.execute(f"select max(hash(whole)) from {view} as whole").fetchall()  # noqa: S608 ours
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise UsageError("export-truncated", f"{path} is damaged: {reason}") from error


def _mapping(at: Context, asked: FilePlan, schema: Schema | None) -> ObjectMapping:
    """The mapping given, else the workspace's, else the documented default."""
    path = asked.mapping or (workspace.mapping_path if (workspace := _workspace(at)) else None)
    if path is None:
        mapping = mapping_file.loads(mapping_file.default_text(schema), "the default mapping", schema=schema)
    else:
        at.detail(f"mapping: {path}")
        mapping = mapping_file.load(path, schema=schema)
    objects = {item.name: item for item in mapping.objects}
    if asked.object_name not in objects:
        raise UsageError("mapping-no-object", f"the mapping has no [{asked.object_name}], only {', '.join(objects)}")
    return objects[asked.object_name]


def _described(mapping: ObjectMapping, asked: FilePlan, schema: Schema | None) -> None:
    if schema is not None and schema.object.casefold() != mapping.salesforce.casefold():
        raise UsageError(
            "plan-describe-other",
            f"{asked.describe} describes {schema.object}, but [{mapping.name}] is about {mapping.salesforce}",
        )


def _workspace(at: Context) -> Workspace | None:
    """The workspace around, if there is one: planning from files needs none."""
    here = Path.cwd()
    named = at.folder is not None or os.environ.get("KEVASYNC_WORKSPACE")
    if not named and not any((folder / "kevasync.toml").is_file() for folder in (here, *here.parents)):
        return None  # without the cost of reading settings
    try:
        return at.workspace
    except UsageError as error:
        if error.code == "workspace-not-found" and at.folder is None:
            return None
        raise


def _region(at: Context) -> str:
    workspace = _workspace(at)
    return workspace.settings.default_region if workspace else "US"


def _view(con: duckdb.DuckDBPyConnection, name: str, sql: str, fields: Iterable[str]) -> None:
    """A view of one side with the columns that the plan reads: thousands of others are not dragged along."""
    wanted = {field.casefold() for field in (*META_COLUMNS, "_place", *fields)}
    columns = [str(row[0]) for row in con.execute(f"describe {sql}").fetchall()]
    picked = ", ".join(quote_identifier(column) for column in columns if column.casefold() in wanted)
    con.execute(f"create temp view {name} as select {picked} from ({sql})")  # noqa: S608 quoted


def _keva_fields(mapping: ObjectMapping) -> list[str]:
    return [*(field.keva for field in mapping.fields), KEVA_POINTER]


def _salesforce_fields(mapping: ObjectMapping) -> list[str]:
    names = [name for field in mapping.fields for name in field.salesforce]
    return [*names, mapping.external_id] if mapping.external_id else names


def _parts(parts: tuple[Path, ...]) -> str:
    listed = ", ".join(quote_literal(str(part)) for part in parts)
    return f"select * from read_parquet([{listed}], union_by_name = true)"  # noqa: S608 quoted


def customers_of(at: Context, path: Path, work: Path, *, bare: bool | None = None) -> str:
    """SQL that reads a Keva export: in place if it is Parquet (`bare`: ids need no look), else landed below `work`."""
    found = customer_view(path, check=False, bare=bare)
    if found is not None:
        return found[0]
    into = work / "keva"
    into.mkdir(parents=True)
    return _parts(land(path, into, progress=at.progress).parts)


def records_of(at: Context, path: Path, work: Path, *, bare: bool | None = None) -> str:
    """The same for a table of Salesforce records."""
    found = parquet_view(path, **CRM_COLUMNS, check=False, bare=bare)
    if found is not None:
        return found[0]
    into = work / "salesforce"
    into.mkdir(parents=True)
    return _parts(land_table(path, into, progress=at.progress, **CRM_COLUMNS).parts)
