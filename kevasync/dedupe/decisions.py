"""What people decided about duplicates: merge, not a duplicate, skip; and what of it holds for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import Any

from kevasync.store import decided
from kevasync.store.decided import Draft, DraftedDecisions

__all__ = ["WHAT", "DuplicateDecision", "DuplicateDecisions", "Verdict", "subject_of"]

WHAT = "duplicate"


class Verdict(StrEnum):
    """What somebody said of a group of records. A skip only says: seen, not now."""

    MERGE = "merge"
    DIFFERENT = "different"
    SKIP = "skip"
    UNDO = "undo"


def subject_of(ids: Sequence[str]) -> str:
    """What a group of records is called in the store: its ids, in order; the same group has the same name."""
    return decided.subject_of("|".join(sorted(ids)))


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


class DuplicateDecisions(DraftedDecisions[DuplicateDecision]):
    """The decisions on duplicates in a workspace's store."""

    what = WHAT

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
