"""Apply: writes exactly what a plan says, or refuses. Resumable at any moment; ends with books that balance."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb

from kevasync.endpoint import Endpoint, Progress, Stop
from kevasync.errors import KevasyncError, Refused
from kevasync.mapping.definition import ObjectMapping
from kevasync.records import Outcome, Side
from kevasync.store.files import FolderLock
from kevasync.sync import agree
from kevasync.sync.batches import Gate, open_batches
from kevasync.sync.books import Books, close_books
from kevasync.sync.entries import choose, open_entries
from kevasync.sync.lookup import settle_creates
from kevasync.sync.plan import Plan
from kevasync.sync.run import Run, Stores, connection, direction_to
from kevasync.sync.stale import settle_updates

__all__ = ["ApplyResult", "Stores", "apply"]


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """How an apply ended. `status`: done, failed (some rows), unknown, interrupted, or nothing-to-do.

    `counts` are records by outcome and add up to `input` when `balanced`; `pending` is what an interrupted run has yet
    to do; `stale` records, counted among the rejected, moved since the plan was made.
    """

    run_id: str
    status: str
    counts: Mapping[Outcome, int]
    input: int
    pending: int
    stale: int
    balanced: bool

    @property
    def exit_code(self) -> int:
        """0 done, 1 the run or some rows failed, 3 some records were stale."""
        if self.status in {"unknown", "interrupted", "failed"}:
            return 1
        return 3 if self.stale else 0


def apply(
    plan: Plan,
    endpoints: Mapping[Side, Endpoint],
    stores: Stores,
    mapping: ObjectMapping,
    *,
    workspace_id: str,
    runs: Path,
    progress: Progress,
    stop: Stop,
    allow: Collection[str] = (),
    sample: int | None = None,
    gate: Gate | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
) -> ApplyResult:
    """Write what the plan says; resume the plan's own run if it was cut off.

    `runs` is the folder in which a run keeps its batches and what undo needs (a folder a run), under the workspace's
    state. `allow` are the flags of guards to go past (`--allow-clears`); `sample` writes only the first so many records
    that have something to do. `con` is a DuckDB connection of the caller's (memory limit, folder to spill to).

    Raises:
        Refused: `plan-foreign`, `plan-busy`, a guard's own code, `run-unresolved` (another run has open outcomes).
        RunError: `books-unbalanced`; and whatever ended the run from outside: it stays resumable.
    """
    _refuse_foreign(plan, workspace_id)
    _refuse_guarded(plan, allow)
    runs.mkdir(parents=True, exist_ok=True)
    with _only_one(plan, runs), connection(con) as work:
        if sample is None and _is_done(plan, stores):
            return _nothing(plan, stores)
        while True:
            run = _open(plan, endpoints, stores, mapping, runs, work, progress, stop)
            begun_with = _begin(run, sample)
            result = _carry_out(run, begun_with, gate)
            if begun_with == sample or result.status != "done":
                return result
            # a sample that was cut off is complete now: on to the rest


def _carry_out(run: Run, sample: int | None, gate: Gate | None) -> ApplyResult:
    choose(run, sample)
    open_entries(run)
    ledger = run.stores.ledger
    try:
        _write_all(run, gate)
        books = _close(run)
    except KevasyncError:
        ledger.finish_run(run.id, "interrupted")
        raise
    status = _status(run, books)
    numbers = {
        "counts": {str(outcome): number for outcome, number in books.counts.items()},
        "input": books.input,
        "pending": books.pending,
        "stale": books.stale,
        "sample": sample,
        "undoes": run.plan.manifest.get("undoes"),
    }
    ledger.finish_run(run.id, status, numbers)
    return ApplyResult(run.id, status, books.counts, books.input, books.pending, books.stale, books.balanced)


def _begin(run: Run, sample: int | None) -> int | None:
    """Keep sample and manifest beside the batches: a resumed run answers for the same records; undo reads it."""
    path = run.folder / "run.json"
    if path.exists():
        kept: int | None = json.loads(path.read_text(encoding="utf-8"))["sample"]
        return kept
    temporary = path.with_suffix(".tmp")
    text = json.dumps({"sample": sample, "manifest": dict(run.plan.manifest)}, ensure_ascii=False)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return sample


def _refuse_foreign(plan: Plan, workspace_id: str) -> None:
    if plan.workspace_id != workspace_id:
        origin = "from files, outside any workspace" if plan.workspace_id is None else "in another workspace"
        raise Refused("plan-foreign", f"Plan {plan.id} was made {origin}")


def _refuse_guarded(plan: Plan, allow: Collection[str]) -> None:
    fired = [guard for guard in plan.guards if guard["flag"] not in allow]
    if fired:
        flags = " ".join(dict.fromkeys(guard["flag"] for guard in fired))
        raise Refused(
            fired[0]["code"],
            "; ".join(guard["message"] for guard in fired),
            next_steps=(f"kevasync show {plan.id}", f"kevasync apply {plan.id} {flags}"),
        )


def _is_done(plan: Plan, stores: Stores) -> bool:
    """Whether a run of this very plan ended well with all its records, and was not undone since."""
    last = next((run for run in stores.ledger.last_runs(1_000) if run.plan_id == plan.id), None)
    if last is None or last.status != "done" or last.digest != plan.digest or (last.books or {}).get("sample"):
        return False
    return not any(
        run.kind == "undo" and run.id > last.id and (run.books or {}).get("undoes") == last.id
        for run in stores.ledger.last_runs(1_000)
    )


def _nothing(plan: Plan, stores: Stores) -> ApplyResult:
    last = next(run for run in stores.ledger.last_runs(1_000) if run.plan_id == plan.id)
    records = sum(plan.counts.values())
    counts = {outcome: records if outcome is Outcome.NO_OP else 0 for outcome in Outcome}
    return ApplyResult(last.id, "nothing-to-do", counts, records, 0, 0, balanced=True)


@contextmanager
def _only_one(plan: Plan, runs: Path) -> Iterator[None]:
    """One process at a time works on a plan; the lock goes with the process, however it ends."""
    lock = FolderLock(runs / f".{plan.id}.lock")
    if not lock.take():
        raise Refused("plan-busy", f"Plan {plan.id} is being applied by another process")
    try:
        yield
    finally:
        lock.drop()


def _open(
    plan: Plan,
    endpoints: Mapping[Side, Endpoint],
    stores: Stores,
    mapping: ObjectMapping,
    runs: Path,
    con: duckdb.DuckDBPyConnection,
    progress: Progress,
    stop: Stop,
) -> Run:
    """Take up the plan's unfinished run, or begin one; refuse while another run's outcome is open."""
    kind = str(plan.manifest.get("kind", "apply"))
    begun = stores.ledger.open_run(plan.id)
    if begun is None:
        begun = stores.ledger.run(stores.ledger.start_run(kind, plan.id, plan.digest))
    else:
        stores.ledger.refuse_if_unresolved(besides=begun.id)
        stores.ledger.reopen_run(begun.id)
    folder = runs / begun.id
    folder.mkdir(exist_ok=True)
    return Run(
        id=begun.id,
        kind=kind,
        started=begun.started_at,
        plan=plan,
        mapping=mapping,
        endpoints=endpoints,
        stores=stores,
        folder=folder,
        con=con,
        progress=progress,
        stop=stop,
    )


def _write_all(run: Run, gate: Gate | None) -> None:
    """Links first, then Salesforce, then Keva, then the links that end; each step skips what is settled already."""
    agree.remember_before(run)
    agree.tie(run)
    for side in (Side.SALESFORCE, Side.KEVA):
        if run.stop():
            return
        if run.count(_open_on(side)):
            _write_side(run, side, gate)
    if not run.stop():
        agree.dissolve(run)


def _open_on(side: Side, statuses: str = "'planned', 'sent', 'unknown'") -> str:
    return f"direction = '{direction_to(side)}' and status in ({statuses})"


def _write_side(run: Run, side: Side, gate: Gate | None) -> None:
    """Finish what was in flight, drop what is stale, write; look lost answers up; send what never arrived once more."""
    endpoint, journal = run.endpoints[side], run.journal(side)
    for results in endpoint.resume(journal, run.progress, run.stop):
        run.keep(side, results)
    for _ in range(2):
        settle_updates(run, side)
        settle_creates(run, side)
        written = (endpoint.write(batch, journal, run.progress, run.stop) for batch in open_batches(run, side, gate))
        for results in chain.from_iterable(written):
            run.keep(side, results)
        if run.stop() or not run.count(_open_on(side, "'unknown'")):
            return
    settle_updates(run, side)
    settle_creates(run, side)
    run.settle(
        f"""select key, null::varchar as id, 'failed' as status, 'answer-lost' as code,
        'sent twice, and twice it did not arrive' as message from entries where {_open_on(side, "'planned'")}"""  # noqa: S608 ours
    )


def _close(run: Run) -> Books:
    """Remember what both sides agree on now, and close the books; an undo is restored when it is whole."""
    books = close_books(run)
    agree.photograph(run)
    if run.kind != "undo":
        agree.remember(run)
    elif not books.pending:
        agree.restore(run)
    return books


def _status(run: Run, books: Books) -> str:
    if books.pending:
        return "interrupted"
    if run.count("status = 'unknown'"):
        return "unknown"
    return "failed" if books.counts[Outcome.FAILED] else "done"
