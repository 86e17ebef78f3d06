"""`kevasync quality`: the suites as files, and the gate run alone on a plan or on the latest snapshots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.show import find_plan
from kevasync.errors import UsageError
from kevasync.records import Side

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.mapping.definition import ObjectMapping
    from kevasync.quality.gate import GateResult
    from kevasync.quality.snapshot import SnapshotResult
    from kevasync.quality.suite import Suite, SuiteState
    from kevasync.records import Schema
    from kevasync.sync.plan import Plan
    from kevasync.workspace import Workspace

__all__ = ["quality", "suite_for"]


def quality(
    ctx: typer.Context,
    plan: Annotated[
        str | None, typer.Option(metavar="PLAN", help="Check what this plan would write (id, folder or latest).")
    ] = None,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="Check the latest snapshots of both sides.")] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Write the suites anew from mapping and describe, over your edits.")
    ] = False,
    describe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A saved describe, in place of asking the org.")
    ] = None,
    object_name: Annotated[
        str, typer.Option("--object", metavar="NAME", help="The object of the mapping.")
    ] = "contact",
) -> ExitCode:
    """Check data against the quality suites (Great Expectations) without writing to either side.

    The suites are made from the mapping and from describe, under quality/ in the workspace. Edit them: an edited file
    is kept until --refresh. apply runs the same gate on each batch before it leaves. Exit code 0 when all rows meet
    the suite, 1 when some do not.
    """
    at = Context.of(ctx)
    if plan is not None and snapshot:
        raise UsageError("usage", "--plan and --snapshot are two runs; give one")
    workspace = at.workspace
    mapping = _mapping(workspace, object_name)
    suite, state = suite_for(workspace, mapping, lambda: _schema(at, workspace, mapping, describe), refresh=refresh)
    path = _suite_path(workspace, mapping)
    document: dict[str, Any] = {"suite": str(path), "state": state.value, "expectations": len(suite["expectations"])}
    if plan is not None:
        loaded = find_plan(at, plan)
        result = _on_plan(workspace, loaded, suite, path)
        document |= {"plan": loaded.id, **_gate_dict(result)}
        at.out(document, lambda screen: _show_gate(screen, document, result))
        return ExitCode.DONE if result is None or result.success else ExitCode.FAILED
    if snapshot:
        results = _on_snapshots(at, workspace, mapping, suite, path, describe)
        document |= {"snapshots": {side.value: _snapshot_dict(found) for side, found in results.items()}}
        at.out(document, lambda screen: _show_snapshots(screen, document, results))
        return ExitCode.DONE if all(found.success for found in results.values()) else ExitCode.FAILED
    at.out(document, lambda screen: _show_suite(screen, document, suite))
    return ExitCode.DONE


def suite_for(
    workspace: Workspace, mapping: ObjectMapping, schema: Callable[[], Schema], *, refresh: bool = False
) -> tuple[Suite, SuiteState]:
    """The suite for writes to Salesforce: the file in the workspace, made or renewed from mapping and describe.

    Where no describe can be had, a file that is there is used as it is.
    """
    from kevasync.quality import suite as suites

    path = _suite_path(workspace, mapping)
    try:
        described = schema()
    except UsageError:
        if refresh or not path.is_file():
            raise
        return suites.load(path), suites.SuiteState.CURRENT
    return suites.ensure(path, suites.build(mapping, described), refresh=refresh)


def _suite_path(workspace: Workspace, mapping: ObjectMapping) -> Path:
    from kevasync.quality.suite import file_name

    return workspace.root / "quality" / file_name(mapping.name, Side.SALESFORCE)


def _mapping(workspace: Workspace, object_name: str) -> ObjectMapping:
    from kevasync.mapping import file

    try:
        return file.load(workspace.mapping_path).object(object_name)
    except (KeyError, StopIteration) as error:
        raise UsageError("mapping-no-object", f"the mapping has no object {object_name!r}") from error


def _schema(at: Context, workspace: Workspace, mapping: ObjectMapping, describe: Path | None) -> Schema:
    if describe is not None:
        from kevasync.salesforce.describe import schema_from_file

        return schema_from_file(describe)
    from kevasync.cli import sides
    from kevasync.salesforce.oauth import can_refresh

    with sides.open_kept(workspace) as kept:
        credentials = sides.salesforce_credentials(workspace, kept.secrets)
        if credentials.access_token is None and not can_refresh(credentials):
            raise UsageError(
                "quality-no-schema", f"{_suite_path(workspace, mapping)} is not there yet, and no org is connected"
            )
        at.detail(f"describing {mapping.salesforce}")
        with sides.open_salesforce(workspace, kept.secrets) as org:
            return org.describe(mapping.salesforce)


def _on_plan(workspace: Workspace, plan: Plan, suite: Suite, suite_path: Path) -> GateResult | None:
    import tempfile

    from kevasync.quality import gate
    from kevasync.quality.from_plan import batch_of_plan

    with tempfile.TemporaryDirectory(dir=workspace.tmp_dir) as into:
        batch = batch_of_plan(plan.file("changes"), Path(into))
        if batch is None:
            return None
        return gate.run(batch, suite, results_dir=workspace.state_dir / "quality" / plan.id, where=str(suite_path))


def _on_snapshots(
    at: Context, workspace: Workspace, mapping: ObjectMapping, suite: Suite, suite_path: Path, describe: Path | None
) -> dict[Side, SnapshotResult]:
    from kevasync.cli import sides
    from kevasync.quality import snapshot
    from kevasync.quality import suite as suites

    wanted = {
        Side.KEVA: suites.of_keva(mapping, _schema(at, workspace, mapping, describe)),
        Side.SALESFORCE: suite,
    }
    results: dict[Side, SnapshotResult] = {}
    with sides.open_kept(workspace) as kept:
        if kept.stores.snapshots is None:
            return results
        for side, own in wanted.items():
            found = kept.stores.snapshots.latest(side, mapping.name if side is Side.KEVA else mapping.salesforce)
            parts = [path for item in found for path in item.parts]
            at.detail(f"{side.value}: {len(parts)} files")
            into = workspace.state_dir / "quality" / side.value
            results[side] = snapshot.run(parts, own, results_dir=into, where=str(suite_path))
    return results


def _gate_dict(result: GateResult | None) -> dict[str, Any]:
    if result is None:
        return {"rows": 0, "success": True, "rejected": [], "refused": [], "warnings": {}, "result": None}
    return {
        "rows": result.rows,
        "success": result.success,
        "rejected": [row._asdict() for row in result.rejected],
        "refused": result.refused,
        "warnings": result.warnings,
        "skipped": list(result.skipped),
        "result": str(result.path),
    }


def _snapshot_dict(found: SnapshotResult) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "success": found.success,
        "filled": found.filled,
        "findings": [asdict(finding) for finding in found.findings],
        "result": str(found.path),
    }


SHOWN = 20


def _show_suite(screen: Screen, document: dict[str, Any], suite: Suite) -> None:
    screen.line(f"{document['suite']} ({document['state']})", style="bold")
    rows = [
        (
            item["kwargs"].get("column", ""),
            item["type"].removeprefix("expect_"),
            (item.get("meta") or {}).get("reason", ""),
        )
        for item in suite["expectations"]
    ]
    screen.table(("field", "expectation", "a row is left out when"), rows)
    screen.line("Next: kevasync quality --plan PLAN, or kevasync quality --snapshot")


def _show_gate(screen: Screen, document: dict[str, Any], result: GateResult | None) -> None:
    if result is None:
        screen.line("The plan writes nothing to Salesforce.")
        return
    counted = Counter((row.field, row.reason) for row in result.rejected)
    for (field, reason), rows in counted.most_common():
        screen.line(f"{rows:>9,}  {field}: {reason}", style="red")
    for row in result.rejected[:SHOWN]:
        screen.line(f"    {row.key}: {row.reason}")
    if len(result.rejected) > SHOWN:
        screen.line(f"    ... and {len(result.rejected) - SHOWN:,} more in {result.path}")
    for line in result.refused:
        screen.line(f"the whole batch: {line}", style="bold red")
    for reason, rows in result.warnings.items():
        screen.line(f"{rows:>9,}  warning: {reason}", style="yellow")
    left_out = len(result.rejected_keys())
    screen.line(
        f"{result.rows:,} records checked against {document['expectations']} expectations, {left_out:,} rejected",
        style="bold",
    )


def _show_snapshots(screen: Screen, document: dict[str, Any], results: dict[Side, SnapshotResult]) -> None:
    for side, found in results.items():
        screen.heading(f"{side.value}: {found.rows:,} records")
        for finding in found.findings:
            sample = " (in a sample)" if finding.sampled else ""
            examples = f", such as {', '.join(finding.examples)}" if finding.examples else ""
            screen.line(
                f"{finding.rows:>9,}  {finding.field}: {finding.reason}{sample}{examples}",
                style="red" if finding.critical else "yellow",
            )
        if not found.findings:
            screen.line("  nothing found", style="green")
    if not results:
        screen.line(f"No snapshots yet; {document['suite']} is ready. Next: kevasync extract")
