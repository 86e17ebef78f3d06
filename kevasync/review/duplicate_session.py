"""What the duplicates notebook is started with: groups of records, their evidence in bits, and who survives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kevasync.dedupe.decisions import subject_of
from kevasync.review.session import Measured, page_name

__all__ = ["Bits", "DuplicateSession", "Group", "Record"]

VERSION = 1


@dataclass(frozen=True, slots=True)
class Bits:
    """What one field says for (positive) or against a match, in bits."""

    field: str
    bits: float


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a group. `side` and `note` are for people: where it is, when it changed, what hangs on it.

    `marks` are fingerprints of the values shown that a merge is to find unchanged; `main` is False where it cannot be
    the main record of a merge.
    """

    id: str
    side: str
    title: str
    values: Mapping[str, str | None]
    note: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    main: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Records that may be one; the first is the proposed main one.

    `evidence` adds up to the match weight, prior first, of the pair named in `between` (the whole group where it is
    empty). `survivors` says of each field which record's value survives by the rules, by position; where it says
    something of any field, those that it leaves out have no survivor.
    """

    records: tuple[Record, ...]
    probability: float
    evidence: tuple[Bits, ...] = ()
    between: tuple[str, str] | None = None
    survivors: Mapping[str, int] = field(default_factory=dict)
    children: str = ""
    """What a merge would move, for people: '3 cases, 1 opportunity'."""
    surplus: int = 1
    """How many records too many there are if they are one."""
    becomes: str = ""
    """What a yes leads to, for people, where it is no merge in Salesforce."""

    @property
    def name(self) -> str:
        """What decisions on it are kept under."""
        return subject_of([record.id for record in self.records])

    def merging(self, without: Sequence[int] = ()) -> int:
        """How many records a merge would make one, without those at these places."""
        return sum(record.main for place, record in enumerate(self.records) if place not in without)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of any of its records, in the order of the first that has them."""
        return tuple(dict.fromkeys(name for record in self.records for name in record.values))


@dataclass(frozen=True, slots=True)
class DuplicateSession:
    """One duplicates review; `waiting` is how many groups there are in all, those not shown too."""

    workspace: str
    object: str
    source: str
    who: str
    groups: tuple[Group, ...]
    waiting: int
    labels: Mapping[str, str] = field(default_factory=dict)
    measured: Measured | None = None
    notes: tuple[str, ...] = ()
    order: str = "uncertain"
    version: int = VERSION

    @property
    def name(self) -> str:
        """What the browser keeps its undelivered presses under."""
        return page_name(self.workspace, "duplicates", self.object, self.source)
