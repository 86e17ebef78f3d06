"""`kevasync log`: runs, and every change that was attempted with its outcome."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.render import shortened
from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.store.ledger import Ledger

__all__ = ["find_run", "log"]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-][\d ().,/-]*")
COLUMNS = (
    "run_id",
    "keva_id",
    "sf_id",
    "direction",
    "operation",
    "status",
    "code",
    "message",
    "finished_at",
    "changes",
)


def log(
    ctx: typer.Context,
    run: Annotated[str | None, typer.Option(help="Only this run: its id, its beginning, or `latest`.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="Only this customer, by Keva id.")] = None,
    record: Annotated[str | None, typer.Option(metavar="ID", help="Only this Contact, by Salesforce id.")] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(help="planned, sent, applied, failed, unknown, rejected, skipped. May be repeated."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 50,
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            help="CSV on stdout, one line a change of a value; formulas get an apostrophe in front.",
        ),
    ] = False,
) -> int:
    """List runs; with a filter, list every attempted change and its outcome."""
    from kevasync.cli.sides import open_kept
    from kevasync.store.ledger import STATUSES

    at = Context.of(ctx)
    strange = [name for name in status or () if name not in STATUSES]
    if strange:
        raise UsageError("usage", f"--status {strange[0]}: a change is one of {', '.join(STATUSES)}")
    with open_kept(at.workspace) as kept:
        ledger = kept.stores.ledger
        if run is None and customer is None and record is None and not status and not as_csv:
            runs = [_run(item) for item in ledger.last_runs(limit)]
            at.out({"runs": runs}, lambda screen: _show_runs(screen, runs))
            return ExitCode.DONE
        found = ledger.arrow(
            run_id=find_run(ledger, run) if run else None,
            customer=customer,
            record=record,
            status=status or None,
            limit=limit,
        )
        entries = [_entry(row) for row in found.to_pylist()]
    if as_csv:
        _write_csv(at, entries)
    else:
        at.out({"entries": entries}, lambda screen: _show_entries(screen, entries))
    return ExitCode.DONE


def find_run(ledger: Ledger, wanted: str) -> str:
    """The id of the run that the user means. Raises UsageError `run-not-found`."""
    runs = ledger.last_runs(1_000)
    if wanted == "latest":
        runs = [item for item in runs if item.kind == "apply"][:1]
        if not runs:
            raise UsageError("run-not-found", "no plan has been applied in this workspace yet")
    else:
        runs = [item for item in runs if item.id.startswith(wanted)]
    if not runs:
        raise UsageError("run-not-found", f"no run begins with {wanted!r}")
    if len(runs) > 1:
        raise UsageError("run-not-found", f"{len(runs)} runs begin with {wanted!r}; type more of the id")
    return str(runs[0].id)


def _run(item: Any) -> dict[str, Any]:
    return {
        "run": item.id,
        "kind": item.kind,
        "plan": item.plan_id,
        "status": item.status,
        "started": item.started_at,
        "finished": item.finished_at,
        "books": item.books,
    }


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    changes = row["changes"]
    return {name: row.get(name) for name in COLUMNS} | {
        "changes": json.loads(changes) if isinstance(changes, str) else changes
    }


def _show_runs(screen: Screen, runs: list[dict[str, Any]]) -> None:
    def applied(item: dict[str, Any]) -> str:
        counts = (item["books"] or {}).get("counts", {})
        return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)

    if not runs:
        screen.line("No runs yet. Begin with: kevasync plan")
        return
    rows = [(item["run"], item["kind"], item["status"], item["started"], applied(item)) for item in runs]
    screen.table(("run", "kind", "status", "started", "records"), rows)


def _show_entries(screen: Screen, entries: list[dict[str, Any]]) -> None:
    if not entries:
        screen.line("No change fits. All runs: kevasync log")
        return
    rows = [
        (item["keva_id"], item["sf_id"], item["direction"], item["operation"], item["status"], _told(item))
        for item in entries
    ]
    screen.table(("keva_id", "sf_id", "direction", "operation", "status", "what"), rows)


def _told(item: dict[str, Any]) -> str:
    if item["message"]:
        return f"{item['code']}: {item['message']}" if item["code"] else str(item["message"])
    return ", ".join(
        f"{field}: {_quoted(old)} -> {_quoted(new)}" for field, (old, new) in (item["changes"] or {}).items()
    )


def _quoted(value: str | None) -> str:
    return "(null)" if value is None else shortened(repr(value))


def _write_csv(at: Context, entries: list[dict[str, Any]]) -> None:
    writer = csv.writer(at.stdout)
    writer.writerow((*COLUMNS[:-1], "field", "old", "new"))
    for item in entries:
        for field, (old, new) in (item["changes"] or {}).items():
            writer.writerow([harmless(cell) for cell in (*(item[name] for name in COLUMNS[:-1]), field, old, new)])


def harmless(cell: object) -> object:
    """A cell that a spreadsheet would run as a formula, behind an apostrophe; telephone and other numbers stay."""
    if isinstance(cell, str) and cell.startswith(FORMULA) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
