"""`kevasync init`: a workspace with its settings and a documented mapping; never overwrites."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.settings_file import put_settings
from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.records import Schema
    from kevasync.workspace import Workspace

__all__ = ["init"]


def init(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of the new workspace; made if it is not there.")
    ],
    describe: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A saved describe of Contact: what the org lacks is written commented out."),
    ] = None,
    org: Annotated[
        bool, typer.Option("--org", help="Ask the org itself (KEVASYNC_SALESFORCE_* say how to sign in).")
    ] = False,
    keva_export: Annotated[
        str | None, typer.Option(metavar="FILE", help="The Keva export to read, or a pattern such as 'exports/*.csv'.")
    ] = None,
    region: Annotated[
        str, typer.Option(metavar="XX", help="The country of telephone numbers written without a country code.")
    ] = "US",
    keva_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The address of Keva, if it is not the usual one.")
    ] = None,
    instance_url: Annotated[str | None, typer.Option(metavar="URL", help="The address of the Salesforce org.")] = None,
) -> None:
    """Make a workspace: kevasync.toml, mapping.toml and the folders.

    Says nothing to either side, except that --org describes Contact. A second run refuses and overwrites nothing.
    """
    at = Context.of(ctx)
    for name in ("kevasync.toml", "mapping.toml"):
        if (folder / name).exists():
            raise UsageError("workspace-exists", f"{folder / name} is there already; nothing was written")
    schema = _schema(describe, org=org)

    from kevasync.mapping.file import default_text
    from kevasync.workspace import Workspace

    text = default_text(schema)
    workspace = Workspace.create(
        folder,
        default_region=region,
        keva_url=keva_url,
        instance_url=instance_url or os.environ.get("KEVASYNC_SALESFORCE__INSTANCE_URL"),
    )
    with workspace.mapping_path.open("x", encoding="utf-8") as file:
        file.write(text)
    if keva_export is not None:
        _name_export(workspace, keva_export)
    document = {
        "workspace": str(workspace.root),
        "files": ["kevasync.toml", "mapping.toml"],
        "described": "org" if org else str(describe) if describe else None,
        "keva_export": keva_export,
        "next": _next_steps(folder, keva_export, described=schema is not None),
    }
    at.out(document, lambda screen: _show(screen, document))


def _schema(describe: Path | None, *, org: bool) -> Schema | None:
    if org and describe is not None:
        raise UsageError("usage", "--org and --describe are two ways to say the same; give one")
    if describe is not None:
        from kevasync.salesforce.describe import schema_from_file

        return schema_from_file(describe)
    if org:
        from kevasync.cli.sides import describe as describe_org
        from kevasync.cli.sides import environment_credentials

        return describe_org(environment_credentials(), ("Contact",))["Contact"]
    return None


def _name_export(workspace: Workspace, export: str) -> None:
    """Put `[keva] export` into kevasync.toml."""
    given = Path(export)
    if given.exists():  # a name relative to where the user stands, which need not be the workspace
        whole = given.absolute()
        export = str(whole.relative_to(workspace.root)) if whole.is_relative_to(workspace.root) else str(whole)
    put_settings(workspace.root / "kevasync.toml", {("keva", "export"): export})


def _next_steps(folder: Path, keva_export: str | None, *, described: bool) -> list[str]:
    steps = [f"cd {folder}"]
    if keva_export is None:
        steps.append("Put a Keva export under exports/ and name it in kevasync.toml: [keva] export")
    if not described:
        steps.append("kevasync mapping check --describe contact.json")
    return [*steps, "kevasync connect salesforce", "kevasync doctor", "kevasync plan"]


def _show(screen: Screen, document: dict[str, Any]) -> None:
    screen.line(f"Made the workspace {document['workspace']}", style="bold")
    screen.pairs(
        [
            ("kevasync.toml", "settings: where both sides are, and the guards"),
            ("mapping.toml", "which field is which; read it, it is written for you"),
        ]
    )
    screen.line("Next:")
    for step in document["next"]:
        screen.line(f"  {step}")
