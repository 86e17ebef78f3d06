"""What a plan is, as data and as a folder of files, and how it is read back: whole and unedited, or refused.

The folder: `plan.json` (manifest), `records.parquet` (one row a record), `changes.parquet` (one row a value that will
be written), `review.parquet` (one row a field that waits for a person) and `base.parquet` (what both sides already
agree on, which apply remembers); and `candidates.parquet` where customers were scored against Contacts. The digest in
the manifest covers all of it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kevasync.errors import KevasyncError, Refused, RunError, UsageError

__all__ = ["CANDIDATES", "FILES", "FORMAT", "Plan", "digest_of", "move_in", "not_written", "room_for", "write_manifest"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_TEXTS = ("no space left", "quota", "file too large", "not enough disk space")

FORMAT = 1
_KEYS = (
    *("format", "plan", "workspace", "object", "sobject", "external_id", "region", "counts", "fields", "directions"),
    *("review", "clears", "rows", "estimate", "guards", "notes", "fields_off", "digest"),
)
FILES = ("records.parquet", "changes.parquet", "review.parquet", "base.parquet")
CANDIDATES = "candidates.parquet"
"""Only where the manifest has `candidates`. Columns: keva_id, sf_id, probability, evidence, decision (link, review,
unlikely)."""


def files_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of a plan with this manifest, in the order of the digest."""
    return (*FILES, CANDIDATES) if "candidates" in manifest else FILES


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan on disk: the folder and its manifest, checked against the digest when loaded."""

    folder: Path
    manifest: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path) -> Plan:
        """Read and verify. Raises UsageError `plan-missing`/`plan-unreadable`, Refused `plan-edited`."""
        path = folder / "plan.json"
        if not path.is_file():
            raise UsageError(
                "plan-missing", f"{folder} holds no plan.json" if folder.is_dir() else f"there is no folder {folder}"
            )
        manifest = _read_manifest(path)
        absent = [name for name in files_of(manifest) if not (folder / name).is_file()]
        if absent:
            raise Refused("plan-edited", f"{folder}: {', '.join(absent)} is gone")
        if digest_of(folder, manifest) != manifest["digest"]:
            raise Refused("plan-edited", f"{folder}: the files are not those that were planned (digest differs)")
        return cls(folder, manifest)

    @property
    def id(self) -> str:
        """The plan's UUIDv7."""
        return str(self.manifest["plan"])

    @property
    def digest(self) -> str:
        """SHA-256 over manifest and files, hex."""
        return str(self.manifest["digest"])

    @property
    def workspace_id(self) -> str | None:
        """The workspace it was made in; None for a plan made from files alone."""
        value = self.manifest["workspace"]
        return None if value is None else str(value)

    @property
    def object_name(self) -> str:
        """The mapping's object, `contact`."""
        return str(self.manifest["object"])

    @property
    def sobject(self) -> str:
        """Salesforce's object, `Contact`."""
        return str(self.manifest["sobject"])

    @property
    def external_id(self) -> str | None:
        """The field that carries the Keva id, if the org has it."""
        value = self.manifest["external_id"]
        return None if value is None else str(value)

    @property
    def region(self) -> str:
        """The region telephone numbers were read in."""
        return str(self.manifest["region"])

    @property
    def counts(self) -> Mapping[str, int]:
        """Records by operation."""
        counts: Mapping[str, int] = self.manifest["counts"]
        return counts

    @property
    def guards(self) -> list[Mapping[str, str]]:
        """Guards that fired: code, message, flag."""
        guards: list[Mapping[str, str]] = self.manifest["guards"]
        return guards

    def file(self, name: str) -> Path:
        """`records`, `changes`, `review`, `base` or `candidates`: that Parquet file."""
        return self.folder / f"{name}.parquet"


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UsageError("plan-unreadable", f"{path}, line {error.lineno}: not valid JSON ({error.msg})") from error
    except UnicodeDecodeError as error:
        raise UsageError("plan-unreadable", f"{path} is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise UsageError(
            "plan-unreadable", f"{path} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error
    if not isinstance(manifest, dict):
        raise UsageError("plan-unreadable", f"{path} holds no JSON object")
    if manifest.get("format", FORMAT) != FORMAT:
        raise UsageError("plan-unreadable", f"{path} is of format {manifest['format']!r}; this version reads {FORMAT}")
    absent = [key for key in _KEYS if key not in manifest]
    if absent or not isinstance(manifest["digest"], str):
        raise UsageError("plan-unreadable", f"{path} lacks {', '.join(absent) or 'a digest'}")
    return manifest


def digest_of(folder: Path, manifest: Mapping[str, Any]) -> str:
    """SHA-256, hex, over the manifest without its digest and over the plan's files in fixed order."""
    bare = {key: value for key, value in manifest.items() if key != "digest"}
    whole = hashlib.sha256(json.dumps(bare, sort_keys=True, ensure_ascii=False).encode())
    for name in files_of(manifest):
        with (folder / name).open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Seal the folder: digest, plan.json written last and fsynced, so that a folder without it is no plan."""
    manifest["digest"] = digest_of(folder, manifest)
    path = folder / "plan.json"
    temporary = folder / ".plan.json"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return manifest


def refuse_occupied(folder: Path) -> None:
    """Only a plan, or an empty folder, may give way to a new plan. Raises UsageError `plan-out-occupied`."""
    if not folder.name or (folder.is_dir() and folder.samefile(Path.cwd())):
        raise UsageError("plan-out-occupied", f"{folder.absolute()} cannot itself become a plan; name a folder in it")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError("plan-out-occupied", f"{folder} is not a folder")
    if not folder.is_dir():
        return
    held = {item.name for item in folder.iterdir()}
    others = sorted(held - {*FILES, CANDIDATES, "plan.json"})
    if held and ("plan.json" not in held or others):
        named = ", ".join((others or sorted(held))[:3])
        raise UsageError("plan-out-occupied", f"{folder} holds something other than a plan: {named}")


@contextmanager
def room_for(folder: Path) -> Iterator[None]:
    """Make the folders above a plan's folder; those that were not there go again when the work in the `with` fails.

    Raises UsageError `plan-out-occupied`, RunError `plan-not-written` or `plan-disk-full`.
    """
    refuse_occupied(folder)
    made: list[Path] = []
    try:
        try:
            for parent in reversed(folder.absolute().parents):
                if not parent.is_dir():
                    parent.mkdir()
                    made.append(parent)
        except (FileExistsError, NotADirectoryError) as error:
            raise UsageError("plan-out-occupied", f"{folder}: {error.filename} is not a folder") from error
        except OSError as error:
            raise not_written(folder, error) from error
        yield
    except BaseException:
        for parent in reversed(made):
            with suppress(OSError):
                parent.rmdir()
        raise


def not_written(folder: Path, error: Exception) -> KevasyncError:
    """The error for a plan that the disk did not take; `error` is an OSError, or DuckDB's wording of one."""
    reason = (getattr(error, "strerror", None) or str(error).splitlines()[0]).lower()
    full = getattr(error, "errno", None) in _FULL or any(text in reason for text in _FULL_TEXTS)
    return RunError("plan-disk-full" if full else "plan-not-written", f"{folder} could not be written: {reason}")


def move_in(staging: Path, folder: Path) -> None:
    """Give a sealed folder its name; an earlier plan of that name goes only when the new one stands."""
    refuse_occupied(folder)
    if not folder.exists():
        staging.rename(folder)
        return
    earlier = staging.with_name(f"{staging.name}-earlier")
    folder.rename(earlier)
    try:
        staging.rename(folder)
    except OSError:
        earlier.rename(folder)
        raise
    shutil.rmtree(earlier, ignore_errors=True)
