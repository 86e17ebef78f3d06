"""`kevasync accounts`: which Account each customer's company is, from files or a workspace; suggestions, and a plan."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.interrupt import stopped_at_once
from kevasync.cli.shared import is_given
from kevasync.errors import UsageError

if TYPE_CHECKING:
    import duckdb

    from kevasync.cli.render import Screen
    from kevasync.dedupe.accounts import Found

__all__ = ["accounts"]

SAMPLES = 5
NOT_WRITTEN = "accounts-not-written"


def accounts(
    ctx: typer.Context,
    keva: Annotated[Path | None, typer.Option(help="A Keva export: customers with a company or an e-mail.")] = None,
    accounts_file: Annotated[
        Path | None, typer.Option("--accounts", help="Accounts as CSV or Parquet: Id, Name; Website and ParentId help.")
    ] = None,
    contacts: Annotated[Path | None, typer.Option(help="Contacts with AccountId: what is known already.")] = None,
    links: Annotated[Path | None, typer.Option(help="Known links: keva_id, sf_id. Goes with --contacts.")] = None,
    decided: Annotated[
        Path | None, typer.Option(help="What people decided: keva_id, account_id, decision (yes or no).")
    ] = None,
    company: Annotated[str, typer.Option(metavar="COLUMN", help="The customers' column with the company.")] = "company",
    threshold: Annotated[
        float, typer.Option(min=0.5, max=0.9999, help="From this confidence on a customer may be linked.")
    ] = 0.9,
    out: Annotated[Path | None, typer.Option(help="Write every candidate. .csv or .parquet.")] = None,
    object_name: Annotated[str, typer.Option("--object", help="In a workspace: the mapping's object.")] = "contact",
    plan: Annotated[
        bool, typer.Option("--plan", help="In a workspace: also a plan that hangs linked Contacts on their Accounts.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 4 where a customer waits for a person.")
    ] = False,
) -> int:
    """Find the Account of each customer by free-text company and e-mail domain, with confidence and evidence.

    In a workspace the customers are those of the last snapshot, and Accounts and the Contacts' AccountId are read from
    the org. With --keva and --accounts all comes from files, with no network and no workspace.

    Decisions: link (sure, by evidence of two kinds or a name that one Account has), review (a person chooses among the
    candidates), none. Nothing is written to either side; with --plan, `kevasync apply` writes what is sure.
    """
    at = Context.of(ctx)
    files = _Files(keva, accounts_file, contacts, links, decided)
    _refuse_halves(files, plan=plan)
    if files.keva is not None and is_given(ctx, "object_name"):
        raise UsageError("usage", "--object goes with a workspace, not with --keva and --accounts")
    asked = _Asked(object_name, company, threshold, out, plan)
    with stopped_at_once():
        document = _searched(at, files, asked)
    at.out(document, lambda screen: _show(screen, document))
    return ExitCode.CHANGES if detailed_exitcode and document["counts"]["review"] else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Files:
    """The files that the options name; without the first two a workspace is read."""

    keva: Path | None
    accounts: Path | None
    contacts: Path | None
    links: Path | None
    decided: Path | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is wanted of the search."""

    object_name: str
    company: str
    threshold: float
    out: Path | None
    plan: bool


def _refuse_halves(files: _Files, *, plan: bool) -> None:
    """Raises UsageError `accounts-incomplete` for options of which one needs another."""
    if plan and files.keva is not None:
        raise UsageError("accounts-incomplete", "--plan needs a workspace: a plan from files alone cannot be applied")
    pairs = ((files.keva, files.accounts), (files.contacts, files.links))
    if any((one is None) != (other is None) for one, other in pairs) or (files.contacts and not files.keva):
        raise UsageError(
            "accounts-incomplete",
            "--keva and --accounts go together, and so do --contacts and --links, which need the former two",
        )


