"""What a run of merges is while it works: its journal (written before the first merge), its entries, its books."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kevasync.dedupe.merge import MergeSide
from kevasync.dedupe.merge_plan import MergePlan, Row, write_json
from kevasync.endpoint import Progress, Stop, WriteBatch, WriteResult
from kevasync.errors import KevasyncError, Refused
from kevasync.records import Outcome
from kevasync.store.base import Base
from kevasync.store.files import FolderLock
from kevasync.store.ledger import Ledger
from kevasync.store.links import Links

__all__ = ["MergeResult", "MergeStores", "Merging", "Step", "opened"]

JOURNAL = "journal.json"
_OUTCOMES = {
    "applied": Outcome.APPLIED, "failed": Outcome.FAILED, "unknown": Outcome.UNKNOWN, "sent": Outcome.UNKNOWN,
    "rejected": Outcome.REJECTED, "skipped": Outcome.NO_OP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MergeStores:
    """What a run of merges keeps things in."""

    links: Links
    base: Base
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Step:
    """One write of a run: a merge of up to two losers, a record made or changed. `changes` as the ledger has them."""

    key: str
    cluster: str
    operation: str
    object: str
    id: str | None
    changes: Mapping[str, Sequence[str | None]]
    losers: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class MergeResult:
    """How a run of merges, or of taking them back, ended.

    `counts` are records merged away (or writes taken back) by outcome; they add up to `input` when `balanced`.
    `told` lists what was left out or went wrong, `cannot` what no undo can restore.
    """

    run_id: str
    status: str
    counts: Mapping[Outcome, int]
    input: int
    pending: int
    told: Sequence[Mapping[str, Any]]
    cannot: Sequence[str] = ()

    @property
    def balanced(self) -> bool:
        """Whether every record of the plan ended in exactly one count, those still to do included."""
        return sum(self.counts.values()) + self.pending == self.input

    @property
    def exit_code(self) -> int:
        """0 done, 1 something failed or is open, 3 something had moved since the plan was made."""
        if self.status in {"unknown", "interrupted", "failed"}:
            return 1
        return 3 if self.counts[Outcome.REJECTED] else 0


@dataclass(slots=True)
class Merging:
    """A run under way."""

    id: str
    started: str
    plan: MergePlan
    endpoint: MergeSide
    stores: MergeStores
    folder: Path
    progress: Progress
    stop: Stop
    steps: dict[str, Step] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def has_journal(self) -> bool:
        """Whether the journal is whole: it is written before anything is sent."""
        return (self.folder / JOURNAL).is_file()

    def save(self, name: str, rows: Iterable[Row]) -> None:
        """Keep rows beside the run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.json"
        write_json(path, {"rows": list(rows)})

    def kept(self, name: str) -> list[Row]:
        """The rows kept under a name; none where there is no such file."""
        path = self.folder / f"{name}.json"
        if not path.is_file():
            return []
        rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))["rows"]
        return rows

    def open_journal(self, steps: Sequence[Step], skipped: Mapping[str, str]) -> None:
        """Seal the journal: from here on the run may write."""
        write_json(
            self.folder / JOURNAL,
            {
                "plan": dict(self.plan.manifest),
                "skipped": dict(skipped),
                "steps": [
                    {"key": one.key, "cluster": one.cluster, "operation": one.operation, "object": one.object,
                     "id": one.id, "changes": one.changes, "losers": list(one.losers), "number": one.number}
                    for one in steps
                ],
            },
        )  # fmt: skip

    def enter(self) -> None:
        """Read the journal and enter its steps in the ledger; those that stand there already stay as they are."""
        journal = json.loads((self.folder / JOURNAL).read_text(encoding="utf-8"))
        self.skipped = journal["skipped"]
        self.steps = {one["key"]: Step(**{**one, "losers": tuple(one["losers"])}) for one in journal["steps"]}
        rows = [
            {"key": one.key, "object": one.object, "keva_id": None, "sf_id": one.id, "direction": "to_crm",
             "operation": one.operation, "changes": json.dumps(one.changes, ensure_ascii=False)}
            for one in self.steps.values()
        ]  # fmt: skip
        if rows:
            self.stores.ledger.plan_entries(self.id, pa.Table.from_pylist(rows, schema=_ENTRIES))

    def entries(self, *statuses: str) -> dict[str, Row]:
        """The run's entries by key, with these statuses (none given: all)."""
        table = self.stores.ledger.arrow(run_id=self.id, status=list(statuses) or None)
        return {row["key"]: row for row in table.to_pylist()}

    def todo(self, *operations: str) -> list[Step]:
        """The steps that wait, in order."""
        waiting = self.entries("planned")
        return [one for key, one in self.steps.items() if key in waiting and one.operation in operations]

    def record(self, results: Sequence[WriteResult]) -> None:
        """Enter answers."""
        self.stores.ledger.record(self.id, results)

    def settle(self, rows: Sequence[tuple[str, str, str | None, str | None, str | None]]) -> None:
        """Give entries the status that a look has proved: (key, status, code, message, id)."""
        if rows:
            names = ("key", "status", "code", "message", "sf_id")
            columns = [pa.array(list(column), pa.string()) for column in zip(*rows, strict=True)]
            self.stores.ledger.settle_rows(self.id, pa.table(columns, names=list(names)))

    def write(self, steps: Sequence[Step], *, create: bool) -> None:
        """Make or change records of one object, as `changes` says ([old, new] a field)."""
        if not steps:
            return
        names = sorted({name for one in steps for name in one.changes if name != "Id"})
        rows = [
            {"_key": one.key, "_keva_id": None, "_id": None if create else one.id,
             "_clear": [] if create else [name for name, pair in one.changes.items() if pair[1] is None],
             **{name: (one.changes[name][1] if name in one.changes else None) for name in names}}
            for one in steps
        ]  # fmt: skip
        types = {"_key": pa.string(), "_keva_id": pa.string(), "_id": pa.string(), "_clear": pa.list_(pa.string())}
        path = self.folder / f"{'create' if create else 'update'}-{steps[0].key}.parquet"
        schema = pa.schema([*types.items(), *((name, pa.string()) for name in names)])
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
        batch = WriteBatch(steps[0].object, path, len(rows), tuple(names), create)
        journal = self.stores.ledger.journal(self.id)
        for results in self.endpoint.write(batch, journal, self.progress, self.stop):
            self.record(results)

    def _weight(self, step: Step) -> int:
        """How many records a step counts for: those it merges away; the Keva id on a master goes with its merge."""
        return len(step.losers) if self.plan.kind == "merge" else 1

    def close(self, left: Sequence[Mapping[str, Any]], cannot: Sequence[str] = (), skipped: int = 0) -> MergeResult:
        """End the run with its books. `skipped` records were left out before the run began to write."""
        counts = dict.fromkeys(Outcome, 0)
        counts[Outcome.REJECTED] += skipped
        pending, told, ended = 0, list(left), set()
        for key, row in self.entries().items():
            step = self.steps[key]
            ended.add(row["status"])
            if row["status"] == "planned":
                pending += self._weight(step)
                continue
            counts[_OUTCOMES[row["status"]]] += self._weight(step)
            if row["status"] != "applied":
                told.append(
                    {"cluster": step.cluster, "object": step.object, "id": row["sf_id"], "status": row["status"],
                     "code": row["code"], "reason": row["message"]}
                )  # fmt: skip
        size = sum(map(self._weight, self.steps.values())) + skipped
        open_ends = (("planned", "interrupted"), ("sent", "unknown"), ("unknown", "unknown"), ("failed", "failed"))
        status = next((named for state, named in open_ends if state in ended), "done")
        result = MergeResult(self.id, status, counts, size, pending, told, cannot)
        books = {
            "counts": {str(name): number for name, number in counts.items()}, "input": size, "pending": pending,
            "undoes": self.plan.manifest.get("undoes"),
        }  # fmt: skip
        self.stores.ledger.finish_run(self.id, status, books)
        return result


