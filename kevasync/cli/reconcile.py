"""`kevasync reconcile`: extract, plan, guards, apply in one, for schedulers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kevasync.cli.apply import allowed, show_books
from kevasync.cli.context import Context
from kevasync.cli.plan import show_plan

if TYPE_CHECKING:
    from kevasync.cli.flow import Opened
    from kevasync.cli.render import Screen
    from kevasync.sync.apply import ApplyResult
    from kevasync.sync.reconcile import ReconcileResult

__all__ = ["reconcile"]


def reconcile(
    ctx: typer.Context,
    object_name: Annotated[str, typer.Option("--object", help="The mapping's object.")] = "contact",
    full: Annotated[bool, typer.Option("--full", help="Extract everything, not only what moved.")] = False,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Go past guard-empty-side.")] = False,
    allow_count: Annotated[bool, typer.Option("--allow-count", help="Go past guard-count.")] = False,
    allow_changes: Annotated[bool, typer.Option("--allow-changes", help="Go past guard-changes.")] = False,
    allow_clears: Annotated[bool, typer.Option("--allow-clears", help="Go past guard-clears.")] = False,
    allow_unlinks: Annotated[bool, typer.Option("--allow-unlinks", help="Go past guard-unlinks.")] = False,
    allow_budget: Annotated[bool, typer.Option("--allow-budget", help="Go past guard-budget.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 4 where there were changes or something waits.")
    ] = False,
) -> int:
    """Extract both sides, plan, and apply unless a guard says no. For cron, Airflow and CI: never asks."""
    from kevasync.cli import flow
    from kevasync.records import Side
    from kevasync.sync.reconcile import reconcile as run

    at = Context.of(ctx)
    allow = allowed(
        allow_empty=allow_empty,
        allow_count=allow_count,
        allow_changes=allow_changes,
        allow_clears=allow_clears,
        allow_unlinks=allow_unlinks,
        allow_budget=allow_budget,
    )
    with at.workspace.lock("reconcile"), flow.open_all(at, object_name) as opened:
        result = run(
            lambda: [flow.extract(opened, side, full=full) for side in Side],
            lambda: flow.plan_now(opened),
            lambda made: flow.apply_plan(opened, made, allow=allow, sample=None),
            lambda: _resume(opened),
        )
    at.out(result.as_dict(), lambda screen: _show(screen, result))
    if result.refused is not None:
        at.margin.error(result.refused)
    return result.detailed_exit_code() if detailed_exitcode else result.exit_code


def _resume(opened: Opened) -> ApplyResult | None:
    """Finish the run that an earlier reconcile or apply left, if its plan is still there."""
    from kevasync.cli import flow
    from kevasync.sync.plan import Plan

    for left in opened.kept.stores.ledger.last_runs(20, kind="apply"):
        folder = opened.workspace.plans_dir / str(left.plan_id)
        if left.is_open and (folder / "plan.json").is_file():
            made = Plan.load(folder)
            flags = {guard["flag"] for guard in made.guards}  # they were gone past when the run was begun
            return flow.apply_plan(opened, made, allow=flags, sample=None)
    return None


def _show(screen: Screen, result: ReconcileResult) -> None:
    show_plan(screen, result.plan)
    if result.applied is not None:
        show_books(screen, result.applied, result.plan)
