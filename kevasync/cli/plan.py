"""`kevasync plan`: compares the two sides and writes down, row by row, what apply would do. Writes to neither side."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.linking import Scored
from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.sync.plan import Plan

__all__ = ["ended", "plan", "show_plan"]


def plan(
    ctx: typer.Context,
    customer: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only these customers, by Keva id. May be repeated.")
    ] = None,
    keva: Annotated[Path | None, typer.Option(help="A Keva export: plan from files, without a workspace.")] = None,
    salesforce: Annotated[Path | None, typer.Option(help="Contacts as CSV or Parquet, API names as columns.")] = None,
    base: Annotated[
        Path | None, typer.Option(help="What the sides last agreed on: keva_id, sf_id, a column a Salesforce field.")
    ] = None,
    links: Annotated[Path | None, typer.Option(help="Known links: keva_id, sf_id. Without it, base tells.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="The mapping file; else the workspace's, else the default.")
    ] = None,
    describe: Annotated[
        Path | None, typer.Option(help="A saved describe of the object, for lengths and types.")
    ] = None,
    object_name: Annotated[str, typer.Option("--object", help="The mapping's object.")] = "contact",
    region: Annotated[str | None, typer.Option(help="Region of telephone numbers without a country code.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write the plan to; else plans/ in the workspace.")
    ] = None,
    candidates: Annotated[
        Scored | None,
        typer.Option(
            help="Score customers whom no key links against Contacts: a person decides, or the sure ones are linked."
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--extract/--no-extract", help="Extract both sides first, or use the latest snapshots.")
    ] = True,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 4 where there are changes or review items.")
    ] = False,
) -> int:
    """Compare Keva and Salesforce and write a plan: what apply would do, row by row and field by field.

    In a workspace both sides are extracted first. With --keva and --salesforce the plan is made from files, with no
    network and no workspace, to look at and to test a mapping.
    """
    at = Context.of(ctx)
    if keva or salesforce:
        if keva is None or salesforce is None or out is None:
            needed = {"--keva": keva, "--salesforce": salesforce, "--out": out}
            absent = " and ".join(name for name, value in needed.items() if value is None)
            raise UsageError("plan-files-incomplete", f"a plan from files needs {absent} too")
        from kevasync.cli.plan_files import FilePlan, plan_from_files

        made = plan_from_files(
            at,
            FilePlan(keva, salesforce, base, links, mapping, describe, object_name, region, tuple(customer or ())),
            out,
            candidates or Scored.OFF,
        )
    else:
        for_files = {"base": base, "links": links, "mapping": mapping, "describe": describe, "region": region}
        given = [f"--{name}" for name, value in for_files.items() if value is not None]
        if given:
            raise UsageError("plan-files-only", f"{', '.join(given)} needs --keva and --salesforce")
        from kevasync.cli.flow import plan_in_workspace

        made = plan_in_workspace(at, object_name, customers=customer, fresh=fresh, out=out, scored=candidates)
    from kevasync.sync.explain import plan_as_dict

    at.out(plan_as_dict(made), lambda screen: show_plan(screen, made))
    return ended(made, detailed=detailed_exitcode)


def ended(made: Plan, *, detailed: bool) -> int:
    """Exit code of a plan that was made: 0, or 4 where asked for and there is something to do or to decide."""
    nothing = not made.manifest["directions"] and not made.manifest["review"]
    waits = any(made.counts[name] for name in ("ambiguous", "rejected", "unlink", "link", "create"))
    return ExitCode.CHANGES if detailed and (waits or not nothing) else ExitCode.DONE


SIGNS = {"create": "+", "update": "~", "link": "=", "unlink": "-", "conflict": "!", "ambiguous": "?", "rejected": "x"}


def show_plan(screen: Screen, made: Plan) -> None:
    """The plan in a screenful: records by operation, fields, what waits, cost, guards, what to type next."""
    manifest = made.manifest
    screen.heading(f"Plan {made.id}")
    screen.line(f"  {made.folder}")
    rows = [(SIGNS.get(name, " "), name, f"{count:,}") for name, count in made.counts.items() if count]
    if rows:
        screen.table(("", "records", "count"), rows, right=("count",))
    else:
        screen.line("No records on either side." if not made.manifest["customers"] else "No records to look at.")
    if manifest["fields"]:
        screen.table(
            ("values to write", "count"), [(name, f"{n:,}") for name, n in manifest["fields"].items()], right=("count",)
        )
    if manifest["review"]:
        waiting = ", ".join(f"{count:,} {kind}" for kind, count in manifest["review"].items())
        screen.line(f"Waits for a person: {waiting} (kevasync show {short(made)} --review)")
    if scored := manifest.get("candidates"):
        screen.line(
            f"By score: {scored['link']:,} customers linked, {scored['review']:,} wait for a person"
            f" (kevasync show {short(made)} --why ID; kevasync link says yes or no)"
        )
    for item in manifest["fields_off"]:
        screen.line(f"Switched off: {item['field']}, because {item['reason']}", style="yellow")
    for note in manifest["notes"]:
        screen.line(f"Note: {note}", style="yellow")
    cost = manifest["estimate"]
    share = "" if cost["share_of_remaining"] is None else f" ({cost['share_of_remaining']:.1%} of what is left today)"
    if manifest["directions"]:
        screen.line(
            f"Cost: about {cost['salesforce_calls']:,} Salesforce calls{share}, {cost['keva_calls']:,} Keva calls, "
            f"{cost['bytes']:,} bytes, {cost['minutes']:g} minutes"
        )
    for guard in made.guards:
        screen.line(f"Guard {guard['code']}: {guard['message']}", style="bold red")
    screen.line(_next(made))


def _next(made: Plan) -> str:
    waiting = made.manifest["review"] or any(made.counts[name] for name in ("ambiguous", "rejected"))
    if not made.manifest["directions"] and not any(made.counts[name] for name in ("link", "unlink", "create")):
        if waiting:
            return f"Nothing to write. What waits for a person: kevasync show {short(made)} --review"
        return "Nothing to do."
    flags = "".join(f" {flag}" for flag in dict.fromkeys(guard["flag"] for guard in made.guards))
    if made.workspace_id is None:
        return f"To look closer: kevasync show {short(made)} --review, or --why RECORD"
    return f"To look closer: kevasync show {short(made)}\nTo do exactly this: kevasync apply {short(made)}{flags}"


def short(made: Plan) -> str:
    """How a plan is called on the command line: by its id where it lies among the workspace's, else by its folder."""
    return made.id if made.folder.name == made.id else shlex.quote(str(made.folder))
