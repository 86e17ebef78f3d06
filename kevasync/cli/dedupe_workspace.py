"""`kevasync dedupe` in a workspace: finds duplicates in the latest snapshots and keeps them for the review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from kevasync.cli.exits import ExitCode
from kevasync.cli.plan_files import memory_limit
from kevasync.cli.sides import Kept, open_kept
from kevasync.dedupe import kept, search
from kevasync.dedupe.decisions import DuplicateDecisions
from kevasync.dedupe.survivorship import Rule, Rules
from kevasync.errors import UsageError
from kevasync.mapping import file as mapping_file
from kevasync.mapping.definition import ObjectMapping
from kevasync.records import Side

if TYPE_CHECKING:
    from kevasync.cli.context import Context
    from kevasync.cli.render import Screen
    from kevasync.store.snapshots import Snapshots
    from kevasync.workspace import Workspace

__all__ = ["dedupe_workspace", "home_of", "mapped_object", "rules_of", "snapshots_of", "taken_since"]

SIDES = {"keva": "customers", "salesforce": "records"}


def home_of(workspace: Workspace) -> Path:
    """Where a workspace keeps its searches for duplicates."""
    return workspace.state_dir / "duplicates"


def rules_of(workspace: Workspace) -> Rules:
    """The survivorship rules of the settings."""
    said = workspace.settings.survivorship
    return Rules(Rule(said.default), {name: Rule(rule) for name, rule in said.fields.items()})


def mapped_object(workspace: Workspace, name: str) -> ObjectMapping:
    """An object of the mapping file. Raises UsageError `mapping-invalid`, `mapping-no-object`."""
    mapping = mapping_file.load(workspace.mapping_path)
    found = {item.name: item for item in mapping.objects}
    if name not in found:
        raise UsageError("mapping-no-object", f"the mapping has no [{name}], only {', '.join(found)}")
    return found[name]


def snapshots_of(opened: Kept) -> Snapshots:
    """The snapshots of an opened workspace."""
    if opened.stores.snapshots is None:
        raise LookupError("a workspace keeps snapshots")
    return opened.stores.snapshots


def taken_since(found: kept.Search, opened: Kept, mapping: ObjectMapping) -> bool:
    """Whether a side has a snapshot that the search did not see."""
    snapshots = snapshots_of(opened)
    names = {Side.SALESFORCE: mapping.salesforce, Side.KEVA: mapping.name}
    used: Mapping[str, list[str]] = found.manifest["snapshots"]
    return any(
        [item.id for item in snapshots.latest(side, name)] != used.get(str(side), []) for side, name in names.items()
    )


def dedupe_workspace(at: Context, object_name: str, threshold: float, *, detailed: bool) -> int:
    """Search, keep, show. 4 with `detailed` where groups wait for a person."""
    workspace = at.workspace
    mapping = mapped_object(workspace, object_name)
    with workspace.lock("dedupe"), open_kept(workspace) as opened, _connection(workspace) as con:
        try:
            found = search.search(
                con,
                search.Asked(
                    mapping,
                    workspace.settings.default_region,
                    workspace.settings.workspace_id,
                    threshold,
                ),
                snapshots_of(opened),
                opened.stores.links,
                DuplicateDecisions(opened.decisions),
                home_of(workspace),
                at.progress,
            )
        finally:
            at.progress.done()
    document = {name: value for name, value in found.manifest.items() if name not in {"format", "sha256", "workspace"}}
    at.out({**document, "path": str(found.folder)}, lambda screen: _show(screen, found.manifest))
    return ExitCode.CHANGES if detailed and found.manifest["waiting"] else ExitCode.DONE


@contextmanager
def _connection(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    spill = workspace.tmp_dir / "duplicates"
    spill.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(
        config={"memory_limit": memory_limit(), "temp_directory": str(spill), "preserve_insertion_order": "false"}
    ) as con:
        yield con


def _show(screen: Screen, told: Mapping[str, Any]) -> None:
    sizes = ", ".join(f"{count:,} {side} {SIDES[side]}" for side, count in told["records"].items())
    screen.heading(f"Duplicates among {sizes}")
    for side, columns in told["columns"].items():
        said = ", ".join(f"{role}={name}" for role, names in columns.items() for name in names if role != "id")
        screen.line(f"  {side}: {said}")
    what = {
        "merge": f"{told['sobject']} records to merge",
        "link": "customers to link",
        "keva": "customers that are one",
    }
    expected = told["expected_duplicates"]
    rows = [(text, f"{told['groups'][kind]:,}", f"{expected[kind]:,}") for kind, text in what.items()]
    screen.table(("groups", "found", "duplicates expected"), rows, right=("found", "duplicates expected"))
    screen.line(f"{told['certain']:,} at {told['threshold']:g} or above, {told['doubtful']:,} doubtful.")
    screen.line(f"{told['waiting']:,} wait for a decision, {told['decided']:,} are decided.")
    if told["learned_from"]:
        screen.line(f"The scores follow what was decided here on {told['learned_from']:,} pairs.")
    if told["left_to_plan"]:
        screen.line(f"{told['left_to_plan']:,} more of the same e-mail on both sides: kevasync plan links these.")
    for item in told["too_large"]:
        text = (
            f"{item['size']:,} records look like one, {item['first'][0]} among them: a shared mailbox or a placeholder?"
        )
        screen.line(f"Left out: {text}", style="yellow")
    capped = [rule for rule in told["report"]["blocking"] if rule.get("capped_blocks")]
    if capped:
        names = ", ".join(rule["rule"] for rule in capped)
        screen.line(f"Blocks too large to compare in full, capped: {names} (--json has the counts)", style="yellow")
    if told["waiting"]:
        screen.line("To decide: kevasync review duplicates")
    if told["decided"]:
        screen.line("To carry out what was decided: kevasync merge")
