"""`kevasync apply` and `kevasync undo`: do exactly what a plan says, and take a run back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.merges import apply_merge_plan, find_merge_plan, is_merge_run, undo_merges
from kevasync.cli.plan import short, show_plan
from kevasync.cli.show import find_plan

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.sync.apply import ApplyResult
    from kevasync.sync.plan import Plan

__all__ = ["allowed", "apply", "books", "show_books", "undo"]


def allowed(**flags: bool) -> set[str]:
    """The flags that were given, as guards name them."""
    return {f"--allow-{name.removeprefix('allow_').replace('_', '-')}" for name, given in flags.items() if given}


def apply(
    ctx: typer.Context,
    plan: Annotated[str, typer.Argument(help="A plan's id or its beginning, its folder, or `latest`.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    sample: Annotated[int | None, typer.Option(min=1, help="Only the first so many records; the rest later.")] = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Go past guard-empty-side.")] = False,
    allow_count: Annotated[bool, typer.Option("--allow-count", help="Go past guard-count.")] = False,
    allow_changes: Annotated[bool, typer.Option("--allow-changes", help="Go past guard-changes.")] = False,
    allow_clears: Annotated[bool, typer.Option("--allow-clears", help="Go past guard-clears.")] = False,
    allow_unlinks: Annotated[bool, typer.Option("--allow-unlinks", help="Go past guard-unlinks.")] = False,
    allow_budget: Annotated[bool, typer.Option("--allow-budget", help="Go past guard-budget.")] = False,
) -> int:
    """Do exactly what a plan says, or refuse. Safe to run again: a run that was cut off is resumed."""
    from kevasync.cli import flow

    at = Context.of(ctx)
    if (merges := find_merge_plan(at, plan)) is not None:
        return apply_merge_plan(at, merges, yes=yes)
    made = find_plan(at, plan)
    flags = allowed(
        allow_empty=allow_empty,
        allow_count=allow_count,
        allow_changes=allow_changes,
        allow_clears=allow_clears,
        allow_unlinks=allow_unlinks,
        allow_budget=allow_budget,
    )
    values = sum(made.manifest["directions"].values())
    at.confirm(f"Apply plan {short(made)}: {values:,} values, {_records(made):,} records?", yes=yes)
    with at.workspace.lock("apply"), flow.open_all(at, made.object_name) as opened:
        result = flow.apply_plan(opened, made, allow=flags, sample=sample)
    at.out(books(result), lambda screen: show_books(screen, result, made))
    return result.exit_code


def undo(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(help="The run to take back: its id or its beginning, or `latest`.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Write the plan that takes it back; apply it later.")
    ] = False,
) -> int:
    """Take a run back: write the values from before it, as a plan of its own. What somebody changed since stays."""
    from kevasync.cli import flow
    from kevasync.cli.log import find_run
    from kevasync.sync.explain import plan_as_dict
    from kevasync.sync.undo import plan_undo

    at = Context.of(ctx)
    if (merged := is_merge_run(at, run)) is not None:
        return undo_merges(at, merged, yes=yes, plan_only=plan_only)
    with at.workspace.lock("undo"), flow.open_all(at, "contact") as opened:
        made = plan_undo(
            find_run(opened.kept.stores.ledger, run),
            opened.endpoints,
            opened.kept.stores,
            opened.mapping,
            workspace_id=at.workspace.settings.workspace_id,
            runs=opened.runs,
            plans=at.workspace.plans_dir,
            progress=at.progress,
            con=opened.con,
        )
        if plan_only:
            at.out(plan_as_dict(made), lambda screen: show_plan(screen, made))
            return ExitCode.DONE
        show_plan(at.margin, made)
        at.confirm(f"Take back run {run}?", yes=yes)
        result = flow.apply_plan(opened, made, allow={guard["flag"] for guard in made.guards}, sample=None, gated=False)
    at.out(books(result), lambda screen: show_books(screen, result, made))
    return result.exit_code


def _records(made: Plan) -> int:
    return sum(made.counts[name] for name in ("create", "link", "update", "unlink", "conflict", "review"))


def books(result: ApplyResult) -> dict[str, Any]:
    """The JSON form: design.md section 9."""
    return {
        "run": result.run_id,
        "status": result.status,
        "counts": {str(outcome): number for outcome, number in result.counts.items()},
        "input": result.input,
        "balanced": result.balanced,
        "pending": result.pending,
        "stale": result.stale,
    }


def show_books(screen: Screen, result: ApplyResult, made: Plan) -> None:
    """The books for people: every record of the plan ended in exactly one line, and they add up."""
    screen.heading(f"Run {result.run_id}: {result.status}")
    rows = [(str(outcome), f"{number:,}") for outcome, number in result.counts.items()]
    screen.table(("outcome", "records"), [*rows, ("sum", f"{sum(result.counts.values()):,}")], right=("records",))
    screen.line(
        f"Records in the plan: {result.input:,}. The books {'balance' if result.balanced else 'DO NOT balance'}."
    )
    if result.stale:
        screen.line(
            f"{result.stale:,} records had moved since the plan was made; plan again: kevasync plan", style="yellow"
        )
    if result.pending:
        screen.line(f"{result.pending:,} records are still to do: kevasync apply {short(made)}", style="yellow")
    name = result.run_id
    screen.line(f"Every change: kevasync log --run {name}\nTo take it back: kevasync undo {name}")
