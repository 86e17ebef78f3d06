"""The main job in a workspace, as commands share it: open everything, extract, plan, apply with the quality gate."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import uuid_utils

from kevasync.cli.linking import Scored, candidate_search, decided_pairs
from kevasync.cli.plan_files import memory_limit
from kevasync.cli.sides import Kept, open_kept, open_keva, open_salesforce
from kevasync.endpoint import Endpoint, Selection
from kevasync.errors import UsageError
from kevasync.mapping import check as mapping_check
from kevasync.mapping import file as mapping_file
from kevasync.mapping.definition import ConflictPolicy, ObjectMapping
from kevasync.records import Schema, Side
from kevasync.store.snapshots import Snapshot, Snapshots
from kevasync.sync.apply import ApplyResult, apply
from kevasync.sync.diff import DiffRequest, connect
from kevasync.sync.guards import GuardLimits
from kevasync.sync.plan import Plan
from kevasync.sync.planner import PlanContext, make_plan
from kevasync.values import quote_literal

if TYPE_CHECKING:
    from kevasync.cli.context import Context
    from kevasync.workspace import Workspace

__all__ = ["Opened", "apply_plan", "extract", "open_all", "plan_in_workspace", "plan_now"]

# Each increment is one more layer under the view; after so many a full extract is cheaper, and it sees hard deletes.
MOST_INCREMENTS = 24
KEVA_POINTER = "salesforceContactId"


@dataclass(frozen=True, slots=True)
class Opened:
    """A workspace with both sides at hand, for one object."""

    at: Context
    workspace: Workspace
    kept: Kept
    mapping: ObjectMapping
    schema: Schema
    endpoints: dict[Side, Endpoint]
    con: duckdb.DuckDBPyConnection

    @property
    def runs(self) -> Path:
        """Where runs keep their batches and what undo needs."""
        return self.workspace.state_dir / "runs"

    def object_on(self, side: Side) -> str:
        """What the side calls the object."""
        return self.mapping.salesforce if side is Side.SALESFORCE else self.mapping.name

    def fields_on(self, side: Side) -> list[str]:
        """What is extracted: the mapped fields, Keva's own pointer, Salesforce's external ID if the org has it."""
        if side is Side.KEVA:
            return list(dict.fromkeys([*(field.keva for field in self.mapping.fields), KEVA_POINTER]))
        names = [name for field in self.mapping.fields for name in field.salesforce]
        external = self.mapping.external_id
        return list(dict.fromkeys([*names, external] if external and self.schema.find(external) else names))


@contextmanager
def open_all(at: Context, object_name: str, *, keva_export: Path | None = None) -> Iterator[Opened]:
    """Open state, both sides and the mapping; refuse a mapping that the org contradicts, with all problems at once.

    Raises UsageError `mapping-invalid`, `mapping-no-object` and whatever signing in raises.
    """
    workspace = at.workspace
    with ExitStack() as stack:
        kept = stack.enter_context(open_kept(workspace))
        salesforce = stack.enter_context(open_salesforce(workspace, kept.secrets))
        keva = stack.enter_context(open_keva(workspace, kept.secrets, keva_export))
        first = _object(mapping_file.load(workspace.mapping_path), object_name)
        schema = salesforce.describe(first.salesforce)
        mapping = mapping_file.load(workspace.mapping_path, schema=schema)
        schemas = {first.salesforce: schema}
        problems = mapping_check.check(mapping, schemas, None, workspace.settings.default_region)
        wrong = [item for item in problems if item.severity == "error"]
        if wrong:
            raise UsageError(
                "mapping-invalid",
                f"{workspace.mapping_path} does not fit the org: {len(wrong)} problems",
                problems=problems,
            )
        con = connect(workspace.tmp_dir / "duckdb", memory_limit())
        stack.callback(con.close)
        endpoints: dict[Side, Endpoint] = {Side.SALESFORCE: salesforce, Side.KEVA: keva}
        yield Opened(at, workspace, kept, _object(mapping, object_name), schema, endpoints, con)


def _object(mapping: Any, name: str) -> ObjectMapping:
    objects = {item.name: item for item in mapping.objects}
    if name not in objects:
        raise UsageError("mapping-no-object", f"the mapping has no [{name}], only {', '.join(objects)}")
    found: ObjectMapping = objects[name]
    return found


def extract(opened: Opened, side: Side, *, full: bool = False) -> Snapshot:
    """Take a snapshot of one side: what moved since the last one where that can be told, else everything."""
    snapshots = _snapshots(opened)
    object_name, fields = opened.object_on(side), opened.fields_on(side)
    before = snapshots.latest(side, object_name)
    since = None if full else _watermark(before, fields)
    with snapshots.begin(side, object_name) as staging:
        extracted = opened.endpoints[side].extract(
            object_name, fields, staging.path, Selection(since=since), opened.at.progress
        )
        return snapshots.commit(staging, extracted, full=since is None)


def _snapshots(opened: Opened) -> Snapshots:
    snapshots = opened.kept.stores.snapshots
    if snapshots is None:
        raise LookupError("a workspace keeps snapshots")
    return snapshots


def _watermark(before: Sequence[Snapshot], fields: Sequence[str]) -> str | None:
    """Where an increment may begin; None where a full snapshot is due."""
    if not before or len(before) > MOST_INCREMENTS or before[-1].watermark is None:
        return None
    had = {name.casefold() for name in (*before[0].columns, *before[0].missing)}
    return before[-1].watermark if all(name.casefold() in had for name in fields) else None


def plan_now(
    opened: Opened,
    *,
    customers: Sequence[str] | None = None,
    out: Path | None = None,
    scored: Scored | None = None,
) -> Plan:
    """Compare the latest snapshots and write the plan into the workspace (or `out`); `scored`: else by the settings."""
    linking = opened.workspace.settings.linking
    mode = scored or Scored(linking.scored)
    decided = [] if mode is Scored.OFF else decided_pairs(opened.kept.decisions)
    candidates = candidate_search(opened.at, mode, linking.threshold, decided)
    con, kept, workspace = opened.con, opened.kept, opened.workspace
    used: dict[str, Any] = {}
    before: dict[Side, int] = {}
    for side in Side:
        object_name = opened.object_on(side)
        layers = _snapshots(opened).view(con, side, object_name, f"snapshot_{side}")
        used[str(side)] = {
            "ids": [layer.id for layer in layers],
            "watermark": layers[-1].watermark,
            "missing": list(layers[-1].missing),
        }
        counts = _snapshots(opened).counts(side, object_name)
        if len(counts) > 1 and layers[-1].full:
            before[side] = counts[1]
    targets = [name for field in opened.mapping.fields for name in field.salesforce]
    base = kept.stores.base.view(con, opened.mapping.name, targets, "known_base")
    con.register("known_links", kept.stores.links.arrow(opened.mapping.name))
    request = DiffRequest(
        opened.mapping,
        f"snapshot_{Side.KEVA}",
        f"snapshot_{Side.SALESFORCE}",
        base,
        "known_links",
        workspace.settings.default_region,
        opened.schema,
        customers or None,
        _keva_before(opened),
        candidates,
    )
    limits = opened.endpoints[Side.SALESFORCE].limits()
    context = PlanContext(
        workspace_id=workspace.settings.workspace_id,
        snapshots=used,
        rows_before=before,
        estimators={side: endpoint.estimate for side, endpoint in opened.endpoints.items()},
        api_calls_left=limits.api_calls_left if limits else None,
        limits=GuardLimits(**workspace.settings.guards.model_dump()),
    )
    plan_id = str(uuid_utils.uuid7())
    opened.at.progress.start("compare", None)
    try:
        return make_plan(con, request, context, out or workspace.plans_dir / plan_id, plan_id)
    finally:
        opened.at.progress.done()


@contextmanager
def _damage_named(opened: Opened) -> Iterator[None]:
    """Where DuckDB cannot read, see whether a snapshot was damaged. Raises RunError `snapshot-damaged`."""
    try:
        yield
    except duckdb.Error:
        for side in Side:
            for snapshot in _snapshots(opened).latest(side, opened.object_on(side)):
                _snapshots(opened).verify(snapshot)
        raise


def _keva_before(opened: Opened) -> str | None:
    """A view of the full Keva snapshot before the last one, where a field's policy asks when values changed."""
    if all(field.conflict is not ConflictPolicy.NEWEST for field in opened.mapping.fields):
        return None
    full = [item for item in _snapshots(opened).all(Side.KEVA, opened.object_on(Side.KEVA)) if item.full]
    wanted = {"_id", "_modified", *(field.keva for field in opened.mapping.fields)}
    if len(full) < 2 or not all(part.exists() for part in full[-2].parts):  # noqa: PLR2004 the last and one before
        return None
    if not wanted <= {"_id", "_modified", *full[-2].columns}:
        return None
    parts = ", ".join(quote_literal(str(part)) for part in full[-2].parts)
    opened.con.execute(f"create or replace temp view keva_before as from read_parquet([{parts}], union_by_name = true)")
    return "keva_before"


