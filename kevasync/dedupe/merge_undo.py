"""Taking merges back: a plan of its own that makes the losers again, hangs their children on them, restores masters.

Salesforce gives a record made again a new id, new creation and modification stamps and no history: the plan says so.
What somebody changed since the merge is left alone and listed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kevasync.dedupe.merge import MergeSide, Read, extracted, fields_of, read_records
from kevasync.dedupe.merge_apply import MERGED, move_links
from kevasync.dedupe.merge_plan import MergePlan, Row, new_plan
from kevasync.dedupe.merge_run import MergeResult, MergeStores, Merging, Step, opened
from kevasync.endpoint import Progress, Selection, Stop
from kevasync.errors import Refused, UsageError
from kevasync.records import Schema
from kevasync.store.runs import Run
from kevasync.store.state import new_id
from kevasync.values import clean

__all__ = ["apply_undo", "plan_undo"]

_CLOCKS = timedelta(minutes=5)
_TELLS = frozenset({"Id", "IsDeleted", "MasterRecordId"})
_ACTS = {
    "records": ("id", "role"),
    "fields": ("id", "field", "old", "new", "rule"),
    "children": ("id", "object", "field", "parent"),
    "links": ("keva_id", "sf_id", "to_id"),
}
"""What is done by a plan of each table; the rest tells."""
_LOST = "the ids of records made again, and {fields}; feeds, histories and sharing of the lost records"


def plan_undo(
    run_id: str,
    endpoint: MergeSide,
    stores: MergeStores,
    *,
    workspace_id: str,
    runs: Path,
    plans: Path,
    progress: Progress,
) -> MergePlan:
    """Write the plan that takes a run of merges back; `apply_undo` carries it out.

    Raises:
        UsageError: `run-not-found`, `undo-impossible` (no run of merges, its journal is gone, or undone already).
        Refused: `run-unresolved` while the run's own outcome is open.
    """
    past = stores.ledger.run(run_id)
    path = runs / past.id / "journal.json"
    if past.kind != "merge" or not path.is_file():
        raise UsageError("undo-impossible", f"Run {past.id} ({past.kind}) is no run of merges with a journal")
    if past.is_open or past.status in {"interrupted", "unknown"}:
        raise Refused("run-unresolved", f"Run {past.id} was not finished; finish it before taking it back")
    again = [one for one in stores.ledger.last_runs(1_000, kind="undo") if (one.books or {}).get("undoes") == past.id]
    if any(one.status == "done" for one in again):
        raise UsageError("undo-impossible", f"Run {past.id} was taken back already, by run {again[0].id}")
    run = _past(past, endpoint, stores, runs, progress)
    tables, lost = _look(run)
    return new_plan(
        plans,
        tables,
        kind="unmerge",
        workspace_id=workspace_id,
        object_name=run.plan.object_name,
        sobject=run.plan.sobject,
        counts={
            "clusters": len({row["cluster"] for row in tables["records"]}),
            "recreated": sum(row["role"] == "recreate" for row in tables["records"]),
            "values": sum(row["rule"] == "restore" for row in tables["fields"]),
            "children": len(tables["children"]),
            "links": len(tables["links"]),
            "left": len(tables["clusters"]),
        },
        notes=lost,
        undoes=past.id,
    )


def _past(past: Run, endpoint: MergeSide, stores: MergeStores, runs: Path, progress: Progress) -> Merging:
    folder = runs / past.id
    manifest = json.loads((folder / "journal.json").read_text(encoding="utf-8"))["plan"]
    plan = MergePlan(folder, manifest)
    return Merging(past.id, past.started_at, plan, endpoint, stores, folder, progress, lambda: False)


def _refuse_if_moved(plan: MergePlan, endpoint: MergeSide, stores: MergeStores, runs: Path, progress: Progress) -> None:
    """A plan that waited is looked at anew before its first write: all of it must still be what would be planned."""
    if any(one.plan_id == plan.id for one in stores.ledger.last_runs(1_000, kind="undo")):
        return  # begun: what it wrote itself would look like somebody's change
    past = stores.ledger.run(str(plan.manifest["undoes"]))
    now, _ = _look(_past(past, endpoint, stores, runs, progress))
    moved: set[str] = set()
    for name, keys in _ACTS.items():
        still = {tuple(row[key] for key in keys) for row in now[name]}
        moved |= {str(row[keys[0]]) for row in plan.rows(name) if tuple(row[key] for key in keys) not in still}
    if moved:
        what = f"Plan {plan.id}: {len(moved)} records changed since it was made: {', '.join(sorted(moved)[:5])}"
        raise Refused("stale", what, next_steps=(f"kevasync undo {past.id} --plan-only",))


def _look(run: Merging) -> tuple[dict[str, list[Row]], list[str]]:
    """What can be taken back now, and what cannot."""
    journal = json.loads((run.folder / "journal.json").read_text(encoding="utf-8"))
    applied = run.entries("applied")
    steps = [one for one in journal["steps"] if one["key"] in applied]
    merges = [one for one in steps if one["operation"] == "merge"]
    master_of = {loser: one["id"] for one in merges for loser in one["losers"]}
    images = {row["id"]: row for row in run.kept("images")}
    schema = run.endpoint.describe(run.plan.sobject)
    now = read_records(run.endpoint, schema, [*master_of, *set(master_of.values())], run.progress)
    tables: dict[str, list[Row]] = {name: [] for name in ("clusters", "records", "fields", "children", "links")}
    for row in steps:
        _masters(tables, row, run, now)
    back: dict[str, str] = {}  # a loser that stands again by somebody else's doing keeps its id
    for loser, master in master_of.items():
        held, image = now.get(loser), images[loser]
        if held is not None and not held.deleted:
            back[loser] = loser
            _leave(tables, image["cluster"], loser, "was restored by somebody already: not made again")
            continue
        tables["records"].append({"cluster": image["cluster"], "id": loser, "role": "recreate", "modified": None})
        for name, value in image["values"].items():
            if value is not None:
                field = schema.find(name)
                rule = "recreate" if field is not None and field.createable else "after"
                tables["fields"].append(
                    {"cluster": image["cluster"], "id": loser, "field": name, "old": None, "new": value, "rule": rule,
                     "sources": master, "others": "", "write": True}
                )  # fmt: skip
    _children(run, tables, master_of, steps)
    _links(run, tables, images, master_of)
    system = [
        item.name
        for item in schema.fields
        if not (item.createable or item.updateable or item.compound or item.calculated) and item.name not in _TELLS
    ]
    return tables, [_LOST.format(fields=", ".join(system))]


def _leave(tables: dict[str, list[Row]], cluster: str, identity: str, reason: str) -> None:
    tables["clusters"].append({"cluster": cluster, "master": identity, "losers": 0, "status": "left", "reason": reason})


def _masters(tables: dict[str, list[Row]], step: Mapping[str, Any], run: Merging, now: Mapping[str, Read]) -> None:
    """Values that the run wrote on a master, where they are still as the run left them."""
    master, held = step["id"], now.get(step["id"])
    after = {row["id"]: row["values"] for row in run.kept("after")}.get(master, {})
    for name, (old, new) in step["changes"].items():
        if name == "Id":
            continue
        if held is None or held.deleted:
            _leave(tables, step["cluster"], master, f"the master is gone since: {name} is not restored")
        elif clean(held.values.get(name)) == clean(old):
            continue
        elif held.values.get(name) not in {after.get(name, new), new}:
            _leave(tables, step["cluster"], master, f"{name} of {master} was changed since by somebody else")
        else:
            tables["fields"].append(
                {"cluster": step["cluster"], "id": master, "field": name, "old": held.values.get(name), "new": old,
                 "rule": "restore", "sources": "", "others": "", "write": True}
            )  # fmt: skip


def _children(
    run: Merging, tables: dict[str, list[Row]], master_of: Mapping[str, str], steps: Sequence[Mapping[str, Any]]
) -> None:
    """Children that hang where the merge put them go back; moved or deleted ones stay. A child may be a loser."""
    written = {(step["id"], name) for step in steps for name in step["changes"]}
    kept = [
        row
        for row in run.kept("children")
        # a lookup of a master that the run itself wrote is restored with the master's values
        if row["parent"] in master_of and (row["id"], row["field"]) not in written
    ]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in kept:
        if row["id"] not in master_of:  # a loser that is made again brings its lookups with it
            groups.setdefault((row["object"], row["field"]), []).append(row)
    for (name, field), rows in groups.items():
        wanted = tuple(dict.fromkeys(row["id"] for row in rows))
        found = {row["_id"]: row for row in extracted(run.endpoint, name, [field], Selection(ids=wanted), run.progress)}
        for row in rows:
            held = found.get(row["id"])
            master = master_of[row["parent"]]
            where = None if held is None or held["_deleted"] else held[field]
            own = row["id"] == master and held is not None and where is None
            if not row["movable"]:
                why = f"{name} {row['id']} stays with {master}: {field} cannot be written"
                _leave(tables, row["cluster"], row["id"], why)
            elif held is None or held["_deleted"]:
                _leave(tables, row["cluster"], row["id"], f"{name} {row['id']} is gone since")
            elif where != master and not own:
                _leave(tables, row["cluster"], row["id"], f"{name} {row['id']} was moved since by somebody else")
            else:
                tables["children"].append(row)


def _links(run: Merging, tables: dict[str, list[Row]], images: Mapping[str, Row], master_of: Mapping[str, str]) -> None:
    """Links of the losers, wherever the run or a later plan left them: with the master, or still with the lost id."""
    links = run.stores.links.arrow(run.plan.object_name).to_pylist()
    now = {row["keva_id"]: row["sf_id"] for row in links if row["active"]}
    for row in run.kept("links"):
        if not row["active"] or row["sf_id"] not in master_of:
            continue
        at, cluster = now.get(row["keva_id"]), images[row["sf_id"]]["cluster"]
        if at in {row["sf_id"], master_of[row["sf_id"]]}:
            tables["links"].append(
                {"cluster": cluster, "keva_id": row["keva_id"], "sf_id": at, "to_id": row["sf_id"], "status": "move",
                 "reason": row["how"]}
            )  # fmt: skip
        else:
            _leave(tables, cluster, row["sf_id"], f"the link of {row['keva_id']} was changed since")


def apply_undo(
    plan: MergePlan,
    endpoint: MergeSide,
    stores: MergeStores,
    *,
    workspace_id: str,
    runs: Path,
    progress: Progress,
    stop: Stop,
) -> MergeResult:
    """Carry out what `plan_undo` wrote; resume it if it was cut off. `cannot` of the result says what stays lost.

    Order: masters are restored (a unique value must be free again), losers made again, then lookups and children,
    then links. `endpoint` should let duplicate rules that only alert pass: these records are duplicates on purpose.

    Raises Refused `stale` where something changed since the plan was made; nothing was written then.
    """
    _refuse_if_moved(plan, endpoint, stores, runs, progress)
    with opened(plan, endpoint, stores, workspace_id=workspace_id, runs=runs, progress=progress, stop=stop) as run:
        schema = endpoint.describe(plan.sobject)
        if not run.has_journal:
            run.open_journal(_steps(run, schema), {})
        run.enter()
        for _ in range(2):
            _settle_unsure(run, schema)
            run.write([one for one in run.todo("update") if one.number == 0], create=False)
            run.write(run.todo("create"), create=True)
            if stop() or not run.entries("sent", "unknown"):
                break
        _settle_unsure(run, schema)
        made = _made(run)
        _hang(run, made)
        if not stop():
            moves = [
                (row["keva_id"], row["sf_id"], made[row["to_id"]])
                for row in plan.rows("links")
                if row["to_id"] in made and row["sf_id"] != made[row["to_id"]]
            ]
            hows = {row["keva_id"]: row["reason"] or MERGED for row in plan.rows("links")}
            move_links(run, moves, hows)
        run.save("made", [{"lost": lost, "id": identity} for lost, identity in made.items()])
        left = [
            {"cluster": row["cluster"], "object": plan.sobject, "id": row["master"], "status": "left", "code": None,
             "reason": row["reason"]}
            for row in plan.rows("clusters")
        ]  # fmt: skip
        return run.close(left, plan.manifest["notes"])


def _steps(run: Merging, schema: Schema) -> list[Step]:
    """Masters (0), records made again (1), what needs their new ids or cannot be given at creation (2)."""
    plan, name = run.plan, run.plan.sobject
    lost = {row["id"] for row in plan.rows("records")}
    restore: dict[str, dict[str, list[str | None]]] = {}
    create: dict[str, dict[str, list[str | None]]] = {one: {"Id": [one, None]} for one in lost}
    after: dict[str, dict[str, list[str | None]]] = {}
    clusters: dict[str, str] = {}
    for row in plan.rows("fields"):
        clusters[row["id"]] = row["cluster"]
        field = schema.find(row["field"])
        refers = field is not None and bool(field.reference_to) and row["new"] in lost
        if row["rule"] == "restore" and not refers:
            restore.setdefault(row["id"], {})[row["field"]] = [row["old"], row["new"]]
        elif row["rule"] in {"after", "restore"} or refers:
            after.setdefault(row["id"], {})[row["field"]] = [row["old"], row["new"]]
        else:
            create[row["id"]][row["field"]] = [None, row["new"]]
    steps = [Step(new_id(), clusters[one], "update", name, one, values) for one, values in restore.items()]
    steps += [
        Step(new_id(), clusters.get(one, ""), "create", name, None, values, number=1) for one, values in create.items()
    ]
    steps += [Step(new_id(), clusters[one], "update", name, one, values, number=2) for one, values in after.items()]
    return steps + [
        Step(
            new_id(),
            row["cluster"],
            "update",
            row["object"],
            row["id"],
            {row["field"]: [None, row["parent"]]},
            number=2,
        )
        for row in plan.rows("children")
    ]


def _made(run: Merging) -> dict[str, str]:
    """The new id of each record made again, by its lost one; a record that somebody restored keeps its own."""
    applied = run.entries("applied")
    made = {
        str(run.steps[key].changes["Id"][0]): str(row["sf_id"])
        for key, row in applied.items()
        if run.steps[key].operation == "create"
    }
    lost = {str(one.changes["Id"][0]) for one in run.steps.values() if one.operation == "create"}
    parents = {row["parent"] for row in run.plan.rows("children")} | {row["to_id"] for row in run.plan.rows("links")}
    return made | {one: one for one in parents - lost}


def _hang(run: Merging, made: Mapping[str, str]) -> None:
    """Write lookups and children: lost ids become new ones; what hung on a record that could not be made stays."""
    waiting = [one for one in run.todo("update") if one.number > 0]
    lost = {str(one.changes["Id"][0]) for one in run.steps.values() if one.operation == "create"}
    due: dict[str, list[Step]] = {}
    for one in waiting:
        named = {pair[1] for pair in one.changes.values()} | {one.id}
        missing = sorted(str(item) for item in named if item in lost and item not in made)
        if missing:
            run.settle([(one.key, "rejected", "merge-left", f"{missing[0]} could not be made again", None)])
            continue
        changes = {name: [old, made.get(new or "", new)] for name, (old, new) in one.changes.items()}
        target = Step(one.key, one.cluster, one.operation, one.object, made.get(one.id or "", one.id or ""), changes)
        due.setdefault(one.object, []).append(target)
    for steps in due.values():
        for part in _apart(steps):
            run.write(part, create=False)
            if run.stop():
                return


def _apart(steps: Sequence[Step]) -> list[list[Step]]:
    """In groups in which no record stands twice: a collections call refuses an id it has seen."""
    groups: list[tuple[set[str | None], list[Step]]] = []
    for one in steps:
        group = next((found for found in groups if one.id not in found[0]), None)
        if group is None:
            group = (set(), [])
            groups.append(group)
        group[0].add(one.id)
        group[1].append(one)
    return [group for _, group in groups]


def _settle_unsure(run: Merging, schema: Schema) -> None:
    """Updates without an answer are written once more; creates are looked for by all their values."""
    unsure = run.entries("sent", "unknown")
    rows: list[tuple[str, str, str | None, str | None, str | None]] = [
        (key, "planned", None, None, None) for key in unsure if run.steps[key].operation == "update"
    ]
    asked = [run.steps[key] for key in unsure if run.steps[key].operation == "create"]
    if asked:
        since = (datetime.fromisoformat(run.started) - _CLOCKS).isoformat(timespec="milliseconds")
        names = fields_of(schema)
        selection = Selection(since=since.replace("+00:00", "Z"), deleted=False)
        found = list(extracted(run.endpoint, run.plan.sobject, names, selection, run.progress))
        masters = {row["sources"] for row in run.plan.rows("fields")}
        claimed = {row["sf_id"] for row in run.entries("applied").values()} | masters
        for one in asked:
            sent = {name: clean(pair[1]) for name, pair in one.changes.items() if name != "Id"}
            twin = next(
                (row["_id"] for row in found
                 if row["_id"] not in claimed and all(clean(row.get(name)) == value for name, value in sent.items())),
                None,
            )  # fmt: skip
            claimed.add(twin)
            rows.append((one.key, "applied" if twin else "planned", None, None, twin))
    run.settle(rows)
