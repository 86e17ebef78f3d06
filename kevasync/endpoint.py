"""What a side can do: describe, extract, write, finish what was in flight. The core speaks to sides only through this.

Rows travel as Parquet, never as Python objects, so that ten million of them fit. A snapshot part has these columns,
all VARCHAR unless said otherwise:

`_id`        the side's record id (Salesforce: 18 characters)
`_modified`  the side's own time stamp of the record, ISO 8601 UTC with milliseconds and `Z`; null where unknown
`_deleted`   BOOLEAN
`_master`    the id this record was merged into, else null
`_absent`    VARCHAR[]: fields this record did not say anything about (an absent JSON key); null when it said all
one column a field, by its name on that side (`Email`, `Account.Name`; `email`, `jobTitle`): null is null;
booleans are `true`/`false`, lists are JSON arrays, times are as the side wrote them.

A batch to be written (`WriteBatch`) has `_key` (the ledger's id of this attempt), `_keva_id`, `_id` (null: create),
`_clear` VARCHAR[] (fields set to null) and one VARCHAR column a field, where null means leave alone. A batch that
deletes has `_key`, `_keva_id` and `_id` only; undo alone makes one, to take back a create.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from kevasync.records import Schema, Side

__all__ = [
    "META_COLUMNS",
    "MOST_LOSERS",
    "ChildField",
    "Endpoint",
    "Extracted",
    "Failure",
    "JobNote",
    "Journal",
    "Limits",
    "MergeRequest",
    "Merger",
    "Progress",
    "Selection",
    "Silent",
    "Stop",
    "WriteBatch",
    "WriteOutcome",
    "WriteResult",
]

META_COLUMNS = ("_id", "_modified", "_deleted", "_master", "_absent")

Stop = Callable[[], bool]
"""Asked between batches: True means finish what is in flight, send nothing more (first Ctrl-C)."""


class Progress(Protocol):
    """Told how far long work is. Renderers turn it into a bar on a terminal and log lines elsewhere."""

    def start(self, what: str, total: int | None) -> None:
        """A new step begins; `total` rows if known."""

    def advance(self, rows: int, *, api_calls: int = 0) -> None:
        """`rows` more are done, `api_calls` more were spent (also called with rows=0)."""

    def done(self) -> None:
        """The step is over."""


class Silent:
    """A Progress that says nothing."""

    def start(self, what: str, total: int | None) -> None:
        """A step begins."""

    def advance(self, rows: int, *, api_calls: int = 0) -> None:
        """Some rows are done."""

    def done(self) -> None:
        """The step is over."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records: all of them, or those with these ids, modified since a watermark, with one field's value in a set.

    Conditions given together must all hold. `match` ignores case, as both sides do.
    """

    ids: tuple[str, ...] | None = None
    since: str | None = None
    match: tuple[str, tuple[str, ...]] | None = None
    deleted: bool = True

    @property
    def is_all(self) -> bool:
        """True where no condition narrows it."""
        return self.ids is None and self.since is None and self.match is None


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an extract wrote: Parquet parts under the folder it was given.

    `watermark` is the largest (time stamp) seen, less the overlap window, to be passed as `Selection.since` next time.
    `missing` are fields asked for that the side does not have: the plan switches them off and says so.
    """

    parts: tuple[Path, ...]
    rows: int
    columns: tuple[str, ...]
    missing: tuple[str, ...] = ()
    watermark: str | None = None
    api_calls: int = 0


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """Records to write to one object: a Parquet file in the form the module docstring gives.

    `external_id` names the field that holds the Keva id (Salesforce: `Keva_Id__c`), or None where the org lacks it;
    creates then carry it, so that a repeat is harmless. `delete` removes the records (Salesforce: to its recycle bin);
    one that is gone already counts as applied. A side that cannot delete answers each row with FAILED and the code
    `delete-unsupported`.
    """

    object: str
    path: Path
    rows: int
    fields: tuple[str, ...]
    create: bool
    external_id: str | None = None
    delete: bool = False