def plan_in_workspace(
    at: Context,
    object_name: str,
    *,
    customers: Sequence[str] | None,
    fresh: bool,
    out: Path | None,
    scored: Scored | None = None,
) -> Plan:
    """Extract both sides (if `fresh`) and plan."""
    with at.workspace.lock("plan"), open_all(at, object_name) as opened:
        if fresh:
            for side in Side:
                extract(opened, side)
        with _damage_named(opened):
            return plan_now(opened, customers=customers, out=out, scored=scored)


def apply_plan(
    opened: Opened, plan: Plan, *, allow: Collection[str], sample: int | None, gated: bool = True
) -> ApplyResult:
    """Apply with the quality gate before each batch; see `sync.apply.apply` for what it refuses."""
    return apply(
        plan,
        opened.endpoints,
        opened.kept.stores,
        opened.mapping,
        workspace_id=opened.workspace.settings.workspace_id,
        runs=opened.runs,
        progress=opened.at.progress,
        stop=opened.at.stop,
        allow=allow,
        sample=sample,
        gate=_Gate(opened, plan.id) if gated else None,
        con=opened.con,
    )


@dataclass(frozen=True, slots=True)
class _Gate:
    """Runs the workspace's suite on a batch; Great Expectations is imported at the first batch, not before."""

    opened: Opened
    plan_id: str

    def __call__(self, batch: Path) -> pa.Table | None:
        from kevasync.quality import gate, suite

        at, mapping = self.opened.workspace, self.opened.mapping
        path = at.root / "quality" / suite.file_name(mapping.name, Side.SALESFORCE)
        wanted, state = suite.ensure(path, suite.build(mapping, self.opened.schema))
        if state is suite.SuiteState.EDITED:
            self.opened.at.detail(f"quality gate: {path} was edited by hand and is used as it stands")
        result = gate.run(batch, wanted, results_dir=self.opened.runs / self.plan_id / "quality", where=str(path))
        return gate.as_table(result)
