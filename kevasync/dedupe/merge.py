"""Planning merges: of each cluster the master, the losers, the golden values, the children and links that will move."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet as pq

from kevasync.dedupe.merge_plan import MergePlan, Row, new_plan
from kevasync.dedupe.survivorship import GoldenValue, Member, Rules, golden_record
from kevasync.endpoint import ChildField, Endpoint, Merger, Progress, Selection
from kevasync.errors import UsageError
from kevasync.records import Schema, Side
from kevasync.store.links import Links
from kevasync.values import clean

__all__ = [
    "AllLeft",
    "MergeChoice",
    "MergeSide",
    "Preview",
    "children_of",
    "fingerprint",
    "master_of",
    "plan_merges",
    "preview",
    "read_records",
]


class AllLeft(UsageError):  # noqa: N818 it says what became of the clusters
    """None of the clusters can be merged; `left` has (cluster, reason) of each."""

    def __init__(self, left: Sequence[tuple[str, str]]) -> None:
        super().__init__("merge-nothing", f"None of {len(left):,} clusters can be merged, the first: {left[0][1]}")
        self.left = tuple(left)


class MergeSide(Endpoint, Merger, Protocol):
    """A side that is an Endpoint and can merge."""


@dataclass(frozen=True, slots=True)
class MergeChoice:
    """A cluster that somebody, or a threshold, decided to merge.

    `values` are chosen by hand, field by field; all others go by the rules. `master` None: the linked record, else the
    one with most values, else the oldest id. `seen` are the fingerprints of the values that were looked at, by record
    and field: what has another value by now is not merged.
    """

    cluster: str
    ids: tuple[str, ...]
    master: str | None = None
    values: Mapping[str, str | None] = field(default_factory=dict)
    probability: float | None = None
    who: str | None = None
    rules: Rules | None = None
    seen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """What merging a cluster would make: the golden record, and per child object how many records move."""

    master: str
    losers: tuple[str, ...]
    golden: tuple[GoldenValue, ...]
    children: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Read:
    """One record as it is now."""

    id: str
    values: dict[str, str | None]
    modified: str | None
    deleted: bool
    master: str | None


def plan_merges(
    choices: Sequence[MergeChoice],
    endpoint: MergeSide,
    links: Links,
    rules: Rules,
    *,
    object_name: str,
    sobject: str,
    workspace_id: str,
    plans: Path,
    progress: Progress,
    external_id: str | None = None,
) -> MergePlan:
    """Write the plan that merges these clusters. Nothing is written to Salesforce.

    A cluster that cannot be merged (a record gone, or in two clusters) is in the plan as skipped, with the reason.

    Raises:
        UsageError: `merge-nothing` when there is no cluster (AllLeft: none that can be merged), `object-read-only`
            when the user may not edit the object.
    """
    if not choices:
        raise UsageError("merge-nothing", "No cluster was given to merge")
    schema = endpoint.describe(sobject)
    if not schema.updateable:
        raise UsageError("object-read-only", f"The connected user may not edit {sobject}, so nothing can be merged")
    records = read_records(endpoint, schema, [one for item in choices for one in item.ids], progress)
    linked = {row["sf_id"]: row["keva_id"] for row in links.arrow(object_name).to_pylist() if row["active"]}
    tables: dict[str, list[Row]] = {name: [] for name in ("clusters", "records", "fields", "children", "links")}
    taken: set[str] = set()
    losers: dict[str, str] = {}
    for item in choices:
        ids = tuple(dict.fromkeys(item.ids))
        master = master_of(item, records, linked) if all(one in records for one in ids) and ids else item.master
        reason = _obstacle(ids, master, records, taken) or _changed(item, ids, records)
        rest = [one for one in ids if one != master]
        tables["clusters"].append(
            {"cluster": item.cluster, "master": master, "losers": len(rest), "status": "skip" if reason else "merge",
             "reason": reason, "probability": item.probability, "who": item.who}
        )  # fmt: skip
        tables["records"] += [
            {"cluster": item.cluster, "id": one, "role": "master" if one == master else "loser",
             "modified": records[one].modified if one in records else None, "keva_id": linked.get(one)}
            for one in ids
        ]  # fmt: skip
        if reason or master is None:
            continue
        taken.update(ids)
        losers |= dict.fromkeys(rest, item.cluster)
        tables["links"] += _links(item.cluster, master, rest, linked, records)
        tables["fields"] += _fields(item, master, rest, records, schema, rules, external_id, tables["links"])
    if not taken:
        raise AllLeft([(row["cluster"], row["reason"]) for row in tables["clusters"]])
    tables["children"] = [
        {"cluster": losers[row["parent"]], **row} for row in children_of(endpoint, sobject, list(losers), progress)
    ]
    return new_plan(
        plans, tables, kind="merge", workspace_id=workspace_id, object_name=object_name, sobject=sobject,
        counts=_counts(tables), notes=_notes(tables), external_id=external_id,
    )  # fmt: skip


def preview(item: MergeChoice, endpoint: MergeSide, schema: Schema, rules: Rules, progress: Progress) -> Preview:
    """The golden record of one cluster and the children that would move, for a screen. Reads, writes nothing."""
    records = read_records(endpoint, schema, item.ids, progress)
    absent = [one for one in item.ids if one not in records or records[one].deleted]
    if absent:
        raise UsageError("merge-record-gone", f"{', '.join(absent)} cannot be read any more")
    master = master_of(item, records, {})
    rest = tuple(one for one in item.ids if one != master)
    golden = _golden(item, master, rest, records, schema, rules)
    counts: dict[str, int] = {}
    for row in children_of(endpoint, schema.object, rest, progress):
        counts[row["object"]] = counts.get(row["object"], 0) + 1
    return Preview(master, rest, tuple(golden), counts)


def fingerprint(value: str | None) -> str:
    """A short mark of a value, to tell whether it is still the same without keeping it."""
    text = clean(value)
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()[:12]


def fields_of(schema: Schema) -> list[str]:
    """The fields that make a record what it is: what may be written, when it is made or later."""
    return [
        item.name
        for item in schema.fields
        if (item.createable or item.updateable) and not item.calculated and item.type not in {"address", "location"}
    ]


def read_records(endpoint: Endpoint, schema: Schema, ids: Sequence[str], progress: Progress) -> dict[str, Read]:
    """Records by id with all their fields, deleted ones too; one that is nowhere is absent, or deleted and empty."""
    wanted = tuple(dict.fromkeys(ids))
    names = fields_of(schema)
    found = extracted(endpoint, schema.object, names, Selection(ids=wanted), progress)
    return {
        row["_id"]: Read(
            row["_id"], {name: row.get(name) for name in names}, row["_modified"], bool(row["_deleted"]), row["_master"]
        )
        for row in found
    }


def extracted(
    endpoint: Endpoint, name: str, fields: Sequence[str], selection: Selection, progress: Progress
) -> Iterator[Row]:
    """The rows of a small extract."""
    with tempfile.TemporaryDirectory(prefix="kevasync-") as folder:
        for part in endpoint.extract(name, fields, Path(folder), selection, progress).parts:
            yield from pq.read_table(part).to_pylist()


def children_of(endpoint: MergeSide, sobject: str, parents: Sequence[str], progress: Progress) -> list[Row]:
    """The live records that hang on these: object, field, id, parent, movable."""
    rows: list[Row] = []
    for child in endpoint.children(sobject) if parents else ():
        rows += _children(endpoint, child, parents, progress)
    return rows


def _children(endpoint: Endpoint, child: ChildField, parents: Sequence[str], progress: Progress) -> list[Row]:
    selection = Selection(match=(child.field, tuple(parents)), deleted=False)
    wanted = set(parents)
    return [
        {"object": child.object, "field": child.field, "id": row["_id"], "parent": row[child.field],
         "movable": child.movable}
        for row in extracted(endpoint, child.object, [child.field], selection, progress)
        if row.get(child.field) in wanted and not row["_deleted"]
    ]  # fmt: skip


def master_of(item: MergeChoice, records: Mapping[str, Read], linked: Mapping[str, str]) -> str:
    """Who wins: the record chosen, else a linked one, else the one with most values, else the oldest id."""
    if item.master is not None:
        return item.master

    def rank(one: str) -> tuple[bool, int]:
        return one in linked, sum(value is not None for value in records[one].values.values())

    return max(sorted(item.ids), key=rank)


def _obstacle(ids: Sequence[str], master: str | None, records: Mapping[str, Read], taken: set[str]) -> str | None:
    if len(ids) < 2:  # noqa: PLR2004 it takes two
        return "fewer than two records"
    gone = [one for one in ids if one not in records or records[one].deleted]
    if gone:
        return f"gone since the review: {', '.join(gone[:5])}"
    if master not in ids:
        return f"the master {master} is not in the cluster"
    twice = [one for one in ids if one in taken]
    if twice:
        return f"in another cluster too: {', '.join(twice[:5])}"
    return None


def _changed(item: MergeChoice, ids: Sequence[str], records: Mapping[str, Read]) -> str | None:
    """Which record has other values than those that the decision was made on."""
    for one in ids:
        now = {name.casefold(): value for name, value in records[one].values.items()}
        moved = [
            name
            for name, mark in item.seen.get(one, {}).items()
            if name.casefold() in now and fingerprint(now[name.casefold()]) != mark
        ]
        if moved:
            return f"{one} was changed since the review: {', '.join(moved[:5])}"
    return None


def _links(
    cluster: str, master: str, losers: Sequence[str], linked: Mapping[str, str], records: Mapping[str, Read]
) -> list[Row]:
    """Where the losers' customers go: one to a master without a customer; Keva merges none, so others stay as told."""
    coming = sorted((one for one in losers if one in linked), key=lambda one: records[one].modified or "", reverse=True)
    holder = linked.get(master)
    rows: list[Row] = []
    for one in coming:
        moves = holder is None
        if moves:
            holder = linked[one]
        reason = None if moves else f"{linked[one]} and {holder} are duplicates in Keva, which documents no merge"
        rows.append(
            {"cluster": cluster, "keva_id": linked[one], "sf_id": one, "to_id": master,
             "status": "move" if moves else "stay", "reason": reason}
        )  # fmt: skip
    return rows