class WriteOutcome(StrEnum):
    """What became of one write: sure it happened, sure it did not, or no answer came."""

    APPLIED = "applied"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a row failed: the side's own code and text, and our code with a next step (in the catalogue)."""

    code: str
    side_code: str
    message: str
    fields: tuple[str, ...] = ()
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The answer to one row of a batch. `returned` holds field values if the side sent them (Keva's PATCH does)."""

    key: str
    id: str | None
    outcome: WriteOutcome
    created: bool = False
    failure: Failure | None = None
    returned: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class JobNote:
    """A bulk job as the ledger remembers it; written before the job is started and at each change of state.

    `state`: planned, created, uploaded, complete, collected, aborted. `batch` is the Parquet part it carries.
    """

    key: str
    object: str
    operation: str
    batch: Path
    rows: int
    state: str
    job_id: str | None = None
    external_id: str | None = None
    create: bool = False


class Journal(Protocol):
    """What an endpoint must tell before and while it writes, so that a killed run can be resumed. Each call commits."""

    def sending(self, keys: Sequence[str]) -> None:
        """These rows leave now; from here until a result is recorded their outcome is unknown."""

    def job(self, note: JobNote) -> None:
        """Insert or update the job by `note.key`."""

    def open_jobs(self) -> Sequence[JobNote]:
        """Jobs of this run that are neither collected nor aborted."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the side still allows: API calls a day (Salesforce) or a minute (Keva)."""

    api_calls_max: int
    api_calls_left: int


@runtime_checkable
class Endpoint(Protocol):
    """One side. Methods raise `KevasyncError` for what concerns the whole call; a row's failure is a `WriteResult`."""

    side: Side

    def describe(self, object_name: str) -> Schema:
        """The object's fields. Raises UsageError when the object does not exist or may not be seen."""

    def extract(
        self,
        object_name: str,
        fields: Sequence[str],
        into: Path,
        selection: Selection,
        progress: Progress,
    ) -> Extracted:
        """Write the selected records as Parquet parts into the folder `into`, which exists."""

    def write(self, batch: WriteBatch, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:
        """Write the batch; yield results in chunks as they come. `journal.sending` is called before a row leaves.

        A row whose answer was lost is yielded as UNKNOWN, or looked up where the side can tell. When `stop()` turns
        true, rows not yet sent are not yielded at all. Nothing that could create a record twice is repeated blindly.
        """

    def resume(self, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:
        """Bring jobs in flight to their end and yield their results; a job that never started is marked aborted."""

    def estimate(self, object_name: str, creates: int, updates: int) -> tuple[int, float]:
        """(API calls, minutes) that writing so many records would take."""

    def limits(self) -> Limits | None:
        """What is left of the side's API allowance, or None where it does not tell."""


MOST_LOSERS = 2
"""How many records one merge can take into the master; a larger cluster is a chain of merges."""


@dataclass(frozen=True, slots=True)
class ChildField:
    """A field of another object by which its records hang on a record: `Case.ContactId`.

    `movable`: a client may hang them elsewhere; otherwise a merge moves them and no undo can bring them back.
    """

    object: str
    field: str
    movable: bool = True


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """One merge: up to `MOST_LOSERS` records into the master, on which `values` are set first (None clears)."""

    key: str
    master: str
    losers: tuple[str, ...]
    values: Mapping[str, str | None]


@runtime_checkable
class Merger(Protocol):
    """What a side can do beyond `Endpoint` where it knows how to merge. Keva documents no merge."""

    def children(self, object_name: str) -> Sequence[ChildField]:
        """By which fields of which objects records hang on a record of this object; each can be read and looked up."""

    def merge(
        self, object_name: str, requests: Sequence[MergeRequest], journal: Journal, progress: Progress, stop: Stop
    ) -> Iterator[list[WriteResult]]:
        """Carry the merges out in order, each whole or not at all; a result's `id` is the master's.

        A loser is deleted, with the master as its `_master`; its children hang on the master. Requests whose answer was
        lost are UNKNOWN and never repeated here: whoever asked looks at the losers. `journal` and `stop` as in `write`.
        """
