"""From what a search found to a duplicates review: cards, who survives by the rules, what hangs on whom, how sure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kevasync.dedupe.choices import marks_of
from kevasync.dedupe.decisions import DuplicateDecisions, Verdict, subject_of
from kevasync.dedupe.groups import Found, Kind
from kevasync.dedupe.kept import Search
from kevasync.dedupe.sides import Stored, bare
from kevasync.dedupe.survivorship import Member, Rules, golden_record
from kevasync.records import Schema, Side
from kevasync.review.duplicate_session import Bits, DuplicateSession, Group, Record
from kevasync.review.session import Level, Measured

__all__ = ["Order", "Surroundings", "measured_here", "session_of", "shown_groups"]

SHOWN = 1_000
"""So many groups are put on one page; the rest wait for the next."""
FEWEST_DECIDED = 50
"""Fewer decisions than this measure nothing."""
LEVELS = (0.99, 0.98, 0.95, 0.9, 0.8)
BECOMES = {
    Kind.MERGE: "",
    Kind.LINK: "A link between Keva and Salesforce",
    Kind.KEVA: "To merge in Keva by hand: Keva documents no merge",
}
SIDES = {Side.KEVA: "Keva", Side.SALESFORCE: "Salesforce"}
EVIDENCE = {
    "prior": "Any two records", "together": "Neighbours", "name": "Name", "email": "E-mail",
    "phone": "Telephone", "company": "Company", "street": "Street", "city": "City", "postcode": "Postcode",
    "region": "Region", "dob": "Date of birth", "title": "Title", "identifier": "Identifier", "other": "Other",
}  # fmt: skip
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the org adds: the schema, for labels and kinds of fields, and how many children hang on each record."""

    schema: Schema
    children: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Order(StrEnum):
    """Which groups come first."""

    UNCERTAIN = "uncertain"
    LARGEST = "largest"
    SUREST = "surest"


def shown_groups(
    found: Search, decisions: DuplicateDecisions, most: int = SHOWN, order: Order = Order.UNCERTAIN
) -> list[int]:
    """The places of the groups for one page, those that wait before those decided on."""
    held = decisions.holding()
    keys: Mapping[Order, Callable[[Found], float]] = {
        Order.UNCERTAIN: lambda item: -item.gain,
        Order.LARGEST: lambda item: -len(item.ids),
        Order.SUREST: lambda item: -item.probability,
    }

    def rank(place: int) -> tuple[bool, float]:
        at = held.get(subject_of(found.groups[place].ids))
        return at is not None and at.detail["verdict"] != Verdict.SKIP, keys[order](found.groups[place])

    return sorted(range(len(found.groups)), key=rank)[:most]


def session_of(
    found: Search,
    places: Sequence[int],
    workspace: str,
    who: str,
    rules: Rules,
    around: Surroundings,
    measured: Measured | None,
    order: Order = Order.UNCERTAIN,
) -> DuplicateSession:
    """The review of these groups, in the order given. Names of records are those of the search."""
    names = dict.fromkeys(name for item in found.records.values() for name in item.values)
    labels = {name: _label(name, around.schema) for name in names}
    notes = _notes(found)
    return DuplicateSession(
        workspace=workspace,
        object=found.manifest["sobject"],
        source="Keva and Salesforce" if Side.KEVA in found.manifest["snapshots"] else "Salesforce",
        who=who,
        groups=tuple(_group(found, place, rules, around) for place in places),
        waiting=len(found.groups),
        labels=EVIDENCE | labels,
        measured=measured,
        notes=tuple(notes),
        order=str(order),
    )


def measured_here(decisions: DuplicateDecisions, held_out: Mapping[str, object]) -> Measured | None:
    """What a yes from a probability on was worth: by the decisions made here where there are enough, else the model's.

    None where neither is known: then nothing is offered for many at once.
    """
    told = [
        (float(item.detail["probability"]), item.detail["verdict"] == Verdict.MERGE)
        for item in decisions.holding().values()
        if item.detail["verdict"] != Verdict.SKIP and item.detail.get("probability") is not None
    ]
    if len(told) >= FEWEST_DECIDED:
        levels = _levels(told)
        if levels:
            return Measured(tuple(levels), f"Measured on {len(told):,} decisions made here on what was shown.")
    listed = held_out.get("levels")
    if isinstance(listed, list) and listed:
        note = str(held_out.get("note") or "Measured on generated sets that the model had not seen.")
        return Measured(tuple(Level(*level) for level in sorted(listed, reverse=True)), note)
    return None


