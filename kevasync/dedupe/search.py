"""Finding duplicates among the snapshots of a workspace, within each side and across, under what people decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from kevasync.dedupe import kept
from kevasync.dedupe.clustering import Constraint, clusters
from kevasync.dedupe.decisions import DuplicateDecisions, Verdict, subject_of
from kevasync.dedupe.groups import Found, Kind, find_groups
from kevasync.dedupe.pipeline import MATCH, Pairs, find_pairs
from kevasync.dedupe.refit import FEWEST, Label, learn
from kevasync.dedupe.sides import PREFIX, Stored, all_records, read_values, side_of
from kevasync.endpoint import Progress
from kevasync.errors import UsageError
from kevasync.mapping.definition import ObjectMapping
from kevasync.records import Side
from kevasync.store.links import Links
from kevasync.store.snapshots import Snapshots

__all__ = ["DOUBTFUL", "LARGEST", "MOST_EXPLAINED", "Asked", "learned", "search"]

DOUBTFUL = 0.2
"""Pairs across clusters from this probability on are shown to a person."""
LARGEST = 50
"""A larger group is nobody's duplicates but a shared mailbox or a placeholder: told, and not put before a person."""
MOST_EXPLAINED = 5_000
MOST_TOLD = 20
LESSONS = 100
"""So many pairs decided on, yes and no among them, set the scores right."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to search: the object of the mapping, and from which probability on records count as one."""

    mapping: ObjectMapping
    region: str
    workspace_id: str
    threshold: float = MATCH
    doubtful: float = DOUBTFUL


def search(
    con: duckdb.DuckDBPyConnection,
    asked: Asked,
    snapshots: Snapshots,
    links: Links,
    decisions: DuplicateDecisions,
    home: Path,
    progress: Progress,
) -> kept.Search:
    """Search the latest snapshots and keep what was found below `home`.

    Raises RunError `snapshot-missing` where neither side has a snapshot, UsageError (catalogue/dedupe.toml).
    """
    mapping = asked.mapping
    views, used = _views(con, mapping, snapshots)
    table, columns, said = all_records(con, views)
    decided = decisions.constraints()
    pairs, taught = learned(find_pairs(con, table, columns, tell=progress.start), decided)
    progress.start("group", None)
    known = _links(con, links, mapping.name)
    # "the same" by a person and links hold; where both speak, a person's "not a duplicate" is the stronger one
    rules = [Constraint(a, b, same=True) for a, b in known]
    rules += [Constraint(a, b, same=same) for a, b, same in decided]
    grouped = clusters(pairs, rules, threshold=asked.threshold)
    cluster = dict(zip(grouped["id"].to_pylist(), grouped["cluster"].to_pylist(), strict=True))
    scored = zip(*(pairs.table[name].to_pylist() for name in ("id_a", "id_b", "probability")), strict=True)
    found = find_groups(list(scored), cluster, known, decided, asked.doubtful)
    found += _decided_before(found, decisions, cluster)
    large = [item for item in found if len(item.ids) > LARGEST]
    found = [item for item in found if len(item.ids) <= LARGEST]
    records = read_values(con, views, [name for item in found for name in item.ids], mapping, asked.region)
    shown, by_mail = _left_to_plan(found, records, decisions)
    told = _explained(pairs, shown)
    linked = dict(known) | {b: a for a, b in known}
    manifest = {
        "workspace": asked.workspace_id,
        "object": mapping.name,
        "sobject": mapping.salesforce,
        "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z",
        "snapshots": used,
        "threshold": asked.threshold,
        "learned_from": taught,
        "columns": {str(side): item.as_dict() for side, item in said.items()},
        "records": _sizes(con, table),
        "pairs": pairs.table.num_rows,
        **_counts(shown, decisions),
        "left_to_plan": by_mail,
        "too_large": [{"size": len(item.ids), "first": list(item.ids[:3])} for item in large[:MOST_TOLD]],
        "report": pairs.report.as_dict(),
    }
    kept_ids = {name for item in shown for name in item.ids}
    records = {name: item for name, item in records.items() if name in kept_ids}
    return kept.save(home, manifest, pairs.table, shown, told, records, linked)


def learned(pairs: Pairs, decided: Sequence[tuple[str, str, bool]]) -> tuple[Pairs, int]:
    """The pairs with scores set right by what people decided here, and by how many of them; 0 where these are few."""
    said = Counter(same for _, _, same in decided)
    if sum(said.values()) < LESSONS or min(said[True], said[False]) < FEWEST:
        return pairs, 0
    try:
        made = learn(pairs, [Label(a, b, same) for a, b, same in decided])
    except UsageError:  # most of them speak of records that are gone
        return pairs, 0
    return made.pairs, made.used