_ENTRIES = pa.schema(
    [(name, pa.string()) for name in ("key", "object", "keva_id", "sf_id", "direction", "operation", "changes")]
)


@contextmanager
def opened(
    plan: MergePlan,
    endpoint: MergeSide,
    stores: MergeStores,
    *,
    workspace_id: str,
    runs: Path,
    progress: Progress,
    stop: Stop,
) -> Iterator[Merging]:
    """Take up the plan's unfinished run, or begin one; one process at a time. An error leaves it to be resumed.

    Raises Refused: `plan-foreign`, `plan-busy`, `run-unresolved`, `merge-done` when the plan was carried out already.
    """
    if plan.manifest["workspace"] != workspace_id:
        raise Refused("plan-foreign", f"Plan {plan.id} was made in another workspace")
    runs.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(runs / f".{plan.id}.lock")
    if not lock.take():
        raise Refused("plan-busy", f"Plan {plan.id} is being applied by another process")
    ledger = stores.ledger
    try:
        begun = ledger.open_run(plan.id)
        if begun is None:
            done = next((run for run in ledger.last_runs(1_000) if run.plan_id == plan.id), None)
            if done is not None:
                raise Refused("merge-done", f"Plan {plan.id} was carried out by run {done.id}")
            kind = "merge" if plan.kind == "merge" else "undo"
            begun = ledger.run(ledger.start_run(kind, plan.id, plan.digest))
        else:
            ledger.refuse_if_unresolved(besides=begun.id)
            ledger.reopen_run(begun.id)
        folder = runs / begun.id
        folder.mkdir(exist_ok=True)
        try:
            yield Merging(begun.id, begun.started_at, plan, endpoint, stores, folder, progress, stop)
        except KevasyncError:
            ledger.finish_run(begun.id, "interrupted")
            raise
    finally:
        lock.drop()
