"""`kevasync merge`: writes the merges that people decided on into a plan. Merges nothing; `kevasync apply` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.errors import KevasyncError, Problem, UsageError

if TYPE_CHECKING:
    from kevasync.cli.render import Screen
    from kevasync.cli.sides import Kept
    from kevasync.dedupe.choices import Chosen
    from kevasync.dedupe.decisions import DuplicateDecisions
    from kevasync.dedupe.decisions_file import FromFile
    from kevasync.dedupe.kept import Search
    from kevasync.dedupe.merge_plan import MergePlan
    from kevasync.mapping.definition import ObjectMapping

__all__ = ["merge"]

HOW = "review"
"""How a link came about that a person confirmed."""


def merge(
    ctx: typer.Context,
    decisions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="First record the decisions of this file, a JSON object a line."),
    ] = None,
    above: Annotated[
        float | None,
        typer.Option(min=0.5, max=1.0, help="Also merge what nobody decided on, from this probability on."),
    ] = None,
    object_name: Annotated[str, typer.Option("--object", help="The mapping's object.")] = "contact",
) -> int:
    """Write a plan of the merges that were decided on. To look at it: `kevasync show`; to do it: `kevasync apply`.

    Only what people decided is merged, unless --above says more. What was merged already is left out, and what changed
    since it was looked at is in the plan as left out, with the reason. Customers and Contacts that somebody said are
    one are linked at once. Nothing is written to either side.
    """
    at = Context.of(ctx)
    from kevasync.cli.dedupe_workspace import home_of, mapped_object
    from kevasync.cli.sides import open_kept
    from kevasync.dedupe import kept
    from kevasync.dedupe.decisions import DuplicateDecisions

    mapping = mapped_object(at.workspace, object_name)
    with at.workspace.lock("merge"), open_kept(at.workspace) as opened:
        made = DuplicateDecisions(opened.decisions)
        try:
            found: Search | None = kept.latest(home_of(at.workspace))
        except KevasyncError:
            if above is not None:
                raise
            found = None  # decisions stand by themselves
        taken = None if decisions is None else _recorded(decisions, opened, mapping, made, found)
        plan, chosen = _planned(at, opened, mapping, made, found, above)
        if plan is None:
            _refuse_nothing(chosen, taken)
        links = _link(opened, mapping, chosen)
    at.out(_document(plan, chosen, links, taken), lambda screen: _show(screen, plan, chosen, links, taken))
    return ExitCode.DONE


def _recorded(
    path: Path, opened: Kept, mapping: ObjectMapping, made: DuplicateDecisions, found: Search | None
) -> FromFile:
    from functools import partial

    from kevasync.cli.seen import absent, full_name
    from kevasync.dedupe.decisions_file import Known, record_file
    from kevasync.store.decisions import current_user

    # what a relationship leads to is another record's, and no merge writes it
    fields = list(dict.fromkeys(name for field in mapping.fields for name in field.salesforce if "." not in name))
    return record_file(path, made, found, current_user(), Known(full_name, partial(absent, opened, mapping), fields))


def _refuse_nothing(chosen: Chosen, taken: FromFile | None) -> None:
    """Raises UsageError `merge-nothing` where nobody decided on anything, unless a file of decisions was followed."""
    if chosen.links or chosen.in_keva or chosen.left or (taken and (taken.recorded or taken.known)):
        return
    done = f"; {chosen.done:,} decisions were carried out before" if chosen.done else ""
    lines = [f"line {number}: {why}" for number, why in taken.left] if taken else []
    more = f", and {len(lines) - 1:,} more lines" if len(lines) > 1 else ""
    first = f"; {lines[0]}{more}" if lines else ""
    problems = [Problem("merge-nothing", "error", line) for line in lines]
    raise UsageError("merge-nothing", f"Nobody has decided on a merge{done}{first}", problems=problems)


def _planned(
    at: Context,
    opened: Kept,
    mapping: ObjectMapping,
    decisions: DuplicateDecisions,
    found: Search | None,
    least: float | None,
) -> tuple[MergePlan | None, Chosen]:
    from kevasync.cli.dedupe_workspace import rules_of
    from kevasync.cli.sides import open_salesforce
    from kevasync.dedupe.choices import above, choose, merged_away
    from kevasync.dedupe.merge import AllLeft, plan_merges

    records = found.records if found else {}
    chosen = choose(decisions, merged_away(opened.stores.ledger), lambda one, name: records[one].values.get(name))
    if found is not None and least is not None:
        chosen.merges.extend(above(found.groups, found.records, decisions, least))
    if not chosen.merges:
        return None, chosen
    with open_salesforce(at.workspace, opened.secrets) as salesforce:
        schema = salesforce.describe(mapping.salesforce)
        external = mapping.external_id
        try:
            plan = plan_merges(
                chosen.merges,
                salesforce,
                opened.stores.links,
                rules_of(at.workspace),
                object_name=mapping.name,
                sobject=mapping.salesforce,
                workspace_id=at.workspace.settings.workspace_id,
                plans=at.workspace.plans_dir,
                progress=at.progress,
                external_id=external if external and schema.find(external) else None,
            )
        except AllLeft as nothing:
            chosen.left.extend(nothing.left)
            return None, chosen
        finally:
            at.progress.done()
    return plan, chosen


def _link(opened: Kept, mapping: ObjectMapping, chosen: Chosen) -> list[tuple[str, str]]:
    """Keep the links that people confirmed, of records that are there and have no other; answers those that are new."""
    from kevasync.cli.seen import absent
    from kevasync.dedupe.sides import PREFIX
    from kevasync.records import KevaId, Link, SalesforceId

    links = opened.stores.links
    active = [row for row in links.arrow(mapping.name).to_pylist() if row["active"]]
    by_customer = {row["keva_id"]: row["sf_id"] for row in active}
    by_record = {row["sf_id"]: row["keva_id"] for row in active}
    new: list[tuple[str, str]] = []
    wanted = [pair for pair in chosen.links if by_customer.get(pair[0]) != pair[1]]
    gone = absent(opened, mapping, [name for pair in wanted for name in (f"{PREFIX}{pair[0]}", pair[1])])
    for customer, contact in wanted:
        lost = [gone[name] for name in (f"{PREFIX}{customer}", contact) if name in gone]
        if lost:
            chosen.left.append((f"{customer}|{contact}", f"not linked: {'; '.join(lost)}"))
            continue
        if customer in by_customer or contact in by_record:
            other = by_customer.get(customer) or by_record[contact]
            chosen.left.append((f"{customer}|{contact}", f"not linked: one of them is linked to {other}"))
            continue
        by_customer[customer], by_record[contact] = contact, customer
        new.append((customer, contact))
    links.save(mapping.name, [Link(KevaId(customer), SalesforceId(contact), HOW) for customer, contact in new], None)
    return new


def _document(
    plan: MergePlan | None, chosen: Chosen, links: list[tuple[str, str]], taken: FromFile | None
) -> dict[str, Any]:
    skipped = [] if plan is None else [row for row in plan.rows("clusters") if row["status"] != "merge"]
    document: dict[str, Any] = {
        "plan": None if plan is None else plan.id,
        "path": None if plan is None else str(plan.folder),
        "counts": {} if plan is None else dict(plan.counts),
        "notes": [] if plan is None else plan.manifest["notes"],
        "left": [{"group": row["cluster"], "reason": row["reason"]} for row in skipped]
        + [{"group": group, "reason": why} for group, why in chosen.left],
        "linked": [{"keva_id": customer, "sf_id": contact} for customer, contact in links],
        "in_keva": [list(customers) for customers in chosen.in_keva],
        "done_before": chosen.done,
    }
    if taken is not None:
        lines = [{"line": number, "reason": why} for number, why in taken.left]
        document["decisions"] = {"recorded": taken.recorded, "known": taken.known, "left": lines}
    return document


def _show(
    screen: Screen, plan: MergePlan | None, chosen: Chosen, links: list[tuple[str, str]], taken: FromFile | None
) -> None:
    document = _document(plan, chosen, links, taken)
    if taken is not None:
        screen.line(f"Decisions recorded: {taken.recorded:,}; known before: {taken.known:,}.")
        for number, why in taken.left[:20]:
            screen.line(f"Line {number} was left out: {why}", style="yellow")
    if plan is not None:
        screen.heading(f"Merge plan {plan.id}: {plan.sobject}")
        screen.pairs([(name.replace("_", " "), f"{number:,}") for name, number in plan.counts.items()])
    else:
        screen.line("No plan was written: there is nothing that can be merged.")
    for row in document["left"][:20]:
        screen.line(f"Left out: {row['reason']}", style="yellow")
    if len(document["left"]) > 20:  # noqa: PLR2004 lines on a screen
        screen.line(f"... and {len(document['left']) - 20:,} more; --json lists them all")
    if links:
        screen.line(f"Linked: {len(links):,} customers with their Contacts; kevasync plan compares them next.")
    if chosen.in_keva:
        first = " and ".join(chosen.in_keva[0])
        count = len(chosen.in_keva)
        screen.line(f"To merge in Keva by hand, which documents no merge: {count:,} groups, first {first}")
    if chosen.done:
        screen.line(f"Carried out before: {chosen.done:,}.")
    if plan is not None:
        screen.line(f"To look closer: kevasync show {plan.id}\nTo do exactly this: kevasync apply {plan.id}")
