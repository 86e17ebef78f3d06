"""`kevasync review`: opens a review screen in the browser, on this machine only, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kevasync.cli.context import Context
from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.review.account_session import AccountSession
    from kevasync.review.duplicate_session import DuplicateSession
    from kevasync.review.session import MappingSession

    Made = AccountSession | DuplicateSession | MappingSession

__all__ = ["app"]

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Decide on suggestions in the browser, by keyboard."
)

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes the one used last, if free.")]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Only print the address; open no browser.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="The reviewer's name; else the user's.")]


@app.callback()
def _group() -> None:
    """Decide on suggestions in the browser, by keyboard."""


def _serve(at: Context, notebook: str, made: Made, *, port: int, open_browser: bool) -> None:
    """Serve a notebook on a session until Ctrl-C; the session's file goes with it."""
    from kevasync.cli.review_server import serve
    from kevasync.review import session

    for note in made.notes:
        at.note(note)
    path = at.workspace.state_dir / "review" / f"{made.name}.json"
    session.save(made, path)
    try:
        serve(at, notebook, path, port=port, open_browser=open_browser)
    finally:
        path.unlink(missing_ok=True)


@app.command()
def mappings(
    ctx: typer.Context,
    source: Annotated[
        Path, typer.Option(metavar="FILE", help="An export, or a JSON list of {name,label,type}: the columns to map.")
    ],
    object_name: Annotated[
        str, typer.Option("--object", metavar="NAME", help="Contact, Account or Lead: where the columns go.")
    ] = "Contact",
    describe: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A saved describe, or a JSON list of fields; else the standard fields."),
    ] = None,
    org: Annotated[bool, typer.Option("--org", help="Describe the connected org instead.")] = False,
    region: Annotated[str | None, typer.Option(metavar="XX", help="Country of telephone numbers and dates.")] = None,
    port: Port = 0,
    no_open: NoOpen = False,
    name: As = None,
) -> None:
    """Decide which Salesforce field each column of a file goes to.

    Every press is saved in the workspace as it is made; Ctrl+S in the browser writes mapping.toml. Runs until Ctrl-C.
    """
    at = Context.of(ctx)
    if describe is not None and org:
        raise UsageError("usage", "--org and --describe are two ways to say the same; give one")
    from kevasync.cli.review_desk import mapping_session

    made = mapping_session(at, source, object_name, describe, org=org, region=region, who=name)
    _serve(at, "map_fields.py", made, port=port, open_browser=not no_open)


@app.command()
def duplicates(
    ctx: typer.Context,
    object_name: Annotated[str, typer.Option("--object", help="The mapping's object.")] = "contact",
    order: Annotated[
        Literal["uncertain", "largest", "surest"],
        typer.Option(help="Which groups come first, and so onto the page: uncertain tell most."),
    ] = "uncertain",
    limit: Annotated[int, typer.Option(min=1, max=5_000, help="So many groups on the page.")] = 1_000,
    children: Annotated[
        bool, typer.Option("--children/--no-children", help="Ask Salesforce what a merge would move.")
    ] = True,
    port: Port = 0,
    no_open: NoOpen = False,
    name: As = None,
) -> None:
    """Decide which of the records that `kevasync dedupe` found are one.

    Every press is saved in the workspace as it is made. `kevasync merge` makes a plan of what was decided. Runs until
    Ctrl-C.
    """
    at = Context.of(ctx)
    from kevasync.cli.duplicates_desk import duplicates_session

    made = duplicates_session(at, object_name, limit, order=order, children=children, who=name)
    _serve(at, "resolve_duplicates.py", made, port=port, open_browser=not no_open)
    at.note("To make a plan of what was decided: kevasync merge")


@app.command()
def accounts(
    ctx: typer.Context,
    object_name: Annotated[str, typer.Option("--object", help="The mapping's object.")] = "contact",
    company: Annotated[str, typer.Option(metavar="COLUMN", help="The customers' column with the company.")] = "company",
    threshold: Annotated[
        float,
        typer.Option(min=0.5, max=0.9999, help="From this confidence on, with the right evidence, nobody is asked."),
    ] = 0.9,
    limit: Annotated[int, typer.Option(min=1, max=5_000, help="So many companies on the page.")] = 1_000,
    port: Port = 0,
    no_open: NoOpen = False,
    name: As = None,
) -> None:
    """Decide which Account a company is, where `kevasync accounts` is not sure.

    One answer holds for all customers of that company and e-mail domain. Every press is saved in the workspace as it
    is made, and `kevasync accounts` follows it from then on. Runs until Ctrl-C.
    """
    at = Context.of(ctx)
    from kevasync.cli.accounts_desk import accounts_session

    made = accounts_session(at, object_name, limit, company=company, threshold=threshold, who=name)
    _serve(at, "match_accounts.py", made, port=port, open_browser=not no_open)
    at.note("What was decided holds from now on. To hang Contacts on their Accounts: kevasync accounts --plan")