def _golden(
    item: MergeChoice,
    master: str,
    losers: Sequence[str],
    records: Mapping[str, Read],
    schema: Schema,
    rules: Rules,
) -> list[GoldenValue]:
    names = [
        found.name
        for found in schema.fields
        if found.updateable and found.name in records[master].values and not found.external_id
        and "User" not in found.reference_to
    ]  # fmt: skip
    inside = set(losers) | {master}
    members = [
        Member(
            one,
            # a record that refers to another of its own cluster would refer to itself
            {name: None if value in inside else value for name, value in records[one].values.items()},
            records[one].modified,
            Side.SALESFORCE,
        )
        for one in (master, *losers)
    ]
    hand = {name: value for name, value in item.values.items() if name in names}
    return golden_record(members, schema, names, item.rules or rules, hand)


def _fields(
    item: MergeChoice,
    master: str,
    losers: Sequence[str],
    records: Mapping[str, Read],
    schema: Schema,
    rules: Rules,
    external_id: str | None,
    links: Sequence[Row],
) -> list[Row]:
    held = records[master].values
    rows: list[Row] = []
    inside = {master, *losers}
    for value in _golden(item, master, losers, records, schema, rules):
        old = held.get(value.field)
        write = value.value != old and not (value.value is None and old in inside)
        if write or value.others:
            rows.append(
                {"cluster": item.cluster, "id": master, "field": value.field, "old": old, "new": value.value,
                 "rule": value.rule, "sources": ";".join(value.sources), "others": " | ".join(value.others),
                 "write": write and not (value.value is None and value.rule != "by_hand")}
            )  # fmt: skip
    moved = next((row for row in links if row["cluster"] == item.cluster and row["status"] == "move"), None)
    if external_id and moved and held.get(external_id) is None:
        rows.append(
            {"cluster": item.cluster, "id": master, "field": external_id, "old": None, "new": moved["keva_id"],
             "rule": "link", "sources": moved["sf_id"], "others": "", "write": True}
        )  # fmt: skip
    return rows


def _counts(tables: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    good = [row for row in tables["clusters"] if row["status"] == "merge"]
    count: Callable[[str, Callable[[Row], Any]], int] = lambda name, test: sum(bool(test(row)) for row in tables[name])  # noqa: E731 one line, five uses
    return {
        "clusters": len(good),
        "losers": sum(row["losers"] for row in good),
        "skipped": len(tables["clusters"]) - len(good),
        "values": count("fields", lambda row: row["write"]),
        "children": len(tables["children"]),
        "links": count("links", lambda row: row["status"] == "move"),
        "keva_duplicates": count("links", lambda row: row["status"] == "stay"),
    }


def _notes(tables: Mapping[str, Sequence[Row]]) -> list[str]:
    fixed = sorted({f"{row['object']}.{row['field']}" for row in tables["children"] if not row["movable"]})
    notes = [f"{name} moves with the merge, and an undo cannot move it back" for name in fixed]
    notes += [row["reason"] for row in tables["links"] if row["status"] == "stay"][:20]
    return notes
