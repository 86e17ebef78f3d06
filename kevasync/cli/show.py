"""`kevasync show`: a plan for people: summary, samples, what waits, one record in full and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.merges import find_merge_plan, show_merge_plan
from kevasync.cli.plan import show_plan
from kevasync.cli.render import shortened
from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.sync.plan import Plan

__all__ = ["find_plan", "show"]


def show(
    ctx: typer.Context,
    plan: Annotated[str, typer.Argument(help="A plan's id or its beginning, its folder, or `latest`.")] = "latest",
    why: Annotated[
        str | None, typer.Option(metavar="RECORD", help="One record, by Keva or Salesforce id, in full.")
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="What waits for a person, instead of samples of changes.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many samples of each kind.")] = 5,
) -> int:
    """Show a plan: counts, fields, cost, guards and samples; with --why, one record in full."""
    at = Context.of(ctx)
    if (merges := find_merge_plan(at, plan)) is not None:
        return show_merge_plan(at, merges, why=why, limit=limit)
    made = find_plan(at, plan)
    from kevasync.sync.explain import explain_record, plan_as_dict, samples

    if why is not None:
        told = explain_record(made, why)
        at.out({"plan": made.id, **told}, lambda screen: _record(screen, told))
        return ExitCode.DONE
    some = samples(made, limit)
    at.out({**plan_as_dict(made), "samples": some}, lambda screen: _whole(screen, made, some, review=review))
    return ExitCode.DONE


def find_plan(at: Context, wanted: str) -> Plan:
    """The plan that the user means. Raises UsageError `plan-missing` or `plan-unclear`; Refused `plan-edited`."""
    from kevasync.sync.plan import Plan

    given = Path(wanted)
    if given.name == "plan.json":
        given = given.parent
    if (given / "plan.json").is_file() or "/" in wanted:
        return Plan.load(given)
    try:
        folder = at.workspace.plans_dir
    except UsageError as error:
        if error.code != "workspace-not-found" or at.folder is not None:
            raise
        what = f"{wanted} is no folder with a plan, and there is no workspace here in which it could be one"
        raise UsageError("plan-missing", what) from error
    known = sorted(path.name for path in folder.iterdir() if (path / "plan.json").is_file()) if folder.is_dir() else []
    if wanted == "latest" and known:
        return Plan.load(folder / known[-1])  # UUIDv7: the order of names is the order of time
    found = [name for name in known if name.startswith(wanted)]
    if len(found) > 1:
        raise UsageError("plan-unclear", f"{wanted} is the beginning of {len(found)} plans: {', '.join(found[:3])}")
    if not found:
        what = f"{folder} has no plan yet" if not known else f"{folder} has no plan that begins with {wanted}"
        raise UsageError("plan-missing", what)
    return Plan.load(folder / found[0])


def _whole(screen: Screen, made: Plan, some: dict[str, list[dict[str, Any]]], *, review: bool) -> None:
    show_plan(screen, made)
    if review:
        _rows(screen, "Waits for a person", some["review"])
        _rows(screen, "Records that need attention", some["records"])
    else:
        _rows(screen, "Some of the values to write", some["changes"])


def _record(screen: Screen, told: dict[str, list[dict[str, Any]]]) -> None:
    for row in told["records"]:
        screen.heading(f"{row['operation']}: {row['reason']}")
        screen.pairs([("Keva id", _shown(row["keva_id"])), ("Salesforce id", _shown(row["sf_id"]))])
    _rows(screen, "Values to write", told["changes"])
    _rows(screen, "Waits for a person", told["review"])
    _rows(screen, "Candidates by score", told["candidates"])
    for row in told["agreed"]:
        screen.heading("Will be remembered as agreed")
        screen.pairs([(name, _shown(value)) for name, value in row.items()])


def _rows(screen: Screen, title: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        screen.heading(title)
        columns = tuple(rows[0])
        screen.table(columns, [tuple(_shown(row[name]) for name in columns) for row in rows])


def _shown(value: object) -> str:
    return "(null)" if value is None else shortened(str(value).replace("\n", "\\n"))
