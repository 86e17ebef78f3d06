"""Carrying a merge plan out: journal first, then merges, then links; resumable anywhere, nothing merged twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from kevasync.dedupe.merge import MergeSide, Read, children_of, read_records
from kevasync.dedupe.merge_plan import MergePlan, Row
from kevasync.dedupe.merge_run import MergeResult, MergeStores, Merging, Step, opened
from kevasync.endpoint import MOST_LOSERS, MergeRequest, Progress, Stop
from kevasync.records import KevaId, Link, SalesforceId
from kevasync.store.base import BaseRow
from kevasync.store.state import new_id

__all__ = ["MERGED", "apply_merges", "move_links"]

MERGED = "merged"
"""How a link came about that a merge moved to the master."""


def apply_merges(
    plan: MergePlan,
    endpoint: MergeSide,
    stores: MergeStores,
    *,
    workspace_id: str,
    runs: Path,
    progress: Progress,
    stop: Stop,
) -> MergeResult:
    """Merge what the plan says; resume the plan's own run if it was cut off.

    A cluster of which a record changed or vanished since the plan is left out, with its reason; the rest goes on. A
    merge whose answer was lost is looked up: is the loser's master ours? Raises what `opened` raises.
    """
    with opened(plan, endpoint, stores, workspace_id=workspace_id, runs=runs, progress=progress, stop=stop) as run:
        if not run.has_journal:
            _journal(run)
            run.enter()
        else:
            run.enter()
            _look_up(run)
            _drop_stale(run)
        for turn in range(2):
            _merge(run, [one for one in run.todo("merge") if one.number == 0])
            _leave_broken(run)
            _merge(run, [one for one in run.todo("merge") if one.number > 0])
            if stop() or not run.todo("merge"):
                break
            if turn:
                run.settle([(one.key, "failed", "answer-lost", "sent twice, and twice it did not arrive", None)
                            for one in run.todo("merge")])  # fmt: skip
        if not stop():
            _finish(run)
        left = [
            {"cluster": name, "object": plan.sobject, "id": None, "status": "rejected", "code": "stale", "reason": why}
            for name, why in run.skipped.items()
        ]
        sizes = {row["cluster"]: row["losers"] for row in plan.rows("clusters")}
        return run.close(left, skipped=sum(sizes[name] for name in run.skipped))


# -- the journal ------------------------------------------------------------------------------------------------------


def _journal(run: Merging) -> None:
    """Keep every record as it is, the children and where they hang, the links; settle which clusters may be merged."""
    plan = run.plan
    schema = run.endpoint.describe(plan.sobject)
    planned = plan.rows("records")
    clusters = plan.rows("clusters")
    skipped = {row["cluster"]: row["reason"] for row in clusters if row["status"] != "merge"}
    wanted = [row for row in planned if row["cluster"] not in skipped]
    now = read_records(run.endpoint, schema, [row["id"] for row in wanted], run.progress)
    for row in wanted:
        reason = _moved(row, now.get(row["id"]))
        if reason:
            skipped.setdefault(row["cluster"], reason)
    good = [row for row in wanted if row["cluster"] not in skipped]
    losers = {row["id"]: row["cluster"] for row in good if row["role"] == "loser"}
    run.save("images", [
        {"cluster": row["cluster"], "id": row["id"], "role": row["role"], "modified": now[row["id"]].modified,
         "values": now[row["id"]].values}
        for row in good
    ])  # fmt: skip
    run.save("children", [
        {"cluster": losers[row["parent"]], **row}
        for row in children_of(run.endpoint, plan.sobject, list(losers), run.progress)
    ])  # fmt: skip
    held = {row["id"] for row in good}
    run.save("links", [row for row in run.stores.links.arrow(plan.object_name).to_pylist() if row["sf_id"] in held])
    masters = {row["cluster"]: row["master"] for row in clusters}
    run.open_journal(_steps(plan, good, masters), skipped)


def _moved(row: Row, now: Read | None) -> str | None:
    if now is None or now.deleted:
        into = f" (merged into {now.master})" if now is not None and now.master else ""
        return f"{row['id']} is gone since the plan was made{into}"
    if now.modified != row["modified"]:
        return f"{row['id']} was changed since the plan was made"
    return None


def _steps(plan: MergePlan, good: Sequence[Row], masters: Mapping[str, str]) -> list[Step]:
    """The merges, two losers at a time, the golden values with the first; then the Keva id on masters that get it."""
    losers: dict[str, list[str]] = {}
    for row in good:
        if row["role"] == "loser":
            losers.setdefault(row["cluster"], []).append(row["id"])
    values: dict[str, dict[str, list[str | None]]] = {}
    external: dict[str, Row] = {}
    for row in plan.rows("fields"):
        if row["write"] and row["rule"] == "link":
            external[row["cluster"]] = row
        elif row["write"]:
            values.setdefault(row["cluster"], {})[row["field"]] = [row["old"], row["new"]]
    steps: list[Step] = []
    for name, ids in losers.items():
        for number, start in enumerate(range(0, len(ids), MOST_LOSERS)):
            part = tuple(ids[start : start + MOST_LOSERS])
            changes: dict[str, list[str | None]] = {"Id": [";".join(part), masters[name]]}
            changes |= values.get(name, {}) if number == 0 else {}
            steps.append(Step(new_id(), name, "merge", plan.sobject, masters[name], changes, part, number))
    for name, row in external.items():
        if name in losers:
            change: dict[str, list[str | None]] = {row["field"]: [row["old"], row["new"]]}
            steps.append(Step(new_id(), name, "update", plan.sobject, row["id"], change))
    return steps


# -- merging ----------------------------------------------------------------------------------------------------------


def _merge(run: Merging, steps: Sequence[Step]) -> None:
    """Send merges and settle each: what has no sure answer, or says that a record is gone, is looked at."""
    if not steps or run.stop():
        return
    requests = [
        MergeRequest(
            one.key, one.id or "", one.losers, {name: pair[1] for name, pair in one.changes.items() if name != "Id"}
        )
        for one in steps
    ]
    journal = run.stores.ledger.journal(run.id)
    for results in run.endpoint.merge(run.plan.sobject, requests, journal, run.progress, run.stop):
        run.record(results)
    _look_up(run)


def _look_up(run: Merging) -> None:
    """Settle merges of unknown outcome by the losers: all merged into the master, or all still there."""
    unsure = run.entries("sent", "unknown")
    gone = {key for key, row in run.entries("failed").items() if row["side_code"] in _GONE}
    asked = [one for key, one in run.steps.items() if one.operation == "merge" and (key in unsure or key in gone)]
    rows: list[tuple[str, str, str | None, str | None, str | None]] = []
    if asked:
        schema = run.endpoint.describe(run.plan.sobject)
        ids = [loser for one in asked for loser in one.losers]
        now = read_records(run.endpoint, schema, ids, run.progress)
        for one in asked:
            found = [now.get(loser) for loser in one.losers]
            if all(item is not None and item.deleted and item.master == one.id for item in found):
                rows.append((one.key, "applied", None, None, None))
            elif one.key in unsure:
                alive = all(item is not None and not item.deleted for item in found)
                rows.append(
                    (one.key, "planned", None, None, None)
                    if alive
                    else (one.key, "failed", "record-gone", "a record was deleted or merged elsewhere meanwhile", None)
                )
    rows += [
        (key, "planned", None, None, None) for key in unsure if run.steps[key].operation == "update"
    ]  # the same value once more does no harm
    run.settle(rows)


_GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})


def _leave_broken(run: Merging) -> None:
    """Where the first merge of a cluster was refused its other losers stay: they would lose their golden values."""
    broken = {
        run.steps[key].cluster
        for key in run.entries("failed", "rejected")
        if run.steps[key].number == 0 and run.steps[key].operation == "merge"
    }
    why = "the first merge of its cluster was not carried out"
    rest = [one for one in run.todo("merge", "update") if one.cluster in broken]
    run.settle([(one.key, "rejected", "merge-left", why, None) for one in rest])


def _drop_stale(run: Merging) -> None:
    """On resuming: clusters not begun, of which a record differs from the journal, are left out.

    What this run's own merges did (a lookup that now leads to a master) is no difference.
    """
    waiting = {one.cluster: one for one in run.todo("merge") if one.number == 0}
    images = [row for row in run.kept("images") if row["cluster"] in waiting]
    if not images:
        return
    masters = {loser: one.id for one in run.steps.values() for loser in one.losers}
    schema = run.endpoint.describe(run.plan.sobject)
    now = read_records(run.endpoint, schema, [row["id"] for row in images], run.progress)
    why: dict[str, str] = {}
    for row in images:
        held = now.get(row["id"])
        if held is None or held.deleted:
            why.setdefault(row["cluster"], f"{row['id']} is gone since the run began")
            continue
        moved = [
            name
            for name, value in row["values"].items()
            if held.values[name] != value and held.values[name] != masters.get(value or "", value)
        ]
        if moved:
            why.setdefault(row["cluster"], f"{row['id']} was changed since the run began: {', '.join(moved)}")
    run.settle([(waiting[name].key, "rejected", "stale", text, None) for name, text in why.items()])


# -- what follows the merges ------------------------------------------------------------------------------------------


def _finish(run: Merging) -> None:
    """Move links, give masters their Keva id, and keep the masters as they are now: undo compares with that."""
    applied = run.entries("applied")
    lost = {loser for key, one in run.steps.items() if key in applied for loser in one.losers}
    moving = [row for row in run.plan.rows("links") if row["status"] == "move" and row["sf_id"] in lost]
    move_links(run, [(row["keva_id"], row["sf_id"], row["to_id"]) for row in moving])
    due = {row["cluster"] for row in moving}
    run.write([one for one in run.todo("update") if one.cluster in due], create=False)
    run.settle([
        (one.key, "rejected", "merge-left", "its customer stays where it is", None)
        for one in run.todo("update") if one.cluster not in due
    ])  # fmt: skip
    masters = sorted({str(one.id) for key, one in run.steps.items() if key in applied and one.losers})
    schema = run.endpoint.describe(run.plan.sobject)
    now = read_records(run.endpoint, schema, masters, run.progress) if masters else {}
    run.save("after", [{"id": one, "values": now[one].values} for one in masters if one in now])


def move_links(run: Merging, moves: Sequence[tuple[str, str, str]], hows: Mapping[str, str] | None = None) -> list[str]:
    """Move links (customer, from, to) that are still where they were, and their base with them; answers who moved."""
    links, name = run.stores.links, run.plan.object_name
    now = {row["keva_id"]: row["sf_id"] for row in links.arrow(name).to_pylist() if row["active"]}
    good = [item for item in moves if now.get(item[0]) == item[1]]
    rows = _base_of(run, good)
    if good:
        how = hows or {}
        made = [Link(KevaId(k), SalesforceId(to), how.get(k, MERGED)) for k, _, to in good]
        # base first: a link without base would make the next plan a first sync
        run.stores.base.save_rows(name, rows, run.id)
        links.save(name, made, run.id, replace=True)
        links.forget(name, [(keva_id, origin) for keva_id, origin, _ in good])
        run.stores.base.forget(name, [(keva_id, origin) for keva_id, origin, _ in good])
    return [keva_id for keva_id, _, _ in good]


def _base_of(run: Merging, moves: Sequence[tuple[str, str, str]]) -> list[BaseRow]:
    """What the sides agree on for the pairs that move, under the pairs they become."""
    if not moves:
        return []
    fields = [item.name for item in run.endpoint.describe(run.plan.sobject).fields]
    with duckdb.connect() as con:
        customers = [keva_id for keva_id, _, _ in moves]
        view = run.stores.base.view(con, run.plan.object_name, fields, "base_now", keva_ids=customers)
        table = con.sql(f"SELECT * FROM {view}").to_arrow_table()  # noqa: S608 our own name
    targets = {(keva_id, origin): target for keva_id, origin, target in moves}
    return [
        BaseRow(row["keva_id"], target, {name: row[name] for name in row["agreed"] or ()})
        for row in table.to_pylist()
        if (target := targets.get((row["keva_id"], row["sf_id"]))) is not None
    ]