def _searched(at: Context, files: _Files, asked: _Asked) -> dict[str, Any]:
    """Search, write what is to be written, and tell of it."""
    from kevasync.cli.accounts_input import from_files, from_workspace, read_decided
    from kevasync.cli.accounts_plan import plan_accounts
    from kevasync.cli.outputs import check_outputs
    from kevasync.dedupe.accounts import find_accounts

    read = (files.keva, files.accounts, files.contacts, files.links, files.decided)
    check_outputs({"--out": asked.out}, read, NOT_WRITTEN)
    with tempfile.TemporaryDirectory(prefix="kevasync-accounts-") as folder:
        work = Path(folder)
        if files.keva is not None and files.accounts is not None:
            con, search = from_files(at, work, files.keva, files.accounts, files.contacts, files.links)
        else:
            con, search = from_workspace(at, work, asked.object_name)
        try:
            at.progress.start("find accounts", None)
            said = read_decided(files.decided, work, con, search) if files.decided is not None else ()
            search = replace(search, company=asked.company, threshold=asked.threshold, decided=said)
            found = find_accounts(con, search)
            if asked.out is not None:
                _write(con, found, asked.out)
            made = plan_accounts(at, con, search, found, asked.object_name) if asked.plan else None
        finally:
            at.progress.done()
            con.close()
    document = _document(found, asked.threshold, asked.out)
    if asked.plan:
        document |= {"plan": made.id if made else None, "writes": made.counts["update"] if made else 0}
    return document


def _document(found: Found, threshold: float, out: Path | None) -> dict[str, Any]:
    return {
        "customers": sum(found.counts.values()),
        "counts": dict(found.counts),
        "threshold": threshold,
        "capped": {rule: {"keys": keys, "largest": most} for rule, (keys, most) in found.capped.items()},
        "samples": _samples(found),
        "out": None if out is None else str(out),
    }


def _write(con: duckdb.DuckDBPyConnection, found: Found, out: Path) -> None:
    """Raises UsageError `accounts-not-written`, RunError `disk-full`."""
    from kevasync.cli.outputs import copy_query

    con.register("answers_now", found.table)
    try:
        copy_query(con, "from answers_now order by keva_id, place", out, NOT_WRITTEN)
    finally:
        con.unregister("answers_now")


def _samples(found: Found) -> list[dict[str, Any]]:
    """The first few answers of each decision."""
    import pyarrow.compute as pc

    seen: dict[str, int] = {}
    picked: list[dict[str, Any]] = []
    first = found.table.filter(pc.equal(found.table["place"], 1))
    for row in first.slice(0, 2_000).to_pylist():
        seen[row["decision"]] = seen.get(row["decision"], 0) + 1
        if seen[row["decision"]] <= SAMPLES:
            confidence = None if row["confidence"] is None else round(row["confidence"], 4)
            picked.append({**row, "confidence": confidence})
    return sorted(picked, key=lambda row: ("link", "review", "none").index(row["decision"]))


def _show(screen: Screen, told: dict[str, Any]) -> None:
    screen.heading(f"Accounts of {told['customers']:,} customers")
    counts = [(name, f"{count:,}") for name, count in told["counts"].items()]
    screen.table(("decision", "customers"), counts, right=("customers",))
    columns = ("decision", "keva_id", "company", "email", "account_name", "confidence", "evidence")
    shown = [tuple("" if row[name] is None else str(row[name]) for name in columns) for row in told["samples"]]
    if shown:
        screen.table(columns, shown)
    for rule, item in told["capped"].items():
        what = f"{item['keys']:,} are shared by up to {item['largest']:,} Accounts and find none of them"
        screen.line(f"Too common to compare, by {rule}: {what}", style="yellow")
    if told["out"]:
        screen.line(f"All candidates: {told['out']}")
    else:
        screen.line("To keep all candidates: --out accounts.csv")
    if told.get("plan"):
        screen.line(f"Plan: {told['writes']:,} Contacts get their Account. To look: kevasync show {told['plan']}")
        screen.line(f"To do exactly this: kevasync apply {told['plan']}")
    elif "plan" in told:
        screen.line("No plan: no linked Contact lacks the Account that was found.")
    if told["counts"]["review"] and "plan" in told:
        screen.line("To decide on the others: kevasync review accounts")
