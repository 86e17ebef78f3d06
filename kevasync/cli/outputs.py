"""Files that a command writes for its user: refused before any work where they cannot be, and written whole or not."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import duckdb

from kevasync.errors import UsageError
from kevasync.keva.landing import disk_errors
from kevasync.values import quote_literal

__all__ = ["check_outputs", "copy_query", "written"]

TABLES = (".csv", ".parquet")


def check_outputs(
    outputs: Mapping[str, Path | None], inputs: Iterable[Path | None], code: str, *, csv_only: Sequence[str] = ()
) -> None:
    """Refuse what cannot or must not be written. `outputs`: options with their paths; `csv_only`: those of one form.

    Raises UsageError `output-refused`, or `code` for a folder that is missing or closed; RunError `disk-full`.
    """
    taken = [("a file that is read", path) for path in inputs if path is not None]
    for option, path in outputs.items():
        if path is None:
            continue
        endings = TABLES[:1] if option in csv_only else TABLES
        if path.suffix.lower() not in endings:
            raise UsageError("output-refused", f"{option} {path}: the name has to end in {' or '.join(endings)}")
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "no regular file"
            raise UsageError("output-refused", f"{option} {path} is {what}")
        for name, other in taken:
            if _same(path, other):
                raise UsageError("output-refused", f"{option} {path} would replace {name}: {other}")
        taken.append((f"what {option} writes", path))
        _try_folder(path, code)


def _same(one: Path, other: Path) -> bool:
    if one.resolve() == other.resolve():
        return True
    return one.exists() and other.exists() and one.samefile(other)


def _try_folder(path: Path, code: str) -> None:
    """Write a page to a file without a name in the folder: what is read-only or full tells itself by nothing else."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise UsageError(code, f"{path}: the folder {folder} does not exist")
    with _told(path, code), tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
        file.flush()


@contextmanager
def written(path: Path, code: str) -> Iterator[Path]:
    """Gives a name to write to, beside `path`; at the end it takes the place of `path`, or on failure it is removed.

    Raises UsageError `code`, RunError `disk-full`.
    """
    target = path.resolve()  # a link stays one: what it points to is replaced
    # a name of its own: one made from the target's may be somebody's file
    part = target.with_name(f".kevasync-{uuid4().hex}{target.suffix}")
    try:
        with _told(path, code):
            yield part
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def _told(path: Path, code: str) -> Iterator[None]:
    try:
        with disk_errors(path.resolve().parent):
            yield
    except (duckdb.IOException, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise UsageError(code, f"{path}: {reason}") from error


def copy_query(con: duckdb.DuckDBPyConnection, query: str, path: Path, code: str) -> None:
    """Write a query's rows as CSV or Parquet, by the ending. Raises as `written`."""
    form = "csv, header" if path.suffix.lower() == ".csv" else "parquet"
    with written(path, code) as part:
        con.execute(f"copy ({query}) to {quote_literal(str(part))} (format {form}, use_tmp_file false)").fetchall()
