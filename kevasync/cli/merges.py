"""Plans of merges on the command line: shown, applied and taken back by the same commands as other plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kevasync.cli.exits import ExitCode
from kevasync.cli.render import shortened
from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.cli.context import Context
    from kevasync.cli.render import Screen
    from kevasync.dedupe.merge_plan import MergePlan
    from kevasync.dedupe.merge_run import MergeResult, MergeStores
    from kevasync.salesforce.endpoint import SalesforceEndpoint

__all__ = ["apply_merge_plan", "find_merge_plan", "is_merge_run", "show_merge_plan", "undo_merges"]


def find_merge_plan(at: Context, wanted: str) -> MergePlan | None:
    """The plan of merges that the user means; None where it is a plan of another kind, or none at all."""
    given = Path(wanted)
    given = given.parent if given.name == "merge.json" else given
    if not (given / "merge.json").is_file():
        try:
            folder = at.workspace.plans_dir
        except UsageError:
            return None
        known = sorted(path.name for path in folder.glob("[!.]*")) if folder.is_dir() else []
        found = known[-1:] if wanted == "latest" else [name for name in known if name.startswith(wanted)]
        if len(found) != 1 or not (folder / found[0] / "merge.json").is_file():
            return None
        given = folder / found[0]
    from kevasync.dedupe.merge_plan import MergePlan

    return MergePlan.load(given)


def is_merge_run(at: Context, wanted: str) -> str | None:
    """The full id of the run where it is one of merges, else None.

    Raises UsageError `undo-impossible` for a run that took merges back: what it made are new records.
    """
    from kevasync.cli.log import find_run
    from kevasync.cli.sides import open_kept

    with open_kept(at.workspace) as kept:
        ledger = kept.stores.ledger
        run = ledger.run(find_run(ledger, wanted))
        undoes = (run.books or {}).get("undoes") if run.kind == "undo" else None
        if undoes and ledger.run(undoes).kind == "merge":
            raise UsageError(
                "undo-impossible",
                f"Run {run.id} took the merges of run {undoes} back; what it made are new records: merge them as any",
                next_steps=("kevasync dedupe", "kevasync review duplicates"),
            )
    return run.id if run.kind == "merge" else None


@contextmanager
def _opened(at: Context, *, allow_duplicates: bool) -> Iterator[tuple[SalesforceEndpoint, MergeStores]]:
    from kevasync.cli.sides import open_kept, open_salesforce
    from kevasync.dedupe.merge_run import MergeStores

    with (
        open_kept(at.workspace) as kept,
        open_salesforce(at.workspace, kept.secrets, allow_duplicates=allow_duplicates) as salesforce,
    ):
        stores = kept.stores
        yield salesforce, MergeStores(stores.links, stores.base, stores.ledger)


def apply_merge_plan(at: Context, plan: MergePlan, *, yes: bool) -> int:
    """Merge, or take merges back, as the plan says."""
    counts = plan.counts
    if plan.kind == "merge":
        what = f"{counts['losers']:,} {plan.sobject} records into {counts['clusters']:,}"
        question = f"Merge {what}? {counts['children']:,} children move."
    else:
        question = f"Make {counts['recreated']:,} merged {plan.sobject} records again?"
    at.confirm(question, yes=yes)
    with at.workspace.lock("apply"), _opened(at, allow_duplicates=plan.kind != "merge") as (endpoint, stores):
        result = _carry_out(at, plan, endpoint, stores)
    at.out(_books(result), lambda screen: _show_books(screen, result, plan))
    return result.exit_code


def _carry_out(at: Context, plan: MergePlan, endpoint: SalesforceEndpoint, stores: MergeStores) -> MergeResult:
    from kevasync.dedupe.merge_apply import apply_merges
    from kevasync.dedupe.merge_undo import apply_undo

    return (apply_merges if plan.kind == "merge" else apply_undo)(
        plan,
        endpoint,
        stores,
        workspace_id=at.workspace.settings.workspace_id,
        runs=at.workspace.state_dir / "runs",
        progress=at.progress,
        stop=at.stop,
    )


def undo_merges(at: Context, run_id: str, *, yes: bool, plan_only: bool) -> int:
    """Plan how to take a run of merges back, show it, and do it."""
    from kevasync.dedupe.merge_undo import plan_undo

    with at.workspace.lock("undo"), _opened(at, allow_duplicates=True) as (endpoint, stores):
        plan = plan_undo(
            run_id,
            endpoint,
            stores,
            workspace_id=at.workspace.settings.workspace_id,
            runs=at.workspace.state_dir / "runs",
            plans=at.workspace.plans_dir,
            progress=at.progress,
        )
        if plan_only:
            at.out(_document(plan, 0), lambda screen: _whole(screen, plan, 20))
            return ExitCode.DONE
        _whole(at.margin, plan, 20)
        at.confirm(f"Take back run {run_id}?", yes=yes)
        result = _carry_out(at, plan, endpoint, stores)
    at.out(_books(result), lambda screen: _show_books(screen, result, plan))
    return result.exit_code


def show_merge_plan(at: Context, plan: MergePlan, *, why: str | None, limit: int) -> int:
    """Clusters, golden values with where they came from, children by object; with `why` one cluster in full."""
    if why is None:
        at.out(_document(plan, limit), lambda screen: _whole(screen, plan, limit))
        return ExitCode.DONE
    names = {row["cluster"] for row in plan.rows("records") if why in {row["id"], row["cluster"], row["keva_id"]}}
    if not names:
        raise UsageError("record-not-in-plan", f"Merge plan {plan.id} has no record {why}")
    tables = {
        name: [row for row in plan.rows(name) if row["cluster"] in names]
        for name in ("clusters", "records", "fields", "children", "links")
    }
    at.out({"plan": plan.id, **tables}, lambda screen: _tables(screen, tables))
    return ExitCode.DONE


def _document(plan: MergePlan, limit: int) -> dict[str, Any]:
    children = Counter(f"{row['object']}.{row['field']}" for row in plan.rows("children"))
    clusters = plan.rows("clusters")
    return {
        "plan": plan.id,
        "kind": plan.kind,
        "path": str(plan.folder),
        "object": plan.sobject,
        "counts": dict(plan.counts),
        "children": dict(children),
        "left": [row for row in clusters if row["status"] != "merge"],
        "notes": plan.manifest["notes"],
        "samples": [row for row in plan.rows("fields") if row["write"]][:limit],
    }


def _whole(screen: Screen, plan: MergePlan, limit: int) -> None:
    screen.heading(f"{'Merge' if plan.kind == 'merge' else 'Undo of a merge'} plan {plan.id}: {plan.sobject}")
    screen.pairs([(name.replace("_", " "), f"{number:,}") for name, number in plan.counts.items()])
    sizes: dict[str, Counter[str]] = {}
    for row in plan.rows("children"):
        sizes.setdefault(row["cluster"], Counter())[row["object"]] += 1
    rows = [
        (
            row["cluster"],
            row["master"],
            str(row["losers"]),
            _counted(sizes.get(row["cluster"], {})),
            row["reason"] or "",
        )
        for row in plan.rows("clusters")[:limit]
    ]
    if rows:
        screen.table(("cluster", "master", "losers", "children", "left out"), rows, right=("losers",))
    golden = [row for row in plan.rows("fields") if row["write"]]
    _table(screen, "Values to write", golden[:limit])
    for note in plan.manifest["notes"]:
        screen.line(f"Note: {note}" if plan.kind == "merge" else f"Cannot be restored: {note}", style="yellow")


def _tables(screen: Screen, tables: Mapping[str, list[dict[str, Any]]]) -> None:
    for title, rows in tables.items():
        _table(screen, title, rows)


def _counted(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sizes.items())


def _table(screen: Screen, title: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        screen.heading(title)
        columns = tuple(rows[0])
        screen.table(columns, [tuple(_shown(row[name]) for name in columns) for row in rows])


def _books(result: MergeResult) -> dict[str, Any]:
    return {
        "run": result.run_id,
        "status": result.status,
        "counts": {str(outcome): number for outcome, number in result.counts.items()},
        "input": result.input,
        "balanced": result.balanced,
        "pending": result.pending,
        "told": list(result.told),
        "cannot_be_restored": list(result.cannot),
    }


def _show_books(screen: Screen, result: MergeResult, plan: MergePlan) -> None:
    unit = "records merged away" if plan.kind == "merge" else "writes"
    screen.heading(f"Run {result.run_id}: {result.status}")
    rows = [(str(outcome), f"{number:,}") for outcome, number in result.counts.items()]
    screen.table(("outcome", unit), [*rows, ("sum", f"{sum(result.counts.values()):,}")], right=(unit,))
    screen.line(f"In the plan: {result.input:,}. The books {'balance' if result.balanced else 'DO NOT balance'}.")
    for row in result.told[:20]:
        screen.line(f"{row['status']}: {row['reason']}", style="yellow")
    if len(result.told) > 20:  # noqa: PLR2004 lines on a screen
        screen.line(f"... and {len(result.told) - 20:,} more; --json lists them all")
    for text in result.cannot:
        screen.line(f"Cannot be restored: {text}", style="yellow")
    if result.pending:
        screen.line(f"{result.pending:,} are still to do: kevasync apply {plan.id}", style="yellow")
    screen.line(f"Every write: kevasync log --run {result.run_id}")
    if plan.kind == "merge":
        screen.line(f"To take it back: kevasync undo {result.run_id}")


def _shown(value: object) -> str:
    return "" if value is None else shortened(str(value).replace("\n", "\\n"))
