"""What a duplicates review starts from: the groups of the last search, and what the org says of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kevasync.cli.dedupe_workspace import home_of, mapped_object, rules_of, taken_since
from kevasync.cli.sides import Kept, open_kept, open_salesforce
from kevasync.dedupe import kept
from kevasync.dedupe.decisions import DuplicateDecisions
from kevasync.dedupe.groups import Kind
from kevasync.dedupe.merge import children_of
from kevasync.dedupe.scoring import default_model
from kevasync.dedupe.sides import side_of
from kevasync.errors import KevasyncError, UsageError
from kevasync.records import Schema, Side
from kevasync.review.duplicate_groups import Order, Surroundings, measured_here, session_of, shown_groups
from kevasync.review.duplicate_session import DuplicateSession
from kevasync.store.decisions import current_user
from kevasync.store.files import sha256

if TYPE_CHECKING:
    from kevasync.cli.context import Context

__all__ = ["duplicates_session"]


def duplicates_session(
    at: Context, object_name: str, limit: int, *, order: str = "uncertain", children: bool = True, who: str | None
) -> DuplicateSession:
    """The review of the last search.

    Raises:
        UsageError: `duplicates-not-searched`; `duplicates-none` when it found nothing to decide.
        RunError: `duplicates-damaged`.
    """
    workspace = at.workspace
    mapping = mapped_object(workspace, object_name)
    with open_kept(workspace) as opened:
        found = kept.latest(home_of(workspace))
        if not found.groups:
            raise UsageError("duplicates-none", "the last search found no group to decide on")
        if taken_since(found, opened, mapping):
            at.note("There are newer snapshots than those that were searched: kevasync dedupe searches again.")
        decisions = DuplicateDecisions(opened.decisions)
        places = shown_groups(found, decisions, limit, Order(order))
        around = _surroundings(at, opened, found, places, children=children)
        return session_of(
            found,
            places,
            str(workspace.root),
            who or current_user(),
            rules_of(workspace),
            around,
            measured_here(decisions, _levels()),
            Order(order),
        )


def _surroundings(
    at: Context, opened: Kept, found: kept.Search, places: Sequence[int], *, children: bool
) -> Surroundings:
    """What the org says; without it the review goes on with the names of fields, and no children."""
    sobject = str(found.manifest["sobject"])
    nothing = Surroundings(Schema(Side.SALESFORCE, sobject, ()))
    if not children:
        return nothing
    ids = [
        one
        for place in places
        if found.groups[place].kind is Kind.MERGE
        for one in found.groups[place].ids
        if side_of(one) is Side.SALESFORCE
    ]
    try:
        with open_salesforce(at.workspace, opened.secrets) as salesforce:
            schema = salesforce.describe(sobject)
            counts: dict[str, Counter[str]] = {}
            for row in children_of(salesforce, sobject, list(dict.fromkeys(ids)), at.progress):
                counts.setdefault(row["parent"], Counter())[row["object"]] += 1
            return Surroundings(schema, counts)
    except KevasyncError as error:
        at.note(f"What a merge would move is not shown: {error.what}")
        return nothing
    finally:
        at.progress.done()


def _levels() -> Mapping[str, Any]:
    """What was measured of the model that is in use (benchmarks/duplicate_levels.py); nothing for another model."""
    model: Path = default_model()
    try:
        told = json.loads(model.with_suffix(".levels.json").read_text(encoding="utf-8"))
        same = told["model"] == sha256(model)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return told if same else {}
