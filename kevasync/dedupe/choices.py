"""From decisions to merges: which records become one, what was merged already, and what no plan can carry out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kevasync.dedupe.decisions import DuplicateDecisions, Verdict, subject_of
from kevasync.dedupe.groups import Found, Kind
from kevasync.dedupe.merge import MergeChoice, fingerprint
from kevasync.dedupe.sides import Stored, bare, side_of
from kevasync.records import Side
from kevasync.store.decisions import Decision
from kevasync.store.ledger import Ledger

__all__ = ["Chosen", "above", "choose", "marks_of", "merged_away"]

ValueOf = Callable[[str, str], str | None]
"""The value of a record, by name, in a field. Raises KeyError for a record that is not known now."""


@dataclass(slots=True)
class Chosen:
    """What the decisions come to.

    `links` are (customer, Contact) that somebody said are one; `in_keva` are customers that somebody said are one,
    by their own ids: Keva documents no merge. `left` has (group, why) of decisions that cannot be carried out.
    """

    merges: list[MergeChoice] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    in_keva: list[tuple[str, ...]] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    done: int = 0


def merged_away(ledger: Ledger) -> set[str]:
    """Ids of the records that runs of merges merged into others. They never come back: an undo makes new ones."""
    gone: set[str] = set()
    for run in ledger.last_runs(1_000, kind="merge"):
        for row in ledger.arrow(run_id=run.id, status="applied").to_pylist():
            if row["operation"] == "merge":
                gone.update(json.loads(row["changes"])["Id"][0].split(";"))
    return gone


def marks_of(values: Mapping[str, str | None]) -> dict[str, str]:
    """Fingerprints of a Salesforce record's own values; those read through a relationship are another record's."""
    return {name: fingerprint(value) for name, value in values.items() if "." not in name}


def choose(decisions: DuplicateDecisions, gone: set[str], value_of: ValueOf) -> Chosen:
    """The merges, links and customers that the decisions that hold speak of.

    Decisions that share a record are one merge, in which the later one has the last word on main record and values;
    where somebody said of two of its records that they are no duplicates it is left out.
    """
    chosen = Chosen()
    merges: list[tuple[Decision, tuple[str, ...]]] = []
    for held in sorted(decisions.holding().values(), key=lambda item: item.id):
        if held.detail["verdict"] != Verdict.MERGE:
            continue
        without = set(held.detail.get("without", ()))
        ids = [one for one in held.detail["ids"] if one not in without]
        contacts = tuple(one for one in ids if side_of(one) is Side.SALESFORCE)
        customers = tuple(bare(one) for one in ids if side_of(one) is Side.KEVA)
        live = tuple(one for one in contacts if one not in gone)
        if len(live) > 1:
            merges.append((held, live))
        elif len(contacts) > 1:
            _remains(chosen, live, customers)
        elif len(customers) > 1:
            chosen.in_keva.append(customers)
        elif live and customers:
            chosen.links.append((customers[0], live[0]))
    apart = {frozenset((a, b)) for a, b, same in decisions.constraints() if not same}
    for group in _sharing(merges):
        _add(chosen, group, apart, value_of)
    return chosen


def _remains(chosen: Chosen, live: Sequence[str], customers: Sequence[str]) -> None:
    chosen.done += 1
    if len(customers) > 1:
        chosen.in_keva.append(tuple(customers))
    elif customers and live:
        chosen.links.append((customers[0], live[0]))


def _sharing(
    merges: Sequence[tuple[Decision, tuple[str, ...]]],
) -> list[list[tuple[Decision, tuple[str, ...]]]]:
    """Decisions in groups that share records, oldest first within and among them."""
    groups: list[list[tuple[Decision, tuple[str, ...]]]] = []
    where: dict[str, list[tuple[Decision, tuple[str, ...]]]] = {}
    for item in merges:
        joined = [item]
        for other in {id(where[one]): where[one] for one in item[1] if one in where}.values():
            joined = [*other, *joined]
            groups.remove(other)
        groups.append(joined)
        where.update((one, joined) for _, ids in joined for one in ids)
    return groups


def _add(
    chosen: Chosen,
    group: Sequence[tuple[Decision, tuple[str, ...]]],
    apart: set[frozenset[str]],
    value_of: ValueOf,
) -> None:
    ids = tuple(dict.fromkeys(one for _, live in group for one in live))
    last = group[-1][0]
    barred = next((pair for pair in apart if pair <= set(ids)), None)
    if barred is not None:
        chosen.left.append((str(last.subject), f"{' and '.join(sorted(barred))} were said to be no duplicates"))
        return
    values: dict[str, str | None] = {}
    seen: dict[str, Mapping[str, str]] = {}
    master: str | None = None
    for held, _ in group:
        detail = held.detail
        picked = {name: one for name, one in detail.get("values", {}).items() if one not in detail.get("without", ())}
        try:
            values |= {name: value_of(one, name) for name, one in picked.items()}
        except KeyError as gone:
            why = f"a value of {gone.args[0]} was chosen by hand, and the last search has no such record any more"
            chosen.left.append((str(last.subject), why))
            return
        seen |= {one: marks for one, marks in detail.get("marks", {}).items() if one in ids}
        master = detail["master"] if detail.get("master") in ids else master
    known = [probability for held, _ in group if (probability := held.detail.get("probability")) is not None]
    chosen.merges.append(
        MergeChoice(str(last.subject), ids, master, values, min(known, default=None), last.who, seen=seen)
    )


def above(
    groups: Iterable[Found], records: Mapping[str, Stored], decisions: DuplicateDecisions, threshold: float
) -> list[MergeChoice]:
    """Groups that nobody has decided on, from a probability on, as merges by the rules alone."""
    decided = {one for held in decisions.holding().values() for one in held.detail["ids"]}
    made: list[MergeChoice] = []
    for item in groups:
        contacts = tuple(one for one in item.ids if side_of(one) is Side.SALESFORCE)
        if item.kind is Kind.MERGE and item.certain and item.probability >= threshold and not decided & set(item.ids):
            seen = {one: marks_of(records[one].values) for one in contacts if one in records}
            who = f"threshold {threshold:g}"
            made.append(MergeChoice(subject_of(item.ids), contacts, None, {}, item.probability, who, seen=seen))
    return made
