"""`kevasync mapping check` and `show`: what is wrong with a mapping, all at once, and what it says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.errors import Problem, UsageError

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.mapping.definition import FieldMapping, Mapping, ObjectMapping
    from kevasync.records import Schema

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Check the mapping file, or show what it says.")

MappingFile = Annotated[
    Path | None, typer.Option("--mapping", metavar="FILE", help="The mapping file; else the workspace's mapping.toml.")
]
ObjectName = Annotated[
    str | None, typer.Option("--object", metavar="NAME", help="Only this object of the mapping, such as contact.")
]


@app.command()
def check(
    ctx: typer.Context,
    mapping: MappingFile = None,
    describe: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A saved describe (Contact; again for Account).")
    ] = None,
    org: Annotated[bool, typer.Option("--org", help="Describe the connected org instead.")] = False,
    keva: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A Keva export: its actual values are tried against the fields.")
    ] = None,
    object_name: ObjectName = None,
    region: Annotated[
        str | None, typer.Option(metavar="XX", help="Country of telephone numbers; else the workspace's.")
    ] = None,
) -> ExitCode:
    """Find everything wrong with the mapping, before any record is read or written.

    Exit code 0 when there is no error (warnings may remain), 2 when there is one. Without --describe, --org or --keva
    only the file itself is checked. Outside a workspace, and without --mapping, the documented default is checked.
    """
    at = Context.of(ctx)
    try:
        schemas = _schemas(at, describe or [], org=org)
        loaded = _load(at, mapping, object_name, schemas)
        problems = _problems(at, loaded, schemas, keva, region)
    except UsageError as error:
        if error.code != "mapping-invalid":
            raise
        problems = list(error.problems)
    errors = sum(problem.severity == "error" for problem in problems)
    document = {"problems": [problem.as_dict() for problem in problems]}
    at.out(document, lambda screen: _show_problems(screen, problems, errors))
    return ExitCode.USAGE if errors else ExitCode.DONE


@app.command()
def show(ctx: typer.Context, mapping: MappingFile = None, object_name: ObjectName = None) -> None:
    """Show which field is which, in which direction, and who wins."""
    at = Context.of(ctx)
    loaded = _load(at, mapping, object_name, {})
    document = {
        "path": str(loaded.path) if loaded.path else None,
        "objects": [_object(item) for item in loaded.objects],
    }
    at.out(document, lambda screen: _show_mapping(screen, loaded))


def _schemas(at: Context, describe: Sequence[Path], *, org: bool) -> dict[str, Schema]:
    if describe and org:
        raise UsageError("usage", "--org and --describe are two ways to say the same; give one")
    if org:
        from kevasync.cli import sides

        with sides.open_kept(at.workspace) as kept:
            return sides.describe(sides.salesforce_credentials(at.workspace, kept.secrets), ("Contact", "Account"))
    from kevasync.salesforce.describe import schema_from_file

    return {schema.object: schema for schema in map(schema_from_file, describe)}


def _load(at: Context, path: Path | None, object_name: str | None, schemas: dict[str, Schema]) -> Mapping:
    from dataclasses import replace

    from kevasync.mapping import file

    if path is None:
        path = _workspace_mapping(at)
    if path is None:
        at.note("No workspace here and no --mapping: this is the documented default mapping.")
        loaded = file.loads(file.default_text(None), schema=schemas.get("Contact"))
    else:
        loaded = file.load(path, schema=schemas.get("Contact"))
    if object_name is None:
        return loaded
    chosen = tuple(item for item in loaded.objects if item.name == object_name)
    if not chosen:
        known = ", ".join(item.name for item in loaded.objects)
        raise UsageError("mapping-no-object", f"the mapping has no object {object_name!r}; it has {known}")
    return replace(loaded, objects=chosen)


def _workspace_mapping(at: Context) -> Path | None:
    try:
        return at.workspace.mapping_path
    except UsageError as error:
        if error.code == "workspace-not-found" and at.folder is None:
            return None
        raise


def _problems(
    at: Context, loaded: Mapping, schemas: dict[str, Schema], keva: Path | None, region: str | None
) -> list[Problem]:
    from kevasync.mapping.check import check as lint

    with _rows(at, keva) as parts:
        return list(lint(loaded, schemas, parts or None, region or _region(at)))


def _region(at: Context) -> str:
    try:
        return at.workspace.settings.default_region
    except UsageError as error:
        if error.code == "workspace-not-found" and at.folder is None:
            return "US"
        raise


@contextmanager
def _rows(at: Context, keva: Path | None) -> Iterator[tuple[Path, ...]]:
    """The export as snapshot parts, in a folder that is gone afterwards."""
    if keva is None:
        yield ()
        return
    from kevasync.keva.export import land

    with tempfile.TemporaryDirectory(prefix="kevasync-") as folder:
        yield land(keva, Path(folder), progress=at.progress).parts


def _show_problems(screen: Screen, problems: list[Problem], errors: int) -> None:
    screen.problems(problems)
    warnings = len(problems) - errors
    if problems:
        screen.line(f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}", style="bold")
    else:
        screen.line("The mapping is clean.", style="bold green")


def _object(item: ObjectMapping) -> dict[str, Any]:
    return {
        "name": item.name,
        "salesforce": item.salesforce,
        "external_id": item.external_id,
        "create_in_salesforce": item.create_in_salesforce,
        "create_in_keva": item.create_in_keva,
        "fields": [_field(field) for field in item.fields],
    }


def _field(field: FieldMapping) -> dict[str, Any]:
    return {
        "keva": field.keva,
        "salesforce": list(field.salesforce),
        "direction": field.direction.value,
        "type": field.kind.value,
        "transform": [{"name": step.name, **step.arguments} for step in field.transforms],
        "conflict": field.conflict.value,
        "drift": field.drift.value,
        "line": field.line or None,
    }


ARROWS = {"bidirectional": "<->", "to_crm": "-->", "from_crm": "<--"}


def _show_mapping(screen: Screen, loaded: Mapping) -> None:
    for item in loaded.objects:
        creates = [
            side for side, on in (("Salesforce", item.create_in_salesforce), ("Keva", item.create_in_keva)) if on
        ]
        screen.heading(
            f"{item.name}: {item.salesforce}, external ID {item.external_id or 'none'}, "
            f"creates in {' and '.join(creates) or 'neither side'}"
        )
        rows = [
            (
                field.keva,
                ARROWS[field.direction.value],
                " + ".join(field.salesforce),
                field.kind.value,
                ", ".join(step.name for step in field.transforms),
                field.conflict.value if field.direction.value == "bidirectional" else f"drift: {field.drift.value}",
            )
            for field in item.fields
        ]
        screen.table(("Keva", "", "Salesforce", "type", "transform", "who wins"), rows)