def _views(
    con: duckdb.DuckDBPyConnection, mapping: ObjectMapping, snapshots: Snapshots
) -> tuple[dict[Side, str], dict[str, list[str]]]:
    """A view over the latest snapshot of each side that has one, and which snapshots these are."""
    views: dict[Side, str] = {}
    used: dict[str, list[str]] = {}
    for side in (Side.SALESFORCE, Side.KEVA):
        name = mapping.salesforce if side is Side.SALESFORCE else mapping.name
        if not snapshots.latest(side, name) and (side is Side.SALESFORCE or views):
            continue
        layers = snapshots.view(con, side, name, f"found_{side}")
        views[side], used[str(side)] = f"found_{side}", [layer.id for layer in layers]
    return views, used


def _links(con: duckdb.DuckDBPyConnection, links: Links, object_name: str) -> list[tuple[str, str]]:
    """Active links whose two records are in the table, by name."""
    con.register("found_links", links.arrow(object_name))
    rows = con.execute(
        "select ? || keva_id, sf_id from found_links"
        " semi join dd_id as k on k.id = ? || keva_id semi join dd_id as s on s.id = sf_id where active order by 1, 2",
        [PREFIX, PREFIX],
    ).fetchall()
    con.unregister("found_links")
    return [(str(a), str(b)) for a, b in rows]


def _decided_before(found: Sequence[Found], decisions: DuplicateDecisions, clusters: Mapping[str, int]) -> list[Found]:
    """Groups that somebody decided on and that are no groups of this search: shown so that they can be taken back."""
    known = {subject_of(item.ids) for item in found}
    made: list[Found] = []
    for subject, held in decisions.holding().items():
        ids = tuple(held.detail["ids"])
        if subject in known or held.detail["verdict"] == Verdict.SKIP or not all(one in clusters for one in ids):
            continue
        contacts = sum(not one.startswith(PREFIX) for one in ids)
        kind = Kind.MERGE if contacts > 1 else Kind.KEVA if len(ids) - contacts > 1 else Kind.LINK
        made.append(Found(ids, kind, held.detail.get("probability") or 0.0, None, certain=False))
    return made


def _left_to_plan(
    found: Sequence[Found], records: Mapping[str, Stored], decisions: DuplicateDecisions
) -> tuple[list[Found], int]:
    """Without the groups in which only a link is open that `kevasync plan` makes by itself: of the same e-mail."""
    held = decisions.holding()
    merged = {subject for subject, item in held.items() if item.detail["verdict"] == Verdict.MERGE}
    open_groups, left = [], 0
    for item in found:
        if not all(one in records for one in item.ids):
            continue
        contacts = [one for one in item.ids if side_of(one) is Side.SALESFORCE]
        one_contact = len(contacts) == 1 or subject_of(contacts) in merged
        if len(item.ids) == len(contacts) + 1 and one_contact and subject_of(item.ids) not in held:
            mails = {one: (records[one].values.get("Email") or one).casefold() for one in item.ids}
            customer = next(one for one in item.ids if one not in contacts)
            if mails[customer] in {mails[one] for one in contacts}:
                left += 1
                continue
        open_groups.append(item)
    return open_groups, left


def _explained(pairs: Pairs, found: Sequence[Found]) -> dict[int, list[kept.Told]]:
    """The evidence for the pair that decides each group; of very many groups for those of which it tells most."""
    order = sorted((place for place, item in enumerate(found) if item.between), key=lambda at: -found[at].gain)
    chosen = sorted(order[:MOST_EXPLAINED])
    asked = [between for at in chosen if (between := found[at].between)]
    told = pairs.explain(asked) if asked else []
    return {
        at: [kept.Told(one.field, one.bits, one.a, one.b) for one in items]
        for at, items in zip(chosen, told, strict=True)
    }


def _sizes(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    rows = con.execute(f"select source, count(*) from {table} group by source order by source").fetchall()  # noqa: S608 ours
    return {str(source): int(count) for source, count in rows}


def _counts(found: Sequence[Found], decisions: DuplicateDecisions) -> dict[str, Any]:
    held = decisions.holding()
    settled = {subject for subject, item in held.items() if item.detail["verdict"] != Verdict.SKIP}
    waiting = [item for item in found if subject_of(item.ids) not in settled]
    kinds = Counter(item.kind for item in found)
    return {
        "groups": {str(kind): kinds[kind] for kind in Kind},
        "certain": sum(item.certain for item in found),
        "doubtful": sum(not item.certain for item in found),
        "waiting": len(waiting),
        "decided": len(found) - len(waiting),
        "expected_duplicates": {
            str(kind): round(sum(item.probability * item.surplus for item in waiting if item.kind is kind), 1)
            for kind in Kind
        },
    }