def _levels(told: Sequence[tuple[float, bool]]) -> list[Level]:
    levels = []
    for threshold in LEVELS:
        reached = [right for probability, right in told if probability >= threshold]
        if len(reached) >= FEWEST_DECIDED // 2:
            levels.append(Level(threshold, sum(reached) / len(reached), len(reached)))
    return levels


def _group(found: Search, place: int, rules: Rules, around: Surroundings) -> Group:
    item = found.groups[place]
    stored = sorted((found.records[one] for one in item.ids), key=lambda one: _rank(one, found.linked))
    contacts = [one for one in stored if one.side is Side.SALESFORCE]
    merges = item.kind is Kind.MERGE
    shown = {name for one in stored for name, value in one.values.items() if value is not None and name != "Id"}
    told = [Bits(one.field, one.bits) for one in found.evidence.get(place, ())]
    return Group(
        records=tuple(
            _record(one, found.linked, shown, main=not merges or one.side is Side.SALESFORCE) for one in stored
        ),
        probability=item.probability,
        evidence=tuple(told),
        between=item.between if len(stored) > 2 else None,  # noqa: PLR2004 a pair needs no telling
        survivors=_survivors(stored, contacts if merges else stored, rules, around.schema),
        children=_children(contacts[1:], around) if merges else "",
        surplus=item.surplus,
        becomes=BECOMES[item.kind],
    )


def _rank(item: Stored, linked: Mapping[str, str]) -> tuple[bool, bool, int, str]:
    """Who stands first is the proposed main record: in Salesforce, linked, with most values, the oldest."""
    filled = sum(value is not None for value in item.values.values())
    return item.side is not Side.SALESFORCE, item.id not in linked, -filled, item.id


def _record(item: Stored, linked: Mapping[str, str], shown: Collection[str], *, main: bool) -> Record:
    notes = [f"changed {item.modified[:10]}"] if item.modified else []
    if item.id in linked:
        notes.append(f"linked to {bare(linked[item.id])}")
    marks = marks_of(item.values) if item.side is Side.SALESFORCE else {}
    values = {name: value for name, value in item.values.items() if name in shown}
    return Record(item.id, SIDES[item.side], _title(item), values, " · ".join([bare(item.id), *notes]), marks, main)


def _title(item: Stored) -> str:
    name = " ".join(filter(None, (item.values.get("FirstName"), item.values.get("LastName"), item.values.get("Name"))))
    return name or item.values.get("Email") or bare(item.id)


def _survivors(stored: Sequence[Stored], members: Sequence[Stored], rules: Rules, schema: Schema) -> dict[str, int]:
    """By the rules, whose value each field takes: of the records that a merge looks at, the main one first."""
    names = list(dict.fromkeys(name for one in members for name in one.values))
    made = [Member(one.id, one.values, one.modified, one.side) for one in members]
    places = {one.id: place for place, one in enumerate(stored)}
    golden = golden_record(made, schema, names, rules)
    return {value.field: places[value.sources[0]] for value in golden if value.sources}


def _children(losers: Sequence[Stored], around: Surroundings) -> str:
    counts: Counter[str] = Counter()
    for one in losers:
        counts.update(around.children.get(one.id, {}))
    return ", ".join(f"{number:,} {name}{'' if number == 1 else 's'}" for name, number in sorted(counts.items()))


def _label(name: str, schema: Schema) -> str:
    described = schema.find(name)
    if described is not None and described.label:
        return described.label
    return _WORD.sub(" ", name.removesuffix("__c").replace(".", " ").replace("_", " "))


def _notes(found: Search) -> list[str]:
    large = found.manifest["too_large"]
    notes = [
        f"a group of {item['size']:,} records is left out: a shared mailbox or a placeholder? It begins with "
        f"{', '.join(item['first'])}"
        for item in large[:3]
    ]
    left = found.manifest["left_to_plan"]
    if left:
        notes.append(f"{left:,} customers and Contacts of the same e-mail are left to kevasync plan, which links them")
    return notes
