"""The Salesforce side as the core sees it: chooses between collections and bulk, and adds up what it will cost."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from kevasync.endpoint import (
    ChildField,
    Extracted,
    Journal,
    Limits,
    MergeRequest,
    Progress,
    Selection,
    Stop,
    WriteBatch,
    WriteResult,
)
from kevasync.errors import RunError
from kevasync.records import Schema, Side
from kevasync.salesforce.bulk import BulkLoad
from kevasync.salesforce.cost import REST_THRESHOLD, estimate
from kevasync.salesforce.describe import Describer
from kevasync.salesforce.failures import redact
from kevasync.salesforce.jobs import Pace
from kevasync.salesforce.load import ALLOW_DUPLICATES, CollectionLoad
from kevasync.salesforce.merge import MergeLoad, children_of
from kevasync.salesforce.parts import MOST_BYTES
from kevasync.salesforce.query import extract
from kevasync.salesforce.session import Session

__all__ = ["REST_THRESHOLD", "SalesforceEndpoint"]


class SalesforceEndpoint:
    """One org as an `Endpoint`.

    `describe_folder` keeps describe answers between runs. `allow_duplicates` gets past duplicate rules that alert; as
    the Bulk API does not document that header, use it with small batches where it matters.
    """

    side = Side.SALESFORCE

    def __init__(
        self,
        session: Session,
        *,
        describe_folder: Path | None = None,
        rest_threshold: int = REST_THRESHOLD,
        pace: Pace | None = None,
        allow_duplicates: bool = False,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.session = session
        self.describer = Describer(session, describe_folder)
        self._threshold = rest_threshold
        self._pace = pace or Pace()
        self._headers = ALLOW_DUPLICATES if allow_duplicates else {}
        self._most_bytes = most_bytes

    def close(self) -> None:
        """Close the session's connections."""
        self.session.close()

    def describe(self, object_name: str) -> Schema:
        """The object's fields as this user sees them; see `Endpoint.describe`."""
        return self.describer.schema(object_name)

    def extract(
        self, object_name: str, fields: Sequence[str], into: Path, selection: Selection, progress: Progress
    ) -> Extracted:
        """Write the selected records as Parquet parts into `into`; see `Endpoint.extract`.

        By ids alone, each id asked for comes back as a row: one that is nowhere (malformed, of another org, purged)
        says `_deleted` and nothing else, unless `selection.deleted` is False.
        """
        with _working_files():
            return extract(
                self.session,
                self.describer,
                object_name,
                fields,
                into,
                selection,
                progress,
                rest_threshold=self._threshold,
                pace=self._pace,
            )

    def write(self, batch: WriteBatch, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:
        """Write the batch by collections or in bulk; see `Endpoint.write`.

        Rows are UNKNOWN where the answer was lost. When the API limit or the connection ends the run, RunError is
        raised and rows that were not carried out are not yielded, those of the call that was refused included.
        """
        progress.start(f"Salesforce {batch.object}", batch.rows)
        with _working_files():
            if batch.rows <= self._threshold:
                schema = self.describer.schema(batch.object)
                yield from CollectionLoad(self.session, schema, journal, progress, stop, self._headers).run(batch)
            else:
                yield from self._bulk(journal, progress, stop).run(batch)
        progress.done()

    def resume(self, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:
        """Bring bulk jobs in flight to their end; see `Endpoint.resume`."""
        progress.start("Salesforce bulk jobs", None)
        with _working_files():
            yield from self._bulk(journal, progress, stop).resume()
        progress.done()

    def children(self, object_name: str) -> Sequence[ChildField]:
        """The lookups to this object that this user can read; see `Merger.children`."""
        return children_of(self.describer, object_name)

    def merge(
        self, object_name: str, requests: Sequence[MergeRequest], journal: Journal, progress: Progress, stop: Stop
    ) -> Iterator[list[WriteResult]]:
        """Merge by SOAP, 200 requests a call; see `Merger.merge`. The session needs no other scope than `api`."""
        progress.start(f"Salesforce merge of {object_name}", len(requests))
        yield from MergeLoad(self.session, self.describer.schema(object_name), journal, progress, stop).run(requests)
        progress.done()

    def estimate(self, object_name: str, creates: int, updates: int) -> tuple[int, float]:
        """(API calls, minutes). Creates and updates are separate batches, each by the way its size asks for."""
        del object_name  # the same for all
        return estimate(creates, updates, self._threshold, self._most_bytes)

    def limits(self) -> Limits | None:
        """What is left of the org's daily API calls."""
        return self.session.limits()

    def _bulk(self, journal: Journal, progress: Progress, stop: Stop) -> BulkLoad:
        return BulkLoad(
            self.session, self._pace, journal, progress, stop, headers=self._headers, most_bytes=self._most_bytes
        )


_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def _working_files() -> Iterator[None]:
    """Say of a full disk, or a file that cannot be read, what it is."""
    try:
        yield
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
        full = "No space left" in str(error) or (isinstance(error, OSError) and error.errno in _FULL)
        raise RunError("disk-full" if full else "salesforce-working-file", redact(what)) from error
    except (duckdb.InvalidInputException, duckdb.ConversionException, UnicodeError) as error:
        what = f"A file of results cannot be read ({type(error).__name__})"
        raise RunError("salesforce-answer-incomplete", what) from None
