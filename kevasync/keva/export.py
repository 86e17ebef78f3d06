"""Read a Keva export: customers from CSV, NDJSON, JSON or Parquet, tolerant of how they were written."""

from __future__ import annotations

from pathlib import Path

from kevasync.endpoint import Extracted, Progress
from kevasync.keva import landing
from kevasync.keva.landing import land_table, parquet_view
from kevasync.keva.schema import spelled

__all__ = ["ID_COLUMNS", "MODIFIED_COLUMNS", "customer_view", "land", "land_table", "parquet_view"]

ID_COLUMNS = ("id", "customer_id")
MODIFIED_COLUMNS = ("updatedAt",)


def land(path: Path, into: Path, *, progress: Progress | None = None) -> Extracted:
    """Read the export into the folder `into` as one snapshot part; see `land_table` for what is refused and how.

    Documented fields get their documented spelling (`Email`, `EMAIL` are `email`), custom fields plain names, and
    columns nobody knows are kept.
    """
    return land_table(
        path,
        into,
        id_columns=ID_COLUMNS,
        modified_columns=MODIFIED_COLUMNS,
        spelling=spelled,
        custom_fields=True,
        progress=progress,
    )


def customer_view(path: Path, *, check: bool = True, bare: bool | None = None) -> tuple[str, tuple[str, ...]] | None:
    """`parquet_view` of a Keva export: (SQL, columns), or None where it must be landed first."""
    return landing.parquet_view(
        path, id_columns=ID_COLUMNS, modified_columns=MODIFIED_COLUMNS, spelling=spelled, check=check, bare=bare
    )
