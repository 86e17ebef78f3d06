"""What people decided about duplicates: merge, not a duplicate, skip; and what of it holds for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import Any

from kevasync.store.decided import Draft, Taken, standing, take
from kevasync.store.decisions import Decision, Decisions

__all__ = ["WHAT", "DuplicateDecision", "DuplicateDecisions", "Verdict", "subject_of"]

WHAT = "duplicate"
LONGEST_SUBJECT = 200


class Verdict(StrEnum):
    """What somebody said of a group of records. A skip only says: seen, not now."""

    MERGE = "merge"
    DIFFERENT = "different"
    SKIP = "skip"
    UNDO = "undo"


def subject_of(ids: Sequence[str]) -> str:
    """What a group of records is called in the store: its ids, in order; the same group has the same name."""
    text = "|".join(sorted(ids))
    return text if len(text) <= LONGEST_SUBJECT else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class DuplicateDecision:
    """One decision on a group. `without` are records left out of a merge; `values` says whose value survives, by id.

    `marks` are fingerprints of the values that were on the screen, by record and field.
    `seen`, `key` and `undoes` are as in `store.decided`.
    """

    ids: tuple[str, ...]
    verdict: Verdict
    key: str
    master: str | None = None
    without: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    probability: float | None = None
    seen: str | None = None
    undoes: str | None = None
    marks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def draft(self) -> Draft:
        """Its form for the store."""
        detail: dict[str, Any] = {
            "ids": list(self.ids),
            "master": self.master,
            "without": list(self.without),
            "values": dict(self.values),
            "probability": self.probability,
            "marks": {name: dict(marks) for name, marks in self.marks.items()},
        }
        kept = {name: value for name, value in detail.items() if value or name == "ids"}
        return Draft(subject_of(self.ids), self.verdict.value, self.key, kept, self.seen, self.undoes)


class DuplicateDecisions:
    """The decisions on duplicates in a workspace's store."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    def all(self) -> list[Decision]:
        """All of them, oldest first, undone ones too."""
        return self._decisions.list(what=WHAT)

    def record(self, who: str, wanted: Sequence[DuplicateDecision]) -> Taken:
        """Record decisions in one transaction; they are on disk when this returns."""
        return take(self._decisions, who, WHAT, [item.draft() for item in wanted])

    def holding(self) -> dict[str, Decision]:
        """The decision that holds on each group; a group all undone has none."""
        return {str(item.subject): item for item in standing(self.all())}

    def constraints(self) -> list[tuple[str, str, bool]]:
        """(one id, another, whether they are the same): what clustering must respect from now on."""
        found: dict[tuple[str, str], bool] = {}
        for item in sorted(self.holding().values(), key=lambda one: one.id):
            verdict, ids = item.detail["verdict"], sorted(item.detail["ids"])
            if verdict == Verdict.SKIP:
                continue
            without = set(item.detail.get("without", ()))
            for one, other in combinations(ids, 2):
                if verdict == Verdict.DIFFERENT or (one in without) != (other in without):
                    found[one, other] = False
                elif one not in without:
                    found[one, other] = True
        return [(one, other, same) for (one, other), same in found.items()]
